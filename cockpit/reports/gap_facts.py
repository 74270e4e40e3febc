"""What a gap plan (补短板方案) knows: of one community, or of the bottom tenth of all, what falls short, by how much.

Everything is as known at the plan's instant; verdicts, gaps, index and rank are those of ``twin.health``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cockpit.reports.kinds import Wish, refused
from layouts.parts import health_answers
from twin_model.health_book import HealthBook
from twin_model.twin import Twin

Facts = dict[str, Any]
VERDICTS = ("pass", "fail", "not_measurable")


def gather(twin: Twin, at: datetime, wish: Wish) -> Facts:
    """The facts of a plan. Raises `ReportRefused` for a rulebook or community that is not there, or the future."""
    if at > twin.now():
        raise refused("future", at=at, now=twin.now())
    try:
        book = twin.health.book(wish.rulebook, at)
    except KeyError:
        raise refused("rulebook", found=repr(wish.rulebook), known=", ".join(twin.health.books.names())) from None
    index = twin.health.index(at, book.id).to_pylist()
    chosen = [row for row in index if _is_of(wish, row)]
    if not chosen:
        known = ", ".join(row["community_id"] for row in index[:5]) or "none"
        if wish.of_city:
            raise refused("bottom", book=book.id, n=sum(row["rank"] is not None for row in index))
        raise refused("not_then", found=repr(wish.community), at=at, known=known)
    chosen.sort(key=lambda row: (row["index"] is None, row["index"] or 0.0, -row["households"], row["community_id"]))
    communities = _communities(twin, at, book, chosen)
    lacking = Counter(
        row["item"] for one in communities for row in one["rows"] if row["verdict"] == "fail"
    )  # fmt: skip
    return {
        "report": {
            "kind": wish.kind, "audience": wish.audience, "lang": wish.lang, "at": at, "start": at,
            "community": {"id": wish.community, **_named(communities, wish)},
        },
        "book": {**health_answers.told(twin, book), "id": book.id, "categories": dict(book.categories)},
        "items": [_item(twin, book, key, lacking[key]) for key in book.items],
        "ranked": sum(row["rank"] is not None for row in index), "all": len(index),
        "bottom": sum(row["bottom"] for row in index), "communities": communities,
    }  # fmt: skip


def _is_of(wish: Wish, row: Mapping[str, Any]) -> bool:
    return bool(row["bottom"]) if wish.of_city else row["community_id"] == wish.community


def _named(communities: Sequence[Facts], wish: Wish) -> Facts:
    if wish.of_city:
        return {"name": None, "name_en": None, "is_sample": all(one["is_sample"] for one in communities)}
    return {key: communities[0][key] for key in ("name", "name_en", "is_sample")}


def _communities(twin: Twin, at: datetime, book: HealthBook, chosen: Sequence[Mapping[str, Any]]) -> list[Facts]:
    ids = pa.array([row["community_id"] for row in chosen], pa.string())
    table = twin.entities("community", at)
    places = {row["community_id"]: row for row in table.filter(pc.is_in(table["community_id"], ids)).to_pylist()}
    table = twin.health.check(at, book.id)
    table = table.filter(pc.and_(pc.is_in(table["community_id"], ids), table["applies"]))
    rows: dict[str, list[Facts]] = {row["community_id"]: [] for row in chosen}
    for row in table.to_pylist():
        rows[row["community_id"]].append(_row(twin, book, row))
    return [
        {
            "id": one["community_id"],
            **{key: places[one["community_id"]][key] for key in ("name", "name_en", "scheme", "is_sample")},
            "index": one, "rows": rows[one["community_id"]],
            "idle": [
                {key: space[key] for key in ("space_no", "title", "area_m2")}
                for space in health_answers.idle(twin, at, one["community_id"])
            ] if len(chosen) == 1 else [],
        }
        for one in chosen
    ]  # fmt: skip


_TOLD = (
    "item", "no", "category", "verdict", "value", "threshold", "gap", "need", "need_unit", "verified", "weight",
    "counts", "score", "contribution", "partly", "basis", "missing", "missing_rows", "title", "unit", "direction",
    "fixes", "measure", "gives",
)  # fmt: skip


def _row(twin: Twin, book: HealthBook, row: Mapping[str, Any]) -> Facts:
    told = health_answers.row_told(twin, book, dict(row))
    return {key: told[key] for key in _TOLD}


def _item(twin: Twin, book: HealthBook, key: str, failing: int) -> Facts:
    item = book.items[key]
    return {
        "item": key, "no": item.no, "title": item.title, "clause": item.clause, "source": item.source,
        "verified": twin.health.verified(item), "threshold": twin.health.threshold(item),
        "unit": twin.health.unit(item), "direction": item.direction, "measure": item.measure, "weight": item.weight,
        "failing": failing,
    }  # fmt: skip

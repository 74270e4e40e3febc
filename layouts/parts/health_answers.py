"""What the page of the health check asks: rulebooks, index, items, one item with its rows, ranking, what changed.

Verdicts, scores and ranks come from ``twin.health``; a page adds the words of the rulebook, and names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from twin_model.health_book import HealthBook, Item
from twin_model.health_check import in_force
from twin_model.kpi_periods import local_day
from twin_model.twin import Twin

Answer = dict[str, Any]

USUAL = "complete_community_2020"
MOST_ROWS, MOST_RANKED = 400, 12
"""Rows of evidence and of the bottom of the ranking that a page shows; exports hold all."""
VERDICTS = ("pass", "fail", "not_measurable")


def book_of(twin: Twin, at: datetime, rulebook: str | None) -> HealthBook:
    """The rulebook the address names, else the usual one, else the first there is."""
    books = twin.health.books
    known = {book.name for book in books.values()} | set(books)
    name = rulebook if rulebook in known else USUAL if USUAL in known else min(known)
    return twin.health.book(str(name), at)


def choice(twin: Twin, at: datetime, community: str, *, rulebook: str | None, against: str | None) -> Answer:
    """The rulebooks to choose from, the chosen one, its verdicts counted, its index and rank."""
    book = book_of(twin, at, rulebook)
    rows = _check(twin, at, community, book)
    newest = {b.id for b in in_force(twin.health.books, local_day(at))}
    listed = sorted(twin.health.books.values(), key=lambda b: (b.is_template, b.name != USUAL, b.name, b.version))
    standing = _standing(twin, at, community, book)
    return {
        "book": told(twin, book), "chosen": rulebook_name(twin, at, book), "against": against,
        "books": [{"id": b.id if b.id not in newest else b.name, **told(twin, b)} for b in listed],
        "counts": dict(Counter(row["verdict"] for row in rows)), "not_here": _not_here(twin, at, community, book),
        "standing": standing, "least_share": book.least_share, "least_items": book.least_items,
        "points": [
            {"item": row["item"], "title": book.items[row["item"]].title, "weight": row["weight"],
             "score": row["score"], "contribution": row["contribution"]}
            for row in rows if row["counts"]
        ],
    }  # fmt: skip


def rulebook_name(twin: Twin, at: datetime, book: HealthBook) -> str:
    """How an address names it: by name where it is in force, else with its version."""
    return book.name if twin.health.books.find(book.name, local_day(at)) is book else book.id


def told(twin: Twin, book: HealthBook) -> Answer:
    """What a page says of a rulebook."""
    verified = sum(twin.health.verified(item) for item in book.items.values())
    return {
        "name": book.name, "version": book.version, "title": book.title, "publisher": book.publisher,
        "document": book.document, "note": book.note, "valid_from": book.valid_from, "template": book.is_template,
        "items": len(book.items), "verified": verified,
    }  # fmt: skip


def _check(twin: Twin, at: datetime, community: str, book: HealthBook) -> list[Answer]:
    table = twin.health.check(at, book.id, community)
    found: list[Answer] = table.filter(table["applies"]).to_pylist()
    return found


def _not_here(twin: Twin, at: datetime, community: str, book: HealthBook) -> list[Mapping[str, str]]:
    table = twin.health.check(at, book.id, community)
    return [book.items[key].title for key in table.filter(pc.invert(table["applies"]))["item"].to_pylist()]


def _standing(twin: Twin, at: datetime, community: str, book: HealthBook) -> Answer | None:
    index = twin.health.index(at, book.id)
    rows = index.filter(pc.equal(index["community_id"], community)).to_pylist()
    return rows[0] if rows else None


def items(twin: Twin, at: datetime, community: str, *, rulebook: str | None, item: str | None) -> Answer:
    """Every item that applies, in the order of the rulebook, by category; ``chosen`` the one looked at."""
    book = book_of(twin, at, rulebook)
    rows = [row_told(twin, book, row) for row in _check(twin, at, community, book)]
    return {
        "book": book.name, "categories": dict(book.categories), "rows": rows, "chosen": _chosen(rows, item),
        "template": book.is_template,
    }  # fmt: skip


def row_told(twin: Twin, book: HealthBook, row: Answer) -> Answer:
    """A row of a check with the words of its item and of what is missing."""
    item = book.items[row["item"]]
    return {
        **row, "title": item.title, "unit": twin.health.unit(item), "direction": item.direction,
        "fixes": list(item.fixes), "measure": item.measure, "how": dict(item.how), "gives": item.gives,
        "missing": [lacking(twin, code) for code in row["missing"]],
    }  # fmt: skip


def _chosen(rows: list[Answer], item: str | None) -> str | None:
    """The item of the address; else the first that fails, which is where the page is read from."""
    keys = [row["item"] for row in rows]
    if item in keys:
        return item
    return next((row["item"] for row in rows if row["verdict"] == "fail"), keys[0] if keys else None)


def lacking(twin: Twin, code: str) -> Answer:
    """A code of what is missing with the title of the record, KPI or scene it names."""
    base, _, name = code.partition(".")
    catalogue = twin.catalogue
    title: Mapping[str, str] = {}
    if base in ("record", "stale") and name in catalogue.record_kinds:
        title = catalogue.record_kinds[name].title
    elif base in ("kpi", "stale") and name in catalogue.kpis:
        title = catalogue.kpis[name].title
    elif base == "scene":
        title = catalogue.scene_book.scenes[name].title
    elif code in catalogue.record_kinds:
        title = catalogue.record_kinds[code].title
    return {"code": code, "base": base, "name": name, "title": title}


def detail(twin: Twin, at: datetime, community: str, *, rulebook: str | None, item: str | None) -> Answer | None:
    """One item: clause, source, how it is measured, what is missing, what would mend it, and its rows."""
    book = book_of(twin, at, rulebook)
    rows = [row_told(twin, book, row) for row in _check(twin, at, community, book)]
    key = _chosen(rows, item)
    if key is None:
        return None
    declared = book.items[key]
    table = twin.health.evidence(at, book.id, key, community)
    return {
        "row": next(row for row in rows if row["item"] == key), "book": told(twin, book), "at": at,
        "community": community, "clause": declared.clause, "source": declared.source, "also": declared.also,
        "rulebook": rulebook_name(twin, at, book), "rows": table.slice(0, MOST_ROWS).to_pylist(),
        "all": table.num_rows, "idle": idle(twin, at, community) if _wants_room(declared) else [],
        "threshold_of": _referred(twin, declared),
    }  # fmt: skip


def _wants_room(item: Item) -> bool:
    return item.measure.startswith("area") or item.measure == "exists"


def idle(twin: Twin, at: datetime, community: str) -> list[Answer]:
    """Spaces that stand idle, the largest first: what a gap in room could be mended with."""
    if "space" not in twin.catalogue.record_kinds:
        return []
    rows = twin.ledger.rows("space", at, community_id=community, start=at).to_pylist()
    idle = [row for row in rows if row["kind"] == "idle"]
    return sorted(idle, key=lambda row: (-row["area_m2"], row["space_no"]))


def _referred(twin: Twin, item: Item) -> Answer | None:
    """Whose number it is, where the rulebook refers to another's."""
    if item.measure == "kpi":
        return {"kpi": item.how["kpi"], "title": twin.catalogue.kpis[item.how["kpi"]].title}
    if item.measure == "scene":
        return {"scene": item.how["scene"], "title": twin.catalogue.scene_book.scenes[item.how["scene"]].title}
    return None


def ranking(twin: Twin, at: datetime, community: str, *, rulebook: str | None) -> Answer | None:
    """Where the community stands among all: its neighbours in the order, and the bottom; None with but one."""
    book = book_of(twin, at, rulebook)
    index = twin.health.index(at, book.id)
    if index.num_rows < 2:
        return None
    rows = index.to_pylist()
    ranked = [row for row in rows if row["rank"] is not None]
    place = next((n for n, row in enumerate(ranked) if row["community_id"] == community), None)
    bottom = [row for row in ranked if row["bottom"]]
    near = [] if place is None else ranked[max(0, place - 2) : place + 3]
    shown = {row["community_id"]: row for row in (*ranked[:3], *near, *ranked[-MOST_RANKED:])}
    names = names_of(twin, at, shown)
    return {
        "rows": [{**row, **names[row["community_id"]]} for row in shown.values()], "here": community,
        "all": len(rows), "ranked": len(ranked), "bottom": len(bottom),
    }  # fmt: skip


def names_of(twin: Twin, at: datetime, ids: Iterable[str]) -> dict[str, Answer]:
    """What communities are called."""
    table = twin.entities("community", at).select(["community_id", "name", "name_en"])
    table = table.filter(pc.is_in(table["community_id"], pa.array(list(ids), pa.string())))
    return {row["community_id"]: {"name": row["name"], "name_en": row["name_en"]} for row in table.to_pylist()}


def changes(
    twin: Twin, at: datetime, community: str, *, rulebook: str | None, against: str | None
) -> Answer:
    """What another rulebook, or version, judges otherwise; ``verdicts`` for a comparison with another instant."""
    book = book_of(twin, at, rulebook)
    verdicts = {row["item"]: row for row in _check(twin, at, community, book)}
    said: Answer = {
        "verdicts": {k: {n: r[n] for n in ("verdict", "value", "threshold")} for k, r in verdicts.items()},
        "titles": {key: item.title for key, item in book.items.items()}, "against": None, "rows": [], "defined": [],
        "units": {key: twin.health.unit(item) for key, item in book.items.items()}, "book": book.id,
        "unrelated": False,
    }  # fmt: skip
    if not against:
        return said
    other = book_of(twin, at, against)
    if other.id == book.id:
        return said
    if not book.items.keys() & other.items.keys():
        return said | {"against": told(twin, other), "unrelated": True}
    rows = twin.health.compare(at, book.id, other_rulebook=other.id, community_id=community).to_pylist()
    said["titles"] |= {key: item.title for key, item in other.items.items() if key not in said["titles"]}
    said["units"] |= {key: twin.health.unit(item) for key, item in other.items.items() if key not in said["units"]}
    defined = twin.health.definition_changes(book.id, other.id, at)
    return said | {"against": told(twin, other), "rows": rows, "defined": defined}

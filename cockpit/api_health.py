"""The HTTP interface of the community health check: items, index and rank, what they rest on, and what changed.

No ``from __future__ import annotations`` here, as in ``api.py``.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import pyarrow.compute as pc
from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from cockpit import health_models as shape
from cockpit.api_kpis import FORMS, MISSING
from cockpit.api_models import Page
from cockpit.asking import ARROW, Asked, accepted, arrow_stream, instant_of, paged
from cockpit.encoding import rfc3339
from cockpit.noting import noted
from cockpit.problems import Problem
from cockpit.rights import PUBLIC_FILTERS, grant_of, refused
from cockpit.row_files import CSV, XLSX, csv_of, xlsx_of
from twin_model.health_book import HealthBook
from twin_model.health_check import in_force
from twin_model.kpi_periods import local_day
from twin_model.twin import Twin

HEALTH = "体检 Health check"
USUAL = "complete_community_2020"
Rulebook = Annotated[str, Query(description="name (the version in force at `at`) or name@version; see /rulebooks")]
_OF_INDEX = [name for name in shape.HealthIndex.model_fields if name != "community"]
_OF_ROW = (
    "item", "no", "category", "verified", "verdict", "value", "threshold", "gap", "need", "need_unit", "missing",
    "missing_rows", "weight", "counts", "score", "contribution", "partly", "basis",
)  # fmt: skip


def build(twin: Twin, read: Callable[..., Asked]) -> APIRouter:
    """All routes on ``twin.health``, below ``/api/v1``."""
    api = APIRouter(prefix="/api/v1/health-check", tags=[HEALTH])
    _check(api, twin, read)
    _behind(api, twin, read)
    return api


def _check(api: APIRouter, twin: Twin, read: Callable[..., Asked]) -> None:
    @api.get("", response_model=shape.HealthAnswer, responses=MISSING,
             summary="Every item of a rulebook: verdict, value, threshold, what is missing; the index")  # fmt: skip
    def health_check(asked: Annotated[Asked, Depends(read)], rulebook: Rulebook = USUAL) -> Response:
        _no_filters(asked)
        book, community = _book(twin, rulebook, asked), _community(twin, asked)
        rows = twin.health.check(asked.at, rulebook, community)
        rows_here = rows.filter(rows["applies"])
        other = rows.filter(pc.invert(rows["applies"]))["item"].to_pylist() if community else []
        index = twin.health.index(asked.at, rulebook)
        if community is not None:
            index = index.filter(pc.equal(index["community_id"], community))
        standing = [_index_item(row) for row in index.to_pylist()]
        one = standing[0] if community is not None and standing else None
        head = {
            "rulebook": rulebook_item(twin, book, asked.at), "community": community,
            "index": one["index"] if one else None, "rank": one["rank"] if one else None,
            "communities": standing, "not_applicable": other,
        }  # fmt: skip
        return paged(asked, rows_here.to_pylist(), twin.revision, head=head, told=lambda row: _item(twin, book, row))

    @api.get("/rulebooks", response_model=Page[shape.RulebookItem], summary="The rulebooks and their versions")
    def rulebooks(asked: Annotated[Asked, Depends(read)]) -> Response:
        books = sorted(twin.health.books.values(), key=lambda b: b.id)
        return paged(asked, [rulebook_item(twin, book, asked.at) for book in books], twin.revision)


def _behind(api: APIRouter, twin: Twin, read: Callable[..., Asked]) -> None:
    @api.get("/evidence", response_model=Page[shape.HealthEvidence], responses=MISSING | FORMS,
             summary="The rows behind one item in one community (staff)")  # fmt: skip
    def evidence(
        asked: Annotated[Asked, Depends(read)],
        item: Annotated[str, Query(description="the item's key")],
        rulebook: Rulebook = USUAL,
    ) -> Response:
        book, community = _book(twin, rulebook, asked), _community(twin, asked)
        if community is None:
            raise Problem(400, "community: absent, expected the id of one; see /api/v1/communities")
        if item not in book.items:
            raise Problem(404, f"{book.id} has no item {item!r}; it has {', '.join(book.items)}")
        rows = twin.health.evidence(asked.at, rulebook, item, community)
        form = accepted(asked.request, ["application/json", ARROW, CSV, XLSX])
        if form == "application/json":
            items = [row | {"known_at": _said(row["known_at"])} for row in rows.to_pylist()]
            return paged(asked, items, twin.revision)
        noted(asked.request, "export", subject=f"health {book.name} {item}", community=community, form=form,
              rows=rows.num_rows)  # fmt: skip
        if form == ARROW:
            return Response(arrow_stream(rows), media_type=ARROW)
        name = f"{book.name}_{item}_{community}_{asked.at:%Y%m%dT%H%MZ}.{'csv' if form == CSV else 'xlsx'}"
        body = csv_of(rows) if form == CSV else xlsx_of(rows, book.items[item].title["zh"])
        return Response(body, media_type=form, headers={"content-disposition": f'attachment; filename="{name}"'})

    @api.get("/changes", response_model=Page[shape.HealthChange], responses=MISSING,
             summary="The verdicts that another instant or rulebook makes others, and why (staff)")  # fmt: skip
    def changes(
        asked: Annotated[Asked, Depends(read)],
        rulebook: Rulebook = USUAL,
        other: Annotated[str | None, Query(description="the other rulebook or version; absent: the same")] = None,
        since: Annotated[str | None, Query(alias="from", description="the instant before; absent: at")] = None,
    ) -> Response:
        first = min(instant_of(since, "from"), asked.at) if since else asked.at
        for name in (rulebook, other or rulebook):
            _book(twin, name, asked)
        rows = twin.health.compare(
            first, rulebook, other_at=asked.at, other_rulebook=other, community_id=_community(twin, asked)
        )
        items = [{"community": row.pop("community_id"), **row} for row in rows.to_pylist()]
        return paged(asked, items, twin.revision)


def _item(twin: Twin, book: HealthBook, row: dict[str, Any]) -> dict[str, Any]:
    item = book.items[row["item"]]
    return {
        "community": row["community_id"], **{name: row[name] for name in _OF_ROW}, "title": item.title,
        "clause": item.clause, "source": item.source, "direction": item.direction,
        "unit": twin.health.unit(item) or None, "fixes": list(item.fixes), "measure": item.measure,
    }  # fmt: skip


def _index_item(row: dict[str, Any]) -> dict[str, Any]:
    return {"community": row["community_id"], **{name: row[name] for name in _OF_INDEX}}


def rulebook_item(twin: Twin, book: HealthBook, at: datetime) -> dict[str, Any]:
    """A rulebook as the interface tells of it."""
    verified = sum(twin.health.verified(item) for item in book.items.values())
    return {
        "id": book.id, "name": book.name, "version": book.version, "title": book.title,
        "valid_from": book.valid_from.isoformat(), "publisher": book.publisher, "document": book.document,
        "note": book.note or None, "template": book.is_template, "items": len(book.items), "verified": verified,
        "in_force": book in in_force(twin.health.books, local_day(at)),
    }  # fmt: skip


def _book(twin: Twin, rulebook: str, asked: Asked) -> HealthBook:
    try:
        return twin.health.book(rulebook, asked.at)
    except KeyError as error:
        raise Problem(404, str(error.args[0])) from None


def _community(twin: Twin, asked: Asked) -> str | None:
    """The community asked for; the only one there is, when there is but one."""
    if asked.community is not None:
        return asked.community
    known = twin.entities("community", asked.at)["community_id"].to_pylist()
    return str(known[0]) if len(known) == 1 else None


def _no_filters(asked: Asked) -> None:
    """A public screen may say which rulebook it shows, and nothing that narrows a count down."""
    narrow = sorted(set(asked.request.query_params) - PUBLIC_FILTERS - {"rulebook"})
    if narrow and grant_of(asked.request).public_only:
        raise refused(403, "counts_only", f"公共屏不能按 {'、'.join(narrow)} 筛选",
                      f"a public screen may not filter by {', '.join(narrow)}")  # fmt: skip


def _said(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)

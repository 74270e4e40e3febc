"""The HTTP interface of records: which kinds there are, the rows of one as known at an instant, taking some back.

Who is told what: nothing to a public screen (the guard lets it ask only for what is public); staff get rows, without
the columns that could lead to a home or a person unless their role may look at one.

No ``from __future__ import annotations`` here, as in ``api.py``.
"""

import difflib
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from cockpit.api_models import Page
from cockpit.asking import ARROW, Asked, day_in_reach, instant_of, listed, paged
from cockpit.encoding import dumps, rfc3339
from cockpit.noting import noted
from cockpit.problems import refusals
from cockpit.rights import Writing, grant_of, refused
from twin_model.record_kinds import RecordKind
from twin_model.twin import Twin

RECORDS = "台账 Records"
MISSING = refusals(404)
FORMS: dict[int | str, dict[str, Any]] = {200: {"content": {ARROW: {}}}}


class RecordColumn(BaseModel):
    """A column of a kind. ``choices``: code -> text; restricted ones only roles that may look at one home get."""

    name: str
    title: dict[str, str]
    type: str
    unit: dict[str, str]
    required: bool
    restricted: bool
    choices: dict[str, dict[str, str]]
    place: str | None


class RecordKindItem(BaseModel):
    """A declared kind of record; see docs/records.md."""

    name: str
    title: dict[str, str]
    scene: str
    identity: list[str]
    true_at: str = Field(description="the column that says when it happened, or began to hold")
    until: str | None = Field(description="of a register: the column that says when it ended to hold")
    columns: list[RecordColumn]
    first_known: datetime | None = Field(description="of the community asked for; null: none yet")
    newest_true_at: datetime | None
    last_recorded: datetime | None


class RecordItem(BaseModel):
    """One record: its kind's columns and what is known about itself."""

    model_config = ConfigDict(extra="allow")

    community_id: str
    record_id: str | None = Field(None, description="absent where it holds a code of a person")
    flags: list[str] = Field(description="the checks it did not pass; it is stored as it came")
    origin: str | None = Field(description="file and row it came from")
    recorded_at: datetime


class Withdrawal(BaseModel):
    """Records to take back: some by their id, or all that one file brought. What was known before stays in the past."""

    model_config = ConfigDict(extra="forbid")

    kind: str
    community: str
    record_ids: list[str] = Field([], max_length=10_000)
    file: str = Field("", description="the name of an imported file: all its rows that are still known")
    reason: str = Field(min_length=2, max_length=200)


class Withdrawn(BaseModel):
    """What a withdrawal did."""

    withdrawn: int
    revision: int


def build(twin: Twin, read: Callable[..., Asked]) -> APIRouter:
    """The routes on ``twin.ledger``, below ``/api/v1``."""
    api = APIRouter(prefix="/api/v1", tags=[RECORDS])

    @api.get("/record-kinds", response_model=Page[RecordKindItem],
             summary="The declared kinds of records, and how alive each is in a community")  # fmt: skip
    def record_kinds(asked: Annotated[Asked, Depends(read)]) -> Response:
        return paged(asked, [_kind_item(twin, kind, asked) for kind in twin.ledger.kinds.values()], twin.revision)

    @api.get("/records", response_model=Page[RecordItem], responses=FORMS | MISSING,
             summary="The records of a kind, as known at an instant; of a register: that held in between")  # fmt: skip
    def records(
        asked: Annotated[Asked, Depends(read)],
        kind: Annotated[str, Query(description="canteen_meal, whistle ...; see GET /record-kinds")],
        since: Annotated[
            str | None, Query(alias="from", description="happened from here on (a day, or RFC 3339)")
        ] = None,
        until: Annotated[str | None, Query(alias="to", description="happened before this (a day, or RFC 3339)")] = None,
    ) -> Response:
        declared = _declared(twin, kind)
        table = twin.ledger.rows(
            kind, asked.at, community_id=asked.community, start=_bound(since, "from"), end=_bound(until, "to")
        )
        hidden = frozenset() if grant_of(asked.request).sees_a_home else declared.restricted_columns
        return listed(asked, table, [name for name in table.column_names if name not in hidden], twin.revision)

    @api.post("/records/withdrawals", response_model=Withdrawn, responses=MISSING,
              summary="Take records back that should not have been recorded (administrator)")  # fmt: skip
    def withdraw(request: Request, said: Withdrawal, _grant: Writing) -> Response:
        _declared(twin, said.kind)
        if bool(said.record_ids) == bool(said.file):
            raise refused(
                400, "which", "要么给出 record_ids，要么给出 file",
                "say which: either record_ids, or the file they came from",
            )  # fmt: skip
        ids = said.record_ids or twin.ledger.brought_by(said.file, said.kind, said.community)
        done = twin.ledger.withdraw(said.kind, ids, said.community)
        noted(request, "withdraw", subject=said.kind, community=said.community, records=done, reason=said.reason)
        return Response(dumps({"withdrawn": done, "revision": twin.revision}), media_type="application/json")

    return api


def _declared(twin: Twin, kind: str) -> RecordKind:
    declared = twin.ledger.kinds.get(kind)
    if declared is None:
        near = difflib.get_close_matches(kind, list(twin.ledger.kinds), 1)
        hint = f"; did you mean {near[0]!r}?" if near else "; see GET /record-kinds"
        raise refused(404, "not_found", f"没有台账 {kind}", f"there is no kind of record {kind!r}{hint}")
    return declared


def _bound(text: str | None, parameter: str) -> date | datetime | None:
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return instant_of(text, parameter)
    return day_in_reach(day, parameter)


def _kind_item(twin: Twin, kind: RecordKind, asked: Asked) -> dict[str, Any]:
    pulse = twin.ledger.pulse(kind.name, asked.at, asked.community) if asked.community else None
    told = {
        name: rfc3339(getattr(pulse, name)) if pulse else None
        for name in ("first_known", "newest_true_at", "last_recorded")
    }
    columns = [{name: getattr(column, name) for name in RecordColumn.model_fields} for column in kind.columns.values()]
    said = {"name": kind.name, "title": kind.title, "scene": kind.scene, "identity": list(kind.identity)}
    return {**said, "true_at": kind.true_at, "until": kind.until, "columns": columns, **told}

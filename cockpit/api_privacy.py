"""The rights of one person over HTTP, and how long data are kept: for the administrator, with a purpose, written down.

No ``from __future__ import annotations`` here, as in ``api.py``.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from cockpit.asking import known_parameters
from cockpit.encoding import dumps, rfc3339
from cockpit.noting import noted
from cockpit.personal_papers import package
from cockpit.problems import refusals
from cockpit.rights import only, refused
from cockpit.tokens import Grant
from twin_model import personal, retention
from twin_model.personal import Person, UnknownPerson
from twin_model.twin import Twin

PRIVACY = "隐私 Privacy"
ZIP = "application/zip"
Purpose = Annotated[str, Query(min_length=2, max_length=200, description="why; goes into the audit trail")]
Strict = Annotated[None, Depends(known_parameters)]


class KeepItem(BaseModel):
    """How long one kind of data is kept."""

    kind: str
    title: dict[str, str]
    days: int
    why: dict[str, str]
    verified: bool = Field(description="false: a proposal, not a law's number")
    kept_since: datetime | None = Field(description="older ones were deleted: they are unknown, not zero")


class ErasedAnswer(BaseModel):
    """What erasing did."""

    rows: dict[str, int]
    changed: list[dict[str, str]] = Field(description="the screens of the past that are another now")


class DeletedItem(BaseModel):
    """What a run deleted of one kind."""

    kind: str
    rows: int
    since: datetime


answering = only(
    lambda grant: grant.may_write, "不能导出或删除个人数据，需要管理员",
    "may not export or erase personal data; it needs administrator",
)  # fmt: skip
Answering = Annotated[Grant, Depends(answering)]


def build(twin: Twin) -> APIRouter:
    """The routes on one twin."""
    api = APIRouter(prefix="/api/v1", tags=[PRIVACY], responses=refusals(404))

    @api.get("/retention", response_model=list[KeepItem], summary="How long each kind of data is kept, and why")
    def keeps(_strict: Strict) -> Response:
        said = [
            {**vars(keep), "kept_since": rfc3339(since) if (since := twin.kept_since.get(keep.kind)) else None}
            for keep in retention.load().values()
        ]
        return Response(dumps(said), media_type="application/json")

    @api.post("/retention/runs", response_model=list[DeletedItem], summary="Delete now what is kept no longer")
    def run(request: Request, _grant: Answering, _strict: Strict) -> Response:
        noted(request, "retention", outcome="begun")
        done = retention.delete(twin, retention.load(), twin.now())
        noted(request, "retention", rows={d.kind: d.rows for d in done})
        return Response(dumps([{**vars(d), "since": rfc3339(d.since)} for d in done]), media_type="application/json")

    @api.get("/persons/{person_id}/export", responses={200: {"content": {ZIP: {}}}}, response_class=Response,
             summary="Everything about one person: JSON, HTML and CSV in a zip")  # fmt: skip
    def export(person_id: str, purpose: Purpose, request: Request, _grant: Answering, _strict: Strict) -> Response:
        person = _person(twin, person_id)
        noted(request, "export", subject=person_id, purpose=purpose, what="person")
        headers = {"content-disposition": 'attachment; filename="person.zip"'}
        return Response(package(twin, person, twin.now()), media_type=ZIP, headers=headers)

    @api.post("/persons/{person_id}/erasures", response_model=ErasedAnswer,
              summary="Take one person out of everything stored; their rows stay counted")  # fmt: skip
    def erase(person_id: str, purpose: Purpose, request: Request, _grant: Answering, _strict: Strict) -> Response:
        person = _person(twin, person_id)
        noted(request, "erase", subject=person_id, purpose=purpose, outcome="begun")
        done = personal.erase(twin, person)
        noted(request, "erase", subject=person_id, purpose=purpose, rows=done.rows)
        return Response(dumps({"rows": done.rows, "changed": list(done.changed)}), media_type="application/json")

    return api


def _person(twin: Twin, person_id: str) -> Person:
    try:
        return personal.find(twin, person_id)
    except UnknownPerson as error:
        raise refused(404, "not_found", f"没有编号为 {person_id} 的居民或联系人", str(error)) from error

"""The audit trail over HTTP: for the auditor only, who reads and cannot change it.

No ``from __future__ import annotations`` here, as in ``api.py``.
"""

import csv
import io
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from cockpit.asking import instant_of, known_parameters
from cockpit.audit_chain import Entry, Standing, Wanted
from cockpit.encoding import dumps, rfc3339
from cockpit.noting import auditor_of, noted
from cockpit.rights import grant_of, only, refused
from cockpit.tokens import Grant

AUDIT = "审计 Audit"
MOST = 10_000
CSV = "text/csv"
COLUMNS = ("n", "at", "act", "actor", "role", "subject", "purpose", "outcome", "details", "hash")


class AuditEntry(BaseModel):
    """One line of the trail."""

    n: int
    at: datetime
    act: str
    actor: str = Field(description="account or token")
    role: str
    subject: str = Field(description="id of what it was about; never a name")
    purpose: str
    outcome: str
    details: dict[str, Any]
    before: str = Field(description="hash of the line before")
    hash: str


class AuditPage(BaseModel):
    """The newest lines that fit."""

    items: list[AuditEntry]
    next_cursor: None = None
    at: datetime | None = Field(description="instant of the last line; null: there is none yet")
    revision: int = Field(description="number of the last line")


class AuditStanding(BaseModel):
    """How the trail is."""

    n: int = Field(description="number of the last line")
    at: datetime | None
    hash: str = Field(description="hash of the last line: written down elsewhere, it proves all lines up to it")
    waiting: int = Field(description="entries in memory that the disk has no room for")
    checked_at: datetime | None
    is_whole: bool | None = Field(description="null: not read through yet")
    misfit: dict[str, str] | None = Field(description="the first line that does not fit, in both languages")


auditing = only(
    lambda grant: grant.reads_audit, "不能查看审计记录，只有审计员可以",
    "may not read the audit trail; only the auditor may",
)  # fmt: skip


def build() -> APIRouter:
    """The routes of the trail."""
    api = APIRouter(
        prefix="/api/v1", tags=[AUDIT],
    )  # fmt: skip

    @api.get("/audit", response_model=AuditPage, responses={200: {"content": {CSV: {}}}},
             summary="Who did what, newest first (auditor)")  # fmt: skip
    def entries(
        request: Request,
        _grant: Annotated[Grant, Depends(auditing)],
        _known: Annotated[None, Depends(known_parameters)],
        act: Annotated[str, Query(description="view_person, step, import ...")] = "",
        actor: Annotated[str, Query(description="account or token; its beginning is enough")] = "",
        subject: Annotated[str, Query(description="home, incident, ...; its beginning is enough")] = "",
        since: Annotated[str | None, Query(alias="from", description="from this instant on")] = None,
        until: Annotated[str | None, Query(alias="to", description="before this instant")] = None,
        limit: Annotated[int, Query(ge=1, le=MOST)] = 200,
        form: Annotated[str, Query(pattern="^(json|csv)$")] = "json",
    ) -> Response:
        wanted = Wanted(
            act=act, actor=actor, subject=subject, since=instant_of(since, "from") if since else None,
            until=instant_of(until, "to") if until else None,
        )  # fmt: skip
        audit = auditor_of(request)
        found = audit.entries(wanted, limit)
        standing = audit.standing()
        if form == "csv":
            noted(request, "export", subject="audit", rows=len(found))
            headers = {"content-disposition": f'attachment; filename="audit_{standing.n}.csv"'}
            return Response(csv_of(found), media_type=CSV, headers=headers)
        items = [said(entry) for entry in found]
        at = rfc3339(standing.at) if standing.at else None
        body = {"items": items, "next_cursor": None, "at": at, "revision": standing.n}
        return Response(dumps(body), media_type="application/json")

    @api.get("/audit/standing", response_model=AuditStanding, summary="Whether the chain is whole (auditor)")
    def standing(request: Request, _grant: Annotated[Grant, Depends(auditing)]) -> Response:
        return Response(dumps(standing_of(auditor_of(request).standing())), media_type="application/json")

    @api.post("/audit/checks", response_model=AuditStanding, summary="Read the whole chain now (auditor)")
    def check(request: Request, _grant: Annotated[Grant, Depends(auditing)]) -> Response:
        audit = auditor_of(request)
        audit.check()
        return Response(dumps(standing_of(audit.standing())), media_type="application/json")

    @api.get("/audit/anchors", include_in_schema=False)
    def remembered(request: Request) -> Response:
        grant = grant_of(request)
        if not (grant.is_control or grant.reads_audit):
            raise refused(403, "right", "只有审计员可以", "only the auditor may")
        known = [vars(anchor) for anchor in auditor_of(request).anchors()]
        return Response(dumps(known), media_type="application/json")

    return api


def said(entry: Entry) -> dict[str, Any]:
    """An entry as JSON values."""
    return {**vars(entry), "at": rfc3339(entry.at)}


def standing_of(standing: Standing) -> dict[str, Any]:
    """The state of the trail as JSON values."""
    verdict = standing.verdict
    misfit = verdict.misfit if verdict else None
    return {
        "n": standing.n, "at": rfc3339(standing.at) if standing.at else None, "hash": standing.hash,
        "waiting": standing.waiting, "checked_at": rfc3339(standing.checked_at) if standing.checked_at else None,
        "is_whole": verdict.is_whole if verdict else None,
        "misfit": {lang: misfit.sentence(lang) for lang in ("zh", "en")} if misfit else None,
    }  # fmt: skip


def csv_of(entries: list[Entry]) -> bytes:
    """The entries as CSV with a byte order mark; what a spreadsheet would run as a formula is quoted."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for entry in entries:
        row = said(entry) | {"details": dumps(entry.details).decode()}
        writer.writerow([f"'{v}" if isinstance(v, str) and v[:1] in "=+-@" and v else v for v in map(row.get, COLUMNS)])
    return b"\xef\xbb\xbf" + out.getvalue().encode()

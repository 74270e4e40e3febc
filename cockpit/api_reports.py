"""The HTTP interface of reports: have one made, hear how it stands, fetch its papers.

A report is asked for and made beside the pages: the answer is 202 with its name, which is the same for the same wish
and instant. Whose reports one may have made and read goes by their audience (``Grant.reads_reports``).

No ``from __future__ import annotations`` here, as in ``api.py``.
"""

import asyncio
import hashlib
import tempfile
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import Response

from cockpit.asking import instant_of, known_parameters
from cockpit.encoding import dumps, rfc3339
from cockpit.noting import noted
from cockpit.problems import Problem, refusals
from cockpit.reports.allowing import allowed, may_read
from cockpit.reports.checks import Busy
from cockpit.reports.claimed import claim_of
from cockpit.reports.desk import Job, ReportDesk, Shelved
from cockpit.reports.folder import read
from cockpit.reports.kinds import CITY, MOST_SCENARIOS, ReportRefused, Wish, name_of
from cockpit.reports.kinds import refused as refused_report
from cockpit.reports.making import MEDIA
from cockpit.reports.scenario_facts import chosen
from cockpit.reports.zipped import LARGEST_ZIP, unzipped, zip_of
from cockpit.rights import grant_of, refused, role_of
from cockpit.services import NotServed
from cockpit.tokens import Grant
from layouts.parts.text import t
from twin_model.twin import Twin

REPORTS = "报告 Reports"
ZIP = "report.zip"
ROOT = "/api/v1/reports"
_DOWNLOAD = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


class Wanted(BaseModel):
    """A report to make; what is left out: a daily one, for staff, of now, in Chinese, of the only community."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["daily", "weekly", "monthly", "acceptance", "gap_plan", "gap_plan_city", "scenario"] = "daily"
    audience: Literal["public", "staff", "management"] = "staff"
    lang: Literal["zh", "en"] = "zh"
    rulebook: str = Field(
        default="complete_community_2020", max_length=120, description="of a gap plan; see health-check/rulebooks"
    )
    scenarios: list[Annotated[str, Field(max_length=40)]] = Field(
        default=[], max_length=MOST_SCENARIOS, description="of kind scenario: their ids; several are compared"
    )
    community: str | None = Field(default=None, max_length=200)
    at: str | None = Field(default=None, max_length=60, description="RFC 3339; absent: now")
    out: str | None = Field(default=None, max_length=4_000, description="a folder; only the program's own commands")


class PaperItem(BaseModel):
    """One file of a report."""

    name: str
    href: str
    bytes: int
    sha256: str


class ReportItem(BaseModel):
    """A report: waiting, making, made or failed (``error`` says why, ``reason`` the same by language)."""

    id: str
    state: Literal["waiting", "making", "made", "failed"]
    kind: str
    audience: str
    lang: str
    community: str
    at: str
    error: str | None = None
    reason: dict[str, str] | None = None
    data_revision: str | None = None
    bytes: int | None = None
    href: str
    zip: str | None = None
    papers: list[PaperItem] = []


class ReportList(BaseModel):
    """The made reports one may read, the newest instant first."""

    items: list[ReportItem]


class PublicKey(BaseModel):
    """The key that signs reports here."""

    algorithm: Literal["Ed25519"]
    public_key: str
    pem: str


class ToVerify(BaseModel):
    """A report on this machine's disk; only for the program's own commands."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(max_length=4_000)


class Found(BaseModel):
    """One thing that was found: ``code`` for programs, the rest for people."""

    code: str
    zh: str
    en: str


class FoundPaper(Found):
    """Of one paper; ``code`` is ``same`` where it is the same byte for byte when made again."""

    name: str


class Said(BaseModel):
    """A sentence by language."""

    zh: str
    en: str


class VerdictItem(BaseModel):
    """What was found of a report. ``holds``: signed, unchanged and the same when made again.

    ``standing`` says which way: ``stranger`` holds but is signed with another key; ``differs`` is just what was signed
    here but comes out otherwise today, ``because`` of what is told; ``broken`` is not what was made here.
    """

    id: str = Field(description="the made report, or the SHA-256 of what was sent")
    report: str
    kind: str
    audience: str
    lang: str
    community: str
    at: str
    checked_at: str
    holds: bool
    standing: Literal["holds", "stranger", "differs", "broken"]
    verdict: Said
    signature: Found
    signer: Found
    papers: list[FoundPaper]
    because: list[Found]
    notes: list[Found]


def build(twin: Twin, desk: ReportDesk) -> APIRouter:
    """All routes on reports."""
    api = APIRouter(prefix="/api/v1", tags=[REPORTS])
    _making(api, twin, desk)
    _reading(api, desk)
    _checking(api, desk)
    return api


def _making(api: APIRouter, twin: Twin, desk: ReportDesk) -> None:
    @api.post("/reports", status_code=202, response_model=ReportItem, responses=refusals(503),
              summary="Have a report made; its place is in `href` and in Location")  # fmt: skip
    def ask(
        request: Request,
        wanted: Annotated[Wanted, Body()],
        wait: Annotated[float, Query(ge=0, le=600, description="seconds to wait for it; none where many do")] = 0,
    ) -> Response:
        grant = grant_of(request)
        community = CITY if wanted.kind == "gap_plan_city" else wanted.community or _only_community(twin)
        try:
            wish = Wish(community=community, kind=wanted.kind, audience=wanted.audience, lang=wanted.lang,
                        rulebook=wanted.rulebook, scenarios=tuple(wanted.scenarios))  # fmt: skip
        except ReportRefused as refusal:
            raise _refusal(refusal) from None
        _permit(desk, grant, wish)
        out = None
        if wanted.out is not None:
            out = Path(wanted.out)
            if not grant.is_control:
                en = "only commands on this machine may name a folder"
                raise refused(403, "right", "只有本机命令可以指定文件夹", en)
        at = instant_of(wanted.at, "at") if wanted.at else None
        try:
            _check(twin, wish, at)
            job = desk.ask(wish, at, by=grant.account or grant.name, role=role_of(grant), out=out)
        except ReportRefused as refusal:
            raise _refusal(refusal) from None
        except NotServed as error:
            raise Problem(503, str(error)) from None
        body = _of_job(desk.wait(job.name, wait) or job)
        return Response(dumps(body), 202, {"location": body["href"]}, "application/json")


def _reading(api: APIRouter, desk: ReportDesk) -> None:
    @api.get("/reports", response_model=ReportList, responses=refusals(503), summary="The made reports")
    def made(
        request: Request,
        kind: Annotated[str | None, Query(description="as in `kind` of a report to make")] = None,
        limit: Annotated[int, Query(ge=1, le=1_000, description="most items")] = 100,
        _known: None = Depends(known_parameters),
    ) -> ReportList:
        grant = grant_of(request)
        try:
            found = [one for one in desk.made() if may_read(desk, grant, one) and kind in (None, one.manifest["kind"])]
        except NotServed as error:
            raise Problem(503, str(error)) from None
        return ReportList(items=[ReportItem(**of_shelf(one)) for one in found[:limit]])

    @api.get("/reports/key", response_model=PublicKey, summary="The public key that reports are signed with")
    def key() -> PublicKey:
        signer = desk.signer()
        return PublicKey(algorithm="Ed25519", public_key=signer.public, pem=signer.public_pem)

    @api.get("/reports/{report_id}", response_model=ReportItem, responses=refusals(404, 503),
             summary="How a report stands, and where its papers are")  # fmt: skip
    def one(request: Request, report_id: str) -> ReportItem:
        shelved, job = _found(desk, report_id)
        grant = grant_of(request)
        if job is not None and job.state != "made" and allowed(desk, grant, job.wish.audience, job.wish.community):
            return ReportItem(**_of_job(job))
        if shelved is None or not may_read(desk, grant, shelved):
            raise _missing(report_id)
        return ReportItem(**of_shelf(shelved))

    @api.get("/reports/{report_id}/papers/{paper:path}", responses=refusals(404, 503), response_class=Response,
             summary="One paper of a report; `report.zip` is all of them")  # fmt: skip
    def paper(request: Request, report_id: str, paper: str) -> Response:
        shelved, _ = _found(desk, report_id)
        if shelved is None or not may_read(desk, grant_of(request), shelved):
            raise _missing(report_id)
        papers = desk.papers(report_id) if paper == ZIP else None
        data = zip_of(report_id, papers) if papers else desk.paper(report_id, paper)
        if data is None:
            known = ", ".join([*shelved.manifest["papers"], ZIP])
            raise Problem(404, f"report {report_id} has no paper {paper!r}; it has {known[:500]}")
        suffix = Path(paper).suffix
        name = f"{report_id}.zip" if paper == ZIP else f"{report_id}_{paper.replace('/', '_')}"
        shown = "inline" if suffix in (".pdf", ".html", ".svg") else "attachment"
        headers = {"content-disposition": f'{shown}; filename="{name}"', "cache-control": "private, no-cache",
                   "content-security-policy": _DOWNLOAD}  # fmt: skip
        return Response(data, media_type=MEDIA.get(suffix, "application/octet-stream"), headers=headers)


def _checking(api: APIRouter, desk: ReportDesk) -> None:
    @api.post("/reports/{report_id}/verification", response_model=VerdictItem, responses=refusals(404, 503),
              summary="Make a report again and compare it byte for byte")  # fmt: skip
    def again(request: Request, report_id: str) -> Response:
        shelved, _ = _found(desk, report_id)
        if shelved is None or not may_read(desk, grant_of(request), shelved):
            raise _missing(report_id)

        def papers() -> Mapping[str, bytes]:
            found = desk.papers(report_id)
            if found is None:
                raise _missing(report_id)
            return found

        return Response(dumps(_checked(request, desk, report_id, papers)), media_type="application/json")

    zipped = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in _ZIPS}

    @api.post("/reports/verifications", response_model=VerdictItem, responses=refusals(413, 415, 503),
              summary="Check a report that came from elsewhere: its zip as the body",
              openapi_extra={"requestBody": {"content": zipped, "required": True}})  # fmt: skip
    async def sent(request: Request, _known: Annotated[None, Depends(known_parameters)]) -> Response:
        """Whoever may have such a report made may have it checked. What is sent is compared and not kept."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/json" and grant_of(request).is_control:
            return await _named(request, desk)
        if kind not in _ZIPS:
            refusal = refused_report("zip_type", found=repr(kind[:80]))
            raise Problem(415, str(refusal), code="report", reason=refusal.said)
        with tempfile.TemporaryFile(prefix="cim-report-") as stream:
            digest = await _taken(request, stream)
            told = await asyncio.to_thread(_checked_zip, request, desk, digest, stream)
        return Response(dumps(told), media_type="application/json")


_ZIPS = ("application/zip", "application/x-zip-compressed", "application/octet-stream")
_SENT = {"zh": "所给的文件", "en": "the file"}


async def _named(request: Request, desk: ReportDesk) -> Response:
    """The program's own command names a file on this machine, and prints lines."""
    try:
        path = Path(ToVerify.model_validate_json(await request.body()).path)
    except ValidationError as error:
        raise Problem(400, f"the body is not what was expected: {error}") from error

    def check() -> dict[str, Any]:
        try:
            found = desk.checks.check(f"file:{path}", lambda: read(path)).verdict
        except ReportRefused as refusal:
            raise _refusal(refusal) from None
        return {"holds": found.holds, "verdict": found.sentence, "lines": found.lines()}

    return Response(dumps(await asyncio.to_thread(check)), media_type="application/json")


async def _taken(request: Request, stream: IO[bytes]) -> str:
    """What is sent, in a file without a name, and its digest."""
    size, digest = 0, hashlib.sha256()
    async for chunk in request.stream():
        size += len(chunk)
        if size > LARGEST_ZIP:
            refusal = refused_report("zip_large", where=_SENT, most=LARGEST_ZIP >> 20)
            raise Problem(413, str(refusal), code="report", reason=refusal.said)
        digest.update(chunk)
        await asyncio.to_thread(stream.write, chunk)
    return digest.hexdigest()


def _checked_zip(request: Request, desk: ReportDesk, digest: str, stream: IO[bytes]) -> dict[str, Any]:
    """Before anything is made again: may who sends it read such a report?"""
    grant = grant_of(request)

    def papers() -> Mapping[str, bytes]:
        found = unzipped(stream, _SENT)
        wish = claim_of(found).wish
        if not allowed(desk, grant, wish.audience, wish.community):
            raise refused(403, "right", _barred("zh", grant, wish, "check"), _barred("en", grant, wish, "check"))
        return found

    return _checked(request, desk, digest, papers)


def _checked(
    request: Request, desk: ReportDesk, key: str, papers: Callable[[], Mapping[str, bytes]]
) -> dict[str, Any]:
    try:
        found = desk.checks.check(key, papers)
    except Busy as busy:
        raise Problem(503, str(busy), code="busy", reason=busy.said) from None
    except ReportRefused as refusal:
        raise _refusal(refusal) from None
    wish = found.verdict.wish  # the name is made anew: what was sent may call itself anything
    noted(request, "report_checked", subject=name_of(wish, found.verdict.at), audience=wish.audience,
          found=found.verdict.standing)  # fmt: skip
    return found.told()


def _check(twin: Twin, wish: Wish, at: datetime | None) -> None:
    """Say at once what the making would refuse."""
    if wish.is_plan:
        try:
            twin.health.book(wish.rulebook, at or twin.now())
        except KeyError:
            known = ", ".join(twin.health.books.names())
            raise refused_report("rulebook", found=repr(wish.rulebook), known=known) from None
    if wish.of_scenarios:
        chosen(twin, at or twin.now(), wish)
    first = twin.first_instant(None if wish.of_city else wish.community)
    if first is None:
        known = ", ".join(twin.entities("community", twin.now())["community_id"].to_pylist()[:5]) or "—"
        raise refused_report("community", found=repr(wish.community), known=known)
    if at is not None and at < first:
        raise refused_report("before", at=at, first=first)


def _refusal(refusal: ReportRefused) -> Problem:
    return Problem(400, str(refusal), code="report", reason=refusal.said)


def _only_community(twin: Twin) -> str:
    known = twin.entities("community", twin.now())["community_id"].to_pylist()
    if len(known) != 1:
        raise Problem(400, f"community: absent, expected one of {', '.join(known) or 'none is known yet'}")
    return str(known[0])


def _permit(desk: ReportDesk, grant: Grant, wish: Wish) -> None:
    if not allowed(desk, grant, wish.audience, wish.community):
        raise refused(403, "right", _barred("zh", grant, wish), _barred("en", grant, wish))


def _barred(lang: str, grant: Grant, wish: Wish, act: str = "make") -> str:
    role, audience = t(lang, f"role.{grant.role}"), t(lang, f"report.audience.{wish.audience}")
    return t(lang, f"report.refused.right{'' if act == 'make' else '_check'}", role=role, audience=audience)


def _found(desk: ReportDesk, report_id: str) -> tuple[Shelved | None, Job | None]:
    try:
        return desk.shelved(report_id), desk.job(report_id)
    except NotServed as error:
        raise Problem(503, str(error)) from None
    except (OSError, ValueError):  # a name that cannot be a folder's
        raise _missing(report_id) from None


def _missing(report_id: str) -> Problem:
    return Problem(404, f"no report {report_id[:200]!r}; see {ROOT}")


def _of_job(job: Job) -> dict[str, Any]:
    href = f"{ROOT}/{job.name}"
    return {
        "id": job.name, "state": job.state, "kind": job.wish.kind, "audience": job.wish.audience,
        "lang": job.wish.lang, "community": job.wish.community, "at": rfc3339(job.at),
        "error": job.error.get("en"), "reason": dict(job.error) or None,
        "href": href, "papers": [],
    }  # fmt: skip


def of_shelf(one: Shelved) -> dict[str, Any]:
    """A made report as the interface and the page tell of it."""
    said, href = one.manifest, f"{ROOT}/{one.name}"
    papers = [{"name": name, "href": f"{href}/papers/{name}", **known} for name, known in said["papers"].items()]
    return {
        "id": one.name, "state": "made", "kind": said["kind"], "audience": said["audience"], "lang": said["language"],
        "community": said["community"], "at": said["instant"], "error": None,
        "data_revision": said["data_revision"], "bytes": one.bytes, "href": href,
        "zip": f"{href}/papers/{ZIP}", "papers": papers,
    }  # fmt: skip

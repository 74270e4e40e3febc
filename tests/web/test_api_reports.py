"""Reports over HTTP: asked for, made beside the pages, fetched; by audience, and by nobody else."""

from __future__ import annotations

import base64
import errno
import hashlib
import io
import json
import os
import zipfile
from typing import Any

import httpx
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cockpit.api_reports import ReportItem, VerdictItem
from cockpit.audit import Audit
from cockpit.reports import folder as shelf
from cockpit.reports.checks import MOST_CHECKS
from cockpit.reports.desk import MOST_WAITS
from cockpit.reports.schedule import Schedule
from cockpit.reports.settings import ReportSettings
from cockpit.reports.zipped import LARGEST_ZIP, zip_of
from cockpit.services import Services
from cockpit.settings import Settings
from cockpit.tokens import Role
from layouts.parts.text import t
from twin_model.rights import Scope
from twin_model.twin import Twin

from ..conftest import Clock
from .conftest import Site, serve, settle
from .test_public_scan import callbacks

PLACE = "/api/v1/reports"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    twin = Twin.open(None, clock=Clock())
    settle(twin)
    with serve(twin, Settings(data=folder), Services(audit=Audit(folder, Clock())), folder) as found:
        yield found
    twin.close()


def ask(site: Site, role: Role = Role.ADMINISTRATOR, **wanted: object) -> httpx.Response:
    with site.client(role) as client:
        return client.post(PLACE, params={"wait": 30}, json=wanted)


def test_a_report_is_asked_for_made_and_fetched(site):
    answer = ask(site, audience="public", lang="en")
    assert answer.status_code == 202, answer.text
    job = ReportItem.model_validate(answer.json())
    assert answer.headers["location"] == job.href == f"{PLACE}/{job.id}"
    assert job.state == "made"
    made = site.get(job.href).json()
    assert {"report.pdf", "report.html", "annex.xlsx", "data.json"} <= {one["name"] for one in made["papers"]}
    pdf = site.get(f"{job.href}/papers/report.pdf")
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF-")
    with zipfile.ZipFile(io.BytesIO(site.get(made["zip"]).content)) as archive:
        assert archive.read(f"{job.id}/report.pdf") == pdf.content
        manifest, signature = (archive.read(f"{job.id}/manifest.{end}") for end in ("json", "sig"))
    key = site.get(f"{PLACE}/key").json()
    Ed25519PublicKey.from_public_bytes(base64.b64decode(key["public_key"])).verify(signature, manifest)
    assert job.id in [one["id"] for one in site.get(PLACE).json()["items"]]
    assert ask(site, audience="public", lang="en", at=job.at).json()["id"] == job.id, "the same wish is the same report"


def test_numbers_on_paper_are_those_of_the_interface_at_that_instant(site):
    job = ask(site, audience="management").json()
    facts = site.get(f"{job['href']}/papers/data.json").json()["facts"]
    told = {one["id"]: one["value"] for one in site.get("/api/v1/kpis", at=job["at"]).json()["items"]}
    assert {row["kpi"]: row["value"] for row in facts["kpis"]} == told
    places = {one["place_id"]: one["people"] for one in site.get("/api/v1/occupancy", at=job["at"]).json()["items"]}
    assert {row["place_id"]: row["people"] for row in facts["places"]}.items() <= places.items()


@pytest.mark.parametrize(
    ("role", "audience", "may"),
    [
        (Role.MANAGER, "management", True), (Role.MANAGER, "staff", False), (Role.MANAGER, "public", True),
        (Role.GRID_WORKER, "staff", True), (Role.AUDITOR, "staff", True), (Role.RESIDENT_SERVICE, "public", True),
        (Role.RESIDENT_SERVICE, "management", False), (Role.PUBLIC_SCREEN, "public", False),
    ],
)  # fmt: skip
def test_whose_reports_one_may_have_made_goes_by_the_audience(site, role, audience, may):
    answer = ask(site, role, audience=audience, kind="weekly")
    assert answer.status_code == (202 if may else 403), answer.text


def test_a_report_for_others_cannot_be_seen_listed_or_fetched(site):
    job = ask(site, Role.DUTY_OFFICER, audience="staff").json()
    with site.client(Role.MANAGER) as manager:
        for path in (job["href"], f"{job['href']}/papers/report.pdf", f"{job['href']}/papers/report.zip"):
            assert manager.get(path).status_code == 404
        assert job["id"] not in [one["id"] for one in manager.get(PLACE).json()["items"]]
    with site.client(Role.PUBLIC_SCREEN) as screen:
        assert screen.get(PLACE).status_code == 403


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"kind": "hourly"}, "daily"), ({"at": "1999-01-01T00:00:00Z"}, "before the first data"),
        ({"at": "2027-01-01T00:00:00Z"}, "in the future"), ({"at": "now"}, "RFC 3339"),
        ({"community": "nowhere"}, "/api/v1/communities"), ({"who": "me"}, "who"),
        ({"out": "there"}, "only commands on this machine"),
    ],
)  # fmt: skip
def test_a_wrong_wish_is_refused_with_what_was_found_and_expected(site, wanted, said):
    answer = ask(site, **wanted)
    assert answer.status_code in (400, 403)
    assert said in answer.text


def is_chinese(text: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


@pytest.mark.parametrize(
    ("role", "wanted", "zh"),
    [
        (Role.ADMINISTRATOR, {"at": "1999-01-01T00:00:00+08:00"}, "1999年1月1日 00:00 早于"),
        (Role.ADMINISTRATOR, {"at": "2027-01-01T00:00:00+08:00"}, "2027年1月1日 00:00 在将来"),
        (Role.ADMINISTRATOR, {"community": "nowhere"}, "没有社区 'nowhere'"),
        (Role.ADMINISTRATOR, {"kind": "gap_plan", "rulebook": "none"}, "没有规则册 'none'"),
        (Role.MANAGER, {"audience": "staff"}, "管理者不能生成“工作人员 · 内部”的报告"),
    ],
)  # fmt: skip
def test_a_page_can_show_every_refusal_in_its_own_language(site, role, wanted, zh):
    reason = ask(site, role, **wanted).json()["reason"]
    assert reason["zh"].startswith(zh)
    assert not is_chinese(reason["en"])


def test_a_report_that_cannot_be_written_says_why_in_both_languages_and_leaves_nothing(site, monkeypatch):
    def full(*_a: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    kept = site.cockpit.reports.folder
    before = sorted(kept.rglob("*"))
    monkeypatch.setattr(shelf, "_write", full)
    job = ask(site, audience="public", kind="monthly").json()
    assert job["state"] == "failed"
    assert "磁盘已满" in job["reason"]["zh"]
    assert "the disk is full" in job["error"] == job["reason"]["en"]
    assert sorted(kept.rglob("*")) == before


@pytest.mark.parametrize(
    "path", ["nothing", "..", "%2e%2e", "..%2freport.key", "x%00y", "{made}/papers/..%2f..%2freport.key",
             "{made}/papers/../../../report.key", "{made}/papers/nothing.pdf"],
)  # fmt: skip
def test_only_papers_of_reports_can_be_fetched(site, path):
    made = ask(site, audience="public").json()["id"]
    with site.client() as client:
        answer = client.get(f"{PLACE}/{path.format(made=made)}")
    assert answer.status_code in (307, 400, 404, 405), answer.status_code
    assert "PRIVATE" not in answer.text


def test_a_server_without_a_folder_says_that_it_keeps_none(standing):
    with standing.client() as client:
        assert client.get(PLACE).status_code == 503
        assert client.post(PLACE, json={}).status_code == 503


def verified(site: Site, path: str, role: Role = Role.ADMINISTRATOR, **more: Any) -> httpx.Response:
    with site.client(role) as client:
        return client.post(f"{PLACE}/{path}", **more)


def sent(site: Site, data: bytes, role: Role = Role.ADMINISTRATOR, kind: str = "application/zip") -> httpx.Response:
    return verified(site, "verifications", role, content=data, headers={"content-type": kind})


@pytest.fixture(scope="module")
def made(site) -> dict[str, dict[str, Any]]:
    """A report for each kind of reader."""
    jobs = {name: ask(site, audience=name).json() for name in ("public", "management", "staff")}
    return {name: site.get(job["href"]).json() for name, job in jobs.items()}


def test_a_made_report_is_checked_in_both_languages_and_written_down(site, made):
    answer = verified(site, f"{made['staff']['id']}/verification")
    assert answer.status_code == 200, answer.text
    found = VerdictItem.model_validate(answer.json())
    assert (found.holds, found.standing, found.id) == (True, "holds", made["staff"]["id"])
    assert found.verdict.zh.startswith("成立")
    assert found.verdict.en.startswith("It holds")
    assert {one.name for one in found.papers} == {one["name"] for one in made["staff"]["papers"]}
    assert {one.code for one in found.papers} == {"same"}
    with site.client(Role.AUDITOR) as auditor:
        noted = auditor.get("/api/v1/audit", params={"limit": 50}).json()["items"]
    checks = [one for one in noted if one["act"] == "report_checked"]
    assert checks[0]["subject"] == made["staff"]["id"]
    assert checks[0]["details"] == {"audience": "staff", "found": "holds"}


def test_a_zip_from_elsewhere_is_checked_and_not_kept(site, made):
    kept = sorted(site.cockpit.reports.folder.rglob("*"))
    data = site.get(made["management"]["zip"]).content
    found = sent(site, data).json()
    assert (found["holds"], found["id"]) == (True, hashlib.sha256(data).hexdigest())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        papers = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    wrong = sent(site, zip_of("x", papers | {"report.pdf": papers["report.pdf"] + b" "})).json()
    assert (wrong["holds"], wrong["standing"]) == (False, "broken")
    assert wrong["verdict"] == {"zh": "不成立：在生成之后被改动：report.pdf。",
                                "en": "It does not hold: changed after it was made: report.pdf."}  # fmt: skip
    assert sorted(site.cockpit.reports.folder.rglob("*")) == kept


@pytest.mark.parametrize(
    ("role", "audience", "may"),
    [
        (Role.RESIDENT_SERVICE, "public", True), (Role.RESIDENT_SERVICE, "management", False),
        (Role.MANAGER, "management", True), (Role.MANAGER, "staff", False), (Role.AUDITOR, "staff", True),
        (Role.PUBLIC_SCREEN, "public", False),
    ],
)  # fmt: skip
def test_whose_reports_one_may_have_checked_goes_by_the_audience(site, made, role, audience, may):
    one = made[audience]
    data = site.get(one["zip"]).content
    here, elsewhere = verified(site, f"{one['id']}/verification", role), sent(site, data, role)
    if may:
        assert here.json()["holds"], here.text
        assert elsewhere.json()["holds"], elsewhere.text
        return
    assert here.status_code == (403 if role is Role.PUBLIC_SCREEN else 404)
    assert elsewhere.status_code == 403
    for answer in (here, elsewhere):
        assert "holds" not in answer.text
        assert "data_revision" not in answer.text


def test_whoever_sees_another_community_learns_nothing_of_a_report(site, made):
    nowhere = Scope(communities=frozenset({"nowhere"}))
    token = site.cockpit.tokens.create(Role.MANAGER, "elsewhere", site.twin.now(), scope=nowhere)
    with httpx.Client(base_url=site.url, headers={"authorization": f"Bearer {token}"}) as manager:
        one = made["management"]
        assert manager.post(f"{PLACE}/{one['id']}/verification").status_code == 404
        data = site.get(one["zip"]).content
        answer = manager.post(f"{PLACE}/verifications", content=data, headers={"content-type": "application/zip"})
        assert answer.status_code == 403
        assert is_chinese(answer.json()["reason"]["zh"])


@pytest.mark.parametrize(
    ("data", "kind", "status", "zh"),
    [
        (b"", "application/zip", 400, "不是报告的压缩包"), (b"PK\3\4", "application/zip", 400, "不是报告的压缩包"),
        (b"{}", "application/json", 415, "应为压缩包"), (b"x", "text/plain", 415, "应为压缩包"),
        (bytes(LARGEST_ZIP + 1), "application/zip", 413, "大于 64 MB"),
    ],
    ids=["nothing", "damaged", "json", "text", "large"],
)  # fmt: skip
def test_what_is_no_zip_of_a_report_is_refused_in_both_languages(site, data, kind, status, zh):
    answer = sent(site, data, kind=kind)
    assert answer.status_code == status, answer.text
    assert zh in answer.json()["reason"]["zh"]
    assert not is_chinese(answer.json()["reason"]["en"])


def test_a_manifest_that_claims_nonsense_is_a_refusal_and_no_fault(site, made):
    with zipfile.ZipFile(io.BytesIO(site.get(made["public"]["zip"]).content)) as archive:
        said = orjson.loads(archive.read(f"{made['public']['id']}/manifest.json"))
    for wrong in ({"instant": "9999-12-31T23:59:59-12:00"}, {"kind": "gap_plan", "rulebook": "../x"}, {"kind": "x"},
                  {"community": "nowhere"}, {"kind": "scenario", "scenarios": ["x"]}, {"papers": {}}):  # fmt: skip
        answer = sent(site, zip_of("x", {"manifest.json": orjson.dumps(said | wrong)}))
        assert answer.status_code in (200, 400), (wrong, answer.text)
        assert '"holds":true' not in answer.text


def test_checks_wait_for_one_another_and_too_many_are_told_to_come_again(site, made):
    checks = site.cockpit.reports.checks
    places = [checks._places.acquire(blocking=False) for _ in range(MOST_CHECKS)]
    assert all(places)
    try:
        answer = verified(site, f"{made['public']['id']}/verification")
    finally:
        for _ in places:
            checks._places.release()
    assert answer.status_code == 503
    assert "请稍后再试" in answer.json()["reason"]["zh"]
    assert verified(site, f"{made['public']['id']}/verification").status_code == 200


def test_many_that_wait_for_a_report_leave_threads_to_others(site):
    desk = site.cockpit.reports
    places = [desk.waits.acquire(blocking=False) for _ in range(MOST_WAITS)]
    assert all(places)
    try:
        answer = ask(site, audience="public", lang="en", kind="weekly")
    finally:
        for _ in places:
            desk.waits.release()
    assert answer.status_code == 202
    assert answer.json()["state"] in ("waiting", "making")


def test_the_page_tells_of_no_schedule_of_a_community_outside_of_the_scope(serving, tmp_path, twin, clock):
    settle(twin)
    site = serving(folder=tmp_path)
    wanted = [ReportSettings(name="here", kind="weekly"), ReportSettings(name="far", kind="monthly", community="other")]
    desk = site.cockpit.reports
    desk.schedule = Schedule(twin, desk, wanted, clock).standing

    def shown(scope: Scope) -> str:
        token = site.cockpit.tokens.create(Role.DUTY_OFFICER, "d", clock.instant, scope=scope)
        with httpx.Client(base_url=site.url, headers={"authorization": f"Bearer {token}"}, timeout=20) as client:
            body = next(one for one in callbacks(client) if "reports--schedule" in one["output"])
            told = client.post("/_dash-update-component", json=body).json()["response"]["reports--schedule"]
            return json.dumps(told, ensure_ascii=False)

    weekly, monthly = (t("zh", f"report.kind.{kind}") for kind in ("weekly", "monthly"))
    mine, theirs = (shown(Scope(communities=frozenset({name}))) for name in ("demo", "other"))
    assert (weekly in mine, monthly in mine) == (True, False)
    assert (weekly in theirs, monthly in theirs) == (False, True)

"""Reports over HTTP: asked for, made beside the pages, fetched; by audience, and by nobody else."""

from __future__ import annotations

import base64
import errno
import io
import os
import zipfile

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cockpit.api_reports import ReportItem
from cockpit.reports import folder as shelf
from cockpit.settings import Settings
from cockpit.tokens import Role
from twin_model.twin import Twin

from ..conftest import Clock
from .conftest import Site, serve, settle

PLACE = "/api/v1/reports"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    twin = Twin.open(None, clock=Clock())
    settle(twin)
    with serve(twin, Settings(data=folder), folder=folder) as found:
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

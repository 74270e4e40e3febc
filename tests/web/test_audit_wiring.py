"""What is written into the trail by those who work, who may read it, and how the program keeps to its rules."""

from __future__ import annotations

import io
import zipfile
from types import SimpleNamespace

import pytest

import run
from cockpit import audit_chain as chain
from cockpit.audit import Audit
from cockpit.audit_chain import Wanted
from cockpit.keeping import Keeping, anchors
from cockpit.services import Services
from cockpit.tokens import Role
from layouts.page import View
from layouts.parts import audit_views
from tests.conftest import NOON
from tests.pages.conftest import text_of
from twin_model.entities import Rejected, Resident

from .conftest import report, settle

ADULT = "王守拙"


@pytest.fixture
def kept(twin, clock, tmp_path):
    """The trail of the street's server."""
    return Audit(tmp_path, clock, lambda: anchors(twin.store))


@pytest.fixture
def site(serving, twin, kept, clock):
    settle(twin)
    twin.record([Resident(community_id="demo", resident_id="r-1", home_id="demo-h1", name=ADULT, birth_year=1940)])
    report(twin, ("demo-sos", "sos", 1))
    clock.forward(seconds=1)
    twin.care.step()
    return serving(services=Services(audit=kept))


def said(kept):
    return [(e.act, e.role, e.subject, e.outcome) for e in reversed(kept.entries(Wanted(), 100))]


def test_acts_are_written_with_who_and_what_and_refused_ones_too(site, kept, twin):
    incident = twin.care.incidents(twin.now())[0].incident_id
    with site.client(Role.DUTY_OFFICER) as client:
        assert client.post(f"/api/v1/incidents/{incident}/steps", json={"step": "close"}).status_code == 409
        assert client.post(f"/api/v1/incidents/{incident}/steps", json={"step": "acknowledge"}).status_code == 200
        rule = next(r for r in twin.catalogue.alert_rules.values() if r.parameters)
        parameter = next(iter(rule.parameters.values()))
        change = {"rule": rule.name, "parameter": parameter.name, "value": parameter.value, "community_id": "demo",
                  "reason": "看看"}  # fmt: skip
        assert client.put("/api/v1/thresholds", json=change).status_code == 200
    with site.client(Role.ADMINISTRATOR) as client:
        forms = {"accept": "text/csv"}
        kpi = next(iter(twin.catalogue.kpis))
        answer = client.get(f"/api/v1/kpis/{kpi}/evidence", params={"community": "demo"}, headers=forms)
        assert answer.status_code == 200
    assert said(kept) == [
        ("step", "duty-officer", incident, "refused"),
        ("step", "duty-officer", incident, "done"),
        ("rule_change", "duty-officer", f"{rule.name}|{parameter.name}", "done"),
        ("export", "administrator", f"kpi {kpi}", "done"),
    ]


def test_a_look_at_a_home_is_written_once_for_a_stretch_of_looking(site, kept):
    with site.client(Role.GRID_WORKER) as client:
        for _ in range(3):
            client.get("/api/v1/contacts", params={"home_id": "demo-h1"}, headers={"x-purpose": "incident i-000001"})
    looks = kept.entries(Wanted(act="view_person"), 10)
    assert [(e.subject, e.purpose) for e in looks] == [("demo-h1", "incident i-000001")]


def test_what_cannot_be_written_is_not_shown(site, kept):
    """the folder of the trail is a file: as good as a full disk"""
    kept.folder.write_text("", encoding="ascii") if not kept.folder.exists() else pytest.fail("written already")
    with site.client(Role.GRID_WORKER) as client:
        answer = client.get("/api/v1/contacts", params={"home_id": "demo-h1"})
        counts = client.get("/api/v1/incidents")
    assert (answer.status_code, answer.json()["code"], counts.status_code) == (507, "audit", 200)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.AUDITOR])
def test_nobody_but_the_auditor_reads_the_trail(standing, role):
    with standing.client(role) as client:
        for path in ("/api/v1/audit", "/api/v1/audit/standing", "/api/v1/audit/anchors"):
            assert client.get(path).status_code == 403, path


def test_the_auditor_filters_exports_and_checks_and_changes_nothing(site, kept):
    for n in range(3):
        kept.note("step", actor="lin", role="duty_officer", subject=f"i-{n}")
    kept.note("sign_in", actor="=cmd", role="manager")
    with site.client(Role.AUDITOR) as client:
        assert [i["subject"] for i in client.get("/api/v1/audit", params={"act": "step"}).json()["items"]] == [
            "i-2", "i-1", "i-0",
        ]  # fmt: skip
        table = client.get("/api/v1/audit", params={"form": "csv"}).content.decode("utf-8-sig")
        assert len(table.splitlines()) == 5
        assert "'=cmd" in table
        assert client.post("/api/v1/audit/checks").json()["is_whole"] is True
        assert client.post("/api/v1/quarantine/adopt", json={}).status_code in (400, 403)
    assert said(kept)[-1][:3] == ("export", "auditor", "audit")


def test_one_person_is_handed_over_and_taken_out_and_the_trail_keeps_no_name(site, kept, twin):
    with site.client(Role.ADMINISTRATOR) as client:
        assert client.get("/api/v1/persons/r-1/export").status_code == 400, "no purpose"
        pack = client.get("/api/v1/persons/r-1/export", params={"purpose": "本人申请"})
        inside = zipfile.ZipFile(io.BytesIO(pack.content))
        assert inside.namelist() == ["data.json", "index.html", "readings.csv"]
        assert all(ADULT in inside.read(name).decode() for name in ("data.json", "index.html"))
        erased = client.post("/api/v1/persons/r-1/erasures", params={"purpose": "本人申请"}).json()
        assert erased["rows"]["resident"] == 1
        assert client.get("/api/v1/persons/r-1/export", params={"purpose": "again"}).status_code == 404
    assert [row[0::3] for row in said(kept)] == [("export", "done"), ("erase", "begun"), ("erase", "done")]
    assert ADULT not in (kept.folder / "2026-11.jsonl").read_text(encoding="utf-8")
    with site.client(Role.DUTY_OFFICER) as client:
        assert client.get("/api/v1/persons/r-1/export", params={"purpose": "x1"}).status_code == 403


def test_what_is_due_is_deleted_daily_and_said_and_the_twin_remembers_the_end_of_the_trail(twin, kept, clock):
    twin.quarantine([Rejected(source="mqtt", place="t", code="x", reason="r", raw=b"{}")])
    clock.forward(days=40)
    keeping = Keeping(twin, kept, 400)
    keeping.tidy()
    assert [(a, o) for a, _, _, o in said(kept)] == [("retention", "begun"), ("retention", "done")]
    assert twin.quarantined(twin.now()).num_rows == 0
    keeping.remember()
    (known,) = anchors(twin.store)
    assert (known.n, known.hash) == kept.end()
    keeping.remember()
    assert len(anchors(twin.store)) == 1, "nothing new, nothing written"


def test_the_command_line_says_which_line_was_changed(tmp_path, clock, capsys):
    trail = Audit(tmp_path, clock)
    for n in range(3):
        trail.note("step", actor="lin", role="duty_officer", subject=f"i-{n}")
        clock.forward(minutes=1)
    assert run.main(["audit", "verify", "--data", str(tmp_path)]) == 0
    assert run.main(["audit", "show", "--data", str(tmp_path), "--subject", "i-1"]) == 0
    assert capsys.readouterr().out.count("i-1") == 1
    path = tmp_path / "audit" / "2026-11.jsonl"
    path.write_bytes(path.read_bytes().replace(b"i-1", b"i-9"))
    assert run.main(["audit", "verify", "--data", str(tmp_path)]) == 1
    assert "2026-11.jsonl:2: this line was changed" in capsys.readouterr().out
    assert chain.verify(tmp_path / "audit").misfit.line == 2


def test_erasing_from_the_command_line_wants_to_be_meant(tmp_path, capsys):
    said = ["privacy", "erase", "r-1", "--purpose", "x", "--data", str(tmp_path)]
    assert run.main(said) == 1
    assert "export first, then add --yes" in capsys.readouterr().err
    assert run.main([*said, "--yes"]) == 1
    assert "holds no store" in capsys.readouterr().err


def test_the_page_tells_an_entry_in_the_readers_language():
    entry = SimpleNamespace(
        n=1, hash="0" * 64, at=NOON, act="step", actor="local", role="administrator", subject="i-1", outcome="done",
        purpose="incident i-1", details={"step": "handle", "by": "token", "unheard": "of"},
    )  # fmt: skip
    said = text_of(audit_views.entries(View("street"), NOON, [entry], {}))
    assert {"本机", "管理员", "处置事件 i-1", "步骤 已处置 · 方式 令牌 · unheard of"} <= set(said)

"""The doctor finds what is wrong, says what to do about it in both languages, and changes nothing."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from cockpit import doctor, doctor_machine
from cockpit.accounts import CONSOLE, Accounts
from cockpit.audit import Audit
from cockpit.backups import STORE, Resting, back_up
from cockpit.beside import announced, running_server
from cockpit.doctor import Finding, Surroundings, examine, worst
from cockpit.passwords import Rules
from cockpit.settings import Settings
from cockpit.tokens import Role, Tokens, scope_of
from layouts.parts.text import texts
from twin_model.migrations import SCHEMA
from twin_model.store import Store
from twin_model.twin import Twin

from ..conftest import NOON, Clock
from .conftest import report, settle

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def around(tmp_path):
    """``around(backup_folder=…)``: surroundings with an empty data folder of our own."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)

    def make(reach=lambda: None, server=None, **said) -> Surroundings:
        return Surroundings(Settings(data=data, **said), Clock(), reach, server)

    return make


def found(check, around: Surroundings) -> dict[str, str]:
    """code -> state"""
    findings = list(check(around))
    for finding in findings:
        for lang in doctor.LANGUAGES:
            assert finding.said(lang)
            assert finding.state == "ok" or finding.to_do(lang), f"{finding.code} does not say what to do"
    return {finding.code: finding.state for finding in findings}


def test_every_code_in_the_checks_has_its_words_and_every_word_its_check():
    source = "".join(Path(module.__file__).read_text(encoding="utf-8") for module in (doctor, doctor_machine))
    source += (ROOT / "run.py").read_text(encoding="utf-8")
    written = {key.removeprefix("doctor.") for key in texts("zh") if key.startswith("doctor.")}
    codes = {code.removesuffix("_do") for code in written}
    assert {code for code in codes if f'"{code}"' not in source} == set()


# --- the data folder


def test_a_folder_that_others_may_read_is_to_be_looked_at(around):
    here = around()
    assert found(doctor.data_folder, here)["data_ok"] == "ok"
    (here.settings.data / "tokens.json").write_text("[]", encoding="utf-8")
    os.chmod(here.settings.data / "tokens.json", 0o644)
    assert found(doctor.data_folder, here)["data_open"] == "look"
    (here.settings.data / "restoring").mkdir()
    assert found(doctor.data_folder, here)["data_half"] == "wrong"


@pytest.mark.parametrize(("mb_a_day", "state"), [(10, "ok"), (5_000, "look"), (50_000, "wrong")])
def test_the_days_a_disk_lasts_are_told_at_the_present_growth(around, monkeypatch, mb_a_day, state):
    """100 GB free; 10,000, 20 and 2 days"""
    here = around()
    key = here.settings.data / "session.key"
    key.write_bytes(b"")
    began = (NOON - timedelta(days=10)).timestamp()
    os.utime(key, (began, began))
    with here.settings.store_path.open("wb") as stream:
        stream.truncate(mb_a_day * 10 * 1_000_000)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _path: type("Usage", (), {"free": 100_000_000_000}))
    assert found(doctor.data_folder, here)["disk_days"] == state


# --- the store


def test_stores_of_this_of_an_older_and_of_a_newer_version_and_no_store_are_told_apart(around, tmp_path):
    here = around()
    path = here.settings.store_path
    assert found(doctor.store, here) == {"store_none": "ok"}
    Store(path).close()
    assert found(doctor.store, here) == {"store_ok": "ok"}
    with Store(path) as open_here:
        open_here.write(lambda w: w.execute(f"DELETE FROM migration WHERE name = '{max(SCHEMA.glob('*.sql')).stem}'"))
    assert found(doctor.store, here) == {"store_older": "look"}
    with Store(tmp_path / "other.duckdb") as other:
        other.write(lambda w: w.execute("INSERT INTO migration VALUES ('9999_later')"))
    (tmp_path / "other.duckdb").replace(path)
    assert found(doctor.store, here) == {"store_newer": "wrong"}
    path.write_bytes(b"no store" * 1_000)
    assert found(doctor.store, here) == {"store_broken": "wrong"}


def test_a_store_another_program_has_open_is_told(around):
    here = around()
    path = here.settings.store_path
    Store(path).close()
    asked = [sys.executable, "-c", "import sys; from twin_model.store import Store; from pathlib import Path\n"
             "s = Store(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()", str(path)]  # fmt: skip
    with subprocess.Popen(asked, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"open\n"
        assert found(doctor.store, here) == {"store_busy": "look"}
        other.stdin.close()


# --- backups and audit


def test_a_backup_that_is_old_or_missing_or_off_is_told(around, tmp_path):
    into = tmp_path / "b"
    assert found(doctor.backup, around()) == {"backup_off": "look"}
    here = around(backup_folder=str(into))
    assert found(doctor.backup, here) == {"backup_none": "wrong"}
    twin = Twin.open(here.settings.data / STORE, clock=Clock())
    twin.close()

    def made(at) -> None:
        source = Resting(here.settings.data / STORE, lambda path: Twin.open(path, clock=Clock()))
        back_up(into, here.settings.data, source, now=lambda: at, version="1")

    made(NOON - timedelta(hours=37))
    assert found(doctor.backup, here)["backup_old"] == "wrong"
    made(NOON - timedelta(hours=3))
    assert found(doctor.backup, here) == {"backup_ok": "ok", "backup_same_disk": "look"}


def test_a_changed_line_of_the_audit_trail_is_found(around):
    here = around()
    assert found(doctor.audit, here) == {"audit_none": "ok"}
    trail = Audit(here.settings.data, Clock())
    for n in range(3):
        trail.note("sign_in", actor=f"a{n}", role="manager")
    assert found(doctor.audit, here) == {"audit_ok": "ok"}
    (path,) = (here.settings.data / "audit").glob("*.jsonl")
    path.write_text(path.read_text(encoding="utf-8").replace('"a1"', '"zz"'), encoding="utf-8")
    assert found(doctor.audit, here) == {"audit_broken": "wrong"}


def test_an_auditor_limited_to_a_part_by_an_earlier_version_is_told(around):
    here = around()
    folder = here.settings.data
    accounts = Accounts(folder, Rules.of(here.settings), here.now)
    accounts.add("zhao", "赵", "manager", "Hai-Tang 8 hao", by=CONSOLE, scope=scope_of(["demo"]))
    Tokens(folder).create(Role.DUTY_OFFICER, "d", NOON, scope=scope_of(["demo"]))
    assert found(doctor.rights, here) == {"rights_ok": "ok"}
    for name, role in (("accounts.json", "manager"), ("tokens.json", "duty-officer")):
        path = folder / name
        path.write_text(path.read_text(encoding="utf-8").replace(f'"{role}"', '"auditor"'), encoding="utf-8")
    (finding,) = doctor.rights(here)
    assert finding.code == "rights_limited"
    assert "zhao, " in finding.said("en")


# --- the machine


def test_a_port_somebody_else_has_is_wrong_and_a_free_one_is_not(around, free_port):
    with socket.create_server(("127.0.0.1", 0)) as other:
        here = around(port=other.getsockname()[1], broker_port=free_port())
        assert found(doctor_machine.ports, here) == {"port_taken": "wrong", "port_free": "ok"}


def test_a_broker_that_is_not_there_is_told_in_its_own_words(around):
    here = around(broker="mqtt://host:1883", reach=lambda: "No broker listens")
    (finding,) = doctor_machine.broker(here)
    assert finding.state == "wrong"
    assert "No broker listens" in finding.said("zh")
    assert found(doctor_machine.broker, around(broker="mqtt://host:1883")) == {"broker_ok": "ok"}


def test_a_library_that_is_missing_or_of_another_version_is_named(around, tmp_path, monkeypatch):
    lock = tmp_path / "lock"
    elsewhere = 'for-another-machine==1.0 ; python_version < "3"'
    lock.write_text(f"# made\nduckdb==0.0.1\nnowhere-to-be-found==1.0\n{elsewhere}\n", encoding="utf-8")
    monkeypatch.setattr(doctor_machine, "LOCK", lock)
    missing, other = doctor_machine.libraries(around())
    assert (missing.state, missing.values["names"]) == ("wrong", "nowhere-to-be-found")
    assert (other.state, other.values["names"].split()[0]) == ("look", "duckdb")


def test_the_font_of_the_reports_is_looked_for(around, monkeypatch):
    assert found(doctor_machine.fonts, around())["font_report"] == "ok"
    monkeypatch.setattr(doctor_machine, "REPORT_FONT", "fonts/none.ttf")
    assert found(doctor_machine.fonts, around())["font_report_missing"] == "wrong"


def test_clocks_of_devices_are_compared_with_ours_through_the_running_server(serving, twin, around, clock):
    """devices ahead of us by a minute: our clock is slow, or theirs all fast"""
    settle(twin)
    site = serving()
    here = around()
    control = site.cockpit.tokens.lend(Role.ADMINISTRATOR, "control", is_control=True)
    with announced(here.settings.data, "127.0.0.1", site.port, token=control, broker="mqtt://127.0.0.1:1"):
        served = around(server=running_server(here.settings.data))
        assert served.server is not None
        assert found(doctor.devices, served) == {"clock_devices": "ok"}
        assert found(doctor.store, served) == {"store_serving": "ok"}
        assert found(doctor_machine.ports, served) == {"ports_ours": "ok"}
        report(twin, *[("demo-pir", "motion", 1), ("demo-pir", "battery", 80), ("demo-air", "temperature", 20),
                       ("demo-count", "people", 3), ("demo-sos", "sos", 0)],
               at=NOON + timedelta(minutes=1))  # fmt: skip
        assert found(doctor.devices, served) == {"clock_behind": "wrong"}


# --- the command


def test_a_check_that_breaks_is_a_finding_and_not_the_end(around):
    def breaking(_around):
        raise RuntimeError("somebody's name")
        yield

    checks = [("disk", breaking), ("ports", lambda _around: [Finding("ports", "ok", "data_ok")])]
    found = list(examine(around(), checks))
    assert [finding.code for finding in found] == ["broken", "data_ok"]
    assert "name" not in json.dumps(found[0].to_json())
    assert worst(found) == 0


def test_the_command_prints_one_object_a_finding_and_ends_with_one_when_something_is_wrong(tmp_path, free_port):
    with socket.create_server(("127.0.0.1", 0)) as other:
        done = subprocess.run(
            [sys.executable, "run.py", "doctor", "--data", str(tmp_path / "d"), "--json"],
            cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
            env={**os.environ, "CIM_PORT": str(other.getsockname()[1]), "CIM_BROKER_PORT": str(free_port()),
                 "PATH": "/nonexistent"},
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "")
    findings = [json.loads(line) for line in done.stdout.splitlines()]
    assert {f["check"] for f in findings} >= {"libraries", "data", "disk", "store", "backup", "audit", "ports", "clock"}
    (taken,) = [f for f in findings if f["state"] == "wrong" and f["check"] == "ports"]
    assert re.search(r"[一-鿿]", taken["said"]["zh"])
    assert "--port" in taken["to_do"]["en"]
    assert not (tmp_path / "d").exists(), "looking makes nothing"

"""The daily backup comes at its hour, is made up for when it was missed, and tells when it failed."""

from __future__ import annotations

import json
import sys
from datetime import datetime, time, timedelta

import pytest

from cockpit.daily import Daily, due_after
from cockpit.services import Services
from cockpit.tokens import Role

from ..conftest import NOON, Clock
from .conftest import Site, settle

HALF_PAST_TWO = time(2, 30)


@pytest.mark.parametrize(
    ("after", "due"),
    [
        ("2026-11-22T02:29:59+08:00", "2026-11-22T02:30:00+08:00"),
        ("2026-11-22T02:30:00+08:00", "2026-11-23T02:30:00+08:00"),
        ("2026-11-21T23:00:00+00:00", "2026-11-23T02:30:00+08:00"),
        ("2026-12-31T18:30:00+00:00", "2027-01-02T02:30:00+08:00"),
    ],
)
def test_it_is_due_at_a_local_time_of_day(after, due):
    assert due_after(datetime.fromisoformat(after), HALF_PAST_TWO) == datetime.fromisoformat(due)


@pytest.fixture
def daily(wait_for):
    """``daily(script, last)``: what was told of the runs of a script."""
    running = []

    def start(script: str, last: datetime | None) -> list[tuple[bool, str]]:
        told: list[tuple[bool, str]] = []
        one = Daily(
            [sys.executable, "-c", script], HALF_PAST_TWO, Clock(), last=last, noted=lambda *said: told.append(said)
        )
        running.append(one)
        one.start()
        return told

    yield start
    for one in running:
        one.stop()


def test_a_missed_one_is_made_at_the_start_and_one_of_today_is_not_made_again(daily, wait_for):
    missed = daily("print('made')", NOON - timedelta(days=1))
    never = daily("print('made')", None)
    today = daily("print('made')", NOON - timedelta(hours=1))
    wait_for(lambda: missed and never, what="the backups")
    assert (missed, never, today) == ([(True, "made")], [(True, "made")], [])


def test_a_failed_one_is_told_with_its_reason(daily, wait_for, caplog):
    told = daily("import sys; sys.exit('no room')", None)
    wait_for(lambda: told, what="the end")
    assert told == [(False, "no room")]
    assert "no room" in caplog.text


def test_a_failed_one_is_tried_every_hour_until_it_is_made_and_nothing_it_meets_ends_that(tmp_path):
    """the disk was full at night, the audit trail could not be written either; by day there is room"""
    clock, told = Clock(), []

    def noted(done: bool, _said: str) -> None:
        told.append(done)
        if not done:
            raise OSError("the disk is full")

    room = tmp_path / "room"
    script = f"import sys, pathlib; sys.exit(not pathlib.Path({str(room)!r}).exists())"
    one = Daily([sys.executable, "-c", script], HALF_PAST_TWO, clock, last=NOON - timedelta(days=1), noted=noted)
    one.look()
    assert (told, one.status()) == ([False], {"last_failed": True})
    clock.forward(minutes=59)
    one.look()
    assert told == [False]
    room.touch()
    clock.forward(minutes=1)
    one.look()
    assert (told, one.status()) == ([False, True], {"last_failed": False})
    clock.forward(hours=2)
    one.look()
    assert told == [False, True]


def test_health_and_metrics_say_whether_the_last_one_failed(serving):
    site = serving(Services(backup_status=lambda: {"last_failed": True}))
    assert site.get("/healthz").json()["backed_up"] is False
    assert "cim_backup_last_failed 1.0" in site.get("/metrics").text
    assert serving(Services()).get("/healthz").json()["backed_up"] is True


def test_every_page_says_to_staff_but_not_to_the_public_that_the_last_one_failed(serving, twin):
    settle(twin)
    failed, made = (serving(Services(backup_status=lambda last={"last_failed": one}: last)) for one in (True, False))

    def said(role: Role, lang: str = "zh", site: Site = failed) -> str:
        with site.client() as one_of_us, site.client(role) as client:
            wired = one_of_us.get("/_dash-dependencies").json()
            one = next(one for one in wired if one["output"].startswith("..shell--shown.data"))
            named = [name.split(".") for name in one["output"][2:-2].split("...")]
            outputs = [{"id": name, "property": prop} for name, prop in named]
            view = {"at": None, "lang": lang, "community": "demo", "with": None}
            inputs = [{**i, "value": view if i["id"] == "shell--view" else None} for i in one["inputs"]]
            asked = {"output": one["output"], "outputs": outputs, "inputs": inputs, "state": one["state"]}
            return json.dumps(client.post("/_dash-update-component", json=asked).json(), ensure_ascii=False)

    assert "最近一次每日备份没有做成" in said(Role.DUTY_OFFICER)
    assert "The last daily backup failed" in said(Role.MANAGER, "en")
    assert "备份" not in said(Role.PUBLIC_SCREEN) + said(Role.RESIDENT_SERVICE)
    assert "备份" not in said(Role.DUTY_OFFICER, site=made)


def test_stopping_ends_the_one_under_way(wait_for):
    told: list[object] = []
    one = Daily([sys.executable, "-c", "import signal; signal.pause()"], HALF_PAST_TWO, Clock(), last=None,
                noted=lambda *said: told.append(said))  # fmt: skip
    one.start()
    process = wait_for(lambda: one._process, what="the command to run")
    one.stop()
    assert process.returncode is not None
    assert told == []

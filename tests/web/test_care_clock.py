"""The clock of care looks when silence falls due, survives what it cannot do, and says so when it is behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cockpit.care_clock import CareClock
from cockpit.services import Services
from twin_model.twin import Twin

from .conftest import report, street


@pytest.fixture
def live_twin():
    """A twin whose clock runs."""
    twin = Twin.open(None, clock=lambda: datetime.now(UTC))
    twin.record(street())
    yield twin
    twin.close()


@pytest.fixture
def clock_of():
    started = []

    def start(twin: Twin) -> CareClock:
        clock = CareClock(twin)
        clock.start()
        started.append(clock)
        return clock

    yield start
    for clock in started:
        clock.stop()


def test_it_steps_at_least_each_second_and_without_work_costs_little(live_twin, clock_of, wait_for):
    clock = clock_of(live_twin)
    wait_for(lambda: clock.counts.steps >= 3, within=8, what="three steps")
    status = clock.status()
    assert status["running"] is True
    assert status["behind_s"] < 2
    assert clock.counts.steps < 20, "with nothing due it does not spin"


def test_silence_is_found_within_a_second_of_its_due_instant(live_twin, clock_of, wait_for):
    """the last word of a home that will be blind by the rule's own limit, reached while nobody sends anything"""
    limit = live_twin.catalogue.sensor_types["motion"].lost_after
    report(live_twin, ("demo-pir", "motion", 1), at=datetime.now(UTC) - limit + timedelta(seconds=2))
    due = datetime.now(UTC) + timedelta(seconds=2)
    clock_of(live_twin)
    wait_for(lambda: live_twin.care.alerts(live_twin.now()).num_rows, within=8, what="the alert")
    fired = min(live_twin.care.alerts(live_twin.now())["fired_at"].to_pylist())
    assert fired - due < timedelta(seconds=1), f"fired {fired - due} after it was due"


def test_a_step_that_fails_is_told_once_and_tried_again(twin, clock, clock_of, wait_for, caplog):
    twin.record(street())
    twin.close()
    care = clock_of(twin)
    wait_for(lambda: care.counts.failed >= 2, within=8, what="two failed steps")
    assert care.status()["error"]
    assert len([r for r in caplog.records if "stepping care failed" in r.message]) == 1


def test_health_and_metrics_say_whether_somebody_looks(serving, live_twin, twin, clock_of, wait_for):
    care = clock_of(live_twin)
    wait_for(lambda: care.counts.steps, what="the first step")
    site = serving(Services(care_status=care.status))
    health = site.get("/healthz").json()
    assert health["care_running"] is True
    assert health["care_behind_s"] < 2
    assert "cim_care_behind_s" in site.get("/metrics").text


def test_without_a_clock_health_does_not_pretend(site):
    health = site.get("/healthz").json()
    assert (health["status"], health["care_running"]) == ("degraded", False)

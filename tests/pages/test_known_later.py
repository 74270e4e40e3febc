"""What came late is said, and never changes what was seen."""

from __future__ import annotations

from datetime import timedelta

from layouts.page import View
from layouts.parts import answers, chart, known, time_answers
from tests.pages.conftest import HERE, readings


def test_readings_that_came_after_an_instant_are_named_with_the_panels_they_concern(living, clock):
    living.apply(readings(living, ("smoke-1", "smoke", 0, 0)))
    looked_at = clock.forward(minutes=30)
    asked = time_answers.known(living, looked_at, HERE, until=looked_at)
    assert asked["readings"] == 0
    clock.forward(hours=2)
    living.apply(readings(living, ("smoke-1", "smoke", 1, 130)))  # taken ten minutes before it, came two hours after
    told = time_answers.known(living, looked_at, HERE, until=living.now())
    assert (told["readings"], told["devices"], told["came_at"]) == (1, 1, living.now())
    assert told["first"][0]["device_id"] == "d-smoke"
    assert len(told["panels"]) == 1
    assert "late-mark" in str(known.known(View(HERE, looked_at), living.now(), told))


def test_a_series_of_the_past_draws_late_readings_only_when_asked_as_known_now(living, clock):
    looked_at = clock.forward(minutes=30)
    clock.forward(hours=2)
    living.apply(readings(living, ("smoke-1", "smoke", 1, 130)))
    until = living.now()
    then = answers.series(living, looked_at, HERE, chosen="d-smoke|smoke", until=until)
    now = answers.series(living, looked_at, HERE, chosen="d-smoke|smoke", until=until, known="now")
    assert len(now["points"]) == len(then["points"]) + 1
    assert len(then["late"]) == len(now["late"]) == 1
    assert len(chart.figure("zh", then)["data"]) == 1
    assert len(chart.figure("zh", now)["data"]) == 2


def test_live_nothing_is_known_later(living):
    assert time_answers.known(living, living.now(), HERE, until=None) is None
    assert known.known(View(HERE), living.now() + timedelta(0), None) is None

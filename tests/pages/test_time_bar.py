"""The time bar's answer: gaps, events, the first instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from layouts.parts import time_answers, time_bar
from tests.pages.conftest import HERE, readings

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def rows(*found):
    return [{"bucket": NOON + i * HOUR, "value": value, "devices": devices} for i, value, devices in found]


def test_a_bucket_without_readings_is_a_gap_not_zero():
    assert time_answers.line(rows((0, 5.0, 3), (2, 6.0, 3)), NOON, HOUR, 4, NOON + 9 * HOUR) == [5.0, None, 6.0, None]


def test_a_sum_of_too_few_devices_is_a_gap_not_a_dip():
    assert time_answers.line(rows((0, 30.0, 3), (1, 30.0, 3), (2, 10.0, 1)), NOON, HOUR, 3, NOON + 9 * HOUR) == [
        30.0,
        30.0,
        None,
    ]


def test_the_bucket_that_has_only_begun_is_not_drawn():
    assert time_answers.line(rows((0, 5.0, 3), (1, 2.0, 3)), NOON, HOUR, 2, NOON + 1.5 * HOUR) == [5.0, None]


def test_strips_know_the_alarms_and_the_first_instant(living, clock):
    clock.forward(minutes=10)
    living.apply(readings(living, ("smoke-1", "smoke", 1, 0)))
    now = living.now()
    answer = time_answers.strips(living, now, HERE, start=now - 24 * HOUR, end=now, buckets=72)
    drawn = time_bar.strips("zh", answer)
    assert [event["class"] for event in drawn["events"]] == ["act"]
    assert drawn["events"][0]["building"] == "b1"
    assert len(drawn["power"]) == len(drawn["people"]) == 73
    assert drawn["first"] is not None
    start = datetime.fromisoformat(drawn["start"])
    assert (start.astimezone(UTC) + 8 * HOUR).minute % 20 == 0, "buckets lie on the local clock"


def test_without_a_window_the_last_day_is_meant():
    assert time_bar.window_of(None, NOON) == (NOON - 24 * HOUR, NOON)
    assert time_bar.window_of({"start": "2026-11-20T00:00:00+08:00", "end": "2026-11-22T00:00:00+08:00"}, NOON) == (
        datetime(2026, 11, 19, 16, tzinfo=UTC),
        datetime(2026, 11, 21, 16, tzinfo=UTC),
    )


def test_an_empty_twin_has_strips_of_gaps(twin):
    answer = time_answers.strips(twin, twin.now(), HERE, start=NOON - HOUR, end=NOON, buckets=6)
    drawn = time_bar.strips("zh", answer)
    assert set(drawn["power"]) == {None}
    assert drawn["first"] is None

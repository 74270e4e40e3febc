"""Every answer is what was known at the instant asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

import pytest
import shapely

from tests.twin.conftest import NEIGHBOURHOOD, device, table
from twin_model.entities import Building, Rejected
from twin_model.twin import Twin


def value_of(twin, name, metric, at):
    rows = twin.states(at, device_id=name).to_pylist()
    (row,) = [row for row in rows if row["metric"] == metric]
    return row["value"], row["status"]


def test_the_state_at_an_instant_is_what_had_arrived_by_then(home, clock, apply):
    first = clock.forward(minutes=1)
    apply(("m1", "motion", first, 1))
    second = clock.forward(minutes=1)
    apply(("m1", "motion", second, 0))
    assert value_of(home, "m1", "motion", first) == (1.0, "fresh")
    assert value_of(home, "m1", "motion", second) == (0.0, "fresh")
    assert value_of(home, "m1", "motion", first - timedelta(seconds=1)) == (None, "lost")


def test_a_late_reading_is_not_known_before_it_arrived(home, clock, apply):
    """taken 12:01, received 12:30: the series of 12:10 does not have it, the one of 12:31 does"""
    taken = clock.forward(minutes=1)
    clock.forward(minutes=29)
    apply(("m1", "motion", taken, 1))
    noon, later = taken - timedelta(minutes=1), taken + timedelta(hours=1)
    assert home.series("m1", "motion", noon, later, taken + timedelta(minutes=9)).num_rows == 0
    assert home.series("m1", "motion", noon, later, taken + timedelta(minutes=30)).num_rows == 1


def test_any_instant_of_a_long_log_equals_the_state_that_was_live_then(home, clock, apply, monkeypatch):
    """The keyframes must not show: one every few readings here."""
    monkeypatch.setattr("twin_model.timeline.KEYFRAME_READINGS", 3)
    seen = {}
    for minute in range(40):
        at = clock.forward(minutes=1)
        apply(("m1", "motion", at, minute % 3 % 2), ("p1", "people", at - timedelta(seconds=minute * 7), minute))
        seen[at] = home.states(at).to_pylist()
    later = clock.forward(days=1)
    apply(("s1", "smoke", later, 1))
    assert all(home.states(at).to_pylist() == rows for at, rows in seen.items())


def test_a_restart_changes_no_answer(tmp_path, clock):
    path = tmp_path / "t.duckdb"
    twin = Twin.open(path, clock=clock)
    twin.record([*NEIGHBOURHOOD, device("m1", "motion", home_id="h1")])
    for minute in range(5):
        at = clock.forward(minutes=1)
        twin.apply(table(twin, [("m1", "motion", at, minute % 2)]))
    before, revision = twin.states(twin.now()), twin.revision
    twin.close()
    again = Twin.open(path, clock=clock)
    assert (again.states(again.now()).equals(before), again.revision) == (True, revision)
    again.close()


def test_entities_are_versions_and_the_old_ones_can_be_asked_for(home, clock):
    before = clock()
    after = clock.forward(days=1)
    taller = Building(
        community_id="c",
        building_id="b1",
        name="1幢",
        footprint=shapely.box(120, 30, 120.001, 30.001).wkb,
        height_m=21.0,
    )
    assert home.record([taller]).updated == 1
    assert home.entity("building", "b1", before)["height_m"] == 18.0
    assert home.entity("building", "b1", after)["height_m"] == 21.0
    assert home.geometry_version("c", before) != home.geometry_version("c", after)


def test_a_change_that_became_true_earlier_than_it_was_known_keeps_both_times(home, clock):
    """built up on day 1, recorded on day 3: asked on day 2 the old height was what was known"""
    start = clock()
    truth, known = start + timedelta(days=1), clock.forward(days=3)
    home.record(
        [Building(community_id="c", building_id="b1", name="1幢", footprint=NEIGHBOURHOOD[1].footprint, height_m=30.0)],
        valid_from=truth,
    )
    assert home.entity("building", "b1", start + timedelta(days=2))["height_m"] == 18.0
    assert home.entity("building", "b1", known)["height_m"] == 30.0


def test_a_change_announced_for_tomorrow_leaves_today_as_it_is(home, clock):
    today = clock()
    tomorrow = today + timedelta(days=1)
    home.record(
        [Building(community_id="c", building_id="b1", name="1幢", footprint=NEIGHBOURHOOD[1].footprint, height_m=30.0)],
        valid_from=tomorrow,
    )
    assert home.entity("building", "b1", clock.forward(hours=1))["height_m"] == 18.0
    assert home.entity("building", "b1", clock.set(tomorrow))["height_m"] == 30.0


def test_a_change_that_overtakes_an_announced_one_leaves_one_truth_at_every_instant(home, clock):
    """30 m is announced for tomorrow, then 24 m recorded with effect from now: never are two known at once"""
    start = clock()

    def built(height, valid_from):
        home.record([replace(NEIGHBOURHOOD[1], height_m=height)], valid_from=valid_from)

    def heights(at):
        return home.entities("building", at, community_id="c")["height_m"].to_pylist()

    built(30.0, start + timedelta(days=1))
    announced = clock.forward(hours=1)
    overtaken = clock.forward(hours=1)
    built(24.0, overtaken)
    after = clock.forward(hours=1)
    assert heights(announced) == [18.0]
    assert heights(after) == [24.0]
    assert heights(clock.forward(days=2)) == [24.0]
    built(12.0, start + timedelta(hours=1))  # a correction from before all that
    assert heights(clock.forward(hours=1)) == [12.0]
    assert heights(after) == [24.0], "as it was known"


def test_recording_the_same_again_changes_nothing(home):
    revision = home.revision
    again = home.record([*NEIGHBOURHOOD, device("m1", "motion", home_id="h1")])
    assert (again.accepted, again.updated, again.unchanged) == (0, 0, 6)
    assert home.revision == revision
    assert home.entities("building", home.now()).num_rows == 1


def test_the_future_is_asked_as_now(home, clock, apply):
    at = clock.forward(minutes=1)
    apply(("m1", "motion", at, 1))
    assert home.states(at + timedelta(days=9)).to_pylist() == home.states(at).to_pylist()


def test_quarantine_and_sources_are_known_from_their_instant_on(home, clock):
    before = clock()
    at = clock.forward(minutes=1)
    home.quarantine([Rejected(source="mqtt", place="a/b", code="not_json", reason="…", raw=b"{")])
    home.set_source("broker", False, "gone")
    assert home.quarantined(before).num_rows == 0
    assert home.quarantined(at).to_pylist()[0]["raw"] == b"{"
    assert home.sources(before) == []
    assert [(s.name, s.connected) for s in home.sources(clock.forward(seconds=1))] == [("broker", False)]


def test_an_instant_without_a_zone_is_refused(home, clock):
    with pytest.raises((ValueError, TypeError), match=r"time zone|offset-naive"):
        home.states(clock().astimezone(UTC).replace(tzinfo=None))


def test_before_the_first_record_there_is_nothing(home, clock):
    assert home.first_instant("c") == clock()
    assert home.first_instant("nowhere") is None
    assert home.states(clock() - timedelta(days=1)).num_rows == 0

"""What pages ask: homes, occupancy, alerts, classes. Unknown is never zero and never safe."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.twin.conftest import NEIGHBOURHOOD, device


def test_a_home_whose_sensors_are_silent_is_blind_not_quiet(home, clock, apply):
    apply(("m1", "motion", clock.forward(minutes=1), 1))
    assert home.home_states(clock()).to_pylist()[0]["state"] == "active"
    apply(("m1", "motion", clock.forward(minutes=5), 0))
    assert home.home_states(clock.forward(hours=2)).to_pylist()[0]["state"] == "quiet"
    assert home.home_states(clock.forward(days=9)).to_pylist()[0]["state"] == "blind"


def test_a_room_whose_counter_is_silent_is_unknown_not_empty(home, clock, apply):
    apply(("p1", "people", clock.forward(minutes=1), 7))
    fresh = {row["place_id"]: row for row in home.occupancy(clock()).to_pylist()}
    assert (fresh["r1"]["people"], fresh["r1"]["share"], fresh["r1"]["grade"]) == (7, 0.35, "good")
    assert (fresh["f1"]["people"], fresh["f1"]["method"]) == (7, "rooms")
    silent = {row["place_id"]: row for row in home.occupancy(clock.forward(days=9)).to_pylist()}
    assert (silent["r1"]["people"], silent["r1"]["share"], silent["r1"]["grade"]) == (None, None, "unknown")


def test_an_entrance_counter_counts_for_the_facility_and_its_rooms_are_not_added(twin, clock, apply):
    twin.record(
        [
            *NEIGHBOURHOOD,
            device("door", "people_counter", facility_id="f1"),
            device("hall", "people_counter", room_id="r1"),
        ]
    )
    apply(("door", "people", clock.forward(minutes=1), 12), ("hall", "people", clock(), 7))
    people = {row["place_id"]: row["people"] for row in twin.occupancy(clock()).to_pylist()}
    assert people == {"f1": 12, "r1": 7}


def test_alerts_come_by_urgency_with_where_they_are(twin, clock, apply):
    twin.record(
        [*NEIGHBOURHOOD, device("leak", "water_leak", home_id="h1"), device("m1", "motion", home_id="h1"),
         device("sos", "sos_button", home_id="h1")]
    )  # fmt: skip
    apply(("m1", "motion", clock(), 1), ("leak", "water_leak", clock(), 1))
    apply(("sos", "sos", clock.forward(minutes=1), 1))
    twin.care.step()
    rows = twin.alerts(twin.now()).to_pylist()
    assert [(r["severity"], r["subject"], r["building_name"], r["home_number"]) for r in rows] == [
        ("act", "sos", "1幢", "101"),
        ("look", "leak", "1幢", "101"),
    ]
    assert twin.building_classes(twin.now(), community_id="c").to_pylist()[0]["alert"] == "act"


def test_a_building_without_any_counter_has_no_occupancy_class(home, clock, apply):
    apply(("m1", "motion", clock(), 1))
    (row,) = home.building_classes(clock(), community_id="c").to_pylist()
    assert (row["occupancy"], row["occupancy_share"]) == ("unknown", None)


def test_devices_are_stale_and_lost_by_their_types_limits(home, clock, apply):
    limits = home.catalogue.sensor_types["smoke"]
    apply(("s1", "smoke", clock(), 0))
    start = clock()

    def status(after: timedelta) -> str:
        rows = home.device_status(clock.set(start + after)).to_pylist()
        return {row["device_id"]: row["status"] for row in rows}["s1"]

    second = timedelta(seconds=1)
    assert status(limits.stale_after) == "fresh"
    assert status(limits.stale_after + second) == "stale"
    assert status(limits.lost_after + second) == "lost"


def test_a_retained_value_is_no_sign_of_life_and_at_best_stale(home, clock, apply):
    def smoke_status() -> str:
        rows = home.states(home.now(), device_id="s1").to_pylist()
        return {row["metric"]: row["status"] for row in rows}["smoke"]

    apply(("s1", "smoke", None, 0), retained=True)
    assert smoke_status() == "lost"
    apply(("s1", "battery", clock.forward(minutes=1), 90))
    assert smoke_status() == "stale"


def test_a_gap_in_a_series_is_an_absent_bucket(home, clock, apply):
    start = clock()
    for minutes in (0, 10, 40):
        apply(
            ("p1", "people", start + timedelta(minutes=minutes), minutes),
            received_at=start + timedelta(minutes=minutes, seconds=1),
        )
    clock.forward(hours=1)
    rows = home.series("p1", "people", start, clock(), clock(), bucket=timedelta(minutes=10)).to_pylist()
    assert [(row["bucket"] - start, row["last"]) for row in rows] == [
        (timedelta(minutes=m), float(m)) for m in (0, 10, 40)
    ]


def test_days_begin_at_local_midnight(home, clock, apply):
    apply(("p1", "people", clock(), 3))
    end = clock.forward(minutes=1)
    (row,) = home.series("p1", "people", end - timedelta(days=1), end, end, bucket=timedelta(days=1)).to_pylist()
    assert row["bucket"].hour == 16  # 00:00 in China is 16:00 UTC


def test_a_total_is_the_sum_of_the_devices_means(twin, clock, apply):
    twin.record(
        [*NEIGHBOURHOOD, device("a", "people_counter", room_id="r1"), device("b", "people_counter", room_id="r1")]
    )
    start = clock()
    apply(("a", "people", start, 2), ("b", "people", start, 5))
    apply(("a", "people", clock.forward(minutes=1), 4))
    end = clock.forward(minutes=1)
    (row,) = twin.totals("people", start, end, end, bucket=timedelta(minutes=10), community_id="c").to_pylist()
    assert (row["value"], row["devices"]) == (8.0, 2)


def test_an_alarm_event_is_the_moment_the_value_came_up(home, clock, apply):
    start = clock()
    for minute, value in enumerate((0, 1, 1, 0, 1)):
        apply(
            ("s1", "smoke", start + timedelta(minutes=minute), value),
            received_at=start + timedelta(minutes=minute, seconds=1),
        )
    end = clock.forward(hours=1)
    rows = home.alarm_events(start, end, end, community_id="c").to_pylist()
    assert [(row["taken_at"] - start) // timedelta(minutes=1) for row in rows] == [1, 4]


def test_unknown_columns_are_refused_with_the_known_ones(home, clock):
    with pytest.raises(ValueError, match="building has no column colour; it has building_id"):
        home.entities("building", clock(), colour="red")


def test_residents_that_are_not_registered_are_not_zero(twin, clock):
    from twin_model.entities import Home

    twin.record(
        [NEIGHBOURHOOD[0], NEIGHBOURHOOD[1], Home(community_id="c", home_id="h9", building_id="b1", number="901")]
    )
    row = twin.residents(clock(), community_id="c")
    assert (row["homes"], row["registered"], row["people"]) == (1, 0, None)


def test_the_states_of_some_series_are_those_of_all_left_out_the_others(home, clock, apply):
    apply(("m1", "motion", clock.forward(minutes=1), 1), ("p1", "people", clock(), 7))
    every = home.states(clock())
    some = every["series_no"].to_numpy()[1:3]
    assert home.states_of_series(clock(), some).equals(every.slice(1, 2).combine_chunks())
    assert home.states_of_series(clock(), some[:0]).num_rows == 0

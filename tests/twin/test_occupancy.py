"""People in places: now, by hour, as known at any instant; corrections are said, unknown is never zero."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from tests.twin.conftest import SQUARE, device
from twin_model.entities import Building, Community, Estate, Facility, Home, Room
from twin_model.occupancy import bookings, counters
from twin_model.occupancy.forecast import AHEAD, forecast, predict
from twin_model.occupancy.opening import week
from twin_model.occupancy.use import open_hours, use_of
from twin_model.store import Store
from twin_model.timeline import to_us
from twin_model.twin import Twin

MORNING = datetime(2026, 11, 19, 20, 0, tzinfo=UTC)  # 04:00 on a Friday: a day begins
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PLACES = [
    Community(community_id="c", name="社区"),
    Estate(community_id="c", estate_id="e1", name="东园"),
    Building(community_id="c", building_id="b1", estate_id="e1", name="1幢", footprint=SQUARE, height_m=18.0),
    Home(community_id="c", home_id="h1", building_id="b1", number="101", age_0_17=0, age_18_59=2, age_60_79=1,
         age_80_up=0),
    Facility(community_id="c", facility_id="f1", facility_kind="centre", name="中心", lon=120.0, lat=30.0,
             building_id="b1", opening_hours="Mo-Su 08:00-20:00"),
    Room(community_id="c", room_id="r1", facility_id="f1", room_kind="hall", name="厅", capacity=20, area_m2=80.0),
    Room(community_id="c", room_id="r2", facility_id="f1", room_kind="study", name="书房", capacity=30, area_m2=100.0),
    device("p1", "people_counter", room_id="r1"),
    device("a2", "co2", room_id="r2"),
    device("g1", "gate", building_id="b1"),
]  # fmt: skip


class Day:
    """A day at the doors: what is said is committed in the order it is received."""

    def __init__(self, twin: Twin, clock) -> None:
        self.twin, self.clock = twin, clock
        self.rows: list[tuple[datetime, str, str, datetime, float]] = []

    def says(self, name: str, at: datetime, *, late: timedelta = timedelta(seconds=1), **values: float) -> None:
        self.rows += [(at + late, name, metric, at, value) for metric, value in values.items()]

    def every(self, minutes: int, name: str, start: datetime, end: datetime, **values: float) -> None:
        for k in range((end - start) // (minutes * MINUTE)):
            self.says(name, start + k * minutes * MINUTE, **values)

    def play(self, until: datetime) -> Twin:
        series = self.twin.directory().numbers
        due = sorted((row for row in self.rows if row[0] <= until), key=lambda row: row[0])
        self.rows = [row for row in self.rows if row[0] > until]
        for received in sorted({row[0] for row in due}):
            now = [row for row in due if row[0] == received]
            self.twin.apply(
                pa.table({
                    "series_no": pa.array([series[name, metric] for _, name, metric, _, _ in now], pa.int32()),
                    "taken_at": pa.array([at for _, _, _, at, _ in now], pa.timestamp("us", "UTC")),
                    "value": [float(value) for *_, value in now], "retained": [False] * len(now),
                }), received_at=received,
            )  # fmt: skip
        self.clock.set(until)
        return self.twin


@pytest.fixture
def day(clock):
    clock.set(MORNING - HOUR)
    twin = Twin.open(None, clock=clock)
    twin.record(PLACES)
    yield Day(twin, clock)
    twin.close()


def people(twin: Twin, at: datetime, place: str = "r1") -> float | None:
    return next(row["people"] for row in twin.occupancy(at).to_pylist() if row["place_id"] == place)


def hours(twin: Twin, at: datetime, place: str, first: int, last: int) -> list[float | None]:
    table = twin.occupancy_hours(MORNING + first * HOUR, MORNING + last * HOUR, at, place_id=place)
    return table["people"].to_pylist()


# --------------------------------------------------------------------------------------------------- corrections


def test_nobody_is_never_less_than_nobody_and_it_is_said(day):
    day.every(5, "p1", MORNING + 4 * HOUR, MORNING + 5 * HOUR, people=0, entered=2, left=5)
    twin = day.play(MORNING + 5 * HOUR)
    assert people(twin, twin.now()) == 0
    (said,) = twin.people.corrections(MORNING, twin.now(), twin.now())
    assert (said["reason"], said["persons"], said["place_id"]) == ("below_zero", 3, "r1")


def test_a_closed_place_is_empty_whatever_is_left_over_and_it_is_said(day):
    for k in range(150):  # somebody passes until 20:40, seven are missed on the way out
        at = MORNING + 4 * HOUR + 5 * k * MINUTE
        day.says("p1", at, people=7, entered=100 + k, left=93 + k)
    twin = day.play(MORNING + 16 * HOUR + 50 * MINUTE)
    assert people(twin, MORNING + 16 * HOUR) == 7
    assert people(twin, MORNING + 16 * HOUR + 40 * MINUTE) == 0
    said = twin.people.corrections(MORNING, twin.now(), twin.now())
    assert [(row["reason"], row["persons"], row["at"] - MORNING) for row in said] == [("closed", -7, 16.5 * HOUR)]


def test_once_the_place_has_closed_its_hours_are_told_without_what_was_over(day):
    """Four an hour more come in than leave, but nobody stayed: at noon it was believed, at night not."""
    for k in range(13 * 12):
        at = MORNING + 4 * HOUR + 5 * k * MINUTE
        day.says("p1", at, people=0, entered=4 * k + k // 3, left=4 * k)
    noon, night = MORNING + 8 * HOUR, MORNING + 18 * HOUR
    day.play(noon)
    believed = hours(day.twin, noon, "r1", 6, 8)
    day.play(night)
    known_better = hours(day.twin, night, "r1", 6, 8)
    assert hours(day.twin, noon, "r1", 6, 8) == believed
    assert all(then > 5 for then in believed)
    assert all(later < 1 for later in known_better)


def test_a_room_nobody_passed_for_long_is_not_believed_to_hold_one_person():
    passed_in = np.array([[[0.0] * 10 + [20.0] * 86]])
    passed_out = np.array([[[0.0] * 10 + [5.0] * 10 + [19.0] * 76]])
    heard = np.ones((1, 1, 96), bool)
    found = counters.correct(passed_in, passed_out, heard, np.ones((1, 1)), np.array([[counters.NEVER_RESET]]), 96)
    assert found.people[0, 0, 15] > 10
    assert found.people[0, 0, 30] == 0
    assert [(zero.reason, zero.over) for zero in found.zeros if zero.over] == [("quiet", 1.0)]


def test_a_full_room_in_which_nobody_passes_stays_full():
    passed_in, passed_out = np.full((1, 1, 96), 30.0), np.full((1, 1, 96), 5.0)
    heard = np.ones((1, 1, 96), bool)
    found = counters.correct(passed_in, passed_out, heard, np.ones((1, 1)), np.array([[counters.NEVER_RESET]]), 96)
    assert found.people[0, 0, 90] == 25
    assert found.zeros == ()


def test_what_one_leaving_stands_for_is_learned_from_past_days_only():
    entered = np.array([[1000.0, 1000.0, 1000.0, np.nan]])
    left = np.array([[900.0, 900.0, 900.0, 1.0]])
    factor = counters.learned(entered, left)[0]
    assert factor[0] == 1.0
    assert 1.05 < factor[1] < factor[2] < factor[3] < 1000 / 900


def test_a_count_that_began_anew_counts_on():
    told = np.array([[[5.0, 8.0, 2.0, 4.0], [1.0, 3.0, np.nan, 3.0]]])
    passed = counters.passages(told)
    assert passed[0, 0].tolist() == [5.0, 8.0, 10.0, 12.0]
    assert passed[0, 1].tolist() == [1.0, 3.0, 3.0, 3.0]


def test_a_counter_that_tells_its_own_tally_only_is_taken_at_its_word(day):
    day.every(5, "p1", MORNING + 4 * HOUR, MORNING + 5 * HOUR, people=9)
    twin = day.play(MORNING + 5 * HOUR)
    assert people(twin, twin.now()) == 9
    assert twin.people.corrections(MORNING, twin.now(), twin.now()) == []


# --------------------------------------------------------------------------------------------------------- hours


def test_an_hour_nobody_told_of_is_unknown_and_a_silent_counter_is_partial(day):
    day.every(5, "p1", MORNING + 4 * HOUR, MORNING + 5 * HOUR, people=6)
    day.every(5, "p1", MORNING + 6 * HOUR, MORNING + 6 * HOUR + 10 * MINUTE, people=8)
    twin = day.play(MORNING + 9 * HOUR)
    rows = twin.occupancy_hours(MORNING + 4 * HOUR, MORNING + 8 * HOUR, twin.now(), place_id="r1").to_pylist()
    assert [row["people"] for row in rows] == [6.0, 6.0, 8.0, None]
    assert [row["grade"] for row in rows] == ["good", "partial", "partial", "unknown"]
    assert rows[3]["share"] is None


def test_an_hour_is_as_it_was_known_then_and_better_known_after_late_readings(day):
    day.every(5, "p1", MORNING + 4 * HOUR, MORNING + 4.5 * HOUR, people=4)
    for k in range(6):
        day.says("p1", MORNING + 4.5 * HOUR + 5 * k * MINUTE, late=3 * HOUR, people=10)
    day.every(5, "p1", MORNING + 5 * HOUR, MORNING + 9 * HOUR, people=4)
    before, after = MORNING + 6 * HOUR, MORNING + 9 * HOUR
    day.play(before)
    then = hours(day.twin, before, "r1", 4, 6)
    assert then == [4.0, 4.0]
    day.play(after)
    assert hours(day.twin, before, "r1", 4, 6) == then
    assert hours(day.twin, after, "r1", 4, 6) == [7.0, 4.0]


def test_a_restart_answers_as_before(clock, tmp_path):
    path = tmp_path / "twin.duckdb"
    clock.set(MORNING - HOUR)
    twin = Twin.open(path, clock=clock)
    twin.record(PLACES)
    day = Day(twin, clock)
    day.every(5, "p1", MORNING + 4 * HOUR, MORNING + 9 * HOUR, people=5, entered=30, left=24)
    day.play(MORNING + 9 * HOUR)
    asked = [MORNING + hour * HOUR for hour in (5, 7, 9)]
    before = [(hours(twin, at, "r1", 0, 9), people(twin, at)) for at in asked]
    twin.close()
    again = Twin.open(path, clock=clock)
    assert [(hours(again, at, "r1", 0, 9), people(again, at)) for at in asked] == before
    again.close()


def test_a_store_of_before_is_put_in_short_when_it_is_opened(clock, tmp_path):
    path = tmp_path / "twin.duckdb"
    clock.set(MORNING - HOUR)
    twin = Twin.open(path, clock=clock)
    twin.record(PLACES)
    day = Day(twin, clock)
    day.every(5, "p1", MORNING + 4 * HOUR, MORNING + 9 * HOUR, people=5)
    day.play(MORNING + 9 * HOUR)
    before = hours(twin, clock(), "r1", 0, 9)
    twin.close()
    with Store(path) as store:
        store.write(lambda writer: writer.execute("DELETE FROM hour_part"))
    again = Twin.open(path, clock=clock)
    assert again.people.parts.segment(to_us(clock())) > 0
    assert hours(again, clock(), "r1", 0, 9) == before
    again.close()


def test_rooms_add_up_to_their_facility_and_gates_to_their_estate(day):
    day.every(5, "p1", MORNING + 4 * HOUR, MORNING + 5 * HOUR, people=6)
    day.every(10, "a2", MORNING + 4 * HOUR, MORNING + 5 * HOUR, co2=420)
    day.every(5, "g1", MORNING + 4 * HOUR, MORNING + 5 * HOUR, people=2)
    twin = day.play(MORNING + 5 * HOUR)
    now = {row["place_id"]: row for row in twin.occupancy(twin.now()).to_pylist()}
    assert {name: now[name]["people"] for name in ("r1", "r2", "f1", "b1", "e1")} == {
        "r1": 6, "r2": 0, "f1": 6, "b1": 2, "e1": 2,
    }  # fmt: skip
    assert (now["e1"]["capacity"], now["e1"]["method"], now["r2"]["grade"]) == (3, "gate", "estimate")
    assert [hours(twin, twin.now(), name, 4, 5) for name in ("f1", "e1")] == [[6.0], [2.0]]


def test_a_room_without_a_counter_is_estimated_from_co2_and_says_so(day):
    day.every(10, "a2", MORNING + 4 * HOUR, MORNING + 6 * HOUR, co2=420)
    for k in range(6):
        day.says("a2", MORNING + 6 * HOUR + 10 * k * MINUTE, co2=420 + 90 * k)
    twin = day.play(MORNING + 6 * HOUR + 55 * MINUTE)
    row = next(row for row in twin.occupancy(twin.now()).to_pylist() if row["place_id"] == "r2")
    assert (row["method"], row["grade"]) == ("co2", "estimate")
    assert 10 <= row["people"] <= 30
    assert hours(twin, twin.now(), "r2", 4, 6) == [0.0, 0.0]


# ------------------------------------------------------------------------------------- forecast, bookings, use


def test_too_little_history_is_said_and_nothing_is_forecast():
    first = 20_000 * 24
    (found,) = forecast(np.full((1, 7 * 24), 5.0), first, first + 7 * 24)
    assert (found.people, found.error, found.days, found.needed) == (None, None, 7, 8)


def test_a_place_that_lives_by_the_week_is_forecast_and_its_error_is_measured():
    first = 20_000 * 24
    rhythm = np.random.default_rng(3).uniform(0, 40, 168)
    hourly = np.tile(rhythm, 5)[None, : 33 * 24]
    (found,) = forecast(hourly, first, first + 33 * 24)
    assert found.error is not None
    assert found.error < 6
    assert found.repeated == 0.0
    assert found.tested == 24 * 52


def test_a_forecast_knows_nothing_of_what_comes_after():
    first = 20_000 * 24
    hourly = np.random.default_rng(4).uniform(0, 40, (2, 40 * 24))
    changed = hourly.copy()
    changed[:, 30 * 24 :] = 99.0
    origin = first + 30 * 24
    assert np.array_equal(predict(hourly, first, origin), predict(changed, first, origin))
    assert predict(hourly, first, origin).shape == (2, AHEAD)


@pytest.mark.parametrize(
    ("inside", "expected", "said"),
    [
        ([0, 0, 0, 0], 20, "empty"),
        ([0, 3, 3, 0], 20, "few"),
        ([0, 12, 15, 9], 20, "used"),
        ([np.nan, np.nan, np.nan, 0], 20, "unknown"),
        ([], 20, "unknown"),
    ],
)
def test_a_booking_is_judged_by_who_came_and_not_judged_unseen(inside, expected, said):
    assert bookings.verdict(inside, expected)[0] == said


def test_a_booking_to_which_nobody_came_is_found_as_known_then(day):
    twin = day.twin
    start = MORNING + 6 * HOUR
    day.clock.set(MORNING)
    twin.ledger.record(
        "room_booking",
        [{"booking_no": "y1", "room": "r1", "starts_at": start, "ends_at": start + HOUR, "booked_by": "club",
          "expected": 12, "state": "booked"}],
        community_id="c",
    )  # fmt: skip
    day.every(5, "p1", MORNING + 4 * HOUR, MORNING + 8 * HOUR, people=0)
    day.play(MORNING + 8 * HOUR)

    def verdicts(at: datetime) -> list[str]:
        return [row["verdict"] for row in twin.booked_but_empty(MORNING, MORNING + 24 * HOUR, at, community_id="c")]

    assert verdicts(MORNING + 5 * HOUR) == ["ahead"]
    assert verdicts(start + HOUR / 2) == ["unknown"], "it may still fill"
    assert verdicts(MORNING + 8 * HOUR) == ["empty"]


@pytest.mark.parametrize(
    ("said", "monday_noon", "sunday_night"),
    [
        ("Mo-Su 07:30-21:00", True, False),
        ("Mo-Fr 08:00-17:30; Sa 09:00-12:00", True, False),
        ("24/7", True, True),
        ("Mo-Su 20:00-02:00", False, True),
        ("Mo-Su 08:00-20:00; Mo off", False, False),
    ],
)
def test_opening_hours_are_read(said, monday_noon, sunday_night):
    table = week(said)
    assert (table[0][48], table[6][4]) == (monday_noon, sunday_night)


@pytest.mark.parametrize("said", [None, "", "by appointment", "Mo-Fr 8 to 5"])
def test_opening_hours_that_cannot_be_read_are_unknown(said):
    assert week(said) is None


def test_use_is_measured_over_open_hours_and_not_told_when_little_is_known():
    first = 20_000 * 24 - 8  # a local midnight
    is_open = open_hours("Mo-Su 08:00-20:00", first, 24)
    people = np.where(is_open, 10.0, 0.0)
    assert use_of(people, is_open, 20) == (0.5, 12, 12)
    people[is_open.argmax() : is_open.argmax() + 6] = np.nan
    assert use_of(people, is_open, 20)[0] is None
    assert use_of(people, is_open, None)[0] is None


def test_a_room_with_a_motion_detector_only_tells_that_somebody_is_there(day):
    day.twin.record([device("m2", "motion", room_id="r2")])
    day.every(10, "m2", MORNING + 4 * HOUR, MORNING + 5 * HOUR, motion=0)
    day.every(10, "m2", MORNING + 5 * HOUR, MORNING + 6 * HOUR, motion=1)
    twin = day.play(MORNING + 6 * HOUR)
    row = next(row for row in twin.occupancy(MORNING + 5.5 * HOUR).to_pylist() if row["place_id"] == "r2")
    assert (row["people"], row["method"], row["grade"]) == (1, "presence", "estimate")
    assert hours(twin, twin.now(), "r2", 4, 6) == [0.0, 1.0]


def test_where_nothing_counts_a_booking_is_the_plan_and_called_so(day):
    twin = day.twin
    twin.record([Room(community_id="c", room_id="r3", facility_id="f1", room_kind="hall", name="会客厅", capacity=9)])
    start = MORNING + 6 * HOUR
    day.clock.set(MORNING)
    booking = {"booking_no": "y3", "room": "r3", "starts_at": start, "ends_at": start + HOUR / 2, "state": "booked"}
    twin.ledger.record("room_booking", [booking | {"booked_by": "club", "expected": 8}], community_id="c")
    twin = day.play(MORNING + 8 * HOUR)

    def now(at: datetime) -> tuple[int | None, str, str]:
        row = next(row for row in twin.occupancy(at).to_pylist() if row["place_id"] == "r3")
        return row["people"], row["method"], row["grade"]

    assert now(start + 5 * MINUTE) == (8, "booking", "plan")
    assert now(start + 50 * MINUTE) == (None, "none", "unknown")
    rows = twin.occupancy_hours(MORNING, MORNING + 8 * HOUR, twin.now(), place_id="r3").to_pylist()
    assert [(row["people"], row["grade"]) for row in rows[5:8]] == [(None, "unknown"), (4.0, "plan"), (None, "unknown")]


def test_places_nobody_can_say_anything_of_cost_nothing_and_an_estate_still_holds_all_its_residents(day):
    """Of a city's tens of thousands of places only those are read in which something counts, and rooms to be booked."""
    day.twin.record([
        Building(community_id="c", building_id="b2", estate_id="e1", name="2幢", footprint=SQUARE, height_m=18.0),
        Home(community_id="c", home_id="h2", building_id="b2", number="101", age_0_17=1, age_18_59=2, age_60_79=0,
             age_80_up=0),
        Facility(community_id="c", facility_id="f2", facility_kind="clinic", name="诊所", lon=120.0, lat=30.0),
        Room(community_id="c", room_id="r3", facility_id="f2", room_kind="study", name="诊室", capacity=3),
    ])  # fmt: skip
    places = {place.place_id: place for place in day.twin.people.layout(day.twin.now()).places}
    assert set(places) == {"r1", "r2", "r3", "f1", "b1", "e1"}
    assert (places["e1"].capacity, places["b1"].capacity, places["f1"].parts != ()) == (6, 3, True)

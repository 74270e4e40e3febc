"""The rhythms of homes, kept with the log: what counts as life, what is watched, restarts and past instants."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from tests.conftest import Clock
from tests.twin.conftest import NEIGHBOURHOOD, device, table
from twin_model.homes import RHYTHM_SCHEMA
from twin_model.moment import Moment
from twin_model.timeline import to_us
from twin_model.twin import Twin

MIDNIGHT = datetime(2026, 11, 16, 16, 0, tzinfo=UTC)  # 17 November in the neighbourhood
KIT = [
    device("m1", "motion", home_id="h1"),
    device("m2", "motion", home_id="h1"),
    device("d1", "door_contact", home_id="h1"),
    device("r1", "fall_radar", home_id="h1"),
    device("b1", "bed_sensor", home_id="h1"),
    device("w1", "water_meter", home_id="h1"),
]


def at(day, hour):
    return MIDNIGHT + timedelta(days=day, hours=hour)


@pytest.fixture
def clock():
    return Clock(MIDNIGHT)


@pytest.fixture
def lived(twin, clock):
    """A home with a kit; its life can be lived and its rhythm asked."""
    return Life(twin, clock)


class Life:
    def __init__(self, twin, clock, kit=KIT):
        self.twin, self.clock = twin, clock
        twin.record([*NEIGHBOURHOOD, *kit])

    def say(self, device_id, metric, value, when, **kept):
        self.clock.set(max(when, self.clock.instant))
        self.twin.apply(table(self.twin, [(device_id, metric, when, value)], **kept))

    def day(self, number, first=7.0, last=22.0, heard_until=24.0, devices=("m1",)):
        """Movement every ten minutes or so between two hours; the detectors are heard of every two hours."""
        pauses = np.cumsum(np.random.default_rng(number).exponential(1 / 6, 400))
        moves = [first + p for p in pauses if first + p < last]
        beats = [h for h in np.arange(0, 24, 2.0) if h < heard_until]
        rows = [("m1", "motion", at(number, h), 1) for h in moves]
        rows += [(name, "motion", at(number, h), 0) for h in beats for name in devices]
        rows.sort(key=lambda row: row[2])
        self.clock.set(max(row[2] for row in rows))
        self.twin.apply(table(self.twin, rows))

    def rhythm(self, when=None):
        """The row of the table ``rhythm`` of the home as known at an instant."""
        when = when or self.twin.now()
        moment = Moment(to_us(when), to_us(when), self.twin.states_of(when))
        rows = self.twin.care._homes.tables(moment, ["h1"])["rhythm"]
        assert rows.schema == RHYTHM_SCHEMA
        return rows.to_pylist()[0] if rows.num_rows else None


@pytest.mark.parametrize(
    ("name", "metric", "first", "then", "is_life"),
    [
        ("m1", "motion", 0, 1, True),
        ("m1", "motion", 1, 1, True),
        ("m1", "motion", 1, 0, False),
        ("m1", "battery", 80, 79, False),
        ("d1", "open", 0, 1, True),
        ("d1", "open", 1, 0, True),
        ("d1", "open", 0, 0, False),
        ("r1", "presence", 0, 1, True),
        ("r1", "presence", 1, 1, False),
        ("r1", "presence", 1, 0, False),
        ("b1", "in_bed", 0, 1, True),
        ("b1", "in_bed", 1, 1, False),
        ("b1", "heart_rate", 60, 70, False),
        ("w1", "water_m3", 4.0, 4.001, True),
        ("w1", "water_m3", 4.0, 4.0, False),
        ("w1", "water_m3", 4.0, 0.0, False),
    ],
)
def test_life_is_what_somebody_did_and_never_a_heartbeat(lived, name, metric, first, then, is_life):
    lived.say("m2", "motion", 1, at(0, 6))
    lived.say(name, metric, first, at(0, 7))
    before = lived.rhythm()["last_activity"]
    lived.say(name, metric, then, at(0, 8))
    assert (lived.rhythm()["last_activity"] == at(0, 8)) is is_life
    assert is_life or lived.rhythm()["last_activity"] == before


def test_a_message_that_the_broker_kept_is_no_life(lived):
    lived.say("m1", "motion", 1, at(0, 7), retained=True)
    assert lived.rhythm() is None


def test_a_clock_that_runs_ahead_makes_no_life_in_the_future(lived, clock):
    clock.set(at(0, 8))
    lived.twin.apply(table(lived.twin, [("m1", "motion", at(0, 11), 1)]))
    assert lived.rhythm()["last_activity"] <= lived.twin.now()


def test_it_knows_too_little_until_the_third_day_and_says_so(lived):
    lived.day(0)
    lived.day(1, last=9)
    assert lived.rhythm()["due_at"] is None
    said = lived.twin.care.home_rhythm("h1", lived.twin.now())
    assert not said["enough"]
    assert said["sentence"] == {
        "zh": "还在学习，第 2 天，共需 3 天。",
        "en": "Still learning: day 2 of 3.",
    }


def test_from_the_third_day_on_it_says_when_stillness_will_be_unusual_and_why(lived):
    for number in range(3):
        lived.day(number)
    lived.day(3, last=9.0, heard_until=9)
    row = lived.rhythm()
    assert at(3, 10.9) < row["due_at"] < at(3, 14)
    assert (row["kind"], row["days"], row["seeing"]) == ("inactivity", 3, True)
    lived.say("m1", "motion", 0, at(3, 10.5))
    lived.say("m1", "motion", 0, row["due_at"])
    missed = round(lived.rhythm()["expected"])
    assert missed >= 13
    words = lived.twin.care.home_rhythm("h1", lived.twin.now())["sentence"]
    since = (row["last_activity"] + timedelta(hours=8)).strftime("%H:%M")
    assert f"{since} 之后平日此时已有 {missed} 个五分钟时段有活动，今日没有" in words["zh"]
    assert f"in {missed} five-minute periods since {since}; none was seen" in words["en"]


def test_shortly_after_a_sign_of_life_it_says_that_stillness_is_usual_not_that_nothing_was_missed(lived):
    for number in range(3):
        lived.day(number)
    lived.day(3, last=9.0, heard_until=9)
    assert round(lived.rhythm()["expected"]) == 0
    words = lived.twin.care.home_rhythm("h1", lived.twin.now())["sentence"]
    assert "不活动也属平常" in words["zh"]
    assert "it is usual to be still" in words["en"]
    assert "0 periods" not in words["en"]


def test_a_restart_goes_on_with_the_same_rhythm(tmp_path, clock):
    with_days = Twin.open(tmp_path / "twin.duckdb", clock=clock)
    life = Life(with_days, clock)
    for number in range(4):
        life.day(number)
        with_days.care.step()
    life.day(4, last=9.0, heard_until=9)
    before, states = life.rhythm(), with_days.home_states(clock())
    stored = with_days.store.select("SELECT count(*) AS n FROM rhythm_day")["n"][0].as_py()
    with_days.close()
    again = Twin.open(tmp_path / "twin.duckdb", clock=clock)
    try:
        life.twin = again
        assert life.rhythm(clock()) == before
        assert again.home_states(clock()) == states
        assert stored == 3, "the day under way is not over, and the one before it ended with the first sign of this one"
    finally:
        again.close()


def test_what_is_learned_from_stored_days_is_what_is_learned_from_their_readings(lived):
    for number in range(5):
        lived.day(number)
    lived.twin.care.step()  # writes the days
    from_readings = lived.rhythm()
    lived.twin.care._homes.forget()
    assert lived.rhythm() == from_readings


def test_a_past_instant_is_answered_with_what_was_known_then(lived):
    then, answers = [], []
    for number in range(5):
        lived.day(number)
        lived.twin.care.step()
        then.append(lived.twin.now())
        answers.append(lived.rhythm(then[-1]))
    assert [lived.rhythm(when) for when in then] == answers


def test_a_devices_silence_is_neither_stillness_nor_learned(lived):
    for number in range(3):
        lived.day(number)
    lived.day(3, last=9.0, heard_until=9)
    due = lived.rhythm()["due_at"]
    assert lived.rhythm(at(3, 14))["due_at"] is None, "nobody would have seen anything since eleven"
    lived.say("m1", "motion", 0, at(3, 15))
    later = lived.rhythm()
    assert later["watched_since"] == at(3, 15)
    assert later["due_at"] > due + timedelta(hours=3)


def test_a_witness_of_little_weight_does_not_watch_for_the_others(lived):
    for number in range(3):
        lived.day(number)
        lived.say("d1", "open", number % 2, at(number, 23))
    lived.day(3, last=9.0, heard_until=9)
    for hour in range(10, 16):
        lived.say("d1", "open", 0, at(3, hour))  # heard, but it tells of one sign in ninety
    assert not lived.rhythm()["seeing"]
    assert lived.rhythm()["due_at"] is None


def test_what_was_unusual_while_watched_stays_so_when_the_devices_fall_silent(lived):
    for number in range(3):
        lived.day(number)
    lived.day(3, last=9.0, heard_until=9)
    due = lived.rhythm()["due_at"]
    lived.say("m1", "motion", 0, due + timedelta(minutes=5))
    assert lived.rhythm(due + timedelta(hours=9))["due_at"] == due


def test_a_failed_commit_leaves_no_trace_in_the_rhythm(lived):
    lived.day(0)
    before = lived.rhythm()
    lived.clock.forward(seconds=30)
    readings = table(lived.twin, [("m1", "motion", lived.clock(), 1)])
    with pytest.raises(Exception, match="no such column"):
        lived.twin.apply(readings, deliveries=pa.table({"no such column": [1]}))
    assert lived.rhythm()["last_activity"] == before["last_activity"]


def test_a_home_of_which_nothing_tells_has_no_rhythm(twin, clock):
    twin.record([*NEIGHBOURHOOD, device("s1", "smoke", home_id="h1")])
    assert twin.care.home_rhythm("h1", clock()) is None
    assert twin.home_states(clock())["state"].to_pylist() == ["blind"]

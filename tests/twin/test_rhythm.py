"""The rule of stillness for one home, without a store: what it learns, from what, and when it says so."""

import numpy as np
import pytest

from benchmarks.invented_homes import FIRST_DAY, Person, recording
from twin_model.rhythm import (
    CAP,
    DAY,
    FLOOR,
    HOUR,
    INACTIVITY,
    NOT_RETURNED,
    SLOTS,
    Rhythm,
    learn,
    sensor_code,
)

MINUTE = 60.0
LIVING, BATH, DOOR = 11, 12, 13


def seen(rhythm, *times, sensor=LIVING, door=False):
    """Signs of life at local seconds; gives the alarms these ended."""
    at = np.array(times, float)
    return rhythm.observe(at, np.full(len(at), sensor, np.uint8), np.full(len(at), door))


def day(rhythm, number, first=7.0, last=22.0, every=9.0):
    """A day with a sign of life every few minutes, more or less, between two hours."""
    pauses = np.random.default_rng(number).exponential(every * MINUTE, 400)
    times = FIRST_DAY + number * DAY + first * HOUR + np.cumsum(pauses) - pauses[0]
    seen(rhythm, *times[times < FIRST_DAY + number * DAY + last * HOUR])


@pytest.fixture
def known():
    """A home known for six days; then somebody rises at seven on the seventh and is seen until eight."""
    rhythm = Rhythm()
    for number in range(6):
        day(rhythm, number)
    day(rhythm, 6, last=7.9)
    seen(rhythm, MORNING)
    return rhythm


MORNING = FIRST_DAY + 6 * DAY + 8 * HOUR


def test_on_the_first_two_days_only_twelve_hours_count():
    rhythm = Rhythm()
    for number in range(2):
        day(rhythm, number, last=12)
        assert not rhythm.due().learned
        assert rhythm.due().at == rhythm.last + CAP


def test_from_the_third_day_on_the_rhythm_judges():
    rhythm = Rhythm()
    for number in range(3):
        day(rhythm, number, last=12 if number == 2 else 22)
    assert rhythm.learned_days == 2
    assert rhythm.due().learned
    assert FLOOR <= rhythm.due().at - rhythm.last < 6 * HOUR


def test_todays_activity_teaches_nothing_about_today(known):
    before = known.habit
    seen(known, *(MORNING + np.arange(60, 3600, 20)))
    assert known.habit is before


def test_a_silence_is_measured_in_what_this_home_would_have_done():
    often, seldom = Rhythm(), Rhythm()
    for number in range(6):
        day(often, number, every=9)
        day(seldom, number, every=30)
    for rhythm in (often, seldom):
        seen(rhythm, MORNING)
    assert often.due().at < seldom.due().at - HOUR
    assert seldom.missed(seldom.due().at) == pytest.approx(seldom.limit())


def test_an_alarm_comes_never_before_two_hours_and_always_at_twelve():
    rng = np.random.default_rng(5)
    home = recording("h", Person(days=40), rng)
    rhythm = Rhythm()
    codes = np.array([sensor_code(f"s{n}") for n in range(8)], np.uint8)[home.room]
    for start in range(0, len(home.at), 7):
        piece = slice(start, start + 7)
        rhythm.observe(home.at[piece], codes[piece], home.door[piece])
        if rhythm.alarm is None:
            assert FLOOR <= rhythm.due().at - rhythm.last <= CAP + 1e-3


def test_a_night_is_no_alarm_for_those_who_sleep_at_night(known):
    rhythm = Rhythm()
    for number in range(20):
        day(rhythm, number)
    assert rhythm.alarm is None
    assert rhythm.due().at > FIRST_DAY + 20 * DAY + 7.5 * HOUR


def test_who_left_by_the_outside_door_is_away_and_expected_within_twelve_hours(known):
    seen(known, MORNING + 600)
    seen(known, MORNING + 640, sensor=DOOR, door=True)
    seen(known, MORNING + 660, sensor=LIVING)  # still in the hall while the door falls shut
    assert (known.due().kind, known.due().at) == (NOT_RETURNED, MORNING + 660 + CAP)


def test_who_moves_after_the_door_has_shut_is_at_home(known):
    seen(known, MORNING + 640, sensor=DOOR, door=True)
    seen(known, MORNING + 640 + 61)
    assert known.due().kind == INACTIVITY


def test_an_absence_teaches_nothing(known):
    seen(known, MORNING + 600, sensor=DOOR, door=True)
    seen(known, MORNING + 600 + 5 * HOUR, sensor=DOOR, door=True)
    seen(known, MORNING + 610 + 5 * HOUR)
    watched = known.days[int(MORNING // DAY)].watched
    assert not watched[9 * 12 : 13 * 12].any()
    assert watched[7 * 12 : 8 * 12].all()


def test_a_silence_that_the_outside_door_ended_was_an_absence_that_nobody_saw_begin(known):
    seen(known, MORNING + 3 * HOUR, sensor=DOOR, door=True)
    seen(known, MORNING + 3 * HOUR + 10)
    assert not known.days[int(MORNING // DAY)].watched[9 * 12 : 10 * 12].any()


def test_unwatched_time_is_no_silence(known):
    before = known.due().at
    known.unwatched(MORNING + 600, MORNING + 600 + 5 * HOUR)
    assert known.due().at >= before + 4 * HOUR
    assert known.missed(MORNING + 5 * HOUR) < 2


def test_unwatched_time_teaches_no_stillness(known):
    known.unwatched(MORNING + 600, MORNING + 3 * HOUR)
    seen(known, MORNING + 3 * HOUR + 60)
    watched = known.days[int(MORNING // DAY)].watched
    assert not watched[8 * 12 + 3 : 10 * 12].any()


def test_an_alarm_that_was_due_while_watched_stays_due_when_the_devices_fall_silent(known):
    due = known.due().at
    known.unwatched(due + 60, due + 5 * HOUR)
    assert known.due().at == due


def test_one_stray_event_does_not_end_an_alarm_and_two_that_belong_together_do(known):
    due = known.due()
    assert seen(known, due.at + HOUR) == []
    assert known.due() == due
    assert seen(known, due.at + 3 * HOUR, due.at + 3 * HOUR + 120) == [(due, due.at + 3 * HOUR + 120)]
    assert known.due().at > due.at + 3 * HOUR


def test_a_sensor_that_bounces_is_nobody(known):
    due = known.due()
    assert seen(known, *(due.at + HOUR + np.array([0, 6, 12, 30]))) == []
    assert known.alarm == due


def test_a_sensor_that_speaks_once_an_hour_can_end_an_alarm_too():
    rhythm = Rhythm()
    for number in range(5):
        seen(rhythm, *(FIRST_DAY + number * DAY + np.arange(7, 23) * HOUR))
    due = rhythm.due()
    back = FIRST_DAY + 5 * DAY + 14 * HOUR
    assert seen(rhythm, back, back + HOUR) == [(due, back + HOUR)]


def test_an_empty_home_with_stray_events_alarms_at_most_twice_and_within_four_hours(known):
    rng = np.random.default_rng(1)
    gone = known.last
    alarms, first = 0, known.due().at
    for at in np.sort(rng.uniform(gone + 4.5 * HOUR, gone + 3.5 * DAY, 15)):
        alarms += len(seen(known, at))
    assert first - gone <= 4 * HOUR
    assert alarms + 1 <= 2


def test_a_silence_of_days_is_not_taken_for_how_they_live(known):
    usual = known.habit.usual.copy()
    back = FIRST_DAY + 9 * DAY
    seen(known, *(back + 8 * HOUR + np.arange(0, 3600, 300)))
    day(known, 10, last=9)
    assert np.abs(known.habit.usual - usual).max() < 0.1


def test_event_by_event_gives_what_all_at_once_gives():
    home = recording("h", Person(days=25), np.random.default_rng(3))
    codes = np.array([sensor_code(f"s{n}") for n in range(8)], np.uint8)[home.room]
    bulk, single = Rhythm(), Rhythm()
    cleared = bulk.observe(home.at, codes, home.door)
    one_by_one = []
    for n in range(len(home.at)):
        piece = slice(n, n + 1)
        one_by_one += single.observe(home.at[piece], codes[piece], home.door[piece])
    assert one_by_one == cleared
    assert single.due() == bulk.due()
    assert all((single.days[n].watched == bulk.days[n].watched).all() for n in bulk.days)


def test_what_is_known_already_is_left_out(known):
    last = known.last
    assert seen(known, last - 30, last) == []
    assert known.last == last


def test_silence_after_the_bathroom_weighs_more_than_after_the_armchair():
    rhythm = Rhythm()
    for number in range(20):
        start = FIRST_DAY + number * DAY
        for hour in range(8, 21, 2):
            seen(rhythm, start + hour * HOUR, sensor=BATH)
            seen(rhythm, start + hour * HOUR + 1500, sensor=LIVING)
    habit = learn(rhythm.days, int(FIRST_DAY // DAY) + 20)
    assert habit.factor[BATH] > 1.1 > 0.95 > habit.factor[LIVING]


def test_the_habit_is_a_share_of_days_for_each_five_minutes(known):
    usual = known.habit.usual
    assert usual.shape == (SLOTS,)
    assert ((usual >= 0) & (usual <= 1)).all()
    assert usual[3 * 12] < 0.1 < 0.3 < usual[12 * 12]

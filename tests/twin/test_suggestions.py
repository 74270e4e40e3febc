"""What outcomes teach, by small tables of how long each silence lasted and how its incident ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pyarrow as pa
import pytest

from tests.twin.closed_loops import PROCEDURES, RULES, T0, Desk, seconds
from tests.twin.conftest import NEIGHBOURHOOD, device
from twin_model.catalogue import AlertRule, Parameter
from twin_model.records import record
from twin_model.store import Store
from twin_model.suggestions import suggestions
from twin_model.thresholds import Threshold

HOUR = 3600
SEVEN = [(12.5, "false"), (13, "false"), (12.2, "false"), (13.4, "false"), (13.9, "false"), (19, "false"), (26, "true")]


@pytest.fixture
def desk():
    with Store(None) as store:
        store.write(lambda w: record(w, NEIGHBOURHOOD, recorded_at=T0, valid_from=T0))
        yield Desk(store)


def episode(desk, day, extent, outcome, *, rule="no_movement", home="h1", cause="", value=12.0, limit=12.0, **more):
    """An alert after ``limit`` hours of a silence that lasted ``extent`` hours, worked and closed with an outcome."""
    begun = day * 86_400
    alert = desk.alert(rule, home, since=seconds(begun), due_at=seconds(begun), value=value, limit_value=limit, **more)
    fired = begun + 12 * HOUR
    (incident,) = desk.fire(fired, alert)
    log(desk, alert, "firing", fired)
    for number, (step, more) in enumerate(
        [("acknowledge", {}), ("contact", {"result": "well"}), ("handle", {}), ("confirm", {"by": "li"})]
    ):
        desk.step(fired + number, incident, step, **more)
    desk.clear(begun + extent * HOUR, alert)
    log(desk, alert, "cleared", begun + extent * HOUR)
    desk.step(begun + extent * HOUR, incident, "close", outcome=outcome, cause=cause)


def log(desk, alert, phase, at):
    row = pa.Table.from_pylist([{**alert, "phase": phase, "known_at": seconds(at)}])
    desk.store.write(lambda w: w.append("alert_step", row))


def told(desk, *set_here, rules=RULES, at=100 * 86_400):
    return suggestions(
        desk.store, PROCEDURES["elder_incident"], rules, set_here, measures={"temperature"}, at=seconds(at),
        community_id="c",
    )  # fmt: skip


def threshold(value, home=None):
    return Threshold(
        rule="no_movement", parameter="limit", community_id="c", home_id=home, value=value, unit="h", changed_by="a",
        reason="b", recorded_at=T0,
    )  # fmt: skip


def test_six_of_seven_false_raises_to_fourteen_hours_and_keeps_the_true_one(desk):
    for day, (extent, outcome) in enumerate(SEVEN):
        episode(desk, day * 2, extent, outcome)
    (one,) = told(desk)
    assert (one.rule, one.parameter, one.home_id, one.value, one.proposed) == ("no_movement", "limit", "h1", 12, 14)
    assert (one.n, one.false_n, one.spared, one.delay, len(one.incidents)) == (7, 6, 5, 2, 7)
    assert one.sentence["zh"] == (
        "“静止多久”提高到 14 小时：近 7 次中 6 次误报，可少 5 次；确有其事的 1 次仍会报警，最多晚 2 小时。"
    )
    assert "6 of 7 were false, 5 would not have come" in one.sentence["en"]


def test_a_true_alert_is_never_given_away(desk):
    """The true one lasted 12.4 h: any higher limit would have missed it."""
    for day, (extent, outcome) in enumerate([*SEVEN[:6], (12.4, "true")]):
        episode(desk, day * 2, extent, outcome)
    assert told(desk) == []


def test_four_labelled_alerts_teach_nothing(desk):
    for day, (extent, outcome) in enumerate(SEVEN[:4]):
        episode(desk, day * 2, extent, outcome)
    assert told(desk) == []
    episode(desk, 20, *SEVEN[4])
    assert len(told(desk)) == 1


def test_mostly_true_alerts_suggest_nothing(desk):
    for day, (extent, outcome) in enumerate([(13, "true")] * 4 + [(12.1, "false")] * 3):
        episode(desk, day * 2, extent, outcome)
    assert told(desk) == []


def test_once_applied_it_is_not_suggested_again(desk):
    for day, (extent, outcome) in enumerate(SEVEN):
        episode(desk, day * 2, extent, outcome)
    assert told(desk, threshold(14.0, "h1")) == []


def test_what_was_not_yet_known_teaches_nothing(desk):
    for day, (extent, outcome) in enumerate(SEVEN):
        episode(desk, day * 2, extent, outcome)
    assert told(desk, at=5 * 86_400) == []


def test_a_broken_device_is_no_reason_for_another_threshold(desk):
    for day, (extent, outcome) in enumerate(SEVEN[:6]):
        episode(desk, day * 2, extent, outcome, cause="device_fault")
    assert told(desk) == []


def test_false_alarms_spread_over_homes_suggest_for_the_community(desk):
    for day, (extent, outcome) in enumerate(SEVEN):
        episode(desk, day * 2, extent, outcome, home=f"h{day % 4}")
    (one,) = told(desk)
    assert (one.home_id, one.proposed) == (None, 14)


def test_the_suggestion_stays_within_what_the_parameter_may_be(desk):
    for day, (extent, outcome) in enumerate(SEVEN):
        episode(desk, day * 2, extent, outcome)
    for high, proposed in ((13, []), (14, [14])):
        limit = replace(RULES["no_movement"].parameters["limit"], high=high)
        rules = {"no_movement": replace(RULES["no_movement"], parameters={"limit": limit})}
        assert [one.proposed for one in told(desk, rules=rules)] == proposed


def cold(desk):
    degrees = Parameter(
        name="degrees",
        title={"zh": "低于", "en": "Below"},
        value=10,
        unit="°C",
        low=2,
        high=22,
        source={"zh": "-", "en": "-"},
        variants={},
    )
    held = replace(degrees, name="minutes", value=60, unit="min", high=240)
    rule: AlertRule = replace(
        RULES["no_water"], name="no_water", parameters={"minutes": held, "degrees": degrees}, metrics=frozenset()
    )
    room = device("t1", "temperature", home_id="h1")
    desk.store.write(lambda w: record(w, [room], recorded_at=T0, valid_from=T0))
    series = {"series_no": pa.array([7], pa.int32()), "device_id": ["t1"], "metric": ["temperature"]}
    desk.store.write(lambda w: w.append("series", pa.table(series)))
    return {"no_water": rule}


def reading(desk, at, value):
    row = {"series_no": pa.array([7], pa.int32()), "taken_at": [at], "received_at": [at], "value": [value],
           "retained": [False]}  # fmt: skip
    desk.store.write(lambda w: w.append("reading", pa.table(row)))


def test_a_measured_limit_is_judged_by_how_far_the_value_went(desk):
    """Colder than 10 °C: five false that fell to 9.4 at most, a true one of 4 °C -> below 9 spares the five."""
    rules = cold(desk)
    for day, (lowest, outcome) in enumerate([(9.4, "false")] * 5 + [(4.0, "true")]):
        reading(desk, T0 + timedelta(days=day * 2, hours=12.5), lowest)
        reading(desk, T0 + timedelta(days=day * 2, hours=15), 3.0)
        episode(desk, day * 2, 13, outcome, rule="no_water", value=9.9, limit=10, metric="temperature")
    (one,) = told(desk, rules=rules)
    assert (one.parameter, one.proposed, one.spared, one.delay) == ("degrees", 9, 5, 0)
    assert one.sentence["en"].startswith("Lower 'below' to 9 °C: 5 of 6 were false")


def test_of_a_count_nothing_is_suggested_because_its_end_is_not_known(desk):
    rules = cold(desk)
    for day in range(6):
        episode(desk, day * 2, 13, "false", rule="no_water", value=9.9, limit=10, metric="open")
    assert told(desk, rules=rules) == []


def test_outcomes_of_last_year_teach_nothing(desk):
    for day, (extent, outcome) in enumerate(SEVEN):
        episode(desk, day * 2, extent, outcome)
    assert told(desk, at=timedelta(days=250).total_seconds()) == []

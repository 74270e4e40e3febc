"""The life of one alert, told as a table: what the rule finds at each instant, and what becomes of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin_model.alerting import Alert, Breach, Phase, Suppression, step

MINUTE = 60_000_000


def breach(due: int) -> Breach:
    return Breach("h1", due * MINUTE, due * MINUTE, 1.0, None, "m", "act", "c", "h1", None, None, None)


def live(seen: dict[int, int | None], *, until: int, hold: int = 0, clear: int = 0, away: range = range(0)) -> str:
    """Phases minute by minute: ``-`` none, F firing, S suppressed, C cleared. ``seen``: from a minute on, the
    due minute (None: no breach)."""
    alert: Alert | None = None
    due: int | None = None
    told = ""
    for minute in range(until):
        due = seen.get(minute, due)
        stepped = step(
            "r", alert, None if due is None else breach(due), minute * MINUTE, hold=hold * MINUTE, clear=clear * MINUTE,
            suppression=Suppression("away", away.stop * MINUTE) if minute in away else None, next_id=1,
        )  # fmt: skip
        alert = stepped.alert
        told += {None: "-", Phase.FIRING: "F", Phase.SUPPRESSED: "S", Phase.CLEARED: "C"}[alert and alert.phase]
        if alert and alert.phase is Phase.CLEARED:
            alert = None
    return told


@pytest.mark.parametrize(
    ("rule", "options", "told"),
    [
        ("a breach without hold fires at once", {"seen": {2: 2}, "until": 4}, "--FF"),
        ("a breach ahead fires when it is due", {"seen": {0: 3}, "until": 5}, "---FF"),
        ("a breach fires when it has lasted for the hold", {"seen": {1: 1}, "until": 5, "hold": 2}, "---FF"),
        ("a breach shorter than the hold is none", {"seen": {1: 1, 2: None}, "until": 5, "hold": 2}, "-----"),
        ("without clear it ends when the breach does", {"seen": {1: 1, 3: None}, "until": 5}, "-FFC-"),
        ("it clears when the breach stayed away", {"seen": {1: 1, 2: None}, "until": 6, "clear": 2}, "-FFFC-"),
        (
            "a breach that comes back in time is the same episode",
            {"seen": {1: 1, 2: None, 3: 3}, "until": 6, "clear": 2}, "-FFFFF",
        ),
        ("an absence holds it down and ends by itself", {"seen": {1: 1}, "until": 6, "away": range(0, 4)}, "-SSSFF"),
        ("an absence declared later holds it down too", {"seen": {1: 1}, "until": 5, "away": range(3, 9)}, "-FFSS"),
        ("a held down alert clears as any other", {"seen": {1: 1, 3: None}, "until": 5, "away": range(0, 9)}, "-SSC-"),
    ],
)  # fmt: skip
def test_an_alert_goes_by_hold_clear_and_absence(rule, options, told):
    assert live(**options) == told


def test_a_waiting_breach_says_when_to_look_again():
    stepped = step("r", None, breach(5), 0, hold=2 * MINUTE, clear=0, suppression=None, next_id=1)
    assert (stepped.alert, stepped.again_at) == (None, 7 * MINUTE)


def test_an_alert_that_goes_away_says_when_it_will_be_gone():
    alert = Alert(1, "r", Phase.FIRING, breach(0))
    stepped = step("r", alert, None, 3 * MINUTE, hold=0, clear=2 * MINUTE, suppression=None, next_id=2)
    assert (stepped.moved, stepped.again_at) == (False, 5 * MINUTE)


@pytest.mark.parametrize(("rings", "moved"), [(True, True), (False, False)])
def test_a_second_call_moves_the_same_alert_where_a_rule_rings(rings, moved):
    alert = Alert(1, "r", Phase.FIRING, breach(0))
    stepped = step("r", alert, breach(3), 3 * MINUTE, hold=0, clear=0, suppression=None, next_id=2, rings=rings)
    assert (stepped.moved, stepped.alert.alert_id) == (moved, 1)


@given(st.lists(st.booleans(), max_size=30), st.integers(0, 3), st.integers(0, 3))
def test_nothing_fires_twice_without_clearing_between(pattern, hold, clear):
    seen = {minute: (minute if here else None) for minute, here in enumerate(pattern)}
    due: int | None = None
    for minute, here in enumerate(pattern):  # a breach that goes on keeps the instant it began
        due = (due if due is not None else minute) if here else None
        seen[minute] = due
    told = live(seen, until=len(pattern) + 8, hold=hold, clear=clear)
    episodes = [part for part in told.replace("C", "C ").replace("-", " ").split() if part]
    assert all(set(part) <= {"F", "C"} and part.count("C") <= 1 for part in episodes)
    if not pattern or not pattern[-1]:
        assert all(part.endswith("C") for part in episodes)

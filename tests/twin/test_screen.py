"""The whole screen of an instant is for ever the one that was seen then."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from benchmarks.lively import COMMUNITY, Clock, Lively
from twin_model.catalogue import Catalogue, Registry
from twin_model.screen import differences, fingerprint, screen
from twin_model.store import Store
from twin_model.twin import Twin

RULES = ("sos", "fall", "gateway_silent", "not_returned", "no_movement")  # few of many: each costs a question a turn
SEEN = 30


@pytest.fixture(scope="module")
def catalogue():
    whole = Catalogue.load()
    rules, kpis = Registry("alert rule"), Registry("KPI")
    rules.update((name, rule) for name, rule in whole.alert_rules.items() if name in RULES)
    kpis.update((name, kpi) for name, kpi in whole.kpis.items() if "canteen_meal" in kpi.sources)
    return replace(whole, alert_rules=rules, kpis=kpis)


def test_what_was_on_the_screen_is_told_the_same_ever_after(catalogue):
    """Late readings, moved devices, corrected records, steps, thresholds and restarts come in between."""
    clock, rng = Clock(), random.Random(20)
    twin = Twin(Store(None), catalogue, clock)
    life, seen = Lively(twin, clock, seed=20, homes=3), {}
    while len(seen) < SEEN:
        life.turn(longest=40)
        if life.turns % 15 == 0:
            life.twin = Twin(twin.store, catalogue, clock)  # as after a restart
        if rng.random() < 0.75:
            at = life.twin.settle()
            seen[at] = screen(life.twin, at, COMMUNITY)
    assert len(life.happened) >= 7, life.happened
    assert len({fingerprint(one) for one in seen.values()}) == SEEN
    again, instants = Twin(twin.store, catalogue, clock), rng.sample(sorted(seen), SEEN)
    different = {
        at: differences(seen[at], found) for at in instants if (found := screen(again, at, COMMUNITY)) != seen[at]
    }
    assert not different


def test_a_fingerprint_tells_two_screens_apart_and_nothing_else():
    one = {"a": {"x": 1.0, "y": None}, "b": [1, "二"]}
    assert fingerprint(one) == fingerprint({"b": [1, "二"], "a": {"y": None, "x": 1.0}})
    other = {"a": {"x": 1.0, "y": None}, "b": [1, "三"]}
    assert fingerprint(one) != fingerprint(other)
    assert differences(one, other) == ["b[1]: '二' and '三'"]

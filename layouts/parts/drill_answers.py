"""What the drills page asks: what can be exercised, what runs, how past exercises went."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from twin_model.catalogue import Catalogue
from twin_model.drill_clock import Drill
from twin_model.drill_scenarios import Scenario, load_scenarios
from twin_model.drill_score import score
from twin_model.twin import Twin

Answer = dict[str, Any]

MOST_PAST = 12


def scenarios(twin: Twin, _at: datetime, _community: str) -> list[Scenario]:
    """All declared scenarios, the shortest first."""
    return sorted(_declared(twin.catalogue).values(), key=lambda one: (one.lasts, one.name))


def _declared(catalogue: Catalogue) -> dict[str, Scenario]:
    types = frozenset((name, frozenset(kind.metrics)) for name, kind in catalogue.sensor_types.items())
    return _load(types, frozenset(catalogue.alert_rules))


@cache
def _load(types: frozenset[tuple[str, frozenset[str]]], rules: frozenset[str]) -> dict[str, Scenario]:
    return load_scenarios(dict(types), rules)


def running(twin: Twin, at: datetime, community: str) -> list[Answer]:
    """Drills of the community that go on at ``at``: their clock, how far they are, what they found so far."""
    found = [drill for drill in twin.care.drills(at) if drill.drill_of == community and _goes_on(drill, at)]
    return [_drill(twin, at, drill) | {"clock": drill.time(at)} for drill in found]


def past(twin: Twin, at: datetime, community: str) -> list[Answer]:
    """Drills that were over by ``at``, newest first, with their score."""
    over = [drill for drill in twin.care.drills(at) if drill.drill_of == community and not _goes_on(drill, at)]
    return [_drill(twin, at, drill) for drill in over[:MOST_PAST]]


def _goes_on(drill: Drill, at: datetime) -> bool:
    return drill.ended_at is None or drill.ended_at > at


def _drill(twin: Twin, at: datetime, drill: Drill) -> Answer:
    scenario = _declared(twin.catalogue).get(drill.scenario)
    rules = twin.catalogue.alert_rules
    incidents = twin.care.incidents(at, community_id=drill.community_id, open_only=False)
    passed = drill.time(at) - drill.drill_from
    return {
        "drill": drill,
        "title": dict(scenario.title) if scenario else {"zh": drill.scenario, "en": drill.scenario},
        "done": max(0.0, min(1.0, passed / scenario.lasts)) if scenario else None,
        "score": score(twin.care, rules, drill, scenario, at),
        "rules": {name: dict(rule.title) for name, rule in rules.items()},
        "incidents": {one.incident_id: one for one in incidents},
    }

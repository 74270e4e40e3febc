"""What the rules page asks: every rule with its numbers, who changed which and why, absences, suggestions, outlets."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from layouts.parts.where import placed
from twin_model.catalogue import AlertRule, Parameter
from twin_model.twin import Twin

Answer = dict[str, Any]

MOST_HISTORY = 100
PROPOSAL = {"zh": "建议值", "en": "proposal"}  # how the source of a number begins that nobody published


def rules(twin: Twin, at: datetime, community: str) -> list[Answer]:
    """Every rule by grade: its sentence, what holds it down, and each parameter with where it differs."""
    changed = [one for one in twin.care.thresholds(at) if one.community_id == community]
    found = [_rule(rule, changed) for rule in twin.catalogue.alert_rules.values()]
    homes = _placed(twin, at, {one["home_id"] for rule in found for p in rule["parameters"] for one in p["homes"]})
    for rule in found:
        for parameter in rule["parameters"]:
            for one in parameter["homes"]:
                one["place"] = homes.get(one["home_id"], {})
    return sorted(found, key=lambda rule: (rule["grade"], rule["rule"]))


def _rule(rule: AlertRule, changed: Iterable[Any]) -> Answer:
    mine: dict[str, list[Any]] = {name: [] for name in rule.parameters}
    for one in changed:
        if one.rule == rule.name and one.parameter in mine:
            mine[one.parameter].append(one)
    return {
        "rule": rule.name,
        "title": dict(rule.title),
        "sentence": dict(rule.sentence),
        "severity": rule.severity,
        "grade": rule.grade,
        "hold": rule.hold,
        "suppressed_by": sorted(rule.suppressed_by),
        "opens": rule.procedure is not None,
        "parameters": [_parameter(p, mine[name]) for name, p in rule.parameters.items()],
    }


def _parameter(parameter: Parameter, changed: list[Any]) -> Answer:
    return {
        "name": parameter.name,
        "title": dict(parameter.title),
        "unit": parameter.unit,
        "default": parameter.value,
        "low": parameter.low,
        "high": parameter.high,
        "source": dict(parameter.source),
        "proposal": parameter.source["en"].startswith(PROPOSAL["en"]),
        "variants": dict(parameter.variants),
        "community": next((_change(one) for one in changed if one.home_id is None), None),
        "homes": [_change(one) for one in changed if one.home_id is not None],
    }


def _change(one: Any) -> Answer:
    return {
        "home_id": one.home_id,
        "value": one.value,
        "by": one.changed_by,
        "why": one.reason,
        "at": one.recorded_at,
    }


def _placed(twin: Twin, at: datetime, homes: set[str]) -> dict[str, Answer]:
    return {row["home_id"]: row for row in placed(twin, at, ({"home_id": name} for name in sorted(homes)))}


def of_home(twin: Twin, at: datetime, community: str, *, home: str | None) -> list[Answer] | None:
    """The numbers in force for one home: its own, the community's, else the file's."""
    row = twin.entity("home", home, at) if home else None
    if row is None or row["community_id"] != community:
        return None
    found = []
    for rule in rules(twin, at, community):
        for parameter in rule["parameters"]:
            own = next((one for one in parameter["homes"] if one["home_id"] == home), None)
            change = own or parameter["community"]
            level = "home" if own else "community" if change else "default"
            value = change["value"] if change else parameter["default"]
            found.append(
                {
                    **parameter,
                    "rule": rule["rule"],
                    "rule_title": rule["title"],
                    "severity": rule["severity"],
                    "level": level,
                    "value": value,
                    "change": change,
                }
            )
    return found


def edited(twin: Twin, at: datetime, community: str, *, edit: str | None) -> Answer | None:
    """The parameter (``rule|parameter``) that is being changed, with the homes it can be changed for."""
    name, _, wanted = (edit or "").partition("|")
    rule = twin.catalogue.alert_rules.get(name)
    parameter = rule.parameters.get(wanted) if rule else None
    if rule is None or parameter is None:
        return None
    changed = [one for one in twin.care.thresholds(at) if (one.community_id, one.rule) == (community, name)]
    answer = _parameter(parameter, [one for one in changed if one.parameter == wanted])
    return {**answer, "rule": name, "rule_title": dict(rule.title), "homes_known": homes(twin, at, community)}


def homes(twin: Twin, at: datetime, community: str) -> list[Answer]:
    """All homes with a kit, by place: to choose one by typing."""
    found = set(twin.device_status(at, community_id=community)["home_id"].to_pylist()) - {None}
    return list(_placed(twin, at, found).values())


def history(twin: Twin, at: datetime, community: str) -> list[Answer]:
    """Every change of a number, newest first, also those taken back."""
    found = twin.care.threshold_history(at, community_id=community)
    places = _placed(twin, at, {one.home_id for one in found if one.home_id})
    rules_ = twin.catalogue.alert_rules
    rows = []
    for one in found[:MOST_HISTORY]:
        rule = rules_.get(one.rule)
        parameter = rule.parameters.get(one.parameter) if rule else None
        rows.append(
            {
                **_change(one),
                "name": one.parameter,
                "rule": one.rule,
                "rule_title": dict(rule.title) if rule else {},
                "title": dict(parameter.title) if parameter else {},
                "unit": parameter.unit if parameter else "",
                "place": places.get(one.home_id),
            }
        )
    return rows


# --- absences, suggestions, outlets -------------------------------------------------------------------------------


def absences(twin: Twin, at: datetime, community: str) -> list[Answer]:
    """What is declared now or for later, the next to end first, with the place."""
    found = sorted(twin.care.absences(at, community_id=community), key=lambda one: one.ends_at)
    places = _placed(twin, at, {one.home_id for one in found if one.home_id})
    return [{"absence": one, "place": places.get(one.home_id)} for one in found]


def absences_of(twin: Twin, at: datetime, community: str, *, home: str | None) -> list[Any] | None:
    """The absences that hold for one home: its own and the community's."""
    if not home:
        return None
    return [one for one in twin.care.absences(at, community_id=community) if one.home_id in (home, None)]


def suggestions(twin: Twin, at: datetime, community: str) -> list[Answer]:
    """What the outcomes teach, with rule and place in words."""
    found = list(twin.care.suggestions(at, community_id=community))
    places = _placed(twin, at, {one.home_id for one in found if one.home_id})
    rows = []
    for one in found:
        rule = twin.catalogue.alert_rules.get(one.rule)
        parameter = rule.parameters.get(one.parameter) if rule else None
        rows.append(
            {
                "suggestion": one,
                "rule_title": dict(rule.title) if rule else {},
                "place": places.get(one.home_id),
                "title": dict(parameter.title) if parameter else {},
                "unit": parameter.unit if parameter else "",
            }
        )
    return rows

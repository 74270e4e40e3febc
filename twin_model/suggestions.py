"""What outcomes teach about thresholds: for a rule and a home, or a rule and a community, a better number and why.

A suggestion is a sentence and figures, never a change: somebody applies it with ``care.set_threshold``, by name and
with a reason. It needs five labelled alerts; keeps every alert that was true; and says how much later those would
have come. How an alert would have fared under another limit is read from how far it went: a silence from its begin
to its end, a measured value from its highest or lowest reading meanwhile. Of a count (a door opened so often) that
is not known afterwards, so nothing is suggested.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import floor, log10
from typing import Any

import pyarrow as pa

from twin_model.catalogue import AlertRule, Parameter
from twin_model.procedure import Procedure, Words
from twin_model.store import Store
from twin_model.thresholds import Threshold

LEAST = 5
"""Labelled alerts below which nothing is suggested."""
LOOK_BACK = timedelta(days=180)
ENOUGH = 0.75
"""The share of the false alerts that a change must spare: the last one is not worth a longer wait of everybody else."""
FURTHEST = 2.0
"""A suggestion is at most that many times the present number, or that part of it."""
LENGTHS = {
    "s": timedelta(seconds=1), "min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1),
}  # fmt: skip
Row = Mapping[str, Any]
_ZH_UNITS = {"s": "秒", "min": "分钟", "h": "小时", "d": "天"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Suggestion:
    """Set ``parameter`` of ``rule`` from ``value`` to ``proposed`` (``unit``) for a home, or (None) the community.

    Of ``n`` labelled alerts ``false_n`` were false; ``spared`` of these would not have come. All ``n - false_n`` true
    ones would, up to ``delay`` later (in ``unit``; 0 for a limit that is no length of time). ``incidents``: the rows.
    """

    rule: str
    parameter: str
    community_id: str
    home_id: str | None
    value: float
    proposed: float
    unit: str
    n: int
    false_n: int
    spared: int
    delay: float
    incidents: tuple[str, ...]
    sentence: Words


@dataclass(frozen=True, slots=True)
class _Labelled:
    incident_id: str
    home_id: str | None
    is_false: bool
    extent: float
    limit: float


def suggestions(
    store: Store, procedure: Procedure, rules: Mapping[str, AlertRule], thresholds: Iterable[Threshold], *,
    measures: Collection[str], at: datetime, community_id: str,
) -> list[Suggestion]:  # fmt: skip
    """What the outcomes known at ``at`` suggest for a community, homes first. ``thresholds``: what is set there;
    ``measures``: the metrics whose readings are values that rules compare."""
    rows = store.read(
        "labelled_alerts", procedure=procedure.name, community_id=community_id, first=at - LOOK_BACK, instant=at
    ).to_pylist()
    by_rule: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["rule"] in rules and procedure.causes[row["cause"]].teaches:
            by_rule[row["rule"]].append(row)
    set_here = [t for t in thresholds if t.community_id == community_id and t.value is not None]
    found: list[Suggestion] = []
    for name, labelled in by_rule.items():
        false = sum(row["outcome"] == "false" for row in labelled)
        parameter = _judged_by(rules[name], labelled, [t for t in set_here if t.rule == name])
        if parameter is None or len(labelled) < LEAST or false * 2 <= len(labelled):
            continue
        ends = _lengths(parameter, labelled) if parameter.unit in LENGTHS else _peaks(store, labelled, measures, at)
        own = {t.home_id: t.value for t in set_here if (t.rule, t.parameter) == (name, parameter.name)}
        found += _of_rule(rules[name], parameter, ends, own, community_id)
    return sorted(found, key=lambda s: (s.home_id is None, -s.spared, s.rule, s.home_id or ""))


def _judged_by(rule: AlertRule, rows: Sequence[Row], set_here: Sequence[Threshold]) -> Parameter | None:
    """The parameter that most alerts of a rule name as the limit they passed; None when they name none."""
    best: tuple[int, Parameter | None] = (0, None)
    for parameter in rule.parameters.values():
        values = {parameter.value, *parameter.variants.values()}
        values |= {t.value for t in set_here if t.parameter == parameter.name and t.value is not None}
        best = max(best, (sum(row["limit_value"] in values for row in rows), parameter), key=lambda found: found[0])
    return best[1]


def _lengths(parameter: Parameter, rows: Iterable[Row]) -> list[_Labelled]:
    """How long each silence lasted in the end, in the parameter's unit."""
    unit = LENGTHS[parameter.unit]
    return [
        _labelled(row, ((row["cleared_at"] or row["closed_at"]) - row["since"]) / unit)
        for row in rows
        if row["since"] is not None and row["limit_value"] is not None
    ]


def _peaks(store: Store, rows: Sequence[Row], measures: Collection[str], at: datetime) -> list[_Labelled]:
    """How far each measured value went in the end, beyond its limit."""
    wanted = [
        {
            **{k: row[k] for k in ("alert_id", "subject", "metric", "since")},
            "until": row["cleared_at"] or row["closed_at"],
        }
        for row in rows
        if row["metric"] in measures and row["since"] is not None and row["limit_value"] is not None
    ]
    if not wanted:
        return []
    first = min(row["since"] for row in wanted)
    table = store.read("peaks", tables={"wanted": pa.Table.from_pylist(wanted)}, instant=at, first=first)
    reached = {row["alert_id"]: row for row in table.to_pylist()}
    return [
        _labelled(row, peak["high"] if (row["value"] or 0.0) >= row["limit_value"] else peak["low"])
        for row in rows
        if (peak := reached.get(row["alert_id"]))
    ]


def _labelled(row: Row, extent: float) -> _Labelled:
    return _Labelled(row["incident_id"], row["home_id"], row["outcome"] == "false", extent, row["limit_value"])


def _of_rule(
    rule: AlertRule, parameter: Parameter, found: Sequence[_Labelled], own: Mapping[str | None, float | None],
    community_id: str,
) -> Iterator[Suggestion]:  # fmt: skip
    """For each home of its own; then for the community, from the homes that go by its number and got no suggestion."""
    shared = own.get(None)
    shared = parameter.value if shared is None else shared
    helped = set()
    for home in sorted({one.home_id for one in found if one.home_id}):
        value = own.get(home)
        mine = [one for one in found if one.home_id == home]
        if told := _suggest(rule, parameter, mine, shared if value is None else value, community_id, home):
            helped.add(home)
            yield told
    rest = [one for one in found if one.home_id not in helped and own.get(one.home_id) is None]
    if len({one.home_id for one in rest}) > 1 and (told := _suggest(rule, parameter, rest, shared, community_id, None)):
        yield told


def _suggest(
    rule: AlertRule, parameter: Parameter, found: Sequence[_Labelled], value: float, community_id: str,
    home_id: str | None,
) -> Suggestion | None:  # fmt: skip
    """The mildest change that spares enough of the false alerts and no true one; None when there is none."""
    up = sum(one.extent >= one.limit for one in found) * 2 >= len(found)
    sign = 1.0 if up else -1.0
    now = [one for one in found if sign * one.extent >= sign * value]  # what would still come as it is set today
    false = [one for one in now if one.is_false]
    if len(now) < LEAST or len(false) * 2 <= len(now):
        return None
    for proposed in _steps(parameter, value, up):
        gone = [one for one in now if sign * one.extent < sign * proposed]
        if any(not one.is_false for one in gone):
            return None
        if len(gone) >= ENOUGH * len(false):
            break
    else:
        return None
    delay = proposed - value if parameter.unit in LENGTHS and len(false) < len(now) else 0.0
    return Suggestion(
        rule=rule.name, parameter=parameter.name, community_id=community_id, home_id=home_id, value=value,
        proposed=proposed, unit=parameter.unit, n=len(now), false_n=len(false), spared=len(gone), delay=delay,
        incidents=tuple(dict.fromkeys(one.incident_id for one in now)),
        sentence=_sentence(parameter, up, proposed, len(now), len(false), len(gone), delay),
    )  # fmt: skip


def _steps(parameter: Parameter, value: float, up: bool) -> Iterator[float]:
    """Round numbers from ``value`` on, within what the parameter may be."""
    if value <= 0:
        return
    size = value / 10
    power: float = 10.0 ** floor(log10(size))
    step = next(m * power for m in (5, 2, 1) if m * power <= size * (1 + 1e-9))
    first = floor(value / step + 1e-9)
    for number in range(1, 21):
        proposed = round((first + (number if up else -number)) * step, 6)
        if not parameter.low <= proposed <= parameter.high:
            return
        if not value / FURTHEST <= proposed <= value * FURTHEST:
            return
        if proposed != value:
            yield proposed


def _sentence(
    parameter: Parameter, up: bool, proposed: float, n: int, false_n: int, spared: int, delay: float
) -> Words:
    zh_unit = _ZH_UNITS.get(parameter.unit, parameter.unit)
    verb_zh, verb_en = ("提高到", "Raise") if up else ("降低到", "Lower")
    kept = n - false_n
    kept_zh = f"；确有其事的 {kept} 次仍会报警" if kept else ""
    kept_en = f"; the {kept} true ones would still come" if kept else ""
    if kept and delay:
        kept_zh += f"，最多晚 {delay:g} {zh_unit}"
        kept_en += f", up to {delay:g} {parameter.unit} later"
    return {
        "zh": f"“{parameter.title['zh']}”{verb_zh} {proposed:g} {zh_unit}：近 {n} 次中 {false_n} 次误报，"
        f"可少 {spared} 次{kept_zh}。",
        "en": f"{verb_en} {parameter.title['en'].lower()!r} to {proposed:g} {parameter.unit}: {false_n} of {n} were "
        f"false, {spared} would not have come{kept_en}.",
    }

"""Thresholds are data: a rule's parameters, from the file's default to a community's to a home's own.

What is set holds from the moment it is known, the newer setting replacing the older one of the same place; who set it
and why stay in the log for ever. A setting of no value takes an earlier one back. The pure half (``checked``,
``settings``) knows no store.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin_model.catalogue import AlertRule, Parameter
from twin_model.store import Store, Writer
from twin_model.timeline import from_us


class ThresholdRefused(ValueError):
    """A threshold that cannot be: the text says what was found and what may be written.

    ``code``: unknown_rule, unknown_parameter, unknown_place, out_of_range, wrong_unit, no_author or no_reason;
    ``reason`` the same text in both languages; ``low`` and ``high`` the allowed range where there is one.
    """

    def __init__(self, code: str, zh: str, en: str, parameter: Parameter | None = None) -> None:
        super().__init__(en)
        self.code = code
        self.reason = {"zh": zh, "en": en}
        self.low = parameter.low if parameter else None
        self.high = parameter.high if parameter else None


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """A parameter set for a community (``home_id`` None) or one home of it. ``value`` None: taken back."""

    rule: str
    parameter: str
    community_id: str
    home_id: str | None
    value: float | None
    unit: str
    changed_by: str
    reason: str
    recorded_at: datetime


def checked(
    rules: Mapping[str, AlertRule], threshold: Threshold, known_places: Iterable[tuple[str, str | None]]
) -> Threshold:
    """The threshold with its unit, or ``ThresholdRefused``. ``known_places``: (community_id, home_id or None: all)."""
    rule = rules.get(threshold.rule)
    if rule is None:
        raise ThresholdRefused(
            "unknown_rule",
            f"没有规则「{threshold.rule}」",
            f"there is no rule {threshold.rule!r}; see the list of rules",
        )
    parameter = rule.parameters.get(threshold.parameter)
    if parameter is None:
        names = ", ".join(rule.parameters) or "none"
        raise ThresholdRefused(
            "unknown_parameter",
            f"规则「{rule.title['zh']}」没有参数「{threshold.parameter}」，它的参数有：{names}",
            f"rule {rule.name} has no parameter {threshold.parameter!r}; it has {names}",
        )
    if (threshold.community_id, threshold.home_id) not in set(known_places):
        place = threshold.home_id or threshold.community_id
        raise ThresholdRefused(
            "unknown_place", f"社区中没有「{place}」", f"{place!r} is not a home of {threshold.community_id!r}"
        )
    if threshold.unit not in ("", parameter.unit):
        raise ThresholdRefused(
            "wrong_unit",
            f"单位是「{threshold.unit}」，应为「{parameter.unit}」",
            f"the unit is {threshold.unit!r}; {rule.name}.{parameter.name} is given in {parameter.unit!r}",
            parameter,
        )
    value = threshold.value
    if value is not None and not (math.isfinite(value) and parameter.low <= value <= parameter.high):
        allowed = f"{plain(parameter.low)}–{plain(parameter.high)} {parameter.unit}".strip()
        raise ThresholdRefused(
            "out_of_range",
            f"「{parameter.title['zh']}」不能是 {plain(value)}，应在 {allowed} 之间",
            f"{rule.name}.{parameter.name} cannot be {plain(value)}; write a number within {allowed}",
            parameter,
        )
    if not threshold.changed_by.strip():
        raise ThresholdRefused("no_author", "须写明由谁修改", "say who changes it")
    if not threshold.reason.strip():
        raise ThresholdRefused("no_reason", "须写明为什么修改", "say why it is changed")
    return Threshold(**{**vars(threshold), "unit": parameter.unit})


def plain(value: float) -> str:
    """A number as people write it, ``10000000``, ``0.01``: never with an exponent."""
    return f"{value:.6f}".rstrip("0").rstrip(".") if math.isfinite(value) else str(value)


def settings(rule: AlertRule, places: pa.Table, set_here: Iterable[Threshold]) -> pa.Table:
    """The table ``setting`` of a rule: ``places`` (community_id, home_id or null) and a column per parameter, resolved.

    A home's own value goes before its community's, that before the file's. ``set_here`` holds at most one per place.
    """
    own = [t for t in set_here if t.rule == rule.name and t.value is not None]
    columns = {}
    for parameter in rule.parameters.values():
        values = np.full(places.num_rows, parameter.value)
        mine = [t for t in own if t.parameter == parameter.name]
        for threshold in sorted(mine, key=lambda t: t.home_id is not None):  # a home's own comes last and stays
            column = "community_id" if threshold.home_id is None else "home_id"
            here = pc.fill_null(pc.equal(places[column], threshold.home_id or threshold.community_id), False)
            values[here.to_numpy()] = threshold.value
        columns[parameter.name] = values
    table = places.select(["community_id", "home_id"])
    for name, values in columns.items():
        table = table.append_column(name, pa.array(values))
    return table


def places(communities: Iterable[str], homes: pa.Table) -> pa.Table:
    """All places a threshold can be set for: each community (home_id null), then each home of ``homes``."""
    names = list(communities)
    own = pa.table(
        {"community_id": pa.array(names, pa.string()), "home_id": pa.array([None] * len(names), pa.string())}
    )
    return pa.concat_tables([own, homes.select(["community_id", "home_id"]).cast(own.schema)])


def read(store: Store, rules: Mapping[str, AlertRule], known: datetime) -> list[Threshold]:
    """What is set differently from the files, as known at ``known``, newest first."""
    rows = store.select(f"{_SELECT} AND (superseded_at IS NULL OR superseded_at > $known) {_NEWEST}", known=known)
    return [t for t in _thresholds(rules, rows) if t.value is not None]


def history(
    store: Store, rules: Mapping[str, AlertRule], known: datetime, *, rule: str | None = None,
    community_id: str | None = None, home_id: str | None = None,
) -> list[Threshold]:  # fmt: skip
    """Every change as known at ``known``, newest first; those of a home include its community's."""
    rows = store.select(
        f"{_SELECT} AND ($rule IS NULL OR rule = $rule) AND ($community_id IS NULL OR community_id = $community_id) "
        f"AND ($home_id IS NULL OR home_id IS NULL OR home_id = $home_id) {_NEWEST}",
        known=known, rule=rule, community_id=community_id, home_id=home_id,
    )  # fmt: skip
    return _thresholds(rules, rows)


def write(writer: Writer, threshold: Threshold) -> None:
    """Append a checked threshold inside the caller's transaction; it replaces the one of the same place."""
    key = {name: getattr(threshold, name) for name in ("rule", "parameter", "community_id", "home_id")}
    writer.execute(
        "UPDATE threshold SET superseded_at = $recorded_at WHERE superseded_at IS NULL AND rule = $rule "
        "AND parameter = $parameter AND community_id = $community_id AND home_id IS NOT DISTINCT FROM $home_id",
        recorded_at=threshold.recorded_at, **key,
    )  # fmt: skip
    row = {name: [value] for name, value in vars(threshold).items() if name != "unit"}
    writer.append("threshold", pa.Table.from_pydict(row, schema=_SCHEMA))


_SELECT = (
    "SELECT rule, parameter, community_id, home_id, value, changed_by, reason, recorded_at FROM threshold "
    "WHERE recorded_at <= $known"
)
_NEWEST = "ORDER BY recorded_at DESC, rule, parameter, home_id"
_SCHEMA = pa.schema(
    [("rule", pa.string()), ("parameter", pa.string()), ("community_id", pa.string()), ("home_id", pa.string()),
     ("value", pa.float64()), ("changed_by", pa.string()), ("reason", pa.string()),
     ("recorded_at", pa.timestamp("us", "UTC"))]
)  # fmt: skip


def _thresholds(rules: Mapping[str, AlertRule], rows: pa.Table) -> list[Threshold]:
    """Stored rows with the units of today's files; what no file declares any more is left out."""
    found = []
    for row in rows.to_pylist():
        parameter = rules[row["rule"]].parameters.get(row["parameter"]) if row["rule"] in rules else None
        if parameter is not None:
            found.append(Threshold(**row, unit=parameter.unit))
    return found


class Thresholds:
    """The table ``setting`` of each rule, made once and kept until a threshold or a home changes."""

    def __init__(self, store: Store, rules: Mapping[str, AlertRule], known: int) -> None:
        self._store, self._rules = store, rules
        self.reload(known)

    def reload(self, known: int) -> None:
        """They changed at ``known``. Hold ``Twin.writing``."""
        self._now = read(self._store, self._rules, from_us(known))
        self._since = known
        self._tables: dict[str, tuple[pa.Table, pa.Table]] = {}
        self._then: tuple[int, list[Threshold]] | None = None

    def settings(self, rule: AlertRule, known: int, homes: pa.Table, communities: Callable[[], list[str]]) -> pa.Table:
        """The settings of a rule as known at ``known``, for all communities and for ``homes`` (entities, any order)."""
        is_live = known >= self._since
        remembered = self._tables.get(rule.name)
        if is_live and remembered is not None and remembered[0] is homes:
            return remembered[1]
        set_then = self._now if is_live else self._set_at(known)
        table = settings(rule, places(communities(), homes), set_then)
        if is_live:
            self._tables[rule.name] = (homes, table)
        return table

    def _set_at(self, known: int) -> list[Threshold]:
        """As known at a past instant: read once for all rules that are asked about it."""
        then = self._then
        if then is None or then[0] != known:
            then = self._then = (known, read(self._store, self._rules, from_us(known)))
        return then[1]

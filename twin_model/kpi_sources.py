"""The tables a KPI reads: each as it was known at an instant, already cut to the periods asked for.

A KPI names a source as if it were a plain table. What it gets is a common table expression: of record kinds the rows
known at the instant that happened in the period (registers: that hold at its end), of entities the versions known, of
what the twin keeps by itself the state at the period's end. So no KPI can forget the instant, and one SELECT answers
for a month as for twelve.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from twin_model.entities import KINDS
from twin_model.kpi import LIVE, Kpi
from twin_model.kpi_periods import Period
from twin_model.record_kinds import RecordKind
from twin_model.timeline import to_us

if TYPE_CHECKING:
    from twin_model.twin import Twin

Scope = tuple[str, ...] | None
"""The communities asked for; None: all."""

_SCOPED = " AND {column} IN (SELECT unnest($scope))"
_ONE = " AND {column} = $scope"

INCIDENT = """
    SELECT i.incident_id, i.community_id, i.home_id, i.building_id, i.procedure, i.raised_at,
           min(s.step_at) FILTER (step = 'acknowledge') AS acknowledged_at,
           min(s.step_at) FILTER (step = 'contact') AS contacted_at,
           min(s.step_at) FILTER (step = 'dispatch') AS dispatched_at,
           min(s.step_at) FILTER (step = 'arrive') AS on_site_at,
           CASE WHEN arg_max(step, n) FILTER (step IN ('close', 'reopen')) = 'close'
                THEN arg_max(step_at, n) FILTER (step = 'close') END AS closed_at,
           CASE WHEN arg_max(step, n) FILTER (step IN ('close', 'reopen')) = 'close'
                THEN arg_max(outcome, n) FILTER (step = 'close') END AS outcome
    FROM incident i JOIN incident_step s USING (incident_id)
    WHERE i.drill_id IS NULL AND i.known_at <= $at AND s.known_at <= $at
      AND i.raised_at >= $first_at AND i.raised_at < $last_at{scope}
    GROUP BY ALL HAVING NOT bool_or(step = 'merged')"""

VISIT = """
    SELECT visit_id, community_id, home_id, visited_at, role FROM visit
    WHERE known_at <= $at AND visited_at >= $first_at AND visited_at < $last_at{scope}"""

_OF_STATE = ("community_id", "device_id", "type", "metric", "value", "unit", "kind", "status", "taken_at", "home_id",
             "room_id", "facility_id", "building_id")  # fmt: skip


class Sources:
    """Makes the tables of a question: ``at`` what is known, ``periods`` what is looked at, ``scope`` for whom."""

    def __init__(
        self, twin: Twin, at: datetime, periods: Sequence[Period], scope: Scope, released: bool = False
    ) -> None:  # fmt: skip
        self._twin, self._at, self._periods, self._scope, self._released = twin, at, periods, scope, released

    @property
    def parameters(self) -> dict[str, object]:
        """What the tables are asked with."""
        first, last = self._periods[0], self._periods[-1]
        scope = self._scope
        return {
            "at": self._at, "first_on": min(p.starts_on for p in self._periods), "last_on": last.ends_on,
            "first_at": min(p.starts_at for p in self._periods) if len(self._periods) > 1 else first.starts_at,
            "last_at": last.ends_at, **({} if scope is None else {"scope": scope[0] if len(scope) == 1 else [*scope]}),
        }  # fmt: skip

    def with_clause(self, kpis: Sequence[Kpi]) -> str:
        """``WITH period_bounds AS (...), <source> AS (...), ...`` for the sources of some KPIs."""
        named = dict.fromkeys(name for kpi in kpis for name in kpi.sources)
        found = [self._bounds(), *(f"{name} AS ({self._source(name)})" for name in named)]
        return "WITH " + ",\n".join(found)

    def tables(self, kpis: Sequence[Kpi]) -> dict[str, pa.Table]:
        """The Arrow tables their live sources read, with a column ``period``."""
        named = {name for kpi in kpis for name in kpi.sources}
        wanted = (named & set(_ASKED)) | ({"state", "state_before"} if "metered" in named else set())
        found = {f"live_{name}": self._twin.kpis.live_table(name, self._at, self._periods, self._scope)
                 for name in sorted(wanted)}  # fmt: skip
        return found | ({"live_home": self._twin.released.homes(self._at)} if self._released else {})

    # ------------------------------------------------------------------ private

    def _bounds(self) -> str:
        rows = ", ".join(
            f"(DATE '{p.label}', DATE '{p.starts_on}', DATE '{p.ends_on}', TIMESTAMP '{_naive(p.starts_at)}', "
            f"TIMESTAMP '{_naive(p.ends_at)}')"
            for p in self._periods
        )
        return f"period_bounds(period, starts_on, ends_on, starts_at, ends_at) AS (VALUES {rows})"

    def _scoped(self, column: str = "community_id") -> str:
        if self._scope is None:
            return ""
        return (_ONE if len(self._scope) == 1 else _SCOPED).format(column=column)

    def _source(self, name: str) -> str:
        kinds = self._twin.catalogue.record_kinds
        if name in kinds:
            return self._register(kinds[name]) if kinds[name].until else self._events(kinds[name])
        if name in KINDS:
            rows = "live_home" if name == "home" and self._released else f"{name}_at($at)"
            return f"SELECT {self._label()}, s.* FROM {rows} s{self._all()} WHERE TRUE{self._scoped()}"
        if name in ("incident", "visit"):
            base = (INCIDENT if name == "incident" else VISIT).format(scope=self._scoped("community_id"))
            when = "raised_at" if name == "incident" else "visited_at"
            return self._cut(f"({base})", when, "at", "TRUE")
        if name == "metered":
            return _METERED
        assert name in LIVE, name
        return f"SELECT * FROM live_{name}"

    def _events(self, kind: RecordKind) -> str:
        unit = "on" if kind.columns[kind.true_at].type == "date" else "at"
        return self._cut(kind.table, kind.true_at, unit, _KNOWN.format(scope=self._scoped()))

    def _register(self, kind: RecordKind) -> str:
        since, until = kind.columns[kind.true_at], kind.columns[str(kind.until)]
        began = "ends_on" if since.type == "date" else "ends_at"
        ended = "ends_on" if until.type == "date" else "ends_at"
        known = _KNOWN.format(scope=self._scoped())
        return (
            f"SELECT b.period, s.* FROM {kind.table} s JOIN period_bounds b ON s.{since.name} < b.{began} "
            f"AND (s.{until.name} IS NULL OR s.{until.name} >= b.{ended}) WHERE {known}"
        )

    def _cut(self, table: str, when: str, unit: str, known: str) -> str:
        """Rows of the period; with one period a plain filter, which is several times cheaper than a join."""
        inside = f"{known} AND s.{when} >= $first_{unit} AND s.{when} < $last_{unit}"
        if len(self._periods) == 1:
            return f"SELECT {self._label()}, s.* FROM {table} s WHERE {inside}"
        return (
            f"SELECT b.period, s.* FROM {table} s JOIN period_bounds b "
            f"ON s.{when} >= b.starts_{unit} AND s.{when} < b.ends_{unit} WHERE {inside}"
        )

    def _label(self) -> str:
        return f"DATE '{self._periods[0].label}' AS period" if len(self._periods) == 1 else "b.period"

    def _all(self) -> str:
        return "" if len(self._periods) == 1 else " CROSS JOIN period_bounds b"


_KNOWN = "s.recorded_at <= $at AND (s.superseded_at IS NULL OR s.superseded_at > $at){scope}"

_METERED = """
    SELECT e.*, s.value AS start_value, e.value AS end_value, e.value - s.value AS used, e.value < s.value AS is_reset
    FROM live_state e LEFT JOIN live_state_before s USING (period, device_id, metric)
    WHERE e.kind = 'counter'"""


def _naive(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


# ---------------------------------------------------------------------------------------------- whether a source lives

_ALIVE = "recorded_at <= $at AND (superseded_at IS NULL OR superseded_at > $at)"


def visited(twin: Twin, at: datetime) -> tuple[dict[str, int], dict[str, int]]:
    """By community when somebody was last, and first, visited (microseconds)."""
    found = twin.store.select(
        "SELECT community_id, max(visited_at) AS newest, min(visited_at) AS first FROM visit WHERE known_at <= $at "
        "GROUP BY 1", at=at,
    ).to_pylist()  # fmt: skip
    newest, first = ({row["community_id"]: to_us(row[name]) for row in found} for name in ("newest", "first"))
    return newest, first


def happened(twin: Twin, kind_name: str, at: datetime, period: Period) -> frozenset[str]:
    """The communities with a record of an event kind in a period."""
    kind = twin.catalogue.record_kinds[kind_name]
    is_day = kind.columns[kind.true_at].type == "date"
    first, last = (period.starts_on, period.ends_on) if is_day else (period.starts_at, period.ends_at)
    found = twin.store.select(
        f"SELECT DISTINCT community_id FROM {kind.table} WHERE {_ALIVE} AND {kind.true_at} >= $first AND "
        f"{kind.true_at} < $last", at=at, first=first, last=last,
    )  # fmt: skip
    return frozenset(found["community_id"].to_pylist())


# ------------------------------------------------------------------------------------------------ what the twin keeps


def _states(twin: Twin, at: datetime, _period: Period) -> pa.Table:
    return twin.states(at).select(_OF_STATE)


def _states_before(twin: Twin, at: datetime, period: Period) -> pa.Table:
    return twin.states(min(at, period.starts_at)).select(["device_id", "community_id", "metric", "value"])


def _home_states(twin: Twin, at: datetime, _period: Period) -> pa.Table:
    return twin.home_states(at)


def _device_status(twin: Twin, at: datetime, _period: Period) -> pa.Table:
    return twin.device_status(at)


def _occupancy_hours(twin: Twin, at: datetime, period: Period) -> pa.Table:
    whole = at.replace(minute=0, second=0, microsecond=0)  # hours that are over: one answer serves for an hour
    return twin.occupancy_hours(period.starts_at, whole, whole)


_ASKED: dict[str, Callable[[Twin, datetime, Period], pa.Table]] = {
    "state": _states,
    "state_before": _states_before,
    "home_state": _home_states,
    "device_status": _device_status,
    "occupancy_hour": _occupancy_hours,
}


def live_table(twin: Twin, name: str, at: datetime, periods: Sequence[Period], scope: Scope) -> pa.Table:
    """What the twin kept at the end of each period (``at`` where that has not ended), with a column ``period``."""
    parts = []
    for period in periods:
        found = _ASKED[name](twin, min(at, period.ends_at), period)
        if scope is not None:
            found = found.filter(pc.is_in(found["community_id"], pa.array(scope, pa.string())))
        label = pa.array([period.label] * found.num_rows, pa.date32())
        parts.append(found.append_column("period", label))
    return pa.concat_tables(parts)

"""KPIs: their values, the rows behind them, and how they went over the months, at any instant.

A value depends on the local day, on what was known of its sources, and, for what the twin keeps by itself, on the
instant. Answers are kept by just that, so that a changed record costs the KPIs that read its kind, in its community,
and nothing else; fifty screens cost one computation.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from twin_model.entities import KINDS
from twin_model.kpi import Kpi
from twin_model.kpi_periods import Period, local_day, month_ends
from twin_model.kpi_sources import Scope, Sources, began, happened, live_table
from twin_model.remembered import Remembered

if TYPE_CHECKING:
    from twin_model.twin import Twin

FEW = 64
"""So many changed communities are worked out by themselves; more are worked out with all the others."""
KEPT = 8_192
REPORTED = "reported_value"
"""The record kind of figures that are told, not counted: each KPI over it needs a report of its own."""
DIGITS = 6
"""Values are rounded so far: sums of decimals depend on their order, and an export must give the same number."""
_AGGREGATE = {
    "sum": "sum(numerator) FILTER (excluded IS NULL)",
    "share": "100 * sum(numerator) FILTER (excluded IS NULL) / nullif(sum(denominator) FILTER (excluded IS NULL), 0)",
    "rate": "{per} * sum(numerator) FILTER (excluded IS NULL) / nullif(sum(denominator) FILTER (excluded IS NULL), 0)",
    "mean": "sum(numerator) FILTER (excluded IS NULL) / nullif(sum(denominator) FILTER (excluded IS NULL), 0)",
    "median": "quantile_cont(numerator, 0.5) FILTER (excluded IS NULL)",
    "p90": "quantile_cont(numerator, 0.9) FILTER (excluded IS NULL)",
}

Counted = dict[tuple[str, date], dict[str, Any]]
"""(community, last day of the period) -> value, numerator, denominator, rows_used, excluded."""


@dataclass(frozen=True)
class Standing:
    """What a required source says of itself: whether it is there, and what its newest row is from."""

    newest: datetime | None
    first: datetime | None


SCHEMA = pa.schema(
    [
        ("kpi", pa.string()), ("scene", pa.string()), ("community_id", pa.string()), ("period", pa.date32()),
        ("value", pa.float64()), ("numerator", pa.float64()), ("denominator", pa.float64()),
        ("rows_used", pa.int64()), ("rows_excluded", pa.int64()),
        ("excluded", pa.list_(pa.struct([("reason", pa.string()), ("rows", pa.int64())]))),
        ("status", pa.string()), ("missing", pa.list_(pa.string())), ("newest", pa.timestamp("us", "UTC")),
        ("coverage", pa.float64()), ("attainment", pa.float64()), ("grade", pa.string()),
        ("definition_version", pa.int64()),
    ]
)  # fmt: skip
"""One row per KPI, community and period. status: measured, no_cases, stale, not_measurable. missing: the sources
that are not there. coverage: the share of rows that could be used. newest: the instant of the newest row of the most
outdated required source."""


class Kpis:
    """The KPI questions of a twin. Safe from any thread; one thread computes at a time, others take its answer."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._counted: Remembered = Remembered(KEPT)
        self._whole: dict[tuple[str, date], tuple[int, int, Counted]] = {}
        self._computing = threading.RLock()
        self.computations = 0

    # ---------------------------------------------------------------- questions

    def values(self, at: datetime, *, community_id: str | None = None, ids: Iterable[str] | None = None) -> pa.Table:
        """Every KPI of a community (None: of all) as known at ``at``; see ``SCHEMA``. Raises KeyError for an id."""
        return self._table(at, [local_day(at)], community_id, ids)

    def trend(self, at: datetime, *, community_id: str, ids: Iterable[str] | None = None, months: int = 12) -> pa.Table:
        """As ``values``, for the end of each of the last months and today, with what is known at ``at``."""
        return self._table(at, month_ends(local_day(at), months), community_id, ids)

    def evidence(self, kpi_id: str, at: datetime, *, community_id: str, until: date | None = None) -> pa.Table:
        """The rows a value was worked out from, those left out among them (``excluded`` says why)."""
        kpi, at = self._twin.catalogue.kpis[kpi_id], self._twin.until_now(at)
        period = Period.ending(kpi.period, until or local_day(at))
        sources = Sources(self._twin, at, [period], (community_id,))
        sql = f"{sources.with_clause(kpi)}\n{kpi.evidence} ORDER BY row_id"
        return self._twin.store.select(sql, tables=sources.tables(kpi), **sources.parameters)

    def live_table(self, name: str, at: datetime, periods: Sequence[Period], scope: Scope) -> pa.Table:
        """What the twin kept at the end of each period; the KPIs of one screen share it."""
        labels = tuple((p.starts_on, p.label) for p in periods)
        key = ("live", name, labels, scope, *self._twin.moment(at))
        return self._counted.get(key, lambda: live_table(self._twin, name, at, periods, scope))

    # ------------------------------------------------------------------ the table

    def _table(
        self, at: datetime, ends: Sequence[date], community_id: str | None, ids: Iterable[str] | None
    ) -> pa.Table:
        catalogue, at = self._twin.catalogue, self._twin.until_now(at)
        chosen = [catalogue.kpis[i] for i in ids] if ids is not None else list(catalogue.kpis.values())
        if community_id is None:
            communities = self._twin.entities("community", at)["community_id"].to_pylist()
        else:
            communities = [community_id]
        rows: list[dict[str, Any]] = []
        with self._computing:
            for kpi in chosen:
                counted = self._of(kpi, tuple(ends), at, community_id)
                for until in ends:
                    rows += self._judged(kpi, until, at, communities, counted)
        return pa.Table.from_pylist(rows, schema=SCHEMA)

    def _judged(
        self, kpi: Kpi, until: date, at: datetime, communities: Sequence[str], counted: Counted
    ) -> list[dict[str, Any]]:
        period = Period.ending(kpi.period, until)
        end = min(at, period.ends_at)
        book = self._twin.catalogue.scene_book
        head = {"kpi": kpi.id, "scene": kpi.scene, "period": until, "definition_version": kpi.version}
        rows = []
        for community in communities:
            found = counted.get((community, until)) or _NOTHING
            standing = {s: self._standing(s, at, until, end, community) for s in kpi.requires}
            missing = [s for s, one in standing.items() if one.newest is None or (one.first and one.first >= end)]
            newest = min((min(one.newest, end) for one in standing.values() if one.newest), default=None)
            status = self._status(kpi, found, missing, newest, end, community, until, at)
            value = found["value"] if status in ("measured", "stale") else None
            if status == "measured" and value is None and kpi.measure == "sum":
                value = 0.0  # the sources live and hold nothing of the kind: that is a zero
            attainment = kpi.attainment(value) if status == "measured" else None
            used, left = found["rows_used"], sum(found["excluded"].values())
            rows.append(
                head | {
                    "community_id": community, "value": value, "numerator": found["numerator"],
                    "denominator": found["denominator"], "rows_used": used, "rows_excluded": left,
                    "excluded": [{"reason": r, "rows": n} for r, n in sorted(found["excluded"].items())],
                    "status": status, "missing": missing, "newest": newest,
                    "coverage": used / (used + left) if used + left else None,
                    "attainment": attainment, "grade": book.grade(attainment),
                }
            )  # fmt: skip
        return rows

    def _status(
        self, kpi: Kpi, found: dict[str, Any], missing: list[str], newest: datetime | None, end: datetime,
        community: str, until: date, at: datetime,
    ) -> str:  # fmt: skip
        left = bool(found["excluded"])
        if missing or (not found["rows_used"] and left):
            return "not_measurable"
        if kpi.freshness is not None and newest is not None and end - newest > kpi.freshness:
            return "stale" if found["value"] is not None else "not_measurable"
        if not found["rows_used"] and (silent := self._silent(kpi, until, at, community)):
            missing += silent
            return "not_measurable"
        if found["value"] is None and kpi.measure != "sum":
            # rows of one side only, because those of the other were left out: unknown, not without a case
            return "not_measurable" if left and None in (found["numerator"], found["denominator"]) else "no_cases"
        return "measured"

    def _silent(self, kpi: Kpi, until: date, at: datetime, community: str) -> list[str]:
        """Required kinds that should have had rows in the period and have none at all: a gap, not a zero."""
        if REPORTED in kpi.requires:
            return [REPORTED]  # others may be reported; this figure was not
        period = Period.ending(kpi.period, until)
        length = period.ends_at - period.starts_at
        kinds = self._twin.catalogue.record_kinds
        due = [k for k in kpi.records if kinds[k].until is None and k in kpi.requires
               and 3 * kinds[k].expected_every <= length]  # fmt: skip
        return [kind for kind in due if community not in self._heard_in(kind, period, at)]

    def _heard_in(self, kind: str, period: Period, at: datetime) -> frozenset[str]:
        """The communities with a record of an event kind in a period."""

        epoch = self._twin.ledger.epoch(kind, at)
        return self._counted.get(("heard_in", kind, period, epoch), lambda: happened(self._twin, kind, at, period))

    def _standing(self, source: str, at: datetime, until: date, end: datetime, community: str) -> Standing:
        name, _, of_type = source.partition(":")
        kinds = self._twin.catalogue.record_kinds
        if name in kinds:
            pulse = self._twin.ledger.pulse(name, at, community)
            if pulse is None:
                return Standing(None, None)
            # of a register nothing new need have begun: that somebody looked after it counts
            newest = pulse.last_recorded if kinds[name].until else pulse.newest_true_at
            is_today = until == local_day(at)
            return Standing(newest, None if is_today else self._began(name, at).get(community))
        if of_type:
            return Standing(self._heard(end).get((community, of_type)), None)
        if name in KINDS:
            known = self._has(name, at)
            return Standing(end if community in known else None, None)
        return Standing(end, None)

    def _began(self, kind: str, at: datetime) -> dict[str, datetime]:
        """When the first thing recorded of a kind happened, by community: before it nothing is known of the kind."""
        epoch = self._twin.ledger.epoch(kind, at)
        return self._counted.get(("began", kind, epoch), lambda: began(self._twin, kind, at))

    def _heard(self, at: datetime) -> dict[tuple[str, str], datetime]:
        """When each type of device was last heard of, by community."""

        def ask() -> dict[tuple[str, str], datetime]:
            table = self._twin.states(at).select(["community_id", "type", "taken_at"])
            table = table.filter(pc.is_valid(table["taken_at"])).group_by(["community_id", "type"])
            found = table.aggregate([("taken_at", "max")]).to_pylist()
            return {(row["community_id"], row["type"]): row["taken_at_max"] for row in found}

        return self._counted.get(("heard", *self._twin.moment(at)), ask)

    def _has(self, kind: str, at: datetime) -> frozenset[str]:
        def ask() -> frozenset[str]:
            return frozenset(self._twin.entities(kind, at)["community_id"].to_pylist())

        return self._counted.get(("has", kind, self._twin.entity_epoch(at, kind)), ask)

    # --------------------------------------------------------------- the counting

    def _of(self, kpi: Kpi, ends: tuple[date, ...], at: datetime, community_id: str | None) -> Counted:
        """What a KPI counts, from memory where nothing of its sources changed."""
        if community_id is None and not kpi.is_live and len(ends) == 1:
            return self._all_of(kpi, ends[0], at)
        scope = None if community_id is None else (community_id,)
        key = (kpi.id, ends, scope, self._entities_epoch(kpi, at), self._records_epoch(kpi, at, community_id),
               self._twin.moment(at) if kpi.is_live else None)  # fmt: skip
        return self._counted.get(key, lambda: self._count(kpi, ends, at, scope))

    def _all_of(self, kpi: Kpi, until: date, at: datetime) -> Counted:
        """All communities on one day; where few changed since last time only those are counted again."""
        entities, records = self._entities_epoch(kpi, at), self._records_epoch(kpi, at, None)
        last = self._whole.get((kpi.id, until))
        if last and last[:2] == (entities, records):
            return last[2]
        changed: set[str] | None = None
        if last and last[0] == entities and last[1] < records:
            changed = set()
            for kind in kpi.records:
                changed |= self._twin.ledger.communities_changed(kind, last[1], records)
        if last and changed is not None and len(changed) <= FEW:
            counted = {key: found for key, found in last[2].items() if key[0] not in changed}
            counted |= self._count(kpi, (until,), at, tuple(sorted(changed)))
        else:
            counted = self._count(kpi, (until,), at, None)
        self._whole = {k: v for k, v in self._whole.items() if k[0] != kpi.id} | {
            (kpi.id, until): (entities, records, counted)
        }
        return counted

    def _count(self, kpi: Kpi, ends: tuple[date, ...], at: datetime, scope: Scope) -> Counted:
        self.computations += 1
        sources = Sources(self._twin, at, [Period.ending(kpi.period, until) for until in ends], scope)
        value = _AGGREGATE[kpi.measure].format(per=repr(kpi.per))
        sql = f"""{sources.with_clause(kpi)},
evidence AS ({kpi.evidence})
SELECT community_id, period, round({value}, {DIGITS}) AS value,
       sum(numerator) FILTER (excluded IS NULL) AS numerator, sum(denominator) FILTER (excluded IS NULL) AS denominator,
       count(*) FILTER (excluded IS NULL) AS rows_used, histogram(excluded) AS excluded
FROM evidence GROUP BY community_id, period"""
        found = self._twin.store.select(sql, tables=sources.tables(kpi), **sources.parameters)
        return {
            (row.pop("community_id"), row.pop("period")): row | {"excluded": dict(row["excluded"] or ())}
            for row in found.to_pylist()
        }

    def _entities_epoch(self, kpi: Kpi, at: datetime) -> int:
        kinds = [s for s in kpi.sources if s in KINDS]
        return self._twin.entity_epoch(at, *kinds) if kinds else 0

    def _records_epoch(self, kpi: Kpi, at: datetime, community_id: str | None) -> int:
        return max((self._twin.ledger.epoch(kind, at, community_id) for kind in kpi.records), default=0)


_NOTHING: dict[str, Any] = {"value": None, "numerator": None, "denominator": None, "rows_used": 0, "excluded": {}}


def recomputed(kpi: Kpi, rows: Iterable[dict[str, Any]]) -> float | None:
    """The value of a KPI from its evidence rows alone, as a reader of an exported table would work it out."""
    used = [row for row in rows if row["excluded"] is None]
    top = [float(row["numerator"]) for row in used if row["numerator"] is not None]
    bottom = [float(row["denominator"]) for row in used if row["denominator"] is not None]
    if kpi.measure == "sum":
        return round(sum(top), DIGITS) if top else None
    if kpi.measure in ("median", "p90"):
        return _quantile(sorted(top), 0.5 if kpi.measure == "median" else 0.9)
    if not top or not sum(bottom):
        return None
    factor = {"share": 100.0, "mean": 1.0, "rate": kpi.per}[kpi.measure]
    return round(factor * sum(top) / sum(bottom), DIGITS)


def _quantile(ordered: list[float], q: float) -> float | None:
    if not ordered:
        return None
    place = (len(ordered) - 1) * q
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return round(ordered[low] + (ordered[high] - ordered[low]) * (place - low), DIGITS)

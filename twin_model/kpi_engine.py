"""KPIs: their values, the rows behind them, and how they went over the months, at any instant.

A value depends on the local day, on what was known of its sources, and, for what the twin keeps by itself, on the
instant. Answers are kept by just that, so that a changed record costs the KPIs that read its kind, in its community,
and nothing else; fifty screens cost one computation.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from twin_model.entities import KINDS
from twin_model.kpi import ANY_OF, Kpi
from twin_model.kpi_counting import NOTHING, Counted, count
from twin_model.kpi_evidence import restricted_columns
from twin_model.kpi_periods import Period, local_day, month_end_us, month_ends
from twin_model.kpi_sources import Scope, Sources, happened, live_table, visited
from twin_model.remembered import Shared
from twin_model.rights import asked, program
from twin_model.timeline import to_us

if TYPE_CHECKING:
    from twin_model.twin import Twin

FEW = 64
"""So many changed communities are worked out by themselves; more are worked out with all the others."""
KEPT = 8_192
LIVE_KEPT = 12
"""Tables of what the twin keeps by itself are large, and of use to the KPIs of one question only."""
PASSING_KEPT = 1_024
"""Counted KPIs of what the twin keeps by itself hold for one instant; an open page asks again about the next one."""
TOGETHER = 8
"""KPIs of one community counted in one question: planning costs more than reading, and this saves a third of it."""
AT_ONCE = min(4, os.cpu_count() or 1)
"""Such questions at once: each is planned on one core, and a screen that waits for all of them has the others idle."""
NEVER, STILL = -(2**63), 2**63 - 1
REPORTED = "reported_value"
"""The kind of record by which people report what nothing here measures: other KPIs' rows in it say nothing of this."""
MICROSECOND = timedelta(microseconds=1)
Instants = Mapping[str, int]
"""Microseconds by community."""
Required = tuple[str, int, Instants, Instants]
"""A required source: its name, how old it may be, what its newest row and (of past periods) its first is from."""
NONE: list[Any] = []


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
    """The KPI questions of a twin. Safe from any thread; one thread works a thing out, others take its answer."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._remembered: Shared = Shared(KEPT)
        self._live: Shared = Shared(LIVE_KEPT)
        self._passing: Shared = Shared(PASSING_KEPT)
        self._whole: dict[tuple[str, date], tuple[int, int, Counted]] = {}
        # The trend of a screen takes long; the values of the next one do not wait for it.
        # nor does a community's page for a whole city's.
        self._computing = {name: threading.Lock() for name in ("now", "trend", "all")}
        self._counters = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="kpi")
        self.computations = 0

    def close(self) -> None:
        """Let its threads go; a count under way is finished."""
        self._counters.shutdown()

    # ---------------------------------------------------------------- questions

    def values(
        self, at: datetime, *, community_id: str | None = None, ids: Iterable[str] | None = None,
        until: date | None = None, street: bool | None = None,
    ) -> pa.Table:  # fmt: skip
        """Every KPI of a community (None: of all) as known at ``at``; see ``SCHEMA``. Raises KeyError for an id.

        ``until``: the last day of the periods, of an earlier day than that of ``at``: what is known of it by then.
        ``street``: over the homes as last released; so it is for whoever may not read small counts (None: asked).
        """
        street = not asked().few if street is None else street
        return self._table(at, [until or local_day(at)], community_id, ids, street)

    def trend(self, at: datetime, *, community_id: str, ids: Iterable[str] | None = None, months: int = 12) -> pa.Table:
        """As ``values``, for the end of each of the last months and today, with what is known at ``at``."""
        return self._table(at, month_ends(local_day(at), months), community_id, ids, not asked().few)

    def evidence(self, kpi_id: str, at: datetime, *, community_id: str, until: date | None = None) -> pa.Table:
        """The rows a value was worked out from, those left out among them (``excluded`` says why)."""
        kpi, at = self._twin.catalogue.kpis[kpi_id], self._twin.until_now(at)
        period = Period.ending(kpi.period, until or local_day(at))
        sources = Sources(self._twin, at, [period], (community_id,))
        sql = f"{sources.with_clause([kpi])}\n{kpi.evidence} ORDER BY row_id"
        sight = self._twin.sight
        sight.need(community_id)
        with program():
            rows = self._twin.store.select(sql, tables=sources.tables([kpi]), **sources.parameters)
        rows = sight.named(sight.of(rows, inside=True), "row_id", community_id)
        return sight.codes(rows, restricted_columns(kpi, self._twin.catalogue.record_kinds))

    def live_table(self, name: str, at: datetime, periods: Sequence[Period], scope: Scope) -> pa.Table:
        """What the twin kept at the end of each period; the KPIs of one screen share it."""
        labels = tuple((p.starts_on, p.label) for p in periods)
        key = ("live", name, labels, scope, *self._twin.moment(at))
        return self._live.get(key, lambda: live_table(self._twin, name, at, periods, scope))

    # ------------------------------------------------------------------ the table

    def _table(
        self, at: datetime, ends: Sequence[date], community_id: str | None, ids: Iterable[str] | None, street: bool
    ) -> pa.Table:
        catalogue, at = self._twin.catalogue, self._twin.until_now(at)
        chosen = [catalogue.kpis[i] for i in ids] if ids is not None else list(catalogue.kpis.values())
        if community_id is None:
            communities = self._twin.entities("community", at)["community_id"].to_pylist()
        else:
            communities = [community_id]
        self._twin.sight.need(community_id if community_id is not None else next(iter(communities), None))
        kind = "trend" if len(ends) > 1 else "all" if community_id is None else "now"
        with program(), self._computing[kind]:
            counted = self._counted_of(chosen, tuple(ends), at, community_id, street)
            rows = [
                row for kpi in chosen for until in ends
                for row in self._judged(kpi, until, at, communities, counted[kpi.id])
            ]  # fmt: skip
        columns = zip(*rows, strict=True) if rows else [()] * len(SCHEMA)
        arrays = [_column(values, field.type) for values, field in zip(columns, SCHEMA, strict=True)]
        return pa.table(arrays, schema=SCHEMA)

    def _judged(
        self, kpi: Kpi, until: date, at: datetime, communities: Sequence[str], counted: Counted
    ) -> list[tuple[Any, ...]]:
        """Whether each community's count can be trusted, how old what it rests on is, and how it is graded.

        In the order of ``SCHEMA``, with instants in microseconds.
        """
        period = Period.ending(kpi.period, until)
        end = min(at, period.ends_at)
        end_us = to_us(end)
        sources: list[Required] = [(s, self._limit(kpi, s), *self._standing(s, at, until, end)) for s in kpi.requires]
        grade, found_in = self._twin.catalogue.scene_book.grade, counted[until]
        silence = self._silence(kpi, period, at)
        reported, sums = REPORTED in kpi.requires, kpi.measure == "sum"
        rows: list[tuple[Any, ...]] = []
        for community in communities:
            value, top, bottom, used, excluded = found_in.get(community, NOTHING)
            missing, is_old, newest = NONE, False, None
            for source, limit, newest_of, first_of in sources:
                us = newest_of.get(community)
                if us is None or (first_of and first_of.get(community, NEVER) >= end_us):
                    missing = [*missing, source]
                    continue
                newest = us if newest is None or us < newest else newest
                is_old = is_old or end_us - us > limit
            if newest is not None and newest > end_us:
                newest = end_us
            attainment = None
            if missing or (excluded and value is None):
                status, value = "not_measurable", None
            elif is_old:
                status = "stale"
                if value is None:
                    status, missing = "not_measurable", self._old(sources, community, end_us)
            elif not used and (silent := silence(community)):
                status, value, missing = "not_measurable", None, silent
            elif value is None and reported:
                status, missing = "not_measurable", [REPORTED]
            elif value is None and not sums:
                status = "no_cases"
            else:
                # where the sources live and hold nothing of the kind, a sum is zero
                status, value = "measured", 0.0 if value is None else value
                attainment = kpi.attainment(value)
            left = sum(excluded.values()) if excluded else 0
            rows.append(
                (kpi.id, kpi.scene, community, until, value, top, bottom, used, left,
                 [{"reason": r, "rows": n} for r, n in sorted(excluded.items())] if excluded else NONE, status, missing,
                 newest, used / (used + left) if used else (0.0 if left else None), attainment,
                 None if attainment is None else grade(attainment), kpi.version)
            )  # fmt: skip
        return rows

    @staticmethod
    def _old(sources: Sequence[Required], community: str, end_us: int) -> list[str]:
        """The sources whose newest row is older than it may be."""
        return [source for source, limit, newest_of, _ in sources if end_us - newest_of[community] > limit]

    def _silence(self, kpi: Kpi, period: Period, at: datetime) -> Callable[[str], list[str]]:
        """Of a community the required kinds that should have had rows in the period and have none: a gap, not a zero.

        Those are event kinds that come so often that a living one has rows in every such period.
        """
        length = period.ends_at - period.starts_at
        kinds = self._twin.catalogue.record_kinds
        due = [
            name for name in kpi.records
            if name in kpi.requires and kinds[name].until is None and 3 * kinds[name].expected_every <= length
        ]  # fmt: skip
        heard: list[frozenset[str]] = []

        def silent(community: str) -> list[str]:
            if due and not heard:
                heard.extend(self._heard_in(kind, period, at) for kind in due)
            return [kind for kind, those in zip(due, heard, strict=False) if community not in those]

        return silent

    def _limit(self, kpi: Kpi, source: str) -> int:
        """How old (microseconds) a required source's newest row may be; a register that changes seldom may be older."""
        kind = self._twin.catalogue.record_kinds.get(source)
        if kpi.freshness is None:
            return STILL
        is_register = kind is not None and kind.until is not None
        limit = max(kpi.freshness, kind.expected_every) if kind and is_register else kpi.freshness
        return limit // MICROSECOND

    def _heard_in(self, kind: str, period: Period, at: datetime) -> frozenset[str]:
        """The communities with a record of an event kind in a period."""

        epoch = self._twin.ledger.epoch(kind, at)
        return self._remembered.get(("heard_in", kind, period, epoch), lambda: happened(self._twin, kind, at, period))

    def _standing(self, source: str, at: datetime, until: date, end: datetime) -> tuple[Instants, Instants]:
        """By community what a required source's newest row is from, and, for past periods, its first one."""
        name, _, of_type = source.partition(":")
        kinds = self._twin.catalogue.record_kinds
        if name in kinds:
            return self._newest(name, at), {} if until == local_day(at) else self._began(name, at)
        if of_type:
            heard: dict[str, int] = {}
            for one in of_type.split(ANY_OF):
                for community, us in self._heard(end).get(one, {}).items():
                    heard[community] = max(us, heard.get(community, us))
            return heard, {}
        if name == "visit":  # where nobody writes visits down, none written is not none made
            return self._live.get(("visited", *self._twin.moment(at)), lambda: visited(self._twin, at))
        if name in KINDS:
            return dict.fromkeys(self._has(name, at), to_us(end)), {}
        return dict.fromkeys(self._has("community", at), to_us(end)), {}

    def _newest(self, kind: str, at: datetime) -> Instants:
        """Up to when the newest record speaks: of a monthly kind to its month's end.

        Of a register nothing new need have begun: that somebody wrote it counts.
        """
        ledger, declared = self._twin.ledger, self._twin.catalogue.record_kinds[kind]

        def ask() -> Instants:
            pulses = ledger.pulses(kind, at)
            if declared.until is not None:
                return {community: recorded for community, _, _, recorded in pulses}
            return {community: month_end_us(true) if declared.is_monthly else true for community, _, true, _ in pulses}

        return self._remembered.get(("newest", kind, ledger.epoch(kind, at)), ask)

    def _began(self, kind: str, at: datetime) -> Instants:
        """When the first thing recorded of a kind happened: before it nothing is known of the kind."""
        ledger = self._twin.ledger

        def ask() -> Instants:
            return {community: first for community, first, _, _ in ledger.pulses(kind, at)}

        return self._remembered.get(("began", kind, ledger.epoch(kind, at)), ask)

    def _heard(self, at: datetime) -> dict[str, dict[str, int]]:
        """When each type of device was last heard of, by type and community."""

        def ask() -> dict[str, dict[str, int]]:
            table = self._twin.states(at).select(["community_id", "type", "taken_at"])
            table = table.filter(pc.is_valid(table["taken_at"])).group_by(["community_id", "type"])
            found: dict[str, dict[str, int]] = {}
            for row in table.aggregate([("taken_at", "max")]).to_pylist():
                found.setdefault(row["type"], {})[row["community_id"]] = to_us(row["taken_at_max"])
            return found

        return self._live.get(("heard", *self._twin.moment(at)), ask)

    def _has(self, kind: str, at: datetime) -> frozenset[str]:
        def ask() -> frozenset[str]:
            return frozenset(self._twin.entities(kind, at)["community_id"].to_pylist())

        return self._remembered.get(("has", kind, self._twin.entity_epoch(at, kind)), ask)

    # --------------------------------------------------------------- the counting

    def _counted_of(
        self, kpis: Sequence[Kpi], ends: tuple[date, ...], at: datetime, community_id: str | None, street: bool
    ) -> dict[str, Counted]:
        """What each KPI counts, from memory where nothing of its sources changed."""
        found: dict[str, Counted] = {}
        wanted: dict[tuple[str, bool], list[Kpi]] = {}
        keys: dict[str, tuple[object, ...]] = {}
        scope = None if community_id is None else (community_id,)
        for kpi in kpis:
            released = street and "home" in kpi.sources
            if scope is None and not kpi.is_live and len(ends) == 1 and not released:
                found[kpi.id] = self._all_of(kpi, ends[0], at)
                continue
            keys[kpi.id] = (
                kpi.id, ends, scope, self._entities_epoch(kpi, at), self._records_epoch(kpi, at, community_id),
                self._twin.moment(at) if kpi.is_live else None, self._twin.released.epoch(at) if released else None,
            )  # fmt: skip
            known = self._memory_of(kpi).peek(keys[kpi.id])
            if known is None:
                wanted.setdefault((kpi.period, released), []).append(kpi)
            else:
                found[kpi.id] = known
        batches = [
            (alike[n : n + TOGETHER], released) for (_, released), alike in wanted.items()
            for n in range(0, len(alike), TOGETHER)
        ]  # fmt: skip
        for (some, _), counted in zip(batches, self._count_all(batches, ends, at, scope), strict=True):
            for kpi in some:
                found[kpi.id] = counted[kpi.id]
                self._memory_of(kpi).put(keys[kpi.id], counted[kpi.id])
        return found

    def _memory_of(self, kpi: Kpi) -> Shared:
        """Where its counts are kept: those that hold for one instant must not push out those that hold for days."""
        return self._passing if kpi.is_live else self._remembered

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
            kept = {community: found for community, found in last[2][until].items() if community not in changed}
            counted = {until: kept | self._count([kpi], (until,), at, tuple(sorted(changed)))[kpi.id][until]}
        else:
            counted = self._count([kpi], (until,), at, None)[kpi.id]
        self._whole = {k: v for k, v in self._whole.items() if k[0] != kpi.id} | {
            (kpi.id, until): (entities, records, counted)
        }
        return counted

    def _count_all(
        self, batches: Sequence[tuple[Sequence[Kpi], bool]], ends: tuple[date, ...], at: datetime, scope: Scope
    ) -> list[dict[str, Counted]]:
        """Each batch, and whether over released homes, counted several at once, with the rights of whoever asks."""
        self.computations += sum(len(batch) for batch, _ in batches)
        if len(batches) < 2:
            return [count(self._twin, batch, ends, at, scope, released) for batch, released in batches]
        wanted = [
            self._counters.submit(copy_context().run, count, self._twin, batch, ends, at, scope, released)
            for batch, released in batches
        ]  # fmt: skip
        return [one.result() for one in wanted]

    def _count(self, kpis: Sequence[Kpi], ends: tuple[date, ...], at: datetime, scope: Scope) -> dict[str, Counted]:
        self.computations += len(kpis)
        return count(self._twin, kpis, ends, at, scope)

    def _entities_epoch(self, kpi: Kpi, at: datetime) -> int:
        kinds = [s for s in kpi.sources if s in KINDS]
        return self._twin.entity_epoch(at, *kinds) if kinds else 0

    def _records_epoch(self, kpi: Kpi, at: datetime, community_id: str | None) -> int:
        return max((self._twin.ledger.epoch(kind, at, community_id) for kind in kpi.records), default=0)


def _column(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Instants are counted in microseconds up to here, which is much quicker than in datetimes."""
    if pa.types.is_timestamp(kind):
        return pa.array(values, pa.int64()).cast(kind)
    return pa.array(values, kind)

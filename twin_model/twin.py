"""The twin: the one object that ingest fills and pages ask. Every question takes the instant it is asked for.

Longer than a module should be, because it is the whole surface of the model on one page: each method says what is
asked or written and hands on to the room that knows how.

An answer for ``at`` is what was known at ``at``: readings received by then, versions of entities recorded by
then. Lists are Arrow tables. Writes are serialised here; readers never wait for them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin_model.care import Care
from twin_model.catalogue import Catalogue
from twin_model.circles import Circles
from twin_model.city import City
from twin_model.directory import Directory
from twin_model.entities import KINDS, Applied, Device, Entity, Rejected, columns
from twin_model.epochs import Epochs
from twin_model.health_check import Health
from twin_model.kpi_engine import Kpis
from twin_model.ledger import Ledger
from twin_model.masking import occupied, occupied_hours
from twin_model.occupancy.forecast import Forecast
from twin_model.occupancy.hour_parts import HourParts
from twin_model.occupancy.questions import Occupancy
from twin_model.placed import Placed
from twin_model.records import Recorded, record, record_tables, retire, withdraw_divisions
from twin_model.released import Released
from twin_model.remembered import Shared
from twin_model.retention import kept_since
from twin_model.rights import asked, current, need_persons, program
from twin_model.scenarios import Scenarios
from twin_model.sight import Sight
from twin_model.states import I32, States
from twin_model.store import Still, Store, Writer
from twin_model.timeline import Timeline, from_us, to_us
from twin_model.turns import Turns

T = TypeVar("T")

LOCAL_OFFSET_US = 8 * 3_600_000_000  # China has one time zone and no summer time
NAME_PERSONS = ("resident", "contact")
CHILDREN = ("age_0_17", "age_0_3", "age_3_6")
"""How many children live in one home: nulls without the right to read it."""
AT_HOME = ("home", "device")
"""Kinds of which a scope of estates or grids leaves out those in other homes; the rest of a community is common."""
MAP_KINDS = ("community", "estate", "building", "facility", "ground")
REMEMBERED = 32
"""Answers, some seven for each instant: the last few that screens ask about. A large one takes a megabyte."""
FIGURE_KPIS = {"parking_taken": "位", "chargers_free": "个"}
"""Shares that the overview shows as counts: places taken, chargers free."""
DECLARED_ALARM = "declared_alarm"
"""The rule that raises what sensor types declare as alarm."""
REMEMBERED_DELIVERIES = 70_000  # MQTT has 65,535 packet identifiers


@dataclass(frozen=True)
class Change:
    """What a commit changed. Listeners get it after the commit, on the writer's thread."""

    revision: int
    at: datetime
    series_no: I32
    entities: frozenset[str] = frozenset()
    care: bool = False  # alerts, incidents, absences or drills changed
    records: frozenset[str] = frozenset()  # the kinds of records that changed

    @property
    def entities_changed(self) -> bool:
        return bool(self.entities)


@dataclass(frozen=True)
class SourceState:
    """Whether a source of data (broker, simulator) is there, and since when."""

    name: str
    connected: bool
    detail: str
    since: datetime


@dataclass
class Counts:
    """Since this process started. received = stored + duplicates + rejected, in readings and messages."""

    stored: int = 0
    duplicates: int = 0
    rejected: int = 0
    commits: int = 0


class Twin:
    """One neighbourhood's twin on one store. ``clock`` gives aware instants and is handed in by the caller."""

    def __init__(self, store: Store, catalogue: Catalogue, clock: Callable[[], datetime]) -> None:
        self.catalogue = catalogue
        self.store = self._store = store
        self._clock = clock
        self._writing = Turns()
        self._remembered = Shared(REMEMBERED)
        self.sight = Sight(self)
        self._listeners: list[Callable[[Change], None]] = []
        Directory.complete(store, catalogue)
        self._timeline = Timeline(store)
        self.opened_at = clock()
        # The last commit of whoever had the store before; None when it is new.
        self.stopped_at = from_us(self._timeline.received) if self._timeline.received > 0 else None
        self._metric_info = _metric_info(catalogue)
        self._epochs = Epochs(store)
        self._counts = Counts()
        self._settled = 0
        self._next_quarantine = max(1, _highest(store, "quarantine", "quarantine_id") + 1)
        self._sources = {row["name"]: SourceState(**row) for row in store.read("sources", instant=None).to_pylist()}
        self._directory = Directory.read(store, catalogue, version=1)
        store.write(lambda writer: writer.execute(_FORGET_DELIVERIES, most=REMEMBERED_DELIVERIES))
        self.care = Care(self)
        self.people = Occupancy(self, HourParts(store))
        self.people.parts.catch_up(self._timeline.keyframes)
        self.ledger = Ledger(self)
        self.kpis = Kpis(self)
        self.circles = Circles(self)
        self.city = City(self)
        self.released = Released(self)
        self.health = Health(self)
        self.scenarios = Scenarios(self)
        self.kept_since = kept_since(store)
        """From when on a kind of data is kept, where older ones were deleted; see ``retention``."""
        self.forgotten = 0
        """How often a part of the past was deleted since the start."""

    @classmethod
    def open(
        cls, path: Path | None, *, clock: Callable[[], datetime], catalogue: Catalogue | None = None,
        memory_limit: str = "256MB",
    ) -> Self:  # fmt: skip
        """Open or make the store at ``path`` (None: in memory). Raises StoreLocked, StoreError, DeclarationError."""
        catalogue = catalogue or Catalogue.load()
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        return cls(Store(path, memory_limit=memory_limit), catalogue, clock)

    def close(self) -> None:
        """Finish the running write and release the file."""
        self.kpis.close()
        with self._writing:
            self._store.close()

    # ------------------------------------------------------------------ time

    @property
    def revision(self) -> int:
        """Grows by one with every commit and survives a restart."""
        return self._timeline.revision

    def now(self) -> datetime:
        """The newest instant: the clock, but never before the last commit."""
        return from_us(max(to_us(self._clock()), self._timeline.received))

    def settle(self) -> datetime:
        """The newest instant, made final: every later commit becomes known after it.

        What is known at it never changes, so that all who ask about the same one share the answers. Waits for a
        commit under way.
        """
        with self._writing:
            self._settled = max(to_us(self._clock()), self._timeline.received)
            self.care.settled(self._settled)
            return from_us(self._settled)

    def first_instant(self, community_id: str | None = None) -> datetime | None:
        """When the first entity of the community was recorded; before this there is nothing to show."""
        answer = self._store.read("first_instant", community_id=community_id)
        first: datetime | None = answer["first"][0].as_py()
        return first

    # ---------------------------------------------------------------- writes

    def directory(self) -> Directory:
        """Who may speak: an immutable snapshot for decoders."""
        return self._directory

    def apply(
        self, readings: pa.Table, *, rejected: Sequence[Rejected] = (), deliveries: pa.Table | None = None,
        resolved: Sequence[int] = (), received_at: datetime | None = None,
    ) -> Applied:  # fmt: skip
        """Store one batch in one transaction: dedupe, append, fold, quarantine; announce it after the commit.

        ``readings``: series_no int32, taken_at timestamp[us] UTC (null: no own clock), value float64, retained
        bool, in order of arrival. ``deliveries``: mid int32, digest uint64 of clockless messages. ``resolved``: the
        quarantined messages these readings were made from. ``received_at``
        is for replaying a history into an empty past; it may not lie before the last commit.
        """
        with self.writing(received_at) as received:
            commit = self._timeline.prepare(readings, received)
            plan = self.care.hear(commit.batch, commit.states, received, history=received_at is not None)

            told: list[int] = []

            def change(writer: Writer) -> bool:
                self._quarantine(writer, rejected, received)
                self.care.keep(writer)
                if plan is not None:
                    self.care.write(writer, plan, commit.states, from_us(received))
                if resolved:
                    ids = pa.table({"quarantine_id": pa.array(resolved, pa.int64())})
                    writer.execute(_RESOLVE, tables={"used": ids}, resolved_at=from_us(received))
                if deliveries is not None and deliveries.num_rows:
                    writer.append("delivery", _with_instant(deliveries, received))
                self._tick(writer, received)
                if keyframe := self._timeline.write(writer, commit, received):
                    told.extend(self.people.parts.write(writer, received))
                return keyframe

            try:
                keyframe = self._store.write(change)
            except BaseException as error:
                self.care.failed(error)
                raise
            self._timeline.committed(commit, received, keyframe=keyframe)
            if keyframe:
                self.people.parts.written(received, told)
            self._timeline.revision += 1
            if plan is not None:
                self.care.written(plan, from_us(received))
            self._counts.stored += len(commit.batch)
            self._counts.duplicates += commit.duplicates
            self._counts.rejected += len(rejected)
            self._counts.commits += 1
            self._announce(received, np.unique(commit.batch.series), care=plan is not None)
            return Applied(
                revision=self.revision, received_at=from_us(received), stored=len(commit.batch),
                duplicates=commit.duplicates, rejected=len(rejected),
            )  # fmt: skip

    @contextmanager
    def together(self) -> Iterator[None]:
        """Several ``apply`` of a history in one transaction, which is much faster than one each.

        What the block stores is not known as a duplicate before it ends. When it fails nothing is stored and
        the twin is closed, because what it folded is then not in the log.
        """
        with self._writing:
            try:
                with self._store.together():
                    yield
            except BaseException:
                self.close()
                raise

    def record(
        self,
        entities: Sequence[Entity],
        *,
        recorded_at: datetime | None = None,
        valid_from: datetime | None = None,
    ) -> Recorded:
        """Store entities as versions; those already stored alike change nothing. See ``records``."""
        for entity in entities:
            if isinstance(entity, Device) and entity.type not in self.catalogue.sensor_types:
                known = ", ".join(sorted(self.catalogue.sensor_types))
                raise ValueError(f"device {entity.device_id} has type {entity.type!r}; declared types are {known}")
        with self._writing:
            recorded = self._next_instant(recorded_at)
            instant = from_us(recorded)

            def change(writer: Writer) -> Recorded:
                done = record(writer, entities, recorded_at=instant, valid_from=valid_from or instant)
                if done.changed:
                    devices = [e for e in entities if isinstance(e, Device)]
                    self._directory.register(writer, self.catalogue, devices)
                    self._tick(writer, recorded)
                return done

            done = self._store.write(change)
            if done.changed:
                self._after_entities(recorded, done.kinds)
            return replace(done, revision=self.revision)

    def record_tables(self, tables: Mapping[str, pa.Table], *, recorded_at: datetime | None = None) -> Recorded:
        """Store many entities at once, as Arrow tables by kind; see ``records.record_tables``. Not for devices."""
        if "device" in tables:
            raise ValueError("devices are recorded with `record`, which numbers their series")
        with self._writing:
            recorded = self._next_instant(recorded_at)
            instant = from_us(recorded)

            def change(writer: Writer) -> Recorded:
                done = record_tables(writer, tables, recorded_at=instant, valid_from=instant)
                if done.changed:
                    self._tick(writer, recorded)
                return done

            done = self._store.write(change)
            if done.changed:
                self._after_entities(recorded, done.kinds)
            return replace(done, revision=self.revision)

    def retire(self, community_id: str) -> None:
        """Let a community and all that belongs to it end now: it is no longer there, its past stays as it was known."""
        with self.writing() as received:

            def change(writer: Writer) -> tuple[frozenset[str], frozenset[str]]:
                self._tick(writer, received)
                records = self.ledger.end(writer, community_id, from_us(received))
                return retire(writer, community_id, from_us(received)), records

            kinds, records = self._store.write(change)
            self.ledger.ended(records, community_id, received)
            self._after_entities(received, kinds, records)

    def withdraw_divisions(self, divisions: Sequence[str], communities: Sequence[str]) -> None:
        """Take divisions back, and communities out of theirs; what was known stays so. See ``divisions.withdraw``."""
        with self.writing() as received:

            def change(writer: Writer) -> None:
                self._tick(writer, received)
                withdraw_divisions(writer, divisions, communities, from_us(received))

            self._store.write(change)
            self._after_entities(received, frozenset({"division", "community"}))

    def quarantine(self, rejected: Sequence[Rejected]) -> None:
        """Keep what could not be used, whole, with the reason."""
        with self.writing() as received:
            self.commit(lambda writer: self._quarantine(writer, rejected, received), received)
            self._counts.rejected += len(rejected)

    def adopt(self, device: Device) -> pa.Table:
        """Record an unknown device; returns its waiting messages: quarantine_id, place, raw, received_at.

        They wait on until their readings are applied with ``resolved``, so that none is lost in between.
        """
        self.record([device])
        return self._store.read("waiting_messages", dialect=device.dialect, address=device.address)

    def set_source(self, name: str, connected: bool, detail: str) -> None:
        """Note that a source of data came or went; the same news twice changes nothing."""
        with self._writing:
            before = self._sources.get(name)
            if before and (before.connected, before.detail) == (connected, detail):
                return
            received = self._next_instant(None)
            event = SourceState(name, connected, detail, from_us(received))
            row = {"name": [name], "since": [event.since], "connected": [connected], "detail": [detail]}
            self._sources[name] = event  # told with the commit, so that listeners find it
            try:
                self.commit(lambda writer: writer.append("source_event", pa.table(row)), received)
            except BaseException:
                self._sources.pop(name) if before is None else self._sources.update({name: before})
                raise

    def recent_deliveries(self) -> pa.Table:
        """(mid, digest) of the last clockless messages, to recognise their redelivery after a kill."""
        return self._store.read("recent_deliveries", most=REMEMBERED_DELIVERIES)

    def subscribe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call ``listener`` after every commit, on the writer's thread; it must not block. Returns the way out."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def stand_still(self) -> tuple[Still, datetime, int]:
        """The store's file for a copy (see ``Store.stand_still``), the instant all of which is in it, the revision."""
        with self._writing:
            return self._store.stand_still(), self.settle(), self.revision

    # -------------------------------------------- for care, records and KPIs

    @contextmanager
    def writing(self, received_at: datetime | None = None) -> Iterator[int]:
        """Hold the writer's lock; gives the instant (microseconds) of the commit to come."""
        with self._writing, program():
            yield self._next_instant(received_at)

    def commit(self, change: Callable[[Writer], T], received: int, *, care: bool = False) -> T:
        """One transaction at ``received`` that brings no readings; announced after it. Hold ``writing``."""

        def ticked(writer: Writer) -> T:
            done = change(writer)
            self._tick(writer, received)
            return done

        try:
            done = self._store.write(ticked)
        except BaseException as error:
            self.care.failed(error)
            raise
        self._timeline.received = received
        self._timeline.revision += 1
        self._announce(received, np.empty(0, np.int32), care=care)
        return done

    def rewrite(self, change: Callable[[Writer], T]) -> T:
        """Change what is stored of the past, in one commit: for retention and erasure, and nothing else.

        Every remembered answer is forgotten, also by whoever keeps answers by ``forgotten``.
        """
        with self.writing() as received:

            def ticked(writer: Writer) -> T:
                done = change(writer)
                self._tick(writer, received)
                return done

            done = self._store.write(ticked)
            self._timeline.reload()
            self._timeline.received = received
            self._timeline.revision += 1
            self._remembered = Shared(REMEMBERED)
            self._epochs.refresh(KINDS)
            self.people.parts.reload()
            self.people.forget()
            self.ledger.reload()
            self.kpis = Kpis(self)
            self.care.reload()
            self.kept_since = kept_since(self._store)
            self.forgotten += 1
            kinds = frozenset(self.ledger.kinds)
            self._announce(received, np.empty(0, np.int32), frozenset(KINDS), care=True, records=kinds)
            return done

    def keyframe_before(self, at: datetime) -> datetime | None:
        """The newest instant up to ``at`` at which the state of every series was written down."""
        place = bisect_right(self._timeline.keyframes, to_us(at))
        return from_us(self._timeline.keyframes[place - 1]) if place else None

    def commit_records(
        self, change: Callable[[Writer], tuple[Recorded, T]], received: int, remember: Callable[[T], None]
    ) -> Recorded:
        """As ``commit``, of records: where ``change`` tells of no kinds that changed, there is nothing to commit.

        ``remember`` gets what else it tells, after the commit and before anybody hears of it.
        """

        def ticked(writer: Writer) -> tuple[Recorded, T]:
            done, told = change(writer)
            if done.kinds:
                self._tick(writer, received)
            return done, told

        done, told = self._store.write(ticked)
        if done.kinds:
            remember(told)
            self._timeline.received = received
            self._timeline.revision += 1
            self._announce(received, np.empty(0, np.int32), records=done.kinds)
        return replace(done, revision=self.revision)

    def placed(self, at: datetime) -> Placed:
        """The series of the devices known at ``at``, laid out."""
        return self._placed(at)

    def live_states(self) -> States:
        """The newest state of every series."""
        return self._timeline.states

    def states_of(self, at: datetime) -> States:
        """The state of every series as known at ``at``."""
        return self._timeline.as_of(to_us(at))

    def until_now(self, at: datetime) -> datetime:
        """An instant in the future is asked as now: nothing is known of it."""
        return min(at, self.now())

    def moment(self, at: datetime) -> tuple[object, ...]:
        """What an answer about states depends on: the instant, and, until that is final, how far the log has grown."""
        us = to_us(at)
        is_final = us <= self._settled or us < self._timeline.received
        return at, (None if is_final else self.revision)

    def entity_epoch(self, at: datetime, *kinds: str) -> int:
        """The last instant (microseconds) up to ``at`` at which an entity of these kinds changed; 0 when none had."""
        return self._epochs.last(to_us(at), *kinds)

    # ----------------------------------------------------------------- reads

    def entities(self, kind: str, at: datetime, *, community_id: str | None = None, **equals: object) -> pa.Table:
        """The entities of a kind as known at ``at``: all their columns, valid_from, recorded_at; by identity.

        A drill's community is not listed among communities; whoever wants it asks by its name. Raises ``NotAllowed``
        for residents and contacts without the right to read of persons; what lies outside of the scope is left out.
        """
        if kind in NAME_PERSONS:
            need_persons()
        cls = KINDS[kind]
        names = columns(cls)
        filters: dict[str, Any] = {k: v for k, v in (("community_id", community_id), *equals.items()) if v is not None}
        if unknown := sorted(filters.keys() - set(names)):
            raise ValueError(f"{kind} has no column {', '.join(unknown)}; it has {', '.join(names)}")
        conditions = [f"{name} = ${name}" for name in filters]
        if kind == "community" and not filters:
            conditions.append("drill_of IS NULL")
        where = " AND ".join(["TRUE", *conditions])
        listed = ", ".join([*names, "valid_from", "recorded_at"])
        sql = f"SELECT {listed} FROM {kind}_at($instant) WHERE {where} ORDER BY {cls.key}"
        table = self._remembered.get(
            ("entities", kind, self.entity_epoch(at, kind), tuple(sorted(filters.items(), key=str))),
            lambda: self._store.select(sql, instant=at, **filters),
        )
        if kind == "home" and not asked().children:
            for name in CHILDREN:
                none = pa.nulls(table.num_rows, table[name].type)
                table = table.set_column(table.column_names.index(name), name, none)
        if "home_id" in filters and not asked().homes:  # whoever knows a home's code learns nothing more of it
            return self.sight.of(table.slice(0, 0))
        if kind == "division":  # what districts there are is no secret of any of them
            return table
        return self.sight.of(table, common=kind not in (*AT_HOME, *NAME_PERSONS))

    def entity(self, kind: str, identity: str, at: datetime) -> dict[str, Any] | None:
        """One entity as known at ``at``, or None."""
        rows = self.entities(kind, at, **{KINDS[kind].key: identity}).to_pylist()
        return rows[0] if rows else None

    def states(self, at: datetime, *, community_id: str | None = None, device_id: str | None = None) -> pa.Table:
        """The state of every device-metric: value, when it was true, received, changed; fresh, stale or lost."""
        at = self.until_now(at)
        table = self._remembered.get(("states", *self.moment(at)), lambda: self._states(at))
        if device_id is not None:
            table = table.filter(pc.equal(table["device_id"], device_id))
        return self.sight.measured(_of(table, community_id))

    def states_of_series(self, at: datetime, series_no: I32) -> pa.Table:
        """As ``states``, of some series; what a commit changed is a few of thousands."""
        at = self.until_now(at)
        placed = self._placed(at)
        return placed.states(self._timeline.as_of(to_us(at)), to_us(at), np.isin(placed.series, series_no))

    def device_status(self, at: datetime, *, community_id: str | None = None) -> pa.Table:
        """One row per device: where it is, fresh/stale/lost, last seen, battery, worst alarm class."""
        at = self.until_now(at)
        table = self._remembered.get(
            ("device_status", *self.moment(at)),
            lambda: self._store.read("device_status", tables={"state": self.states(at)}, instant=at),
        )
        return self.sight.of(_of(table, community_id))

    def series(
        self, device_id: str, metric: str, start: datetime, end: datetime, at: datetime, *,
        bucket: timedelta | None = None,
    ) -> pa.Table:  # fmt: skip
        """Readings from ``start`` (included) to ``end`` by the device's time, as known at ``at``.

        Without ``bucket``: taken_at, received_at, value. With: bucket, mean, low, high, last, n; a bucket without a
        reading is absent. An unknown device or metric, and one outside of the scope, gives no rows.
        """
        number = self._directory.numbers.get((device_id, metric), -1)
        if not current().scope.is_everywhere or not asked().homes:
            device = self.entity("device", device_id, at)
            if device is None or (device["home_id"] is not None and not asked().homes):
                number = -1
        known: dict[str, Any] = {"series_no": number, "first": start, "last": end, "instant": at}
        if bucket is None:
            return self._store.read("series", **known)
        return self._store.read("series_buckets", bucket_us=_us(bucket), local_us=LOCAL_OFFSET_US, **known)

    def totals(
        self, metric: str, start: datetime, end: datetime, at: datetime, *, bucket: timedelta,
        community_id: str | None = None, types: Sequence[str] = (),
    ) -> pa.Table:  # fmt: skip
        """The sum over all devices of a metric per bucket: bucket, value, devices (how many had a reading)."""
        at = self.until_now(at)
        self.sight.need(community_id)
        chosen = self.chosen(at, metric, community_id, types)
        return self._store.read(
            "totals", tables={"chosen": chosen}, first=start, last=min(end, at), instant=at,
            bucket_us=_us(bucket), local_us=LOCAL_OFFSET_US,
        )  # fmt: skip

    def keyframes(self) -> Sequence[int]:
        """The instants (microseconds) at which the state of every series was written down as it was known."""
        return self._timeline.keyframes

    def chosen(self, at: datetime, metric: str, community_id: str | None, types: Sequence[str]) -> pa.Table:
        """The series of a metric known at ``at``, of a community and of some types of devices: series_no."""
        table = _of(self._placed(at).table, community_id)
        table = table.filter(pc.equal(table["metric"], metric))
        if types:
            table = table.filter(pc.is_in(table["type"], pa.array(types)))
        return table.select(["series_no"])

    def alarm_events(
        self, start: datetime, end: datetime, at: datetime, *, community_id: str | None = None
    ) -> pa.Table:
        """The moments a value reached its alarm limit: taken_at, device_id, metric, value, severity, places."""
        at = self.until_now(at)
        placed = self._placed(at)
        chosen = self.sight.measured(_of(placed.table, community_id)).filter(pc.field("alarm_at_least").is_valid())
        events = self._store.read(
            "alarm_events",
            tables={"chosen": chosen.select(["series_no", "alarm_at_least"])},
            first=start,
            last=end,
            instant=at,
        )
        places = chosen.select(
            ["series_no", "device_id", "metric", "alarm_class", "home_id", "facility_id", "building_id"]
        )
        joined = events.join(places, "series_no").sort_by("taken_at").rename_columns({"alarm_class": "severity"})
        return joined.drop_columns(["series_no"])

    def alerts(self, at: datetime, *, community_id: str | None = None) -> pa.Table:
        """The alerts that fire at ``at``, by urgency: alert_id, rule, subject, severity, since, value, titles, places.

        Before alerts were kept (a history that was loaded) they are what the rules find at ``at``, without an id.
        """
        at = self.until_now(at)
        table = self._remembered.get(("alerts", *self.moment(at)), lambda: self._alerts(at))
        return self.sight.of(_of(table, community_id))

    def home_states(self, at: datetime, *, community_id: str | None = None) -> pa.Table:
        """Equipped homes of elders living alone: active, quiet, away or blind, since when and why."""
        at = self.until_now(at)
        table = self._remembered.get(("home_states", *self.moment(at)), lambda: self.care.home_states_at(at))
        return self.sight.of(_of(table, community_id))

    def occupancy(self, at: datetime, *, community_id: str | None = None) -> pa.Table:
        """People now per room, facility, building and estate: people (null = unknown), capacity, share, method, grade.

        ``method``: counter, rooms (added up), gate, co2, presence, booking or none. ``grade``: good, partial (some
        counters are silent), estimate (CO2, presence), plan (a booking where nothing counts) or unknown. Whoever may
        not read small counts gets public places only, as ``masking.occupied`` says.
        """
        at = self.until_now(at)
        table = self._remembered.get(("occupancy", *self.moment(at)), lambda: self._occupancy(at))
        if not asked().few:
            table = self._remembered.get(("occupied", *self.moment(at)), lambda: occupied(table))
        return self.sight.of(_of(table, community_id))

    def occupancy_hours(
        self, start: datetime, end: datetime, at: datetime, *, community_id: str | None = None,
        place_id: str | None = None,
    ) -> pa.Table:  # fmt: skip
        """People by hour, for whole hours that begin in [start, end), as known at ``at``; without places nobody counts.

        place_kind (room, facility, building, estate), place_id, community_id, hour, people (mean over the hour; null =
        unknown), capacity, share, method, grade (as ``occupancy``), heard (share of counters and quarters).
        """
        with program():
            table = self.people.hours(start, end, self.until_now(at), community_id=community_id, place_id=place_id)
        return self.sight.of(table if asked().few else occupied_hours(table))

    def occupancy_forecast(
        self, at: datetime, *, community_id: str | None = None, place_id: str | None = None
    ) -> list[tuple[dict[str, Any], Forecast]]:
        """The next 24 hours of every counted place with the error of the method; see ``occupancy.forecast``."""
        if not asked().few:
            return []
        with program():
            found = self.people.forecast(self.until_now(at), community_id=community_id, place_id=place_id)
        if current().scope.is_everywhere or not found:
            return found
        places = [{k: row[k] for k in ("community_id", "place_kind", "place_id")} for row, _ in found]
        numbered = pa.Table.from_pylist(places).append_column("number", pa.array(range(len(found))))
        return [found[number] for number in self.sight.of(numbered)["number"].to_pylist()]

    def booked_but_empty(
        self, start: datetime, end: datetime, at: datetime, *, community_id: str | None = None
    ) -> list[dict[str, Any]]:
        """Bookings of rooms in [start, end) with ``verdict``: empty, few, used, unknown, ahead; see ``Occupancy``."""
        with program():
            found = self.people.booked(start, end, self.until_now(at), community_id=community_id)
        return [row for row in found if self.sight.within(row.get("community_id", community_id))]

    def figures(self, at: datetime, *, community_id: str) -> pa.Table:
        """Counts of services: figure, value (null = unknown), total, unit, devices, fresh, newest."""
        at = self.until_now(at)
        self.sight.need(community_id)
        return self._remembered.get(
            ("figures", community_id, *self.moment(at)), lambda: self._figures(at, community_id)
        )

    def _figures(self, at: datetime, community_id: str) -> pa.Table:
        """What is measured here and, of the KPIs that are counts of things, how many of how many."""
        measured = self._store.read("figures", tables={"state": self.states(at)}, instant=at, community_id=community_id)
        ids = [name for name in FIGURE_KPIS if name in self.catalogue.kpis]
        counted = [
            {
                "figure": row["kpi"], "value": row["numerator"] if row["status"] == "measured" else None,
                "total": row["denominator"], "unit": FIGURE_KPIS[row["kpi"]],
                "devices": row["rows_used"] + row["rows_excluded"], "fresh": row["rows_used"], "newest": row["newest"],
            }
            for row in self.kpis.values(at, community_id=community_id, ids=ids).to_pylist()
            if row["newest"] is not None
        ]  # fmt: skip
        return pa.concat_tables([measured, pa.Table.from_pylist(counted, schema=measured.schema)])

    def residents(self, at: datetime, *, community_id: str) -> dict[str, Any]:
        """Registered residents: homes, households, registered homes, people, age bands, elder_alone, recorded_at."""
        self.sight.need(community_id)
        table = self._remembered.get(
            ("residents", community_id, self.entity_epoch(at, "home")),
            lambda: self._store.read("residents", instant=at, community_id=community_id),
        )
        row: dict[str, Any] = table.to_pylist()[0]
        return row

    def building_classes(self, at: datetime, *, community_id: str) -> pa.Table:
        """What colours each building: alert, occupancy_share and class, freshness, number of devices."""
        at, told = self.until_now(at), asked().few

        def ask() -> pa.Table:
            people = self.occupancy(at)
            tables = {
                "alert": self.alerts(at), "device_state": self.device_status(at),
                "occupancy": people if told else occupied(people),
            }  # fmt: skip
            return self._store.read("building_classes", tables=tables, instant=at, community_id=community_id)

        self.sight.need(community_id)
        table = self._remembered.get(("building_classes", told, community_id, *self.moment(at)), ask)
        return self.sight.of(table, inside=True)

    def quarantined(self, at: datetime, *, limit: int = 200, after: int = 0) -> pa.Table:
        """What could not be used by ``at``, newest first; ``after`` is the last quarantine_id of the page before.

        It belongs to no community yet, so whoever is limited to a part of the neighbourhood sees none.
        """
        table = self._store.read("quarantined", instant=at, limit=limit, after=after)
        if not asked().homes:  # what came, word for word, may be of a home
            for name in ("raw", "address"):
                place = table.column_names.index(name)
                table = table.set_column(place, name, pa.nulls(table.num_rows, table[name].type))
        return table if current().scope.is_everywhere else table.slice(0, 0)

    def sources(self, at: datetime | None = None) -> list[SourceState]:
        """The sources of data as known at ``at`` (None: now)."""
        if at is None or to_us(at) >= self._timeline.received:
            return list(self._sources.values())
        return [SourceState(**row) for row in self._store.read("sources", instant=at).to_pylist()]

    @property
    def unwritten_since(self) -> datetime | None:
        """The last instant that is stored, while the disk takes no more; None while all is well."""
        return from_us(self._timeline.received) if self._store.unwritten else None

    def counts(self) -> dict[str, int]:
        """Since start: stored, duplicates, rejected, commits; and readings_total in the log."""
        total = self._store.select("SELECT count(*) AS n FROM reading")["n"][0].as_py()
        return {**vars(self._counts), "readings_total": int(total)}

    def geometry_version(self, community_id: str, at: datetime) -> str:
        """Changes when an entity that the map draws changes; another one for each part of the neighbourhood."""
        part = [] if current().scope.is_everywhere else [current().scope.digest]
        return "-".join([community_id, *(str(self.entity_epoch(at, kind)) for kind in MAP_KINDS), *part])

    # --------------------------------------------------------------- private

    def _next_instant(self, asked: datetime | None) -> int:
        """The instant of the next commit: never the same as, or before, the last one."""
        last = self._timeline.received
        if asked is None:
            return max(to_us(self._clock()), last + 1, self._settled + 1)
        if to_us(asked) < last:
            raise ValueError(f"received_at {asked} lies before the last commit {from_us(last)}; the log only grows")
        return max(to_us(asked), last + 1)

    def _tick(self, writer: Writer, received: int) -> None:
        writer.execute(
            "UPDATE clock SET revision = $revision, received_at = $received_at",
            revision=self.revision + 1, received_at=from_us(received),
        )  # fmt: skip

    def _announce(
        self, received: int, series: I32, kinds: frozenset[str] = frozenset(), *, care: bool = False,
        records: frozenset[str] = frozenset(),
    ) -> None:  # fmt: skip
        change = Change(self.revision, from_us(received), series, kinds, care, records)
        for listener in list(self._listeners):
            listener(change)

    def _quarantine(self, writer: Writer, rejected: Sequence[Rejected], received: int) -> None:
        if rejected:
            first = self._next_quarantine
            self._next_quarantine += len(rejected)
            writer.append("quarantine", _quarantine_rows(rejected, first, received))

    def _after_entities(self, recorded: int, kinds: frozenset[str], records: frozenset[str] = frozenset()) -> None:
        self._timeline.received = recorded
        self._timeline.revision += 1
        self._epochs.refresh(kinds)
        if "device" in kinds:
            self._directory = Directory.read(self._store, self.catalogue, self._directory.version + 1)
            self._timeline.grow(max(self._directory.numbers.values()) + 1)
        self._announce(recorded, np.empty(0, np.int32), kinds, records=records)

    def _placed(self, at: datetime) -> Placed:
        epoch = self.entity_epoch(at, "device", "home", "room", "facility")
        return self._remembered.get(
            ("placed", epoch),
            lambda: Placed(self._store.read("placed_series", tables={"metric_info": self._metric_info}, instant=at)),
        )

    def _occupancy(self, at: datetime) -> pa.Table:
        counted, other = self.people.now(at)
        states = self.states(at)
        told = states.filter(pc.equal(states["metric"], "people"))
        tables = {"state": told, "counted": counted, "other": other}
        return self._store.read("occupancy", tables=tables, instant=at)

    def _states(self, at: datetime) -> pa.Table:
        return self._placed(at).states(self._timeline.as_of(to_us(at)), to_us(at))

    def _alerts(self, at: datetime) -> pa.Table:
        found = self.care.alerts(at) if self.care.has_log(at) else self.care.in_breach(at)
        for lang in ("zh", "en"):
            titles = [
                self.alert_title(rule, metric, lang)
                for rule, metric in zip(found["rule"].to_pylist(), found["metric"].to_pylist(), strict=True)
            ]
            found = found.append_column(f"title_{lang}", pa.array(titles, pa.string()))
        return self._store.read("alerts_placed", tables={"found": found}, instant=at)

    def alert_title(self, rule: str, metric: str | None, lang: str) -> str:
        """A device alarm is called what its metric is called; a rule of its own has its own title."""
        if rule == DECLARED_ALARM:
            for sensor_type in self.catalogue.sensor_types.values():
                declared = sensor_type.metrics.get(metric or "")
                if declared and declared.alarm_class:
                    return declared.title[lang]
        known = self.catalogue.alert_rules.get(rule)
        return known.title[lang] if known else rule  # a rule that was taken away keeps its alerts


_FORGET_DELIVERIES = """DELETE FROM delivery WHERE received_at < (
    SELECT min(received_at) FROM (SELECT received_at FROM delivery ORDER BY received_at DESC LIMIT $most))"""


_RESOLVE = "UPDATE quarantine SET resolved_at = $resolved_at WHERE quarantine_id IN (SELECT quarantine_id FROM used)"


def _us(length: timedelta) -> int:
    return length // timedelta(microseconds=1)


def _of(table: pa.Table, community_id: str | None) -> pa.Table:
    return table if community_id is None else table.filter(pc.equal(table["community_id"], community_id))


def _highest(store: Store, table: str, column: str) -> int:
    answer = store.select(f"SELECT coalesce(max({column}), -1) AS n FROM {table}")
    return int(answer["n"][0].as_py())


def _metric_info(catalogue: Catalogue) -> pa.Table:
    rows = [
        {
            "type": t.name, "metric": m.name, "unit": m.unit, "kind": m.kind, "stale_us": _us(t.stale_after),
            "lost_us": _us(t.lost_after), "alarm_at_least": m.alarm_at_least, "alarm_class": m.alarm_class,
        }
        for t in catalogue.sensor_types.values()
        for m in t.metrics.values()
    ]  # fmt: skip
    names = [("type", pa.string()), ("metric", pa.string()), ("unit", pa.string()), ("kind", pa.string()),
             ("stale_us", pa.int64()), ("lost_us", pa.int64()), ("alarm_at_least", pa.float64()),
             ("alarm_class", pa.string())]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=pa.schema(names))


def _with_instant(deliveries: pa.Table, received: int) -> pa.Table:
    instants = pa.array(np.full(deliveries.num_rows, received)).cast(pa.timestamp("us"))
    return deliveries.append_column("received_at", instants)


def _quarantine_rows(rejected: Sequence[Rejected], first: int, received: int) -> pa.Table:
    n = len(rejected)
    text = pa.string()
    return pa.table(
        {
            "quarantine_id": np.arange(first, first + n),
            "received_at": pa.array(np.full(n, received)).cast(pa.timestamp("us")),
            **{
                name: pa.array([getattr(r, name) for r in rejected], text)
                for name in ("source", "place", "code", "reason", "dialect", "address")
            },
            "raw": pa.array([r.raw for r in rejected], pa.binary()),
        }
    )

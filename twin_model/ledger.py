"""The ledger: all dated records of a community, by declared kind. Reached as ``twin.ledger``.

A record is never changed: another row with the same identity is a correction, which supersedes the version before, so
that every past instant still shows what was known then. When a kind changed, and how new its newest record is, is kept
in memory. All writes go through the twin's lock, one transaction each; see docs/decisions/0013.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from twin_model.record_entry import Entry, incoming_rows
from twin_model.record_kinds import RecordKind
from twin_model.record_tables import (
    RecordsRefused,
    arrange,
    identified,
    judged,
    listed,
    prepared,
    true_us,
    versions,
)
from twin_model.record_times import EMPTY, Pulse, Span, Times
from twin_model.records import Recorded
from twin_model.store import Writer
from twin_model.timeline import from_us, to_us

if TYPE_CHECKING:
    from twin_model.twin import Twin

__all__ = ["Judged", "Ledger", "Pulse", "RecordsRefused"]

LOCAL = timedelta(hours=8)


@dataclass(frozen=True)
class Judged:
    """A row that does not pass a check. ``reason`` in both languages, with the row's values."""

    row: int
    check: str
    level: str
    reason: dict[str, str]


class Ledger:
    """The records of one twin."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._store = twin.store
        self.kinds: Mapping[str, RecordKind] = twin.catalogue.record_kinds
        self._times: dict[str, dict[str, Times]] = {}
        self._together: dict[str, Times] = {}
        self.reload()

    def reload(self) -> None:
        """Read again when which kind changed, after rows of the past were deleted. Hold ``writing``."""
        filled = arrange(self._store, self.kinds)
        self._times = {name: {} for name in self.kinds}
        self._together = {name: Times() for name in self.kinds}
        for name in filled:
            self._times[name] = dict(_times(versions(self._store, self.kinds[name])))
            self._join(name)

    # ---------------------------------------------------------------- writes

    def record(
        self, kind: str, rows: pa.Table | Sequence[Mapping[str, Any]], *, community_id: str,
        recorded_at: datetime | None = None,
    ) -> Recorded:  # fmt: skip
        """Store rows of a kind in one commit: new records, corrections of known ones; the same again changes nothing.

        ``rows``: the kind's columns, and ``flags``, ``origin`` (file:row) where there are any. Of two with one identity
        the later one counts. Rows with a ``recorded_at`` of their own are a history, each known from its own instant
        on; it must lie after all that is known of this kind and community, and not after now.
        Raises ``RecordsRefused`` for rows that are no such records or do not pass a check that rejects; then nothing
        is stored.
        """
        declared = self._kind(kind)
        table = prepared(declared, rows)
        if not table.num_rows:
            return Recorded(0, 0, 0, self._twin.revision)
        with self._twin.writing(recorded_at) as received:
            is_history = "recorded_at" in table.column_names
            if is_history:
                table = self._history(declared, table, community_id, received)
            else:
                instants = pa.repeat(pa.scalar(received, pa.timestamp("us", "UTC")), table.num_rows)
                table = table.append_column("recorded_at", instants)
            entry = Entry(declared, community_id, from_us(received))

            def change(writer: Writer) -> tuple[Recorded, Times | Span]:
                done = entry.write(writer, table)
                if not done.changed:
                    return done, EMPTY
                if is_history:
                    return done, dict(_times(versions(writer, declared, community_id)))[community_id]
                known = self._of(kind, community_id).span
                if entry.gone.reaches(known) and entry.came | known != entry.came:
                    return done, _span(writer, declared, community_id)
                return done, known | entry.came

            def remember(told: Times | Span) -> None:
                self._remember(kind, community_id, received, told, received)

            return self._twin.commit_records(change, received, remember)

    def withdraw(self, kind: str, record_ids: Sequence[str], community_id: str) -> int:
        """Let records end to be known, without another version in their place; how many there were."""
        declared = self._kind(kind)
        self._twin.sight.need_all_of(community_id)
        ids = pa.table({"record_id": pa.array(list(record_ids), pa.string())})
        with self._twin.writing() as received:

            def change(writer: Writer) -> tuple[Recorded, Span]:
                gone = writer.execute(
                    f"UPDATE {declared.table} SET superseded_at = $at WHERE community_id = $community_id "
                    "AND superseded_at IS NULL AND record_id IN (SELECT record_id FROM withdrawn) RETURNING record_id",
                    tables={"withdrawn": ids}, at=from_us(received), community_id=community_id,
                ).num_rows  # fmt: skip
                kinds = frozenset({kind}) if gone else frozenset[str]()
                return Recorded(0, gone, 0, kinds=kinds), _span(writer, declared, community_id) if gone else EMPTY

            def remember(span: Span) -> None:
                self._remember(kind, community_id, received, span, self._of(kind, community_id).recorded)

            return self._twin.commit_records(change, received, remember).updated

    def brought_by(self, file: str, kind: str, community_id: str) -> list[str]:
        """The ids of a community's records of a kind that are known now and came from a file of this name."""
        declared = self._kind(kind)
        self._twin.sight.need(community_id)
        found = self._store.select(
            f"SELECT record_id FROM {declared.table} WHERE community_id = $community_id AND superseded_at IS NULL "
            "AND starts_with(origin, $file || ':') ORDER BY record_id",
            community_id=community_id, file=file,
        )  # fmt: skip
        ids: list[str] = found["record_id"].to_pylist()
        return ids

    def end(self, writer: Writer, community_id: str, at: datetime) -> frozenset[str]:
        """Let all records of a community end to be known, inside the caller's transaction; of which kinds."""
        kinds = [k for k in self.kinds.values() if self._of(k.name, community_id).span != EMPTY]
        for kind in kinds:
            writer.execute(
                f"UPDATE {kind.table} SET superseded_at = $at WHERE community_id = $community_id "
                "AND superseded_at IS NULL",
                at=at, community_id=community_id,
            )  # fmt: skip
        return frozenset(kind.name for kind in kinds)

    def ended(self, kinds: frozenset[str], community_id: str, at: int) -> None:
        """``end`` was committed."""
        for kind in kinds:
            self._remember(kind, community_id, at, EMPTY, self._of(kind, community_id).recorded)

    # ----------------------------------------------------------------- reads

    def judge(self, kind: str, rows: pa.Table | Sequence[Mapping[str, Any]]) -> list[Judged]:
        """Which rows do not pass which checks of the kind, by row from 0; nothing is stored."""
        declared = self._kind(kind)
        table = prepared(declared, rows)
        if not declared.checks or not table.num_rows:
            return []
        incoming = incoming_rows(table, self._twin.now())
        found: list[Judged] = []
        rows_found = self._store.select(
            f"SELECT * FROM ({judged(declared)}) WHERE refused IS NOT NULL OR len(flags) > 0 ORDER BY n",
            tables={"incoming": incoming}, instant=self._twin.now(),
        ).to_pylist()  # fmt: skip
        for row in rows_found:
            failed = {row["refused"]} if row["refused"] else set(row["flags"])
            found += [
                Judged(
                    row["n"], c.name, c.level, {lang: text.format_map(_Shown(row)) for lang, text in c.reason.items()}
                )
                for c in declared.checks
                if c.name in failed
            ]
        return found

    def identities(self, kind: str, rows: pa.Table | Sequence[Mapping[str, Any]]) -> list[str]:
        """The record_id each row will have."""
        declared = self._kind(kind)
        incoming = incoming_rows(prepared(declared, rows), self._twin.now())
        sql = f"SELECT {identified(declared)} AS record_id FROM incoming ORDER BY n"
        return [str(i) for i in self._store.select(sql, tables={"incoming": incoming})["record_id"].to_pylist()]

    def rows(
        self, kind: str, at: datetime, *, community_id: str | None = None, start: datetime | date | None = None,
        end: datetime | date | None = None,
    ) -> pa.Table:  # fmt: skip
        """The records known at ``at`` that happened in [start, end), of a register: that held at some time in it.

        community_id, record_id, the kind's columns, flags, origin, recorded_at; by what they are true at. A day
        counts from its local midnight. Without a community: of all but drills. Restricted codes are made unreadable
        for whoever may not look at one home; what lies outside of the scope is left out.
        """
        declared = self._kind(kind)
        where = ["recorded_at <= $at", "(superseded_at IS NULL OR superseded_at > $at)"]
        where.append("community_id = $community_id" if community_id is not None else _NO_DRILL)
        asked: dict[str, Any] = {"at": at, "community_id": community_id}
        if start is not None:
            holds = declared.until or declared.true_at
            asked["start_"] = _bound(declared, holds, start)
            sign = ">" if declared.until else ">="
            still = f' OR "{holds}" IS NULL' if declared.until else ""
            where.append(f'("{holds}" {sign} $start_{still})')
        if end is not None:
            asked["end_"] = _bound(declared, declared.true_at, end)
            where.append(f'"{declared.true_at}" < $end_')
        table = self._store.select(
            f"SELECT community_id, record_id, {', '.join(listed(declared))}, flags, origin, recorded_at "
            f'FROM {declared.table} WHERE {" AND ".join(where)} ORDER BY "{declared.true_at}", record_id, community_id',
            **asked,
        )
        homes = [c.name for c in declared.columns.values() if c.place == "home"]
        return self._twin.sight.records(table, homes, declared.restricted_columns)

    def epoch(self, kind: str, at: datetime, community_id: str | None = None) -> int:
        """The last change of a kind (in a community) known at ``at``, in microseconds; 0 when there was none."""
        times = self._together[kind] if community_id is None else self._times[kind].get(community_id)
        return times.epoch(to_us(at)) if times else 0

    def pulse(self, kind: str, at: datetime, community_id: str) -> Pulse | None:
        """How alive a kind of record was, as known at ``at``; None when none was known."""
        times = self._times[kind].get(community_id)
        return times.pulse(to_us(at)) if times else None

    def pulses(self, kind: str, at: datetime) -> Iterator[tuple[str, int, int, int]]:
        """As ``pulse``, of every community: id, first_true_at, newest_true_at, last_recorded in microseconds."""
        us = to_us(at)
        for name, times in list(self._times[kind].items()):
            known = times.known(us)
            if known is not None:
                yield name, *known

    def changes(self, kind: str, first_us: int, last_us: int, community_id: str) -> list[int]:
        """When records of a kind came or were corrected from one instant up to before another (microseconds)."""
        return self._of(kind, community_id).changes(first_us, last_us)

    def communities_changed(self, kind: str, after_us: int, until_us: int) -> set[str]:
        """The communities in which records of a kind changed after one instant and up to another (microseconds)."""
        return {name for name, times in list(self._times[kind].items()) if times.epoch(until_us) > after_us}

    # --------------------------------------------------------------- private

    def _kind(self, name: str) -> RecordKind:
        if name not in self.kinds:
            raise RecordsRefused(f"{name!r} is no kind of record; there are {', '.join(self.kinds)}")
        return self.kinds[name]

    def _of(self, kind: str, community_id: str) -> Times:
        return self._times[kind].get(community_id, _NEVER)

    def _history(self, kind: RecordKind, table: pa.Table, community_id: str, received: int) -> pa.Table:
        """A history in the order in which it became known."""
        if table["recorded_at"].null_count:
            raise RecordsRefused(f"{kind.name}: recorded_at is empty in some rows; a history gives it in all")
        first, last = (to_us(value.as_py()) for value in pc.min_max(table["recorded_at"]).values())
        if last > received:
            raise RecordsRefused(f"{kind.name}: recorded_at {from_us(last)} lies after now, {from_us(received)}")
        if first < self._of(kind.name, community_id).last:
            known = from_us(self._of(kind.name, community_id).last)
            raise RecordsRefused(
                f"{kind.name}: recorded_at {from_us(first)} lies before the last change {known} of what is known of "
                f"{community_id}; what was known then stays so: leave recorded_at out to record it now"
            )
        return table.sort_by("recorded_at")  # stable: of two at one instant the later row counts

    def _remember(self, kind: str, community_id: str, at: int, told: Times | Span, recorded: int) -> None:
        """After the commit and before anybody hears of it."""
        if isinstance(told, Times):
            self._times[kind][community_id] = told
            self._join(kind)
            return
        times = self._times[kind].get(community_id, Times())
        times.append(at, told, recorded)
        self._times[kind][community_id] = times
        self._together[kind].append(at, told, recorded)

    def _join(self, kind: str) -> None:
        self._together[kind] = Times.joined(self._times[kind].values())


class _Shown(dict[str, Any]):
    """A row's values for a sentence: a missing one as a dash."""

    def __getitem__(self, name: str) -> Any:
        value = self.get(name)
        return "–" if value is None else value


_NEVER = Times()
_NO_DRILL = "community_id NOT IN (SELECT community_id FROM community WHERE drill_of IS NOT NULL)"


def _times(found: pa.Table) -> Iterator[tuple[str, Times]]:
    """The times of each community, from ``versions``."""
    columns = [found[name].to_numpy() for name in ("begun", "ended", "oldest", "newest")]
    position = 0
    for group in found["community_id"].combine_chunks().value_counts() if found.num_rows else ():
        name, length = group["values"].as_py(), group["counts"].as_py()
        part = slice(position, position + length)
        yield name, Times.of(*(column[part] for column in columns))
        position += length


def _span(writer: Writer, kind: RecordKind, community_id: str) -> Span:
    """Where the records lie that are still known."""
    found = writer.select(
        f"SELECT min({true_us(kind)}) AS oldest, max({true_us(kind)}) AS newest FROM {kind.table} "
        "WHERE community_id = $community_id AND superseded_at IS NULL",
        community_id=community_id,
    ).to_pylist()[0]
    return EMPTY if found["newest"] is None else Span(found["oldest"], found["newest"])


def _bound(kind: RecordKind, column: str, limit: datetime | date) -> datetime | date:
    """A limit as the column can be compared with: of days, the first whose local midnight is not before it."""
    is_day = kind.columns[column].type == "date"
    if not isinstance(limit, datetime):
        return limit if is_day else datetime(limit.year, limit.month, limit.day, tzinfo=UTC) - LOCAL
    if not is_day:
        return limit
    local = limit.astimezone(timezone(LOCAL))
    return local.date() if local.time() == time(0) else local.date() + timedelta(days=1)

"""The log of readings and the state of every series at any instant.

The newest state lives in memory, folded commit by commit; it is derived, never stored as truth. A keyframe
(the full state as known at a commit) is written every hour, or sooner when many readings came, so that any
past instant is the newest keyframe before it plus the readings since. Opening the store is the same question
asked for "now". See docs/decisions/0007.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock

import numpy as np
import pyarrow as pa

from twin_model.states import I64, NEVER, Batch, Bools, States, fold
from twin_model.store import Store, Writer

KEYFRAME_EVERY_US = 3_600_000_000
KEYFRAME_READINGS = 100_000  # below some ten milliseconds of folding
REMEMBERED = 24  # past instants kept; one screen asks some ten questions about the same one

READING_COLUMNS = ("series_no", "taken_at", "value", "retained")


def to_us(at: datetime) -> int:
    """Microseconds since 1970 UTC of an aware datetime."""
    delta = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def from_us(us: int) -> datetime:
    """The aware UTC datetime of microseconds since 1970."""
    return datetime.fromtimestamp(us // 1_000_000, UTC).replace(microsecond=us % 1_000_000)


def timestamps(us: I64, *, none: Bools | None = None) -> pa.Array:
    """An Arrow column of instants (UTC) from microseconds; ``none`` marks the missing ones."""
    if none is not None and none.any():
        return pa.array(np.where(none, 0, us), mask=none).cast(pa.timestamp("us", "UTC"))
    return pa.array(us).cast(pa.timestamp("us", "UTC"))


@dataclass(frozen=True)
class Commit:
    """A batch made ready: what to append, and the state that will hold once it is committed."""

    batch: Batch
    duplicates: int
    states: States


class Timeline:
    """The states of all series over time. One thread commits; any thread asks."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._past: OrderedDict[int, States] = OrderedDict()
        self._frames: OrderedDict[int, States] = OrderedDict()
        self._keyframes: list[int] = [
            int(us)
            for us in _column(store.select("SELECT DISTINCT keyframe_at FROM keyframe ORDER BY 1"), "keyframe_at")
        ]
        newest = store.select("SELECT revision, received_at FROM clock")
        self.revision = int(newest["revision"][0].as_py())
        self.received = int(_column(newest, "received_at")[0])
        self.series = _next_series(store)
        self._since_keyframe = 0
        self.states = self._rebuild(self.received).grown(self.series)

    @property
    def keyframes(self) -> Sequence[int]:
        """The instants (microseconds) of all keyframes, in order."""
        return self._keyframes

    def reload(self) -> None:
        """Read again what is stored, after a part of the past was deleted."""
        stored = self._store.select("SELECT DISTINCT keyframe_at FROM keyframe ORDER BY 1")
        with self._lock:
            self._keyframes = [int(us) for us in _column(stored, "keyframe_at")]
            self._past.clear()
            self._frames.clear()
        self.states = self._rebuild(self.received).grown(self.series)

    # -- committing

    def prepare(self, readings: pa.Table, received: int) -> Commit:
        """Leave out what is stored already and fold the rest; nothing is written yet.

        ``readings``: series_no, taken_at (null = no own clock), value, retained; in order of arrival.
        """
        batch = _batch(readings, received)
        fresh = self._unseen(batch)
        kept = batch if fresh.all() else batch.take(fresh)
        return Commit(kept, len(batch) - len(kept), fold(self.states, kept))

    def write(self, writer: Writer, commit: Commit, received: int) -> bool:
        """Append inside the caller's transaction; True when a keyframe was written too."""
        batch = commit.batch
        if len(batch):
            writer.append("reading", _reading_rows(batch))
        due = not self._keyframes or received - self._keyframes[-1] >= KEYFRAME_EVERY_US
        many = self._since_keyframe + len(batch) >= max(KEYFRAME_READINGS, 10 * self.series)
        if len(batch) and (due or many):
            writer.append("keyframe", _keyframe_rows(commit.states, received))
            return True
        return False

    def committed(self, commit: Commit, received: int, *, keyframe: bool) -> None:
        """The transaction went through: this is the newest state now."""
        self.states = commit.states
        self.received = received
        self._since_keyframe += len(commit.batch)
        if keyframe:
            self._keyframes.append(received)
            self._since_keyframe = 0

    def grow(self, series: int) -> None:
        """Make room for newly registered series."""
        if series > self.series:
            self.states = self.states.grown(series)
            self.series = series

    def _unseen(self, batch: Batch) -> Bools:
        """Which rows are not in the log: same series, same own time, same value is the same reading."""
        fresh = _first_in_batch(batch)
        # A reading newer than everything of its series cannot be stored already; only the others are looked up.
        doubtful = np.flatnonzero(fresh & (batch.taken <= self.states.newest[batch.series]))
        if len(doubtful):
            chosen = batch.take(doubtful)
            candidate = pa.table(
                {
                    "row": doubtful,
                    "series_no": chosen.series,
                    "taken_at": pa.array(chosen.taken).cast(pa.timestamp("us")),
                    "value": chosen.value,
                }
            )
            seen = self._store.read(
                "stored_already", tables={"candidate": candidate},
                first=from_us(int(chosen.taken.min())), last=from_us(int(chosen.taken.max())),
            )  # fmt: skip
            fresh[seen["row"].to_numpy()] = False
        return fresh

    # -- asking

    def as_of(self, at: int) -> States:
        """The states as known at an instant (microseconds); rows are series numbers."""
        if at >= self.received:
            return self.states
        with self._lock:
            if (found := self._past.get(at)) is not None:
                self._past.move_to_end(at)
                return found
        states = self._rebuild(at).grown(self.series)
        with self._lock:
            self._past[at] = states
            while len(self._past) > REMEMBERED:
                self._past.popitem(last=False)
        return states

    def _rebuild(self, at: int) -> States:
        position = bisect_right(self._keyframes, at)
        frame = self._keyframes[position - 1] if position else None
        base = States.empty(self.series) if frame is None else self._frame(frame).grown(self.series)
        since = self._store.read("readings_between", after=from_us(frame or 0), until=from_us(at))
        return fold(base, _stored_batch(since))

    def _frame(self, keyframe: int) -> States:
        with self._lock:
            if (found := self._frames.get(keyframe)) is not None:
                self._frames.move_to_end(keyframe)
                return found
        rows = self._store.read("keyframe", keyframe_at=from_us(keyframe))
        states = States.empty(self.series)
        number = rows["series_no"].to_numpy()
        states.value[number] = rows["value"].to_numpy()
        states.taken[number] = _column(rows, "taken_at")
        states.received[number] = _column(rows, "received_at")
        states.changed[number] = _column(rows, "changed_at")
        states.newest[number] = _column(rows, "newest_at")
        states.retained[number] = rows["retained"].to_numpy(zero_copy_only=False)
        with self._lock:
            self._frames[keyframe] = states
            while len(self._frames) > REMEMBERED:
                self._frames.popitem(last=False)
        return states


def _column(table: pa.Table, name: str) -> I64:
    """Instants of a column as microseconds."""
    values: I64 = table[name].cast(pa.int64()).to_numpy()
    return values


def _next_series(store: Store) -> int:
    highest = store.select("SELECT coalesce(max(series_no) + 1, 0) AS n FROM series")
    return int(highest["n"][0].as_py())


def _batch(readings: pa.Table, received: int) -> Batch:
    missing = [name for name in READING_COLUMNS if name not in readings.column_names]
    if missing:
        raise ValueError(f"readings lack {', '.join(missing)}; expected {', '.join(READING_COLUMNS)}")
    n = readings.num_rows
    own = readings["taken_at"].cast(pa.timestamp("us")).cast(pa.int64())
    # Without a clock of its own a reading counts from its arrival; a microsecond apart, so that two stay two.
    arrival = received - n + 1 + np.arange(n)
    clockless = own.is_null().to_numpy(zero_copy_only=False) if own.null_count else np.zeros(n, bool)
    taken = np.where(clockless, arrival, own.fill_null(0).to_numpy()) if own.null_count else own.to_numpy()
    return Batch(
        readings["series_no"].to_numpy().astype(np.int32, copy=False), taken, np.full(n, received),
        readings["value"].to_numpy().astype(np.float64, copy=False),
        readings["retained"].to_numpy(zero_copy_only=False).astype(bool, copy=False),
    )  # fmt: skip


def _stored_batch(rows: pa.Table) -> Batch:
    return Batch(
        rows["series_no"].to_numpy(), _column(rows, "taken_at"), _column(rows, "received_at"), rows["value"].to_numpy(),
        rows["retained"].to_numpy(zero_copy_only=False),
    )  # fmt: skip


def _reading_rows(batch: Batch) -> pa.Table:
    return pa.table(
        {
            "series_no": batch.series,
            "taken_at": pa.array(batch.taken).cast(pa.timestamp("us")),
            "received_at": pa.array(batch.received).cast(pa.timestamp("us")),
            "value": batch.value,
            "retained": batch.retained,
        }
    )


def _keyframe_rows(states: States, received: int) -> pa.Table:
    known = np.flatnonzero(states.taken != NEVER)

    def instants(us: I64) -> pa.Array:
        return pa.array(us[known]).cast(pa.timestamp("us"))

    return pa.table(
        {
            "keyframe_at": pa.array(np.full(len(known), received)).cast(pa.timestamp("us")),
            "series_no": known.astype(np.int32),
            "value": states.value[known],
            "taken_at": instants(states.taken),
            "received_at": instants(states.received),
            "changed_at": instants(states.changed),
            "newest_at": instants(states.newest),
            "retained": states.retained[known],
        }
    )


def _first_in_batch(batch: Batch) -> Bools:
    """False for a row that repeats an earlier one of the same batch."""
    fresh = np.ones(len(batch), bool)
    key = (batch.series.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) ^ batch.taken.astype(np.uint64)
    ordered = np.sort(key)
    if len(key) and (ordered[1:] == ordered[:-1]).any():
        seen: set[tuple[int, int, float]] = set()
        rows: Sequence[tuple[int, int, float]] = list(
            zip(batch.series.tolist(), batch.taken.tolist(), batch.value.tolist(), strict=True)
        )
        for number, row in enumerate(rows):
            fresh[number] = row not in seen
            seen.add(row)
    return fresh

"""The state of every series, folded from its readings. Pure: arrays in, arrays out.

The same ``fold`` makes the live state (one commit after another) and any past one (a keyframe plus the
readings since), so the two cannot differ. Instants are int64 microseconds since 1970 UTC; ``NEVER`` means
no reading yet.

Rules:
* Readings of one commit became known together and are ordered by their own time; commits by ``received_at``.
* A reading counts from ``min(taken_at, received_at)``: nothing can be true later than it was learnt, so a
  device whose clock runs ahead does not freeze its own state.
* A reading older than the state it meets is late: it is kept in the log and changes nothing here, because a
  late reading never rewrites what was seen.
* An equal value is news, not change: ``taken_at`` moves, ``changed_at`` stays.
* A retained message may be of any age; it fills a state that has none and never refreshes one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]
I32 = NDArray[np.int32]

NEVER = np.int64(np.iinfo(np.int64).min)


@dataclass(frozen=True)
class States:
    """One row per series number; arrays of equal length ``n``.

    ``taken`` is the instant the value counts from, ``received`` when that reading came in, ``changed`` the
    instant the value last became different, ``newest`` the largest own time ever received (it tells a
    possible duplicate), ``retained`` that the value came from a retained message of unknown age.
    """

    value: F64
    taken: I64
    received: I64
    changed: I64
    newest: I64
    retained: Bools

    def __len__(self) -> int:
        return len(self.value)

    @classmethod
    def empty(cls, n: int) -> States:
        """``n`` series that have never reported."""

        def never() -> I64:
            return np.full(n, NEVER)

        return cls(np.full(n, np.nan), never(), never(), never(), never(), np.zeros(n, bool))

    def grown(self, n: int) -> States:
        """The same with room for ``n`` series."""
        if n <= len(self):
            return self
        more = States.empty(n - len(self))
        return States(
            np.concatenate((self.value, more.value)),
            np.concatenate((self.taken, more.taken)),
            np.concatenate((self.received, more.received)),
            np.concatenate((self.changed, more.changed)),
            np.concatenate((self.newest, more.newest)),
            np.concatenate((self.retained, more.retained)),
        )


@dataclass(frozen=True)
class Batch:
    """Readings as columns, in order of arrival: series number, own time, instant of the commit, value."""

    series: I32
    taken: I64
    received: I64
    value: F64
    retained: Bools

    def __len__(self) -> int:
        return len(self.series)

    def take(self, rows: NDArray[np.intp] | Bools) -> Batch:
        """The chosen rows, in the given order."""
        return Batch(self.series[rows], self.taken[rows], self.received[rows], self.value[rows], self.retained[rows])


def fold(before: States, batch: Batch) -> States:
    """The states after ``batch``; ``before`` is left as it was."""
    if not len(batch):
        return before
    counts_from = np.minimum(batch.taken, batch.received)
    order = _in_order(batch.series, batch.received, counts_from)
    series, when = batch.series[order], counts_from[order]
    value, received, retained = batch.value[order], batch.received[order], batch.retained[order]

    starts = _starts(series)
    newest = before.newest.copy()
    newest[series[starts]] = np.maximum(newest[series[starts]], np.maximum.reduceat(batch.taken[order], starts))

    # Of retained messages only the one that opens an unknown series counts; then everything not older than before.
    opens = np.zeros(len(series), bool)
    opens[starts] = before.taken[series[starts]] == NEVER
    counting = np.flatnonzero(~retained | opens)
    counting = counting[_not_late(series[counting], when[counting], before.taken)]
    if not len(counting):
        return States(before.value, before.taken, before.received, before.changed, newest, before.retained)
    series, when, value = series[counting], when[counting], value[counting]
    received, retained = received[counting], retained[counting]
    starts = _starts(series)
    ends = np.concatenate((starts[1:], [len(series)])) - 1
    touched = series[starts]

    previous = np.empty_like(value)
    previous[1:] = value[:-1]
    previous[starts] = before.value[touched]  # NaN where nothing was known: differs from every value
    changes = np.where(value != previous, np.arange(len(value)), -1)
    last_change = np.maximum.accumulate(changes)[ends]
    changed_here = last_change >= starts

    out = States(
        before.value.copy(), before.taken.copy(), before.received.copy(), before.changed.copy(), newest,
        before.retained.copy(),
    )  # fmt: skip
    out.value[touched] = value[ends]
    out.taken[touched] = when[ends]
    out.received[touched] = received[ends]
    out.retained[touched] = retained[ends]
    out.changed[touched[changed_here]] = when[last_change[changed_here]]
    return out


def _in_order(series: I32, received: I64, when: I64) -> NDArray[np.intp]:
    """Row numbers by series, then commit, then instant; ties stay in order of arrival."""
    # Two bytes sort by radix, several times faster; the log is nearly always in order within a series already.
    narrow = series.astype(np.uint16) if int(series.max()) < 65536 else series
    order = np.argsort(narrow, kind="stable")
    s, r, w = series[order], received[order], when[order]
    backwards = (s[1:] == s[:-1]) & ((r[1:] < r[:-1]) | ((r[1:] == r[:-1]) & (w[1:] < w[:-1])))
    return np.lexsort((when, received, series)) if backwards.any() else order


def _starts(series: I32) -> NDArray[np.intp]:
    """Where each series begins in an ordered column."""
    if not len(series):
        return np.empty(0, np.intp)
    return np.flatnonzero(np.concatenate(([True], series[1:] != series[:-1])))


def _not_late(series: I32, when: I64, known: I64) -> Bools:
    """Rows at or after everything before them in their series, ``known`` (per series number) included."""
    if not len(series):
        return np.zeros(0, bool)
    starts = _starts(series)
    prior = known[series[starts]]
    base = int(when.min())
    span = int(when.max()) - base + 3  # room for 'nothing known' below and 'newer than all' above
    if span * (len(starts) + 1) >= 2**62:  # absurd dates in a huge batch: go series by series
        not_late = np.empty(len(series), bool)
        for start, end, last in zip(starts, [*starts[1:], len(series)], prior, strict=True):
            running = np.maximum.accumulate(np.concatenate(([last], when[start:end])))
            not_late[start:end] = when[start:end] >= running[:-1]
        return not_late
    # One running maximum over all series at once: each series is lifted above the one before it.
    lift = np.zeros(len(series), np.int64)
    lift[starts[1:]] = span
    lift = np.cumsum(lift)
    lifted = when - base + 1 + lift
    running = np.empty(len(series), np.int64)
    running[1:] = np.maximum.accumulate(lifted)[:-1]
    running[starts] = 0
    floor = np.zeros(len(series), np.int64)
    floor[starts] = np.clip(np.where(prior == NEVER, base - 1, prior) - base + 1, 0, span - 1) + lift[starts]
    unbroken: Bools = lifted >= np.maximum(running, np.maximum.accumulate(floor))
    return unbroken

"""When the records of one kind and community changed, and how new the newest was after each change: in memory.

Rebuilt when the store opens from one grouped question per kind, continued commit by commit.
"""

from __future__ import annotations

import heapq
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from twin_model.states import I64

NOTHING = -(2**63)
"""There is no record any more; before every instant."""
STILL = 2**63 - 1
"""A version that was not superseded; after every instant."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """How alive a kind of record is in a community, as known at an instant.

    ``first_known``: when its first record was recorded; ``first_true_at``, ``newest_true_at``: the earliest and the
    latest that any record says it happened or began (a day: its local midnight); ``last_recorded``: when one was last
    recorded or corrected.
    """

    first_known: datetime
    first_true_at: datetime
    newest_true_at: datetime
    last_recorded: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """The earliest and the latest that records say they are true at, in microseconds."""

    oldest: int = STILL
    newest: int = NOTHING

    def __or__(self, other: Span) -> Span:
        return Span(min(self.oldest, other.oldest), max(self.newest, other.newest))

    def reaches(self, other: Span) -> bool:
        """Whether ``other`` may be shorter without this."""
        return self.newest >= other.newest or self.oldest <= other.oldest


EMPTY = Span()


class Times:
    """The changes of one kind in one community, oldest first. One thread appends, any thread asks."""

    __slots__ = ("_changed", "_newest", "_oldest", "_recorded")

    def __init__(self) -> None:
        self._changed, self._oldest, self._newest, self._recorded = (array("q") for _ in range(4))

    def changes(self, first: int, last: int) -> list[int]:
        """The instants (microseconds) of changes from ``first`` up to before ``last``."""
        return list(self._changed[bisect_left(self._changed, first) : bisect_left(self._changed, last)])

    @classmethod
    def of(cls, begun: I64, ended: I64, oldest: I64, newest: I64) -> Times:
        """From versions, by ``begun``: known from ``begun`` until ``ended`` (microseconds), true between the others."""
        times = cls()
        if not len(begun):
            return times
        if not (ended != STILL).any():
            changed, first = np.unique(begun, return_index=True)
            times._changed = array("q", changed.tobytes())
            times._recorded = array("q", changed.tobytes())
            times._oldest = array("q", np.minimum.accumulate(np.minimum.reduceat(oldest, first)).tobytes())
            times._newest = array("q", np.maximum.accumulate(np.maximum.reduceat(newest, first)).tobytes())
            return times
        early: list[tuple[int, int]] = []  # (oldest, ended): the earliest on top
        late: list[tuple[int, int]] = []  # (-newest, ended): the latest on top
        versions = list(zip(begun.tolist(), ended.tolist(), oldest.tolist(), newest.tolist(), strict=True))
        position, recorded = 0, NOTHING
        for at in np.unique(np.concatenate([begun, ended[ended != STILL]])).tolist():
            while position < len(versions) and versions[position][0] <= at:
                recorded, end, first_true, last_true = versions[position]
                heapq.heappush(early, (first_true, end))
                heapq.heappush(late, (-last_true, end))
                position += 1
            for heap in (early, late):
                while heap and heap[0][1] <= at:
                    heapq.heappop(heap)
            times.append(at, Span(early[0][0], -late[0][0]) if early else EMPTY, recorded)
        return times

    @classmethod
    def joined(cls, several: Iterable[Times]) -> Times:
        """The changes of several together; only ``epoch`` has a meaning."""
        times = cls()
        changed = [np.frombuffer(one._changed, np.int64) for one in several]
        if changed:
            times._changed = array("q", np.unique(np.concatenate(changed)).tobytes())
        return times

    def append(self, changed: int, span: Span, recorded: int) -> None:
        """A change, after which the records lie in ``span`` and the last was recorded at ``recorded``."""
        self._oldest.append(span.oldest)
        self._newest.append(span.newest)
        self._recorded.append(recorded)
        self._changed.append(changed)  # last: whoever finds it finds the others

    @property
    def last(self) -> int:
        """The newest change; NOTHING when there is none."""
        return self._changed[-1] if self._changed else NOTHING

    @property
    def span(self) -> Span:
        """Where the records lie now; EMPTY when there are none."""
        return Span(self._oldest[-1], self._newest[-1]) if self._oldest else EMPTY

    @property
    def recorded(self) -> int:
        """When one was last recorded; NOTHING when none was."""
        return self._recorded[-1] if self._recorded else NOTHING

    def epoch(self, at: int) -> int:
        """The last change up to ``at``; 0 when there was none."""
        position = bisect_right(self._changed, at)
        return self._changed[position - 1] if position else 0

    def known(self, at: int) -> tuple[int, int, int] | None:
        """What the oldest and newest record known at ``at`` say, and when one was last recorded; None without one."""
        position = bisect_right(self._changed, at) - 1
        if position < 0 or self._newest[position] == NOTHING:
            return None
        return self._oldest[position], self._newest[position], self._recorded[position]

    def pulse(self, at: int) -> Pulse | None:
        """How alive it was as known at ``at``; None when no record was known, or none any more."""
        known = self.known(at)
        return None if known is None else Pulse(_instant(self._changed[0]), *map(_instant, known))


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _instant(us: int) -> datetime:
    return _EPOCH + timedelta(0, 0, us)

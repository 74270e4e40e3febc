"""How homes were at the last few instants that pages ask about, without living through their days again.

Before a home changes for the first time after such an instant, what was known of it then is put by.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import Generic, Protocol, TypeVar

from twin_model.placed import Placed
from twin_model.states import States

F = TypeVar("F")
S_co = TypeVar("S_co", covariant=True)
KEPT = 32
"""Instants kept; screens that look at now ask about the newest one, a slow answer about one some seconds old."""


class Marks(Generic[F]):
    """The instants (microseconds) and what was put by for each. ``F``: what is known of a home."""

    def __init__(self) -> None:
        self._put_by: OrderedDict[int, dict[str, F | None]] = OrderedDict()

    def __contains__(self, instant: int) -> bool:
        return instant in self._put_by

    def set(self, instant: int) -> None:
        """Everything known now is what is known at ``instant``, which lies after the other marks."""
        self._put_by.setdefault(instant, {})
        while len(self._put_by) > KEPT:
            self._put_by.popitem(last=False)

    def before_change(self, home_id: str, known: Callable[[str], F | None]) -> None:
        """Call it before anything of a home changes."""
        if self._put_by:
            newest = self._put_by[next(reversed(self._put_by))]
            if home_id not in newest:
                newest[home_id] = known(home_id)

    def known(self, instant: int, home_id: str, now: Callable[[str], F | None]) -> F | None:
        """What was known of a home at a mark; ``now`` gives what is known now."""
        for mark, put_by in self._put_by.items():
            if mark >= instant and home_id in put_by:
                return put_by[home_id]
        return now(home_id)

    def clear(self) -> None:
        """Forget all marks."""
        self._put_by.clear()


class Sees(Protocol[S_co]):
    """What tells how well homes are watched."""

    def sight(self, placed: Placed, states: States, instant: int, *, homes: Collection[str] | None = None) -> S_co: ...


class Recent(Generic[F, S_co]):
    """The rhythms as known at a mark."""

    def __init__(self, facts: Callable[[str], F | None], sees: Sees[S_co]) -> None:
        self.facts = facts
        self.sight = sees.sight

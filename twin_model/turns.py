"""A lock that is handed on in turns: whoever lets go of it and wants it again stands behind whoever waits.

Python's own locks let the thread that just released them take them again before the one that waits has woken up.
Forty kinds of records written one after the other kept a call for help waiting for all of them so; now it waits for
the one under way. See docs/decisions/0038.
"""

from __future__ import annotations

from threading import Lock, get_ident
from types import TracebackType


class Turns:
    """Re-entrant, as a context manager. Two locks: one is held, the other is the place in front of it."""

    def __init__(self) -> None:
        self._held = Lock()
        self._next = Lock()
        self._owner = 0
        self._depth = 0

    @property
    def is_waited_for(self) -> bool:
        """Whether somebody stands in front of it."""
        return self._next.locked()

    def __enter__(self) -> None:
        if self._owner != get_ident():
            with self._next:
                self._held.acquire()
            self._owner = get_ident()
        self._depth += 1

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._depth -= 1
        if not self._depth:
            self._owner = 0
            self._held.release()

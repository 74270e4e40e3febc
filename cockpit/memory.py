"""The process's own memory: few heaps, what was freed goes back to the system, and few pauses to look for garbage.

DuckDB's, Arrow's and Python's larger pieces all come from glibc, from many threads. glibc keeps what is freed between
two pieces that live on; a server that answers all day keeps more of it every hour. See docs/decisions/0018.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import threading
from collections.abc import Callable

HEAPS = 2
GIVE_BACK_SECONDS = 30.0
YOUNG_OBJECTS = 10_000
"""New objects after which Python looks for garbage among them; with its own 700 it looked a hundred times a second."""
_ARENA_MAX = -8  # M_ARENA_MAX of malloc.h


def _libc(name: str) -> Callable[..., int] | None:
    """A function of glibc; None where there is another allocator."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None


def prepare() -> None:
    """Two heaps for all threads, and Arrow on them; before pyarrow is imported. No looking for garbage until `settled`.

    glibc gives every thread a heap of its own, and Arrow's own allocator (mimalloc) one beside it: in 35 threads each
    of the two kept about a hundred megabytes of which a hundredth was in use.
    """
    gc.disable()
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    if (mallopt := _libc("mallopt")) is not None:
        mallopt(_ARENA_MAX, HEAPS)


def look_seldom() -> None:
    """Look for garbage after more new objects: making one report, a command spent a tenth of its time on that."""
    gc.set_threshold(YOUNG_OBJECTS)


def settled() -> None:
    """What lives now lives as long as the program: it is not looked through for garbage again.

    To look through all objects of a server that has started takes 0.2 s, in which no thread does anything.
    """
    gc.collect()
    gc.freeze()
    gc.enable()


def give_back() -> None:
    """Return what is free to the system: a few milliseconds; nothing where the allocator is not glibc's."""
    if (trim := _libc("malloc_trim")) is not None:
        trim(0)


class Thrift:
    """A thread that gives back what is free, every now and then. Start it, stop it."""

    def __init__(self, seconds: float = GIVE_BACK_SECONDS) -> None:
        self._seconds = seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="thrift", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; a second call does nothing."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._seconds):
            give_back()

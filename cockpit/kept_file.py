"""A file of the data folder that others may change beside us: private, whole or not at all, read again when changed."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class KeptFile(Generic[T]):
    """What a file holds. ``read`` and ``text`` make a value of it and back; without a path it lives in memory only."""

    def __init__(self, path: Path | None, *, read: Callable[[Path], T], text: Callable[[T], str], empty: T) -> None:
        self.path = path
        self._read, self._text = read, text
        self._empty = self._known = empty
        self._seen: tuple[int, ...] = ()
        self._lock = Lock()

    def now(self) -> T:
        """What it holds; a look at the file's date where nothing changed."""
        if self.path is None:
            return self._known
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            return self._empty
        seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        with self._lock:
            if seen != self._seen:
                self._known, self._seen = self._read(self.path), seen
            return self._known

    def change(self, change: Callable[[T], T]) -> None:
        """Let ``change`` make another value of what is there; nobody else writes meanwhile, also no other process."""
        if self.path is None:
            with self._lock:
                self._known = change(self._known)
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with exclusive(self.path.with_suffix(".lock")):
            known = change(self._read(self.path) if self.path.exists() else self._empty)
            write_private(self.path, self._text(known))


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read; readers see the old or the new text, never half, also after a power
    cut: the new one is on the disk before it takes the old one's place."""
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(path)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Alone with the file this one stands for, among all processes of the machine."""
    with open(path, "w", encoding="utf-8") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield

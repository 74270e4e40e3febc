"""Answers computed once for all screens: the only module that imports flask_caching.

Every key ends in (revision, instant), so nothing has to be thrown away by hand: a new revision is a new key
and old answers leave the bounded cache, oldest first. Fifty screens that ask the same thing at the same
moment cost one query: the first computes, the others wait for its answer.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any, TypeVar

from flask import Flask
from flask_caching import Cache

T = TypeVar("T")

KEPT_ANSWERS = 2_000
KEPT_BYTES = 64_000_000


@dataclass
class CacheCounts:
    """How questions were answered since the start, and what is kept now."""

    hits: int = 0
    misses: int = 0
    shared: int = 0
    answers: int = 0
    kept_bytes: int = 0


class Answers:
    """A bounded cache of answers with one computation per key at a time; safe for many threads."""

    def __init__(self, kept_answers: int = KEPT_ANSWERS, kept_bytes: int = KEPT_BYTES) -> None:
        # flask_caching wants a Flask host and the pages run on FastAPI: a bare one serves only as its config.
        # The bounds are kept here, in bytes too: the cache itself only counts answers, and one can be large.
        self._cache = Cache(
            Flask("answers"),
            config={"CACHE_TYPE": "SimpleCache", "CACHE_THRESHOLD": 2 * kept_answers, "CACHE_DEFAULT_TIMEOUT": 0},
        )
        self._bounds = (kept_answers, kept_bytes)
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._pending: dict[str, Future[Any]] = {}
        self._lock = Lock()
        self.counts = CacheCounts()

    def ask(self, name: str, fn: Callable[[], T], *, revision: int, instant: datetime | None, **args: Any) -> T:
        """``fn()`` computed at most once per (name, args, revision, instant).

        ``args`` are only the key and must have a value-like repr. What ``fn`` raises reaches everybody who
        waits for it and is not kept. An answer from the cache is a copy: changing it changes nobody else's.
        """
        key = _key(name, args, revision, instant)
        with self._lock:
            blob = self._cache.get(key)
            running = self._pending.get(key)
            if blob is not None:
                self.counts.hits += 1
            elif running is not None:
                self.counts.shared += 1
            else:
                mine: Future[T] = Future()
                self._pending[key] = mine
                self.counts.misses += 1
        if blob is not None:
            kept: T = pickle.loads(blob)  # our own bytes, from this process's memory
            return kept
        if running is not None:
            shared: T = running.result()
            return shared
        try:
            value = fn()
            self._keep(key, pickle.dumps(value, pickle.HIGHEST_PROTOCOL))
        except BaseException as error:
            mine.set_exception(error)
            raise
        else:
            mine.set_result(value)
            return value
        finally:
            with self._lock:
                self._pending.pop(key, None)

    def _keep(self, key: str, blob: bytes) -> None:
        most, most_bytes = self._bounds
        with self._lock:
            self._cache.set(key, blob)
            self._sizes[key] = len(blob)
            self.counts.kept_bytes += len(blob)
            while len(self._sizes) > most or (self.counts.kept_bytes > most_bytes and len(self._sizes) > 1):
                oldest, size = self._sizes.popitem(last=False)
                self._cache.delete(oldest)
                self.counts.kept_bytes -= size
            self.counts.answers = len(self._sizes)


def _key(name: str, args: dict[str, Any], revision: int, instant: datetime | None) -> str:
    said = ",".join(f"{k}={args[k]!r}" for k in sorted(args))
    return f"{name}({said})@{revision},{instant.isoformat() if instant else 'now'}"

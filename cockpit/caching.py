"""Answers computed once for all screens: the only module that imports flask_caching.

Every key ends in (revision, instant), so no answer can be wrong: a new revision is a new key. It begins with the part
of the neighbourhood that may be seen and, where the answer depended on them, with the further rights of whoever asked:
an answer never reaches somebody with other rights (see `twin_model.rights`). Of answers about now
two are kept, because the next is made while the last is still asked for; what was known at past instants leaves
the bounded cache oldest first. Fifty screens that ask the same thing at the same moment cost one query: the first
computes, the others wait for its answer.
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

from twin_model.rights import Rights, asked, current, reading

T = TypeVar("T")

KEPT_ANSWERS = 2_000
KEPT_BYTES = 32_000_000
PAST = -1
"""The revision of answers about past instants: what was known then changes with no revision."""


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
        self._kept: OrderedDict[str, tuple[int, str | None]] = OrderedDict()  # size; the question, of one about now
        self._newest: dict[str, tuple[str, ...]] = {}  # the last two keys of each question about now
        self._pending: dict[str, Future[Any]] = {}
        self._lock = Lock()
        self.counts = CacheCounts()

    def ask(self, name: str, fn: Callable[[], T], *, revision: int, instant: datetime | None, **args: Any) -> T:
        """``fn()`` computed at most once per (name, args, revision, instant).

        ``args`` are only the key and must have a value-like repr. What ``fn`` raises reaches everybody who
        waits for it and is not kept. An answer from the cache is a copy: changing it changes nobody else's.
        """
        rights = current()
        shared, own = _questions(name, args, rights)
        end = f"@{revision},{instant.isoformat() if instant else 'now'}"
        key = own + end
        with self._lock:
            blob = self._cache.get(shared + end) or self._cache.get(key)
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
            asked()  # an answer made of this one may depend on the rights too
            kept: T = pickle.loads(blob)  # our own bytes, from this process's memory
            return kept
        if running is not None:
            asked()
            told: T = running.result()
            return told
        try:
            with reading(rights) as block:
                value = fn()
            blob = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
            question = own if block.touched else shared
            self._keep(question + end, blob, None if revision == PAST else question)
        except BaseException as error:
            mine.set_exception(error)
            raise
        else:
            mine.set_result(value)
            return value
        finally:
            with self._lock:
                self._pending.pop(key, None)

    def _keep(self, key: str, blob: bytes, question: str | None) -> None:
        most, most_bytes = self._bounds
        with self._lock:
            if key in self._kept:
                self._drop(key)
            if question is not None:
                for old in self._newest.get(question, ())[:-1]:
                    self._drop(old)
                self._newest[question] = (*self._newest.get(question, ()), key)
            self._cache.set(key, blob)
            self._kept[key] = len(blob), question
            self.counts.kept_bytes += len(blob)
            while len(self._kept) > most or (self.counts.kept_bytes > most_bytes and len(self._kept) > 1):
                self._drop(next(iter(self._kept)))
            self.counts.answers = len(self._kept)

    def _drop(self, key: str) -> None:
        size, question = self._kept.pop(key)
        self._cache.delete(key)
        self.counts.kept_bytes -= size
        if question is not None:
            self._newest[question] = tuple(one for one in self._newest[question] if one != key)
            if not self._newest[question]:
                del self._newest[question]


def _questions(name: str, args: dict[str, Any], rights: Rights) -> tuple[str, str]:
    """A question as all ask it who see the same part of the neighbourhood, and as those with the same rights do."""
    said = ",".join(f"{k}={args[k]!r}" for k in sorted(args))
    limits = (rights.communities, rights.estates, rights.grids, rights.divisions)
    where = "" if rights.scope.is_everywhere else repr([None if one is None else sorted(one) for one in limits])
    flags = "".join("-+"[one] for one in (rights.persons, rights.homes, rights.children))
    return f"{where}{name}({said})", f"{flags}{where}{name}({said})"

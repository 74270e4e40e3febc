"""What whoever asks may read. The twin itself keeps to it, so that no page or endpoint can forget.

``with reading(rights): …`` says for whom the questions of a block are asked; it is a context variable, so it goes with
a request into the threads that answer it. The program's own threads (ingest, care, reports by the clock) say nothing
and read everything. A thread that answers requests declares itself (``answers_requests``): there, where nobody has
said for whom, nothing about persons, homes or any community can be read. See docs/decisions/0021.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, lru_cache, wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class NotAllowed(Exception):
    """A read the rights do not reach. ``reason`` in both languages; nothing was read."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} · {en}")
        self.reason = {"zh": zh, "en": en}


@dataclass(frozen=True)
class Scope:
    """Which part of the neighbourhood; None: all of them. Every limit that is set counts.

    ``divisions``: the communities in these administrative divisions (city, districts, subdistricts).
    """

    communities: frozenset[str] | None = None
    estates: frozenset[str] | None = None
    grids: frozenset[str] | None = None
    divisions: frozenset[str] | None = None

    @property
    def is_everywhere(self) -> bool:
        """True where nothing is left out."""
        return not self.limits_communities and self.estates is None and self.grids is None

    @property
    def limits_communities(self) -> bool:
        """True where whole communities are left out."""
        return self.communities is not None or self.divisions is not None

    @property
    def digest(self) -> str:
        """The same for the same part, in every process."""
        every = (self.communities, self.estates, self.grids, self.divisions)
        limits = [None if one is None else sorted(one) for one in every]
        return hashlib.blake2b(repr(limits).encode(), digest_size=6).hexdigest()


EVERYWHERE = Scope()


@dataclass(frozen=True)
class Rights:
    """``persons``: names, numbers, notes. ``homes``: which home, and its daily life; without it answers end at the
    building. ``children``: how many in one home. ``few``: counts of people small enough to be somebody; without it
    they are kept back, as for everybody in the street.
    """

    persons: bool = False
    homes: bool = False
    children: bool = False
    communities: frozenset[str] | None = None
    estates: frozenset[str] | None = None
    grids: frozenset[str] | None = None
    divisions: frozenset[str] | None = None
    few: bool = False

    @property
    def scope(self) -> Scope:
        """The part of the neighbourhood."""
        return Scope(self.communities, self.estates, self.grids, self.divisions)

    @property
    def whole(self) -> bool:
        """True when nothing is kept back."""
        return self.persons and self.homes and self.children and self.scope.is_everywhere

    def of(self, scope: Scope) -> Rights:
        """The same rights in a part of the neighbourhood."""
        limits = scope.communities, scope.estates, scope.grids, scope.divisions
        return Rights(self.persons, self.homes, self.children, *limits, few=self.few)


PROGRAM = Rights(persons=True, homes=True, children=True, few=True)
"""Everything: what the program's own threads have."""
NOBODY = Rights(communities=frozenset(), estates=frozenset(), grids=frozenset())
"""Nothing: what a request has before it is known whom it speaks for."""


class Reading:
    """A block that reads with some rights. ``touched``: its answer may be another one for other rights."""

    __slots__ = ("rights", "touched")

    def __init__(self, rights: Rights) -> None:
        self.rights = rights
        self.touched = False


_READING: ContextVar[Reading | None] = ContextVar("reading", default=None)
_thread = threading.local()


def answers_requests(answers: bool = True) -> None:
    """This thread answers requests: without a word for whom, it reads as nobody."""
    _thread.answers = answers


def current() -> Rights:
    """The rights in force."""
    found = _READING.get()
    if found is not None:
        return found.rights
    return NOBODY if getattr(_thread, "answers", False) else PROGRAM


def asked() -> Rights:
    """As ``current``, for a decision that depends on more than the part of the neighbourhood; remembered as such."""
    found = _READING.get()
    if found is not None:
        found.touched = True
        return found.rights
    return current()


@contextmanager
def reading(rights: Rights) -> Iterator[Reading]:
    """Read with these rights until the end of the block."""
    inner = Reading(rights)
    before = _READING.get()
    token = _READING.set(inner)
    try:
        yield inner
    finally:
        _READING.reset(token)
        if before is not None and inner.touched:
            before.touched = True


@contextmanager
def program() -> Iterator[None]:
    """Work something out with all there is; only the twin does this, for what it then counts, filters or shares."""
    token = _READING.set(_AS_PROGRAM)
    try:
        yield
    finally:
        _READING.reset(token)


_AS_PROGRAM = Reading(PROGRAM)


def worked_out(function: Callable[P, T]) -> Callable[P, T]:
    """A question whose answer holds counts, or is filtered by whoever asked it: worked out with all there is."""

    @wraps(function)
    def outer(*args: P.args, **kwargs: P.kwargs) -> T:
        if _READING.get() is None and not getattr(_thread, "answers", False):
            return function(*args, **kwargs)
        with program():
            return function(*args, **kwargs)

    return outer


def need_persons() -> None:
    """Raise ``NotAllowed`` unless names and numbers may be read."""
    if not asked().persons:
        raise NotAllowed(
            "当前身份不能读取姓名、电话与健康信息", "this session may not read names, telephone numbers or health notes"
        )


def need_homes() -> None:
    """Raise ``NotAllowed`` unless one home's daily life may be read."""
    if not asked().homes:
        raise NotAllowed("当前身份不能查看单户的日常", "this session may not look at one home's daily life")


# --- the fence around the store: what gets past every gate is stopped here -------------------------------------

_PERSONS = re.compile(r"\b(?:from|join)\s+(?:resident|contact)(?:_at\s*\(|\b)", re.IGNORECASE)
_HOMES = re.compile(r"\b(?:from|join)\s+(?:visit|absence|home_life|rhythm_day)(?:_at\s*\(|\b)", re.IGNORECASE)


@cache
def _guarded(sql: str) -> tuple[bool, bool]:
    return bool(_PERSONS.search(sql)), bool(_HOMES.search(sql))


def fence(sql: str) -> None:
    """Raise ``NotAllowed`` for a SELECT that reads tables of persons or of life at home without the right."""
    found = _READING.get()
    rights = current() if found is None else found.rights
    if rights is PROGRAM:
        return
    persons, homes = _guarded(sql)
    if persons:
        need_persons()
    if homes:
        need_homes()


ALIAS = "~"
_SALT = secrets.token_bytes(16)


@lru_cache(maxsize=65_536)
def alias(code: str) -> str:
    """A code in place of another that may not be read: the same one each time, so that counts stay right."""
    return ALIAS + hashlib.blake2b(code.encode(), key=_SALT, digest_size=6).hexdigest()


def unaliased(code: str | None) -> str | None:
    """A code as it is told outside; None in place of an alias, which means something inside this process only."""
    return None if code is None or code.startswith(ALIAS) else code

"""For what somebody opens a home's names, numbers and notes: asked once, good for a few minutes, written down.

Whoever works an open incident of the home is not asked: the incident is the purpose. The list is in `purposes.toml`.
"""

from __future__ import annotations

import tomllib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock

from cockpit.tokens import Grant

FILE = Path(__file__).parent / "purposes.toml"
MOST = 4_096
LONGEST = 200


class PurposeRefused(Exception):
    """A purpose that is not in the list, or lacks its words. ``reason`` in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} · {en}")
        self.reason = {"zh": zh, "en": en}


@dataclass(frozen=True)
class Purpose:
    """One of the list. ``words``: something must be said beside it."""

    name: str
    title: Mapping[str, str]
    words: bool = False


class Purposes:
    """Which homes are open to whom. In memory: after a restart it is asked again."""

    def __init__(self, now: Callable[[], datetime], path: Path = FILE) -> None:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
        self.known = {one["name"]: Purpose(**one) for one in said["purpose"]}
        self._life, self._now = timedelta(minutes=said["minutes"]), now
        self._lock = Lock()
        self._open: OrderedDict[tuple[str, str], tuple[str, datetime]] = OrderedDict()

    def listed(self) -> list[tuple[str, str, str]]:
        """Name, Chinese, English."""
        return [(one.name, one.title["zh"], one.title["en"]) for one in self.known.values()]

    def open(self, grant: Grant, home_id: str, name: str, words: str = "") -> str:
        """From now on, for a few minutes; returns how it is written down. Raises ``PurposeRefused``."""
        purpose, words = self.known.get(name), " ".join(words.split())[:LONGEST]
        if purpose is None:
            known = ", ".join(self.known)
            raise PurposeRefused(f"没有用途 {name!r}；有：{known}", f"there is no purpose {name!r}; there are {known}")
        if purpose.words and len(words) < 2:
            raise PurposeRefused("请说明具体用途", "please say what it is for")
        said = f"{name}: {words}" if words else name
        with self._lock:
            self._open[grant.grant_id, home_id] = said, self._now() + self._life
            while len(self._open) > MOST:
                self._open.popitem(last=False)
        return said

    def of(self, grant: Grant, home_id: str) -> str:
        """For what this home is open to whoever asks; "" when it is not."""
        said, until = self._open.get((grant.grant_id, home_id), ("", self._now()))
        return said if until > self._now() else ""

"""The managed list of wall screens: which are paired with which wall, and how each one is.

A screen's token is kept as the SHA-256 of 256 random bits, in ``screens.json`` of the data folder; the file is read
again when it changes, so that unpairing from the command line works at once. A token opens the screen's own wall and
nothing else (see ``cockpit.walls``). Codes and health live in memory: a restart asks for a new code, and every screen
reports within a minute.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

from cockpit.kept_file import KeptFile
from cockpit.tokens import Grant, Role

FILE_NAME = "screens.json"
COOKIE = "cim_screen"
COOKIE_SECONDS = 400 * 24 * 3600  # the longest a browser keeps one; renewed whenever the screen opens its page
CODE_LIFE = timedelta(minutes=10)
CODE_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # nothing that is read as something else across a room
CODE_LENGTH = 6
MOST_CODES = 200
CODES_OF_ONE = 12  # per address within CODE_LIFE
TRIES_OF_ONE = 10  # wrong codes per administrator within CODE_LIFE
SILENT = timedelta(minutes=3)
"""A screen that reported every minute and has not for so long is silent."""
NAME = re.compile(r"[\w一-鿿][\w一-鿿 .·-]{0,39}")


class ScreenProblem(Exception):
    """Something asked of the list of screens cannot be done. ``status``: what HTTP calls it."""

    def __init__(self, status: int, code: str, zh: str, en: str) -> None:
        super().__init__(f"{zh} · {en}")
        self.status, self.code, self.zh, self.en = status, code, zh, en


@dataclass(frozen=True)
class Screen:
    """A paired screen. ``role``: as whom its wall is answered; ``wall``: the declared wall it shows."""

    screen_id: str
    name: str
    wall: str
    role: str
    sha256: str
    paired_at: str
    paired_by: str

    @property
    def grant(self) -> Grant:
        """Whom its requests speak for."""
        return Grant(Role(self.role), self.name, self.sha256[:16], screen=self.screen_id)


class Screens:
    """The paired screens of one data folder (None: of this process only)."""

    def __init__(self, folder: Path | None) -> None:
        path = folder / FILE_NAME if folder else None
        self._file: KeptFile[tuple[Screen, ...]] = KeptFile(path, read=_read, text=_text, empty=())

    def all(self) -> tuple[Screen, ...]:
        """In the order in which they were paired."""
        return self._file.now()

    def find(self, token: str) -> Screen | None:
        """The screen that holds this token."""
        digest = _digest(token)
        return next((s for s in self.all() if secrets.compare_digest(s.sha256, digest)), None)

    def named(self, name: str) -> Screen | None:
        """By its name or id."""
        return next((s for s in self.all() if name in (s.name, s.screen_id)), None)

    def add(self, name: str, wall: str, role: Role, *, by: str, at: datetime) -> tuple[Screen, str]:
        """A newly paired screen and its token, which cannot be shown again."""
        token = "cims_" + secrets.token_urlsafe(32)
        screen = Screen(
            screen_id="s" + secrets.token_hex(4), name=_clean(name), wall=wall, role=role.value, sha256=_digest(token),
            paired_at=at.isoformat(timespec="seconds"), paired_by=by,
        )  # fmt: skip

        def change(known: tuple[Screen, ...]) -> tuple[Screen, ...]:
            _free(known, screen.name)
            return (*known, screen)

        self._file.change(change)
        return screen, token

    def rename(self, key: str, name: str) -> Screen:
        """Another name; the wall goes on without noticing."""
        name = _clean(name)

        def change(known: tuple[Screen, ...]) -> tuple[Screen, ...]:
            mine = _one(known, key)
            _free(tuple(s for s in known if s is not mine), name)
            return tuple(replace(s, name=name) if s is mine else s for s in known)

        self._file.change(change)
        return _one(self.all(), name)

    def show(self, key: str, wall: str) -> Screen:
        """Another wall of the same audience; the screen changes over by itself."""
        mine = _one(self.all(), key)
        self._file.change(lambda known: tuple(
            replace(s, wall=wall) if s.screen_id == mine.screen_id else s for s in known
        ))  # fmt: skip
        return _one(self.all(), mine.screen_id)

    def unpair(self, key: str) -> Screen:
        """Its token is worth nothing from now on."""
        mine = _one(self.all(), key)
        self._file.change(lambda known: tuple(s for s in known if s.screen_id != mine.screen_id))
        return mine


@dataclass
class _Pending:
    code: str
    secret: str
    address: str
    until: datetime
    token: str | None = None


@dataclass
class Pairing:
    """Codes that screens show and administrators type: short, once, for ten minutes, and only so many."""

    _waiting: dict[str, _Pending] = field(default_factory=dict)  # by the secret the screen keeps
    _tries: dict[str, deque[datetime]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def begin(self, address: str, at: datetime) -> tuple[str, str, datetime]:
        """A code for the screen at ``address``, the secret it asks again with, and until when both are good."""
        with self._lock:
            self._forget(at)
            mine = [p for p in self._waiting.values() if p.address == address]
            if len(self._waiting) >= MOST_CODES or len(mine) >= CODES_OF_ONE:
                raise ScreenProblem(
                    429, "too_many", "等待配对的屏幕太多，请 10 分钟后再试",
                    "too many screens wait to be paired; try again in ten minutes",
                )  # fmt: skip
            code = _code()
            while any(p.code == code for p in self._waiting.values()):
                code = _code()
            pending = _Pending(code, secrets.token_urlsafe(24), address, at + CODE_LIFE)
            self._waiting[pending.secret] = pending
            return code, pending.secret, pending.until

    def claim(self, code: str, by: str, at: datetime, pair: Callable[[], tuple[Screen, str]]) -> Screen:
        """The screen that shows ``code`` becomes what ``pair`` makes of it; a code works once."""
        wanted = re.sub(r"[\s-]", "", code).upper()
        with self._lock:
            self._forget(at)
            tried = self._tries.setdefault(by, deque())
            if len(tried) >= TRIES_OF_ONE:
                raise ScreenProblem(
                    429, "too_many_tries", "错误的配对码太多，请 10 分钟后再试",
                    "too many wrong codes; try again in ten minutes",
                )  # fmt: skip
            found = next((p for p in self._waiting.values() if p.code == wanted and p.token is None), None)
            if found is None:
                tried.append(at)
                raise ScreenProblem(
                    404, "no_such_code",
                    f"没有屏幕在显示配对码 {wanted[:12]}：码 10 分钟后失效、只能用一次，请看屏幕上现在的码",
                    f"no screen shows the code {wanted[:12]}: a code ends after ten minutes and works once; "
                    "read the one the screen shows now",
                )  # fmt: skip
            screen, found.token = pair()
            return screen

    def collect(self, secret: str, at: datetime) -> tuple[str, str | None]:
        """``("waiting", None)``, ``("paired", token)`` once, or ``("over", None)``."""
        with self._lock:
            self._forget(at)
            found = self._waiting.get(secret)
            if found is None:
                return "over", None
            if found.token is None:
                return "waiting", None
            del self._waiting[secret]
            return "paired", found.token

    def _forget(self, at: datetime) -> None:
        for secret in [key for key, p in self._waiting.items() if p.until <= at]:
            del self._waiting[secret]
        for by, tried in list(self._tries.items()):
            while tried and tried[0] <= at - CODE_LIFE:
                tried.popleft()
            if not tried:
                del self._tries[by]


@dataclass
class Health:
    """What screens said of themselves last."""

    _said: dict[str, dict[str, Any]] = field(default_factory=dict)

    def note(self, screen_id: str, said: dict[str, Any], at: datetime) -> None:
        """A report; only the newest is kept."""
        self._said[screen_id] = {**said, "seen_at": at}

    def of(self, screen_id: str) -> dict[str, Any]:
        """The newest report, {} before the first."""
        return self._said.get(screen_id, {})

    def is_silent(self, screen: Screen, at: datetime, since: datetime) -> bool:
        """Whether nothing was heard of it for too long; ``since``: when this server began to listen."""
        paired = datetime.fromisoformat(screen.paired_at)
        last = self.of(screen.screen_id).get("seen_at") or max(paired, since)
        return bool(at - last > SILENT)


def _code() -> str:
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))


def _clean(name: str) -> str:
    name = " ".join(name.split())
    if not NAME.fullmatch(name):
        raise ScreenProblem(
            422, "name", f"屏幕名称 {name[:40]!r} 不能用：1 到 40 个字、字母、数字、空格或 -",
            f"{name[:40]!r} cannot be a screen's name: write 1 to 40 letters, digits, spaces or -",
        )  # fmt: skip
    return name


def _free(known: tuple[Screen, ...], name: str) -> None:
    if any(s.name == name for s in known):
        raise ScreenProblem(
            409, "name_taken", f"已有名为“{name}”的屏幕，请换一个名称",
            f"there is a screen named {name!r}; choose another",
        )


def _one(known: tuple[Screen, ...], key: str) -> Screen:
    found = next((s for s in known if key in (s.screen_id, s.name)), None)
    if found is None:
        names = ", ".join(s.name for s in known) or "—"
        raise ScreenProblem(
            404, "not_found", f"没有屏幕 {key}；已有：{names}", f"there is no screen {key!r}; known: {names}"
        )
    return found


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _text(known: tuple[Screen, ...]) -> str:
    return json.dumps([asdict(s) for s in known], ensure_ascii=False, indent=1)


def _read(path: Path) -> tuple[Screen, ...]:
    try:
        found = tuple(Screen(**entry) for entry in json.loads(path.read_text(encoding="utf-8")))
        for screen in found:
            Role(screen.role)
        return found
    except (ValueError, TypeError) as error:
        raise ScreenProblem(
            500, "file", f"{path} 不是屏幕清单，请移走后重新配对",
            f"{path} is no list of screens ({error}); move it away and pair the screens again",
        ) from error  # fmt: skip

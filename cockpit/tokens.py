"""Who may ask: roles, and the tokens that carry them.

Tokens are kept as SHA-256 of 256 random bits, so the file does not help a thief. The file is read again
when it changes: a token made by ``run.py token create`` works at once on a server that is running.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from threading import Lock

FILE_NAME = "tokens.json"


class Role(StrEnum):
    """What a caller is here for."""

    PUBLIC_SCREEN = "public-screen"
    RESIDENT_SERVICE = "resident-service"
    GRID_WORKER = "grid-worker"
    DUTY_OFFICER = "duty-officer"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


class TokenFileError(Exception):
    """The token file cannot be read; the text says what to do."""


@dataclass(frozen=True)
class Grant:
    """Whom a request speaks for. ``grant_id`` names the token without giving it away."""

    role: Role
    name: str
    grant_id: str
    is_control: bool = False  # the program's own commands on this machine: may name files on its disk

    @property
    def public_only(self) -> bool:
        """True for a screen that strangers look at."""
        return self.role is Role.PUBLIC_SCREEN

    @property
    def may_write(self) -> bool:
        """True for whoever may import and adopt."""
        return self.role is Role.ADMINISTRATOR

    @property
    def may_act(self) -> bool:
        """True for whoever works incidents and visits homes; only they are told names and telephone numbers."""
        return self.role in (Role.GRID_WORKER, Role.DUTY_OFFICER, Role.ADMINISTRATOR)

    @property
    def may_decide(self) -> bool:
        """True for whoever may change thresholds and run drills."""
        return self.role in (Role.DUTY_OFFICER, Role.ADMINISTRATOR)

    @property
    def sees_a_home(self) -> bool:
        """True for whoever may look at one home's daily life: those who act there, and who checks them."""
        return self.may_act or self.role is Role.AUDITOR

    @property
    def reads_audit(self) -> bool:
        """True for whoever may read the audit trail: only the auditor."""
        return self.role is Role.AUDITOR


@dataclass(frozen=True)
class _Stored:
    sha256: str
    role: str
    name: str
    created_at: str


class Tokens:
    """The tokens of one data folder, plus those that live only as long as this process (demo, control)."""

    def __init__(self, folder: Path | None) -> None:
        self._path = folder / FILE_NAME if folder else None
        self._lock = Lock()
        self._passing: dict[str, Grant] = {}
        self._stored: dict[str, Grant] = {}
        self._seen: tuple[int, ...] = ()

    def create(self, role: Role, name: str, at: datetime) -> str:
        """Make, store and return a new token; it cannot be shown again."""
        if self._path is None:
            raise TokenFileError("there is no data folder to keep a token in")
        token = _new()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with _exclusive(self._path.with_suffix(".lock")):
            entries = _read(self._path)
            entries.append(_Stored(_digest(token), role.value, name, at.isoformat()))
            text = json.dumps([asdict(e) for e in entries], ensure_ascii=False, indent=1)
            write_private(self._path, text)
        return token

    def lend(self, role: Role, name: str, *, is_control: bool = False) -> str:
        """A token that is never stored and ends with this process."""
        token = _new()
        digest = _digest(token)
        self._passing[digest] = Grant(role, name, digest[:16], is_control)
        return token

    def find(self, token: str) -> Grant | None:
        """The grant of a token, or None."""
        digest = _digest(token)
        return self._passing.get(digest) or self._current().get(digest)

    def grant(self, grant_id: str) -> Grant | None:
        """The grant with this id while its token exists; a session ends with the token that opened it."""
        known = (*self._passing.values(), *self._current().values())
        return next((g for g in known if g.grant_id == grant_id), None)

    def _current(self) -> dict[str, Grant]:
        if self._path is None:
            return {}
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return {}
        seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        with self._lock:
            if seen != self._seen:
                self._stored = {
                    e.sha256: Grant(Role(e.role), e.name, e.sha256[:16]) for e in _read(self._path)
                }
                self._seen = seen
            return self._stored


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read; readers see the old or the new text, never half."""
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    beside.replace(path)


def _new() -> str:
    return "cim_" + secrets.token_urlsafe(32)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _read(path: Path) -> list[_Stored]:
    if not path.exists():
        return []
    try:
        entries = [_Stored(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
        for entry in entries:
            Role(entry.role)
        return entries
    except (ValueError, TypeError) as error:
        raise TokenFileError(f"{path} is not a token file ({error}); move it away and make new tokens") from error


@contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    with open(path, "w", encoding="utf-8") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield

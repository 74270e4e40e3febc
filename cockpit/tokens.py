"""Who may ask: roles, and the tokens that carry them.

Tokens are kept as SHA-256 of 256 random bits, so the file does not help a thief. The file is read again
when it changes: a token made by ``run.py token create`` works at once on a server that is running.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from cockpit.kept_file import KeptFile
from twin_model.rights import EVERYWHERE, PROGRAM, Rights, Scope

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


UNLIMITED = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})
"""Roles over what is of everybody: accounts, the audit trail, imports, deletion (docs/decisions/0040)."""


@dataclass(frozen=True)
class Grant:
    """Whom a request speaks for. ``grant_id`` names the token without giving it away.

    ``account``: the id of the person who signed in; ``screen``: the wall screen; both None: a token.
    What cannot be cut to a part of the neighbourhood (accounts, the trail, what is imported) is not for whoever is
    limited to one, whatever his role.
    """

    role: Role
    name: str
    grant_id: str
    is_control: bool = False  # the program's own commands on this machine: may name files on its disk
    account: str | None = None
    scope: Scope = EVERYWHERE
    screen: str | None = None

    @property
    def rights(self) -> Rights:
        """What may be read for it (`twin_model.rights`); the twin keeps to it."""
        return _RIGHTS[self.role] if self.scope.is_everywhere else _RIGHTS[self.role].of(self.scope)

    @property
    def manages_accounts(self) -> bool:
        """True for whoever may add, disable and change accounts; never his own, and see ``confirms``."""
        return self.role is Role.ADMINISTRATOR and self.scope.is_everywhere

    @property
    def confirms(self) -> bool:
        """True for whoever may confirm a role that opens personal data, given by somebody else."""
        return self.role in (Role.ADMINISTRATOR, Role.AUDITOR) and self.scope.is_everywhere

    @property
    def public_only(self) -> bool:
        """True for a screen that strangers look at."""
        return self.role is Role.PUBLIC_SCREEN

    @property
    def may_write(self) -> bool:
        """True for whoever may import, adopt, take back, hand out and delete."""
        return self.role is Role.ADMINISTRATOR and self.scope.is_everywhere

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
    def reads_reports(self) -> frozenset[str]:
        """The audiences whose reports may be made and read for it."""
        if self.role in (Role.PUBLIC_SCREEN, Role.RESIDENT_SERVICE):
            return frozenset({"public"})
        return frozenset({"public", "management"} | ({"staff"} if self.sees_a_home else set()))

    @property
    def reads_audit(self) -> bool:
        """True for whoever may read the audit trail: only the auditor."""
        return self.role is Role.AUDITOR and self.scope.is_everywhere


_RIGHTS = {
    Role.PUBLIC_SCREEN: Rights(),
    Role.RESIDENT_SERVICE: Rights(few=True),
    Role.MANAGER: Rights(few=True),
    Role.GRID_WORKER: PROGRAM,
    Role.DUTY_OFFICER: PROGRAM,
    Role.ADMINISTRATOR: PROGRAM,
    Role.AUDITOR: Rights(homes=True, few=True),
}


@dataclass(frozen=True)
class _Stored:
    sha256: str
    role: str
    name: str
    created_at: str
    communities: list[str] | None = None
    estates: list[str] | None = None
    grids: list[str] | None = None
    divisions: list[str] | None = None
    until: str | None = None
    by: str = field(default="")

    @property
    def scope(self) -> Scope:
        return scope_of(self.communities, self.estates, self.grids, self.divisions)

    @property
    def ends_at(self) -> datetime | None:
        return datetime.fromisoformat(self.until) if self.until else None

    def grant(self) -> Grant:
        return Grant(Role(self.role), self.name, self.sha256[:16], scope=self.scope)


@dataclass(frozen=True)
class Token:
    """A stored token as a list shows it; of the token itself nothing."""

    token_id: str
    role: Role
    name: str
    created_at: datetime
    ends_at: datetime | None
    scope: Scope
    by: str


DIMENSIONS = ("communities", "estates", "grids", "divisions")
"""What a scope may be limited by, in the order of ``Scope``."""


def scope_of(
    communities: Iterable[str] | None, estates: Iterable[str] | None = None, grids: Iterable[str] | None = None,
    divisions: Iterable[str] | None = None,
) -> Scope:  # fmt: skip
    """A scope from lists of ids; an empty list is no limit but a mistake. Raises ``TokenFileError``."""
    limits = [None if one is None else frozenset(one) for one in (communities, estates, grids, divisions)]
    for name, limit in zip(DIMENSIONS, limits, strict=True):
        if limit is not None and (not limit or "" in limit):
            raise TokenFileError(
                f"范围 {name} 是空的：写出编号，或不写（不限） · the scope `{name}` is empty: name ids, or leave it out"
            )
    return Scope(*limits)


def fitting(role: Role, scope: Scope) -> Scope:
    """The scope, where the role can be limited to it. Raises ``TokenFileError``."""
    if role in UNLIMITED and not scope.is_everywhere:
        raise TokenFileError(
            f"角色 {role} 管的是全部账号、审计与数据，不能限于一部分：去掉范围，或改用值班员等角色"
            f" · the role {role} is over all accounts, the trail and the data and cannot be limited to a part: "
            "leave the scope out, or give another role such as duty-officer"
        )
    return scope


def limits_of(scope: Scope) -> dict[str, list[str] | None]:
    """A scope as lists, for a file."""
    limits = {name: getattr(scope, name) for name in DIMENSIONS}
    return {name: None if one is None else sorted(one) for name, one in limits.items()}


class Tokens:
    """The tokens of one data folder, plus those that live only as long as this process (demo, control)."""

    def __init__(self, folder: Path | None, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._passing: dict[str, Grant] = {}
        path = folder / FILE_NAME if folder else None
        self._stored: KeptFile[_Entries] = KeptFile(path, read=_read, text=_text, empty={})

    def create(
        self, role: Role, name: str, at: datetime, *, scope: Scope = EVERYWHERE, days: int | None = None, by: str = ""
    ) -> str:
        """Make, store and return a new token; it cannot be shown again. ``days``: how long it is good for."""
        fitting(role, scope)
        if self._stored.path is None:
            raise TokenFileError("there is no data folder to keep a token in")
        token = _new()
        until = (at + timedelta(days=days)).isoformat() if days else None
        made = _Stored(_digest(token), role.value, name, at.isoformat(), until=until, by=by, **limits_of(scope))
        self._stored.change(lambda known: {**known, made.sha256: made})
        return token

    def listed(self) -> list[Token]:
        """The stored tokens, newest first."""
        return [
            Token(e.sha256[:16], Role(e.role), e.name, datetime.fromisoformat(e.created_at), e.ends_at, e.scope, e.by)
            for e in reversed(self._stored.now().values())
        ]

    def revoke(self, token_id: str) -> Token:
        """Take a token back; sessions it opened end with it. Raises ``TokenFileError`` for an unknown one."""
        found = next((t for t in self.listed() if token_id and t.token_id.startswith(token_id)), None)
        if found is None:
            raise TokenFileError(f"there is no token {token_id!r}; `run.py token list` shows them")
        self._stored.change(
            lambda known: {sha256: e for sha256, e in known.items() if not sha256.startswith(found.token_id)}
        )
        return found

    def lend(self, role: Role, name: str, *, is_control: bool = False) -> str:
        """A token that is never stored and ends with this process."""
        token = _new()
        digest = _digest(token)
        self._passing[digest] = Grant(role, name, digest[:16], is_control)
        return token

    def find(self, token: str) -> Grant | None:
        """The grant of a token, or None."""
        digest = _digest(token)
        return self._passing.get(digest) or self._still(self._stored.now().get(digest))

    def grant(self, grant_id: str) -> Grant | None:
        """The grant with this id while its token exists; a session ends with the token that opened it."""
        passing = next((g for g in self._passing.values() if g.grant_id == grant_id), None)
        known = (e for e in self._stored.now().values() if e.sha256.startswith(grant_id))
        return passing or self._still(next(known, None))

    def _still(self, entry: _Stored | None) -> Grant | None:
        if entry is None or (entry.ends_at is not None and entry.ends_at <= self._now()):
            return None
        return entry.grant()


_Entries = dict[str, _Stored]  # by the SHA-256, in the order in which they were made


def _text(entries: _Entries) -> str:
    return json.dumps([asdict(e) for e in entries.values()], ensure_ascii=False, indent=1)


def _new() -> str:
    return "cim_" + secrets.token_urlsafe(32)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _read(path: Path) -> _Entries:
    try:
        entries = [_Stored(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
        for entry in entries:
            Role(entry.role), entry.scope, entry.ends_at
        return {entry.sha256: entry for entry in entries}
    except (ValueError, TypeError) as error:
        raise TokenFileError(f"{path} is not a token file ({error}); move it away and make new tokens") from error

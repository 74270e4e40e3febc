"""Accounts of people, in one file of the data folder, as tokens are: private, whole or not at all, read when changed.

A role that opens personal data is in force only when somebody else has confirmed it: a second administrator or the
auditor; nobody changes or confirms his own account. Whoever commands the machine itself (``run.py user``) needs no
second one: he could read the store anyway. Nothing here has a default password.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from pathlib import Path

from cockpit.kept_file import KeptFile
from cockpit.passwords import Rules, hashed
from cockpit.tokens import Grant, Role, TokenFileError, fitting, limits_of, scope_of
from twin_model.rights import EVERYWHERE, Scope

FILE_NAME = "accounts.json"
CONSOLE = "console"
"""Whoever commands the machine the server runs on."""
PERSONAL = frozenset({Role.GRID_WORKER, Role.DUTY_OFFICER, Role.ADMINISTRATOR, Role.AUDITOR})
"""Roles that reach personal data or the trail of who looked at them."""
_LOGIN = re.compile(r"[\w一-鿿][\w一-鿿.@-]{1,63}")


class AccountRefused(Exception):
    """Something asked of the accounts cannot be done. ``status``: what HTTP calls it."""

    def __init__(self, status: int, code: str, zh: str, en: str) -> None:
        super().__init__(f"{zh} · {en}")
        self.status, self.code, self.reason = status, code, {"zh": zh, "en": en}


@dataclass(frozen=True, kw_only=True)
class Account:
    """A person who signs in. ``stamp`` changes with everything that ends his sessions."""

    account_id: str
    login: str
    name: str
    role: str
    communities: list[str] | None = None
    estates: list[str] | None = None
    grids: list[str] | None = None
    divisions: list[str] | None = None
    password: str = ""
    changed_at: str = ""
    is_temporary: bool = False  # given by somebody else: to be changed before anything
    stamp: str = ""
    created_at: str
    created_by: str
    role_by: str
    confirmed_by: str = ""
    is_disabled: bool = False
    issuer: str = ""  # of whoever signs in elsewhere (OIDC)
    subject: str = ""
    last_sign_in: str = ""
    locked_until: str = ""

    @property
    def scope(self) -> Scope:
        """The part of the neighbourhood he is responsible for."""
        return scope_of(self.communities, self.estates, self.grids, self.divisions)

    @property
    def is_confirmed(self) -> bool:
        """Whether the role may be used."""
        return Role(self.role) not in PERSONAL or bool(self.confirmed_by)

    @property
    def may_sign_in(self) -> bool:
        """Whether there is a session to be had."""
        return not self.is_disabled and self.is_confirmed

    @property
    def grant(self) -> Grant:
        """Whom his requests speak for; by account, not by name."""
        return Grant(Role(self.role), self.login, self.account_id, account=self.account_id, scope=self.scope)

    def must_change(self, rules: Rules, at: datetime) -> bool:
        """Whether the password is too old, or was somebody else's idea."""
        if not self.password:
            return False
        return self.is_temporary or at - datetime.fromisoformat(self.changed_at) > rules.life


class Accounts:
    """The accounts of one data folder (None: of this process only)."""

    def __init__(self, folder: Path | None, rules: Rules, now: Callable[[], datetime]) -> None:
        path = folder / FILE_NAME if folder else None
        self._file: KeptFile[tuple[Account, ...]] = KeptFile(path, read=_read, text=_text, empty=())
        self.rules, self.now = rules, now

    # ----------------------------------------------------------------- reads

    def all(self) -> tuple[Account, ...]:
        """Every account, by name of account."""
        return self._file.now()

    def find(self, login: str) -> Account | None:
        """The account of this name, however it is written."""
        wanted = login.strip().casefold()
        return next((a for a in self.all() if a.login.casefold() == wanted and not a.issuer), None)

    def get(self, account_id: str) -> Account:
        """The account with this id. Raises ``AccountRefused``."""
        found = next((a for a in self.all() if a.account_id == account_id), None)
        if found is None:
            raise AccountRefused(404, "not_found", f"没有账号 {account_id}", f"there is no account {account_id!r}")
        return found

    def signed(self, account_id: str, stamp: str) -> Account | None:
        """The account of a session that still holds."""
        found = next((a for a in self.all() if a.account_id == account_id), None)
        return found if found and found.stamp == stamp and found.may_sign_in else None

    @property
    def has_administrator(self) -> bool:
        """Whether somebody can manage the accounts."""
        return any(a.role == Role.ADMINISTRATOR and a.may_sign_in for a in self.all())

    # ---------------------------------------------------------------- writes

    def add(
        self, login: str, name: str, role: str, password: str, *, by: str, scope: Scope = EVERYWHERE,
        is_own: bool = False,
    ) -> Account:  # fmt: skip
        """A new account. ``by``: an account or ``CONSOLE``; ``is_own``: he chose the password himself.

        Raises ``TokenFileError`` for a scope the role cannot be limited to, as ``set_role`` does.
        """
        login = login.strip()
        if not _LOGIN.fullmatch(login):
            raise AccountRefused(
                400, "login", f"账号名 {login!r} 不合规：2–64 个字母、数字、汉字或 . _ @ -",
                f"login: found {login!r}, expected 2 to 64 letters, digits, or . _ @ -",
            )  # fmt: skip
        self.rules.check(password, login, name)
        known_as = known_role(role)
        limits = limits_of(fitting(known_as, scope))
        made = Account(
            account_id=f"u-{secrets.token_hex(5)}", login=login, name=name.strip() or login,
            role=known_as.value,
            password=hashed(password), changed_at=self.now().isoformat(), is_temporary=not is_own,
            stamp=secrets.token_hex(8), created_at=self.now().isoformat(), created_by=by, role_by=by,
            confirmed_by=by if by == CONSOLE else "", communities=limits["communities"], estates=limits["estates"],
            grids=limits["grids"], divisions=limits["divisions"],
        )  # fmt: skip

        def change(known: tuple[Account, ...]) -> tuple[Account, ...]:
            if any(a.login.casefold() == login.casefold() and not a.issuer for a in known):
                raise AccountRefused(409, "taken", f"账号 {login} 已存在", f"there is an account {login!r} already")
            return (*known, made)

        self._write(change)
        return made

    def set_password(self, account_id: str, password: str, *, is_own: bool) -> Account:
        """Another password; sessions end. Raises ``PasswordRefused``."""
        known = self.get(account_id)
        if known.issuer:
            raise AccountRefused(
                409, "elsewhere", "此账号在统一身份平台登录，密码在那里修改",
                "this account signs in elsewhere; its password is changed there",
            )  # fmt: skip
        self.rules.check(password, known.login, known.name)
        return self._change(
            account_id, password=hashed(password), changed_at=self.now().isoformat(), is_temporary=not is_own,
            stamp=secrets.token_hex(8), locked_until="",
        )  # fmt: skip

    def set_role(self, account_id: str, role: str, scope: Scope, *, by: str) -> Account:
        """Another role or scope; sessions end, and a role over personal data waits for somebody else."""
        self._not_oneself(account_id, by)
        wanted = known_role(role)
        return self._change(
            account_id, role=wanted.value, role_by=by, confirmed_by=by if by == CONSOLE else "",
            stamp=secrets.token_hex(8), **limits_of(fitting(wanted, scope)),
        )  # fmt: skip

    def confirm(self, account_id: str, *, by: str) -> Account:
        """Somebody else says yes to the role."""
        known = self.get(account_id)
        self._not_oneself(account_id, by)
        if by == known.role_by:
            raise AccountRefused(
                403, "second", "授予者不能自己确认：需要另一位管理员或审计员",
                "who gave the role may not confirm it: a second administrator or the auditor does",
            )  # fmt: skip
        return self._change(account_id, confirmed_by=by)

    def disable(self, account_id: str, is_disabled: bool, *, by: str) -> Account:
        """No more sessions, or again; those there are end."""
        self._not_oneself(account_id, by)
        if is_disabled and not any(
            a.role == Role.ADMINISTRATOR and a.may_sign_in and a.account_id != account_id for a in self.all()
        ) and self.get(account_id).role == Role.ADMINISTRATOR:  # fmt: skip
            raise AccountRefused(
                409, "last", "这是最后一个管理员账号，不能停用", "this is the last administrator; it cannot be disabled"
            )
        return self._change(account_id, is_disabled=is_disabled, stamp=secrets.token_hex(8))

    def came(self, account_id: str) -> Account:
        """He signed in."""
        return self._change(account_id, last_sign_in=self.now().isoformat(), locked_until="")

    def lock(self, account_id: str, until: datetime | None) -> Account:
        """Nothing is looked at until then; None: unlocked."""
        return self._change(account_id, locked_until=until.isoformat() if until else "")

    def from_elsewhere(self, issuer: str, subject: str, name: str, role: Role) -> Account:
        """Somebody another service vouches for, with the role its claim stands for; made at first, kept after."""
        known = next((a for a in self.all() if (a.issuer, a.subject) == (issuer, subject)), None)
        if known is not None:
            again = {"name": name, "role": role.value, "confirmed_by": issuer, "last_sign_in": self.now().isoformat()}
            if role.value != known.role:
                again["stamp"] = secrets.token_hex(8)
            return self._change(known.account_id, **again)
        account_id = f"u-{secrets.token_hex(5)}"
        made = Account(
            account_id=account_id, login=account_id, name=name, role=role.value, stamp=secrets.token_hex(8),
            created_at=self.now().isoformat(), created_by=issuer, role_by=issuer, confirmed_by=issuer, issuer=issuer,
            subject=subject, last_sign_in=self.now().isoformat(),
        )  # fmt: skip
        self._write(lambda known: (*known, made))
        return made

    # --------------------------------------------------------------- private

    def _not_oneself(self, account_id: str, by: str) -> None:
        if self.get(account_id).account_id == by:
            raise AccountRefused(
                403, "oneself", "不能更改自己的账号、角色或范围", "nobody changes his own account, role or scope"
            )

    def _change(self, account_id: str, **said: object) -> Account:
        def change(known: tuple[Account, ...]) -> Iterable[Account]:
            return tuple(replace(a, **said) if a.account_id == account_id else a for a in known)  # type: ignore[arg-type]

        self.get(account_id)
        self._write(change)
        return self.get(account_id)

    def _write(self, change: Callable[[tuple[Account, ...]], Iterable[Account]]) -> None:
        self._file.change(lambda known: tuple(sorted(change(known), key=lambda a: a.login)))


def known_role(text: str) -> Role:
    """A role by its name. Raises ``AccountRefused`` with those there are."""
    try:
        return Role(text.strip().replace("_", "-"))
    except ValueError:
        known = ", ".join(Role)
        raise AccountRefused(
            400, "role", f"没有角色 {text!r}；有：{known}", f"there is no role {text!r}; there are {known}"
        ) from None


def _text(known: tuple[Account, ...]) -> str:
    return json.dumps([asdict(a) for a in known], ensure_ascii=False, indent=1)


def _read(path: Path) -> tuple[Account, ...]:
    try:
        names = {f.name for f in fields(Account)}
        entries = json.loads(path.read_text(encoding="utf-8"))
        found = tuple(Account(**{k: v for k, v in entry.items() if k in names}) for entry in entries)
        for one in found:
            Role(one.role), one.scope
        return found
    except (ValueError, TypeError, AttributeError) as error:
        raise TokenFileError(
            f"{path} is no file of accounts ({error}); bring it back from a backup, or move it away and start anew"
        ) from error

"""Passwords: what a good one is, how they are kept, and how guessing is made slow.

Kept as argon2id (docs/decisions/0020 measures the cost). An unknown name takes as long as a wrong password and gets
the same answer, and it is locked like a known one, so that trying tells nobody which names there are.
"""

from __future__ import annotations

import unicodedata
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from threading import BoundedSemaphore, Lock

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from cockpit.settings import Settings

COMMON = Path(__file__).parent / "common_passwords.txt"
LONGEST = 200
AT_ONCE = BoundedSemaphore(2)  # each check takes 19 MiB and a core for a moment
MOST_NAMES = 10_000
OF_ONE_ADDRESS = 10  # times the tries of one name: a whole office may sign in from behind one address

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class PasswordRefused(Exception):
    """A new password that the rules refuse. ``reason`` in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} · {en}")
        self.reason = {"zh": zh, "en": en}


@dataclass(frozen=True)
class Rules:
    """What the settings ask of passwords and of signing in."""

    length: int = 10
    classes: int = 3
    life: timedelta = timedelta(days=180)
    tries: int = 5
    lock: timedelta = timedelta(minutes=15)

    @classmethod
    def of(cls, settings: Settings) -> Rules:
        """As set."""
        return cls(
            settings.password_length, min(4, settings.password_classes), timedelta(days=settings.password_days),
            settings.sign_in_tries, timedelta(minutes=settings.sign_in_lock),
        )  # fmt: skip

    def check(self, password: str, *names: str) -> None:
        """Raise ``PasswordRefused`` with what is missing."""
        if len(password) < self.length:
            raise PasswordRefused(
                f"密码至少 {self.length} 位，这里只有 {len(password)} 位",
                f"a password has at least {self.length} characters; this one has {len(password)}",
            )
        if len(password) > LONGEST:
            raise PasswordRefused(f"密码最多 {LONGEST} 位", f"a password has at most {LONGEST} characters")
        if (found := _classes(password)) < self.classes:
            raise PasswordRefused(
                f"大写、小写、数字、符号（或汉字）中至少要有 {self.classes} 类，这里只有 {found} 类",
                f"at least {self.classes} of capitals, small letters, digits and signs are needed; there are {found}",
            )
        plain = password.casefold()
        if _stem(password) in _common() or plain in _common():
            raise PasswordRefused("这是常见密码，很容易被猜到", "this is a common password; choose another one")
        if any(len(name) >= 3 and name.casefold() in plain for name in names):
            raise PasswordRefused("密码里不能含有账号或姓名", "a password may not contain the account or the name")


def _classes(password: str) -> int:
    kinds = {unicodedata.category(letter)[:2] for letter in password}
    return sum([("Lu" in kinds), ("Ll" in kinds), ("Nd" in kinds), bool(kinds - {"Lu", "Ll", "Nd"})])


_SPELLED = str.maketrans({"@": "a", "0": "o", "1": "l", "3": "e", "$": "s", "5": "s", "!": "i"})


def _stem(password: str) -> str:
    """What is left of a password without the signs and digits people put at its end."""
    return password.casefold().rstrip("0123456789!@#$%^&*._-?~+=").translate(_SPELLED)


@cache
def _common() -> frozenset[str]:
    words = COMMON.read_text(encoding="utf-8").split()
    return frozenset(words) | {_stem(word) for word in words if len(_stem(word)) >= 4}


def hashed(password: str) -> str:
    """The password as it is kept."""
    with AT_ONCE:
        return _hasher.hash(password)


@cache
def _nobodys() -> str:
    return _hasher.hash("nobody has this password")


def prepare() -> None:
    """Make now what the first check would otherwise wait for, so that it takes as long as any other."""
    _nobodys()


def is_right(kept: str | None, password: str) -> bool:
    """Whether it is the password; of nobody (None) it never is, and that takes as long to say."""
    with AT_ONCE:
        try:
            _hasher.verify(kept or _nobodys(), password[: LONGEST + 1])
        except (VerificationError, InvalidHashError):
            return False
    return bool(kept)


class Throttle:
    """Counts wrong passwords by name and by address; too many lock for a while."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._lock = Lock()
        self._failed: OrderedDict[str, list[datetime]] = OrderedDict()

    def locked_until(self, login: str, address: str, at: datetime) -> datetime | None:
        """Until when nothing is looked at; None: it may be tried."""
        with self._lock:
            untils = [
                failed[-1] + self._rules.lock
                for key, most in self._limits(login, address)
                if len(failed := self._recent(key, at)) >= most
            ]
        return max(untils, default=None)

    def failed(self, login: str, address: str, at: datetime) -> datetime | None:
        """One more wrong try; until when the name is locked now, None when it is not."""
        with self._lock:
            for key, _ in self._limits(login, address):
                self._failed[key] = [*self._recent(key, at), at][-self._rules.tries * OF_ONE_ADDRESS :]
                self._failed.move_to_end(key)
            while len(self._failed) > MOST_NAMES:
                self._failed.popitem(last=False)
        return self.locked_until(login, "", at)

    def clear(self, login: str) -> None:
        """He is in, or somebody unlocked him."""
        with self._lock:
            self._failed.pop(f"n {login.casefold()}", None)

    def _limits(self, login: str, address: str) -> list[tuple[str, int]]:
        limits = [(f"n {login.casefold()}", self._rules.tries)]
        return [*limits, (f"a {address}", self._rules.tries * OF_ONE_ADDRESS)] if address else limits

    def _recent(self, key: str, at: datetime) -> list[datetime]:
        return [one for one in self._failed.get(key, []) if at - one < self._rules.lock]

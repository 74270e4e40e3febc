"""One ``[[report]]`` table of ``cockpit.toml``: which report is made when, and where it goes. Read strictly.

Secrets (``webhook_secret``, ``smtp_password``) may come from an environment variable (``…_env``) or a file
(``…_file``), and are never printed.
"""

from __future__ import annotations

import datetime as clock
import difflib
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

LANGUAGES = ("zh", "en")
KINDS = ("daily", "weekly", "monthly", "acceptance")
AUDIENCES = ("public", "staff", "management")
"""As in ``kinds``, which is not imported to read settings; a test compares."""
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_HIDDEN = ("webhook_secret", "smtp_password")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
MIN_SECRET = 16


class ReportMistake(ValueError):
    """A scheduled report cannot be made as it is set; the text says which, what was found and what was expected."""


@dataclass(frozen=True, kw_only=True)
class ReportSettings:
    """One scheduled report. ``time``: local; ``day``: 1 to 7 of the week (Monday is 1), or 1 to 28 of the month.

    ``folder``, ``mail_to``, ``webhook``: where it goes besides the data folder; ``smtp``: smtp://, smtps:// or
    smtp+starttls://user@host:port.
    """

    name: str
    kind: str = "daily"
    audience: str = "staff"
    lang: str = "zh"
    community: str = ""
    time: str = "00:00"
    day: int = 1
    folder: str = ""
    mail_to: tuple[str, ...] = ()
    mail_from: str = ""
    smtp: str = ""
    smtp_password: str = field(default="", repr=False)
    webhook: str = field(default="", repr=False)
    webhook_secret: str = field(default="", repr=False)
    ca_file: str = ""

    @property
    def at(self) -> clock.time:
        """The local time of day it falls due."""
        return clock.time.fromisoformat(self.time)


_NAMES = {f.name for f in fields(ReportSettings)}
_KEYS = _NAMES | {f"{hidden}_{where}" for hidden in _HIDDEN for where in ("env", "file")}


def reports(tables: object, environment: Mapping[str, str], folder: Path) -> tuple[ReportSettings, ...]:
    """All ``[[report]]`` tables of a file; ``folder`` is where relative paths begin. Raises `ReportMistake`."""
    if not isinstance(tables, list) or not all(isinstance(table, Mapping) for table in tables):
        raise ReportMistake("report: expected [[report]] tables")
    found = tuple(_report(n, dict(table), environment, folder) for n, table in enumerate(tables, 1))
    names = [one.name for one in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ReportMistake(f"report: two are called {', '.join(twice)}; what was made is kept by name")
    return found


def _report(n: int, table: dict[str, Any], environment: Mapping[str, str], folder: Path) -> ReportSettings:
    place = f"report {table.get('name') or n}"
    for key in table:
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, n=1)
            hint = f"did you mean {near[0]}?" if near else "known: " + ", ".join(sorted(_NAMES))
            raise ReportMistake(f"{place}: there is no key {key!r}; {hint}")
    for key in _HIDDEN:
        value = _hidden(place, key, table, environment, folder)
        if value is not None:
            table[key] = value
    if "mail_to" in table:
        addresses = [table["mail_to"]] if isinstance(table["mail_to"], str) else table["mail_to"]
        table["mail_to"] = tuple(addresses) if isinstance(addresses, list) else addresses
    for key in ("folder", "ca_file"):
        if table.get(key) and isinstance(table[key], str):
            table[key] = str(folder / table[key])
    for key, value in table.items():
        wanted = int if key == "day" else tuple if key == "mail_to" else str
        if not isinstance(value, wanted) or isinstance(value, bool):
            shown = "something else" if key in (*_HIDDEN, "webhook") else repr(value)
            raise ReportMistake(f"{place}: {key}: found {shown}, expected {_EXPECTED.get(wanted, 'text')}")
    if not _NAME.fullmatch(str(table.get("name", ""))):
        raise ReportMistake(f"{place}: name: found {table.get('name')!r}, expected a-z, 0-9, - and _")
    made = ReportSettings(**table)
    _check(place, made)
    return made


_EXPECTED: dict[type, str] = {int: "a whole number", tuple: "a list of mail addresses"}


def _check(place: str, made: ReportSettings) -> None:
    for key, known in (("kind", KINDS), ("audience", AUDIENCES), ("lang", LANGUAGES)):
        if getattr(made, key) not in known:
            raise ReportMistake(f"{place}: {key}: found {getattr(made, key)!r}, expected {', '.join(known)}")
    if not _TIME.fullmatch(made.time):
        raise ReportMistake(f"{place}: time: found {made.time!r}, expected 00:00 to 23:59")
    most = 7 if made.kind == "weekly" else 28
    if not 1 <= made.day <= most:
        raise ReportMistake(f"{place}: day: found {made.day}, expected 1 to {most} for a {made.kind} report")
    if made.mail_to:
        for address in (*made.mail_to, made.mail_from):
            if not isinstance(address, str) or not _ADDRESS.fullmatch(address):
                raise ReportMistake(f"{place}: mail_to and mail_from: expected mail addresses (name@host)")
        smtp = urlsplit(made.smtp)
        if smtp.scheme not in ("smtp", "smtps", "smtp+starttls") or not smtp.hostname:
            raise ReportMistake(f"{place}: smtp: expected smtps://user@host:465 or smtp+starttls://user@host:587")
        if smtp.password:
            raise ReportMistake(f"{place}: smtp: expected no password in it; use smtp_password_env or _file")
        if smtp.scheme == "smtp" and smtp.hostname not in _LOOPBACK:
            raise ReportMistake(f"{place}: smtp: plain smtp:// only to this machine; use smtps:// or smtp+starttls://")
        if bool(smtp.username) != bool(made.smtp_password):
            found = "user, expected smtp_password_env" if smtp.username else "smtp_password, expected a user in smtp"
            raise ReportMistake(f"{place}: smtp: found a {found} as well")
        if not (unquote(smtp.username or "") + made.smtp_password).isascii():
            said = "found a user or a password with other signs than ASCII, expected none: SMTP takes no other"
            raise ReportMistake(f"{place}: smtp: {said}")
    if made.webhook:
        url = urlsplit(made.webhook)
        if url.scheme not in ("https", "http") or not url.hostname or url.username or url.password:
            raise ReportMistake(f"{place}: webhook: expected https://host/… (it is not shown: it may hold a key)")
        if url.scheme == "http" and url.hostname not in _LOOPBACK:
            raise ReportMistake(f"{place}: webhook: expected https:// (plain http only to this machine itself)")
        if len(made.webhook_secret) < MIN_SECRET:
            raise ReportMistake(f"{place}: webhook_secret: expected at least {MIN_SECRET} characters")
    if made.ca_file and not Path(made.ca_file).is_file():
        raise ReportMistake(f"{place}: ca_file: there is no file {made.ca_file}")
    if made.ca_file:
        try:
            ssl.create_default_context(cafile=made.ca_file)
        except (OSError, ssl.SSLError):
            raise ReportMistake(f"{place}: ca_file: {made.ca_file} holds no certificate in PEM form") from None


def _hidden(place: str, key: str, table: dict[str, Any], environment: Mapping[str, str], folder: Path) -> str | None:
    """What `key`_env or `key`_file says; never part of an error."""
    variable, path = table.pop(f"{key}_env", None), table.pop(f"{key}_file", None)
    if sum(one is not None for one in (variable, path, table.get(key))) > 1:
        raise ReportMistake(f"{place}: {key}: said twice, expected one of {key}, {key}_env, {key}_file")
    if variable is not None:
        if not environment.get(str(variable)):
            raise ReportMistake(f"{place}: {key}_env: the environment variable it names is not set")
        return environment[str(variable)].strip()
    if path is not None:
        try:
            return (folder / str(path)).read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            raise ReportMistake(f"{place}: {key}_file: the file it names cannot be read") from None
    return None

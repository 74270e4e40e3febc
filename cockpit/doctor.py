"""``run.py doctor``: looks at everything the program stands on and says what was found and what to do about it.

A finding is ``ok``, ``look`` (it works, but somebody should look) or ``wrong``. Nothing is changed by looking. The
words are in ``assets/locale/*/doctor.toml``: ``<code>`` what was found, ``<code>_do`` what to do.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from cockpit import audit_chain
from cockpit.backups import backups_in, show
from cockpit.beside import RunningServer, ServerRefused, running_server
from cockpit.encoding import rfc3339
from cockpit.restoring import unfinished
from cockpit.settings import Settings
from cockpit.tokens import UNLIMITED, Role, Tokens
from layouts.parts.text import has, t
from twin_model.migrations import known
from twin_model.store import StoreError, log_of, schema_of
from twin_model.upgrade import FOLDER as UPGRADED

State = Literal["ok", "look", "wrong"]
LANGUAGES = ("zh", "en")
FEW_DAYS, SOON_DAYS = 7, 30
OLD_BACKUP = timedelta(hours=36)
AHEAD = timedelta(seconds=5)
ASKED = 20


@dataclass(frozen=True)
class Finding:
    """One line. ``check`` names what was looked at; ``code`` and ``values`` (a text: by language) make the words."""

    check: str
    state: State
    code: str
    values: dict[str, Any] = field(default_factory=dict)

    def said(self, lang: str) -> str:
        """What was found."""
        return t(lang, f"doctor.{self.code}", **self._in(lang))

    def to_do(self, lang: str) -> str:
        """What to do; nothing when all is well."""
        key = f"doctor.{self.code}_do"
        return t(lang, key, **self._in(lang)) if self.state != "ok" and has(lang, key) else ""

    def _in(self, lang: str) -> dict[str, Any]:
        return {name: value[lang] if isinstance(value, dict) else value for name, value in self.values.items()}

    def to_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "check": self.check, "state": self.state, "code": self.code,
            "said": {lang: self.said(lang) for lang in LANGUAGES},
            "to_do": {lang: self.to_do(lang) for lang in LANGUAGES},
        }  # fmt: skip


@dataclass(frozen=True)
class Surroundings:
    """What the checks look at. ``reach`` tries the broker of the settings and says in a sentence what is wrong."""

    settings: Settings
    now: Callable[[], datetime]
    reach: Callable[[], str | None]
    server: RunningServer | None

    @classmethod
    def of(cls, settings: Settings, now: Callable[[], datetime], reach: Callable[[], str | None]) -> Surroundings:
        """As they are now."""
        return cls(settings, now, reach, running_server(settings.data))


Check = Callable[[Surroundings], Iterable[Finding]]


def examine(around: Surroundings, checks: Iterable[tuple[str, Check]]) -> Iterator[Finding]:
    """Every finding, as it is found; a check that breaks is a finding too."""
    for name, check in checks:
        try:
            yield from check(around)
        except Exception as error:  # noqa: BLE001 a doctor who falls over helps nobody
            yield Finding(name, "look", "broken", {"check": name, "error": type(error).__name__})


def worst(findings: Iterable[Finding]) -> int:
    """The exit code: 0 all well or only to be looked at, 1 something is wrong."""
    return 1 if any(finding.state == "wrong" for finding in findings) else 0


def data_folder(around: Surroundings) -> Iterator[Finding]:
    """Is there one, is it ours alone, is there room."""
    data = around.settings.data
    if not data.exists():
        yield Finding("data", "ok", "data_none", {"folder": str(data)})
        data = next(parent for parent in data.absolute().parents if parent.exists())
    elif not os.access(data, os.W_OK | os.X_OK):
        yield Finding("data", "wrong", "data_readonly", {"folder": str(data)})
    elif unfinished(data):
        yield Finding("data", "wrong", "data_half", {"folder": str(data)})
    else:
        opened = [
            path for path in (data, *(data / name for name in ("tokens.json", "session.key", "report.key")))
            if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077
        ]  # fmt: skip
        if opened:
            names = ", ".join(str(path) for path in opened)
            yield Finding("data", "look", "data_open", {"files": names})
        else:
            yield Finding("data", "ok", "data_ok", {"folder": str(data)})
    yield _room(data, around)


def _room(data: Path, around: Surroundings) -> Finding:
    free = shutil.disk_usage(data).free
    store = around.settings.store_path
    size = sum(path.stat().st_size for path in (store, log_of(store)) if path.exists())
    values: dict[str, Any] = {"free": show(free), "size": show(size)}
    days = _days_left(free, size, around)
    if days is None:
        return Finding("disk", "ok" if free > 1_000_000_000 else "wrong", "disk", values)
    state: State = "wrong" if days < FEW_DAYS else "look" if days < SOON_DAYS else "ok"
    return Finding("disk", state, "disk_days", {**values, "days": "3650+" if days > 3650 else f"{days:.0f}"})


def _days_left(free: int, size: int, around: Surroundings) -> float | None:
    """At the growth between the oldest backup and now, else since the folder was made; None when too young to say."""
    folder = around.settings.backup_folder
    made = backups_in(Path(folder)) if folder and Path(folder).is_dir() else []
    points = [(one.manifest.instant, one.manifest.files[0].bytes) for one in made]
    key = around.settings.data / "session.key"
    if not points and key.exists():
        points = [(datetime.fromtimestamp(key.stat().st_mtime, UTC), 0)]
    if not points:
        return None
    began, then = points[0]
    days = (around.now() - began) / timedelta(days=1)
    grown = (size - then) / days if days > 1 else 0
    return free / grown if grown > 0 else None


def store(around: Surroundings) -> Iterator[Finding]:
    """Does it open, is its schema ours."""
    path = around.settings.store_path
    if around.server is not None:
        yield Finding("store", "ok", "store_serving", {"pid": around.server.pid})
        return
    if not path.exists():
        yield Finding("store", "ok", "store_none", {})
        return
    if in_use(path):
        yield Finding("store", "look", "store_busy", {"file": str(path)})
        return
    try:
        schema = schema_of(path)
    except StoreError as error:
        yield Finding("store", "wrong", "store_broken", {"error": str(error)})
        return
    if [name for name in schema if name not in known()]:
        yield Finding("store", "wrong", "store_newer", {"schema": schema[-1]})
    elif schema != known():
        yield Finding("store", "look", "store_older", {"schema": schema[-1] if schema else "-", "known": known()[-1]})
    else:
        yield Finding("store", "ok", "store_ok", {"schema": schema[-1]})
    if (kept := around.settings.data / UPGRADED).is_dir() and any(kept.iterdir()):
        size = show(sum(one.stat().st_size for one in kept.iterdir()))
        yield Finding("store", "look", "store_upgraded", {"folder": str(kept), "size": size})


def in_use(path: Path) -> bool:
    """Another process has the store open."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def backup(around: Surroundings) -> Iterator[Finding]:
    """Is there one, how old is the newest."""
    said = around.settings.backup_folder
    if not said:
        yield Finding("backup", "look", "backup_off", {})
        return
    folder = Path(said)
    made = backups_in(folder) if folder.is_dir() else []
    if around.server is not None and not around.server.health().get("backed_up", True):
        yield Finding("backup", "wrong", "backup_failed", {"folder": said})
    if not made:
        yield Finding("backup", "wrong", "backup_none", {"folder": said})
        return
    age = around.now() - datetime.fromisoformat(made[-1].manifest.made_at)
    values = {"folder": str(made[-1].folder), "hours": f"{age / timedelta(hours=1):.0f}", "count": len(made)}
    is_old = age > OLD_BACKUP
    yield Finding("backup", "wrong" if is_old else "ok", "backup_old" if is_old else "backup_ok", values)
    if folder.stat().st_dev == around.settings.data.stat().st_dev:
        yield Finding("backup", "look", "backup_same_disk", {"folder": said})


def audit(around: Surroundings) -> Iterator[Finding]:
    """Does every line of the trail fit."""
    folder = around.settings.data / "audit"
    if not folder.is_dir():
        yield Finding("audit", "ok", "audit_none", {})
        return
    verdict = audit_chain.verify(folder)
    if verdict.misfit is None:
        yield Finding("audit", "ok", "audit_ok", {"lines": verdict.lines})
    else:
        where = {lang: verdict.misfit.sentence(lang) for lang in LANGUAGES}
        yield Finding("audit", "wrong", "audit_broken", {"where": where})


def rights(around: Surroundings) -> Iterator[Finding]:
    """Is nobody limited to a part whose work cannot be cut to one (docs/decisions/0040)."""
    from cockpit.accounts import Accounts  # here: it needs a library that `libraries` looks for
    from cockpit.passwords import Rules

    accounts = Accounts(around.settings.data, Rules.of(around.settings), around.now).all()
    tokens = Tokens(around.settings.data, around.now).listed()
    known = [(one.login, Role(one.role), one.scope) for one in accounts]
    known += [(one.token_id, one.role, one.scope) for one in tokens]
    limited = [name for name, role, scope in known if role in UNLIMITED and not scope.is_everywhere]
    if limited:
        yield Finding("rights", "look", "rights_limited", {"names": ", ".join(limited)})
    else:
        yield Finding("rights", "ok", "rights_ok", {"accounts": len(accounts), "tokens": len(tokens)})


def devices(around: Surroundings) -> Iterator[Finding]:
    """Do the devices' clocks and ours agree: what they report must not come from the future."""
    if around.server is None:
        return
    since = rfc3339(around.now() - timedelta(hours=1))
    try:
        states = around.server.states(ASKED)
        logs = [around.server.readings(one["device_id"], one["metric"], since) for one in states]
    except ServerRefused:
        return
    newest = [log[-1] for log in logs if log]
    late = sorted(_instant(one, "received_at") - _instant(one, "taken_at") for one in newest)
    if not late:
        return
    middle = late[len(late) // 2]
    seconds = f"{middle.total_seconds():.0f}"
    if middle < -AHEAD:
        yield Finding("clock", "wrong", "clock_behind", {"seconds": seconds.lstrip("-"), "devices": len(late)})
    else:
        yield Finding("clock", "ok", "clock_devices", {"seconds": seconds, "devices": len(late)})
    last = max(_instant(one, "received_at") for one in newest)
    if last > around.now() + AHEAD:
        yield Finding("clock", "wrong", "clock_jumped", {"at": rfc3339(last)})


def _instant(row: dict[str, Any], name: str) -> datetime:
    return datetime.fromisoformat(row[name])

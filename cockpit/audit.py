"""Who did what: an append-only trail on disk, each line tied to the one before. The form is in ``audit_chain``.

A note is on disk (fsync) when the call returns; notes of several threads share one fsync. What must not happen
unwritten (a look at personal data, a change of rights …) is refused when the disk is full; the rest is kept in memory,
said in the log and written as soon as there is room. Several processes may write: each holds a lock while it does.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from cockpit import audit_chain as chain
from cockpit.audit_chain import Anchor, Entry, Standing, Verdict, Wanted
from cockpit.encoding import rfc3339
from cockpit.services import AuditRefused

log = logging.getLogger(__name__)

FOLDER = "audit"
LEAST_DAYS = 183
"""Half a year: the least the law lets a log of acts be kept (网络安全法)."""
MUST_BE_WRITTEN = frozenset(
    {"view_person", "export", "erase", "retention", "account_change", "token_made", "consent", "restore"}
)
"""What must not happen unwritten. Help for a person must not wait for a disk, and what else changes the twin is in the
twin's own log; whoever wants in, to make room, must get in."""
MOST_WAITING = 10_000
MOST_TEXT, MOST_ITEMS = 300, 100  # of one value


class Audit:
    """The trail of one data folder. ``clock`` gives aware instants; ``anchors`` what other places remember of it."""

    def __init__(
        self, folder: Path, clock: Callable[[], datetime], anchors: Callable[[], Iterable[Anchor]] = tuple
    ) -> None:
        self.folder = folder / FOLDER
        self._clock = clock
        self._anchors = anchors
        self._writing = threading.Lock()
        self._syncing = threading.Lock()
        self._file: _File | None = None
        self._end = 0, chain.NOTHING
        self._synced = 0
        self._waiting: list[dict[str, Any]] = []
        self._checked: tuple[datetime, Verdict] | None = None

    # ----------------------------------------------------------------- write

    def note(
        self,
        act: str,
        *,
        actor: str,
        role: str,
        subject: str = "",
        purpose: str = "",
        outcome: str = "done",
        **details: Any,
    ) -> None:
        """Write one entry and be sure that it is on disk; see `cockpit.services.Auditor`."""
        said = _short(
            {
                "act": act, "actor": actor, "role": role, "subject": subject, "purpose": purpose, "outcome": outcome,
                "details": details,
            }
        )  # fmt: skip
        try:
            with self._writing:
                said["at"] = rfc3339(self._clock())
                mine, file = self._append(said)
            self._sync(mine, file)
        except OSError as error:
            self._unwritten(act, said, error)

    def _unwritten(self, act: str, said: dict[str, Any], error: OSError) -> None:
        """Refuse what may not happen unwritten; remember the rest."""
        words = (
            f"the audit trail in {self.folder} cannot be written ({error.strerror or error}); make room or repair the "
            "disk: until then nobody may look at personal data"
        )
        with self._writing:
            if act in MUST_BE_WRITTEN or len(self._waiting) >= MOST_WAITING:
                raise AuditRefused(words) from error
            if not self._waiting:
                log.error("%s; other acts are kept in memory until then", words)
            self._waiting.append(said)

    def _append(self, said: dict[str, Any]) -> tuple[int, _File]:
        """Write the entry, and those that waited for room; all or none. The number of the last one."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _alone(self.folder):
            file, torn = self._open(said["at"][:7])
            (n, digest), lines = self._end, []
            for one in [*torn, *self._waiting, said]:
                n += 1
                line, digest = chain.line_of({**one, "n": n, "before": digest})
                lines.append(line)
            file.append(b"".join(lines))
            if self._waiting:
                log.warning("the audit trail is written again; %d entries had waited", len(self._waiting))
                self._waiting.clear()
            self._file, self._end = file, (n, digest)
            chain.write_head(self.folder, n, digest)
            return n, file

    def _open(self, month: str) -> tuple[_File, list[dict[str, Any]]]:
        """The file to write to, and what is to be said first: another process, or a kill, may have been here."""
        files = chain.months(self.folder)
        newest = files[-1].stem if files else month
        path = self.folder / f"{max(month, newest)}.jsonl"  # a clock that went back does not go back a file
        if self._file is not None and self._file.is_as_we_left_it(path):
            return self._file, []
        if self._file is not None:
            os.fsync(self._file.number)
        torn = self._set_aside(files[-1]) if files else None
        self._end = chain.standing(self.folder)
        said = {
            "at": rfc3339(self._clock()), "act": "torn_line", "actor": "program", "role": "program", "subject": "",
            "purpose": "", "outcome": "set_aside", "details": torn,
        }  # fmt: skip
        return _File(path), [said] if torn else []

    def _set_aside(self, path: Path) -> dict[str, Any] | None:
        """Half a line at the end was being written when the program was killed: nobody got an answer to it."""
        data = path.read_bytes() if path.parent == self.folder else b""
        whole = data.rfind(b"\n") + 1
        if whole == len(data):
            return None
        aside = path.with_name(f"{path.stem}.torn-{whole}")
        aside.write_bytes(data[whole:])
        os.truncate(path, whole)
        log.warning("%s ended in half a line; it is in %s now", path, aside.name)
        return {"file": path.name, "bytes": len(data) - whole, "kept_as": aside.name}

    def _sync(self, mine: int, file: _File) -> None:
        """Wait until line ``mine`` is on disk; whoever comes first syncs for all who wrote before."""
        with self._syncing:
            if self._synced < mine:
                reached, file = self._end[0], self._file or file
                os.fsync(file.number)
                self._synced = max(reached, mine)

    # ------------------------------------------------------------------ keep

    def archive(self, keep_days: int) -> list[str]:
        """Move the months that are over for ``keep_days`` (at least half a year) aside; the chain goes on."""
        last_day = self._clock() - timedelta(days=max(keep_days, LEAST_DAYS))
        moved = []
        for path in chain.live_months(self.folder)[:-1]:
            last = next(filter(None, map(chain.entry_of, chain.backwards(path))), None)
            if last is None or last.at >= last_day:
                break
            self.note(
                chain.ARCHIVE, actor="program", role="program", file=path.name, last_n=last.n, last_hash=last.hash
            )
            (self.folder / chain.ARCHIVE).mkdir(exist_ok=True, mode=0o700)
            path.rename(self.folder / chain.ARCHIVE / path.name)
            moved.append(path.name)
        return moved

    def check(self) -> Verdict:
        """Read the whole trail and remember what was found; a break is said in the log."""
        verdict = chain.verify(self.folder, self.anchors())
        self._checked = self._clock(), verdict
        if verdict.misfit:
            log.error("the audit trail does not fit: %s", verdict.misfit.sentence("en"))
        return verdict

    # ------------------------------------------------------------------- ask

    def anchors(self) -> list[Anchor]:
        """What other places remember of it."""
        return list(self._anchors())

    def end(self) -> tuple[int, str]:
        """Number and hash of the last line."""
        with _alone(self.folder):
            return chain.standing(self.folder)

    def entries(self, wanted: Wanted, limit: int) -> list[Entry]:
        """The newest entries that fit, newest first."""
        found = chain.entries(self.folder, since=wanted.since)
        return list(islice((entry for entry in found if wanted.fits(entry)), limit))

    def search(
        self,
        *,
        act: str = "",
        actor: str = "",
        subject: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 200,
    ) -> list[Entry]:
        """As ``entries``, for pages."""
        return self.entries(Wanted(act=act, actor=actor, subject=subject, since=since, until=until), limit)

    @property
    def waiting(self) -> int:
        """How many entries are not on disk yet."""
        return len(self._waiting)

    def standing(self) -> Standing:
        """How the trail is: its length, when it was last read through and what was found."""
        newest = next(chain.entries(self.folder), None)
        at, verdict = self._checked or (None, None)
        return Standing(
            newest.n if newest else 0, newest.at if newest else None, newest.hash if newest else chain.NOTHING,
            self.waiting, at, verdict,
        )  # fmt: skip


class _File:
    """A month's file, open to append; closed when nobody waits for it any more."""

    def __init__(self, path: Path) -> None:
        is_new = not path.exists()
        self._path = path
        self.number = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._size = os.fstat(self.number).st_size
        if is_new:
            _sync_folder(path.parent)

    def __del__(self) -> None:
        with contextlib.suppress(AttributeError):
            os.close(self.number)

    def is_as_we_left_it(self, path: Path) -> bool:
        """Whether nobody else wrote to it or put another file in its place."""
        try:
            there = os.stat(path)
        except FileNotFoundError:
            return False
        here = os.fstat(self.number)
        return path == self._path and (here.st_ino, here.st_size) == (there.st_ino, self._size)

    def append(self, data: bytes) -> None:
        """All of it or nothing."""
        try:
            if os.write(self.number, data) < len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self.number, self._size)
            raise
        self._size += len(data)


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No other process writes meanwhile."""
    if not folder.exists():
        yield
        return
    with open(folder / "lock", "w", encoding="utf-8") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _short(value: Any) -> Any:
    """Only plain values, and no long texts: an entry names things, it does not tell them."""
    if isinstance(value, str):
        return value if len(value) <= MOST_TEXT else value[: MOST_TEXT - 1] + "…"
    if isinstance(value, dict):
        return {str(k): _short(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_short(v) for v in list(value)[:MOST_ITEMS]]
    if isinstance(value, datetime):
        return rfc3339(value)
    return value if value is None or isinstance(value, bool | int | float) else _short(str(value))

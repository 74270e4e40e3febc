"""Backups of a data folder: made while the server runs, proven before they count, kept so many at a time.

A backup is a folder of its own: the store as one file, what else belongs to the data folder, and a manifest that says
what it is and how to recognise it. It is written beside under another name and gets its own when it has proved itself:
the copied store was opened, and every community's screen remade from it equals the one the server shows.
What it holds is as secret as the data folder: only its owner may read it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, perf_counter
from typing import Any, Protocol

from cockpit.beside import RunningServer, ServerRefused
from cockpit.disk_words import why
from twin_model.proof import Screens, definitions, differing, screens
from twin_model.store import log_of
from twin_model.twin import Twin

MANIFEST = "manifest.json"
STORE = "twin.duckdb"
WORKING = "working-folder"  # what was outside of the data folder: cockpit.toml
FORMAT = 1
PREFIX, UNFINISHED = "cim-", ".unfinished"
PIECE = 4 << 20
LEASE_SECONDS = 60.0  # after which the server forgets a command that does not say that it goes on
RENEW_SECONDS = LEASE_SECONDS / 4
SPARE = 64 << 20  # bytes that must stay free

LEFT_OUT_FOLDERS = {"broker", "logs", "replaced", "upgraded", "restoring", "restoring-checks"}
LEFT_OUT_ENDINGS = (".lock", ".new", ".wal", ".tmp", ".duckdb")
LEFT_OUT_NAMES = {"serving.json"}
"""What is of this machine, of this run or made again by itself; the store is copied on its own."""


class BackupError(Exception):
    """The backup was not made or cannot be used; the text says what was found and what to do."""


class Source(Protocol):
    """A store that can be copied."""

    def begin(self) -> dict[str, Any]:
        """file, log_bytes, at, revision, paused_ms."""
        ...

    def go_on(self) -> None:
        """Called every few seconds; raises when the copy is worth nothing any more."""
        ...

    def end(self) -> Screens:
        """The copy is made: what it must be able to show. Raises when the file did not stand still."""
        ...


@dataclass(frozen=True)
class Kept:
    """One file of a backup."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself. ``schema``: the schema files of its store; ``rows``: those of each table."""

    format: int
    made_at: str
    at: str
    revision: int
    version: str
    definitions: str
    schema: list[str]
    rows: dict[str, int]
    screens: dict[str, dict[str, str]]
    files: list[Kept]
    while_serving: bool
    paused_ms: float
    took_s: float

    @property
    def bytes(self) -> int:
        return sum(kept.bytes for kept in self.files)

    @property
    def instant(self) -> datetime:
        return datetime.fromisoformat(self.at)


@dataclass(frozen=True)
class Backup:
    """A folder with its manifest."""

    folder: Path
    manifest: Manifest


def back_up(
    into: Path, data: Path, source: Source, *, now: Callable[[], datetime], version: str, working: Path | None = None,
    keep: int | None = None, while_serving: bool = True,
) -> Backup:  # fmt: skip
    """Make one more backup of ``data`` in the folder ``into``; of those there, ``keep`` the newest (None: all)."""
    began = perf_counter()
    into, data = into.absolute(), data.absolute()
    if into.resolve() == data.resolve() or data.resolve() in into.resolve().parents:
        raise BackupError(
            f"{into} is inside the data folder {data}: both would be lost together. Choose a folder elsewhere, "
            "best on another disk."
        )
    try:
        into.mkdir(parents=True, exist_ok=True)
        with _alone(into):
            for left in into.glob(f"{PREFIX}*{UNFINISHED}"):
                shutil.rmtree(left)  # of a command that was killed: we are alone here
            others = backups_in(into)
            made_at = now()
            name = f"{PREFIX}{made_at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
            if (into / name).exists():
                raise BackupError(f"{into / name} was made this very second; there is nothing to add to it")
            unfinished = into / (name + UNFINISHED)
            unfinished.mkdir(mode=0o700)
            try:
                files = _files(data, working)
                before = others[-1] if others else None
                copied = _copied(unfinished, files, source, before)
                manifest = Manifest(
                    **copied, format=FORMAT, made_at=made_at.isoformat(), version=version, definitions=definitions(),
                    while_serving=while_serving, took_s=round(perf_counter() - began, 2),
                )  # fmt: skip
                _write_manifest(unfinished / MANIFEST, manifest)
                unfinished.rename(into / name)
                _to_disk(into)
            except BaseException:
                shutil.rmtree(unfinished, ignore_errors=True)
                raise
            made = Backup(into / name, manifest)
            if keep is not None:
                for old in [*others, made][:-keep]:
                    # one that is half removed when somebody kills us must not look like a backup, and the new one
                    # is made whether or not the system lets the old one go: the next backup tries again
                    with suppress(OSError):
                        shutil.rmtree(old.folder.rename(old.folder.with_name(old.folder.name + UNFINISHED)))
            return made
    except ServerRefused as error:
        raise BackupError(f"{error}; nothing of the backup is kept") from error
    except OSError as error:
        raise BackupError(
            f"the backup in {into} could not be made ({why(error)['en']}); nothing of it is kept. "
            "Make room there, or choose another folder."
        ) from error


def backups_in(folder: Path) -> list[Backup]:
    """The finished backups in a folder, oldest first; what is no backup of ours is not looked at."""
    found = []
    for path in folder.glob(f"{PREFIX}*/{MANIFEST}"):
        if path.parent.name.endswith(UNFINISHED):
            continue  # being made or being removed
        try:
            found.append(Backup(path.parent, read_manifest(path)))
        except BackupError:
            continue  # damaged: neither counted nor removed
    return sorted(found, key=lambda backup: backup.manifest.made_at)


def read_manifest(path: Path) -> Manifest:
    """The manifest, which carries its own digest. Raises `BackupError`."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        digest, found = said.pop("digest"), said.pop("format")
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise BackupError(f"{path} is not the manifest of a backup: it is missing or cannot be read") from error
    if found != FORMAT:
        raise BackupError(
            f"{path} is of format {found}; this program knows {FORMAT}. Restore it with the program that made it."
        )
    if digest != _digest_of(said | {"format": found}):
        raise BackupError(f"{path} is damaged: its digest does not fit. Take another backup.")
    return Manifest(**{**said, "format": found, "files": [Kept(**kept) for kept in said["files"]]})


def digest_of_file(path: Path) -> str:
    """SHA-256 in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def copy_file(
    source: Path, target: Path, *, length: int | None = None, go_on: Callable[[], None] = lambda: None
) -> None:
    """Copy the first ``length`` bytes (None: all that are there now), to the disk itself."""
    left = source.stat().st_size if length is None else length
    with source.open("rb", buffering=0) as read, target.open("xb", buffering=0) as write:
        while left:
            piece = read.read(min(PIECE, left))
            if not piece:
                raise BackupError(f"{source} became shorter while it was copied")
            view = memoryview(piece)
            while view:  # a disk that is nearly full takes a part
                view = view[write.write(view) :]
            left -= len(piece)
            go_on()
        os.fsync(write.fileno())


def show(size: float) -> str:
    """Bytes in words."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


class Served:
    """The store of a running server, asked through its control token."""

    def __init__(self, server: RunningServer) -> None:
        self._server = server
        self._asked = 0.0

    def begin(self) -> dict[str, Any]:
        """See `Source`."""
        self._asked = monotonic()
        return self._server.begin_copy()

    def go_on(self) -> None:
        """See `Source`."""
        if monotonic() - self._asked > RENEW_SECONDS:
            self._asked = monotonic()
            self._server.renew_copy()

    def end(self) -> Screens:
        """See `Source`."""
        return self._server.end_copy()


class Resting:
    """A store no server has open: opened here to see what it shows, then kept from everybody while it is copied."""

    def __init__(self, path: Path, open_twin: Callable[[Path], Twin]) -> None:
        self._path, self._open = path, open_twin
        self._screens: Screens = {}
        self._guard: int | None = None

    def begin(self) -> dict[str, Any]:
        """See `Source`."""
        twin = self._open(self._path)
        try:
            at, revision = twin.settle(), twin.revision
            self._screens = screens(twin, at)
        finally:
            twin.close()
        # the lock a store is opened under: as long as we hold it nobody opens this one
        self._guard = os.open(self._path, os.O_RDONLY)
        try:
            fcntl.lockf(self._guard, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            raise BackupError(f"{self._path} was opened by another program just now; try again") from error
        log = log_of(self._path)
        return {
            "file": str(self._path), "log_bytes": log.stat().st_size if log.exists() else 0, "at": at.isoformat(),
            "revision": revision, "paused_ms": 0.0,
        }  # fmt: skip

    def go_on(self) -> None:
        """Nobody else is there."""

    def end(self) -> Screens:
        """See `Source`."""
        if self._guard is not None:
            os.close(self._guard)
            self._guard = None
        return self._screens


def _copied(unfinished: Path, files: dict[str, Path], source: Source, before: Backup | None) -> dict[str, Any]:
    begun = source.begin()
    original, log_bytes, store = Path(begun["file"]), begun["log_bytes"], unfinished / STORE
    try:
        need = original.stat().st_size + 2 * log_bytes + sum(path.stat().st_size for path in files.values())
        free = shutil.disk_usage(unfinished).free
        if free < need + SPARE:
            raise BackupError(
                f"{unfinished.parent} has {show(free)} free and the backup needs {show(need + SPARE)}; nothing was "
                "written. Make room there, or choose another folder."
            )
        copy_file(original, store, go_on=source.go_on)
        if log_bytes:
            # reading does not touch the server's hold on its files: that is another process's
            copy_file(log_of(original), log_of(store), length=log_bytes, go_on=source.go_on)
    except BaseException:
        with suppress(Exception):  # what went wrong first is told
            source.end()
        raise
    expected = source.end()
    proven = _proven(store, datetime.fromisoformat(begun["at"]), expected)
    kept = [_kept(store, STORE)]
    shared = {} if before is None else {k.path: k for k in before.manifest.files}
    for name, path in files.items():
        target = unfinished / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            copy_file(path, target)
        except FileNotFoundError:
            continue  # gone meanwhile
        kept.append(_kept(target, name))
    if before is not None:
        for one in kept:
            if shared.get(one.path) == one:  # once on the disk for all backups that have it
                _share(before.folder / one.path, unfinished / one.path)
    return {**proven, "at": begun["at"], "revision": begun["revision"], "paused_ms": begun["paused_ms"], "files": kept}


def _proven(store: Path, at: datetime, expected: Screens) -> dict[str, Any]:
    """Open the copy as a start would, compare what it shows, and leave it as one file."""
    try:
        twin = Twin.open(store, clock=lambda: at)
        try:
            shown = screens(twin, at)
            rows, schema = twin.store.row_counts(), twin.store.schema()
        finally:
            twin.close()
    except Exception as error:  # whatever it is: a copy that cannot be opened is no backup
        raise BackupError(f"the copy cannot be opened, so it is not kept: {str(error).splitlines()[0]}") from error
    if wrong := differing(expected, shown):
        raise BackupError(
            f"the copy does not show what the server shows ({', '.join(wrong[:5])}), so it is not kept; try again, "
            "and if it stays so, keep the log and report it"
        )
    log_of(store).unlink(missing_ok=True)
    return {"screens": shown, "rows": rows, "schema": schema}


def _files(data: Path, working: Path | None) -> dict[str, Path]:
    """name in the backup -> where it is; of the data folder all but what is made again, and the other settings."""
    found = {}
    for folder, inner, names in os.walk(data):
        inner[:] = sorted(n for n in inner if not (Path(folder) == data and n in LEFT_OUT_FOLDERS))
        for name in sorted(names):
            path = Path(folder) / name
            if name.endswith(LEFT_OUT_ENDINGS) or name in LEFT_OUT_NAMES:
                continue
            if path.is_file() and not path.is_symlink():
                found[path.relative_to(data).as_posix()] = path
    if working is not None and working.is_file() and working.resolve().parent != data.resolve():
        found[f"{WORKING}/{working.name}"] = working
    return found


def _kept(path: Path, name: str) -> Kept:
    return Kept(name, path.stat().st_size, digest_of_file(path))


def _share(old: Path, new: Path) -> None:
    linked = new.with_name(new.name + UNFINISHED)
    try:
        os.link(old, linked)
    except OSError:
        return  # a file system without links keeps it twice
    linked.replace(new)


def _write_manifest(path: Path, manifest: Manifest) -> None:
    said = asdict(manifest)
    text = json.dumps({**said, "digest": _digest_of(said)}, ensure_ascii=False, indent=1)
    with path.open("x", encoding="utf-8") as stream:
        stream.write(text + "\n")
        stream.flush()
        os.fsync(stream.fileno())


def _digest_of(said: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _to_disk(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / ".cim-backup.lock").open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BackupError(f"another backup is being made in {folder}; wait until it is done") from error
        yield

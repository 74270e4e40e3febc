"""A backup becomes a data folder again, after it has proved itself; what was there is kept aside.

Everything is checked and tried in a folder inside the data folder before anything else is touched: every digest, the
opened store, its rows, every community's screen as of the backup's instant. Then that folder is called ``restoring``,
the old files are moved to ``replaced/<instant>/`` and the new ones in, the store last. A program that finds
``restoring`` does not start, because a half of what is there is old: the restore is done again.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from time import perf_counter

from cockpit.backups import (
    MANIFEST,
    SPARE,
    STORE,
    WORKING,
    Backup,
    BackupError,
    Manifest,
    backups_in,
    copy_file,
    digest_of_file,
    read_manifest,
    show,
)
from cockpit.encoding import rfc3339
from twin_model.migrations import known
from twin_model.proof import definitions, differing, screens
from twin_model.store import log_of
from twin_model.twin import Twin

CHECKING, RESTORING, REPLACED = "restoring-checks", "restoring", "replaced"
STAY = {CHECKING, RESTORING, REPLACED, "logs", "broker"}
"""What stays where it is: the broker may hold messages the restored twin has not heard."""


@dataclass(frozen=True)
class Restored:
    """What a restore did, measured. ``screens``: parts of screens remade and equal; None: the program is another."""

    backup: Backup
    data: Path
    replaced: Path | None
    screens: int | None
    check_s: float
    copy_s: float
    prove_s: float
    took_s: float


def find(folder: Path) -> Backup:
    """The backup in a folder, or the newest of those in it."""
    if (folder / MANIFEST).is_file():
        return Backup(folder, read_manifest(folder / MANIFEST))
    if not folder.is_dir():
        raise BackupError(f"there is no folder {folder}; name a backup or the folder with the backups")
    if found := backups_in(folder):
        return found[-1]
    raise BackupError(
        f"{folder} is no backup and holds none: there is no readable {MANIFEST} in it or one folder below. "
        "Name the folder that run.py backup printed."
    )


def restore(backup: Backup, data: Path, *, now: Callable[[], datetime], replace: bool = False) -> Restored:
    """Make ``data`` what it was at the backup's instant. Raises `BackupError`; then nothing there has changed."""
    began = perf_counter()
    manifest, store = backup.manifest, data / STORE
    if newer := [name for name in manifest.schema if name not in known()]:
        raise BackupError(
            f"{backup.folder} was made by a newer program ({manifest.version}, schema {newer[-1]}); "
            "restore it with that one or a later one"
        )
    try:
        with _not_in_use(store):
            if store.exists() and not replace:
                raise BackupError(_would_replace(store, manifest))
            _intact(backup)
            checked = perf_counter()
            data.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(data).free
            if free < manifest.bytes + SPARE:
                raise BackupError(
                    f"{data} has {show(free)} free and the restore needs {show(manifest.bytes + SPARE)}; nothing was "
                    "changed. Make room there."
                )
            staging = data / CHECKING
            shutil.rmtree(staging, ignore_errors=True)  # of a restore that was interrupted
            staging.mkdir(mode=0o700)
            try:
                for kept in manifest.files:
                    (staging / kept.path).parent.mkdir(parents=True, exist_ok=True)
                    copy_file(backup.folder / kept.path, staging / kept.path)
                copied = perf_counter()
                compared = _proven(staging / STORE, manifest)
            except BaseException:
                shutil.rmtree(staging, ignore_errors=True)
                raise
            proven = perf_counter()
            replaced = _swap(data, staging, f"{now().astimezone(UTC):%Y%m%dT%H%M%SZ}")
    except OSError as error:
        raise BackupError(
            f"{backup.folder} could not be restored to {data}: {error.strerror or error}. "
            + ("Run it again with --replace before anything else." if unfinished(data) else "Nothing was changed.")
        ) from error
    return Restored(
        backup, data, replaced, compared, checked - began, copied - checked, proven - copied, perf_counter() - began
    )


def unfinished(data: Path) -> bool:
    """A restore was interrupted: the folder is half old and half new."""
    return (data / RESTORING).exists()


def _would_replace(store: Path, manifest: Manifest) -> str:
    written = datetime.fromtimestamp(max(p.stat().st_mtime for p in (store, log_of(store)) if p.exists()), UTC)
    order = "newer than" if written > manifest.instant else "not newer than"
    return (
        f"{store.parent} holds a store last written {rfc3339(written)}, {order} the backup of "
        f"{rfc3339(manifest.instant)}. With --replace it is moved aside and the backup takes its place; or name "
        "another folder with --data."
    )


def _intact(backup: Backup) -> None:
    for kept in backup.manifest.files:
        path = backup.folder / kept.path
        if PurePosixPath(kept.path).is_absolute() or ".." in PurePosixPath(kept.path).parts:
            raise BackupError(f"{backup.folder} names the file {kept.path!r} outside of itself; it is not used")
        if not path.is_file():
            raise BackupError(f"{backup.folder} is damaged: {kept.path} is missing. Take another backup.")
        if path.stat().st_size != kept.bytes or digest_of_file(path) != kept.sha256:
            raise BackupError(
                f"{backup.folder} is damaged: {kept.path} is not what was backed up (its digest differs). "
                "Take another backup."
            )


def _proven(store: Path, manifest: Manifest) -> int | None:
    """Open it as a start would and compare; how many parts of screens are equal."""
    try:
        twin = Twin.open(store, clock=lambda: manifest.instant)
        try:
            revision, rows, schema = twin.revision, twin.store.row_counts(), twin.store.schema()
            shown = screens(twin, manifest.instant) if definitions() == manifest.definitions else None
        finally:
            twin.close()
    except Exception as error:  # whatever it is, it must not come to the data folder
        raise BackupError(f"the store of the backup cannot be opened: {str(error).splitlines()[0]}") from error
    if revision != manifest.revision:
        raise BackupError(f"the store is of revision {revision}, the manifest of {manifest.revision}")
    compared = manifest.rows if schema == manifest.schema else {"reading": manifest.rows["reading"]}
    if wrong := [f"{name} {rows.get(name)} instead of {n}" for name, n in compared.items() if rows.get(name) != n]:
        raise BackupError(f"the store does not hold the rows of the manifest: {', '.join(wrong[:5])}")
    if shown is None:
        return None
    if different := differing(manifest.screens, shown):
        raise BackupError(f"the store does not show what it showed when it was backed up: {', '.join(different[:5])}")
    return sum(map(len, shown.values()))


def _swap(data: Path, staging: Path, stamp: str) -> Path | None:
    """Old files aside, new ones in, the store last; what had been there, if anything."""
    log_of(staging / STORE).unlink(missing_ok=True)
    shutil.rmtree(staging / "upgraded", ignore_errors=True)
    shutil.rmtree(data / RESTORING, ignore_errors=True)
    staging = staging.rename(data / RESTORING)
    old = sorted(path for path in data.iterdir() if path.name not in STAY)
    aside = data / REPLACED / stamp
    if old:
        aside.mkdir(parents=True)
        for path in old:
            path.rename(aside / path.name)
    for path in sorted(staging.iterdir(), key=lambda p: p.name == STORE):
        if path.name != WORKING:
            path.rename(data / path.name)
    shutil.rmtree(staging)
    return aside if old else None


@contextmanager
def _not_in_use(store: Path) -> Iterator[None]:
    """Nobody has the store open, and nobody can open it meanwhile."""
    if not store.exists():
        yield
        return
    descriptor = os.open(store, os.O_RDWR)
    try:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BackupError(
                f"{store.parent} is in use: a program has its store open. Stop it first; a backup is never restored "
                "under a running server."
            ) from error
        yield
    finally:
        os.close(descriptor)

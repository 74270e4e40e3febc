"""A store of an older version of the program becomes one of this version, or stays what it was.

A copy is brought up to date and takes the place of the old file in one step; the old one stays in ``upgraded/`` beside
it until somebody removes it. Whatever goes wrong before that step, the old file has not been touched.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from twin_model.migrations import Connection, applied, migrate

FOLDER = "upgraded"
SPARE = 64 << 20


class UpgradeFailed(Exception):
    """The store is as it was; the text says why and what to do."""


def upgrade(path: Path, connect: Callable[[Path], Connection], schema: Path) -> Path:
    """Bring the closed store at ``path`` to the schema of this program; where the old one is kept now."""
    copy = path.with_name(path.name + ".upgrading")
    log = path.with_name(path.name + ".wal")
    size = path.stat().st_size + (log.stat().st_size if log.exists() else 0)
    if (free := shutil.disk_usage(path.parent).free) < 2 * size + SPARE:
        raise UpgradeFailed(
            f"{path} is of an older version and is copied before it is changed. That needs "
            f"{2 * size + SPARE >> 20} MiB, and {free >> 20} MiB are free. "
            "Make room and start again; nothing was changed."
        )
    guard = os.open(path, os.O_RDWR)  # nobody else opens it meanwhile
    try:
        fcntl.lockf(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _remove(copy)
        shutil.copyfile(path, copy)
        if log.exists():
            shutil.copyfile(log, copy.with_name(copy.name + ".wal"))
        before = _migrated(copy, connect, schema)
        _to_disk(copy)
        kept = _name_for(path, before)
        os.link(path, kept)
        copy.replace(path)
        log.unlink(missing_ok=True)  # its commits are in the new file, and in the old one once that is opened
    except Exception as error:
        is_disk = isinstance(error, OSError) or shutil.disk_usage(path.parent).free < SPARE
        _remove(copy)
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        old_one = "start the version that wrote it, and report this"
        cure = "make room on its disk and start again" if is_disk else old_one
        raise UpgradeFailed(
            f"{path} is of an older version and could not be brought up to date: {said}. It was not changed: {cure}."
        ) from error
    finally:
        os.close(guard)
    return kept


def _migrated(copy: Path, connect: Callable[[Path], Connection], schema: Path) -> str:
    """Migrate it; the last schema file it had before."""
    connection = connect(copy)
    try:
        before = applied(connection)[-1]
        migrate(connection, schema)
    finally:
        connection.close()
    return before


def _name_for(path: Path, before: str) -> Path:
    folder = path.parent / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    names = (f"{path.stem}-{before}{'' if not n else f'-{n}'}{path.suffix}" for n in range(1_000))
    return next(folder / name for name in names if not (folder / name).exists())


def _remove(copy: Path) -> None:
    for path in (copy, copy.with_name(copy.name + ".wal")):
        path.unlink(missing_ok=True)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

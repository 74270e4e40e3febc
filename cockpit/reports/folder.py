"""Where reports are kept: one folder each, whole or not there at all."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from cockpit.disk_words import why
from cockpit.reports.kinds import refused
from cockpit.reports.making import MANIFEST, Report
from cockpit.reports.zipped import MODE, is_dropped, unzipped


def write(report: Report, folder: Path) -> Path:
    """The report as ``folder/<name>/``; see ``put``."""
    return put(report.name, report.papers, folder)


def put(name: str, papers: dict[str, bytes], folder: Path) -> Path:
    """Papers as ``folder/<name>/``; written beside it, forced to disk and put there by one rename.

    The same report twice leaves the same bytes. Raises `ReportRefused` when it cannot be written; nothing is left half.
    """
    wanted = folder / name
    beside = folder / f".{name}.{os.getpid()}.new"
    aside = folder / f".{name}.{os.getpid()}.old"
    is_new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        sweep(folder)
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir()
        for paper, data in papers.items():
            _write(beside / paper, data)
        for inner in {path.parent for path in beside.rglob("*")}:
            _sync(inner)
        if wanted.exists():
            wanted.rename(aside)
        beside.rename(wanted)
        _sync(folder)
    except OSError as error:
        if aside.exists() and not wanted.exists():
            aside.rename(wanted)
        shutil.rmtree(beside, ignore_errors=True)
        if is_new:
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise refused("unwritten", folder=folder, reason=why(error)) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        shutil.rmtree(aside, ignore_errors=True)
    return wanted


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(path: Path) -> dict[str, bytes]:
    """The papers of a report from its folder, a paper in it, or its zip. Raises `ReportRefused`."""
    try:
        if path.is_file() and path.suffix == ".zip":
            with path.open("rb") as stream:
                return unzipped(stream, path)
        root = path if path.is_dir() else path.parent
        if not path.exists():
            raise refused("absent", where=path)
        if not (root / MANIFEST).is_file() and root.parent != root and (root.parent / MANIFEST).is_file():
            root = root.parent  # a row of evidence was named
        if not (root / MANIFEST).is_file():
            raise refused("no_manifest", where=root)
        files = ((p.relative_to(root).as_posix(), p) for p in sorted(root.rglob("*")) if p.is_file())
        return {name: file.read_bytes() for name, file in files if not is_dropped(name)}
    except OSError as error:
        raise refused("unread", where=path, reason=why(error)) from error


def sweep(folder: Path) -> None:
    """Take away what a killed program left beside finished reports; what it put aside and did not replace goes back."""
    for left in folder.glob(".*.old"):
        wanted, pid = _left(left)
        if _is_over(pid) and not wanted.exists():
            with contextlib.suppress(OSError):
                left.rename(wanted)
    for left in (*folder.glob(".*.new"), *folder.glob(".*.old")):
        if _is_over(_left(left)[1]):
            shutil.rmtree(left, ignore_errors=True)


def _left(path: Path) -> tuple[Path, str]:
    """Whose place it stands beside, and the number of the process that made it."""
    name, _, pid = path.name.removeprefix(".").rpartition(".")[0].rpartition(".")
    return path.with_name(name), pid


def _is_over(pid: str) -> bool:
    """No process of that number is there any more; what we ourselves have under way on another thread is not over."""
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except (OSError, ValueError):
        return False
    return False

"""Where reports are kept: one folder each, whole or not there at all; and one file of the same for sending."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import zipfile
from pathlib import Path

from cockpit.disk_words import why
from cockpit.reports.kinds import ReportRefused, refused
from cockpit.reports.making import MANIFEST, PDF, SIGNATURE, Report
from cockpit.reports.xlsx import EPOCH

MODE = 0o600


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
            with zipfile.ZipFile(path) as archive:
                found = {name: archive.read(name) for name in archive.namelist()}
            return {name.partition("/")[2] or name: data for name, data in found.items()}
        root = path if path.is_dir() else path.parent
        if not path.exists():
            raise ReportRefused(f"{path}: there is no such file or folder; name the folder of a report")
        if not (root / MANIFEST).is_file() and root.parent != root and (root.parent / MANIFEST).is_file():
            root = root.parent  # a row of evidence was named
        if not (root / MANIFEST).is_file():
            raise ReportRefused(f"{root}: found no {MANIFEST}, expected the folder of a report with all its papers")
        return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}
    except zipfile.BadZipFile:
        raise ReportRefused(f"{path}: not a zip of a report, or a damaged one; fetch it again") from None
    except OSError as error:
        raise ReportRefused(f"{path}: cannot be read ({error.strerror})") from error


def zip_of(name: str, papers: dict[str, bytes]) -> bytes:
    """The whole report as one file: the same bytes for the same papers. What is packed already is not packed again."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for paper in (PDF, *sorted(papers.keys() - {PDF, MANIFEST, SIGNATURE}), MANIFEST, SIGNATURE):
            if paper not in papers:
                continue
            info = zipfile.ZipInfo(f"{name}/{paper}", EPOCH)
            packed = paper.endswith((".pdf", ".xlsx"))
            info.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
            info.external_attr = MODE << 16
            archive.writestr(info, papers[paper])
    return out.getvalue()


def sweep(folder: Path) -> None:
    """Take away what a killed program left beside finished reports."""
    for left in (*folder.glob(".*.new"), *folder.glob(".*.old")):
        with contextlib.suppress(OSError):
            shutil.rmtree(left)

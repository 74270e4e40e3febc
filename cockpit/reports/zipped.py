"""A report as one file: packed for sending, and read again wherever it comes from.

What is sent here was made by anybody: nothing is unpacked to the disk, and neither the list of files nor what they say
of their size is believed before it is bounded.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import IO

from cockpit.reports.kinds import refused
from cockpit.reports.making import MANIFEST, PDF, SIGNATURE
from cockpit.reports.xlsx import EPOCH

MODE = 0o600
LARGEST_ZIP = 64 << 20
LARGEST_REPORT = 128 << 20
"""All papers together, unpacked: they are in memory while compared. The sample's acceptance report has 4 MB."""
MOST_PAPERS = 2_000
LONGEST_NAME = 240
_LARGEST_LIST = 1 << 20
_END = struct.Struct("<4s4H2LH")
_END64 = 20
_DROPPED = {"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"}
"""What systems leave in folders and zips by themselves; nobody takes it for a paper."""


def zip_of(name: str, papers: Mapping[str, bytes]) -> bytes:
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


def unzipped(stream: IO[bytes], where: object) -> dict[str, bytes]:
    """The papers in a zip, by their names beside the manifest. ``where``: which file it is, for a refusal.

    Raises `ReportRefused` for what is no zip of a report, is too large, or names files as no report does.
    """
    try:
        _check_list(stream, where)
        with zipfile.ZipFile(stream) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir() and not is_dropped(info.filename)]
            _check_entries(infos, where)
            found = {info.filename: _content(archive, info, where) for info in infos}
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError):
        raise refused("zip", where=where) from None
    return _beside_manifest(found, where)


def is_dropped(name: str) -> bool:
    """Whether a file is none of the sender's but left by his system."""
    return not _DROPPED.isdisjoint(PurePosixPath(name).parts)


def _check_list(stream: IO[bytes], where: object) -> None:
    """The list of files at the end is read as a whole by ``zipfile``: its length is looked at before.

    A report's zip ends with the record of that list, without a comment after it and without the one of 64 bits.
    """
    size = stream.seek(0, io.SEEK_END)
    if size > LARGEST_ZIP:
        raise refused("zip_large", where=where, most=LARGEST_ZIP >> 20)
    stream.seek(max(0, size - _END.size - _END64))
    tail = stream.read()
    if len(tail) < _END.size:
        raise refused("zip", where=where)
    mark, *_, length, _start, comment = _END.unpack(tail[-_END.size :])
    if mark != b"PK\5\6" or comment or tail[: -_END.size].startswith(b"PK\6\7"):
        raise refused("zip", where=where)
    if length > _LARGEST_LIST:
        raise refused("zip_many", where=where, most=MOST_PAPERS)
    stream.seek(0)


def _check_entries(infos: list[zipfile.ZipInfo], where: object) -> None:
    if len(infos) > MOST_PAPERS:
        raise refused("zip_many", where=where, most=MOST_PAPERS)
    if sum(info.file_size for info in infos) > LARGEST_REPORT:
        raise refused("zip_large", where=where, most=LARGEST_REPORT >> 20)
    seen = set()
    for info in infos:
        if info.flag_bits & 0x1:
            raise refused("zip_locked", where=where)
        if info.filename in seen or not _is_name(info.orig_filename):
            raise refused("zip_names", where=where, found=repr(info.orig_filename[:80]))
        seen.add(info.filename)


def _is_name(name: str) -> bool:
    is_text = name.isprintable() and not {"\\", ":"} & set(name)
    return is_text and len(name) <= LONGEST_NAME and not {"", ".", ".."} & set(name.split("/"))


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, where: object) -> bytes:
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise refused("zip", where=where)
    with archive.open(info) as packed:
        data = packed.read(info.file_size + 1)
    if len(data) != info.file_size:
        raise refused("zip", where=where)
    return data


def _beside_manifest(found: dict[str, bytes], where: object) -> dict[str, bytes]:
    """Named from the folder of the manifest; what lies beside that folder keeps a name no paper has."""
    manifests = [name for name in found if PurePosixPath(name).name == MANIFEST]
    if not manifests:
        raise refused("no_manifest", where=where)
    folder = min(manifests, key=lambda name: (name.count("/"), name)).removesuffix(MANIFEST)
    return {
        name.removeprefix(folder) if name.startswith(folder) else f"../{name}": data for name, data in found.items()
    }



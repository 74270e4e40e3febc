"""The form of the audit trail on disk, and how a change of it is found.

A folder with a file of JSON lines for each month. Every line carries its number ``n``, the hash of the line ``before``
and its own ``hash`` over all its bytes; so a line that was edited, removed, inserted or moved does not fit its
neighbours. What lies after the end cannot be seen in the lines: ``head.json`` says how far they go, and the twin's
store remembers the same now and then (`Anchor`), so that cutting the end off takes changing three places at once.
See docs/decisions/0022.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

ARCHIVE = "archive"
HEAD_NAME = "head.json"
NOTHING = "0" * 64
"""What comes before the first line."""
_TAIL = len(b',"hash":"') + 64 + len(b'"}')
_BLOCK = 1 << 16
_HEAD_BYTES = 120


@dataclass(frozen=True)
class Entry:
    """One line: who did what, when, with what result."""

    n: int
    at: datetime
    actor: str
    role: str
    act: str
    subject: str
    purpose: str
    outcome: str
    details: dict[str, Any]
    before: str
    hash: str


@dataclass(frozen=True)
class Anchor:
    """A place outside the lines that remembers what the line ``n`` was; ``where`` says which place."""

    n: int
    hash: str
    where: str


@dataclass(frozen=True)
class Misfit:
    """The first place where the trail is not what was written."""

    file: str
    line: int
    n: int | None
    reason: dict[str, str]

    def sentence(self, lang: str) -> str:
        """Where, and what does not fit."""
        return f"{self.file}:{self.line}: {self.reason[lang]}"


@dataclass(frozen=True)
class Verdict:
    """What reading the whole trail found. ``first`` and ``last`` are line numbers; 0: there is none."""

    lines: int
    first: int
    last: int
    last_hash: str
    misfit: Misfit | None = None
    torn: tuple[str, ...] = field(default=())

    @property
    def is_whole(self) -> bool:
        """True when every line fits."""
        return self.misfit is None


@dataclass(frozen=True)
class Wanted:
    """Which entries: all given ones must fit; instants are [since, until)."""

    act: str = ""
    actor: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def fits(self, entry: Entry) -> bool:
        """Whether this entry is wanted; ``actor`` and ``subject`` may be the beginning of one."""
        return (
            (not self.act or entry.act == self.act)
            and entry.actor.startswith(self.actor)
            and entry.subject.startswith(self.subject)
            and (self.since is None or entry.at >= self.since)
            and (self.until is None or entry.at < self.until)
        )


@dataclass(frozen=True)
class Standing:
    """How the trail is: its last line, how many entries wait for room, and what reading it through found, when."""

    n: int
    at: datetime | None
    hash: str
    waiting: int
    checked_at: datetime | None
    verdict: Verdict | None


def line_of(said: dict[str, Any]) -> tuple[bytes, str]:
    """The bytes of a line (with its end) and its hash."""
    body = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    digest = hashlib.sha256(body).hexdigest()
    return b'%s,"hash":"%s"}\n' % (body[:-1], digest.encode()), digest


def entry_of(line: bytes) -> Entry | None:
    """What a line says; None when it is not a line of this trail or its hash is not that of its bytes."""
    body = line[:-_TAIL] + b"}"
    try:
        said = orjson.loads(line)
        if not line.endswith(b'"}') or said["hash"] != hashlib.sha256(body).hexdigest():
            return None
        return Entry(**{**said, "at": datetime.fromisoformat(said["at"])})
    except (ValueError, TypeError, KeyError):
        return None


def months(folder: Path) -> list[Path]:
    """The files of the trail, oldest first; those in the archive before the others."""
    return [*_files(folder / ARCHIVE), *_files(folder)]


def live_months(folder: Path) -> list[Path]:
    """The files that are not in the archive, oldest first."""
    return _files(folder)


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9][0-9][0-9][0-9]-[0-9][0-9].jsonl"))


def verify(folder: Path, anchors: Iterable[Anchor] = ()) -> Verdict:
    """Read every line; say the first that does not fit, and in which file."""
    known = {anchor.n: anchor for anchor in [*anchors, *head_of(folder)]}
    moved: dict[int, str] = {}
    found = _Reading()
    for path in months(folder):
        shown = f"{path.parent.name}/{path.name}" if path.parent.name == ARCHIVE else path.name
        with path.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if misfit := found.next(line, shown, number, known):
                    return found.verdict(folder, misfit)
                if found.entry is not None and found.entry.act == ARCHIVE:
                    moved[int(found.entry.details.get("last_n", 0))] = str(found.entry.details.get("last_hash", ""))
    return found.verdict(folder, found.missing(known, moved))


class _Reading:
    """How far a trail has been read."""

    def __init__(self) -> None:
        self.lines = 0
        self.entry: Entry | None = None
        self._start: tuple[Entry, str, int] | None = None
        self._where = "", 0

    def next(self, line: bytes, file: str, number: int, known: dict[int, Anchor]) -> Misfit | None:
        """Take one more line; what is wrong with it, if anything."""
        entry = entry_of(line.rstrip(b"\n")) if line.endswith(b"\n") else None
        self.lines += 1
        self._where = file, number
        if entry is None:
            return self._misfit(
                None, "这一行被改过，或只写了一半", "this line was changed, or only half of it was written"
            )
        last, self.entry = self.entry, entry
        if last is None:
            self._start = entry, file, number
        elif entry.n != last.n + 1:
            gap = f"{last.n} → {entry.n}"
            return self._misfit(entry.n, f"行号不连续（{gap}）：有行被删除、插入或移动", f"the numbers jump ({gap}): a line was removed, inserted or moved")  # noqa: E501  # fmt: skip
        elif entry.before != last.hash:
            return self._misfit(entry.n, "与上一行接不上：上一行被改过", "it does not follow the line before: that one was changed")  # noqa: E501  # fmt: skip
        anchor = known.get(entry.n)
        if anchor is not None and anchor.hash != entry.hash:
            return self._misfit(entry.n, f"与{anchor.where}记下的不同：这里被重写过", f"not what {anchor.where} remembers: it was written anew")  # noqa: E501  # fmt: skip
        return None

    def missing(self, known: dict[int, Anchor], moved: dict[int, str]) -> Misfit | None:
        """What lacks before the first line or after the last."""
        last = 0 if self.entry is None else self.entry.n
        beyond = max((a for n, a in known.items() if n > last), key=lambda a: a.n, default=None)
        if beyond is not None:
            return self._misfit(last, f"{beyond.where}记到第 {beyond.n} 行：末尾 {beyond.n - last} 行被截去", f"{beyond.where} remembers line {beyond.n}: {beyond.n - last} lines were cut off the end")  # noqa: E501  # fmt: skip
        if self._start is None:
            return None
        first, file, number = self._start
        if first.n == 1 and first.before == NOTHING:
            return None
        if first.n > 1 and moved.get(first.n - 1) == first.before:
            return None
        self._where = file, number
        return self._misfit(first.n, f"第 1 至 {first.n - 1} 行不见了，也没有归档记录", f"lines 1 to {first.n - 1} are gone and no line says that they were archived")  # noqa: E501  # fmt: skip

    def verdict(self, folder: Path, misfit: Misfit | None) -> Verdict:
        first = self._start[0].n if self._start else 0
        last, digest = (self.entry.n, self.entry.hash) if self.entry else (0, NOTHING)
        torn = tuple(sorted(path.name for path in folder.glob("*.torn-*")))
        return Verdict(self.lines, first, last, digest, misfit, torn)

    def _misfit(self, n: int | None, zh: str, en: str) -> Misfit:
        file, number = self._where
        return Misfit(file or HEAD_NAME, number, n, {"zh": zh, "en": en})


def head_of(folder: Path) -> Sequence[Anchor]:
    """How far the trail goes by its head file; nothing when there is none."""
    try:
        said = orjson.loads((folder / HEAD_NAME).read_bytes())
        return [Anchor(int(said["n"]), str(said["hash"]), HEAD_NAME)]
    except (OSError, ValueError, TypeError, KeyError):
        return []


def backwards(path: Path) -> Iterator[bytes]:
    """The lines of a file, the last one first; it may grow meanwhile."""
    with path.open("rb") as stream:
        position = stream.seek(0, 2)
        rest = b""
        while position > 0:
            size = min(_BLOCK, position)
            position -= size
            stream.seek(position)
            rest = stream.read(size) + rest
            lines = rest.split(b"\n")
            rest = lines[0]
            yield from (line for line in reversed(lines[1:]) if line)
        if rest:
            yield rest


def entries(folder: Path, *, since: datetime | None = None) -> Iterator[Entry]:
    """All entries that can be read, the newest first; files that ended before ``since`` are left alone."""
    for path in reversed(months(folder)):
        for line in backwards(path):
            entry = entry_of(line)
            if entry is None:
                continue
            yield entry
            if since is not None and entry.at < since:
                return


def standing(folder: Path) -> tuple[int, str]:
    """Number and hash of the line that the next one follows.

    Where the head file knows of more lines than there are, the next one follows those: what was cut off stays missing.
    """
    last = next(entries(folder), None)
    heads = [(anchor.n, anchor.hash) for anchor in head_of(folder)]
    return max([*heads, (last.n, last.hash) if last else (0, NOTHING)], key=lambda one: one[0])


def write_head(folder: Path, n: int, digest: str) -> None:
    """Say how far the lines go, in place: always the same number of bytes, so that a full disk has room for it."""
    data = orjson.dumps({"n": n, "hash": digest}).ljust(_HEAD_BYTES)
    number = os.open(folder / HEAD_NAME, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.pwrite(number, data, 0)
    finally:
        os.close(number)

"""The program's log: structured lines to standard error and to files that are rotated, without secrets or persons.

A line holds a time, a level, where it comes from and a sentence; an error adds its kind and the places in the code it
passed. What an error *says* is left out unless it is one of `TELLING`: a conversion that fails quotes the value, and
that may be somebody's name. What looks like a secret or a telephone number is struck out everywhere.

An error that comes again is written once and then once a minute with how often it came.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from logging.handlers import RotatingFileHandler
from pathlib import Path
from traceback import extract_tb
from types import TracebackType
from typing import Any, TextIO

FOLDER, FILE = "logs", "cockpit.log"
FILE_BYTES, FILES = 10_000_000, 10
ZONE = timezone(timedelta(hours=8))  # as in cockpit.encoding, which loads too much for the small commands
MINUTE = 60.0
PLACES = 12
OURS = ("cim", "cockpit", "ingest", "layouts", "sample_data", "twin_model")
ROOM = Path(__file__).resolve().parents[1]
TELLING = {
    "StoreError", "StoreLocked", "BrokerError", "BackupError", "AuditRefused", "SettingsError", "IOException",
    "OutOfMemoryException", "MemoryError",
}  # fmt: skip
"""Errors about the machine, whose words hold no value of anybody's; the last line of DuckDB's is its advice."""

_STRUCK = (
    (re.compile(r"cim_[\w-]{8,}"), "cim_…"),
    (re.compile(r"\$argon2\S+"), "$argon2…"),
    (re.compile(r"://[^/\s@]+@"), "://…@"),
    (re.compile(r"\?[^\s\"']+=[^\s\"']*"), "?…"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), r"\1 …"),
    (re.compile(r"(?i)\b(\w*(?:password|passwd|secret|token|cookie|authorization|api_?key))\b(['\"]?\s*[=:]\s*)[^\s,;}]+"),
     r"\1\2…"),
    (re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)"), "…"),
    (re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)"), "…"),
)  # fmt: skip

Error = tuple[type[BaseException], BaseException, TracebackType | None]


def struck(text: str) -> str:
    """The text without what must not be in a log."""
    for pattern, instead in _STRUCK:
        text = pattern.sub(instead, text)
    return text


def said_of(error: BaseException) -> str:
    """An error in a few words that hold nobody's data."""
    name = type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        return f"{name}: {error.strerror}"
    if str(error) and any(kind.__name__ in TELLING for kind in type(error).__mro__):
        return f"{name}: {struck(str(error).splitlines()[0])}"
    return name


def places_of(trace: TracebackType | None) -> list[str]:
    """Where the error passed, the innermost last: ``cockpit/api.py:71 build``."""
    frames = extract_tb(trace)[-PLACES:]
    return [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]


def _short(filename: str) -> str:
    path = Path(filename)
    parts = path.relative_to(ROOM).parts if path.is_relative_to(ROOM) else path.parts
    if "site-packages" in parts:
        parts = parts[parts.index("site-packages") + 1 :]
    return "/".join(parts[-3:])


def fields_of(record: logging.LogRecord, times: int = 0) -> dict[str, Any]:
    """What one line says."""
    fields: dict[str, Any] = {
        "at": datetime.fromtimestamp(record.created, ZONE).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "from": record.name,
        "said": _sentence(record),
    }
    if error := _error_of(record):
        fields["error"], fields["places"] = said_of(error[1]), places_of(error[2])
    if times:
        fields["times"] = times
    return fields


def _sentence(record: logging.LogRecord) -> str:
    args = record.args
    if isinstance(args, tuple):
        args = tuple(said_of(one) if isinstance(one, BaseException) else one for one in args)
    try:
        return struck((str(record.msg) % args if args else str(record.msg)).strip().splitlines()[0])
    except (TypeError, ValueError, IndexError):
        return struck(str(record.msg))


def _error_of(record: logging.LogRecord) -> Error | None:
    info = record.exc_info
    return (info[0], info[1], info[2]) if isinstance(info, tuple) and info[0] and info[1] else None


def as_words(fields: dict[str, Any]) -> str:
    """``at level from said="…" error="…"``; the places one a line below."""
    places = fields.get("places", ())
    rest = {k: v for k, v in fields.items() if k not in ("at", "level", "from", "places")}
    line = " ".join([fields["at"], fields["level"].upper(), fields["from"],
                     *(f"{k}={json.dumps(v, ensure_ascii=False)}" for k, v in rest.items())])  # fmt: skip
    return "\n    ".join([line, *places])


def as_json(fields: dict[str, Any]) -> str:
    """One object a line."""
    return json.dumps(fields, ensure_ascii=False)


FORMS: dict[str, Callable[[dict[str, Any]], str]] = {"words": as_words, "json": as_json}


@dataclass
class _Again:
    record: logging.LogRecord
    began: float
    times: int = 0


class _Files(RotatingFileHandler):
    """The files of the log; what cannot be written to them (a full disk) is not told with the values of the record."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Nothing."""


class Log(logging.Handler):
    """The one handler of the program. ``clock`` tells seconds, of which a minute makes a summary."""

    def __init__(
        self, stream: TextIO, *, form: str = "words", folder: Path | None = None, stream_level: int = logging.WARNING,
        days: int = 30, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        super().__init__()
        self._stream, self._stream_level, self._write = stream, stream_level, FORMS[form]
        self._clock, self._days, self._folder = clock, days, folder
        self._again: dict[tuple[object, ...], _Again] = {}
        self._timer: threading.Timer | None = None
        self._file: RotatingFileHandler | None = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = _Files(
                folder / FILE, maxBytes=FILE_BYTES, backupCount=FILES - 1, encoding="utf-8", delay=True
            )
            self._file.setFormatter(logging.Formatter("%(message)s"))
            self._forget_old()

    def emit(self, record: logging.LogRecord) -> None:
        """Write it, or count it when the same was written within a minute."""
        try:
            if record.levelno < logging.WARNING:
                self._put(record)
                return
            key = _key(record)
            if (again := self._again.get(key)) is None:
                self._again[key] = _Again(record, self._clock())
                self._put(record)
            else:
                again.times += 1
                again.record = record
            self.sum_up()
            self._call_again()
        except Exception:  # noqa: BLE001 a log that cannot be written (a full disk) must not stop the program
            self.handleError(record)

    def sum_up(self, *, everything: bool = False) -> None:
        """Say how often came what was counted for a minute."""
        now = self._clock()
        for key, again in list(self._again.items()):
            if everything or now - again.began >= MINUTE:
                del self._again[key]
                if again.times:
                    self._put(again.record, again.times)
                    self._again[key] = _Again(again.record, now)

    def close(self) -> None:
        """Say what was only counted, and let go of the file."""
        with self.lock or threading.RLock():
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            self.sum_up(everything=True)
            self._again.clear()
            if self._file is not None:
                self._file.close()
        super().close()

    def handleError(self, record: logging.LogRecord) -> None:
        """Nothing: neither the values of the record nor a second error may come out."""

    def _put(self, record: logging.LogRecord, times: int = 0) -> None:
        line = self._write(fields_of(record, times))
        if record.levelno >= self._stream_level:
            with contextlib.suppress(OSError, ValueError):  # a terminal that is closed; the files still get it
                self._stream.write(line + "\n")
                self._stream.flush()
        if self._file is not None:
            rolled = self._file.shouldRollover(logging.makeLogRecord({"msg": line}))
            self._file.emit(logging.makeLogRecord({"msg": line, "levelno": record.levelno}))
            if rolled:
                self._forget_old()

    def _forget_old(self) -> None:
        if self._folder is None:
            return
        for path in self._folder.glob(FILE + ".*"):
            if time.time() - path.stat().st_mtime > self._days * 86_400:
                path.unlink(missing_ok=True)

    def _call_again(self) -> None:
        if self._timer is None and self._again:
            self._timer = threading.Timer(MINUTE, self._minute)
            self._timer.daemon = True
            self._timer.start()

    def _minute(self) -> None:
        with self.lock or threading.RLock():
            self._timer = None
            self.sum_up()
            self._call_again()


def set_up(
    *, folder: Path | None = None, form: str = "words", level: str = "warning", days: int = 30,
    stream: TextIO | None = None,
) -> Log:  # fmt: skip
    """Make it the log of this process, in place of the one before."""
    chosen = logging.getLevelNamesMapping()[level.upper()]
    shown = logging.WARNING if chosen == logging.INFO else chosen
    log = Log(stream or sys.stderr, form=form, folder=folder, stream_level=shown, days=days)
    root = logging.getLogger()
    for old in [handler for handler in root.handlers if isinstance(handler, Log)]:
        root.removeHandler(old)
        old.close()
    root.addHandler(log)
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(chosen)
    return log


def _key(record: logging.LogRecord) -> tuple[object, ...]:
    error = _error_of(record)
    trace = error[2] if error else None
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = (error[0].__name__, trace.tb_lineno if trace else 0) if error else ()
    return (record.name, record.levelno, str(record.msg), *where)

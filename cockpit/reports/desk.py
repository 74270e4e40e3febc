"""The desk of a running server: reports are asked for, made one after the other beside the pages, and kept in a folder.

A report asked for twice (same wish, same instant) is made once. Made ones survive a restart: they are their folders.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from cockpit.disk_words import why
from cockpit.reports import folder as shelf
from cockpit.reports.allowing import checked, listed
from cockpit.reports.checks import Checks
from cockpit.reports.kinds import ReportRefused, Wish, name_of, refused
from cockpit.reports.making import MANIFEST, SIGNATURE, make
from cockpit.reports.signing import Signer
from cockpit.services import Auditor, NotServed
from layouts.parts import scene_answers
from twin_model.rights import Rights, reading
from twin_model.twin import Twin

log = logging.getLogger(__name__)

FOLDER = "reports"
MOST_WAITING = 50
KEPT_JOBS = 500
OVER = ("made", "failed")
MOST_WAITS = 8
"""Who waits for a report holds one of the server's forty threads; the others are for whoever acts."""
AHEAD = "ahead:"
"""Before the name of a community in the queue: nothing to make, but to count."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """A report somebody asked for. ``state``: waiting, making, made or failed; ``error``: why, by language."""

    name: str
    wish: Wish
    at: datetime
    by: str
    role: str
    state: str = "waiting"
    error: Mapping[str, str] = field(default_factory=dict)
    out: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Shelved:
    """A made report: what its manifest says, and how large it is."""

    name: str
    manifest: dict[str, Any]
    bytes: int

    @property
    def audience(self) -> str:
        return str(self.manifest["audience"])


class ReportDesk:
    """Ask for reports, hear how they stand, fetch them. Its thread begins with the first and ends with ``close``."""

    def __init__(self, twin: Twin, data: Path | None, audit: Auditor) -> None:
        self._twin = twin
        self._data = data
        self._audit = audit
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()
        self._waiting: queue.Queue[str | None] = queue.Queue(MOST_WAITING)
        self._thread: threading.Thread | None = None
        self._prepared: dict[str, datetime] = {}
        self._known: dict[str, tuple[int, Shelved]] = {}
        self._done: dict[str, threading.Event] = {}
        self.waits = threading.BoundedSemaphore(MOST_WAITS)
        self.checks = Checks(twin, self.signer)
        self.schedule: Callable[[], list[dict[str, Any]]] = list
        """What the clock of reports says of itself; nothing where none runs."""

    @property
    def folder(self) -> Path:
        """Where made reports are. Raises `NotServed` for a server without a data folder."""
        if self._data is None:
            raise NotServed("this server was started without a data folder to keep reports in")
        return self._data / FOLDER

    def is_within(self, rights: Rights, community: str) -> bool:
        """Whether a community lies within the scope of these rights."""
        with reading(rights):
            return self._twin.sight.within(community)

    def first_instant(self, community: str) -> datetime | None:
        """Since when there is anything to report of; None for a community that is not there."""
        return self._twin.first_instant(community)

    def signer(self) -> Signer:
        """The key of the data folder, made when it is first needed."""
        return Signer.of(self._data)

    # ------------------------------------------------------------------- asking

    def ask(self, wish: Wish, at: datetime | None, *, by: str, role: str, out: Path | None = None) -> Job:
        """Have a report made; ``at`` None: now. The job, which is the one before where it was asked for already."""
        folder = self.folder
        moment = self._twin.settle().replace(microsecond=0) if at is None else at
        if moment > self._twin.now():
            raise refused("future", at=moment, now=self._twin.now())
        job = Job(name=name_of(wish, moment), wish=wish, at=moment, by=by, role=role, out=out)
        with self._lock:
            known = self._jobs.get(job.name)
            if known is not None and known.state in ("waiting", "making") and out is None:
                return known
            if out is None and (folder / job.name / MANIFEST).is_file():
                return replace(job, state="made")
            self._jobs[job.name] = job
            self._done[job.name] = threading.Event()
            self._forget()
            self._begin(folder)
        try:
            self._waiting.put_nowait(job.name)
        except queue.Full:
            self._set(job.name, state="failed", error=refused("queue", n=MOST_WAITING).said)
        return self._jobs[job.name]

    def _forget(self) -> None:
        """Jobs that are over, the oldest first. One that waits or is being made is asked about by the thread."""
        over = [name for name, job in self._jobs.items() if job.state in OVER]
        for name in over[: max(0, len(self._jobs) - KEPT_JOBS)]:
            del self._jobs[name], self._done[name]

    def job(self, name: str) -> Job | None:
        """How a report stands that was asked for since the start; None for one that was not."""
        return self._jobs.get(name)

    def jobs(self) -> list[Job]:
        """What was asked for since the start, the newest first."""
        return list(self._jobs.values())[::-1]

    def listed(self, community: str) -> dict[str, Any]:
        """What the page of reports shows whoever it answers; see ``allowing.listed``."""
        found = listed(self, community)
        if "management" in found["audiences"]:
            self.prepare(community)
        return found

    def checked(self, key: str) -> dict[str, Any] | None:
        """What was found of a report when it was last checked, for whoever it answers; see ``allowing.checked``."""
        return checked(self, key)

    def prepare(self, community: str) -> None:
        """Count ahead, once an hour, what a report takes longest for: somebody is about to ask for one."""
        now = self._twin.now()
        hour = now.replace(minute=0, second=0, microsecond=0)
        if self._data is None or self._twin.entity("community", community, now) is None:
            return
        with self._lock:
            if self._prepared.get(community) == hour:
                return
            self._prepared[community] = hour
            self._begin(self.folder)
        with suppress(queue.Full):
            self._waiting.put_nowait(AHEAD + community)

    def wait(self, name: str, seconds: float) -> Job | None:
        """As ``job``, once it is made or failed, or after so many seconds; at once where many wait already."""
        done = self._done.get(name)
        if done is not None and seconds and self.waits.acquire(blocking=False):
            try:
                done.wait(seconds)
            finally:
                self.waits.release()
        return self._jobs.get(name)

    # ------------------------------------------------------------------- fetching

    def made(self) -> list[Shelved]:
        """The reports there are, the newest instant first."""
        folder = self.folder
        found = []
        for path in folder.glob(f"*/{MANIFEST}") if folder.is_dir() else ():
            if not path.parent.name.startswith(".") and (one := self._shelved(path)):
                found.append(one)
        return sorted(found, key=lambda one: (one.manifest["instant"], one.name), reverse=True)

    def shelved(self, name: str) -> Shelved | None:
        """One made report; None where there is none of that name."""
        path = self.folder / name / MANIFEST
        safe = name == Path(name).name and not name.startswith(".")
        return self._shelved(path) if safe and path.is_file() else None

    def papers(self, name: str) -> dict[str, bytes] | None:
        """All papers of a made report."""
        return shelf.read(self.folder / name) if self.shelved(name) else None

    def paper(self, name: str, paper: str) -> bytes | None:
        """One paper; only what the manifest names can be fetched, and the manifest and its signature."""
        one = self.shelved(name)
        if one is None or paper not in {*one.manifest["papers"], MANIFEST, SIGNATURE}:
            return None
        path = self.folder / name / paper
        return path.read_bytes() if path.is_file() else None

    def _shelved(self, path: Path) -> Shelved | None:
        try:
            stamp = path.stat().st_mtime_ns
            known = self._known.get(path.parent.name)
            if known and known[0] == stamp:
                return known[1]
            manifest = orjson.loads(path.read_bytes())
            size = sum(paper["bytes"] for paper in manifest["papers"].values())
            one = Shelved(name=path.parent.name, manifest=manifest, bytes=size)
            self._known[one.name] = (stamp, one)
            return one
        except (OSError, ValueError, KeyError, TypeError):
            return None

    # ------------------------------------------------------------------- making

    def make_now(self, wish: Wish, at: datetime, *, by: str, role: str) -> Path:
        """Make one on this thread and keep it: for the clock, whose instants are its own."""
        report = make(self._twin, at, wish, self.signer())
        path = shelf.write(report, self.folder)
        self._audit.note("report_made", actor=by, role=role, subject=report.name, audience=wish.audience)
        return path

    def _begin(self, folder: Path) -> None:
        if self._thread is None:
            shelf.sweep(folder)
            self._thread = threading.Thread(target=self._run, name="reports", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while (name := self._waiting.get()) is not None:
            if name.startswith(AHEAD):
                self._count_ahead(name.removeprefix(AHEAD))
                continue
            job = self._set(name, state="making")
            try:
                self._make(job)
            except ReportRefused as refusal:
                self._set(name, state="failed", error=refusal.said)
            except OSError as error:
                said = refused("unwritten", folder=job.out or self.folder, reason=why(error)).said
                self._set(name, state="failed", error=said)
            except Exception as error:
                log.exception("making report %s failed", name)
                self._set(name, state="failed", error=refused("mistake", what=type(error).__name__).said)
            else:
                self._set(name, state="made")

    def _count_ahead(self, community: str) -> None:
        try:
            scene_answers.course(self._twin, self._twin.now(), community)
        except Exception:  # the report itself will say what is wrong
            log.exception("counting ahead for reports of %s failed", community)

    def _make(self, job: Job) -> None:
        report = make(self._twin, job.at, job.wish, self.signer())
        shelf.write(report, job.out or self.folder)
        self._audit.note("report_made", actor=job.by, role=job.role, subject=job.name, audience=job.wish.audience)

    def _set(self, name: str, **changed: Any) -> Job:
        with self._lock:
            self._jobs[name] = replace(self._jobs[name], **changed)
            if self._jobs[name].state in OVER:
                self._done[name].set()
            return self._jobs[name]

    def close(self) -> None:
        """Finish the report under way and end; what still waits is not made."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        while True:
            try:
                self._waiting.get_nowait()
            except queue.Empty:
                break
        self._waiting.put(None)
        thread.join()

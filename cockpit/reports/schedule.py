"""The clock of scheduled reports: made when they fall due, also those missed while nothing ran, and delivered.

A due report is of its due instant exactly, so one that is made late is the same one, byte for byte. What was made and
how each delivery went is kept in ``reports/schedule.json``; a delivery is tried again for a day, ever more seldom, and
so is the making of a report that a full disk did not take.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from cockpit.disk_words import why
from cockpit.kept_file import write_private
from cockpit.reports.delivering import channels
from cockpit.reports.desk import ReportDesk
from cockpit.reports.kinds import ReportRefused, Wish, name_of
from cockpit.reports.mailing import NotDelivered, not_delivered
from cockpit.reports.settings import ReportSettings
from layouts.page import ZONE
from twin_model.rights import PROGRAM, reading
from twin_model.twin import Twin

log = logging.getLogger(__name__)

FILE_NAME = "schedule.json"
MOST_MISSED = 31
"""So many missed reports of one kind are made after a long silence, the newest ones."""
LONGEST_SLEEP_S = 60.0
FIRST_WAIT, LONGEST_WAIT, GIVE_UP = timedelta(seconds=10), timedelta(hours=1), timedelta(hours=24)
KEPT_TRIES, KEPT_RUNS = 20, 100
Run = dict[str, Any]


def due_since(wanted: ReportSettings, after: datetime, until: datetime) -> list[datetime]:
    """The instants after one and up to another at which a report falls due, oldest first. Pure."""
    day = after.astimezone(ZONE).date() - timedelta(days=1)
    found = []
    while day <= until.astimezone(ZONE).date():
        if wanted.kind == "daily" or (wanted.kind == "weekly" and day.isoweekday() == wanted.day) or (
            wanted.kind == "monthly" and day.day == wanted.day
        ) or (wanted.kind == "acceptance" and (day.month, day.day) == (1, wanted.day)):  # fmt: skip
            at = datetime.combine(day, wanted.at, ZONE).astimezone(UTC)
            if after < at <= until:
                found.append(at)
        day += timedelta(days=1)
    return found


def pause(tries: int) -> timedelta:
    """How long until a delivery is tried again: doubling from ten seconds to an hour. Pure."""
    return min(LONGEST_WAIT, FIRST_WAIT * int(2 ** min(max(tries - 1, 0), 12)))


class Schedule:
    """Call ``step`` when it says so; ``start`` runs a thread that does."""

    def __init__(
        self, twin: Twin, desk: ReportDesk, wanted: Sequence[ReportSettings], clock: Callable[[], datetime]
    ) -> None:
        self._twin, self._desk, self._wanted, self._clock = twin, desk, wanted, clock
        self._unwritten: bytes | None = None  # what the disk did not take, so that nothing is delivered twice
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="report-clock", daemon=True)

    # ------------------------------------------------------------------- what is done

    def step(self) -> datetime | None:
        """Make what is due, try what was not delivered; when there is something to do again (None: not known)."""
        now = self._clock()
        state = self._read()
        for wanted in self._wanted:
            known = state.setdefault(wanted.name, {"until": now.isoformat(), "runs": []})
            for at in due_since(wanted, datetime.fromisoformat(known["until"]), now)[-MOST_MISSED:]:
                known["runs"] = [*known["runs"], self._made(wanted, at, now)][-KEPT_RUNS:]
                known["until"] = at.isoformat()
                self._write(state)
            for number, run in enumerate(known["runs"]):
                if (due := _anew(run)) and due <= now:
                    known["runs"][number] = run = self._made(wanted, datetime.fromisoformat(run["due"]), now, run)
                self._deliver(wanted, run, now)
        self._write(state)
        return self._next(state, now)

    def _made(self, wanted: ReportSettings, at: datetime, now: datetime, before: Run | None = None) -> Run:
        """``before``: how it went the last time, when the disk did not take it."""
        community = wanted.community or self._only_community()
        wish = Wish(community=community, kind=wanted.kind, audience=wanted.audience, lang=wanted.lang)
        run: Run = {"report": name_of(wish, at), "due": at.isoformat(), "made": now.isoformat(), "error": {}, "to": {}}
        try:
            self._desk.make_now(wish, at, by=wanted.name, role="program")
        except ReportRefused as refusal:
            log.warning("scheduled report %s was not made: %s", wanted.name, refusal.said["en"])
            return run | {"error": refusal.said, "anew": _tries(before, now, refusal.__cause__)}
        return run | {"to": {name: {"tries": [], "done": False, "over": False} for name in channels(wanted)}}

    def _only_community(self) -> str:
        with reading(PROGRAM):  # which one it is of does not depend on who looks at the list
            known = self._twin.entities("community", self._twin.now())["community_id"].to_pylist()
        return str(min(known, default=""))

    def _deliver(self, wanted: ReportSettings, run: Run, now: datetime) -> None:
        ways = channels(wanted)
        for name, told in run["to"].items():
            if told["done"] or told["over"] or name not in ways or _again(told, run) > now:
                continue
            at, detail = self._clock(), {}
            try:
                papers = self._desk.papers(run["report"])
                if papers is None:
                    raise not_delivered("gone")
                ways[name](run["report"], papers, at)
            except (NotDelivered, ReportRefused) as problem:
                detail = problem.said
                log.warning("report %s was not delivered by %s: %s", run["report"], name, detail["en"])
            told["tries"] = [*told["tries"], {"at": at.isoformat(), "done": not detail, "detail": detail}][-KEPT_TRIES:]
            told["done"] = not detail
            told["over"] = bool(detail) and at - datetime.fromisoformat(run["made"]) >= GIVE_UP

    def _next(self, state: dict[str, Any], now: datetime) -> datetime | None:
        waits = [
            _again(told, run) for known in state.values() for run in known["runs"] for told in run["to"].values()
            if not (told["done"] or told["over"])
        ]  # fmt: skip
        waits += [due for known in state.values() for run in known["runs"] if (due := _anew(run))]
        ahead = (due_since(wanted, now, now + timedelta(days=40)) for wanted in self._wanted)
        return min([*waits, *(found[0] for found in ahead if found)], default=None)

    def standing(self) -> list[dict[str, Any]]:
        """For the page: each scheduled report, when it is due next, its last run and how that was delivered."""
        state, now = self._read(), self._clock()
        found = []
        for wanted in self._wanted:
            runs = state.get(wanted.name, {}).get("runs", [])
            ahead = due_since(wanted, now, now + timedelta(days=400))
            found.append({
                "name": wanted.name, "community": wanted.community or self._only_community(),
                "kind": wanted.kind, "audience": wanted.audience, "lang": wanted.lang,
                "time": wanted.time, "next": ahead[0] if ahead else None, "ways": list(channels(wanted)),
                "last": runs[-1] if runs else None,
            })  # fmt: skip
        return found

    # ------------------------------------------------------------------- the thread

    def start(self) -> None:
        """Begin; without a scheduled report there is nothing to do."""
        if self._wanted:
            self._thread.start()

    def stop(self) -> None:
        """Finish what is under way and end."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                due = self.step()
            except Exception:
                if not self._stop.is_set():
                    log.exception("the clock of reports stumbled; it goes on in a minute")
                due = None
            left = LONGEST_SLEEP_S if due is None else (due - self._clock()).total_seconds()
            self._stop.wait(min(LONGEST_SLEEP_S, max(0.05, left)))

    # ------------------------------------------------------------------- what is kept

    @property
    def _path(self) -> Path:
        return self._desk.folder / FILE_NAME

    def _read(self) -> dict[str, Any]:
        if self._unwritten is not None:
            kept: dict[str, Any] = orjson.loads(self._unwritten)
            return kept
        with contextlib.suppress(OSError, ValueError):
            found: dict[str, Any] = orjson.loads(self._path.read_bytes())
            return found
        return {}

    def _write(self, state: dict[str, Any]) -> None:
        text = orjson.dumps(state, option=orjson.OPT_INDENT_2).decode()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if not self._path.is_file() or self._path.read_text(encoding="utf-8") != text:
                write_private(self._path, text)
        except OSError as error:
            if self._unwritten is None:
                log.warning("%s cannot be written (%s); kept in memory until it can", self._path, why(error)["en"])
            self._unwritten = text.encode()
        else:
            self._unwritten = None


def _tries(before: Run | None, now: datetime, cause: BaseException | None) -> dict[str, Any] | None:
    """How often and since when a report was not made because of the disk; None when trying again changes nothing."""
    known = (before or {}).get("anew") or {"tries": 0, "since": now.isoformat()}
    if not isinstance(cause, OSError) or now - datetime.fromisoformat(known["since"]) >= GIVE_UP:
        return None
    return {"tries": known["tries"] + 1, "since": known["since"]}


def _anew(run: Run) -> datetime | None:
    """When a report that the disk did not take is to be made again."""
    tried = run.get("anew")
    return datetime.fromisoformat(run["made"]) + pause(tried["tries"]) if tried else None


def _again(told: dict[str, Any], run: Run) -> datetime:
    """When a delivery is to be tried (again)."""
    if not told["tries"]:
        return datetime.fromisoformat(run["made"])
    return datetime.fromisoformat(told["tries"][-1]["at"]) + pause(len(told["tries"]))

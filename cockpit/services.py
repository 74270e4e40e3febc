"""What the web program may ask of the world outside the twin; `run.py` hands it in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from cockpit.audit_chain import NOTHING, Anchor, Entry, Standing, Verdict, Wanted
from twin_model.drill_clock import Drill
from twin_model.entities import Device


class NotServed(Exception):
    """This server was started without the part that could do this."""


class Auditor(Protocol):
    """Keeps who did what. A note is on disk when the call returns.

    Acts that must not happen unwritten (`cockpit.audit.MUST_BE_WRITTEN`: looks at personal data, exports, erasures,
    changes of rights) raise `AuditRefused` when that is not possible: note them before doing them. Other acts are
    noted after; without room on the disk they wait in memory.
    """

    def note(
        self,
        act: str,
        *,
        actor: str,
        role: str,
        subject: str = "",
        purpose: str = "",
        outcome: str = "done",
        **details: Any,
    ) -> None:
        """``actor`` an account or token, ``subject`` an id, never a name; ``details`` plain JSON values."""
        ...

    def entries(self, wanted: Wanted, limit: int) -> list[Entry]:
        """The newest entries that fit, newest first."""
        ...

    def search(
        self,
        *,
        act: str = "",
        actor: str = "",
        subject: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 200,
    ) -> list[Entry]:
        """As ``entries``, for pages."""
        ...

    def standing(self) -> Standing:
        """How the trail is: its length, when it was last read through and what was found."""
        ...

    def check(self) -> Verdict:
        """Read the whole trail now."""
        ...

    def anchors(self) -> list[Anchor]:
        """What other places remember of it."""
        ...


class AuditRefused(Exception):
    """An act that must be written down could not be: it must not happen. The sentence says why and what to do."""


class Unkept:
    """An audit that keeps nothing: for a web program without a data folder."""

    def note(self, act: str, **said: Any) -> None:
        """Nothing."""

    def entries(self, wanted: Wanted, limit: int) -> list[Entry]:
        """None."""
        return []

    def search(self, **wanted: Any) -> list[Entry]:
        """None."""
        return []

    def standing(self) -> Standing:
        """Empty."""
        return Standing(0, None, NOTHING, 0, None, None)

    def check(self) -> Verdict:
        """Nothing to read."""
        return Verdict(0, 0, 0, NOTHING)

    def anchors(self) -> list[Anchor]:
        """None."""
        return []


UNKEPT = Unkept()


def _no_import(paths: Sequence[Path], options: Mapping[str, Any]) -> list[dict[str, Any]]:
    raise NotServed("this server was started without the import")


def _no_adopt(device: Device) -> int:
    raise NotServed("this server was started without message intake")


def _nothing() -> dict[str, Any]:
    return {}


def _empty() -> list[dict[str, Any]]:
    return []


def _no_drill(scenario: str, community_id: str, speed: float | None, by: str) -> Drill:
    raise NotServed("this server was started without drills")


def _no_replay(path: Path, community_id: str, speed: float, by: str) -> Drill:
    raise NotServed("this server was started without drills")


def _no_purpose(_grant: Any, _home_id: str) -> str:
    return ""


def _no_stop(drill_id: str, by: str) -> None:
    raise NotServed("this server was started without drills")


@dataclass(frozen=True, kw_only=True)
class Services:
    """Doers outside the twin.

    ``import_files(paths, options)``: one report per file as in `run.py import --json`; options are the keys
    ``community``, ``layer``, ``crs``, ``mapping``. ``adopt(device)``: records it and decodes its quarantined
    messages again, returning how many were used. ``broker_status()``: connected, url, inbox_depth, lag_s and
    the counters received, acknowledged.

    ``care_status()``: running, behind_s, error and the counts of the clock that steps care; empty without one.
    ``backup_status()``: whether the last daily backup failed; empty when none is set.
    ``outlet_status()``: per outlet what was told and what waits. ``drill_scenarios()``: name, title and length of
    what can be exercised. ``start_drill(scenario, community_id, speed, by)`` (speed None: the scenario's own) and, with
    a recorded day, ``replay_drill(path, community_id, speed, by)`` return the drill that now runs, or raise ValueError;
    ``stop_drill(drill_id, by)`` ends it. ``audit`` keeps who did what.
    ``accounts()``: the accounts and tokens as lists; ``name_of(account_id)``: what a person is called.
    ``purpose_of(grant, home_id)``: for what somebody has opened a home's personal details; "" when he has not.
    ``purposes()``: what there are to choose from, as (name, Chinese, English).
    ``doctor()``: what `run.py doctor` finds, as it prints with ``--json``.
    ``screens()``: the wall screens with their health, and the declared walls. ``reports``: the desk of snapshot reports
    (`cockpit.reports.desk.ReportDesk`).
    """

    import_files: Callable[[Sequence[Path], Mapping[str, Any]], list[dict[str, Any]]] = _no_import
    adopt: Callable[[Device], int] = _no_adopt
    broker_status: Callable[[], dict[str, Any]] = _nothing
    care_status: Callable[[], dict[str, Any]] = _nothing
    backup_status: Callable[[], dict[str, bool]] = dict
    outlet_status: Callable[[], list[dict[str, Any]]] = _empty
    drill_scenarios: Callable[[], list[dict[str, Any]]] = _empty
    start_drill: Callable[[str, str, float | None, str], Drill] = _no_drill
    replay_drill: Callable[[Path, str, float, str], Drill] = _no_replay
    stop_drill: Callable[[str, str], None] = _no_stop
    audit: Auditor = UNKEPT
    accounts: Callable[[], dict[str, Any]] = _nothing
    name_of: Callable[[str], str] = str
    purposes: Callable[[], list[tuple[str, str, str]]] = list
    purpose_of: Callable[[Any, str], str] = _no_purpose
    screens: Callable[[], dict[str, Any]] = _nothing
    doctor: Callable[[], list[dict[str, Any]]] = _empty
    reports: Any = None

"""Declared absences: somebody is away, the home is being cleaned, a device is being worked on.

They hold certain alerts down, visibly, and end by themselves; what was in force at an instant can be asked for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa

from twin_model.alerting import Suppression
from twin_model.catalogue import ABSENCES, AlertRule
from twin_model.moment import Moment
from twin_model.store import Store, Writer
from twin_model.timeline import from_us, to_us

LONGEST = timedelta(days=92)
"""An absence that nobody renews ends; a home forgotten as away is a home nobody watches. (proposal)"""


class AbsenceRefused(ValueError):
    """An absence was declared that cannot be; the text says what was found and what to write."""


@dataclass(frozen=True, kw_only=True)
class Absence:
    """``home_id`` None: all homes of the community. ``kind``: away, cleaning or maintenance."""

    absence_id: str
    community_id: str
    home_id: str | None
    kind: str
    starts_at: datetime
    ends_at: datetime
    reason: str
    declared_by: str
    recorded_at: datetime
    ended_by: str | None = None


def checked(absence: Absence) -> Absence:
    """The absence, or ``AbsenceRefused``."""
    if absence.kind not in ABSENCES:
        raise AbsenceRefused(f"kind is {absence.kind!r}; write one of {', '.join(ABSENCES)}")
    if not absence.reason.strip() or not absence.declared_by.strip():
        raise AbsenceRefused("an absence needs a reason and who declares it")
    if absence.ends_at <= absence.starts_at:
        raise AbsenceRefused(
            f"it ends at {absence.ends_at.isoformat()}, not after it starts {absence.starts_at.isoformat()}"
        )
    if absence.ends_at - absence.starts_at > LONGEST:
        raise AbsenceRefused(f"it would last {(absence.ends_at - absence.starts_at).days} days; at most {LONGEST.days}")
    return absence


def write(writer: Writer, absence: Absence) -> None:
    """Append a declared absence inside the caller's transaction."""
    names = (
        "absence_id",
        "community_id",
        "home_id",
        "kind",
        "starts_at",
        "ends_at",
        "reason",
        "declared_by",
        "recorded_at",
    )
    writer.append("absence", pa.table({name: [getattr(absence, name)] for name in names}))


def end(writer: Writer, absence_id: str, ended_by: str, known_at: datetime) -> None:
    """Take an absence back from ``known_at`` on."""
    writer.execute(
        "UPDATE absence SET superseded_at = $known_at, ended_by = $ended_by "
        "WHERE absence_id = $absence_id AND superseded_at IS NULL",
        known_at=known_at, ended_by=ended_by, absence_id=absence_id,
    )  # fmt: skip


def read(store: Store, known: datetime, *, community_id: str | None = None, over: bool = False) -> list[Absence]:
    """The absences known at ``known`` and not taken back by then, newest first; ``over``: also those that ended."""
    rows = store.select(
        "SELECT absence_id, community_id, home_id, kind, starts_at, ends_at, reason, declared_by, recorded_at, "
        "CASE WHEN superseded_at <= $known THEN ended_by END AS ended_by FROM absence "
        "WHERE recorded_at <= $known "
        "AND ($over OR ((superseded_at IS NULL OR superseded_at > $known) AND ends_at > $known)) "
        "AND ($community_id IS NULL OR community_id = $community_id) ORDER BY recorded_at DESC",
        known=known, over=over, community_id=community_id,
    )  # fmt: skip
    return [Absence(**row) for row in rows.to_pylist()]


class Absences:
    """Those known now, at hand for every step of the engine; a past is read from the store."""

    def __init__(self, store: Store, known: datetime) -> None:
        self._store = store
        self.reload(known)

    def reload(self, known: datetime) -> None:
        """They changed at ``known``. Hold ``Twin.writing``."""
        self._now = read(self._store, known)
        self._since = known

    def known(self, at: datetime) -> list[Absence]:
        """The absences known at ``at`` and not taken back by then, newest first."""
        return self._now if at >= self._since else read(self._store, at)

    def suppressions(self, known: int) -> Callable[[AlertRule, str, str | None], Suppression | None]:
        """What holds an alert of a rule down now, by community and home: the absence that lasts longest, or None."""
        inforce = self._inforce(known)

        def find(rule: AlertRule, community_id: str, home_id: str | None) -> Suppression | None:
            found = [
                a for a in inforce
                if a.kind in rule.suppressed_by and a.community_id == community_id and a.home_id in (None, home_id)
            ]  # fmt: skip
            last = max(found, key=lambda a: a.ends_at, default=None)
            return Suppression(last.kind, to_us(last.ends_at)) if last else None

        return find

    def rows(self, moment: Moment) -> pa.Table:
        """The table ``absence`` of the rules: community_id, home_id (null: all homes), kind, starts_at, ends_at."""
        rows = self._inforce(moment.known)
        instant = pa.timestamp("us", "UTC")
        return pa.table(
            {
                "community_id": pa.array([a.community_id for a in rows], pa.string()),
                "home_id": pa.array([a.home_id for a in rows], pa.string()),
                "kind": pa.array([a.kind for a in rows], pa.string()),
                "starts_at": pa.array([a.starts_at for a in rows], instant),
                "ends_at": pa.array([a.ends_at for a in rows], instant),
            }
        )

    def _inforce(self, known: int) -> list[Absence]:
        now = from_us(known)
        return [a for a in self.known(now) if a.starts_at <= now < a.ends_at]

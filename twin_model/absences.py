"""Declared absences: somebody is away, the home is being cleaned, a device is being worked on.

They hold certain alerts down, visibly, and end by themselves; what was in force at an instant can be asked for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa

from twin_model.catalogue import ABSENCES
from twin_model.store import Store, Writer

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

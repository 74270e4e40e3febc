"""The life of an alert, one step at a time. Pure: what a rule found goes in, what changes comes out.

A rule only says what is in breach at an instant; everything about time is decided here: a breach fires when it has
lasted for the rule's ``hold``, an alert clears when the breach has been gone for ``clear``, a declared absence
holds an alert down visibly until it ends. One alert is one episode of one rule and one subject; when it has
cleared, the next breach is another alert. Instants are microseconds since 1970 UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Phase(StrEnum):
    """Where an alert stands; ``pending`` is a breach that has not lasted long enough and is no alert yet."""

    PENDING = "pending"
    FIRING = "firing"
    SUPPRESSED = "suppressed"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class Breach:
    """A row of a rule: in breach from ``due_at``, which may still lie ahead."""

    subject: str
    due_at: int
    since: int | None
    value: float | None
    limit_value: float | None
    metric: str | None
    severity: str
    community_id: str
    home_id: str | None
    room_id: str | None
    facility_id: str | None
    building_id: str | None


@dataclass(frozen=True, slots=True)
class Suppression:
    """A declared absence in force: what it is and when it ends by itself."""

    kind: str
    until: int


@dataclass(frozen=True, slots=True)
class Alert:
    """One episode. ``gone_since``: the breach is not seen any more since then, and it clears unless it comes back."""

    alert_id: int
    rule: str
    phase: Phase
    breach: Breach
    suppression: Suppression | None = None
    gone_since: int | None = None


@dataclass(frozen=True, slots=True)
class Stepped:
    """The outcome of a step: the alert as it is now (None: there is none), whether its phase changed, and when to
    look again although nothing came in (None: not for this rule's own sake)."""

    alert: Alert | None
    moved: bool
    again_at: int | None


def step(
    rule: str, alert: Alert | None, breach: Breach | None, at: int, *, hold: int, clear: int,
    suppression: Suppression | None, next_id: int, rings: bool = False,
) -> Stepped:  # fmt: skip
    """One subject of one rule at ``at``. ``hold`` and ``clear`` in microseconds; ``next_id`` names a new alert.

    An alert that is firing when an absence is declared becomes suppressed; one that outlasts the absence fires.
    ``rings``: a breach with a later ``since`` is somebody calling again; it moves the alert, which stays the same
    episode, because whoever closed the first call must hear of the second.
    """
    is_breach = breach is not None and breach.due_at <= at
    if alert is None:
        return _unseen(rule, breach, at, hold, suppression, next_id)
    if not is_breach:
        gone = at if alert.gone_since is None else alert.gone_since
        if at - gone >= clear:
            return Stepped(replace(alert, phase=Phase.CLEARED, gone_since=gone), True, None)
        return Stepped(replace(alert, gone_since=gone), False, gone + clear)
    assert breach is not None
    phase = Phase.SUPPRESSED if suppression else Phase.FIRING
    again = rings and breach.since is not None and (alert.breach.since is None or breach.since > alert.breach.since)
    moved = phase is not alert.phase or suppression != alert.suppression or again
    seen = replace(
        alert, phase=phase, breach=breach if moved else alert.breach, suppression=suppression, gone_since=None
    )
    return Stepped(seen, moved, suppression.until if suppression else None)


def _unseen(
    rule: str, breach: Breach | None, at: int, hold: int, suppression: Suppression | None, next_id: int
) -> Stepped:
    if breach is None:
        return Stepped(None, False, None)
    if breach.due_at + hold > at:
        return Stepped(None, False, breach.due_at + hold)
    phase = Phase.SUPPRESSED if suppression else Phase.FIRING
    opened = Alert(next_id, rule, phase, breach, suppression)
    return Stepped(opened, True, suppression.until if suppression else None)

"""A case of a closed loop: its head, its evidence, the log of its steps and how it stands. Values only.

How a step changes a case is ``closed_loop``; where the log is kept is ``cases``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from twin_model.procedure import Words

WORKED = ("raised", "acknowledged", "contacted", "dispatched", "arrived")  # the episode goes on


class StepRefused(Exception):
    """A step that may not be taken; nothing changed. ``kind``: order (409), right (403) or unknown (400)."""

    def __init__(self, code: str, kind: str, zh: str, en: str) -> None:
        self.code = code
        self.kind = kind
        self.reason: Words = {"zh": zh, "en": en}
        super().__init__(f"{code}: {en}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """What never changes about a case."""

    incident_id: str
    procedure: str
    community_id: str
    subject: str
    home_id: str | None
    facility_id: str | None
    building_id: str | None
    drill_id: str | None
    raised_at: datetime
    known_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """An alert as the duty officer was told of it. ``place``: the name of the device that saw it."""

    rule: str
    alert_id: int
    title: Words
    sentence: Words
    since: datetime | None
    cleared_at: datetime | None
    weight: float
    firing: bool
    grade: int
    severity: str
    metric: str | None
    subject: str
    place: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """What else was known of the home; ``factor`` below 1 speaks against somebody needing help."""

    name: str
    text: Words
    factor: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One act in a case's log. ``detail`` is JSON: evidence that joined, the rung asked, the case merged."""

    n: int
    step: str
    at: datetime
    known_at: datetime
    by: str
    role: str
    channel: str = ""
    result: str = ""
    note: str = ""
    outcome: str = ""
    cause: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """How it stands with a rung: todo, now, done or failed, and since when."""

    state: str = "todo"
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A case at one point of its log. ``graded_at``: from when its deadlines count; ``acted_at``: the last sign of
    whoever is responsible, or the last hand-over; ``silent``: the clock handed over and nobody has answered
    since; ``is_overdue``: it said that nobody is left.
    """

    head: Head
    rungs: tuple[Asked, ...]
    phase: str = "raised"
    grade: int = 4
    severity: str = "look"
    evidence: tuple[Evidence, ...] = ()
    facts: tuple[Fact, ...] = ()
    owner: str | None = None
    rung: int | None = None
    graded_at: datetime
    acted_at: datetime
    last_act: str = "raise"
    silent: bool = False
    is_overdue: bool = False
    result: str = ""
    handled_by: str | None = None
    outcome: str | None = None
    cause: str | None = None
    closed_at: datetime | None = None
    reopened: int = 0
    after: str | None = None
    realarmed: str | None = None
    merged_into: str | None = None
    steps: tuple[Step, ...] = ()

    @property
    def n(self) -> int:
        """How many steps its log has."""
        return len(self.steps)

    @property
    def is_worked(self) -> bool:
        """True until it is handled: what happens in the home till then belongs to it."""
        return self.phase in WORKED

    @property
    def still_firing(self) -> tuple[Evidence, ...]:
        return tuple(e for e in self.evidence if e.firing)


def evidence_of(raw: Mapping[str, Any]) -> Evidence:
    """Evidence as kept in a step's detail."""
    instants = {k: datetime.fromisoformat(raw[k]) if raw.get(k) else None for k in ("since", "cleared_at")}
    return Evidence(**{**raw, **instants})


def kept_evidence(evidence: Evidence) -> dict[str, Any]:
    """Evidence as a step's detail keeps it: JSON values."""
    raw = {f.name: getattr(evidence, f.name) for f in fields(evidence)}
    return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in raw.items()}


def kept_fact(fact: Fact) -> dict[str, Any]:
    """A fact as a step's detail keeps it."""
    return {"name": fact.name, "text": fact.text, "factor": fact.factor}

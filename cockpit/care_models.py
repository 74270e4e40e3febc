"""The shapes of what the interface says about care for people at home, for OpenAPI.

Instants are RFC 3339 with offset; null is unknown, or withheld from the caller's role where it says so.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Severity = Literal["act", "look", "blind"]
AbsenceKind = Literal["away", "cleaning", "maintenance"]


class Words(BaseModel):
    """The same in both languages."""

    zh: str
    en: str


class CountItem(BaseModel):
    """All that a public screen is told: how many, of what urgency, in which building."""

    community_id: str
    building_id: str | None
    severity: Severity
    count: int | None = Field(description="null: kept back, because it is small or would tell another that is")
    fewer_than: int | None = Field(None, description="with a count kept back for being small: below this, not 0")


class HomeCountItem(BaseModel):
    """How many homes are in a state; a public screen is not told which."""

    community_id: str
    state: str
    count: int | None = Field(description="null: kept back, because it is small or would tell another that is")
    fewer_than: int | None = Field(None, description="with a count kept back for being small: below this, not 0")


class AlertItem(BaseModel):
    id: str
    rule: str
    subject: str | None = Field(description="the device, home or gateway it is about; null: whoever asks sees no homes")
    scope: str = Field(description="what the subject is: home, device or gateway")
    severity: Severity
    grade: int = Field(description="1 red, 2 orange, 3 yellow, 4 blue")
    phase: Literal["pending", "firing", "suppressed", "cleared"]
    since: datetime | None = Field(description="since when it is so, by the device's clock")
    due_at: datetime | None = Field(description="from when it was in breach")
    fired_at: datetime | None
    cleared_at: datetime | None
    title_zh: str
    title_en: str
    metric: str | None
    value: float | None
    limit_value: float | None
    suppressed_by: str | None = Field(description="the declared absence that holds it down")
    suppressed_until: datetime | None
    building_id: str | None
    home_id: str | None
    room_id: str | None
    facility_id: str | None
    community_id: str | None
    drill_id: str | None = Field(description="this is an exercise")
    evidence: list[dict[str, Any]] = Field(description="the rows the rule saw")


class EvidenceItem(BaseModel):
    rule: str
    alert_id: str | None
    title: Words
    sentence: Words
    since: datetime | None
    cleared_at: datetime | None
    weight: float = Field(description="0..1: how strongly it alone says that somebody needs help")
    firing: bool
    grade: int
    severity: Severity
    metric: str | None
    subject: str | None
    place: str | None = Field(description="the name of the device that saw it")


class FactItem(BaseModel):
    """What else is known of the home; a factor below 1 speaks against somebody needing help."""

    name: str
    text: Words
    factor: float


class RungItem(BaseModel):
    """One place on the ladder of people who are asked."""

    role: str
    state: str = Field(description="todo, now, done or failed")
    at: datetime | None
    until: datetime | None
    contact_id: str | None = Field(description="null: nobody, or withheld from the caller's role")


class StepItem(BaseModel):
    n: int
    step: str
    at: datetime = Field(description="by the community's clock; a drill has its own")
    known_at: datetime
    by: str
    role: str
    channel: str | None
    note: str | None = Field(description="withheld from roles that do not act")
    result: str | None
    outcome: str | None
    cause: str | None
    detail: dict[str, Any] | None = Field(description="withheld from roles that do not act")


class IncidentItem(BaseModel):
    """An incident without its log; also what the live stream tells."""

    id: str
    procedure: str
    community_id: str
    home_id: str | None
    building_id: str | None
    facility_id: str | None
    subject: str | None
    drill_id: str | None = Field(description="this is an exercise")
    grade: int
    severity: Severity
    phase: str
    raised_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    title: Words
    sentence: Words
    confidence: float
    confidence_word: Literal["high", "medium", "low"]
    owner: str | None
    rung: str | None = Field(description="the role that is asked now; null: the duty officer")
    ladder: list[RungItem]
    evidence: list[EvidenceItem]
    facts: list[FactItem]
    next_steps: list[str]
    main_step: str | None
    deadlines: dict[str, datetime | None]
    next_due: datetime | None
    next_due_kind: str | None
    outcome: str | None
    cause: str | None
    reopened: int
    after: str | None = Field(description="the incident that was closed while this still fired")
    merged_into: str | None
    n: int = Field(description="the number of steps in the log; give it as `expected_n`")


class IncidentDetail(IncidentItem):
    """An incident with everything that was done."""

    steps: list[StepItem]
    at: datetime
    revision: int


class StepIn(BaseModel):
    """One act. ``expected_n`` refuses it when somebody else was quicker."""

    model_config = ConfigDict(extra="forbid")

    step: str = Field(max_length=40)
    by: str | None = Field(None, max_length=80, description="who did it; absent: the name of the token")
    note: str = Field("", max_length=2_000)
    outcome: str = Field("", max_length=20, description="when closing: true, false or test")
    cause: str = Field("", max_length=60, description="when closing: a cause of the procedure")
    result: str = Field("", max_length=60, description="of a contact: who answered, or that nobody did")
    channel: str = Field("", max_length=60)
    rung: str | int | None = None
    expected_n: int | None = Field(None, ge=0)
    into: str | None = Field(None, max_length=80, description="for the step merge: the incident that goes on")


class HomeStateItem(BaseModel):
    home_id: str
    building_id: str | None
    community_id: str
    state: Literal["active", "quiet", "away", "blind"]
    since: datetime | None
    seen_at: datetime | None
    reason: str | None


class AbsenceItem(BaseModel):
    id: str
    community_id: str
    home_id: str | None = Field(description="null: the whole community")
    kind: AbsenceKind
    starts_at: datetime
    ends_at: datetime
    reason: str
    declared_by: str
    recorded_at: datetime


class AbsenceIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    community_id: str
    home_id: str | None = None
    kind: AbsenceKind
    starts_at: datetime | None = Field(None, description="absent: now")
    ends_at: datetime
    reason: str = Field(min_length=1, max_length=500)
    by: str | None = Field(None, max_length=80)


class ThresholdItem(BaseModel):
    """A rule's parameter: the file's own (`changed_by` null), a community's, or a home's."""

    rule: str
    parameter: str
    title_zh: str
    title_en: str
    community_id: str | None
    home_id: str | None
    value: float | None
    default: float
    low: float
    high: float
    unit: str
    changed_by: str | None
    reason: str | None
    recorded_at: datetime | None


class ThresholdIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    rule: str
    parameter: str
    community_id: str
    home_id: str | None = None
    value: float | None = Field(description="null: back to what holds one level up")
    reason: str = Field(min_length=1, max_length=500)
    by: str | None = Field(None, max_length=80)


class VisitItem(BaseModel):
    id: str
    community_id: str
    home_id: str
    visited_at: datetime
    visited_by: str
    role: str
    note: str | None = Field(description="withheld from roles that do not act")
    known_at: datetime


class VisitIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    home_id: str
    visited_at: datetime | None = Field(None, description="absent: now")
    note: str = Field("", max_length=2_000)
    by: str | None = Field(None, max_length=80)


class ContactItem(BaseModel):
    """Somebody to call. Names are masked and numbers withheld unless the caller acts on an open incident there."""

    id: str
    community_id: str
    home_id: str | None
    role: str
    rank: int
    name: str
    phone: str | None
    note: str | None


class DrillItem(BaseModel):
    id: str
    community_id: str = Field(description="the drill's own community")
    drill_of: str
    scenario: str
    speed: float
    started_at: datetime
    drill_from: datetime
    started_by: str
    ended_at: datetime | None


class DrillIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    scenario: str = Field(min_length=1, max_length=200)
    community_id: str | None = Field(None, description="the community that is exercised; absent: the first")
    speed: float | None = Field(None, gt=0, le=86_400, description="times as fast as real life; absent: the scenario's")
    by: str | None = Field(None, max_length=80)


class DrillReplayIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    path: str = Field(min_length=1, description="a recording (JSON lines) on the server's own disk")
    community_id: str | None = Field(None, description="the community whose homes are in it; absent: the first")
    speed: float = Field(60, gt=0, le=86_400, description="times as fast as real life")
    by: str | None = Field(None, max_length=80)


class Answer(BaseModel):
    """One thing as known at an instant."""

    model_config = ConfigDict(extra="allow")

    at: datetime
    revision: int


class PurposeIn(BaseModel):
    """For what a home's personal details are opened: one of the declared purposes, and words."""

    model_config = ConfigDict(extra="forbid")

    purpose: str = Field(max_length=40)
    words: str = Field("", max_length=200)

"""An incident as people and programs are told of it: a case with its words, its ladder and what may be done next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from twin_model.case import Asked, Case, Evidence, Fact, Step
from twin_model.closed_loop import deadlines, main_step, next_steps, waits_until
from twin_model.fusing import confidence, confidence_word, incident_sentence, incident_title, ranked
from twin_model.ladder import rung_role
from twin_model.procedure import Procedure, Words

Contacts = Mapping[tuple[str, str], str]
"""The contact asked first, by (home_id or community_id, role)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rung:
    """A place on the ladder. ``until``: when the next one is asked if this one stays silent."""

    role: str
    state: str
    at: datetime | None
    until: datetime | None
    contact_id: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Incident:
    """An incident as known at an instant. Instants are its community's own clock.

    ``rung``: the role that is asked now, None while it is the duty officer's. ``next_due``: until when
    it waits, when the clock hands over or calls it overdue; ``next_due_kind``: for what: acknowledge, contact, answer,
    arrive, handle, confirm or close.
    ``after``: the incident that was closed while this still fired. ``n``: the number of steps in its log.
    """

    incident_id: str
    procedure: str
    community_id: str
    home_id: str | None
    building_id: str | None
    facility_id: str | None
    subject: str
    drill_id: str | None
    grade: int
    severity: str
    phase: str
    raised_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    title: Words
    sentence: Words
    confidence: float
    confidence_word: str
    evidence: tuple[Evidence, ...]
    facts: tuple[Fact, ...]
    owner: str | None
    rung: str | None
    ladder: tuple[Rung, ...]
    next_steps: tuple[str, ...]
    main_step: str | None
    deadlines: dict[str, datetime | None]
    next_due: datetime | None
    next_due_kind: str | None
    steps: tuple[Step, ...]
    outcome: str | None
    cause: str | None
    reopened: int
    after: str | None
    merged_into: str | None
    n: int


def present(procedure: Procedure, case: Case, contacts: Contacts) -> Incident:
    """The incident that a case is."""
    head, sure = case.head, confidence(procedure, case)
    due, kind = waits_until(procedure, case) or (None, None)
    now = None if case.rung is None else case.rungs[case.rung]
    return Incident(
        incident_id=head.incident_id, procedure=head.procedure, community_id=head.community_id, home_id=head.home_id,
        building_id=head.building_id, facility_id=head.facility_id, subject=head.subject, drill_id=head.drill_id,
        grade=case.grade, severity=case.severity, phase=case.phase, raised_at=head.raised_at,
        updated_at=case.steps[-1].at, closed_at=case.closed_at, title=incident_title(procedure, case),
        sentence=incident_sentence(procedure, case), confidence=sure, confidence_word=confidence_word(procedure, sure),
        evidence=ranked(case.evidence), facts=case.facts, owner=case.owner,
        rung=None if case.rung is None or now is None or now.state != "now" else rung_role(procedure, case, case.rung),
        ladder=tuple(_rung(procedure, case, index, asked, contacts, due) for index, asked in enumerate(case.rungs)),
        next_steps=tuple(next_steps(procedure, case)), main_step=main_step(procedure, case),
        deadlines=deadlines(procedure, case), next_due=due, next_due_kind=kind, steps=case.steps,
        outcome=case.outcome, cause=case.cause, reopened=case.reopened, after=case.after,
        merged_into=case.merged_into, n=case.n,
    )  # fmt: skip


def _rung(procedure: Procedure, case: Case, index: int, asked: Asked, contacts: Contacts, due: datetime | None) -> Rung:
    role = rung_role(procedure, case, index)
    own, shared = (case.head.home_id or "", role), (case.head.community_id, role)
    until = due if index == case.rung and asked.state == "now" else None
    return Rung(
        role=role, state=asked.state, at=asked.at, until=until, contact_id=contacts.get(own) or contacts.get(shared)
    )

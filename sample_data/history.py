"""A month of care before the first screen: who called, what the staff did, how it ended, and who looked in.

Alarms are those of the simulated days; each becomes an alert and an incident, worked by the same rules of procedure as
any other (``closed_loop.advance`` judges every step) and by the same staff as live (``staff.next_act``). All is
written in one transaction, because a month step by step would take longer than a first start may.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from ingest.rhythm import SECOND, day_number
from ingest.rhythm_homes import alarm_calls, fall_calls, radar_visits
from ingest.rhythm_people import ElderDay
from ingest.simulate import Simulator, to_us
from sample_data.staff import DUTY, TOLD, drawn, next_act, verdict
from twin_model import absences, alert_log, case_log, fusing
from twin_model.absences import Absence
from twin_model.alert_log import Move
from twin_model.alerting import Alert, Breach, Phase
from twin_model.case import Case, Head, Step, kept_evidence
from twin_model.catalogue import AlertRule, Catalogue
from twin_model.closed_loop import SYSTEM, advance, fold, hand_over_due, taken
from twin_model.entities import Home
from twin_model.ladder import next_rung
from twin_model.procedure import Procedure
from twin_model.store import Writer
from twin_model.timeline import from_us

PAST_CARE = timedelta(days=30)
STILL_OPEN = timedelta(hours=2)
"""What was raised later than this before now is left to the engine."""
PAST_VISITS = timedelta(days=61)
NOT_VISITED = 0.04
"""The share of the rounds that nobody made."""
_VISITORS = (
    ("网格员", "grid_worker"), ("网格员", "grid_worker"), ("志愿者", "neighbour"), ("社区医生", "doctor"),
)  # fmt: skip
_METRIC = {"sos": "sos", "fall": "fall", "smoke": "smoke", "gas": "gas", "no_movement": "motion"}


@dataclass(frozen=True)
class Episode:
    """An alert that was: microseconds since 1970 UTC."""

    rule: str
    subject: str
    home: int
    since: int
    fired: int
    cleared: int


@dataclass(frozen=True)
class Past:
    """What is to be written: rows of ``alert_step``, heads and steps of incidents."""

    alerts: list[dict[str, object]]
    heads: list[Head]
    steps: list[tuple[str, Step]]


def write_past(writer: Writer, life: Simulator, catalogue: Catalogue, homes: Sequence[Home], now: datetime) -> Past:
    """Write the month before ``now`` inside the caller's transaction, with visits and the absences of these days."""
    past = Telling(life, catalogue, homes).tell(now - PAST_CARE, now - STILL_OPEN)
    alert_log.append(writer, past.alerts)
    case_log.append(writer, past.heads, past.steps)
    for absence in declared(life, now, homes[0].community_id):
        absences.write(writer, absence)
    writer.append("visit", pa.Table.from_pylist(visits(homes, life.seed, now)))
    return past


def declared(life: Simulator, now: datetime, community_id: str) -> list[Absence]:
    """The absences that families told of, the evening before, and that are not over."""
    return [
        Absence(
            absence_id=f"a-{away.home_id}", community_id=community_id, home_id=away.home_id, kind="away",
            starts_at=away.since, ends_at=away.until, reason=TOLD, declared_by=DUTY,
            recorded_at=away.since - timedelta(hours=12),
        )
        for away in life.absences(now)
        if away.told and away.since - timedelta(hours=12) < now < away.until
    ]  # fmt: skip


def visits(homes: Sequence[Home], seed: int, now: datetime) -> list[dict[str, Any]]:
    """Who looked in on whom in the last two months, as rows of ``visit``: nearly every home every month."""
    found: list[dict[str, Any]] = []
    for number, home in enumerate(h for h in homes if h.elder_alone):
        for turn in range(3):
            ago, missed, hour, who = (drawn(seed, 210 + k, number, turn) for k in range(4))
            day = (now - timedelta(days=24 * (turn + ago))).replace(hour=0, minute=30, second=0, microsecond=0)
            at = day + timedelta(hours=9.5 * hour)
            if missed < NOT_VISITED or at >= now or now - at > PAST_VISITS:
                continue
            by, role = _VISITORS[int(who * len(_VISITORS))]
            found.append(
                {
                    "visit_id": f"v-{home.home_id}-{turn}", "community_id": home.community_id, "home_id": home.home_id,
                    "visited_at": at, "visited_by": by, "role": role, "note": "上门走访（模拟）", "known_at": at,
                }
            )  # fmt: skip
    return found


class Telling:
    """Tells the incidents of past days; numbers run from 1."""

    def __init__(self, life: Simulator, catalogue: Catalogue, homes: Sequence[Home]) -> None:
        self._life, self._catalogue = life, catalogue
        self._homes = {home.home_id: home for home in homes}
        self._device = {d.device_id: d for d in life.devices}

    def tell(self, start: datetime, end: datetime) -> Past:
        """Everything raised from ``start`` to ``end``."""
        first, last = to_us(start), to_us(end)
        past = Past([], [], [])
        busy: dict[int, int] = {}
        episodes = [e for e in self._episodes(first, last) if e.rule in self._catalogue.alert_rules]
        for episode in sorted(episodes, key=lambda e: e.fired):
            if first <= episode.fired < last and busy.get(episode.home, 0) < episode.fired:
                closed = self._incident(past, episode)
                busy[episode.home] = closed
        return past

    # ------------------------------------------------------------------ what happened

    def _episodes(self, first: int, last: int) -> Iterator[Episode]:
        before: ElderDay | None = None
        for number in range(day_number(first), day_number(last) + 1):
            day = self._life.elders_of(number)
            yield from self._alarms(day)
            if before is not None:
                yield from self._long_nights(before, day)
            before = day

    def _alarms(self, elders: ElderDay) -> Iterator[Episode]:
        cast, day = self._life.cast, elders.day
        found = alarm_calls(day, cast, elders)
        radar, visited, _, falls = radar_visits(day, cast, elders)
        found["fall_radar"] = fall_calls(day, radar[falls], visited[falls])
        for kind, rule, hold, clear in (("sos_button", "sos", 0, 600), ("smoke", "smoke", 0, 0), ("gas", "gas", 0, 0),
                                        ("fall_radar", "fall", 60, 120)):  # fmt: skip
            numbers = cast.of_kind(kind)
            for place, start, length in zip(*(x.tolist() for x in found[kind]), strict=True):
                device = int(numbers[place])
                since = day.start + int(start * SECOND)
                if length <= hold or cast.silent(np.array([device]), np.array([since / SECOND]))[0]:
                    continue
                yield Episode(
                    rule, cast.devices[device].device_id, int(cast.elder_of[device]), since, since + hold * SECOND,
                    since + int((length + clear) * SECOND),
                )  # fmt: skip

    def _long_nights(self, before: ElderDay, day: ElderDay) -> Iterator[Episode]:
        """Who slept longer than the hours of the rule."""
        rule = self._catalogue.alert_rules.get("no_movement")
        if rule is None or "hours" not in rule.parameters:
            return
        limit = int(rule.parameters["hours"].value * 3600 * SECOND)
        for row in np.flatnonzero(day.slept & ~day.away & ~before.away).tolist():
            last, first = before.bouts, day.bouts
            lain = last[1][last[0] == row] + last[2][last[0] == row]
            risen = first[1][first[0] == row]
            if not len(lain) or not len(risen):
                continue
            since = before.day.start + int(float(lain.max()) * SECOND)
            up = day.day.start + int(float(risen.min()) * SECOND)
            if up > since + limit:
                yield Episode("no_movement", self._life.cast.elder_homes[row], row, since, since + limit, up)

    # ------------------------------------------------------------------ what was done

    def _incident(self, past: Past, episode: Episode) -> int:
        """Write one episode as an alert and the incident it opened; returns when that was closed."""
        rule = self._catalogue.alert_rules[episode.rule]
        procedure = self._catalogue.procedures[rule.procedure or ""]
        number = len(past.heads) + 1
        fired = self._alert(past, rule, episode, number, Phase.FIRING, episode.fired)
        self._alert(past, rule, episode, number, Phase.CLEARED, episode.cleared)
        raised = from_us(episode.fired)
        home = self._homes[self._life.cast.elder_homes[episode.home]]
        head = Head(
            incident_id=f"i-{number:06d}", procedure=procedure.name, community_id=home.community_id,
            subject=home.home_id, home_id=home.home_id, facility_id=None, building_id=home.building_id, drill_id=None,
            raised_at=raised, known_at=raised,
        )  # fmt: skip
        device = self._device.get(episode.subject)
        seen = fusing.evidence(rule, fired, raised, device.name if device else None)
        opened = Step(
            n=1, step="raise", at=raised, known_at=raised, by=SYSTEM, role=SYSTEM,
            detail={"evidence": [kept_evidence(seen)], "facts": []},
        )  # fmt: skip
        case = self._work(procedure, fold(procedure, head, [opened]), rule.name, number, episode)
        past.heads.append(head)
        past.steps.extend((head.incident_id, step) for step in case.steps)
        return to_us(case.steps[-1].at)

    def _alert(
        self, past: Past, rule: AlertRule, episode: Episode, number: int, phase: Phase, at: int
    ) -> dict[str, object]:
        home = self._homes[self._life.cast.elder_homes[episode.home]]
        limit = next((p.value for p in rule.parameters.values() if p.name == "hours"), 1.0)
        breach = Breach(
            subject=episode.subject, due_at=episode.fired - round(rule.hold.total_seconds() * 1e6),
            since=episode.since, value=limit if rule.scope == "home" else 1.0, limit_value=limit,
            metric=_METRIC.get(rule.name), severity=rule.severity, community_id=home.community_id,
            home_id=home.home_id, room_id=None, facility_id=None, building_id=home.building_id,
        )  # fmt: skip
        move = Move(Alert(number, rule.name, phase, breach), (), None)
        row = alert_log.rows([move], self._catalogue.alert_rules, from_us(at))[0]
        past.alerts.append(row)
        return row

    def _work(self, procedure: Procedure, case: Case, rule: str, number: int, episode: Episode) -> Case:
        """Step by step until it is closed; what the clock does by itself in between is done as well."""
        cleared = from_us(episode.cleared)
        chance = self._chances(number)
        end = verdict(procedure.name, rule, chance(0))
        at = case.steps[-1].at
        while (act := next_act(procedure.name, case.phase, case.steps, end, chance(case.n))) is not None:
            at += timedelta(seconds=act.after)
            if act.step == "close":
                at = max(at, cleared + timedelta(seconds=60))
            case = self._passed(procedure, case, at)
            if case.still_firing and cleared <= at:
                case = _system(procedure, case, "clear", cleared, {"alerts": [number]})
            case = self._passed(procedure, case, at)
            said = dict(act.said)
            detail: dict[str, Any] = {}
            if act.step in ("contact", "dispatch", "arrive"):
                role = said.pop("rung", "family" if said.get("result") == "family" else None)
                detail = {"rung": procedure.rung_index(role) if role else case.rung}
            when = max(at, case.steps[-1].at)
            step = Step(
                n=case.n + 1, step=act.step, at=when, known_at=when, by=act.by, role=act.role, detail=detail, **said
            )
            case = advance(procedure, case, step, when)
            at = when
        return case

    def _chances(self, number: int) -> Callable[[int], Callable[[int], float]]:
        seed = self._life.seed

        def at_step(n: int) -> Callable[[int], float]:
            return lambda purpose: drawn(seed, 201, number, n if purpose >= 10 else 0, purpose)

        return at_step

    @staticmethod
    def _passed(procedure: Procedure, case: Case, at: datetime) -> Case:
        while (due := hand_over_due(procedure, case)) and due[0] <= at:
            detail = {"from": case.rung, "to": next_rung(case), "for": due[1]}
            case = _system(procedure, case, "hand_over", due[0], detail)
        return case


def _system(procedure: Procedure, case: Case, name: str, at: datetime, detail: dict[str, Any]) -> Case:
    when = max(at, case.steps[-1].at)
    step = Step(n=case.n + 1, step=name, at=when, known_at=when, by=SYSTEM, role=SYSTEM, detail=detail)
    return taken(procedure, case, step)

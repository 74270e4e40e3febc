"""What an exercise showed: of the rules, which should have fired and did; of the people, how long they took.

Everything is read from the log, so a drill can be scored at any time, also while it runs. Rules are judged by the
drill's own clock, people by the one on the wall, because they cannot be played faster.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from twin_model.catalogue import AlertRule
from twin_model.drill_clock import Drill
from twin_model.drill_scenarios import Expect, Scenario, gateway_of, home_of
from twin_model.incident import Incident

OVER, WITNESS = "演练结束", "演练记录"
"""Who closes what a drill leaves open: whoever handled an incident may not confirm it, so it takes two."""
BUSY_S = 10.0
"""Real seconds that messages may be held back and taken in at once; a fast drill must not blame a rule for that."""
MEASURED = ("acknowledge", "contact", "dispatch", "arrive", "handle", "close")


class Asked(Protocol):
    """What of ``twin.care`` a score needs."""

    def alert_history(self, start: datetime, end: datetime, at: datetime, *, community_id: str | None = None) -> Any:
        """Alerts that were open at any time between two instants."""

    def incidents(self, at: datetime, *, community_id: str | None = None, open_only: bool = True) -> list[Incident]:
        """The incidents of a community."""


@dataclass(frozen=True, kw_only=True)
class RuleScore:
    """``found``: hit, missed, or waiting (its time has not come). ``delay``: how late it fired, in drill time."""

    rule: str
    home: int | None
    subject: str
    expected_at: datetime
    found: str
    fired_at: datetime | None = None
    delay: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class FalseAlert:
    """A rule that fired for somebody it should have left alone."""

    rule: str
    subject: str
    fired_at: datetime


@dataclass(frozen=True, kw_only=True)
class PeopleScore:
    """Real time from the incident being raised to the first step of each kind; None where nobody has taken it."""

    incident_id: str
    subject: str
    grade: int
    took: Mapping[str, timedelta | None]


@dataclass(frozen=True, kw_only=True)
class DrillScore:
    """Instants are the drill's own. ``resolution``: a second of real time in drill time; nothing is known finer."""

    rules: tuple[RuleScore, ...]
    false_alerts: tuple[FalseAlert, ...]
    people: tuple[PeopleScore, ...]
    resolution: timedelta

    @property
    def hits(self) -> int:
        """How many expected alerts came."""
        return sum(rule.found == "hit" for rule in self.rules)

    @property
    def missed(self) -> int:
        """How many did not."""
        return sum(rule.found == "missed" for rule in self.rules)


def score(
    care: Asked, rules: Mapping[str, AlertRule], drill: Drill, scenario: Scenario | None, at: datetime
) -> DrillScore:
    """Score ``drill`` as known at ``at``; a replayed day has no scenario, so nothing of it is missed or false."""
    history = care.alert_history(drill.started_at, at, at, community_id=drill.community_id).to_pylist()
    fired = sorted((row for row in history if row["fired_at"] is not None), key=lambda row: row["fired_at"])
    expects = scenario.expects if scenario else ()
    scored = tuple(scored_rule(expect, fired, rules, drill, at) for expect in expects)
    wanted = {(one.rule, one.subject) for one in scored}
    false = {
        (row["rule"], row["subject"]): row["fired_at"]
        for row in reversed(fired)
        if scenario and not {(row["rule"], row["subject"]), (row["rule"], row["home_id"])} & wanted
    }
    incidents = care.incidents(at, community_id=drill.community_id, open_only=False)
    return DrillScore(
        rules=scored,
        false_alerts=tuple(
            FalseAlert(rule=rule, subject=subject, fired_at=drill.time(when)) for (rule, subject), when in false.items()
        ),
        people=tuple(_people(i) for i in sorted(incidents, key=lambda i: i.raised_at)),
        resolution=timedelta(seconds=drill.speed),
    )


def scored_rule(
    expect: Expect, fired: list[dict[str, Any]], rules: Mapping[str, AlertRule], drill: Drill, at: datetime
) -> RuleScore:
    """An expected alert is hit when the rule was due then; how fast a machine noticed is its delay.

    A button pressed again and again is due anew with every press: then it counts that the alert fired in time.
    """
    subject = gateway_of(drill.community_id) if expect.home is None else home_of(drill.community_id, expect.home)
    when = drill.drill_from + expect.at
    hold = rules[expect.rule].hold if expect.rule in rules else timedelta(0)
    latest = when + expect.within + timedelta(seconds=BUSY_S * drill.speed)
    common: dict[str, Any] = {
        "rule": expect.rule, "home": expect.home, "subject": subject, "expected_at": when,
    }  # fmt: skip
    for row in fired:
        if row["rule"] != expect.rule or not _is(row, subject):
            continue
        seen = drill.time(row["fired_at"])
        if any(when - expect.within <= moment <= latest for moment in (row["due_at"] + hold, seen)):
            return RuleScore(**common, found="hit", fired_at=seen, delay=max(seen - when, timedelta(0)))
    waiting = drill.ended_at is None and drill.time(at) < latest
    return RuleScore(**common, found="waiting" if waiting else "missed")


def _is(row: Mapping[str, Any], subject: str) -> bool:
    """A rule about a device of a home is about the home, too."""
    return subject in (row["subject"], row["home_id"])


def _people(incident: Incident) -> PeopleScore:
    raised = incident.steps[0].known_at
    took: dict[str, timedelta | None] = dict.fromkeys(MEASURED)
    for step in incident.steps:
        if step.step in took and took[step.step] is None and step.by not in ("system", OVER, WITNESS):
            took[step.step] = step.known_at - raised
    return PeopleScore(
        incident_id=incident.incident_id, subject=incident.subject, grade=incident.grade, took=took
    )  # fmt: skip

"""What an incident rests on, and what is said about it: ranked evidence, confidence, one sentence in plain words.

Confidence is 1 - product(1 - weight) over the evidence, softened by what speaks against it: an alert that cleared by
itself, movement afterwards, nobody at home. A pressed button, smoke and gas are never softened. All numbers and words
stand in the procedure's file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import prod
from typing import Any

from twin_model.case import Case, Evidence, Fact
from twin_model.catalogue import AlertRule
from twin_model.closed_loop import LOCAL
from twin_model.procedure import Procedure, Words

LANGUAGES = ("zh", "en")
MOVED_AFTER = timedelta(minutes=1)  # a movement within the same minute belongs to what was seen, not against it
SAID_EVIDENCE = 2  # in the sentence; the card lists all of it below
SAID = 3  # parts of the sentence before the verdict, evidence and facts together
DOOR_FACTS = frozenset({"inside", "door_shut", "door_open"})
MOVEMENT = ("motion", "presence")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class HomeContext:
    """What is known of a home besides its alerts. ``states``: rows of states of its devices (device_id, metric, value,
    taken_at, changed_at, status); ``state``: active, quiet, away or blind, and since when."""

    states: Sequence[Mapping[str, Any]] = ()
    state: str | None = None
    since: datetime | None = None


class _Said(dict[str, str]):
    """Values for a sentence; a value that is not known is a dash, never a crash in the middle of an alarm."""

    def __missing__(self, key: str) -> str:
        return "—"


def sentence(rule: AlertRule, alert: Mapping[str, Any], until: datetime) -> Words:
    """The rule's sentence with the alert's own figures: value, limit, since, until, hours, minutes.

    ``alert`` has the columns of ``alert_step``; clock times are the neighbourhood's, with the day when it is another.
    """
    said = _Said()
    for key, name in (("value", "value"), ("limit", "limit_value")):
        if alert.get(name) is not None:
            said[key] = f"{round(float(alert[name]), 3):g}"
    since = alert.get("since")
    if since is not None:
        minutes = max(0, round((until - since) / timedelta(minutes=1)))
        said |= {"minutes": str(minutes), "hours": f"{minutes / 60:.1f}".removesuffix(".0")}
    found = {}
    for lang in LANGUAGES:
        when = {"until": clock_time(lang, until, until)}
        when |= {} if since is None else {"since": clock_time(lang, since, until)}
        found[lang] = rule.sentence[lang].format_map(_Said(said | when))
    return found


def evidence(rule: AlertRule, alert: Mapping[str, Any], until: datetime, place: str | None) -> Evidence:
    """An alert that fires, as evidence. ``place``: the name of its device, when it is about one."""
    return Evidence(
        rule=rule.name, alert_id=int(alert["alert_id"]), title=rule.title, sentence=sentence(rule, alert, until),
        since=alert.get("since"), cleared_at=None, weight=rule.weight, firing=True, grade=int(alert["grade"]),
        severity=alert["severity"], metric=alert.get("metric"), subject=alert["subject"], place=place,
    )  # fmt: skip


def ranked(found: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """The most urgent first: by grade, firing before cleared, the strongest, the newest."""
    return tuple(sorted(found, key=lambda e: (e.grade, not e.firing, -e.weight, -_seconds(e.since), e.alert_id)))


def confidence(procedure: Procedure, case: Case) -> float:
    """0..1: how sure it is that somebody needs help."""
    rule = procedure.confidence
    against = prod(fact.factor for fact in case.facts)
    quiet = 1.0
    for e in case.evidence:
        weight = e.weight
        if e.metric not in rule.firm:
            weight *= against if e.firing else against * rule.cleared
        quiet *= 1 - weight
    return round(max(1 - quiet, rule.least if case.still_firing else 0.0), 4)


def confidence_word(procedure: Procedure, value: float) -> str:
    """high, medium or low, by the procedure's limits."""
    rule = procedure.confidence
    return "high" if value >= rule.high else "medium" if value >= rule.medium else "low"


def incident_title(procedure: Procedure, case: Case) -> Words:
    """What the strongest evidence is called."""
    return next((e.title for e in ranked(case.evidence)), procedure.title)


def incident_sentence(procedure: Procedure, case: Case) -> Words:
    """One sentence for the duty officer: what was pressed or sensed where, what else is known, how sure it is.

    A device's name is as given, so in English it is left out unless it can be read there.
    """
    best = ranked(case.evidence)[:SAID_EVIDENCE]
    door_told = any(e.metric == "open" for e in best)
    facts = [f for f in case.facts if not (door_told and f.name in DOOR_FACTS)][: SAID - len(best)]
    word = procedure.confidence.words[confidence_word(procedure, confidence(procedure, case))]
    said = {}
    for lang, colon, comma, end in (("zh", "：", "；", "。"), ("en", ": ", "; ", ". ")):
        named = [e.place if e.place and (lang == "zh" or e.place.isascii()) else "" for e in best]
        parts = [
            f"{name}{colon}{e.sentence[lang]}" if name else e.sentence[lang]
            for name, e in zip(named, best, strict=True)
        ]
        parts = [p.rstrip("。.") for p in parts] + [f.text[lang] for f in facts]
        again = _again(procedure, lang) if case.after else ""
        whole = f"{again}{comma.join(dict.fromkeys(parts))}{end}{word[lang]}{end.strip()}"
        said[lang] = whole[:1].upper() + whole[1:]
    return said


def facts_of(procedure: Procedure, context: HomeContext, found: Sequence[Evidence], at: datetime) -> tuple[Fact, ...]:
    """What the home's own states say besides the alerts, most telling first.

    What a lost or stale device last said is not told as if it were so now; that it is lost is.
    """
    seen = context.states
    names: list[tuple[str, datetime | int]] = []
    fresh = {row["metric"]: row for row in seen if row["status"] == "fresh"}
    moved = _newest_sign(seen)
    since = min((e.since for e in found if e.since is not None), default=None)
    if context.state == "away":
        names.append(("away", context.since or at))
    if door := fresh.get("open"):
        shut = not door["value"]
        inside = shut and moved is not None and moved > door["changed_at"] and context.state != "away"
        name = "inside" if inside else "door_shut" if shut else "door_open"
        names.append((name, door["changed_at"]))
    for name, metric in (("in_bed", "in_bed"), ("present", "presence")):
        if metric in fresh and fresh[metric]["value"]:
            names.append((name, fresh[metric]["changed_at"]))
    if moved is not None:
        after = since is not None and moved > since + MOVED_AFTER
        names.insert(0 if after else len(names), ("moved_after" if after else "last_motion", moved))
    lost = {row["device_id"] for row in seen if row["status"] == "lost"}
    if lost:
        names.append(("lost", len(lost)))
    known = [(procedure.facts[name], value) for name, value in names if name in procedure.facts]
    return tuple(
        Fact(name=rule.name, text={lang: _fact(rule.text[lang], lang, value, at) for lang in LANGUAGES},
             factor=rule.factor)
        for rule, value in known
    )  # fmt: skip


def _fact(text: str, lang: str, value: datetime | int, beside: datetime) -> str:
    if isinstance(value, datetime):
        return text.format_map({"since": clock_time(lang, value, beside)})
    return text.format_map({"n": str(value)})


def clock_time(lang: str, at: datetime, beside: datetime) -> str:
    """``06:10``, or ``11月21日 06:10``, ``21 Nov 06:10`` when it was another day than ``beside``; local time."""
    here = at.astimezone(LOCAL)
    time = f"{here:%H:%M}"
    if here.date() == beside.astimezone(LOCAL).date():
        return time
    return f"{here.month}月{here.day}日 {time}" if lang == "zh" else f"{here.day} {MONTHS[here.month - 1]} {time}"


def _newest_sign(seen: Sequence[Mapping[str, Any]]) -> datetime | None:
    """When somebody was last seen moving, by a detector that still reports."""
    signs = [
        row["taken_at"] if row["value"] else row["changed_at"]
        for row in seen
        if row["metric"] in MOVEMENT and row["status"] == "fresh" and row["changed_at"] is not None
    ]
    return max(signs, default=None)


def _again(procedure: Procedure, lang: str) -> str:
    minutes = round(procedure.realarm / timedelta(minutes=1))
    return {"zh": f"关闭 {minutes} 分钟后仍在报警：", "en": f"Still firing {minutes} minutes after closing: "}[lang]


def _seconds(at: datetime | None) -> float:
    return 0.0 if at is None else at.timestamp()

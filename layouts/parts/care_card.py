"""The right side of the elder-care page: one incident as its officer needs it, from the clock down to the relay."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dash import html

from layouts.page import View
from layouts.parts.care_list import ended
from layouts.parts.care_parts import (
    drill_badge,
    drill_clock,
    ladder,
    limit,
    own,
    person,
    place,
    role,
    sentenced,
    ticking,
    who,
    words,
)
from layouts.parts.format import clock, elapsed, moment
from layouts.parts.home_chart import PLACES
from layouts.parts.panel import Tree, icon, next_step
from layouts.parts.text import some, t
from twin_model.procedure import PHASES

EVIDENCE_ICONS = {
    "sos": "warning", "inside": "door", "present": "radar", "motion": "walk", "moved": "walk", "away": "door",
    "lost": "signal", "fall": "radar", "smoke": "flame", "gas": "flame", "leak": "drop", "water": "drop",
    "door": "door", "bed": "bed", "vital": "heart", "cold": "therm", "hot": "therm", "meal": "meal",
    "movement": "walk", "inactiv": "walk", "return": "door", "gateway": "signal", "silent": "signal",
    "battery": "signal", "tamper": "signal", "blind": "signal",
}  # fmt: skip
MOST_EVIDENCE = 5
SHOWN_PAST = 2  # lines of what was done before the rest is folded away: what is due now must be in sight
NOT_ACTS = frozenset({"raise", "evidence", "clear"})  # in the log, but shown as evidence


def card(view: View, now: datetime, answer: Any) -> Tree:
    """The incident: clock, place, person, sentence, evidence, relay. Without one: that nothing waits."""
    if not answer:
        return _nothing(view, is_sensed=answer is None)
    lang, incident, now = view.lang, answer["incident"], own(answer, now)
    open_ = incident.phase != "closed"
    hidden = {
        "data-incident": incident.incident_id,
        "data-n": str(incident.n),
        "data-building": incident.building_id or "",
        "data-home": incident.home_id or "",
        "data-tone": incident.severity,
        "data-phase": incident.phase,
        "data-title": words(lang, incident.title),
        "data-number": " ".join(_callout(lang, answer)),
        "data-since": incident.raised_at.isoformat() if open_ else "",
        "data-say": _first_evidence(lang, incident),
        **drill_clock(answer),
    }
    tone = incident.severity if open_ else "done"
    number = t(lang, "care.stage", n=PHASES.index(incident.phase) + 1, all=len(PHASES))
    stage = html.Span(number, className="stage")
    drill = " in-drill" if incident.drill_id else ""
    parts = [
        html.Div(
            [
                html.H2(
                    [icon(_icon_of(incident.severity)), words(lang, incident.title), stage, drill_badge(lang, answer)]
                ),
                _mute(lang) if view.live else None,
            ],
            className="head",
        ),
        html.Div(
            [
                ticking(lang, incident.raised_at, now, class_name="running")
                if open_
                else html.B(elapsed(incident.closed_at - incident.raised_at), className="running"),
                html.Div(
                    [html.B(place(lang, answer), className="where"), html.Span(person(lang, answer, note=True))],
                    className="whose",
                ),
            ],
            className="clock-row",
        ),
        html.P([icon("lock"), t(lang, "care.why_shown")], className="purpose") if answer["person"] and open_ else None,
        html.P(words(lang, incident.sentence), className="say"),
        ladder(lang, answer) if incident.ladder else None,
        *_evidence(view, now, incident),
        *_relay(view, now, answer),
    ]
    return html.Div(parts, className=f"care-card {tone}{drill}{'' if view.live else ' past'}", **hidden)


def _nothing(view: View, *, is_sensed: bool) -> html.Div:
    """The quiet page: nothing to do; the list says what was closed last. Without devices quiet means nothing."""
    lang = view.lang
    calm = t(lang, ("tasks.none" if view.live else "tasks.none_past") if is_sensed else "tasks.not_sensed")
    return html.Div(
        [
            html.Div([html.H2(calm), _mute(lang) if view.live else None], className="head"),
            html.P(t(lang, "care.quiet_page"), className="caveat") if is_sensed else next_step(view, "devices"),
        ],
        className="care-card calm-card",
        **{"data-incident": ""},
    )


def _icon_of(severity: str) -> str:
    return {"act": "warning", "blind": "signal"}.get(severity, "look")


def _mute(lang: str) -> html.Button:
    """The sound of this screen; assets/50_care.js keeps the choice and writes when it comes back."""
    return html.Button(
        [icon("sound"), html.Span(t(lang, "care.mute"), **{"data-mute-word": ""}), html.Kbd("M")],
        className="mute",
        **{"data-mute": "", "aria-pressed": "false", "aria-keyshortcuts": "M"},
    )


def _callout(lang: str, row: Mapping[str, Any]) -> list[str]:
    """``5 层 502``: where in its building."""
    found = row["place"]
    floor, number = found.get("home_floor"), found.get("home_number")
    return [t(lang, "care.floor", n=floor)] * (floor is not None) + [str(number)] * (number is not None)


def _first_evidence(lang: str, incident: Any) -> str:
    """The callout's second line: what else is known of the home, else what was seen."""
    said = [fact.text for fact in incident.facts] + [item.sentence for item in incident.evidence]
    return words(lang, said[0]) if said else ""


def _evidence(view: View, now: datetime, incident: Any) -> list[Tree]:
    """What was seen, strongest first, with the word of confidence."""
    lang = view.lang
    if not incident.evidence:
        return []
    firing = sum(1 for item in incident.evidence if item.firing)
    word = t(lang, f"care.confidence.{incident.confidence_word}")
    key = "care.confident_of" if firing > 1 else "care.confident"
    rows = [
        html.Li(
            [
                icon(evidence_icon(item.rule)),
                html.Span(_seen(lang, item), title=words(lang, item.title)),
                html.Em(_since(lang, now, item)),
            ],
            className="firing" if item.firing else "over",
        )
        for item in incident.evidence[:MOST_EVIDENCE]
    ]
    rows += [
        html.Li(
            [icon(evidence_icon(fact.name)), html.Span(words(lang, fact.text)), html.Em(t(lang, "care.against"))]
            if fact.factor < 1
            else [icon(evidence_icon(fact.name)), html.Span(words(lang, fact.text))],
            className="fact",
        )
        for fact in incident.facts
    ]
    return [
        html.Div([html.H3(t(lang, "care.evidence")), html.Span(t(lang, key, word=word, n=firing), className="aside")],
                 className="sub-head"),
        html.Ol(rows, className="evidence"),
    ]  # fmt: skip


def _seen(lang: str, item: Any) -> str:
    """Which device saw what: ``卫生间求助按钮：按下求助``; its name is as given, so in English only the room."""
    said = words(lang, item.sentence) or words(lang, item.title)
    if not item.place or lang == "zh":
        return t(lang, "care.seen_by", place=item.place, said=said) if item.place else said
    room = next((text for room, text in PLACES.items() if item.place.startswith(room)), None)
    return sentenced(said if room is None else t(lang, "care.seen_by", place=t(lang, f"home.room.{room}"), said=said))


def _since(lang: str, now: datetime, item: Any) -> str:
    if item.since is None:
        return ""
    at = moment(lang, item.since, now)
    return at if item.firing else t(lang, "care.cleared_at", at=clock(item.cleared_at) if item.cleared_at else at)


def evidence_icon(rule: str) -> str:
    """The picture of what a rule listens to."""
    return next((picture for word, picture in EVIDENCE_ICONS.items() if word in rule), "warning")


def _relay(view: View, now: datetime, answer: Mapping[str, Any]) -> list[Tree]:
    """Who was asked, what happened and when; who is next and when it hands over by itself."""
    lang, incident = view.lang, answer["incident"]
    lines = relay(view, now, answer)
    over = [told for told in lines if told[0] in ("done", "failed")]
    older = over[:-SHOWN_PAST] if len(over) > SHOWN_PAST + 1 else []
    rows = [relay_row(lang, *told) for told in lines[len(older) :]]
    if older:
        summary = html.Summary(t(lang, "care.earlier", n=len(older)))
        folded = html.Ol([relay_row(lang, *told) for told in older], className="relay")
        rows.insert(0, html.Li(html.Details([summary, folded]), className="relay-older"))
    note = t(lang, "care.relay_note") if incident.phase != "closed" else ended(lang, answer)
    return [
        html.Div([html.H3(t(lang, "care.relay")), html.Span(note, className="aside")], className="sub-head"),
        html.Ol(rows, className="relay"),
    ]


Told = tuple[str, str, str, Tree, str]  # state, who, what happened, when, hint


def relay(view: View, now: datetime, answer: Mapping[str, Any]) -> list[Told]:
    """The lines of the relay: what was done in order, whose turn it is, then the rungs to come."""
    lang, incident = view.lang, answer["incident"]
    past: list[tuple[datetime, Told]] = []
    for step in incident.steps:
        if step.step in NOT_ACTS or (step.step == "hand_over" and step.by == "system"):
            continue  # whom the clock passed over stands there as a rung that did not answer
        what = step_words(lang, answer, step)
        told = (_state_of(answer, step), _actor(lang, answer, step), what, clock(step.at, seconds=True), "")
        past.append((step.at, told))
    for rung in incident.ladder:
        if rung.state == "failed":
            said = t(lang, "care.rung.failed")
            past.append((rung.at or now, ("failed", who(lang, answer, rung), said, _at(rung.at), "")))
    past.sort(key=lambda pair: pair[0])
    lines = [told for _, told in past]
    if incident.phase == "raised":
        due = incident.deadlines.get("acknowledge")
        when = ticking(lang, due, now, form="left", class_name="left") if due else ""
        lines.append(("now", t(lang, "care.role.duty_officer"), t(lang, "care.waits_ack"), when, ""))
    if incident.phase == "closed":
        return lines
    for rung in incident.ladder:
        if rung.state == "now":
            until = rung.until
            what = t(lang, "care.rung_until", at=clock(until, seconds=True)) if until else t(lang, "care.rung.now")
            when = ticking(lang, until, now, form="left", class_name="left") if until else ""
            lines.append(("now", who(lang, answer, rung), what, when, _contact_note(answer, rung)))
    return lines + _to_come(lang, answer)


def _at(at: datetime | None) -> str:
    return clock(at, seconds=True) if at else ""


def _to_come(lang: str, answer: Mapping[str, Any]) -> list[Told]:
    """Who is asked next and when; those after that in one line."""
    rungs = [rung for rung in answer["incident"].ladder if rung.state == "todo"]
    if not rungs or "hand_over" not in answer["incident"].next_steps:
        return []
    first, rest = rungs[0], rungs[1:]
    lines: list[Told] = [
        ("todo", who(lang, answer, first), _todo(lang, answer, first), "", _contact_note(answer, first))
    ]
    if rest:
        after = " › ".join(role(lang, answer, rung.role) for rung in rest)
        lines.append(("todo", after, t(lang, "care.by_hand"), "", ""))
    return lines


def relay_row(lang: str, state: str, name: str, what: str, when: Tree, hint: str) -> html.Li:
    """One line: a dot that is ticked, crossed, lit or empty."""
    mark = {"done": icon("check"), "failed": icon("close")}.get(state)
    label = {"aria-label": t(lang, f"care.rung.{state}")}
    return html.Li(
        [
            html.I(mark, className="dot", **label, role="img"),
            html.B(name),
            html.Span(what, title=hint or what),
            html.Em(when),
        ],
        className=f"relay-{state}",
    )


def _state_of(answer: Mapping[str, Any], step: Any) -> str:
    result = answer["procedure"].results.get(step.result or "")
    if step.step == "contact" and result is not None and not result.answered:
        return "failed"
    return "failed" if step.by == "system" else "done"  # the clock speaks only of what nobody did


def _actor(lang: str, answer: Mapping[str, Any], step: Any) -> str:
    if step.by == "system":
        return t(lang, "care.system")
    known = role(lang, answer, step.role) if step.role else ""
    return step.by if not known or known == step.by else f"{known} {step.by}"


def step_words(lang: str, answer: Mapping[str, Any], step: Any) -> str:
    """What a step says in the log: ``已联系：家属接听，约 40 分钟到``."""
    procedure = answer["procedure"]
    rule, result, cause = (
        procedure.steps.get(step.step),
        procedure.results.get(step.result or ""),
        procedure.causes.get(step.cause or ""),
    )
    said = words(lang, rule.done) if rule else some(lang, "care.did", step.step)
    if step.step == "hand_over" and isinstance(step.detail.get("to"), int):
        rung = answer["incident"].ladder[step.detail["to"]]
        key = "care.handed_over_silent" if step.by == "system" else "care.handed_over"
        said = t(lang, key, who=who(lang, answer, rung))
    extra = [
        words(lang, result.title) if result and step.step == "contact" else "",
        words(lang, procedure.outcomes.get(step.outcome or "")),
        words(lang, cause.title) if cause else "",
        step.note or "",
    ]
    rest = t(lang, "care.comma").join(part for part in extra if part)
    return t(lang, "care.did_more", did=said, more=rest) if rest else said


def _todo(lang: str, answer: Mapping[str, Any], rung: Any) -> str:
    """When it comes to somebody by itself, or that a person has to hand over."""
    incident, procedure = answer["incident"], answer["procedure"]
    last = procedure.grades[incident.grade].until
    is_seen_to = incident.phase in ("handled", "confirmed")
    if incident.next_due is not None and not is_seen_to and incident.ladder.index(rung) <= last:
        return t(lang, "care.hands_over_at", at=limit(lang, incident.next_due, incident.updated_at, seconds=True))
    return t(lang, "care.by_hand")


def _contact_note(answer: Mapping[str, Any], rung: Any) -> str:
    contact = answer["contacts"].get(rung.contact_id)
    return (contact or {}).get("note") or ""

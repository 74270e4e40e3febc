"""What only a wall of the staff shows: open incidents, and the one that takes the wall over. No person is named.

A wall is read by whoever walks past its door: it says building and storey of an alarm so that somebody can run, and
names, telephone numbers and health notes stay on the pages, where a purpose is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dash import html

from layouts.page import View
from layouts.parts import care_answers
from layouts.parts.care_parts import state_sign, words
from layouts.parts.format import age, count
from layouts.parts.panel import icon, sign
from layouts.parts.text import t
from layouts.parts.where import placed, where
from twin_model.incident import Incident
from twin_model.twin import Twin

Answer = dict[str, Any]
UNANSWERED = "raised"
"""The phase of an incident nobody has taken on yet."""
MOST = 8


def incidents(twin: Twin, at: datetime, community: str) -> Answer:
    """Open incidents by urgency (no upkeep), and how many homes nobody can see into."""
    found = [i for i in care_answers.open_incidents(twin, at, community) if not care_answers.is_upkeep(i)]
    real = [i for i in found if i.drill_id is None]
    homes = twin.home_states(at, community_id=community)["state"].to_pylist()
    return {
        "items": _told(twin, at, found[:MOST]), "open": len(real), "drills": len(found) - len(real),
        "blind": homes.count("blind"),
    }  # fmt: skip


def urgent(twin: Twin, at: datetime, community: str) -> Answer:
    """The incident that takes the wall over: red, no exercise, nobody has acknowledged it. ``item`` None: none."""
    red = [i for i in care_answers.open_incidents(twin, at, community) if i.severity == "act" and i.drill_id is None]
    waiting = [i for i in red if i.phase == UNANSWERED]
    return {
        "item": _told(twin, at, waiting[:1])[0] if waiting else None, "waiting": len(waiting), "red": len(red),
    }  # fmt: skip


def _told(twin: Twin, at: datetime, found: list[Incident]) -> list[Answer]:
    heads = [
        {"home_id": i.home_id, "facility_id": i.facility_id, "building_id": i.building_id, "room_id": None}
        for i in found
    ]
    return [
        {
            "incident_id": i.incident_id, "severity": i.severity, "phase": i.phase, "drill": i.drill_id is not None,
            "raised_at": i.raised_at, "title": dict(i.title), "sentence": dict(i.sentence), "place": place,
            "building_id": i.building_id, "home_id": i.home_id, "main_step": i.main_step, "next_due": i.next_due,
            "procedure": twin.catalogue.procedures[i.procedure],
        }
        for i, place in zip(found, placed(twin, at, heads), strict=True)
    ]  # fmt: skip


def without_homes(answer: Any) -> Any:
    """The same answer with every place cut to its building: for whoever may not look at one home."""
    if not isinstance(answer, dict):
        return answer
    if "items" in answer:
        return {**answer, "items": [_cut(one) for one in answer["items"]]}
    return {**answer, "item": _cut(answer["item"])} if answer.get("item") else answer


def _cut(one: Answer) -> Answer:
    if "phase" not in one:
        return one
    return {**one, "home_id": None, "place": {**one["place"], "home_number": None, "unit_name": None}}


def step_words(lang: str, one: Mapping[str, Any]) -> str:
    """What is to be done next, as the incident's procedure calls it."""
    step = one["main_step"]
    return words(lang, one["procedure"].steps[step].title) if step else t(lang, "wall.staff.no_step")


def listed(view: View, now: datetime, answer: Any) -> html.Div:
    """Every open incident in one line: what, where, how long, what comes next."""
    lang = view.lang
    rows = [
        html.Li(
            [
                state_sign(one["severity"]),
                html.B(words(lang, one["title"]), className="what"),
                age(lang, one["raised_at"], now, form="lasting", class_name="long"),
                html.Span([where(lang, one["place"]), " · ", _stage(lang, one)], className="more"),
            ],
            className=one["severity"] + (" drill" if one["drill"] else ""),
        )
        for one in answer["items"]
    ]
    note = t(lang, "wall.staff.open", n=count(answer["open"]), blind=count(answer["blind"]))
    calm = html.P([sign("fresh"), t(lang, "tasks.none")], className="calm")
    body = html.Ul(rows, className="wall-incidents") if rows else calm
    head = html.Div([html.H2(t(lang, "tasks.title")), html.Span(note, className="note")], className="head")
    return html.Div([head, body], className="panel")


def _stage(lang: str, one: Mapping[str, Any]) -> str:
    if one["drill"]:
        return t(lang, "care.drill")
    if one["phase"] == UNANSWERED:
        return t(lang, "wall.staff.nobody")
    return t(lang, "wall.staff.next", step=step_words(lang, one))


def takeover(view: View, now: datetime, answer: Any) -> html.Div | None:
    """The whole right side for one incident: the clock since it began, where, why, and what is to be done now."""
    one = answer["item"]
    if one is None:
        return None
    lang = view.lang
    more = t(lang, "wall.staff.more", n=count(answer["waiting"] - 1)) if answer["waiting"] > 1 else None
    due = None
    if one["next_due"] is not None:
        left = html.Time("", dateTime=one["next_due"].isoformat(), **{"data-age": "left"})
        due = html.P([t(lang, "wall.staff.due"), " ", left], className="take-due")
    return html.Div(
        [
            html.H2([icon("warning"), words(lang, one["title"])]),
            age(lang, one["raised_at"], now, form="clock", class_name="take-clock"),
            html.P(where(lang, one["place"]), className="take-where"),
            html.P(words(lang, one["sentence"]), className="take-why"),
            html.P([t(lang, "wall.staff.do"), html.B(step_words(lang, one))], className="take-step"),
            due,
            html.P(more, className="take-more") if more else None,
        ],
        className="wall-takeover",
        role="alert",
        **{"data-building": one["building_id"] or "", "data-incident": one["incident_id"]},
    )

"""The left side of the elder-care page: home states, incidents by urgency, blind homes, this month's service."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dash import html

from layouts.page import View
from layouts.parts.care_brief import notes
from layouts.parts.care_parts import (
    caveat,
    chooses,
    doing_now,
    drill_badge,
    drill_clock,
    ladder,
    own,
    person,
    place,
    state_sign,
    ticking,
    words,
)
from layouts.parts.format import UNKNOWN, age, count, moment, share
from layouts.parts.panel import Tree, beside, head, icon, next_step, sets, sign, stacked, unknown
from layouts.parts.text import some, t
from layouts.parts.where import where

HOME_STATES = ("active", "quiet", "away", "blind")
FILTER = "elder-care--filter"
MOST_HOMES = 60


def states(view: View, now: datetime, answer: Any) -> html.Div:
    """Equipped homes by state as one bar; a press keeps only that state in the list and lit on the map."""
    lang, chosen = view.lang, answer["chosen"]
    if not answer["equipped"]:
        parts = [head(t(lang, "elders.title_none")), unknown(t(lang, "care.no_kits")), next_step(view, "kits")]
        return html.Div(parts, className="panel")
    cells = [
        html.Button(
            [
                html.Span([sign(state), t(lang, f"care.state.{state}")]),
                html.B(count(answer.get(state, 0)), className=f"num {state}"),
                beside(view, count(answer["now"].get(state, 0)) if "now" in answer else None),
            ],
            className="cell way",
            title=t(lang, "care.filter", state=t(lang, f"care.state.{state}")),
            **sets(FILTER, "" if chosen == state else state),
            **{"aria-pressed": "true" if chosen == state else "false"},
        )
        for state in HOME_STATES
    ]
    newest = age(lang, answer["newest"], now)
    return html.Div(
        [
            head(t(lang, "elders.title", n=count(answer["equipped"])), newest),
            stacked([(f"home {state}", answer.get(state, 0)) for state in HOME_STATES]),
            html.Div(cells, className="cells four"),
        ],
        className=f"panel states{' filtered' if chosen else ''}",
    )


def waiting(view: View, now: datetime, answer: Any) -> html.Div:
    """What waits, most urgent first; blind homes last, but with a clock. With nothing open the last closed ones."""
    lang, chosen = view.lang, answer["filter"]
    noted = {"data-notes": json.dumps(notes(lang, answer["open"]), ensure_ascii=False)}
    noted["data-only"] = json.dumps(answer["buildings"]) if chosen else ""
    if chosen:
        return html.Div([_homes_head(lang, chosen, answer), _homes(view, now, answer)], className="panel waiting-list",
                        **noted)  # fmt: skip
    rows = [incident_row(view, now, row, on=row["incident"].incident_id == answer["shown"]) for row in answer["open"]]
    rows += [_blind_row(view, now, group) for group in answer["blind"]]
    key = "tasks.title" if view.live else "tasks.title_past"
    drills = sum(1 for row in answer["open"] if row["incident"].drill_id is not None)
    number = html.Span(count(len(answer["open"]) - drills), className="how-many")  # that of the top bar: no drills
    told = t(lang, "care.drills_open", n=count(drills)) if drills else t(lang, "care.by_urgency")
    body: list[Tree] = [head([t(lang, key), " ", number] if rows else t(lang, key), told if rows else None)]
    body += [] if answer["open"] else [_calm(view, answer)]
    body += [html.Ul(rows, className="incidents")] if rows else []
    if answer["upkeep"]:
        body.append(_upkeep(view, now, answer))
    if not answer["open"]:
        body += _closed(view, now, answer["closed"])
    return html.Div(body, className="panel waiting-list", **noted)


def _upkeep(view: View, now: datetime, answer: Any) -> html.Details:
    """What is repaired in a day or two, folded away: it must not stand between an officer and a person."""
    lang, shown = view.lang, answer["shown"]
    rows = [incident_row(view, now, row, on=row["incident"].incident_id == shown) for row in answer["upkeep"]]
    title = t(lang, "care.upkeep", n=count(len(rows)))
    is_open = any(row["incident"].incident_id == shown for row in answer["upkeep"])
    return html.Details(
        [html.Summary([sign("battery"), html.B(title)]), html.Ul(rows, className="incidents")],
        className="upkeep",
        open=is_open,
    )


def _calm(view: View, answer: Any) -> Tree:
    if not answer["sensed"]:
        return unknown(t(view.lang, "tasks.not_sensed"))
    words_ = t(view.lang, "tasks.none" if view.live else "tasks.none_past")
    return html.P([sign("fresh"), words_], className="calm")


def incident_row(view: View, now: datetime, row: Mapping[str, Any], *, on: bool) -> html.Li:
    """One incident: kind and how long, whose home, what is being done, the ladder."""
    lang, incident, now = view.lang, row["incident"], own(row, now)
    form = "clock" if incident.severity == "act" else "lasting"
    whose = person(lang, {**row, "person": row["person"] and {**row["person"], "alone": False}})
    drill = " in-drill" if incident.drill_id else ""
    return html.Li(
        html.Button(
            [
                html.Span(
                    [
                        state_sign(incident.severity),
                        html.B(words(lang, incident.title), className="what"),
                        drill_badge(lang, row),
                        ticking(lang, incident.raised_at, now, form=form, class_name=f"long {incident.severity}"),
                    ],
                    className="row-head",
                ),
                html.Span(" · ".join(part for part in (place(lang, row), whose) if part), className="whose"),
                html.Span(doing_now(lang, row), className="why-line"),
                ladder(lang, row) if incident.ladder else None,
            ],
            className=f"incident {incident.severity}{' on' if on else ''}{drill}",
            **chooses(row),
            **({"aria-current": "true"} if on else {}),
        ),
        **drill_clock(row),
    )


def _blind_row(view: View, now: datetime, group: Mapping[str, Any]) -> html.Li:
    """Homes nobody can see into and for which no incident is open: one line per building, with its clock."""
    lang = view.lang
    building = group["building_id"] or ""
    return html.Li(
        html.Button(
            [
                html.Span(
                    [
                        sign("blind"),
                        html.B(t(lang, "care.blind_homes", n=group["homes"]), className="what"),
                        ticking(lang, group["since"], now, form="lasting", class_name="long blind")
                        if group["since"]
                        else html.Span(UNKNOWN, className="long blind"),
                    ],
                    className="row-head",
                ),
                html.Span(where(lang, group["place"]), className="whose"),
                html.Span(t(lang, "care.blind_why"), className="why-line"),
            ],
            className="incident blind",
            **{"data-show": building},
        )
    )


def _homes_head(lang: str, chosen: str, answer: Any) -> html.Div:
    back = html.Button([icon("close"), t(lang, "care.all_again")], className="button small", **sets(FILTER, ""))
    title = [t(lang, f"care.state.{chosen}"), " ", html.Span(count(len(answer["homes"])), className="how-many")]
    return html.Div([html.H2(title), back], className="head")


def _homes(view: View, now: datetime, answer: Any) -> html.Ul:
    """The homes of one state, longest first; a press shows the home on the map."""
    lang = view.lang
    rows = [
        html.Li(
            html.Button(
                [
                    sign(answer["filter"]),
                    html.B(where(lang, home), className="what"),
                    ticking(lang, home["since"], now, form="lasting", class_name="long") if home["since"] else None,
                    html.Span(some(lang, "care.reason", home["reason"]), className="why-line")
                    if home.get("reason")
                    else None,
                ],
                className="task",
                **{"data-show": home["building_id"] or "", "data-home": home["home_id"]},
            )
        )
        for home in answer["homes"][:MOST_HOMES]
    ]
    rest = len(answer["homes"]) - MOST_HOMES
    rows += [html.Li(caveat(t(lang, "care.more_homes", n=count(rest))))] if rest > 0 else []
    return html.Ul(rows, className="homes-list task-list")


def _closed(view: View, now: datetime, closed: Any) -> list[Tree]:
    """The last ones that were closed, and how they ended."""
    lang = view.lang
    if not closed:
        return []
    rows = [
        html.Li(
            html.Button(
                [
                    html.Span(
                        [
                            html.B(words(lang, row["incident"].title), className="what"),
                            drill_badge(lang, row),
                            html.Span(moment(lang, row["incident"].closed_at, now), className="note"),
                        ],
                        className="row-head",
                    ),
                    html.Span(place(lang, row), className="whose"),
                    html.Span(ended(lang, row), className="why-line"),
                ],
                className="incident done",
                **chooses(row),
            )
        )
        for row in closed
    ]
    return [html.H3(t(lang, "care.last_closed"), className="sub-title"), html.Ul(rows, className="incidents")]


def ended(lang: str, row: Mapping[str, Any]) -> str:
    """How it ended: ``真实 · 跌倒``; taken into another one: says so."""
    incident = row["incident"]
    if incident.merged_into:
        return t(lang, "care.merged")
    procedure = row["procedure"]
    outcome = words(lang, procedure.outcomes.get(incident.outcome or ""))
    cause = procedure.causes.get(incident.cause or "")
    return " · ".join(part for part in (outcome, words(lang, cause.title) if cause else "") if part)


def levels(view: View, _now: datetime, answer: Any) -> html.Div:
    """This month's service: answered in 60 s and 180 s, on site in 45 min, false alarms; what it is counted from."""
    lang = view.lang
    note = t(lang, "care.levels_note", n=count(answer["incidents"]))
    if not answer["incidents"]:
        return html.Div([head(t(lang, "care.levels"), None), caveat(t(lang, "care.levels_none"))], className="panel")
    cells = [
        html.Div(
            [html.B(share(value, 0 if value == 1 else 1), className="num"), html.Span(t(lang, f"care.level.{name}"))],
            className="cell level",
            title=t(lang, "care.level_of", n=count(of)),
        )
        for name, (value, of, _target) in answer["figures"].items()
    ]
    title = html.A(t(lang, "care.levels"), href="/service-levels", className="way", **{"data-page": "service-levels"})
    return html.Div([head(title, note), html.Div(cells, className="cells four")], className="panel levels")

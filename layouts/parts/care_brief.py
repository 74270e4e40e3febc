"""Incidents where they are only mentioned: the overview's red card and task list, the badge and bar of every page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dash import html

from layouts.page import View
from layouts.parts.care_parts import (
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
from layouts.parts.care_steps import acting, due, for_role, main_button, refusal
from layouts.parts.form import who_may
from layouts.parts.format import count
from layouts.parts.panel import icon, sets
from layouts.parts.text import t
from layouts.parts.where import where


def urgent(view: View, now: datetime, row: Mapping[str, Any]) -> html.Div:
    """The red card of the overview: what, how long, whose, why, who is next and when, one button."""
    lang, incident, now = view.lang, row["incident"], own(row, now)
    see = html.Button(t(lang, "care.see"), className="button", **{"data-incident-way": incident.incident_id})
    if view.live:
        main = main_button(lang, for_role(view, row))
        who = None if view.allows("act") else who_may(view, "act")
        live = [due(view, now, incident), refusal(), html.Div([main, see], className="buttons"), who]
    else:
        live = [html.Div(html.Span(t(lang, "past.no_action"), className="caveat"), className="buttons")]
    title = html.H2([icon("warning"), words(lang, incident.title), drill_badge(lang, row)])
    mute = [icon("sound"), html.Span(t(lang, "care.mute"), **{"data-mute-word": ""}), html.Kbd("M")]
    mute_button = html.Button(mute, className="mute", **{"data-mute": "", "aria-keyshortcuts": "M"})
    return html.Div(
        [
            html.Div([title, mute_button if view.live else None], className="head"),
            html.Div(
                [
                    ticking(lang, incident.raised_at, now, class_name="running"),
                    html.Div([html.B(place(lang, row), className="where"), html.Span(person(lang, row))],
                             className="whose"),
                ],
                className="clock-row",
            ),
            html.P(words(lang, incident.sentence), className="why-line"),
            ladder(lang, row) if incident.ladder else None,
            *live,
        ],
        className=f"panel urgent incident-card act{'' if view.live else ' past'}",
        **acting(row),
    )  # fmt: skip


def task(view: View, now: datetime, row: Mapping[str, Any]) -> html.Li:
    """One incident among the overview's tasks: what and where, how long, what is being done; a press flies there."""
    lang, incident, now = view.lang, row["incident"], own(row, now)
    building = incident.building_id or ""
    what = t(lang, "task.what", place=place(lang, row), title=words(lang, incident.title))
    return html.Li(
        html.Button(
            [
                state_sign(incident.severity),
                html.B([what, " ", drill_badge(lang, row)], className="what"),
                ticking(lang, incident.raised_at, now, form="lasting", class_name=f"long {incident.severity}"),
                html.Span(doing_now(lang, row), className="why-line"),
            ],
            className=f"task {incident.severity}",
            **{**sets("overview--selected", building), "data-fly": building},
        ),
        **drill_clock(row),
    )


def notes(lang: str, rows: Any) -> dict[str, str]:
    """What the map writes at a building: its most urgent incident."""
    return {
        row["incident"].building_id: words(lang, row["incident"].title)
        for row in reversed(rows)
        if row["incident"].building_id
    }


def badge(view: View, _now: datetime, answer: Any) -> html.Span:
    """How many red incidents are open; also what assets/50_care.js needs to ring for those nobody acknowledged.

    With none but those of drills it says 演练: an exercise never looks like an emergency.
    """
    lang, red = view.lang, answer["red"]
    real = sum(1 for _, _, _, _, is_drill in red if not is_drill)
    places = [where(lang, one) if one["building_id"] or one["facility_id"] else "" for one in answer["places"]]
    told = [{"id": i, "phase": phase, "place": where_} for (i, phase, *_), where_ in zip(red, places, strict=True)]
    words_ = t(lang, "care.red_open", n=count(real))
    if red and not real:
        words_ = t(lang, "care.red_drill", n=count(len(red)))
    shown = count(real) if real else t(lang, "care.drill")
    return html.Span(
        [html.Span(shown, **{"aria-hidden": "true"}), html.Span(words_, className="sr-only")] if red else None,
        className="badge" if real else "badge drill" if red else "",
        title=words_ if red else None,
        **{"data-red": json.dumps(told)},
    )

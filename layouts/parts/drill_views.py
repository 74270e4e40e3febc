"""Drills on screen: what can be exercised, what runs, how it went; everything marked as a drill. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from dash import html

from layouts.page import View
from layouts.parts import form
from layouts.parts.format import UNKNOWN, clock, count, lasting, stamp
from layouts.parts.home_views import link
from layouts.parts.panel import head, meter, sign, unknown
from layouts.parts.text import t, titled

SPEEDS = (1, 10, 60, 360, 3600)
CONTROL = "control"  # whoever started it by ``run.py drill``
STEPS = ("acknowledge", "contact", "arrive", "close")


def badge(lang: str) -> html.Span:
    """演练, beside everything that is of a drill."""
    return html.Span(t(lang, "drills.mark"), className="badge drill")


def scenarios(view: View, _now: datetime, answer: Any) -> html.Div:
    """The scenarios, each with what happens in it, what the rules should say, and the form that starts it."""
    lang = view.lang
    if not answer:
        return html.Div([head(t(lang, "drills.scenarios")), unknown(t(lang, "drills.no_scenarios"))], className="panel")
    cards = [_scenario(view, one) for one in answer]
    note = t(lang, "drills.note")
    return html.Div(
        [head(t(lang, "drills.scenarios"), note), html.Div(cards, className="scenarios")], className="panel"
    )


def _scenario(view: View, one: Any) -> html.Article:
    lang = view.lang
    hours, minutes = divmod(int(one.starts.total_seconds()) // 60, 60)
    facts = t(lang, "drills.facts", at=f"{hours:02}:{minutes:02}", length=lasting(lang, one.lasts), homes=one.homes)
    speeds = sorted({*SPEEDS, round(one.speed)}, key=lambda n: (n != round(one.speed), n))
    words = [(str(n), t(lang, "drills.speed", n=f"{n:,}", length=lasting(lang, one.lasts / n))) for n in speeds]
    fields = [
        html.Div(
            [form.choice(t(lang, "drills.how_fast"), "speed", words, kind="number"), form.who(lang)], className="pair"
        )
    ]
    start = form.form(
        view,
        "/api/v1/drills",
        fields,
        submit=t(lang, "drills.start"),
        done=t(lang, "drills.started"),
        fixed={"scenario": one.name, "community_id": view.community},
    )
    return html.Article(
        [
            html.H3([badge(lang), titled(lang, one.title, one.name)]),
            html.P(titled(lang, one.about, ""), className="about"),
            html.P([facts, " · ", t(lang, "drills.expects", n=len(one.expects))], className="caveat"),
            start,
        ],
        className="scenario",
    )


def running(view: View, now: datetime, answer: Any) -> html.Div:
    """What runs: its own clock, how far it is, what was found, and the way to end it."""
    lang = view.lang
    if not answer:
        calm = html.P(t(lang, "drills.none" if view.live else "drills.none_past"), className="caveat")
        return html.Div([head(t(lang, "drills.running")), calm], className="panel")
    rows = [_running(view, row) for row in answer]
    return html.Div([head(t(lang, "drills.running"), count(len(rows))), *rows], className="panel running-drills")


def _running(view: View, row: Mapping[str, Any]) -> html.Div:
    lang, drill, score = view.lang, row["drill"], row["score"]
    path = f"/api/v1/drills/{drill.drill_id}"
    stop = form.press(view, t(lang, "drills.stop"), path, sure=t(lang, "form.sure"), method="DELETE")
    waiting = [one for one in row["incidents"].values() if one.closed_at is None]
    way = link(view, "/elder-care", t(lang, "drills.open", n=len(waiting)))
    words = {"kept": score.hits, "all": len(score.rules), "speed": f"{drill.speed:,.0f}"}
    words["who"] = t(lang, "drills.control") if drill.started_by == CONTROL else drill.started_by
    clock_words = html.Span(stamp(lang, row["clock"], seconds=True), className="drill-clock")
    return html.Div(
        [
            html.Div([badge(lang), html.B(titled(lang, row["title"], drill.scenario)), stop], className="row"),
            html.Div([clock_words, html.Span(t(lang, "drills.so_far", **words), className="note")], className="row"),
            meter(row["done"]),
            html.P(way if waiting else t(lang, "drills.nothing_open"), className="caveat"),
            _expected(lang, row) if score.rules else None,
        ],
        className="drill-now",
    )


def past(view: View, _now: datetime, answer: Any) -> html.Div:
    """How past drills went: what the rules should have said and said, and how quickly people were."""
    lang = view.lang
    if not answer:
        calm = html.P(t(lang, "drills.no_past"), className="caveat")
        return html.Div([head(t(lang, "drills.past")), calm], className="panel")
    note = t(lang, "drills.not_counted")
    items = [_past(view, row, first=n == 0) for n, row in enumerate(answer)]
    return html.Div([head(t(lang, "drills.past"), note), *items], className="panel past-drills")


def _past(view: View, row: Mapping[str, Any], *, first: bool) -> html.Details:
    lang, drill, score = view.lang, row["drill"], row["score"]
    extra = len(score.false_alerts)
    whole = score.hits == len(score.rules) and not extra
    words = t(lang, "drills.score", kept=score.hits, all=len(score.rules), extra=extra)
    line = [
        badge(lang),
        html.B(titled(lang, row["title"], drill.scenario)),
        html.Span(f"{stamp(lang, drill.started_at, year=True)} · {drill.speed:,.0f}×", className="note"),
        html.Span([sign("fresh" if whole else "look"), words], className="score") if score.rules else None,
        html.Span(_quickness(lang, score.people), className="note"),
    ]
    body = [_expected(lang, row)] if score.rules else [html.P(t(lang, "drills.no_expects"), className="caveat")]
    if extra:
        what = t(lang, "list.and").join(
            f"{titled(lang, row['rules'].get(one.rule, {}), one.rule)} {_whose(lang, one.subject)}"
            for one in score.false_alerts
        )
        body.append(html.P([sign("look"), t(lang, "drills.unexpected", what=what)], className="calm"))
    body += [_people(view, row)] if score.people else []
    return html.Details(
        [html.Summary(line), html.Div(body, className="drill-body")], open=first, className="drill-past"
    )


def _quickness(lang: str, people: Any) -> str:
    """The longest that an incident waited for its acknowledgement and for somebody to arrive."""
    words = []
    for step in ("acknowledge", "arrive"):
        known = [one.took[step] for one in people if one.took[step] is not None]
        if known:
            words.append(t(lang, f"drills.longest.{step}", length=lasting(lang, max(known))))
    return " · ".join(words) or t(lang, "drills.nobody")


def _expected(lang: str, row: Mapping[str, Any]) -> html.Table:
    """What the rules should have said, by the drill's clock, and what they said."""
    keys = ("drills.should", "drills.whose", "drills.due", "drills.said", "drills.verdict")
    heads = html.Tr([html.Th(t(lang, key), scope="col") for key in keys])
    body = []
    for one in row["score"].rules:
        said = clock(one.fired_at, seconds=True) if one.fired_at else UNKNOWN
        rule = titled(lang, row["rules"].get(one.rule, {}), one.rule)
        cells = (rule, _whose(lang, one.subject), clock(one.expected_at, seconds=True), said, _verdict(lang, one))
        body.append(html.Tr([html.Td(cell) for cell in cells]))
    return html.Table([html.Thead(heads), html.Tbody(body)], className="home-table")


def _verdict(lang: str, one: Any) -> list[Any]:
    if one.found == "hit":
        late = one.delay is not None and one.delay >= timedelta(seconds=1)
        words = t(lang, "drills.hit_late", length=lasting(lang, one.delay)) if late else t(lang, "drills.hit")
        return [sign("fresh"), words]
    return [sign("look" if one.found == "missed" else "stale"), t(lang, f"drills.{one.found}")]


def _whose(lang: str, subject: str) -> str:
    """``2 号住户``: the homes of a drill are numbered (-h001 …); everything else in it is its gateway."""
    tail = re.search(r"-h(\d+)", subject)
    return t(lang, "drills.home", n=int(tail[1])) if tail else t(lang, "drills.gateway")


def _people(view: View, row: Mapping[str, Any]) -> html.Table:
    """How long people took, by the clock on the wall."""
    lang = view.lang
    keys = ("drills.incident", "drills.whose", *(f"drills.step.{step}" for step in STEPS))
    heads = html.Tr([html.Th(t(lang, key), scope="col") for key in keys])
    body = []
    for one in row["score"].people:
        incident = row["incidents"].get(one.incident_id)
        title = titled(lang, incident.title, "") if incident else one.incident_id
        name = [
            sign(incident.severity) if incident else None,
            link(view, "/elder-care", title, incident=one.incident_id),
        ]
        took = [UNKNOWN if one.took[step] is None else lasting(lang, one.took[step]) for step in STEPS]
        body.append(html.Tr([html.Td(cell) for cell in (name, _whose(lang, one.subject), *took)]))
    return html.Table([html.Thead(heads), html.Tbody(body)], className="home-table")

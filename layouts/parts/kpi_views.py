"""One KPI on screen: its value, what it means, how it went, all communities, and the list to choose from. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from dash import html

from layouts.page import View
from layouts.parts import kpi_chart as draw
from layouts.parts.format import UNKNOWN, age, lasting, moment
from layouts.parts.home_views import link, scrolling
from layouts.parts.kpi_words import (
    basis,
    kept,
    later,
    number,
    said,
    source,
    status,
    tags,
    target,
    unit,
    why_not,
)
from layouts.parts.panel import head, icon, meter, sign, unknown
from layouts.parts.text import named, t, titled

Row = Mapping[str, Any]


def listing(view: View, _now: datetime, answer: Any) -> html.Div:
    """Every KPI under its scene with its value; assets/52_scenes.js finds by typing and marks the chosen one."""
    lang, groups = view.lang, []
    for scene, title in answer["scenes"].items():
        rows = [row for row in answer["rows"] if row["scene"] == scene]
        if rows:
            items = html.Ul([_entry(view, row, titled(lang, title, scene)) for row in rows])
            groups.append(html.Div([html.H3([icon(f"scene-{scene}"), titled(lang, title, scene)]), items], **_GROUP))
    return html.Div(groups, className="kpi-list")


_GROUP = {"data-group": ""}


def _entry(view: View, row: Row, scene: str) -> html.Li:
    lang, name = view.lang, titled(view.lang, row["title"], row["kpi"])
    faded = {"stale": " faded", "not_measurable": " blind"}.get(row["status"], "")
    words = [html.Span(name), html.B(said(lang, row, row["value"]), className=f"num{faded}")]
    way = link(view, "/kpi", words, kpi=row["kpi"])
    way.className = "kpi-link"
    setattr(way, "data-kpi", row["kpi"])
    return html.Li(way, **{"data-words": f"{name} {scene} {row['kpi']}"})


def top(view: View, now: datetime, answer: Any) -> html.Div:
    """Title and value against its target, how well it is known, and where it belongs."""
    lang = view.lang
    if "unknown" in answer:
        return html.Div(unknown(t(lang, "kpi.none")), className="panel")
    if "row" not in answer:
        return html.Div(html.P(t(lang, "kpi.choose"), className="calm"), className="panel")
    row = answer["row"]
    known = row["value"] is not None
    tone = {"stale": " faded", "not_measurable": " blind"}.get(row["status"], "")
    figure = html.Span(number(lang, row, row["value"]), className=f"num{tone}")
    of = html.Span(unit(lang, row) if known else "", className="unit")
    value = html.Div([figure, of], className="kpi-value")
    other = answer.get("now") or {}
    then = later(view, said(lang, other["row"], other["row"]["value"])) if other else None
    ways = [link(view, "/scene", [icon("back"), titled(lang, answer["scene_title"], row["scene"])], scene=row["scene"])]
    ways.append(link(view, "/compare", t(lang, "kpi.compare"), kpi=row["kpi"]))
    title = html.Div(
        [html.H2(titled(lang, row["title"], row["kpi"])), html.Div(ways, className="kpi-ways")], className="kpi-title"
    )
    fresh = age(lang, row["newest"], now) if row["newest"] else UNKNOWN
    rests = [
        html.Span(t(lang, f"kpi.period.{row['of_period']}")),
        html.Span(basis(lang, row) if known else why_not(lang, row, answer["missing"])),
    ]
    facts = [
        html.Div([value, html.P(rests, className="of"), then], className="kpi-now"),
        html.Div(_against(lang, row), className="kpi-against"),
        html.Div(
            [html.P(status(lang, row)), html.P([f"{t(lang, 'kpi.newest')} ", fresh], className="caveat"),
             html.P(t(lang, "kpi.version", n=answer["version"]), className="caveat")],
            className="kpi-known",
        ),
    ]  # fmt: skip
    return html.Div([title, html.Div(facts, className="kpi-facts")], className=f"panel kpi-top {row['status']}")


def _against(lang: str, row: Row) -> list[Any]:
    """The target, whether it is reached, and whether anybody checked it."""
    if row["target"] is None:
        return [html.P(t(lang, "kpi.no_target"), className="caveat")]
    good = kept(row)
    verdict = None
    if good is not None:
        verdict = html.P([sign("fresh" if good else "look"), t(lang, "kpi.reached" if good else "kpi.short")])
    return [
        html.P([t(lang, "kpi.target", target=target(lang, row)), " ", tags(lang, row)]),
        draw.bullet(row),
        verdict,
    ]


def definition(view: View, _now: datetime, answer: Any) -> Any:
    """What it means: formula in words, period, target and its source, what it reads, how old that may be, the SQL."""
    if "row" not in answer:
        return None
    lang, row = view.lang, answer["row"]
    facts: list[tuple[str, Any]] = [
        ("formula", titled(lang, row["words"], "")),
        ("indicator_label", _indicators(lang, answer)),
        ("period_label", t(lang, f"kpi.period.{row['of_period']}")),
        ("target_label", _target_source(lang, row)),
        ("sources", [_source(lang, one) for one in answer["sources"]]),
    ]
    if answer["freshness"]:
        facts.append(("freshness", t(lang, "kpi.freshness_says", length=_length(lang, answer["freshness"]))))
    if answer["views"]:
        facts.append(("view_label", " · ".join(titled(lang, one, "") for one in answer["views"])))
    listed = html.Dl(
        [html.Div([html.Dt(t(lang, f"kpi.{key}")), html.Dd(what)]) for key, what in facts if what], className="facts"
    )
    sql = html.Details([html.Summary(t(lang, "kpi.sql")), html.Pre(answer["sql"], tabIndex=0)], className="fold")
    how = t(lang, "kpi.result", how=t(lang, f"kpi.how.{row['measure']}", per=f"{answer['per']:g}"))
    note = t(lang, "kpi.version", n=answer["version"])
    return html.Div(
        [head(t(lang, "kpi.definition"), note), listed, html.P(how, className="caveat"), sql], className="panel"
    )


def _indicators(lang: str, answer: Row) -> str:
    found = [
        t(lang, "kpi.indicator_of", n=i["number"], title=titled(lang, i["title"], "")) for i in answer["indicators"]
    ]
    return ("；" if lang == "zh" else "; ").join(found)


def _target_source(lang: str, row: Row) -> list[Any] | None:
    if row["target"] is None:
        return None
    by = titled(lang, row["target_source"] or {}, "")
    by = "" if by == t(lang, "kpi.proposal") else by
    return [f"{target(lang, row)} ", tags(lang, row), f" {by}" if by else ""]


def _length(lang: str, length: timedelta) -> str:
    whole = length >= timedelta(days=1) and not length.seconds
    return t(lang, "kpi.days", n=length.days) if whole else lasting(lang, length)


def _source(lang: str, one: Row) -> html.Span:
    kind = t(lang, "kpi.required" if one["required"] else "kpi.also")
    return html.Span(
        [source(lang, one["name"], one), html.Span(f" {kind}", className="caveat")], className="source-name"
    )


def course(view: View, _now: datetime, answer: Any) -> Any:
    """The last twelve months as a chart with its table."""
    if answer is None:
        return None
    return html.Div(
        [head(t(view.lang, "kpi.course.title")), draw.chart(view.lang, answer)], className="panel kpi-course"
    )


def everywhere(view: View, now: datetime, answer: Any) -> Any:
    """All communities, the best first; nothing where there is but one."""
    if answer is None:
        return None
    lang, rows = view.lang, answer["rows"]
    valued = [row for row in rows if row["value"] is not None]
    most = max((row["value"] for row in valued), default=0.0)
    place = next((n for n, row in enumerate(valued, 1) if row["community_id"] == answer["here"]), None)
    note = t(lang, "kpi.rank", n=place, all=len(valued)) if place else None
    body = [_place(view, now, row, n, most, answer["here"]) for n, row in enumerate(rows, 1)]
    keys = ("rank", "community", "value", "status")
    heads = html.Tr([html.Th(t(lang, f"kpi.column.{key}"), scope="col") for key in keys])
    table = html.Table([html.Thead(heads), html.Tbody(body)], className="home-table")
    return html.Div(
        [head(t(lang, "kpi.everywhere"), note), scrolling(lang, "kpi.everywhere", table)], className="panel everywhere"
    )


def _place(view: View, now: datetime, row: Row, n: int, most: float, here: str) -> html.Tr:
    lang, value = view.lang, row["value"]
    bar = meter(value / most) if value is not None and most > 0 else None
    name = [named(lang, row), html.Span(t(lang, "kpi.here"), className="tag") if row["community_id"] == here else None]
    when = moment(lang, row["newest"], now) if row["newest"] else ""
    state = [html.Span(status(lang, row)), html.Span(when, className="caveat")]
    cells = [UNKNOWN if value is None else n, name, [html.B(said(lang, row, value)), bar], state]
    return html.Tr([html.Td(cell) for cell in cells], className="here" if row["community_id"] == here else "")


def joined(lang: str, words: Sequence[str]) -> str:
    """A list of names in the reader's language."""
    return ("、" if lang == "zh" else ", ").join(words)

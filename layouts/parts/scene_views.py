"""The nine scenes on one screen: a tile each with grade, headline, indicators and worst figure. Pure.

The courses stand in a layer of their own over the tiles, cell over cell: they take longer to answer, and the tiles
must not wait for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dash import html

from layouts.page import View
from layouts.parts import kpi_chart as draw
from layouts.parts.format import UNKNOWN, age, count
from layouts.parts.home_views import link, scrolling
from layouts.parts.kpi_words import basis, giver, later, month, number, on, said, unit, way, why_not
from layouts.parts.panel import icon, sign
from layouts.parts.text import t, titled

Tile = Mapping[str, Any]
MOST_MISSING = 3


def band(view: View, now: datetime, answer: Any) -> html.Div:
    """Above the tiles: type of project, how much is known, what the thresholds are worth, and the two views."""
    lang = view.lang
    graded = sum(1 for one in answer["tiles"] if one["attainment"] is not None)
    known = [
        t(lang, "scenes.graded", n=graded),
        t(lang, "scenes.not_graded", n=len(answer["tiles"]) - graded),
        t(lang, "scenes.indicators", n=answer["measured"], all=answer["indicators"]),
    ]
    lines = [
        html.Div([html.H1(t(lang, "nav.scenes")), _kind(lang, answer)], className="band-title"),
        html.P([bold(part) for part in known], className="band-facts"),
        html.P(_thresholds(lang, answer), className="band-facts", title=titled(lang, answer["source"], "")),
    ]
    views = [view_tile(view, now, one, counterpart(answer, "views", one["key"])) for one in answer["views"]]
    order = " views-first" if answer["first"] else ""
    return html.Div(
        [html.Div(lines, className="band-words"), html.Div(views, className="band-views"), _legend(lang, answer)],
        className=f"scene-band{order}",
    )


def bold(text: str) -> html.Span:
    """``8 个可评`` with its number in bold: texts carry it between stars."""
    parts = text.split("*")
    return html.Span([html.B(part) if n % 2 else part for n, part in enumerate(parts)])


def _kind(lang: str, answer: Any) -> html.Span:
    kind = answer["kind"]
    if kind is None:
        found = answer["scheme"]
        words = t(lang, "scenes.kind_unknown", kind=found) if found else t(lang, "scenes.kind_none")
        return html.Span(words, className="tag")
    return html.Span(titled(lang, kind["title"], ""), className="tag kind", title=titled(lang, kind["source"], ""))


def _thresholds(lang: str, answer: Any) -> list[Any]:
    """How many targets were checked against an original; that none was is said as plainly."""
    n, of = answer["verified"], answer["targets"]
    if not of:
        return [t(lang, "scenes.targets_none")]
    words = t(lang, "scenes.targets", n=n, rest=of - n) if n else t(lang, "scenes.targets_unverified", rest=of)
    marked = bold(words)
    return [html.Span([sign("look"), marked]) if n < of else marked]


def _legend(lang: str, answer: Any) -> html.Div:
    grades = answer["grades"]
    spans = []
    for n, grade in enumerate(grades):
        low = f"{grade['at_least']:g}"
        words = f"≥{low}" if n == 0 else f"{low}–{grades[n - 1]['at_least'] - 1:g}"
        words = f"<{grades[n - 1]['at_least']:g}" if grade["at_least"] == 0 else words
        spans.append(html.Span([titled(lang, grade["title"], grade["key"]), " ", words]))
    note = t(lang, "scenes.grades_note", share=f"{answer['least_share'] * 100:g}%")
    return html.Div(html.Div(spans, className="grades"), className="band-legend", title=note)


def counterpart(answer: Any, part: str, key: str) -> Tile | None:
    """In the past, the same tile as it stands now."""
    return next((one for one in answer["now"][part] if one["key"] == key), None) if "now" in answer else None


# --- a tile -------------------------------------------------------------------------------------------------------


def tiles(view: View, now: datetime, answer: Any) -> list[html.Article]:
    """The nine, always in the same place."""
    return [
        tile(view, now, one, n, counterpart(answer, "tiles", one["key"]), answer["least_share"])
        for n, one in enumerate(answer["tiles"], 1)
    ]


def tone(one: Tile) -> str:
    """How a tile looks: blind without a grade, low in the least grade, stale when its headline is."""
    if one["attainment"] is None:
        return " blind"
    return " low" if one["grade"] == "attention" else ""


def tile(view: View, now: datetime, one: Tile, place: int, today: Tile | None, least: float) -> html.Article:
    """One scene: head, grade, headline, foot."""
    lang = view.lang
    name = titled(lang, one["title"], one["key"])
    demand = html.Span(t(lang, f"scenes.{one['demand']}"), className="tag") if one["demand"] else None
    n, of = sum(1 for i in one["indicators"] if i["is_measured"]), len(one["indicators"])
    head = html.Div(
        [
            icon(f"scene-{one['key']}"),
            html.H2(_to(view, one, name)),
            demand,
            blocks(lang, one["indicators"]),
            html.Span(t(lang, "scenes.share", n=n, all=of), className="share"),
            _aged(lang, one, now),
        ],
        className="tile-head",
    )
    body = [_grade(view, one, today), _headline(view, one, today), _worst(view, one)]
    if one["attainment"] is None:
        body = [_grade(view, one, today), _lacking(view, one, least), _present(view, one)]
    return html.Article(
        [head, *body], className=f"scene-tile at-{place}{tone(one)}", **{"data-scene": one["key"], "aria-label": name}
    )


def _to(view: View, one: Tile, words: Any) -> html.A:
    return link(view, "/scene", words, scene=one["key"])


def blocks(lang: str, indicators: Sequence[Tile]) -> html.Span:
    """One block per indicator: filled when measured, hatched when not."""
    found = [
        html.I(
            className="" if one["is_measured"] else "lacking",
            title=f"{one['number']} {titled(lang, one['title'], '')}"
            + ("" if one["is_measured"] else t(lang, "scenes.lacking")),
        )
        for one in indicators
    ]
    return html.Span(found, className="blocks", **{"aria-hidden": "true"})


def _aged(lang: str, one: Tile, now: datetime) -> html.Span | None:
    head = one["headline"]
    if head and head["status"] == "stale" and head["newest"]:
        words = t(lang, "scenes.since", at=on(lang, head["newest"].date()))
        return html.Span(words, className="age since")
    return html.Span(age(lang, one["newest"], now), className="aged") if one["newest"] else None


def _grade(view: View, one: Tile, today: Tile | None) -> html.Div:
    lang, attainment = view.lang, one["attainment"]
    if attainment is None:
        words = [html.Span(UNKNOWN, className="grade-number"), html.B([sign("blind"), t(lang, "scenes.no_grade")])]
    else:
        mark = sign("look") if one["grade"] == "attention" else None
        words = [
            html.Span(f"{round(attainment)}", className=f"grade-number{' full' if round(attainment) >= 100 else ''}"),
            html.B([mark, titled(lang, one["grade_title"], "")], className="grade-word"),
        ]
    then = later(view, score(today)) if today is not None else None
    return html.Div([_to(view, one, words), then], className="tile-grade")


def score(one: Tile) -> str:
    return UNKNOWN if one["attainment"] is None else f"{round(one['attainment'])}"


def _headline(view: View, one: Tile, today: Tile | None) -> html.Div:
    lang, head = view.lang, one["headline"]
    if head is None:
        return html.Div(className="tile-headline")
    title = html.Span(titled(lang, head["title"], head["kpi"]), className="what")
    if head["value"] is None:
        why = html.Span(why_not(lang, head, one["sources"]), className="of why")
        inner = [title, html.Span(UNKNOWN, className="num blind"), why]
    else:
        of = html.Span(unit(lang, head), className="unit")
        faded = " faded" if head["status"] == "stale" else ""
        value = html.Span([number(lang, head, head["value"]), of], className=f"num{faded}")
        period = t(lang, f"kpi.period.{head['of_period']}")
        inner = [title, value, html.Span(f"{period} · {basis(lang, head)}", className="of")]
    other, then = today["headline"] if today else None, None
    if other is not None and other["kpi"] == head["kpi"]:
        then = later(view, said(lang, other, other["value"]))
    return html.Div([way(view, head, inner), then], className="tile-headline")


def _worst(view: View, one: Tile) -> html.Div:
    """The foot: the worst figure against its target, the way to its rows."""
    lang, worst = view.lang, one["worst"]
    if worst is None:
        return html.Div(html.Span(t(lang, "scenes.no_target"), className="caveat"), className="scene-foot")
    words = [
        html.Span(t(lang, "scenes.worst" if worst["attainment"] < 100 else "scenes.all_reached"), className="label"),
        html.B(titled(lang, one["worst_of"] or {}, "")),
        html.Span(titled(lang, worst["title"], worst["kpi"]), className="what"),
        draw.bullet(worst),
        html.Span(
            [html.B(number(lang, worst, worst["value"])), f"/{said(lang, worst, worst['target'])}"],
            className="against",
        ),
    ]
    return html.Div(way(view, worst, words), className="scene-foot")


def _lacking(view: View, one: Tile, least: float) -> html.Div:
    """Why there is no grade: what is missing, and who can give it."""
    lang, of = view.lang, len(one["indicators"])
    n = sum(1 for i in one["indicators"] if i["attainment"] is not None)
    title = t(lang, "scenes.too_few", n=n, all=of, share=f"{least * 100:g}%")
    rows = [html.Li(_lack(view, one, row)) for row in one["missing"][:MOST_MISSING]]
    return html.Div([html.B(title), html.Ul(rows)], className="tile-lacking")


def _lack(view: View, one: Tile, row: Mapping[str, Any]) -> list[Any]:
    lang = view.lang
    words = titled(lang, row["title"], row["kpi"])
    who = giver(lang, row["missing"][0]) if row["missing"] else ""
    return [
        way(view, row, [f"{words}{'：' if lang == 'zh' else ': '}", html.Span(why_not(lang, row, one["sources"]))]),
        html.Em(who),
    ]


def _present(view: View, one: Tile) -> html.Div:
    lang = view.lang
    have = [titled(lang, i["title"], "") for i in one["indicators"] if i["is_measured"]]
    more = len(one["missing"]) - MOST_MISSING
    joined = ("、" if lang == "zh" else ", ").join(have)
    words = t(lang, "scenes.have", what=joined) if have else t(lang, "scenes.have_none")
    rest = t(lang, "scenes.fill_more", n=more) if more > 0 else t(lang, "scenes.fill")
    return html.Div([html.Span(words, className="what"), _to(view, one, rest)], className="scene-foot")


def view_tile(view: View, now: datetime, one: Tile, today: Tile | None) -> html.Article:
    """党建统领 or 一老一小, small: grade, how many of its figures are measured, the worst."""
    lang, worst = view.lang, one["worst"]
    name = titled(lang, one["title"], one["key"])
    n = f"{one['measured']}/{len(one['kpis'])}"
    of = t(lang, "scenes.figures", n=one["measured"], all=len(one["kpis"]))
    graded = [
        html.Span(score(one), className="grade-number"),
        html.B(titled(lang, one["grade_title"] or {}, "") or t(lang, "scenes.no_grade")),
    ]
    foot = None
    if worst is not None:
        named = html.Span([f"{t(lang, 'scenes.worst')} ", titled(lang, worst["title"], worst["kpi"])], className="what")
        against = [html.B(number(lang, worst, worst["value"])), f"/{said(lang, worst, worst['target'])}"]
        words = [named, " ", html.Span(against)]
        foot = way(view, worst, words)
    then = later(view, score(today)) if today is not None else None
    line = html.Div([html.H2(_to(view, one, name)), html.Span(n, className="note", title=of), then], className="row")
    said_worst = html.P(foot or t(lang, "scenes.no_target"), className="view-worst")
    words = html.Div([line, said_worst], className="view-words")
    known = {"data-scene": one["key"], "aria-label": name}
    return html.Article([_to(view, one, graded), words], className=f"view-tile{tone(one)}", **known)


# --- how they went ------------------------------------------------------------------------------------------------


def trends(view: View, _now: datetime, answer: Any) -> list[html.Div]:
    """Over each tile its course and the difference to the month before."""
    lang = view.lang
    keys = [key for key in answer["points"] if key in answer["scenes"]]
    return [
        html.Div(
            [html.Span(delta(lang, answer["points"][key]), className="tile-delta live-only"), spark(lang, answer, key)],
            className=f"tile-trend at-{n}", **{"data-scene": key},
        )
        for n, key in enumerate(keys, 1)
    ]  # fmt: skip


def delta(lang: str, points: Sequence[Any]) -> str:
    """``较上月 +2``: against the end of the month before; nothing when either is unknown."""
    if len(points) < 2 or points[-1][1] is None or points[-2][1] is None:
        return ""
    amount = round(points[-1][1]) - round(points[-2][1])
    words = f"+{amount}" if amount > 0 else f"−{-amount}" if amount else "±0"
    return t(lang, "scenes.delta", n=words)


def spark(lang: str, answer: Any, key: str) -> html.Div | None:
    """Twelve months of one scene, with the line to reach; a month that could not be graded is a gap."""
    points = answer["points"][key]
    known = [value for _, value in points if value is not None]
    if not known:
        return None
    aim, last = answer["aim"], points[-1][1]
    line = aim["at_least"] if aim else None
    low, high = draw.scale(points, line)
    colour = draw.LOOK if last is not None and round(last) < answer["low"] else draw.ACCENT
    title = titled(lang, answer["titles"][key], key)
    alt = t(lang, "scenes.course", scene=title, n=len(known), low=round(min(known)), high=round(max(known)))
    labels = []
    at = None if last is None else draw.height(last, low, high)
    if last is not None and at is not None:
        labels.append(html.B(f"{round(last)}", style={"top": f"{at:.0f}%"}))
    if aim and line is not None:
        y = draw.height(line, low, high)
        if at is not None and abs(y - at) < 17:  # two words on one line: the aim gives way
            y = at + (17 if y >= at else -17)
        labels.append(html.Span(f"{titled(lang, aim['title'], '')} {line:g}", style={"top": f"{y:.0f}%"}))
    ends = [html.Span(month(lang, points[i][0])) for i in (0, -1)]
    picture = html.Img(src=draw.curve(points, aim=line, colour=colour), alt=alt)
    plot = html.Div([picture, *labels], className="spark-plot")
    return html.Div([plot, html.Div(ends, className="spark-ends")], className="scene-spark")


def table(view: View, _now: datetime, answer: Any) -> html.Details:
    """The courses of all scenes as a table, the newest month first."""
    lang = view.lang
    keys = list(answer["points"])
    heads = [html.Th(t(lang, "kpi.column.until"), scope="col")]
    heads += [html.Th(titled(lang, answer["titles"][key], key), scope="col", className="right") for key in keys]
    count_of = len(answer["points"][keys[0]]) if keys else 0
    rows = []
    for n in reversed(range(count_of)):
        cells = [answer["points"][key][n][1] for key in keys]
        words = [html.Td(UNKNOWN if value is None else count(value), className="right") for value in cells]
        rows.append(html.Tr([html.Th(on(lang, answer["points"][keys[0]][n][0], year=True), scope="row"), *words]))
    inner = html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className="home-table")
    body = html.Div(scrolling(lang, "scenes.table", inner), className="panel over")
    return html.Details([html.Summary(t(lang, "scenes.table")), body], className="scene-table")

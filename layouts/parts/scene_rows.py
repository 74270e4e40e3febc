"""One scene on screen: how it is graded, its indicators with their KPIs as rows, what is missing, what was reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dash import html

from layouts.page import View
from layouts.parts import kpi_chart as draw
from layouts.parts.format import UNKNOWN, age, measure, share
from layouts.parts.home_views import link, scrolling
from layouts.parts.kpi_words import basis, giver, later, on, said, source, status, tags, target, way, why_not
from layouts.parts.panel import head, icon, meter, sign, unknown
from layouts.parts.scene_views import blocks
from layouts.parts.text import t, titled

Row = Mapping[str, Any]


def tabs(view: View, _now: datetime, answer: Any) -> html.Nav:
    """All scenes and views with their score, to go from one to the other; assets/52_scenes.js marks the chosen one."""
    lang = view.lang
    first, rest = (answer["views"], answer["tiles"]) if answer["first"] else (answer["tiles"], answer["views"])
    links = []
    for one in (*first, *rest):
        score = UNKNOWN if one["attainment"] is None else f"{round(one['attainment'])}"
        words = [icon(f"scene-{one['key']}"), titled(lang, one["title"], one["key"]), html.B(score)]
        chip = link(view, "/scene", words, scene=one["key"])
        chip.className = f"scene-chip {one['grade'] or 'blind'}"
        setattr(chip, "data-scene", one["key"])
        links.append(chip)
    return html.Nav(links, className="scene-chips", **{"aria-label": t(lang, "scene.choose")})


def top(view: View, now: datetime, answer: Any) -> html.Div:
    """Name, slogan, grade, and in a sentence how the grade comes about."""
    lang = view.lang
    if "key" not in answer:
        return html.Div(unknown(t(lang, "scene.none")), className="panel")
    attainment = answer["attainment"]
    score = UNKNOWN if attainment is None else f"{round(attainment)}"
    word = titled(lang, answer["grade_title"] or {}, "") or t(lang, "scenes.no_grade")
    mark = sign("look") if answer["grade"] == "attention" else sign("blind") if attainment is None else None
    tone = "blind" if attainment is None else "low" if answer["grade"] == "attention" else ""
    demand = html.Span(t(lang, f"scenes.{answer['demand']}"), className="tag") if answer["demand"] else None
    then = None
    if answer.get("now"):
        other = answer["now"]["attainment"]
        then = later(view, UNKNOWN if other is None else f"{round(other)}")
    aged = html.Span([t(lang, "kpi.newest"), " ", age(lang, answer["newest"], now)]) if answer["newest"] else None
    n = sum(1 for one in answer["indicators"] if one["is_measured"])
    counts = (
        t(lang, "scenes.indicators", n=n, all=len(answer["indicators"]))
        if answer["indicators"]
        else t(lang, "scenes.figures", n=answer["measured"], all=len(answer["kpis"]))
    ).replace("*", "")
    return html.Div(
        [
            html.Div(
                [html.Span(score, className="grade-number"), html.B([mark, word], className="grade-word"), then],
                className="scene-score",
            ),
            html.Div(
                [
                    html.Div(
                        [icon(f"scene-{answer['key']}"), html.H2(titled(lang, answer["title"], answer["key"])), demand,
                         html.Span(titled(lang, answer["slogan"] or {}, ""), className="slogan")],
                        className="scene-name",
                    ),
                    html.P(how(lang, answer), className="scene-how"),
                    html.P([blocks(lang, answer["indicators"]), counts, aged], className="scene-known"),
                ],
                className="scene-words",
            ),
        ],
        className=f"panel scene-top {tone}",
    )  # fmt: skip


def how(lang: str, one: Row) -> str:
    """How a grade comes about, or why there is none."""
    of, least = len(one["indicators"]), f"{one['least_share'] * 100:g}%"
    n = sum(1 for i in one["indicators"] if i["attainment"] is not None)
    if one["attainment"] is None:
        return t(lang, "scene.how_not", n=n, all=of, share=least) if of else t(lang, "scene.how_not_view", share=least)
    score = f"{one['attainment']:.1f}"
    return t(lang, "scene.how", n=n, score=score) if of else t(lang, "scene.how_view", score=score)


# --- its KPIs -----------------------------------------------------------------------------------------------------

COLUMNS = ("kpi", "value", "target", "reach", "course", "fresh", "coverage")


def rows(view: View, now: datetime, answer: Any) -> Any:
    """The indicators, each with the rows of its KPIs; of a view its KPIs alone."""
    if "key" not in answer:
        return None
    lang = view.lang
    heads = html.Tr([html.Th(t(lang, f"scene.column_{name}"), scope="col") for name in COLUMNS])
    by_id = {row["kpi"]: row for row in answer["kpis"]}
    others = {row["kpi"]: row for row in (answer.get("now") or {"kpis": ()})["kpis"]}
    bodies = []
    for one in answer["indicators"]:
        known = [by_id[name] for name in one["kpis"]]
        lines = [_row(view, now, answer, row, others.get(row["kpi"])) for row in known]
        if not known:
            lines = [html.Tr(html.Td(t(lang, "scene.no_kpi"), colSpan=len(COLUMNS), className="caveat"))]
        bodies.append(html.Tbody([_indicator(lang, one), *lines]))
    if not answer["indicators"]:
        bodies = [html.Tbody([_row(view, now, answer, row, others.get(row["kpi"])) for row in answer["kpis"]])]
    table = html.Table([html.Thead(heads), *bodies], className="kpi-table")
    return html.Div(scrolling(lang, "compare.kpis", table), className="panel scene-rows")


def _indicator(lang: str, one: Row) -> html.Tr:
    reach = "" if one["attainment"] is None else t(lang, "scene.of_indicator", n=f"{round(one['attainment'])}%")
    words = [
        html.Span(one["number"], className="indicator-number"),
        html.B(titled(lang, one["title"], "")),
        html.Span(titled(lang, one["note"], ""), className="caveat"),
        html.Span(reach, className="note"),
    ]
    mark = "" if one["is_measured"] else " lacking"
    return html.Tr(html.Th(html.Div(words), colSpan=len(COLUMNS), scope="rowgroup"), className=f"indicator{mark}")


def _row(view: View, now: datetime, answer: Row, row: Row, other: Row | None) -> html.Tr:
    lang = view.lang
    known = row["value"] is not None
    period = html.Span(t(lang, f"kpi.period.{row['of_period']}"), className="caveat")
    name = [titled(lang, row["title"], row["kpi"]), period]
    value = [html.Span(said(lang, row, row["value"]), className=f"num{_tone(row)}")]
    value.append(html.Span(basis(lang, row) if known else why_not(lang, row, answer["sources"]), className="of"))
    if other is not None:
        value.append(later(view, said(lang, other, other["value"])))
    reach = row["attainment"]
    coverage = UNKNOWN if row["coverage"] is None else share(row["coverage"])
    cells = [
        way(view, row, name),
        way(view, row, value),
        [html.Span(target(lang, row) or UNKNOWN), tags(lang, row)],
        UNKNOWN if reach is None else [meter(reach / 100, tone="short" if reach < 70 else ""), f"{round(reach)}%"],
        _course(lang, answer, row),
        [html.Span(status(lang, row), className="state"), age(lang, row["newest"], now) if row["newest"] else None],
        coverage,
    ]
    return html.Tr(
        [html.Td(cell, className=f"cell-{column}") for cell, column in zip(cells, COLUMNS, strict=True)],
        className=row["status"],
    )


def _tone(row: Row) -> str:
    return {"stale": " faded", "not_measurable": " blind"}.get(row["status"], "")


def _course(lang: str, answer: Row, row: Row) -> Any:
    found = answer["courses"].get(row["kpi"])
    if found is None:
        return UNKNOWN
    return draw.small(lang, row, [(of, value) for of, value, _ in found])


# --- what is missing, what was reported ------------------------------------------------------------------------------


def lacking(view: View, _now: datetime, answer: Any) -> Any:
    """Every source that is not there: which template brings it, who can give it, what it is needed for."""
    if not answer:
        return None
    lang = view.lang
    needed: dict[str, list[Row]] = {}
    for row in answer["kpis"]:
        for name in row["missing"]:
            needed.setdefault(name, []).append(row)
    title = head(t(lang, "scene.missing"), t(lang, "scene.missing_note") if needed else None)
    if not needed:
        return html.Div([title, html.P(t(lang, "scene.missing_none"), className="calm")], className="panel")
    items = []
    for name, found in sorted(needed.items(), key=lambda item: -len(item[1])):
        known = answer["sources"].get(name)
        ways = []
        for n, row in enumerate(found):
            ways += ["、" if lang == "zh" else ", "] * bool(n)
            ways.append(way(view, row, titled(lang, row["title"], row["kpi"])))
        template = _template(lang, name, known["columns"]) if known and known["is_record"] else None
        items.append(
            html.Li([
                html.Div([sign("blind"), html.B(source(lang, name, known)), template, html.Em(giver(lang, name))]),
                html.P([f"{t(lang, 'scene.needs')} ", *ways], className="caveat"),
            ])
        )  # fmt: skip
    note = html.P(t(lang, "scene.template_all"), className="caveat")
    return html.Div([title, html.Ul(items, className="missing-list"), note], className="panel", id="missing")


def _template(lang: str, name: str, columns: Sequence[Mapping[str, str]]) -> html.Button:
    """The head line of a list to fill in, as a file (assets/52_scenes.js); an import knows columns by these titles."""
    line = ",".join(titled(lang, one, "") for one in columns)
    file = {"data-file": f"{name}.csv", "data-text": f"{line}\r\n"}
    return html.Button(t(lang, "scene.template"), className="button small", **file)


def reported(view: View, _now: datetime, answer: Any) -> Any:
    """Values somebody reported, with the document they stand in."""
    lang = view.lang
    title = head(t(lang, "scene.reported"), t(lang, "scene.reported_note"))
    if not answer:
        return html.Div([title, html.P(t(lang, "scene.reported_none"), className="caveat")], className="panel")
    keys = ("indicator", "value", "as_of", "document", "by", "reported_on")
    heads = html.Tr([html.Th(t(lang, f"scene.{key}"), scope="col") for key in keys])
    body = [
        html.Tr([
            html.Td([f"{row['indicator']} ", titled(lang, row["indicator_title"], "")]),
            html.Td(f"{measure(row['value'])} {row.get('unit') or ''}".strip(), className="nowrap"),
            html.Td(on(lang, row["as_of"], year=True), className="nowrap"),
            html.Td(row.get("document") or UNKNOWN),
            html.Td(row.get("reported_by_role") or UNKNOWN),
            html.Td(on(lang, row["reported_on"], year=True) if row.get("reported_on") else UNKNOWN, className="nowrap"),
        ])
        for row in answer
    ]  # fmt: skip
    table = html.Table([html.Thead(heads), html.Tbody(body)], className="home-table")
    return html.Div([title, scrolling(lang, "scene.reported", table)], className="panel")

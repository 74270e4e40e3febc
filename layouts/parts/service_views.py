"""Service levels on screen: every figure against its target and source, over time, with the way to its rows. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Any
from urllib.parse import quote

from dash import html

from layouts.page import View
from layouts.parts.format import UNKNOWN, age, clock, count, day, lasting, share, stamp
from layouts.parts.home_views import case_title, link, outcome, scrolling
from layouts.parts.panel import head, icon, meter, sets, sign
from layouts.parts.service_answers import PERIODS, TRENDS, WEEK
from layouts.parts.text import has, t, titled
from layouts.parts.where import where

HEADLINES = TRENDS
REST = (
    "contacted_in_time", "contact_p50", "on_site_60min", "close_p50", "close_p90", "handed_over", "realarmed",
    "reopened", "devices_online", "visited",
)  # fmt: skip
LINE, MARK, AIM = "#9FD2FF", "#7CC4FF", "#A9B6C8"
WIDE, HIGH = 300, 100


def board(view: View, now: datetime, answer: Any) -> html.Div:
    """The period, the headline figures with their course, all others, and the false alarms per rule."""
    lang, levels = view.lang, answer["levels"]
    return html.Div(
        [
            _top(view, answer),
            html.Div([_headline(lang, answer, name) for name in HEADLINES], className="headlines"),
            html.Div(
                [
                    html.Div(
                        [
                            head(t(lang, "service.others"), t(lang, "service.press")),
                            html.Div([_small(lang, getattr(levels, name)) for name in REST], className="smalls"),
                        ],
                        className="panel",
                    ),
                    _by_rule(lang, answer),
                ],
                className="service-pair",
            ),
            _course(lang, answer),
        ],
        className="service-board",
    )


def _top(view: View, answer: Any) -> html.Div:
    lang, levels = view.lang, answer["levels"]
    buttons = [
        html.Button(
            t(lang, f"service.period.{name}"),
            className="range",
            **{**sets("service-levels--period", name), "aria-pressed": str(name == answer["period"]).lower()},
        )
        for name in PERIODS
    ]
    last = answer["end"] - timedelta(microseconds=1)
    span = t(lang, "service.span", start=day(lang, answer["start"], weekday=False), end=day(lang, last, weekday=False))
    words = t(lang, "service.basis", n=count(levels.incidents), tests=count(levels.tests))
    upto = t(lang, "service.upto", at=clock(answer["at"])) if answer["end"] == answer["at"] else ""
    return html.Div(
        [
            html.Span(buttons, className="ranges", role="group", **{"aria-label": t(lang, "service.period_label")}),
            html.B(span),
            html.Span(words, className="aside"),
            html.Span(" · ".join(part for part in (upto, t(lang, "service.no_drills")) if part), className="note"),
        ],
        className="service-top",
    )


def value(lang: str, figure: Any) -> str:
    """A figure in words: a share, or a length of time; ``—`` when there is nothing to measure."""
    if figure.value is None:
        return UNKNOWN
    if figure.unit == "s":
        return lasting(lang, timedelta(seconds=figure.value))
    return share(figure.value)


def reached(figure: Any) -> bool | None:
    """Whether a figure meets its target; None without one, or when it cannot be measured."""
    if figure.value is None or figure.target is None:
        return None
    return bool(figure.value >= figure.target)


def source(lang: str, figure: Any) -> str:
    """``目标 ≥97.5%（TSA / TEC Quality）``; who says so is never left out."""
    if figure.target is None:
        return t(lang, "service.no_target")
    name = f"service.source.{figure.name}"
    said = t(lang, name) if has(lang, name) else figure.source
    return t(lang, "service.target", target=f"{figure.target * 100:g}%", source=said)


def _headline(lang: str, answer: Any, name: str) -> html.Article:
    figure, points = getattr(answer["levels"], name), answer["trends"][name]
    good = reached(figure)
    tone = " short" if good is False else " blind" if figure.value is None else ""
    title = html.Button(t(lang, f"service.figure.{name}"), className="way", **sets("service-levels--key", name))
    verdict = None
    if good is not None:
        verdict = html.Span(
            [sign("fresh" if good else "look"), t(lang, "service.reached" if good else "service.short")],
            className="verdict",
        )
    body = [
        html.Button(value(lang, figure), className="num way", **sets("service-levels--key", name)),
        html.P(_basis(lang, figure), className="basis"),
    ]
    if figure.value is None:
        body = [html.Span(UNKNOWN, className="num"), html.P(titled(lang, figure.missing, ""), className="why")]
    return html.Article(
        [
            html.Div([html.H2(title), verdict], className="head"),
            html.Div([html.Div(body, className="value-side"), spark(lang, points, figure)], className="headline-body"),
            html.P(source(lang, figure), className="caveat"),
        ],
        className=f"panel headline{tone}",
        title=titled(lang, figure.definition, name),
    )


def _basis(lang: str, figure: Any) -> str:
    """What a figure is made of: ``137 起中 125 起``; a time is of so many."""
    if figure.unit == "s":
        return t(lang, "service.measured", all=count(figure.of))
    kind = {"visited": "homes", "devices_online": "devices"}.get(figure.name, "incidents")
    return t(lang, f"service.of.{kind}", n=count(figure.n), all=count(figure.of))


def _small(lang: str, figure: Any) -> html.Button:
    good = reached(figure)
    why = titled(lang, figure.missing, "") if figure.missing else _basis(lang, figure)
    number = [sign("look") if good is False else None, value(lang, figure)]
    return html.Button(
        [
            html.Span(t(lang, f"service.figure.{figure.name}"), className="small-name"),
            html.B(number, className=f"small-value{' short' if good is False else ''}"),
            html.Span([why, f" · {source(lang, figure)}" if figure.target else ""], className="caveat"),
        ],
        className="small-figure way",
        title=f"{titled(lang, figure.definition, figure.name)} · {source(lang, figure)}",
        **sets("service-levels--key", figure.name),
    )


def _by_rule(lang: str, answer: Any) -> html.Div:
    figures = sorted(answer["levels"].by_rule.items(), key=lambda item: (-(item[1].value or 0), -item[1].of))
    if not figures:
        calm = html.P([html.B(UNKNOWN), " ", titled(lang, answer["levels"].false_share.missing or {}, "")])
        return html.Div([head(t(lang, "service.by_rule")), calm], className="panel")
    rows = [
        html.Li(
            html.Button(
                [
                    html.Span(titled(lang, answer["rules"].get(rule, {}), rule), className="small-name"),
                    meter(figure.value),
                    html.B(value(lang, figure)),
                    html.Span(t(lang, "service.false_of", n=figure.n, all=figure.of), className="caveat"),
                ],
                className="rule-false way",
                **sets("service-levels--key", f"rule:{rule}"),
            )
        )
        for rule, figure in figures
    ]
    note = t(lang, "service.by_rule_note")
    return html.Div([head(t(lang, "service.by_rule"), note), html.Ul(rows)], className="panel")


# --- how it went --------------------------------------------------------------------------------------------------


def spark(lang: str, points: Sequence[Any], figure: Any) -> html.Div:
    """The figure by day or week with its target dashed; a day without anything to measure is a gap."""
    known = [amount for _, amount, _ in points if amount is not None]
    if not known:
        return html.Div(className="spark none")
    marks = known + ([figure.target] if figure.target else [])
    low = 0.0 if figure.name == "false_share" else max(0.0, int(min(marks) * 10 - 0.5) / 10)
    high = max(0.1, ceil(max(known) * 10) / 10) if figure.name == "false_share" else 1.0  # a round number on the axis
    ends = [html.Span(day(lang, points[i][0], weekday=False)) for i in (0, -1)]
    return html.Div(
        [
            html.Span(share(high, 0), className="high"),
            html.Span(share(low, 0), className="low"),
            html.Img(src=curve(points, low, high, figure.target), alt=""),
            html.Div(ends, className="ends"),
        ],
        className="spark",
    )


def curve(points: Sequence[Any], low: float, high: float, target: float | None) -> str:
    """The course as an SVG picture in an address: a line with a dot per value, broken where there is none."""
    step = WIDE / max(1, len(points) - 1)
    line, dots, pen = [], [], "M"
    for n, (_, amount, _) in enumerate(points):
        if amount is None:
            pen = "M"
            continue
        x, y = n * step, HIGH - 4 - (HIGH - 8) * (amount - low) / ((high - low) or 1)
        line.append(f"{pen}{x:.1f} {y:.1f}")
        dots.append(f"M{x:.1f} {y:.1f}h0")
        pen = "L"
    still = 'fill="none" vector-effect="non-scaling-stroke"'
    aim = ""
    if target is not None:
        y = HIGH - 4 - (HIGH - 8) * (target - low) / ((high - low) or 1)
        aim = f'<path d="M0 {y:.1f}H{WIDE}" {still} stroke="{AIM}" stroke-width="1" stroke-dasharray="4 4"/>'
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-4 0 {WIDE + 8} {HIGH}" preserveAspectRatio="none">{aim}'
        f'<path d="{"".join(line)}" {still} stroke="{LINE}" stroke-width="1.75"/>'
        f'<path d="{"".join(dots)}" {still} stroke="{MARK}" stroke-width="6" stroke-linecap="round"/></svg>'
    )
    return "data:image/svg+xml," + quote(text, safe="/ =:,'<>\"")


def _course(lang: str, answer: Any) -> html.Details:
    """The course of the headline figures as a table."""
    heads = [html.Th(t(lang, "service.week" if answer["step"] == WEEK else "service.day"), scope="col")]
    heads += [html.Th(t(lang, f"service.figure.{name}"), scope="col", className="right") for name in TRENDS]
    rows = []
    for n, (begin, _, _) in reversed(list(enumerate(answer["trends"][TRENDS[0]]))):
        cells = []
        for name in TRENDS:
            _, amount, of = answer["trends"][name][n]
            words = UNKNOWN if amount is None else f"{share(amount)} ({of})"
            cells.append(html.Td(words, className="right"))
        rows.append(html.Tr([html.Td(day(lang, begin)), *cells]))
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className="home-table")
    note = html.P(t(lang, "service.course_note"), className="caveat")
    return html.Details(
        [html.Summary(t(lang, "service.course")), note, scrolling(lang, "service.course", table)],
        className="panel chart-table course",
        open=True,
    )


# --- the rows behind a figure -------------------------------------------------------------------------------------


def rows(view: View, now: datetime, answer: Any) -> Any:
    """The rows behind a figure, those that fall short first."""
    if answer is None:
        return None
    lang = view.lang
    close = html.Button(
        [icon("close"), t(lang, "drawer.close")],
        className="button small",
        **{**sets("service-levels--key", ""), "data-escape": ""},
    )
    if answer["kind"] == "barred":
        barred = html.P([icon("lock"), t(lang, "service.barred")], className="barred")
        return html.Div(
            [barred, close], className="panel drawer", role="dialog", **{"aria-label": t(lang, "service.barred")}
        )
    figure = answer["figure"]
    title = t(lang, f"service.figure.{figure.name}")
    keys, draw = TABLES[answer["kind"]]
    heads = html.Tr([html.Th(t(lang, key), scope="col") for key in keys])
    body = [html.Tr([html.Td(cell) for cell in draw(view, now, row)]) for row in answer["rows"]]
    shown = t(lang, "drawer.part" if figure.of > len(body) else "drawer.all", n=count(len(body)), all=count(figure.of))
    table = html.Table([html.Thead(heads), html.Tbody(body)], className="home-table")
    return html.Div(
        [
            html.Div([html.H2(title, tabIndex=-1), html.Span(shown, className="note"), close], className="head"),
            html.P(f"{titled(lang, figure.definition, '')} · {source(lang, figure)}", className="caveat"),
            scrolling(lang, f"service.figure.{figure.name}", table) if body else html.P(t(lang, "drawer.empty")),
        ],
        className="panel drawer",
        role="dialog",
        **{"aria-label": title},
    )


def _mark(lang: str, row: Mapping[str, Any], name: str = "missed") -> Any:
    return [sign("look"), t(lang, f"service.{name}")] if row["missed"] else [sign("fresh"), t(lang, "service.met")]


def _incident(view: View, now: datetime, row: Mapping[str, Any]) -> list[Any]:
    lang = view.lang
    name = link(view, "/elder-care", case_title(lang, row), incident=row["incident_id"])
    took = [
        lasting(lang, row[step] - row["raised_at"]) if row[step] else UNKNOWN
        for step in ("acknowledged_at", "arrived_at")
    ]
    return [_mark(lang, row), name, where(lang, row), stamp(lang, row["raised_at"]), *took, outcome(lang, row)]


def _home(view: View, now: datetime, row: Mapping[str, Any]) -> list[Any]:
    lang = view.lang
    last = age(lang, row["visited_at"], now) if row["visited_at"] else t(lang, "service.never_visited")
    return [_mark(lang, row, "not_visited"), link(view, "/home", where(lang, row), home=row["id"]), last]


def _device(view: View, now: datetime, row: Mapping[str, Any]) -> list[Any]:
    lang = view.lang
    last = age(lang, row["last_seen"], now) if row["last_seen"] else t(lang, "devices.never")
    status = [sign(row["status"]), t(lang, f"status.{row['status']}")]
    return [status, titled(lang, row["type_title"], row["type"]), where(lang, row), last]


TABLES = {
    "incidents": (
        ("service.verdict", "column.what", "column.place", "service.raised", "drills.step.acknowledge",
         "drills.step.arrive", "home.end"),
        _incident,
    ),
    "homes": (("service.verdict", "column.place", "service.last_visit"), _home),
    "devices": (("column.status", "column.type", "column.place", "column.seen"), _device),
}  # fmt: skip

"""How a KPI or a scene went over the months, as pictures: small lines made here, and one chart as a figure dict.

A month without a value is a gap in the line, never a zero. Every chart has its numbers as a table beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import quote

from dash import dcc, html

from layouts.parts.chart import ACCENT, CONFIG, FONT, GLASS, INK, INK3, LINE
from layouts.parts.format import UNKNOWN, count
from layouts.parts.home_views import scrolling
from layouts.parts.kpi_words import month, on, said, status, unit
from layouts.parts.text import t, titled

Points = Sequence[tuple[date, float | None]]

LOOK, AIM = "#F5B544", "#8493AB"
WIDE, HIGH, ROOM = 160, 100, 8
SMALL = (120, 28)


def scale(points: Points, aim: float | None) -> tuple[float, float]:
    """Lowest and highest value a picture shows: what there is, and the line to reach."""
    known = [value for _, value in points if value is not None] + ([] if aim is None else [aim])
    low, high = min(known, default=0.0), max(known, default=1.0)
    if low == high:
        low, high = low - (abs(low) or 1.0) / 10, high + (abs(high) or 1.0) / 10
    return low, high


def height(value: float, low: float, high: float) -> float:
    """How far from the top a value stands, in hundredths of the picture."""
    return ROOM + (HIGH - 2 * ROOM) * (high - value) / (high - low)


def curve(
    points: Points, *, aim: float | None = None, colour: str = ACCENT, size: tuple[int, int] = (WIDE, HIGH)
) -> str:
    """The course as an SVG picture in an address: broken at gaps, the last value as a dot, the aim dashed."""
    wide, tall = size
    low, high = scale(points, aim)
    step = (wide - 8) / max(1, len(points) - 1)

    def place(n: int, value: float) -> tuple[float, float]:
        return 4 + n * step, height(value, low, high) * tall / HIGH

    line, alone, pen = [], [], "M"
    for n, (_, value) in enumerate(points):
        if value is None:
            pen = "M"
            continue
        x, y = place(n, value)
        line.append(f"{pen}{x:.1f} {y:.1f}")
        before, after = (points[i][1] if 0 <= i < len(points) else None for i in (n - 1, n + 1))
        if before is None and after is None:
            alone.append(f"M{x:.1f} {y:.1f}h0")
        pen = "L"
    end = ""
    if points and points[-1][1] is not None:
        x, y = place(len(points) - 1, points[-1][1])
        end = f'<path d="M{x:.1f} {y:.1f}h0" {_STILL} stroke="{colour}" stroke-width="7" stroke-linecap="round"/>'
    dashed = ""
    if aim is not None:
        y = height(aim, low, high) * tall / HIGH
        dashed = f'<path d="M0 {y:.1f}H{wide}" {_STILL} stroke="{AIM}" stroke-width="1" stroke-dasharray="3 4"/>'
    lonely = f'<path d="{"".join(alone)}" {_STILL} stroke="{colour}" stroke-width="4" stroke-linecap="round"/>'
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {tall}" preserveAspectRatio="none">{dashed}'
        f'<path d="{"".join(line)}" {_STILL} stroke="{colour}" stroke-width="2.2" stroke-linejoin="round"/>'
        f"{lonely}{end}</svg>"
    )
    return "data:image/svg+xml," + quote(text, safe="/ =:,'<>\"")


_STILL = 'fill="none" vector-effect="non-scaling-stroke"'


def small(lang: str, row: Mapping[str, Any], points: Points) -> html.Img | html.Span:
    """A line beside a number, as wide as a word; its values in words for those who do not see it."""
    if not any(value is not None for _, value in points):
        return html.Span(UNKNOWN, className="spark-none", title=t(lang, "kpi.course.none"))
    return html.Img(
        src=curve(points, aim=row["target"], size=SMALL), alt=summary(lang, row, points), className="spark-small",
        title=summary(lang, row, points),
    )  # fmt: skip


def summary(lang: str, row: Mapping[str, Any], points: Points) -> str:
    """The course in one sentence: how many months have a value, the least, the most and the last."""
    known = [value for _, value in points if value is not None]
    if not known:
        return t(lang, "kpi.course.none")
    last = points[-1][1]
    return t(
        lang, "kpi.course.summary", n=len(known), all=len(points), low=said(lang, row, min(known)),
        high=said(lang, row, max(known)), last=said(lang, row, last),
    )  # fmt: skip


def figure(lang: str, row: Mapping[str, Any], points: Sequence[Any]) -> dict[str, Any]:
    """The Plotly figure of twelve months: (last day, value, status, rows); stale months hollow, gaps left open."""
    names = [f"{of.year}-{of.month:02}-{of.day:02}" for of, *_ in points]
    words = [on(lang, of, year=True) for of, *_ in points]
    texts = [f"{when}<br>{said(lang, row, value)}" for when, (_, value, *_) in zip(words, points, strict=True)]
    hollow = [state == "stale" for _, _, state, *_ in points]
    trace = {
        "type": "scatter", "mode": "lines+markers", "x": names, "y": [value for _, value, *_ in points],
        "connectgaps": False, "text": texts, "hovertemplate": "%{text}<extra></extra>", "cliponaxis": False,
        "line": {"color": ACCENT, "width": 2.5},
        "marker": {"size": 9, "color": [GLASS if one else ACCENT for one in hollow],
                   "line": {"color": ACCENT, "width": 2}},
    }  # fmt: skip
    axis = {"gridcolor": LINE, "linecolor": LINE, "zeroline": False, "fixedrange": True, "automargin": True,
            "tickfont": {"size": 14, "color": INK3}}  # fmt: skip
    aim = row["target"]
    layout = {
        "margin": {"l": 8, "r": 16, "t": 16, "b": 8}, "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 14, "color": INK}, "showlegend": False, "hovermode": "closest",
        "separators": ".,", "hoverlabel": {"bgcolor": GLASS, "bordercolor": LINE, "font": {"color": INK}},
        "xaxis": {**axis, "type": "category", "tickvals": names, "ticktext": _months(lang, [of for of, *_ in points]),
                  "range": [-0.4, len(points) - 0.6]},
        "yaxis": {**axis, "range": _range(points, aim), "ticksuffix": "%" if row["unit"].get("zh") == "%" else ""},
        "shapes": [] if aim is None else [_aim(aim)],
        "annotations": [] if aim is None else [_aim_words(lang, row, aim)],
    }  # fmt: skip
    return {"data": [trace], "layout": layout}


def _months(lang: str, days: Sequence[date]) -> list[str]:
    """The month under each point, with the year where it begins anew."""
    return [
        f"{month(lang, of)}<br>{of.year}{'年' if lang == 'zh' else ''}" if n == 0 or of.month == 1 else month(lang, of)
        for n, of in enumerate(days)
    ]


def _range(points: Sequence[Any], aim: float | None) -> list[float]:
    known = [value for _, value, *_ in points if value is not None] + ([] if aim is None else [aim])
    low, high = min(known, default=0.0), max(known, default=1.0)
    room = (high - low or abs(high) or 1.0) * 0.15
    return [0.0 if low >= 0 and low < (high - low) * 1.5 else low - room, high + room]


def _aim(aim: float) -> dict[str, Any]:
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": aim, "y1": aim,
            "line": {"color": LOOK, "dash": "dash", "width": 1.5}}  # fmt: skip


def _aim_words(lang: str, row: Mapping[str, Any], aim: float) -> dict[str, Any]:
    words = t(lang, "kpi.target", target=said(lang, row, aim))
    return {"xref": "paper", "x": 0, "y": aim, "xanchor": "left", "yanchor": "bottom", "showarrow": False,
            "text": words, "font": {"size": 14, "color": LOOK}}  # fmt: skip


def chart(lang: str, row: Mapping[str, Any], *, high: str = "15rem") -> html.Div:
    """The chart of a KPI's twelve months with its table; without any value a sentence instead of an empty frame."""
    points = row["points"]
    known: Points = [(of, value) for of, value, *_ in points]
    if not any(value is not None for _, value in known):
        return html.Div(html.P(t(lang, "kpi.course.none"), className="caveat"), className="chart empty")
    graph = dcc.Graph(figure=figure(lang, row, points), config=CONFIG, style={"height": high}, responsive=True)
    name = f"{titled(lang, row['title'], row['kpi'])} · {summary(lang, row, known)}"
    return html.Div([graph, table(lang, row, points)], className="chart", role="group", **{"aria-label": name})


def table(lang: str, row: Mapping[str, Any], points: Sequence[Any]) -> html.Details:
    """The months as rows, the newest first."""
    keys = ("kpi.column.until", "kpi.column.value", "kpi.column.status", "kpi.column.rows")
    heads = html.Tr([html.Th(t(lang, key), scope="col") for key in keys])
    body = [
        html.Tr([
            html.Td(on(lang, of, year=True)), html.Td(said(lang, row, value)),
            html.Td(status(lang, {"status": state})), html.Td(count(rows)),
        ])
        for of, value, state, rows in reversed(points)
    ]  # fmt: skip
    inner = html.Table([html.Thead(heads), html.Tbody(body)], className="home-table")
    return html.Details(
        [html.Summary(t(lang, "kpi.course.table", unit=unit(lang, row))), scrolling(lang, "kpi.course.title", inner)],
        className="chart-table",
    )


def bullet(row: Mapping[str, Any]) -> html.Span | None:
    """Value against target: a bar, and a tick where the target is. Nothing without both."""
    value, aim = row["value"], row["target"]
    if value is None or aim is None:
        return None
    low = min(0.0, value, aim)
    high = max(value, aim, 0.0) * 1.12 or 1.0
    high = high if high > low else low + 1.0

    def part(of: float) -> str:
        return f"{100 * (of - low) / (high - low):.1f}%"

    return html.Span(
        [html.I(style={"width": part(value)}), html.U(style={"left": part(aim)})], className="bullet",
        **{"aria-hidden": "true"},
    )  # fmt: skip

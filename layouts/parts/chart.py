"""The chart of one series as a plain figure dict: gaps stay gaps, states are steps, dates in the page's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from dash import dcc, html

from layouts.page import ZONE
from layouts.parts.format import measure, stamp
from layouts.parts.text import t, titled
from layouts.parts.where import unit

Point = tuple[datetime, float]

INK, INK3, LINE, ACCENT, GLASS = "#E8EEF7", "#8493AB", "#24324A", "#7CC4FF", "#111A2B"
FONT = '"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif'
CONFIG = {"displayModeBar": False, "displaylogo": False, "responsive": True, "showTips": False}


def broken(
    points: Sequence[Point], silence: timedelta, end: datetime, *, holds: bool = False
) -> tuple[list[str], list[float | None]]:
    """Local times and values with a None after every silence longer than ``silence``: a gap is drawn as a gap.

    A value is good for ``silence`` after it came; longer it is not known. One that ``holds`` (a state) is drawn on to
    ``end``.
    """
    times: list[str] = []
    values: list[float | None] = []
    for i, (at, value) in enumerate(points):
        times.append(_local(at))
        values.append(value)
        until = points[i + 1][0] if i + 1 < len(points) else end
        if until - at > silence:
            times += [_local(at + silence), _local(at + silence)]
            values += [value, None]
        elif holds and until == end:
            times.append(_local(end))
            values.append(value)
    return times, values


def _local(at: datetime) -> str:
    return at.astimezone(ZONE).replace(tzinfo=None).isoformat(timespec="seconds")


def figure(lang: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """The Plotly figure of an answer of ``answers.series``: one line, a limit if declared, words for enum values."""
    points: list[Point] = answer["points"]
    steps = answer["kind"] in ("state", "event")
    times, values = broken(points, answer["silence"], answer["end"], holds=steps)
    name = titled(lang, answer["metric_title"], answer["metric"])
    trace = {
        "type": "scatter",
        "mode": "lines",
        "x": times,
        "y": values,
        "name": name,
        "connectgaps": False,
        "line": {"color": ACCENT, "width": 2, "shape": "hv" if steps else "linear"},
        "hovertemplate": "%{x|"
        + _tick_format(lang, hover=True)
        + "}<br>%{y} "
        + unit(lang, answer["unit"])
        + "<extra></extra>",
    }
    return {"data": [trace, *_late(lang, answer)], "layout": _layout(lang, answer, steps)}


def _late(lang: str, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Hollow dots for readings that came only later, where the series is drawn as known now."""
    late: Sequence[Point] = answer.get("late") or ()
    if not late or not answer.get("as_known_now"):
        return []
    dots = {"symbol": "circle-open", "size": 7, "color": INK, "line": {"width": 1.5}}
    return [
        {
            "type": "scatter", "mode": "markers",
            "x": [_local(at) for at, _ in late], "y": [value for _, value in late],
            "name": t(lang, "known.late_points"), "marker": dots, "hoverinfo": "skip",
        }
    ]  # fmt: skip


def _layout(lang: str, answer: Mapping[str, Any], steps: bool) -> dict[str, Any]:
    axis = {
        "gridcolor": LINE,
        "linecolor": LINE,
        "zeroline": False,
        "tickfont": {"size": 13, "color": INK3},
        "automargin": True,
    }
    words = {float(value): titled(lang, label, value) for value, label in answer["labels"].items()}
    y: dict[str, Any] = {**axis, "rangemode": "tozero" if answer["kind"] == "counter" else "normal", "fixedrange": True}
    if words:
        low, high = min(words), max(words)
        y |= {"tickvals": list(words), "ticktext": list(words.values()), "range": [low - 0.15, high + 0.15]}
    limit = answer.get("limit")
    lines = (
        []
        if limit is None or steps
        else [
            {
                "type": "line",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": limit,
                "y1": limit,
                "line": {"color": "#F5B544", "dash": "dash", "width": 1},
            }
        ]
    )
    return {
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 14, "color": INK},
        "showlegend": False,
        "hovermode": "x unified",
        "separators": ".,",
        "hoverlabel": {"bgcolor": GLASS, "bordercolor": LINE, "font": {"color": INK}},
        "xaxis": {
            **axis,
            "type": "date",
            "range": [_local(answer["start"]), _local(answer["end"])],
            "tickformatstops": _tick_stops(lang),
            "hoverformat": _tick_format(lang, hover=True),
            "nticks": 6,
        },
        "yaxis": y,
        "shapes": lines,
        "uirevision": f"{answer['device_id']}|{answer['metric']}|{answer['span']}",
    }


def _tick_format(lang: str, *, hover: bool = False) -> str:
    """Numeric months need no locale file: 11月22日, 22/11."""
    date = "%-m月%-d日" if lang == "zh" else "%-d/%-m"
    return f"{date} %H:%M" if hover else date


def _tick_stops(lang: str) -> list[dict[str, Any]]:
    return [
        {"dtickrange": [None, 60_000], "value": "%H:%M:%S"},
        {"dtickrange": [60_000, 86_400_000], "value": f"%H:%M\n{_tick_format(lang)}"},
        {"dtickrange": [86_400_000, None], "value": _tick_format(lang)},
    ]


def chart(lang: str, answer: Mapping[str, Any], *, height: str = "12rem") -> html.Div:
    """The chart with its table; without readings, a sentence instead of an empty frame."""
    if not answer["points"]:
        words = t(lang, "chart.empty", start=stamp(lang, answer["start"]), end=stamp(lang, answer["end"]))
        return html.Div(html.P(words, className="caveat"), className="chart empty")
    graph = dcc.Graph(figure=figure(lang, answer), config=CONFIG, style={"height": height}, responsive=True)
    return html.Div(
        [graph, table(lang, answer)], className="chart", role="group", **{"aria-label": summary(lang, answer)}
    )


def summary(lang: str, answer: Mapping[str, Any]) -> str:
    """The chart in one sentence, for those who do not see it."""
    values = [value for _, value in answer["points"]]
    return t(
        lang,
        "chart.summary",
        name=titled(lang, answer["metric_title"], answer["metric"]),
        n=len(values),
        low=measure(min(values)),
        high=measure(max(values)),
        unit=unit(lang, answer["unit"]),
    ).strip()


def table(lang: str, answer: Mapping[str, Any]) -> html.Details:
    """The chart's points as rows, newest first."""
    rows = [
        html.Tr([html.Td(stamp(lang, at, seconds=True)), html.Td(said_value(lang, answer, value), className="right")])
        for at, value in reversed(answer["points"][-100:])
    ]
    heads = html.Tr(
        [html.Th(t(lang, "chart.time"), scope="col"), html.Th(t(lang, "chart.value"), scope="col", className="right")]
    )
    return html.Details(
        [
            html.Summary(t(lang, "chart.table")),
            html.Div(html.Table([html.Thead(heads), html.Tbody(rows)]), className="table-box", tabIndex=0),
        ],
        className="chart-table",
    )


def said_value(lang: str, answer: Mapping[str, Any], value: float) -> str:
    """A point's value in words: its enum label, or the number with its unit."""
    label = answer["labels"].get(f"{value:g}")
    return titled(lang, label, f"{value:g}") if label else f"{measure(value)} {unit(lang, answer['unit'])}".strip()

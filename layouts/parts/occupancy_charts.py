"""The week of a place and its next day as plain figure dicts, each with its table. Gaps stay gaps, never zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from dash import dcc, html

from layouts.page import ZONE
from layouts.parts.chart import CONFIG, FONT, GLASS, INK, INK3, LINE
from layouts.parts.format import UNKNOWN, clock, count, day, measure
from layouts.parts.text import named, t

RAMP = ((0.0, "#1B2A44"), (0.34, "#2F6DB5"), (0.67, "#7CC4FF"), (1.0, "#F2F7FF"))
GROUND, AHEAD_COLOUR = "#0F1829", "#0B1322"
INK2, BAND, LOOK = "#A9B6C8", "rgba(77,163,255,.20)", "#F5B544"
_HATCH = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="800" height="400"><defs><pattern id="h" width="10" height="10" '
    'patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="10" height="10" fill="#2a2840"/>'
    '<path d="M0 0V10" stroke="#8A7FB0" stroke-width="5"/></pattern></defs>'
    '<rect width="800" height="400" fill="url(#h)"/></svg>'
)
HATCH = "data:image/svg+xml," + quote(_HATCH, safe="/ =:,'<>")


def heat(lang: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Hours by days: darker is emptier; what is not known is hatched, what has not been is left dark."""
    grid = answer["grid"]
    labels = [day_label(lang, begin, weekday_only=answer["span"] == "4w") for begin, _ in grid]
    values = [[cell if isinstance(cell, (int, float)) else None for cell in cells] for _, cells in grid]
    # what stands under the cells: nothing shows between them but where nothing is known
    ground = [[None if cell is None else 1.0 if cell == "ahead" else 0.0 for cell in cells] for _, cells in grid]
    known = [cell for cells in values for cell in cells if cell is not None]
    top = max([answer["place"]["capacity"] or 0, *known, 1])
    top = max([*known, 1]) if known and max(known) < 0.5 * top else top
    unit = t(lang, "unit.people")
    hours = [f"{hour}:00" for hour in range(24)]
    common = {"type": "heatmap", "x": hours, "y": labels}
    axis = {"tickfont": {"size": 13, "color": INK3}, "showgrid": False, "zeroline": False, "fixedrange": True}
    return {
        "data": [
            {
                **common,
                "z": ground,
                "showscale": False,
                "hoverinfo": "skip",
                "zmin": 0,
                "zmax": 1,
                "colorscale": [[0, GROUND], [1, AHEAD_COLOUR]],
            },
            {
                **common,
                "xgap": 1.5,
                "ygap": 2.5,
                "z": values,
                "zmin": 0,
                "zmax": top,
                "colorscale": [list(stop) for stop in RAMP],
                "hovertemplate": "%{y} %{x}<br>%{z:.0f} " + unit + "<extra></extra>",
                "colorbar": {
                    "thickness": 8,
                    "len": 1,
                    "outlinewidth": 0,
                    "ypad": 0,
                    "xpad": 6,
                    "nticks": 4,
                    "tickfont": {"size": 13, "color": INK3},
                    "tickformat": ",d",
                },
            },
        ],
        "layout": {
            **_layout(),
            "images": [
                {
                    "source": HATCH,
                    "xref": "paper",
                    "yref": "paper",
                    "x": 0,
                    "y": 1,
                    "sizex": 1,
                    "sizey": 1,
                    "sizing": "stretch",
                    "layer": "below",
                }
            ],
            "xaxis": {**axis, "tickvals": hours[0::4], "ticktext": [h.zfill(5) for h in hours[0::4]], "ticklen": 4},
            "yaxis": {**axis, "autorange": "reversed", "automargin": True},
            "uirevision": f"{answer['place']['place_id']}|{answer['span']}",
        },
    }


def _layout() -> dict[str, Any]:
    return {
        "margin": {"l": 8, "r": 4, "t": 6, "b": 26},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 13, "color": INK},
        "showlegend": False,
        "separators": ".,",
        "hoverlabel": {"bgcolor": GLASS, "bordercolor": LINE, "font": {"color": INK}},
    }


def day_label(lang: str, begin: datetime, *, weekday_only: bool = False) -> str:
    """``周日 22日`` / ``Sun 22``; over four weeks only the weekday."""
    weekday = t(lang, f"occupancy.weekday.{begin.astimezone(ZONE).weekday()}")
    number = begin.astimezone(ZONE).day
    if weekday_only:
        return weekday
    return f"{weekday} {number}日" if lang == "zh" else f"{weekday} {number}"


def ahead(lang: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """The last day as it was and the next as expected, with the band that held four of five tested hours."""
    forecast, capacity, at = answer["forecast"], answer["place"]["capacity"], answer["at"]
    unit = t(lang, "unit.people")
    tip = (
        "%{x|" + ("%-m月%-d日 %H:%M" if lang == "zh" else "%-d/%-m %H:%M") + "}<br>%{y:.0f} " + unit + "<extra></extra>"
    )
    was = answer["last"]
    traces: list[dict[str, Any]] = []
    hours = [begin_of(forecast, k) for k in range(24)] if forecast else []
    if forecast and forecast.low is not None:
        band = {"type": "scatter", "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
        times = [local(hour) for hour in hours]
        traces += [
            {**band, "x": times, "y": [round(float(v), 1) for v in forecast.high]},
            {**band, "x": times, "y": [round(float(v), 1) for v in forecast.low], "fill": "tonexty", "fillcolor": BAND},
        ]
    traces.append(
        {
            "type": "scatter",
            "mode": "lines",
            "x": [local(begin) for begin, _ in was],
            "y": [people for _, people in was],
            "connectgaps": False,
            "line": {"color": "#7CC4FF", "width": 2.5},
            "hovertemplate": tip,
        }
    )
    if forecast and forecast.people is not None:
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": [local(hour) for hour in hours],
                "y": [round(float(v), 1) for v in forecast.people],
                "line": {"color": "#F2F7FF", "width": 2, "dash": "dot"},
                "hovertemplate": tip,
            }
        )
    top = max([float(v) for trace in traces for v in trace["y"] if v is not None] or [1.0])
    shapes = [_line(local(at), local(at), 0, 1, "#4DA3FF", "x", "paper")]
    if capacity and capacity <= 2.2 * top:
        shapes.append(_line(0, 1, capacity, capacity, LOOK, "paper", "y"))
    axis = {
        "gridcolor": LINE,
        "linecolor": LINE,
        "zeroline": False,
        "fixedrange": True,
        "tickfont": {"size": 13, "color": INK3},
    }
    stops = [{"dtickrange": [None, None], "value": "%H:%M"}]
    return {
        "data": traces,
        "layout": {
            **_layout(),
            "hovermode": "x",
            "xaxis": {
                **axis,
                "type": "date",
                "range": [local(at - timedelta(hours=24)), local(at + timedelta(hours=24))],
                "tickformatstops": stops,
                "nticks": 8,
                "tickangle": 0,
            },
            "yaxis": {**axis, "rangemode": "tozero", "nticks": 4, "automargin": True},
            "shapes": shapes,
            "uirevision": answer["place"]["place_id"],
        },
    }


def _line(x0: Any, x1: Any, y0: float, y1: float, colour: str, xref: str, yref: str) -> dict[str, Any]:
    line = {"color": colour, "width": 1.5, "dash": "solid" if xref == "x" else "dash"}
    return {"type": "line", "x0": x0, "x1": x1, "y0": y0, "y1": y1, "xref": xref, "yref": yref, "line": line}


def begin_of(forecast: Any, hour: int) -> datetime:
    """When an hour of a forecast begins."""
    return datetime.fromtimestamp((forecast.begin + hour) * 3600, UTC)


def local(at: datetime) -> str:
    """An instant as Plotly wants it, in the neighbourhood's time."""
    return at.astimezone(ZONE).replace(tzinfo=None).isoformat(timespec="seconds")


def graph(figure: dict[str, Any], label: str) -> html.Div:
    """A figure that fills its place; what it shows is said in one sentence."""
    drawn = dcc.Graph(figure=figure, config=CONFIG, responsive=True, style={"height": "100%"})
    return html.Div(drawn, className="chart-fill", role="img", **{"aria-label": label})


def heat_table(lang: str, answer: Mapping[str, Any]) -> html.Details:
    """The week as a table: hours down, days across."""
    grid = answer["grid"]
    labels = [day_label(lang, begin, weekday_only=answer["span"] == "4w") for begin, _ in grid]
    heads = [html.Th(t(lang, "occupancy.hour"), scope="col"), *(html.Th(label, scope="col") for label in labels)]
    rows = [
        html.Tr([html.Th(f"{hour:02}:00", scope="row"), *(html.Td(_cell(lang, cells[hour])) for _, cells in grid)])
        for hour in range(24)
    ]
    return _details(lang, "occupancy.table", heads, rows)


def _cell(lang: str, cell: Any) -> str:
    return "" if cell == "ahead" else t(lang, "grade.unknown") if cell is None else measure(cell, 0)


def ahead_table(lang: str, answer: Mapping[str, Any]) -> html.Details:
    """The next day as a table: hour, expected, from, to."""
    forecast = answer["forecast"]
    heads = [html.Th(t(lang, f"occupancy.{name}"), scope="col") for name in ("hour", "expected", "low", "high")]
    rows: Sequence[Any] = []
    if forecast is not None and forecast.people is not None:
        rows = [
            html.Tr(
                [
                    html.Td(f"{day(lang, begin_of(forecast, k), weekday=False)} {clock(begin_of(forecast, k))}"),
                    *(
                        html.Td(count(None if part is None else float(part[k])))
                        for part in (forecast.people, forecast.low, forecast.high)
                    ),
                ]
            )
            for k in range(24)
        ]
    return _details(lang, "occupancy.table", heads, rows)


def _details(lang: str, key: str, heads: Sequence[Any], rows: Sequence[Any]) -> html.Details:
    table = html.Table([html.Thead(html.Tr(list(heads))), html.Tbody(list(rows))])
    return html.Details(
        [html.Summary(t(lang, key)), html.Div(table, className="table-box", tabIndex=0)], className="chart-table"
    )


def spoken_heat(lang: str, answer: Mapping[str, Any]) -> str:
    """The week in one sentence: the fullest hour."""
    cells = [
        (cell, begin, hour)
        for begin, row in answer["grid"]
        for hour, cell in enumerate(row)
        if isinstance(cell, (int, float))
    ]
    if not cells:
        return t(lang, "occupancy.no_hours", name=named(lang, answer["place"]))
    most, begin, hour = max(cells, key=lambda cell: cell[0])
    when = f"{day_label(lang, begin, weekday_only=answer['span'] == '4w')} {hour:02}:00"
    return t(lang, "occupancy.fullest", name=named(lang, answer["place"]), at=when, n=count(most))


__all__ = ["UNKNOWN", "ahead", "ahead_table", "graph", "heat", "heat_table", "spoken_heat"]

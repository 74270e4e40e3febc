"""The last two days of a home, one line per sensor on one time axis, with what is usual at that hour behind it.

Pale area: usual, learned from the days before. White: what happened. Hatch: not known, because the sensor was not
heard; a gap is never drawn as stillness. Each line is one small SVG picture that stretches with the page; gaps, hours
and marks are boxes over it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from dash import html

from layouts.page import ZONE, View
from layouts.parts.format import clock, day, measure, stamp
from layouts.parts.panel import sign
from layouts.parts.text import t, titled
from layouts.parts.where import unit

USUAL, HAPPENED, ALARM, CALM = "#2F6DB5", "#E8EEF7", "#FF5A5F", "#9FD2FF"
WIDE, HIGH = 2880, 100  # units of a line's picture: a minute wide, its height
THIN = 6  # minutes: what lasted less is drawn this wide, so that it can be seen
HOURS = 6  # between two marks of the axis
NIGHT = (22, 6)
PLACES = {
    "客厅": "living",
    "卧室": "bedroom",
    "厨房": "kitchen",
    "卫生间": "bathroom",
    "入户": "entrance",
    "阳台": "balcony",
}
ROWS = 100  # rows of the table under the chart

Track = Mapping[str, Any]


def chart(view: View, answer: Any) -> html.Div:
    """The lines with their axis, what the colours mean, and the same as a table."""
    lang, start, end = view.lang, answer["start"], answer["end"]
    lines = [part for track in answer["tracks"] for part in _line(lang, track, start, end)]
    over = html.Div(
        [*_nights(start, end), *_hours(start, end), *(_event(lang, event, start, end) for event in answer["events"])],
        className="rhythm-over",
        **{"aria-hidden": "true"},
    )
    axis = [html.Span(className="track-name"), html.Div(_axis(lang, start, end), className="rhythm-axis")]
    return html.Div(
        [
            html.Div(
                [over, *lines, *axis], className="rhythm-plot", role="img", **{"aria-label": spoken(lang, answer)}
            ),
            table(lang, answer),
        ],
        className="rhythm",
    )


def legend(lang: str, answer: Any) -> html.Div:
    """What pale, white and hatch mean; how many days were learned, or that it is still learning."""
    words = t(lang, "home.usual_days", n=answer["days"]) if answer["learned"] else t(lang, "home.usual_none")
    keys = [
        html.Span([html.I(className="rhythm-key usual"), words], className="" if answer["learned"] else "caveat"),
        html.Span([html.I(className="rhythm-key happened"), t(lang, "home.happened")]),
        html.Span([html.I(className="rhythm-key gap"), t(lang, "home.gap")]),
    ]
    return html.Div(keys, className="rhythm-legend")


def _line(lang: str, track: Track, start: datetime, end: datetime) -> list[Any]:
    gaps = [_gap(lang, gap, start, end) for gap in track["gaps"]]
    last = track["points"][-1] if track["points"] else None
    words = "" if last is None else f"{clock(last[0])} {said(lang, track, last[1])}"
    name = [html.B(track_name(lang, track)), html.Span(_what(lang, track))]
    plot = html.Div(
        [html.Img(src=picture(track, start, end), alt=""), *gaps],
        className="track alarm" if track["alarm"] else f"track {track['kind']}",
        title=words,
    )
    return [html.Div(name, className="track-name"), plot]


def _what(lang: str, track: Track) -> str:
    return t(lang, "home.rhythm.signs") if track["kind"] == "whole" else titled(lang, track["what"], track["metric"])


def track_name(lang: str, track: Track) -> str:
    """Which sensor: its own name, ``客厅人体红外``; in English its kind and the room the name begins with."""
    if track["kind"] == "whole":
        return t(lang, "home.rhythm.whole")
    name = track["name"] or ""
    if lang == "zh":
        return name or titled(lang, track["sense"], track["type"])
    rooms = (text for room, text in PLACES.items() if name.startswith(room))
    return ", ".join([titled(lang, track["sense"], track["type"]), *(t(lang, f"home.room.{text}") for text in rooms)])


def said(lang: str, track: Track, value: float) -> str:
    """A value of a line in words: its label, or the number with its unit."""
    label = track["labels"].get(f"{value:g}")
    return titled(lang, label, f"{value:g}") if label else f"{measure(value)} {unit(lang, track['unit'])}".strip()


# --- one line ---------------------------------------------------------------------------------------------------


def picture(track: Track, start: datetime, end: datetime) -> str:
    """The line as an SVG picture in an address (``data:``), a unit a minute wide."""
    shapes = [_area(track["usual"], start)]
    shapes.append(_curve(track, start, end) if track["form"] == "line" else _bars(track, start))
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" preserveAspectRatio="none">'
        f"{''.join(shapes)}</svg>"
    )
    return "data:image/svg+xml," + quote(text, safe="/ =:,'<>\"")


def _area(usual: Sequence[float | None], start: datetime) -> str:
    """The share of the days on which something happened at this time of day, as a stepped area."""
    if not any(usual):
        return ""
    step = 1440 // len(usual)
    local = start.astimezone(ZONE)
    minute = -(local.minute % step)
    slot = (local.hour * 60 + local.minute) // step
    parts = [f"M0 {HIGH}"]
    while minute < WIDE:
        top = HIGH - 92 * (usual[slot % len(usual)] or 0.0)
        parts.append(f"L{max(0, minute)} {top:.0f}L{min(WIDE, minute + step)} {top:.0f}")
        minute, slot = minute + step, slot + 1
    return f'<path d="{"".join(parts)}L{WIDE} {HIGH}Z" fill="{USUAL}" fill-opacity=".5"/>'


def _bars(track: Track, start: datetime) -> str:
    """Spans in which something was so, from full height; counted amounts as columns of their height."""
    colour = ALARM if track["alarm"] else HAPPENED
    drawn = []
    for begun, ended, share in track["spans"]:
        left = minutes(begun, start)
        wide = max(THIN, minutes(ended, start) - left)
        top = 12 if share is None else HIGH - 92 * share
        drawn.append(
            f'<rect x="{left:.0f}" y="{top:.0f}" width="{wide:.0f}" height="{HIGH - top:.0f}" fill="{colour}"/>'
        )
    return "".join(drawn)


def _curve(track: Track, start: datetime, end: datetime) -> str:
    """A measured value between its lowest and highest; interrupted where it was not known."""
    values = [value for _, value in track["points"]]
    if not values:
        return ""
    low, span = min(values), (max(values) - min(values)) or 1.0
    parts, before = [], None
    for at, value in track["points"]:
        pen = "L" if before is not None and _known(track, before, at) else "M"
        parts.append(f"{pen}{minutes(at, start):.1f} {HIGH - 12 - 76 * (value - low) / span:.1f}")
        before = at
    if before is not None and _known(track, before, end):
        parts.append(f"L{minutes(end, start):.1f} {HIGH - 12 - 76 * (values[-1] - low) / span:.1f}")
    how = f'fill="none" stroke="{CALM}" stroke-width="1.75" vector-effect="non-scaling-stroke"'
    return f'<path d="{"".join(parts)}" {how}/>'


def _known(track: Track, first: datetime, last: datetime) -> bool:
    """Whether a value holds from one word of it to the next: not over a gap, and not when it was left unsaid."""
    return last - first <= track["silence"] and not any(first <= begun < last for begun, _ in track["gaps"])


def minutes(at: datetime, start: datetime) -> float:
    """Minutes from the left edge; what lies before it is drawn at the edge."""
    return max(0.0, (at - start) / timedelta(minutes=1))


def _left(at: datetime, start: datetime, end: datetime) -> str:
    return f"{max(0.0, min(1.0, (at - start) / (end - start))) * 100:.3f}%"


def _gap(lang: str, gap: tuple[datetime, datetime], start: datetime, end: datetime) -> html.I:
    begun, ended = max(gap[0], start), min(gap[1], end)
    wide = f"{max(0.0, (ended - begun) / (end - start)) * 100:.3f}%"
    words = t(lang, "home.gap_title", start=stamp(lang, begun), end=stamp(lang, ended))
    return html.I(className="gap", title=words, style={"left": _left(begun, start, end), "width": wide})


# --- what all lines share ---------------------------------------------------------------------------------------


def _ticks(start: datetime, end: datetime) -> list[datetime]:
    at = start.astimezone(ZONE).replace(minute=0, second=0, microsecond=0)
    at += timedelta(hours=-at.hour % HOURS)
    found = []
    while at < end:
        if at > start:
            found.append(at)
        at += timedelta(hours=HOURS)
    return found


def _hours(start: datetime, end: datetime) -> list[html.I]:
    return [
        html.I(className="hour day" if at.hour == 0 else "hour", style={"left": _left(at, start, end)})
        for at in _ticks(start, end)
    ]


def _nights(start: datetime, end: datetime) -> list[html.I]:
    """Dark bands from late evening to early morning."""
    midnight = start.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    bands = []
    for n in range(-1, 3):
        begun = max(start, midnight + timedelta(days=n, hours=NIGHT[0]))
        ended = min(end, midnight + timedelta(days=n + 1, hours=NIGHT[1]))
        if begun < ended:
            wide = f"{(ended - begun) / (end - start) * 100:.3f}%"
            bands.append(html.I(className="night", style={"left": _left(begun, start, end), "width": wide}))
    return bands


def _axis(lang: str, start: datetime, end: datetime) -> list[html.Span]:
    marks = []
    for at in _ticks(start, end):
        share = (at - start) / (end - start)
        if 0.025 < share < 0.93:
            words = day(lang, at, weekday=False) if at.hour == 0 else clock(at)
            kind = "day" if at.hour == 0 else ""
            marks.append(html.Span(words, className=kind, style={"left": f"{share * 100:.3f}%"}))
    marks.append(html.Span(clock(end), className="end", style={"left": "100%"}))
    return marks


def _event(lang: str, event: Mapping[str, Any], start: datetime, end: datetime) -> html.I:
    place = {"left": _left(event["at"], start, end)}
    return html.I(sign(event["severity"]), className=f"event {event['severity']}", style=place)


# --- for those who do not see it --------------------------------------------------------------------------------


def spoken(lang: str, answer: Any) -> str:
    """The chart in one sentence: how many sensors, from when to when, how many gaps."""
    gaps = sum(len(track["gaps"]) for track in answer["tracks"])
    words = {"start": stamp(lang, answer["start"]), "end": stamp(lang, answer["end"])}
    return t(lang, "home.spoken", n=len(answer["tracks"]), gaps=gaps, **words)


def table(lang: str, answer: Any) -> html.Details:
    """What happened as rows, newest first; gaps are rows too."""
    rows = sorted(
        (row for track in answer["tracks"] for row in _rows(lang, track)), key=lambda row: row[0], reverse=True
    )
    body = [
        html.Tr([html.Td(stamp(lang, at, seconds=True)), html.Td(name), html.Td(words)])
        for at, name, words in rows[:ROWS]
    ]
    heads = html.Tr([html.Th(t(lang, key), scope="col") for key in ("chart.time", "home.sensor", "chart.value")])
    note = t(lang, "drawer.part", n=len(body), all=len(rows)) if len(rows) > len(body) else None
    return html.Details(
        [
            html.Summary(t(lang, "chart.table")),
            html.P(note, className="caveat") if note else None,
            html.Div(html.Table([html.Thead(heads), html.Tbody(body)]), className="table-box", tabIndex=0),
        ],
        className="chart-table",
    )


def _rows(lang: str, track: Track) -> list[tuple[datetime, str, str]]:
    name = f"{track_name(lang, track)} · {_what(lang, track)}"
    rows = [(at, name, said(lang, track, value)) for at, value in track["points"]]
    return rows + [(begun, name, f"{t(lang, 'home.gap')} → {stamp(lang, ended)}") for begun, ended in track["gaps"]]

"""Under the map: the last two days of the incident's home, one line per sensor, with what is usual behind it.

The last hour takes a quarter of the width, because decisions are made in it; assets/50_care_timeline.js draws it from
the numbers given here. Reading two days of every sensor costs too much to do with each commit, so an answer holds for
a quarter of a minute, and what is usual for a day.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from dash import html

from layouts.page import ZONE, View
from layouts.parts import home_tracks
from layouts.parts.care_answers import chosen_of, open_incidents
from layouts.parts.format import clock, day, measure, moment
from layouts.parts.home_chart import track_name
from layouts.parts.panel import Tree, unknown
from layouts.parts.text import t, titled
from layouts.parts.where import placed, unit, where
from twin_model.rights import asked
from twin_model.twin import Twin

T = TypeVar("T")
Answer = dict[str, Any]

HOLDS = timedelta(seconds=15)
KEPT = 24
MOST_ROWS = 9
MOST_POINTS = 240

_kept: WeakKeyDictionary[Twin, OrderedDict[tuple[Any, ...], Any]] = WeakKeyDictionary()
_kept_lock = Lock()


def evidence(twin: Twin, at: datetime, community: str, *, chosen: str | None) -> Answer | None:
    """Tracks of the shown incident's home over 48 h with what is usual; None when no home is concerned."""
    incident = chosen_of(twin, at, open_incidents(twin, at, community), chosen)
    if incident is None or incident.home_id is None:
        return None
    home, owner = incident.home_id, incident.community_id
    real = at
    at = max(_floor(at, HOLDS), min(real, incident.updated_at))
    midnight = at.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
    found = _remember(twin, (home, at), lambda: home_tracks.tracks(twin, at, owner, home=home))
    learned = _remember(twin, (home, midnight, "usual"), lambda: home_tracks.usual(twin, midnight, owner, home=home))
    rhythm = _remember(twin, (home, at, "rhythm"), lambda: twin.care.home_rhythm(home, at))
    if found is None:
        return None
    answer = home_tracks.together(found, learned, rhythm)
    head = {"home_id": home, "facility_id": None, "building_id": incident.building_id, "room_id": None}
    marks = [(item.since, incident.severity) for item in incident.evidence if item.firing and item.since is not None]
    return {**answer, "place": placed(twin, real, [head])[0], "marks": marks, "title": incident.title}


def _floor(at: datetime, step: timedelta) -> datetime:
    return at - (at - datetime(2000, 1, 1, tzinfo=UTC)) % step


def _remember(twin: Twin, key: tuple[Any, ...], make: Callable[[], T]) -> T:
    key = (*key, asked())  # what one was shown from memory is for those who may read the same
    with _kept_lock:
        kept = _kept.setdefault(twin, OrderedDict())
        if key in kept:
            kept.move_to_end(key)
            found: T = kept[key]
            return found
    made = make()
    with _kept_lock:
        kept[key] = made
        while len(kept) > KEPT:
            kept.popitem(last=False)
    return made


def timeline(view: View, now: datetime, answer: Any) -> Tree:
    """The panel: what it shows, what the colours mean, and the drawing; nothing without a home."""
    if answer is None:
        return None
    lang = view.lang
    title = t(lang, "care.rhythm_title", place=where(lang, answer["place"], inside=True))
    tracks = [track for track in answer["tracks"] if _tells(track)][:MOST_ROWS]
    if not tracks:
        return html.Div([html.H2(title), unknown(t(lang, "care.no_tracks"))], className="panel care-timeline")
    told = json.dumps(drawing(lang, answer, tracks), ensure_ascii=False, separators=(",", ":"))
    spoken = t(lang, "care.rhythm_spoken", n=len(tracks), gaps=sum(len(track["gaps"]) for track in tracks))
    return html.Div(
        [
            html.Div([html.H2(title), _keys(lang, answer, tracks)], className="head"),
            html.Div(className="care-lines", role="img", **{"aria-label": spoken, "data-care-lines": told}),
        ],
        className="panel care-timeline",
    )


def _tells(track: Mapping[str, Any]) -> bool:
    """Alarms have a line only when there was one; a meal order is no sign of life."""
    return not (track["alarm"] and not track["spans"]) and track["type"] not in ("meal_order", "meal_point")


def _keys(lang: str, answer: Mapping[str, Any], tracks: list[Any]) -> html.Div:
    usual = (
        t(lang, "care.learned", n=answer["days"]) if answer["learned"] else t(lang, "care.learning", n=answer["days"])
    )
    keys = [html.Span([html.I(className="key-usual") if answer["learned"] else None, usual])]
    keys.append(html.Span([html.I(className="key-happened"), t(lang, "care.happened")]))
    gaps = [gap for track in tracks for gap in track["gaps"]]
    if gaps:
        longest = max(gaps, key=lambda gap: gap[1] - gap[0])
        said = f"{_short(lang, longest[0], answer['end'])}–{clock(longest[1])}"
        keys.append(html.Span([html.I(className="key-gap"), t(lang, "care.unknown", at=said)]))
    return html.Div(keys, className="care-keys")


def _short(lang: str, at: datetime, end: datetime) -> str:
    same = at.astimezone(ZONE).date() == end.astimezone(ZONE).date()
    return clock(at) if same else moment(lang, at, end)


def drawing(lang: str, answer: Mapping[str, Any], tracks: list[Any]) -> Answer:
    """The lines as numbers: instants in whole seconds after ``start``, shares 0 to 1, words in the page's language."""
    start, end = answer["start"], answer["end"]

    def s(at: datetime) -> int:
        return round((at - start).total_seconds())

    local = start.astimezone(ZONE)
    return {
        "start": round(start.timestamp()),
        "length": s(end),
        "offset": round((local - local.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()),
        "days": [day(lang, start + timedelta(days=n), weekday=False) for n in range(4)],
        "last": t(lang, "care.last_hour"),
        "rows": [_row(lang, track, s, name) for track, name in zip(tracks, _names(lang, tracks), strict=True)],
        "marks": [[s(at), tone] for at, tone in answer["marks"] if start <= at <= end],
    }


def _names(lang: str, tracks: list[Any]) -> list[str]:
    """What each line is called; a device that measures several things is told apart by what: ``健康手环 心率``."""
    names = [track_name(lang, track) for track in tracks]
    return [
        f"{name} {titled(lang, track['what'], track['metric'])}" if names.count(name) > 1 else name
        for name, track in zip(names, tracks, strict=True)
    ]


def _row(lang: str, track: Mapping[str, Any], s: Callable[[datetime], int], name: str) -> Answer:
    row: Answer = {
        "name": name,
        "form": track["form"],
        "alarm": track["alarm"],
        "usual": [None if share is None else round(share, 2) for share in track["usual"]],
        "gaps": [[s(begun), s(ended)] for begun, ended in track["gaps"]],
        "spans": [
            [s(begun), s(ended), None if share is None else round(share, 2)] for begun, ended, share in track["spans"]
        ],
    }
    points = track["points"]
    row["points"] = [[s(at), round(value, 3)] for at, value in points[:: max(1, len(points) // MOST_POINTS)]] \
        if track["form"] == "line" else []  # fmt: skip
    if points:
        at, value = points[-1]
        label = track["labels"].get(f"{value:g}")
        said = titled(lang, label, f"{value:g}") if label else f"{measure(value)} {unit(lang, track['unit'])}".strip()
        row["said"] = f"{clock(at)} {said}"
    return row

"""What the sensors of one home said in the last two days, and what is usual for each: one track per measured thing.

A device that was silent for longer than its type may be (``stale_after``) was not known to say anything: that time is
a gap in all of its tracks, never stillness.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from layouts.page import ZONE
from twin_model.catalogue import Metric, SensorType
from twin_model.twin import Twin

Answer = dict[str, Any]
Point = tuple[datetime, float]
Gap = tuple[datetime, datetime]

SPAN = timedelta(hours=48)
BEFORE = timedelta(hours=26)  # a state said before the window still holds in it
LEARNED = timedelta(days=28)  # evidence.md 12: from the last 28 days
FIRST_DAYS = 3  # issue 3: a rhythm works from its third day
SLOT = timedelta(minutes=30)
SLOTS = timedelta(days=1) // SLOT
SILENT = {"battery", "tamper", "linkquality"}  # what a device says of itself, not of the home
# Signs of life first, then what is pressed or detected, then the air; the order is fixed.
ORDER = (
    "motion",
    "fall_radar",
    "door_contact",
    "bed_sensor",
    "water_meter",
    "electricity_meter",
    "vital_band",
    "sos_button",
    "smoke",
    "gas",
    "water_leak",
    "temperature",
)


def tracks(twin: Twin, at: datetime, community: str, *, home: str | None) -> Answer | None:
    """Tracks of a home's sensors over the 48 h up to ``at``; None for a home that is not of this community."""
    devices = _devices(twin, at, community, home)
    if devices is None:
        return None
    start = at - SPAN
    found = []
    for row in devices:
        kind = twin.catalogue.sensor_types[row["type"]]
        series = {name: _points(twin, row["device_id"], name, start - BEFORE, at) for name in kind.metrics}
        heard = sorted({when for points in series.values() for when, _ in points})
        gaps = gaps_of(heard, kind.stale_after, start, at)
        found += [_track(row, kind, m, series[m.name], gaps, start, at) for m in shown(kind)]
    return {"start": start, "end": at, "tracks": found}


def _devices(twin: Twin, at: datetime, community: str, home: str | None) -> list[Answer] | None:
    row = twin.entity("home", home, at) if home else None
    if row is None or row["community_id"] != community:
        return None
    rank = {name: n for n, name in enumerate(ORDER)}
    rows: list[Answer] = twin.entities("device", at, community_id=community, home_id=home).to_pylist()
    rows = [row for row in rows if row["type"] in twin.catalogue.sensor_types]
    return sorted(rows, key=lambda row: (rank.get(row["type"], len(rank)), row["name"] or "", row["device_id"]))


def shown(kind: SensorType) -> list[Metric]:
    """The metrics of a sensor that tell of the home."""
    return [metric for metric in kind.metrics.values() if metric.name not in SILENT]


def _points(twin: Twin, device: str, metric: str, start: datetime, at: datetime) -> list[Point]:
    table = twin.series(device, metric, start, at + timedelta(microseconds=1), at)
    return list(zip(table["taken_at"].to_pylist(), table["value"].to_pylist(), strict=True))


def _track(
    row: Answer, kind: SensorType, metric: Metric, points: list[Point], gaps: list[Gap], start: datetime, end: datetime
) -> Answer:
    form = "line" if metric.kind == "measure" else "bars"
    spans: list[Any] = []
    if metric.kind == "counter":
        spans = columns(points, start, end)
    elif form == "bars":
        spans = [(*span, None) for span in spans_of(points, gaps, start, end)]
    return {
        "device_id": row["device_id"],
        "type": row["type"],
        "name": row["name"],
        "sense": dict(kind.title),
        "metric": metric.name,
        "what": dict(metric.title),
        "unit": metric.unit,
        "labels": dict(metric.labels),
        "kind": metric.kind,
        "form": form,
        "alarm": metric.alarm_class is not None,
        "silence": kind.stale_after,
        "points": [point for point in points if point[0] >= start],
        "spans": spans,
        "gaps": gaps,
        "usual": [],
    }


def gaps_of(heard: Sequence[datetime], silence: timedelta, start: datetime, end: datetime) -> list[Gap]:
    """When nothing was known from ``start`` to ``end``: after a silence longer than ``silence``, to the next word."""
    found = []
    known = None  # until when the last word is good
    for when in [*heard, None]:
        upto = end if when is None else when
        since = start if known is None else known
        if upto > since and upto > start:
            found.append((max(since, start), min(upto, end)))
        if when is not None:
            known = max(known or when, when + silence)
    return [gap for gap in found if gap[1] > gap[0]]


def spans_of(points: Sequence[Point], gaps: Sequence[Gap], start: datetime, end: datetime) -> list[Gap]:
    """From when to when a state was on; on is not drawn into a gap."""
    found: list[Gap] = []
    begun = None
    for when, value in [*points, (end, 0.0)]:
        if begun is not None and value < 1:
            stop = min([when, *(gap[0] for gap in gaps if gap[0] >= begun)])
            if stop >= start:
                found.append((max(begun, start), stop))
            begun = None
        elif begun is None and value >= 1:
            begun = when
    return found


def columns(points: Sequence[Point], start: datetime, end: datetime) -> list[tuple[datetime, datetime, float]]:
    """What a counter grew by in each half-hour; a counter that fell back (a new day, a new meter) grew by nothing."""
    grown: dict[datetime, float] = {}
    for (_, before), (when, value) in pairwise(points):
        slot = when - (when.astimezone(ZONE).replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) % SLOT
        if value > before and when >= start:
            grown[slot] = grown.get(slot, 0.0) + value - before
    return [(max(slot, start), min(slot + SLOT, end), amount) for slot, amount in sorted(grown.items())]


# --- what is usual ------------------------------------------------------------------------------------------------


def usual(twin: Twin, at: datetime, community: str, *, home: str | None) -> Answer | None:
    """What is usual by half-hour of the day, by (device, metric), from the 28 days before ``at`` (a midnight).

    For a state the share of the days on which it was on, for a counter what it grows by; measured values have none. A
    sensor heard on fewer than three days has none either. ``days``: of the sensor heard longest.
    """
    devices = _devices(twin, at, community, home)
    if devices is None:
        return None
    found: dict[tuple[str, str], list[float]] = {}
    longest = 0
    for row in devices:
        for metric in shown(twin.catalogue.sensor_types[row["type"]]):
            if metric.kind == "measure":
                continue
            table = twin.series(row["device_id"], metric.name, at - LEARNED, at, at, bucket=SLOT)
            slots = [(when.astimezone(ZONE), high, last) for when, high, last in _columns(table)]
            days = len({when.date() for when, _, _ in slots})
            longest = max(longest, days)
            if days >= FIRST_DAYS:
                found[row["device_id"], metric.name] = _profile(slots, days, grows=metric.kind == "counter")
    return {"days": longest, "usual": found}


def _columns(table: Any) -> list[tuple[datetime, float, float]]:
    return list(zip(*(table[name].to_pylist() for name in ("bucket", "high", "last")), strict=True))


def _profile(slots: list[tuple[datetime, float, float]], days: int, *, grows: bool) -> list[float]:
    sums = [0.0] * SLOTS
    before = None
    for when, high, last in slots:
        slot = (when.hour * 60 + when.minute) // (1440 // SLOTS)
        if not grows:
            sums[slot] += high >= 1
        elif before is not None and last > before:
            sums[slot] += last - before
        before = last
    return [amount / days for amount in sums]


LIFE = {"motion", "presence", "open", "in_bed", "water_m3"}  # what tells that somebody lives there


def whole(answer: Answer, rhythm: Any) -> Answer:
    """The track of the home as a whole: every sign of life, before the learned rhythm; gaps where nothing was heard."""
    lives = [track for track in answer["tracks"] if track["metric"] in LIFE]
    usual = rhythm["usual"] if rhythm and rhythm["enough"] else []
    # five minutes are seldom active on most days: the shape tells, so the busiest time fills the height
    busiest = max(usual, default=0.0) or 1.0
    marks = sorted({begun for track in lives for begun, _, _ in track["spans"]})
    return {
        **dict.fromkeys(("device_id", "type", "metric", "unit"), ""),
        "name": None,
        "sense": {},
        "what": {},
        "labels": {},
        "kind": "whole",
        "form": "bars",
        "alarm": False,
        "silence": SLOT,
        "points": [],
        "spans": [(when, when, None) for when in marks],
        "gaps": common([track["gaps"] for track in lives]),
        "usual": [share / busiest for share in usual],
    }


def common(gaps: Sequence[Sequence[Gap]]) -> list[Gap]:
    """Where all have a gap at once."""
    if not gaps:
        return []
    found = list(gaps[0])
    for other in gaps[1:]:
        both = [(max(a, c), min(b, d)) for a, b in found for c, d in other]
        found = [gap for gap in both if gap[0] < gap[1]]
    return found


def together(answer: Answer, learned: Answer | None, rhythm: Any = None) -> Answer:
    """Tracks with what is usual behind them, both on one scale; ``days`` learned and whether that is enough."""
    profiles = learned["usual"] if learned else {}
    tracks = [_scaled(track, profiles.get((track["device_id"], track["metric"]), [])) for track in answer["tracks"]]
    days = max(learned["days"] if learned else 0, rhythm["days"] if rhythm else 0)
    known = bool(profiles) or bool(rhythm and rhythm["enough"])
    return {**answer, "tracks": [whole(answer, rhythm), *tracks], "days": days, "learned": known}


def _scaled(track: Answer, profile: list[float]) -> Answer:
    """The track with what is usual; a counter's columns and its usual ones share one scale."""
    if track["kind"] != "counter":
        return {**track, "usual": profile}
    most = max([amount for _, _, amount in track["spans"]] + profile, default=0.0) or 1.0
    spans = [(begun, ended, amount / most) for begun, ended, amount in track["spans"]]
    return {**track, "spans": spans, "usual": [amount / most for amount in profile]}


def marks(events: Answer | None, start: datetime) -> list[Answer]:
    """The alerts of the home since ``start``, to be drawn over the tracks."""
    found = [(row["fired_at"] or row["due_at"], row) for row in (events or {}).get("alerts", [])]
    return [{"at": at, "severity": row["severity"], "title": row["title"]} for at, row in found if at >= start]

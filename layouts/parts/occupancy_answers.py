"""What the occupancy page asks: people now, the centre's floors, a place's hours and next day, bookings, corrections.

Counting and judging is done in twin_model; this picks, names and arranges. Unknown stays None to the screen.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from layouts.page import ZONE
from twin_model.occupancy.co2 import declared_model
from twin_model.twin import Twin

Answer = dict[str, Any]

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
SPANS = ("7d", "4w")
ORDER = {"room": 0, "facility": 1, "estate": 2, "building": 3}
CORRECTED = timedelta(days=2)


def places(twin: Twin, at: datetime, community: str) -> list[Answer]:
    """People now in every place that is counted, without single buildings: rooms, facilities, estates.

    ``newest`` to the minute: what is drawn changes with the people, not with every report.
    """
    rows = twin.occupancy(at, community_id=community).to_pylist()
    for row in rows:
        row["newest"] = row["newest"] and row["newest"].replace(second=0, microsecond=0)
    known = [row for row in rows if row["method"] != "none" and row["place_kind"] != "building"]
    return sorted(known, key=lambda row: (ORDER[row["place_kind"]], row["place_id"]))


def now(twin: Twin, at: datetime, community: str, *, place: str | None) -> Answer:
    """The centre as a whole and its rooms by floor, other facilities and estates; ``chosen``: the place looked at."""
    found = places(twin, at, community)
    centre = _centre(twin, at, community)
    rooms = twin.entities("room", at, community_id=community).to_pylist()
    floor = {row["room_id"]: row["floor"] for row in rooms}
    mine = [row | {"floor": floor.get(row["place_id"])} for row in found if row["place_kind"] == "room"]
    inside = [row for row in mine if centre and row["within"] == centre["facility_id"]]
    whole = next((row for row in found if centre and row["place_id"] == centre["facility_id"]), None)
    seats = sum(row["capacity"] for row in inside if row["capacity"] and row["people"] is not None)
    seated = sum(row["people"] for row in inside if row["capacity"] and row["people"] is not None)
    return {
        "centre": whole,
        "facility": centre,
        "rooms": inside,
        "seats": seats,
        "seated": seated,
        "others": [row for row in found if row is not whole and row["place_kind"] != "room"],
        "elsewhere": [row for row in mine if row not in inside],
        "chosen": place or (centre["facility_id"] if centre else None),
    }


def _centre(twin: Twin, at: datetime, community: str) -> Answer | None:
    facilities = twin.entities("facility", at, community_id=community, facility_kind="centre").to_pylist()
    return facilities[0] if facilities else None


def floors(twin: Twin, at: datetime, community: str, *, place: str | None) -> Answer:
    """The rooms of the centre as drawn: ``rooms`` with their outline in metres, people, share; ``slabs`` per floor."""
    centre = _centre(twin, at, community)
    if centre is None:
        return {"rooms": [], "slabs": [], "chosen": None, "name": None, "name_en": None}
    people = {row["place_id"]: row for row in twin.occupancy(at, community_id=community).to_pylist()}
    rows = twin.entities("room", at, community_id=community, facility_id=centre["facility_id"]).to_pylist()
    drawn = [row for row in rows if row["footprint"] and row["floor"] is not None]
    shapes = _metres([shapely.from_wkb(row["footprint"]) for row in drawn])
    rooms = [
        {
            "id": row["room_id"],
            "name": row["name"],
            "name_en": row["name_en"],
            "floor": row["floor"],
            "ring": _ring(shape),
            "capacity": row["capacity"],
            "people": people[row["room_id"]]["people"],
            "share": _share(people[row["room_id"]]),
            "counted": people[row["room_id"]]["method"] != "none",
        }
        for row, shape in zip(drawn, shapes, strict=True)
    ]
    slabs = []
    for floor in sorted({row["floor"] for row in drawn}):
        whole = shapely.union_all([s for s, row in zip(shapes, drawn, strict=True) if row["floor"] == floor])
        outline = whole.buffer(4.5, join_style="mitre").buffer(-3.5, join_style="mitre")
        parts = list(outline.geoms) if outline.geom_type == "MultiPolygon" else [outline]
        slabs.append({"floor": floor, "rings": [_ring(part) for part in parts]})
    chosen = place if any(room["id"] == place for room in rooms) else None
    return {"rooms": rooms, "slabs": slabs, "chosen": chosen, "name": centre["name"], "name_en": centre["name_en"]}


def _share(row: Answer) -> float | None:
    return None if row["share"] is None else round(row["share"], 3)


def _metres(shapes: list[BaseGeometry]) -> list[BaseGeometry]:
    """Outlines in metres around their common middle; exact enough for a house."""
    if not shapes:
        return []
    west, south, east, north = shapely.total_bounds(shapes)
    lon, lat = (west + east) / 2, (south + north) / 2
    scale = np.array([111_320.0 * np.cos(np.radians(lat)), 110_950.0])
    return [shapely.transform(shape, lambda xy: (xy - (lon, lat)) * scale) for shape in shapes]


def _ring(shape: BaseGeometry) -> list[list[float]]:
    outer = shape.exterior if shape.geom_type == "Polygon" else shape.convex_hull.exterior
    return [[round(x, 2), round(y, 2)] for x, y in list(outer.coords)[:-1]]


def course(twin: Twin, at: datetime, community: str, *, place: str | None, span: str | None) -> Answer | None:
    """A place's hours: the week as a grid of days and hours, the last day, the next day with its error."""
    centre = _centre(twin, at, community)
    chosen = place or (centre["facility_id"] if centre else None)
    found = [row for row in places(twin, at, community) if row["place_id"] == chosen]
    if not found:
        return None
    span = span if span in SPANS else SPANS[0]
    midnight = at.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    start = midnight - timedelta(days=27 if span == "4w" else 6)
    hours = twin.occupancy_hours(start, midnight + DAY, at, community_id=community, place_id=chosen).to_pylist()
    known = {row["hour"]: row for row in hours}
    ahead = twin.occupancy_forecast(at, community_id=community, place_id=chosen)
    forecast = ahead[0][1] if ahead else None
    last = [start_of for start_of in sorted(known) if start_of >= at - DAY]
    return {
        "place": found[0],
        "span": span,
        "start": start,
        "at": at,
        "grid": _by_weekday(known, start, at) if span == "4w" else _by_day(known, start, at),
        "last": [(hour, known[hour]["people"]) for hour in last],
        "forecast": forecast,
    }


def _by_day(known: dict[datetime, Answer], start: datetime, at: datetime) -> list[tuple[datetime, list[Any]]]:
    """Per day its 24 hours: people, None where unknown, ``"ahead"`` where it has not been."""
    grid = []
    for d in range(7):
        day = start + timedelta(days=d)
        cells: list[Any] = []
        for hour in range(24):
            begin = day + timedelta(hours=hour)
            row = known.get(begin.astimezone(at.tzinfo))
            cells.append("ahead" if begin > at else row["people"] if row else None)
        grid.append((day, cells))
    return grid


def _by_weekday(known: dict[datetime, Answer], start: datetime, at: datetime) -> list[tuple[datetime, list[Any]]]:
    """Per weekday (the last seven days name them) the mean of four weeks by hour; None where nothing is known."""
    sums: dict[tuple[int, int], list[float]] = {}
    for begin, row in known.items():
        local = begin.astimezone(ZONE)
        if row["people"] is not None and begin + HOUR <= at:
            sums.setdefault((local.weekday(), local.hour), []).append(row["people"])
    grid = []
    for d in range(21, 28):
        day = start + timedelta(days=d)
        cells = [sums.get((day.weekday(), hour)) for hour in range(24)]
        grid.append((day, [sum(cell) / len(cell) if cell else None for cell in cells]))
    return grid


def bookings(twin: Twin, at: datetime, community: str) -> Answer:
    """The bookings of the last seven days and of the next, and how many of each verdict."""
    found = twin.booked_but_empty(at - WEEK, at + DAY, at, community_id=community)
    return {"rows": found, "counts": dict(Counter(row["verdict"] for row in found)), "at": at}


def corrections(twin: Twin, at: datetime, community: str) -> Answer:
    """What was taken out of counters in the last two days, newest first."""
    rows = twin.people.corrections(at - CORRECTED, at, at, community_id=community)
    return {"rows": rows, "balanced": twin.people.balanced(at, community_id=community)}


def use(twin: Twin, at: datetime, community: str) -> Answer:
    """Per place the share of capacity used in open hours; spaces with what could be used of them before."""
    spaces = []
    if "space" in twin.catalogue.record_kinds:
        rows = twin.ledger.rows("space", at, community_id=community).to_pylist()
        changed = [row for row in rows if row["area_before"] is not None and row["area_before"] != row["area_m2"]]
        spaces = sorted(changed, key=lambda row: row["usable_since"], reverse=True)
    found = twin.people.use(at, community_id=community)
    return {"use": {row["place_id"]: one for row, one in found}, "spaces": spaces}


def methods() -> Answer:
    """What the page says of how people are found by CO2."""
    return dict(declared_model().source)

"""Who counts people where: the sensors of an epoch laid out as arrays, and the places they stand in. Pure.

A facility's entrances count for it; without them its rooms are added up. A building is counted by the gates of its
staircases, an estate by its buildings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import numpy as np
import pyarrow as pa

from twin_model.states import F64, I64, Bools

STAFFED = frozenset({"cockpit", "police", "hospital", "hotel"})
"""Kinds of rooms and facilities in which somebody may be at any hour: nothing tells that they are empty. A guard in a
closed school is not seen: the school counts as empty."""
QUARTER_US = 900_000_000
COUNTED, SENSED = ("people_counter", "gate"), ("co2", "motion")


@dataclass(frozen=True)
class Counter:
    """A people counter or a gate; ``holds``: for how many quarters its word is good."""

    device_id: str
    type: str
    people: int
    entered: int | None
    left: int | None
    holds: int
    room_id: str | None
    facility_id: str | None
    building_id: str | None

    @property
    def balanced(self) -> bool:
        """Whether it tells both ways, so that its drift can be taken out."""
        return self.type == "people_counter" and self.entered is not None and self.left is not None


@dataclass(frozen=True)
class Sensor:
    """A CO2 sensor or a motion detector of a room (``metric``)."""

    device_id: str
    metric: str
    series: int
    holds: int
    room_id: str


@dataclass(frozen=True)
class Place:
    """Where people are counted. ``counters``, ``airs``, ``moves``: places in the lists of ``Layout``; ``parts``: places
    in ``Layout.places`` that are added up where nothing counts the whole.
    """

    kind: str
    place_id: str
    community_id: str
    within: str | None
    name: str | None
    name_en: str | None
    capacity: int | None
    area_m2: float | None
    what: str | None
    opening_hours: str | None
    counters: tuple[int, ...] = ()
    airs: tuple[int, ...] = ()
    moves: tuple[int, ...] = ()
    parts: tuple[int, ...] = ()

    @property
    def method(self) -> str:
        """How its people are found when everything speaks."""
        if self.counters:
            return "gate" if self.kind == "building" else "counter"
        if self.airs or self.moves:
            return "co2" if self.airs else "presence"
        return ("gate" if self.kind == "estate" else "rooms") if self.parts else "none"


@dataclass(frozen=True)
class Layout:
    """The counters, other sensors and places of one epoch; ``series``: every series number that is asked for.

    ``epoch``: what is remembered of one layout does not fit another, whatever instant is asked about.
    """

    places: tuple[Place, ...]
    counters: tuple[Counter, ...]
    sensors: tuple[Sensor, ...]
    number: Mapping[tuple[str, str], int] = field(default_factory=dict)
    epoch: int = 0

    @classmethod
    def of(cls, series: pa.Table, places: Sequence[Mapping[str, Any]]) -> Layout:
        """From the rows of ``placed_series`` and of ``occupancy_places``."""
        counters, sensors = _sensors(series)
        by_room: dict[str, list[int]] = {}
        entrance: dict[str, list[int]] = {}
        gates: dict[str, list[int]] = {}
        for n, counter in enumerate(counters):
            if counter.room_id:
                by_room.setdefault(counter.room_id, []).append(n)
            elif counter.facility_id:
                entrance.setdefault(counter.facility_id, []).append(n)
            elif counter.building_id:
                gates.setdefault(counter.building_id, []).append(n)
        of_room: dict[tuple[str, str], list[int]] = {}
        for n, sensor in enumerate(sensors):
            of_room.setdefault((sensor.metric, sensor.room_id), []).append(n)
        # rooms and buildings stand before what they are parts of
        rows = sorted(places, key=lambda row: ("room", "building", "facility", "estate").index(row["place_kind"]))
        within: dict[tuple[str, str | None], list[int]] = {}
        found: list[Place] = []
        for n, row in enumerate(rows):
            kind, mine = row["place_kind"], row["place_id"]
            own = {"room": by_room, "facility": entrance, "building": gates}.get(kind, {}).get(mine, [])
            part_of = {"facility": "room", "estate": "building"}.get(kind)
            parts = [k for k in within.get((part_of, mine), []) if found[k].method != "none"] if part_of else []
            place = Place(
                kind=kind, place_id=mine, community_id=row["community_id"], within=row["within"], name=row["name"],
                name_en=row["name_en"], capacity=row["capacity"], area_m2=row["area_m2"], what=row["kind"],
                opening_hours=row["opening_hours"], counters=tuple(own),
                airs=tuple(of_room.get(("co2", mine), ())) if kind == "room" else (),
                moves=tuple(of_room.get(("motion", mine), ())) if kind == "room" else (),
                parts=() if own else tuple(parts),
            )  # fmt: skip
            found.append(place)
            within.setdefault((kind, row["within"]), []).append(n)
        return cls(tuple(found), tuple(counters), tuple(sensors), _numbers(counters, sensors))

    @property
    def series(self) -> I64:
        """Every series number that is asked for, in order of ``number``."""
        return np.array(list(self.number.values()), np.int64)

    @property
    def balanced(self) -> I64:
        """Places in ``counters`` of those that tell both ways."""
        return np.array([k for k, counter in enumerate(self.counters) if counter.balanced], np.int64)

    @property
    def good_for(self) -> I64:
        """For how long, in microseconds, the word of each of ``series`` is good; of counters for the day, because a
        count stands until the next one passes.
        """
        holds = {sensor.series: sensor.holds * QUARTER_US for sensor in self.sensors}
        return np.array([holds.get(number, 96 * QUARTER_US) for number in self.number.values()], np.int64)

    @property
    def rows(self) -> dict[int, int]:
        """Series number -> its row in an array over ``series``."""
        return {number: row for row, number in enumerate(self.number.values())}

    def place_of(self, counter: int) -> Place | None:
        """The place a counter counts for."""
        return next((place for place in self.places if counter in place.counters), None)


def told_of(series: pa.Table) -> dict[str, Any]:
    """What ``occupancy_places`` asks with: the buildings, facilities and rooms in which something counts or senses."""
    counters, sensors = _sensors(series)
    free = [counter for counter in counters if not counter.room_id]
    return {
        "rooms": sorted({room for room in [c.room_id for c in counters] + [s.room_id for s in sensors] if room}),
        "doors": sorted({counter.facility_id for counter in free if counter.facility_id}),
        "gates": sorted({counter.building_id for counter in free if counter.building_id and not counter.facility_id}),
    }


def _sensors(series: pa.Table) -> tuple[list[Counter], list[Sensor]]:
    wanted = (
        "series_no",
        "device_id",
        "type",
        "metric",
        "stale_us",
        "home_id",
        "room_id",
        "facility_id",
        "building_id",
    )
    by_device: dict[str, dict[str, Any]] = {}
    for row in series.select(list(wanted)).to_pylist():
        if row["home_id"] is None and row["type"] in (*COUNTED, *SENSED):
            by_device.setdefault(row["device_id"], {**row, "of": {}})["of"][row["metric"]] = row["series_no"]
    counters, sensors = [], []
    for device_id, row in by_device.items():
        holds = max(0, ceil(row["stale_us"] / QUARTER_US))
        of = row["of"]
        if (metric := row["type"]) in SENSED:
            if row["room_id"] and metric in of:
                sensors.append(Sensor(device_id, metric, of[metric], holds, row["room_id"]))
        elif "people" in of:
            counters.append(
                Counter(
                    device_id, row["type"], of["people"], of.get("entered"), of.get("left"), holds, row["room_id"],
                    row["facility_id"], row["building_id"],
                )
            )  # fmt: skip
    return counters, sensors


def _numbers(counters: Sequence[Counter], sensors: Sequence[Sensor]) -> dict[tuple[str, str], int]:
    number: dict[tuple[str, str], int] = {}
    for counter in counters:
        number[counter.device_id, "people"] = counter.people
        if counter.balanced and counter.entered is not None and counter.left is not None:
            number[counter.device_id, "entered"] = counter.entered
            number[counter.device_id, "left"] = counter.left
    for sensor in sensors:
        number[sensor.device_id, sensor.metric] = sensor.series
    return number


def held(values: F64, quarters: Sequence[int]) -> F64:
    """Each unknown quarter takes the last known one, at most ``quarters`` (one number per row) back."""
    place = np.where(np.isnan(values), -(10**9), np.arange(values.shape[1]))
    last = np.maximum.accumulate(place, axis=1)
    near: Bools = np.arange(values.shape[1]) - last <= np.array(quarters, np.int64)[:, None]
    filled: F64 = np.where(near, np.take_along_axis(values, np.maximum(last, 0), axis=1), np.nan)
    return filled

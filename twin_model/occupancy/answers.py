"""The answers about people in places as tables and rows. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from twin_model.occupancy import counters
from twin_model.occupancy.hour_parts import HOUR_US, first_hour
from twin_model.occupancy.hours import BOOKING, CO2, GOOD, METHODS, PRESENCE
from twin_model.occupancy.layout import Layout, Place
from twin_model.states import F64, I64
from twin_model.timeline import from_us, timestamps

QUARTER_US = 900_000_000
GRADES = ("unknown", "partial", "good", "estimate", "plan")
Row = dict[str, Any]


def described(place: Place) -> Row:
    """What every answer says of a place."""
    return {
        "place_kind": place.kind,
        "place_id": place.place_id,
        "community_id": place.community_id,
        "within": place.within,
        "name": place.name,
        "name_en": place.name_en,
        "capacity": place.capacity,
        "kind": place.what,
    }


def said(common: Row, corrected: counters.Corrected, k: int, first_day: int) -> list[Row]:
    """The corrections of one counter as rows, from ``first_day`` on; less than half a person is none."""
    rows = []

    def row(day: int, quarter: int, reason: str, persons: int) -> Row:
        at = from_us(first_hour(first_day + day) * HOUR_US + quarter * QUARTER_US)
        return {**common, "at": at, "reason": reason, "persons": persons, "factor": float(corrected.factor[k, day])}

    for zero in corrected.zeros:
        if zero.counter == k and abs(zero.over) >= 0.5:
            rows.append(row(zero.day, zero.at, zero.reason, -round(zero.over)))
    for day in range(corrected.added.shape[1]):
        whole = np.floor(np.cumsum(corrected.added[k, day]) + 0.5)
        steps = np.diff(whole, prepend=0.0)
        rows += [
            row(day, quarter, "below_zero", int(steps[quarter])) for quarter in np.flatnonzero(steps >= 1).tolist()
        ]
    return rows


def hour_table(layout: Layout, chosen: Sequence[int], people: F64, heard: F64, method: I64, first: int) -> pa.Table:
    """One row per chosen place and hour from ``first``; see ``Twin.occupancy_hours``."""
    places = [layout.places[k] for k in chosen]
    hours = people.shape[1] if len(places) else 0

    def by_place(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
        return pa.array(values, kind).take(pa.array(np.repeat(np.arange(len(places)), hours)))

    mean = people.ravel().astype(np.float64)
    unknown = np.isnan(mean)
    capacity = np.repeat(np.array([p.capacity or 0 for p in places], np.float64), hours)
    none = unknown | (capacity <= 0)
    share = np.divide(mean, capacity, out=np.zeros_like(mean), where=~none)
    told = heard.ravel()
    how = method.ravel()
    measured = np.where(told >= GOOD, 2, 1)
    grade = np.where(how == BOOKING, 4, np.where((how == CO2) | (how == PRESENCE), 3, measured))
    grade = np.where(unknown, 0, grade)
    return pa.table(
        {
            "place_kind": by_place([p.kind for p in places], pa.string()),
            "place_id": by_place([p.place_id for p in places], pa.string()),
            "community_id": by_place([p.community_id for p in places], pa.string()),
            "hour": timestamps(np.tile((first + np.arange(hours)) * HOUR_US, len(places)).astype(np.int64)),
            "people": pa.array(np.where(unknown, 0.0, np.round(mean, 2)), mask=unknown),
            "capacity": by_place([p.capacity for p in places], pa.int64()),
            "share": pa.array(np.round(share, 4), mask=none),
            "method": pa.array(METHODS).take(pa.array(np.where(unknown, 0, how))),
            "grade": pa.array(GRADES).take(pa.array(grade)),
            "heard": pa.array(np.round(told.astype(np.float64), 3)),
        }
    )

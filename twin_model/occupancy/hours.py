"""From quarters of an hour of single sensors to people in places. Pure: arrays in, arrays out.

Arrays run over whole days of 04:00 to 04:00 (UTC+8), 96 quarters each. Unknown is NaN, never zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twin_model.occupancy import counters
from twin_model.occupancy.co2 import Co2Model, features
from twin_model.occupancy.layout import STAFFED, Layout, held
from twin_model.occupancy.opening import QUARTERS, open_quarters
from twin_model.states import F64, I64, Bools

BEGINS = 16  # 04:00 is the sixteenth quarter of a local day
GOOD = 0.75
METHODS = ("none", "counter", "co2", "rooms", "gate", "presence", "booking")
COUNTER, CO2, ROOMS, GATE, PRESENCE, BOOKING = 1, 2, 3, 4, 5, 6
FEW_QUARTERS = 4
"""So many quarters of an hour before the first day are needed for the rise of CO2 over an hour."""


@dataclass(frozen=True)
class Quarters:
    """By place and quarter: ``people`` (NaN unknown), ``heard`` (share of its counters that spoke), ``method``.

    ``corrected``: what was taken out of each counter that tells both ways (rows of ``balanced`` in the layout).
    """

    people: F64
    heard: F64
    method: I64
    balanced: I64
    corrected: counters.Corrected | None


def closing(layout: Layout, balanced: Sequence[int], days: Sequence[int]) -> I64:
    """The quarter (from 04:00) at which each counter's place has been closed for half an hour; (counters, days)."""
    reset = np.full((len(balanced), len(days)), counters.NEVER_RESET)
    weekdays = [(day + 3) % 7 for day in days]
    tomorrow = [(day + 1) % 7 for day in weekdays]
    for row, number in enumerate(balanced):
        place = layout.place_of(number)
        if place is None or place.what in STAFFED:
            reset[row] = counters.STAFFED
            continue
        today, after = open_quarters(place.opening_hours, weekdays), open_quarters(place.opening_hours, tomorrow)
        if today is None or after is None:
            continue
        is_open = np.concatenate((today[:, BEGINS:], after[:, :BEGINS]), axis=1)
        last = QUARTERS - np.argmax(is_open[:, ::-1], axis=1)
        at = np.where(is_open.any(1), last + counters.AFTER_CLOSING, BEGINS)
        reset[row] = np.where(is_open[:, -1] | (at >= QUARTERS), counters.NEVER_RESET, at)
    return reset


def quarters_of(
    layout: Layout, values: F64, before: F64, days: Sequence[int], factor: F64, model: Co2Model, *, begun: int
) -> Quarters:
    """People per place. ``values``: (layout.series, days * 96) means; ``before``: the hour before them, same rows.

    ``factor``: (balanced counters, days) of ``counters.learned``. ``begun``: how many of the quarters have begun.
    """
    n = len(days) * QUARTERS
    row = layout.rows
    told = np.full((len(layout.counters), n), np.nan)
    balanced = layout.balanced
    for k, counter in enumerate(layout.counters):
        told[k] = values[row[counter.people]]
    corrected = None
    if len(balanced):
        corrected = without_drift(layout, values, days, factor, begun)
        own = corrected.people.reshape(len(balanced), n)
        # a counter that has told only its own tally so far is taken at its word
        told[balanced] = np.where(np.isnan(own), told[balanced], own)
    told = held(told, [c.holds for c in layout.counters]) if len(told) else told
    air = _air(layout, values, before, row, model)
    return _places(layout, told, air, _moved(layout, values, row), balanced, corrected)


def without_drift(layout: Layout, values: F64, days: Sequence[int], factor: F64, begun: int) -> counters.Corrected:
    """The counters that tell both ways (``layout.balanced``), corrected; arguments as in ``quarters_of``."""
    balanced, row = layout.balanced, layout.rows
    shape = (len(balanced), len(days), QUARTERS)
    picked = [layout.counters[k] for k in balanced]
    entered = values[[row[c.entered or 0] for c in picked]].reshape(shape)
    left = values[[row[c.left or 0] for c in picked]].reshape(shape)
    heard = ~np.isnan(entered) & ~np.isnan(left)
    passed_in, passed_out = (counters.passages(part) for part in (entered, left))
    reset = closing(layout, balanced.tolist(), days)
    return counters.correct(passed_in, passed_out, heard, factor, reset, begun)


def told_otherwise(
    layout: Layout, values: F64, before: F64, model: Co2Model, column: int
) -> dict[int, tuple[float, int]]:
    """What the other sensors of rooms tell of one quarter, by place: people (NaN unknown) and method."""
    row = layout.rows
    air, moved = _air(layout, values, before, row, model)[:, column], _moved(layout, values, row)[:, column]
    found: dict[int, tuple[float, int]] = {}
    for k, place in enumerate(layout.places):
        for sensors, by_them, how in ((place.airs, air, CO2), (place.moves, moved, PRESENCE)):
            known = [float(by_them[n]) for n in sensors if not np.isnan(by_them[n])]
            if known and (k not in found or np.isnan(found[k][0])):
                found[k] = max(known), how
            elif sensors:
                found.setdefault(k, (float("nan"), how))
    return found


def _air(layout: Layout, values: F64, before: F64, row: dict[int, int], model: Co2Model) -> F64:
    """People per sensor and quarter; NaN but for CO2 sensors of rooms whose size and seats are known."""
    n = values.shape[1]
    airs = [sensor for sensor in layout.sensors if sensor.metric == "co2"]
    if not airs:
        return np.full((len(layout.sensors), n), np.nan)
    rows = [row[air.series] for air in airs]
    level = held(np.concatenate((before[rows], values[rows]), axis=1), [air.holds for air in airs])
    now, quarter_ago, hour_ago = (level[:, FEW_QUARTERS - k :][:, :n] for k in (0, 1, 4))
    quarter_ago, hour_ago = (
        np.where(np.isnan(quarter_ago), now, quarter_ago),
        np.where(np.isnan(hour_ago), now, hour_ago),
    )
    rooms = {place.place_id: place for place in layout.places if place.kind == "room"}
    size = np.array([rooms[a.room_id].area_m2 or np.nan if a.room_id in rooms else np.nan for a in airs])
    seats = np.array([rooms[a.room_id].capacity or np.nan if a.room_id in rooms else np.nan for a in airs])
    there = model.presence(features(now, quarter_ago, hour_ago, model.outdoor))
    volume = (size * model.room_height)[:, None]
    about = model.people(now, (now - quarter_ago) * 4.0, volume, seats[:, None])
    found = np.full((len(layout.sensors), n), np.nan)
    of = [k for k, sensor in enumerate(layout.sensors) if sensor.metric == "co2"]
    found[of] = np.where(there > 0.5, np.maximum(about, 1.0), np.where(np.isnan(about), np.nan, 0.0))
    return found


def _moved(layout: Layout, values: F64, row: dict[int, int]) -> F64:
    """Per sensor and quarter 1 where somebody moved, 0 where nobody did; NaN but for motion detectors."""
    found = np.full((len(layout.sensors), values.shape[1]), np.nan)
    of = [k for k, sensor in enumerate(layout.sensors) if sensor.metric == "motion"]
    if of:
        told = values[[row[layout.sensors[k].series] for k in of]]
        told = held(told, [layout.sensors[k].holds for k in of])
        found[of] = np.where(np.isnan(told), np.nan, told > 0.0)
    return found


def _places(
    layout: Layout, told: F64, air: F64, moved: F64, balanced: I64, corrected: counters.Corrected | None
) -> Quarters:
    count, n = len(layout.places), air.shape[1]
    people, heard, method = np.full((count, n), np.nan), np.zeros((count, n)), np.zeros((count, n), np.int64)
    for k, place in enumerate(layout.places):
        if place.counters:
            people[k], heard[k] = _sum(told[list(place.counters)])
            method[k] = GATE if place.kind == "building" else COUNTER
        for sensors, by_them, how in ((place.airs, air, CO2), (place.moves, moved, PRESENCE)):
            if sensors:
                most, spoke = _most(by_them[list(sensors)])
                instead = np.isnan(people[k]) & ~np.isnan(most)
                people[k] = np.where(instead, most, people[k])
                heard[k] = np.where(instead, spoke, heard[k])
                method[k] = np.where(instead, how, method[k])
        if place.parts:
            parts = list(place.parts)
            people[k], _ = _sum(people[parts])
            heard[k] = heard[parts].mean(0)
            method[k] = GATE if place.kind == "estate" else ROOMS
    return Quarters(people, heard, method, balanced, corrected)


def _sum(parts: F64) -> tuple[F64, F64]:
    known: Bools = ~np.isnan(parts)
    total = np.where(known.any(0), np.where(known, parts, 0.0).sum(0), np.nan)
    return total, known.mean(0)


def _most(parts: F64) -> tuple[F64, F64]:
    known: Bools = ~np.isnan(parts)
    most = np.where(known.any(0), np.max(np.where(known, parts, -np.inf), axis=0), np.nan)
    return most, known.mean(0)


def by_hour(found: Quarters, begun: int) -> tuple[F64, F64, I64]:
    """Means by hour: people (NaN unknown), the share of quarters and counters heard, the method.

    Of an hour under way only the quarters that have ``begun`` count.
    """
    count, n = found.people.shape
    people = found.people.reshape(count, n // 4, 4)
    known = ~np.isnan(people)
    mean = np.where(known.any(2), np.where(known, people, 0.0).sum(2) / np.maximum(known.sum(2), 1), np.nan)
    heard = np.where(known, found.heard.reshape(count, n // 4, 4), 0.0).sum(2)
    heard /= np.clip(begun - 4 * np.arange(n // 4), 1, 4)
    method = np.max(np.where(known, found.method.reshape(count, n // 4, 4), 0), axis=2)
    return mean, heard, method

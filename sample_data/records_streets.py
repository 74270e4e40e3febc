"""Records of the sample's streets and meters: parking, chargers, buses, parcels, paths, energy, water, waste."""

from __future__ import annotations

import numpy as np

from ingest.rhythm import Floats, Ints
from sample_data.records_base import (
    Draw,
    Rows,
    by_evening,
    calendar,
    corrected,
    day_of,
    growth,
    is_festival,
    is_holiday,
    one,
    repeated,
    season,
    texts,
    together,
    weekday,
    whole,
)
from sample_data.records_care import months


def _weekend(day: Ints) -> np.ndarray:
    return (weekday(day) >= 5) | is_holiday(day)


def parking_day(draw: Draw, days: Ints) -> Rows:
    """Four car parks; cars stay where their owners are at Spring Festival. Sometimes one more squeezes in."""
    day, part = repeated(days, 4)
    spaces = np.array([300, 280, 100, 100])[part]
    share = np.array([0.86, 0.93, 0.97, 0.95])[part] + 0.025 * draw.normal(1, day, part)
    share -= np.where(is_festival(day), 0.16, 0.0) + np.where(_weekend(day) & (part == 0), 0.07, 0.0)
    over = draw(2, day, part) < np.where(part >= 2, 0.03, 0.0)
    peak = np.minimum(spaces, whole(spaces * share)) + np.where(over, 1 + whole(2 * draw(3, day, part)), 0)
    find = (2.2 + 4.2 * share**6) * (1.3 - 0.3 * growth(day, 0.0)) + 0.5 * draw.normal(5, day, part)
    columns = {
        "day": day, "facility": texts(["demo-f-parking", "demo-f-garage", "demo-f-lot-west", "demo-f-lot-east"])[part],
        "spaces": spaces, "peak_taken": peak,
        "shared_spaces": whole(spaces * np.array([0.2, 0.1, 0.15, 0.15])[part] * growth(day, 0.4)),
        "turnover": whole(spaces * np.array([2.2, 1.3, 1.6, 1.5])[part] * (1 + 0.1 * draw.normal(4, day, part))),
        "mean_find_minutes": np.round(np.clip(find, 0.8, 30), 1),
    }  # fmt: skip
    return Rows(columns, by_evening(draw, day, late=0.01))


def charger_day(draw: Draw, days: Ints) -> Rows:
    """Two charging areas; the night is the busy time."""
    day, part = repeated(days, 2)
    piles = np.array([30, 12])[part]
    sessions = whole(piles * 2.3 * growth(day, 0.35) * (1 + 0.1 * draw.normal(1, day, part)))
    kwh = np.round(sessions * (21.5 + 2.0 * draw.normal(2, day, part)), 1)
    down = np.where(draw(3, day, part) < 0.3, np.round(30 * draw(4, day, part) ** 2, 1), 0.0)
    columns = {
        "day": day, "facility": texts(["demo-f-charging-1", "demo-f-charging-2"])[part], "piles": piles,
        "sessions": sessions, "kwh": np.where(sessions > 0, kwh, 0.0), "out_of_service_hours": down,
    }  # fmt: skip
    return Rows(columns, by_evening(draw, day, late=0.01))


def bus_day(draw: Draw, days: Ints) -> Rows:
    """Two lines and a shuttle to the metro since September 2025."""
    day, part = repeated(days, 3)
    runs = (part < 2) | (day >= day_of(2025, 9, 1))
    day, part = day[runs], part[runs]
    planned = np.where(_weekend(day), np.array([72, 54, 24])[part], np.array([84, 62, 36])[part])
    lost = whole(np.where(draw(1, day, part) < 0.2, 4 * draw(2, day, part) ** 2, 0))
    riders = planned * np.array([5.0, 3.6, 6.5])[part] * np.where(_weekend(day), 0.8, 1.0) * growth(day, 0.75)
    wait = np.array([6.4, 8.3, 5.2])[part] + 0.7 * draw.normal(3, day, part) + 0.4 * lost
    columns = {
        "day": day, "line": texts(["12路", "36路", "地铁接驳"])[part], "trips_planned": planned,
        "trips_run": planned - lost, "passengers": whole(riders * (1 + 0.08 * draw.normal(4, day, part))),
        "mean_wait_minutes": np.round(np.maximum(1.0, wait), 1),
    }  # fmt: skip
    return Rows(columns, by_evening(draw, day + 1, late=0.02))


_PATHS = (("河滨步道", 840.0, 0.94), ("中轴绿道", 520.0, 1.0), ("河滨苑环路", 610.0, 0.78), ("东园通学路", 430.0, 0.9))


def path_check(draw: Draw, days: Ints) -> Rows:
    """Once a month; ramps and lamps are added over the years."""
    checked = days[calendar(days)[2] == 6]
    day, part = repeated(checked, len(_PATHS))
    length = np.array([p[1] for p in _PATHS])[part]
    free = length * np.array([p[2] for p in _PATHS])[part] * growth(day, 0.82)
    columns = {
        "checked_on": day, "path": texts([p[0] for p in _PATHS])[part], "length_m": length,
        "barrier_free_m": np.round(free), "night_lit_m": np.round(length * growth(day, 0.86)),
        "hazards": whole(3.2 * draw(1, day, part) ** 2.5),
    }  # fmt: skip
    return Rows(columns, by_evening(draw, day, late=0.0))


def parcel_day(draw: Draw, days: Ints) -> Rows:
    """Three lockers; November is high, at Spring Festival nearly nothing comes."""
    day, part = repeated(days, 3)
    _, month, of_month = calendar(day)
    rush = np.where((month == 11) & (of_month >= 10) & (of_month <= 20), 1.8, np.where(is_festival(day), 0.18, 1.0))
    parcels = whole(np.array([150, 145, 215])[part] * growth(day, 0.8) * rush * (1 + 0.09 * draw.normal(1, day, part)))
    home = whole(parcels * np.clip(0.19 + 0.03 * draw.normal(2, day, part), 0.05, 0.4))
    quick = np.clip(0.78 + 0.14 * growth(day, 0.0) - 0.12 * (rush > 1) + 0.03 * draw.normal(3, day, part), 0.2, 1.0)
    columns = {
        "day": day, "facility": texts(["demo-f-lockers-1", "demo-f-lockers-2", "demo-f-lockers-3"])[part],
        "parcels": parcels, "locker_cells": np.array([120, 120, 160])[part], "home_delivered": home,
        "delivered_within_30min": whole(home * quick),
    }  # fmt: skip
    return Rows(columns, by_evening(draw, day, late=0.01))


_PUBLIC = (("centre", 6408.0, 36_500.0), ("clinic", 2304.0, 11_800.0), ("parking", 9000.0, 9_200.0),
           ("kindergarten", 3396.0, 9_900.0))  # fmt: skip


def energy_use(draw: Draw, days: Ints) -> Rows:
    """Told by the month: public buildings and all households; the sun on the centre's roof since June 2025.

    Heat and storage are not there: the neighbourhood has neither, and says so by having no row.
    """
    month, known = months(draw, days)
    cold, hot = np.maximum(0, -season(month + 15, 205)), np.maximum(0, season(month + 15, 205))
    parts = []

    def add(facility: str | None, scope: str, carrier: str, kwh: Floats, area: float, since: int = 0) -> None:
        there = month >= since
        columns = {
            "month": month, "facility": texts([facility and f"demo-f-{facility}"])[month * 0],
            "scope": one(scope, month), "carrier": one(carrier, month), "kwh": np.round(np.maximum(kwh, 0), 1),
            "area_m2": np.full(len(month), area),
        }  # fmt: skip
        parts.append(Rows(columns, known).take(there))

    for turn, (facility, area, kwh) in enumerate(_PUBLIC):
        saved = 1.06 - 0.12 * growth(month, 0.0)
        add(facility, "public", "electricity",
            kwh * saved * (0.82 + 0.3 * hot + 0.25 * cold + 0.04 * draw.normal(turn, month)), area)  # fmt: skip
    add(None, "household", "electricity", 1821 * (196 + 92 * hot + 64 * cold + 5 * draw.normal(8, month)), 171_200.0)
    add(None, "household", "gas", 1821 * (112 + 58 * cold + 4 * draw.normal(9, month)), 171_200.0)
    sun = 46_000 / 12 * (1 + 0.36 * season(month + 15, 195) + 0.05 * draw.normal(10, month))
    add("centre", "public", "pv", sun, np.nan, day_of(2025, 6, 1))
    return together(*parts)


def water_use(draw: Draw, days: Ints) -> Rows:
    """Households, the centre and the park, which is watered with rain since spring 2025."""
    month, known = months(draw, days)
    hot = np.maximum(0, season(month + 15, 205))
    parts = []
    for turn, (facility, scope, m3) in enumerate((("", "household", 14_600.0), ("centre", "public", 690.0),
                                                  ("park", "public", 1_050.0))):  # fmt: skip
        used = m3 * (0.9 + (0.9 if facility == "park" else 0.12) * hot + 0.03 * draw.normal(turn, month))
        rain = np.where((facility == "park") & (month >= day_of(2025, 4, 1)), 0.42 + 0.1 * draw(turn + 9, month), 0.0)
        columns = {
            "month": month, "facility": texts([f"demo-f-{facility}" if facility else None])[month * 0],
            "scope": one(scope, month), "m3": np.round(used, 1), "reclaimed_m3": np.round(used * rain, 1),
        }  # fmt: skip
        parts.append(Rows(columns, known))
    return together(*parts)


def waste_day(draw: Draw, days: Ints) -> Rows:
    """Two points, four kinds; a bag in ten is opened and looked at."""
    day, part = repeated(days, 8)
    point, kind = part // 4, part % 4
    base = np.array([310.0, 620.0, 3.5, 890.0])[kind] * np.array([0.58, 0.42])[point]
    more = np.where(_weekend(day), 1.08, 1.0) * (1 + 0.05 * season(day, 200)) * np.where(is_festival(day), 0.9, 1.0)
    kg = np.round(base * more * (1 + 0.08 * draw.normal(1, day, part)), 1)
    checked = whole(np.array([26, 44, 3, 52])[kind] * (0.8 + 0.4 * draw(2, day, part)))
    right = np.array([0.9, 0.84, 0.95, 0.8])[kind] * growth(day, 0.84) + 0.03 * draw.normal(3, day, part)
    columns = {
        "day": day, "facility": texts(["demo-f-recycling-1", "demo-f-recycling-2"])[point],
        "kind": texts(["recyclable", "kitchen", "hazardous", "residual"])[kind], "kg": np.maximum(kg, 0.2),
        "bags_checked": checked, "bags_correct": np.minimum(checked, whole(checked * np.clip(right, 0, 1))),
    }  # fmt: skip
    rows = Rows(columns, by_evening(draw, day, late=0.012))
    # a comma in the wrong place
    return corrected(draw, rows, "kg", day, part, share=0.002, wrong=lambda weight: weight * 10)

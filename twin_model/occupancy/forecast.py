"""The next 24 hours of a place from its own past hours, and how wrong that was lately. Pure.

The usual value of an hour is the mean of the same hour on the same weekday, older weeks counting less (half after three
weeks), drawn a little towards the same hour of all workdays or weekends. What the last hours were above or below usual
is carried on and fades (half after three hours). The error is that of the same method asked at past moments, over the
hours that then followed; beside it the error of simply repeating the week before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin_model.states import F64, I64

AHEAD = 24
HALF_LIFE_DAYS = 21.0
TOWARDS_KIND = 0.5
"""How many same weekdays the mean over all workdays (or weekends) counts for."""
LEVEL_HOURS = 3
LEVEL_HALF_LIFE_H = 3.0
LEAST_DAYS = 8
TESTED_DAYS = 14
EVERY_HOURS = 6
BAND = 0.8
"""The band holds four of five of the tested hours."""
STEPS = ((0, 3), (3, 12), (12, 24))
"""Errors are kept for near, later and far hours apart."""


@dataclass(frozen=True)
class Forecast:
    """One place. ``people``, ``low``, ``high``: 24 hours from ``begin`` (whole hours since 1970, UTC); None when there
    is too little history. ``error``: mean absolute error in persons over all tested hours, ``repeated`` that of the
    week before; None before there is enough to test. ``days`` of history known, ``needed``.
    """

    begin: int
    people: F64 | None
    low: F64 | None
    high: F64 | None
    error: float | None
    repeated: float | None
    tested: int
    days: int
    needed: int = LEAST_DAYS


def predict(hourly: F64, first: int, origin: int) -> F64:
    """Expected people per place for the 24 hours from ``origin``: (places, 24); NaN where nothing like it was seen.

    ``hourly``: (places, hours), hour ``k`` being ``first + k`` hours since 1970 (UTC). Only hours before ``origin`` are
    looked at.
    """
    known = hourly[:, : origin - first]
    hours = first + np.arange(known.shape[1])
    ahead = origin + np.arange(AHEAD)
    usual = _usual(known, hours, ahead)
    recent = np.arange(max(first, origin - LEVEL_HOURS), origin)
    was = _usual(known[:, : len(known[0]) - len(recent)], hours[: len(hours) - len(recent)], recent)
    above = known[:, recent - first] - was
    seen = ~np.isnan(above)
    level = np.where(seen.any(1), np.nansum(np.where(seen, above, 0.0), 1) / np.maximum(seen.sum(1), 1), 0.0)
    fades = 0.5 ** ((np.arange(AHEAD) + 1.0) / LEVEL_HALF_LIFE_H)
    expected: F64 = np.maximum(0.0, usual + level[:, None] * fades)
    # an hour in which there never is anybody stays so: a full evening does not spill into the closed night
    found: F64 = np.where(usual < 0.05, np.minimum(expected, usual), expected)
    return found


def _usual(known: F64, hours: I64, wanted: I64) -> F64:
    """The weighted mean of the same hour of the week, drawn towards the same hour of the same kind of day."""
    local, asked = hours + 8, wanted + 8
    hour, weekday = local % 24, (local // 24 + 3) % 7
    found = np.full((len(known), len(wanted)), np.nan)
    for k, at in enumerate(asked):
        day = (at // 24 + 3) % 7
        same = hour == at % 24
        alike = same & ((weekday >= 5) == (day >= 5))
        if not alike.any():
            continue
        weight = 0.5 ** ((at - local[alike]) / 24.0 / HALF_LIFE_DAYS)
        values = known[:, alike]
        seen = ~np.isnan(values)
        filled = np.where(seen, values, 0.0)
        kind = _ratio(filled @ weight, seen @ weight)
        own = weight * (weekday[alike] == day)
        total, weights = filled @ own, seen @ own
        drawn = np.where(np.isnan(kind), 0.0, TOWARDS_KIND)
        found[:, k] = _ratio(total + drawn * np.nan_to_num(kind), weights + drawn)
    return found


def _ratio(top: F64, under: F64) -> F64:
    found: F64 = np.divide(top, under, out=np.full(len(top), np.nan), where=under > 0)
    return found


def forecast(hourly: F64, first: int, origin: int) -> list[Forecast]:
    """One ``Forecast`` per place (row of ``hourly``, see ``predict``) for the 24 hours from ``origin``."""
    expected = predict(hourly, first, origin)
    days = (~np.isnan(hourly[:, : origin - first])).sum(1) // 24
    off, repeated = _tested(hourly, first, origin)
    answers = []
    for place in range(len(hourly)):
        known = int(days[place])
        errors = [_of(off[place], steps) for steps in STEPS]
        enough = known >= LEAST_DAYS and not np.isnan(expected[place]).any()
        whole = off[place][~np.isnan(off[place])]
        naive = repeated[place][~np.isnan(repeated[place])]
        low = high = None
        if enough and all(len(e) for e in errors):
            width = np.concatenate(
                [np.full(b - a, float(np.quantile(e, BAND))) for (a, b), e in zip(STEPS, errors, strict=True)]
            )
            low, high = np.maximum(0.0, expected[place] - width), expected[place] + width
        answers.append(
            Forecast(
                begin=origin, people=expected[place] if enough else None, low=low, high=high,
                error=float(whole.mean()) if enough and len(whole) else None,
                repeated=float(naive.mean()) if enough and len(naive) else None,
                tested=len(whole) if enough else 0, days=known,
            )
        )  # fmt: skip
    return answers


def _tested(hourly: F64, first: int, origin: int) -> tuple[F64, F64]:
    """How far off the method and the week before were: (places, moments, 24), NaN where nothing was known."""
    moments = [
        at for at in range(origin - AHEAD, origin - TESTED_DAYS * 24, -EVERY_HOURS) if at - first >= LEAST_DAYS * 24
    ]
    shape = (len(hourly), len(moments), AHEAD)
    off, repeated = np.full(shape, np.nan), np.full(shape, np.nan)
    for n, at in enumerate(moments):
        here = at - first
        came = hourly[:, here : here + AHEAD]
        off[:, n] = np.abs(came - predict(hourly, first, at))
        if here >= 168:
            repeated[:, n] = np.abs(came - hourly[:, here - 168 : here - 168 + AHEAD])
    return off, repeated


def _of(off: F64, steps: tuple[int, int]) -> F64:
    part = off[:, steps[0] : steps[1]]
    return part[~np.isnan(part)]

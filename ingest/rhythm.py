"""What simulated days are made of: a day of 04:00 to 04:00, repeatable chance, and the sheet readings go on.

Every value is a function of (seed, device, instant). Chance comes in two forms: ``Day.rng`` draws the events of
one day, ``uniform`` and ``wobble`` give noise that runs on over midnight. A day begins at 04:00 local time, when
nearly everybody is asleep and counters of the day start anew.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SECOND = 1_000_000
DAY_S = 86_400
_ZONE_US = 8 * 3600 * SECOND
_DAY_US = DAY_S * SECOND
_FIRST_HOUR = 4

METRIC_BITS = 6
"""A reading's ``code`` is device number << 6 | metric number."""


def day_number(at: int) -> int:
    """The day (04:00 to 04:00, UTC+8) that holds ``at``, microseconds since 1970 UTC; day 0 is 1970-01-01."""
    return (at + _ZONE_US - _FIRST_HOUR * 3600 * SECOND) // _DAY_US


def at_hour(hour: float | Floats) -> Any:
    """Seconds since 04:00 of a local hour; 1 h past midnight is 25."""
    return (hour - _FIRST_HOUR) * 3600.0


@dataclass(frozen=True)
class Day:
    """One simulated day. ``fine``: meters and gateways report at the pace of a live stream, not of a history."""

    seed: int
    number: int
    fine: bool = False

    @property
    def start(self) -> int:
        """04:00 local time as microseconds since 1970 UTC."""
        return self.number * _DAY_US - _ZONE_US + _FIRST_HOUR * 3600 * SECOND

    @property
    def start_s(self) -> float:
        """The same in seconds; what ``wobble`` counts in."""
        return self.start / SECOND

    @property
    def weekday(self) -> int:
        """0 is Monday."""
        return (self.number + 3) % 7

    @property
    def weekend(self) -> bool:
        """Saturday or Sunday; holidays are not known."""
        return self.weekday >= 5

    @cached_property
    def daylight(self) -> tuple[float, float]:
        """Hours of sunrise and sunset at 30.8 N, 120.75 E, within some minutes."""
        turn = 2 * np.pi * ((self.number + 10) % 365.2425) / 365.2425
        half = 6.0 - 1.05 * float(np.cos(turn))
        return 12.0 - half - 0.15, 12.0 + half - 0.15

    def rng(self, name: str) -> np.random.Generator:
        """Chance of this day for one purpose; independent of the order purposes are asked for."""
        return np.random.default_rng([self.seed, self.number, zlib.crc32(name.encode())])


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Steele and others' SplitMix64 finaliser."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def uniform(*keys: Any) -> Floats:
    """A number in 0..1 for each combination of whole-number ``keys``, always the same one."""
    state = np.full(1, 0x9E3779B97F4A7C15, dtype=np.uint64)
    for key in keys:
        number = np.atleast_1d(np.asarray(key)).astype(np.int64).view(np.uint64)
        state = _mix(state + number * np.uint64(0x9E3779B97F4A7C15))
    return (state >> np.uint64(11)).astype(np.float64) * 2.0**-53


def wobble(key: Any, seconds: Any, period_s: float) -> Floats:
    """Smooth noise in -1..1 over absolute ``seconds``, turning about every ``period_s``; one course per ``key``."""
    x = np.asarray(seconds, dtype=np.float64) / period_s
    step = np.floor(x)
    part = x - step
    ease = part * part * (3.0 - 2.0 * part)
    low, high = uniform(key, step.astype(np.int64)), uniform(key, step.astype(np.int64) + 1)
    return 2.0 * (low + (high - low) * ease) - 1.0


def along(knots: Sequence[tuple[float, float]], hour: NDArray[Any]) -> Floats:
    """The broken line through ``knots`` (hour, value) at ``hour``; beyond its ends it keeps the end's value."""
    hours, values = zip(*knots, strict=True)
    return np.asarray(np.interp(hour, hours, values))


def grid(count: int, every_s: float, phase: Floats | None = None) -> tuple[Ints, Floats]:
    """Regular reports of ``count`` devices over a day: (device number, seconds since 04:00), flattened.

    ``phase`` 0..1 shifts each device's reports within the interval; whole milliseconds come out.
    """
    steps = round(DAY_S / every_s)
    shift = np.zeros(count) if phase is None else np.round(phase * every_s, 3)
    seconds = shift[:, None] + np.arange(steps)[None, :] * every_s
    return np.repeat(np.arange(count), steps), seconds.ravel()


def carried(device: Ints, seconds: Floats, value: Floats, start: Floats) -> tuple[Ints, Floats, Floats]:
    """Reports in order per device, each NaN replaced by that device's value before it (``start`` at first)."""
    order = np.lexsort((seconds, device))
    device, seconds, value = device[order], seconds[order], value[order].copy()
    first = np.r_[True, device[1:] != device[:-1]] if len(device) else np.zeros(0, dtype=bool)
    opening = first & np.isnan(value)
    value[opening] = start[device[opening]]
    position = np.where(np.isnan(value), 0, np.arange(len(value)))
    return device, seconds, value[np.maximum.accumulate(position)]


def running(device: Ints, step: Floats) -> Floats:
    """The running sum of ``step`` within each device; rows ordered by device."""
    total = np.cumsum(step)
    first = np.r_[True, device[1:] != device[:-1]] if len(device) else np.zeros(0, dtype=bool)
    return np.asarray(total - (total - step)[first][np.cumsum(first) - 1])


@dataclass
class Sheet:
    """Collects the readings of one day. ``metrics``: number of each metric name."""

    day: Day
    metrics: dict[str, int]
    _codes: list[Ints] = field(default_factory=list)
    _times: list[Ints] = field(default_factory=list)
    _values: list[Floats] = field(default_factory=list)

    def add(self, device: Ints, seconds: Floats, **values: NDArray[Any]) -> None:
        """One message each for ``device`` (numbers in the fleet) at ``seconds`` since 04:00, with these metrics.

        Times are kept to the millisecond; what falls outside the day is left to the neighbouring day.
        """
        inside = (seconds >= 0) & (seconds < DAY_S)
        everything = bool(inside.all())
        number = device if everything else device[inside]
        taken = self.day.start + np.rint((seconds if everything else seconds[inside]) * 1000).astype(np.int64) * 1000
        for name, value in values.items():
            self._codes.append((number << METRIC_BITS) | self.metrics[name])
            self._times.append(taken)
            self._values.append(np.asarray(value, dtype=np.float64) if everything else value[inside])

    def columns(self) -> tuple[Ints, Ints, Floats]:
        """All readings as they were added: codes, microseconds since 1970 UTC, values."""
        if not self._codes:
            return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
        return np.concatenate(self._codes), np.concatenate(self._times), np.concatenate(self._values)

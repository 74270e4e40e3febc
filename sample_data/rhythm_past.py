"""The days behind the sample, as far as they teach when somebody is usually active in a home.

Told by motion and the front door only; what the log holds of the last two of them the twin reads there.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa

from ingest.rhythm import SECOND, day_number
from ingest.rhythm_people import ElderDay
from ingest.simulate import Simulator, to_us
from twin_model.rhythm import LEARNED_DAYS, SLOTS, Day, sensor_code
from twin_model.rhythm_days import SCHEMA, day_row, instant_of, local_day
from twin_model.timeline import from_us

_DAY_US = 86_400 * SECOND
_SLOT_US = _DAY_US // SLOTS


def past_days(life: Simulator, now: datetime) -> pa.Table:
    """Rows of ``rhythm_day`` for the local days before the one of ``now``."""
    start = to_us(now)
    last = local_day(start)
    first = last - LEARNED_DAYS
    homes = life.cast.elder_homes
    active = np.zeros((last - first, len(homes), SLOTS), np.uint8)
    watched = np.ones(active.shape, bool)
    motion, door = _codes(life, "motion"), _codes(life, "door_contact")
    begin = instant_of(first * 86_400.0)
    for number in range(day_number(begin), day_number(start) + 1):
        elders = life.elders_of(number)
        row, seconds, _ = elders.bouts
        _mark(active, row, _slots(elders, seconds, begin), motion)
        for slot in range(elders.start.shape[1]):
            goes = np.flatnonzero(~np.isnan(elders.start[:, slot]))
            left, back = (_slots(elders, times[goes, slot], begin) for times in (elders.start, elders.end))
            _mark(active, goes, left, door)
            _mark(active, goes, back, door)
            for home, a, b in zip(goes.tolist(), left.tolist(), back.tolist(), strict=True):
                _blind(watched, home, a + 1, b)
        for home in np.flatnonzero(elders.away).tolist():
            a, b = (np.clip(x[home], 0, 86_400) for x in (elders.leave, elders.back))
            _blind(watched, home, *(int(s) for s in _slots(elders, np.array([a, b]), begin)))
    rows = [
        day_row(
            home, first + k, Day(active[k, n], watched[k, n]),
            from_us(instant_of((first + k + 1) * 86_400.0)) + timedelta(hours=1),
        )
        for k in range(last - first)
        for n, home in enumerate(homes)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _codes(life: Simulator, kind: str) -> np.ndarray:
    """The code of each elder's first device of a type; 0 without one."""
    found = np.zeros(len(life.cast.elders), np.uint8)
    for number in life.cast.of_kind(kind)[::-1].tolist():
        if life.cast.elder_of[number] >= 0:
            found[life.cast.elder_of[number]] = sensor_code(life.devices[number].device_id)
    return found


def _slots(elders: ElderDay, seconds: np.ndarray, begin: int) -> np.ndarray:
    """The five minutes since ``begin`` that each second of the day lies in."""
    return ((elders.day.start + (seconds * SECOND).astype(np.int64) - begin) // _SLOT_US).astype(np.int64)


def _mark(active: np.ndarray, home: np.ndarray, slot: np.ndarray, code: np.ndarray) -> None:
    inside = (slot >= 0) & (slot < len(active) * SLOTS)
    home, slot = home[inside], slot[inside]
    active[slot // SLOTS, home, slot % SLOTS] = code[home]


def _blind(watched: np.ndarray, home: int, first: int, last: int) -> None:
    """An absence does not teach: the home counts as not watched."""
    whole = watched[:, home].reshape(-1)
    whole[max(first, 0) : max(last, 0)] = False
    watched[:, home] = whole.reshape(-1, SLOTS)

"""Learned days in the store, and how instants and local days belong together."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa

from twin_model.rhythm import LEARNED_DAYS, SLOTS, Day, Habit, Rhythm
from twin_model.store import Store
from twin_model.timeline import from_us

LOCAL_US = 8 * 3_600_000_000  # China has one time zone and no summer time
DAY_US = 86_400_000_000
_EPOCH = date(1970, 1, 1)

SCHEMA = pa.schema(
    [("home_id", pa.string()), ("day", pa.date32()), ("active", pa.binary()), ("watched", pa.binary()),
     ("known_at", pa.timestamp("us", "UTC"))]
)  # fmt: skip


def day_row(home_id: str, number: int, day: Day, known_at: datetime) -> dict[str, object]:
    """A row of ``rhythm_day``: ``active`` one byte a slot, the code of the sensor; ``watched`` one bit a slot."""
    return {
        "home_id": home_id, "day": _EPOCH + timedelta(days=number), "active": day.active.tobytes(),
        "watched": np.packbits(day.watched).tobytes(), "known_at": known_at,
    }  # fmt: skip


def local(us: int) -> float:
    """Local seconds of an instant in microseconds."""
    return (us + LOCAL_US) / 1e6


def local_day(us: int) -> int:
    """The local day number of an instant in microseconds."""
    return int((us + LOCAL_US) // DAY_US)


def instant_of(seconds: float) -> int:
    """The instant in microseconds of local seconds."""
    return round(seconds * 1e6) - LOCAL_US


def read_days(
    store: Store, known: int, rhythms: dict[str, Rhythm], only: frozenset[str] | None,
    habits: dict[str, dict[int, Habit | None]],
) -> dict[str, int]:  # fmt: skip
    """Fill in the stored days; by home the first day that is not stored."""
    today = local_day(known)
    rows = store.select(
        "SELECT home_id, day, active, watched FROM rhythm_day WHERE known_at <= $known AND day >= $first"
        " QUALIFY row_number() OVER (PARTITION BY home_id, day ORDER BY known_at DESC) = 1",
        known=from_us(known), first=_EPOCH + timedelta(days=today - LEARNED_DAYS - 1),
    )  # fmt: skip
    first: dict[str, int] = {}
    for home_id, day, active, watched in zip(*(rows[name].to_pylist() for name in rows.column_names), strict=True):
        if only is not None and home_id not in only:
            continue
        number = (day - _EPOCH).days
        bits = np.unpackbits(np.frombuffer(watched, np.uint8), count=SLOTS).astype(bool)
        if home_id not in rhythms:
            rhythms[home_id] = Rhythm(habits.setdefault(home_id, {}))
        rhythms[home_id].days[number] = Day(np.frombuffer(active, np.uint8).copy(), bits)
        first[home_id] = max(first.get(home_id, 0), number + 1)
    return first

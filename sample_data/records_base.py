"""What the sample's records are made of: days, chance that is the same every time, and rows in columns.

A record is a function of (seed, kind, its day): a store made tomorrow tells the same past as one made today. Days are
counted from 1970-01-01, local (UTC+8); instants are microseconds since 1970 UTC. ``NONE`` stands for a missing whole
number, day or instant, NaN for a missing amount, None for a missing text.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ingest.rhythm import Floats, Ints, uniform
from twin_model.record_kinds import RecordKind

NONE = int(np.iinfo(np.int64).min)
MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
ZONE_US = 8 * HOUR_US
COMMUNITY = "demo"

Mask = NDArray[np.bool_]
Texts = NDArray[np.object_]
Columns = dict[str, NDArray[Any]]


def day_of(year: int, month: int, day: int) -> int:
    """A calendar day as days since 1970-01-01."""
    return (date(year, month, day) - date(1970, 1, 1)).days


BEGAN = day_of(2024, 1, 1)
"""When the neighbourhood centre of the sample opened; numbers grow from here."""
_NEW_YEARS = tuple(
    day_of(*day)
    for day in ((2024, 2, 10), (2025, 1, 29), (2026, 2, 17), (2027, 2, 6), (2028, 1, 26), (2029, 2, 13), (2030, 2, 3))
)
"""First days of the lunar year; later ones are not in the book, and the sample then keeps no Spring Festival."""


def at(day: Any, hour: Any) -> Ints:
    """The instant of a local hour (decimals allowed, whole minutes come out) of a day."""
    minutes = np.rint(np.asarray(hour, np.float64) * 60).astype(np.int64)
    return np.asarray(day, np.int64) * DAY_US - ZONE_US + minutes * MINUTE_US


def local_day(instant: Any) -> Ints:
    """The local day of an instant."""
    return (np.asarray(instant, np.int64) + ZONE_US) // DAY_US


def weekday(day: Any) -> Ints:
    """0 is Monday."""
    return (np.asarray(day, np.int64) + 3) % 7


def calendar(day: Any) -> tuple[Ints, Ints, Ints]:
    """Year, month and day of the month."""
    days = np.asarray(day, np.int64).astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    number = months.astype(np.int64)
    return 1970 + number // 12, number % 12 + 1, (days - months).astype(np.int64) + 1


def month_start(day: Any) -> Ints:
    """The first day of the month a day lies in."""
    return np.asarray(day, np.int64).astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]").astype(int)


def is_festival(day: Any) -> Mask:
    """Spring Festival, from its eve to the sixth day: canteen, school and most rooms are shut."""
    days = np.asarray(day, np.int64)
    found: Mask = np.any([(days >= first - 1) & (days <= first + 5) for first in _NEW_YEARS], axis=0)
    return found


def is_holiday(day: Any) -> Mask:
    """Days off besides weekends: the festival, and the first days of January, May and October."""
    _, month, of_month = calendar(day)
    off: Mask = (month == 10) & (of_month <= 7) | (month == 5) & (of_month <= 5) | (month == 1) & (of_month == 1)
    return is_festival(day) | off


def is_workday(day: Any) -> Mask:
    """Monday to Friday without holidays; days worked instead of others are not known."""
    return (weekday(day) < 5) & ~is_holiday(day)


def growth(day: Any, first: float = 0.72, years: float = 1.6) -> Floats:
    """From ``first`` in January 2024 towards 1, most of the way within ``years``."""
    since = np.maximum(0.0, (np.asarray(day, np.float64) - BEGAN) / 365.25)
    return np.asarray(1.0 - (1.0 - first) * np.exp(-since * 1.4 / years))


def season(day: Any, peak: int = 200) -> Floats:
    """-1..1 over the year, 1 on day ``peak`` of it (200: mid July)."""
    return np.asarray(np.cos(2 * np.pi * (np.asarray(day, np.float64) - 19_723 - peak) / 365.2425))


@dataclass(frozen=True)
class Draw:
    """Chance of one kind: ``draw(purpose, day, index)`` is 0..1, always the same for the same numbers."""

    seed: int
    kind: str

    def __call__(self, purpose: int, *keys: Any) -> Floats:
        return uniform(self.seed, zlib.crc32(self.kind.encode()), purpose, *keys)

    def normal(self, purpose: int, *keys: Any) -> Floats:
        """Bell-shaped, mean 0, spread 1, never beyond -4.3..4.3."""
        found = np.sum([self(purpose * 100 + k, *keys) for k in range(6)], axis=0) - 3.0
        return np.asarray(found * np.sqrt(2.0))

    def many(self, purpose: int, days: Ints, expected: Any) -> tuple[Ints, Ints]:
        """Rows of days: (day, number within the day), about ``expected`` of them a day."""
        mean = np.broadcast_to(np.asarray(expected, np.float64), days.shape)
        n = np.floor(mean * (0.8 + 0.4 * self(purpose, days)) + self(purpose + 1, days)).astype(np.int64)
        return repeated(days, n)


def repeated(days: Ints, n: Any) -> tuple[Ints, Ints]:
    """Each day ``n`` times: (day, number within the day)."""
    n = np.broadcast_to(np.asarray(n, np.int64), days.shape)
    day = np.repeat(days, n)
    return day, np.arange(len(day)) - np.repeat(np.cumsum(n) - n, n)


def texts(values: Sequence[str | None]) -> Texts:
    """Texts as an array that can be indexed by numbers."""
    found = np.empty(len(values), object)
    found[:] = values
    return found


def pick(u: Floats, weights: Mapping[str, float]) -> Texts:
    """A name for each ``u`` in 0..1, as often as its weight says."""
    share = np.cumsum(list(weights.values()))
    return texts(list(weights))[np.minimum(np.searchsorted(share / share[-1], u, side="right"), len(weights) - 1)]


def numbered(prefix: str, day: Ints, index: Ints, width: int = 2) -> Texts:
    """``SC-20261101-07`` of a day and a number within it."""
    days, of = np.unique(day, return_inverse=True)
    names = [str(d).replace("-", "") for d in days.astype("datetime64[D]")]
    return texts([f"{prefix}-{names[d]}-{i + 1:0{width}}" for d, i in zip(of.tolist(), index.tolist(), strict=True)])


def coded(prefix: str, number: Ints, width: int = 3) -> Texts:
    """``LJ-023`` of a number."""
    return texts([f"{prefix}-{n:0{width}}" for n in number.tolist()])


def given(mask: Any, values: Any) -> NDArray[Any]:
    """``values`` where ``mask``, missing elsewhere."""
    kept = np.asarray(values)
    nothing: Any = None if kept.dtype == object else np.nan if kept.dtype.kind == "f" else NONE
    found: NDArray[Any] = np.where(mask, kept, nothing)
    return found


def joining(draw: Draw, days: Ints, every: float, power: float) -> tuple[Ints, Ints]:
    """Numbers from 1 of those who joined a register up to the last of ``days``, and when; in order.

    The n-th comes about ``every`` * n ** ``power`` days after January 2024.
    """
    span = max(1.0, float(days[-1] - BEGAN))
    number = np.arange(1, int((span / every) ** (1 / power)) + 2)
    joined = BEGAN + np.floor(every * (number - 1 + draw(1, number)) ** power).astype(np.int64)
    there = joined <= days[-1]
    return number[there], joined[there]


def one_of(joined: Ints, day: Ints, u: Floats) -> Ints:
    """The number of somebody who had joined by a day."""
    known = np.maximum(1, np.searchsorted(joined, day, side="right"))
    return np.asarray(1 + np.floor(u * known), np.int64)


def one(text: str, like: NDArray[Any]) -> Texts:
    """The same text for every row."""
    return np.full(len(like), text, object)


def whole(values: Any) -> Ints:
    """Rounded to whole numbers, never below nought."""
    return np.maximum(0, np.rint(np.asarray(values, np.float64))).astype(np.int64)


@dataclass(frozen=True)
class Rows:
    """Versions of records of one kind in columns; ``known`` is when each came to be recorded."""

    columns: Columns
    known: Ints

    def __len__(self) -> int:
        return len(self.known)

    def take(self, chosen: NDArray[Any]) -> Rows:
        """The rows of a mask or of numbers."""
        return Rows({name: values[chosen] for name, values in self.columns.items()}, self.known[chosen])

    def between(self, start: int, end: int) -> Rows:
        """What came to be known from ``start`` (included) to ``end``."""
        return self.take((self.known >= start) & (self.known < end))

    def table(self, kind: RecordKind) -> pa.Table:
        """As the ledger takes it, with ``recorded_at``; in order of it."""
        order = np.argsort(self.known, kind="stable")
        found = {
            name: _column(values[order], kind.columns[name].type if name in kind.columns else name)
            for name, values in self.columns.items()
        }
        return pa.table({**found, "recorded_at": _column(self.known[order], "instant")})


def together(*parts: Rows) -> Rows:
    """The rows of all parts; they have the same columns."""
    names = parts[0].columns
    columns = {name: np.concatenate([part.columns[name] for part in parts]) for name in names}
    return Rows(columns, np.concatenate([part.known for part in parts]))


def by_evening(draw: Draw, day: Ints, *keys: Any, late: float = 0.02) -> Ints:
    """Written down in the evening of the day; a share ``late`` of them up to nine days later."""
    evening = at(day, 19.5 + 2.0 * draw(900, day, *keys))
    delay = np.floor(1 + 9 * draw(902, day, *keys)).astype(np.int64) * DAY_US
    return evening + np.where(draw(901, day, *keys) < late, delay, 0)


def stages(rows: Rows, *later: tuple[Ints, Sequence[str]]) -> Rows:
    """Each record first without the columns of ``later``, then again when those came to be known.

    ``later``: (when, NONE where never; names) in order of time; a stage that never came adds no version.
    """
    parts = []
    for turn in range(len(later) + 1):
        known = rows.known if turn == 0 else later[turn - 1][0]
        unknown = [name for _, names in later[turn:] for name in names]
        came = np.ones(len(rows), bool) if turn == 0 else known != NONE
        columns = {
            name: given(np.zeros(len(values), bool), values) if name in unknown else values
            for name, values in rows.columns.items()
        }
        parts.append(Rows(columns, known).take(came))
    return together(*parts)


def corrected(draw: Draw, rows: Rows, column: str, *keys: Any, share: float, wrong: Callable[[Any], Any]) -> Rows:
    """A share of the rows is first written down with a wrong ``column``, and put right up to six days later."""
    first = draw(910, *keys) < share
    slips = rows.take(first)
    slips.columns[column] = wrong(slips.columns[column])
    differs = slips.columns[column] != rows.columns[column][first]
    delay = (1 + 5 * draw(911, *keys)) * DAY_US
    known = rows.known + np.where(first, delay.astype(np.int64) // MINUTE_US * MINUTE_US, 0)
    return together(Rows(rows.columns, known), slips.take(differs))


def _column(values: NDArray[Any], kind: str) -> pa.Array:
    if kind == "flags":
        return pa.array([[flag] if flag else [] for flag in values.tolist()], pa.list_(pa.string()))
    if values.dtype == object:
        return pa.array(values.tolist(), pa.string())
    if kind in ("amount", "yuan", "share"):
        numbers = values.astype(np.float64)
        return pa.array(numbers, pa.float64(), mask=np.isnan(numbers))
    if values.dtype == bool:
        return pa.array(values)
    missing = values == NONE
    numbers = np.where(missing, 0, values)
    if kind == "date":
        return pa.array(numbers.astype(np.int32), pa.int32(), mask=missing).cast(pa.date32())
    exact = pa.array(numbers, pa.int64(), mask=missing)
    return exact.cast(pa.timestamp("us", "UTC")) if kind == "instant" else exact

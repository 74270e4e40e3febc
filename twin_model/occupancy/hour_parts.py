"""The log in short: what each stretch of it says of each hour of the series that tell of people.

The log itself stays the truth. A stretch ends where a keyframe is written (hourly, sooner when much comes in); its sums
are appended with that commit. What was known at an instant is the sum of the stretches up to it and of the log since,
which is an hour at most: late readings need no correction, a restart goes on where the last stretch ended.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Sequence
from functools import cache, partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin_model.states import F64, I64
from twin_model.store import QUERIES, Store, Writer
from twin_model.timeline import from_us

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
MARK = -1
_SCHEMA = pa.schema(
    [("series_no", pa.int32()), ("hour", pa.timestamp("us")), ("until", pa.timestamp("us")),
     *((f"n{q}", pa.int32()) for q in range(4)), *((f"s{q}", pa.float64()) for q in range(4))]
)  # fmt: skip


def day_of(hour: int | I64) -> int | I64:
    """The day (04:00 to 04:00, UTC+8; days since 1970) that an hour since 1970 (UTC) lies in."""
    return (hour + 4) // 24


def first_hour(day: int) -> int:
    """The hour since 1970 (UTC) at which a day begins."""
    return day * 24 - 4


class HourParts:
    """Appends with the writer's commits; answers from any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._untils: list[int] = []
        self._touched: dict[int, list[int]] = defaultdict(list)
        self.reload()

    def reload(self) -> None:
        """Read again which stretches there are, after somebody else wrote a past."""
        self._touched.clear()
        known = self._store.select(
            "SELECT DISTINCT epoch_us(until) AS until, (epoch_us(hour) // 3600000000 + 4) // 24 AS day FROM hour_part"
        )
        for until, day in zip(known["until"].to_pylist(), known["day"].to_pylist(), strict=True):
            self._touched[day].append(until)
        for list_ in self._touched.values():
            list_.sort()
        self._untils = sorted(set(known["until"].to_pylist()))

    # -- writing

    def catch_up(self, keyframes: Sequence[int]) -> None:
        """Roll up what a store of before has, a day at a time; nothing to do when every keyframe was."""
        behind = [at for at in keyframes if at > self._last()]
        while behind:
            until = max((at for at in behind if at <= behind[0] + DAY_US), default=behind[0])
            days = self._store.write(partial(self.write, until=until))
            self.written(until, days)
            behind = [at for at in behind if at > until]

    def write(self, writer: Writer, until: int) -> list[int]:
        """Append the stretch up to ``until`` (microseconds) in the caller's transaction; the days it tells of."""
        chosen = writer.select(_query("hour_parts_series"))
        after = self._last()
        rows = writer.select(
            _query("hour_parts_new"), tables={"chosen": chosen}, after=from_us(after), until=from_us(until)
        )
        writer.append("hour_part", rows.append_column("until", _instants(rows.num_rows, until)))
        writer.append("hour_part", _marked(until))
        hours = rows["hour"].cast(pa.int64()).to_numpy() // HOUR_US
        return sorted({int(day) for day in np.unique(day_of(hours))})

    def written(self, until: int, days: Sequence[int]) -> None:
        """The stretch is committed."""
        self._untils.append(until)
        for day in days:
            insort(self._touched[day], until)

    def _last(self) -> int:
        return self._untils[-1] if self._untils else 0

    # -- asking

    def version(self, first_day: int, last_day: int, at: int) -> int:
        """The newest stretch up to ``at`` that told of one of these days; 0 when none did."""
        newest = 0
        for day in range(first_day, last_day + 1):
            told = self._touched.get(day)
            if told and (place := bisect_right(told, at)):
                newest = max(newest, told[place - 1])
        return newest

    def segment(self, at: int) -> int:
        """The end of the last stretch known at ``at``; 0 before the first."""
        place = bisect_right(self._untils, at)
        return self._untils[place - 1] if place else 0

    def tail(self, at: int, chosen: pa.Table) -> pa.Table:
        """What the log told of hours after the last stretch and up to ``at``."""
        after = self.segment(at)
        return self._store.read("hour_parts_new", tables={"chosen": chosen}, after=from_us(after), until=from_us(at))

    def quarters(self, series: I64, first: int, last: int, at: int, tail: pa.Table) -> F64:
        """Means by quarter hour as known at ``at``: (series, (last - first) * 4), NaN where nothing was heard.

        ``first``, ``last``: hours since 1970 (UTC).
        """
        means = np.full((len(series), (last - first) * 4), np.nan)
        if not len(series) or last <= first:
            return means
        chosen = pa.table({"series_no": pa.array(series, pa.int32())})
        rows = self._store.read(
            "occupancy_quarters", tables={"chosen": chosen, "tail": tail}, first=from_us(first * HOUR_US),
            last=from_us(last * HOUR_US), segment=from_us(self.segment(at)),
        )  # fmt: skip
        place = np.zeros(int(series.max()) + 1, np.int64)
        place[series] = np.arange(len(series))
        row, hour = place[rows["series_no"].to_numpy()], rows["hour"].to_numpy() - first
        for quarter in range(4):
            n = rows[f"n{quarter}"].to_numpy()
            told = n > 0
            means[row[told], hour[told] * 4 + quarter] = rows[f"s{quarter}"].to_numpy()[told] / n[told]
        return means

    def passages(self, series: I64, first_day: int, last_day: int, at: int) -> F64:
        """What running counts rose by on each whole day: (series, days), NaN for days told of in fewer than 8 hours."""
        found = np.full((len(series), last_day - first_day), np.nan)
        if not len(series) or last_day <= first_day:
            return found
        rows = self._store.read(
            "occupancy_passages", tables={"chosen": pa.table({"series_no": pa.array(series, pa.int32())})},
            first=from_us(first_hour(first_day) * HOUR_US), last=from_us(first_hour(last_day) * HOUR_US),
            segment=from_us(self.segment(at)),
        )  # fmt: skip
        rows = rows.filter(pc.greater_equal(rows["hours"], 8))
        place = np.zeros(int(series.max()) + 1, np.int64)
        place[series] = np.arange(len(series))
        found[place[rows["series_no"].to_numpy()], rows["day"].to_numpy() - first_day] = rows["passed"].to_numpy()
        return found


def _marked(until: int) -> pa.Table:
    hour = until // HOUR_US * HOUR_US
    columns = {
        "series_no": [MARK],
        "hour": [from_us(hour).replace(tzinfo=None)],
        "until": [from_us(until).replace(tzinfo=None)],
    }
    return pa.table(
        {**columns, **{f"n{q}": [0] for q in range(4)}, **{f"s{q}": [0.0] for q in range(4)}}, schema=_SCHEMA
    )


def _instants(count: int, us: int) -> pa.Array:
    return pa.array(np.full(count, us)).cast(pa.timestamp("us"))


@cache
def _query(name: str) -> str:
    return (QUERIES / f"{name}.sql").read_text(encoding="utf-8")

"""Four weeks of counted people before the sample's log begins: by hour only, so that usual days can be told at once."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from ingest.rhythm import METRIC_BITS, SECOND, Day, Floats, Ints, Sheet, day_number
from ingest.rhythm_places import write_counters
from ingest.simulate import Simulator

DAYS = 28
_HOUR = 3600 * SECOND
_QUARTER = 900 * SECOND


def counted_past(life: Simulator, series_of: Ints, until: int) -> list[pa.Table]:
    """Rows of ``hour_part`` for the days before ``until`` (microseconds), a table a day, known from its end on.

    ``series_of``: the twin's series number by the simulator's reading code, -1 for none.
    """
    last = day_number(until)
    found = []
    for number in range(last - DAYS, last + 1):
        sheet = Sheet(Day(life.seed, number), life.metrics)
        write_counters(sheet, life.cast)
        codes, taken, values = sheet.columns()
        heard = (taken < until) & (series_of[codes] >= 0) & ~life.cast.silent(codes >> METRIC_BITS, taken / SECOND)
        end = min(until, sheet.day.start + 24 * _HOUR)
        found.append(_rows(series_of[codes[heard]], taken[heard], values[heard], end))
    return found


def _rows(series: Ints, taken: Ints, values: Floats, until: int) -> pa.Table:
    first = int(taken.min()) // _HOUR
    place = series * 32 + (taken // _HOUR - first)
    known, at = np.unique(place, return_inverse=True)
    cell = at * 4 + taken // _QUARTER % 4
    n = np.bincount(cell, minlength=len(known) * 4).reshape(-1, 4)
    total = np.bincount(cell, weights=values, minlength=len(known) * 4).reshape(-1, 4)
    return pa.table(
        {
            "series_no": (known // 32).astype(np.int32),
            "hour": pa.array((known % 32 + first) * _HOUR).cast(pa.timestamp("us")),
            "until": pa.array(np.full(len(known), until)).cast(pa.timestamp("us")),
            **{f"n{q}": n[:, q].astype(np.int32) for q in range(4)},
            **{f"s{q}": total[:, q] for q in range(4)},
        }
    )

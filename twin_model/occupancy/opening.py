"""Opening hours as OpenStreetMap writes them, as far as places here use them. Pure.

``Mo-Fr 08:00-17:30; Sa 09:00-12:00``. What cannot be read is unknown, and an unknown place is never closed.
"""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np

from twin_model.states import Bools

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
QUARTERS = 96
ALWAYS = "24/7"
_RULE = re.compile(r"\A(?:(?P<days>[A-Z][a-z](?:[-,][A-Z][a-z])*)\s+)?(?P<hours>[\d:,\s-]+|off|closed)\Z")
_SPAN = re.compile(r"\A(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})\Z")


@lru_cache(maxsize=512)
def week(hours: str | None) -> tuple[tuple[bool, ...], ...] | None:
    """Open or not, by weekday (0 Monday) and quarter hour from local midnight; None when not said or not readable.

    A span that ends before it begins goes on past midnight.
    """
    if not hours:
        return None
    open_at = np.zeros((7, QUARTERS), bool)
    if hours.strip() == ALWAYS:
        open_at[:] = True
        return tuple(tuple(row) for row in open_at.tolist())
    for rule in (part.strip() for part in hours.split(";")):
        match = _RULE.match(rule)
        if match is None:
            return None
        days = _days(match["days"])
        if days is None:
            return None
        open_at[days] = False  # a later rule takes the place of an earlier one for its days
        if match["hours"] in ("off", "closed"):
            continue
        for span in match["hours"].split(","):
            bounds = _SPAN.match(span.strip())
            if bounds is None:
                return None
            first, last = (_quarter(int(bounds[k]), int(bounds[k + 1])) for k in (1, 3))
            if last > first:
                open_at[days, first:last] = True
            else:
                open_at[days, first:] = True
                open_at[[(day + 1) % 7 for day in days], :last] = True
    return tuple(tuple(row) for row in open_at.tolist())


def _days(text: str | None) -> list[int] | None:
    if text is None:
        return list(range(7))
    found: list[int] = []
    for part in text.split(","):
        ends = part.split("-")
        if any(name not in DAYS for name in ends) or len(ends) > 2:
            return None
        first, last = DAYS.index(ends[0]), DAYS.index(ends[-1])
        found += [day % 7 for day in range(first, last + 1 if last >= first else last + 8)]
    return found


def _quarter(hour: int, minute: int) -> int:
    return min(QUARTERS, hour * 4 + minute // 15)


def open_quarters(hours: str | None, weekdays: list[int]) -> Bools | None:
    """``week`` laid out over days of these weekdays: (days, 96); None when unknown."""
    table = week(hours)
    return None if table is None else np.array([table[day] for day in weekdays], bool)

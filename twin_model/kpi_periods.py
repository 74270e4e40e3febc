"""The spans of local days a KPI looks at. A period ends with the whole day it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache

from twin_model.timeline import from_us, to_us

LOCAL = timezone(timedelta(hours=8))
"""China has one time zone and no summer time."""
DAY = timedelta(days=1)


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year - 1, day=28)


PERIODS: dict[str, Callable[[date], date]] = {
    "now": lambda until: until,
    "7d": lambda until: until - 6 * DAY,
    "30d": lambda until: until - 29 * DAY,
    "90d": lambda until: until - 89 * DAY,
    "12m": lambda until: _year_before(until) + DAY,
    "24m": lambda until: _year_before(_year_before(until)) + DAY,
    "month": lambda until: until.replace(day=1),
    "year": lambda until: until.replace(month=1, day=1),
    "ever": lambda until: date(1990, 1, 1),
}
"""The first day of a period that ends with the day ``until``. ever: for balances."""


@dataclass(frozen=True)
class Period:
    """Local days from ``starts_on`` up to, not including, ``ends_on``. ``label``: its last day, its name in SQL."""

    starts_on: date
    ends_on: date

    @classmethod
    def ending(cls, name: str, until: date) -> Period:
        """The period ``name`` whose last day is ``until``."""
        return cls(PERIODS[name](until), until + DAY)

    @property
    def label(self) -> date:
        return self.ends_on - DAY

    @property
    def starts_at(self) -> datetime:
        return midnight(self.starts_on)

    @property
    def ends_at(self) -> datetime:
        return midnight(self.ends_on)


def midnight(day: date) -> datetime:
    """When a local day begins, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=LOCAL).astimezone(UTC)


def local_day(at: datetime) -> date:
    """The local day of an instant."""
    return at.astimezone(LOCAL).date()


def month_ends(until: date, months: int) -> list[date]:
    """The last days of the ``months`` - 1 months before that of ``until``, then ``until`` itself."""
    ends = [until]
    first = until.replace(day=1)
    while len(ends) < months:
        ends.append(first - DAY)
        first = (first - DAY).replace(day=1)
    return ends[::-1]


@cache
def month_end_us(us: int) -> int:
    """The end of the local month that an instant (microseconds) begins."""
    day = local_day(from_us(us))
    return to_us(midnight((day.replace(day=28) + 4 * DAY).replace(day=1)))

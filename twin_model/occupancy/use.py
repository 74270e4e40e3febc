"""How much of what a place holds is used in its open hours. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin_model.occupancy.opening import QUARTERS, week
from twin_model.states import F64, Bools

LEAST_KNOWN = 0.6
"""A share over hours of which fewer are known is not told."""


@dataclass(frozen=True)
class Use:
    """Shares of capacity, mean over open hours; None: unknown. ``hours``: open hours known, of ``of``."""

    now: float | None
    before: float | None
    hours: int
    of: int


def open_hours(hours: str | None, first: int, count: int) -> Bools:
    """Whether a place is open in each of ``count`` hours from ``first`` (since 1970, UTC); half an hour is an hour.

    When nothing is said, or it cannot be read, every hour counts.
    """
    table = week(hours)
    if table is None:
        return np.ones(count, bool)
    quarters = np.array(table, bool).reshape(7, QUARTERS // 4, 4).sum(2) >= 2
    local = first + 8 + np.arange(count)
    found: Bools = quarters[(local // 24 + 3) % 7, local % 24]
    return found


def use_of(people: F64, open_at: Bools, capacity: int | None) -> tuple[float | None, int, int]:
    """The mean share of capacity over open hours, how many of them are known, and how many there are."""
    inside = people[open_at]
    known = inside[~np.isnan(inside)]
    if not capacity or not len(inside) or len(known) < LEAST_KNOWN * len(inside):
        return None, len(known), len(inside)
    return float(known.mean()) / capacity, len(known), len(inside)

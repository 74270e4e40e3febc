"""Booked, and was anybody there? Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twin_model.states import F64

LEAST_KNOWN = 0.5
"""A booking of which less than this share was watched is not judged."""
FEW = 0.25
"""Fewer than this share of those expected is said."""


def verdict(people: Sequence[float] | F64, expected: int | None) -> tuple[str, float | None]:
    """What became of a booking, and how many were there on average over its quarters (NaN: not watched).

    ``empty``: never anybody; ``few``: less than a quarter of those expected at the fullest; ``used``; ``unknown``.
    """
    inside = np.asarray(people, float)
    known = inside[~np.isnan(inside)]
    if not len(inside) or len(known) < LEAST_KNOWN * len(inside):
        return "unknown", None
    fullest, mean = float(known.max()), float(known.mean())
    if round(fullest) < 1:
        return "empty", mean
    if expected and fullest < FEW * expected:
        return "few", mean
    return "used", mean

"""People inside by a counter that tells who entered and who left, with its drift taken out. Pure.

A counter misses some and counts some twice, and what it misses on the way in is not what it misses on the way out: its
balance runs away by a few persons a day. Four rules hold it, and each is said, never silent:

* ``ratio``: over whole days as many left as entered. What the way out tells too little or too much is learned from up
  to fourteen past days and taken into account; with few days behind it the factor stays near one.
* ``below_zero``: nobody is there less than nobody. Whoever was missed on the way in is added when the balance shows it.
* ``closed``: half an hour after the place has closed everybody has gone; the balance starts at zero again. What was left
  over then had gathered passage by passage: once it is known, the hours of that day are told without it.
* ``morning``: at 04:00 local time, when the counters begin their day, so does the balance (places that never close).

A day here runs from 04:00 to 04:00 in quarters of an hour; arrays are (counters, days, 96).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin_model.states import F64, Bools

QUARTERS = 96
LEARNED_DAYS = 14
STEADY = 150.0
"""Passages that weigh on the side of a counter without error: a single quiet day must not teach nonsense."""
FACTOR_LIMITS = (0.85, 1.18)
"""A counter further off than this is broken, not drifting."""
NEVER_RESET = QUARTERS
AFTER_CLOSING = 2  # quarters


@dataclass(frozen=True)
class Corrected:
    """``people``: (counters, days, 96), NaN where nothing was heard. ``closed``: persons taken away (negative) or
    added when the place was closed, per (counter, day); ``added``: persons added because the balance fell below zero,
    per quarter. ``factor``: what one counted leaving stands for, per (counter, day).
    """

    people: F64
    closed: F64
    added: F64
    factor: F64


def passages(told: F64) -> F64:
    """Persons passed since the day's 04:00 from a running count (counters, days, 96), NaN kept.

    A count that fell began anew (at 04:00, or after a power cut) and counts from there.
    """
    counters, days, quarters = told.shape
    flat = told.reshape(counters, days * quarters)
    held = forward(flat)
    before = np.concatenate((np.zeros((counters, 1)), np.nan_to_num(held[:, :-1])), axis=1)
    known_before = np.concatenate((np.zeros((counters, 1), bool), ~np.isnan(held[:, :-1])), axis=1)
    now = np.nan_to_num(held)
    step = np.where(now >= before, now - before, now)
    # the very first value: of a counter that began its day at 04:00 all of it is today's
    step = np.where(known_before | ~np.isnan(held), step, 0.0)
    total: F64 = np.cumsum(step.reshape(counters, days, quarters), axis=2)
    return np.where(np.isnan(held).reshape(told.shape), np.nan, total)


def forward(values: F64) -> F64:
    """Each unknown takes the last known before it along the last axis; NaN before the first."""
    place = np.where(np.isnan(values), 0, np.arange(values.shape[-1]))
    last = np.maximum.accumulate(place, axis=-1)
    held: F64 = np.take_along_axis(values, last, axis=-1)
    return held


def learned(entered: F64, left: F64, days: int = LEARNED_DAYS) -> F64:
    """What one leaving stands for on each day, from the ``days`` before it: (counters, days).

    ``entered``, ``left``: passages of whole days (counters, days); NaN for a day that is not to teach.
    """
    taught = ~(np.isnan(entered) | np.isnan(left))
    sums = []
    for passed in (entered, left):
        total = np.cumsum(np.where(taught, passed, 0.0), axis=1)
        before = np.concatenate((np.zeros((len(total), 1)), total[:, :-1]), axis=1)
        earlier = np.concatenate((np.zeros((len(total), days + 1)), total), axis=1)[:, : total.shape[1]]
        sums.append(before - earlier)
    factor: F64 = (sums[0] + STEADY) / (sums[1] + STEADY)
    return np.clip(factor, *FACTOR_LIMITS)


def correct(
    entered: F64, left: F64, heard: Bools, factor: F64, reset: NDArray[np.int64], empty: NDArray[np.int64]
) -> Corrected:
    """People inside from ``passages`` in and out.

    ``heard``: quarters in which the counter spoke; ``factor`` of ``learned``; ``reset``: the quarter of each
    (counter, day) at which the closed place is empty, ``NEVER_RESET`` for none; ``empty``: the quarter by which nobody
    was inside, as far as that is over, else 0.
    """
    came, went = np.nan_to_num(forward(entered)), np.nan_to_num(forward(left))
    balance = came - factor[..., None] * went
    after = np.arange(balance.shape[-1]) >= reset[..., None]
    at_reset = np.clip(reset - 1, 0, balance.shape[-1] - 1)[..., None]
    at_the_time, raised = _never_below(np.where(after, np.inf, balance))
    known_better, _ = _never_below(np.where(after, np.inf, _without_rest(balance, came + went, empty)))
    later, raised_later = _never_below(np.where(after, balance - np.take_along_axis(balance, at_reset, axis=-1), np.inf))
    people = np.where(after, later, known_better)
    resets = (reset < balance.shape[-1]) & (reset > 0)
    left_over = np.where(resets, -np.take_along_axis(at_the_time, at_reset, axis=-1)[..., 0], 0.0)
    added = np.where(after, raised_later, raised)
    return Corrected(np.where(heard, people, np.nan), left_over, added, factor)


def _without_rest(balance: F64, passed: F64, empty: NDArray[np.int64]) -> F64:
    """The balance that comes out at zero at ``empty``: what was over is spread along the passages before."""
    last = np.clip(empty - 1, 0, balance.shape[-1] - 1)[..., None]
    rest = np.where(empty[..., None] > 0, np.take_along_axis(balance, last, axis=-1), 0.0)
    of = np.take_along_axis(passed, last, axis=-1)
    share = np.divide(passed, of, out=np.zeros_like(passed), where=of > 0)
    return balance - rest * np.minimum(share, 1.0)


def _never_below(balance: F64) -> tuple[F64, F64]:
    """The balance lifted where it would fall below zero, and by how much in each quarter (infinite ones: 0)."""
    lowest = np.minimum(0.0, np.minimum.accumulate(np.where(np.isinf(balance), 0.0, balance), axis=-1))
    first = np.zeros((*balance.shape[:-1], 1))
    raised = np.concatenate((first, lowest[..., :-1]), axis=-1) - lowest
    return balance - lowest, np.where(np.isinf(balance), 0.0, raised)

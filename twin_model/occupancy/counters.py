"""People inside by a counter that tells who entered and who left, with its drift taken out. Pure.

A counter misses some and counts some twice, and what it misses on the way in is not what it misses on the way out: its
balance runs away by a few persons a day. Five rules hold it, and each is said, never silent:

* ``ratio``: over whole days as many left as entered. What the way out tells too little or too much is learned from up
  to fourteen past days and taken into account; with few days behind it the factor stays near one.
* ``below_zero``: nobody is there less than nobody. Whoever was missed on the way in is added when the balance shows it.
* ``quiet``: nobody has passed for three quarters of an hour and no more are left than may be drift: nobody is there.
* ``closed``: half an hour after the place has closed everybody has gone.
* ``morning``: at 04:00 local time, when the counters begin their day, so does the balance.

Where nobody is inside the balance starts at zero again; what was over had gathered passage by passage, so that once
this is known the quarters before are told without it.

A day here runs from 04:00 to 04:00 in quarters of an hour; arrays are (counters, days, 96).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from twin_model.states import F64, Bools

QUARTERS = 96
LEARNED_DAYS = 14
STEADY = 150.0
"""Passages that weigh on the side of a counter without error: a single quiet day must not teach nonsense."""
FACTOR_LIMITS = (0.85, 1.18)
"""A counter further off than this is broken, not drifting."""
NEVER_RESET, STAFFED = QUARTERS, -1
AFTER_CLOSING = 2  # quarters


QUIET = 3  # quarters
MAY_BE_DRIFT, AT_LEAST = 0.04, 1.5
"""How much of the passages since the last zero, or how many persons, a quiet place may have left over."""


@dataclass(frozen=True)
class Zero:
    """Nobody inside from quarter ``at`` on: ``over`` persons were left, ``reason`` quiet or closed."""

    counter: int
    day: int
    at: int
    over: float
    reason: str


@dataclass(frozen=True)
class Corrected:
    """``people``: (counters, days, 96), NaN where nothing was heard. ``zeros``: when the balance began anew.
    ``added``: persons added because it fell below zero, per quarter. ``factor``: what one counted leaving stands for,
    per (counter, day).
    """

    people: F64
    zeros: tuple[Zero, ...]
    added: F64
    factor: F64


def passages(told: F64) -> F64:
    """Persons passed since the day's 04:00 from a running count (counters, days, 96); NaN before its first word.

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


def correct(entered: F64, left: F64, heard: Bools, factor: F64, reset: NDArray[np.int64], begun: int) -> Corrected:
    """People inside from ``passages`` in and out.

    ``heard``: quarters in which the counter spoke; ``factor`` of ``learned``; ``reset``: the quarter of each
    (counter, day) at which the closed place is empty, ``NEVER_RESET`` where it does not close, ``STAFFED`` where
    somebody may stay and nothing is ever emptied; ``begun``: how many quarters of all the days have begun.
    """
    came, went = np.nan_to_num(entered), np.nan_to_num(left)
    balance, passed = came - factor[..., None] * went, came + went
    people, added = np.full(balance.shape, np.nan), np.zeros(balance.shape)
    zeros: list[Zero] = []
    still = _still(passed, heard)
    for k in range(balance.shape[0]):
        for d in range(balance.shape[1]):
            known = min(QUARTERS, begun - d * QUARTERS)
            if known <= 0 or not heard[k, d].any():
                continue
            found = [] if reset[k, d] == STAFFED else _zeros(
                balance[k, d], passed[k, d], still[k, d], int(reset[k, d]), known
            )  # fmt: skip
            zeros += [Zero(k, d, at, over, reason) for at, over, reason in found]
            people[k, d], added[k, d] = _between(balance[k, d], passed[k, d], [at for at, _, _ in found])
    return Corrected(np.where(heard, people, np.nan), tuple(zeros), added, factor)


def _still(passed: F64, heard: Bools) -> Bools:
    """Quarters by whose end nobody had passed for ``QUIET`` quarters, all of them heard."""
    first = np.zeros((*passed.shape[:2], 1))
    none = heard & (np.diff(passed, axis=2, prepend=first) == 0.0)
    still: Bools = none.copy()
    for back in range(1, QUIET):
        still[..., back:] &= none[..., :-back]
    still[..., : QUIET - 1] = False
    return still


def _zeros(balance: F64, passed: F64, still: Bools, reset: int, known: int) -> list[tuple[int, float, str]]:
    """When nobody is inside, as far as ``known``: quarter, persons over, why."""
    found: list[tuple[int, float, str]] = []
    base = since = 0.0
    runs = np.flatnonzero(still & ~np.concatenate(([False], still[:-1])))
    marks = sorted([(int(at) + 1, "quiet") for at in runs] + [(reset, "closed")] * (0 < reset < QUARTERS))
    for at, reason in marks:
        if at >= known:
            break
        over = float(balance[at - 1] - base)
        if reason == "quiet" and abs(over) > max(AT_LEAST, MAY_BE_DRIFT * float(passed[at - 1] - since)):
            continue
        found.append((at, over, reason))
        base, since = float(balance[at - 1]), float(passed[at - 1])
    return found


def _between(balance: F64, passed: F64, zeros: list[int]) -> tuple[F64, F64]:
    """People by quarter from one zero to the next, and how many were added where the balance fell below it."""
    people, added = np.empty_like(balance), np.zeros_like(balance)
    edges = [0, *zeros, len(balance)]
    for n, (first, last) in enumerate(pairwise(edges)):
        if last <= first:
            continue
        base, since = (float(balance[first - 1]), float(passed[first - 1])) if first else (0.0, 0.0)
        part = balance[first:last] - base
        _, added[first:last] = _never_below(part)
        if n < len(zeros):  # it ends at nobody: what was over is spread along the passages
            of = passed[first:last] - since
            part = part - part[-1] * (of / of[-1] if of[-1] > 0 else 0.0)
        people[first:last], _ = _never_below(part)
    return people, added


def _never_below(balance: F64) -> tuple[F64, F64 | float]:
    """The balance lifted where it would fall below zero, and by how much in each quarter."""
    if float(balance.min()) >= 0.0:
        return balance, 0.0
    lowest = np.minimum.accumulate(np.minimum(balance, 0.0))
    raised = -lowest
    raised[1:] = lowest[:-1] - lowest[1:]
    return balance - lowest, raised

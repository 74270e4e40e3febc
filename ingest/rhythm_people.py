"""Who goes out when: every resident's outings of a day, and the elders who live alone, hour by hour.

A person here is a row drawn from a home's age bands, without a name. The same outings move the tally at the
gates, the lifts, and door and motion sensors in the homes that have them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ingest.rhythm import Day, Floats, Ints, at_hour, uniform

SLOTS = 4

# Kinds of person: share of the day's outings as (chance, hour, spread in minutes, minutes away, spread).
PUPIL, TODDLER, WORKER, AT_HOME, ELDER, VERY_OLD = range(6)
_Plan = list[tuple[float, float, float, float, float]]
_WORKDAY: dict[int, _Plan] = {
    PUPIL: [(0.97, 7.45, 9, 545, 28), (0.30, 18.9, 30, 55, 15)],
    TODDLER: [(0.55, 8.2, 12, 510, 25), (0.40, 17.9, 35, 60, 20)],
    WORKER: [(0.91, 7.85, 33, 620, 55), (0.28, 19.9, 32, 55, 18)],
    AT_HOME: [(0.70, 8.9, 55, 80, 25), (0.55, 15.0, 60, 95, 35), (0.30, 19.2, 30, 60, 20)],
    ELDER: [(0.66, 7.3, 40, 70, 22), (0.34, 10.95, 20, 55, 12), (0.46, 14.8, 50, 100, 35), (0.38, 18.7, 25, 50, 15)],
    VERY_OLD: [(0.42, 8.4, 45, 50, 18), (0.22, 10.9, 15, 60, 12), (0.34, 15.1, 40, 50, 18)],
}
_WEEKEND: dict[int, _Plan] = {
    PUPIL: [(0.55, 9.5, 55, 140, 45), (0.78, 13.7, 60, 165, 50), (0.28, 18.8, 30, 60, 20)],
    TODDLER: [(0.60, 9.7, 45, 100, 35), (0.66, 14.4, 60, 110, 40)],
    WORKER: [(0.52, 9.4, 75, 185, 75), (0.80, 13.7, 75, 185, 65), (0.34, 18.9, 45, 80, 30)],
    AT_HOME: [(0.66, 9.1, 60, 85, 30), (0.68, 13.9, 60, 135, 45), (0.32, 19.0, 30, 65, 20)],
    ELDER: [(0.64, 7.4, 42, 72, 22), (0.32, 10.95, 20, 55, 12), (0.55, 14.2, 50, 105, 35), (0.36, 18.7, 25, 50, 15)],
    VERY_OLD: [(0.38, 8.6, 45, 50, 18), (0.20, 10.9, 15, 60, 12), (0.32, 15.0, 40, 50, 18)],
}
_AWAY = np.array([0.01, 0.01, 0.035, 0.03, 0.025, 0.01])
"""Share of each kind that spends these days elsewhere."""
AWAY_DAYS = 3
"""Who is elsewhere is so for this many days."""


def _table(plans: dict[int, _Plan]) -> Floats:
    table = np.zeros((len(plans), SLOTS, 5))
    for kind, plan in plans.items():
        table[kind, : len(plan)] = plan
    return table


@dataclass(frozen=True)
class People:
    """All residents: ``kind`` of person, number of the ``gate`` they pass, ``floor`` they live on."""

    kind: Ints
    gate: Ints
    floor: Ints

    @staticmethod
    def kinds(bands: NDArray[np.int64], seed: int) -> Ints:
        """The kind of each person from the age band (0: 0-17, 1: 18-59, 2: 60-79, 3: 80 and older)."""
        chance = uniform(seed, 11, np.arange(len(bands)))
        return np.choose(
            bands,
            [
                np.where(chance < 0.68, PUPIL, TODDLER),
                np.where(chance < 0.80, WORKER, AT_HOME),
                np.full(len(bands), ELDER),
                np.full(len(bands), VERY_OLD),
            ],
        ).astype(np.int64)


@dataclass(frozen=True)
class Outings:
    """``start`` and ``end``: people x 4 slots, seconds since 04:00; NaN where there is no such outing.

    ``away``: people who are not here all day.
    """

    start: Floats
    end: Floats
    away: NDArray[np.bool_]


def outings(people: People, day: Day) -> Outings:
    """The day's outings; those of one person never overlap, and all end before 04:00."""
    count = len(people.kind)
    rng = day.rng("outings")
    plan = _table(_WEEKEND if day.weekend else _WORKDAY)[people.kind]
    chance, hour, spread, minutes, vary = (plan[:, :, k] for k in range(5))
    start = at_hour(hour) + rng.normal(size=(count, SLOTS)) * spread * 60.0
    length = np.maximum(12.0, minutes + rng.normal(size=(count, SLOTS)) * vary) * 60.0
    # Some staircases are livelier than others.
    goes = rng.random((count, SLOTS)) < chance * (0.5 + 1.0 * uniform(day.seed, 16, people.gate))[:, None]
    away = uniform(day.seed, 12, np.arange(count), day.number // AWAY_DAYS) < _AWAY[people.kind]
    goes[away] = False
    free = np.full(count, at_hour(4.5))
    for slot in range(SLOTS):
        begin = np.maximum(start[:, slot], at_hour(4.6))
        goes[:, slot] &= (begin > free) & (begin < at_hour(26.0))
        end = np.minimum(begin + length[:, slot], at_hour(27.8))
        start[:, slot] = np.where(goes[:, slot], begin, np.nan)
        length[:, slot] = np.where(goes[:, slot], end, np.nan)
        free = np.where(goes[:, slot], end + 600.0, free)
    return Outings(np.round(start, 1), np.round(length, 1), away)


def long_nights(day: Day, elders: int) -> NDArray[np.bool_]:
    """Which elders sleep through to the late morning of ``day``: two of them, every third night or so."""
    who = np.arange(elders)
    return np.asarray((who % 107 == 7) & (uniform(day.seed, 21, who, day.number) < 0.3))


@dataclass(frozen=True)
class ElderDay:
    """The hours of elders living alone on one day, one row per elder, seconds since 04:00.

    ``wake`` and ``bed`` of this day (asleep at both its ends), ``nap`` (start, end; NaN without), outings, and
    ``still``: a stretch of a bad day without any movement (NaN on most days). Who is ``away`` left at ``leave`` and
    comes home at ``back``; infinite on the days between. ``slept`` and ``sleeps``: the night before, or after, is one
    of the long ones of somebody who sleeps more than twelve hours.
    """

    day: Day
    wake: Floats
    bed: Floats
    nap: Floats
    start: Floats
    end: Floats
    away: NDArray[np.bool_]
    leave: Floats
    back: Floats
    still: Floats
    slept: NDArray[np.bool_]
    sleeps: NDArray[np.bool_]

    @classmethod
    def of(cls, day: Day, out: Outings, elders: Ints) -> ElderDay:
        """The day of the people ``elders`` (their row numbers)."""
        rng = day.rng("elders")
        n = len(elders)
        own = uniform(day.seed, 13, np.arange(n))
        wake = at_hour(5.3 + 1.3 * own) + rng.normal(size=n) * 15 * 60
        bed = at_hour(20.4 + 1.8 * uniform(day.seed, 14, np.arange(n))) + rng.normal(size=n) * 20 * 60
        slept, sleeps = long_nights(day, n), long_nights(Day(day.seed, day.number + 1), n)
        wake = np.where(slept, at_hour(7.5 + 1.2 * uniform(day.seed, 19, np.arange(n), day.number)), wake)
        bed = np.where(sleeps, at_hour(18.9), bed)
        nap_start = at_hour(12.6) + rng.normal(size=n) * 15 * 60
        nap = np.stack([nap_start, nap_start + (45 + 25 * rng.random(n)) * 60], axis=1)
        nap[rng.random(n) > 0.55] = np.nan
        still = np.full((n, 2), np.nan)
        bad = rng.choice(n, min(n, 1 + int(rng.random() < 0.6)), replace=False) if n else np.zeros(0, np.int64)
        still[bad, 0] = at_hour(8.0 + 7.0 * rng.random(len(bad)))
        still[bad, 1] = still[bad, 0] + (2.2 + 2.5 * rng.random(len(bad))) * 3600
        start, end = out.start[elders].copy(), out.end[elders].copy()
        # Nobody leaves on the way through a bad stretch, nor before getting up or from bed.
        blocked = ((end > still[:, :1]) & (start < still[:, 1:])) | (start < wake[:, None] + 900) | (end > bed[:, None])
        start[blocked] = end[blocked] = np.nan
        away, turn = out.away[elders], day.number % AWAY_DAYS
        leave = wake + 3600.0 * (1.0 + uniform(day.seed, 17, np.arange(n), day.number))
        back = at_hour(15.5 + 3.0 * uniform(day.seed, 18, np.arange(n), day.number))
        return cls(
            day, wake, np.minimum(bed, at_hour(26.5)), nap, start, end, away,
            np.where(away & (turn == 0), leave.round(1), -np.inf),
            np.where(away & (turn == AWAY_DAYS - 1), back.round(1), np.inf), still, slept, sleeps,
        )  # fmt: skip

    def out(self, elder: Ints, seconds: Floats) -> NDArray[np.bool_]:
        """Whether ``elder`` is out of the home at ``seconds``."""
        gone = self.away[elder] & (seconds >= self.leave[elder]) & (seconds < self.back[elder])
        for slot in range(SLOTS):
            gone = gone | ((seconds >= self.start[elder, slot]) & (seconds < self.end[elder, slot]))
        return np.asarray(gone)

    def asleep(self, elder: Ints, seconds: Floats) -> NDArray[np.bool_]:
        """Whether ``elder`` is in bed at ``seconds`` (at night or at the noon nap)."""
        night = (seconds < self.wake[elder]) | (seconds >= self.bed[elder])
        nap = (seconds >= self.nap[elder, 0]) & (seconds < self.nap[elder, 1])
        return np.asarray(night | (nap & ~self.out(elder, seconds)))

    def stirring(self, elder: Ints, seconds: Floats) -> Floats:
        """Chance 0..1 that a moment at ``seconds`` shows movement in the home."""
        still = (seconds >= self.still[elder, 0]) & (seconds < self.still[elder, 1])
        chance = np.where(self.asleep(elder, seconds), 0.03, 0.58)
        deep = (seconds >= at_hour(18.9)) & self.sleeps[elder] | (seconds < self.wake[elder]) & self.slept[elder]
        chance = np.where(deep, 0.0, chance)
        return np.where(self.out(elder, seconds) | still, 0.0, chance)

    @cached_property
    def bouts(self) -> tuple[Ints, Floats, Floats]:
        """Stirrings in each home: elder, second it begins, seconds it lasts; at most one in 16 minutes."""
        rng = self.day.rng("bouts")
        n, cells = len(self.wake), 90
        # Each home has its own beginning, or all would stir and rest together.
        shift = uniform(self.day.seed, 15, np.arange(n))[:, None]
        seconds = (np.arange(cells) + shift + 0.5 * rng.random((n, cells))) * (86_400 / cells)
        elder = np.repeat(np.arange(n), cells)
        flat = seconds.ravel()
        moves = (rng.random(n * cells) < self.stirring(elder, flat)) & (flat < 86_000)
        length = 60.0 + 240.0 * rng.random(n * cells)
        return elder[moves], np.round(flat[moves], 1), np.round(length[moves], 1)

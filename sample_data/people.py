"""Who lives in the sample community: counts per home and age band, never persons.

The totals are fixed (README.md says where they come from); how they spread over the homes is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

AGES = {"0_17": 692, "18_59": 2408, "60_79": 734, "80_up": 178}
"""Residents by age band: 4,012 in all, 912 of them 60 or older."""

SMALL = (104, 118)
"""Of the children so many are under 3, and from 3 to under 6."""

ALONE_BY_ESTATE = {1: 110, 2: 64, 3: 40}
"""Homes of elders living alone: 214, most of them in the oldest estate."""

_ALONE_80_UP = 84
_COUPLES = 190
_THREE_GENERATIONS = 212
_THREE_GENERATIONS_CHILD = 170
_FAMILIES = 462


@dataclass(frozen=True)
class Residents:
    """``ages``: homes x 6 (0-17, 18-59, 60-79, 80+; of the first under 3, 3 to 5). ``alone``: homes of one elder."""

    ages: np.ndarray
    alone: np.ndarray


def residents(estate: np.ndarray, seed: int) -> Residents:
    """Spread the residents over homes; ``estate`` is the estate number of each of the 1,821 homes."""
    rng = np.random.default_rng([seed, 2])
    homes = len(estate)
    ages = np.zeros((homes, 4), dtype=np.int64)
    alone = np.zeros(homes, dtype=bool)
    for number, count in ALONE_BY_ESTATE.items():
        alone[rng.choice(np.flatnonzero(estate == number), count, replace=False)] = True
    single = rng.permutation(np.flatnonzero(alone))
    ages[single[:_ALONE_80_UP], 3] = 1
    ages[single[_ALONE_80_UP:], 2] = 1

    # Elder couples sooner in the old slabs, families with children sooner in the towers.
    rest = np.flatnonzero(~alone)
    rest = rest[np.argsort(estate[rest] * 0.35 + rng.random(len(rest)), kind="stable")]
    couples, rest = rest[:_COUPLES], rest[_COUPLES:]
    rest = rng.permutation(rest)
    three, families, adults = np.split(rest, [_THREE_GENERATIONS, _THREE_GENERATIONS + _FAMILIES])
    elders = np.concatenate([np.repeat(couples, 2), three, three[: len(three) // 2]])
    very_old = rng.choice(len(elders), AGES["80_up"] - _ALONE_80_UP, replace=False)
    band = np.full(len(elders), 2)
    band[very_old] = 3
    np.add.at(ages, (elders, band), 1)
    children = AGES["0_17"] - _THREE_GENERATIONS_CHILD - _FAMILIES
    ages[three[:_THREE_GENERATIONS_CHILD], 0] = 1
    ages[families, 0] = 1
    ages[families[:children], 0] += 1
    ages[three, 1] = 2
    ages[families, 1] = 2
    grown = AGES["18_59"] - 2 * (len(three) + len(families))
    ages[adults, 1] = 1
    ages[adults[: grown - len(adults)], 1] = 2
    return Residents(np.concatenate([ages, _small(ages[:, 0], seed)], axis=1), alone)


def _small(children: np.ndarray, seed: int) -> np.ndarray:
    """How many of each home's children are under 3, and from 3 to under 6."""
    rng = np.random.default_rng([seed, 21])
    home = rng.permutation(np.repeat(np.arange(len(children)), children))
    youngest, small = np.split(home[: sum(SMALL)], [SMALL[0]])
    return np.stack([np.bincount(part, minlength=len(children)) for part in (youngest, small)], axis=1)

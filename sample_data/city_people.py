"""Who lives in the sample city: homes by building with their people counted by age, never persons.

Shares are close to what the census of 2020 published for Zhejiang (60 and older 18.7 %, 0 to 14 13.4 %, 2.35 people a
household); how they differ between communities is invented. Of some homes nothing is registered: unknown, not zero.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sample_data.city_plan import Bools, Ints, apportioned

HOUSEHOLD = (0.25, 0.31, 0.22, 0.14, 0.06, 0.02)
"""Households of one to six people."""
BANDS = ("age_0_2", "age_3_5", "age_6_17", "age_18_59", "age_60_79", "age_80_up")
SHARES = (0.021, 0.026, 0.103, 0.663, 0.161, 0.026)
UNKNOWN = 0.018
"""Homes of which no people are registered."""
SILENT = 0.008
"""Communities of which none are."""
TYPES = ((3, 1, 2), (6, 1, 2), (6, 2, 2), (11, 1, 2), (18, 1, 4))
"""Levels, staircases, homes a floor."""
COMMON = (0.45, 0.4, 0.08, 0.05, 0.02)


def homes_by_community(total: int, communities: int, rng: np.random.Generator) -> Ints:
    """How many homes each community has: 40 at least, some ten times as many as others."""
    spread = rng.lognormal(0, 0.5, communities)
    return apportioned(total - 40 * communities, spread) + 40


def buildings_of(homes: int, most: int, rng: np.random.Generator) -> Ints:
    """Types of buildings that together have room for so many homes; not more than ``most`` of them."""
    room = np.array([levels * units * doors for levels, units, doors in TYPES])
    found: list[int] = []
    left = homes
    while left > 0:
        tall = len(found) + left / 14 > most  # little ground: build higher
        kind = 4 if tall else int(rng.choice(len(TYPES), p=COMMON))
        found.append(kind)
        left -= int(room[kind])
    return np.array(found)


def homes(
    building: pa.Array, types: Ints, wanted: Ints, community_of: Ints, communities: pa.Array, seed: int
) -> pa.Table:
    """One row per home: of building i, ``wanted[i]`` of the homes its type has room for, from the ground up.

    ``community_of``: the number of each building's community among ``communities``.
    """
    rng = np.random.default_rng([seed, 64])
    of = np.repeat(np.arange(len(types)), wanted)
    place = np.arange(len(of)) - np.repeat(np.cumsum(wanted) - wanted, wanted)
    shape = np.array(TYPES)[types[of]]
    door, rest = place % shape[:, 2] + 1, place // shape[:, 2]
    unit, floor = rest % shape[:, 1] + 1, rest // shape[:, 1] + 1
    community = community_of[of]
    ages, is_known = _people(community, len(communities), rng)
    number = _joined("-", _text(unit), pc.utf8_lpad(_text(floor * 100 + door), 4, "0"))
    ids = building.take(pa.array(of))
    bands = dict(zip(BANDS, ages.T, strict=True))
    gone = pa.array(~is_known)

    def counted(values: Ints) -> pa.Array:
        return pc.if_else(gone, pa.scalar(None, pa.int64()), pa.array(values))

    alone = (ages.sum(axis=1) == 1) & (ages[:, 4:].sum(axis=1) == 1)
    return pa.table(
        {
            "home_id": _joined("-", ids, number), "community_id": communities.take(pa.array(community)),
            "building_id": ids, "unit_id": pa.nulls(len(of), pa.string()), "floor": floor, "number": number,
            "households": np.ones(len(of), np.int64),
            "age_0_17": counted(ages[:, :3].sum(axis=1)), "age_18_59": counted(bands["age_18_59"]),
            "age_60_79": counted(bands["age_60_79"]), "age_80_up": counted(bands["age_80_up"]),
            "elder_alone": pc.if_else(gone, pa.scalar(None, pa.bool_()), pa.array(alone)),
            "age_0_3": counted(bands["age_0_2"]), "age_3_6": counted(bands["age_3_5"]),
        }
    )  # fmt: skip


def _people(community: Ints, communities: int, rng: np.random.Generator) -> tuple[Ints, Bools]:
    """People of each home by band (households x 6), and whether anything is registered of it."""
    size = rng.choice(np.arange(1, len(HOUSEHOLD) + 1), size=len(community), p=HOUSEHOLD)
    # a community is old or young: elders from half to twice the city's share, children the other way round
    tilt = rng.lognormal(0, 0.32, communities)
    weight = np.array(SHARES) * np.stack([tilt**-0.6] * 3 + [np.ones(communities)] + [tilt] * 2, axis=1)
    edges = np.cumsum(weight / weight.sum(axis=1, keepdims=True), axis=1)
    home = np.repeat(np.arange(len(community)), size)
    drawn = rng.random(len(home))
    band = (drawn[:, None] > edges[community[home]][:, :-1]).sum(axis=1)
    first = np.r_[True, home[1:] != home[:-1]]
    band[first & (band < 3)] = 3  # no child lives alone
    ages = np.bincount(home * len(BANDS) + band, minlength=len(community) * len(BANDS)).reshape(-1, len(BANDS))
    is_silent = rng.random(communities) < SILENT
    return ages, (rng.random(len(community)) >= UNKNOWN) & ~is_silent[community]


def _text(values: Ints) -> pa.Array:
    return pa.array(values).cast(pa.string())


def _joined(between: str, *parts: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(*parts, between)

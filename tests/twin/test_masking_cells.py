"""Public coverage against somebody who knows the streets and compares every answer with every other."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pyarrow as pa
import pytest

from twin_model.coverage import Homes, Walked, count_homes, shares
from twin_model.masking import FEWEST
from twin_model.masking_cells import NESTED, coarse, kept_back

GROUPS = ("homes", *NESTED)
LIMITS = [(minutes, "min", minutes * 80.0) for minutes in (5.0, 10.0, 15.0)]


def street(seed: int, old: float, houses: int = 40) -> tuple[Homes, np.ndarray]:
    """Houses of one to six homes each, here and there; ``old``: how many of 80 and over a home has on average."""
    rng = np.random.default_rng(seed)
    ids = [f"b{n:02d}" for n in range(houses)]
    of = [name for name in ids for _ in range(rng.integers(1, 7))]
    means = {"age_0_17": 0.3, "age_18_59": 0.8, "age_60_79": 0.3, "age_80_up": old, "age_0_3": 0.0, "age_3_6": 0.0}
    people = {name: pa.array(rng.poisson(mean, len(of)), pa.int64()) for name, mean in means.items()}
    estate = pa.array([None] * houses, pa.string())
    buildings = pa.table({"building_id": ids, "community_id": ["c"] * houses, "estate_id": estate})
    return count_homes(buildings, pa.table({"building_id": of, **people})), rng.uniform(0, 800, (houses, 2))


def walks(rng: np.random.Generator, houses: int) -> dict[str, Walked]:
    """Kinds of facilities; each other one reaches the houses of the one before and one more, or one fewer."""
    found: dict[str, Walked] = {}
    metres = rng.uniform(50, 1_600, houses)
    none = np.zeros(houses, bool)
    for n in range(12):
        metres = metres.copy()
        metres[rng.integers(0, houses)] = 100.0 if n % 2 else 5_000.0
        unknown = none.copy()
        unknown[n] = True
        found[f"kind{n}"] = Walked(
            metres, metres, np.zeros(houses, np.int64), metres, metres, unknown & (metres > 1_200), none, none, 1, 0, 0,
            metres, metres,
        )  # fmt: skip
    return found


def attack(homes: Homes, walked: dict[str, Walked], groups: tuple[str, ...], *, raw: bool, middles: np.ndarray) -> set:
    """Which houses each circle holds is known; where one holds all of another, what they tell is subtracted."""
    told, hidden = coarse(homes, middles)
    table = shares(homes if raw else told, "community", walked, LIMITS, groups)
    rows = (table if raw else kept_back(table, hidden)).to_pylist()
    holds = {
        (kind, limit): frozenset(np.flatnonzero(walk.status(metres, by_time=True) == 0).tolist())
        for kind, walk in walked.items() for limit, _, metres in LIMITS
    }  # fmt: skip
    said = {(row["facility_kind"], row["limit"], row["group"]): row["reached"] for row in rows}
    found = set()
    for one, other in permutations(holds, 2):
        if holds[one] <= holds[other]:
            for group in groups:
                more, less = said[(*other, group)], said[(*one, group)]
                if more is not None and less is not None:
                    found.add(more - less)
    return {n for n in found if 0 < n < FEWEST}


@pytest.mark.parametrize("seed", range(3))
def test_circles_that_differ_by_one_house_do_not_tell_who_lives_there(seed):
    homes, middles = street(seed, old=0.3)
    walked = walks(np.random.default_rng(seed), len(homes))
    assert attack(homes, walked, GROUPS, raw=True, middles=middles), "as it is the street gives itself away"
    assert attack(homes, walked, GROUPS, raw=False, middles=middles) == set()


@pytest.mark.parametrize(("seed", "old"), [(0, 0.3), (1, 0.02), (2, 0.005), (3, 0.0)])
def test_every_sum_that_can_be_made_of_the_answers_is_of_nobody_or_of_five_people_or_more(seed, old):
    """Of one house alone: each age between two groups that are told."""
    homes, middles = street(seed, old)
    told, hidden = coarse(homes, middles)
    groups = [group for group in NESTED if "c" not in hidden[group]]
    inner = [*(told.count[group] for group in groups[1:]), np.zeros(len(homes))]
    parts = [told.count[group] - less for group, less in zip(groups, inner, strict=True)]
    for part in [*parts, told.count["homes"]]:
        assert not ((part > 0) & (part < FEWEST)).any()
    for group in ("homes", *groups):
        assert told.count[group].sum() == homes.count[group].sum()


def test_where_they_are_too_few_the_oldest_are_not_told_and_hide_among_the_old():
    homes, middles = street(1, old=0.02)
    assert 0 < homes.count["aged_80"].sum() < FEWEST
    _, hidden = coarse(homes, middles)
    assert hidden["aged_80"] == {"c"}
    assert hidden["people"] == frozenset()

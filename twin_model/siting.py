"""What a change of facilities does to who reaches one on foot. Pure: no twin, no SQL, no time.

A *site* is a facility that is there or one somebody thinks of; sites are numbered, and ``before`` and ``after`` say
which of them are open. So putting one is a site that is only open after, closing one a site that is only open before,
moving one is both, enlarging one changes its places. Walks beyond the limit they were searched to are not in ``Walks``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin_model.siting_best import Answer, Savings, best, greedy

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Bool = NDArray[np.bool_]

COVERAGE, P_MEDIAN = "coverage", "p_median"
METHODS = (COVERAGE, P_MEDIAN)
YUAN = 10_000.0


@dataclass(frozen=True)
class Walks:
    """Walks from ``sites`` sites to ``buildings`` buildings: three columns of one length, each pair at most once."""

    site: I64
    building: I64
    metres: F64
    sites: int
    buildings: int

    def nearest(self, open_sites: Bool) -> F64:
        """Metres from each building to the nearest open site; inf where none is within the searched limit."""
        used = open_sites[self.site]
        metres = np.full(self.buildings, np.inf)
        np.minimum.at(metres, self.building[used], self.metres[used])
        return metres

    def beside(self, other: Walks) -> Walks:
        """These sites and, numbered after them, those of another table over the same buildings."""
        if self.buildings != other.buildings:
            raise ValueError(f"walks to {self.buildings} and to {other.buildings} buildings are not of one place")
        return Walks(
            np.concatenate([self.site, other.site + self.sites]), np.concatenate([self.building, other.building]),
            np.concatenate([self.metres, other.metres]), self.sites + other.sites, self.buildings,
        )  # fmt: skip


@dataclass(frozen=True)
class Covered:
    """Of one group within one limit. ``gained`` and ``lost`` are people (homes) who come in and who fall out.

    ``total``: those counted; ``uncounted``: buildings for which the number of the group is not known (in no sum; the
    twin tells it in homes). ``perhaps_before`` and ``perhaps_after``: who would be within it besides, were those open
    whose hours nobody knows.
    """

    group: str
    limit_m: float
    total: float
    before: float
    after: float
    gained: float
    lost: float
    uncounted: int
    perhaps_before: float = 0.0
    perhaps_after: float = 0.0

    @property
    def change(self) -> float:
        return self.after - self.before


def coverage_change(
    before_m: F64, after_m: F64, weights: Mapping[str, F64], limits_m: Sequence[float]
) -> list[Covered]:
    """Who is within each limit before and after. ``weights``: of each group the number per building, NaN unknown."""
    rows = []
    for limit in limits_m:
        was, now = before_m <= limit, after_m <= limit
        for group, number in weights.items():
            known = np.nan_to_num(number)
            total, before, after = float(known.sum()), float(known[was].sum()), float(known[now].sum())
            gained, lost = float(known[now & ~was].sum()), float(known[was & ~now].sum())
            rows.append(Covered(group, float(limit), total, before, after, gained, lost, int(np.isnan(number).sum())))
    return rows


@dataclass(frozen=True)
class Served:
    """Places against who needs them, on foot. ``served``: the most people who can have a place within the limit.

    ``unknown``: open sites that say no capacity; they give no place here and are named so that nobody thinks none is
    missing.
    """

    limit_m: float
    places: int
    demand: int
    within: int
    served: int
    unknown: int


def served(walks: Walks, open_sites: Bool, capacity: F64, demand: F64, limit_m: float) -> Served:
    """The largest number of people (``demand`` per building, NaN: unknown, none) who fit into places they can walk to.

    A maximum flow from sites (their places) to buildings (their people), so that a full facility sends people to the
    next one within the limit. ``capacity``: places per site, NaN unknown.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_flow

    people = np.nan_to_num(demand).round().astype(np.int64)
    places = np.where(open_sites, np.nan_to_num(capacity), 0.0).round().astype(np.int64)
    used = open_sites[walks.site] & (walks.metres <= limit_m)
    within = np.zeros(walks.buildings, bool)
    within[walks.building[used]] = True
    n, m = walks.sites, walks.buildings
    used &= (places[walks.site] > 0) & (people[walks.building] > 0)
    site, building = walks.site[used], walks.building[used]
    rows = np.concatenate([np.full(n, 0), site + 1, np.arange(m) + 1 + n])
    columns = np.concatenate([np.arange(n) + 1, building + 1 + n, np.full(m, n + m + 1)])
    flows = np.concatenate([places, np.minimum(places[site], people[building]), people])
    graph = csr_array((flows.astype(np.int32), (rows, columns)), shape=(n + m + 2, n + m + 2))
    return Served(
        float(limit_m), int(places.sum()), int(people.sum()), int(people[within].sum()),
        int(maximum_flow(graph, 0, n + m + 1).flow_value), int((open_sites & np.isnan(capacity)).sum()),
    )  # fmt: skip


@dataclass(frozen=True)
class Marginal:
    """What one site adds when it comes after those before it in the list: newly within the limit, and metres saved.

    ``per_m2`` and ``per_10k`` (people per 10,000 yuan a year): None where the area or the cost is not stated.
    """

    site: int
    people: float
    metres_saved: float
    per_m2: float | None
    per_10k: float | None


def marginals(
    walks: Walks, chosen: Sequence[int], nearest_m: F64, weight: F64, limit_m: float,
    area_m2: F64 | None = None, yuan_per_m2: F64 | None = None,
) -> list[Marginal]:  # fmt: skip
    """The chosen sites, the one that adds most first. ``area_m2``, ``yuan_per_m2`` (a year): per site, NaN unknown."""
    people = np.nan_to_num(weight)
    left, now, rows = sorted(chosen), nearest_m.copy(), []
    alone = {site: walks.nearest(np.arange(walks.sites) == site) for site in left}
    while left:

        def adds(site: int, current: F64 = now) -> tuple[float, float, int]:
            better = np.minimum(current, alone[site])
            new = float(people[(better <= limit_m) & (current > limit_m)].sum())
            both = np.isfinite(better) & (people > 0)
            spared = np.minimum(current[both], max(limit_m, float(better[both].max(initial=0)))) - better[both]
            return new, float((people[both] * np.maximum(spared, 0)).sum()), -site

        site = max(left, key=adds)
        new, saved, _ = adds(site)
        area = np.nan if area_m2 is None else float(area_m2[site])
        yuan = np.nan if yuan_per_m2 is None else float(yuan_per_m2[site]) * area
        rows.append(Marginal(site, new, saved, _per(new, area), _per(new * YUAN, yuan)))
        now = np.minimum(now, alone[site])
        left.remove(site)
    return rows


def _per(value: float, by: float) -> float | None:
    return value / by if np.isfinite(by) and by > 0 else None


@dataclass(frozen=True)
class Question:
    """Where k sites would be best: ``method`` coverage (people within ``limit_m``) or p_median (metres they walk).

    ``nearest_m``: to what is there already, inf for none. Under p_median a walk beyond ``limit_m`` counts as
    ``limit_m``, since what lies further was not searched.
    """

    method: str
    k: int
    walks: Walks
    weight: F64
    nearest_m: F64
    limit_m: float

    def savings(self) -> Savings:
        """What each site saves at each building: see ``siting_best``."""
        walks, people = self.walks, np.nan_to_num(self.weight)
        if self.method == COVERAGE:
            new = (walks.metres <= self.limit_m) & (self.nearest_m[walks.building] > self.limit_m)
            value = np.where(new, people[walks.building], 0.0)
        elif self.method == P_MEDIAN:
            usual = np.minimum(self.nearest_m, self.limit_m)
            value = people[walks.building] * np.maximum(usual[walks.building] - walks.metres, 0.0)
        else:
            raise ValueError(f"method: found {self.method!r}, expected one of {', '.join(METHODS)}")
        return Savings.of(walks.building, walks.site, value, walks.buildings, walks.sites)

    def first(self) -> tuple[int, ...]:
        """The greedy answer, in the order the sites were taken."""
        return greedy(self.savings(), self.k)

    def exact(self, time_limit_s: float = 10.0) -> Answer:
        """The exact answer; or, when the time is over, the best one found with its true gap."""
        whole = self.method == COVERAGE and bool((np.nan_to_num(self.weight) % 1 == 0).all())
        return best(self.savings(), self.k, whole=whole, time_limit_s=time_limit_s)

    def mean_m(self, chosen: Sequence[int]) -> float | None:
        """The mean walk of the group with these sites, walks beyond the limit counted as the limit; None of nobody."""
        mask = np.zeros(self.walks.sites, bool)
        mask[list(chosen)] = True
        metres = np.minimum(np.minimum(self.walks.nearest(mask), self.nearest_m), self.limit_m)
        people = np.nan_to_num(self.weight)
        return float((metres * people).sum() / people.sum()) if people.sum() > 0 else None

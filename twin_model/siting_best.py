"""The best k of many sites: greedy at once, then the exact answer with its gap. Pure: no twin, no SQL, no clock.

Both questions are one. A site *saves* something at a building: under maximum coverage the people there (when it lies
within the limit), under p-median the metres it spares each of them; of several sites the largest saving counts. Wanted
are the at most k sites that save most. Rules and measurements: docs/siting.md and docs/decisions/0031.

1. Reductions: buildings that every site serves alike become one, sites that another one beats everywhere go.
2. A lazy greedy answer, then swaps of one site while one helps: a good answer, and the least an optimum must reach.
3. A Lagrangian bound: what no answer can pass. Sites that no better answer can hold, or miss, are settled by it.
4. What is still open goes to HiGHS as an integer program over merged sets of sites when it is small enough, else it
   is halved (a site is in, or it is not) and each half is bounded by its linear program: the whole one under coverage,
   one that grows by cuts (Benders) under p-median. Its prices are counted through here again, so that no tolerance of
   a solver is in a bound.

The same question gets the same answer in every run and in any order of its rows: sites are numbered in the order of
their ids, ties go to the smaller number, and every step is deterministic (save a time limit that is
reached; the clock here measures work and tells no instant).
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Bool = NDArray[np.bool_]

PROVEN = 1e-9
"""A relative gap up to this is what numbers of 53 bits leave: 0."""
STEPS = 900
"""Of the Lagrangian bound, at most; it stops earlier when nothing is open any more or it hardly falls."""
KEEP_WAY, PATIENCE = 0.7, 10
"""How much of the last direction is kept; after how many steps without a better bound they get shorter. Measured."""
TRY_EVERY = 10
TRY_ABOVE = 0.9
"""Every so many steps the sites that the bound takes are tried as an answer; with swaps when near the best so far
(where values are flat, as under coverage, always: a pass is short, the bound's sites lie far from an answer)."""
FEW_SITES = 24
FEW_ENTRIES = 4_000
"""With so little open, HiGHS is done sooner than another step of the bound."""
WHOLE = 1e-6
"""What a linear program takes of a site is a whole one up to this."""
CUT_ROUNDS = 30
CUT_ENOUGH = 0.3
"""Cuts are added so many times at most, and until what they can still lower is this share of the gap. Measured."""
CUT_OFF = 1e-7
"""Of the largest saving of a row: a cut that takes less off is not added."""
PAIRS_COMPARED = 40_000_000
"""Where more pairs of (site, site at the same building) than this exist, dominated sites are not looked for."""


@dataclass(frozen=True)
class Savings:
    """What each of ``n`` sites saves at each of ``m`` rows (buildings): ``value`` > 0, at most one per pair.

    Sorted by row, in a row from the largest saving to the smallest; leaving some out or taking the same off all of a
    row keeps that order, so that nothing is sorted again in the search.
    """

    row: I64
    site: I64
    value: F64
    rows: int
    sites: int

    @classmethod
    def of(cls, row: I64, site: I64, value: F64, rows: int, sites: int) -> Savings:
        """In order; what is not above 0 is left out, of a pair given twice the larger counts."""
        kept = value > 0
        row, site, value = row[kept], site[kept], value[kept]
        order = np.lexsort((-value, site, row))
        row, site, value = row[order], site[order], value[order]
        first = np.ones(len(row), bool)
        first[1:] = (row[1:] != row[:-1]) | (site[1:] != site[:-1])
        row, site, value = row[first].astype(np.int64), site[first].astype(np.int64), value[first]
        order = np.lexsort((site, -value, row))
        return cls(row[order], site[order], value[order], rows, sites)

    def by_site(self) -> tuple[I64, I64, F64]:
        """``first`` (n + 1), row and value: the entries of site i are first[i]:first[i + 1]."""
        # numbers of 16 bits are sorted ten times as quickly as those of 64
        short = self.site.astype(np.uint16) if self.sites <= 1 << 16 else self.site
        order = np.argsort(short, kind="stable")
        first = np.searchsorted(self.site[order], np.arange(self.sites + 1))
        return first.astype(np.int64), self.row[order], self.value[order]

    def best(self, chosen: I64) -> F64:
        """The largest saving at each row by the chosen sites, 0 where none saves."""
        mask = np.zeros(self.sites, bool)
        mask[chosen] = True
        used = mask[self.site]
        best = np.zeros(self.rows)
        np.maximum.at(best, self.row[used], self.value[used])
        return best

    def worth(self, chosen: I64) -> float:
        return float(self.best(chosen).sum())


@dataclass(frozen=True)
class Answer:
    """Chosen sites (ascending), what they save, what no answer can pass, and how it was found.

    ``gap``: (bound - value) / bound, 0.0 when proven. ``greedy``: the sites of the first answer in the order they were
    taken, ``greedy_value`` what they save. ``parts``: of all answers that were bounded, ``programs``: those of them
    that HiGHS looked through.
    """

    sites: tuple[int, ...]
    value: float
    bound: float
    gap: float
    greedy: tuple[int, ...]
    greedy_value: float
    parts: int = 0
    programs: int = 0

    @property
    def proven(self) -> bool:
        return self.gap == 0.0


def largest_of(savings: Savings) -> F64:
    """The largest saving of any site at each row."""
    largest = np.zeros(savings.rows)
    np.maximum.at(largest, savings.row, savings.value)
    return largest


def greedy(savings: Savings, k: int) -> tuple[int, ...]:
    """Always the site that adds most, until k are taken or none adds anything: at least 63 % of the best (1 - 1/e).

    Lazy: what a site adds only falls, so that a stale sum that still leads is the only one to be added up again.
    """
    first, row, value = savings.by_site()
    best = np.zeros(savings.rows)
    adds = np.bincount(savings.site, weights=savings.value, minlength=savings.sites)
    heap = [(-adds[site], site) for site in range(savings.sites) if adds[site] > 0]
    heapq.heapify(heap)
    chosen: list[int] = []
    while heap and len(chosen) < k:
        _, site = heapq.heappop(heap)
        at = slice(first[site], first[site + 1])
        now = float(np.maximum(value[at] - best[row[at]], 0.0).sum())
        if now <= 0:
            continue
        if heap and (-now, site) > heap[0]:
            heapq.heappush(heap, (-now, site))
            continue
        chosen.append(site)
        best[row[at]] = np.maximum(best[row[at]], value[at])
    return tuple(chosen)


def swapped(savings: Savings, chosen: tuple[int, ...], k: int) -> tuple[int, ...]:
    """One site out, another in, while that saves more; the best swap each time, ties to the smaller numbers.

    All n * k swaps are weighed in one pass over the entries, from the best and the second best saving of each row.
    """
    current = sorted(chosen)
    while len(current) < min(k, savings.sites):
        current.append(next(site for site in range(savings.sites) if site not in current))
    current.sort()
    while current:
        change, out, into = _swap(savings, current)
        if change <= PROVEN * max(savings.worth(np.array(current, np.int64)), 1.0):
            break
        current = sorted([*(site for site in current if site != out), into])
    return tuple(current)


def _swap(savings: Savings, current: list[int]) -> tuple[float, int, int]:
    """What the best swap changes, the site that goes and the site that comes."""
    k, n = len(current), savings.sites
    place = np.full(n, -1, np.int64)
    place[current] = np.arange(k)
    used = place[savings.site] >= 0
    table = np.zeros((savings.rows, k))
    table[savings.row[used], place[savings.site[used]]] = savings.value[used]
    by = table.argmax(axis=1)
    first = table[np.arange(savings.rows), by]
    table[np.arange(savings.rows), by] = 0.0
    second = table.max(axis=1)
    lost = np.bincount(by, weights=first - second, minlength=k)
    above = savings.value - second[savings.row]
    counts = above > 0
    row, site, above = savings.row[counts], savings.site[counts], above[counts]
    over = np.maximum(savings.value[counts] - first[row], 0.0)
    gain = np.bincount(site, weights=over, minlength=n)
    saved = np.bincount(site * k + by[row], weights=above - over, minlength=n * k).reshape(n, k)
    change = gain[:, None] + saved - lost[None, :]
    change[current] = -np.inf
    at = int(change.T.argmax())
    return float(change.T.flat[at]), current[at // n], at % n


def best(savings: Savings, k: int, *, whole: bool = False, time_limit_s: float = 30.0) -> Answer:
    """The at most k sites that save most, proven, or the best found in the time with the true gap.

    ``whole``: all values are whole numbers (people), so that an answer that is better is better by 1.
    """
    if k < 1:
        raise ValueError(f"k is {k}; at least one site must be asked for")
    small, number = reduced(savings)
    quick = greedy(small, k)
    search = _Search(small, swapped(small, quick, k), whole, monotonic() + time_limit_s)
    bound = search.run(k)
    answer = _smallest(small, search.answer, search.value)
    gap = max(0.0, bound - search.value) / bound if bound > 0 else 0.0
    return Answer(
        sites=tuple(sorted(int(number[site]) for site in answer)), value=search.value, bound=bound,
        gap=gap if gap > PROVEN else 0.0, greedy=tuple(int(number[site]) for site in quick),
        greedy_value=small.worth(np.array(quick, np.int64)), parts=search.parts, programs=search.programs,
    )  # fmt: skip


# ------------------------------------------------------------------ reductions


def reduced(savings: Savings) -> tuple[Savings, I64]:
    """The same question, smaller, and the number each site had: an optimum of it is one of the whole."""
    merged = _rows_merged(savings)
    kept = np.flatnonzero(~_dominated(merged))
    return _of_sites(merged, kept), kept


def _rows_merged(savings: Savings) -> Savings:
    """Rows whose savings are in proportion become one: of any answer the same site is the best for both."""
    first = np.searchsorted(savings.row, np.arange(savings.rows + 1))
    largest = largest_of(savings)
    shape = np.round(savings.value / largest[savings.row], 12)
    group: dict[bytes, int] = {}
    of = np.full(savings.rows, -1, np.int64)
    like: list[int] = []
    weight: list[float] = []
    for row in range(savings.rows):
        at = slice(first[row], first[row + 1])
        if at.start == at.stop:
            continue
        key = savings.site[at].tobytes() + shape[at].tobytes()
        if key not in group:
            group[key] = len(like)
            like.append(row)
            weight.append(0.0)
        of[row] = group[key]
        weight[group[key]] += largest[row]
    chosen = np.zeros(savings.rows, bool)
    chosen[like] = True
    kept = chosen[savings.row]
    number = of[savings.row[kept]]
    more = np.array(weight) / largest[like] if like else np.ones(0)
    value = savings.value[kept] * more[number]
    return Savings(number, savings.site[kept], value, len(like), savings.sites)


def _dominated(savings: Savings) -> Bool:
    """Sites that another one beats or equals at every row (of equal ones the smallest number stays)."""
    from scipy.sparse import csr_array

    n = savings.sites
    out: Bool = np.bincount(savings.site, minlength=n) == 0
    per_row = np.bincount(savings.row, minlength=savings.rows)
    if float((per_row.astype(np.float64) ** 2).sum()) > PAIRS_COMPARED:
        return out
    first, row, value = savings.by_site()
    there = csr_array((np.ones(len(row), np.int32), row, first), shape=(n, savings.rows))
    shared = (there @ there.T).tocoo()
    size = np.diff(first)
    within = (shared.data == size[shared.row]) & (shared.row != shared.col)
    pairs = sorted(zip(shared.row[within].tolist(), shared.col[within].tolist(), strict=True))
    dense = np.zeros(savings.rows)
    for small, large in pairs:
        if out[small] or out[large]:
            continue  # whatever beats `large` beats `small` as well, and is looked at too
        at, over = slice(first[small], first[small + 1]), slice(first[large], first[large + 1])
        dense[row[over]] = value[over]
        beaten = bool((value[at] <= dense[row[at]]).all())
        same = beaten and size[small] == size[large] and bool((value[at] == dense[row[at]]).all())
        dense[row[over]] = 0.0
        if beaten and not (same and small < large):
            out[small] = True
    return out


def _of_sites(savings: Savings, kept: I64) -> Savings:
    """Only these sites, numbered anew in their order."""
    number = np.full(savings.sites, -1, np.int64)
    number[kept] = np.arange(len(kept))
    used = number[savings.site] >= 0
    return Savings(savings.row[used], number[savings.site[used]], savings.value[used], savings.rows, len(kept))


# ------------------------------------------------------------------ the search


@dataclass(frozen=True)
class _Cuts:
    """At ``row`` no answer saves more than ``level`` and, for each site it takes, what that saves above the level."""

    row: I64
    level: F64

    def among(self, kept: Bool) -> _Cuts:
        return _Cuts(self.row[kept], self.level[kept])

    def beside(self, other: _Cuts) -> _Cuts:
        return _Cuts(np.concatenate([self.row, other.row]), np.concatenate([self.level, other.level]))


NO_CUTS = _Cuts(np.empty(0, np.int64), np.empty(0))


@dataclass(frozen=True)
class _Part:
    """A part of all answers: these sites are in, of the others (numbered in ``number``) at most k may follow.

    ``saved`` by those that are in; ``savings`` is what the others save beyond. ``bound`` of every answer in it.
    ``cuts``: those that made the bound of the part this one is of, and those besides that are tried at once.
    """

    savings: Savings
    number: I64
    inside: tuple[int, ...]
    k: int
    saved: float
    price: F64
    bound: float
    cuts: _Cuts = NO_CUTS


class _Search:
    """Branch and bound. Keeps the best answer so far (``answer``, ``value``); counts the parts looked at."""

    def __init__(self, savings: Savings, answer: tuple[int, ...], whole: bool, until: float) -> None:
        self._savings, self._whole, self._until = savings, whole, until
        self.answer = answer
        self.value = savings.worth(np.array(answer, np.int64))
        self.parts = self.programs = 0
        self._unproven = -np.inf
        self._tried: set[tuple[int, ...]] = set()
        flat = bool((savings.value == largest_of(savings)[savings.row]).all())
        self._flat = flat
        self._near = 0.0 if flat else TRY_ABOVE

    @property
    def better(self) -> float:
        """What an answer must save to be better than the best so far."""
        return self.value + (1.0 - 1e-6 if self._whole else PROVEN * max(self.value, 1.0))

    def run(self, k: int) -> float:
        """Look through all answers of at most k sites; returns a bound on all of them (the value when proven)."""
        every = np.arange(self._savings.sites)
        largest = largest_of(self._savings)
        left = [_Part(self._savings, every, (), k, 0.0, largest * 0.5, float(largest.sum()))]
        open_bound = -np.inf
        while left:
            part = left.pop()
            if part.bound < self.better:
                continue
            if monotonic() > self._until:
                open_bound = max(open_bound, part.bound)
                continue
            self.parts += 1
            left += self._halves(part, first=self.parts == 1)
        open_bound = max(open_bound, self._unproven)
        return self.value if open_bound < self.better else float(open_bound)

    def _halves(self, part: _Part, first: bool) -> list[_Part]:
        """Nothing when no answer of this part can be better, else the part in two (or HiGHS looks through it)."""
        savings, k = part.savings, part.k
        if k == 0 or not len(savings.row):
            self._try(part, np.empty(0, np.int64))
            return []
        if savings.sites <= k:
            self._try(part, np.arange(savings.sites))
            return []
        if savings.sites > FEW_SITES:
            if first:
                lowest, price, free, settled = self._bounded(part, STEPS)
                if lowest < self.better:
                    return []
                part = self._within(part, settled, free, price, lowest)
            if _open(part):
                again = self._polished(part) if self._flat else self._cut(part)
                if again is None:
                    return []
                part, taken = again
            savings, k = part.savings, part.k
        if savings.sites <= FEW_SITES or len(savings.row) <= FEW_ENTRIES or k <= 0:
            self._program(part)
            return []
        # the site of which the linear program takes most but not the whole
        one = int(np.where(taken < 1 - WHOLE, taken, 0.0).argmax())
        others = np.flatnonzero(np.arange(savings.sites) != one)
        return [
            self._within(part, [], others, part.price, part.bound),
            self._within(part, [one], others, part.price, part.bound),
        ]

    def _polished(self, part: _Part) -> tuple[_Part, F64] | None:
        """The part bounded by its linear program, and how much of each site that takes; None: nothing better in it.

        Under coverage that is quick, and the way: the subgradient stops half a percent above it, and where the program
        takes a part of a site, both halves (in, or not) fall far below, so that few sites are left in either.
        """
        told = _linear(part.savings, part.k, max(0.1, self._until - monotonic()))
        if told is None:
            return part, np.ones(part.savings.sites)
        price, taken = told
        self._try(part, np.argsort(-taken, kind="stable")[: part.k])
        lowest, price, free, settled = self._bounded(replace(part, price=price), 1)
        if lowest < self.better:
            return None
        return self._within(part, settled, free, price, min(lowest, part.bound)), taken[free]

    def _cut(self, part: _Part) -> tuple[_Part, F64] | None:
        """As `_polished` where the savings of a row differ: those of 200,000 walks, too many for one linear program.

        A small one with a cut per row, around its price, has the Lagrangian bound as its value already; cuts that its
        answer breaks are added until little is left to gain (Benders). Each time the new prices become the middle of
        the next program, so that its first basis is a good one: three times as quick as beginning anew.
        """
        taken = np.ones(part.savings.sites)
        for _ in range(CUT_ROUNDS):
            told = _linear_of_cuts(part, max(0.1, self._until - monotonic()))
            if told is None:
                break
            price, taken, needed, cuts = told
            self._try_near(part, taken)
            lowest, price, free, settled = self._bounded(replace(part, price=price), 1)
            if lowest < self.better:
                return None
            broken, reached = _broken(part.savings, taken, price)
            off = lowest - part.saved - reached
            enough = off < CUT_ENOUGH * (lowest - self.better)
            # a half begins with what made the bound of the whole; the next round keeps every cut, else rounds cycle
            part = replace(part, cuts=(cuts.among(needed) if enough else cuts).beside(broken))
            part = self._within(part, settled, free, price, min(lowest, part.bound))
            taken = taken[free]
            if enough or not len(broken.row) or not _open(part):
                break
        return part, taken

    def _within(self, part: _Part, settled: list[int], free: I64, price: F64, bound: float) -> _Part:
        """The part in which these sites are in as well and only the free ones may follow."""
        base = part.savings.best(np.array(settled, np.int64))
        some = _of_sites(part.savings, free)
        beyond = np.maximum(some.value - base[some.row], 0.0)
        used = beyond > 0
        return _Part(
            Savings(some.row[used], some.site[used], beyond[used], some.rows, some.sites), part.number[free],
            (*part.inside, *(int(part.number[site]) for site in settled)), part.k - len(settled),
            part.saved + float(base.sum()), np.maximum(price - base, 0.0), bound,
            _Cuts(part.cuts.row, np.maximum(part.cuts.level - base[part.cuts.row], 0.0)),
        )  # fmt: skip

    def _try(self, part: _Part, chosen: I64) -> None:
        """Keep the answer these sites make, after swaps, when it is the best so far."""
        whole = tuple(sorted([*part.inside, *(int(part.number[site]) for site in chosen)]))
        if whole in self._tried:
            return
        self._tried.add(whole)
        if self._savings.worth(np.array(whole, np.int64)) < self.value * self._near:
            return
        found = swapped(self._savings, whole, len(whole))
        value = self._savings.worth(np.array(found, np.int64))
        if value > self.value:
            self.value, self.answer = value, found

    def _try_near(self, part: _Part, taken: F64) -> None:
        """Try those a linear program takes most of, with swaps among those it takes something of: few, so quick."""
        whole = [*part.inside, *part.number[np.argsort(-taken, kind="stable")[: part.k]].tolist()]
        among = np.unique([*whole, *part.number[taken > WHOLE].tolist()])
        some = _of_sites(self._savings, among)
        found = np.array(swapped(some, tuple(np.searchsorted(among, whole).tolist()), len(whole)), np.int64)
        if some.worth(found) > self.value:
            self._try(replace(part, inside=(), number=among), found)

    def _bounded(self, part: _Part, steps: int) -> tuple[float, F64, I64, list[int]]:
        """A bound of the part, its prices, the sites still free, those every better answer holds.

        Lagrange: each row pays a price for being served; whatever a site saves beyond the prices is its worth, and
        prices plus the k largest worths are a bound. Prices follow the subgradient (Polyak's step to the best value).
        """
        savings, k, n = part.savings, part.k, part.savings.sites
        row, site, saves = savings.row, savings.site, savings.value
        first, of_row, of_value = savings.by_site()
        most = largest_of(savings)
        price = np.minimum(part.price, most)
        free = np.ones(n, bool)
        settled: list[int] = []
        lowest, best_price = np.inf, price
        way: F64 = np.zeros(savings.rows)
        pace, since = 1.0, 0
        for step in range(steps):
            worth = np.asarray(np.bincount(site, weights=np.maximum(saves - price[row], 0.0), minlength=n), np.float64)
            ranked = np.where(free, worth, -1.0)
            ranked[settled] = np.inf
            order = np.argsort(-ranked, kind="stable")
            taken, after = order[:k], max(float(ranked[order[k]]), 0.0)
            bound = part.saved + float(price.sum() + worth[taken].sum())
            since += 1
            if bound < lowest:
                if bound < lowest - 1e-3 * (lowest - self.value):
                    since = 0
                lowest, best_price = bound, price
            if step % TRY_EVERY == TRY_EVERY - 1:
                self._try(part, taken)
            if lowest < self.better:
                break
            least = float(worth[taken[-1]]) if free[taken[-1]] else 0.0
            if len(settled) < k:
                gone = free & (bound - least + worth < self.better)
                gone[taken] = False
                free &= ~gone
                sure = [one for one in taken.tolist() if free[one] and bound - worth[one] + after < self.better]
                if sure:
                    settled += sure
                    free[sure] = False
                if gone.sum() > 0:
                    kept = free[site] | np.isin(site, settled)
                    row, site, saves = row[kept], site[kept], saves[kept]
            if free.sum() <= FEW_SITES:
                break
            slope = np.ones(savings.rows)
            for one in taken.tolist():
                at = slice(first[one], first[one + 1])
                slope[of_row[at]] -= of_value[at] > price[of_row[at]]
            way = slope + KEEP_WAY * way
            step_to = way.copy()
            step_to[((price <= 0) & (way > 0)) | ((price >= most) & (way < 0))] = 0.0
            length = float(step_to @ step_to)
            if length == 0:
                break
            if since >= PATIENCE:
                pace, since = pace * 0.7, 0
                if pace < 1e-3:
                    break
            price = np.clip(price - pace * (bound - self.value) / length * step_to, 0.0, most)
        return lowest, best_price, np.flatnonzero(free), settled

    def _program(self, part: _Part) -> None:
        """Let HiGHS look through a small part."""
        self.programs += 1
        rest, number = reduced(part.savings)
        chosen, bound = _solved(rest, part.k, max(0.1, self._until - monotonic()))
        self._try(part, number[np.array(chosen, np.int64)])
        if part.saved + bound >= self.better:
            self._unproven = max(self._unproven, part.saved + bound)


def _open(part: _Part) -> bool:
    """Too many sites are left for the integer program at once."""
    return part.savings.sites > max(FEW_SITES, part.k) and part.k > 0


# ------------------------------------------------------------ the programs


def _solved(savings: Savings, k: int, time_limit_s: float) -> tuple[list[int], float]:
    """HiGHS: the sites, the bound it proved.

    A row's savings in steps: "some site that saves at least v" is a set of sites, the sets of a row lie in one another,
    and equal sets of several rows are one. A set counts when one of its sites is taken; it follows from the next
    smaller one, so that the program names each site once per set.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    if not savings.rows or k < 1:
        return [], 0.0
    sets, entries = _sets(savings)
    n, m = savings.sites, len(sets)
    matrix = csr_array((np.array(entries[2]), (np.array(entries[0]), np.array(entries[1]))), shape=(m + 1, n + m))
    gain = np.array(sets)
    unit = max(float(gain.sum()), 1.0)  # so that the tolerances of the solver are of the whole
    done: Any = milp(
        -np.concatenate([np.zeros(n), gain]) / unit, bounds=Bounds(0, 1),
        integrality=np.concatenate([np.ones(n), np.zeros(m)]),
        constraints=LinearConstraint(matrix, -np.inf, np.concatenate([np.zeros(m), [float(k)]])),
        options={"mip_rel_gap": 0.0, "time_limit": time_limit_s, "presolve": True},
    )  # fmt: skip
    limit = float(savings.best(np.arange(n)).sum())
    bound = limit if done.mip_dual_bound is None else min(limit, -float(done.mip_dual_bound) * unit)
    if done.x is None:
        return [], bound
    return np.flatnonzero(np.round(done.x[:n]) > 0).tolist(), bound


def _linear(savings: Savings, k: int, time_limit_s: float) -> tuple[F64, F64] | None:
    """The linear program over rows of which all sites save the same: what rows pay, how much of each site is taken.

    Its dual is asked, which has a row for each site and not for each building: measured, six times quicker. Its
    variables are what each row does not pay, each site's worth beyond the least that is taken, and that least. None
    without an answer.
    """
    from scipy.optimize import linprog
    from scipy.sparse import csr_array

    n, m = savings.sites, savings.rows
    most = largest_of(savings)
    every = np.arange(n)
    rows = np.concatenate([savings.site, every, every])
    columns = np.concatenate([savings.row, m + every, np.full(n, m + n)])
    entries = np.concatenate([np.ones(len(savings.row)), -np.ones(2 * n)])
    upper = np.concatenate([most, np.full(n + 1, np.inf)])
    done: Any = linprog(
        np.concatenate([-np.ones(m), np.ones(n), [float(k)]]),
        A_ub=csr_array((entries, (rows, columns)), shape=(n, m + n + 1)), b_ub=np.zeros(n),
        bounds=np.stack([np.zeros(m + n + 1), upper], axis=1), method="highs-ds", options={"time_limit": time_limit_s},
    )  # fmt: skip
    if done.status != 0:
        return None
    price = np.clip(most - np.asarray(done.x, np.float64)[:m], 0.0, most)
    return price, np.clip(-np.asarray(done.ineqlin.marginals, np.float64), 0.0, 1.0)


def _linear_of_cuts(part: _Part, time_limit_s: float) -> tuple[F64, F64, Bool, _Cuts] | None:
    """The linear program of the part's cuts and of one more per row, at its price: new prices (the levels of a row's
    cuts, weighted by their duals), how much of each site is taken, which cuts it needs, and the cuts. None without an
    answer.

    Variables are how much of each site is taken and by how much a row stays below the cut at its price.
    """
    from scipy.optimize import linprog
    from scipy.sparse import csr_array

    savings, n, m = part.savings, part.savings.sites, part.savings.rows
    most = largest_of(savings)
    unit = float(most.max())  # so that the tolerances of the solver are of the largest saving
    price = np.minimum(part.price, most)
    cuts = part.cuts.among(np.abs(part.cuts.level - price[part.cuts.row]) > CUT_OFF * most[part.cuts.row])
    count = len(cuts.row)
    first = np.searchsorted(savings.row, np.arange(m + 1))
    lengths = np.diff(first)[cuts.row]
    cut = np.repeat(np.arange(count), lengths)
    at = np.arange(len(cut)) + np.repeat(first[cuts.row] - (np.cumsum(lengths) - lengths), lengths)
    value = savings.value[at]
    entry = np.maximum(value - price[cuts.row[cut]], 0.0) - np.maximum(value - cuts.level[cut], 0.0)
    used = entry != 0
    rows = np.concatenate([cut[used], np.arange(count), np.full(n, count)])
    columns = np.concatenate([savings.site[at][used], n + cuts.row, np.arange(n)])
    entries = np.concatenate([entry[used] / unit, -np.ones(count), np.ones(n)])
    worth = np.bincount(savings.site, weights=np.maximum(savings.value - price[savings.row], 0.0), minlength=n)
    above = cuts.level - price[cuts.row]
    upper = np.concatenate([np.ones(n), np.full(m, np.inf)])
    done: Any = linprog(
        np.concatenate([-worth / unit, np.ones(m)]),
        A_ub=csr_array((entries, (rows, columns)), shape=(count + 1, n + m)),
        b_ub=np.append(above / unit, float(part.k)), bounds=np.stack([np.zeros(n + m), upper], axis=1),
        method="highs-ds", options={"time_limit": time_limit_s},
    )  # fmt: skip
    if done.status != 0:
        return None
    dual = np.maximum(-np.asarray(done.ineqlin.marginals, np.float64)[:count], 0.0)
    moved = price + np.bincount(cuts.row, weights=dual * above, minlength=m)
    taken = np.clip(np.asarray(done.x, np.float64)[:n], 0.0, 1.0)
    return np.clip(moved, 0.0, most), taken, dual > PROVEN, cuts


def _broken(savings: Savings, taken: F64, price: F64) -> tuple[_Cuts, float]:
    """Of each row the strongest cut for what is taken, where it is below the cut at the price; their sum.

    The strongest is at the saving by which, counted from the largest, one whole site is taken.
    """
    first = np.searchsorted(savings.row, np.arange(savings.rows + 1))
    amount = taken[savings.site]
    so_far = np.concatenate([[0.0], np.cumsum(amount)])
    short = so_far[1:] - so_far[first[:-1]][savings.row] < 1 - WHOLE
    at = first[:-1] + np.bincount(savings.row[short], minlength=savings.rows)
    level = np.where(at < first[1:], np.append(savings.value, 0.0)[at], 0.0)

    def reached(by: F64) -> F64:
        over = np.maximum(savings.value - by[savings.row], 0.0) * amount
        return by + np.bincount(savings.row, weights=over, minlength=savings.rows)

    least = reached(level)
    row = np.flatnonzero(reached(price) - least > CUT_OFF * largest_of(savings))
    return _Cuts(row, level[row]), float(least.sum())


def _sets(savings: Savings) -> tuple[list[float], tuple[list[int], list[int], list[float]]]:
    """The gain of each set, and the program's entries: set <= parent + its further sites; the last row counts sites."""
    n = savings.sites
    known: dict[bytes, int] = {}
    gain: list[float] = []
    parent: list[int] = []
    further: list[list[int]] = []
    first = np.searchsorted(savings.row, np.arange(savings.rows + 1))
    for row in range(savings.rows):
        at = slice(first[row], first[row + 1])
        order = np.lexsort((savings.site[at], -savings.value[at]))
        sites, values = savings.site[at][order], savings.value[at][order]
        ends = np.append(np.flatnonzero(values[1:] < values[:-1]) + 1, len(values))
        lower = np.append(values[ends[:-1]], 0.0)
        member = np.zeros(n, bool)
        before, start = -1, 0
        for end, least in zip(ends.tolist(), lower.tolist(), strict=True):
            member[sites[start:end]] = True
            key = np.packbits(member).tobytes()
            number = known.get(key)
            if number is None:
                number = known[key] = len(gain)
                gain.append(0.0)
                parent.append(before)
                further.append(sites[start:end].tolist())
            gain[number] += float(values[start]) - least
            before, start = number, end
    rows: list[int] = []
    columns: list[int] = []
    entries: list[float] = []
    for number, (above, sites_of) in enumerate(zip(parent, further, strict=True)):
        named = [n + number, *sites_of] + ([n + above] if above >= 0 else [])
        rows += [number] * len(named)
        columns += named
        entries += [1.0] + [-1.0] * (len(named) - 1)
    rows += [len(gain)] * n
    columns += list(range(n))
    entries += [1.0] * n
    return gain, (rows, columns, entries)


def _smallest(savings: Savings, chosen: tuple[int, ...], value: float) -> tuple[int, ...]:
    """Of answers as good that differ by one site, the one with the smaller number, until none is left."""
    current = sorted(chosen)
    changed = True
    while changed:
        changed = False
        for out in sorted(current, reverse=True):
            kept = np.array([site for site in current if site != out], np.int64)
            base = savings.best(kept)
            adds = np.bincount(
                savings.site, weights=np.maximum(savings.value - base[savings.row], 0.0), minlength=savings.sites
            )
            adds[kept] = -1.0
            enough = np.flatnonzero(float(base.sum()) + adds >= value * (1 - 1e-12))
            if len(enough) and enough[0] < out:
                current = sorted([*kept.tolist(), int(enough[0])])
                changed = True
                break
    for site in sorted(current, reverse=True):  # one that adds nothing is not asked for
        rest = [one for one in current if one != site]
        if savings.worth(np.array(rest, np.int64)) >= value * (1 - 1e-12):
            current = rest
    return tuple(current)

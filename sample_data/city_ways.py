"""The ways of the sample city: which steps of the grid one can walk, and the lines they are drawn as.

Streets run along the parcels; within a walled parcel one gets only through its gates; a fifth of the steps inside is
missing, so that there are dead ends; a river is crossed on bridges only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sample_data.city_plan import BRIDGE_EVERY, GREEN, WALLED, Bools, Grid, Ints, Plan

ROAD, STREET, WAY = 0, 1, 2
WIDTH_M = np.array([14.0, 6.0, 2.5])
MISSING = 0.19
GATES = (2, 4)


@dataclass(frozen=True)
class Lines:
    """Lines as points of the grid: ``points[first[i]:first[i + 1]]`` is line i, of ``kind[i]``, in ``community[i]``."""

    points: Ints
    first: Ints
    kind: Ints
    community: Ints


@dataclass(frozen=True)
class _Steps:
    """All steps of one direction, in rows along it, from point ``a`` to ``b``; ``is_gate``: through a parcel's edge."""

    a: Ints
    b: Ints
    row: Ints
    parcel: Ints
    kind: Ints
    community: Ints
    is_gate: Bools


def ways(plan: Plan, seed: int) -> Lines:
    """Every line one may walk; of two directions, joined where steps follow each other."""
    rng = np.random.default_rng([seed, 62])
    grid = plan.grid
    both = [_steps(grid, across) for across in (False, True)]
    gates = _gates(both, grid, rng)
    found = []
    for direction, (steps, is_open) in enumerate(zip(both, gates, strict=True)):
        kept = _kept(steps, is_open, grid, direction == 1, rng)
        found.append(_joined(steps, kept))
    shift = len(found[0].points)
    return Lines(
        np.concatenate([one.points for one in found]),
        np.concatenate([found[0].first, found[1].first[1:] + shift]),
        np.concatenate([one.kind for one in found]),
        np.concatenate([one.community for one in found]),
    )


def _steps(grid: Grid, is_north: bool) -> _Steps:
    """Steps to the east, row by row; with ``is_north`` to the north, column by column (by exchanging the axes)."""
    community, parcel = grid.community, grid.parcel
    side = community.shape[0] + 1
    number = np.arange(side * side).reshape(side, side)
    if is_north:
        community, parcel, number = community.T, parcel.T, number.T
    below, above = (np.r_[parcel[:1], parcel], np.r_[parcel, parcel[-1:]])
    c_below, c_above = (np.r_[community[:1], community], np.r_[community, community[-1:]])
    edge = np.zeros(below.shape, dtype=bool)
    edge[[0, -1]] = True
    kind = np.where(edge | (c_below != c_above), ROAD, np.where(below != above, STREET, WAY))
    inside = _inside(parcel)
    rows = np.indices(below.shape)[0]
    one_in = inside[:, :-1] != inside[:, 1:]
    return _Steps(
        number[:, :-1].ravel(), number[:, 1:].ravel(), rows.ravel(), above.ravel(), kind.ravel(), c_above.ravel(),
        ((kind == WAY) & one_in).ravel(),
    )  # fmt: skip


def _inside(parcel: Ints) -> Bools:
    """Points all of whose faces are of one parcel."""
    side = parcel.shape[0] + 1
    inside = np.zeros((side, side), dtype=bool)
    a, b, c, d = parcel[:-1, :-1], parcel[1:, :-1], parcel[:-1, 1:], parcel[1:, 1:]
    inside[1:-1, 1:-1] = (a == b) & (a == c) & (a == d)
    return inside


def _gates(both: list[_Steps], grid: Grid, rng: np.random.Generator) -> list[Bools]:
    """Of the steps through the wall of each walled parcel the few that are gates; none of a parcel that is shut."""
    parcel = np.concatenate([steps.parcel for steps in both])
    is_wall = np.concatenate([steps.is_gate for steps in both]) & (grid.parcel_kind[parcel] == WALLED)
    many = rng.integers(GATES[0], GATES[1] + 1, size=len(grid.parcel_kind))
    many[grid.is_shut] = 0
    chance = rng.random(len(parcel))
    through = np.flatnonzero(is_wall)
    through = through[np.lexsort((chance[through], parcel[through]))]
    of = parcel[through]
    rank = np.arange(len(of)) - np.searchsorted(of, of)
    is_open = ~is_wall
    is_open[through[rank < many[of]]] = True
    half = len(both[0].a)
    return [is_open[:half], is_open[half:]]


def _kept(steps: _Steps, is_open: Bools, grid: Grid, is_north: bool, rng: np.random.Generator) -> Bools:
    missing = np.array([0.0, 0.015, MISSING])[steps.kind]
    missing[(steps.kind == WAY) & (grid.parcel_kind[steps.parcel] == GREEN)] = 0.55
    missing[steps.is_gate & (grid.parcel_kind[steps.parcel] == WALLED)] = 0  # a gate stays one
    kept = is_open & (rng.random(len(steps.a)) >= missing)
    river = np.maximum(grid.wet[steps.a], grid.wet[steps.b])
    # the first river runs to the east, bridges over it to the north; the second the other way
    of_bridges = 1 if is_north else 2
    every = BRIDGE_EVERY[of_bridges - 1]
    is_bridge = (river == of_bridges) & (steps.row % every == every // 2)
    return np.asarray((kept & (river == 0)) | is_bridge)


def _joined(steps: _Steps, kept: Bools) -> Lines:
    """The steps that are kept as lines: a line ends where the next step is missing, of another kind or community."""
    at = np.flatnonzero(kept)
    follows = np.zeros(len(at), dtype=bool)
    follows[1:] = (
        (steps.a[at[1:]] == steps.b[at[:-1]])
        & (steps.row[at[1:]] == steps.row[at[:-1]])
        & (steps.kind[at[1:]] == steps.kind[at[:-1]])
        & (steps.community[at[1:]] == steps.community[at[:-1]])
    )
    begins = ~follows
    many = 1 + begins.astype(np.int64)
    step = np.repeat(at, many)
    is_first = np.zeros(len(step), dtype=bool)
    is_first[(np.cumsum(many) - many)[begins]] = True
    points = np.where(is_first, steps.a[step], steps.b[step])
    first = np.flatnonzero(is_first)
    return Lines(points, np.r_[first, len(points)], steps.kind[at[begins]], steps.community[at[begins]])

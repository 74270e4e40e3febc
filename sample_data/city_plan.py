"""The plan of the sample city: a warped grid of ways, cut into districts, subdistricts, communities and parcels.

Everything is invented. ``draw(seed)`` is the same plan on every machine: 449 x 449 points of a grid, bent so that the
middle is denser than the outskirts; rectangles of that grid halved again and again until there are as many as wanted;
two rivers that only bridges cross; parcels that are walled and have a few gates, some of which have none at all.
Metres are east and north of the middle, as in ``city_shapes``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Rect = tuple[int, int, int, int]
"""west, south, east, north as points of the grid."""

SIDE = 449
DISTRICTS, SUBDISTRICTS, COMMUNITIES = 10, 90, 1_260
HALF_M = 7_600.0
LEAST = 7
"""Points along the shorter side of a community at least."""
RIVER_M = (170.0, 60.0)
BRIDGE_EVERY = (38, 26)
"""Columns (rows) of the grid between two bridges of the first (second) river: some 1.3 km and 900 m."""
OPEN, WALLED, GREEN = 0, 1, 2
SHUT_PARCELS = 16
"""Walled parcels whose ways meet no street, as in data where a gate was forgotten: islands of the network."""


@dataclass(frozen=True)
class Grid:
    """The points (metres, [SIDE * SIDE, 2], row by row from the south west) and the faces between them.

    ``community`` and ``parcel`` are by face ([SIDE - 1, SIDE - 1], row first); ``wet``: which river a point lies in
    (0 none); ``parcel_kind`` by parcel.
    """

    xy: Floats
    wet: Ints
    community: Ints
    parcel: Ints
    parcel_kind: Ints
    is_shut: Bools


@dataclass(frozen=True)
class Plan:
    """The grid and what it is divided into; ``*_of`` is the number of the whole a part belongs to."""

    grid: Grid
    districts: list[Rect]
    subdistricts: list[Rect]
    communities: list[Rect]
    parcels: list[Rect]
    district_of: Ints
    subdistrict_of: Ints
    community_of: Ints


def draw(seed: int, communities: int = COMMUNITIES, side: int = SIDE) -> Plan:
    """The plan; ``communities`` and ``side`` smaller make a smaller city of the same kind, for tests."""
    rng = np.random.default_rng([seed, 61])
    scale = communities / COMMUNITIES
    whole: Rect = (0, 0, side - 1, side - 1)
    districts = _cut(whole, max(1, round(DISTRICTS * scale**0.5)), rng)
    subdistricts, district_of = _cut_all(districts, max(len(districts), round(SUBDISTRICTS * scale)), rng)
    leaves, subdistrict_of = _cut_all(subdistricts, communities, rng)
    parcels, community_of = _parcels(leaves, rng)
    kind = rng.choice([OPEN, WALLED, GREEN], size=len(parcels), p=[0.36, 0.56, 0.08])
    kind[np.unique(community_of, return_index=True)[1]] = WALLED  # everybody has somewhere to live
    shut = np.zeros(len(parcels), dtype=bool)
    walled = np.flatnonzero(kind == WALLED)
    shut[rng.choice(walled, max(1, round(SHUT_PARCELS * scale)), replace=False)] = True
    xy = _points(side, rng)
    grid = Grid(
        xy, _wet(xy), _faces(leaves, side), _faces(parcels, side), kind.astype(np.int64), shut,
    )  # fmt: skip
    return Plan(grid, districts, subdistricts, leaves, parcels, district_of, subdistrict_of, community_of)


# --- dividing -------------------------------------------------------------------------------------------------------


def _cut(rect: Rect, parts: int, rng: np.random.Generator) -> list[Rect]:
    """``rect`` halved along its longer side until there are ``parts``, in sizes that differ a little."""
    if parts == 1:
        return [rect]
    west, south, east, north = rect
    first = parts // 2
    is_wide = east - west >= north - south
    low, high = (west, east) if is_wide else (south, north)
    share = first / parts + rng.uniform(-0.05, 0.05)
    at = low + round((high - low) * share)
    room = max(2, min(LEAST, (high - low) // 2))
    at = min(max(at, low + room), high - room)
    halves: tuple[Rect, Rect] = (
        ((west, south, at, north), (at, south, east, north)) if is_wide
        else ((west, south, east, at), (west, at, east, north))
    )  # fmt: skip
    return [*_cut(halves[0], first, rng), *_cut(halves[1], parts - first, rng)]


def _cut_all(wholes: list[Rect], parts: int, rng: np.random.Generator) -> tuple[list[Rect], Ints]:
    """All of them cut into ``parts`` together, each into as many as its size deserves; and of which whole each is."""
    size = np.array([(e - w) * (n - s) for w, s, e, n in wholes], dtype=float)
    many = apportioned(parts, size)
    found: list[Rect] = []
    for rect, count in zip(wholes, many.tolist(), strict=True):
        found += _cut(rect, count, rng)
    return found, np.repeat(np.arange(len(wholes)), many)


def _parcels(leaves: list[Rect], rng: np.random.Generator) -> tuple[list[Rect], Ints]:
    many = rng.choice([2, 3, 4, 5], size=len(leaves), p=[0.2, 0.35, 0.3, 0.15])
    found: list[Rect] = []
    for rect, count in zip(leaves, many.tolist(), strict=True):
        found += _cut(rect, count, rng)
    return found, np.repeat(np.arange(len(leaves)), many)


def apportioned(total: int, weights: Floats) -> Ints:
    """``total`` things by weight, at least one each, by the largest remainder; first come where remainders tie."""
    left = total - len(weights)
    exact = left * weights / weights.sum()
    whole = np.floor(exact).astype(np.int64)
    order = np.argsort(whole - exact, kind="stable")
    whole[order[: left - int(whole.sum())]] += 1
    return np.asarray(whole + 1)


def _faces(rects: list[Rect], side: int) -> Ints:
    """The number of the rectangle each face lies in."""
    faces = np.zeros((side - 1, side - 1), dtype=np.int64)
    for number, (west, south, east, north) in enumerate(rects):
        faces[south:north, west:east] = number
    return faces


# --- the ground -----------------------------------------------------------------------------------------------------


def _points(side: int, rng: np.random.Generator) -> Floats:
    """The points of the grid in metres: round towards the corners, denser in the middle, nowhere quite straight."""
    line = np.linspace(-1, 1, side)
    u, v = np.meshgrid(line, line)
    half = HALF_M * (side / SIDE)
    x, y = u * np.sqrt(1 - 0.28 * v**2), v * np.sqrt(1 - 0.28 * u**2)
    spread = 0.8 + 0.35 * np.hypot(x, y)
    x, y = x * spread * half, y * spread * half
    x, y = (
        x + 240 * np.sin(y / 2_900 + 0.6) + 45 * np.sin(y / 610),
        y + 210 * np.sin(x / 3_300 - 0.4) + 40 * np.sin(x / 530 + 1.1),
    )
    turn = np.radians(9)
    x, y = x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)
    gap = 2 * half / (side - 1)
    xy = np.stack([x, y], axis=-1).reshape(-1, 2)
    return np.asarray(xy + rng.uniform(-0.09, 0.09, xy.shape) * gap)


def river_axis(river: int, along: Any) -> Any:
    """The middle of a river: of the first the north by the east, of the second the east by the north."""
    if river == 1:
        return 900 + 620 * np.sin(along / 2_600 + 0.3) + 150 * np.sin(along / 900)
    return -2_350 + 480 * np.sin(along / 1_900) + 90 * np.sin(along / 640)


def _wet(xy: Floats) -> Ints:
    """The river a point lies in, with a bank of ten metres; 0 for none."""
    first = np.abs(xy[:, 1] - river_axis(1, xy[:, 0])) < RIVER_M[0] / 2 + 10
    second = np.abs(xy[:, 0] - river_axis(2, xy[:, 1])) < RIVER_M[1] / 2 + 10
    return np.where(first, 1, np.where(second, 2, 0))

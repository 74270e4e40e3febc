"""From the plan of the sample city, in metres, to the earth: WGS 84, rounded to a centimetre, and what is cut of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from sample_data.city_plan import RIVER_M, Floats, Ints, Rect, river_axis

ORIGIN = (120.12, 30.22)
"""Where the invented city is put: an empty corner of the map, so that it lies beside nothing real of the sample."""
_SIN2 = math.sin(math.radians(ORIGIN[1])) ** 2
_E2 = 0.00669437999014
_PER_RADIAN = 6378137.0 / math.sqrt(1 - _E2 * _SIN2)
METRES_PER_DEGREE = (
    math.radians(1) * _PER_RADIAN * math.cos(math.radians(ORIGIN[1])),
    math.radians(1) * _PER_RADIAN * (1 - _E2) / (1 - _E2 * _SIN2),
)


def degrees(xy: Floats) -> Floats:
    """Longitude and latitude of points of the plan, rounded to 1e-7."""
    return np.asarray(np.round(xy / METRES_PER_DEGREE + ORIGIN, 7))


def wkb(shapes: Any) -> pa.Array:
    """Shapes in degrees as WKB, the same bytes on every machine."""
    return pa.array(shapely.to_wkb(shapes, output_dimension=2, byte_order=1), pa.binary())


def outlines(rects: list[Rect], side: int, every: int) -> tuple[Ints, Ints]:
    """The points of the grid around each rectangle, and of which each is: its corners, and every so many between.

    The same ones for both neighbours of an edge, so that outlines meet without a gap.
    """
    points, of = [], []
    for number, (west, south, east, north) in enumerate(rects):
        x, y = _along(west, east, every), _along(south, north, every)
        ring = [
            *((i, south) for i in x), *((east, j) for j in y[1:]), *((i, north) for i in x[-2::-1]),
            *((west, j) for j in y[-2:0:-1]),
        ]  # fmt: skip
        points += [j * side + i for i, j in ring]
        of += [number] * len(ring)
    return np.array(points, dtype=np.int64), np.array(of, dtype=np.int64)


def _along(low: int, high: int, every: int) -> list[int]:
    inner = range(low + 1, high)
    return [low, *(i for i in inner if i % every == 0), high]


def polygons(points: Ints, of: Ints, xy: Floats) -> Any:
    """Outlines as polygons."""
    if not len(of):
        return np.array([], dtype=object)
    first = np.flatnonzero(np.r_[True, of[1:] != of[:-1]])
    rings = [np.r_[part, part[:1]] for part in np.split(points, first[1:])]
    number = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    return shapely.polygons(shapely.linearrings(xy[np.concatenate(rings)], indices=number))


def rivers(reach: float) -> list[Any]:
    """The two rivers, in metres."""
    along = np.linspace(-1.25 * reach, 1.25 * reach, 160)
    lines = np.stack([along, river_axis(1, along)], 1), np.stack([river_axis(2, along), along], 1)
    return [
        shapely.buffer(shapely.linestrings(line), width / 2, cap_style="flat")
        for line, width in zip(lines, RIVER_M, strict=True)
    ]

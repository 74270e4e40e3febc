"""Shapes of the sample's plan, in metres: x to the east, y to the north of 120.75 E, 30.76 N.

``lonlat`` turns them into WGS 84.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely import Polygon, box
from shapely.geometry.base import BaseGeometry

ORIGIN = (120.75, 30.76)
# Metres per degree on the WGS 84 ellipsoid at the origin's latitude: true to 0.1 % within 2 km.
_SIN2 = math.sin(math.radians(ORIGIN[1])) ** 2
_E2 = 0.00669437999014
_PER_RADIAN = 6378137.0 / math.sqrt(1 - _E2 * _SIN2)
METRES_PER_DEGREE = (
    math.radians(1) * _PER_RADIAN * math.cos(math.radians(ORIGIN[1])),
    math.radians(1) * _PER_RADIAN * (1 - _E2) / (1 - _E2 * _SIN2),
)

Line = list[tuple[float, float]]
Axis = Callable[[Any], Any]

WEST, EAST, MIDDLE, CROSS = -250.0, 283.0, 30.0, 45.0


@dataclass(frozen=True, kw_only=True)
class Block:
    """One building of the plan. ``units`` staircases with ``homes_per_floor`` each, 0 when nobody lives in it."""

    name: str
    name_en: str
    shape: Polygon
    levels: int
    storey_m: float = 3.0
    use: str = "residential"
    estate: int = 0
    units: int = 0
    homes_per_floor: int = 0
    code: str = ""

    @property
    def height_m(self) -> float:
        """Height of the roof above the ground."""
        return round(self.levels * self.storey_m + (0.6 if self.use == "residential" else 0.0), 1)


@dataclass(frozen=True, kw_only=True)
class Land:
    """One shape of the ground: a line with a width, or an area. ``way``: the kind of path, where it is no plain one."""

    layer: str
    shape: BaseGeometry
    width_m: float | None = None
    name: str | None = None
    name_en: str | None = None
    way: str | None = None


def lonlat(shape: BaseGeometry) -> BaseGeometry:
    """``shape`` in degrees, rounded to 1e-7 (1 cm): the same bytes on every machine."""

    def degrees(xy: np.ndarray) -> np.ndarray:
        return np.round(xy / METRES_PER_DEGREE + ORIGIN, 7)

    return shapely.transform(shape, degrees)


def degrees(at: tuple[float, float]) -> tuple[float, float]:
    """Longitude and latitude of a point of the plan, rounded to 1e-7."""
    return (
        round(at[0] / METRES_PER_DEGREE[0] + ORIGIN[0], 7),
        round(at[1] / METRES_PER_DEGREE[1] + ORIGIN[1], 7),
    )


def south(x: Any) -> Any:
    """Axis of Nanxi Road: it follows the river."""
    return -130.0 + 5.0 * np.sin((x + 60.0) / 150.0)


def river(x: Any) -> Any:
    """Axis of the river Nanxi."""
    return -219.0 + 15.0 * np.sin(x / 118.0 + 0.55)


def curve(axis: Axis, x0: float, x1: float, offset: float = 0.0, step: float = 12.0) -> Line:
    """Points along ``axis``, moved by ``offset`` to the north."""
    xs = np.linspace(x0, x1, max(2, round((x1 - x0) / step) + 1))
    return [(float(x), float(axis(x)) + offset) for x in xs]


def band(axis: Axis, x0: float, x1: float, upper: float, lower: float) -> Polygon:
    """The area between two lines parallel to ``axis``."""
    return Polygon([*curve(axis, x0, x1, upper), *reversed(curve(axis, x0, x1, lower))])


def ring(x: float, y: float, radius: float, corners: int) -> Line:
    """Corners of a regular polygon."""
    return [
        (x + radius * math.cos(2 * math.pi * k / corners), y + radius * math.sin(2 * math.pi * k / corners))
        for k in range(corners)
    ]


def rounded(x0: float, y0: float, x1: float, y1: float, radius: float = 4.0) -> Polygon:
    """A rectangle with rounded corners."""
    radius = min(radius, (x1 - x0) / 2.01, (y1 - y0) / 2.01)
    return box(x0 + radius, y0 + radius, x1 - radius, y1 - radius).buffer(radius, quad_segs=4)

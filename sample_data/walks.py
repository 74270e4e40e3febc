"""Where one walks in the sample: paths and streets that meet in shared points, crossings, gates, entrances.

The plan is drawn to be looked at: its lanes end at kerbs and cross without a common corner. Here every place where two
lines cross becomes a point of both, and a lane that ends beside a street or another lane gets a short crossing to it,
which the map does not draw. Everything in degrees rounded to 1e-7, so that points that are one have the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from sample_data.shapes import Block, Land

WALKED = ("path", "road", "crossing")
KERB_M = 14.0
"""A lane that ends within this of another line leads to it: half a street and its pavement."""
SQUARE_M = 40.0
"""The same of a square that no lane leads to."""
TOUCH_M = 0.05
"""An end this near to another line is on it."""
OVER_M = 0.3
"""So far a crossing first runs past where it leads to, so that the two surely cross after rounding."""
_TOUCH = TOUCH_M / 100_000  # in degrees, a little more than in metres
GATES = (
    # name, English name, where, opening hours
    ("河滨苑北门", "Hebinyuan north gate", (-172.0, 19.0), "24/7"),
    ("东园西门", "Dongyuan west gate", (57.5, -67.0), "06:00-23:00"),
    ("新绿里南门", "Xinlüli south gate", (110.5, 42.0), "24/7"),
    ("学校巷门", "School lane gate", (-50.0, 42.0), "周一至周五 7:00-18:00"),
)


def crossings(land: Sequence[Land]) -> list[Land]:
    """From each end of a lane, and each square, that meets nothing to the nearest other line within ``KERB_M``."""
    lines = [one.shape if isinstance(one.shape, LineString) else one.shape.exterior for one in _walked(land)]
    tree = shapely.STRtree(lines)
    found: list[Land] = []
    for number, one in enumerate(_walked(land)):
        if one.layer != "path":
            continue
        for at in _loose(one.shape, lines[number], number, tree):
            reach = KERB_M if isinstance(one.shape, LineString) else SQUARE_M + OVER_M
            near = [int(i) for i in tree.query(at, predicate="dwithin", distance=reach) if i != number]
            near.sort(key=lambda i: (at.distance(lines[i]), i))
            if near and at.distance(lines[near[0]]) > TOUCH_M:
                way = LineString([at, _beyond(at, lines[near[0]])])
                found.append(Land(layer="crossing", shape=way, width_m=2.0))
    return found


def _loose(shape: BaseGeometry, line: LineString, number: int, tree: shapely.STRtree) -> list[shapely.Point]:
    """Where a way on may be missing: both ends of a lane; the nearest side of a square that no lane leads to."""
    if isinstance(shape, LineString):
        return [shapely.Point(shape.coords[0]), shapely.Point(shape.coords[-1])]
    if any(i != number for i in tree.query(line, predicate="intersects")):
        return []
    others = [i for i in tree.query(line, predicate="dwithin", distance=SQUARE_M) if i != number]
    ways = [shapely.shortest_line(line, tree.geometries[i]) for i in others]
    if not ways:
        return []
    way = min(ways, key=lambda way: float(way.length))
    return [_beyond(shapely.Point(way.coords[1]), shapely.Point(way.coords[0]))]


def _beyond(at: shapely.Point, other: BaseGeometry) -> shapely.Point:
    """The nearest point of the other and ``OVER_M`` more."""
    to = shapely.Point(shapely.shortest_line(other, at).coords[0])
    length = at.distance(to)
    far = (length + OVER_M) / length
    return shapely.Point(at.x + (to.x - at.x) * far, at.y + (to.y - at.y) * far)


def _walked(land: Sequence[Land]) -> list[Land]:
    return [one for one in land if one.layer in WALKED]


def met(shapes: Sequence[BaseGeometry]) -> list[BaseGeometry]:
    """Lines and outlines in degrees, with a common point, rounded to 1e-7, wherever two of them cross or touch."""
    lines = [shape if isinstance(shape, LineString) else LineString(shape.exterior.coords) for shape in shapes]
    tree = shapely.STRtree(lines)
    one, other = tree.query(lines, predicate="intersects")
    added: list[list[tuple[float, float]]] = [[] for _ in lines]
    for a, b in zip(one.tolist(), other.tolist(), strict=True):
        if a >= b:
            continue
        for part in shapely.get_parts(shapely.intersection(lines[a], lines[b])):
            for x, y in np.round(shapely.get_coordinates(part), 7).tolist():
                added[a].append((x, y))
                added[b].append((x, y))
    for number, line in enumerate(lines):
        for end in (line.coords[0], line.coords[-1]):
            for other_number in tree.query(shapely.Point(end), predicate="dwithin", distance=_TOUCH).tolist():
                if other_number != number:
                    added[other_number].append((end[0], end[1]))
    done: list[BaseGeometry] = []
    for shape, line, points in zip(shapes, lines, added, strict=True):
        with_points = _with_points(line, points)
        done.append(Polygon(with_points) if isinstance(shape, Polygon) else LineString(with_points))
    return done


def _with_points(line: LineString, points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The corners of a line and these points, in the order in which one comes by them."""
    corners = [(x, y) for x, y, *_ in line.coords]
    along = shapely.line_locate_point(line, shapely.points(corners))
    if corners[0] == corners[-1]:
        along[-1] = line.length
    placed = list(zip(along.tolist(), range(len(corners)), corners, strict=True))
    there = set(corners)
    for point in dict.fromkeys(points):
        if point not in there:
            placed.append((float(shapely.line_locate_point(line, shapely.Point(point))), len(placed), point))
    return [point for *_, point in sorted(placed)]


def trimmed(line: BaseGeometry, others: set[tuple[float, float]]) -> BaseGeometry:
    """A crossing from the first to the last point it shares with another line."""
    shared = [number for number, point in enumerate(line.coords) if point in others]
    return LineString(line.coords[shared[0] : shared[-1] + 1]) if len(shared) > 1 else line


def entrances(block: Block) -> list[tuple[float, float]]:
    """The door of each staircase: on the north side, where the plan lets it stand out."""
    west, south, east, north = block.shape.bounds
    found = []
    for unit in range(block.units):
        x = west + (unit + 0.5) * (east - west) / block.units
        across = LineString([(x, south - 1), (x, north + 1)]).intersection(block.shape)
        found.append((x, float(across.bounds[3])))
    return found

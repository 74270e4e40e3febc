"""Lines one may walk, joined where they meet, and which of their segments a place is nearest to. Pure, in metres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import shapely
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I8 = NDArray[np.int8]
Bool = NDArray[np.bool_]

JOIN_M = 0.05
"""Points of lines that are not exact (GeoJSON, CSV) are one point within this distance: what a survey rounds away."""
GATE_M = 5.0
"""A gate further than this from any path belongs to none."""
STRIP_M = 300.0
"""Things are put in order by strips this high, so that neighbours in space are neighbours in memory."""
_NEARBY_M = 50.0


@dataclass(frozen=True)
class Lines:
    """``m`` lines over shared points. Line ``i`` runs over ``points[vertices[first[i]:first[i + 1]]]``.

    ``exact``: joins others only in identical points. ``slope``: rise over run, NaN unknown. ``wheelchair``: 1 yes,
    0 not said, -1 no. ``level``: lines of different levels cross without meeting, which is then no mistake.
    """

    points: F64
    vertices: I64
    first: I64
    stairs: Bool
    exact: Bool
    slope: F64
    wheelchair: I8
    level: I64

    @classmethod
    def of(cls, lines: Sequence[Any], *, exact: bool = True, **attributes: Sequence[Any]) -> Self:
        """From coordinate lists, one per line; attributes (stairs, slope, wheelchair, level) one value per line."""
        parts = [np.asarray(line, np.float64).reshape(-1, 2) for line in lines]
        lengths = [len(part) for part in parts]
        every = np.concatenate(parts) if parts else np.empty((0, 2))
        points, vertices = np.unique(every, axis=0, return_inverse=True)
        m = len(parts)

        def column(name: str, usual: object, kind: type) -> NDArray[Any]:
            return np.asarray(attributes.get(name, [usual] * m), kind).reshape(m)

        return cls(
            points=points, vertices=vertices.reshape(-1).astype(np.int64),
            first=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), exact=np.full(m, exact),
            stairs=column("stairs", False, np.bool_), slope=column("slope", np.nan, np.float64),
            wheelchair=column("wheelchair", 0, np.int8), level=column("level", 0, np.int64),
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.first) - 1


@dataclass(frozen=True)
class Stretches:
    """Streets reached, in pieces: both ends, the metres walked to them, and the edge and line each is of."""

    start: F64
    end: F64
    start_m: F64
    end_m: F64
    line: I64

    def __len__(self) -> int:
        return len(self.line)


def joined(lines: Lines) -> Lines:
    """Points of lines that are not exact taken for one within ``JOIN_M``: the first of them stands for all."""
    if lines.exact.all() or not len(lines.points):
        return lines
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    loose = np.unique(lines.vertices[~np.repeat(lines.exact, np.diff(lines.first))])
    places = shapely.points(lines.points[loose])
    one, other = shapely.STRtree(places).query(places, predicate="dwithin", distance=JOIN_M)
    size = len(lines.points)
    pairs = coo_array((np.ones(len(one), np.int8), (loose[one], loose[other])), shape=(size, size))
    _, group = connected_components(pairs, directed=False)
    _, first = np.unique(group, return_index=True)
    kept = first[group]
    return _replaced(lines, vertices=kept[lines.vertices])


def with_gates(lines: Lines, gates: F64) -> tuple[Lines, I64]:
    """The lines with a point where each gate stands, and which point that is (-1: none is near enough)."""
    owner = np.repeat(np.arange(len(lines)), np.diff(lines.first))
    real = np.flatnonzero(owner[:-1] == owner[1:])
    a, b = lines.points[lines.vertices[real]], lines.points[lines.vertices[real + 1]]
    tree = shapely.STRtree(shapely.linestrings(np.stack([a, b], axis=1)))
    place, segment, _, spot = nearest_segments(tree, a, b, gates, GATE_M)
    found = np.full(len(gates), -1, np.int64)
    points = [lines.points]
    added: list[tuple[int, float, int]] = []
    for gate, number, xy in zip(place.tolist(), segment.tolist(), spot, strict=True):
        ends = lines.vertices[real[number]], lines.vertices[real[number] + 1]
        near = [int(end) for end in ends if np.hypot(*(lines.points[end] - xy)) <= JOIN_M]
        if near:
            found[gate] = near[0]
            continue
        found[gate] = len(lines.points) + len(added)
        added.append((int(real[number]), float(np.hypot(*(xy - a[number]))), int(found[gate])))
        points.append(xy.reshape(1, 2))
    if not added:
        return lines, found
    added.sort()
    before = np.array([position + 1 for position, *_ in added])
    vertices = np.insert(lines.vertices, before, [point for *_, point in added])
    first = lines.first + np.searchsorted(before, lines.first, "left")
    return _replaced(lines, points=np.vstack(points), vertices=vertices, first=first), found


def _replaced(lines: Lines, **changed: NDArray[Any]) -> Lines:
    return Lines(**{**{name: getattr(lines, name) for name in Lines.__dataclass_fields__}, **changed})


def nearest_segments(
    tree: shapely.STRtree, a: F64, b: F64, places: F64 | NDArray[np.object_], limit_m: float
) -> tuple[I64, I64, F64, F64]:
    """Places with a segment (``a`` to ``b``, in the order of the tree) within the limit: their numbers, the nearest
    segment (the first of several), the metres to it and the point on it."""
    near = min(limit_m, _NEARBY_M)  # most places have one this near, which boxes find faster than distances
    if places.dtype == np.object_:
        place, segment = _nearest_outline(tree, places, near, limit_m)  # type: ignore[arg-type]
        return place, segment, *_facing(places[place], a[segment], b[segment])  # type: ignore[arg-type]
    return _nearest_point(tree, a, b, np.asarray(places, np.float64), near, limit_m)


def _nearest_point(
    tree: shapely.STRtree, a: F64, b: F64, places: F64, near: float, limit_m: float
) -> tuple[I64, I64, F64, F64]:
    turns = np.lexsort((places[:, 0], places[:, 1] // STRIP_M))  # neighbours one after the other
    low, high = (places - near)[turns], (places + near)[turns]
    of, segment = tree.query(shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1]))
    turn, segment, metres, spot = _closest(of, segment, a, b, places[turns])
    kept = metres <= near
    place, segment, metres, spot = turns[turn[kept]], segment[kept], metres[kept], spot[kept]
    is_left = np.ones(len(places), bool)
    is_left[place] = False
    rest = np.flatnonzero(is_left)
    if len(rest) and near < limit_m:
        late, far, _ = _asked(tree, shapely.points(places[rest]), limit_m)
        late, far, more, at = _closest(rest[late], far, a, b, places)
        place, segment, metres = np.append(place, late), np.append(segment, far), np.append(metres, more)
        spot = np.vstack([spot, at])
    return place, segment, metres, spot


def _nearest_outline(
    tree: shapely.STRtree, outlines: NDArray[np.object_], near: float, limit_m: float
) -> tuple[I64, I64]:
    """Outlines with a segment within the limit, and the first of the nearest ones."""
    bounds = shapely.bounds(outlines) + np.array([-near, -near, near, near])
    of, segment = tree.query(shapely.box(*bounds.T))
    metres = shapely.distance(outlines[of], tree.geometries[segment])
    best = _least(of, metres, segment)
    best = best[metres[best] <= near]
    rest = np.setdiff1d(np.arange(len(outlines)), of[best], assume_unique=True)
    if not len(rest) or near >= limit_m:
        return of[best], segment[best]
    late, far, _ = _asked(tree, outlines[rest], limit_m)
    return np.append(of[best], rest[late]), np.append(segment[best], far)


def _asked(tree: shapely.STRtree, geometries: NDArray[np.object_], limit_m: float) -> tuple[I64, I64, F64]:
    """As the tree answers; asked place after neighbouring place, which it answers much faster."""
    middle = shapely.get_coordinates(shapely.centroid(geometries))
    if len(middle) != len(geometries):  # something empty among them
        middle = np.zeros((len(geometries), 2))
    order = np.lexsort((middle[:, 0], middle[:, 1] // STRIP_M))
    (turn, found), metres = tree.query_nearest(geometries[order], max_distance=limit_m, return_distance=True)
    place = order[turn]
    rank = np.lexsort((found, place))
    place, found, metres = place[rank], found[rank], metres[rank]
    place, first = np.unique(place, return_index=True)
    return place, found[first], metres[first]


def _closest(of: I64, segment: I64, a: F64, b: F64, places: F64) -> tuple[I64, I64, F64, F64]:
    """Of pairs of a place and a segment the nearest of each place, the first of several."""
    if not len(of):
        return of, segment, np.empty(0), np.empty((0, 2))
    start, along, at = a[segment], b[segment] - a[segment], places[of]
    share = np.einsum("ij,ij->i", at - start, along) / np.maximum(np.einsum("ij,ij->i", along, along), 1e-18)
    spot = start + along * np.clip(share, 0.0, 1.0)[:, None]
    metres = np.hypot(*(at - spot).T)
    best = _least(of, metres, segment)
    return of[best], segment[best], metres[best], spot[best]


def _least(of: I64, metres: F64, segment: I64) -> I64:
    """Which pair of each place is the nearest, the first segment of several; the pairs come place by place."""
    if not len(of):
        return np.empty(0, np.int64)
    begins = np.flatnonzero(np.append(True, of[1:] != of[:-1]))
    group = np.repeat(np.arange(len(begins)), np.diff(np.append(begins, len(of))))
    nearest = metres == np.minimum.reduceat(metres, begins)[group]
    first = np.minimum.reduceat(np.where(nearest, segment, np.iinfo(np.int64).max), begins)
    return np.flatnonzero(nearest & (segment == first[group]))


def _facing(geometries: NDArray[np.object_], a: F64, b: F64) -> tuple[F64, F64]:
    """The point of each segment that faces the middle of an outline, and how far from the outline it is.

    A wall along a street is as near to it everywhere, so that the nearest point alone would be anybody's choice.
    """
    along, middle = b - a, shapely.get_coordinates(shapely.centroid(geometries))
    share = np.einsum("ij,ij->i", middle - a, along) / np.maximum(np.einsum("ij,ij->i", along, along), 1e-18)
    spot = np.asarray(a + along * np.clip(share, 0.0, 1.0)[:, None], np.float64)
    return np.asarray(shapely.distance(geometries, shapely.points(spot)), np.float64), spot


def pieces(
    a: F64, b: F64, length: F64, by_a: F64, by_b: F64, forth: F64, back: F64, line: I64, limit_m: float,
    bands: Sequence[float],
) -> Stretches:  # fmt: skip
    """Segments with the costs to both ends, cut where a band ends and where the two ways cost as much.

    ``forth``, ``back``: the cost of a metre from ``a``, and from ``b``.
    """
    with np.errstate(invalid="ignore"):
        middle = (by_b + length * back - by_a) / (forth + back)
    middle = np.where(np.isnan(middle), 0.0, middle)
    cuts = [np.zeros(len(length)), length, middle]
    for band in bands:
        near, far = (band - by_a) / forth, length - (band - by_b) / back
        cuts += [np.where(near < middle, near, 0.0), np.where(far > middle, far, 0.0)]
    at = np.sort(np.clip(np.stack(cuts, axis=1), 0.0, length[:, None]), axis=1)
    start, end = at[:, :-1].ravel(), at[:, 1:].ravel()
    row = np.repeat(np.arange(len(length)), at.shape[1] - 1)

    def cost(position: F64) -> F64:
        return np.minimum(by_a[row] + position * forth[row], by_b[row] + (length[row] - position) * back[row])

    kept = (end - start > 1e-6) & (cost((start + end) / 2) <= limit_m)
    row, start, end = row[kept], start[kept], end[kept]
    share = (b - a)[row] / length[row][:, None]
    return Stretches(a[row] + share * start[:, None], a[row] + share * end[:, None], cost(start), cost(end), line[row])

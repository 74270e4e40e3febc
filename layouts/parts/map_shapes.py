"""Shapes to arrays for the 3D map: WKB in degrees becomes rings, roof triangles and ground in metres.

A shape that cannot be drawn is repaired or left out and named in ``skipped``; it never costs the rest. The
arrays are described in ``map_scene``.
"""

from __future__ import annotations

from typing import Any

import mapbox_earcut
import numpy as np
import pyarrow as pa
import shapely

GROUND_LAYERS = ("plot", "water", "green", "road", "path", "square")
SOURCES = ("measured", "levels", "assumed")
DEFAULT_WIDTH_M = {"road": 7.0, "path": 2.4, "water": 6.0}
SMALLEST_ROOF_M2 = 1.0
TERRAIN_SPREAD_M = 15.0  # bases further apart than this are a hillside, not podiums: drawn on a flat ground

Header = dict[str, Any]
Arrays = dict[str, np.ndarray]


class Plane:
    """Degrees to metres around an origin (first terms of the WGS 84 meridian and parallel arcs)."""

    def __init__(self, lon: float, lat: float) -> None:
        phi = np.radians(lat)
        self.origin = (lon, lat)
        self.east = 111412.84 * np.cos(phi) - 93.5 * np.cos(3 * phi)
        self.north = 111132.92 - 559.82 * np.cos(2 * phi) + 1.175 * np.cos(4 * phi)

    def metres(self, lon_lat: np.ndarray) -> np.ndarray:
        """(n, 2) degrees to (n, 2) metres, float64."""
        return np.asarray((lon_lat - self.origin) * (self.east, self.north))


def sound(
    ids: list[str], wkb: list[bytes], dimension: int, skipped: list[dict[str, str]]
) -> tuple[list[str], np.ndarray]:
    """Shapes that can be drawn: readable, finite, repaired when invalid, of the wanted dimension (None: any)."""
    with np.errstate(invalid="ignore"):  # coordinates that are not numbers are dealt with below
        shapes = shapely.force_2d(shapely.from_wkb(np.array(wkb, dtype=object), on_invalid="ignore"))
    invalid = ~shapely.is_valid(shapes) & ~shapely.is_missing(shapes)
    for i in np.flatnonzero(invalid):
        shapes[i] = _repaired(shapes[i])
    finite = np.isfinite(shapely.bounds(shapes)).all(axis=1)
    solid = shapely.get_dimensions(shapes) >= dimension
    for i in np.flatnonzero(~(finite & solid)):
        skipped.append({"id": ids[i], "reason": "no drawable shape"})
    keep = np.flatnonzero(finite & solid)
    return [ids[i] for i in keep], shapes[keep]


def _repaired(shape: Any) -> Any:
    """A valid shape of the same extent, or None when its coordinates are not numbers."""
    if not np.isfinite(shapely.get_coordinates(shape)).all():
        return None
    return shapely.make_valid(shape)


def boundary_of(wkb: bytes | None) -> np.ndarray:
    if wkb is None:
        return np.array([], dtype=object)
    return sound(["boundary"], [wkb], 2, [])[1]


def plane_around(boundary: np.ndarray, shapes: np.ndarray) -> Plane:
    """A plane around the boundary, else the bulk of the buildings: one stray import must not move it."""
    if len(boundary):
        x0, y0, x1, y1 = shapely.total_bounds(boundary)
        return Plane(float((x0 + x1) / 2), float((y0 + y1) / 2))
    if not len(shapes):
        return Plane(0.0, 0.0)
    middle = np.median(shapely.get_coordinates(shapely.centroid(shapes)), axis=0)
    return Plane(float(middle[0]), float(middle[1]))


def _polygons(shapes: np.ndarray, plane: Plane) -> tuple[np.ndarray, np.ndarray]:
    """All polygons of the shapes in metres, with the number of the shape each belongs to."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    inner, nested = shapely.get_parts(parts, return_index=True)  # collections left by a repair
    owner = owner[nested]
    flat = shapely.get_type_id(inner) == shapely.GeometryType.POLYGON
    metric = shapely.transform(inner[flat], plane.metres)
    return shapely.orient_polygons(metric), owner[flat]


def building_arrays(
    shapes: np.ndarray, ids: list[str], plane: Plane, skipped: list[dict[str, str]]
) -> tuple[Arrays, list[int]]:
    polygons, owner = _polygons(shapes, plane)
    large = shapely.area(polygons) >= SMALLEST_ROOF_M2
    polygons, owner = polygons[large], owner[large]
    rings, of_polygon = shapely.get_rings(polygons, return_index=True)
    xy, of_ring = shapely.get_coordinates(rings, return_index=True)
    xy, of_ring = _opened(xy, of_ring)
    ring_start = np.searchsorted(of_ring, np.arange(len(rings) + 1)).astype(np.uint32)
    first_ring_of_polygon = np.searchsorted(of_polygon, np.arange(len(polygons) + 1))

    triangles, of_triangle = [], []
    for p in range(len(polygons)):
        r0, r1 = first_ring_of_polygon[p], first_ring_of_polygon[p + 1]
        start, end = ring_start[r0], ring_start[r1]
        found = mapbox_earcut.triangulate_float64(xy[start:end], ring_start[r0 + 1 : r1 + 1] - start)
        triangles.append(found + start)
        of_triangle.append(np.full(len(found), owner[p]))
    tri = np.concatenate(triangles) if triangles else np.zeros(0, np.uint32)
    tri_owner = np.concatenate(of_triangle) if triangles else np.zeros(0, np.intp)

    drawn = sorted(set(owner.tolist()))
    for i in sorted(set(range(len(ids))) - set(drawn)):
        skipped.append({"id": ids[i], "reason": f"footprint under {SMALLEST_ROOF_M2:g} m²"})
    numbers = np.array([*drawn, len(ids)])
    ring_owner = owner[of_polygon] if len(rings) else np.zeros(0, np.intp)
    return {
        "b_xy": xy.astype(np.float32).ravel(),
        "b_ring": ring_start,
        "b_first_ring": np.searchsorted(ring_owner, numbers).astype(np.uint32),
        "b_tri": tri.astype(np.uint32),
        "b_first_tri": np.searchsorted(tri_owner, numbers).astype(np.uint32),
    }, drawn


def _opened(xy: np.ndarray, of_ring: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rings without their repeated last point and without points under a centimetre from the one before."""
    if not len(xy):
        return xy, of_ring
    last = np.append(of_ring[1:] != of_ring[:-1], True)
    near = np.append(np.hypot(*(xy[1:] - xy[:-1]).T) < 0.01, False) & ~last
    keep = ~(last | near)
    return xy[keep], of_ring[keep]


def height_arrays(table: dict[str, list[Any]], pick: np.ndarray) -> Arrays:
    height = np.array([table["height_m"][i] for i in pick], dtype=np.float32)
    base = np.array([table["base_m"][i] or 0.0 for i in pick], dtype=np.float32)
    levels = np.array([table["levels"][i] or 0 for i in pick], dtype=np.float32)
    height = np.where(np.isfinite(height) & (height > 0), np.clip(height, 1.0, 1000.0), 3.0)
    base = np.where(np.isfinite(base), base, 0.0)
    if len(base):
        base -= base.min() if base.min() > 0 else 0.0
        if np.ptp(base) > TERRAIN_SPREAD_M:
            base[:] = 0.0
    return {
        "b_height": height.astype(np.float32),
        "b_base": np.maximum(base, 0.0).astype(np.float32),
        "b_levels": np.clip(levels, 0, 255).astype(np.uint8),
    }


def source_code(source: str) -> int:
    return SOURCES.index(source) if source in SOURCES else SOURCES.index("assumed")


def ground_arrays(table: pa.Table, plane: Plane, skipped: list[dict[str, str]]) -> tuple[Arrays, list[Header]]:
    rows = {row["ground_id"]: row for row in table.to_pylist()}
    known = [key for key in rows if rows[key]["layer"] in GROUND_LAYERS]
    ids, shapes = sound(known, [rows[key]["geometry"] for key in known], 1, skipped)
    order = np.array(
        sorted(range(len(ids)), key=lambda i: (GROUND_LAYERS.index(rows[ids[i]]["layer"]), ids[i])), dtype=np.intp
    )
    parts, owner = shapely.get_parts(shapes[order], return_index=True)
    inner, nested = shapely.get_parts(parts, return_index=True)
    owner = owner[nested]
    metric = shapely.transform(inner, plane.metres)
    area = shapely.get_type_id(metric) == shapely.GeometryType.POLYGON
    lines, layer, width = [], [], []
    points: list[np.ndarray] = []
    first_ring, rings = [0], [0]
    for i, shape in enumerate(metric):
        row = rows[ids[order[owner[i]]]]
        outlines = shapely.get_rings(shape) if area[i] else [shape]
        if shapely.get_dimensions(shape) < 1:
            continue
        for outline in outlines:
            points.append(shapely.get_coordinates(outline))
            rings.append(rings[-1] + len(points[-1]))
        first_ring.append(len(rings) - 1)
        lines.append(not area[i])
        layer.append(GROUND_LAYERS.index(row["layer"]))
        width.append(row["width_m"] or DEFAULT_WIDTH_M.get(row["layer"], 3.0))
    named = [_named(rows[ids[i]], shapely.transform(shapes[i], plane.metres)) for i in order if rows[ids[i]]["name"]]
    return {
        "g_xy": (np.concatenate(points) if points else np.zeros((0, 2))).astype(np.float32).ravel(),
        "g_ring": np.array(rings, dtype=np.uint32),
        "g_first_ring": np.array(first_ring, dtype=np.uint32),
        "g_layer": np.array(layer, dtype=np.uint8),
        "g_line": np.array(lines, dtype=np.uint8),
        "g_width": np.array(width, dtype=np.float32),
    }, named


def _named(row: dict[str, Any], shape: Any) -> Header:
    """A name on the ground with the direction it runs in (radians from east), along the shape's long side."""
    point = shapely.point_on_surface(shape)
    box = shapely.get_coordinates(shapely.minimum_rotated_rectangle(shape))
    sides = box[1:] - box[:-1]
    long = sides[np.argmax(np.hypot(*sides.T))] if len(sides) else np.array([1.0, 0.0])
    if long[0] < 0:
        long = -long
    return {
        "layer": row["layer"],
        "name": row["name"],
        "name_en": row["name_en"],
        "x": round(float(point.x), 2),
        "y": round(float(point.y), 2),
        "angle": round(float(np.arctan2(long[1], long[0])), 4),
        "area_m2": round(float(shapely.area(shape))),
    }


def ring_arrays(prefix: str, shapes: np.ndarray, plane: Plane) -> Arrays:
    polygons, _ = _polygons(shapes, plane)
    xy, of_ring = shapely.get_coordinates(shapely.get_rings(polygons), return_index=True)
    count = int(of_ring[-1]) + 1 if len(of_ring) else 0
    return {
        f"{prefix}_xy": xy.astype(np.float32).ravel(),
        f"{prefix}_ring": np.searchsorted(of_ring, np.arange(count + 1)).astype(np.uint32),
    }


def centres(arrays: Arrays) -> np.ndarray:
    """Middle of each building's bounding box, (n, 2) metres."""
    first = arrays["b_ring"][arrays["b_first_ring"]].astype(np.intp)
    xy = arrays["b_xy"].reshape(-1, 2)
    if len(first) < 2:
        return np.zeros((0, 2))
    return (np.minimum.reduceat(xy, first[:-1]) + np.maximum.reduceat(xy, first[:-1])) / 2


def bounds(arrays: Arrays, core: int) -> list[float]:
    """West, south, east, north of what should fill the view; strays (outer half per cent) do not count."""
    if len(arrays["c_xy"]):
        xy = arrays["c_xy"].reshape(-1, 2)
        low, high = xy.min(axis=0), xy.max(axis=0)
    elif len(centre := centres(arrays)):
        centre = centre[:core] if core else centre
        if len(centre) > 50:
            low, high = np.quantile(centre, 0.005, axis=0), np.quantile(centre, 0.995, axis=0)
        else:
            low, high = centre.min(axis=0), centre.max(axis=0)
        low, high = low - 15.0, high + 15.0
    else:
        return []
    return [round(float(v), 2) for v in (*low, *high)]

"""What the 3D map is made of: the neighbourhood's geometry as one compact binary answer.

The browser fetches it once per version of the entities and afterwards only recolours (``map_classes``).

Format ``CIM1`` (little endian, every array starts at a multiple of 4 bytes)::

    0   4 bytes   magic b"CIM1"
    4   uint32    length of the header in bytes (a multiple of 4)
    8   header    JSON, UTF-8, padded with spaces
    8+n data      the arrays; header["arrays"][name] = {"type", "offset", "length"},
                  offset in bytes from the start of the data, length in elements

Coordinates are metres east and north of ``header["origin"]`` (longitude, latitude), float32: at a few
kilometres from the origin one step is under half a millimetre, in degrees it would be 0.65 m.

Arrays ``b_*`` are buildings (community first, context after; ``buildings.core`` counts the first part):
``b_xy`` points, ``b_ring`` first point of each ring (+ end), ``b_first_ring`` first ring of each building
(+ end), ``b_tri`` roof triangles as point numbers, ``b_first_tri`` first index of each building (+ end),
``b_height`` metres above ``b_base``, ``b_base`` metres above the ground, ``b_levels`` storeys (0 unknown),
``b_use`` 0 residential, 1 facility, 2 context, ``b_source`` 0 measured, 1 levels, 2 assumed.
Rings are open (no repeated last point); outer rings run counter-clockwise, holes clockwise.
Arrays ``g_*`` are the ground: ``g_layer`` indexes ``GROUND_LAYERS``, ``g_line`` 1 for a line with
``g_width`` metres. Arrays ``c_*`` are the community's boundary.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import mapbox_earcut
import numpy as np
import pyarrow as pa
import pydeck
import shapely

if TYPE_CHECKING:
    from twin_model.twin import Twin

MAGIC = b"CIM1"
GROUND_LAYERS = ("plot", "water", "green", "road", "path", "square")
USES = ("residential", "facility", "context")
SOURCES = ("measured", "levels", "assumed")
DEFAULT_WIDTH_M = {"road": 7.0, "path": 2.4, "water": 6.0}
SMALLEST_ROOF_M2 = 1.0
TERRAIN_SPREAD_M = 15.0  # bases further apart than this are a hillside, not podiums: drawn on a flat ground
KEPT_VERSIONS = 8

_kept: WeakKeyDictionary[Any, OrderedDict[tuple[str, str], bytes]] = WeakKeyDictionary()
_kept_lock = Lock()


def deck_bundle_path() -> Path:
    """The deck.gl program that comes inside the installed pydeck wheel."""
    return Path(pydeck.__file__).parent / "nbextension" / "static" / "index.js"


def geometry_bytes(twin: Twin, community_id: str, at: datetime) -> bytes:
    """The geometry of one community as known at ``at``, in the format above.

    Answers are kept per ``twin.geometry_version``, so asking again costs a lookup. A shape that cannot be
    drawn is left out and named in ``header["skipped"]``; it never costs the rest.
    """
    version = twin.geometry_version(community_id, at)
    with _kept_lock:
        answers = _kept.setdefault(twin, OrderedDict())
        if (answer := answers.get((community_id, version))) is not None:
            answers.move_to_end((community_id, version))
            return answer
    answer = _encode(*_collect(twin, community_id, at, version))
    with _kept_lock:
        answers[community_id, version] = answer
        while len(answers) > KEPT_VERSIONS:
            answers.popitem(last=False)
    return answer


def building_order(geometry: bytes) -> dict[str, int]:
    """Community building id -> its number in an answer of ``geometry_bytes``."""
    length = int.from_bytes(geometry[4:8], "little")
    buildings = json.loads(geometry[8 : 8 + length])["buildings"]
    return {building_id: i for i, building_id in enumerate(buildings["ids"][: buildings["core"]])}


def building_detail(twin: Twin, building_id: str, at: datetime) -> dict[str, Any] | None:
    """Storeys, staircases and homes of one building with the state of each home, for the lifted floors.

    A home is an address, not a person: ``state`` is ``act``, ``look``, ``active``, ``quiet``, ``blind`` or
    ``none`` (not equipped). ``None`` when there is no such building at ``at``.
    """
    building = twin.entity("building", building_id, at)
    if building is None:
        return None
    community_id = building["community_id"]
    units = twin.entities("unit", at, community_id=community_id, building_id=building_id).to_pylist()
    homes = twin.entities("home", at, community_id=community_id, building_id=building_id).to_pylist()
    states = {
        row["home_id"]: row["state"]
        for row in twin.home_states(at, community_id=community_id).to_pylist()
        if row["building_id"] == building_id
    }
    for row in twin.alerts(at, community_id=community_id).to_pylist():
        if row["building_id"] == building_id and row["home_id"] is not None:
            _raise_state(states, row["home_id"], row["severity"])
    order = {unit["unit_id"]: i for i, unit in enumerate(sorted(units, key=lambda u: u["unit_id"]))}
    floors = max([building["levels"] or 0, *(home["floor"] or 0 for home in homes)])
    cells = [
        {
            "home_id": home["home_id"],
            "number": home["number"],
            "unit": order.get(home["unit_id"], 0),
            "floor": home["floor"],
            "state": states.get(home["home_id"], "none"),
        }
        for home in sorted(homes, key=lambda h: h["home_id"])
    ]
    return {
        "building_id": building_id,
        "name": building["name"],
        "name_en": building["name_en"],
        "floors": floors,
        "units": [unit["name"] for unit in sorted(units, key=lambda u: u["unit_id"])],
        "homes": cells,
        "counts": {s: sum(cell["state"] == s for cell in cells) for s in sorted({c["state"] for c in cells})},
    }


_URGENCY = ("none", "active", "quiet", "blind", "look", "act")


def _raise_state(states: dict[str, str], home_id: str, severity: str) -> None:
    """The most urgent of a home's states wins."""
    if severity in _URGENCY and _URGENCY.index(severity) > _URGENCY.index(states.get(home_id, "none")):
        states[home_id] = severity


class _Plane:
    """Degrees to metres around an origin (first terms of the WGS 84 meridian and parallel arcs)."""

    def __init__(self, lon: float, lat: float) -> None:
        phi = np.radians(lat)
        self.origin = (lon, lat)
        self.east = 111412.84 * np.cos(phi) - 93.5 * np.cos(3 * phi)
        self.north = 111132.92 - 559.82 * np.cos(2 * phi) + 1.175 * np.cos(4 * phi)

    def metres(self, lon_lat: np.ndarray) -> np.ndarray:
        """(n, 2) degrees to (n, 2) metres, float64."""
        return np.asarray((lon_lat - self.origin) * (self.east, self.north))


Header = dict[str, Any]
Arrays = dict[str, np.ndarray]


def _collect(twin: Twin, community_id: str, at: datetime, version: str) -> tuple[Header, Arrays]:
    skipped: list[dict[str, str]] = []
    community = twin.entity("community", community_id, at) or {}
    table = twin.entities("building", at, community_id=community_id).to_pydict()
    ids, shapes = _sound(table["building_id"], table["footprint"], 2, skipped)
    uses = {b: u if u in USES else "residential" for b, u in zip(table["building_id"], table["use"], strict=True)}
    order = np.array(sorted(range(len(ids)), key=lambda i: (uses[ids[i]] == "context", ids[i])), dtype=np.intp)
    ids, shapes = [ids[i] for i in order], shapes[order]
    core = sum(uses[b] != "context" for b in ids)
    boundary = _boundary(community.get("boundary"))
    plane = _plane(boundary, shapes[:core] if core else shapes)

    arrays, drawn = _buildings(shapes, ids, plane, skipped)
    ids = [ids[i] for i in drawn]
    core = sum(uses[b] != "context" for b in ids)
    rows = {b: i for i, b in enumerate(table["building_id"])}
    pick = np.array([rows[b] for b in ids], dtype=np.intp)
    arrays |= _heights(table, pick)
    arrays["b_use"] = np.array([USES.index(uses[b]) for b in ids], dtype=np.uint8)
    arrays["b_source"] = np.array([_source_code(table["height_source"][i]) for i in pick], dtype=np.uint8)

    ground, named = _ground(twin.entities("ground", at, community_id=community_id), plane, skipped)
    arrays |= ground
    arrays |= _rings("c", boundary, plane)
    place = {b: i for i, b in enumerate(ids)}
    centre = _centres(arrays)
    header: Header = {
        "version": version,
        "origin": [plane.origin[0], plane.origin[1]],
        "community": {
            "id": community_id,
            "name": community.get("name"),
            "name_en": community.get("name_en"),
        },
        "buildings": {
            "ids": ids,
            "names": [table["name"][i] or "" for i in pick],
            "names_en": [table["name_en"][i] or "" for i in pick],
            "core": core,
        },
        "ground_layers": list(GROUND_LAYERS),
        "ground_names": named,
        "bounds": _bounds(arrays, core),
        "facilities": _facilities(twin, community_id, at, plane, place),
        "estates": _estates(twin, community_id, at, centre, place, table),
        "skipped": skipped,
    }
    return header, arrays


def _sound(
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


def _boundary(wkb: bytes | None) -> np.ndarray:
    if wkb is None:
        return np.array([], dtype=object)
    return _sound(["boundary"], [wkb], 2, [])[1]


def _plane(boundary: np.ndarray, shapes: np.ndarray) -> _Plane:
    """A plane around the boundary, else the bulk of the buildings: one stray import must not move it."""
    if len(boundary):
        x0, y0, x1, y1 = shapely.total_bounds(boundary)
        return _Plane(float((x0 + x1) / 2), float((y0 + y1) / 2))
    if not len(shapes):
        return _Plane(0.0, 0.0)
    middle = np.median(shapely.get_coordinates(shapely.centroid(shapes)), axis=0)
    return _Plane(float(middle[0]), float(middle[1]))


def _polygons(shapes: np.ndarray, plane: _Plane) -> tuple[np.ndarray, np.ndarray]:
    """All polygons of the shapes in metres, with the number of the shape each belongs to."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    inner, nested = shapely.get_parts(parts, return_index=True)  # collections left by a repair
    owner = owner[nested]
    flat = shapely.get_type_id(inner) == shapely.GeometryType.POLYGON
    metric = shapely.transform(inner[flat], plane.metres)
    return shapely.orient_polygons(metric), owner[flat]


def _buildings(
    shapes: np.ndarray, ids: list[str], plane: _Plane, skipped: list[dict[str, str]]
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


def _heights(table: dict[str, list[Any]], pick: np.ndarray) -> Arrays:
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


def _source_code(source: str) -> int:
    return SOURCES.index(source) if source in SOURCES else SOURCES.index("assumed")


def _ground(table: pa.Table, plane: _Plane, skipped: list[dict[str, str]]) -> tuple[Arrays, list[Header]]:
    rows = {row["ground_id"]: row for row in table.to_pylist()}
    known = [key for key in rows if rows[key]["layer"] in GROUND_LAYERS]
    ids, shapes = _sound(known, [rows[key]["geometry"] for key in known], 1, skipped)
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
    named = [
        _named(rows[ids[i]], shapely.transform(shapes[i], plane.metres)) for i in order if rows[ids[i]]["name"]
    ]
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


def _rings(prefix: str, shapes: np.ndarray, plane: _Plane) -> Arrays:
    polygons, _ = _polygons(shapes, plane)
    xy, of_ring = shapely.get_coordinates(shapely.get_rings(polygons), return_index=True)
    count = int(of_ring[-1]) + 1 if len(of_ring) else 0
    return {
        f"{prefix}_xy": xy.astype(np.float32).ravel(),
        f"{prefix}_ring": np.searchsorted(of_ring, np.arange(count + 1)).astype(np.uint32),
    }


def _centres(arrays: Arrays) -> np.ndarray:
    """Middle of each building's bounding box, (n, 2) metres."""
    first = arrays["b_ring"][arrays["b_first_ring"]].astype(np.intp)
    xy = arrays["b_xy"].reshape(-1, 2)
    if len(first) < 2:
        return np.zeros((0, 2))
    return (np.minimum.reduceat(xy, first[:-1]) + np.maximum.reduceat(xy, first[:-1])) / 2


def _bounds(arrays: Arrays, core: int) -> list[float]:
    """West, south, east, north of what should fill the view; strays (outer half per cent) do not count."""
    if len(arrays["c_xy"]):
        xy = arrays["c_xy"].reshape(-1, 2)
        low, high = xy.min(axis=0), xy.max(axis=0)
    elif len(centre := _centres(arrays)):
        centre = centre[:core] if core else centre
        if len(centre) > 50:
            low, high = np.quantile(centre, 0.005, axis=0), np.quantile(centre, 0.995, axis=0)
        else:
            low, high = centre.min(axis=0), centre.max(axis=0)
        low, high = low - 15.0, high + 15.0
    else:
        return []
    return [round(float(v), 2) for v in (*low, *high)]


def _facilities(
    twin: Twin, community_id: str, at: datetime, plane: _Plane, place: dict[str, int]
) -> list[Header]:
    found = []
    for row in twin.entities("facility", at, community_id=community_id).to_pylist():
        xy = plane.metres(np.array([row["lon"], row["lat"]], dtype=float))
        if not np.isfinite(xy).all():
            continue
        found.append({
            "id": row["facility_id"],
            "kind": row["facility_kind"],
            "name": row["name"],
            "name_en": row["name_en"],
            "x": round(float(xy[0]), 2),
            "y": round(float(xy[1]), 2),
            "building": place.get(row["building_id"], -1),
            "capacity": row["capacity"],
        })
    return sorted(found, key=lambda f: str(f["id"]))


def _estates(
    twin: Twin,
    community_id: str,
    at: datetime,
    centre: np.ndarray,
    place: dict[str, int],
    buildings: dict[str, list[Any]],
) -> list[Header]:
    estate_of = dict(zip(buildings["building_id"], buildings["estate_id"], strict=True))
    homes = twin.entities("home", at, community_id=community_id)
    households: dict[str, int] = {}
    for building_id, count in zip(
        homes["building_id"].to_pylist(), homes["households"].to_pylist(), strict=True
    ):
        estate = estate_of.get(building_id)
        if estate is not None:
            households[estate] = households.get(estate, 0) + (count or 0)
    found = []
    for row in twin.entities("estate", at, community_id=community_id).to_pylist():
        members = sorted(place[b] for b, e in estate_of.items() if e == row["estate_id"] and b in place)
        if not members:
            continue
        x, y = centre[members].mean(axis=0)
        found.append({
            "id": row["estate_id"],
            "name": row["name"],
            "name_en": row["name_en"],
            "households": households.get(row["estate_id"]),
            "x": round(float(x), 2),
            "y": round(float(y), 2),
            "buildings": members,
        })
    return sorted(found, key=lambda e: str(e["id"]))


def _encode(header: Header, arrays: Arrays) -> bytes:
    names = {"f": "f32", "u": "u32"}
    parts: list[bytes] = []
    offset = 0
    described = {}
    for name, array in arrays.items():
        kind = "u8" if array.dtype == np.uint8 else names[array.dtype.kind]
        raw = array.astype(array.dtype.newbyteorder("<")).tobytes()
        described[name] = {"type": kind, "offset": offset, "length": len(array)}
        raw += b"\0" * (-len(raw) % 4)
        parts.append(raw)
        offset += len(raw)
    text = json.dumps(header | {"arrays": described}, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    return b"".join([MAGIC, len(text).to_bytes(4, "little"), text, *parts])

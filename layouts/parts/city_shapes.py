"""The map of communities: every outline once, as one small JSON that never changes until a boundary does.

Coordinates are whole units of ``UNIT_M`` metres east and south of the north-west corner, as an SVG path takes them. A
community without a boundary is drawn as the hull of its buildings, and says so (``guess``).
"""

from __future__ import annotations

import hashlib
import math
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from twin_model.rights import current

if TYPE_CHECKING:
    from twin_model.twin import Twin

KINDS = ("community", "division", "building", "ground")
ACROSS = 2_000
"""Units across the whole map: finer than a pixel of a wall screen."""
FEW = 3
"""Communities up to which their buildings are drawn too."""
BIG_WATER = 12_000.0
"""Water and lawns below so many m² are left out of a map of a whole city."""


def version(twin: Twin, at: datetime) -> str:
    """Changes when an outline does; another one for each part of the neighbourhood."""
    part = "" if current().scope.is_everywhere else current().scope.digest
    said = (tuple(twin.entity_epoch(at, kind) for kind in KINDS), part, twin.forgotten)
    return hashlib.blake2b(repr(said).encode(), digest_size=8).hexdigest()


def shapes(twin: Twin, at: datetime) -> dict[str, Any]:
    """``communities`` and ``divisions`` (id, names, path d, a point within), ``water``, ``houses``, ``size``."""
    rows = twin.city.communities(at).select(["community_id", "name", "name_en", "subdistrict_id", "district_id"])
    known = rows.to_pylist()
    entities = twin.entities("community", at).select(["community_id", "boundary"]).to_pylist()
    outline = {row["community_id"]: row["boundary"] for row in entities}
    lacking = [row["community_id"] for row in known if outline.get(row["community_id"]) is None]
    hulls = {name: _hull(twin, at, name) for name in lacking}
    drawn = [row for row in known if outline.get(row["community_id"]) or hulls.get(row["community_id"]) is not None]
    geometry = np.array(
        [hulls.get(row["community_id"]) or shapely.from_wkb(outline[row["community_id"]]) for row in drawn], object
    )
    if not len(geometry):
        return {"version": version(twin, at), "size": [0, 0], "communities": [], "divisions": [], "water": "",
                "houses": ""}  # fmt: skip
    frame = _Frame(geometry)
    divisions = [
        {**row, "d": path}
        for row, path in zip(*_divisions(twin, at, {row["subdistrict_id"] for row in drawn}, frame), strict=True)
    ]
    paths, centres = frame.paths(geometry), frame.centres(geometry)
    communities = [
        {"id": row["community_id"], "name": row["name"], "name_en": row["name_en"], "part": row["subdistrict_id"],
         "district": row["district_id"], "d": path, "at": centre, "guess": row["community_id"] in hulls}
        for row, path, centre in zip(drawn, paths, centres, strict=True)
    ]  # fmt: skip
    return {
        "version": version(twin, at), "size": frame.size, "unit_m": frame.unit_m, "communities": communities,
        "divisions": divisions, "water": _water(twin, at, frame), "houses": _houses(twin, at, drawn, frame),
    }  # fmt: skip


def _hull(twin: Twin, at: datetime, community: str) -> Any:
    """Around the buildings of a community without a boundary; None where there are none."""
    table = twin.entities("building", at, community_id=community)
    rows = [r["footprint"] for r in table.select(["footprint", "use"]).to_pylist() if r["use"] != "context"]
    if not rows:
        return None
    hull = shapely.convex_hull(shapely.union_all(shapely.from_wkb(rows)))
    return hull if hull.geom_type == "Polygon" else hull.buffer(0.0005)


class _Frame:
    """From degrees to units of the picture."""

    def __init__(self, geometry: Any) -> None:
        west, south, east, north = shapely.total_bounds(geometry)
        across = 111_320.0 * math.cos(math.radians((south + north) / 2))
        wide, high = (east - west) * across, (north - south) * 110_950.0
        self.unit_m = float(max(wide, high, 1.0)) / ACROSS
        self._from = np.array([west, north])
        self._scale = np.array([across, -110_950.0]) / self.unit_m
        self.size = [math.ceil(float(side) / self.unit_m) for side in (wide, high)]

    def _moved(self, geometry: Any) -> Any:
        moved = shapely.transform(geometry, lambda xy: (xy - self._from) * self._scale)
        return shapely.simplify(moved, 0.4)

    def paths(self, geometry: Any) -> list[str]:
        """One SVG path for each shape; holes and several parts in one."""
        return [_path(one) for one in np.atleast_1d(self._moved(geometry))]

    def centres(self, geometry: Any) -> list[list[int]]:
        """Where a name may stand: within the shape."""
        points = shapely.get_coordinates(shapely.point_on_surface(self._moved(geometry)))
        return [[round(x), round(y)] for x, y in points.tolist()]


def _path(shape: Any) -> str:
    parts = []
    for ring in shapely.get_rings(shapely.get_parts(shape)):
        xy = np.rint(shapely.get_coordinates(ring)).astype(int)
        kept = xy[np.r_[True, (np.diff(xy, axis=0) != 0).any(axis=1)]]
        steps = np.diff(kept, axis=0)[:-1].tolist()
        parts.append(f"M{kept[0][0]} {kept[0][1]}l" + " ".join(f"{x} {y}" for x, y in steps) + "z")
    return "".join(parts)


def _divisions(
    twin: Twin, at: datetime, parts: set[str | None], frame: _Frame
) -> tuple[list[dict[str, Any]], list[str]]:
    """Districts and subdistricts with an outline that hold a community which is drawn."""
    rows = {row["division_id"]: row for row in twin.entities("division", at).to_pylist()}
    wanted = {part for part in parts if part is not None}
    wanted |= {rows[part]["parent_id"] for part in wanted if part in rows}
    found = [rows[name] for name in sorted(one for one in wanted if one in rows) if rows[name]["boundary"]]
    geometry = np.array([shapely.from_wkb(row["boundary"]) for row in found], object)
    centres = frame.centres(geometry) if len(found) else []
    named = [
        {"id": row["division_id"], "level": row["level"], "name": row["name"], "name_en": row["name_en"],
         "parent": row["parent_id"], "at": centre}
        for row, centre in zip(found, centres, strict=True)
    ]  # fmt: skip
    return named, frame.paths(geometry) if len(found) else []


def _houses(twin: Twin, at: datetime, drawn: list[dict[str, Any]], frame: _Frame) -> str:
    """The buildings, where there are so few communities that their outlines alone would be an empty picture."""
    if len(drawn) > FEW:
        return ""
    found = []
    for one in drawn:
        table = twin.entities("building", at, community_id=one["community_id"]).select(["footprint", "use"])
        found += [row["footprint"] for row in table.to_pylist() if row["use"] != "context"]
    return "".join(frame.paths(shapely.from_wkb(np.array(found, object)))) if found else ""


def _water(twin: Twin, at: datetime, frame: _Frame) -> str:
    """Rivers and lakes of all communities in the scope, as one path."""
    rows = twin.entities("ground", at, layer="water").select(["geometry"]).to_pylist()
    geometry = shapely.from_wkb(np.array([row["geometry"] for row in rows], object)) if rows else np.array([], object)
    areas = geometry[shapely.get_dimensions(geometry) == 2] if len(geometry) else geometry
    big = [one for one in areas if one.area * 111_000.0**2 * 0.86 > BIG_WATER]
    return "".join(frame.paths(np.array(big, object))) if big else ""

"""Outlines and lines as they come from files, made fit for the map or refused with a reason. WGS 84 degrees."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity

from ingest.refusals import CodedRefusal
from twin_model.procedure import Words

_METRES_PER_DEGREE = 111_320.0
_SMALLEST_M2 = 0.01  # a sliver of verge between two kerbs is still ground
_SMALLEST_BUILDING_M2 = 1.0
_LARGEST_BUILDING_M2 = 2_000_000.0


class BadShape(CodedRefusal):
    """A geometry that cannot be used."""


def checked(geometry: BaseGeometry | None) -> BaseGeometry:
    """The geometry if it is somewhere on Earth; raises BadShape otherwise."""
    if geometry is None or geometry.is_empty:
        raise BadShape("no_geometry", "没有几何；应有坐标", "has no geometry; expected coordinates")
    west, south, east, north = geometry.bounds
    if not np.isfinite([west, south, east, north]).all():
        raise BadShape(
            "out_of_bounds",
            "坐标不是数字，或超出坐标系的范围；请检查坐标和坐标系",
            "has coordinates that are no numbers, or outside its coordinate system; check both",
        )
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise BadShape(
            "out_of_bounds",
            f"位于 {west:.4f}, {south:.4f} 至 {east:.4f}, {north:.4f}；经度应在 -180 到 180、纬度在 -90 到 90 之间："
            "坐标系对吗？",
            f"lies at {west:.4f}, {south:.4f} to {east:.4f}, {north:.4f}; expected longitude -180 to 180 and latitude "
            "-90 to 90: is the coordinate system right?",
        )
    return geometry


def area_of(geometry: BaseGeometry) -> float:
    """Area in m², good to a few per mille at the size of a neighbourhood."""
    if geometry.is_empty:
        return 0.0
    middle = (geometry.bounds[1] + geometry.bounds[3]) / 2
    return float(geometry.area * _METRES_PER_DEGREE**2 * np.cos(np.radians(middle)))


def outline(
    geometry: BaseGeometry, what: Words, *, smallest: float = _SMALLEST_M2, largest: float | None = None
) -> tuple[BaseGeometry, str | None]:
    """(Polygon or MultiPolygon, what was repaired or None); raises BadShape when there is no usable surface."""
    kind = geometry.geom_type
    if kind in ("LineString", "LinearRing", "MultiLineString"):
        geometry = _closed(geometry, what)
    elif kind in ("Point", "MultiPoint"):
        raise BadShape(
            "bad_geometry",
            f"{what['zh']}应有轮廓（Polygon）；这里是 {kind}",
            f"{what['en']} needs an outline (Polygon); found a {kind}",
        )
    repaired = None
    if not geometry.is_valid:
        repaired = explain_validity(geometry).split("[")[0].strip() or "invalid outline"
        geometry = shapely.make_valid(geometry)
    surface = _surfaces(geometry)
    area = area_of(surface)
    if area < smallest:
        found, found_zh = (f"{repaired}, ", f"轮廓有误（{repaired}），") if repaired else ("", "")
        raise BadShape(
            "zero_area",
            f"{found_zh}面积是 {area:.2f} m²；{what['zh']}的轮廓至少应有 {smallest:g} m²",
            f"{found}its area is {area:.2f} m²; {what['en']} needs an outline of at least {smallest:g} m²",
        )
    if largest is not None and area > largest:
        raise BadShape(
            "large_area",
            f"面积是 {area / 1e6:.1f} km²；{what['zh']}最多 {largest / 1e6:g} km²，请检查坐标系和轮廓",
            f"its area is {area / 1e6:.1f} km²; {what['en']} has at most {largest / 1e6:g} km²: check the coordinate "
            "system and the outline",
        )
    return shapely.normalize(surface), repaired


def building_outline(geometry: BaseGeometry) -> tuple[BaseGeometry, str | None]:
    """:func:`outline` with the size limits of a building."""
    what: Words = {"zh": "楼栋", "en": "a building"}
    return outline(geometry, what, smallest=_SMALLEST_BUILDING_M2, largest=_LARGEST_BUILDING_M2)


def surface_of(geometry: BaseGeometry) -> bytes | None:
    """The outline of an area as WKB; None for one that is too small to be more than a point."""
    try:
        return bytes(outline(geometry, {"zh": "区域", "en": "an area"})[0].wkb)
    except BadShape:
        return None


def path_shape(geometry: BaseGeometry) -> tuple[BaseGeometry, str | None]:
    """A line or surface to draw as path or water; raises BadShape for points and lines without length."""
    if geometry.geom_type in ("Polygon", "MultiPolygon", "GeometryCollection"):
        return outline(geometry, {"zh": "道路", "en": "a path"})
    if "LineString" not in geometry.geom_type or geometry.length == 0:
        kind = geometry.geom_type
        raise BadShape(
            "bad_geometry",
            f"道路应是线或轮廓；这里是没有长度的 {kind}",
            f"a path needs a line or an outline; found a {kind} of no length",
        )
    return geometry, None


def place_of(geometry: BaseGeometry) -> tuple[float, float]:
    """(lon, lat) of a point in the geometry."""
    point = geometry if geometry.geom_type == "Point" else geometry.representative_point()
    return float(point.x), float(point.y)


def _closed(geometry: BaseGeometry, what: Words) -> BaseGeometry:
    rings = []
    for line in shapely.get_parts(geometry):
        corners = shapely.get_coordinates(line)
        if len(corners) >= 4 and (corners[0] == corners[-1]).all():
            rings.append(shapely.Polygon(corners))
    if not rings:
        raise BadShape(
            "bad_geometry",
            f"{what['zh']}应有闭合的轮廓；这里的 {geometry.geom_type} 没有闭合",
            f"{what['en']} needs a closed outline; found an open {geometry.geom_type}",
        )
    return rings[0] if len(rings) == 1 else shapely.union_all(shapely.make_valid(rings))


def _surfaces(geometry: BaseGeometry) -> BaseGeometry:
    parts = [part for part in _flat(geometry) if part.geom_type == "Polygon" and not part.is_empty]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _flat(geometry: BaseGeometry) -> list[BaseGeometry]:
    """Single parts, of nested collections too."""
    parts = list(shapely.get_parts(geometry))
    if len(parts) == 1 and not hasattr(parts[0], "geoms"):
        return parts
    return [single for part in parts for single in (_flat(part) if hasattr(part, "geoms") else [part])]

"""CityJSON 1.0 to 2.0 and CityJSON text sequences: city objects as footprints with a height.

BuildingParts are folded into their building. Of several levels of detail the finest gives the height; the
footprint is the union of its GroundSurfaces, else of its lowest horizontal faces, else of all faces seen
from above. What the objects are is said in OpenStreetMap's tags, so that all formats share one reading.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from ingest.formats import Feature, FormatError, ReadState
from ingest.formats.geojson import tags_of
from ingest.refusals import Refusal
from twin_model.procedure import Words

# CityJSON 2.0 first-level object types; those left out are no part of a base map (walls, furniture, tunnels)
_TAGS: dict[str, dict[str, str]] = {
    "Building": {"building": "yes"},
    "Road": {"highway": "unclassified"},
    "Railway": {"railway": "rail"},
    "TransportSquare": {"highway": "pedestrian"},
    "TransportationComplex": {"highway": "unclassified"},
    "Bridge": {"highway": "unclassified", "bridge": "yes"},
    "WaterBody": {"natural": "water"},
    "Waterway": {"natural": "water"},
    "PlantCover": {"landuse": "grass"},
    "LandUse": {"landuse": "plot"},
}
# Dutch large-scale base map words, in the open files most people meet first; other schemas keep the default
_FUNCTIONS = {
    "voetpad": {"highway": "footway"},
    "voetpad op trap": {"highway": "steps"},
    "voetgangersgebied": {"highway": "pedestrian"},
    "fietspad": {"highway": "cycleway"},
    "parkeervlak": {"highway": "service"},
}
_PARTS = ("BuildingPart", "BuildingInstallation", "BridgePart")
_HEIGHT_KEYS = ("measuredHeight", "height", "b3_h_max")
_LEVEL_KEYS = ("storeysAboveGround", "storeys_above_ground", "levels", "b3_bouwlagen")
_FLAT_M = 0.1

Vertices = NDArray[np.float64]


class BrokenObject(Refusal):
    """One city object that cannot be used."""


@dataclass(frozen=True)
class _Face:
    rings: list[list[int]]
    semantic: str | None


class CityJsonFile(ReadState):
    """Iterate to get one feature per first-level city object."""

    def __iter__(self) -> Iterator[Feature]:
        documents = self._documents()
        head = next(documents)
        metadata = head.get("metadata")
        if isinstance(metadata, dict) and metadata.get("referenceSystem"):
            self.crs = str(metadata["referenceSystem"])
        transform = head.get("transform") or {}
        row = 0
        for document in (head, *documents):
            vertices = _vertices(document, transform, self.path)
            objects = document.get("CityObjects")
            if not isinstance(objects, dict):
                raise FormatError(
                    f"{self.path.name} 里没有 CityObjects；应是 CityJSON 1.0 至 2.0，请重新导出",
                    f"{self.path.name} has no CityObjects member; expected CityJSON 1.0 to 2.0: export it again",
                )
            for key, thing in objects.items():
                if not isinstance(thing, dict) or not (thing.get("parents") or thing.get("type") in _PARTS):
                    row += 1
                    yield _feature(str(key), thing, objects, vertices, row)

    def _documents(self) -> Iterator[dict[str, Any]]:
        """The document, or the first line and the features of a sequence."""
        try:
            text = self.path.read_text(encoding="utf-8-sig")
            try:
                documents = [json.loads(text)]
            except json.JSONDecodeError:
                lines = [line for line in text.splitlines() if line.strip()]
                if len(lines) < 2 or '"CityJSONFeature"' not in text:
                    raise
                documents = [json.loads(line) for line in lines]
        except UnicodeDecodeError as error:
            raise FormatError(
                f"{self.path.name} 不是 UTF-8 文本（第 {error.start} 字节：{error.reason}）；应是 UTF-8 编码的 "
                "CityJSON，请重新导出",
                f"{self.path.name} is not UTF-8 text ({error.reason} at byte {error.start}); expected CityJSON in "
                "UTF-8: export it again",
            ) from None
        except json.JSONDecodeError as error:
            raise FormatError(
                f"{self.path.name} 第 {error.lineno} 行第 {error.colno} 列不是完整的 JSON（{error.msg}）；"
                "没有入库，请重新导出或复制文件",
                f"{self.path.name} is broken JSON at line {error.lineno}, column {error.colno}: {error.msg}; "
                "nothing was stored, export or copy the file again",
            ) from None
        head = documents[0]
        if not isinstance(head, dict) or head.get("type") != "CityJSON":
            found = head.get("type") if isinstance(head, dict) else type(head).__name__
            raise FormatError(
                f"{self.path.name} 的 type 是 {found!r}；应为 'CityJSON'",
                f"{self.path.name} is of type {found!r}; expected type 'CityJSON'",
            )
        version = str(head.get("version", ""))
        if not version.startswith(("1.", "2.")):
            raise FormatError(
                f"{self.path.name} 是 CityJSON {version or '（没有写版本）'}；可读 1.0 至 2.0，请用 cjio upgrade 转换",
                f"{self.path.name} is CityJSON {version or 'without version'}; versions 1.0 to 2.0 can be read: "
                "convert it with cjio upgrade",
            )
        yield from (d for d in documents if isinstance(d, dict))


def _vertices(document: dict[str, Any], transform: dict[str, Any], path: Path) -> Vertices:
    try:
        raw = np.asarray(document.get("vertices") or np.zeros((0, 3)), dtype=np.float64).reshape(-1, 3)
        scale = np.asarray(transform.get("scale", (1, 1, 1)), dtype=np.float64)
        return np.asarray(raw * scale + np.asarray(transform.get("translate", (0, 0, 0)), dtype=np.float64))
    except (ValueError, TypeError):
        raise FormatError(
            f"{path.name}：vertices 或 transform 不是三个数一组的列表；应是 CityJSON 1.0 至 2.0，请重新导出",
            f"{path.name}: vertices and transform are not lists of three numbers; expected CityJSON 1.0 to 2.0: export "
            "it again",
        ) from None


def _feature(key: str, thing: Any, objects: dict[str, Any], vertices: Vertices, row: int) -> Feature:
    if not isinstance(thing, dict):
        found = type(thing).__name__
        problem: Words = {"zh": f"应为对象，这里是 {found}", "en": f"expected an object, found {found}"}
        return Feature(row=row, ref=key, tags={}, geometry=None, problem=problem)
    kind = str(thing.get("type", ""))
    attributes = thing.get("attributes")
    tags = tags_of(attributes) if isinstance(attributes, dict) else {}
    own = dict(_TAGS.get(kind, {"cityjson": kind}))
    for word in (tags.get("function"), tags.get("class")):
        own.update(_FUNCTIONS.get(str(word).lower(), {}) if "highway" in own else {})
    try:
        faces, detail = _faces(thing, objects)
        geometry = _footprint(faces, vertices)
        if kind == "Building":
            own.update(_heights(faces, vertices, tags, detail))
    except BrokenObject as error:
        return Feature(row=row, ref=key, tags=tags | own, geometry=None, problem=error.reason)
    except (IndexError, TypeError, ValueError, KeyError) as error:
        problem = {
            "zh": f"几何不完整（{error}）；请重新导出",
            "en": f"its geometry is malformed ({error}); export it again",
        }
        return Feature(row=row, ref=key, tags=tags | own, geometry=None, problem=problem)
    return Feature(row=row, ref=key, tags=tags | own, geometry=geometry)


def _faces(thing: dict[str, Any], objects: dict[str, Any]) -> tuple[list[_Face], str]:
    """The faces of the finest level of detail of an object and, at the same level, of its parts."""
    family = [thing]
    for child in thing.get("children") or ():
        part = objects.get(child)
        if isinstance(part, dict) and part.get("type") in ("BuildingPart", "BridgePart"):
            family.append(part)
    faces: list[_Face] = []
    detail = ""
    for member in family:
        geometries = [g for g in member.get("geometry") or () if g.get("boundaries") and "type" in g]
        usable = [g for g in geometries if "Surface" in g["type"] or "Solid" in g["type"]]
        if usable:
            finest = max(usable, key=lambda g: str(g.get("lod", "")))
            detail = max(detail, str(finest.get("lod", "")))
            faces += _flatten(finest)
    if not faces:
        found = ", ".join(sorted({g.get("type", "?") for m in family for g in m.get("geometry") or ()}))
        raise BrokenObject(
            f"没有面（只有 {found}）；应有 MultiSurface 或 Solid" if found else "没有面；应有 MultiSurface 或 Solid",
            f"has no surfaces (found {found or 'no geometry'}); expected a MultiSurface or a Solid",
        )
    return faces, detail


def _flatten(geometry: dict[str, Any]) -> list[_Face]:
    depth = {"MultiSurface": 0, "CompositeSurface": 0, "Solid": 1, "MultiSolid": 2, "CompositeSolid": 2}
    levels = depth.get(geometry["type"])
    if levels is None:
        return []
    semantics = geometry.get("semantics") or {}
    surfaces, values = semantics.get("surfaces") or [], semantics.get("values")
    boundaries = geometry["boundaries"]
    for _ in range(levels):
        boundaries = [inner for outer in boundaries for inner in outer]
        if values is not None:
            values = [inner for outer in values if outer is not None for inner in outer]
    if values is None or len(values) != len(boundaries):  # none, or null in place of a whole shell
        values = [None] * len(boundaries)
    return [
        _Face(rings, surfaces[value].get("type") if value is not None else None)
        for rings, value in zip(boundaries, values, strict=True)
    ]


def _footprint(faces: list[_Face], vertices: Vertices) -> BaseGeometry:
    ground = [face for face in faces if face.semantic == "GroundSurface"]
    above = _projected(faces, vertices)
    if above.is_empty:
        raise BrokenObject(
            "所有的面都是竖直的，得不出占地轮廓；应有地面或屋面",
            "all its faces are vertical, so there is no footprint; expected a ground or a roof",
        )
    if not ground:
        lows = [vertices[face.rings[0], 2] for face in faces]
        floor = min(float(z.min()) for z in lows)
        ground = [face for face, z in zip(faces, lows, strict=True) if z.max() - floor < _FLAT_M]
    below = _projected(ground, vertices) if ground else shapely.Polygon()
    # a ground that covers little of what is seen from above is a cellar or a stray face
    return below if below.area >= 0.5 * above.area else above


def _projected(faces: list[_Face], vertices: Vertices) -> BaseGeometry:
    used = vertices[[i for face in faces for ring in face.rings for i in ring]]
    extent = float(np.prod(np.maximum(np.ptp(used[:, :2], axis=0), 1e-12)))
    whole = [face for face in faces if len(face.rings[0]) >= 3]
    if not whole:
        return shapely.Polygon()
    corners = [i for face in whole for i in face.rings[0]]
    belongs = np.repeat(np.arange(len(whole)), [len(face.rings[0]) for face in whole])
    polygons = shapely.polygons(shapely.linearrings(vertices[corners, :2], indices=belongs))
    for index, face in enumerate(whole):
        holes = [vertices[ring, :2] for ring in face.rings[1:] if len(ring) >= 3]
        if holes:
            polygons[index] = shapely.Polygon(vertices[face.rings[0], :2], holes)
    polygons = polygons[shapely.area(polygons) > 1e-7 * extent]  # seen from above a wall is a line
    return _surfaces_only(shapely.union_all(shapely.make_valid(polygons)))


def _surfaces_only(geometry: BaseGeometry) -> BaseGeometry:
    parts = [p for p in shapely.get_parts(geometry) if p.geom_type == "Polygon"]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _heights(faces: list[_Face], vertices: Vertices, tags: dict[str, str], detail: str) -> dict[str, str]:
    """``height`` by the geometry, or for a flat one by the attributes; ``building:levels`` by the attributes."""
    z = vertices[[i for face in faces for ring in face.rings for i in ring], 2]
    heights = {}
    if np.ptp(z) > _FLAT_M and not detail.startswith("0"):
        heights["height"] = f"{np.ptp(z):.2f}"
    elif stated := next((tags[key] for key in _HEIGHT_KEYS if key in tags), None):
        heights["height"] = stated
    if storeys := next((tags[key] for key in _LEVEL_KEYS if key in tags), None):
        heights["building:levels"] = storeys
    return heights


def read(path: Path) -> CityJsonFile:
    """Open a CityJSON file for iteration."""
    return CityJsonFile(path)

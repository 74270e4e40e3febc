"""OpenStreetMap XML (.osm) and PBF (.osm.pbf), by libosmium.

Yields nodes, lines and areas that carry tags. A multipolygon relation is one feature (its untagged member
ways are not). An outline cut at the edge of an extract is closed over the gap while most of its points are
there, otherwise it comes with ``problem``. Geometry is WGS 84 by definition of the format.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import osmium
import shapely
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from ingest.formats import Feature, FormatError, ReadState
from twin_model.procedure import Words

# A closed way with one of these is an area; other closed ways (a roundabout, a circular path) are lines.
_AREA_KEYS = {
    "amenity", "area:highway", "boundary", "building", "building:part", "healthcare", "landuse", "leisure",
    "natural", "office", "place", "public_transport", "shop", "tourism", "water",
}  # fmt: skip
_ALWAYS_AREA = {"building", "building:part", "landuse", "leisure", "natural", "amenity", "shop"}
_LINE_KEYS = {"highway", "barrier", "railway", "waterway"}
_AREA_WATERWAYS = {"riverbank", "dock", "boatyard"}
_KEPT_SHARE = 0.75  # an outline with fewer of its points says too little about the building


def is_area(tags: dict[str, str]) -> bool:
    """Whether a closed way with these tags means the surface inside it."""
    if tags.get("area") in ("yes", "no"):
        return tags["area"] == "yes"
    if tags.get("waterway") in _AREA_WATERWAYS:
        return True
    if tags.get("natural") in ("coastline", "cliff", "tree_row"):
        return False
    if _ALWAYS_AREA & tags.keys():
        return True
    return bool(_AREA_KEYS & tags.keys()) and not _LINE_KEYS & tags.keys()


class OsmFile(ReadState):
    """Iterate to get features, in file order per kind of object."""

    def __iter__(self) -> Iterator[Feature]:
        self.crs, self._mended = "EPSG:4326", dict[str, str]()
        try:
            for row, (ref, tags, geometry, problem) in enumerate(self._objects(), start=1):
                mended = self._mended.pop(ref, None)
                yield Feature(row=row, ref=ref, tags=tags, geometry=geometry, problem=problem, repaired=mended)
        except RuntimeError as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise FormatError(
                f"{self.path.name} 不是完整的 OpenStreetMap 数据（{reason}）；应是完整的 .osm 或 .osm.pbf，"
                "请重新下载或导出",
                f"{self.path.name} cannot be read as OpenStreetMap data ({reason}); expected a complete "
                ".osm or .osm.pbf file: download or export it again",
            ) from None

    def _objects(self) -> Iterator[tuple[str, dict[str, str], BaseGeometry | None, Words | None]]:
        relations: dict[int, dict[str, str]] = {}  # multipolygons that have not come back as an area yet
        rings: set[int] = set()  # closed ways likewise
        factory = osmium.geom.WKBFactory()
        # no filter here: dropping untagged ways would also keep them from the relations they belong to
        objects: Iterator[Any] = iter(osmium.FileProcessor(str(self.path)).with_areas())
        for thing in objects:
            if not thing.tags:
                continue
            tags = {tag.k: tag.v for tag in thing.tags}
            if thing.is_node():
                location = thing.location
                if location.valid():
                    yield f"node/{thing.id}", tags, Point(location.lon, location.lat), None
            elif thing.is_relation():
                if tags.get("type") == "multipolygon":
                    relations[thing.id] = tags
            elif thing.is_area():
                wanted: Collection[int] = rings if thing.from_way() else relations
                # libosmium also closes roundabouts, and gives what it cannot assemble as an area without rings
                if thing.orig_id() in wanted and thing.num_rings()[0]:
                    if thing.from_way():
                        rings.discard(thing.orig_id())
                    else:
                        del relations[thing.orig_id()]
                    kind = "way" if thing.from_way() else "relation"
                    yield f"{kind}/{thing.orig_id()}", tags, _area(thing, factory), None
            elif thing.is_closed() and is_area(tags):
                rings.add(thing.id)
            else:
                yield f"way/{thing.id}", tags, *_line(thing)
        if rings:
            yield from self._unassembled(rings)
        for number, tags in relations.items():
            yield f"relation/{number}", tags, None, {
                "zh": "轮廓不完整：文件里缺少成员，或环没有闭合；请导出更大的范围",
                "en": "the outline is incomplete: members are missing from the file or its rings stay open; export a "
                "larger area",
            }

    def _unassembled(self, rings: set[int]) -> Iterator[tuple[str, dict[str, str], BaseGeometry | None, Words | None]]:
        """Closed ways libosmium made no area of: points missing from the file, or a ring that crosses itself."""
        objects: Iterator[Any] = iter(osmium.FileProcessor(str(self.path)).with_locations())
        for thing in objects:
            if thing.is_way() and thing.id in rings:
                tags = {tag.k: tag.v for tag in thing.tags}
                corners = len(thing.nodes) - 1
                points = _points(list(thing.nodes)[:-1])
                if len(points) == corners and corners >= 3:
                    yield f"way/{thing.id}", tags, Polygon(points), None
                elif len(points) >= max(4, _KEPT_SHARE * corners):
                    self._mended[f"way/{thing.id}"] = (
                        f"{corners - len(points)} of {corners} corners are missing from the file; closed over the gap"
                    )
                    yield f"way/{thing.id}", tags, Polygon(points), None
                elif corners < 3:
                    yield f"way/{thing.id}", tags, None, {
                        "zh": f"轮廓至少要 3 个角点，这里有 {corners} 个",
                        "en": f"an outline needs 3 corners, found {corners}",
                    }
                else:
                    missing = corners - len(points)
                    yield f"way/{thing.id}", tags, None, {
                        "zh": f"{corners} 个角点中有 {missing} 个不在文件里（在范围边缘被截断）；请导出更大的范围",
                        "en": f"{missing} of its {corners} corners are missing from the file (cut at the edge of the "
                        "extract); export a larger area",
                    }


def _area(thing: Any, factory: Any) -> BaseGeometry:
    geometry = shapely.from_wkb(factory.create_multipolygon(thing))
    parts = shapely.get_parts(geometry)
    return parts[0] if len(parts) == 1 else geometry


def _points(nodes: Any) -> list[tuple[float, float]]:
    return [(node.lon, node.lat) for node in nodes if node.location.valid()]


def _line(way: Any) -> tuple[BaseGeometry | None, Words | None]:
    points = _points(way.nodes)
    if len(points) < 2:
        return None, {
            "zh": "文件里只有它不到两个点；请导出更大的范围",
            "en": "fewer than two of its points are in the file; export a larger area",
        }
    return LineString(points), None


def read(path: Path) -> OsmFile:
    """Open an .osm or .osm.pbf file for iteration."""
    return OsmFile(path)

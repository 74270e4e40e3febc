"""Telling what a feature is: by OpenStreetMap tags, else by its kind, its fields, the asked layer, the file name."""

from __future__ import annotations

import re
from dataclasses import replace

from ingest import tags
from ingest.formats import Feature
from ingest.naming import facility_kind, translated
from ingest.report import Job
from ingest.tags import Meaning
from ingest.walkways import ENTRANCE_WORDS, GATE_WORDS, WAY_WORDS

_SHAPES = {
    "Point": "point", "MultiPoint": "point", "LineString": "line", "MultiLineString": "line", "LinearRing": "line",
}  # fmt: skip
_GROUND_WORDS = {
    "绿地": "green", "绿化": "green", "green": "green", "水系": "water", "水体": "water", "河道": "water",
    "water": "water", "道路": "road", "车行道": "road", "road": "road", "步道": "path", "人行道": "path",
    "path": "path", "footway": "path", "用地": "plot", "地块": "plot", "plot": "plot",
}  # fmt: skip
_BOUNDARY_WORDS = {"边界", "范围", "社区边界", "boundary", "community"}
_BUILDING_WORDS = {"建筑", "建筑物", "楼栋", "房屋", "building", "buildings"}
_OSM_KEYS = (
    "highway", "railway", "public_transport", "power", "barrier", "man_made", "natural", "landuse", "amenity",
    "tourism", "waterway", "boundary", "route", "entrance", "leisure", "place", "office", "aeroway",
)  # fmt: skip


def understood(feature: Feature, job: Job) -> tuple[Feature, dict[str, str]]:
    """The feature and the twin's fields its properties stand for.

    ``building`` is a kind in OpenStreetMap and a name ('3幢') in most other files; the two are told apart here.
    """
    fields = translated(feature.tags, job.mapping)
    kind = feature.tags.get("building")
    if kind is None:
        return feature, fields
    if re.search(r"[\d\u4e00-\u9fff]", kind):
        return replace(feature, tags=feature.tags | {"building": "yes"}), fields
    if fields.get("building") == kind:
        del fields["building"]
    return feature, fields


def wanted(feature: Feature, fields: dict[str, str], job: Job) -> list[Meaning]:
    """What the feature is, as far as the asked layer wants it."""
    geometry = feature.geometry
    shape = "area" if geometry is None else _SHAPES.get(geometry.geom_type, "area")
    found = tags.meanings(feature.tags, shape=shape)
    if not found and job.report.format != "osm" and "cityjson" not in feature.tags:
        found = _untagged(feature, fields, shape, job)
    if job.layer == "auto":
        return found
    return [meaning for meaning in found if meaning.layer == job.layer or meaning.kind == "part"][:1]


def _untagged(feature: Feature, fields: dict[str, str], shape: str, job: Job) -> list[Meaning]:
    """What a feature without OpenStreetMap's tags is: by the asked layer, its kind, or the fields it has."""
    word = (fields.get("kind") or fields.get("type") or feature.tags.get("layer") or "").strip().lower()
    kind = facility_kind(word) if word else None
    asked = {
        "buildings": Meaning("building"),
        "facilities": Meaning("facility", kind or "other", "any"),
        "paths": _of_paths(word, shape),
        "boundary": Meaning("estate") if "estate" in fields or word in ("小区", "estate") else Meaning("boundary"),
    }
    if job.layer in asked:
        return [asked[job.layer]]
    if shape == "point" and word in (*GATE_WORDS, *ENTRANCE_WORDS):
        return [_of_paths(word, shape)]
    if shape == "line" and word in WAY_WORDS:
        return [_of_paths(word, shape)]
    if word in _GROUND_WORDS:
        detail = _GROUND_WORDS[word]
        width = {"path": 2.0, "road": 7.0, "water": 3.0}.get(detail)
        return [Meaning("ground", detail, "any" if width else "area", width)]
    if shape == "area" and (word in _BOUNDARY_WORDS or feature.tags.get("boundary") not in (None, "administrative")):
        return [Meaning("boundary")]
    if shape == "area" and (word in _BUILDING_WORDS or {"height", "levels", "building", "building_id"} & fields.keys()):
        return [Meaning("building")]
    if kind:
        return [Meaning("facility", kind, "any")]
    if shape == "area" and (word in ("小区", "estate") or "estate" in fields):
        return [Meaning("estate")]
    stem = job.file.lower()
    if shape != "point" and any(name in stem for name in ("building", "建筑", "楼栋", "footprint")):
        return [Meaning("building")]
    if shape == "area" and any(name in stem for name in ("boundary", "边界", "范围")):
        return [Meaning("boundary")]
    if word and shape == "point":
        return [Meaning("facility", "other", "any")]
    return []


def _of_paths(word: str, shape: str) -> Meaning:
    """A path or road; of points a gate or an entrance."""
    if shape == "point":
        return Meaning("entrance" if word in ENTRANCE_WORDS else "gate", shape="any")
    return Meaning("ground", "road" if _GROUND_WORDS.get(word) == "road" else "path", "any", 2.0)


def left_out(feature: Feature, job: Job) -> str | None:
    """What a feature is that the map has no use for; None when nobody can tell, which is a reject."""
    if "cityjson" in feature.tags:
        return feature.tags["cityjson"]
    for key in _OSM_KEYS:
        if key in feature.tags:
            return f"{key}={feature.tags[key]}"
    return "other" if job.report.format == "osm" or job.layer != "auto" else None

"""What walking needs of a file: attributes of paths, gates, entrances of buildings. OpenStreetMap's words first.

A value that cannot be read is unknown, never a guess: ``incline=up`` says nothing about how steep.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from ingest.report import Gathered, Job
from ingest.tags import HIGH_KERBS
from twin_model.entities import Building, Entrance, Facility, Gate

ENTRANCE_M = 3.0
"""An entrance belongs to the building whose outline lies within this of it."""
_NOT_ON_WHEELS = frozenset({"turnstile", "full-height_turnstile", "kissing_gate", "stile"})
FOOT = {
    "yes": "yes", "designated": "yes", "permissive": "yes", "official": "yes", "destination": "yes",
    "customers": "private", "private": "private", "residents": "private", "permit": "private", "no": "no",
    "use_sidewalk": "no", "是": "yes", "可": "yes", "可通行": "yes", "否": "no", "禁止": "no", "不可": "no",
    "业主": "private", "居民": "private",
}  # fmt: skip
_CHAIR = {
    "yes": "yes",
    "designated": "yes",
    "limited": "limited",
    "no": "no",
    "是": "yes",
    "有": "yes",
    "否": "no",
    "无": "no",
}
_WAYS = {
    "台阶": "steps", "楼梯": "steps", "stairs": "steps", "过街": "crossing", "人行横道": "crossing",
    "斑马线": "crossing", "天桥": "crossing", "过街天桥": "crossing", "地下通道": "crossing",
    "人行道": "footway", "步道": "footway", "步行街": "pedestrian", "道路": "road", "车行道": "road",
}  # fmt: skip
WAY_WORDS = frozenset(_WAYS) | {"steps", "crossing", "footway", "pedestrian", "sidewalk"}
ENTRANCE_WORDS = frozenset({"入口", "楼栋入口", "单元门", "单元入口", "出入口", "entrance"})
GATE_WORDS = frozenset({"门禁", "大门", "小区门", "门岗", "闸机", "gate"})


def of_line(found: Mapping[str, str], fields: Mapping[str, str], layer: str) -> dict[str, Any]:
    """way, foot, wheelchair, incline, level and opening_hours of a path or road, as far as they are said."""
    word = (fields.get("kind") or fields.get("type") or found.get("layer") or "").strip()
    way = found.get("highway") or _WAYS.get(word) or (word if word in WAY_WORDS else None) or layer
    if way == "footway" and "crossing" in (found.get("footway"), found.get("path")):
        way = "crossing"
    chair = _CHAIR.get(_said(found, fields, "wheelchair"))
    if chair is None:
        chair = _ramp_or_kerb(found, way)
    return {
        "way": way, "foot": foot_of(found, fields), "wheelchair": chair,
        "incline": slope_of(_said(found, fields, "incline")), "level": _level(found.get("layer", "")),
        "opening_hours": found.get("opening_hours") or fields.get("opening_hours"),
    }  # fmt: skip


def _ramp_or_kerb(found: Mapping[str, str], way: str) -> str | None:
    """What a ramp on stairs, or a kerb of a crossing, says about wheelchairs.

    ``ramp=yes`` alone is any ramp; one that is said to be for bicycles, prams or luggage is not for wheelchairs.
    """
    if way == "steps":
        said = found.get("ramp:wheelchair")
        other = any(found.get(f"ramp:{use}", "no") != "no" for use in ("bicycle", "stroller", "luggage"))
        return "yes" if said == "yes" or (said is None and not other and found.get("ramp") == "yes") else None
    return "no" if found.get("kerb") in HIGH_KERBS else None


def foot_of(found: Mapping[str, str], fields: Mapping[str, str] | None = None) -> str | None:
    """``yes``, ``private`` or ``no``: what is said of people on foot, else of everybody; None where nothing is."""
    own = FOOT.get(_said(found, fields or {}, "foot"))
    if own:
        return own
    if found.get("motorroad") == "yes":
        return "no"
    everybody = FOOT.get(found.get("access", ""))
    if everybody in ("no", "private"):
        return everybody
    beside = {found.get(key, "") for key in ("sidewalk", "sidewalk:both", "sidewalk:left", "sidewalk:right")}
    return "yes" if beside & {"yes", "both", "left", "right"} else None


def slope_of(text: str) -> float | None:
    """``8%``, ``-4.5 %``, ``5°``, ``1:12`` or ``0.08`` as rise over run; None when that is no number."""
    plain = text.strip().replace("％", "%").replace("：", ":")
    ratio = re.fullmatch(r"-?(\d+(?:\.\d+)?)\s*:\s*(\d+(?:\.\d+)?)", plain)
    if ratio and float(ratio[2]):
        return _steep(float(ratio[1]) / float(ratio[2]))
    number = re.fullmatch(r"([-+]?\d+(?:[.,]\d+)?)\s*(%|°|度)?", plain)
    if number is None:
        return None
    value = float(number[1].replace(",", "."))
    if number[2] in ("°", "度"):
        return _steep(math.tan(math.radians(value))) if abs(value) < 80 else None
    return _steep(value / 100 if number[2] == "%" or abs(value) > 1 else value)


def _steep(slope: float) -> float | None:
    return round(slope, 5) if abs(slope) <= 1.5 else None


def _said(found: Mapping[str, str], fields: Mapping[str, str], name: str) -> str:
    return (found.get(name) or fields.get(name) or "").strip().lower()


def _level(text: str) -> int | None:
    return int(text) if re.fullmatch(r"-?\d{1,2}", text.strip()) else None


def gate(
    community_id: str, identity: str, at: BaseGeometry, found: Mapping[str, str], fields: Mapping[str, str]
) -> Gate:
    """A gate of a map, or a high kerb. Turnstiles, stiles and kerbs: no wheelchairs unless they say otherwise."""
    chair = _CHAIR.get(_said(found, fields, "wheelchair"))
    is_kerb = found.get("kerb") in HIGH_KERBS
    if chair is None and (is_kerb or found.get("barrier") in _NOT_ON_WHEELS):
        chair = "no"
    name, english = ("路缘石", "Kerb") if is_kerb else (None, None)
    return Gate(
        community_id=community_id, gate_id=identity,
        name=found.get("name:zh") or found.get("name") or fields.get("name") or name,
        name_en=found.get("name:en") or fields.get("name_en") or english, lon=float(at.x), lat=float(at.y),
        foot=foot_of(found, fields), wheelchair=chair,
        opening_hours=found.get("opening_hours") or fields.get("opening_hours"),
    )  # fmt: skip


class Entrances:
    """Puts entrances into buildings by where they lie, and onto the outlines of areas."""

    def __init__(self, buildings: Iterable[Building], areas: Iterable[Facility] = ()) -> None:
        self._buildings = list(buildings)
        self._tree = shapely.STRtree(shapely.from_wkb([b.footprint for b in self._buildings]))
        outlines = shapely.from_wkb([area.outline for area in areas if area.outline is not None])
        self._edges = shapely.STRtree(shapely.boundary(outlines))

    def building_at(self, at: BaseGeometry) -> Building | None:
        """The building whose outline lies nearest, within ``ENTRANCE_M``."""
        found = self._tree.query_nearest(at, max_distance=_reach(at))
        return self._buildings[int(np.min(found))] if len(found) else None

    def is_of_area(self, at: BaseGeometry) -> bool:
        """Whether it lies on the outline of a facility that is an area: a gate of a park."""
        return bool(len(self._edges.query_nearest(at, max_distance=_reach(at))))


def _reach(at: BaseGeometry) -> float:
    return ENTRANCE_M / (111_320.0 * math.cos(math.radians(at.y)))


def placed_entrances(
    waiting: Iterable[tuple[str, BaseGeometry, dict[str, str]]],
    buildings: Iterable[Building],
    areas: Iterable[Facility],
    job: Job,
    gathered: Gathered,
) -> None:
    """Entrances of a map, put into their buildings; on the outline of an area they are gates; others are skipped."""
    found = Entrances(buildings, areas)
    for identity, at, said in waiting:
        building = found.building_at(at)
        if building is None and found.is_of_area(at):
            gathered.also(gate(job.community_id, identity, at, said, said))
            continue
        if building is None:
            job.report.skipped[f"entrance further than {ENTRANCE_M:g} m from a building"] += 1
            continue
        gathered.also(
            Entrance(
                community_id=job.community_id, entrance_id=identity, building_id=building.building_id,
                name=said.get("name") or said.get("ref"), lon=float(at.x), lat=float(at.y),
                wheelchair=_CHAIR.get(said.get("wheelchair", "")),
            )
        )  # fmt: skip

"""Features -> buildings, facilities, ground, gates, entrances, estates and the boundary of a community."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from ingest import shapes, tags
from ingest.coordinates import NAMED, TURNED, TURNED_ZH, CrsGuess, Points, guess_crs, parse_crs, to_wgs84
from ingest.formats import Feature
from ingest.naming import FACILITY_KINDS, holds_personal, is_personal, unknown_kind
from ingest.places import Places
from ingest.recognise import left_out, understood, wanted
from ingest.report import Gathered, Job, Reject
from ingest.tags import Meaning
from ingest.walkways import gate, of_line, placed_entrances
from twin_model.bilingual import both
from twin_model.entities import Building, Community, Entity, Estate, Facility, Ground, HeightSource
from twin_model.procedure import Words

LEVEL_M = 3.0  # usual storey height of housing
_RAW_LIMIT = 4_000
_TITLES = {
    "building": "楼栋", "facility": "设施", "ground": "地物", "gate": "门禁", "entrance": "入口", "estate": "小区",
    "community": "社区",
}  # fmt: skip
_AREAS: dict[str, Words] = {
    "green": {"zh": "绿地", "en": "a green area"},
    "water": {"zh": "水面", "en": "a water area"},
    "plot": {"zh": "地块", "en": "a plot area"},
}


@dataclass(slots=True)
class _Item:
    feature: Feature
    fields: dict[str, str]
    meanings: list[Meaning]
    geometry: BaseGeometry | None = None


def gather(features: Iterable[Feature], declared: Callable[[], str | None], job: Job, places: Places) -> Gathered:
    """Read all features, settle their coordinate system, and make entities of them.

    ``declared`` is asked after the last feature for the system the file names. Raises CrsUnknown.
    """
    gathered = Gathered()
    items: list[_Item] = []
    parts: list[_Item] = []
    doors: list[_Item] = []
    for feature in features:
        feature, fields = understood(feature, job)
        found = wanted(feature, fields, job)
        if not found:
            kind = left_out(feature, job)
            if kind is None:
                gathered.rejects.append(_unrecognised(feature))
            else:
                job.report.skipped[kind] += 1
        elif found[0].kind == "part":
            parts.append(_Item(feature, fields, found))
        elif found[0].kind == "entrance":
            doors.append(_Item(feature, fields, found))
        else:
            items.append(_Item(feature, fields, found))
    _to_wgs84([*items, *parts, *doors], declared(), job, places)
    maker = _Maker(job, places, gathered)
    # estates and the boundary first: buildings are sorted into them
    for item in sorted(items, key=lambda item: item.meanings[0].kind not in ("estate", "boundary")):
        maker.make(item)
    maker.finish(parts, doors)
    return gathered


def _to_wgs84(items: list[_Item], declared: str | None, job: Job, places: Places) -> None:
    """Settle the coordinate system of the file, say it in the report, and move all geometries."""
    shaped = [item for item in items if item.feature.geometry is not None]
    geometries = np.array([item.feature.geometry for item in shaped], dtype=object)
    points = shapely.get_coordinates(geometries) if len(shaped) else np.empty((0, 2))
    guess = settle_crs(points, declared, job, places)

    def move(xy: Points) -> Points:
        return to_wgs84(xy[:, ::-1] if guess.swap else xy, guess.crs)

    moved = shapely.transform(geometries, move) if len(shaped) else geometries
    for item, geometry in zip(shaped, moved, strict=True):
        item.geometry = geometry


def settle_crs(points: Points, declared: str | None, job: Job, places: Places) -> CrsGuess:
    """The coordinate system asked for, declared or guessed; written into the report with its reason."""
    near = places.middle()
    if job.crs == "auto":
        guess = guess_crs(points, declared, near)
        if not guess.sure:
            job.report.warn(
                f"坐标系是推断的：{guess.reason['zh']}", f"coordinate system guessed: {guess.reason['en']}"
            )
    else:
        asked = parse_crs(job.crs)
        turned = guess_crs(points, asked, near).swap
        zh, en = (TURNED_ZH, TURNED) if turned else ("", "")
        reason: Words = {"zh": f"按 --crs {job.crs} 指定{zh}", "en": f"asked for with --crs {job.crs}{en}"}
        guess = CrsGuess(crs=asked, swap=turned, reason=reason)
        sample = points[np.isfinite(points).all(axis=1)]
        if asked in NAMED and len(sample) and (np.abs(sample) > 180).any(axis=1).mean() > 0.95:
            metric = guess_crs(points, None, near)  # "cgcs2000" of a survey file means its Gauss-Kruger grid
            told: Words = {
                "zh": f"指定了 --crs {job.crs}，但坐标以米计：{metric.reason['zh']}",
                "en": f"--crs {job.crs}, but the coordinates are metres: {metric.reason['en']}",
            }
            guess = replace(metric, reason=told)
        elif declared and parse_crs(declared) != asked:
            job.report.warn(
                f"文件写明 {declared}，已按指定的 --crs {job.crs} 读取",
                f"the file names {declared}, --crs {job.crs} was asked for and used",
            )
    job.report.crs, job.report.crs_reason = guess.crs, both(guess.reason)
    return guess


class _Maker:
    """Makes entities of features; keeps what several features share (estates, ids given, heights)."""

    def __init__(self, job: Job, places: Places, gathered: Gathered) -> None:
        self.job, self.places, self.gathered = job, places, gathered
        self.estates = {estate.estate_id: estate for estate in places.here(Estate)}
        self.boundary = places.boundary
        self.seen: dict[tuple[str, str], int] = {}
        self.folded: set[str] = set()
        self.boundary_parts: list[BaseGeometry] = []
        self.others: Counter[str] = Counter()  # words for kinds of facilities nobody knows

    def make(self, item: _Item) -> None:
        """The entities of one feature, or the reason why there are none."""
        feature, main = item.feature, item.meanings[0]
        try:
            if feature.problem:
                raise shapes.BadShape("bad_geometry", **feature.problem)
            geometry = shapes.checked(item.geometry)
            entity, repaired = self._entity(item, main, geometry)
            before = self.seen.setdefault((entity.kind, entity.identity), feature.row)
            if before != feature.row and not isinstance(entity, Community):
                raise shapes.BadShape(
                    "duplicate",
                    f"与第 {before} 个要素是同一{_TITLES[entity.kind]}：{entity.identity}；请只留一个",
                    f"is the same {entity.kind} as feature {before}: {entity.identity}; leave one of them",
                )
            stored = self.places.before(entity)
            if stored and stored.community_id != entity.community_id:
                raise shapes.BadShape(
                    "other_community",
                    f"{_TITLES[entity.kind]} {entity.identity} 属于社区 {stored.community_id}；"
                    "请检查编号，或导入到那个社区",
                    f"{entity.kind} {entity.identity} belongs to community {stored.community_id}; check its number, or "
                    "import it there",
                )
        except shapes.BadShape as error:
            self.gathered.rejects.append(rejected_feature(feature, error.code, _named(feature, error.reason)))
            return
        if isinstance(entity, Building):
            self.job.report.heights[entity.height_source.value] += 1
        repaired = feature.repaired or repaired
        if repaired:
            self.job.report.repairs.append(f"{feature.ref or f'feature {feature.row}'}: {repaired}")
        self.gathered.add(feature.row, main.layer, entity)
        for extra in item.meanings[1:]:
            self._extra(item, extra, geometry, entity)

    def _extra(self, item: _Item, meaning: Meaning, geometry: BaseGeometry, main: Entity) -> None:
        """What a feature is besides: the facility in a building, the plot of a school."""
        try:
            entity, _ = self._entity(item, meaning, geometry)
        except shapes.BadShape as error:  # the main thing is stored; what comes with it may need another shape
            if error.code == "bad_value":
                self.gathered.rejects.append(
                    rejected_feature(item.feature, error.code, _named(item.feature, error.reason))
                )
            return
        if isinstance(entity, Facility) and isinstance(main, Building):
            entity = replace(entity, building_id=main.building_id, outline=None)
        self.gathered.also(entity)

    def _entity(self, item: _Item, meaning: Meaning, geometry: BaseGeometry) -> tuple[Entity, str | None]:
        identity = self._identity(item, meaning, geometry) + (f"-{meaning.kind}" if meaning.is_second else "")
        if meaning.kind == "building":
            return self._building(item, identity, geometry)
        if meaning.kind == "facility":
            return self._facility(item, meaning, identity, geometry)
        name, name_en = _names(item)
        if meaning.kind == "ground":
            shape, repaired = (
                shapes.outline(geometry, _AREAS[meaning.detail])
                if meaning.shape == "area"
                else shapes.path_shape(geometry)
            )
            width = tags.metres(item.fields.get("width", "")) or meaning.width_m
            return Ground(
                community_id=self.job.community_id, ground_id=identity, layer=meaning.detail, name=name,
                name_en=name_en, geometry=shape.wkb, width_m=width if "LineString" in shape.geom_type else None,
                source=self.job.report.format,
                **(of_line(item.feature.tags, item.fields, meaning.detail) if meaning.layer == "paths" else {}),
            ), repaired  # fmt: skip
        if meaning.kind == "gate":
            return gate(self.job.community_id, identity, geometry, item.feature.tags, item.fields), None
        what = {"zh": "小区", "en": "an estate"} if meaning.kind == "estate" else {"zh": "边界", "en": "a boundary"}
        surface, repaired = shapes.outline(geometry, what)
        if meaning.kind == "estate":
            title = item.fields.get("estate") or name or "小区"
            known = self.places.estates.get(title)
            if known and known.boundary is None:  # named by buildings so far, now it gets its outline
                identity = known.estate_id
            estate = Estate(
                community_id=self.job.community_id, estate_id=identity, name=title, name_en=name_en,
                boundary=surface.wkb,
            )  # fmt: skip
            self.estates[identity] = estate
            return estate, repaired
        self.boundary_parts.append(surface)
        self.boundary = shapely.union_all(self.boundary_parts)
        stored = self.places.known(Community).get(self.job.community_id)
        return Community(
            community_id=self.job.community_id, name=name or (stored.name if stored else self.job.community_id),
            name_en=name_en, boundary=self.boundary.wkb,
        ), repaired  # fmt: skip

    def _identity(self, item: _Item, meaning: Meaning, geometry: BaseGeometry) -> str:
        own = item.fields.get(f"{meaning.kind}_id")
        if own:
            return own
        community = self.job.community_id
        ref = item.feature.ref
        if ref:
            return f"{community}-{slug(ref)}"
        rounded = shapely.set_precision(geometry, 1e-7, mode="pointwise")
        digest = hashlib.sha256(shapely.normalize(rounded).wkb + (_names(item)[0] or "").encode()).hexdigest()[:10]
        return f"{community}-{meaning.kind[0]}-{digest}"

    def _building(self, item: _Item, identity: str, geometry: BaseGeometry) -> tuple[Building, str | None]:
        surface, repaired = shapes.building_outline(geometry)
        height, source, levels, base = _height(item)
        name, name_en = _names(item)
        place = surface.representative_point()
        estate_id = self._estate(item, place)
        use = tags.use_of(item.feature.tags)
        if self.boundary is not None and not self.boundary.covers(place):
            use = "context"
        return Building(
            community_id=self.job.community_id, building_id=identity, estate_id=estate_id,
            name=name or item.fields.get("building"),
            name_en=name_en, use=use, footprint=surface.wkb, height_m=height, height_source=source, levels=levels,
            base_m=base, source=self.job.report.format, grid=item.fields.get("grid"),
        ), repaired  # fmt: skip

    def _estate(self, item: _Item, place: BaseGeometry) -> str | None:
        """The estate a building names, made when new; else the one it lies in."""
        name = item.fields.get("estate")
        if name:
            if name not in self._estates_named:
                digest = hashlib.sha256(name.encode()).hexdigest()[:8]
                estate = Estate(
                    community_id=self.job.community_id, estate_id=f"{self.job.community_id}-e-{digest}", name=name
                )
                self._estates_named[name] = estate
                self.gathered.also(estate)
            return self._estates_named[name].estate_id
        identities, tree = self._estate_tree
        inside = tree.query(place, predicate="intersects")
        return identities[int(inside.min())] if len(inside) else None

    @cached_property
    def _estates_named(self) -> dict[str, Estate]:
        return {estate.name: estate for estate in self.estates.values()}

    @cached_property
    def _estate_tree(self) -> tuple[list[str], shapely.STRtree]:
        """Estates with a boundary, the smallest first; all estates of the file are made before its buildings."""
        outlined = {i: shapely.from_wkb(e.boundary) for i, e in self.estates.items() if e.boundary}
        identities = sorted(outlined, key=lambda identity: float(outlined[identity].area))
        return identities, shapely.STRtree([outlined[identity] for identity in identities])

    def _facility(
        self, item: _Item, meaning: Meaning, identity: str, geometry: BaseGeometry
    ) -> tuple[Facility, str | None]:
        lon, lat = shapes.place_of(geometry)
        is_area = "Polygon" in geometry.geom_type
        area = shapes.area_of(geometry) if is_area else None
        name, name_en = _names(item)
        title, english, _ = FACILITY_KINDS[meaning.detail]
        word = item.fields.get("kind") or item.fields.get("type")
        if meaning.detail == "other" and word:
            self.others[word] += 1
        capacity = tags.number(item.fields.get("capacity", ""))
        if capacity is not None and capacity < 0:
            raise shapes.BadShape(
                "bad_value",
                f"容量 capacity 是 {capacity:g}；应为不小于 0 的整数",
                f"capacity is {capacity:g}; expected a whole number from 0",
            )
        return Facility(
            community_id=self.job.community_id, facility_id=identity, facility_kind=meaning.detail, name=name or title,
            name_en=name_en or (None if name else english), lon=lon, lat=lat, area_m2=round(area, 1) if area else None,
            capacity=None if capacity is None else int(capacity),
            opening_hours=item.fields.get("opening_hours"), operator=item.fields.get("operator"),
            outline=shapes.surface_of(geometry) if is_area else None,
        ), None  # fmt: skip

    def finish(self, parts: list[_Item], doors: list[_Item]) -> None:
        """Fold building parts into their outlines; put facilities and entrances into the buildings they stand in."""
        for word, count in self.others.most_common(10):
            self.job.report.warn(**unknown_kind(word, count))
        buildings = [e for e in self.gathered.entities.values() if isinstance(e, Building)]
        known = {b.building_id: b for b in self.places.here(Building)} | {b.building_id: b for b in buildings}
        homes = list(known.values())
        tree = shapely.STRtree(shapely.from_wkb([b.footprint for b in homes])) if homes else None
        for part in parts:
            self._fold(part, tree, homes)
        if doors:
            waiting = [
                (self._identity(door, door.meanings[0], door.geometry), door.geometry, door.fields | door.feature.tags)
                for door in doors
                if door.geometry is not None and door.geometry.geom_type == "Point"
            ]
            made = [e for e in self.gathered.entities.values() if isinstance(e, Facility)]
            areas = {e.facility_id: e for e in (*self.places.here(Facility), *made)}
            placed_entrances(waiting, homes, areas.values(), self.job, self.gathered)
        if tree is None:
            return
        for key, entity in list(self.gathered.entities.items()):
            if isinstance(entity, Facility) and entity.building_id is None:
                inside = tree.query(shapely.Point(entity.lon, entity.lat), predicate="intersects")
                if len(inside):
                    self.gathered.entities[key] = replace(entity, building_id=homes[int(inside[0])].building_id)

    def _fold(self, part: _Item, tree: shapely.STRtree | None, homes: list[Building]) -> None:
        place = part.geometry.representative_point() if part.geometry is not None else None
        inside = tree.query(place, predicate="intersects") if tree is not None and place is not None else np.empty(0)
        if not len(inside):
            self.job.report.skipped["building:part without a building"] += 1
            return
        self.job.report.skipped["building:part, folded into its building"] += 1
        key = ("building", homes[int(inside[0])].building_id)
        building = self.gathered.entities.get(key)
        height, source, _, base = _height(part)
        if (
            isinstance(building, Building)
            and source is not HeightSource.ASSUMED
            and (building.height_source is HeightSource.ASSUMED or building.building_id in self.folded)
            and base + height > building.base_m + building.height_m
        ):
            self.job.report.heights[building.height_source.value] -= 1
            self.job.report.heights[source.value] += 1
            self.gathered.entities[key] = replace(building, height_m=base + height, height_source=source)
            self.folded.add(building.building_id)


def _height(item: _Item) -> tuple[float, HeightSource, int | None, float]:
    """(metres above base, where from, levels, base): ``height``, else levels x 3 m, else assumed levels."""
    found = item.feature.tags
    stated = tags.metres(found.get("height") or found.get("building:height") or item.fields.get("height", ""))
    levels = tags.number(found.get("building:levels") or item.fields.get("levels", ""))
    if levels is not None and not 0 < levels <= 200:
        levels = None
    lowest = tags.metres(found.get("min_height", "")) or (
        LEVEL_M * (tags.number(found.get("building:min_level", "")) or 0)
    )
    base = lowest if 0 < lowest < 1_000 else 0.0
    whole = max(1, round(levels)) if levels is not None else None
    if stated is not None and base < stated <= 1_000:
        return stated - base, HeightSource.MEASURED, whole, base
    if levels is not None:
        roof = max(0.0, tags.number(found.get("roof:levels", "")) or 0.0)
        height = (levels + roof) * LEVEL_M - base
        return (height if height > 0 else LEVEL_M), HeightSource.LEVELS, whole, base
    return tags.assumed_levels(found) * LEVEL_M, HeightSource.ASSUMED, None, base


def _names(item: _Item) -> tuple[str | None, str | None]:
    found = item.feature.tags
    name = found.get("name:zh") or found.get("name") or item.fields.get("name")
    return name, found.get("name:en") or item.fields.get("name_en")


def _unrecognised(feature: Feature) -> Reject:
    names = list(feature.tags)[:6]
    reason: Words = {
        "zh": f"认不出是什么（属性：{'、'.join(names) or '无'}）；应有 building、highway、amenity、landuse "
        "等标签，或写明类型：请用 --layer buildings、facilities、paths 或 boundary 说明",
        "en": f"cannot tell what it is (properties: {', '.join(names) or 'none'}); expected building, highway, "
        "amenity, landuse … or a kind: say --layer buildings, facilities, paths or boundary",
    }
    return rejected_feature(feature, "unknown_kind", reason)


def _named(feature: Feature, reason: Words) -> Words:
    if not feature.ref:
        return reason
    return {"zh": f"{feature.ref}：{reason['zh']}", "en": f"{feature.ref}: {reason['en']}"}


def rejected_feature(feature: Feature, code: str, reason: Words) -> Reject:
    """A feature that was not stored, without what names a person."""
    kept = {key: "***" if is_personal(key) or holds_personal(value) else value for key, value in feature.tags.items()}
    raw: dict[str, object] = {"ref": feature.ref, "properties": kept}
    if feature.geometry is not None:
        raw["geometry"] = feature.geometry.wkt[:_RAW_LIMIT]
    return Reject(row=feature.row, code=code, reason=reason, raw=json.dumps(raw, ensure_ascii=False))


def slug(ref: str) -> str:
    """A text as part of an id: letters, digits, dot and dash; what else it held stays told apart by a digest."""
    kept = re.sub(r"[^A-Za-z0-9.]+", "-", ref).strip("-")
    if re.fullmatch(r"[A-Za-z0-9./ _:{}-]+", ref):
        return kept
    digest = hashlib.sha256(ref.encode()).hexdigest()[:6]
    return f"{kept}-{digest}" if kept else digest

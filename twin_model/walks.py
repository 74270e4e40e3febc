"""From what is stored to a walking network: ground lines, gates, entrances, buildings and facilities on it.

A walk to a building ends at the nearest of its entrances; where none is known, at the side of its outline that lies
nearest to a path. A facility is where its entrance is, else its point. docs/circles.md says the rules and their limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from twin_model import hours
from twin_model.plane import Planes
from twin_model.walking import F64, GATE_M, I64, JOIN_M, PROFILES, SNAP_LIMIT_M, Lines, Network, Profile, Shut, Snapped

MOTOR_ONLY = frozenset({"motorway", "motorway_link", "trunk", "trunk_link", "busway"})
"""Roads nobody may walk along unless they say so (foot=yes, or a pavement beside them)."""
EXACT = frozenset({"osm", "sample"})
"""Formats in which lines that meet hold the very same point; ends of others are joined within ``JOIN_M``."""
_DEGREE = 10_000_000  # points are told apart to 1e-7 degree, as OpenStreetMap does: 1 cm


@dataclass(frozen=True)
class Door:
    """Where walks to places end: ``at`` on the network, ``place`` which place each is of (several doors: one place)."""

    at: Snapped
    place: I64


@dataclass(frozen=True)
class Report:
    """What is to be known about a network before its figures are believed."""

    paths: int
    path_m: float
    nodes: int
    edges: int
    islands: tuple[tuple[int, float, float, float], ...]  # number, metres of path, lon, lat
    unconnected: tuple[Mapping[str, Any], ...]
    dropped: tuple[str, ...]
    gates: int
    gates_shut: int
    hours_unread: tuple[str, ...]
    snap_limit_m: float = SNAP_LIMIT_M
    join_m: float = JOIN_M
    gate_m: float = GATE_M


@dataclass(frozen=True, eq=False)
class Walk:
    """A network with what stands on it. Line ``i`` of it is (part of) the ground ``grounds[i]``."""

    network: Network
    planes: Planes
    grounds: NDArray[np.object_]
    line_hours: tuple[str | None, ...]
    gates: tuple[Mapping[str, Any], ...]
    line_community: NDArray[np.object_]
    buildings: pa.Table = field(repr=False)
    facilities: pa.Table = field(repr=False)
    in_water: NDArray[np.bool_] = field(repr=False)
    _building_middles: F64 = field(repr=False)
    _building_doors: tuple[NDArray[np.object_], I64] = field(repr=False)
    _facility_points: F64 = field(repr=False)
    _facility_doors: tuple[F64, I64] = field(repr=False)
    _kept: dict[object, Any] = field(default_factory=dict, repr=False)

    def building_doors(self, profile: Profile) -> Door:
        """Where walks to the buildings end, on paths this profile may walk."""
        return self._doors("building", self._building_doors, profile)

    def facility_doors(self, profile: Profile) -> Door:
        """Where walks to the facilities end; of one in the water nowhere."""
        door = self._doors("facility", self._facility_doors, profile)
        wet = self.in_water[door.place]
        return door if not wet.any() else Door(_drowned(door.at, wet), door.place)

    def building_middles(self) -> F64:
        """The middle of each building, in metres."""
        return self._building_middles

    def facility_points(self) -> F64:
        """The point of each facility, in metres, wherever it is."""
        return self._facility_points

    def _doors(self, what: str, doors: tuple[NDArray[Any], I64], profile: Profile) -> Door:
        kind = PROFILES["adult"] if self._same_paths(profile) else profile
        key = what, kind.name
        if key not in self._kept:
            self._kept[key] = Door(self.network.snap(doors[0], profile=kind), doors[1])
        found: Door = self._kept[key]
        return found

    def _same_paths(self, profile: Profile) -> bool:
        return bool(self.network.graph(profile).open_edge.all())

    def shut(self, profile: Profile, open_at: datetime | None, *, doubtful: bool = False) -> Shut:
        """What is shut at a local time: gates nobody may pass, what is closed by its hours and, unless ``doubtful``
        is asked to be open, what has hours that cannot be read. ``open_at`` None: hours are left out of account."""
        never = frozenset(n for n, gate in enumerate(self.gates) if _is_barred(gate, profile))
        if open_at is None:
            return Shut(gates=never)
        gates = {n: gate["opening_hours"] for n, gate in enumerate(self.gates)}
        return Shut(
            _closed(dict(enumerate(self.line_hours)), open_at, doubtful), never | _closed(gates, open_at, doubtful)
        )

    def metres(self, lonlat: F64, community_id: str) -> F64:
        """Places of a community, in the plane of its region."""
        return self.planes.metres(np.asarray(lonlat, np.float64).reshape(-1, 2), self.planes.region_of[community_id])

    def report(self) -> Report:
        """Islands, near misses, dropped lines, gates; worked out once."""
        if "report" not in self._kept:
            self._kept["report"] = self._report()
        found: Report = self._kept["report"]
        return found

    def _report(self) -> Report:
        network = self.network
        found = network.islands()
        spots = self.planes.degrees(np.array([at for *_, at in found]).reshape(-1, 2)).tolist()
        islands = [(n, metres, *spot) for (n, metres, _), spot in zip(found, spots, strict=True)]
        near = []
        for one in network.unconnected:
            at = self.gates[one.line] if one.what == "gate" else None
            lon, lat = (at["lon"], at["lat"]) if at else self.planes.degrees(np.array([one.xy])).tolist()[0]
            near.append(
                {
                    "what": one.what, "lon": lon, "lat": lat, "metres": one.metres,
                    "id": at["gate_id"] if at else self.grounds[one.line],
                    "other": None if one.other is None else self.grounds[one.other],
                }
            )  # fmt: skip
        texts = {text for text in (*self.line_hours, *(g["opening_hours"] for g in self.gates)) if text}
        return Report(
            paths=len(network.lines), path_m=float(network.edge_m.sum()), nodes=len(network.nodes),
            edges=len(network.edge_m), islands=tuple(islands), unconnected=tuple(near),
            dropped=tuple(str(self.grounds[line]) for line in network.dropped), gates=len(self.gates),
            gates_shut=sum(gate["foot"] == "no" for gate in self.gates),
            hours_unread=tuple(sorted(text for text in texts if hours.read(text) is None)),
        )  # fmt: skip


def _is_barred(gate: Mapping[str, Any], profile: Profile) -> bool:
    return bool(gate["foot"] == "no" or (gate["wheelchair"] == "no" and not profile.stairs))


def _closed(texts: Mapping[int, str | None], open_at: datetime, doubtful: bool) -> frozenset[int]:
    judged = {number: hours.is_open(text, open_at) for number, text in texts.items() if text}
    return frozenset(n for n, is_open in judged.items() if is_open is False or (is_open is None and not doubtful))


def is_walkable(layer: str, way: str | None, foot: str | None) -> bool:
    """Whether one may walk along a ground line. Private ways are walked by those who live there, so they count."""
    if layer not in ("path", "road", "crossing") or foot == "no":
        return False
    return foot == "yes" or way not in MOTOR_ONLY


def lay(ground: pa.Table, gates: pa.Table, entrances: pa.Table, buildings: pa.Table, facilities: pa.Table) -> Walk:
    """The network of these entities (tables as ``Twin.entities`` gives them), with all of them on it.

    ``buildings``: those people live in. Facilities of any kind; their order is that of the table.
    """
    walked = [
        is_walkable(*row) for row in zip(*(ground[name].to_pylist() for name in ("layer", "way", "foot")), strict=True)
    ]
    paths = ground.filter(pa.array(walked, pa.bool_()))
    shapes, owner = _lines_of(shapely.from_wkb(_bytes(paths["geometry"])))
    lonlat, of = shapely.get_coordinates(shapes, return_index=True)
    line_community = _text(paths["community_id"])[owner]
    outlines = shapely.from_wkb(_bytes(buildings["footprint"]))
    spots = np.stack([_numbers(facilities["lon"]), _numbers(facilities["lat"])], axis=1)
    communities = [line_community, _text(buildings["community_id"]), _text(facilities["community_id"])]
    middles = shapely.get_coordinates(shapely.centroid(outlines))
    planes = Planes.around(_middles(communities, [_starts(lonlat, of, len(shapes)), middles, spots]))

    def region(names: NDArray[np.object_]) -> I64:
        return np.array([planes.region_of.get(name, 0) for name in names], np.int64)

    points, vertices = _unique(lonlat)
    where = np.zeros(len(points), np.int64)
    where[vertices] = region(line_community)[of]
    gate_rows = gates.to_pylist()
    gate_at = np.array([(g["lon"], g["lat"]) for g in gate_rows], np.float64).reshape(-1, 2)
    gate_region = region(_text(gates["community_id"]))
    counts = np.bincount(of, minlength=len(shapes)) if len(of) else np.zeros(len(shapes), np.int64)
    lines = Lines(
        points=planes.metres(points, where), vertices=vertices,
        first=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), **_attributes(paths, owner),
    )  # fmt: skip
    network = Network.build(lines, gates=planes.metres(gate_at, gate_region))

    doors = _entrances(entrances, planes)
    region_of_building = region(communities[1])
    flat = _moved(outlines, lambda xy, which: planes.metres(xy, region_of_building[which]))
    standing = planes.metres(spots, region(communities[2]))
    return Walk(
        network=network, planes=planes, grounds=_text(paths["ground_id"])[owner],
        line_hours=tuple(_text(paths["opening_hours"])[owner].tolist()), gates=tuple(gate_rows),
        line_community=line_community, buildings=buildings, facilities=facilities,
        in_water=_in_water(ground, facilities, planes), _building_doors=_building_doors(buildings, flat, doors),
        _building_middles=shapely.get_coordinates(shapely.centroid(flat)), _facility_points=standing,
        _facility_doors=_facility_doors(facilities, standing, doors),
    )  # fmt: skip


def _attributes(paths: pa.Table, owner: I64) -> dict[str, NDArray[Any]]:
    way, chair = _text(paths["way"])[owner], _text(paths["wheelchair"])[owner]
    fit = np.zeros(len(owner), np.int8)
    fit[chair == "yes"], fit[chair == "no"] = 1, -1
    return {
        "stairs": way == "steps", "wheelchair": fit, "slope": _numbers(paths["incline"])[owner],
        "level": np.nan_to_num(_numbers(paths["level"])[owner]).astype(np.int64),
        "exact": np.isin(_text(paths["source"])[owner], [*EXACT]),
    }  # fmt: skip


def _lines_of(geometries: NDArray[np.object_]) -> tuple[NDArray[np.object_], I64]:
    """All single lines, of outlines their rings, and which geometry each is of, in its order."""
    parts, owner = shapely.get_parts(geometries, return_index=True)
    is_area = shapely.get_dimensions(parts) == 2
    rings, of = shapely.get_rings(parts[is_area], return_index=True)
    shapes = np.concatenate([parts[~is_area], rings])
    owner = np.concatenate([owner[~is_area], owner[is_area][of]])
    order = np.argsort(owner, kind="stable")
    return shapes[order], owner[order].astype(np.int64)


def _starts(lonlat: F64, of: I64, lines: int) -> F64:
    """The first point of each line."""
    return lonlat[np.searchsorted(of, np.arange(lines))] if lines else lonlat


def _unique(lonlat: F64) -> tuple[F64, I64]:
    """Points told apart to 1e-7 degree, and which of them each coordinate is."""
    whole = np.rint(lonlat * _DEGREE).astype(np.int64)
    keys = whole[:, 0] * (1 << 31) + whole[:, 1]
    _, first, vertices = np.unique(keys, return_index=True, return_inverse=True)
    return lonlat[first], vertices.reshape(-1).astype(np.int64)


def _entrances(entrances: pa.Table, planes: Planes) -> dict[str, F64]:
    """The entrances of each building, in metres, in the order of their ids."""
    found: dict[str, list[F64]] = {}
    for row in entrances.to_pylist():
        at = planes.metres(np.array([[row["lon"], row["lat"]]]), planes.region_of.get(row["community_id"], 0))
        found.setdefault(row["building_id"], []).append(at)
    return {building: np.vstack(points) for building, points in found.items()}


def _building_doors(
    buildings: pa.Table, outlines: NDArray[np.object_], entrances: Mapping[str, F64]
) -> tuple[NDArray[np.object_], I64]:
    places: list[Any] = list(outlines)
    owner = list(range(len(places)))
    if entrances:
        for number, building in enumerate(buildings["building_id"].to_pylist()):
            points = entrances.get(building)
            if points is not None:
                places[number] = shapely.Point(points[0])
                places += [shapely.Point(point) for point in points[1:]]
                owner += [number] * (len(points) - 1)
    array = np.empty(len(places), object)
    array[:] = places
    return array, np.array(owner, np.int64)


def _facility_doors(facilities: pa.Table, standing: F64, entrances: Mapping[str, F64]) -> tuple[F64, I64]:
    """Of a facility in a building with known entrances the one nearest to its point, else its point."""
    places = standing.copy()
    if entrances:
        for number, building in enumerate(facilities["building_id"].to_pylist()):
            points = entrances.get(building)
            if points is not None:
                places[number] = points[np.hypot(*(points - standing[number]).T).argmin()]
    return places, np.arange(len(places))


def _in_water(ground: pa.Table, facilities: pa.Table, planes: Planes) -> NDArray[np.bool_]:
    """Facilities that stand in no building and whose point lies in water: a mistake of their coordinates."""
    wet = np.zeros(facilities.num_rows, bool)
    water = ground.filter(pc.equal(ground["layer"], "water"))
    outside = np.flatnonzero(np.asarray(facilities["building_id"].is_null()))
    if not water.num_rows or not len(outside):
        return wet
    shapes = shapely.from_wkb(_bytes(water["geometry"]))
    names = _text(water["community_id"])
    regions = np.array([planes.region_of.get(name, 0) for name in names], np.int64)
    flat = _moved(shapes, lambda xy, which: planes.metres(xy, regions[which]))
    is_line = shapely.get_dimensions(flat) == 1
    half = np.nan_to_num(_numbers(water["width_m"]), nan=0.0) / 2
    flat[is_line] = shapely.buffer(flat[is_line], half[is_line])
    spots = np.stack([_numbers(facilities["lon"]), _numbers(facilities["lat"])], axis=1)[outside]
    of = [planes.region_of.get(name, 0) for name in _text(facilities["community_id"])[outside]]
    found, _ = shapely.STRtree(flat).query(shapely.points(planes.metres(spots, np.array(of))), predicate="within")
    wet[outside[found]] = True
    return wet


def _drowned(at: Snapped, wet: NDArray[np.bool_]) -> Snapped:
    return Snapped(
        np.where(wet, -1, at.edge), np.where(wet, np.nan, at.offset_m), np.where(wet, np.nan, at.snap_m), at.ok & ~wet,
        np.where(wet[:, None], np.nan, at.xy),
    )  # fmt: skip


def _moved(geometries: NDArray[np.object_], move: Any) -> NDArray[np.object_]:
    """Geometries with moved coordinates; ``move`` gets these and which geometry each is of."""
    coordinates, which = shapely.get_coordinates(geometries, return_index=True)
    if not len(coordinates):
        return geometries
    moved: NDArray[np.object_] = shapely.set_coordinates(geometries.copy(), move(coordinates, which))
    return moved


def _middles(names: list[NDArray[np.object_]], places: list[F64]) -> dict[str, tuple[float, float]]:
    """The mean point of each community by what is known of it: its paths, else its buildings, else its facilities."""
    found: dict[str, tuple[float, float]] = {}
    for of, at in zip(names, places, strict=True):
        if not len(of):
            continue
        kinds, number = np.unique(of.astype(str), return_inverse=True)
        size = np.bincount(number)
        lon, lat = (np.bincount(number, weights=at[:, axis]) / size for axis in (0, 1))
        for name, x, y in zip(kinds.tolist(), lon.tolist(), lat.tolist(), strict=True):
            found.setdefault(name, (x, y))
    return found


def _bytes(column: pa.ChunkedArray) -> NDArray[np.object_]:
    values: NDArray[np.object_] = np.asarray(column.to_numpy(zero_copy_only=False), object)
    return values


def _text(column: pa.ChunkedArray) -> NDArray[np.object_]:
    return _bytes(column)


def _numbers(column: pa.ChunkedArray) -> F64:
    return np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)

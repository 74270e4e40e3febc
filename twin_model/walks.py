"""From what is stored to a walking network: ground lines, gates, entrances, buildings and facilities on it.

Where walks end is in ``walk_doors``. Facilities stand on a network that is laid without them, so that one more needs no
other network. docs/circles.md says the rules and their limits. Somewhat long, because all of a network that knows the
twin's tables is here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from twin_model import hours
from twin_model.plane import Planes
from twin_model.walk_doors import Door, Places, Stands, Ways, entrances_of, house_doors, stand
from twin_model.walking import (
    F64,
    GATE_M,
    I64,
    JOIN_M,
    OPEN,
    PROFILES,
    SNAP_LIMIT_M,
    Lines,
    Network,
    Profile,
    Shut,
    Snapped,
)

MOTOR_ONLY = frozenset({"motorway", "motorway_link", "trunk", "trunk_link", "busway"})
"""Roads nobody may walk along unless they say so (foot=yes, or a pavement beside them)."""
EXACT = frozenset({"osm", "sample"})
"""Formats in which lines that meet hold the very same point; ends of others are joined within ``JOIN_M``."""
_STANDING = ("facility_id", "community_id", "building_id", "lon", "lat", "opening_hours", "outline")
"""What of a facility matters for walks to it."""
_DEGREE = 10_000_000  # points are told apart to 1e-7 degree, as OpenStreetMap does: 1 cm


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
    _middles: F64 = field(repr=False)
    _entrances: Mapping[str, Ways] = field(repr=False)
    _house: Places = field(repr=False)
    _stands: Stands = field(repr=False)
    _water: NDArray[np.object_] = field(repr=False)
    streets: object = field(default_factory=object, repr=False)  # the same as long as network and buildings are
    _kept: dict[object, Any] = field(default_factory=dict, repr=False)
    _kept_of_facilities: dict[object, Any] = field(default_factory=dict, repr=False)

    def of_kind(self, kind: str) -> I64:
        """The numbers of the facilities of a kind."""
        if "kinds" not in self._kept_of_facilities:
            names = self.facilities["facility_kind"].combine_chunks().dictionary_encode()
            place = {name: number for number, name in enumerate(names.dictionary.to_pylist())}
            order = np.argsort(names.indices.to_numpy(), kind="stable")
            ends = np.searchsorted(names.indices.to_numpy()[order], np.arange(len(place) + 1))
            self._kept_of_facilities["kinds"] = {
                name: order[ends[n] : ends[n + 1]].astype(np.int64) for name, n in place.items()
            }
        found: I64 = self._kept_of_facilities["kinds"].get(kind, np.empty(0, np.int64))
        return found

    def digest_of(self, kind: str) -> bytes:
        """The same for two walks whose facilities of a kind stand, and are open, alike."""
        key = "digest", kind
        if key not in self._kept_of_facilities:
            rows = self.facilities.take(pa.array(self.of_kind(kind))).select([*_STANDING])
            said = hashlib.blake2b(digest_size=16)
            for column in rows.columns:
                said.update(repr(column.to_pylist()).encode())
            self._kept_of_facilities[key] = said.digest()
        found: bytes = self._kept_of_facilities[key]
        return found

    # -------------------------------------------------------------- doors

    def building_doors(self, profile: Profile) -> Door:
        """Where walks to the buildings end, on paths this profile may walk; one it cannot enter by is on none."""
        key = "buildings", self._paths_of(profile).name, profile.stairs
        if key not in self._kept:
            self._kept[key] = self._house.snapped(self.network, self._paths_of(profile), on_wheels=not profile.stairs)
        found: Door = self._kept[key]
        return found

    def no_way_in(self, profile: Profile) -> NDArray[np.bool_]:
        """Which buildings have entrances, all of which are closed to this profile."""
        if profile.stairs:
            return np.zeros(self.buildings.num_rows, bool)
        doors = self._house
        fit = np.bincount(doors.place[~doors.not_on_wheels], minlength=self.buildings.num_rows) > 0
        return np.asarray(~fit, np.bool_)

    def facility_doors(self, profile: Profile) -> Door:
        """Where walks to the facilities end, several of an area; of one in the water, or without a way in, nowhere."""
        key = self._paths_of(profile).name, profile.stairs
        if key not in self._kept_of_facilities:
            door = self._stands.snapped(self.network, self._paths_of(profile), on_wheels=not profile.stairs)
            self._kept_of_facilities[key] = door.without(self.in_water[door.place])
        found: Door = self._kept_of_facilities[key]
        return found

    def doors_of(self, facilities: I64 | list[int], profile: Profile, shut: Shut = OPEN) -> tuple[Snapped, I64]:
        """The doors of some facilities that are not shut gates, in the order of the table, and which facility each is
        of (its place in ``facilities``)."""
        door, numbers = self.facility_doors(profile), np.asarray(facilities, np.int64)
        place = np.full(self.facilities.num_rows, -1, np.int64)
        place[numbers] = np.arange(len(numbers))
        chosen = place[door.place] >= 0
        if shut.gates:
            chosen &= ~np.isin(door.gate, sorted(shut.gates))
        return door.at[chosen], place[door.place[chosen]]

    def facilities_stand(self, profile: Profile) -> tuple[NDArray[np.bool_], NDArray[np.bool_], F64]:
        """Per facility whether it is on the network, whether on islands only, and the metres of its nearest door."""
        door, size = self.facility_doors(profile), self.facilities.num_rows
        apart = self.network.on_island(door.at, profile)
        order = np.lexsort((np.where(door.at.ok, door.at.snap_m, np.inf), apart | ~door.at.ok, door.place))
        first = order[np.searchsorted(door.place[order], np.arange(size))] if len(order) else order
        return door.at.ok[first], apart[first], door.at.snap_m[first]

    def entered(self, facility_id: str) -> tuple[str | None, int]:
        """How an area is entered: gates (and how many), paths (that cross its outline) or side; None: it is a point."""
        number = pc.index(self.facilities["facility_id"], facility_id).as_py()
        if number not in self._stands.outlines:
            return None, 0
        mine = self._stands.owner == number
        if not mine.any():
            return "side", 1
        return ("gates" if (self._stands.gate[mine] >= 0).all() else "paths"), int(mine.sum())

    def building_middles(self) -> F64:
        """The middle of each building, in metres."""
        return self._middles

    def facility_points(self) -> F64:
        """The point of each facility, in metres, wherever it is."""
        return self._stands.points

    def straight(self, of: F64, facilities: I64) -> F64:
        """As the crow flies: metres from each place to the nearest of some facilities, of areas to their outline."""
        return self._stands.straight(of, facilities)

    def _paths_of(self, profile: Profile) -> Profile:
        """A profile with the same paths: places stand alike for all who may walk everywhere."""
        return PROFILES["adult"] if bool(self.network.graph(profile).open_edge.all()) else profile

    # -------------------------------------------------------------- hours

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

    # -------------------------------------------------------------- others

    def with_facilities(self, facilities: pa.Table) -> Walk | None:
        """The same network with other facilities on it; None where one is of a community that has no plane here."""
        names = _text(facilities["community_id"])
        if not set(names) <= self.planes.region_of.keys():
            return None
        region = _region(self.planes, names)
        lonlat = np.stack([_numbers(facilities["lon"]), _numbers(facilities["lat"])], axis=1)
        points = self.planes.metres(lonlat, region)
        stands = stand(
            self.network, facilities["building_id"].to_pylist(), points, self._entrances,
            _outlines(facilities, self.planes, region),
        )  # fmt: skip
        wet = _in_water(self._water, points, np.asarray(facilities["building_id"].is_null()), stands.outlines)
        return replace(
            self, facilities=facilities, in_water=wet, _stands=stands,
            _kept_of_facilities={},
        )  # fmt: skip

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
        return _region(planes, names)

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

    ways, region_of_building = entrances_of(entrances, planes), region(communities[1])
    flat = _moved(outlines, lambda xy, which: planes.metres(xy, region_of_building[which]))
    walk = Walk(
        network=network, planes=planes, grounds=_text(paths["ground_id"])[owner],
        line_hours=tuple(_text(paths["opening_hours"])[owner].tolist()), gates=tuple(gate_rows),
        line_community=line_community, buildings=buildings, facilities=facilities.slice(0, 0),
        in_water=np.zeros(0, bool), _middles=shapely.get_coordinates(shapely.centroid(flat)), _entrances=ways,
        _house=house_doors(buildings["building_id"].to_pylist(), flat, ways),
        _stands=stand(network, [], np.empty((0, 2)), ways, {}), _water=_water(ground, planes),
    )  # fmt: skip
    placed = walk.with_facilities(facilities)
    assert placed is not None  # its planes are around these very facilities
    return placed


def _region(planes: Planes, names: NDArray[np.object_]) -> I64:
    return np.array([planes.region_of.get(name, 0) for name in names], np.int64)


def _outlines(facilities: pa.Table, planes: Planes, region: I64) -> dict[int, Any]:
    """The outlines of those facilities that are areas, in metres, by their numbers."""
    numbers = np.flatnonzero(np.asarray(facilities["outline"].is_valid()))
    shapes = shapely.from_wkb(_bytes(facilities["outline"].take(pa.array(numbers))))
    flat = _moved(shapes, lambda xy, which: planes.metres(xy, region[numbers[which]]))
    return dict(zip(numbers.tolist(), flat, strict=True))


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


def _water(ground: pa.Table, planes: Planes) -> NDArray[np.object_]:
    """Everything that is water, as areas in metres."""
    water = ground.filter(pc.equal(ground["layer"], "water"))
    if not water.num_rows:
        return np.empty(0, object)
    shapes, regions = shapely.from_wkb(_bytes(water["geometry"])), _region(planes, _text(water["community_id"]))
    flat = _moved(shapes, lambda xy, which: planes.metres(xy, regions[which]))
    is_line = shapely.get_dimensions(flat) == 1
    half = np.nan_to_num(_numbers(water["width_m"]), nan=0.0) / 2
    flat[is_line] = shapely.buffer(flat[is_line], half[is_line])
    return flat


def _in_water(
    water: NDArray[np.object_], points: F64, outside: NDArray[np.bool_], outlines: Mapping[int, Any]
) -> NDArray[np.bool_]:
    """Facilities that stand in no building and lie in water: a mistake of their coordinates. A park with a pond in its
    middle is none."""
    wet, chosen = np.zeros(len(points), bool), np.flatnonzero(outside)
    if len(water) and len(chosen):
        places = shapely.points(points[chosen])
        for turn in np.flatnonzero(np.isin(chosen, [*outlines])).tolist():
            places[turn] = outlines[int(chosen[turn])]
        found, _ = shapely.STRtree(water).query(places, predicate="within")
        wet[chosen[found]] = True
    return wet


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

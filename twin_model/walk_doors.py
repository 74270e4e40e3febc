"""Where walks end: entrances of buildings, points of facilities, ways into areas. Pure, in metres.

A walk to a building ends at the nearest of its entrances; where none is known, at the side of its outline that lies
nearest to a path. A facility in a building with entrances is at the one nearest to its point, else at its point. An
area (a park, the grounds of a school) is reached at the gates on its outline; without any, wherever a path crosses its
outline; without such, at the place of its outline that is nearest to a path. On wheels, entrances that are said not to
be for wheelchairs are none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from twin_model.plane import Planes
from twin_model.walking import F64, GATE_M, I64, Bool, Network, Profile, Snapped, straight

EVERY_M = 10.0
"""Along a path that is the outline of an area this far apart."""
Shapes = NDArray[np.object_]


@dataclass(frozen=True)
class Door:
    """Where walks to places end: ``at`` on the network, ``place`` which place each is of (several doors: one place).

    ``gate``: the gate a door is, which may be shut; -1: none.
    """

    at: Snapped
    place: I64
    gate: I64

    def without(self, which: Bool) -> Door:
        """The same with some of the doors on no network."""
        if not which.any():
            return self
        at = self.at
        return Door(
            Snapped(
                np.where(which, -1, at.edge), np.where(which, np.nan, at.offset_m), np.where(which, np.nan, at.snap_m),
                at.ok & ~which, np.where(which[:, None], np.nan, at.xy),
            ), self.place, self.gate,
        )  # fmt: skip


@dataclass(frozen=True)
class Ways:
    """The entrances of one building, in the order of their ids."""

    xy: F64
    not_on_wheels: Bool


@dataclass(frozen=True)
class Places:
    """Outlines and points, and which place each is of."""

    shapes: Shapes
    place: I64
    not_on_wheels: Bool

    def snapped(self, network: Network, profile: Profile, *, on_wheels: bool) -> Door:
        """Their doors on the paths of a profile."""
        door = Door(network.snap(self.shapes, profile=profile), self.place, np.full(len(self.place), -1, np.int64))
        return door.without(self.not_on_wheels) if on_wheels else door


@dataclass(frozen=True, eq=False)
class Stands:
    """Where facilities stand.

    ``points``: of each facility. ``at``, ``at_on_wheels``: where its walks end unless it is an area; NaN: it has no way
    in. ``outlines``: those that are areas, by number; ``entries``: points of their outlines one enters by, ``owner``
    which area each is of, ``gate`` which gate it is (-1: where a path crosses the outline).
    """

    points: F64
    at: F64
    at_on_wheels: F64
    outlines: Mapping[int, Any]
    entries: F64
    owner: I64
    gate: I64

    def snapped(self, network: Network, profile: Profile, *, on_wheels: bool) -> Door:
        """Their doors on the paths of a profile, facility by facility."""
        single = np.setdiff1d(np.arange(len(self.points)), np.fromiter(self.outlines, np.int64, len(self.outlines)))
        at = (self.at_on_wheels if on_wheels else self.at)[single]
        doors = [Door(_snapped(network, at, profile), single, np.full(len(single), -1, np.int64))]
        if self.outlines:
            doors += self._areas(network, profile)
        place = np.concatenate([door.place for door in doors])
        order = np.argsort(place, kind="stable")
        parts = [
            np.concatenate([getattr(door.at, name) for door in doors])[order]
            for name in ("edge", "offset_m", "snap_m", "ok", "xy")
        ]
        return Door(Snapped(*parts), place[order], np.concatenate([door.gate for door in doors])[order])

    def _areas(self, network: Network, profile: Profile) -> list[Door]:
        """Areas at their entries a profile has a path to; at the nearest place of the outline where there is none."""
        at = network.snap(self.entries, GATE_M, profile=profile)
        usable = at.ok
        fenced = np.unique(self.owner[self.gate >= 0])  # where there are gates one does not climb the fence
        open_sided = np.setdiff1d(
            np.fromiter(self.outlines, np.int64, len(self.outlines)), np.union1d(self.owner[usable], fenced)
        )
        edges = np.empty(len(open_sided), object)
        edges[:] = [shapely.boundary(self.outlines[number]) for number in open_sided.tolist()]
        beside = network.snap(edges, profile=profile)
        without = np.setdiff1d(fenced, self.owner[usable])  # none of its gates lies on a path this profile may walk
        nowhere = _snapped(network, np.full((len(without), 2), np.nan), profile)
        none = np.full(len(self.outlines), -1, np.int64)
        return [
            Door(at[usable], self.owner[usable], self.gate[usable]),
            Door(beside, open_sided, none[: len(open_sided)]), Door(nowhere, without, none[: len(without)]),
        ]  # fmt: skip

    def straight(self, of: F64, facilities: I64) -> F64:
        """As the crow flies: from each place to the nearest of some facilities, of areas to their outline."""
        is_area = np.array([number in self.outlines for number in facilities.tolist()], bool)
        metres = straight(of, self.points[facilities[~is_area]])
        if is_area.any() and len(of):
            tree = shapely.STRtree([self.outlines[number] for number in facilities[is_area].tolist()])
            (place, _), away = tree.query_nearest(shapely.points(of), return_distance=True, all_matches=False)
            metres[place] = np.minimum(metres[place], away)
        return metres


def _snapped(network: Network, places: F64, profile: Profile) -> Snapped:
    """As the network does; a place that is NaN is on no path."""
    there = np.isfinite(places).all(axis=1)
    if there.all():
        return network.snap(places, profile=profile)
    found, size = network.snap(places[there], profile=profile), len(places)
    edge, xy = np.full(size, -1, np.int64), np.full((size, 2), np.nan)
    offset, away = np.full(size, np.nan), np.full(size, np.nan)
    edge[there], offset[there], away[there], xy[there] = found.edge, found.offset_m, found.snap_m, found.xy
    return Snapped(edge, offset, away, edge >= 0, xy)


def entrances_of(entrances: pa.Table, planes: Planes) -> dict[str, Ways]:
    """The entrances of each building, in metres."""
    found: dict[str, list[tuple[F64, bool]]] = {}
    for row in entrances.to_pylist():
        at = planes.metres(np.array([[row["lon"], row["lat"]]]), planes.region_of.get(row["community_id"], 0))
        found.setdefault(row["building_id"], []).append((at, row["wheelchair"] == "no"))
    return {
        building: Ways(np.vstack([at for at, _ in ways]), np.array([no for _, no in ways], bool))
        for building, ways in found.items()
    }


def house_doors(buildings: Sequence[str], outlines: Shapes, entrances: Mapping[str, Ways]) -> Places:
    """The entrances of each building, else its outline."""
    places: list[Any] = list(outlines)
    owner, closed = list(range(len(places))), [False] * len(places)
    if entrances:
        for number, building in enumerate(buildings):
            ways = entrances.get(building)
            if ways is not None:
                points = [shapely.Point(point) for point in ways.xy]
                places[number], closed[number] = points[0], bool(ways.not_on_wheels[0])
                places += points[1:]
                owner += [number] * (len(points) - 1)
                closed += ways.not_on_wheels[1:].tolist()
    array = np.empty(len(places), object)
    array[:] = places
    return Places(array, np.array(owner, np.int64), np.array(closed, bool))


def stand(
    network: Network, buildings: Sequence[str | None], points: F64, entrances: Mapping[str, Ways],
    outlines: Mapping[int, Any],
) -> Stands:  # fmt: skip
    """Where facilities stand: ``buildings`` they are in, their ``points``, the ``outlines`` of those that are areas."""
    at = points.copy()
    on_wheels = points.copy()
    if entrances:
        for number, building in enumerate(buildings):
            ways = entrances.get(building) if building is not None else None
            if ways is None:
                continue
            away = np.hypot(*(ways.xy - points[number]).T)
            at[number] = ways.xy[away.argmin()]
            fit = np.flatnonzero(~ways.not_on_wheels)
            on_wheels[number] = ways.xy[fit[away[fit].argmin()]] if len(fit) else np.nan
    entries, owner, gate = _entries(network, outlines)
    return Stands(points, at, on_wheels, outlines, entries, owner, gate)


def _entries(network: Network, outlines: Mapping[int, Any]) -> tuple[F64, I64, I64]:
    """By area the gates on its outline, else the points where paths cross it."""
    none = np.empty((0, 2)), np.empty(0, np.int64), np.empty(0, np.int64)
    if not outlines or not len(network.segment_m):
        return none
    numbers = np.fromiter(outlines, np.int64, len(outlines))
    edges = shapely.boundary(np.array([outlines[number] for number in numbers.tolist()], object))
    on_path = np.flatnonzero(network.gate_node >= 0)
    spots = network.nodes[network.gate_node[on_path]]
    area, which = shapely.STRtree(shapely.points(spots)).query(edges, predicate="dwithin", distance=GATE_M)
    gated = np.unique(area)
    found = [(spots[which], area, on_path[which])]
    tree, segments = network.tree()
    crossed, segment = tree.query(edges, predicate="intersects")
    kept = ~np.isin(crossed, gated)
    crossed, segment = crossed[kept], segments[segment[kept]]
    if len(crossed):
        ends = np.stack([network.segment_a[segment], network.segment_b[segment]], axis=1)
        shared = shapely.intersection(edges[crossed], shapely.linestrings(ends))
        # where a path runs on the outline itself it is entered everywhere
        xy, of = shapely.get_coordinates(shapely.segmentize(shared, EVERY_M), return_index=True)
        where = np.unique(np.column_stack([crossed[of], xy]), axis=0)
        found.append((where[:, 1:], where[:, 0].astype(np.int64), np.full(len(where), -1, np.int64)))
    entries, owner, gate = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return entries, numbers[owner], gate

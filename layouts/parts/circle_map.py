"""What the map of walking circles is drawn from: streets once, then how far it is to every point of them.

Three answers, in the format of ``map_scene`` (metres around the same origin, so that streets lie on their ground):

``streets``  arrays ``xy`` float32 (n x 4: begin and end of each stretch), ``apart`` uint8 (1: on an island).
``walks``    header ``kinds``, ``buildings`` (how many, in the order of the geometry), ``metres_per_minute``,
             ``facilities`` (id, kind, names, x, y, building number or -1, placed, shut at the hour chosen); arrays
             ``metres`` uint16 (kinds x buildings, in decimetres) and ``homes`` uint16 (65535: so few that they could
             be somebody, kept back from whoever may not see small counts).
``reach``    array ``ends`` uint16 (n x 2: at begin and end of each stretch, in decimetres; of all kinds together how
             many are within the limit), ``buildings`` uint16 from one place, header ``pins`` ([facility id, metres,
             minutes]).

Where slopes are known ``metres_flat``, ``ends_flat`` and ``buildings_flat`` stand beside: of the quickest walk the
metres one walks on the flat in that time. Decimetres from 65530 on are no distance: 65530 no entrance is for
wheelchairs, 65531 hours that cannot be read are in the way, 65532 nobody lives there, 65533 not on the network, 65534
island, 65535 out of range.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from layouts.parts import map_scene
from layouts.parts.circle_answers import hour_of, kinds_of, speed_of, walks
from layouts.parts.circle_words import limit_of
from layouts.parts.map_shapes import Plane
from twin_model import hours
from twin_model.circle_book import book
from twin_model.circles import Unasked
from twin_model.masking import suppressed
from twin_model.remembered import Remembered
from twin_model.rights import asked
from twin_model.twin import Twin
from twin_model.walking import AWAY, LENGTH, TOWARDS, Profile, Shut, Snapped
from twin_model.walks import Walk

LONGEST_M = 20.0
"""A stretch is no longer: between two exact ends its inside is exact too, save where a facility stands on it."""
AROUND_M = 1_500.0
"""Streets this far around the community's buildings are drawn: what may be walked within the widest circle."""
TOLD_M = 1_200.0
"""Walks are told up to here: 15 minutes of an adult."""
DOOR, HOURS, NO_HOME, OFF, ISLAND, FAR = 65530, 65531, 65532, 65533, 65534, 65535
FEW = 65535
"""Of homes: kept back."""
KEPT = 6

U16 = NDArray[np.uint16]
F64 = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Stretches:
    """Pieces of streets: ``xy`` in the map's metres, and where on the network both ends are."""

    xy: NDArray[np.float32]
    ends: Snapped
    apart: NDArray[np.uint8]


def stretches(walk: Walk, plane: Plane, box: F64) -> Stretches:
    """The streets within ``box`` (west, south, east, north in the network's metres), cut into short pieces."""
    network = walk.network
    a, b = network.segment_a, network.segment_b
    low, high = np.minimum(a, b), np.maximum(a, b)
    near = np.flatnonzero((high >= box[:2]).all(axis=1) & (low <= box[2:]).all(axis=1))
    drawn = [plane.metres(walk.planes.degrees(points[near])) if len(near) else np.empty((0, 2)) for points in (a, b)]
    length, offset, edge = (
        values[near] for values in (network.segment_m, network.segment_offset, network.segment_edge)
    )
    pieces = np.maximum(1, np.ceil(length / LONGEST_M)).astype(np.int64)
    of = np.repeat(np.arange(len(near)), pieces)
    turn = np.arange(len(of)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    share = np.stack([turn, turn + 1], axis=1) / pieces[of][:, None]
    start, end = (drawn[0][of] + (drawn[1] - drawn[0])[of] * share[:, side, None] for side in (0, 1))
    along = offset[of][:, None] + length[of][:, None] * share
    ends = _at(np.repeat(edge[of], 2), np.minimum(along.ravel(), network.edge_m[np.repeat(edge[of], 2)]))
    apart = network.on_island(ends[::2]).astype(np.uint8)
    return Stretches(np.hstack([start, end]).astype(np.float32), ends, apart)


def _at(edge: NDArray[np.int64], offset: F64) -> Snapped:
    nothing = np.zeros(len(edge))
    return Snapped(edge, offset, nothing, np.ones(len(edge), bool), np.zeros((len(edge), 2)))


def decimetres(metres: F64) -> U16:
    """Metres as whole decimetres; what is not reached, or further than anybody looks, is out of range."""
    with np.errstate(invalid="ignore"):
        return np.where(metres < TOLD_M, np.rint(np.minimum(metres, TOLD_M) * 10), FAR).astype(np.uint16)


@dataclass(frozen=True, eq=False)
class _Frame:
    """What the community's geometry says: its version, the plane it is drawn in, the order of its buildings."""

    version: str
    plane: Plane
    ids: pa.Array


class CircleMap:
    """The answers for one twin, remembered until something they are made of changes."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._frames = Remembered(KEPT)
        self._cut = Remembered(KEPT)
        self._answers = Remembered(4 * KEPT)

    def version(self, community: str, at: datetime) -> str:
        """Changes when the streets do, or the ground they lie on."""
        return f"{self._twin.geometry_version(community, at)}-{self._twin.circles.epoch(at):x}-{self._twin.forgotten}"

    def streets(self, community: str, at: datetime) -> bytes:
        """The network around the community."""
        version = self.version(community, at)
        return self._answers.get(("streets", community, version), lambda: self._streets(community, at, version))

    def _streets(self, community: str, at: datetime, version: str) -> bytes:
        cut = self._stretches(community, at)
        return map_scene.encode({"version": version}, {"xy": cut.xy.ravel(), "apart": cut.apart})

    def walks(self, community: str, at: datetime, speed: str | None, hour: str | None) -> bytes:
        """From every building of the map to the nearest facility of every kind."""
        key = "walks", community, self.version(community, at), speed_of(speed), hour_of(at, hour)
        return self._answers.get(key, lambda: self._walks(community, at, speed, hour))

    def _walks(self, community: str, at: datetime, speed: str | None, hour: str | None) -> bytes:
        twin, frame = self._twin, self._frame(community, at)
        kinds = kinds_of(twin, at, community)
        table = walks(twin, at, community, speed, hour, kinds)
        n = len(frame.ids)
        pace = book().profiles[speed_of(speed)].metres_per_minute
        metres = np.full((len(kinds), n), NO_HOME, np.uint16)
        flat = metres.copy()
        number = pc.index_in(table["building_id"], frame.ids)
        row = pc.index_in(table["facility_kind"], pa.array(kinds, pa.string()))
        drawn = np.asarray(number.is_valid())
        at_row, at_number = (np.asarray(pc.fill_null(values, 0))[drawn] for values in (row, number))
        metres[at_row, at_number] = _codes(table, table["metres"].to_numpy())[drawn]
        flat[at_row, at_number] = _codes(table, table["minutes"].to_numpy() * pace)[drawn]
        homes = twin.circles.homes(at, community)
        known = pc.index_in(pa.array(homes.building_id, pa.string()), frame.ids)
        inside = np.asarray(known.is_valid())
        count = np.zeros(n, np.uint16)
        count[np.asarray(known.drop_null())] = np.minimum(homes.count["homes"], FEW - 1)[inside]
        count[(metres == NO_HOME).all(axis=0)] = 0  # outside of what whoever asks may see
        if not (asked().few or asked().homes):
            told = suppressed(dict(enumerate(count.tolist())), group=lambda _: community)
            count[[number for number, homes_there in told.items() if homes_there is None]] = FEW
        header = {
            "version": frame.version, "kinds": kinds, "buildings": n,
            "facilities": self._pins(community, at, frame, hour_of(at, hour)),
            "metres_per_minute": pace,
        }  # fmt: skip
        slow = {} if (flat == metres).all() else {"metres_flat": flat.ravel()}
        return map_scene.encode(header, {"metres": metres.ravel(), "homes": count, **slow})

    def _pins(self, community: str, at: datetime, frame: _Frame, local: datetime | None) -> list[dict[str, Any]]:
        rows = self._twin.circles.facilities(at, community).to_pylist()
        xy = frame.plane.metres(np.array([(row["lon"], row["lat"]) for row in rows], float).reshape(-1, 2))
        order = {name: number for number, name in enumerate(frame.ids.to_pylist())}
        return [
            {
                "id": row["facility_id"], "kind": row["facility_kind"], "name": row["name"], "name_en": row["name_en"],
                "x": round(float(x), 1), "y": round(float(y), 1), "building": order.get(row["building_id"], -1),
                "placed": row["placed"], "shut": local is not None and not hours.is_open(row["opening_hours"], local),
            }
            for row, (x, y) in zip(rows, xy, strict=True)
        ]  # fmt: skip

    def reach(
        self, community: str, at: datetime, *, speed: str | None = None, hour: str | None = None,
        kind: str | None = None, facility: str | None = None, building: str | None = None, limit: str | None = None,
    ) -> bytes:  # fmt: skip
        """How far it is to every point of the streets: from one place, from the nearest of a kind, or of how many kinds
        one is within the limit. Raises ``Unasked`` for a place that is not known."""
        chosen = (kind, facility, building, limit if not (kind or facility or building) else None)
        key = "reach", community, self.version(community, at), speed_of(speed), hour_of(at, hour), chosen
        return self._answers.get(key, lambda: self._reach(community, at, speed, hour, chosen))

    def _reach(
        self, community: str, at: datetime, speed: str | None, hour: str | None, chosen: tuple[str | None, ...]
    ) -> bytes:
        kind, facility, building, limit = chosen
        twin = self._twin
        walk, who = twin.circles.network(at, community), twin.circles.profile(speed_of(speed))
        local = hour_of(at, hour)
        shut = walk.shut(who, local)
        ends = self._stretches(community, at).ends
        if not (kind or facility or building):
            kinds = kinds_of(twin, at, community)
            amount, unit = limit_of(limit)
            by, limit_m = (TOWARDS, amount * who.metres_per_minute) if unit == "min" else (LENGTH, float(amount))
            had = np.zeros(len(ends), np.uint16)
            for one in kinds:
                sources, _ = walk.doors_of(_open_of(walk, one, local), who, shut)
                had += np.isfinite(walk.network.nearest(sources, ends, who, limit_m, shut, by))
            return map_scene.encode({"kinds": len(kinds), "pins": []}, {"ends": had})
        every = (LENGTH,) if walk.network.is_flat(who) else (LENGTH, AWAY if building else TOWARDS)
        if kind:
            sources, _ = walk.doors_of(_open_of(walk, kind, local), who, shut)
        else:
            sources = _facility(walk, who, facility, shut) if facility else _building(walk, who, building)
        arrays = {}
        for by, suffix in zip(every, ("", "_flat"), strict=False):
            arrays[f"ends{suffix}"] = decimetres(walk.network.nearest(sources, ends, who, TOLD_M, shut, by))
            if not kind:
                arrays[f"buildings{suffix}"] = self._buildings(community, at, walk, who, shut, sources, by)
        pins = self._nearest_of(community, at, speed, hour, building) if building and not kind else []
        return map_scene.encode({"pins": pins}, arrays)

    def _nearest_of(
        self, community: str, at: datetime, speed: str | None, hour: str | None, building: str | None
    ) -> list[tuple[str, float, float]]:
        table = walks(self._twin, at, community, speed, hour)
        mine = table.filter(pc.and_(pc.equal(table["building_id"], building), pc.is_valid(table["metres"])))
        return [(row["facility_id"], round(row["metres"], 1), round(row["minutes"], 2)) for row in mine.to_pylist()]

    def _buildings(
        self, community: str, at: datetime, walk: Walk, who: Profile, shut: Shut, sources: Snapped, by: str
    ) -> U16:
        """The walk to every building of the map that people live in."""
        frame, doors = self._frame(community, at), walk.building_doors(who)
        metres = np.full(walk.buildings.num_rows, np.inf)
        np.minimum.at(metres, doors.place, walk.network.nearest(sources, doors.at, who, TOLD_M, shut, by))
        joined = np.zeros(len(metres), bool)
        joined[doors.place[doors.at.ok]] = True
        apart = np.ones(len(metres), bool)
        apart[doors.place[doors.at.ok & ~walk.network.on_island(doors.at, who)]] = False
        code = decimetres(metres)
        code = np.where(code != FAR, code, np.where(~joined, OFF, np.where(apart, ISLAND, FAR)))
        code[walk.no_way_in(who)] = DOOR
        seen = self._twin.sight.of(walk.buildings.select(["community_id", "building_id"]).append_column(
            "row", pa.array(np.arange(len(metres)))))  # fmt: skip
        number = pc.index_in(seen["building_id"], frame.ids)
        found = np.full(len(frame.ids), NO_HOME, np.uint16)
        drawn = np.asarray(number.is_valid())
        found[np.asarray(number.drop_null())] = code[np.asarray(seen["row"])[drawn]]
        return found

    def _stretches(self, community: str, at: datetime) -> Stretches:
        return self._cut.get((community, self.version(community, at)), lambda: self._cut_up(community, at))

    def _cut_up(self, community: str, at: datetime) -> Stretches:
        walk, frame = self._twin.circles.network(at, community), self._frame(community, at)
        mine = np.asarray(pc.equal(walk.buildings["community_id"], community))
        places = [walk.building_middles()[mine], walk.facility_points()[
            np.asarray(pc.equal(walk.facilities["community_id"], community))]]  # fmt: skip
        around = np.vstack(places)
        around = around[np.isfinite(around).all(axis=1)]
        if not len(around):
            around = np.vstack([walk.network.segment_a, np.zeros((0, 2))])[walk_lines(walk, community)]
        if not len(around):
            return stretches(walk, frame.plane, np.array([1.0, 1.0, 0.0, 0.0]))
        low, high = np.quantile(around, 0.002, axis=0) - AROUND_M, np.quantile(around, 0.998, axis=0) + AROUND_M
        return stretches(walk, frame.plane, np.concatenate([low, high]))

    def _frame(self, community: str, at: datetime) -> _Frame:
        version = self._twin.geometry_version(community, at)
        return self._frames.get((community, version), lambda: _frame_of(self._twin, community, at, version))


def _frame_of(twin: Twin, community: str, at: datetime, version: str) -> _Frame:
    geometry = map_scene.geometry_bytes(twin, community, at)
    header = json.loads(geometry[8 : 8 + int.from_bytes(geometry[4:8], "little")])
    buildings = header["buildings"]
    return _Frame(version, Plane(*header["origin"]), pa.array(buildings["ids"][: buildings["core"]], pa.string()))


def walk_lines(walk: Walk, community: str) -> NDArray[np.bool_]:
    """Which segments of the network are of the community's own paths."""
    return np.asarray(walk.line_community[walk.network.edge_line[walk.network.segment_edge]] == community)


def _codes(table: pa.Table, metres: F64) -> U16:
    """Metres of the walks, or why there are none."""
    code = decimetres(np.where(np.isnan(metres), np.inf, metres))
    status = table["status"].to_numpy(zero_copy_only=False)
    words = (("no_way_in", DOOR), ("island", ISLAND), ("no_network", OFF), ("hours_unknown", HOURS))
    for word, number in words:
        code[(status == word) & np.isnan(metres)] = number
    return code


def _open_of(walk: Walk, kind: str, local: datetime | None) -> NDArray[np.int64]:
    """The facilities of a kind that are surely open then; all of them where hours are left out of account."""
    found = walk.of_kind(kind)
    if local is None:
        return found
    texts = walk.facilities["opening_hours"].take(found).to_pylist()
    return found[np.array([hours.is_open(text, local) is True for text in texts], bool)]


def _facility(walk: Walk, who: Profile, facility: str | None, shut: Shut) -> Snapped:
    number = pc.index(walk.facilities["facility_id"], facility).as_py()
    if number < 0:
        raise Unasked("facility", facility, ["a facility known then"])
    return walk.doors_of([number], who, shut)[0]


def _building(walk: Walk, who: Profile, building: str | None) -> Snapped:
    number = pc.index(walk.buildings["building_id"], building).as_py()
    if number < 0:
        raise Unasked("building", building, ["a building people live in"])
    doors = walk.building_doors(who)
    return doors.at[doors.place == number]

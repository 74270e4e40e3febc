"""The sample community as entities: ``build(seed)`` is the same list, byte for byte, on every machine."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import shapely
from shapely import Polygon, box
from shapely.geometry.base import BaseGeometry

from sample_data.carers import carers
from sample_data.fleet import fleet
from sample_data.people import residents
from sample_data.places import PLACES, SPACES
from sample_data.plan import Plan, draw
from sample_data.records_governance import GRID_HOMES
from sample_data.shapes import Block, degrees, lonlat
from sample_data.walks import GATES, WALKED, crossings, entrances, met, trimmed
from twin_model.entities import (
    Building,
    Community,
    Entity,
    Entrance,
    Estate,
    Facility,
    Gate,
    Ground,
    HeightSource,
    Home,
    Room,
    Unit,
)

COMMUNITY_ID = "demo"
SOURCE = "sample"


def build(seed: int = 7) -> list[Entity]:
    """Community, estates, buildings, units, homes, facilities, rooms, ground, devices and carers of the sample.

    ``seed`` varies who lives where, which homes have which devices, and the city around; the plan and all
    totals stay.
    """
    plan = draw(seed)
    homes = _homes(plan, seed)
    buildings = _in_grids(_buildings(plan), homes)
    return [
        Community(
            community_id=COMMUNITY_ID, name="示例未来社区", name_en="Sample future community", scheme="旧改类普惠型",
            boundary=_wkb(plan.boundary), is_sample=True,
        ),
        *_estates(plan),
        *buildings,
        *_units(plan),
        *homes,
        *_facilities(plan),
        *_rooms(),
        *_ground(plan),
        *_gates(),
        *_entrances(plan),
        *fleet(COMMUNITY_ID, plan, homes, seed),
        *carers(COMMUNITY_ID, homes, buildings, seed),
    ]  # fmt: skip


def _wkb(shape: BaseGeometry) -> bytes:
    """WKB (little endian, two dimensions) in degrees, rings in one fixed order."""
    return _bytes(lonlat(shape))


def _bytes(shape: BaseGeometry) -> bytes:
    if isinstance(shape, Polygon):
        shape = shapely.normalize(shape)
    return bytes(shapely.to_wkb(shape, output_dimension=2, byte_order=1))


def _estates(plan: Plan) -> list[Entity]:
    return [
        Estate(
            community_id=COMMUNITY_ID, estate_id=f"{COMMUNITY_ID}-e{number}", name=name, name_en=name_en,
            boundary=_wkb(outline),
        )
        for number, (name, name_en, outline) in enumerate(plan.estates, start=1)
    ]  # fmt: skip


def _building_id(block: Block) -> str:
    return f"{COMMUNITY_ID}-{block.code}" if block.use == "residential" else f"{COMMUNITY_ID}-b-{block.code}"


def _buildings(plan: Plan) -> list[Building]:
    inside = [
        Building(
            community_id=COMMUNITY_ID, building_id=_building_id(block), name=block.name, name_en=block.name_en,
            estate_id=f"{COMMUNITY_ID}-e{block.estate}" if block.estate else None, use=block.use,
            footprint=_wkb(block.shape), height_m=block.height_m, height_source=HeightSource.MEASURED,
            levels=block.levels, source=SOURCE,
        )
        for block in plan.blocks
    ]  # fmt: skip
    around = [
        Building(
            community_id=COMMUNITY_ID, building_id=f"{COMMUNITY_ID}-c-{number:03}", use="context",
            footprint=_wkb(block.shape), height_m=block.height_m, height_source=HeightSource.LEVELS,
            levels=block.levels, source=SOURCE,
        )
        for number, block in enumerate(plan.context, start=1)
    ]  # fmt: skip
    return [*inside, *around]


def _in_grids(buildings: list[Building], homes: list[Home]) -> list[Building]:
    """Each building of homes in the grid (网格) whose register counts them; see `records_governance.GRID_HOMES`."""
    lived_in = Counter(home.building_id for home in homes)
    left = {f"{COMMUNITY_ID}-e{estate}": list(grids) for estate, grids in GRID_HOMES.items()}
    done = []
    for building in buildings:
        here = lived_in[building.building_id]
        if not here or building.estate_id is None:
            done.append(building)
            continue
        number, room = left[building.estate_id][0]
        left[building.estate_id][0] = (number, room - here)
        if room <= here:
            left[building.estate_id].pop(0)
        done.append(replace(building, grid=f"WG-{number:02}"))
    return done


def _units(plan: Plan) -> list[Entity]:
    return [
        Unit(
            community_id=COMMUNITY_ID, unit_id=f"{_building_id(block)}-u{unit}", building_id=_building_id(block),
            name=f"{unit}单元",
        )
        for block in plan.blocks
        for unit in range(1, block.units + 1)
    ]  # fmt: skip


def _homes(plan: Plan, seed: int) -> list[Home]:
    places: list[tuple[Block, int, int, int]] = []
    for block in plan.blocks:
        for unit in range(1, block.units + 1):
            for floor in range(1, block.levels + 1):
                for door in range(1, block.homes_per_floor + 1):
                    # The tall towers have their entrance hall where a fifth ground-floor home would be.
                    if not (floor == 1 and door == 5 and block.levels > 20):
                        places.append((block, unit, floor, door))
    who = residents(np.array([block.estate for block, *_ in places]), seed)
    homes = []
    for (block, unit, floor, door), ages, alone in zip(places, who.ages.tolist(), who.alone.tolist(), strict=True):
        bid = _building_id(block)
        homes.append(
            Home(
                community_id=COMMUNITY_ID, home_id=f"{bid}-u{unit}-{floor:02}{door:02}", building_id=bid,
                unit_id=f"{bid}-u{unit}", floor=floor, number=f"{floor}{door:02}", age_0_17=ages[0],
                age_18_59=ages[1], age_60_79=ages[2], age_80_up=ages[3], elder_alone=alone,
                age_0_3=ages[4], age_3_6=ages[5],
            )
        )  # fmt: skip
    return homes


def _facilities(plan: Plan) -> list[Entity]:
    blocks = {block.code: block for block in plan.blocks}
    seats = sum(space.capacity or 0 for space in SPACES)
    found: list[Entity] = []
    for place in PLACES:
        block = blocks.get(place.at)
        x, y = _middle(place.room) if place.room else _anchor(block.shape) if block else plan.spots[place.at]
        lon, lat = degrees((x, y))
        found.append(
            Facility(
                community_id=COMMUNITY_ID, facility_id=f"{COMMUNITY_ID}-f-{place.code}", name=place.name,
                facility_kind=place.facility_kind, name_en=place.name_en, lon=lon, lat=lat, area_m2=place.area_m2,
                building_id=_building_id(block) if block else None, opening_hours=place.opening_hours,
                capacity=seats if place.code == "centre" else place.capacity,
            )
        )  # fmt: skip
    return found


def _middle(room: str) -> tuple[float, float]:
    west, south, east, north = next(space.box for space in SPACES if space.code == room)
    return (west + east) / 2, (south + north) / 2


def _anchor(shape: Polygon) -> tuple[float, float]:
    point = shape.centroid if shape.contains(shape.centroid) else shape.representative_point()
    return point.x, point.y


def _rooms() -> list[Entity]:
    return [
        Room(
            community_id=COMMUNITY_ID, room_id=f"{COMMUNITY_ID}-r-{space.code}",
            facility_id=f"{COMMUNITY_ID}-f-centre", room_kind=space.room_kind, name=space.name, name_en=space.name_en,
            floor=space.floor, footprint=_wkb(box(*space.box)), capacity=space.capacity,
            area_m2=float(math.floor((space.box[2] - space.box[0]) * (space.box[3] - space.box[1]))),
        )
        for space in SPACES
    ]  # fmt: skip


def _ground(plan: Plan) -> list[Entity]:
    """The land; paths and roads meet in shared points, so that one can walk from one to the other."""
    land = [*plan.land, *crossings(plan.land)]
    shapes: list[BaseGeometry] = [lonlat(one.shape) for one in land]
    walked = [number for number, one in enumerate(land) if one.layer in WALKED]
    for number, shape in zip(walked, met([shapes[number] for number in walked]), strict=True):
        shapes[number] = shape
    lanes = [shapes[number] for number in walked if land[number].layer != "crossing"]
    shared = {(x, y) for x, y in shapely.get_coordinates(lanes).tolist()}
    for number in walked:
        if land[number].layer == "crossing":
            shapes[number] = trimmed(shapes[number], shared)
    return [
        Ground(
            community_id=COMMUNITY_ID, ground_id=f"{COMMUNITY_ID}-g-{number:03}", layer=one.layer, name=one.name,
            name_en=one.name_en, geometry=_bytes(shape), width_m=one.width_m,
            way=(one.way or one.layer) if one.layer in WALKED else None, source=SOURCE,
        )
        for number, (one, shape) in enumerate(zip(land, shapes, strict=True), start=1)
    ]  # fmt: skip


def _gates() -> list[Entity]:
    return [
        Gate(
            community_id=COMMUNITY_ID, gate_id=f"{COMMUNITY_ID}-gate-{number}", name=name, name_en=name_en,
            lon=degrees(at)[0], lat=degrees(at)[1], opening_hours=hours,
        )
        for number, (name, name_en, at, hours) in enumerate(GATES, start=1)
    ]  # fmt: skip


def _entrances(plan: Plan) -> list[Entity]:
    return [
        Entrance(
            community_id=COMMUNITY_ID, entrance_id=f"{_building_id(block)}-n{unit}", building_id=_building_id(block),
            name=f"{unit}单元", name_en=f"Staircase {unit}", lon=degrees(at)[0], lat=degrees(at)[1],
        )
        for block in plan.blocks
        for unit, at in enumerate(entrances(block), start=1)
    ]  # fmt: skip

"""The sample community keeps the published proportions, and is the same everywhere."""

from __future__ import annotations

from collections import Counter
from typing import Any, TypeVar

import pytest

from sample_data.community import build
from twin_model.catalogue import Catalogue
from twin_model.entities import (
    KINDS,
    Building,
    Community,
    Device,
    Entity,
    Estate,
    Facility,
    Home,
    Room,
    Unit,
    columns,
)

E = TypeVar("E", bound=Entity)


def of(entities: list[Entity], kind: type[E]) -> list[E]:
    return [e for e in entities if isinstance(e, kind)]


def test_households_by_estate_are_528_546_and_747(entities: list[Entity]) -> None:
    name = {e.estate_id: e.name for e in of(entities, Estate)}
    estate = {b.building_id: name.get(b.estate_id or "", "") for b in of(entities, Building)}
    count = Counter(estate[h.building_id] for h in of(entities, Home) for _ in range(h.households))
    assert count == {"河滨苑": 528, "东园": 546, "新绿里": 747}


@pytest.mark.parametrize(
    ("band", "people"), [("age_0_17", 692), ("age_18_59", 2408), ("age_60_79", 734), ("age_80_up", 178)]
)
def test_residents_by_age_band(entities: list[Entity], band: str, people: int) -> None:
    assert sum(getattr(h, band) for h in of(entities, Home)) == people


def test_elders_living_alone_are_one_person_of_sixty_or_more_in_214_homes(entities: list[Entity]) -> None:
    alone = [h for h in of(entities, Home) if h.elder_alone]
    assert len(alone) == 214
    assert {(h.age_0_17, h.age_18_59, (h.age_60_79 or 0) + (h.age_80_up or 0)) for h in alone} == {(0, 0, 1)}


def test_nobody_lives_in_an_empty_home_nor_children_without_adults(entities: list[Entity]) -> None:
    for home in of(entities, Home):
        adults = (home.age_18_59 or 0) + (home.age_60_79 or 0) + (home.age_80_up or 0)
        assert adults >= 1, home


def test_26_residential_buildings_from_six_to_26_storeys(entities: list[Entity]) -> None:
    levels = Counter(b.levels for b in of(entities, Building) if b.use == "residential")
    assert sum(levels.values()) == 26
    assert set(levels) == {6, 9, 11, 18, 26}


def test_2586_devices_of_26_declared_types(entities: list[Entity]) -> None:
    devices = of(entities, Device)
    assert len(devices) == 2586
    assert {d.type for d in devices} == set(Catalogue.load().sensor_types)


def test_every_home_of_an_elder_living_alone_has_the_kit(entities: list[Entity]) -> None:
    kit = {"sos_button", "motion", "door_contact", "smoke", "gas", "water_meter"}
    types: dict[str, set[str]] = {h.home_id: set() for h in of(entities, Home) if h.elder_alone}
    for device in of(entities, Device):
        if device.home_id:
            types[device.home_id].add(device.type)
    assert all(kit <= found for found in types.values())


def test_three_dialects_share_the_devices(entities: list[Entity]) -> None:
    count = Counter(d.dialect for d in of(entities, Device))
    assert set(count) == {"json", "chirpstack", "zigbee2mqtt"}
    assert min(count.values()) > 400


def test_a_sensor_type_has_an_example_for_each_dialect_its_devices_speak(entities: list[Entity]) -> None:
    types = Catalogue.load().sensor_types
    shown = {(name, example["dialect"]) for name, t in types.items() for example in t.examples}
    assert {(d.type, d.dialect) for d in of(entities, Device)} <= shown


def test_parking_has_780_bays_and_charging_42_points(entities: list[Entity]) -> None:
    seats: Counter[str] = Counter()
    for place in of(entities, Facility):
        seats[place.facility_kind] += place.capacity or 0
    assert (seats["parking"], seats["charging"]) == (780, 42)


def test_the_centre_has_about_6400_square_metres_and_its_named_rooms(entities: list[Entity]) -> None:
    centre = next(f for f in of(entities, Facility) if f.facility_kind == "centre")
    assert centre.area_m2 == pytest.approx(6400, rel=0.01)
    rooms = {r.name: r for r in of(entities, Room) if r.facility_id == centre.facility_id}
    wanted = {"CIM驾驶舱", "社区学校", "共享书房", "议事厅", "创客空间", "老年食堂", "日间照料中心", "健康小屋",
              "托育园", "社区礼堂", "百姓茶室", "舞蹈室"}  # fmt: skip
    assert wanted <= set(rooms)
    assert (rooms["老年食堂"].capacity, rooms["日间照料中心"].capacity) == (80, 30)


def test_every_place_a_record_names_exists_and_no_identity_is_used_twice(entities: list[Entity]) -> None:
    known: dict[str, set[str]] = {kind: set() for kind in KINDS}
    for entity in entities:
        assert entity.identity not in known[entity.kind], entity.identity
        known[entity.kind].add(entity.identity)
    for entity in entities:
        for column in columns(type(entity)):
            named: Any = getattr(entity, column)
            kind = column.removesuffix("_id")
            if column.endswith("_id") and kind in known and named is not None:
                assert named in known[kind], f"{entity.identity}: {column} {named}"


def test_no_two_devices_answer_to_the_same_address(entities: list[Entity]) -> None:
    count = Counter((d.dialect, d.address) for d in of(entities, Device))
    assert max(count.values()) == 1


def test_it_says_that_it_is_a_sample_and_speaks_two_languages(entities: list[Entity]) -> None:
    assert [c.is_sample for c in of(entities, Community)] == [True]
    for entity in (*of(entities, Facility), *of(entities, Room), *of(entities, Estate)):
        assert entity.name
        assert entity.name_en


def test_units_have_a_gate_each(entities: list[Entity]) -> None:
    gates = Counter(d.building_id for d in of(entities, Device) if d.type == "gate")
    assert gates == Counter(u.building_id for u in of(entities, Unit))


def test_the_same_seed_gives_the_same_bytes_another_seed_other_homes(entities: list[Entity]) -> None:
    assert build(7) == entities
    other = build(8)
    assert {h.home_id for h in of(other, Home) if h.elder_alone} != {
        h.home_id for h in of(entities, Home) if h.elder_alone
    }
    assert len(of(other, Device)) == 2586

"""Class numbers of the map: in building order, and only what changed."""

from __future__ import annotations

from layouts.parts import map_classes, map_scene
from tests.map.plan import plan
from twin_model.entities import Home, Unit


def answer(alert, version="v1"):
    none = [0] * len(alert)
    return {"version": version, "alert": alert, "occupancy": none, "freshness": none}


def test_one_number_per_community_building_in_geometry_order(twin):
    twin.record(plan())
    found = map_classes.classes(twin, "c", twin.now())
    assert len(found["alert"]) == len(found["occupancy"]) == len(found["freshness"]) == len(found["share"]) == 9
    assert found["version"] == twin.geometry_version("c", twin.now())
    assert set(found["alert"]) == {map_classes.ALERT.index("none")}
    assert set(found["freshness"]) == {map_classes.FRESHNESS.index("none")}, "no devices is not fresh"


def test_only_buildings_that_differ_are_told():
    assert map_classes.diff(answer([0, 0, 0]), answer([0, 2, 0])) == [[1, 2, 0, 0]]
    assert map_classes.diff(answer([0, 2]), answer([0, 2])) == []


def test_other_geometry_asks_for_a_new_map():
    assert map_classes.diff(answer([0]), answer([0, 0], "v2")) is None
    assert map_classes.diff(None, answer([0])) is None


def test_a_building_opens_into_storeys_staircases_and_homes(twin):
    twin.record([
        *plan(),
        *(Unit(community_id="c", unit_id=f"c-b0-u{u}", building_id="c-b0", name=f"{u}单元") for u in (1, 2)),
        *(
            Home(community_id="c", home_id=f"c-b0-u{u}-{floor:02}01", building_id="c-b0", unit_id=f"c-b0-u{u}",
                 floor=floor, number=f"{floor}01")
            for u in (1, 2) for floor in (1, 2, 3, 4)
        ),
    ])  # fmt: skip
    detail = map_scene.building_detail(twin, "c-b0", twin.now())
    assert detail is not None
    assert (detail["floors"], detail["units"]) == (4, ["1单元", "2单元"])
    assert {(home["unit"], home["floor"]) for home in detail["homes"]} == {(u, f) for u in (0, 1) for f in (1, 2, 3, 4)}
    assert detail["counts"] == {"none": 8}


def test_an_unknown_building_is_none(twin):
    twin.record(plan())
    assert map_scene.building_detail(twin, "c-nowhere", twin.now()) is None

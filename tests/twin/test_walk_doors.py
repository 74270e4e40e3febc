"""Where walks end: entrances that are for wheelchairs, areas, gates of areas; and what a new facility lays anew."""

from __future__ import annotations

from datetime import timedelta

import pytest
import shapely

from ingest.tags import meanings
from ingest.walkways import of_line
from twin_model.entities import Building, Community, Entrance, Gate, Ground, Home
from twin_model.twin import Twin

from ..conftest import NOON, Clock
from .test_circles import C, home, house, line, shop, spot, walks

TALL = {"community_id": C, "source": "osm"}


def area(*corners: tuple[float, float]) -> bytes:
    return bytes(shapely.Polygon([spot(*corner) for corner in corners]).wkb)


def square(x: float, y: float, half: float) -> bytes:
    return area((x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half))


def entrance(name: str, building: str, x: float, y: float, wheelchair: str | None = None) -> Entrance:
    lon, lat = spot(x, y)
    return Entrance(community_id=C, entrance_id=name, building_id=building, lon=lon, lat=lat, wheelchair=wheelchair)


def lived(*more: object) -> tuple[Twin, Clock]:
    """A street of 1,000 m with a house 100 m along it, and what else is given."""
    clock = Clock()
    twin = Twin.open(None, clock=clock)
    street = line("street", (0, 0), (500, 0), (1000, 0))
    twin.record([Community(community_id=C, name="街"), street, house("near", 100, 20), home("near", 1), *more])
    clock.instant += timedelta(minutes=1)
    return twin, clock


def to(twin: Twin, kind: str, who: str = "adult", **more: object) -> tuple[str, float | None]:
    return walks(twin.circles, twin.now(), kind, profile=who, **more)["near"]


def test_on_wheels_a_building_is_entered_by_the_doors_that_are_for_wheelchairs():
    doors = entrance("front", "near", 100, 15, "no"), entrance("back", "near", 130, 25, "yes")
    twin, _ = lived(shop("clinic", "clinic", 300, 0), *doors)
    assert to(twin, "clinic") == ("reached", 195 + 0)  # of two ways in the one with the shorter walk: 170 + 25
    assert to(twin, "clinic", "wheelchair") == ("reached", 170 + 25)
    twin.close()


def test_a_building_none_of_whose_entrances_is_for_wheelchairs_is_not_reached_and_that_is_known():
    twin, _ = lived(shop("clinic", "clinic", 300, 0), entrance("front", "near", 100, 15, "no"))
    assert to(twin, "clinic") == ("reached", 215)
    assert to(twin, "clinic", "wheelchair") == ("no_way_in", None)
    row = twin.circles.coverage(
        twin.now(), C, ["clinic"], "wheelchair", minutes=(), metres=(500,), groups=("homes",)
    ).to_pylist()[0]
    assert (row["total"], row["reached"], row["unknown"], row["share"]) == (1, 0, 0, 0.0)
    twin.close()


def test_a_facility_behind_stairs_only_is_there_for_those_who_walk():
    building = Building(community_id=C, building_id="hall", use="facility", footprint=square(300, 20, 8), height_m=9.0)
    inside = shop("clinic", "clinic", 300, 20, building_id="hall")
    twin, _ = lived(building, inside, entrance("steps", "hall", 300, 12, "no"))
    assert to(twin, "clinic") == ("reached", 15 + 200 + 12)
    assert to(twin, "clinic", "wheelchair") == ("too_far", None)
    twin.close()


def test_a_park_is_reached_at_its_outline_and_not_in_its_middle():
    park = shop("park", "park", 400, 150, outline=square(400, 150, 100))
    twin, _ = lived(park)
    status, metres = to(twin, "park")
    assert status == "reached"
    assert metres == pytest.approx(15 + 300 + 50, abs=1)  # its near side lies 50 m off the street, its middle 150 m
    found = next(row for row in twin.circles.facilities(twin.now(), C).to_pylist() if row["facility_id"] == "park")
    assert (found["is_area"], round(found["snap_m"])) == (True, 50)
    row = twin.circles.nearest(twin.now(), ["park"], C).to_pylist()[0]
    assert row["straight_m"] <= row["metres"]
    twin.close()


def test_a_park_is_entered_where_paths_cross_its_outline_from_whichever_side():
    park = shop("park", "park", 600, 0, outline=square(600, 0, 100))
    twin, _ = lived(park, house("far", 900, 20), home("far", 1))
    assert to(twin, "park") == ("reached", 15 + 400)
    assert walks(twin.circles, twin.now(), "park")["far"] == ("reached", 15 + 200)
    reach = twin.circles.reach(twin.now(), "park", 60.0, community_id=C)
    assert sorted(round(one) for one in reach.buildings["metres"].to_pylist()) == [215, 415]
    twin.close()


def test_a_park_with_gates_is_entered_by_them_while_they_are_open():
    lon, lat = spot(700, 0)
    gate = Gate(community_id=C, gate_id="east", lon=lon, lat=lat, opening_hours="06:00-22:00")
    park = shop("park", "park", 600, 0, outline=square(600, 0, 100), opening_hours="24/7")
    twin, _ = lived(park, gate)
    assert to(twin, "park") == ("reached", 15 + 600)  # not at 500 m, where the path goes through the fence
    late = NOON.replace(hour=15)  # 23:00 there
    assert to(twin, "park", open_at=NOON) == ("reached", 615)
    assert to(twin, "park", open_at=late) == ("too_far", None)
    twin.close()


def test_on_wheels_nobody_climbs_the_fence_of_a_park_whose_gate_is_up_the_stairs():
    lon, lat = spot(400, 50)
    gate = Gate(community_id=C, gate_id="up", lon=lon, lat=lat)
    steps = line("steps", (400, 0), (400, 60), way="steps")
    crossing = Ground(
        community_id=C, ground_id="street", layer="path", source="osm",
        geometry=shapely.LineString([spot(x, 0) for x in (0, 400, 1000)]).wkb,
    )  # fmt: skip
    park = shop("park", "park", 400, 150, outline=square(400, 150, 100))
    twin, _ = lived(crossing, steps, gate, park)
    assert to(twin, "park") == ("reached", 15 + 300 + 50)
    assert to(twin, "park", "wheelchair") == ("too_far", None)
    twin.close()


def test_a_gate_that_shuts_after_midnight_is_open_until_then():
    lon, lat = spot(200, 0)
    gate = Gate(community_id=C, gate_id="g", lon=lon, lat=lat, opening_hours="每天6点至次日1点")
    twin, _ = lived(shop("clinic", "clinic", 300, 0, opening_hours="24/7"), gate)
    found = {}
    for local in ("23:59", "00:00", "00:59", "01:00", "05:59"):
        hour, minute = map(int, local.split(":"))
        when = (NOON + timedelta(hours=8)).replace(hour=hour, minute=minute) - timedelta(hours=8)
        found[local] = to(twin, "clinic", open_at=when)[0]
    twin.close()
    assert found == dict.fromkeys(("23:59", "00:00", "00:59"), "reached") | dict.fromkeys(("01:00", "05:59"), "too_far")


def test_a_park_with_a_pond_in_its_middle_does_not_lie_in_the_water():
    pond = Ground(**TALL, ground_id="pond", layer="water", geometry=square(400, 150, 30))
    sunk = shop("boat", "park", 400, 150)
    twin, _ = lived(pond, sunk, shop("park", "park", 400, 150, outline=square(400, 150, 100)))
    placed = {row["facility_id"]: row["placed"] for row in twin.circles.facilities(twin.now(), C).to_pylist()}
    assert placed == {"boat": "in_water", "park": "on_path"}
    twin.close()


def test_uphill_minutes_are_longer_and_metres_are_not():
    twin, clock = lived(shop("clinic", "clinic", 300, 0))
    before = twin.now()
    clock.instant += timedelta(minutes=1)
    twin.record([line("street", (0, 0), (500, 0), (1000, 0), incline=0.1)])
    clock.instant += timedelta(minutes=1)
    then, now = (twin.circles.nearest(at, ["clinic"], C).to_pylist()[0] for at in (before, twin.now()))
    assert then["metres"] == now["metres"]
    assert then["minutes"] == pytest.approx(215 / 80, abs=0.01)
    assert now["minutes"] == pytest.approx((15 + 200 * 2.71828**0.35) / 80, abs=0.01)
    home = twin.circles.reach(twin.now(), spot(300, 0), 4.0, community_id=C)  # the way back is downhill
    assert home.buildings["minutes"].to_pylist() == pytest.approx([215 / 80], abs=0.01)
    share = {
        row["limit_unit"]: row["reached"]
        for row in twin.circles.coverage(
            twin.now(), C, ["clinic"], minutes=(3,), metres=(240,), groups=("homes",)
        ).to_pylist()
    }
    assert share == {"min": 0, "m": 1}
    twin.close()


def test_one_more_facility_or_person_lays_no_network_and_searches_its_own_kind_only():
    twin, clock = lived(shop("clinic", "clinic", 300, 0), shop("bank", "bank", 500, 0))
    circles = twin.circles
    before, old = circles.network(twin.now()), circles.walked(twin.now(), ["clinic", "bank"], C)
    clock.instant += timedelta(minutes=1)
    grown = Home(community_id=C, home_id="near-1", building_id="near", number="1", age_18_59=3)
    twin.record([shop("clinic2", "clinic", 150, 0), grown])
    clock.instant += timedelta(minutes=1)
    after, new = circles.network(twin.now()), circles.walked(twin.now(), ["clinic", "bank"], C)
    assert after.network is before.network
    assert after.streets is before.streets
    assert new["bank"] is old["bank"]
    assert new["clinic"].metres.tolist() == pytest.approx([65], abs=0.1)
    twin.record([entrance("n", "near", 100, 15)])
    clock.instant += timedelta(minutes=1)
    assert circles.network(twin.now()).streets is not before.streets
    twin.close()


@pytest.mark.parametrize(
    ("tags", "chair"),
    [
        ({"highway": "steps"}, None), ({"highway": "steps", "ramp": "yes"}, "yes"),
        ({"highway": "steps", "ramp": "yes", "ramp:bicycle": "yes"}, None),
        ({"highway": "steps", "ramp": "yes", "ramp:wheelchair": "no"}, None),
        ({"highway": "steps", "ramp": "yes", "wheelchair": "no"}, "no"),
        ({"highway": "footway", "footway": "crossing", "kerb": "raised"}, "no"),
        ({"highway": "footway", "footway": "crossing", "kerb": "lowered"}, None),
    ],
)  # fmt: skip
def test_ramps_and_kerbs_say_what_a_wheelchair_may_pass(tags, chair):
    assert of_line(tags, {}, "path")["wheelchair"] == chair


def test_a_high_kerb_is_a_gate_for_wheelchairs_and_a_low_one_is_nothing():
    assert [one.kind for one in meanings({"barrier": "kerb", "kerb": "raised"}, shape="point")] == ["gate"]
    assert meanings({"barrier": "kerb", "kerb": "flush"}, shape="point") == []

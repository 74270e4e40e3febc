"""Living circles of a street that can be checked by eye: who reaches what, what is unknown, what was so before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
import shapely

from ingest.naming import FACILITY_KINDS
from twin_model.circle_book import GROUPS, book
from twin_model.circles import Circles, Unasked
from twin_model.entities import Building, Community, Entity, Entrance, Estate, Facility, Gate, Ground, Home, Room
from twin_model.plane import Planes
from twin_model.rights import NotAllowed, Rights, reading
from twin_model.twin import Twin
from twin_model.walking import PROFILES

from ..conftest import NOON, Clock

LON, LAT = 120.0, 30.0
C = "c"
EAST, NORTH = 1 / 96_486.3, 1 / 110_852.4  # degrees of a metre here


def spot(x: float, y: float) -> tuple[float, float]:
    return LON + x * EAST, LAT + y * NORTH


def line(name: str, *points: tuple[float, float], **more: object) -> Ground:
    shape = shapely.LineString([spot(*p) for p in points])
    usual = {"community_id": C, "ground_id": name, "layer": "path", "geometry": shape.wkb, "source": "osm"}
    return Ground(**usual | more)


def house(name: str, x: float, y: float, estate: str | None = None) -> Building:
    (w, s), (e, n) = spot(x - 5, y - 5), spot(x + 5, y + 5)
    return Building(
        community_id=C, building_id=name, estate_id=estate, footprint=shapely.box(w, s, e, n).wkb, height_m=18.0
    )


def shop(name: str, kind: str, x: float, y: float, **more: object) -> Facility:
    lon, lat = spot(x, y)
    usual = {"community_id": C, "facility_id": name, "facility_kind": kind, "name": name, "lon": lon, "lat": lat}
    return Facility(**usual | more)


def home(building: str, number: int, ages: tuple[int | None, ...] = (None,) * 6) -> Home:
    young, grown, old, oldest, baby, small = ages
    return Home(
        community_id=C, home_id=f"{building}-{number}", building_id=building, number=str(number), age_0_17=young,
        age_18_59=grown, age_60_79=old, age_80_up=oldest, age_0_3=baby, age_3_6=small,
    )  # fmt: skip


# A street of 1,000 m; a lane with steps to the north at 500 m; an island 300 m to the south. Houses stand 15 m off.
STREET: list[Entity] = [
    Community(community_id=C, name="街"),
    Estate(community_id=C, estate_id="e", name="苑"),
    line("street", (0, 0), (500, 0), (1000, 0)),
    line("lane", (500, 0), (500, 100), way="steps"),
    line("motorway", (0, 0), (1000, 300), layer="road", way="motorway"),
    line("island", (0, -300), (200, -300)),
    line("river", (600, 40), (900, 40), layer="water", width_m=20.0),
    house("near", 100, 20, "e"), house("far", 900, 20), house("up", 515, 90, "e"), house("lost", 100, -280),
    house("nowhere", 100, 900),
    home("near", 1, (2, 2, 1, 0, 1, 1)), home("near", 2, (0, 0, 1, 1, 0, 0)), home("far", 1, (1, 2, 0, 0, 1, 0)),
    home("up", 1), home("lost", 1, (0, 2, 0, 0, 0, 0)), home("nowhere", 1, (0, 1, 0, 0, 0, 0)),
    shop("clinic", "clinic", 300, 0, opening_hours="Mo-Fr 08:00-17:00", capacity=None),
    shop("pharmacy", "pharmacy", 300, 0, opening_hours="问店主"),
    shop("nursery", "nursery", 700, 0, capacity=9), shop("nursery2", "nursery", 20, -3),
    shop("bar", "restaurant", 700, 42), shop("moon", "restaurant", 500, 4000),
    shop("centre", "centre", 10, 0, opening_hours="24/7"),
    Room(community_id=C, room_id="beds", facility_id="centre", room_kind="day_care", name="日照", capacity=4),
]  # fmt: skip


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    clock = Clock()
    twin = Twin.open(None, clock=clock)
    twin.record(STREET)
    clock.instant += timedelta(minutes=1)
    yield twin
    twin.close()


@pytest.fixture(scope="module")
def circles(twin: Twin) -> Circles:
    return twin.circles


def walks(circles: Circles, at: datetime, kind: str, **more: object) -> dict[str, tuple[str, float | None]]:
    rows = circles.nearest(at, [kind], C, **more).to_pylist()
    return {row["building_id"]: (row["status"], row["metres"] and round(row["metres"])) for row in rows}


def share(circles: Circles, at: datetime, kind: str, group: str, **more: object) -> dict[str, object]:
    asked = {"minutes": (5,), "metres": (), "groups": (group,)} | more
    return circles.coverage(at, C, [kind], **asked).to_pylist()[0]


def test_each_building_has_its_walk_or_the_reason_why_there_is_none(twin, circles):
    found = walks(circles, twin.now(), "clinic")
    assert found == {
        "near": ("reached", 15 + 200), "far": ("reached", 15 + 600), "up": ("reached", 10 + 90 + 200),
        "lost": ("island", None), "nowhere": ("no_network", None),
    }  # fmt: skip


def test_what_lies_beyond_the_limit_is_too_far_and_not_unknown(twin, circles):
    assert walks(circles, twin.now(), "clinic", limit_m=500)["far"] == ("too_far", None)


def test_nobody_walks_along_a_motorway_nor_a_wheelchair_up_stairs(twin, circles):
    grounds = set(circles.network(twin.now()).grounds)
    assert grounds == {"street", "lane", "island"}
    for who, metres in (("adult", 10), ("wheelchair", 85)):  # from the steps of the lane, from the street
        rows = circles.nearest(twin.now(), ["clinic"], C, who).to_pylist()
        assert round(next(row["snap_m"] for row in rows if row["building_id"] == "up")) == metres


def test_the_straight_line_stands_beside_the_walk(twin, circles):
    row = next(r for r in circles.nearest(twin.now(), ["clinic"], C).to_pylist() if r["building_id"] == "lost")
    assert (row["metres"], round(row["straight_m"])) == (None, 344)


def test_unknown_walks_are_left_out_of_the_share_and_counted(twin, circles):
    row = share(circles, twin.now(), "clinic", "homes")
    assert (row["total"], row["reached"], row["unknown"]) == (6, 3, 2)
    assert row["share"] == pytest.approx(3 / 4)
    assert row["straight_share"] == pytest.approx(4 / 6)


def test_a_home_whose_people_are_not_counted_is_nobody_and_said_to_be(twin, circles):
    row = share(circles, twin.now(), "clinic", "people")
    assert (row["total"], row["reached"], row["unknown"], row["uncounted"]) == (13, 7, 3, 1)
    by = circles.coverage(twin.now(), C, ["clinic"], minutes=(5,), metres=(), by="building", groups=("aged_0_3",))
    told = {row["part_id"]: (row["total"], row["share"]) for row in by.to_pylist()}
    assert told["up"] == (None, None)
    assert told["near"] == (1, 1.0)


def test_groups_are_counted_by_estate_too(twin, circles):
    rows = circles.coverage(twin.now(), C, ["clinic"], minutes=(), metres=(300,), by="estate", groups=("aged_60",))
    assert {row["part_id"]: (row["total"], row["reached"]) for row in rows.to_pylist()} == {"e": (3, 3), None: (0, 0)}


def test_a_slower_walker_reaches_less_in_the_same_minutes(twin, circles):
    reached = [share(circles, twin.now(), "clinic", "homes", profile=name)["reached"] for name in ("adult", "child")]
    assert reached == [3, 2]  # 400 m and 275 m: the walk from up the lane is 300 m


def test_at_an_hour_only_what_is_open_counts_and_unreadable_hours_are_unknown(twin, circles):
    sunday, monday = NOON, NOON + timedelta(days=1)
    assert walks(circles, twin.now(), "clinic", open_at=monday)["near"][0] == "reached"
    assert walks(circles, twin.now(), "clinic", open_at=sunday)["near"][0] == "too_far"
    found = walks(circles, twin.now(), "pharmacy", open_at=sunday)
    assert (found["near"][0], found["lost"][0]) == ("hours_unknown", "island")
    row = share(circles, twin.now(), "pharmacy", "homes", open_at=sunday)
    assert (row["reached"], row["unknown"]) == (0, 5)


def test_a_facility_in_the_river_or_far_from_paths_is_said_and_reached_by_nobody(twin, circles):
    placed = {row["facility_id"]: row["placed"] for row in circles.facilities(twin.now(), C).to_pylist()}
    assert (placed["bar"], placed["moon"], placed["clinic"]) == ("in_water", "no_network", "on_path")
    row = share(circles, twin.now(), "restaurant", "homes")
    assert (row["facilities"], row["facilities_unplaced"], row["reached"]) == (0, 2, 0)


def test_a_room_that_serves_as_a_facility_of_its_own_kind_counts_as_one(twin, circles):
    assert walks(circles, twin.now(), "day_care")["near"] == ("reached", 15 + 90)


def test_places_are_set_against_who_needs_them_and_missing_ones_are_named(twin, circles):
    found = {row["facility_kind"]: row for row in circles.capacity(twin.now(), C).to_pylist()}
    nursery = found["nursery"]
    assert (nursery["places"], nursery["missing"], nursery["demand"]) == (9, ["nursery2"], 13)
    assert nursery["value"] == pytest.approx(9 / 13 * 1000)
    assert (found["parking"]["places"], found["parking"]["value"]) == (0, 0)


def test_what_a_place_reaches_is_what_reaches_it(twin, circles):
    found = circles.reach(twin.now(), "clinic", minutes=3, community_id=C)
    assert found.buildings["building_id"].to_pylist() == ["near"]
    assert found.streets["minutes1"].to_pylist() + found.streets["minutes0"].to_pylist() != []
    assert max(found.streets["minutes1"].to_pylist()) <= 3 + 1e-9
    there = circles.distances(twin.now(), [spot(300, 0)], C)
    names = circles.homes(twin.now(), C).building_id[there.building_no]
    assert {n: round(m) for n, m in zip(names, there.metres, strict=True)} == {"near": 215, "far": 615, "up": 300}


def test_the_network_says_what_is_wrong_with_it(twin, circles):
    report = circles.network(twin.now()).report()
    assert [(round(metres)) for _, metres, *_ in report.islands] == [200]
    assert report.islands[0][2:] == pytest.approx(spot(0, -300), abs=1e-6)


def test_unknown_names_are_refused_with_those_there_are(twin, circles):
    for wrong in ({"kinds": ["heliport"]}, {"profile": "bird"}, {"groups": ["cats"]}, {"by": "street"}):
        with pytest.raises(Unasked):
            circles.coverage(twin.now(), C, **wrong)
    assert share(circles, twin.now(), "library", "homes")["facilities"] == 0  # declared, and there is none


def test_the_same_question_has_the_same_answer_to_the_last_bit(twin):
    one, other = (Circles(twin).nearest(twin.now(), None, C) for _ in range(2))
    assert one.equals(other)


def test_the_past_is_as_it_was_and_a_gate_an_entrance_and_a_new_clinic_change_the_present():
    clock = Clock()
    twin = Twin.open(None, clock=clock)
    twin.record(STREET)
    before = twin.now()
    clock.instant += timedelta(hours=1)
    lon, lat = spot(200, 0)
    door = spot(100, 25)
    twin.record(
        [
            Gate(community_id=C, gate_id="g", lon=lon, lat=lat, opening_hours="08:00-20:00"),
            Entrance(community_id=C, entrance_id="n", building_id="near", lon=door[0], lat=door[1]),
            replace(shop("clinic2", "clinic", 900, 0), opening_hours="24/7"),
        ]
    )
    after = twin.now()
    assert walks(twin.circles, before, "clinic")["near"] == ("reached", 215)
    assert walks(twin.circles, after, "clinic")["near"] == ("reached", 225)  # the door is on the far side
    assert walks(twin.circles, after, "clinic")["far"] == ("reached", 15)
    night = NOON.replace(hour=14)  # 22:00 there
    assert walks(twin.circles, after, "clinic", open_at=night)["near"] == ("too_far", None)
    assert walks(twin.circles, after, "clinic", open_at=night)["far"] == ("reached", 15)
    twin.close()


def test_nobody_is_told_how_many_small_children_live_in_one_building_without_the_right(twin, circles):
    with reading(Rights(homes=True)):
        rows = circles.coverage(twin.now(), C, ["clinic"], by="building").to_pylist()
        assert {row["group"] for row in rows} == set(GROUPS) - {"aged_0_3", "aged_3_6"}
        assert circles.homes(twin.now(), C).count["aged_0_3"].sum() == 0
        assert share(circles, twin.now(), "clinic", "aged_0_3")["total"] == 2


def test_whoever_is_responsible_for_another_place_learns_nothing_of_this_one(twin, circles):
    with reading(Rights(communities=frozenset({"other"}))):
        for ask in (circles.coverage, circles.nearest, circles.homes, circles.facilities, circles.network):
            with pytest.raises(NotAllowed):
                ask(twin.now(), community_id=C)


def test_the_rulebook_agrees_with_the_network_and_with_the_import():
    slopes = {name: one.max_slope and round(one.max_slope, 4) for name, one in PROFILES.items()}
    rounded = {name: replace(one, max_slope=slopes[name]) for name, one in PROFILES.items()}
    assert dict(book().profiles) == rounded
    assert set(book().kinds) == set(FACILITY_KINDS)


def test_the_plane_is_true_to_a_millimetre_there_and_back():
    planes = Planes.around({"a": (120.0, 30.0), "b": (120.2, 30.1), "far": (104.0, 30.7)})
    assert planes.region_of["a"] == planes.region_of["b"] != planes.region_of["far"]
    places = np.array([[120.0, 30.0], [120.001, 30.0], [104.001, 30.7]])
    regions = np.array([planes.region_of["a"]] * 2 + [planes.region_of["far"]])
    xy = planes.metres(places, regions)
    assert np.hypot(*(xy[1] - xy[0])) == pytest.approx(96.486, abs=0.001)  # 0.001 degrees of longitude at 30 N
    assert planes.degrees(xy) == pytest.approx(places, abs=1e-9)

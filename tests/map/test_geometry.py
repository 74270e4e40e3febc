"""The geometry answer: what goes in comes out in metres, and a bad shape costs only itself."""

from __future__ import annotations

import struct

import numpy as np
import pytest
import shapely

from layouts.parts import map_scene
from tests.map.plan import building, degrees, footprint, plan, square
from twin_model.entities import Community, Estate, Facility, Home


def test_coordinates_come_back_in_metres_around_the_middle(twin, read):
    twin.record(plan())
    answer = read(twin, twin.now())
    assert answer.ids == [f"c-b{k}" for k in range(9)]
    middle = answer.rings(4)[0]
    assert np.allclose(middle.mean(axis=0), 0, atol=0.5)
    assert np.ptp(middle, axis=0) == pytest.approx([26, 26], rel=2e-3)
    assert answer["b_height"].tolist() == [12 + 3 * k for k in range(9)]
    assert answer["b_levels"].tolist() == [4 + k for k in range(9)]
    assert answer.header["buildings"]["names"][0] == "b0幢"


def test_rings_are_open_and_wound_so_that_walls_face_outwards(twin, read):
    clockwise = square(0, 0, 40)[::-1]
    twin.record([Community(community_id="c", name="c"), building("b", footprint(clockwise, square(0, 0, 12)))])
    outer, hole = read(twin, twin.now()).rings(0)
    assert len(outer) == len(hole) == 4
    assert shapely.LinearRing(outer).is_ccw
    assert not shapely.LinearRing(hole).is_ccw


def test_a_courtyard_is_not_roofed(twin, read):
    twin.record([
        Community(community_id="c", name="c"), building("b", footprint(square(0, 0, 40), square(0, 0, 20))),
    ])  # fmt: skip
    assert read(twin, twin.now()).roof_area(0) == pytest.approx(40 * 40 - 20 * 20, rel=4e-3)


def test_all_parts_of_a_multipolygon_are_one_building(twin, read):
    parts = [shapely.Polygon(degrees(square(x, 0, 10))) for x in (0, 50)]
    shape = bytes(shapely.to_wkb(shapely.MultiPolygon(parts)))
    twin.record([Community(community_id="c", name="c"), building("b", shape)])
    answer = read(twin, twin.now())
    assert len(answer.rings(0)) == 2
    assert answer.roof_area(0) == pytest.approx(200, rel=4e-3)


NAN = struct.pack("<d", float("nan"))
BOW_TIE = [(0.0, 0.0), (30.0, 30.0), (30.0, 0.0), (0.0, 30.0)]
NOT_NUMBERS = footprint(square(0, 0, 20)).replace(struct.pack("<d", degrees(square(0, 0, 20))[1][0]), NAN)
FLAT = footprint([(0, 0), (20, 0), (40, 0)])


@pytest.mark.parametrize(
    ("shape", "kept"),
    [
        (footprint(BOW_TIE), True),
        (bytes(shapely.to_wkb(shapely.Point(120.75, 30.76))), False),
        (bytes(shapely.to_wkb(shapely.Polygon())), False),
        (NOT_NUMBERS, False),
        (footprint(square(0, 0, 0.2)), False),
        (FLAT, False),
        (b"no geometry at all", False),
    ],
    ids=["crosses itself", "a point", "empty", "not numbers", "tiny", "flat", "not WKB"],
)
def test_a_bad_footprint_is_repaired_or_named_and_never_costs_the_others(twin, read, shape, kept):
    twin.record([
        Community(community_id="c", name="c"), building("bad", shape), building("good", footprint(square(60, 0, 20))),
    ])  # fmt: skip
    answer = read(twin, twin.now())
    assert ("c-bad" in answer.ids) is kept
    assert [s["id"] for s in answer.header["skipped"]] == ([] if kept else ["c-bad"])
    assert answer.roof_area(answer.ids.index("c-good")) == pytest.approx(400, rel=4e-3)


def test_the_city_around_comes_after_the_community_and_does_not_frame_it(twin, read):
    far = building("a-far", footprint(square(3000, 0, 20)), use="context")
    twin.record([*plan(), far])
    answer = read(twin, twin.now())
    assert answer.ids[-1] == "c-a-far"
    assert answer.header["buildings"]["core"] == 9
    west, south, east, north = answer.header["bounds"]
    assert east - west < 200
    assert north - south < 200


def test_absolute_elevations_do_not_lift_the_map(twin, read):
    hill = [building(f"b{k}", footprint(square(60 * k, 0, 20)), base_m=480.0 + 10 * k) for k in range(3)]
    twin.record([Community(community_id="c", name="c"), *hill])
    assert read(twin, twin.now())["b_base"].tolist() == [0, 0, 0]


def test_ground_keeps_layers_widths_and_names(twin, read):
    twin.record(plan())
    answer = read(twin, twin.now())
    layers = [answer.header["ground_layers"][i] for i in answer["g_layer"]]
    assert layers == ["water", "green", "road"]
    assert answer["g_line"].tolist() == [0, 0, 1]
    assert answer["g_width"][2] == 8
    assert [n["name"] for n in answer.header["ground_names"]] == ["试河"]


def test_facilities_and_estates_carry_names_and_counts(twin, read):
    (lon, lat), = degrees([(0.0, 0.0)])
    twin.record([
        *[b for b in plan() if getattr(b, "building_id", "") != "c-b4"],
        Estate(community_id="c", estate_id="c-e1", name="东园", name_en="East"),
        building("b4", footprint(square(0, 0, 26)), estate_id="c-e1"),
        Home(community_id="c", home_id="c-b4-101", building_id="c-b4", number="101", households=2),
        Facility(community_id="c", facility_id="c-f1", facility_kind="clinic", name="卫生站", building_id="c-b4",
                 lon=lon, lat=lat),
    ])  # fmt: skip
    header = read(twin, twin.now()).header
    (estate,) = header["estates"]
    (facility,) = header["facilities"]
    assert (estate["name"], estate["households"], estate["buildings"]) == ("东园", 2, [4])
    assert (facility["name"], facility["building"]) == ("卫生站", 4)
    assert facility["x"] == pytest.approx(0, abs=1)


def test_an_empty_community_is_an_answer_too(twin, read):
    twin.record([Community(community_id="c", name="c")])
    answer = read(twin, twin.now())
    assert answer.ids == []
    assert answer.header["bounds"] == []


def test_the_answer_changes_only_with_the_entities(twin):
    twin.record(plan())
    first = map_scene.geometry_bytes(twin, "c", twin.now())
    assert map_scene.geometry_bytes(twin, "c", twin.now()) is first
    twin.record([building("new", footprint(square(200, 0, 20)))])
    assert map_scene.geometry_bytes(twin, "c", twin.now()) != first


def test_the_deck_bundle_comes_out_of_the_installed_package():
    assert b"WebMercatorViewport" in map_scene.deck_bundle_path().read_bytes()

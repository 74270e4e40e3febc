"""Shapes into the twin: what a feature becomes, how high, what is repaired, what is refused and why."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.batch import ImportOptions, exit_code, import_file
from ingest.coordinates import gauss_kruger, wgs84_to_bd09, wgs84_to_gcj02
from ingest.tags import meanings, metres, number, use_of
from tests.formats.conftest import LAT, LON, collection, house, reasons
from tests.formats.test_formats import BLOCK, osm_xml
from twin_model.entities import Rejected


def stored(twin, kind, community="demo"):
    return {row[f"{kind}_id"]: row for row in twin.entities(kind, twin.now(), community_id=community).to_pylist()}


# ------------------------------------------------------------------------------------------------ tags (pure)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12), ("12 m", 12), ("12,5", 12.5), ("12.5m", 12.5), ("18米", 18), ("40'", 12.192), ("40 ft", 12.192),
        ("5'6\"", 1.676), ("250 cm", 2.5), ("", None), ("tall", None),
    ],
)  # fmt: skip
def test_lengths_as_people_write_them(text, value):
    assert metres(text) == (pytest.approx(value, abs=1e-3) if value is not None else None)


def test_of_two_stated_levels_the_larger_counts():
    assert number("5;6") == 6


@pytest.mark.parametrize(
    ("tags", "shape", "kinds"),
    [
        ({"building": "yes"}, "area", ["building"]),
        ({"building": "yes", "amenity": "kindergarten"}, "area", ["building", "facility:kindergarten"]),
        ({"building": "no", "landuse": "grass"}, "area", ["ground:green"]),
        ({"building:part": "yes", "height": "9"}, "area", ["part"]),
        ({"highway": "footway"}, "line", ["ground:path"]),
        ({"highway": "living_street"}, "line", ["ground:path"]),
        ({"highway": "tertiary"}, "line", ["ground:road"]),
        ({"highway": "tertiary", "tunnel": "yes"}, "line", []),
        ({"highway": "residential", "tunnel": "building_passage"}, "line", ["ground:road"]),
        ({"highway": "bus_stop"}, "point", ["facility:bus_stop"]),
        ({"waterway": "river"}, "line", ["ground:water"]),
        ({"waterway": "riverbank"}, "area", ["ground:water"]),
        ({"natural": "water"}, "area", ["ground:water"]),
        ({"natural": "wood"}, "area", ["ground:green"]),
        ({"leisure": "park", "name": "公园"}, "area", ["ground:green", "facility:park"]),
        ({"leisure": "pitch"}, "area", ["ground:plot", "facility:pitch"]),
        ({"amenity": "school"}, "area", ["facility:school", "ground:plot"]),
        ({"amenity": "social_facility", "social_facility:for": "senior"}, "point", ["facility:day_care"]),
        ({"amenity": "doctors"}, "point", ["facility:clinic"]),
        ({"shop": "bakery"}, "point", ["facility:shop"]),
        ({"railway": "subway_entrance"}, "point", ["facility:subway"]),
        ({"landuse": "residential", "name": "桂花苑"}, "area", ["estate"]),
        ({"landuse": "residential"}, "area", ["ground:plot"]),
        ({"railway": "rail"}, "line", []),
        ({"amenity": "bench"}, "point", []),
    ],
)
def test_what_a_feature_is_by_its_tags(tags, shape, kinds):
    found = meanings(tags, shape=shape)
    assert [f"{m.kind}:{m.detail}" if m.detail else m.kind for m in found] == kinds


def test_widths_are_stated_else_by_lanes_else_usual():
    def width(**tags):
        return meanings({"highway": "residential", **tags}, shape="line")[0].width_m

    assert (width(width="5.5 m"), width(lanes="2"), width()) == (5.5, 6.5, 7.0)


def test_a_school_building_is_no_housing():
    assert use_of({"building": "apartments"}) == "residential"
    assert use_of({"building": "school"}) == "facility"
    assert use_of({"building": "yes", "shop": "supermarket"}) == "facility"


# ------------------------------------------------------------------------------------------- heights, LoD1


@pytest.mark.parametrize(
    ("properties", "height", "source", "base"),
    [
        ({"height": "12 m", "building:levels": "9"}, 12.0, "measured", 0.0),
        ({"building:levels": "6"}, 18.0, "levels", 0.0),
        ({"building:levels": "6", "roof:levels": "1"}, 21.0, "levels", 0.0),
        ({"height": "20", "min_height": "5"}, 15.0, "measured", 5.0),
        ({"层数": 11}, 33.0, "levels", 0.0),
        ({"高度": 21.5}, 21.5, "measured", 0.0),
        ({}, 9.0, "assumed", 0.0),
        ({"building": "garage"}, 3.0, "assumed", 0.0),
        ({"height": "-3", "building:levels": "many"}, 9.0, "assumed", 0.0),
    ],
)
def test_height_is_measured_else_levels_else_assumed_and_says_which(take, known, properties, height, source, base):
    report = take("a.geojson", collection((house(0, 200), {"building": "yes", "building_id": "x", **properties})))
    found = stored(known, "building")["x"]
    assert (found["height_m"], found["height_source"], found["base_m"]) == (height, source, base)
    assert report.to_json()["heights"][source] == 1
    assert any("neither height nor levels" in text for text in report.warnings) == (source == "assumed")


def test_a_better_known_height_is_not_lost_to_a_file_without_heights(take, known):
    take("a.geojson", collection((house(0, 200), {"building": "yes", "building_id": "x", "height": 30})))
    take("b.geojson", collection((house(0, 200), {"building": "yes", "building_id": "x", "name": "甲"})))
    assert (stored(known, "building")["x"]["height_m"], stored(known, "building")["x"]["name"]) == (30.0, "甲")


def test_building_parts_raise_their_building_and_are_no_buildings(known, put):
    text = osm_xml({1: ([0, 2, 14, 12, 0], {"building": "yes"}), 2: (BLOCK, {"building:part": "yes", "height": "45"})})
    report = import_file(known, put("town.osm", text), progress=False)
    assert (report.read, report.accepted) == (1, 1)
    [building] = stored(known, "building", "town").values()
    assert (building["building_id"], building["height_m"], building["height_source"]) == (
        "town-way-1",
        45.0,
        "measured",
    )


# ---------------------------------------------------------------------------------------- what becomes of them


def test_an_osm_file_gives_buildings_paths_green_water_and_facilities_in_one_go(known, put):
    text = osm_xml(
        {
            1: (BLOCK, {"building": "yes", "amenity": "kindergarten", "name": "幼儿园"}),
            2: ([2, 3, 4], {"highway": "footway"}),
            3: ([12, 13, 19, 18, 12], {"leisure": "park", "name": "公园"}),
            4: ([24, 25, 31, 30, 24], {"natural": "water"}),
            5: ([0, 5, 35, 30, 0], {"landuse": "residential", "name": "桂花苑"}),
            6: ([4, 5, 11], {"railway": "rail"}),
        },
        nodes={35: {"amenity": "pharmacy", "name": "药店"}},
    )
    report = import_file(known, put("town.osm", text), progress=False)
    assert (report.community, report.layer, report.crs, exit_code([report])) == ("town", "mixed", "wgs84", 0)
    assert dict(report.layers) == {"buildings": 1, "paths": 1, "green": 1, "water": 1, "boundary": 1, "facilities": 1}
    assert dict(report.skipped) == {"railway=rail": 1}
    [building] = stored(known, "building", "town").values()
    assert building["estate_id"] == "town-way-5"  # it lies in the estate
    facilities = {f["facility_kind"]: f for f in stored(known, "facility", "town").values()}
    assert set(facilities) == {"kindergarten", "park", "pharmacy"}
    assert facilities["kindergarten"]["building_id"] == building["building_id"]


def test_only_the_asked_layer_is_taken(known, put):
    path = put("town.osm", osm_xml({1: (BLOCK, {"building": "yes"}), 2: ([2, 3, 4], {"highway": "footway"})}))
    report = import_file(known, path, ImportOptions(layer="buildings"), progress=False)
    assert (report.layer, report.read) == ("buildings", 1)
    assert import_file(known, path, ImportOptions(layer="paths"), progress=False).layers == {"paths": 1}


def test_a_facility_in_a_building_is_one_facility_whichever_layer_is_asked(known, put):
    path = put("town.osm", osm_xml({1: (BLOCK, {"building": "yes", "amenity": "school"})}))
    for layer in ("auto", "facilities", "buildings"):
        import_file(known, path, ImportOptions(layer=layer), progress=False)
    assert list(stored(known, "facility", "town")) == ["town-way-1-facility"]


def test_the_same_file_twice_changes_nothing(take, known):
    town = collection(*[(house(30 * i, 300), {"building": "yes", "levels": i + 1}) for i in range(5)])
    first, revision = take("a.geojson", town), known.revision
    second = take("a.geojson", town)
    assert (first.accepted, second.accepted, second.updated, second.unchanged) == (5, 0, 0, 5)
    assert known.revision == revision
    assert first.sha256 == second.sha256


def test_a_changed_feature_is_updated_and_only_that_one(take):
    def town(name):
        return collection(
            (house(0, 300), {"id": 1, "building": "yes", "name": name}), (house(50, 300), {"id": 2, "building": "yes"})
        )

    take("a.geojson", town("甲"))
    report = take("a.geojson", town("乙"))
    assert (report.accepted, report.updated, report.unchanged) == (0, 1, 1)


def test_rejects_are_kept_once_with_row_reason_and_raw_text(take, known):
    town = collection(
        (house(0, 300), {"building": "yes"}),
        (shapely.Point(LON, LAT), {"building": "yes", "name": "甲", "户主电话": "13812345678"}),
    )
    for _ in range(2):
        report = take("a.geojson", town)
        assert report.to_json()["rejects"] == [
            {
                "row": 2,
                "reason": "楼栋应有轮廓（Polygon）；这里是 Point · "
                "a building needs an outline (Polygon); found a Point",
            }
        ]
        assert exit_code([report]) == 2
    [kept] = known.quarantined(known.now()).to_pylist()
    assert (kept["source"], kept["place"], kept["code"]) == ("import", "a.geojson:2", "bad_geometry")
    assert "甲" in kept["raw"].decode()
    assert "1381234" not in kept["raw"].decode()


@pytest.mark.parametrize(
    ("geometry", "code"),
    [
        (None, "bad_geometry"),
        (shapely.Polygon(), "no_geometry"),
        (shapely.LineString([(LON, LAT), (LON + 0.001, LAT)]), "bad_geometry"),
        (shapely.Polygon([(LON, LAT), (LON + 0.001, LAT), (LON + 0.002, LAT)]), "zero_area"),
        (shapely.box(LON, LAT, LON + 1e-7, LAT + 1e-7), "zero_area"),
        (shapely.box(LON, LAT, LON + 0.1, LAT + 0.1), "large_area"),
        (shapely.box(LON, 91, LON + 0.1, 92), "out_of_bounds"),
        ({"type": "Polygon", "coordinates": []}, "no_geometry"),
        ({"type": "Polygon", "coordinates": [[[LON, LAT], [LON, 1e999], [LON + 1, LAT], [LON, LAT]]]}, "bad_geometry"),
    ],
)  # fmt: skip
def test_a_building_without_a_usable_outline_is_refused_with_the_reason(take, geometry, code):
    good = [(house(40 * i, 300), {"building": "yes"}) for i in range(30)]  # so that one stray corner is no system
    report = take("a.geojson", collection((geometry, {"building": "yes"}), *good))
    assert (reasons(report), report.accepted) == ([code], 30)


def test_a_row_an_earlier_version_refused_in_english_only_is_not_kept_twice(take, known):
    town = collection((shapely.Point(LON, LAT), {"building": "yes"}))
    raw = json.dumps({"ref": "", "properties": {"building": "yes"}, "geometry": shapely.Point(LON, LAT).wkt})
    said = "a building needs an outline (Polygon); found a Point"
    known.quarantine(
        [Rejected(source="import", place="a.geojson:1", code="bad_geometry", reason=said, raw=raw.encode())]
    )
    assert reasons(take("a.geojson", town)) == ["bad_geometry"]
    assert known.quarantined(known.now())["reason"].to_pylist() == [said]


def test_a_self_crossing_outline_is_repaired_and_counted(take, known):
    west, south, east, north = house(0, 300).bounds
    bow = shapely.Polygon([(west, south), (east, north), (east, south), (west, north)])
    report = take("a.geojson", collection((bow, {"building": "yes", "building_id": "bow"})))
    assert (report.accepted, report.repaired) == (1, 1)
    assert "Self-intersection" in report.repairs[0]
    assert shapely.from_wkb(stored(known, "building")["bow"]["footprint"]).is_valid


def test_multipolygons_and_closed_lines_are_outlines(take):
    closed = shapely.LineString(house(0, 300).exterior.coords)
    several = shapely.MultiPolygon([house(0, 400), house(50, 400)])
    report = take("a.geojson", collection((closed, {"building": "yes"}), (several, {"building": "yes"})))
    assert (report.accepted, report.rejected) == (2, 0)


def test_the_same_identity_twice_in_a_file_is_refused_the_second_time(take):
    report = take(
        "a.geojson",
        collection((house(0, 300), {"id": "7", "building": "yes"}), (house(50, 300), {"id": "7", "building": "yes"})),
    )
    assert (report.accepted, reasons(report)) == (1, ["duplicate"])


def test_properties_in_chinese_name_buildings_and_estates(take, known):
    report = take(
        "a.geojson",
        collection(
            (house(0, 300), {"幢号": "9幢", "小区": "新月苑", "层数": "6"}),
            (house(0, 350), {"幢号": "3幢", "小区": "桂花苑", "层数": "6"}),
        ),
    )
    assert report.layer == "buildings"
    named = {b["name"]: b for b in stored(known, "building").values()}
    assert named["9幢"]["height_m"] == 18.0
    assert stored(known, "estate")[named["9幢"]["estate_id"]]["name"] == "新月苑"
    assert named["3幢"]["estate_id"] == "e1"  # the estate that is there already


def test_buildings_outside_the_boundary_are_context(take, known):
    report = take("boundary.geojson", collection((house(-20, -20, 60), {"name": "示范社区"})), layer="boundary")
    assert report.stored == {"community": 1}
    take(
        "a.geojson",
        collection(
            (house(0, 0), {"building": "yes", "building_id": "in"}),
            (house(300, 0), {"building": "yes", "building_id": "out"}),
        ),
    )
    assert {i: b["use"] for i, b in stored(known, "building").items() if i in ("in", "out")} == {
        "in": "residential",
        "out": "context",
    }


def test_features_nobody_can_place_are_refused_with_the_layers_to_say(take):
    report = take("a.geojson", collection((house(0, 300), {"foo": 1}), (house(50, 300), {"building": "yes"})))
    assert reasons(report) == ["unknown_kind"]
    assert "--layer buildings" in report.rejects[0].reason["en"]


def test_an_asked_layer_settles_what_untagged_features_are(take):
    assert take("a.geojson", collection((house(0, 300), {"foo": 1})), layer="buildings").layers == {"buildings": 1}
    line = shapely.LineString([(LON, LAT), (LON + 0.001, LAT)])
    assert take("b.geojson", collection((line, {"foo": 1})), layer="paths").layers == {"paths": 1}


def test_a_csv_with_outlines_as_wkt_is_a_layer_of_buildings(take, known):
    report = take("a.csv", f'幢号,层数,wkt\n9幢,6,"{house(0, 300).wkt}"\n10幢,6,"POLYGON((1 2"\n')
    assert (report.layer, report.accepted, reasons(report)) == ("buildings", 1, ["bad_geometry"])


# -------------------------------------------------------------------------------------- coordinate systems


def moved(geometry, how):
    return shapely.transform(geometry, how)


def near_base(known, identity):
    found = shapely.from_wkb(stored(known, "building")[identity]["footprint"]).centroid
    return found.distance(house(0, 300).centroid) < 1e-6


@pytest.mark.parametrize(("crs", "how"), [("gcj02", wgs84_to_gcj02), ("bd09", wgs84_to_bd09)])
def test_an_asked_system_is_converted_once_and_reported(take, known, crs, how):
    report = take(
        "a.geojson", collection((moved(house(0, 300), how), {"building": "yes", "building_id": "x"})), crs=crs
    )
    assert report.crs == crs
    assert near_base(known, "x")


@pytest.mark.parametrize("crs", ["auto", "cgcs2000", "EPSG:4549"])
def test_a_survey_file_without_zone_number_lands_in_place(take, known, crs):
    from pyproj import Transformer

    to_grid = Transformer.from_crs(4490, gauss_kruger(120, zone_number=False), always_xy=True)
    survey = moved(house(0, 300), lambda p: np.column_stack(to_grid.transform(p[:, 0], p[:, 1])[::-1]))  # north first
    report = take("a.geojson", collection((survey, {"building": "yes", "building_id": "x"})), crs=crs)
    assert (report.crs, "north first" in report.crs_reason) == ("EPSG:4549", True)
    assert near_base(known, "x")


def test_a_declared_system_is_used_and_named(take, known):
    declared = {"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}}
    report = take("a.geojson", collection((house(0, 300), {"building": "yes", "building_id": "x"}), **declared))
    assert report.crs == "cgcs2000"
    assert "EPSG::4490" in report.crs_reason
    assert near_base(known, "x")


def test_an_unknown_system_stores_nothing(take):
    report = take("a.geojson", collection((house(0, 300), {"building": "yes"})), crs="mars")
    assert (report.read, exit_code([report])) == (0, 1)
    assert "EPSG number" in report.error


def test_a_layer_beside_the_base_map_is_pointed_out_with_the_fix(take):
    places = [(37 * i % 400, 300 + 53 * i % 410) for i in range(30)]
    take("base.geojson", collection(*[(house(*p), {"building": "yes", "id": i}) for i, p in enumerate(places)]))
    shifted = collection(
        *[(moved(house(*p), wgs84_to_gcj02), {"building": "yes", "id": 100 + i}) for i, p in enumerate(places)]
    )
    report = take("new.geojson", shifted)
    assert any("import it with --crs gcj02" in text and "m " in text for text in report.warnings)
    assert not any("base map" in text for text in take("new2.geojson", shifted, crs="gcj02").warnings)


# --------------------------------------------------------------------------------------------------- property

CORNER = st.tuples(st.floats(LON - 0.01, LON + 0.01), st.floats(LAT - 0.01, LAT + 0.01))
ODD = st.tuples(st.floats(), st.floats())
RING = st.lists(st.one_of(CORNER, ODD), max_size=7).map(lambda ring: [list(p) for p in ring])
GEOMETRY = st.one_of(
    st.none(),
    st.fixed_dictionaries({"type": st.just("Polygon"), "coordinates": st.lists(RING, max_size=3)}),
    st.fixed_dictionaries({"type": st.just("LineString"), "coordinates": RING}),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["Point", "MultiPolygon", "Cube"]), "coordinates": CORNER.map(list)}
    ),
)
PROPERTIES = st.dictionaries(
    st.sampled_from(
        ["building", "height", "building:levels", "name", "amenity", "landuse", "highway", "min_height", "层数", "kind"]
    ),
    st.one_of(
        st.none(),
        st.text(max_size=5),
        st.integers(),
        st.floats(),
        st.sampled_from(["yes", "school", "grass", "footway"]),
    ),
    max_size=4,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(GEOMETRY, PROPERTIES), min_size=1, max_size=6))
def test_random_features_never_raise_and_every_row_is_accounted_for(known, put, features):
    path = put("random.geojson", collection(*features))
    report = import_file(known, path, ImportOptions(community="demo"), progress=False)
    assert report.read == report.accepted + report.updated + report.unchanged + report.rejected
    if not report.error:
        assert report.read + sum(report.skipped.values()) == len(features)
        again = import_file(known, path, ImportOptions(community="demo"), progress=False)
        assert (again.accepted, again.updated, again.rejected) == (0, 0, report.rejected)

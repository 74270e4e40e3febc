"""What walking needs of a file: stairs, slopes, gates, entrances; small children; what is refused is said."""

from __future__ import annotations

import pytest

from ingest.tags import meanings
from ingest.walkways import foot_of, of_line, slope_of

from .conftest import LAT, LON, M, collection, house

OSM = """<osm version="0.6">
<node id="1" lon="120.75" lat="30.76"/><node id="2" lon="120.751" lat="30.76"><tag k="barrier" v="gate"/>
<tag k="opening_hours" v="06:00-22:00"/></node><node id="3" lon="120.752" lat="30.76"/>
<node id="4" lon="120.7503" lat="30.7601"/><node id="5" lon="120.7505" lat="30.7601"><tag k="entrance" v="main"/>
<tag k="wheelchair" v="yes"/></node><node id="6" lon="120.7505" lat="30.7603"/>
<node id="7" lon="120.7503" lat="30.7603"/>
<node id="8" lon="120.76" lat="30.76"><tag k="entrance" v="yes"/></node>
<way id="10"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="footway"/><tag k="incline" v="8%"/>
<tag k="footway" v="crossing"/></way>
<way id="11"><nd ref="3"/><nd ref="8"/><tag k="highway" v="steps"/><tag k="layer" v="1"/>
<tag k="foot" v="private"/></way>
<way id="12"><nd ref="4"/><nd ref="5"/><nd ref="6"/><nd ref="7"/><nd ref="4"/><tag k="building" v="apartments"/></way>
</osm>"""


def rows(twin, kind, community):
    return twin.entities(kind, twin.now(), community_id=community).to_pylist()


def test_paths_gates_and_entrances_come_from_openstreetmap(known, take):
    report = take("a.osm", OSM, community="new")
    assert (report.error, report.rejected) == (None, 0)
    assert report.skipped["entrance further than 3 m from a building"] == 1
    paths = {row["ground_id"]: row for row in rows(known, "ground", "new")}
    crossing, steps = paths["new-way-10"], paths["new-way-11"]
    assert (crossing["way"], crossing["incline"], crossing["source"]) == ("crossing", 0.08, "osm")
    assert (steps["way"], steps["foot"], steps["level"]) == ("steps", "private", 1)
    (gate,), (door,) = rows(known, "gate", "new"), rows(known, "entrance", "new")
    assert (gate["lon"], gate["opening_hours"]) == (120.751, "06:00-22:00")
    assert (door["building_id"], door["wheelchair"]) == ("new-way-12", "yes")


def test_gates_and_entrances_come_from_a_list_and_bad_rows_are_said(known, take):
    near = f"{LON + 15 * M / 0.8593:.7f},{LAT + 7 * M:.7f}"
    gate = f"名称,类型,经度,纬度,开放时间\n北门,门禁,{LON},{LAT},周一至周五 6:00-22:00\n"
    report = take("gates.csv", f"{gate}1幢入口,入口,{near},\n远,入口,120.79,30.76,\n坏,门禁,,30.76,\n", layer="paths")
    assert [reject.code for reject in report.rejects] == ["unknown_building", "missing_value"]
    assert [gate["opening_hours"] for gate in rows(known, "gate", "demo")] == ["周一至周五 6:00-22:00"]
    assert [door["building_id"] for door in rows(known, "entrance", "demo")] == ["b1"]
    assert take("gates.csv", gate, layer="paths").unchanged == 1


def test_surveyed_paths_say_what_they_are_in_chinese(known, take):
    line = {"type": "LineString", "coordinates": [[LON, LAT], [LON, LAT + 50 * M]]}
    point = {"type": "Point", "coordinates": [LON, LAT + 20 * M]}
    shapes = collection((line, {"名称": "坡道", "类型": "台阶", "坡度": "1:10"}), (point, {"类型": "门禁"}))
    assert take("p.geojson", shapes, layer="paths").rejected == 0
    (path,) = rows(known, "ground", "demo")
    assert (path["way"], path["incline"], path["source"]) == ("steps", 0.1, "geojson")
    assert len(rows(known, "gate", "demo")) == 1


@pytest.mark.parametrize(
    ("text", "slope"),
    [("8%", 0.08), ("-4.5 %", -0.045), ("5°", 0.08749), ("1:12", 0.08333), ("0.06", 0.06), ("12", 0.12), ("up", None)],
)
def test_slopes_are_read_as_people_write_them_and_never_guessed(text, slope):
    assert slope_of(text) == slope


@pytest.mark.parametrize(
    ("tags", "foot"),
    [
        ({"access": "private"}, "private"), ({"access": "no", "foot": "yes"}, "yes"), ({"foot": "use_sidewalk"}, "no"),
        ({"sidewalk": "both"}, "yes"), ({"motorroad": "yes"}, "no"), ({"access": "yes"}, None), ({}, None),
    ],
)  # fmt: skip
def test_what_is_said_of_people_on_foot_goes_before_what_is_said_of_everybody(tags, foot):
    assert foot_of(tags) == foot


def test_a_ramp_beside_steps_lets_wheelchairs_pass_and_a_bollard_is_no_gate():
    assert of_line({"highway": "steps", "ramp:wheelchair": "yes"}, {}, "path")["wheelchair"] == "yes"
    assert meanings({"barrier": "bollard"}, shape="point") == []
    assert [m.kind for m in meanings({"barrier": "lift_gate"}, shape="point")] == ["gate"]


def test_negative_places_are_refused_and_an_unknown_kind_of_facility_is_said(known, take):
    spot = {"type": "Point", "coordinates": [LON, LAT]}
    other = {"type": "Point", "coordinates": [LON + M, LAT]}
    report = take(
        "f.geojson",
        collection((spot, {"amenity": "kindergarten", "capacity": "-20"}), (other, {"类型": "太空港", "name": "站"})),
        layer="facilities",
    )
    assert [(r.code, "-20" in r.reason["en"]) for r in report.rejects] == [("bad_value", True)]
    assert any("太空港" in warning and "stored as other" in warning for warning in report.warnings)


def test_a_kindergarten_with_negative_places_is_refused_while_its_building_stays(known, take):
    tags = {"building": "yes", "amenity": "kindergarten", "capacity": "-5"}
    report = take("b.geojson", collection((house(200, 0), tags)))
    assert [r.code for r in report.rejects] == ["bad_value"]
    assert {b["building_id"] for b in rows(known, "building", "demo")} > {"b1", "b2", "b3"}


def test_small_children_are_counted_within_those_under_18(known, take):
    head = "楼栋编号,室号,0-17岁,18-59岁,60-79岁,80岁以上,0-3岁,3-6岁\n"
    report = take("homes.csv", head + "b1,301,2,2,0,0,1,1\nb1,302,1,2,0,0,1,1\n", layer="homes")
    assert [(r.row, r.code) for r in report.rejects] == [(3, "bad_value")]
    take("people.csv", "楼栋编号,室号,年龄\nb1,301,2\nb1,301,5\nb1,301,6\nb1,301,35\n", layer="residents")
    (home,) = [h for h in rows(known, "home", "demo") if h["number"] == "301"]
    assert [home[n] for n in ("age_0_17", "age_0_3", "age_3_6", "age_18_59")] == [3, 1, 1, 1]


def test_a_list_that_only_says_under_18_leaves_the_small_ones_unknown(known, take):
    take("people.csv", "home_id,年龄段,人数\nh101,0-17岁,2\nh101,18-59岁,1\n", layer="residents")
    (home,) = [h for h in rows(known, "home", "demo") if h["home_id"] == "h101"]
    assert (home["age_0_17"], home["age_0_3"], home["age_3_6"]) == (2, None, None)

"""Each reader alone: what is in a small file comes out, with its row, and nothing is guessed."""

from __future__ import annotations

import json

import pytest
import shapely

from ingest.formats import FormatError, cityjson, csv, geojson, osm, sniff, xlsx
from tests.formats.conftest import collection

SQUARE = shapely.box(0, 0, 1, 1)

# --------------------------------------------------------------------------------------------------- GeoJSON


def test_geojson_drops_nulls_and_keeps_numbers_as_written(put):
    path = put("a.geojson", collection((SQUARE, {"name": "甲", "height": None, "levels": 6, "part": 2.5, "on": True})))
    [feature] = geojson.read(path)
    assert feature.tags == {"name": "甲", "levels": "6", "part": "2.5", "on": "yes"}
    assert feature.geometry.equals(SQUARE)


@pytest.mark.parametrize(
    ("thing", "ref"),
    [
        ({"id": "way/12"}, "way/12"),
        ({"id": 0}, "0"),
        ({"properties": {"element": "relation", "id": 7}}, "relation/7"),
        ({"properties": {"@id": "node/3"}}, "node/3"),
        ({"properties": {}}, ""),
    ],
)
def test_geojson_identity_is_found_where_exporters_put_it(put, thing, ref):
    path = put("a.geojson", {"type": "Feature", "geometry": None, "properties": {}} | thing)
    assert [feature.ref for feature in geojson.read(path)] == [ref]


def test_geojson_declared_system_is_reported_wherever_it_stands(put):
    named = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4549"}}
    before = json.dumps({"type": "FeatureCollection", "crs": named, "features": [{}]})
    after = json.dumps({"type": "FeatureCollection", "features": [{}], "crs": named})
    for text in (before, after):
        file = geojson.read(put("a.geojson", text))
        list(file)
        assert file.crs == "urn:ogc:def:crs:EPSG::4549"


def test_geojson_one_feature_per_line_and_text_sequences(put):
    lines = [json.dumps({"type": "Feature", "id": i, "geometry": None, "properties": {}}) for i in range(3)]
    assert [f.row for f in geojson.read(put("a.geojsonl", "\n".join(lines)))] == [1, 2, 3]
    assert len(list(geojson.read(put("b.geojson", "".join(f"\x1e{line}\n" for line in lines))))) == 3


def test_geojson_is_read_piecewise_across_chunk_borders(put, monkeypatch):
    monkeypatch.setattr(geojson, "_CHUNK", 7)
    path = put("a.geojson", collection(*[(SQUARE, {"name": f"第{i}幢", "n": i}) for i in range(20)], after=12345))
    assert [f.tags["name"] for f in geojson.read(path)] == [f"第{i}幢" for i in range(20)]


@pytest.mark.parametrize(
    "geometry", [{"type": "Polygon"}, {"type": "Polygon", "coordinates": [[[0]]]}, {"type": "Cube"}, "x"]
)
def test_geojson_a_broken_geometry_is_the_problem_of_its_feature_only(put, geometry):
    path = put(
        "a.geojson", collection((geometry if isinstance(geometry, dict) else {"type": geometry}, {}), (SQUARE, {}))
    )
    first, second = geojson.read(path)
    assert first.problem
    assert second.problem is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"type": "FeatureCollection", "features": [{"type": "Fea', "the file ends early"),
        ('{"type": "FeatureCollection", "features": [', "the file ends early"),
        ('{"type": FeatureCollection}', "broken JSON at character 19"),
        ('{"type": "FeatureCollection", "features": []}', "holds no features"),
    ],
)
def test_geojson_broken_files_say_where(put, text, says):
    with pytest.raises(FormatError, match=says):
        list(geojson.read(put("a.geojson", text)))


# ------------------------------------------------------------------------------------------------------- OSM

OSM = """<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6">
{nodes}
{ways}
{relations}
</osm>"""


def osm_xml(
    ways: dict[int, tuple[list[int], dict[str, str]]],
    relations: str = "",
    nodes: dict[int, dict[str, str]] | None = None,
) -> str:
    """A grid of 6 x 6 nodes (numbers 0..35, row by row, 1e-3 degrees apart) with the given ways."""

    def tags(found: dict[str, str]) -> str:
        return "".join(f'<tag k="{k}" v="{v}"/>' for k, v in found.items())

    grid = "".join(
        f'<node id="{i + 1}" lat="{30.7 + i // 6 * 1e-3:.4f}" lon="{104.0 + i % 6 * 1e-3:.4f}">'
        f"{tags((nodes or {}).get(i, {}))}</node>"
        for i in range(36)
    )
    lines = "".join(
        f'<way id="{number}">' + "".join(f'<nd ref="{n + 1}"/>' for n in refs) + tags(found) + "</way>"
        for number, (refs, found) in ways.items()
    )
    return OSM.format(nodes=grid, ways=lines, relations=relations)


BLOCK = [0, 1, 7, 6, 0]


def test_osm_ways_relations_and_nodes_come_with_identity_and_tags(put):
    relation = (
        '<relation id="9"><member type="way" ref="1" role="outer"/><member type="way" ref="2" role="inner"/>'
        '<tag k="type" v="multipolygon"/><tag k="building" v="yes"/></relation>'
    )
    text = osm_xml(
        {
            1: ([0, 3, 21, 18, 0], {}),
            2: ([7, 8, 14, 13, 7], {}),
            3: (BLOCK, {"building": "house"}),
            4: ([0, 1, 2], {"highway": "footway"}),
        },
        relation,
        {35: {"amenity": "bank"}},
    )
    found = {feature.ref: feature for feature in osm.read(put("a.osm", text))}
    assert set(found) == {"relation/9", "way/3", "way/4", "node/36"}
    assert len(found["relation/9"].geometry.interiors) == 1
    assert found["way/3"].geometry.geom_type == "Polygon"
    assert found["way/4"].geometry.geom_type == "LineString"


def test_osm_a_roundabout_is_a_line_and_a_closed_landuse_an_area(put):
    text = osm_xml(
        {
            1: (BLOCK, {"highway": "residential"}),
            2: (BLOCK, {"landuse": "grass"}),
            3: (BLOCK, {"highway": "pedestrian", "area": "yes"}),
        }
    )
    assert {f.ref: f.geometry.geom_type for f in osm.read(put("a.osm", text))} == {
        "way/1": "LineString", "way/2": "Polygon", "way/3": "Polygon",
    }  # fmt: skip


def test_osm_an_outline_cut_at_the_edge_is_closed_while_most_corners_are_there(put):
    ring = [0, 1, 2, 3, 9, 15, 14, 13, 12, 6, 0]
    text = osm_xml({1: (ring, {"building": "yes"}), 2: (BLOCK, {"building": "yes"})})
    text = text.replace('<node id="4" ', '<node id="900" ').replace('<node id="8" ', '<node id="901" ')
    found = {feature.ref: feature for feature in osm.read(put("a.osm", text))}
    assert found["way/1"].problem is None
    assert "1 of 10 corners" in found["way/1"].repaired
    assert "1 of its 4 corners" in found["way/2"].problem["en"]


def test_osm_a_self_crossing_outline_still_comes_out(put):
    [feature] = osm.read(put("a.osm", osm_xml({1: ([0, 7, 1, 6, 0], {"building": "yes"})})))
    assert not feature.geometry.is_valid


def test_osm_a_relation_with_missing_members_says_so(put):
    relation = (
        '<relation id="9"><member type="way" ref="77" role="outer"/>'
        '<tag k="type" v="multipolygon"/><tag k="building" v="yes"/></relation>'
    )
    [feature] = osm.read(put("a.osm", osm_xml({}, relation)))
    assert "incomplete" in feature.problem["en"]


def test_osm_a_file_cut_off_is_refused(put):
    text = osm_xml({1: (BLOCK, {"building": "yes"})})
    with pytest.raises(FormatError, match="cannot be read as OpenStreetMap"):
        list(osm.read(put("a.osm", text[: len(text) // 2])))


# -------------------------------------------------------------------------------------------------- CityJSON


def box_solid(
    x: int, y: int, z: int, width: int, height: int, first: int
) -> tuple[list[list[int]], list[list[list[int]]]]:
    """Vertices and the six faces of a box, ground first."""
    corners = [[x, y], [x + width, y], [x + width, y + width], [x, y + width]]
    vertices = [[*c, z] for c in corners] + [[*c, z + height] for c in corners]
    faces = [[3, 2, 1, 0], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]]
    return vertices, [[[first + i for i in face]] for face in faces]


def city(objects: dict[str, object], vertices: list[list[int]], **members: object) -> dict[str, object]:
    return {
        "type": "CityJSON", "version": "2.0", "CityObjects": objects, "vertices": vertices,
        "transform": {"scale": [0.001, 0.001, 0.001], "translate": [85000.0, 447000.0, 2.0]}, **members,
    }  # fmt: skip


def test_cityjson_height_is_by_geometry_and_the_footprint_by_the_ground_surface(put):
    vertices, faces = box_solid(0, 0, 0, 10_000, 6_000, 0)
    semantics = {
        "surfaces": [{"type": "GroundSurface"}, {"type": "RoofSurface"}],
        "values": [[0, 1, None, None, None, None]],
    }
    building = {
        "type": "Building",
        "geometry": [{"type": "Solid", "lod": "2", "boundaries": [faces], "semantics": semantics}],
    }
    file = cityjson.read(
        put(
            "a.json",
            city(
                {"b": building}, vertices, metadata={"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/7415"}
            ),
        )
    )
    [feature] = file
    assert feature.tags == {"building": "yes", "height": "6.00"}
    assert feature.geometry.equals(shapely.box(85000, 447000, 85010, 447010))
    assert file.crs.endswith("7415")


def test_cityjson_parts_are_folded_into_their_building(put):
    low, low_faces = box_solid(0, 0, 0, 10_000, 3_000, 0)
    high, high_faces = box_solid(10_000, 0, 0, 10_000, 30_000, 8)
    objects = {
        "b": {"type": "Building", "children": ["p1", "p2"]},
        "p1": {
            "type": "BuildingPart",
            "parents": ["b"],
            "geometry": [{"type": "Solid", "lod": "1", "boundaries": [low_faces]}],
        },
        "p2": {
            "type": "BuildingPart",
            "parents": ["b"],
            "geometry": [{"type": "Solid", "lod": "1", "boundaries": [high_faces]}],
        },
    }
    [feature] = cityjson.read(put("a.json", city(objects, low + high)))
    assert feature.tags["height"] == "30.00"
    assert feature.geometry.area == pytest.approx(200)


def test_cityjson_the_finest_level_of_detail_decides(put):
    flat, flat_faces = box_solid(0, 0, 0, 10_000, 0, 0)
    high, high_faces = box_solid(0, 0, 0, 10_000, 9_000, 8)
    building = {
        "type": "Building",
        "geometry": [
            {"type": "MultiSurface", "lod": "0", "boundaries": flat_faces[:1]},
            {"type": "Solid", "lod": "1.2", "boundaries": [high_faces]},
        ],
    }
    [feature] = cityjson.read(put("a.json", city({"b": building}, flat + high)))
    assert feature.tags["height"] == "9.00"


def test_cityjson_a_flat_building_takes_its_height_from_the_attributes(put):
    vertices, faces = box_solid(0, 0, 0, 10_000, 0, 0)
    building = {
        "type": "Building", "attributes": {"measuredHeight": 7.5, "storeysAboveGround": 2, "empty": None},
        "geometry": [{"type": "MultiSurface", "lod": "0", "boundaries": faces[:1]}],
    }  # fmt: skip
    [feature] = cityjson.read(put("a.json", city({"b": building}, vertices)))
    assert (feature.tags["height"], feature.tags["building:levels"]) == ("7.5", "2")


def test_cityjson_one_broken_object_does_not_stop_the_others(put):
    vertices, faces = box_solid(0, 0, 0, 10_000, 6_000, 0)
    good = {"type": "Building", "geometry": [{"type": "Solid", "lod": "1", "boundaries": [faces]}]}
    outside = {"type": "Building", "geometry": [{"type": "Solid", "lod": "1", "boundaries": [[[[0, 1, 99]]]]}]}
    bare = {"type": "Building"}
    found = list(cityjson.read(put("a.json", city({"o": outside, "n": bare, "g": good, "x": 5}, vertices))))
    assert [bool(f.problem) for f in found] == [True, True, False, True]


def test_cityjson_text_sequence(put):
    vertices, faces = box_solid(0, 0, 0, 10_000, 6_000, 0)
    thing = {"b": {"type": "Building", "geometry": [{"type": "Solid", "lod": "1", "boundaries": [faces]}]}}
    lines = [city({}, []), {"type": "CityJSONFeature", "id": "b", "CityObjects": thing, "vertices": vertices}]
    [feature] = cityjson.read(put("a.city.jsonl", "\n".join(json.dumps(line) for line in lines)))
    assert feature.tags["height"] == "6.00"


# ---------------------------------------------------------------------------------------------- CSV and Excel


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_csv_of_any_usual_encoding_and_delimiter_reads_alike(put, encoding, mark):
    text = f"楼栋{mark}室号\r\n1幢{mark}101\r\n\r\n2幢{mark}  202 \r\n"
    rows = list(csv.read(put("a.csv", text.encode(encoding))))
    assert [(row.row, row.cells) for row in rows] == [(1, ("楼栋", "室号")), (2, ("1幢", "101")), (4, ("2幢", "202"))]


def test_csv_rows_keep_their_line_number_after_a_quoted_line_break(put):
    rows = list(csv.read(put("a.csv", 'a,b\n"x\ny",1\nz,2\n')))
    assert [row.row for row in rows] == [1, 2, 4]


def test_excel_merged_cells_count_for_every_row_they_cover(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    for row in (["楼栋", "室号"], ["1幢", 101], [None, 102], ["2幢", 201]):
        book.active.append(row)
    book.active.merge_cells("A2:A3")
    book.save(tmp_path / "a.xlsx")
    assert [row.cells for row in xlsx.read(tmp_path / "a.xlsx")] == [
        ("楼栋", "室号"),
        ("1幢", "101"),
        ("1幢", "102"),
        ("2幢", "201"),
    ]


def test_excel_an_empty_cell_that_is_not_merged_stays_empty(put):
    rows = list(xlsx.read(put("a.xlsx", [["楼栋", "室号"], ["1幢", 101], [None, 102]])))
    assert rows[2].cells == ("", "102")


# ------------------------------------------------------------------------------------------ which format it is


@pytest.mark.parametrize(
    ("name", "content", "format_", "odd"),
    [
        ("a.osm", "<?xml version='1.0'?><osm version='0.6'/>", "osm", False),
        ("a.geojson", '{"type": "FeatureCollection"}', "geojson", False),
        ("a.json", '{"CityObjects": {}, "type": "CityJSON"}', "cityjson", False),
        ("a.csv", "a,b\n1,2\n", "csv", False),
        ("a.csv", '{"type": "FeatureCollection"}', "geojson", True),
        ("a.geojson", "楼栋,室号\n", "csv", True),
    ],
)
def test_the_format_is_told_by_the_content_whatever_the_suffix(put, name, content, format_, odd):
    found, says = sniff.format_of(put(name, content))
    assert (found, says is not None) == (format_, odd)


def test_an_excel_file_under_another_name_is_read_and_said(put):
    path = put("a.xlsx", [["a"]])
    renamed = path.rename(path.with_suffix(".csv"))
    found, odd = sniff.format_of(renamed)
    assert (found, odd["en"]) == ("xlsx", "a.csv is xlsx by its content, read as such in spite of its name")
    assert odd["zh"].startswith("a.csv 的内容是 xlsx")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"\xef\xbb\xbf \n", "is empty"),
        ("a.xls", b"\xd0\xcf\x11\xe0" + b"\0" * 50, "save it as .xlsx"),
        ("a.xlsx", b"PK\x03\x04" + b"\0" * 50, "damaged or cut-off"),
        ("a.shp", b"\x00\x00\x27\x0a" + b"\0" * 50, "Shapefile"),
        ("a.gpkg", b"SQLite format 3\x00", "GeoPackage"),
        ("a.kml", b"<?xml version='1.0'?><kml/>", "expected <osm>"),
        ("a.pdf", b"%PDF-1.7", "PDF"),
        ("a.bin", b"\x01\x02\x00\x03", "unknown kind"),
        ("a.json", b"[1, 2]", "begins with a list"),
    ],
)
def test_a_file_of_another_kind_is_named_with_what_to_do(put, name, content, says):
    with pytest.raises(FormatError, match=says) as caught:
        sniff.format_of(put(name, content))
    assert name in str(caught.value)


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(FormatError, match="does not exist"):
        sniff.format_of(tmp_path / "nothing.osm")

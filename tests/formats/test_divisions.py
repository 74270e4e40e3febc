"""Divisions and where communities lie, from lists and maps: what cannot be is refused by row, the rest goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest
import shapely

from ingest.batch import ImportOptions, import_file
from twin_model.entities import Community

from .conftest import LAT, LON, collection, reasons

LIST = """区划代码,层级,名称,英文名,上级
330000,省,浙江省,,
3300-x,市,临江市,Linjiang,330000
01,区,江南区,Jiangnan,3300-x
0101,街道,荷花街道,Lotus,江南区
demo,社区,,,荷花街道
"""


@pytest.fixture
def divisions(known, put):
    """``divisions(text)``: the list in the twin, and what was said of it."""
    known.record([Community(community_id="other", name="另一社区")])

    def run(content, name="d.csv", **options):
        return import_file(known, put(name, content), ImportOptions(**options), progress=False)

    return run


def stored(twin, at=None):
    rows = twin.entities("division", at or twin.now()).to_pylist()
    return {row["division_id"]: (row["level"], row["name"], row["parent_id"]) for row in rows}


def where(twin, at=None):
    rows = twin.entities("community", at or twin.now()).to_pylist()
    return {row["community_id"]: row["subdistrict_id"] for row in rows}


def test_a_list_of_divisions_is_recognised_and_says_where_communities_lie(known, divisions):
    report = divisions(LIST)
    assert (report.error, report.layer, report.accepted, report.updated, report.rejects) == (
        None,
        "divisions",
        3,
        1,
        [],
    )
    assert report.skipped == {"province: the twin begins at the city": 1}
    assert "divisions:" in report.summary()
    assert stored(known) == {
        "3300-x": ("city", "临江市", None), "01": ("district", "江南区", "3300-x"),
        "0101": ("subdistrict", "荷花街道", "01"),
    }  # fmt: skip
    assert where(known) == {"demo": "0101", "other": None}
    assert [row["district"] for row in known.city.communities(known.now()).to_pylist()] == ["江南区", None]
    assert (divisions(LIST).unchanged, divisions(LIST).accepted) == (4, 0)


def test_a_new_list_is_a_revision_and_the_past_stays_as_it_was_known(known, divisions, clock):
    divisions(LIST)
    before = known.now()
    clock.instant += timedelta(days=1)
    moved = "区划代码,层级,名称,上级\n02,区,江北区,3300-x\n0101,街道,,02\n0201,街道,柳岸街道,江北区\ndemo,社区,,0201\n"
    assert divisions(moved, "d2.csv").updated == 2
    assert stored(known)["0101"] == ("subdistrict", "荷花街道", "02")
    assert stored(known, before)["0101"] == ("subdistrict", "荷花街道", "01")
    assert (where(known)["demo"], where(known, before)["demo"]) == ("0201", "0101")


WRONG = """a1,区,甲,a2|cycle|a1 -> a2 -> a1
a2,区,乙,a1|cycle|a2 -> a1 -> a2
a3,区,甲,a3|cycle|part of itself
a4,街道,在环里,a1|unknown_division|'a1' was refused itself (row 2)
a5,区,甲,99|unknown_division|no city (市) '99'; add its row
a6,区,甲,江南市|unknown_division|did you mean '临江市'
a7,区,甲,|missing_value|expected the number or name of a city
a8,街道,甲,3300-x|wrong_level|is part of a district
a9,市,甲,01|wrong_level|a city is part of no division
01,街道,江南区,3300-x|wrong_level|a level does not change
b1,片区,甲,01|bad_value|level is '片区'; expected
b 2,街道,甲,01|bad_value|number (区划代码) is 'b 2'
b3,街道,,01|missing_value|name (名称) is empty
0102,街道,再来,01|duplicate|as row 15
b4,街道,甲,a5|unknown_division|was refused itself (row 6)
nobody,社区,,0101|unknown_community|no community 'nobody'
demo,社区,,01|wrong_level|is part of a subdistrict
demo,社区,,|missing_value|subdistrict (街道) is empty""".splitlines()


def test_what_cannot_be_is_refused_by_row_and_the_rest_goes_on(known, divisions):
    divisions(LIST)
    wrong = [line.split("|") for line in WRONG]
    good = wrong.index(next(w for w in wrong if w[1] == "duplicate"))
    rows = [w[0] for w in wrong]
    rows.insert(good, "0102,街道,新街道,01")
    report = divisions("区划代码,层级,名称,上级\n" + "\n".join(rows), "more.csv")
    assert (report.read, report.accepted, report.rejected) == (19, 1, 18)
    told = {reject.row: reject for reject in report.rejects}
    for row, text in enumerate(rows, 2):
        if text.startswith("0102,街道,新"):
            continue
        _, code, said = next(w for w in wrong if w[0] == text)
        assert (told[row].code, text) == (code, text)
        assert said in told[row].reason["en"]
    assert stored(known)["0102"] == ("subdistrict", "新街道", "01")
    assert stored(known)["01"] == ("district", "江南区", "3300-x")
    assert where(known)["demo"] == "0101"
    assert known.quarantined(known.now(), limit=50).num_rows == 18


def test_a_name_two_have_is_refused_until_its_number_is_said(known, divisions):
    divisions(LIST + "02,区,江北区,,临江市\n0201,街道,荷花街道,,江北区\n")
    report = divisions([["社区编号", "街道"], ["other", "荷花街道"], ["demo", "0201"]], "where.xlsx")
    assert reasons(report) == ["ambiguous"]
    assert "0101, 0201" in report.rejects[0].reason["en"]
    assert where(known) == {"demo": "0201", "other": None}


def test_a_map_brings_outlines_and_a_bad_one_does_not_take_the_row_with_it(known, divisions):
    box = shapely.box(LON, LAT, LON + 0.1, LAT + 0.1)
    line = shapely.LineString([(LON, LAT), (LON + 0.1, LAT)])
    rows = [
        (box, {"division_id": "c", "level": "city", "name": "临江市"}),
        (line, {"division_id": "d", "level": "district", "name": "江南区", "parent": "c"}),
        (None, {"division_id": "s", "level": "subdistrict", "name": "荷花街道", "parent": "d"}),
    ]
    report = divisions(collection(*rows), "d.geojson")
    assert (report.layer, report.accepted, report.crs) == ("divisions", 3, "wgs84")
    assert reasons(report) == ["bad_geometry"]
    assert "its outline is left out, the rest of the row is stored" in report.rejects[0].reason["en"]
    outlines = {r["division_id"]: r["boundary"] for r in known.entities("division", known.now()).to_pylist()}
    assert shapely.from_wkb(outlines["c"]).equals(box)
    assert (outlines["d"], outlines["s"]) == (None, None)
    assert where(known) == {"demo": None, "other": None}


def test_a_file_that_can_hold_no_divisions_is_refused_whole(divisions):
    report = divisions('<osm version="0.6"></osm>', "d.osm", layer="divisions")
    assert "holds no divisions; expected CSV, Excel or GeoJSON" in report.error

"""A file that cannot be used is one sentence: its name, what was found, what was expected, what to do."""

from __future__ import annotations

import openpyxl
import pytest

from ingest.batch import ImportOptions, exit_code, import_file, import_files
from ingest.formats import xlsx
from ingest.report import LAYERS
from tests.formats.conftest import collection, house, refused, said_in_both

GOOD = collection((house(0, 300), {"building": "yes"}))

BROKEN = {
    "empty.geojson": b"",
    "cut.geojson": b'{"type": "FeatureCollection", "features": [{"type": "Feature", "geom',
    "list.json": b"[1, 2, 3]",
    "nothing.geojson": b'{"type": "FeatureCollection", "features": []}',
    "latin.geojson": b'{"type": "FeatureCollection", "features": [{"a": "\xff\xff"}]}',
    "cut.osm": b"<?xml version='1.0'?><osm version='0.6'><node id='1' lat='3",
    "other.xml": b"<?xml version='1.0'?><gpx></gpx>",
    "cut.osm.pbf": b"\x00\x00\x00\x0d\x0a\x09OSMHeader\x18\x7c",
    "old.json": b'{"type": "CityJSON", "version": "0.9", "CityObjects": {}, "vertices": []}',
    "none.json": b'{"type": "CityJSON", "version": "2.0"}',
    "cut.json": b'{"type": "CityJSON", "version": "2.0", "CityObjects": {',
    "odd.json": b'{"type": "CityJSON", "version": "2.0", "CityObjects": {}, "vertices": [["a"]]}',
    "cut.xlsx": b"PK\x03\x04\x14\x00\x00\x00\x08\x00",
    "zeros.bin": b"\x00" * 100 + b"\x01",
    "binary.csv": b"\x89PNG\r\n\x1a\n\x00\x00",
    "header.csv": b"a",
    "quote.csv": '楼栋,室号\n"1幢,101\n'.encode(),
}


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_a_file_that_cannot_be_used_stores_nothing_and_says_so_in_one_sentence(known, put, name):
    revision = known.revision
    report = import_file(known, put(name, BROKEN[name]), ImportOptions(community="demo"), progress=False)
    assert (report.accepted + report.updated + report.unchanged, exit_code([report])) == (0, 1)
    assert name in (report.error or report.rejects[0].place or name)
    assert "Traceback" not in report.summary()
    assert "\n" not in (report.error or "")
    assert all(said_in_both(text) for text in refused(report))
    if report.error:
        assert known.revision == revision


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "empty.csv 是空文件（0 字节）"),
        ("list.csv", b"%PDF-1.7", "list.csv 其实是 PDF"),
        ("gbk.csv", "甲,乙\n一,二\n".encode("gbk"), "gbk.csv：认不出这是什么表，它的列是 甲, 乙"),
        ("other.xlsx", [["甲"], ["一"]], "other.xlsx：认不出这是什么表"),
    ],
)
def test_a_refused_file_is_told_in_chinese_first_then_in_english(known, put, name, content, said):
    report = import_file(known, put(name, content), ImportOptions(community="demo"), progress=False)
    assert report.error.startswith(said)
    assert f" · {name}" in report.error


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plan.dxf", b"  0\r\nSECTION\r\n  2\r\nHEADER\r\n"), ("plan.dxf", b"999\nby hand\n0\nSECTION\n2\n"),
        ("plan.dwg", b"AC1027\x00\x00"),
    ],
)  # fmt: skip
def test_a_drawing_is_told_from_a_table_and_what_to_export_instead_is_said(known, put, name, content):
    report = import_file(known, put(name, content), ImportOptions(community="demo"), progress=False)
    assert f"{name} 是 CAD 图（DXF 或 DWG），本系统不读，请导出为 GeoJSON（UTF-8） · {name} is a CAD" in report.error
    assert report.summary().splitlines()[1].startswith(f"  {name} is a CAD drawing")


@pytest.mark.parametrize("name", ["nothing.osm", "folder"])
def test_a_path_that_is_no_file_is_one_sentence(known, tmp_path, name):
    (tmp_path / "folder").mkdir()
    report = import_file(known, tmp_path / name, progress=False)
    assert name in report.error
    assert said_in_both(report.error)
    assert exit_code([report]) == 1


def test_an_excel_file_cut_in_the_middle_is_refused(known, put):
    whole = put("whole.xlsx", [["楼栋", "室号"], *[["1幢", n] for n in range(500)]]).read_bytes()
    for share in (0.3, 0.9, 0.99):
        report = import_file(known, put("cut.xlsx", whole[: int(len(whole) * share)]), ImportOptions(community="demo"))
        assert "cut.xlsx" in report.error
        assert "again" in report.error


def test_an_excel_file_with_a_damaged_sheet_is_refused(known, put, tmp_path):
    import zipfile

    whole = put("whole.xlsx", [["楼栋", "室号"], ["1幢", 101]])
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(tmp_path / "bad.xlsx", "w") as target:
        for item in source.namelist():
            content = source.read(item)
            target.writestr(item, content[: len(content) // 2] if "sheet1" in item else content)
    report = import_file(known, tmp_path / "bad.xlsx", ImportOptions(community="demo"), progress=False)
    assert "bad.xlsx cannot be read as an Excel workbook" in report.error


def test_a_table_that_is_no_list_of_records_says_what_it_found_and_stores_nothing(take):
    report = take("a.csv", "a,b\n1,2\n", layer="records")
    assert "a.csv has no columns of any kind of record (found: a, b)" in report.error
    assert exit_code([report]) == 1


def test_an_unknown_layer_lists_the_known_ones(take):
    assert all(layer in take("a.csv", "a\n1\n", layer="roads").error for layer in LAYERS)


def test_a_map_file_is_no_list_of_homes(take):
    assert "expected a CSV or Excel table" in take("a.geojson", GOOD, layer="homes").error


def test_a_community_code_with_odd_characters_is_refused(take):
    assert "is no code" in take("a.geojson", GOOD, community="我的 社区").error


def test_nothing_for_the_asked_layer_is_said_with_what_the_file_holds(take):
    report = take("a.geojson", collection((house(0, 300), {"landuse": "grass"})), layer="buildings")
    assert "holds nothing for layer buildings (it holds landuse=grass)" in report.error


def test_one_bad_file_does_not_stop_the_next(known, put):
    paths = [put("empty.osm", b""), put("good.geojson", GOOD)]
    reports = import_files(known, paths, ImportOptions(community="demo"), progress=False)
    assert [bool(r.error) for r in reports] == [True, False]
    assert exit_code(reports) == 2


def test_the_json_report_has_the_keys_of_the_contract_first(take):
    keys = list(take("a.geojson", GOOD).to_json())
    assert keys[:10] == [
        "file", "sha256", "layer", "crs", "read", "accepted", "updated", "unchanged", "rejected", "rejects",
    ]  # fmt: skip


def test_a_new_community_is_made_only_when_something_is_in_it(known, put):
    bad = put("leer.geojson", collection((None, {"building": "yes"})))
    import_file(known, bad, progress=False)
    import_file(known, put("Neue Stadt.geojson", GOOD), progress=False)
    codes = known.entities("community", known.now())["community_id"].to_pylist()
    assert sorted(codes) == ["demo", "neue-stadt"]


def test_the_progress_bar_goes_to_standard_error_when_asked_for(known, put, capsys):
    import_file(known, put("good.geojson", GOOD), ImportOptions(community="demo"), progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "good.geojson" in err
    import_file(known, put("good.geojson", GOOD), ImportOptions(community="demo"), progress=None)
    assert capsys.readouterr().err == ""


def test_what_is_not_read_of_a_workbook_is_said(known, tmp_path):
    """a hidden sheet, and formulas nobody ever worked out: they looked like empty cells"""
    book = openpyxl.Workbook()
    book.active.append(["楼栋", "室号", "户数"])
    book.active.append(["1幢", 101, "=1+1"])
    book.active.append(["1幢", 102, 2])
    hidden = book.create_sheet("去年")
    hidden.append(["楼栋", "室号"])
    hidden.sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")
    report = import_file(known, tmp_path / "a.xlsx", ImportOptions(community="demo"), progress=False)
    assert report.read == 2
    assert any("sheet '去年' is hidden and was not read" in warning for warning in report.warnings)
    assert any("1 formulas hold no value and count as empty" in warning for warning in report.warnings)


def test_a_small_workbook_that_unpacks_to_more_than_the_memory_is_not_unpacked(known, put, monkeypatch):
    monkeypatch.setattr(xlsx, "LARGEST", 2_000)
    report = import_file(known, put("bomb.xlsx", [["楼栋", "室号"], ["1幢", 101]]), ImportOptions(community="demo"))
    assert "bomb.xlsx unpacks to 0 MB; expected at most 0 MB: divide it into several files" in report.error
    assert exit_code([report]) == 1

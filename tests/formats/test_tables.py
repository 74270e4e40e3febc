"""Lists into the twin: homes, residents by age, devices, facilities, readings; columns in two languages."""

from __future__ import annotations

import pytest

from ingest.batch import ImportOptions, exit_code, import_file
from ingest.coordinates import wgs84_to_gcj02
from ingest.naming import COLUMNS, FACILITY_KINDS, building_number, facility_kind, is_personal, plain
from tests.formats.conftest import LAT, LON, reasons

SECRETS = ("张三", "13812345678", "330402194805171234")


def stored(twin, kind):
    return {row[f"{kind}_id"]: row for row in twin.entities(kind, twin.now(), community_id="demo").to_pylist()}


def ages(home):
    return [home[band] for band in ("age_0_17", "age_18_59", "age_60_79", "age_80_up")]


# ------------------------------------------------------------------------------------------------------ names


def test_no_column_name_means_two_fields():
    seen = {}
    for field, names in COLUMNS.items():
        for name in {plain(n) for n in (field, *names)}:
            assert seen.setdefault(name, field) == field, name


def test_no_facility_word_means_two_kinds():
    seen = {}
    for kind, (zh, en, others) in FACILITY_KINDS.items():
        for name in {plain(n) for n in (kind, zh, en, *others)}:
            assert seen.setdefault(name, kind) == kind, name
            assert facility_kind(name) == kind


@pytest.mark.parametrize("name", ["3幢", "03幢", "3号楼", "3栋", "3#", "第3幢", "Building 3", "3"])
def test_a_building_goes_by_many_names(name):
    assert building_number(name) == "3"


@pytest.mark.parametrize(
    "header", ["姓名", "户主姓名", "联系电话", "手机号", "身份证号", "Phone", "ID card", "full_name", "E-mail"]
)
def test_columns_that_name_persons_are_known(header):
    assert is_personal(header)


# ------------------------------------------------------------------------------------------------------ homes


def test_homes_are_hung_on_their_building_and_unit(take, known):
    report = take("homes.csv", "小区,楼栋,单元,室号,户数\n桂花苑,2号楼,1单元,502室,1\n荷花苑,1幢,,1203,2\n")
    assert (report.layer, report.accepted, exit_code([report])) == ("homes", 2, 0)
    homes = stored(known, "home")
    assert homes["b2-u1-502"]["floor"] == 5
    assert (homes["b3-1203"]["floor"], homes["b3-1203"]["households"], homes["b3-1203"]["unit_id"]) == (12, 2, None)
    assert stored(known, "unit")["b2-u1"]["name"] == "1单元"


def test_a_home_that_is_known_keeps_its_id_and_what_the_list_does_not_say(take, known):
    take("r.csv", "小区,楼栋,单元,室号,80岁以上\n桂花苑,1幢,1单元,101,2\n")
    report = take("homes.csv", "小区,楼栋,单元,室号,户数\n桂花苑,1,1,0101,3\n")
    assert (report.accepted, report.updated) == (0, 1)
    assert (stored(known, "home")["h101"]["households"], stored(known, "home")["h101"]["age_80_up"]) == (3, 2)


def test_the_same_list_twice_changes_nothing(take, known):
    text = "小区,楼栋,单元,室号\n桂花苑,2幢,1,101\n桂花苑,2幢,1,102\n"
    take("homes.csv", text)
    revision = known.revision
    report = take("homes.csv", text)
    assert (report.accepted, report.updated, report.unchanged, known.revision) == (0, 0, 2, revision)


@pytest.mark.parametrize(
    ("row", "code", "says"),
    [
        ("桂花苑,9幢,1,101", "unknown_building", "no building '9幢' in estate 桂花苑"),
        (",1幢,1,101", "ambiguous", "2 buildings in community demo are called '1幢'"),
        ("桂花苑,,1,101", "missing_value", "building is empty"),
        ("桂花苑,1幢,1,", "missing_value", "number (室号) is empty"),
        ("桂花苑,1幢,1,13812345678", "personal_data", "looks like a telephone"),
    ],
)
def test_a_row_that_names_no_home_is_refused_and_the_rest_goes_on(take, row, code, says):
    report = take("homes.csv", f"小区,楼栋,单元,室号\n{row}\n桂花苑,2幢,1,101\n")
    assert (report.accepted, reasons(report), exit_code([report])) == (1, [code], 2)
    assert says in report.rejects[0].reason["en"]
    assert report.rejects[0].row == 2


def test_the_same_home_twice_in_a_list_is_refused_the_second_time(take):
    report = take("homes.csv", "小区,楼栋,单元,室号\n桂花苑,2幢,1,101\n桂花苑,2号楼,1单元,101室\n")
    assert reasons(report) == ["duplicate"]
    assert "row 2" in report.rejects[0].reason["en"]


# -------------------------------------------------------------------------------------------- residents by age


def test_residents_by_age_update_the_homes(take, known):
    report = take("r.xlsx", [
        ["示范社区住户年龄统计表"],
        ["小区", "楼栋", "单元", "室号", "0-17岁(人)", "18-59岁(人)", "60-79岁(人)", "80岁及以上(人)", "是否独居"],
        ["桂花苑", "1幢", "1单元", 101, 1, 2, 0, None, "否"],
        ["桂花苑", "1幢", "1单元", 102, 0, 0, 0, 1, "是"],
    ])  # fmt: skip
    assert (report.layer, report.updated, report.rejected) == ("residents", 2, 0)
    homes = stored(known, "home")
    assert (ages(homes["h101"]), homes["h101"]["elder_alone"]) == ([1, 2, 0, None], False)  # an empty cell is not zero
    assert (ages(homes["h102"]), homes["h102"]["elder_alone"]) == ([0, 0, 0, 1], True)


def test_a_list_of_persons_is_only_counted(take, known):
    text = (
        "姓名,身份证号,手机,小区,楼栋,单元,室号,年龄\n"
        f"{SECRETS[0]},{SECRETS[2]},{SECRETS[1]},桂花苑,1幢,1,101,78\n"
        "李四,330402195005171234,13912345678,桂花苑,1幢,1,101,8\n"
        "王五,330402195005171235,13912345679,桂花苑,9幢,1,101,44\n"
    )
    report = take("people.csv", text, encoding="gbk")
    assert (report.read, report.updated, reasons(report)) == (3, 2, ["unknown_building"])
    assert ages(stored(known, "home")["h101"]) == [1, 0, 1, 0]
    assert any("姓名, 身份证号, 手机 name persons" in text for text in report.warnings)


def test_dates_of_birth_become_ages_today(take, known):
    take("people.csv", "小区,楼栋,单元,室号,出生日期\n桂花苑,1幢,1,101,1946-11-22\n桂花苑,1幢,1,101,1946-11-23\n")
    assert ages(stored(known, "home")["h101"]) == [0, 0, 1, 1]  # on 2026-11-22 one is 80, the other 79


def test_bands_as_rows_are_added_up(take, known):
    take("people.csv", "小区,楼栋,单元,室号,年龄段,人数\n桂花苑,1幢,1,101,60-79岁,2\n桂花苑,1幢,1,101,80岁以上,1\n")
    assert ages(stored(known, "home")["h101"]) == [0, 0, 2, 1]


def test_nothing_that_names_a_person_is_kept_anywhere(take, known, tmp_path):
    text = (
        "姓名,电话,备注,小区,楼栋,单元,室号,年龄\n{0},{1},{0}的女儿{1},桂花苑,8幢,1,101,78\n"
        "{0},{1},证{2},桂花苑,1幢,1,{2},78\n{0},{1},,桂花苑,{1},1,101,78\n{0},{1},,{2},1幢,1,{0}{1},78\n"
    )
    report = take("people.csv", text.format(*SECRETS))
    assert report.rejected == 4
    kept = str(known.quarantined(known.now()).to_pylist()) + str(report.to_json()) + report.summary()
    kept += str([known.entities(kind, known.now()).to_pylist() for kind in ("home", "unit", "building")])
    for secret in SECRETS:
        assert secret not in kept
        assert secret.encode().hex() not in kept


def test_ages_without_known_homes_are_the_list_of_homes(twin, known, put):
    from tests.formats.conftest import house
    from twin_model.entities import Building, Community

    shape = house(0, 900).wkb
    first = Building(community_id="new", building_id="n1", name="1幢", footprint=shape, height_m=9.0)
    twin.record([Community(community_id="new", name="新"), first])
    path = put("a.csv", "楼栋,室号,0-17岁,18-59岁,60-79岁,80岁以上\n1幢,101,0,2,0,0\n")
    report = import_file(twin, path, ImportOptions(community="new"), progress=False)
    assert (report.layer, report.accepted) == ("homes", 1)


# ----------------------------------------------------------------------------------------------------- devices


def test_devices_stand_in_the_narrowest_place_named(take, known):
    report = take(
        "devices.csv",
        "设备编号,类型,协议,设备地址,小区,楼栋,单元,室号,设施,房间,经度,纬度\n"
        "d1,人体红外,,,桂花苑,1幢,1单元,101,,,,\n"
        "d2,co2,chirpstack,24e124,,,,,邻里中心,议事厅,,\n"
        "d3,smoke,,,桂花苑,2幢,,,,,,\n"
        f"d4,street_lamp,,,,,,,,,{LON},{LAT}\n",
    )
    assert (report.layer, report.accepted, report.rejected) == ("devices", 4, 0)
    found = stored(known, "device")
    assert (found["d1"]["type"], found["d1"]["home_id"], found["d1"]["dialect"]) == ("motion", "h101", "json")
    assert (found["d2"]["room_id"], found["d2"]["address"], found["d2"]["facility_id"]) == ("r1", "24e124", None)
    assert found["d3"]["building_id"] == "b2"
    assert (found["d4"]["lon"], found["d4"]["lat"]) == (LON, LAT)
    assert known.directory().lookup("chirpstack", "24e124").device_id == "d2"


@pytest.mark.parametrize(
    ("row", "code", "says"),
    [
        ("d1,moton,json,,,", "unknown_type", "did you mean 'motion'"),
        ("d1,,json,,,", "missing_value", "type is empty"),
        (",motion,json,,,", "missing_value", "device_id is empty"),
        ("d1,motion,zigbee,,,", "unknown_dialect", "did you mean 'zigbee2mqtt'"),
        ("d1,motion,json,t1,,", "duplicate", "taken by device t1"),
        ("d1,motion,json,,h999,", "unknown_home", "no home 'h999'"),
        ("d1,motion,json,,,议事亭", "unknown_room", "did you mean '议事厅'"),
    ],
)
def test_a_device_that_cannot_be_placed_or_heard_is_refused(take, row, code, says):
    report = take("devices.csv", f"device_id,type,dialect,address,home_id,room\n{row}\nok,motion,,,,\n")
    assert (report.accepted, reasons(report)) == (1, [code])
    assert says in report.rejects[0].reason["en"]


def test_a_postal_address_is_not_taken_for_the_address_of_messages(take, known):
    take("devices.csv", "设备编号,设备类型,地址\nd1,motion,桂花路12号\n")
    assert stored(known, "device")["d1"]["address"] == "d1"


def test_device_positions_are_converted_like_any_layer(take, known):
    lon, lat = wgs84_to_gcj02([[LON, LAT]])[0]
    take("devices.csv", f"device_id,type,lon,lat\nd1,motion,{lon:.8f},{lat:.8f}\n", crs="gcj02")
    assert stored(known, "device")["d1"]["lon"] == pytest.approx(LON, abs=1e-7)


# -------------------------------------------------------------------------------------------------- facilities


def test_facilities_by_chinese_kind_with_position_or_building(take, known):
    report = take(
        "f.csv",
        f"名称,类型,经度,纬度,容量,小区,楼栋\n桂花幼儿园,幼儿园,{LON},{LAT},270,,\n老年食堂,社区食堂,,,80,桂花苑,2幢\n"
        f"快递驿站,快递驿站,{LON},{LAT},,,\n茶馆,茶馆,{LON},{LAT},,,\n无处,超市,,,,,\n",
    )
    assert (report.layer, report.accepted, reasons(report)) == ("facilities", 4, ["missing_value"])
    kinds = {f["name"]: f for f in stored(known, "facility").values()}
    assert (kinds["桂花幼儿园"]["facility_kind"], kinds["桂花幼儿园"]["capacity"]) == ("kindergarten", 270)
    assert (kinds["老年食堂"]["facility_kind"], kinds["老年食堂"]["building_id"]) == ("canteen", "b2")
    assert kinds["快递驿站"]["facility_kind"] == "post"
    assert kinds["茶馆"]["facility_kind"] == "other"
    assert any("'茶馆' (1) is not known" in text for text in report.warnings)
    assert take("f.csv", f"名称,类型,经度,纬度,容量\n桂花幼儿园,幼儿园,{LON},{LAT},270\n").unchanged == 1


def test_half_a_position_is_refused(take):
    report = take("f.csv", f"name,kind,lon,lat\na,clinic,{LON},\nb,clinic,east,{LAT}\nc,clinic,{LON},{LAT}\n")
    assert reasons(report) == ["missing_value", "bad_value"]


# ---------------------------------------------------------------------------------------------------- readings


def test_readings_are_stored_once(take, known):
    text = (
        "device_id,metric,taken_at,value\n"
        "t1,temperature,2026-11-22T08:00:00+08:00,21.5\nt1,temperature,2026/11/22 9:05,22\n"
    )
    first, second = take("r.csv", text), take("r.csv", text)
    assert (first.layer, first.accepted, second.accepted, second.unchanged) == ("readings", 2, 0, 2)
    [state] = [s for s in known.states(known.now(), device_id="t1").to_pylist() if s["metric"] == "temperature"]
    assert (state["value"], state["taken_at"].isoformat()) == (22.0, "2026-11-22T01:05:00+00:00")
    assert any("no zone" in text for text in first.warnings)


@pytest.mark.parametrize(
    ("row", "code", "says"),
    [
        ("t9,temperature,2026-11-22,21", "unknown_device", "no device 't9'"),
        ("t1,temprature,2026-11-22,21", "unknown_metric", "did you mean 'temperature'"),
        ("t1,temperature,yesterday,21", "bad_value", "taken_at is 'yesterday'"),
        ("t1,temperature,,21", "missing_value", "taken_at is empty"),
        ("t1,temperature,2026-11-22,warm", "bad_value", "value is 'warm'"),
        ("t1,temperature,2026-11-22,nan", "out_of_range", "expected"),
        ("t1,temperature,2026-11-22,900", "out_of_range", "temperature is 900"),
        ("t1,temperature,2026-11-22,", "missing_value", "a gap stays a gap"),
    ],
)
def test_a_reading_that_cannot_be_used_is_kept_with_the_reason(take, known, row, code, says):
    report = take("r.csv", f"device_id,metric,taken_at,value\n{row}\nt1,temperature,1763769600,21\n")
    assert (report.accepted, reasons(report), exit_code([report])) == (1, [code], 2)
    assert says in report.rejects[0].reason["en"]
    [kept] = known.quarantined(known.now()).to_pylist()
    assert (kept["place"], kept["raw"].decode()) == ("r.csv:2", row)


# ----------------------------------------------------------------------------------- headers, mapping, choices


def test_a_mapping_file_names_columns_and_translates_values(take, known, put):
    mapping = put(
        "m.toml",
        '[columns]\nbuilding = "座落"\nnumber = ["门", "户"]\nestate = "苑"\n[values.estate]\n"桂" = "桂花苑"\n',
    )
    report = take("a.csv", "苑,座落,门\n桂,2幢,101\n", mapping=mapping)
    assert (report.layer, report.accepted) == ("homes", 1)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[columns]\nbuildng = "x"\n', "did you mean 'building'"),
        ("[colums]\n", "unknown key colums"),
        ("columns = 3\n", "expected a table"),
        ("[columns\n", "cannot be read as TOML"),
    ],
)
def test_a_wrong_mapping_file_says_what_is_wrong(take, put, text, says):
    report = take("a.csv", "a,b\n1,2\n", mapping=put("m.toml", text))
    assert says in report.error
    assert exit_code([report]) == 1


@pytest.mark.parametrize(
    ("header", "layer"),
    [
        ("楼栋,单元,室号", "homes"),
        ("幢,单元,室,0-17,18-59,60-79,80+", "residents"),
        ("设备编号,类型,经度,纬度", "devices"),
        ("名称,类型,经度,纬度", "facilities"),
        ("device_id,metric,time,value", "readings"),
        ("building,number", "homes"),
    ],
)
def test_the_layer_is_told_by_the_columns(take, header, layer):
    row = ",".join("x" for _ in header.split(","))
    assert take("a.csv", f"{header}\n{row}\n").layer == layer


def test_columns_nobody_knows_are_listed_with_what_was_expected(take):
    report = take("a.csv", "foo,bar\n1,2\n")
    assert "its columns are foo, bar" in report.error
    assert "--mapping" in report.error


def test_a_layer_whose_columns_are_missing_names_them(take):
    report = take("a.csv", "名称,备注\n1,2\n", layer="homes")
    assert "for homes the columns 楼栋/building, 单元/unit, 室号/number are expected" in report.error


def test_every_sheet_of_the_same_kind_is_taken_and_others_are_named(known, tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "一期"
    for row in (["小区", "楼栋", "室号"], ["桂花苑", "1幢", 201]):
        book.active.append(row)
    second, notes = book.create_sheet("二期"), book.create_sheet("说明")
    for row in (["小区", "楼栋", "室号"], ["桂花苑", "2幢", 201], ["桂花苑", "7幢", 201]):
        second.append(row)
    notes.append(["填表说明"])
    book.save(tmp_path / "a.xlsx")
    report = import_file(known, tmp_path / "a.xlsx", ImportOptions(community="demo"), progress=False)
    assert (report.accepted, report.rejects[0].place) == (2, "二期!3")
    assert any("'说明'" in text for text in report.warnings)


def test_a_list_without_community_goes_to_the_only_one_there_is(known, put):
    path = put("homes.csv", "小区,楼栋,室号\n桂花苑,2幢,101\n")
    assert import_file(known, path, progress=False).community == "demo"
    from twin_model.entities import Community

    known.record([Community(community_id="other", name="另一个")])
    assert "--community CODE (there are demo, other)" in import_file(known, path, progress=False).error

"""Lists of records: told by their headings, read as people write them, doubtful rows flagged, bad ones kept apart."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import run
from ingest import batch, records
from ingest.batch import ImportOptions, ImportReport, exit_code, half_of_the_time, import_file
from ingest.formats import Row
from ingest.naming import ColumnMapping
from ingest.places import Places
from ingest.record_cells import readers
from ingest.record_papers import dictionary, write_templates
from ingest.record_sheets import Recogniser, Sheet
from ingest.tables import RowError
from tests.conftest import NOON, ROOT, Clock
from tests.formats.conftest import reasons
from twin_model.entities import Building, Community, Estate, Facility, Room
from twin_model.twin import Twin

MEALS = "日期,食堂,餐次,年龄段,就餐人次,用餐人支付,补贴金额,免费试吃\n"
NUMBERS = count(1)


@pytest.fixture(scope="module")
def living() -> Iterator[Twin]:
    twin = Twin.open(None, clock=Clock())
    yield twin
    twin.close()


@pytest.fixture
def twin(living: Twin, square_of: bytes) -> Twin:
    """One twin for all tests here, each with a community of its own."""
    name = f"n{next(NUMBERS)}"
    living.record([
        Community(community_id=name, name=name),
        Estate(community_id=name, estate_id=f"{name}-e", name="桂花苑"),
        Building(community_id=name, building_id=f"{name}-b3", estate_id=f"{name}-e", name="3幢", footprint=square_of,
                 height_m=18.0),
        Facility(community_id=name, facility_id=f"{name}-f", facility_kind="canteen", name="社区食堂",
                 name_en="Canteen", lon=120.75, lat=30.76, capacity=30),
        Facility(community_id=name, facility_id=f"{name}-g", facility_kind="centre", name="邻里中心", lon=120.75,
                 lat=30.76),
        Room(community_id=name, room_id=f"{name}-r", facility_id=f"{name}-g", room_kind="hall", name="议事厅"),
        Room(community_id=name, room_id=f"{name}-s", facility_id=f"{name}-f", room_kind="hall", name="议事厅"),
    ])  # fmt: skip
    return living


@pytest.fixture(scope="module")
def square_of() -> bytes:
    import shapely

    wkb: bytes = shapely.box(120.75, 30.76, 120.7501, 30.7601).wkb
    return wkb


@pytest.fixture
def name(twin: Twin) -> str:
    """The community of this test."""
    return max(twin.entities("community", twin.now())["community_id"].to_pylist(), key=lambda n: int(n[1:]))


@pytest.fixture
def take(twin: Twin, name: str, put: Callable[..., Path]) -> Callable[..., ImportReport]:
    """``take("a.csv", text)``: write a file and import it into the community of this test."""

    def run_import(
        file: str, content: Any, *, encoding: str = "utf-8", gives_way: bool = False, **options: Any
    ) -> ImportReport:
        chosen = ImportOptions(**{"community": name, "layer": "records"} | options)
        return import_file(twin, put(file, content, encoding), chosen, progress=False, gives_way=gives_way)

    return run_import


def stored(twin: Twin, kind: str, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = twin.ledger.rows(kind, twin.now(), community_id=name).to_pylist()
    return found


# ------------------------------------------------------------------------------------------------ headings


def test_headings_in_chinese_english_and_column_names_are_the_same_list(take, twin, name):
    zh = take("a.csv", MEALS + "2026-11-01,社区食堂,午餐,70－79岁,12,60,12,否\n", encoding="gbk")
    columns = twin.catalogue.record_kinds["canteen_meal"].columns
    english = ",".join(column.title["en"] for column in columns.values())
    en = take("b.csv", f"{english}\n2026/11/1,Canteen,lunch,70 to 79,12人次,60.0,12.00,no\n")
    codes = take("c.csv", f"{','.join(columns)}\n20261101,{name}-f,lunch,70_79,12,¥60,12元,0\n")
    assert [(r.accepted, r.unchanged, r.rejects) for r in (zh, en, codes)] == [(1, 0, []), (0, 1, []), (0, 1, [])]
    assert zh.layers == Counter({"canteen_meal": 1})
    row = stored(twin, "canteen_meal", name)[0]
    assert (row["day"], row["facility"], row["meal"], row["diners"]) == (date(2026, 11, 1), f"{name}-f", "lunch", 12)
    assert row["origin"] == "a.csv:2"


def test_a_long_list_is_stored_in_pieces_between_which_others_write(take, twin, name, monkeypatch):
    """one commit for all kept a call for help waiting for as long as it took"""
    monkeypatch.setattr(records, "A_COMMIT", 2)
    rows = [f"2026-11-0{day},社区食堂,午餐,70_79,12,60,12,否\n" for day in range(1, 6)]
    begun: list[int] = []
    leave = twin.subscribe(lambda change: begun.append(change.revision))
    broken_off = take("a.csv", MEALS + "".join(rows[:2]))
    whole = take("a.csv", MEALS + "".join(rows))
    again = take("a.csv", MEALS + "".join(rows))
    leave()
    assert [(r.read, r.accepted, r.unchanged) for r in (broken_off, whole, again)] == [(2, 2, 0), (5, 3, 2), (5, 0, 5)]
    assert len(begun) == 1 + 2
    assert [row["day"].day for row in stored(twin, "canteen_meal", name)] == [1, 2, 3, 4, 5]


def test_beside_others_reading_takes_half_of_the_time():
    """each row takes a millisecond; who takes in calls for help has the other half"""
    clock, rests = [0.0], []

    def seconds() -> float:
        return clock[0]

    def rest(how_long: float) -> None:
        rests.append(how_long)
        clock[0] += how_long

    for _row in half_of_the_time(range(1_000), seconds, rest):
        clock[0] += 0.001
    assert sum(rests) == pytest.approx(1.0, rel=0.05)
    assert max(rests) < 0.03


def test_what_is_imported_through_the_server_gives_way(take, monkeypatch):
    rested: list[float] = []
    monkeypatch.setattr(batch, "WORK_SECONDS", 0.0)
    monkeypatch.setattr(batch.half_of_the_time, "__defaults__", (time.monotonic, rested.append))
    take("a.csv", MEALS + "2026-11-01,社区食堂,午餐,70_79,12,60,12,否\n")
    assert rested == []
    take("a.csv", MEALS + "2026-11-01,社区食堂,午餐,70_79,12,60,12,否\n", gives_way=True)
    assert rested


def test_titles_above_the_headings_units_and_stars_do_not_matter(take):
    text = f"示范社区食堂台账\n填表日期,2026-11-02\n{MEALS.replace('就餐人次', '就餐人次（人次）*')}"
    assert take("a.csv", text + "2026-11-01,社区食堂,午餐,70_79,12,60,12,否\n").accepted == 1


def test_a_list_that_lacks_a_column_says_which_and_stores_nothing(take):
    report = take("a.csv", "日期,食堂,餐次,就餐人次,免费试吃\n2026-11-01,社区食堂,午餐,1,否\n")
    assert "looks most like 食堂就餐 (canteen_meal) but lacks 年龄段 age_band" in (report.error or "")
    assert exit_code([report]) == 1


def test_every_list_to_fill_in_is_recognised_as_its_kind(living, tmp_path):
    kinds = living.catalogue.record_kinds
    for path in write_templates(kinds.values(), tmp_path, "csv"):
        cells = tuple(path.read_text("utf-8-sig").strip().split(","))
        found = next(Recogniser(kinds, ColumnMapping()).sheets([Row(row=1, cells=cells)], path.name))
        assert isinstance(found, Sheet), found
        assert (found.kind.name, len(found.columns)) == (path.stem, len(found.kind.columns))
        assert not found.personal


def test_a_workbook_has_a_kind_per_sheet_and_what_is_none_is_left_out(take, put, twin, name, tmp_path):
    filled = write_templates([twin.catalogue.record_kinds[k] for k in ("canteen_meal", "whistle")], tmp_path, "xlsx")
    book, other = (openpyxl.load_workbook(path) for path in filled)
    meals = book.active
    meals.append([datetime(2026, 11, 1), "社区食堂", "午餐", "80岁及以上", 8, 40, 8, "否"])  # noqa: DTZ001
    copied = book.create_sheet("吹哨报到")
    for row in other.active.iter_rows(values_only=True):
        copied.append(row)
    columns = list(twin.catalogue.record_kinds["whistle"].columns.values())
    copied.append([c.example if c.required else None for c in columns])
    book.create_sheet("说明", 0).append(["本表由社区填写"])
    book.save(tmp_path / "月报.xlsx")
    path = tmp_path / "月报.xlsx"
    report = import_file(twin, path, ImportOptions(community=name), progress=False)
    assert (report.error, report.rejects, report.accepted) == (None, [], 2)
    asked = import_file(twin, path, ImportOptions(community=name, layer="records"), progress=False)
    assert (asked.error, asked.unchanged) == (None, 2)
    assert report.layers == Counter({"canteen_meal": 1, "whistle": 1})
    assert [w for w in report.warnings if "说明" in w]
    assert stored(twin, "canteen_meal", name)[0]["origin"] == "月报.xlsx:食堂就餐!3"


def test_a_mapping_says_the_kind_names_columns_and_translates_values(take, put, twin, name):
    mapping = put("m.toml", 'kind = "bus_day"\n[columns]\nline = "路"\n[values.line]\n"壹" = "K1"\n')
    kind = twin.catalogue.record_kinds["bus_day"]
    titles = {c.name: c.title["zh"] for c in kind.columns.values()}
    head = ",".join(
        "路" if c == "line" else titles[c] for c in ("day", "line", "trips_planned", "trips_run", "passengers")
    )
    report = take("a.csv", f"{head}\n2026-11-01,壹,10,9,300\n", layer="auto", mapping=mapping)
    assert (report.error, report.accepted) == (None, 1)
    assert stored(twin, "bus_day", name)[0]["line"] == "K1"
    wrong = take("b.csv", "x\n1\n", mapping=put("w.toml", 'kind = "bus_days"\n'))
    assert "did you mean 'bus_day'" in (wrong.error or "")


def test_a_list_that_fits_two_kinds_goes_by_its_name_or_the_mapping(take, put, twin):
    kinds = [twin.catalogue.record_kinds[name] for name in ("bus_day", "resident_vote")]
    wanted = {c.title["zh"]: c for kind in kinds for c in kind.columns.values() if c.required}
    values = ["2026-11-01" if c.type == "date" else "7" for c in wanted.values()]
    text = f"{','.join(wanted)}\n{','.join(values)}\n"
    counted = {
        kind.name: sum(title in {c.title["zh"] for c in kind.columns.values()} for title in wanted) for kind in kinds
    }
    assert len(set(counted.values())) == 1, "choose two kinds with as many columns"
    assert "could be bus_day or resident_vote" in (take("a.csv", text).error or "")
    assert take("居民表决11月.csv", text).layers == Counter({"resident_vote": 1})
    mapping = put("m.toml", 'kind = "bus_day"\n')
    assert take("b.csv", text, mapping=mapping, layer="auto").layers == Counter({"bus_day": 1})
    lacking = take("c.csv", "日期,线路\n2026-11-01,K1\n", mapping=mapping, layer="auto")
    assert "(bus_day) but lacks" in (lacking.error or "")


def test_auto_takes_records_for_records_and_other_lists_for_what_they_are(take):
    assert take("a.csv", MEALS + "2026-11-01,社区食堂,午餐,70_79,12,60,12,否\n", layer="auto").layer == "records"
    assert take("b.csv", "楼栋,单元,室号\n3幢,1,101\n", layer="auto").layer == "homes"
    assert take("c.csv", "设备编号,类型,设施\nx1,motion,社区食堂\n", layer="auto").layer == "devices"
    readings = "device_id,metric,taken_at,value\nx,y,2026-11-01T08:00:00Z,1\n"
    assert take("d.csv", readings, layer="auto").layer == "readings"
    also = "检查日期,业态,家数,在营业"
    text = f"设备编号,类型,名称,协议,设备地址,设施,{also}\nx2,motion,x,json,x2,社区食堂,2026-11-01,便利店,1,1\n"
    assert take("e.csv", text, layer="auto").layer == "devices"


# --------------------------------------------------------------------------------------------------- rows

BAD = [
    ("2026-11-01,社区食糖,午餐,70_79,12,60,12,否", "unknown_place", "did you mean '社区食堂'"),
    ("2026-11-01,社区食堂,午餐,70_79,-3,60,12,否", "out_of_range", "'-3'; expected a whole number of at least 0"),
    ("2026-11-01,社区食堂,午餐,70_79,1.5,60,12,否", "bad_value", "a whole number"),
    ("0014-11-01,社区食堂,午餐,70_79,12,60,12,否", "bad_value", "a year from 1990 to 2027"),
    ("2026-12-01,社区食堂,午餐,70_79,12,60,12,否", "bad_value", "not in the future"),
    ("2026-11-01,社区食堂,lunsh,70_79,12,60,12,否", "bad_value", "did you mean 'lunch'"),
    ("2026-11-01,社区食堂,午餐,70_79,,60,12,否", "missing_value", "就餐人次 diners is empty"),
    ("2026-11-02,社区食堂,午餐,70_79,3,15,3,否", "duplicate", "the same record as row 2"),
]  # fmt: skip


def test_bad_rows_are_kept_apart_with_their_reason_and_the_rest_is_stored(take, twin, name):
    good = ["2026-11-02,社区食堂,午餐,70_79,2,10,2,否", "2026-11-03,社区食堂,午餐,70_79,31,155,31,否"]
    text = MEALS + "\n".join([good[0], *(row for row, _, _ in BAD), good[1]]) + "\n"
    before = twin.quarantined(twin.now()).num_rows
    first = take("a.csv", text)
    assert reasons(first) == [code for _, code, _ in BAD]
    for reject, (_, _, said) in zip(first.rejects, BAD, strict=True):
        assert said in reject.reason["en"]
    assert (first.read, first.accepted, first.updated, first.unchanged, first.rejected) == (10, 2, 0, 0, 8)
    assert exit_code([first]) == 2
    assert twin.quarantined(twin.now()).num_rows == before + 8
    again = take("a.csv", text)
    assert (again.accepted, again.updated, again.unchanged, again.rejected) == (0, 0, 2, 8)
    assert twin.quarantined(twin.now()).num_rows == before + 8
    corrected = take("b.csv", MEALS + good[0].replace(",2,10,2,", ",3,15,3,") + "\n")
    assert (corrected.accepted, corrected.updated) == (0, 1)


def test_a_row_over_the_capacity_is_in_as_it_is_and_told_each_time(take, twin, name):
    text = MEALS + "2026-11-01,社区食堂,午餐,70_79,31,93,217,否\n"
    for _ in range(2):
        report = take("a.csv", text)
        assert [(flag.row, flag.check) for flag in report.flags] == [(2, "over_capacity")]
        assert report.to_json()["flagged"] == 1
        assert "第 2 行已入库，标记 over_capacity：31 人次" in report.summary()
        assert "row 2 is in, flagged over_capacity: 31 " in report.summary()
    row = stored(twin, "canteen_meal", name)[0]
    assert (row["diners"], row["flags"]) == (31, ["over_capacity"])


def test_meals_whose_amounts_are_not_the_tariffs_are_in_as_they_are_and_told(take, twin, name):
    rows = ["2026-11-01,社区食堂,午餐,70_79,2,20,0,否", "2026-11-01,社区食堂,晚餐,70_79,2,6,14,否"]
    report = take("a.csv", MEALS + "\n".join(rows) + "\n")
    assert [(flag.row, flag.check) for flag in report.flags] == [(2, "not_by_tariff")]
    assert "paid 20 and subsidy 0 yuan; by the tariff they are 6 and 14" in report.summary()
    flags = {row["meal"]: row["flags"] for row in stored(twin, "canteen_meal", name)}
    assert flags == {"lunch": ["not_by_tariff"], "dinner": []}


def test_a_row_that_a_check_rejects_is_kept_apart_under_the_check(take):
    text = (
        "活动编号,日期,活动名称,类别,参加人次,其中老面孔\nA1,2026-11-01,舞会,文化,10,12\nA2,2026-11-01,舞会,文化,10,2\n"
    )
    report = take("a.csv", text)
    assert (reasons(report), report.accepted) == (["check:more_than_all"], 1)
    assert "老面孔 12 人" in report.rejects[0].reason["zh"]


@pytest.mark.parametrize("secret", ["张三", "13812345678", "330402194805171234", "Zhang San"])
def test_restricted_columns_hold_codes_and_nothing_of_a_person_is_kept(take, twin, secret):
    report = take("a.csv", f"学员编号,入学日期,人群,姓名\n{secret},2026-09-01,老年人,{secret}\n")
    assert reasons(report) == ["personal_data"]
    assert [w for w in report.warnings if "姓名" in w]
    held = twin.quarantined(twin.now(), limit=1).to_pylist()[0]
    assert secret not in str(held) + report.summary()


def test_records_of_a_community_nobody_knows_are_refused(take):
    report = take("a.csv", MEALS + "2026-11-01,社区食堂,午餐,70_79,1,5,1,否\n", community="nowhere")
    assert "there is no community 'nowhere'" in (report.error or "")


# -------------------------------------------------------------------------------------------------- cells


@pytest.fixture
def read(twin: Twin, name: str) -> Callable[[str, str, str], Any]:
    """``read("canteen_meal", "day", "2026-11-01")``: what a cell of that column means."""

    def value(kind: str, column: str, text: str) -> Any:
        columns = twin.catalogue.record_kinds[kind].columns
        return readers({column: columns[column]}, Places(twin, name), NOON, [])[column](text)

    return value


def test_days_are_read_as_people_write_them(read):
    forms = (
        "2026-11-01", "2026/11/1", "2026.11.1", "2026年11月1日", "20261101", "46327", "2026-11-01T00:00:00",
        "２０２６－１１－０１",
    )  # fmt: skip
    assert {form: read("canteen_meal", "day", form) for form in forms} == dict.fromkeys(forms, date(2026, 11, 1))
    for wrong in ("2026-13-01", "2026-02-30", "11/1", "昨天", "2026-11", "14-11-01"):
        with pytest.raises(RowError, match="expected a date such as 2026-11-01"):
            read("canteen_meal", "day", wrong)


def test_a_month_is_its_first_day_however_it_is_written(read):
    forms = ("2026-10", "2026年10月", "202610", "2026-10-01", "2026/10/31")
    assert {read("app_month", "month", form) for form in forms} == {date(2026, 10, 1)}


def test_times_without_a_zone_are_those_of_the_neighbourhood(read):
    forms = (
        "2026-11-01 08:30", "2026/11/1 8:30", "2026年11月1日8时30分", "20261101083000", "202611010830",
        "2026-11-01T08:30:00", "2026-11-01T00:30:00Z", "2026-11-01 02:30:00+02:00", "46327.3541666667",
    )  # fmt: skip
    wanted = datetime(2026, 11, 1, 0, 30, tzinfo=UTC)
    assert {form: read("whistle", "raised_at", form) for form in forms} == dict.fromkeys(forms, wanted)
    with pytest.raises(RowError, match="expected the time of day, too"):
        read("whistle", "raised_at", "2026-11-01")


def test_only_what_may_lie_ahead_may_lie_ahead(read):
    assert read("room_booking", "starts_at", "2026-12-24 18:00").year == 2026
    with pytest.raises(RowError, match="not in the future"):
        read("whistle", "raised_at", "2026-11-22 12:01")
    with pytest.raises(RowError, match="a year from 1990 to 2027"):
        read("room_booking", "starts_at", "2028-01-01 18:00")


def test_numbers_come_with_separators_and_their_unit_only(read):
    assert [read("canteen_meal", "diners", t) for t in ("1,234", "12.0", "１２", "12人次")] == [1234, 12, 12, 12]
    assert [read("canteen_meal", "paid_yuan", t) for t in ("¥60.5", "60.5元", "1,060.50")] == [60.5, 60.5, 1060.5]
    for wrong in ("12箱", "1.2万", "3,5", "约12", "--", "9" * 21):
        with pytest.raises(RowError):
            read("canteen_meal", "diners", wrong)


def test_places_go_by_the_names_people_use(read, name):
    assert {read("canteen_meal", "facility", t) for t in ("社区食堂", "canteen", f"{name}-f")} == {f"{name}-f"}
    assert read("room_booking", "room", "邻里中心/议事厅") == f"{name}-r"
    assert {read("meal_delivery", "building", t) for t in ("3号楼", "桂花苑3幢")} == {f"{name}-b3"}
    assert read("repair", "estate", "桂花苑") == f"{name}-e"
    with pytest.raises(RowError, match="2 places are called '议事厅'"):
        read("room_booking", "room", "议事厅")


def test_every_example_of_the_dictionary_is_read_as_its_column(twin, name):
    for kind in twin.catalogue.record_kinds.values():
        columns = {c.name: c for c in kind.columns.values() if c.type != "place" and c.example}
        for column, read in readers(columns, Places(twin, name), NOON, []).items():
            assert read(columns[column].example) is not None, (kind.name, column)


# -------------------------------------------------------------------------------------- papers and commands


def test_the_data_dictionary_in_the_docs_is_the_declared_one(living):
    catalogue = living.catalogue
    written = (ROOT / "docs/records.md").read_text("utf-8")
    is_same = written == dictionary(catalogue.record_kinds.values(), catalogue.scene_book.scenes)
    assert is_same, "run: python run.py records dictionary > docs/records.md"


def test_the_commands_write_lists_and_name_the_nearest_kind(tmp_path, capsys):
    assert run.main(["records", "template", "食堂就餐", "--out", str(tmp_path), "--format", "csv"]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "canteen_meal.csv")
    assert run.main(["records", "template", "canten_meal", "--out", str(tmp_path)]) == 1
    assert "did you mean 'canteen_meal'" in capsys.readouterr().err
    assert run.main(["records", "dictionary"]) == 0
    assert capsys.readouterr().out.startswith("# 台账数据字典")

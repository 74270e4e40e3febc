"""An export has the rows of the interface at an instant, and nothing about anybody unless that is asked for and why."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import run
from cockpit import exporting
from cockpit.exporting import KNOWN, ExportRefused, asking_of, export
from cockpit.tokens import Role

from ..conftest import NOON
from .conftest import Site, report

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def ask(standing: Site):
    token = standing.cockpit.tokens.lend(Role.ADMINISTRATOR, "control", is_control=True)
    return asking_of(standing.cockpit.server, token)


@pytest.fixture
def exported(ask, standing, tmp_path):
    """``exported("homes", "csv")``: the file."""

    def make(name: str, form: str, **said) -> Path:
        return export(ask, name, form, tmp_path / f"{name}.{form}", at=standing.twin.now(), **said).path

    return make


def sheet(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_choices_of_the_command_are_those_there_are():
    assert tuple(KNOWN) == run.EXPORTS


@pytest.mark.parametrize("name", list(KNOWN))
def test_every_list_has_the_rows_and_the_names_of_the_interface(exported, standing, name):
    if name == "readings":
        query = {"device_id": "demo-air", "metric": "temperature"}
    else:
        query = dict(KNOWN[name].asked or {})
    items = standing.get(f"/api/v1/{KNOWN[name].path}", at=standing.twin.now().isoformat(), **query).json()["items"]
    rows = pq.read_table(exported(name, "parquet", personal=True)).to_pylist()
    if name == "readings":
        rows = [r for r in rows if (r["device_id"], r["metric"]) == ("demo-air", "temperature")]
    assert len(rows) == len(items)
    if items:
        assert set(items[0]) - set(rows[0]) <= {key for key, value in items[0].items() if value is None}
    assert rows or name in ("alerts", "incidents", "quarantine", "kpis")


def test_homes_are_without_what_tells_of_their_people_unless_that_is_wanted(exported, tmp_path):
    assert set(sheet(exported("homes", "csv"))[0]) == {"community_id", "building_id", "valid_from", "recorded_at"}
    (tmp_path / "homes.csv").unlink()
    wanted = sheet(exported("homes", "csv", personal=True))
    assert {row["number"] for row in wanted} == {"101", "201"}


@pytest.mark.parametrize("name", ["devices", "states", "readings"])
def test_devices_in_homes_are_left_out_with_all_they_say(exported, name):
    devices = set(pq.read_table(exported(name, "parquet"))["device_id"].to_pylist())
    assert devices == {"demo-count", "demo-air"}


def test_no_column_that_the_data_dictionary_calls_personal_is_left_in():
    """the tables behind homes and devices, whose columns have the names of the interface"""
    from twin_model.data_dictionary import fields

    private = {(f.table, f.name) for f in fields({}) if f.sensitivity in ("personal", "sensitive", "child")}
    assert ("home", "number") in private
    for name, table in (("homes", "home"), ("devices", "device"), ("buildings", "building"), ("rooms", "room")):
        assert {column for of, column in private if of == table} - KNOWN[name].personal == set()


def test_parquet_keeps_instants_and_says_of_which_instant_it_is(exported, standing):
    table = pq.read_table(exported("states", "parquet"))
    assert table.schema.field("received_at").type == pa.timestamp("us", "UTC")
    assert table.schema.metadata[b"at"].startswith(b"2026-11-22T12:00:00")
    assert table.filter(pa.compute.equal(table["metric"], "temperature"))["value"].to_pylist() == [21.5]


def test_geojson_has_the_shapes_and_lists_without_any_are_refused(exported):
    found = json.loads(exported("buildings", "geojson").read_text(encoding="utf-8"))
    assert [feature["geometry"]["type"] for feature in found["features"]] == ["Polygon"] * 3
    assert found["features"][0]["properties"]["building_id"] == "demo-b1"
    with pytest.raises(ExportRefused, match="have no shapes"):
        exported("states", "geojson")


def test_ngsi_ld_entities_have_a_urn_a_type_and_properties_with_their_instant(exported):
    entities = json.loads(exported("devices", "ngsi-ld").read_text(encoding="utf-8"))
    air = next(e for e in entities if e["id"] == "urn:ngsi-ld:Device:demo-air")
    assert (air["type"], air["category"]["value"]) == ("Device", "temperature")
    assert air["category"]["observedAt"].endswith("Z")
    assert air["location"]["value"]["type"] == "Point"
    assert "room_id" not in air, "what is unknown is not said"


def test_a_name_that_a_sheet_would_take_for_a_formula_is_text(tmp_path):
    rows = [{"name": "=HYPERLINK(1)", "n": -1}]
    exporting._csv(tmp_path / "x.csv", rows, ["name", "n"], KNOWN["rooms"], "")
    assert sheet(tmp_path / "x.csv") == [{"name": "'=HYPERLINK(1)", "n": "-1"}]


def test_long_lists_are_read_page_by_page_as_of_one_instant(exported, monkeypatch):
    monkeypatch.setattr(exporting, "PAGE", 2)
    assert len(sheet(exported("buildings", "csv"))) == 3


def test_a_past_instant_is_answered_as_it_was_known(site, tmp_path):
    before = site.twin.settle()
    report(site.twin, ("demo-air", "temperature", 30.0))
    ask = asking_of(site.cockpit.server, site.cockpit.tokens.lend(Role.ADMINISTRATOR, "control", is_control=True))

    def temperature(at) -> list[float]:
        done = export(ask, "states", "csv", tmp_path / f"{at:%f}.csv", at=at)
        return [float(row["value"]) for row in sheet(done.path) if row["metric"] == "temperature"]

    assert (temperature(before), temperature(site.twin.now())) == ([21.5], [30.0])


def test_a_file_that_is_there_is_kept_and_a_folder_that_cannot_be_written_leaves_nothing(exported, ask, tmp_path):
    path = exported("rooms", "csv")
    with pytest.raises(ExportRefused, match="not overwritten"):
        exported("rooms", "csv")
    assert sheet(path)
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ExportRefused, match="Nothing of it is kept"):
        export(ask, "rooms", "csv", tmp_path / "file" / "x.csv", at=NOON)


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "run.py", "export", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip


def test_personal_details_need_a_purpose_and_an_instant_an_offset(tmp_path):
    here = ("--what", "homes", "--out", str(tmp_path / "x"), "--data", str(tmp_path))
    assert "--purpose" in command(*here, "--personal").stderr
    assert "RFC 3339" in command(*here, "--at", "2026-11-22").stderr
    assert "holds no store" in command(*here).stderr
    assert list(tmp_path.iterdir()) == []

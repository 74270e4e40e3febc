"""Settings: defaults < cockpit.toml < environment < command line; nothing mistyped is quietly ignored."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.settings import Settings, SettingsError, load, settings_table

ROOT = Path(__file__).resolve().parents[2]


def test_each_place_outdoes_the_one_before(tmp_path):
    """port: default 8050 < ./cockpit.toml 1 < data/cockpit.toml 2 < CIM_PORT 3 < --port 4"""
    assert load(working_folder=tmp_path).port == 8050
    (tmp_path / "cockpit.toml").write_text("port = 1", encoding="utf-8")
    assert load(working_folder=tmp_path).port == 1
    (tmp_path / "data").mkdir()
    (tmp_path / "data/cockpit.toml").write_text("port = 2", encoding="utf-8")
    assert load(working_folder=tmp_path).port == 2
    environment = {"CIM_PORT": "3", "HOME": "/"}
    assert load({}, environment, tmp_path).port == 3
    assert load({"port": 4, "host": None}, environment, tmp_path).port == 4


def test_the_data_folder_is_where_its_own_file_is_looked_for(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/cockpit.toml").write_text('broker = "mqtt://b:1883"', encoding="utf-8")
    assert load({"data": tmp_path / "elsewhere"}, {}, tmp_path).broker == "mqtt://b:1883"


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("1", True), ("on", True), ("false", False), ("0", False), ("No", False)]
)
def test_false_is_false(tmp_path, text, value):
    assert load({}, {"CIM_SAMPLE": text}, tmp_path).sample is value


@pytest.mark.parametrize(
    ("environment", "toml", "said"),
    [
        ({"CIM_PROT": "1"}, "", "variable CIM_PROT: there is no setting 'CIM_PROT'; did you mean CIM_PORT?"),
        ({}, "prot = 1", "there is no setting 'prot'; did you mean port?"),
        ({"CIM_PORT": "high"}, "", "environment variable CIM_PORT: found 'high', expected a whole number"),
        ({}, "port = true", "cockpit.toml: port: found True, expected a whole number"),
        ({}, "sample = 'maybe'", "sample: found 'maybe', expected true or false"),
        ({}, "port = ", "not readable as TOML"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_what_was_expected(tmp_path, environment, toml, said):
    (tmp_path / "cockpit.toml").write_text(toml, encoding="utf-8")
    with pytest.raises(SettingsError) as error:
        load({}, environment, tmp_path)
    assert said in str(error.value)


def test_the_readme_shows_the_table_of_settings():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = text.split("<!-- settings:", 1)[1].split("-->\n", 1)[1].split("<!-- /settings -->")[0].strip()
    assert shown == settings_table()


def test_every_setting_has_help():
    assert all(len(line.split("|")) == 6 and line.split("|")[4].strip() for line in settings_table().splitlines())
    assert Settings().store_path == Path("data/twin.duckdb")

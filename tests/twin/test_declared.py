"""Declaration files: every mistake is reported, with the file and what to write."""

from __future__ import annotations

import pytest

from tests.twin.conftest import NEIGHBOURHOOD, device, table
from twin_model.catalogue import Catalogue
from twin_model.declared import DeclarationError, duration
from twin_model.twin import Twin


@pytest.mark.parametrize("text", ["30", "half an hour", "m", 5, None])
def test_a_bad_duration_says_what_to_write(text):
    with pytest.raises(DeclarationError, match="write 90s, 30m, 12h or 7d"):
        duration(text)


GOOD = """
title = { zh = "甲", en = "A" }
stale_after = "1h"
lost_after = "2h"
[[metric]]
name = "x"
title = { zh = "值", en = "Value" }
kind = "measure"
range = [0, 1]
"""

BAD = {
    "no_english": (GOOD.replace(', en = "A"', ""), "title must give both languages"),
    "typo": (GOOD.replace("lost_after", "lost_aftr"), "unknown key 'lost_aftr'; did you mean 'lost_after'"),
    "stale_longer": (GOOD.replace('"1h"', '"3h"'), "stale_after must be shorter than lost_after"),
    "no_metric": (GOOD.split("[[metric]]")[0], r"declares no \[\[metric\]\]"),
    "kind": (GOOD.replace('"measure"', '"number"'), "kind is 'number'; write one of state, measure"),
    "range": (GOOD.replace("[0, 1]", "[1, 0]"), r"range must be \[lowest, highest\]"),
    "syntax": ("title = {\n", "line 1"),
    "alarm": (GOOD + "alarm = 3", "alarm must be"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_sensor_type_is_named_with_its_file(tmp_path, name):
    text, message = BAD[name]
    (tmp_path / "sensors").mkdir()
    (tmp_path / "sensors" / f"{name}.toml").write_text(text)
    with pytest.raises(DeclarationError, match=message) as caught:
        Catalogue.load(tmp_path)
    assert all(f"{name}.toml" in problem for problem in caught.value.problems)


def test_all_mistakes_of_a_tree_are_reported_at_once(tmp_path):
    (tmp_path / "sensors").mkdir()
    for name, (text, _) in BAD.items():
        (tmp_path / "sensors" / f"{name}.toml").write_text(text)
    with pytest.raises(DeclarationError) as caught:
        Catalogue.load(tmp_path)
    assert {name for name in BAD if any(f"{name}.toml" in p for p in caught.value.problems)} == set(BAD)


def test_a_metric_declared_later_is_known_of_the_devices_of_an_older_store(tmp_path, clock):
    (tmp_path / "sensors").mkdir()
    declaration = tmp_path / "sensors" / "a.toml"
    declaration.write_text(GOOD)
    twin = Twin.open(tmp_path / "twin.duckdb", clock=clock, catalogue=Catalogue.load(tmp_path))
    twin.record([*NEIGHBOURHOOD, device("d", "a", home_id="h1")])
    twin.close()
    declaration.write_text(GOOD + GOOD[GOOD.index("[[metric]]") :].replace('"x"', '"y"'))
    twin = Twin.open(tmp_path / "twin.duckdb", clock=clock, catalogue=Catalogue.load(tmp_path))
    twin.apply(table(twin, [("d", "y", clock(), 1)]))
    values = {row["metric"]: row["value"] for row in twin.states(twin.now()).to_pylist()}
    assert values == {"x": None, "y": 1}
    twin.close()


def test_entities_and_tables_have_the_same_columns(twin):
    from twin_model.entities import KINDS, columns

    for kind, cls in KINDS.items():
        table = twin.entities(kind, twin.now())
        assert table.column_names == [*columns(cls), "valid_from", "recorded_at"]

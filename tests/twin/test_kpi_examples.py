"""Every KPI file's own examples through the real engine, and what every KPI must hold to."""

from __future__ import annotations

import math

import pytest

from tests.twin.kpi_examples import Player
from twin_model.catalogue import Catalogue
from twin_model.kpi_engine import recomputed

CATALOGUE = Catalogue.load()
IDS = list(CATALOGUE.kpis)


@pytest.fixture(scope="module")
def player():
    found = Player(CATALOGUE)
    yield found
    found.close()


def of(table, community):
    return next(row for row in table.to_pylist() if row["community_id"] == community)


@pytest.mark.parametrize("kpi_id", IDS)
def test_a_kpi_gives_what_its_examples_say(player, kpi_id):
    said = []
    for one in player.played[kpi_id]:
        assert one.wrong == [], f"{one.kpi.path}: example {one.example['name']!r}: {one.wrong}"
        row = of(player.twin.kpis.values(one.at, ids=[kpi_id]), one.community)
        found = {**row, "excluded": {e["reason"]: e["rows"] for e in row["excluded"]}}
        for key, value in one.example["expect"].items():
            if found[key] != value and not (
                isinstance(value, (int, float))
                and found[key] is not None
                and math.isclose(found[key], value, abs_tol=1e-4)
            ):
                said.append(f"{one.example['name']!r}: {key} is {found[key]!r}, expected {value!r}")
    assert said == [], f"{CATALOGUE.kpis[kpi_id].path}"


@pytest.mark.parametrize("kpi_id", IDS)
def test_a_value_is_the_same_asked_for_one_community_or_for_all_and_worked_out_from_its_rows(player, kpi_id):
    kpi = CATALOGUE.kpis[kpi_id]
    for one in player.played[kpi_id]:
        every = of(player.twin.kpis.values(one.at, ids=[kpi_id]), one.community)
        assert of(player.twin.kpis.values(one.at, ids=[kpi_id], community_id=one.community), one.community) == every
        trend = player.twin.kpis.trend(one.at, ids=[kpi_id], community_id=one.community).to_pylist()
        assert trend[-1] == every
        rows = player.twin.kpis.evidence(kpi_id, one.at, community_id=one.community).to_pylist()
        if every["status"] in ("measured", "stale"):
            assert recomputed(kpi, rows) in (every["value"], None if every["value"] == 0 else every["value"])
        assert sum(row["excluded"] is None for row in rows) == every["rows_used"]
        assert len({row["row_id"] for row in rows}) == len(rows), "two rows have one row_id"

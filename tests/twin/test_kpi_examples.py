"""Every KPI file's own examples through the real engine, and what every KPI must hold to."""

from __future__ import annotations

import math
from collections import defaultdict

import pytest

from tests.twin.kpi_examples import Player
from twin_model.catalogue import Catalogue
from twin_model.kpi_counting import recomputed
from twin_model.kpi_periods import local_day

CATALOGUE = Catalogue.load()
IDS = list(CATALOGUE.kpis)


@pytest.fixture(scope="module")
def player():
    found = Player(CATALOGUE)
    yield found
    found.close()


@pytest.fixture(scope="module")
def every(player):
    """The row of every example, asked for all communities at once: (KPI, community, day) -> row."""
    by_instant = defaultdict(set)
    for examples in player.played.values():
        for one in examples:
            by_instant[one.at].add(one.kpi.id)
    return {
        (row["kpi"], row["community_id"], row["period"]): row
        for at, ids in by_instant.items()
        for row in player.twin.kpis.values(at, ids=sorted(ids)).to_pylist()
        if row["community_id"].startswith(row["kpi"])
    }


@pytest.mark.parametrize("kpi_id", IDS)
def test_a_kpi_gives_what_its_examples_say(player, every, kpi_id):
    said = []
    for one in player.played[kpi_id]:
        assert one.wrong == [], f"{one.kpi.path}: example {one.example['name']!r}: {one.wrong}"
        row = every[kpi_id, one.community, local_day(one.at)]
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
def test_a_value_is_the_same_asked_for_one_community_or_for_all_and_worked_out_from_its_rows(player, every, kpi_id):
    kpi = CATALOGUE.kpis[kpi_id]
    for one in player.played[kpi_id]:
        row = every[kpi_id, one.community, local_day(one.at)]
        trend = player.twin.kpis.trend(one.at, ids=[kpi_id], community_id=one.community, months=2).to_pylist()
        assert trend[-1] == row
        rows = player.twin.kpis.evidence(kpi_id, one.at, community_id=one.community).to_pylist()
        if row["status"] in ("measured", "stale"):
            assert recomputed(kpi, rows) == (row["value"] if row["rows_used"] else None)
        assert sum(r["excluded"] is None for r in rows) == row["rows_used"]
        assert len({r["row_id"] for r in rows}) == len(rows), "two rows have one row_id"

"""The sample city: the same every time, said to be invented, of a kind that a city could be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow.compute as pc
import pytest
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from sample_data.city import Made, Size, build
from sample_data.city_load import load_city, make_city
from sample_data.city_plan import COMMUNITIES, draw
from sample_data.city_ways import ways
from twin_model.twin import Twin

from ..conftest import NOON, Clock

SMALL = Size(communities=40, homes=3_000, facilities=1_100, side=84)


@pytest.fixture(scope="module")
def made() -> Made:
    return build(7, SMALL)


def test_the_same_seed_makes_the_same_city_byte_for_byte(made):
    again = build(7, SMALL)
    assert all(table.equals(again.tables[kind]) for kind, table in made.tables.items())
    assert not build(8, SMALL).tables["home"].equals(made.tables["home"])


def test_it_has_as_many_of_everything_as_was_asked_for(made):
    facilities = sum(table.num_rows for table in (made.tables["facility"], *made.opened))
    counts = {kind: table.num_rows for kind, table in made.tables.items()}
    assert (counts["community"], counts["home"], facilities) == (40, 3_000, 1_100)
    assert len(pc.unique(made.tables["facility"]["facility_kind"])) >= 20
    assert pc.all(made.tables["community"]["is_sample"]).as_py(), "it is said to be invented"


def test_every_part_lies_in_its_whole(made):
    tables = made.tables
    for kind, column, whole in (("home", "building_id", "building"), ("community", "subdistrict_id", "division")):
        known = tables[whole]["building_id" if whole == "building" else "division_id"]
        assert pc.all(pc.is_in(tables[kind][column], known.combine_chunks())).as_py()
    outline = dict(zip(tables["community"]["community_id"].to_pylist(),
                       shapely.from_wkb(tables["community"]["boundary"].to_pylist()), strict=True))  # fmt: skip
    houses = shapely.centroid(shapely.from_wkb(tables["building"]["footprint"].to_pylist()))
    inside = [outline[c].buffer(0.0002).contains(p)
              for c, p in zip(tables["building"]["community_id"].to_pylist(), houses, strict=True)]  # fmt: skip
    assert all(inside)
    whole = shapely.union_all(list(outline.values()))
    assert whole.area == pytest.approx(sum(o.area for o in outline.values()), rel=1e-3), "communities do not overlap"


def test_people_are_as_many_as_published_shares_say_and_some_are_unknown(made):
    homes = made.tables["home"]
    sums = {name: pc.sum(homes[name]).as_py() for name in ("age_0_17", "age_18_59", "age_60_79", "age_80_up")}
    elders = (sums["age_60_79"] + sums["age_80_up"]) / sum(sums.values())
    assert 0.15 < elders < 0.23
    assert 0.005 < homes["age_0_17"].null_count / homes.num_rows < 0.08
    assert pc.all(pc.less_equal(pc.add(homes["age_0_3"], homes["age_3_6"]), homes["age_0_17"])).as_py()


def test_the_ways_cross_rivers_on_bridges_only_and_some_meet_nothing():
    """Of the whole plan, which is drawn in a tenth of a second."""
    plan = draw(7)
    lines = ways(plan, 7)
    assert len(plan.communities) == COMMUNITIES
    assert 180_000 < len(np.unique(lines.points)) < 220_000
    last = np.zeros(len(lines.points), bool)
    last[lines.first[1:] - 1] = True
    a = np.flatnonzero(~last)
    a, b = lines.points[a], lines.points[a + 1]
    over_water = ((plan.grid.wet[a] > 0) | (plan.grid.wet[b] > 0)).sum()
    points_in_water = (plan.grid.wet > 0).sum()
    assert 50 < over_water < points_in_water / 5, "bridges, and few of them"
    size = len(plan.grid.xy)
    _, island = connected_components(coo_matrix((np.ones(len(a)), (a, b)), (size, size)), directed=False)
    sizes = np.sort(np.bincount(island[np.unique(lines.points)]))[::-1]
    assert sizes[0] > 0.97 * sizes.sum(), "both banks are one network"
    assert (sizes > 20).sum() > 10, "some parcels meet no street"


def test_its_past_is_known_as_it_came(tmp_path):
    twin = Twin.open(None, clock=Clock())
    try:
        done = load_city(twin, NOON, size=SMALL)
        year_ago = twin.entities("facility", NOON - timedelta(days=400)).num_rows
        assert year_ago < twin.entities("facility", NOON).num_rows == done.facilities
        projects = twin.ledger.rows("gap_project", NOON)
        assert set(projects["status"].to_pylist()) == {"planned", "building", "done", "dropped"}
        assert twin.ledger.judge("gap_project", projects.drop_columns(["community_id", "record_id", "flags"])) == []
        assert twin.ledger.rows("gap_project", NOON - timedelta(days=300)).num_rows < projects.num_rows
    finally:
        twin.close()


def test_a_store_that_is_there_is_never_replaced(tmp_path):
    path = tmp_path / "twin.duckdb"
    path.write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        make_city(path, datetime(2026, 11, 22, tzinfo=UTC), size=Size(12, 700, 300, 48))
    assert path.read_bytes() == b"mine"
    assert [p.name for p in tmp_path.iterdir()] == ["twin.duckdb"]

"""KPI values: known at an instant, honest about what is missing, and worked out once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from tests.conftest import NOON, Clock
from twin_model.catalogue import Catalogue, Registry
from twin_model.declared import DeclarationError
from twin_model.entities import Community
from twin_model.kpi import Kpi, load_kpi
from twin_model.kpi_counting import recomputed
from twin_model.twin import Twin

TODAY = date(2026, 11, 22)
HEADER = """/* ---
title      = {{ zh = "就餐", en = "Meals" }}
indicators = [11]
unit       = {{ zh = "人次", en = "meals" }}
measure    = "{measure}"
period     = "30d"
target     = 200
direction  = "up"
target_source = {{ zh = "建议值", en = "proposal" }}
freshness  = "5d"
sources    = ["{source}"]
version    = 1
words      = {{ zh = "就餐人次之和", en = "the meals" }}
[[example]]
name = "x"
expect = {{}}
--- */
"""
MEALS = """SELECT community_id, period, record_id AS row_id, day, diners::DOUBLE AS numerator,
       NULL::DOUBLE AS denominator, CASE WHEN len(flags) > 0 THEN flags[1] END AS excluded
FROM canteen_meal"""
WHISTLES = """SELECT community_id, period, record_id AS row_id, (accepted_at IS NOT NULL)::DOUBLE AS numerator,
       1.0 AS denominator, NULL::TEXT AS excluded
FROM whistle"""


@pytest.fixture(scope="module")
def declared(tmp_path_factory) -> Catalogue:
    catalogue = Catalogue.load()
    folder = tmp_path_factory.mktemp("kpis") / "health"
    folder.mkdir()
    kpis: Registry[Kpi] = Registry("KPI")
    for name, measure, source, sql in (("meals", "sum", "canteen_meal", MEALS),
                                       ("accepted", "share", "whistle", WHISTLES)):  # fmt: skip
        path = folder / f"{name}.sql"
        path.write_text(HEADER.format(measure=measure, source=source) + sql, encoding="utf-8")
        kpis.add(name, load_kpi(path, catalogue.record_kinds, catalogue.sensor_types, catalogue.scene_book), path)
    return replace(catalogue, kpis=kpis)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON - timedelta(days=400))


@pytest.fixture
def twin(declared, clock):
    with_records = Twin.open(None, clock=clock, catalogue=declared)
    with_records.record([Community(community_id=c, name=c) for c in ("a", "b")])
    clock.set(NOON - timedelta(hours=1))
    yield with_records
    with_records.close()


def meal(day: date, diners: int, **more: object) -> dict[str, object]:
    return {"day": day, "facility": "f1", "meal": "lunch", "age_band": "70_79", "diners": diners, "is_trial": False,
            **more}  # fmt: skip


def eaten(twin: Twin, *rows: dict[str, object], community: str = "a") -> datetime:
    twin.ledger.record("canteen_meal", rows, community_id=community)
    return twin.now()


def value(twin: Twin, at: datetime, kpi: str = "meals", community: str = "a") -> dict[str, object]:
    (row,) = twin.kpis.values(at, community_id=community, ids=[kpi]).to_pylist()
    return row


def test_what_is_recorded_later_does_not_change_what_was_known(twin, clock):
    """20 Nov: 12 meals, corrected an hour later to 15; 19 Nov: 9 more, reported late."""
    first = eaten(twin, meal(date(2026, 11, 20), 12))
    clock.forward(hours=1)
    later = eaten(twin, meal(date(2026, 11, 20), 15), meal(date(2026, 11, 19), 9))
    assert (value(twin, first)["value"], value(twin, later)["value"]) == (12, 24)


def test_without_any_row_of_its_source_a_kpi_is_not_measurable_and_names_it(twin):
    row = value(twin, twin.now())
    assert (row["status"], row["value"], row["missing"], row["grade"]) == (
        "not_measurable",
        None,
        ["canteen_meal"],
        None,
    )


def test_a_source_older_than_the_limit_makes_the_value_stale_and_takes_its_grade(twin, clock):
    eaten(twin, meal(date(2026, 11, 20), 250))
    assert (value(twin, twin.now())["status"], value(twin, twin.now())["grade"]) == ("measured", "excellent")
    clock.forward(days=4)
    row = value(twin, twin.now())
    assert (row["status"], row["value"], row["grade"]) == ("stale", 250, None)


def test_a_source_that_is_too_old_to_give_a_number_is_named(twin, clock):
    eaten(twin, meal(date(2026, 10, 1), 250))
    row = value(twin, twin.now())
    assert (row["status"], row["value"], row["missing"]) == ("not_measurable", None, ["canteen_meal"])


def test_a_month_in_which_a_daily_source_was_silent_is_a_gap_and_not_a_zero(twin):
    at = eaten(twin, meal(date(2026, 8, 20), 5), meal(date(2026, 11, 21), 7))
    trend = twin.kpis.trend(at, community_id="a", ids=["meals"], months=4).to_pylist()
    assert [(row["period"], row["status"], row["value"]) for row in trend] == [
        (date(2026, 8, 31), "measured", 5),
        (date(2026, 9, 30), "not_measurable", None),
        (date(2026, 10, 31), "not_measurable", None),
        (TODAY, "measured", 7),
    ]


def test_before_the_first_record_nothing_is_known(twin):
    at = eaten(twin, meal(date(2026, 11, 20), 5))
    trend = twin.kpis.trend(at, community_id="a", ids=["meals"], months=2).to_pylist()
    assert [(row["status"], row["missing"]) for row in trend] == [
        ("not_measurable", ["canteen_meal"]),
        ("measured", []),
    ]


def test_rows_that_are_all_left_out_are_no_zero(twin):
    eaten(twin, meal(date(2026, 11, 20), 5, is_trial=True, paid_yuan=15.0))
    row = value(twin, twin.now())
    assert (row["status"], row["value"]) == ("not_measurable", None)
    assert row["excluded"] == [{"reason": "trial_paid", "rows": 1}]


def test_a_living_source_that_counts_nothing_is_a_zero(twin):
    eaten(twin, meal(date(2026, 11, 20), 0))
    assert (value(twin, twin.now())["status"], value(twin, twin.now())["value"]) == ("measured", 0)


def test_fifty_screens_cost_one_computation_and_a_record_only_the_kpis_that_read_its_kind(twin, clock):
    at = eaten(twin, meal(date(2026, 11, 20), 12))
    for _ in range(50):
        twin.kpis.values(at, community_id="a")
    assert twin.kpis.computations == len(twin.catalogue.kpis)
    clock.forward(minutes=1)
    after = eaten(twin, meal(date(2026, 11, 21), 3))
    assert value(twin, after)["value"] == 15
    twin.kpis.values(after, community_id="a")
    assert twin.kpis.computations == len(twin.catalogue.kpis) + 1


def test_one_changed_community_is_worked_out_again_and_the_others_stay(twin, clock, declared):
    eaten(twin, meal(date(2026, 11, 20), 12))
    eaten(twin, meal(date(2026, 11, 20), 4), community="b")
    before = twin.kpis.values(twin.now(), ids=["meals"]).to_pylist()
    clock.forward(minutes=1)
    at = eaten(twin, meal(date(2026, 11, 21), 1), community="b")
    spliced = twin.kpis.values(at, ids=["meals"]).to_pylist()
    assert [row["value"] for row in spliced] == [12, 5]
    assert spliced[0] == before[0]
    assert type(twin.kpis)(twin).values(at, ids=["meals"]).to_pylist() == spliced


def test_a_drill_is_no_community_of_any_kpi(twin):
    twin.record([Community(community_id="d", name="d", drill_of="a")])
    eaten(twin, meal(date(2026, 11, 20), 12), community="d")
    assert {row["community_id"] for row in twin.kpis.values(twin.now()).to_pylist()} == {"a", "b"}


def test_the_evidence_gives_the_value_back(twin, declared):
    at = eaten(twin, meal(date(2026, 11, 20), 12), meal(date(2026, 11, 21), 30, is_trial=True, paid_yuan=9.0))
    rows = twin.kpis.evidence("meals", at, community_id="a").to_pylist()
    assert [(row["numerator"], row["excluded"]) for row in rows] == [(12, None), (30, "trial_paid")]
    assert recomputed(declared.kpis["meals"], rows) == value(twin, at)["value"] == 12


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('measure    = "sum"', 'measure    = "total"', "measure is 'total'; write one of sum"),
        ("[11]", "[1]", "indicator 1 is not one of scene health"),
        ('"canteen_meal"', '"canteen_meals"', "source 'canteen_meals' is not known; did you mean 'canteen_meal'"),
        ('direction  = "up"\n', "", "has a target and no direction"),
        ("freshness", "freshnes", "unknown key 'freshnes'; did you mean 'freshness'"),
        ("AS excluded", "AS left_out", "gives no column excluded"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_kpi_file_is_named_with_what_to_write(tmp_path, declared, old, new, said):
    text = (HEADER.format(measure="sum", source="canteen_meal") + MEALS).replace(old, new)
    path = tmp_path / "health" / "meals.sql"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DeclarationError, match=said):
        load_kpi(path, declared.record_kinds, declared.sensor_types, declared.scene_book)

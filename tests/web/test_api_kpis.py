"""KPIs over HTTP: the contract's members, the rows behind a value, and what a public screen does not get."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import openpyxl
import orjson
import pytest

from cockpit import kpi_models
from cockpit.api_models import Page
from cockpit.encoding import dumps
from cockpit.settings import Settings
from cockpit.tokens import Role
from twin_model.kpi_counting import recomputed
from twin_model.twin import Twin

from ..conftest import NOON, Clock
from .conftest import serve, settle

CONTRACT = {
    "id", "scene", "community", "value", "unit", "target", "grade", "freshness", "coverage", "definition_version",
}  # fmt: skip
KPI = "topics_solved"


def topic(number: int, solved: bool) -> dict[str, object]:
    raised = date(2026, 11, 1) + timedelta(days=number)
    closed = {"solved_on": raised, "confirmed_on": raised} if solved else {}
    return {"topic_no": f"t{number}", "raised_on": raised, "tier": "own", "title": "=停车", "participants": 12,
            "stage": "closed" if solved else "discussed", **closed}  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    twin = Twin.open(None, clock=Clock())
    settle(twin)
    twin.ledger.record("council_topic", [topic(n, solved=n < 3) for n in range(4)], community_id="demo")
    with serve(twin, Settings(data=tmp_path_factory.mktemp("kpis"))) as found:
        yield found
    twin.close()


def items(site, path, **query):
    answer = site.get(f"/api/v1/{path}", **query)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def test_every_kpi_is_told_with_the_members_of_the_contract(site):
    answer = site.get("/api/v1/kpis")
    Page[kpi_models.KpiItem].model_validate(answer.json())
    found = answer.json()["items"]
    assert found[0].keys() >= CONTRACT
    assert {item["id"] for item in found} == set(site.twin.catalogue.kpis)


def test_a_kpi_without_data_has_no_value_and_names_what_is_missing(site):
    (item,) = [i for i in items(site, "kpis", scene="health") if i["id"] == "canteen_meals_elders"]
    assert (item["status"], item["value"], item["missing"]) == ("not_measurable", None, ["canteen_meal"])


def test_a_sum_of_whole_numbers_behind_a_value_is_a_number(site):
    """DuckDB adds BIGINT up in 128 bits, which Python reads as Decimal."""
    sums = site.twin.store.select("SELECT sum(n) AS cases, sum(n)::DECIMAL(9, 1) / 4 AS each FROM range(3) AS r(n)")
    assert orjson.loads(dumps(sums.to_pylist())) == [{"cases": 3, "each": 0.75}]


def test_the_rows_behind_a_value_give_it_back_in_every_form(site):
    (item,) = [i for i in items(site, "kpis", scene="governance") if i["id"] == KPI]
    rows = items(site, f"kpis/{KPI}/evidence", community="demo")
    assert recomputed(site.twin.catalogue.kpis[KPI], rows) == item["value"] == 75
    with site.client(accept="text/csv") as client:
        text = client.get(f"/api/v1/kpis/{KPI}/evidence").content.decode("utf-8-sig")
    exported = [{k: v or None for k, v in row.items()} for row in csv.DictReader(io.StringIO(text))]
    assert recomputed(site.twin.catalogue.kpis[KPI], exported) == item["value"]
    assert "=停车" not in {value for row in exported for value in row.values()}, "a spreadsheet would run it"
    sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    with site.client(accept=sheet) as client:
        book = openpyxl.load_workbook(io.BytesIO(client.get(f"/api/v1/kpis/{KPI}/evidence").content))
    header, *cells = book.active.iter_rows(values_only=True)
    listed = [dict(zip(header, row, strict=True)) for row in cells]
    assert recomputed(site.twin.catalogue.kpis[KPI], listed) == item["value"]


def test_before_the_records_came_nothing_was_measurable(site):
    before = (NOON - timedelta(days=1)).isoformat()
    assert items(site, "kpis", at=before) == []  # the community itself was not known yet


def test_a_trend_tells_the_months_that_are_known_and_leaves_the_others_open(site):
    trend = items(site, f"kpis/{KPI}/trend", community="demo", months=3)
    assert [(point["period_end"], point["value"]) for point in trend] == [
        ("2026-09-30", None), ("2026-10-31", None), ("2026-11-22", 75),
    ]  # fmt: skip


def test_the_nine_scenes_come_in_their_order_and_an_unknown_one_has_no_grade(site):
    found = items(site, "scenes")
    assert [item["scene"] for item in found[:9]] == list(site.twin.catalogue.scene_book.scenes)
    assert found[0]["grade"] is None
    assert found[0]["not_measurable"]


def test_an_unknown_kpi_is_a_problem_that_says_where_to_look(site):
    answer = site.get("/api/v1/kpis/nothing/evidence")
    assert (answer.status_code, "/api/v1/kpis" in answer.json()["detail"]) == (404, True)


def test_a_public_screen_gets_public_values_and_no_rows(site):
    kpis = site.twin.catalogue.kpis
    with site.client(Role.PUBLIC_SCREEN) as client:
        found = client.get("/api/v1/kpis").json()["items"]
        assert {item["id"] for item in found} == {kpi.id for kpi in kpis.values() if kpi.public}
        assert not {"numerator", "denominator", "rows_used", "excluded"} & found[0].keys()
        for path in ("kpis/topics_solved", "kpis/topics_solved/evidence", "kpis/topics_solved/trend", "scenes"):
            assert client.get(f"/api/v1/{path}").status_code == 403, path


def test_who_may_not_see_a_home_gets_the_rows_without_what_leads_to_one(site):
    with site.client(Role.MANAGER) as client:
        rows = client.get("/api/v1/kpis/elders_alone_visited/evidence").json()["items"]
    assert rows
    assert not {"home_id", "row_id"} & rows[0].keys()

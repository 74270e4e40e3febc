"""One KPI on screen: what it means, every row behind it with the reason where it is left out, and nobody's home."""

from __future__ import annotations

import pytest

from layouts.kpi import Discreet
from layouts.page import View
from layouts.parts import kpi_answers, kpi_chart, kpi_rows, kpi_views, kpi_words
from tests.conftest import NOON
from tests.pages.conftest import classes_of, text_of
from tests.pages.kpi_world import HERE, THERE, catalogue, lived
from twin_model.kpi_counting import recomputed


@pytest.fixture(scope="module")
def community(tmp_path_factory):
    twin, _ = lived(catalogue(tmp_path_factory.mktemp("kpis")))
    yield twin
    twin.close()


@pytest.fixture
def here() -> View:
    return View(community=HERE)


def said(tree) -> str:
    return " ".join(" ".join(text_of(tree)).split())


def test_a_kpi_says_its_formula_version_target_source_and_that_nobody_verified_it(community, here):
    answer = kpi_answers.one(community, NOON, HERE, kpi="meals")
    words = said(kpi_views.definition(here, NOON, answer))
    assert "近 30 天之和" in words
    assert "第 1 版" in words
    assert "≥ 200 人次 建议值" in words
    assert "第 11 项 社区养老助残" in words
    assert "最新一行早于 5 天 即算过期" in words
    assert "未达目标" in said(kpi_views.top(here, NOON, answer))


def test_a_kpi_without_data_is_a_dash_and_why(community, here):
    answer = kpi_answers.one(community, NOON, HERE, kpi="delivered")
    found = kpi_views.top(here, NOON, answer)
    assert "— 近 30 天 缺送餐上门" in said(found)
    assert "0" not in text_of(found)


def test_a_kpi_nobody_declared_is_said_not_to_be_there(community, here):
    answer = kpi_answers.one(community, NOON, HERE, kpi="elsewhere")
    assert "没有这个指标" in said(kpi_views.top(here, NOON, answer))
    assert kpi_answers.evidence(community, NOON, HERE, kpi="elsewhere") is None


def test_the_value_follows_from_the_rows_the_page_shows(community):
    for name, kpi in community.catalogue.kpis.items():
        answer = kpi_answers.evidence(community, NOON, HERE, kpi=name, whole=True)
        value = kpi_answers.one(community, NOON, HERE, kpi=name)["row"]["value"]
        assert recomputed(kpi, answer["rows"]) == value


def test_codes_are_told_in_words_and_what_is_left_out_with_its_reason(community):
    answer = kpi_answers.evidence(community, NOON, HERE, kpi="meals")
    row = kpi_rows.row_of("zh", answer, answer["rows"][0])
    assert (row["age_band"], row["excluded"], row["left_out"]) == ("70–79岁", "计入", False)
    flagged = kpi_rows.row_of("zh", answer, {**answer["rows"][0], "excluded": "over_capacity"})
    assert flagged["left_out"]
    assert kpi_rows.ordered(answer["columns"])[:2] == ["row_id", "excluded"]
    assert flagged["excluded"].startswith("不计：")
    assert "{" not in flagged["excluded"]


def test_the_columns_that_lead_to_a_person_are_only_for_whoever_may_see_a_home(community, here):
    asked = []

    class Ask:
        twin, services, sees_a_home = community, None, False

        def __call__(self, name, question, view, **args):
            asked.append(args.get("whole"))
            return question(community, NOON, HERE, **args)

    ask = Ask()
    barred = Discreet(ask)("evidence", kpi_answers.evidence, here, kpi="visited")
    ask.sees_a_home = True
    whole = Discreet(ask)("evidence", kpi_answers.evidence, here, kpi="visited")
    assert asked == [False, True]
    assert "E-0007" not in repr(barred)
    assert "E-0007" in repr(whole)
    assert "对象编号" in said(kpi_rows.evidence(here, NOON, barred))


def test_an_export_asks_for_the_rows_of_the_instant_that_is_shown(community, here):
    found = kpi_rows.evidence(here, NOON, kpi_answers.evidence(community, NOON, HERE, kpi="meals"))
    buttons = [b.to_plotly_json()["props"] for b in found.children[0].children[2:]]
    assert {b["data-export"] for b in buttons} == {
        "/api/v1/kpis/meals/evidence?at=2026-11-22T04%3A00%3A00%2B00%3A00&community=demo"
    }
    assert [b["data-form"] for b in buttons] == [kpi_rows.CSV, kpi_rows.XLSX]


def test_a_month_without_a_value_is_a_gap_in_the_chart_and_a_dash_in_its_table(community, here):
    answer = kpi_answers.course(community, NOON, HERE, kpi="meals")
    figure = kpi_chart.figure("zh", answer, answer["points"])
    (line,) = figure["data"]
    assert (line["y"][-3:], line["connectgaps"]) == ([80, None, 130], False)
    assert figure["layout"]["xaxis"]["ticktext"][-1] == "11月"
    rows = text_of(kpi_chart.table("zh", answer, answer["points"]))
    assert "2026年10月31日" in rows
    assert "—" in rows


def test_communities_are_ranked_by_value_and_those_without_one_come_last(community, here):
    answer = kpi_answers.everywhere(community, NOON, HERE, kpi="meals")
    assert [row["community_id"] for row in answer["rows"]] == [THERE, HERE]
    assert "第 2 位，共 2 个有值" in said(kpi_views.everywhere(here, NOON, answer))
    whistles = kpi_answers.everywhere(community, NOON, HERE, kpi="accepted")
    assert [row["value"] for row in whistles["rows"]] == [75, None]


def test_a_stale_value_stays_and_is_faded(community, here):
    answer = kpi_answers.one(community, NOON, HERE, kpi="meals")
    old = {**answer, "row": {**answer["row"], "status": "stale"}}
    assert "faded" in classes_of(kpi_views.top(here, NOON, old))


@pytest.mark.parametrize(
    ("value", "unit", "digits", "words"),
    [(94.94, "%", None, "94.9%"), (100.0, "%", None, "100%"), (1284.0, "人次", None, "1,284 人次"),
     (123_456.0, "元", None, "12.3 万元"), (0.79, "个/户", 2, "0.79 个/户"), (None, "%", None, "—")],
)  # fmt: skip
def test_a_value_is_said_with_its_unit_in_the_digits_it_deserves(value, unit, digits, words):
    assert kpi_words.said("zh", {"unit": {"zh": unit, "en": unit}, "digits": digits}, value) == words


def test_the_same_kpi_has_the_same_value_in_the_list_and_on_its_page(community):
    listed = {row["kpi"]: row["value"] for row in kpi_answers.listed(community, NOON, HERE)["rows"]}
    assert listed == {k: kpi_answers.one(community, NOON, HERE, kpi=k)["row"]["value"] for k in listed}

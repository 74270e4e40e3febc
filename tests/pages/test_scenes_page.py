"""The nine scenes on screen: grades with what they rest on, gaps as gaps, and a dash and why where nothing is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from layouts.page import View
from layouts.parts import kpi_chart, kpi_words, scene_answers, scene_brief, scene_rows, scene_views
from layouts.parts.text import has
from tests.conftest import NOON
from tests.pages.conftest import classes_of, text_of
from tests.pages.kpi_world import HERE, THERE, catalogue, lived
from twin_model.kpi import MEASURES
from twin_model.kpi_periods import PERIODS
from twin_model.record_kinds import load_record_kinds
from twin_model.scene_book import SCENES


@pytest.fixture(scope="module")
def community(tmp_path_factory):
    twin, _ = lived(catalogue(tmp_path_factory.mktemp("kpis")))
    yield twin
    twin.close()


@pytest.fixture(scope="module")
def board(community):
    return scene_answers.board(community, NOON, HERE)


@pytest.fixture
def here() -> View:
    return View(community=HERE)


def tile(view: View, board, key: str, **changed):
    """The tile of a scene as it is drawn, with its answer changed where a test wants it so."""
    n = SCENES.index(key)
    one = {**board["tiles"][n], **changed}
    return scene_views.tile(view, NOON, one, n + 1, None, 0.6)


def said(tree) -> str:
    return " ".join(" ".join(text_of(tree)).split())


def graded(board, key: str, attainment: float, grade: str, word: str):
    return {"attainment": attainment, "grade": grade, "grade_title": {"zh": word, "en": grade}}


def test_a_tile_says_grade_headline_with_unit_and_basis_and_its_worst_figure_against_the_target(here, board):
    found = tile(here, board, "health", **graded(board, "health", 81.4, "good", "良"))
    words = said(found)
    assert "81 良" in words
    assert "老年就餐 130 人次 近 30 天 · 2 行依据" in words
    assert "最弱 社区养老助残 老年就餐 130 /200 人次" in words
    assert "low" not in classes_of(found)


def test_a_low_grade_is_told_by_a_shape_and_a_word_beside_its_colour(here, board):
    found = tile(here, board, "health", **graded(board, "health", 65, "attention", "需关注"))
    assert {"low", "sign-look"} <= classes_of(found)
    assert "65 需关注" in said(found)


def test_a_scene_that_rests_on_too_little_has_a_dash_what_is_missing_and_who_can_give_it(here, board):
    found = tile(here, board, "health")
    words = said(found)
    assert "— 不可评" in words
    assert "4 项指标可评 1 项，不足 60%，不给分" in words
    assert "送餐准时： 缺送餐上门 邻里中心运营方" in words
    assert "已有：社区养老助残" in words
    assert {"blind", "lacking"} <= classes_of(found)


def test_a_scene_without_any_kpi_says_that_there_are_no_data_and_shows_no_zero(here, board):
    words = text_of(tile(here, board, "building"))
    assert "一项数据也没有" in words
    assert "0" not in words


def test_a_stale_headline_is_faded_and_says_since_when(here, board):
    health = board["tiles"][SCENES.index("health")]
    old = {**health["headline"], "status": "stale"}
    found = tile(here, board, "health", headline=old, **graded(board, "health", 81, "good", "良"))
    assert "faded" in classes_of(found)
    assert "自 11月20日" in said(found)


def test_the_band_says_plainly_that_no_target_was_verified(here, board):
    words = said(scene_views.band(here, NOON, board))
    assert "4 项目标值均未核对原文，是本系统的建议值" in words
    assert "33 项指标测得 3 项" in words


def test_the_type_of_project_says_what_is_asked_of_a_scene_and_whether_the_views_come_first(community, here, board):
    inclusive = scene_views.band(here, NOON, board)
    assert "views-first" in classes_of(inclusive)
    assert "鼓励" in said(tile(here, board, "health"))
    leading = scene_answers.board(community, NOON, THERE)
    assert "views-first" not in classes_of(scene_views.band(here, NOON, leading))
    assert "必选" in said(tile(here, leading, "health"))


def test_every_figure_of_a_tile_leads_to_its_rows(here, board):
    def ways(tree) -> set[str]:
        own = {tree.href} if getattr(tree, "href", None) else set()
        children = getattr(tree, "children", None) or []
        children = children if isinstance(children, (list, tuple)) else [children]
        return own | {way for child in children if hasattr(child, "to_plotly_json") for way in ways(child)}

    found = ways(tile(here, board, "health", **graded(board, "health", 81, "good", "良")))
    assert found == {"/kpi?community=demo&kpi=meals", "/scene?community=demo&scene=health"}


def test_in_the_past_what_it_is_now_stands_beside(community, here, board):
    past = replace(here, at=NOON)
    trees = scene_views.tiles(past, NOON, {**board, "now": board})
    assert "现在 75.0%" in said(trees[SCENES.index("governance")])


def test_beside_an_instant_chosen_to_compare_with_its_day_is_said(community, here, board):
    view = replace(here, other=NOON - timedelta(days=30))
    trees = scene_views.tiles(view, NOON, {**board, "now": board})
    assert "10月23日 75.0%" in said(trees[SCENES.index("governance")])


def test_the_course_ends_with_today_and_leaves_a_month_without_grade_open(community, here):
    answer = scene_answers.course(community, NOON, HERE)
    points = [value for _, value in answer["points"]["elders_children"]]
    assert [value is None for value in points[-3:]] == [False, True, False]
    assert answer["points"]["elders_children"][-1][0] == date(2026, 11, 22)
    assert kpi_chart.curve(answer["points"]["elders_children"]).count("M") >= 3, "alone, alone, and the last as a dot"
    assert scene_views.delta("zh", answer["points"]["elders_children"]) == ""


@pytest.mark.parametrize(
    ("before", "after", "words"), [(85.4, 87.5, "较上月 +3"), (91, 88, "较上月 −3"), (80, 80.3, "较上月 ±0")]
)
def test_the_difference_to_last_month_is_that_of_the_numbers_shown(before, after, words):
    """85.4 is shown as 85 and 87.5 as 88."""
    assert scene_views.delta("zh", [(date(2026, 10, 31), before), (date(2026, 11, 22), after)]) == words


def test_the_page_of_a_scene_gives_every_kpi_its_target_attainment_and_why_it_has_no_value(community, here):
    answer = scene_answers.with_courses(community, NOON, HERE, scene="health")
    words = said(scene_rows.rows(here, NOON, answer))
    assert "130 人次 2 行依据 ≥ 200 人次 建议值 65%" in words
    assert "送餐准时 近 30 天 — 缺送餐上门" in words
    lacking = scene_rows.lacking(here, NOON, answer)
    assert "送餐上门 下载清单 邻里中心运营方 用于 送餐准时" in said(lacking)
    assert "订单编号" in repr(lacking)
    assert scene_answers.one(community, NOON, HERE, scene="elsewhere") == {}


def test_a_reported_value_stands_with_its_document_date_and_who_reported_it(community, here):
    answer = scene_answers.reported(community, NOON, HERE, scene="building")
    words = said(scene_rows.reported(here, NOON, answer))
    assert "17 建筑特色风貌 86 分 2026年6月30日 责任规划师年度评估（2026）" in words
    assert "2026年7月8日" in words
    assert scene_answers.reported(community, NOON, HERE, scene="health") == []


def test_a_view_has_the_kpis_that_name_it(community, here):
    answer = scene_answers.with_courses(community, NOON, HERE, scene="elders_children")
    assert [row["kpi"] for row in answer["kpis"]] == ["meals"]
    assert "65" in said(scene_rows.top(here, NOON, answer))


def test_every_period_measure_and_record_kind_can_be_said_in_both_languages():
    keys = [f"kpi.period.{name}" for name in PERIODS] + [f"kpi.how.{name}" for name in MEASURES]
    assert [key for key in keys if not (has("zh", key) and has("en", key))] == []
    assert {kpi_words.giver("zh", kind.name) for kind in load_record_kinds()} >= {"物业公司", "邻里中心运营方", "街道"}


# --- on the overview --------------------------------------------------------------------------------------------------


def nine(view: View, board, tiles, **more):
    return scene_brief.nine(view, NOON, {**board, "tiles": tiles, **more})


def test_the_overview_shows_each_scene_with_its_score_its_grade_and_the_way_to_its_page(here, board):
    tiles = [{**one, **graded(board, one["key"], 91.6, "excellent", "优")} for one in board["tiles"]]
    tiles[3] |= graded(board, "enterprise", 61.0, "attention", "需关注")
    found = nine(here, board, tiles)
    head, cells = found.children[0], found.children[1].children
    assert said(head).startswith(f"九场景 {board['indicators']} 项指标测得")
    assert [said(cell) for cell in cells[:4]] == ["邻里 92 优", "教育 92 优", "健康 92 优", "创业 61 需关注"]
    assert "low" in cells[3].className
    assert cells[3].href == f"/scene?community={HERE}&scene=enterprise"


def test_on_the_overview_a_scene_without_enough_data_has_a_dash_and_not_a_number(here, board):
    tiles = [{**one, **graded(board, one["key"], 91.6, "excellent", "优")} for one in board["tiles"]]
    tiles[4] |= {"attainment": None, "grade": None, "grade_title": None}
    cell = nine(here, board, tiles).children[1].children[4]
    assert said(cell) == "建筑 — 不可评"
    assert "blind" in cell.className


def test_with_no_scene_to_grade_the_overview_says_so_in_one_line_that_leads_to_what_is_missing(here, board):
    tiles = [{**one, "attainment": None} for one in board["tiles"]]
    assert "九个场景都还不可评，看缺哪些数据 ›" in said(nine(here, board, tiles))


def test_looking_back_a_scene_on_the_overview_has_its_score_of_now_beside_that_of_then(here, board):
    then = [{**one, **graded(board, one["key"], 91.6, "excellent", "优")} for one in board["tiles"]]
    now = [{**one, **graded(board, one["key"], 88.0, "good", "良")} for one in board["tiles"]]
    past = replace(here, at=NOON - timedelta(days=1))
    cell = nine(past, board, then, now={**board, "tiles": now}).children[1].children[0]
    assert said(cell) == "邻里 92 现在 88"

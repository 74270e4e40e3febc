"""Two sides beside each other: what was known then, what is known now, and what else changed in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from layouts.page import View
from layouts.parts import compare_answers, compare_views
from layouts.parts.kpi_words import difference
from tests.conftest import NOON
from tests.pages.conftest import text_of
from tests.pages.kpi_world import HERE, THERE, catalogue, lived, meal


@pytest.fixture(scope="module")
def late(tmp_path_factory):
    """Two days later: 40 more meals of the 20th are recorded, which nobody knew of on the 22nd."""
    twin, clock = lived(catalogue(tmp_path_factory.mktemp("kpis")))
    clock.forward(days=2)
    twin.ledger.record("canteen_meal", [meal(date(2026, 11, 20), 100), meal(date(2026, 11, 23), 5)], community_id=HERE)
    clock.forward(minutes=1)
    yield twin
    twin.close()


@pytest.fixture
def here() -> View:
    return View(community=HERE)


def sides(twin, **asked):
    known = {"wanted": NOON.isoformat(), "place": None, "kpi": None} | asked
    return compare_answers.known_better(twin, twin.now(), HERE, **known)


def said(tree) -> str:
    return " ".join(" ".join(text_of(tree)).split())


def test_a_value_stands_as_it_was_known_then_beside_what_it_is_now_with_the_difference(late, here):
    words = said(compare_views.kpis(here, NOON, sides(late)))
    assert "老年就餐 近 30 天 130 人次 175 人次 +45 人次" in words


@pytest.mark.parametrize(
    ("unit", "old", "new", "words"),
    [
        ("%", 4.0, 3.8, "−0.2 个百分点"),
        ("元", 2_773_000, 2_758_000, "−1.5 万元"),
        ("人", 283, 288, "+5 人"),
        ("人", 3, 3, "±0"),
    ],
)
def test_a_difference_has_the_unit_of_its_values(unit, old, new, words):
    assert difference("zh", {"unit": {"zh": unit}, "digits": None}, old, new) == words


def test_a_value_that_is_known_better_by_now_is_marked(late, here):
    answer = sides(late)
    assert answer["better"] == {"meals": (130, 170)}
    assert "当时为 130 人次，按现在所知为 170 人次" in said(compare_views.kpis(here, NOON, answer))


def test_nothing_is_marked_where_nothing_came_in_late(late, here):
    assert sides(late, wanted=(late.now() - timedelta(seconds=30)).isoformat())["better"] == {}


def test_a_changed_definition_is_said(late, here):
    answer = sides(late)
    old, new = next(pair for pair in answer["kpis"] if pair[1]["kpi"] == "meals")
    notes = list(compare_views._notes("zh", answer, old, {**new, "definition_version": 2}))
    assert "定义由第 1 版改为第 2 版" in notes


def test_another_community_stands_at_the_same_instant(late, here):
    answer = sides(late, wanted=None, place=THERE)
    assert (answer["then"], answer["other"]) == (late.now(), THERE)
    assert "邻近社区 · 2026年11月24日 12:01" in said(compare_views.scenes(here, NOON, answer))


def test_without_an_instant_it_is_a_month_ago_and_one_that_cannot_be_read_counts_as_none(late):
    for wanted in (None, "yesterday"):
        assert sides(late, wanted=wanted)["then"] == late.now() - timedelta(days=30)


def test_only_the_chosen_kpis_are_shown(late, here):
    words = said(compare_views.kpis(here, NOON, sides(late, kpi="accepted,nonsense")))
    assert "吹哨受理率" in words
    assert "老年就餐" not in words


def test_both_sides_alike_are_said_to_be(late, here):
    answer = sides(late, wanted=late.now().isoformat())
    assert "两边是同一时刻、同一社区" in said(compare_views.choices(here, NOON, answer))


def test_a_link_to_share_names_both_instants(late, here):
    past = replace(here, at=NOON)
    found = compare_views.choices(past, NOON, sides(late))
    share = next(c for c in found.children if getattr(c, "data-copy", None))
    assert getattr(share, "data-with") == "2026-11-22T12:00:00+08:00"
    assert getattr(share, "data-at") == "2026-11-24T12:01:00+08:00"

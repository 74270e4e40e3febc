"""Drills on screen: what can be exercised, what runs, how it went; everything marked as a drill."""

from __future__ import annotations

from datetime import timedelta

import pytest

from layouts.page import View
from layouts.parts import drill_answers, drill_views
from tests.pages.conftest import HERE, text_of, titles_of
from twin_model.drill_clock import Drill
from twin_model.entities import Community


@pytest.fixture
def drill(living, clock):
    """A fall at 03:10 that began a minute ago, ten times as fast as the clock on the wall."""
    living.record([Community(community_id="demo-d1", name="演练", drill_of=HERE)])
    begun = Drill(
        drill_id="d1", community_id="demo-d1", drill_of=HERE, scenario="fall_0310", speed=10.0, started_at=clock(),
        drill_from=clock() - timedelta(days=1), started_by="陈",
    )  # fmt: skip
    living.care.begin_drill(begun)
    clock.forward(minutes=1)
    return begun


def test_each_scenario_says_what_happens_how_long_and_how_much_is_expected(living, clock):
    found = drill_answers.scenarios(living, clock(), HERE)
    assert {one.name for one in found} >= {"fall_0310", "gateway_outage", "cold_night", "sos_burst"}
    words = text_of(drill_views.scenarios(View(HERE), clock(), found))
    assert "凌晨 03:10 跌倒" in words
    assert "开始演练" in words
    assert words.count("演练") == len(found), "every one is marked as a drill"


def test_a_running_drill_shows_its_own_clock_and_how_far_it_is(living, clock, drill):
    answer = drill_answers.running(living, clock(), HERE)
    assert answer[0]["clock"] == drill.drill_from + timedelta(minutes=10)
    assert answer[0]["done"] == pytest.approx(10 / 40)
    words = " ".join(text_of(drill_views.running(View(HERE), clock(), answer)))
    assert "演练" in words
    assert "10 倍" in words
    assert "结束演练" in words
    assert "陈 发起" in words


def test_a_drill_of_another_community_is_not_listed(living, clock, drill):
    assert drill_answers.running(living, clock(), "elsewhere") == []
    assert drill_answers.past(living, clock(), "elsewhere") == []


def test_a_past_drill_tells_what_the_rules_missed(living, clock, drill):
    clock.forward(minutes=10)
    living.care.end_drill("d1")
    assert drill_answers.running(living, clock(), HERE) == []
    answer = drill_answers.past(living, clock(), HERE)
    words = text_of(drill_views.past(View(HERE), clock(), answer))
    assert "应报 1，报出 0，多报 0" in words
    assert "没有报出" in words
    assert "1 号住户" in words
    assert "无人确认" in words
    assert words[0] == "已结束的演练"
    assert "演练" in words


def test_before_a_drill_began_nothing_of_it_is_known(living, clock, drill):
    earlier = drill.started_at - timedelta(minutes=5)
    assert drill_answers.running(living, earlier, HERE) == []
    view = View(HERE, at=earlier)
    assert "当时没有演练" in text_of(drill_views.running(view, earlier, []))
    assert "开始演练" not in text_of(
        drill_views.scenarios(view, earlier, drill_answers.scenarios(living, earlier, HERE))
    )


def test_a_replayed_day_without_expectations_is_not_judged(living, clock, drill):
    answer = drill_answers.running(living, clock(), HERE)[0]
    empty = type(answer["score"])(rules=(), false_alerts=(), people=(), resolution=timedelta(seconds=1))
    row = answer | {"score": empty, "title": {"zh": "回放", "en": "Replay"}}
    words = text_of(drill_views.past(View(HERE), clock(), [row]))
    assert "回放的真实一天，没有预期可比" in words


def test_everything_is_english_in_english(living, clock, drill):
    view = View(HERE, lang="en")
    found = drill_answers.scenarios(living, clock(), HERE)
    trees = [drill_views.scenarios(view, clock(), found)]
    trees.append(drill_views.running(view, clock(), drill_answers.running(living, clock(), HERE)))
    said = [words for tree in trees for words in text_of(tree) + titles_of(tree) if words != "陈"]
    assert [words for words in said if any("\u3400" <= c <= "\u9fff" for c in words.replace("陈", ""))] == []

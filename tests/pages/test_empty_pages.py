"""What a page says while there is nothing it could show: what is missing and the next step, never that all is well."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from layouts.page import View
from layouts.parts import (
    answers,
    care_answers,
    care_card,
    care_list,
    city_answers,
    city_scenes,
    city_views,
    device_answers,
    device_panels,
    doing,
    health_views,
    home_answers,
    home_table,
    living,
    map_frame,
    occupancy_answers,
    occupancy_views,
    profile_views,
    report_views,
)
from layouts.parts.report_views import without_community
from layouts.parts.text import t

from .conftest import text_of


def health(standing=None):
    """What the check answers of no community."""
    return {"standing": standing, "chosen": "x", "categories": {"a": {"zh": "甲"}}, "rows": [], "counts": {}}


def test_without_a_device_quiet_does_not_mean_that_nothing_waits(twin, view):
    at = twin.now()
    card = text_of(care_card.card(view, at, care_answers.card(twin, at, "demo", chosen=None)))
    assert card[0] == "没有设备，无从告警"
    assert not any("没有要处理的事" in words for words in card)
    assert any("run.py import" in words for words in card)
    side = text_of(device_panels.device(view, at, device_answers.device(twin, at, "demo", device=None)))
    assert "还没有设备，什么也听不到" in side
    assert any("run.py import" in words for words in side)
    past = text_of(device_panels.device(replace(view, at=at), at, {}))
    assert not any("run.py import" in words for words in past), "nothing can be imported into the past"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_empty_panel_says_what_to_do_next_and_in_the_past_to_look_later(twin, lang):
    now = twin.now()
    asked = (
        (living.elders, answers.elders(twin, now, "demo")), (living.centre, answers.centre(twin, now, "demo")),
        (doing.health, answers.devices(twin, now, "demo")),
        (care_list.states, care_answers.states(twin, now, "demo", chosen=None)),
        (occupancy_views.now, occupancy_answers.now(twin, now, "demo", place=None)),
    )  # fmt: skip
    for draw, answer in asked:
        for at, step in ((None, "run.py import"), (now, t(lang, "next.later"))):
            words = text_of(draw(View(community="demo", lang=lang, at=at), now, answer))
            assert any(step in one for one in words), (draw.__name__, words)
            assert "0" not in words


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_city_without_communities_ranks_nothing_and_none_of_its_panels_fails(twin, lang):
    at, view = twin.now(), View(community="", lang=lang)
    said = text_of(city_views.ranking(view, at, city_answers.ranked(twin, at, "", part=None, order=None, page=None)))
    assert any("run.py import" in one for one in said)
    assert city_scenes.tiles(view, at, city_scenes.nine(twin, at, "", part=None, drawn="1")) is None


def test_before_the_data_there_is_no_form_for_a_report_but_the_way_to_the_first_instant(twin, view):
    answer = {"audiences": ["staff"], "kinds": ["daily"], "first": twin.now(), "waiting": []}
    before = report_views.ordering(replace(view, at=datetime(2001, 1, 1, tzinfo=UTC)), answer)
    assert any("早于本社区的第一份数据" in one for one in text_of(before))
    assert "data-send" not in str(before)
    assert f"data-goto='{twin.now().isoformat()}'" in str(before)
    assert "data-send" in str(report_views.ordering(view, answer))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_without_a_community_every_page_says_what_to_import(twin, lang):
    at, view = twin.now(), View(community="", lang=lang)
    for tree in (without_community(view), health_views.items(view, at, health())):
        assert "run.py import" in "".join(text_of(tree))
    assert not any("0" in words for words in text_of(health_views._index(view, {**health(), "not_here": ()})))
    assert "data-form" not in str(health_views._plan(view, health())), "there is no plan to order"


def test_a_profile_without_a_judged_item_does_not_say_that_none_failed(twin, view):
    for unjudged in (0, 20):
        counts = {"pass": 0, "fail": 0, "not_measurable": unjudged}
        answer = {"counts": counts, "title": {"zh": "标准"}, "failed": [], "missing": []}
        words = text_of(profile_views.health(view, twin.now(), answer))
        assert "没有一项得到评定" in words
        assert " ".join(words).count("没有未达标项") == 0


def test_homes_without_sensors_are_no_row_of_zeros(twin, view):
    at = twin.now()
    words = text_of(home_table.chips(view, at, home_answers.states(twin, at, "demo", home=None)))
    assert "0" not in words
    assert any("run.py import" in one for one in words)


def test_where_no_building_has_a_device_the_map_names_none_calm(view):
    colours = {"alert": {"unsensed": 11}, "occupancy": {"none": 11}, "freshness": {"none": 11}}
    words = text_of(map_frame.legend(view, None, colours))
    assert "没有设备，无从告警" in words
    assert "平静" not in words
    heard = text_of(map_frame.legend(view, None, colours | {"alert": {"unsensed": 10, "none": 1}}))
    assert heard[heard.index("平静") + 1] == "1"
    assert heard[heard.index("无设备") + 1] == "10", "what nobody hears of is not calm"


def test_without_open_projects_nothing_is_said_to_change_when_they_are_finished(twin, view):
    answer = {"rows": [], "index": 62.8, "finished": 62.8, "minutes": 10.0, "day": twin.now().date()}
    words = " ".join(text_of(profile_views.plan(view, twin.now(), answer)))
    assert "62.8" not in words
    assert "run.py records template gap_project" in words

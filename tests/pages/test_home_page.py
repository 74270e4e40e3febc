"""The page of homes: all of them in a table, one with what is known of it; names masked, restricted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from layouts import home
from layouts.page import View
from layouts.parts import home_answers, home_table, home_views, rules_answers, rules_views
from tests.pages.conftest import HERE, readings, text_of, titles_of
from twin_model.entities import Contact, Resident


@pytest.fixture
def peopled(living, clock):
    """Somebody lives in 502 and somebody can be called."""
    living.record([
        Resident(community_id=HERE, resident_id="r1", home_id="h502", name="王秀英", birth_year=1944, lives_alone=True,
                 health_note="高血压"),
        Contact(community_id=HERE, contact_id="c2", role="grid_worker", name="李明", phone="13900000000"),
        Contact(community_id=HERE, contact_id="c1", home_id="h502", role="family", name="王芳", phone="13800000000"),
        Contact(community_id=HERE, contact_id="c3", home_id="h501", role="family", name="赵六", phone="13700000000"),
    ])  # fmt: skip
    clock.forward(seconds=1)
    return living


def test_the_table_has_one_row_per_home_with_a_kit(peopled, clock):
    rows = home_table.rows("zh", home_answers.homes(peopled, clock(), HERE))
    assert [(row["id"], row["place"], row["devices"]) for row in rows] == [("h502", "东园 3幢 2单元 502", "2 / 2")]
    assert rows[0]["state"] in ("活动", "安静")
    assert home_answers.homes(peopled, clock(), HERE, state="blind") == []


def test_the_chips_count_the_homes_of_each_state_and_go_when_one_home_is_open(peopled, clock):
    counts = home_answers.states(peopled, clock(), HERE)
    assert counts["all"] == 1
    assert text_of(home_table.chips(View(HERE), clock(), counts))[:2] == ["全部", "1"]
    assert home_answers.states(peopled, clock(), HERE, home="h502") is None


def test_the_head_names_the_home_its_state_and_its_rhythm_but_masks_the_person(peopled, clock):
    answer = home_answers.head(peopled, clock(), HERE, home="h502")
    words = " ".join(text_of(home_views.title(View(HERE), clock(), answer)))
    assert "东园 3幢 2单元 502" in words
    assert "王**" in words
    assert "82 岁" in words
    assert "独居" in words
    assert "还在学习" in words
    assert "秀英" not in words, "full names only in an incident"
    assert "高血压" not in words, "and health too"


def test_a_home_that_is_not_here_says_so_and_one_that_is_not_chosen_shows_nothing(peopled, clock):
    assert home_answers.head(peopled, clock(), HERE, home=None) is None
    wrong = home_answers.head(peopled, clock(), HERE, home="h999")
    assert "本社区没有这一户，或当时还没有登记" in text_of(home_views.title(View(HERE), clock(), wrong))
    for question in (home_answers.devices, home_answers.events, home_answers.contacts, rules_answers.of_home):
        assert question(peopled, clock(), "elsewhere", home="h502") is None


def test_contacts_come_in_the_order_they_are_asked_without_numbers(peopled, clock):
    answer = home_answers.contacts(peopled, clock(), HERE, home="h502")
    assert [(row["role"], row["name"]) for row in answer] == [("family", "王**"), ("grid_worker", "李**")]
    tree = home_views.contacts(View(HERE), clock(), answer)
    said = " ".join(text_of(tree) + titles_of(tree))
    assert "1380" not in said
    assert "1390" not in said
    assert "有电话" in said


def test_the_devices_show_value_status_battery_and_age(peopled, clock):
    answer = home_answers.devices(peopled, clock(), HERE, home="h502")
    words = text_of(home_views.devices(View(HERE), clock(), answer))
    assert "有人移动 有人" in words
    assert "2 / 2 台有回音" in words
    assert "正常" in words
    assert home_views.devices(View(HERE), clock(), None) is None


def test_31_days_without_anything_say_so(peopled, clock):
    answer = home_answers.events(peopled, clock(), HERE, home="h501")
    assert "近 31 天没有事件，也没有告警" in text_of(home_views.events(View(HERE), clock(), answer))


def test_an_alert_of_the_home_is_listed_and_marked_in_the_chart(peopled, clock):
    peopled.apply(readings(peopled, ("smoke-1", "smoke", 1, 0)))
    clock.forward(seconds=2)
    peopled.care.step()
    answer = home_answers.events(peopled, clock(), HERE, home="h502")
    words = text_of(home_views.events(View(HERE), clock(), answer))
    assert len(answer["incidents"]) == 1, "the alert opened an incident"
    assert "烟雾报警" in words
    assert "处置中" in words
    rows = home_table.rows("zh", home_answers.homes(peopled, clock(), HERE))
    assert rows[0]["severity"] == "act"


def test_an_absence_of_the_home_and_of_the_community_stand_on_its_page(peopled, clock):
    known = {"community_id": HERE, "kind": "away", "starts_at": clock(), "reason": "在女儿家", "by": "陈"}
    peopled.care.declare_absence(**known, home_id="h502", ends_at=clock() + timedelta(hours=8))
    clock.forward(seconds=1)
    answer = rules_answers.absences_of(peopled, clock(), HERE, home="h502")
    words = " ".join(text_of(home_views.absences(View(HERE), clock(), answer)))
    assert "外出" in words
    assert "陈：在女儿家" in words
    assert "自动结束" in words
    assert rules_answers.absences_of(peopled, clock(), HERE, home="h501") == []


def test_the_numbers_in_force_name_their_level_and_who_changed_them(peopled, clock):
    rule, parameter = first_number(peopled)
    value = peopled.catalogue.alert_rules[rule].parameters[parameter].high
    peopled.care.set_threshold(rule, parameter, value, community_id=HERE, home_id="h502", by="陈", reason="常去女儿家")
    clock.forward(seconds=1)
    answer = rules_answers.of_home(peopled, clock(), HERE, home="h502")
    own = next(one for one in answer if (one["rule"], one["name"]) == (rule, parameter))
    assert (own["level"], own["value"]) == ("home", value)
    words = text_of(rules_views.of_home(View(HERE), clock(), answer))
    assert "本户" in words
    assert "默认" in words
    assert "陈：常去女儿家" in words
    other = rules_answers.of_home(peopled, clock(), HERE, home="h501")
    assert all(one["level"] == "default" for one in other)


def first_number(twin) -> tuple[str, str]:
    """A rule with a number that can be changed."""
    for name, rule in twin.catalogue.alert_rules.items():
        for parameter in rule.parameters.values():
            if parameter.high > parameter.value:
                return name, parameter.name
    raise AssertionError("no rule has a number")


def test_a_way_to_a_home_keeps_the_instant_the_language_and_the_community(clock):
    view = View(HERE, at=clock(), lang="en")
    link = home_views.link(view, "/home", "502", home="h502")
    assert link.href == "/home?at=2026-11-22T12:00:00%2B08:00&lang=en&community=demo&home=h502"


def test_the_page_is_one_of_the_care_group_and_asks_nothing_while_it_is_laid_out():
    assert home.PAGE.group == "care"
    assert home.PAGE.slim
    home.PAGE.layout(View(HERE))

"""The rules page: every rule with its numbers and sources, changes with who and why, absences, suggestions, outlets."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from dash import html
from dash.development.base_component import Component

from layouts.page import View
from layouts.parts import form, rules_answers, rules_side, rules_views
from tests.pages.conftest import HERE, text_of, titles_of
from tests.pages.test_home_page import first_number
from twin_model.suggestions import Suggestion


def forms_of(tree) -> list[html.Form]:
    if isinstance(tree, (list, tuple)):
        return [found for item in tree for found in forms_of(item)]
    if isinstance(tree, html.Form):
        return [tree]
    return forms_of(getattr(tree, "children", None)) if hasattr(tree, "children") else []


def names_of(tree) -> set[str]:
    """The names of the fields in a tree."""
    if isinstance(tree, (list, tuple)):
        return {name for item in tree for name in names_of(item)}
    if not isinstance(tree, Component):
        return set()
    known = props(tree)
    own = {known.get("name") or known.get("data-name")} - {None}
    return own | names_of(known.get("children"))


def props(tree) -> dict:
    return tree.to_plotly_json()["props"]


def test_every_rule_is_listed_with_its_sentence_the_gravest_first(living, clock):
    answer = rules_answers.rules(living, clock(), HERE)
    assert {rule["rule"] for rule in answer} == set(living.catalogue.alert_rules)
    assert [rule["grade"] for rule in answer] == sorted(rule["grade"] for rule in answer)
    said = [rules_views.sentence(lang, rule) for lang in ("zh", "en") for rule in answer]
    assert all(said), "every rule says something"
    assert not any("{" in sentence or "}" in sentence for sentence in said), "no template is left open"


def test_every_number_shows_its_source_and_whether_it_is_only_proposed(living, clock):
    answer = rules_answers.rules(living, clock(), HERE)
    words = text_of(rules_views.rules(View(HERE), clock(), answer))
    numbers = [one for rule in answer for one in rule["parameters"]]
    assert words.count("建议值") == sum(one["proposal"] for one in numbers)
    assert words.count("有出处") == sum(not one["proposal"] for one in numbers)
    grounds = [one["source"]["zh"].removeprefix("建议值").lstrip("：，") for one in numbers]
    assert all(said in words for said in grounds if said)
    assert not any(".md" in words_ for words_ in words), "no file of ours is named to people"
    assert words.count("更改") == len(numbers)


@pytest.mark.parametrize(
    ("value", "unit", "name", "zh", "en"),
    [
        (12, "h", "limit", "12 小时", "12 h"),
        (22.5, "h", "from", "22:30", "22:30"),
        (0.01, "m³", "limit", "0.010 m³", "0.010 m³"),
        (20, "%", "limit", "20%", "20%"),
        (2, "x", "times", "2 倍", "2×"),
        (None, "h", "limit", "—", "—"),
    ],
)
def test_a_number_has_its_unit_and_an_hour_of_the_day_is_a_time(value, unit, name, zh, en):
    assert rules_views.amount("zh", value, unit, name) == zh
    assert rules_views.amount("en", value, unit, name) == en


def changed(twin, clock, *, home: str | None = None, value: float | None = None) -> tuple[str, str, float]:
    rule, parameter = first_number(twin)
    high = twin.catalogue.alert_rules[rule].parameters[parameter].high if value is None else value
    twin.care.set_threshold(rule, parameter, high, community_id=HERE, home_id=home, by="陈", reason="误报太多")
    clock.forward(seconds=1)
    return rule, parameter, high


def test_a_change_shows_where_who_why_and_what_it_was_before(living, clock):
    changed(living, clock, home="h502")
    words = " ".join(text_of(rules_views.rules(View(HERE), clock(), rules_answers.rules(living, clock(), HERE))))
    assert "东园 3幢 2单元 502" in words
    assert "陈：误报太多" in words
    assert "（原 " in words


def test_the_history_keeps_every_change_also_those_taken_back(living, clock):
    rule, parameter, _ = changed(living, clock)
    living.care.set_threshold(rule, parameter, None, community_id=HERE, by="李", reason="撤回更改")
    clock.forward(seconds=1)
    answer = rules_answers.history(living, clock(), HERE)
    assert [(one["by"], one["value"] is None) for one in answer] == [("李", True), ("陈", False)]
    words = text_of(rules_views.history(View(HERE), clock(), answer))
    assert "撤回" in words
    assert "误报太多" in words


def test_what_was_changed_later_is_not_known_before(living, clock):
    before = clock()
    clock.forward(minutes=1)
    changed(living, clock)
    assert rules_answers.history(living, before, HERE) == []
    assert all(
        one["community"] is None for rule in rules_answers.rules(living, before, HERE) for one in rule["parameters"]
    )


def test_the_form_of_a_number_asks_who_and_why_and_offers_the_published_values(living, clock):
    rule, parameter = first_number(living)
    answer = rules_answers.edited(living, clock(), HERE, edit=f"{rule}|{parameter}")
    tree = rules_views.editor(View(HERE), clock(), answer)
    (one,) = forms_of(tree)
    sent = props(one)
    assert (sent["data-send"], sent["data-method"]) == ("/api/v1/thresholds", "PUT")
    assert json.loads(sent["data-fixed"]) == {"rule": rule, "parameter": parameter, "community_id": HERE}
    names = names_of(one)
    assert {"by", "reason", "home_id"} <= names
    assert any(words.startswith("默认 ") for words in text_of(tree))
    assert rules_answers.edited(living, clock(), HERE, edit="nothing|x") is None
    assert rules_views.editor(View(HERE), clock(), None) is None


def test_nothing_can_be_changed_in_the_past(living, clock):
    view = View(HERE, at=clock())
    rule, parameter = first_number(living)
    answer = rules_answers.edited(living, clock(), HERE, edit=f"{rule}|{parameter}")
    trees = [rules_views.editor(view, clock(), answer), rules_side.declare(view, clock(), [])]
    trees.append(rules_views.rules(view, clock(), rules_answers.rules(living, clock(), HERE)))
    assert forms_of(trees) == []
    assert "更改" not in text_of(trees[-1])
    assert form.press(view, "x", "/api", sure="y") is None


def test_absences_are_listed_with_their_end_and_can_be_ended(living, clock):
    for home, hours in (("h502", 8), (None, 2)):
        living.care.declare_absence(
            community_id=HERE, home_id=home, kind="cleaning", starts_at=clock(), by="陈", reason="大扫除",
            ends_at=clock() + timedelta(hours=hours),
        )  # fmt: skip
    clock.forward(seconds=1)
    answer = rules_answers.absences(living, clock(), HERE)
    assert [row["absence"].home_id for row in answer] == [None, "h502"], "the next to end first"
    words = text_of(rules_side.absences(View(HERE), clock(), answer))
    assert "全社区" in words
    assert "东园 3幢 2单元 502" in words
    assert words.count("现在结束") == 2


def test_declaring_an_absence_offers_only_homes_with_a_kit_and_ends_by_itself(living, clock):
    homes = rules_answers.homes(living, clock(), HERE)
    assert [home["home_id"] for home in homes] == ["h502"]
    (one,) = forms_of(rules_side.declare(View(HERE), clock(), homes))
    assert props(one)["data-send"] == "/api/v1/absences"
    kinds = [props(label).get("data-kind") for label in one.children if isinstance(label, html.Label)]
    assert "known" in kinds
    assert "8 小时" in text_of(one)


def test_a_suggestion_says_its_sentence_and_is_applied_only_with_who_and_why(living, clock):
    rule, parameter = first_number(living)
    one = Suggestion(
        rule=rule, parameter=parameter, community_id=HERE, home_id="h502", value=12, proposed=14, unit="h", n=7,
        false_n=6, spared=6, delay=2.0, incidents=("i1",),
        sentence={"zh": "建议调到 14 小时：7 次中 6 次误报", "en": "Raise to 14 h: 6 of 7 false"},
    )  # fmt: skip
    place = rules_answers.homes(living, clock(), HERE)[0]
    row = {"suggestion": one, "rule_title": {"zh": "久无活动"}, "title": {}, "unit": "h", "place": place}
    tree = rules_side.suggestions(View(HERE), clock(), [row])
    words = text_of(tree)
    assert "建议调到 14 小时：7 次中 6 次误报" in words
    assert "不会自动生效" in words
    sent = json.loads(props(forms_of(tree)[0])["data-fixed"])
    assert (sent["value"], sent["home_id"]) == (14, "h502")
    assert "您的姓名" in words
    assert "为什么" in words
    assert "还没有足够的结果可供建议" in text_of(rules_side.suggestions(View(HERE), clock(), []))


def test_an_outlet_that_fails_says_what_is_wrong_and_how_much_waits(clock):
    well = {"kind": "webhook", "name": "平台", "waiting": 0, "last_told": None, "fault": None, "given_up": 0}
    fault = {"zh": "403 拒绝", "en": "403 refused"}
    ill = {**well, "kind": "wecom", "name": "值班群", "waiting": 3, "last_told": clock(), "fault": fault}
    rows = [ill, well]
    words = text_of(rules_side.outlets(View(HERE), clock(), rows))
    assert "企业微信机器人 值班群" in words
    assert "待发 3 条" in words
    assert "403 拒绝" in words
    assert "还没有发出过" in words
    empty = rules_side.outlets(View(HERE), clock(), [])
    assert any("cockpit.toml" in w for w in text_of(empty))


def test_the_page_is_english_in_english(living, clock):
    changed(living, clock, home="h502")
    view = View(HERE, lang="en")
    rule, parameter = first_number(living)
    trees = [
        rules_views.rules(view, clock(), rules_answers.rules(living, clock(), HERE)),
        rules_views.editor(view, clock(), rules_answers.edited(living, clock(), HERE, edit=f"{rule}|{parameter}")),
        rules_views.history(view, clock(), rules_answers.history(living, clock(), HERE)),
        rules_side.absences(view, clock(), []),
        rules_side.declare(view, clock(), []),
        rules_side.outlets(view, clock(), []),
    ]
    said = [w.replace("陈", "").replace("误报太多", "") for tree in trees for w in text_of(tree) + titles_of(tree)]
    assert [words for words in said if any("\u3400" <= c <= "\u9fff" for c in words)] == []

"""The elder-care page as trees: what an officer reads of an incident, and what may be pressed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from dash.development.base_component import Component

from layouts import elder_care
from layouts.page import View
from layouts.parts import care_answers, care_brief, care_card, care_list, care_steps, form, map_scene, shell_bar
from tests.pages.conftest import HERE, classes_of, readings, text_of
from twin_model.entities import Contact, Device, Resident

OFFICER = {"by": "陈静", "role": "duty_officer"}


def found(tree, **wanted) -> list[dict]:
    """The properties of every element that has these, in reading order."""
    if isinstance(tree, (list, tuple)):
        return [one for item in tree for one in found(item, **wanted)]
    if not isinstance(tree, Component):
        return []
    props = tree.to_plotly_json()["props"]
    own = [props] if all(props.get(name.replace("_", "-")) == value for name, value in wanted.items()) else []
    return own + found(props.get("children"), **wanted)


def having(tree, name: str) -> list[dict]:
    """The properties of every element that has the attribute at all."""
    if isinstance(tree, (list, tuple)):
        return [one for item in tree for one in having(item, name)]
    if not isinstance(tree, Component):
        return []
    props = tree.to_plotly_json()["props"]
    return ([props] if name in props else []) + having(props.get("children"), name)


@pytest.fixture
def home(living):
    """The home of an elder with a button to call for help, somebody who knows her, and people to ask."""
    person = {"community_id": HERE, "home_id": "h502"}
    living.record([
        Device(community_id=HERE, dialect="json", device_id="d-sos", type="sos_button", address="sos-1",
               home_id="h502", name="卫生间求助按钮"),
        Resident(**person, resident_id="p1", name="王秀英", birth_year=1944, lives_alone=True, health_note="高血压"),
        Contact(**person, contact_id="c1", role="family", rank=1, name="王丽", phone="100 0000 0001",
                note="女儿，住本市"),
        Contact(**person, contact_id="c2", role="neighbour", rank=1, name="李芳", phone="100 0000 0002"),
        Contact(**person, contact_id="c3", role="grid_worker", rank=1, name="赵强", phone="100 0000 0003"),
        Contact(community_id=HERE, contact_id="c4", role="doctor", rank=1, name="何慧", phone="100 0000 0004"),
    ])  # fmt: skip
    living.apply(readings(living, ("sos-1", "sos", 0, 3)))
    return living


@pytest.fixture
def call(home, clock):
    """She has pressed the button 38 seconds ago; the incident's id."""
    clock.forward(seconds=60)
    home.apply(readings(home, ("sos-1", "sos", 1, 0)))
    clock.forward(seconds=38)
    (incident,) = care_answers.open_incidents(home, home.now(), HERE)
    return incident.incident_id


def card(twin, view: View, chosen: str | None = None):
    at = view.at or twin.now()
    return care_card.card(view, at, care_answers.card(twin, at, HERE, chosen=chosen))


def steps(twin, view: View, chosen: str | None = None):
    at = view.at or twin.now()
    return care_steps.steps(view, at, care_answers.acts(twin, at, HERE, chosen=chosen))


def waiting(twin, view: View, kept: str | None = None):
    at = view.at or twin.now()
    return care_list.waiting(view, at, care_answers.waiting(twin, at, HERE, chosen=None, kept=kept))


def test_without_an_incident_the_page_is_quiet(home, view):
    assert text_of(card(home, view))[0] == "现在没有要处理的事"
    assert steps(home, view) is None
    assert text_of(waiting(home, view)) == ["待处理", "现在没有要处理的事"]
    assert having(card(home, view), "data-incident")[0]["data-incident"] == "", "so the map goes back to the whole"


def test_a_call_is_read_from_the_clock_down(home, view, call):
    words = text_of(card(home, view))
    assert words[words.index("00:38") + 1] == "东园 3幢 2单元 502"
    assert "王** · 82 岁 · 独居 · 高血压" in words
    assert words.index("依据") < words.index("接力"), "why comes before who"
    assert any(w.startswith("卫生间求助按钮：") for w in words), "which button it was"


def test_people_are_named_by_one_character_only(home, view, call):
    everything = [card(home, view), steps(home, view), waiting(home, view)]
    shown = json.dumps([tree.to_plotly_json() for tree in everything], default=lambda part: part.to_plotly_json(),
                       ensure_ascii=False)  # fmt: skip
    assert "王**" in shown
    for name in ("王秀英", "王丽", "李芳", "赵强", "何慧"):
        assert name not in shown


def test_numbers_to_call_are_there_while_it_is_open_and_then_no_more(home, view, call, clock):
    calls = [one["href"] for one in having(steps(home, view), "href")]
    assert calls == ["tel:120", "tel:100 0000 0001", "tel:100 0000 0002", "tel:100 0000 0003"]
    assert "女儿" in text_of(steps(home, view)), "family by what they are to her"
    close(home, call, clock)
    assert not having(steps(home, view, call), "href")
    assert care_answers.acts(home, home.now(), HERE, chosen=call)["calls"] == []


def close(twin, incident, clock, outcome="true", cause="fall"):
    clock.forward(seconds=5)
    for step, said in (
        ("acknowledge", {}), ("contact", {"result": "nobody"}), ("dispatch", {"rung": "grid_worker"}), ("arrive", {}),
        ("handle", {}),
    ):  # fmt: skip
        twin.care.take_step(incident, step, **OFFICER, **said)
    twin.care.take_step(incident, "confirm", by="李明", role="grid_worker")
    twin.care.take_step(incident, "close", **OFFICER, outcome=outcome, cause=cause)


def main_of(tree) -> dict:
    (button,) = having(tree, "data-main")
    return button


def test_the_big_button_is_the_next_legal_step_all_the_way_down(home, view, call):
    pressed = []
    said = {
        "contact": {"result": "nobody"},
        "dispatch": {"rung": "grid_worker"},
        "close": {"outcome": "true", "cause": "fall"},
    }
    for _ in range(7):
        button = main_of(steps(home, view))
        step = button.get("data-step") or button["data-open-form"]
        pressed.append(step)
        who = {"by": "李明", "role": "grid_worker"} if step == "confirm" else OFFICER
        home.care.take_step(call, step, **who, **said.get(step, {}))
    assert pressed == ["acknowledge", "contact", "dispatch", "arrive", "handle", "confirm", "close"]
    assert care_answers.open_incidents(home, home.now(), HERE) == []


def test_what_has_to_be_filled_in_opens_a_form_with_one_press_per_answer(home, view, call):
    home.care.take_step(call, "acknowledge", **OFFICER)
    tree = steps(home, view)
    assert main_of(tree)["data-open-form"] == "contact"
    (form,) = found(tree, data_form="contact")
    results = {one["data-result"] for one in having(form["children"], "data-result")}
    assert {"self_well", "family", "nobody"} <= results
    assert "not_stated" not in results


def test_closing_asks_for_an_outcome_and_a_cause_that_fit_together(home, view, call, clock):
    home.care.take_step(call, "acknowledge", **OFFICER)
    procedure = home.catalogue.procedures["elder_incident"]
    answer = {**care_answers.acts(home, home.now(), HERE, chosen=call)}
    closing = care_steps._close_form("zh", answer, "close")
    pairs = {(one["data-outcome"], one["data-cause"]) for one in having(closing, "data-cause")}
    assert ("true", "fall") in pairs
    assert ("false", "fall") not in pairs
    assert pairs == {(o, c.name) for c in procedure.causes.values() for o in c.outcomes}


def test_120_is_within_reach_at_every_phase(home, view, call):
    said = {"contact": {"result": "nobody"}, "dispatch": {"rung": "grid_worker"}}
    for step in ("acknowledge", "contact", "dispatch", "arrive", "handle", None):
        tree = steps(home, view)
        assert found(tree, data_open_form="emergency")
        assert found(tree, href="tel:120")
        if step:
            home.care.take_step(call, step, **OFFICER, **said.get(step, {}))


def test_every_button_knows_which_step_it_was_drawn_after(home, view, call):
    before = having(steps(home, view), "data-acts")[0]
    assert (before["data-acts"], before["data-n"]) == (call, "1")
    home.care.take_step(call, "acknowledge", **OFFICER)
    assert having(steps(home, view), "data-acts")[0]["data-n"] == "2"


def test_the_past_says_that_nothing_can_be_done_there(home, view, call, clock):
    then = home.now()
    clock.forward(minutes=1)
    home.care.take_step(call, "acknowledge", **OFFICER)
    clock.forward(hours=3)
    past = replace(view, at=then)
    words = text_of(steps(home, past))
    assert words[0] == "历史中不能处置"
    assert having(steps(home, past), "data-step") == []
    assert "00:38" in text_of(card(home, past)), "the clock as it stood then"
    assert not any("陈静" in w for w in text_of(card(home, past))), "who came later is not known yet"


def test_the_relay_tells_what_happened_and_who_is_next(home, view, call, clock):
    assert any("等待确认接警" in w for w in text_of(card(home, view)))
    home.care.take_step(call, "acknowledge", **OFFICER)
    home.care.take_step(call, "contact", **OFFICER, result="nobody", note="响铃两次")
    lines = care_card.relay(view, home.now(), care_answers.card(home, home.now(), HERE, chosen=call))
    told = [(state, who, what) for state, who, what, _, _ in lines]
    assert told[0] == ("done", "值班 陈静", "已确认")
    assert told[1] == ("failed", "值班 陈静", "已联系：无人接听，响铃两次")
    assert told[-1] == ("todo", "邻居 › 网格员 › 社区医生 › 街道 › 120", "可随时手动转")
    assert told[-2][:2] == ("todo", "家属 王**")
    assert told[-2][2].endswith("无应答自动转"), "the time of a hand-over is shown before it happens"


def test_who_is_silent_is_passed_over_and_the_line_says_so(home, view, call, clock):
    clock.forward(minutes=1)
    home.care.step()
    clock.forward(minutes=2)
    home.care.step()
    lines = care_card.relay(view, home.now(), care_answers.card(home, home.now(), HERE, chosen=call))
    told = [(state, who, what) for state, who, what, _, _ in lines]
    assert told[0] == ("failed", "家属 王**", "无应答")
    assert ("now", "值班", "等待确认接警") in told, "whoever is asked meanwhile, nobody has acknowledged"
    assert [who for state, who, _ in told if state == "now"][-1] == "邻居 李**"
    assert any("值班未确认，正在找邻居" in w for w in text_of(waiting(home, view)))


def test_of_a_long_story_the_last_lines_are_shown_and_the_rest_is_folded(home, view, call):
    home.care.take_step(call, "acknowledge", **OFFICER)
    for n in range(6):
        home.care.take_step(call, "note", **OFFICER, note=f"备注 {n}")
    tree = card(home, view)
    assert "此前 5 步" in text_of(tree)
    (folded,) = [one for one in having(tree, "className") if one["className"] == "relay-older"]
    assert any("备注 3" in w for w in text_of(folded["children"]))


def test_the_list_puts_blind_homes_last_but_with_a_clock(home, view, call, clock):
    clock.forward(days=3)
    home.care.step()
    answer = care_answers.waiting(home, home.now(), HERE, chosen=None, kept=None)
    rows = [row["incident"].severity for row in answer["open"]]
    assert rows == sorted(rows, key=["act", "look", "blind"].index)
    tree = care_list.waiting(view, home.now(), answer)
    assert len([t for t in having(tree, "data-tick") if "long" in t["className"]]) >= len(rows)


def test_a_state_keeps_only_its_homes_and_their_buildings(home, view):
    tree = waiting(home, view, kept="active")
    assert text_of(tree)[:2] == ["活动", "1"]
    assert "东园 3幢 2单元 502" in text_of(tree)
    assert json.loads(tree.to_plotly_json()["props"]["data-only"]) == ["b1"]
    assert json.loads(waiting(home, view, kept="blind").to_plotly_json()["props"]["data-only"]) == []


def test_the_quiet_list_shows_how_the_last_ones_ended(home, view, call, clock):
    close(home, call, clock, outcome="false", cause="pressed_by_mistake")
    words = text_of(waiting(home, view))
    assert words[:2] == ["待处理", "现在没有要处理的事"]
    assert words[words.index("最近关闭") :][-1] == "误报 · 误按"
    assert text_of(card(home, view))[0] == "现在没有要处理的事"


def test_a_low_battery_never_stands_before_a_person(home, view, clock):
    home.apply(readings(home, ("smoke-1", "battery", 4, 0)))
    clock.forward(minutes=1)
    home.care.step()
    answer = care_answers.waiting(home, home.now(), HERE, chosen=None, kept=None)
    assert (len(answer["open"]), len(answer["upkeep"])) == (0, 1)
    assert answer["shown"] is None
    assert "现在没有要处理的事" in text_of(care_list.waiting(view, home.now(), answer))
    chosen = answer["upkeep"][0]["incident"].incident_id
    assert care_answers.card(home, home.now(), HERE, chosen=chosen) is not None, "it can still be opened"


def test_an_alert_that_an_incident_rests_on_is_not_listed_again(home, call):
    incidents, alerts = care_answers.work(home, home.now(), HERE)
    told = {(item.rule, item.subject) for incident in incidents for item in incident.evidence}
    firing = home.alerts(home.now(), community_id=HERE).to_pylist()
    assert told & {(row["rule"], row["subject"]) for row in firing}, "the call is an alert, too"
    assert not told & {(row["rule"], row["subject"]) for row in alerts}


def test_an_exercise_never_stands_before_a_person_who_needs_help(home, call):
    real = next(i for i in care_answers.open_incidents(home, home.now(), HERE) if i.incident_id == call)
    drill = replace(real, incident_id="drill", drill_id="d", grade=1, raised_at=real.raised_at - timedelta(hours=1))
    mild = replace(real, incident_id="mild", severity="look", grade=3)
    ordered = sorted([drill, mild, real], key=care_answers.urgency)
    assert [i.incident_id for i in ordered] == [call, "mild", "drill"]


def test_only_drills_make_the_badge_say_drill_and_never_a_number_of_calls(home, view, call):
    answer = care_answers.red(home, home.now(), HERE)
    exercise = answer | {"red": [(number, phase, at, title, True) for number, phase, at, title, _ in answer["red"]]}
    told = care_brief.badge(view, home.now(), exercise)
    assert text_of(told)[0] == "演练"
    assert "drill" in classes_of(told)


def test_the_badge_counts_red_ones_and_says_which_nobody_answered(home, view, call):
    told = care_brief.badge(view, home.now(), care_answers.red(home, home.now(), HERE))
    props = told.to_plotly_json()["props"]
    assert json.loads(props["data-red"]) == [{"id": call, "phase": "raised", "place": "东园 3幢"}]
    assert text_of(told) == ["1", "1 起红色事件未关闭"]
    home.care.take_step(call, "acknowledge", **OFFICER)
    again = care_brief.badge(view, home.now(), care_answers.red(home, home.now(), HERE))
    assert json.loads(again.to_plotly_json()["props"]["data-red"])[0]["phase"] == "acknowledged"


def test_no_badge_without_a_red_one(home, view):
    told = care_brief.badge(view, home.now(), care_answers.red(home, home.now(), HERE))
    assert text_of(told) == []


def test_the_group_entry_carries_the_badge(view):
    tree = shell_bar.bar(view, [elder_care.PAGE], "elder-care")
    assert "nav-badge" in classes_of(tree)


def test_an_overdue_countdown_says_by_how_much(home, view, call, clock):
    clock.forward(seconds=40)
    times = having(care_steps.due(view, home.now(), home.care.incident(call, home.now())), "data-tick")
    assert len(times) == 1
    late = care_steps.due(view, home.now() + timedelta(hours=1), home.care.incident(call, home.now()))
    assert any(w.startswith("超 ") for w in text_of(late))


def test_english_says_the_same(home, english, call):
    words = text_of(card(home, english)) + text_of(steps(home, english))
    assert "Acknowledge" in words
    assert "Evidence" in words
    assert any(w.startswith("王**") and "lives alone" in w for w in words)


def test_a_call_nobody_took_on_stands_before_an_older_one_that_is_seen_to(home, call, clock):
    home.record([Device(community_id=HERE, dialect="json", device_id="d-sos2", type="sos_button", address="sos-2",
                        home_id="h501")])  # fmt: skip
    home.apply(readings(home, ("sos-2", "sos", 0, 3)))
    home.care.take_step(call, "acknowledge", **OFFICER)
    clock.forward(minutes=1)
    home.apply(readings(home, ("sos-2", "sos", 1, 0)))
    assert [i.home_id for i in care_answers.open_incidents(home, home.now(), HERE)] == ["h501", "h502"]


def test_a_home_that_is_away_can_still_raise_an_alarm_on_the_map(home, call, clock):
    home.care.declare_absence(
        community_id=HERE, home_id="h502", kind="away", starts_at=home.now(), ends_at=home.now() + timedelta(days=1),
        reason="在女儿家", by="陈静",
    )  # fmt: skip
    detail = map_scene.building_detail(home, "b1", home.now())
    assert {cell["home_id"]: cell["state"] for cell in detail["homes"]}["h502"] == "act"


def seen_as(view, role: str, *may: str):
    return replace(view, role=role, may=frozenset(may))


def test_who_may_not_act_has_no_button_and_is_told_who_may(home, view, call):
    answer = care_answers.acts(home, home.now(), HERE, chosen=call)
    manager, now = seen_as(view, "manager"), home.now()
    drawn = care_steps.steps(manager, now, answer)
    urgent = care_brief.urgent(manager, now, {**answer, "drill": None})
    for tree in (drawn, urgent):
        assert having(tree, "data-step") == having(tree, "data-open-form") == []
        assert "值班员或管理员" in "".join(text_of(tree))
    assert having(care_steps.steps(seen_as(view, "duty_officer", "act"), now, answer), "data-step")


def test_only_steps_of_the_own_role_are_offered(home, view, call):
    answer = care_answers.acts(home, home.now(), HERE, chosen=call)
    rules, steps = answer["procedure"].steps, answer["incident"].next_steps
    for role in ("grid_worker", "duty_officer"):
        offered = care_steps.for_role(seen_as(view, role, "act"), answer)["incident"].next_steps
        assert set(offered) == {step for step in steps if role in rules[step].roles}
    assert care_steps.for_role(seen_as(view, "family", "act"), answer)["incident"].main_step != "acknowledge"


def test_forms_and_presses_are_drawn_for_those_who_may_write_there(view):
    manager = seen_as(view, "manager", "homes")
    for path in ("/api/v1/thresholds", "/api/v1/absences", "/api/v1/drills", "/api/v1/screens", "/api/v1/tokens"):
        assert having(form.form(manager, path, [], submit="s", done="d"), "data-send") == []
        assert form.press(manager, "w", f"{path}/x", sure="?") is None
    assert having(form.form(manager, "/api/v1/views", [], submit="s", done="d"), "data-send")
    assert having(form.form(seen_as(view, "duty_officer", "decide"), "/api/v1/thresholds", [], submit="s", done="d"),
                  "data-send")  # fmt: skip

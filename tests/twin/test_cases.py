"""Incidents on the real store: fusing, timers, two officers, merging, reopening, what is told outside."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.twin.closed_loops import PROCEDURES, RULES, T0, Desk, seconds
from tests.twin.conftest import NEIGHBOURHOOD, device
from twin_model.cases import Cases, HomeContext, StepRefused
from twin_model.entities import Community, Contact
from twin_model.records import record
from twin_model.store import Store

WORK = [("acknowledge", {}), ("contact", {"result": "nobody"}), ("dispatch", {"rung": "grid_worker"}), ("arrive", {}),
        ("handle", {}), ("confirm", {"by": "li"}), ("close", {"outcome": "false", "cause": "resting"})]  # fmt: skip


@pytest.fixture
def desk():
    with Store(None) as store:
        store.write(lambda w: record(w, NEIGHBOURHOOD, recorded_at=T0, valid_from=T0))
        yield Desk(store)


def work(desk, incident, *, until="close", start=10, every=5):
    for number, (step, more) in enumerate(WORK):
        told = desk.step(start + every * number, incident, step, **more)
        if step == until:
            return told
    return None


def test_alerts_of_one_home_become_one_incident_and_other_homes_their_own(desk):
    (first,) = desk.fire(0, desk.alert("no_movement"))
    assert desk.fire(60, desk.alert("no_water")) == [first]
    assert desk.fire(61, desk.alert("no_water", "h2")) != [first]
    told = desk.now(first)
    assert [e.rule for e in told.evidence] == ["no_movement", "no_water"]
    assert told.confidence == pytest.approx(1 - 0.4 * 0.5)
    assert told.confidence_word == "medium"


def test_alerts_of_one_moment_open_one_incident(desk):
    assert len(desk.fire(0, desk.alert("sos"), desk.alert("no_movement"), desk.alert("no_water"))) == 1
    assert len(desk.cases.incidents(seconds(1))) == 1


def test_the_same_alert_twice_changes_nothing(desk):
    alert = desk.alert("sos")
    (incident,) = desk.fire(0, alert)
    assert desk.fire(1, alert) == []
    assert desk.now(incident).n == 1
    assert desk.news() == ["raised"]


def test_a_low_battery_alone_opens_nothing_but_joins_what_is_open(desk):
    assert desk.fire(0, desk.alert("battery_low"), desk.alert("battery_low", "h2")) == []
    (incident,) = desk.fire(1, desk.alert("sos"))
    desk.fire(2, desk.alert("battery_low"))
    assert [e.rule for e in desk.now(incident).evidence] == ["sos", "battery_low"]


def test_a_rule_without_a_procedure_is_an_alert_only(desk):
    assert desk.fire(0, desk.alert("only_told")) == []


def test_worse_evidence_raises_the_grade_and_its_deadlines_count_from_then(desk):
    (incident,) = desk.fire(0, desk.alert("no_movement"))
    desk.step(30, incident, "acknowledge")
    desk.fire(100, desk.alert("sos"))
    told = desk.now(incident)
    assert (told.grade, told.severity, told.title["zh"]) == (1, "act", "sos")
    assert told.deadlines["contact"] == seconds(100 + 180)
    assert desk.news() == ["raised", "acknowledge", "escalated"]


def test_a_silent_officer_is_replaced_at_exactly_the_due_instant_however_late_the_clock_comes(desk):
    (incident,) = desk.fire(0, desk.alert("sos"))
    assert desk.cases.next_due() == seconds(60)
    assert desk.tick(59.999999) == []
    assert desk.tick(7000.5) == [incident]
    handed = [("hand_over", 60 + 120 * n, "system") for n in range(6)]
    assert desk.log(incident) == [("raise", 0, "system"), *handed, ("overdue", 780, "system")]
    assert [r.role for r in desk.now(incident).ladder if r.state == "failed"] == [
        "family", "neighbour", "grid_worker", "doctor", "subdistrict",
    ]  # fmt: skip
    assert desk.now(incident).rung == "120"
    assert desk.tick(10**6) == []
    assert desk.cases.next_due() is None


def test_what_nobody_answers_is_called_overdue_once_after_the_last_rung(desk):
    (incident,) = desk.fire(0, desk.alert("sos"))
    desk.tick(780)
    assert desk.news()[-1] == "overdue"
    assert desk.tick(10**5) == []
    assert (desk.now(incident).next_due, desk.now(incident).next_due_kind) == (seconds(780), "answer")
    assert desk.step(10**5, incident, "acknowledge").next_due == seconds(10**5 + 120)
    desk.tick(10**5 + 120)
    assert desk.log(incident)[-1] == ("overdue", 10**5 + 120, "system")


def test_what_was_handled_and_is_not_confirmed_in_a_day_is_overdue_not_forgotten(desk):
    (incident,) = desk.fire(0, desk.alert("sos"))
    told = work(desk, incident, until="handle")
    assert (told.next_due, told.next_due_kind) == (seconds(30 + 86_400), "confirm")
    desk.tick(86_430)
    assert desk.log(incident)[-1] == ("overdue", 86_430, "system")
    assert desk.now(incident).phase == "handled"


def test_a_milder_incident_is_not_handed_to_the_ambulance_by_the_clock(desk):
    (incident,) = desk.fire(0, desk.alert("no_movement"))
    desk.tick(10**6)
    assert desk.now(incident).rung == "subdistrict"
    assert desk.step(10**6, incident, "hand_over", rung="120").rung == "120"


def test_smoke_calls_the_fire_brigade(desk):
    (incident,) = desk.fire(0, desk.alert("smoke"))
    assert desk.now(incident).ladder[-1].role == "119"
    assert desk.step(5, incident, "hand_over", rung="119").owner == "119"


def test_the_clock_passes_over_a_rung_where_nobody_is_listed(desk):
    people = [
        Contact(community_id="c", contact_id="k1", role="grid_worker", name="李", phone="1"),
        Contact(community_id="c", contact_id="k2", home_id="h2", role="family", name="王", phone="2"),
    ]
    desk.store.write(lambda w: record(w, people, recorded_at=T0, valid_from=T0))
    (incident,) = desk.fire(0, desk.alert("sos"))
    desk.tick(60)
    assert [(r.role, r.state) for r in desk.now(incident).ladder][:4] == [
        ("family", "failed"), ("neighbour", "failed"), ("grid_worker", "now"), ("doctor", "todo"),
    ]  # fmt: skip
    desk.tick(180)
    assert desk.now(incident).rung == "120"


def test_a_clock_that_runs_back_does_not_put_a_step_before_the_last(desk):
    (incident,) = desk.fire(100, desk.alert("sos"))
    desk.step(90, incident, "acknowledge")
    assert desk.log(incident) == [("raise", 100, "system"), ("acknowledge", 100, "chen")]


def test_a_silent_device_is_a_task_for_sure_although_it_says_nothing_of_the_person(desk):
    alert = desk.alert("blind_home")
    (incident,) = desk.fire(0, alert)
    assert desk.now(incident).confidence_word == "high"
    desk.clear(10, alert)
    assert desk.now(incident).confidence == pytest.approx(0.45)


def test_a_call_for_help_stays_what_the_incident_is_called_after_the_button_was_let_go(desk):
    press = desk.alert("sos")
    (incident,) = desk.fire(0, press, desk.alert("no_movement"))
    desk.clear(600, press)
    assert desk.now(incident).title["zh"] == "sos"


def test_whoever_answers_after_a_hand_over_takes_it_on_and_the_clock_waits_again(desk):
    (incident,) = desk.fire(0, desk.alert("sos"))
    desk.tick(65)
    assert desk.now(incident).owner == "family"
    told = desk.step(70, incident, "acknowledge", by="li", role="grid_worker")
    assert (told.owner, told.phase, told.next_due) == ("li", "acknowledged", seconds(190))


def test_nobody_answering_the_call_hands_over_and_an_answer_waits_for_the_arrival(desk):
    (incident,) = desk.fire(0, desk.alert("sos"))
    desk.step(10, incident, "acknowledge")
    told = desk.step(20, incident, "contact", rung="family", result="nobody")
    assert (told.next_due, told.next_due_kind) == (seconds(140), "answer")
    told = desk.step(30, incident, "contact", rung="neighbour", result="answered")
    assert (told.next_due, told.next_due_kind) == (seconds(900), "arrive")
    assert [(r.role, r.state) for r in told.ladder][:3] == [
        ("family", "failed"), ("neighbour", "done"), ("grid_worker", "todo"),
    ]  # fmt: skip
    desk.tick(901)
    assert desk.log(incident)[-1] == ("hand_over", 900, "system")
    assert desk.now(incident).rung == "grid_worker"


def test_a_late_clock_and_a_step_keep_the_order_of_the_log(desk):
    (incident,) = desk.fire(0, desk.alert("sos"))
    desk.step(200, incident, "acknowledge")
    assert desk.log(incident) == [
        ("raise", 0, "system"), ("hand_over", 60, "system"), ("hand_over", 180, "system"), ("acknowledge", 200, "chen"),
    ]  # fmt: skip


def test_a_refused_step_leaves_the_store_and_the_case_as_they_were(desk):
    (incident,) = desk.fire(0, desk.alert("sos"))
    before = desk.now(incident)
    with pytest.raises(StepRefused) as refused:
        desk.step(100, incident, "arrive")
    assert refused.value.kind == "order"
    assert desk.now(incident) == before
    assert desk.news() == ["raised"]


def test_two_officers_at_once_the_second_is_told_who_was_first(desk):
    (incident,) = desk.fire(0, desk.alert("sos"))
    desk.step(10, incident, "acknowledge", by="chen", expected_n=1)
    with pytest.raises(StepRefused) as refused:
        desk.step(11, incident, "acknowledge", by="zhou", expected_n=1)
    assert refused.value.code == "newer"
    assert "chen" in refused.value.reason["zh"]
    assert "14:04:39" in refused.value.reason["en"]


def test_evidence_that_joined_meanwhile_does_not_refuse_a_step(desk):
    (incident,) = desk.fire(0, desk.alert("sos"))
    desk.fire(5, desk.alert("no_movement"))
    assert desk.step(10, incident, "acknowledge", expected_n=1).phase == "acknowledged"


def test_a_transaction_that_fails_leaves_nothing_behind(desk):
    (incident,) = desk.fire(0, desk.alert("sos"))

    def fails(writer):
        desk.cases.take_step(
            writer, incident, "acknowledge", by="a", role="duty_officer", known_at=seconds(5), at=seconds(5)
        )
        desk.cases.fired(writer, [desk.alert("smoke", "h2")], {}, seconds(5), lambda _: seconds(5))
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError):
        desk.write(fails)
    assert desk.now(incident).phase == "raised"
    assert desk.cases.next_due() == seconds(60)
    assert desk.fire(6, desk.alert("smoke", "h2")) == ["i-000002"]


def test_what_is_not_committed_is_not_seen(desk):
    (incident,) = desk.fire(0, desk.alert("sos"))
    desk.store.write(
        lambda w: (
            desk.cases.take_step(
                w, incident, "acknowledge", by="a", role="duty_officer", known_at=seconds(5), at=seconds(5)
            )
            and desk.now(incident).phase == "raised"
        )
    )


def test_an_incident_is_read_as_it_was_known(desk):
    (incident,) = desk.fire(0, desk.alert("sos"))
    work(desk, incident)
    assert desk.cases.incident(incident, seconds(-1)) is None
    for at, phase in ((5, "raised"), (12, "acknowledged"), (27, "arrived"), (39, "confirmed"), (40, "closed")):
        assert desk.cases.incident(incident, seconds(at)).phase == phase
    assert [i.incident_id for i in desk.cases.incidents(seconds(39))] == [incident]
    assert desk.cases.incidents(seconds(40)) == []
    assert len(desk.cases.incidents(seconds(40), open_only=False)) == 1


def test_what_ended_long_ago_can_be_left_out(desk):
    (old,) = desk.fire(0, desk.alert("sos"))
    work(desk, old)
    (new,) = desk.fire(100, desk.alert("sos", "h2"))
    for since, found in ((40, {old, new}), (41, {new})):
        told = desk.cases.incidents(seconds(200), open_only=False, since=seconds(since))
        assert {i.incident_id for i in told} == found


@pytest.mark.parametrize("at", [150, 90])
def test_a_community_sees_its_own_incidents_and_those_of_its_drills_now_and_in_the_past(desk, at):
    drill = Community(community_id="d", name="演练", drill_of="c")
    other = Community(community_id="e", name="别处")
    desk.store.write(lambda w: record(w, [drill, other], recorded_at=T0, valid_from=T0))
    (own,) = desk.fire(0, desk.alert("sos"))
    (played,) = desk.fire(1, desk.alert("sos", "d-h1", community_id="d", drill_id="x"))
    desk.fire(2, desk.alert("sos", "e-h1", community_id="e"))
    desk.step(100, own, "acknowledge")
    ids = {i.incident_id for i in desk.cases.incidents(seconds(at), community_id="c")}
    assert ids == {own, played}
    assert [i.incident_id for i in desk.cases.incidents(seconds(at), community_id="c", include_drills=False)] == [own]


def test_after_it_was_handled_a_new_alert_is_a_new_episode(desk):
    (incident,) = desk.fire(0, desk.alert("sos"))
    work(desk, incident, until="handle")
    assert desk.fire(100, desk.alert("sos")) == ["i-000002"]


def test_what_still_fires_half_an_hour_after_closing_is_raised_again_once(desk):
    alert = desk.alert("no_movement")
    (incident,) = desk.fire(0, alert)
    work(desk, incident)
    assert desk.cases.next_due() == seconds(40 + 1800)
    again = desk.tick(40 + 1800)
    assert sorted(again) == [incident, "i-000002"]
    new = desk.now("i-000002")
    assert (new.after, new.raised_at, new.phase) == (incident, seconds(1840), "raised")
    assert new.sentence["zh"].startswith("关闭 30 分钟后仍在报警")
    desk.tick(10**6)
    assert len(desk.cases.incidents(seconds(10**6), open_only=False)) == 2


def test_what_cleared_after_closing_is_not_raised_again(desk):
    alert = desk.alert("no_movement")
    (incident,) = desk.fire(0, alert)
    work(desk, incident)
    desk.clear(100, alert)
    assert desk.tick(10**5) == []
    assert desk.cases.next_due() is None


def test_an_alert_that_clears_does_not_close_the_incident_but_counts_less(desk):
    alert = desk.alert("no_movement")
    (incident,) = desk.fire(0, alert)
    desk.clear(10, alert)
    told = desk.now(incident)
    assert (told.phase, told.confidence) == ("raised", pytest.approx(0.3))
    assert told.evidence[0].cleared_at == seconds(10)


def test_a_reopened_incident_goes_to_the_same_owner_with_new_deadlines(desk):
    (incident,) = desk.fire(0, desk.alert("sos"))
    work(desk, incident)
    told = desk.step(1000, incident, "reopen", by="daughter", role="family", note="仍联系不上")
    assert (told.phase, told.owner, told.reopened, told.closed_at) == ("acknowledged", "chen", 1, None)
    assert told.deadlines["contact"] == seconds(1180)
    assert (told.outcome, told.cause) == (None, None)
    assert desk.cases.next_due() == seconds(1180)


def test_a_reopened_incident_does_not_rise_beside_a_newer_one_of_the_home(desk):
    (incident,) = desk.fire(0, desk.alert("sos"))
    work(desk, incident)
    desk.fire(100, desk.alert("sos"))
    with pytest.raises(StepRefused) as refused:
        desk.step(200, incident, "reopen")
    assert refused.value.code == "newer_incident"


def merge(desk, at, into, other, role="duty_officer"):
    now = seconds(at)
    return desk.write(lambda w: desk.cases.merge(w, into, other, by="chen", role=role, known_at=now, at=now))


def test_merging_brings_the_evidence_along_and_later_alerts_of_both_homes(desk):
    (one,) = desk.fire(0, desk.alert("smoke"))
    (two,) = desk.fire(1, desk.alert("smoke", "h2"))
    told = merge(desk, 5, one, two)
    assert [e.subject for e in told.evidence] == ["h1", "h2"]
    assert (desk.now(two).phase, desk.now(two).merged_into, desk.now(two).next_steps) == ("closed", one, ())
    assert desk.fire(10, desk.alert("sos", "h2")) == [one]
    with pytest.raises(StepRefused) as refused:
        desk.step(20, two, "acknowledge")
    assert refused.value.code == "merged"
    assert one in refused.value.reason["zh"]
    desk.cases = Cases(desk.store, PROCEDURES, RULES)
    assert desk.fire(30, desk.alert("no_water", "h2")) == [one]


@pytest.mark.parametrize(
    ("into", "other", "role", "code"),
    [("i-000001", "i-000001", "duty_officer", "not_alike"), ("i-000001", "i-000003", "duty_officer", "not_alike"),
     ("i-000001", "i-000002", "family", "right"), ("i-000001", "i-000009", "duty_officer", "unknown_incident"),
     ("i-000001", "i-000004", "duty_officer", "closed")],
)  # fmt: skip
def test_a_merge_that_makes_no_sense_is_refused(desk, into, other, role, code):
    desk.fire(0, desk.alert("smoke"))
    desk.fire(0, desk.alert("smoke", "h2"))
    desk.fire(0, desk.alert("blind_home", "h3"))
    work(desk, desk.fire(0, desk.alert("sos", "h4"))[0])
    with pytest.raises(StepRefused) as refused:
        merge(desk, 100, into, other, role)
    assert refused.value.code == code


def test_a_dead_gateway_and_the_homes_it_blinds_are_one_task(desk):
    homes = [
        device("g", "gateway"), device("m1", "motion", home_id="h1", gateway_id="g"),
        device("m2", "motion", home_id="h2", gateway_id="g"), device("m4", "motion", home_id="h4", gateway_id="g"),
    ]  # fmt: skip
    desk.store.write(lambda w: record(w, homes, recorded_at=T0, valid_from=T0))
    gateway = desk.alert("gateway_silent", None, subject="g", scope="gateway")
    found = desk.fire(0, desk.alert("blind_home", "h1"), gateway, desk.alert("blind_home", "h2"))
    assert len(found) == 1
    assert (desk.now(found[0]).subject, desk.now(found[0]).home_id) == ("g", None)
    assert desk.fire(4, desk.alert("blind_home", "h4")) == found
    assert desk.fire(5, desk.alert("blind_home", "h3")) != found, "this one has no part in it"
    assert desk.fire(6, desk.alert("sos", "h1")) != found, "a person's alarm is never a device's"


def test_the_sentence_says_what_was_sensed_where_and_what_else_is_known(desk):
    button = replace(device("d1", "sos_button", home_id="h1"), name="卫生间 SOS 按钮")
    desk.store.write(lambda w: record(w, [button], recorded_at=T0, valid_from=T0))
    door = {"device_id": "d", "metric": "open", "value": 0.0, "status": "fresh",
            "changed_at": T0 - timedelta(hours=4, minutes=23), "taken_at": T0}  # fmt: skip
    motion = {"device_id": "m", "metric": "motion", "value": 0.0, "status": "fresh",
              "changed_at": T0 - timedelta(minutes=12), "taken_at": T0}  # fmt: skip
    lost = {"device_id": "r", "metric": "presence", "value": 1.0, "status": "lost", "changed_at": T0, "taken_at": T0}
    alert = desk.alert("sos", subject="d1", scope="device")
    (incident,) = desk.fire(0, alert, context=HomeContext([door, motion, lost], "active", None))
    told = desk.now(incident)
    assert told.sentence["zh"] == (
        "卫生间 SOS 按钮：sos 自 14:04 起 0 小时；入户门 09:41 后未开，人在家；最后活动 13:52。很可能需要帮助。"
    )
    assert told.sentence["en"].startswith(
        "Sos since 14:04, 0 h; the front door has not opened since 09:41"
    ), "a name given in Chinese stays out of the English sentence"
    assert [f.name for f in told.facts] == ["inside", "last_motion", "lost"]


def test_movement_afterwards_speaks_against_stillness_but_not_against_a_press(desk):
    motion = {"device_id": "m", "metric": "motion", "value": 1.0, "status": "fresh", "taken_at": seconds(300),
              "changed_at": seconds(300)}  # fmt: skip
    (still,) = desk.fire(400, desk.alert("no_movement"), context=HomeContext([motion]))
    (press,) = desk.fire(400, desk.alert("sos", "h2"), context=HomeContext([motion]))
    assert (desk.now(still).confidence, desk.now(still).confidence_word) == (pytest.approx(0.3), "low")
    assert desk.now(press).confidence == pytest.approx(0.9)


def test_every_change_is_told_outside_without_names(desk):
    people = [
        Contact(community_id="c", contact_id="k1", home_id="h1", role="family", rank=2, name="王小明", phone="138001"),
        Contact(community_id="c", contact_id="k0", home_id="h1", role="family", rank=1, name="王小红", phone="139001"),
        Contact(community_id="c", contact_id="k2", role="grid_worker", name="李强", phone="137001"),
    ]  # fmt: skip
    desk.store.write(lambda w: record(w, people, recorded_at=T0, valid_from=T0))
    (incident,) = desk.fire(0, desk.alert("sos"))
    work(desk, incident)
    assert desk.news() == ["raised", *[step for step, _ in WORK]]
    bodies = [json.loads(b) for b in desk.store.select("SELECT body FROM notification")["body"].to_pylist()]
    assert bodies[0]["where"] == "1幢 101"
    assert (bodies[0]["rung"], bodies[0]["deadline"]) == ("duty_officer", seconds(60).isoformat())
    text = json.dumps(bodies, ensure_ascii=False)
    assert not [word for word in ("王", "李", "chen", 'li"', "138", "139", "137") if word in text]
    told = desk.now(incident)
    assert {r.role: r.contact_id for r in told.ladder if r.contact_id} == {"family": "k0", "grid_worker": "k2"}


def test_incidents_come_by_urgency_not_by_arrival(desk):
    desk.fire(0, desk.alert("leak", "h1"))
    desk.fire(1, desk.alert("no_movement", "h2"))
    desk.fire(2, desk.alert("sos", "h3"))
    assert [i.home_id for i in desk.cases.incidents(seconds(3))] == ["h3", "h2", "h1"]

"""Nothing is lost on the way out: what waits, in which order, how often, and what is said when it fails."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest

from cockpit.outlets.delivery import end_of_quiet
from cockpit.outlets.notices import notice
from cockpit.outlets.settings import TELLS
from twin_model.catalogue import Catalogue

from .outbox import NIGHT, SECRET, WAITS, Outbox, emptied, kept_store, outlet
from .receiver import DIES, answer, drip, endless, errcode, hang, raw, receivers

receiver = pytest.fixture(receivers)


store = pytest.fixture(emptied)
kept = pytest.fixture(scope="module")(kept_store)


@pytest.fixture
def outbox(store, clock):
    """``outbox(receiver.url, kind, **keys)``."""
    return lambda url, kind="webhook", **keys: Outbox(store, clock, url, kind, **keys)


def heard(receiver) -> list[dict]:
    """The events a webhook receiver was sent, in order, doubles included."""
    return [json.loads(request.body) for request in receiver.requests]


def said(receiver) -> list[str]:
    """The texts a WeCom robot was sent."""
    return [event["markdown"]["content"] for event in heard(receiver)]


def numbers(receiver) -> list[int]:
    return [int(event["id"].split("-")[0]) for event in heard(receiver)]


FAILURES = {
    "500": (answer(500), "it answered 500"),
    "403": (answer(403), "it answered 403"),
    "429": (answer(429), "too many or too busy"),
    "redirect": (answer(302, Location="http://127.0.0.1:9/elsewhere"), "redirects are not followed"),
    "dies in the middle": (DIES, "the connection broke off"),
    "dies at once": (raw(b""), "the connection broke off"),
    "garbage": (raw(b"\x00\xffnonsense\r\n\r\n"), "its answer is not HTTP"),
    "hangs": (hang, "no whole answer within 0.3 s"),
    "a byte now and then": (drip, "no whole answer within 0.3 s"),
}
ROBOT_FAILURES = {
    "no json": (answer(body=b"<html>502"), "no errcode in its answer"),
    "a list": (answer(body=b"[1]"), "no errcode in its answer"),
    "a word for a code": (answer(body=b'{"errcode":"ok"}'), "no errcode in its answer"),
    "without end": (endless, "no errcode in its answer"),
    "busy": (errcode(-1), "errcode -1: it is busy"),
    "unknown robot": (errcode(93000), "errcode 93000: there is no robot with this key"),
    "unknown code": (errcode(777), "errcode 777: see its list of codes"),
}


@pytest.mark.parametrize("kind", ["webhook", "wecom", "dingtalk"])
@pytest.mark.parametrize("failure", FAILURES)
def test_whatever_the_receiver_does_it_is_told_once_it_can_be(outbox, receiver, clock, kind, failure):
    behaviour, sentence = FAILURES[failure]
    there = receiver()
    there.then.append(behaviour)
    out = outbox(there.url, kind, timeout_s=0.3 if "0.3 s" in sentence else 10)
    out.put()
    out.run()
    assert (out.waiting, sentence in out.fault) == (1, True), out.fault
    if out.timeout_s < 1:  # too little for a busy machine to answer in
        out.timeout_s = 10
        out.restart()
    clock.forward(minutes=2)
    out.run()
    assert (out.waiting, out.fault, len(there.requests)) == (0, None, 2)


@pytest.mark.parametrize("failure", ROBOT_FAILURES)
def test_a_robots_200_is_not_believed_without_its_errcode(outbox, receiver, clock, failure):
    behaviour, sentence = ROBOT_FAILURES[failure]
    there = receiver()
    there.then.append(behaviour)
    out = outbox(there.url, "wecom")
    out.put()
    out.run()
    assert (out.waiting, sentence in out.fault) == (1, True), out.fault
    clock.forward(minutes=2)
    out.run()
    assert (out.waiting, out.fault) == (0, None)


def test_a_receiver_that_is_away_is_told_everything_when_it_comes_back(outbox, receiver, clock):
    there = receiver()
    there.stop()
    out = outbox(there.url)
    for n in range(5):
        out.put(f"i{n}")
    out.run()
    assert out.fault == "the connection was refused"
    there.start()
    clock.forward(minutes=2)
    out.until_told()
    assert numbers(there) == [1, 2, 3, 4, 5]


def test_pauses_grow_to_a_minute_and_are_not_the_same_for_all(outbox, clock):
    out = outbox("http://127.0.0.1:9/")
    out.put()
    pauses = []
    for _ in range(9):
        due = out.run()
        pauses.append((due - clock()).total_seconds())
        clock.set(due)
    upper = [min(60, 2 * 2**n) for n in range(9)]
    assert all(high / 2 <= pause <= high for pause, high in zip(pauses, upper, strict=True)), pauses
    assert len(set(pauses)) == len(pauses)


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [("30", 30), ("Sun, 22 Nov 2026 04:00:45 GMT", 45), ("999999", 600), ("soon", 2), ("-5", 2)],
)
def test_a_receiver_that_asks_for_time_gets_it_but_not_more_than_ten_minutes(outbox, receiver, clock, asked, seconds):
    there = receiver()
    there.then.append(answer(429, Retry_After=asked))
    out = outbox(there.url)
    out.put()
    due = out.run()
    assert seconds / 2 <= (due - clock()).total_seconds() <= seconds


def test_dingtalk_is_left_alone_for_the_ten_minutes_it_takes_nothing(outbox, receiver, clock):
    there = receiver()
    there.then.append(errcode(130101))
    out = outbox(there.url, "dingtalk")
    out.put()
    assert out.run() == clock() + timedelta(minutes=10)


def test_one_incident_is_told_in_order_whatever_fails_between(outbox, receiver, clock):
    there = receiver()
    out = outbox(there.url)
    for step in ("raised", "acknowledge", "hand_over", "close"):
        out.put("i1", step)
    there.then.extend([answer(), answer(500), answer(), answer(503), answer(), answer()])
    for _ in range(6):
        out.run()
        clock.forward(minutes=2)
    assert [event["data"]["kind"] for event in heard(there)] == [
        "raised", "acknowledge", "acknowledge", "hand_over", "hand_over", "close",
    ]  # fmt: skip


def test_the_most_urgent_incident_goes_first(outbox, receiver):
    there = receiver()
    out = outbox(there.url)
    for incident, grade in (("battery", 4), ("drift", 3), ("sos", 1), ("battery", 4)):
        out.put(incident, grade=grade)
    out.until_told()
    assert numbers(there) == [3, 2, 1, 4]


def test_after_a_restart_what_was_told_is_not_told_again_and_the_rest_is(outbox, receiver, clock):
    there = receiver()
    out = outbox(there.url)
    out.put("i1")
    out.run()
    there.usual = answer(500)
    out.put("i1", "hand_over")
    out.put("i2")
    out.run()
    there.usual = answer()
    out.restart()
    out.until_told()
    assert numbers(there) == [1, 2, 2, 3]
    status = out.delivery.status()
    assert (status["told"], status["waiting"]) == (3, 0)


def test_told_but_not_noted_is_told_again_with_the_same_id_bytes_and_key(outbox, receiver, clock):
    """The process is gone between sending and storing: the second try must be recognisable as the same."""
    there = receiver()
    out = outbox(there.url)
    out.put()
    (stored,) = out.notifications.since(0, clock())
    outlet("webhook", there.url).tell([notice(stored, lang="zh", public=False, public_url="")], clock())
    clock.forward(seconds=7)
    out.restart()
    out.until_told()
    first, second = there.requests
    assert first.body == second.body
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"] == stored.event_id
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]


def test_a_new_outlet_tells_no_old_news_and_an_old_one_all_of_it(outbox, receiver):
    there, late = receiver(), receiver()
    out = outbox(there.url)
    out.put()
    outbox(late.url, name="late").until_told()
    out.restart()
    out.until_told()
    assert (len(there.requests), len(late.requests)) == (1, 0)


def test_too_old_is_given_up_and_said_also_when_it_grew_old_while_we_were_away(outbox, receiver, clock, caplog):
    there = receiver(usual=answer(500))
    out = outbox(there.url)
    out.put("i1")
    out.run()
    clock.forward(hours=20)
    out.put("i2")
    clock.forward(hours=4, minutes=1)
    there.usual = answer()
    out.restart()
    with caplog.at_level(logging.WARNING):
        out.until_told()
    assert numbers(there) == [1, 2]
    status = out.delivery.status()
    assert (status["told"], status["given_up"], status["waiting"]) == (1, 1, 0)
    assert "outlet duty: 1 notification(s) given up after 24 h" in caplog.text
    out.restart()
    assert (out.run(), out.delivery.status()["given_up"], len(there.requests)) == (None, 1, 2)


def test_a_notice_the_receiver_will_not_have_holds_up_its_own_incident_only(outbox, receiver, clock):
    """400 speaks of what was sent. The other incident goes on; after five refusals so does its own."""
    there = receiver()
    there.usual = lambda r, c, request: answer(400 if b'"kind":"raised"' in request.body else 200)(r, c, request)
    out = outbox(there.url)
    out.put("odd", "raised")
    out.put("odd", "hand_over")
    out.put("plain", "acknowledge")
    out.run()
    assert numbers(there) == [1, 3]
    for _ in range(4):
        clock.forward(minutes=2)
        out.run()
    assert numbers(there) == [1, 3, 1, 1, 1, 1, 2]
    status = out.delivery.status()
    assert (status["waiting"], status["refused"], status["fault"]) == (
        1,
        1,
        {"zh": "对方回应 400", "en": "it answered 400"},
    )
    there.usual = answer()
    clock.forward(minutes=2)
    out.run()
    status = out.delivery.status()
    assert (status["waiting"], status["refused"], status["fault"]) == (0, 0, None)


def test_a_notice_the_receiver_fails_over_does_not_hold_up_the_others(outbox, receiver, clock):
    """A receiver with a mistake of its own answers 500 to one notice only, the most urgent and oldest."""
    there = receiver()
    there.usual = lambda r, c, request: answer(500 if b"odd" in request.body else 200)(r, c, request)
    out = outbox(there.url)
    out.put("i0", title={"zh": "odd", "en": "odd"})
    out.put("i0", "close", grade=2)
    for n in range(1, 6):
        out.put(f"i{n}", grade=2)
    began = clock()
    while out.delivery.status()["told"] < 5:
        clock.set(max(out.run(), clock()))
        assert clock() - began < timedelta(seconds=30)
    for _ in range(6):
        clock.set(max(out.run(), clock()))
    status = out.delivery.status()
    assert (status["told"], status["waiting"], status["refused"]) == (6, 1, 1)
    assert clock() - began < timedelta(minutes=4)


def test_a_new_call_for_help_is_worth_a_try_although_the_outlet_pauses(outbox, receiver, clock):
    there = receiver(usual=answer(500))
    out = outbox(there.url)
    out.put("drift", grade=2)
    for _ in range(8):
        clock.set(out.run())
    assert out.run() > clock() + timedelta(seconds=20)
    there.usual = answer()
    clock.forward(seconds=5)
    out.put("battery", grade=4)
    assert out.run() > clock() + timedelta(seconds=15)
    out.put("sos", grade=1)
    out.run()
    assert (out.waiting, len(there.requests)) == (0, 12)


def test_while_the_receiver_asks_for_time_no_call_is_tried(outbox, receiver, clock):
    there = receiver()
    there.then.append(answer(429, Retry_After="300"))
    out = outbox(there.url)
    out.put("i1")
    out.run()
    clock.forward(minutes=4)
    out.put("sos")
    assert (out.run(), len(there.requests)) == (clock() + timedelta(minutes=1), 1)


def test_twenty_a_minute_are_never_reached_because_several_become_one(outbox, receiver, clock):
    """60 incidents at once: nine messages alone, then ten notices a message; all told within the minute."""
    there = receiver()
    out = outbox(there.url, "wecom")
    for n in range(60):
        out.put(f"i{n}", sentence={"zh": "", "en": ""})
    out.until_told()
    texts = said(there)
    assert [text.count("紧急呼叫") for text in texts] == [1] * 9 + [10] * 5 + [1]
    assert texts[9].startswith("10 条通知")
    assert all(len(text.encode()) <= 4096 for text in texts)
    assert clock() < out.clock() + timedelta(minutes=1)


def test_the_limit_holds_over_any_minute_also_across_a_restart(outbox, receiver, clock):
    there = receiver()
    sent: list[datetime] = []
    there.usual = lambda r, c, q: (sent.append(clock.forward(milliseconds=1)), answer()(r, c, q))
    out = outbox(there.url, "dingtalk")
    for n in range(300):
        out.put(f"i{n}")
        if n == 150:
            out.run()
            out.restart()
    out.until_told()
    assert out.delivery.status()["told"] == 300
    assert max(sum(1 for s in sent if t <= s < t + timedelta(minutes=1)) for t in sent) <= 18


def test_a_message_with_one_bad_notice_is_taken_apart(outbox, receiver, clock):
    there = receiver()
    there.usual = lambda r, c, q: (errcode(40058) if "坏".encode() in q.body else answer())(r, c, q)
    out = outbox(there.url, "wecom")
    for n in range(14):
        out.put(f"i{n}", title={"zh": "坏" if n == 12 else "好", "en": "x"})
    for _ in range(4):
        out.run()
        clock.forward(minutes=2)
    status = out.delivery.status()
    assert (status["told"], status["waiting"], status["refused"]) == (13, 1, 1)


def test_an_outlet_that_fails_is_logged_once_and_once_when_it_is_back(outbox, receiver, clock, caplog):
    there = receiver(usual=answer(500))
    out = outbox(there.url)
    out.put("i1")
    out.put("i2")
    with caplog.at_level(logging.DEBUG):
        for _ in range(5):
            out.run()
            clock.forward(minutes=2)
        there.usual = answer()
        out.until_told()
    assert [r.message for r in caplog.records if r.name == "cim.outlets"] == [
        "outlet duty (webhook) cannot be told: it answered 500. Trying again until it can; check the receiver and what "
        "cockpit.toml says of this outlet.",
        "outlet duty can be told again",
    ]
    assert not [one for r in caplog.records for one in r.args or () if isinstance(one, BaseException)], (
        "the log file keeps nothing of an error but its kind"
    )


def test_a_receiver_that_comes_and_goes_does_not_fill_the_log(outbox, receiver, clock, caplog):
    """Half an hour in which every second message fails: a pair of lines each ten minutes, not one for each."""
    there = receiver()
    out = outbox(there.url)
    with caplog.at_level(logging.DEBUG):
        for n in range(30):
            there.then.append(answer(500))
            out.put(f"i{n}")
            out.run()
            clock.forward(minutes=1)
            out.run()
    lines = [r.message for r in caplog.records if r.name == "cim.outlets"]
    assert (out.waiting, len(lines)) == (0, 6)


@pytest.mark.parametrize("kind", ["webhook", "wecom", "dingtalk"])
@pytest.mark.parametrize("behaviour", [answer(403), errcode(310000), errcode(93000), hang, raw(b"")])
def test_no_secret_is_in_logs_status_tries_or_settings(outbox, receiver, clock, caplog, store, kind, behaviour):
    there = receiver(usual=behaviour)
    out = outbox(there.url, kind, timeout_s=0.2)
    out.put()
    with caplog.at_level(logging.DEBUG):
        out.run()
    tries = store.select("SELECT * FROM notification_try").to_pylist()
    seen = f"{caplog.text} {out.delivery.status()} {tries} {out.settings!r} {out.delivery.settings}"
    assert [s for s in ("very-secret", SECRET, "203.0.113.7", "access_token=") if s in seen] == []


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-11-22T21:59+08:00", None),
        ("2026-11-22T22:00+08:00", "2026-11-23T07:00+08:00"),
        ("2026-11-22T22:59:59+00:00", "2026-11-23T07:00+08:00"),
        ("2026-11-23T07:00+08:00", None),
    ],
)
def test_the_quiet_of_the_night_is_local_and_goes_over_midnight(now, end):
    assert end_of_quiet(NIGHT, datetime.fromisoformat(now)) == (datetime.fromisoformat(end) if end else None)


def test_at_night_a_flat_battery_waits_for_the_morning_and_a_call_for_help_does_not(outbox, receiver, clock):
    there = receiver()
    clock.set(datetime(2026, 11, 22, 19, 10, tzinfo=UTC))  # 03:10 in the neighbourhood
    out = outbox(there.url, quiet=NIGHT)
    out.put("battery", grade=4)
    out.put("drift", grade=3)
    out.put("sos", grade=1)
    due = out.run()
    assert numbers(there) == [3]
    assert due == datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
    clock.set(due)
    out.run()
    assert sorted(numbers(there)) == [1, 2, 3]


def test_an_incident_that_grows_worse_at_night_is_told_from_its_beginning(outbox, receiver, clock):
    there = receiver()
    clock.set(datetime(2026, 11, 22, 19, 10, tzinfo=UTC))
    out = outbox(there.url, quiet=NIGHT)
    out.put("i1", grade=3)
    out.run()
    out.put("i1", "hand_over", grade=1)
    out.run()
    assert numbers(there) == [1, 2]


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({}, [1, 2, 3, 4]),
        ({"kinds": ["close"]}, [2]),
        ({"grades": [1, 2]}, [1, 3]),
        ({"rules": ["sos"]}, [1, 4]),
        ({"communities": ["east"]}, [2]),
        ({"drills": False}, [1, 2, 3]),
    ],
)
def test_an_outlet_is_told_what_it_asked_for(outbox, receiver, keys, told):
    there = receiver()
    out = outbox(there.url, **keys)
    out.put("i1", rules=["sos", "fall"])
    out.put("i2", "close", grade=4, community_id="east")
    out.put("i3", grade=2, rules=["smoke"])
    out.put("i4", grade=3, rules=["sos"], drill="d1", is_drill=True)
    out.until_told()
    assert sorted(numbers(there)) == told


def test_a_group_of_people_is_told_what_it_must_know_and_not_each_step(outbox, receiver):
    there = receiver()
    out = outbox(there.url, "wecom")
    for kind in ("raised", "evidence", "acknowledge", "contact", "dispatch", "arrive", "cleared", "close"):
        out.put("i1", kind)
    out.until_told()
    assert out.delivery.status()["told"] == 3


def test_an_outlet_can_ask_for_every_kind_of_news_that_care_tells():
    steps = {step for procedure in Catalogue.load().procedures.values() for step in procedure.steps}
    assert steps | {"raised", "realarmed", "escalated", "evidence", "cleared", "overdue"} == set(TELLS)


def test_a_body_nobody_can_read_does_not_stop_those_after_it(outbox, receiver, store, clock):
    there = receiver()
    out = outbox(there.url)
    out.put("i1")
    store.write(lambda writer: writer.execute("UPDATE notification SET body = '{broken'"))
    out.put("i2")
    clock.forward(seconds=1)
    out.until_told()
    assert [event["data"]["title"] for event in heard(there)] == ["紧急呼叫", "有新情况"]


def test_waiting_says_how_many_and_since_when(outbox, clock):
    out = outbox("http://127.0.0.1:9/")
    out.put("i1")
    first = clock()
    clock.forward(minutes=1)
    out.put("i2")
    out.run()
    assert out.delivery.status() == {
        "name": "duty",
        "kind": "webhook",
        "waiting": 2,
        "oldest": first,
        "told": 0,
        "last_told": None,
        "given_up": 0,
        "refused": 0,
        "fault": {"zh": "对方拒绝连接", "en": "the connection was refused"},
    }
    assert out.run() < clock() + WAITS

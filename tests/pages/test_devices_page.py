"""The devices page: rows, one device, adopting an unknown one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from layouts import devices
from layouts.parts import device_answers, device_panels, grid
from layouts.parts.text import t
from tests.pages.conftest import HERE, readings, text_of


def test_the_worst_stand_first(living, clock):
    clock.forward(hours=3)
    living.apply(readings(living, ("smoke-1", "smoke", 1, 0), ("count-1", "people", 3, 0)))
    found = grid.rows("zh", device_answers.table(living, living.now(), HERE, status=None, type=None))
    assert found[0]["id"] == "d-smoke"
    assert found[0]["place"] == "东园 3幢 2单元 502"
    assert found[-1]["status"] == "fresh"


@pytest.mark.parametrize(
    ("status", "kind", "expected"), [("act", None, ["d-smoke"]), (None, "smoke", ["d-smoke"]), ("lost", "smoke", [])]
)
def test_rows_are_filtered_by_status_alarm_and_type(living, status, kind, expected):
    living.apply(readings(living, ("smoke-1", "smoke", 1, 0)))
    found = device_answers.table(living, living.now(), HERE, status=status, type=kind)
    assert [row["device_id"] for row in found] == expected


def test_a_device_shows_reported_and_changed_apart(living, view, clock):
    clock.forward(minutes=10)
    living.apply(readings(living, ("motion-1", "motion", 1, 0)))
    answer = device_answers.device(living, living.now(), HERE, device="d-motion")
    words = text_of(device_panels.device(view, living.now(), answer))
    assert words[words.index("测于") + 1] == "刚刚"
    assert words[words.index("变于") + 1] == "12 分钟前"
    assert "从未收到" in words, "the battery was never heard"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, None), (5.0, None), (-1.0, None), (90.0, "迟到 1 分"), (-3600.0, "时钟快 1 小时 0 分")],
)
def test_a_late_reading_and_a_wrong_clock_are_named(seconds, words):
    assert device_panels.lag("zh", seconds) == words


def test_a_series_is_the_first_metric_until_another_of_the_same_device_is_chosen(living):
    ask = {"device": "d-air", "span": "7d"}
    now = living.now()
    assert device_answers.series(living, now, HERE, series=None, **ask)["metric"] == "pm2_5"
    assert device_answers.series(living, now, HERE, series="d-air|humidity", **ask)["metric"] == "humidity"
    assert device_answers.series(living, now, HERE, series="d-smoke|smoke", **ask)["metric"] == "pm2_5"
    assert device_answers.series(living, now, HERE, device=None, series=None, span=None) is None


def test_a_quarantined_message_is_whole_with_a_way_to_adopt_only_when_live(living, view):
    rows = device_answers.quarantine(living, living.now(), HERE)
    words = text_of(device_panels.quarantine(view, living.now(), rows))
    assert '{"open": 1, "bat": 77}' in words
    assert "纳入这台设备" in words
    past = text_of(device_panels.quarantine(replace(view, at=living.now()), living.now(), rows))
    assert "纳入这台设备" not in past
    assert "历史中不能处置" in past


def test_a_reason_is_in_the_language_chosen_and_one_of_an_earlier_version_stays_whole(place, view):
    row = {
        "quarantine_id": 1, "received_at": place.now(), "source": "mqtt", "place": "a/b", "raw": "{",
        "dialect": None, "address": None,
    }  # fmt: skip
    told = "座落是“桂花苑·3幢”；应为数字 · home is '桂花苑 · 3幢'; expected a number"
    old = "no building 'A · B' there"
    for lang, zh in (("zh", told.partition(" · ")[0]), ("en", told.partition(" · ")[2])):
        for reason, shown, code in ((told, zh, "check:x"), (old, old, "unknown_building")):
            rows = [{**row, "reason": reason, "code": code}]
            words = text_of(device_panels.quarantine(replace(view, lang=lang), place.now(), rows))
            assert shown in words
            assert t(lang, f"code.{code.partition(':')[0]}") in words
            assert (t(lang, "code_help.unknown_building") in words) == (reason == old)


def test_an_empty_quarantine_is_calm(place, view):
    assert text_of(device_panels.quarantine(view, place.now(), [])) == ["没有待查的消息"]


def test_the_type_is_guessed_from_the_fields_or_not_at_all(twin):
    def guess(raw: bytes) -> str | None:
        return device_answers.guess(twin.catalogue, "zigbee2mqtt", raw)

    assert guess(b'{"contact": true, "battery": 97}') == "door_contact"
    assert guess(b'{"battery": 97}') is None, "many types have a battery"
    assert guess(b"{pm2_5: 12") is None
    assert guess(b"[1, 2]") is None


def test_an_adopted_device_gets_its_waiting_messages_and_always_the_same_id(living):
    number = str(living.quarantined(living.now())["quarantine_id"][0].as_py())
    message = device_answers.message(living, living.now(), HERE, number=number)
    device = devices.new_device(HERE, message["dialect"], message["address"], "door_contact", "home:h502", "")
    assert (device.home_id, device.name, device.type) == ("h502", None, "door_contact")
    assert device == devices.new_device(HERE, "json", "x-9", "door_contact", "home:h502", None)
    assert living.adopt(device).num_rows == 1
    assert living.directory().lookup("json", "x-9").device_id == device.device_id


def test_a_device_can_be_put_into_every_kind_of_place(living):
    kinds = {key.partition(":")[0] for key, _ in device_answers.places(living, living.now(), HERE)}
    assert kinds == {"room", "facility", "building", "home"}
    assert device_answers.message(living, living.now(), HERE, number=None) is None
    assert device_answers.message(living, living.now(), HERE, number="999") is None

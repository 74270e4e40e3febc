"""Recordings played through a real broker."""

from __future__ import annotations

import base64
import json
import math
from datetime import UTC, datetime, timedelta

import pytest

from ingest.replay import Rebase, Recorded, ReplayError, play, read_line, recording, replay_file, speed_factor
from ingest.url import BrokerUrl
from twin_model.catalogue import Catalogue

from .conftest import NOON_MS, eventually

NOON = datetime.fromtimestamp(NOON_MS / 1000, UTC)
CLIMATE = "community/c/climate/t-001"


def line(**changes: object) -> str:
    return json.dumps({"at": "2026-11-22T12:00:00+08:00", "topic": CLIMATE, "payload": '{"temp": 20}'} | changes)


def test_a_line_holds_text_or_bytes_at_a_time():
    assert read_line(line()) == Recorded(NOON, CLIMATE, b'{"temp": 20}')
    packed = {"at": NOON_MS, "topic": "t", "payload_b64": base64.b64encode(b"\x00\xff").decode(), "retain": True}
    assert read_line(json.dumps(packed)) == Recorded(NOON, "t", b"\x00\xff", retain=True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ("[]", "not an object"),
        (line(at="noon"), "at: the time is 'noon'"),
        (line(at=None), "at: the time is None"),
        (line(topic="a/#"), "without wildcards"),
        (line(topic=""), "without wildcards"),
        (line(payload=None), "neither payload"),
        (line(payload=None, payload_b64="*"), "not base64"),
    ],
)
def test_a_bad_line_is_said_with_its_number_and_passed_over(text, said):
    refused: list[str] = []
    lines = [line().encode(), b"", text.encode(), b"\xff\xfe", line().encode()]
    rows = list(recording(lines, "day.jsonl", refused.append))
    assert len(rows) == 2
    assert refused[0].startswith("day.jsonl:3: ")
    assert said in refused[0]
    assert refused[1].startswith("day.jsonl:4: ")


def test_the_pace_is_the_recorded_one_times_the_speed():
    """At 60 times the speed, ten minutes take ten seconds; a clock that stands still waits for all of it."""
    rows = [Recorded(NOON + timedelta(minutes=m), "t", b"") for m in (0, 5, 4, 10)]
    waited: list[float] = []
    assert play(rows, lambda m: None, speed=60, rebase=None, now=lambda: NOON, sleep=waited.append) == 4
    assert waited == [5.0, 4.0, 10.0]
    assert play(rows, lambda m: None, speed=math.inf, rebase=None, now=lambda: NOON, sleep=pytest.fail) == 4


@pytest.mark.parametrize(("text", "factor"), [("max", math.inf), ("1", 1.0), ("0.5", 0.5)])
def test_a_speed_is_max_or_a_number(text, factor):
    assert speed_factor(text) == factor


@pytest.mark.parametrize("text", ["0", "-1", "fast", "nan", "inf"])
def test_another_speed_is_refused(text):
    with pytest.raises(ReplayError, match="write max or a number above 0"):
        speed_factor(text)


@pytest.mark.parametrize(
    ("topic", "before", "after"),
    [
        (CLIMATE, {"temp": 20, "ts": "2026-11-22T12:00:00+08:00"}, {"temp": 20, "ts": "2026-11-23T12:00:00+08:00"}),
        (CLIMATE, {"ts": "2026-11-22 12:00:00"}, {"ts": "2026-11-23T12:00:00"}),
        (CLIMATE, {"ts": NOON_MS}, {"ts": NOON_MS + 86_400_000}),
        (CLIMATE, {"ts": NOON_MS // 1000}, {"ts": NOON_MS // 1000 + 86_400}),
        (CLIMATE, {"temp": 20}, {"temp": 20}),
        (CLIMATE, {"ts": "noon"}, {"ts": "noon"}),
        ("zigbee2mqtt/x", {"last_seen": NOON_MS}, {"last_seen": NOON_MS + 86_400_000}),
        ("nobody/knows", {"ts": NOON_MS}, {"ts": NOON_MS}),
    ],
)
def test_rebasing_moves_the_times_inside_messages_in_their_own_form(topic, before, after):
    moved = Rebase(Catalogue.load())(Recorded(NOON, topic, json.dumps(before).encode()), timedelta(days=1))
    assert json.loads(moved.payload) == after


@pytest.mark.mosquitto
def test_a_recording_reaches_the_twin_through_the_broker(broker, disk_twin, ingest_from, tmp_path):
    ingest_from(disk_twin, broker.url)
    day = tmp_path / "day.jsonl"
    rows = [
        line(at=NOON_MS + n, payload=json.dumps({"temp": n % 40, "ts": NOON_MS + n})) for n in range(500)
    ]
    rows.insert(10, "broken")
    day.write_text("\n".join(rows))
    said: list[str] = []
    options = {"speed": math.inf, "now": lambda: datetime.now(UTC), "say": said.append}
    done = replay_file(day, BrokerUrl.parse(broker.url), disk_twin.catalogue, rebase=False, **options)
    assert (done.published, done.acknowledged, done.skipped) == (500, True, said)
    assert len(said) == 1
    eventually(lambda: disk_twin.counts()["stored"] == 500, what="the recorded readings")
    replay_file(day, BrokerUrl.parse(broker.url), disk_twin.catalogue, rebase=True, **options)
    eventually(lambda: disk_twin.counts()["stored"] == 1000, what="the same day, moved to now")


def test_a_recording_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(ReplayError, match=r"nothing\.jsonl cannot be read: No such file"):
        replay_file(
            tmp_path / "nothing.jsonl", BrokerUrl(host="127.0.0.1", port=1), Catalogue.load(), speed=1, rebase=False,
            now=lambda: NOON, say=print,
        )  # fmt: skip

"""Batches of messages to columns, and what goes to quarantine why."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.decoder import Decoder, Reading, read
from ingest.dialects import RefusedError
from ingest.packets import DUP, RETAIN, TOO_LARGE
from twin_model.bilingual import in_language
from twin_model.catalogue import Catalogue
from twin_model.directory import DeviceEntry, Directory, SeriesEntry

from .conftest import NOON_MS, message

CATALOGUE = Catalogue.load()
CHINESE = re.compile("[\u4e00-\u9fff]")
CLIMATE = "community/c/climate/t-001"
UPLINK = "application/a/device/0101010101010101/event/up"
MOTION = "community/c/motion/m-001"


@pytest.mark.parametrize(
    ("topic", "payload", "code"),
    [
        (CLIMATE, "", None),
        (CLIMATE, "21.5 C", "not_json"),
        (CLIMATE, '{"temp": 21.5', "not_json"),
        (CLIMATE, '{"temp": NaN}', "not_json"),
        (CLIMATE, b"\xff\xfe\x00", "not_json"),
        (CLIMATE, b'{"temp": 1, "x": "\xff"}', "not_json"),
        (CLIMATE, "[" * 100_000, "not_json"),
        (CLIMATE, "21.5", "not_object"),
        (CLIMATE, '[{"temp": 21.5}]', "not_object"),
        (CLIMATE, "null", "not_object"),
        (CLIMATE, "{}", "missing_value"),
        (CLIMATE, '{"temp": null}', "missing_value"),
        (CLIMATE, '{"other": 1}', "missing_value"),
        (CLIMATE, '{"temp": "21.5"}', "not_a_number"),
        (CLIMATE, '{"temp": 900}', "out_of_range"),
        (CLIMATE, '{"temp": 1e308}', "out_of_range"),
        (CLIMATE, '{"temp": 21.5, "ts": "yesterday"}', "bad_time"),
        (CLIMATE, '{"temp": 21.5, "ts": {"sec": 1}}', "bad_time"),
        ("community/c/climate/t-999", '{"temp": 21.5}', "unknown_device"),
        ("community/c/unheard/t-001", '{"temp": 21.5}', "unknown_topic"),
        (b"community/\xff/climate/t-001", '{"temp": 21.5}', "unknown_topic"),
    ],
)
def test_what_cannot_be_used_is_kept_whole_with_the_reason(topic, payload, code, decode):
    raw = payload if isinstance(payload, bytes) else payload.encode()
    row = (topic if isinstance(topic, bytes) else topic.encode(), raw, 2, 1)
    done = decode(row)
    assert done.readings.num_rows == 0
    if code is None:
        assert (done.ignored, done.rejected) == (1, [])
        return
    [bad] = done.rejected
    assert (bad.code, bad.raw) == (code, raw)
    assert [bool(CHINESE.search(in_language(lang, bad.reason))) for lang in ("zh", "en")] == [True, False]
    assert "climate" in bad.place or "unheard" in bad.place


def test_a_call_for_help_counts_also_with_a_time_nobody_can_read_and_the_fault_is_kept_beside():
    button = CATALOGUE.sensor_types["sos_button"]
    pressed = read("t", b'{"action": "emergency", "last_seen": "yesterday"}', "zigbee2mqtt", button)
    assert (pressed.values, pressed.taken_at) == ([("sos", 1.0)], None)
    assert [fault.code for fault in pressed.faults] == ["bad_time"]
    with pytest.raises(RefusedError, match="yesterday"):
        read("t", b'{"action": "", "last_seen": "yesterday"}', "zigbee2mqtt", button)


def test_of_a_key_said_twice_the_last_counts_on_both_ways(decode):
    """docs/decisions/0041"""
    twice = b'{"temp": 21.5, "temp": 22.5}'
    assert decode((CLIMATE.encode(), twice, 2, 1)).readings["value"].to_pylist() == [22.5]
    assert read("t", twice, "json", CATALOGUE.sensor_types["temperature"]).values == [("temperature", 22.5)]


def test_a_message_cut_off_for_its_length_is_kept_as_too_large(decode):
    [bad] = decode((CLIMATE.encode(), b'{"temp": 21.5, "noise": "aaa', 2 | TOO_LARGE, 1)).rejected
    assert bad.code == "too_large"


def test_of_several_values_the_good_ones_are_stored_and_the_bad_one_named(decode):
    payload = f'{{"temp": 21.5, "hum": 120, "bat": 90, "ts": {NOON_MS}}}'
    done = decode((CLIMATE, payload))
    assert sorted(done.readings["value"].to_pylist()) == [21.5, 90.0]
    [bad] = done.rejected
    assert (bad.code, bad.raw) == ("out_of_range", payload.encode())
    assert "humidity is 120" in bad.reason
    assert "temperature" not in bad.reason


def test_one_bad_message_spoils_nothing_around_it(decode):
    rows = [(CLIMATE, f'{{"temp": {n}, "ts": {NOON_MS + n}}}') for n in range(40)]
    rows[7] = (CLIMATE, '{"temp": 7, "ts"')
    rows[8] = (CLIMATE, '{"temp": 8}, {"temp": 9}')
    done = decode(*rows)
    assert done.readings["value"].to_pylist() == [float(n) for n in range(40) if n not in (7, 8)]
    assert [bad.code for bad in done.rejected] == ["not_json", "not_json"]


def test_unknown_keys_are_passed_over_and_nested_paths_followed():
    kind = CATALOGUE.sensor_types["temperature"]
    assert dict(read("t", b'{"temp": 1, "a": {"b": [1]}}', "json", kind).values) == {"temperature": 1.0}
    with pytest.raises(RefusedError):
        read("t", b'{"object": {"temp": 1}}', "json", kind)


def test_retained_messages_are_marked(decode):
    done = decode(
        message(CLIMATE, f'{{"temp": 20, "ts": {NOON_MS}}}', 2 | RETAIN), message(MOTION, '{"v": 1}', 2 | RETAIN),
        message(CLIMATE, '{"temp": 22}', 2),
    )  # fmt: skip
    assert done.readings["retained"].to_pylist() == [True, True, False]


def test_a_message_without_clock_has_no_time_of_its_own(decode):
    done = decode((MOTION, '{"v": 1}'), (MOTION, f'{{"v": 0, "ts": {NOON_MS}}}'))
    assert done.readings["taken_at"].null_count == 1
    assert done.deliveries.num_rows == 1


@pytest.mark.parametrize(
    "never_set", [0, 37, 946_684_800, 946_684_800_000, '"1970-01-01T00:00:10Z"', '"2000-01-01T00:03:00+08:00"']
)
@pytest.mark.parametrize("topic", [MOTION, "zigbee2mqtt/hall/door"])
def test_a_clock_that_was_never_set_is_none_so_that_its_call_for_help_counts_from_now(decode, topic, never_set):
    """A button without battery for its clock says 1970: taken at its word it would be late, and nobody would come."""
    payload = f'{{"v": 1, "ts": {never_set}}}' if topic == MOTION else f'{{"contact": false, "last_seen": {never_set}}}'
    done = decode((topic, payload))
    assert done.readings["taken_at"].null_count == done.readings.num_rows == 1
    assert done.rejected == []


def test_a_redelivered_message_without_clock_is_stored_once(decode):
    known: dict[int, int] = {}
    first, again = message(MOTION, '{"v": 1}', 2, 5), message(MOTION, '{"v": 1}', 2 | DUP, 5)
    done = decode(first, again, message(MOTION, '{"v": 0}', 2 | DUP, 5), known=known)
    assert (done.stored, done.again) == (2, 1)
    assert decode(message(MOTION, '{"v": 0}', 2 | DUP, 5), known=known).again == 1


def test_equal_messages_that_are_not_redelivered_are_both_stored(decode):
    assert decode(message(MOTION, '{"v": 1}', 2, 5), message(MOTION, '{"v": 1}', 2, 5)).stored == 2


def test_a_redelivered_bad_message_is_quarantined_once(decode):
    done = decode(message(CLIMATE, "{", 2, 5), message(CLIMATE, "{", 2 | DUP, 5))
    assert (len(done.rejected), done.again) == (1, 1)


def test_a_device_of_an_undeclared_type_is_said_so():
    """A declaration file was removed while its devices still send."""
    entry = DeviceEntry("c-x", "gone", {"v": SeriesEntry(0, 0.0, 1.0)})
    directory = Directory(1, {("json", "m-001"): entry}, {})
    [bad] = Decoder(CATALOGUE).decode([message(MOTION, "{}")], directory, {}).rejected
    assert bad.code == "unknown_type"


numbers = st.one_of(st.integers(-100, 200), st.floats(-100, 200), st.booleans(), st.none(), st.integers(2**60, 2**70))
values = st.one_of(numbers, st.text(max_size=4), st.lists(numbers, max_size=2), st.just({"a": 1}))
clocks = st.one_of(
    st.just(NOON_MS), st.just(NOON_MS // 1000), st.just("2026-11-22T12:00:00+08:00"), values, st.text(max_size=20)
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(["temp", "hum", "bat", "litres", "v", "x"]), values), clocks, st.booleans())
def test_the_fast_path_says_what_the_careful_one_says(people_live_here, document, clock, with_clock):
    if with_clock:
        document["ts"] = clock
    payload = json.dumps(document).encode()
    for topic, kind in ((CLIMATE, "temperature"), ("community/c/water/w-001", "water_meter"), (MOTION, "motion")):
        done = Decoder(people_live_here.catalogue).decode([message(topic, payload)], people_live_here.directory(), {})
        entry = people_live_here.directory().lookup("json", topic.rsplit("/", 1)[1])
        try:
            careful = read(topic, payload, "json", CATALOGUE.sensor_types[kind])
        except RefusedError as refusal:
            careful = Reading([], None, [refusal])
        assert done.readings["series_no"].to_pylist() == [entry.series[name].series_no for name, _ in careful.values]
        assert done.readings["value"].to_pylist() == [value for _, value in careful.values]
        assert [bad.code for bad in done.rejected] == [fault.code for fault in careful.faults[:1]]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(st.binary(max_size=60), st.sampled_from([CLIMATE, MOTION, "zigbee2mqtt/hall/door", UPLINK]))
def test_no_bytes_break_the_decoder(people_live_here, payload, topic):
    done = Decoder(people_live_here.catalogue).decode([message(topic, payload)], people_live_here.directory(), {})
    assert done.stored + len(done.rejected) + done.ignored == 1
    assert all(bad.code != "decoder_failed" for bad in done.rejected)

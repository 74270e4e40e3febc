"""Recorded and published messages of the dialects, and every example of every sensor type."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ingest.decoder import Decoder, read
from ingest.dialects import RefusedError, Sender, chirpstack, zigbee2mqtt
from ingest.dialects import json as plain
from ingest.dialects.values import EPOCH, instant, number
from twin_model.catalogue import Catalogue

from .conftest import device, message

CATALOGUE = Catalogue.load()
EXAMPLES = [(t, e) for t in CATALOGUE.sensor_types.values() for e in t.examples]
CHIRPSTACK_TOPIC = "application/17c82e96-be03-4f38-aef3-f83d48582d97/device/0101010101010101/event/{}"


@pytest.mark.parametrize(("kind", "example"), EXAMPLES, ids=[f"{t.name}-{e['dialect']}" for t, e in EXAMPLES])
def test_a_declared_example_decodes_to_its_readings(kind, example):
    sender = Decoder(CATALOGUE).sender(example["topic"].encode())
    assert sender is not None
    assert sender.dialect == example["dialect"]
    found = read(example["topic"], example["payload"].encode(), sender.dialect, kind)
    assert found is not None
    assert found.faults == []
    assert dict(found.values) == {r["metric"]: pytest.approx(float(r["value"])) for r in example["readings"]}


def test_the_declared_topics_are_subscribed_to_by_their_fixed_beginnings():
    declared = ["community/{community}/motion/{address}", "community/{community}/door/{address}", "x/{address}"]
    topics = plain.Topics(declared)
    assert topics.filters() == ["community/#", "x/#"]
    assert plain.Topics(["{community}/door/{address}"]).filters() == ["+/door/+"]
    assert topics.sender("community/demo/door/d-1") == Sender("json", "d-1")


@pytest.mark.parametrize("topic", ["community/demo/nothing/d-1", "community/demo/door", "community/demo/door/"])
def test_a_topic_nobody_declared_is_unknown(topic):
    with pytest.raises(RefusedError) as refusal:
        Decoder(CATALOGUE).sender(topic.encode())
    assert refusal.value.code == "unknown_topic"


def test_a_topic_below_none_of_our_beginnings_is_not_ours():
    """only a broker that is asked for everything sends it, our own notifications among the rest"""
    for topic in (b"y/1", b"cim/alerts/demo/1", b"communityx/demo/motion/m-1"):
        assert Decoder(CATALOGUE).sender(topic) is None


# --- ChirpStack v4: the events of its documentation


def recorded(shared_data: Path, event: str) -> bytes:
    return (shared_data / "iot-chirpstack-v4" / f"event_{event}.json").read_bytes()


@pytest.mark.parametrize("event", ["join", "ack", "txack", "log", "location", "integration"])
def test_chirpstack_events_about_the_radio_network_are_passed_over(event, shared_data, decode):
    done = decode((CHIRPSTACK_TOPIC.format(event), recorded(shared_data, event)))
    assert (done.ignored, done.stored, done.rejected) == (1, 0, [])


def test_an_uplink_without_codec_is_kept_and_says_what_to_do(shared_data, decode):
    done = decode((CHIRPSTACK_TOPIC.format("up"), recorded(shared_data, "up")))
    [bad] = done.rejected
    assert (bad.code, bad.dialect, bad.address) == ("missing_value", "chirpstack", "0101010101010101")
    assert "codec" in bad.reason
    assert bad.raw == recorded(shared_data, "up")


def test_an_uplink_gives_its_decoded_values_at_the_network_servers_time(shared_data, decode):
    event = json.loads(recorded(shared_data, "up")) | {"object": {"temperature": 21.5, "humidity": 60, "more": [1]}}
    done = decode((CHIRPSTACK_TOPIC.format("up"), json.dumps(event).encode()))
    assert done.readings["value"].to_pylist() == [21.5, 60.0]
    assert str(done.readings["taken_at"][0].as_py()) == "2022-07-18 09:34:15.775023"


def test_a_status_gives_the_battery(shared_data, decode):
    done = decode((CHIRPSTACK_TOPIC.format("status"), recorded(shared_data, "status")))
    assert done.readings["value"].to_pylist() == [88.3]
    on_mains = json.loads(recorded(shared_data, "status")) | {"externalPowerSource": True}
    assert decode((CHIRPSTACK_TOPIC.format("status"), json.dumps(on_mains).encode())).ignored == 1


def test_an_uplink_on_another_devices_topic_is_refused(shared_data, decode):
    event = recorded(shared_data, "up").replace(b'"devEui": "0101010101010101"', b'"devEui": "0202020202020202"')
    assert decode((CHIRPSTACK_TOPIC.format("up"), event)).rejected[0].code == "wrong_sender"


@pytest.mark.parametrize("topic", ["application/a/device/xyz/event/up", CHIRPSTACK_TOPIC.format("x")])
def test_a_topic_that_only_looks_like_chirpstack_is_unknown(topic):
    with pytest.raises(RefusedError):
        chirpstack.sender(topic)


# --- zigbee2mqtt: the messages of its own tests


def test_the_bridge_availability_and_commands_are_no_states(shared_data, decode):
    recorded = json.loads((shared_data / "iot-zigbee2mqtt-ha" / "z2m_state_messages.json").read_text())
    talk = [m for m in recorded if "/bridge/" in m["topic"] or m["topic"].endswith("/availability")]
    assert len(talk) > 20
    done = decode(*[(m["topic"], json.dumps(m["payload"])) for m in talk], ("zigbee2mqtt/hall/door/set", "{}"))
    assert (done.ignored, done.rejected) == (len(talk) + 1, [])


def test_every_recorded_state_of_an_unknown_device_is_kept_whole(shared_data, decode):
    recorded = json.loads((shared_data / "iot-zigbee2mqtt-ha" / "z2m_state_messages.json").read_text())
    states = [m for m in recorded if m["topic"].count("/") == 1]
    done = decode(*[(m["topic"], json.dumps(m["payload"])) for m in states])
    assert len(done.rejected) == len(states) > 15
    assert {bad.code for bad in done.rejected} == {"unknown_device"}
    assert [json.loads(bad.raw) for bad in done.rejected] == [m["payload"] for m in states]


def test_recorded_states_are_used_once_their_device_is_known(people_live_here, shared_data):
    """A lamp's ON and OFF count as 1 and 0; what else a lamp says is left aside."""
    recorded = json.loads((shared_data / "iot-zigbee2mqtt-ha" / "z2m_state_messages.json").read_text())
    lamps = [m for m in recorded if m["topic"] == "zigbee2mqtt/bulb_color"]
    people_live_here.record([device("bulb_color", "street_lamp", "zigbee2mqtt")])
    rows = [message(m["topic"], json.dumps(m["payload"])) for m in lamps]
    done = Decoder(people_live_here.catalogue).decode(rows, people_live_here.directory(), {})
    said = [m["payload"].get("state") for m in lamps]
    assert done.readings["value"].to_pylist() == [{"ON": 1.0, "OFF": 0.0}[s] for s in said if s]
    assert {bad.code for bad in done.rejected} == {"missing_value"}
    assert len(done.rejected) == said.count(None)


def test_a_friendly_name_may_hold_slashes_and_contact_true_is_closed(decode):
    assert zigbee2mqtt.sender("zigbee2mqtt/hall/door") == Sender("zigbee2mqtt", "hall/door")
    done = decode(
        ("zigbee2mqtt/hall/door", '{"contact": true, "last_seen": "2026-11-22T12:00:00+08:00"}'),
        ("zigbee2mqtt/hall/door", '{"contact": false, "last_seen": 1795320000000}'),
        ("zigbee2mqtt/hall/door", '{"contact": false, "battery": null}'),
    )
    assert done.readings["value"].to_pylist() == [0.0, 1.0, 1.0]
    first, second, third = done.readings["taken_at"].to_pylist()
    assert first == second
    assert third is None


# --- numbers and instants


def metric(**changes):
    from dataclasses import replace

    return replace(CATALOGUE.sensor_types["temperature"].metrics["temperature"], **changes)


@pytest.mark.parametrize(
    ("raw", "changes", "value"),
    [
        (21, {}, 21.0),
        (True, {}, 1.0),
        (False, {}, 0.0),
        (True, {"invert": True}, 0.0),
        (12340, {"scale": 0.001}, 12.34),
        ("ON", {"map": {"ON": 1.0, "OFF": 0.0}}, 1.0),
        (True, {"map": {"true": 5.0}}, 5.0),
        (2, {"map": {"ON": 1.0}}, 2.0),
    ],
)
def test_a_value_counts_as_its_metric_declares(raw, changes, value):
    assert number(raw, metric(**changes)) == pytest.approx(value)


@pytest.mark.parametrize(
    ("raw", "changes", "code"),
    [
        ("21", {}, "not_a_number"),
        ("half", {"map": {"ON": 1.0}}, "not_a_number"),
        ([21], {}, "not_a_number"),
        ({}, {"map": {"{}": 1.0}}, "not_a_number"),
        (float("nan"), {}, "not_a_number"),
        (float("inf"), {}, "not_a_number"),
        (10**400, {}, "out_of_range"),
        (61, {}, "out_of_range"),
        (-30.01, {}, "out_of_range"),
        (0.5, {"invert": True}, "out_of_range"),
    ],
)
def test_a_value_that_cannot_be_right_is_refused_and_named(raw, changes, code):
    with pytest.raises(RefusedError, match="temperature") as refusal:
        number(raw, metric(**changes))
    assert refusal.value.code == code


@pytest.mark.parametrize(
    "raw",
    [
        1795320000, 1795320000.0, 1795320000000, "1795320000", "1795320000000", "2026-11-22T04:00:00Z",
        "2026-11-22T12:00:00+08:00", "2026-11-22 12:00:00", "2026-11-22T12:00:00", "2026-11-22T12:00",
        "2026-11-22T04:00:00.000000000Z",
    ],
)  # fmt: skip
def test_an_instant_is_understood_in_every_form_devices_write(raw):
    """Without a zone it is China time; 10 digits are seconds, 13 milliseconds."""
    assert instant(raw) == 1_795_320_000_000_000


@pytest.mark.parametrize(
    "raw", ["noon", "2026-11-22", "12:00", 0, 42, 17953200000, True, [], {}, "0001-01-01T00:00:00Z", float("inf"), ""]
)
def test_an_instant_in_another_form_is_refused(raw):
    with pytest.raises(RefusedError) as refusal:
        instant(raw)
    assert refusal.value.code == "bad_time"


def test_a_skewed_clock_is_kept_as_it_is():
    assert instant("1970-01-01T00:00:07Z") == 7_000_000
    assert instant(EPOCH.replace(year=2190).isoformat()) > 0

"""Through a real mosquitto with the shipped configuration, into a twin on disk."""

from __future__ import annotations

import json
import subprocess

import numpy as np
import pytest

from benchmarks import durability
from benchmarks import ingest as bench
from benchmarks.mosquitto import SHIPPED
from ingest.pump import BATCH_MESSAGES
from ingest.service import client_id_for
from ingest.source import RECEIVE_MAXIMUM

from .conftest import NOON_MS, device, eventually

pytestmark = pytest.mark.mosquitto


def test_a_burst_with_the_shipped_configuration_loses_nothing(broker, tmp_path):
    """30,000 at once while we listen and as many while we are away; a default mosquitto keeps 1,000."""
    twin = bench.open_twin(tmp_path / "twin.duckdb")
    bench.burst(broker.port, 0, 30_000, twin)
    twin.close()
    numbers = bench.stored_numbers(tmp_path / "twin.duckdb")
    assert np.array_equal(numbers, np.arange(60_000))


def test_the_shipped_window_is_larger_than_a_batch_and_fits_the_packet_ids():
    text = SHIPPED.read_text(encoding="utf-8")
    window = int(text.split("\nmax_inflight_messages ")[1].split()[0])
    assert BATCH_MESSAGES < window <= 65_535
    assert BATCH_MESSAGES < RECEIVE_MAXIMUM <= 65_535
    assert "\nmax_queued_messages 0\n" in text


def test_killed_at_random_moments_nothing_acknowledged_is_lost_or_counted_twice():
    """The durability bench, shortened."""
    done = durability.run(kills=2, alive_s=(0.2, 0.6))
    assert (done["lost"], done["doubled"], done["kills"]) == (0, 0, 2)
    assert done["acknowledged"] > 2_000


def test_garbage_of_every_kind_is_kept_whole_and_does_not_stop_the_rest(broker, disk_twin, ingest_from, shared_data):
    ingest = ingest_from(disk_twin, broker.url)
    garbage = [
        (shared_data / "iot-ttn-v3" / "uplink_message_example.as_printed_INVALID.json").read_bytes(),
        b"\x00\x01\x02\xff" * 50, b"{", b"null", b'{"temp": "warm"}', b'{"temp": 1e999}', b"[" * 5000,
    ]  # fmt: skip
    for payload in garbage:
        publish(broker, "community/c/climate/t-001", payload)
    publish(broker, "community/c/climate/t-001", b'{"temp": 21}')
    publish(broker, "community/nobody", garbage[1])
    eventually(lambda: disk_twin.counts()["stored"] == 1, what="the good one")
    eventually(lambda: ingest.status()["acknowledged"] == len(garbage) + 2, what="all acknowledged")
    rows = disk_twin.quarantined(disk_twin.now()).to_pylist()
    assert sorted(bytes(r["raw"]) for r in rows) == sorted([*garbage, garbage[1]])
    assert all(r["source"] == "mqtt" and r["reason"] for r in rows)


def test_an_unknown_device_waits_in_quarantine_until_it_is_adopted(broker, disk_twin, ingest_from):
    ingest = ingest_from(disk_twin, broker.url)
    for n in range(3):
        publish(broker, "zigbee2mqtt/new/lamp", json.dumps({"state": "ON", "last_seen": NOON_MS + n * 1000}).encode())
    eventually(lambda: disk_twin.counts()["rejected"] == 3, what="the messages to be kept")
    assert ingest.adopt(device("new/lamp", "street_lamp", "zigbee2mqtt")) == 3
    publish(broker, "zigbee2mqtt/new/lamp", b'{"state": "OFF"}')
    eventually(lambda: disk_twin.counts()["stored"] == 4, what="its next message to be used at once")


def test_the_broker_is_shown_lost_and_found_in_the_twin(broker, disk_twin, ingest_from):
    ingest_from(disk_twin, broker.url)
    broker.freeze()
    eventually(lambda: not disk_twin.sources()[0].connected, within=5, what="the loss on screen")
    assert "silent" in disk_twin.sources()[0].detail
    broker.thaw()
    eventually(lambda: disk_twin.sources()[0].connected, within=5, what="the recovery on screen")


def test_retained_readings_are_marked_in_the_twin(broker, disk_twin, ingest_from):
    publish(broker, "community/c/motion/m-001", b'{"v": 1}', "-r")
    ingest_from(disk_twin, broker.url)
    eventually(lambda: disk_twin.counts()["stored"] == 1, what="the retained reading")
    assert disk_twin._timeline.states.retained.any()


def test_a_data_folder_has_one_name_with_the_broker_for_ever(tmp_path):
    assert client_id_for(tmp_path) == client_id_for(tmp_path / ".")
    assert client_id_for(tmp_path) != client_id_for(tmp_path / "other")


def test_messages_wait_with_the_broker_while_the_program_is_not_running(broker, disk_twin, ingest_from):
    ingest_from(disk_twin, broker.url).stop()
    for n in range(5):
        publish(broker, "community/c/climate/t-001", b'{"temp": %d}' % n)
    ingest_from(disk_twin, broker.url)
    eventually(lambda: disk_twin.counts()["stored"] == 5, what="the messages that waited")


def publish(broker, topic: str, payload: bytes, *options: str) -> None:
    command = ["mosquitto_pub", "-p", str(broker.port), "-q", "1", "-t", topic, "-s", *options]
    subprocess.run(command, input=payload, check=True, timeout=10)

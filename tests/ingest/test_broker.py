"""The broker of the one-command start, as both programs that can play it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys

import psutil
import pytest

from benchmarks.mosquitto import free_port
from ingest.broker import EmbeddedBroker
from ingest.service import BrokerSettings, MqttIngest
from ingest.url import BrokerError

from .conftest import NOON_MS, eventually

PROGRAMS = ["iotcore", "mosquitto"]


@pytest.fixture(params=PROGRAMS)
def program(request):
    return request.param


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_it_listens_on_the_loopback_address_only_and_is_gone_after_stop(program):
    broker = EmbeddedBroker(free_port(), program=program)
    broker.start()
    owner = psutil.Process(broker._process.pid).children(recursive=True)
    addresses = {c.laddr.ip for p in owner for c in p.net_connections() if c.status == "LISTEN"}
    assert addresses == {"127.0.0.1"}
    broker.stop()
    broker.stop()
    assert not listening(broker.url.port)


def test_a_used_port_is_one_sentence_naming_it(program):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BrokerError, match=rf"Port {port} is already used.*--broker-port"):
            EmbeddedBroker(port, program=program).start()


def test_it_dies_with_its_parent_even_when_that_is_killed(program):
    port = free_port()
    code = (
        f"from ingest.broker import EmbeddedBroker; b = EmbeddedBroker({port}, program={program!r}); "
        "b.start(); print('up', flush=True); input()"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert parent.stdout.readline() == b"up\n"
    assert listening(port)
    parent.kill()
    parent.communicate()
    eventually(lambda: not listening(port), what="the broker to end")


def test_a_broker_that_died_is_started_again(program, caplog):
    with EmbeddedBroker(free_port(), program=program) as broker:
        [child] = [
            p for p in psutil.Process(broker._process.pid).children(recursive=True) if p.net_connections()
        ]
        os.kill(child.pid, signal.SIGKILL)
        eventually(lambda: broker.restarts == 1 and listening(broker.url.port), what="the broker again")
    assert "starting it again" in caplog.text


def test_the_whole_way_works_on_it(program, disk_twin, tmp_path, publisher):
    """Stored, quarantined, retained; through a cut connection and a second start, nothing stored twice."""
    port = free_port()
    settings = BrokerSettings(port=port, program=program)
    with MqttIngest(disk_twin, settings, folder=tmp_path) as ingest:
        sender = publisher(f"mqtt://127.0.0.1:{port}")
        for n in range(2000):
            sender.publish("community/c/climate/t-001", b'{"temp": %d, "ts": %d}' % (n % 40, NOON_MS + n))
            if n == 1000:
                sock = ingest.source._connection.socket()
                sock.shutdown(socket.SHUT_RDWR)
        sender.publish("community/c/climate/t-001", b'{"temp": ')
        sender.publish("community/c/motion/m-001", b'{"v": 1}')
        assert sender.flush()
        eventually(lambda: disk_twin.counts()["stored"] == 2001, within=15, what="all readings")
        eventually(lambda: disk_twin.counts()["rejected"] == 1, what="the bad one kept")
        assert ingest.status()["connections"] >= 2
        assert ingest.status()["program"] == program
        [source] = disk_twin.sources()
        assert (source.name, source.connected) == ("mqtt", True)
    with MqttIngest(disk_twin, settings, folder=tmp_path) as ingest:
        publisher(f"mqtt://127.0.0.1:{port}").publish("community/c/motion/m-001", b'{"v": 0}')
        eventually(lambda: disk_twin.counts()["stored"] == 2002, what="the one message of the second start")


def test_after_the_broker_was_killed_messages_flow_again(program, disk_twin, tmp_path, publisher):
    with MqttIngest(disk_twin, BrokerSettings(port=free_port(), program=program), folder=tmp_path) as ingest:
        broker = ingest.embedded
        [child] = [p for p in psutil.Process(broker._process.pid).children(recursive=True) if p.net_connections()]
        child.kill()
        eventually(lambda: broker.restarts == 1 and ingest.status()["connected"], what="broker and source again")
        publisher(str(ingest.url)).publish("community/c/motion/m-001", b'{"v": 1}')
        eventually(lambda: disk_twin.counts()["stored"] == 1, what="the message")


def test_a_long_message_passes_and_one_beyond_the_limit_does_not_stop_the_rest(program, disk_twin, tmp_path, publisher):
    port = free_port()
    with MqttIngest(disk_twin, BrokerSettings(port=port, program=program), folder=tmp_path):
        sender = publisher(f"mqtt://127.0.0.1:{port}")
        sender.publish("community/c/climate/t-001", b'{"temp": 20, "x": "%s"}' % (b"x" * 500_000))
        sender.publish("community/c/climate/t-001", b'{"temp": 21}')
        eventually(lambda: disk_twin.counts()["stored"] == 2, what="both")


def test_a_busy_topic_does_not_starve_another(program, disk_twin, tmp_path, publisher):
    """a door among 13,000 temperatures is known in its turn, long before the last of them"""
    behind = 10_000
    with MqttIngest(disk_twin, BrokerSettings(port=free_port(), program=program), folder=tmp_path) as ingest:
        sender = publisher(str(ingest.url))

        def burst(first: int, count: int) -> None:
            for n in range(first, first + count):
                sender.publish("community/c/climate/t-001", b'{"temp": 20, "ts": %d}' % (NOON_MS - n * 1000))

        burst(0, 3_000)
        sender.publish("zigbee2mqtt/hall/door", b'{"contact": false}')
        burst(3_000, behind)

        eventually(lambda: disk_twin.counts()["stored"] == 3_000 + behind + 1, within=30, what="all of them")
    states = disk_twin.states(disk_twin.now(), device_id="c-hall/door").to_pylist()
    known_at = max(state["received_at"] for state in states if state["received_at"])
    later = disk_twin.store.select("SELECT count(*) AS n FROM reading WHERE received_at > $at", at=known_at)["n"]
    assert later[0].as_py() > behind // 2, "the door waited for the temperatures behind it"

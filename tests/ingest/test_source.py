"""One subscription kept alive through everything a broker and a network do."""

from __future__ import annotations

import logging
import socket
import subprocess
import time

import pytest

from benchmarks.mosquitto import Mosquitto, free_port
from ingest.packets import DUP, RETAIN, TOO_LARGE
from ingest.source import SILENT_AFTER_S
from ingest.url import BrokerError, BrokerRefusedError, BrokerUnreachableError

from .conftest import Listening, eventually, publish_packet

pytestmark = pytest.mark.mosquitto


def numbers(listening: Listening) -> list[int]:
    return [int(m[1]) for m in listening.messages]


# --- the broker goes and comes back


def test_messages_published_while_we_are_away_come_when_we_are_back(broker, listen, publisher):
    first = listen(broker.url)
    first.source.stop()
    sender = publisher(broker.url)
    for n in range(300):
        sender.publish("a/1", b"%d" % n)
    assert sender.flush()
    again = listen(broker.url)
    eventually(lambda: len(again.messages) == 300, what="300 messages kept by the broker")
    assert numbers(again) == list(range(300))


def test_a_broker_that_ends_is_shown_and_found_again(broker, listen, publisher, caplog):
    caplog.set_level(logging.INFO, logger="cim.mqtt")
    listening = listen(broker.url)
    broker.stop()
    eventually(lambda: not listening.connected, within=5, what="the loss to be shown")
    assert "127.0.0.1" in listening.states[-1][1]
    broker.start()
    eventually(lambda: listening.connected, what="the recovery")
    publisher(broker.url).publish("a/1", b"1")
    eventually(lambda: numbers(listening) == [1], what="a message after the recovery")
    said = [r.getMessage() for r in caplog.records if r.name == "cim.mqtt"]
    assert len([s for s in said if "Trying again" in s]) == 1
    assert len([s for s in said if "connected (MQTT 5)" in s]) == 2


def test_a_frozen_broker_is_shown_within_five_seconds_and_its_recovery_too(broker, listen):
    listening = listen(broker.url)
    broker.freeze()
    began = time.monotonic()
    eventually(lambda: not listening.connected, within=5, what="the silence to be shown")
    assert time.monotonic() - began > SILENT_AFTER_S / 2
    assert "silent" in listening.states[-1][1]
    broker.thaw()
    eventually(lambda: listening.connected, within=5, what="the recovery")
    assert listening.source.status().connections == 1


def test_what_was_not_acknowledged_comes_again_marked_as_such(broker, listen, publisher):
    listening = listen(broker.url)
    listening.prompt = False
    sender = publisher(broker.url)
    for n in range(50):
        sender.publish("a/1", b"%d" % n)
    eventually(lambda: len(listening.messages) == 50, what="the first delivery")
    cut(listening)
    eventually(lambda: len(listening.messages) == 100, what="the redelivery")
    assert numbers(listening) == [*range(50), *range(50)]
    assert all(m[2] & DUP for m in listening.messages[50:])


def test_an_acknowledgement_for_a_lost_connection_is_not_sent_on_the_next(broker, listen, publisher):
    """The packet ids of the old connection may stand for other messages on the new one."""
    listening = listen(broker.url)
    listening.prompt = False
    publisher(broker.url).publish("a/1", b"1")
    eventually(lambda: len(listening.batches) == 1, what="the message")
    cut(listening)
    eventually(lambda: len(listening.batches) == 2, what="the redelivery")
    old, new = listening.batches
    old.acknowledge(old.connection, old.messages)
    new.acknowledge(new.connection, new.messages)
    eventually(lambda: listening.source.status().acknowledged == 1, what="one acknowledgement")
    cut(listening)
    eventually(lambda: listening.source.status().connections == 3 and listening.connected, what="the next connection")
    assert len(listening.batches) == 2


def cut(listening: Listening) -> None:
    """What a pulled cable or a restarted switch does to the socket."""
    sock = listening.source._connection.socket()
    assert sock is not None
    before = listening.source.status().connections
    sock.shutdown(socket.SHUT_RDWR)
    eventually(lambda: listening.source.status().connections > before, what="a new connection")


def test_two_programs_with_one_name_are_told_apart(broker, listen):
    first = listen(broker.url)
    listen(broker.url)
    said = "does another program use the client id 'tester'?"
    eventually(lambda: any(said in detail for _, detail in first.states), what="the suspicion to be shown")


# --- pressure


def test_without_room_nothing_is_read_and_nothing_is_lost(broker, listen, publisher):
    listening = listen(broker.url, receive_maximum=60_000)
    listening.room = False
    listening.source.resume()
    sender = publisher(broker.url)
    for n in range(3000):
        sender.publish("a/1", b"%d" % n)
    assert sender.flush()
    assert len(listening.messages) < 3000
    listening.room = True
    listening.source.resume()
    eventually(lambda: len(listening.messages) == 3000, what="all messages after the pause")
    assert numbers(listening) == list(range(3000))


def test_a_pause_is_not_taken_for_a_silent_broker(scripted, listen):
    """While we do not read, pings are not answered either."""
    broker = scripted()
    listening = listen(broker.url)
    listening.room = False
    listening.source.resume()
    paused = time.monotonic()
    eventually(lambda: time.monotonic() - paused > SILENT_AFTER_S + 0.5, what="the time after which it would be shown")
    assert listening.connected


def test_no_more_than_the_agreed_number_is_unacknowledged_over_mqtt_5(broker, listen, publisher):
    listening = listen(broker.url, receive_maximum=100)
    listening.prompt = False
    sender = publisher(broker.url)
    for n in range(500):
        sender.publish("a/1", b"%d" % n)
    assert sender.flush()
    eventually(lambda: len(listening.messages) == 100, what="one window")
    listening.prompt = True
    for batch in list(listening.batches):
        batch.acknowledge(batch.connection, batch.messages)
    eventually(lambda: len(listening.messages) == 500, what="the rest")


def test_retained_messages_are_marked_and_not_repeated_after_a_reconnect(broker, listen, publisher):
    sender = publisher(broker.url)
    sender.publish("a/1", b"1", retain=True)
    assert sender.flush()
    listening = listen(broker.url)
    eventually(lambda: len(listening.messages) == 1, what="the retained message")
    assert listening.messages[0][2] & RETAIN
    cut(listening)
    eventually(lambda: listening.connected, what="the connection")
    sender.publish("a/2", b"2")
    eventually(lambda: numbers(listening)[-1] == 2, what="a fresh message")
    # Cut before its acknowledgement went out, the first one may come again, but then it says so.
    assert [int(m[1]) for m in listening.messages if not m[2] & DUP] == [1, 2]
    assert not listening.messages[-1][2] & RETAIN


# --- what only odd brokers send


def test_half_a_packet_is_forgotten_with_its_connection(scripted, listen):
    broker = scripted()
    listening = listen(broker.url)
    whole = publish_packet(b"a/1", b"1", mid=1, v5=True)
    broker.send(whole, whole[:-2])
    eventually(lambda: len(listening.messages) == 1, what="the whole one")
    broker.hang_up()
    eventually(lambda: broker.greetings == 2 and listening.connected, what="the next connection")
    broker.send(publish_packet(b"a/2", b"2", mid=1, v5=True))
    eventually(lambda: len(listening.messages) == 2, what="the first message of the next connection")
    assert listening.messages[1][:2] == (b"a/2", b"2")


@pytest.mark.parametrize(
    "nonsense",
    [b"\x36\x05\x00\x01a\x00\x01", b"\x30\xff\xff\xff\xff\x01", b"\xf0\x00", b"\x90\x01\x00", b"\x00\x00"],
    ids=["qos3", "length", "auth", "short suback", "type 0"],
)
def test_after_nonsense_the_connection_is_made_anew(nonsense, scripted, listen):
    broker = scripted()
    listening = listen(broker.url)
    broker.send(publish_packet(b"a/1", b"1", mid=3, v5=True), nonsense)
    eventually(lambda: broker.greetings >= 2 and listening.connected, what="the next connection")
    assert numbers(listening) == [1]
    eventually(lambda: broker.acknowledged() in ([], [3]), what="at most the good one acknowledged")
    broker.send(publish_packet(b"a/1", b"2", mid=4, v5=True))
    eventually(lambda: numbers(listening)[-1] == 2, what="life going on")


def test_a_message_of_qos_2_is_handed_on_once_and_completed_after_the_acknowledgement(scripted, listen):
    broker = scripted()
    listening = listen(broker.url)
    listening.prompt = False
    broker.send(publish_packet(b"a/1", b"1", qos=2, mid=9, v5=True))
    eventually(lambda: broker.acknowledged(0x50) == [9], what="PUBREC")
    assert listening.messages == []
    broker.send(b"\x62\x02\x00\x09")
    eventually(lambda: len(listening.messages) == 1, what="the message")
    assert broker.acknowledged(0x70) == []
    batch = listening.batches[0]
    batch.acknowledge(batch.connection, batch.messages)
    eventually(lambda: broker.acknowledged(0x70) == [9], what="PUBCOMP")


def test_a_message_too_long_to_keep_is_cut_off_and_can_be_acknowledged(scripted, listen):
    broker = scripted()
    listening = listen(broker.url)
    broker.send(publish_packet(b"a/1", b"x" * 3_000_000, mid=9, v5=True), publish_packet(b"a/1", b"2", mid=10, v5=True))
    eventually(lambda: broker.acknowledged() == [9, 10], what="both acknowledged")
    assert listening.messages[0][2] & TOO_LARGE
    assert listening.messages[1][1] == b"2"


def test_a_broker_that_hangs_up_on_mqtt_5_is_spoken_to_in_3_1_1(scripted, listen):
    broker = scripted(silent_on_v5=True)
    listening = listen(broker.url)
    assert (broker.v5, broker.greetings) == (False, 2)
    broker.send(publish_packet(b"a/1", b"1", mid=1))
    eventually(lambda: numbers(listening) == [1], what="a message over 3.1.1")


def test_a_receiver_that_fails_does_not_end_the_network_thread(broker, listen, publisher, caplog):
    failing = []

    def deliver(batch):
        if not failing:
            failing.append(batch)
            raise RuntimeError("a mistake of ours")
        batch.acknowledge(batch.connection, batch.messages)

    listening = listen(broker.url, deliver=deliver)
    publisher(broker.url).publish("a/1", b"1")
    eventually(lambda: listening.source.status().acknowledged == 1, what="the message again, and its acknowledgement")
    assert "a mistake of ours" in caplog.text


# --- who may connect


def test_nobody_listening_is_one_sentence(listen):
    port = free_port()
    with pytest.raises(BrokerUnreachableError, match=f"No broker listens at 127.0.0.1:{port}"):
        listen(f"mqtt://127.0.0.1:{port}")


def test_a_port_that_speaks_something_else_is_one_sentence(listen):
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(BrokerUnreachableError, match="said nothing"):
        listen(f"mqtt://127.0.0.1:{server.getsockname()[1]}")


def test_a_wrong_password_is_one_sentence_without_the_password(tmp_path, listen):
    passwords = tmp_path / "passwords"
    make = ["mosquitto_passwd", "-c", "-b", str(passwords), "cockpit", "right"]
    subprocess.run(make, check=True, capture_output=True)
    passwords.chmod(0o644)
    locked = f"password_file {passwords}\n"
    with Mosquitto(tmp_path, listener="listener {port} 127.0.0.1", extra=locked, anonymous=False) as broker:
        host = f"127.0.0.1:{broker.port}"
        assert listen(f"mqtt://cockpit:right@{host}").connected
        with pytest.raises(BrokerRefusedError, match=r"refused user 'cockpit': Not authorized") as refusal:
            listen(f"mqtt://cockpit:wr0ng@{host}", client_id="other")
        assert "wr0ng" not in str(refusal.value)
        with pytest.raises(BrokerRefusedError, match="a connection without login"):
            listen(f"mqtt://{host}", client_id="other")


# --- TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    folder.parent.chmod(0o755)
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1 "
        "-addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem"
    )
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def tls_broker(certificate, tmp_path):
    listener = f"listener {{port}} 127.0.0.1\ncertfile {certificate}/cert.pem\nkeyfile {certificate}/key.pem"
    with Mosquitto(tmp_path, listener=listener) as broker:
        yield broker


def test_over_tls_everything_comes_in_order(tls_broker, certificate, listen):
    """30,000 messages: many TLS records, and bytes left inside the TLS layer after a read."""
    url = tls_broker.url.replace("mqtt:", "mqtts:")
    listening = listen(url, ca_file=certificate / "cert.pem")
    lines = "".join(f"{n}\n" for n in range(30_000))
    subprocess.run(
        ["mosquitto_pub", "-p", str(tls_broker.port), "--cafile", str(certificate / "cert.pem"), "-h", "127.0.0.1",
         "-t", "a/1", "-q", "1", "-l"], input=lines.encode(), check=True, timeout=60,
    )  # fmt: skip
    eventually(lambda: len(listening.messages) >= 30_000, within=20, what="all messages")
    assert numbers(listening) == list(range(30_000))
    eventually(lambda: listening.source.status().acknowledged == 30_000, what="all acknowledgements")


def test_an_unknown_certificate_is_one_sentence(tls_broker, listen):
    with pytest.raises(BrokerRefusedError, match="not trusted"):
        listen(tls_broker.url.replace("mqtt:", "mqtts:"))


def test_a_plain_port_asked_for_tls_is_one_sentence(broker, listen, certificate):
    with pytest.raises(BrokerError, match=r"127\.0\.0\.1"):
        listen(broker.url.replace("mqtt:", "mqtts:"), ca_file=certificate / "cert.pem")

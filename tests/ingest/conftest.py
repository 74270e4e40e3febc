"""Real brokers, a neighbourhood of a few devices, and a scripted broker for what real ones never send."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.mosquitto import Mosquitto
from ingest.decoder import Decoder
from ingest.mqtt import Publisher
from ingest.packets import Message
from ingest.service import BrokerSettings, MqttIngest
from ingest.source import Batch, Source
from ingest.url import BrokerUrl
from tests.conftest import eventually
from twin_model.entities import Community, Device
from twin_model.twin import Twin

NOON_MS = 1_795_320_000_000  # 2026-11-22 12:00 in the neighbourhood


def device(name: str, kind: str, dialect: str = "json") -> Device:
    return Device(community_id="c", device_id=f"c-{name}", type=kind, dialect=dialect, address=name)


DEVICES = [
    device("m-001", "motion"),
    device("t-001", "temperature"),
    device("w-001", "water_meter"),
    device("d-001", "door_contact"),
    device("hall/door", "door_contact", "zigbee2mqtt"),
    device("0101010101010101", "temperature", "chirpstack"),
]


def utc_now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def people_live_here(twin: Twin) -> Twin:
    """The twin of the shared fixture with DEVICES."""
    twin.record([Community(community_id="c", name="小区"), *DEVICES])
    return twin


@pytest.fixture
def disk_twin(tmp_path: Path) -> Iterator[Twin]:
    """A twin on disk, on the real clock."""
    twin = Twin.open(tmp_path / "twin.duckdb", clock=utc_now)
    twin.record([Community(community_id="c", name="小区"), *DEVICES])
    yield twin
    twin.close()


@pytest.fixture
def decode(people_live_here: Twin) -> Callable:
    """``decode(("topic", b"payload"), …)``: one batch through the decoder, on the real directory."""
    decoder = Decoder(people_live_here.catalogue)

    def run(*rows: tuple, known: dict[int, int] | None = None):
        messages = [message(*row) if not isinstance(row[0], bytes) else row for row in rows]
        return decoder.decode(messages, people_live_here.directory(), {} if known is None else known)

    return run


def message(topic: str, payload: bytes | str, flags: int = 2, mid: int = 1) -> Message:
    return topic.encode(), payload.encode() if isinstance(payload, str) else payload, flags, mid


@pytest.fixture
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """A real mosquitto with the configuration we ship."""
    with Mosquitto(tmp_path_factory.mktemp("broker")) as running:
        yield running


@pytest.fixture
def ingest_from(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., MqttIngest]:
    """``ingest_from(twin, url)``: the whole way from a broker into a twin, stopped at the end."""

    def start(twin: Twin, url: str, **settings: object) -> MqttIngest:
        ingest = MqttIngest(twin, BrokerSettings(broker=url, **settings), folder=tmp_path)
        request.addfinalizer(ingest.stop)
        ingest.start()
        return ingest

    return start


@pytest.fixture
def publisher(request: pytest.FixtureRequest) -> Callable[[str], Publisher]:
    """``publisher(url)``: connected, closed at the end."""

    def connect(url: str) -> Publisher:
        made = Publisher(BrokerUrl.parse(url), client_id=f"test-{id(request)}")
        request.addfinalizer(lambda: made.close(timeout=0))
        return made

    return connect


class Listening:
    """A source that keeps what it gets; ``room`` and ``prompt`` decide whether it reads and acknowledges."""

    def __init__(self, url: str, **options: object) -> None:
        self.batches: list[Batch] = []
        self.states: list[tuple[bool, str]] = []
        self.room = True
        self.prompt = True
        self.source = Source(
            BrokerUrl.parse(url),
            **{
                "client_id": "tester",
                "topics": ["a/#"],
                "deliver": self._take,
                "has_room": lambda: self.room,
                "on_state": lambda connected, detail: self.states.append((connected, detail)),
                **options,
            },
        )

    def _take(self, batch: Batch) -> None:
        self.batches.append(batch)
        if self.prompt:
            batch.acknowledge(batch.connection, batch.messages)

    @property
    def messages(self) -> list[Message]:
        return [m for batch in list(self.batches) for m in batch.messages]

    @property
    def connected(self) -> bool:
        return bool(self.states) and self.states[-1][0]


@pytest.fixture
def listen(request: pytest.FixtureRequest) -> Callable[..., Listening]:
    """``listen(url, …)``: a started source, stopped at the end."""

    def start(url: str, **options: object) -> Listening:
        made = Listening(url, **options)
        request.addfinalizer(made.source.stop)
        made.source.start(wait=5)
        return made

    return start


class ScriptedBroker:
    """Accepts MQTT 3.1.1 or 5 clients, answers CONNECT, SUBSCRIBE and PING, and sends what a test tells it to.

    ``silent_on_v5`` hangs up on an MQTT 5 greeting, as brokers that know only 3.1.1 may.
    """

    def __init__(self, *, silent_on_v5: bool = False) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self.received: list[tuple[int, bytes]] = []
        self.greetings = 0
        self.v5 = False
        self._silent_on_v5 = silent_on_v5
        self._link: socket.socket | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def _accept(self) -> None:
        while not self._closing:
            try:
                link, _ = self._server.accept()
            except OSError:
                return
            with link:
                self._serve(link)

    def _serve(self, link: socket.socket) -> None:
        rest = b""
        while True:
            try:
                data = link.recv(65536)
            except OSError:
                return
            if not data:
                return
            rest += data
            while len(rest) >= 2:
                length, at, shift = 0, 1, 0
                while True:
                    length |= (rest[at] & 0x7F) << shift
                    at, shift = at + 1, shift + 7
                    if not rest[at - 1] & 0x80:
                        break
                if len(rest) < at + length:
                    break
                command, body, rest = rest[0], rest[at : at + length], rest[at + length :]
                if not self._answer(link, command, body):
                    return

    def _answer(self, link: socket.socket, command: int, body: bytes) -> bool:
        self.received.append((command, body))
        if command == 0x10:
            self.greetings += 1
            self.v5 = body[6] == 5
            if self.v5 and self._silent_on_v5:
                return False
            link.sendall(b"\x20\x03\x00\x00\x00" if self.v5 else b"\x20\x02\x00\x00")
        elif command == 0x82:
            link.sendall(b"\x90\x04" + body[:2] + b"\x00\x01" if self.v5 else b"\x90\x03" + body[:2] + b"\x01")
            self._link = link
        elif command == 0xC0:
            link.sendall(b"\xd0\x00")
        return command != 0xE0

    def send(self, *packets: bytes) -> None:
        assert self._link is not None
        self._link.sendall(b"".join(packets))

    def hang_up(self) -> None:
        assert self._link is not None
        self._link.shutdown(socket.SHUT_RDWR)

    def acknowledged(self, command: int = 0x40) -> list[int]:
        """The packet ids of the acknowledgements that came."""
        return [struct.unpack("!H", body[:2])[0] for kind, body in list(self.received) if kind == command]

    def close(self) -> None:
        self._closing = True
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(5)


@pytest.fixture
def scripted(request: pytest.FixtureRequest) -> Callable[..., ScriptedBroker]:
    """``scripted()``: a broker that sends what it is told; closed at the end."""

    def start(**options: bool) -> ScriptedBroker:
        made = ScriptedBroker(**options)
        request.addfinalizer(made.close)
        return made

    return start


def publish_packet(
    topic: bytes, payload: bytes, *, qos: int = 1, mid: int = 1, v5: bool = False, flags: int = 0,
    properties: bytes = b"",
) -> bytes:  # fmt: skip
    """A PUBLISH as a broker would send it; ``properties`` without their length."""
    body = struct.pack("!H", len(topic)) + topic + (struct.pack("!H", mid) if qos else b"")
    if v5:
        body += variable(len(properties)) + properties
    return bytes([0x30 | flags | (qos << 1)]) + variable(len(body) + len(payload)) + body + payload


def variable(length: int) -> bytes:
    """A variable byte integer."""
    out = bytearray()
    while True:
        length, byte = length >> 7, length & 0x7F
        out.append(byte | (0x80 if length else 0))
        if not length:
            return bytes(out)


__all__ = ["NOON_MS", "eventually"]

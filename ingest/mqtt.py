"""The only module that imports paho. Everything behind this wall is bytes, tuples and our own sentences.

``Source`` keeps one subscribed connection alive for ever and hands messages on in batches; an acknowledgement
is sent only when the receiver asks for it. ``Publisher`` sends messages with QoS 1 for replay and simulation.

paho is used for the handshake, subscriptions, pings and QoS 2. Only its receive path is replaced
(``BulkClient.loop_read``): 256 KiB per call and packed acknowledgements, about 20 times less work per
message. That uses private parts of paho 2.2.0; ``tests/ingest/test_paho.py`` fails when they move.
"""

from __future__ import annotations

import logging
import queue
import random
import select
import socket
import ssl
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import paho.mqtt.client as paho
from paho.mqtt import MQTTException
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from ingest.packets import DUP, QOS, QOS1, QOS2, Message, PacketReader
from ingest.url import (
    BrokerError,
    BrokerRefusedError,
    BrokerUnreachableError,
    BrokerUrl,
    connect_error,
    tls_context,
)

log = logging.getLogger("cim.mqtt")

RECEIVE_BYTES = 256 * 1024
KEEPALIVE_S = 15
"""Told to the broker, and how long a silent connection is kept before it is closed."""
PING_AFTER_S, SILENT_AFTER_S = 1.5, 3.5
"""Quiet for the first: ask. Quiet for the second: shown as lost (the promise is 5 s), though still open."""
CONNECT_TIMEOUT_S = 3.0
STABLE_AFTER_S = 10.0
"""A connection that lasted this long starts the back-off from the beginning."""
SESSION_EXPIRY_S = 7 * 24 * 3600
RECEIVE_MAXIMUM = 60_000
"""Unacknowledged messages an MQTT 5 broker may send; must exceed the largest batch, at most 65,535."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages of one read, in order, with where to acknowledge them."""

    messages: list[Message]
    connection: int
    acknowledge: Callable[[int, Sequence[Message]], None]


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """``detail`` is a sentence for the screen; counts since the start."""

    connected: bool
    detail: str
    received: int
    acknowledged: int
    connections: int


class BulkClient(paho.Client):
    """A paho client whose receive path reads many packets at once.

    ``on_batch`` gets the QoS 0 and QoS 1 messages of one read. QoS 2 goes through paho and arrives by
    ``on_message`` after its handshake.
    """

    on_batch: Callable[[list[Message]], None]
    message_limit = 1 << 20

    def reconnect(self) -> MQTTErrorCode:
        """As paho's, with nothing left over from the connection before."""
        self._reader = PacketReader(v5=self._protocol == paho.MQTTv5, limit=self.message_limit)
        return super().reconnect()

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """Read what the socket holds, up to 256 KiB and the rest of the last TLS record."""
        if self._sock is None:
            return MQTTErrorCode.MQTT_ERR_NO_CONN
        try:
            data = self._receive()
        except BlockingIOError:
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        except OSError as error:
            log.debug("receive failed: %s", error)
            data = b""
        if not data:
            return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_CONN_LOST)
        with self._msgtime_mutex:
            self._last_bytes_received = time.monotonic()
        messages, controls = self._reader.feed(data)
        done = 0
        for control in controls:
            if control.after > done:
                self.on_batch(messages[done : control.after])
                done = control.after
            code = self._handle(control.command, control.body)
            if code:
                return self._loop_rc_handle(code)
            if self._sock is None:
                return MQTTErrorCode.MQTT_ERR_CONN_LOST
        if len(messages) > done:
            self.on_batch(messages[done:] if done else messages)
        if self._reader.fault:
            log.warning("the broker sent %s; the connection is closed and opened again", self._reader.fault)
            return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_PROTOCOL)
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _receive(self) -> bytes:
        """Bytes of the socket. A TLS layer holds decrypted bytes poll cannot see: they are drained too."""
        data = self._sock_recv(RECEIVE_BYTES)
        if not isinstance(self._sock, ssl.SSLSocket):
            return data
        parts, size = [data], len(data)
        while data and size < RECEIVE_BYTES:
            try:
                data = self._sock_recv(RECEIVE_BYTES)
            except BlockingIOError:
                break
            parts.append(data)
            size += len(data)
        return b"".join(parts)

    def _handle(self, command: int, body: bytes) -> MQTTErrorCode:
        """Give one packet to paho's own handler."""
        self._in_packet = {
            "command": command, "have_remaining": 1, "remaining_count": [], "remaining_mult": 1,
            "remaining_length": len(body), "packet": bytearray(body), "to_process": 0, "pos": 0,
        }  # fmt: skip
        try:
            return self._packet_handle()
        except (MQTTException, IndexError, ValueError, struct.error) as error:
            log.debug("packet %#x not understood: %s", command, error)
            return MQTTErrorCode.MQTT_ERR_PROTOCOL

    def send_acks(self, messages: Sequence[Message]) -> None:
        """Queue the acknowledgements of ``messages`` as one write."""
        first = [m[3] for m in messages if m[2] & QOS == QOS1]
        second = [m[3] for m in messages if m[2] & QOS == QOS2]
        for head, mids in ((0x4002, first), (0x7002, second)):
            if mids:
                packed = np.empty((len(mids), 2), dtype=">u2")
                packed[:, 0] = head
                packed[:, 1] = mids
                self._packet_queue(head >> 8, packed.tobytes(), 0, 0)

    def quiet_for(self, now: float) -> float:
        """Seconds since the broker last sent anything."""
        return now - self._last_bytes_received

    def ask_for_sign_of_life(self) -> None:
        """Send a ping unless one is already on its way."""
        if not self._ping_t:
            self._send_pingreq()

    def hold(self, now: float) -> None:
        """We do not read for now: the broker's silence means nothing, but it must hear from us."""
        with self._msgtime_mutex:
            self._last_bytes_received = now
        self._ping_t = 0.0
        if now - self._last_msg_out > KEEPALIVE_S / 3:
            self._send_pingreq()
            self._ping_t = 0.0
            with self._msgtime_mutex:
                self._last_msg_out = now

    def drop(self) -> None:
        """Close the socket at once, without a word to the broker; it keeps the session."""
        self._sock_close()


class Source:
    """One subscription kept alive: connects, reconnects, hands batches to ``deliver`` on its own thread.

    ``deliver`` and ``has_room`` belong to the receiver. While ``has_room()`` is false nothing is read, so the
    broker holds the messages back; ``resume()`` ends the pause. ``on_state(connected, detail)`` is called on
    every change. ``again_window``: how many messages after a resumed session a broker may repeat without
    setting the DUP flag (iotcore: its window of 100); they are then marked here.
    """

    def __init__(
        self,
        url: BrokerUrl,
        *,
        client_id: str,
        topics: Sequence[str],
        deliver: Callable[[Batch], None],
        has_room: Callable[[], bool],
        on_state: Callable[[bool, str], None],
        ca_file: Path | None = None,
        v5: bool = True,
        again_window: int = 0,
        receive_maximum: int = RECEIVE_MAXIMUM,
    ) -> None:
        self.url = url
        self._client_id, self._topics = client_id, list(topics)
        self._deliver, self._has_room, self._on_state = deliver, has_room, on_state
        self._tls = tls_context(url, ca_file)
        self._v5, self._fixed_version = v5, not v5
        self._again_window, self._again_left = again_window, 0
        self._receive_maximum = receive_maximum
        self._acks: deque[tuple[int, Sequence[Message]]] = deque()
        self._wake_read, self._wake_write = socket.socketpair()
        self._wake_read.setblocking(False)
        self._wake_write.setblocking(False)
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._outcome: queue.SimpleQueue[BrokerError | None] = queue.SimpleQueue()
        self._connection = 0
        self._subscribed = False
        self._client = self._make_client()
        self._refused: str | None = None
        self._answered = False
        self._connected, self._detail = False, "not connected yet"
        self._told = False
        self._received = self._acknowledged = 0

    # --- for the owner, any thread

    def start(self, *, wait: float | None = None) -> None:
        """Begin. With ``wait``, return when connected, or raise what went wrong with the first attempt."""
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)
        self._thread.start()
        if wait is None:
            return
        try:
            error = self._outcome.get(timeout=wait)
        except queue.Empty:
            error = BrokerUnreachableError(f"The broker at {self.url.place} gave no answer in {wait:g} s.")
        if error is not None:
            self.stop()
            raise error

    def stop(self) -> None:
        """Disconnect and end the thread; the broker keeps what was not acknowledged. Safe to call twice."""
        self._stopping.set()
        self._wake()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=CONNECT_TIMEOUT_S + 2)
            self._thread = None

    def acknowledge(self, connection: int, messages: Sequence[Message]) -> None:
        """Acknowledge ``messages``, unless their connection is gone: then the broker sends them again."""
        self._acks.append((connection, messages))
        self._wake()

    def resume(self) -> None:
        """The receiver has room again."""
        self._wake()

    def status(self) -> SourceStatus:
        """Where we stand; cheap."""
        return SourceStatus(
            self._connected, self._detail, self._received, self._acknowledged, self._connection
        )

    # --- the network thread

    def _run(self) -> None:
        delay = 0.0
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                error = self._one_connection()
            except Exception as unexpected:
                # Whatever a library throws, the neighbourhood must not go deaf: it is a lost connection.
                log.exception("unexpected error on the broker connection")
                error = BrokerUnreachableError(f"The connection to {self.url.place} failed: {unexpected}.")
            self._client.drop()
            if self._stopping.is_set():
                break
            lasted = time.monotonic() - began
            if not self._answered and not self._fixed_version:
                # Some old brokers just hang up on MQTT 5: try 3.1.1 in turn, and stay with what works.
                self._v5 = not self._v5
                self._client = self._make_client()
                if not self._v5:
                    continue
            self._lost(error)
            self._outcome.put(error)
            delay = 0.25 if lasted > STABLE_AFTER_S or not delay else min(delay * 2, 30.0)
            self._stopping.wait(delay * random.uniform(0.75, 1.25))

    def _make_client(self) -> BulkClient:
        client = BulkClient(
            CallbackAPIVersion.VERSION2, client_id=self._client_id, clean_session=None if self._v5 else False,
            protocol=paho.MQTTv5 if self._v5 else paho.MQTTv311, reconnect_on_failure=False, manual_ack=True,
        )  # fmt: skip
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.username_pw_set(self.url.username, self.url.password)
        if self._tls is not None:
            client.tls_set_context(self._tls)
        client.on_batch = self._on_batch
        client.on_message = self._on_message
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        # With a writer registered paho never writes from a foreign thread; our loop asks want_write().
        client.on_socket_register_write = lambda *_: None
        properties = None
        if self._v5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = SESSION_EXPIRY_S
            properties.ReceiveMaximum = self._receive_maximum
        client.connect_async(
            self.url.host, self.url.port, keepalive=KEEPALIVE_S, clean_start=False, properties=properties
        )
        return client

    def _one_connection(self) -> BrokerError:
        """Connect, serve until the connection ends, and say why it did."""
        client, self._refused, self._answered = self._client, None, False
        self._connection += 1
        try:
            client.reconnect()
        except OSError as error:
            # Nothing was said in MQTT yet, so the protocol version is not to blame.
            self._answered = True
            return connect_error(self.url, error)
        opened = time.monotonic()
        while not self._stopping.is_set():
            sock: Any = client.socket()
            if sock is None:
                return self._why()
            now = time.monotonic()
            self._send_acks(client)
            paused = not self._has_room()
            pending = self._tls is not None and not paused and sock.pending() > 0
            readable, writable = self._wait(client, sock, paused, 0.0 if pending else 0.25)
            if readable or pending:
                client.loop_read()
            if writable and client.socket() is not None:
                client.loop_write()
            if client.socket() is None:
                return self._why()
            if paused:
                client.hold(now)
            else:
                client.loop_misc()
                self._watch(client, time.monotonic(), opened)
        self._say_goodbye(client)
        return BrokerUnreachableError("stopped")

    def _wait(self, client: BulkClient, sock: Any, paused: bool, timeout: float) -> tuple[bool, bool]:
        poller = select.poll()
        wanted = (0 if paused else select.POLLIN) | (select.POLLOUT if client.want_write() else 0)
        if wanted:
            # Not registered at all while paused with nothing to send: poll would report a hang-up for ever.
            poller.register(sock, wanted)
        poller.register(self._wake_read, select.POLLIN)
        events = dict(poller.poll(timeout * 1000))
        if events.get(self._wake_read.fileno()):
            try:
                self._wake_read.recv(65536)
            except BlockingIOError:
                log.debug("wake-up taken already")
        event = events.get(sock.fileno(), 0)
        return bool(event & ~select.POLLOUT) and not paused, bool(event & ~select.POLLIN)

    def _watch(self, client: BulkClient, now: float, opened: float) -> None:
        """Show a broker that went silent long before the keep-alive would close it."""
        quiet = client.quiet_for(now)
        if not self._answered:
            if now - opened > CONNECT_TIMEOUT_S:
                self._refused = None
                client.drop()
            return
        if quiet > SILENT_AFTER_S:
            self._lost(BrokerUnreachableError(f"The broker at {self.url.place} has gone silent."))
        elif quiet > PING_AFTER_S:
            client.ask_for_sign_of_life()
        elif not self._connected and self._subscribed:
            self._recovered()

    def _send_acks(self, client: BulkClient) -> None:
        while self._acks:
            connection, messages = self._acks.popleft()
            if connection == self._connection:
                client.send_acks(messages)
                self._acknowledged += len(messages)

    def _say_goodbye(self, client: BulkClient) -> None:
        """Send what is acknowledged, then a DISCONNECT; the session stays with the broker."""
        self._send_acks(client)
        client.disconnect()
        until = time.monotonic() + 1.0
        while client.want_write() and client.socket() is not None and time.monotonic() < until:
            if self._wait(client, client.socket(), True, 0.05)[1]:
                client.loop_write()

    def _wake(self) -> None:
        try:
            self._wake_write.send(b"w")
        except (BlockingIOError, OSError) as error:
            log.debug("wake-up not needed: %s", error)

    # --- callbacks of paho, on the network thread

    def _on_batch(self, messages: list[Message]) -> None:
        if self._again_left > 0:
            again, rest = messages[: self._again_left], messages[self._again_left :]
            self._again_left -= len(again)
            messages = [(t, p, f | DUP, m) for t, p, f, m in again] + rest
        self._received += len(messages)
        self._deliver(Batch(messages, self._connection, self.acknowledge))

    def _on_message(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        flags = (message.qos << 1) | (DUP if message.dup else 0) | int(message.retain)
        self._on_batch([(message._topic, bytes(message.payload), flags, message.mid)])

    def _on_connect(self, client: Any, _data: Any, flags: Any, reason: Any, _properties: Any) -> None:
        self._answered = True
        if reason.is_failure:
            self._refused = f"{reason}"
            if "protocol version" in self._refused.lower() and not self._fixed_version:
                self._answered = False
            return
        self._fixed_version = True
        resumed = bool(flags.session_present)
        self._again_left = self._again_window if resumed else 0
        if self._subscribed and resumed:
            self._recovered()
            return
        # retainHandling 1: an MQTT 5 broker repeats retained messages only for a new subscription.
        wanted: Any = (
            [(t, SubscribeOptions(qos=1, retainHandling=1)) for t in self._topics]
            if self._v5
            else [(t, 1) for t in self._topics]
        )
        client.subscribe(wanted)

    def _on_subscribe(self, client: Any, _data: Any, _mid: int, reasons: Any, _properties: Any) -> None:
        bad = [topic for topic, reason in zip(self._topics, reasons, strict=False) if reason.is_failure]
        if bad:
            self._refused = f"it does not allow reading {', '.join(bad)}"
            client.drop()
            return
        self._subscribed = True
        self._recovered()

    def _on_disconnect(self, _client: Any, _data: Any, flags: Any, reason: Any, _properties: Any) -> None:
        if flags.is_disconnect_packet_from_server:
            self._refused = f"{reason}"

    # --- edges: said once, not at every attempt

    def _recovered(self) -> None:
        detail = f"connected to {self.url}"
        if not self._connected:
            log.info("broker %s: connected (MQTT %s)", self.url.place, "5" if self._v5 else "3.1.1")
            self._connected, self._detail, self._told = True, detail, False
            self._on_state(True, detail)
        self._outcome.put(None)

    def _lost(self, error: BrokerError) -> None:
        changed = self._connected or str(error) != self._detail
        if not self._told:
            log.warning("%s Trying again until it answers.", error)
        self._connected, self._detail, self._told = False, str(error), True
        if changed:
            self._on_state(False, str(error))

    def _why(self) -> BrokerError:
        who = f" user {self.url.username!r}" if self.url.username else " a connection without login"
        if self._refused and "taken over" in self._refused.lower():
            return BrokerRefusedError(
                f"Another program took over the connection to {self.url.place} with the client id "
                f"{self._client_id!r}; only one cockpit may use a data folder."
            )
        if self._refused and self._answered and not self._connected:
            return BrokerRefusedError(
                f"The broker at {self.url.place} refused{who}: {self._refused}; "
                "check the user name, the password and the broker's access list."
            )
        if self._refused:
            return BrokerUnreachableError(
                f"The broker at {self.url.place} closed the connection: {self._refused}."
            )
        if not self._answered:
            return BrokerRefusedError(
                f"The broker at {self.url.place} closed the connection of{who} without an answer; check the "
                "user name, the password and whether this port speaks MQTT."
            )
        return BrokerUnreachableError(f"The connection to the broker at {self.url.place} was lost.")


class Publisher:
    """Sends messages with QoS 1, at most ``window`` not yet acknowledged; ``publish`` waits when it is full.

    Reconnects by itself and repeats what was not acknowledged. Use as a context manager: leaving it waits for
    the last acknowledgements.
    """

    def __init__(
        self,
        url: BrokerUrl,
        *,
        client_id: str,
        ca_file: Path | None = None,
        window: int = 1000,
        wait: float = 10.0,
    ) -> None:
        self._url = url
        self._room = threading.Condition()
        self._open, self._window = 0, window
        self._ready = threading.Event()
        self._refusal: str | None = None
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=False)
        self._client.username_pw_set(url.username, url.password)
        tls = tls_context(url, ca_file)
        if tls is not None:
            self._client.tls_set_context(tls)
        self._client.max_inflight_messages = window
        self._client.reconnect_delay_set(1, 10)
        self._client.on_connect = self._on_connect
        self._client.on_publish = self._on_publish
        try:
            self._client.connect(url.host, url.port, keepalive=KEEPALIVE_S)
        except OSError as error:
            raise connect_error(url, error) from error
        self._client.loop_start()
        if not self._ready.wait(wait) or self._refusal:
            self._client.loop_stop()
            reason = self._refusal or f"no answer within {wait:g} s"
            raise BrokerRefusedError(f"The broker at {url.place} did not let us publish: {reason}.")

    def __enter__(self) -> Publisher:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, timeout: float = 30.0) -> None:
        """Send one message; raises when no acknowledgement made room within ``timeout`` seconds."""
        with self._room:
            if not self._room.wait_for(lambda: self._open < self._window, timeout):
                raise BrokerUnreachableError(
                    f"The broker at {self._url.place} acknowledged nothing for {timeout:g} s."
                )
            self._open += 1
        self._client.publish(topic, payload, qos=1, retain=retain)

    def flush(self, timeout: float = 30.0) -> bool:
        """Wait until all is acknowledged; false when ``timeout`` seconds were not enough."""
        with self._room:
            return self._room.wait_for(lambda: self._open == 0, timeout)

    def close(self, timeout: float = 10.0) -> bool:
        """Flush and disconnect; says whether all was acknowledged."""
        flushed = self.flush(timeout)
        self._client.disconnect()
        self._client.loop_stop()
        return flushed

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self._refusal = f"{reason}" if reason.is_failure else None
        self._ready.set()

    def _on_publish(self, _client: Any, _data: Any, _mid: int, _reason: Any, _properties: Any) -> None:
        with self._room:
            self._open -= 1
            self._room.notify_all()

"""The only module that imports paho. Everything behind this wall is bytes, tuples and our own sentences.

``Connection`` is one client of a broker: ``source.py`` keeps it alive. ``Publisher`` sends messages with QoS 1 for
replay and simulation.

paho is used for the handshake, subscriptions, pings and QoS 2. Only its receive path is replaced
(``Connection.loop_read``): 256 KiB per call and packed acknowledgements, about 20 times less work per message.
That uses private parts of paho 2.2.0; ``tests/ingest/test_paho.py`` fails when an upgrade moves them.
"""

from __future__ import annotations

import logging
import socket
import ssl
import struct
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import paho.mqtt.client as paho
from paho.mqtt import MQTTException
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from ingest.packets import DUP, QOS, QOS1, QOS2, Message, PacketReader
from ingest.url import BrokerRefusedError, BrokerUnreachableError, BrokerUrl, connect_error, tls_context

log = logging.getLogger("cim.mqtt")

RECEIVE_BYTES = 256 * 1024
MESSAGE_BYTES = 1 << 20
"""Longest message kept whole; of a longer one the beginning goes to quarantine."""
KEEPALIVE_S = 15
"""Told to the broker, and how long a silent connection is kept before it is closed."""
CONNECT_TIMEOUT_S = 3.0
SESSION_EXPIRY_S = 7 * 24 * 3600


class Listener(Protocol):
    """Who is told what a connection does, on the thread that runs it."""

    def on_messages(self, messages: list[Message]) -> None: ...
    def on_accepted(self, resumed: bool) -> None: ...
    def on_subscribed(self, refused_topics: list[str]) -> None: ...
    def on_refused(self, reason: str) -> None: ...

PROBE = "cim/probe/"
"""Where a source's own messages come back to it."""


class Connection(paho.Client):
    """A paho client with a persistent session whose receive path reads many packets at once.

    QoS 0 and QoS 1 messages come by the read; QoS 2 goes through paho and comes after its handshake. Nothing is
    acknowledged before ``send_acks``. One thread owns it.
    """

    def __init__(
        self, url: BrokerUrl, listener: Listener, *, client_id: str, v5: bool, tls: ssl.SSLContext | None,
        receive_maximum: int,
    ) -> None:  # fmt: skip
        super().__init__(
            CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=None if v5 else False,
            protocol=paho.MQTTv5 if v5 else paho.MQTTv311, reconnect_on_failure=False, manual_ack=True,
        )  # fmt: skip
        self._listener, self._v5 = listener, v5
        self._topics: list[str] = []
        self._reader = PacketReader(v5=v5, limit=MESSAGE_BYTES)
        self.connect_timeout = CONNECT_TIMEOUT_S
        self.username_pw_set(url.username, url.password)
        if tls is not None:
            self.tls_set_context(tls)
        self.on_message = self._whole_message
        self.on_connect = self._connack
        self.on_subscribe = self._suback
        self.on_disconnect = self._ended
        # With a writer registered paho never writes from a foreign thread; the owner asks want_write().
        self.on_socket_register_write = lambda *_: None
        properties = None
        if v5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = SESSION_EXPIRY_S
            properties.ReceiveMaximum = receive_maximum
        self.connect_async(url.host, url.port, keepalive=KEEPALIVE_S, clean_start=False, properties=properties)

    # --- what the owner does

    def reconnect(self) -> MQTTErrorCode:
        """Open a socket and greet, with nothing left over from the connection before. Raises ``OSError``."""
        self._reader = PacketReader(v5=self._v5, limit=MESSAGE_BYTES)
        return super().reconnect()

    def subscribe_to(self, topics: Sequence[str]) -> None:
        """Subscribe with QoS 1; an MQTT 5 broker repeats retained messages only for a new subscription."""
        self._topics = list(topics)
        # The probe is not acknowledged: a broker that makes it QoS 1 (iotcore does) would wait for that, take our
        # later acknowledgements for out of order and hang up.
        levels = [(t, 0 if t.startswith(PROBE) else 1) for t in topics]
        wanted: Any = [(t, SubscribeOptions(qos=q, retainHandling=1) if self._v5 else q) for t, q in levels]
        self.subscribe(wanted)

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
                self._listener.on_messages(messages[done : control.after])
                done = control.after
            code = self._handle(control.command, control.body)
            if code:
                return self._loop_rc_handle(code)
            if self._sock is None:
                return MQTTErrorCode.MQTT_ERR_CONN_LOST
        if len(messages) > done:
            self._listener.on_messages(messages[done:] if done else messages)
        if self._reader.fault:
            log.warning("the broker sent %s; the connection is closed and opened again", self._reader.fault)
            return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_PROTOCOL)
        return MQTTErrorCode.MQTT_ERR_SUCCESS

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
        if now - self._last_msg_out > KEEPALIVE_S / 3:
            self._send_pingreq()
            with self._msgtime_mutex:
                self._last_msg_out = now
        self._ping_t = 0.0

    def drop(self) -> None:
        """Close the socket at once, without a word to the broker; it keeps the session."""
        self._sock_close()

    # --- inside

    def _ssl_wrap_socket(self, tcp_sock: socket.socket) -> ssl.SSLSocket:
        """As paho's for a context that checks the host name, but a failed handshake leaves no open socket."""
        context = self._ssl_context
        if context is None:
            raise ValueError("TLS was asked for without saying what to check it with")
        wrapped = context.wrap_socket(tcp_sock, server_hostname=self._host, do_handshake_on_connect=False)
        wrapped.settimeout(self._connect_timeout)
        try:
            wrapped.do_handshake()
        except BaseException:
            wrapped.close()
            raise
        return wrapped

    def _receive(self) -> bytes:
        """Bytes of the socket. A TLS layer holds decrypted bytes that poll cannot see: they are drained too."""
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
            log.warning("the broker sent a packet %#x that cannot be read: %s", command, error)
            return MQTTErrorCode.MQTT_ERR_PROTOCOL

    def _whole_message(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        flags = (message.qos << 1) | (DUP if message.dup else 0) | int(message.retain)
        self._listener.on_messages([(message._topic, bytes(message.payload), flags, message.mid)])

    def _connack(self, _client: Any, _data: Any, flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._listener.on_refused(f"{reason}")
        else:
            self._listener.on_accepted(bool(flags.session_present))

    def _suback(self, _client: Any, _data: Any, _mid: int, reasons: Any, _properties: Any) -> None:
        refused = [t for t, reason in zip(self._topics, reasons, strict=False) if reason.is_failure]
        self._listener.on_subscribed(refused)

    def _ended(self, _client: Any, _data: Any, flags: Any, reason: Any, _properties: Any) -> None:
        if flags.is_disconnect_packet_from_server:
            self._listener.on_refused(f"{reason}")


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
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id)
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
            raise BrokerRefusedError(
                f"消息服务器 {url.place} 不让发布：{reason}；请检查用户名、口令和访问控制",
                f"The broker at {url.place} did not let us publish: {reason}; check the user name, the password and "
                "the broker's access list.",
            )

    def __enter__(self) -> Publisher:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, timeout: float = 30.0) -> None:
        """Send one message; raises when no acknowledgement made room within ``timeout`` seconds."""
        with self._room:
            if not self._room.wait_for(lambda: self._open < self._window, timeout):
                raise BrokerUnreachableError(
                    f"消息服务器 {self._url.place} 有 {timeout:g} 秒没有确认任何消息；请检查它是否过载",
                    f"The broker at {self._url.place} acknowledged nothing for {timeout:g} s; check whether it is "
                    "overloaded.",
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

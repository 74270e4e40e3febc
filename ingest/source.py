"""A subscription that lives for ever: connects, watches, reconnects, hands batches on, sends acknowledgements.

One thread owns the connection. An acknowledgement asked for by another thread waits in a queue with the number of
the connection its messages came by; if that connection is gone the broker sends the messages again instead.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import random
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.mqtt import CONNECT_TIMEOUT_S, Connection
from ingest.packets import DUP, Message
from ingest.url import (
    BrokerError,
    BrokerRefusedError,
    BrokerUnreachableError,
    BrokerUrl,
    connect_error,
    tls_context,
)

log = logging.getLogger("cim.mqtt")

PING_AFTER_S, SILENT_AFTER_S = 1.5, 3.5
"""Quiet for the first: ask. Quiet for the second: shown as lost (the promise is 5 s), though still open."""
STABLE_AFTER_S = 1.0
"""A connection that lasted this long starts the back-off from the beginning."""
BRIEF_S, FLAPPING = 10.0, 3
"""So many accepted connections in a row shorter than this are not chance."""
BACK_OFF_S = (0.25, 30.0)
RECEIVE_MAXIMUM = 60_000
"""Unacknowledged messages an MQTT 5 broker may send; must exceed the largest batch, at most 65,535."""
GATHER_S = 0.004
"""Pause after a read: a busy broker then fills the next one, for a quarter of the work per message. The first
message after a quiet moment does not wait, nor does an acknowledgement."""
PROBE_S, PROBE_LOST_S = 2.0, 7.0


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages of one read, in order, with where to acknowledge them."""

    messages: list[Message]
    connection: int
    acknowledge: Callable[[int, Sequence[Message]], None]


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """``detail`` is a sentence for the screen; counts of messages since the start."""

    connected: bool
    detail: str
    received: int
    acknowledged: int
    connections: int


class Source:
    """``deliver`` and ``has_room`` belong to the receiver and are called on the source's thread.

    While ``has_room()`` is false nothing is read, so the broker holds the messages back; ``resume()`` ends the
    pause. ``on_state(connected, detail)`` is called on every change. ``v5``: MQTT 5 (a bound on unacknowledged
    messages, reasons in words), with 3.1.1 tried in turn when the broker hangs up on it. ``again_window``: how
    many messages after a resumed session a broker may repeat without the DUP flag (iotcore: its window of 100);
    they are marked here. ``probe``: send ourselves a message now and then and reconnect when it does not come
    back, for a broker that was seen to accept a subscription and deliver nothing.
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
        probe: bool = False,
    ) -> None:
        self.url = url
        self._base_id = self._client_id = client_id
        self._topics = list(topics)
        self._deaf = False
        self._deliver, self._has_room, self._on_state = deliver, has_room, on_state
        self._tls = tls_context(url, ca_file)
        self._v5, self._version_settled = v5, not v5
        self._again_window, self._again_left = again_window, 0
        self._receive_maximum = receive_maximum
        self._probe = f"cim/probe/{client_id}" if probe else None
        self._probe_sent = self._probe_seen = 0.0
        self._takes_all = "#" in self._topics
        if self._probe and not self._takes_all:
            self._topics.append(self._probe)
        self._acks: deque[tuple[int, Sequence[Message]]] = deque()
        self._wake_read, self._wake_write = socket.socketpair()
        self._wake_read.setblocking(False)
        self._wake_write.setblocking(False)
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._outcome: queue.Queue[BrokerError | None] = queue.Queue(1)
        self._number = 0
        self._answered = self._accepted = self._subscribed = False
        self._refused: str | None = None
        self._mute = False
        self._short_lived = 0
        self._connected, self._detail, self._told = False, "not connected yet", False
        self._received = self._acknowledged = 0
        self._connection = self._new_connection()

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
            error = BrokerUnreachableError(
                f"消息服务器 {self.url.place} 在 {wait:g} 秒内没有应答；请检查它是否在运行、网络是否通",
                f"The broker at {self.url.place} gave no answer in {wait:g} s; check whether it runs and the network "
                "between.",
            )
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
            self._wake_read.close()
            self._wake_write.close()

    def acknowledge(self, connection: int, messages: Sequence[Message]) -> None:
        """Acknowledge ``messages``, unless their connection is gone: then the broker sends them again."""
        self._acks.append((connection, messages))
        self._wake()

    def resume(self) -> None:
        """The receiver has room again."""
        self._wake()

    def status(self) -> SourceStatus:
        """Where we stand; cheap."""
        return SourceStatus(self._connected, self._detail, self._received, self._acknowledged, self._number)

    # --- the thread

    def _run(self) -> None:
        delay = 0.0
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                error = self._one_connection()
            except Exception as unexpected:
                # Whatever a library throws, the neighbourhood must not go deaf: it is a lost connection.
                log.exception("unexpected error on the broker connection")
                error = BrokerUnreachableError(
                    f"到 {self.url.place} 的连接出错：{unexpected}",
                    f"The connection to {self.url.place} failed: {unexpected}.",
                )
            self._connection.drop()
            if self._stopping.is_set():
                break
            brief = self._accepted and time.monotonic() - began < BRIEF_S
            self._short_lived = self._short_lived + 1 if brief else 0
            if self._deaf:
                # The broker's session is at fault: begin one under another name.
                self._deaf = False
                self._client_id = f"{self._base_id}-{self._number}"
                self._connection = self._new_connection()
            if not (self._answered or self._version_settled or self._mute):
                # Some old brokers just hang up on MQTT 5: try 3.1.1 in turn, and stay with what works.
                self._v5 = not self._v5
                self._connection = self._new_connection()
                if not self._v5:
                    continue
            self._lost(error)
            self._tell_outcome(error)
            stable = time.monotonic() - began > STABLE_AFTER_S and self._short_lived < FLAPPING
            delay = BACK_OFF_S[0] if stable or not delay else min(delay * 2, BACK_OFF_S[1])
            self._stopping.wait(delay * random.uniform(0.75, 1.25))

    def _new_connection(self) -> Connection:
        self._subscribed = False
        return Connection(
            self.url, self, client_id=self._client_id, v5=self._v5, tls=self._tls,
            receive_maximum=self._receive_maximum,
        )  # fmt: skip

    def _one_connection(self) -> BrokerError:
        """Connect, serve until the connection ends, and say why it did."""
        connection = self._connection
        self._refused, self._answered, self._accepted, self._mute = None, False, False, False
        self._number += 1
        try:
            connection.reconnect()
        except OSError as error:
            # Nothing was said in MQTT yet, so the protocol version is not to blame.
            self._answered = True
            return connect_error(self.url, error)
        opened = self._probe_seen = time.monotonic()
        rested = 0.0
        while not self._stopping.is_set():
            sock: Any = connection.socket()
            if sock is None:
                return self._why()
            now = time.monotonic()
            self._send_acks()
            paused = not self._has_room()
            reading = not paused and now >= rested
            pending = reading and self._tls is not None and sock.pending() > 0
            patience = 0.0 if pending else 0.25 if reading or paused else rested - now
            readable, writable = self._wait(sock, reading, patience)
            if readable or pending:
                connection.loop_read()
                rested = time.monotonic() + GATHER_S
            if writable and connection.socket() is not None:
                connection.loop_write()
            if connection.socket() is None:
                return self._why()
            if paused:
                connection.hold(now)
                self._probe_seen = now
            else:
                connection.loop_misc()
                self._watch(time.monotonic(), opened)
        self._say_goodbye()
        return BrokerUnreachableError("已停止", "stopped")

    def _wait(self, sock: Any, reading: bool, timeout: float) -> tuple[bool, bool]:
        """Wait for the socket or a wake-up: (something to read, room to write)."""
        poller = select.poll()
        wanted = (select.POLLIN if reading else 0) | (select.POLLOUT if self._connection.want_write() else 0)
        if wanted:
            # Not registered at all while not reading and with nothing to send: poll would report a hang-up for ever.
            poller.register(sock, wanted)
        poller.register(self._wake_read, select.POLLIN)
        events = dict(poller.poll(timeout * 1000))
        if events.get(self._wake_read.fileno()):
            self._wake_read.recv(65536)
        event = events.get(sock.fileno(), 0)
        return bool(event & ~select.POLLOUT) and reading, bool(event & ~select.POLLIN)

    def _watch(self, now: float, opened: float) -> None:
        """Show a broker that went silent long before the keep-alive would close it."""
        quiet = self._connection.quiet_for(now)
        if not self._answered:
            if now - opened > CONNECT_TIMEOUT_S:
                self._mute = True
                self._connection.drop()
            return
        if quiet > SILENT_AFTER_S:
            self._lost(
                BrokerUnreachableError(
                    f"消息服务器 {self.url.place} 没有声息了", f"The broker at {self.url.place} has gone silent."
                )
            )
        elif quiet > PING_AFTER_S:
            self._connection.ask_for_sign_of_life()
        elif not self._connected and self._subscribed:
            self._recovered()
        if self._probe and self._subscribed:
            if now - self._probe_sent > PROBE_S:
                self._probe_sent = now
                self._connection.publish(self._probe, b"", qos=0)
            if now - self._probe_seen > PROBE_LOST_S:
                self._refused = "it accepted the subscription but delivers nothing"
                self._deaf = True
                self._connection.drop()

    def _send_acks(self) -> None:
        while self._acks:
            number, messages = self._acks.popleft()
            if number == self._number:
                self._connection.send_acks(messages)
                self._acknowledged += len(messages)

    def _say_goodbye(self) -> None:
        """Send what is acknowledged, then a DISCONNECT; the session stays with the broker."""
        self._send_acks()
        self._connection.disconnect()
        until = time.monotonic() + 1.0
        while self._connection.want_write() and time.monotonic() < until:
            sock = self._connection.socket()
            if sock is None:
                return
            if self._wait(sock, False, 0.05)[1]:
                self._connection.loop_write()

    def _wake(self) -> None:
        try:
            self._wake_write.send(b"w")
        except (BlockingIOError, OSError) as error:
            log.debug("no wake-up needed: %s", error)

    # --- told by the connection, on the thread

    def on_messages(self, messages: list[Message]) -> None:
        if self._probe:
            ours = self._probe.encode()
            others = [m for m in messages if m[0] != ours]
            if self._takes_all or len(others) < len(messages):
                self._probe_seen = time.monotonic()  # with one subscription for all, any message proves it alive
            # one that came with all the rest has to be acknowledged in its turn: the receiver ignores it
            messages = messages if self._takes_all else others
            if not messages:
                return
        if self._again_left > 0:
            again, rest = messages[: self._again_left], messages[self._again_left :]
            self._again_left -= len(again)
            messages = [(t, p, f | DUP, m) for t, p, f, m in again] + rest
        self._received += len(messages)
        self._deliver(Batch(messages, self._number, self.acknowledge))

    def on_accepted(self, resumed: bool) -> None:
        self._answered = self._accepted = self._version_settled = True
        self._again_left = self._again_window if resumed else 0
        if self._subscribed and resumed:
            self._recovered()
        else:
            self._subscribed = False
            self._connection.subscribe_to(self._topics)

    def on_subscribed(self, refused_topics: list[str]) -> None:
        if refused_topics:
            self._refused = f"it does not allow reading {', '.join(refused_topics)}"
            self._connection.drop()
            return
        self._subscribed = True
        self._recovered()

    def on_refused(self, reason: str) -> None:
        self._refused = reason
        # A 3.1.1 broker says so; then the other version is tried before anybody is told.
        self._answered = "protocol version" not in reason.lower()

    # --- edges: said once, not at every attempt

    def _recovered(self) -> None:
        if not self._connected:
            log.info("broker %s: connected (MQTT %s)", self.url.place, "5" if self._v5 else "3.1.1")
            self._connected, self._detail, self._told = True, f"connected to {self.url}", False
            self._on_state(True, self._detail)
        self._tell_outcome(None)

    def _tell_outcome(self, error: BrokerError | None) -> None:
        """The first one is what ``start`` waits for; nobody reads later ones."""
        with contextlib.suppress(queue.Full):
            self._outcome.put_nowait(error)

    def _lost(self, error: BrokerError) -> None:
        changed = self._connected or str(error) != self._detail
        if not self._told:
            log.warning("%s Trying again until it answers.", error)
        self._connected, self._detail, self._told = False, str(error), True
        if changed:
            self._on_state(False, self._detail)

    def _why(self) -> BrokerError:
        """Why the connection that just ended did so, in one sentence."""
        place = self.url.place
        user = self.url.username
        who_zh, who = (f"用户 {user!r}", f"user {user!r}") if user else ("不登录的连接", "a connection without login")
        if self._short_lived >= FLAPPING - 1 or "taken over" in (self._refused or "").lower():
            # Two that share a name throw each other out in turn; mosquitto does not say why it hangs up.
            return BrokerRefusedError(
                f"消息服务器 {place} 总是接受后不久就断开；是不是另有程序也用客户端编号 {self._client_id!r}？",
                f"The broker at {place} keeps closing the connection soon after it was accepted; "
                f"does another program use the client id {self._client_id!r}?",
            )
        if self._refused and not self._connected:
            return BrokerRefusedError(
                f"消息服务器 {place} 拒绝了{who_zh}：{self._refused}；请检查用户名、口令和访问控制",
                f"The broker at {place} refused {who}: {self._refused}; "
                "check the user name, the password and the broker's access list.",
            )
        if self._refused:
            return BrokerUnreachableError(
                f"消息服务器 {place} 断开了连接：{self._refused}",
                f"The broker at {place} closed the connection: {self._refused}.",
            )
        if self._mute:
            return BrokerUnreachableError(
                f"{place} 接受了连接，却有 {CONNECT_TIMEOUT_S:g} 秒没有说话；请检查这个端口是不是 MQTT",
                f"At {place} somebody took the connection but said nothing for {CONNECT_TIMEOUT_S:g} s; "
                "check whether this port speaks MQTT.",
            )
        if not self._answered:
            return BrokerRefusedError(
                f"消息服务器 {place} 没有说明就断开了{who_zh}；请检查用户名、口令，以及这个端口是不是 MQTT",
                f"The broker at {place} closed the connection of {who} without an answer; check the user name, "
                "the password and whether this port speaks MQTT.",
            )
        return BrokerUnreachableError(
            f"到消息服务器 {place} 的连接断了", f"The connection to the broker at {place} was lost."
        )

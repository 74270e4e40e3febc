"""Cuts an MQTT byte stream into packets, many at a time. Pure: no socket, no library.

A PUBLISH becomes a plain tuple ``Message``; every other packet is handed back untouched, with its place
between the messages, so that its owner can treat it in order. Lengths are checked before they are believed
(MQTT 3.1.1 section 2.2.3, MQTT 5 sections 1.5.5 and 3.3).
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

RETAIN = 0x01
QOS1 = 0x02
QOS2 = 0x04
QOS = 0x06
DUP = 0x08
TOO_LARGE = 0x100
"""Set by the reader: the packet was longer than the limit and only its beginning was kept."""

Message: TypeAlias = tuple[bytes, bytes, int, int]
"""(topic, payload, flags, packet id); flags are the low four bits of the PUBLISH header and ``TOO_LARGE``."""

PUBLISH = 0x30
SMALLEST_LIMIT = 128 * 1024
"""A kept beginning must hold any topic (65,535 bytes) and properties of usual size."""


class Control(NamedTuple):
    """Not a plain PUBLISH: how many messages of this feed came before it, header byte, body."""

    after: int
    command: int
    body: bytes


class PacketReader:
    """Keeps the unfinished packet between two feeds; one reader per connection.

    ``limit``: longest packet body kept, in bytes. A longer PUBLISH is delivered cut off and marked
    ``TOO_LARGE``, because one that is never acknowledged would be sent again for ever.
    """

    def __init__(self, *, v5: bool, limit: int = 1 << 20) -> None:
        if limit < SMALLEST_LIMIT:
            raise ValueError(f"packet limit is {limit} bytes; a topic needs at least {SMALLEST_LIMIT}")
        self._v5 = v5
        self._limit = limit
        self._rest = b""
        self._skip = 0
        self.fault: str | None = None

    def feed(self, data: bytes) -> tuple[list[Message], list[Control]]:
        """The packets completed by ``data``. After a malformed one ``fault`` is set; nothing follows."""
        messages: list[Message] = []
        controls: list[Control] = []
        if self._skip:
            skipped = min(self._skip, len(data))
            self._skip -= skipped
            data = data[skipped:]
        buffer = self._rest + data if self._rest else data
        try:
            end = self._cut(buffer, messages, controls)
        except _MalformedError as error:
            self.fault, self._rest = str(error), b""
            return messages, controls
        self._rest = buffer[end:] if end else buffer
        return messages, controls

    def _cut(self, buffer: bytes, messages: list[Message], controls: list[Control]) -> int:
        """Append all complete packets of ``buffer``; the offset of the first byte not used."""
        add, v5, limit = messages.append, self._v5, self._limit
        offset, size = 0, len(buffer)
        while offset + 2 <= size:
            length, body = buffer[offset + 1], offset + 2
            if length & 0x80:
                if offset + 3 <= size and not buffer[offset + 2] & 0x80:
                    length, body = (length & 0x7F) | (buffer[offset + 2] << 7), offset + 3
                else:
                    length, body = _remaining_length(buffer, offset + 1)
                    if not body:
                        break
            command, end = buffer[offset], body + length
            if length > limit:
                if size - body < limit:
                    break
                messages.append(_beginning(buffer, command, body, body + limit, length, v5))
                if end > size:
                    self._skip = end - size
                    return size
                offset = end
                continue
            if end > size:
                break
            if command & 0xF6 in (0x30, 0x32):
                # The hot path, in line: a call per message would cost a third of the whole receive time.
                if length < 3:
                    raise _MalformedError(f"a PUBLISH of {length} bytes, too short for a topic")
                at = body + 2 + ((buffer[body] << 8) | buffer[body + 1])
                topic = buffer[body + 2 : at]
                mid = 0
                if command & QOS:
                    if at + 2 > end:
                        raise _MalformedError("a PUBLISH whose topic is longer than its packet")
                    mid = (buffer[at] << 8) | buffer[at + 1]
                    at += 2
                    if not mid:
                        raise _MalformedError("a PUBLISH of QoS 1 with packet id 0")
                if v5:
                    if at >= end:
                        raise _MalformedError("a PUBLISH without the property length MQTT 5 asks for")
                    properties = buffer[at]
                    if properties & 0x80:
                        properties, at = _remaining_length(buffer[:end], at)
                        if not at:
                            raise _MalformedError("a PUBLISH whose property length has no end")
                        at += properties
                    else:
                        at += properties + 1
                if at > end:
                    raise _MalformedError("a PUBLISH whose topic or properties are longer than its packet")
                if not topic:
                    raise _MalformedError("a PUBLISH without a topic; topic aliases were not agreed on")
                add((topic, buffer[at:end], command & 0x0F, mid))
            elif command & 0xF6 == 0x36:
                raise _MalformedError("a PUBLISH of QoS 3, which does not exist")
            else:
                controls.append(Control(len(messages), command, buffer[body:end]))
            offset = end
        return offset


class _MalformedError(ValueError):
    """The stream broke a rule of MQTT; nothing after it can be trusted."""


def _remaining_length(buffer: bytes, at: int) -> tuple[int, int]:
    """A variable byte integer: (value, offset after it); offset 0 when it is not complete yet."""
    value, shift = 0, 0
    for place in range(at, min(at + 4, len(buffer))):
        byte = buffer[place]
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, place + 1
        shift += 7
    if len(buffer) - at >= 4:
        raise _MalformedError("a length of more than four bytes")
    return 0, 0


def _beginning(buffer: bytes, command: int, body: int, end: int, length: int, v5: bool) -> Message:
    """The kept part of a PUBLISH longer than the limit."""
    if command & 0xF6 not in (0x30, 0x32):
        raise _MalformedError(f"a packet of type {command >> 4} with {length} bytes")
    at = body + 2 + ((buffer[body] << 8) | buffer[body + 1])
    topic, mid = buffer[body + 2 : at], 0
    if command & QOS:
        mid = (buffer[at] << 8) | buffer[at + 1]
        at += 2
    if v5:
        properties, at = _remaining_length(buffer, at)
        at += properties
    if not topic or at > end or (command & QOS and not mid):
        raise _MalformedError(f"a PUBLISH of {length} bytes that cannot be read")
    return topic, buffer[at:end], (command & 0x0F) | TOO_LARGE, mid

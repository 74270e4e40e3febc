"""Messages to one columnar batch of readings, and the ones that cannot be used with the reason.

Two ways to the same result. ``read`` is the rule, one message at a time: dialect, paths, scale, words, range.
The fast path covers what most messages are, a flat JSON object of numbers, and hands everything else to
``read``; a test compares them.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from ingest.dialects import Content, RefusedError, Sender, chirpstack, zigbee2mqtt
from ingest.dialects import json as plain
from ingest.dialects.values import dig, number, own_time
from ingest.packets import DUP, RETAIN, TOO_LARGE, Message
from twin_model.bilingual import both, joined
from twin_model.catalogue import Catalogue, SensorType
from twin_model.directory import DeviceEntry, Directory
from twin_model.entities import Rejected

log = logging.getLogger("cim.decoder")

NEVER = -(1 << 63)
"""Stands for "no clock of its own" until the column is made."""
ROUTES_KEPT = 100_000
"""Topics remembered; a stray publisher inventing topics must not fill the memory."""

_to_document = msgspec.json.Decoder().decode


class Reading(NamedTuple):
    """What one message says: values by metric, microseconds since 1970 UTC (None: no clock), faults."""

    values: list[tuple[str, float]]
    taken_at: int | None
    faults: list[RefusedError]


@dataclass(slots=True)
class Decoding:
    """One batch, decoded. ``messages = stored + rejected + again + ignored`` in messages.

    ``readings``: series_no int32, taken_at timestamp[us] (null: no own clock), value float64, retained bool.
    ``deliveries``: mid int32, digest uint64 of the messages without clock and of those rejected.
    """

    readings: pa.Table
    rejected: list[Rejected]
    deliveries: pa.Table
    stored: int
    again: int
    ignored: int


@dataclass(slots=True)
class _Route:
    """What a topic stands for, worked out once per topic and directory."""

    sender: Sender | None = None
    entry: DeviceEntry | None = None
    sensor_type: SensorType | None = None
    refusal: RefusedError | None = None
    fast: Callable[[bytes], Any] | None = None
    plan: tuple[tuple[int, float, float, float], ...] = ()


@dataclass(slots=True)
class _Columns:
    series: list[int] = field(default_factory=list)
    taken: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    retained: list[int] = field(default_factory=list)

    def table(self) -> pa.Table:
        taken = np.array(self.taken, np.int64)
        return pa.table(
            {
                "series_no": pa.array(np.array(self.series, np.int32)),
                "taken_at": pa.array(taken, mask=taken == NEVER).cast(pa.timestamp("us")),
                "value": pa.array(np.array(self.value, np.float64)),
                "retained": pa.array(np.array(self.retained, np.bool_)),
            }
        )


class Decoder:
    """Decodes batches for one catalogue; used by one thread. Routes follow the directory it is given."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._types = catalogue.sensor_types
        self._topics = plain.Topics(t.topic for t in self._types.values())
        self._routes: dict[bytes, _Route] = {}
        self._beginnings = tuple(f.partition("+")[0].partition("#")[0] for f in self._topics.filters())
        self._version = -1
        self._structs: dict[tuple[str, str], Callable[[bytes], Any] | None] = {}

    def filters(self) -> list[str]:
        """The MQTT topic filters to subscribe to; none covers another."""
        return [*self._topics.filters(), chirpstack.FILTER, zigbee2mqtt.FILTER]

    def decode(
        self, messages: Iterable[Message], directory: Directory, known: MutableMapping[int, int]
    ) -> Decoding:
        """Decode in order of arrival.

        ``known``: packet id to digest of messages that carry no clock; one marked DUP that is in there was
        stored before. It is extended here, so a redelivery inside the same batch is recognised too.
        """
        if directory.version != self._version or len(self._routes) > ROUTES_KEPT:
            self._routes, self._version = {}, directory.version
        columns, times = _Columns(), _Times()
        add_series, add_taken = columns.series.append, columns.taken.append
        add_value, add_retained = columns.value.append, columns.retained.append
        routes, astuple = self._routes, msgspec.structs.astuple
        rejected: list[Rejected] = []
        delivered: list[tuple[int, int]] = []
        stored = again = ignored = 0
        for message in messages:
            topic, payload, flags, mid = message
            route = routes.get(topic)
            if route is None:
                route = self._route(topic, directory)
            fast = route.fast
            if fast is not None and not flags & TOO_LARGE:
                try:
                    clock, *values = astuple(fast(payload))
                    when = times[clock]
                except (msgspec.MsgspecError, TypeError, RecursionError, RefusedError):
                    when = NEVER
                if when != NEVER:
                    start = len(columns.series)
                    for raw, (series_no, scale, low, high) in zip(values, route.plan, strict=True):
                        if raw is None:
                            continue
                        if raw.__class__ is not float and raw.__class__ is not int:
                            break
                        value = raw * scale
                        if not low <= value <= high:
                            break
                        add_series(series_no)
                        add_taken(when)
                        add_value(value)
                        add_retained(flags & RETAIN)
                    else:
                        if len(columns.series) > start:
                            stored += 1
                            continue
                    for column in (columns.series, columns.taken, columns.value, columns.retained):
                        del column[start:]
            if not payload or (route.sender is None and route.refusal is None):
                ignored += 1
                continue
            found, refused = self._one(message, route)
            if found is None and refused is None:
                ignored += 1
                continue
            if refused is not None or found is None or found.taken_at is None:
                digest = _digest(topic, payload)
                if flags & DUP and known.get(mid) == digest:
                    again += 1
                    continue
                if flags & ~(RETAIN | DUP | TOO_LARGE):
                    known[mid] = digest
                    delivered.append((mid, digest))
            if found is not None and route.entry is not None:
                for name, value in found.values:
                    add_series(route.entry.series[name].series_no)
                    add_taken(NEVER if found.taken_at is None else found.taken_at)
                    add_value(value)
                    add_retained(flags & RETAIN)
            if refused is not None:
                rejected.append(refused)
            else:
                stored += 1
        return Decoding(columns.table(), rejected, _deliveries(delivered), stored, again, ignored)

    def _one(self, message: Message, route: _Route) -> tuple[Reading | None, Rejected | None]:
        """The careful way for one message: what it says, and what to quarantine if anything was wrong."""
        topic, payload, flags, _ = message
        text = topic.decode("utf-8", "backslashreplace")
        found: Reading | None = None
        try:
            if flags & TOO_LARGE:
                raise RefusedError(
                    "too_large",
                    f"消息过长，只留下开头 {len(payload)} 字节，数值没有采用；请让设备分成几条发送",
                    f"too long; only its first {len(payload)} bytes are kept, nothing of it is used: let the device "
                    "send shorter ones",
                )
            if route.refusal is not None:
                raise route.refusal
            if route.sender is None or route.sensor_type is None:
                return None, None
            found = read(text, payload, route.sender.dialect, route.sensor_type)
            if found is None or not found.faults:
                return found, None
            code, reason = found.faults[0].code, joined(fault.reason for fault in found.faults)
        except RefusedError as refusal:
            code, reason = refusal.code, refusal.reason
        except Exception as error:
            # A message that breaks our own code must not stop the others, nor come back for ever.
            log.exception("a message on %s broke the decoder", text)
            code, reason = "decoder_failed", {
                "zh": f"程序解码这条消息时出错（{type(error).__name__}: {error}）；消息已完整保留，请把日志交给维护者",
                "en": f"the program failed at this message ({type(error).__name__}: {error}); it is kept whole: give "
                "the log to whoever maintains the program",
            }
        return found, Rejected(
            source="mqtt", place=text, code=code, reason=both(reason), raw=payload,
            dialect=route.sender.dialect if route.sender else None,
            address=route.sender.address if route.sender else None,
        )  # fmt: skip

    def _route(self, topic: bytes, directory: Directory) -> _Route:
        route = _Route()
        self._routes[topic] = route
        try:
            route.sender = self.sender(topic)
        except RefusedError as refusal:
            route.refusal = refusal
            return route
        if route.sender is None:
            return route
        dialect, address = route.sender.dialect, route.sender.address
        route.entry = directory.lookup(dialect, address)
        if route.entry is None:
            route.refusal = RefusedError(
                "unknown_device",
                f"没有登记 {dialect} 地址为 {address!r} 的设备；请先纳入，其消息随即采用",
                f"no device has the {dialect} address {address!r}; adopt it to use its messages",
            )
            return route
        route.sensor_type = self._types.get(route.entry.type)
        if route.sensor_type is None:
            route.refusal = RefusedError(
                "unknown_type",
                f"设备 {route.entry.device_id} 的类型 {route.entry.type!r} 没有声明；请在 twin_model/sensors 里补上",
                f"device {route.entry.device_id} has the undeclared type {route.entry.type!r}; declare it in "
                "twin_model/sensors",
            )
            return route
        route.fast = self._struct(dialect, route.sensor_type)
        route.plan = tuple(_step(route.entry, metric) for metric in route.sensor_type.metrics.values())
        return route

    def sender(self, topic: bytes) -> Sender | None:
        """Who publishes on ``topic``; None for topics that measure nothing. Raises ``RefusedError``."""
        try:
            text = topic.decode("utf-8")
        except UnicodeDecodeError:
            raise RefusedError(
                "unknown_topic",
                "主题不是 UTF-8 文本；请改正设备或网关的设置",
                "the topic is not UTF-8 text; correct the device or its gateway",
            ) from None
        if text.startswith("application/"):
            return chirpstack.sender(text)
        if text.startswith(zigbee2mqtt.PREFIX):
            return zigbee2mqtt.sender(text)
        if not text.startswith(self._beginnings):
            return None  # nothing of ours: only a broker that is asked for everything sends it
        return self._topics.sender(text)

    def _struct(self, dialect: str, sensor_type: SensorType) -> Callable[[bytes], Any] | None:
        """A decoder that picks just the declared keys out of a flat object; None where values are nested."""
        key = (dialect, sensor_type.name)
        if key not in self._structs:
            self._structs[key] = _flat_decoder(dialect, sensor_type)
        return self._structs[key]


def read(topic: str, payload: bytes, dialect: str, sensor_type: SensorType) -> Reading | None:
    """What a message of a known device says; None when it measures nothing. Raises ``RefusedError``."""
    try:
        document = _to_document(payload)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise RefusedError(
            "not_json",
            f"不是 JSON（{error}）；应为 JSON 对象 {{…}}",
            f"not JSON: {error}; expected an object {{…}}",
        ) from None
    if not isinstance(document, dict):
        raise RefusedError(
            "not_object",
            f"这段 JSON 是 {type(document).__name__}；应为对象 {{…}}",
            f"the JSON is a {type(document).__name__}; expected an object {{…}}",
        )
    content: Content | None
    if dialect == chirpstack.NAME:
        content = chirpstack.content(topic, document, sensor_type)
    elif dialect == zigbee2mqtt.NAME:
        content = zigbee2mqtt.content(document)
    else:
        content = plain.content(document, sensor_type.time_path)
    if content is None:
        return None
    taken_at, unread = _when(content.clock)
    values: list[tuple[str, float]] = []
    faults: list[RefusedError] = []
    for metric in sensor_type.metrics.values():
        raw = dig(content.values, metric.paths[dialect])
        if raw is None:
            continue
        try:
            values.append((metric.name, number(raw, metric)))
        except RefusedError as fault:
            faults.append(fault)
    if not values and not faults:
        wanted = ", ".join(metric.paths[dialect] for metric in sensor_type.metrics.values())
        raise RefusedError(
            "missing_value",
            f"没有“{sensor_type.title['zh']}”（{sensor_type.name}）的任何数值：应有 {wanted}",
            f"carries none of the values of a {sensor_type.name}: {wanted}",
        )
    if unread is not None:
        if not _rings(values, sensor_type):
            raise unread
        faults.insert(0, unread)  # a call for help is one now, whatever the device's clock says
    return Reading(values, taken_at, faults)


def _when(clock: object) -> tuple[int | None, RefusedError | None]:
    """The message's own time, None without one; and why it cannot be read."""
    try:
        return None if clock is None else own_time(clock), None
    except RefusedError as fault:
        return None, fault


def _rings(values: Iterable[tuple[str, float]], sensor_type: SensorType) -> bool:
    limits = {metric.name: metric.alarm_at_least for metric in sensor_type.metrics.values()}
    return any((limit := limits[name]) is not None and value >= limit for name, value in values)


class _Times(dict[object, int]):
    """Instants already worked out in this batch: many messages share a second. Without a clock, or with one that was
    never set, it stays ``NEVER``."""

    def __missing__(self, clock: object) -> int:
        own = None if clock is None else own_time(clock)
        self[clock] = when = NEVER if own is None else own
        return when


def _step(entry: DeviceEntry, metric: Any) -> tuple[int, float, float, float]:
    """(series, scale, low, high); words and inversion take the careful way, so nothing is in their range."""
    series = entry.series[metric.name]
    if metric.map or metric.invert:
        return series.series_no, 1.0, 1.0, 0.0
    return series.series_no, metric.scale, metric.low, metric.high


def _flat_decoder(dialect: str, sensor_type: SensorType) -> Callable[[bytes], Any] | None:
    if dialect == chirpstack.NAME:
        return None
    clock = "last_seen" if dialect == zigbee2mqtt.NAME else sensor_type.time_path
    keys = [metric.paths[dialect] for metric in sensor_type.metrics.values()]
    if clock is None or len({clock, *keys}) <= len(keys) or any("." in key for key in (clock, *keys)):
        return None
    fields: list[tuple[str, Any, Any]] = [(f"f{n}", Any, None) for n in range(len(keys) + 1)]
    names = {f"f{n}": key for n, key in enumerate((clock, *keys))}
    struct = msgspec.defstruct("Flat", fields, rename=names, gc=False)
    return msgspec.json.Decoder(struct).decode


def _digest(topic: bytes, payload: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(topic + b"\0" + payload, digest_size=8).digest(), "big")


def _deliveries(delivered: Sequence[tuple[int, int]]) -> pa.Table:
    return pa.table(
        {
            "mid": pa.array([mid for mid, _ in delivered], pa.int32()),
            "digest": pa.array([digest for _, digest in delivered], pa.uint64()),
        }
    )

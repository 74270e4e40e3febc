"""Readings to the messages their devices would send: the reverse of the decoder, from the same declarations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec

from ingest.dialects.values import dig
from twin_model.catalogue import Metric, SensorType
from twin_model.entities import Device

APPLICATION = "2a6f"
"""ChirpStack application id of the simulated LoRaWAN devices."""

_LOCAL = timezone(timedelta(hours=8))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_encode = msgspec.json.Encoder().encode


def topic(device: Device, sensor_type: SensorType) -> str:
    """Where ``device`` publishes."""
    if device.dialect == "chirpstack":
        return f"application/{APPLICATION}/device/{device.address}/event/up"
    if device.dialect == "zigbee2mqtt":
        return f"zigbee2mqtt/{device.address}"
    return sensor_type.topic.replace("{community}", device.community_id).replace("{address}", device.address)


class Encoder:
    """Writes the messages of one device. ``encode`` takes readings by metric and microseconds since 1970 UTC."""

    def __init__(self, device: Device, sensor_type: SensorType) -> None:
        self.topic = topic(device, sensor_type)
        self._device, self._type = device, sensor_type
        self._clock = _clock_form(sensor_type)
        self._count = 0

    def encode(self, values: Mapping[str, float], at: int) -> bytes:
        """One message that the decoder reads as ``values`` taken at ``at``."""
        dialect = self._device.dialect
        document: dict[str, Any] = {}
        for name, value in values.items():
            metric = self._type.metrics[name]
            _put(document, metric.paths[dialect], raw(metric, dialect, value))
        self._count += 1
        if dialect == "chirpstack":
            document = self._uplink(document, at)
        elif dialect == "zigbee2mqtt":
            document["linkquality"] = 60 + (self._count * 7 + len(self._device.address) * 13) % 120
        elif self._type.time_path is not None:
            _put(document, self._type.time_path, _instant(at, self._clock))
        return _encode(document)

    def _uplink(self, values: dict[str, Any], at: int) -> dict[str, Any]:
        """A ChirpStack v4 uplink event around the decoded ``object``."""
        return {
            "deduplicationId": f"{self._device.address}-{self._count}",
            "time": (_EPOCH + timedelta(microseconds=at)).isoformat(timespec="milliseconds"),
            "deviceInfo": {
                "applicationId": APPLICATION, "deviceName": self._device.address, "devEui": self._device.address,
            },
            "fCnt": self._count, "fPort": 2, "object": values,
            "rxInfo": [{"gatewayId": "a84041ffff1e0001", "rssi": -80 - self._count % 30, "snr": 6.5}],
        }  # fmt: skip


def raw(metric: Metric, dialect: str, value: float) -> str | bool | int | float:
    """``value`` as devices of ``dialect`` write it: unscaled, inverted back, a word where words are declared."""
    if metric.invert:
        value = 1.0 - value
    number = round(value / metric.scale, 6)
    if metric.map and dialect != "chirpstack":
        for word, stands_for in metric.map.items():
            if stands_for == number:
                return word
    if metric.kind == "state" and (metric.low, metric.high) == (0.0, 1.0) and dialect != "json":
        return bool(number)
    return int(number) if number == int(number) else number


def _put(document: dict[str, Any], path: str, value: object) -> None:
    *parents, last = path.split(".")
    for parent in parents:
        document = document.setdefault(parent, {})
    document[last] = value


def _clock_form(sensor_type: SensorType) -> str:
    """How the type's plain JSON devices write time, as its examples show: ``text``, ``s`` or ``ms``."""
    for example in sensor_type.examples:
        if example["dialect"] == "json" and sensor_type.time_path:
            found = dig(msgspec.json.decode(example["payload"]), sensor_type.time_path)
            if isinstance(found, (int, float)):
                return "s" if found < 1e11 else "ms"
    return "text"


def _instant(at: int, form: str) -> str | int:
    if form == "text":
        return (_EPOCH + timedelta(microseconds=at)).astimezone(_LOCAL).isoformat(timespec="milliseconds")
    return at // 1_000_000 if form == "s" else at // 1000

"""ChirpStack v4 integration events: ``application/{id}/device/{devEui}/event/{up|status|…}``, JSON encoding.

``up`` carries the values a device profile's codec decoded, in ``object``; ``status`` carries the battery. The
other events (join, ack, txack, log, location, integration) tell about the radio network, not about the homes.
Source: chirpstack-docs, integrations/events.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ingest.dialects import Content, RefusedError, Sender
from ingest.dialects.values import shown
from twin_model.catalogue import SensorType

NAME = "chirpstack"
FILTER = "application/+/device/+/event/+"
USED = frozenset({"up", "status"})
UNUSED = frozenset({"join", "ack", "txack", "log", "location", "integration"})

_TOPIC = re.compile(r"application/[^/]+/device/([0-9a-fA-F]{16})/event/([a-z]+)\Z")


def sender(topic: str) -> Sender | None:
    """The device of a topic by its DevEUI in lower case; None for events that measure nothing."""
    match = _TOPIC.match(topic)
    if match is None or match[2] not in USED | UNUSED:
        raise RefusedError(
            "unknown_topic",
            "主题应为 application/{id}/device/{16 位十六进制}/event/{up、status 等}；请检查网络服务器的主题设置",
            "the topic should be application/{id}/device/{16 hex digits}/event/{up, status, …}; check the network "
            "server's topics",
        )
    return Sender(NAME, match[1].lower()) if match[2] in USED else None


def content(topic: str, document: Mapping[str, Any], sensor_type: SensorType) -> Content | None:
    """The decoded ``object`` of an uplink, or the battery of a status; ``time`` is the network server's.

    None for a status without a battery level, or of a type that declares no metric ``battery``.
    """
    info = document.get("deviceInfo")
    named = info.get("devEui") if isinstance(info, Mapping) else None
    if not isinstance(named, str):
        raise RefusedError(
            "missing_value",
            "缺少 deviceInfo.devEui；请确认发送方是 ChirpStack v4",
            "deviceInfo.devEui is missing; is this a ChirpStack v4 event?",
        )
    if f"/device/{named.lower()}/" not in topic.lower():
        raise RefusedError(
            "wrong_sender",
            f"deviceInfo.devEui 是 {shown(named)}，与主题里的设备不一致；请检查转发设置",
            f"deviceInfo.devEui is {shown(named)}, the topic names another; check what forwards it",
        )
    if topic.endswith("/event/status"):
        battery = sensor_type.metrics.get("battery")
        if battery is None or document.get("batteryLevelUnavailable") or document.get("externalPowerSource"):
            return None
        return Content({battery.paths[NAME]: document.get("batteryLevel")}, document.get("time"))
    decoded = document.get("object")
    if not isinstance(decoded, Mapping):
        raise RefusedError(
            "missing_value",
            "缺少 object（解码后的数值）；请在 ChirpStack 的设备配置里填写负载编解码器（codec）",
            "object is missing: give the device profile a payload codec",
        )
    return Content(decoded, document.get("time"))

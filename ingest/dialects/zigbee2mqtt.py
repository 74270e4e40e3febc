"""zigbee2mqtt states: ``zigbee2mqtt/{friendly name}``, a flat JSON object per report.

A friendly name may itself contain slashes. ``last_seen``, where switched on, is the device's clock (ISO 8601
or epoch milliseconds); without it the arrival counts. Source: zigbee2mqtt.io, MQTT topics and messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ingest.dialects import Content, RefusedError, Sender

NAME = "zigbee2mqtt"
PREFIX = "zigbee2mqtt/"
FILTER = "zigbee2mqtt/#"

_NOT_STATES = frozenset({"availability", "set", "get"})


def sender(topic: str) -> Sender | None:
    """The device of a topic by friendly name; None for the bridge's own talk, availability and commands."""
    name = topic.removeprefix(PREFIX)
    if not name or name == topic:
        raise RefusedError(
            "unknown_topic",
            "主题应为 zigbee2mqtt/{设备名}，这里没有设备名",
            "the topic should be zigbee2mqtt/{friendly name}; found no name",
        )
    levels = name.split("/")
    if levels[0] == "bridge" or (len(levels) > 1 and not _NOT_STATES.isdisjoint(levels[-2:])):
        return None
    return Sender(NAME, name)


def content(document: Mapping[str, Any]) -> Content:
    """The whole document carries values; ``last_seen`` is the clock."""
    return Content(document, document.get("last_seen"))

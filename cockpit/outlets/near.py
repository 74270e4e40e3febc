"""Receivers beside us: an MQTT topic of the broker, and a file of JSON lines. Both get the webhook's event."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from cockpit.outlets.faults import NotTold
from cockpit.outlets.notices import Notice

PublishMqtt = Callable[[str, bytes], bool]
"""Publishes one message with QoS 1; true when the broker acknowledged it. Any exception means it did not."""


class MqttTopic:
    """``cim/alerts/<community>/<grade>``, in a drill ``cim/drills/…``: a siren listens to the first only."""

    most = 1
    per_minute: int | None = None

    def __init__(self, publish: PublishMqtt) -> None:
        self._publish = publish

    def tell(self, notices: Sequence[Notice], now: datetime) -> int:
        notice = notices[0]
        try:
            acknowledged = self._publish(topic(notice), notice.event())
        except Exception as error:  # noqa: BLE001  # whatever it is, the broker was not told; its text may hold its password
            raise NotTold("broker_away", kind=type(error).__name__) from None
        if not acknowledged:
            raise NotTold("broker_silent")
        return 1

    def end(self) -> None:
        """Publishing has its own time limit."""


class JsonLines:
    """A file that grows by one line for each notice, on the disk before it counts as told."""

    most = 1
    per_minute: int | None = None

    def __init__(self, path: Path) -> None:
        self._path = path

    def tell(self, notices: Sequence[Notice], now: datetime) -> int:
        try:
            with self._path.open("ab") as file:
                file.write(notices[0].event() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise NotTold("file", reason=error.strerror) from None
        return 1

    def end(self) -> None:
        """Nothing waits here."""


def topic(notice: Notice) -> str:
    """Where a notice is published; what may not stand in a topic level becomes ``-``."""
    community = re.sub(r"[^\w.-]", "-", notice.community_id)
    return f"cim/{'drills' if notice.is_drill else 'alerts'}/{community}/{notice.grade or 'none'}"

"""Everything between a broker and a twin as one thing to start, ask and stop. Used by ``run.py``."""

from __future__ import annotations

import hashlib
import logging
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ingest.broker import EmbeddedBroker
from ingest.decoder import Decoder
from ingest.pump import Pump
from ingest.source import Source
from ingest.url import BrokerError, BrokerUrl
from twin_model.entities import Device
from twin_model.twin import Twin

log = logging.getLogger("cim.mqtt")

SOURCE_NAME = "mqtt"
"""How the broker is called in ``twin.sources()``."""
FIRST_ANSWER_S = 15.0


@dataclass(frozen=True, kw_only=True)
class BrokerSettings:
    """``broker``: ``embedded`` or an ``mqtt://`` / ``mqtts://`` address; ``port`` is for the embedded one.

    ``ca_file``: PEM certificate that signs an ``mqtts://`` broker, when the system does not know it. ``program``:
    which embedded broker, ``auto`` takes iotcore where it is installed.
    """

    broker: str = "embedded"
    port: int = 1883
    ca_file: Path | None = None
    client_id: str | None = None
    program: str = "auto"


class MqttIngest:
    """Broker (when embedded), source, pump. ``folder`` is the data folder; None keeps nothing on disk."""

    def __init__(self, twin: Twin, settings: BrokerSettings, *, folder: Path | None = None) -> None:
        self._twin = twin
        self.embedded: EmbeddedBroker | None = None
        if settings.broker == "embedded":
            self.embedded = EmbeddedBroker(settings.port, folder=folder, program=settings.program)
            self.url = self.embedded.url
        else:
            self.url = BrokerUrl.parse(settings.broker)
        self.decoder = Decoder(twin.catalogue)
        self.pump = Pump(twin, self.decoder)
        client_id = settings.client_id or client_id_for(folder)
        topics = self.decoder.filters()
        if self.embedded is not None and self.embedded.program == "iotcore":
            # Its sessions end with it, and it was once seen to deliver nothing to a name it knew.
            client_id = f"{client_id}-{os.getpid()}"
            # It serves the subscriptions of a client in turn, but gives each turn all of its window of 100 messages: a
            # busy topic filter starves the others, and a call for help waited for ever. With one it keeps the order.
            topics = ["#"]
        self.source = Source(
            self.url,
            client_id=client_id,
            topics=topics,
            deliver=self.pump.offer,
            has_room=self.pump.has_room,
            on_state=self._state,
            ca_file=settings.ca_file,
            v5=self.embedded.v5 if self.embedded else True,
            again_window=self.embedded.again_window if self.embedded else 0,
            probe=self.embedded is not None,
        )
        self.pump.on_room = self._committed
        self._untold: tuple[bool, str] | None = None

    def __enter__(self) -> MqttIngest:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Return when subscribed. Raises ``BrokerError`` (one sentence) when the broker cannot be used."""
        # A program that was killed left its source as connected; since when it is back must be told.
        self._state(False, "starting")
        if self.embedded is not None:
            self.embedded.start()
        try:
            self.pump.start()
            self.source.start(wait=FIRST_ANSWER_S)
        except BrokerError:
            self.stop()
            raise

    def stop(self) -> None:
        """Commit and acknowledge what came in, then leave. Safe to call twice."""
        self.pump.stop()
        self.source.stop()
        if self.embedded is not None:
            self.embedded.stop()

    def adopt(self, device: Device) -> int:
        """Record a device and use its messages waiting in quarantine; how many readings that gave."""
        return self.pump.adopt(device)

    def status(self) -> dict[str, Any]:
        """connected, detail, url (without password), program, connections, and all counts of the pump."""
        source = self.source.status()
        return {
            **asdict(self.pump.status()),
            "connected": source.connected,
            "detail": source.detail,
            "url": str(self.url),
            "program": self.embedded.program if self.embedded else "external",
            "connections": source.connections,
        }

    def _state(self, connected: bool, detail: str) -> None:
        try:
            self._twin.set_source(SOURCE_NAME, connected, detail)
            self._untold = None
        except Exception:
            # The twin cannot store now (a full disk); the connection must not suffer for it. Told later.
            log.exception("the state of the broker could not be stored")
            self._untold = (connected, detail)

    def _committed(self) -> None:
        self.source.resume()
        if (untold := self._untold) is not None:
            self._state(*untold)


def client_id_for(folder: Path | None) -> str:
    """The same for one data folder on one machine, so that the broker knows us again after a restart."""
    where = f"{platform.node()}:{folder.resolve() if folder else os.getpid()}"
    return f"cim-cockpit-{hashlib.blake2b(where.encode(), digest_size=6).hexdigest()}"

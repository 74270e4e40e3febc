"""Who may speak: the devices by (dialect, address), with the series their metrics fill. Immutable snapshots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SeriesEntry:
    """One metric of one device; values outside ``low``..``high`` are not believed."""

    series_no: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class DeviceEntry:
    """What a decoder needs to know of a device."""

    device_id: str
    type: str
    series: Mapping[str, SeriesEntry]


@dataclass(frozen=True)
class Directory:
    """All devices known now; ``version`` grows when devices change."""

    version: int
    devices: Mapping[tuple[str, str], DeviceEntry]

    def lookup(self, dialect: str, address: str) -> DeviceEntry | None:
        """The device that publishes under ``address`` in ``dialect``, or None."""
        return self.devices.get((dialect, address))

"""Who may speak: the devices by (dialect, address), with the series their metrics fill. Immutable snapshots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from twin_model.catalogue import Catalogue
from twin_model.entities import Device
from twin_model.store import Store, Writer

_SERIES = pa.schema([("series_no", pa.int32()), ("device_id", pa.string()), ("metric", pa.string())])


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
    """All devices known now, and the number of every series ever; ``version`` grows when devices change."""

    version: int
    devices: Mapping[tuple[str, str], DeviceEntry]
    numbers: Mapping[tuple[str, str], int]

    def lookup(self, dialect: str, address: str) -> DeviceEntry | None:
        """The device that publishes under ``address`` in ``dialect``, or None."""
        return self.devices.get((dialect, address))

    @classmethod
    def read(cls, store: Store, catalogue: Catalogue, version: int) -> Directory:
        """The directory of the store as it stands."""
        rows = store.select("SELECT series_no, device_id, metric FROM series")
        names = zip(rows["device_id"].to_pylist(), rows["metric"].to_pylist(), strict=True)
        numbers = dict(zip(names, rows["series_no"].to_pylist(), strict=True))
        devices = {}
        for row in store.read("directory").to_pylist():
            declared = catalogue.sensor_types.get(row["type"])
            series = {
                metric.name: SeriesEntry(number, metric.low, metric.high)
                for metric in (declared.metrics.values() if declared else ())
                if (number := numbers.get((row["device_id"], metric.name))) is not None
            }
            devices[row["dialect"], row["address"]] = DeviceEntry(row["device_id"], row["type"], series)
        return cls(version, devices, numbers)

    @classmethod
    def complete(cls, store: Store, catalogue: Catalogue) -> None:
        """Number the metrics that a sensor type was given since its devices were recorded, before a store is used."""
        now = cls.read(store, catalogue, version=0)
        lacking = {
            entry.device_id: entry.type
            for entry in now.devices.values()
            if (declared := catalogue.sensor_types.get(entry.type)) and declared.metrics.keys() - entry.series.keys()
        }
        if lacking:
            store.write(lambda writer: now._number(writer, catalogue, lacking))

    def register(self, writer: Writer, catalogue: Catalogue, devices: Sequence[Device]) -> None:
        """Number the series that these devices need and do not have yet, inside the caller's transaction."""
        self._number(writer, catalogue, {d.device_id: d.type for d in devices})

    def _number(self, writer: Writer, catalogue: Catalogue, types: Mapping[str, str]) -> None:
        number = max(self.numbers.values(), default=-1) + 1
        new = [
            (device_id, metric)
            for device_id, kind in types.items()
            for metric in catalogue.sensor_types[kind].metrics
            if (device_id, metric) not in self.numbers
        ]
        rows = [
            {"series_no": number + i, "device_id": device_id, "metric": metric}
            for i, (device_id, metric) in enumerate(new)
        ]
        writer.append("series", pa.Table.from_pylist(rows, schema=_SERIES))

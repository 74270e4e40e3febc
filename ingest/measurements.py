"""Tables of readings, one value a row: device_id, metric, taken_at, value -> the twin, in batches."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pyarrow as pa

from ingest.naming import near
from ingest.report import Job, Reject
from ingest.tables import Record, RowError, Table, shown
from twin_model.directory import DeviceEntry
from twin_model.entities import Rejected
from twin_model.twin import Twin

_BATCH = 20_000
_EXAMPLE = "2026-11-22T14:05:00+08:00"
_SHANGHAI = timezone(timedelta(hours=8))  # the time of lists that name no zone


def store_readings(
    twin: Twin, table: Table, job: Job, new_rejects: Callable[[Sequence[Reject]], list[Rejected]]
) -> None:
    """Store a table of readings; those stored before count as unchanged."""
    report = job.report
    devices = _devices(twin, job.community_id)
    series: list[int] = []
    taken: list[datetime] = []
    values: list[float] = []
    rejects: list[Reject] = []
    zoneless = 0

    def flush() -> None:
        if series or rejects:
            batch = pa.table(
                {
                    "series_no": pa.array(np.array(series, np.int32)),
                    "taken_at": pa.array([t.replace(tzinfo=None) for t in taken], pa.timestamp("us")),
                    "value": pa.array(np.array(values, np.float64)),
                    "retained": pa.array(np.zeros(len(series), np.bool_)),
                }
            )
            applied = twin.apply(batch, rejected=new_rejects(rejects))
            report.accepted += applied.stored
            report.unchanged += applied.duplicates
            report.rejects += rejects
            report.read += len(series) + len(rejects)
        for column in (series, taken, values, rejects):
            column.clear()

    for record in table:
        try:
            device = _device(record, devices)
            number, value = _value(record, device)
            instant, stated = _instant(record)
            zoneless += not stated
            series.append(number)
            taken.append(instant)
            values.append(value)
        except RowError as error:
            rejects.append(
                Reject(row=record.row, code=error.code, reason=error.reason, raw=record.raw, place=record.place)
            )
        if len(series) + len(rejects) >= _BATCH:
            flush()
    flush()
    report.layers["readings"] = report.read - report.rejected
    report.stored["reading"] = report.accepted
    if zoneless:
        report.warn(
            f"{zoneless} 个时间没有写时区，按北京时间（UTC+8）计",
            f"{zoneless} times name no zone; taken as Beijing time (UTC+8)",
        )


def _devices(twin: Twin, community_id: str) -> dict[str, DeviceEntry]:
    directory = twin.directory()
    rows = twin.entities("device", twin.now(), community_id=community_id)
    found = {}
    for row in rows.select(["device_id", "dialect", "address"]).to_pylist():
        entry = directory.lookup(row["dialect"], row["address"])
        if entry is not None and entry.device_id == row["device_id"]:
            found[row["device_id"]] = entry
    return found


def _device(record: Record, devices: dict[str, DeviceEntry]) -> DeviceEntry:
    name = record.get("device_id")
    if not name:
        raise RowError(
            "missing_value", "设备编号是空的；请填设备编号", "device_id is empty; expected the number of a device"
        )
    if name not in devices:
        few = devices if len(devices) <= 5_000 else ()
        hint = near(name, few, "；请先导入设备", "; import the devices first")
        raise RowError(
            "unknown_device",
            f"本社区没有设备“{shown(name)}”{hint['zh']}",
            f"no device '{shown(name)}' in this community{hint['en']}",
        )
    return devices[name]


def _value(record: Record, device: DeviceEntry) -> tuple[int, float]:
    metric = record.get("metric")
    if not metric:
        raise RowError(
            "missing_value",
            f"指标是空的；{device.type} 可测 {'、'.join(device.series)}",
            f"metric is empty; {device.type} measures {', '.join(device.series)}",
        )
    entry = device.series.get(metric)
    if entry is None:
        known = list(device.series)
        hint = near(metric, known, f"；可测 {'、'.join(known)}", f"; it measures {', '.join(known)}")
        raise RowError(
            "unknown_metric",
            f"{device.type} 没有指标“{shown(metric)}”{hint['zh']}",
            f"{device.type} has no metric '{shown(metric)}'{hint['en']}",
        )
    text = record.get("value")
    if text is None:
        raise RowError(
            "missing_value",
            "数值是空的；没有读数就不写这一行，空缺保持空缺",
            "value is empty; a gap stays a gap, so leave the row out",
        )
    words = {"true": 1.0, "on": 1.0, "是": 1.0, "false": 0.0, "off": 0.0, "否": 0.0}
    try:
        value = words[text.lower()] if text.lower() in words else float(text)
    except ValueError:
        raise RowError(
            "bad_value", f"数值是“{shown(text)}”；应为数字", f"value is '{shown(text)}'; expected a number"
        ) from None
    if not entry.low <= value <= entry.high:  # also false for NaN
        raise RowError(
            "out_of_range",
            f"{metric} 是 {value:g}；应在 {entry.low:g} 到 {entry.high:g} 之间",
            f"{metric} is {value:g}; expected {entry.low:g} to {entry.high:g}",
        )
    return entry.series_no, value


def _instant(record: Record) -> tuple[datetime, bool]:
    """(instant in UTC, whether the text names its zone)."""
    text = record.get("taken_at")
    if text is None:
        raise RowError(
            "missing_value",
            f"时间是空的；应为 {_EXAMPLE} 这样的时刻",
            f"taken_at is empty; expected a time such as {_EXAMPLE}",
        )
    try:
        if re.fullmatch(r"\d{10}(?:\.\d+)?|\d{13}", text):
            seconds = float(text) / (1000 if len(text) == 13 and "." not in text else 1)
            return datetime.fromtimestamp(seconds, UTC), True
        cleaned = re.sub(r"[年月/]", "-", text).replace("日", " ").replace("时", ":").replace("分", ":").rstrip(":秒 ")
        parts = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})[ T]*(.*)", cleaned)
        if not parts:
            raise ValueError(text)
        year, month, day, rest = parts.groups()
        rest = re.sub(r"^(\d):", r"0\1:", rest.strip())
        instant = datetime.fromisoformat(f"{year}-{int(month):02}-{int(day):02}" + (f"T{rest}" if rest else ""))
    except (ValueError, OverflowError, OSError):
        raise RowError(
            "bad_value",
            f"时间是“{shown(text)}”；应为 {_EXAMPLE} 这样的时刻",
            f"taken_at is '{shown(text)}'; expected a time such as {_EXAMPLE}",
        ) from None
    stated = instant.tzinfo is not None
    return (instant if stated else instant.replace(tzinfo=_SHANGHAI)).astimezone(UTC), stated

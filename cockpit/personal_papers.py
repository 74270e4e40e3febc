"""What a person is given of everything known about them: one zip with JSON for programs, HTML to read, CSV to count."""

from __future__ import annotations

import csv
import html
import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

from cockpit.care_answers import plain
from cockpit.encoding import dumps, rfc3339
from twin_model.personal import Person, gather, readings
from twin_model.twin import Twin

EXPLAINED = {
    "resident": "居民登记 · Resident", "contact": "联系人 · Contact", "home": "住户 · Home",
    "device": "家中设备 · Devices",
    "incident": "事件 · Incidents", "incident_step": "处置步骤 · What was done", "alert_step": "告警 · Alerts",
    "absence": "报备 · Absences", "visit": "走访 · Visits", "threshold": "阈值调整 · Changed limits",
    "rhythm_day": "作息（每日） · Rhythm by day", "home_life": "在家活动 · Signs of life",
}  # fmt: skip
"""What the tables are called for the person; a kind of record is called by its table."""


def package(twin: Twin, person: Person, at: datetime) -> bytes:
    """The zip; made twice at one instant it is the same, byte for byte."""
    found = {table: plain(rows) for table, rows in gather(twin, person).items()}
    measured = readings(twin, person)
    said = {"person_id": person.person_id, "made_at": rfc3339(at), "tables": found, "readings": measured.num_rows}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, data in (
            ("data.json", dumps(said)), ("index.html", _page(person, found, measured.num_rows, at).encode()),
            ("readings.csv", _csv(measured)),
        ):  # fmt: skip
            entry = zipfile.ZipInfo(name, at.timetuple()[:6])
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            pack.writestr(entry, data)
    return out.getvalue()


def _csv(table: pa.Table) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(table.column_names)
    for row in table.to_pylist():
        writer.writerow([rfc3339(value) if isinstance(value, datetime) else value for value in row.values()])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _page(person: Person, found: Mapping[str, Sequence[Mapping[str, Any]]], measured: int, at: datetime) -> str:
    parts = [_table(EXPLAINED.get(name, name), rows) for name, rows in found.items()]
    head = f"关于 {person.person_id} 的全部数据 · Everything known about {person.person_id}"
    note = (
        f"截至 As of {rfc3339(at)}。readings.csv：{measured} 条家中设备读数 readings of the home's devices. "
        "住户级数据也属于同住的人 What is told of a home is also about those who live in it."
    )
    style = (
        "body{font:16px/1.5 sans-serif;margin:2rem;color:#111}table{border-collapse:collapse;margin:.5rem 0 2rem}"
        "td,th{border:1px solid #bbb;padding:.25rem .5rem;text-align:left;vertical-align:top}th{background:#eee}"
    )
    return (
        f'<!DOCTYPE html><html lang="zh-CN"><meta charset="utf-8"><title>{html.escape(head)}</title>'
        f"<style>{style}</style><h1>{html.escape(head)}</h1><p>{html.escape(note)}</p>{''.join(parts)}</html>"
    )


def _table(title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    names = [name for name in rows[0] if any(row[name] not in (None, "") for row in rows)]
    head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(_cell(row[name]))}</td>" for name in names) + "</tr>" for row in rows
    )
    return f"<h2>{html.escape(title)} ({len(rows)})</h2><table><tr>{head}</tr>{body}</table>"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{len(value)} bytes" if isinstance(value, bytes) else str(value)

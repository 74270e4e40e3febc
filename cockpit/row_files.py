"""Rows as a file for a spreadsheet: CSV or XLSX. Without the web framework, because reports are made without it too."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import date
from typing import Any

import pyarrow as pa
from openpyxl import Workbook

from cockpit.encoding import rfc3339

CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def csv_of(rows: pa.Table) -> bytes:
    """The rows as CSV with a byte order mark, without which spreadsheets misread Chinese."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(rows.column_names)
    writer.writerows(_cells(rows))
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def xlsx_of(rows: pa.Table, title: str) -> bytes:
    """The rows as one sheet."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.append(rows.column_names)
    for cells in _cells(rows):
        sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cells(rows: pa.Table) -> Iterable[list[Any]]:
    for row in rows.to_pylist():
        yield [_cell(value) for value in row.values()]


def _cell(value: Any) -> Any:
    """Instants as text with their offset; text that a spreadsheet would run as a formula is quoted."""
    if hasattr(value, "tzinfo"):
        return rfc3339(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return " ".join(map(str, value))
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value

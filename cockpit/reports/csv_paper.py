"""The KPIs of a report as CSV, one a line, for other programs. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cockpit.encoding import rfc3339

COLUMNS = (
    "kpi", "scene", "title_zh", "title_en", "value", "unit_zh", "before", "target", "direction", "verified", "status",
    "missing", "grade", "attainment", "coverage", "numerator", "denominator", "rows_used", "rows_excluded", "newest",
    "period", "definition_version",
)  # fmt: skip


def kpis_of(facts: Mapping[str, Any]) -> bytes:
    """With a byte order mark, without which spreadsheets misread Chinese."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([cell(row, name) for name in COLUMNS] for row in facts["kpis"])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def cell(row: Mapping[str, Any], name: str) -> Any:
    """One value as a spreadsheet takes it: unknown is empty, an instant is text with its offset."""
    base, _, lang = name.rpartition("_")
    value = row[base].get(lang) if lang in ("zh", "en") and base in row else row[name]
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, list):
        return " ".join(map(str, value))
    return value

"""The annex as XLSX: every table of the paper, and under them the plain numbers. The same bytes for the same facts.

openpyxl writes the hour into a workbook and into its archive; both are set to the report's instant here.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from cockpit.encoding import rfc3339
from cockpit.reports.blocks import Paper
from cockpit.reports.csv_paper import COLUMNS as KPI_COLUMNS
from cockpit.reports.csv_paper import cell as kpi_cell
from layouts.parts.text import t, titled

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The hour of everything in the archive: a zip knows none earlier."""
HEAD = PatternFill("solid", start_color="EDF2F7")
Rows = Iterable[Sequence[Any]]


def xlsx_of(facts: Mapping[str, Any], identity: Mapping[str, Any], paper: Paper) -> bytes:
    """The annex."""
    lang = paper.lang
    sheets = (
        (t(lang, f"report.sheet.{key}"), columns, rows) for key, columns, rows in _sheets(facts, identity, paper, lang)
    )
    return workbook(sheets, paper.title, facts["report"]["at"])


def workbook(sheets: Iterable[tuple[str, Sequence[str], Rows]], title: str, at: datetime) -> bytes:
    """Sheets (name, heads, rows) as one file that says it was made at ``at``."""
    book = Workbook(write_only=True)
    for name, columns, rows in sheets:
        _sheet(book, name, columns, rows)
    stamp = at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    book.properties.title, book.properties.creator = title, "CIM Cockpit"
    book.properties.created = book.properties.modified = stamp
    raw = io.BytesIO()
    book.save(raw)
    return _still(raw.getvalue(), stamp)


def _sheet(book: Workbook, title: str, columns: Sequence[str], rows: Rows) -> None:
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    known = [[_plain(value) for value in row] for row in rows]
    for n, name in enumerate(columns):
        widest = max([len(name), *(len(str(row[n])) for row in known if row[n] is not None)], default=8)
        sheet.column_dimensions[get_column_letter(n + 1)].width = min(48, widest * 1.35 + 2)
    sheet.append([_head(sheet, name) for name in columns])
    for row in known:
        sheet.append(row)


def _head(sheet: Any, words: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, value=words)
    cell.font, cell.fill, cell.alignment = Font(bold=True), HEAD, Alignment(vertical="center")
    return cell


def _plain(value: Any) -> Any:
    """Instants as text with their offset; text that a spreadsheet would run as a formula is quoted."""
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value


def _sheets(
    facts: Mapping[str, Any], identity: Mapping[str, Any], paper: Paper, lang: str
) -> Iterable[tuple[str, Sequence[str], Rows]]:
    def words(*names: str) -> list[str]:
        return [t(lang, f"report.column.{name}") for name in names]

    report = facts["report"]
    yield (
        "about", words("what", "value"),
        [["title", paper.title], ["audience", report["audience"]], ["instant", report["at"]],
         ["from", report["start"]], ["data_revision", identity["data_revision"]],
         ["version", identity["version"]], ["definitions", identity["definitions"]["digest"]]],
    )  # fmt: skip
    yield "kpis", KPI_COLUMNS, ([kpi_cell(row, name) for name in KPI_COLUMNS] for row in facts["kpis"])
    if facts["scenes"]:
        yield (
            "scenes", words("scene", "title", "score", "grade", "measured", "indicators", "worst", "missing"),
            ([tile["key"], titled(lang, tile["title"], ""), tile["attainment"], tile["grade"],
              sum(one["is_measured"] for one in tile["indicators"]), len(tile["indicators"]), tile["worst"],
              [one["kpi"] for one in tile["missing"]]] for tile in facts["scenes"]["tiles"]),
        )  # fmt: skip
    yield (
        "places", words("place", "name", "people", "capacity", "share", "method", "grade"),
        ([row["place_id"], row["name"], row["people"], row["capacity"], row["share"], row["method"], row["grade"]]
         for row in facts["places"]),
    )  # fmt: skip
    if facts["hours"]:
        yield "hours", words("hour", "people"), facts["hours"]["points"]
    names = ("figure", "value", "total", "unit", "before", "fresh", "devices", "newest")
    yield "services", words(*names), ([row[name] for name in names] for row in facts["figures"])
    known = facts["incidents"]
    if known["levels"]:
        columns: tuple[str, ...] = ("name", "value", "unit", "n", "of", "before", "target")
        yield "levels", words(*columns), ([one[name] for name in columns] for one in known["levels"])
        yield "incidents", words("begin", "raised"), known["by_day"]
        columns = ("id", "grade", "severity", "phase", "raised_at", "building_id")
        yield "open", words(*columns), ([one[name] for name in columns] for one in known["open"])
    if facts["devices"]:
        kinds = ("type", "fresh", "stale", "lost")
        yield "devices", words(*kinds), ([row[name] for name in kinds] for row in facts["devices"]["by_type"])
    yield (
        "buildings", words("building", "occupancy", "share", "alert"),
        ([row["building_id"], row["occupancy"], row["share"], row["alert"]] for row in facts["map"]),
    )  # fmt: skip
    if identity["evidence"]:
        index = ("kpi", "rows", "sha256")
        yield "evidence", words(*index), ([one[name] for name in index] for one in identity["evidence"])


def _still(raw: bytes, stamp: datetime) -> bytes:
    """The workbook with the hour of its making taken out: from the archive, and from what openpyxl notes at saving."""
    wanted = stamp.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as to:
        for name in sorted(source.namelist()):
            data = source.read(name)
            if name == "docProps/core.xml":
                data = _modified(data, wanted)
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            to.writestr(info, data)
    return out.getvalue()


def _modified(data: bytes, wanted: bytes) -> bytes:
    """``dcterms:modified`` as wanted, whatever was written there."""
    before, tag, rest = data.partition(b"<dcterms:modified")
    opened, close, after = rest.partition(b"</dcterms:modified>")
    if not tag or not close:
        return data
    return before + tag + opened[: opened.index(b">") + 1] + wanted + close + after

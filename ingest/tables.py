"""CSV and Excel tables: finding the header, telling what the table is, and reading its rows as the twin's fields.

Data that names a person (names, telephone and identity numbers) is left where it is: such columns are not
read, and a rejected row is kept with them blanked.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import shapely
from shapely.geometry.base import BaseGeometry

from ingest.formats import Feature, Row
from ingest.naming import AGE_BANDS, COLUMNS, ColumnMapping, fields_of, holds_personal, is_personal
from ingest.refusals import CodedRefusal
from ingest.report import LAYERS_ZH, ImportRefused, ImportReport
from twin_model.procedure import Words

_HEADER_WITHIN = 15  # title lines above the header of a printed list
_PEOPLE = ("homes", "residents")

# layer -> alternatives of fields of which one set must be there
REQUIRED: dict[str, tuple[frozenset[str], ...]] = {
    "readings": (frozenset({"device_id", "metric", "taken_at", "value"}),),
    "devices": (frozenset({"device_id", "type"}), frozenset({"address", "type"})),
    "residents": tuple(
        frozenset({home, count})
        for home in ("number", "home_id")
        for count in (*AGE_BANDS, "age", "birth", "age_band", "elder_alone")
    ),
    "homes": (
        frozenset({"building", "number"}), frozenset({"building_id", "number"}), frozenset({"home_id", "building_id"}),
    ),
    "facilities": (frozenset({"name", "kind"}), frozenset({"name", "type"}), frozenset({"name", "capacity"})),
    "buildings": (frozenset({"wkt"}),),
    "paths": (frozenset({"wkt"}), frozenset({"lon", "lat"}), frozenset({"lonlat"})),
    "boundary": (frozenset({"wkt"}),),
    "divisions": (
        frozenset({"division_id", "level"}), frozenset({"community", "subdistrict"}),
        frozenset({"community", "parent"}),
    ),
}  # fmt: skip
_EXAMPLES = {
    "readings": "device_id, metric, taken_at, value",
    "devices": "设备编号/device_id, 类型/type, 经度/lon, 纬度/lat (or 楼栋, 单元, 室号)",
    "residents": "楼栋/building, 单元/unit, 室号/number, 0-17岁, 18-59岁, 60-79岁, 80岁以上",
    "homes": "楼栋/building, 单元/unit, 室号/number",
    "facilities": "名称/name, 类型/kind, 经度/lon, 纬度/lat, 容量/capacity",
    "buildings": "wkt (an outline), 幢号/building, 高度/height or 层数/levels",
    "paths": "wkt (a line), 名称/name; of gates 经度/lon, 纬度/lat, 名称/name, 开放时间/opening_hours",
    "boundary": "wkt (an outline), 名称/name",
    "divisions": (
        "区划代码/division_id, 层级/level, 名称/name, 上级/parent; of communities 社区编号/community, 街道/subdistrict"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One row as the twin's fields; empty cells are left out. ``raw`` is its text without personal data."""

    row: int
    place: str
    values: dict[str, str]
    raw: str

    def get(self, name: str) -> str | None:
        """The value of a field, or None."""
        return self.values.get(name)


@dataclass(slots=True)
class Table:
    """A recognised table: its layer, its columns, and its rows to be read once."""

    layer: str
    columns: frozenset[str]
    name: str
    _sheets: Iterator[_Sheet]
    has_shapes: bool = False

    def __iter__(self) -> Iterator[Record]:
        for sheet in self._sheets:
            yield from sheet.records()


@dataclass(slots=True)
class _Sheet:
    """The rows under one header."""

    title: str
    header: Row
    fields: dict[str, int]
    rows: Iterable[Row]
    mapping: ColumnMapping
    layer: str = ""
    blanked: frozenset[int] = field(default_factory=frozenset)

    def records(self) -> Iterator[Record]:
        people = self.layer in _PEOPLE
        known = set(self.fields.values())
        for row in self.rows:
            cells = row.cells
            values = {}
            for name, index in self.fields.items():
                if index < len(cells) and cells[index]:
                    values[name] = self.mapping.value(name, cells[index])
            if not values:
                continue
            raw = ",".join(
                "***" if cell and (i in self.blanked or (people and (i not in known or holds_personal(cell)))) else cell
                for i, cell in enumerate(cells)
            )
            place = f"{row.sheet}!{row.row}" if row.sheet else str(row.row)
            yield Record(row=row.row, place=place, values=values, raw=raw)


def recognised(
    rows: Iterator[Row], name: str, layer: str, mapping: ColumnMapping, report: ImportReport, *, has_homes: bool = True
) -> Table:
    """Find the header and tell what the table is; raises ImportRefused naming the columns found and expected.

    ``has_homes``: whether the community's homes are known; if not, a list with ages is the list of homes.
    """
    sheets = _sheets(rows, name, mapping)
    first = next(sheets, None)
    if first is None:
        raise ImportRefused(
            f"{name} 没有数据行；应有标题行和数据行", f"{name} has no rows; expected a header line and rows"
        )
    asked = layer if layer != "auto" else _layer_of(first.fields, has_homes)
    if asked is None:
        raise ImportRefused(
            f"{name}：认不出这是什么表，它的列是 {_listed(first.header)}。例如应有 {_EXAMPLES['homes']}；"
            "列名不同时用 --mapping 文件 对照，或用 --layer 说明",
            f"{name}: cannot tell what the table is; its columns are {_listed(first.header)}. Expected for example "
            f"{_EXAMPLES['homes']}; name other columns with --mapping FILE, or say --layer",
        )
    _prepared(first, asked, report)
    if not _fits(first.fields, asked):
        raise ImportRefused(
            f"{name}：{LAYERS_ZH[asked]}表（{asked}）应有列 {_EXAMPLES[asked]}，实际是 {_listed(first.header)}；"
            "列名不同时用 --mapping 文件 对照",
            f"{name}: for {asked} the columns {_EXAMPLES[asked]} are expected; found {_listed(first.header)}. "
            "Name other columns with --mapping FILE",
        )

    def usable() -> Iterator[_Sheet]:
        yield first
        for sheet in sheets:
            _prepared(sheet, asked, report)
            if _fits(sheet.fields, asked):
                yield sheet
            else:
                columns = _listed(sheet.header)
                report.warn(
                    f"工作表“{sheet.title}”不是{LAYERS_ZH[asked]}表（它的列是 {columns}），没有采用",
                    f"sheet '{sheet.title}' is no list of {asked} (columns {columns}); left out",
                )

    return Table(
        layer=asked, columns=frozenset(first.fields), name=name, _sheets=usable(), has_shapes="wkt" in first.fields
    )


def _sheets(rows: Iterator[Row], name: str, mapping: ColumnMapping) -> Iterator[_Sheet]:
    for title, group in itertools.groupby(rows, key=lambda row: row.sheet):
        start = list(itertools.islice(group, _HEADER_WITHIN))
        found = [fields_of(row.cells, mapping) for row in start]
        best = max(range(len(start)), key=lambda i: (len(found[i]), -i))
        rest = itertools.chain(start[best + 1 :], group)  # noqa: B031  # a sheet is read out before the next is asked for
        yield _Sheet(title, start[best], found[best], rest, mapping)


def _layer_of(fields: dict[str, int], has_homes: bool) -> str | None:
    if "wkt" in fields:
        if _fits(fields, "divisions"):
            return "divisions"
        return "buildings" if {"height", "levels", "building", "building_id"} & fields.keys() else None
    for layer in ("readings", "devices", "residents", "homes", "facilities", "divisions"):
        if _fits(fields, layer):
            if layer == "residents" and not has_homes and _fits(fields, "homes"):
                return "homes"
            if layer == "facilities" and "device_id" in fields:
                continue
            return layer
    if "room" in fields and {"building", "building_id"} & fields.keys():
        return "homes"
    return None


def _fits(fields: dict[str, int], layer: str) -> bool:
    return any(needed <= fields.keys() for needed in REQUIRED[layer])


def _prepared(sheet: _Sheet, layer: str, report: ImportReport) -> None:
    """Columns whose meaning depends on the layer, and those that name persons."""
    sheet.layer = layer
    fields = sheet.fields
    if layer in _PEOPLE:
        if "room" in fields and "number" not in fields:
            fields["number"] = fields.pop("room")
        personal = {fields.pop("name")} if "name" in fields else set()
    else:
        personal = set()
    if layer == "facilities" and "kind" not in fields and "type" in fields:
        fields["kind"] = fields.pop("type")
    used = set(fields.values())
    personal |= {i for i, cell in enumerate(sheet.header.cells) if i not in used and is_personal(cell)}
    sheet.blanked = frozenset(personal)
    if personal:
        report.warn(*left_unread([sheet.header.cells[i] for i in sorted(personal)]))


def left_unread(headings: Sequence[str]) -> tuple[str, str]:
    """That columns name persons and were left where they are, in Chinese and English."""
    return (
        f"列 {'、'.join(headings)} 含个人信息，没有读取，也没有保存",
        f"columns {', '.join(headings)} name persons: they were not read and nothing of them is stored",
    )


def _listed(header: Row) -> str:
    names = [cell for cell in header.cells if cell]
    listed = ", ".join(names[:12])
    return f"{listed} and {len(names) - 12} more" if len(names) > 12 else listed


def features_of(table: Table) -> Iterator[Feature]:
    """The rows of a table with a WKT column as features."""
    for record in table:
        geometry, problem = wkt_shape(record.values.pop("wkt", ""))
        yield Feature(row=record.row, ref="", tags=record.values, geometry=geometry, problem=problem)


def wkt_shape(text: str) -> tuple[BaseGeometry | None, Words | None]:
    """The shape a cell holds (None: it is empty) and what is wrong with the cell."""
    srid = re.match(r"(?i)srid=\d+;", text)
    try:
        return (shapely.force_2d(shapely.from_wkt(text[srid.end() :] if srid else text)) if text else None), None
    except shapely.errors.GEOSException as error:
        why = str(error).splitlines()[0]
        return None, {
            "zh": f"WKT 读不了（{why}）；应为完整的图形，如 POLYGON ((…))",
            "en": f"its WKT cannot be read: {why}; expected a whole shape such as POLYGON ((…))",
        }


def whole_number(record: Record, name: str, *, highest: int = 100_000) -> int | None:
    """A count from 0, or None for an empty cell; raises RowError."""
    text = record.get(name)
    if text is None:
        return None
    cleaned = re.sub(r"[人户位个岁]$", "", text)
    if not re.fullmatch(r"\d+(?:\.0+)?", cleaned) or float(cleaned) > highest:
        raise RowError(
            "bad_value",
            f"{titled(name)} 是“{shown(text)}”；应为 0 到 {highest} 的整数",
            f"{name} is '{shown(text)}'; expected a whole number from 0 to {highest}",
        )
    return int(float(cleaned))


def yes_or_no(record: Record, name: str) -> bool | None:
    """是/否, yes/no, 1/0, or None for an empty cell; raises RowError."""
    text = record.get(name)
    if text is None:
        return None
    word = text.strip().lower()
    if word in ("是", "有", "独居", "yes", "y", "true", "1", "√", "✓"):
        return True
    if word in ("否", "无", "非独居", "不独居", "no", "n", "false", "0", "×", "x"):
        return False
    raise RowError(
        "bad_value",
        f"{titled(name)} 是“{shown(text)}”；应为 是 或 否",
        f"{name} is '{shown(text)}'; expected 是 or 否 (yes or no)",
    )


def decimal(record: Record, name: str) -> float | None:
    """A number with decimal point or comma, or None for an empty cell; raises RowError."""
    text = record.get(name)
    if text is None:
        return None
    try:
        return float(text.replace(",", ".") if text.count(",") == 1 else text)
    except ValueError:
        raise RowError(
            "bad_value",
            f"{titled(name)} 是“{shown(text)}”；应为数字",
            f"{name} is '{shown(text)}'; expected a number",
        ) from None


class RowError(CodedRefusal):
    """One row that cannot be used."""


def titled(name: str) -> str:
    """A field as Chinese lists call it, with its own name."""
    return f"{COLUMNS[name][0]} {name}"


def shown(text: str) -> str:
    """A cell for a message: short, and never a telephone or identity number."""
    if holds_personal(text):
        return "***"
    return text if len(text) <= 40 else f"{text[:40]}…"

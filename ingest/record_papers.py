"""What is made from the declared kinds of records for people: empty lists to fill in, and the data dictionary."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import openpyxl
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from ingest.record_sheets import note_of
from twin_model.record_kinds import Column, RecordKind
from twin_model.scene_book import Scene

FORMATS = ("csv", "xlsx")
LAST_ROW = 5_000  # so far down Excel offers the choices
LONGEST_LIST = 255  # of Excel, in characters

_TYPES = {
    "text": "文字 text", "date": "日期 date", "instant": "时间 time", "count": "整数 count", "amount": "数 number",
    "yuan": "元 yuan", "share": "比例 share", "yes_no": "是/否 yes/no", "choice": "选项 choice", "place": "地点 place",
}  # fmt: skip
_SQL_PLACES = {"facility": "设施 facility", "room": "房间 room", "building": "楼栋 building", "home": "住户 home",
               "estate": "小区 estate"}  # fmt: skip


def heading(column: Column) -> str:
    """The heading of a column in a list: its Chinese name, the unit in brackets, a star where it must be filled in."""
    unit = f"（{column.unit['zh']}）" if column.unit else ""
    return f"{column.title['zh']}{unit}{'*' if column.required else ''}"


def write_templates(kinds: Iterable[RecordKind], folder: Path, form: str) -> list[Path]:
    """An empty list per kind into ``folder``; ``form``: csv or xlsx. A list that is there already is written anew."""
    folder.mkdir(parents=True, exist_ok=True)
    return [(_workbook if form == "xlsx" else _csv)(kind, folder / f"{kind.name}.{form}") for kind in kinds]


def _csv(kind: RecordKind, path: Path) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:  # with the mark, or Excel takes it for GBK
        csv.writer(stream).writerow([heading(column) for column in kind.columns.values()])
    return path


def _workbook(kind: RecordKind, path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = re.sub(r"[\[\]:*?/\\]", " ", kind.title["zh"])[:31]
    for number, column in enumerate(kind.columns.values(), start=1):
        letter = get_column_letter(number)
        head, note = sheet.cell(1, number, heading(column)), sheet.cell(2, number, note_of(column))
        head.font, note.font = Font(bold=True), Font(italic=True, color="FF666666", size=9)
        head.fill = PatternFill("solid", fgColor="FFE8EEF4")
        note.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.column_dimensions[letter].width = max(14, 2 * len(heading(column)) + 2)
        words = ["是", "否"] if column.type == "yes_no" else [texts["zh"] for texts in column.choices.values()]
        listed = ",".join(words)
        if words and len(listed) < LONGEST_LIST and not any("," in word or '"' in word for word in words):
            offered = DataValidation(type="list", formula1=f'"{listed}"', allow_blank=True)
            offered.add(f"{letter}3:{letter}{LAST_ROW}")
            sheet.add_data_validation(offered)
        if column.type in ("date", "instant"):
            sheet.column_dimensions[letter].number_format = (
                "yyyy-mm-dd" if column.type == "date" else "yyyy-mm-dd hh:mm"
            )
    sheet.freeze_panes = "A3"
    book.save(path)
    return path


def dictionary(kinds: Iterable[RecordKind], scenes: Mapping[str, Scene]) -> str:
    """Every kind with its columns, checks and examples, as Markdown in both languages."""
    every = list(kinds)
    return "\n".join([*_opening(every, scenes), *(line for kind in every for line in _chapter(kind, scenes))]) + "\n"


_OPENING = """# 台账数据字典 · Data dictionary of records

由 `python run.py records dictionary` 从 `twin_model/record_kinds/*.toml` 生成，请勿手改。怎样导入见
[导入数据](import.md)。
Generated from `twin_model/record_kinds/*.toml` by `python run.py records dictionary`; do not edit. How to import:
[Importing data](import.md).

* **主键 Identity**：这些列相同的两行是同一条记录，内容不同就是更正。
  Two rows alike in these are the same record; with other contents the later one is a correction.
* **发生于 True at**：说明何时发生（登记类：何时开始有效）的列。
  The column that says when it happened, or began to hold.
* **应有频率 Expected**：正常的来源在这段时间内应有新记录。
  A living source has something newer than this.
* **受限 Restricted**：只对工作人员，写编号，不写姓名、电话、证件号。
  Staff only; codes, never names or numbers of persons.
* **检查 Check**：拒收（进入隔离区），或标记（原样入库并带标记，绝不改数）。
  Rejected into the quarantine, or stored as it is with a mark; a value is never changed."""


def _opening(kinds: list[RecordKind], scenes: Mapping[str, Scene]) -> Iterator[str]:
    yield _OPENING
    yield ""
    yield "| 场景 Scene | 台账 Kinds |"
    yield "|---|---|"
    for scene in scenes.values():
        of_scene = [kind for kind in kinds if kind.scene == scene.key]
        if of_scene:
            listed = " · ".join(f"[{kind.title['zh']}](#{kind.name})" for kind in of_scene)
            yield f"| {_both(scene.title)} | {listed} |"


def _chapter(kind: RecordKind, scenes: Mapping[str, Scene]) -> Iterator[str]:
    yield ""
    yield f"## {kind.name}"
    yield ""
    yield f"**{kind.title['zh']} · {kind.title['en']}** ({_both(scenes[kind.scene].title)})"
    if kind.note:
        yield ""
        yield f"{kind.note['zh']}。{kind.note['en']}."
    yield ""
    identity = " + ".join(kind.columns[name].title["zh"] for name in kind.identity)
    holds = f"；到 until `{kind.until}`" if kind.until else ""
    days = kind.expected_every.total_seconds() / 86_400
    yield (
        f"主键 Identity: {identity} (`{'`, `'.join(kind.identity)}`) · 发生于 True at: `{kind.true_at}`{holds} · "
        f"应有频率 Expected: {days:g} d"
    )
    yield ""
    yield "| 列 Column | 名称 Heading | 类型 Type | 说明 Notes | 例 Example |"
    yield "|---|---|---|---|---|"
    for column in kind.columns.values():
        kind_of = f"{_TYPES[column.type]}" if column.place is None else _SQL_PLACES[column.place]
        must = " **必填**" if column.required else ""
        notes = _escaped("；".join(_notes(column)))
        title = _escaped(f"{column.title['zh']} · {column.title['en']}")
        yield f"| `{column.name}`{must} | {title} | {kind_of} | {notes} | {_escaped(column.example)} |"
    for check in kind.checks:
        level = "拒收 reject" if check.level == "reject" else "标记 flag"
        yield ""
        yield f"检查 `{check.name}` ({level}): `{check.sql}`。{check.reason['zh']} · {check.reason['en']}"


def _notes(column: Column) -> Iterator[str]:
    if column.restricted:
        yield "受限 restricted"
    if column.unit:
        yield _both(column.unit)
    if column.choices:
        yield ", ".join(f"{code} {_both(texts)}" for code, texts in column.choices.items())
    if column.high is not None or column.low not in (None, 0.0):
        low = "–∞" if column.low is None else f"{column.low:g}"
        yield f"{low} … {'∞' if column.high is None else f'{column.high:g}'}"
    if column.future:
        yield "可在将来 may lie ahead"
    if column.note:
        yield f"{column.note['zh']}，{column.note['en']}"


def _both(title: Mapping[str, str]) -> str:
    return f"{title['zh']} {title['en']}"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")

"""Excel workbooks (.xlsx, .xlsm), read cell by cell without loading the sheet.

A merged cell gives its value to every row it covers, because Chinese lists merge the building and unit
columns downwards. Formulas give the value Excel last saved. What is not read of a workbook (`unread`) is said.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from ingest.formats import FormatError, Row
from twin_model.procedure import Words

_MERGED = re.compile(rb'<mergeCell ref="([A-Z]+\d+:[A-Z]+\d+)"')
_UNCOMPUTED = re.compile(rb"</f>(?:<v ?/>|<v></v>)?</c>")
PIECE, OVERLAP = 1 << 20, 100
LARGEST = 1 << 30
"""Bytes a workbook may unpack to: a small file can unpack to more than the memory of the machine that serves."""


def read(path: Path) -> Iterator[Row]:
    """Rows of text cells of all visible sheets, with sheet name and row number; blank rows left out."""
    with _told(path):
        yield from _rows(path)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        yield
    except (zipfile.BadZipFile, InvalidFileException, ParseError, KeyError, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FormatError(
            f"{path.name} 不是完整的 Excel 工作簿（{reason}）；应是完整的 .xlsx，请用 Excel 或 WPS 打开后另存",
            f"{path.name} cannot be read as an Excel workbook ({reason}); expected a complete .xlsx file: "
            "open it in Excel or WPS and save it again",
        ) from None


def unread(path: Path) -> list[Words]:
    """What of a workbook gives no rows or no values although somebody may think so, a sentence each."""
    found: list[Words] = []
    with _told(path), closing(_opened(path)) as book:
        for sheet in book.worksheets:
            if sheet.sheet_state != "visible":
                found.append({
                    "zh": f"工作表“{sheet.title}”是隐藏的，没有读取；如需导入，请在 Excel 里取消隐藏",
                    "en": f"sheet '{sheet.title}' is hidden and was not read; show it in Excel if it belongs here",
                })
            elif number := sum(1 for _ in _found(path, sheet, _UNCOMPUTED)):
                found.append({
                    "zh": f"工作表“{sheet.title}”：{number} 个公式没有保存结果，按空格计；"
                    "请用 Excel 或 WPS 打开、保存后重新导入",
                    "en": f"sheet '{sheet.title}': {number} formulas hold no value and count as empty; open the file "
                    "in Excel or WPS, save it and import it again",
                })
    return found


def _opened(path: Path) -> Any:
    with zipfile.ZipFile(path) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > LARGEST:
        raise FormatError(
            f"{path.name} 解压后有 {size >> 20} MB；最多 {LARGEST >> 20} MB，请分成几个文件",
            f"{path.name} unpacks to {size >> 20} MB; expected at most {LARGEST >> 20} MB: divide it into several "
            "files",
        )
    import openpyxl  # here: a list in another form need not wait for it

    return openpyxl.load_workbook(path, read_only=True, data_only=True)


def _rows(path: Path) -> Iterator[Row]:
    book = _opened(path)
    try:
        for sheet in book.worksheets:
            if sheet.sheet_state != "visible":
                continue
            merged = _merged(path, sheet)
            held: dict[int, tuple[int, str]] = {}  # column -> (last row, value) of merged cells passed
            for number, cells in enumerate(sheet.iter_rows(values_only=True), start=sheet.min_row or 1):
                texts = [_text(cell) for cell in cells]
                for column, last in merged.get(number, ()):
                    if column <= len(texts):
                        held[column] = (last, texts[column - 1])
                if not any(texts):
                    continue
                for column, (last, value) in held.items():
                    if number <= last and column <= len(texts) and not texts[column - 1]:
                        texts[column - 1] = value
                yield Row(row=number, cells=tuple(texts), sheet=sheet.title)
    finally:
        book.close()


def _merged(path: Path, sheet: Any) -> dict[int, list[tuple[int, int]]]:
    """First row -> (column, last row) of the merged cells; openpyxl's read-only mode does not tell."""
    from openpyxl.utils import range_boundaries

    found: dict[int, list[tuple[int, int]]] = {}
    for match in _found(path, sheet, _MERGED):
        left, top, _, bottom = range_boundaries(match.group(1).decode())
        if bottom > top:
            found.setdefault(top, []).append((left, bottom))
    return found


def _found(path: Path, sheet: Any, pattern: re.Pattern[bytes]) -> Iterator[re.Match[bytes]]:
    """Where a short pattern is in the XML of a sheet, which is never in memory as a whole."""
    with zipfile.ZipFile(path) as archive, archive.open(sheet._worksheet_path) as stream:
        held = b""
        while piece := stream.read(PIECE):
            held += piece
            end = 0
            for match in pattern.finditer(held):
                end = match.end()
                yield match
            held = held[max(end, len(held) - OVERLAP) :]


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value).strip()

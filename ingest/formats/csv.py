"""CSV text as written by spreadsheets: UTF-8 with or without mark, UTF-16, or GBK (GB 18030); comma,
semicolon or tab. Every non-blank line is a row; which of them is the header is the caller's business.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from pathlib import Path

from ingest.formats import FormatError, Row

_CHUNK = 1 << 20
_DELIMITERS = ",;\t，|"


def encoding_of(path: Path) -> str:
    """The encoding of a text file: by its mark, else UTF-8 if all of it is, else GB 18030 if all of it is.

    GB 18030 contains GBK and GB 2312, the usual encodings of Chinese spreadsheets.
    """
    with path.open("rb") as handle:
        start = handle.read(4)
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding in ("utf-8", "gb18030"):
        if _decodes(path, encoding):
            return encoding
    raise FormatError(
        f"{path.name} 既不是 UTF-8 也不是 GBK 文本；请另存为“CSV UTF-8”",
        f"{path.name} is neither UTF-8 nor GBK text; expected a CSV file: save it again as 'CSV UTF-8'",
    )


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as handle:
        try:
            while chunk := handle.read(_CHUNK):
                if b"\x00" in chunk:
                    return False
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def read(path: Path) -> Iterator[Row]:
    """Rows of text cells, stripped, with the line number each starts on."""
    encoding = encoding_of(path)
    with path.open(encoding=encoding, newline="") as handle:
        start = [line for _, line in zip(range(20), handle, strict=False) if line.strip()]
        if not start:
            raise FormatError(
                f"{path.name} 是空的；应有标题行和数据行", f"{path.name} is empty; expected a header line and rows"
            )
        delimiter = max(_DELIMITERS, key=lambda mark: max(line.count(mark) for line in start))
        handle.seek(0)
        reader = csv.reader(handle, delimiter=delimiter, strict=True)  # an open quote would swallow the rest
        line = 1
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise FormatError(
                    f"{path.name} 第 {reader.line_num} 行不是完整的 CSV；请检查那里的引号",
                    f"{path.name}, line {reader.line_num}: {error}; expected CSV text, check the quotes there",
                ) from None
            if any(cell.strip() for cell in cells):
                yield Row(row=line, cells=tuple(cell.strip() for cell in cells))
            line = reader.line_num + 1

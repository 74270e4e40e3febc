"""Which kind of record a sheet holds, and which of its columns is what: by headings, and by what it is called."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.formats import Row
from ingest.naming import ColumnMapping, fields_of, is_personal, near, plain
from ingest.report import ImportRefused
from twin_model.procedure import Words
from twin_model.record_kinds import Column, RecordKind

HEADER_WITHIN = 15  # title lines above the header of a printed list
CLEARLY = 3  # so many columns, unless the sheet is called what the kind is called


@dataclass(frozen=True)
class Sheet:
    """The rows under one header. ``columns``: column of the kind -> index; ``personal``: headings that name persons."""

    kind: RecordKind
    title: str
    columns: dict[str, int]
    personal: tuple[str, ...]
    rows: Iterator[Row]


@dataclass(frozen=True)
class _Fit:
    kind: RecordKind
    row: int
    columns: dict[str, int]
    is_named: bool

    @property
    def missing(self) -> list[Column]:
        return [c for c in self.kind.columns.values() if c.required and c.name not in self.columns]

    @property
    def rank(self) -> tuple[bool, bool, int, int]:
        return not self.missing, self.is_named, len(self.columns), -self.row


class Recogniser:
    """The declared kinds as their files may be headed; ``mapping`` may say which one and name other headings."""

    def __init__(self, kinds: Mapping[str, RecordKind], mapping: ColumnMapping) -> None:
        self._mapping = mapping
        self._kinds = [kinds[mapping.kind]] if mapping.kind else list(kinds.values())
        self._words = {kind.name: _headings(kind, mapping) for kind in self._kinds}

    def sheets(self, rows: Iterable[Row], name: str) -> Iterator[Sheet | Words]:
        """The sheets of a file; for one that is no list of a kind, the sentence why."""
        for title, group in itertools.groupby(rows, key=lambda row: row.sheet):
            start = list(itertools.islice(group, HEADER_WITHIN))
            found = self._best(start, title, name)
            if not isinstance(found, _Fit):
                yield found
                continue
            rest = iter(start[found.row + 1 :])
            header = start[found.row]
            used = set(found.columns.values())
            personal = tuple(c for i, c in enumerate(header.cells) if i not in used and is_personal(c))
            rest = _after_note(itertools.chain(rest, group), found)  # noqa: B031  # read out before the next is asked for
            yield Sheet(found.kind, title, found.columns, personal, rest)

    def claims(self, start: Sequence[Row], name: str) -> bool:
        """Whether the rows a file begins with are clearly those of a kind, and not of another list better known."""
        title = start[0].sheet if start else ""
        found = self._best([row for row in start if row.sheet == title], title, name)
        if not isinstance(found, _Fit) or found.missing:
            return False
        others = len(fields_of(start[found.row].cells, ColumnMapping()))
        return len(found.columns) > others and (found.is_named or len(found.columns) >= CLEARLY)

    def claims_one(self, rows: Iterable[Row], name: str) -> bool:
        """Whether one of the sheets of a file is clearly a list of records."""
        sheets = itertools.groupby(rows, key=lambda row: row.sheet)
        return any(self.claims(list(itertools.islice(group, HEADER_WITHIN)), name) for _, group in sheets)

    def _best(self, start: Sequence[Row], title: str, name: str) -> _Fit | Words:
        """The kind that fits best, or the sentence why none does."""
        where, where_zh = (f"sheet '{title}'", f"工作表“{title}”") if title else (name, f"{name} ")
        fits = [fit for kind in self._kinds if (fit := self._fit(kind, start, title, name))]
        if not fits:
            headings = ", ".join(start[0].cells[:12]) if start else ""
            kind = self._mapping.kind
            return {
                "zh": f"{where_zh}里没有{f'“{kind}”' if kind else '任何一种台账'}的列（实际是：{headings or '无'}）；"
                "列名见 docs/records.md，或用 --mapping 文件 对照",
                "en": f"{where} has no columns of {kind or 'any kind of record'} (found: {headings or 'none'}); see "
                "docs/records.md, or name them in a mapping",
            }
        fits.sort(key=lambda fit: fit.rank, reverse=True)
        best = fits[0]
        if best.missing:
            lacking = [f"{c.title['zh']} {c.name}" for c in best.missing]
            called = f"{best.kind.title['zh']} ({best.kind.name})"
            return {
                "zh": f"{where_zh}最像“{called}”，但缺少列 {'、'.join(lacking)}；请补上，"
                '或在对照文件里写 kind = "…"',
                "en": f"{where} looks most like {called} but lacks {', '.join(lacking)}; "
                'add them, or say kind = "…" in a mapping file',
            }
        if len(fits) > 1 and fits[1].rank[:3] == best.rank[:3]:
            other = fits[1].kind
            return {
                "zh": f"{where_zh}可能是 {best.kind.title['zh']} 或 {other.title['zh']}；请用种类作工作表名或文件名，"
                '或在对照文件里写 kind = "…"',
                "en": f"{where} could be {best.kind.name} or {other.name}; call the sheet or the file by its kind, "
                'or say kind = "…" in a mapping file',
            }
        return best

    def _fit(self, kind: RecordKind, start: Sequence[Row], title: str, name: str) -> _Fit | None:
        is_named = self._mapping.kind is not None or _is_called(kind, title) or _is_called(kind, Path(name).stem)
        found = []
        for number, row in enumerate(start):
            columns: dict[str, int] = {}
            for index, cell in enumerate(row.cells):
                column = self._words[kind.name].get(plain(cell)) if cell else None
                if column:
                    columns.setdefault(column, index)
            if columns:
                found.append(_Fit(kind, number, columns, is_named))
        return max(found, key=lambda fit: fit.rank, default=None)


def note_of(column: Column) -> str:
    """What a template says under a heading: what to write, in which unit, and whether it must be there."""
    words = {
        "date": "日期，如 2026-11-01", "instant": "时间，如 2026-11-01 08:30", "count": "整数", "amount": "数字",
        "yuan": "金额", "share": "比例，如 35%", "yes_no": "是/否", "text": "文字", "place": "名称或编号",
    }  # fmt: skip
    if column.name == "month":
        words["date"] = "月份，如 2026-11"
    if column.type == "text" and column.restricted:
        words["text"] = "编号，不写姓名电话"
    choices = "/".join(texts["zh"] for texts in column.choices.values())
    parts = [choices or words[column.type], column.unit.get("zh", ""), column.note.get("zh", "")]
    return "；".join(["必填" if column.required else "可空", *(part for part in parts if part)])


def _after_note(rows: Iterator[Row], found: _Fit) -> Iterator[Row]:
    """The rows without the line of a template that says what to write."""
    first = next(rows, None)
    if first is None:
        return
    said = [first.cells[i] == note_of(found.kind.columns[c]) for c, i in found.columns.items() if i < len(first.cells)]
    if sum(said) * 2 <= len(said):
        yield first
    yield from rows


def _headings(kind: RecordKind, mapping: ColumnMapping) -> dict[str, str]:
    """Heading for comparison -> column; the mapping file's come first."""
    words = {plain(word): c.name for c in kind.columns.values() for word in (c.title["zh"], c.title["en"])}
    words |= {plain(name): name for name in kind.columns}
    own = {heading: name for heading, name in mapping.columns.items() if name in kind.columns}
    return {heading: name for heading, name in words.items() if name not in own.values()} | own


def _is_called(kind: RecordKind, text: str) -> bool:
    """Whether a sheet or file name begins with what the kind is called."""
    called = plain(text)
    return bool(called) and any(called.startswith(plain(word)) for word in (kind.name, *kind.title.values()))


def kind_named(kinds: Mapping[str, RecordKind], word: str) -> RecordKind:
    """A kind by its name or title; raises ImportRefused with the nearest."""
    found = {plain(name): kind for kind in kinds.values() for name in (kind.name, *kind.title.values())}
    if plain(word) not in found:
        hint = near(word, kinds, "；种类见 docs/records.md", "; see docs/records.md")
        raise ImportRefused(f"没有“{word}”这种台账{hint['zh']}", f"there is no kind of record '{word}'{hint['en']}")
    return found[plain(word)]

"""Cells of records -> values: dates as people write them, numbers with their unit, choices and places by name.

Every function takes the text of a cell that is not empty, and raises RowError with what was found and expected. A
value that cannot be is never bent into one that can.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from ingest.naming import building_number, holds_personal, near, plain
from ingest.places import Places
from ingest.tables import RowError, shown
from twin_model.entities import Building, Entity, Estate, Facility, Home, Room
from twin_model.record_kinds import Column

SHANGHAI = timezone(timedelta(hours=8))  # the time of files that name no zone
FIRST_YEAR = 1990
LONGEST_TEXT = 200
MOST = 1e12  # beyond it a number is a slip of the keyboard
_SERIAL_FROM = datetime(1899, 12, 30)  # noqa: DTZ001  # Excel counts local days
_SERIALS = (20_000, 80_000)  # 1954 to 2119
_DATE = r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
_TIME = r"[T\s]*(\d{1,2})\s*[:时点]\s*(?:(\d{1,2})\s*分?(?:[:\s]*(\d{1,2})(?:\.\d+)?\s*秒?)?)?\s*(Z|[+-]\d{2}:?\d{2})?"
_MONTH = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*月?")
_NUMBER = re.compile(r"[¥￥]?\s*([+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)\s*(.*)")
_USUAL_UNITS = frozenset({"", "人", "人次", "户", "个", "次", "份", "元", "位"})
_CODE = re.compile(r"[A-Za-z0-9_./#-]*\d[A-Za-z0-9_./#-]*")
_YES = frozenset({"是", "有", "yes", "y", "true", "1", "√", "✓"})
_NO = frozenset({"否", "无", "no", "n", "false", "0", "×", "x"})

Read = Callable[[str], Any]


def readers(columns: dict[str, Column], places: Places, now: datetime, zoneless: list[str]) -> dict[str, Read]:
    """How the cells of each column are read. Whoever reads an instant without zone is noted in ``zoneless``."""
    named = Named(places)
    return {name: _reader(column, named, now, zoneless) for name, column in columns.items()}


def _reader(column: Column, named: Named, now: datetime, zoneless: list[str]) -> Read:
    def date_of(text: str) -> date:
        return _date(text, column, now)

    def instant_of(text: str) -> datetime:
        instant, is_stated = _instant(text, column, now)
        if not is_stated:
            zoneless.append(column.name)
        return instant

    kinds: dict[str, Read] = {
        "text": lambda text: _text(text, column),
        "date": date_of,
        "instant": instant_of,
        "count": lambda text: int(_number(text, column, whole=True)),
        "amount": lambda text: _number(text, column),
        "yuan": lambda text: _number(text, column),
        "share": lambda text: _number(text, column),
        "yes_no": lambda text: _yes_no(text, column),
        "choice": _choices(column),
        "place": lambda text: named.find(text, column),
    }
    return kinds[column.type]


def _said(column: Column) -> str:
    return f"{column.title['zh']} {column.name}"


def _bad(column: Column, text: str, zh: str, en: str, code: str = "bad_value") -> RowError:
    """What a cell holds, and what was expected in it."""
    found = "***" if column.restricted else shown(text)
    return RowError(code, f"{_said(column)} 是“{found}”；应为{zh}", f"{_said(column)} is '{found}'; expected {en}")


def _text(text: str, column: Column) -> str:
    if holds_personal(text):
        raise RowError(
            "personal_data",
            f"{_said(column)} 像是电话或身份证号码，没有保存；请删去",
            f"{_said(column)} looks like a telephone or identity number; not stored: take it out",
        )
    if column.restricted and not _CODE.fullmatch(text):
        raise RowError(
            "personal_data",
            f"{_said(column)} 像是姓名，没有保存；应填由字母和数字组成的编号，如 V-0012",
            f"{_said(column)} looks like a name; expected a code of letters and digits such as V-0012",
        )
    if len(text) > LONGEST_TEXT:
        raise _bad(column, text, f"不超过 {LONGEST_TEXT} 字", f"at most {LONGEST_TEXT} characters")
    return text


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def _date(text: str, column: Column, now: datetime) -> date:
    cleaned = _folded(text)
    day = _day(cleaned) or _moment(cleaned)
    if day is None and column.name == "month":
        match = _MONTH.fullmatch(cleaned) or re.fullmatch(r"(\d{4})(\d{2})", cleaned)
        day = _made(int(match[1]), int(match[2]), 1) if match else None
    if day is None:
        raise _bad(
            column, text,
            "日期，如 2026-11-01、2026/11/1、2026年11月1日", "a date such as 2026-11-01, 2026/11/1 or 2026年11月1日",
        )  # fmt: skip
    found = day.date()
    _possible(text, column, found.year, now)
    if found > now.astimezone(SHANGHAI).date() and not column.future:
        raise _bad(column, text, "今天或以前的日期", "a day that is not in the future")
    return found.replace(day=1) if column.name == "month" else found


def _instant(text: str, column: Column, now: datetime) -> tuple[datetime, bool]:
    cleaned = _folded(text)
    found = _moment(cleaned)
    if found is None:
        if _day(cleaned):
            raise _bad(
                column, text,
                "带时分的时间，如 2026-11-01 08:30", "the time of day, too, such as 2026-11-01 08:30",
            )  # fmt: skip
        raise _bad(
            column, text,
            "时间，如 2026-11-01 08:30 或 2026-11-01T08:30:00+08:00",
            "a time such as 2026-11-01 08:30 or 2026-11-01T08:30:00+08:00",
        )  # fmt: skip
    _possible(text, column, found.year, now)
    instant = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=SHANGHAI).astimezone(UTC)
    if instant > now and not column.future:
        raise _bad(column, text, "此刻或以前的时间", "a time that is not in the future")
    return instant, found.tzinfo is not None


def _possible(text: str, column: Column, year: int, now: datetime) -> None:
    last = now.astimezone(SHANGHAI).year + 1
    if not FIRST_YEAR <= year <= last:
        raise _bad(column, text, f" {FIRST_YEAR} 到 {last} 年之间", f"a year from {FIRST_YEAR} to {last}")


def _made(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime | None:
    try:
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  # a wall clock without zone
    except ValueError:
        return None


def _day(text: str) -> datetime | None:
    """A date, as midnight without zone; None when it is none."""
    match = re.fullmatch(_DATE, text) or re.fullmatch(r"(\d{4})(\d{2})(\d{2})", text)
    if match:
        return _made(*(int(part) for part in match.groups()))
    if re.fullmatch(r"\d{5}", text) and _SERIALS[0] <= int(text) <= _SERIALS[1]:
        return _SERIAL_FROM + timedelta(days=int(text))
    return None


def _moment(text: str) -> datetime | None:
    """A date with a time of day, with its zone if it names one; None when it is none."""
    if re.fullmatch(r"\d{5}\.\d+", text) and _SERIALS[0] <= float(text) <= _SERIALS[1]:
        return _SERIAL_FROM + timedelta(seconds=round(float(text) * 86_400))
    if re.fullmatch(r"\d{12}(\d{2})?", text):
        return _made(int(text[:4]), *(int(text[i : i + 2] or 0) for i in range(4, 14, 2)))
    match = re.fullmatch(_DATE + _TIME, text, re.IGNORECASE)
    if not match:
        return None
    *numbers, zone = match.groups()
    found = _made(*(int(part or 0) for part in numbers))
    if found is None or zone is None:
        return found
    return datetime.fromisoformat(f"{found.isoformat()}{zone.upper()}")


def _number(text: str, column: Column, *, whole: bool = False) -> float:
    match = _NUMBER.fullmatch(_folded(text))
    zh, en = ("整数", "a whole number") if whole else ("数字", "a number")
    if not match:
        raise _bad(column, text, zh, en)
    value, tail = float(match[1].replace(",", "")), match[2].strip()
    is_percent = column.type == "share" and tail == "%"
    if not is_percent and tail not in _USUAL_UNITS and tail not in column.unit.values():
        if not column.unit:
            raise _bad(column, text, zh, en)
        unit = column.unit["zh"]
        raise _bad(column, text, f"以“{unit}”计的{zh}，不写别的单位", f"{en} in {unit} without another unit")
    if whole and not value.is_integer():
        raise _bad(column, text, zh, en)
    value = value / 100 if is_percent else value
    if abs(value) > MOST:
        raise _bad(
            column, text,
            f"数得出、量得到的{zh}，这个太大了", f"{en} that something can be counted or measured by", "out_of_range",
        )  # fmt: skip
    if column.low is not None and value < column.low:
        raise _bad(column, text, f"不小于 {column.low:g} 的{zh}", f"{en} of at least {column.low:g}", "out_of_range")
    if column.high is not None and value > column.high:
        hint_zh, hint = ("（0.35 或 35%）", " (0.35 or 35%)") if column.type == "share" else ("", "")
        raise _bad(
            column, text,
            f"不大于 {column.high:g} 的{zh}{hint_zh}", f"{en} of at most {column.high:g}{hint}", "out_of_range",
        )  # fmt: skip
    return value


def _yes_no(text: str, column: Column) -> bool:
    word = _folded(text).lower()
    if word in _YES or word in _NO:
        return word in _YES
    raise _bad(column, text, " 是 或 否", "是 or 否 (yes or no)")


def _word(text: str) -> str:
    """A choice for comparison: 60–69岁, 60－69岁 and 60~69岁 are the same."""
    return re.sub(r"[‐‑–—－~～至]", "-", plain(text))


def _choices(column: Column) -> Read:
    words = {_word(word): code for code, texts in column.choices.items() for word in (code, *texts.values())}
    titles = "、".join(texts["zh"] for texts in column.choices.values())
    listed = ", ".join(f"{texts['zh']} ({code})" for code, texts in column.choices.items())

    def choice(text: str) -> str:
        code = words.get(_word(text))
        if code is None:
            hint = near(_word(text), words)
            raise _bad(column, text, f"其中之一：{titles}{hint['zh']}", f"one of {listed}{hint['en']}")
        return code

    return choice


class Named:
    """Places of the community by id and by the names people use."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._names: dict[str, dict[str, list[str]]] = {}

    def find(self, text: str, column: Column) -> str:
        """The id of the place a cell names."""
        kind = str(column.place)
        cls = _KINDS[kind]
        known = self._places.known(cls).get(text)
        if known is not None and known.community_id == self._places.community_id:
            return known.identity
        found = list(dict.fromkeys(self._named(kind).get(plain(text), []) or self._longer(text, kind)))
        if len(found) == 1:
            return found[0]
        if found:
            raise RowError(
                "ambiguous",
                f"{_said(column)}：有 {len(found)} 处都叫“{shown(text)}”；请写其中一处的编号",
                f"{_said(column)}: {len(found)} places are called '{shown(text)}'; write the id of one of them",
            )
        hint = near(
            plain(text), self._named(kind), "；请先导入，或写它的编号", "; import it first, or write its id"
        )
        raise RowError(
            "unknown_place",
            f"{_said(column)}：本社区没有{_KINDS_ZH[kind]}“{shown(text)}”{hint['zh']}",
            f"{_said(column)}: there is no {kind} '{shown(text)}' here{hint['en']}",
        )

    def _named(self, kind: str) -> dict[str, list[str]]:
        if kind not in self._names:
            names: dict[str, list[str]] = {}
            for entity in self._places.here(_KINDS[kind]):
                for name in (getattr(entity, "name", None), getattr(entity, "name_en", None)):
                    if name:
                        names.setdefault(plain(name), []).append(entity.identity)
            self._names[kind] = names
        return self._names[kind]

    def _longer(self, text: str, kind: str) -> list[str]:
        """Names that say more: a building as 3号楼 or 桂花苑3幢, a room as 邻里中心/议事厅, a home as 1幢-1单元-101."""
        parts = [part for part in re.split(r"[/\-－—\s]+", _folded(text)) if part]
        if kind == "building":
            for estate in self._places.estates:
                if text.startswith(estate):
                    return [b.building_id for b in self._places.buildings(text[len(estate) :].strip(" /-"), estate)]
            return [b.building_id for b in self._places.buildings(text)]
        if kind == "room" and len(parts) == 2:
            owners = self._named("facility").get(plain(parts[0]), [])
            return [r.room_id for r in self._places.rooms_named.get(parts[1], []) if r.facility_id in owners]
        if kind == "home" and len(parts) in (2, 3):
            unit = building_number(parts[1]) if len(parts) == 3 else ""
            homes = self._places.homes
            keys = [(b.building_id, unit, building_number(parts[-1])) for b in self._places.buildings(parts[0])]
            return [homes[key].home_id for key in keys if key in homes]
        return []


_KINDS_ZH = {"facility": "设施", "room": "房间", "building": "楼栋", "home": "住户", "estate": "小区"}
_KINDS: dict[str, type[Entity]] = {cls.kind: cls for cls in (Facility, Room, Building, Home, Estate)}

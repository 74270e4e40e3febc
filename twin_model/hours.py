"""Opening hours as people write them: OpenStreetMap's usual forms and Chinese notices. Pure.

Read are weekdays with times (``Mo-Fr 08:00-18:00; Sa 09:00-12:00``), times alone, ``24/7``, ``off``, times past
midnight and the same in Chinese (``周一至周五 8:00-17:30``, ``每天 8点至20点``, ``全天``). Public holidays (``PH``) are
left out of account. Months, sunrise, weeks and open ends are not read: such hours are unknown, never guessed.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_DAY_MINUTES = 24 * 60
_WORDS = (
    (r"(?:星期|礼拜|周)[日天]", "Su"),
    *((rf"(?:星期|礼拜|周){zh}", day) for zh, day in zip("一二三四五六", DAYS, strict=False)),
    (r"24\s*/\s*7|24\s*小时(?:开放|营业|服务)?|全天(?:候)?(?:开放)?", " 24/7 "),
    (r"每天|每日|天天|全年|全周|daily", "Mo-Su "),
    (r"工作日", "Mo-Fr "),
    (r"双休日|周末", "Sa,Su "),
    (r"休息|关闭|不开放|闭馆|closed", " off "),
    (r"营业时间|开放时间|开放|营业", " "),
    (r"次日|翌日|第二天", " "),
    (r"[至到~—–―−]", "-"),
    (r"[、，]", ","),
    (r"[；。]", ";"),
)
_HALF = re.compile(r"(上午|早上?|下午|晚上?|中午)?\s*(\d{1,2})\s*(?:[点时]\s*(?:(\d{1,2})\s*分?|(半))?|:(\d{2}))")
_DAY = "|".join(DAYS)
_SPAN = rf"(?:{_DAY}|PH|SH)(?:\s*-\s*(?:{_DAY}))?"
_TIME = r"\d{1,2}:\d{2}\s*-\s*\d{1,2}:\d{2}"
_RULE = re.compile(
    rf"\s*,?\s*(?P<days>{_SPAN}(?:\s*,\s*{_SPAN})*)?\s*:?\s*(?P<times>{_TIME}(?:\s*,\s*{_TIME})*|24/7|off)\s*"
)


@dataclass(frozen=True)
class Hours:
    """``spans``: per weekday (0 is Monday) the minutes from its midnight at which it is open; past 1440 is the morning
    after."""

    spans: tuple[tuple[tuple[int, int], ...], ...]

    def is_open(self, at: datetime) -> bool:
        """Whether it is open at a local time."""
        minute, day = at.hour * 60 + at.minute, at.weekday()
        yesterday = (at - timedelta(days=1)).weekday()
        today = any(start <= minute < end for start, end in self.spans[day])
        return today or any(start <= minute + _DAY_MINUTES < end for start, end in self.spans[yesterday])


@lru_cache(maxsize=4096)
def read(text: str) -> Hours | None:
    """The hours a text says; None when it cannot be read as a whole."""
    plain = unicodedata.normalize("NFKC", text).strip()
    plain = re.sub(r'"[^"]*"', "", plain)
    for word, meant in _WORDS:
        plain = re.sub(word, meant, plain, flags=re.IGNORECASE)
    plain = _HALF.sub(_clock, plain)
    days: list[tuple[tuple[int, int], ...]] = [()] * 7
    said = False
    for part in filter(None, (p.strip() for p in plain.split(";"))):
        position, named = 0, set[int]()
        while position < len(part):
            rule = _RULE.match(part, position)
            if rule is None:
                return None
            position = rule.end()
            spans = _spans(rule["times"])
            if spans is None:
                return None
            for day in _days(rule["days"]):
                days[day] = (*days[day], *spans) if day in named else spans
                named.add(day)
            said = said or bool(named)
    return Hours(tuple(days)) if said else None


def is_open(text: str | None, at: datetime) -> bool | None:
    """Whether it is open at a local time; None: not stated, or not to be read."""
    hours = read(text) if text else None
    return None if hours is None else hours.is_open(at)


def _clock(found: re.Match[str]) -> str:
    part, hour, minutes, half, after = found.groups()
    number = int(hour)
    if part and part[0] in "下晚" and number < 12:
        number += 12
    return f"{number:02}:{minutes or after or ('30' if half else '00'):>02}"


def _days(text: str | None) -> list[int]:
    if text is None:
        return list(range(7))
    found: list[int] = []
    for one in re.split(r"\s*,\s*", text):
        first, _, last = (p.strip() for p in one.partition("-"))
        if first in ("PH", "SH"):
            continue
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found += [day % 7 for day in range(begin, end + 1 if end >= begin else end + 8)]
    return found


def _spans(text: str) -> tuple[tuple[int, int], ...] | None:
    if text == "off":
        return ()
    if text == "24/7":
        return ((0, _DAY_MINUTES),)
    found = []
    for one in text.split(","):
        start, end = (int(h) * 60 + int(m) for h, m in re.findall(r"(\d{1,2}):(\d{2})", one))
        if not (start < _DAY_MINUTES and end <= 2 * _DAY_MINUTES):
            return None
        found.append((start, end if end > start else end + _DAY_MINUTES))
    return tuple(found)

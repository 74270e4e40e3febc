"""Numbers, instants and lengths of time as a reader expects them, in Chinese and English.

Instants are shown in the neighbourhood's zone. Unknown is always ``—``, never 0.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from dash import html

from layouts.page import ZONE
from layouts.parts.text import t

UNKNOWN = "—"
_DAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAYS_ZH = "一二三四五六日"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def count(value: float | None) -> str:
    """A whole number with thousands separators: ``1,821``."""
    return UNKNOWN if value is None else f"{round(value):,}"


def large(lang: str, value: float | None) -> str:
    """A number that may be large, shortened from ten thousand on: ``1.2 万``, ``12.3k``."""
    if value is None:
        return UNKNOWN
    steps = ((1e8, " 亿"), (1e4, " 万")) if lang == "zh" else ((1e6, "M"), (1e4, "k"))
    for size, suffix in steps:
        if abs(value) >= size:
            return f"{value / (size if suffix != 'k' else 1e3):.1f}{suffix}"
    return count(value)


def measure(value: float | None, digits: int | None = None) -> str:
    """A measured value with as many digits as it deserves: ``418``, ``21.5``, ``0.004``."""
    if value is None:
        return UNKNOWN
    if digits is None:
        size = abs(value)
        digits = 0 if size >= 100 or value == int(value) else 1 if size >= 10 else 2 if size >= 0.1 else 3
    return f"{value:,.{digits}f}"


def share(value: float | None, digits: int = 1) -> str:
    """A share of one as percent: ``98.6%``; rounded down so that 99.96 % is not called 100 %."""
    if value is None:
        return UNKNOWN
    scale = 10**digits
    return f"{int(value * 100 * scale + 1e-9) / scale:.{digits}f}%"


def day(lang: str, at: datetime, *, weekday: bool = True) -> str:
    """``11月22日 周日`` / ``Sun 22 Nov``."""
    local = at.astimezone(ZONE)
    if lang == "zh":
        return f"{local.month}月{local.day}日" + (f" 周{_DAYS_ZH[local.weekday()]}" if weekday else "")
    return (f"{_DAYS_EN[local.weekday()]} " if weekday else "") + f"{local.day} {_MONTHS[local.month - 1]}"


def clock(at: datetime, *, seconds: bool = False) -> str:
    """``14:05`` or ``14:05:07``."""
    return at.astimezone(ZONE).strftime("%H:%M:%S" if seconds else "%H:%M")


def moment(lang: str, at: datetime | None, now: datetime) -> str:
    """The shortest clear form: ``14:05`` today, ``11月21日 03:12`` before, with the year when it differs."""
    if at is None:
        return UNKNOWN
    local, today = at.astimezone(ZONE), now.astimezone(ZONE)
    if local.date() == today.date():
        return clock(at)
    return stamp(lang, at, year=local.year != today.year)


def on(lang: str, at: datetime, now: datetime) -> str:
    """As ``moment``, of what is kept by days: ``11月21日``, with the year when it differs."""
    words = moment(lang, at, now)
    return words.removesuffix(f" {clock(at)}") if words != clock(at) else day(lang, at, weekday=False)


def stamp(lang: str, at: datetime | None, *, year: bool = False, seconds: bool = False) -> str:
    """``11月22日 14:05`` / ``22 Nov 14:05``."""
    if at is None:
        return UNKNOWN
    local = at.astimezone(ZONE)
    date = day(lang, at, weekday=False)
    if year:
        date = f"{local.year}年{date}" if lang == "zh" else f"{date} {local.year}"
    return f"{date} {clock(at, seconds=seconds)}"


def ago(lang: str, then: datetime | None, now: datetime) -> str:
    """``3 分钟前`` / ``3 min ago``; an instant ahead of now counts as just now."""
    if then is None:
        return UNKNOWN
    seconds = max(0, int((now - then).total_seconds()))
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return t(lang, f"ago.{unit}", n=seconds // size)
    return t(lang, "ago.second", n=seconds) if seconds >= 1 else t(lang, "ago.now")


def lasting(lang: str, length: timedelta) -> str:
    """``38 秒``, ``24 分``, ``1 小时 21 分``, ``2 天 3 小时``."""
    seconds = max(0, int(length.total_seconds()))
    days, hours, minutes = seconds // 86400, seconds % 86400 // 3600, seconds % 3600 // 60
    if days:
        return t(lang, "lasting.days", d=days, h=hours)
    if hours:
        return t(lang, "lasting.hours", h=hours, m=minutes)
    return t(lang, "lasting.minutes", m=minutes) if minutes else t(lang, "lasting.seconds", s=seconds)


def age(lang: str, then: datetime | None, now: datetime, *, form: str = "ago", class_name: str = "age") -> html.Time:
    """An age that goes on ticking in the browser while the page is live.

    ``form``: ``ago`` (3 分钟前), ``lasting`` (24 分) or ``clock`` (00:38, from an hour on 1:02:03).
    """
    if then is None:
        return html.Time(UNKNOWN, className=class_name)
    words = {"ago": ago(lang, then, now), "lasting": lasting(lang, now - then), "clock": elapsed(now - then)}
    return html.Time(
        words[form],
        dateTime=then.isoformat(),
        title=stamp(lang, then, year=True, seconds=True),
        className=class_name,
        **{"data-age": form},
    )


def elapsed(length: timedelta) -> str:
    """A running clock: ``00:38``, ``1:02:03``."""
    seconds = max(0, int(length.total_seconds()))
    hours, minutes, rest = seconds // 3600, seconds % 3600 // 60, seconds % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"

"""Numbers and instants as devices write them. Every refusal says what was found and what was expected."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from ingest.dialects import RefusedError
from twin_model.catalogue import Metric

LOCAL = timezone(timedelta(hours=8))
"""Times without a zone are China Standard Time; there has been no summer time since 1991."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SET_SINCE = 978_307_200_000_000
"""2001, in microseconds: no device that sends messages was set to a time before."""
_MICROSECOND = timedelta(microseconds=1)
_TIME_FORMS_ZH = "应为 RFC 3339 时间如 2026-11-22T14:05:00+08:00，或 1970 年起的秒数（10 位）、毫秒数（13 位）"
_TIME_FORMS = "RFC 3339 such as 2026-11-22T14:05:00+08:00, or epoch seconds (10 digits) or milliseconds (13)"


def dig(document: Mapping[str, Any], path: str) -> Any:
    """The value at ``path`` (dots for nesting; a key that itself holds dots wins), or None."""
    if path in document:
        return document[path]
    place: Any = document
    for key in path.split("."):
        if isinstance(place, Mapping):
            place = place.get(key)
        elif isinstance(place, list) and key.isdigit() and int(key) < len(place):
            place = place[int(key)]
        else:
            return None
    return place


def number(raw: object, metric: Metric) -> float:
    """``raw`` as the metric counts it: words mapped, booleans 1/0, scaled, inverted, within its range."""
    value: float
    word = ("true" if raw else "false") if isinstance(raw, bool) else str(raw)
    if metric.map and not isinstance(raw, (dict, list)) and word in metric.map:
        value = metric.map[word]
    elif isinstance(raw, (bool, int, float)):
        try:
            value = float(raw)
        except OverflowError:
            raise _outside(metric, shown(raw)) from None
    else:
        words = sorted(metric.map)
        raise RefusedError(
            "not_a_number",
            f"{_titled(metric)} 是 {shown(raw)}；应为数字" + (f"，或 {'、'.join(words)} 之一" if words else ""),
            f"{metric.name} is {shown(raw)}; expected a number" + (f" or one of {', '.join(words)}" if words else ""),
        )
    if not math.isfinite(value):
        raise RefusedError(
            "not_a_number",
            f"{_titled(metric)} 是 {value}；应为有限的数",
            f"{metric.name} is {value}; expected a finite number",
        )
    value *= metric.scale
    if metric.invert:
        if value not in (0.0, 1.0):
            raise RefusedError(
                "out_of_range",
                f"{_titled(metric)} 是 {shown(raw)}；应为 true、false、0 或 1",
                f"{metric.name} is {shown(raw)}; expected true, false, 0 or 1",
            )
        value = 1.0 - value
    if not metric.low <= value <= metric.high:
        raise _outside(metric, f"{value:g}")
    return value


def _outside(metric: Metric, found: str) -> RefusedError:
    unit = f" {metric.unit}" if metric.unit else ""
    return RefusedError(
        "out_of_range",
        f"{_titled(metric)} 是 {found}；应在 {metric.low:g} 到 {metric.high:g}{unit} 之间",
        f"{metric.name} is {found}; expected {metric.low:g} to {metric.high:g}{unit}",
    )


def _titled(metric: Metric) -> str:
    return f"{metric.title['zh']} {metric.name}"


def instant(raw: object) -> int:
    """``raw`` as microseconds since 1970 UTC. A skewed clock is kept as it is, beside the arrival."""
    if isinstance(raw, str):
        text = raw.strip()
        if text.isdigit():
            return _epoch(int(text), raw)
        if len(text) < 16:
            raise _no_time(raw)
        try:
            when = datetime.fromisoformat(text)
        except ValueError:
            raise _no_time(raw) from None
        if when.tzinfo is None:
            when = when.replace(tzinfo=LOCAL)
        if not 1970 <= when.year <= 2200:
            raise RefusedError(
                "bad_time",
                f"时刻是 {shown(raw)}；年份应在 1970 到 2200 之间，请校准设备时钟",
                f"the time is {shown(raw)}; expected a year from 1970 to 2200: set the device's clock",
            )
        return (when - EPOCH) // _MICROSECOND
    if isinstance(raw, bool) or not isinstance(raw, (int, float)):
        raise _no_time(raw)
    return _epoch(raw, raw)


def own_time(raw: object) -> int | None:
    """As ``instant``; None for a clock that was never set, which counts from 1970, from 2000 or from when it was
    switched on. Kept as it is, its message would be older than all that is known and a call for help change nothing.
    """
    if not isinstance(raw, bool) and isinstance(raw, (int, float)) and (0 <= raw < 1e9 or 1e11 <= raw < 1e12):
        return None  # seconds or milliseconds of before 2001
    when = instant(raw)
    return when if when >= SET_SINCE else None


def _epoch(value: float, raw: object) -> int:
    """Seconds have 10 digits and milliseconds 13 from 2001 to 2286; other lengths are not guessed at."""
    if 1e9 <= value < 1e10:
        return round(value * 1_000_000)
    if 1e12 <= value < 1e13:
        return round(value * 1_000)
    raise _no_time(raw)


def _no_time(raw: object) -> RefusedError:
    return RefusedError(
        "bad_time", f"时刻是 {shown(raw)}；{_TIME_FORMS_ZH}", f"the time is {shown(raw)}; expected {_TIME_FORMS}"
    )


def shown(raw: object) -> str:
    """``raw`` for a sentence, cut short."""
    text = repr(raw)
    return text if len(text) <= 60 else f"{text[:57]}..."

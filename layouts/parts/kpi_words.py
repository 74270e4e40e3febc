"""KPIs in words: values with their unit, what they rest on, targets, and why there is no value. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any

from dash import html

from layouts.page import ZONE, View
from layouts.parts.format import UNKNOWN, count, day, large, measure, stamp
from layouts.parts.home_views import link
from layouts.parts.panel import beside, sign
from layouts.parts.text import has, some, t, titled

Row = Mapping[str, Any]
MANY = 100_000


def number(lang: str, row: Row, value: float | None) -> str:
    """A KPI's value with as many digits as it declares, or deserves; large ones shortened."""
    if value is None:
        return UNKNOWN
    if abs(value) >= MANY:
        return large(lang, value)
    if row["digits"] is not None:
        return f"{value:,.{row['digits']}f}"
    return measure(value, 1) if row["unit"].get("zh") == "%" and value != 100 else measure(value)


def unit(lang: str, row: Row) -> str:
    """Its unit in the reader's language."""
    return titled(lang, row["unit"], "")


def said(lang: str, row: Row, value: float | None) -> str:
    """``94.9%``, ``1,284 人次``, ``—``."""
    words, of = number(lang, row, value), unit(lang, row)
    if value is None or not of:
        return words
    is_close = of.startswith(("%", "‰")) or words.endswith(("万", "亿"))
    return f"{words}{of}" if is_close else f"{words} {of}"


def difference(lang: str, row: Row, old: float, new: float) -> str:
    """``+96 人次``, ``−1.5 万元``, ``±0`` in the KPI's own digits; of shares percentage points."""
    amount = abs(new - old)
    words = large(lang, amount) if max(abs(old), abs(new)) >= MANY else number(lang, row, amount)
    if not any(c in "123456789" for c in words):
        return "±0"
    of = t(lang, "compare.points") if row["unit"].get("zh") == "%" else unit(lang, row)
    is_close = not of or words.endswith(("万", "亿"))
    return f"{'+' if new > old else '−'}{words}{'' if is_close else ' '}{of}"


def basis(lang: str, row: Row) -> str:
    """What a value rests on: ``612 / 780`` of a share, else how many rows; how many were left out."""
    used, left = row["rows_used"] or 0, row["rows_excluded"] or 0
    if row["measure"] in ("share", "rate", "mean") and row["denominator"]:
        words = f"{measure(row['numerator'] or 0)} / {measure(row['denominator'])}"
    else:
        words = t(lang, "kpi.basis.rows", n=count(used))
    return f"{words} · {t(lang, 'kpi.basis.left', n=count(left))}" if left else words


def target(lang: str, row: Row) -> str:
    """``≥ 35%``; nothing for a KPI without one."""
    if row["target"] is None:
        return ""
    return f"{'≥' if row['direction'] == 'up' else '≤'} {said(lang, row, row['target'])}"


def kept(row: Row) -> bool | None:
    """Whether a value meets its target; None without value or target."""
    if row["value"] is None or row["target"] is None or row["status"] != "measured":
        return None
    good = row["value"] >= row["target"] if row["direction"] == "up" else row["value"] <= row["target"]
    return bool(good)


def why_not(lang: str, row: Row, sources: Mapping[str, Row]) -> str:
    """Why there is no value, or an old one: what is missing, what was left out, since when nothing came."""
    if row["missing"]:
        return t(lang, "kpi.why.missing", what=some_names(lang, row["missing"], sources))
    if row["status"] == "no_cases":
        return t(lang, "kpi.why.no_cases")
    if row["rows_excluded"] and not row["rows_used"]:
        return t(lang, "kpi.why.excluded", n=count(row["rows_excluded"]))
    if row["newest"] is not None:
        return t(lang, "kpi.why.old", at=stamp(lang, row["newest"], year=True)[: -len(" 00:00")])
    return t(lang, "kpi.why.unknown")


def some_names(lang: str, names: Iterable[str], sources: Mapping[str, Row]) -> str:
    """Sources as they are called, joined."""
    words = [source(lang, name, sources.get(name)) for name in names]
    return ("、" if lang == "zh" else ", ").join(words)


def source(lang: str, name: str, known: Row | None) -> str:
    """A source as it is called: 食堂就餐, 电表, 单户状态."""
    if known and known["title"]:
        return titled(lang, known["title"], name)
    return some(lang, "kpi.source", name.partition(":")[0])


def giver(lang: str, name: str) -> str:
    """Who usually can give what is missing; devices are for whoever runs them."""
    base, _, of_type = name.partition(":")
    if of_type:
        return t(lang, "scenes.giver.devices")
    key = f"scenes.giver_of.{base}"
    return t(lang, f"scenes.giver.{t(lang, key)}") if has(lang, key) else t(lang, "scenes.giver.community")


def status(lang: str, row: Row) -> list[Any]:
    """Sign and word of how well it is known: measured, no cases, stale, not measurable."""
    shape = {"measured": "fresh", "no_cases": "away", "stale": "stale", "not_measurable": "blind"}[row["status"]]
    return [sign(shape), t(lang, f"kpi.status.{row['status']}")]


def way(view: View, row: Row, words: Any, **more: str) -> html.A:
    """The way from a number to its KPI: definition, formula and rows."""
    return link(view, "/kpi", words, kpi=row["kpi"], **more)


def later(view: View, words: str | None) -> html.Span | None:
    """In the past what it is now, in grey; beside an instant chosen to compare with, what it was then."""
    if view.other is None or words is None:
        return beside(view, words)
    at = day(view.lang, view.other, weekday=False)
    said_then = t(view.lang, "scenes.then", at=at, value=words)
    return html.Span(said_then, className="now", title=stamp(view.lang, view.other, year=True))


def noon(of: date) -> datetime:
    """A local day as an instant within it, for the formats of instants."""
    return datetime.combine(of, time(12), ZONE)


def on(lang: str, of: date, *, year: bool = False) -> str:
    """``11月22日`` / ``22 Nov``, with the year when asked for."""
    words = day(lang, noon(of), weekday=False)
    if not year:
        return words
    return f"{of.year}年{words}" if lang == "zh" else f"{words} {of.year}"


def month(lang: str, of: date, *, year: bool = False) -> str:
    """``11月`` / ``Nov``; ``2026年11月`` / ``Nov 2026``."""
    if lang == "zh":
        return f"{of.year}年{of.month}月" if year else f"{of.month}月"
    name = day(lang, noon(of), weekday=False).split()[-1]
    return f"{name} {of.year}" if year else name


def tags(lang: str, row: Row) -> html.Span | None:
    """That a target is a proposal, or was read in the original; nothing without a target."""
    if row["target"] is None:
        return None
    words = t(lang, "kpi.verified" if row["verified"] else "kpi.proposal")
    by = titled(lang, row["target_source"] or {}, "") or None
    return html.Span(words, className="tag" if row["verified"] else "tag proposal", title=by)

"""The health check in words: verdicts, values, what is missing and who could give it, what would mend a gap. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from layouts.parts.format import UNKNOWN, count, measure
from layouts.parts.kpi_words import giver
from layouts.parts.text import has, some, t, titled

Row = Mapping[str, Any]
SIGNS = {"pass": "fresh", "fail": "look", "not_measurable": "blind"}
"""Shape of each verdict; its word stands beside it."""


def verdict(lang: str, code: str | None) -> str:
    """达标, 未达标, 无法评定; an item that is not there or not for this community has a dash."""
    return UNKNOWN if code is None else t(lang, f"health.verdict.{code}")


def amount(lang: str, value: float | None, unit: Mapping[str, str]) -> str:
    """A value with its unit: ``640 平方米``."""
    if value is None:
        return UNKNOWN
    of = titled(lang, unit, "") if unit else ""
    return f"{measure(value)}{of}" if of == "%" else f"{measure(value)} {of}".strip()


def threshold(lang: str, row: Row, *, short: bool = False) -> str:
    """``≥ 800 平方米`` (``short``: ``≥ 800``); what people examine has no number, an empty form says so."""
    if row["threshold"] is None:
        return t(lang, "health.by_inspection" if row["measure"] == "manual" else "health.no_threshold")
    sign = "≥" if row["direction"] == "up" else "≤"
    is_short = short and row["value"] is not None
    return f"{sign} {amount(lang, row['threshold'], {} if is_short else row['unit'])}"


def value(lang: str, row: Row) -> str:
    """The value; a lower bound as such, an inspection by its word."""
    if row["basis"] == "finding" and row["value"] is None:
        return t(lang, f"health.found.{row['verdict']}")
    if row["value"] is None:
        return UNKNOWN
    said = amount(lang, row["value"], row["unit"])
    return t(lang, "health.at_least", value=said) if row["partly"] else said


def needed(lang: str, row: Row) -> str | None:
    """How much there should be more of, in absolute terms."""
    if row["need"] is None or not row["need_unit"]:
        return None
    key = f"health.need.{row['need_unit']}"
    return t(lang, key, n=measure(row["need"])) if has(lang, key) else None


def fixes(lang: str, row: Row) -> str:
    """补建、购置、置换、租赁、改造."""
    return t(lang, "health.or").join(t(lang, f"health.fix.{fix}") for fix in row["fixes"])


def lack(lang: str, one: Row, rows: int) -> str:
    """What is missing, in words."""
    title = titled(lang, one["title"], "") if one["title"] else ""
    exact, general = f"health.missing.{one['code'].replace('.', '_')}", f"health.missing.{one['base']}"
    if one["base"] == "register":
        words = t(lang, "health.missing.register", kind=some(lang, "facility_kind", one["name"]))
    elif has(lang, exact):
        words = t(lang, exact)
    elif title and has(lang, f"{general}_named"):
        words = t(lang, f"{general}_named", title=title)
    elif title:
        words = title
    else:
        words = some(lang, "kpi.source", one["code"].partition(":")[0])
    return t(lang, "health.missing_rows", what=words, n=count(rows)) if rows else words


def who(lang: str, one: Row, row: Row) -> str:
    """Who could give it: as the rulebook says, else who usually has such data."""
    if row["gives"]:
        return titled(lang, row["gives"], "")
    key = f"health.who.{one['code'].replace('.', '_')}"
    if has(lang, key):
        return t(lang, key)
    if has(lang, f"health.who.{one['base']}"):
        return t(lang, f"health.who.{one['base']}")
    return giver(lang, one["name"] or one["code"])


def measured_how(lang: str, row: Row) -> str:
    """How an item is measured, in a sentence with its parameters."""
    how = row["how"]
    kinds = t(lang, "health.and").join(some(lang, "facility_kind", kind) for kind in how.get("kinds", ()))
    of = t(lang, "health.and").join(some(lang, "facility_kind", kind) for kind in how.get("of", ()))
    group = some(lang, "circles.group", how.get("demand") or how.get("group") or "")
    limit = ""
    if row["measure"] == "coverage":
        unit = "metres" if "metres" in how else "minutes"
        limit = t(lang, f"health.limit.{unit}", n=measure(how[unit]))
    per = measure(how["per"]) if "per" in how else ""
    if lang == "en":
        kinds, of, group = (words.lower() for words in (kinds, of, group))
    return t(lang, f"health.how.{row['measure']}", kinds=kinds, of=of, group=group, limit=limit, per=per)

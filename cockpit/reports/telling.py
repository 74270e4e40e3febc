"""The headline sentences of a report, worked out from its figures; and how its values are written. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from layouts.parts.format import UNKNOWN, count, day, lasting, measure, share
from layouts.parts.kpi_words import kept, some_names
from layouts.parts.text import named, t, titled

Facts = Mapping[str, Any]
Row = Mapping[str, Any]

NAMED = 3
"""Indicators named in one sentence; the table has them all."""
FULL = 0.85
"""From here on a place is worth a sentence."""


def number(lang: str, value: Any) -> str:
    """A count as it is told: unknown is a dash, few and what is kept back for another's sake are words."""
    return t(lang, f"report.{value}") if value in ("few", "kept") else count(value)


def joined(lang: str, words: Sequence[str]) -> str:
    """Several names in one sentence."""
    return t(lang, "report.and").join(words)


def level(figure: Row, value: float | None) -> str:
    """A service level's value: a share, or a length of time."""
    if value is None:
        return UNKNOWN
    if figure["unit"] == "share":
        return share(value)
    return measure(value)


def timed(lang: str, figure: Row, value: float | None) -> str:
    """As ``level``, seconds as a length of time."""
    if value is None or figure["unit"] != "s":
        return level(figure, value)
    return lasting(lang, timedelta(seconds=value))


def points(lang: str, facts: Facts) -> list[tuple[str, str]]:
    """What somebody must know who reads nothing else, the most urgent first: (tone, sentence)."""
    found: list[tuple[str, str]] = []
    found += _incidents(lang, facts)
    homes = facts["homes"]
    if homes and homes["states"].get("blind"):
        found.append(("blind", t(lang, "report.point.blind", n=count(homes["states"]["blind"]))))
    found += _scenes(lang, facts)
    found += _targets(lang, facts)
    found += _places(lang, facts)
    devices = facts["devices"]
    if devices and devices["all"]:
        part = devices["online"] / devices["all"]
        words = t(lang, "report.point.devices", all=count(devices["all"]), n=count(devices["online"]),
                  share=share(part))  # fmt: skip
        found.append(("look" if part < 0.95 else "", words))
    if facts["report"]["audience"] == "public":
        found += _people(lang, facts)
    return found


def _incidents(lang: str, facts: Facts) -> list[tuple[str, str]]:
    known = facts["incidents"]
    if not known["sensed"]:
        return [("blind", t(lang, "report.point.unsensed"))]
    if known["open"] is None:
        return [("", t(lang, "report.point.public_raised", n=number(lang, known["raised"])))]
    urgent = sum(one["severity"] == "act" for one in known["open"])
    if known["open"]:
        words = t(lang, "report.point.open", n=count(len(known["open"])), act=count(urgent),
                  raised=count(known["raised"]))  # fmt: skip
        found = [("act" if urgent else "look", words)]
    elif known["raised"]:
        found = [("", t(lang, "report.point.calm", n=count(known["raised"])))]
    else:
        found = [("", t(lang, "report.point.none"))]
    figure = next(one for one in known["levels"] if one["name"] == "acknowledged_60s")
    if figure["value"] is not None and figure["target"] is not None:
        met = figure["value"] >= figure["target"]
        verdict = t(lang, "report.point.met" if met else "report.point.short")
        words = t(lang, "report.point.acknowledged", value=share(figure["value"]), target=f"≥{share(figure['target'])}",
                  verdict=verdict)  # fmt: skip
        found.append(("" if met else "look", words))
    return found


def _scenes(lang: str, facts: Facts) -> list[tuple[str, str]]:
    scenes = facts["scenes"]
    if scenes is None:
        return []
    nine = [tile for tile in scenes["tiles"] if tile["indicators"]]
    graded = [tile for tile in nine if tile["attainment"] is not None]
    if not graded:
        return [("blind", t(lang, "report.point.scenes_none"))]
    lowest = min(graded, key=lambda tile: tile["attainment"])
    kpi = next((row for row in facts["kpis"] if row["kpi"] == lowest["worst"]), None)
    words = t(
        lang, "report.point.scenes", n=len(graded), scene=titled(lang, lowest["title"], lowest["key"]),
        score=round(lowest["attainment"]), grade=titled(lang, lowest["grade_title"] or {}, UNKNOWN),
        worst=titled(lang, kpi["title"], kpi["kpi"]) if kpi else UNKNOWN,
    )  # fmt: skip
    return [("look" if lowest["grade"] == "attention" else "", words)]


def short_of(rows: Sequence[Row]) -> list[Row]:
    """The KPIs that miss their target, the farthest from it first."""
    missed = [row for row in rows if kept(row) is False]
    return sorted(missed, key=lambda row: (row["attainment"] if row["attainment"] is not None else 0.0, row["kpi"]))


def _targets(lang: str, facts: Facts) -> list[tuple[str, str]]:
    rows, found = facts["kpis"], []
    if missed := short_of(rows):
        names = joined(lang, [titled(lang, row["title"], row["kpi"]) for row in missed[:NAMED]])
        found.append(("look", t(lang, "report.point.off", n=count(len(missed)), names=names)))
    if lacking := sum(row["status"] == "not_measurable" for row in rows):
        found.append(("blind", t(lang, "report.point.missing", n=count(lacking))))
    targets = [row for row in rows if row["target"] is not None]
    if targets and facts["report"]["kind"] == "acceptance":
        checked = sum(bool(row["verified"]) for row in targets)
        words = t(lang, "report.point.targets", n=count(checked), all=count(len(targets)))
        found.append(("" if checked == len(targets) else "look", words))
    return found


def _places(lang: str, facts: Facts) -> list[tuple[str, str]]:
    known = [row for row in facts["places"] if row["place_kind"] != "estate" and row["share"] is not None]
    fullest = max(known, key=lambda row: (row["share"], row["place_id"]), default=None)
    if fullest is None or fullest["share"] < FULL:
        return []
    words = t(lang, "report.point.full", place=named(lang, fullest), people=number(lang, fullest["people"]),
              capacity=count(fullest["capacity"]))  # fmt: skip
    return [("look", words)]


def elders_of(residents: Row) -> int | None:
    """How many are sixty and older; None where a part is unknown or kept back."""
    bands = (residents["age_60_79"], residents["age_80_up"])
    return None if any(not isinstance(band, int) for band in bands) else sum(bands)


def _people(lang: str, facts: Facts) -> list[tuple[str, str]]:
    known = facts["residents"]
    if known["people"] is None:
        return []
    words = t(lang, "report.point.people", people=count(known["people"]), homes=count(known["homes"]),
              elders=count(elders_of(known)))  # fmt: skip
    return [("", words)]


def why(lang: str, row: Row, sources: Mapping[str, Row]) -> str:
    """Why a KPI has no value, in few words."""
    if row["status"] == "few":
        return t(lang, "report.kpis.why_few")
    if row["missing"]:
        known = {name: {"title": title} for name, title in sources.items()}
        return t(lang, "report.kpis.why", what=some_names(lang, row["missing"], known))
    if row["status"] == "no_cases":
        return t(lang, "report.kpis.why_no_cases")
    if row["rows_excluded"] and not row["rows_used"]:
        return t(lang, "report.kpis.why_excluded")
    if isinstance(row["newest"], datetime):
        return t(lang, "report.kpis.why_old", at=day(lang, row["newest"], weekday=False))
    return t(lang, "report.kpis.why_unknown")

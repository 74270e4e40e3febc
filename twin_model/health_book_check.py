"""What is wrong in a rulebook of the health check: every mistake with its file and line, and what to write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from twin_model.declared import DeclarationError, duration, unknown_keys, wrong_titles
from twin_model.kpi import Kpi
from twin_model.record_kinds import NUMBERS, RecordKind
from twin_model.scene_book import SCENES, SceneBook

MEASURES: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "exists": (frozenset({"kinds"}), frozenset({"rooms"})),
    "area_sum": (frozenset({"kinds"}), frozenset({"rooms"})),
    "area_largest": (frozenset({"kinds"}), frozenset({"rooms"})),
    "area_per": (frozenset({"kinds", "demand", "per"}), frozenset({"rooms"})),
    "share_of_area": (frozenset({"kinds", "of"}), frozenset()),
    "capacity_per": (frozenset({"kinds", "demand", "per"}), frozenset({"rooms"})),
    "coverage": (frozenset({"kinds", "group"}), frozenset({"metres", "minutes", "profile"})),
    "functions_within": (frozenset({"functions"}), frozenset()),
    "kpi": (frozenset({"kpi"}), frozenset()),
    "scene": (frozenset({"scene"}), frozenset()),
    "record": (frozenset({"record", "column"}), frozenset({"by", "among", "within"})),
    "manual": (frozenset(), frozenset()),
}
"""The closed list of measures, each with the parameters it must and may have."""
CATEGORY_OF = {name: must | may for name, (must, may) in MEASURES.items()}
"""All parameters of each measure."""
GROUPS = ("homes", "people", "aged_60", "aged_80", "aged_0_3", "aged_3_6")
"""Whom coverage is counted for, and what capacity is set against; homes are households."""
DIRECTIONS = ("up", "down")
FIXES = ("build", "buy", "swap", "rent", "rebuild", "manage")
"""补建 购置 置换 租赁 改造, and 完善管理 for what no building mends."""
RADII, MINUTES = (300, 500, 1000), (5, 10, 15)
"""The limits that circles are worked out for."""

_BOOK = {
    "name", "version", "title", "valid_from", "publisher", "document", "note", "template", "least_share",
    "least_items", "most_unknown", "category", "item",
}  # fmt: skip
_BOOK_MUST = ("name", "version", "title", "valid_from", "publisher", "document", "category", "item")
_ITEM = {
    "key", "no", "category", "title", "clause", "source", "verified", "measure", "threshold", "unit", "direction",
    "weight", "fixes", "applies", "also", "gives", "example",
}  # fmt: skip
_ITEM_MUST = ("key", "no", "category", "title", "clause", "source", "verified", "measure")
_APPLIES = {"estates", "schemes", "demand", "households", "people"}


FACILITY_KINDS = frozenset(
    {
        "kindergarten", "nursery", "primary_school", "school", "clinic", "hospital", "pharmacy", "centre", "day_care",
        "nursing_home", "canteen", "social_facility", "library", "culture", "supermarket", "convenience", "market",
        "shop", "barber", "restaurant", "parking", "charging", "bicycle_parking", "bus_stop", "subway", "toilet",
        "park", "square", "playground", "pitch", "fitness", "sports", "police", "fire_station", "post",
        "parcel_lockers", "bank", "government", "property_office", "waste", "recycling", "other",
    }
)  # fmt: skip
"""As an import names them (``ingest.naming``, which this may not import); a test compares."""


@dataclass(frozen=True)
class Known:
    """What the parameters of measures may name."""

    kpis: Mapping[str, Kpi]
    record_kinds: Mapping[str, RecordKind]
    scene_book: SceneBook


def problems_of(raw: Mapping[str, Any], path: Path, known: Known, lines: Mapping[str, int]) -> Iterator[str]:
    """Everything that is wrong in one rulebook; ``lines``: where each item's key stands in the file."""
    yield from unknown_keys(raw, _BOOK, f"{path}:1")
    if missing := [key for key in _BOOK_MUST if key not in raw]:
        yield f"{path}:1: lacks {', '.join(missing)}"
        return
    for key in ("title", "publisher", "document", *(["note"] if "note" in raw else [])):
        yield from wrong_titles(raw[key], f"{path}:1", key)
    if not isinstance(raw["valid_from"], date):
        yield f"{path}:1: valid_from is {raw['valid_from']!r}; write a day without quotes: 2020-08-18"
    if not isinstance(raw["version"], str) or not raw["version"]:
        yield f'{path}:1: version is {raw["version"]!r}; write text: version = "1.0"'
    for key, low, high in (("least_share", 0, 1), ("most_unknown", 0, 1), ("least_items", 1, 1000)):
        if key in raw and not _between(raw[key], low, high):
            yield f"{path}:1: {key} is {raw[key]!r}; write a number from {low} to {high}"
    categories = [c.get("key") for c in raw["category"]]
    for category in raw["category"]:
        yield from wrong_titles(category.get("title"), f"{path}: category {category.get('key')!r}")
    keys = [item.get("key") for item in raw["item"]]
    for key in sorted({str(k) for k in keys if keys.count(k) > 1}):
        yield f"{path}:{lines.get(key, 1)}: item {key!r} is declared twice"
    for n, item in enumerate(raw["item"], start=1):
        key = str(item.get("key", n))
        where = f"{path}:{lines.get(key, 1)}: item {key!r}"
        yield from _item_problems(item, where, categories, known)


def _item_problems(raw: Mapping[str, Any], where: str, categories: Iterable[Any], known: Known) -> Iterator[str]:
    if missing := [key for key in _ITEM_MUST if key not in raw]:
        yield f"{where}: lacks {', '.join(missing)}"
        return
    measure = raw["measure"]
    if measure not in MEASURES:
        yield f"{where}: measure is {measure!r}; write one of {', '.join(MEASURES)}"
        return
    must, may = MEASURES[measure]
    yield from unknown_keys(raw, _ITEM | must | may, where)
    if missing := sorted(must - raw.keys()):
        yield f"{where}: measure {measure} lacks {', '.join(missing)}"
        return
    for key in ("title", "clause", "source", *(k for k in ("also", "gives", "unit") if k in raw)):
        yield from wrong_titles(raw[key], where, key)
    if raw["category"] not in categories:
        yield f"{where}: category is {raw['category']!r}; there are {', '.join(map(str, categories))}"
    if not isinstance(raw["verified"], bool):
        yield f"{where}: verified is {raw['verified']!r}; write true or false"
    if raw.get("direction", "up") not in DIRECTIONS:
        yield f"{where}: direction is {raw['direction']!r}; write {' or '.join(DIRECTIONS)}"
    if not _between(raw.get("weight", 1), 0, 1000):
        yield f"{where}: weight is {raw['weight']!r}; write a number from 0 to 1000"
    if "threshold" in raw and not _between(raw["threshold"], 0, 1e12):
        yield f"{where}: threshold is {raw['threshold']!r}; write a number, or leave it out where none is known"
    if raw["verified"] is True and "threshold" not in raw and measure not in ("manual", "kpi", "scene"):
        yield f"{where}: is said to be verified and has no threshold; verified = false until somebody read the number"
    if "threshold" in raw and measure not in ("manual", "kpi", "scene") and "unit" not in raw:
        yield f'{where}: has a threshold and no unit; write unit = {{ zh = "平方米", en = "m²" }}'
    for fix in raw.get("fixes", ()):
        if fix not in FIXES:
            yield f"{where}: fixes has {fix!r}; write {', '.join(FIXES)}"
    yield from _applies_problems(raw.get("applies", {}), where, known)
    yield from _how_problems(raw, where, known)


def _applies_problems(raw: Mapping[str, Any], where: str, known: Known) -> Iterator[str]:
    yield from unknown_keys(raw, _APPLIES, f"{where}: applies")
    if raw.get("estates", "new") not in ("new", "old"):
        yield f"{where}: applies.estates is {raw['estates']!r}; write new or old"
    if raw.get("demand", "mandatory") not in ("mandatory", "encouraged"):
        yield f"{where}: applies.demand is {raw['demand']!r}; write mandatory or encouraged"
    schemes = {scheme.key for scheme in known.scene_book.schemes}
    for scheme in sorted(set(raw.get("schemes", ())) - schemes):
        yield f"{where}: applies.schemes has {scheme!r}; there are {', '.join(sorted(schemes))}"
    for key in ("households", "people"):
        span = raw.get(key)
        if span is not None and not (
            isinstance(span, list) and len(span) == 2 and all(_between(n, 0, 1e9) for n in span) and span[0] <= span[1]
        ):
            yield f"{where}: applies.{key} is {span!r}; write [from, to]"


def _how_problems(raw: Mapping[str, Any], where: str, known: Known) -> Iterator[str]:
    """What the parameters name that is not there."""
    for key in ("kinds", "of"):
        named = raw.get(key, [])
        if key in raw and (not isinstance(named, list) or not named):
            yield f'{where}: {key} is {named!r}; list kinds of facilities: {key} = ["clinic"]'
            continue
        for problem in unknown_keys(map(str, named), FACILITY_KINDS, where):
            yield problem.replace("unknown key", f"{key} names no kind of facility:")
    if "per" in raw and not _between(raw["per"], 1e-9, 1e9):
        yield f"{where}: per is {raw['per']!r}; write a number above 0"
    for key in ("demand", "group"):
        if key in raw and raw[key] not in GROUPS:
            yield f"{where}: {key} is {raw[key]!r}; write one of {', '.join(GROUPS)}"
    if raw["measure"] == "coverage":
        yield from _coverage_problems(raw, where)
    functions = raw.get("functions", {"": []})
    if not (isinstance(functions, dict) and functions and all(isinstance(k, list) for k in functions.values())):
        yield f'{where}: functions must list name = ["kind", ...]'
    if "kpi" in raw and raw["kpi"] not in known.kpis:
        yield from (p.replace("unknown key", "no KPI") for p in unknown_keys([str(raw["kpi"])], known.kpis, where))
    if "scene" in raw and raw["scene"] not in SCENES:
        yield f"{where}: scene is {raw['scene']!r}; write one of {', '.join(SCENES)}"
    if "record" in raw:
        yield from _record_problems(raw, where, known)


def _coverage_problems(raw: Mapping[str, Any], where: str) -> Iterator[str]:
    limits = [key for key in ("metres", "minutes") if key in raw]
    if len(limits) != 1:
        yield f"{where}: coverage takes either metres or minutes"
    for key, usual in (("metres", RADII), ("minutes", MINUTES)):
        if key in raw and not _between(raw[key], 1, 1200):
            yield f"{where}: {key} is {raw[key]!r}; write a number such as {', '.join(map(str, usual))}"


def _record_problems(raw: Mapping[str, Any], where: str, known: Known) -> Iterator[str]:
    kind = known.record_kinds.get(raw["record"])
    if kind is None:
        named = unknown_keys([str(raw["record"])], known.record_kinds, where)
        yield from (p.replace("unknown key", "no kind of record") for p in named)
        return
    column = kind.columns.get(raw["column"])
    if column is None or column.type not in (*NUMBERS, "yes_no"):
        able = ", ".join(c.name for c in kind.columns.values() if c.type in (*NUMBERS, "yes_no"))
        yield f"{where}: column is {raw['column']!r}; {kind.name} has {able or 'none that holds a number'}"
    if ("by" in raw) != ("among" in raw):
        yield f"{where}: by and among belong together: the column of choices, and the choices that should be there"
    elif "by" in raw:
        by = kind.columns.get(raw["by"])
        if by is None or by.type != "choice":
            yield f"{where}: by is {raw['by']!r}, which is no column of choices of {kind.name}"
        else:
            named = unknown_keys(map(str, raw["among"]), by.choices, where)
            yield from (p.replace("unknown key", "among names no choice:") for p in named)
    if "within" in raw:
        try:
            duration(raw["within"])
        except DeclarationError as error:
            yield f"{where}: within: {error}"


def _between(value: object, low: float, high: float) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high

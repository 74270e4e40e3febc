"""What a KPI declares: ``kpis/<scene>/<id>.sql``, a TOML header and one SELECT of the rows it counts.

The SELECT is the evidence: one row per thing counted, for all communities and all periods at once. The value follows
from those rows by ``measure`` alone, so whoever has the exported rows can work it out again.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from twin_model.declared import DeclarationError, Declared, duration, load_sql
from twin_model.entities import KINDS
from twin_model.kpi_periods import PERIODS
from twin_model.record_kinds import RecordKind
from twin_model.scene_book import SceneBook

MEASURES = ("sum", "share", "rate", "mean", "median", "p90")
DIRECTIONS = ("up", "down")
LIVE = ("state", "metered", "incident", "visit", "home_state", "device_status", "occupancy_hour")
"""Tables the twin itself keeps, beside record kinds and entity kinds."""
OF_DEVICES = ("state", "metered")
ANY_OF = "|"
"""``state:parking_bay|parking_barrier``: devices of one of these types."""
STANDARD = ("community_id", "period", "row_id", "numerator", "denominator", "excluded")
"""What every evidence SELECT gives; further columns are shown with it."""
PLACES_KINDS = tuple(name for name in KINDS if name not in ("ground", "resident", "contact"))

_REQUIRED = frozenset({"title", "indicators", "unit", "measure", "period", "sources", "version", "words", "example"})
_KEYS = _REQUIRED | {
    "per", "target", "direction", "floor", "target_source", "verified", "freshness", "requires", "public", "views",
    "headline", "digits",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Kpi:
    """One KPI. ``id`` is its file's name, ``scene`` its folder.

    ``measure``: sum of the numerators; share (100 x numerators / denominators, %); rate (``per`` x numerators /
    denominators); mean (the same, per 1); median or p90 of the numerators. ``requires``: without one row of each it is
    not measurable; ``state:<type>`` means devices of that type. ``floor``: the value at which nothing of the way to
    ``target`` is done. ``freshness``: a required source whose newest row is older makes the value stale.
    """

    id: str
    scene: str
    title: dict[str, str]
    indicators: tuple[int, ...]
    unit: dict[str, str]
    measure: str
    per: float
    period: str
    target: float | None
    direction: str
    floor: float
    target_source: dict[str, str] | None
    verified: bool
    freshness: timedelta | None
    sources: tuple[str, ...]
    requires: tuple[str, ...]
    version: int
    public: bool
    views: tuple[str, ...]
    headline: bool
    digits: int | None
    words: dict[str, str]
    sql: str
    examples: tuple[dict[str, Any], ...]
    path: Path

    @property
    def records(self) -> tuple[str, ...]:
        """The record kinds it reads."""
        return tuple(s for s in self.sources if s not in LIVE and s not in KINDS)

    @property
    def is_live(self) -> bool:
        """Whether it reads what the twin keeps by itself, which may change with every message."""
        return any(s in LIVE for s in self.sources)

    @property
    def evidence(self) -> str:
        """Its SELECT with counts and yes/no as decimals, so that ``done_at IS NOT NULL AS numerator`` is enough."""
        return (
            "SELECT * REPLACE (numerator::DOUBLE AS numerator, denominator::DOUBLE AS denominator, "
            f"excluded::TEXT AS excluded) FROM ({self.sql})"
        )

    def attainment(self, value: float | None) -> float | None:
        """How far on the way from the floor to the target, 0 to 100; None without a value or a target."""
        if value is None or self.target is None:
            return None
        return 100 * min(1.0, max(0.0, (value - self.floor) / (self.target - self.floor)))


def load_kpi(path: Path, kinds: Mapping[str, RecordKind], types: Iterable[str], book: SceneBook) -> Kpi:
    """The KPI in ``path``. Raises ``DeclarationError`` with everything that is wrong in it."""
    declared = load_sql(path, required=_REQUIRED)
    header = declared.header
    if problems := list(_problems(declared, kinds, frozenset(types), book)):
        raise DeclarationError([f"{path}: {p}" for p in problems])
    sources = tuple(header["sources"])
    target = header.get("target")
    direction = header.get("direction", "up")
    default = 0.0 if direction == "up" or target is None else 2.0 * target
    own = [s for s in sources if s in kinds]
    return Kpi(
        id=declared.name, scene=path.parent.name, title=header["title"], indicators=tuple(header["indicators"]),
        unit=header["unit"], measure=header["measure"], per=float(header.get("per", 1)), period=header["period"],
        target=None if target is None else float(target), direction=direction,
        floor=float(header.get("floor", default)), target_source=header.get("target_source"),
        verified=bool(header.get("verified", False)),
        freshness=duration(header["freshness"]) if "freshness" in header else None,
        sources=sources, requires=tuple(header.get("requires", own)), version=header["version"],
        public=bool(header.get("public", False)), views=tuple(header.get("views", ())),
        headline=bool(header.get("headline", False)), digits=header.get("digits"), words=header["words"],
        sql=declared.sql.rstrip(";"), examples=tuple(header["example"]), path=path,
    )  # fmt: skip


def _problems(
    declared: Declared, kinds: Mapping[str, RecordKind], types: frozenset[str], book: SceneBook
) -> Iterator[str]:
    header = declared.header
    for key in sorted(header.keys() - _KEYS):
        near = difflib.get_close_matches(key, _KEYS, 1)
        yield f"unknown key {key!r}" + (f"; did you mean {near[0]!r}?" if near else "")
    for key in ("title", "unit", "words", *(["target_source"] if "target_source" in header else [])):
        value = header[key]
        if not isinstance(value, dict) or "zh" not in value or "en" not in value:
            yield f'{key} must give both languages: {key} = {{ zh = "…", en = "…" }}'
    scene = declared.path.parent.name
    if scene not in book.scenes:
        yield f"its folder is {scene!r}; expected a scene: {', '.join(book.scenes)}"
    for number in header["indicators"]:
        if number not in book.indicators or book.indicators[number].scene != scene:
            yield f"indicator {number!r} is not one of scene {scene}"
    for name in header.get("views", ()):
        if name not in book.views:
            yield f"view {name!r} is not one of {', '.join(book.views)}"
    if not header["indicators"] and not header.get("views"):
        yield "belongs to no indicator and no view; name one of them"
    for key, known in (("measure", MEASURES), ("period", tuple(PERIODS)), ("direction", DIRECTIONS)):
        if key in header and header[key] not in known:
            yield f"{key} is {header[key]!r}; write one of {', '.join(known)}"
    yield from _source_problems(header, kinds, types)
    yield from _target_problems(header)
    for word in sorted(set(STANDARD) - set(re.findall(r"\w+", declared.sql))):
        yield f"the SELECT gives no column {word}; it must give {', '.join(STANDARD)}"


def _source_problems(header: dict[str, Any], kinds: Mapping[str, RecordKind], types: frozenset[str]) -> Iterator[str]:
    known = {*kinds, *PLACES_KINDS, *LIVE}
    for source in header["sources"]:
        if source not in known:
            near = difflib.get_close_matches(source, known, 1)
            yield f"source {source!r} is not known" + (f"; did you mean {near[0]!r}?" if near else "")
    for source in header.get("requires", ()):
        name, _, of_type = source.partition(":")
        if of_type and (name != "state" or set(of_type.split(ANY_OF)) - types):
            yield f"requires {source!r}; a type of device is written state:<type>, as in sensors/"
        elif not of_type and name not in header["sources"]:
            yield f"requires {source!r}, which is not among its sources"
    if set(OF_DEVICES) & set(header["sources"]) and not any(":" in s for s in header.get("requires", ())):
        yield 'reads devices and requires none; name the type: requires = ["state:<type>"]'
    if "freshness" not in header and any(s in kinds or s in LIVE for s in header["sources"]):
        yield "lacks freshness: how old the newest row of a required source may be, such as 3d"
    elif "freshness" in header:
        try:
            duration(header["freshness"])
        except DeclarationError as error:
            yield f"freshness: {error}"


def _target_problems(header: dict[str, Any]) -> Iterator[str]:
    if "target" not in header:
        if header.get("verified"):
            yield "is said to be verified and has no target"
        return
    if "target_source" not in header:
        yield "has a target and no target_source; say where the number is from (建议值, proposal)"
    if "direction" not in header:
        yield "has a target and no direction; write up or down"
    floor = header.get("floor", 0 if header.get("direction") == "up" else 2 * header["target"])
    if floor == header["target"]:
        yield f"target and floor are both {floor}; name the value at which nothing of the way is done"

"""What the pages of KPIs ask: a row of values with what its KPI declares, one KPI with its course and its evidence.

Nothing is judged here. Values, status, attainment and grade come from ``twin.kpis``; a page adds only what the files
declare (title, unit, target), so that the same KPI has the same value on every page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from layouts.parts.text import LANGUAGES
from twin_model.entities import KINDS
from twin_model.kpi import ANY_OF, LIVE, Kpi
from twin_model.kpi_evidence import STANDARD, choice_of, restricted_columns, title_of, without_homes
from twin_model.twin import Twin

Answer = dict[str, Any]

NAMED = ("estate", "building", "facility", "room")
MOST_ROWS = 2_000
"""Rows of evidence a page shows; the export holds all."""


def told(kpi: Kpi, row: Mapping[str, Any]) -> Answer:
    """A row of ``kpi_engine.SCHEMA`` with what a page says of its KPI: title, unit, target, version."""
    return {
        **row, "title": kpi.title, "unit": kpi.unit, "target": kpi.target, "direction": kpi.direction,
        "floor": kpi.floor, "digits": kpi.digits, "measure": kpi.measure, "verified": kpi.verified,
        "target_source": kpi.target_source, "indicators": list(kpi.indicators), "of_period": kpi.period,
        "words": kpi.words,
    }  # fmt: skip


def rows_of(twin: Twin, at: datetime, community: str, ids: Iterable[str] | None = None) -> list[Answer]:
    """The values of a community's KPIs, told."""
    kpis = twin.catalogue.kpis
    return [told(kpis[row["kpi"]], row) for row in twin.kpis.values(at, community_id=community, ids=ids).to_pylist()]


def source_titles(twin: Twin, names: Iterable[str]) -> dict[str, Answer]:
    """What sources are called, ``{name: {title, is_record, columns}}``; ``state:<type>`` is a type of device."""
    kinds, types = twin.catalogue.record_kinds, twin.catalogue.sensor_types
    found: dict[str, Answer] = {}
    for name in names:
        base, _, of_type = name.partition(":")
        if base in kinds:
            columns = [column.title for column in kinds[base].columns.values()]
            found[name] = {"title": kinds[base].title, "is_record": True, "columns": columns}
        elif of_type:
            several = [types[one].title for one in of_type.split(ANY_OF)]
            found[name] = {
                "title": {lang: " / ".join(t[lang] for t in several) for lang in LANGUAGES},
                "is_record": False,
            }
        else:
            found[name] = {"title": {}, "is_record": False, "is_own": base in LIVE, "is_entity": base in KINDS}
    return found


def scheme_of(twin: Twin, at: datetime, community: str) -> str | None:
    """The type of project a community declared, as it is written there."""
    return (twin.entity("community", community, at) or {}).get("scheme")


def listed(twin: Twin, at: datetime, community: str) -> Answer:
    """All KPIs by scene with their value, for choosing one."""
    views = dict(twin.catalogue.scene_book.views)
    return {"scenes": _scene_titles(twin), "views": views, "rows": rows_of(twin, at, community)}


def _scene_titles(twin: Twin) -> dict[str, dict[str, str]]:
    return {key: scene.title for key, scene in twin.catalogue.scene_book.scenes.items()}


def one(twin: Twin, at: datetime, community: str, *, kpi: str | None) -> Answer:
    """One KPI: its value, definition, indicators and sources; ``unknown`` for one nobody declared, {} for none."""
    if not kpi or kpi not in twin.catalogue.kpis:
        return {"unknown": kpi} if kpi else {}
    known, book = twin.catalogue.kpis[kpi], twin.catalogue.scene_book
    grades = [{"key": g.key, "title": g.title, "at_least": g.at_least} for g in book.grades]
    names = [*known.requires, *(s for s in known.sources if s not in known.requires and not _required(known, s))]
    return {
        "row": rows_of(twin, at, community, [kpi])[0],
        "scene_title": book.scenes[known.scene].title,
        "indicators": [{"number": n, "title": book.indicators[n].title} for n in known.indicators],
        "views": [book.views[name] for name in known.views],
        "sources": [{"name": s, "required": s in known.requires, **source_titles(twin, [s])[s]} for s in names],
        "freshness": known.freshness, "per": known.per, "version": known.version, "public": known.public,
        "sql": known.sql, "grades": grades, "missing": source_titles(twin, known.requires),
    }  # fmt: skip


def _required(kpi: Kpi, source: str) -> bool:
    return any(name.partition(":")[0] == source for name in kpi.requires)


def course(twin: Twin, at: datetime, community: str, *, kpi: str | None) -> Answer | None:
    """How a KPI went over twelve months: (last day, value, status, attainment) of each."""
    if not kpi or kpi not in twin.catalogue.kpis:
        return None
    rows = twin.kpis.trend(at, community_id=community, ids=[kpi]).to_pylist()
    points = [(r["period"], r["value"], r["status"], r["rows_used"]) for r in rows]
    return told(twin.catalogue.kpis[kpi], {"kpi": kpi, "points": points, "at": at})


def everywhere(twin: Twin, at: datetime, community: str, *, kpi: str | None) -> Answer | None:
    """The KPI of every community, the best first; those without a value last. None with only one community."""
    if not kpi or kpi not in twin.catalogue.kpis:
        return None
    known = twin.catalogue.kpis[kpi]
    places = twin.entities("community", at).select(["community_id", "name", "name_en", "drill_of"]).to_pylist()
    names = {row["community_id"]: row for row in places if row["drill_of"] is None}
    if len(names) < 2:
        return None
    rows = [told(known, row) for row in twin.kpis.values(at, ids=[kpi]).to_pylist() if row["community_id"] in names]
    for row in rows:
        row["name"], row["name_en"] = (names[row["community_id"]][key] for key in ("name", "name_en"))
    sign = 1 if known.direction == "down" else -1
    rows.sort(key=lambda r: (r["value"] is None, sign * (r["value"] or 0), r["community_id"]))
    return {"rows": rows, "here": community}


def evidence(
    twin: Twin, at: datetime, community: str, *, kpi: str | None, whole: bool = False, until: date | None = None
) -> Answer | None:
    """The rows behind a value, those left out among them. ``whole``: with the columns that could lead to a home."""
    if not kpi or kpi not in twin.catalogue.kpis:
        return None
    known, kinds = twin.catalogue.kpis[kpi], twin.catalogue.record_kinds
    table = twin.kpis.evidence(kpi, at, community_id=community, until=until)
    table = table.take(pc.array_sort_indices(pc.is_null(table["excluded"]).combine_chunks()))  # what is left out first
    hidden = sorted(set(table.column_names) & restricted_columns(known, kinds))
    if not whole:
        table = without_homes(table, known, kinds)
    shown = [name for name in table.column_names if name not in ("community_id", "period")]
    rows = table.slice(0, MOST_ROWS).select(shown).to_pylist()
    own = [name for name in shown if name not in STANDARD]
    codes: dict[str, dict[str, dict[str, str]]] = {}
    for name in own:
        for value in {row[name] for row in rows if isinstance(row[name], str)}:
            if words := choice_of(name, value, known, kinds):
                codes.setdefault(name, {})[value] = words
    return {
        "kpi": kpi, "at": at, "community": community,
        "rows": rows, "all": table.num_rows, "columns": shown, "hidden": [] if whole else hidden,
        "titles": {name: title_of(name, known, kinds) for name in (*own, *hidden)}, "codes": codes,
        "places": _place_names(twin, at, known, rows, own),
        "reasons": {c.name: c.reason for name in known.records for c in kinds[name].checks},
    }  # fmt: skip


def _place_names(
    twin: Twin, at: datetime, kpi: Kpi, rows: Iterable[Mapping[str, Any]], names: Iterable[str]
) -> dict[str, dict[str, Answer]]:
    """What the places of the rows are called, ``{column: {id: {name, name_en}}}``; a home keeps its number."""
    kinds, found = twin.catalogue.record_kinds, {}
    for name in names:
        declared = next((kinds[r].columns[name].place for r in kpi.records if name in kinds[r].columns), None)
        place = declared or name.removesuffix("_id")
        if place in NAMED and (ids := {row[name] for row in rows if row[name]}):
            key = f"{place}_id"
            table = twin.entities(place, at).select([key, "name", "name_en"])
            known = table.filter(pc.is_in(table[key], pa.array(sorted(ids), table[key].type))).to_pylist()
            found[name] = {row[key]: row for row in known}
    return found

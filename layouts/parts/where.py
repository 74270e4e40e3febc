"""Where something is, in words, and what its numbers are called: places, units, sensor types, labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from layouts.parts.text import some, t
from twin_model.catalogue import Metric
from twin_model.twin import Twin

Row = dict[str, Any]

PLACES = (  # the narrow before the wide they stand in
    ("home", "home_id", ("number", "unit_id", "building_id", "floor")),
    ("unit", "unit_id", ("name",)),
    ("room", "room_id", ("name", "name_en", "facility_id")),
    ("facility", "facility_id", ("name", "name_en")),
    ("building", "building_id", ("name", "name_en", "estate_id")),
    ("estate", "estate_id", ("name", "name_en")),
)


def placed(twin: Twin, at: datetime, rows: Iterable[Row]) -> list[Row]:
    """The rows with the names of their places: ``building_name``, ``building_name_en``, ``home_number`` and so on."""
    found = [dict(row) for row in rows]
    for kind, key, wanted in PLACES:
        ids = {row.get(key) for row in found} - {None}
        names = _named(twin.entities(kind, at), key, wanted, ids) if ids else {}
        for row in found:
            for column in wanted:
                value = names.get(row.get(key), {}).get(column)
                if column.endswith("_id"):
                    row[column] = row.get(column) or value
                else:
                    row[f"{kind}_{column}"] = value
    return found


def _named(table: pa.Table, key: str, wanted: tuple[str, ...], ids: set[Any]) -> dict[Any, Row]:
    rows = table.filter(pc.is_in(table[key], pa.array(sorted(ids), table[key].type)))
    return {row[key]: row for row in rows.select([key, *wanted]).to_pylist()}


def where(lang: str, row: Mapping[str, Any], *, inside: bool = False) -> str:
    """From the wide to the narrow: ``东园 3幢 2单元 502``, ``邻里中心 共享书房``; never a person.

    ``inside``: the building is known already, ``2单元 502``.
    """
    if row.get("facility_id"):
        parts = [_name(lang, row, "facility"), _name(lang, row, "room")]
    else:
        estate, building = _name(lang, row, "estate"), _name(lang, row, "building")
        parts = [
            None if building and estate and building.startswith(estate) else estate,
            building,
            staircase(lang, row.get("unit_name")),
            row.get("home_number"),
        ]
        parts = parts[2:] if inside else parts
    return " ".join(str(part) for part in parts if part) or ("" if inside else t(lang, "place.outdoors"))


def _name(lang: str, row: Mapping[str, Any], kind: str) -> str | None:
    return (row.get(f"{kind}_name_en") if lang == "en" else None) or row.get(f"{kind}_name")


def staircase(lang: str, name: str | None) -> str | None:
    """``2单元``, in English ``unit 2``."""
    number = re.fullmatch(r"(\d+)\s*单元", name or "")
    return t(lang, "place.unit", n=number[1]) if number else name


def unit(lang: str, name: str | None) -> str:
    """A declared unit in the reader's language: 人, 位 and their like have English words, SI units stay."""
    return some(lang, "units", name) if name else ""


def described(twin: Twin, rows: Iterable[Row]) -> list[Row]:
    """The rows (with ``type`` and ``metric``) with what the catalogue calls them: titles, unit, labels, kind."""
    types = twin.catalogue.sensor_types
    found = []
    for row in rows:
        kind = types.get(row.get("type") or "")
        metric: Metric | None = kind.metrics.get(row.get("metric") or "") if kind else None
        found.append(
            {
                **row,
                "type_title": dict(kind.title) if kind else {},
                "metric_title": dict(metric.title) if metric else {},
                "labels": dict(metric.labels) if metric else {},
                "unit": metric.unit if metric else row.get("unit"),
            }
        )
    return found

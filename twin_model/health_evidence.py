"""The rows a verdict of the health check rests on, those that are not enough among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from twin_model.health_book import HealthBook, Item
from twin_model.health_coverage import coverage_rows
from twin_model.health_measures import rooms_of
from twin_model.health_sources import FINDING, midnight, newest_findings, newest_rows

if TYPE_CHECKING:
    from twin_model.twin import Twin

ROWS = pa.schema(
    [
        ("source", pa.string()), ("row_id", pa.string()), ("kind", pa.string()), ("name", pa.string()),
        ("amount", pa.float64()), ("unit", pa.string()), ("is_missing", pa.bool_()),
        ("known_at", pa.timestamp("us", "UTC")),
    ]
)  # fmt: skip
"""source: facility, room, homes, reach, kpi, record or finding; amount: what the row brings in ``unit`` (m2, places,
households, people, percent, one); is_missing: the amount should be registered and is not. Rows of homes are sums."""
_AMOUNT = {
    "area_sum": ("area_m2", "m2"), "area_largest": ("area_m2", "m2"), "area_per": ("area_m2", "m2"),
    "share_of_area": ("area_m2", "m2"), "capacity_per": ("capacity", "places"), "exists": (None, "one"),
    "functions_within": (None, "one"), "coverage": (None, "one"),
}  # fmt: skip
Row = dict[str, Any]


def evidence_rows(twin: Twin, at: datetime, book: HealthBook, item: Item, community_id: str) -> pa.Table:
    """As ``ROWS``, in an order that is always the same; with the rights of whoever asks."""
    return pa.Table.from_pylist(list(_rows(twin, at, book, item, community_id)), schema=ROWS)


def _rows(twin: Twin, at: datetime, book: HealthBook, item: Item, community: str) -> Iterable[Row]:
    if item.measure in _AMOUNT:
        yield from _places(twin, at, item, community)
        if item.measure in ("area_per", "capacity_per"):
            yield from _homes(twin, at, item.how["demand"], community)
        if item.measure == "coverage":
            yield from coverage_rows(twin, at, item, community)
    elif item.measure == "kpi":
        places = twin.entities("facility", at, community_id=community).select(["facility_id", "name"]).to_pylist()
        called = {place["facility_id"]: place["name"] for place in places}
        for row in twin.kpis.evidence(item.how["kpi"], at, community_id=community).to_pylist():
            amount = row["denominator"] if row["numerator"] is None else row["numerator"]
            # a row of a day and a place is told by both, not by its key
            name = row.get("name") or " · ".join(called.get(part) or part for part in row["row_id"].split("|"))
            yield _row("kpi", row["row_id"], item.how["kpi"], name, amount, "", row["excluded"] is not None)
    elif item.measure == "record":
        kind = twin.catalogue.record_kinds[item.how["record"]]
        for row in newest_rows(twin, at, kind, item.how["column"], item.how.get("by"), community):
            if "among" not in item.how or row["choice"] in item.how["among"]:
                yield _row("record", row["record_id"], kind.name, row["choice"], row["value"], "", row["value"] is None,
                           row["true_at"])  # fmt: skip
    for row in newest_findings(twin, at, book, community) if FINDING in twin.catalogue.record_kinds else ():
        if row["item"] == item.key:
            said = " · ".join(part for part in (row["document"], row["checked_by_role"], row["note"]) if part)
            yield _row("finding", row["record_id"], row["finding"], said, None, "", False, midnight(row["checked_on"]))


def _places(twin: Twin, at: datetime, item: Item, community: str) -> Iterable[Row]:
    """The facilities, and the rooms where no facility of the kinds stands by itself."""
    column, unit = _AMOUNT[item.measure]
    kinds = [*item.how.get("kinds", ()), *item.how.get("of", ())]
    rooms = rooms_of(item.how) if "kinds" in item.how else []
    if item.measure == "functions_within":
        kinds = rooms = [kind for names in item.how["functions"].values() for kind in names]
    facilities = _of(twin.entities("facility", at, community_id=community), "facility_kind", kinds)
    for row in facilities:
        yield _place("facility", row, row["facility_kind"], column, unit)
    if rooms and (not facilities or item.measure == "functions_within"):
        for row in _of(twin.entities("room", at, community_id=community), "room_kind", rooms):
            yield _place("room", row, row["room_kind"], column, unit)


def _of(table: pa.Table, column: str, kinds: list[str]) -> list[Row]:
    found: list[Row] = table.filter(pc.is_in(table[column], pa.array(kinds, pa.string()))).to_pylist()
    return found


def _place(source: str, row: Mapping[str, Any], kind: str, column: str | None, unit: str) -> Row:
    amount = 1.0 if column is None else row[column]
    is_missing = amount is None or amount < 0
    return _row(source, row[f"{source}_id"], kind, row["name"], None if is_missing else float(amount), unit, is_missing,
                row["recorded_at"])  # fmt: skip


def _homes(twin: Twin, at: datetime, group: str, community: str) -> Iterable[Row]:
    facts = twin.health.facts(at)
    n = facts.communities.index(community) if community in facts.communities else None
    if n is not None:
        unit = "households" if group == "homes" else "people"
        yield _row("homes", group, group, None, float(facts.groups[group][n]), unit, False)
        if facts.unknown[group][n]:
            yield _row("homes", f"{group}_unknown", group, None, float(facts.unknown[group][n]), "households", True)


def _row(
    source: str, row_id: str, kind: str | None, name: str | None, amount: float | None, unit: str, is_missing: bool,
    known_at: datetime | None = None,
) -> Row:  # fmt: skip
    return {
        "source": source, "row_id": row_id, "kind": kind, "name": name, "amount": amount, "unit": unit,
        "is_missing": is_missing, "known_at": known_at,
    }  # fmt: skip

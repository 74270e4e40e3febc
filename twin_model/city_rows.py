"""The rows behind every figure of a city and of one community: what is counted, one row each.

Of people the rows are communities, and within one community its buildings, never homes: whoever may see the figure may
see its rows. Small counts are kept back so that no sum gives them away (``masking.suppressed_table``), but for those
who may look into each home.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin_model.city import KEY_KINDS, MINUTES, share_of
from twin_model.masking import suppressed_table, too_few
from twin_model.rights import asked, reading

if TYPE_CHECKING:
    from twin_model.twin import Twin

Row = dict[str, Any]
Rows = list[Row]
BANDS = ("aged_0_17", "aged_18_59", "aged_60_79", "aged_80")
OPEN = ("planned", "building")
STATUS = (*OPEN, "done", "dropped")
WHERE = ("community_id", "name", "name_en", "subdistrict", "subdistrict_en")
STANDING = ("index", "rank", "of", "bottom", "passed", "failed", "counted", "verified", "refused")
_LEVEL = {"city": "city_id", "district": "district_id", "subdistrict": "subdistrict_id"}
_OF_HOMES = ("homes", "homes_counted", "elder_alone")


class NoSuchRows(ValueError):
    """A figure, a division or a kind that is not known; says what is."""


class NoSuchDivision(NoSuchRows):
    """No division of this id was known then."""


def rows_behind(
    twin: Twin, at: datetime, of: str, division: str | None = None, community: str | None = None, **chosen: str | None
) -> Rows:  # fmt: skip
    """The rows of a figure (a key of ``OF``) within a division or one community (None: all in the scope).

    ``chosen``: ``status`` (of projects: of ``STATUS``, or "open"), ``kind`` (of facilities, of reach), ``minutes`` (of
    reach). Raises NoSuchRows.
    """
    if of not in OF:
        raise NoSuchRows(f"of: found {of!r}, expected one of {', '.join(OF)}")
    known = _within(twin, at, division, community)
    if not known:
        return []
    return OF[of](twin, at, known, community, {name: value for name, value in chosen.items() if value})


def _within(twin: Twin, at: datetime, division: str | None, community: str | None) -> dict[str, Row]:
    rows = twin.city.communities(at).to_pylist()
    if community:
        rows = [row for row in rows if row["community_id"] == community]
    if division:
        found = twin.entity("division", division, at)
        if found is None:
            raise NoSuchDivision(f"there is no division {division!r}; see /api/v1/city/divisions")
        rows = [row for row in rows if row[_LEVEL[found["level"]]] == division]
    return {row["community_id"]: row for row in rows}


def _communities(twin: Twin, at: datetime, known: Mapping[str, Row], _one: str | None, _chosen: Row) -> Rows:
    return [
        {**_where(row), **{name: row[name] for name in ("homes", "buildings", "facilities")}} for row in known.values()
    ]


def _people(twin: Twin, at: datetime, known: Mapping[str, Row], one: str | None, _chosen: Row) -> Rows:
    """Most people first; who registered nobody stands last, unknown."""
    if one:
        rows = _by_building(twin, at, one)
    else:
        rows = [
            {**_where(row), **{name: row[name] for name in (*_OF_HOMES, "people", *BANDS)}} for row in known.values()
        ]
    rows.sort(key=lambda row: (row["people"] is None, -(row["people"] or 0)))
    if asked().homes and asked().children:  # whoever may look into each home
        return rows
    for names in (("people", *BANDS), *((name,) for name in _OF_HOMES)):
        told = suppressed_table([{name: row[name] for name in names} for row in rows])
        for row, cells in zip(rows, told, strict=True):
            row |= cells
    return rows


def _elders(twin: Twin, at: datetime, known: Mapping[str, Row], one: str | None, chosen: Row) -> Rows:
    """As ``_people``, the largest known number of 60 and over first."""
    rows = _people(twin, at, known, one, chosen)

    def old(row: Row) -> float:
        return -(row["aged_60_79"] or 0) - (row["aged_80"] or 0)

    return sorted(rows, key=lambda row: (row["aged_60_79"] is None and row["aged_80"] is None, old(row)))


def _by_building(twin: Twin, at: datetime, community: str) -> Rows:
    with reading(replace(asked(), children=True)):  # sums by building, small ones kept back, tell of no one home
        homes = twin.entities("home", at, community_id=community)
    bands = dict(zip(BANDS, (homes[name] for name in ("age_0_17", "age_18_59", "age_60_79", "age_80_up")), strict=True))
    people = reduce(pc.add, bands.values())  # null where one of them is: not counted
    is_counted = pc.is_valid(people)
    table = pa.table(
        {
            "building_id": homes["building_id"], "homes": np.ones(homes.num_rows, np.int64), "people": people,
            "homes_counted": is_counted.cast(pa.int64()),
            "elder_alone": pc.fill_null(homes["elder_alone"], False).cast(pa.int64()),
            **{name: pc.if_else(is_counted, band, pa.scalar(None, band.type)) for name, band in bands.items()},
        }
    )  # fmt: skip
    summed = [(name, "sum", pc.ScalarAggregateOptions(min_count=1)) for name in (*_OF_HOMES, "people", *BANDS)]
    found = table.group_by("building_id", use_threads=False).aggregate(summed)
    houses = twin.entities("building", at, community_id=community).select(["building_id", "name", "name_en"])
    named = {row["building_id"]: row for row in houses.to_pylist()}
    rows = [{name.removesuffix("_sum"): value for name, value in row.items()} for row in found.to_pylist()]
    rows.sort(key=lambda row: row["building_id"] or "")
    none = {"name": None, "name_en": None}
    return [{**named.get(row["building_id"], none), **row} for row in rows]


def _facilities(twin: Twin, at: datetime, known: Mapping[str, Row], one: str | None, chosen: Row) -> Rows:
    names = ["facility_id", "facility_kind", "name", "name_en", "area_m2", "capacity", "community_id"]
    table = twin.entities("facility", at, community_id=one, facility_kind=chosen.get("kind")).select(names)
    table = table.filter(pc.is_in(table["community_id"], pa.array(list(known), pa.string())))
    table = table.sort_by([(name, "ascending") for name in ("facility_kind", "community_id", "facility_id")])
    return [
        {**row, "community": known[row["community_id"]]["name"], "community_en": known[row["community_id"]]["name_en"]}
        for row in table.to_pylist()
    ]


def _index(twin: Twin, at: datetime, known: Mapping[str, Row], _one: str | None, _chosen: Row) -> Rows:
    """The last first; who cannot be graded stands last with what is in the way."""
    index = twin.city.index(at)
    none = dict.fromkeys(STANDING)
    rows = [{**_where(row), **{n: index.get(name, none)[n] for n in STANDING}} for name, row in known.items()]
    return sorted(rows, key=lambda row: (row["rank"] is None, -(row["rank"] or 0), not row["bottom"]))


def _bottom(twin: Twin, at: datetime, known: Mapping[str, Row], one: str | None, chosen: Row) -> Rows:
    return [row for row in _index(twin, at, known, one, chosen) if row["bottom"]]


def _ungraded(twin: Twin, at: datetime, known: Mapping[str, Row], one: str | None, chosen: Row) -> Rows:
    return [row for row in _index(twin, at, known, one, chosen) if row["index"] is None]


def _projects(twin: Twin, at: datetime, known: Mapping[str, Row], one: str | None, chosen: Row) -> Rows:
    """Those under way first, then by the day they are due."""
    status = chosen.get("status", "")
    wanted = {"": STATUS, "open": OPEN}.get(status, (status,))
    if not set(wanted) <= set(STATUS):
        raise NoSuchRows(f"status: found {status!r}, expected open, {', '.join(STATUS)}")
    names = ("project_no", "title", "facility_kind", "fix", "status", "listed_on", "due_on", "finished_on", "cost_wan",
             "fund", "document")  # fmt: skip
    rows = [
        {"community_id": row["community_id"], "name": known[row["community_id"]]["name"],
         "name_en": known[row["community_id"]]["name_en"], **{name: row[name] for name in names}}
        for row in twin.city.projects(at, one).to_pylist()
        if row["community_id"] in known and row["status"] in wanted
    ]  # fmt: skip
    order = {"building": 0, "planned": 1, "done": 2, "dropped": 3}
    return sorted(rows, key=lambda r: (order[r["status"]], r["due_on"] or r["listed_on"], r["project_no"]))


def _reach(twin: Twin, at: datetime, known: Mapping[str, Row], _one: str | None, chosen: Row) -> Rows:
    """Of one kind within some minutes: the least share first; where nobody's way is known it stands last."""
    kind, minutes = chosen.get("kind", KEY_KINDS[0]), chosen.get("minutes", f"{MINUTES[1]:g}")
    for name, found, allowed in (("kind", kind, KEY_KINDS), ("minutes", minutes, [f"{m:g}" for m in MINUTES])):
        if found not in allowed:
            raise NoSuchRows(f"{name}: found {found!r}, expected one of {', '.join(allowed)}")
    table = twin.city.coverage(at).filter(pc.equal(pc.field("facility_kind"), kind))
    rows = [
        {**_where(known[row["community_id"]]), "share": None if row["total"] is None else share_of(row),
         **{name: None if too_few(row[name]) else row[name] for name in ("total", "reached", "unknown")}}
        for row in table.to_pylist()
        if row["community_id"] in known and f"{row['limit']:g}" == minutes
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (row["share"] is None, row["share"] or 0.0, row["community_id"]))


def _where(row: Mapping[str, Any]) -> Row:
    return {name: row[name] for name in WHERE}


OF: Mapping[str, Callable[[Twin, datetime, Mapping[str, Row], str | None, Row], Rows]] = {
    "communities": _communities, "people": _people, "elders": _elders, "facilities": _facilities, "index": _index,
    "bottom": _bottom, "ungraded": _ungraded, "projects": _projects, "reach": _reach,
}  # fmt: skip
"""Figures by name; each makes its rows."""

"""The rows behind a figure of the circles page: what is not joined, islands, coverage by estate, all facilities."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dash import html

from layouts.page import View
from layouts.parts.circle_answers import counted_by, hour_of, kinds_of, speed_of
from layouts.parts.circle_network import LISTED, Network
from layouts.parts.circle_views import KEY
from layouts.parts.circle_words import kind_of, limit_of
from layouts.parts.format import UNKNOWN, count, measure, share
from layouts.parts.rows_drawer import rows_drawer
from layouts.parts.text import named, t
from twin_model.twin import Twin

MOST = 400
Row = dict[str, Any]


def rows(
    twin: Twin, at: datetime, community: str, *, key: str | None, kind: str | None, limit: str | None,
    speed: str | None, hour: str | None,
) -> Row | None:  # fmt: skip
    """The rows a key names (``islands:``, ``coverage:``); None for none."""
    name = (key or "").partition(":")[0]
    if name in LISTED:
        found = Network(twin, at, community, speed_of(speed), hour_of(at, hour)).rows(name)
    elif name == "coverage":
        found = _by_estate(twin, at, community, kind, limit, speed, hour)
    else:
        return None
    return {"kind": name, "total": len(found), "rows": found[:MOST]}


def _by_estate(
    twin: Twin, at: datetime, community: str, kind: str | None, limit: str | None, speed: str | None, hour: str | None
) -> list[Row]:
    amount, unit = limit_of(limit)
    by = counted_by(twin, at, community)
    kinds = [kind] if kind else kinds_of(twin, at, community)
    table = twin.circles.coverage(
        at, community_id=community, kinds=kinds, profile=speed_of(speed), by="estate", open_at=hour_of(at, hour)
    )
    names = {row["estate_id"]: row for row in twin.entities("estate", at, community_id=community).to_pylist()}
    found = [
        {**row, **{name: names.get(row["part_id"], {}).get(name) for name in ("name", "name_en")}}
        for row in table.to_pylist()
        if row["limit"] == amount and row["limit_unit"] == unit and row["group"] == by
    ]  # fmt: skip
    return sorted(found, key=lambda row: (row["facility_kind"], 2.0 if row["share"] is None else row["share"]))


def _where(row: Row) -> str:
    return f"{row['lon']:.5f}, {row['lat']:.5f}"


def _why(lang: str, row: Row) -> str:
    return t(lang, f"circles.why.{row['why']}")


def _of_island(_lang: str, row: Row) -> list[Any]:
    return [f"{count(row['metres'])} m", _where(row), row["line"]]


def _of_building(lang: str, row: Row) -> list[Any]:
    return [named(lang, row, row["building_id"]), count(row["homes"]), _why(lang, row)]


def _of_facility(lang: str, row: Row) -> list[Any]:
    return [named(lang, row, row["facility_id"]), kind_of(lang, row["facility_kind"]), _where(row), _why(lang, row)]


def _of_gap(lang: str, row: Row) -> list[Any]:
    metres = UNKNOWN if row["metres"] is None else f"{measure(row['metres'], 2)} m"
    return [t(lang, f"circles.what.{row['what']}"), row["id"], row["other"] or UNKNOWN, metres, _where(row)]


def _of_estate(lang: str, row: Row) -> list[Any]:
    return [
        named(lang, row, UNKNOWN), kind_of(lang, row["facility_kind"]), t(lang, f"circles.group.{row['group']}"),
        html.B(share(row["share"], 0)), share(row["straight_share"], 0),
        f"{count(row['reached'])} / {count(row['total'])}", count(row["unknown"]),
    ]  # fmt: skip


TABLES = {
    "islands": (_of_island, ("length", "where", "line")),
    "unjoined": (_of_building, ("building", "homes", "why")),
    "off_network": (_of_facility, ("facility", "kind", "where", "why")),
    "in_water": (_of_facility, ("facility", "kind", "where", "why")),
    "unconnected": (_of_gap, ("what", "line", "other", "metres", "where")),
    "coverage": (_of_estate, ("estate", "kind", "group", "share", "straight", "reached", "unknown")),
}


def drawer(view: View, _now: datetime, answer: Any) -> Any:
    """The rows as a table over the page; nothing while no figure was pressed."""
    if answer is None:
        return None
    draw, columns = TABLES[answer["kind"]]
    cells = (draw(view.lang, row) for row in answer["rows"])
    return rows_drawer(view.lang, "circles", answer, columns, cells, key=KEY)

"""The rows behind a figure of the occupancy page: sensors of a place, its hours, bookings, corrections."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from dash import html

from layouts.page import View
from layouts.parts.format import UNKNOWN, age, clock, count, day, measure, share, stamp
from layouts.parts.occupancy_answers import WEEK
from layouts.parts.occupancy_views import KEY, TONE, signed
from layouts.parts.panel import sign
from layouts.parts.rows_drawer import rows_drawer
from layouts.parts.text import named, t
from twin_model.twin import Twin

MOST = 400
Row = dict[str, Any]
DAY = timedelta(days=1)


def rows(twin: Twin, at: datetime, community: str, *, key: str | None) -> Row | None:
    """The rows a key names (``now:room``, ``hours:room``, ``bookings:empty``, ``corrections:``); None for none."""
    kind, _, choice = (key or "").partition(":")
    if kind not in TABLES:
        return None
    found = TABLES[kind][0](twin, at, community, choice)
    return {"kind": kind, "choice": choice, "total": len(found), "rows": found[:MOST]}


def _sensors(twin: Twin, at: datetime, community: str, choice: str) -> list[Row]:
    """The counters a place is counted by, with what they say and what is left of it without their drift."""
    inside = twin.entities("room", at, community_id=community, facility_id=choice)["room_id"].to_pylist()
    counted, _ = twin.people.now(at)
    people = dict(zip(*(column.to_pylist() for column in counted.columns), strict=True))
    states = twin.states(at, community_id=community)
    states = states.filter(pc.is_in(states["metric"], pa.array(["people", "entered", "left", "co2"])))
    found: dict[str, Row] = {}
    for row in states.to_pylist():
        if row["home_id"] is None and (
            choice in (row["room_id"], row["facility_id"], row["building_id"]) or row["room_id"] in inside
        ):
            mine = found.setdefault(
                row["device_id"], {"name": row["name"], "status": row["status"], "newest": row["taken_at"]}
            )
            mine[row["metric"]] = row["value"]
            mine["corrected"] = people.get(row["device_id"], mine.get("people"))
    rows = [found[name] | {"device_id": name} for name in sorted(found)]
    return sorted(rows, key=lambda row: -(row["corrected"] if row["corrected"] is not None else -1.0))


def _hours(twin: Twin, at: datetime, community: str, choice: str) -> list[Row]:
    table = twin.occupancy_hours(at - WEEK, at, at, community_id=community, place_id=choice)
    return list(reversed(table.to_pylist()))


def _bookings(twin: Twin, at: datetime, community: str, choice: str) -> list[Row]:
    found = twin.booked_but_empty(at - WEEK, at + DAY, at, community_id=community)
    return [row for row in found if not choice or row["verdict"] == choice]


def _corrections(twin: Twin, at: datetime, community: str, _choice: str) -> list[Row]:
    return twin.people.corrections(at - WEEK, at, at, community_id=community)


def _of_sensor(lang: str, now: datetime, row: Row) -> list[Any]:
    status = [sign(row["status"]), t(lang, f"status.{row['status']}")]
    said = [count(row.get(name)) for name in ("entered", "left", "people")]
    ppm = UNKNOWN if row.get("co2") is None else f"{count(row['co2'])} ppm"
    return [
        row["name"] or row["device_id"],
        status,
        *said,
        html.B(count(row.get("corrected"))),
        ppm,
        age(lang, row["newest"], now),
    ]


def _of_hour(lang: str, _now: datetime, row: Row) -> list[Any]:
    when = f"{day(lang, row['hour'])} {clock(row['hour'])}"
    people = measure(row["people"], 1) if row["people"] is not None else UNKNOWN
    return [
        when,
        html.B(people),
        share(row["share"], 0),
        t(lang, f"method.{row['method']}"),
        t(lang, f"grade.{row['grade']}"),
        share(row["heard"], 0),
    ]


def _of_booking(lang: str, _now: datetime, row: Row) -> list[Any]:
    verdict = [sign(TONE[row["verdict"]]), t(lang, f"occupancy.verdict.{row['verdict']}")]
    span = f"{day(lang, row['starts_at'])} {clock(row['starts_at'])}–{clock(row['ends_at'])}"
    came = UNKNOWN if row["people"] is None else measure(row["people"], 1)
    return [
        verdict,
        named(lang, row),
        span,
        t(lang, f"occupancy.booked_by.{row['booked_by']}"),
        count(row["expected"]),
        came,
        row["booking_no"],
    ]


def _of_correction(lang: str, _now: datetime, row: Row) -> list[Any]:
    return [
        stamp(lang, row["at"]),
        named(lang, row),
        html.B(signed(row["persons"])),
        t(lang, f"occupancy.why.{row['reason']}"),
        measure(row["factor"], 3),
        row["device_id"],
    ]


TABLES = {
    "now": (_sensors, _of_sensor, ("sensor", "status", "entered", "left", "tally", "corrected_head", "co2", "seen")),
    "hours": (_hours, _of_hour, ("hour", "people", "share", "method", "grade", "heard")),
    "bookings": (_bookings, _of_booking, ("verdict_head", "room", "time", "by", "expected", "came", "number")),
    "corrections": (_corrections, _of_correction, ("time", "room", "persons", "why_head", "factor", "sensor")),
}


def drawer(view: View, now: datetime, answer: Any) -> Any:
    """The rows as a table over the page; nothing while no figure was pressed."""
    if answer is None:
        return None
    _, draw, columns = TABLES[answer["kind"]]
    cells = (draw(view.lang, now, row) for row in answer["rows"])
    note = t(view.lang, f"occupancy.note.{answer['kind']}")
    return rows_drawer(view.lang, "occupancy", answer, columns, cells, key=KEY, note=note)

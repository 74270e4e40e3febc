"""The way in behind a figure: the rows it was counted from, as a table over the map.

A figure names its rows by a key such as ``homes:blind`` or ``devices:lost``; ``rows`` answers it, ``drawer`` draws it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from dash import html

from layouts.page import View
from layouts.parts import care_answers
from layouts.parts.answers import LOW_BATTERY, tasks
from layouts.parts.care_parts import doing_now, drill_badge, own, place, words
from layouts.parts.doing import said, title
from layouts.parts.format import UNKNOWN, age, count, measure, share, stamp
from layouts.parts.panel import icon, sets, sign
from layouts.parts.text import named, some, t, titled
from layouts.parts.where import described, placed, unit, where
from twin_model.twin import Twin

MOST = 200

Row = dict[str, Any]
Column = tuple[str, Callable[[str, datetime, Row], Any]]

FIGURES = {
    "parking": ("occupied",),
    "chargers": ("charger_state",),
    "air": ("pm2_5", "pm10", "temperature", "humidity", "noise"),
}


def rows(twin: Twin, at: datetime, community: str, *, key: str | None) -> dict[str, Any] | None:
    """The rows behind a key, at most ``MOST`` of ``total``; None for no key or one that means nothing."""
    kind, _, choice = (key or "").partition(":")
    if kind not in TABLES:
        return None
    found = list(TABLES[kind][0](twin, at, community, choice))
    return {"key": key, "total": len(found), "rows": found[:MOST]}


def _homes(twin: Twin, at: datetime, community: str, choice: str) -> Iterable[Row]:
    table = twin.home_states(at, community_id=community)
    return placed(twin, at, (row for row in table.to_pylist() if not choice or row["state"] == choice))


def _devices(twin: Twin, at: datetime, community: str, choice: str) -> Iterable[Row]:
    table = twin.device_status(at, community_id=community)
    found = [row for row in table.to_pylist() if not choice or row["status"] == choice]
    return described(twin, placed(twin, at, found))


def _weak(twin: Twin, at: datetime, community: str, _choice: str) -> Iterable[Row]:
    found = [
        row for row in _devices(twin, at, community, "") if row["battery"] is not None and row["battery"] <= LOW_BATTERY
    ]
    return sorted(found, key=lambda row: row["battery"])


def _alerts(twin: Twin, at: datetime, community: str, _choice: str) -> Iterable[Row]:
    return tasks(twin, at, community)


def _incidents(twin: Twin, at: datetime, community: str, _choice: str) -> Iterable[Row]:
    found = [i for i in care_answers.open_incidents(twin, at, community) if not care_answers.is_upkeep(i)]
    return care_answers.told(twin, at, found)


def _figure(twin: Twin, at: datetime, community: str, choice: str) -> Iterable[Row]:
    states = twin.states(at, community_id=community)
    found = states.filter(pc.is_in(states["metric"], pa.array(FIGURES[choice])))
    return described(twin, placed(twin, at, found.to_pylist()))


def _device(twin: Twin, at: datetime, community: str, choice: str) -> Iterable[Row]:
    states = twin.states(at, community_id=community, device_id=choice)
    return described(twin, placed(twin, at, states.to_pylist()))


def _centre(twin: Twin, at: datetime, community: str, _choice: str) -> Iterable[Row]:
    return [row for row in twin.occupancy(at, community_id=community).to_pylist() if row["method"] != "none"]


def _residents(twin: Twin, at: datetime, community: str, _choice: str) -> Iterable[Row]:
    homes = twin.entities("home", at, community_id=community)
    sums = homes.group_by("building_id").aggregate([(name, "sum") for name in _COUNTED])
    found = sums.rename_columns([name.removesuffix("_sum") for name in sums.column_names]).to_pylist()
    return sorted(placed(twin, at, found), key=lambda row: row["building_id"])


_COUNTED = ("households", "age_0_17", "age_18_59", "age_60_79", "age_80_up")


def _quarantine(twin: Twin, at: datetime, _community: str, _choice: str) -> Iterable[Row]:
    return [row for row in twin.quarantined(at, limit=MOST).to_pylist() if row["resolved_at"] is None]


def _stored(twin: Twin, at: datetime, community: str, _choice: str) -> Iterable[Row]:
    newest = twin.states(at, community_id=community).sort_by([("received_at", "descending")]).slice(0, MOST)
    return described(twin, placed(twin, at, (row for row in newest.to_pylist() if row["received_at"])))


# --- columns ------------------------------------------------------------------------------------------------


def _state(lang: str, _now: datetime, row: Row) -> Any:
    return [sign(row["state"]), t(lang, f"elders.{row['state']}")]


def _status(lang: str, _now: datetime, row: Row) -> Any:
    return [sign(row["status"]), t(lang, f"status.{row['status']}")]


def _severity(lang: str, _now: datetime, row: Row) -> Any:
    return [sign(row["severity"]), t(lang, f"severity.{row['severity']}")]


def _incident(lang: str, _now: datetime, row: Row) -> Any:
    """What it is called; a press leads to it."""
    incident = row["incident"]
    way = {"data-incident-way": incident.incident_id}
    return [html.Button(words(lang, incident.title), className="way link", **way), " ", drill_badge(lang, row)]


def _age(name: str) -> Callable[[str, datetime, Row], Any]:
    return lambda lang, now, row: age(lang, row[name], now) if row[name] else UNKNOWN


def _stamp(name: str) -> Callable[[str, datetime, Row], Any]:
    return lambda lang, _now, row: stamp(lang, row[name], seconds=True)


def _count(name: str) -> Callable[[str, datetime, Row], Any]:
    return lambda _lang, _now, row: count(row[name])


def _value(lang: str, _now: datetime, row: Row) -> Any:
    return UNKNOWN if row["value"] is None else said(lang, row)


def _type(lang: str, _now: datetime, row: Row) -> Any:
    return titled(lang, row["type_title"], row["type"] or UNKNOWN)


def _metric(lang: str, _now: datetime, row: Row) -> Any:
    return titled(lang, row["metric_title"], row["metric"])


def _where(lang: str, _now: datetime, row: Row) -> Any:
    return where(lang, row)


def _battery(lang: str, _now: datetime, row: Row) -> Any:
    return UNKNOWN if row["battery"] is None else f"{measure(row['battery'], 0)} {unit(lang, '%')}"


def _people(lang: str, _now: datetime, row: Row) -> Any:
    return (
        [sign("blind"), t(lang, "grade.unknown")]
        if row["people"] is None
        else f"{count(row['people'])} {t(lang, 'unit.people')}"
    )


TYPE: Column = ("column.type", _type)
PLACE: Column = ("column.place", _where)
STATUS: Column = ("column.status", _status)
READING: list[Column] = [
    TYPE,
    PLACE,
    ("column.metric", _metric),
    ("column.value", _value),
    STATUS,
    ("column.taken", _stamp("taken_at")),
    ("column.received", _stamp("received_at")),
]
DEVICE: list[Column] = [STATUS, TYPE, PLACE, ("column.battery", _battery), ("column.seen", _age("last_seen"))]

TABLES: dict[str, tuple[Callable[[Twin, datetime, str, str], Iterable[Row]], list[Column]]] = {
    "homes": (
        _homes,
        [("column.state", _state), PLACE, ("column.since", _stamp("since")), ("column.age", _age("since"))],
    ),
    "devices": (_devices, DEVICE),
    "battery": (_weak, DEVICE),
    "alerts": (
        _alerts,
        [
            ("column.severity", _severity),
            ("column.what", lambda lang, _n, row: title(lang, row)),
            PLACE,
            ("column.value", _value),
            ("column.since", _stamp("since")),
            ("column.age", _age("since")),
        ],
    ),
    "incidents": (
        _incidents,
        [
            ("column.severity", lambda lang, now, row: _severity(lang, now, {"severity": row["incident"].severity})),
            ("column.what", _incident),
            ("column.place", lambda lang, _n, row: place(lang, row)),
            ("column.doing", lambda lang, _n, row: doing_now(lang, row)),
            ("column.since", lambda lang, _n, row: stamp(lang, row["incident"].raised_at, seconds=True)),
            ("column.age", lambda lang, now, row: age(lang, row["incident"].raised_at, own(row, now))),
        ],
    ),
    "figure": (_figure, READING),
    "device": (_device, READING),
    "stored": (_stored, READING),
    "centre": (
        _centre,
        [
            ("column.place", lambda lang, _n, row: named(lang, row)),
            ("column.people", _people),
            ("column.capacity", _count("capacity")),
            ("column.share", lambda _l, _n, row: share(row["share"], 0)),
            ("column.grade", lambda lang, _n, row: t(lang, f"grade.{row['grade']}")),
            ("column.seen", _age("newest")),
        ],
    ),
    "residents": (
        _residents,
        [
            PLACE,
            ("column.households", _count("households")),
            *((f"population.{name}", _count(name)) for name in _COUNTED[1:]),
        ],
    ),
    "quarantine": (
        _quarantine,
        [
            ("column.received", _stamp("received_at")),
            ("column.source", lambda _l, _n, row: row["place"]),
            ("column.reason", lambda lang, _n, row: some(lang, "code", row["code"])),
            ("column.detail", lambda _l, _n, row: row["reason"]),
        ],
    ),
}


def drawer(view: View, now: datetime, answer: Any) -> Any:
    """The rows behind a figure; nothing while no figure was pressed."""
    if answer is None:
        return None
    lang = view.lang
    kind = answer["key"].partition(":")[0]
    columns = TABLES[kind][1]
    heads = html.Tr([html.Th(t(lang, key), scope="col") for key, _ in columns])
    body = [html.Tr([html.Td(cell(lang, now, row)) for _, cell in columns]) for row in answer["rows"]]
    note = (
        t(lang, "drawer.part", n=count(len(body)), all=count(answer["total"]))
        if answer["total"] > len(body)
        else t(lang, "drawer.all", n=count(answer["total"]))
    )
    close = html.Button(
        [icon("close"), t(lang, "drawer.close")],
        className="button small",
        **{**sets("overview--open", ""), "data-escape": ""},
    )
    table = (
        html.Table([html.Thead(heads), html.Tbody(body)])
        if body
        else html.P(t(lang, "drawer.empty"), className="caveat")
    )
    return html.Div(
        [
            html.Div(
                [html.H2(t(lang, f"drawer.{kind}"), tabIndex=-1), html.Span(note, className="note"), close],
                className="head",
            ),
            html.Div(
                table,
                className="table-box",
                tabIndex=0,
                role="region",
                **{"aria-label": t(lang, f"drawer.{kind}")},
            ),
        ],
        className="panel drawer",
        role="dialog",
        **{"aria-label": t(lang, f"drawer.{kind}")},
    )

"""The table of devices: dark AG Grid in the reader's language, and its rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import dash_ag_grid as dag

from layouts.page import View
from layouts.parts.doing import said
from layouts.parts.text import t, texts, titled
from layouts.parts.where import where

Row = dict[str, Any]

THEME = {
    "function": "themeQuartz.withPart(agGrid.colorSchemeDark).withParams({"
    "backgroundColor: '#0f1829', foregroundColor: '#E8EEF7', "
    "headerTextColor: '#A9B6C8', accentColor: '#4DA3FF', borderColor: '#24324A', chromeBackgroundColor: '#121b2d', "
    "rowHoverColor: '#1A263B', selectedRowBackgroundColor: '#1d3350', oddRowBackgroundColor: '#111A2B', "
    "fontFamily: 'inherit', "
    "fontSize: 15, headerFontSize: 14, wrapperBorderRadius: '8px', columnBorder: false})"
}
WIDE = {"wide": True}
"""The context of a column that stands only where it fits (assets/20_shell_devices.js); the row's own panel says all."""


def grid(view: View, name: str) -> dag.AgGrid:
    """The empty table; rows come by callback and are told apart by ``id``, so the selection survives an update."""
    lang = view.lang
    return dag.AgGrid(
        id=name,
        columnDefs=_columns(lang),
        defaultColDef={
            "sortable": True,
            "resizable": True,
            "suppressMovable": True,
            "tooltipValueGetter": {"function": "params.valueFormatted || params.value"},
        },
        getRowId="params.data.id",
        dashGridOptions={
            "theme": THEME,
            "localeText": {
                key.removeprefix("grid."): text for key, text in texts(lang).items() if key.startswith("grid.")
            },
            "rowSelection": {"mode": "singleRow", "checkboxes": False, "enableClickSelection": True},
            "rowHeight": 40,
            "headerHeight": 40,
            "rowClassRules": {f"row-{name}": f"params.data.alarm == '{name}'" for name in ("act", "look")},
            "animateRows": False,
            "suppressColumnVirtualisation": True,
            "tooltipShowDelay": 300,
        },
        className="",
        style={"height": "100%", "width": "100%"},
    )


def _columns(lang: str) -> list[dict[str, Any]]:
    status = {name: t(lang, f"status.{name}") for name in ("fresh", "stale", "lost")}
    alarm = {name: t(lang, f"severity.{name}") for name in ("act", "look")}
    return [
        {
            "field": "status",
            "headerName": t(lang, "column.status"),
            "flex": 105,
            "minWidth": 80,
            "valueFormatter": _words(status),
            "cellClassRules": _shapes("fresh", "stale", "lost"),
        },
        {
            "field": "alarm",
            "headerName": t(lang, "column.alarm"),
            "flex": 115,
            "minWidth": 112,
            "context": WIDE,
            "valueFormatter": _words(alarm),
            "cellClassRules": _shapes("act", "look"),
        },
        {"field": "type", "headerName": t(lang, "column.type"), "flex": 150, "minWidth": 108},
        {"field": "place", "headerName": t(lang, "column.place"), "flex": 260, "minWidth": 168},
        {"field": "value", "headerName": t(lang, "column.value"), "flex": 130, "minWidth": 110, "context": WIDE},
        {
            "field": "battery",
            "headerName": t(lang, "column.battery"),
            "flex": 95,
            "minWidth": 80,
            "context": WIDE,
            "type": "rightAligned",
            "valueFormatter": {"function": "params.value == null ? '—' : params.value + '%'"},
            "cellClassRules": {"low-battery": "params.value != null && params.value <= 20"},
        },
        {
            "field": "seen",
            "headerName": t(lang, "column.seen"),
            "flex": 125,
            "minWidth": 106,
            "context": WIDE,
            "valueFormatter": {"function": "cimAgo(params.value)"},
        },
        {"field": "dialect", "headerName": t(lang, "column.dialect"), "flex": 130, "minWidth": 110, "context": WIDE},
        {"field": "address", "headerName": t(lang, "column.address"), "flex": 220, "minWidth": 161, "context": WIDE},
    ]


def _words(words: Mapping[str, str]) -> dict[str, str]:
    cases = " : ".join(f"params.value == '{name}' ? '{text}'" for name, text in words.items())
    return {"function": f"{cases} : ''"}


def _shapes(*names: str) -> dict[str, str]:
    return {f"shape shape-{name}": f"params.value == '{name}'" for name in names}


def rows(lang: str, devices: Iterable[Row]) -> list[Row]:
    """Rows of the table, the worst first: alarms, then lost, stale and fresh ones."""
    return [_row(lang, row) for row in sorted(devices, key=_rank)]


def _rank(row: Row) -> int:
    return {"act": 0, "look": 1}.get(row["alarm"], {"lost": 2, "stale": 3}.get(row["status"], 4))


def _row(lang: str, row: Row) -> Row:
    return {
        "id": row["device_id"],
        "status": row["status"],
        "alarm": row["alarm"],
        "type": titled(lang, row["type_title"], row["type"]),
        "place": where(lang, row),
        "value": said(lang, row) if row.get("metric") else "",
        "battery": None if row["battery"] is None else round(row["battery"]),
        "seen": _local(row["last_seen"]),
        "dialect": DIALECTS.get(row["dialect"], row["dialect"]),
        "address": row["address"],
    }


DIALECTS = {"json": "JSON", "chirpstack": "ChirpStack", "zigbee2mqtt": "Zigbee2MQTT"}


def _local(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None

"""The table of all homes with a kit: state, since when, why, its open alert, devices heard; the way to each home."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import dash_ag_grid as dag
from dash import html

from layouts.page import View
from layouts.parts.format import count
from layouts.parts.grid import THEME, WIDE
from layouts.parts.home_answers import STATES
from layouts.parts.panel import next_step, sets, sign, unknown
from layouts.parts.text import some, t, texts, titled
from layouts.parts.where import where

Row = dict[str, Any]


def grid(view: View, name: str) -> dag.AgGrid:
    """The empty table; a press on a row opens that home (assets/51_forms.js)."""
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
            "localeText": _grid_words(lang),
            "rowHeight": 40,
            "headerHeight": 40,
            "animateRows": False,
            "suppressColumnVirtualisation": True,
            "tooltipShowDelay": 300,
            "rowSelection": {"mode": "singleRow", "checkboxes": False, "enableClickSelection": True},
        },
        className="",
        style={"height": "100%", "width": "100%"},
    )


def _grid_words(lang: str) -> dict[str, str]:
    words = {key.removeprefix("grid."): text for key, text in texts(lang).items() if key.startswith("grid.")}
    return words | {"noRowsToShow": t(lang, "home.no_rows")}


def _columns(lang: str) -> list[dict[str, Any]]:
    def column(field: str, width: int, **more: Any) -> dict[str, Any]:
        known = {"field": field, "headerName": t(lang, f"home.column.{field}"), "flex": width, "minWidth": width}
        return known | more

    return [
        column("place", 210, minWidth=168),
        column("state", 105, minWidth=76, cellClassRules=_shapes("state_code", STATES)),
        column("since", 110, valueFormatter={"function": "cimAgo(params.value)"}, context=WIDE),
        column("reason", 190, context=WIDE),
        column("alert", 170, minWidth=112, cellClassRules=_shapes("severity", ("act", "look"))),
        column("seen", 110, valueFormatter={"function": "cimAgo(params.value)"}, context=WIDE),
        column("devices", 110, type="rightAligned", context=WIDE),
    ]


def _shapes(field: str, names: Iterable[str]) -> dict[str, str]:
    return {f"shape shape-{name}": f"params.data.{field} == '{name}'" for name in names}


def rows(lang: str, homes: Iterable[Mapping[str, Any]]) -> list[Row]:
    """The rows of the table in the order of the answer: alerts first, then blind and quiet homes."""
    return [_row(lang, row) for row in homes]


def _row(lang: str, row: Mapping[str, Any]) -> Row:
    alert = row["alert"]
    return {
        "id": row["home_id"],
        "place": where(lang, row),
        "state": t(lang, f"home.state.{row['state']}"),
        "state_code": row["state"],
        "since": _iso(row["since"]),
        "seen": _iso(row.get("seen_at")),
        "reason": some(lang, "home.reason", row.get("reason") or ""),
        "alert": titled(lang, alert["title"], alert["rule"]) if alert else "",
        "severity": alert["severity"] if alert else None,
        "devices": f"{row['heard']} / {row['devices']}",
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None


def chips(view: View, _now: datetime, answer: Any) -> Any:
    """How many homes are in each state; a press leaves only those in the table."""
    if answer is None:
        return None
    lang = view.lang
    if not answer["all"]:  # nobody could be looked after: no row of zeros
        reason = t(lang, "elders.no_kits", n=count(answer["alone"])) if answer["alone"] else t(lang, "elders.none")
        return html.Div([unknown(reason), next_step(view, "kits" if answer["alone"] else "elders")])
    buttons = [_chip("", t(lang, "filter.all"), answer["all"])]
    buttons += [_chip(name, t(lang, f"home.state.{name}"), answer.get(name, 0)) for name in STATES]
    return html.Div(buttons, className="chip-row", role="group", **{"aria-label": t(lang, "filter.label")})


def _chip(name: str, word: str, n: int) -> html.Button:
    return html.Button(
        [sign(name) if name else None, word, html.B(count(n))],
        className="filter-chip",
        **{**sets("home--state", name), "data-choice": "status"},
    )

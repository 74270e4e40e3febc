"""The evidence of a KPI as a table: every row it counts and every row it leaves out with the reason. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

import dash_ag_grid as dag
from dash import html

from layouts.page import ZONE, View
from layouts.parts.format import UNKNOWN, count
from layouts.parts.grid import THEME
from layouts.parts.kpi_views import joined
from layouts.parts.panel import head, icon, unknown
from layouts.parts.text import has, named, some, t, texts, titled

Row = Mapping[str, Any]
FIRST, LAST = ("row_id", "excluded", "happened_at"), ("numerator", "denominator")
CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def evidence(view: View, _now: datetime, answer: Any) -> Any:
    """The table with its exports; a public screen never gets here, others without the columns that lead to a home."""
    if answer is None:
        return None
    lang, shown = view.lang, len(answer["rows"])
    note = t(
        lang, "kpi.rows_part" if shown < answer["all"] else "kpi.rows_note", n=count(shown), all=count(answer["all"])
    )
    title = html.Div(
        [html.H2(t(lang, "kpi.rows")), html.Span(note, className="note"), *_exports(view, answer)],
        className="head rows-head",
    )
    hidden = None
    if answer["hidden"]:
        what = joined(lang, [column_title(lang, answer, name) for name in answer["hidden"]])
        hidden = html.P([icon("lock"), t(lang, "kpi.hidden", what=what)], className="barred")
    if not answer["rows"]:
        return html.Div([head(t(lang, "kpi.rows")), unknown(t(lang, "kpi.rows_none"))], className="panel")
    return html.Div(
        [title, hidden, html.Div(_grid(view, answer), className="evidence-grid")], className="panel kpi-evidence"
    )


def _exports(view: View, answer: Row) -> list[html.Button]:
    """Buttons that fetch the same rows as files, as of the same instant (assets/52_scenes.js)."""
    lang = view.lang
    query = urlencode({"at": answer["at"].isoformat(), "community": answer["community"]})
    path = f"/api/v1/kpis/{answer['kpi']}/evidence?{query}"
    busy = {"data-busy": t(lang, "kpi.exporting"), "data-failed": t(lang, "kpi.export_failed", why="{why}")}
    return [
        html.Button(t(lang, key), className="button small", **{"data-export": path, "data-form": form, **busy})
        for key, form in (("kpi.export_csv", CSV), ("kpi.export_xlsx", XLSX))
    ]


def _grid(view: View, answer: Row) -> dag.AgGrid:
    lang = view.lang
    words = {key.removeprefix("grid."): text for key, text in texts(lang).items() if key.startswith("grid.")}
    return dag.AgGrid(
        columnDefs=[_column(lang, answer, name) for name in ordered(answer["columns"])],
        rowData=[row_of(lang, answer, row) for row in answer["rows"]],
        defaultColDef={
            "sortable": True, "resizable": True, "suppressMovable": True, "minWidth": 110, "flex": 1,
            "tooltipValueGetter": {"function": "params.valueFormatted || params.value"},
        },
        dashGridOptions={
            "theme": THEME, "localeText": words, "rowHeight": 36, "headerHeight": 38, "animateRows": False,
            "tooltipShowDelay": 300, "enableCellTextSelection": True,
            "rowClassRules": {"left-out": "params.data.left_out"},
        },
        className="", style={"height": "100%", "width": "100%"},
    )  # fmt: skip


def ordered(names: list[str]) -> list[str]:
    """Which row, whether it counts and when it was, what is known of it, then what it counts for."""
    own = [name for name in names if name not in (*FIRST, *LAST)]
    return [name for name in (*FIRST, *own, *LAST) if name in names]


def _column(lang: str, answer: Row, name: str) -> dict[str, Any]:
    known: dict[str, Any] = {"field": name, "headerName": column_title(lang, answer, name)}
    if name in ("numerator", "denominator"):
        known |= {
            "type": "rightAligned",
            "maxWidth": 140,
            "valueFormatter": {"function": "params.value == null ? '—' : params.value"},
        }
    if name == "excluded":
        known |= {"minWidth": 160, "cellClassRules": {"shape shape-look": "params.data.left_out"}}
    if any(isinstance(row[name], datetime) for row in answer["rows"]):
        known |= {"minWidth": 165}
    if name == "row_id":
        known |= {"minWidth": 190}
    return known


def column_title(lang: str, answer: Row, name: str) -> str:
    """What a column is called: as the record kind declares it, else the pages' own word, else its name."""
    title = answer["titles"].get(name)
    return titled(lang, title, name) if title else some(lang, "kpi.column", name)


def row_of(lang: str, answer: Row, row: Row) -> dict[str, Any]:
    """A row as the table shows it: codes in words, instants in local time, the reason where it is left out."""
    places = answer["places"]
    found = {name: _cell(lang, answer["codes"].get(name, {}), value) for name, value in row.items()}
    found |= {n: named(lang, places[n][row[n]]) for n in places if row[n] in places[n]}
    code = row.get("excluded")
    found["left_out"] = code is not None
    found["excluded"] = (
        t(lang, "kpi.included") if code is None else t(lang, "kpi.left_out", reason=reason(lang, answer, row, code))
    )
    return found


def reason(lang: str, answer: Row, row: Row, code: str) -> str:
    """Why a row is left out, in words; a code without words is shown as it is."""
    if has(lang, f"reason.{code}"):
        return t(lang, f"reason.{code}")
    check = answer["reasons"].get(code)
    if check is None:
        return code
    try:
        return titled(lang, check, code).format(**row)
    except (KeyError, ValueError, IndexError):  # the reason speaks of a column the evidence does not carry
        return titled(lang, check, code).split("{")[0].rstrip("（( ") or code


def _cell(lang: str, codes: Mapping[str, Mapping[str, str]], value: Any) -> Any:
    if isinstance(value, bool):
        return t(lang, "kpi.yes" if value else "kpi.no")
    if isinstance(value, datetime):
        local = (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(ZONE)
        return local.strftime("%Y-%m-%d %H:%M")  # as in an export, and sorted as it is read
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return joined(lang, [str(one) for one in value]) or UNKNOWN
    if isinstance(value, str) and value in codes:
        return titled(lang, codes[value], value)
    return round(value, 4) if isinstance(value, float) else value

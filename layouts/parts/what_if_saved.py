"""The scenarios of the what-if page: save, open, rename, withdraw, report; two or three side by side."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from dash import html

from layouts.page import View
from layouts.parts.circle_words import kind_of, limit_words
from layouts.parts.format import UNKNOWN, count, stamp
from layouts.parts.panel import head
from layouts.parts.text import t
from layouts.parts.what_if_views import GROUPS, does, signed, tone


def saved(view: View, now: datetime, answer: Any) -> html.Div:
    """Save, open, rename, withdraw; two chosen ones side by side."""
    lang = view.lang
    rows = [html.Li(_scenario(view, one, answer)) for one in answer["listed"]]
    save = html.Div(
        [
            html.Div(
                className="input-place",
                **{"data-field": "scenario", "data-kind": "text", "data-label": t(lang, "what_if.name")},
            ),
            html.Button(t(lang, "what_if.save"), className="button primary", **does("save")),
        ],
        className="what-if-save",
    )
    if not view.live:
        save = html.P(t(lang, "form.past"), className="caveat")
    said = html.P(className="caveat", role="status", **{"data-what-if-said": ""})
    compared = _compared(lang, answer) if len(answer["compared"]) > 1 else None
    hint = html.P(t(lang, "what_if.compare_how"), className="caveat") if len(rows) > 1 and compared is None else None
    none = html.P(t(lang, "what_if.none_saved"), className="caveat")
    return html.Div(
        [
            head(t(lang, "what_if.saved"), count(len(rows))),
            save,
            said,
            html.Ul(rows, className="what-if-list scenarios") if rows else none,
            hint,
            compared,
        ],
        className="panel what-if-saved",
    )


def _scenario(view: View, one: Any, answer: Any) -> list[Any]:
    lang = view.lang
    on = one["id"] in answer["pair"]
    opened = html.Button(
        one["name"], className="way", title=t(lang, "what_if.open"),
        **does("open", json.dumps({k: one[k] for k in ("id", "name", "edits", "profile")}, ensure_ascii=False)),
    )  # fmt: skip
    acts = [
        html.Button(t(lang, "what_if.compare"), className="link", **does("pair", one["id"]),
                    **{"aria-pressed": str(on).lower()}),
        html.Button(t(lang, "what_if.report"), className="link", title=t(lang, "what_if.report_how"),
                    **does("report", one["id"])),
        html.A("XLSX", href=f"/api/v1/scenarios/{one['id']}/export", className="link", title=t(lang, "what_if.export")),
    ]  # fmt: skip
    if view.live:
        acts += [
            html.Button(
                t(lang, f"what_if.{act}"), className="link", **does(act, one["id"], **{"data-name": one["name"]})
            )
            for act in ("update", "rename", "copy", "withdraw")
            if act != "update" or answer["open"] == one["id"]
        ]
    note = t(lang, "what_if.scenario_note", n=len(one["edits"]), owner=one["owner"], at=stamp(lang, one["at"]))
    return [html.B(opened, className="on" if answer["open"] == one["id"] else ""), html.Small(note),
            html.Span(acts, className="acts")]  # fmt: skip


def _compared(lang: str, answer: Any) -> html.Section:
    """Each scenario a column, each kind and group a row: who is within the limit after it."""
    columns = [one for one in answer["compared"] if "wrong" not in one]
    kinds = sorted({kind["kind"] for one in columns for kind in one["kinds"]})
    body = []
    for kind in kinds:
        body.append(html.Tr(html.Th(kind_of(lang, kind), colSpan=len(columns) + 1)))
        for group in GROUPS:
            cells = []
            for one in columns:
                mine = next((k for k in one["kinds"] if k["kind"] == kind), None)
                pair = None if mine is None else mine["rows"].get(group)
                words: Any = UNKNOWN
                if pair is not None:
                    words = [count(pair[1]), html.Small(signed(pair[1] - pair[0]), className=tone(pair[1] - pair[0]))]
                cells.append(html.Td(words, className="right"))
            body.append(html.Tr([html.Td(t(lang, f"circles.group.{group}")), *cells]))
    cost = [html.Td(count(one["yuan"]) if one["yuan"] is not None else UNKNOWN, className="right") for one in columns]
    body.append(html.Tr([html.Td(t(lang, "what_if.cost")), *cost]))
    header = html.Tr(
        [html.Th(limit_words(lang, answer["limit"])), *(html.Th(one["name"], className="right") for one in columns)]
    )
    table = html.Table([html.Thead(header), html.Tbody(body)])
    ids = ",".join(one["id"] for one in answer["compared"])
    report = html.Button(t(lang, "what_if.report_all"), className="button", **does("report", ids))
    return html.Section([html.H3(t(lang, "what_if.side_by_side")), html.Div(table, className="table-box"), report])

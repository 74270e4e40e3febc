"""The audit trail on screen: whether the chain is whole, and who did what. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from dash import html

from layouts.page import View
from layouts.parts import form
from layouts.parts.format import age, count, stamp
from layouts.parts.panel import head, icon, sign
from layouts.parts.text import some, t, texts

Tree = Any


def barred(lang: str) -> html.P:
    """For everybody but the auditor."""
    return html.P([icon("lock"), t(lang, "audit.barred")], className="panel barred")


def state(view: View, now: datetime, standing: Any) -> html.Div:
    """The state of the chain: whole or where it does not fit, how long it is, how old its newest entry."""
    lang, verdict = view.lang, standing.verdict
    if verdict is None:
        chain: Tree = html.P([sign("look"), t(lang, "audit.unchecked")], className="chain")
    elif verdict.misfit is None:
        chain = html.P([sign("fresh"), t(lang, "audit.whole")], className="chain")
    else:
        said = verdict.misfit.sentence(lang)
        chain = html.P([sign("act"), html.B(t(lang, "audit.broken")), " ", said], className="chain", role="alert")
    lines = [
        html.Span([html.Span(count(standing.n), className="num"), " ", t(lang, "audit.lines")]),
        html.Span([t(lang, "audit.newest"), " ", age(lang, standing.at, now)]),
    ]
    if standing.checked_at:
        lines.append(html.Span(t(lang, "audit.checked", at=stamp(lang, standing.checked_at, seconds=True))))
    waiting = t(lang, "audit.waiting", n=standing.waiting)
    full = html.P([sign("act"), waiting], className="chain", role="alert")
    again = form.press(view, t(lang, "audit.check"), "/api/v1/audit/checks", sure=t(lang, "audit.sure"))
    return html.Div(
        [
            head(t(lang, "audit.state"), again),
            chain,
            full if standing.waiting else None,
            html.P(lines, className="chain-facts"),
            html.P([t(lang, "audit.hash"), html.Code(standing.hash)], className="caveat chain-hash"),
            html.P(t(lang, "audit.kept"), className="caveat"),
        ],
        className="panel",
    )


def entries(view: View, now: datetime, found: Iterable[Any], query: Mapping[str, str]) -> html.Div:
    """The table of entries, and the way to take them along."""
    lang = view.lang
    rows = [_row(lang, now, entry) for entry in found]
    names = ("when", "act", "who", "subject", "purpose", "outcome", "details")
    table = html.Table(
        [
            html.Thead(html.Tr([html.Th(t(lang, f"audit.{name}"), scope="col") for name in names])),
            html.Tbody(rows),
        ]
    )
    where = "/api/v1/audit?" + urlencode({**query, "form": "csv", "limit": "10000"})
    export = html.A(t(lang, "audit.export"), href=where, className="button small", download="")
    none = html.P(t(lang, "audit.none"), className="caveat")
    title = head(t(lang, "audit.entries"), [t(lang, "audit.shown", n=count(len(rows))), " ", export])
    return html.Div([title, html.Div(table if rows else none, className="table-box", tabIndex="0")], className="panel")


def _row(lang: str, now: datetime, entry: Any) -> html.Tr:
    tone = {"refused": "look", "failed": "act"}.get(entry.outcome)
    shown = [sign(tone) if tone else None, some(lang, "audit.outcomes", entry.outcome)]
    return html.Tr(
        [
            html.Td([html.Span(stamp(lang, entry.at, seconds=True), className="num"), " ", age(lang, entry.at, now)]),
            html.Td(some(lang, "audit.acts", entry.act)),
            html.Td(
                [some(lang, "audit.actors", entry.actor), html.Span(_role(lang, entry.role), className="caveat")],
                className="two-lines",
            ),
            html.Td(entry.subject, className="mono"),
            html.Td(_purpose(lang, entry.purpose)),
            html.Td(shown),
            html.Td(_details(lang, entry.details), className="mono"),
        ],
        title=f"{entry.n} · {entry.hash[:16]}",
    )


def _role(lang: str, role: str) -> str:
    return some(lang, "audit.actors", role) if role == "program" else some(lang, "role", role)


def _purpose(lang: str, purpose: str) -> str:
    """``处置事件 i-000193`` of the purpose a page gives; what a person wrote stays as it was written."""
    number = purpose.removeprefix("incident ")
    return purpose if number == purpose else t(lang, "audit.for_incident", n=number)


def _details(lang: str, details: Mapping[str, Any]) -> str:
    """Every key and value in the reader's language where it has a word; the export keeps the codes."""
    kept = {key: value for key, value in details.items() if value not in (None, "", [], {})}
    return " · ".join(f"{some(lang, 'audit.detail', key)} {_value(lang, key, value)}" for key, value in kept.items())


def _value(lang: str, key: str, value: Any) -> str:
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return some(lang, {"given": "role", "step": "outlet.did"}.get(key, "audit.detail_value"), value)


def actors(lang: str) -> dict[str, str]:
    """Those who are no account: what they are called -> how the trail names them."""
    return {words: key.removeprefix("audit.actors.") for key, words in texts(lang).items() if "audit.actors." in key}


def acts(lang: str) -> dict[str, str]:
    """The acts: what they are called -> code."""
    return {words: key.removeprefix("audit.acts.") for key, words in texts(lang).items() if "audit.acts." in key}

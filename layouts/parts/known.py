"""As known then, or as known now: what came late of the instant that is looked at, and the way to see it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dash import html

from layouts.page import View
from layouts.parts.format import clock, count, moment
from layouts.parts.text import t, titled
from layouts.parts.where import where


def known(view: View, now: datetime, answer: Any) -> Any:
    """A quiet panel of the past: how many readings came later and when, and whether series show them."""
    if answer is None:
        return None
    lang, n = view.lang, answer["readings"]
    switch = html.Div(
        [_choice(lang, "then", ""), _choice(lang, "now", "now")],
        className="known-switch",
        role="group",
        **{"aria-label": t(lang, "known.switch")},
    )
    words: list[Any] = [html.P(t(lang, "known.none"), className="caveat")]
    if n:
        came = moment(lang, answer["came_at"], now)
        said = t(lang, "known.late", n=count(n), devices=count(answer["devices"]), at=came)
        mark = html.I(className="late-mark", **{"aria-hidden": "true"})
        words = [html.P([mark, html.B(said)], className="known-line")]
        words += [html.P(_one(lang, now, row), className="caveat") for row in answer["first"]]
    top = html.Div([html.H2(t(lang, "known.title"), title=t(lang, "known.note")), switch], className="head")
    return html.Div([top, *words], className="panel known", **{"data-late": " ".join(answer["panels"])})


def _one(lang: str, now: datetime, row: Any) -> str:
    kind = titled(lang, row["type_title"], row["type"])
    span = clock(row["first_taken"])
    if row["readings"] > 1:
        span += f"–{clock(row['last_taken'])}"
    return t(lang, "known.one", where=where(lang, row), what=kind, span=span, at=moment(lang, row["came_at"], now))


def _choice(lang: str, name: str, value: str) -> html.Button:
    return html.Button(
        t(lang, f"known.{name}"),
        className="button",
        title=t(lang, f"known.{name}_why"),
        **{"data-set": "overview--known-as", "data-value": value, "data-known": name},
    )

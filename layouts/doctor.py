"""The system check: what `run.py doctor` finds, on a page for administrators. Asked for by a press, never by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from dash import Dash, Input, Output, html

from layouts.page import VIEW, Ask, Ids, Page, View
from layouts.parts.panel import head, icon, sign, unknown
from layouts.parts.person import person_of
from layouts.parts.text import t

ids = Ids("doctor")
SIGNS = {"ok": "fresh", "look": "look", "wrong": "act"}


def layout(view: View) -> html.Div:
    """The tree without findings."""
    lang = view.lang
    button = html.Button(t(lang, "doctor_page.start"), id=ids("start"), className="button accent")
    place = html.Div(id=ids("found"), role="status")
    return html.Div(
        [
            html.H1(t(lang, "nav.doctor"), className="sr-only"),
            html.Section(
                [head(t(lang, "nav.doctor")), html.P(t(lang, "doctor_page.intro"), className="caveat"), button, place],
                className="panel",
            ),
        ],
        className="doctor-page",
    )


def register(app: Dash, ask: Ask) -> None:
    """Look when the button is pressed; it rests meanwhile, because a look costs seconds."""

    @app.callback(
        Output(ids("found"), "children"), VIEW, Input(ids("start"), "n_clicks"),
        running=[(Output(ids("start"), "disabled"), True, False)],
    )  # fmt: skip
    def show(store: Any, pressed: int | None) -> Any:
        view, person = View.of(store), person_of(ask)
        if person is None or not person["manages"]:
            return html.P([icon("lock"), t(view.lang, "doctor_page.barred")], className="who-may")
        return drawn(view.lang, ask.services.doctor()) if pressed else None


def drawn(lang: str, findings: Sequence[Mapping[str, Any]]) -> Any:
    """What was found, the worst first, each with what to do."""
    if not findings:
        return unknown(t(lang, "doctor_page.none"))
    rows = sorted(findings, key=lambda one: tuple(SIGNS).index(one["state"]), reverse=True)
    counts = Counter(one["state"] for one in findings)
    items = [
        html.Li(
            [
                sign(SIGNS[one["state"]]),
                html.B([html.Span(f"{t(lang, 'doctor_page.state_' + one['state'])} ", className="sr-only"),
                        one["said"][lang]]),
                html.P(one["to_do"][lang]) if one["to_do"][lang] else None,
            ],
            className=f"finding-{one['state']}",
        )
        for one in rows
    ]  # fmt: skip
    summary = t(lang, "doctor_page.summary", **{state: counts[state] for state in SIGNS})
    return [html.P(summary), html.Ul(items, className="doctor-list")]


PAGE = Page(slug="doctor", title_key="nav.doctor", order=98, layout=layout, register=register, slim=True, quiet=True)

"""The page of reports: have one made, of now or of the instant looked at; fetch what was made; check it, or what came
from elsewhere; see what is due."""

from __future__ import annotations

from typing import Any

from dash import Dash, Input, Output, State, dcc, html, no_update

from layouts.page import VIEW, Ask, Ids, Page, View
from layouts.parts import report_views as views
from layouts.parts.panel import fingerprint
from layouts.parts.text import t

ids = Ids("reports")
EVERY_MS = 2_000


def layout(view: View) -> html.Div:
    """Make one and the schedule at the left, the made ones at the right."""
    return html.Div(
        [
            html.H1(t(view.lang, "nav.reports"), className="sr-only"),
            dcc.Interval(id=ids("tick"), interval=EVERY_MS),
            dcc.Store(id=ids("shown")),
            dcc.Store(id=ids("checked")),
            dcc.Store(id=ids("sent")),
            html.Div(
                [html.Div(id=ids("make")), _elsewhere(view), html.Div(id=ids("schedule"))], className="care-column"
            ),
            html.Div(html.Div(id=ids("made")), className="care-column"),
        ],
        className="care-page reports-page",
    )


def _elsewhere(view: View) -> html.Div:
    return html.Div([views.elsewhere(view.lang), html.Div(id=ids("verdict"))], className="panel")


def register(app: Dash, ask: Ask) -> None:
    """Reports are no answer of the twin: the desk is asked, for whoever looks, and they are drawn when they changed."""

    @app.callback(
        Output(ids("make"), "children"),
        Output(ids("made"), "children"),
        Output(ids("schedule"), "children"),
        Output(ids("shown"), "data"),
        Input(ids("tick"), "n_intervals"),
        Input(ids("checked"), "data"),
        VIEW,
        State(ids("shown"), "data"),
    )
    def show(_tick: int | None, _checked: Any, store: Any, shown: str | None) -> tuple[Any, Any, Any, Any]:
        view = View.of(store)
        if not view.community:
            return views.without_community(view), None, None, no_update
        answer = ask.services.reports.listed(view.community)
        now = fingerprint(view, answer) + view.lang + str(view.at)
        if now == shown:
            return no_update, no_update, no_update, no_update
        return views.ordering(view, answer), views.shelf(view, answer), views.schedule(view, answer), now

    @app.callback(Output(ids("verdict"), "children"), Input(ids("sent"), "data"), VIEW)
    def found(sent: Any, store: Any) -> Any:
        view = View.of(store)
        key = sent.get("id") if isinstance(sent, dict) else None
        return views.sent(view.lang, ask.services.reports.checked(str(key)) if key else None)


PAGE = Page(slug="reports", title_key="nav.reports", order=60, layout=layout, register=register, slim=True)

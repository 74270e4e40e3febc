"""Accounts: who may sign in, as what and where; for administrators, and for the auditor, who confirms."""

from __future__ import annotations

from typing import Any

from dash import Dash, Input, Output, State, dcc, html, no_update

from layouts.page import VIEW, Ask, Ids, Page, View, instant
from layouts.parts import account_views
from layouts.parts.panel import fingerprint
from layouts.parts.person import person_of
from layouts.parts.text import t

ids = Ids("accounts")


def layout(view: View) -> html.Div:
    """The tree without data."""
    return html.Div(
        [
            html.H1(t(view.lang, "accounts.title"), className="sr-only"),
            dcc.Store(id=ids("shown")),
            dcc.Interval(id=ids("beat"), interval=3_000),
            html.Div(id=ids("page"), className="accounts-place"),
        ],
        className="accounts-place",
    )


def register(app: Dash, ask: Ask) -> None:
    """Drawn again only when something about the accounts changed, so that a form is not emptied under a hand."""

    @app.callback(
        Output(ids("page"), "children"), Output(ids("shown"), "data"), VIEW, Input(ids("beat"), "n_intervals"),
        State(ids("shown"), "data"),
    )  # fmt: skip
    def show(store: Any, _beat: Any, shown: str | None) -> tuple[Any, Any]:
        view, person = View.of(store), person_of(ask)
        answer = ask.services.accounts() if person and person["confirms"] else None
        if answer is not None:
            answer = {**answer, "manages": person["manages"], "own": person["account"]}
        key = fingerprint(view, answer)
        if key == shown:
            return no_update, no_update
        return account_views.page(view, instant(view, ask.twin), answer), key


PAGE = Page(
    slug="accounts", title_key="nav.accounts", order=96, layout=layout, register=register, slim=True, quiet=True
)

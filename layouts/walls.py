"""The walls page: every wall screen with its health, and where an administrator types the code a screen shows."""

from __future__ import annotations

from typing import Any

from dash import Dash, Output, html

from layouts.page import REVISION, VIEW, Ask, Ids, Page, View
from layouts.parts import wall_list
from layouts.parts.text import t

ids = Ids("walls")


def layout(view: View) -> html.Div:
    """The screens at the left, pairing and the declared walls at the right."""
    return html.Div(
        [
            html.H1(t(view.lang, "nav.walls"), className="sr-only"),
            html.Div(html.Div(id=ids("screens")), className="care-column walls-screens"),
            html.Div([html.Div(id=ids("pair")), html.Div(id=ids("declared"))], className="care-column"),
        ],
        className="care-page walls-page",
    )


def register(app: Dash, ask: Ask) -> None:
    """The list follows the second; what is typed in stays as it is."""

    @app.callback(Output(ids("screens"), "children"), VIEW, REVISION)
    def screens(store: Any, _revision: Any) -> Any:
        return wall_list.screens(View.of(store), ask.twin.now(), ask.services.screens())

    @app.callback(Output(ids("pair"), "children"), Output(ids("declared"), "children"), VIEW)
    def pair(store: Any) -> tuple[Any, Any]:
        view, found = View.of(store), ask.services.screens()
        return wall_list.pair(view, found), wall_list.declared(view, found)


PAGE = Page(slug="walls", title_key="nav.walls", order=70, layout=layout, register=register, slim=True, quiet=True)

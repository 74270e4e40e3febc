"""The page of one scene, ``?scene=health``: its grade, its indicators with their KPIs, what is missing or reported."""

from __future__ import annotations

from dash import ClientsideFunction, Dash, Input, Output, dcc, html

from layouts.page import SHELL, Ask, Ids, Page, View
from layouts.parts import scene_answers as answers
from layouts.parts import scene_rows as views
from layouts.parts.home_asking import Minutely
from layouts.parts.panel import Panel, register_panels, stores
from layouts.parts.text import t

ids = Ids("scene")

CHOSEN = {"scene": "scene"}
TABS = Panel("tabs", answers.board, views.tabs)
TOP = Panel("top", answers.one, views.top, chosen=CHOSEN, beside=True)
LACKING = Panel("lacking", answers.one, views.lacking, chosen=CHOSEN)
REPORTED = Panel("reported", answers.reported, views.reported, chosen=CHOSEN)
ROWS = Panel("rows", answers.with_courses, views.rows, chosen=CHOSEN, waits=True, beside=True)
PANELS = (TABS, TOP, LACKING, REPORTED)
SLOW = "-slow"


def layout(view: View) -> html.Div:
    """The scenes to choose from, the grade, the rows, and beside them what is missing."""
    return html.Div(
        [
            html.H1(t(view.lang, "nav.scene"), className="sr-only"),
            stores(ids),
            stores(ids, SLOW),
            *(dcc.Store(id=ids(name)) for name in ("scene", "marked")),
            TABS.place(ids, view),
            html.Div(
                [
                    html.Div([TOP.place(ids, view), ROWS.place(ids, view)], className="scene-main"),
                    html.Aside([LACKING.place(ids, view), REPORTED.place(ids, view)], className="scene-side"),
                ],
                className="scene-columns",
            ),
        ],
        id=ids("page"),
        className="scene-page",
    )


def register(app: Dash, ask: Ask) -> None:
    """The scene stands in the address; without one the first is shown."""
    register_panels(app, Minutely(ask), ids, PANELS)
    register_panels(app, Minutely(ask), ids, (ROWS,), group=SLOW)
    app.clientside_callback(
        ClientsideFunction("cim", "scene_of"), Output(ids("scene"), "data"), Input(SHELL("url"), "search")
    )
    app.clientside_callback(
        ClientsideFunction("cim", "scene_tabs"),
        Output(ids("marked"), "data"),
        Input(ids("tabs"), "children"),
        Input(ids("scene"), "data"),
    )


PAGE = Page(slug="scene", title_key="nav.scene", order=31, layout=layout, register=register, slim=True, group="scenes")

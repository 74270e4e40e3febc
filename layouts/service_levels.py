"""The service-levels page: how fast we were, how often for nothing, whether the devices are there and homes visited."""

from __future__ import annotations

from dash import Dash, dcc, html

from layouts.page import Ask, Ids, Page, View
from layouts.parts import service_answers as answers
from layouts.parts import service_views as views
from layouts.parts.home_asking import Minutely, Restricted
from layouts.parts.panel import Panel, register_panels, stores
from layouts.parts.text import t

ids = Ids("service-levels")

BOARD = Panel("board", answers.levels, views.board, chosen={"period": "period"}, waits=True)
ROWS = Panel("rows", answers.rows, views.rows, chosen={"period": "period", "key": "key"})


def layout(view: View) -> html.Div:
    """The board, and over it the rows of the figure that was pressed."""
    return html.Div(
        [
            html.H1(t(view.lang, "nav.service_levels"), className="sr-only"),
            stores(ids),
            *(dcc.Store(id=ids(name)) for name in ("period", "key")),
            html.Div(BOARD.place(ids, view), className="care-column"),
            html.Div(ROWS.place(ids, view), className="over-page"),
        ],
        className="care-page service-page",
    )


def register(app: Dash, ask: Ask) -> None:
    """The figures are for everybody who signs in; the rows name homes: only for those who may look at one."""
    asking = Restricted(
        Minutely(ask), only={answers.rows}, instead=lambda args: {"kind": "barred"} if args["key"] else None
    )
    register_panels(app, asking, ids, (BOARD, ROWS))


PAGE = Page(
    slug="service-levels", title_key="nav.service_levels", order=24, layout=layout, register=register, slim=True,
    group="care",
)  # fmt: skip

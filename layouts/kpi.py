"""The KPI page, ``?kpi=<id>``: what one means, its value and course, all communities, and every row behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from dash import ClientsideFunction, Dash, Input, Output, dcc, html

from layouts.page import SHELL, Ask, Ids, Page, View
from layouts.parts import kpi_answers as answers
from layouts.parts import kpi_rows, kpi_views
from layouts.parts.home_asking import Minutely
from layouts.parts.panel import Panel, register_panels, stores
from layouts.parts.text import t

T = TypeVar("T")
ids = Ids("kpi")

CHOSEN = {"kpi": "kpi"}
LIST = Panel("list", answers.listed, kpi_views.listing, "kpi-listing")
TOP = Panel("top", answers.one, kpi_views.top, chosen=CHOSEN, beside=True)
DEFINITION = Panel("definition", answers.one, kpi_views.definition, chosen=CHOSEN)
COURSE = Panel("course", answers.course, kpi_views.course, chosen=CHOSEN)
EVERYWHERE = Panel("everywhere", answers.everywhere, kpi_views.everywhere, chosen=CHOSEN)
EVIDENCE = Panel("evidence", answers.evidence, kpi_rows.evidence, chosen=CHOSEN)
PANELS = (TOP, DEFINITION, LIST)
SLOW_PANELS = (COURSE, EVERYWHERE, EVIDENCE)
SLOW = "-slow"


class Discreet(Minutely):
    """Evidence carries the columns that lead to a home only for whoever may look at one; the answers are kept apart."""

    def __call__(self, name: str, question: Callable[..., T], view: View, **args: Any) -> T:
        if question is answers.evidence:
            args["whole"] = self.sees_a_home
        return super().__call__(name, question, view, **args)


def layout(view: View) -> html.Div:
    """The list to choose from at the left; the chosen one beside it."""
    words = t(view.lang, "kpi.search")
    search = html.Label(
        [html.Span(words, className="sr-only"), dcc.Input(id=ids("search"), type="search", placeholder=words)],
        className="search",
    )
    columns = html.Div(
        [
            html.Div([DEFINITION.place(ids, view), EVERYWHERE.place(ids, view)], className="kpi-column"),
            html.Div([COURSE.place(ids, view), EVIDENCE.place(ids, view)], className="kpi-column wide"),
        ],
        className="kpi-columns",
    )
    return html.Div(
        [
            html.H1(t(view.lang, "nav.kpi"), className="sr-only"),
            stores(ids),
            stores(ids, SLOW),
            *(dcc.Store(id=ids(name)) for name in ("kpi", "listed")),
            html.Nav(
                [search, LIST.place(ids, view)], className="panel kpi-side", **{"aria-label": t(view.lang, "kpi.all")}
            ),
            html.Div([TOP.place(ids, view), columns], className="kpi-main"),
        ],
        className="kpi-page",
    )


def register(app: Dash, ask: Ask) -> None:
    """The KPI stands in the address; what takes long is asked for beside the rest."""
    register_panels(app, Minutely(ask), ids, PANELS)
    register_panels(app, Discreet(ask), ids, SLOW_PANELS, group=SLOW)
    app.clientside_callback(
        ClientsideFunction("cim", "kpi_of"), Output(ids("kpi"), "data"), Input(SHELL("url"), "search")
    )
    app.clientside_callback(
        ClientsideFunction("cim", "kpi_list"),
        Output(ids("listed"), "data"),
        Input(ids("list"), "children"),
        Input(ids("kpi"), "data"),
        Input(ids("search"), "value"),
    )


PAGE = Page(slug="kpi", title_key="nav.kpi", order=32, layout=layout, register=register, slim=True, group="scenes")

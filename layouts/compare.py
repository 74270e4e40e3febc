"""The page of comparing, ``?with=<instant>&place=<community>``: the scenes and KPIs of two instants or communities."""

from __future__ import annotations

from dash import ClientsideFunction, Dash, Input, Output, dcc, html

from layouts.page import SHELL, Ask, Ids, Page, View
from layouts.parts import compare_answers as answers
from layouts.parts import compare_views as views
from layouts.parts.home_asking import Minutely
from layouts.parts.panel import Panel, register_panels, stores
from layouts.parts.text import t

ids = Ids("compare")

CHOSEN = {"wanted": "with", "place": "place", "kpi": "kpi"}
CHOICES = Panel("choices", answers.asked, views.choices, chosen=CHOSEN)
SCENES = Panel("scenes", answers.sides, views.scenes, chosen=CHOSEN, waits=True)
KPIS = Panel("kpis", answers.known_better, views.kpis, chosen=CHOSEN, waits=True)
PANELS = (CHOICES, SCENES, KPIS)
GROUPS = {"": (CHOICES,), "-scenes-slow": (SCENES,), "-kpis-slow": (KPIS,)}
"""Each is asked for by itself: what stands there at once does not wait for what takes four looks into the past."""


def layout(view: View) -> html.Div:
    """What is compared, the scenes, and the KPIs with a field to find one."""
    words = t(view.lang, "kpi.search")
    search = html.Label(
        [html.Span(words, className="sr-only"), dcc.Input(id=ids("search"), type="search", placeholder=words)],
        className="search",
    )
    columns = html.Div([SCENES.place(ids, view), KPIS.place(ids, view)], className="compare-columns")
    return html.Div(
        [
            *(stores(ids, group) for group in GROUPS),
            *(dcc.Store(id=ids(name)) for name in ("with", "place", "kpi", "found")),
            html.Div([CHOICES.place(ids, view), search], className="compare-top"),
            columns,
        ],
        className="compare-page",
    )


def register(app: Dash, ask: Ask) -> None:
    """Both sides stand in the address, so that a link shows the same to everybody."""
    for group, panels in GROUPS.items():
        register_panels(app, Minutely(ask), ids, panels, group=group)
    app.clientside_callback(
        ClientsideFunction("cim", "compare_of"),
        *(Output(ids(name), "data") for name in ("with", "place", "kpi")),
        Input(SHELL("url"), "search"),
    )
    app.clientside_callback(
        ClientsideFunction("cim", "compare_find"),
        Output(ids("found"), "data"),
        Input(ids("kpis"), "children"),
        Input(ids("search"), "value"),
    )


PAGE = Page(
    slug="compare", title_key="nav.compare", order=33, layout=layout, register=register, slim=True, group="scenes"
)

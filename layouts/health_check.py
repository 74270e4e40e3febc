"""The health check page, ``?rulebook=…&item=…&against=…``: what is met, what is not, what nobody can say yet."""

from __future__ import annotations

from dash import ClientsideFunction, Dash, Input, Output, dcc, html

from layouts.page import SHELL, Ask, Ids, Page, View
from layouts.parts import health_answers as answers
from layouts.parts import health_detail, health_views
from layouts.parts.home_asking import AsRegistered
from layouts.parts.panel import Panel, register_panels, stores
from layouts.parts.text import t

ids = Ids("health-check")

CHOSEN = ("rulebook", "item", "against")
BOOK, ITEM = {"rulebook": "rulebook"}, {"rulebook": "rulebook", "item": "item"}
BOTH = {"rulebook": "rulebook", "against": "against"}
CHOICE = Panel("choice", answers.choice, health_views.choice, "health-column", waits=True, chosen=BOTH, beside=True)
ITEMS = Panel("items", answers.items, health_views.items, waits=True, chosen=ITEM, beside=True)
CHANGES = Panel("changes", answers.changes, health_views.changes, chosen=BOTH, beside=True)
DETAIL = Panel("detail", answers.detail, health_detail.detail, "health-column", chosen=ITEM, waits=True)
RANKING = Panel("ranking", answers.ranking, health_views.ranking, chosen=BOOK)
PANELS = (CHOICE, ITEMS, CHANGES, DETAIL, RANKING)


def layout(view: View) -> html.Div:
    """Left: rulebook, index, ranking. Middle: the items. Right: the one looked at with its rows."""
    lang = view.lang
    return html.Div(
        [
            html.H1(t(lang, "nav.health_check"), className="sr-only"),
            stores(ids),
            *(dcc.Store(id=ids(name)) for name in CHOSEN),
            html.Section(
                [CHOICE.place(ids, view), RANKING.place(ids, view)],
                className="health-left",
                **{"aria-label": t(lang, "health.left")},
            ),
            html.Section(
                [CHANGES.place(ids, view), ITEMS.place(ids, view)],
                className="health-middle",
                **{"aria-label": t(lang, "health.items")},
            ),
            html.Section(DETAIL.place(ids, view), className="health-right", **{"aria-label": t(lang, "health.one")}),
        ],
        className="health-page",
    )


def register(app: Dash, ask: Ask) -> None:
    """What is registered changes by the day: asked as of the last full minute or change, so that screens share."""
    register_panels(app, AsRegistered(ask), ids, PANELS)
    app.clientside_callback(
        ClientsideFunction("cim", "health_of"),
        *(Output(ids(name), "data") for name in CHOSEN),
        Input(SHELL("url"), "search"),
    )


PAGE = Page(
    slug="health-check", title_key="nav.health_check", order=38, layout=layout, register=register, slim=True,
    group="circles",
)  # fmt: skip

"""The circles page: what is reached on foot from where people live, on the map and in figures.

What is chosen stands in the address (``?kind=clinic&speed=elder&limit=10min&group=aged_60&hour=18&facility=…&building=…
&side=network``): a link shows the same to everybody. The map's half is assets/53_circles.js.
"""

from __future__ import annotations

from dash import ClientsideFunction, Dash, Input, Output, dcc, html

from layouts.page import SHELL, Ask, Ids, Page, View
from layouts.parts import circle_answers as answers
from layouts.parts import circle_frame as frame
from layouts.parts import circle_rows as rows
from layouts.parts import circle_side as side
from layouts.parts import circle_views as views
from layouts.parts.home_asking import AsRegistered
from layouts.parts.panel import Panel, register_panels, stores
from layouts.parts.text import t

ids = Ids("circles")

CHOSEN = ("kind", "speed", "limit", "group", "hour", "facility", "building", "side")
WALK = {"speed": "speed", "hour": "hour"}
CHOICES = Panel("choices", answers.choices, views.choices, chosen={name: name for name in CHOSEN[:-1]})
COVERAGE = Panel(
    "coverage", answers.coverage, views.coverage, waits=True, beside=True,
    chosen={**WALK, "kind": "kind", "limit": "limit", "group": "group", "building": "building"},
)  # fmt: skip
PLACE = Panel(
    "place", answers.place, views.place,
    chosen={**WALK, "limit": "limit", "facility": "facility", "building": "building"},
)  # fmt: skip
MATRIX = Panel(
    "matrix", answers.matrix, side.matrix, waits=True,
    chosen={**WALK, "kind": "kind", "limit": "limit", "group": "group", "side": "side"},
)  # fmt: skip
FACILITIES = Panel(
    "facilities", answers.facilities, side.facilities,
    chosen={"kind": "kind", "facility": "facility", "side": "side"},
)  # fmt: skip
CAPACITY = Panel("capacity", answers.capacity, side.capacity, chosen={"side": "side"})
NETWORK = Panel("network", answers.network, side.network, chosen={**WALK, "side": "side"})
ROWS = Panel("rows", rows.rows, rows.drawer, chosen={**WALK, "key": "key", "kind": "kind", "limit": "limit"})
PANELS = (CHOICES, COVERAGE, PLACE, MATRIX, FACILITIES, CAPACITY, NETWORK, ROWS)


def layout(view: View) -> html.Div:
    """The map is the page; left what is chosen and whom it covers, right the kinds, facilities, capacity, network."""
    lang = view.lang
    return html.Div(
        [
            html.H1(t(lang, "nav.circles"), className="sr-only"),
            stores(ids),
            *(dcc.Store(id=ids(name)) for name in (*CHOSEN, "key")),
            frame.map_place(view),
            html.Div(className="vignette", **{"aria-hidden": "true"}),
            html.Section(
                [CHOICES.place(ids, view), PLACE.place(ids, view), COVERAGE.place(ids, view)],
                className="column left",
                **{"aria-label": t(lang, "circles.left")},
            ),
            html.Section(
                [
                    frame.sides(view),
                    *(panel.place(ids, view) for panel in (MATRIX, FACILITIES, CAPACITY, NETWORK)),
                ],
                className="column right",
                **{"aria-label": t(lang, "circles.right")},
            ),
            frame.legend(view),
            html.Div(ROWS.place(ids, view), className="people-rows"),
        ],
        className="circles-page",
    )


def register(app: Dash, ask: Ask) -> None:
    """Walks change with the register and the hour, not by the second."""
    register_panels(app, AsRegistered(ask), ids, PANELS)
    app.clientside_callback(
        ClientsideFunction("cim", "circles_of"),
        *(Output(ids(name), "data") for name in CHOSEN),
        Input(SHELL("url"), "search"),
    )


PAGE = Page(
    slug="circles", title_key="nav.circles", order=36, layout=layout, register=register, slim=True, group="circles"
)

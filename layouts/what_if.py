"""The what-if page (选址推演): put, move, close, enlarge facilities on the map; see at once who gains, who loses.

Nothing here is stored but scenarios, by name; the draft lives in the browser as a choice and is asked about as one. The
map's half, and what buttons do, is assets/55_what_if.js.
"""

from __future__ import annotations

from dash import Dash, dcc, html

from layouts.page import Ask, Ids, Page, View
from layouts.parts import what_if_answers as answers
from layouts.parts import what_if_frame as frame
from layouts.parts import what_if_saved as scenarios
from layouts.parts import what_if_views as views
from layouts.parts.home_asking import Minutely
from layouts.parts.panel import Panel, register_panels, stores
from layouts.parts.text import t

ids = Ids("what-if")

DRAFT = {"draft": "draft"}
CHOICES = Panel("choices", answers.choices, views.choices, chosen=DRAFT)
PLACES = Panel("places", answers.choices, views.places, chosen=DRAFT)
RESULT = Panel("result", answers.result, views.result, waits=True, chosen=DRAFT)
BEST = Panel("best", answers.best, views.best, chosen={"draft": "draft", "wish": "wish"})
SAVED = Panel("saved", answers.saved, scenarios.saved, chosen={"draft": "draft", "pair": "pair"})


def layout(view: View) -> html.Div:
    """The map is the page; left what is chosen and what is there, right what changes, the best sites, scenarios."""
    lang = view.lang
    return html.Div(
        [
            html.H1(t(lang, "nav.what_if"), className="sr-only"),
            stores(ids),
            stores(ids, "-best"),
            stores(ids, "-saved"),
            *(dcc.Store(id=ids(name)) for name in ("draft", "wish", "pair")),
            frame.map_place(view),
            html.Div(className="vignette", **{"aria-hidden": "true"}),
            frame.mark(view),
            html.Section(
                [CHOICES.place(ids, view), PLACES.place(ids, view)],
                className="column left",
                **{"aria-label": t(lang, "what_if.what")},
            ),
            html.Section(
                [RESULT.place(ids, view), BEST.place(ids, view), SAVED.place(ids, view)],
                className="column right",
                **{"aria-label": t(lang, "what_if.result")},
            ),
            frame.legend(view),
        ],
        className="what-if-page circles-page",
    )


def register(app: Dash, ask: Ask) -> None:
    """What is registered changes by the day, so it is asked as of the last full minute; scenarios as they are saved.

    The best sites may take seconds: they are asked beside the rest.
    """
    register_panels(app, Minutely(ask), ids, [CHOICES, PLACES, RESULT])
    register_panels(app, Minutely(ask), ids, [BEST], "-best")
    register_panels(app, ask, ids, [SAVED], "-saved")


PAGE = Page(
    slug="what-if", title_key="nav.what_if", order=37, layout=layout, register=register, slim=True, group="circles"
)

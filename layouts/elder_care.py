"""Elder care: who needs help, where and why, and what is to be done next.

Left what is, centre where and why, right what to do. The same page without an incident is quiet.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dash import Dash, dcc, html

from layouts.page import Ask, Ids, Page, View
from layouts.parts import care_answers, care_card, care_list, care_steps, care_timeline, map_frame
from layouts.parts.care_list import HOME_STATES
from layouts.parts.format import count
from layouts.parts.home_asking import Answering
from layouts.parts.panel import Panel, register_panels, sign, stores
from layouts.parts.text import named, t

ids = Ids("elder-care")
SLOW = "-slow"  # the group of panels that read much: an incident does not wait for them
STORES = ("chosen", "filter", "building")


def place(view: View, _now: datetime, answer: Any) -> Any:
    """Over the map: which building is shown, how many homes, and the colours of their states with their counts."""
    if answer is None:
        return None
    lang = view.lang
    facts = [t(lang, "building.homes", n=count(answer["homes"]))]
    facts += [t(lang, "care.alone_homes", n=count(answer["alone"]))] if answer["alone"] else []
    keys = [html.Span([sign("act"), t(lang, "care.state.act"), html.B(count(answer["act"]))])] if answer["act"] else []
    keys += [
        html.Span([sign(state), t(lang, f"care.state.{state}"), html.B(count(answer["states"].get(state, 0)))])
        for state in HOME_STATES
    ]
    name = html.B(named(lang, answer["building"], t(lang, "building.unnamed")))
    return html.Div([name, html.Span(t(lang, "care.comma").join(facts)), *keys], className="care-place-in")


LEFT = (
    Panel("states", care_answers.states, care_list.states, chosen={"chosen": "filter"}, beside=True, waits=True),
    Panel("waiting", care_answers.waiting, care_list.waiting, "grow",
          chosen={"chosen": "chosen", "kept": "filter"}, waits=True),
)  # fmt: skip
LEVELS = Panel("levels", care_answers.levels, care_list.levels, waits=True)
CARD = Panel("card", care_answers.card, care_card.card, "card-place", chosen={"chosen": "chosen"}, waits=True)
STEPS = Panel(
    "steps", care_answers.acts, care_steps.steps, "steps-place", chosen={"chosen": "chosen"}, written_down=True
)
PLACE = Panel("place", care_answers.building, place, "care-place", chosen={"chosen": "chosen", "picked": "building"})
LINES = Panel("lines", care_timeline.evidence, care_timeline.timeline, "care-bottom", chosen={"chosen": "chosen"})


def layout(view: View) -> html.Div:
    """The tree without data."""
    lang = view.lang
    return html.Div(
        [
            html.H1(t(lang, "nav.elder_care"), className="sr-only"),
            stores(ids),
            stores(ids, SLOW),
            *(dcc.Store(id=ids(name)) for name in STORES),
            map_frame.map_place(view, ids.page, selected=ids("building")),
            html.Div(className="vignette", **{"aria-hidden": "true"}),
            html.Section(
                [panel.place(ids, view) for panel in (*LEFT, LEVELS)],
                className="column left",
                **{"aria-label": t(lang, "care.left")},
            ),
            PLACE.place(ids, view),
            LINES.place(ids, view),
            html.Section(
                [html.Div([CARD.place(ids, view), STEPS.place(ids, view)], className="panel care-right")],
                className="column right",
                **{"aria-label": t(lang, "care.right")},
            ),
        ],
        className="care",
    )


def register(app: Dash, ask: Ask) -> None:
    """Redraw what changed."""
    ask = Answering(ask)
    register_panels(app, ask, ids, (*LEFT, CARD, STEPS, PLACE))
    register_panels(app, ask, ids, (LEVELS, LINES), SLOW)


PAGE = Page(
    slug="elder-care", title_key="nav.elder_care", order=20, layout=layout, register=register, slim=True, group="care"
)

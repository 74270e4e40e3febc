"""The drills page: exercises that run through the real broker in a community of their own, and how they went."""

from __future__ import annotations

from dash import Dash, html

from layouts.page import Ask, Ids, Page, View
from layouts.parts import drill_answers as answers
from layouts.parts import drill_views as views
from layouts.parts.panel import Panel, register_panels, stores
from layouts.parts.text import t

ids = Ids("drills")

RUNNING = Panel("running", answers.running, views.running, waits=True)
SCENARIOS = Panel("scenarios", answers.scenarios, views.scenarios, waits=True)
PAST = Panel("past", answers.past, views.past, waits=True)
PANELS = (RUNNING, SCENARIOS, PAST)


def layout(view: View) -> html.Div:
    """What can be exercised at the left, what runs and ran at the right."""
    return html.Div(
        [
            html.H1(t(view.lang, "nav.drills"), className="sr-only"),
            stores(ids),
            html.Div(SCENARIOS.place(ids, view), className="care-column"),
            html.Div([RUNNING.place(ids, view), PAST.place(ids, view)], className="care-column"),
        ],
        className="care-page drills-page",
    )


def register(app: Dash, ask: Ask) -> None:
    """Redraw what changed."""
    register_panels(app, ask, ids, PANELS)


PAGE = Page(slug="drills", title_key="nav.drills", order=26, layout=layout, register=register, slim=True, group="care")

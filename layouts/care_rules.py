"""The rules page: every alert rule with its numbers, absences, what outcomes suggest, where news goes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dash import Dash, dcc, html

from layouts.page import Ask, Ids, Page, View
from layouts.parts import rules_answers as answers
from layouts.parts import rules_side as side
from layouts.parts import rules_views as views
from layouts.parts.drawn import Drawn
from layouts.parts.panel import Panel, register_panels, stores
from layouts.parts.text import t
from twin_model.twin import Twin

ids = Ids("care-rules")

RULES = Panel("rules", answers.rules, views.rules, waits=True)
EDITOR = Panel("editor", answers.edited, views.editor, chosen={"edit": "edit"})
SUGGESTIONS = Panel("suggestions", answers.suggestions, side.suggestions, waits=True)
ABSENCES = Panel("absences", answers.absences, side.absences, waits=True)
DECLARE = Panel("declare", answers.homes, side.declare, waits=True)
HISTORY = Panel("history", answers.history, views.history, waits=True)
PANELS = (RULES, EDITOR, SUGGESTIONS, ABSENCES, DECLARE, HISTORY)


def layout(view: View) -> html.Div:
    """The rules at the left with their history; what is decided about them at the right."""
    wide = html.Div([RULES.place(ids, view), HISTORY.place(ids, view)], className="care-column")
    beside = [panel.place(ids, view) for panel in (EDITOR, SUGGESTIONS, ABSENCES, DECLARE)]
    return html.Div(
        [
            html.H1(t(view.lang, "nav.care_rules"), className="sr-only"),
            stores(ids),
            dcc.Store(id=ids("edit")),
            wide,
            html.Div([*beside, Drawn(id=ids("outlets"))], className="care-column narrow"),
        ],
        className="care-page rules-page",
    )


def register(app: Dash, ask: Ask) -> None:
    """Redraw what changed; the outlets' state is asked of the program, not of the twin."""

    def outlets(_twin: Twin, _at: datetime, _community: str) -> list[dict[str, Any]]:
        return list(ask.services.outlet_status())

    register_panels(app, ask, ids, (*PANELS, Panel("outlets", outlets, side.outlets)))


PAGE = Page(
    slug="care-rules", title_key="nav.care_rules", order=28, layout=layout, register=register, slim=True, group="care"
)

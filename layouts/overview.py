"""The overview: the neighbourhood itself, what is at its left, what needs doing at its right."""

from __future__ import annotations

from dash import Dash, dcc, html

from layouts.page import Ask, Ids, Page, View
from layouts.parts import (
    answers,
    building,
    doing,
    drawer,
    known,
    living,
    map_frame,
    scene_answers,
    scene_brief,
    time_answers,
)
from layouts.parts.home_asking import Minutely
from layouts.parts.panel import Panel, register_panels, stores
from layouts.parts.text import t

ids = Ids("overview")

LEFT = (
    Panel("population", answers.residents, living.population, waits=True),
    Panel("elders", answers.elders, living.elders, beside=True, waits=True),
    Panel("centre", answers.centre, living.centre, beside=True, waits=True),
    Panel("city", answers.city, living.city, beside=True, waits=True),
)
RIGHT = (
    Panel("urgent", answers.needs, doing.urgent),
    Panel("tasks", answers.needs, doing.tasks, "grow", waits=True),
    Panel("known", time_answers.known, known.known, later=True),
    Panel("health", answers.devices, doing.health, beside=True, waits=True),
    Panel("flow", answers.flow, doing.flow, waits=True),
)
SCENES = Panel("scenes", scene_answers.board, scene_brief.nine, beside=True, waits=True)
SLOW = "-slow"
"""The scenes rest on two years of records: asked for once a minute, and nothing waits for them."""
LEGEND = Panel("legend", answers.colours, map_frame.legend)
BUILDING = Panel("building", answers.building, building.building, chosen={"building": "selected"})
SERIES = Panel("chart", answers.series, building.series, chosen={"chosen": "series", "known": "known-as"}, later=True)
DRAWER = Panel("drawer", drawer.rows, drawer.drawer, chosen={"key": "open"})


def layout(view: View) -> html.Div:
    """The tree without data: every panel's place, the map's place and the legend."""
    lang = view.lang
    return html.Div(
        [
            html.H1(t(lang, "nav.overview"), className="sr-only"),
            stores(ids),
            stores(ids, SLOW),
            *(dcc.Store(id=ids(name)) for name in ("open", "selected", "series", "known-as")),
            map_frame.map_place(view),
            html.Div(className="vignette", **{"aria-hidden": "true"}),
            html.Section(
                [html.Div([panel.place(ids, view) for panel in LEFT], className="whole"), BUILDING.place(ids, view)],
                className="column left",
                **{"aria-label": t(lang, "overview.left")},
            ),
            html.Section(
                [panel.place(ids, view) for panel in (*RIGHT, SCENES)],
                className="column right",
                **{"aria-label": t(lang, "overview.right")},
            ),
            map_frame.legend_bar(view, LEGEND.place(ids, view)),
            html.Div([SERIES.place(ids, view), DRAWER.place(ids, view)], className="over-map"),
        ],
        className="overview",
    )


def register(app: Dash, ask: Ask) -> None:
    """Redraw what changed."""
    register_panels(app, ask, ids, (*LEFT, *RIGHT, LEGEND, BUILDING, SERIES, DRAWER))
    register_panels(app, Minutely(ask), ids, (SCENES,), group=SLOW)


PAGE = Page(slug="overview", title_key="nav.overview", order=10, layout=layout, register=register)

"""The City page: all communities on a map in the colour of one figure, ranked, and summed up by division."""

from __future__ import annotations

from dash import Dash, dcc, html

from layouts.page import Ask, Ids, Page, View
from layouts.parts import city_answers as answers
from layouts.parts import city_rows as behind
from layouts.parts import city_scenes as scenes
from layouts.parts import city_views as views
from layouts.parts.home_asking import AsRegistered
from layouts.parts.panel import Panel, register_panels, stores
from layouts.parts.text import t

ids = Ids("city")

PART = {"part": "part"}
PAINT = {**PART, "figure": "figure", "kind": "kind", "minutes": "minutes", "scene": "scene"}
SUMMARY = Panel("summary", answers.overview, views.summary, chosen=PART, waits=True)
PARTS = Panel("parts", answers.overview, views.parts, "grow", chosen=PART)
RANKING = Panel("ranking", answers.ranked, views.ranking, "grow", chosen={**PART, "order": "order", "page": "turn"},
                waits=True)  # fmt: skip
CHOSEN = Panel("one", answers.one, views.chosen, chosen={"chosen": "chosen"})
CONTROLS = Panel("controls", answers.painted, views.controls, chosen=PAINT)
LEGEND = Panel("legend", answers.painted, views.legend, chosen=PAINT)
COVERED = Panel("covered", answers.covered, views.covered, chosen={**PART, "drawn": "drawn"}, waits=True)
COURSE = Panel("course", answers.course, views.course, chosen=PART, waits=True)
NINE = Panel("nine", scenes.nine, scenes.tiles, chosen={**PART, "drawn": "drawn"})
ROWS = Panel("rows", behind.behind, behind.drawer, chosen={**PAINT, "key": "open"})
STORES = ("part", "figure", "kind", "minutes", "scene", "chosen", "order", "turn", "drawn", "open")
MAP, SLOW, SCENES, OPENED = "-map", "-slow", "-scenes", "-rows"
"""Circles and KPIs of a whole city take seconds the first time: what does not need them is not kept waiting."""


def layout(view: View) -> html.Div:
    """Left: sums and parts. Middle: the map, the scenes. Right: the chosen community, the ranking, circles."""
    lang = view.lang
    return html.Div(
        [
            stores(ids),
            stores(ids, MAP),
            stores(ids, SLOW),
            stores(ids, SCENES),
            stores(ids, OPENED),
            *(dcc.Store(id=ids(name)) for name in STORES),
            html.Section(
                [SUMMARY.place(ids, view), PARTS.place(ids, view), COURSE.place(ids, view)],
                className="city-left", **{"aria-label": t(lang, "rollup.left")},
            ),
            html.Section(
                [
                    CONTROLS.place(ids, view),
                    html.Div(className="city-map", **{"data-city-map": ""}),
                    LEGEND.place(ids, view),
                    NINE.place(ids, view),
                ],
                className="city-middle", **{"aria-label": t(lang, "rollup.map")},
            ),
            html.Section(
                [CHOSEN.place(ids, view), RANKING.place(ids, view), COVERED.place(ids, view)],
                className="city-right", **{"aria-label": t(lang, "rollup.right")},
            ),
            html.Div(ROWS.place(ids, view), className="people-rows"),
        ],
        className="city-page",
    )  # fmt: skip


def register(app: Dash, ask: Ask) -> None:
    """Figures of a city do not change by the second: asked as of the last full minute, all screens share them."""
    register_panels(app, AsRegistered(ask), ids, (SUMMARY, PARTS, RANKING, CHOSEN))
    register_panels(app, AsRegistered(ask), ids, (CONTROLS, LEGEND), group=MAP)
    register_panels(app, AsRegistered(ask), ids, (COVERED,), group=SLOW)
    register_panels(app, AsRegistered(ask), ids, (COURSE, NINE), group=SCENES)
    register_panels(app, AsRegistered(ask), ids, (ROWS,), group=OPENED)


PAGE = Page(slug="city", title_key="nav.city", order=58, layout=layout, register=register, slim=True, group="circles")

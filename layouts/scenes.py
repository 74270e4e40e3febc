"""The scenes page: the nine on one screen, each with its grade, its course, its indicators and its worst figure."""

from __future__ import annotations

from dash import Dash, html

from layouts.page import Ask, Ids, Page, View
from layouts.parts import scene_answers as answers
from layouts.parts import scene_views as views
from layouts.parts.home_asking import Minutely
from layouts.parts.panel import Panel, register_panels, stores

ids = Ids("scenes")

BAND = Panel("band", answers.board, views.band, beside=True)
TILES = Panel("tiles", answers.board, views.tiles, "tile-layer", waits=True, beside=True)
TRENDS = Panel("trends", answers.course, views.trends, "tile-layer trend-layer")
TABLE = Panel("table", answers.course, views.table)
SLOW = "-slow"
"""The courses take twelve times as long as the tiles: they are asked for beside them."""


def layout(view: View) -> html.Div:
    """The band, the tiles, and over them the layer of their courses."""
    return html.Div(
        [
            stores(ids),
            stores(ids, SLOW),
            BAND.place(ids, view),
            html.Div([TILES.place(ids, view), TRENDS.place(ids, view)], className="scene-grid"),
            TABLE.place(ids, view),
        ],
        className="scenes-page",
    )


def register(app: Dash, ask: Ask) -> None:
    """Figures over weeks do not change by the second: asked as of the last full minute, all screens share them."""
    register_panels(app, Minutely(ask), ids, (BAND, TILES))
    register_panels(app, Minutely(ask), ids, (TRENDS, TABLE), group=SLOW)


PAGE = Page(
    slug="scenes", title_key="nav.scenes", order=30, layout=layout, register=register, slim=True, group="scenes"
)

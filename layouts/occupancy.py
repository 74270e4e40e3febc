"""The occupancy page: the floors of the centre, people now, the week, tomorrow, and who booked and did not come."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dash import Dash, dcc, html

from layouts.page import Ask, Ids, Page, View
from layouts.parts import occupancy_answers as answers
from layouts.parts import occupancy_rows as rows
from layouts.parts import occupancy_views as views
from layouts.parts.home_asking import Minutely
from layouts.parts.panel import Panel, register_panels, stores
from layouts.parts.text import t
from twin_model.twin import Twin

ids = Ids("occupancy")


def other_places(twin: Twin, at: datetime, community: str, *, place: str | None) -> dict[str, Any]:
    """Facilities and estates now, with how much of them was used."""
    return {"places": answers.now(twin, at, community, place=place), "use": answers.use(twin, at, community)}


NOW = Panel("now", answers.now, views.now, chosen={"place": "place"}, beside=True, waits=True)
FLOORS = Panel("floors", answers.floors, views.scene, chosen={"place": "place"})
COURSE = Panel("course", answers.course, views.course, chosen={"place": "place", "span": "span"}, waits=True)
OTHERS = Panel("others", other_places, views.others, chosen={"place": "place"}, waits=True)
BOOKINGS = Panel("bookings", answers.bookings, views.bookings, waits=True)
CORRECTIONS = Panel("corrections", answers.corrections, views.corrections, waits=True)
ROWS = Panel("rows", rows.rows, rows.drawer, chosen={"key": "key"})


def layout(view: View) -> html.Div:
    """Left: people now by floor. Middle: floors, week, tomorrow. Right: bookings, other places, corrections."""
    lang = view.lang
    return html.Div(
        [
            html.H1(t(lang, "nav.occupancy"), className="sr-only"),
            stores(ids),
            stores(ids, "-slow"),
            *(dcc.Store(id=ids(name)) for name in ("place", "key", "span")),
            html.Section(NOW.place(ids, view), className="people-left", **{"aria-label": t(lang, "occupancy.left")}),
            html.Section(
                [
                    html.Div(
                        [
                            html.Div(
                                className="floors", **{"data-floors": "", "aria-label": t(lang, "occupancy.drawing")}
                            ),
                            FLOORS.place(ids, view),
                        ],
                        className="floors-box",
                    ),
                    COURSE.place(ids, view),
                ],
                className="people-middle",
                **{"aria-label": t(lang, "occupancy.middle")},
            ),
            html.Section(
                [BOOKINGS.place(ids, view), OTHERS.place(ids, view), CORRECTIONS.place(ids, view)],
                className="people-right",
                **{"aria-label": t(lang, "occupancy.right")},
            ),
            html.Div(ROWS.place(ids, view), className="people-rows"),
        ],
        className="people-page",
    )


def register(app: Dash, ask: Ask) -> None:
    """People now follow every second; what is made of weeks is asked once a minute and beside the rest."""
    register_panels(app, ask, ids, (NOW, FLOORS, ROWS))
    register_panels(app, Minutely(ask), ids, (COURSE, OTHERS, BOOKINGS, CORRECTIONS), group="-slow")


PAGE = Page(slug="occupancy", title_key="nav.occupancy", order=40, layout=layout, register=register, slim=True)

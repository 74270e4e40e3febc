"""The profile of a community (一社一画像): everything that is known of one, on one page."""

from __future__ import annotations

from dash import Dash, dcc, html

from layouts.page import Ask, Ids, Page, View
from layouts.parts import city_rows as behind
from layouts.parts import profile_answers as answers
from layouts.parts import profile_views as views
from layouts.parts.home_asking import AsRegistered
from layouts.parts.panel import Panel, register_panels, stores
from layouts.parts.text import t

ids = Ids("profile")

HEAD = Panel("head", answers.head, views.head, waits=True)
PEOPLE = Panel("people", answers.head, views.people, waits=True)
FACILITIES = Panel("facilities", answers.facilities, views.facilities, waits=True)
COURSE = Panel("course", answers.course, views.course, waits=True)
SCENES = Panel("scenes", answers.scenes, views.scenes, waits=True)
CIRCLES = Panel("circles", answers.circles, views.circles, waits=True)
HEALTH = Panel("health", answers.health, views.health, waits=True)
PLAN = Panel("plan", answers.plan, views.plan, waits=True)
ROWS = Panel("rows", behind.of_one, behind.drawer_of_one, chosen={"key": "open"})
SCENE, SLOW, OPENED = "-scenes", "-slow", "-rows"
"""KPIs and walks take longer than counts: each group is asked for beside the others."""


def layout(view: View) -> html.Div:
    """The head over three columns, the gap plan under them."""
    lang = view.lang
    return html.Div(
        [
            stores(ids),
            stores(ids, SCENE),
            stores(ids, SLOW),
            stores(ids, OPENED),
            dcc.Store(id=ids("open")),
            HEAD.place(ids, view),
            html.Section(
                [PEOPLE.place(ids, view), COURSE.place(ids, view)], className="profile-column stack", tabIndex=0,
                **{"aria-label": t(lang, "profile.ages")},
            ),
            html.Section(
                [CIRCLES.place(ids, view), FACILITIES.place(ids, view)], className="profile-column wide",
                **{"aria-label": t(lang, "rollup.circles")},
            ),
            html.Section(
                [HEALTH.place(ids, view), SCENES.place(ids, view)], className="profile-column",
                **{"aria-label": t(lang, "profile.health")},
            ),
            PLAN.place(ids, view),
            html.Div(ROWS.place(ids, view), className="people-rows"),
        ],
        className="profile-page",
    )  # fmt: skip


def register(app: Dash, ask: Ask) -> None:
    """As of the last full minute: nothing here changes by the second."""
    register_panels(app, AsRegistered(ask), ids, (HEAD, PEOPLE, FACILITIES, COURSE))
    register_panels(app, AsRegistered(ask), ids, (SCENES,), group=SCENE)
    register_panels(app, AsRegistered(ask), ids, (CIRCLES, HEALTH, PLAN), group=SLOW)
    register_panels(app, AsRegistered(ask), ids, (ROWS,), group=OPENED)


PAGE = Page(
    slug="profile", title_key="nav.profile", order=59, layout=layout, register=register, slim=True, group="circles"
)

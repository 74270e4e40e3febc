"""The home page: all homes with a kit in a table, and one of them with its last two days. Restricted: staff only.

The home stands in the address, ``?home=<home_id>``; ids are opaque and say nothing about a person.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update

from layouts.page import REVISION, SHELL, VIEW, ZONE, Ask, Ids, Page, View, instant
from layouts.parts import home_answers as answers
from layouts.parts import home_chart, home_persons, home_table, home_tracks, rules_answers, rules_views
from layouts.parts import home_views as views
from layouts.parts.home_asking import Restricted
from layouts.parts.panel import Panel, fingerprint, head, icon, register_panels, stores
from layouts.parts.text import t

ids = Ids("home")

CHOSEN = {"home": "home"}
CHIPS = Panel("chips", answers.states, home_table.chips, "filters", chosen=CHOSEN)
HEAD = Panel("head", answers.head, views.title, chosen=CHOSEN)
DEVICES = Panel("devices", answers.devices, views.devices, chosen=CHOSEN)
EVENTS = Panel("events", answers.events, views.events, chosen=CHOSEN)
LIMITS = Panel("limits", rules_answers.of_home, rules_views.of_home, chosen=CHOSEN)
ABSENCES = Panel("absences", rules_answers.absences_of, views.absences, chosen=CHOSEN)
CONTACTS = Panel("contacts", answers.contacts, views.contacts, chosen=CHOSEN)
PANELS = (CHIPS, HEAD, DEVICES, EVENTS, LIMITS, ABSENCES, CONTACTS)


def layout(view: View) -> html.Div:
    """The table and, hidden until a home is chosen, the places of what is known of one."""
    lang = view.lang
    words = t(lang, "home.search")
    search = html.Label(
        [html.Span(words, className="sr-only"), dcc.Input(id=ids("search"), type="search", placeholder=words)],
        className="search",
    )
    listed = html.Section(
        [
            html.Div([CHIPS.place(ids, view), search], className="filters"),
            html.Div(home_table.grid(view, ids("grid")), className="grid-box"),
        ],
        className="home-list",
        **{"aria-label": t(lang, "home.all")},
    )
    pair = html.Div([EVENTS.place(ids, view), DEVICES.place(ids, view)], className="home-pair")
    known = [panel.place(ids, view) for panel in (ABSENCES, LIMITS, CONTACTS)]
    side = html.Aside([*known, *home_persons.places(ids)], className="home-side")
    wide = html.Div([html.Div(id=ids("rhythm")), pair], className="home-wide")
    one = html.Section(
        [HEAD.place(ids, view), html.Div([wide, side], className="home-columns")],
        className="home-one",
        **{"aria-label": t(lang, "nav.home")},
    )
    return html.Div(
        [
            html.H1(t(lang, "nav.home"), className="sr-only"),
            stores(ids),
            *(dcc.Store(id=ids(name)) for name in ("home", "state", "pulse", "grid-shown", "rhythm-shown", "gone")),
            html.Div(id=ids("barred")),
            listed,
            one,
        ],
        id=ids("page"),
        className="home-page",
    )


def register(app: Dash, ask: Ask) -> None:
    """The panels, the table of homes, and the chart, which is drawn again every 15 s only."""
    home_persons.register(app, ask, ids)
    ask = Restricted(ask)
    register_panels(app, ask, ids, PANELS)
    _register_table(app, ask)
    _register_rhythm(app, ask)
    for name, target, source in (
        ("home", Output(ids("home"), "data"), Input(SHELL("url"), "search")),
        ("shown", Output(ids("page"), "className"), Input(ids("home"), "data")),
        ("go", Output(ids("gone"), "data"), Input(ids("grid"), "selectedRows")),
    ):
        app.clientside_callback(ClientsideFunction("cim", f"home_{name}"), target, source)
    app.clientside_callback(ClientsideFunction("cim", "devices_pulse"), Output(ids("pulse"), "data"), REVISION)
    app.clientside_callback(
        ClientsideFunction("cim", "home_search"),
        Output(ids("grid"), "dashGridOptions"),
        Input(ids("search"), "value"),
        State(ids("grid"), "dashGridOptions"),
        prevent_initial_call=True,
    )

    @app.callback(Output(ids("barred"), "children"), VIEW)
    def bar_others(store: Any) -> Any:
        words = t(View.of(store).lang, "home.barred")
        return None if ask.sees_a_home else html.P([icon("lock"), words], className="panel barred")


def _register_table(app: Dash, ask: Ask) -> None:
    @app.callback(
        Output(ids("grid"), "rowData"),
        Output(ids("grid-shown"), "data"),
        VIEW,
        Input(ids("pulse"), "data"),
        Input(ids("state"), "data"),
        Input(ids("home"), "data"),
        State(ids("grid-shown"), "data"),
    )
    def show_table(store: Any, _pulse: Any, state: str | None, home: str | None, shown: str | None) -> tuple[Any, Any]:
        if home:
            return no_update, no_update
        view = View.of(store)
        found = home_table.rows(view.lang, ask("home.homes", answers.homes, view, state=state) or [])
        key = fingerprint(view, found)
        return (no_update, no_update) if key == shown else (found, key)


def _register_rhythm(app: Dash, ask: Ask) -> None:
    @app.callback(
        Output(ids("rhythm"), "children"),
        Output(ids("rhythm-shown"), "data"),
        VIEW,
        Input(ids("pulse"), "data"),
        Input(ids("home"), "data"),
        State(ids("rhythm-shown"), "data"),
    )
    def show_rhythm(store: Any, _pulse: Any, home: str | None, shown: str | None) -> tuple[Any, Any]:
        view, home = View.of(store), str(home or "")
        if home and not ask("home.agreed", answers.agreed, view, home=home):
            words = html.P([icon("lock"), t(view.lang, "consent.not_given")], className="panel barred")
            return (no_update, no_update) if shown == "consent" else (words, "consent")
        answer = ask("home.tracks", home_tracks.tracks, view, home=home) if home else None
        if answer is None:
            return None, None
        # what is usual was learned by last midnight: asked as of then, it is computed once a day
        midnight = instant(view, ask.twin).astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
        before = replace(view, at=midnight - timedelta(microseconds=1))
        learned = ask("home.usual", home_tracks.usual, before, home=home)
        events = ask("home.events", answers.events, view, home=home)
        rhythm = ask("home.home_rhythm", answers.rhythm, view, home=home)
        whole = home_tracks.together(answer, learned, rhythm) | {"events": home_tracks.marks(events, answer["start"])}
        key = fingerprint(view, whole)
        if key == shown:
            return no_update, no_update
        title = head(t(view.lang, "home.rhythm.title"), home_chart.legend(view.lang, whole))
        return html.Div([title, home_chart.chart(view, whole)], className="panel rhythm-panel"), key


PAGE = Page(slug="home", title_key="nav.home", order=22, layout=layout, register=register, slim=True, group="care")

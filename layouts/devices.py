"""The devices page: every sensor with its health, the series of one, and what could not be used."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update

from layouts.page import REVISION, VIEW, VIEW_STATE, Ask, Ids, Page, View, instant
from layouts.parts import device_answers as answers
from layouts.parts import device_panels as panels
from layouts.parts.grid import grid, rows
from layouts.parts.panel import Panel, fingerprint, register_panels, sets, stores
from layouts.parts.text import t, titled
from layouts.parts.where import where
from twin_model.entities import Device

ids = Ids("devices")

TABS = Panel("tabs", answers.summary, panels.tabs)
FILTERS = Panel("filters", answers.summary, panels.filters, "filters")
DEVICE = Panel("device", answers.device, panels.device, chosen={"device": "chosen"})
CHART = Panel("chart", answers.series, panels.series, chosen={"device": "chosen", "series": "series", "span": "span"})
QUARANTINE = Panel("quarantine", answers.quarantine, panels.quarantine, "quarantine-list")
ADOPT = Panel("adopt-head", answers.message, panels.adopt_head, chosen={"number": "adopt"})

CHOICES = ("status", "type", "tab", "chosen", "series", "span", "adopt")
DARK = ["#E8EEF7", "#A9B6C8", "#8493AB", "#5B6B85", "#32435F", "#24324A", "#1A263B", "#121B2D", "#0D1526", "#0B1220"]
THEME = {"fontFamily": "var(--font)", "primaryColor": "blue", "colors": {"dark": DARK}}


def layout(view: View) -> Any:
    """The tree without data."""
    lang = view.lang
    table = html.Div(
        [
            FILTERS.place(ids, view),
            html.Div(grid(view, ids("grid")), className="grid-box"),
            dcc.Store(id=ids("grid-shown")),
        ],
        className="table-side",
    )
    page = html.Div(
        [
            html.H1(t(lang, "nav.devices"), className="sr-only"),
            stores(ids),
            *(dcc.Store(id=ids(name)) for name in (*CHOICES, "pulse", "adopted")),
            TABS.place(ids, view),
            html.Section(
                [table, html.Aside([DEVICE.place(ids, view), CHART.place(ids, view)], className="detail-side")],
                className="tab-table",
                **{"aria-label": t(lang, "devices.tab_table")},
            ),
            html.Section(
                [QUARANTINE.place(ids, view), _adopt_form(view)],
                className="tab-quarantine",
                **{"aria-label": t(lang, "devices.tab_quarantine")},
            ),
        ],
        id=ids("page"),
        className="devices",
    )
    return dmc.MantineProvider(page, forceColorScheme="dark", theme=THEME)


def _adopt_form(view: View) -> html.Div:
    lang = view.lang
    chosen = {
        "searchable": True,
        "limit": 8,
        "nothingFoundMessage": t(lang, "adopt.nothing"),
        "comboboxProps": {"withinPortal": False},
        "withScrollArea": False,  # a scrolling list could not be reached by the keyboard: few options, found by typing
    }
    return html.Div(
        [
            ADOPT.place(ids, view),
            dmc.Select(id=ids("adopt-type"), label=t(lang, "column.type"), data=[], **chosen),
            dmc.Select(
                id=ids("adopt-place"),
                label=t(lang, "column.place"),
                data=[],
                placeholder=t(lang, "adopt.place"),
                **chosen,
            ),
            dmc.TextInput(id=ids("adopt-name"), label=t(lang, "adopt.name")),
            html.P(id=ids("adopt-answer"), className="caveat", role="status"),
            html.Div(
                [
                    html.Button(t(lang, "adopt.go"), id=ids("adopt-go"), className="button accent"),
                    html.Button(
                        t(lang, "drawer.close"), className="button", **{**sets(ids("adopt"), ""), "data-escape": ""}
                    ),
                ],
                className="buttons",
            ),
        ],
        id=ids("adopt-form"),
        className="panel adopt",
        hidden=True,
    )


def register(app: Dash, ask: Ask) -> None:
    """The panels, the table, and adopting an unknown device."""
    register_panels(app, ask, ids, (TABS, FILTERS, DEVICE, CHART, QUARANTINE, ADOPT))
    _register_table(app, ask)
    _register_adopting(app, ask)
    for name, target in (("pulse", REVISION), ("chosen", Input(ids("grid"), "selectedRows"))):
        app.clientside_callback(ClientsideFunction("cim", f"devices_{name}"), Output(ids(name), "data"), target)
    app.clientside_callback(
        ClientsideFunction("cim", "devices_tab"), Output(ids("page"), "className"), Input(ids("tab"), "data")
    )


def _register_table(app: Dash, ask: Ask) -> None:
    @app.callback(
        Output(ids("grid"), "rowData"),
        Output(ids("grid-shown"), "data"),
        VIEW,
        Input(ids("pulse"), "data"),
        Input(ids("status"), "data"),
        Input(ids("type"), "data"),
        State(ids("grid-shown"), "data"),
    )
    def show_table(store: Any, _pulse: Any, status: str | None, kind: str | None, shown: str | None) -> tuple[Any, Any]:
        view = View.of(store)
        found = rows(view.lang, ask("devices.table", answers.table, view, status=status, type=kind))
        key = fingerprint(view, found)
        return (no_update, no_update) if key == shown else (found, key)


def _register_adopting(app: Dash, ask: Ask) -> None:
    @app.callback(
        Output(ids("adopt-form"), "hidden"),
        Output(ids("adopt-type"), "data"),
        Output(ids("adopt-type"), "value"),
        Output(ids("adopt-place"), "data"),
        Output(ids("adopt-answer"), "children"),
        Input(ids("adopt"), "data"),
        VIEW_STATE,
        prevent_initial_call=True,
    )
    def open_form(number: str | None, store: Any) -> tuple[Any, ...]:
        view = View.of(store)
        message = ask("devices.message", answers.message, view, number=number)
        if message is None:
            return True, [], None, [], ""
        kinds = [
            {"value": name, "label": titled(view.lang, title, name)}
            for name, title in answers.types(ask.twin, message["dialect"])
        ]
        places = [
            {"value": key, "label": where(view.lang, row)} for key, row in ask("devices.places", answers.places, view)
        ]
        return False, kinds, message["guess"], places, ""

    @app.callback(
        Output(
            ids("adopt-answer"), "children", allow_duplicate=True
        ),  # the same line says what is missing and what was done
        Input(ids("adopt-go"), "n_clicks"),
        State(ids("adopt"), "data"),
        State(ids("adopt-type"), "value"),
        State(ids("adopt-place"), "value"),
        State(ids("adopt-name"), "value"),
        VIEW_STATE,
        prevent_initial_call=True,
    )
    def adopt(
        clicks: int | None, number: str | None, kind: str | None, place: str | None, name: str | None, store: Any
    ) -> Any:
        view = View.of(store)
        message = answers.message(ask.twin, instant(view, ask.twin), view.community, number=number)
        if not clicks or not view.live or message is None:
            return no_update
        if not kind or not place:
            return t(view.lang, "adopt.missing")
        used = ask.services.adopt(new_device(view.community, message["dialect"], message["address"], kind, place, name))
        return t(view.lang, "adopt.done", n=used)


def new_device(community: str, dialect: str, address: str, kind: str, place: str, name: str | None) -> Device:
    """The device of an unknown sender, with the same id every time. ``place`` is ``room:<id>`` and so on."""
    where_kind, _, where_id = place.partition(":")
    number = blake2b(f"{dialect} {address}".encode(), digest_size=5).hexdigest()
    known = {"community_id": community, "device_id": f"{community}-dev-{number}", "type": kind, "name": name or None}
    return Device(**known, dialect=dialect, address=address, **{f"{where_kind}_id": where_id})


PAGE = Page(slug="devices", title_key="nav.devices", order=50, layout=layout, register=register, slim=True)

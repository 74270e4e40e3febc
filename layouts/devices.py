"""The devices page: every sensor with its health, the series of one, and what could not be used."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update

from layouts.page import REVISION, VIEW, VIEW_STATE, Ask, Ids, Page, View, instant
from layouts.parts import device_answers as answers
from layouts.parts import device_panels as panels
from layouts.parts import form
from layouts.parts.grid import grid, rows
from layouts.parts.panel import Panel, fingerprint, register_panels, sets, stores
from layouts.parts.search_words import Entry, find, fold
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
    return html.Div(
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


def _adopt_form(view: View) -> html.Div:
    lang = view.lang
    types, places = (
        form.known(t(lang, label), name, (), ids(f"adopt-{name}s"), required=False, placeholder=t(lang, said),
                   control_id=ids(f"adopt-{name}"))
        for name, label, said in (("type", "column.type", "adopt.type"), ("place", "column.place", "adopt.place"))
    )  # fmt: skip
    return html.Div(
        [
            ADOPT.place(ids, view),
            types,
            places,
            form.text(t(lang, "adopt.name"), "name", required=False, control_id=ids("adopt-name")),
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
        wanted = {"status": str(status or ""), "type": str(kind or "")}
        found = rows(view.lang, ask("devices.table", answers.table, view, **wanted))
        key = fingerprint(view, found)
        return (no_update, no_update) if key == shown else (found, key)


def _register_adopting(app: Dash, ask: Ask) -> None:
    @app.callback(
        Output(ids("adopt-form"), "hidden"),
        Output(ids("adopt-types"), "children"),
        Output(ids("adopt-type"), "value"),
        Output(ids("adopt-place"), "value"),
        Output(ids("adopt-answer"), "children"),
        Input(ids("adopt"), "data"),
        VIEW_STATE,
        prevent_initial_call=True,
    )
    def open_form(number: str | None, store: Any) -> tuple[Any, ...]:
        view = View.of(store)
        message = ask("devices.message", answers.message, view, number=number)
        if message is None:
            return True, [], "", "", ""
        kinds = _kinds(ask, view, message)
        guess = next((words for words, name in kinds.items() if name == message["guess"]), "")
        return False, form.listed((name, words) for words, name in kinds.items()), guess, "", ""

    @app.callback(
        Output(ids("adopt-places"), "children"),
        Input(ids("adopt-place"), "value"),
        VIEW_STATE,
        prevent_initial_call=True,
    )
    def offer_places(text: str | None, store: Any) -> Any:
        """Of thousands only what fits the words: a list of all would keep the browser busy for half a minute."""
        view = View.of(store)
        places = _places(ask, view)
        entries = (Entry(key.partition(":")[0], words, "", key, f" {fold(words)} ") for words, key in places.items())
        return form.listed((one.way, one.title) for kind in find(entries, text or "") for one in kind.entries)

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
        known = (_kinds(ask, view, message), kind), (_places(ask, view), place)
        if strange := [words for all_of_them, words in known if words not in all_of_them]:
            return t(view.lang, "adopt.unknown", what=strange[0])
        is_type, stands = (all_of_them[words] for all_of_them, words in known)
        sender = message["dialect"], message["address"]
        used = ask.services.adopt(new_device(view.community, *sender, is_type, stands, name))
        return t(view.lang, "adopt.done", n=used)


def _kinds(ask: Ask, view: View, message: Any) -> dict[str, str]:
    """The types a sender of this dialect may be of, by what they are called."""
    return {titled(view.lang, title, name): name for name, title in answers.types(ask.twin, message["dialect"])}


def _places(ask: Ask, view: View) -> dict[str, str]:
    """Where it may stand, by name; a facility and the building of its name are told apart by their kind."""
    found = [(where(view.lang, row), key) for key, row in ask("devices.places", answers.places, view)]
    often = Counter(words for words, _ in found)
    kind = {key: t(view.lang, f"search.kind.{key.partition(':')[0]}") for _, key in found}
    return {t(view.lang, "adopt.of_kind", name=w, kind=kind[k]) if often[w] > 1 else w: k for w, k in found}


def new_device(community: str, dialect: str, address: str, kind: str, place: str, name: str | None) -> Device:
    """The device of an unknown sender, with the same id every time. ``place`` is ``room:<id>`` and so on."""
    where_kind, _, where_id = place.partition(":")
    number = blake2b(f"{dialect} {address}".encode(), digest_size=5).hexdigest()
    known = {"community_id": community, "device_id": f"{community}-dev-{number}", "type": kind, "name": name or None}
    return Device(**known, dialect=dialect, address=address, **{f"{where_kind}_id": where_id})


PAGE = Page(slug="devices", title_key="nav.devices", order=50, layout=layout, register=register, slim=True)

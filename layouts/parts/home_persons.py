"""Who lives in a home and whom to call, in full: opened on the home's page for a purpose, for a few minutes.

In place, never over anything: an alarm that runs stays as it is. Who works an incident has its card instead.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dash import Dash, Input, Output, State, dcc, html, no_update

from layouts.page import VIEW, Ask, Ids, View
from layouts.parts import form
from layouts.parts.home_answers import ROLES
from layouts.parts.panel import fingerprint, head, icon
from layouts.parts.person import person_of
from layouts.parts.text import t
from twin_model.twin import Twin

LOOK_MS = 2_000


def places(ids: Ids) -> list[Any]:
    """For the page's layout."""
    return [
        html.Div(id=ids("persons")),
        dcc.Store(id=ids("persons-shown")),
        dcc.Interval(id=ids("persons-beat"), interval=LOOK_MS),
    ]


def register(app: Dash, ask: Ask, ids: Ids) -> None:
    """Ask for the purpose, then show; closed again by itself when the time is over."""

    @app.callback(
        Output(ids("persons"), "children"), Output(ids("persons-shown"), "data"), VIEW, Input(ids("home"), "data"),
        Input(ids("persons-beat"), "n_intervals"), State(ids("persons-shown"), "data"),
    )  # fmt: skip
    def show(store: Any, home: str | None, _beat: Any, shown: str | None) -> tuple[Any, Any]:
        person, view = person_of(ask), View.of(store)
        if not home or person is None or not person["acts"] or not view.live:
            return (no_update, no_update) if shown == "none" else (None, "none")
        purpose = ask.purpose(home)  # type: ignore[attr-defined]
        answer = None
        if purpose:
            ask.look(home, purpose=purpose, what="persons")
            answer = ask("home.persons", persons, view, home=home)
        key = fingerprint(view, (home, answer))
        if key == shown:
            return no_update, no_update
        return (opened(view, answer) if answer is not None else closed(view, home, ask.services.purposes())), key


def persons(twin: Twin, at: datetime, community: str, *, home: str) -> Any:
    """Residents with their notes and contacts with their numbers."""
    people = twin.entities("resident", at, community_id=community, home_id=home).to_pylist()
    every = twin.entities("contact", at, community_id=community).to_pylist()
    rank = {role: n for n, role in enumerate(ROLES)}
    mine = [row for row in every if row["home_id"] in (home, None)]
    mine.sort(key=lambda row: (rank.get(row["role"], len(rank)), row["rank"]))
    return {
        "people": [(row["name"], row["birth_year"], row["health_note"]) for row in people],
        "contacts": [(row["role"], row["name"], row["phone"], row["note"]) for row in mine],
    }


def closed(view: View, home: str, purposes: list[tuple[str, str, str]]) -> html.Div:
    """The question: for what. ``purposes``: name, in Chinese, in English."""
    lang = view.lang
    options = [(name, zh if lang == "zh" else en) for name, zh, en in purposes]
    fields = [
        form.choice(t(lang, "purpose.what"), "purpose", options),
        form.text(t(lang, "purpose.words"), "words", required=False, most=200),
    ]
    asked = form.form(
        view, f"/api/v1/homes/{home}/purpose", fields, submit=t(lang, "purpose.open"), done=t(lang, "purpose.opened")
    )
    note = html.P([icon("lock"), t(lang, "purpose.note")], className="caveat")
    return html.Div([head(t(lang, "purpose.title")), asked, note], className="panel person-purpose")


def opened(view: View, answer: Any) -> html.Div:
    """Names, notes and numbers."""
    lang = view.lang
    people = [
        html.Div([html.B(name), html.Span(str(year)) if year else None, html.Span(note or "", className="note")])
        for name, year, note in answer["people"]
    ]
    contacts = [
        html.Div(
            [
                html.Span(t(lang, f"home.role.{role}"), className="role"), html.B(name),
                html.A(phone, href=f"tel:{phone}") if phone else None, html.Span(note or "", className="note"),
            ]
        )
        for role, name, phone, note in answer["contacts"]
    ]  # fmt: skip
    none = html.P(t(lang, "purpose.nobody")) if not (people or contacts) else None
    lists = html.Div([*people, *contacts, none], className="persons-list")
    return html.Div([head(t(lang, "purpose.title")), lists, html.P(t(lang, "purpose.over"))], className="panel")

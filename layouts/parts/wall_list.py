"""The managed list of wall screens: how each one is, the form that pairs one, and the walls that are declared. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dash import html

from layouts.page import View
from layouts.parts import form
from layouts.parts.format import UNKNOWN, age, count, measure, stamp
from layouts.parts.panel import head, sign
from layouts.parts.text import t, titled

Row = Mapping[str, Any]
ROLES = ("duty-officer", "grid-worker", "manager")


def screens(view: View, now: datetime, found: Row) -> html.Div:
    """Every screen: silent ones first and said so; what it shows, since when, how it is."""
    lang = view.lang
    items = sorted(found.get("items", []), key=lambda one: (not one["is_silent"], one["name"]))
    silent = sum(1 for one in items if one["is_silent"])
    note = t(lang, "walls.silent", n=count(silent)) if silent else t(lang, "walls.count", n=count(len(items)))
    if not items:
        steps = html.P(t(lang, "walls.none"), className="caveat")
        return html.Div([head(t(lang, "walls.screens")), steps], className="panel")
    cards = [_screen(view, now, one) for one in items]
    return html.Div([head(t(lang, "walls.screens"), note), *cards], className="panel")


def _screen(view: View, now: datetime, one: Row) -> html.Article:
    lang, said = view.lang, one["health"] or {}
    seen = age(lang, one["seen_at"], now) if one["seen_at"] else html.Span(t(lang, "walls.never"), className="age")
    state = "look" if one["is_silent"] else "fresh"
    facts = [
        (t(lang, "walls.wall"), [titled(lang, one["wall_title"], one["wall"]), " · ", _whose(lang, one)]),
        (t(lang, "walls.paired"), [stamp(lang, one["paired_at"]), " · ", one["paired_by"]]),
        (t(lang, "walls.size"), f"{said['width']} × {said['height']} @{said['ratio']:g}" if said else UNKNOWN),
        (t(lang, "walls.fps"), measure(said.get("fps"))),
        (t(lang, "walls.memory"), f"{measure(said.get('memory_mb'))} MB" if said.get("memory_mb") else UNKNOWN),
        (t(lang, "walls.late"), t(lang, "ago.second", n=round(said["late_s"])) if said else UNKNOWN),
        (t(lang, "walls.errors"), _errors(lang, said) if said else UNKNOWN),
        (t(lang, "walls.version"), said.get("version", UNKNOWN)),
    ]
    path = f"/api/v1/screens/{one['id']}"
    name = form.text(t(lang, "walls.name"), "name", most=40, value=one["name"])
    words = {"submit": t(lang, "walls.rename"), "done": t(lang, "walls.renamed")}
    rename = form.form(view, path, [name], method="PATCH", **words)
    away = form.press(view, t(lang, "walls.unpair"), path, sure=t(lang, "walls.sure"), method="DELETE")
    return html.Article(
        [
            html.Div(
                [
                    html.H3([sign(state), one["name"]]),
                    html.Span([t(lang, "walls.seen" if not one["is_silent"] else "walls.is_silent"), " ", seen],
                              className="note"),
                ],
                className="head",
            ),
            html.Dl([html.Div([html.Dt(what), html.Dd(value)]) for what, value in facts], className="screen-facts"),
            html.Details([html.Summary(t(lang, "walls.manage")), rename, away]),
        ],
        className=f"screen-card{' silent' if one['is_silent'] else ''}",
    )  # fmt: skip


def _whose(lang: str, one: Row) -> str:
    return t(lang, f"walls.audience.{one['audience']}")


def _errors(lang: str, said: Row) -> Any:
    words = t(lang, "walls.errors_of", n=count(said["errors"]), recoveries=count(said["recoveries"]))
    return html.Span(words, title=said["error"] or None)


def pair(view: View, found: Row) -> html.Div:
    """The code the screen shows, what it is to be called, and which wall it gets."""
    lang = view.lang
    walls = [
        (one["name"], f"{titled(lang, one['title'], one['name'])} · {t(lang, 'walls.audience.' + one['audience'])}")
        for one in found.get("walls", [])
    ]
    roles = [(role, t(lang, f"walls.role.{role}")) for role in ROLES]
    fields = [
        html.P(t(lang, "walls.how"), className="caveat"),
        form.text(t(lang, "walls.code"), "code", most=10, placeholder="K7M 2QX"),
        form.text(t(lang, "walls.name"), "name", most=40, placeholder=t(lang, "walls.name_example")),
        form.choice(t(lang, "walls.wall"), "wall", walls),
        form.choice(t(lang, "walls.as"), "role", roles),
    ]
    sent = form.form(view, "/api/v1/screens", fields, submit=t(lang, "walls.pair"), done=t(lang, "walls.done"))
    return html.Div([head(t(lang, "walls.pair_title")), sent], className="panel")


def declared(view: View, found: Row) -> html.Div:
    """The walls there are; each can be looked at here."""
    lang = view.lang
    rows = [
        html.Li(
            [
                html.A(titled(lang, one["title"], one["name"]), href=one["url"], target="_blank"),
                html.Span([t(lang, f"walls.audience.{one['audience']}"), " · ", one["url"]], className="note"),
            ],
            className="head",
        )
        for one in found.get("walls", [])
    ]
    note = html.P(t(lang, "walls.declare"), className="caveat")
    return html.Div([head(t(lang, "walls.declared")), html.Ul(rows), note], className="panel")

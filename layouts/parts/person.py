"""Who is signed in, at the right of the top bar: the masked name and role, and the ways out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dash import Dash, Output, html

from layouts.page import SHELL, VIEW, Ask, View
from layouts.parts.text import t
from twin_model.masking import masked


def person_of(ask: Ask) -> Mapping[str, Any] | None:
    """Whom the running callback answers; None: nobody.

    ``kind`` (account, token, local), ``name``, ``role``, and what he may: ``manages``, ``confirms``, ``audits``;
    ``may``: what of this has buttons (act, decide, write, manage, homes; see `View`).
    """
    found: Mapping[str, Any] | None = getattr(ask, "person", None)
    return found


def seen_by(ask: Ask, view: View) -> View:
    """The view as it is for whom the running callback answers: with what he may do."""
    person = person_of(ask)
    return view if person is None else replace(view, may=person["may"], role=person["role"].replace("-", "_"))


def place(view: View) -> html.Div:
    """Where it stands; filled by a callback, because a page's tree is made without knowing for whom."""
    return html.Div(id=SHELL("person"), className="person")


def register(app: Dash, ask: Ask) -> None:
    """Say who is signed in."""

    @app.callback(Output(SHELL("person"), "children"), VIEW)
    def show(store: Any) -> Any:
        person = person_of(ask)
        return None if person is None else drawn(View.of(store), person)


def drawn(view: View, person: Mapping[str, Any]) -> html.Details:
    """The name to press, and what opens under it."""
    lang, kind = view.lang, person["kind"]
    role = t(lang, f"role.{person['role']}")
    name = masked(person["name"]) if kind == "account" else t(lang, f"person.{kind}")
    ways: list[Any] = [html.P([html.B(name), html.Span(role)], className="person-who")]
    opens = {"accounts": person["confirms"], "walls": person["manages"], "audit": person["audits"],
             "doctor": person["manages"]}  # fmt: skip
    ways += [
        html.A(t(lang, f"nav.{slug}"), href=f"/{slug}", className="person-way", **{"data-page": slug})
        for slug, may in opens.items() if may
    ]
    if kind == "account":
        where = f"/account/password?lang={lang}"
        ways.append(html.A(t(lang, "person.password"), href=where, className="person-way", target="_top"))
    if kind != "local":
        leave = html.Button(t(lang, "person.out"), type="submit", className="person-way")
        ways.append(html.Form(leave, action=f"/sign-out?lang={lang}", method="post"))
    title = html.Summary(
        [html.Span(name, className="person-name"), html.Span(role, className="person-role")],
        **{"aria-label": f"{t(lang, 'person.label')} {name} {role}"},
    )
    return html.Details([title, html.Div(ways, className="person-ways")], **{"data-account": str(kind == "account")})

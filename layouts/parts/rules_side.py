"""Beside the rules: what the outcomes suggest, who is declared away, and whether the news gets out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dash import html

from layouts.page import View
from layouts.parts import form
from layouts.parts.format import age, count
from layouts.parts.home_views import absence_line
from layouts.parts.panel import head, sign, unknown
from layouts.parts.rules_views import amount
from layouts.parts.text import has, t, titled
from layouts.parts.where import where

KINDS = ("away", "cleaning", "maintenance")
HOURS = (2, 8, 24, 72, 168, 720)


def suggestions(view: View, now: datetime, answer: Any) -> html.Div:
    """What past outcomes suggest; applied only by somebody who says who and why."""
    lang = view.lang
    if not answer:
        body: Any = html.P([sign("fresh"), t(lang, "suggestion.none")], className="calm")
        return html.Div([head(t(lang, "suggestion.title")), body], className="panel")
    items = [_suggestion(view, row) for row in answer]
    note = t(lang, "suggestion.note")
    return html.Div(
        [head(t(lang, "suggestion.title"), note), html.Ul(items, className="suggestions")], className="panel"
    )


def _suggestion(view: View, row: Mapping[str, Any]) -> html.Li:
    lang, one = view.lang, row["suggestion"]
    whose = where(lang, row["place"]) if row["place"] else t(lang, "rules.level.community")
    rule = titled(lang, row["rule_title"], one.rule)
    fixed = {"rule": one.rule, "parameter": one.parameter, "community_id": view.community, "value": one.proposed}
    fixed |= {"home_id": one.home_id} if one.home_id else {}
    fields = [form.who(lang), form.text(t(lang, "form.why"), "reason")]
    apply = form.form(
        view,
        "/api/v1/thresholds",
        fields,
        submit=t(lang, "suggestion.apply", value=amount(lang, one.proposed, row["unit"])),
        done=t(lang, "rules.saved"),
        method="PUT",
        fixed=fixed,
    )
    return html.Li(
        [
            html.Div([html.B(f"{whose} · {rule}")]),
            html.P(titled(lang, one.sentence, ""), className="rule-says"),
            html.Details([html.Summary(t(lang, "suggestion.do")), apply], className="fold"),
        ]
    )


# --- absences -----------------------------------------------------------------------------------------------------


def absences(view: View, now: datetime, answer: Any) -> html.Div:
    """What is declared, the next to end first, each with the button that ends it."""
    lang = view.lang
    items = []
    for row in answer:
        one = row["absence"]
        end = form.press(
            view,
            t(lang, "absence.end"),
            f"/api/v1/absences/{one.absence_id}",
            sure=t(lang, "form.sure"),
            method="DELETE",
        )
        whose = where(lang, row["place"]) if row["place"] else t(lang, "absence.all_homes")
        line = absence_line(lang, now, one)
        items.append(html.Li([html.Div([html.B(whose), end], className="row"), html.Ul(line)]))
    body = html.Ul(items, className="absence-list") if items else html.P(t(lang, "absence.none"), className="caveat")
    note = t(lang, "absence.note", n=count(len(items))) if items else None
    return html.Div([head(t(lang, "absence.title"), note), body], className="panel")


def declare(view: View, _now: datetime, answer: Any) -> html.Div:
    """The form that declares one: which home, what, until when, who and why. It ends by itself."""
    lang = view.lang
    homes = [(home["home_id"], where(lang, home)) for home in answer]
    fields = [
        form.known(
            t(lang, "absence.home"),
            "home_id",
            homes,
            "care-rules--absent",
            required=True,
            placeholder=t(lang, "home.search"),
        ),
        form.choice(t(lang, "absence.what"), "kind", [(kind, t(lang, f"absence.kind.{kind}")) for kind in KINDS]),
        form.choice(
            t(lang, "absence.how_long"),
            "ends_at",
            [(str(n), t(lang, f"absence.hours.{n}")) for n in HOURS],
            kind="hours",
        ),
        form.who(lang),
        form.text(t(lang, "form.why"), "reason", placeholder=t(lang, "absence.why")),
    ]
    body = form.form(
        view,
        "/api/v1/absences",
        fields,
        submit=t(lang, "absence.declare"),
        done=t(lang, "absence.declared"),
        fixed={"community_id": view.community},
    )
    return html.Div([head(t(lang, "absence.new")), body], className="panel")


# --- outlets ------------------------------------------------------------------------------------------------------


def outlets(view: View, now: datetime, answer: Any) -> html.Div:
    """Where news goes outside: what waits, when something was told last, what is wrong."""
    lang = view.lang
    if not answer:
        return html.Div([head(t(lang, "telling.title")), unknown(t(lang, "telling.none"))], className="panel")
    items = [_outlet(lang, now, one) for one in answer]
    return html.Div([head(t(lang, "telling.title")), html.Ul(items, className="outlets")], className="panel")


def _outlet(lang: str, now: datetime, one: Mapping[str, Any]) -> html.Li:
    kind = t(lang, f"telling.kind.{one['kind']}") if has(lang, f"telling.kind.{one['kind']}") else one["kind"]
    told = (
        age(lang, one["last_told"], now) if one["last_told"] else html.Span(t(lang, "telling.never"), className="note")
    )
    state = "look" if one["fault"] else "fresh"
    waiting = t(lang, "telling.waiting", n=count(one["waiting"]))
    if one["given_up"]:
        waiting += t(lang, "telling.given_up", n=count(one["given_up"]))
    fault = html.P([sign("look"), one["fault"][lang]], className="wrong") if one["fault"] else None
    name = html.B([sign(state), f"{kind} {one['name']}"])
    return html.Li([html.Div([name, told], className="row"), html.Span(waiting, className="note"), fault])

"""Forms that write: fields with names, sent as JSON to the interface by assets/51_forms.js.

The browser sends what was filled in together with ``fixed``, shows the reason of a refusal in the form's own place, and
says ``done`` when it went through; the panels follow by themselves with the next revision. In the past nothing can be
written, so there is no form, only the sentence that says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dash import dcc, html

from layouts.page import View
from layouts.parts.text import t

Tree = Any
Options = Sequence[tuple[str, str]]


def form(
    view: View,
    path: str,
    fields: Sequence[Tree],
    *,
    submit: str,
    done: str,
    method: str = "POST",
    fixed: Mapping[str, Any] | None = None,
    once: str = "",
) -> Tree:
    """A form that sends its fields and ``fixed`` to ``path``. ``submit`` is on its button, ``done`` is said after.

    ``once``: the member of the answer that is shown until it is closed, and never again.
    """
    if not view.live:
        return html.P(t(view.lang, "form.past"), className="caveat")
    if barred := kept_back(view, path):
        return barred
    told = {
        "data-send": path,
        "data-method": method,
        "data-fixed": json.dumps(dict(fixed or {}), ensure_ascii=False),
        "data-done": done,
        "data-lang": view.lang,
        **({"data-once": once, "data-close": t(view.lang, "form.once_close")} if once else {}),
    }
    button = html.Button(submit, type="submit", className="button accent")
    answer = html.P(className="form-answer", role="status")
    return html.Form([*fields, html.Div([button], className="buttons"), answer], className="form", **told)


NEEDS = {
    "/api/v1/absences": "act", "/api/v1/accounts": "manage", "/api/v1/drills": "decide", "/api/v1/homes": "act",
    "/api/v1/screens": "manage", "/api/v1/thresholds": "decide", "/api/v1/tokens": "manage",
}  # fmt: skip
"""What it takes to write there; whoever may not is told who may instead of being refused afterwards."""


def _needed(path: str) -> str:
    return next((need for where, need in NEEDS.items() if path.startswith(where)), "")


def kept_back(view: View, path: str) -> html.P | None:
    """Who may write there, for whoever may not; None for those who may."""
    need = _needed(path)
    return None if not need or view.allows(need) else who_may(view, need)


def who_may(view: View, need: str) -> html.P:
    """Which roles do this, in place of a button."""
    mark = html.I(className="icon icon-lock", **{"aria-hidden": "true"})
    return html.P([mark, t(view.lang, f"may.{need}")], className="caveat who-may")


def text(
    label: str, name: str, *, placeholder: str = "", required: bool = True, most: int = 500, value: str = "",
    control_id: str = "",
) -> html.Label:  # fmt: skip
    """A line of text. ``control_id``: of the input itself, for a callback that reads it."""
    control = dcc.Input(
        **({"id": control_id} if control_id else {}),
        **({"value": value} if value else {}),
        name=name,
        type="text",
        placeholder=placeholder,
        required=required,
        maxLength=most,
        autoComplete="off",
    )
    return html.Label([html.Span(label), control], className="field")


def who(lang: str) -> html.Label:
    """Who does it; this screen remembers the name."""
    return text(t(lang, "form.by"), "by", most=80)


def number(label: str, name: str, *, unit: str, low: float, high: float, value: float | None) -> html.Label:
    """A number with its unit between two bounds."""
    control = dcc.Input(name=name, type="number", min=low, max=high, step="any", value=value, required=True)
    return html.Label(
        [html.Span(label), html.Span([control, html.Span(unit, className="unit")], className="with-unit")],
        className="field",
        **{"data-kind": "number"},
    )


def choice(label: str, name: str, options: Options, *, kind: str = "") -> html.Label:
    """One of a few. ``kind`` ``hours``: the value is so many hours from now, sent as an instant."""
    known = [html.Option(words, value=value) for value, words in options]
    told = {"data-name": name, "data-kind": kind} if kind else {"data-name": name}
    return html.Label([html.Span(label), html.Select(known, className="select", **told)], className="field")


def known(
    label: str, name: str, options: Options, list_id: str, *, required: bool, placeholder: str = "",
    control_id: str = "",
) -> html.Label:  # fmt: skip
    """One of many, found by typing; what is sent is the id behind the words.

    ``control_id``: of the input itself, for a callback that reads the words.
    """
    control = dcc.Input(
        **({"id": control_id} if control_id else {}),
        name=name,
        type="text",
        list=list_id,
        placeholder=placeholder,
        required=required,
        autoComplete="off",
    )
    found = html.Datalist(listed(options), id=list_id)
    return html.Label([html.Span(label), control, found], className="field", **{"data-kind": "known"})


def listed(options: Iterable[tuple[str, str]]) -> list[html.Option]:
    """What the list of a `known` field offers: (id, words) each."""
    return [html.Option(value=words, **{"data-id": value}) for value, words in options]


def press(
    view: View,
    words: str,
    path: str,
    *,
    sure: str,
    method: str = "POST",
    fixed: Mapping[str, Any] | None = None,
    tone: str = "",
) -> html.Button | None:
    """One button that writes, after a second press on ``sure``; none in the past."""
    need = _needed(path)
    if not view.live or (need and not view.allows(need)):
        return None
    told = {
        "data-press": path,
        "data-method": method,
        "data-fixed": json.dumps(dict(fixed or {}), ensure_ascii=False),
        "data-sure": sure,
        "data-lang": view.lang,
    }
    return html.Button(words, className=f"button small {tone}".strip(), **told)

"""The page of accounts, drawn: who may sign in, as what, where, since when; and the tokens of programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dash import html

from layouts.page import View
from layouts.parts import form
from layouts.parts.format import stamp
from layouts.parts.panel import head, icon
from layouts.parts.text import t

ROLES = (
    "duty-officer", "grid-worker", "resident-service", "manager", "administrator", "auditor", "public-screen",
)  # fmt: skip
TOKEN_ROLES = ("manager", "resident-service", "public-screen")
"""Of which tokens are made here: those without personal data (docs/decisions/0021)."""
SCOPES = ("divisions", "communities", "estates", "grids")
Row = Mapping[str, Any]


def page(view: View, now: datetime, answer: Any) -> html.Div:
    """``answer``: accounts, tokens, manages; None: not for whoever asks."""
    lang = view.lang
    if answer is None:
        return html.Div(html.P([icon("lock"), t(lang, "accounts.barred")], className="panel barred"))
    lists = html.Div([_accounts(view, now, answer), _tokens(view, answer)])
    side = [html.Aside([_add(view), _add_token(view)])] if answer["manages"] else []
    return html.Div([lists, *side], className="accounts-page")


def _accounts(view: View, now: datetime, answer: Any) -> html.Section:
    lang, rows = view.lang, answer["accounts"]
    names = ("login", "name", "role", "scope", "last", "state")
    table = _table(
        [*(t(lang, f"accounts.{name}") for name in names), t(lang, "accounts.change")],
        [_account(view, now, row, manages=answer["manages"], own=row["id"] == answer["own"]) for row in rows],
    )
    return html.Section(
        [head(t(lang, "accounts.list"), str(len(rows))), table if rows else html.P(t(lang, "accounts.none"))],
        className="panel",
    )


def _account(view: View, now: datetime, row: Row, *, manages: bool, own: bool) -> list[Any]:
    lang = view.lang
    came = row["last_sign_in"]
    last = stamp(lang, datetime.fromisoformat(came)) if came else t(lang, "accounts.never")
    return [
        html.B(row["login"]), row["name"], t(lang, f"role.{row['role']}"), scope(lang, row), last,
        state(lang, now, row), None if own else _ways(view, row, manages=manages),
    ]  # fmt: skip


def state(lang: str, now: datetime, row: Row) -> str:
    """Whether he may sign in, and why not."""
    if row["is_disabled"]:
        return t(lang, "accounts.disabled")
    if not row["is_confirmed"]:
        return t(lang, "accounts.waiting")
    if row["locked_until"] and (until := datetime.fromisoformat(row["locked_until"])) > now:
        return t(lang, "accounts.locked", at=stamp(lang, until))
    if row["is_elsewhere"]:
        return t(lang, "accounts.elsewhere")
    return t(lang, "accounts.temporary" if row["is_temporary"] else "accounts.ok")


def scope(lang: str, row: Row) -> str:
    """The part of the neighbourhood, in words."""
    limits = [f"{t(lang, f'accounts.dimension_{n}')} {', '.join(row[n])}" for n in SCOPES if row[n] is not None]
    return " · ".join(limits) or t(lang, "accounts.everywhere")


def _ways(view: View, row: Row, *, manages: bool) -> Any:
    lang, path = view.lang, f"/api/v1/accounts/{row['id']}"
    done = t(lang, "accounts.done")
    acts = ["confirm"] if not row["is_confirmed"] else []
    if manages:
        acts.append("enable" if row["is_disabled"] else "disable")
        acts += ["unlock"] if row["locked_until"] else []
    ways: list[Any] = [
        form.press(view, t(lang, f"accounts.{act}"), f"{path}/{act}", sure=t(lang, f"accounts.{act}") + "?")
        for act in acts
    ]
    if manages:
        fields = [_role(lang, row["role"]), *_scope_fields(lang, row)]
        ways.append(form.form(view, f"{path}/role", fields, submit=t(lang, "accounts.save"), done=done))
        ways.append(form.form(view, f"{path}/password", [_password(lang)], submit=t(lang, "accounts.reset"), done=done))
    return html.Details([html.Summary(t(lang, "accounts.change")), *ways], className="accounts-more") if ways else None


def _add(view: View) -> html.Section:
    lang = view.lang
    fields = [
        form.text(t(lang, "accounts.login"), "login", most=64), form.text(t(lang, "accounts.name"), "name", most=80),
        _role(lang, "duty-officer"), _password(lang), *_scope_fields(lang, {}),
    ]  # fmt: skip
    made = form.form(
        view, "/api/v1/accounts", fields, submit=t(lang, "accounts.add_submit"), done=t(lang, "accounts.added")
    )
    note = html.P(t(lang, "accounts.personal"), className="caveat")
    return html.Section([head(t(lang, "accounts.add")), made, note], className="panel")


def _add_token(view: View) -> html.Section:
    lang = view.lang
    days = [(str(n), t(lang, "accounts.days", n=n)) for n in (90, 7, 30, 366)]
    fields = [
        form.text(t(lang, "accounts.token_for"), "name", most=80),
        form.choice(t(lang, "accounts.role"), "role", [(role, t(lang, f"role.{role}")) for role in TOKEN_ROLES]),
        form.choice(t(lang, "accounts.token_days"), "days", days, kind="number"), *_scope_fields(lang, {}),
    ]  # fmt: skip
    made = form.form(
        view, "/api/v1/tokens", fields, submit=t(lang, "accounts.token_make"), done=t(lang, "accounts.token_once"),
        once="token",
    )  # fmt: skip
    note = html.P(t(lang, "accounts.token_note"), className="caveat")
    return html.Section([head(t(lang, "accounts.token_new")), made, note], className="panel")


def _role(lang: str, chosen: str) -> Any:
    first = [chosen, *(role for role in ROLES if role != chosen)]
    return form.choice(t(lang, "accounts.role"), "role", [(role, t(lang, f"role.{role}")) for role in first])


def _password(lang: str) -> Any:
    hint = t(lang, "accounts.initial_hint")
    return form.text(t(lang, "accounts.initial"), "password", placeholder=hint, most=200)


def _scope_fields(lang: str, row: Row) -> list[Any]:
    several = t(lang, "accounts.several")
    return [
        form.text(
            t(lang, f"accounts.{name}"), name, placeholder=several, required=False, value=", ".join(row.get(name) or ())
        )
        for name in SCOPES
    ]


def _tokens(view: View, answer: Any) -> html.Section:
    lang, rows = view.lang, answer["tokens"]
    names = ("name", "role", "scope", "made", "until")
    cells = []
    for row in rows:
        until = stamp(lang, datetime.fromisoformat(row["until"])) if row["until"] else "—"
        made = stamp(lang, datetime.fromisoformat(row["created_at"]))
        sure, words = t(lang, "accounts.revoke") + "?", t(lang, "accounts.revoke")
        path = f"/api/v1/tokens/{row['id']}"
        way = form.press(view, words, path, sure=sure, method="DELETE") if answer["manages"] else None
        cells.append([row["name"], t(lang, f"role.{row['role']}"), scope(lang, row), made, until, way])
    table = _table([*(t(lang, f"accounts.{name}") for name in names), t(lang, "accounts.change")], cells)
    none = html.P(t(lang, "accounts.no_tokens"))
    return html.Section([head(t(lang, "accounts.tokens"), str(len(rows))), table if rows else none], className="panel")


def _table(titles: Sequence[str], rows: Sequence[Sequence[Any]]) -> html.Div:
    first = html.Thead(html.Tr([html.Th(title, scope="col") for title in titles]))
    named = [[html.Td(cell, **{"data-label": title}) for title, cell in zip(titles, row, strict=True)] for row in rows]
    body = html.Tbody([html.Tr(cells) for cells in named])
    return html.Div(
        html.Table([first, body], className="accounts-table"), className="accounts-scroll", tabIndex="0", role="region",
        **{"aria-label": titles[0]},
    )  # fmt: skip

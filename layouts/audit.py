"""The audit page: who did what, when, to what end, and whether nobody changed it since. For the auditor only."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from dash import Dash, Input, Output, State, dcc, html, no_update

from layouts.page import REVISION, VIEW, ZONE, Ask, Ids, Page, View, instant
from layouts.parts import audit_views as views
from layouts.parts.panel import fingerprint
from layouts.parts.text import t

ids = Ids("audit")
FILTERS = ("act", "actor", "subject", "since", "until")
MOST = 200


def layout(view: View) -> html.Div:
    """The state of the chain, the filters, the entries."""
    lang = view.lang
    labels = {"act": "act", "actor": "who", "subject": "subject", "since": "since", "until": "until"}
    texts = [
        dcc.Input(
            id=ids(name), type="search", debounce=0.4, placeholder=t(lang, f"audit.{labels[name]}"),
            autoComplete="off", list=ids("acts") if name == "act" else None,
        )
        for name in FILTERS
    ]  # fmt: skip
    known = html.Datalist([html.Option(value=words) for words in views.acts(lang)], id=ids("acts"))
    return html.Div(
        [
            html.H1(t(lang, "nav.audit"), className="sr-only"),
            dcc.Store(id=ids("shown")),
            html.Div(id=ids("state")),
            html.Div([known, *(_labelled(lang, labels, control) for control in texts)], className="filters"),
            html.Div(id=ids("entries"), className="audit-entries"),
        ],
        className="care-page audit-page",
    )


def _labelled(lang: str, labels: dict[str, str], control: Any) -> html.Label:
    name = str(control.id).removeprefix(ids(""))
    return html.Label([html.Span(t(lang, f"audit.{labels[name]}"), className="sr-only"), control], className="search")


def register(app: Dash, ask: Ask) -> None:
    """Read the trail anew with every second of the page; nothing is sent when it says the same."""

    @app.callback(
        Output(ids("state"), "children"),
        Output(ids("entries"), "children"),
        Output(ids("shown"), "data"),
        VIEW,
        REVISION,
        *(Input(ids(name), "value") for name in FILTERS),
        State(ids("shown"), "data"),
    )
    def show(store: Any, _second: Any, *rest: Any) -> tuple[Any, Any, Any]:
        *said, shown = rest
        view = View.of(store)
        if not ask.reads_audit:
            return (views.barred(view.lang), None, "barred") if shown != "barred" else (no_update,) * 3
        asked = {name: (value or "").strip() for name, value in zip(FILTERS, said, strict=True)}
        days, wrong = _days(view.lang, asked["since"], asked["until"])
        audit = ask.services.audit
        standing = audit.standing()
        key = fingerprint(view, (standing, asked))
        if key == shown:
            return no_update, no_update, no_update
        now = instant(view, ask.twin)
        state = views.state(view, now, standing)
        if wrong:
            return state, html.P(wrong, className="caveat", role="alert"), key
        act = views.acts(view.lang).get(asked["act"], asked["act"])
        actor = views.actors(view.lang).get(asked["actor"], asked["actor"])
        equal = {"act": act, "actor": actor, "subject": asked["subject"]}
        found = audit.search(**equal, **days, limit=MOST)
        query = equal | {{"since": "from", "until": "to"}[k]: v.isoformat() for k, v in days.items() if v}
        return state, views.entries(view, now, found, {k: v for k, v in query.items() if v}), key


def _days(lang: str, since: str, until: str) -> tuple[dict[str, datetime | None], str]:
    """The instants two days begin at, in local time; words about what is no day."""
    found: dict[str, datetime | None] = {}
    for name, text in (("since", since), ("until", until)):
        try:
            day = date.fromisoformat(text) if text else None
        except ValueError:
            return {}, t(lang, "audit.wrong_day", what=text)
        found[name] = datetime(day.year, day.month, day.day, tzinfo=ZONE) if day else None
    return found, ""


PAGE = Page(slug="audit", title_key="nav.audit", order=92, layout=layout, register=register, slim=True, quiet=True)

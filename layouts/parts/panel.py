"""Panels: the frame every figure stands in, and the one callback that redraws those that changed."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update

from layouts.page import REVISION, VIEW, Ask, Ids, View, instant
from layouts.parts.drawn import Drawn, drawn, to_html
from layouts.parts.format import UNKNOWN, stamp
from layouts.parts.help_here import explained
from layouts.parts.person import seen_by
from layouts.parts.text import t
from twin_model.rights import NotAllowed

log = logging.getLogger(__name__)

Tree = Any


@dataclass(frozen=True)
class Panel:
    """One redrawable part: ``question(twin, at, community, **chosen)`` -> plain answer, ``draw`` -> tree.

    ``chosen`` maps the question's further arguments to the page's stores that hold them (a building, a series).
    """

    part: str
    question: Callable[..., Any]
    draw: Callable[[View, datetime, Any], Tree]
    class_name: str = ""
    waits: bool = False
    chosen: Mapping[str, str] = field(default_factory=dict)
    later: bool = False  # asked with until=: this minute in the past, None while live; for what came to be known since
    written_down: bool = False  # who sees it is written down each time: asked and drawn for nobody else
    beside: bool = False  # the answer of the other instant (of now, in the past) goes along as answer["now"]

    def place(self, ids: Ids, view: View) -> Drawn:
        """The place the tree is put into; until then it is empty or says, as a panel, that it is being read."""
        words = html.P(t(view.lang, "panel.waiting"), className="caveat")
        waiting = html.Div(words, className="panel waiting") if self.waits else None
        return Drawn(to_html(waiting), id=ids(self.part), className=self.class_name)


def stores(ids: Ids, group: str = "") -> html.Div:
    """Holds the fingerprints of what the panels of a page (or of a group of them) show; goes into the layout."""
    return html.Div(dcc.Store(id=ids(f"shown{group}")), hidden=True, **{"data-panels": f"{ids.page}{group}"})


def register_panels(app: Dash, ask: Ask, ids: Ids, panels: Sequence[Panel], group: str = "") -> None:
    """Redraw the panels whose answer changed, in one request a second at most.

    A panel that fails says so in its place and in the log, and the others go on. Panels of another ``group`` are asked
    for beside these: what takes long to answer must not hold up the rest.
    """
    shown_id = ids(f"shown{group}")
    choices = sorted({store for panel in panels for store in panel.chosen.values()})

    @app.callback(
        output=(Output(shown_id, "data"), [Output(ids(panel.part), "children") for panel in panels]),
        inputs={"store": VIEW, "revision": REVISION, "chosen": {name: Input(ids(name), "data") for name in choices}},
        state={"shown": State(shown_id, "data")},
    )
    def show(store: Any, revision: Any, chosen: Any, shown: Any) -> tuple[Any, list[Any]]:
        view = seen_by(ask, View.of(store))
        now = instant(view, ask.twin)
        seen_before = shown if isinstance(shown, dict) else {}  # it comes from the browser
        with ask.one_instant(view):
            trees = [draw(ask, ids, panel, view, now, seen_before.get(panel.part), chosen) for panel in panels]
        keys = {panel.part: key for panel, (key, _) in zip(panels, trees, strict=True)}
        seen = dict(keys)

        def again() -> None:
            later = instant(view, ask.twin)
            for panel in panels:
                if not panel.written_down:
                    seen[panel.part], _ = draw(ask, ids, panel, view, later, seen[panel.part], chosen)

        ask.ahead(f"{ids.page}{group}", view, again, **chosen)
        return {**keys, "page": f"{ids.page}{group}", "second": (revision or {}).get("second")}, [
            tree for _, tree in trees
        ]

    # Dash drops an answer when the next request has left already: the browser asks again only after this one came
    app.clientside_callback(
        ClientsideFunction("cim", "answered"),
        Output(shown_id, "modified_timestamp"),
        Input(shown_id, "data"),
        prevent_initial_call=True,
    )


def draw(
    ask: Ask, ids: Ids, panel: Panel, view: View, now: datetime, shown: str | None, chosen: Mapping[str, Any]
) -> tuple[str, Tree]:
    """The fingerprint of a panel and what its place takes (`drawn`); ``no_update`` when the reader already sees it."""
    question, part = panel.question, ids(panel.part)
    args = {name: chosen[store] for name, store in panel.chosen.items()}
    if panel.later:
        args["until"] = None if view.live else ask.twin.now().replace(second=0, microsecond=0)

    def answer() -> Any:
        name = f"{question.__module__}.{question.__name__}"
        found = ask(name, question, view, **args)
        if panel.beside and (view.other or not view.live):
            found = {**found, "now": ask(name, question, replace(view, at=view.other), **args)}
        return found

    def tree(found: Any) -> Tree:
        return drawn(explained(view, ids, panel.part, panel.draw(view, now, found)))

    def picture() -> tuple[str, Tree]:
        """Both of one answer: a browser that has a new fingerprint with an old picture would keep the old one."""
        found = answer()
        return fingerprint(view, found), tree(found)

    try:
        if panel.written_down:
            found = answer()
            key = fingerprint(view, found)
            return key, no_update if key == shown else tree(found)
        key = ask.drawn(f"{part} key", view, lambda: fingerprint(view, answer()), **args)
        if key == shown:
            return key, no_update
        key, made = ask.drawn(part, view, picture, **args)
        return key, no_update if key == shown else made
    except NotAllowed as kept_back:
        return "barred", no_update if shown == "barred" else to_html(barred(view, kept_back))
    except Exception:  # the wall between panels: one that fails must not freeze the others
        log.exception("panel %s failed", ids(panel.part))
        return "failed", no_update if shown == "failed" else to_html(failed(view))


def fingerprint(view: View, answer: Any) -> str:
    """Changes when the picture does. Live ages tick in the browser, so the instant counts only in the past."""
    may = None if view.may is None else (view.role, sorted(view.may))
    seen = repr((view.lang, view.community, view.at, view.other, may, answer))
    return hashlib.blake2b(seen.encode(), digest_size=8).hexdigest()


def barred(view: View, why: NotAllowed) -> html.Div:
    """What stands in a panel whose question whoever asks may not ask."""
    return html.Div(html.P([icon("lock"), why.reason[view.lang]]), className="panel barred")


def failed(view: View) -> html.Div:
    """What stands in a panel whose question raised."""
    return html.Div(
        [html.H2(t(view.lang, "panel.failed")), html.P(t(view.lang, "panel.failed_why"))], className="panel"
    )


# --- pieces -------------------------------------------------------------------------------------------------


def icon(name: str, class_name: str = "") -> html.I:
    """A drawn sign (assets/30 in css, local SVG); always beside a word or inside a labelled button."""
    return html.I(className=f"icon icon-{name} {class_name}".strip(), **{"aria-hidden": "true"})


def sign(state: str) -> html.I:
    """Shape and colour of a state: act triangle, look diamond, blind hatch, fresh dot, away hollow."""
    return html.I(className=f"sign sign-{state}", **{"aria-hidden": "true"})


def head(title: Tree, note: Tree = None, *, way: str | None = None) -> html.Div:
    """A panel's first line: what it is, and how old."""
    name = html.H2(title if way is None else [html.Button(title, className="way", **sets("overview--open", way))])
    return html.Div([name, html.Span(note, className="note")], className="head")


def sets(target: str, value: str) -> dict[str, Any]:
    """Attributes of a button that, when pressed, puts ``value`` into the store ``target`` (assets/20_shell.js)."""
    return {"data-set": target, "data-value": value}


def figure(value: Tree, unit: str = "", *, way: str | None = None, label: str = "", size: str = "big") -> Tree:
    """A headline figure with its unit; pressing it opens the rows behind it."""
    inner = [html.Span(value, className="num"), html.Span(unit, className="unit") if unit else None]
    if way is None:
        return html.Div(inner, className=f"figure {size}")
    return html.Button(inner, className=f"figure way {size}", title=label or None, **sets("overview--open", way))


def beside(view: View, words: str | None) -> html.Span | None:
    """What it is now, in grey beside a figure of the past; or at the instant that was chosen to compare with."""
    if words is None or (view.live and view.other is None):
        return None
    if view.other is None:
        return html.Span(t(view.lang, "past.now", value=words), className="now")
    is_left = view.at is None or view.other < view.at  # the map's line has the earlier instant at its left
    said = t(view.lang, "time.left" if is_left else "time.right", value=words)
    return html.Span(said, className="now", title=stamp(view.lang, view.other))


def unknown(reason: str) -> html.Div:
    """Not measurable: a dash and why, hatched; never a zero."""
    return html.Div([html.Span(UNKNOWN, className="num"), html.Span(reason, className="why")], className="unknown")


def next_step(view: View, name: str) -> html.P:
    """What to do where there is nothing to show (section ``next`` of the locale); in the past: look at a later one."""
    return html.P(t(view.lang, f"next.{name if view.live else 'later'}"), className="caveat next-step")


def meter(share: float | None, *, tone: str = "") -> html.Div:
    """A bar of share of capacity; a place without capacity has a dashed line, not an empty bar."""
    if share is None:
        return html.Div(className="meter none", **{"aria-hidden": "true"})
    width = f"{max(0.0, min(1.0, share)) * 100:.1f}%"
    return html.Div(html.I(style={"width": width}), className=f"meter {tone}".strip(), **{"aria-hidden": "true"})


def stacked(parts: Sequence[tuple[str, float]]) -> html.Div:
    """One bar of shares: ``[(class, amount), ...]``; nothing is drawn for nothing."""
    return html.Div(
        [html.I(className=name, style={"flexGrow": amount}) for name, amount in parts if amount],
        className="stacked",
        **{"aria-hidden": "true"},
    )

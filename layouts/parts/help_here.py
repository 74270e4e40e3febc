"""Help: two or three sentences in a panel's corner, the list of keys, and the way past the bar for the keyboard.

The sentences stand in the locale's help.toml as ``help.<page>.<panel>``; a panel without one has no question mark.
"""

from __future__ import annotations

from typing import Any

from dash import html

from layouts.page import SHELL, Ids, View
from layouts.parts.text import has, t

KEYS: tuple[tuple[str, tuple[tuple[tuple[str, ...], str], ...]], ...] = (
    (
        "everywhere",
        (
            (("/", "Ctrl K"), "search"),
            (("V",), "views"),
            (("?",), "keys"),
            (("Esc",), "escape"),
            (("Tab", "⇧ Tab"), "tab"),
            (("M",), "mute"),
        ),
    ),
    ("on_care", ((("Enter",), "acknowledge"), (("↑", "↓"), "choose"))),
    ("in_lists", ((("↑", "↓"), "choose_row"), (("Enter",), "open"))),
    (
        "on_map",
        (
            (("←", "→", "↑", "↓"), "pan"),
            (("Q", "E"), "turn"),
            (("N",), "north"),
            (("+", "−"), "zoom"),
            (("Home",), "home"),
        ),
    ),
    ("on_time", ((("←", "→"), "step"), (("PgUp", "PgDn"), "stride"), (("End",), "ends"))),
)


def explained(view: View, ids: Ids, part: str, tree: Any) -> Any:
    """A panel's tree with its question mark; as it is where nothing is drawn or nothing is to be said."""
    key = f"help.{ids.page}.{part}"
    if tree is None or not has(view.lang, key):
        return tree
    words = t(view.lang, "help.about")
    mark = html.Button("?", className="help-here", title=words, **{"aria-label": words, "data-help": t(view.lang, key)})
    return [*(tree if isinstance(tree, list) else [tree]), mark]


def skip(view: View) -> html.A:
    """The first thing Tab comes to: past the bar, to what the page shows."""
    return html.A(t(view.lang, "help.skip"), href=f"#{SHELL('main')}", className="skip", **{"data-skip": ""})


def button(view: View) -> html.Button:
    """The question mark in the bar."""
    words = t(view.lang, "help.keys")
    shown = {"data-help-open": "", "aria-label": words, "aria-keyshortcuts": "?", "aria-expanded": "false"}
    return html.Button("?", className="bar-button", title=f"{words} ( ? )", **shown)


def box(view: View) -> html.Div:
    """The list of keys, hidden until it is asked for."""
    lang = view.lang
    close = t(lang, "help.keys_close")
    groups = [
        html.Div(
            [html.H3(t(lang, f"help.{where}")), html.Dl([one for keys, what in rows for one in _row(lang, keys, what)])]
        )
        for where, rows in KEYS
    ]
    head = html.Div(
        [
            html.H2(t(lang, "help.keys"), tabIndex="-1"),
            html.Button("×", className="button square", title=close, **{"data-help-close": "", "aria-label": close}),
        ],
        className="head",
    )
    paper = html.Button(
        t(lang, "help.print"), className="button small", title=t(lang, "help.print_way"), **{"data-print": ""}
    )
    return html.Div(
        [
            head,
            html.P([t(lang, "help.guide"), " ", paper], className="caveat"),
            html.Div(groups, className="help-keys"),
        ],
        className="search-box help-box",
        role="region",
        hidden=True,
        **{"aria-label": t(lang, "help.keys")},
    )


def _row(lang: str, keys: tuple[str, ...], what: str) -> list[Any]:
    return [html.Dt([html.Kbd(key) for key in keys]), html.Dd(t(lang, f"help.key.{what}"))]

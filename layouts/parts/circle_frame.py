"""What stands around the map of walking circles: its place, the tabs of the right side, the legend's place.

Colours and counts of the legend are written by assets/53_circles.js, which knows what the map drew.
"""

from __future__ import annotations

import json

from dash import html

from layouts.page import View
from layouts.parts.panel import icon
from layouts.parts.text import t, texts

SIDES = ("matrix", "facilities", "capacity", "network")
WORDS = "circles.js."


def map_place(view: View) -> html.Div:
    """The empty place of the map; what it shows is told in words by the panels beside it."""
    said = {key.removeprefix(WORDS): words for key, words in texts(view.lang).items() if key.startswith(WORDS)}
    return html.Div(
        id="circles--map",
        className="map-place",
        role="application",
        **{
            "aria-label": t(view.lang, "circles.map"),
            "data-circles": "",
            "data-community": view.community,
            "data-lang": view.lang,
            "data-words": json.dumps(said, ensure_ascii=False),
        },
    )


def choice(key: str, value: str, words: str, *, on: bool, title: str | None = None, name: str = "range") -> html.Button:
    """A button that puts ``key=value`` into the address (assets/53_circles.js)."""
    pressed = {"data-choose": key, "data-value": value, "aria-pressed": str(on).lower()}
    return html.Button(words, className=name, title=title, **pressed)


def sides(view: View) -> html.Div:
    """What the right side shows."""
    buttons = [choice("side", name, t(view.lang, f"circles.side.{name}"), on=name == SIDES[0]) for name in SIDES]
    return html.Div(buttons, className="ranges circles-sides", role="group")


def turning(lang: str) -> list[html.Button]:
    """The buttons that turn the map to the north, and back to the whole of it."""
    return [
        html.Button(
            icon(name), className="button square", title=t(lang, f"circles.{name}"),
            **{"data-map": name, "aria-label": t(lang, f"circles.{name}")},
        )
        for name in ("north", "home")
    ]  # fmt: skip


def legend(view: View) -> html.Section:
    """The bar under the map."""
    lang = view.lang
    return html.Section(
        [
            html.Div(className="walk-keys", **{"data-circles-legend": ""}),
            html.P(className="caveat", hidden=True, role="alert", **{"data-circles-problem": ""}),
            html.Div(
                [
                    *turning(lang),
                    html.Div([html.I(id="circles--scale-bar"), html.Span()], className="scale", hidden=True),
                ],
                className="map-tools",
            ),
        ],
        className="legend circles-legend",
        **{"aria-label": t(lang, "circles.legend")},
    )

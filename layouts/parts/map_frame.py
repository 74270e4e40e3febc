"""What stands around the 3D map: the place it is drawn in, and the legend with its counts and buttons.

The map itself is assets/40_map*.js; assets/21_shell_map.js starts it in the element with ``data-map-place``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dash import html

from layouts.page import View
from layouts.parts.format import count
from layouts.parts.panel import icon
from layouts.parts.text import t

CLASSES = {
    "alert": ("none", "look", "act", "blind"),
    "occupancy": ("0", "1", "2", "3", "unknown"),
    "freshness": ("fresh", "stale", "lost", "none"),
}


def map_place(view: View, page: str = "overview", *, selected: str = "overview--selected") -> html.Div:
    """The empty place of the map; what it shows is told in words by the panels beside it.

    ``selected``: the page's store that holds the building chosen on the map.
    """
    return html.Div(
        id=f"{page}--map",
        className="map-place",
        role="application",
        **{
            "aria-label": t(view.lang, "map.label"),
            "data-map-place": "",
            "data-community": view.community,
            "data-lang": view.lang,
            "data-selected": selected,
        },
    )


def legend(view: View, _now: datetime, answer: Any) -> html.Div:
    """How many buildings are in each class; all colourings are there, the chosen one is shown."""
    lang = view.lang
    nothing = set(answer["alert"]) <= {"unsensed"}  # no building has a device that could alarm
    unsensed = answer["alert"].get("unsensed", 0)
    lists = [
        html.Ul(
            [html.Li([html.I(className="swatch alert-blind"), t(lang, "tasks.not_sensed")], className="no-key")]
            if nothing and colouring == "alert"
            else [
                *(_key(lang, colouring, name, answer[colouring].get(name, 0)) for name in names),
                _unsensed(lang, unsensed) if unsensed and colouring == "alert" else None,
            ],
            className="keys",
            **{"data-keys": colouring},
        )
        for colouring, names in CLASSES.items()
    ]
    return html.Div(lists, className="key-lists")


def _unsensed(lang: str, n: int) -> html.Li:
    words = t(lang, "legend.freshness.none")
    return html.Li([html.I(className="swatch alert-unsensed"), words, html.B(count(n))], className="no-key")


def _key(lang: str, colouring: str, name: str, n: int) -> html.Li:
    words = t(lang, f"legend.{colouring}.{name}")
    pressed = {"data-map": "class", "data-class": name, "aria-pressed": "false"}
    return html.Li(
        html.Button(
            [html.I(className=f"swatch {colouring}-{name}"), html.Span(words, className="word"), html.B(count(n))],
            className="key-button",
            **pressed,
        )
    )


def legend_bar(view: View, keys: html.Div) -> html.Section:
    """The bar under the map: colouring, classes, layers, north, home view, scale."""
    lang = view.lang
    colourings = [html.Option(t(lang, f"legend.{name}.title"), value=name) for name in CLASSES]
    return html.Section(
        [
            html.Label(
                [
                    icon("palette"),
                    html.Select(
                        colourings, className="select", **{"data-map": "colour", "aria-label": t(lang, "legend.colour")}
                    ),
                ],
                className="select-box",
            ),
            keys,
            html.Div(
                [
                    _button(lang, "labels", "layers"),
                    _button(lang, "north", "north"),
                    _button(lang, "home", "home"),
                    html.Div(
                        [html.I(id="overview--scale-bar"), html.Span(id="overview--scale-word")],
                        className="scale",
                        hidden=True,
                    ),
                ],
                className="map-tools",
            ),
        ],
        className="legend",
        **{"aria-label": t(lang, "legend.label")},
    )


def _button(lang: str, name: str, picture: str) -> html.Button:
    words = t(lang, f"map.{name}")
    return html.Button(icon(picture), className="button square", title=words, **{"data-map": name, "aria-label": words})

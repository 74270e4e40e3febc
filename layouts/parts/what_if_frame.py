"""What stands around the what-if map: its place, the mark that this is thought of, the legend."""

from __future__ import annotations

import json

from dash import html

from layouts.page import View
from layouts.parts.circle_frame import turning
from layouts.parts.panel import sign
from layouts.parts.text import t, texts

WORDS = "what_if.js."
CLASSES = ("gained", "lost", "nearer", "further", "within", "beyond")


def map_place(view: View) -> html.Div:
    """The empty place of the map; what it shows is told in words by the panels beside it."""
    said = {key.removeprefix(WORDS): words for key, words in texts(view.lang).items() if key.startswith(WORDS)}
    return html.Div(
        id="what-if--map", className="map-place", role="application",
        **{
            "aria-label": t(view.lang, "what_if.map"), "data-what-if-place": "", "data-community": view.community,
            "data-lang": view.lang, "data-words": json.dumps(said, ensure_ascii=False),
        },
    )  # fmt: skip


def mark(view: View) -> html.Div:
    """On every picture of a scenario: not what is."""
    return html.Div([sign("look"), html.B(t(view.lang, "what_if.mark"))], className="what-if-mark", role="note")


def legend(view: View) -> html.Section:
    """The bar under the map: a colour, a word, how many buildings."""
    lang = view.lang
    keys = [
        html.Span([html.I(className=f"swatch what-if-{one}"), html.Span(t(lang, f"what_if.legend.{one}")),
                   html.B("", **{"data-what-if-count": one})], className="walk-rest")
        for one in CLASSES
    ]  # fmt: skip
    return html.Section(
        [html.Div(keys, className="walk-keys"), html.Div(turning(lang), className="map-tools")],
        className="legend what-if-legend", **{"aria-label": t(lang, "circles.legend")},
    )  # fmt: skip

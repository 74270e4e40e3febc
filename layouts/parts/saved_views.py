"""The menu of saved views in the bar: name what is on screen, and get it back. Filled by assets/73_views.js.

A view is the address: page, community, language aside, instant or live, comparison, colouring, chosen building, home,
device, place, scene and KPI.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from dash import dcc, html

from layouts.page import SHELL, Page, View
from layouts.parts.panel import icon
from layouts.parts.text import t, texts

LONGEST_NAME = 40


def button(view: View) -> html.Button:
    """The bookmark in the bar."""
    words = t(view.lang, "views.open")
    shown = {"data-views-open": "", "aria-label": words, "aria-keyshortcuts": "v", "aria-expanded": "false"}
    return html.Button(icon("bookmark"), className="bar-button", title=f"{words} ( v )", **shown)


def box(view: View, pages: Sequence[Page]) -> html.Div:
    """The menu, hidden until it is asked for."""
    lang = view.lang
    said = {key: words for key, words in texts(lang).items() if key.startswith("views.")}
    titles = {page.slug: t(lang, page.title_key) for page in pages}
    name = dcc.Input(
        id=SHELL("views-name"),
        type="text",
        maxLength=LONGEST_NAME,
        autoComplete="off",
        placeholder=t(lang, "views.name"),
    )
    close = t(lang, "views.close")
    words = t(lang, "views.name")
    return html.Div(
        [
            html.Div(
                [
                    html.H2(t(lang, "views.open")),
                    html.Button(
                        icon("close"),
                        className="button square",
                        title=close,
                        **{"data-views-close": "", "aria-label": close},
                    ),
                ],
                className="head",
            ),
            html.Div(
                [
                    html.Label([html.Span(words, className="sr-only"), name], className="field"),
                    html.Button(t(lang, "views.save"), className="button accent", **{"data-views-save": ""}),
                ],
                className="views-new",
            ),
            html.P(t(lang, "views.what"), className="caveat"),
            html.P(className="views-said", role="status", **{"data-views-said": ""}),
            html.Div(className="views-list", **{"data-views-list": ""}),
        ],
        className="search-box views-box",
        role="region",
        hidden=True,
        **{
            "aria-label": t(lang, "views.open"),
            "data-texts": json.dumps(said, ensure_ascii=False),
            "data-titles": json.dumps(titles, ensure_ascii=False),
        },
    )

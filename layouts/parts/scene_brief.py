"""The nine scenes as the overview shows them: nine small places, each with its score and grade. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dash import html

from layouts.page import View
from layouts.parts.home_views import link
from layouts.parts.kpi_words import later
from layouts.parts.panel import sign, unknown
from layouts.parts.scene_views import Tile, bold, counterpart, score, tone
from layouts.parts.text import t, titled


def nine(view: View, _now: datetime, answer: Any) -> html.Div:
    """Three by three in the order of the scenes page; one line when not one of them can be graded."""
    lang = view.lang
    known = bold(t(lang, "scenes.indicators", n=answer["measured"], all=answer["indicators"]))
    head = html.Div(
        [html.H2(link(view, "/scenes", t(lang, "nav.scenes"))), html.Span(known, className="note")], className="head"
    )
    if all(one["attainment"] is None for one in answer["tiles"]):
        why = link(view, "/scenes", t(lang, "scenes.none_graded"))
        return html.Div([head, unknown(why)], className="panel nine")
    cells = [_cell(view, one, counterpart(answer, "tiles", one["key"])) for one in answer["tiles"]]
    return html.Div([head, html.Div(cells, className="nine-cells")], className="panel nine")


def _cell(view: View, one: Tile, other: Tile | None) -> html.A:
    """Name and grade at the left, the score at the right; the other instant's score takes the grade's place."""
    lang = view.lang
    if one["attainment"] is None:
        word: Any = [sign("blind"), t(lang, "scenes.no_grade")]
    else:
        mark = sign("look") if one["grade"] == "attention" else None
        word = [mark, titled(lang, one["grade_title"], "")]
    words = later(view, score(other)) if other is not None else None
    inner = [
        html.Span(titled(lang, one["title"], one["key"]), className="what"),
        html.B(score(one), className="num"),
        words or html.Span(word, className="grade-word"),
    ]
    way = link(view, "/scene", inner, scene=one["key"])
    way.className = f"way nine-cell{tone(one)}"
    return way

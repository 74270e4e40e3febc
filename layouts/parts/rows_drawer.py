"""The rows behind a figure as a table over the page: what the drawers of several pages have in common. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dash import html

from layouts.parts.format import count
from layouts.parts.panel import icon, sets
from layouts.parts.text import t


def rows_drawer(
    lang: str, topic: str, answer: Mapping[str, Any], columns: Sequence[str], cells: Iterable[Sequence[Any]], *,
    key: str, note: str | None = None, title: str | None = None, more: Any = None,
) -> html.Div:  # fmt: skip
    """``answer``: ``kind`` and ``total``, of which ``cells`` are the rows shown; texts stand under ``topic``.

    ``key``: the store that, emptied, closes it. ``more``: what stands between the note and the rows.
    """
    title = title or t(lang, f"{topic}.drawer.{answer['kind']}")
    heads = html.Tr([html.Th(t(lang, f"{topic}.column.{name}"), scope="col") for name in columns])
    body = [html.Tr([html.Td(cell) for cell in row]) for row in cells]
    part = "drawer.part" if answer["total"] > len(body) else "drawer.all"
    close = html.Button(
        [icon("close"), t(lang, "drawer.close")], className="button small", **{**sets(key, ""), "data-escape": ""}
    )
    table = (
        html.Table([html.Thead(heads), html.Tbody(body)])
        if body
        else html.P(t(lang, "drawer.empty"), className="caveat")
    )
    said = html.Span(t(lang, part, n=count(len(body)), all=count(answer["total"])), className="note")
    return html.Div(
        [
            html.Div([html.H2(title, tabIndex=-1), said, close], className="head"),
            html.P(note, className="caveat") if note else None,
            html.Div(more, className="drawer-more") if more else None,
            html.Div(table, className="table-box", tabIndex=0, role="region", **{"aria-label": title}),
        ],
        className="panel drawer",
        role="dialog",
        **{"aria-label": title},
    )

"""The search box of every page: one line over everything that has a name, answered while somebody types.

What was typed goes to the server in the body of a callback and stands in no address and no log. The keyboard, the
marking of the chosen row and going there belong to assets/71_search.js.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

from dash import Dash, Input, Output, dcc, html, no_update

from layouts.page import SHELL, VIEW_STATE, Ask, Page, View, instant
from layouts.parts import search_index
from layouts.parts.format import count, stamp
from layouts.parts.home_asking import Minutely
from layouts.parts.panel import icon
from layouts.parts.search_words import Entry, Found, find, fold, marks
from layouts.parts.text import t

LONGEST = 80  # letters of a question
ASKED, FOUND = SHELL("search-asked"), SHELL("search-found")


def button(view: View) -> html.Button:
    """The magnifier in the bar."""
    words = t(view.lang, "search.open")
    return html.Button(
        icon("search"),
        className="bar-button",
        title=f"{words} ( / )",
        **{"data-search-open": "", "aria-label": words, "aria-keyshortcuts": "/ Control+K", "aria-expanded": "false"},
    )


def box(view: View) -> html.Div:
    """The box itself, hidden until it is asked for."""
    lang = view.lang
    line = html.Div(
        [
            icon("search"),
            dcc.Input(
                id=SHELL("search-line"),
                type="text",
                placeholder=t(lang, "search.placeholder"),
                maxLength=LONGEST,
                autoComplete="off",
                spellCheck=False,
            ),
            html.Button(
                icon("close"),
                className="button square",
                **{"data-search-close": "", "aria-label": t(lang, "search.close"), "title": t(lang, "search.close")},
            ),
        ],
        className="search-line",
    )
    return html.Div(
        [dcc.Store(id=ASKED), line, html.Div(html.P(t(lang, "search.hint"), className="caveat"), id=FOUND)],
        className="search-box",
        role="search",
        hidden=True,
        **{"aria-label": t(lang, "search.open")},
    )


def register(app: Dash, ask: Ask, pages: Sequence[Page]) -> None:
    """Answer what is typed."""
    search = Search(ask, pages)

    @app.callback(Output(FOUND, "children"), Input(ASKED, "data"), VIEW_STATE, prevent_initial_call=True)
    def answer(asked: Any, store: Any) -> Any:
        if not isinstance(asked, dict):
            return no_update
        view = View.of(store)
        text = str(asked.get("text") or "")[:LONGEST]
        return results(view, text, search(view, text), asked.get("n"))


class Search:
    """Asks the index for whoever the callback answers, at the instant he looks at."""

    def __init__(self, ask: Ask, pages: Sequence[Page]) -> None:
        self._ask = ask
        self._pages = pages
        self._minutely = Minutely(ask)
        self._index = search_index.Index(ask.twin)

    def __call__(self, view: View, text: str) -> list[Found]:
        """What fits, by kind. Without a word nothing fits, but the index is made for the words to come."""
        ask, lang = self._ask, view.lang
        homes = ask.sees_a_home
        at = instant(view, ask.twin)
        entries = [self._index.entries(lang, at, view.community, homes=homes)]
        if homes:
            entries.append(self._minutely("search.incidents", search_index.incidents, view, lang=lang))
        return find(chain(*entries, self._page_entries(lang)), text) if text.strip() else []

    def _page_entries(self, lang: str) -> list[Entry]:
        return [
            Entry("page", t(lang, page.title_key), f"/{page.slug}", f"/{page.slug}",
                  f" {fold(t('zh', page.title_key))}  {fold(t('en', page.title_key))} {page.slug} ")
            for page in self._pages
        ]  # fmt: skip


def results(view: View, text: str, found: Sequence[Found], n: Any) -> html.Div:
    """The answers by kind; what to try when there are none. ``n`` tells the browser which question this answers."""
    lang = view.lang
    if not text.strip():
        body: Any = html.P(t(lang, "search.hint"), className="caveat")
    elif not found:
        why = html.P(t(lang, "search.nothing_why"), className="caveat")
        body = html.Div([html.P(t(lang, "search.nothing", text=text.strip()), className="search-nothing"), why])
    else:
        body = html.Div(
            [_group(lang, text, one) for one in found],
            role="listbox", id=SHELL("search-list"), **{"aria-label": t(lang, "search.results")},
        )  # fmt: skip
    total = sum(len(one.entries) + one.more for one in found)
    said = t(lang, "search.count", n=count(total)) if text.strip() else ""
    past = html.P(t(lang, "search.past", at=stamp(lang, view.at, year=True)), className="search-past")
    return html.Div(
        [None if view.live else past, html.P(said, className="sr-only", role="status"), body], **{"data-n": n}
    )


def _group(lang: str, text: str, found: Found) -> html.Div:
    name = SHELL(f"search-{found.kind}")
    more = html.Span(t(lang, "search.more", n=count(found.more)), className="note") if found.more else None
    head = html.Div([html.Span(t(lang, f"search.kind.{found.kind}"), id=name), more], className="search-head")
    rows = [_row(text, entry) for entry in found.entries]
    return html.Div([head, *rows], role="group", className="search-group", **{"aria-labelledby": name})


def _row(text: str, entry: Entry) -> html.A:
    words = [html.Span(_marked(entry.title, text), className="search-title")]
    if entry.note:
        words.append(html.Span(_marked(entry.note, text), className="search-note"))
    return html.A(words, href=entry.way, role="option", tabIndex="-1", **{"data-found": entry.way})


def _marked(words: str, text: str) -> list[Any]:
    return [html.Mark(piece) if hit else piece for piece, hit in marks(words, text)]

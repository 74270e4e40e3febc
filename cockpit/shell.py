"""The frame around every page: the address bar's meaning, the page's place, and what pages may ask.

The URL is the truth of what is looked at: ``/<page>?at=<RFC 3339>&lang=en&community=<id>&with=<RFC 3339 or now>``.
Moving only the instant changes ``shell--view`` and leaves the page's tree, its map and its camera alone.
"""

from __future__ import annotations

import importlib
import pkgutil
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import Any, TypeVar
from urllib.parse import parse_qs

from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

import layouts
from cockpit import serving
from cockpit.caching import PAST, Answers
from cockpit.live import Hub, Pulse
from cockpit.noting import Looks
from cockpit.services import Services
from cockpit.tokens import Grant
from layouts.page import SHELL, Page, View, parse_instant
from layouts.parts import shell_bar, time_bar
from layouts.parts.text import LANGUAGES, t
from twin_model.remembered import Remembered
from twin_model.rights import current
from twin_model.twin import Twin

T = TypeVar("T")
DRAWN = 256
"""Fingerprints and trees of panels: those of a few seconds, whoever looks."""


WANTED_SECONDS = 5.0
AHEAD_SECONDS = 1.0
_COMING: ContextVar[Pulse | None] = ContextVar("coming", default=None)
_HELD: ContextVar[Pulse | None] = ContextVar("held", default=None)


@dataclass
class _Wanted:
    """What pages ask again and again: when last, how often since the last instant, as whom, and the asking."""

    asked: float
    asks: int
    context: Context
    again: Callable[[], None]


def _of(coming: Pulse, again: Callable[[], None]) -> None:
    before = _COMING.set(coming)
    try:
        again()
    finally:
        _COMING.reset(before)


class PageError(Exception):
    """Two pages claim one address."""


def discover_pages() -> list[Page]:
    """Every ``layouts/<page>.py`` with a ``PAGE``, in the order of the navigation."""
    pages: dict[str, Page] = {}
    for module in pkgutil.iter_modules(layouts.__path__):
        page = getattr(importlib.import_module(f"layouts.{module.name}"), "PAGE", None)
        if page is None:
            continue
        if page.slug in pages:
            raise PageError(f"layouts/{module.name}.py: the address /{page.slug} already belongs to another page")
        pages[page.slug] = page
    return sorted(pages.values(), key=lambda p: p.order)


class Asker:
    """What a page may ask (see `layouts.page.Ask`): answers are computed once for all screens."""

    def __init__(self, twin: Twin, services: Services, answers: Answers, hub: Hub, looks: Looks | None = None) -> None:
        self.twin = twin
        self.services = services
        self._looks = looks or Looks(services.audit)
        self._answers = answers
        self._hub = hub
        self._drawn = Remembered(DRAWN)
        self._wanted: dict[Hashable, _Wanted] = {}
        self._wanting = Lock()

    @property
    def sees_a_home(self) -> bool:
        """Whether whoever the callback answers may look at one home's daily life."""
        grant = serving.asking()
        return grant is not None and grant.sees_a_home

    @property
    def reads_audit(self) -> bool:
        """Whether whoever the callback answers may read the audit trail."""
        grant = serving.asking()
        return grant is not None and grant.reads_audit

    @property
    def person(self) -> dict[str, Any] | None:
        """Whom the callback answers (see `layouts.parts.person`); None outside of a request."""
        grant = serving.asking()
        if grant is None:
            return None
        kind = "account" if grant.account else "local" if grant.grant_id == "local" else "token"
        name = self.services.name_of(grant.account) if grant.account else grant.name
        return {
            "kind": kind, "name": name, "role": grant.role.value, "manages": grant.manages_accounts,
            "confirms": grant.confirms, "account": grant.account, "acts": grant.may_act,
            "audits": grant.reads_audit, "may": frozenset(name for name, may in _may(grant).items() if may),
        }  # fmt: skip

    def purpose(self, home_id: str) -> str:
        """For what whoever the callback answers has opened this home's personal details; "" when he has not."""
        grant = serving.asking()
        return self.services.purpose_of(grant, home_id) if grant is not None else ""

    def look(self, home_id: str, *, purpose: str = "", what: str = "") -> None:
        """Write down that whoever the callback answers looks at this home's personal details, before he does."""
        grant = serving.asking()
        if grant is not None:
            self._looks.look(grant, home_id, purpose=purpose, what=what)

    def __call__(self, name: str, question: Callable[..., T], view: View, **args: Any) -> T:
        """``question(twin, at, community_id, **args)``, kept per (name, args, community, revision, instant)."""
        twin = self.twin
        at, revision = self._moment(view)
        community = view.community or default_community(twin)
        return self._answers.ask(
            name,
            lambda: question(twin, at, community, **args),
            revision=revision,
            instant=at,
            community=community,
            forgotten=twin.forgotten,
            **args,
        )

    def drawn(self, name: str, view: View, make: Callable[[], T], **args: Any) -> T:
        """``make()``, kept per (name, args, view, revision, instant) and the rights of whoever asks."""
        return self._drawn.get((name, view, *self._moment(view), self.twin.forgotten, repr(args)), make)

    def ahead(self, name: str, view: View, again: Callable[[], None], **args: Any) -> None:
        """``again()``, which asks what was just asked, is done of each new instant, as long as somebody asks."""
        if not view.live or view.other is not None or _COMING.get() is not None:
            return
        key = (name, view, current(), repr(args))
        with self._wanting:
            asks = self._wanted[key].asks if key in self._wanted else 0
            self._wanted[key] = _Wanted(time.monotonic(), asks + 1, copy_context(), again)

    def look_ahead(self, coming: Pulse) -> None:
        """Ask of the instant to come what pages asked lately, what most asked first, for a second at most.

        Half of the time: whoever takes in messages or pushes them would else wait for this thread at each of its steps.
        """
        began = time.monotonic()
        with self._wanting:
            self._wanted = {key: one for key, one in self._wanted.items() if began - one.asked < WANTED_SECONDS}
            wanted = sorted(self._wanted.values(), key=lambda one: -one.asks)
            for one in wanted:
                one.asks = 0
        for one in wanted:
            if time.monotonic() - began > AHEAD_SECONDS:
                break
            asked = time.monotonic()
            one.context.run(_of, coming, one.again)
            time.sleep(time.monotonic() - asked)

    @contextmanager
    def one_instant(self, view: View) -> Iterator[None]:
        """What is asked within is asked of the same instant, also when news comes meanwhile."""
        before = _HELD.set(self._hub.pulse(max((at for at in (view.at, view.other) if at is not None), default=None)))
        try:
            yield
        finally:
            _HELD.reset(before)

    def _moment(self, view: View) -> tuple[datetime, int]:
        """The instant that is asked about, and the revision an answer is kept for."""
        pulse = _COMING.get() or _HELD.get() or self._hub.pulse(view.at)
        at = pulse.at if view.at is None else min(view.at, pulse.at)
        # what was known at a past instant never changes, whatever the revision
        return at, pulse.revision if at == pulse.at else PAST


def _may(grant: Grant) -> dict[str, bool]:
    """What a grant may do, as pages ask before they draw a button."""
    return {
        "act": grant.may_act, "decide": grant.may_decide, "write": grant.may_write, "manage": grant.manages_accounts,
        "homes": grant.sees_a_home,
    }  # fmt: skip


def default_community(twin: Twin) -> str:
    """The community shown when the address names none: the first by id, "" while there is none."""
    ids = twin.entities("community", twin.now())["community_id"].to_pylist()
    return min(ids, default="")


def view_of(search: str | None) -> View:
    """What the query part of the address looks at; an instant that cannot be read counts as live."""
    query = {k: v[-1] for k, v in parse_qs((search or "").removeprefix("?")).items()}
    lang = query.get("lang", "zh")
    return View(
        community=query.get("community", ""), at=_instant(query.get("at")), lang=lang if lang in LANGUAGES else "zh",
        other=_instant(query.get("with")),
    )  # fmt: skip


def _instant(words: str | None) -> datetime | None:
    """An instant of the address; ``now``, and what cannot be read, count as live."""
    try:
        return parse_instant(words)
    except ValueError:
        return None


def frame() -> Component:
    """What is on screen before any page: stores and an empty place."""
    return html.Div(
        [
            dcc.Location(id=SHELL("url"), refresh=False),
            dcc.Store(id=SHELL("view")),
            dcc.Store(id=SHELL("revision")),
            dcc.Store(id=SHELL("page-shown")),
            html.Div(id=SHELL("page")),
        ],
        id=SHELL("frame"),
    )


def everything(pages: Sequence[Page]) -> Component:
    """All ids there can be, for Dash's check of the callbacks at start-up."""
    view = View(community="")
    bars = [shell_bar.bar(view, pages, pages[0].slug), time_bar.time_bar(view)] if pages else []
    return html.Div([frame(), *bars, *(page.layout(view) for page in pages)])


def page_tree(pages: Sequence[Page], page: Page | None, view: View) -> list[Component]:
    """Top bar, page, time bar; an address without a page says so."""
    slug = page.slug if page else ""
    attributes: dict[str, Any] = {"data-page": slug}
    body = page.layout(view) if page else _nowhere(view)
    return [
        shell_bar.bar(view, pages, slug),
        html.Main(body, id=SHELL("main"), **attributes),
        time_bar.time_bar(view, slim=page is None or page.slim),
    ]


def _nowhere(view: View) -> Component:
    return html.Div([html.H1("404"), html.P(t(view.lang, "nav.nowhere"))], className="panel nowhere")


def page_at(pages: Sequence[Page], path: str) -> Page | None:
    """The page of an address; ``/`` is the first one."""
    slug = path.strip("/")
    if not slug:
        return pages[0] if pages else None
    return next((page for page in pages if page.slug == slug), None)


def register(app: Dash, pages: Sequence[Page], asker: Asker) -> None:
    """Follow the address; then let the bars and every page add their callbacks."""

    @app.callback(
        Output(SHELL("view"), "data"),
        Output(SHELL("page"), "children"),
        Output(SHELL("page-shown"), "data"),
        Input(SHELL("url"), "pathname"),
        Input(SHELL("url"), "search"),
        State(SHELL("page-shown"), "data"),
    )
    def follow(path: str | None, search: str | None, shown: list[str] | None) -> tuple[Any, Any, Any]:
        view = view_of(search)
        view = view if view.community else replace(view, community=default_community(asker.twin))
        wanted = [(path or "/").strip("/"), view.lang, view.community]
        if wanted == shown:
            return view.store(), no_update, no_update
        return view.store(), page_tree(pages, page_at(pages, path or "/"), view), wanted

    shell_bar.register(app, asker, pages)
    time_bar.register(app, asker)
    for page in pages:
        page.register(app, asker)

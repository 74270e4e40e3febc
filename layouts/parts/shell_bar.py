"""The top bar of every page: whose neighbourhood, which page, live or past, and what is open.

``cockpit/shell.py`` puts ``bar(view, pages, slug)`` over the page and calls ``register(app, ask)`` once. The clock, the
state of the connection and the links' ``at`` belong to assets/20_shell.js.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from dash import Dash, html

from layouts.page import SHELL, Ask, Page, View
from layouts.parts import answers, care_answers, care_brief, help_here, person, saved_views, search_box
from layouts.parts.format import age, count, share, stamp
from layouts.parts.panel import Panel, register_panels, sign, stores
from layouts.parts.text import t, texts
from twin_model.twin import Twin

CARE = "care"  # the group of pages whose entry carries the number of open red incidents


def bar(view: View, pages: Sequence[Page], slug: str) -> html.Header:
    """The bar of the page ``slug``; drawn again when the page, language or community changes."""
    lang = view.lang
    beside = _group(pages, slug)
    return html.Header(
        [
            help_here.skip(view),
            stores(SHELL),
            html.Div([BRAND.place(SHELL, view)], className="brand"),
            html.Nav(
                _entries(view, pages, slug),
                className="nav",
                **{"aria-label": t(lang, "nav.label")},
            ),
            html.Div(
                [
                    html.Span(t(lang, "when.live"), className="live-word"),
                    html.Span(t(lang, "when.past"), className="past-word"),
                    html.Span(id=SHELL("day"), className="day"),
                    html.Time(id=SHELL("clock"), className="clock"),
                ],
                className="when",
                role="group",
                **{"aria-label": t(lang, "when.label")},
            ),
            FIGURES.place(SHELL, view),
            html.Div(
                [search_box.button(view), saved_views.button(view), help_here.button(view)], className="bar-tools"
            ),
            html.Div([_language(view, code) for code in ("zh", "en")], className="languages"),
            person.place(view),
            html.Div(id=SHELL("offline"), className="strip offline", role="alert", hidden=True),
            html.Div(id=SHELL("incident"), className="strip incident", role="alert", hidden=True),
            STRIP.place(SHELL, view),
            search_box.box(view),
            saved_views.box(view, pages),
            help_here.box(view),
            _beside(view, beside, slug),
        ],
        id=SHELL("bar"),
        className="top grouped" if beside else "top",
        **{"data-texts": _script_texts(lang), "data-community": view.community},
    )


def register(app: Dash, ask: Ask, pages: Sequence[Page] = ()) -> None:
    """Fill the bar: name, open incidents, blind homes, devices online, lost brokers; and answer its search."""

    def sources(twin: Twin, at: datetime, community: str) -> dict[str, Any]:
        """The twin's sources of data, and whether the last daily backup failed, which the twin does not know."""
        unsaved = ask.services.backup_status().get("last_failed", False)
        return {**answers.sources(twin, at, community), "unsaved": unsaved}

    register_panels(app, ask, SHELL, (BRAND, FIGURES, replace(STRIP, question=sources), RED))
    search_box.register(app, ask, pages)
    person.register(app, ask)


def _entries(view: View, pages: Sequence[Page], slug: str) -> list[html.A]:
    """One entry per page, and one per group of pages: it leads to the group's first."""
    group = next((page.group for page in pages if page.slug == slug), "")
    entries, seen = [], set()
    for page in pages:
        if page.quiet:
            continue
        if not page.group:
            entries.append(_link(page, t(view.lang, page.title_key), "page" if page.slug == slug else ""))
        elif page.group not in seen:
            seen.add(page.group)
            words: Any = t(view.lang, f"group.{page.group}")
            words = [words, RED.place(SHELL, view)] if page.group == CARE else words
            entries.append(_link(page, words, "true" if page.group == group else ""))
    return entries


def _group(pages: Sequence[Page], slug: str) -> list[Page]:
    """The pages that stand beside the page ``slug``, itself among them; none when it stands alone."""
    group = next((page.group for page in pages if page.slug == slug), "")
    return [page for page in pages if group and page.group == group]


def _beside(view: View, pages: Sequence[Page], slug: str) -> html.Nav | None:
    links = [_link(page, t(view.lang, page.title_key), "page" if page.slug == slug else "") for page in pages]
    words = {"aria-label": t(view.lang, f"group.{pages[0].group}")} if pages else {}
    return html.Nav(links, className="subnav", **words) if pages else None


def _link(page: Page, words: Any, current: str) -> html.A:
    now = {"aria-current": current} if current else {}
    return html.A(words, href=f"/{page.slug}", className="nav-link", **{"data-page": page.slug, **now})


def _language(view: View, code: str) -> html.A:
    current = {"aria-current": "true"} if view.lang == code else {}
    return html.A(
        {"zh": "中", "en": "EN"}[code],
        href=f"?lang={code}",
        lang={"zh": "zh-CN", "en": "en"}[code],
        title={"zh": "中文", "en": "English"}[code],
        **{"data-lang": code, "aria-label": {"zh": "中文", "en": "English"}[code], **current},
    )


def _script_texts(lang: str) -> str:
    """The texts the browser needs for what it draws itself, by their keys."""
    wanted = ("ago.", "lasting.", "js.", "when.", "map.js.", "care.js.")
    return json.dumps({k: v for k, v in texts(lang).items() if k.startswith(wanted)}, ensure_ascii=False)


def brand(view: View, _now: datetime, community: Any) -> list[Any]:
    """The community's name (with a choice where there are several), and that its data are invented when they are."""
    several = len(community["all"]) > 1 or community["many"] > 1
    return [
        html.Div(className="logo", **{"aria-hidden": "true"}),
        _choice(view, community) if several else html.B(_named(view, community), title=_named(view, community)),
        html.Span(t(view.lang, "brand.product"), className="product"),
        html.Span(t(view.lang, "care.drill"), className="badge drill") if community["is_drill"] else None,
        html.Span(t(view.lang, "brand.sample"), className="tag") if community["is_sample"] else None,
    ]


def _named(view: View, community: Any) -> str:
    name = community["name_en"] if view.lang == "en" and community["name_en"] else community["name"]
    return str(name or t(view.lang, "brand.none"))


def _choice(view: View, community: Any) -> html.Details:
    links = []
    for one in community["all"]:
        place = one["community_id"]
        current = {"aria-current": "true"} if place == view.community else {}
        links.append(html.A(_named(view, one), href=f"?community={place}", **{"data-place": place, **current}))
    if community["many"]:
        every = t(view.lang, "rollup.to_all", n=count(community["many"]))
        links.insert(0, html.A(every, href="/city", className="every", **{"data-page": "city"}))
    name = _named(view, community)
    title = html.Summary(html.B(name), title=f"{name} · {t(view.lang, 'brand.choose')}")
    return html.Details([title, html.Div(links, className="communities-list")], className="communities")


def figures(view: View, _now: datetime, answer: Any) -> list[Any]:
    """Open incidents, blind homes, devices online; a press opens the rows on the overview. Drills count apart."""
    lang = view.lang
    worst = "act" if answer["act"] else "look" if answer["look"] else "blind" if answer["open"] else "none"
    online = share(answer["online"] / answer["devices"]) if answer["devices"] else share(None)
    of_all = t(lang, "bar.online_way", online=count(answer["online"]), devices=count(answer["devices"]))
    drills = html.Span(t(lang, "bar.drills", n=count(answer["drills"])), className="badge drill")
    waiting = [html.B(count(answer["open"])), drills if answer["drills"] else None]
    return [
        _figure(lang, "incidents", worst, "open", waiting, t(lang, "bar.open_way")),
        _figure(
            lang,
            "homes:blind",
            "blind",
            "blind",
            [html.B(count(answer["blind"])), f" {t(lang, 'unit.homes')}"],
            t(lang, "bar.blind_way"),
        ),
        _figure(lang, "devices:lost", "fresh", "online", [html.B(online)], of_all),
    ]


def _figure(lang: str, way: str, state: str, name: str, value: list[Any], title: str) -> html.Button:
    inner = [sign(state), f"{t(lang, f'bar.{name}')} ", html.Span(value)]
    return html.Button(inner, className="bar-figure", title=title, **{"data-way": way})


OUTSIDE = {"public_screen", "resident_service"}
"""The roles that are told nothing of how the program is kept."""
AHEAD = timedelta(minutes=1)
"""A browser's clock may go ahead of ours by as much."""


def strip(view: View, now: datetime, answer: Any) -> Any:
    """A clear strip while data or a backup is missing, or before the first data; nothing while all is well."""
    lang = view.lang
    if view.at is not None and view.at > now + AHEAD:
        words = t(lang, "strip.ahead", at=stamp(lang, view.at, year=True))
        back = html.Button(t(lang, "time.to_live"), className="strip-button", **{"data-time": "live"})
        return html.Div([words, back], className="strip before", role="status")
    if answer["first"]:
        words = t(lang, "strip.before", at=stamp(lang, answer["first"], year=True))
        there = html.Button(
            t(lang, "strip.first"), className="strip-button", **{"data-goto": answer["first"].isoformat()}
        )
        return html.Div([words, there], className="strip before", role="status")
    if answer["kept"]:
        words = t(lang, "audit.kept_since", at=stamp(lang, answer["kept"], year=True))
        return html.Div(words, className="strip before", role="status")
    if not view.live:
        return None
    if answer["unwritten"]:
        words = html.B([sign("act"), t(lang, "strip.unwritten", at=stamp(lang, answer["unwritten"], seconds=True))])
        return html.Div([words, html.Span(t(lang, "strip.unwritten_do"))], className="strip lost", role="alert")
    unsaved = answer["unsaved"] and view.role not in OUTSIDE
    if not answer["lost"] and not unsaved:
        return None
    words: list[Any] = [
        html.B([sign("act"), t(lang, "strip.lost", name=source["name"]), " ", age(lang, source["since"], now)])
        for source in answer["lost"]
    ]
    if answer["lost"]:
        words.append(html.Span(t(lang, "strip.what")))
    if unsaved:
        mark = sign("act" if answer["lost"] else "look")
        words += [html.B([mark, t(lang, "strip.unsaved")]), html.Span(t(lang, "strip.unsaved_do"))]
    if answer["lost"]:
        return html.Div(words, className="strip lost", role="alert")
    return html.Div(words, className="strip unsaved", role="status")


BRAND = Panel("brand", answers.community, brand, "brand-in")
FIGURES = Panel("figures", answers.open_now, figures, "bar-figures")
STRIP = Panel("strip", answers.sources, strip)
RED = Panel("red", care_answers.red, care_brief.badge, "nav-badge")

"""The profile of a community, drawn: who lives there, what there is, who reaches it, what is planned. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from dash import html

from layouts.page import View
from layouts.parts import kpi_chart as draw
from layouts.parts.city_views import points, tile
from layouts.parts.format import UNKNOWN, count, large, measure, share
from layouts.parts.home_views import link, scrolling
from layouts.parts.panel import head as panel_head
from layouts.parts.panel import icon, next_step, sets, sign, unknown
from layouts.parts.profile_answers import BANDS
from layouts.parts.text import named, some, t, titled

Row = Mapping[str, Any]
OPEN = "profile--open"


def head(view: View, _now: datetime, answer: Any) -> html.Div:
    """Which community, where, and the figures one asks for first; the way to its other pages."""
    lang = view.lang
    if answer is None:
        said = [unknown(t(lang, "profile.none")), next_step(view, "community")]
        return html.Div(html.Div(said), className="panel profile-head")
    divisions = " · ".join(
        named(lang, {"name": answer[level], "name_en": answer[f"{level}_en"]}, "")
        for level in ("district", "subdistrict") if answer[level]
    )  # fmt: skip
    standing = answer["standing"]
    ways = [
        link(view, path, t(lang, f"profile.way.{name}"))
        for name, path in (("overview", "/overview"), ("circles", "/circles"), ("scenes", "/scenes"), ("city", "/city"))
    ]
    name = html.Div(
        [html.H1(named(lang, answer)), html.P([divisions, _tag(lang, answer)], className="note"),
         html.Nav(ways, className="profile-ways", **{"aria-label": t(lang, "profile.ways")})],
        className="profile-name",
    )  # fmt: skip
    homes = (
        t(lang, "rollup.homes_counted", n=share(answer["homes_counted"] / answer["homes"])) if answer["homes"] else ""
    )
    elders = _part(answer["aged_60"], answer["people"])
    is_last = bool(standing and standing["bottom"])
    rank = t(lang, "rollup.rank_of", n=count(standing["rank"]), of=count(standing["of"])) if _ranked(standing) else ""
    figures = [
        tile(t(lang, "rollup.people"), count(answer["people"]), t(lang, "rollup.unit_people"), homes,
             way=(OPEN, "people")),
        tile(t(lang, "profile.homes"), count(answer["homes"]), t(lang, "profile.unit_homes"), way=(OPEN, "people")),
        tile(t(lang, "rollup.elders"), share(elders), "", t(lang, "rollup.elders_n", n=count(answer["aged_60"])),
             way=(OPEN, "elders")),
        tile(t(lang, "profile.alone"), count(answer["elder_alone"]), t(lang, "profile.unit_homes"),
             t(lang, "profile.few") if answer["few_alone"] else "", way=(OPEN, "elders")),
        tile(t(lang, "rollup.facilities"), count(answer["facilities"]), t(lang, "rollup.unit_facilities"),
             way=(OPEN, "facilities")),
        tile(t(lang, "rollup.figure.index"), points(standing["index"] if standing else None), "",
             t(lang, "rollup.in_bottom") if is_last else rank, "look" if is_last else "", way=(OPEN, "index")),
    ]  # fmt: skip
    return html.Div([name, html.Div(figures, className="profile-figures")], className="panel profile-head")


def _ranked(standing: Row | None) -> bool:
    return standing is not None and standing["rank"] is not None


def _tag(lang: str, answer: Row) -> html.Span | None:
    """The type of project: as the rulebook calls it, else as the community wrote it."""
    if not answer["scheme"]:
        return None
    return html.Span(titled(lang, answer["kind"] or {}, answer["scheme"]), className="tag")


def _part(some_of: float | None, whole: float | None) -> float | None:
    return some_of / whole if some_of is not None and whole else None


def people(view: View, _now: datetime, answer: Any) -> html.Div:
    """Registered people by age, as bars of one length scale; small children apart."""
    lang = view.lang
    title = panel_head(t(lang, "profile.ages"), t(lang, "profile.ages_note"))
    if answer is None or answer["people"] is None:
        return html.Div([title, unknown(t(lang, "rollup.homes_none"))], className="panel")
    most = max((answer[band] or 0 for band in BANDS), default=0) or 1
    rows = []
    for band in BANDS:
        part = _part(answer[band], answer["people"])
        bar = html.Span(html.I(style={"width": f"{100 * (answer[band] or 0) / most:.1f}%"}), className="meter")
        inner = [html.Span(t(lang, f"profile.band.{band}")), bar, html.B(count(answer[band])), html.Small(share(part))]
        rows.append(html.Button(inner, className="profile-bar", **sets(OPEN, "people")))
    small = [f"{t(lang, f'profile.band.{band}')} {count(answer[band])}" for band in ("aged_0_3", "aged_3_6")]
    return html.Div([title, *rows, html.P(" · ".join(small), className="caveat")], className="panel")


def facilities(view: View, _now: datetime, answer: Any) -> html.Div:
    """Facilities by kind with how many there are."""
    lang = view.lang
    title = panel_head(t(lang, "profile.facilities"), t(lang, "profile.kinds", n=count(len(answer))))
    if not answer:
        return html.Div([title, unknown(t(lang, "profile.no_facilities"))], className="panel")
    chips = [
        html.Li(html.Button([some(lang, "facility_kind", one["facility_kind"]), html.B(count(one["facilities"])),
                             html.Small(f"{large(lang, one['area_m2'])} m²") if one["area_m2"] else None],
                            **sets(OPEN, f"facilities:{one['facility_kind']}")))
        for one in answer
    ]  # fmt: skip
    words = {"aria-label": t(lang, "profile.facilities")}
    body = html.Ul(chips, className="profile-kinds", tabIndex=0, **words)
    return html.Div([title, body], className="panel")


def circles(view: View, _now: datetime, answer: Any) -> html.Div:
    """Who reaches what in 5, 10 and 15 minutes; elders, and what a circle on the map would claim."""
    lang = view.lang
    title = panel_head(t(lang, "rollup.circles"), t(lang, "rollup.circles_note"))
    if not answer["known"]:
        return html.Div([title, unknown(t(lang, "rollup.circles_none"))], className="panel")
    names = [t(lang, "rollup.minutes", n=f"{m:g}") for m in answer["minutes"]]
    names += [t(lang, "profile.elders_10"), t(lang, "profile.straight_10")]
    heads = [html.Th(t(lang, "rollup.column.kind"), scope="col")]
    heads += [html.Th(name, scope="col", className="right") for name in names]
    rows = []
    for one in answer["rows"]:
        cells = [
            html.Td([html.Span(className="fill", style={"width": f"{100 * (s or 0):.1f}%"}),
                     link(view, "/circles", html.B(share(s, 0)), kind=one["kind"], limit=f"{m:g}min")],
                    className="right share-cell")
            for m, s in zip(answer["minutes"], one["shares"], strict=True)
        ]  # fmt: skip
        ten = {"kind": one["kind"], "limit": "10min"}
        elders = link(view, "/circles", share(one["elders"], 0), group="aged_60", **ten)
        straight = link(view, "/circles", share(one["straight"], 0), **ten)
        cells += [html.Td(elders, className="right"), html.Td(straight, className="right quiet")]
        rows.append(html.Tr([html.Th(some(lang, "facility_kind", one["kind"]), scope="row"), *cells]))
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className="city-table")
    lost = (
        html.P(t(lang, "profile.lost", n=count(answer["unknown"])), className="caveat") if answer["unknown"] else None
    )
    return html.Div([title, scrolling(lang, "rollup.circles", table), lost], className="panel")


def scenes(view: View, _now: datetime, answer: Any) -> html.Div:
    """The nine in their places; one of which too little is measured has no number."""
    lang = view.lang
    tiles = []
    for one in answer:
        value, words = one["attainment"], titled(lang, one["title"], one["key"])
        measured = t(lang, "scenes.share", n=one["measured"], all=one["indicators"])
        grade = titled(lang, one["grade"], "") if one["grade"] else t(lang, "scenes.no_grade")
        number = html.B(UNKNOWN if value is None else f"{round(value)}", title=grade)
        inner = [icon(f"scene-{one['key']}"), html.Span(words), number, html.Small(measured)]
        tile = link(view, "/scene", inner, scene=one["key"])
        tile.className = "profile-scene" + (" blind" if value is None else " low" if one["low"] else "")
        tiles.append(tile)
    return html.Div([panel_head(t(lang, "nav.scenes")), html.Div(tiles, className="profile-nine")], className="panel")


def health(view: View, _now: datetime, answer: Any) -> html.Div:
    """How many items pass, fail and cannot be told; the failed ones with how far they are."""
    lang, counts = view.lang, answer["counts"]
    title = panel_head(t(lang, "profile.health"), titled(lang, answer["title"], ""))
    tally = html.Div(
        [
            link(view, "/health-check",
                 [sign(mark), t(lang, f"profile.verdict.{verdict}"), html.B(count(counts[verdict]))])
            for verdict, mark in (("pass", "fresh"), ("fail", "look"), ("not_measurable", "blind"))
        ],
        className="profile-tally",
    )  # fmt: skip
    rows = [_failed(view, one) for one in answer["failed"]]
    missing = "、" if lang == "zh" else ", "
    lacks = missing.join(titled(lang, one["title"], one["item"]) for one in answer["missing"])
    if not any(counts.values()):
        return html.Div([title, unknown(t(lang, "profile.none_judged"))], className="panel")
    body = (
        html.Ul(rows, className="profile-failed") if rows
        else html.P([sign("fresh"), " ", t(lang, "profile.none_failed")]) if counts["pass"]
        else unknown(t(lang, "profile.none_judged"))
    )
    rest = html.P([html.B(t(lang, "profile.lacks")), " ", lacks], className="caveat") if lacks else None
    return html.Div([title, tally, scrolling(lang, "profile.health", html.Div([body, rest]))], className="panel")


def _failed(view: View, one: Row) -> html.Li:
    lang = view.lang
    unit = titled(lang, one["unit"], "") if one["unit"] else ""
    value = f"{measure(one['value'])} / {measure(one['threshold'])} {unit}" if one["threshold"] is not None else ""
    mark = None if one["verified"] else html.Small(t(lang, "profile.unverified"), className="tag")
    fixes = " / ".join(some(lang, "gap.fix", fix) for fix in one["fixes"])
    name = link(view, "/health-check", html.B(titled(lang, one["title"], one["item"])), item=one["item"])
    line = [sign("look"), name, mark]
    return html.Li([html.Span(line), html.Span(value, className="value"), html.Small(fixes)])


def course(view: View, _now: datetime, answer: Any) -> html.Div:
    """The last year by quarters."""
    lang, rows = view.lang, []
    for name in ("index", "people", "facilities", "done"):
        line = [(one["at"].date(), one[name]) for one in answer]
        known = [one for one in answer if one[name] is not None]
        show = points if name == "index" else count
        words = t(lang, f"profile.course.{name}")
        picture = html.Img(src=draw.curve(line, size=(160, 34)), alt=words) if known else html.Span(UNKNOWN)
        ends: list[Any] = [html.B(UNKNOWN)]
        if known:
            then = link(replace(view, at=known[0]["at"]), "/profile", show(known[0][name]))
            last = html.Button(html.B(show(known[-1][name])), className="way",
                               **sets(OPEN, {"done": "projects:done"}.get(name, name)))  # fmt: skip
            ends = [html.Small([then, " → "]), last]
        rows.append(html.Div([html.Span(words, className="what"), picture, html.Span(ends, className="num")],
                             className="city-course"))  # fmt: skip
    return html.Div([panel_head(t(lang, "rollup.year"), t(lang, "rollup.year_note")), *rows], className="panel")


def plan(view: View, _now: datetime, answer: Any) -> html.Div:
    """Gap projects with what those to come will change; that this is a what-if stands above it."""
    lang = view.lang
    shift = ""
    is_open = any(one["status"] in ("planned", "building") for one in answer["rows"])
    if is_open and answer["index"] is not None and answer["finished"] is not None:
        shift = t(lang, "profile.index_then", now=points(answer["index"]), then=points(answer["finished"]))
    title = panel_head(t(lang, "rollup.projects"), shift)
    if not answer["rows"]:
        next_step = html.P(t(lang, "profile.plan_next"), className="caveat")
        return html.Div([title, unknown(t(lang, "rollup.projects_none")), next_step], className="panel")
    names = ("status", "project", "fix", "size", "cost", "fund", "dates", "effect")
    heads = [html.Th(t(lang, f"profile.column.{name}"), scope="col") for name in names]
    table = html.Table(
        [html.Thead(html.Tr(heads)), html.Tbody([_project(lang, one, answer["day"]) for one in answer["rows"]])],
        className="city-table profile-plan",
    )
    note = html.P(t(lang, "profile.effect_note", n=f"{answer['minutes']:g}"), className="caveat")
    return html.Div([title, scrolling(lang, "rollup.projects", table), note], className="panel")


def _project(lang: str, one: Row, today: date) -> html.Tr:
    late = one["status"] in ("planned", "building") and one["due_on"] is not None and one["due_on"] < today
    status = html.Span([html.I(className=f"gap-sign {one['status']}"), some(lang, "gap.status", one["status"])])
    size = " · ".join(
        part for part in (
            f"{measure(one['area_m2'])} m²" if one["area_m2"] is not None else "",
            t(lang, "profile.places", n=count(one["places"])) if one["places"] is not None else "",
        ) if part
    )  # fmt: skip
    kind = some(lang, "facility_kind", one["facility_kind"])
    name = [
        html.B(one["title"] if lang == "zh" else kind),
        html.Small(f"{kind} · {one['project_no']}" if lang == "zh" else one["project_no"]),
    ]
    cost = t(lang, "profile.wan", n=measure(one["cost_wan"])) if one["cost_wan"] is not None else UNKNOWN
    cells = [
        status, None, some(lang, "gap.fix", one["fix"]), size or UNKNOWN, cost,
        some(lang, "gap.fund", one["fund"]) if one["fund"] else UNKNOWN, _dates(lang, one, late), _effect(lang, one),
    ]  # fmt: skip
    row = [html.Th(name, scope="row") if cell is None else html.Td(cell) for cell in cells]
    return html.Tr(row, className=f"is-{one['status']}")


def _dates(lang: str, one: Row, late: bool) -> Any:
    if one["finished_on"]:
        return t(lang, "profile.finished", day=one["finished_on"].isoformat())
    if not one["due_on"]:
        return t(lang, "profile.listed", day=one["listed_on"].isoformat())
    words = t(lang, "profile.due", day=one["due_on"].isoformat())
    return html.Span([sign("look"), words, " ", t(lang, "profile.late")], className="late") if late else words


def _effect(lang: str, one: Row) -> Any:
    if one["status"] not in ("planned", "building"):
        return t(lang, "profile.counted") if one["status"] == "done" else UNKNOWN
    if one["total"] is None:
        return html.Span(t(lang, "profile.nowhere"), className="blind-word")
    before, after = one["before"] / one["total"], one["after"] / one["total"]
    more = one["alone"] - one["before"]
    group = some(lang, "circles.group", one["group"])
    gain = html.Small(t(lang, "profile.more", n=count(more))) if more > 0 else None
    return html.Span(
        [f"{group} {share(before, 0)} → ", html.B(share(after, 0)), gain],
        className="effect",
    )

"""The City page, drawn: sums and parts, the legend and data of the map, the ranking, circles, the last year. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from dash import html

from layouts.page import ZONE, View
from layouts.parts import kpi_chart as draw
from layouts.parts.city_answers import FIGURES
from layouts.parts.format import UNKNOWN, count, large, share
from layouts.parts.home_views import link, scrolling
from layouts.parts.panel import head, icon, next_step, sets, sign, unknown
from layouts.parts.text import named, some, t, titled
from twin_model.city import KEY_KINDS, MINUTES

PART, FIGURE, KIND, LIMIT, SCENE, CHOSEN, ORDER, TURN, DRAWN, OPEN = (
    f"city--{name}"
    for name in ("part", "figure", "kind", "minutes", "scene", "chosen", "order", "turn", "drawn", "open")
)
Row = Mapping[str, Any]


def brief(lang: str, one: Row) -> str:
    """A name in a narrow column, without what the column says of all of them; the whole stands in its title."""
    name = named(lang, one)
    return name.rsplit(" ", 1)[0] if name.endswith((" District", " Subdistrict", " Community")) else name


def points(value: float | None) -> str:
    """The index as it is shown: one decimal."""
    return UNKNOWN if value is None else f"{value:.1f}"


# --- the whole and its parts ----------------------------------------------------------------------------------------


def summary(view: View, _now: datetime, answer: Any) -> html.Div:
    """The way from the whole to the part, its figures, its gap projects."""
    lang, whole = view.lang, answer["whole"]
    if not whole["communities"]:
        return html.Div([head(t(lang, "nav.city")), unknown(t(lang, "rollup.none"))], className="panel city-summary")
    tiles = [
        tile(t(lang, "rollup.communities"), count(whole["communities"]), t(lang, "rollup.unit_communities"),
             way=(OPEN, "communities")),
        tile(t(lang, "rollup.people"), large(lang, whole["people"]), t(lang, "rollup.unit_people"), _of(lang, whole),
             way=(OPEN, "people")),
        tile(t(lang, "rollup.elders"), share(_part(whole["aged_60"], whole["people"])), "",
             t(lang, "rollup.elders_n", n=large(lang, whole["aged_60"])), way=(OPEN, "elders")),
        tile(t(lang, "rollup.facilities"), large(lang, whole["facilities"]), t(lang, "rollup.unit_facilities"),
             way=(OPEN, "facilities")),
        tile(t(lang, "rollup.index_middle"), points(whole["index"]), "",
             t(lang, "rollup.graded", n=count(whole["graded"]), all=count(whole["communities"])), way=(OPEN, "index")),
        tile(t(lang, "rollup.bottom"), count(whole["bottom"]), t(lang, "rollup.unit_communities"),
             t(lang, "rollup.bottom_why"), tone="look" if whole["bottom"] else "", way=(OPEN, "bottom")),
    ]  # fmt: skip
    body = [_way(view, answer), html.Div(tiles, className="city-tiles"), _projects(lang, whole["projects"])]
    return html.Div(body, className="panel city-summary")


def _way(view: View, answer: Any) -> html.Nav:
    lang = view.lang
    whole = named(lang, answer["city"]) if answer["city"] else t(lang, "rollup.all")
    steps: list[Any] = [html.Button(whole, className="way", **sets(PART, ""))]
    for one in answer["path"]:
        steps += [
            html.Span("›", **{"aria-hidden": "true"}),
            html.Button(named(lang, one), **sets(PART, one["division_id"])),
        ]
    return html.Nav(html.H1(steps), className="city-way", **{"aria-label": t(lang, "rollup.way")})


def tile(
    words: str, value: str, unit: str, note: str = "", tone: str = "", *, way: tuple[str, str] | None = None
) -> Any:  # fmt: skip
    """A figure with its name; ``way``: the store and the key of the rows that a press opens."""
    number = html.Span([html.B(value), None if value == UNKNOWN else html.Small(unit)], className="num")
    inner = [html.Span(words, className="what"), number, html.Span(note, className="note")]
    if way is None:
        return html.Div(inner, className=f"city-tile {tone}".strip())
    return html.Button(inner, className=f"city-tile {tone}".strip(), **sets(*way))


def _number(value: Any, key: str) -> html.Button:
    """A number in a table that opens the rows behind it."""
    return html.Button(value, className="way", **sets(OPEN, key))


def _part(some_of: float | None, whole: float | None) -> float | None:
    return some_of / whole if some_of is not None and whole else None


def _of(lang: str, whole: Row) -> str:
    """Of how many homes the people are registered."""
    if not whole["homes"]:
        return t(lang, "rollup.homes_none")
    return t(lang, "rollup.homes_counted", n=share(whole["homes_counted"] / whole["homes"]))


def _projects(lang: str, sums: Row) -> html.Div:
    if not sums:
        none = [html.B(t(lang, "rollup.projects")), t(lang, "rollup.projects_none")]
        return html.Div(none, className="city-projects")
    parts = [
        html.Button(
            [html.I(className=f"gap-sign {status}"), t(lang, f"gap.status.{status}"), html.B(count(sums[status]))],
            **sets(OPEN, f"projects:{status}"),
        )
        for status in ("planned", "building", "done")
    ]
    yuan = large(lang, sums["cost_wan"] * 1e4)
    cost = t(lang, "rollup.cost", n=yuan, of=count(sums["cost_of"]), all=count(sums["all"]))
    of_all = html.Small(html.Button(cost, **sets(OPEN, "projects")))
    return html.Div([html.B(t(lang, "rollup.projects")), *parts, of_all], className="city-projects")


def parts(view: View, _now: datetime, answer: Any) -> html.Div | None:
    """The divisions within, each with its sums; a press goes there."""
    lang = view.lang
    if not answer["parts"]:
        return None
    names = ("part", "communities", "people", "elders", "index", "bottom")
    heads = [
        html.Th(t(lang, f"rollup.column.{name}"), scope="col", className="right" if n else "")
        for n, name in enumerate(names)
    ]
    rows = []
    for one in answer["parts"]:
        name = html.Button(brief(lang, one), className="way", title=named(lang, one), **sets(PART, one["id"]))
        told = {
            "communities": count(one["communities"]), "people": large(lang, one["people"]),
            "elders": share(_part(one["aged_60"], one["people"]), 0), "index": points(one["index"]),
            "bottom": count(one["bottom"]),
        }  # fmt: skip
        cells = [_number(value, f"{of}@{one['id']}") for of, value in told.items()]
        rows.append(html.Tr([html.Th(name, scope="row"), *(html.Td(c, className="right") for c in cells)]))
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className="city-table")
    title = head(t(lang, "rollup.parts"), t(lang, "rollup.parts_note"))
    return html.Div([title, scrolling(lang, "rollup.parts", table)], className="panel grow")


# --- the map --------------------------------------------------------------------------------------------------------


def controls(view: View, _now: datetime, answer: Any) -> html.Div:
    """What the map is coloured by; for circles also of which kind and within how many minutes."""
    lang = view.lang
    chips = [_chip(t(lang, f"rollup.figure.{name}"), FIGURE, name, answer["figure"] == name) for name in FIGURES]
    rows = [html.Div(chips, className="city-chips", role="group", **{"aria-label": t(lang, "rollup.colour_by")})]
    if answer["figure"] == "reach":
        kinds = [_chip(some(lang, "facility_kind", k), KIND, k, answer["kind"] == k) for k in KEY_KINDS]
        limits = [
            _chip(t(lang, "rollup.minutes", n=n), LIMIT, n, f"{answer['minutes']:g}" == n)
            for n in (f"{m:g}" for m in MINUTES)
        ]
        rows.append(
            html.Div([*kinds, html.Span(className="rule"), *limits], className="city-chips minor", role="group")
        )
    if answer["figure"] == "scenes":
        found = answer["scenes"].items()
        nine = [_chip(titled(lang, title, one), SCENE, one, answer["scene"] == one) for one, title in found]
        rows.append(html.Div(nine, className="city-chips minor", role="group"))
    return html.Div([*rows, _data(view, answer)], className="city-controls")


def _chip(words: str, store: str, value: str, chosen: bool) -> html.Button:
    pressed = {"aria-pressed": str(chosen).lower()}
    return html.Button(words, className=f"city-chip{' on' if chosen else ''}", **sets(store, value), **pressed)


def _data(view: View, answer: Any) -> html.Div:
    """What assets/58_city.js draws: class and value of each community, where the outlines are, its words."""
    lang, figure = view.lang, answer["figure"]
    query = {"v": answer["version"]} | ({"at": answer["at"].astimezone(ZONE).isoformat()} if not view.live else {})
    data = {
        "shapes": f"/map/city/shapes?{urlencode(query)}", "figure": figure, "classes": _steps(answer),
        "values": answer["values"], "bottom": answer["bottom"], "part": answer["part"] or None, "lang": lang,
        "form": {"index": "points", "reach": "share", "elders": "share"}.get(figure, "count"),
        "stores": {"part": PART, "chosen": CHOSEN, "drawn": DRAWN},
        "words": {
            "figure": _title(lang, answer), "unknown": t(lang, "rollup.not_measurable"),
            "bottom": t(lang, "rollup.in_bottom"),
            "guess": t(lang, "rollup.guess"), "map": t(lang, "rollup.map"),
        },
    }  # fmt: skip
    return html.Div(hidden=True, **{"data-city-data": json.dumps(data, ensure_ascii=False, separators=(",", ":"))})


def _steps(answer: Any) -> dict[str, int | None]:
    """The colour of each community, the same one that the legend shows for its class."""
    of = len(answer["counts"])
    return {name: None if one is None else _step(one, of) for name, one in answer["classes"].items()}


def _title(lang: str, answer: Any) -> str:
    if answer["figure"] == "scenes":
        return t(lang, "rollup.scene_title", scene=titled(lang, answer["scenes"][answer["scene"]], answer["scene"]))
    if answer["figure"] != "reach":
        return t(lang, f"rollup.figure.{answer['figure']}")
    return t(lang, "rollup.reach_of", kind=some(lang, "facility_kind", answer["kind"]), n=f"{answer['minutes']:g}")


def legend(view: View, _now: datetime, answer: Any) -> html.Div:
    """Which colour means what, and how many communities have it; hatched: cannot be told."""
    lang, limits, figure = view.lang, answer["limits"], answer["figure"]
    grades = [titled(lang, title, "") for title in answer["grades"]] if figure == "scenes" else None
    keys = [
        html.Button([html.I(className=f"swatch city-{_step(n, len(answer['counts']))}"), grades and grades[n],
                   html.Span(_range(figure, limits, n)), html.B(count(number))], **sets(OPEN, f"class:{n}"))
        for n, number in enumerate(answer["counts"])
    ]  # fmt: skip
    words, none = t(lang, "rollup.not_measurable"), "ungraded" if figure == "index" else "class:none"
    keys.append(
        html.Button([html.I(className="swatch hatch"), words, html.B(count(answer["unknown"]))], **sets(OPEN, none))
    )
    edge = html.Button([html.I(className="swatch city-bottom"), t(lang, "rollup.in_bottom")], **sets(OPEN, "bottom"))
    title = html.B(_title(lang, answer))
    return html.Div(
        [title, *keys, edge], className="city-legend", role="group", **{"aria-label": t(lang, "rollup.legend")}
    )


def _step(n: int, of: int) -> int:
    """Few classes still reach from the darkest to the lightest."""
    return n if of >= 5 else round(n * 4 / max(1, of - 1))


def _range(figure: str, limits: Sequence[float], n: int) -> str:
    low, high = limits[n], limits[n + 1]
    if figure in ("reach", "elders"):
        return f"{low * 100:.0f}–{high * 100:.0f}%"
    return f"{low:,.0f}–{high:,.0f}"


# --- lists ----------------------------------------------------------------------------------------------------------


def ranking(view: View, _now: datetime, answer: Any) -> html.Div:
    """The communities in their order, a page at a time; those of the last tenth are marked."""
    lang = view.lang
    turn = [_chip(t(lang, f"rollup.order.{name}"), ORDER, name, answer["order"] == name) for name in ("worst", "best")]
    names = ("rank", "community", "index", "failed", "open")
    heads = [
        html.Th(t(lang, f"rollup.column.{name}"), scope="col", className="" if name == "community" else "right")
        for name in names
    ]
    if not answer["rows"]:
        said = [head(t(lang, "rollup.ranking")), unknown(t(lang, "rollup.ranked_none")), next_step(view, "community")]
        return html.Div(said, className="panel city-ranking")
    rows = [_ranked(view, one) for one in answer["rows"]]
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className="city-table ranking")
    note = t(lang, "rollup.ranked", n=count(answer["all"]), of=count(answer["of"]))
    return html.Div(
        [
            head(t(lang, "rollup.ranking"), note),
            html.Div(turn, className="city-chips minor", role="group"),
            scrolling(lang, "rollup.ranking", table),
            _pager(lang, answer),
        ],
        className="panel city-ranking",
    )


def _ranked(view: View, one: Row) -> html.Tr:
    lang = view.lang
    mark = html.I(className="sign sign-look", title=t(lang, "rollup.in_bottom")) if one["bottom"] else None
    where = {"name": one["subdistrict"], "name_en": one["subdistrict_en"]}
    way = link(view, "/profile", brief(lang, one), community=one["community_id"])
    way.title = f"{named(lang, one)} · {named(lang, where, '')}"
    name = [way, html.Small(brief(lang, where) if one["subdistrict"] else "")]
    bar = None
    if one["index"] is not None:
        bar = html.Span(html.I(style={"width": f"{one['index']:.1f}%"}), className="meter", **{"aria-hidden": "true"})
    rank, of_one = UNKNOWN if one["rank"] is None else count(one["rank"]), {"community": one["community_id"]}
    index = points(one["index"])
    return html.Tr(
        [
            html.Td([mark, rank], className="right"),
            html.Th(name, scope="row"),
            html.Td([link(view, "/health-check", html.B(index), **of_one), bar], className="right index"),
            html.Td(link(view, "/health-check", count(one["failed"]), **of_one), className="right"),
            html.Td(link(view, "/profile", count(one["open"]), **of_one), className="right"),
        ],
        className="bottom" if one["bottom"] else "",
    )


def _pager(lang: str, answer: Any) -> html.Div | None:
    if not answer["last"]:
        return None
    page, last = answer["page"], answer["last"]

    def step(words: str, to: int, name: str) -> html.Button:
        return html.Button(
            words, className="button square", disabled=not 0 <= to <= last, title=t(lang, name),
            **sets(TURN, str(to)), **{"aria-label": t(lang, name)},
        )  # fmt: skip

    said = html.Span(t(lang, "rollup.page", n=page + 1, of=last + 1))
    return html.Div(
        [step("‹", page - 1, "rollup.before"), said, step("›", page + 1, "rollup.after")], className="city-pager"
    )


def covered(view: View, _now: datetime, answer: Any) -> html.Div:
    """By kind the share of people within five, ten and fifteen minutes on foot."""
    lang = view.lang
    title = head(t(lang, "rollup.circles"), t(lang, "rollup.circles_note"))
    if answer is None:
        return html.Div([title, html.P(t(lang, "panel.waiting"), className="caveat")], className="panel")
    if not answer["kinds"]:
        return html.Div([title, unknown(t(lang, "rollup.circles_none"))], className="panel")
    heads = [html.Th(t(lang, "rollup.column.kind"), scope="col")]
    heads += [html.Th(t(lang, "rollup.minutes", n=f"{m:g}"), scope="col", className="right") for m in answer["minutes"]]
    rows = []
    for one in answer["kinds"]:
        cells = [
            html.Td([html.Span(className="fill", style={"width": f"{100 * (s or 0):.1f}%"}),
                     _number(html.B(share(s)), f"reach:{one['kind']}:{m:g}")], className="right share-cell")
            for m, s in zip(answer["minutes"], one["shares"], strict=True)
        ]  # fmt: skip
        rows.append(html.Tr([html.Th(some(lang, "facility_kind", one["kind"]), scope="row"), *cells]))
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className="city-table")
    lost = max(one["unknown"] for one in answer["kinds"])
    notes = [t(lang, "rollup.circles_of", n=large(lang, answer["kinds"][0]["total"]), lost=count(lost))]
    if answer["silent"]:
        notes.append(t(lang, "rollup.circles_silent", n=count(answer["silent"])))
    return html.Div([title, table, html.P(" ".join(notes), className="caveat")], className="panel")


def course(view: View, _now: datetime, answer: Any) -> html.Div:
    """The last year by quarters, each figure with its own line."""
    lang, found = view.lang, answer["points"]
    rows = []
    for name in ("index", "facilities", "done"):
        line = [(one["at"].date(), one[name]) for one in found]
        known = [one for one in found if one[name] is not None]
        show = points if name == "index" else lambda value: large(lang, value)
        words = t(lang, f"rollup.course.{name}")
        picture = html.Img(src=draw.curve(line, size=(160, 34)), alt=words) if known else html.Span(UNKNOWN)
        ends = html.B(UNKNOWN)
        if known:
            then = link(replace(view, at=known[0]["at"]), "/city", show(known[0][name]))
            key = {"done": "projects:done"}.get(name, name)
            ends = [html.Small([then, " → "]), _number(html.B(show(known[-1][name])), key)]
        rows.append(html.Div([html.Span(words, className="what"), picture, html.Span(ends, className="num")],
                             className="city-course"))  # fmt: skip
    return html.Div([head(t(lang, "rollup.year"), t(lang, "rollup.year_note")), *rows], className="panel")


def chosen(view: View, _now: datetime, answer: Any) -> html.Div | None:
    """The community that was pressed on the map, and the way to its own page."""
    if answer is None:
        return None
    lang, check, projects = view.lang, answer["check"], answer["projects"]
    where = " · ".join(
        named(lang, {"name": answer[level], "name_en": answer[f"{level}_en"]}, "")
        for level in ("district", "subdistrict")
        if answer[level]
    )
    rank = t(lang, "rollup.rank_of", n=count(check["rank"]), of=count(check["of"])) if check and check["rank"] else ""
    open_ = projects["planned"] + projects["building"] if projects else 0
    of_one = f"={answer['community_id']}"
    facts = [
        tile(t(lang, "rollup.people"), count(answer["people"]), t(lang, "rollup.unit_people"), _of(lang, answer),
             way=(OPEN, f"people{of_one}")),
        tile(t(lang, "rollup.elders"), share(answer["elders"]), "", way=(OPEN, f"elders{of_one}")),
        tile(t(lang, "rollup.figure.index"), points(check["index"] if check else None), "", rank,
             tone="look" if check and check["bottom"] else "", way=(OPEN, f"index{of_one}")),
        tile(t(lang, "rollup.projects_open"), count(open_), "", way=(OPEN, f"projects:open{of_one}")),
    ]  # fmt: skip
    way = link(view, "/profile", [t(lang, "rollup.to_profile"), " ›"], community=answer["community_id"])
    way.className = "button accent"
    close = html.Button(icon("close"), className="button square", title=t(lang, "rollup.close"), **sets(CHOSEN, ""),
                        **{"aria-label": t(lang, "rollup.close")})  # fmt: skip
    name = html.H2([named(lang, answer), html.Small(where)])
    is_last = bool(check and check["bottom"])
    mark = html.P([sign("look"), t(lang, "rollup.in_bottom")], className="caveat") if is_last else None
    return html.Div(
        [html.Div([name, close], className="head"), html.Div(facts, className="city-tiles four"), mark, way],
        className="panel city-chosen",
    )

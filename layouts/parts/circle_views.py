"""The left side of the circles page: what is chosen, whom it covers, and one building or facility looked at.

Unknown is a dash and why; a straight-line share stands beside every share on foot. Nothing of children by building.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dash import html

from layouts.page import View
from layouts.parts.circle_frame import choice
from layouts.parts.circle_words import LIMITS, kind_of, limit_words, minutes
from layouts.parts.format import UNKNOWN, count, measure, share
from layouts.parts.panel import beside, head, icon, sets, sign, unknown
from layouts.parts.text import named, t, titled

SPEEDS = ("adult", "elder", "child", "wheelchair")  # those of twin_model/walking.py
HOURS = range(6, 23)
KEY = "circles--key"
NEAR_M = 30.0
"""Straight lines shorter than this begin and end in one building: how much longer the walk is says nothing."""


def choices(view: View, _now: datetime, answer: Any) -> html.Div:
    """Kind, who walks, how far, at which hour, and where from."""
    lang, said = view.lang, answer["chosen"]
    kinds = [html.Option(t(lang, "circles.every_kind"), value="")] + [
        html.Option(f"{kind_of(lang, kind)} · {n}", value=kind) for kind, n in answer["kinds"]
    ]
    hours = [html.Option(t(lang, "circles.any_hour"), value="")] + [
        html.Option(t(lang, "circles.hour_at", n=f"{hour:02d}"), value=str(hour)) for hour in HOURS
    ]
    pace = answer["pace"]
    speeds = [
        choice(
            "speed", name, t(lang, f"circles.speeds.{name}"), on=name == said["speed"],
            title=t(lang, "circles.pace_said", n=measure(pace[name], 0), why=titled(lang, answer["sources"][name], "")),
        )
        for name in SPEEDS
    ]  # fmt: skip
    limits = [
        html.Div(
            [choice("limit", name, limit_words(lang, name), on=name == said["limit"]) for name in row],
            className="ranges", role="group", **{"aria-label": t(lang, "circles.limit")},
        )
        for row in LIMITS
    ]  # fmt: skip
    return html.Div(
        [
            head(t(lang, "nav.circles"), t(lang, "circles.pace", n=measure(pace[said["speed"]], 0))),
            _field(lang, "kind", kinds),
            html.Div(speeds, className="ranges", role="group", **{"aria-label": t(lang, "circles.speed")}),
            html.Div(limits, className="limit-rows"),
            _field(lang, "hour", hours),
            _origin(view, answer),
            _lacking(lang, answer),
        ],
        className="panel circles-choices",
    )


def _field(lang: str, name: str, options: list[html.Option]) -> html.Label:
    words = t(lang, f"circles.{name}")
    box = html.Select(options, className="select", **{"data-address": name, "aria-label": words})
    return html.Label([html.Span(words), box], className="field")


def _origin(view: View, answer: Any) -> html.Div:
    """Where the walks of the map begin: at the nearest facility, at one, or at one building."""
    lang, one = view.lang, answer["origin"]
    if one is None:
        words = [html.B(t(lang, "circles.from_nearest")), html.Small(t(lang, "circles.from_building_how"))]
        return html.Div(words, className="origin")
    name = named(lang, one, one["id"])
    words = html.B([t(lang, f"circles.from_{one['what']}"), " · ", name])
    clear = t(lang, "circles.clear")
    away = html.Button(
        icon("close"), className="button square", title=clear,
        **{"data-choose": one["what"], "data-value": "", "aria-label": clear},
    )  # fmt: skip
    return html.Div([words, away], className="origin on")


def _lacking(lang: str, answer: Any) -> Any:
    return unknown(t(lang, f"circles.{answer['lacks']}")) if answer["lacks"] else None


def coverage(view: View, _now: datetime, answer: Any) -> Any:
    """Per group the share within the limit on foot, the straight-line share beside it, reached of how many."""
    lang = view.lang
    if answer["lacks"]:
        return None  # said once, in the panel above
    limit = limit_words(lang, answer["limit"])
    if answer["kind"] is None:
        return _every(view, answer, limit)
    title = t(lang, "circles.coverage.title", kind=kind_of(lang, answer["kind"]), limit=limit)
    if not answer["facilities"]:
        none = t(lang, "circles.none_of_kind", kind=kind_of(lang, answer["kind"]))
        return html.Div([head(title), unknown(none)], className="panel circles-coverage")
    later = {row["group"]: row["share"] for row in answer.get("now", {}).get("groups", ())}
    groups = [html.Li(_group(view, row, answer["chosen"], later)) for row in answer["groups"]]
    rows = html.Button(t(lang, "circles.coverage.rows"), className="link way", **sets(KEY, "coverage:"))
    return html.Div(
        [
            head(title, rows),
            html.Ul(groups, className="cover-list"),
            html.P(t(lang, "circles.coverage.note"), className="caveat"),
        ],
        className="panel circles-coverage",
    )


def _group(view: View, row: Any, chosen: str, later: Mapping[str, float | None]) -> html.Button:
    lang, group = view.lang, row["group"]
    unit = t(lang, f"circles.group_unit.{group}")
    on = group == chosen
    pressed = {"data-choose": "group", "data-value": group, "aria-pressed": str(on).lower()}
    name = html.Span(t(lang, f"circles.group.{group}"), className="name")
    if row["share"] is None:
        why = "few" if row.get("few") else "uncounted" if row["uncounted"] else "nothing"
        bar = html.Span(className="cover-bar blind")
        words = html.Small(t(lang, f"circles.coverage.{why}", n=count(row["uncounted"])), className="cover-said")
        return html.Button([name, bar, html.B(UNKNOWN, className="num blind"), words], className="cover", **pressed)
    straight = row["straight_share"]
    bar = cover_bar(row["share"], straight)
    said = t(lang, "circles.coverage.reached", reached=count(row["reached"]), total=count(row["total"]), unit=unit)
    more = None
    if straight is not None and share(straight, 0) != share(row["share"], 0):
        more = html.Span(t(lang, "circles.coverage.straight_n", n=share(straight, 0)), className="over")
    lost = " · ".join(
        t(lang, f"circles.coverage.{key}", n=count(row[key]), unit=unit) for key in ("unknown", "uncounted") if row[key]
    )
    small = html.Small([said, more], className="cover-said")
    blind = html.Small([sign("blind"), lost], className="cover-lost") if lost else None
    value = html.B(share(row["share"], 0), className="num")
    before = beside(view, share(later[group], 0) if group in later else None)
    return html.Button([name, bar, value, small, blind, before], className="cover", **pressed)


def cover_bar(on_foot: float, straight: float | None) -> html.Span:
    """A bar of the share on foot, with a mark where a straight-line radius would put it."""
    parts = [html.I(style={"width": f"{on_foot * 100:.1f}%"})]
    if straight is not None:
        parts.append(
            html.Em(style={"left": f"{on_foot * 100:.1f}%", "width": f"{max(0.0, straight - on_foot) * 100:.1f}%"})
        )
    return html.Span(parts, className="cover-bar", **{"aria-hidden": "true"})


def _every(view: View, answer: Any, limit: str) -> html.Div:
    """All kinds: homes that reach every kind, and the kinds that fewest reach."""
    lang = view.lang
    best, homes = answer["every"], answer["homes"]
    whole = share(best / homes, 0) if homes else UNKNOWN
    reached = t(lang, "circles.coverage.reached", reached=count(best), total=count(homes),
                unit=t(lang, f"circles.group_unit.{answer['of']}"))  # fmt: skip
    worst = [
        html.Li(
            html.Button(
                [
                    html.Span(kind_of(lang, row["facility_kind"]), className="name"),
                    cover_bar(row["share"], row["straight_share"]),
                    html.B(share(row["share"], 0), className="num"),
                ],
                className="cover",
                **{"data-choose": "kind", "data-value": row["facility_kind"]},
            )
        )
        for row in answer["worst"]
        if row["share"] < 1
    ]
    lowest = [html.H3(t(lang, "circles.coverage.worst")), html.Ul(worst, className="cover-list")] if worst else []
    return html.Div(
        [
            head(t(lang, "circles.coverage.title_all", limit=limit)),
            html.Div(
                [
                    html.Div(html.Span(whole, className="num"), className="figure big"),
                    html.Span(
                        [t(lang, f"circles.coverage.every_{answer['of']}", limit=limit), html.Small(reached)],
                        className="aside",
                    ),
                ],
                className="row every-row",
            ),
            *lowest,
            html.P(t(lang, "circles.coverage.note"), className="caveat"),
        ],
        className="panel circles-coverage",
    )


def place(view: View, _now: datetime, answer: Any) -> Any:
    """One building's walk to each kind; or how many homes one facility reaches."""
    if answer is None:
        return None
    lang = view.lang
    name = named(lang, answer, answer["id"])
    if answer["what"] == "facility":
        return _facility(lang, name, answer)
    homes = t(lang, "circles.place.homes", n=count(answer["homes"])) if answer["homes"] else None
    snap = None if answer["snap_m"] is None else t(lang, "circles.place.snap", n=measure(answer["snap_m"], 0))
    note = " · ".join(words for words in (homes, snap) if words)
    if not answer["walks"]:
        nothing = unknown(t(lang, f"circles.place.{answer['why'] or 'unknown'}"))
        return html.Div([head(name, note), nothing], className="panel circles-place")
    heads = html.Tr(
        [html.Th(t(lang, f"circles.place.{key}"), scope="col", className=side)
         for key, side in (("kind", ""), ("walk", "right"), ("straight", "right"))]
    )  # fmt: skip
    body = [html.Tr(_walk(lang, row, answer["limit"])) for row in answer["walks"]]
    table = html.Table([html.Thead(heads), html.Tbody(body)])
    return html.Div(
        [
            head(t(lang, "circles.place.building", name=name), note),
            html.Div(table, className="table-box", tabIndex=0, role="region", **{"aria-label": name}),
        ],
        className="panel circles-place",
    )


def _walk(lang: str, row: Any, limit: str) -> list[html.Td]:
    """Kind and nearest facility; metres and minutes; the straight line and what the way is longer than it."""
    nearest = named(lang, row, "")
    kind = html.Td(
        [html.B(kind_of(lang, row["kind"])), html.Small(nearest, title=nearest)] if nearest
        else html.B(kind_of(lang, row["kind"]))
    )  # fmt: skip
    if row["metres"] is None:
        shape = "away" if row["status"] in ("too_far", "no_way_in") else "blind"
        why = [sign(shape), t(lang, f"circles.place.{row['status']}", n=measure(row["beyond"], 0))]
        straight = UNKNOWN if row["straight_m"] is None else f"{count(row['straight_m'])} m"
        return [kind, html.Td(why, className="right blind"), html.Td(straight, className="right")]
    within = "within" if row["within"] else "beyond"
    way = [html.B(minutes(lang, row["minutes"])), html.Small(f"{count(row['metres'])} m")]
    longer = None
    if (row["straight_m"] or 0) >= NEAR_M and row["metres"] / row["straight_m"] >= 1.2:
        longer = html.Small(f"×{row['metres'] / row['straight_m']:.1f}")
    straight = "" if row["straight_m"] is None else f"{count(row['straight_m'])} m"
    return [kind, html.Td(way, className=f"right {within}"), html.Td([straight, longer], className="right")]


def _facility(lang: str, name: str, answer: Any) -> html.Div:
    title = head(t(lang, "circles.place.facility", name=name), kind_of(lang, answer["kind"]))
    if answer["why"]:
        return html.Div([title, unknown(t(lang, f"circles.place.{answer['why']}"))], className="panel circles-place")
    rows = [
        html.Li(
            [
                html.Span(t(lang, "circles.place.within", limit=limit_words(lang, limit)), className="name"),
                html.B(t(lang, f"circles.place.{answer['of']}", n=count(homes))),
            ],
            className="on" if limit == answer["limit"] else "",
        )
        for limit, homes in answer["reached"]
    ]
    snap = t(lang, "circles.place.snap", n=measure(answer["snap_m"], 0))
    how, ways = answer["entered"]
    if how is not None:
        snap = f"{t(lang, f'circles.place.by_{how}', n=count(ways))} · {snap}"
    return html.Div(
        [title, html.Ul(rows, className="reach-list"), html.P(snap, className="caveat")],
        className="panel circles-place",
    )

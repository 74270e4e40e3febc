"""The right side of the circles page: all kinds by circle, facilities, capacity, and the network it all rests on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dash import html

from layouts.page import View
from layouts.parts.circle_views import KEY
from layouts.parts.circle_words import LIMITS, hours_words, kind_of, limit_of, limit_words
from layouts.parts.format import UNKNOWN, count, measure, share
from layouts.parts.panel import head, meter, sets, sign, unknown
from layouts.parts.text import has, named, t

MOST = 60  # facilities listed beside the map; the drawer has all


def matrix(view: View, _now: datetime, answer: Any) -> Any:
    """Kinds by circle: the share of the chosen group; a row chooses the kind, a column head the circle."""
    if answer is None:
        return None
    lang = view.lang
    title = t(lang, "circles.matrix.title")
    note = t(lang, "circles.matrix.note", group=t(lang, f"circles.group.{answer['group']}"),
             speed=t(lang, f"circles.speeds.{answer['speed']}"))  # fmt: skip
    if answer["lacks"]:
        said = unknown(t(lang, f"circles.{answer['lacks']}"))
        return html.Div([head(title), said], className="panel circles-matrix")
    limits = LIMITS[0] if limit_of(answer["limit"])[1] == "min" else LIMITS[1]
    heads = html.Tr(
        [
            html.Th(t(lang, "circles.matrix.kind"), scope="col"),
            html.Th(t(lang, "circles.matrix.count"), scope="col", className="right"),
            *(html.Th(_limit(lang, limit, answer["limit"]), scope="col", className="right") for limit in limits),
        ]
    )
    body = [_row(lang, row, limits, answer) for row in answer["rows"]]
    table = html.Table([html.Thead(heads), html.Tbody(body)])
    return html.Div(
        [
            head(title),
            html.P(note, className="caveat"),
            html.Div(table, className="table-box", tabIndex=0, role="region", **{"aria-label": title}),
        ],
        className="panel circles-matrix",
    )


def _limit(lang: str, limit: str, chosen: str) -> html.Button:
    pressed = {"data-choose": "limit", "data-value": limit, "aria-pressed": str(limit == chosen).lower()}
    return html.Button(limit_words(lang, limit), className="way", **pressed)


def _row(lang: str, row: Any, limits: tuple[str, ...], answer: Any) -> html.Tr:
    on = row["kind"] == answer["kind"]
    pressed = {"data-choose": "kind", "data-value": row["kind"], "aria-pressed": str(on).lower()}
    cells = [_cell(lang, row, limit, limit == answer["limit"]) for limit in limits]
    return html.Tr(
        [
            html.Td(
                html.Button(kind_of(lang, row["kind"]), className="way", title=kind_of(lang, row["kind"]), **pressed)
            ),
            html.Td(count(row["facilities"]), className="right muted"),
            *cells,
        ],
        className="on" if on else "",
    )


def _cell(lang: str, row: Any, limit: str, chosen: bool) -> html.Td:
    on_foot, straight = row["shares"][limit]
    if on_foot is None:
        return html.Td(UNKNOWN, className="right blind")
    step = min(4, int(on_foot * 4 + 0.001))
    words = None
    if straight is not None:
        words = f"{t(lang, 'circles.coverage.straight')} {share(straight, 0)}"
    name = f"heat heat-{step}" + (" chosen" if chosen else "")
    return html.Td(html.Span(share(on_foot, 0), className=name, title=words), className="right")


def facilities(view: View, now: datetime, answer: Any) -> Any:
    """Every facility of the kind with what is registered and its state now; a press shows its circle."""
    if answer is None:
        return None
    lang = view.lang
    n = count(answer["total"])
    title = (
        t(lang, "circles.facilities.title", kind=kind_of(lang, answer["kind"]), n=n)
        if answer["kind"]
        else t(lang, "circles.facilities.every", n=n)
    )
    if not answer["rows"]:
        key = "none_of_kind" if answer["kind"] else "no_facilities"
        said = unknown(t(lang, f"circles.{key}", kind=kind_of(lang, answer["kind"] or "")))
        return html.Div([head(title), said], className="panel")
    items = [html.Li(_facility(lang, row, answer)) for row in answer["rows"][:MOST]]
    return html.Div([head(title), html.Ul(items, className="facility-list")], className="panel circles-facilities")


def _facility(lang: str, row: Any, answer: Any) -> html.Button:
    on = row["facility_id"] == answer["facility"]
    pressed = {
        "data-choose": "facility", "data-value": row["facility_id"], "aria-pressed": str(on).lower(),
    }  # fmt: skip
    name = html.Span(named(lang, row), className="name", title=named(lang, row))
    kind = None if answer["kind"] else html.Small(kind_of(lang, row["facility_kind"]), className="kind-word")
    registered = [
        _fact(lang, "area", row["area_m2"], "m²"),
        _fact(lang, "capacity", row["capacity"], ""),
        _said(lang, "operator", row["operator"]),
        _said(lang, "hours", hours_words(lang, row["hours"])),
        None if row["placed"] == "on_path" else html.Span(t(lang, f"circles.placed.{row['placed']}"), className="lost"),
    ]
    return html.Button(
        [
            html.Span([name, kind], className="first"),
            html.Span(state_of(lang, row), className="state"),
            html.Span(registered, className="facts"),
            html.Span(_people(lang, row), className="inside"),
        ],
        className="facility",
        **pressed,
    )


def _fact(lang: str, name: str, value: float | None, unit: str) -> html.Span:
    known = UNKNOWN if value is None else f"{measure(value, 0)} {unit}".strip()
    return html.Span([html.Small(t(lang, f"circles.facilities.{name}")), " ", known], className="fact")


def _said(lang: str, name: str, words: str | None) -> html.Span | None:
    return (
        html.Span([html.Small(t(lang, f"circles.facilities.{name}")), " ", words], className="fact") if words else None
    )


def state_of(lang: str, row: Any) -> list[Any]:
    """Open, closed or not said, and until when."""
    opening = row["opening"]
    if opening["open"] is None:
        return [sign("blind"), t(lang, "circles.facilities.hours_unknown")]
    if opening["open"]:
        until = opening["until"]
        said = t(lang, "circles.facilities.open_until", at=f"{until:%H:%M}") if until and not opening["days"] else None
        return [sign("fresh"), said or t(lang, "circles.facilities.open")]
    until = opening["until"]
    key = "shut_until" if not opening["days"] else "shut_days"
    if until is None:
        return [sign("away"), t(lang, "circles.facilities.shut")]
    day = t(lang, f"circles.day.{min(opening['days'], 2)}") if opening["days"] else ""
    return [sign("away"), t(lang, f"circles.facilities.{key}", at=f"{until:%H:%M}", day=day)]


def _people(lang: str, row: Any) -> Any:
    people, capacity = row["people"], row["capacity"]
    if people is None:
        return t(lang, "circles.facilities.uncounted") if row["counted"] else None
    if capacity:
        return [meter(people / capacity), t(lang, "circles.facilities.people_of", n=count(people), of=count(capacity))]
    return t(lang, "circles.facilities.people", n=count(people))


def capacity(view: View, _now: datetime, answer: Any) -> Any:
    """Places against demand per kind; what is missing is named, never taken as zero."""
    if answer is None:
        return None
    lang = view.lang
    title = head(t(lang, "circles.capacity.title"))
    if not answer["rows"]:
        return html.Div([title, unknown(t(lang, "circles.capacity.nothing"))], className="panel")
    items = [html.Li(_capacity(lang, row)) for row in answer["rows"]]
    return html.Div(
        [
            title,
            html.Ul(items, className="capacity-list"),
            html.P(t(lang, "circles.capacity.note"), className="caveat"),
        ],
        className="panel circles-capacity",
    )


def _capacity(lang: str, row: Any) -> list[Any]:
    name = html.B(kind_of(lang, row["facility_kind"]), className="name")
    lacking = "、".join(named(lang, one) for one in row["lacking"]) if lang == "zh" else ", ".join(
        named(lang, one) for one in row["lacking"])  # fmt: skip
    missing = html.Small(t(lang, "circles.capacity.missing", what=lacking), className="lost") if lacking else None
    group, people = t(lang, f"circles.group.{row['group']}"), t(lang, f"circles.group_unit.{row['group']}")
    said = [
        f"{t(lang, 'circles.capacity.places')} {count(row['places'])}",
        f"{group} {count(row['demand'])} {people}",
    ]
    lost = html.Small(t(lang, "circles.coverage.uncounted", n=count(row["uncounted"]))) if row["uncounted"] else None
    why = html.Span([html.Small(" · ".join(said)), lost, missing], className="why")
    unit = html.Small(row["unit_en"] if lang == "en" else row["unit"], className="per")
    value = html.B(measure(row["value"]), className="num" if row["value"] is not None else "num blind")
    return [name, value, why, unit]


def network(view: View, _now: datetime, answer: Any) -> Any:
    """Kilometres, islands, what is not joined, snap distances; each figure opens its rows."""
    if answer is None:
        return None
    lang = view.lang
    title = head(t(lang, "circles.network.title"))
    if not answer["lines"]:
        return html.Div([title, unknown(t(lang, "circles.no_network"))], className="panel")
    paths = f"{t(lang, 'circles.network.length')} · {t(lang, 'circles.network.lines', n=count(answer['lines']))}"
    snaps = t(lang, "circles.network.snap_said", most=measure(answer["snap_most"], 0))
    figures = [
        _figure(measure(answer["km"], 1), "km", paths),
        _figure(measure(answer["snap_median"], 1), "m", f"{t(lang, 'circles.network.snap')} · {snaps}"),
    ]
    lines = [html.Li(_line(lang, name, n, said)) for name, n, said in _lines(lang, answer)]
    good = None
    if not any(answer["counts"].values()) and not answer["dropped"]:
        good = html.P(t(lang, "circles.network.good"), className="calm")
    return html.Div(
        [
            title, html.Div(figures, className="net-figures"), good, html.Ul(lines, className="net-list"),
            html.P(_slopes(lang, answer), className="caveat"),
            html.P(t(lang, "circles.network.note"), className="caveat"),
        ],
        className="panel circles-network",
    )  # fmt: skip


def _slopes(lang: str, answer: Any) -> str:
    """How much of the network states how steep it is; the rest is walked as the flat."""
    if not answer["slope_m"]:
        return t(lang, "circles.network.no_slopes")
    return t(lang, "circles.network.slopes", km=measure(answer["slope_m"] / 1000, 1), of=measure(answer["km"], 1))


def _lines(lang: str, answer: Any) -> list[tuple[str, int, str]]:
    """What is wrong by name, how often, and what more is to be said; then what is only to be known."""
    counts = answer["counts"]
    islands = t(lang, "circles.network.islands_said", n=count(counts["islands"]), km=measure(answer["island_km"], 1))
    homes = t(lang, "circles.network.homes_of", n=count(answer["homes_off"])) if answer["homes_off"] else ""
    said = {
        "islands": islands, "unjoined": homes,
        "gates": t(lang, "circles.network.gates_said", n=count(answer["gates"]), shut=count(answer["gates_shut"])),
    }  # fmt: skip
    rest = {"dropped": answer["dropped"], "gates": answer["gates"]}
    if answer["no_way_in"]:
        rest["no_way_in"] = answer["no_way_in"]
    return [(name, n, said.get(name, "") if n else "") for name, n in (counts | rest).items()]


def _line(lang: str, name: str, n: int, said: str) -> Any:
    words = html.Span(t(lang, f"circles.network.{name}"), className="name")
    if not n:
        return html.Div([words, html.Span(t(lang, "circles.network.none"), className="muted")], className="net-line")
    key = sets(KEY, f"{name}:") if has(lang, f"circles.drawer.{name}") else {}
    wrong = None if name == "gates" else sign("look")
    value = html.Span([wrong, html.B(count(n)), html.Small(said)], className="value")
    if not key:
        return html.Div([words, value], className="net-line")
    return html.Button([words, value], className="net-line way", **key)


def _figure(value: str, unit: str, words: str) -> html.Div:
    number = html.Span([value, html.Span(f" {unit}", className="unit")], className="num")
    return html.Div([number, html.Small(words)], className="net-figure")

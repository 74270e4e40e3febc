"""The panels of the occupancy page: people now, a place's week and next day, bookings, corrections, use. Pure."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from dash import html

from layouts.page import ZONE, View
from layouts.parts import occupancy_charts as charts
from layouts.parts.format import UNKNOWN, age, clock, count, day, measure, share, stamp
from layouts.parts.panel import beside, head, icon, meter, next_step, sets, sign, unknown
from layouts.parts.text import has, named, t

PLACE, KEY, SPAN = "occupancy--place", "occupancy--key", "occupancy--span"
MOST_BOOKINGS, MOST_CORRECTIONS = 3, 2
TONE = {"empty": "look", "few": "look", "used": "fresh", "unknown": "blind", "ahead": "away"}


def now(view: View, now_: datetime, answer: Any) -> html.Div:
    """People in the centre, then its rooms floor by floor; a press on a room looks at it."""
    lang, whole = view.lang, answer["centre"]
    if whole is None:
        is_missing = answer["facility"] is None
        why = t(lang, "centre.none" if is_missing else "centre.no_counters")
        title = head(t(lang, "centre.title" if view.live else "centre.title_past"))
        step = next_step(view, "centre" if is_missing else "counters")
        return html.Div([title, unknown(why), step], className="panel")
    body: list[Any] = [
        head(
            t(lang, "centre.title" if view.live else "centre.title_past"),
            age(lang, whole["newest"], now_) if whole["newest"] else None,
        )
    ]
    if whole["people"] is None:
        body.append(unknown(t(lang, "centre.no_counters")))
    else:
        body.append(_headline(view, answer))
    body.append(_floors(view, answer))
    return html.Div(body, className="panel people-now")


def _headline(view: View, answer: Any) -> html.Div:
    lang, whole = view.lang, answer["centre"]
    later = answer.get("now", {}).get("centre")
    seats = [
        html.Span(t(lang, "occupancy.seats", n=count(answer["seated"]), of=count(answer["seats"]))),
        html.Span(_how(lang, whole), className="note"),
    ]
    figure = html.Button(
        [html.Span(count(whole["people"]), className="num"), html.Span(t(lang, "unit.people"), className="unit")],
        className="figure way big",
        title=t(lang, "occupancy.open_rows"),
        **sets(KEY, f"now:{whole['place_id']}"),
    )
    now_words = beside(view, f"{count(later['people'])} {t(lang, 'unit.people')}" if later else None)
    return html.Div([figure, html.Div([now_words, *seats], className="beside")], className="people-head")


def _how(lang: str, row: Any) -> str:
    """``按各室合计 · 完整``."""
    return f"{t(lang, 'method.' + row['method'])} · {t(lang, 'grade.' + row['grade'])}"


def _floors(view: View, answer: Any) -> html.Div:
    lang = view.lang
    floors = sorted({room["floor"] for room in answer["rooms"]}, key=lambda n: -99 if n is None else n, reverse=True)
    parts = []
    for floor in floors:
        rooms = [room for room in answer["rooms"] if room["floor"] == floor]
        rooms.sort(key=lambda room: (-(room["capacity"] or 0), room["place_id"]))
        items = [html.Li(_place(view, room, answer["chosen"])) for room in rooms]
        parts.append(
            html.Section(
                [
                    html.H3(t(lang, "occupancy.floor_short", n=floor) if floor is not None else UNKNOWN),
                    html.Ul(items, className="people-list"),
                ],
                className="people-floor",
            )
        )
    return html.Div(parts, className="people-floors")


def _place(view: View, row: Any, chosen: str | None) -> html.Button:
    """One place as a line: name, bar, people of capacity; how it is known stands in the tooltip."""
    lang = view.lang
    name = html.Span(named(lang, row), className="name")
    title = f"{named(lang, row)} · {_how(lang, row)}"
    common = {
        "className": f"place-line{' on' if row['place_id'] == chosen else ''}",
        "title": title,
        "aria-pressed": str(row["place_id"] == chosen).lower(),
        **sets(PLACE, row["place_id"]),
    }
    if row["people"] is None:
        gone = t(lang, "since.word", at=stamp(lang, row["newest"])) if row["newest"] else t(lang, "grade.unknown")
        dash = html.Span([html.B(UNKNOWN), html.Small(gone)], className="value blind")
        return html.Button([name, html.Span(className="meter blind"), dash], **common)
    room_for = f"/{count(row['capacity'])}" if row["capacity"] else f" {t(lang, 'unit.people')}"
    about = "≈" if row["grade"] in ("estimate", "plan") else "≥" if row["grade"] == "partial" else ""
    full = row["share"] is not None and row["share"] > 1
    value = html.Span(
        [sign("look") if full else None, html.B(f"{about}{count(row['people'])}"), room_for], className="value"
    )
    return html.Button([name, meter(row["share"], tone="full" if full else ""), value], **common)


def others(view: View, now_: datetime, answer: Any) -> Any:
    """Facilities and estates: people now, of how many, and how much of them was used in open hours."""
    lang, use = view.lang, answer["use"]
    rows = answer["places"]["others"] + answer["places"]["elsewhere"]
    if not rows:
        return None
    heads = [
        html.Span(t(lang, f"occupancy.{name}"), className="note") for name in ("place_head", "now_head", "used_head")
    ]
    items = [
        html.Li([_place(view, row, answer["places"]["chosen"]), _used(lang, use["use"].get(row["place_id"]))])
        for row in rows
    ]
    spaces = [html.Li([html.Span(row["title"], className="name"), _gained(lang, row)]) for row in use["spaces"][:2]]
    gained = [html.H3(t(lang, "occupancy.spaces")), html.Ul(spaces, className="space-list")] if spaces else []
    return html.Div(
        [
            head(t(lang, "occupancy.others")),
            html.Div(heads, className="used-heads"),
            html.Ul(items, className="people-list used"),
            *gained,
        ],
        className="panel people-others",
    )


def _used(lang: str, one: Any) -> html.Span:
    """``31%`` and how it moved against the four weeks before."""
    if one is None or one.now is None:
        return html.Span(UNKNOWN, className="used-share", title=t(lang, "occupancy.used_none"))
    moved = None if one.before is None else round((one.now - one.before) * 100)
    arrow = "" if not moved else f" {'+' if moved > 0 else '−'}{abs(moved)}"
    words = t(lang, "occupancy.used_of", hours=count(one.hours), of=count(one.of))
    return html.Span([share(one.now, 0), html.Small(arrow)], className="used-share", title=words)


def _gained(lang: str, row: Any) -> html.Span:
    before, after = measure(row["area_before"], 0), measure(row["area_m2"], 0)
    return html.Span([f"{before} → ", html.B(after), " m²"], className="value")


def scene(view: View, now_: datetime, answer: Any) -> html.Div:
    """What assets/60_floors.js draws, as data; and the legend in words."""
    lang = view.lang
    data = {
        **answer,
        "lang": lang,
        "words": {
            "floor": t(lang, "occupancy.floor", n="{n}"),
            "people": t(lang, "unit.people"),
            "unknown": t(lang, "grade.unknown"),
            "none": t(lang, "occupancy.no_rooms"),
            "plan": t(lang, "occupancy.plan"),
            "uncounted": t(lang, "method.none"),
        },
    }
    steps = [html.Span([html.I(className=f"swatch ramp-{n}"), t(lang, f"occupancy.step.{n}")]) for n in range(4)] + [
        html.Span([html.I(className="swatch hatch"), t(lang, "grade.unknown")])
    ]
    return html.Div(
        [
            html.Div(hidden=True, **{"data-floors-data": json.dumps(data, ensure_ascii=False)}),
            html.Div(steps, className="floors-legend"),
        ],
    )


def course(view: View, now_: datetime, answer: Any) -> Any:
    """The chosen place: its week, and the day to come with its error."""
    lang = view.lang
    if answer is None:
        parts = [head(t(lang, "occupancy.week")), unknown(t(lang, "occupancy.not_counted"))]
        return html.Div([*parts, next_step(view, "counters")], className="panel")
    place = answer["place"]
    spans = [
        html.Button(
            t(lang, f"occupancy.span.{name}"),
            className="range",
            **{**sets(SPAN, name), "aria-pressed": str(name == answer["span"]).lower()},
        )
        for name in ("7d", "4w")
    ]
    rows = html.Button(
        [icon("chart"), t(lang, "occupancy.rows")], className="button small", **sets(KEY, f"hours:{place['place_id']}")
    )
    week = html.Div(
        [
            html.Div(
                [
                    html.H2(t(lang, "occupancy.week_of", name=named(lang, place))),
                    html.Span(spans, className="ranges"),
                    rows,
                ],
                className="head",
            ),
            charts.graph(charts.heat(lang, answer), charts.spoken_heat(lang, answer)),
            charts.heat_table(lang, answer),
        ],
        className="panel people-week",
    )
    return html.Div([week, _ahead(lang, answer)], className="people-course")


def _ahead(lang: str, answer: Any) -> html.Div:
    forecast, place = answer["forecast"], answer["place"]
    title = html.Div(
        [html.H2(t(lang, "occupancy.ahead")), html.Span(named(lang, place), className="note")], className="head"
    )
    if forecast is None or forecast.people is None:
        days = 0 if forecast is None else forecast.days
        needed = 8 if forecast is None else forecast.needed
        words = unknown(t(lang, "occupancy.too_little", days=days, needed=needed))
        return html.Div(
            [title, words, charts.graph(charts.ahead(lang, answer), t(lang, "occupancy.last_day"))],
            className="panel people-ahead",
        )
    error = t(lang, "occupancy.untested")
    if forecast.error is not None:
        error = t(lang, "occupancy.error", error=measure(forecast.error, 1), hours=count(forecast.tested))
        if forecast.repeated is not None:
            error += t(lang, "occupancy.repeated", error=measure(forecast.repeated, 1))
    most = max(range(24), key=lambda k: forecast.people[k])
    begin = charts.begin_of(forecast, most)
    peak = t(lang, "occupancy.peak", n=count(float(forecast.people[most])), at=_when(lang, begin))
    return html.Div(
        [
            title,
            html.P(
                [html.B(peak), html.Span(error, className="error-said", title=t(lang, "occupancy.method_said"))],
                className="ahead-words",
            ),
            charts.graph(charts.ahead(lang, answer), peak),
            charts.ahead_table(lang, answer),
        ],
        className="panel people-ahead",
    )


def bookings(view: View, now_: datetime, answer: Any) -> html.Div:
    """Booked, and did anybody come: counts of the week, then those to whom nobody came."""
    lang, counts = view.lang, answer["counts"]
    title = head(t(lang, "occupancy.bookings"), t(lang, "occupancy.week_span"))
    if not answer["rows"]:
        return html.Div([title, unknown(t(lang, "occupancy.no_bookings"))], className="panel")
    judged = sum(counts.get(name, 0) for name in ("empty", "few", "used"))
    cells = [
        html.Button(
            [
                html.Span([sign(TONE[name]), t(lang, f"occupancy.verdict.{name}")]),
                # of none that could be judged nobody can say that nobody stayed away
                html.B(count(counts.get(name, 0)) if judged or name == "unknown" else UNKNOWN, className="num"),
            ],
            className="cell way",
            **sets(KEY, f"bookings:{name}"),
        )
        for name in ("empty", "few", "used", "unknown")
    ]
    missed = [row for row in answer["rows"] if row["verdict"] in ("empty", "few")]
    items = [html.Li(_booking(lang, row, now_)) for row in missed[:MOST_BOOKINGS]]
    empty = share(counts.get("empty", 0) / judged, 0) if judged else UNKNOWN
    words = t(lang, "occupancy.empty_share", share=empty, n=count(judged), ahead=count(counts.get("ahead", 0)))
    calm = html.P(t(lang, "occupancy.all_came"), className="caveat") if judged and not missed else None
    return html.Div(
        [
            title,
            html.Div(cells, className="cells four"),
            html.P(words, className="caveat"),
            calm,
            html.Ul(items, className="booking-list"),
        ],
        className="panel people-bookings",
    )


def _booking(lang: str, row: Any, now_: datetime) -> list[Any]:
    start, end = row["starts_at"], row["ends_at"]
    came = (
        t(lang, "occupancy.nobody")
        if row["verdict"] == "empty"
        else t(lang, "occupancy.about", n=measure(row["people"], 0))
    )
    return [
        sign(TONE[row["verdict"]]),
        html.Span(
            [html.B(named(lang, row)), html.Small(f"{day(lang, start)} {clock(start)}–{clock(end)}")], className="name"
        ),
        html.Span(
            [html.B(came), html.Small(t(lang, "occupancy.expected_n", n=count(row["expected"])))], className="value"
        ),
    ]


def corrections(view: View, now_: datetime, answer: Any) -> html.Div:
    """What was taken out of counters, said: how many persons, where, when and why."""
    lang, rows = view.lang, answer["rows"]
    title = head(t(lang, "occupancy.corrections"), t(lang, "occupancy.two_days"))
    if not rows:
        key = "occupancy.none_needed" if answer["balanced"] else "occupancy.none_balanced"
        return html.Div([title, html.P(t(lang, key), className="caveat")], className="panel")
    added = sum(row["persons"] for row in rows if row["persons"] > 0)
    taken = -sum(row["persons"] for row in rows if row["persons"] < 0)
    largest = sorted(rows, key=lambda row: -abs(row["persons"]))[:MOST_CORRECTIONS]
    items = [
        html.Li(
            [
                html.B(signed(row["persons"]), className="num"),
                html.Span(
                    [html.B(named(lang, row)), html.Small(t(lang, f"occupancy.why.{row['reason']}"))], className="name"
                ),
                html.Time(_when(lang, row["at"]), dateTime=row["at"].isoformat(), className="age"),
            ]
        )
        for row in largest
    ]
    words = t(
        lang,
        "occupancy.corrected",
        n=count(len(rows)),
        added=count(added),
        taken=count(taken),
        counters=count(answer["balanced"]),
    )
    more = html.Button(
        t(lang, "occupancy.all_rows", n=count(len(rows))), className="link way", **sets(KEY, "corrections:")
    )
    return html.Div(
        [title, html.P(words, className="caveat"), html.Ul(items, className="correction-list"), more],
        className="panel people-corrections",
    )


def signed(persons: int) -> str:
    """``+3`` / ``−7``."""
    return f"{'+' if persons > 0 else '−'}{abs(persons)}"


def _when(lang: str, at: datetime) -> str:
    local = at.astimezone(ZONE)
    key = f"occupancy.weekday.{local.weekday()}"
    return f"{t(lang, key) if has(lang, key) else ''} {clock(at)}".strip()

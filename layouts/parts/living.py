"""The left side of the overview: who lives here and what goes on now. Pure views of the answers in answers.py."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dash import html

from layouts.page import View
from layouts.parts.format import UNKNOWN, age, count, measure, on, stamp
from layouts.parts.panel import beside, figure, head, meter, next_step, sets, sign, stacked, unknown
from layouts.parts.text import named, t

AGES = ("age_0_17", "age_18_59", "age_60_79", "age_80_up")
HOME_STATES = ("active", "quiet", "away", "blind")
SHOWN_ROOMS = 6
PM25_LIMITS = ((35, "good"), (75, "fair"), (115, "light"), (150, "medium"), (250, "heavy"))
"""Daily-mean classes of HJ 633-2012 in µg/m³; a momentary value is put into them as a first impression only."""


def population(view: View, now: datetime, answer: Any) -> html.Div:
    """Registered residents with the age bar; without counts it says so instead of showing zero."""
    lang = view.lang
    people, recorded = answer["people"], answer["recorded_at"]
    if people is None:
        reason = t(lang, "population.no_counts" if answer["homes"] else "population.no_homes")
        return _panel(head(t(lang, "population.title")), unknown(reason))
    old = answer["age_60_79"] + answer["age_80_up"]
    facts = [t(lang, "population.households", n=count(answer["households"])), " · 60+ ", html.B(count(old))]
    # a register is kept by days: the minute of an entry says nothing
    note = t(lang, "population.recorded", at=on(lang, recorded, now)) if recorded else None
    body = [
        head(t(lang, "population.title"), note, way="residents"),
        html.Div(
            [figure(count(people), t(lang, "unit.people"), way="residents"), html.Span(facts, className="aside")],
            className="row",
        ),
        stacked([(f"band {name}", answer[name]) for name in AGES]),
        html.Div([_band(lang, name, answer[name]) for name in AGES], className="bands"),
    ]
    if answer["registered"] < answer["homes"]:
        body.append(
            html.P(
                t(lang, "population.part", n=count(answer["registered"]), all=count(answer["homes"])),
                className="caveat",
            )
        )
    return _panel(*body)


def _band(lang: str, name: str, people: int) -> html.Div:
    return html.Div(
        [html.Span([html.I(className=f"key band {name}"), t(lang, f"population.{name}")]), html.B(count(people))]
    )


def elders(view: View, now: datetime, answer: Any) -> html.Div:
    """Equipped homes of elders living alone by state. A home nobody can see into is blind, never quiet."""
    lang = view.lang
    if not answer["equipped"]:
        alone = answer["alone"]
        reason = t(lang, "elders.no_kits", n=count(alone)) if alone else t(lang, "elders.none")
        step = next_step(view, "kits" if alone else "elders")
        return _panel(head(t(lang, "elders.title_none")), unknown(reason), step)
    cells = [
        html.Button(
            [
                html.Span([sign(state), t(lang, f"elders.{state}")]),
                html.B(count(answer.get(state, 0)), className=f"num {state}"),
                beside(view, count(answer["now"].get(state, 0)) if "now" in answer else None),
            ],
            className="cell way",
            **sets("overview--open", f"homes:{state}"),
        )
        for state in HOME_STATES
    ]
    return _panel(
        head(t(lang, "elders.title", n=count(answer["equipped"])), age(lang, answer["newest"], now), way="homes"),
        stacked([(f"home {state}", answer.get(state, 0)) for state in HOME_STATES]),
        html.Div(cells, className="cells four"),
    )


def centre(view: View, now: datetime, answer: Any) -> html.Div:
    """People in the neighbourhood centre and its rooms; a room without a fresh counter has a dash and since when."""
    lang, whole = view.lang, answer["centre"]
    if whole is None:
        return _panel(head(t(lang, "centre.title")), unknown(t(lang, "centre.none")), next_step(view, "centre"))
    title = t(lang, "centre.title" if view.live else "centre.title_past")
    body = [head(title, age(lang, whole["newest"], now) if whole["newest"] else None, way="centre")]
    if whole["people"] is None:
        since = whole["newest"]
        reason = t(lang, "centre.silent", at=stamp(lang, since)) if since else t(lang, "centre.no_counters")
        body.append(unknown(reason))
    else:
        partial = t(lang, "grade.partial") if whole["grade"] == "partial" else t(lang, f"method.{whole['method']}")
        body.append(
            html.Div(
                [
                    figure(count(whole["people"]), t(lang, "unit.people"), way="centre"),
                    html.Span(_now_people(view, answer) or partial, className="aside"),
                ],
                className="row",
            )
        )
    shown, rest = answer["rooms"], []
    if len(shown) > SHOWN_ROOMS:
        shown, rest = shown[: SHOWN_ROOMS - 1], shown[SHOWN_ROOMS - 1 :]
    rooms = [_room(lang, now, room) for room in shown] + ([_others(lang, rest)] if rest else [])
    return _panel(*body, html.Ul(rooms, className="rooms"))


def _others(lang: str, rooms: Any) -> html.Li:
    """The smaller rooms in one line; unknown when none of them is known."""
    known = [room["people"] for room in rooms if room["people"] is not None]
    value = html.B(count(sum(known))) if known else UNKNOWN
    name = html.Span(t(lang, "centre.others", n=len(rooms)), className="name")
    return html.Li([name, meter(None), html.Span(value, className="value")])


def _now_people(view: View, answer: Any) -> Any:
    later = answer.get("now", {}).get("centre")
    return beside(view, f"{count(later['people'])} {t(view.lang, 'unit.people')}" if later else None)


def _room(lang: str, now: datetime, room: Any) -> html.Li:
    people, capacity = room["people"], room["capacity"]
    name = html.Span(named(lang, room), className="name", title=named(lang, room))
    if people is None:
        since = (
            t(lang, "since.word", at=stamp(lang, room["newest"])) if room["newest"] else t(lang, "centre.no_counters")
        )
        return html.Li(
            [name, html.Span(className="meter blind"), html.Span(UNKNOWN, className="value blind", title=since)]
        )
    room_for = f"/{count(capacity)}" if capacity else f" {t(lang, 'unit.people')}"
    return html.Li([name, meter(room["share"]), html.Span([html.B(count(people)), room_for], className="value")])


def city(view: View, now: datetime, answer: Any) -> html.Div:
    """Parking, free chargers, PM2.5: three small figures with what they are out of."""
    lang = view.lang
    pm25 = answer.get("pm2_5")
    word = t(lang, f"air.{pm25_class(pm25['value'])}") if pm25 and pm25["value"] is not None else ""
    tiles = [
        _tile(view, now, answer, "parking_taken", "parking", "city.of_places"),
        _tile(view, now, answer, "chargers_free", "chargers", "city.of_chargers"),
        _tile(view, now, answer, "pm2_5", "air", None, f"µg/m³ · {word}"),
    ]
    return _panel(html.H2(t(lang, "city.title"), className="sr-only"), html.Div(tiles, className="tiles"))


def pm25_class(value: float) -> str:
    """``good`` … ``severe`` by the daily-mean limits of HJ 633-2012."""
    return next((name for limit, name in PM25_LIMITS if value <= limit), "severe")


def _tile(
    view: View, now: datetime, answer: Any, name: str, way: str, of_key: str | None, foot: str = ""
) -> html.Button:
    """One figure of the services; when a tenth of its devices are silent it fades and says how many are heard."""
    lang, row, way = view.lang, answer.get(name), f"figure:{way}"
    later = answer.get("now", {}).get(name)
    title = html.Span(t(lang, f"city.{name}"), className="tile-title")
    if row is None or row["value"] is None:
        if row is None or not row["devices"]:
            why = t(lang, "city.none")
        elif row["newest"] is None:
            why = t(lang, "city.part", fresh=count(row["fresh"]), devices=count(row["devices"]))
        else:
            why = t(lang, "since.word", at=stamp(lang, row["newest"]))
        return html.Button(
            [title, html.B(UNKNOWN, className="num blind"), html.Span(why, className="why")],
            className="tile way unknown",
            **sets("overview--open", way),
        )
    of = t(lang, of_key, n=count(row["total"])) if of_key and row["total"] else foot
    heard = t(lang, "city.heard", fresh=count(row["fresh"]), devices=count(row["devices"]))
    faded = row["fresh"] < 0.9 * row["devices"]
    if faded:
        of = t(lang, "city.part", fresh=count(row["fresh"]), devices=count(row["devices"]))
    return html.Button(
        [
            title,
            html.B(measure(row["value"], 0), className="num faded" if faded else "num"),
            beside(view, measure(later["value"], 0) if later else None) or html.Span(of, className="tile-foot"),
            age(lang, row["newest"], now, class_name="age sr-only"),
        ],
        className="tile way",
        title=heard,
        **sets("overview--open", way),
    )


def _panel(*children: Any) -> html.Div:
    return html.Div(list(children), className="panel")

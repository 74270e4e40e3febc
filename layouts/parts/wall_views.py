"""The parts of a public wall as pictures: large, quiet, a figure and a word, nothing to press. Pure.

Counts that are too small to be told are hatched and say so; what is not known has a dash and since when.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from dash import html

from layouts.page import ZONE, View
from layouts.parts.format import UNKNOWN, age, clock, count, day, measure, stamp
from layouts.parts.living import pm25_class
from layouts.parts.panel import icon, meter, sign, stacked
from layouts.parts.scene_views import score, tone
from layouts.parts.text import named, t, titled

Row = Mapping[str, Any]
CO2_GOOD = 1000
"""ppm of an hour in a room, GB/T 18883-2022."""


def panel(name: str, picture: str, title: Any, note: Any, *body: Any) -> html.Div:
    """A part: picture, title, a note at the right, and what it says."""
    head = html.H2([icon(f"wall-{picture}"), html.Span(title), html.Span(note, className="wall-note")])
    return html.Div([head, *body], className=f"wall-panel wall-{name}")


def line(what: Any, value: Any, *, quiet: bool = False) -> html.Li:
    """A name and what is said of it."""
    named_ = html.Span(what, className="what")
    return html.Li([named_, html.Span(value, className="value")], className="quiet" if quiet else "")


def missing(lang: str, key: str) -> html.P:
    """Why a part has nothing to show."""
    return html.P(t(lang, key), className="wall-nothing")


def people_words(lang: str, people: int | None, few: bool) -> Any:
    """``37 人``, ``少于 5 人`` or a dash."""
    if few:
        return t(lang, "wall.few")
    return [html.B(count(people)), " ", t(lang, "unit.people")] if people is not None else UNKNOWN


def hours(lang: str, row: Row, at: datetime) -> str:
    """``开放至 21:00``, ``07:30 开放``, ``明天 07:30 开放``, ``全天开放``."""
    if row["open"] is None:
        return t(lang, "wall.hours.unknown")
    if row["always"]:
        return t(lang, "wall.hours.always")
    if row["until"] is None:
        return t(lang, "wall.hours.closed")
    when = row["until"].strftime("%H:%M")
    if row["open"]:
        return t(lang, "wall.hours.until", at=when if row["until"].hour or row["until"].minute else "24:00")
    if row["days"] == 0:
        return t(lang, "wall.hours.from", at=when)
    weekday = day(lang, at + timedelta(days=row["days"])).split()[-1 if lang == "zh" else 0]
    which = t(lang, "wall.tomorrow") if row["days"] == 1 else weekday
    return t(lang, "wall.hours.next", day=which, at=when)


def bookings(view: View, now: datetime, answer: Any) -> html.Div:
    """What is on: the running ones tinted, then what comes; of another day under its name."""
    lang, today, shown = view.lang, answer["day"], answer["day"]
    rows: list[Any] = []
    for one in answer["items"]:
        local = one["starts"].astimezone(ZONE).date()
        if local != shown and local != today:
            rows.append(html.Li(_day(lang, local, today), className="wall-day"))
        shown = local
        word = t(lang, "wall.on") if one["on"] else t(lang, f"wall.by.{one['by']}")
        rows.append(
            html.Li(
                [
                    html.Span(clock(one["starts"]), className="hour"),
                    html.B(named(lang, one["room"]), className="what"),
                    html.Span(word, className="word"),
                    html.Span(_until(lang, one), className="more"),
                ],
                className="on" if one["on"] else "",
            )
        )
    body = html.Ul(rows, className="wall-list") if rows else missing(lang, "wall.bookings.none")
    is_later = bool(answer["items"]) and answer["items"][0]["starts"].astimezone(ZONE).date() != today
    title = t(lang, "wall.bookings.title_next" if is_later else "wall.bookings.title")
    return panel("bookings", "calendar", title, t(lang, "wall.bookings.note"), body)


def _day(lang: str, local: date, today: date) -> str:
    if local == today + timedelta(days=1):
        return t(lang, "wall.tomorrow")
    return day(lang, datetime.combine(local, datetime.min.time(), ZONE))


def _until(lang: str, one: Row) -> str:
    until = t(lang, "wall.until", at=clock(one["ends"]))
    by = t(lang, f"wall.by.{one['by']}") + " · " if one["on"] else ""
    if one["few"] or one["expected"] is None:
        return by + until
    return by + until + " · " + t(lang, "wall.expected", n=count(one["expected"]))


def held(view: View, _now: datetime, answer: Any) -> html.Div:
    """The latest events and how many came."""
    lang = view.lang
    rows = [
        html.Li(
            [
                html.Span(day(lang, datetime.combine(one["day"], datetime.min.time(), ZONE), weekday=False),
                          className="hour"),
                html.B(one["title"], className="what"),
                html.Span(people_words(lang, one["people"], one["few"]), className="word"),
            ]
        )
        for one in answer
    ]  # fmt: skip
    body = html.Ul(rows, className="wall-list short") if rows else missing(lang, "wall.held.none")
    return panel("held", "heart", t(lang, "wall.held.title"), None, body)


def spaces(view: View, now: datetime, answer: Any) -> html.Div:
    """The centre and its rooms: what is left of each; the bar is what is used."""
    lang = view.lang
    is_open = answer["open"]["open"] is not False
    newest = age(lang, answer["newest"], now) if answer["newest"] else None
    whole = people_words(lang, answer["people"], answer["few"]) if not answer["kept"] else t(lang, "wall.kept")
    top = html.P(
        [
            html.Span(whole if is_open else t(lang, "wall.spaces.closed"), className="wall-figure"),
            html.Span(hours(lang, answer["open"], now), className="wall-hours"),
        ],
        className="wall-top",
    )
    rows = [_space(lang, one) for one in answer["rooms"][:6]] if is_open else []
    body = html.Ul(rows, className="wall-spaces") if rows else None
    return panel("spaces", "people", t(lang, "wall.spaces.title"), newest, top, body)


def _space(lang: str, one: Row) -> html.Li:
    name = html.Span(named(lang, one), className="what")
    if not one["known"]:
        return html.Li([name, html.Span(className="meter blind"), html.Span(UNKNOWN, className="value")])
    if one["few"] or one["kept"]:
        words = t(lang, "wall.few" if one["few"] else "wall.kept")
        return html.Li([name, html.Span(className="meter few"), html.Span(words, className="value")])
    left = max(0, one["capacity"] - one["people"])
    words = [t(lang, "wall.left"), " ", html.B(count(left)), " ", t(lang, "wall.seats")]
    return html.Li([name, meter(one["people"] / one["capacity"]), html.Span(words, className="value")])


def canteen(view: View, now: datetime, answer: Any) -> html.Div:
    """The elder canteen: open till when, free seats, what a meal costs whom."""
    lang = view.lang
    if answer is None:
        return panel("canteen", "meal", t(lang, "wall.canteen.title"), None, missing(lang, "wall.canteen.none"))
    prices = [
        html.Div([html.B(t(lang, "wall.yuan", n=f"{yuan:g}") if yuan else t(lang, "wall.free")),
                  html.Span(t(lang, f"wall.band.{band}"))])
        for band, yuan in _joined(answer["prices"])
    ]  # fmt: skip
    seats = None
    if answer["open"]["open"]:
        free = answer["free"]
        seats = t(lang, "wall.canteen.quiet") if answer["few"] else (
            [t(lang, "wall.canteen.seats"), " ", html.B(count(free))] if free is not None else None
        )  # fmt: skip
    return panel(
        "canteen", "meal", named(lang, answer, t(lang, "wall.canteen.title")), hours(lang, answer["open"], now),
        html.P(seats, className="wall-say") if seats else None, html.Div(prices, className="wall-prices"),
    )  # fmt: skip


def _joined(prices: Any) -> list[tuple[str, float]]:
    """Neighbouring age bands that pay the same stand as one: the first is then called everybody's price."""
    found: list[tuple[str, float]] = []
    for band, yuan in prices:
        if found and found[-1][1] == yuan:
            found[-1] = ("under_70" if band == "60_69" else band, yuan)
        else:
            found.append((band, yuan))
    return found


def air(view: View, now: datetime, answer: Any) -> html.Div:
    """Four figures with the word for them; a sensor that fell silent has a dash and since when."""
    lang = view.lang
    pm25, co2 = answer["pm2_5"], answer["co2"]
    word = t(lang, f"air.{pm25_class(pm25['value'])}") if pm25["value"] is not None else ""
    room = t(lang, "wall.air.good" if co2["value"] <= CO2_GOOD else "wall.air.stuffy") if co2["value"] else ""
    figures = [
        _figure(lang, "PM2.5", word, pm25, "µg/m³", 0),
        _figure(lang, t(lang, "wall.air.temperature"), "", answer["temperature"], "℃", 1),
        _figure(lang, t(lang, "wall.air.humidity"), "", answer["humidity"], "%", 0),
        _figure(lang, t(lang, "wall.air.co2"), room, co2, "ppm", 0),
    ]
    newest = age(lang, answer["newest"], now) if answer["newest"] else None
    return panel("air", "air", t(lang, "wall.air.title"), newest, html.Div(figures, className="wall-strip"))


def _figure(lang: str, name: str, word: str, one: Row, unit: str, digits: int) -> html.Div:
    said = f"{name} · {word}" if word else name
    if one["value"] is None:
        why = t(lang, "since.word", at=stamp(lang, one["newest"])) if one["newest"] else t(lang, "city.none")
        value: Any = [UNKNOWN, html.Small(why)]
    else:
        value = [measure(one["value"], digits), html.Small(unit)]
    return html.Div([html.Span(said), html.B(value)])


def thanks(view: View, _now: datetime, answer: Any) -> html.Div:
    """Thanks in counts, never in names."""
    lang = view.lang
    found = [
        ("volunteers", t(lang, "wall.few") if answer["few"] else answer["volunteers"],
         t(lang, "wall.thanks.people_unit")),
        ("hours", answer["hours"], t(lang, "wall.thanks.hours_unit")),
        ("meals", answer["meals"], t(lang, "wall.thanks.meals_unit")),
    ]  # fmt: skip
    cells = [
        html.Div([html.Span(t(lang, f"wall.thanks.{name}")), html.B(_counted(value, unit))])
        for name, value, unit in found
        if value is not None
    ]
    if answer["asked"]:
        done = [count(answer["done"]), html.Small(t(lang, "wall.thanks.of", n=count(answer["asked"])))]
        cells.append(html.Div([html.Span(t(lang, "wall.thanks.done")), html.B(done)]))
    body = html.Div(cells, className="wall-strip") if cells else missing(lang, "wall.thanks.none")
    return panel("thanks", "heart", t(lang, "wall.thanks.title"), t(lang, "wall.week"), body)


def _counted(value: Any, unit: str) -> Any:
    return value if isinstance(value, str) else [count(value), html.Small(unit)]


def people(view: View, _now: datetime, answer: Any) -> html.Div:
    """How many live here, by age."""
    lang = view.lang
    if answer["people"] is None:
        return panel("people", "home", t(lang, "wall.people.title"), None, missing(lang, "population.no_homes"))
    bands = [
        html.Div([html.Span([html.I(className=f"key band {_band(name)}"), _band_words(lang, name)]),
                  html.B(t(lang, "wall.few") if n is None else count(n))])
        for name, n in answer["bands"].items()
    ]  # fmt: skip
    top = [html.Span([html.B(count(answer["people"])), " ", t(lang, "unit.people")], className="wall-figure"),
           html.Span(t(lang, "population.households", n=count(answer["households"])),
                     className="wall-hours")]  # fmt: skip
    return panel(
        "people", "home", t(lang, "wall.people.title"), None, html.P(top, className="wall-top"),
        stacked([(f"band {_band(name)}", n or 0) for name, n in answer["bands"].items()]),
        html.Div(bands, className="wall-bands"),
    )  # fmt: skip


def _band(name: str) -> str:
    return "age_18_59" if name == "under_60" else name


def _band_words(lang: str, name: str) -> str:
    return t(lang, "wall.people.under_60") if name == "under_60" else t(lang, f"population.{name}")


def around(view: View, now: datetime, answer: Any) -> html.Div:
    """Parking places and chargers that are free."""
    lang = view.lang
    rows, newest = [], [one["newest"] for one in answer.values() if one and one["newest"]]
    for name, one in answer.items():
        if one is None:
            continue
        words = [html.B(count(one["free"])), f" / {count(one['total'])}"] if one["free"] is not None else UNKNOWN
        rows.append(line(t(lang, f"wall.around.{name}"), words))
    body = html.Ul(rows, className="wall-lines") if rows else missing(lang, "wall.around.none")
    note = age(lang, max(newest), now) if newest else None
    return panel("around", "car", t(lang, "wall.around.title"), note, body)


def open_now(view: View, now: datetime, answer: Any) -> html.Div:
    """Where one can go now, and till when."""
    lang = view.lang
    rows = [line(named(lang, one), hours(lang, one, now), quiet=one["open"] is False) for one in answer]
    body = html.Ul(rows, className="wall-lines") if rows else missing(lang, "wall.open.none")
    return panel("open", "clock", t(lang, "wall.open.title"), None, body)


def scenes(view: View, _now: datetime, answer: Any) -> html.Div:
    """The nine scenes, each with its score and grade."""
    lang = view.lang
    cells = []
    for one in answer["tiles"]:
        graded = one["attainment"] is not None
        mark = sign("look") if one["grade"] == "attention" else None
        word: Any = [mark, titled(lang, one["grade_title"], "")] if graded else t(lang, "scenes.no_grade")
        cells.append(
            html.Div(
                [
                    icon(f"scene-{one['key']}"),
                    html.H3(titled(lang, one["title"], one["key"])),
                    html.B(score(one) if graded else UNKNOWN, className="num"),
                    html.Span(word, className="grade-word"),
                    meter(one["attainment"] / 100) if graded else None,
                    html.P(titled(lang, one["slogan"], "") if one["slogan"] else ""),
                ],
                className=f"wall-scene{tone(one)}",
            )
        )
    note = t(lang, "wall.scenes.note", n=answer["measured"], all=answer["indicators"])
    return panel("scenes", "grid", t(lang, "nav.scenes"), note, html.Div(cells, className="wall-nine"))


def pins(lang: str, answer: Any) -> list[list[Any]]:
    """What the map's pins say, ``[facility, people, grade, words, quiet]``: people, free places, open till when."""
    return [[one["id"], one["people"], "good", _pin(lang, one, answer["parking"]), one["open"] is False]
            for one in answer["pins"]]  # fmt: skip


def _pin(lang: str, one: Row, parking: Mapping[str, Any]) -> str:
    when = one["until"].strftime("%H:%M") if one["until"] else ""
    if one["open"] is False:
        return t(lang, "wall.pin.from", at=when) if when and one["days"] == 0 else t(lang, "wall.pin.closed")
    if one["id"] in parking:
        return t(lang, "wall.pin.places", n=count(parking[one["id"]][0]))
    if one["people"] is not None:
        return f"{count(one['people'])} {t(lang, 'unit.people')}"
    return t(lang, "wall.pin.until", at=when) if when else ""

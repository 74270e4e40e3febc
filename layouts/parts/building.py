"""The chosen building in place of the left side: who lives there, how its homes are, what its devices say."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dash import html

from layouts.page import View
from layouts.parts.chart import chart
from layouts.parts.doing import said, task_row
from layouts.parts.format import UNKNOWN, age, count, measure, share
from layouts.parts.living import AGES, HOME_STATES
from layouts.parts.panel import figure, icon, sets, sign, stacked, unknown
from layouts.parts.text import named, t, titled
from layouts.parts.where import staircase, where

MOST_READINGS = 60


def building(view: View, now: datetime, answer: Any) -> Any:
    """The panel of a building; nothing while none is chosen."""
    if answer is None:
        return None
    lang, row = view.lang, answer["building"]
    close = html.Button(
        [icon("back"), t(lang, "building.back")],
        className="button small",
        **{**sets("overview--selected", ""), "data-fly": "", "data-escape": ""},
    )
    parts: list[Any] = [
        html.Div([html.H2(named(lang, row, t(lang, "building.unnamed"))), close], className="head"),
        html.P(_facts(lang, answer), className="caveat"),
    ]
    parts += (
        [html.Ul([task_row(view, now, task, inside=True) for task in answer["alarms"][:3]], className="task-list")]
        if answer["alarms"]
        else []
    )
    parts += _people(lang, answer) if answer["homes"] else []
    parts.append(_readings(view, now, answer["readings"]))
    return html.Div(parts, className="panel building")


def _facts(lang: str, answer: Any) -> str:
    row = answer["building"]
    levels = t(lang, "building.levels", n=row["levels"]) if row["levels"] else None
    height = t(lang, f"building.height_{row['height_source']}", n=measure(row["height_m"]))
    homes = t(lang, "building.homes", n=count(answer["homes"])) if answer["homes"] else None
    facilities = [named(lang, facility) for facility in answer["facilities"]]
    filled = answer["classes"]["occupancy_share"] if answer["classes"] else None
    home = t(lang, "building.occupancy", share=share(filled, 0)) if filled is not None else None
    return " · ".join(part for part in (levels, height, homes, home, *facilities) if part)


def _people(lang: str, answer: Any) -> list[Any]:
    ages = answer["ages"]
    known = [n for n in ages.values() if n is not None]
    if not known:
        return [unknown(t(lang, "population.no_counts"))]
    cells = [
        html.Span([sign(state), t(lang, f"elders.{state}"), html.B(f" {answer['states'][state]}")], className="chip")
        for state in HOME_STATES
        if answer["states"].get(state)
    ]
    words = " · ".join(f"{t(lang, f'population.{name}')} {count(ages[name])}" for name in AGES)
    return [
        html.Div(
            [figure(count(sum(known)), t(lang, "unit.people"), size="mid"), html.Span(words, className="aside")],
            className="row",
        ),
        stacked([(f"band {name}", ages[name] or 0) for name in AGES]),
        html.Div([html.Span(t(lang, "building.alone"), className="tile-title"), *cells], className="chips")
        if cells
        else None,
    ]


def _readings(view: View, now: datetime, rows: Any) -> html.Div:
    """Every device-metric of the building; a press draws its last 24 hours."""
    lang = view.lang
    if not rows:
        return html.Div(unknown(t(lang, "building.no_devices")))
    items = [_reading(view, now, row) for row in rows[:MOST_READINGS]]
    note = t(lang, "building.more", n=len(rows) - MOST_READINGS) if len(rows) > MOST_READINGS else None
    title = html.H3(t(lang, "building.readings", n=count(len(rows))))
    return html.Div(
        [title, html.Ul(items, className="readings", tabIndex=0), html.P(note, className="caveat") if note else None]
    )


def _reading(view: View, now: datetime, row: Any) -> html.Li:
    lang = view.lang
    home = " ".join(part for part in (staircase(lang, row["unit_name"]), row["home_number"]) if part)
    home = home or (_own_name(row) if lang == "zh" else "")  # installers name devices in Chinese only
    name = titled(lang, row["metric_title"], row["metric"])
    value = UNKNOWN if row["value"] is None else said(lang, row)
    return html.Li(
        html.Button(
            [
                sign(row["status"]),
                html.Span([html.B(name), f" {home}" if home else None], className="what"),
                html.Span(value, className=f"value {row['status']}"),
                age(lang, row["taken_at"], now),
            ],
            className="reading",
            title=where(lang, row),
            **sets("overview--series", f"{row['device_id']}|{row['metric']}"),
        )
    )


def _own_name(row: Any) -> str:
    """A device's name without the building's, which stands above the list."""
    return str(row["name"] or "").removeprefix(row["building_name"] or "").strip()


def series(view: View, now: datetime, answer: Any) -> Any:
    """The chart of the chosen device-metric, under the building."""
    if answer is None:
        return None
    lang = view.lang
    name = titled(lang, answer["metric_title"], answer["metric"])
    place = " · ".join(
        part for part in (titled(lang, answer["type_title"], answer["type"]), where(lang, answer)) if part
    )
    close = html.Button(
        icon("close"),
        className="button square",
        title=t(lang, "drawer.close"),
        **{**sets("overview--series", ""), "aria-label": t(lang, "drawer.close"), "data-escape": ""},
    )
    return html.Div(
        [
            html.Div([html.H3(f"{name} · {t(lang, 'chart.day')}"), close], className="head"),
            html.P(place, className="caveat"),
            html.P(_late(lang, answer), className="caveat late-said") if answer["late"] else None,
            chart(lang, answer),
        ],
        className="panel chart-panel",
    )


def _late(lang: str, answer: Any) -> list[Any]:
    said = t(
        lang, "known.series_better" if answer["as_known_now"] else "known.series_late", n=count(len(answer["late"]))
    )
    return [html.I(className="late-mark", **{"aria-hidden": "true"}), said]

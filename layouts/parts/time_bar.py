"""The time bar of every page: live, or any past instant of the twin.

``cockpit/shell.py`` puts ``time_bar(view, slim=page.slim)`` under the page and calls ``register(app, ask)`` once. The
browser chooses the window (assets/30_time.js writes ``shell--window``), the server answers with ``strips`` once per
window, and the browser draws, drags and plays. Moving the playhead changes only the URL's ``at``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, dcc, html

from layouts.page import SHELL, VIEW_STATE, Ask, View, parse_instant
from layouts.parts import time_answers
from layouts.parts.panel import icon
from layouts.parts.text import t

RANGES = ("24h", "48h", "7d", "30d", "1y")
SPEEDS = (1, 10, 60, 600, 3600)
BUCKETS = 72  # points of a strip, whatever the range: a column is then about 20 px on the wall


def time_bar(view: View, *, slim: bool = False) -> html.Section:
    """The bar without data: ``strips`` arrive by callback, so a page shows before the twin has answered."""
    lang = view.lang
    return html.Section(
        [
            dcc.Store(id=SHELL("window")),
            dcc.Store(id=SHELL("strips")),
            html.Div(
                [_choices(lang), _buttons(lang), html.P(id=SHELL("hint"), className="hint")], className="time-left"
            ),
            html.Div(
                id=SHELL("track"),
                className="track",
                tabIndex=0,
                role="slider",
                **{
                    "aria-label": t(lang, "time.slider"),
                    "aria-valuemin": "0",
                    "aria-valuemax": "1000",
                    "aria-valuenow": "1000",
                    "aria-valuetext": t(lang, "when.live"),
                },
            ),
            html.Div(
                html.Button(t(lang, "time.to_live"), className="button accent", **{"data-time": "live"}),
                className="time-right",
            ),
        ],
        id=SHELL("time"),
        className="timebar slim" if slim else "timebar",
        **{"aria-label": t(lang, "time.label")},
    )


def _choices(lang: str) -> html.Div:
    ranges = [html.Option(t(lang, f"time.range.{name}"), value=name) for name in RANGES]
    speeds = [html.Option(f"{speed:,}×", value=str(speed)) for speed in SPEEDS]
    return html.Div(
        [
            html.H2(t(lang, "time.title")),
            html.Select(
                speeds,
                className="select past-only",
                **{"data-time": "speed", "aria-label": t(lang, "time.speed")},
            ),
            html.Select(
                ranges, className="select", **{"data-time": "range", "aria-label": t(lang, "time.range_label")}
            ),
        ],
        className="time-choices",
    )


def _buttons(lang: str) -> html.Div:
    return html.Div(
        [
            _button(lang, "previous", "previous"),
            _button(lang, "play", "play"),
            _button(lang, "next", "next"),
            _button(lang, "pick", "calendar"),
            _button(lang, "compare", "split"),
            _button(lang, "share", "link"),
        ],
        className="time-buttons",
    )


def _button(lang: str, name: str, picture: str) -> html.Button:
    words = t(lang, f"time.{name}")
    return html.Button(
        icon(picture), className="button square", title=words, **{"data-time": name, "aria-label": words}
    )


def register(app: Dash, ask: Ask) -> None:
    """Answer the window the browser chose with its strips."""

    @app.callback(Output(SHELL("strips"), "data"), Input(SHELL("window"), "data"), VIEW_STATE)
    def show_strips(window: Mapping[str, Any] | None, store: Any) -> dict[str, Any]:
        view = View.of(store)
        start, end = window_of(window, ask.twin.now())
        return strips(view.lang, ask("shell--strips", time_answers.strips, view, start=start, end=end, buckets=BUCKETS))

    app.clientside_callback(
        ClientsideFunction("cim", "strips"), Output(SHELL("track"), "title"), Input(SHELL("strips"), "data")
    )


def window_of(window: Mapping[str, Any] | None, now: datetime) -> tuple[datetime, datetime]:
    """The two ends the browser asked for; the last 24 hours when it has not asked yet."""
    end = parse_instant((window or {}).get("end")) or now
    return parse_instant((window or {}).get("start")) or end - timedelta(hours=24), end


def strips(lang: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """What the browser draws: power and people per bucket (null: a gap), what happened, the first instant."""
    events = [
        {
            "at": event["at"].isoformat(),
            "kind": event["kind"],
            "class": event["class"],
            "title": event["title"].get(lang) or event["title"].get("zh", ""),
            "n": event["n"],
            "building": event["building_id"],
        }
        for event in answer["events"]
    ]
    first = answer["first"]
    return {
        "start": answer["start"].isoformat(),
        "end": answer["end"].isoformat(),
        "power": answer["power"],
        "people": answer["people"],
        "events": events,
        "first": first.isoformat() if first else None,
    }

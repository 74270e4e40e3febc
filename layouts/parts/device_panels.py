"""The parts of the devices page: filters, one device, its chart, what waits in quarantine."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from dash import html

from layouts.page import View
from layouts.parts.answers import SPANS
from layouts.parts.chart import chart
from layouts.parts.doing import said
from layouts.parts.format import UNKNOWN, age, count, lasting, measure, stamp
from layouts.parts.grid import DIALECTS
from layouts.parts.panel import head, next_step, sets, sign, unknown
from layouts.parts.text import has, some, t, titled
from layouts.parts.where import where
from twin_model.bilingual import in_language

AHEAD = -2.0  # seconds: a device whose clock runs further ahead is named
LATE = 60.0  # seconds: a reading that took longer to arrive is named


def filters(view: View, _now: datetime, answer: Any) -> list[Any]:
    """Chips with counts; a press filters the table."""
    lang = view.lang
    counts = {**answer["status"], "act": answer["alarm"].get("act", 0), "look": answer["alarm"].get("look", 0)}
    chips = [_chip("", t(lang, "filter.all"), answer["all"])]
    chips += [_chip(name, t(lang, f"status.{name}"), counts.get(name, 0)) for name in ("fresh", "stale", "lost")]
    chips += [_chip(name, t(lang, f"severity.{name}"), counts[name]) for name in ("act", "look")]
    options = [html.Option(t(lang, "filter.all_types"), value="")]
    options += [html.Option(f"{titled(lang, title, name)} {n:,}", value=name) for name, title, n in answer["types"]]
    select = html.Select(
        options, className="select", **{"data-set": "devices--type", "aria-label": t(lang, "column.type")}
    )
    return [
        html.Div(chips, className="chip-row", role="group", **{"aria-label": t(lang, "filter.label")}),
        select,
    ]


def _chip(name: str, word: str, n: int) -> html.Button:
    return html.Button(
        [sign(name) if name else None, word, html.B(count(n))],
        className="filter-chip",
        **{**sets("devices--status", name), "data-choice": "status"},
    )


def tabs(view: View, _now: datetime, answer: Any) -> html.Div:
    """Devices or quarantine, each with its number."""
    lang = view.lang
    choices = [
        html.Button(
            [t(lang, f"devices.tab_{name}"), html.B(count(n))],
            className="page-tab",
            role="tab",
            **{**sets("devices--tab", name), "data-choice": "tab"},
        )
        for name, n in (("table", answer["all"]), ("quarantine", answer["waiting"]))
    ]
    return html.Div(choices, className="page-tabs", role="tablist", **{"aria-label": t(lang, "nav.devices")})


def device(view: View, now: datetime, answer: Any) -> Any:
    """One device: what it is, where, when heard, and each metric with what it reported and when it changed."""
    lang = view.lang
    if answer is None:
        return html.P(t(lang, "devices.choose"), className="caveat panel")
    if not answer:
        return html.Div([unknown(t(lang, "devices.none")), next_step(view, "devices")], className="panel")
    battery = UNKNOWN if answer["battery"] is None else f"{measure(answer['battery'], 0)} %"
    facts = [
        ("column.place", where(lang, answer)),
        ("column.status", [sign(answer["status"]), t(lang, f"status.{answer['status']}")]),
        ("column.seen", age(lang, answer["last_seen"], now) if answer["last_seen"] else t(lang, "devices.never")),
        ("column.battery", battery),
        ("column.dialect", DIALECTS.get(answer["dialect"], answer["dialect"])),
        ("column.address", html.Code(answer["address"])),
    ]
    return html.Div(
        [
            head(titled(lang, answer["type_title"], answer["type"]), answer["name"] if lang == "zh" else None),
            html.Dl([html.Div([html.Dt(t(lang, key)), html.Dd(value)]) for key, value in facts], className="facts"),
            html.Div([_metric(view, now, answer["device_id"], row) for row in answer["metrics"]], className="metrics"),
        ],
        className="panel",
    )


def _metric(view: View, now: datetime, device_id: str, row: Any) -> html.Button:
    lang = view.lang
    value = UNKNOWN if row["value"] is None else said(lang, row)
    if row["taken_at"] is None:
        times: list[Any] = [t(lang, "devices.never")]
    else:
        times = [
            t(lang, "devices.taken"),
            " ",
            age(lang, row["taken_at"], now),
            " · ",
            t(lang, "devices.changed"),
            " ",
            age(lang, row["changed_at"], now),
        ]
    return html.Button(
        [
            html.Span([sign(row["status"]), titled(lang, row["metric_title"], row["metric"])], className="what"),
            html.B(value, className=f"value {row['status']}"),
            html.Span(times, className="times"),
            html.Span(lag(lang, row["lag_s"]), className="lag"),
        ],
        className="metric",
        **sets("devices--series", f"{device_id}|{row['metric']}"),
    )


def lag(lang: str, seconds: float | None) -> str | None:
    """How late a reading came, or that the device's clock runs ahead; nothing when both are as they should be."""
    if seconds is None or AHEAD <= seconds <= LATE:
        return None
    length = lasting(lang, timedelta(seconds=abs(seconds)))
    return t(lang, "devices.ahead" if seconds < 0 else "devices.late", length=length)


def series(view: View, _now: datetime, answer: Any) -> Any:
    """The chart of the chosen metric, with the choice of its range."""
    if answer is None:
        return None
    lang = view.lang
    ranges = [
        html.Button(
            t(lang, f"span.{span}"),
            className="range",
            **{**sets("devices--span", span), "aria-pressed": str(span == answer["span"]).lower()},
        )
        for span in SPANS
    ]
    name = titled(lang, answer["metric_title"], answer["metric"])
    return html.Div(
        [
            head(
                name,
                html.Span(ranges, className="ranges", role="group", **{"aria-label": t(lang, "time.range_label")}),
            ),
            chart(lang, answer, height="15rem"),
        ],
        className="panel chart-box",
    )


def quarantine(view: View, now: datetime, answer: Any) -> html.Div:
    """What could not be used, whole, with the reason; an unknown device can be adopted when live."""
    lang = view.lang
    if not answer:
        return html.Div(html.P([sign("fresh"), t(lang, "quarantine.none")], className="calm"), className="panel")
    return html.Div([_message(view, now, row) for row in answer], className="messages")


def _message(view: View, now: datetime, row: Any) -> html.Details:
    lang = view.lang
    code = row["code"].partition(":")[0]  # of a check its name follows
    reason = in_language(lang, row["reason"])
    is_old = reason == row["reason"]  # of a version that said it in English only, and not what to do
    adopt = None
    if row["code"] == "unknown_device" and row["dialect"] and view.allows("write"):
        adopt = html.Button(
            t(lang, "quarantine.adopt"),
            className="button accent small",
            **sets("devices--adopt", str(row["quarantine_id"])),
        )
    line = [
        sign("look"),
        html.B(some(lang, "code", code)),
        html.Code(row["place"]),
        html.Span(
            t(lang, f"source.{row['source']}") if row["source"] in ("mqtt", "import") else row["source"],
            className="caveat",
        ),
        age(lang, row["received_at"], now),
        html.Span(reason, className="message-reason", **({"lang": "en"} if is_old else {})),
    ]
    body = [
        html.P(t(lang, f"code_help.{code}")) if is_old and has(lang, f"code_help.{code}") else None,
        html.Pre(row["raw"], tabIndex=0),
        html.P([t(lang, "column.received"), " ", stamp(lang, row["received_at"], seconds=True)], className="caveat"),
        (adopt if view.live else html.P(t(lang, "past.no_action"), className="caveat")) if adopt else None,
    ]
    return html.Details([html.Summary(line), html.Div(body, className="message-body")], className="panel message")


def adopt_head(view: View, _now: datetime, answer: Any) -> Any:
    """Whose message the form is about."""
    if answer is None:
        return None
    lang = view.lang
    return [
        html.H2(t(lang, "adopt.title"), tabIndex=-1),
        html.P([DIALECTS.get(answer["dialect"], answer["dialect"]), " ", html.Code(answer["address"])]),
        html.Pre(answer["raw"], tabIndex=0),
    ]

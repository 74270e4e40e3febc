"""One home on screen: who and how it is now, its devices, its events, whom to call. Pure: answers in, trees out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from dash import html

from layouts.page import ZONE, View
from layouts.parts.doing import said
from layouts.parts.format import UNKNOWN, age, count, lasting, measure, moment, stamp
from layouts.parts.home_answers import is_weak
from layouts.parts.panel import head, icon, sign, unknown
from layouts.parts.text import some, t, titled
from layouts.parts.where import where

MOST_ALERTS = 40
SIGNS = {1: "act", 2: "look", 3: "look", 4: "blind"}  # of a grade


def link(view: View, path: str, words: Any, **query: str) -> html.A:
    """A way to another page, or home, that keeps the instant, the language and the community."""
    kept = {"at": view.at.astimezone(ZONE).isoformat(timespec="seconds") if view.at else None}
    kept |= {"lang": "en" if view.lang == "en" else None, "community": view.community or None, **query}
    known = urlencode({name: value for name, value in kept.items() if value}, safe=":")
    return html.A(words, href=f"{path}?{known}", className="way", **{"data-visit": ""})


def title(view: View, now: datetime, answer: Any) -> Any:
    """The head of the page of one home: the way back, which home, its state and its rhythm in a sentence."""
    lang = view.lang
    if answer is None:
        return None
    back = link(view, "/home", [icon("back"), t(lang, "home.all")])
    if not answer:
        return html.Div([back, unknown(t(lang, "home.not_here"))], className="panel home-head")
    people = [_person(lang, one, now) for one in answer["people"]]
    line = [
        back,
        html.H2(where(lang, answer["place"])),
        html.Span([icon("lock"), t(lang, "list.and").join(people)], className="people") if people else None,
        _state(view, now, answer["state"]),
    ]
    sentence = html.P(rhythm(view, now, answer["rhythm"]), className="rhythm-sentence")
    return html.Div([html.Div(line, className="home-line"), sentence], className="panel home-head")


def _person(lang: str, one: Mapping[str, Any], now: datetime) -> str:
    words = [one["name"]]
    if one["birth_year"]:
        words.append(t(lang, "home.age", n=now.astimezone(ZONE).year - one["birth_year"]))
    if one["alone"]:
        words.append(t(lang, "home.alone"))
    return " · ".join(words)


def _state(view: View, now: datetime, state: Mapping[str, Any] | None) -> html.Span:
    lang = view.lang
    if state is None:
        return html.Span(t(lang, "home.no_kit"), className="state")
    since = t(lang, "home.since", at=moment(lang, state["since"], now)) if state["since"] else ""
    name = state["state"]
    words = [sign(name), html.B(t(lang, f"home.state.{name}")), " ", since]
    return html.Span([*words, _because(lang, state)], className=f"state {name}")


def _because(lang: str, state: Mapping[str, Any]) -> str:
    reason = state.get("reason")
    return f" · {some(lang, 'home.reason', reason)}" if reason else ""


def rhythm(view: View, now: datetime, answer: Any) -> str:
    """What the learned rhythm says, in a sentence a duty officer can repeat on the telephone."""
    lang = view.lang
    if answer is None:
        return t(lang, "home.rhythm.none")
    words = titled(lang, answer["sentence"], "")
    if answer["enough"] and answer["last"] and answer["due_at"] and answer["expected"] < 1:  # nothing is missing yet
        words = t(lang, "home.rhythm.lately", at=moment(lang, answer["last"], now))
    if answer["due_at"] is None:
        return words
    at, length = moment(lang, answer["due_at"], now), lasting(lang, answer["due_at"] - now)
    more = (
        t(lang, "home.rhythm.over", at=at)
        if answer["due_at"] <= now
        else t(lang, "home.rhythm.due", at=at, length=length)
    )
    return f"{words}{more}" if lang == "zh" else f"{words} {more}"


def devices(view: View, now: datetime, answer: Any) -> Any:
    """The home's devices as they are now: value, status, battery, when last heard."""
    if answer is None:
        return None
    lang = view.lang
    if not answer:
        return html.Div([head(t(lang, "home.devices")), unknown(t(lang, "home.no_kit"))], className="panel")
    keys = ("home.sensor", "chart.value", "column.status", "column.battery", "column.seen")
    heads = html.Tr([html.Th(t(lang, key), scope="col") for key in keys])
    rows = [_device(lang, now, row) for row in answer]
    body = html.Table([html.Thead(heads), html.Tbody(rows)], className="home-table")
    heard = sum(1 for row in answer if row["status"] != "lost")
    note = t(lang, "home.heard", n=heard, all=len(answer))
    return html.Div([head(t(lang, "home.devices"), note), scrolling(lang, "home.devices", body)], className="panel")


def _device(lang: str, now: datetime, row: Mapping[str, Any]) -> html.Tr:
    values = [
        html.Span(f"{titled(lang, one['metric_title'], one['metric'])} {_value(lang, one)}") for one in row["values"]
    ]
    weak = "right low-battery" if is_weak(row) else "right"
    battery = UNKNOWN if row["battery"] is None else f"{measure(row['battery'], 0)}%"
    cells = [
        html.Td(device_name(lang, row)),
        html.Td(values, className="values"),
        html.Td([sign(row["status"]), t(lang, f"status.{row['status']}")], className="nowrap"),
        html.Td([sign("battery") if is_weak(row) else None, battery], className=weak),
        html.Td(age(lang, row["last_seen"], now) if row["last_seen"] else t(lang, "devices.never"), className="nowrap"),
    ]
    return html.Tr(cells, className=row["status"])


def _value(lang: str, one: Mapping[str, Any]) -> str:
    return UNKNOWN if one["value"] is None else said(lang, one)


def device_name(lang: str, row: Mapping[str, Any]) -> str:
    """The name given to a device, in English what it is."""
    return row["name"] if lang == "zh" and row["name"] else titled(lang, row["type_title"], row["type"])


def scrolling(lang: str, key: str, body: Any) -> html.Div:
    """A table in a box of its own that scrolls, also by keyboard."""
    return html.Div(body, className="table-box", tabIndex=0, role="region", **{"aria-label": t(lang, key)})


# --- what happened ------------------------------------------------------------------------------------------------


def events(view: View, now: datetime, answer: Any) -> Any:
    """Incidents and alerts of 31 days; the outcome of a closed incident beside it."""
    if answer is None:
        return None
    lang = view.lang
    incidents, alerts = answer["incidents"], answer["alerts"]
    note = t(lang, "home.events_note", incidents=count(len(incidents)), alerts=count(len(alerts)))
    if not incidents and not alerts:
        calm = html.P([sign("fresh"), t(lang, "home.no_events")], className="calm")
        return html.Div([head(t(lang, "home.events")), calm], className="panel")
    rows = [_incident(view, one) for one in incidents]
    rows += [_alert(lang, now, one) for one in alerts[:MOST_ALERTS]]
    heads = html.Tr([html.Th(t(lang, key), scope="col") for key in ("column.what", "home.when", "home.end")])
    body = html.Table([html.Thead(heads), html.Tbody(rows)], className="home-table")
    return html.Div([head(t(lang, "home.events"), note), scrolling(lang, "home.events", body)], className="panel")


def _incident(view: View, one: Mapping[str, Any]) -> html.Tr:
    lang = view.lang
    title = html.B(link(view, "/elder-care", case_title(lang, one), incident=one["incident_id"]))
    return html.Tr(
        [
            html.Td([sign(SIGNS[one["grade"]]), title]),
            html.Td(stamp(lang, one["raised_at"]), className="nowrap"),
            html.Td(outcome(lang, one)),
        ]
    )


def case_title(lang: str, one: Mapping[str, Any]) -> str:
    """What an incident was about: the rules it rested on."""
    return t(lang, "list.and").join(titled(lang, title, "") for title in one["titles"]) or t(lang, "home.incident")


def outcome(lang: str, one: Mapping[str, Any]) -> str:
    """How an incident ended: true, false or test, and the cause; or that it goes on."""
    if one["closed_at"] is None:
        return t(lang, "home.open")
    words = t(lang, f"home.outcome.{one['outcome']}")
    return f"{words} · {titled(lang, one['cause_title'], one['cause'])}" if one["cause_title"] else words


def _alert(lang: str, now: datetime, row: Mapping[str, Any]) -> html.Tr:
    fired, cleared = row["fired_at"] or row["due_at"], row["cleared_at"]
    if row["suppressed_by"]:
        end = t(lang, "home.held", kind=t(lang, f"absence.kind.{row['suppressed_by']}"))
    elif cleared:
        end = t(lang, "home.lasted", length=lasting(lang, cleared - fired))
    else:
        end = t(lang, "home.goes_on")
    return html.Tr(
        [
            html.Td([sign(row["severity"]), titled(lang, row["title"], row["rule"])]),
            html.Td(stamp(lang, fired), className="nowrap"),
            html.Td(end, className="nowrap"),
        ],
        className="minor",
    )


# --- whom to call -------------------------------------------------------------------------------------------------


def contacts(view: View, _now: datetime, answer: Any) -> Any:
    """Whom to call, in the order of the ladder; names masked, numbers only in an incident."""
    if answer is None:
        return None
    lang = view.lang
    if not answer:
        return html.Div([head(t(lang, "home.contacts")), unknown(t(lang, "home.no_contacts"))], className="panel")
    rows = [
        html.Li(
            [
                html.Span(t(lang, f"home.role.{row['role']}"), className="role"),
                html.B(row["name"]),
                html.Span(t(lang, "home.reachable" if row["reachable"] else "home.no_number"), className="note"),
            ]
        )
        for row in answer
    ]
    note = html.P([icon("lock"), t(lang, "home.masked")], className="caveat")
    return html.Div([head(t(lang, "home.contacts")), html.Ol(rows, className="contact-list"), note], className="panel")


def absences(view: View, now: datetime, answer: Sequence[Any] | None) -> Any:
    """What is declared for this home: away, cleaning, maintenance, until when, by whom and why."""
    if answer is None:
        return None
    lang = view.lang
    rows = [absence_line(lang, now, one) for one in answer]
    body = html.Ul(rows, className="absence-list") if rows else html.P(t(lang, "absence.none"), className="caveat")
    way = link(view, "/care-rules", t(lang, "absence.declare"))
    return html.Div([head(t(lang, "absence.title"), way), body], className="panel")


def absence_line(lang: str, now: datetime, one: Any) -> html.Li:
    """One declared absence in words."""
    until = t(lang, "absence.until", at=moment(lang, one.ends_at, now))
    whole = "" if one.home_id else t(lang, "absence.whole")
    return html.Li(
        [
            html.B([sign("away"), t(lang, f"absence.kind.{one.kind}"), whole]),
            html.Span(f"{moment(lang, one.starts_at, now)} → {until}"),
            html.Span(t(lang, "rules.by", who=one.declared_by, why=one.reason), className="note"),
        ]
    )

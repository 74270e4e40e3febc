"""The right side of the overview: what needs doing, and whether the senses and the flow of data are well."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from dash import html

from layouts.page import View
from layouts.parts import care_brief
from layouts.parts.care_parts import sentenced, words
from layouts.parts.format import age, count, large, measure, moment, share, stamp
from layouts.parts.home_answers import URGENCY
from layouts.parts.panel import beside, head, icon, next_step, sets, sign, stacked, unknown
from layouts.parts.text import t, titled
from layouts.parts.where import unit, where

BLIND_HOME = "blind_home"  # of it the hour of the last message matters, which its sentence does not tell
SHOWN_TASKS = 9
STATUSES = ("fresh", "stale", "lost")


def urgent(view: View, now: datetime, answer: Any) -> Any:
    """The one loud thing: the most urgent incident or alert that needs action. Nothing when there is none."""
    loud = loud_incident(answer)
    if loud is not None:
        return care_brief.urgent(view, now, loud)
    first = next((task for task in answer["tasks"] if task["severity"] == "act"), None)
    if first is None:
        return None
    lang = view.lang
    quiet = "" if view.live else " past"
    return html.Div(
        [
            html.Div(
                [
                    html.H2([icon("warning"), title(lang, first)]),
                    html.Span(t(lang, "task.since", at=moment(lang, first["since"], now)), className="note"),
                ],
                className="head",
            ),
            html.Div(
                [
                    age(lang, first["since"], now, form="clock", class_name="running"),
                    html.Span(where(lang, first), className="where"),
                ],
                className="row",
            ),
            html.P(why(view, first), className="why-line"),
            _act_buttons(view, first),
        ],
        className=f"panel urgent{quiet}",
    )


def loud_incident(answer: Any) -> Any:
    """The incident that stands alone above the others, if one is red."""
    return next((row for row in answer["incidents"] if row["incident"].severity == "act"), None)


def _act_buttons(view: View, task: Any) -> html.Div:
    if not view.live:
        return html.Div(html.Span(t(view.lang, "past.no_action"), className="caveat"), className="buttons")
    fly = {**sets("overview--selected", task["building_id"] or ""), "data-fly": task["building_id"] or ""}
    see = html.Button(t(view.lang, "task.see"), className="button act", **fly) if task["building_id"] else None
    rows = html.Button(
        t(view.lang, "task.rows"), className="button", **sets("overview--open", f"device:{task['subject']}")
    )
    return html.Div([see, rows], className="buttons")


def tasks(view: View, now: datetime, answer: Any) -> html.Div:
    """What else is open by urgency, then the alerts that no incident speaks of; with nothing, that nothing is to do.

    Its number is that of the top bar, without the one that stands alone above; incidents of drills are told apart.
    """
    lang, every, cases = view.lang, answer["tasks"], answer["incidents"]
    noted = {"data-notes": json.dumps(noted_at(lang, every, cases), ensure_ascii=False)}
    loud = loud_incident(answer) or next((task for task in every if task["severity"] == "act"), None)
    cases = [one for one in cases if one is not loud]
    alerts = [one for one in every if one is not loud]
    title_key = "tasks.title_past" if not view.live else "tasks.others" if loud else "tasks.title"
    if not answer["sensed"]:
        body: list[Any] = [head(t(lang, title_key)), unknown(t(lang, "tasks.not_sensed")), next_step(view, "devices")]
    else:
        rows = [care_brief.task(view, now, one) for one in cases[:SHOWN_TASKS]]
        listed: list[Any] = [html.Ul(rows, className="task-list") if rows else _calm(view, loud, alerts)]
        if alerts:
            also = html.Button(t(lang, "tasks.alerts", n=count(len(alerts))), className="way link",
                               **sets("overview--open", "alerts"))  # fmt: skip
            listed += [
                html.H3(also, className="also"),
                html.Ul([task_row(view, now, one) for one in alerts[:SHOWN_TASKS]], className="task-list"),
            ]
        body = [head(t(lang, title_key), counted(lang, cases)), html.Div(listed, className="task-scroll")]
    return html.Div(body, className="panel tasks", **noted)


def counted(lang: str, cases: list[Any]) -> html.Button | None:
    """``全部 4 项 ›``, the way to every row, also where the panel has no room; drills apart: ``4 项 · 演练 1 项 ›``."""
    drills = sum(1 for one in cases if one["incident"].drill_id is not None)
    if not cases:
        return None
    words_ = t(lang, "tasks.all", n=count(len(cases)))
    if drills:
        words_ = t(lang, "tasks.all_drills", n=count(len(cases) - drills), drills=count(drills))
    return html.Button(words_, className="way link", **sets("overview--open", "incidents"))


def _calm(view: View, loud: Any, alerts: list[Any]) -> html.P:
    """That nothing is to do; beside alerts only that no incident is open."""
    key = "none" if view.live else "none_past"
    key = "no_others" if loud else "no_incidents" if alerts else key
    return html.P([sign("fresh"), t(view.lang, f"tasks.{key}")], className="calm")


def notes(lang: str, answer: Any) -> dict[str, str]:
    """What the map writes at a building: its most urgent alert."""
    return {task["building_id"]: title(lang, task) for task in reversed(answer) if task["building_id"]}


def noted_at(lang: str, alerts: Any, cases: Any) -> dict[str, str]:
    """What the map writes at a building, as it is coloured: the worse of its alert and its incident, or the latter."""
    worst = {task["building_id"]: URGENCY[task["severity"]] for task in reversed(alerts)}
    told = [one for one in cases if URGENCY[one["incident"].severity] <= worst.get(one["incident"].building_id, 9)]
    return {**notes(lang, alerts), **care_brief.notes(lang, told)}


def task_row(view: View, now: datetime, task: Any, *, inside: bool = False) -> html.Li:
    """One open alert: shape, what and where, how long, one line why; a press flies there.

    ``inside``: listed under its own building, which is not named again.
    """
    lang = view.lang
    building = task["building_id"] or ""
    return html.Li(
        html.Button(
            [
                sign(task["severity"]),
                html.B(_what(lang, task, inside), className="what"),
                age(lang, task["since"], now, form="lasting", class_name=f"long {task['severity']}"),
                html.Span(why(view, task), className="why-line"),
            ],
            className=f"task {task['severity']}",
            **{**sets("overview--selected", building), "data-fly": building},
        )
    )


def _what(lang: str, task: Any, inside: bool) -> str:
    place = where(lang, task, inside=inside)
    return t(lang, "task.what", place=place, title=title(lang, task)) if place else title(lang, task)


def title(lang: str, task: Any) -> str:
    """What the alert is called: a metric of many states (free, charging, fault) by the state it is in."""
    if len(task["labels"]) > 2 and task["value"] is not None:
        return f"{titled(lang, task['type_title'], task['rule'])} {said(lang, task)}"
    return str(task[f"title_{lang}"] or task["rule"])


def why(view: View, task: Any) -> str:
    """One sentence of reason: what the rule says, or which sense said what, and when."""
    lang, since = view.lang, stamp(view.lang, task["since"], seconds=True)
    if task["says"] and task["rule"] != BLIND_HOME:
        return sentenced(words(lang, task["says"]))
    if task["severity"] == "blind":
        return t(lang, "task.why_blind", at=stamp(lang, task["since"])) if task["since"] else t(lang, "task.why_never")
    sense = titled(lang, task["type_title"], task["subject"])
    return t(lang, "task.why", sense=sense, at=since, value=said(lang, task))


def said(lang: str, state: Any) -> str:
    """A value in words: the declared label of an enum, else the number with its unit."""
    label = (state.get("labels") or {}).get(f"{state['value']:g}") if state["value"] is not None else None
    if label:
        return titled(lang, label, f"{state['value']:g}")
    return f"{measure(state['value'])} {unit(lang, state.get('unit'))}".strip()


def health(view: View, _now: datetime, answer: Any) -> html.Div:
    """Whether the devices can be trusted: fresh, stale, lost, weak batteries, which kinds are away."""
    lang = view.lang
    if not answer["all"]:
        parts = [head(t(lang, "health.title")), unknown(t(lang, "health.none")), next_step(view, "devices")]
        return html.Div(parts, className="panel")
    online = answer.get("fresh", 0) + answer.get("stale", 0)
    cells = [
        html.Button(
            [
                html.Span([sign(status), t(lang, f"status.{status}")]),
                html.B(count(answer.get(status, 0)), className=f"num {status}"),
                beside(view, count(answer["now"].get(status, 0)) if "now" in answer else None),
            ],
            className="cell way",
            **sets("overview--open", f"devices:{status}"),
        )
        for status in STATUSES
    ]
    low = html.Button(
        [
            html.Span([sign("battery"), t(lang, "health.low")]),
            html.B(count(answer["low"]), className="num"),
            beside(view, count(answer["now"]["low"]) if "now" in answer else None),
        ],
        className="cell way",
        **sets("overview--open", "battery"),
    )
    kinds = t(lang, "list.and").join(f"{titled(lang, names, '—')} {n}" for names, n in answer["away"])
    return html.Div(
        [
            head(t(lang, "health.title"), t(lang, "health.online", share=share(online / answer["all"])), way="devices"),
            stacked([(f"device {status}", answer.get(status, 0)) for status in STATUSES]),
            html.Div([*cells, low], className="cells four"),
            html.P(t(lang, "health.away", kinds=kinds), className="caveat") if kinds else None,
        ],
        className="panel health",
    )


def flow(view: View, now: datetime, answer: Any) -> html.Div:
    """The flow of data: which sources are connected, what waits in quarantine, and, when live, what came in."""
    lang = view.lang
    sources = [
        html.Span(
            [
                sign("fresh" if connected else "act"),
                f"{name} ",
                t(lang, "flow.connected" if connected else "flow.lost"),
                None if connected else age(lang, since, now),
            ],
            className="source",
        )
        for name, connected, since in answer["sources"]
    ]
    chips = [_flow_chip(lang, "quarantined", count(answer["quarantined"]), "quarantine")]
    if view.live:  # the counters tell of this moment only
        chips.insert(0, _flow_chip(lang, "stored", large(lang, answer["readings"]), "stored"))
        chips.append(_flow_chip(lang, "duplicates", count(answer["duplicates"]), None))
    return html.Div(
        [head(t(lang, "flow.title"), sources or t(lang, "flow.no_source")), html.Div(chips, className="flow-chips")],
        className="panel flow",
    )


def _flow_chip(lang: str, name: str, value: str, way: str | None) -> Any:
    inner = [
        html.Span(t(lang, f"flow.{name}")),
        html.B(value, className="num"),
        html.Span(t(lang, f"flow.{name}_unit")),
    ]
    if way is None:
        return html.Div(inner, className="flow-chip")
    return html.Button(inner, className="flow-chip way", **sets("overview--open", way))

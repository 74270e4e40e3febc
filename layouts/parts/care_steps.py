"""What an officer may do now: one big button for the next legal step, the calls, 120, and the forms inline.

The buttons only carry what they mean (``data-step`` …); assets/50_care.js sends it, keeps it while there is no
connection and writes a refusal beside it. What is legal is the twin's to say, never the page's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from dash import html

from layouts.page import View
from layouts.parts.care_parts import drill_clock, limit, own, place, role, standing, ticking, who, words
from layouts.parts.form import who_may
from layouts.parts.panel import Tree, icon
from layouts.parts.text import has, some, t

FORMS = ("contact", "close", "dispatch", "hand_over", "merge")
EMERGENCY = "120"


def steps(view: View, now: datetime, answer: Any) -> Tree:
    """The buttons of an incident; in the past that there are none; nothing without an incident."""
    if answer is None:
        return None
    answer = for_role(view, answer)
    lang, incident, now = view.lang, answer["incident"], own(answer, now)
    if not view.live:
        link = html.A(t(lang, "care.to_live"), href=f"/elder-care?incident={incident.incident_id}", className="link",
                      **{"data-live": ""})  # fmt: skip
        return html.Div([html.Span(t(lang, "past.no_action"), className="caveat"), link], className="care-steps past")
    if not view.allows("act"):
        waits = due(view, now, incident) if incident.phase != "closed" else None
        return html.Div([waits, who_may(view, "act")], className="care-steps past")
    if incident.phase == "closed":
        again = [_step_button(lang, answer, "reopen", "button")] if "reopen" in incident.next_steps else []
        return html.Div([refusal(), *again, _note(lang, incident)], className="care-steps done", **acting(answer))
    others = [step for step in incident.next_steps if step not in (incident.main_step, "note")]
    forms = [_form(lang, answer, step) for step in FORMS if step in incident.next_steps]
    calls = html.Div([*_calls(lang, answer), _emergency(lang, answer)], className="calls")
    pressed = [refusal(), *forms, _emergency_form(lang, answer), main_button(lang, answer), calls, _rest(lang, answer)]
    body = [
        html.Div([due(view, now, incident), html.Div(pressed, className="foot")], className="stand"),
        html.Div([_more(lang, answer, others), _note(lang, incident)], className="aside-steps"),
    ]
    return html.Div(body, className=f"care-steps {incident.severity}", **acting(answer))


def for_role(view: View, answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer with those steps only which whoever looks may take, by his role and the incident's procedure."""
    if view.may is None:
        return answer
    incident, rules = answer["incident"], answer["procedure"].steps
    mine = tuple(
        step for step in incident.next_steps
        if "act" in view.may and (step not in rules or view.role in rules[step].roles)
    )  # fmt: skip
    main = incident.main_step if incident.main_step in mine else None
    return {**answer, "incident": replace(incident, next_steps=mine, main_step=main)}


def acting(answer: Mapping[str, Any]) -> dict[str, str]:
    """Attributes of what holds the buttons of an incident: whose they are, and the newest step they know of."""
    incident = answer["incident"]
    return {"data-acts": incident.incident_id, "data-n": str(incident.n), **drill_clock(answer)}


def refusal() -> html.Div:
    """Where a refused or stored step says why."""
    return html.Div(className="refusal", role="alert", hidden=True, **{"data-refusal": ""})


def due(view: View, now: datetime, incident: Any) -> Tree:
    """Until when what has to happen next, as a line and a bar that runs."""
    lang, end = view.lang, incident.next_due
    if end is None:
        return None
    since = incident.updated_at if incident.updated_at < end else incident.raised_at
    total = max(1.0, (end - since).total_seconds())
    gone = max(0.0, min(1.0, (now - since).total_seconds() / total))
    what = some(lang, "care.due", incident.next_due_kind or "")
    return html.Div(
        [
            html.Div(
                [
                    html.Span(t(lang, "care.due_by", at=limit(lang, end, now, seconds=True), what=what)),
                    html.Span(
                        [
                            html.Span(t(lang, "care.left_word"), className="left-word"),
                            " ",
                            ticking(lang, end, now, form="left", class_name="left"),
                        ]
                    ),
                ],
                className="row",
            ),
            html.Div(
                html.I(style={"width": f"{gone * 100:.1f}%"}),
                className="meter due",
                **{"aria-hidden": "true", "data-from": since.isoformat(), "data-until": end.isoformat()},
            ),
        ],
        className="due",
    )


def main_button(lang: str, answer: Mapping[str, Any]) -> Tree:
    """The next legal step, as large as it is important; Enter presses it."""
    step = answer["incident"].main_step
    if step is None:
        return None
    return html.Button(
        [html.Span(step_title(lang, answer, step)), html.Kbd("Enter")],
        className="button main",
        **{"data-main": "", "aria-keyshortcuts": "Enter", **_means(step)},
    )


def step_title(lang: str, answer: Mapping[str, Any], step: str) -> str:
    """What a button says it does: ``登记网格员到场``."""
    rung, procedure = standing(answer), answer["procedure"]
    key = f"care.step.{procedure.name}.{step}"
    if has(lang, key):
        return t(lang, key, who=role(lang, answer, rung.role if rung else "grid_worker"))
    return words(lang, procedure.steps[step].title)


def _means(step: str) -> dict[str, str]:
    return {"data-open-form": step} if step in FORMS else {"data-step": step}


def _step_button(lang: str, answer: Mapping[str, Any], step: str, class_name: str) -> html.Button:
    return html.Button(step_title(lang, answer, step), className=class_name, **_means(step))


def _rest(lang: str, answer: Mapping[str, Any]) -> Tree:
    """On a telephone, the way down to what else waits."""
    others = [other for other in answer["others"] if not other["is_upkeep"]]
    if not others:
        return None
    words_ = t(lang, "care.others_wait", n=len(others))
    return html.Button(words_, className="others-wait", **{"data-scroll-to": "elder-care--waiting"})


def _more(lang: str, answer: Mapping[str, Any], others: Sequence[str]) -> Tree:
    """The other legal steps, small: a way back, a way aside, a way out."""
    buttons = [_step_button(lang, answer, step, "button small quiet-step") for step in others]
    return html.Div(buttons, className="others")


def _calls(lang: str, answer: Mapping[str, Any]) -> list[Tree]:
    """Whom to call, with the number: only while the incident is open, and only on a screen of the staff."""
    buttons = []
    for call in answer["calls"]:
        label = [html.Span([icon("phone"), call["short"]]), html.Small(call["phone"])]
        title = t(lang, "care.call", who=f"{role(lang, answer, call['role'])} {call['name']}")
        buttons.append(html.A(label, href=f"tel:{call['phone']}", className="button call", title=title,
                              **{"aria-label": f"{title} {call['phone']}"}))  # fmt: skip
    return buttons


def _emergency(lang: str, answer: Mapping[str, Any]) -> html.Button:
    """120 is reachable at every moment of an open incident."""
    return html.Button(
        [icon("phone"), html.B(t(lang, "care.emergency"))],
        className="button call emergency",
        **{"data-open-form": "emergency"},
    )


def _form(lang: str, answer: Mapping[str, Any], step: str) -> Tree:
    return {
        "contact": _contact_form,
        "close": _close_form,
        "dispatch": _rung_form,
        "hand_over": _rung_form,
        "merge": _merge_form,
    }[step](lang, answer, step)


def _frame(lang: str, step: str, title: str, body: Tree) -> html.Fieldset:
    cancel = html.Button(icon("close"), className="button square quiet-step", title=t(lang, "care.cancel"),
                         **{"data-close-form": "", "aria-label": t(lang, "care.cancel")})  # fmt: skip
    return html.Fieldset([html.Legend(title), cancel, body], className="step-form", **{"data-form": step})


def _choice(words_: Tree, **means: str) -> html.Button:
    return html.Button(words_, className="button choice", **{f"data-{k}": v for k, v in means.items()})


def _contact_form(lang: str, answer: Mapping[str, Any], step: str) -> html.Fieldset:
    """Who answered and how they are: one press each."""
    procedure = answer["procedure"]
    results = [result for name, result in procedure.results.items() if name != procedure.default_result]
    body = [_choice(words(lang, result.title), step="contact", result=result.name) for result in results]
    return _frame(lang, step, t(lang, "care.form.contact"), html.Div(body, className="choices"))


def _emergency_form(lang: str, answer: Mapping[str, Any]) -> html.Fieldset:
    """Dial, then say that it was done: the ladder goes on to its last rung, or the log notes it."""
    rung = answer["procedure"].rung_index(EMERGENCY)
    ladder = answer["incident"].ladder
    number = ladder[rung].role if rung is not None and rung < len(ladder) else EMERGENCY
    dial = html.A([icon("phone"), t(lang, "care.dial", n=number)], href=f"tel:{number}", className="button choice act")
    if rung is not None and "hand_over" in answer["incident"].next_steps:
        means = {"step": "hand_over", "rung": str(rung)}
    else:
        means = {"step": "note", "said": t(lang, "care.called", n=number)}
    told = _choice(t(lang, "care.called", n=number), **means)
    return _frame(lang, "emergency", t(lang, "care.form.emergency"), html.Div([dial, told], className="choices"))


def _rung_form(lang: str, answer: Mapping[str, Any], step: str) -> html.Fieldset:
    """Who is sent, or to whom it goes on: the rungs of the ladder."""
    rungs = list(enumerate(answer["incident"].ladder))
    body = html.Div(
        [_choice(who(lang, answer, rung), step=step, rung=str(i)) for i, rung in rungs], className="choices"
    )
    return _frame(lang, step, t(lang, f"care.form.{step}"), body)


def _close_form(lang: str, answer: Mapping[str, Any], step: str) -> html.Fieldset:
    """How it ended: real, false or a test, and the cause out of the procedure's list for that."""
    procedure = answer["procedure"]
    groups = []
    for outcome, title in procedure.outcomes.items():
        causes = [cause for cause in procedure.causes.values() if outcome in cause.outcomes]
        choices = [
            _choice(words(lang, cause.title), step="close", outcome=outcome, cause=cause.name) for cause in causes
        ]
        groups.append(
            html.Div([html.B(words(lang, title)), html.Div(choices, className="choices")], className="causes")
        )
    return _frame(lang, step, t(lang, "care.form.close"), html.Div(groups))


def _merge_form(lang: str, answer: Mapping[str, Any], step: str) -> Tree:
    """Which incident goes on with this one in it."""
    choices = [
        _choice(f"{words(lang, other['title'])} {place(lang, other)}", step="merge", into=other["incident_id"])
        for other in answer["others"]
    ]  # fmt: skip
    body = (
        html.Div(choices, className="choices")
        if choices
        else html.P(t(lang, "care.nothing_to_merge"), className="caveat")
    )
    return _frame(lang, step, t(lang, "care.form.merge"), body)


def _note(lang: str, incident: Any) -> html.Div:
    """Words that go with the next step, or alone; and in whose name this screen takes them."""
    alone = "note" in incident.next_steps
    save = html.Button(t(lang, "care.save_note"), className="button small", **{"data-step": "note"}) if alone else None
    words_ = t(lang, "care.note")
    box = html.Div(
        html.Textarea(placeholder=words_, rows=1, maxLength=2000, className="note-field", key=incident.incident_id,
                      **{"data-note": "", "aria-label": words_}),
        key=incident.incident_id,
    )  # fmt: skip
    return html.Div([box, save, _officer(lang)], className="note-row")


def _officer(lang: str) -> html.Label:
    """In whose name this screen takes steps; the screen remembers it. Empty: the name of the session."""
    hint = t(lang, "care.officer_hint")
    box = html.Textarea(rows=1, maxLength=80, placeholder=hint, **{"data-officer": "", "aria-label": hint})
    return html.Label([html.Span(t(lang, "care.officer")), box], className="officer")

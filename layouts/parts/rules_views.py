"""The rules page on screen: every rule with its numbers and who set them, and the form that changes one. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dash import html

from layouts.page import View
from layouts.parts import form
from layouts.parts.format import UNKNOWN, count, measure, moment, stamp
from layouts.parts.home_views import scrolling
from layouts.parts.panel import head, icon, sets, sign, unknown
from layouts.parts.rules_answers import PROPOSAL
from layouts.parts.text import has, t, titled
from layouts.parts.where import unit, where

HOURS = ("from", "until")  # parameters that are a time of day, not a length
SIGN_OF_GRADE = {1: "act", 2: "look", 3: "look", 4: "blind"}


def amount(lang: str, value: float | None, unit_name: str, name: str = "") -> str:
    """A number with its unit in the reader's language: ``12 小时``, ``0.01 m³``; an hour of the day as ``22:00``."""
    if value is None:
        return UNKNOWN
    if name in HOURS and unit_name == "h":
        return f"{int(value):02}:{round(value % 1 * 60):02}"
    if unit_name == "%":
        return f"{measure(value)}%"
    words = t(lang, f"rules.unit.{unit_name}") if has(lang, f"rules.unit.{unit_name}") else unit(lang, unit_name)
    return f"{measure(value)}{'' if words == '×' else ' '}{words}".strip()


def sentence(lang: str, rule: Mapping[str, Any]) -> str:
    """What the rule says when it speaks, its own numbers filled in and what only an episode knows left open."""
    template = titled(lang, rule["sentence"], "")
    first = next(iter(rule["parameters"]), None)
    shown = {"limit": _number(first["community"]["value"] if first["community"] else first["default"])} if first else {}
    for parameter in rule["parameters"]:
        change = parameter["community"]
        shown[parameter["name"]] = _number(change["value"] if change else parameter["default"])
    return template.format_map(defaultdict(lambda: _Open(), shown)).removeprefix("… ")


class _Open:
    """Stands for what only an episode knows, however the template wants it written."""

    def __format__(self, _how: str) -> str:
        return "…"


def _number(value: float) -> str:
    return measure(value)


def rules(view: View, now: datetime, answer: Any) -> html.Div:
    """Every rule, the gravest grade first: what it says, its numbers, where a community or a home differs."""
    lang = view.lang
    if not answer:
        return html.Div([head(t(lang, "rules.title")), unknown(t(lang, "rules.none"))], className="panel")
    verified = sum(1 for rule in answer for p in rule["parameters"] if not p["proposal"])
    numbers = sum(len(rule["parameters"]) for rule in answer)
    note = t(lang, "rules.note", n=count(len(answer)), verified=verified, numbers=numbers)
    items = [_rule(view, now, rule) for rule in answer]
    return html.Div(
        [head(t(lang, "rules.title"), note), html.Ul(items, className="rule-list")], className="panel rules"
    )


def _rule(view: View, now: datetime, rule: Mapping[str, Any]) -> html.Li:
    lang = view.lang
    held = t(lang, "list.and").join(t(lang, f"absence.kind.{kind}") for kind in rule["suppressed_by"])
    facts = [t(lang, f"rules.grade.{rule['grade']}")]
    facts += [t(lang, "rules.held", kinds=held)] if held else []
    facts += [] if rule["opens"] else [t(lang, "rules.no_incident")]
    return html.Li(
        [
            html.Div(
                [
                    sign(SIGN_OF_GRADE.get(rule["grade"], rule["severity"])),
                    html.H3(titled(lang, rule["title"], rule["rule"])),
                    html.Span(" · ".join(facts), className="note"),
                ],
                className="rule-head",
            ),
            html.P(sentence(lang, rule), className="rule-says"),
            html.Div([_number_row(view, now, rule, one) for one in rule["parameters"]], className="numbers")
            if rule["parameters"]
            else None,
        ],
        className=f"rule grade-{rule['grade']}",
    )


def _number_row(view: View, now: datetime, rule: Mapping[str, Any], one: Mapping[str, Any]) -> html.Div:
    lang = view.lang
    change = one["community"]
    value = change["value"] if change else one["default"]
    source = titled(lang, one["source"], "")
    badge = html.Span(
        t(lang, "rules.proposal" if one["proposal"] else "rules.verified"),
        className="tag proposal" if one["proposal"] else "tag verified",
        title=source,
    )
    way = html.Button(
        t(lang, "rules.change"), className="button small", **sets("care-rules--edit", f"{rule['rule']}|{one['name']}")
    )
    lines = [_changed(lang, now, one, change, t(lang, "rules.level.community"))] if change else []
    lines += [_changed(lang, now, one, own, where(lang, own["place"])) for own in one["homes"]]
    return html.Div(
        [
            html.Span(titled(lang, one["title"], one["name"]), className="number-name"),
            html.B(amount(lang, value, one["unit"], one["name"]), className="number-value"),
            badge,
            html.Span(_grounds(lang, source), className="source-words", title=source),
            way if view.live and view.allows("decide") else None,
            html.Ul(lines, className="changes") if lines else None,
        ],
        className="number",
    )


def _grounds(lang: str, source: str) -> str:
    """A source without the word that the tag beside it says already."""
    return source.removeprefix(PROPOSAL[lang]).lstrip("：:，, ")


def _changed(lang: str, now: datetime, one: Mapping[str, Any], change: Mapping[str, Any], whose: str) -> html.Li:
    words = t(lang, "rules.by", who=change["by"], why=change["why"])
    from_ = t(lang, "rules.instead", value=amount(lang, one["default"], one["unit"], one["name"]))
    return html.Li(
        [
            html.B(f"{whose} {amount(lang, change['value'], one['unit'], one['name'])}"),
            f" {from_} · {words} · ",
            moment(lang, change["at"], now),
        ]
    )


def of_home(view: View, now: datetime, answer: Any) -> Any:
    """The numbers in force for one home, each with its level; what differs says who and why."""
    if answer is None:
        return None
    lang = view.lang
    rows = []
    for one in answer:
        level = html.Span(t(lang, f"rules.level.{one['level']}"), className=f"tag level-{one['level']}")
        change = one["change"]
        why = [html.Span(t(lang, "rules.by", who=change["by"], why=change["why"]), className="note")] if change else []
        name = f"{titled(lang, one['rule_title'], one['rule'])} · {titled(lang, one['title'], one['name'])}"
        rows.append(
            html.Li([html.Span(name), html.B(amount(lang, one["value"], one["unit"], one["name"])), level, *why])
        )
    body = (
        html.Ul(rows, className="limit-list", tabIndex=0, **{"aria-label": t(lang, "rules.in_force")})
        if rows
        else unknown(t(lang, "rules.none"))
    )
    return html.Div([head(t(lang, "rules.in_force")), body], className="panel limits")


# --- changing one -------------------------------------------------------------------------------------------------


def editor(view: View, _now: datetime, answer: Any) -> Any:
    """The form that changes a number, for the community or one home; who and why are asked for."""
    if answer is None:
        return None
    lang = view.lang
    change = answer["community"]
    value = change["value"] if change else answer["default"]
    title = f"{titled(lang, answer['rule_title'], answer['rule'])} · {titled(lang, answer['title'], answer['name'])}"
    close = html.Button(
        icon("close"),
        className="button small square",
        title=t(lang, "drawer.close"),
        **{**sets("care-rules--edit", ""), "data-escape": "", "aria-label": t(lang, "drawer.close")},
    )
    span = {"low": measure(answer["low"]), "high": amount(lang, answer["high"], answer["unit"], answer["name"])}
    label = t(lang, "rules.value", **span)
    fields = [
        form.number(
            label, "value", unit=unit(lang, answer["unit"]), low=answer["low"], high=answer["high"], value=value
        ),
        _variants(lang, answer),
        form.known(
            t(lang, "rules.for_home"),
            "home_id",
            [(home["home_id"], where(lang, home)) for home in answer["homes_known"]],
            "care-rules--homes",
            required=False,
            placeholder=t(lang, "rules.whole"),
        ),
        form.who(lang),
        form.text(t(lang, "form.why"), "reason"),
    ]
    fixed = {"rule": answer["rule"], "parameter": answer["name"], "community_id": view.community}
    done = t(lang, "rules.saved")
    body = form.form(
        view, "/api/v1/thresholds", fields, submit=t(lang, "form.save"), done=done, method="PUT", fixed=fixed
    )
    backs = [_back(view, answer, one) for one in (change, *answer["homes"]) if one]
    return html.Div([html.Div([html.H2(title), close], className="head"), body, *backs], className="panel editor")


def _variants(lang: str, answer: Mapping[str, Any]) -> html.Div:
    """The file's own number and the published ones, to be put into the form by a press."""
    known = {"default": answer["default"], **answer["variants"]}
    buttons = [
        html.Button(
            f"{_place(lang, name)} {amount(lang, value, answer['unit'], answer['name'])}",
            type="button",
            className="filter-chip",
            **{"data-fill": "value", "data-value": f"{value:g}"},
        )
        for name, value in known.items()
    ]
    return html.Div(buttons, className="chip-row", role="group", **{"aria-label": t(lang, "rules.variants")})


def _place(lang: str, name: str) -> str:
    if name == "default":
        return t(lang, "rules.level.default")
    return t(lang, f"rules.variant.{name}") if has(lang, f"rules.variant.{name}") else name.replace("_", " ")


def _back(view: View, answer: Mapping[str, Any], one: Mapping[str, Any]) -> Any:
    """Take a change back: what holds one level up holds again."""
    lang = view.lang
    homes = {home["home_id"]: home for home in answer["homes_known"]}
    whose = where(lang, homes.get(one["home_id"], {})) if one["home_id"] else t(lang, "rules.level.community")
    fixed = {
        "rule": answer["rule"],
        "parameter": answer["name"],
        "community_id": view.community,
        "value": None,
        "reason": t(lang, "rules.taken_back"),
    }
    fixed |= {"home_id": one["home_id"]} if one["home_id"] else {}
    words = html.Span(f"{whose} {amount(lang, one['value'], answer['unit'], answer['name'])}")
    button = form.press(
        view, t(lang, "rules.back"), "/api/v1/thresholds", sure=t(lang, "form.sure"), method="PUT", fixed=fixed
    )
    return html.Div([words, button], className="taken-back")


def history(view: View, _now: datetime, answer: Any) -> html.Div:
    """Every change with who and why, newest first."""
    lang = view.lang
    if not answer:
        return html.Div(
            [head(t(lang, "rules.history")), html.P(t(lang, "rules.no_history"), className="caveat")], className="panel"
        )
    keys = ("home.when", "column.what", "column.place", "rules.new", "rules.who", "column.reason")
    heads = html.Tr([html.Th(t(lang, key), scope="col") for key in keys])
    rows = []
    for one in answer:
        what = f"{titled(lang, one['rule_title'], one['rule'])} · {titled(lang, one['title'], '')}"
        whose = where(lang, one["place"]) if one["place"] else t(lang, "rules.level.community")
        value = (
            t(lang, "rules.back_to") if one["value"] is None else amount(lang, one["value"], one["unit"], one["name"])
        )
        cells = (stamp(lang, one["at"], year=True), what, whose, value, one["by"], one["why"])
        rows.append(html.Tr([html.Td(cell) for cell in cells]))
    table = html.Table([html.Thead(heads), html.Tbody(rows)], className="home-table")
    note = t(lang, "drawer.all", n=count(len(answer)))
    return html.Div([head(t(lang, "rules.history"), note), scrolling(lang, "rules.history", table)], className="panel")

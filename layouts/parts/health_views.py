"""The health check on screen: the rulebook and its index, the items by category, the ranking, what changed. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dash import html

from layouts.page import View
from layouts.parts import form
from layouts.parts import health_words as words
from layouts.parts.format import UNKNOWN, count, measure, stamp
from layouts.parts.home_views import link, scrolling
from layouts.parts.panel import beside, head, icon, sign, unknown
from layouts.parts.text import named, t, titled

Row = Mapping[str, Any]
ORDER = ("pass", "fail", "not_measurable")


def choice(view: View, _now: datetime, answer: Any) -> list[Any]:
    """The chooser, the verdicts counted with the index and what it is made of, and the gap plan."""
    return [_chooser(view.lang, answer), _index(view, answer), _plan(view, answer)]


def _chooser(lang: str, answer: Row) -> html.Div:
    book = answer["book"]
    published = [titled(lang, book["publisher"], ""), " · ",
                 t(lang, "health.valid_from", day=book["valid_from"].isoformat())]  # fmt: skip
    note = titled(lang, book["note"], "") if book["note"] else ""
    others = [b for b in answer["books"] if b["name"] != book["name"] or b["version"] != book["version"]]
    return html.Div(
        [
            head(t(lang, "health.rulebook"), t(lang, "health.version", version=book["version"])),
            _select(lang, "rulebook", "health.rulebook", answer["books"], answer["chosen"]),
            html.Details(
                [html.Summary(t(lang, "health.document")),
                 html.P(titled(lang, book["document"], ""), className="caveat"), html.P(published, className="caveat")],
                className="fold",
            ),
            html.P([sign("blind" if book["template"] else "look"), html.Span(note)], className="health-note")
            if note else None,
            html.Label(
                [html.Span(t(lang, "health.against"), className="label"),
                 _select(lang, "against", "health.against", others, answer["against"] or "",
                         none=t(lang, "health.against_none"))],
                className="health-against",
            ),
        ],
        className="panel health-choice",
    )  # fmt: skip


def _select(lang: str, key: str, label: str, books: Sequence[Row], chosen: str, none: str = "") -> html.Select:
    """A plain select, which assets/52_scenes.js writes into the address."""
    known = [("", none)] if none else []
    known += [(b["id"], titled(lang, b["title"], b["id"])) for b in books]
    options = [html.Option(name, value=value, selected=value == chosen) for value, name in known]
    return html.Select(options, className="select", **{"data-address": key, "aria-label": t(lang, label)})


def _index(view: View, answer: Row) -> html.Div:
    """Verdicts, then the index with how much it rests on; refused where that is too little."""
    lang, one = view.lang, answer["standing"]
    counts = html.Ul(
        [
            html.Li(
                [html.B(count(answer["counts"].get(key, 0)), className="num"),
                 html.Span([sign(words.SIGNS[key]), words.verdict(lang, key)])],
                className=key,
            )
            for key in ORDER
        ],
        className="health-counts",
    )  # fmt: skip
    absent = None
    if answer["not_here"]:
        listed = t(lang, "health.and").join(titled(lang, title, "") for title in answer["not_here"])
        absent = html.P(t(lang, "health.not_here", n=len(answer["not_here"]), what=listed), className="caveat")
    if one is None:
        return html.Div([head(t(lang, "health.index")), unknown(t(lang, "health.no_community"))], className="panel")
    basis = t(lang, "health.basis", counted=one["counted"], verified=one["verified"], items=one["items"])
    other = (answer.get("now") or {}).get("standing") if answer.get("now") else None
    then = beside(view, _said_index(other)) if other else None
    if one["index"] is None:
        why = t(lang, f"health.refused.{one['refused']}", least=answer["least_items"],
                share=round(answer["least_share"] * 100))  # fmt: skip
        figure: Any = unknown(why)
    else:
        rank = t(lang, "health.rank", n=count(one["rank"]), all=count(one["of"])) if one["of"] > 1 else None
        flag = html.Span([sign("look"), t(lang, "health.bottom")], className="health-bottom") if one["bottom"] else None
        figure = html.Div(
            [html.Div([html.Span(measure(one["index"]), className="num"), html.Span("/ 100", className="unit")],
                      className="figure big"),
             html.Div([then, html.Span(rank) if rank else None, flag], className="health-beside")],
            className="health-figure",
        )  # fmt: skip
    return html.Div(
        [head(t(lang, "health.index"), basis), figure, counts, _weights(lang, answer), absent],
        className="panel health-index",
    )


def _said_index(one: Row) -> str:
    return UNKNOWN if one["index"] is None else measure(one["index"])


def _weights(lang: str, answer: Row) -> html.Details | None:
    """What every item brings: its weight, how much of it is reached, its points."""
    if not answer["points"]:
        return None
    rows = [
        html.Tr(
            [html.Td(titled(lang, p["title"], p["item"])), html.Td(measure(p["weight"]), className="right"),
             html.Td(measure(p["score"]), className="right"), html.Td(measure(p["contribution"]), className="right")]
        )
        for p in answer["points"]
    ]  # fmt: skip
    keys = ("item", "weight", "score", "points")
    heads = html.Tr([html.Th(t(lang, f"health.column.{k}"), className="" if k == "item" else "right") for k in keys])
    table = html.Table([html.Thead(heads), html.Tbody(rows)])
    return html.Details([html.Summary(t(lang, "health.weights")), table], className="fold")


def _plan(view: View, answer: Row) -> html.Div:
    """Have the gap plan made: of this community, and of the bottom tenth where there are enough to rank."""
    lang, fixed = view.lang, {"lang": view.lang, "audience": "management", "rulebook": answer["chosen"]}
    if view.at is not None:
        fixed["at"] = view.at.isoformat()
    live = View(community=view.community, lang=lang, role=view.role, may=view.may)
    if answer["standing"] is None:
        return html.Div([head(t(lang, "health.plan")), unknown(t(lang, "health.no_plan"))], className="panel")
    sends = [
        form.form(live, "/api/v1/reports", [], submit=t(lang, "health.plan_here"), done=t(lang, "health.plan_asked"),
                  fixed={**fixed, "kind": "gap_plan", "community": view.community})
    ]  # fmt: skip
    if answer["standing"]["of"] >= 10:
        sends.append(
            form.form(live, "/api/v1/reports", [], submit=t(lang, "health.plan_city"),
                      done=t(lang, "health.plan_asked"), fixed={**fixed, "kind": "gap_plan_city"})
        )  # fmt: skip
    way = link(view, "/reports", t(lang, "health.plan_way"))
    return html.Div([head(t(lang, "health.plan"), way), html.Div(sends, className="health-plan")], className="panel")


# --- the items --------------------------------------------------------------------------------------------------------


def items(view: View, _now: datetime, answer: Any) -> html.Div:
    """Every item under its category: verdict by sign and word, value against threshold, gap, what is missing."""
    lang, body = view.lang, []
    before = {row["item"]: row for row in (answer.get("now") or {}).get("rows", ())}
    for key, title in answer["categories"].items():
        rows = [row for row in answer["rows"] if row["category"] == key]
        if rows:
            passed = sum(row["verdict"] == "pass" for row in rows)
            note = html.Span(t(lang, "health.of_category", passed=passed, all=len(rows)), className="note")
            cell = html.Th(html.Div([titled(lang, title, key), note]), colSpan=5, scope="rowgroup")
            body.append(html.Tr(cell, className="indicator"))
            body += [_item(view, answer, row, before.get(row["item"])) for row in rows]
    keys = ("no", "item", "verdict", "value", "gap")
    heads = html.Tr([html.Th(t(lang, f"health.column.{key}"), scope="col") for key in keys])
    table = html.Table([html.Thead(heads), html.Tbody(body)], className="kpi-table health-table")
    title = head(t(lang, "health.items"), t(lang, "health.items_note"))
    if not body:
        return html.Div([title, unknown(t(lang, "health.no_items"))], className="panel health-items")
    return html.Div([title, scrolling(lang, "health.items", table)], className="panel health-items")


def _item(view: View, answer: Row, row: Row, then: Row | None) -> html.Tr:
    lang = view.lang
    name = titled(lang, row["title"], row["item"])
    way = link(view, "/health-check", name, rulebook=answer["book"], item=row["item"])
    tags = []
    if not row["verified"] and not answer["template"]:
        tags.append(html.Span(t(lang, "health.unverified"), className="tag unverified"))
    changed = None
    if then is not None and then["verdict"] != row["verdict"]:
        changed = beside(view, words.verdict(lang, then["verdict"]))
    verdict = [html.Span([sign(words.SIGNS[row["verdict"]]), words.verdict(lang, row["verdict"])], className="state"),
               changed]  # fmt: skip
    value = [html.Div([html.B(words.value(lang, row), className="num"),
                       html.Span(words.threshold(lang, row, short=True), className="of")]), bar(row)]  # fmt: skip
    cells = [
        html.Td(row["no"], className="cell-no"), html.Td([way, *tags], className="cell-kpi"),
        html.Td(verdict, className="cell-verdict"), html.Td(value, className="cell-value"),
        html.Td(_gap(lang, row), className="cell-gap"),
    ]  # fmt: skip
    chosen = " on" if row["item"] == answer["chosen"] else ""
    return html.Tr(cells, className=f"{row['verdict']}{chosen}", **({"aria-current": "true"} if chosen else {}))


def bar(row: Row) -> html.Div | None:
    """The value on the way to the threshold, which is the upright line; dashed where it is unknown."""
    if row["threshold"] in (None, 0):
        return None
    if row["value"] is None:
        return html.Div(className="meter none", **{"aria-hidden": "true"})
    most = 1.25 * row["threshold"]
    width = f"{max(0.0, min(1.0, row['value'] / most)) * 100:.1f}%"
    tone = {"fail": " short", "not_measurable": " blind"}.get(row["verdict"], "")
    parts = [html.I(style={"width": width}), html.U()]
    return html.Div(parts, className=f"health-bar{tone}", **{"aria-hidden": "true"})


def _gap(lang: str, row: Row) -> Any:
    if row["verdict"] == "fail":
        said = words.needed(lang, row) or (
            t(lang, "health.short_of", gap=words.amount(lang, row["gap"], row["unit"])) if row["gap"] else None
        )
        fix = html.Span(words.fixes(lang, row), className="caveat") if row["fixes"] else None
        return [html.Span(said, className="health-short") if said else None, fix]
    if row["verdict"] == "not_measurable":
        return html.Span(t(lang, "health.lacks", what=lacks(lang, row)), className="health-lacks")
    return None


def lacks(lang: str, row: Row) -> str:
    """Everything that is missing, in words."""
    return t(lang, "health.and").join(words.lack(lang, one, row["missing_rows"]) for one in row["missing"])


# --- ranking and changes ----------------------------------------------------------------------------------------------


def ranking(view: View, _now: datetime, answer: Any) -> Any:
    """The first, the neighbours and the bottom of the order; nothing where there is but one community."""
    if answer is None:
        return None
    lang, body, last = view.lang, [], 0
    for row in answer["rows"]:
        if row["rank"] is not None and row["rank"] > last + 1 and last:
            body.append(html.Tr(html.Td("⋯", colSpan=4, className="health-jump")))
        last = max(last, row["rank"] or 0)
        here = row["community_id"] == answer["here"]
        name = link(View(community=row["community_id"], at=view.at, lang=lang), "/health-check", named(lang, row))
        mark = [sign("look"), html.Span(t(lang, "health.bottom"), className="sr-only")] if row["bottom"] else None
        body.append(
            html.Tr(
                [html.Td(count(row["rank"]), className="right"), html.Td(name), html.Td(mark),
                 html.Td(html.B(measure(row["index"])), className="right")],
                className="here" if here else "",
            )
        )  # fmt: skip
    note = t(lang, "health.ranked", **{key: count(answer[key]) for key in ("ranked", "all", "bottom")})
    table = html.Table(html.Tbody(body), className="health-ranking")
    title = head(t(lang, "health.ranking"), note)
    return html.Div([title, scrolling(lang, "health.ranking", table)], className="panel")


def changes(view: View, _now: datetime, answer: Any) -> Any:
    """The verdicts that another rulebook or another instant makes others, each with why."""
    lang, parts = view.lang, []
    if answer["against"]:
        rows = [
            (row["item"], row["before"], row["after"], (row["value_before"], row["value_after"]),
             t(lang, "health.and").join(t(lang, f"health.why.{why}") for why in row["why"])) for row in answer["rows"]
        ]  # fmt: skip
        title = t(lang, "health.changes_rulebook", other=titled(lang, answer["against"]["title"], ""))
        if answer["unrelated"]:
            parts.append(html.Div([head(title), html.P(t(lang, "health.unrelated"), className="calm")],
                                  className="panel health-changes"))  # fmt: skip
        else:
            parts.append(_changed(lang, answer, title, rows, len(answer["defined"])))
    there = answer.get("now")
    if there is not None:
        mine, theirs = answer["verdicts"], there["verdicts"]
        pair = (theirs, mine) if view.live else (mine, theirs)
        rows = [
            (key, pair[0].get(key, {}).get("verdict"), pair[1].get(key, {}).get("verdict"),
             (pair[0].get(key, {}).get("value"), pair[1].get(key, {}).get("value")), t(lang, "health.why.data"))
            for key in {**mine, **theirs}
            if mine.get(key, {}).get("verdict") != theirs.get(key, {}).get("verdict")
        ]  # fmt: skip
        until = t(lang, "health.until_now") if view.other is None else stamp(lang, view.other, year=True)
        parts.append(_changed(lang, answer, t(lang, "health.changes_time", other=until), rows, None))
    return html.Div(parts) if parts else None


def _changed(lang: str, answer: Row, title: str, rows: Sequence[Any], defined: int | None) -> html.Div:
    note = None if defined is None else t(lang, "health.defined", n=defined)
    if not rows:
        return html.Div([head(title, note), html.P([icon("equal"), t(lang, "health.no_change")], className="calm")],
                        className="panel health-changes")  # fmt: skip
    lines = []
    for key, before, after, (first, last), why in rows:
        unit = answer["units"].get(key) or {}
        values = [words.amount(lang, first, unit), " → ", words.amount(lang, last, unit)] if first != last else None
        lines.append(
            html.Li(
                [html.B(titled(lang, answer["titles"].get(key, {}), key)),
                 html.Div([_state(lang, before), html.Span("→", className="arrow"), _state(lang, after)]),
                 html.Span([why, " · " if values else None, *(values or [])], className="caveat")]
            )
        )  # fmt: skip
    return html.Div([head(title, note), html.Ul(lines)], className="panel health-changes")


def _state(lang: str, code: str | None) -> html.Span:
    if code is None:
        return html.Span(t(lang, "health.not_there"), className="state none")
    return html.Span([sign(words.SIGNS[code]), words.verdict(lang, code)], className="state")

"""One item of the health check: the clause, how it is measured, what is missing, what would mend it, its rows. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from dash import html

from layouts.page import View
from layouts.parts import health_words as words
from layouts.parts.format import UNKNOWN, count, measure, stamp
from layouts.parts.health_views import bar
from layouts.parts.home_views import link, scrolling
from layouts.parts.kpi_rows import CSV, XLSX
from layouts.parts.panel import sign
from layouts.parts.text import some, t, titled

Row = Mapping[str, Any]
MOST_IDLE = 3


def detail(view: View, _now: datetime, answer: Any) -> Any:
    """The card of the item, then its rows."""
    if answer is None:
        return None
    return [_card(view, answer), _evidence(view, answer)]


def _card(view: View, answer: Row) -> html.Div:
    lang, row = view.lang, answer["row"]
    shape = sign(words.SIGNS[row["verdict"]])
    verdict = html.P([shape, words.verdict(lang, row["verdict"])], className="health-verdict")
    value = html.Div([html.Span(words.value(lang, row), className="num"),
                      html.Span(words.threshold(lang, row), className="of")], className="health-value")  # fmt: skip
    how = [words.measured_how(lang, row)]
    if answer["threshold_of"]:
        key = "kpi" if "kpi" in answer["threshold_of"] else "scene"
        path, name = ("/kpi", answer["threshold_of"][key]) if key == "kpi" else ("/scene", answer["threshold_of"][key])
        title = titled(lang, answer["threshold_of"]["title"], name)
        how.append(link(view, path, title, **{key: name}))
    if row["basis"] == "finding":
        how.append(t(lang, "health.by_finding"))
    checked = "verified" if row["verified"] else "unverified"
    facts: list[tuple[str, Any]] = [
        ("clause", titled(lang, answer["clause"], "")),
        ("source", [titled(lang, answer["source"], ""), " ",
                    html.Span(t(lang, f"health.{checked}"), className=f"tag {checked}")]),
        ("measure", [part if n == 0 else html.Span([" ", part]) for n, part in enumerate(how)]),
        ("also", titled(lang, answer["also"], "") if answer["also"] else None),
        ("weight", _weight(lang, row)),
    ]  # fmt: skip
    listed = html.Dl(
        [html.Div([html.Dt(t(lang, f"health.fact.{key}")), html.Dd(what)]) for key, what in facts if what],
        className="facts",
    )
    name = titled(lang, row["title"], row["item"])
    title = html.Div([html.H2(f"{row['no']} {name}"), verdict], className="head health-title")
    return html.Div([title, value, bar(row), _mend(lang, answer), _lacking(lang, row), listed],
                    className=f"panel health-card {row['verdict']}")  # fmt: skip


def _weight(lang: str, row: Row) -> str:
    if row["counts"]:
        return t(lang, "health.counts", weight=measure(row["weight"]), points=measure(row["contribution"]))
    why = "unverified" if not row["verified"] else "unmeasured"
    return t(lang, f"health.counts_not.{why}", weight=measure(row["weight"]))


def _mend(lang: str, answer: Row) -> html.Div | None:
    """How far it is and what would mend it; of idle rooms those there are."""
    row = answer["row"]
    if row["verdict"] != "fail":
        return None
    short = words.needed(lang, row) or (
        t(lang, "health.short_of", gap=words.amount(lang, row["gap"], row["unit"])) if row["gap"] else ""
    )
    lines = [html.P([html.B(short), " ", t(lang, "health.mend", how=words.fixes(lang, row))])]
    if answer["idle"]:
        area = sum(space["area_m2"] for space in answer["idle"])
        names = t(lang, "health.and").join(space["title"] for space in answer["idle"][:MOST_IDLE])
        said = t(lang, "health.idle", n=count(len(answer["idle"])), area=measure(area), names=names)
        lines.append(html.P(said, className="caveat"))
    return html.Div(lines, className="health-mend")


def _lacking(lang: str, row: Row) -> html.Div | None:
    """What is missing, and who could give it."""
    if not row["missing"]:
        return None
    heads = html.Tr([html.Th(t(lang, "health.lack")), html.Th(t(lang, "health.giver"))])
    body = [
        html.Tr([html.Td(words.lack(lang, one, row["missing_rows"])), html.Td(words.who(lang, one, row))])
        for one in row["missing"]
    ]
    return html.Div(html.Table([html.Thead(heads), html.Tbody(body)]), className="health-missing")


def _evidence(view: View, answer: Row) -> html.Div:
    """The rows the verdict rests on, with their export as of the same instant."""
    lang, shown = view.lang, len(answer["rows"])
    key = "health.rows_part" if shown < answer["all"] else "health.rows_note"
    query = urlencode({"item": answer["row"]["item"], "rulebook": answer["rulebook"], "community": answer["community"],
                       "at": answer["at"].isoformat()})  # fmt: skip
    busy = {"data-busy": t(lang, "kpi.exporting"), "data-failed": t(lang, "kpi.export_failed", why="{why}")}
    exports = [
        html.Button(t(lang, name), className="button small",
                    **{"data-export": f"/api/v1/health-check/evidence?{query}", "data-form": form, **busy})
        for name, form in (("kpi.export_csv", CSV), ("kpi.export_xlsx", XLSX))
    ]  # fmt: skip
    note = html.Span(t(lang, key, n=count(shown), all=count(answer["all"])), className="note")
    title = html.Div([html.H2(t(lang, "health.rows")), note, *exports], className="head rows-head")
    if not shown:
        key = "none_of_kind" if "kinds" in answer["row"]["how"] else "rows_none"
        words_none = t(lang, f"health.{key}")
        return html.Div([title, html.P(words_none, className="caveat")], className="panel health-evidence")
    keys = ("source", "row", "amount", "known")
    heads = html.Tr([html.Th(t(lang, f"health.column.{k}"), className="right" if k == "amount" else "") for k in keys])
    table = html.Table([html.Thead(heads), html.Tbody([_line(lang, row) for row in answer["rows"]])])
    return html.Div([title, scrolling(lang, "health.rows", table)], className="panel health-evidence")


def _line(lang: str, row: Row) -> html.Tr:
    kind = some(lang, "facility_kind", row["kind"] or "")
    if row["source"] == "homes":
        kind = some(lang, "circles.group", row["kind"] or "")
    if row["source"] == "finding":
        kind = t(lang, f"health.finding.{row['kind']}")
    more = row["name"] and row["source"] != "kpi"
    name = [html.Span(row["name"] or kind), html.Span(kind, className="caveat") if more else None]
    amount: Any = html.Span([sign("blind"), t(lang, "health.not_registered")], className="blind")
    if not row["is_missing"]:
        amount = _amount(lang, row)
    known = stamp(lang, row["known_at"], year=True) if row["known_at"] else UNKNOWN
    return html.Tr(
        [html.Td(t(lang, f"health.of.{row['source']}")), html.Td(name), html.Td(amount, className="right"),
         html.Td(known, className="caveat")],
        className="lacking" if row["is_missing"] else "",
    )  # fmt: skip


def _amount(lang: str, row: Row) -> str:
    if row["amount"] is None:
        return t(lang, "health.too_far") if row["source"] == "reach" else UNKNOWN
    unit = some(lang, "health.unit", row["unit"]) if row["unit"] else ""
    return f"{measure(row['amount'])} {unit}".strip()

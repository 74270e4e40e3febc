"""The page of reports on screen: make one, what is being made, what is made, what comes by the clock. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from dash import html

from layouts.page import View
from layouts.parts import form
from layouts.parts.format import UNKNOWN, count, stamp
from layouts.parts.home_views import scrolling
from layouts.parts.panel import head, sign, unknown
from layouts.parts.text import LANGUAGES, t

Row = Mapping[str, Any]
PLACE = "/api/v1/reports"
PAPERS = (("report.pdf", "PDF"), ("report.html", "HTML"), ("annex.xlsx", "XLSX"), ("data.json", "JSON"),
          ("report.zip", "ZIP"))  # fmt: skip
EXAMPLE = '[[report]]\nname = "daily"\nkind = "daily"\ntime = "00:00"'
COLUMNS = ("report", "instant", "audience", "lang", "size", "digest", "papers")
STANDINGS = {"holds": "fresh", "stranger": "look", "differs": "look", "broken": "act"}
SIGNS = {"waiting": "away", "making": "stale", "failed": "act"}


def ordering(view: View, answer: Row) -> html.Div:
    """The form that has one made: of now, or of the instant looked at."""
    lang = view.lang
    if not answer["audiences"]:
        return html.Div([head(t(lang, "report.page.make")), unknown(t(lang, "report.page.barred"))], className="panel")
    if view.at is not None and answer["first"] is not None and view.at < answer["first"]:
        return _before(view, view.at, answer["first"])
    kinds = [(name, t(lang, f"report.kind.{name}")) for name in answer["kinds"]]
    order = [name for name in ("staff", "management", "public") if name in answer["audiences"]]
    audiences = [(name, t(lang, f"report.audience.{name}")) for name in order]
    languages = [(name, t(lang, f"report.page.lang_{name}")) for name in sorted(LANGUAGES, key=lambda n: n != lang)]
    fields = [
        form.choice(t(lang, "report.page.kind"), "kind", kinds),
        form.choice(t(lang, "report.page.audience"), "audience", audiences),
        form.choice(t(lang, "report.page.lang"), "lang", languages),
    ]
    at = t(lang, "report.page.of_now")
    fixed: dict[str, Any] = {"community": view.community}
    if view.at is not None:
        at = t(lang, "report.page.of_past", at=stamp(lang, view.at, year=True))
        fixed["at"] = view.at.isoformat()
    sending = form.form(
        replace(view, at=None), PLACE, [html.Div(fields, className="report-fields")],
        submit=t(lang, "report.page.submit"), done=t(lang, "report.page.ordered"), fixed=fixed,
    )  # fmt: skip
    return html.Div([head(t(lang, "report.page.make"), at), sending, _waiting(lang, answer)], className="panel")


def _before(view: View, at: datetime, first: datetime) -> html.Div:
    """There was nothing yet that a report of this instant could tell; the way to the first that can."""
    lang = view.lang
    why = t(lang, "report.refused.before", at=stamp(lang, at, year=True), first=stamp(lang, first, year=True))
    there = html.Button(t(lang, "strip.first"), className="button", **{"data-goto": first.isoformat()})
    return html.Div(
        [head(t(lang, "report.page.make")), unknown(why), html.Div([there], className="buttons")], className="panel"
    )


def _waiting(lang: str, answer: Row) -> html.Ul | None:
    if not answer["waiting"]:
        return None
    lines = []
    for job in answer["waiting"]:
        state = t(lang, f"report.page.{job['state']}")
        why = html.Span(_said(lang, job["error"]), className="note") if job["error"] else None
        lines.append(html.Li([sign(SIGNS[job["state"]]), html.B(_named(lang, job)), " ", state, why]))
    return html.Ul(lines, className="report-waiting", role="status")


def _named(lang: str, row: Row) -> str:
    kind = t(lang, f"report.kind.{row['kind']}")
    audience = t(lang, f"report.audience.{row['audience']}")
    return f"{kind} · {stamp(lang, row['at'])} · {audience}"


def shelf(view: View, answer: Row) -> html.Div:
    """The made reports, the newest with its map, each with its papers."""
    lang, made = view.lang, answer["made"]
    title = head(t(lang, "report.page.made"), t(lang, "report.page.made_note", n=count(answer.get("all", 0))))
    if not made:
        return html.Div([title, unknown(t(lang, "report.page.none"))], className="panel report-shelf")
    heads = html.Tr([html.Th(t(lang, f"report.page.column_{name}"), scope="col") for name in COLUMNS])
    rows = [row for one in made for row in (_line(lang, one), _checked_line(lang, one)) if row is not None]
    table = html.Table([html.Thead(heads), html.Tbody(rows)], className="kpi-table")
    parts = [title, _newest(lang, made[0]), scrolling(lang, "report.page.made", table)]
    return html.Div(parts, className="panel report-shelf")


def _newest(lang: str, one: Row) -> html.Div | None:
    if "map.svg" not in one["papers"]:
        return None
    words = t(lang, "report.page.newest", kind=t(lang, f"report.kind.{one['kind']}"), at=_instant(lang, one))
    picture = html.Img(src=_href(one, "map.svg"), alt=words)
    return html.Div(
        [html.A(picture, href=_href(one, "report.html"), target="_blank", title=t(lang, "report.page.preview")),
         html.P([html.B(words), html.Br(), *_ways(lang, one)])],
        className="report-newest",
    )  # fmt: skip


def _line(lang: str, one: Row) -> html.Tr:
    pdf = one["papers"].get("report.pdf", {}).get("sha256", "")
    cells = [
        html.B(t(lang, f"report.kind.{one['kind']}")),
        _instant(lang, one),
        t(lang, f"report.audience.{one['audience']}"),
        t(lang, f"report.page.lang_{one['language']}"),
        f"{one['bytes'] / 1e6:.1f} MB",
        html.Code(pdf[:12] or UNKNOWN, title=pdf),
        html.Div([*_ways(lang, one), *_check(lang, one)], className="report-ways"),
    ]
    return html.Tr([html.Td(cell) for cell in cells])


def _check(lang: str, one: Row) -> list[Any]:
    """The button that has it made again, and where it says that this is under way (assets/76_check.js)."""
    told = {
        "data-check": f"{PLACE}/{quote(one['name'], safe='')}/verification", "data-lang": lang,
        "aria-label": t(lang, "report.page.check_of", report=_named(lang, {**one, "at": _at(one)})),
    }  # fmt: skip
    button = html.Button(t(lang, "report.page.check"), className="link-button", **told)
    return [button, html.Span(className="form-answer", role="status")]


def _checked_line(lang: str, one: Row) -> html.Tr | None:
    if one["verdict"] is None:
        return None
    return html.Tr(html.Td(verdict(lang, one["verdict"]), colSpan=len(COLUMNS)), className="report-checked")


def verdict(lang: str, found: Row) -> html.Div:
    """What was found of a report: whether it holds and why in a sentence; the papers and the signer folded under it."""
    why = [html.Li(one[lang]) for one in (*found["because"], *found["notes"])]
    named = [(t(lang, f"report.page.verdict_{name}"), found[name]) for name in ("signature", "signer")]
    named += [(paper["name"], paper) for paper in found["papers"]]
    rows = [html.Div([html.Dt(name), html.Dd(one[lang])], className=one["code"]) for name, one in named]
    at = stamp(lang, datetime.fromisoformat(found["checked_at"]), seconds=True)
    return html.Div(
        [
            html.P([sign(STANDINGS[found["standing"]]), html.B(found["verdict"][lang])], role="status"),
            html.Ul(why) if why else None,
            html.Details([html.Summary(t(lang, "report.page.verdict_papers")), html.Dl(rows)]),
            html.P(t(lang, "report.page.checked_at", at=at), className="caveat"),
        ],
        className=f"report-verdict {found['standing']}",
    )


def elsewhere(lang: str) -> html.Div:
    """Where a report that reached somebody another way is chosen or dropped (assets/76_check.js)."""
    button = html.Button(t(lang, "report.page.choose"), className="button", **{"data-choose": "zip"})
    drop = html.Span(t(lang, "report.page.drop"), className="note")
    return html.Div(
        [
            head(t(lang, "report.page.elsewhere"), t(lang, "report.page.elsewhere_note")),
            html.P(t(lang, "report.page.elsewhere_say"), className="caveat"),
            html.Div([button, drop], className="buttons"),
            html.P(className="form-answer", role="status"),
        ],
        className="report-drop", **{"data-drop": f"{PLACE}/verifications", "data-lang": lang},
    )  # fmt: skip


def sent(lang: str, found: Row | None) -> html.Div | None:
    """What was found of the report that was sent; None before, and for what the server no longer knows."""
    if found is None:
        return None
    whose = _named(lang, {**found, "at": datetime.fromisoformat(found["at"])})
    return html.Div([html.P(whose, className="note"), verdict(lang, found)])


def _ways(lang: str, one: Row) -> list[Any]:
    kind = t(lang, f"report.kind.{one['kind']}")
    return [
        html.A(words, href=_href(one, paper), target="_blank", className="link-button",
               **{"aria-label": f"{words} · {kind} · {_instant(lang, one)}"})
        for paper, words in PAPERS if paper in one["papers"] or paper == "report.zip"
    ]  # fmt: skip


def _href(one: Row, paper: str) -> str:
    return f"{PLACE}/{quote(one['name'], safe='')}/papers/{paper}"


def _instant(lang: str, one: Row) -> str:
    return stamp(lang, _at(one), year=True)


def _at(one: Row) -> datetime:
    return datetime.fromisoformat(one["instant"])


def without_community(view: View) -> html.Div:
    """There is nothing yet that a report could be of."""
    title = head(t(view.lang, "report.page.make"))
    return html.Div([title, unknown(t(view.lang, "report.page.no_community"))], className="panel")


def schedule(view: View, answer: Row) -> html.Div:
    """What comes by the clock: when next, how the last one went and where it arrived."""
    lang = view.lang
    title = head(t(lang, "report.page.schedule"))
    if not answer["schedule"]:
        words = [html.P(t(lang, "report.page.schedule_none"), className="caveat"),
                 html.Pre(EXAMPLE, className="report-toml")]  # fmt: skip
        return html.Div([title, *words], className="panel")
    lines = []
    for run in answer["schedule"]:
        last = run["last"]
        due = stamp(lang, run["next"]) if run["next"] else UNKNOWN
        told = [html.B(t(lang, f"report.kind.{run['kind']}")),
                html.Span(t(lang, "report.page.due", at=due), className="note")]  # fmt: skip
        lines.append(html.Li([*told, *_last(lang, last)]))
    return html.Div([title, html.Ul(lines, className="report-schedule")], className="panel")


def _last(lang: str, last: Row | None) -> list[Any]:
    if last is None:
        return [html.P(t(lang, "report.page.never"), className="caveat")]
    if last["error"]:
        return [html.P([sign("act"), _said(lang, last["error"])], className="caveat")]
    made = t(lang, "report.page.last", at=stamp(lang, datetime.fromisoformat(last["due"])))
    found: list[Any] = [html.P(made, className="caveat")]
    for way, told in last["to"].items():
        state = "done" if told["done"] else "over" if told["over"] else "trying"
        words = t(lang, f"report.page.way_{state}", way=t(lang, f"report.page.to_{way}"), n=len(told["tries"]))
        detail = _said(lang, told["tries"][-1]["detail"]) if told["tries"] and not told["done"] else ""
        shape = "fresh" if told["done"] else "act" if told["over"] else "look" if detail else "stale"
        why = [html.Br(), html.Span(detail, className="note")] if detail else []
        found.append(html.P([sign(shape), " ", words, *why], className="caveat"))
    return found


def _said(lang: str, sentence: Any) -> str:
    """What went wrong in the reader's language; what an earlier version kept is in English."""
    return sentence if isinstance(sentence, str) else str(sentence[lang])

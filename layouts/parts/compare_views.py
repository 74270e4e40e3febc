"""Two sides beside each other: what stood then, what stands now, the difference, and what else changed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from dash import html

from layouts.page import ZONE, View
from layouts.parts.format import UNKNOWN, stamp
from layouts.parts.home_views import link, scrolling
from layouts.parts.kpi_words import difference, said, some_names, status, way
from layouts.parts.panel import head, icon, sign
from layouts.parts.text import named, t, titled

Row = Mapping[str, Any]
PRESETS = (("week_ago", 7), ("month_ago", 30), ("year_ago", 365))


def choices(view: View, _now: datetime, answer: Any) -> html.Div:
    """The other instant (by hand or a usual one), the other community, and the link to share."""
    lang = view.lang
    presets = [_preset(view, answer, name, days) for name, days in PRESETS]
    parts = [
        html.H1(t(lang, "compare.title")),
        html.Div(
            [html.Span(t(lang, "compare.with_label"), className="label"), _field(lang, answer)], className="choice"
        ),
        html.Div(presets, className="ranges", role="group", **{"aria-label": t(lang, "compare.presets")}),
        _places(lang, answer),
        html.Button(
            t(lang, "compare.share"),
            className="button small",
            **{
                "data-copy": t(lang, "compare.copied"),
                "data-at": _iso(answer["at"]),
                "data-with": _iso(answer["then"]),
            },
        ),
    ]
    if answer["then"] == answer["at"] and answer["other"] == answer["here"]:
        parts.append(html.P([sign("look"), t(lang, "compare.same_instant")], className="caveat"))
    return html.Div(parts, className="compare-choices")


def _iso(at: datetime) -> str:
    return at.astimezone(ZONE).isoformat(timespec="seconds")


def _field(lang: str, answer: Row) -> html.Div:
    """The place of the browser's own field for an instant (assets/52_scenes.js)."""
    known = {"data-instant": _iso(answer["then"]), "data-key": "with", "data-label": t(lang, "compare.with_label")}
    known["data-pick"] = t(lang, "time.pick")
    return html.Div(className="instant-place", **known)


def _places(lang: str, answer: Row) -> html.Div | None:
    """The communities to compare with; nothing where there is but one."""
    others = [row for row in answer["places"] if row["community_id"] != answer["here"]]
    if not others:
        return None
    names = {"": t(lang, "compare.place_same")} | {row["community_id"]: named(lang, row) for row in others}
    chosen = answer["other"] if answer["other"] != answer["here"] else ""
    options = [html.Option(name, value=key, selected=key == chosen) for key, name in names.items()]
    words = t(lang, "compare.place_label")
    box = html.Select(options, className="select", **{"data-address": "place", "aria-label": words})
    return html.Div([html.Span(words, className="label"), box], className="choice")


def _preset(view: View, answer: Row, name: str, days: int) -> html.A:
    there = answer["at"] - timedelta(days=days)
    place = answer["other"] if answer["other"] != answer["here"] else ""
    query = {"with": _iso(there), "place": place, "kpi": ",".join(answer["chosen"])}
    words = link(view, "/compare", t(view.lang, f"compare.{name}"), **query)
    words.className = "range"
    if abs(there - answer["then"]) < timedelta(minutes=2):
        setattr(words, "aria-current", "true")
    return words


# --- the scenes ---------------------------------------------------------------------------------------------------


def _sides(lang: str, answer: Row) -> list[html.Th]:
    """The heads of both sides: community and instant."""
    names = {row["community_id"]: named(lang, row) for row in answer["places"]}
    heads = []
    for at, place in ((answer["then"], answer["other"]), (answer["at"], answer["here"])):
        words = stamp(lang, at, year=True)
        if answer["other"] != answer["here"]:
            words = t(lang, "compare.left", place=names.get(place, place), at=words)
        heads.append(html.Th(words, scope="col", className="right"))
    return heads


def scenes(view: View, _now: datetime, answer: Any) -> html.Div:
    """Score and grade of each scene on both sides, with the difference."""
    lang = view.lang
    heads = [html.Th(t(lang, "compare.scene"), scope="col"), *_sides(lang, answer)]
    heads.append(html.Th(t(lang, "compare.difference"), scope="col", className="right"))
    body = [_scene(view, old, new) for old, new in answer["scenes"]]
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody(body)], className="home-table compare-scenes")
    title = head(t(lang, "nav.scenes"), t(lang, "compare.grade"))
    return html.Div([title, scrolling(lang, "compare.scene", table)], className="panel")


def _scene(view: View, old: Row, new: Row) -> html.Tr:
    lang = view.lang
    name = link(view, "/scene", [icon(f"scene-{new['key']}"), titled(lang, new["title"], new["key"])], scene=new["key"])
    cells = [html.Td(name, className="scene-of")]
    cells += [html.Td(_score(lang, one), className="right") for one in (old, new)]
    if old["attainment"] is None or new["attainment"] is None:
        words, amount = "", 0
        if (old["attainment"] is None) != (new["attainment"] is None):
            words = t(lang, "compare.status_changed", was=_word(lang, old), now=_word(lang, new))
    else:
        amount = round(new["attainment"]) - round(old["attainment"])
        words = f"+{amount}" if amount > 0 else f"−{-amount}" if amount else "±0"
    cells.append(html.Td(words, className=f"right {_direction(amount)}"))
    return html.Tr(cells, className="" if words not in ("", "±0") else "same")


def _score(lang: str, one: Row) -> list[Any]:
    if one["attainment"] is None:
        return [html.B(UNKNOWN, className="num blind"), html.Span(t(lang, "scenes.no_grade"), className="caveat")]
    tone = " low" if one["grade"] == "attention" else ""
    return [
        html.B(f"{round(one['attainment'])}", className=f"num{tone}"),
        html.Span(_word(lang, one), className="caveat"),
    ]


def _word(lang: str, one: Row) -> str:
    return titled(lang, one["grade_title"] or {}, "") or t(lang, "scenes.no_grade")


def _direction(amount: float) -> str:
    """Better and worse are told by sign and weight, not by green and red."""
    return "better" if amount > 0 else "worse" if amount < 0 else ""


# --- the KPIs -----------------------------------------------------------------------------------------------------


def kpis(view: View, _now: datetime, answer: Any) -> html.Div:
    """Every KPI, or those chosen, on both sides: difference, and what else changed between them."""
    lang, chosen = view.lang, answer["chosen"]
    heads = [html.Th(t(lang, "compare.kpis"), scope="col"), *_sides(lang, answer)]
    heads += [html.Th(t(lang, "compare.difference"), scope="col", className="right")]
    heads += [html.Th(t(lang, "compare.changed"), scope="col")]
    bodies = []
    for scene, title in answer["titles"].items():
        pairs = [
            (old, new) for old, new in answer["kpis"] if new["scene"] == scene and (not chosen or new["kpi"] in chosen)
        ]
        if not pairs:
            continue
        name = [icon(f"scene-{scene}"), titled(lang, title, scene)]
        group = html.Tr(html.Th(html.Div(name), colSpan=5, scope="rowgroup"), className="indicator")
        bodies.append(html.Tbody([group, *(_pair(view, answer, *pair) for pair in pairs)], **{"data-group": ""}))
    table = html.Table([html.Thead(html.Tr(heads)), *bodies], className="home-table compare-kpis")
    only = html.Button(
        t(lang, "compare.only_changed"), className="button small", **{"data-changed": "", "aria-pressed": "false"}
    )
    every = link(view, "/compare", t(lang, "compare.all_kpis"), **{"with": _iso(answer["then"])}) if chosen else None
    late = sum(1 for kpi in answer["better"] if not chosen or kpi in chosen)
    note = html.Span([sign("look"), t(lang, "compare.late_note")], className="caveat") if late else None
    title = html.Div([html.H2(t(lang, "compare.kpis")), note, every, only], className="head rows-head")
    return html.Div([title, scrolling(lang, "compare.kpis", table)], className="panel")


def _pair(view: View, answer: Row, old: Row, new: Row) -> html.Tr:
    lang, name = view.lang, titled(view.lang, new["title"], new["kpi"])
    period = html.Span(t(lang, f"kpi.period.{new['of_period']}"), className="caveat")
    cells = [html.Td([way(view, new, name), period])]
    cells += [html.Td(_value(lang, one), className="right") for one in (old, new)]
    amount, words = 0.0, ""
    if old["value"] is not None and new["value"] is not None:
        amount = new["value"] - old["value"]
        words = difference(lang, new, old["value"], new["value"])
    good = amount if new["direction"] == "up" or new["target"] is None else -amount
    cells.append(html.Td(words, className=f"right {_direction(good) if new['target'] is not None else ''}"))
    notes = list(_notes(lang, answer, old, new))
    cells.append(html.Td([html.Div(note) for note in notes], className="what-changed"))
    same = not notes and words in ("", "±0")
    return html.Tr(cells, className="same" if same else "", **{"data-words": f"{name} {new['kpi']}"})


def _value(lang: str, row: Row) -> list[Any]:
    tone = {"stale": " faded", "not_measurable": " blind"}.get(row["status"], "")
    return [html.B(said(lang, row, row["value"]), className=f"num{tone}")]


def _notes(lang: str, answer: Row, old: Row, new: Row) -> Iterator[Any]:
    """What is different beside the value: status, definition, and what came in late."""
    if old["status"] != new["status"]:
        yield [*status(lang, old), " → ", *status(lang, new)]
    if new["status"] == "not_measurable" and new["missing"]:
        yield t(lang, "kpi.why.missing", what=some_names(lang, new["missing"], answer["sources"]))
    if old["definition_version"] != new["definition_version"]:
        yield t(lang, "compare.version", was=old["definition_version"], now=new["definition_version"])
    if new["kpi"] in answer["better"]:
        was, now = answer["better"][new["kpi"]]
        yield [sign("look"), t(lang, "compare.late", was=said(lang, old, was), now=said(lang, old, now))]

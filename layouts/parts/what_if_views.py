"""What the what-if page draws: choices, edits, what they change, the best sites.

Everything here is thought of, and says so. Buttons carry ``data-what-if``; assets/55_what_if.js acts on them.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from dash import html

from layouts.page import View
from layouts.parts.circle_views import HOURS
from layouts.parts.circle_words import hours_words, kind_of, limit_of, limit_words
from layouts.parts.format import UNKNOWN, count, measure, share
from layouts.parts.panel import head, icon, sign, unknown
from layouts.parts.text import has, named, t

SPEEDS = ("adult", "elder", "child", "wheelchair")
GROUPS = ("homes", "people", "aged_60", "aged_80", "aged_0_3", "aged_3_6")
LIMITS = ("5min", "10min", "15min", "300m", "500m", "1000m")


def does(act: str, value: str = "", **more: str) -> dict[str, str]:
    """Attributes of a button of this page."""
    return {"data-what-if": act, "data-value": value, **more}


def _options(lang: str, key: str, rows: list[tuple[str, str]], now: str, label: str) -> html.Label:
    box = html.Select(
        [html.Option(words, value=value) for value, words in rows],
        className="select", **{"data-draft": key, "data-now": now, "aria-label": label},
    )  # fmt: skip
    return html.Label([html.Span(label), box], className="field")


def _write(lang: str, key: str, unit: str = "", *, number: bool = False) -> html.Label:
    """A field that assets/55_what_if.js puts an input into, so that what was written outlasts every redrawing."""
    label = t(lang, f"what_if.field.{key}")
    what = {"data-field": key, "data-label": label, "data-kind": "number" if number else "text"}
    if has(lang, f"what_if.example.{key}"):
        what["data-example"] = t(lang, f"what_if.example.{key}")
    wrong = html.Small(className="field-wrong", role="alert", **{"data-field-wrong": key})
    name = html.Span([label, html.Small(f" {unit}")] if unit else label)
    return html.Label([name, html.Div(className="input-place", **what), wrong], className="field")


def choices(view: View, _now: datetime, answer: Any) -> html.Div:
    """Kind, who walks, within what, who is counted; what a new facility is like; put it."""
    lang = view.lang
    if answer["kind"] is None:
        return html.Div([head(t(lang, "what_if.what")), unknown(t(lang, "what_if.no_kinds"))], className="panel")
    kinds = sorted(((kind, kind_of(lang, kind)) for kind in answer["kinds"]), key=lambda one: one[1])
    groups = [(one, t(lang, f"circles.group.{one}")) for one in GROUPS]
    hours = [("", t(lang, "circles.any_hour"))]
    hours += [(str(hour), t(lang, "circles.hour_at", n=f"{hour:02d}")) for hour in HOURS]
    return html.Div(
        [
            head(t(lang, "what_if.what")),
            _options(lang, "kind", kinds, answer["kind"], t(lang, "circles.kind")),
            _options(lang, "speed", [(s, t(lang, f"circles.speeds.{s}")) for s in SPEEDS], answer["speed"],
                     t(lang, "circles.speed")),
            _options(lang, "limit", [(one, limit_words(lang, one)) for one in LIMITS], answer["limit"],
                     t(lang, "circles.limit")),
            _options(lang, "hour", hours, answer["hour"] or "", t(lang, "circles.hour")),
            _options(lang, "group", groups, answer["group"], t(lang, "what_if.group")),
            _new(view, answer),
            unknown(t(lang, f"circles.{answer['lacks']}")) if answer["lacks"] else None,
        ],
        className="panel what-if-choices",
    )  # fmt: skip


def _new(view: View, answer: Any) -> html.Form:
    """What the facility would be like that is put next; everything may stay open, and is unknown then."""
    lang = view.lang
    kind = kind_of(lang, answer["kind"])
    return html.Form(
        [
            html.H3(t(lang, "what_if.new", kind=kind)),
            _write(lang, "name"),
            _write(lang, "area_m2", "m²", number=True),
            _write(lang, "capacity", number=True),
            _write(lang, "yuan_per_m2", t(lang, "what_if.yuan_unit"), number=True),
            _write(lang, "opening_hours"),
            _write(lang, "spot"),
            html.Div(
                [
                    html.Button([icon("plus"), html.Span(t(lang, "what_if.put"), **{"data-what-if-put": ""})],
                                type="submit", className="button primary", **{"aria-pressed": "false"}),
                    html.Button(t(lang, "what_if.amend_no"), type="button", className="button", hidden=True,
                                **does("amend_no")),
                ],
                className="what-if-put",
            ),
            html.P(t(lang, "what_if.put_how"), className="caveat", role="status", **{"data-what-if-hint": ""}),
        ],
        className="what-if-new", **{"data-what-if-form": "", "aria-label": t(lang, "what_if.new", kind=kind)},
    )  # fmt: skip


def places(view: View, _now: datetime, answer: Any) -> html.Div | None:
    """Facilities of the kind that are there, each to close or move; candidate sites, each to use."""
    if answer["kind"] is None:
        return None
    lang = view.lang
    there = [html.Li(_facility(lang, row)) for row in answer["facilities"]]
    sites = [html.Li(_site(lang, row)) for row in answer["sites"]]
    none_there = unknown(t(lang, "what_if.none_there", kind=kind_of(lang, answer["kind"])))
    return html.Div(
        [
            head(t(lang, "what_if.there", kind=kind_of(lang, answer["kind"])), count(len(there))),
            html.Ul(there, className="what-if-list") if there else none_there,
            html.H3(t(lang, "what_if.sites", n=len(sites))),
            html.Ul(sites, className="what-if-list") if sites else unknown(t(lang, "what_if.no_sites")),
        ],
        className="panel what-if-places",
    )


def _facility(lang: str, row: Any) -> list[Any]:
    name = named(lang, row, row["facility_id"])
    facts = " · ".join(
        [
            t(lang, "what_if.m2", n=measure(row["area_m2"], 0)) if row["area_m2"] is not None else UNKNOWN + " m²",
            t(lang, "what_if.places", n=count(row["capacity"])),
            hours_words(lang, row["opening_hours"]) or t(lang, "what_if.no_hours"),
        ]
    )
    if row["op"]:
        return [html.B(name), html.Small(t(lang, f"what_if.done.{row['op']}"), className="on"), None]
    acts = [
        html.Button(t(lang, f"what_if.{act}"), className="link", **does(act, row["facility_id"], **{"data-name": name}))
        for act in ("move", "close", "enlarge")
    ]
    return [html.B(name), html.Small(facts), html.Span(acts, className="acts")]


def _site(lang: str, row: Any) -> list[Any]:
    facts = [t(lang, f"what_if.kind.{row['kind']}")]
    if row["area_m2"] is not None:
        facts.append(t(lang, "what_if.m2", n=measure(row["area_m2"], 0)))
    cost = row["yuan_per_m2"]
    facts.append(t(lang, "what_if.yuan", n=count(cost)) if cost is not None else t(lang, "what_if.no_cost"))
    names = ("site_no", "title", "lon", "lat", "area_m2", "yuan_per_m2")
    use = html.Button(
        t(lang, "what_if.use"), className="link",
        **does("use", json.dumps({name: row[name] for name in names}, ensure_ascii=False)),
    )  # fmt: skip
    acts = html.Small(t(lang, "what_if.used"), className="on") if row["used"] else html.Span(use, className="acts")
    return [html.B(row["title"], title=row["document"]), html.Small(" · ".join(facts)), acts]


def result(view: View, _now: datetime, answer: Any) -> html.Div:
    """The edits, and of each kind what changes by group; the map's half rides along unseen."""
    lang = view.lang
    carried = html.Div(
        hidden=True,
        **{"data-what-if-map": json.dumps(answer["map"], ensure_ascii=False), "data-limit": answer["limit"]},
    )
    edits = [html.Li(_edit(lang, n, row)) for n, row in enumerate(answer["edits"])]
    if not edits:
        body: list[Any] = [html.P(t(lang, "what_if.empty"), className="caveat")]
    else:
        clear = html.Button(t(lang, "what_if.clear"), className="link", **does("clear"))
        body = [
            html.Ul(edits, className="what-if-list edits"),
            html.Div(clear, className="what-if-foot"),
            *(_outcome(view, one, answer) for one in answer["outcomes"]),
        ]
    wrong = html.P(t(lang, "what_if.wrong", why=answer["wrong"]), className="caveat look") if answer["wrong"] else None
    note = t(lang, "what_if.thought")
    return html.Div([carried, head(t(lang, "what_if.result"), note), wrong, *body], className="panel what-if-result")


def _edit(lang: str, number: int, row: Any) -> list[Any]:
    what = kind_of(lang, row["facility_kind"]) if row["facility_kind"] else UNKNOWN
    name = named(lang, row, "") if row.get("name") else ""
    facts = []
    if row.get("area_m2") is not None:
        facts.append(t(lang, "what_if.m2", n=measure(row["area_m2"], 0)))
    if row["op"] == "enlarge":
        facts.append(t(lang, "what_if.from_to", a=count(row.get("capacity_before")), b=count(row.get("capacity"))))
    elif row.get("capacity") is not None:
        facts.append(t(lang, "what_if.places", n=count(row["capacity"])))
    if row.get("yuan_per_m2") is not None:
        facts.append(t(lang, "what_if.yuan", n=count(row["yuan_per_m2"])))
    if row["op"] == "put" or row.get("opening_hours"):
        facts.append(hours_words(lang, row.get("opening_hours")) or t(lang, "what_if.no_hours"))
    words = [html.Span(t(lang, f"what_if.op.{row['op']}"), className=f"op op-{row['op']}"), " ", what]
    amend = html.Button(t(lang, "what_if.amend"), className="link", **does("amend", str(number)))
    away = html.Button(
        icon("close"), className="button square", title=t(lang, "what_if.undo"),
        **does("undo", str(number)), **{"aria-label": t(lang, "what_if.undo")},
    )  # fmt: skip
    return [html.B([*words, f" · {name}" if name else ""]), html.Small(" · ".join(facts)),
            html.Span([amend if row["op"] == "put" else None, away], className="acts")]  # fmt: skip


def _outcome(view: View, one: Any, answer: Any) -> html.Section:
    lang = view.lang
    amount, unit = limit_of(answer["limit"])
    rows = {row["group"]: row for at_unit, at, row in one["rows"] if (at_unit, at) == (unit, float(amount))}
    first = rows.get(one["group"]) or next(iter(rows.values()))
    gain = first["after"] - first["before"]
    words = t(
        lang,
        "what_if.newly",
        group=t(lang, f"circles.group.{first['group']}"),
        limit=limit_words(lang, answer["limit"]),
    )
    figure = html.Div(
        [
            html.Span(signed(gain), className=f"num {tone(gain)}"),
            html.Span(t(lang, f"circles.group_unit.{first['group']}"), className="unit"),
            html.Small(words),
        ],
        className="what-if-figure",
    )
    table = html.Table(
        [
            html.Thead(html.Tr([html.Th(t(lang, f"what_if.th.{key}"), className="right" if n else "")
                                for n, key in enumerate(("group", "before", "after", "change"))])),
            html.Tbody([_row(lang, group, rows[group]) for group in GROUPS if group in rows]),
        ]
    )  # fmt: skip
    moved = one["counts"]
    homes = " · ".join(t(lang, f"what_if.moved.{word}", n=moved[word]) for word in moved if moved[word])
    unit = t(lang, f"circles.group_unit.{one['group']}")
    effects = [html.Li(_effect(lang, one_effect, unit)) for one_effect in one["effects"]]
    return html.Section(
        [
            html.H3(f"{kind_of(lang, one['kind'])} · "
                    + t(lang, "what_if.facilities", a=one["facilities"][0], b=one["facilities"][1])),
            figure,
            html.Div(table, className="table-box"),
            html.P(homes or t(lang, "what_if.moved.none"), className="caveat"),
            _served(lang, one["served"], answer["limit"]),
            _hours(lang, one, first),
            html.Ul(effects, className="what-if-list effects") if effects else None,
        ]
    )  # fmt: skip


def _row(lang: str, group: str, row: Any) -> html.Tr:
    total, change = row["total"], row["after"] - row["before"]
    if not total:
        return html.Tr([html.Td(t(lang, f"circles.group.{group}")), *[html.Td(UNKNOWN, className="right blind")] * 3])
    cells = [
        html.Td([share(row[name] / total, 0), html.Small(count(row[name]))], className="right")
        for name in ("before", "after")
    ]
    both = None
    if row["gained"] and row["lost"]:
        both = html.Small(f"+{count(row['gained'])} −{count(row['lost'])}")
    title = t(lang, "what_if.uncounted", n=row["uncounted"]) if row["uncounted"] else None
    changed = html.Td([html.B(signed(change)), both], className=f"right {tone(change)}")
    return html.Tr([html.Td(t(lang, f"circles.group.{group}"), title=title), *cells, changed])


def _served(lang: str, pair: Any, limit: str) -> html.P | None:
    """Places against people who need one, on foot, within the limit."""
    before, after = pair
    if before is None or not after["demand"]:
        return None
    words = t(lang, "what_if.served", a=count(before["served"]), b=count(after["served"]),
              demand=count(after["demand"]), places=count(after["places"]), limit=limit_words(lang, limit))  # fmt: skip
    missing = t(lang, "what_if.no_capacity", n=after["unknown"]) if after["unknown"] else None
    return html.P([words, html.Small(missing, className="lost") if missing else None], className="what-if-served")


def _hours(lang: str, one: Any, row: Any) -> html.P | None:
    """Who would be within the limit besides, were those open at the hour of which nobody knows."""
    if not any(one["hours_unknown"]):
        return None
    words = t(lang, "what_if.hours_unknown", n=count(max(one["hours_unknown"])), a=count(row["perhaps_before"]),
              b=count(row["perhaps_after"]), group=t(lang, f"circles.group.{row['group']}"),
              unit=t(lang, f"circles.group_unit.{row['group']}"))  # fmt: skip
    return html.P([sign("blind"), words], className="what-if-served blind")


def _effect(lang: str, row: Any, unit: str) -> list[Any]:
    if row["snap_m"] is None:
        return [html.B(t(lang, "what_if.edit_no", n=row["edit"] + 1)), unknown(t(lang, "what_if.off_path"))]
    words = [t(lang, "what_if.adds", n=count(row["people"]), unit=unit)]
    words.append(t(lang, "what_if.per_m2", n=measure(row["per_m2"], 2), unit=unit) if row["per_m2"] is not None
                 else t(lang, "what_if.no_area"))  # fmt: skip
    words.append(t(lang, "what_if.per_10k", n=measure(row["per_10k"], 1), unit=unit) if row["per_10k"] is not None
                 else t(lang, "what_if.no_yuan"))  # fmt: skip
    snap = t(lang, "what_if.snap", n=measure(row["snap_m"], 0))
    return [html.B(t(lang, "what_if.edit_no", n=row["edit"] + 1)), html.Small(" · ".join([*words, snap]))]


def signed(value: float) -> str:
    return f"+{count(value)}" if value > 0 else f"−{count(-value)}" if value < 0 else "±0"


def tone(value: float) -> str:
    return "more" if value > 0 else "less" if value < 0 else ""


# ------------------------------------------------------------------ the best sites


def best(view: View, _now: datetime, answer: Any) -> html.Div:
    """k, method, which candidates; the greedy answer first, then the exact one with its gap."""
    lang = view.lang
    ask = html.Div(
        [
            _select("k", [(str(n), t(lang, "what_if.k", n=n)) for n in (1, 2, 3, 5, 10)], t(lang, "what_if.how_many")),
            _select("method", [(m, t(lang, f"what_if.method.{m}")) for m in ("coverage", "p_median")],
                    t(lang, "what_if.how")),
            _select("where", [(w, t(lang, f"what_if.where.{w}")) for w in ("candidates", "buildings", "both")],
                    t(lang, "what_if.where_from")),
            html.Button(t(lang, "what_if.solve"), className="button", **does("best")),
        ],
        className="what-if-ask",
    )  # fmt: skip
    parts: list[Any] = [head(t(lang, "what_if.best"), t(lang, "what_if.best_note")), ask]
    if answer is not None and "busy" in answer:
        parts.append(html.P(answer["busy"][lang], className="caveat look"))
    elif answer is not None:
        parts.append(_found(lang, answer))
    stage = {"data-best-stage": "none" if answer is None else "exact" if answer["exact"] else "greedy"}
    return html.Div(parts, className="panel what-if-best", **stage)


def _select(key: str, rows: list[tuple[str, str]], label: str) -> html.Select:
    options = [html.Option(words, value=value) for value, words in rows]
    return html.Select(options, className="select", **{"data-best": key, "aria-label": label})


def _found(lang: str, answer: Any) -> html.Div:
    if not answer["candidates"]:
        return unknown(t(lang, "what_if.no_sites"))
    group = t(lang, f"circles.group.{answer['group']}")
    unit = t(lang, f"circles.group_unit.{answer['group']}")
    if answer["gap"] is None:
        state = html.Span(t(lang, "what_if.greedy"), className="proof waiting")
    elif answer["gap"] == 0:
        state = html.Span(t(lang, "what_if.proven"), className="proof proven")
    else:
        state = html.Span(t(lang, "what_if.gap", n=f"{answer['gap'] * 100:.3f}"), className="proof open")
    more = answer["value"] / answer["greedy_value"] - 1 if answer["greedy_value"] else 0
    better = t(lang, "what_if.better", n=f"{more * 100:.1f}") if answer["gap"] is not None and more > 5e-4 else None
    covered = t(lang, "what_if.best_covered", n=count(answer["people"]), unit=unit, group=group,
                a=share(answer["covered_before"] / answer["total"], 0) if answer["total"] else UNKNOWN,
                b=share((answer["covered_before"] + answer["people"]) / answer["total"], 0)
                if answer["total"] else UNKNOWN)  # fmt: skip
    walk = t(lang, "what_if.best_mean", a=count(answer["mean_before_m"]), b=count(answer["mean_m"]),
             limit=count(answer["limit_m"]))  # fmt: skip
    rows = [html.Li(_best_site(lang, n, row, unit)) for n, row in enumerate(answer["sites"], 1)]
    take = html.Button(
        t(lang, "what_if.take_all"), className="button",
        **does("take", json.dumps([{k: row[k] for k in ("site_no", "title", "lon", "lat", "area_m2", "yuan_per_m2")}
                                   for row in answer["sites"]], ensure_ascii=False)),
    )  # fmt: skip
    off = t(lang, "what_if.off_n", n=answer["off_path"]) if answer["off_path"] else None
    among = t(lang, "what_if.among", n=answer["candidates"])
    return html.Div(
        [
            html.Div([state, html.Small(" · ".join(x for x in (among, off, better) if x))], className="proof-line"),
            html.P([html.B(covered), html.Br(), walk]),
            *_places_of(lang, answer),
            html.Ul(rows, className="what-if-list numbered"),
            take if rows else None,
        ]
    )


def _places_of(lang: str, answer: Any) -> list[Any]:
    """Who would have a place at the best sites; without places said of them, that their choice knows none."""
    if answer["served"] is None or not answer["served"][1]:
        return []
    if answer["capacity"] is None:
        return [html.P([sign("blind"), t(lang, "what_if.best_no_places")], className="what-if-served blind")]
    each = html.P(t(lang, "what_if.best_places", n=count(answer["capacity"])), className="what-if-served")
    return [each, _served(lang, answer["served"], answer["limit"])]


def _best_site(lang: str, number: int, row: Any, unit: str) -> list[Any]:
    words = [t(lang, "what_if.adds", n=count(row["people"]), unit=unit)]
    if row["per_m2"] is not None:
        words.append(t(lang, "what_if.per_m2", n=measure(row["per_m2"], 2), unit=unit))
    words.append(t(lang, "what_if.per_10k", n=measure(row["per_10k"], 1), unit=unit) if row["per_10k"] is not None
                 else t(lang, "what_if.no_yuan"))  # fmt: skip
    return [html.B(f"{number}. {row['title']}"), html.Small(" · ".join(words))]

"""The rows behind every number of the City page and of a community's profile: a table over the page, with its exports.

A number carries a key, ``figure[:choice[:minutes]][@division][=community]``, that a press puts into the page's store
``open``. Rows come from ``twin_model.city_rows``; the scenes have a drawer of their own, a class of the map is told
from what paints it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from dash import html

from layouts.page import View
from layouts.parts import city_scenes
from layouts.parts.city_answers import here, painted
from layouts.parts.format import UNKNOWN, count, measure, share
from layouts.parts.home_views import link
from layouts.parts.kpi_rows import CSV, XLSX
from layouts.parts.panel import sets, sign
from layouts.parts.rows_drawer import rows_drawer
from layouts.parts.text import named, some, t
from twin_model.city import BOOK
from twin_model.city_rows import BANDS, OF, OPEN, STATUS, NoSuchRows, rows_behind
from twin_model.scene_book import SCENES
from twin_model.twin import Twin

MOST = 200
CLASS, NONE = "class", "none"
Answer = dict[str, Any]
Row = Mapping[str, Any]


def behind(
    twin: Twin, at: datetime, community: str, *, part: str | None, key: str | None, figure: str | None,
    kind: str | None, minutes: str | None, scene: str | None,
) -> Answer | None:  # fmt: skip
    """The rows a key names within the part that is looked at; None for none."""
    of = (key or "").partition(":")[0]
    if of in SCENES:
        return city_scenes.behind(twin, at, community, part=part, key=key)
    if of == CLASS:
        paint = painted(twin, at, community, figure=figure, kind=kind, minutes=minutes, scene=scene, part=part)
        return _of_class(twin, at, str(key), part, paint)
    return _of_key(twin, at, key, part, None)


def of_one(twin: Twin, at: datetime, community: str, *, key: str | None) -> Answer | None:
    """As ``behind``, within one community."""
    return _of_key(twin, at, key, None, community)


def _of_key(twin: Twin, at: datetime, key: str | None, part: str | None, community: str | None) -> Answer | None:
    said, _, named_here = (key or "").partition("=")
    community = named_here or community
    said, _, division = said.partition("@")
    of, choice, minutes = [*said.split(":"), "", ""][:3]
    if of not in OF or community == "":
        return None
    chosen = {"status" if of == "projects" else "kind": choice or None, "minutes": minutes or None}
    inside = None if community else division or part or None
    try:
        rows = rows_behind(twin, at, of, inside, community, **chosen)
        choices = _choices(twin, at, of, inside, community)
    except NoSuchRows:  # an address of yesterday, or made up
        return None
    book = twin.health.book(BOOK, at)
    return {
        "kind": of, "of": of, "choice": choice, "minutes": minutes, "division": inside, "community": community,
        "least_items": book.least_items, "least_share": book.least_share,
        "rows": rows[:MOST], "total": len(rows), "choices": choices, "at": at,
        "asked": {name: value for name, value in chosen.items() if value},
    }  # fmt: skip


def _choices(twin: Twin, at: datetime, of: str, division: str | None, community: str | None) -> Mapping[str, int]:
    """What else of the same figure may be looked at, with how many rows."""
    if of == "facilities":
        inside = {row["community_id"] for row in here(twin, at, division)[0]} if community is None else {community}
        found = Counter[str]()
        for row in twin.city.kinds(at).to_pylist():
            if row["community_id"] in inside:
                found[row["facility_kind"]] += row["facilities"]
        return dict(found.most_common())
    if of == "projects":
        counted = Counter(row["status"] for row in rows_behind(twin, at, of, division, community))
        return {"open": sum(counted[name] for name in OPEN), **{name: counted[name] for name in STATUS}}
    return {}


def _of_class(twin: Twin, at: datetime, key: str, part: str | None, paint: Answer) -> Answer:
    wanted = key.partition(":")[2]
    rows = [
        {**row, "value": paint["values"].get(row["community_id"])} for row in here(twin, at, part)[0]
        if f"{NONE if (one := paint['classes'].get(row['community_id'])) is None else one}" == wanted
    ]  # fmt: skip
    rows.sort(key=lambda row: (row["value"] is None, row["value"] or 0.0, row["community_id"]))
    return {
        "kind": CLASS, "of": CLASS, "rows": rows[:MOST], "total": len(rows), "figure": paint["figure"],
        "is_none": wanted == NONE, "choices": {}, "facility": paint["kind"], "limit": f"{paint['minutes']:g}",
    }  # fmt: skip


# --- drawn ----------------------------------------------------------------------------------------------------------


def drawer(view: View, now: datetime, answer: Any) -> html.Div | None:
    """The rows of a number of the City page; nothing while none was pressed."""
    if answer is None:
        return None
    if answer["kind"] == "scenes":
        return city_scenes.drawer(view, now, answer)
    return _drawer(view, answer, city_scenes.OPEN)


def drawer_of_one(view: View, _now: datetime, answer: Any) -> html.Div | None:
    """The rows of a number of a profile."""
    return None if answer is None else _drawer(view, answer, "profile--open")


def _drawer(view: View, answer: Row, store: str) -> html.Div:
    lang, is_one = view.lang, bool(answer.get("community"))
    columns, cells = TABLES[answer["of"]]
    left_out = {"community", "subdistrict"} if is_one else set()
    if is_one and answer["of"] in ("people", "elders"):
        columns, left_out = ("building", *columns), {"community", "subdistrict"}
    kept = [name for name in columns if name not in left_out]
    body = []
    for row in answer["rows"]:
        told = cells(view, row, answer)
        body.append([told[name] for name in kept])
    title = _title(lang, answer)
    key = f"rollup.rows_note.{answer['of']}"
    note = t(lang, key) if answer["of"] in NOTED else None
    more = [_chips(lang, answer, store), _exports(view, answer)]
    return rows_drawer(lang, "rollup", answer, kept, body, key=store, note=note, title=title,
                       more=[one for one in more if one is not None] or None)  # fmt: skip


def _title(lang: str, answer: Row) -> str:
    is_class = answer["of"] == CLASS
    if answer["of"] == "reach" or (is_class and answer["figure"] == "reach"):
        kind = answer["facility"] if is_class else answer["choice"]
        minutes = answer["limit"] if is_class else answer["minutes"]
        words = t(lang, "rollup.reach_of", kind=some(lang, "facility_kind", kind), n=minutes)
    else:
        words = t(lang, f"rollup.figure.{answer['figure']}" if is_class else f"rollup.rows.{answer['of']}")
    return f"{words} · {t(lang, 'rollup.not_measurable')}" if is_class and answer["is_none"] else words


def _chips(lang: str, answer: Row, store: str) -> html.Div | None:
    if not answer["choices"]:
        return None
    of, scope = answer["of"], f"@{answer['division']}" if answer["division"] else ""
    scope = f"={answer['community']}" if answer["community"] else scope
    topic = "facility_kind" if of == "facilities" else "gap.status"
    several = {name: n for name, n in answer["choices"].items() if name != "open"}
    chips = [("", t(lang, "rollup.every"), sum(several.values()))]
    for name, n in answer["choices"].items():
        words = t(lang, "rollup.projects_open") if name == "open" else some(lang, topic, name)
        chips.append((name, words, n))
    buttons = []
    for name, words, n in chips:
        is_on = answer["choice"] == name
        key = f"{of}:{name}{scope}" if name else f"{of}{scope}"
        buttons.append(
            html.Button([words, " ", html.B(count(n))], className=f"city-chip{' on' if is_on else ''}",
                        **sets(store, key), **{"aria-pressed": str(is_on).lower()})
        )  # fmt: skip
    return html.Div(buttons, className="city-chips minor rows-choices", role="group")


def _exports(view: View, answer: Row) -> html.Div | None:
    """The same rows as files, as of the same instant (assets/52_scenes.js)."""
    if answer["of"] == CLASS:
        return None
    lang = view.lang
    scope = {"division": answer["division"], "community": answer["community"]}
    query = {"of": answer["of"], **answer["asked"], **{name: value for name, value in scope.items() if value},
             "at": answer["at"].isoformat()}  # fmt: skip
    path = f"/api/v1/city/rows?{urlencode(query)}"
    busy = {"data-busy": t(lang, "kpi.exporting"), "data-failed": t(lang, "kpi.export_failed", why="{why}")}
    buttons = [
        html.Button(t(lang, key), className="button small", **{"data-export": path, "data-form": form, **busy})
        for key, form in (("kpi.export_csv", CSV), ("kpi.export_xlsx", XLSX))
    ]
    return html.Div(buttons, className="rows-exports")


def _where(view: View, row: Row) -> Answer:
    lang = view.lang
    street = {"name": row.get("subdistrict"), "name_en": row.get("subdistrict_en")}
    name = {"name": row["name"], "name_en": row["name_en"]}
    return {
        "community": link(view, "/profile", named(lang, name), community=row["community_id"]),
        "subdistrict": named(lang, street, UNKNOWN),
    }  # fmt: skip


def _of_community(view: View, row: Row, _answer: Row) -> Answer:
    return {**_where(view, row), **{name: count(row[name]) for name in ("homes", "buildings", "facilities")}}


def _of_people(view: View, row: Row, answer: Row) -> Answer:
    lang = view.lang
    place = {} if answer["community"] else _where(view, row)
    if answer["community"]:
        name = {"name": row["name"], "name_en": row["name_en"]}
        place = {"building": named(lang, name, row["building_id"] or t(lang, "rollup.no_building"))}
    bands = {name: count(row[name]) for name in BANDS}
    return {**place, "people": html.B(count(row["people"])), **bands, "alone": count(row["elder_alone"]),
            "registered": f"{count(row['homes_counted'])} / {count(row['homes'])}"}  # fmt: skip


def _of_facility(view: View, row: Row, _answer: Row) -> Answer:
    lang = view.lang
    name = {"name": row["community"], "name_en": row["community_en"]}
    area = UNKNOWN if row["area_m2"] is None else f"{measure(row['area_m2'])} m²"
    return {
        "facility": named(lang, row), "kind": some(lang, "facility_kind", row["facility_kind"]), "area": area,
        "capacity": count(row["capacity"]),
        "community": link(view, "/profile", named(lang, name), community=row["community_id"]),
    }  # fmt: skip


def _of_standing(view: View, row: Row, answer: Row) -> Answer:
    lang = view.lang
    index = UNKNOWN if row["index"] is None else f"{row['index']:.1f}"
    mark = sign("look") if row["bottom"] else sign("blind") if row["index"] is None else None
    least = {"least": answer["least_items"], "share": f"{answer['least_share'] * 100:g}"}
    why = t(lang, f"health.refused.{row['refused']}", **least) if row["refused"] else ""
    return {
        **_where(view, row), "rank": UNKNOWN if row["rank"] is None else f"{count(row['rank'])} / {count(row['of'])}",
        "index": link(view, "/health-check", [mark, index], community=row["community_id"]),
        "failed": count(row["failed"]), "passed": count(row["passed"]),
        "judged": f"{count(row['counted'])} / {count(row['verified'])}", "why": why or UNKNOWN,
    }  # fmt: skip


def _of_project(view: View, row: Row, _answer: Row) -> Answer:
    lang = view.lang
    kind = some(lang, "facility_kind", row["facility_kind"])
    day = row["finished_on"] or row["due_on"] or row["listed_on"]
    return {
        "community": _where(view, row)["community"],
        "status": [html.I(className=f"gap-sign {row['status']}"), " ", some(lang, "gap.status", row["status"])],
        "project": [html.B(row["title"] if lang == "zh" else kind), " ", html.Small(row["project_no"])],
        "fix": some(lang, "gap.fix", row["fix"]), "date": day.isoformat() if day else UNKNOWN,
        "cost": UNKNOWN if row["cost_wan"] is None else t(lang, "profile.wan", n=measure(row["cost_wan"])),
        "fund": some(lang, "gap.fund", row["fund"]) if row["fund"] else UNKNOWN,
    }  # fmt: skip


def _of_reach(view: View, row: Row, answer: Row) -> Answer:
    way_there = link(view, "/circles", html.B(share(row["share"])), community=row["community_id"],
                     kind=answer["choice"], limit=f"{answer['minutes']}min")  # fmt: skip
    counts = {name: count(row[name]) for name in ("reached", "total", "unknown")}
    return {**_where(view, row), "share": way_there, **counts}


def _of_value(view: View, row: Row, answer: Row) -> Answer:
    value, figure = row["value"], answer["figure"]
    if value is None:
        told = UNKNOWN
    elif figure in ("reach", "elders"):
        told = share(value)
    else:
        told = f"{value:.1f}" if figure in ("index", "scenes") else count(value)
    return {**_where(view, row), "value": html.B(told)}


_PEOPLE = ("community", "subdistrict", "people", *BANDS, "alone", "registered")
_STANDS = ("community", "subdistrict", "rank", "index", "failed", "passed", "judged", "why")
TABLES: Mapping[str, tuple[tuple[str, ...], Callable[[View, Row, Row], Answer]]] = {
    "communities": (("community", "subdistrict", "homes", "buildings", "facilities"), _of_community),
    "people": (_PEOPLE, _of_people), "elders": (_PEOPLE, _of_people),
    "facilities": (("facility", "kind", "community", "area", "capacity"), _of_facility),
    "index": (_STANDS, _of_standing), "bottom": (_STANDS, _of_standing), "ungraded": (_STANDS, _of_standing),
    "projects": (("status", "project", "community", "fix", "date", "cost", "fund"), _of_project),
    "reach": (("community", "subdistrict", "share", "reached", "total", "unknown"), _of_reach),
    CLASS: (("community", "subdistrict", "value"), _of_value),
}  # fmt: skip
NOTED = ("people", "elders", "index", "bottom", "ungraded", "reach")
"""Figures of which more must be said than the rows do."""

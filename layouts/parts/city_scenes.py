"""The nine scenes of a city: nine tiles below the map, and behind each the communities with their grade.

Asked after the map is drawn: the KPIs of a city take a second or two, once an hour and after each import.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from dash import html

from layouts.page import View
from layouts.parts.city_answers import here
from layouts.parts.format import UNKNOWN, count, stamp
from layouts.parts.home_views import link
from layouts.parts.kpi_answers import source_titles
from layouts.parts.kpi_words import source
from layouts.parts.panel import head, icon, sets, sign, stacked
from layouts.parts.rows_drawer import rows_drawer
from layouts.parts.text import named, t, titled
from twin_model.city_scenes import scenes_summed
from twin_model.scene_book import SCENES
from twin_model.twin import Twin

OPEN = "city--open"
MOST = 200
MOST_MISSING = 4
UNGRADED = "none"
Answer = dict[str, Any]
Row = Mapping[str, Any]


def nine(twin: Twin, at: datetime, community: str, *, part: str | None, drawn: str | None) -> Answer | None:
    """The nine over the communities of a division; None until the map is ``drawn``."""
    if not drawn:
        return None
    inside = [row["community_id"] for row in here(twin, at, part)[0]]
    book = twin.catalogue.scene_book
    return {
        "as_of": twin.city.scenes_as_of(at), "communities": len(inside), "least": book.least_share,
        "scenes": [
            {name: one[name] for name in ("scene", "graded", "attainment", "grades", "communities")}
            | {"title": book.scenes[one["scene"]].title, "low": book.grade(one["attainment"]) == book.grades[-1].key}
            for one in twin.city.scene_sums(at, inside)
        ],
        "grades": {grade.key: grade.title for grade in book.grades},
    }  # fmt: skip


def behind(twin: Twin, at: datetime, community: str, *, part: str | None, key: str | None) -> Answer | None:
    """The communities of one scene, of one grade or of none; the least first, those without a grade last."""
    scene, _, grade = (key or "").partition(":")
    if scene not in SCENES:
        return None
    book, known = twin.catalogue.scene_book, {row["community_id"]: row for row in here(twin, at, part)[0]}
    table = twin.city.scenes(at).filter(pc.field("scene") == scene)
    rows = table.filter(pc.is_in(table["community_id"], pa.array(list(known), pa.string()))).to_pylist()
    found = [row for row in rows if not grade or (row["grade"] or UNGRADED) == grade]
    found.sort(key=lambda row: (row["attainment"] is None, row["attainment"], -row["measured"]))
    summed = next(one for one in scenes_summed(book, rows) if one["scene"] == scene)
    missing = [name for name, _ in summed["missing"][:MOST_MISSING]]
    shown = [{**known[row["community_id"]], **row} for row in found[:MOST]]
    return {
        "kind": "scenes", "scene": scene, "grade": grade, "title": book.scenes[scene].title, "rows": shown,
        "total": len(found), "of": len(rows), "grades": {g.key: g.title for g in book.grades},
        "counts": summed["grades"] | {UNGRADED: len(rows) - summed["graded"]},
        "missing": summed["missing"][:MOST_MISSING], "least": book.least_share,
        "as_of": twin.city.scenes_as_of(at),
        "sources": source_titles(twin, {*missing, *(name for row in shown for name in row["missing"][:2])}),
    }  # fmt: skip


# --- drawn ----------------------------------------------------------------------------------------------------------


def tiles(view: View, _now: datetime, answer: Any) -> html.Div | None:
    """Each scene with the middle of its communities and how many have which grade; a press opens them."""
    lang = view.lang
    if answer is None or not answer["communities"]:
        return None
    note = t(lang, "rollup.scenes_as_of", at=stamp(lang, answer["as_of"]))
    found = [_tile(lang, one, answer["grades"]) for one in answer["scenes"]]
    return html.Div(
        [head(t(lang, "rollup.scenes"), note), html.Div(found, className="city-nine")], className="panel city-scenes"
    )


def _tile(lang: str, one: Row, grades: Mapping[str, Any]) -> html.Button:
    is_blind = one["attainment"] is None
    value = UNKNOWN if is_blind else f"{round(one['attainment'])}"
    unit = None if is_blind else html.Small(t(lang, "rollup.unit_points"))
    left = one["communities"] - one["graded"]
    bar = stacked([*((f"grade-{name}", one["grades"][name]) for name in grades), ("grade-none", left)])
    told = ", ".join(f"{titled(lang, grades[name], name)} {count(n)}" for name, n in one["grades"].items() if n)
    how = t(lang, "rollup.scene_graded", n=count(one["graded"]), all=count(one["communities"]))
    return html.Button(
        [
            html.Span([icon(f"scene-{one['scene']}"), titled(lang, one["title"], one["scene"])], className="what"),
            html.Span([html.B(value), unit], className="num"), bar, html.Small(how),
        ],
        className="city-scene" + (" blind" if is_blind else " low" if one["low"] else ""),
        title=told or t(lang, "rollup.not_measurable"), **sets(OPEN, one["scene"]),
    )  # fmt: skip


def drawer(view: View, _now: datetime, answer: Any) -> html.Div | None:
    """The communities of a scene as rows; nothing while no tile was pressed."""
    if answer is None:
        return None
    lang, scene = view.lang, answer["scene"]
    columns = ("community", "subdistrict", "attainment", "grade", "indicators", "missing")
    name = titled(lang, answer["title"], scene)
    note = t(lang, "rollup.scene_note", share=f"{answer['least'] * 100:g}%", at=stamp(lang, answer["as_of"]))
    return rows_drawer(
        lang, "rollup", answer, columns, (_cells(view, row, answer) for row in answer["rows"]), key=OPEN, note=note,
        title=t(lang, "rollup.scene_title", scene=name), more=[_choices(lang, answer), _lacking(lang, answer)],
    )  # fmt: skip


def _choices(lang: str, answer: Row) -> html.Div:
    scene = answer["scene"]
    names = {"": t(lang, "rollup.every"), **{k: titled(lang, v, k) for k, v in answer["grades"].items()}}
    names[UNGRADED] = t(lang, "rollup.ungraded")
    counts = {"": answer["of"], **answer["counts"]}
    chips = []
    for grade, words in names.items():
        is_on, key = answer["grade"] == grade, f"{scene}:{grade}" if grade else scene
        said = {"aria-pressed": str(is_on).lower()}
        told = [words, " ", html.B(count(counts[grade]))]
        chips.append(html.Button(told, className=f"city-chip{' on' if is_on else ''}", **sets(OPEN, key), **said))
    return html.Div(chips, className="city-chips minor", role="group")


def _lacking(lang: str, answer: Row) -> html.P | None:
    """What the ungraded wait for, and the next step."""
    if not answer["missing"]:
        return None
    parts = [
        f"{source(lang, name, answer['sources'].get(name))}{'（' if lang == 'zh' else ' ('}"
        f"{t(lang, 'rollup.lack_of', n=count(n))}{'）' if lang == 'zh' else ')'}"
        for name, n in answer["missing"]
    ]
    said = ("、" if lang == "zh" else ", ").join(parts)
    return html.P([sign("blind"), html.B(t(lang, "rollup.lacks")), said, " ", t(lang, "rollup.lacks_next")],
                  className="caveat")  # fmt: skip


def _cells(view: View, row: Row, answer: Row) -> list[Any]:
    lang, is_blind = view.lang, row["attainment"] is None
    way = link(view, "/scene", named(lang, row), community=row["community_id"], scene=answer["scene"])
    street = named(lang, {"name": row["subdistrict"], "name_en": row["subdistrict_en"]}, UNKNOWN)
    missing = [source(lang, name, answer["sources"].get(name)) for name in row["missing"][:2]]
    more = len(row["missing"]) - len(missing)
    words = ("、" if lang == "zh" else ", ").join(missing)
    if missing and more:
        words = t(lang, "rollup.and_more", said=words, n=count(more))
    return [
        way, street, UNKNOWN if is_blind else f"{round(row['attainment'])} {t(lang, 'rollup.unit_points')}",
        [sign("blind"), t(lang, "rollup.ungraded")] if is_blind else titled(lang, answer["grades"][row["grade"]], ""),
        f"{count(row['measured'])} / {count(row['indicators'])}", words or UNKNOWN,
    ]  # fmt: skip

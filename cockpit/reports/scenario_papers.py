"""The papers of what-if scenarios: PDF, web page, workbook, maps, the same bytes for the same data and program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from cockpit.reports import html, pdf, xlsx
from cockpit.reports.identity import identity_of
from cockpit.reports.kinds import Wish
from cockpit.reports.scenario_facts import Facts, gather
from cockpit.reports.scenario_map import scenario_picture
from cockpit.reports.scenario_story import paper_of
from layouts.parts.text import t
from twin_model.rights import Rights, reading
from twin_model.twin import Twin


def scenario_papers(twin: Twin, at: datetime, wish: Wish) -> tuple[Facts, dict[str, Any], dict[str, bytes]]:
    """Facts, what they rest on, and the papers by their names. Raises `ReportRefused`."""
    with reading(Rights(homes=wish.sees_homes, children=wish.sees_homes, few=True)):
        facts = gather(twin, at, wish)
        identity = identity_of(twin, at, wish)
        drawn = {
            (one["id"], kind["kind"]): scenario_picture(
                twin, at, wish.community, one, kind, facts["limits"]["gain_m"], wish.lang
            )
            for one in facts["scenarios"]
            for kind in one["kinds"]
        }
    identity["evidence"] = []
    pictures = {key: svg for key, svg in drawn.items() if svg is not None}
    paper = paper_of(facts, identity, pictures, wish.lang)
    papers = {
        "report.pdf": pdf.pdf_of(paper),
        "report.html": html.html_of(paper),
        "annex.xlsx": xlsx.workbook(_sheets(facts, identity, wish.lang), paper.title, at),
    }
    for number, svg in enumerate(pictures.values(), 1):
        papers["map.svg" if number == 1 else f"map-{number}.svg"] = svg.encode()
    return facts, identity, papers


COLUMNS = {
    "edits": (
        "no",
        "op",
        "kind",
        "facility_id",
        "name",
        "site_no",
        "lon",
        "lat",
        "area_m2",
        "capacity_before",
        "capacity",
        "opening_hours",
        "yuan_per_m2",
        "yuan",
    ),
    "coverage": ("group", "limit", "unit", "total", "before", "after", "gained", "lost", "uncounted"),
    "hour": ("group", "limit", "total", "before", "after", "perhaps_before", "perhaps_after"),
    "places": ("limit_m", "places", "demand", "within", "served", "unknown"),
    "effects": ("edit", "people", "metres_saved", "per_m2", "per_10k", "snap_m"),
    "best": ("site_no", "title", "lon", "lat", "area_m2", "yuan_per_m2", "people", "per_m2", "per_10k"),
    "buildings": ("id", "before_m", "after_m", "change"),
}
Sheet = tuple[str, Sequence[str], Iterable[Sequence[Any]]]


def _sheets(facts: Facts, identity: Mapping[str, Any], lang: str) -> Iterable[Sheet]:
    """Title, heads and rows of each sheet: plain numbers; the first lines say that none of it is what is."""

    def sheet(key: str, before: Sequence[str], rows: Iterable[Sequence[Any]]) -> Sheet:
        names = (*before, *COLUMNS.get(key, ()))
        return t(lang, f"scenario.sheet.{key}"), [t(lang, f"scenario.column.{name}") for name in names], rows

    def cells(key: str, row: Mapping[str, Any]) -> list[Any]:
        return [row[name] for name in COLUMNS[key]]

    scenarios = facts["scenarios"]
    every = [(one["name"], kind) for one in scenarios for kind in one["kinds"]]
    about = [
        ["!", t(lang, "what_if.mark")], ["community", facts["report"]["community"]["id"]],
        ["instant", facts["report"]["at"]], ["data_revision", identity["data_revision"]],
        ["version", identity["version"]], ["definitions", identity["definitions"]["digest"]],
        *([f"{key} {one['id']}", one[key]] for one in scenarios for key in ("name", "base_at", "profile")),
    ]  # fmt: skip
    yield sheet("about", ("what", "amount"), about)
    rows: list[list[Any]] = [[one["name"], *cells("edits", edit)] for one in scenarios for edit in one["edits"]]
    yield sheet("edits", ("scenario",), rows)
    rows = [[name, kind["kind"], *cells("coverage", row)] for name, kind in every for row in kind["covered"]]
    yield sheet("coverage", ("scenario", "kind"), rows)
    rows = [[name, kind["kind"], *cells("hour", row)] for name, kind in every for row in kind["hour"]["covered"]]
    yield sheet("hour", ("scenario", "kind"), rows)
    rows = [
        [name, kind["kind"], when, *cells("places", side)]
        for name, kind in every
        for when, side in zip(("before", "after"), kind["served"], strict=True)
        if side is not None
    ]
    yield sheet("places", ("scenario", "kind", "when"), rows)
    rows = [
        [name, kind["kind"], kind["group"], *cells("effects", row)] for name, kind in every for row in kind["effects"]
    ]
    yield sheet("effects", ("scenario", "kind", "group"), rows)
    rows = [
        [name, kind["kind"], kind["group"], kind["best"]["proven"], *cells("best", site)]
        for name, kind in every
        if kind["best"] and not kind["best"]["refused"]
        for site in kind["best"]["sites"]
    ]
    yield sheet("best", ("scenario", "kind", "group", "proven"), rows)
    rows = [
        [name, kind["kind"], *cells("buildings", row)]
        for name, kind in every
        for row in kind["buildings"]
        if row["change"] != "same"
    ]
    yield sheet("buildings", ("scenario", "kind"), rows)

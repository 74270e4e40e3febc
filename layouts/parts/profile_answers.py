"""What a community's profile asks (一社一画像): people, facilities, circles, scenes, health check, year, gap plan.

One page per community from what other rooms judge; nothing is worked out here but sums. Small counts of people are kept
back, so that the page may be shown to anybody who may see the community.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from layouts.parts.kpi_answers import rows_of, scheme_of
from twin_model.city import BOOK, KEY_KINDS, MINUTES
from twin_model.masking import too_few
from twin_model.scenes import scene_stands
from twin_model.twin import Twin

Answer = dict[str, Any]
BANDS = ("aged_0_17", "aged_18_59", "aged_60_79", "aged_80")
QUARTER, QUARTERS = timedelta(days=91), 4
EFFECT_MINUTES = 10.0
VERDICTS = ("pass", "fail", "not_measurable")


def head(twin: Twin, at: datetime, community: str) -> Answer | None:
    """Name, divisions, type of project, people by age, homes, facilities, and where it stands."""
    row = next((r for r in twin.city.communities(at).to_pylist() if r["community_id"] == community), None)
    if row is None:
        return None
    names = ("people", "aged_60", "aged_80", "aged_0_3", "aged_3_6", "elder_alone", *BANDS)
    counts = {name: None if too_few(row[name]) else row[name] for name in names}
    kind = twin.catalogue.scene_book.scheme_of(row["scheme"])
    return {
        **row, **counts, "few_alone": too_few(row["elder_alone"]), "kind": kind and kind.title,
        "standing": twin.city.index(at).get(community), "book": BOOK,
    }  # fmt: skip


def facilities(twin: Twin, at: datetime, community: str) -> list[Answer]:
    """How many of each kind, the area of those that say it; the most frequent first."""
    rows = [row for row in twin.city.kinds(at).to_pylist() if row["community_id"] == community]
    return sorted(rows, key=lambda row: (-row["facilities"], row["facility_kind"]))


def circles(twin: Twin, at: datetime, community: str) -> Answer:
    """By kind the share of people within 5, 10 and 15 minutes, of those of 60 and over within 10; straight beside."""
    table = twin.circles.coverage(
        at, community, kinds=KEY_KINDS, minutes=MINUTES, metres=(), groups=("people", "aged_60")
    ).to_pylist()
    of: dict[tuple[str, str, float], Answer] = {(r["facility_kind"], r["group"], r["limit"]): r for r in table}
    rows = []
    for kind in KEY_KINDS:
        people = [of.get((kind, "people", m)) for m in MINUTES]
        elders = of.get((kind, "aged_60", MINUTES[1]))
        rows.append(
            {
                "kind": kind, "shares": [one and one["share"] for one in people], "elders": elders and elders["share"],
                "straight": people[1] and people[1]["straight_share"],
            }
        )  # fmt: skip
    unknown = max((r["unknown"] or 0 for r in table if r["group"] == "people"), default=0)
    return {"rows": rows, "minutes": list(MINUTES), "unknown": unknown, "known": any(r["shares"][0] for r in rows)}


def scenes(twin: Twin, at: datetime, community: str) -> list[Answer]:
    """The nine scenes with their attainment and grade; None where too little is measured."""
    book, kpis = twin.catalogue.scene_book, twin.catalogue.kpis
    stands = scene_stands(book, kpis, rows_of(twin, at, community), scheme_of(twin, at, community))
    grades = {grade.key: grade.title for grade in book.grades}
    return [
        {"key": s.key, "title": book.scenes[s.key].title, "attainment": s.attainment,
         "grade": grades.get(s.grade or ""),
         "low": s.grade == "attention", "measured": s.measured, "indicators": len(s.indicators)}
        for s in stands
    ]  # fmt: skip


def health(twin: Twin, at: datetime, community: str) -> Answer:
    """The items of the health check by verdict, and those that failed with how far they are and what would help."""
    book = twin.health.book(BOOK, at)
    rows = [row for row in twin.health.check(at, BOOK, community).to_pylist() if row["verdict"] is not None]
    told = [
        {
            **{name: row[name] for name in ("item", "verdict", "value", "threshold", "gap", "verified", "missing")},
            "title": book.items[row["item"]].title, "unit": twin.health.unit(book.items[row["item"]]),
            "fixes": list(book.items[row["item"]].fixes), "no": row["no"],
        }
        for row in rows
    ]  # fmt: skip
    return {
        "title": book.title, "counts": {v: sum(1 for row in rows if row["verdict"] == v) for v in VERDICTS},
        "failed": [one for one in told if one["verdict"] == "fail"],
        "missing": [one for one in told if one["verdict"] == "not_measurable"],
    }  # fmt: skip


def course(twin: Twin, at: datetime, community: str) -> list[Answer]:
    """The last year by quarters as it was known: index, rank, people, facilities, finished projects."""
    found = []
    for back in range(QUARTERS, -1, -1):
        then = at - QUARTER * back
        row = next((r for r in twin.city.communities(then).to_pylist() if r["community_id"] == community), None)
        standing: Mapping[str, Any] = twin.city.index(then).get(community, {}) if row else {}
        done = twin.city.project_sums(then).get(community, {}).get("done")
        people = None if row is None or too_few(row["people"]) else row["people"]
        found.append(
            {"at": then, "index": standing.get("index"), "rank": standing.get("rank"), "people": people,
             "facilities": row and row["facilities"], "done": done}
        )  # fmt: skip
    return found


def plan(twin: Twin, at: datetime, community: str) -> Answer:
    """The gap projects, what those to come will change, and the index once all of them are finished."""
    rows = twin.city.projects(at, community).to_pylist()
    effects = {r["project_no"]: r for r in twin.city.reach_when_finished(at, community, EFFECT_MINUTES)} if rows else {}
    names = ("group", "total", "before", "after", "alone")
    kept = (
        "project_no", "title", "facility_kind", "fix", "status", "listed_on", "starts_on", "due_on", "finished_on",
        "area_m2", "places", "cost_wan", "fund", "document",
    )  # fmt: skip
    order = {"building": 0, "planned": 1, "done": 2, "dropped": 3}
    listed = [
        {name: row[name] for name in kept} | {n: effects.get(row["project_no"], {}).get(n) for n in names}
        for row in rows
    ]
    listed.sort(key=lambda row: (order[row["status"]], row["due_on"] or row["listed_on"], row["project_no"]))
    now, then = twin.city.index(at).get(community), twin.city.index_when_finished(at).get(community)
    return {
        "rows": listed, "index": now and now["index"], "finished": then and then["index"], "minutes": EFFECT_MINUTES,
        "day": at.date(),
    }  # fmt: skip

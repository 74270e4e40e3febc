"""What the pages of the nine scenes ask: how each stands, how it went over the months, what is missing and who has it.

Grades are worked out in ``twin_model.scenes``; here they are only put beside what the files and the rulebook declare.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from layouts.parts.kpi_answers import rows_of, scheme_of, source_titles
from twin_model.scene_book import SceneBook
from twin_model.scenes import SceneStand, by_period, scene_stands, view_stand
from twin_model.twin import Twin

Answer = dict[str, Any]
MONTHS = 12
AIM = "good"
"""The grade whose lower limit is drawn as the line to reach."""


def board(twin: Twin, at: datetime, community: str) -> Answer:
    """All nine scenes and the two views with their grade, headline, indicators and what is missing."""
    book, rows = twin.catalogue.scene_book, rows_of(twin, at, community)
    scheme = scheme_of(twin, at, community)
    kind = book.scheme_of(scheme)
    stands = scene_stands(book, twin.catalogue.kpis, rows, scheme)
    indicators = [one for stand in stands for one in stand.indicators]
    targets = [row for row in rows if row["target"] is not None]
    return {
        "at": at,
        "scheme": scheme,
        "kind": {"title": kind.title, "source": kind.source, "verified": kind.verified} if kind else None,
        "first": list(kind.first) if kind else [],
        "grades": grades(book),
        "tiles": [tile(twin, stand) for stand in stands],
        "views": [tile(twin, view_stand(book, twin.catalogue.kpis, rows, key)) for key in book.views],
        "indicators": len(indicators),
        "measured": sum(1 for one in indicators if one.is_measured),
        "targets": len(targets),
        "verified": sum(1 for row in targets if row["verified"]),
        "least_share": book.least_share,
        "source": book.source,
    }


def grades(book: SceneBook) -> list[Answer]:
    """The grades of the rulebook, the best first."""
    return [{"key": g.key, "title": g.title, "at_least": g.at_least} for g in book.grades]


def tile(twin: Twin, stand: SceneStand) -> Answer:
    """A stand with its titles: what one tile shows."""
    book, kpis = twin.catalogue.scene_book, twin.catalogue.kpis
    scene = book.scenes.get(stand.key)
    worst = stand.worst
    number = min(kpis[worst["kpi"]].indicators, default=None) if worst else None
    missing = sorted(stand.missing, key=lambda row: not row["missing"])
    names = {name for row in stand.kpis for name in (*row["missing"], *kpis[row["kpi"]].requires)}
    return {
        "key": stand.key,
        "title": scene.title if scene else book.views[stand.key],
        "slogan": scene.slogan if scene else None,
        "demand": stand.demand,
        "attainment": stand.attainment,
        "grade": stand.grade,
        "grade_title": next((g.title for g in book.grades if g.key == stand.grade), None),
        "indicators": [
            {"number": one.number, "title": book.indicators[one.number].title, "note": book.indicators[one.number].note,
             "attainment": one.attainment, "is_measured": one.is_measured, "kpis": [row["kpi"] for row in one.kpis]}
            for one in stand.indicators
        ],
        "kpis": list(stand.kpis),
        "measured": sum(1 for row in stand.kpis if row["status"] in ("measured", "no_cases")),
        "headline": stand.headline,
        "worst": worst,
        "worst_of": book.indicators[number].title if number else None,
        "missing": missing,
        "newest": stand.newest,
        "sources": source_titles(twin, sorted(names)),
    }  # fmt: skip


def course(twin: Twin, at: datetime, community: str) -> Answer:
    """Where each scene and view stood at the end of the last months and now: (last day, attainment, grade)."""
    book, kpis = twin.catalogue.scene_book, twin.catalogue.kpis
    scheme = scheme_of(twin, at, community)
    points: dict[str, list[tuple[Any, float | None]]] = {key: [] for key in (*book.scenes, *book.views)}
    for until, rows in by_period(twin.kpis.trend(at, community_id=community, months=MONTHS).to_pylist()).items():
        for stand in _all(book, kpis, rows, scheme):
            points[stand.key].append((until, stand.attainment))
    titles = {key: scene.title for key, scene in book.scenes.items()} | dict(book.views)
    aim = next((g for g in book.grades if g.key == AIM), None)
    limit = {"title": aim.title, "at_least": aim.at_least} if aim else None
    low = min((g.at_least for g in book.grades if g.at_least > 0), default=0.0)
    return {"points": points, "scenes": list(book.scenes), "titles": titles, "aim": limit, "low": low}


def _all(book: SceneBook, kpis: Mapping[str, Any], rows: Sequence[Any], scheme: str | None) -> list[SceneStand]:
    return [*scene_stands(book, kpis, rows, scheme), *(view_stand(book, kpis, rows, key) for key in book.views)]


def one(twin: Twin, at: datetime, community: str, *, scene: str | None) -> Answer:
    """One scene or view with all its KPIs; {} for one that does not exist."""
    whole = board(twin, at, community)
    found = next((each for each in (*whole["tiles"], *whole["views"]) if each["key"] == scene), None)
    if found is None:
        return {}
    return {**found, **{name: whole[name] for name in ("grades", "least_share", "source", "kind", "at")}}


def with_courses(twin: Twin, at: datetime, community: str, *, scene: str | None) -> Answer:
    """The same, and how each of its KPIs went: ``courses`` is ``{kpi: [(last day, value, status)]}``."""
    found = one(twin, at, community, scene=scene)
    if not found:
        return {}
    courses: dict[str, list[Any]] = {row["kpi"]: [] for row in found["kpis"]}
    for row in twin.kpis.trend(at, community_id=community, ids=list(courses), months=MONTHS).to_pylist():
        courses[row["kpi"]].append((row["period"], row["value"], row["status"]))
    return {**found, "courses": courses}


def reported(twin: Twin, at: datetime, community: str, *, scene: str | None) -> list[Answer]:
    """Values of the scene's indicators that somebody reported, newest first: with document, date and author's role."""
    book, kind = twin.catalogue.scene_book, "reported_value"
    if kind not in twin.catalogue.record_kinds or scene not in book.scenes:
        return []
    own = {one.number: one.title for one in book.of_scene(scene)}
    rows = twin.ledger.rows(kind, at, community_id=community).to_pylist()
    found = [row | {"indicator_title": own[row["indicator"]]} for row in rows if row["indicator"] in own]
    return sorted(found, key=lambda row: row["as_of"], reverse=True)

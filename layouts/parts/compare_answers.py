"""What the page of comparing asks: scenes and KPIs on two sides, and where the older side is known better by now.

A side is a community at an instant, with what was known then. What was known later about the same days is worked out
once more: where it differs, data came in late or was corrected, and the old figure says so.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from layouts.page import ZONE, parse_instant
from layouts.parts.kpi_answers import rows_of, scheme_of, source_titles
from layouts.parts.scene_answers import tile
from twin_model.scenes import scene_stands, view_stand
from twin_model.twin import Twin

Answer = dict[str, Any]
Word = str | None
DAY = timedelta(days=1)
USUAL = timedelta(days=30)


def asked(twin: Twin, at: datetime, community: str, *, wanted: Word, place: Word, kpi: Word) -> Answer:
    """What is compared: the other side's instant (``wanted``; a month ago when absent) and community (``place``)."""
    places = twin.entities("community", at).select(["community_id", "name", "name_en", "drill_of"]).to_pylist()
    known = [row for row in places if row["drill_of"] is None or row["community_id"] == community]
    return {
        "at": at, "then": _instant(wanted, at, has_place=bool(place)), "here": community, "places": known,
        "other": place if place in {row["community_id"] for row in known} else community,
        "chosen": [name for name in (kpi or "").split(",") if name in twin.catalogue.kpis],
    }  # fmt: skip


def sides(twin: Twin, at: datetime, community: str, *, wanted: Word, place: Word, kpi: Word) -> Answer:
    """The same with the scenes and KPIs of both sides: pairs of the other one and this one."""
    whole = asked(twin, at, community, wanted=wanted, place=place, kpi=kpi)
    right, left = _side(twin, at, community), _side(twin, whole["then"], whole["other"])
    names = {name for side in (left, right) for row in side["rows"] for name in row["missing"]}
    before = {row["kpi"]: row for row in left["rows"]}
    return {
        **whole, "scenes": list(zip(left["tiles"], right["tiles"], strict=True)),
        "kpis": [(before[row["kpi"]], row) for row in right["rows"]], "sources": source_titles(twin, sorted(names)),
        "titles": {key: scene.title for key, scene in twin.catalogue.scene_book.scenes.items()},
    }  # fmt: skip


def known_better(twin: Twin, at: datetime, community: str, *, wanted: Word, place: Word, kpi: Word) -> Answer:
    """The same with ``better``: which figures of the other side are known better by now."""
    whole = sides(twin, at, community, wanted=wanted, place=place, kpi=kpi)
    then, other = whole["then"], whole["other"]
    return {**whole, "better": _known_better(twin, then, other, max(at, then))}


def _instant(wanted: Word, at: datetime, *, has_place: bool) -> datetime:
    """The other side's instant: what the address says, else the same instant elsewhere, a month before here."""
    try:
        found = parse_instant(wanted)
    except ValueError:
        found = None
    return found or (at if has_place else at - USUAL)


def _side(twin: Twin, at: datetime, community: str) -> Answer:
    book, kpis = twin.catalogue.scene_book, twin.catalogue.kpis
    rows = rows_of(twin, at, community)
    stands = scene_stands(book, kpis, rows, scheme_of(twin, at, community))
    return {
        "rows": rows,
        "tiles": [tile(twin, s) for s in (*stands, *(view_stand(book, kpis, rows, v) for v in book.views))],
    }


def _known_better(twin: Twin, then: datetime, community: str, later: datetime) -> dict[str, tuple[Any, Any]]:
    """``{kpi: (as known then, as known later)}`` of the whole days before ``then``, where the two differ."""
    day = (then.astimezone(ZONE) - DAY).date()
    was, now = (
        {row["kpi"]: row["value"] for row in twin.kpis.values(known, community_id=community, until=day).to_pylist()}
        for known in (then, later)
    )
    return {kpi: (value, now[kpi]) for kpi, value in was.items() if value != now[kpi]}

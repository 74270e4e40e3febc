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
DAY = timedelta(days=1)
USUAL = timedelta(days=30)


def sides(
    twin: Twin, at: datetime, community: str, *, wanted: str | None, place: str | None, kpi: str | None
) -> Answer:
    """Left the other side (``wanted``: an instant, a month ago when absent; ``place``: a community), right this one."""
    then = _instant(wanted, at, has_place=bool(place))
    places = twin.entities("community", at).select(["community_id", "name", "name_en", "drill_of"]).to_pylist()
    known = [row for row in places if row["drill_of"] is None or row["community_id"] == community]
    other = place if place in {row["community_id"] for row in known} else community
    right, left = _side(twin, at, community), _side(twin, then, other)
    better = _known_better(twin, then, other, max(at, then))
    chosen = [name for name in (kpi or "").split(",") if name in twin.catalogue.kpis]
    names = {name for side in (left, right) for row in side["rows"] for name in row["missing"]}
    before = {row["kpi"]: row for row in left["rows"]}
    return {
        "at": at, "then": then, "here": community, "other": other, "places": known,
        "scenes": [(old, new) for old, new in zip(left["tiles"], right["tiles"], strict=True)],
        "kpis": [(before[row["kpi"]], row) for row in right["rows"]], "chosen": chosen, "better": better,
        "titles": {key: scene.title for key, scene in twin.catalogue.scene_book.scenes.items()},
        "sources": source_titles(twin, sorted(names)), "now": twin.now().astimezone(ZONE).isoformat(timespec="minutes"),
    }  # fmt: skip


def _instant(wanted: str | None, at: datetime, *, has_place: bool) -> datetime:
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

"""What gap projects will change once they are finished: who reaches a facility then, where a community will stand.

A what-if: a project is counted in no real figure before its facility is recorded. Walks are those of ``twin.circles``
from the place of the project, so the effect is exact for that place; a project that says no place reaches nobody here,
and is said to. Only who lives in the project's own community is counted, though others may walk there too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from twin_model.coverage import UNKNOWN
from twin_model.health_facts import F64, Facts, Places
from twin_model.rights import program
from twin_model.walking_graph import TOWARDS

if TYPE_CHECKING:
    from twin_model.twin import Twin

OPEN = ("planned", "building")
"""Projects that are to come; a finished one is a facility, a dropped one is nothing."""
PROFILE = "adult"
Row = dict[str, Any]


def planned(twin: Twin, at: datetime, community_id: str | None = None) -> list[Row]:
    """The projects to come, each with ``lon``, ``lat`` (None: it says no place), by community and number."""
    rows = [row for row in twin.city.projects(at, community_id).to_pylist() if row["status"] in OPEN]
    rows.sort(key=lambda row: (row["community_id"], row["project_no"]))
    for row in rows:
        if row["lon"] is None:
            row["lon"], row["lat"] = _place(twin, at, row)
    return rows


def _place(twin: Twin, at: datetime, row: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Where the building or the facility is that a project names."""
    if row["building"] is not None and (found := twin.entity("building", row["building"], at)) is not None:
        point = shapely.point_on_surface(shapely.from_wkb(found["footprint"]))
        return float(point.x), float(point.y)
    if row["facility"] is not None and (found := twin.entity("facility", row["facility"], at)) is not None:
        return found["lon"], found["lat"]
    return None, None


def reach_when_finished(twin: Twin, at: datetime, community_id: str, minutes: float) -> list[Row]:
    """Per project to come: group, total, before, after (people within ``minutes``), ``alone``: by it alone.

    ``after`` counts all projects of its kind together. None for all of them where the project says no place, or where
    nobody's way is known. ``group`` is whom the places of its kind are for, else everybody.
    """
    rows = planned(twin, at, community_id)
    if not rows:
        return []
    circles, limit = twin.circles, minutes * twin.circles.profile(PROFILE).metres_per_minute
    placed = [n for n, row in enumerate(rows) if row["lon"] is not None]
    kinds = sorted({row["facility_kind"] for row in rows})
    homes, walked = circles.homes(at, community_id), circles.walked(at, kinds, community_id, PROFILE)
    size = len(homes)
    reached = np.zeros((len(rows), size), dtype=bool)
    if placed and size:
        points = np.array([[rows[n]["lon"], rows[n]["lat"]] for n in placed])
        found = circles.distances(at, points, community_id, PROFILE, limit, by=TOWARDS)
        reached[np.array(placed)[found.site_no], found.building_no] = True
    for n, row in enumerate(rows):
        row["group"] = group = _group(twin, row["facility_kind"])
        status = walked[row["facility_kind"]].status(limit, by_time=True)
        people, now = homes.count[group], status == 0
        same = [m for m, other in enumerate(rows) if other["facility_kind"] == row["facility_kind"]]
        then = now | reached[same].any(axis=0)
        known = then | (status < UNKNOWN)
        total = float(people[known].sum())
        can_tell = n in placed and total > 0
        row |= {
            "total": round(total) if can_tell else None, "before": _sum(people, now) if can_tell else None,
            "after": _sum(people, then) if can_tell else None,
            "alone": _sum(people, now | reached[n]) if can_tell else None,
        }  # fmt: skip
    return rows


def _sum(people: F64, chosen: np.ndarray[Any, np.dtype[np.bool_]]) -> int:
    return round(float(people[chosen].sum()))


def _group(twin: Twin, kind: str) -> str:
    need = twin.circles.book.needs.get(kind)
    return need.group if need is not None and need.group.startswith("aged") else "people"


def with_planned(facts: Facts, projects: Sequence[Mapping[str, Any]]) -> Facts:
    """The facts as they would be with these projects finished: each one more facility, with its area and places."""
    at = {name: n for n, name in enumerate(facts.communities)}
    mine = [row for row in projects if row["community_id"] in at]
    if not mine:
        return facts
    there = facts.facilities
    kinds = dict(there.kinds)
    for row in mine:
        kinds.setdefault(row["facility_kind"], len(kinds))
    first = int(there.place.max(initial=-1)) + int(facts.rooms.place.max(initial=-1)) + 2

    def numbers(name: str) -> F64:
        return np.array([np.nan if row[name] is None else float(row[name]) for row in mine])

    both = Places(
        community=np.concatenate([there.community, [at[row["community_id"]] for row in mine]]).astype(np.int64),
        kind=np.concatenate([there.kind, [kinds[row["facility_kind"]] for row in mine]]).astype(np.int64),
        kinds=kinds, area=np.concatenate([there.area, numbers("area_m2")]),
        capacity=np.concatenate([there.capacity, numbers("places")]),
        place=np.concatenate([there.place, first + np.arange(len(mine))]).astype(np.int64),
    )  # fmt: skip
    return replace(facts, facilities=both)


def facts_when_finished(twin: Twin, at: datetime) -> Facts:
    """Of all communities; for the program's own use."""
    with program():
        return with_planned(twin.health.facts(at), planned_everywhere(twin, at))


def planned_everywhere(twin: Twin, at: datetime) -> list[Row]:
    """The projects to come of all communities, without their places."""
    return [row for row in twin.city.projects(at).to_pylist() if row["status"] in OPEN]

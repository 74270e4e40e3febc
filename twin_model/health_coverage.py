"""Walking circles in the health check: the share of a group with one of some kinds of facilities within reach.

The walks are those of ``twin.circles``, asked once for all communities and kinds. Who lives on an island of the
network, or where there is none, is unknown: neither reached nor out of reach.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin_model.coverage import UNKNOWN, Homes, Walked
from twin_model.health_book import Item
from twin_model.health_facts import Bools, Facts
from twin_model.health_measures import Measured

if TYPE_CHECKING:
    from twin_model.twin import Twin

USUAL_PROFILE = "adult"
_REACHED = 0
"""Its place in ``coverage.STATUS``."""


def coverage(twin: Twin, at: datetime, facts: Facts, items: Sequence[Item], most_unknown: float) -> dict[str, Measured]:
    """Each item's share in percent, by its key; its upper bound counts those of whom the way is unknown as reached."""
    homes = twin.circles.homes(at, street=facts.street)
    place = pc.index_in(pa.array(homes.community_id, pa.string()), pa.array(facts.communities, pa.string()))
    lived = pc.fill_null(place, -1).to_numpy().astype(np.int64)
    found: dict[str, Measured] = {}
    for profile in sorted({profile_of(item) for item in items}):
        mine = [item for item in items if profile_of(item) == profile]
        kinds = sorted({kind for item in mine for kind in item.how["kinds"]})
        walked = twin.circles.walked(at, kinds, profile=profile)
        speed = twin.circles.profile(profile).metres_per_minute
        for item in mine:
            metres = item.how["metres"] if "metres" in item.how else item.how["minutes"] * speed
            walks = [walked[kind] for kind in item.how["kinds"]]
            reach = _reach(walks, metres, len(homes), by_time="metres" not in item.how)
            found[item.key] = _share(facts, homes, lived, *reach, item, most_unknown)
    return found


def profile_of(item: Item) -> str:
    """Whose speed an item goes by."""
    return str(item.how.get("profile", USUAL_PROFILE))


def _reach(walks: Sequence[Walked], metres: float, size: int, *, by_time: bool) -> tuple[Bools, Bools]:
    """Which buildings have one of the kinds within the limit, and of which that is not known."""
    reached, unknown = np.zeros(size, bool), np.zeros(size, bool)
    for walk in walks:
        status = walk.status(metres, by_time=by_time)
        reached |= status == _REACHED
        unknown |= status >= UNKNOWN
    return reached, unknown & ~reached


def _share(
    facts: Facts, homes: Homes, lived: Any, reached: Bools, unknown: Bools, item: Item, most_unknown: float
) -> Measured:
    group, size = item.how["group"], len(facts)
    inside_city = lived >= 0

    def people(which: Bools) -> Any:
        chosen = which & inside_city
        return np.bincount(lived[chosen], homes.count[group][chosen], minlength=size)

    total, inside, hidden = people(inside_city), people(reached), people(unknown)
    with np.errstate(divide="ignore", invalid="ignore"):
        value, upper = 100 * inside / total, 100 * (inside + hidden) / total
    found = Measured(value, upper, total / 100, "households" if group == "homes" else "people")
    found.note("paths", (hidden > 0) & (hidden < total), hidden)
    found.lacks("paths", (hidden >= total) & (total > 0), hidden)
    nothing = np.bincount(facts.facilities.community, minlength=size) == 0
    own = np.bincount(facts.facilities.community[facts.facilities.of(item.how["kinds"])], minlength=size)
    for kind, where in facts.registers.incomplete(item.how["kinds"]):  # there may be one nobody has registered
        unsaid = where & (own == 0) & ~np.isnan(found.value)
        found.upper[unsaid] = 100.0
        nobody = unsaid & (inside == 0)
        found.value[nobody] = found.upper[nobody] = np.nan
        found.note(f"register.{kind}", unsaid & ~nothing)
        found.note("facility", unsaid & nothing)
    few = facts.unknown[group] > most_unknown * np.maximum(facts.homes, 1)
    found.lacks("home", facts.homes == 0)
    found.lacks(f"home.{group}", few & (facts.homes > 0), facts.unknown[group])
    found.lacks("nobody_in_group", (total <= 0) & (facts.homes > 0) & ~few)
    return found


def coverage_rows(twin: Twin, at: datetime, item: Item, community: str) -> Iterable[dict[str, Any]]:
    """The way from each building with homes to the nearest of the kinds, in metres; unknown where there is no way."""
    table = twin.circles.nearest(at, list(item.how["kinds"]), community, profile_of(item))
    best: dict[str, dict[str, Any]] = {}
    for row in table.to_pylist():
        known = best.get(row["building_id"])
        if known is None or _far(row) < _far(known):
            best[row["building_id"]] = row
    names = {b["building_id"]: b["name"] for b in twin.entities("building", at, community_id=community).to_pylist()}
    for building, row in sorted(best.items()):
        yield {
            "source": "reach", "row_id": building, "kind": row["facility_kind"], "name": names.get(building),
            "amount": row["metres"], "unit": "m", "is_missing": row["status"] not in ("reached", "too_far"),
            "known_at": None,
        }  # fmt: skip


def _far(row: dict[str, Any]) -> float:
    return float("inf") if row["metres"] is None else float(row["metres"])

"""Ways into buildings: several doors of one building, of which the one with the shortest walk counts. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin_model.walking import F64, I64, Bool, Profile, Snapped
from twin_model.walks import Walk


def may_reach(sources: Snapped, doors: Snapped, limit_m: float) -> Bool:
    """Sources that may be within the limit of some door: no walk is shorter than the straight line."""
    if not doors.ok.any():
        return np.zeros(len(sources), bool)
    low, high = doors.xy[doors.ok].min(axis=0) - limit_m, doors.xy[doors.ok].max(axis=0) + limit_m
    with np.errstate(invalid="ignore"):
        return np.asarray(((sources.xy >= low) & (sources.xy <= high)).all(axis=1), np.bool_)


@dataclass(frozen=True)
class Doors:
    """Ways into places, which are numbered from 0: ``at`` on the network, ``place`` whose each is."""

    at: Snapped
    place: I64
    places: int


def standing(walk: Walk, doors: Doors, who: Profile) -> tuple[Bool, Bool]:
    """Buildings none of whose doors is on the network, and those all of whose doors that are on it are on an island."""
    fine = doors.at.ok & ~walk.network.on_island(doors.at, who)
    on_path = np.bincount(doors.place[doors.at.ok], minlength=doors.places) > 0
    on_main = np.bincount(doors.place[fine], minlength=doors.places) > 0
    return ~on_path, on_path & ~on_main


def best_door(metres: F64, place: I64, places: int) -> I64:
    """The number of the door with the shortest walk of each place; -1 for a place without a door."""
    order = np.lexsort((np.arange(len(metres)), metres, place))
    ordered = place[order]
    first = np.ones(len(order), bool)
    first[1:] = ordered[1:] != ordered[:-1]
    best = np.full(places, -1, np.int64)
    best[ordered[first]] = order[first]
    return best


def first_door(values: F64, place: I64, places: int) -> F64:
    best = best_door(np.where(np.isnan(values), np.inf, values), place, places)
    return np.where(best >= 0, values[np.maximum(best, 0)], np.nan) if len(values) else np.full(places, np.nan)


def by_place(metres: F64, place: I64, places: int) -> tuple[I64, F64]:
    """Places that are reached and the shortest walk to each."""
    best = best_door(metres, place, places)
    shortest = np.full(places, np.inf)
    shortest[best >= 0] = metres[best[best >= 0]]
    reached = np.flatnonzero(np.isfinite(shortest))
    return reached, shortest[reached]

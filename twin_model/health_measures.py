"""The measures of the health check over facilities, rooms and homes: one array of values for all communities. Pure.

Unknown is nan, never zero. Where some of what is added up is not registered the sum is a lower bound: it can show that
a threshold is reached, and never that it is not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from twin_model.circle_book import book
from twin_model.health_facts import F64, Bools, Facts, Places

_COLUMN = {"area": "facility.area_m2", "capacity": "facility.capacity"}


@dataclass(eq=False)
class Measured:
    """``value`` by community, nan where unknown; ``upper``: what it is at most, when all that is missing were there.

    ``missing``: (what, in which communities, how many rows): the data without which nothing, or no more, can be said.
    ``base``: what a gap of one unit is in absolute terms (``need_unit``), such as the hundreds of households of a value
    per 100 of them.
    """

    value: F64
    upper: F64
    base: F64
    need_unit: str = ""
    missing: list[tuple[str, Bools, F64]] = field(default_factory=list)

    @classmethod
    def of(cls, value: F64, need_unit: str = "", base: float = 1.0) -> Measured:
        """Known everywhere."""
        return cls(value, value.copy(), np.full(len(value), base), need_unit)

    @property
    def partly(self) -> Bools:
        """Where the value is a lower bound."""
        return ~np.isnan(self.value) & (self.upper > self.value)

    def lacks(self, what: str, where: Bools, rows: F64 | None = None) -> None:
        """Something is not there; its value is unknown."""
        self.value[where] = self.upper[where] = np.nan
        self.note(what, where, rows)

    def note(self, what: str, where: Bools, rows: F64 | None = None) -> None:
        """Something is missing, whatever that means for the value."""
        if where.any():
            self.missing.append((what, where, np.zeros(len(where)) if rows is None else rows))


def measured(facts: Facts, measure: str, how: Mapping[str, Any], most_unknown: float) -> Measured:
    """One measure of ``OF_PLACES``.

    A facility in the river is said and counts for nothing: what there is without it is a lower bound, of which a whole
    that another is measured against cannot be one.
    """
    found = OF_PLACES[measure](facts, how, most_unknown)
    if facts.drowned is not None:
        kinds = [*how.get("kinds", ()), *(kind for names in how.get("functions", {}).values() for kind in names)]
        lost = _totals(facts, facts.drowned, facts.drowned.of(kinds))
        found.upper[(lost > 0) & ~np.isnan(found.value)] = np.inf
        found.note("facility.in_water", lost > 0, lost)
        whole = _totals(facts, facts.drowned, facts.drowned.of(how.get("of", ())))
        found.lacks("facility.in_water", whole > 0, whole)
    return found


def _totals(facts: Facts, places: Places, chosen: Bools, weights: F64 | None = None) -> F64:
    part = None if weights is None else weights[chosen]
    return np.bincount(places.community[chosen], part, minlength=len(facts)).astype(np.float64)


def rooms_of(how: Mapping[str, Any]) -> list[str]:
    """The kinds of rooms that serve as the kinds of facilities an item is about: its own, else those of circles."""
    if "rooms" in how:
        return list(how["rooms"])
    return [room for room, kind in book().rooms.items() if kind in how["kinds"]]


def used(facts: Facts, how: Mapping[str, Any]) -> tuple[Bools, Bools]:
    """Which facilities and rooms an item is about: rooms where no facility of the kinds stands by itself."""
    own = facts.facilities.of(how["kinds"])
    rooms = facts.rooms.of(rooms_of(how))
    has = _totals(facts, facts.facilities, own) > 0
    return own, rooms & ~has[facts.rooms.community]


def _absent(facts: Facts, found: Measured, kinds: Sequence[str], count: F64) -> Measured:
    """Where nothing of the kinds is on record (``count``) it is absent only if the register is said to be complete."""
    nothing = np.bincount(facts.facilities.community, minlength=len(facts)) == 0
    for kind, where in facts.registers.incomplete(kinds):
        unsaid = where & (count == 0)
        found.value[unsaid] = found.upper[unsaid] = np.nan
        found.note(f"register.{kind}", unsaid & ~nothing)
        found.note("facility", unsaid & nothing)
    return found


def _exists(facts: Facts, how: Mapping[str, Any], _most: float) -> Measured:
    own, rooms = used(facts, how)
    count = _totals(facts, facts.facilities, own) + _totals(facts, facts.rooms, rooms)
    return _absent(facts, Measured.of(count, "places_of_service"), how["kinds"], count)


def _summed(facts: Facts, how: Mapping[str, Any], column: str) -> tuple[F64, F64, F64]:
    """The sum of what is registered, how many rows there are, and of how many it is not."""
    total, count, unknown = np.zeros(len(facts)), np.zeros(len(facts)), np.zeros(len(facts))
    for places, chosen in zip((facts.facilities, facts.rooms), used(facts, how), strict=True):
        values: F64 = getattr(places, column)
        has = ~np.isnan(values)
        total += _totals(facts, places, chosen & has, values)
        unknown += _totals(facts, places, chosen & ~has)
        count += _totals(facts, places, chosen)
    return total, count, unknown


def _of_sum(facts: Facts, how: Mapping[str, Any], column: str, unit: str) -> Measured:
    total, count, unknown = _summed(facts, how, column)
    found = Measured.of(total, unit)
    found.upper[unknown > 0] = np.inf
    found.lacks(_COLUMN[column], (unknown > 0) & (unknown == count), unknown)
    found.note(_COLUMN[column], (unknown > 0) & (unknown < count), unknown)
    return _absent(facts, found, how["kinds"], count)


def _area_sum(facts: Facts, how: Mapping[str, Any], _most: float) -> Measured:
    return _of_sum(facts, how, "area", "m2")


def _area_largest(facts: Facts, how: Mapping[str, Any], most: float) -> Measured:
    found = _area_sum(facts, how, most)
    largest = np.zeros(len(facts))
    for places, chosen in zip((facts.facilities, facts.rooms), used(facts, how), strict=True):
        known = chosen & ~np.isnan(places.area)
        np.maximum.at(largest, places.community[known], places.area[known])
    found.value = np.where(np.isnan(found.value), np.nan, largest)
    found.upper = np.where(np.isinf(found.upper), np.inf, found.value)
    return found


def _per(facts: Facts, how: Mapping[str, Any], most: float, column: str, unit: str) -> Measured:
    """What there is per so many households or people; the gap is then in what there should be more of."""
    found = _of_sum(facts, how, column, unit)
    group = how["demand"]
    demand, unknown = facts.groups[group], facts.unknown[group]
    with np.errstate(divide="ignore", invalid="ignore"):
        found.value, found.upper = (bound / demand * how["per"] for bound in (found.value, found.upper))
    found.base = demand / how["per"]
    few = unknown > most * np.maximum(facts.homes, 1)
    found.lacks("home", facts.homes == 0)
    found.lacks(f"home.{group}", few & (facts.homes > 0), unknown)
    found.lacks("nobody_in_group", (demand <= 0) & (facts.homes > 0) & ~few)
    return found


def _area_per(facts: Facts, how: Mapping[str, Any], most: float) -> Measured:
    return _per(facts, how, most, "area", "m2")


def _capacity_per(facts: Facts, how: Mapping[str, Any], most: float) -> Measured:
    return _per(facts, how, most, "capacity", "places")


def _share_of_area(facts: Facts, how: Mapping[str, Any], most: float) -> Measured:
    """The area of some kinds in percent of that of others; a part whose area is unknown makes it a lower bound."""
    found = _area_sum(facts, how, most)
    whole, _, unknown = _summed(facts, {"kinds": how["of"]}, "area")
    with np.errstate(divide="ignore", invalid="ignore"):
        found.value, found.upper = (100 * bound / whole for bound in (found.value, found.upper))
    found.base, found.need_unit = whole / 100, "m2"
    found.lacks(_COLUMN["area"], unknown > 0, unknown)
    found.lacks("facility.of", (unknown == 0) & (whole <= 0))
    return found


def _functions_within(facts: Facts, how: Mapping[str, Any], _most: float) -> Measured:
    """How many of the functions stand together in one building, where most do."""
    functions: Mapping[str, Sequence[str]] = how["functions"]
    communities, places, which = [], [], []
    for n, kinds in enumerate(functions.values()):
        for things in (facts.facilities, facts.rooms):
            chosen = things.of(kinds)
            communities.append(things.community[chosen])
            places.append(things.place[chosen])
            which.append(np.full(int(chosen.sum()), n))
    rows = np.stack([np.concatenate(communities), np.concatenate(places), np.concatenate(which)], axis=1)
    most = np.zeros(len(facts))
    if len(rows):
        together, counts = np.unique(np.unique(rows, axis=0)[:, :2], axis=0, return_counts=True)
        np.maximum.at(most, together[:, 0], counts)
    found = Measured.of(most, "functions")
    without_rooms = np.bincount(facts.rooms.community, minlength=len(facts)) == 0
    found.upper[without_rooms] = np.inf  # what is done in a centre nobody described is not known
    found.note("room", without_rooms)
    kinds = [kind for names in functions.values() for kind in names if kind in book().kinds]
    return _absent(facts, found, kinds, most)


OF_PLACES: dict[str, Callable[[Facts, Mapping[str, Any], float], Measured]] = {
    "exists": _exists, "area_sum": _area_sum, "area_largest": _area_largest, "area_per": _area_per,
    "share_of_area": _share_of_area, "capacity_per": _capacity_per, "functions_within": _functions_within,
}  # fmt: skip

"""What the twin holds already: looked up by id, by the names people use, and by where it lies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from ingest.naming import building_number
from twin_model.entities import (
    KINDS,
    Building,
    Community,
    Device,
    Entity,
    Estate,
    Facility,
    HeightSource,
    Home,
    Room,
    Unit,
    columns,
)
from twin_model.twin import Twin

E = TypeVar("E", bound=Entity)


class Places:
    """The entities known at the newest instant; those of one community for names, all for ids."""

    def __init__(self, twin: Twin, community_id: str) -> None:
        self._twin, self.community_id = twin, community_id
        self._now = twin.now()
        self._known: dict[str, dict[str, Entity]] = {}

    def known(self, cls: type[E]) -> dict[str, E]:
        """All entities of a kind, of every community, by identity."""
        if cls.kind not in self._known:
            rows = self._twin.entities(cls.kind, self._now).to_pylist()
            self._known[cls.kind] = {row[cls.key]: entity_of(cls, row) for row in rows}
        return self._known[cls.kind]  # type: ignore[return-value]

    def here(self, cls: type[E]) -> list[E]:
        """The entities of a kind of this community."""
        return [entity for entity in self.known(cls).values() if entity.community_id == self.community_id]

    def before(self, entity: Entity) -> Entity | None:
        """The stored version of an entity, or None."""
        return self.known(KINDS[entity.kind]).get(entity.identity)

    @cached_property
    def boundary(self) -> BaseGeometry | None:
        """The boundary of the community, if it has one."""
        community = self.known(Community).get(self.community_id)
        return shapely.from_wkb(community.boundary) if community and community.boundary else None

    @cached_property
    def estates(self) -> dict[str, Estate]:
        """Estates by name."""
        return {estate.name: estate for estate in self.here(Estate)}

    @cached_property
    def _buildings_named(self) -> dict[str, list[Building]]:
        named: dict[str, list[Building]] = defaultdict(list)
        for building in self.here(Building):
            if building.name:
                named[building_number(building.name)].append(building)
        return named

    def buildings(self, name: str, estate: str | None = None) -> list[Building]:
        """Buildings that go by a name ('3幢', '3号楼', '3'), within an estate if it is named."""
        estate_id = self.estates[estate].estate_id if estate in self.estates else None
        found = self._buildings_named.get(building_number(name), [])
        if estate and estate_id is None:
            return [b for b in found if b.name and estate in b.name]
        return [b for b in found if estate_id in (None, b.estate_id)]

    @cached_property
    def building_names(self) -> list[str]:
        """The names of all buildings here."""
        return sorted({b.name for b in self.here(Building) if b.name})

    @cached_property
    def units(self) -> dict[tuple[str, str], Unit]:
        """Units by (building_id, name for comparison)."""
        return {(u.building_id, building_number(u.name)): u for u in self.here(Unit)}

    @cached_property
    def homes(self) -> dict[tuple[str, str, str], Home]:
        """Homes by (building_id, unit for comparison or '', number for comparison)."""
        names = {u.unit_id: building_number(u.name) for u in self.here(Unit)}
        return {(h.building_id, names.get(h.unit_id or "", ""), building_number(h.number)): h for h in self.here(Home)}

    @cached_property
    def facilities_named(self) -> dict[str, list[Facility]]:
        """Facilities by name."""
        named: dict[str, list[Facility]] = defaultdict(list)
        for facility in self.here(Facility):
            named[facility.name].append(facility)
        return named

    @cached_property
    def rooms_named(self) -> dict[str, list[Room]]:
        """Rooms by name."""
        named: dict[str, list[Room]] = defaultdict(list)
        for room in self.here(Room):
            named[room.name].append(room)
        return named

    @cached_property
    def devices_by_address(self) -> dict[tuple[str, str], Device]:
        """Devices of all communities by (dialect, address)."""
        return {(d.dialect, d.address): d for d in self.known(Device).values()}

    def base_points(self, besides: Iterable[str] = ()) -> np.ndarray[Any, np.dtype[np.float64]]:
        """(n, 2) representative points of the community's buildings, without those named in ``besides``."""
        left_out = set(besides)
        shapes = [b.footprint for b in self.here(Building) if b.building_id not in left_out]
        if not shapes:
            return np.empty((0, 2))
        return np.asarray(shapely.get_coordinates(shapely.centroid(shapely.from_wkb(shapes))))

    def middle(self) -> tuple[float, float] | None:
        """(lon, lat) in the middle of what is known of the community, else of anything known, else None."""
        for buildings in (self.here(Building), list(self.known(Building).values())):
            if buildings:
                shapes = shapely.from_wkb([b.footprint for b in buildings])
                lon, lat = np.median(shapely.get_coordinates(shapely.centroid(shapes)), axis=0)
                return float(lon), float(lat)
        return None


def entity_of(cls: type[E], row: dict[str, Any]) -> E:
    """An entity from a row the twin answered."""
    values = {name: row[name] for name in columns(cls)}
    if cls is Building:
        values["height_source"] = HeightSource(values["height_source"])
    return cls(**values)


_SURE = (HeightSource.ASSUMED, HeightSource.LEVELS, HeightSource.MEASURED)


def merged(new: E, old: E | None) -> E:
    """``new`` with what only ``old`` knows: a file that is silent about a field does not erase it.

    A building keeps a height that is better known than the new one.
    """
    if old is None:
        return new
    names = columns(type(new))
    kept = {n: getattr(old, n) for n in names if getattr(new, n) is None and getattr(old, n) is not None}
    if (
        isinstance(new, Building)
        and isinstance(old, Building)
        and _SURE.index(new.height_source) < _SURE.index(old.height_source)
    ):
        kept |= {n: getattr(old, n) for n in ("height_m", "height_source", "levels", "base_m")}
    if isinstance(new, Community) and isinstance(old, Community):
        kept |= {"is_sample": old.is_sample}
    return replace(new, **kept) if kept else new

"""What the health check is worked out from, for all communities at once: facilities, rooms and homes as arrays.

Read in three questions, whatever the number of communities; every measure is then sums over these arrays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from twin_model.entities import Home, columns
from twin_model.health_registers import Registers, registers, state

if TYPE_CHECKING:
    from twin_model.twin import Twin

F64 = np.ndarray[Any, np.dtype[np.float64]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]
Ints = np.ndarray[Any, np.dtype[np.int64]]

NEW, OLD = frozenset({"new_leading"}), frozenset({"renewal_leading"})
"""Types of project (``scenes.toml``) that say whether a community is newly built or an old one renewed."""
BANDS = {
    "people": ("age_0_17", "age_18_59", "age_60_79", "age_80_up"), "aged_60": ("age_60_79", "age_80_up"),
    "aged_80": ("age_80_up",), "aged_0_3": ("age_0_3",), "aged_3_6": ("age_3_6",),
}  # fmt: skip
"""The columns of homes a group is summed from."""
_KINDS = ("community", "facility", "room", "home", "ground")
"""The kinds of entities that are read: an answer holds until one of them changes."""

_FACILITY = """SELECT community_id, facility_id, facility_kind AS kind, area_m2, capacity,
       coalesce(building_id, facility_id) AS place, building_id IS NULL AS outside, lon, lat
FROM facility_at($instant)"""
_WATER = "SELECT geometry FROM ground_at($instant) WHERE layer = 'water'"
_ROOM = """SELECT r.community_id, r.room_id, r.room_kind AS kind, r.area_m2, r.capacity,
       coalesce(f.building_id, r.facility_id) AS place
FROM room_at($instant) r LEFT JOIN facility_at($instant) f USING (community_id, facility_id)"""


@dataclass(frozen=True, eq=False)
class Places:
    """Facilities or rooms: ``community`` is a place in ``Facts.communities``; an unknown number is nan.

    ``place``: the building something stands in, by number, so that what stands together can be told.
    """

    community: Ints
    kind: Ints
    kinds: Mapping[str, int]
    area: F64
    capacity: F64
    place: Ints

    def of(self, kinds: Sequence[str]) -> Bools:
        """Which of them are of some kinds."""
        wanted = [self.kinds[name] for name in kinds if name in self.kinds]
        return np.isin(self.kind, wanted)


@dataclass(frozen=True, eq=False)
class Facts:
    """Everything entities say. ``ages``: new, old or None.

    ``groups``: how many of each group are registered; ``unknown``: in how many homes they are not. ``registers``: of
    which kinds of facilities all are on record. ``drowned``: facilities whose point lies in water and in no building,
    by a mistake of their coordinates; they are not among ``facilities``. ``street``: over the homes as last released.
    """

    communities: list[str]
    schemes: list[str | None]
    ages: list[str | None]
    facilities: Places
    rooms: Places
    households: F64
    homes: F64
    groups: Mapping[str, F64]
    unknown: Mapping[str, F64]
    registers: Registers
    drowned: Places | None = None
    street: bool = False

    def __len__(self) -> int:
        return len(self.communities)


def epoch(twin: Twin, at: datetime) -> tuple[int, ...]:
    """Between two changes of this the facts are the same."""
    return twin.entity_epoch(at, *_KINDS), twin.forgotten, *state(twin, at)


def gather(twin: Twin, at: datetime, scheme_keys: Mapping[str, str | None], street: bool = False) -> Facts:
    """The facts of all communities but drills, in the order of their ids.

    ``scheme_keys`` is asked by the name a community's scheme has; see ``SceneBook.scheme_of``.
    """
    table = twin.entities("community", at)
    communities, names = table["community_id"].to_pylist(), table["scheme"].to_pylist()
    ids = pa.array(communities, pa.string())
    facilities = twin.store.select(f"{_FACILITY} ORDER BY facility_id", instant=at)
    wet = _in_water(facilities, twin.store.select(_WATER, instant=at))
    facilities, drowned = facilities.filter(pa.array(~wet)), facilities.filter(pa.array(wet))
    rooms = twin.store.select(f"{_ROOM} ORDER BY r.room_id", instant=at)
    known = {name: bands for name, bands in BANDS.items() if set(bands) <= set(columns(Home))}
    sums = [
        f"sum({' + '.join(bands)}) AS {name}, count(*) FILTER ({' + '.join(bands)} IS NULL) AS no_{name}"
        for name, bands in known.items()
    ]
    homes = twin.store.select(
        f"SELECT community_id, count(*) AS homes, sum(households) AS households, {', '.join(sums)} "
        f"FROM {'told' if street else 'home_at($instant)'} GROUP BY community_id ORDER BY community_id",
        tables={"told": twin.released.homes(at)} if street else {}, instant=at,
    )  # fmt: skip
    place = pc.index_in(homes["community_id"], ids)
    homes, place = homes.filter(pc.is_valid(place)), _numbers(pc.drop_null(place))

    def column(name: str, empty: float) -> F64:
        found = np.full(len(communities), empty)
        if name in homes.column_names:
            found[place] = pc.fill_null(homes[name].cast(pa.float64()), 0.0).to_numpy()
        return found

    stood = [*facilities["place"].chunks, *drowned["place"].chunks, *rooms["place"].chunks]
    buildings = pc.unique(pa.chunked_array(stood, pa.string()))
    return Facts(
        communities=communities, schemes=[scheme_keys.get(name) for name in names],
        ages=[_age(name, scheme_keys.get(name)) for name in names],
        facilities=_places(facilities, ids, buildings), rooms=_places(rooms, ids, buildings),
        homes=column("homes", 0.0), households=column("households", 0.0),
        groups={name: column(name, 0.0) for name in BANDS} | {"homes": column("households", 0.0)},
        unknown={name: column(f"no_{name}" if name in known else "homes", 0.0) for name in BANDS}
        | {"homes": np.zeros(len(communities))}, registers=registers(twin, at, communities),
        drowned=_places(drowned, ids, buildings) if drowned.num_rows else None, street=street,
    )  # fmt: skip


def _in_water(facilities: pa.Table, water: pa.Table) -> Bools:
    """Which facilities of no building stand in water."""
    wet = np.zeros(facilities.num_rows, bool)
    outside = np.flatnonzero(facilities["outside"].to_numpy())
    if water.num_rows and len(outside):
        lon, lat = (facilities[name].to_numpy()[outside] for name in ("lon", "lat"))
        rivers = shapely.STRtree(shapely.from_wkb(water["geometry"].to_pylist()))
        wet[outside[rivers.query(shapely.points(lon, lat), predicate="within")[0]]] = True
    return wet


def _age(name: str | None, scheme: str | None) -> str | None:
    """Whether a community is newly built or an old one renewed, by its type of project or the word before it."""
    for age, schemes, word in (("new", NEW, "新建"), ("old", OLD, "旧改")):
        if scheme in schemes or (name or "").startswith(word):
            return age
    return None


def _places(table: pa.Table, communities: pa.Array, buildings: pa.Array) -> Places:
    community = pc.index_in(table["community_id"], communities)
    known = pc.is_valid(community)
    table = table.filter(known)
    kinds = pc.unique(table["kind"])
    return Places(
        community=_numbers(community.filter(known)), kind=_numbers(pc.index_in(table["kind"], kinds)),
        kinds={name: n for n, name in enumerate(kinds.to_pylist())}, area=_known(table["area_m2"]),
        capacity=_known(table["capacity"]), place=_numbers(pc.index_in(table["place"], buildings)),
    )  # fmt: skip


def _numbers(found: Any) -> Ints:
    return np.asarray(found.cast(pa.int64()).to_numpy(), dtype=np.int64)


def _known(column: pa.ChunkedArray) -> F64:
    """Numbers with nan for what is not registered; less than nothing is a mistake, and not known either."""
    found = np.array(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
    found[found < 0] = np.nan
    return found

"""Who lives within reach: homes and people per building, and their shares within limits. Pure.

A walk that is not known (the building stands on an island or on no path, or the hours of what is near cannot be read)
is neither reached nor out of reach: it is counted as unknown and left out of the share. A home whose people are not
counted is told apart (``uncounted``) and is nobody, not zero.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from twin_model.circle_book import GROUPS
from twin_model.walking import F64, I64, Bool

_AGES = {
    "people": ("age_0_17", "age_18_59", "age_60_79", "age_80_up"), "aged_60": ("age_60_79", "age_80_up"),
    "aged_80": ("age_80_up",), "aged_0_3": ("age_0_3",), "aged_3_6": ("age_3_6",),
}  # fmt: skip
STATUS = ("reached", "too_far", "no_way_in", "island", "no_network", "hours_unknown")
UNKNOWN = 3
"""From this place in ``STATUS`` on it is not known whether a building reaches anything."""


@dataclass(frozen=True, eq=False)
class Homes:
    """Buildings people live in, in the order of their ids, with who lives there as far as it is known.

    ``count[group]``: homes or people of a group per building, of the homes that are counted. ``uncounted[group]``: how
    many homes of the building are not. A building without any registered home has 0 homes and one building.
    """

    building_id: NDArray[np.object_]
    community_id: NDArray[np.object_]
    estate_id: NDArray[np.object_]
    count: Mapping[str, F64]
    uncounted: Mapping[str, I64]

    def __len__(self) -> int:
        return len(self.building_id)

    def of(self, chosen: I64) -> Homes:
        """Some of the buildings, by their numbers."""
        return Homes(
            self.building_id[chosen], self.community_id[chosen], self.estate_id[chosen],
            {group: counts[chosen] for group, counts in self.count.items()},
            {group: counts[chosen] for group, counts in self.uncounted.items()},
        )  # fmt: skip

    def without(self, groups: Collection[str]) -> Homes:
        """The same with these groups as uncounted."""
        none, homes = np.zeros(len(self)), self.count["homes"].astype(np.int64)
        return Homes(
            self.building_id, self.community_id, self.estate_id,
            {group: none if group in groups else counts for group, counts in self.count.items()},
            {group: homes if group in groups else counts for group, counts in self.uncounted.items()},
        )  # fmt: skip

    def parts(self, by: str) -> tuple[NDArray[np.object_], NDArray[np.object_], I64]:
        """Community and id of each part (community, estate, building), and which part each building is of.

        A building of no estate is of the part None.
        """
        inner = {"community": self.community_id, "estate": self.estate_id, "building": self.building_id}[by]
        named = np.array([f"{c}\0{'' if p is None else p}" for c, p in zip(self.community_id, inner, strict=True)])
        _, first, part = np.unique(named, return_index=True, return_inverse=True)
        return self.community_id[first], inner[first], part.reshape(-1).astype(np.int64)


def count_homes(buildings: pa.Table, homes: pa.Table) -> Homes:
    """Homes and people per building; homes in other buildings are left out."""
    ids = buildings["building_id"].to_numpy(zero_copy_only=False)
    n = len(ids)
    place = {name: number for number, name in enumerate(ids)}
    of = np.array([place.get(name, -1) for name in homes["building_id"].to_pylist()], np.int64)
    known = of >= 0
    count: dict[str, F64] = {"buildings": np.ones(n), "homes": np.bincount(of[known], minlength=n).astype(float)}
    uncounted = {"buildings": np.zeros(n, np.int64), "homes": np.zeros(n, np.int64)}
    for group, bands in _AGES.items():
        people = np.zeros(len(of))
        for band in bands:  # a home of which one band is missing is not counted
            people += homes[band].cast(pa.float64()).to_numpy(zero_copy_only=False)
        told = known & ~np.isnan(people)
        count[group] = np.bincount(of[told], weights=people[told], minlength=n).astype(float)
        uncounted[group] = np.bincount(of[known & ~told], minlength=n).astype(np.int64)
    return Homes(
        ids, buildings["community_id"].to_numpy(zero_copy_only=False),
        buildings["estate_id"].to_numpy(zero_copy_only=False), count, uncounted,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Walked:
    """Per building the walk to the nearest facility of one kind (inf: not reached within the search limit).

    ``possible_m``: the same if everything whose hours cannot be read were open. ``flat_m``, ``possible_flat_m``: of the
    quickest walk the metres one walks on the flat in that time; where no slope is known they are the metres.
    ``facility``: its number among those of its kind, -1 none. ``no_way_in``: none of the entrances is for this profile.
    ``straight_m``: as the crow flies, from the middle of the building. ``placed``, ``unplaced``: facilities of the kind
    that are on the network, and those that are not (in the water, or too far from any path).
    """

    metres: F64
    possible_m: F64
    facility: I64
    snap_m: F64
    straight_m: F64
    island: Bool
    no_network: Bool
    no_way_in: Bool
    placed: int
    unplaced: int
    hours_unknown: int
    flat_m: F64
    possible_flat_m: F64

    def status(self, limit_m: float, *, by_time: bool = False) -> I64:
        """Per building the place in ``STATUS`` for a limit; ``by_time``: of metres on the flat."""
        own, perhaps = (self.flat_m, self.possible_flat_m) if by_time else (self.metres, self.possible_m)
        reached, possible = own <= limit_m, perhaps <= limit_m
        conditions = [reached, self.no_way_in, self.no_network, possible, self.island]
        return np.select(conditions, [0, 2, 4, 5, 3], 1).astype(np.int64)


def shares(
    homes: Homes, by: str, walked: Mapping[str, Walked], limits: Sequence[tuple[float, str, float]],
    groups: Sequence[str] = GROUPS,
) -> pa.Table:  # fmt: skip
    """One row per part, kind, limit and group. ``limits``: as stated, its unit, in metres.

    ``total``: of the homes that are counted; null where there are homes and none is. ``reached``, ``unknown``: of
    these. ``share`` = reached / (total - unknown), null where nothing is known. ``straight_share``: what a circle
    drawn around the facilities would claim of the total.
    """
    community, part_id, part = homes.parts(by)
    n, parts = len(homes), len(community)
    counts = np.stack([homes.count[group] for group in groups]) if n else np.zeros((len(groups), 0))

    def added(mask: Bool | None) -> F64:
        """Sum of every group over the buildings of each part: (parts, groups)."""
        chosen = counts if mask is None else counts * mask
        return np.stack([np.bincount(part, weights=row, minlength=parts) for row in chosen], axis=1)

    total = added(None)
    not_counted = np.stack(
        [np.bincount(part, weights=homes.uncounted[group], minlength=parts) for group in groups], axis=1
    )
    counted = np.stack([homes.count["homes"] - homes.uncounted[group] for group in groups])
    nobody = np.stack([np.bincount(part, weights=row, minlength=parts) for row in counted], axis=1) <= 0
    silent = nobody & (not_counted > 0)
    columns: dict[str, list[Any]] = {
        name: [] for name in ("kind", "limit", "unit", "reached", "unknown", "straight", "placed", "unplaced")
    }
    for kind, walk in walked.items():
        for stated, unit, metres in limits:
            status = walk.status(metres, by_time=unit == "min")
            columns["reached"].append(added(status == 0))
            columns["unknown"].append(added(status >= UNKNOWN))
            columns["straight"].append(added(walk.straight_m <= metres))
            for name, value in (("kind", kind), ("limit", stated), ("unit", unit), ("placed", walk.placed)):
                columns[name].append(value)
            columns["unplaced"].append(walk.unplaced)
    turns = len(columns["kind"])
    cells = parts * len(groups)

    def each(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
        return pa.array(values, kind).take(pa.array(np.repeat(np.arange(turns), cells)))

    def again(values: NDArray[np.object_], step: int) -> pa.Array:
        """A column that begins anew with every kind and limit; each value ``step`` times."""
        rows = np.tile(np.repeat(np.arange(len(values)), step), turns * (cells // (len(values) * step or 1)))
        return pa.array(values, pa.string()).take(pa.array(rows))

    def flat(name: str) -> F64:
        return np.concatenate([one.ravel() for one in columns[name]]) if turns else np.zeros(0)

    totals, none = np.tile(total.ravel(), turns), np.tile(silent.ravel(), turns)
    reached, unknown, straight = flat("reached"), flat("unknown"), flat("straight")
    known = totals - unknown
    with np.errstate(invalid="ignore", divide="ignore"):
        share, crow = reached / known, straight / totals
    return pa.table(
        {
            "community_id": again(community, len(groups)), "part_id": again(part_id, len(groups)),
            "facility_kind": each(columns["kind"], pa.string()),
            "limit": each(columns["limit"], pa.float64()), "limit_unit": each(columns["unit"], pa.string()),
            "group": again(np.array(groups, object), 1),
            "total": _whole(totals, none), "reached": _whole(reached, none), "unknown": _whole(unknown, none),
            "share": pa.array(share, pa.float64(), mask=none | ~(known > 0)),
            "straight_share": pa.array(crow, pa.float64(), mask=none | ~(totals > 0)),
            "uncounted": pa.array(np.tile(not_counted.ravel(), turns).astype(np.int64)),
            "facilities": each(columns["placed"], pa.int64()),
            "facilities_unplaced": each(columns["unplaced"], pa.int64()),
        }
    )  # fmt: skip


def _whole(values: F64, none: Bool) -> pa.Array:
    return pa.array(np.rint(values).astype(np.int64), pa.int64(), mask=none)

"""The tables that circles answer with, and rooms that serve as facilities. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from twin_model.circle_book import Book, book
from twin_model.coverage import STATUS, Homes, Walked
from twin_model.walking import Profile, Stretches
from twin_model.walks import Walk

FACILITY_COLUMNS = (
    "facility_id", "community_id", "facility_kind", "name", "name_en", "building_id", "lon", "lat", "area_m2",
    "capacity", "opening_hours", "operator", "outline",
)  # fmt: skip


def with_rooms(facilities: pa.Table, rooms: pa.Table, rules: Book) -> pa.Table:
    """Facilities, and rooms that serve as a facility of their own kind where there is no such one in the building."""
    found = facilities.select([*FACILITY_COLUMNS])
    by_id = {row["facility_id"]: row for row in found.to_pylist()} if rooms.num_rows else {}
    there = {(row["building_id"], row["facility_kind"]) for row in by_id.values()}
    inside = []
    for room in rooms.to_pylist():
        house, kind = by_id.get(room["facility_id"]), rules.rooms.get(room["room_kind"])
        if house is None or kind is None or (house["building_id"], kind) in there:
            continue
        kept = {
            name: house[name] for name in ("community_id", "building_id", "lon", "lat", "opening_hours", "operator")
        }
        named = {name: room[name] for name in ("name", "name_en", "area_m2", "capacity")}
        inside.append({"facility_id": room["room_id"], "facility_kind": kind, **kept, **named})
    also = pa.Table.from_pylist(inside, schema=found.schema)
    is_room = pa.array([False] * found.num_rows + [True] * len(inside), pa.bool_())
    return pa.concat_tables([found, also]).append_column("room", is_room)


def placed(walk: Walk) -> pa.Table:
    """The facilities with where each stands."""
    adult = book().profiles["adult"]
    ok, island, snap = walk.facilities_stand(adult)
    words = np.select([walk.in_water, ~ok, island], ["in_water", "no_network", "island"], "on_path").astype(object)
    told = walk.facilities.append_column("placed", pa.array(words, pa.string())).append_column(
        "snap_m", pa.array(snap, pa.float64(), mask=np.isnan(snap))
    )
    area = walk.facilities["outline"].is_valid()
    return told.drop_columns(["outline"]).append_column("is_area", area)


def nearest_table(
    homes: Homes, kind: str, walk: Walked | None, ids: NDArray[np.object_], speed: float, limit_m: float
) -> pa.Table:
    if walk is None:
        homes, walk = homes.of(np.empty(0, np.int64)), _NOBODY
    reached = np.isfinite(walk.metres)
    facility = np.full(len(homes), None, object)
    facility[walk.facility >= 0] = ids[walk.facility[walk.facility >= 0]]
    return pa.table(
        {
            "community_id": pa.array(homes.community_id, pa.string()),
            "building_id": pa.array(homes.building_id, pa.string()),
            "facility_kind": pa.array(np.full(len(homes), kind, object), pa.string()),
            "facility_id": pa.array(facility, pa.string()),
            "metres": pa.array(walk.metres, pa.float64(), mask=~reached),
            "minutes": pa.array(walk.flat_m / speed, pa.float64(), mask=~np.isfinite(walk.flat_m)),
            "straight_m": pa.array(walk.straight_m, pa.float64(), mask=~np.isfinite(walk.straight_m)),
            "snap_m": pa.array(walk.snap_m, pa.float64(), mask=np.isnan(walk.snap_m)),
            "status": pa.array(np.array(STATUS, object)[walk.status(limit_m)], pa.string()),
        }
    )


_NONE, _NO_NUMBER = np.empty(0), np.empty(0, np.int64)
_NO = _NO_NUMBER.astype(bool)
_NOBODY = Walked(_NONE, _NONE, _NO_NUMBER, _NONE, _NONE, _NO, _NO, _NO, 0, 0, 0, _NONE, _NONE)


def streets_table(walk: Walk, found: Stretches, who: Profile) -> pa.Table:
    """lon, lat and minutes of both ends of each piece, and the ground line it is of."""
    start, end = walk.planes.degrees(found.start), walk.planes.degrees(found.end)
    columns: Mapping[str, Any] = {
        "ground_id": pa.array(walk.grounds[found.line], pa.string()), "lon0": start[:, 0], "lat0": start[:, 1],
        "lon1": end[:, 0], "lat1": end[:, 1], "minutes0": found.start_m / who.metres_per_minute,
        "minutes1": found.end_m / who.metres_per_minute,
    }  # fmt: skip
    return pa.table(columns)


CAPACITY = pa.schema(
    [
        ("community_id", pa.string()), ("facility_kind", pa.string()), ("group", pa.string()),
        ("facilities", pa.int64()), ("places", pa.int64()), ("demand", pa.float64()), ("uncounted", pa.int64()),
        ("per", pa.float64()), ("value", pa.float64()), ("unit", pa.string()), ("unit_en", pa.string()),
        ("missing", pa.list_(pa.string())),
    ]
)  # fmt: skip

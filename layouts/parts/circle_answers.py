"""What the circles page asks the twin: choices, coverage by group and kind, one place's walks, facilities, capacity.

Walking, counting and judging is done in twin_model; this picks and names. Unknown stays None to the screen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from layouts.page import ZONE
from layouts.parts.circle_network import Network
from layouts.parts.circle_words import LIMITS, USUAL, limit_of
from layouts.parts.wall_answers import opening
from twin_model.circle_book import GROUPS, book
from twin_model.masking import too_few
from twin_model.rights import asked
from twin_model.twin import Twin

Answer = dict[str, Any]

LIMIT_M = 1_200.0
"""How far away a facility is looked for: 15 minutes of an adult."""
SHOWN = ("homes", "people", "aged_60", "aged_80", "aged_0_3", "aged_3_6")
WORST = 3


def speed_of(speed: str | None) -> str:
    """A profile of the rulebook; what is none is an adult."""
    return speed if speed in book().profiles else "adult"


def hour_of(at: datetime, hour: str | None) -> datetime | None:
    """The hour chosen, on the day looked at, in the neighbourhood's time; None: hours are left out of account."""
    if hour is None or not hour.isdecimal() or not 0 <= int(hour) <= 23:
        return None
    return at.astimezone(ZONE).replace(hour=int(hour), minute=0, second=0, microsecond=0)


def choices(
    twin: Twin, at: datetime, community: str, *, kind: str | None, speed: str | None, limit: str | None,
    group: str | None, hour: str | None, facility: str | None, building: str | None,
) -> Answer:  # fmt: skip
    """What may be chosen and is; what is lacking before anything can be worked out."""
    counts = Counter(twin.circles.facilities(at, community)["facility_kind"].to_pylist())
    origin = None
    for what, identity in (("building", building), ("facility", facility)):
        row = twin.entity(what, identity, at) if identity else None
        if row is not None and origin is None:
            origin = {"what": what, "id": identity, "name": row["name"], "name_en": row["name_en"]}
    return {
        "chosen": {"kind": kind, "speed": speed_of(speed), "limit": _limit(limit), "hour": hour},
        "kinds": sorted(counts.items(), key=lambda one: (-one[1], one[0])),
        "pace": {name: profile.metres_per_minute for name, profile in book().profiles.items()},
        "sources": {name: dict(book().sources[name]) for name in book().profiles},
        "origin": origin,
        "lacks": lacks(twin, at, community),
    }


def _limit(limit: str | None) -> str:
    amount, unit = limit_of(limit)
    return f"{amount}{unit}"


def lacks(twin: Twin, at: datetime, community: str) -> str | None:
    """The name of what is missing altogether: a network, facilities; None when there is enough."""
    if not len(twin.circles.network(at, community).network.edge_m):
        return "no_network"
    return None if twin.entities("facility", at, community_id=community).num_rows else "no_facilities"


def counted_by(twin: Twin, at: datetime, community: str, group: str | None = None) -> str:
    """The group that shares are of: the chosen one; homes; buildings where no home is registered."""
    if group in GROUPS:
        return str(group)
    return "homes" if twin.entities("home", at, community_id=community).num_rows else "buildings"


def kinds_of(twin: Twin, at: datetime, community: str) -> list[str]:
    """The kinds of facilities there are in the community, or near enough to walk to from its buildings."""
    walk = twin.circles.network(at, community)
    kinds = walk.facilities["facility_kind"].to_numpy(zero_copy_only=False)
    mine = np.asarray(pc.equal(walk.facilities["community_id"], community))
    places = walk.building_middles()[np.asarray(pc.equal(walk.buildings["community_id"], community))]
    if len(places):
        low, high = places.min(axis=0) - LIMIT_M, places.max(axis=0) + LIMIT_M
        points = walk.facility_points()
        mine |= ((points >= low) & (points <= high)).all(axis=1)
    return sorted(set(kinds[mine].tolist()))


def _shares(twin: Twin, at: datetime, community: str, speed: str | None, hour: str | None) -> list[Answer]:
    """Rows of all kinds, limits and groups of the community."""
    table = twin.circles.coverage(
        at, community_id=community, kinds=kinds_of(twin, at, community), profile=speed_of(speed),
        open_at=hour_of(at, hour),
    )  # fmt: skip
    rows: list[Answer] = table.to_pylist()
    return rows


def coverage(
    twin: Twin, at: datetime, community: str, *, kind: str | None, limit: str | None, group: str | None,
    speed: str | None, hour: str | None, building: str | None,
) -> Answer:  # fmt: skip
    """One kind by group within the limit; of all kinds the homes that reach every one, and the least covered."""
    missing = lacks(twin, at, community)
    amount, unit = limit_of(limit)
    by = counted_by(twin, at, community, group)
    answer = {"lacks": missing, "kind": kind, "limit": _limit(limit), "chosen": by}
    if missing or (building and twin.entity("building", building, at)):  # of one building the walks are listed
        return answer | {"lacks": missing or "building"}
    rows = [r for r in _shares(twin, at, community, speed, hour) if r["limit"] == amount and r["limit_unit"] == unit]
    if kind:
        mine = {row["group"]: row for row in rows if row["facility_kind"] == kind}
        groups = SHOWN if by != "buildings" else ("buildings",)
        return answer | {
            "facilities": sum(row["facilities"] + row["facilities_unplaced"] for row in mine.values()),
            "groups": [_group(mine[name]) for name in groups if name in mine],
        }
    of = counted_by(twin, at, community)
    worst = sorted((r for r in rows if r["group"] == of and r["share"] is not None), key=lambda r: r["share"])
    every, total = _reach_every(twin, at, community, amount, unit, speed, hour, of)
    return answer | {"worst": worst[:WORST], "every": every, "homes": total, "of": of, "kinds": len(worst)}


def _group(row: Answer) -> Answer:
    """A group's figures; small counts are kept back from whoever may not look at one home."""
    few = not asked().homes and any(too_few(row[name]) for name in ("total", "reached", "unknown"))
    if few:
        return row | {"share": None, "reached": None, "few": True}
    return row


def _reach_every(
    twin: Twin, at: datetime, community: str, amount: int, unit: str, speed: str | None, hour: str | None, of: str
) -> tuple[float, float]:
    """Homes (or buildings) that reach a facility of every kind, and of how many."""
    kinds = kinds_of(twin, at, community)
    table = walks(twin, at, community, speed, hour, kinds)
    near = pc.less_equal(table["metres" if unit == "m" else "minutes"], amount)
    reached = table.filter(pc.fill_null(near, False)).group_by("building_id").aggregate([("facility_kind", "count")])
    whole = {row["building_id"] for row in reached.to_pylist() if row["facility_kind_count"] == len(kinds)}
    homes = twin.circles.homes(at, community)
    count = homes.count[of]
    mine = np.array([name in whole for name in homes.building_id], bool)
    return float(count[mine].sum()), float(count.sum())


def walks(
    twin: Twin, at: datetime, community: str, speed: str | None, hour: str | None, kinds: Sequence[str] | None = None
) -> pa.Table:
    """From every building to the nearest facility of every kind."""
    return twin.circles.nearest(
        at, kinds or kinds_of(twin, at, community), community, profile=speed_of(speed), open_at=hour_of(at, hour)
    )


def matrix(
    twin: Twin, at: datetime, community: str, *, kind: str | None, limit: str | None, group: str | None,
    speed: str | None, hour: str | None, side: str | None,
) -> Answer | None:  # fmt: skip
    """All kinds: the share of the chosen group within each circle, and the straight-line share."""
    if side not in (None, "matrix"):
        return None
    missing, by = lacks(twin, at, community), counted_by(twin, at, community, group)
    answer = {
        "lacks": missing, "kind": kind, "limit": _limit(limit), "group": by, "speed": speed_of(speed), "rows": [],
    }  # fmt: skip
    if missing:
        return answer
    found: dict[str, Answer] = {}
    own = Counter(twin.circles.facilities(at, community)["facility_kind"].to_pylist())
    for row in _shares(twin, at, community, speed, hour):
        if row["group"] != by:
            continue
        one = found.setdefault(row["facility_kind"], {"kind": row["facility_kind"], "shares": {}})
        one["facilities"] = own.get(row["facility_kind"], 0)
        told = _group(row)
        one["shares"][f"{row['limit']:g}{row['limit_unit']}"] = (told["share"], row["straight_share"])
    usual = limit_of(limit)[1]
    widest = {"min": USUAL, "m": "1000m"}[usual]
    return answer | {"rows": sorted(found.values(), key=lambda one: _rank(one["shares"].get(widest), one["kind"]))}


def _rank(shares: tuple[float | None, float | None] | None, kind: str) -> tuple[float, str]:
    """The least covered first; unknown after all."""
    share = shares[0] if shares else None
    return (2.0 if share is None else share, kind)


def place(
    twin: Twin, at: datetime, community: str, *, facility: str | None, building: str | None, limit: str | None,
    speed: str | None, hour: str | None,
) -> Answer | None:  # fmt: skip
    """One building's walk to each kind, or the homes within a walk of one facility; None when neither is chosen."""
    if building:
        return _of_building(twin, at, community, building, limit, speed, hour)
    return _of_facility(twin, at, community, facility, limit, speed, hour) if facility else None


def _of_building(
    twin: Twin, at: datetime, community: str, building: str, limit: str | None, speed: str | None, hour: str | None
) -> Answer | None:
    row = twin.entity("building", building, at)
    if row is None:
        return None
    table = walks(twin, at, community, speed, hour)
    mine = table.filter(pc.equal(table["building_id"], building)).to_pylist()
    names = {one["facility_id"]: one for one in twin.entities("facility", at, community_id=community).to_pylist()}
    amount, unit = limit_of(limit)
    told = "minutes" if unit == "min" else "metres"
    walked = [
        {
            "kind": one["facility_kind"], "facility_id": one["facility_id"], "metres": one["metres"],
            "minutes": one["minutes"], "straight_m": one["straight_m"], "status": one["status"],
            "within": one[told] is not None and one[told] <= amount, "beyond": amount,
            "name": names.get(one["facility_id"], {}).get("name"),
            "name_en": names.get(one["facility_id"], {}).get("name_en"),
        }
        for one in mine
    ]  # fmt: skip
    walked.sort(key=lambda one: (one["metres"] is None, one["metres"] or 0.0, one["kind"]))
    homes = twin.entities("home", at, community_id=community, building_id=building).num_rows
    return {
        "what": "building", "id": building, "name": row["name"], "name_en": row["name_en"], "walks": walked,
        "homes": homes, "snap_m": mine[0]["snap_m"] if mine else None, "limit": _limit(limit),
        "why": None if mine else "unknown",
    }  # fmt: skip


def _of_facility(
    twin: Twin, at: datetime, community: str, facility: str, limit: str | None, speed: str | None, hour: str | None
) -> Answer | None:
    row = twin.entity("facility", facility, at)
    if row is None:
        return None
    profile, by = speed_of(speed), counted_by(twin, at, community)
    who = book().profiles[profile]
    furthest = LIMIT_M * twin.circles.network(at, community).network.slowest(who) / who.metres_per_minute
    reach = twin.circles.reach(
        at, facility, furthest, profile=profile, community_id=community, open_at=hour_of(at, hour)
    )
    homes = twin.circles.homes(at, community)
    counts = dict(zip(homes.building_id.tolist(), homes.count[by].tolist(), strict=True))
    unit = limit_of(limit)[1]
    limits = LIMITS[0 if unit == "min" else 1]
    told = reach.buildings["minutes" if unit == "min" else "metres"].to_pylist()
    near = list(zip(reach.buildings["building_id"].to_pylist(), told, strict=True))
    reached = [(one, sum(counts.get(b, 0) for b, m in near if m <= limit_of(one)[0] + 1e-9)) for one in limits]
    entered = twin.circles.network(at, community).entered(facility)
    placed = {one["facility_id"]: one["placed"] for one in twin.circles.facilities(at, community).to_pylist()}
    return {
        "what": "facility", "id": facility, "name": row["name"], "name_en": row["name_en"],
        "kind": row["facility_kind"], "reached": reached, "limit": _limit(limit), "of": by, "entered": entered,
        "snap_m": None if np.isnan(reach.snap_m) else reach.snap_m,
        "why": None if placed.get(facility) == "on_path" else placed.get(facility, "no_network"),
    }  # fmt: skip


def facilities(
    twin: Twin, at: datetime, community: str, *, kind: str | None, facility: str | None, side: str | None
) -> Answer | None:
    """Every facility of the kind with what is registered of it and its state now."""
    if side != "facilities":
        return None
    rows = [row for row in twin.circles.facilities(at, community).to_pylist() if kind in (None, row["facility_kind"])]
    people = {row["place_id"]: row for row in twin.occupancy(at, community_id=community).to_pylist()}
    found = [_stated(row, people.get(row["facility_id"]), at) for row in rows]
    found.sort(key=lambda row: (row["facility_id"] != facility, row["people"] is None, row["name"] or ""))
    return {"kind": kind, "facility": facility, "total": len(found), "rows": found}


def _stated(row: Mapping[str, Any], people: Mapping[str, Any] | None, at: datetime) -> Answer:
    counted = people is not None and people["method"] != "none"
    names = (
        "facility_id", "facility_kind", "name", "name_en", "area_m2", "capacity", "operator", "placed", "snap_m",
    )  # fmt: skip
    return {
        **{name: row[name] for name in names}, "hours": row["opening_hours"],
        "opening": opening(row["opening_hours"], at), "counted": counted,
        "people": people["people"] if counted and people is not None else None,
    }  # fmt: skip


def capacity(twin: Twin, at: datetime, community: str, *, side: str | None) -> Answer | None:
    """Places against demand per kind that the rulebook measures."""
    if side != "capacity":
        return None
    rows = twin.circles.capacity(at, community).to_pylist()
    names = {row["facility_id"]: row for row in twin.circles.facilities(at, community).to_pylist()}
    return {
        "rows": [
            row | {"lacking": [names[one] for one in row["missing"] if one in names]}
            for row in rows
            if row["facilities"] or row["demand"]
        ],
    }  # fmt: skip


def network(
    twin: Twin, at: datetime, community: str, *, speed: str | None, hour: str | None, side: str | None
) -> Answer | None:
    """What the walks rest on: lengths, islands, what is not joined, snap distances."""
    if side != "network":
        return None
    return Network(twin, at, community, speed_of(speed), hour_of(at, hour)).answer()

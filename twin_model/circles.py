"""Living circles (生活圈): what can be reached on foot, from where, by whom. Reached as ``twin.circles``.

Every answer is for an instant: the network, homes and facilities as known then. Walks go over the paths of all
communities; ``community_id`` says whose homes are asked about. Networks and walks are remembered until an entity they
are made of changes. Nothing is guessed: what stands on no path, on an island, or behind hours that cannot be read is
said to, and is never "reached". Somewhat long, because it is all that can be asked of circles on one page.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin_model import hours
from twin_model.circle_book import CHILD_GROUPS, GROUPS, Book, book
from twin_model.circle_doors import Doors, best_door, by_place, first_door, may_reach, standing
from twin_model.circle_tables import CAPACITY, nearest_table, placed, streets_table, with_rooms
from twin_model.coverage import Homes, Walked, count_homes, shares
from twin_model.masking_cells import coarse, kept_back
from twin_model.remembered import Shared
from twin_model.rights import NotAllowed, asked, program
from twin_model.walking import AWAY, F64, I64, LENGTH, TOWARDS, Bool, Profile, Shut, Snapped
from twin_model.walks import Walk, lay

if TYPE_CHECKING:
    from twin_model.twin import Twin

LIMIT_M = 1_200.0
"""How far is searched: 15 minutes of an adult."""
_STREETS = ("community", "ground", "gate", "entrance", "building")
_SOURCES = (*_STREETS, "home", "facility", "room")
_LOCAL = timezone(timedelta(hours=8))
_NETWORKS_KEPT, _COUNTS_KEPT, _WALKS_KEPT, _ANSWERS_KEPT = 5, 4, 128, 48  # a city's walk to one kind takes a megabyte


class Unasked(ValueError):
    """A question that names something that is not there: ``name`` is the argument, ``known`` what there is."""

    def __init__(self, name: str, found: object, known: Iterable[str]) -> None:
        self.name, self.found, self.known = name, found, tuple(known)
        super().__init__(f"{name}: found {found!r}, expected one of {', '.join(self.known)}")


@dataclass(frozen=True, eq=False)
class Sparse:
    """Walks from sites to buildings: three columns of one length; ``site_snap_m`` (NaN: on no path) one per site."""

    site_no: NDArray[np.int32]
    building_no: NDArray[np.int32]
    metres: F64
    site_snap_m: F64
    buildings: int


@dataclass(frozen=True, eq=False)
class Reach:
    """What one place reaches. ``streets``: pieces with lon/lat and minutes of both ends. ``buildings``: building_id,
    metres, minutes, snap_m. ``snap_m``: of the place itself (NaN: it is on no path)."""

    streets: pa.Table
    buildings: pa.Table
    lonlat: tuple[float, float]
    snap_m: float
    limit_m: float
    on_island: bool


class Circles:
    """The living circles of one twin."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._networks = Shared(_NETWORKS_KEPT)
        self._counts = Shared(_COUNTS_KEPT)
        self._laying = threading.Lock()
        self._walks = Shared(_WALKS_KEPT)
        self._answers = Shared(_ANSWERS_KEPT)

    @property
    def book(self) -> Book:
        """Profiles, circles and needs, with their sources."""
        return book()

    def profile(self, name: str) -> Profile:
        """A speed profile by its name. Raises ``Unasked``."""
        if name not in self.book.profiles:
            raise Unasked("profile", name, self.book.profiles)
        return self.book.profiles[name]

    def epoch(self, at: datetime) -> int:
        """The last instant up to ``at`` at which anything changed that circles are made of."""
        return self._twin.entity_epoch(at, *_SOURCES)

    # ------------------------------------------------------------- what there is

    def network(self, at: datetime, community_id: str | None = None) -> Walk:
        """The network with buildings and facilities on it: one for all communities, which walks cross as people do.

        With ``community_id``: raises ``NotAllowed`` outside of the scope.
        """
        self._twin.sight.need(community_id)
        return self._network(at)

    def _network(self, at: datetime) -> Walk:
        at = self._twin.until_now(at)
        key = self.epoch(at), self._twin.forgotten
        walk: Walk | None = self._networks.peek(key)
        if walk is None:
            with self._laying:  # one lays it, the others take what it has laid
                walk = self._networks.get(key, lambda: self._laid(at))
        return walk

    def is_laid(self, at: datetime) -> bool:
        """Whether the network of an instant is there already."""
        return self._networks.peek((self.epoch(self._twin.until_now(at)), self._twin.forgotten)) is not None

    def prepare(self, at: datetime) -> None:
        """Lay the network and put buildings and facilities on it as adults walk, which nobody then has to wait for."""
        walk, adult = self._network(at), self.profile("adult")
        walk.building_doors(adult)
        walk.facility_doors(adult)

    def homes(self, at: datetime, community_id: str | None = None, *, street: bool = False) -> Homes:
        """Buildings people live in (with homes, or residential) and how many live there, by group.

        Small children are uncounted for whoever may not see how many live in one home. ``street``: as last released.
        """
        self._twin.sight.need(community_id)
        found = self._released(at) if street else self._homes_of(at, community_id)
        return found if asked().children else found.without(CHILD_GROUPS)

    def _homes_of(self, at: datetime, community_id: str | None) -> Homes:
        everywhere = self._homes(at)
        return everywhere if community_id is None else everywhere.of(self._numbers(at, community_id))

    def _homes(self, at: datetime) -> Homes:
        at = self._twin.until_now(at)
        key = "homes", self.epoch(at), self._twin.forgotten
        found: Homes = self._counts.get(
            key, lambda: count_homes(self._network(at).buildings, self._twin.entities("home", at))
        )
        return found

    def _released(self, at: datetime) -> Homes:
        at, released = self._twin.until_now(at), self._twin.released
        key = "released", self.epoch(at), released.epoch(at)
        found: Homes = self._counts.get(key, lambda: count_homes(self._network(at).buildings, released.homes(at)))
        return found

    def _coarse(self, at: datetime) -> tuple[Homes, Mapping[str, frozenset[str]]]:
        """Of the homes as last released, so that answers of two near instants tell of nobody either."""
        at, released = self._twin.until_now(at), self._twin.released

        def ask() -> tuple[Homes, Mapping[str, frozenset[str]]]:
            return coarse(self._released(at), self._network(at).building_middles())

        key = "coarse", self.epoch(at), released.epoch(at)
        found: tuple[Homes, Mapping[str, frozenset[str]]] = self._counts.get(key, ask)
        return found

    def facilities(self, at: datetime, community_id: str | None = None) -> pa.Table:
        """Facilities as circles see them, also rooms that are a facility of their own kind (a nursery in a centre).

        The entity's columns, ``room`` (true for a room), ``placed``: on_path, in_water, no_network or island, and
        ``snap_m``. Raises nothing for a community without facilities.
        """
        self._twin.sight.need(community_id)
        at = self._twin.until_now(at)
        table = self._answers.get(
            ("facilities", self.epoch(at), self._twin.forgotten), lambda: placed(self._network(at))
        )
        table = self._twin.sight.of(table, common=True)
        return table if community_id is None else table.filter(pc.equal(table["community_id"], community_id))

    def kinds(self, at: datetime) -> list[str]:
        """The kinds of facilities there are at ``at``."""
        return sorted(set(self._network(self._twin.until_now(at)).facilities["facility_kind"].to_pylist()))

    def _known_kinds(self, at: datetime, kinds: Sequence[str] | None) -> list[str]:
        """The kinds asked about; a declared one may be asked about where there is none. Raises ``Unasked``."""
        there = self.kinds(at)
        known = {*there, *self.book.kinds}
        for kind in kinds or ():
            if kind not in known:
                raise Unasked("facility_kind", kind, sorted(known))
        return there if kinds is None else list(dict.fromkeys(kinds))

    # --------------------------------------------------------------------- walks

    def walked(
        self, at: datetime, kinds: Sequence[str] | None = None, community_id: str | None = None,
        profile: str = "adult", open_at: datetime | None = None, limit_m: float = LIMIT_M,
    ) -> dict[str, Walked]:  # fmt: skip
        """Per kind the walks of all buildings of ``homes(at, community_id)``: what ``nearest`` and shares are made of.

        ``open_at``: only what is open then counts, in local time; None leaves hours out of account. Raises ``Unasked``.
        """
        self._twin.sight.need(community_id)
        at = self._twin.until_now(at)
        who = self.profile(profile)
        local = None if open_at is None else open_at.astimezone(_LOCAL).replace(second=0, microsecond=0)
        network = self._network(at)
        key = network.streets, community_id, who, local, limit_m

        def ask(kind: str) -> Walked:
            walk: Walked = self._walks.get(
                (kind, network.digest_of(kind), *key), lambda: self._one(at, kind, community_id, who, local, limit_m)
            )
            return walk

        with program():
            return {kind: ask(kind) for kind in self._known_kinds(at, kinds)}

    def nearest(
        self, at: datetime, kinds: Sequence[str] | None = None, community_id: str | None = None,
        profile: str = "adult", open_at: datetime | None = None, limit_m: float = LIMIT_M,
    ) -> pa.Table:  # fmt: skip
        """The walk from every building to the nearest facility of each kind, by kind and building.

        community_id, building_id, facility_kind, facility_id (null: none is reached), metres, minutes, straight_m
        (null: there is none), snap_m (of the building), status: reached, too_far, island, no_network or hours_unknown.
        """
        walked = self.walked(at, kinds, community_id, profile, open_at, limit_m)
        homes, speed = self._homes_of(at, community_id), self.profile(profile).metres_per_minute
        network = self._network(at)
        ids = network.facilities["facility_id"].to_numpy(zero_copy_only=False)
        parts = [
            nearest_table(homes, kind, walk, ids[network.of_kind(kind)], speed, limit_m)
            for kind, walk in walked.items()
        ]
        return self._twin.sight.of(pa.concat_tables(parts) if parts else nearest_table(homes, "", None, ids, 1.0, 0.0))

    def coverage(
        self, at: datetime, community_id: str | None = None, kinds: Sequence[str] | None = None,
        profile: str = "adult", minutes: Sequence[float] = (5, 10, 15), metres: Sequence[float] = (300, 500, 1000),
        by: str = "community", open_at: datetime | None = None, groups: Sequence[str] = GROUPS,
        public: bool = False,
    ) -> pa.Table:  # fmt: skip
        """Which share of whom has a facility of each kind within the limits; see ``coverage.shares`` for the columns.

        ``by``: community, estate (``part_id`` null: buildings of no estate) or building. Children by building only for
        whoever may see them; else those rows are left out. ``public``: counted by cells of neighbouring houses, so that
        no comparison of answers tells of one house; null of whom there are too few. Raises ``Unasked`` for an unknown
        profile, group or ``by``.
        """
        self._twin.sight.need(community_id)
        at, speed = self._twin.until_now(at), self.profile(profile).metres_per_minute
        if by not in ("community", "estate", "building"):
            raise Unasked("by", by, ("community", "estate", "building"))
        for group in groups:
            if group not in GROUPS:
                raise Unasked("group", group, GROUPS)
        limits = [(float(m), "min", m * speed) for m in minutes] + [(float(m), "m", float(m)) for m in metres]
        local = None if open_at is None else open_at.astimezone(_LOCAL).replace(second=0, microsecond=0)
        named = None if kinds is None else tuple(kinds)
        key = ("coverage", self.epoch(at), self._twin.forgotten, community_id, named, self.profile(profile),
               self._twin.released.epoch(at) if public else None)  # fmt: skip

        def ask() -> pa.Table:
            furthest = max([LIMIT_M, *(limit for _, _, limit in limits)])
            walked = self.walked(at, kinds, community_id, profile, open_at, furthest)
            if not public:
                return shares(self._homes_of(at, community_id), by, walked, limits, tuple(groups))
            homes, hidden = self._coarse(at)
            mine = homes if community_id is None else homes.of(self._numbers(at, community_id))
            return kept_back(shares(mine, by, walked, limits, tuple(groups)), hidden)

        if community_id is None:  # a city's table is large, and made fast from walks that are remembered
            with program():
                table = ask()
        else:
            table = self._answers.get((*key, tuple(limits), by, local, tuple(groups)), ask)
        if by == "building" and not asked().children:
            table = table.filter(pc.invert(pc.is_in(table["group"], pa.array(sorted(CHILD_GROUPS)))))
        return self._seen(table, by)

    def _seen(self, table: pa.Table, by: str) -> pa.Table:
        """Parts within the scope: of estates and buildings by their id."""
        if by == "community":
            return self._twin.sight.of(table)
        name = {"building": "building_id", "estate": "place_id"}[by]
        marked = table.append_column(name, table["part_id"])
        if by == "estate":
            marked = marked.append_column("place_kind", pa.repeat(pa.scalar("estate"), table.num_rows))
        return self._twin.sight.of(marked).select(table.column_names)

    def capacity(self, at: datetime, community_id: str) -> pa.Table:
        """Places against who needs them: facility_kind, group, facilities, places, demand, per, value, unit, missing.

        ``missing`` names the facilities that say no capacity; ``value`` = places / demand * per of those that do, null
        when none does or the demand is not known. ``unit`` in Chinese, ``unit_en`` in English.
        """
        found = self.facilities(at, community_id)
        homes = self._homes_of(at, community_id)
        rows = []
        for kind, need in self.book.needs.items():
            mine = found.filter(pc.equal(found["facility_kind"], kind)).to_pylist()
            stated = [row["capacity"] for row in mine if row["capacity"] is not None]
            demand = float(homes.count[need.group].sum())
            is_known = demand > 0
            places = sum(stated) if stated or not mine else None
            rows.append(
                {
                    "community_id": community_id, "facility_kind": kind, "group": need.group, "facilities": len(mine),
                    "places": places, "demand": demand if is_known else None,
                    "uncounted": int(homes.uncounted[need.group].sum()), "per": float(need.per),
                    "value": places / demand * need.per if is_known and places is not None else None,
                    "unit": need.unit["zh"], "unit_en": need.unit["en"],
                    "missing": [row["facility_id"] for row in mine if row["capacity"] is None],
                }
            )  # fmt: skip
        return pa.Table.from_pylist(rows, schema=CAPACITY)

    def distances(
        self, at: datetime, points: F64, community_id: str, profile: str = "adult", limit_m: float = LIMIT_M,
        by: str = LENGTH, open_at: datetime | None = None,
    ) -> Sparse:  # fmt: skip
        """Walks between points (lon, lat) and the buildings of ``homes(at, community_id)`` within a limit.

        ``by``: LENGTH, or TOWARDS the points: metres on the flat that take as long. ``open_at``: only through what is
        surely open then; None leaves hours out of account.
        """
        self._twin.sight.need(community_id)
        walk, who = self._network(at), self.profile(profile)
        sites = walk.network.snap(walk.metres(points, community_id), profile=who)
        each = [sites[one : one + 1] for one in range(len(sites))]
        return self._from(at, each, community_id, who, limit_m, by, open_at)

    def distances_of(
        self, at: datetime, facility_ids: Sequence[str], community_id: str, profile: str = "adult",
        limit_m: float = LIMIT_M, by: str = LENGTH, open_at: datetime | None = None,
    ) -> Sparse:  # fmt: skip
        """As ``distances``, from the doors of facilities. Raises ``Unasked`` for one that is not known at ``at``."""
        self._twin.sight.need(community_id)
        walk, who = self._network(at), self.profile(profile)
        number = {one: place for place, one in enumerate(walk.facilities["facility_id"].to_pylist())}
        if unknown := [one for one in facility_ids if one not in number]:
            raise Unasked("facility_id", unknown[0], ["a facility known then"])
        shut = walk.shut(who, None if open_at is None else open_at.astimezone(_LOCAL))
        sites = [walk.doors_of([number[one]], who, shut)[0] for one in facility_ids]
        return self._from(at, sites, community_id, who, limit_m, by, open_at)

    def _from(
        self, at: datetime, sites: Sequence[Snapped], community_id: str, who: Profile, limit_m: float, by: str,
        open_at: datetime | None,
    ) -> Sparse:  # fmt: skip
        walk = self._network(at)
        shut = walk.shut(who, None if open_at is None else open_at.astimezone(_LOCAL))
        doors = self._doors_of(at, community_id, who)
        found: list[tuple[I64, F64, int]] = []
        for number, site in enumerate(sites):
            metres = walk.network.within(site, doors.at, who, limit_m, shut, by)
            place, metres = by_place(metres, doors.place, doors.places)
            found.append((place, metres, number))
        snaps = [float(np.nanmin(site.snap_m)) if site.ok.any() else np.nan for site in sites]
        return Sparse(
            np.concatenate([np.full(len(p), s) for p, _, s in found] or [np.empty(0)]).astype(np.int32),
            np.concatenate([p for p, _, _ in found] or [np.empty(0, np.int64)]).astype(np.int32),
            np.concatenate([m for _, m, _ in found] or [np.empty(0)]), np.array(snaps, np.float64), doors.places,
        )  # fmt: skip

    def reach(
        self, at: datetime, place: str | tuple[float, float], minutes: float = 15.0, profile: str = "adult",
        community_id: str | None = None, bands: Sequence[float] = (5, 10, 15), open_at: datetime | None = None,
    ) -> Reach:  # fmt: skip
        """The streets and buildings from which a facility (its id), or which from a place (lon, lat), are reached
        within minutes.

        Where slopes are known it matters that one walks to a facility and from another place. ``bands``: minutes at
        which streets are cut. Raises ``Unasked`` for a facility that is not known at ``at``.
        """
        self._twin.sight.need(community_id)
        at, who = self._twin.until_now(at), self.profile(profile)
        walk = self._network(at)
        shut = walk.shut(who, None if open_at is None else open_at.astimezone(_LOCAL))
        source, lonlat = self._source(walk, place, who, community_id, shut)
        by = TOWARDS if isinstance(place, str) else AWAY
        limit_m = minutes * who.metres_per_minute
        cuts = [band * who.metres_per_minute for band in bands if band < minutes]
        streets = walk.network.reach(source, who, limit_m, bands_m=cuts, shut=shut, by=by)
        doors = self._doors_of(at, community_id, who)
        flat = walk.network.within(source, doors.at, who, limit_m, shut, by)
        length = flat if walk.network.is_flat(who) else walk.network.within(source, doors.at, who, limit_m, shut)
        number, flat = by_place(flat, doors.place, doors.places)
        shortest = np.full(doors.places, np.inf)
        near, metres = by_place(length, doors.place, doors.places)
        shortest[near] = metres
        homes = self._homes_of(at, community_id).of(number)
        snap = first_door(doors.at.snap_m, doors.place, doors.places)[number]
        buildings = pa.table(
            {
                "community_id": pa.array(homes.community_id, pa.string()),
                "building_id": pa.array(homes.building_id, pa.string()), "metres": shortest[number],
                "minutes": flat / who.metres_per_minute, "snap_m": snap,
            }
        )  # fmt: skip
        island = bool(source.ok.any() and walk.network.on_island(source[source.ok], who).all())
        snap_m = float(np.nanmin(source.snap_m)) if source.ok.any() else float("nan")
        return Reach(
            streets_table(walk, streets, who),
            self._twin.sight.of(buildings),
            lonlat,
            snap_m,
            limit_m,
            island,
        )

    # ------------------------------------------------------------------- private

    def _laid(self, at: datetime) -> Walk:
        """The network with facilities on it; laid anew only when something changed that it is made of without them."""
        entities = self._twin.entities
        here = entities("community", at)["community_id"].combine_chunks()  # without drills

        def of_these(kind: str) -> pa.Table:
            table = entities(kind, at)
            return table.filter(pc.is_in(table["community_id"], here))

        facilities = with_rooms(of_these("facility"), entities("room", at), self.book)
        lived_in = pc.unique(entities("home", at)["building_id"])
        living = hash(frozenset(lived_in.to_pylist()))
        key = "streets", self._twin.entity_epoch(at, *_STREETS), self._twin.forgotten, living
        before: Walk | None = self._networks.peek(key)
        walk = None if before is None else before.with_facilities(facilities)
        if walk is None:
            buildings = of_these("building")
            mine = pc.or_(pc.is_in(buildings["building_id"], lived_in), pc.equal(buildings["use"], "residential"))
            walk = lay(of_these("ground"), of_these("gate"), of_these("entrance"), buildings.filter(mine), facilities)
        self._networks.put(key, walk)
        return walk

    def _numbers(self, at: datetime, community_id: str) -> I64:
        """The buildings of a community, by their numbers in the network's table."""
        names = self._network(at).buildings["community_id"].to_numpy(zero_copy_only=False)
        return np.flatnonzero(names == community_id)

    def _doors_of(self, at: datetime, community_id: str | None, who: Profile) -> Doors:
        """The doors of a community's buildings, which are numbered from 0."""
        walk = self._network(at)
        doors = walk.building_doors(who)
        if community_id is None:
            return Doors(doors.at, doors.place, walk.buildings.num_rows)
        numbers = self._numbers(at, community_id)
        anew = np.full(walk.buildings.num_rows, -1, np.int64)
        anew[numbers] = np.arange(len(numbers))
        chosen = np.flatnonzero(anew[doors.place] >= 0)
        return Doors(doors.at[chosen], anew[doors.place[chosen]], len(numbers))

    def _source(
        self, walk: Walk, place: str | tuple[float, float], who: Profile, community_id: str | None, shut: Shut
    ) -> tuple[Snapped, tuple[float, float]]:
        if isinstance(place, str):
            ids = walk.facilities["facility_id"].to_pylist()
            if place not in ids:
                raise Unasked("facility_id", place, ["a facility known then"])
            number = ids.index(place)
            row = walk.facilities.slice(number, 1).to_pylist()[0]
            if not self._twin.sight.within(row["community_id"]):
                raise NotAllowed(
                    "不在当前账号负责的范围内", "this lies outside of what this account is responsible for"
                )
            return walk.doors_of([number], who, shut)[0], (row["lon"], row["lat"])
        at = np.array([place], np.float64)
        return walk.network.snap(walk.metres(at, self._region(walk, place, community_id)), profile=who), place

    @staticmethod
    def _region(walk: Walk, place: tuple[float, float], community_id: str | None) -> str:
        """The community whose plane a place is measured in: the one asked about, else one of the nearest region."""
        if community_id is not None and community_id in walk.planes.region_of:
            return community_id
        origins = np.array(walk.planes.origins)
        nearest = int(np.hypot(*(origins - np.array(place)).T).argmin()) if len(origins) else 0
        for name, region in walk.planes.region_of.items():
            if region == nearest:
                return name
        raise Unasked("community_id", community_id, ["a community with paths, buildings or facilities"])

    def _one(
        self, at: datetime, kind: str, community_id: str | None, who: Profile, local: datetime | None, limit_m: float
    ) -> Walked:
        """The walks of all buildings to one kind of facility."""
        walk = self._network(at)
        network, doors = walk.network, self._doors_of(at, community_id, who)
        of_kind = walk.of_kind(kind)
        judged = np.ones(len(of_kind), bool)
        doubtful = np.zeros(len(of_kind), bool)
        if local is not None:
            said = [hours.is_open(text, local) for text in walk.facilities["opening_hours"].take(of_kind).to_pylist()]
            judged = np.array([one is True for one in said], bool)
            doubtful = np.array([one is None for one in said], bool)

        def search(chosen: Bool, shut: Shut, by: str) -> tuple[F64, I64]:
            sources, owner = walk.doors_of(of_kind[chosen], who, shut)
            furthest = limit_m if by == LENGTH else limit_m * network.slowest(who)
            near = may_reach(sources, doors.at, furthest)
            metres, which = network.nearest_which(sources[near], doors.at, who, furthest, shut, by)
            best = best_door(metres, doors.place, doors.places)
            reached = best >= 0
            found = np.full(doors.places, np.inf)
            facility = np.full(doors.places, -1, np.int64)
            found[reached] = metres[best[reached]]
            told = reached & np.isfinite(found)
            facility[told] = np.flatnonzero(chosen)[owner[near][which[best[told]]]]
            return found, facility

        shut, perhaps = walk.shut(who, local), walk.shut(who, local, doubtful=True)
        is_sure = local is None or not (doubtful.any() or perhaps != shut)
        metres, facility = search(judged, shut, LENGTH)
        possible = metres if is_sure else search(judged | doubtful, perhaps, LENGTH)[0]
        flat, possible_flat = metres, possible
        if not network.is_flat(who):
            flat, _ = search(judged, shut, TOWARDS)
            possible_flat = flat if is_sure else search(judged | doubtful, perhaps, TOWARDS)[0]
        nowhere, island = standing(walk, doors, who)
        closed = walk.no_way_in(who)
        closed = closed if community_id is None else closed[self._numbers(at, community_id)]
        snap = first_door(doors.at.snap_m, doors.place, doors.places)
        placed = int(walk.facilities_stand(who)[0][of_kind].sum())
        return Walked(
            metres, possible, facility, snap, self._straight(walk, at, community_id, of_kind[judged]), island,
            nowhere & ~closed, closed, placed=placed, unplaced=len(of_kind) - placed,
            hours_unknown=int(doubtful.sum()), flat_m=flat, possible_flat_m=possible_flat,
        )  # fmt: skip

    def _straight(self, walk: Walk, at: datetime, community_id: str | None, of_kind: I64) -> F64:
        """As the crow flies from the middle of each building to the nearest of these facilities; inf without any."""
        middles = walk.building_middles()
        if community_id is not None:
            middles = middles[self._numbers(at, community_id)]
        return walk.straight(middles, of_kind)

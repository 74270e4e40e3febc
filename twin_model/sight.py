"""What of an answer whoever asks may see: rows of other parts of the neighbourhood are left out, codes made unreadable.

A limit to estates or grids is about the homes in them: their people, devices, alerts and incidents. What belongs to
no home (ground, roads, footprints, facilities and their devices) is common and seen by all of the community.

Without the right to look at one home an answer ends at the building: which door it is, what its sensors are called and
what they measured is not in it. Codes become aliases, the same one for the same home, so that counts stay right.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin_model.remembered import Shared
from twin_model.rights import NotAllowed, Rights, Scope, alias, asked, current

if TYPE_CHECKING:
    from twin_model.incident import Incident
    from twin_model.twin import Twin

KEPT = 16
KEPT_ANSWERS = 8
CODES_OF_HOMES = ("home_id", "subject", "device_id")
"""Columns by which one home could be told from its neighbours: aliases in their place."""
DOORS = ("number", "unit_id", "floor", "home_number", "unit_name", "name", "address", "value", "evidence")
"""Columns that say which door it is or what happened behind it: empty in rows of homes."""
_PLACES = "SELECT building_id, estate_id, grid FROM building_at($instant)"
_HOMES = "SELECT home_id, building_id FROM home_at($instant)"
_HOME = "SELECT community_id FROM home_at($instant) WHERE home_id = $home_id"
_OUTSIDE = (
    "SELECT code FROM (SELECT home_id AS code, home_id FROM home WHERE community_id = $community_id "
    "UNION SELECT device_id, home_id FROM device WHERE community_id = $community_id "
    "UNION SELECT incident_id, home_id FROM incident WHERE community_id = $community_id) "
    "WHERE home_id IS NOT NULL AND home_id NOT IN (SELECT home_id FROM inside)"
)
_DIVISIONS = "SELECT division_id, parent_id FROM division_at($instant)"
_PARTS = "SELECT community_id, subdistrict_id FROM community_at($instant) WHERE subdistrict_id IS NOT NULL"
_DRILLS = "SELECT DISTINCT community_id, drill_of FROM community WHERE drill_of IS NOT NULL"


@dataclass(frozen=True)
class _Kept:
    """What a scope holds: communities with those of their drills (None: all); homes and buildings it leaves out."""

    communities: pa.Array | None
    homes: pa.Array | None
    other_buildings: pa.Array
    other_estates: pa.Array | None = None


class Sight:
    """Cuts answers down to the rights in force; costs one look at them where nothing is kept back."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._scopes = Shared(KEPT)
        self._lock = Lock()
        self._cut: OrderedDict[int, tuple[pa.Table, pa.Table]] = OrderedDict()

    def of(self, table: pa.Table, *, common: bool = False, inside: bool = False) -> pa.Table:
        """The rows of an answer that lie within the scope, by the columns that say where they belong.

        ``common``: they belong to no home, only the community counts. ``inside``: that the community is within the
        scope is settled. Rows that do not say which community they are of are no answer for a part of the places.
        """
        return self._to_building(self._in_scope(table, common=common, inside=inside))

    def measured(self, table: pa.Table) -> pa.Table:
        """As ``of``, of what sensors measure: without the right to look at one home, nothing of any."""
        table = self.of(table)
        return table if asked().homes else table.filter(pc.is_null(table["home_id"]))

    def _in_scope(self, table: pa.Table, *, common: bool, inside: bool) -> pa.Table:
        scope = current().scope
        if scope.is_everywhere:
            return table
        kept, names = self._kept(scope), set(table.column_names)
        if kept.communities is not None and not inside:
            table = table.filter(pc.is_in(table["community_id"], kept.communities))
        if kept.homes is not None and not common:
            if "home_id" in names:
                table = table.filter(_within(table["home_id"], kept.homes))
            if "building_id" in names:
                table = table.filter(pc.invert(pc.is_in(table["building_id"], kept.other_buildings)))
            if "place_kind" in names:  # of occupancy: what is common, and the buildings and estates inside
                other = pc.is_in(table["place_id"], _both(kept.other_buildings, kept.other_estates))
                table = table.filter(pc.invert(other))
        return table

    def _to_building(self, table: pa.Table) -> pa.Table:
        if "home_id" not in table.column_names or asked().homes or table["home_id"].null_count == table.num_rows:
            return table
        with self._lock:  # the whole list of a large city is asked for again and again
            known = self._cut.get(id(table))
            if known is not None and known[0] is table:
                return known[1]
        cut = _without_doors(table)
        with self._lock:
            self._cut[id(table)] = table, cut
            while len(self._cut) > KEPT_ANSWERS:
                self._cut.popitem(last=False)
        return cut

    def within(self, community_id: str | None, home_id: str | None = None, building_id: str | None = None) -> bool:
        """Whether something that belongs there lies within the scope."""
        scope = current().scope
        if scope.is_everywhere:
            return True
        kept = self._kept(scope)
        if community_id is None and home_id is not None:  # a home says for itself where it is
            rows = self._twin.store.select(_HOME, instant=self._twin.now(), home_id=home_id).to_pylist()
            community_id = rows[0]["community_id"] if rows else None
        if kept.communities is not None and not _holds(kept.communities, community_id):
            return False
        if kept.homes is None:
            return True
        if home_id is not None and not _holds(kept.homes, home_id):
            return False
        return building_id is None or not _holds(kept.other_buildings, building_id)

    def need(self, community_id: str | None, home_id: str | None = None) -> None:
        """Raise ``NotAllowed`` for a place outside of the scope; None: all communities, for which none may be left."""
        if community_id is None and home_id is None and not current().scope.limits_communities:
            return
        if not self.within(community_id, home_id):
            raise NotAllowed("不在当前账号负责的范围内", "this lies outside of what this account is responsible for")

    def need_all_of(self, community_id: str) -> None:
        """As ``need``, for what holds in every home of a community: not for whoever is limited to some of them."""
        self.need(community_id)
        scope = current().scope
        if scope.estates is not None or scope.grids is not None:
            raise NotAllowed(
                "当前账号只负责社区的一部分，不能更改对全社区生效的内容",
                "this account is responsible for a part of the community and may not change what holds for all of it",
            )

    def incidents(self, found: Iterable[Incident]) -> list[Incident]:
        """Those within the scope, each as far as it may be told."""
        rights = asked()
        if rights.whole:
            return list(found)
        return [self._told(i, rights) for i in found if self.within(i.community_id, i.home_id, i.building_id)]

    def _told(self, incident: Incident, rights: Rights) -> Incident:
        if rights.persons:
            return incident
        told = replace(
            incident,
            ladder=tuple(replace(rung, contact_id=None) for rung in incident.ladder),
            steps=tuple(replace(step, note="", detail={}) for step in incident.steps),
        )
        if rights.homes or incident.home_id is None:
            return told
        return replace(
            told,
            home_id=alias(incident.home_id),
            subject=alias(incident.subject),
            sentence=incident.title,  # the sentence names devices, which are called as somebody called them
            facts=(),
            evidence=tuple(
                replace(one, subject=alias(one.subject), place=None, sentence=one.title) for one in incident.evidence
            ),
        )

    def records(self, table: pa.Table, homes: Iterable[str], restricted: Iterable[str]) -> pa.Table:
        """Rows of the ledger: of the scope's communities and homes (``homes``: the columns that name one)."""
        scope = current().scope
        if not scope.is_everywhere:
            table, kept = self.of(table), self._kept(scope)
            for name in homes if kept.homes is not None else ():
                table = table.filter(_within(table[name], kept.homes))
        return self.codes(table, restricted)

    def named(self, table: pa.Table, column: str, community_id: str) -> pa.Table:
        """The rows but for those a column names by the code of a home outside of the scope, or of what is in one."""
        kept = None if current().scope.is_everywhere else self._kept(current().scope)
        if kept is None or kept.homes is None or column not in table.column_names:
            return table
        inside = pa.table({"home_id": kept.homes})
        outside = self._twin.store.select(_OUTSIDE, tables={"inside": inside}, community_id=community_id)["code"]
        return table.filter(pc.invert(pc.is_in(table[column], outside.combine_chunks())))

    def codes(self, table: pa.Table, columns: Iterable[str]) -> pa.Table:
        """Restricted codes made unreadable for whoever may not look at one home; how many there are stays true."""
        wanted = [name for name in columns if name in table.column_names]
        if not wanted or asked().homes:
            return table
        for name in wanted:
            table = table.set_column(table.column_names.index(name), name, _aliases(table[name]))
        return table

    def _kept(self, scope: Scope) -> _Kept:
        twin, now = self._twin, self._twin.now()
        key = scope, twin.entity_epoch(now, "community", "division", "building", "home", "estate")
        kept: _Kept = self._scopes.get(key, lambda: self._read(scope, now))
        return kept

    def _read(self, scope: Scope, now: datetime) -> _Kept:
        store, communities = self._twin.store, None
        if scope.limits_communities:
            drills = store.select(_DRILLS).to_pylist()
            named = self._named(scope, now)
            mine = {row["community_id"] for row in drills if row["drill_of"] in named}
            communities = pa.array(sorted(named | mine), pa.string())
        if scope.estates is None and scope.grids is None:
            return _Kept(communities, None, pa.array([], pa.string()))
        homes = store.select(_HOMES, instant=now).to_pylist()
        buildings = {row["building_id"]: row for row in store.select(_PLACES, instant=now).to_pylist()}
        inside = {name for name, row in buildings.items() if _is_inside(row, scope)}
        lived_in = {row["building_id"] for row in homes}
        estates = {row["estate_id"] for row in buildings.values() if row["estate_id"]}
        mine = {buildings[name]["estate_id"] for name in inside}
        return _Kept(
            communities,
            pa.array(sorted(row["home_id"] for row in homes if row["building_id"] in inside), pa.string()),
            pa.array(sorted(lived_in - inside), pa.string()),
            pa.array(sorted(estates - mine), pa.string()),
        )

    def _named(self, scope: Scope, now: datetime) -> frozenset[str]:
        """The communities that are named and, where divisions are, lie in one of those."""
        if scope.divisions is None:
            return scope.communities or frozenset()
        store = self._twin.store
        parents = {row["division_id"]: row["parent_id"] for row in store.select(_DIVISIONS, instant=now).to_pylist()}
        parts = store.select(_PARTS, instant=now).to_pylist()
        inside = {row["community_id"] for row in parts if _is_part(row["subdistrict_id"], scope.divisions, parents)}
        return frozenset(inside if scope.communities is None else inside & scope.communities)


def _is_part(division: str | None, of: frozenset[str], parents: Mapping[str, str | None]) -> bool:
    """Whether a division is one of these or within one; parents that run in a circle end the search."""
    seen: set[str] = set()
    while division is not None and division not in seen:
        if division in of:
            return True
        seen.add(division)
        division = parents.get(division)
    return False


def _is_inside(building: Mapping[str, Any], scope: Scope) -> bool:
    in_estate = scope.estates is None or building["estate_id"] in scope.estates
    return in_estate and (scope.grids is None or building["grid"] in scope.grids)


def _within(column: pa.ChunkedArray, homes: pa.Array) -> pa.ChunkedArray:
    """True for what is in one of the homes, and for what is in no home."""
    return pc.or_(pc.is_null(column), pc.is_in(column, homes))


def _without_doors(table: pa.Table) -> pa.Table:
    """The rows of homes with everything cut off that is narrower than the building."""
    at_home = table["home_id"].is_valid().combine_chunks()
    # taken anew: a value that is only marked as null would still go out beneath the mark in an Arrow answer
    elsewhere = pc.if_else(at_home, pa.scalar(None, pa.int64()), pa.array(np.arange(table.num_rows)))
    for place, name in enumerate(table.column_names):
        if name in CODES_OF_HOMES:
            column = pc.if_else(at_home, _aliases(table[name]), table[name].take(elsewhere))
            table = table.set_column(place, name, column)
        elif name in DOORS:
            table = table.set_column(place, name, table[name].take(elsewhere))
    return table


def _aliases(column: pa.ChunkedArray) -> pa.Array:
    return pa.array([None if v is None else alias(str(v)) for v in column.to_pylist()], pa.string())


def _both(some: pa.Array, more: pa.Array | None) -> pa.Array:
    return some if more is None else pa.concat_arrays([some, more])


def _holds(known: pa.Array, wanted: str | None) -> bool:
    return wanted is not None and bool(pc.any(pc.equal(known, wanted)).as_py())

"""What of an answer whoever asks may see: rows of other parts of the neighbourhood are left out, codes made unreadable.

A limit to estates or grids is about the homes in them: their people, devices, alerts and incidents. What belongs to
no home (ground, roads, footprints, facilities and their devices) is common and seen by all of the community.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from twin_model.remembered import Shared
from twin_model.rights import NotAllowed, Rights, Scope, alias, asked, current

if TYPE_CHECKING:
    from twin_model.incident import Incident
    from twin_model.twin import Twin

KEPT = 16
_PLACES = "SELECT building_id, estate_id, grid FROM building_at($instant)"
_HOMES = "SELECT home_id, building_id FROM home_at($instant)"
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

    def of(self, table: pa.Table, *, common: bool = False, inside: bool = False) -> pa.Table:
        """The rows of an answer that lie within the scope, by the columns that say where they belong.

        ``common``: they belong to no home, only the community counts. ``inside``: that the community is within the
        scope is settled. Rows that do not say which community they are of are no answer for a part of the places.
        """
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

    def within(self, community_id: str | None, home_id: str | None = None, building_id: str | None = None) -> bool:
        """Whether something that belongs there lies within the scope."""
        scope = current().scope
        if scope.is_everywhere:
            return True
        kept = self._kept(scope)
        if kept.communities is not None and not _holds(kept.communities, community_id):
            return False
        if kept.homes is None:
            return True
        if home_id is not None and not _holds(kept.homes, home_id):
            return False
        return building_id is None or not _holds(kept.other_buildings, building_id)

    def need(self, community_id: str | None, home_id: str | None = None) -> None:
        """Raise ``NotAllowed`` for a place outside of the scope; None: all communities, for which none may be left."""
        if community_id is None and home_id is None and current().communities is None:
            return
        if not self.within(community_id, home_id):
            raise NotAllowed("不在当前账号负责的范围内", "this lies outside of what this account is responsible for")

    def incidents(self, found: Iterable[Incident]) -> list[Incident]:
        """Those within the scope, each as far as it may be told."""
        rights = asked()
        if rights.whole:
            return list(found)
        return [self._told(i, rights) for i in found if self.within(i.community_id, i.home_id, i.building_id)]

    def _told(self, incident: Incident, rights: Rights) -> Incident:
        if rights.persons:
            return incident
        return replace(
            incident,
            ladder=tuple(replace(rung, contact_id=None) for rung in incident.ladder),
            steps=tuple(replace(step, note="", detail={}) for step in incident.steps),
        )

    def records(self, table: pa.Table, homes: Iterable[str], restricted: Iterable[str]) -> pa.Table:
        """Rows of the ledger: of the scope's communities and homes (``homes``: the columns that name one)."""
        scope = current().scope
        if not scope.is_everywhere:
            table, kept = self.of(table), self._kept(scope)
            for name in homes if kept.homes is not None else ():
                table = table.filter(_within(table[name], kept.homes))
        return self.codes(table, restricted)

    def codes(self, table: pa.Table, columns: Iterable[str]) -> pa.Table:
        """Restricted codes made unreadable for whoever may not look at one home; how many there are stays true."""
        wanted = [name for name in columns if name in table.column_names]
        if not wanted or asked().homes:
            return table
        for name in wanted:
            column = table[name]
            told = pa.array([None if v is None else alias(str(v)) for v in column.to_pylist()], pa.string())
            table = table.set_column(table.column_names.index(name), name, told)
        return table

    def _kept(self, scope: Scope) -> _Kept:
        twin, now = self._twin, self._twin.now()
        key = scope, twin.entity_epoch(now, "community", "building", "home", "estate")
        kept: _Kept = self._scopes.get(key, lambda: self._read(scope, now))
        return kept

    def _read(self, scope: Scope, now: datetime) -> _Kept:
        store, communities = self._twin.store, None
        if scope.communities is not None:
            drills = store.select(_DRILLS).to_pylist()
            mine = {row["community_id"] for row in drills if row["drill_of"] in scope.communities}
            communities = pa.array(sorted(scope.communities | mine), pa.string())
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


def _is_inside(building: Mapping[str, Any], scope: Scope) -> bool:
    in_estate = scope.estates is None or building["estate_id"] in scope.estates
    return in_estate and (scope.grids is None or building["grid"] in scope.grids)


def _within(column: pa.ChunkedArray, homes: pa.Array) -> pa.ChunkedArray:
    """True for what is in one of the homes, and for what is in no home."""
    return pc.or_(pc.is_null(column), pc.is_in(column, homes))


def _both(some: pa.Array, more: pa.Array | None) -> pa.Array:
    return some if more is None else pa.concat_arrays([some, more])


def _holds(known: pa.Array, wanted: str | None) -> bool:
    return wanted is not None and bool(pc.any(pc.equal(known, wanted)).as_py())

"""Many communities at once: what is known of each, and summed up to subdistrict, district and city. ``twin.city``.

Every answer is worked out for all communities and kept until something it is made of changes; whoever asks gets those
within his scope, and sums over those alone. What is unknown stays null: a sum says how much of it was known, and a
share is of people, never a mean of shares (docs/city.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin_model.city_effect import facts_when_finished, reach_when_finished
from twin_model.city_scenes import scene_table, scenes_summed
from twin_model.city_standing import depends_on, standing
from twin_model.entities import KINDS
from twin_model.remembered import Shared
from twin_model.rights import asked, program
from twin_model.timeline import from_us

if TYPE_CHECKING:
    from twin_model.twin import Twin

KEY_KINDS = ("clinic", "day_care", "canteen", "nursery", "kindergarten", "centre", "supermarket", "park")
"""The kinds whose circles are told of every community; any other is asked for by name."""
MINUTES = (5.0, 10.0, 15.0)
BOOK = "complete_community_2020"
"""The rulebook the city is ranked by unless another one is asked for."""
KEPT = 24
SUMS = (
    "homes", "homes_counted", "people", "aged_60", "aged_80", "aged_0_17", "aged_18_59", "aged_60_79", "aged_0_3",
    "aged_3_6", "elder_alone", "buildings", "facilities",
)  # fmt: skip
"""Columns that are summed; the sum is of those communities that know it (``<name>_of``: how many do)."""
STATUS = ("planned", "building", "done", "dropped")
LEVELS = ("city", "district", "subdistrict")
_OF = {"city": "city_id", "district": "district_id", "subdistrict": "subdistrict_id"}
_FIGURES = ("community", "division", "home", "building", "facility")
Row = dict[str, Any]


class City:
    """The questions of many communities. Safe from any thread."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._kept = Shared(KEPT)

    # ------------------------------------------------------------------ by community

    def communities(self, at: datetime) -> pa.Table:
        """One row per community, by id: names, divisions, homes, people by age, buildings, facilities (null: unknown).

        ``homes_counted``: homes of which the people are registered; the sums of people are of those.
        """
        key = "communities", self._epoch(at, *_FIGURES)
        table = self._kept.get(key, lambda: self._twin.store.read("city_communities", instant=at))
        return self._within(table)

    def released(self, at: datetime) -> list[Row]:
        """As ``communities``, with what is registered of homes as it was last released to the street."""
        homes = self._twin.released.homes(at)
        sql = (
            "SELECT community_id, count(*) AS homes, count(people) AS homes_counted, sum(people)::BIGINT AS people, "
            "sum(age_60_79 + age_80_up) FILTER (people IS NOT NULL)::BIGINT AS aged_60 "
            "FROM (SELECT *, age_0_17 + age_18_59 + age_60_79 + age_80_up AS people FROM released) GROUP BY 1"
        )

        def ask() -> dict[str, Row]:
            with program():
                found = self._twin.store.select(sql, tables={"released": homes}).to_pylist()
            return {row["community_id"]: row for row in found}

        told = self._kept.get(("released", *self._twin.released.epoch(at)), ask)
        none = dict.fromkeys(("homes", "homes_counted", "people", "aged_60"))
        unknown = dict.fromkeys(name for name in SUMS if name not in ("buildings", "facilities"))
        return [row | unknown | told.get(row["community_id"], none) for row in self.communities(at).to_pylist()]

    def kinds(self, at: datetime) -> pa.Table:
        """How many facilities of each kind each community has: community_id, facility_kind, facilities, area_m2."""
        sql = (
            "SELECT community_id, facility_kind, count(*) AS facilities, sum(area_m2) AS area_m2 "
            "FROM facility_at($instant) GROUP BY ALL ORDER BY community_id, facility_kind"
        )
        key = "kinds", self._epoch(at, "facility")
        return self._within(self._kept.get(key, lambda: self._twin.store.select(sql, instant=at)))

    def coverage(self, at: datetime, *, kinds: Sequence[str] = KEY_KINDS, group: str = "people") -> pa.Table:
        """Which people (or others) reach each kind on foot, in every community: community_id, facility_kind, limit
        (minutes, of ``MINUTES``), total, reached, unknown, uncounted (homes).

        ``unknown``: who lives on an island of the network, or beside no path; left out of any share.
        """
        wanted = tuple(sorted(set(kinds)))

        def ask() -> pa.Table:
            found = self._twin.circles.coverage(
                at, kinds=wanted, minutes=MINUTES, metres=(), by="community", groups=(group,)
            )
            names = ["community_id", "facility_kind", "limit", "total", "reached", "unknown", "uncounted"]
            return found.select(names)

        key = "coverage", wanted, group, self._twin.circles.epoch(at)
        return self._within(self._kept.get(key, ask))

    def projects(self, at: datetime, community_id: str | None = None) -> pa.Table:
        """The gap projects as known at ``at``: the columns of their kind of record."""
        return self._twin.ledger.rows("gap_project", at, community_id=community_id)

    def project_sums(self, at: datetime) -> dict[str, Row]:
        """By community: how many projects of each status, their cost (10,000 yuan) and of how many it is known."""
        found: dict[str, Row] = {}
        table = self.projects(at).select(["community_id", "status", "cost_wan"])
        columns = (table[name].to_pylist() for name in ("community_id", "status", "cost_wan"))
        for community, status, cost in zip(*columns, strict=True):
            row = found.setdefault(community, dict.fromkeys(STATUS, 0) | {"cost_wan": 0.0, "cost_of": 0, "all": 0})
            row[status] += 1
            if status != "dropped":
                row["all"] += 1
                row["cost_wan"] += cost or 0.0
                row["cost_of"] += cost is not None
        return found

    def index(self, at: datetime, rulebook: str = BOOK) -> dict[str, Row]:
        """By community where it stands by a rulebook: ``city_standing.COLUMNS``.

        The rank is among all communities of the installation, also where whoever asks may see but some of them.
        """
        at, street = self._twin.until_now(at), not asked().few
        released = self._twin.released.epoch(at) if street else None
        key = "index", depends_on(self._twin, at, rulebook), released

        def ask() -> pa.Table:
            with program():
                facts = self._twin.health.facts(at, street=street)
            return standing(self._twin, at, rulebook, facts)

        table = self._within(self._kept.get(key, ask))
        return {row["community_id"]: row for row in table.to_pylist()}

    def index_when_finished(self, at: datetime, rulebook: str = BOOK) -> dict[str, Row]:
        """As ``index``, were all gap projects to come finished: a what-if that is in no real figure."""
        at = self._twin.until_now(at)
        ledger = self._twin.ledger.epoch("gap_project", at)
        key = "finished", ledger, depends_on(self._twin, at, rulebook)
        table = self._kept.get(key, lambda: standing(self._twin, at, rulebook, facts_when_finished(self._twin, at)))
        return {row["community_id"]: row for row in self._within(table).to_pylist()}

    def reach_when_finished(self, at: datetime, community_id: str, minutes: float = 10.0) -> list[Row]:
        """What each gap project to come will change within a community: ``city_effect.reach_when_finished``."""
        self._twin.sight.need(community_id)
        return reach_when_finished(self._twin, self._twin.until_now(at), community_id, minutes)

    def scenes(self, at: datetime) -> pa.Table:
        """How the nine scenes stand in every community, as of ``scenes_as_of``: ``city_scenes.SCHEMA``."""
        at = self.scenes_as_of(at)
        key = "scenes", self._twin.moment(at), self._twin.forgotten

        def ask() -> pa.Table:
            catalogue = self._twin.catalogue
            return scene_table(catalogue.scene_book, catalogue.kpis, self._twin.kpis.values(at))

        return self._within(self._kept.get(key, ask))

    def scenes_as_of(self, at: datetime) -> datetime:
        """The last full hour, or what was registered since then if anything was: readings count by the hour.

        A city's scenes take seconds; they are worked out once an hour and after each import, not with each reading.
        """
        at = self._twin.until_now(at)
        ledger = self._twin.ledger
        registered = max(self._twin.entity_epoch(at, *KINDS), *(ledger.epoch(kind, at) for kind in ledger.kinds))
        return max(at.replace(minute=0, second=0, microsecond=0), from_us(registered))

    def scene_sums(self, at: datetime, communities: Collection[str] | None = None) -> list[Row]:
        """The nine scenes over some communities (None: all in the scope): ``city_scenes.scenes_summed``."""
        table = self.scenes(at)
        if communities is not None:
            table = table.filter(pc.is_in(table["community_id"], pa.array(communities, pa.string())))
        return scenes_summed(self._twin.catalogue.scene_book, table.to_pylist())

    # ------------------------------------------------------------------ summed up

    def divisions(self, at: datetime) -> list[Row]:
        """Every city, district and subdistrict with a community in the scope, from the whole to the part, summed up.

        ``communities``: how many; each of ``SUMS``, null where nobody knows it, with ``<name>_of``: how many do.
        """
        rows = self.communities(at).to_pylist()
        known = self._twin.entities("division", at).drop_columns(["boundary"]).to_pylist()
        found: list[Row] = []
        for level in LEVELS:
            parts: dict[str, list[Row]] = {}
            for row in rows:
                if row[_OF[level]] is not None:
                    parts.setdefault(row[_OF[level]], []).append(row)
            for one in known:
                mine = parts.get(one["division_id"], [])
                if one["level"] == level and mine:
                    names = {name: one[name] for name in ("division_id", "level", "name", "name_en", "parent_id")}
                    found.append({**names, **summed(mine)})
        return found

    def whole(self, at: datetime) -> Row:
        """All communities in the scope together, also those of no division."""
        return summed(self.communities(at).to_pylist())

    def covered(
        self, at: datetime, minutes: float, *, kinds: Sequence[str] = KEY_KINDS, level: str | None = None,
        group: str = "people",
    ) -> dict[str, dict[str, Row]]:  # fmt: skip
        """The share of people within reach of each kind, by division of a level (None: all as one, under "").

        ``{division: {kind: {total, reached, unknown, share}}}``: reached of those whose way is known.
        """
        table = self.coverage(at, kinds=kinds, group=group)
        table = table.filter(pc.equal(table["limit"], minutes))
        of = {row["community_id"]: row[_OF[level]] if level else "" for row in self.communities(at).to_pylist()}
        sums: dict[str, dict[str, Row]] = {}
        for row in table.to_pylist():
            division = of.get(row["community_id"])
            if division is None or row["total"] is None:
                continue
            kinds_of = sums.setdefault(division, {})
            one = kinds_of.setdefault(row["facility_kind"], {"total": 0, "reached": 0, "unknown": 0})
            for name in one:
                one[name] += row[name]
        for kinds_of in sums.values():
            for one in kinds_of.values():
                one["share"] = share_of(one)
        return sums

    # ------------------------------------------------------------------ private

    def _within(self, table: pa.Table) -> pa.Table:
        return self._twin.sight.of(table, common=True)

    def _epoch(self, at: datetime, *kinds: str) -> tuple[int, int]:
        return self._twin.entity_epoch(at, *kinds), self._twin.forgotten


def share_of(row: Mapping[str, Any]) -> float | None:
    """People reached of those whose way is known; None where nobody's is."""
    known = (row["total"] or 0) - (row["unknown"] or 0)
    return row["reached"] / known if known > 0 else None


def summed(rows: Iterable[Mapping[str, Any]]) -> Row:
    """The columns of ``SUMS`` added up over communities, each with how many of them know it."""
    rows = list(rows)
    found: Row = {"communities": len(rows)}
    for name in SUMS:
        known = [row[name] for row in rows if row[name] is not None]
        found[name] = int(np.sum(known)) if known else None
        found[f"{name}_of"] = len(known)
    return found


def rolled_up(rows: Sequence[Row], index: Mapping[str, Row], projects: Mapping[str, Row]) -> Row:
    """Communities together: ``summed``, the middle index and of how many, how many of the bottom tenth, projects."""
    known = [index[row["community_id"]] for row in rows if row["community_id"] in index]
    graded = [one["index"] for one in known if one["index"] is not None]
    plans = Counter[str]()
    for row in rows:
        plans.update(projects.get(row["community_id"], {}))
    return {
        **summed(rows), "index": float(np.median(graded)) if graded else None, "graded": len(graded),
        "bottom": sum(1 for one in known if one["bottom"]), "projects": dict(plans),
    }  # fmt: skip

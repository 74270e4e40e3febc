"""The register of homes as the street is told of it: no two answers differ by fewer than ``FEWEST`` homes.

A count of people is no secret once it is large, but two of them are: asked before and after somebody was registered,
their difference is that person. So public figures of registered people are not of the instant that is asked about but
of the community's last *release*. The first is when its first homes became known; after that a local midnight is one
when at least ``FEWEST`` homes are registered otherwise than in the release before. Between two releases nothing
changes, and what changes from one to the next is of five homes or more. What was released at an instant follows from
what was known by then: the past is as it was told. Decision 0036.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from twin_model.entities import Home, columns
from twin_model.kpi_periods import LOCAL, local_day
from twin_model.masking import FEWEST
from twin_model.remembered import Shared
from twin_model.rights import program
from twin_model.timeline import to_us

if TYPE_CHECKING:
    from twin_model.twin import Twin

KEPT = 4
BANDS = ("age_0_17", "age_18_59", "age_60_79", "age_80_up")
TOLD = ("building_id", "households", *BANDS, "age_0_3", "age_3_6", "elder_alone")
"""What of a home is in public figures: a home that differs in none of these has not changed."""
_VERSIONS = (
    "SELECT *, epoch_us(greatest(valid_from, recorded_at)) AS begun, epoch_us(least(valid_to, superseded_at)) AS ended "
    "FROM home"
)
_BEGINNINGS = f"SELECT community_id, min(begun) AS us FROM ({_VERSIONS}) WHERE begun <= $until GROUP BY 1"
_CHANGES = f"""
    SELECT DISTINCT community_id, (us + $east) // $day AS day FROM (
        SELECT community_id, unnest([begun, ended]) AS us FROM ({_VERSIONS}))
    WHERE us IS NOT NULL AND us <= $until ORDER BY day, community_id"""
_DIFFERENT = f"""
    WITH v AS ({_VERSIONS}),
    before AS (SELECT v.* FROM v JOIN asked a ON a.community_id = v.community_id
               WHERE begun <= a.us AND (ended IS NULL OR ended > a.us)),
    after AS (SELECT v.* FROM v JOIN asked a ON a.community_id = v.community_id
              WHERE begun <= $midnight AND (ended IS NULL OR ended > $midnight))
    SELECT coalesce(b.community_id, n.community_id) AS community_id, count(*) AS homes
    FROM before b FULL JOIN after n ON n.community_id = b.community_id AND n.home_id = b.home_id
    WHERE b.home_id IS NULL OR n.home_id IS NULL OR {" OR ".join(f"b.{c} IS DISTINCT FROM n.{c}" for c in TOLD)}
    GROUP BY 1"""
_HOMES = f"""
    SELECT {", ".join(f"v.{name}" for name in columns(Home))} FROM ({_VERSIONS}) v
    JOIN asked a ON a.community_id = v.community_id
    WHERE begun <= a.us AND (ended IS NULL OR ended > a.us) ORDER BY home_id"""
_DAY_US = 86_400_000_000


class Released:
    """What the street is told of registered homes. Safe from any thread."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._kept = Shared(KEPT)

    def instants(self, at: datetime) -> dict[str, int]:
        """By community when its register was last released by ``at``, in microseconds; none before it is known."""
        at = self._twin.until_now(at)
        found: dict[str, int] = self._kept.get(("instants", *self.epoch(at)), lambda: self._worked_out(at))
        return found

    def homes(self, at: datetime) -> pa.Table:
        """The homes of all communities as last released: the columns of the entity. For what is summed up alone."""

        def ask() -> pa.Table:
            released = self.instants(at)
            with program():
                return self._twin.store.select(_HOMES, tables={"asked": _asked(released, released)})

        table: pa.Table = self._kept.get(("homes", *self.epoch(at)), ask)
        return table

    def epoch(self, at: datetime) -> tuple[Any, ...]:
        """What the answers change with."""
        at = self._twin.until_now(at)
        return self._twin.entity_epoch(at, "home"), local_day(at), self._twin.forgotten

    def residents(self, at: datetime, community_id: str) -> dict[str, Any]:
        """As ``Twin.residents``, of what the street may be told: a sum of which nothing is known is None."""
        self._twin.sight.need(community_id)
        homes = self.homes(at)
        mine = homes.filter(pc.equal(homes["community_id"], community_id)).to_pylist()
        counted = [row for row in mine if all(row[name] is not None for name in BANDS)]
        bands = {name: sum(row[name] for row in counted) if counted else None for name in BANDS}
        return {
            "homes": len(mine), "registered": len(counted),
            "households": sum(row["households"] for row in mine) if mine else None,
            "people": sum(sum(row[name] for name in BANDS) for row in counted) if counted else None, **bands,
            "elder_alone": sum(row["elder_alone"] is True for row in mine),
        }  # fmt: skip

    # ------------------------------------------------------------------ private

    def _worked_out(self, at: datetime) -> dict[str, int]:
        store, until = self._twin.store, to_us(at)
        east = int(LOCAL.utcoffset(None).total_seconds() * 1e6)
        with program():
            begun = store.select(_BEGINNINGS, until=until).to_pylist()
            released = {row["community_id"]: row["us"] for row in begun}
            touched: dict[int, list[str]] = defaultdict(list)
            for row in store.select(_CHANGES, until=until, east=east, day=_DAY_US).to_pylist():
                midnight = (row["day"] + 1) * _DAY_US - east
                if midnight <= until and row["community_id"] in released:
                    touched[midnight].append(row["community_id"])
            waiting: set[str] = set()  # of whom too few homes had changed until the midnight before
            for midnight, communities in sorted(touched.items()):
                waiting |= set(communities)
                asked = _asked(sorted(waiting), released)
                found = store.select(_DIFFERENT, tables={"asked": asked}, midnight=midnight).to_pylist()
                different = {row["community_id"]: row["homes"] for row in found}
                for name in sorted(waiting):
                    if different.get(name, 0) >= FEWEST:
                        released[name] = midnight
                        waiting.discard(name)
        return released


def _asked(communities: Iterable[str], released: Mapping[str, int]) -> pa.Table:
    names = list(communities)
    instants = pa.array([released[name] for name in names], pa.int64())
    return pa.table({"community_id": pa.array(names, pa.string()), "us": instants})

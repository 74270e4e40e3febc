"""Drills and their clocks: an exercise lives in a community of its own, whose time may run faster than ours.

Drill time = ``drill_from`` + (real - ``started_at``) * ``speed``, and stands still when the drill has ended. It
never runs ahead of real time, so that nothing in a drill is received before it was true.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil

import pyarrow as pa

from twin_model.store import Store, Writer
from twin_model.timeline import from_us, to_us

NEVER = to_us(datetime(9999, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, kw_only=True)
class Drill:
    """An exercise of ``drill_of``, played in ``community_id``. ``ended_at`` None: it runs."""

    drill_id: str
    community_id: str
    drill_of: str
    scenario: str
    speed: float
    started_at: datetime
    drill_from: datetime
    started_by: str
    ended_at: datetime | None = None

    def time(self, real: datetime) -> datetime:
        """The drill's own instant at a real one."""
        passed = min(real, self.ended_at or real) - self.started_at
        return min(real, self.drill_from + max(passed, timedelta(0)) * self.speed)


class DrillClock:
    """What time it is in each community. Most have the real one."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.reload()

    def reload(self) -> None:
        """Read the drills again, after one began or ended."""
        self._drills = {drill.community_id: drill for drill in read(self._store)}

    def of(self, community_id: str) -> Drill | None:
        """The drill a community is, if it is one."""
        return self._drills.get(community_id)

    def time(self, community_id: str, known: int) -> int:
        """The community's own instant, in microseconds, when it is ``known`` for everybody else."""
        drill = self._drills.get(community_id)
        return known if drill is None else to_us(drill.time(from_us(known)))

    def real(self, community_id: str, instant: int) -> int:
        """The real instant at which the community's clock will show ``instant``: never, when the drill ends before."""
        drill = self._drills.get(community_id)
        if drill is None:
            return instant
        shown = to_us(drill.started_at) + ceil((instant - to_us(drill.drill_from)) / drill.speed)
        shown = max(shown, instant)  # a drill that has caught up goes by the real clock
        return NEVER if drill.ended_at is not None and shown > to_us(drill.ended_at) else shown

    def running(self) -> list[Drill]:
        """The drills that have not ended."""
        return [drill for drill in self._drills.values() if drill.ended_at is None]


def begin(writer: Writer, drill: Drill) -> None:
    """Write a new drill inside the caller's transaction. Raises ValueError when its clock would run ahead."""
    if drill.drill_from > drill.started_at or drill.speed <= 0:
        raise ValueError(
            f"drill {drill.drill_id} would begin at {drill.drill_from} with speed {drill.speed}; "
            "its clock may neither run ahead of the real one nor back"
        )
    names = ("drill_id", "community_id", "drill_of", "scenario", "speed", "started_at", "drill_from", "started_by")
    writer.append("drill", pa.table({name: [getattr(drill, name)] for name in names}))


def end(writer: Writer, drill_id: str, at: datetime) -> None:
    """Stop a drill's clock inside the caller's transaction; one that has ended stays as it is."""
    writer.execute(
        "UPDATE drill SET ended_at = $at WHERE drill_id = $drill_id AND ended_at IS NULL", at=at, drill_id=drill_id
    )


def read(store: Store, at: datetime | None = None) -> list[Drill]:
    """All drills, newest first; those begun by ``at`` and as they were then."""
    rows = store.select("SELECT * FROM drill WHERE $at IS NULL OR started_at <= $at ORDER BY started_at DESC", at=at)
    drills = [Drill(**row) for row in rows.to_pylist()]
    if at is None:
        return drills
    return [Drill(**{**vars(d), "ended_at": d.ended_at if d.ended_at and d.ended_at <= at else None}) for d in drills]

"""Whether a register of facilities is complete: only then can a kind of which it holds none be said to be absent.

Somebody has to say so: a record of the kind ``facility_register`` with day, document and role, for one kind of
facilities or for every kind. It holds as long as such a record may be old; the newest word counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from twin_model.kpi_periods import local_day

if TYPE_CHECKING:
    from twin_model.twin import Twin

REGISTER, EVERY = "facility_register", "all"
Bools = np.ndarray[Any, np.dtype[np.bool_]]
_SAID = "recorded_at <= $at AND (superseded_at IS NULL OR superseded_at > $at) AND declared_on <= $day"


@dataclass(frozen=True, eq=False)
class Registers:
    """By community, in the order of those asked about: ``every``, and kinds with a word of their own."""

    every: Bools
    kinds: Mapping[str, Bools] = field(default_factory=dict)

    def of(self, kind: str) -> Bools:
        """Where the register of a kind is said to be complete."""
        return self.kinds.get(kind, self.every)

    def incomplete(self, kinds: Sequence[str]) -> list[tuple[str, Bools]]:
        """Kinds whose register is not said to be complete everywhere, and where."""
        found = [(kind, ~self.of(kind)) for kind in dict.fromkeys(kinds)]
        return [(kind, where) for kind, where in found if where.any()]


def _days(twin: Twin, at: datetime) -> tuple[date, date]:
    """The day of an instant, and that before which what was said no longer holds."""
    day = local_day(at)
    return day, day - twin.catalogue.record_kinds[REGISTER].expected_every


def state(twin: Twin, at: datetime) -> tuple[int, int]:
    """Between two changes of this the registers are as complete as they were, by records and by their age."""
    if REGISTER not in twin.catalogue.record_kinds or not (epoch := twin.ledger.epoch(REGISTER, at)):
        return 0, 0
    table = twin.catalogue.record_kinds[REGISTER].table
    day, oldest = _days(twin, at)
    count = twin.store.select(
        f"SELECT count(*) + count(*) FILTER (declared_on < $oldest) AS n FROM {table} WHERE {_SAID}",
        at=at, day=day, oldest=oldest,
    )  # fmt: skip
    return epoch, int(count["n"][0].as_py())


def registers(twin: Twin, at: datetime, communities: Sequence[str]) -> Registers:
    """What is said of the registers of these communities."""
    size = len(communities)
    if state(twin, at) == (0, 0):
        return Registers(np.zeros(size, bool))
    table = twin.catalogue.record_kinds[REGISTER].table
    day, oldest = _days(twin, at)
    rows = twin.store.select(
        f"SELECT community_id, facility_kind, complete, declared_on FROM {table} "
        f"WHERE {_SAID} AND declared_on >= $oldest "
        "QUALIFY row_number() OVER (PARTITION BY community_id, facility_kind ORDER BY declared_on DESC, record_id) = 1",
        at=at, day=day, oldest=oldest,
    ).to_pylist()  # fmt: skip
    place = {name: n for n, name in enumerate(communities)}
    said: dict[str, list[tuple[int, date, bool]]] = {}
    for row in rows:
        if row["community_id"] in place:
            word = place[row["community_id"]], row["declared_on"], row["complete"] == "yes"
            said.setdefault(row["facility_kind"], []).append(word)
    every, since = np.zeros(size, bool), np.full(size, date.min, object)
    for n, on, is_complete in said.pop(EVERY, ()):
        every[n], since[n] = is_complete, on
    kinds = {}
    for kind, words in said.items():
        found = every.copy()
        for n, on, is_complete in words:
            if on >= since[n]:
                found[n] = is_complete
        kinds[kind] = found
    return Registers(every, kinds)

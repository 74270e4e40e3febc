"""Two years of records of the sample community, and those of each day to come.

``past`` gives everything that had come to be known by an instant, ``between`` what comes to be known in a span. Both
are functions of the seed and the days, so that a store made tomorrow tells the same past as one made today; but for
``STOPPED``, whose import ended some weeks before the store was made.

Some kinds have no rows at all (``ABSENT``): a community that keeps everything would not show how the cockpit says
what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from types import ModuleType

import numpy as np
import pyarrow as pa

from ingest.rhythm import Ints
from ingest.simulate import to_us
from sample_data import (
    records_care,
    records_gaps,
    records_governance,
    records_health,
    records_learning,
    records_neighbours,
    records_services,
    records_sites,
    records_streets,
)
from sample_data.records_base import BEGAN, Draw, Rows, local_day
from twin_model.record_kinds import RecordKind

YEARS = timedelta(days=730)
"""How long the sample's records reach back."""
STOPPED = {"charger_day": timedelta(days=50), "water_use": timedelta(days=110)}
"""How long before the store was made the operator's interface for chargers was shut, and the water company's lists
ended; nothing came since."""
ABSENT = frozenset({"consent", "reported_value", "school_place", "talent_home"})
REGISTERS = frozenset(
    {"candidate_site", "club", "facility_register", "firm", "fund_entry", "gap_project", "grid", "learner",
     "mutual_pair", "partner_unit", "project", "space", "talent", "volunteer"}
)  # fmt: skip
"""What was there before the records begin is written down on the first day, as it then was."""
_REACH, _AHEAD = 75, 21
"""Days from something to the last that is written down about it, and from a booking to what is booked."""

_MODULES: tuple[ModuleType, ...] = (
    records_care, records_gaps, records_governance, records_health, records_learning, records_neighbours,
    records_services, records_sites, records_streets,
)  # fmt: skip

Builder = Callable[[Draw, Ints], Rows]


def builder(kind: str) -> Builder | None:
    """Who tells the records of a kind; None for the ``ABSENT``."""
    found: Builder | None = next((getattr(m, kind) for m in _MODULES if hasattr(m, kind)), None)
    return found


def between(kind: RecordKind, start: datetime, end: datetime, seed: int) -> pa.Table:
    """The rows of a kind that come to be known from ``start`` (included) to ``end``, with ``recorded_at``."""
    return _known(kind.name, to_us(start), to_us(end), seed).table(kind)


def past(kind: RecordKind, start: datetime, now: datetime, seed: int) -> pa.Table:
    """All rows of a kind known from ``start`` to ``now``; registers with what was there at ``start``."""
    first, last = to_us(start), to_us(now - STOPPED.get(kind.name, timedelta(0)))
    rows = _known(kind.name, first if kind.name not in REGISTERS else 0, last, seed)
    before = rows.known < first
    if before.any():
        rows = _stock(rows, kind, before, first)
    return rows.table(kind)


def _known(kind: str, start: int, end: int, seed: int) -> Rows:
    make = builder(kind)
    if make is None:
        raise KeyError(kind)
    first = BEGAN if kind in REGISTERS else max(BEGAN, int(local_day(start)) - _REACH)
    days = np.arange(first, int(local_day(end)) + _AHEAD, dtype=np.int64)
    return make(Draw(seed, kind), days).between(start, end)


def _stock(rows: Rows, kind: RecordKind, before: np.ndarray, first: int) -> Rows:
    """Of what was known before ``first`` the newest version of each record, known then."""
    old = rows.take(before)
    old = old.take(np.argsort(old.known, kind="stable")[::-1])
    keys = np.array(["|".join(str(old.columns[name][n]) for name in kind.identity) for n in range(len(old))])
    newest = old.take(np.unique(keys, return_index=True)[1])
    kept = Rows(newest.columns, np.full(len(newest), first, np.int64))
    rest = rows.take(~before)
    columns = {name: np.concatenate([values, rest.columns[name]]) for name, values in kept.columns.items()}
    return Rows(columns, np.concatenate([kept.known, rest.known]))


def told(kinds: dict[str, RecordKind]) -> Iterator[RecordKind]:
    """The kinds of a catalogue that the sample has records of."""
    return (kind for name, kind in kinds.items() if builder(name) is not None)

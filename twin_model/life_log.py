"""What the program knew of the life in each home, and from when on: kept with the log, because it cannot be remade.

When somebody was last seen follows from readings in the order they came, from the devices that stood in a home then
and from how still it was before. Late readings and moved devices make it another story when it is told again; so what
was known is written with the commit that changed it. A past instant is then the newest row of each home up to it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from twin_model.store import Store, Writer
from twin_model.timeline import from_us, timestamps

WHOLE_EVERY_US = 3_600_000_000
_NONE = np.int64(np.iinfo(np.int64).min)


@dataclass(frozen=True, slots=True)
class Seen:
    """The last sign of life in a home (microseconds UTC, None: none yet), and whether it was at the outside door."""

    last: int | None
    out: bool


class LifeLog:
    """The log of what was known. One thread adds to it, any thread asks."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.reload()

    def reload(self) -> None:
        """Forget what was not written: after a transaction that failed, and at the beginning."""
        sets = self._store.select("SELECT DISTINCT epoch_us(known_at) AS us FROM home_life WHERE is_whole ORDER BY us")
        self._sets: list[int] = sets["us"].to_pylist()
        self._goes_on = False  # the next rows tell of all homes
        self._unwritten: tuple[int, pa.Table, bool] | None = None

    def tell(
        self, known: int, stirred: Collection[str], lives: Callable[[Collection[str] | None], dict[str, Seen]]
    ) -> None:
        """What is known from the commit under way on; ``write`` follows in its transaction.

        ``stirred``: the homes in which it told of life; ``lives`` gives what is known of some homes, or of all (None).
        """
        is_whole = not self._goes_on or not self._sets or known - self._sets[-1] >= WHOLE_EVERY_US
        rows = lives(None if is_whole else stirred)
        self._goes_on = True
        if not rows:
            return
        last = np.array([_NONE if seen.last is None else seen.last for seen in rows.values()], np.int64)
        table = pa.table(
            {
                "known_at": timestamps(np.full(len(rows), known)),
                "home_id": pa.array(rows, pa.string()),
                "last_at": timestamps(last, none=last == _NONE),
                "is_out": pa.array([seen.out for seen in rows.values()], pa.bool_()),
                "is_whole": pa.array([is_whole] * len(rows), pa.bool_()),
            }
        )
        self._unwritten = (known, table, is_whole)

    def write(self, writer: Writer) -> None:
        """Append what was told, inside the commit's transaction."""
        if self._unwritten is not None:
            known, table, is_whole = self._unwritten
            self._unwritten = None
            writer.append("home_life", table)
            if is_whole:
                self._sets.append(known)

    def known(self, at: int) -> dict[str, Seen] | None:
        """By home what was known at ``at`` (microseconds); None before anything was kept."""
        place = bisect_right(self._sets, at)
        if not place:
            return None
        rows = self._store.read("home_life", whole=from_us(self._sets[place - 1]), instant=from_us(at))
        last = rows["last_at"].cast(pa.int64()).to_pylist()
        columns = zip(rows["home_id"].to_pylist(), last, rows["is_out"].to_pylist(), strict=True)
        return {name: Seen(at, out) for name, at, out in columns}

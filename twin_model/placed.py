"""The series of an epoch of devices, laid out once, so that the state of all of them is a matter of microseconds."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin_model.states import I64, NEVER, Bools, States
from twin_model.timeline import timestamps

_EVER = np.int64(np.iinfo(np.int64).max)
_STATUS = pa.array(["fresh", "stale", "lost"])


class Placed:
    """``table``: one row per series of the devices known in an epoch, with metric, limits and places."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table
        self.series = table["series_no"].to_numpy()
        devices = table["device_id"].combine_chunks().dictionary_encode()
        self.device_of_row = self._device = devices.indices.to_numpy()
        self._devices = len(devices.dictionary)
        self._names = devices.dictionary
        self._stale = table["stale_us"].to_numpy()
        self._lost = table["lost_us"].to_numpy()

    @cached_property
    def names(self) -> dict[int, tuple[str, str]]:
        """(device_id, metric) by series number."""
        pairs = zip(self.table["device_id"].to_pylist(), self.table["metric"].to_pylist(), strict=True)
        return dict(zip(self.series.tolist(), pairs, strict=True))

    def states(self, states: States, at: int, chosen: Bools | None = None) -> pa.Table:
        """The table with values, instants and status as of ``at`` (microseconds); ``chosen``: only these rows."""
        return self.senses(states, at, chosen).drop_columns(["stale_us", "lost_us", "gateway_id"])

    def rows(self, chosen: Bools) -> pa.Table:
        """Some rows of ``table``; a few are picked, not sieved out."""
        if chosen.all():
            return self.table
        return self.table.take(pa.array(np.flatnonzero(chosen)))

    def heard(self, states: States) -> I64:
        """Per device number (``device_rows``) its newest report of any metric; NEVER without one.

        A message kept by the broker is of unknown age and no report.
        """
        taken = states.taken[self.series]
        live = ~((taken == NEVER) | states.retained[self.series])
        heard = np.full(self._devices, NEVER)
        np.maximum.at(heard, self._device[live], taken[live])
        return heard

    def heard_until(self, states: States) -> I64:
        """Per device number until when it is surely heard of: it itself, and the gateway it speaks through.

        NEVER where neither was ever heard of.
        """
        heard, stale = self.heard(states), self._stale[self.device_rows]
        until = np.where(heard == NEVER, _EVER, heard + np.where(heard == NEVER, 0, stale))
        through = self._through
        behind = np.where(through < 0, _EVER, until[through])
        until = np.minimum(until, behind)
        sure: I64 = np.where(until == _EVER, NEVER, until)
        return sure

    @cached_property
    def _through(self) -> NDArray[np.intp]:
        """Per device number that of its gateway; -1: it speaks for itself."""
        gateway = self.table["gateway_id"].combine_chunks().take(pa.array(self.device_rows))
        number: NDArray[np.intp] = pc.index_in(gateway, self._names, skip_nulls=True).fill_null(-1).to_numpy()
        return number

    @cached_property
    def device_rows(self) -> NDArray[np.intp]:
        """The first row of each device in ``table``."""
        return np.unique(self._device, return_index=True)[1]

    def senses(self, states: States, at: int, chosen: Bools | None = None) -> pa.Table:
        """As ``states``, with the limits of silence and the gateway of each device; ``chosen``: only these rows.

        A device is silent as a whole: its newest report of any metric counts against its type's limits. A metric
        that never came, or only as a retained message of unknown age, is lost or at best stale.
        """
        row: NDArray[np.intp] | slice = slice(None) if chosen is None or chosen.all() else np.flatnonzero(chosen)
        number = self.series[row]
        taken = states.taken[number]
        never = taken == NEVER
        retained = states.retained[number]
        last = self.heard(states)[self._device[row]]
        age = np.where(last == NEVER, np.iinfo(np.int64).max, at - np.where(last == NEVER, 0, last))
        status = (age > self._stale[row]).astype(np.int8) + (age > self._lost[row])
        status = np.where(never, 2, np.where(retained, np.maximum(status, 1), status)).astype(np.int8)
        columns = {
            "value": pa.array(states.value[number], mask=never),
            "taken_at": timestamps(taken, none=never),
            "received_at": timestamps(states.received[number], none=never),
            "changed_at": timestamps(states.changed[number], none=never),
            "status": pc.take(_STATUS, pa.array(status)),
            "retained": pa.array(retained),
        }
        table = self.table if chosen is None else self.rows(chosen)
        for name, column in columns.items():
            table = table.append_column(name, column)
        return table

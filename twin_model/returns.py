"""When a gateway came back: what speaks through it has been able to speak only since then."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin_model.moment import Moment
from twin_model.placed import Placed
from twin_model.states import I64, NEVER
from twin_model.store import Store
from twin_model.timeline import from_us


class Returns:
    """When each gateway came back after its last silence: what is behind it has been able to speak only since then."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: dict[str, tuple[int, int]] = {}
        self._read: set[str] = set()

    def of(self, placed: Placed, moment: Moment) -> I64:
        """Per device (as ``placed.device_rows``) the instant of its return; NEVER: none known, or no gateway.

        Follows the newest reports; of a past moment it knows nothing.
        """
        first = placed.device_rows
        table = placed.table.take(pa.array(first)).select(["device_id", "type", "stale_us"])
        found = np.full(len(first), NEVER)
        gateways = np.flatnonzero(pc.equal(table["type"], "gateway").to_numpy())
        if not len(gateways):
            return found
        heard = placed.heard(moment.states)[gateways].tolist()
        names = table["device_id"].take(pa.array(gateways)).to_pylist()
        stale = table["stale_us"].to_numpy()[gateways].tolist()
        if not self._read >= set(names):
            self._seen = self._from_log(placed, moment) | self._seen
            self._read |= set(names)
        for place, name, at, limit in zip(gateways.tolist(), names, heard, stale, strict=True):
            if at == NEVER:
                continue
            before, back = self._seen.get(name, (at, int(NEVER)))
            if at < before:
                continue
            back = at if at - before > limit else back
            self._seen[name] = (at, back)
            found[place] = back
        return found

    def _from_log(self, placed: Placed, moment: Moment) -> dict[str, tuple[int, int]]:
        """What the log of the last day says, so that a restart forgets no return."""
        chosen = placed.table.filter(pc.equal(placed.table["type"], "gateway")).select(
            ["series_no", "device_id", "stale_us"]
        )
        after, known = from_us(moment.known) - timedelta(days=1), from_us(moment.known)
        rows = self._store.read("readings_of", tables={"chosen": chosen}, after=after, known=known)
        device = chosen["device_id"].combine_chunks().dictionary_encode()
        of_series = np.zeros(int(chosen["series_no"].to_numpy().max(initial=0)) + 1, np.int64)
        of_series[chosen["series_no"].to_numpy()] = device.indices.to_numpy()
        limit = np.zeros(len(device.dictionary), np.int64)
        limit[device.indices.to_numpy()] = chosen["stale_us"].to_numpy()
        at = rows["taken_at"].cast(pa.int64()).to_numpy()
        number = of_series[rows["series_no"].to_numpy()]
        order = np.lexsort((at, number))
        at, number = at[order], number[order]
        came_back = np.zeros(len(at), bool)
        came_back[1:] = (number[1:] == number[:-1]) & (at[1:] - at[:-1] > limit[number[1:]])
        newest = np.full(len(limit), NEVER)
        np.maximum.at(newest, number, at)
        back = np.full(len(limit), NEVER)
        np.maximum.at(back, number[came_back], at[came_back])
        names = device.dictionary.to_pylist()
        return {names[n]: (int(newest[n]), int(back[n])) for n in np.unique(number).tolist()}

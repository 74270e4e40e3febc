"""Who writes down the sample's records from now on: each row when its time has come, so that no kind grows stale.

Asked every minute; what the program missed while it was not running is written down at once when it starts.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from sample_data.records import STOPPED, YEARS, between, past, told
from twin_model.record_kinds import RecordKind
from twin_model.twin import Twin

log = logging.getLogger("cim.feeder")

EVERY_S = 60.0
_AHEAD = timedelta(hours=6)
"""How far ahead the rows to come are worked out at a time."""
_OVERLAP = timedelta(minutes=2)
"""What came to be known just before the last row was written may have been missed; the same again changes nothing."""


class Feeder:
    """Records what comes to be known of one sample community, on a thread of its own until ``stop``."""

    def __init__(self, twin: Twin, clock: Callable[[], datetime], community_id: str, seed: int) -> None:
        self._twin, self._clock, self._community, self._seed = twin, clock, community_id, seed
        self._kinds = [kind for kind in told(twin.catalogue.record_kinds) if kind.name not in STOPPED]
        self._fed: dict[str, datetime] = {}
        self._waiting: dict[str, pa.Table] = {}
        self._until: datetime | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feeder", daemon=True)
        self.recorded = 0

    def start(self) -> Feeder:
        """Begin to record."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """End after the step under way."""
        self._stopping.set()
        self._thread.join()

    def step(self) -> int:
        """Record all that has come to be known by now; how many rows were new or corrected."""
        now, changed = self._clock(), 0
        if self._until is None or now >= self._until:
            self._look_ahead(now)
        for kind in self._kinds:
            waiting = self._waiting[kind.name]
            if not waiting.num_rows:
                continue
            due = pc.less_equal(waiting["recorded_at"], pa.scalar(now, pa.timestamp("us", "UTC")))
            rows = waiting.filter(due)
            if rows.num_rows:
                done = self._twin.ledger.record(
                    kind.name, rows.drop_columns(["recorded_at"]), community_id=self._community
                )
                changed += done.changed
                self._waiting[kind.name] = waiting.filter(pc.invert(due))
        self.recorded += changed
        return changed

    def _look_ahead(self, now: datetime) -> None:
        """Work out the rows of the next hours, and of the time since the newest that is stored."""
        self._until = now + _AHEAD
        for kind in self._kinds:
            coming = self._coming(kind, now, self._until)
            waiting = self._waiting.get(kind.name)
            self._waiting[kind.name] = coming if waiting is None else pa.concat_tables([waiting, coming])
            self._fed[kind.name] = self._until

    def _coming(self, kind: RecordKind, now: datetime, until: datetime) -> pa.Table:
        """The rows since those worked out last, else since the newest stored, else all there are."""
        if kind.name in self._fed:
            return between(kind, self._fed[kind.name], until, self._seed)
        pulse = self._twin.ledger.pulse(kind.name, now, self._community)
        if pulse is None:
            return past(kind, now - YEARS, until, self._seed)
        return between(kind, pulse.last_recorded - _OVERLAP, until, self._seed)

    def _run(self) -> None:
        while True:
            try:
                self.step()
            except Exception:
                log.exception("the sample's records could not be written down")
            if self._stopping.wait(EVERY_S):
                return

"""Once a day: delete what is kept no longer, move old audit months aside, read the audit trail through.

The twin's store remembers from time to time where the trail ended: cutting its end off, head file and all, is found.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

import pyarrow as pa

from cockpit.audit import Audit
from cockpit.audit_chain import Anchor
from twin_model import retention
from twin_model.store import Store
from twin_model.twin import Twin

log = logging.getLogger(__name__)

EVERY = timedelta(days=1)
FIRST = timedelta(minutes=10)
"""After a start the screens come first."""
TICK_SECONDS = 900.0
WHERE = "孪生库 · the twin"


def anchors(store: Store) -> list[Anchor]:
    """Where the audit trail ended whenever the store was told."""
    rows = store.select("SELECT n, hash FROM audit_anchor ORDER BY n").to_pylist()
    return [Anchor(row["n"], row["hash"], WHERE) for row in rows]


class Keeping:
    """The thread that keeps to the rules; `start` it, `stop` it."""

    def __init__(self, twin: Twin, audit: Audit, audit_days: int) -> None:
        self._twin, self._audit, self._days = twin, audit, audit_days
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeping", daemon=True)

    def start(self) -> None:
        """Begin: the trail is read through at once, deleting begins when the pages have been up for a while."""
        self._thread.start()

    def stop(self) -> None:
        """Remember where the trail ended and end; a second call does nothing."""
        if self._stop.is_set():
            return
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._guarded(self.remember)

    def remember(self) -> None:
        """Write the end of the trail into the store, where it moved since the last time."""
        n, digest = self._audit.end()
        known = anchors(self._twin.store)
        if n == 0 or (known and known[-1].n >= n):
            return
        with self._twin.writing() as received:
            row = {
                "n": [n],
                "hash": [digest],
                "known_at": pa.array([received]).cast(pa.timestamp("us", "UTC")),
            }
            self._twin.commit(lambda writer: writer.append("audit_anchor", pa.table(row)), received)

    def tidy(self) -> None:
        """What is due once a day. Nothing is deleted that could not be written down."""
        rules = retention.load()
        cuts = retention.due(self._twin, rules, self._twin.now())
        kinds = self._twin.catalogue.record_kinds
        old = {kind: n for kind, at in cuts.items() if (n := retention.counted(self._twin.store, kind, at, kinds))}
        if old:
            self._audit.note("retention", actor="program", role="program", outcome="begun", rows=old)
            done = retention.delete(self._twin, rules, self._twin.now())
            told = {d.kind: d.rows for d in done}
            since = {d.kind: d.since for d in done}
            self._audit.note("retention", actor="program", role="program", rows=told, kept_since=since)
        self._audit.archive(self._days)

    def _run(self) -> None:
        self._guarded(self._audit.check)
        self._guarded(self.remember)
        tidied = self._twin.opened_at - EVERY + FIRST
        while not self._stop.wait(TICK_SECONDS):
            self._guarded(self.remember)
            if self._twin.now() - tidied >= EVERY:
                tidied = self._twin.now()
                self._guarded(self.tidy)
                self._guarded(self._audit.check)

    def _guarded(self, act: Callable[[], object]) -> None:
        try:
            act()
        except Exception:  # the wall of the thread: what fails today is tried again tomorrow
            log.exception("keeping to the rules failed")

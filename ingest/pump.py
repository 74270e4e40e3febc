"""From the broker's connection to the twin: bounded inbox, group commit, acknowledge. Nothing lost, bad kept.

The network thread only puts batches into the inbox. The pump's thread takes everything that waits as soon as the
twin is free (at most some 50 times a second), decodes it, commits it in one transaction, and only then lets the
messages be acknowledged. When the twin cannot store (disk full), nothing is acknowledged, the inbox fills, the
network thread stops reading, and the broker keeps the rest.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from ingest.decoder import Decoder, Decoding
from ingest.packets import Message
from ingest.source import Batch
from twin_model.entities import Device
from twin_model.twin import Twin

log = logging.getLogger("cim.pump")

INBOX_MESSAGES = 100_000
INBOX_BYTES = 64 << 20
BATCH_MESSAGES = 30_000
APART_S = 0.02
"""Between the beginnings of two commits: with a broker that allows 100 unacknowledged messages this still
passes some 4,000 a second, and a quiet twin is not busy with tiny commits."""
RETRY_S = (0.5, 5.0)


@dataclass(frozen=True, slots=True)
class PumpStatus:
    """Messages since the start: ``received = stored + quarantined + duplicates + ignored + inbox_depth``.

    ``stored`` counts messages whose values all went in; ``duplicate_readings`` are readings the twin already had
    (a redelivered message that carries its own time). ``lag_s``: how long the oldest waiting message has waited.
    ``fault``: why nothing can be stored now, or None.
    """

    received: int
    stored: int
    quarantined: int
    duplicates: int
    ignored: int
    readings: int
    duplicate_readings: int
    acknowledged: int
    inbox_depth: int
    lag_s: float
    last_commit_ms: float
    fault: str | None


@dataclass(slots=True)
class _Totals:
    received: int = 0
    stored: int = 0
    quarantined: int = 0
    duplicates: int = 0
    ignored: int = 0
    readings: int = 0
    duplicate_readings: int = 0
    acknowledged: int = 0


class Pump:
    """One inbox and one thread in front of a twin. ``offer`` never blocks and never raises."""

    def __init__(
        self,
        twin: Twin,
        decoder: Decoder,
        *,
        inbox_messages: int = INBOX_MESSAGES,
        inbox_bytes: int = INBOX_BYTES,
        batch_messages: int = BATCH_MESSAGES,
        apart_s: float = APART_S,
    ) -> None:
        self._twin, self._decoder = twin, decoder
        self._inbox_messages, self._inbox_bytes = inbox_messages, inbox_bytes
        self._batch_messages, self._apart_s = batch_messages, apart_s
        self._inbox: deque[tuple[float, int, Batch]] = deque()
        self._depth = self._bytes = 0
        self._changed = threading.Condition()
        self._decoding = threading.Lock()
        self._closing = False
        self._oldest: float | None = None
        self._totals = _Totals()
        self._last_commit_ms = 0.0
        self._fault: str | None = None
        self._thread: threading.Thread | None = None
        self._known: dict[int, int] = {}
        self.on_room: Callable[[], None] = _nobody

    # --- the network thread

    def offer(self, batch: Batch) -> None:
        """Take a batch. The inbox may grow past its limit by one read; ``has_room`` then says so."""
        size = sum([len(message[1]) for message in batch.messages])
        with self._changed:
            self._inbox.append((time.monotonic(), size, batch))
            self._depth += len(batch.messages)
            self._bytes += size
            self._totals.received += len(batch.messages)
            self._changed.notify()

    def has_room(self) -> bool:
        """Whether the network thread may read on."""
        return not self._closing and self._depth < self._inbox_messages and self._bytes < self._inbox_bytes

    # --- the owner

    def start(self) -> None:
        """Recall the last deliveries without clock and begin to pump."""
        recent = self._twin.recent_deliveries()
        # Newest first; a broker uses a packet id again and again, and only its last use can still be repeated.
        for mid, digest in zip(recent["mid"].to_pylist(), recent["digest"].to_pylist(), strict=True):
            self._known.setdefault(mid, digest)
        self._thread = threading.Thread(target=self._run, name="pump", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Read no more, commit and acknowledge what waits, end the thread. Safe to call twice."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(timeout)
            self._thread = None

    def status(self) -> PumpStatus:
        """The counts and how far behind we are; cheap."""
        with self._changed:
            t = self._totals
            oldest = self._oldest if self._oldest is not None else self._inbox[0][0] if self._inbox else None
            waiting = t.received - t.stored - t.quarantined - t.duplicates - t.ignored
            return PumpStatus(
                t.received, t.stored, t.quarantined, t.duplicates, t.ignored, t.readings,
                t.duplicate_readings, t.acknowledged, waiting,
                0.0 if oldest is None else time.monotonic() - oldest, self._last_commit_ms, self._fault,
            )  # fmt: skip

    def adopt(self, device: Device) -> int:
        """Record a device whose messages wait in quarantine and use them now; how many readings that gave.

        A message without clock counts from when it came, not from now.
        """
        waiting = self._twin.adopt(device).to_pylist()
        if not waiting:
            return 0
        messages: list[Message] = [(row["place"].encode(), row["raw"], 0, 0) for row in waiting]
        with self._decoding:
            decodings = [self._decoder.decode([m], self._twin.directory(), {}) for m in messages]
        tables = []
        for decoding, row in zip(decodings, waiting, strict=True):
            table = decoding.readings
            arrival = pa.scalar(row["received_at"].replace(tzinfo=None), pa.timestamp("us"))
            at = table.schema.get_field_index("taken_at")
            tables.append(table.set_column(at, "taken_at", table["taken_at"].fill_null(arrival)))
        rejected = [r for d in decodings for r in d.rejected]
        used = [row["quarantine_id"] for row in waiting]
        applied = self._twin.apply(pa.concat_tables(tables), rejected=rejected, resolved=used)
        return applied.stored

    # --- the pump's thread

    def _run(self) -> None:
        began = 0.0
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closing or self._inbox)
                if not self._inbox:
                    return
                pause = began + self._apart_s - time.monotonic()
            if pause > 0 and not self._closing:
                time.sleep(pause)
            began = time.monotonic()
            taken = self._take()
            if not self._commit(taken):
                return
            self._oldest = None
            self.on_room()

    def _take(self) -> list[Batch]:
        """Everything that waits, up to the largest batch."""
        taken: list[Batch] = []
        count = 0
        with self._changed:
            self._oldest = self._inbox[0][0]
            while self._inbox and (not count or count + len(self._inbox[0][2].messages) <= self._batch_messages):
                _, size, batch = self._inbox.popleft()
                taken.append(batch)
                count += len(batch.messages)
                self._bytes -= size
            self._depth -= count
        return taken

    def _commit(self, taken: list[Batch]) -> bool:
        """Decode, store, acknowledge; false when closing while the twin cannot store."""
        began = time.monotonic()
        messages = taken[0].messages if len(taken) == 1 else [m for batch in taken for m in batch.messages]
        with self._decoding:
            decoding = self._decoder.decode(messages, self._twin.directory(), self._known)
        delay = RETRY_S[0]
        while True:
            try:
                applied = self._twin.apply(
                    decoding.readings, rejected=decoding.rejected, deliveries=decoding.deliveries
                )
                break
            except Exception as error:
                # Whatever stopped the store (a full disk, most likely) may pass; the broker keeps the messages.
                if self._fault is None:
                    log.exception("%d messages cannot be stored; nothing is acknowledged", len(messages))
                self._fault = f"messages cannot be stored: {error}"
                with self._changed:
                    if self._changed.wait_for(lambda: self._closing, delay):
                        return False
                delay = min(delay * 2, RETRY_S[1])
        if self._fault is not None:
            log.info("messages are stored again")
            self._fault = None
        self._count(decoding, applied.stored, applied.duplicates, len(messages))
        for batch in taken:
            batch.acknowledge(batch.connection, batch.messages)
        self._last_commit_ms = (time.monotonic() - began) * 1000
        return True

    def _count(self, decoding: Decoding, readings: int, duplicate_readings: int, messages: int) -> None:
        with self._changed:
            self._totals.stored += decoding.stored
            self._totals.quarantined += len(decoding.rejected)
            self._totals.duplicates += decoding.again
            self._totals.ignored += decoding.ignored
            self._totals.readings += readings
            self._totals.duplicate_readings += duplicate_readings
            self._totals.acknowledged += messages


def _nobody() -> None:
    """Nobody waits for room yet."""

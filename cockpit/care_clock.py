"""The clock of care: silence sends no message, so somebody has to look when it falls due.

A thread steps ``twin.care`` at the instant it asks for, and at once when care changed otherwise (a shorter deadline may
have come). Looking never takes more than half of the time, however much there is to look at. An error is logged once
and the next step comes; until then the clock says of itself that it is behind.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import Any

from twin_model.twin import Change, Twin

log = logging.getLogger(__name__)

MOST_SECONDS = 1.0
LEAST_SECONDS = 0.01
AFTER_ERROR_SECONDS = 1.0
BEHIND_SECONDS = 5.0


@dataclass
class CareCounts:
    """Since the start; ``late_ms`` and ``step_ms`` are of the newest step, the longest ones in ``most_late_ms``."""

    steps: int = 0
    failed: int = 0
    fired: int = 0
    cleared: int = 0
    step_ms: float = 0.0
    late_ms: float = 0.0
    most_late_ms: float = 0.0


class CareClock:
    """Start it, ask its ``status``, stop it."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="care-clock", daemon=True)
        self._stepped = time.monotonic()
        self._error = ""
        self.counts = CareCounts()

    def start(self) -> None:
        """Begin to step."""
        self._leave = self._twin.subscribe(self._changed)
        self._thread.start()

    def stop(self) -> None:
        """Finish the running step and end; a second call does nothing."""
        if self._stop.is_set():
            return
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
            self._leave()

    def status(self) -> dict[str, Any]:
        """``behind_s``: since when no step went through; ``running``: whether it keeps up; and the counts."""
        behind = time.monotonic() - self._stepped
        return {"running": behind < BEHIND_SECONDS, "behind_s": round(behind, 3), "error": self._error} | vars(
            self.counts
        )

    def _changed(self, change: Change) -> None:
        """After a commit, on the writer's thread."""
        if change.care and threading.current_thread() is not self._thread:
            self._wake.set()

    def _run(self) -> None:
        due = self._twin.now()
        while not self._stop.is_set():
            self._wake.clear()
            began = time.monotonic()
            late = max(0.0, (self._twin.now() - due).total_seconds())
            try:
                result = self._twin.care.step()
            except Exception as error:  # noqa: BLE001  the wall of the thread: what cannot be judged now is judged later
                if not self._stop.is_set():
                    self._failed(error)
                self._stop.wait(AFTER_ERROR_SECONDS)
                continue
            cost = time.monotonic() - began
            if self._error:
                log.warning("stepping care works again after %d failed steps", self.counts.failed)
                self._error = ""
            self._stepped = time.monotonic()
            self._count(result.fired, result.cleared, cost, late)
            soon = self._twin.now()
            due = max(soon, result.next_due)
            wait = min(MOST_SECONDS, max((due - soon).total_seconds(), LEAST_SECONDS))
            self._stop.wait(min(cost, MOST_SECONDS))
            self._wake.wait(max(0.0, wait - cost))

    def _count(self, fired: int, cleared: int, cost: float, late: float) -> None:
        counts = self.counts
        counts.steps += 1
        counts.fired += fired
        counts.cleared += cleared
        counts.step_ms, counts.late_ms = round(cost * 1e3, 3), round(late * 1e3, 3)
        counts.most_late_ms = max(counts.most_late_ms, counts.late_ms)

    def _failed(self, error: Exception) -> None:
        self.counts.failed += 1
        said = f"{type(error).__name__}: {error}"
        if said != self._error:  # a full disk must not fill the log as well
            log.exception("stepping care failed; it is tried again every %g s", AFTER_ERROR_SECONDS)
        self._error = said

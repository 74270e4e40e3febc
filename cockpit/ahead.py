"""Lays the walking network while nobody waits for it: after the start, and after streets or buildings changed.

The first question about circles, or the first health check, would else pay for it: some two seconds of a city. It waits
until nothing of it has changed from one look to the next, so that neither the start nor an import is slowed down.
"""

from __future__ import annotations

import logging
import threading

from twin_model.twin import Twin

log = logging.getLogger(__name__)

LOOK_SECONDS = 10.0


class Ahead:
    """A thread of the program's own: it reads everything and tells nobody."""

    def __init__(self, twin: Twin, every: float = LOOK_SECONDS) -> None:
        self._twin, self._every = twin, every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="walking-network", daemon=True)

    def start(self) -> None:
        """Look from now on; the first time after a while."""
        self._thread.start()

    def stop(self) -> None:
        """End it; a network being laid is finished first."""
        self._over.set()
        self._thread.join(10)

    def _run(self) -> None:
        circles, seen = self._twin.circles, -1
        while not self._over.wait(self._every):
            at = self._twin.now()
            changed, seen = seen, circles.epoch(at)
            if changed == seen and not circles.is_laid(at):
                try:
                    circles.prepare(at)
                except Exception:  # whoever asks next is told what is wrong; here it is only noted
                    log.exception("the walking network could not be laid ahead")
                    return

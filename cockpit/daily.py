"""The daily backup: at a time of day a command makes one, as somebody would by hand, beside the server.

One that fails is tried again every hour: the disk that was full at night, or the share that was away, is back by day.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from subprocess import PIPE, STDOUT, Popen

from cockpit.encoding import ZONE

log = logging.getLogger(__name__)

LOOK_SECONDS = 20.0
AGAIN = timedelta(hours=1)


def due_after(at: datetime, when: time) -> datetime:
    """The next time it is ``when`` o'clock in the neighbourhood, after ``at``."""
    local = at.astimezone(ZONE)
    today = datetime.combine(local.date(), when, ZONE)
    return today if today > local else today + timedelta(days=1)


class Daily:
    """Runs ``command`` once a day at ``when``; a day whose hour passed while nothing ran is made up for at the start.

    ``last``: when the newest backup was made, None for never. ``noted`` hears how each ended.
    """

    def __init__(
        self, command: Sequence[str], when: time, clock: Callable[[], datetime], *, last: datetime | None,
        noted: Callable[[bool, str], None],
    ) -> None:  # fmt: skip
        self._command, self._when, self._clock, self._noted = command, when, clock, noted
        self._due = due_after(last, when) if last else clock()
        self._failed = False
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._process: Popen[str] | None = None

    def start(self) -> None:
        """Look at the clock from now on."""
        self._thread = threading.Thread(target=self._run, name="daily-backup", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it, and the backup under way: it takes away what it began."""
        self._over.set()
        process = self._process
        if process is not None:
            process.terminate()
        if self._thread is not None:
            self._thread.join(10)
            self._thread = None

    def status(self) -> dict[str, bool]:
        """``last_failed``: there was no room, or whatever it was, and none was made since."""
        return {"last_failed": self._failed}

    def look(self) -> None:
        """Make one if it is due."""
        if self._clock() < self._due:
            return
        self._due = due_after(self._clock(), self._when)
        try:
            self._failed = not self._make()
        except Exception:  # the wall of the thread: no process, or nowhere to write down that it failed
            log.exception("the daily backup failed")
            self._failed = True
        if self._failed:
            self._due = min(self._due, self._clock() + AGAIN)

    def _run(self) -> None:
        while not self._over.is_set():
            self.look()
            self._over.wait(LOOK_SECONDS)

    def _make(self) -> bool:
        with Popen(self._command, stdout=PIPE, stderr=STDOUT, text=True) as self._process:
            said, _ = self._process.communicate()
        done, self._process = self._process.returncode == 0, None
        if self._over.is_set():
            return done
        sentence = said.strip().splitlines()[-1] if said.strip() else "it said nothing"
        if done:
            log.info("daily backup: %s", said.strip().partition("\n")[0])
        else:
            log.error("the daily backup failed: %s", sentence)
        self._noted(done, sentence)
        return done

"""The server's part in a backup: it lets its store stand still while another process copies it.

``POST /api/v1/copies`` begins, ``PUT`` says that the copying goes on, ``DELETE`` ends it and tells whether the file
stood still all the while, with the screens that the copy must be able to show. For the program's own commands only.
A command that was killed is forgotten after `LEASE_SECONDS`.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from cockpit.backups import LEASE_SECONDS
from cockpit.encoding import dumps
from cockpit.noting import noted
from cockpit.problems import Problem
from cockpit.rights import grant_of
from twin_model.proof import screens
from twin_model.store import Still, StoreError
from twin_model.twin import Twin

PATH = "/copies"
GIVEN_UP = "the copy was given up, because nobody asked for it any more; begin again"


@dataclass
class _Copy:
    still: Still
    at: datetime
    timer: threading.Timer | None = None


class Copies:
    """The copies under way; there can be one."""

    def __init__(self, twin: Twin, lease: float = LEASE_SECONDS) -> None:
        self._twin, self._lease = twin, lease
        self._lock = threading.Lock()
        self._copy: _Copy | None = None

    def begin(self) -> dict[str, object]:
        """Let the store stand still; what to copy, and how long the writer was kept from its work by that."""
        with self._lock:
            with self._twin.writing():
                began = time.perf_counter()
                still, at, revision = self._twin.stand_still()
                paused = time.perf_counter() - began
            self._copy = _Copy(still, at)
            self._lend(self._copy)
        return {
            "file": str(still.path.resolve()), "log_bytes": still.log_bytes, "at": at.isoformat(),
            "revision": revision, "paused_ms": round(paused * 1000, 2),
        }  # fmt: skip

    def renew(self) -> bool:
        """The copying goes on; false when it was given up."""
        with self._lock:
            if self._copy is not None:
                self._lend(self._copy)
            return self._copy is not None

    def end(self) -> datetime | None:
        """It is over; the instant of the copy when the file stood still until now."""
        with self._lock:
            copy, self._copy = self._copy, None
            if copy is None:
                return None
            if copy.timer is not None:
                copy.timer.cancel()
            return copy.at if self._twin.store.move_on(copy.still) else None

    def _lend(self, copy: _Copy) -> None:
        if copy.timer is not None:
            copy.timer.cancel()
        copy.timer = threading.Timer(self._lease, self._lapse, [copy])
        copy.timer.daemon = True
        copy.timer.start()

    def _lapse(self, copy: _Copy) -> None:
        with self._lock:
            if self._copy is copy:
                self._copy = None
                self._twin.store.move_on(copy.still)


def build(twin: Twin) -> APIRouter:
    """The routes, below ``/api/v1``; not described, because they are nobody else's."""
    api = APIRouter(prefix="/api/v1", include_in_schema=False)
    copies = Copies(twin)

    @api.post(PATH)
    def begin(request: Request) -> Response:
        _ours(request)
        try:
            return Response(dumps(copies.begin()), 201, media_type="application/json")
        except StoreError as error:
            raise Problem(409, str(error)) from error

    @api.put(PATH)
    def renew(request: Request) -> Response:
        _ours(request)
        if not copies.renew():
            raise Problem(409, GIVEN_UP)
        return Response(status_code=204)

    @api.delete(PATH)
    def end(request: Request) -> Response:
        _ours(request)
        at = copies.end()
        if at is None:
            raise Problem(409, GIVEN_UP)
        noted(request, "backup", at=at.isoformat(), revision=twin.revision)
        return Response(dumps(screens(twin, at)), media_type="application/json")

    return api


def _ours(request: Request) -> None:
    if not grant_of(request).is_control:
        raise Problem(403, "copies are made by this program's own commands: run.py backup")

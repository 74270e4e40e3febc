"""How the interface writes into the audit trail: for whom a request speaks is taken from the request itself."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import Any

from fastapi import Request

from cockpit.services import Auditor
from cockpit.tokens import Grant

LOOK_SECONDS = 600.0
"""A page asks every second; who goes on looking at the same home for the same purpose is written down this often."""
MOST_LOOKS = 4_096


def auditor_of(request: Request) -> Auditor:
    """The audit trail of the server that got the request."""
    audit: Auditor = request.app.state.audit
    return audit


def noted(
    request: Request, act: str, *, subject: str = "", purpose: str = "", outcome: str = "done", **details: Any
) -> None:
    """Write down what the request does; raises `AuditRefused` where that must not happen unwritten."""
    grant: Grant = request.state.grant
    auditor_of(request).note(
        act, actor=grant.name, role=grant.role.value, subject=subject, purpose=purpose, outcome=outcome, **details
    )


class Looks:
    """Views of one home's personal details: written before they are shown, once for each stretch of looking."""

    def __init__(self, audit: Auditor) -> None:
        self._audit = audit
        self._lock = threading.Lock()
        self._until: OrderedDict[tuple[str, str, str], float] = OrderedDict()

    def look(self, grant: Grant, home_id: str, *, purpose: str = "", what: str = "") -> None:
        """``what``: contacts, rhythm, ...; raises `AuditRefused` when it cannot be written: then nothing is shown."""
        key = grant.grant_id, home_id, f"{purpose}|{what}"
        with self._lock:
            if self._until.get(key, 0.0) > time.monotonic():
                return
        self._audit.note(
            "view_person", actor=grant.name, role=grant.role.value, subject=home_id, purpose=purpose, what=what
        )
        with self._lock:
            self._until[key] = time.monotonic() + LOOK_SECONDS
            self._until.move_to_end(key)
            while len(self._until) > MOST_LOOKS:
                self._until.popitem(last=False)


def looked(request: Request, home_id: str, *, what: str, purpose: str = "") -> None:
    """A request that shows one home's personal details; ``purpose`` by its header when not said otherwise."""
    looks: Looks = request.app.state.looks
    said = purpose or request.headers.get(PURPOSE_HEADER, "")
    looks.look(request.state.grant, home_id, purpose=said, what=what)


PURPOSE_HEADER = "x-purpose"

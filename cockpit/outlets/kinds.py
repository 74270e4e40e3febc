"""What an outlet is: something that can be told several notices and says how many of them it was told.

Each kind knows one receiver's format, its limits and how it says no. Waiting, order, repetition and merging are
`Delivery`'s.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol

from cockpit.outlets.faults import NotTold
from cockpit.outlets.notices import Notice
from cockpit.outlets.post import Answer

LONGEST_WAIT_S = 600.0
"""No receiver keeps us away for longer, whatever it asks for: somebody may lie on the floor."""


class Outlet(Protocol):
    """One receiver. ``most``: notices one message may hold; ``per_minute``: messages it takes (None: no limit)."""

    most: int
    per_minute: int | None

    def tell(self, notices: Sequence[Notice], now: datetime) -> int:
        """Send one message of the first notices; how many it held (at least one). Raises `NotTold`."""
        ...

    def end(self) -> None:
        """Break off what is under way."""
        ...


def check_status(answer: Answer, now: datetime) -> None:
    """Raise `NotTold` for any answer but a 2xx."""
    status = answer.status
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        raise NotTold("redirect", status=status)
    if status in (429, 503):
        raise NotTold("busy", status=status, wait_s=_asked_wait(answer, now))
    # These speak of what was sent; 401, 403, 404 ... speak of the receiver as it is set up.
    raise NotTold("status", status=status, notice_only=status in (400, 406, 413, 415, 422))


def _asked_wait(answer: Answer, now: datetime) -> float:
    """Seconds of Retry-After, which holds seconds or an instant; 0 when it says nothing we understand."""
    text = answer.retry_after.strip()
    if text.isdigit():
        return min(float(text[:6]), LONGEST_WAIT_S)
    with contextlib.suppress(ValueError):
        instant = parsedate_to_datetime(text)
        instant = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
        return min(max(0.0, (instant - now).total_seconds()), LONGEST_WAIT_S)
    return 0.0

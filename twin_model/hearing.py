"""Whether anything could be heard: nobody's silence is judged while, or soon after, no message could come in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa

from twin_model.moment import Moment

if TYPE_CHECKING:
    from twin_model.twin import SourceState, Twin

DEAF = timedelta(minutes=2)
"""A shorter outage loses no silence worth speaking of: a broker keeps what comes meanwhile, or devices say it again."""


def is_deaf(sources: Sequence[SourceState]) -> bool:
    """Whether there are sources and none of them is connected."""
    return bool(sources) and not any(source.connected for source in sources)


def outage(twin: Twin, moment: Moment) -> pa.Table:
    """The table ``outage`` of the rules: gone_at, back_at of when messages last could not come in for over ``DEAF``.

    The broker was away, or this program. At most one row; none for a past instant.
    """
    instant = pa.timestamp("us", "UTC")
    since = [source.since for source in twin.sources() if source.connected]
    rows: list[tuple[datetime, datetime]] = []
    if since and moment.instant == moment.known:
        back = min(since)
        gone = twin.stopped_at if back >= twin.opened_at else _deaf_before(twin, back)
        if gone is not None and back - gone > DEAF:
            rows.append((gone, back))
    return pa.table(
        {
            "gone_at": pa.array([gone for gone, _ in rows], instant),
            "back_at": pa.array([back for _, back in rows], instant),
        }
    )


def _deaf_before(twin: Twin, back: datetime) -> datetime | None:
    found = twin.store.select(
        "SELECT max(since) AS gone FROM source_event WHERE NOT connected AND since < $back", back=back
    )
    gone: datetime | None = found["gone"][0].as_py()
    return gone

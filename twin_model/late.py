"""What is known better by now of a past instant: readings that were taken before it and came after it.

They never rewrite what was seen then. Whoever looks back is told that they came, how many and when.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from twin_model.twin import Twin

LOOKED_BACK = timedelta(hours=24)
"""A reading older than this would have changed no figure of the instant: what it tells of was long known otherwise."""
LATEST = timedelta(days=31)
"""Later than this nothing comes from a device any more; what does is a correction, and found in the records."""


def late(twin: Twin, at: datetime, until: datetime, *, community_id: str) -> pa.Table:
    """Series with late readings of ``at``, as known at ``until``, most readings first.

    device_id, type, metric, home_id, room_id, facility_id, building_id, readings, first_taken, last_taken, came_at.
    """
    series = twin.placed(at).table
    series = series.filter(pc.equal(series["community_id"], community_id))
    found = twin.store.read(
        "late_readings", tables={"chosen": series.select(["series_no"])}, instant=at, first=at - LOOKED_BACK,
        until=min(until, at + LATEST),
    )  # fmt: skip
    told = series.select(
        ["series_no", "device_id", "type", "metric", "home_id", "room_id", "facility_id", "building_id"]
    )
    joined = found.join(told, "series_no", join_type="inner")
    return joined.sort_by([("readings", "descending"), ("series_no", "ascending")]).drop_columns(["series_no"])

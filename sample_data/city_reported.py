"""Values that subdistricts of the sample city reported by hand: enough for some of the nine scenes of most communities.

All invented. Three in ten communities reported nothing, and nobody reported everything: those scenes cannot be graded.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

REPORTED = {
    "culture_marks": (1, "处", 4.6, 2.0), "hospital_alliances": (10, "家", 2.6, 1.0),
    "day_care_places": (11, "床", 3.2, 1.6), "talents_settled": (14, "人", 17.0, 7.0),
    "transit_oriented_share": (16, "%", 54.0, 18.0), "architectural_character": (17, "分", 82.0, 9.0),
    "fitted_out_share": (18, "%", 88.0, 14.0), "prefabricated_share": (18, "%", 27.0, 9.0),
    "transit_within_10_minutes": (20, "%", 92.0, 9.0),
}  # fmt: skip
"""KPI -> (indicator, unit, middle, spread)."""
NOTHING, LEFT_OUT = 0.3, 0.08
"""Of the communities, and of the values of those that report."""
ROLE = "街道建设办"


def reported(codes: Sequence[str], now: datetime, seed: int) -> pa.Table:
    """The values of the last quarter's end as they came in days later, with ``community_id`` and ``recorded_at``."""
    today = now.date()
    rng = np.random.default_rng([seed, 73])
    as_of = date(today.year, 3 * ((today.month - 1) // 3) + 1, 1) - timedelta(days=1)
    told = min(as_of + timedelta(days=8), today)
    known = min(datetime.combine(told, time(9), UTC), now - timedelta(seconds=1))
    silent = rng.random(len(codes)) < NOTHING
    rows: list[dict[str, Any]] = []
    for code, is_silent in zip(codes, silent.tolist(), strict=True):
        draws, left = rng.normal(size=len(REPORTED)), rng.random(len(REPORTED)) < LEFT_OUT
        for (kpi, (indicator, unit, middle, spread)), draw, out in zip(REPORTED.items(), draws, left, strict=True):
            if is_silent or out:
                continue
            value = max(0.0, middle + spread * float(draw))
            rows.append(
                {"community_id": code, "indicator": indicator, "kpi": kpi, "as_of": as_of,
                 "value": min(100.0, round(value, 1)) if unit in ("%", "分") else float(round(value)),
                 "unit": unit, "document": f"指标填报表（{as_of:%Y-%m}）", "reported_by_role": ROLE,
                 "reported_on": told, "recorded_at": known, "superseded_at": None}
            )  # fmt: skip
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


_SCHEMA = pa.schema(
    [
        ("community_id", pa.string()), ("indicator", pa.int64()), ("kpi", pa.string()), ("as_of", pa.date32()),
        ("value", pa.float64()), ("unit", pa.string()), ("document", pa.string()), ("reported_by_role", pa.string()),
        ("reported_on", pa.date32()), ("recorded_at", pa.timestamp("us", "UTC")),
        ("superseded_at", pa.timestamp("us", "UTC")),
    ]
)  # fmt: skip

"""What was learned of real homes, lent to the homes of a drill that are like them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import pyarrow as pa

from twin_model.store import Writer


def copy_days(writer: Writer, likes: Mapping[str, str], before: date, known_at: datetime) -> None:
    """Give new homes the learned days of others before the day ``before``, inside the caller's transaction.

    ``likes``: the home a new one is like, by the new one's identity.
    """
    names = {"new_id": list(likes), "home_id": list(likes.values())}
    pairs = pa.table({name: pa.array(values, pa.string()) for name, values in names.items()})
    writer.execute(
        "INSERT INTO rhythm_day BY NAME SELECT new_id AS home_id, day, active, watched, $known_at AS known_at"
        " FROM rhythm_day JOIN likes USING (home_id) WHERE day < $before"
        " QUALIFY row_number() OVER (PARTITION BY new_id, day ORDER BY rhythm_day.known_at DESC) = 1",
        tables={"likes": pairs}, before=before, known_at=known_at,
    )  # fmt: skip

"""Arrow answers as JSON rows. Instants become RFC 3339 with the neighbourhood's offset."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

ZONE = timezone(timedelta(hours=8))  # China has one time zone and no summer time
OFFSET = "+08:00"
_EIGHT_HOURS = np.timedelta64(8, "h")


def rfc3339(at: datetime) -> str:
    """An aware instant as text, in the neighbourhood's zone."""
    return at.astimezone(ZONE).isoformat()


def rows(table: pa.Table, names: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """The rows as dicts with plain values; ``names`` chooses and orders the columns."""
    chosen = list(names) if names is not None else table.column_names
    lists = [_plain(table.column(name)) for name in chosen]
    return [dict(zip(chosen, row, strict=True)) for row in zip(*lists, strict=True)]


def dumps(value: Any) -> bytes:
    """JSON. A number that is not finite has no JSON form and becomes null; bytes become text, exact sums numbers."""
    return orjson.dumps(value, default=_other)


def _other(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, Decimal):  # DuckDB adds whole numbers up in 128 bits
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _plain(column: pa.ChunkedArray) -> list[Any]:
    if not pa.types.is_timestamp(column.type):
        plain: list[Any] = column.to_pylist()
        return plain
    # pyarrow makes one Python datetime per value; numpy writes the text of all of them at once
    instants = column.to_numpy().astype("M8[us]")
    text = np.datetime_as_string(instants + _EIGHT_HOURS, unit="us").tolist()
    return [None if t == "NaT" else t + OFFSET for t in text]

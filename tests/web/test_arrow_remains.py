"""Arrow sends the room of unknown values along; what lay there before must not go out with it."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from cockpit.asking import arrow_stream

PHONE = b"13870001907"


KINDS = [pa.int8(), pa.int32(), pa.int64(), pa.float64(), pa.timestamp("us", "UTC"), pa.date32()]


@pytest.mark.parametrize("kind", KINDS)
def test_what_lay_in_the_room_of_an_unknown_value_is_not_sent(kind):
    n = 64 * 8 // kind.bit_width * 8
    remains = pa.py_buffer((PHONE * 60)[:512])
    table = pa.table({"x": pa.Array.from_buffers(kind, n, [pa.py_buffer(bytes(n // 8)), remains])})
    assert PHONE in _raw(table)
    sent = arrow_stream(table)
    assert PHONE not in sent
    assert pa.ipc.open_stream(io.BytesIO(sent)).read_all()["x"].null_count == n


def test_the_values_themselves_are_sent_as_they_are():
    at = datetime(2026, 11, 22, 4, tzinfo=UTC)
    table = pa.table(
        {
            "count": pa.array([1, None, 3], pa.int32()),
            "share": pa.array([0.5, None, -1.25]),
            "at": pa.array([at, None, at], pa.timestamp("us", "UTC")),
            "yes": pa.array([True, None, False]),
            "name": pa.array(["甲", None, ""]),
            "flags": pa.array([["a"], None, []]),
            "none": pa.array([1, 2, 3]),
        }
    )
    assert pa.ipc.open_stream(io.BytesIO(arrow_stream(table))).read_all().equals(table)


def test_a_slice_is_sent_without_the_rest():
    table = pa.table({"x": pa.array(np.arange(100), mask=np.arange(100) % 2 == 0)}).slice(10, 5)
    sent = pa.ipc.open_stream(io.BytesIO(arrow_stream(table))).read_all()
    assert sent["x"].to_pylist() == [None, 11, None, 13, None]


def _raw(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue()

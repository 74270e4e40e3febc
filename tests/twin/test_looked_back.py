"""What rules look back on: in order of time whatever the order it came in, each reading with the one before it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin_model.looked_back import in_order
from twin_model.store import ROWS_A_PIECE, Store

SERIES, METRIC = np.array([4, 7, 9], np.int32), np.array([1, 0, 1], np.int32)


def rows(table: pa.Table) -> list[tuple[object, ...]]:
    table = table.set_column(2, "taken_at", table["taken_at"].cast(pa.int64()))
    table = table.set_column(4, "before_at", table["before_at"].cast(pa.int64()))
    return list(zip(*(table[name].to_pylist() for name in table.column_names), strict=True))


def test_readings_stand_by_metric_and_series_each_with_the_one_before_it():
    found = in_order(
        np.array([4, 7, 4, 9], np.int32), np.array([10, 11, 12, 13]), np.array([1.0, 2.0, 3.0, 4.0]), SERIES, METRIC
    )
    assert rows(found) == [
        (7, 0, 11, 2.0, None, None), (4, 1, 10, 1.0, None, None), (4, 1, 12, 3.0, 10, 1.0), (9, 1, 13, 4.0, None, None),
    ]  # fmt: skip


def test_a_late_reading_takes_its_place_in_time():
    found = in_order(np.array([4, 4, 4], np.int32), np.array([30, 10, 20]), np.array([3.0, 1.0, 2.0]), SERIES, METRIC)
    assert [row[2:] for row in rows(found)] == [(10, 1.0, None, None), (20, 2.0, 10, 1.0), (30, 3.0, 20, 2.0)]


def test_nothing_to_look_back_on_is_an_empty_table():
    none = np.empty(0, np.int32)
    assert in_order(none, np.empty(0, np.int64), np.empty(0), none, none).num_rows == 0


def test_an_answer_is_made_in_pieces_so_that_a_short_one_holds_little_memory():
    with Store(None) as store:
        answer = store.select("SELECT range AS n FROM range(20000)")
    assert max(len(piece) for piece in answer["n"].chunks) <= ROWS_A_PIECE
    assert pc.sum(answer["n"]).as_py() == 20_000 * 19_999 // 2


def test_a_desk_sees_only_what_was_put_there_last():
    with Store(None) as store:
        desk, other = store.desk(), store.desk()
        first, second = pa.table({"n": [1, 2]}), pa.table({"n": [3]})
        desk.put("told", first)
        desk.put("told", second)
        assert desk.select("SELECT n FROM told")["n"].to_pylist() == [3]
        other.keep("told", first)
        other.keep("told", first)
        other.keep("told", second)
        assert other.select("SELECT n FROM told")["n"].to_pylist() == [3]
        desk.drop("told")
        desk.drop("told")
        desk.close()
        other.close()

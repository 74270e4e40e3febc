"""Questions with rows beside them."""

from __future__ import annotations

import pyarrow as pa
import pytest


def test_rows_beside_a_question_are_asked_and_those_with_the_name_of_a_table_are_refused(twin):
    """the store would answer from its own"""
    rows = pa.table({"n": [1, 2, 3]})
    assert twin.store.select("SELECT sum(n) AS n FROM mine", tables={"mine": rows})["n"].to_pylist() == [6]
    with pytest.raises(ValueError, match="reading: the store has a table of this name"):
        twin.store.select("SELECT count(*) AS n FROM reading", tables={"reading": rows})

"""A history applied in one transaction is the same history."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa
import pytest

from tests.twin.conftest import NEIGHBOURHOOD, device, table
from twin_model.store import StoreError
from twin_model.twin import Twin


def hours(twin: Twin, clock, n: int) -> None:
    """n commits, an hour apart, so that keyframes fall due between them."""
    for hour in range(n):
        at = clock() - timedelta(hours=n - hour)
        twin.apply(table(twin, [("m1", "motion", at, hour % 2)]), received_at=at)


def hours_and_a_mistake(twin: Twin, clock) -> None:
    hours(twin, clock, 3)
    unknown = table(twin, [("m1", "motion", clock(), 1)]).set_column(0, "series_no", pa.array([999], pa.int32()))
    twin.apply(unknown)


def street(path, clock) -> Twin:
    twin = Twin.open(path, clock=clock)
    since = clock() - timedelta(hours=10)
    twin.record([*NEIGHBOURHOOD, device("m1", "motion", home_id="h1")], recorded_at=since, valid_from=since)
    return twin


def known(twin: Twin, clock) -> list:
    return [twin.states(clock() - timedelta(minutes=30 * n)).to_pylist() for n in range(20)]


def test_a_history_applied_together_is_known_at_every_instant_as_if_applied_one_by_one(tmp_path, clock):
    apart, together = street(tmp_path / "a.duckdb", clock), street(tmp_path / "b.duckdb", clock)
    hours(apart, clock, 8)
    with together.together():
        hours(together, clock, 8)
    assert together.revision == apart.revision
    assert known(together, clock) == known(apart, clock)
    apart.close()
    together.close()
    again = Twin.open(tmp_path / "b.duckdb", clock=clock)
    assert again.counts()["readings_total"] == 8
    again.close()


def test_a_history_that_fails_midway_leaves_nothing_and_a_closed_twin(tmp_path, clock):
    twin = street(tmp_path / "a.duckdb", clock)
    with pytest.raises(IndexError), twin.together():
        hours_and_a_mistake(twin, clock)
    with pytest.raises(StoreError, match="closed"):
        hours(twin, clock, 1)
    again = Twin.open(tmp_path / "a.duckdb", clock=clock)
    assert again.counts()["readings_total"] == 0
    again.close()

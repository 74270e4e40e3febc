"""The sample's store is made beside its place and put there whole, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest

from sample_data.load import make_store, put_whole
from twin_model.twin import Twin

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def made(path, *past: timedelta) -> int:
    maker = get_context("spawn").Process(target=make_store, args=(path, NOW, *past))
    maker.start()
    maker.join()
    return maker.exitcode


def test_a_new_store_holds_the_sample_up_to_now_and_nothing_else_is_left(tmp_path):
    assert made(tmp_path / "twin.duckdb", timedelta(hours=1)) == 0
    assert [p.name for p in tmp_path.iterdir()] == ["twin.duckdb"]
    twin = Twin.open(tmp_path / "twin.duckdb", clock=lambda: NOW)
    assert twin.device_status(NOW).num_rows > 2000
    assert twin.now() == NOW
    twin.close()


def test_a_store_that_came_meanwhile_is_never_replaced(tmp_path):
    def make(beside: Path) -> None:
        Twin.open(beside, clock=lambda: NOW).close()
        (tmp_path / "twin.duckdb").write_bytes(b"somebody's")

    with pytest.raises(SystemExit) as ended:
        put_whole(tmp_path / "twin.duckdb", make)
    assert ended.value.code == 1
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("twin.duckdb", b"somebody's")]


def test_a_maker_that_is_stopped_leaves_nothing(tmp_path, wait_for):
    maker = get_context("spawn").Process(target=make_store, args=(tmp_path / "twin.duckdb", NOW))
    maker.start()
    wait_for(lambda: list(tmp_path.iterdir()), what="the store to be begun")
    maker.terminate()
    maker.join()
    assert list(tmp_path.iterdir()) == []

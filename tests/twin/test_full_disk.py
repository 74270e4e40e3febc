"""A disk that takes no more: what was stored stays, the screen says so, and all goes on once there is room."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from layouts.page import View
from layouts.parts import answers, shell_bar
from twin_model.entities import Community
from twin_model.twin import Twin

from ..conftest import Clock
from ..pages.conftest import text_of


@contextmanager
def full_disk() -> Iterator[None]:
    """No file may grow, as on a disk without a free byte."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_on_every_screen_and_nothing_is_half_stored(tmp_path):
    twin = Twin.open(tmp_path / "twin.duckdb", clock=Clock())
    live = View(community="a", lang="zh")

    def strip() -> list[str]:
        now = twin.now()
        return text_of(shell_bar.strip(live, now, answers.sources(twin, now, "a")))

    try:
        twin.record([Community(community_id="a", name="甲")])
        assert strip() == []
        with full_disk(), pytest.raises(Exception, match="write"):
            twin.record([Community(community_id="b", name="乙")])
        assert any("数据写不进磁盘，画面停在 11月22日" in words for words in strip())
        assert any("腾出磁盘空间" in words for words in strip())
        assert twin.entity("community", "b", twin.now()) is None
        twin.record([Community(community_id="b", name="乙")])
        assert strip() == []
        assert twin.entity("community", "b", twin.now()) is not None
    finally:
        twin.close()

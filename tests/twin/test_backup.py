"""A store that stands still can be copied while it is written to: the copy is one commit, all of it and no more."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from twin_model.proof import differing, screens
from twin_model.store import Still, Store, StoreError, log_of
from twin_model.twin import Twin

from .conftest import NEIGHBOURHOOD, device

COPY = """import sys, pathlib
source, target, log = sys.argv[1], sys.argv[2], int(sys.argv[3])
pathlib.Path(target).write_bytes(open(source, "rb").read())
if log:
    pathlib.Path(target + ".wal").write_bytes(open(source + ".wal", "rb").read(log))
"""


def copied(still: Still, target) -> None:
    """By another process, as is said in `Still`."""
    asked = [sys.executable, "-c", COPY, str(still.path), str(target), str(still.log_bytes)]
    subprocess.run(asked, check=True, timeout=30)


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "s.duckdb") as store:
        store.write(lambda w: w.execute("CREATE TABLE counted (n BIGINT)"))
        store.write(lambda w: w.execute("CREATE TABLE commits (n BIGINT)"))
        store.write(lambda w: w.execute("INSERT INTO commits VALUES (0)"))
        yield store


def commit(store: Store, rows: int) -> None:
    """Rows, and how many there are, in one transaction."""

    def change(writer) -> None:
        writer.execute(f"INSERT INTO counted SELECT * FROM range({rows})")
        writer.execute("DELETE FROM counted WHERE n % 97 = 3")
        writer.execute("UPDATE commits SET n = (SELECT count(*) FROM counted)")

    store.write(change)


def count(store: Store) -> tuple[int, int]:
    """As counted, and as was written down with the last commit."""
    row = store.select("SELECT (SELECT count(*) FROM counted) AS there, n AS said FROM commits").to_pylist()[0]
    return row["there"], row["said"]


def test_copies_made_while_it_is_written_to_and_read_are_single_commits(store, tmp_path):
    """small and large commits (large ones write into the file before they are committed) and readers, all the while"""
    over = threading.Event()

    def write() -> None:
        for rows in (5, 150_000, 500, 5_000) * 100:
            if over.is_set():
                return
            commit(store, rows)

    def read() -> None:
        while not over.is_set():
            assert len(set(count(store))) == 1

    threads = [threading.Thread(target=work) for work in (write, read)]
    for thread in threads:
        thread.start()
    try:
        seen = []
        for n in range(3):
            with store._writing:  # so that we know which commit it is
                still, expected = store.stand_still(), count(store)
            copied(still, tmp_path / f"{n}.duckdb")
            grown = count(store)
            assert store.move_on(still)
            with Store(tmp_path / f"{n}.duckdb") as copy:
                assert count(copy) == expected
            seen.append(grown != expected)
        assert any(seen), "nothing was committed while copies were made"
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_afterwards_the_log_goes_into_the_file_again(store):
    still = store.stand_still()
    for _ in range(30):
        commit(store, 100_000)
    kept = log_of(store.path).stat().st_size
    assert kept > 16 << 20, "more than DuckDB leaves in the log by itself"
    assert store.move_on(still)
    commit(store, 1)
    assert not log_of(store.path).exists() or log_of(store.path).stat().st_size < kept


def test_who_comes_late_is_told_that_the_file_moved_on(store):
    """given up, or closed in the middle: the file has changed"""
    first = store.stand_still()
    with pytest.raises(StoreError, match="for another copy"):
        store.stand_still()
    assert store.move_on(first)
    assert not store.move_on(first)
    second = store.stand_still()
    store.close()
    assert not store.move_on(second)
    with pytest.raises(StoreError, match="closed"):
        store.stand_still()


def test_a_twin_in_memory_has_no_file_to_copy(twin):
    with pytest.raises(StoreError, match="in memory"):
        twin.stand_still()


def test_a_copy_shows_the_screens_of_its_instant_and_one_reading_more_or_less_is_seen(tmp_path, clock):
    twin = Twin.open(tmp_path / "t.duckdb", clock=clock)
    twin.record([*NEIGHBOURHOOD, device("m1", "motion", home_id="h1")])
    still, at, revision = twin.stand_still()
    shown = screens(twin, at)
    copied(still, tmp_path / "copy.duckdb")
    assert twin.store.move_on(still)
    twin.close()
    copy = Twin.open(tmp_path / "copy.duckdb", clock=lambda: at)
    try:
        assert copy.revision == revision
        assert differing(shown, screens(copy, at)) == []
        copy.store.write(lambda w: w.execute("UPDATE home SET elder_alone = false"))
    finally:
        copy.close()
    broken = Twin.open(tmp_path / "copy.duckdb", clock=lambda: at)
    assert "c: residents" in differing(shown, screens(broken, at))
    broken.close()

"""A store of an older version is copied before it is changed; of a newer one the program says so."""

from __future__ import annotations

import shutil

import pytest

from twin_model.migrations import SCHEMA, known
from twin_model.store import Store, StoreError

from .test_full_disk import full_disk


@pytest.fixture
def later(tmp_path):
    """``later(sql)``: the schema files of a version that has one more."""

    def make(sql: str):
        folder = tmp_path / "schema"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(SCHEMA, folder)
        (folder / "9000_later.sql").write_text(sql, encoding="utf-8")
        return folder

    return make


@pytest.fixture
def old(tmp_path):
    """A closed store of this version with a row in it."""
    path = tmp_path / "data" / "s.duckdb"
    path.parent.mkdir()
    with Store(path) as store:
        store.write(lambda w: w.execute("INSERT INTO series VALUES (7, 'd', 'm')"))
    return path


def names(path) -> set[str]:
    return {one.relative_to(path.parent).as_posix() for one in path.parent.rglob("*") if one.is_file()}


def test_an_older_store_is_kept_beside_the_one_that_is_brought_up_to_date(old, later):
    with Store(old, schema=later("ALTER TABLE series ADD COLUMN note TEXT")) as store:
        assert store.select("SELECT series_no, note FROM series").to_pylist() == [{"series_no": 7, "note": None}]
        assert store.schema()[-1] == "9000_later"
    kept = f"upgraded/s-{known()[-1]}.duckdb"
    assert names(old) == {"s.duckdb", kept}
    with Store(old.parent / kept) as store:
        assert store.select("SELECT * FROM series").num_rows == 1
        assert store.schema() == known()


@pytest.mark.parametrize("sql", ["ALTER TABLE nowhere ADD COLUMN x TEXT", "DELETE FROM series; SELECT * FROM nowhere"])
def test_an_upgrade_that_fails_leaves_the_old_store_byte_for_byte(old, later, sql):
    before = old.read_bytes()
    with pytest.raises(StoreError, match="was not changed"):
        Store(old, schema=later(sql))
    assert old.read_bytes() == before
    assert names(old) == {"s.duckdb"}


def test_without_room_for_the_copy_nothing_is_begun(old, later, monkeypatch):
    nearly_full = shutil.disk_usage(old.parent)._replace(free=1 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: nearly_full)
    with pytest.raises(StoreError, match="and 1 MiB are free"):
        Store(old, schema=later("SELECT 1"))


def test_a_disk_that_runs_full_meanwhile_is_told_and_the_next_start_does_it(old, later):
    schema, before = later("CREATE TABLE more (n INTEGER)"), old.read_bytes()
    with full_disk(), pytest.raises(StoreError, match=r"was not changed: make room on its disk and start again\.$"):
        Store(old, schema=schema)
    assert old.read_bytes() == before
    assert names(old) == {"s.duckdb"}
    Store(old, schema=schema).close()


def test_a_store_of_a_newer_version_is_refused_with_words(old, later):
    Store(old, schema=later("CREATE TABLE more (n INTEGER)")).close()
    before = old.read_bytes()
    with pytest.raises(StoreError, match=r"newer version.*9000_later.*run\.py restore"):
        Store(old)
    assert old.read_bytes() == before

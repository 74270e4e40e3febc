"""The DuckDB file: one process, one writer at a time, a cursor per reading thread, Arrow in and out.

The only module that imports duckdb. Instants are stored as UTC without zone; Python hands in aware datetimes
and gets ``timestamp[us, tz=UTC]`` back.
"""

from __future__ import annotations

import importlib.util
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa

from twin_model.migrations import SCHEMA, applied, known, migrate, pending
from twin_model.rights import fence
from twin_model.upgrade import UpgradeFailed, upgrade

QUERIES = Path(__file__).parent / "queries"
_PARAMETER = re.compile(r"\$([a-z_]+)")
T = TypeVar("T")
Config = dict[str, str | bool | int | float | list[str]]

SHORT = 64
"""Rows of a table that is compared in less time than it is copied."""
ROWS_A_PIECE = 8_192
"""An answer's Arrow columns reserve memory for so many rows at a time; DuckDB's own million takes tens of megabytes
for an answer of ten rows, for as long as it is remembered."""


class StoreError(Exception):
    """The store could not be opened or read."""


class StoreLocked(StoreError):
    """Another process has the data folder open."""


@dataclass(frozen=True)
class Still:
    """The store as of one commit: its file, which stands still, and so many bytes of the log beside it.

    To be copied by another process: the system forgets a process's lock on a file as soon as it closes that file
    anywhere, and the store could then be opened, and broken, by a second program.
    """

    path: Path
    log_bytes: int

    @property
    def log_path(self) -> Path:
        """Commits that are not in the file yet; may be missing when ``log_bytes`` is 0."""
        return log_of(self.path)


class Store:
    """An open DuckDB file (``path=None``: in memory). Close it, or use it as a context manager.

    ``threads``: for one question. Several at once have a thread each anyway, and questions here are small: two threads
    for each took up to four times the processor time for the same answers.
    """

    def __init__(
        self, path: Path | None = None, *, memory_limit: str = "256MB", threads: int = 1, schema: Path = SCHEMA
    ) -> None:
        self.path = path
        _without_absent_libraries()
        config: Config = {
            "memory_limit": memory_limit, "threads": threads, "autoinstall_known_extensions": False
        }  # fmt: skip
        self._db = _opened(path, config)
        try:
            made_with = applied(self._db)
            if unknown := [name for name in made_with if name not in known(schema)]:
                raise StoreError(
                    f"{path} was written by a newer version of this program (schema {unknown[-1]}, here is "
                    f"{known(schema)[-1]}). Start that version, or restore a backup of before with run.py restore."
                )
            if path is None or not made_with:
                migrate(self._db, schema)
            elif pending(made_with, schema):
                self._db.close()
                try:
                    upgrade(path, lambda copy: _opened(copy, config), schema)
                except UpgradeFailed as error:
                    raise StoreError(str(error)) from error
                self._db = _opened(path, config)
        except BaseException:
            self._db.close()
            raise
        self._writer = self._db.cursor()
        self._writing = threading.RLock()
        self._local = threading.local()
        self._closed = False
        self._together = False
        self._still: Still | None = None
        self.unwritten = ""
        """What kept the last write from the disk; empty as long as it takes them."""

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Wait for the writer, write everything to the file and release it; a second call does nothing."""
        with self._writing:
            if self._closed:
                return
            self._closed = True
            self._still = None  # closing writes the log into the file
            self._writer.close()
            self._db.close()

    def stand_still(self) -> Still:
        """From now on commits go to the log only and the file does not change, until ``move_on``; nobody waits.

        What is copied of both is this very commit: DuckDB changes no block of the file that its last checkpoint needs,
        and the log only grows. In a thousandth of a second, however large the store is.
        """
        with self._writing:
            if self._closed or self.path is None:
                raise StoreError("the store is closed" if self._closed else "a store in memory has no file")
            if self._still is not None:
                raise StoreError("the store stands still for another copy already; wait until that is done")
            self._writer.execute("SET GLOBAL checkpoint_threshold = '1TB'")
            log = log_of(self.path)
            self._still = Still(self.path, log.stat().st_size if log.exists() else 0)
            return self._still

    def move_on(self, still: Still) -> bool:
        """The copy is made, or nobody waits for it any more; true if the file stood still until now."""
        with self._writing:
            if self._still is not still:
                return False
            self._still = None
            self._writer.execute("RESET GLOBAL checkpoint_threshold")
            return True

    def row_counts(self) -> dict[str, int]:
        """The rows of every table."""
        names = self.select("SELECT table_name FROM duckdb_tables() WHERE NOT temporary ORDER BY table_name")
        counted = (f"SELECT '{n}' AS name, count(*) AS rows FROM \"{n}\"" for n in names["table_name"].to_pylist())
        table = self.select(" UNION ALL ".join(counted))
        return dict(zip(table["name"].to_pylist(), table["rows"].to_pylist(), strict=True))

    def schema(self) -> list[str]:
        """The names of the schema files it was made with, in order."""
        names: list[str] = sorted(self.select("SELECT name FROM migration")["name"].to_pylist())
        return names

    def read(self, query: str, *, tables: Mapping[str, pa.Table] | None = None, **parameters: object) -> pa.Table:
        """The named query from ``queries/``; ``tables`` are Arrow tables it may select from by name."""
        return self.select(_query(query), tables=tables, **parameters)

    def select(self, sql: str, *, tables: Mapping[str, pa.Table] | None = None, **parameters: object) -> pa.Table:
        """Any SELECT. Parameters it does not mention are left out, so one set serves many declarations.

        Raises ``NotAllowed`` where it reads of persons or of life at home and whoever asks may not.
        """
        fence(sql)
        cursor = self._cursor()
        names = tables or {}
        for name, table in names.items():
            cursor.register(name, _naive(table))
        try:
            return _asked(cursor, sql, parameters)
        finally:
            for name in names:
                cursor.unregister(name)

    def mistake_in(
        self, sql: str, *, tables: Mapping[str, pa.Table] | None = None, **parameters: object
    ) -> str | None:
        """What the database has against a declared SELECT, in one line; None when it can be asked."""
        try:
            self.select(sql, tables=tables, **parameters)
        except duckdb.Error as error:
            return _first_line(error)
        return None

    def desk(self) -> Desk:
        """Room for many questions over the same rows; close it."""
        if self._closed:
            raise StoreError("the store is closed")
        return Desk(self._db.cursor())

    def write(self, change: Callable[[Writer], T]) -> T:
        """Run ``change`` in one transaction: readers see all of it or none. Its exceptions roll back and go on."""
        with self._writing:
            if self._together:
                return change(Writer(self._writer))
            with self._transaction():
                return change(Writer(self._writer))

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make this thread's writes inside one transaction, all or none; readers see them when it ends."""
        with self._writing, self._transaction():
            self._together = True
            try:
                yield
            finally:
                self._together = False

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if self._closed:
            raise StoreError("the store is closed")
        self._writer.execute("BEGIN")
        try:
            yield
        except BaseException as error:
            if isinstance(error, duckdb.IOException):
                self.unwritten = str(error)
            self._writer.execute("ROLLBACK")
            raise
        try:
            self._writer.execute("COMMIT")
        except duckdb.Error as error:
            self.unwritten = str(error)
            raise
        self.unwritten = ""

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        if self._closed:
            raise StoreError("the store is closed")
        cursor = getattr(self._local, "cursor", None)
        if cursor is None:
            cursor = self._local.cursor = self._db.cursor()
        return cursor


class Desk:
    """Temporary tables beside the store, seen by this asker only, who is one thread at a time.

    Arrow tables put beside a question are read again through Python each time it mentions them; for many questions
    over the same rows a copy is several times cheaper.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor
        self._kept: dict[str, pa.Table] = {}

    def put(self, name: str, rows: pa.Table) -> None:
        """Lay ``rows`` on the desk, in place of what had this name."""
        self._cursor.register("incoming", _naive(rows))
        try:
            self._cursor.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS SELECT * FROM incoming')
        finally:
            self._cursor.unregister("incoming")

    def keep(self, name: str, rows: pa.Table) -> None:
        """As ``put``; the same table as last time, or a short one with the same rows, lies there already."""
        there = self._kept.get(name)
        if there is rows or (there is not None and rows.num_rows <= SHORT and rows.equals(there)):
            return
        self.put(name, rows)
        self._kept[name] = rows

    def drop(self, name: str) -> None:
        """Take away what has this name, if anything."""
        self._cursor.execute(f'DROP TABLE IF EXISTS temp."{name}"')

    def select(self, sql: str, **parameters: object) -> pa.Table:
        """As ``Store.select``."""
        fence(sql)
        return _asked(self._cursor, sql, parameters)

    def close(self) -> None:
        """Give the room back; a second call does nothing."""
        self._cursor.close()


class Writer:
    """What a change may do inside its transaction."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor

    def append(self, table: str, rows: pa.Table) -> None:
        """Append Arrow rows; columns are matched by name."""
        if rows.num_rows:
            self._cursor.register("incoming", _naive(rows))
            try:
                self._cursor.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming")
            finally:
                self._cursor.unregister("incoming")

    def select(self, sql: str, *, tables: Mapping[str, pa.Table] | None = None, **parameters: object) -> pa.Table:
        """A SELECT that sees this transaction's own changes."""
        return self.execute(sql, tables=tables, **parameters)

    def execute(self, sql: str, *, tables: Mapping[str, pa.Table] | None = None, **parameters: object) -> pa.Table:
        """One statement; its rows, if any, as Arrow."""
        names = tables or {}
        for name, table in names.items():
            self._cursor.register(name, _naive(table))
        try:
            values = {k: _stored(v) for k, v in parameters.items()}
            return _zoned(self._cursor.execute(sql, values).to_arrow_table(ROWS_A_PIECE))
        finally:
            for name in names:
                self._cursor.unregister(name)


def _opened(path: Path | None, config: Config) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(":memory:" if path is None else str(path), config=config)
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            raise StoreLocked(
                f"{path} 正由另一个程序打开，只能有一个写入。请停止另一个 run.py serve，或用 --data 换一个文件夹。· "
                f"{path} is open in another process and only one may write it. "
                "Stop the other `run.py serve`, or start this one with another --data folder."
            ) from error
        raise StoreError(
            f"{path} 打不开；请确认运行程序的用户能写这个文件夹、磁盘不是只读的（run.py doctor 会检查）。· "
            f"{path} could not be opened as a DuckDB file: {_first_line(error)}. See that the user the program runs as "
            "may write to its folder and that the disk is not read-only (run.py doctor looks at both)."
        ) from error
    except duckdb.Error as error:
        raise StoreError(
            f"{path} is not a store of this program: {_first_line(error)} Choose another --data folder."
        ) from error


def schema_of(path: Path) -> list[str]:
    """The schema files the store at ``path`` was made with, without changing it. Raises ``StoreError``."""
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            return applied(connection)
    except duckdb.Error as error:
        raise StoreError(f"{path} cannot be opened: {_first_line(error)}") from error


def log_of(path: Path) -> Path:
    """Where DuckDB keeps the commits that are not in the file yet."""
    return path.with_name(path.name + ".wal")


def _without_absent_libraries() -> None:
    """DuckDB looks for pandas at every parameter and Arrow for dateutil at every list of values it is given; where
    there is none, looking costs more than a small question."""
    for name in ("pandas", "dateutil"):
        if name not in sys.modules and importlib.util.find_spec(name) is None:
            sys.modules[name] = None  # type: ignore[assignment]  # Python's own way to say that there is none


def _asked(cursor: duckdb.DuckDBPyConnection, sql: str, parameters: Mapping[str, object]) -> pa.Table:
    wanted = set(_PARAMETER.findall(sql))
    values = {k: _stored(v) for k, v in parameters.items() if k in wanted}
    return _zoned(cursor.execute(sql, values).to_arrow_table(ROWS_A_PIECE))


@cache
def _query(name: str) -> str:
    return (QUERIES / f"{name}.sql").read_text(encoding="utf-8")


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


def _stored(value: object) -> object:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; every instant in this program has one")
        return value.astimezone(UTC).replace(tzinfo=None)
    return value


def _retyped(table: pa.Table, change: Callable[[pa.DataType], pa.DataType]) -> pa.Table:
    for index, column in enumerate(table.schema):
        wanted = change(column.type)
        if wanted != column.type:
            table = table.set_column(index, column.name, table.column(index).cast(wanted))
    return table


def _zoned(table: pa.Table) -> pa.Table:
    return _retyped(table, lambda t: pa.timestamp("us", "UTC") if pa.types.is_timestamp(t) else t)


def _naive(table: pa.Table) -> pa.Table:
    return _retyped(table, lambda t: pa.timestamp("us") if pa.types.is_timestamp(t) and t.tz is not None else t)

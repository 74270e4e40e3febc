"""Numbered schema files, applied once each and never edited once released."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

SCHEMA = Path(__file__).parent / "schema"


class Connection(Protocol):
    """What a migration needs of a database connection."""

    def execute(self, query: str, parameters: object = ...) -> Connection: ...
    def fetchall(self) -> list[tuple[object, ...]]: ...
    def close(self) -> None: ...


def known(folder: Path = SCHEMA) -> list[str]:
    """The names of all schema files of this program, in order."""
    return [path.stem for path in sorted(folder.glob("*.sql"))]


def pending(applied: Iterable[str], folder: Path = SCHEMA) -> list[Path]:
    """The schema files not applied yet, in order."""
    done = set(applied)
    return [path for path in sorted(folder.glob("*.sql")) if path.stem not in done]


def applied(connection: Connection) -> list[str]:
    """The names of the schema files a store was made with, in order; none in a new one."""
    there = connection.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'migration'").fetchall()
    if there == [(0,)]:
        return []
    return sorted(str(row[0]) for row in connection.execute("SELECT name FROM migration").fetchall())


def migrate(connection: Connection, folder: Path = SCHEMA) -> Sequence[str]:
    """Apply what is pending, each file in one transaction, a new store's all in one; returns the names applied."""
    connection.execute("CREATE TABLE IF NOT EXISTS migration (name TEXT NOT NULL)")
    there = applied(connection)
    files = pending(there, folder)
    for together in [[path] for path in files] if there else [files]:
        connection.execute("BEGIN")
        try:
            for path in together:
                connection.execute(path.read_text(encoding="utf-8"))
                connection.execute("INSERT INTO migration VALUES (?)", [path.stem])
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
    return [path.stem for path in files]

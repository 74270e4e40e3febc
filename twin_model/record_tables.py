"""The tables of records: made from their declarations, and rows made ready for them.

Every table has, besides its declared columns: community_id, record_id (the identity), flags (the checks it did not
pass), origin (file:row), recorded_at and superseded_at (from when until when this version was known).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from twin_model.declared import DeclarationError
from twin_model.record_kinds import Column, RecordKind
from twin_model.store import Store, Writer

_SQL = {
    "text": "VARCHAR", "date": "DATE", "instant": "TIMESTAMP", "count": "BIGINT", "amount": "DOUBLE", "yuan": "DOUBLE",
    "share": "DOUBLE", "yes_no": "BOOLEAN", "choice": "VARCHAR", "place": "VARCHAR",
}  # fmt: skip
_ARROW = {
    "text": pa.string(), "date": pa.date32(), "instant": pa.timestamp("us", "UTC"), "count": pa.int64(),
    "amount": pa.float64(), "yuan": pa.float64(), "share": pa.float64(), "yes_no": pa.bool_(), "choice": pa.string(),
    "place": pa.string(),
}  # fmt: skip
_BESIDES = {"flags": pa.list_(pa.string()), "origin": pa.string(), "recorded_at": pa.timestamp("us", "UTC")}
DAY_US = "- 28800000000"  # local midnight in UTC


class RecordsRefused(ValueError):
    """Rows that are no records of their kind; says which row, what was found, what is expected."""


def arrange(store: Store, kinds: Mapping[str, RecordKind]) -> set[str]:
    """Make the tables that are not there yet and add columns that are new; returns the kinds that have rows.

    Raises ``DeclarationError`` where a column changed its type: what is stored cannot be read as something else.
    """
    tables = store.select(
        "SELECT table_name, estimated_size FROM duckdb_tables() WHERE starts_with(table_name, 'record_')"
    ).to_pylist()
    found = _columns(store) if tables else {}
    filled = {row["table_name"] for row in tables if row["estimated_size"] > 0}
    statements, problems = [], []
    for kind in kinds.values():
        there = found.get(kind.table)
        if there is None:
            statements.append(_create(kind))
            continue
        for column in kind.columns.values():
            stored, wanted = there.get(column.name), _SQL[column.type]
            if stored is None:
                statements.append(f'ALTER TABLE {kind.table} ADD COLUMN "{column.name}" {wanted}')
            elif stored != wanted:
                problems.append(
                    f"{kind.path}: column {column.name!r} is of type {column.type} ({wanted}), but this data folder "
                    f"holds it as {stored}; give the new column another name"
                )
    if problems:
        raise DeclarationError(problems)
    if statements:
        store.write(lambda writer: writer.execute(";\n".join(statements)))
    return {kind.name for kind in kinds.values() if kind.table in filled}


def _columns(store: Store) -> dict[str, dict[str, str]]:
    """The types of the stored columns, by table."""
    found: dict[str, dict[str, str]] = {}
    for row in store.select(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE starts_with(table_name, 'record_')"
    ).to_pylist():
        found.setdefault(row["table_name"], {})[row["column_name"]] = row["data_type"]
    return found


def _create(kind: RecordKind) -> str:
    columns = ", ".join(f'"{c.name}" {_SQL[c.type]}' for c in kind.columns.values())
    return (
        f"CREATE TABLE {kind.table} (community_id VARCHAR NOT NULL, record_id VARCHAR NOT NULL, {columns}, "
        "flags VARCHAR[], origin VARCHAR, recorded_at TIMESTAMP NOT NULL, superseded_at TIMESTAMP)"
    )


def schema(kind: RecordKind) -> pa.Schema:
    """The Arrow types of a kind's declared columns."""
    return pa.schema([(c.name, _ARROW[c.type]) for c in kind.columns.values()])


def prepared(kind: RecordKind, rows: pa.Table | Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows with all columns of the kind in their types, flags, origin, and recorded_at if they have one.

    Raises ``RecordsRefused``: unknown column, wrong type, nothing where something is required, a code that is no
    choice, a number outside its limits.
    """
    given = rows if isinstance(rows, pa.Table) else _table(kind, rows)
    if unknown := sorted(set(given.column_names) - kind.columns.keys() - _BESIDES.keys()):
        near = difflib.get_close_matches(unknown[0], list(kind.columns), 1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; it has {', '.join(kind.columns)}"
        raise RecordsRefused(f"{kind.name} has no column {', '.join(unknown)}{hint}")
    columns = {c.name: _typed(kind, given, c.name, _ARROW[c.type]) for c in kind.columns.values()}
    for column in kind.columns.values():
        _check_values(kind, column, columns[column.name])
    for name, arrow in _BESIDES.items():
        if name != "recorded_at" or name in given.column_names:
            columns[name] = _typed(kind, given, name, arrow)
    return pa.table(columns)


def _table(kind: RecordKind, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    names = dict.fromkeys(name for row in rows for name in row)
    types = {c.name: _ARROW[c.type] for c in kind.columns.values()} | _BESIDES
    columns = {}
    for name in names:
        values = [row.get(name) for row in rows]
        if any(isinstance(value, datetime) and value.tzinfo is None for value in values):
            raise RecordsRefused(f"{kind.name}: {name} has no time zone; every instant in this program has one")
        try:
            columns[name] = pa.array(values, types.get(name, pa.null() if not rows else None))
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
            raise RecordsRefused(f"{kind.name}: {name} cannot be read as {types.get(name)}: {error}") from error
    return pa.table(columns)


def _typed(kind: RecordKind, given: pa.Table, name: str, arrow: pa.DataType) -> pa.ChunkedArray | pa.Array:
    if name not in given.column_names:
        return pa.nulls(given.num_rows, arrow)
    column = given[name]
    if pa.types.is_timestamp(column.type) and column.type.tz is None:
        raise RecordsRefused(f"{kind.name}: {name} has no time zone; every instant in this program has one")
    try:
        return column.cast(arrow)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise RecordsRefused(f"{kind.name}: {name} cannot be read as {arrow}: {error}") from error


def _check_values(kind: RecordKind, column: Column, values: pa.ChunkedArray | pa.Array) -> None:
    if column.required and values.null_count:
        _refuse(kind, column, pc.is_null(values), values, "a value; this column is required")
    if column.choices:
        wrong = pc.invert(pc.is_in(values, pa.array(list(column.choices))))
        _refuse(kind, column, pc.and_(pc.is_valid(values), wrong), values, f"one of {', '.join(column.choices)}")
    if pa.types.is_floating(values.type):
        _refuse(kind, column, pc.invert(pc.is_finite(values)), values, "a number")
    if column.low is not None:
        _refuse(kind, column, pc.less(values, column.low), values, f"at least {column.low:g}")
    if column.high is not None:
        _refuse(kind, column, pc.greater(values, column.high), values, f"at most {column.high:g}")


def _refuse(kind: RecordKind, column: Column, wrong: Any, values: Any, expected: str) -> None:
    if pc.any(wrong).as_py():
        first = pc.index(wrong, True).as_py()
        found = "***" if column.restricted else values[first].as_py()
        raise RecordsRefused(f"{kind.name}, row {first + 1}: {column.name} is {found!r}; expected {expected}")


def listed(kind: RecordKind) -> list[str]:
    """The declared columns, quoted: some are words of SQL."""
    return [f'"{name}"' for name in kind.columns]


def true_us(kind: RecordKind) -> str:
    """SQL for the instant (microseconds) a record is true at; a day counts from its local midnight."""
    name = f'"{kind.true_at}"'
    if kind.columns[kind.true_at].type == "date":
        return f"(epoch_us(CAST({name} AS TIMESTAMP)) {DAY_US})"
    return f"epoch_us({name})"


def identified(kind: RecordKind) -> str:
    """SQL for the record_id: the values of the identity, in its order, with a bar between."""

    def word(column: Column) -> str:
        name = f'"{column.name}"'
        match column.type:
            case "instant":
                return f"strftime({name}, '%Y-%m-%dT%H:%M:%SZ')"
            case "text":
                return f"replace({name}, '|', '/')"
        return f"CAST({name} AS VARCHAR)"

    return " || '|' || ".join(f"coalesce({word(kind.columns[name])}, '')" for name in kind.identity)


def judged(kind: RecordKind) -> str:
    """SELECT of the rows of ``incoming`` with record_id, the flags they get and the check that refuses them, if any."""
    place = kind.capacity_of
    if place is None:
        source = "SELECT *, CAST(NULL AS BIGINT) AS place_capacity FROM incoming"
    else:
        source = (
            f"SELECT i.*, p.capacity AS place_capacity FROM incoming i LEFT JOIN {place.place}_at($instant) p "
            f'ON p.{place.place}_id = i."{place.name}"'
        )
    flags = [f"CASE WHEN ({c.sql}) THEN '{c.name}' END" for c in kind.checks if c.level == "flag"]
    found = f"list_concat(coalesce(flags, []), [{', '.join(flags)}])" if flags else "coalesce(flags, [])"
    rejects = " ".join(f"WHEN ({c.sql}) THEN '{c.name}'" for c in kind.checks if c.level == "reject")
    refused = f"CASE {rejects} END" if rejects else "CAST(NULL AS VARCHAR)"
    return (
        f"SELECT {identified(kind)} AS record_id, {', '.join(listed(kind))}, "
        f"list_sort(list_distinct({found})) AS flags, origin, recorded_at, n, "
        f"{refused} AS refused, place_capacity FROM ({source})"
    )


def wrong_checks(kinds: Iterable[RecordKind]) -> list[str]:
    """What is wrong with the SQL of checks, tried on tables without rows."""
    problems = []
    with Store(None) as store:
        for kind in kinds:
            names = {c.name: _ARROW[c.type] for c in kind.columns.values()} | _BESIDES
            columns = {name: pa.nulls(0, arrow) for name, arrow in names.items()}
            incoming = pa.table(columns | {"n": pa.nulls(0, pa.int64())})
            for check in kind.checks:
                source = "SELECT *, CAST(NULL AS BIGINT) AS place_capacity FROM incoming"
                sql = f"SELECT CAST(({check.sql}) AS BOOLEAN) FROM ({source})"
                if mistake := store.mistake_in(sql, tables={"incoming": incoming}):
                    problems.append(f"{kind.path}: check {check.name!r}: {mistake}")
    return problems


def versions(asker: Store | Writer, kind: RecordKind, community_id: str | None = None) -> pa.Table:
    """From when until when versions were known, and what span they are true in (microseconds); by community and begin.

    community_id, begun, ended, oldest, newest; one row for all that were known together.
    """
    where = "WHERE community_id = $community_id" if community_id else ""
    sql = (
        "SELECT community_id, epoch_us(recorded_at) AS begun, coalesce(epoch_us(superseded_at), 9223372036854775807) "
        f"AS ended, min({true_us(kind)}) AS oldest, max({true_us(kind)}) AS newest FROM {kind.table} {where} "
        "GROUP BY ALL ORDER BY community_id, begun"
    )
    return asker.select(sql, community_id=community_id) if community_id else asker.select(sql)

"""Evidence rows for readers: what each column is called, and which of them only staff who may see a home get."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from twin_model.kpi import STANDARD, Kpi
from twin_model.masking import too_few
from twin_model.record_kinds import RecordKind

HOME_SOURCES = frozenset({"home", "incident", "visit", "home_state", "device_status", "state", "metered"})
"""Sources whose row ids name a home, or a device that may hang in one."""
PEOPLE_SOURCES = frozenset({"home", "incident", "visit", "home_state"})
NAMES_A_HOME = frozenset({"home_id", "home", "device_id"})


def restricted_columns(kpi: Kpi, kinds: Mapping[str, RecordKind]) -> frozenset[str]:
    """The evidence columns that could lead to a home or a person."""
    own = [kinds[name] for name in kpi.records]
    found = set(NAMES_A_HOME) | {c.name for kind in own for c in kind.columns.values() if c.restricted}
    if HOME_SOURCES & set(kpi.sources) or any(kind.names_persons for kind in own):
        found.add("row_id")
    return frozenset(found)


def without_homes(rows: pa.Table, kpi: Kpi, kinds: Mapping[str, RecordKind]) -> pa.Table:
    """The rows for whoever may not look at one home: without the columns that could lead to it."""
    hidden = restricted_columns(kpi, kinds)
    return rows.select([name for name in rows.column_names if name not in hidden])


def too_few_people(kpi: Kpi, row: Mapping[str, Any], kinds: Mapping[str, RecordKind]) -> bool:
    """Whether a value is of so few people or homes that it could be somebody; a public screen is not told it then."""
    is_of_people = bool(PEOPLE_SOURCES & set(kpi.sources)) or any(
        column.restricted or column.place == "home" for name in kpi.records for column in kinds[name].columns.values()
    )
    return is_of_people and (too_few(row["denominator"]) or (row["denominator"] is None and too_few(row["numerator"])))


def title_of(column: str, kpi: Kpi, kinds: Mapping[str, RecordKind]) -> dict[str, str] | None:
    """What the declaration of a record kind calls a column, in both languages; None for columns of the SELECT's own."""
    if column in STANDARD:
        return None
    return next((kinds[name].columns[column].title for name in kpi.records if column in kinds[name].columns), None)


def choice_of(column: str, code: object, kpi: Kpi, kinds: Mapping[str, RecordKind]) -> dict[str, str] | None:
    """What a coded value of a column means, in both languages; None for values that are no codes."""
    for name in kpi.records:
        found = kinds[name].columns.get(column)
        if found and str(code) in found.choices:
            return found.choices[str(code)]
    return None

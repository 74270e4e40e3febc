"""What changed between two checks: exactly the verdicts that are others, and whether rulebook or data made them so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from twin_model.health_book import HealthBook

COMPARED = pa.schema(
    [
        ("community_id", pa.string()), ("item", pa.string()), ("before", pa.string()), ("after", pa.string()),
        ("value_before", pa.float64()), ("value_after", pa.float64()), ("threshold_before", pa.float64()),
        ("threshold_after", pa.float64()), ("why", pa.list_(pa.string())),
    ]
)  # fmt: skip
"""One row per verdict that changed. before, after: None where the item is not there or does not apply. why: threshold,
measure, applies, added, removed (the item), rulebook (what holds for all its items), data (what is known)."""
VERDICT_PARTS = ("threshold", "measure", "applies")
"""What of a definition can change a verdict; a weight or a verified source changes only the index."""


def differences(book: HealthBook, other: HealthBook) -> list[tuple[str, list[str]]]:
    """By item what the other defines otherwise: threshold, measure, weight, applies, verified, added or removed."""
    found = []
    for key in [*book.items, *(k for k in other.items if k not in book.items)]:
        if key not in other.items:
            found.append((key, ["removed"]))
        elif key not in book.items:
            found.append((key, ["added"]))
        else:
            mine, theirs = book.items[key].definition, other.items[key].definition
            if what := [name for name in mine if mine[name] != theirs[name]]:
                found.append((key, what))
    return found


def changes(book: HealthBook, other: HealthBook, before: pa.Table, between: pa.Table, after: pa.Table) -> pa.Table:
    """As ``COMPARED``. ``between``: the other rulebook at the first instant."""
    redefined = dict(differences(book, other))
    first, middle, last = (_by_cell(table) for table in (before, between, after))
    rows = []
    for cell in [*first, *(c for c in last if c not in first)]:
        was, then, now = first.get(cell, _NONE), middle.get(cell, _NONE), last.get(cell, _NONE)
        if was["verdict"] == now["verdict"]:
            continue
        why = []
        if was["verdict"] != then["verdict"]:
            parts = [w for w in redefined.get(cell[1], ()) if w in (*VERDICT_PARTS, "added", "removed")]
            why += parts or ["rulebook"]
        if then["verdict"] != now["verdict"]:
            why.append("data")
        rows.append(
            {
                "community_id": cell[0], "item": cell[1], "before": was["verdict"], "after": now["verdict"],
                "value_before": was["value"], "value_after": now["value"], "threshold_before": was["threshold"],
                "threshold_after": now["threshold"], "why": why,
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, schema=COMPARED)


_NONE: Mapping[str, Any] = {"verdict": None, "value": None, "threshold": None}


def _by_cell(table: pa.Table) -> dict[tuple[str, str], dict[str, Any]]:
    rows = table.select(["community_id", "item", "verdict", "value", "threshold"]).to_pylist()
    return {(row["community_id"], row["item"]): row for row in rows}

"""The log of incidents: a head each and its steps, appended and never changed. Cases are folded from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa

from twin_model.case import Case, Head, Step
from twin_model.closed_loop import fold
from twin_model.procedure import Procedure
from twin_model.store import Writer

_INSTANT = pa.timestamp("us", "UTC")
_TEXT = pa.string()
_HEAD = pa.schema(
    [("incident_id", _TEXT), ("procedure", _TEXT), ("community_id", _TEXT), ("subject", _TEXT), ("home_id", _TEXT),
     ("facility_id", _TEXT), ("building_id", _TEXT), ("drill_id", _TEXT), ("raised_at", _INSTANT),
     ("known_at", _INSTANT)]
)  # fmt: skip
_STEP = pa.schema(
    [("incident_id", _TEXT), ("n", pa.int32()), ("step", _TEXT), ("step_at", _INSTANT), ("known_at", _INSTANT),
     ("done_by", _TEXT), ("role", _TEXT), ("channel", _TEXT), ("result", _TEXT), ("note", _TEXT), ("outcome", _TEXT),
     ("cause", _TEXT), ("detail", _TEXT)]
)  # fmt: skip
_WORDS = ("channel", "result", "note", "outcome", "cause")

Ask = Callable[..., pa.Table]
"""``ask(sql, tables=..., **parameters)``: a store's ``select``, or a writer's, which sees its own transaction."""


def append(writer: Writer, heads: Iterable[Head], steps: Iterable[tuple[str, Step]]) -> None:
    """Add new incidents and new steps (incident_id, step) inside the caller's transaction."""
    rows = [{name: getattr(head, name) for name in _HEAD.names} for head in heads]
    writer.append("incident", pa.Table.from_pylist(rows, schema=_HEAD))
    writer.append("incident_step", pa.Table.from_pylist([_row(i, step) for i, step in steps], schema=_STEP))


def read(ask: Ask, procedures: Mapping[str, Procedure], at: datetime, ids: Iterable[str]) -> list[Case]:
    """The cases of these ids as known at ``at``, by id; an id not known then is left out."""
    wanted = {"wanted": pa.table({"incident_id": pa.array(sorted(set(ids)), _TEXT)})}
    steps: dict[str, list[Step]] = {}
    for row in ask(_STEPS, tables=wanted, instant=at).to_pylist():
        steps.setdefault(row["incident_id"], []).append(_step(row))
    heads = ask(_HEADS, tables=wanted, instant=at).to_pylist()
    return [fold(procedures[head["procedure"]], Head(**head), steps[head["incident_id"]]) for head in heads]


def _row(incident_id: str, step: Step) -> dict[str, Any]:
    return {
        "incident_id": incident_id, "n": step.n, "step": step.step, "step_at": step.at, "known_at": step.known_at,
        "done_by": step.by, "role": step.role, **{name: getattr(step, name) or None for name in _WORDS},
        "detail": json.dumps(step.detail, ensure_ascii=False) if step.detail else None,
    }  # fmt: skip


def _step(row: Mapping[str, Any]) -> Step:
    return Step(
        n=row["n"], step=row["step"], at=row["step_at"], known_at=row["known_at"], by=row["done_by"],
        role=row["role"], **{name: row[name] or "" for name in _WORDS},
        detail=json.loads(row["detail"]) if row["detail"] else {},
    )  # fmt: skip


_STEPS = """
SELECT s.* FROM incident_step s SEMI JOIN wanted USING (incident_id) WHERE s.known_at <= $instant
ORDER BY s.incident_id, s.n
"""
_HEADS = """
SELECT i.* FROM incident i SEMI JOIN wanted USING (incident_id) WHERE i.known_at <= $instant ORDER BY i.incident_id
"""

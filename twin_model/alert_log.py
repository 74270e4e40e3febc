"""The history of alerts: one row per change of phase, appended and never changed. What was known at an instant are
the last rows of each alert up to it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from twin_model.alerting import Alert, Breach, Phase, Suppression
from twin_model.catalogue import AlertRule
from twin_model.store import Store, Writer
from twin_model.timeline import from_us, to_us

_INSTANT = pa.timestamp("us", "UTC")
_SCHEMA = pa.schema(
    [("alert_id", pa.int64()), ("known_at", _INSTANT), ("phase", pa.string()), ("rule", pa.string()),
     ("subject", pa.string()), ("scope", pa.string()), ("metric", pa.string()), ("severity", pa.string()),
     ("grade", pa.int32()), ("since", _INSTANT), ("due_at", _INSTANT), ("value", pa.float64()),
     ("limit_value", pa.float64()), ("community_id", pa.string()), ("home_id", pa.string()),
     ("room_id", pa.string()), ("facility_id", pa.string()), ("building_id", pa.string()), ("drill_id", pa.string()),
     ("suppressed_by", pa.string()), ("suppressed_until", _INSTANT), ("evidence", pa.string())]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Move:
    """An alert that changed its phase, with what the senses said then and the drill it belongs to."""

    alert: Alert
    evidence: Sequence[Mapping[str, object]]
    drill_id: str | None


def rows(moves: Sequence[Move], rules: Mapping[str, AlertRule], known_at: datetime) -> list[dict[str, object]]:
    """The log's rows of ``moves``."""
    return [_row(move, rules[move.alert.rule], known_at) for move in moves]


def append(writer: Writer, found: Sequence[Mapping[str, object]]) -> None:
    """Add rows to the log inside the caller's transaction."""
    writer.append("alert_step", table(found))


def table(found: Sequence[Mapping[str, object]]) -> pa.Table:
    """Rows of the log as Arrow."""
    return pa.Table.from_pylist(list(found), schema=_SCHEMA)


def open_alerts(store: Store) -> dict[tuple[str, str], Alert]:
    """The alerts that have not cleared, by (rule, subject), as the log left them."""
    return {(row["rule"], row["subject"]): _alert(row) for row in store.read("open_alerts").to_pylist()}


def _row(move: Move, rule: AlertRule, known_at: datetime) -> dict[str, object]:
    alert, breach = move.alert, move.alert.breach
    hold = alert.suppression
    return {
        "alert_id": alert.alert_id, "known_at": known_at, "phase": str(alert.phase), "rule": alert.rule,
        "subject": breach.subject, "scope": rule.scope, "metric": breach.metric, "severity": breach.severity,
        "grade": rule.grade, "since": None if breach.since is None else from_us(breach.since),
        "due_at": from_us(breach.due_at), "value": breach.value, "limit_value": breach.limit_value,
        "community_id": breach.community_id, "home_id": breach.home_id, "room_id": breach.room_id,
        "facility_id": breach.facility_id, "building_id": breach.building_id, "drill_id": move.drill_id,
        "suppressed_by": hold.kind if hold else None, "suppressed_until": from_us(hold.until) if hold else None,
        "evidence": json.dumps(list(move.evidence), ensure_ascii=False),
    }  # fmt: skip


def _alert(row: Mapping[str, object]) -> Alert:
    def us(name: str) -> int | None:
        value = row[name]
        return to_us(value) if isinstance(value, datetime) else None

    names = (
        "subject", "value", "limit_value", "metric", "severity", "community_id", "home_id", "room_id", "facility_id",
        "building_id",
    )  # fmt: skip
    breach = Breach(due_at=us("due_at") or 0, since=us("since"), **{name: row[name] for name in names})  # type: ignore[arg-type]
    until = us("suppressed_until")
    hold = Suppression(str(row["suppressed_by"]), until) if until is not None else None
    return Alert(int(str(row["alert_id"])), str(row["rule"]), Phase(str(row["phase"])), breach, hold)

"""What is told outside about alerts and incidents, and to whom: rows for staff, counts for a public screen.

Nothing here knows a person's name. A public screen gets numbers per building and urgency and nothing else, so the two
functions named ``counts_of`` are the only way from an alert or incident to one.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any

import orjson
import pyarrow as pa

from cockpit.encoding import rfc3339, rows
from twin_model.incident import Incident
from twin_model.masking import counted
from twin_model.rights import unaliased
from twin_model.twin import Twin


def plain(value: Any) -> Any:
    """A dataclass of the model as JSON values: instants with the neighbourhood's offset, lengths in seconds."""
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, pa.Table):
        return rows(value)
    if isinstance(value, set | frozenset):
        return sorted(plain(v) for v in value)
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value


def incident_item(incident: Incident, *, for_actor: bool) -> dict[str, Any]:
    """An incident without its log. ``for_actor``: the caller works incidents and may know whom to call."""
    said = {name: plain(getattr(incident, name)) for name in _INCIDENT}
    said = {"id": incident.incident_id, **said}
    said["home_id"], said["subject"] = unaliased(said["home_id"]), unaliased(said["subject"])
    said["evidence"] = [_evidence(e) for e in said["evidence"]]
    if not for_actor:
        said["ladder"] = [rung | {"contact_id": None} for rung in said["ladder"]]
    return said


def incident_detail(incident: Incident, *, for_actor: bool) -> dict[str, Any]:
    """An incident with everything that was done; free text is about a person, so only actors read it."""
    steps: list[dict[str, Any]] = plain(incident.steps)
    if not for_actor:
        steps = [step | {"note": None, "detail": None} for step in steps]
    return {**incident_item(incident, for_actor=for_actor), "steps": steps}


def alert_items(twin: Twin, table: pa.Table) -> list[dict[str, Any]]:
    """The rows of ``care.alerts``, ``care.alert_history`` or ``twin.alerts`` as the interface tells them."""
    return [_alert(twin, row) for row in rows(table)]


def counts_of_incidents(incidents: Iterable[Incident]) -> list[dict[str, Any]]:
    """Open incidents per community, building and urgency. Exercises are not for the street."""
    open_ones = [i for i in incidents if i.closed_at is None and i.drill_id is None]
    return _counted((i.community_id, i.building_id, i.severity) for i in open_ones)


def counts_of_alerts(table: pa.Table) -> list[dict[str, Any]]:
    """Firing alerts per community, building and urgency. Exercises are not for the street."""
    names = ("community_id", "building_id", "severity", "phase", "drill_id")
    lists = [table[name].to_pylist() for name in names]
    firing = [row[:3] for row in zip(*lists, strict=True) if row[3] == "firing" and row[4] is None]
    return _counted(firing)


def counts_of_homes(table: pa.Table, *, to_the_street: bool = True) -> list[dict[str, Any]]:
    """Homes per community and state; ``to_the_street``: small counts are kept back."""
    kinds = Counter(zip(table["community_id"].to_pylist(), table["state"].to_pylist(), strict=True))
    if not to_the_street:
        return [
            {"community_id": community, "state": state, "count": n, "fewer_than": None}
            for (community, state), n in sorted(kinds.items())
        ]
    # how many homes have a kit is no secret, so that what is hidden must not follow from it
    return counted(kinds, ("community_id", "state"), group=lambda key: key[0])


_INCIDENT = (
    "procedure", "community_id", "home_id", "building_id", "facility_id", "subject", "drill_id", "grade", "severity",
    "phase", "raised_at", "updated_at", "closed_at", "title", "sentence", "confidence", "confidence_word", "owner",
    "rung", "ladder", "evidence", "facts", "next_steps", "main_step", "deadlines", "next_due", "next_due_kind",
    "outcome", "cause", "reopened", "after", "merged_into", "n",
)  # fmt: skip


_ALERT = (
    "rule", "subject", "scope", "severity", "grade", "phase", "since", "due_at", "fired_at", "cleared_at", "metric",
    "value", "limit_value", "suppressed_by", "suppressed_until", "building_id", "home_id", "room_id", "facility_id",
    "community_id", "drill_id",
)  # fmt: skip


def _evidence(said: dict[str, Any]) -> dict[str, Any]:
    alert = None if said["alert_id"] is None else str(said["alert_id"])
    return said | {"alert_id": alert, "subject": unaliased(said["subject"])}


def _alert(twin: Twin, row: dict[str, Any]) -> dict[str, Any]:
    """A row of the log, or of ``twin.alerts``, which adds titles and the names of places."""
    said = {name: row.get(name) for name in _ALERT}
    said["home_id"], said["subject"] = unaliased(said["home_id"]), unaliased(said["subject"])
    for lang in ("zh", "en"):
        said[f"title_{lang}"] = row.get(f"title_{lang}") or twin.alert_title(row["rule"], row["metric"], lang)
    evidence = row.get("evidence")
    seen: list[dict[str, Any]] = orjson.loads(evidence) if evidence else []
    return {"id": _alert_id(row), **said, "evidence": seen}


def _alert_id(row: dict[str, Any]) -> str:
    """The number in the log; before a log was kept, a name made of what it is about, the same for everybody."""
    if row["alert_id"]:
        return str(row["alert_id"])
    said = f"{row['rule']}|{row['subject']}|{row['since'] or ''}"
    return "h" + hashlib.sha256(said.encode()).hexdigest()[:15]


def _counted(places: Iterable[tuple[str, str | None, str]]) -> list[dict[str, Any]]:
    return counted(Counter(places), ("community_id", "building_id", "severity"))

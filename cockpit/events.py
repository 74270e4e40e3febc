"""What the events of the live stream hold, and how they are written."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cockpit.encoding import dumps, rfc3339, rows
from layouts.parts import map_classes
from twin_model.twin import SourceState, Twin

STATE_COLUMNS = ("device_id", "metric", "value", "taken_at", "received_at", "changed_at", "status")
ALERT_COLUMNS = (
    "rule", "subject", "severity", "since", "value", "title_zh", "title_en",
    "building_id", "home_id", "facility_id", "community_id",
)  # fmt: skip


def alert_id(rule: str, subject: str, since: datetime | None) -> str:
    """One alert from its rising to its end; the same for everybody who asks."""
    said = f"{rule}|{subject}|{since.astimezone(UTC).isoformat() if since else ''}"
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def alerts_now(twin: Twin, community: str, now: datetime) -> dict[str, dict[str, Any]]:
    """The open alerts by their id; ``community`` "" is all of them."""
    table = twin.alerts(now, community_id=community or None)
    since = table["since"].to_pylist()
    found = rows(table, ALERT_COLUMNS)
    keyed = {alert_id(a["rule"], a["subject"], s): a for a, s in zip(found, since, strict=True)}
    return {key: {"id": key, **alert} for key, alert in keyed.items()}


def alarm_moved(changed: pa.Table) -> bool:
    """Whether a value with a declared alarm limit changed in the newest report of its series."""
    moved = pc.equal(changed["taken_at"], changed["changed_at"])
    return bool(pc.any(pc.and_(pc.is_valid(changed["alarm_at_least"]), moved)).as_py())


def map_part(before: dict[str, Any] | None, after: dict[str, Any], *, whole: bool) -> dict[str, Any] | None:
    """What a map needs to be up to date: the buildings that differ; none listed: fetch the geometry again."""
    changed = map_classes.diff(before, after)
    same_pins = before is not None and before.get("pins") == after.get("pins")
    if before is None:
        numbers = zip(after["alert"], after["occupancy"], after["freshness"], strict=True)
        changed = [[i, *three] for i, three in enumerate(numbers)]
    if changed == [] and same_pins and not whole:
        return None
    part = {"community_id": after["community_id"], "version": after["version"], "changed": changed}
    return part if same_pins else part | {"pins": after.get("pins")}


def sources_part(states: list[SourceState]) -> list[dict[str, Any]]:
    """Whether brokers and other sources are there, and since when."""
    return [
        {"name": s.name, "connected": s.connected, "detail": s.detail, "since": rfc3339(s.since)} for s in states
    ]


def event(name: str, revision: int, body: dict[str, Any]) -> bytes:
    """One server-sent event; its id is the revision, which a screen that comes back names."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (revision, name.encode(), dumps(body))

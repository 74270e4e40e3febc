"""What the events of the live stream hold, and how they are written."""

from __future__ import annotations

from typing import Any

from cockpit.encoding import dumps, rfc3339
from layouts.parts import map_classes
from twin_model.twin import SourceState

STATE_COLUMNS = ("device_id", "metric", "value", "taken_at", "received_at", "changed_at", "status")

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

"""Alerts and incidents on the live stream: what a channel was told, and what is new against that.

Staff hear rows, a public screen hears counts (see ``care_answers``); one screen's bytes are never the other's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cockpit.care_answers import alert_items, counts_of_alerts, counts_of_incidents, incident_item
from cockpit.encoding import rfc3339
from cockpit.events import event
from twin_model.incident import Incident
from twin_model.twin import Twin

Row = dict[str, Any]


@dataclass
class Told:
    """The open alerts and incidents as a channel knows them, by their ids."""

    alerts: dict[str, Row] = field(default_factory=dict)
    incidents: dict[str, Row] = field(default_factory=dict)
    counts: Row = field(default_factory=dict)

    def look(self, twin: Twin, community: str, at: datetime, *, is_public: bool) -> Row:
        """Remember how it stands at ``at``; returns the snapshot's members ``alerts``, ``incidents`` and ``open``."""
        incidents = twin.care.incidents(at, community_id=community or None)
        alerts = twin.care.alerts(at, community_id=community or None)
        if is_public:
            self.counts = {"alerts": counts_of_alerts(alerts), "incidents": counts_of_incidents(incidents)}
            return self.counts
        self.alerts = {a["id"]: a for a in alert_items(twin, alerts)}
        # one stream for all roles of the staff: names are asked for where they are needed, with the role that asks
        self.incidents = {i.incident_id: incident_item(i, for_actor=False) for i in incidents}
        self.counts = badge(incidents)
        return {
            "alerts": list(self.alerts.values()), "incidents": list(self.incidents.values()), "open": self.counts,
        }  # fmt: skip

    def news(self, twin: Twin, community: str, revision: int, at: datetime, *, is_public: bool) -> list[bytes]:
        """Events for everything that differs from before: ``incident`` first, because somebody waits there."""
        before = Told(self.alerts, self.incidents, self.counts)
        self.look(twin, community, at, is_public=is_public)
        stamp = {"revision": revision, "at": rfc3339(at)}
        if is_public:
            return [event("counts", revision, stamp | self.counts)] if self.counts != before.counts else []
        moved = [i for key, i in self.incidents.items() if before.incidents.get(key) != i]
        ended = [twin.care.incident(key, at) for key in before.incidents.keys() - self.incidents.keys()]
        moved += [incident_item(i, for_actor=False) for i in ended if i is not None]
        events = [event("incident", revision, stamp | {"incident": i, "open": self.counts}) for i in moved]
        arose = [a for key, a in self.alerts.items() if key not in before.alerts]
        gone = [a | {"phase": "cleared"} for key, a in before.alerts.items() if key not in self.alerts]
        return [*events, *(event("alert", revision, stamp | alert) for alert in (*arose, *gone))]


def badge(incidents: list[Incident]) -> dict[str, int]:
    """Open incidents by urgency, and exercises apart; for the bar of every page."""
    real = [i for i in incidents if i.closed_at is None and i.drill_id is None]
    counts = {severity: sum(i.severity == severity for i in real) for severity in ("act", "look", "blind")}
    return {**counts, "drills": sum(i.closed_at is None and i.drill_id is not None for i in incidents)}

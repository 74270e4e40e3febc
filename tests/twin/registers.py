"""Somebody says that the registers of facilities are complete: before that nothing is absent."""

from __future__ import annotations

from datetime import timedelta

from twin_model.health_registers import EVERY, REGISTER
from twin_model.kpi_periods import local_day
from twin_model.twin import Twin


def declared(twin: Twin, *communities: str, kind: str = EVERY, complete: str = "yes", days_ago: int = 0) -> None:
    """A record of each community as known at the twin's now, of that day or of some days before."""
    said = {
        "declared_on": local_day(twin.now()) - timedelta(days=days_ago), "facility_kind": kind, "complete": complete,
        "document": "设施普查表", "declared_by_role": "街道民政办",
    }  # fmt: skip
    for community in communities:
        twin.ledger.record(REGISTER, [said], community_id=community)

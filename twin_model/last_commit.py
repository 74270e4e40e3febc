"""Which revision of the data an instant sees, in a form that does not change as the data grow: its last commit."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from twin_model.entities import KINDS
from twin_model.rights import worked_out
from twin_model.timeline import from_us, to_us

if TYPE_CHECKING:
    from twin_model.twin import Twin


@worked_out
def last_commit(twin: Twin, at: datetime) -> datetime | None:
    """The instant of the last commit up to ``at`` that brought something; no two commits share one. None: none did."""
    read = twin.store.read("last_commit", instant=at)["last"][0].as_py()
    records = [twin.ledger.epoch(kind, at) for kind in twin.catalogue.record_kinds]
    newest = max(to_us(read) if read else 0, twin.entity_epoch(at, *KINDS), *records, 0)
    return from_us(newest) if newest else None

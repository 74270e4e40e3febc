"""Consents: who agreed to which sense of a home, and what is not shown without.

The register is a kind of record (``record_kinds/consent.toml``): imported, corrected and asked for any past instant
like all records. A community that keeps none works by its contract of service, as before it had one. Once it does,
the daily life of a home is shown only while somebody who lives there agrees to it; what the contract needs (that help
was called, that a home fell silent, whom to call) is shown in any case.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from twin_model.rights import program

if TYPE_CHECKING:
    from twin_model.twin import Twin

KIND = "consent"
DAILY_LIFE = "daily_life"
LOCAL = timedelta(hours=8)


def agreed(twin: Twin, home_id: str, at: datetime, *, community_id: str, sense: str = DAILY_LIFE) -> bool:
    """Whether a sense of a home may be shown at ``at``."""
    with program():  # whether there is a consent is asked for those, too, who may not read the register
        kept = twin.ledger.rows(KIND, at, community_id=community_id)
        if not kept.num_rows:
            return True
        today = (at.astimezone(UTC) + LOCAL).date()
        now = twin.ledger.rows(KIND, at, community_id=community_id, start=today, end=today + timedelta(days=1))
    mine = now.filter(pc.and_(pc.equal(now["home_id"], home_id), pc.equal(now["sense"], sense)))
    return bool(mine.num_rows)

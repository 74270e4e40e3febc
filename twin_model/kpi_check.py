"""Tries the SELECT of every KPI on a twin without rows: a mistake is said with its file before anybody asks."""

from __future__ import annotations

from datetime import UTC, datetime

from twin_model.catalogue import Catalogue
from twin_model.kpi import STANDARD
from twin_model.kpi_periods import Period
from twin_model.kpi_sources import Sources
from twin_model.twin import Twin

_AT = datetime(2026, 1, 1, 12, tzinfo=UTC)


def wrong_selects(catalogue: Catalogue) -> list[str]:
    """One line for each KPI whose SELECT the database refuses, or that does not give the columns it must give."""
    problems = []
    twin = Twin.open(None, clock=lambda: _AT, catalogue=catalogue)
    try:
        for kpi in catalogue.kpis.values():
            sources = Sources(twin, _AT, [Period.ending(kpi.period, _AT.date())], None)
            sql = f"{sources.with_clause([kpi])}\nSELECT {', '.join(STANDARD)} FROM ({kpi.sql})"
            if mistake := twin.store.mistake_in(sql, tables=sources.tables([kpi]), **sources.parameters):
                problems.append(f"{kpi.path}: {mistake}")
    finally:
        twin.close()
    return problems

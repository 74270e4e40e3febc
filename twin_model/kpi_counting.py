"""From a KPI's rows to its value: what is counted, and how a value follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from twin_model.kpi import Kpi
from twin_model.kpi_periods import Period
from twin_model.kpi_sources import Scope, Sources

if TYPE_CHECKING:
    from twin_model.twin import Twin

DIGITS = 6
"""Values are rounded so far: sums of decimals depend on their order, and an export must give the same number."""
QUANTILES = {"median": 0.5, "p90": 0.9}
_NAMES = ("kpi", "community_id", "period", "excluded", "numerator", "denominator", "rows", "value")


class Count(NamedTuple):
    """What a KPI counted in one community and period; ``excluded``: reason -> rows."""

    value: float | None
    numerator: float | None
    denominator: float | None
    rows_used: int
    excluded: dict[str, int]


_NONE: dict[str, int] = {}
NOTHING = Count(None, None, None, 0, _NONE)
Counted = dict[date, dict[str, Count]]
"""By the last day of the period and community."""


def count(
    twin: Twin, kpis: Sequence[Kpi], ends: Sequence[date], at: datetime, scope: Scope, released: bool = False
) -> dict[str, Counted]:  # fmt: skip
    """What each KPI counts by the end of each of these days, with what is known at ``at``, in one question.

    ``kpis`` are of one kind of period. ``released``: over the homes as the street was last told of them.
    """
    sources = Sources(twin, at, [Period.ending(kpis[0].period, until) for until in ends], scope, released)
    rows = ",\n".join(f"rows_{n} AS ({kpi.evidence})" for n, kpi in enumerate(kpis))
    totals = "\nUNION ALL ".join(_totals(n, kpi) for n, kpi in enumerate(kpis))
    sql = f"{sources.with_clause(kpis)},\n{rows}\n{totals}"
    found = twin.store.select(sql, tables=sources.tables(kpis), **sources.parameters)
    counted: dict[str, Counted] = {kpi.id: {until: {} for until in ends} for kpi in kpis}
    for n, community, period, reason, top, bottom, used, value in zip(
        *(found[name].to_pylist() for name in _NAMES), strict=True
    ):
        kpi = kpis[n]
        of_period = counted[kpi.id][period]
        if reason is None:
            value = rounded(value) if kpi.measure in QUANTILES else measured(kpi, top, bottom)
            left = of_period[community].excluded if community in of_period else _NONE
            of_period[community] = Count(value, top, bottom, used, left)
        else:
            before = of_period.get(community, NOTHING)
            of_period[community] = before._replace(excluded=before.excluded | {reason: used})
    return counted


def _totals(n: int, kpi: Kpi) -> str:
    quantile = QUANTILES.get(kpi.measure)
    over_rows = "NULL::DOUBLE" if quantile is None else f"quantile_cont(numerator, {quantile})"
    return (
        f"SELECT {n} AS kpi, community_id, period, excluded, sum(numerator) AS numerator, "
        f"sum(denominator) AS denominator, count(*) AS rows, {over_rows} AS value FROM rows_{n} "
        "GROUP BY community_id, period, excluded"
    )


def rounded(value: float | None) -> float | None:
    """Sums of decimals depend on their order: what differs by that alone must be the same number."""
    return None if value is None else round(value, DIGITS)


def measured(kpi: Kpi, top: float | None, bottom: float | None) -> float | None:
    """The value of sums: None for nothing, or for a share of nothing."""
    if kpi.measure == "sum":
        return rounded(top)
    factor = {"share": 100.0, "mean": 1.0, "rate": kpi.per}[kpi.measure]
    return None if top is None or not bottom else rounded(factor * top / bottom)


def recomputed(kpi: Kpi, rows: Iterable[Mapping[str, Any]]) -> float | None:
    """The value of a KPI from its evidence rows alone, as a reader of an exported table would work it out."""
    used = [row for row in rows if row["excluded"] is None]
    top = [float(row["numerator"]) for row in used if row["numerator"] is not None]
    bottom = [float(row["denominator"]) for row in used if row["denominator"] is not None]
    if kpi.measure in QUANTILES:
        return _quantile(sorted(top), QUANTILES[kpi.measure])
    return measured(kpi, sum(top) if top else None, sum(bottom) if bottom else None)


def _quantile(ordered: list[float], q: float) -> float | None:
    if not ordered:
        return None
    place = (len(ordered) - 1) * q
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return rounded(ordered[low] + (ordered[high] - ordered[low]) * (place - low))

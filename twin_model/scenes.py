"""How the nine scenes stand: indicators from KPIs, a scene from its indicators. Pure.

A proposal, like the grades: an indicator's attainment is the mean of its KPIs that are measured and have a target, a
scene's the mean of its indicators'. A scene of whose indicators fewer than ``SceneBook.least_share`` have one gets no
number: a grade that rests on little would look as sure as any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from twin_model.kpi import Kpi
from twin_model.scene_book import SceneBook

Row = Mapping[str, Any]
"""A row of ``kpi_engine.SCHEMA``."""


@dataclass(frozen=True, kw_only=True)
class IndicatorStand:
    """One of the 33: its attainment (None: no KPI with a target is measured), and its KPIs' rows."""

    number: int
    attainment: float | None
    is_measured: bool
    kpis: tuple[Row, ...]


@dataclass(frozen=True, kw_only=True)
class SceneStand:
    """A scene, or a view such as 一老一小, of one community.

    ``demand``: mandatory, encouraged or None, by the type of project. ``worst``: the measured KPI with the least
    attainment. ``headline``: the KPI its tile shows. ``missing``: the KPIs that cannot be measured. ``newest``: how
    new the headline is, without one the newest of what its measured KPIs rest on.
    """

    key: str
    demand: str | None
    attainment: float | None
    grade: str | None
    indicators: tuple[IndicatorStand, ...]
    kpis: tuple[Row, ...]
    headline: Row | None
    worst: Row | None
    missing: tuple[Row, ...]
    newest: datetime | None

    @property
    def measured(self) -> int:
        """How many of its indicators have a measured KPI."""
        return sum(1 for one in self.indicators if one.is_measured)


def mean(values: Iterable[float | None]) -> float | None:
    """The mean of what there is; None of nothing."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def indicator_stand(number: int, rows: Sequence[Row], kpis: Mapping[str, Kpi]) -> IndicatorStand:
    """An indicator from the rows of its KPIs."""
    own = tuple(row for row in rows if number in kpis[row["kpi"]].indicators)
    attainment = mean(row["attainment"] for row in own)
    return IndicatorStand(
        number=number, attainment=attainment, kpis=own,
        is_measured=any(row["status"] in ("measured", "no_cases") for row in own),
    )  # fmt: skip


def scene_stands(book: SceneBook, kpis: Mapping[str, Kpi], rows: Sequence[Row], scheme: str | None) -> list[SceneStand]:
    """The nine scenes of one community, in their order, from the rows of its KPIs on one day."""
    kind = book.scheme_of(scheme)
    stands = []
    for scene in book.scenes:
        own = [row for row in rows if row["scene"] == scene and kpis[row["kpi"]].indicators]
        indicators = tuple(indicator_stand(found.number, own, kpis) for found in book.of_scene(scene))
        graded = [one.attainment for one in indicators if one.attainment is not None]
        enough = len(graded) >= book.least_share * len(indicators)
        attainment = mean(graded) if enough else None
        stands.append(_stand(book, kpis, scene, kind.demand(scene) if kind else None, attainment, indicators, own))
    return stands


def view_stand(book: SceneBook, kpis: Mapping[str, Kpi], rows: Sequence[Row], view: str) -> SceneStand:
    """A view over several scenes (党建统领, 一老一小): the mean of its KPIs that are measured and have a target."""
    own = [row for row in rows if view in kpis[row["kpi"]].views]
    graded = [row for row in own if row["attainment"] is not None]
    enough = bool(graded) and len(graded) >= book.least_share * sum(1 for r in own if kpis[r["kpi"]].target is not None)
    attainment = mean(row["attainment"] for row in graded) if enough else None
    return _stand(book, kpis, view, None, attainment, (), own)


def _stand(
    book: SceneBook, kpis: Mapping[str, Kpi], key: str, demand: str | None, attainment: float | None,
    indicators: tuple[IndicatorStand, ...], own: Sequence[Row],
) -> SceneStand:  # fmt: skip
    measured = [row for row in own if row["status"] == "measured"]
    graded = [row for row in measured if row["attainment"] is not None]
    headline = next((row for row in own if kpis[row["kpi"]].headline), None)
    newest = headline["newest"] if headline else None
    return SceneStand(
        key=key, demand=demand, attainment=attainment, grade=book.grade(attainment), indicators=indicators,
        kpis=tuple(own),
        headline=headline,
        worst=min(graded, key=lambda row: (row["attainment"], row["kpi"]), default=None),
        missing=tuple(row for row in own if row["status"] == "not_measurable"),
        newest=newest or max((row["newest"] for row in measured if row["newest"]), default=None),
    )  # fmt: skip


def by_period(rows: Iterable[Row]) -> dict[date, list[Row]]:
    """The rows of a trend, by the last day of their period."""
    found: dict[date, list[Row]] = {}
    for row in rows:
        found.setdefault(row["period"], []).append(row)
    return dict(sorted(found.items()))

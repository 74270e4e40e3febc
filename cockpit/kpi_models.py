"""The shapes of the KPI answers, for OpenAPI. null is unknown, never zero."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

KpiStatus = Literal["measured", "no_cases", "stale", "not_measurable"]
Text = dict[Literal["zh", "en"], str]


class Left(BaseModel):
    """Rows left out of a value, and why."""

    reason: str
    rows: int


class KpiItem(BaseModel):
    """A KPI of one community; a public screen gets no numerator, denominator, rows or missing sources."""

    id: str
    scene: str
    community: str
    period_end: date = Field(description="the last day of the period")
    title: Text
    value: float | None = Field(description="null unless status is measured or stale")
    unit: Text
    target: float | None
    grade: Literal["excellent", "good", "fair", "attention"] | None
    attainment: float | None = Field(description="0 to 100: how far on the way to the target")
    status: KpiStatus
    missing: list[str] = Field(description="the sources without which it is not measurable")
    freshness: float | None = Field(description="age in seconds of the newest row of the most outdated source")
    newest: datetime | None
    coverage: float | None = Field(description="0 to 1: rows used of rows found")
    definition_version: int
    fewer_than: int | None = Field(None, description="public: the value is of fewer people or homes, and kept back")
    numerator: float | None = None
    denominator: float | None = None
    rows_used: int | None = None
    rows_excluded: int | None = None
    excluded: list[Left] | None = None


class SceneItem(BaseModel):
    """A scene, or a view over several."""

    community: str
    scene: str
    demand: Literal["mandatory", "encouraged"] | None = Field(description="by the type of project")
    attainment: float | None = Field(description="null: fewer than 60 % of its indicators could be graded")
    grade: Literal["excellent", "good", "fair", "attention"] | None
    indicators: int
    measured: int
    worst: str | None = Field(description="id of the measured KPI furthest from its target")
    headline: str | None
    not_measurable: list[str]


class KpiDefinition(BaseModel):
    """What a KPI means, as its file declares it."""

    id: str
    scene: str
    title: Text
    indicators: list[int] = Field(description="numbers of the 33 of the pilot standard")
    unit: Text
    measure: str
    period: str
    target: float | None
    direction: str
    floor: float
    target_source: Text | None
    verified: bool = Field(description="whether the target was read in the original it is from")
    freshness_s: float | None
    sources: list[str]
    requires: list[str]
    version: int
    public: bool
    views: list[str]
    words: Text = Field(description="the formula in words")
    sql: str = Field(description="the SELECT of the evidence")


class EvidenceRow(BaseModel, extra="allow"):
    """One row a value was worked out from; further columns are those of its KPI's SELECT."""

    community_id: str
    period: date = Field(description="the last day of the period")
    numerator: float | None
    denominator: float | None
    excluded: str | None = Field(description="why it was left out; null: it counts")

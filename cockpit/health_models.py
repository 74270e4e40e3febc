"""The shapes of the health check's answers, for OpenAPI. null is unknown, never zero."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from cockpit.api_models import Page

Text = dict[Literal["zh", "en"], str]
Verdict = Literal["pass", "fail", "not_measurable"]


class HealthItem(BaseModel):
    """One item of a rulebook in one community."""

    community: str
    item: str = Field(description="the item's key, the same in every version of the rulebook")
    no: str
    category: str
    title: Text
    clause: Text
    source: Text
    verified: bool = Field(description="whether a published text with the threshold was found; else it counts nowhere")
    verdict: Verdict
    value: float | None = Field(description="with `partly` a lower bound: more may be there and is not registered")
    threshold: float | None = Field(description="null: the rulebook names none")
    direction: Literal["up", "down"]
    unit: Text | None
    gap: float | None = Field(description="how far from the threshold, in `unit`")
    need: float | None = Field(description="the same in absolute terms")
    need_unit: str | None
    missing: list[str] = Field(description="the data without which nothing can be said, by code")
    missing_rows: int = Field(description="how many rows lack it; 0: there are none at all")
    fixes: list[str] = Field(description="what would mend it: build, buy, swap, rent, rebuild, manage")
    measure: str
    weight: float
    counts: bool = Field(description="whether it is part of the index")
    score: float | None = Field(description="0 to 1")
    contribution: float | None = Field(description="its points of the index")
    partly: bool
    basis: Literal["data", "finding"]


class HealthIndex(BaseModel):
    """The index of one community and its rank among all that have one."""

    community: str
    index: float | None = Field(description="0 to 100; null: `refused` says why")
    rank: int | None
    of: int = Field(description="how many communities have an index")
    bottom: bool = Field(description="in the bottom tenth, which goes into the gap plan first")
    items: int = Field(description="items that apply here")
    passed: int
    failed: int
    not_measurable: int
    verified: int = Field(description="of the items those whose threshold has a source")
    counted: int = Field(description="of those the ones that could be measured: the index rests on them")
    weight_verified: float
    weight_counted: float
    refused: Literal["none_verified", "few_measurable"] | None
    households: int = Field(description="registered; of equals the one with more is earlier in the plan")


class RulebookItem(BaseModel):
    """A version of a rulebook."""

    id: str = Field(description="name@version")
    name: str
    version: str
    title: Text
    valid_from: date
    publisher: Text
    document: Text
    note: Text | None
    template: bool
    items: int
    verified: int
    in_force: bool = Field(description="whether `name` alone means this version at `at`")


class HealthAnswer(Page[HealthItem]):
    """The items, and the index of every community they are of. ``index``, ``rank`` and ``not_applicable``: of one."""

    rulebook: RulebookItem
    community: str | None
    index: float | None
    rank: int | None
    communities: list[HealthIndex]
    not_applicable: list[str]


class HealthEvidence(BaseModel):
    """A row a verdict rests on."""

    source: Literal["facility", "room", "homes", "reach", "kpi", "record", "finding"]
    row_id: str
    kind: str | None
    name: str | None
    amount: float | None
    unit: str
    is_missing: bool = Field(description="the amount should be registered and is not")
    known_at: datetime | None


class HealthChange(BaseModel):
    """A verdict that is another one."""

    community: str
    item: str
    before: Verdict | None = Field(description="null: not there, or not for this community")
    after: Verdict | None
    value_before: float | None
    value_after: float | None
    threshold_before: float | None
    threshold_after: float | None
    why: list[str] = Field(description="threshold, measure, applies, added, removed, rulebook, data")

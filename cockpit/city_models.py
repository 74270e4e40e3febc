"""The shapes of the city's answers, for OpenAPI. null is unknown or kept back, never zero."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from cockpit.api_models import Page


class CityFigures(BaseModel):
    """What is registered. Counts of one to four people or homes are null; a public screen gets fewer columns."""

    homes: int | None
    homes_counted: int | None = Field(description="homes of which the people are registered: the sums are of those")
    people: int | None
    aged_60: int | None
    aged_80: int | None
    elder_alone: int | None = Field(description="homes of elders who live alone")
    buildings: int | None
    facilities: int | None


class CityProjects(BaseModel):
    """Gap projects by status, and what those that are not dropped cost."""

    planned: int
    building: int
    done: int
    dropped: int
    cost_wan: float = Field(description="10,000 yuan, of the `cost_of` that state it")
    cost_of: int


class CityCommunity(CityFigures):
    """A community: where it lies, what is registered, where it stands by the rulebook."""

    community_id: str
    name: str
    name_en: str | None
    subdistrict_id: str | None
    district_id: str | None
    city_id: str | None
    index: float | None = Field(description="0 to 100; null: `refused` says why")
    rank: int | None = Field(description="among all communities of the installation, whatever part is asked for")
    of: int | None
    bottom: bool
    passed: int | None = Field(description="of the items that count in the index; so are the next two")
    failed: int | None
    not_measurable: int | None
    refused: Literal["none_verified", "few_measurable"] | None
    projects: CityProjects | None = Field(description="null: nobody keeps a list of gap projects")


class CitySum(CityFigures):
    """Several communities together; each sum is of those that know it."""

    communities: int
    people_of: int = Field(description="how many communities have people registered")
    index: float | None = Field(description="the median of the communities that have one")
    graded: int = Field(description="how many have one")
    bottom: int = Field(description="how many are of the city's bottom tenth")
    projects: CityProjects | None


class CityDivision(CitySum):
    """A city, district or subdistrict with its sums."""

    division_id: str
    level: Literal["city", "district", "subdistrict"]
    name: str
    name_en: str | None
    parent_id: str | None


class CityAnswer(Page[CityCommunity]):
    """The communities in the order asked for; ``whole``: the division asked for, else all in the scope."""

    division: str | None
    rulebook: str
    whole: CitySum


class CityRow(BaseModel):
    """One row behind a figure; which columns it has depends on the figure. Counts of one to four people are null."""

    model_config = ConfigDict(extra="allow")

    community_id: str | None = None
    building_id: str | None = Field(None, description="of people within one community")
    facility_id: str | None = None
    project_no: str | None = None
    name: str | None = None
    name_en: str | None = None


class DivisionWithdrawal(BaseModel):
    """A division to take back. ``with_parts``: with the divisions in it; its communities lie in none from then on."""

    model_config = ConfigDict(extra="forbid")

    division_id: str = Field(min_length=1, max_length=64)
    with_parts: bool = False
    reason: str = Field(min_length=2, max_length=200)


class DivisionsTakenBack(BaseModel):
    """What a withdrawal did."""

    divisions: list[str] = Field(description="those that are gone, from the whole to the part")
    communities: list[str] = Field(description="those that lie in no division now")
    revision: int

"""What /api/v1/siting and /api/v1/scenarios hear and tell: the models OpenAPI describes."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from twin_model.edits import MOST_EDITS
from twin_model.scenarios import LONGEST_NAME
from twin_model.what_if import MOST_K

LONGEST_S = 30.0
Group = Literal["buildings", "homes", "people", "aged_60", "aged_80", "aged_0_3", "aged_3_6"]
Method = Literal["coverage", "p_median"]
Number = dict[str, Any]


class EditIn(BaseModel):
    """One change: ``put`` needs facility_kind, lon, lat; ``move`` facility_id, lon, lat; ``close`` facility_id;
    ``enlarge`` facility_id and capacity."""

    model_config = ConfigDict(extra="forbid")

    op: Literal["put", "move", "close", "enlarge"]
    facility_kind: str | None = Field(None, max_length=60)
    facility_id: str | None = Field(None, max_length=60)
    site_no: str | None = Field(None, max_length=60, description="the candidate site it stands on")
    name: str | None = Field(None, max_length=60)
    lon: float | None = Field(None, ge=-180, le=180)
    lat: float | None = Field(None, ge=-90, le=90)
    area_m2: float | None = Field(None, ge=0, le=1e7)
    capacity: float | None = Field(None, ge=0, le=1e7)
    yuan_per_m2: float | None = Field(None, ge=0, le=1e7, description="a year; absent: nothing is told per yuan")
    opening_hours: str | None = Field(None, max_length=60, description="such as Mo-Fr 08:00-18:00; absent: unknown")


class BestIn(BaseModel):
    """Where k facilities of a kind would be best."""

    model_config = ConfigDict(extra="forbid")

    facility_kind: str = Field(max_length=60)
    k: int = Field(ge=1, le=MOST_K)
    method: Method = "coverage"
    group: Group = "people"
    limit_m: float = Field(500.0, gt=0, le=3_000, description="p_median: walks beyond it count as it")
    sites: Literal["candidates", "buildings", "both"] = "candidates"
    exact: bool = Field(True, description="false: only the greedy answer, at once")
    time_limit_s: float = Field(10.0, gt=0, le=LONGEST_S, description="when it is over, the gap that is left is told")


class SitingIn(BaseModel):
    """A what-if question: edits, or where the best sites are (after the edits), or both."""

    model_config = ConfigDict(extra="forbid")

    community: str = Field(max_length=80)
    at: str | None = Field(None, max_length=40, description="RFC 3339; absent: now")
    profile: str = Field("adult", max_length=20)
    edits: list[EditIn] = Field([], max_length=MOST_EDITS)
    minutes: list[float] = Field([5, 10, 15], max_length=6)
    metres: list[float] = Field([300, 500, 1000], max_length=6)
    groups: list[Group] = Field(["homes", "people", "aged_60", "aged_80", "aged_0_3", "aged_3_6"], max_length=7)
    group: Group = Field("people", description="whose gain per m² and per yuan is told")
    limit_m: float | None = Field(None, gt=0, le=3_000, description="within which; absent: 15 minutes of the profile")
    hour: int | None = Field(None, ge=0, le=23, description="local, on the day of ``at``; absent: hours do not count")
    best: BestIn | None = None


class CoveredItem(BaseModel):
    limit: float
    limit_unit: Literal["min", "m"]
    group: Group
    total: float
    before: float
    after: float
    change: float
    gained: float
    lost: float
    uncounted: int = Field(description="homes whose people of this group are not counted; they are in no sum")
    perhaps_before: float = Field(description="besides, were those open whose hours nobody knows")
    perhaps_after: float


class PlacesItem(BaseModel):
    places: int
    demand: int
    within: int = Field(description="of those who need a place, who has any facility within the limit")
    served: int = Field(description="the most who can have a place there")
    unknown: int = Field(description="facilities that state no capacity; they give no place here")


class EffectItem(BaseModel):
    edit: int = Field(description="from 0")
    people: float = Field(description="newly within the limit, after those before it in the list")
    metres_saved: float
    per_m2: float | None
    per_10k_yuan: float | None = Field(description="of a year; null: area or cost is not stated")
    snap_m: float | None = Field(description="to the nearest path; null: it is on none and serves nobody")


class MovedItem(BaseModel):
    building_id: str
    before_m: float | None
    after_m: float | None
    change: Literal["gained", "lost", "nearer", "further"]


class OutcomeItem(BaseModel):
    facility_kind: str
    facilities_before: int
    facilities_after: int
    hours_unknown_before: int = Field(description="nobody can say whether they are open then; they count as shut")
    hours_unknown_after: int
    group: Group
    limit_m: float
    coverage: list[CoveredItem]
    places_before: PlacesItem | None
    places_after: PlacesItem | None
    effects: list[EffectItem]
    buildings: list[MovedItem] = Field(description="those for which something changes")


class SiteItem(BaseModel):
    site_no: str
    title: str
    kind: Literal["idle_space", "parcel", "building"]
    lon: float
    lat: float
    area_m2: float | None
    yuan_per_m2: float | None
    people: float
    metres_saved: float
    per_m2: float | None
    per_10k_yuan: float | None


class BestItem(BaseModel):
    method: Method
    group: Group
    limit_m: float
    candidates: int
    off_path: int = Field(description="candidates that are on no path")
    sites: list[SiteItem]
    people: float
    covered_before: float
    total: float
    mean_m: float | None
    mean_before_m: float | None
    value: float = Field(description="people newly within the limit, or metres of walking spared")
    bound: float | None = Field(description="what no answer can pass; null: not asked for")
    gap: float | None = Field(description="(bound - value) / bound; 0: proven best")
    greedy_value: float


class SitingAnswer(BaseModel):
    scenario: Literal[True] = Field(description="always: this is thought of, not what is")
    at: str
    revision: int
    outcomes: list[OutcomeItem]
    best: BestItem | None


class ScenarioIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    community: str = Field(max_length=80)
    name: str = Field(max_length=4 * LONGEST_NAME, description=f"1 to {LONGEST_NAME} characters; no person's name")
    base_at: str | None = Field(None, max_length=40, description="the instant it builds on; absent: now")
    profile: str = Field("adult", max_length=20)
    edits: list[EditIn] = Field([], max_length=MOST_EDITS)


class ScenarioChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, max_length=4 * LONGEST_NAME)
    profile: str | None = Field(None, max_length=20)
    edits: list[EditIn] | None = Field(None, max_length=MOST_EDITS)


class CopyIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=4 * LONGEST_NAME)


class ScenarioItem(BaseModel):
    """A what-if scenario: thought of, not what is."""

    scenario_id: str
    community: str
    name: str
    owner: str
    base_at: str
    profile: str
    edits: list[dict[str, Any]]
    recorded_at: str

"""The shapes of the HTTP interface's answers, for OpenAPI.

Instants are RFC 3339 with offset; null is unknown, not zero.
"""

from __future__ import annotations

from datetime import datetime
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, Field

Item = TypeVar("Item", bound=BaseModel)
Status = Literal["fresh", "stale", "lost"]
IN_BOTH = "in Chinese, then after ' · ' in English; what an earlier version wrote may be in English only"


class Page(BaseModel, Generic[Item]):
    """One page of a list, as known at one instant; following pages answer for the same instant."""

    items: list[Item]
    next_cursor: str | None = Field(description="give as `cursor` to go on; null: this was the last page")
    at: datetime = Field(description="the instant the answer is for")
    revision: int = Field(description="the twin's revision when the answer was made")


class Versioned(BaseModel):
    """What every entity carries."""

    community_id: str
    valid_from: datetime = Field(description="since when this version is true")
    recorded_at: datetime = Field(description="since when it is known here")


class CommunityItem(Versioned):
    name: str
    name_en: str | None
    scheme: str | None = Field(description="type of project")
    is_sample: bool = Field(description="invented data")


class BuildingItem(Versioned):
    building_id: str
    estate_id: str | None
    name: str | None
    name_en: str | None
    use: str = Field(description="residential, facility or context (drawn only)")
    height_m: float
    height_source: Literal["measured", "levels", "assumed"]
    levels: int | None
    base_m: float
    source: str | None


class FacilityItem(Versioned):
    facility_id: str
    facility_kind: str
    name: str
    name_en: str | None
    building_id: str | None
    lon: float
    lat: float
    area_m2: float | None
    capacity: int | None
    opening_hours: str | None
    operator: str | None


class RoomItem(Versioned):
    room_id: str
    facility_id: str
    room_kind: str
    name: str
    name_en: str | None
    floor: int | None
    area_m2: float | None
    capacity: int | None


class HomeItem(Versioned):
    home_id: str
    building_id: str
    unit_id: str | None
    floor: int | None
    number: str
    households: int
    age_0_17: int | None = Field(description="residents of this age; null: not registered")
    age_18_59: int | None
    age_60_79: int | None
    age_80_up: int | None
    elder_alone: bool | None
    age_0_3: int | None = Field(description="of those under 18, under 3")
    age_3_6: int | None = Field(description="of those under 18, from 3 to under 6")


class DeviceItem(BaseModel):
    device_id: str
    type: str
    name: str | None
    dialect: str
    address: str | None = Field(description="null: of a device in a home, for whoever sees no homes")
    community_id: str
    building_id: str | None
    facility_id: str | None
    room_id: str | None
    home_id: str | None
    lon: float | None
    lat: float | None
    status: Status
    last_seen: datetime | None = Field(description="newest report of any metric")
    battery: float | None = Field(description="%")
    alarm: Literal["none", "look", "act"]


class StateItem(BaseModel):
    device_id: str
    metric: str
    value: float | None
    unit: str
    taken_at: datetime | None = Field(description="when it was true, by the device")
    received_at: datetime | None = Field(description="when the twin knew it")
    changed_at: datetime | None = Field(description="when the value last became different")
    status: Status


class ReadingItem(BaseModel):
    """A reading (`taken_at`, `received_at`, `value`) or, with `bucket`, a stretch of them; empty ones are absent."""

    taken_at: datetime | None = None
    received_at: datetime | None = None
    value: float | None = None
    bucket: datetime | None = Field(None, description="start of the stretch")
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    last: float | None = None
    n: int | None = None


class QuarantineItem(BaseModel):
    quarantine_id: int
    received_at: datetime
    source: str = Field(description="mqtt or import")
    place: str = Field(description="the topic, or file:row")
    code: str
    reason: str = Field(description=IN_BOTH)
    raw: str | None = Field(
        description="the message or row, whole; bytes that are not UTF-8 as \\x..; null: whoever asks sees no homes"
    )
    dialect: str | None
    address: str | None
    resolved_at: datetime | None


class OccupancyItem(BaseModel):
    place_id: str
    place_kind: Literal["room", "facility", "building", "estate"]
    name: str | None
    name_en: str | None
    people: int | None = Field(description="null: unknown, or kept back (see kept_back)")
    capacity: int | None
    share: float | None
    method: str
    grade: Literal["good", "partial", "estimate", "plan", "unknown"]
    newest: datetime | None
    kept_back: bool = Field(description="for a public screen: known, but small or would tell another that is")
    fewer_than: int | None = Field(description="with a count kept back for being small: below this, not 0")


class RejectedRow(BaseModel):
    row: int | str | None = None
    reason: str = Field(description=IN_BOTH)


class FlaggedRow(BaseModel):
    row: int
    check: str
    reason: str = Field(description=IN_BOTH)


class ImportReport(BaseModel):
    """What became of one file; the same file twice changes nothing."""

    file: str
    sha256: str
    layer: str | None
    crs: str | None
    read: int
    accepted: int
    updated: int
    unchanged: int
    rejected: int
    rejects: list[RejectedRow]
    flagged: int = Field(0, description="records that are in, with a mark")
    flags: list[FlaggedRow] = []
    error: str | None = Field(None, description=f"why the file as a whole could not be used, {IN_BOTH}")
    summary: str = Field("", description="the same for a person")


class ImportPaths(BaseModel):
    """Files on the server's own disk; only for the program's own commands."""

    paths: list[str]
    community: str | None = None
    layer: str | None = None
    crs: str | None = None
    mapping: str | None = None


class DeviceIn(BaseModel):
    """A device to adopt: who it is, and where it stands (at most one place)."""

    device_id: str = Field(min_length=1)
    type: str
    community_id: str
    dialect: str
    address: str
    name: str | None = None
    home_id: str | None = None
    room_id: str | None = None
    facility_id: str | None = None
    building_id: str | None = None
    lon: float | None = Field(None, ge=-180, le=180)
    lat: float | None = Field(None, ge=-90, le=90)
    height_m: float | None = None


class Adopted(BaseModel):
    device_id: str
    readings_used: int = Field(description="readings gained from the messages that had waited in quarantine")
    revision: int


class Health(BaseModel):
    """Open to everybody; nothing here is about people."""

    status: Literal["ok", "degraded"]
    revision: int
    broker_connected: bool
    inbox_depth: int
    lag_s: float | None = Field(description="age of the oldest message that waits")
    care_running: bool = Field(description="whether somebody looks when silence falls due")
    care_behind_s: float | None = Field(description="since when no look went through")
    stored: bool = Field(description="whether the disk takes what arrives")
    backed_up: bool = Field(description="false when the last daily backup failed; it is tried again every hour")
    sources: dict[str, bool]

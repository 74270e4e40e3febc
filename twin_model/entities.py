"""What a neighbourhood is made of: frozen records, one class per kind of thing.

Every kind is stored as versions: a row says what was true from ``valid_from`` to ``valid_to``, and was
known from ``recorded_at`` until ``superseded_at``. Those four instants belong to the store; the classes
here hold only what the version says. Geometry is WKB in WGS 84 (longitude, latitude), heights in metres.
Homes carry people as counts only; the two restricted kinds, residents and contacts, name persons.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import ClassVar


class HeightSource(StrEnum):
    """Where a building's height comes from; ``assumed`` is drawn and listed as a guess."""

    MEASURED = "measured"
    LEVELS = "levels"
    ASSUMED = "assumed"


class Status(StrEnum):
    """How much a state can be trusted at an instant."""

    FRESH = "fresh"
    STALE = "stale"
    LOST = "lost"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entity:
    """Base of all kinds: ``kind`` is the table, ``key`` the column that identifies one."""

    kind: ClassVar[str]
    key: ClassVar[str]

    community_id: str

    @property
    def identity(self) -> str:
        """The value of the key column."""
        return str(getattr(self, self.key))


@dataclass(frozen=True, kw_only=True, slots=True)
class Community(Entity):
    """A residents' committee area or project area. ``scheme`` is the type of project (新建类引领型 …).

    ``drill_of``: a drill happens here that exercises that community; nothing of it counts in any statistic.
    ``subdistrict_id``: the division it is part of.
    """

    kind: ClassVar[str] = "community"
    key: ClassVar[str] = "community_id"

    name: str
    name_en: str | None = None
    scheme: str | None = None
    boundary: bytes | None = None
    is_sample: bool = False
    drill_of: str | None = None
    subdistrict_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Division(Entity):
    """An administrative division (行政区划) above the communities; ``level`` is one of ``LEVELS``.

    ``parent_id``: the division it is part of; none of a city. It belongs to no community.
    """

    kind: ClassVar[str] = "division"
    key: ClassVar[str] = "division_id"

    community_id: str = ""
    division_id: str
    level: str
    name: str
    name_en: str | None = None
    parent_id: str | None = None
    boundary: bytes | None = None


LEVELS = ("city", "district", "subdistrict")
"""市, 区, 街道: from the whole to the part."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Estate(Entity):
    """A residential compound (小区) within a community."""

    kind: ClassVar[str] = "estate"
    key: ClassVar[str] = "estate_id"

    estate_id: str
    name: str
    name_en: str | None = None
    boundary: bytes | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Building(Entity):
    """A building with its footprint (Polygon or MultiPolygon) and one height above ``base_m``.

    ``use``: residential, facility, or context (outside the community, drawn only). ``grid``: the number of the 网格.
    """

    kind: ClassVar[str] = "building"
    key: ClassVar[str] = "building_id"

    building_id: str
    estate_id: str | None = None
    name: str | None = None
    name_en: str | None = None
    use: str = "residential"
    footprint: bytes
    height_m: float
    height_source: HeightSource = HeightSource.ASSUMED
    levels: int | None = None
    base_m: float = 0.0
    source: str | None = None
    grid: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit(Entity):
    """A staircase (单元) of a residential building."""

    kind: ClassVar[str] = "unit"
    key: ClassVar[str] = "unit_id"

    unit_id: str
    building_id: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Home(Entity):
    """One dwelling (户) with its residents counted by age band; ``None`` means not registered, not zero.

    ``age_0_3`` and ``age_3_6`` (under 3, and from 3 to under 6) are part of ``age_0_17``.
    """

    kind: ClassVar[str] = "home"
    key: ClassVar[str] = "home_id"

    home_id: str
    building_id: str
    unit_id: str | None = None
    floor: int | None = None
    number: str
    households: int = 1
    age_0_17: int | None = None
    age_18_59: int | None = None
    age_60_79: int | None = None
    age_80_up: int | None = None
    elder_alone: bool | None = None
    age_0_3: int | None = None
    age_3_6: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Facility(Entity):
    """A place of service. ``facility_kind``: clinic, kindergarten, supermarket, parking, park, centre …

    ``outline``: of one that is an area (a park, the grounds of a school); its lon and lat are a point within.
    """

    kind: ClassVar[str] = "facility"
    key: ClassVar[str] = "facility_id"

    facility_id: str
    facility_kind: str
    name: str
    name_en: str | None = None
    building_id: str | None = None
    lon: float
    lat: float
    area_m2: float | None = None
    capacity: int | None = None
    opening_hours: str | None = None
    operator: str | None = None
    outline: bytes | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Room(Entity):
    """A room of a facility; ``footprint`` is optional, ``floor`` counts from 1."""

    kind: ClassVar[str] = "room"
    key: ClassVar[str] = "room_id"

    room_id: str
    facility_id: str
    room_kind: str
    name: str
    name_en: str | None = None
    floor: int | None = None
    footprint: bytes | None = None
    area_m2: float | None = None
    capacity: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Ground(Entity):
    """A base map shape. ``layer``: path, road, green, water, plot. Lines carry a width in metres.

    Of paths and roads, as far as known: ``way`` (footway, steps, crossing, residential …), ``foot`` (yes, private, no),
    ``wheelchair`` (yes, limited, no), ``incline`` (rise over run), ``level`` (bridge above 0, underpass below),
    ``opening_hours``, and ``source``: the format it came in.
    """

    kind: ClassVar[str] = "ground"
    key: ClassVar[str] = "ground_id"

    ground_id: str
    layer: str
    name: str | None = None
    name_en: str | None = None
    geometry: bytes
    width_m: float | None = None
    way: str | None = None
    foot: str | None = None
    wheelchair: str | None = None
    incline: float | None = None
    level: int | None = None
    opening_hours: str | None = None
    source: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate(Entity):
    """A gate (门禁) on a path. ``opening_hours`` as OpenStreetMap or a Chinese notice writes them; None: not stated."""

    kind: ClassVar[str] = "gate"
    key: ClassVar[str] = "gate_id"

    gate_id: str
    name: str | None = None
    name_en: str | None = None
    lon: float
    lat: float
    foot: str | None = None
    wheelchair: str | None = None
    opening_hours: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Entrance(Entity):
    """A way into a building (入口): walks to the building end here instead of at the nearest side of its outline."""

    kind: ClassVar[str] = "entrance"
    key: ClassVar[str] = "entrance_id"

    entrance_id: str
    building_id: str
    name: str | None = None
    name_en: str | None = None
    lon: float
    lat: float
    wheelchair: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Device(Entity):
    """A sensor as installed. ``dialect`` and ``address`` are how its messages name it.

    It stands in at most one home, room, facility or building (the narrowest known), else at a point. ``gateway_id``:
    the device through which its messages come; while that one is silent nothing can be said of this one.
    """

    kind: ClassVar[str] = "device"
    key: ClassVar[str] = "device_id"

    device_id: str
    type: str
    name: str | None = None
    dialect: str
    address: str
    home_id: str | None = None
    room_id: str | None = None
    facility_id: str | None = None
    building_id: str | None = None
    lon: float | None = None
    lat: float | None = None
    height_m: float | None = None
    gateway_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Resident(Entity):
    """Somebody cared for at home. Restricted: only whoever works on an incident of the home may see it."""

    kind: ClassVar[str] = "resident"
    key: ClassVar[str] = "resident_id"

    resident_id: str
    home_id: str
    name: str
    birth_year: int | None = None
    sex: str | None = None
    lives_alone: bool | None = None
    health_note: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact(Entity):
    """Whom to call for a home, or (without ``home_id``) for all homes of a community. Restricted as residents are.

    ``role``: family, neighbour, grid_worker, doctor, subdistrict or property; the lowest ``rank`` is asked first.
    """

    kind: ClassVar[str] = "contact"
    key: ClassVar[str] = "contact_id"

    contact_id: str
    home_id: str | None = None
    role: str
    rank: int = 1
    name: str
    phone: str | None = None
    note: str | None = None


KINDS: dict[str, type[Entity]] = {
    cls.kind: cls
    for cls in (
        Community,
        Division,
        Estate,
        Building,
        Unit,
        Home,
        Facility,
        Room,
        Ground,
        Gate,
        Entrance,
        Device,
        Resident,
        Contact,
    )
}


def columns(cls: type[Entity]) -> list[str]:
    """The stored columns of a kind, identity first."""
    names = [f.name for f in fields(cls)]
    return [cls.key, *(n for n in names if n != cls.key)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejected:
    """A message or row that could not be used, kept whole with the reason.

    ``source`` is ``mqtt`` or ``import``; ``place`` the topic, or ``file:row``. ``code`` groups reasons
    (``not_json``, ``unknown_device``, ``out_of_range`` …). ``dialect``/``address`` name the sender if it
    could be read, so that an unknown device can be adopted later.
    """

    source: str
    place: str
    code: str
    reason: str
    raw: bytes
    dialect: str | None = None
    address: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """What one commit of readings did."""

    revision: int
    received_at: datetime
    stored: int
    duplicates: int
    rejected: int

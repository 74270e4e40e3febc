"""What a feature is, by its OpenStreetMap tags: building, part, facility, path, road, green, water,
plot, estate, gate, entrance.

Pure rules, one table each. Widths are usual carriageway and path widths in metres, used only where the
feature states neither width nor lanes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

PATHS = {
    "footway": 2.0, "path": 1.5, "pedestrian": 5.0, "steps": 2.0, "cycleway": 2.5, "living_street": 5.0,
    "service": 4.0, "track": 3.0, "bridleway": 2.0, "corridor": 2.0,
}  # fmt: skip
ROADS = {
    "motorway": 28.0, "trunk": 25.0, "primary": 20.0, "secondary": 15.0, "tertiary": 10.0, "residential": 7.0,
    "unclassified": 7.0, "road": 7.0, "busway": 7.0, "motorway_link": 7.0, "trunk_link": 7.0, "primary_link": 7.0,
    "secondary_link": 7.0, "tertiary_link": 7.0,
}  # fmt: skip
STREAMS = {"river": 15.0, "canal": 8.0, "stream": 3.0, "tidal_channel": 8.0, "ditch": 1.5, "drain": 1.5}
_LANE_M = 3.25

_GREEN = {
    "landuse": {
        "grass", "forest", "meadow", "recreation_ground", "village_green", "flowerbed", "orchard", "cemetery",
        "allotments", "greenery", "farmland", "plant_nursery", "vineyard", "greenfield",
    },
    "leisure": {"park", "garden", "nature_reserve", "golf_course", "dog_park", "common"},
    "natural": {"wood", "scrub", "grassland", "heath", "grass", "shrubbery", "tree_row", "wetland"},
}  # fmt: skip
_WATER = {
    "natural": {"water"},
    "landuse": {"reservoir", "basin"},
    "waterway": {"riverbank", "dock"},
    "leisure": {"swimming_pool"},
}
_PLOT = {
    "landuse": {
        "residential", "commercial", "retail", "industrial", "education", "institutional", "construction",
        "plot", "brownfield", "religious", "garages",
    },
    "leisure": {"pitch", "playground", "track", "sports_centre", "stadium", "schoolyard"},
    "amenity": {
        "school", "kindergarten", "college", "university", "hospital", "clinic", "parking", "marketplace",
        "social_facility", "community_centre", "bus_station", "place_of_worship",
    },
}  # fmt: skip
_FACILITIES: dict[str, dict[str, str]] = {
    "amenity": {
        "kindergarten": "kindergarten", "childcare": "nursery", "school": "school", "college": "school",
        "university": "school", "clinic": "clinic", "doctors": "clinic", "dentist": "clinic",
        "hospital": "hospital", "pharmacy": "pharmacy", "community_centre": "centre",
        "social_facility": "social_facility", "social_centre": "government", "nursing_home": "nursing_home",
        "library": "library", "theatre": "culture", "cinema": "culture", "arts_centre": "culture",
        "marketplace": "market", "restaurant": "restaurant", "fast_food": "restaurant", "cafe": "restaurant",
        "food_court": "restaurant", "canteen": "canteen", "parking": "parking",
        "bicycle_parking": "bicycle_parking", "charging_station": "charging", "bus_station": "bus_stop",
        "toilets": "toilet", "police": "police", "fire_station": "fire_station", "post_office": "post",
        "parcel_locker": "parcel_lockers", "bank": "bank", "townhall": "government", "recycling": "recycling",
        "waste_disposal": "waste",
    },
    "healthcare": {
        "hospital": "hospital", "clinic": "clinic", "centre": "clinic", "doctor": "clinic", "pharmacy": "pharmacy",
    },
    "shop": {
        "supermarket": "supermarket", "mall": "supermarket", "department_store": "supermarket",
        "convenience": "convenience", "chemist": "pharmacy", "greengrocer": "market", "hairdresser": "barber",
    },
    "leisure": {
        "park": "park", "playground": "playground", "pitch": "pitch", "fitness_centre": "fitness",
        "fitness_station": "fitness", "sports_centre": "sports", "sports_hall": "sports", "stadium": "sports",
    },
    "place": {"square": "square"},
    "highway": {"bus_stop": "bus_stop"},
    "railway": {"subway_entrance": "subway"},
    "tourism": {"museum": "culture"},
}  # fmt: skip
GATES = frozenset(
    {"gate", "lift_gate", "swing_gate", "sliding_gate", "wicket_gate", "turnstile", "full-height_turnstile",
     "kissing_gate", "hampshire_gate", "stile", "sally_port", "entrance"}
)  # fmt: skip
HIGH_KERBS = frozenset({"raised", "rolled"})
"""Kerbs no wheelchair gets over."""
_NURSING = {"nursing_home", "assisted_living", "retirement_home"}

_RESIDENTIAL = {
    "yes", "residential", "apartments", "house", "detached", "semidetached_house", "terrace", "bungalow",
    "dormitory", "villa", "semi", "farm", "hut", "cabin", "static_caravan", "houseboat", "ger",
}  # fmt: skip
_ONE_STOREY = {
    "bungalow", "garage", "garages", "carport", "shed", "hut", "kiosk", "roof", "cabin", "toilets", "pavilion",
    "greenhouse", "guardhouse", "gatehouse", "service", "sty", "stable", "barn", "ruins", "bunker", "transformer_tower",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one feature becomes. ``kind``: building, part, facility, ground, gate, entrance, estate, boundary.

    ``shape``: the geometry it needs (area, line, any). ``detail`` is the ground layer or the facility kind.
    """

    kind: str
    detail: str = ""
    shape: str = "area"
    width_m: float | None = None
    is_second: bool = False  # what a feature is besides; its id says so, whichever layer is asked for

    @property
    def layer(self) -> str:
        """The word of ``--layer`` it falls under."""
        if self.kind == "gate":
            return "paths"
        if self.kind == "ground":
            return "paths" if self.detail in ("path", "road") else self.detail
        return {"building": "buildings", "entrance": "buildings", "facility": "facilities", "estate": "boundary"}.get(
            self.kind, self.kind
        )


def facility_kind_of(tags: dict[str, str]) -> str | None:
    """The kind of facility the tags name, or None."""
    if tags.get("amenity") == "social_facility":
        if tags.get("social_facility") in _NURSING:
            return "nursing_home"
        if tags.get("social_facility") == "day_care" or "senior" in tags.get("social_facility:for", ""):
            return "day_care"
    if tags.get("amenity") == "school" and "小学" in tags.get("name", ""):
        return "primary_school"
    for key, kinds in _FACILITIES.items():
        if tags.get(key) in kinds:
            return kinds[tags[key]]
    return "shop" if tags.get("shop") not in (None, "no", "vacant") else None


def meanings(tags: dict[str, str], *, shape: str) -> list[Meaning]:
    """What a feature is, the main thing first; ``shape`` is point, line or area. Empty: nothing the map needs."""
    found = _meanings(tags, shape)
    return [meaning if index == 0 else replace(meaning, is_second=True) for index, meaning in enumerate(found)]


def _meanings(tags: dict[str, str], shape: str) -> list[Meaning]:
    facility = facility_kind_of(tags)
    also = [Meaning("facility", facility, "any")] if facility else []
    if tags.get("building") not in (None, "no"):
        if tags.get("location") in ("underground", "underwater"):
            return also
        return [Meaning("building"), *also]
    if tags.get("building:part") not in (None, "no"):
        return [Meaning("part")]
    if shape == "point":
        if tags.get("barrier") in GATES or tags.get("kerb") in HIGH_KERBS:
            return [*also, Meaning("gate", shape="any")]
        if tags.get("entrance") not in (None, "no"):
            return [*also, Meaning("entrance", shape="any")]
        return also
    highway = tags.get("highway")
    if highway in PATHS:
        return [Meaning("ground", "path", "any", _width(tags, PATHS[highway])), *also]
    if highway in ROADS:
        if tags.get("tunnel") not in (None, "no", "building_passage"):  # its ground would cut through the buildings
            return also
        return [Meaning("ground", "road", "any", _width(tags, ROADS[highway])), *also]
    if shape == "line":
        stream = tags.get("waterway", "")
        if stream in STREAMS and tags.get("tunnel") in (None, "no"):
            return [Meaning("ground", "water", "line", _width(tags, STREAMS[stream]))]
        return also
    if tags.get("landuse") == "residential" and _named(tags):
        return [Meaning("estate"), *also]
    for detail, table in (("water", _WATER), ("green", _GREEN), ("plot", _PLOT)):
        if any(tags.get(key) in values for key, values in table.items()):
            ground = Meaning("ground", detail)
            if facility and facility not in ("park", "pitch", "playground"):
                return [*also, ground]  # a school with its grounds is a school first
            return [ground, *also]
    return also


def _named(tags: dict[str, str]) -> bool:
    return "name" in tags or "name:zh" in tags


def _width(tags: dict[str, str], usual: float) -> float:
    stated = metres(tags.get("width", ""))
    if stated and 0.3 <= stated <= 200:
        return stated
    lanes = number(tags.get("lanes", ""))
    return round(lanes * _LANE_M, 2) if lanes and 1 <= lanes <= 16 else usual


def use_of(tags: dict[str, str]) -> str:
    """``residential`` or ``facility``."""
    plainly = tags.get("building", "yes").lower()
    if plainly == "yes" and any(
        key in tags for key in ("amenity", "shop", "office", "tourism", "healthcare", "leisure")
    ):
        return "facility"
    return "residential" if plainly in _RESIDENTIAL else "facility"


def assumed_levels(tags: dict[str, str]) -> int:
    """Storeys to assume where a building states neither height nor levels."""
    return 1 if tags.get("building", "").lower() in _ONE_STOREY else 3


_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")
_FEET = re.compile(r"(\d+(?:[.,]\d+)?)\s*(?:'|ft\b|feet\b)(?:\s*(\d+(?:[.,]\d+)?)\s*(?:\"|in\b))?", re.IGNORECASE)


def number(text: str) -> float | None:
    """The first number in a text, decimal comma allowed; of '5;6' the larger."""
    found = [float(match.replace(",", ".")) for match in _NUMBER.findall(text)] if text else []
    if not found:
        return None
    return max(found) if ";" in text else found[0]


def metres(text: str) -> float | None:
    """A length as people write it: '12', '12 m', '12,5', '12米', \"40'\", '40 ft', '5\\'3\"' -> metres."""
    feet = _FEET.search(text)
    if feet:
        inches = float((feet.group(2) or "0").replace(",", "."))
        return round(float(feet.group(1).replace(",", ".")) * 0.3048 + inches * 0.0254, 3)
    value = number(text)
    if value is not None and re.search(r"\bkm\b", text):
        return value * 1000
    if value is not None and re.search(r"\bcm\b|厘米", text):
        return value / 100
    return value

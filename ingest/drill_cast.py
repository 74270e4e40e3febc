"""Who and what takes part in a drill: homes like those of the exercised community, in a community of their own.

A drill's homes stand in copies of the real buildings (``Building.source`` names the original), have plain JSON devices
with addresses of their own behind one gateway, the learned rhythm of the home they are modelled on, and contacts
without a number, so that nobody is called for an exercise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from twin_model.catalogue import Catalogue
from twin_model.drill_scenarios import GATEWAY, home_of
from twin_model.entities import Building, Community, Contact, Device, Entity, HeightSource, Home, Resident
from twin_model.twin import Twin

MARK, MARK_EN = "演练", "Drill"
ROLES = ("family", "neighbour", "grid_worker", "doctor", "subdistrict", "property")

REST: Mapping[str, float] = {
    "battery": 92.0, "temperature": 19.0, "humidity": 55.0, "heart_rate": 68.0, "breath_rate": 15.0, "spo2": 97.0,
    "co2": 600.0, "steps": 1200.0, "water_m3": 240.0, "noise": 40.0,
}  # fmt: skip
"""What a metric says when nothing happens; all others say their lowest value, or 0."""


class DrillRefused(ValueError):
    """A drill that cannot be held; one sentence that says what was found and what to do."""


@dataclass(frozen=True)
class Cast:
    """``entities`` of the drill; ``homes``: the original and the new identity of each, in order; ``devices`` by
    (number of the home from 1, type), the gateway by (0, "gateway")."""  # fmt: skip

    community: Community
    entities: list[Entity]
    homes: list[tuple[str, str]]
    devices: dict[tuple[int, str], Device]


def cast(
    twin: Twin, *, drill_of: str, drill_id: str, title: str, title_en: str, homes: int, kit: Sequence[str]
) -> Cast:
    """Copies of ``homes`` homes with a ``kit`` each. Raises ``DrillRefused`` when there is nobody to copy."""
    return Casting(twin, drill_of, drill_id, title, title_en).like(_models(twin, drill_of, homes), kit)


class Casting:
    """Makes the entities of one drill."""

    def __init__(self, twin: Twin, drill_of: str, drill_id: str, title: str, title_en: str) -> None:
        self._twin, self._at = twin, twin.now()
        original = twin.entity("community", drill_of, self._at)
        if original is None or original["drill_of"]:
            raise DrillRefused(f"there is no community {drill_of!r} to exercise")
        self.community_id = f"{drill_of}-{drill_id}"
        self._drill_id = drill_id
        self._community = Community(
            community_id=self.community_id, name=f"{MARK} · {title}（{original['name']}）",
            name_en=f"Drill · {title_en} ({original['name_en'] or original['name']})", scheme=original["scheme"],
            boundary=original["boundary"], is_sample=original["is_sample"], drill_of=drill_of,
        )  # fmt: skip

    def like(self, models: Sequence[Mapping[str, Any]], kit: Sequence[str]) -> Cast:
        """Homes like ``models`` (rows of homes) with a device of each type of ``kit``."""
        buildings = self._buildings({row["building_id"] for row in models})
        first = buildings[models[0]["building_id"]]
        devices = {(0, GATEWAY): self._device("gw", GATEWAY, building_id=first.building_id)}
        gateway = devices[0, GATEWAY].device_id
        homes: list[tuple[str, str]] = []
        people: list[Entity] = []
        for number, row in enumerate(models, start=1):
            home = self._home(number, row, buildings[row["building_id"]].building_id)
            homes.append((row["home_id"], home.home_id))
            people += [home, self._resident(number, home.home_id)]
            for kind in kit:
                device = self._device(f"h{number:03}-{kind.replace('_', '-')}", kind, home_id=home.home_id)
                devices[number, kind] = replace(device, gateway_id=gateway)
        entities = [self._community, *buildings.values(), *people, *self._contacts(), *devices.values()]
        return Cast(self._community, entities, homes, devices)

    def copies(
        self, homes: Sequence[Mapping[str, Any]], devices: Sequence[Mapping[str, Any]]
    ) -> tuple[Cast, dict[str, Device]]:
        """The homes of a recording with their own devices and gateways; the copies also by original identity."""
        gateways = [row for row in devices if row["type"] == GATEWAY]
        wanted = {row["building_id"] for row in (*homes, *gateways)} - {None}
        buildings = self._buildings(wanted)
        made: dict[str, Device] = {}
        for number, row in enumerate(gateways, start=1):
            building = buildings.get(row["building_id"])
            where = building.building_id if building else None
            made[row["device_id"]] = self._device(f"gw{number}", GATEWAY, building_id=where)
        entities: list[Entity] = [self._community, *buildings.values(), *self._contacts()]
        pairs: list[tuple[str, str]] = []
        for number, row in enumerate(homes, start=1):
            home = self._home(number, row, buildings[row["building_id"]].building_id)
            pairs.append((row["home_id"], home.home_id))
            entities += [home, self._resident(number, home.home_id)]
            mine = [d for d in devices if d["home_id"] == row["home_id"]]
            for place, device in enumerate(mine, start=1):
                copy = self._device(f"h{number:03}-{place}", device["type"], home_id=home.home_id)
                gateway = made.get(device["gateway_id"] or "")
                made[device["device_id"]] = replace(copy, gateway_id=gateway.device_id if gateway else None)
        return Cast(self._community, [*entities, *made.values()], pairs, {}), made

    def _buildings(self, wanted: set[str]) -> dict[str, Building]:
        rows = {row["building_id"]: row for row in self._twin.entities("building", self._at).to_pylist()}
        return {
            original: Building(
                community_id=self.community_id, building_id=f"{self.community_id}-b{number:02}", source=original,
                name=f"{MARK} · {rows[original]['name'] or original}",
                name_en=f"{MARK_EN} · {rows[original]['name_en'] or rows[original]['name'] or original}",
                use=rows[original]["use"],
                footprint=rows[original]["footprint"], height_m=rows[original]["height_m"],
                height_source=HeightSource(rows[original]["height_source"]), levels=rows[original]["levels"],
                base_m=rows[original]["base_m"],
            )
            for number, original in enumerate(sorted(wanted & rows.keys()), start=1)
        }  # fmt: skip

    def _home(self, number: int, row: Mapping[str, Any], building_id: str) -> Home:
        return Home(
            community_id=self.community_id, home_id=home_of(self.community_id, number), building_id=building_id,
            floor=row["floor"], number=row["number"], age_0_17=0, age_18_59=0, age_60_79=1, age_80_up=0,
            elder_alone=True,
        )  # fmt: skip

    def _resident(self, number: int, home_id: str) -> Resident:
        return Resident(
            community_id=self.community_id, resident_id=f"{home_id}-p1", home_id=home_id, name=f"{MARK}对象 {number}",
            lives_alone=True,
        )  # fmt: skip

    def _contacts(self) -> list[Contact]:
        return [
            Contact(
                community_id=self.community_id, contact_id=f"{self.community_id}-{role}", role=role, name=MARK,
                note="演练：不要真的拨打 · Drill: do not really call",
            )
            for role in ROLES
        ]  # fmt: skip

    def _device(self, name: str, kind: str, *, home_id: str | None = None, building_id: str | None = None) -> Device:
        declared = self._twin.catalogue.sensor_types.get(kind)
        called = declared.title["zh"] if declared else kind
        return Device(
            community_id=self.community_id, device_id=f"{self.community_id}-{name}", type=kind, dialect="json",
            address=f"{self._drill_id}-{name}", name=f"{MARK} {called}", home_id=home_id, building_id=building_id,
        )  # fmt: skip


def at_rest(catalogue: Catalogue, kind: str) -> dict[str, float]:
    """What a device of a type reports when nothing happens."""
    metrics = catalogue.sensor_types[kind].metrics.values()
    return {m.name: REST.get(m.name, max(0.0, m.low)) for m in metrics}


def _models(twin: Twin, drill_of: str, count: int) -> list[dict[str, Any]]:
    """The homes to copy: those with devices first, together in as few buildings as possible; again from the start
    when there are too few."""  # fmt: skip
    at = twin.now()
    homes = twin.entities("home", at, community_id=drill_of).to_pylist()
    if not homes:
        raise DrillRefused(f"community {drill_of!r} has no homes; import some before a drill")
    equipped = {d for d in twin.entities("device", at, community_id=drill_of)["home_id"].to_pylist() if d}
    size: dict[str, int] = {}
    for row in homes:
        size[row["building_id"]] = size.get(row["building_id"], 0) + (row["home_id"] in equipped)
    homes.sort(key=lambda h: (h["home_id"] not in equipped, -size[h["building_id"]], h["building_id"], h["home_id"]))
    return [homes[k % len(homes)] for k in range(count)]


def drill_name(scenario: str, now: datetime) -> str:
    """An identity for a drill begun at ``now``: letters, digits and dashes, safe in addresses and topics."""
    return f"drill-{now:%y%m%d%H%M%S}-{scenario.replace('_', '-')}"

"""What the simulator must know of a community, worked out once from its entities.

Devices are numbered as they come; every list here holds such numbers. Batteries and faults are periodic: each
device serves for some months, its battery falls late and fast as lithium cells do, then it is silent for some hours
until somebody changes it. Phases are spread evenly, so about the same share is out at any instant.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ingest.rhythm import SECOND, Floats, Ints, uniform
from ingest.rhythm_people import People
from twin_model.entities import Building, Device, Entity, Facility, Home, Room

SERVICE_S, OUT_S = 230 * 86_400, 6 * 3600
"""A device serves this long from one change of battery (or repair) to the next, the last hours of it silent."""
KIT_SERVICE_S, KIT_OUT_S = 60 * 86_400, 12 * 3600
"""The same for the whole kit of a home (unplugged, moved, renovated)."""
GATEWAY_SERVICE_S = 16 * 86_400
"""A building's gateway loses its line once in this time, for 25 to 90 minutes."""

E = TypeVar("E", bound=Entity)


@dataclass
class Cast:
    """``kinds``: device numbers by type. ``elder_of``: by device number, the elder's row, -1 for other devices.
    ``elder_homes``: the home of each elder's row.
    """

    seed: int
    devices: list[Device]
    kinds: dict[str, Ints]
    people: People
    elders: Ints
    elder_of: Ints
    elder_homes: list[str]
    homes_in: dict[str, int]
    place_of: list[str]
    gateway_of: Ints
    lifts_of_gate: dict[int, Ints]
    floors: Floats
    capacity: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, entities: Sequence[Entity], seed: int) -> Cast:
        """Read buildings, homes, rooms, facilities and devices; the order of ``entities`` matters."""
        devices = _all(entities, Device)
        homes = _all(entities, Home)
        kinds: dict[str, list[int]] = defaultdict(list)
        for number, device in enumerate(devices):
            kinds[device.type].append(number)
        gates, gate_floor = _gates(devices, homes)
        bands, gate, floor, first_of_home = _residents(homes, gates)
        people = People(People.kinds(bands, seed), gate, floor)
        kits = sorted({d.home_id for d in devices if d.home_id})
        elder = {home_id: row for row, home_id in enumerate(kits)}
        homes_in: dict[str, int] = defaultdict(int)
        for home in homes:
            homes_in[home.building_id] += 1
        capacity = {room.room_id: room.capacity or 0 for room in _all(entities, Room)}
        capacity |= {place.facility_id: place.capacity or 0 for place in _all(entities, Facility)}
        levels = {b.building_id: float(b.levels or 1) for b in _all(entities, Building)}
        return cls(
            seed=seed,
            devices=devices,
            kinds={kind: np.array(numbers, np.int64) for kind, numbers in kinds.items()},
            people=people,
            elders=np.array([first_of_home[h] for h in kits], np.int64),
            elder_of=np.array([elder.get(d.home_id or "", -1) for d in devices], np.int64),
            elder_homes=kits,
            homes_in=dict(homes_in),
            place_of=[_place(d) for d in devices],
            gateway_of=_gateways(devices),
            lifts_of_gate=_lifts(devices, gate_floor),
            floors=np.array([levels.get(d.building_id or "", 1.0) for d in devices]),
            capacity=capacity,
        )

    def of_kind(self, kind: str) -> Ints:
        """Numbers of the devices of one type, in order; empty when the community has none."""
        return self.kinds.get(kind, np.zeros(0, np.int64))

    # ------------------------------------------------------------ health

    def battery(self, device: Ints, seconds: Floats) -> Floats:
        """Battery in whole per cent at absolute ``seconds``."""
        spent = np.minimum(1.0, self._age(device, seconds) / (SERVICE_S - OUT_S))
        return np.round(100.0 - 7.0 * spent - 89.0 * spent**96)

    def silent(self, device: Ints, seconds: Floats) -> NDArray[np.bool_]:
        """Whether ``device`` sends nothing at ``seconds``: worn out, kit unplugged, or its gateway offline."""
        out = self._age(device, seconds) >= SERVICE_S - OUT_S
        elder = self.elder_of[device]
        offset = (self._even(len(self.elders), 21) * KIT_SERVICE_S)[elder] if len(self.elders) else 0.0
        unplugged = (seconds + offset) % KIT_SERVICE_S >= KIT_SERVICE_S - KIT_OUT_S
        gateway = self.gateway_of[device]
        return np.asarray(out | ((elder >= 0) & unplugged) | ((gateway >= 0) & self.offline(gateway, seconds)))

    def offline(self, gateway: Ints, seconds: Floats) -> NDArray[np.bool_]:
        """Whether the gateway (its device number) has lost its line at ``seconds``."""
        offset = uniform(self.seed, 22, gateway) * GATEWAY_SERVICE_S
        turn = np.floor((seconds + offset) / GATEWAY_SERVICE_S)
        length = (25 + 65 * uniform(self.seed, 23, gateway, turn)) * 60
        return np.asarray((seconds + offset) % GATEWAY_SERVICE_S < length)

    def _age(self, device: Ints, seconds: Floats) -> Floats:
        phase = self._even(len(self.devices), 20) * SERVICE_S
        return np.asarray((seconds + phase[device]) % SERVICE_S)

    def _even(self, count: int, purpose: int) -> Floats:
        """``count`` numbers evenly spread over 0..1 in mixed order."""
        key = (count, purpose)
        if key not in self._spread:
            order = np.argsort(uniform(self.seed, purpose, np.arange(count)), kind="stable")
            spread = np.empty(count)
            spread[order] = (np.arange(count) + 0.5) / count
            self._spread[key] = spread
        return self._spread[key]

    _spread: dict[tuple[int, int], Floats] = field(default_factory=dict, repr=False)

    def reachable(self, at: int) -> Floats:
        """For each gateway, in order: how many devices behind it are alive at ``at`` (microseconds)."""
        gateways = self.of_kind("gateway")
        children = np.flatnonzero((self.gateway_of >= 0) & ~np.isin(np.arange(len(self.devices)), gateways))
        alive = ~self.silent(children, np.full(len(children), at / SECOND))
        return np.array([float(np.sum(alive & (self.gateway_of[children] == g))) for g in gateways])


def _all(entities: Sequence[Entity], kind: type[E]) -> list[E]:
    return [e for e in entities if isinstance(e, kind)]


def _place(device: Device) -> str:
    return device.room_id or device.facility_id or device.building_id or device.home_id or ""


def _gates(devices: Sequence[Device], homes: Sequence[Home]) -> tuple[dict[str, int], dict[int, str]]:
    """The gate (its place among the gates) of each unit, and the building of each gate.

    The gates of a building stand in the order of its units.
    """
    units: dict[str, list[str]] = defaultdict(list)
    for home in homes:
        if home.unit_id and home.unit_id not in units[home.building_id]:
            units[home.building_id].append(home.unit_id)
    gates: dict[str, int] = {}
    buildings: dict[int, str] = {}
    taken: dict[str, int] = defaultdict(int)
    for place, device in enumerate(d for d in devices if d.type == "gate"):
        building = device.building_id or ""
        if taken[building] < len(units[building]):
            gates[units[building][taken[building]]] = place
            buildings[place] = building
            taken[building] += 1
    return gates, buildings


def _residents(homes: Sequence[Home], gates: dict[str, int]) -> tuple[Ints, Ints, Ints, dict[str, int]]:
    """One row per resident: age band, gate (-1: none), floor; and the first row of each home."""
    bands: list[int] = []
    gate: list[int] = []
    floor: list[int] = []
    first: dict[str, int] = {}
    for home in homes:
        first[home.home_id] = len(bands)
        counts = (home.age_0_17, home.age_18_59, home.age_60_79, home.age_80_up)
        for band, count in enumerate(counts):
            bands += [band] * (count or 0)
        new = len(bands) - len(gate)
        gate += [gates.get(home.unit_id or "", -1)] * new
        floor += [home.floor or 1] * new
    return np.array(bands, np.int64), np.array(gate, np.int64), np.array(floor, np.int64), first


def _gateways(devices: Sequence[Device]) -> Ints:
    """The gateway each device speaks through, itself for a gateway, -1 for the others."""
    number = {d.device_id: n for n, d in enumerate(devices)}
    return np.array([n if d.type == "gateway" else number.get(d.gateway_id or "", -1) for n, d in enumerate(devices)])


def _lifts(devices: Sequence[Device], gate_building: dict[int, str]) -> dict[int, Ints]:
    """The lifts behind each gate: one per unit where there are as many, else all of the building."""
    lifts: dict[str, list[int]] = defaultdict(list)
    for place, device in enumerate(d for d in devices if d.type == "lift"):
        lifts[device.building_id or ""].append(place)
    gates: dict[str, list[int]] = defaultdict(list)
    for gate, building in gate_building.items():
        gates[building].append(gate)
    found: dict[int, Ints] = {}
    for building, places in gates.items():
        here = lifts.get(building, [])
        for turn, gate in enumerate(places):
            own = [here[turn]] if len(here) == len(places) else here
            if own:
                found[gate] = np.array(own, np.int64)
    return found

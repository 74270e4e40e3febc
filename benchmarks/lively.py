"""A small neighbourhood in which everything happens that may change what is known of it: for proofs of time travel.

Readings come late, twice, or kept by the broker; gateways fall silent and deliver everything at once; devices are
moved and homes renamed, with effect from yesterday or tomorrow; records are corrected; people press, the staff takes
steps, sets thresholds, declares absences; sources go and come back. A turn is some minutes, drawn from a seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from twin_model.absences import AbsenceRefused
from twin_model.case import StepRefused
from twin_model.entities import Building, Community, Device, Entity, Facility, Home, Rejected, Room
from twin_model.twin import Twin

COMMUNITY = "lively"
START = datetime(2026, 11, 1, 16, 0, tzinfo=UTC)  # midnight in the neighbourhood
MINUTE = timedelta(minutes=1)
HELD_BACK = 0.06
"""The share of readings that come minutes to a day after they were taken."""


@dataclass
class Clock:
    """Moved on by the story, read by the twin."""

    instant: datetime = START

    def __call__(self) -> datetime:
        return self.instant


@dataclass
class Speaker:
    """A device that reports every so often. ``value`` draws what it says from the hour of the day."""

    device_id: str
    metric: str
    every: timedelta
    value: Callable[[float], float]
    gateway_id: str | None
    due: datetime


Waiting = tuple[datetime, str, str, datetime, float]  # when it comes, device, metric, taken, value


class Lively:
    """``turn()`` lets some minutes pass and something happen. ``homes``: how many elders live alone here."""

    def __init__(self, twin: Twin, clock: Clock, seed: int, homes: int = 6) -> None:
        self.twin, self.clock = twin, clock
        self.rng = np.random.default_rng(seed)
        self.entities = {entity.identity: entity for entity in neighbourhood(homes)}
        self.twin.record(list(self.entities.values()))
        self.speakers = [self._speaker(entity, metric) for entity in self._devices() for metric in SPEAKS[entity.type]]
        self.waiting: list[Waiting] = []
        self.silent: dict[str, datetime] = {}
        self.happened: dict[str, int] = {}
        self.turns = 0

    def turn(self, longest: float = 14.0) -> None:
        """Some minutes pass; now and then something happens beside the readings; the clock of care steps."""
        self.turns += 1
        self.clock.instant += timedelta(seconds=float(self.rng.uniform(20, 60 * longest)))
        self._readings()
        if self.rng.random() < 0.35:
            acts = (self._corrects_entity, self._moves_device, self._sets_threshold, self._declares_absence,
                    self._source, self._refuses, self._gateway, self._records, self._works, self._works)  # fmt: skip
            self.clock.instant += timedelta(seconds=1)
            act = acts[int(self.rng.integers(len(acts)))]
            if act():
                self.happened[act.__name__.strip("_")] = self.happened.get(act.__name__.strip("_"), 0) + 1
        if self.rng.random() < 0.5:
            self.twin.care.step()

    # ------------------------------------------------------------------ what happens

    def _readings(self) -> None:
        now = self.clock.instant
        for speaker in self.speakers:
            hour = ((now - START) / timedelta(hours=1)) % 24
            while speaker.due <= now:
                taken, speaker.due = speaker.due, speaker.due + speaker.every * float(self.rng.uniform(0.6, 1.4))
                comes = taken
                if (back := self.silent.get(speaker.gateway_id or speaker.device_id)) is not None:
                    comes = back
                elif self.rng.random() < HELD_BACK:
                    comes = taken + timedelta(minutes=float(self.rng.choice([2.0, 20.0, 300.0, 1500.0])))
                self.waiting.append((comes, speaker.device_id, speaker.metric, taken, float(speaker.value(hour))))
        come = sorted((one for one in self.waiting if one[0] <= now), key=lambda one: one[0])
        self.waiting = [one for one in self.waiting if one[0] > now]
        self.silent = {name: back for name, back in self.silent.items() if back > now}
        # some come twice; in several commits of a moment's distance, as a broker hands them over
        come += [come[int(self.rng.integers(len(come)))]] if come and self.rng.random() < 0.2 else []
        for part in np.array_split(np.arange(len(come)), max(1, len(come) // 12)):
            if len(part):
                self.twin.apply(self._table([come[n] for n in part], retained=bool(self.rng.random() < 0.02)))

    def _table(self, rows: list[Waiting], *, retained: bool) -> pa.Table:
        series = self.twin.directory().numbers
        return pa.table(
            {
                "series_no": pa.array([series[device, metric] for _, device, metric, _, _ in rows], pa.int32()),
                "taken_at": pa.array([taken for _, _, _, taken, _ in rows], pa.timestamp("us", "UTC")),
                "value": pa.array([value for *_, value in rows], pa.float64()),
                "retained": pa.array([retained] * len(rows), pa.bool_()),
            }
        )

    def _corrects_entity(self) -> bool:
        kind = (Building, Home, Facility, Room)[int(self.rng.integers(4))]
        before = self._one([e for e in self.entities.values() if isinstance(e, kind)])
        changed: dict[type[Entity], dict[str, Any]] = {
            Building: {"name": f"{self.turns}幢"}, Home: {"age_60_79": int(self.rng.integers(1, 4))},
            Facility: {"capacity": int(self.rng.integers(20, 300))}, Room: {"capacity": int(self.rng.integers(5, 40))},
        }  # fmt: skip
        return self._record(replace(before, **changed[kind]))

    def _moves_device(self) -> bool:
        device = self._one([d for d in self._devices() if d.home_id and d.type == "motion"])
        home = self._one([e for e in self.entities.values() if isinstance(e, Home)])
        return self._record(replace(device, home_id=home.home_id))

    def _record(self, entity: Entity) -> bool:
        valid = self.clock.instant + timedelta(hours=float(self.rng.choice([-30.0, -1.0, 0.0, 0.0, 20.0])))
        self.entities[entity.identity] = entity
        return self.twin.record([entity], valid_from=max(valid, START)).changed > 0

    def _sets_threshold(self) -> bool:
        rule = self._one([r for r in self.twin.catalogue.alert_rules.values() if r.parameters])
        parameter = self._one(list(rule.parameters.values()))
        value = float(self.rng.uniform(parameter.low, parameter.high))
        home = self._home() if self.rng.random() < 0.5 else None
        self.twin.care.set_threshold(
            rule.name, parameter.name, value, community_id=COMMUNITY, home_id=home, by="a", reason="try"
        )
        return True

    def _declares_absence(self) -> bool:
        now = self.clock.instant
        known = self.twin.care.absences(now, community_id=COMMUNITY)
        try:
            if known and self.rng.random() < 0.4:
                self.twin.care.end_absence(known[0].absence_id, by="a")
            else:
                starts = now + timedelta(hours=float(self.rng.choice([-3.0, 0.0, 5.0])))
                self.twin.care.declare_absence(
                    community_id=COMMUNITY, home_id=self._home(), kind="away", starts_at=starts,
                    ends_at=now + timedelta(hours=float(self.rng.uniform(1, 30))), reason="told", by="a",
                )  # fmt: skip
        except AbsenceRefused:
            return False
        return True

    def _works(self) -> bool:
        incidents = self.twin.care.incidents(self.clock.instant, community_id=COMMUNITY)
        if not incidents:
            return False
        incident = self._one(incidents)
        if not incident.next_steps:
            return False
        step = incident.main_step or incident.next_steps[0]
        outcome = next(iter(self.twin.catalogue.procedures[incident.procedure].outcomes)) if step == "close" else ""
        try:
            self.twin.care.take_step(
                incident.incident_id, step, by=f"p{self.turns}", role="duty_officer", note="n", outcome=outcome
            )
        except StepRefused:
            return False
        return True

    def _source(self) -> bool:
        name = self._one(["broker", "second"])
        self.twin.set_source(name, bool(self.rng.random() < 0.7), f"turn {self.turns}")
        return True

    def _refuses(self) -> bool:
        self.twin.quarantine([Rejected(source="mqtt", place=f"a/{self.turns}", code="not_json", reason="…", raw=b"{")])
        return True

    def _gateway(self) -> bool:
        gateway = self._one([d.device_id for d in self._devices() if d.type == "gateway"])
        self.silent[gateway] = self.clock.instant + timedelta(minutes=float(self.rng.uniform(8, 300)))
        return True

    def _records(self) -> bool:
        day: date = (self.clock.instant + timedelta(hours=8 - 24 * float(self.rng.integers(0, 40)))).date()
        row = {
            "day": day, "facility": "centre", "meal": self._one(["breakfast", "lunch", "dinner"]), "age_band": "70_79",
            "diners": int(self.rng.integers(0, 60)), "is_trial": False,
        }  # fmt: skip
        self.twin.ledger.record("canteen_meal", [row], community_id=COMMUNITY)
        return True

    # ------------------------------------------------------------------ who and what

    def _one(self, among: list[Any]) -> Any:
        return among[int(self.rng.integers(len(among)))]

    def _home(self) -> str:
        return str(self._one([e.home_id for e in self.entities.values() if isinstance(e, Home)]))

    def _devices(self) -> list[Device]:
        return [entity for entity in self.entities.values() if isinstance(entity, Device)]

    def _speaker(self, device: Device, metric: str) -> Speaker:
        every, value = SPEAKS[device.type][metric]
        first = self.clock.instant + timedelta(minutes=every) * float(self.rng.random())
        return Speaker(
            device.device_id, metric, every * MINUTE, lambda hour: value(hour, self.rng), device.gateway_id, first
        )


Draw = Callable[[float, np.random.Generator], float]


def _chance(day: float, night: float) -> Draw:
    return lambda hour, rng: float(rng.random() < (day if 6 < hour < 22 else night))


def _around(mean: float, spread: float) -> Draw:
    return lambda _hour, rng: round(float(max(0.0, rng.normal(mean, spread))), 2)


SPEAKS: dict[str, dict[str, tuple[float, Draw]]] = {  # minutes between reports, and what is said
    "gateway": {"children": (6, lambda _hour, _rng: 6.0)},
    "motion": {"motion": (45, _chance(0.6, 0.05)), "battery": (600, lambda _hour, rng: float(rng.integers(8, 100)))},
    "door_contact": {"open": (150, _chance(0.5, 0.02))},
    "fall_radar": {"presence": (14, _chance(0.7, 0.9)), "fall": (240, _chance(0.03, 0.03))},
    "sos_button": {"sos": (200, _chance(0.06, 0.02))},
    "water_meter": {"water_m3": (70, lambda _hour, rng: round(float(rng.uniform(0, 900)), 3))},
    "people_counter": {"people": (10, lambda hour, rng: float(rng.poisson(8)) if 8 < hour < 20 else 0.0)},
    "air_quality": {"pm2_5": (30, _around(40, 20))},
    "electricity_meter": {"power_kw": (15, _around(50, 10))},
}


KIT = {"m": "motion", "k": "motion", "d": "door_contact", "f": "fall_radar", "s": "sos_button", "w": "water_meter"}


def neighbourhood(homes: int) -> list[Entity]:
    """Two buildings, a centre with two rooms, ``homes`` equipped homes behind two gateways."""

    def box(n: int) -> bytes:
        return bytes(shapely.box(120 + n / 1e3, 30, 120.0005 + n / 1e3, 30.0005).wkb)

    here: dict[str, Any] = {"community_id": COMMUNITY}
    found: list[Entity] = [Community(**here, name="热闹社区")]
    found += [Building(**here, building_id=f"b{n}", name=f"{n}幢", footprint=box(n), height_m=18.0) for n in (1, 2)]
    found += [
        Facility(**here, facility_id="centre", facility_kind="centre", name="中心", lon=120.0, lat=30.0,
                 building_id="b2", capacity=120),
        Room(**here, room_id="r1", facility_id="centre", room_kind="canteen", name="食堂", capacity=40),
        Room(**here, room_id="r2", facility_id="centre", room_kind="library", name="书房", capacity=20),
    ]  # fmt: skip

    def device(name: str, kind: str, **place: str) -> Device:
        return Device(**here, device_id=name, type=kind, dialect="json", address=name, **place)  # type: ignore[arg-type]

    found += [device(f"g{n}", "gateway", building_id=f"b{n}") for n in (1, 2)]
    for n in range(homes):
        home, gateway = f"h{n}", f"g{n % 2 + 1}"
        found.append(
            Home(**here, home_id=home, building_id=f"b{n % 2 + 1}", number=str(101 + n), age_0_17=0, age_18_59=0,
                 age_60_79=1, age_80_up=0, elder_alone=True)
        )  # fmt: skip
        found += [device(f"{short}{n}", kind, home_id=home, gateway_id=gateway) for short, kind in KIT.items()]
    found += [device(f"p{n}", "people_counter", room_id=f"r{n}") for n in (1, 2)]
    found += [device("air", "air_quality"), device("grid", "electricity_meter", building_id="b1")]
    return found

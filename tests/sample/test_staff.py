"""The simulated staff answer what the sample raised; a person comes first, and strangers' calls are left alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pyarrow as pa
import pytest

from ingest.rhythm import METRIC_BITS
from ingest.simulate import Simulator
from sample_data.history import PAST_CARE, STILL_OPEN, Telling, declared, visits
from sample_data.rhythm_past import past_days
from sample_data.staff import DUTY, PERSON_S, SIMULATED, Staff, next_act, verdict
from tests.sample.conftest import SUNDAY
from twin_model.catalogue import Catalogue
from twin_model.closed_loop import fold
from twin_model.entities import Community, Contact, Device, Entity, Home
from twin_model.rhythm import LEARNED_DAYS, Day, learn
from twin_model.twin import Twin


@dataclass
class Clock:
    now: datetime = SUNDAY

    def __call__(self) -> datetime:
        return self.now


@dataclass
class World:
    """The elders' homes alone, without a past, and a button that the simulation presses at ``pressed``."""

    twin: Twin
    clock: Clock
    staff: Staff
    button: Device
    pressed: datetime

    def press(self, at: datetime) -> str:
        number = self.twin.directory().numbers[self.button.device_id, "sos"]
        self.clock.now = at
        taken = pa.array([at]).cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
        row = {"series_no": pa.array([number], pa.int32()), "taken_at": taken, "value": [1.0], "retained": [False]}
        self.twin.apply(pa.table(row))
        return self.twin.care.incidents(self.twin.now())[0].incident_id

    def let_pass(self, seconds: float, by: float = 5.0) -> None:
        until = self.clock.now + timedelta(seconds=seconds)
        while self.clock.now < until:
            self.clock.now += timedelta(seconds=by)
            self.staff.step()

    def steps(self, incident_id: str) -> list[tuple[str, str]]:
        found = self.twin.care.incident(incident_id, self.twin.now())
        assert found is not None
        return [(s.step, s.by) for s in found.steps if s.by != "system"]


@pytest.fixture
def world(entities: list[Entity], simulator: Simulator) -> Iterator[World]:
    day = simulator.stretch(SUNDAY, SUNDAY + timedelta(hours=2), fine=True)
    pressed = (day.codes & 63 == simulator.metrics["sos"]) & (day.values == 1)
    number = int(day.codes[pressed][0]) >> METRIC_BITS
    at = SUNDAY.replace(microsecond=0) + timedelta(seconds=(int(day.taken[pressed][0]) / 1e6 - SUNDAY.timestamp()))
    clock = Clock(at - timedelta(hours=1))
    twin = Twin.open(None, clock=clock)
    button = simulator.devices[number]
    homes = [e for e in entities if isinstance(e, Home) and e.elder_alone]
    kept = [e for e in entities if isinstance(e, (Community, Contact)) or e is button]
    twin.record([*kept, *homes])
    yield World(twin, clock, Staff(twin, simulator, clock, "demo"), button, at)
    twin.close()


def test_a_call_of_the_simulation_is_answered_within_minutes_and_worked_to_its_end(world: World) -> None:
    incident = world.press(world.pressed)
    world.let_pass(20)
    assert world.steps(incident) == [], "a person has time to be first"
    world.let_pass(300)
    assert world.steps(incident)[0] == ("acknowledge", DUTY)
    for _ in range(24):
        world.let_pass(600, by=30)
        world.twin.care.step()  # the button was pressed and never let go: the press wears off
    taken = world.steps(incident)
    assert [s for s, _ in taken][-2:] == ["confirm", "close"]
    assert {by for _, by in taken} <= set(SIMULATED)
    closed = world.twin.care.incident(incident, world.twin.now())
    assert closed is not None
    assert closed.phase == "closed"
    assert closed.cause not in (None, "not_stated")


def test_whoever_is_first_keeps_the_incident_and_the_staff_stay_away(world: World) -> None:
    incident = world.press(world.pressed)
    world.clock.now += timedelta(seconds=20)
    world.twin.care.take_step(incident, "acknowledge", by="值班员", role="duty_officer")
    world.let_pass(PERSON_S - 30, by=10)
    assert world.steps(incident) == [("acknowledge", "值班员")]
    world.let_pass(600, by=10)
    assert ("contact", DUTY) in world.steps(incident), "a demonstration left alone does not stand still"


def test_a_call_that_the_simulation_did_not_send_is_nobodys_but_yours(world: World) -> None:
    incident = world.press(world.pressed - timedelta(minutes=45))
    world.let_pass(1800, by=30)
    assert world.steps(incident) == []


# ------------------------------------------------------------------------------------------------- the past


@pytest.fixture(scope="module")
def homes(entities: list[Entity]) -> list[Home]:
    return [e for e in entities if isinstance(e, Home)]


def test_a_month_of_incidents_obeys_the_procedure_and_is_all_closed(simulator: Simulator, homes: list[Home]) -> None:
    catalogue = Catalogue.load()
    past = Telling(simulator, catalogue, homes).tell(SUNDAY - PAST_CARE, SUNDAY - STILL_OPEN)
    assert 120 <= len(past.heads) <= 300
    rules = Counter(row["rule"] for row in past.alerts if row["phase"] == "firing")
    assert {"sos", "smoke", "fall", "no_movement"} <= set(rules)
    steps: dict[str, list] = {}
    for incident, step in past.steps:
        steps.setdefault(incident, []).append(step)
    for head in past.heads:
        mine = steps[head.incident_id]
        assert [s.n for s in mine] == list(range(1, len(mine) + 1))
        assert [s.at for s in mine] == sorted(s.at for s in mine)
        case = fold(catalogue.procedures[head.procedure], head, mine)
        assert (case.phase, bool(case.outcome), bool(case.still_firing)) == ("closed", True, False)
        assert case.closed_at is not None
        assert case.closed_at < SUNDAY
    again = Telling(simulator, catalogue, homes).tell(SUNDAY - PAST_CARE, SUNDAY - STILL_OPEN)
    assert again == past, "the same past on every machine"


def test_nearly_every_home_was_visited_in_each_of_two_months(simulator: Simulator, homes: list[Home]) -> None:
    found = visits(homes, simulator.seed, SUNDAY)
    assert len({v["visit_id"] for v in found}) == len(found)
    assert all(SUNDAY - timedelta(days=61) <= v["visited_at"] < SUNDAY for v in found)
    recent = {v["home_id"] for v in found if v["visited_at"] >= SUNDAY - timedelta(days=30)}
    assert 190 <= len(recent) <= 214


def test_families_tell_of_most_absences_before_they_begin(simulator: Simulator) -> None:
    told = asked = 0
    for days in range(0, 30, 3):
        now = SUNDAY + timedelta(days=days)
        away = simulator.absences(now)
        asked += len(away)
        told += sum(a.told for a in away)
        assert all(a.since < a.until for a in away)
        for absence in declared(simulator, now, "demo"):
            assert absence.recorded_at < absence.starts_at
            assert absence.ends_at > now
    assert 0.6 * asked < told < asked


def test_past_days_teach_when_a_home_is_usually_active(simulator: Simulator) -> None:
    rows = past_days(simulator, SUNDAY).to_pylist()
    assert len(rows) == LEARNED_DAYS * 214
    home = simulator.cast.elder_homes[0]
    days = {}
    for row in rows:
        if row["home_id"] == home:
            number = (row["day"] - date(1970, 1, 1)).days
            day = Day()
            day.active[:] = list(row["active"])
            day.watched[:] = True
            days[number] = day
    habit = learn(days, max(days) + 1)
    assert habit is not None
    assert habit.judges
    night, day_time = habit.usual[1 * 12 : 4 * 12].mean(), habit.usual[8 * 12 : 18 * 12].mean()
    assert day_time > 4 * night


def test_a_verdict_is_a_cause_that_the_procedure_knows() -> None:
    catalogue = Catalogue.load()
    for rule in catalogue.alert_rules.values():
        if rule.procedure:
            procedure = catalogue.procedures[rule.procedure]
            for k in range(40):
                end = verdict(rule.procedure, rule.name, lambda purpose, k=k: (k * 0.37 + purpose * 0.11) % 1)
                assert end.outcome in procedure.causes[end.cause].outcomes
                assert next_act(rule.procedure, "closed", [], end, lambda purpose: 0.5) is None

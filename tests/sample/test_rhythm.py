"""The simulated days are plausible: nights are quiet, lunch is full, counters add up, devices fail now and then."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
import pytest

from ingest.rhythm import METRIC_BITS, Day, carried, grid, running, uniform, wobble
from ingest.simulate import Simulator
from tests.sample.conftest import CHINA, FRIDAY, SUNDAY
from twin_model.entities import Entity, Home

Latest = Callable[..., dict[str, float]]


def at(day: datetime, hour: int, minute: int = 0) -> datetime:
    return day.replace(hour=hour, minute=minute, second=0)


def total(values: dict[str, float], part: str = "") -> float:
    return sum(v for device, v in values.items() if part in device)


def centre(simulator: Simulator, latest: Latest, when: datetime) -> float:
    rooms = {d.device_id for d in simulator.devices if d.type == "people_counter" and d.room_id}
    return sum(v for device, v in latest(when, "people", ["people_counter"]).items() if device in rooms)


def test_two_halves_are_the_whole(simulator: Simulator) -> None:
    start, middle, end = at(FRIDAY, 1), at(FRIDAY, 4), at(FRIDAY, 7, 30)
    whole = simulator.history(start, end)
    first, second = simulator.history(start, middle), simulator.history(middle, end)
    assert whole.num_rows == first.num_rows + second.num_rows
    for column in ("device_id", "metric", "taken_at", "value"):
        assert whole[column].to_pylist() == first[column].to_pylist() + second[column].to_pylist()


def test_the_same_seed_lives_the_same_day_again(entities: list[Entity], simulator: Simulator) -> None:
    again = Simulator(entities).stretch(SUNDAY - timedelta(hours=1), SUNDAY)
    before = simulator.stretch(SUNDAY - timedelta(hours=1), SUNDAY)
    assert again.values.tobytes() == before.values.tobytes()
    other = Simulator(entities, seed=8).stretch(SUNDAY - timedelta(hours=1), SUNDAY)
    assert other.values.tobytes() != before.values.tobytes()


def test_two_days_are_made_in_seconds_in_order_and_within_the_planned_amount(entities: list[Entity]) -> None:
    started = time.perf_counter()
    found = Simulator(entities).stretch(SUNDAY - timedelta(hours=48), SUNDAY)
    took = time.perf_counter() - started
    assert 2 * 400_000 <= len(found.codes) <= 2 * 700_000
    assert np.all(np.diff(found.taken) >= 0)
    assert took < 15.0, "about one second on a free machine"


def test_every_value_lies_in_its_declared_range(simulator: Simulator) -> None:
    found = simulator.stretch(SUNDAY - timedelta(hours=24), SUNDAY)
    names = {number: name for name, number in simulator.metrics.items()}
    order = np.argsort(found.codes, kind="stable")
    codes, starts = np.unique(found.codes[order], return_index=True)
    for code, values in zip(codes.tolist(), np.split(found.values[order], starts[1:]), strict=True):
        device = simulator.devices[code >> METRIC_BITS]
        metric = simulator.catalogue.sensor_types[device.type].metrics[names[code & 63]]
        assert metric.low <= values.min(), (device.device_id, metric.name)
        assert values.max() <= metric.high, (device.device_id, metric.name)


def test_a_sunday_afternoon_is_as_the_drawn_screens_show_it(simulator: Simulator, latest: Latest) -> None:
    assert centre(simulator, latest, SUNDAY) == pytest.approx(137, abs=25)
    assert total(latest(SUNDAY, "occupied", ["parking_bay", "parking_barrier"])) == pytest.approx(612, abs=40)
    assert total(latest(SUNDAY, "power_kw", ["electricity_meter"])) == pytest.approx(418, rel=0.15)
    chargers = latest(SUNDAY, "charger_state", ["ev_charger"])
    assert 12 <= sum(v == 0 for v in chargers.values()) <= 28


def test_the_canteen_is_full_at_half_past_eleven_and_empty_at_ten_at_night(latest: Latest) -> None:
    canteen = "people-counter-0001"
    assert total(latest(at(FRIDAY, 11, 35), "people", ["people_counter"]), canteen) > 45
    left_over = total(latest(at(FRIDAY, 22), "people", ["people_counter"]), canteen)
    assert left_over < 10, "the device's own tally has drifted; the twin empties it when the place is closed"


def test_the_school_is_full_on_friday_and_empty_on_sunday(simulator: Simulator, latest: Latest) -> None:
    school = next(
        d.device_id for d in simulator.devices if d.facility_id == "demo-f-school" and d.type == "people_counter"
    )
    assert latest(at(FRIDAY, 10), "people", ["people_counter"])[school] > 550
    assert latest(at(SUNDAY, 10), "people", ["people_counter"])[school] < 10


def test_people_are_home_at_night_and_out_on_a_workday(entities: list[Entity], latest: Latest) -> None:
    residents = sum(
        (h.age_0_17 or 0) + (h.age_18_59 or 0) + (h.age_60_79 or 0) + (h.age_80_up or 0)
        for h in entities
        if isinstance(h, Home)
    )
    night = total(latest(at(FRIDAY, 3, 30), "people", ["gate"]))
    workday, sunday = (total(latest(at(d, 10, 30), "people", ["gate"])) for d in (FRIDAY, SUNDAY))
    assert 0.9 * residents < night <= residents
    assert workday < 0.6 * residents < sunday


def test_gate_tallies_change_by_who_entered_and_left(simulator: Simulator) -> None:
    found = simulator.stretch(at(FRIDAY, 5), at(FRIDAY, 23))
    gate = simulator.cast.of_kind("gate")[3]
    course = {
        name: found.values[found.codes == (gate << METRIC_BITS | simulator.metrics[name])]
        for name in ("people", "entered", "left")
    }
    inside = course["people"] - course["entered"] + course["left"]
    assert np.ptp(inside) == 0
    assert course["people"].min() >= 0
    assert course["entered"][-1] > 5


def test_homes_of_elders_are_still_at_night_and_stir_by_day(simulator: Simulator) -> None:
    motion = simulator.metrics["motion"]

    def moves(first: datetime, last: datetime) -> float:
        found = simulator.stretch(first, last)
        return float(np.sum((found.codes & 63 == motion) & (found.values == 1)))

    night, morning = moves(at(SUNDAY, 1), at(SUNDAY, 3)), moves(at(SUNDAY, 8), at(SUNDAY, 10))
    assert morning > 8 * night > 0


def test_electricity_peaks_in_the_evening_and_energy_is_the_sum_of_power(simulator: Simulator, latest: Latest) -> None:
    power = {h: total(latest(at(FRIDAY, h), "power_kw", ["electricity_meter"])) for h in (3, 14, 20)}
    assert power[20] > 1.3 * power[14] > 1.5 * power[3]
    meter = simulator.cast.of_kind("electricity_meter")[0]
    found = simulator.stretch(at(FRIDAY, 6), at(FRIDAY, 22))
    energy, kilowatts = (
        found.values[found.codes == (meter << METRIC_BITS | simulator.metrics[m])] for m in ("energy_kwh", "power_kw")
    )
    assert energy[-1] - energy[0] == pytest.approx(kilowatts.mean() * 16, rel=0.03)
    assert np.all(np.diff(energy) >= 0)


def test_counters_never_run_backwards_within_a_day(simulator: Simulator) -> None:
    found = simulator.stretch(at(FRIDAY, 4), at(FRIDAY, 4) + timedelta(hours=24))
    names = {number: name for name, number in simulator.metrics.items()}
    order = np.argsort(found.codes, kind="stable")
    codes, starts = np.unique(found.codes[order], return_index=True)
    for code, values in zip(codes.tolist(), np.split(found.values[order], starts[1:]), strict=True):
        kind = simulator.catalogue.sensor_types[simulator.devices[code >> METRIC_BITS].type]
        if kind.metrics[names[code & 63]].kind == "counter":
            assert np.all(np.diff(values) >= 0), (simulator.devices[code >> METRIC_BITS].device_id, names[code & 63])


def test_parking_fills_at_night_and_cars_stay_where_they_stood_at_four(simulator: Simulator, latest: Latest) -> None:
    assert total(latest(at(FRIDAY, 3), "occupied", ["parking_bay", "parking_barrier"])) > 700
    assert total(latest(at(FRIDAY, 11), "occupied", ["parking_bay", "parking_barrier"])) < 500
    before = latest(at(FRIDAY, 3, 59), "occupied", ["parking_bay"])
    after = latest(at(FRIDAY, 4, 1), "occupied", ["parking_bay"])
    assert {d for d in before if before[d] != after[d]} == set()


def test_lamps_burn_at_night_only(latest: Latest) -> None:
    assert set(latest(at(FRIDAY, 12), "lamp_on", ["street_lamp"]).values()) == {0.0}
    assert np.mean(list(latest(at(FRIDAY, 19), "lamp_on", ["street_lamp"]).values())) > 0.95


@pytest.mark.parametrize("days", [0, 3, 40])
def test_about_one_device_in_a_hundred_is_not_heard(simulator: Simulator, days: int) -> None:
    types = simulator.catalogue.sensor_types
    when = SUNDAY + timedelta(days=days)
    found = simulator.stretch(when - timedelta(hours=27), when)
    newest = np.zeros(len(simulator.devices))
    np.maximum.at(newest, found.codes >> METRIC_BITS, found.taken / 1e6)
    limit = np.array([types[d.type].stale_after.total_seconds() for d in simulator.devices])
    silent = np.sum(when.timestamp() - newest > limit) / len(limit)
    assert 0.004 <= silent <= 0.016


def test_each_day_has_an_sos_call_and_every_call_ends(simulator: Simulator) -> None:
    sos = simulator.metrics["sos"]
    for day in range(3):
        start = at(FRIDAY, 4) + timedelta(days=day)
        found = simulator.stretch(start, start + timedelta(hours=24))
        calls = found.codes[(found.codes & 63 == sos) & (found.values == 1)]
        assert 1 <= len(set(calls.tolist())) <= 12
        for code in set(calls.tolist()):
            assert found.values[found.codes == code][-1] == 0


def test_a_gateway_that_lost_its_line_takes_its_zigbee_devices_along(simulator: Simulator) -> None:
    cast = simulator.cast
    gateways = cast.of_kind("gateway")
    hours = np.arange(0, 20 * 24, 0.25) * 3600 + SUNDAY.timestamp()
    outage = next((g, h) for h in hours for g in gateways if cast.offline(np.array([g]), np.array([h]))[0])
    children = np.flatnonzero(cast.gateway_of == outage[0])
    assert len(children) > 1
    assert cast.silent(children, np.full(len(children), outage[1])).all()


def test_chance_is_a_function_of_its_keys() -> None:
    assert uniform(7, np.arange(3))[1] == uniform(7, 1)[0]
    spread = uniform(1, np.arange(10_000))
    assert spread.mean() == pytest.approx(0.5, abs=0.02)
    seconds = np.arange(0, 10_000, 10.0)
    course = wobble(3, seconds, 900.0)
    assert np.abs(course).max() <= 1.0
    assert np.abs(np.diff(course)).max() < 0.05


def test_carried_fills_each_devices_gaps_and_running_sums_per_device() -> None:
    nan = np.nan
    device, seconds, value = carried(
        np.array([1, 0, 1, 0]), np.array([5.0, 2.0, 1.0, 9.0]), np.array([1.0, nan, nan, nan]), np.array([4.0, 0.0])
    )
    assert device.tolist() == [0, 0, 1, 1]
    assert seconds.tolist() == [2, 9, 1, 5]
    assert value.tolist() == [4, 4, 0, 1]
    assert running(np.array([0, 0, 1]), np.array([2.0, 3.0, 7.0])).tolist() == [2, 5, 7]


def test_a_day_begins_at_four_in_the_morning_in_china() -> None:
    day = Day(7, 20_779)
    assert datetime.fromtimestamp(day.start_s, CHINA) == datetime(2026, 11, 22, 4, tzinfo=CHINA)
    assert day.weekend
    device, seconds = grid(2, 43_200.0)
    assert device.tolist() == [0, 0, 1, 1]
    assert seconds.tolist() == [0, 43_200, 0, 43_200]


def test_live_somebody_calls_for_help_about_every_half_hour_by_day_and_night(simulator: Simulator) -> None:
    sos = simulator.metrics["sos"]
    start = at(FRIDAY, 4)
    found = simulator.stretch(start, start + timedelta(hours=24), fine=True)
    pressed = (found.codes & 63 == sos) & (found.values == 1)
    since = {}
    for code, taken in zip(found.codes[pressed].tolist(), found.taken[pressed].tolist(), strict=True):
        since.setdefault(code, taken)
    gaps = np.diff(sorted(since.values())) / 60e6
    assert 40 <= len(since) <= 60
    assert gaps.max() <= 75, "a button may be out of order"
    assert 20 <= np.median(gaps) <= 40


def test_a_meal_is_ordered_in_the_morning_and_nearly_always_fetched_at_noon(latest: Latest) -> None:
    orders = {h: list(latest(at(FRIDAY, h), "meal_order", ["meal_order"]).values()) for h in (6, 10, 14)}
    assert len(orders[14]) == 64
    assert orders[6].count(0.0) >= 60, "what an unplugged device said yesterday stays"
    assert 35 <= orders[10].count(1.0) <= 55
    assert orders[14].count(1.0) <= 6 < 30 <= orders[14].count(2.0)

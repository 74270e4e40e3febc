"""A day of rooms, buildings and streets: people counters, air, meals, electricity, lamps, bins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ingest.cast import Cast
from ingest.rhythm import Day, Floats, Ints, Sheet, along, at_hour, grid, running, uniform, wobble
from ingest.timetables import (
    BUSTLE,
    DWELL_H,
    HOME_WEEKEND_KW,
    HOME_WORKDAY_KW,
    LOAD,
    OFFICE,
    PEOPLE,
    RUBBISH,
    SHUT,
    TRAFFIC,
)

_NOBODY = (SHUT, SHUT)


def write_places(sheet: Sheet, cast: Cast) -> None:
    """All readings of rooms, buildings and streets that do not follow single residents."""
    write_counters(sheet, cast)
    _meals(sheet, cast)
    _climate(sheet, cast)
    _electricity(sheet, cast)
    _air(sheet, cast)
    _lamps(sheet, cast)
    _bins(sheet, cast)


def _code(place_id: str) -> str:
    return place_id.rsplit("-", 1)[-1]


def _expected(code: str, day: Day, hour: Floats) -> Floats:
    return along(PEOPLE.get(code, _NOBODY)[day.weekend], hour)


def _by_place(cast: Cast, numbers: Ints, device: Ints, day: Day, seconds: Floats) -> Floats:
    """Expected people at each device's place; ``device`` counts within ``numbers``."""
    hour = 4.0 + seconds / 3600.0
    found = np.zeros(len(seconds))
    for k, number in enumerate(numbers):
        mine = device == k
        found[mine] = _expected(_code(cast.place_of[number]), day, hour[mine])
    return found


@dataclass(frozen=True)
class Counted:
    """A day at the people counters as it truly was; arrays are (counters, reports of the day).

    ``seconds`` since 04:00; ``people`` inside, ``entered`` and ``left`` since 04:00.
    """

    numbers: Ints
    seconds: Floats
    people: Floats
    entered: Floats
    left: Floats


def truth_of_counters(cast: Cast, day: Day) -> Counted:
    """Who really was in the rooms, and who really came and went; a counter misses some of it."""
    numbers = cast.of_kind("people_counter")
    device, seconds = grid(len(numbers), 120.0, uniform(cast.seed, 51, numbers))
    expected = _by_place(cast, numbers, device, day, seconds)
    places = [cast.place_of[n] for n in numbers]
    expected /= np.array([places.count(p) for p in places], dtype=np.float64)[device]
    at = day.start_s + seconds
    spread = 0.07 * expected * wobble(numbers[device], at, 5400.0) + 0.55 * np.sqrt(expected) * wobble(
        numbers[device] + 50_021, at, 900.0
    )
    wished = np.round(np.maximum(0.0, np.where(expected < 0.5, 0.0, expected + spread)))
    room = np.array([cast.capacity.get(p, 0) or 10_000 for p in places], dtype=np.float64)
    people: Floats = np.minimum(wished, room[device]).reshape(len(numbers), -1)
    dwell = np.array([DWELL_H.get(_code(p), 1.4) for p in places])
    turnover = people * (120.0 / 3600.0) / dwell[:, None]
    arrivals = np.maximum(np.diff(people, axis=1, prepend=0.0), 0.0) + 0.5 * turnover
    entered = np.floor(np.cumsum(arrivals, axis=1))
    return Counted(numbers, seconds.reshape(people.shape), people, entered, entered - people)


MOST_MISSED, MOST_DOUBLED = 0.018, 0.006
"""The share of passages the worst counter misses or counts twice, each way of its own."""


def _seen(cast: Cast, day: Day, passed: Floats, numbers: Ints, way: int) -> Floats:
    """A running count of passages as the counter sees it: some missed, some counted twice."""
    missed, doubled = (
        most * uniform(cast.seed, 62, numbers, way, k)[:, None] for k, most in ((0, MOST_MISSED), (1, MOST_DOUBLED))
    )
    rng = day.rng(f"counters {way}")
    each = np.diff(passed, axis=1, prepend=0.0).astype(np.int64)
    lost = rng.binomial(each, np.broadcast_to(missed, each.shape))
    twice = rng.binomial(each - lost, np.broadcast_to(doubled, each.shape))
    return np.asarray(np.cumsum(each - lost + twice, axis=1), dtype=np.float64)


def told_by_counters(cast: Cast, day: Day, true: Counted) -> tuple[Floats, Floats]:
    """Entered and left as the counters tell them: what truly passed, with their misses and doubles."""
    entered = _seen(cast, day, true.entered, true.numbers, 0)
    return entered, _seen(cast, day, true.left, true.numbers, 1)


def write_counters(sheet: Sheet, cast: Cast) -> None:
    """What the counters say: both counts drift apart, and the device's own tally with them."""
    true = truth_of_counters(cast, sheet.day)
    if not len(true.numbers):
        return
    entered, left = told_by_counters(cast, sheet.day, true)
    people = np.maximum(0.0, entered - left).ravel()
    number = np.repeat(true.numbers, true.people.shape[1])
    told = (true.people.ravel() > 0) | (np.arange(len(people)) % 3 == 0)
    sheet.add(
        number[told], true.seconds.ravel()[told], people=people[told], entered=entered.ravel()[told],
        left=left.ravel()[told],
    )  # fmt: skip


def _meals(sheet: Sheet, cast: Cast) -> None:
    """Lunch and supper handed out at the canteen's windows."""
    numbers, rng = cast.of_kind("meal_point"), sheet.day.rng("meals")
    if not len(numbers):
        return
    lunch, supper = int(rng.normal(176, 9)), int(rng.normal(64, 6))
    hours = np.r_[rng.triangular(10.95, 11.5, 12.6, lunch), rng.triangular(16.95, 17.3, 18.1, supper)]
    window = rng.integers(0, len(numbers), len(hours))
    beat, at = grid(len(numbers), 600.0, uniform(cast.seed, 52, numbers))
    device = np.r_[window, beat]
    seconds = np.r_[np.round(at_hour(hours), 1), at]
    order = np.lexsort((seconds, device))
    device, seconds = device[order], seconds[order]
    one = np.r_[np.ones(len(hours)), np.zeros(len(beat))][order]
    sheet.add(numbers[device], seconds, meals=running(device, one))


def _season(at: Floats) -> Floats:
    """Mean temperature of the time of the year in °C; coldest about 20 January."""
    return np.asarray(17.2 - 12.2 * np.cos(2 * np.pi * ((at / 86_400.0 - 20) % 365.2425) / 365.2425))


def outdoor(at: Floats) -> Floats:
    """Temperature outside in °C: season, time of day, and weather that turns over some days."""
    hour = (at / 3600.0 + 8.0) % 24.0
    weather = 3.0 * wobble(1, at, 172_800.0) + 0.5 * wobble(2, at, 5400.0)
    return np.asarray(_season(at) + 3.6 * np.cos((hour - 14.5) * np.pi / 12.0) + weather)


def _humid(at: Floats, temperature: Floats) -> Floats:
    return np.clip(72.0 - 2.4 * (temperature - _season(at)) + 12.0 * wobble(3, at, 129_600.0), 28.0, 97.0)


def _climate(sheet: Sheet, cast: Cast) -> None:
    """Rooms: CO2 follows the people in them, temperature half the weather, half the heating."""
    day = sheet.day
    for kind in ("co2", "temperature"):
        numbers = cast.of_kind(kind)
        device, seconds = grid(len(numbers), 600.0, uniform(cast.seed, 53, numbers))
        at = day.start_s + seconds
        crowd = _by_place(cast, numbers, device, day, seconds - 900.0)
        seats = np.array([cast.capacity.get(cast.place_of[n], 0) or 40 for n in numbers], dtype=np.float64)
        full = np.clip(crowd / seats[device], 0.0, 1.3)
        outside = outdoor(at)
        warm = 0.62 * 21.5 + 0.38 * outside + 1.3 * np.minimum(full, 1.0)
        own = 0.8 * wobble(numbers[device], at, 10_800.0) + (uniform(cast.seed, 54, numbers) - 0.5)[device]
        own += np.where(cast.elder_of[numbers] >= 0, 1.0, 0.0)[device]  # homes are kept warmer than halls
        temperature = np.round(warm + own - _unheated(cast, day, numbers[device], seconds), 1)
        humidity = np.round(np.clip(_humid(at, outside) * 0.72 + 4.0 * full, 25, 90), 1)
        if kind == "co2":
            ppm = 425.0 + 760.0 * full + 25.0 * wobble(numbers[device] + 77_003, at, 3600.0)
            sheet.add(numbers[device], seconds, co2=np.round(ppm), temperature=temperature, humidity=humidity)
        else:
            sheet.add(
                numbers[device], seconds, temperature=temperature, humidity=humidity,
                battery=cast.battery(numbers[device], at),
            )  # fmt: skip


def _unheated(cast: Cast, day: Day, number: Ints, seconds: Floats) -> Floats:
    """Degrees a home loses in a night when the heater has failed: one home in some 50 nights."""
    fails = (cast.elder_of[number] >= 0) & (uniform(day.seed, 69, number, day.number) < 0.02)
    return np.where(fails, np.clip((seconds - at_hour(20.0)) / 2400.0, 0.0, 12.0), 0.0)


def _power(cast: Cast, number: int, day_no: Ints, seconds: Floats) -> Floats:
    """Load of one meter in kW, without the quick flicker: one row per day of ``day_no``, ``seconds`` since 04:00."""
    building = cast.place_of[number]
    hour = 4.0 + seconds / 3600.0
    at = (Day(cast.seed, 0).start_s + 86_400.0 * day_no)[:, None] + seconds
    weekend = ((day_no + 3) % 7 >= 5)[:, None]
    homes = cast.homes_in.get(building, 0)
    if homes:
        load = homes * np.where(weekend, along(HOME_WEEKEND_KW, hour), along(HOME_WORKDAY_KW, hour))
    else:
        night, top, knots, share = LOAD.get(_code(building), (2.0, 6.0, OFFICE, 0.5))
        load = night + top * np.where(weekend, share, 1.0) * along(knots, hour)
    chill = 1.0 + 0.012 * np.abs(outdoor(at) - 20.0)
    return np.asarray(load * chill * (1.0 + 0.08 * wobble(number, at, 9000.0)))


_METERS_SINCE = 20_454
"""Day number of 2026-01-01: the meters' energy is summed from there."""
_HALF_HOURS: Floats = np.arange(49, dtype=np.float64) * 1800.0


def _energy(cast: Cast, number: int, day: Day) -> Floats:
    """kWh at each half hour of the day, 49 values: the sums of ``_power`` over all days since 2026."""
    days = np.arange(min(_METERS_SINCE, day.number), day.number + 1)
    power = _power(cast, number, days, _HALF_HOURS)
    used = np.cumsum((power[:, 1:] + power[:, :-1]) * 0.25, axis=1)
    opening = np.floor(8e4 + 2.4e5 * uniform(cast.seed, 55, number))
    return np.asarray(opening + used[:-1, -1].sum() + np.r_[0.0, used[-1]])


def _electricity(sheet: Sheet, cast: Cast) -> None:
    numbers, day = cast.of_kind("electricity_meter"), sheet.day
    every = 10.0 if day.fine else 60.0
    device, seconds = grid(len(numbers), every)
    seconds = seconds + (np.floor(uniform(cast.seed, 56, numbers) * every))[device]
    at, steps = day.start_s + seconds, len(seconds) // max(1, len(numbers))
    steady, energy = np.zeros(len(seconds)), np.zeros(len(seconds))
    for k, number in enumerate(numbers.tolist()):
        mine = slice(k * steps, (k + 1) * steps)
        steady[mine] = _power(cast, number, np.array([day.number]), seconds[mine])[0]
        energy[mine] = np.interp(seconds[mine], _HALF_HOURS, _energy(cast, number, day))
    key = numbers[device]
    flicker = 1.0 + 0.035 * wobble(key + 31_013, at, 240.0) + 0.012 * wobble(key + 4_001, at, 30.0)
    sheet.add(key, seconds, power_kw=np.round(steady * flicker, 2), energy_kwh=np.round(energy, 2))


def _air(sheet: Sheet, cast: Cast) -> None:
    numbers, day = cast.of_kind("air_quality"), sheet.day
    device, seconds = grid(len(numbers), 60.0 if day.fine else 120.0, uniform(cast.seed, 57, numbers))
    at, hour = day.start_s + seconds, 4.0 + seconds / 3600.0
    key = numbers[device]
    traffic = along(TRAFFIC, hour)
    fine = (24.0 + 13.0 * wobble(5, at, 93_600.0)) * (0.86 + 0.2 * traffic) + 1.6 * wobble(key, at, 2700.0)
    coarse = fine * 1.55 + 3.0 * wobble(key + 9_001, at, 1800.0)
    outside = outdoor(at)
    temperature = outside + 0.6 * wobble(key + 9_002, at, 7200.0)
    noise = 41.0 + 11.5 * along(BUSTLE, hour)
    noise = noise + 2.2 * wobble(key + 9_003, at, 300.0) + 2.0 * wobble(key, at, 14_400.0)
    sheet.add(
        key, seconds, pm2_5=np.round(np.maximum(fine, 3.0)), pm10=np.round(np.maximum(coarse, 5.0)),
        temperature=np.round(temperature, 1), humidity=np.round(_humid(at, outside), 1), noise=np.round(noise, 1),
    )  # fmt: skip


def _lamps(sheet: Sheet, cast: Cast) -> None:
    """Lit from dusk to dawn, at half power from 23:30 to 04:30."""
    numbers, day = cast.of_kind("street_lamp"), sheet.day
    rise, down = day.daylight
    late = uniform(cast.seed, 58, numbers)
    device, seconds = grid(len(numbers), 1800.0, late)
    every = np.arange(len(numbers))
    for hour in (rise + 0.25, down + 0.2):
        device = np.r_[device, every]
        seconds = np.r_[seconds, np.round(at_hour(hour) + 240.0 * late, 1)]
    off_at, on_at = (at_hour(hour) + 240.0 * late[device] for hour in (rise + 0.25, down + 0.2))
    on = (seconds < off_at) | (seconds >= on_at)
    half = (seconds >= at_hour(23.5)) | (seconds < at_hour(4.5))
    full = np.where(half, 30.0, 58.0) + 2.0 * wobble(numbers[device], day.start_s + seconds, 3600.0)
    watts = np.where(on, np.round(full), 0.0)
    sheet.add(numbers[device], seconds, lamp_on=on.astype(np.float64), power_kw=watts * 0.001)


_ROUNDS_H = (6.4, 15.2)


def _bins(sheet: Sheet, cast: Cast) -> None:
    """Filled by the hour, emptied on two rounds; what fell after the last round is there in the morning."""
    numbers, day = cast.of_kind("waste_bin"), sheet.day
    device, seconds = grid(len(numbers), 3600.0, uniform(cast.seed, 59, numbers))
    hour = 4.0 + seconds / 3600.0
    rate, before = (0.75 + 0.62 * uniform(cast.seed, 60, numbers, d) for d in (day.number, day.number - 1))
    late = 0.4 * uniform(cast.seed, 61, numbers, day.number)
    first, second = _ROUNDS_H[0] + late, _ROUNDS_H[1] + late
    last_second = _ROUNDS_H[1] + 0.4 * uniform(cast.seed, 61, numbers, day.number - 1)

    def fallen(h: Floats) -> Floats:
        return along(RUBBISH, h)

    left = before * (100.0 - fallen(last_second))
    emptied = np.where(hour < first[device], 4.0, np.where(hour < second[device], first[device], second[device]))
    fill = rate[device] * (fallen(hour) - fallen(emptied)) + np.where(hour < first[device], left[device], 0.0)
    at = day.start_s + seconds
    sheet.add(
        numbers[device], seconds, fill=np.round(np.clip(fill + 2.0, 0.0, 100.0)),
        battery=cast.battery(numbers[device], at),
    )  # fmt: skip

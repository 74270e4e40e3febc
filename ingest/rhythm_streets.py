"""A day at the gates, in the lifts, car parks and streets, and what gateways tell of themselves."""

from __future__ import annotations

import numpy as np

from ingest.cast import Cast
from ingest.rhythm import DAY_S, SECOND, Floats, Ints, Sheet, along, at_hour, carried, grid, running, uniform, wobble
from ingest.rhythm_homes import pulses
from ingest.rhythm_people import Outings
from ingest.timetables import CHARGING, GARAGE_WEEKEND, GARAGE_WORKDAY


def write_streets(sheet: Sheet, cast: Cast, out: Outings) -> None:
    """All readings that follow who comes and goes, and the devices of the streets."""
    _gates(sheet, cast, out)
    _lifts(sheet, cast, out)
    _bays(sheet, cast)
    _barriers(sheet, cast)
    _chargers(sheet, cast)
    _cameras(sheet, cast)
    _gateways(sheet, cast)


def _gates(sheet: Sheet, cast: Cast, out: Outings) -> None:
    """The tally inside each staircase: its residents here today, less those out; every passage is a message."""
    numbers, people = cast.of_kind("gate"), cast.people
    known = people.gate >= 0
    here = known & ~out.away
    inside = np.bincount(people.gate[here], minlength=len(numbers)).astype(np.float64)
    person, slot = np.nonzero(~np.isnan(out.start) & known[:, None])
    gate = people.gate[person]
    beat, at = grid(len(numbers), 600.0, uniform(cast.seed, 71, numbers))
    n, blank = len(person), np.zeros(len(beat))
    device = np.r_[gate, gate, beat]
    seconds = np.r_[out.start[person, slot], out.end[person, slot], at]
    order = np.lexsort((seconds, device))
    device, seconds = device[order], seconds[order]
    entered = running(device, np.r_[np.zeros(n), np.ones(n), blank][order])
    left = running(device, np.r_[np.ones(n), np.zeros(n), blank][order])
    sheet.add(numbers[device], seconds, people=inside[device] + entered - left, entered=entered, left=left)


def _lifts(sheet: Sheet, cast: Cast, out: Outings) -> None:
    """A ride for each outing from the second floor up, unless the lift is on the way already."""
    numbers, people, rng = cast.of_kind("lift"), cast.people, sheet.day.rng("lifts")
    if not len(numbers):
        return
    lifts = np.full((int(people.gate.max(initial=0)) + 2, 2), -1)
    for gate, own in cast.lifts_of_gate.items():
        lifts[gate] = own[[0, -1]]
    person, slot = np.nonzero(~np.isnan(out.start) & (lifts[people.gate, :1] >= 0) & (people.floor[:, None] > 1))
    floor = people.floor[person].astype(np.float64)
    which = lifts[people.gate[person], rng.integers(0, 2, len(person))]
    ride = np.round(9.0 + 2.4 * floor, 1)
    begin = np.r_[out.start[person, slot] - 40.0 - ride, out.end[person, slot] + 25.0]
    ride, lift = np.r_[ride, ride], np.r_[which, which]
    origin = np.r_[floor, np.ones(len(floor))]
    target = np.r_[np.ones(len(floor)), floor]
    order = np.lexsort((begin, lift))
    begin, ride, lift, origin, target = (x[order] for x in (begin, ride, lift, origin, target))
    span = 4.0 * DAY_S
    busy_until = np.maximum.accumulate(lift * span + begin + ride)
    free = np.r_[True, lift[1:] * span + begin[1:] > busy_until[:-1]] if len(lift) else np.zeros(0, bool)
    begin, ride, lift, origin, target = (x[free] for x in (begin, ride, lift, origin, target))

    count = min(int(rng.poisson(0.7)), len(numbers))
    broken = rng.choice(len(numbers), count, replace=False)
    since = np.round(at_hour(6.0 + 16.0 * rng.random(count)), 1)
    until = np.round(since + 60.0 * (18.0 + 55.0 * rng.random(count)), 1)
    for which_one, first, last in zip(broken, since, until, strict=True):
        stuck = (lift == which_one) & (begin + ride > first) & (begin < last)
        begin, ride, lift, origin, target = (x[~stuck] for x in (begin, ride, lift, origin, target))

    beat, at = grid(len(numbers), 600.0, uniform(cast.seed, 72, numbers))
    device = np.r_[lift, lift, broken, broken, beat]
    seconds = np.r_[begin, begin + ride, since, until, at]
    m, k, blank = len(lift), 2 * count, np.full(len(beat), np.nan)
    rides = np.full(2 * m, np.nan)
    d, s, moving = carried(
        device, seconds, np.r_[np.ones(m), np.zeros(m), np.full(k, np.nan), blank], np.zeros(len(numbers))
    )
    _, _, level = carried(device, seconds, np.r_[origin, target, np.full(k, np.nan), blank], np.ones(len(numbers)))
    _, _, fault = carried(device, seconds, np.r_[rides, np.ones(count), np.zeros(count), blank], np.zeros(len(numbers)))
    sheet.add(numbers[d], np.round(s, 1), running=moving, lift_floor=level, fault=fault)


def _parked_overnight(cast: Cast, numbers: Ints, day_no: int) -> Floats:
    """1 for the bays a car stands in at 04:00 of day ``day_no`` + 1."""
    return (uniform(cast.seed, 73, numbers, day_no) < 0.95).astype(np.float64)


def _bays(sheet: Sheet, cast: Cast) -> None:
    """Residents' cars leave in the morning and are back in the evening; visitors take the bays between."""
    numbers, day = cast.of_kind("parking_bay"), sheet.day
    rng, n = day.rng("bays"), len(numbers)
    before, after = _parked_overnight(cast, numbers, day.number - 1), _parked_overnight(cast, numbers, day.number)
    public = np.array([cast.place_of[x].endswith("-parking") for x in numbers], dtype=bool)
    goes = (before > 0) & (rng.random(n) < (0.37 if day.weekend else 0.58))
    leave = at_hour((9.6 if day.weekend else 7.75) + (1.3 if day.weekend else 0.6) * rng.normal(size=n))
    leave = np.clip(leave, at_hour(5.0), at_hour(13.0))
    home = np.clip(at_hour(18.4 + 1.5 * rng.normal(size=n)), leave + 3600.0, at_hour(25.5))
    visited = ((before == 0) | goes) & (rng.random(n) < np.where(public, 0.78, 0.46))
    arrive = np.where(goes, leave, at_hour(8.0)) + (0.1 + 2.4 * rng.random(n)) * 3600.0
    depart = np.minimum(arrive + (1.5 + 7.0 * rng.random(n)) * 3600.0, home - 600.0)
    visited &= depart > arrive + 900.0
    ends = np.where(goes | (before == 0), (after > 0), False)
    gone_later = (before > 0) & ~goes & (after == 0)
    changes = [
        (goes, leave, 0.0), (visited, arrive, 1.0), (visited, depart, 0.0), (ends, home, 1.0), (gone_later, home, 0.0),
    ]  # fmt: skip
    device = np.concatenate([np.flatnonzero(mask) for mask, _, _ in changes])
    seconds = np.concatenate([np.round(when[mask], 1) for mask, when, _ in changes])
    value = np.concatenate([np.full(int(mask.sum()), to) for mask, _, to in changes])
    beat, at = grid(n, 14_400.0, uniform(cast.seed, 74, numbers))
    d, s, taken = carried(np.r_[device, beat], np.r_[seconds, at], np.r_[value, np.full(len(beat), np.nan)], before)
    sheet.add(numbers[d], s, occupied=taken, battery=cast.battery(numbers[d], day.start_s + s))


def _barriers(sheet: Sheet, cast: Cast) -> None:
    numbers, day = cast.of_kind("parking_barrier"), sheet.day
    device, seconds = grid(len(numbers), 120.0, uniform(cast.seed, 75, numbers))
    bays = np.array([cast.capacity.get(cast.place_of[n], 0) / max(1, len(numbers)) for n in numbers])[device]
    share = along(GARAGE_WEEKEND if day.weekend else GARAGE_WORKDAY, 4.0 + seconds / 3600.0)
    moving = 0.012 * wobble(numbers[device], day.start_s + seconds, 3600.0)
    sheet.add(numbers[device], seconds, occupied=np.round(bays * np.clip(share + moving, 0.0, 1.0)))


def _chargers(sheet: Sheet, cast: Cast) -> None:
    """A charger's life runs in turns of six hours that know no midnight: free, charging, full, free."""
    numbers, day = cast.of_kind("ev_charger"), sheet.day
    turn_s = 6 * 3600.0
    key = numbers
    phase = uniform(cast.seed, 76, key) * turn_s

    def at_instant(device: Ints, at: Floats) -> tuple[Floats, Floats]:
        number = key[device]
        turn = np.floor((at + phase[device]) / turn_s)
        begin = turn * turn_s - phase[device]
        hour = ((begin + 3600.0) / 3600.0 + 8.0) % 24.0
        used = uniform(cast.seed, 77, number, turn) < along(CHARGING, hour)
        plug = begin + 5400.0 * uniform(cast.seed, 78, number, turn)
        full = plug + 60.0 + 3600.0 * (1.2 + 2.0 * uniform(cast.seed, 79, number, turn))
        free = full + (begin + turn_s - 120.0 - full) * uniform(cast.seed, 80, number, turn)
        state = np.where(at < plug, 0, np.where(at < plug + 60, 1, np.where(at < full, 2, np.where(at < free, 3, 0))))
        fault = (uniform(cast.seed, 81, number, turn) < 0.02) & ~used
        state = np.where(used, state, np.where(fault, 4, 0)).astype(np.float64)
        taper = np.clip((full - at) / 2400.0, 0.25, 1.0)
        power = 6.85 * taper * (1.0 + 0.02 * wobble(number, at, 200.0))
        return state, np.where(state == 2, np.round(power, 2), 0.0)

    device, seconds = grid(len(numbers), 60.0 if day.fine else 120.0)
    seconds = seconds + np.floor(uniform(cast.seed, 82, key) * 60.0)[device]
    state, power = at_instant(device, day.start_s + seconds)
    changed = np.r_[True, (state[1:] != state[:-1]) | (device[1:] != device[:-1])] if len(state) else state.astype(bool)
    told = changed | (state == 2) | (np.arange(len(state)) % 5 == 0)
    sheet.add(numbers[device[told]], seconds[told], charger_state=state[told], power_kw=power[told])


def _cameras(sheet: Sheet, cast: Cast) -> None:
    """Fire lanes blocked some times a day, a crowd on the squares in the evening, rarely a thing that falls."""
    numbers, rng = cast.of_kind("camera_event"), sheet.day.rng("cameras")
    if not len(numbers):
        return
    squares = np.flatnonzero([not cast.devices[n].building_id for n in numbers])
    lanes = np.flatnonzero([bool(cast.devices[n].building_id) for n in numbers])
    beat, at = grid(len(numbers), 600.0, uniform(cast.seed, 83, numbers))

    def some(
        among: Ints, mean: float, first: float, last: float, low: float, high: float
    ) -> tuple[Ints, Floats, Floats]:
        device = rng.choice(among, min(int(rng.poisson(mean)), len(among)), replace=False)
        start = np.round(at_hour(first + (last - first) * rng.random(len(device))), 1)
        return pulses(device, start, 60.0 * (low + (high - low) * rng.random(len(device))))

    events = [
        some(lanes, 5.0, 7.5, 21.5, 9, 45),
        some(lanes, 0.15, 8, 22, 0.5, 1),
        some(squares, 1.2, 18.9, 19.4, 30, 60),
    ]
    device = np.concatenate([*(d for d, _, _ in events), beat])
    seconds = np.concatenate([*(s for _, s, _ in events), at])
    states = []
    for mine in range(3):
        parts = [v if k == mine else np.full(len(v), np.nan) for k, (_, _, v) in enumerate(events)]
        column = np.concatenate([*parts, np.full(len(beat), np.nan)])
        d, s, value = carried(device, seconds, column, np.zeros(len(numbers)))
        states.append(value)
    sheet.add(numbers[d], s, fire_lane_blocked=states[0], falling_object=states[1], crowd=states[2])


def _gateways(sheet: Sheet, cast: Cast) -> None:
    numbers, day = cast.of_kind("gateway"), sheet.day
    every = 20.0 if day.fine else 60.0
    hours = np.array([cast.reachable(day.start + h * 3600 * SECOND) for h in range(24)]).reshape(24, len(numbers))
    device, seconds = grid(len(numbers), every, uniform(cast.seed, 84, numbers))
    sheet.add(numbers[device], seconds, children=hours[(seconds // 3600).astype(np.int64), device])

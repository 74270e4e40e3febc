"""A day of the kits in the homes of elders living alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.cast import Cast
from ingest.rhythm import DAY_S, Day, Floats, Ints, Sheet, at_hour, carried, grid, uniform, wobble
from ingest.rhythm_people import SLOTS, ElderDay

HEARTBEAT_S = {"sos_button": 7200.0, "motion": 2880.0, "door_contact": 7200.0, "smoke": 14400.0, "water_leak": 14400.0}


Pulses = tuple[Ints, Floats, Floats]
"""Place of each device among those of its type, second it begins, seconds it lasts."""
TAMPER = ("motion", "door_contact", "smoke")
"""Types that say with each heartbeat whether they hang where they were put."""
_SHOW_SOS_S, _SHOW_FALL_S = 1800, 4 * 3600
"""Live, somebody presses about this often, and a radar tells of a fall, so that a demonstration has something to do."""


def write_homes(sheet: Sheet, cast: Cast, elders: ElderDay) -> None:
    """All readings of the kits."""
    _motion(sheet, cast, elders)
    _doors(sheet, cast, elders)
    _water(sheet, cast, elders)
    _radars(sheet, cast, elders)
    _beds(sheet, cast, elders)
    _bands(sheet, cast, elders)
    _meals(sheet, cast, elders)
    _alarms(sheet, cast, elders)


def switched(
    sheet: Sheet, cast: Cast, kind: str, metric: str, device: Ints, seconds: Floats, value: Floats,
    initial: Floats | None = None,
) -> None:  # fmt: skip
    """Messages of a device with a state and a battery: each change, and its heartbeats between.

    ``device`` counts within the type ``kind``.
    """
    numbers = cast.of_kind(kind)
    beat, at = grid(len(numbers), HEARTBEAT_S[kind], uniform(cast.seed, 31, numbers))
    opening = np.zeros(len(numbers)) if initial is None else initial
    d, s, v = carried(
        np.concatenate([device, beat]), np.concatenate([seconds, at]),
        np.concatenate([value, np.full(len(beat), np.nan)]), opening,
    )  # fmt: skip
    sheet.add(numbers[d], s, **{metric: v}, battery=cast.battery(numbers[d], sheet.day.start_s + s))
    if kind in TAMPER:
        sheet.add(numbers[beat], at, tamper=_tampered(sheet.day, numbers[beat], at))


def _tampered(day: Day, number: Ints, seconds: Floats) -> Floats:
    """A detector hangs loose for some hours of a day, once in about nine months: adhesive that gives way."""
    loose = uniform(day.seed, 37, number, day.number) < 1 / 270
    since = at_hour(8.0 + 8.0 * uniform(day.seed, 38, number, day.number))
    return np.asarray(loose & (seconds >= since) & (seconds < since + 4 * 3600.0)).astype(np.float64)


def pulses(device: Ints, start: NDArray[Any], length: NDArray[Any]) -> tuple[Ints, Floats, Floats]:
    """On at ``start`` and off ``length`` later, as changes of state."""
    ones = np.ones(len(device))
    return np.r_[device, device], np.r_[start, np.round(start + length, 1)], np.r_[ones, ones * 0]


def _second_of_home(cast: Cast, numbers: Ints) -> NDArray[np.bool_]:
    """Marks devices that are the second of their type in a home (the bathroom's motion detector)."""
    elder = cast.elder_of[numbers]
    first = np.zeros(len(numbers), dtype=bool)
    first[np.unique(elder, return_index=True)[1]] = True
    return ~first


def _motion(sheet: Sheet, cast: Cast, elders: ElderDay) -> None:
    numbers = cast.of_kind("motion")
    bath = _second_of_home(cast, numbers)
    elder, start, length = elders.bouts
    living = np.full(len(cast.elders), -1)
    living[cast.elder_of[numbers[~bath]]] = np.flatnonzero(~bath)
    wet = np.full(len(cast.elders), -1)
    wet[cast.elder_of[numbers[bath]]] = np.flatnonzero(bath)
    visits = (wet[elder] >= 0) & (sheet.day.rng("bathroom").random(len(elder)) < 0.22)
    parts = [
        pulses(living[elder], start, length),
        pulses(wet[elder[visits]], start[visits] + 35.0, 0.8 * length[visits]),
    ]
    device, seconds, value = (np.concatenate(x) for x in zip(*parts, strict=True))
    switched(sheet, cast, "motion", "motion", device, seconds, value)


def _doors(sheet: Sheet, cast: Cast, elders: ElderDay) -> None:
    numbers = cast.of_kind("door_contact")
    rng = sheet.day.rng("doors")
    place = np.full(len(cast.elders), -1)
    place[cast.elder_of[numbers]] = np.arange(len(numbers))
    leave, back = elders.start[place >= 0], elders.end[place >= 0]
    owner = np.repeat(place[place >= 0], SLOTS)
    goes = ~np.isnan(leave.ravel())
    visitor = np.repeat(np.arange(len(place)), 2)
    ring = at_hour(8.0 + 12.0 * rng.random(len(visitor)))
    opens = (rng.random(len(visitor)) < 0.6) & (elders.stirring(visitor, ring) > 0.5) & (place[visitor] >= 0)
    # Who goes away for some days opens the door once to leave, and once to come home.
    far = np.r_[elders.leave, elders.back]
    whose = np.r_[place, place]
    far, whose = far[np.isfinite(far) & (whose >= 0)], whose[np.isfinite(far) & (whose >= 0)]
    start = np.r_[leave.ravel()[goes] - 6.0, back.ravel()[goes] - 3.0, ring[opens], far - 4.0]
    device = np.r_[owner[goes], owner[goes], place[visitor[opens]], whose]
    device, seconds, value = pulses(device, start.round(1), 9.0 + 20.0 * rng.random(len(start)))
    switched(sheet, cast, "door_contact", "open", device, seconds, value)


def _water(sheet: Sheet, cast: Cast, elders: ElderDay) -> None:
    """Whole litres, every 30 minutes; the day's litres follow the stirrings in the home."""
    numbers = cast.of_kind("water_meter")
    day, n = sheet.day, len(numbers)
    elder = cast.elder_of[numbers]
    owner, start, length = elders.bouts
    used = uniform(day.seed, 41, owner, day.number, np.round(start)) < 0.4
    # At 04:00 of each day the meter stands where a steady use with its own ups and downs has brought it.
    base = [np.floor(88.0 * d + 30.0 * uniform(day.seed, 42, elder, d) + 6e4 * uniform(day.seed, 43, elder))
            for d in (day.number - 18_000, day.number - 17_999)]  # fmt: skip
    amount = np.zeros((len(cast.elders), 90))
    np.add.at(amount, (owner[used], (start[used] * 90 / DAY_S).astype(np.int64)), length[used])
    course = np.cumsum(amount, axis=1)
    total = course[:, -1]
    device, seconds = grid(n, 1800.0, uniform(cast.seed, 32, numbers))
    cell = np.minimum((seconds * 90 / DAY_S).astype(np.int64), 89)
    done = np.where(cell > 0, course[elder[device], np.maximum(cell - 1, 0)], 0.0)
    share = np.where(total[elder[device]] > 0, done / np.maximum(total[elder[device]], 1e-9), 0.0)
    litres = base[0][device] + np.floor(share * (base[1] - base[0])[device])
    at = day.start_s + seconds
    sheet.add(numbers[device], seconds, water_m3=litres * 0.001, battery=cast.battery(numbers[device], at))


def radar_visits(day: Day, cast: Cast, elders: ElderDay) -> tuple[Ints, Floats, Floats, Ints]:
    """What the radars see: number of the radar, when somebody comes, for how long; and which of these end in a fall."""
    numbers, rng = cast.of_kind("fall_radar"), day.rng("radars")
    place = np.full(len(cast.elders), -1)
    place[cast.elder_of[numbers]] = np.arange(len(numbers))
    owner, start, length = elders.bouts
    seen = (place[owner] >= 0) & (rng.random(len(owner)) < 0.24)
    falls = np.arange(int(seen.sum()))[: int(rng.random() < 0.4)]
    return place[owner[seen]], start[seen], length[seen], falls


def fall_calls(day: Day, radar: Ints, visited: Floats) -> Pulses:
    """The falls that began with these visits: a minute after, for minutes."""
    return radar, visited + 60.0, 90.0 + 600.0 * uniform(day.seed, 39, radar, day.number)


def _radars(sheet: Sheet, cast: Cast, elders: ElderDay) -> None:
    numbers = cast.of_kind("fall_radar")
    radar, visited, stayed, falls = radar_visits(sheet.day, cast, elders)
    device, seconds, here = pulses(radar, visited + 30.0, stayed)
    if sheet.day.fine:
        falls = np.union1d(falls, _one_in_each(visited, _SHOW_FALL_S))
    fall_device, fall_seconds, fallen = pulses(*fall_calls(sheet.day, radar[falls], visited[falls]))
    beat, at = grid(len(numbers), 300.0, uniform(cast.seed, 33, numbers))
    blank = np.full(len(beat), np.nan)
    every = np.concatenate([device, fall_device, beat])
    when = np.concatenate([seconds, fall_seconds, at])
    zero = np.zeros(len(numbers))
    d, s, presence = carried(every, when, np.r_[here, np.full(len(fallen), np.nan), blank], zero)
    _, _, fall = carried(every, when, np.r_[np.full(len(here), np.nan), fallen, blank], zero)
    sheet.add(numbers[d], s, presence=presence, fall=fall)


def _one_in_each(start: Floats, span_s: float) -> Ints:
    """The place of the first start in each ``span_s`` of the day."""
    order = np.argsort(start, kind="stable")
    first = np.unique(start[order] // span_s, return_index=True)[1]
    return np.asarray(order[first])


def _beds(sheet: Sheet, cast: Cast, elders: ElderDay) -> None:
    """In bed a report every 5 minutes with heart and breath rate, else every 15 minutes without."""
    numbers = cast.of_kind("bed_sensor")
    day = sheet.day
    device, seconds = grid(len(numbers), 300.0, uniform(cast.seed, 34, numbers))
    elder = cast.elder_of[numbers[device]]
    walk = at_hour(23.5 + 4.0 * uniform(day.seed, 44, elder, day.number))
    up = (seconds >= walk) & (seconds < walk + 600.0) & (uniform(day.seed, 45, elder, day.number) < 0.7)
    lying = elders.asleep(elder, seconds) & ~up & ~elders.out(elder, seconds)
    told = lying | (np.arange(len(seconds)) % 3 == 0)
    sheet.add(numbers[device[told]], seconds[told], in_bed=lying[told].astype(np.float64))
    d, s, e = device[lying], seconds[lying], elder[lying]
    at = day.start_s + s
    heart = 56.0 + 12.0 * uniform(day.seed, 46, e) + 4.0 * wobble(e, at, 2700.0)
    breath = 14.0 + 3.0 * uniform(day.seed, 47, e) + 1.5 * wobble(e + 7919, at, 1800.0)
    sheet.add(numbers[d], s, heart_rate=np.round(heart), breath_rate=np.round(breath))


def _bands(sheet: Sheet, cast: Cast, elders: ElderDay) -> None:
    """Every 10 minutes while worn; an hour of the evening it lies on the charger."""
    numbers = cast.of_kind("vital_band")
    day, n = sheet.day, len(numbers)
    device, seconds = grid(n, 600.0, uniform(cast.seed, 35, numbers))
    elder = cast.elder_of[numbers[device]]
    at = day.start_s + seconds
    out, asleep = elders.out(elder, seconds), elders.asleep(elder, seconds)
    pace = np.where(out, 320.0, np.where(asleep, 0.0, 28.0)) * (0.6 + 0.8 * uniform(day.seed, 48, elder, at))
    steps = np.cumsum(np.round(pace).reshape(n, -1), axis=1).ravel()
    heart = 66.0 + 8.0 * uniform(day.seed, 46, elder) - 9.0 * asleep + 18.0 * out + 5.0 * wobble(elder, at, 1500.0)
    charging = at_hour(19.0 + 2.0 * uniform(day.seed, 49, elder))
    worn = (seconds < charging) | (seconds > charging + 3600.0)
    charge = np.where(seconds > charging, 100.0, 88.0 - 62.0 * seconds / DAY_S)
    oxygen = np.round(96.6 + 1.6 * wobble(elder + 104_729, at, 2400.0))
    sheet.add(
        numbers[device[worn]], seconds[worn], heart_rate=np.round(heart)[worn], spo2=oxygen[worn],
        steps=steps[worn], battery=np.round(charge)[worn],
    )  # fmt: skip


def alarm_calls(day: Day, cast: Cast, elders: ElderDay) -> dict[str, Pulses]:
    """The day's SOS calls, smoke from a pan, a gas leak now and then, by type; all are over after some minutes."""
    rng = day.rng("alarms")

    def some(kind: str, count: int, first: float, last: float, low: float, high: float) -> Pulses:
        numbers = cast.of_kind(kind)
        if not len(numbers):
            return numbers, np.zeros(0), np.zeros(0)
        device = rng.permutation(len(numbers))
        start = np.round(at_hour(first + (last - first) * rng.random(len(device))), 1)
        length = 60.0 * (low + (high - low) * rng.random(len(device)))
        home = np.flatnonzero(elders.stirring(cast.elder_of[numbers[device]], start) > 0.5)[:count]
        return device[home], start[home], length[home]

    return {
        "sos_button": some("sos_button", 3 + int(rng.poisson(1.0)), 7, 22.5, 3, 14),
        "smoke": some("smoke", int(rng.poisson(0.9)), 10.5, 18.5, 4, 15),
        "gas": some("gas", int(rng.random() < 0.2), 10.5, 18.5, 6, 20),
    }


def _alarms(sheet: Sheet, cast: Cast, elders: ElderDay) -> None:
    found = alarm_calls(sheet.day, cast, elders)
    calls = found["sos_button"]
    if sheet.day.fine:
        show = _show_calls(sheet.day, cast, elders)
        calls = np.r_[calls[0], show[0]], np.r_[calls[1], show[1]], np.r_[calls[2], show[2]]
    switched(sheet, cast, "sos_button", "sos", *pulses(*calls))
    switched(sheet, cast, "smoke", "smoke", *pulses(*found["smoke"]))
    _gas(sheet, cast, *pulses(*found["gas"]))


def _show_calls(day: Day, cast: Cast, elders: ElderDay) -> Pulses:
    """A call in every half hour, by day and night, each from another home, 20 to 40 minutes apart."""
    numbers = cast.of_kind("sos_button")
    home = np.flatnonzero(~elders.away[cast.elder_of[numbers]])
    turns = np.arange(DAY_S // _SHOW_SOS_S)[: len(home)]
    caller = home[np.argsort(uniform(day.seed, 100, home, day.number), kind="stable")][: len(turns)]
    start = turns * _SHOW_SOS_S + 600.0 * uniform(day.seed, 101, turns, day.number)
    return caller, np.round(start, 1), 120.0 + 300.0 * uniform(day.seed, 102, turns, day.number)


def _meals(sheet: Sheet, cast: Cast, elders: ElderDay) -> None:
    """Ordered between half past eight and ten, fetched at noon; now and then somebody does not come."""
    numbers, day = cast.of_kind("meal_order"), sheet.day
    if not len(numbers):
        return
    elder = cast.elder_of[numbers]

    def chance(purpose: int) -> Floats:
        return uniform(day.seed, purpose, numbers, day.number)

    ordered = np.flatnonzero((chance(64) < 0.72) & ~elders.away[elder])
    noon = at_hour(11.0 + 1.6 * chance(65))
    kept = (noon >= elders.still[elder, 0]) & (noon < elders.still[elder, 1])
    fetched = ordered[(chance(66) < 0.97)[ordered] & ~kept[ordered]]
    every = np.arange(len(numbers))
    beat, at = grid(len(numbers), 3600.0, uniform(cast.seed, 67, numbers))
    d, s, v = carried(
        np.r_[every, ordered, fetched, beat],
        np.r_[np.zeros(len(numbers)), at_hour(8.5 + 1.5 * chance(68))[ordered].round(1), noon[fetched].round(1), at],
        np.r_[np.zeros(len(numbers)), np.ones(len(ordered)), np.full(len(fetched), 2.0), np.full(len(beat), np.nan)],
        np.zeros(len(numbers)),
    )
    sheet.add(numbers[d], s, meal_order=v)


def _gas(sheet: Sheet, cast: Cast, device: Ints, seconds: Floats, value: Floats) -> None:
    numbers = cast.of_kind("gas")
    beat, at = grid(len(numbers), 1800.0, uniform(cast.seed, 36, numbers))
    d, s, leak = carried(
        np.r_[device, beat], np.r_[seconds, at], np.r_[value, np.full(len(beat), np.nan)], np.zeros(len(numbers))
    )
    when = sheet.day.start_s + s
    level = np.round(np.maximum(0.0, 0.35 + 0.4 * wobble(numbers[d], when, 7200.0)) + 14.0 * leak, 1)
    sheet.add(numbers[d], s, gas=leak, gas_lel=level)


def write_leaks(sheet: Sheet, cast: Cast) -> None:
    """Water in pump rooms and pipe shafts: rare, and it takes an hour to mop up."""
    day: Day = sheet.day
    rng = day.rng("leaks")
    numbers = cast.of_kind("water_leak")
    if not len(numbers):
        return
    device = rng.choice(len(numbers), min(int(rng.poisson(0.5)), len(numbers)), replace=False)
    start = np.round(DAY_S * 0.9 * rng.random(len(device)), 1)
    switched(
        sheet, cast, "water_leak", "water_leak", *pulses(device, start, 60.0 * (35 + 100 * rng.random(len(device))))
    )

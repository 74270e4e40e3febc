"""Homes that do not exist, for judging the rule of stillness: people who rise, rest, nap, go out and sleep badly.

Nothing here is measured on anybody. A person is a handful of habits; every day is drawn from them minute by minute:
bouts of doing and of resting, naps, outings (some unseen by the door), nights with visits to the bathroom, late
mornings, slow and sick days, a few days away. Different sensors see different shares of it. The absences are known
exactly, which they never are of real homes; what a rule reaches here says how rules compare, not what it will reach.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

DAY = 86_400.0
HOUR = 3600.0
MINUTE = 60.0
FIRST_DAY = 20_000 * DAY  # local seconds since 1970 of an ordinary Thursday
ROOMS = ("bedroom", "living", "kitchen", "bathroom", "hall")


@dataclass(frozen=True, kw_only=True)
class Person:
    """Habits. Hours of the day, minutes of a bout (median), events per minute, and chances per day."""

    days: int
    rise: float = 6.5
    rise_spread: float = 0.5
    retire: float = 21.5
    busy: float = 22.0
    rest: float = 28.0
    rest_spread: float = 0.8
    nap: float = 0.6
    nap_minutes: float = 60.0
    outings: float = 0.8
    out_minutes: float = 70.0
    works: bool = False
    night_visits: float = 1.6
    moves: float = 0.7
    fidgets: float = 0.04
    stirs: float = 0.004
    unseen: float = 0.06
    late: float = 0.07
    slow: float = 0.08
    sick: float = 0.015
    kind: str = "motion"
    elder: bool = True


@dataclass(frozen=True)
class Recording:
    """What the sensors of one home said: local seconds, room number, 1 where it was the outside door; and absences."""

    home: str
    person: Person
    at: F64
    room: NDArray[np.int8]
    door: NDArray[np.bool_]
    away: F64


def cohort(seed: int) -> list[Recording]:
    """Eight homes like those the rule is judged on: one long record, seven short, half of them older people."""
    rng = np.random.default_rng(seed)

    def about(low: float, high: float) -> float:
        return float(rng.uniform(low, high))

    def elder(days: int, kind: str = "motion") -> Person:
        return Person(
            days=days, kind=kind, rise=about(5.5, 8), rise_spread=about(0.3, 0.8), retire=about(20.5, 23),
            rest=about(18, 45), rest_spread=about(0.7, 1.0), nap=about(0.1, 0.9), nap_minutes=about(35, 80),
            outings=about(0.3, 1.3), night_visits=about(0.7, 2.2), fidgets=about(0.015, 0.045),
            stirs=about(0.0005, 0.005), unseen=about(0.02, 0.12), late=about(0.03, 0.1), moves=about(0.07, 0.22),
        )  # fmt: skip

    def younger(days: int, kind: str) -> Person:
        sparse = kind == "contact"
        return Person(
            days=days, kind=kind, rise=about(6.5, 9), rise_spread=about(0.5, 1.0), retire=about(22.5, 24.5),
            works=bool(rng.random() < 0.6), rest=about(25, 50), nap=about(0, 0.2), outings=about(0.3, 1),
            night_visits=about(0.4, 1.2), moves=about(0.15, 0.4) if sparse else about(0.3, 0.8),
            fidgets=about(0.005, 0.03) if sparse else about(0.02, 0.06), stirs=about(0, 0.004),
            unseen=about(0.02, 0.1), late=about(0.1, 0.25), elder=False,
        )  # fmt: skip

    people = [elder(220), elder(26), elder(24), elder(20)]
    people += [younger(14, "contact"), younger(21, "contact"), younger(18, "contact"), younger(16, "motion")]
    return [recording(f"h{n}", person, rng) for n, person in enumerate(people)]


def recording(home: str, person: Person, rng: np.random.Generator) -> Recording:
    """Live through the person's days."""
    pieces = [piece for day in range(person.days) for piece in _day(person, day, rng)]
    at: list[F64] = []
    room: list[NDArray[np.int8]] = []
    door: list[NDArray[np.bool_]] = []
    away: list[tuple[float, float]] = []
    now = FIRST_DAY
    for start, end, what in pieces:
        start, end = max(start, now), max(end, now)
        if end <= start:
            continue
        now = end
        if what == "out":
            away.append((start, end))
            times, rooms = _leave(start, end, person, rng)
        else:
            times, rooms = _stay(start, end, what, person, rng)
        order = np.argsort(times)
        at.append(times[order])
        room.append(rooms[order])
        door.append(rooms[order] == len(ROOMS))
    last = FIRST_DAY + person.days * DAY
    seen = np.concatenate(at)
    order = np.argsort(seen, kind="stable")[np.sort(seen) < last]
    return Recording(
        home, person, seen[order], np.concatenate(room)[order], np.concatenate(door)[order],
        np.array(away).reshape(-1, 2),
    )  # fmt: skip


def _day(person: Person, day: int, rng: np.random.Generator) -> Iterator[tuple[float, float, str]]:
    """(start, end, what) from the night's end to the next night's."""
    midnight = FIRST_DAY + day * DAY
    weekend = day % 7 in (2, 3)
    drawn = rng.random()
    sick = drawn < person.sick
    slow = 2.2 if sick else 1.5 if drawn < person.sick + person.slow else 1.0
    rise = person.rise + rng.normal(0, person.rise_spread) + (rng.exponential(1.1) if rng.random() < person.late else 0)
    rise += (rng.uniform(0, 0.8) if weekend and not person.elder else 0) + (rng.uniform(0, 2) if sick else 0)
    retire = person.retire + rng.normal(0, 0.6)
    yield midnight - 0.5 * DAY, midnight + rise * HOUR, "sleep"  # from wherever the evening ended
    now = midnight + rise * HOUR
    outs = [] if sick else sorted(_outings(person, midnight, weekend, rng))
    naps = [midnight + rng.normal(13.2, 0.5) * HOUR] if rng.random() < (1 if sick else person.nap) else []
    what = "busy"
    while now < midnight + retire * HOUR:
        if outs and now >= outs[0][0]:
            _, length = outs.pop(0)
            yield now, now + length, "out"
            now, what = now + length, "busy"
        elif naps and now >= naps[0]:
            naps.pop()
            length = person.nap_minutes * slow * MINUTE * rng.lognormal(0, 0.45)
            yield now, now + length, "nap"
            now, what = now + length, "busy"
        else:
            median, spread = (person.busy, 0.7) if what == "busy" else (person.rest * slow, person.rest_spread)
            length = min(median * MINUTE * rng.lognormal(0, spread), 4 * HOUR)
            yield now, now + length, what
            now, what = now + length, "rest" if what == "busy" else "busy"


def _outings(person: Person, midnight: float, weekend: bool, rng: np.random.Generator) -> Iterator[tuple[float, float]]:
    if person.works and not weekend:
        yield midnight + rng.normal(8.4, 0.3) * HOUR, rng.normal(9.2, 0.6) * HOUR
    for _ in range(rng.poisson(person.outings)):
        start = rng.choice([rng.normal(9.3, 1.2), rng.normal(15.5, 1.5), rng.normal(18.5, 0.8)], p=[0.5, 0.35, 0.15])
        yield midnight + float(start) * HOUR, person.out_minutes * MINUTE * rng.lognormal(0, 0.8)


def _leave(start: float, end: float, person: Person, rng: np.random.Generator) -> tuple[F64, NDArray[np.int8]]:
    """Through the hall and the door, unless the door does not say so; stray events in the empty home are rare."""
    hall, door = len(ROOMS) - 1, len(ROOMS)
    times, rooms = [start - 20, start - 8, end + 10], [hall, hall, hall]
    if rng.random() >= person.unseen:
        times += [start - 4, start]
        rooms += [door, door]
    if rng.random() >= person.unseen / 2:
        times += [end]
        rooms += [door]
    for _ in range(rng.poisson((end - start) / (80 * HOUR))):
        times.append(rng.uniform(start, end))
        rooms.append(1)
    return np.array(times), np.array(rooms, np.int8)


def _stay(
    start: float, end: float, what: str, person: Person, rng: np.random.Generator
) -> tuple[F64, NDArray[np.int8]]:
    """Events of one bout; in a night also the visits to the bathroom."""
    rate = {"busy": person.moves, "rest": person.fidgets, "nap": person.stirs * 2, "sleep": person.stirs}[what]
    times = rng.uniform(start, end, rng.poisson((end - start) / MINUTE * rate))
    rooms = rng.choice(len(ROOMS), len(times), p=_WHERE[what]).astype(np.int8)
    if what in ("sleep", "nap") and person.kind == "motion" and rng.random() < 0.85:  # walks to the bed
        times, rooms = np.append(times, start + 5), np.append(rooms, np.int8(0))
    if what == "sleep":
        hours = (end - start) / HOUR
        for begin in rng.uniform(start, end, rng.poisson(person.night_visits * min(hours, 9) / 8)):
            visit = rng.uniform(begin, begin + 4 * MINUTE, 1 + rng.poisson(4 * person.moves))
            times = np.concatenate((times, visit))
            rooms = np.concatenate((rooms, np.full(len(visit), 3, np.int8)))
    return times, rooms


_WHERE = {
    "busy": (0.15, 0.25, 0.35, 0.15, 0.10),
    "rest": (0.10, 0.80, 0.05, 0.03, 0.02),
    "nap": (0.80, 0.20, 0, 0, 0),
    "sleep": (1.0, 0, 0, 0, 0),
}

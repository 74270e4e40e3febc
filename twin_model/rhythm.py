"""When a home is usually active, learned from its past days, and from when on its stillness is unusual. Pure.

A day has 288 slots of five minutes; a slot is active when there was any sign of life in it. For a time of day the
*habit* holds how many active slots are expected per slot: half of it how often the slot is active at all, half how
often life resumes there after fifteen still minutes (people move in bursts, so the first alone expects too much of a
nap and too little of a morning). It is scaled by how quickly life resumes after the sensor that spoke last: nobody
stays an hour in a bathroom. A silence is unusual when, summed over it, ``LIMIT_DAY`` (or, begun towards the night,
``LIMIT_NIGHT``) active slots should have happened: never before 2 hours, always at 12. What that reaches, and on
what it was measured, is in docs/rhythm.md; it started from "missed activity" of the project's evidence, section 12.

Rules of learning:
* Only days before the one of the last sign of life teach; while a home is silent the habit stands still.
* A silence after the outside door, or ended by it, was an absence; one of more than 14 hours is not explained. None
  of them teaches. Neither does time in which the home was not watched, and it is not counted as silence.
* It judges from the third day on: two past days of at least six watched hours are needed. Before, only the 12 hours.

Instants are seconds (float) of local time since 1970; there is no summer time in China.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]
Bools = NDArray[np.bool_]

SLOT = 300.0
SLOTS = 288
HOUR = 3600.0
DAY = 86_400.0

FLOOR = 2 * HOUR
CAP = 12 * HOUR
LIMIT_DAY = 14.0
LIMIT_NIGHT = 13.0
NEEDED_DAYS = 3  # it judges on this day
LEARNED_DAYS = 28
DOOR_WINDOW = 60.0  # nothing later than this after the outside door: they left
CLEAR_WINDOW = 600.0  # an alarm ends on two signs of life within this
RARE_WINDOW = 2 * HOUR  # the same where a second sign seldom comes so soon: an hourly meter, one cupboard door
BOUNCE = 60.0  # one sensor alone must speak again after at least this; two sensors after BOTH
BOTH = 5.0
UNEXPLAINED = 14 * HOUR
KEPT_HABITS = 6

_AROUND = 6  # slots on either side that speak for a slot
_PAUSE = 3  # still slots after which activity counts as resumed
_USUAL = 0.15  # share of active slots before anything is known
_WATCHED_SLOTS = 72
_SOON = 0.2  # share of active slots that are followed by another within ten minutes

INACTIVITY = "inactivity"
NOT_RETURNED = "not_returned"


def sensor_code(name: str) -> int:
    """A number 1..255 for a sensor's name, the same in every process; two sensors may share one."""
    code = 2_166_136_261
    for byte in name.encode():
        code = ((code ^ byte) * 16_777_619) & 0xFFFFFFFF
    return code % 255 + 1


@dataclass(frozen=True)
class Due:
    """From when a home's stillness is unusual if nothing more is seen: the kind, and whether the habit said so."""

    at: float
    kind: str
    learned: bool


@dataclass
class Day:
    """What a home did on one local day: per slot the code of the sensor last active (0: none), and watched or not."""

    active: U8 = field(default_factory=lambda: np.zeros(SLOTS, np.uint8))
    watched: Bools = field(default_factory=lambda: np.zeros(SLOTS, bool))


@dataclass(frozen=True)
class Habit:
    """What past days taught. ``usual``: share of days a slot is active, 0..1; ``rate``: expected active slots;
    ``factor``: per sensor code how quickly life resumes after it; ``night``: the slot from which on a silence may be
    sleep; ``window``: seconds within which two signs of life belong together."""

    days: int
    usual: F64
    rate: F64
    factor: F64
    night: int
    window: float
    cumulative: F64

    @property
    def judges(self) -> bool:
        """Whether it knows enough."""
        return self.days >= NEEDED_DAYS - 1

    def limit(self, last: float) -> float:
        """How many active slots a silence that began at ``last`` may miss."""
        towards_night = (int(last % DAY // SLOT) - self.night) % SLOTS < 114
        return LIMIT_NIGHT if towards_night else LIMIT_DAY

    def missed(self, start: float, end: float, sensor: int) -> float:
        """Active slots expected from ``start`` to ``end`` (at most a day later) after ``sensor`` spoke."""
        x = start % DAY / SLOT
        marks = np.interp([x, x + min(end - start, DAY) / SLOT], _GRID, self.cumulative)
        return float((marks[1] - marks[0]) * self.factor[sensor])

    def reaches(self, start: float, missed: float, sensor: int) -> float:
        """When ``missed`` active slots will have been expected since ``start``; infinite if not within a day."""
        x = start % DAY / SLOT
        wanted = np.interp(x, _GRID, self.cumulative) + missed / self.factor[sensor]
        return start + float(np.interp(wanted, self.cumulative, _GRID, right=np.inf) - x) * SLOT


_GRID = np.arange(3 * SLOTS + 1, dtype=np.float64)


def learn(days: dict[int, Day], today: int) -> Habit | None:
    """The habit of a home from its days before ``today`` (day numbers since 1970); None without one."""
    known = [number for number in range(today - LEARNED_DAYS, today) if number in days]
    if not known:
        return None
    sensor = np.array([days[n].active for n in known])
    watched = np.array([days[n].watched for n in known])
    active = (sensor > 0) & watched
    smooth = 2 * _AROUND + 1
    base = (active.sum() + smooth * _USUAL) / (watched.sum() + smooth)
    weight = smooth / 2  # the prior counts like half a day of neighbours
    usual = (_around(active) + weight * base) / (_around(watched) + 2 * weight)

    still, spoke = _silence(sensor)
    resting = watched & (still > _PAUSE)
    resumed = resting & active
    ratio = (resumed.sum() + 5.0) / ((resting * usual).sum() + 10.0)
    resumes = (_around(resumed) + 20 * ratio * usual) / (_around(resting) + 20)
    expected = np.bincount(spoke[resting], weights=np.broadcast_to(resumes, resting.shape)[resting], minlength=256)
    happened = np.bincount(spoke[resumed], minlength=256)
    factor = np.clip((happened + 40) / (expected + 40), 0.5, 1.6)
    rate = (usual + 1.5 * resumes) / 2
    soon = active[:, :-2] & (active[:, 1:-1] | active[:, 2:])
    return Habit(
        days=int((watched.sum(1) >= _WATCHED_SLOTS).sum()), usual=usual, rate=rate, factor=factor,
        night=_night(usual), window=CLEAR_WINDOW if soon.sum() >= _SOON * active.sum() else RARE_WINDOW,
        cumulative=np.concatenate(([0.0], np.cumsum(np.tile(rate, 3)))),
    )  # fmt: skip


def _around(slots: Bools) -> F64:
    """Per slot how many of it and its neighbours, over all days; the day is a circle."""
    counts = slots.sum(0).astype(np.float64)
    return np.convolve(np.concatenate((counts[-_AROUND:], counts, counts[:_AROUND])), np.ones(2 * _AROUND + 1), "valid")


def _silence(sensor: U8) -> tuple[NDArray[np.intp], U8]:
    """Per slot: how many slots since the last active one before it, and the sensor that spoke there."""
    flat = sensor.ravel()
    index = np.arange(len(flat))
    before = np.maximum.accumulate(np.where(flat > 0, index, -1))
    before = np.concatenate(([-1], before[:-1]))
    spoke = np.where(before >= 0, flat[np.maximum(before, 0)], 0).astype(np.uint8)
    return (index - before).reshape(sensor.shape), spoke.reshape(sensor.shape)


def _night(usual: F64) -> int:
    """The slot two hours before the stillest eight hours: who falls silent from here on may be asleep."""
    total = np.concatenate(([0.0], np.cumsum(np.tile(usual, 2))))
    return int((total[96 : 96 + SLOTS] - total[:SLOTS]).argmin()) - 24


class Rhythm:
    """One home. Feed it signs of life in the order of their time; ask ``due``.

    ``habits``: by day what was learned before it, shared by those who live through the same days again.
    """

    def __init__(self, habits: dict[int, Habit | None] | None = None) -> None:
        self._habits = {} if habits is None else habits
        self.days: dict[int, Day] = {}
        self.finished: list[int] = []  # days that became complete since somebody looked here last
        self.settled = 0  # days before this one are final: they are lived through again only to know how they ended
        self.habit: Habit | None = None
        self.last: float | None = None
        self.sensor = 0
        self.alarm: Due | None = None  # open: it was due and nothing cleared it
        self._today: int | None = None
        self._door = -np.inf
        self._stray: tuple[float, int, bool] | None = None
        self._came_in = False  # the first of the two signs that ended an alarm was the outside door
        self._unwatched: list[tuple[float, float]] = []

    @property
    def out(self) -> bool:
        """The last sign of life was at the outside door."""
        return self.last is not None and self.last - self._door <= DOOR_WINDOW

    @property
    def learned_days(self) -> int:
        """How many past days taught."""
        return self.habit.days if self.habit else 0

    def believe(self, last: float | None, *, out: bool) -> None:
        """What was known of the last sign of life, where living through the days again tells otherwise."""
        if (last, out) != (self.last, self.out):
            self.last, self._door = last, last if out and last is not None else -np.inf
            self.alarm = self._stray = None

    def unwatched(self, start: float, end: float) -> None:
        """Nobody could have seen anything from ``start`` to ``end``, both after the last sign of life."""
        if self.last is not None and end > start:
            self._unwatched.append((max(start, self.last), end))

    def observe(self, at: F64, sensor: U8, door: Bools) -> list[tuple[Due, float]]:
        """Signs of life, by time; those not after the last one are known already and left out.

        Gives the alarms that these ended, each with the instant it was cleared.
        """
        if self.last is not None:
            begin = int(np.searchsorted(at, self.last, "right"))
            at, sensor, door = at[begin:], sensor[begin:], door[begin:]
        cleared: list[tuple[Due, float]] = []
        if not len(at):
            return cleared
        start = 0
        for end in [*self._cuts(at, door), len(at)]:
            while start < end and self._is_stray(float(at[start]), int(sensor[start]), bool(door[start]), cleared):
                start += 1
            if start < end:
                self._run(at[start:end], sensor[start:end], door[start:end])
            start = end
        return cleared

    def due(self) -> Due | None:
        """When this stillness will be unusual, or since when it is; None before the first sign of life."""
        if self.alarm is not None:
            return self.alarm
        if self.last is None:
            return None
        cap = self._after(self.last, CAP)
        if self.out:
            return Due(cap, NOT_RETURNED, learned=False)
        if self.habit is None or not self.habit.judges:
            return Due(cap, INACTIVITY, learned=False)
        reached = self._reaches(self.habit)
        return Due(min(max(reached, self._after(self.last, FLOOR)), cap), INACTIVITY, learned=reached < cap)

    def missed(self, until: float) -> float:
        """Active slots that should have happened since the last sign of life, watched time only."""
        if self.last is None or self.habit is None:
            return 0.0
        return sum(self.habit.missed(a, b, self.sensor) for a, b in self._watched(until) if b > a)

    def limit(self) -> float:
        """How many active slots this silence may miss; 0 while nothing is learned."""
        return 0.0 if self.habit is None or self.last is None else self.habit.limit(self.last)

    def stretches(self) -> list[tuple[float, float]]:
        """The watched stretches since the last sign of life; the last one is open."""
        return [] if self.last is None else self._watched(np.inf)

    # ------------------------------------------------------------------ private

    def _is_stray(self, at: float, sensor: int, door: bool, cleared: list[tuple[Due, float]]) -> bool:
        """An open alarm needs two signs of life that belong together; one alone happens in an empty home too."""
        if self.alarm is None:
            due = self.due() if self.last is not None and at - self.last >= FLOOR else None
            if due is None or due.at > at:
                return False
            self.alarm = due
        window = CLEAR_WINDOW if self.habit is None else self.habit.window
        if self._stray is not None and at - self._stray[0] <= window:
            apart = at - self._stray[0]
            if apart < (BOTH if sensor != self._stray[1] else BOUNCE):
                return True
            cleared.append((self.alarm, at))
            self._came_in = self._stray[2]
            self.alarm = self._stray = None
            return False
        self._stray = (at, sensor, door)
        return True

    def _cuts(self, at: F64, door: Bools) -> list[int]:
        """Where a new run begins: at a new day, after a silence that may alarm or may have been an absence."""
        if len(at) == 1:
            return []
        pause = np.diff(at)
        left = np.maximum.accumulate(np.where(door, at, self._door))
        by_door = door[1:] | (at[:-1] - left[:-1] <= DOOR_WINDOW)
        is_cut = (pause >= FLOOR) | ((pause >= 2 * SLOT) & by_door) | (np.diff(at // DAY) > 0)
        cuts: list[int] = (np.flatnonzero(is_cut) + 1).tolist()
        return cuts

    def _run(self, at: F64, sensor: U8, door: Bools) -> None:
        """Signs of life of one day without a pause that means anything."""
        first, today = float(at[0]), int(at[0] // DAY)
        if self.last is not None:
            self._learn_silence(self.last, first, ended_by_door=self._came_in or bool(door[0]))
        self._came_in = False
        if today != self._today:
            if self._today is not None:
                self.finished += [number for number in self.days if self._today <= number < today]
            self._today = today
            self.days = {n: d for n, d in self.days.items() if n >= today - LEARNED_DAYS}
            if today not in self._habits:
                self._habits[today] = learn(self.days, today)
                if len(self._habits) > KEPT_HABITS:
                    self._habits.pop(next(iter(self._habits)))
            self.habit = self._habits[today]
        slots = (at % DAY // SLOT).astype(np.int64)
        of_day = self._day(today)
        of_day.active[slots] = sensor
        of_day.watched[slots[0] : slots[-1] + 1] = True
        if door.any():
            self._door = float(at[door][-1])
        self.last, self.sensor = float(at[-1]), int(sensor[-1])
        self._unwatched.clear()

    def _learn_silence(self, start: float, end: float, *, ended_by_door: bool) -> None:
        """The slots between two signs of life were watched, unless nobody was home or nobody could see."""
        first, after = int(start // SLOT), int(end // SLOT)
        gap = after - first
        if gap == 0 or end - start > UNEXPLAINED or (self.out and gap > 2) or (ended_by_door and gap > _AROUND):
            return
        watched = np.ones(gap, bool)
        for begin, stop in self._unwatched:
            watched[max(int(begin // SLOT) - first, 0) : max(int(stop // SLOT) - first, 0) + 1] = False
        for number in range(first // SLOTS, (after - 1) // SLOTS + 1):
            low, high = max(first, number * SLOTS), min(after, (number + 1) * SLOTS)
            self._day(number).watched[low - number * SLOTS : high - number * SLOTS] |= watched[
                low - first : high - first
            ]

    def _day(self, number: int) -> Day:
        if number < self.settled:
            return Day()
        found = self.days.get(number)
        if found is None:
            found = self.days[number] = Day()
        return found

    def _watched(self, until: float) -> list[tuple[float, float]]:
        """The watched stretches since the last sign of life."""
        assert self.last is not None
        stretches, begin = [], self.last
        for start, end in self._unwatched:
            stretches.append((begin, min(start, until)))
            begin = max(begin, min(end, until))
        return [*stretches, (begin, until)]

    def _after(self, start: float, watched: float) -> float:
        """The instant at which the home was watched for so long since ``start``."""
        for a, b in self._watched(np.inf):
            if b - a >= watched:
                return a + watched
            watched -= max(b - a, 0.0)
        return start + watched

    def _reaches(self, habit: Habit) -> float:
        assert self.last is not None
        left = habit.limit(self.last)
        for a, b in self._watched(np.inf):
            reached = habit.reaches(a, left, self.sensor)
            if reached <= b:
                return reached
            left -= habit.missed(a, b, self.sensor)
        return np.inf

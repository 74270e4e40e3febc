"""What is asked about people in places: now, by hour, tomorrow; what was taken out of counters; who did not come.

Everything is an answer for an instant: readings received by then, places and devices as recorded by then, bookings as
known by then. What whole days said is remembered day by day; a day is worked out again only when something arrived that
tells of it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from twin_model.occupancy import counters
from twin_model.occupancy.answers import QUARTER_US, Row, described, hour_table, said
from twin_model.occupancy.booked import Booked
from twin_model.occupancy.co2 import declared_model
from twin_model.occupancy.forecast import Forecast, forecast
from twin_model.occupancy.hour_parts import HOUR_US, HourParts, day_of, first_hour
from twin_model.occupancy.hours import (
    BOOKING,
    FEW_QUARTERS,
    METHODS,
    Quarters,
    by_hour,
    quarters_of,
    told_otherwise,
    without_drift,
)
from twin_model.occupancy.layout import Layout, told_of
from twin_model.occupancy.use import Use, open_hours, use_of
from twin_model.remembered import Shared
from twin_model.states import F64, I64, NEVER, States
from twin_model.timeline import from_us, to_us

if TYPE_CHECKING:
    from twin_model.twin import Twin

DAYS_AT_ONCE = 31
HISTORY_DAYS = 56
"""How far back a forecast looks: older weeks hardly count any more."""
EPOCH_KINDS = ("device", "home", "room", "facility", "building", "estate")
Day = tuple[F64, F64, I64]


class Occupancy:
    """The questions of one twin; ``parts`` is its log in short."""

    def __init__(self, twin: Twin, parts: HourParts) -> None:
        self._twin, self.parts = twin, parts
        self._booked = Booked(twin, self)
        self._layouts, self._days = Shared(4), Shared(800)
        self._moments, self._answers = Shared(128), Shared(32)

    def forget(self) -> None:
        """Drop what is remembered; the next questions are answered from the store (benchmarks)."""
        self._layouts, self._days = Shared(4), Shared(800)
        self._moments, self._answers = Shared(128), Shared(32)

    # ------------------------------------------------------------------ now

    def now(self, at: datetime) -> tuple[pa.Table, pa.Table]:
        """What the counters say once their drift is taken out (device_id, people), and of rooms with other sensors or
        with a booking only what these say (room_id, people, method, newest).

        Corrections are those known at the last whole quarter of an hour before ``at``; since then every passage counts.
        """
        layout, us = self.layout(at), to_us(at)
        quarter = us // QUARTER_US * QUARTER_US
        values, before, days, factor, column = self._moments.get(
            ("until", quarter, self._epoch(at)), lambda: self._until(layout, quarter)
        )
        states = self._twin.states_of(at)
        series = layout.series
        today = states.taken[series] >= np.maximum(first_hour(days[1]) * HOUR_US, us - layout.good_for)
        values = values.copy()
        values[:, column] = np.where(today, states.value[series], np.nan)
        model = declared_model()
        ids: list[str] = []
        people: list[float] = []
        balanced = layout.balanced
        if len(balanced):
            corrected = without_drift(layout, values, days, factor, column + 1)
            inside = corrected.people.reshape(len(balanced), -1)[:, column]
            for row, number in enumerate(balanced.tolist()):
                counter = layout.counters[number]
                if states.taken[counter.entered or 0] == NEVER or states.taken[counter.left or 0] == NEVER:
                    continue  # it tells its own tally only
                # one that has not spoken since 04:00 begins its day with nobody inside
                ids.append(counter.device_id)
                people.append(0.0 if np.isnan(inside[row]) else round(float(inside[row])))
        table = pa.table({"device_id": pa.array(ids, pa.string()), "people": pa.array(people, pa.float64())})
        return table, self._of_rooms(layout, told_otherwise(layout, values, before, model, column), states, at)

    def _of_rooms(self, layout: Layout, told: dict[int, tuple[float, int]], states: States, at: datetime) -> pa.Table:
        """Rows of rooms with other sensors than counters, and of rooms of which only a booking tells."""
        rows: list[Row] = []
        for k, (inside, how) in told.items():
            place = layout.places[k]
            newest = max(int(states.taken[layout.sensors[n].series]) for n in (*place.airs, *place.moves))
            rows.append(
                {
                    "room_id": place.place_id, "people": None if np.isnan(inside) else float(round(inside)),
                    "method": METHODS[how], "newest": None if newest == NEVER else from_us(newest),
                }
            )  # fmt: skip
        for k, planned in self._booked.expected(layout, to_us(at) // QUARTER_US, 1, QUARTER_US, at).items():
            if not np.isnan(planned[0]):
                room, people = layout.places[k].place_id, float(planned[0])
                rows.append({"room_id": room, "people": people, "method": "booking", "newest": at})
        return pa.Table.from_pylist(rows, schema=_OF_ROOMS)

    def _until(self, layout: Layout, quarter: int) -> tuple[F64, F64, list[int], F64, int]:
        """The day's quarters and those of the day before as known at ``quarter``, the hour before them, the two days,
        their factors, and which quarter is next.
        """
        day = int(day_of(quarter // HOUR_US))
        known = quarter - 1  # a commit at the very quarter may still be to come
        values, before = self._values(layout, day - 1, 2, known)
        column = (quarter - first_hour(day - 1) * HOUR_US) // QUARTER_US
        return values, before, [day - 1, day], self._factors(layout, day - 1, 2, known), column

    # ---------------------------------------------------------------- hours

    def hours(
        self, start: datetime, end: datetime, at: datetime, *, community_id: str | None = None,
        place_id: str | None = None,
    ) -> pa.Table:  # fmt: skip
        """One row per place and whole hour that begins in [start, end) and has begun by ``at``; see ``Twin``."""
        layout = self.layout(at)
        first, last = -(-to_us(start) // HOUR_US), -(-min(to_us(end), to_us(at)) // HOUR_US)
        count = max(0, last - first)
        expected = self._booked.expected(layout, first, count, HOUR_US, at) if count else {}
        chosen = [
            k for k, place in enumerate(layout.places)
            if (community_id is None or place.community_id == community_id)
            and (place_id is None or place.place_id == place_id) and (place.method != "none" or k in expected)
        ]  # fmt: skip
        if not count or not chosen:
            return hour_table(layout, [], np.zeros((0, 0)), np.zeros((0, 0)), np.zeros((0, 0), np.int64), first)
        people, heard, method = self.grid(layout, first, last, at)
        for k, planned in expected.items():
            people[k], method[k] = planned, np.where(np.isnan(planned), 0, BOOKING)
        return hour_table(layout, chosen, people[chosen], heard[chosen], method[chosen], first)

    def grid(self, layout: Layout, first: int, last: int, at: datetime) -> tuple[F64, F64, I64]:
        """``by_hour`` of every place of ``layout`` from hour ``first`` up to ``last`` (hours since 1970)."""
        known = self._by_days(layout, int(day_of(first)), int(day_of(last - 1)), at)
        joined = [np.concatenate(parts, axis=1) for parts in zip(*known, strict=True)]
        skip = first - first_hour(int(day_of(first)))
        people, heard, method = (part[:, skip : skip + last - first] for part in joined)
        return people, heard, method

    def _by_days(self, layout: Layout, first_day: int, last_day: int, at: datetime) -> list[Day]:
        us = to_us(at)
        tail = self._tail(layout, us)
        hours = tail["hour"].cast(pa.int64()).to_numpy() // HOUR_US
        changing = {int(day) for day in np.unique(day_of(hours))} | {int(day_of(us // HOUR_US))}
        days = list(range(first_day, last_day + 1))
        # a day follows from its own hours, the one before it and the passages of a fortnight
        keys: dict[int, tuple[object, ...]] = {
            day: (
                "day",
                day,
                layout.epoch,
                self.parts.version(day - counters.LEARNED_DAYS, day, us),
                self._twin.moment(at) if day in changing else None,
            )
            for day in days
        }
        found: dict[int, Day] = {day: kept for day in days if (kept := self._days.peek(keys[day])) is not None}
        missing = [day for day in days if day not in found]
        while missing:
            run = [day for day in missing if day < missing[0] + DAYS_AT_ONCE and day - missing[0] == missing.index(day)]
            for day, answer in zip(run, self._worked_out(layout, run[0], len(run), us), strict=True):
                found[day] = self._days.get(keys[day], partial(_same, answer))
            missing = missing[len(run) :]
        return [found[day] for day in days]

    def _worked_out(self, layout: Layout, day: int, count: int, us: int) -> list[Day]:
        people, heard, method = by_hour(self.quarters(layout, day, count, us), _begun(day - 1, us))
        return [
            (
                people[:, k * 24 : k * 24 + 24].astype(np.float32),
                heard[:, k * 24 : k * 24 + 24].astype(np.float32),
                method[:, k * 24 : k * 24 + 24].astype(np.int8),
            )
            for k in range(1, count + 1)
        ]

    def quarters(self, layout: Layout, day: int, count: int, us: int) -> Quarters:
        """``count`` days from ``day``, and the day before them, so that a day comes out alike in any company."""
        first, count = day - 1, count + 1
        values, before = self._values(layout, first, count, us)
        # the hour that is under way has quarters that have not been: they stay unknown
        begun = _begun(first, us)
        values[:, begun:] = np.nan
        found = quarters_of(
            layout, values, before, range(first, first + count), self._factors(layout, first, count, us),
            declared_model(), begun=begun,
        )  # fmt: skip
        found.people[:, begun:], found.heard[:, begun:] = np.nan, 0.0
        return found

    def _values(self, layout: Layout, day: int, count: int, us: int) -> tuple[F64, F64]:
        first = first_hour(day)
        tail = self._tail(layout, us)
        both = self.parts.quarters(layout.series, first - 1, first + 24 * count, us, tail)
        return both[:, FEW_QUARTERS:], both[:, :FEW_QUARTERS]

    def _factors(self, layout: Layout, day: int, count: int, us: int) -> F64:
        balanced = [c for c in layout.counters if c.balanced]
        if not balanced:
            return np.ones((0, count))
        first = day - counters.LEARNED_DAYS
        series = np.array([c.entered for c in balanced] + [c.left for c in balanced], np.int64)
        key = ("passed", first, count, layout.epoch, self.parts.version(first, day + count - 1, us))
        passed = self._moments.get(key, lambda: self.parts.passages(series, first, day + count, us))
        half = len(balanced)
        return counters.learned(passed[:half], passed[half:])[:, counters.LEARNED_DAYS :]

    def _tail(self, layout: Layout, us: int) -> pa.Table:
        chosen = pa.table({"series_no": pa.array(layout.series, pa.int32())})
        key = ("tail", self._twin.moment(from_us(us)), layout.epoch)
        return self._moments.get(key, lambda: self.parts.tail(us, chosen))

    # ------------------------------------------------------------- tomorrow

    def forecast(
        self, at: datetime, *, community_id: str | None = None, place_id: str | None = None
    ) -> list[tuple[Row, Forecast]]:
        """Every place that is counted, with its next 24 hours from the hour after ``at``; see ``forecast``."""
        layout = self.layout(at)
        origin = to_us(at) // HOUR_US
        key = ("forecast", origin, self._epoch(at))
        all_of_them = self._answers.get(key, lambda: self._forecasts(layout, origin))
        return [
            (described(place), found)
            for place, found in zip(layout.places, all_of_them, strict=True)
            if found is not None
            and (community_id is None or place.community_id == community_id)
            and (place_id is None or place.place_id == place_id)
        ]

    def _forecasts(self, layout: Layout, origin: int) -> list[Forecast | None]:
        counted = [k for k, place in enumerate(layout.places) if place.method != "none"]
        answers: list[Forecast | None] = [None] * len(layout.places)
        if counted:
            first = origin - HISTORY_DAYS * 24
            # hours that are over, as known when the last of them ended: asked again it is the same answer
            people, _, _ = self.grid(layout, first, origin, from_us(origin * HOUR_US))
            for k, found in zip(counted, forecast(people[counted].astype(np.float64), first, origin), strict=True):
                answers[k] = found
        return answers

    def use(self, at: datetime, *, community_id: str | None = None, days: int = 28) -> list[tuple[Row, Use]]:
        """How much of each room and facility was used in its open hours of the last ``days``, and of those before."""
        self._twin.sight.need(community_id)
        layout, last = self.layout(at), to_us(at) // HOUR_US
        chosen = [
            k
            for k, place in enumerate(layout.places)
            if place.kind in ("room", "facility")
            and place.method != "none"
            and (community_id is None or place.community_id == community_id)
        ]
        if not chosen:
            return []
        half = days * 24
        people, _, _ = self.grid(layout, last - 2 * half, last, from_us(last * HOUR_US))
        found = []
        for k in chosen:
            place = layout.places[k]
            is_open = open_hours(place.opening_hours, last - 2 * half, 2 * half)
            holds = place.capacity or sum(layout.places[part].capacity or 0 for part in place.parts)
            before, _, _ = use_of(people[k, :half], is_open[:half], holds)
            now, known, of = use_of(people[k, half:], is_open[half:], holds)
            found.append((described(place), Use(now, before, known, of)))
        return found

    # ---------------------------------------------------------- corrections

    def corrections(
        self, start: datetime, end: datetime, at: datetime, *, community_id: str | None = None
    ) -> list[Row]:
        """What was taken out of counters, newest first: place, device, at, reason (closed, below_zero), persons.

        ``persons`` is what was added (below zero: who was missed coming in) or taken away. ``factor``: what one
        counted leaving stood for on that day.
        """
        self._twin.sight.need(community_id)
        layout, us = self.layout(at), to_us(at)
        first_day, last_day = int(day_of(to_us(start) // HOUR_US)), int(day_of((min(to_us(end), us) - 1) // HOUR_US))
        count = last_day - first_day + 1
        if count < 1 or not any(c.balanced for c in layout.counters):
            return []
        found = self.quarters(layout, first_day, count, us)
        assert found.corrected is not None
        rows: list[Row] = []
        for k, number in enumerate(found.balanced.tolist()):
            place = layout.place_of(number)
            if place is None or (community_id is not None and place.community_id != community_id):
                continue
            common = {**described(place), "device_id": layout.counters[number].device_id}
            rows += said(common, found.corrected, k, first_day - 1)
        inside = [row for row in rows if start <= row["at"] < min(end, at)]
        return sorted(inside, key=lambda row: (row["at"], row["place_id"]), reverse=True)

    def balanced(self, at: datetime, *, community_id: str | None = None) -> int:
        """How many counters tell both ways, so that their drift can be taken out."""
        layout = self.layout(at)
        places = [layout.place_of(n) for n, counter in enumerate(layout.counters) if counter.balanced]
        return sum(1 for place in places if place and (community_id is None or place.community_id == community_id))

    # -------------------------------------------------------------- bookings

    def booked(self, start: datetime, end: datetime, at: datetime, *, community_id: str | None = None) -> list[Row]:
        """Bookings that overlap [start, end), as known at ``at``, each with whether anybody was there.

        ``verdict``: empty, few, used, unknown, or ahead (it has not begun). Without the record kind ``room_booking``
        or without a booking: nothing.
        """
        return self._booked.judged(start, end, at, community_id)

    # --------------------------------------------------------------- private

    def layout(self, at: datetime) -> Layout:
        """The sensors and places known at ``at``."""
        return self._layouts.get(self._epoch(at), lambda: self._read_layout(at))

    def _read_layout(self, at: datetime) -> Layout:
        series = self._twin.placed(at).table
        places = self._twin.store.read("occupancy_places", instant=at, **told_of(series))
        return replace(Layout.of(series, places.to_pylist()), epoch=self._epoch(at))

    def _epoch(self, at: datetime) -> int:
        return self._twin.entity_epoch(at, *EPOCH_KINDS)


def _begun(day: int, us: int) -> int:
    """How many quarters since the beginning of a day have begun."""
    return max(0, (us - first_hour(day) * HOUR_US) // QUARTER_US + 1)


def _same(answer: Day) -> Day:
    return answer


_OF_ROOMS = pa.schema(
    [("room_id", pa.string()), ("people", pa.float64()), ("method", pa.string()), ("newest", pa.timestamp("us", "UTC"))]
)

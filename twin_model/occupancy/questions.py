"""What is asked about people in places: now, by hour, tomorrow; what was taken out of counters; who did not come.

Everything is an answer for an instant: readings received by then, places and devices as recorded by then, bookings as
known by then. What whole days said is remembered day by day; a day is worked out again only when something arrived that
tells of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from twin_model.occupancy import bookings, counters
from twin_model.occupancy.co2 import declared_model
from twin_model.occupancy.forecast import AHEAD, LEAST_DAYS, TESTED_DAYS, Forecast, forecast
from twin_model.occupancy.hour_parts import HOUR_US, HourParts, day_of, first_hour
from twin_model.occupancy.hours import FEW_QUARTERS, GOOD, METHODS, Quarters, by_hour, quarters_of
from twin_model.occupancy.layout import Layout
from twin_model.occupancy.use import Use, open_hours, use_of
from twin_model.remembered import Remembered
from twin_model.states import F64, I64, NEVER
from twin_model.timeline import from_us, timestamps, to_us

if TYPE_CHECKING:
    from twin_model.twin import Twin

QUARTER_US = 900_000_000
DAYS_AT_ONCE = 31
HISTORY_DAYS = 56
"""How far back a forecast looks: older weeks hardly count any more."""
EPOCH_KINDS = ("device", "home", "room", "facility", "building", "estate")
Row = dict[str, Any]
Day = tuple[F64, F64, I64]


class Occupancy:
    """The questions of one twin; ``parts`` is its log in short."""

    def __init__(self, twin: Twin, parts: HourParts) -> None:
        self._twin, self.parts = twin, parts
        self._layouts, self._days = Remembered(4), Remembered(800)
        self._moments, self._answers = Remembered(16), Remembered(32)

    def forget(self) -> None:
        """Drop what is remembered; the next questions are answered from the store (benchmarks)."""
        self._layouts, self._days = Remembered(4), Remembered(800)
        self._moments, self._answers = Remembered(16), Remembered(32)

    # ------------------------------------------------------------------ now

    def now(self, at: datetime) -> tuple[pa.Table, pa.Table]:
        """What the counters say once their drift is taken out (device_id, people), and people by CO2 (room_id, people).

        Corrections are those known at the last whole quarter of an hour before ``at``; since then every passage counts.
        """
        layout, us = self.layout(at), to_us(at)
        quarter = us // QUARTER_US * QUARTER_US
        values, before, day, factor, column = self._moments.get(
            ("until", quarter, self._epoch(at)), lambda: self._until(layout, quarter)
        )
        states = self._twin.states_of(at)
        series = layout.series
        today = states.taken[series] >= first_hour(day) * HOUR_US
        values = values.copy()
        values[:, column] = np.where(today, states.value[series], np.nan)
        model = declared_model()
        quarters = quarters_of(layout, values, before, [day], factor, model, begun=column)
        ids: list[str] = []
        people: list[float] = []
        if quarters.corrected is not None:
            inside = quarters.corrected.people.reshape(len(quarters.balanced), -1)[:, column]
            for row, number in enumerate(quarters.balanced.tolist()):
                counter = layout.counters[number]
                if states.taken[counter.entered or 0] == NEVER or states.taken[counter.left or 0] == NEVER:
                    continue  # it tells its own tally only
                # one that has not spoken since 04:00 begins its day with nobody inside
                ids.append(counter.device_id)
                people.append(0.0 if np.isnan(inside[row]) else round(float(inside[row])))
        air = quarters_of(_only_air(layout), values, before, [day], factor[:0], model, begun=column)
        by_air = self._by_air(layout, air, column)
        return pa.table({"device_id": pa.array(ids, pa.string()), "people": pa.array(people, pa.float64())}), by_air

    @staticmethod
    def _by_air(layout: Layout, found: Quarters, column: int) -> pa.Table:
        rows = [
            (place.place_id, float(found.people[k, column]))
            for k, place in enumerate(layout.places)
            if place.airs and not np.isnan(found.people[k, column])
        ]
        return pa.table(
            {
                "room_id": pa.array([name for name, _ in rows], pa.string()),
                "people": pa.array([round(value) for _, value in rows], pa.float64()),
            }
        )

    def _until(self, layout: Layout, quarter: int) -> tuple[F64, F64, int, F64, int]:
        """The day's quarters as known at ``quarter``, the hour before them, the day, the factors, the next one."""
        hour = quarter // HOUR_US
        day = int(day_of(hour))
        first = first_hour(day)
        known = quarter - 1  # a commit at the very quarter may still be to come
        values, before = self._values(layout, day, 1, known)
        return values, before, day, self._factors(layout, day, 1, known), (quarter - first * HOUR_US) // QUARTER_US

    # ---------------------------------------------------------------- hours

    def hours(
        self, start: datetime, end: datetime, at: datetime, *, community_id: str | None = None,
        place_id: str | None = None,
    ) -> pa.Table:  # fmt: skip
        """One row per place and whole hour that begins in [start, end) and has begun by ``at``; see ``Twin``."""
        layout = self.layout(at)
        first, last = -(-to_us(start) // HOUR_US), -(-min(to_us(end), to_us(at)) // HOUR_US)
        chosen = [
            k for k, place in enumerate(layout.places)
            if (community_id is None or place.community_id == community_id)
            and (place_id is None or place.place_id == place_id) and place.method != "none"
        ]  # fmt: skip
        if last <= first or not chosen:
            return _hour_table(layout, [], np.zeros((0, 0)), np.zeros((0, 0)), np.zeros((0, 0), np.int64), first)
        people, heard, method = self.grid(layout, first, last, at)
        return _hour_table(layout, chosen, people[chosen], heard[chosen], method[chosen], first)

    def grid(self, layout: Layout, first: int, last: int, at: datetime) -> tuple[F64, F64, I64]:
        """``by_hour`` of every place of ``layout`` from hour ``first`` up to ``last`` (hours since 1970)."""
        known = self._by_days(layout, int(day_of(first)), int(day_of(last - 1)), at)
        joined = [np.concatenate(parts, axis=1) for parts in zip(*known, strict=True)]
        skip = first - first_hour(int(day_of(first)))
        people, heard, method = (part[:, skip : skip + last - first] for part in joined)
        return people, heard, method

    def _by_days(self, layout: Layout, first_day: int, last_day: int, at: datetime) -> list[Day]:
        us, epoch = to_us(at), self._epoch(at)
        tail = self._tail(layout, us)
        hours = tail["hour"].cast(pa.int64()).to_numpy() // HOUR_US
        changing = {int(day) for day in np.unique(day_of(hours))}
        days = list(range(first_day, last_day + 1))
        # a day follows from its own hours, the one before it and the passages of a fortnight
        keys: dict[int, tuple[object, ...]] = {
            day: (
                "day",
                day,
                epoch,
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
        people, heard, method = by_hour(self._quarters(layout, day, count, us))
        return [
            (
                people[:, k * 24 : k * 24 + 24].astype(np.float32),
                heard[:, k * 24 : k * 24 + 24].astype(np.float32),
                method[:, k * 24 : k * 24 + 24].astype(np.int8),
            )
            for k in range(count)
        ]

    def _quarters(self, layout: Layout, day: int, count: int, us: int) -> Quarters:
        values, before = self._values(layout, day, count, us)
        # the hour that is under way has quarters that have not been: they stay unknown
        begun = max(0, (us - first_hour(day) * HOUR_US) // QUARTER_US + 1)
        values[:, begun:] = np.nan
        found = quarters_of(
            layout, values, before, range(day, day + count), self._factors(layout, day, count, us), declared_model(),
            begun=begun,
        )  # fmt: skip
        for part in (found.people, found.heard):
            part[:, begun:] = np.nan if part is found.people else 0.0
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
        passed = [
            self.parts.passages(np.array([getattr(c, name) for c in balanced], np.int64), first, day + count, us)
            for name in ("entered", "left")
        ]
        return counters.learned(passed[0], passed[1])[:, counters.LEARNED_DAYS :]

    def _tail(self, layout: Layout, us: int) -> pa.Table:
        chosen = pa.table({"series_no": pa.array(layout.series, pa.int32())})
        key = ("tail", self._twin.moment(from_us(us)), self._epoch(from_us(us)))
        return self._moments.get(key, lambda: self.parts.tail(us, chosen))

    # ------------------------------------------------------------- tomorrow

    def forecast(
        self, at: datetime, *, community_id: str | None = None, place_id: str | None = None
    ) -> list[tuple[Row, Forecast]]:
        """Every place that is counted, with its next 24 hours from the hour after ``at``; see ``forecast``."""
        layout = self.layout(at)
        origin = to_us(at) // HOUR_US
        key = ("forecast", origin, self._epoch(at), self.parts.segment(to_us(at)))
        all_of_them = self._answers.get(key, lambda: self._forecasts(layout, origin))
        return [
            (_described(place), found)
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
            found.append((_described(place), Use(now, before, known, of)))
        return found

    # ---------------------------------------------------------- corrections

    def corrections(
        self, start: datetime, end: datetime, at: datetime, *, community_id: str | None = None
    ) -> list[Row]:
        """What was taken out of counters, newest first: place, device, at, reason (closed, below_zero), persons.

        ``persons`` is what was added (below zero: who was missed coming in) or taken away. ``factor``: what one
        counted leaving stood for on that day.
        """
        layout, us = self.layout(at), to_us(at)
        first_day, last_day = int(day_of(to_us(start) // HOUR_US)), int(day_of((min(to_us(end), us) - 1) // HOUR_US))
        count = last_day - first_day + 1
        if count < 1 or not any(c.balanced for c in layout.counters):
            return []
        found = self._quarters(layout, first_day, count, us)
        assert found.corrected is not None
        rows: list[Row] = []
        for k, number in enumerate(found.balanced.tolist()):
            place = layout.place_of(number)
            if place is None or (community_id is not None and place.community_id != community_id):
                continue
            common = {**_described(place), "device_id": layout.counters[number].device_id}
            rows += _said(common, found.corrected, k, first_day)
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
        if "room_booking" not in self._twin.catalogue.record_kinds:
            return []
        table = self._twin.ledger.rows(
            "room_booking", at, community_id=community_id, start=start - timedelta(days=1), end=end
        )
        layout = self.layout(at)
        place_of = {place.place_id: k for k, place in enumerate(layout.places) if place.kind == "room"}
        found = [
            row
            for row in table.to_pylist()
            if row["state"] == "booked"
            and row["starts_at"] < end
            and row["ends_at"] > start
            and row["room"] in place_of
        ]
        begun = [row for row in found if row["starts_at"] < at]
        people = self._people_between(layout, begun, at)
        rows = []
        for row in found:
            place = layout.places[place_of[row["room"]]]
            if row["starts_at"] >= at:
                said, mean = "ahead", None
            else:
                said, mean = bookings.verdict(
                    people(place_of[row["room"]], row["starts_at"], row["ends_at"]), row["expected"]
                )
                said = "unknown" if said == "empty" and row["ends_at"] > at else said  # it may still fill
            kept = ("booking_no", "starts_at", "ends_at", "booked_by", "expected")
            rows.append({**_described(place), **{name: row[name] for name in kept}, "verdict": said, "people": mean})
        return sorted(rows, key=lambda row: (row["starts_at"], row["place_id"]), reverse=True)

    def _people_between(self, layout: Layout, rows: Sequence[Mapping[str, Any]], at: datetime) -> Any:
        if not rows:
            return lambda _place, _start, _end: []
        us = to_us(at)
        first_day = int(day_of(min(to_us(row["starts_at"]) for row in rows) // HOUR_US))
        last_day = int(day_of((min(us, max(to_us(row["ends_at"]) for row in rows)) - 1) // HOUR_US))
        found = self._quarters(layout, first_day, last_day - first_day + 1, us)
        base = first_hour(first_day) * HOUR_US

        def between(place: int, start: datetime, end: datetime) -> F64:
            begin, stop = (to_us(start) - base) // QUARTER_US, -(-(min(to_us(end), us) - base) // QUARTER_US)
            return found.people[place, begin:stop]

        return between

    # --------------------------------------------------------------- private

    def layout(self, at: datetime) -> Layout:
        """The sensors and places known at ``at``."""
        return self._layouts.get(self._epoch(at), lambda: self._read_layout(at))

    def _read_layout(self, at: datetime) -> Layout:
        places = self._twin.store.read("occupancy_places", instant=at).to_pylist()
        return Layout.of(self._twin.placed(at).table, places)

    def _epoch(self, at: datetime) -> int:
        return self._twin.entity_epoch(at, *EPOCH_KINDS)


def _same(answer: Day) -> Day:
    return answer


def _only_air(layout: Layout) -> Layout:
    """The same places counted by their CO2 sensors alone."""
    places = tuple(
        type(p)(**{**{name: getattr(p, name) for name in p.__dataclass_fields__}, "counters": (), "parts": ()})
        for p in layout.places
    )
    return Layout(places, (), layout.airs, layout.number)


def _said(common: Row, corrected: counters.Corrected, k: int, first_day: int) -> list[Row]:
    """The corrections of one counter as rows; less than half a person is none."""
    rows = []

    def row(day: int, quarter: int, reason: str, persons: int) -> Row:
        at = from_us(first_hour(first_day + day) * HOUR_US + quarter * QUARTER_US)
        return {**common, "at": at, "reason": reason, "persons": persons, "factor": float(corrected.factor[k, day])}

    for zero in corrected.zeros:
        if zero.counter == k and abs(zero.over) >= 0.5:
            rows.append(row(zero.day, zero.at, zero.reason, -round(zero.over)))
    for day in range(corrected.added.shape[1]):
        whole = np.floor(np.cumsum(corrected.added[k, day]) + 0.5)
        steps = np.diff(whole, prepend=0.0)
        rows += [
            row(day, quarter, "below_zero", int(steps[quarter])) for quarter in np.flatnonzero(steps >= 1).tolist()
        ]
    return rows


def _described(place: Any) -> Row:
    return {
        "place_kind": place.kind,
        "place_id": place.place_id,
        "community_id": place.community_id,
        "within": place.within,
        "name": place.name,
        "name_en": place.name_en,
        "capacity": place.capacity,
        "kind": place.what,
    }


def _hour_table(layout: Layout, chosen: Sequence[int], people: F64, heard: F64, method: I64, first: int) -> pa.Table:
    places = [layout.places[k] for k in chosen]
    hours = people.shape[1] if len(places) else 0

    def by_place(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
        return pa.array(values, kind).take(pa.array(np.repeat(np.arange(len(places)), hours)))

    mean = people.ravel().astype(np.float64)
    unknown = np.isnan(mean)
    capacity = np.repeat(np.array([p.capacity or 0 for p in places], np.float64), hours)
    none = unknown | (capacity <= 0)
    share = np.divide(mean, capacity, out=np.zeros_like(mean), where=~none)
    told = heard.ravel()
    grade = np.where(unknown, 0, np.where(method.ravel() == 2, 3, np.where(told >= GOOD, 2, 1)))
    return pa.table(
        {
            "place_kind": by_place([p.kind for p in places], pa.string()),
            "place_id": by_place([p.place_id for p in places], pa.string()),
            "community_id": by_place([p.community_id for p in places], pa.string()),
            "hour": timestamps(np.tile((first + np.arange(hours)) * HOUR_US, len(places)).astype(np.int64)),
            "people": pa.array(np.where(unknown, 0.0, np.round(mean, 2)), mask=unknown),
            "capacity": by_place([p.capacity for p in places], pa.int64()),
            "share": pa.array(np.round(share, 4), mask=none),
            "method": pa.array(METHODS).take(pa.array(np.where(unknown, 0, method.ravel()))),
            "grade": pa.array(("unknown", "partial", "good", "estimate")).take(pa.array(grade)),
            "heard": pa.array(np.round(told.astype(np.float64), 3)),
        }
    )


__all__ = ["AHEAD", "LEAST_DAYS", "TESTED_DAYS", "Occupancy"]

"""Bookings of rooms (record kind ``room_booking``) beside what was counted: who did not come, who is expected."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from twin_model.occupancy.answers import QUARTER_US, Row, described
from twin_model.occupancy.bookings import verdict
from twin_model.occupancy.hour_parts import HOUR_US, day_of, first_hour
from twin_model.occupancy.layout import Layout
from twin_model.remembered import Shared
from twin_model.states import F64
from twin_model.timeline import from_us, to_us

if TYPE_CHECKING:
    from twin_model.occupancy.questions import Occupancy
    from twin_model.twin import Twin

KIND = "room_booking"
LONGEST = timedelta(days=1)
KEPT = ("booking_no", "starts_at", "ends_at", "booked_by", "expected")


class Booked:
    """The bookings of one twin."""

    def __init__(self, twin: Twin, occupancy: Occupancy) -> None:
        self._twin, self._occupancy = twin, occupancy
        self._expected = Shared(16)

    def rows(self, start: datetime, end: datetime, at: datetime, community_id: str | None = None) -> list[Row]:
        """Bookings that overlap [start, end), as known at ``at``; none without the record kind."""
        if KIND not in self._twin.catalogue.record_kinds:
            return []
        table = self._twin.ledger.rows(KIND, at, community_id=community_id, start=start - LONGEST, end=end)
        return [
            row
            for row in table.to_pylist()
            if row["state"] == "booked" and row["starts_at"] < end and row["ends_at"] > start
        ]

    def expected(self, layout: Layout, first: int, count: int, unit: int, at: datetime) -> dict[int, F64]:
        """Per room that nothing counts how many are expected in each of ``count`` units of ``unit`` microseconds.

        By place in ``layout.places``; rooms without a booking are left out.
        """
        bare = {p.place_id: k for k, p in enumerate(layout.places) if p.kind == "room" and p.method == "none"}
        if not bare or KIND not in self._twin.catalogue.record_kinds:
            return {}
        known = self._twin.ledger.epoch(KIND, at)
        begin, end = from_us(first * unit), from_us((first + count) * unit)
        rows = self._expected.get((known, first, count, unit), lambda: self.rows(begin, end, at))
        found: dict[int, F64] = {}
        for row in rows:
            if row["room"] in bare:
                edges = (first + np.arange(count + 1)) * unit
                inside = np.minimum(edges[1:], to_us(row["ends_at"])) - np.maximum(edges[:-1], to_us(row["starts_at"]))
                part = np.maximum(0, inside) / unit * (row["expected"] or 0)
                before = found.setdefault(bare[row["room"]], np.full(count, np.nan))
                found[bare[row["room"]]] = np.where(part > 0, np.nan_to_num(before) + part, before)
        return found

    def judged(self, start: datetime, end: datetime, at: datetime, community_id: str | None) -> list[Row]:
        """Bookings that overlap [start, end), newest first, each with ``verdict`` and who came on average."""
        layout = self._occupancy.layout(at)
        place_of = {place.place_id: k for k, place in enumerate(layout.places) if place.kind == "room"}
        found = [row for row in self.rows(start, end, at, community_id) if row["room"] in place_of]
        inside = self._inside(layout, [row for row in found if row["starts_at"] < at], at)
        rows = []
        for row in found:
            place = place_of[row["room"]]
            came, mean = "ahead", None
            if row["starts_at"] < at:
                came, mean = verdict(inside(place, row["starts_at"], row["ends_at"]), row["expected"])
                came = "unknown" if came == "empty" and row["ends_at"] > at else came  # it may still fill
            rows.append(
                {**described(layout.places[place]), **{n: row[n] for n in KEPT}, "verdict": came, "people": mean}
            )
        return sorted(rows, key=lambda row: (row["starts_at"], row["place_id"]), reverse=True)

    def _inside(self, layout: Layout, rows: list[Row], at: datetime) -> Any:
        """People by quarter of a place between two instants, as known at ``at``."""
        if not rows:
            return lambda _place, _start, _end: []
        us = to_us(at)
        first_day = int(day_of(min(to_us(row["starts_at"]) for row in rows) // HOUR_US))
        last_day = int(day_of((min(us, max(to_us(row["ends_at"]) for row in rows)) - 1) // HOUR_US))
        found = self._occupancy.quarters(layout, first_day, last_day - first_day + 1, us)
        base = first_hour(first_day - 1) * HOUR_US

        def between(place: int, start: datetime, end: datetime) -> F64:
            begin, stop = (to_us(start) - base) // QUARTER_US, -(-(min(to_us(end), us) - base) // QUARTER_US)
            return found.people[place, begin:stop]

        return between

"""What edits would change, and where the best sites are, of one twin at one instant. Reads; never writes.

Walks, homes and facilities come from ``twin.circles`` and are those known at the instant. Asked of an hour
(``open_at``), only what is surely open then counts, and who depends on unknown hours is told apart. The pure arithmetic
is in ``siting``. What may be read is what ``circles`` lets be read.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from twin_model import hours
from twin_model.circle_book import GROUPS
from twin_model.circles import LIMIT_M, Sparse, Unasked
from twin_model.edits import Edit, WrongEdit
from twin_model.remembered import Shared
from twin_model.rights import program
from twin_model.siting import METHODS, Question, Walks, coverage_change, marginals, served
from twin_model.walking import LENGTH, TOWARDS
from twin_model.what_if_told import Best, Busy, Effect, Outcome, Site

if TYPE_CHECKING:
    from twin_model.twin import Twin

CANDIDATES = "candidate_site"
WHERE = ("candidates", "buildings", "both")
MOST_SITES = 2_000
MOST_K = 30
WAITS_S = 30.0
LOCAL = timezone(timedelta(hours=8))
SHUT, OPEN, UNKNOWN = 0, 1, 2
_DEGREE_M = 111_320.0
_KEPT = 64


class WhatIf:
    """The questions about what could be."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._walks = Shared(_KEPT)
        self._solving = threading.Lock()

    # ---------------------------------------------------------------- edits

    def outcomes(
        self, at: datetime, community_id: str, edits: Sequence[Edit], *, profile: str = "adult",
        minutes: Sequence[float] = (5, 10, 15), metres: Sequence[float] = (300, 500, 1000),
        groups: Sequence[str] = GROUPS, group: str = "people", limit_m: float | None = None,
        open_at: datetime | None = None, by: str = LENGTH,
    ) -> list[Outcome]:  # fmt: skip
        """What changes, per kind of facility named in the edits. ``group`` and ``limit_m`` (None: 15 minutes) say who
        is counted as gained and lost; ``open_at``: at which hour (None: hours are left out of account).
        ``by``: what ``limit_m`` is measured in, LENGTH or TOWARDS (metres on the flat that take as long).
        Raises ``WrongEdit``, ``Unasked``, ``NotAllowed``.
        """
        self._twin.sight.need(community_id)
        at = self._twin.until_now(at)
        for one in (*groups, group):
            if one not in GROUPS:
                raise Unasked("group", one, GROUPS)
        speed = self._twin.circles.profile(profile).metres_per_minute
        limits = [("min", float(m), m * speed) for m in minutes] + [("m", float(m), float(m)) for m in metres]
        counted = limit_m if limit_m is not None else 15 * speed
        facilities = {row["facility_id"]: row for row in self._twin.circles.facilities(at).to_pylist()}
        by_kind: dict[str, list[tuple[int, Edit]]] = {}
        for number, edit in enumerate(edits):
            by_kind.setdefault(_kind_of(number, edit, facilities), []).append((number, edit))
        return [
            self._outcome(
                at, community_id, kind, mine, facilities, profile, limits, groups, group, counted, open_at, by
            )
            for kind, mine in by_kind.items()
        ]

    def _outcome(
        self, at: datetime, community_id: str, kind: str, edits: list[tuple[int, Edit]],
        facilities: Mapping[str, Mapping[str, Any]], profile: str, limits: Sequence[tuple[str, float, float]],
        groups: Sequence[str], group: str, counted: float, open_at: datetime | None, by: str,
    ) -> Outcome:  # fmt: skip
        circles = self._twin.circles
        furthest = max([LIMIT_M, counted, *(limit for *_, limit in limits)])
        homes = circles.homes(at, community_id)
        ids = sorted(one for one, row in facilities.items() if row["facility_kind"] == kind)
        ids = self._near(at, community_id, ids, facilities, furthest)
        placed = [(number, edit) for number, edit in edits if edit.op in ("put", "move")]
        points = tuple((float(edit.lon or 0), float(edit.lat or 0)) for _, edit in placed)
        is_flat = circles.network(at).network.slowest(circles.profile(profile)) == 1.0
        sets: dict[str, Walks] = {}
        snap: list[float | None] = []
        for measured in (LENGTH,) if is_flat else (LENGTH, TOWARDS):
            there = self._of_facilities(at, tuple(ids), community_id, profile, furthest, open_at, measured)
            new, snap = self._of_points(at, points, community_id, profile, furthest, open_at, measured)
            sets[measured] = there.beside(new)
        in_unit = {"m": sets[LENGTH], "min": sets.get(TOWARDS, sets[LENGTH])}
        walks = sets.get(by, sets[LENGTH])
        number_of = {one: place for place, one in enumerate(ids)}
        before = np.arange(walks.sites) < len(ids)
        after = before.copy()
        after[len(ids) :] = True
        said = [facilities[one]["capacity"] for one in ids] + [edit.capacity for _, edit in placed]
        places_before = np.array([np.nan if one is None else float(one) for one in said])
        places_after = places_before.copy()
        for _, edit in edits:
            place = number_of.get(edit.facility_id or "")
            if place is None:
                continue  # put, or so far away that nobody here walks to it
            if edit.op in ("close", "move"):
                after[place] = False
            if edit.op == "enlarge" and edit.capacity is not None:
                places_after[place] = edit.capacity
        for n, (_, edit) in enumerate(placed):
            if edit.op == "move" and edit.capacity is None and edit.facility_id in number_of:
                places_after[len(ids) + n] = places_before[number_of[edit.facility_id]]
        now, then = self._states(ids, facilities, edits, placed, open_at)
        known = before & (now == OPEN), after & (then == OPEN)
        before_m, after_m = walks.nearest(known[0]), walks.nearest(known[1])
        maybe = before & (now != SHUT), after & (then != SHUT)
        people = {one: homes.count[one] for one in groups}
        told = []
        for unit, limit, metres in limits:
            here = in_unit[unit]
            rows = coverage_change(here.nearest(known[0]), here.nearest(known[1]), people, [metres])
            perhaps = coverage_change(here.nearest(maybe[0]), here.nearest(maybe[1]), people, [metres])
            for row, more in zip(rows, perhaps, strict=True):
                row = replace(row, uncounted=int(homes.uncounted[row.group].sum()))
                row = replace(row, perhaps_before=more.before - row.before, perhaps_after=more.after - row.after)
                told.append((unit, limit, row))
        need = circles.book.needs.get(kind)
        demand = None if need is None else homes.count[need.group]
        kept = walks.nearest(known[0] & known[1])
        order = marginals(
            walks, range(len(ids), walks.sites), kept, homes.count[group], counted,
            _column(walks.sites, len(ids), [edit.area_m2 for _, edit in placed]),
            _column(walks.sites, len(ids), [edit.yuan_per_m2 for _, edit in placed]),
        )  # fmt: skip
        return Outcome(
            kind, tuple(told), tuple(homes.building_id.tolist()), before_m, after_m,
            tuple(Effect(placed[one.site - len(ids)][0], one, snap[one.site - len(ids)]) for one in order),
            group, counted,
            None if demand is None else served(walks, known[0], places_before, demand, counted),
            None if demand is None else served(walks, known[1], places_after, demand, counted),
            int(before.sum()), int(after.sum()),
            int((before & (now == UNKNOWN)).sum()), int((after & (then == UNKNOWN)).sum()),
        )  # fmt: skip

    @staticmethod
    def _states(
        ids: Sequence[str], facilities: Mapping[str, Mapping[str, Any]], edits: Sequence[tuple[int, Edit]],
        placed: Sequence[tuple[int, Edit]], open_at: datetime | None,
    ) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
        """Whether each site is open, shut or nobody knows, before and after; all are open where no hour is asked."""
        if open_at is None:
            every = np.full(len(ids) + len(placed), OPEN)
            return every, every
        stated = {edit.facility_id: edit.opening_hours for _, edit in edits if edit.opening_hours}
        texts = [facilities[one]["opening_hours"] for one in ids]
        of_placed = [
            edit.opening_hours or (facilities[edit.facility_id]["opening_hours"] if edit.facility_id else None)
            for _, edit in placed
        ]
        local = open_at.astimezone(LOCAL)

        def judged(said: Sequence[str | None]) -> np.ndarray:
            words = {True: OPEN, False: SHUT, None: UNKNOWN}
            return np.array([words[hours.is_open(text, local)] for text in said], int)

        after = [stated.get(one, text) for one, text in zip(ids, texts, strict=True)]
        return judged([*texts, *of_placed]), judged([*after, *of_placed])

    # ------------------------------------------------------------ candidates

    def sites(self, at: datetime, community_id: str, where: str = "candidates") -> list[Site]:
        """Candidate sites that are available on the day of ``at``, ground floors of buildings, or both; by number."""
        if where not in WHERE:
            raise Unasked("sites", where, WHERE)
        self._twin.sight.need(community_id)
        at = self._twin.until_now(at)
        found: list[Site] = []
        if where != "buildings":
            today = at.astimezone(LOCAL).date()
            rows = self._twin.ledger.rows(
                CANDIDATES, at, community_id=community_id, start=today, end=today + timedelta(days=1)
            )
            for row in rows.to_pylist():
                found.append(
                    Site(
                        row["site_no"],
                        row["title"],
                        row["kind"],
                        row["lon"],
                        row["lat"],
                        row["area_m2"],
                        row["yuan_per_m2"],
                        None if row["until"] is None else row["until"].isoformat(),
                        row["document"],
                    )
                )
        if where != "candidates":
            table = self._twin.entities("building", at, community_id=community_id)
            middle = shapely.centroid(shapely.from_wkb(np.array(table["footprint"].to_pylist(), object)))
            for row, spot in zip(table.to_pylist(), middle, strict=True):
                if spot is not None:
                    lon, lat = round(float(spot.x), 7), round(float(spot.y), 7)
                    found.append(
                        Site(row["building_id"], row["name"] or row["building_id"], "building", lon, lat, None, None)
                    )
        return sorted(found, key=lambda site: site.site_no)

    def best(
        self, at: datetime, community_id: str, facility_kind: str, k: int, *, method: str = "coverage",
        group: str = "people", limit_m: float = 500.0, profile: str = "adult", where: str = "candidates",
        edits: Sequence[Edit] = (), exact: bool = True, time_limit_s: float = 10.0, open_at: datetime | None = None,
        by: str = LENGTH,
    ) -> Best:  # fmt: skip
        """The k sites that add most to what is there (after ``edits`` of this kind, where there are any).

        ``open_at``: of what is there only what is surely open then counts; what is built is taken to be open.
        ``exact`` False: only the greedy answer, at once. Raises ``Unasked`` (what cannot be asked) and ``Busy``.
        """
        if method not in METHODS:
            raise Unasked("method", method, METHODS)
        if group not in GROUPS:
            raise Unasked("group", group, GROUPS)
        if not 1 <= k <= MOST_K:
            raise Unasked("k", k, [f"1 to {MOST_K}"])
        at = self._twin.until_now(at)
        sites = self.sites(at, community_id, where)
        if len(sites) > MOST_SITES:
            raise Unasked("sites", len(sites), [f"at most {MOST_SITES} sites"])
        homes = self._twin.circles.homes(at, community_id)
        points = tuple((site.lon, site.lat) for site in sites)
        walks, snap = self._of_points(at, points, community_id, profile, limit_m, open_at, by)
        nearest = self._nearest(at, community_id, facility_kind, edits, profile, limit_m, open_at, by)
        question = Question(method, k, walks, homes.count[group], nearest, limit_m)
        savings = question.savings()
        if exact:
            if not self._solving.acquire(timeout=WAITS_S):  # one at a time: the rest of the program goes on living
                raise Busy
            try:
                answer = question.exact(time_limit_s)
            finally:
                self._solving.release()
            chosen, value, bound, gap = answer.sites, answer.value, answer.bound, answer.gap
            greedy_value, parts, programs = answer.greedy_value, answer.parts, answer.programs
        else:
            chosen = question.first()
            value = greedy_value = savings.worth(np.array(chosen, np.int64))
            bound, gap, parts, programs = None, None, 0, 0
        area = np.array([np.nan if site.area_m2 is None else site.area_m2 for site in sites])
        yuan = np.array([np.nan if site.yuan_per_m2 is None else site.yuan_per_m2 for site in sites])
        rows = marginals(walks, chosen, nearest, homes.count[group], limit_m, area, yuan)
        count = homes.count[group]
        return Best(
            method, group, limit_m, tuple(sites[row.site] for row in rows), tuple(rows),
            sum(row.people for row in rows), question.mean_m(chosen), question.mean_m(()), value, bound, gap,
            greedy_value, len(sites), sum(1 for one in snap if one is None),
            float(count[nearest <= limit_m].sum()), float(count.sum()), parts, programs,
        )  # fmt: skip

    # --------------------------------------------------------------- private

    def _nearest(
        self, at: datetime, community_id: str, kind: str, edits: Sequence[Edit], profile: str, limit_m: float,
        open_at: datetime | None, by: str,
    ) -> np.ndarray:  # fmt: skip
        said = {"profile": profile, "limit_m": limit_m, "open_at": open_at, "by": by}
        outcomes = self.outcomes(at, community_id, edits, **said) if edits else []  # type: ignore[arg-type]
        for one in outcomes:
            if one.facility_kind == kind:
                return one.after_m
        walked = self._twin.circles.walked(at, [kind], community_id, profile, open_at, max(LIMIT_M, limit_m))
        return walked[kind].metres if by == LENGTH else walked[kind].flat_m

    def _near(
        self, at: datetime, community_id: str, ids: list[str], facilities: Mapping[str, Mapping[str, Any]], far_m: float
    ) -> list[str]:
        """Those that lie so near to the community, as the crow flies, that a walk of this length could be."""
        west, south, east, north = self._walks.get(
            ("bounds", community_id, self._twin.circles.epoch(at)), lambda: self._bounds(at, community_id)
        )
        wide = far_m / _DEGREE_M / max(0.1, float(np.cos(np.radians(south))))
        high = far_m / _DEGREE_M
        return [
            one
            for one in ids
            if west - wide <= facilities[one]["lon"] <= east + wide
            and south - high <= facilities[one]["lat"] <= north + high
        ]

    def _bounds(self, at: datetime, community_id: str) -> tuple[float, float, float, float]:
        table = self._twin.entities("building", at, community_id=community_id)
        bounds = shapely.total_bounds(shapely.from_wkb(np.array(table["footprint"].to_pylist(), object)))
        west, south, east, north = (float(one) for one in bounds)
        return (west, south, east, north) if np.isfinite(west) else (-180.0, -90.0, 180.0, 90.0)

    def _of_facilities(
        self, at: datetime, ids: tuple[str, ...], community_id: str, profile: str, limit_m: float,
        open_at: datetime | None, by: str,
    ) -> Walks:  # fmt: skip
        circles = self._twin.circles
        key = "facilities", ids, community_id, profile, limit_m, open_at, by, circles.epoch(at), self._twin.forgotten
        found: Walks = self._walks.get(
            key, lambda: _walks(len(ids), circles.distances_of(at, ids, community_id, profile, limit_m, by, open_at))
        )
        return found

    def _of_points(
        self, at: datetime, points: tuple[tuple[float, float], ...], community_id: str, profile: str, limit_m: float,
        open_at: datetime | None, by: str,
    ) -> tuple[Walks, list[float | None]]:  # fmt: skip
        circles = self._twin.circles
        key = "points", points, community_id, profile, limit_m, open_at, by, circles.epoch(at), self._twin.forgotten

        def ask() -> tuple[Walks, list[float | None]]:
            lonlat = np.array(points, np.float64).reshape(-1, 2)
            sparse = circles.distances(at, lonlat, community_id, profile, limit_m, by, open_at)
            snap = [None if np.isnan(one) else float(one) for one in sparse.site_snap_m]
            return _walks(len(points), sparse), snap

        with program():
            found: tuple[Walks, list[float | None]] = self._walks.get(key, ask)
        return found


def _walks(sites: int, sparse: Sparse) -> Walks:
    return Walks(
        sparse.site_no.astype(np.int64), sparse.building_no.astype(np.int64), sparse.metres, sites, sparse.buildings
    )


def _column(n: int, first: int, values: Sequence[float | None]) -> np.ndarray:
    """``n`` numbers, NaN before ``first`` and where a value is not stated."""
    column = np.full(n, np.nan)
    column[first:] = [np.nan if value is None else value for value in values]
    return column


def _kind_of(number: int, edit: Edit, facilities: Mapping[str, Mapping[str, Any]]) -> str:
    """The kind of facility an edit is about, which for one that is there its entity says."""
    if edit.facility_id is None:
        return edit.facility_kind or ""
    found = facilities.get(edit.facility_id)
    if found is None:
        raise WrongEdit(number + 1, edit.facility_id, "facility_id: a facility known at that instant")
    kind: str = found["facility_kind"]
    return kind

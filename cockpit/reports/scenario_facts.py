"""What a report of what-if scenarios knows: what each would change, whom it reaches, and how near the best it comes.

Everything is as known at the report's instant, also the scenarios themselves; nothing of it is what is. Figures are
those of ``twin.scenarios``; what is not stated stays None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import numpy as np

from cockpit.reports.kinds import ReportRefused, Wish, refused
from layouts.page import ZONE
from twin_model.circles import Unasked
from twin_model.edits import Edit, WrongEdit
from twin_model.scenarios import Scenario
from twin_model.siting import COVERAGE, Served
from twin_model.twin import Twin
from twin_model.what_if_told import Busy, Outcome

Facts = dict[str, Any]
GROUPS = ("homes", "people", "aged_60", "aged_80", "aged_0_3", "aged_3_6")
MINUTES, METRES = (5.0, 10.0, 15.0), (300.0, 500.0, 1000.0)
GAIN_M = 500.0
"""Within which a facility's gain per m² and per yuan, its places and the best sites are told."""
HOUR = 18
SECONDS = 60.0
"""For one exact search. One that is not proven by then is told by its greedy answer, which is the same in every run."""


def chosen(twin: Twin, at: datetime, wish: Wish) -> list[Scenario]:
    """The scenarios asked for, as known at ``at``. Raises `ReportRefused` for one that is not there then."""
    found = []
    for one in wish.scenarios:
        try:
            scenario = twin.scenarios.one(at, one)
        except KeyError:
            scenario = None
        if scenario is None or scenario.withdrawn or scenario.community_id != wish.community:
            raise refused("scenario", found=one, community=wish.community, at=at)
        found.append(scenario)
    return found


def gather(twin: Twin, at: datetime, wish: Wish) -> Facts:
    """The facts of the report. Raises `ReportRefused` for a scenario or community that is not there, or the future."""
    if at > twin.now():
        raise refused("future", at=at, now=twin.now())
    community = twin.entity("community", wish.community, at)
    if community is None:
        known = ", ".join(twin.entities("community", at)["community_id"].to_pylist()[:5]) or "—"
        raise refused("not_then", found=repr(wish.community), at=at, known=known)
    open_at = at.astimezone(ZONE).replace(hour=HOUR, minute=0, second=0, microsecond=0)
    return {
        "scenario": True,
        "report": {
            "kind": wish.kind, "audience": wish.audience, "lang": wish.lang, "at": at, "start": at,
            "community": {"id": wish.community, **{k: community[k] for k in ("name", "name_en", "is_sample")}},
        },
        "limits": {"minutes": MINUTES, "metres": METRES, "gain_m": GAIN_M, "hour": HOUR},
        "scenarios": [_scenario(twin, at, wish.community, one, open_at) for one in chosen(twin, at, wish)],
    }  # fmt: skip


def _scenario(twin: Twin, at: datetime, community: str, one: Scenario, open_at: datetime) -> Facts:
    facilities = {row["facility_id"]: row for row in twin.circles.facilities(at).to_pylist()}
    edits = [_edit(number, edit, facilities) for number, edit in enumerate(one.edits, 1)]
    said: Facts = {
        "id": one.scenario_id, "name": one.name, "base_at": one.base_at, "saved_at": one.recorded_at,
        "profile": one.profile, "metres_per_minute": twin.circles.profile(one.profile).metres_per_minute,
        "edits": edits, "yuan": _sum([edit["yuan"] for edit in edits if edit["op"] in ("put", "move")]),
        "wrong": None, "kinds": [],
    }  # fmt: skip
    try:
        said["kinds"] = [
            _kind(twin, at, community, one, kind, open_at)
            for kind in dict.fromkeys(edit["kind"] for edit in edits if edit["kind"])
        ]
        twin.scenarios.outcomes(at, community, one.edits, profile=one.profile)
    except (WrongEdit, Unasked) as wrong:  # a facility it changes is no longer there
        said |= {"wrong": str(wrong), "kinds": []}
    return said


def _edit(number: int, edit: Edit, facilities: Mapping[str, Mapping[str, Any]]) -> Facts:
    there = facilities.get(edit.facility_id or "", {})
    cost = edit.area_m2 * edit.yuan_per_m2 if edit.area_m2 is not None and edit.yuan_per_m2 is not None else None
    return {
        "no": number, "op": edit.op, "kind": there.get("facility_kind") or edit.facility_kind,
        "facility_id": edit.facility_id, "name": there.get("name") or edit.name, "name_en": there.get("name_en"),
        "site_no": edit.site_no, "lon": edit.lon, "lat": edit.lat,
        "lon_before": there.get("lon"), "lat_before": there.get("lat"), "area_m2": edit.area_m2,
        "capacity": edit.capacity, "capacity_before": there.get("capacity"), "opening_hours": edit.opening_hours,
        "yuan_per_m2": edit.yuan_per_m2, "yuan": cost,
    }  # fmt: skip


def _sum(values: Sequence[float | None]) -> float | None:
    """None as soon as one is not stated, or where there is nothing to add."""
    return None if not values or None in values else sum(value for value in values if value is not None)


def _kind(twin: Twin, at: datetime, community: str, one: Scenario, kind: str, open_at: datetime) -> Facts:
    """What the scenario changes about one kind of facility."""
    need = twin.circles.book.needs.get(kind)
    group = need.group if need is not None and need.group in GROUPS else "people"

    def ask(edits: Sequence[Edit], hour: datetime | None = None) -> Outcome:
        found = twin.scenarios.outcomes(
            at, community, edits, profile=one.profile, minutes=MINUTES, metres=METRES, groups=GROUPS, group=group,
            limit_m=GAIN_M, open_at=hour,
        )  # fmt: skip
        return next(outcome for outcome in found if outcome.facility_kind == kind)

    now, evening = ask(one.edits), ask(one.edits, open_at)
    words = now.change_of()
    return {
        "kind": kind, "group": group, "facilities": [now.facilities_before, now.facilities_after],
        "covered": _covered(now),
        "hour": {"covered": _covered(evening, ("m", GAIN_M)),
                 "unknown": [evening.hours_unknown_before, evening.hours_unknown_after],
                 "served": [_served(evening.served_before), _served(evening.served_after)]},
        "served": [_served(now.served_before), _served(now.served_after)],
        "effects": [{"edit": e.edit + 1, **asdict(e.marginal), "snap_m": e.snap_m} for e in now.effects],
        "moved": {word: int((words == word).sum()) for word in ("gained", "lost", "nearer", "further")},
        "buildings": [
            {"id": now.building_id[n], "before_m": _metres(now.before_m[n]), "after_m": _metres(now.after_m[n]),
             "change": str(words[n]), "within": bool(now.after_m[n] <= GAIN_M)}
            for n in range(len(now.building_id))
        ],
        "best": _best(twin, at, community, one, kind, group),
    }  # fmt: skip


def _covered(outcome: Outcome, only: tuple[str, float] | None = None) -> list[Facts]:
    return [
        {"unit": unit, "limit": limit, **asdict(row)}
        for unit, limit, row in outcome.covered
        if only is None or (unit, limit) == only
    ]


def _served(one: Served | None) -> Facts | None:
    return None if one is None else asdict(one)


def _metres(value: float) -> float | None:
    return round(float(value), 1) if np.isfinite(value) else None


def _best(twin: Twin, at: datetime, community: str, one: Scenario, kind: str, group: str) -> Facts | None:
    """As many sites as the scenario puts, where they would be best; None where it puts none."""
    facilities = {row["facility_id"]: row["facility_kind"] for row in twin.circles.facilities(at).to_pylist()}
    puts = [edit for edit in one.edits if edit.op == "put" and edit.facility_kind == kind]
    if not puts:
        return None
    rest = [
        edit for edit in one.edits
        if edit.op != "put" and edit.facility_id is not None and facilities.get(edit.facility_id) == kind
    ]  # fmt: skip
    where = "candidates" if twin.scenarios.sites(at, community) else "buildings"
    asked: Facts = {
        "k": len(puts), "method": COVERAGE, "group": group, "limit_m": GAIN_M, "where": where, "refused": None,
    }  # fmt: skip

    def ask(exact: bool) -> Any:
        return twin.scenarios.best(
            at, community, kind, len(puts), method=COVERAGE, group=group, limit_m=GAIN_M, profile=one.profile,
            where=where, edits=rest, exact=exact, time_limit_s=SECONDS,
        )  # fmt: skip

    try:
        found = ask(True)
        proven = found.gap == 0.0
        found = found if proven else ask(False)
    except Busy as busy:
        raise ReportRefused(busy.reason["en"], busy.reason) from None
    except Unasked as wrong:
        return asked | {"refused": str(wrong)}
    covered = next(
        row for outcome in twin.scenarios.outcomes(at, community, one.edits, profile=one.profile, groups=(group,),
                                                   minutes=(), metres=(GAIN_M,))
        if outcome.facility_kind == kind for _, _, row in outcome.covered
    )  # fmt: skip
    return asked | {
        "candidates": found.candidates, "off_path": found.off_path, "proven": proven, "people": found.people,
        "scenario_people": covered.after - found.covered_before, "total": found.total, "greedy": found.greedy_value,
        "sites": [
            {"site_no": site.site_no, "title": site.title, "kind": site.kind, "area_m2": site.area_m2,
             "yuan_per_m2": site.yuan_per_m2, "lon": site.lon, "lat": site.lat, **asdict(row)}
            for site, row in zip(found.sites, found.rows, strict=True)
        ],
    }  # fmt: skip

"""What the what-if page asks the twin: what may be chosen, what the edits change, the best sites, saved scenarios.

The draft (kind, who walks, edits …) is the person's choice and comes from the browser as text; everything else is
worked out in ``twin_model.scenarios`` and nothing of it is stored. A draft that cannot be read counts as empty.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import numpy as np

from layouts.parts.circle_answers import hour_of, lacks, speed_of
from layouts.parts.circle_words import limit_of
from twin_model.circle_book import GROUPS, book
from twin_model.circles import Unasked
from twin_model.edits import MOST_EDITS, Edit, WrongEdit, read_edits
from twin_model.scenarios import Scenario
from twin_model.siting import METHODS, Served
from twin_model.twin import Twin
from twin_model.walking import LENGTH, TOWARDS
from twin_model.what_if_told import Busy, Outcome

Answer = dict[str, Any]

LIMITS_M = {"300m": 300.0, "500m": 500.0, "1000m": 1000.0}
LIMITS_MIN = {"5min": 5.0, "10min": 10.0, "15min": 15.0}
USUAL_LIMIT = "5min"
USUAL_KINDS = ("canteen", "day_care", "nursery", "clinic")
SHOWN = ("homes", "people", "aged_60", "aged_80", "aged_0_3", "aged_3_6")
SECONDS = 10.0


def read_draft(text: str | None) -> tuple[dict[str, Any], tuple[Edit, ...], str | None]:
    """What was chosen, the edits, and what is wrong with them (None: nothing)."""
    try:
        said = json.loads(text) if text else {}
        said = said if isinstance(said, dict) else {}
    except ValueError:
        said = {}
    edits = said.get("edits")
    try:
        read = read_edits([one for one in edits if isinstance(one, dict)] if isinstance(edits, list) else [])
    except WrongEdit as wrong:
        return said, (), str(wrong)
    return said, read, None


def limit_m(twin: Twin, draft: Mapping[str, Any]) -> float:
    """The limit chosen, in metres of whoever walks."""
    limit = draft.get("limit")
    if limit in LIMITS_M:
        return LIMITS_M[limit]
    speed = twin.circles.profile(speed_of(draft.get("speed"))).metres_per_minute
    return LIMITS_MIN.get(str(limit), LIMITS_MIN[USUAL_LIMIT]) * speed


def chosen(twin: Twin, at: datetime, community: str, draft: Mapping[str, Any]) -> Answer:
    """The choices of a draft, with the usual ones where it makes none."""
    kinds = sorted({*twin.circles.kinds(at), *book().needs})
    kind = draft.get("kind")
    if kind not in kinds:
        kind = next((one for one in USUAL_KINDS if one in kinds), kinds[0] if kinds else None)
    group = draft.get("group")
    hour = draft.get("hour") if isinstance(draft.get("hour"), str) else None
    limit = draft.get("limit")
    return {
        "kinds": kinds, "kind": kind, "speed": speed_of(draft.get("speed")),
        "hour": hour if hour_of(at, hour) else None,
        "group": group if group in GROUPS else "people",
        "limit": limit if limit in {**LIMITS_M, **LIMITS_MIN} else USUAL_LIMIT,
    }  # fmt: skip


def walked(at: datetime, now: Mapping[str, Any]) -> dict[str, Any]:
    """How the draft has it walked: by whom, at which hour, and whether the limit is one of time or of length."""
    by = TOWARDS if now["limit"] in LIMITS_MIN else LENGTH
    return {"profile": now["speed"], "group": now["group"], "open_at": hour_of(at, now["hour"]), "by": by}


def choices(twin: Twin, at: datetime, community: str, *, draft: str | None) -> Answer:
    """What may be chosen, the facilities of the kind and the candidate sites, each with what may be done with it."""
    said, edits, _ = read_draft(draft)
    now = chosen(twin, at, community, said)
    there = twin.circles.facilities(at, community).to_pylist()
    done = {edit.facility_id: edit.op for edit in edits if edit.facility_id}
    used = {edit.site_no for edit in edits if edit.site_no}
    names = ("facility_id", "name", "name_en", "area_m2", "capacity", "opening_hours", "placed")
    return {
        **now, "lacks": lacks(twin, at, community),
        "facilities": [
            {**{name: row[name] for name in names}, "op": done.get(row["facility_id"])}
            for row in there
            if row["facility_kind"] == now["kind"]
        ],
        "sites": [
            {**asdict(site), "used": site.site_no in used} for site in twin.scenarios.sites(at, community)
        ],
    }  # fmt: skip


def result(twin: Twin, at: datetime, community: str, *, draft: str | None) -> Answer:
    """What the edits change, by kind; and what the map shows of the kind that is looked at."""
    said, edits, wrong = read_draft(draft)
    now = chosen(twin, at, community, said)
    limit = limit_m(twin, said)
    try:
        outcomes = twin.scenarios.outcomes(
            at, community, edits, groups=SHOWN, limit_m=limit, **walked(at, now)
        )  # fmt: skip
    except (WrongEdit, Unasked) as error:
        outcomes, wrong = [], str(error)
    shown = next((one for one in outcomes if one.facility_kind == now["kind"]), outcomes[0] if outcomes else None)
    facilities = {row["facility_id"]: row for row in twin.circles.facilities(at).to_pylist()}
    return {
        **now, "limit_m": limit, "wrong": wrong, "lacks": lacks(twin, at, community),
        "edits": [_edit(edit, facilities) for edit in edits],
        "outcomes": [_outcome(one) for one in outcomes],
        "map": _map(twin, at, community, now, limit, shown, edits, facilities),
    }  # fmt: skip


def _edit(edit: Edit, facilities: Mapping[str, Mapping[str, Any]]) -> Answer:
    row = facilities.get(edit.facility_id or "", {})
    told = {name: row.get(name) for name in ("name", "name_en")} if row else {"name": edit.name, "name_en": None}
    was = {"capacity_before": row.get("capacity")} if row else {}
    return {**edit.told(), **told, **was, "facility_kind": row.get("facility_kind") or edit.facility_kind}


def _outcome(one: Outcome) -> Answer:
    words = one.change_of()
    return {
        "kind": one.facility_kind, "group": one.group, "limit_m": one.limit_m,
        "facilities": (one.facilities_before, one.facilities_after),
        "rows": [(unit, limit, asdict(row)) for unit, limit, row in one.covered],
        "hours_unknown": (one.hours_unknown_before, one.hours_unknown_after),
        "counts": {word: int((words == word).sum()) for word in ("gained", "lost", "nearer", "further")},
        "served": (_served(one.served_before), _served(one.served_after)),
        "effects": [{"edit": e.edit, **asdict(e.marginal), "snap_m": e.snap_m} for e in one.effects],
    }  # fmt: skip


def _served(one: Served | None) -> Answer | None:
    return None if one is None else asdict(one)


def best(twin: Twin, at: datetime, community: str, *, draft: str | None, wish: str | None) -> Answer | None:
    """The best sites after the edits: greedy first; exact when the browser has shown that. None: nothing was asked."""
    try:
        said = json.loads(wish) if wish else None
    except ValueError:
        said = None
    if not isinstance(said, dict):
        return None
    chosen_draft, edits, _ = read_draft(draft)
    now = chosen(twin, at, community, chosen_draft)
    method = said.get("method") if said.get("method") in METHODS else METHODS[0]
    where = said.get("where") if said.get("where") in ("candidates", "buildings", "both") else "candidates"
    k = said.get("k") if isinstance(said.get("k"), int) and 1 <= said["k"] <= 20 else 1
    asked = {**now, "method": method, "where": where, "k": k, "exact": said.get("exact") is True}
    try:
        found = twin.scenarios.best(
            at, community, now["kind"], k, method=method, limit_m=limit_m(twin, chosen_draft), where=where, edits=edits,
            exact=asked["exact"], time_limit_s=SECONDS, **walked(at, now),
        )  # fmt: skip
    except Busy as busy:
        return {**asked, "busy": busy.reason}
    sites = [{**asdict(site), **asdict(row)} for site, row in zip(found.sites, found.rows, strict=True)]
    names = ("people", "mean_m", "mean_before_m", "gap", "bound", "value", "greedy_value", "candidates", "off_path",
             "covered_before", "total", "limit_m")  # fmt: skip
    places = _places(twin, at, community, now, limit_m(twin, chosen_draft), edits, sites, said.get("capacity"))
    return {**asked, **{name: getattr(found, name) for name in names}, "sites": sites, **places}


def _places(
    twin: Twin, at: datetime, community: str, now: Mapping[str, Any], limit: float, edits: Sequence[Edit],
    sites: Sequence[Mapping[str, Any]], capacity: Any,
) -> Answer:  # fmt: skip
    """Who would have a place, were the sites built with ``capacity`` places each; None without, or without a need."""
    stated = isinstance(capacity, int | float) and not isinstance(capacity, bool) and 0 <= capacity <= 1e7
    need = twin.circles.book.needs.get(now["kind"])
    if need is None or not sites or len(edits) + len(sites) > MOST_EDITS:
        return {"served": None, "capacity": None}
    puts = [
        Edit(op="put", facility_kind=now["kind"], lon=site["lon"], lat=site["lat"],
             capacity=float(capacity) if stated else None, opening_hours="24/7")
        for site in sites
    ]  # fmt: skip
    found = twin.scenarios.outcomes(
        at, community, [*edits, *puts], groups=("people",), limit_m=limit, minutes=(), metres=(), **walked(at, now)
    )  # fmt: skip
    one = next(outcome for outcome in found if outcome.facility_kind == now["kind"])
    return {"served": (_served(one.served_before), _served(one.served_after)), "capacity": capacity if stated else None}


def saved(twin: Twin, at: datetime, community: str, *, draft: str | None, pair: str | None) -> Answer:
    """The scenarios known at ``at``; of the two (or more) chosen, what each changes, side by side."""
    said, edits, _ = read_draft(draft)
    now = chosen(twin, at, community, said)
    listed = twin.scenarios.listed(at, community)
    wanted = [one for one in (pair or "").split(",") if one][:3]
    by_id = {one.scenario_id: one for one in listed}
    return {
        **now, "open": said.get("scenario"), "edits": len(edits), "limit_m": limit_m(twin, said), "pair": wanted,
        "listed": [_told(one) for one in listed],
        "compared": [_compared(twin, at, community, by_id[one], now, said) for one in wanted if one in by_id],
    }  # fmt: skip


def _told(one: Scenario) -> Answer:
    return {
        "id": one.scenario_id, "name": one.name, "owner": one.owner, "at": one.recorded_at, "base_at": one.base_at,
        "edits": [edit.told() for edit in one.edits], "profile": one.profile,
    }  # fmt: skip


def _compared(
    twin: Twin, at: datetime, community: str, one: Scenario, now: Mapping[str, Any], draft: Mapping[str, Any]
) -> Answer:
    amount, unit = limit_of(now["limit"])
    try:
        outcomes = twin.scenarios.outcomes(
            at, community, one.edits, groups=SHOWN, limit_m=limit_m(twin, draft), **walked(at, now),
            **({"minutes": (), "metres": (amount,)} if unit == "m" else {"minutes": (amount,), "metres": ()}),
        )  # fmt: skip
    except (WrongEdit, Unasked) as error:
        return {"id": one.scenario_id, "name": one.name, "wrong": str(error)}
    cost = [
        edit.area_m2 * edit.yuan_per_m2 if edit.area_m2 is not None and edit.yuan_per_m2 is not None else None
        for edit in one.edits
        if edit.op in ("put", "move")
    ]
    return {
        "id": one.scenario_id, "name": one.name, "edits": len(one.edits),
        "yuan": None if None in cost or not cost else sum(x for x in cost if x is not None),
        "kinds": [
            {
                "kind": o.facility_kind, "rows": {row.group: (row.before, row.after) for _, _, row in o.covered},
                "served": (_served(o.served_before), _served(o.served_after)),
            }
            for o in outcomes
        ],
    }  # fmt: skip


# ---------------------------------------------------------------------- the map


def _map(
    twin: Twin, at: datetime, community: str, now: Mapping[str, Any], limit: float, shown: Outcome | None,
    edits: Sequence[Edit], facilities: Mapping[str, Mapping[str, Any]],
) -> Answer:  # fmt: skip
    """What assets/55_what_if.js draws: the class of each building and its metres, pins by degrees."""
    homes = twin.circles.homes(at, community)
    if shown is not None:
        before, after, words = shown.before_m, shown.after_m, shown.change_of()
    else:
        there = _as_it_is(twin, at, community, now)
        before = after = np.full(len(homes), np.inf) if there is None else there
        words = np.full(len(homes), "same", object)
    inside = after <= limit  # beyond the circle a shorter walk is still no walk within it
    moved = np.isin(words, ("gained", "lost")) | (inside & (words != "same"))
    classes = np.where(moved, words, np.where(inside, "within", "beyond"))
    kind = now["kind"] if shown is None else shown.facility_kind
    pins = []
    closed = {edit.facility_id for edit in edits if edit.op in ("close", "move")}
    for row in facilities.values():
        if row["facility_kind"] == kind and row["community_id"] == community:
            gone = row["facility_id"] in closed
            pins.append((row["facility_id"], "gone" if gone else "there", kind, row["name"], row["name_en"],
                         row["lon"], row["lat"]))  # fmt: skip
    taken = {edit.site_no for edit in edits if edit.site_no}
    for site in twin.scenarios.sites(at, community):
        if site.site_no not in taken:
            pins.append((site.site_no, "site", "site", site.title, None, site.lon, site.lat))
    for number, edit in enumerate(edits):
        if edit.op in ("put", "move"):
            row = facilities.get(edit.facility_id or "", {})
            pins.append((f"edit-{number}", "new", edit.facility_kind or row.get("facility_kind") or "",
                         edit.name or row.get("name") or "", row.get("name_en"), edit.lon, edit.lat))  # fmt: skip
    return {
        "kind": kind, "limit": round(limit, 1),
        "buildings": {
            str(one): [str(word), _whole(was), _whole(is_now)]
            for one, word, was, is_now in zip(homes.building_id, classes, before, after, strict=True)
        },
        "pins": [
            dict(zip(("id", "what", "kind", "name", "name_en", "lon", "lat"), pin, strict=True)) for pin in pins
        ],
    }  # fmt: skip


def _as_it_is(twin: Twin, at: datetime, community: str, now: Mapping[str, Any]) -> np.ndarray | None:
    """The walks of today to the kind that is looked at; None where no kind is."""
    if not now["kind"]:
        return None
    said = walked(at, now)
    found = twin.circles.walked(at, [now["kind"]], community, now["speed"], said["open_at"])[now["kind"]]
    return found.flat_m if said["by"] == TOWARDS else found.metres


def _whole(metres: float) -> int | None:
    return round(float(metres)) if np.isfinite(metres) else None

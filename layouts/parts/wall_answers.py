"""What a public wall asks the twin: ``question(twin, at, community)`` -> counts, opening hours, figures of places.

These are all a wall in the street can show, so none of them reads a person, a home, an alert or an incident; what
children use is left out, and a small count of people becomes ``few``, as ``twin_model.masking`` says. Unknown stays
None.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from layouts.page import ZONE
from layouts.parts import answers, map_scene
from twin_model.masking import suppressed, too_few
from twin_model.occupancy.opening import ALWAYS, QUARTERS, week
from twin_model.tariff import AGE_BANDS
from twin_model.twin import Twin

Answer = dict[str, Any]

FOR_CHILDREN = frozenset({
    "nursery", "kindergarten", "primary_school", "school", "homework_class", "childrens_room", "playground",
})  # fmt: skip
OPEN_TO_ALL = ("club", "course", "committee")
"""Whose bookings are events; those of residents and firms are nobody else's business."""
MOST_BOOKINGS = 9
SERVICES_FIRST = (
    "centre", "canteen", "clinic", "supermarket", "pharmacy", "convenience", "park", "sports", "police",
)  # fmt: skip
HIDDEN_KINDS = frozenset({"parcel_lockers", "recycling", "toilet", "bus_stop", "charging", "property_office"})
CLASSES = ("none", "open", "closed")


def few(people: int | None) -> bool:
    """Whether a count of people is too small to be told."""
    return too_few(people)


def seated(row: Answer | None) -> Answer:
    """How many are in a place, as the street may know: ``people``, ``few``, ``known``, ``kept`` for another's sake."""
    if row is None:
        return {"people": None, "few": False, "kept": False, "known": False}
    n, is_few = row["people"], few(row["people"]) or row["fewer_than"] is not None
    kept = row["kept_back"] and not is_few
    return {"people": told(n), "few": is_few, "kept": kept, "known": n is not None or row["kept_back"]}


def told(people: int | None) -> int | None:
    """A count of people as the public may know it: None when too small (``few`` says so) or unknown."""
    return None if few(people) else people


def opening(hours: str | None, at: datetime) -> Answer:
    """``open`` (None: not known), ``always``, and ``until``: the local time it closes, or opens again within a week."""
    table = week(hours)
    if table is None:
        return {"open": None, "always": False, "until": None, "days": 0}
    if (hours or "").strip() == ALWAYS:
        return {"open": True, "always": True, "until": None, "days": 0}
    local = at.astimezone(ZONE)
    first = local.hour * 4 + local.minute // 15
    is_open = table[local.weekday()][first]
    for ahead in range(1, 7 * QUARTERS + 1):
        days, quarter = divmod(first + ahead, QUARTERS)
        if table[(local.weekday() + days) % 7][quarter] != is_open:
            return {"open": is_open, "always": False, "until": time(quarter // 4, quarter % 4 * 15), "days": days}
    return {"open": is_open, "always": is_open, "until": None, "days": 0}


def place(twin: Twin, at: datetime, community: str) -> Answer:
    """Name, registered residents, and where it lies (for the hour of dusk)."""
    row = answers.community(twin, at, community)
    facility = twin.entities("facility", at, community_id=community)
    middle = [pc.mean(facility[name]).as_py() for name in ("lon", "lat")] if facility.num_rows else [None, None]
    people = twin.released.residents(at, community)["people"]
    return {"name": row["name"], "name_en": row["name_en"], "people": told(people), "at": middle}


def people(twin: Twin, at: datetime, community: str) -> Answer:
    """Residents, households and three age bands of the whole community; a small one is None."""
    row = twin.released.residents(at, community)
    # children's figures are nobody's business here, not even as the rest of a sum: below 60 is one band
    young = None if row["people"] is None else row["age_0_17"] + row["age_18_59"]
    known = {"under_60": young, "age_60_79": row["age_60_79"], "age_80_up": row["age_80_up"]}
    counts = {name: n for name, n in known.items() if n is not None}
    # the sum is told: one small band alone would follow from it
    bands = dict.fromkeys(known) | suppressed(counts, group=lambda _: "people")
    return {"people": told(row["people"]), "households": row["households"], "bands": bands}


def bookings(twin: Twin, at: datetime, community: str) -> Answer:
    """What is on in the rooms: running or to come, of today and (where today has little left) tomorrow."""
    if "room_booking" not in twin.ledger.kinds:
        return {"items": [], "day": at.astimezone(ZONE).date()}
    today = at.astimezone(ZONE).date()
    start = datetime.combine(today, time(0), ZONE)
    rooms = _rooms(twin, at, community)
    rows = twin.ledger.rows("room_booking", at, community_id=community, start=start, end=start + timedelta(days=3))
    found = [
        {
            "room": rooms[row["room"]], "starts": row["starts_at"], "ends": row["ends_at"], "by": row["booked_by"],
            "expected": told(row["expected"]), "few": few(row["expected"]), "on": row["starts_at"] <= at,
        }
        for row in rows.to_pylist()
        if row["state"] == "booked" and row["booked_by"] in OPEN_TO_ALL and row["room"] in rooms
        and row["ends_at"] > at
    ]  # fmt: skip
    found.sort(key=lambda one: (one["starts"], one["room"]["name"] or ""))
    return {"items": found[:MOST_BOOKINGS], "day": today}


def held(twin: Twin, at: datetime, community: str) -> list[Answer]:
    """The latest events of the neighbourhood with how many came."""
    if "activity" not in twin.ledger.kinds:
        return []
    since = at - timedelta(days=21)
    rows = twin.ledger.rows("activity", at, community_id=community, start=since, end=None).to_pylist()
    chosen = [row for row in rows if row["category"] != "children"][-5:]
    return [
        {"day": row["day"], "title": row["title"], "people": told(row["participants"]), "few": few(row["participants"])}
        for row in reversed(chosen)
    ]


def spaces(twin: Twin, at: datetime, community: str) -> Answer:
    """The centre and its rooms now: people, what is left of the capacity, and whether it is open at all."""
    found = answers.centre(twin, at, community)
    kinds = _rooms(twin, at, community)
    rooms = [
        {
            "name": row["name"], "name_en": row["name_en"], "capacity": row["capacity"], "newest": row["newest"],
            **seated(row),
        }
        for row in found["rooms"]
        if row["capacity"] and row["place_id"] in kinds
    ]  # fmt: skip
    whole, facility = found["centre"], found.get("facility", {})
    return {
        "open": opening(facility.get("opening_hours"), at),
        **seated(whole),
        "newest": whole["newest"] if whole else None,
        "rooms": rooms,
    }


def canteen(twin: Twin, at: datetime, community: str) -> Answer | None:
    """The elder canteen: its hours, what is on next, free seats and what a meal costs. None where there is none."""
    rows = twin.entities("facility", at, community_id=community, facility_kind="canteen").to_pylist()
    if not rows:
        return None
    tariff = twin.catalogue.tariffs.of(community, at.astimezone(ZONE).date())
    prices = [(band, tariff.price_of_band(band)) for band in AGE_BANDS] if tariff else []
    now = next((p for p in twin.occupancy(at, community_id=community).to_pylist()
                if p["place_id"] == rows[0]["facility_id"]), None)  # fmt: skip
    seats, used = rows[0]["capacity"], seated(now)
    return {
        "name": rows[0]["name"], "name_en": rows[0]["name_en"], "open": opening(rows[0]["opening_hours"], at),
        "seats": seats, "free": max(0, seats - used["people"]) if seats and used["people"] is not None else None,
        "few": used["few"], "prices": [(band, price.diner_yuan) for band, price in prices if price is not None],
    }  # fmt: skip


def air(twin: Twin, at: datetime, community: str) -> Answer:
    """Fine dust, temperature and humidity outdoors, CO2 in the rooms: means of what is fresh, and how old it is."""
    states = twin.states(at, community_id=community)

    def mean(metric: str, kind: str) -> Answer:
        chosen = states.filter(pc.and_(pc.equal(states["metric"], metric), pc.equal(states["type"], kind)))
        heard = chosen.filter(pc.equal(chosen["status"], "fresh"))
        newest = pc.max(chosen["taken_at"]).as_py() if chosen.num_rows else None
        return {"value": pc.mean(heard["value"]).as_py() if heard.num_rows else None, "newest": newest}

    found = {
        "pm2_5": mean("pm2_5", "air_quality"), "temperature": mean("temperature", "air_quality"),
        "humidity": mean("humidity", "air_quality"), "co2": mean("co2", "co2"),
    }  # fmt: skip
    return {**found, "newest": max((v["newest"] for v in found.values() if v["newest"]), default=None)}


def around(twin: Twin, at: datetime, community: str) -> Answer:
    """Free parking places and chargers, out of how many, and how old that is."""
    rows = {row["figure"]: row for row in twin.figures(at, community_id=community).to_pylist()}
    taken, chargers = rows.get("parking_taken"), rows.get("chargers_free")

    def known(row: Answer | None) -> bool:
        return row is not None and row["value"] is not None

    return {
        "parking": None if taken is None else {
            "free": taken["total"] - taken["value"] if known(taken) else None, "total": taken["total"],
            "newest": taken["newest"],
        },
        "chargers": None if chargers is None else {
            "free": chargers["value"], "total": chargers["total"], "newest": chargers["newest"],
        },
    }  # fmt: skip


def open_now(twin: Twin, at: datetime, community: str) -> list[Answer]:
    """Places one can go to, with their hours: open ones first, then in a fixed order of kinds."""
    rank = {kind: n for n, kind in enumerate(SERVICES_FIRST)}
    rows = [
        row for row in twin.entities("facility", at, community_id=community).to_pylist()
        if row["opening_hours"] and row["facility_kind"] not in (FOR_CHILDREN | HIDDEN_KINDS | {"parking", "square"})
    ]  # fmt: skip
    rows.sort(key=lambda row: (rank.get(row["facility_kind"], len(rank)), row["facility_id"]))
    return [
        {"name": row["name"], "name_en": row["name_en"], **opening(row["opening_hours"], at)} for row in rows[:9]
    ]  # fmt: skip


def thanks(twin: Twin, at: datetime, community: str) -> Answer:
    """The last seven days in counts: volunteers and their hours, meals brought home, what neighbours asked for and got.

    Only counts leave: who volunteered is a restricted code of the record.
    """
    until = datetime.combine(at.astimezone(ZONE).date() + timedelta(days=1), time(0), ZONE)
    since = until - timedelta(days=7)

    def rows(kind: str) -> pa.Table | None:
        known = kind in twin.ledger.kinds
        return twin.ledger.rows(kind, at, community_id=community, start=since, end=until) if known else None

    served, meals, asked = rows("volunteer_service"), rows("meal_delivery"), rows("whistle")
    helpers = pc.count_distinct(served["volunteer_no"]).as_py() if served is not None else None
    brought = pc.sum(pc.equal(meals["outcome"], "delivered")).as_py() or 0 if meals is not None else None
    return {
        "volunteers": told(helpers), "few": few(helpers),
        "hours": pc.sum(served["hours"]).as_py() or 0 if served is not None and not few(helpers) else None,
        "meals": told(brought),
        "asked": asked.num_rows if asked is not None else None,
        "done": asked.num_rows - asked["done_at"].null_count if asked is not None else None,
        "since": since.date(),
    }  # fmt: skip


def day_of(at: datetime) -> date:
    """The local day of an instant."""
    return at.astimezone(ZONE).date()


def map_classes(twin: Twin, at: datetime, community: str) -> Answer:
    """The public colouring of the map, and what its pins say: open to you, closed today; no alert, no home.

    ``open``: ``CLASSES`` by building in the order of the geometry; ``pins``: [facility, people, grade, words, quiet].
    """
    version = twin.geometry_version(community, at)
    order = map_scene.building_order(map_scene.geometry_bytes(twin, community, at))
    table = twin.entities("building", at, community_id=community)
    public = set(table.filter(pc.equal(table["use"], "facility"))["building_id"].to_pylist())
    classes = [CLASSES.index("none")] * len(order)
    counts = {
        row["place_id"]: row["people"] for row in twin.occupancy(at, community_id=community).to_pylist()
        if row["place_kind"] == "facility"
    }  # fmt: skip
    pins = []
    for row in twin.entities("facility", at, community_id=community).to_pylist():
        hours, kind = opening(row["opening_hours"], at), row["facility_kind"]
        # an office on the ground floor does not make a house of homes a public one
        number = order.get(row["building_id"]) if row["building_id"] in public else None
        if number is not None and hours["open"] is not None:
            # of several in one building the open one counts: one can go in
            best = CLASSES.index("open" if hours["open"] else "closed")
            classes[number] = best if classes[number] == 0 else min(classes[number], best)
        people = None if kind in FOR_CHILDREN or kind == "parking" else told(counts.get(row["facility_id"]))
        pins.append({"id": row["facility_id"], "kind": kind, "people": people, **hours})
    return {
        "revision": twin.revision, "at": at.isoformat(), "version": version, "open": classes, "pins": pins,
        "parking": _free_bays(twin, at, community),
    }  # fmt: skip


def _free_bays(twin: Twin, at: datetime, community: str) -> dict[str, tuple[int, int]]:
    """Free places by car park, of which every bay is heard of."""
    states = twin.states(at, community_id=community)
    bays = states.filter(pc.and_(pc.equal(states["metric"], "occupied"), pc.equal(states["type"], "parking_bay")))
    bays = bays.filter(pc.equal(bays["status"], "fresh"))
    if "facility_id" not in bays.column_names:
        return {}
    found: dict[str, tuple[int, int]] = {}
    for facility, value in zip(bays["facility_id"].to_pylist(), bays["value"].to_pylist(), strict=True):
        free, total = found.get(facility or "", (0, 0))
        found[facility or ""] = (free + (value == 0), total + 1)
    return {name: counts for name, counts in found.items() if name}


def _rooms(twin: Twin, at: datetime, community: str) -> dict[str, Answer]:
    """Rooms by id that the public may hear of: none that children use, none of the staff's own."""
    rows: Iterable[Answer] = twin.entities("room", at, community_id=community).to_pylist()
    hidden = FOR_CHILDREN | {"cockpit", "social_work", "kitchen", "council_room"}
    return {row["room_id"]: row for row in rows if row["room_kind"] not in hidden}

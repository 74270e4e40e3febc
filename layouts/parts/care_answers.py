"""What the care pages ask the twin: ``question(twin, at, community, …)`` -> incidents with their places and people.

No judging here. People appear with masked names; telephone numbers only in the card of an open incident.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from layouts.page import ZONE
from layouts.parts.where import placed
from twin_model.masking import masked
from twin_model.rights import asked
from twin_model.twin import Twin

if TYPE_CHECKING:
    from twin_model.incident import Incident

Answer = dict[str, Any]

LAST_CLOSED = 5
LOOK_BACK = timedelta(days=7)
CALLED_FIRST = ("family", "neighbour", "grid_worker", "doctor")
MOST_CALLS = 3
URGENCY = {"act": 0, "look": 1, "blind": 2}
STAGE = {"raised": 0, "handled": 2, "confirmed": 2}  # what nobody took on comes first, what only waits for a word last
UPKEEP = 4  # the grade (domain.md D3: blue) of what is repaired in a day or two


def open_incidents(twin: Twin, at: datetime, community: str) -> list[Incident]:
    """The open incidents of a community and of its running drills, as ``urgency`` orders them."""
    return sorted(twin.care.incidents(at, community_id=community, open_only=True, include_drills=True), key=urgency)


def urgency(i: Incident) -> tuple[bool, int, int, int, datetime]:
    """Most urgent and least answered first; an exercise never stands before a person who needs help."""
    return i.drill_id is not None, URGENCY.get(i.severity, 3), STAGE.get(i.phase, 1), i.grade, i.raised_at


def red(twin: Twin, at: datetime, community: str) -> Answer:
    """For every screen: the open red incidents, for the badge, the sound and the bar; no person, no home."""
    rows = [i for i in open_incidents(twin, at, community) if i.severity == "act"]
    places = placed(twin, at, ({"building_id": i.building_id, "facility_id": i.facility_id} for i in rows))
    return {
        "red": [(i.incident_id, i.phase, i.raised_at, i.title, i.drill_id is not None) for i in rows],
        "places": places,
    }


def work(twin: Twin, at: datetime, community: str) -> tuple[list[Incident], list[Answer]]:
    """What needs somebody: open incidents (without upkeep), and the alerts no incident speaks of, most urgent first."""
    incidents = open_incidents(twin, at, community)
    # by rule and subject: of a history that was loaded, alerts and evidence do not share their numbers
    spoken = {(item.rule, item.subject) for incident in incidents for item in incident.evidence}
    every = twin.alerts(at, community_id=community).to_pylist()
    alerts = [row for row in every if (row["rule"], row["subject"]) not in spoken]
    return [i for i in incidents if not is_upkeep(i)], [a for a in alerts if not (a["grade"] or 0) >= UPKEEP]


def states(twin: Twin, at: datetime, community: str, *, chosen: str | None) -> Answer:
    """Equipped homes of elders living alone by state, and the state the list is kept to."""
    rows = twin.care.home_states(at, community_id=community)
    newest = pc.max(rows["seen_at"]).as_py() if rows.num_rows else None
    return {**Counter(rows["state"].to_pylist()), "equipped": rows.num_rows, "newest": newest, "chosen": chosen}


def waiting(twin: Twin, at: datetime, community: str, *, chosen: str | None, kept: str | None) -> Answer:
    """Open incidents by urgency, blind homes without one, the last closed; or the homes of one state (``kept``)."""
    incidents = open_incidents(twin, at, community)
    shown = chosen_of(twin, at, incidents, chosen)
    homes = twin.care.home_states(at, community_id=community)
    closed = [] if incidents else last_closed(twin, at, community)
    of_state = homes.filter(pc.equal(homes["state"], kept)).to_pylist() if kept else []
    of_state.sort(key=lambda row: (row["since"] is None, row["since"]))
    return {
        "open": told(twin, at, [i for i in incidents if not is_upkeep(i)]),
        "upkeep": told(twin, at, [i for i in incidents if is_upkeep(i)]),
        "shown": shown.incident_id if shown else None,
        "blind": blind_buildings(twin, at, homes, incidents),
        "closed": told(twin, at, closed),
        "filter": kept,
        "homes": placed(twin, at, of_state),
        "buildings": sorted({row["building_id"] for row in of_state if row["building_id"]}),
        "sensed": homes.num_rows > 0 or _is_sensed(twin, at, community),
    }


def last_closed(twin: Twin, at: datetime, community: str) -> list[Incident]:
    """The last incidents that were closed, newest first."""
    every = twin.care.incidents(at, community_id=community, open_only=False, include_drills=False, since=at - LOOK_BACK)
    closed = [i for i in every if i.closed_at is not None]
    return sorted(closed, key=lambda i: i.closed_at or i.raised_at, reverse=True)[:LAST_CLOSED]


def chosen_of(twin: Twin, at: datetime, incidents: Sequence[Incident], chosen: str | None) -> Incident | None:
    """The incident in the middle: the chosen one, open or closed; else the most urgent."""
    if chosen:
        incident = next((i for i in incidents if i.incident_id == chosen), None) or twin.care.incident(chosen, at)
        if incident is not None:
            return incident
    return next((i for i in incidents if not is_upkeep(i)), None)


def is_upkeep(incident: Incident) -> bool:
    """Blue ones (a battery, a detector taken off): work for the day, never in front of a person."""
    return incident.grade >= UPKEEP and incident.severity != "blind"


def blind_buildings(twin: Twin, at: datetime, homes: pa.Table, incidents: Iterable[Incident]) -> list[Answer]:
    """Blind homes that no open incident speaks of, one row per building: homes, since the longest."""
    spoken = {i.home_id for i in incidents} | {
        i.building_id for i in incidents if i.severity == "blind" and not i.home_id
    }
    rows = homes.filter(pc.equal(homes["state"], "blind")).to_pylist()
    groups: dict[str | None, Answer] = {}
    for row in rows:
        if row["home_id"] in spoken or row["building_id"] in spoken:
            continue
        group = groups.setdefault(row["building_id"], {"building_id": row["building_id"], "homes": 0, "since": None})
        group["homes"] += 1
        known = [when for when in (group["since"], row["since"]) if when is not None]
        group["since"] = min(known, default=None)
    found = placed(twin, at, groups.values())
    return [{**group, "place": group} for group in sorted(found, key=lambda g: (g["since"] is None, g["since"]))]


def told(twin: Twin, at: datetime, incidents: Sequence[Incident]) -> list[Answer]:
    """Incidents with their place, the person (masked) and the people of their ladder (masked, without numbers)."""
    if not incidents:
        return []
    heads = [
        {"home_id": i.home_id, "facility_id": i.facility_id, "building_id": i.building_id, "room_id": None}
        for i in incidents
    ]
    drills = {drill.drill_id: drill for drill in twin.care.drills(at)} if any(i.drill_id for i in incidents) else {}
    people, carers = _people(twin, at, incidents), _contacts(twin, at, incidents)
    return [
        {
            "incident": incident,
            "place": place,
            "person": people.get(incident.home_id),
            "contacts": {
                rung.contact_id: carers[rung.contact_id] for rung in incident.ladder if rung.contact_id in carers
            },
            "drill": drills.get(incident.drill_id),
            "procedure": twin.catalogue.procedures[incident.procedure],
        }
        for incident, place in zip(incidents, placed(twin, at, heads), strict=True)
    ]


def _people(twin: Twin, at: datetime, incidents: Sequence[Incident]) -> dict[Any, Answer]:
    homes = pa.array(sorted({i.home_id for i in incidents if i.home_id}), pa.string())
    if not len(homes) or not asked().persons:
        return {}
    table = twin.entities("resident", at)
    rows = table.filter(pc.is_in(table["home_id"], homes)).to_pylist()
    year = at.astimezone(ZONE).year
    return {
        row["home_id"]: {
            "name": masked(row["name"]),
            "age": year - row["birth_year"] if row["birth_year"] else None,
            "alone": bool(row["lives_alone"]),
            "note": row["health_note"],
        }
        for row in reversed(rows)  # of several the first, as they are ordered by identity
    }


def _contacts(twin: Twin, at: datetime, incidents: Sequence[Incident], *, phones: bool = False) -> dict[Any, Answer]:
    """The contacts of the incidents' homes and communities by id."""
    if not asked().persons:
        return {}
    homes = pa.array(sorted({i.home_id for i in incidents if i.home_id}), pa.string())
    rows = []
    for community in sorted({i.community_id for i in incidents}):
        table = twin.entities("contact", at, community_id=community)
        rows += table.filter(pc.or_(pc.is_in(table["home_id"], homes), pc.is_null(table["home_id"]))).to_pylist()
    return {
        row["contact_id"]: {
            "role": row["role"], "rank": row["rank"], "name": masked(row["name"]), "home_id": row["home_id"],
            "note": row["note"], "phone": row["phone"] if phones else None,
        }
        for row in rows
    }  # fmt: skip


def card(twin: Twin, at: datetime, community: str, *, chosen: str | None) -> Answer | None:
    """One incident with all that its officer needs: who lives there, whom to call, what may be done.

    None: there is none; nothing in it: nothing here could report one.
    """
    incident = chosen_of(twin, at, open_incidents(twin, at, community), chosen)
    if incident is None:
        return None if _is_sensed(twin, at, community) else {}
    return told(twin, at, [incident])[0]


def _is_sensed(twin: Twin, at: datetime, community: str) -> bool:
    return twin.device_status(at, community_id=community).num_rows > 0


def acts(twin: Twin, at: datetime, community: str, *, chosen: str | None) -> Answer | None:
    """The same with the numbers to call (none once it is closed) and, by name only, the other open incidents.

    Only what the buttons say is told of the others: what happens elsewhere must not redraw them under a finger.
    """
    incidents = open_incidents(twin, at, community)
    incident = chosen_of(twin, at, incidents, chosen)
    if incident is None:
        return None
    elsewhere = [other for other in incidents if other.incident_id != incident.incident_id]
    others = [
        {
            "incident_id": row["incident"].incident_id, "title": row["incident"].title, "place": row["place"],
            "is_upkeep": is_upkeep(row["incident"]),
        }
        for row in told(twin, at, elsewhere)
    ]  # fmt: skip
    is_open = incident.phase != "closed"
    numbers = calls(_contacts(twin, at, [incident], phones=True).values(), incident) if is_open else []
    return {**told(twin, at, [incident])[0], "others": others, "calls": numbers}


def calls(contacts: Iterable[Answer], incident: Incident) -> list[Answer]:
    """Whom to call first, with a short word for the button: 女儿, 邻居 …"""
    own = [c for c in contacts if c["phone"] and c["role"] in CALLED_FIRST and c["home_id"] in (None, incident.home_id)]
    own.sort(key=lambda c: (CALLED_FIRST.index(c["role"]), c["rank"]))
    first = {c["role"]: c for c in reversed(own)}  # one of each kind before the second of a kind
    chosen = [first[role] for role in CALLED_FIRST if role in first][:MOST_CALLS]
    return [{**c, "short": short(c)} for c in chosen]


def short(contact: Answer) -> str:
    """What a call button says: family by what they are to the person, others by their masked name."""
    kin = (contact["note"] or "").split("，")[0]
    return kin if contact["role"] == "family" and kin else str(contact["name"])


def building(twin: Twin, at: datetime, community: str, *, chosen: str | None, picked: str | None) -> Answer | None:
    """The building in the middle of the map: its homes by state; the picked one, else the shown incident's."""
    where_ = picked
    if not where_:
        incident = chosen_of(twin, at, open_incidents(twin, at, community), chosen)
        where_ = incident.building_id if incident else None
    row = twin.entity("building", where_, at) if where_ else None
    if row is None:
        return None
    homes = twin.entities("home", at, community_id=row["community_id"], building_id=where_)
    states_ = twin.care.home_states(at, community_id=row["community_id"])
    states_ = states_.filter(pc.equal(states_["building_id"], where_))
    open_ = [i for i in open_incidents(twin, at, community) if i.building_id == where_ and i.severity == "act"]
    return {
        "building": row,
        "homes": homes.num_rows,
        "alone": pc.sum(homes["elder_alone"]).as_py() or 0,
        "states": dict(Counter(states_["state"].to_pylist())),
        "act": len(open_),
    }


LEVELS = ("acknowledged_60s", "acknowledged_180s", "on_site_45min", "false_share")


def levels(twin: Twin, at: datetime, community: str) -> Answer:
    """This month's service so far, without drills: share and of how many, by figure; None: not measurable yet."""
    local = at.astimezone(ZONE)
    start = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    found = twin.care.service_levels(start, at, at, community_id=community)
    figures = {name: getattr(found, name) for name in LEVELS}
    return {"incidents": found.incidents, "figures": {name: (f.value, f.of, f.target) for name, f in figures.items()}}

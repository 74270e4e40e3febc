"""What the home page asks: the table of all homes, and what is known of one of them."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from layouts.parts.answers import LOW_BATTERY
from layouts.parts.home_tracks import SILENT
from layouts.parts.service_answers import cases
from layouts.parts.where import described, placed
from twin_model import consent
from twin_model.masking import masked
from twin_model.rights import asked
from twin_model.twin import Twin

Answer = dict[str, Any]

PAST = timedelta(days=31)
URGENCY = {"act": 0, "look": 1, "blind": 2}
ROLES = ("family", "neighbour", "grid_worker", "doctor", "subdistrict", "property")
STATES = ("blind", "quiet", "away", "active")  # who needs a look comes first


def homes(twin: Twin, at: datetime, community: str, *, state: str | None = None) -> list[Answer]:
    """One row per home with a kit: state, since, reason, its worst open alert, devices in all and heard in time."""
    titles = {name: dict(rule.title) for name, rule in twin.catalogue.alert_rules.items()}
    alerts: dict[str, Answer] = {}
    for alert in twin.care.alerts(at, community_id=community).to_pylist():
        known = alerts.get(alert["home_id"])
        if alert["home_id"] and (known is None or URGENCY[alert["severity"]] < URGENCY[known["severity"]]):
            alerts[alert["home_id"]] = {**alert, "title": titles.get(alert["rule"], {})}
    devices = twin.device_status(at, community_id=community).select(["home_id", "status"]).to_pylist()
    kits = Counter(row["home_id"] for row in devices)
    heard = Counter(row["home_id"] for row in devices if row["status"] == "fresh")
    rows = twin.care.home_states(at, community_id=community).to_pylist()
    found = placed(twin, at, (row for row in rows if not state or row["state"] == state))
    for row in found:
        home = row["home_id"]
        row |= {"alert": alerts.get(home), "devices": kits[home], "heard": heard[home]}
    return sorted(found, key=lambda row: (_rank(row), row["home_id"]))


def _rank(row: Answer) -> tuple[int, int]:
    alert = row["alert"]
    order = STATES.index(row["state"]) if row["state"] in STATES else len(STATES)
    return (URGENCY[alert["severity"]] if alert else len(URGENCY), order)


def states(twin: Twin, at: datetime, community: str, *, home: str | None = None) -> Answer | None:
    """How many homes are in each state; None while one home is looked at."""
    if home:
        return None
    found = twin.care.home_states(at, community_id=community)["state"].to_pylist()
    alone = None if found else twin.residents(at, community_id=community).get("elder_alone")
    return {"all": len(found), "alone": alone, **Counter(found)}


def head(twin: Twin, at: datetime, community: str, *, home: str | None) -> Answer | None:
    """Which home, its state, who lives there (masked), its rhythm; None without a home, {} for a wrong one."""
    if not home:
        return None
    row = _mine(twin, at, community, home)
    if row is None:
        return {}
    known = twin.care.home_states(at, community_id=community)
    known = known.filter(pc.equal(known["home_id"], home)).to_pylist()
    people = []
    if asked().persons:
        people = twin.entities("resident", at, community_id=community, home_id=home).to_pylist()
    return {
        "place": placed(twin, at, [row])[0],
        "home": home,
        "state": known[0] if known else None,
        "rhythm": twin.care.home_rhythm(home, at),
        "people": [
            {"name": masked(one["name"]), "birth_year": one["birth_year"], "alone": one["lives_alone"]}
            for one in people
        ],
    }


def _mine(twin: Twin, at: datetime, community: str, home: str | None) -> Answer | None:
    row = twin.entity("home", home, at) if home else None
    return row if row and row["community_id"] == community else None


def rhythm(twin: Twin, at: datetime, community: str, *, home: str | None) -> Any:
    """What is known of the home's rhythm; None where no device tells of life."""
    return twin.care.home_rhythm(home, at) if _mine(twin, at, community, home) else None


def devices(twin: Twin, at: datetime, community: str, *, home: str | None) -> list[Answer] | None:
    """The home's devices: status, last seen, battery, and the newest value of every metric but the battery."""
    if _mine(twin, at, community, home) is None:
        return None
    rows = twin.device_status(at, community_id=community)
    rows = rows.filter(pc.equal(rows["home_id"], home)).to_pylist()
    names = twin.entities("device", at, community_id=community, home_id=home)
    name = dict(zip(names["device_id"].to_pylist(), names["name"].to_pylist(), strict=True))
    values = twin.states(at, community_id=community)
    values = values.filter(pc.equal(values["home_id"], home))
    values = values.filter(pc.invert(pc.is_in(values["metric"], pa.array(sorted(SILENT)))))
    said: dict[str, list[Answer]] = {}
    for value in described(twin, values.to_pylist()):
        said.setdefault(value["device_id"], []).append(value)
    order = {"lost": 0, "stale": 1, "fresh": 2}
    found = [{**row, "name": name.get(row["device_id"]), "values": said.get(row["device_id"], [])} for row in rows]
    found = described(twin, found)
    return sorted(found, key=lambda r: (order[r["status"]], not is_weak(r), r["name"] or "", r["device_id"]))


def is_weak(row: Answer) -> bool:
    """Whether a device wants a new battery."""
    return row["battery"] is not None and row["battery"] <= LOW_BATTERY


def events(twin: Twin, at: datetime, community: str, *, home: str | None) -> Answer | None:
    """Incidents and alerts of the home in the last 31 days, newest first."""
    if _mine(twin, at, community, home) is None:
        return None
    alerts = twin.care.alert_history(at - PAST, at, at, community_id=community, home_id=home).to_pylist()
    mine = [one for one in cases(twin, at - PAST, at, at, community) if one["home_id"] == home]
    titles = {name: dict(rule.title) for name, rule in twin.catalogue.alert_rules.items()}
    return {
        "incidents": mine,
        "alerts": [{**row, "title": titles.get(row["rule"], {})} for row in sorted(alerts, key=_when, reverse=True)],
    }


def _when(alert: Answer) -> datetime:
    when: datetime = alert["fired_at"] or alert["due_at"]
    return when


def contacts(twin: Twin, at: datetime, community: str, *, home: str | None) -> list[Answer] | None:
    """Whom to call for the home, in the order in which they are asked; names masked, numbers kept back."""
    if _mine(twin, at, community, home) is None:
        return None
    own = twin.entities("contact", at, community_id=community, home_id=home).to_pylist()
    common = twin.entities("contact", at, community_id=community)
    shared = common.filter(pc.is_null(common["home_id"])).to_pylist()
    rank = {role: n for n, role in enumerate(ROLES)}
    rows = sorted([*own, *shared], key=lambda row: (rank.get(row["role"], len(rank)), row["rank"]))
    return [{"role": row["role"], "name": masked(row["name"]), "reachable": bool(row["phone"])} for row in rows]


def agreed(twin: Twin, at: datetime, community: str, *, home: str) -> bool:
    """Whether the home's daily life may be shown."""
    return consent.agreed(twin, home, at, community_id=community)

"""What the panels ask the twin: ``question(twin, at, community)`` -> small plain answers.

No judging here: states, alerts and people are decided in twin_model; these only count and pick columns. Unknown
stays None all the way to the screen.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from layouts.parts import care_answers, map_classes
from layouts.parts.where import described, placed
from twin_model.fusing import sentence
from twin_model.twin import DECLARED_ALARM, Twin

Answer = dict[str, Any]

AGES = ("age_0_17", "age_18_59", "age_60_79", "age_80_up")
STATUS_ORDER = {"lost": 0, "stale": 1, "fresh": 2}
SPANS = {"24h": timedelta(hours=24), "48h": timedelta(hours=48), "7d": timedelta(days=7), "31d": timedelta(days=31)}
MOST_TO_CHOOSE = 40  # communities in the list of the bar
MOST_POINTS = 720  # points of a chart; more cannot be told apart on a screen
LOW_BATTERY = 20  # percent; at or below it a device is put on the round for a new battery


# Where people are looked after comes first, then where they stay longest. The order is fixed: same place, same meaning.
ROOMS_FIRST = ("canteen", "day_care", "nursery", "library", "community_school", "makers_space")


def community(twin: Twin, at: datetime, community: str) -> Answer:
    """Name, English name, whether the data are invented or a drill's, and the communities to choose from.

    ``many``: how many there are, where they are too many for a list; 0 where all are in it.
    """
    row = twin.entity("community", community, at) or twin.entity("community", community, twin.now()) or {}
    known = twin.entities("community", twin.now()).select(["community_id", "name", "name_en", "subdistrict_id"])
    beside = known.to_pylist()
    if len(beside) > MOST_TO_CHOOSE:  # of a city those of the same subdistrict; the City page has the others
        beside = [one for one in beside if one["subdistrict_id"] == row.get("subdistrict_id")][:MOST_TO_CHOOSE]
    return {
        "name": row.get("name"),
        "name_en": row.get("name_en"),
        "is_sample": bool(row.get("is_sample")),
        "is_drill": bool(row.get("drill_of")),
        "all": beside,
        "many": known.num_rows if known.num_rows > MOST_TO_CHOOSE else 0,
    }


def open_now(twin: Twin, at: datetime, community: str) -> Answer:
    """Open incidents by severity (drills apart), blind homes, devices online and in all.

    ``open`` and ``blind`` are None where nothing is there that could tell.
    """
    found = [i for i in care_answers.open_incidents(twin, at, community) if not care_answers.is_upkeep(i)]
    severity = Counter(i.severity for i in found if i.drill_id is None)
    status = Counter(twin.device_status(at, community_id=community)["status"].to_pylist())
    homes = Counter(twin.home_states(at, community_id=community)["state"].to_pylist())
    return {
        "open": sum(severity.values()) if status else None,
        "drills": sum(1 for i in found if i.drill_id is not None),
        "act": severity["act"],
        "look": severity["look"],
        "blind": homes["blind"] if homes else None,
        "online": status["fresh"] + status["stale"],
        "devices": sum(status.values()),
    }


def sources(twin: Twin, at: datetime, community: str) -> Answer:
    """Sources of data that are away now, and the first instant when ``at`` lies before it.

    ``unwritten``: the last instant stored, while the disk takes no more.
    ``kept``: when ``at`` lies before it, readings of then were deleted by rule: what they said is unknown.
    ``unsaved``: the last daily backup failed; for whoever asks to fill in, the twin does not know.
    """
    first = twin.first_instant(community)
    ends = [since for kind, since in twin.kept_since.items() if kind.endswith("_readings") and at < since]
    lost = [{"name": s.name, "detail": s.detail, "since": s.since} for s in twin.sources(at) if not s.connected]
    return {
        "lost": lost, "first": first if first is not None and at < first else None, "kept": max(ends, default=None),
        "unwritten": twin.unwritten_since, "unsaved": False,
    }  # fmt: skip


def residents(twin: Twin, at: datetime, community: str) -> Answer:
    """People, households, age bands (None: no home has counts) and when they were last recorded."""
    return dict(twin.residents(at, community_id=community))


def elders(twin: Twin, at: datetime, community: str) -> Answer:
    """Equipped homes of elders living alone by state, and how many homes there are in all."""
    rows = twin.home_states(at, community_id=community)
    newest = pc.max(rows["since"]).as_py() if rows.num_rows else None
    alone = twin.residents(at, community_id=community).get("elder_alone")
    return {**Counter(rows["state"].to_pylist()), "equipped": rows.num_rows, "alone": alone, "newest": newest}


def centre(twin: Twin, at: datetime, community: str) -> Answer:
    """The neighbourhood centre (the facility of kind ``centre``) and its rooms in ``ROOMS_FIRST``, then the largest."""
    facilities = twin.entities("facility", at, community_id=community, facility_kind="centre").to_pylist()
    places = twin.occupancy(at, community_id=community).to_pylist()
    if not facilities:
        return {"centre": None, "rooms": [], "newest": None}
    mine = facilities[0]["facility_id"]
    whole = next((p for p in places if p["place_id"] == mine), None)
    rooms = [p for p in places if p["place_kind"] == "room" and p["within"] == mine and p["method"] != "none"]
    kinds = twin.entities("room", at, community_id=community, facility_id=mine)
    kind = dict(zip(kinds["room_id"].to_pylist(), kinds["room_kind"].to_pylist(), strict=True))
    rank = {name: place for place, name in enumerate(ROOMS_FIRST)}
    rooms.sort(key=lambda p: (rank.get(kind.get(p["place_id"], ""), len(rank)), -(p["capacity"] or 0)))
    return {"centre": whole, "rooms": rooms, "facility": facilities[0], "newest": whole and whole["newest"]}


def city(twin: Twin, at: datetime, community: str) -> dict[str, Answer]:
    """Parking, chargers, air, power: the twin's counts of services by name."""
    return {row["figure"]: row for row in twin.figures(at, community_id=community).to_pylist()}


def tasks(twin: Twin, at: datetime, community: str) -> list[Answer]:
    """Open alerts as the twin orders them, most urgent first, with the names of their places and sensors."""
    return named_alerts(twin, at, community, twin.alerts(at, community_id=community).to_pylist())


def named_alerts(twin: Twin, at: datetime, community: str, rows: list[Answer]) -> list[Answer]:
    """Alerts with the names of their places and sensors, and what their rule says of them (``says``).

    A sensor's own alarm has no sentence: its reading says it.
    """
    rules = twin.catalogue.alert_rules
    for row in rows:
        rule = None if row["rule"] == DECLARED_ALARM else rules.get(row["rule"])
        row["says"] = sentence(rule, row, at) if rule is not None else None
    known = twin.entities("device", at, community_id=community)
    chosen = known.filter(pc.is_in(known["device_id"], pa.array([row["subject"] for row in rows], pa.string())))
    types = dict(zip(chosen["device_id"].to_pylist(), chosen["type"].to_pylist(), strict=True))
    return described(twin, placed(twin, at, ({**row, "type": types.get(row["subject"])} for row in rows)))


def needs(twin: Twin, at: datetime, community: str) -> Answer:
    """Open incidents, the alerts no incident speaks of, and whether anything is there that could raise one."""
    incidents, alerts = care_answers.work(twin, at, community)
    return {
        "incidents": care_answers.told(twin, at, incidents),
        "tasks": named_alerts(twin, at, community, alerts),
        "sensed": twin.device_status(at, community_id=community).num_rows > 0,
    }


def devices(twin: Twin, at: datetime, community: str) -> Answer:
    """Devices by status, the types with most of them away, and low batteries."""
    rows = twin.device_status(at, community_id=community).select(["type", "status", "battery"]).to_pylist()
    away = Counter(row["type"] for row in rows if row["status"] == "lost")
    titles = {name: twin.catalogue.sensor_types[name].title for name in away if name in twin.catalogue.sensor_types}
    return {
        **Counter(row["status"] for row in rows),
        "all": len(rows),
        "low": sum(1 for row in rows if row["battery"] is not None and row["battery"] <= LOW_BATTERY),
        "away": [(titles.get(name, {"zh": name}), n) for name, n in away.most_common(3)],
    }


def flow(twin: Twin, at: datetime, community: str) -> Answer:
    """What came in: readings kept, what waits in quarantine, which sources are connected, the newest commit."""
    waiting = twin.quarantined(at, limit=1000)
    counts = twin.counts()
    return {
        "readings": counts["readings_total"]
        if counts["readings_total"] < 10_000
        else round(counts["readings_total"], -3),
        "duplicates": counts["duplicates"],
        "quarantined": waiting.filter(pc.is_null(waiting["resolved_at"])).num_rows,
        "sources": [(source.name, source.connected, source.since) for source in twin.sources(at)],
    }


def colours(twin: Twin, at: datetime, community: str) -> Answer:
    """How many buildings of the community (not of the city around) are in each class of each colouring.

    A building without a device is ``unsensed``, not calm: nothing there could alarm.
    """
    drawn = twin.entities("building", at, community_id=community)
    drawn = set(drawn.filter(pc.not_equal(drawn["use"], "context"))["building_id"].to_pylist())
    rows = [row for row in map_classes.coloured(twin, at, community) if row["building_id"] in drawn]
    for row in rows:
        if row["alert"] == row["freshness"] == "none":
            row["alert"] = "unsensed"
    return {name: dict(Counter(row[name] for row in rows)) for name in ("alert", "occupancy", "freshness")}


def series(
    twin: Twin, at: datetime, community: str, *, chosen: str | None, span: str = "24h", known: str | None = None,
    until: datetime | None = None,
) -> Answer | None:  # fmt: skip
    """One series (``device|metric``) over a span up to ``at``: points (thinned when many), words, silence limit.

    As known at ``at``; ``known`` "now": as known at ``until``. ``late``: the readings that came between the two.
    """
    device, _, metric = (chosen or "").partition("|")
    row = twin.entity("device", device, at)
    kind = twin.catalogue.sensor_types.get(row["type"]) if row and row["community_id"] == community else None
    declared = kind.metrics.get(metric) if kind else None
    if row is None or kind is None or declared is None:
        return None
    start = at - SPANS[span]
    later = twin.series(device, metric, start, at, until) if until else None
    late = [] if later is None else later.filter(pc.greater(later["received_at"], pa.scalar(at))).to_pylist()
    as_known = until if until and known == "now" else at
    table = twin.series(device, metric, start, at, as_known)
    if table.num_rows > MOST_POINTS:
        bucket = timedelta(seconds=round(SPANS[span].total_seconds() / MOST_POINTS))
        table = twin.series(device, metric, start, at, as_known, bucket=bucket)
        column = "last" if declared.kind in ("state", "event", "counter") else "mean"
        points = list(zip(table["bucket"].to_pylist(), table[column].to_pylist(), strict=True))
    else:
        points = list(zip(table["taken_at"].to_pylist(), table["value"].to_pylist(), strict=True))
    return {
        **placed(twin, at, [row])[0],
        "type_title": dict(kind.title),
        "metric": metric,
        "metric_title": dict(declared.title),
        "unit": declared.unit,
        "kind": declared.kind,
        "labels": dict(declared.labels),
        "limit": declared.alarm_at_least,
        "silence": kind.stale_after,
        "points": points,
        "late": [(row["taken_at"], row["value"]) for row in late],
        "as_known_now": as_known is not at,
        "start": start,
        "end": at,
        "span": span,
    }


def building(twin: Twin, at: datetime, community: str, *, building: str | None) -> Answer | None:
    """One building: its homes by age and state, its devices with their newest values. None when none is chosen."""
    row = twin.entity("building", building, at) if building else None
    if row is None or row["community_id"] != community:
        return None
    homes = twin.entities("home", at, community_id=community, building_id=building).to_pylist()
    states = twin.home_states(at, community_id=community)
    states = states.filter(pc.equal(states["building_id"], building))
    readings = twin.states(at, community_id=community)
    readings = readings.filter(pc.equal(readings["building_id"], building))
    readings = readings.filter(pc.not_equal(readings["metric"], "battery"))
    rows = described(twin, placed(twin, at, readings.to_pylist()))
    alarms = [row for row in tasks(twin, at, community) if row["building_id"] == building]
    ages = {name: [home[name] for home in homes if home[name] is not None] for name in AGES}
    classes = [row for row in map_classes.coloured(twin, at, community) if row["building_id"] == building]
    return {
        "building": row,
        "homes": len(homes),
        "households": sum(home["households"] for home in homes),
        "ages": {name: sum(counts) if counts else None for name, counts in ages.items()},
        "states": dict(Counter(states["state"].to_pylist())),
        "alarms": alarms,
        "classes": classes[0] if classes else None,
        "readings": sorted(
            rows, key=lambda r: (STATUS_ORDER[r["status"]], r["type"], r["home_number"] or "", r["metric"])
        ),
        "facilities": twin.entities("facility", at, community_id=community, building_id=building).to_pylist(),
    }

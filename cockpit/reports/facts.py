"""What a report knows: plain values, asked of the twin with the same questions as the pages and the interface.

Everything is as known at the report's instant, so it never changes afterwards. Unknown is None. What an audience may
not be told is not asked for, or is taken out here, before anything is drawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime, timedelta
from typing import Any

import pyarrow.compute as pc

from cockpit.reports.kinds import Span, Wish, refused, span_of
from layouts.parts import answers, care_answers, kpi_answers, map_classes, occupancy_answers, scene_answers
from layouts.parts.where import placed
from twin_model.late import late
from twin_model.masking import suppressed, too_few
from twin_model.service_levels import ServiceLevels
from twin_model.twin import Twin

Facts = dict[str, Any]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOURS_SHOWN = {"daily": DAY, "weekly": 7 * DAY, "monthly": 7 * DAY, "acceptance": 7 * DAY}


def gather(twin: Twin, at: datetime, wish: Wish) -> Facts:
    """All facts of a report, in the order they are told. Raises `ReportRefused` for an instant without a twin."""
    community = _community(twin, at, wish)
    span = span_of(wish.kind, at)
    report = {
        "kind": wish.kind, "audience": wish.audience, "lang": wish.lang, "community": community, "at": at,
        "start": span.start, "before": span.before, "known_before": _known(twin, span.start, wish.community),
    }  # fmt: skip
    # what is counted keeps DuckDB busy, what is told of homes and incidents Python: each beside the other
    with ThreadPoolExecutor(1, "counting") as counting:
        counted = counting.submit(copy_context().run, _counted, twin, at, wish, span)
        told = {
            "residents": _residents(twin, at, wish),
            "homes": _homes(twin, at, wish, span),
            "incidents": _incidents(twin, at, wish, span),
            "places": _places(twin, at, wish),
            "hours": _hours(twin, at, wish),
            "figures": _figures(twin, at, wish, span),
            "devices": _devices(twin, at, wish, span),
            "sources": _sources(twin, at, wish),
            "late": _late(twin, at, wish, span),
            "map": _map(twin, at, wish),
        }
        return {"report": report, **counted.result(), **told}


def _counted(twin: Twin, at: datetime, wish: Wish, span: Span) -> Facts:
    return {"kpis": _kpis(twin, at, wish, span), "scenes": _scenes(twin, at, wish)}


def _community(twin: Twin, at: datetime, wish: Wish) -> Facts:
    """Who it is about; refuses what lies before the data or after now."""
    now, first = twin.now(), twin.first_instant(wish.community)
    if first is None:
        known = ", ".join(twin.entities("community", now)["community_id"].to_pylist()) or "none"
        raise refused("community", found=repr(wish.community), known=known)
    if at < first:
        raise refused("before", at=at, first=first)
    if at > now:
        raise refused("future", at=at, now=now)
    row = twin.entity("community", wish.community, at) or {}
    return {
        "id": wish.community, "name": row.get("name"), "name_en": row.get("name_en"), "scheme": row.get("scheme"),
        "is_sample": bool(row.get("is_sample")), "first": first,
    }  # fmt: skip


def _known(twin: Twin, at: datetime, community: str) -> bool:
    """Whether there was a twin of the community at an instant: before it there is nothing to compare with."""
    first = twin.first_instant(community)
    return first is not None and first <= at


# --- KPIs and scenes --------------------------------------------------------------------------------------------------


def _kpis(twin: Twin, at: datetime, wish: Wish, span: Span) -> list[Facts]:
    """Every KPI the audience may know, each with the value that the report before said."""
    ids = [kpi.id for kpi in twin.catalogue.kpis.values() if kpi.public or not wish.is_public]
    rows = kpi_answers.rows_of(twin, at, wish.community, ids)
    said: dict[str, Facts] = {}
    if _known(twin, span.start, wish.community):
        said = {row["kpi"]: row for row in kpi_answers.rows_of(twin, span.start, wish.community, ids)}
    found = []
    for row in rows:
        before = said.get(row["kpi"])
        if wish.is_public and _few(row):
            row, before = row | dict.fromkeys(_VALUES) | {"status": "few"}, None
        if wish.is_public and before is not None and _few(before):
            before = None
        found.append({name: row[name] for name in _KPI_COLUMNS} | {"before": before["value"] if before else None})
    return found


_VALUES = ("value", "attainment", "grade", "numerator", "denominator", "rows_used", "rows_excluded")
_KPI_COLUMNS = (
    "kpi", "scene", "title", "value", "unit", "target", "direction", "floor", "verified", "target_source", "digits",
    "measure", "status", "missing", "grade", "attainment", "coverage", "newest", "numerator", "denominator",
    "rows_used", "rows_excluded", "of_period", "indicators", "definition_version", "period", "words",
)  # fmt: skip


def _few(row: Mapping[str, Any]) -> bool:
    """A public value of fewer than five cases could be of somebody one knows."""
    counted = row["numerator"] if row["measure"] in ("sum", "share", "rate") else row["rows_used"]
    return row["status"] == "measured" and too_few(counted)


def _scenes(twin: Twin, at: datetime, wish: Wish) -> Facts | None:
    """The nine scenes and the two views; not for the public, who has only some of the KPIs."""
    if wish.is_public:
        return None
    board = scene_answers.board(twin, at, wish.community)
    course = scene_answers.course(twin, at, wish.community) if wish.kind in ("monthly", "acceptance") else None
    tiles = [_tile(tile, course) for tile in (*board["tiles"], *board["views"])]
    names = ("scheme", "kind", "grades", "indicators", "measured", "targets", "verified", "least_share", "source")
    return {name: board[name] for name in names} | {"tiles": tiles, "aim": course["aim"] if course else None}


def _tile(tile: Facts, course: Facts | None) -> Facts:
    worst = tile["worst"]
    return {
        **{name: tile[name] for name in ("key", "title", "demand", "attainment", "grade", "grade_title", "measured")},
        "kpis": len(tile["kpis"]),
        "indicators": tile["indicators"],
        "worst": worst["kpi"] if worst else None,
        "missing": [{"kpi": row["kpi"], "sources": row["missing"]} for row in tile["missing"]],
        "sources": {name: known["title"] for name, known in tile["sources"].items()},
        "course": [list(point) for point in course["points"][tile["key"]]] if course else [],
    }


# --- people, homes, incidents -----------------------------------------------------------------------------------------


def _residents(twin: Twin, at: datetime, wish: Wish) -> Facts:
    found = answers.residents(twin, at, wish.community)
    if not wish.is_public:
        return found
    found |= twin.released.residents(at, wish.community)
    bands = {name: found[name] for name in answers.AGES if found[name] is not None}
    return found | suppressed(bands, group=lambda _: "people") | {"elder_alone": hidden(found["elder_alone"])}


def hidden(count: int | None) -> int | str | None:
    """A count of people for the public: under five it is only said that there are few."""
    return "few" if too_few(count) else count


def _homes(twin: Twin, at: datetime, wish: Wish, span: Span) -> Facts | None:
    """Equipped homes of elders living alone by state, now and at the end of the span before; for staff and managers."""
    if wish.is_public:
        return None
    now = Counter(twin.home_states(at, community_id=wish.community)["state"].to_pylist())
    before = None
    if _known(twin, span.start, wish.community):
        before = dict(Counter(twin.home_states(span.start, community_id=wish.community)["state"].to_pylist())) or None
    return {"states": dict(now), "equipped": sum(now.values()), "before": before}


def _incidents(twin: Twin, at: datetime, wish: Wish, span: Span) -> Facts:
    """How many, how they were worked, what is open. Only staff are told which home; nobody is told who."""
    rows = twin.care.incident_rows(span.start, at, at, community_id=wish.community).to_pylist()
    before = twin.care.incident_rows(span.before, span.start, at, community_id=wish.community).num_rows
    if not before and not _was_sensed(twin, span.start, wish.community):
        before = None
    found = [i for i in care_answers.open_incidents(twin, at, wish.community) if i.drill_id is None]
    found = [i for i in found if not care_answers.is_upkeep(i)]
    sensed = twin.device_status(at, community_id=wish.community).num_rows > 0
    if wish.is_public:
        return {"raised": hidden(len(rows)) if sensed else None, "before": hidden(before), "open": None,
                "levels": None, "sensed": sensed}  # fmt: skip
    told = [
        {
            "id": i.incident_id, "title": i.title, "severity": i.severity, "grade": i.grade, "phase": i.phase,
            "raised_at": i.raised_at, "building_id": i.building_id, "home_id": i.home_id, "facility_id": i.facility_id,
            "owner": i.owner,
        }
        for i in found
    ]  # fmt: skip
    levels = twin.care.service_levels(span.start, at, at, community_id=wish.community)
    were = twin.care.service_levels(span.before, span.start, at, community_id=wish.community)
    return {
        "raised": len(rows) if sensed else None,
        "before": before,
        "outcomes": dict(Counter(row["outcome"] or "open" for row in rows)),
        "by_day": _by_day(rows, span),
        "open": [_without_home(row) if not wish.sees_homes else row for row in placed(twin, at, told)],
        "levels": _levels(levels, were),
        "sensed": sensed,
    }


def _was_sensed(twin: Twin, at: datetime, community: str) -> bool:
    """Whether a device had spoken by then: without one, no incident is no good news."""
    seen = twin.device_status(at, community_id=community)["last_seen"]
    return int(seen.null_count) < len(seen)


def _without_home(row: Facts) -> Facts:
    return {name: value for name, value in row.items() if not name.startswith(("home", "unit", "owner"))}


def _by_day(rows: Iterable[Mapping[str, Any]], span: Span) -> list[list[Any]]:
    """Incidents raised by bucket of the span: [begin, how many]; buckets of hours, days or months."""
    length = span.end - span.start
    step = HOUR if length <= DAY else DAY if length <= 31 * DAY else 30 * DAY
    many = -(-length // step)
    counts = Counter((row["raised_at"] - span.start) // step for row in rows)
    return [[span.start + n * step, counts[n]] for n in range(many)]


def _levels(found: ServiceLevels, before: ServiceLevels) -> list[Facts]:
    were = {figure.name: figure.value for figure in before.figures()}
    return [
        {
            "name": one.name, "value": one.value, "unit": one.unit, "n": one.n, "of": one.of, "target": one.target,
            "before": were[one.name], "definition": one.definition, "missing": one.missing,
        }
        for one in found.figures()
    ]  # fmt: skip


# --- places and services ----------------------------------------------------------------------------------------------


def _places(twin: Twin, at: datetime, wish: Wish) -> list[Facts]:
    """People now in places that are counted; for the public without estates."""
    rows = occupancy_answers.places(twin, at, wish.community)
    names = {kind: _names(twin, at, kind, wish.community) for kind in ("room", "facility", "estate")}
    found = []
    for row in rows:
        if wish.is_public and row["place_kind"] == "estate":
            continue
        people = row["people"]
        if row["kept_back"]:
            people = "few" if row["fewer_than"] else "kept"
        found.append({
            **{name: row[name] for name in ("place_kind", "place_id", "within", "capacity", "method", "grade")},
            **names[row["place_kind"]].get(row["place_id"], {"name": row["place_id"], "name_en": None}),
            "people": people, "share": row["share"],
        })  # fmt: skip
    return found


def _names(twin: Twin, at: datetime, kind: str, community: str) -> dict[str, Facts]:
    rows = twin.entities(kind, at, community_id=community).select([f"{kind}_id", "name", "name_en"]).to_pylist()
    return {row[f"{kind}_id"]: {"name": row["name"], "name_en": row["name_en"]} for row in rows}


def _hours(twin: Twin, at: datetime, wish: Wish) -> Facts | None:
    """People by hour in the neighbourhood centre; None for an hour of which nothing is known."""
    centre = twin.entities("facility", at, community_id=wish.community, facility_kind="centre").to_pylist()
    if not centre:
        return None
    place = centre[0]["facility_id"]
    end = at.replace(minute=0, second=0, microsecond=0)
    start = end - HOURS_SHOWN[wish.kind]
    rows = twin.occupancy_hours(start, end, at, community_id=wish.community, place_id=place).to_pylist()
    known = {row["hour"]: row["people"] for row in rows}
    hours = [start + n * HOUR for n in range((end - start) // HOUR)]
    points: list[list[Any]] = [[hour, known.get(hour)] for hour in hours]
    return {"name": centre[0]["name"], "name_en": centre[0]["name_en"], "capacity": centre[0]["capacity"],
            "points": points}  # fmt: skip


def _figures(twin: Twin, at: datetime, wish: Wish, span: Span) -> list[Facts]:
    before: Mapping[str, Any] = {}
    if _known(twin, span.start, wish.community):
        before = answers.city(twin, span.start, wish.community)
    found = answers.city(twin, at, wish.community).values()
    names = ("figure", "value", "total", "unit", "devices", "fresh", "newest")
    return [{n: row[n] for n in names} | {"before": (before.get(row["figure"]) or {}).get("value")} for row in found]


# --- devices and data -------------------------------------------------------------------------------------------------


def _devices(twin: Twin, at: datetime, wish: Wish, span: Span) -> Facts | None:
    if wish.is_public:
        return None
    rows = twin.device_status(at, community_id=wish.community).select(["type", "status", "battery"]).to_pylist()
    by_type: dict[str, Counter[str]] = {}
    for row in rows:
        by_type.setdefault(row["type"], Counter())[row["status"]] += 1
    types = twin.catalogue.sensor_types
    before = None
    if _known(twin, span.start, wish.community):
        status = twin.device_status(span.start, community_id=wish.community)["status"].to_pylist()
        before = {"online": sum(s != "lost" for s in status), "all": len(status)} if status else None
    return {
        "all": len(rows),
        "online": sum(row["status"] != "lost" for row in rows),
        "before": before,
        "low": sum(row["battery"] is not None and row["battery"] <= answers.LOW_BATTERY for row in rows),
        "by_type": [
            {"type": name, "title": dict(types[name].title) if name in types else {"zh": name},
             **{status: counts[status] for status in ("fresh", "stale", "lost")}}
            for name, counts in sorted(by_type.items(), key=lambda item: (-item[1]["lost"], item[0]))
        ],
    }  # fmt: skip


def _sources(twin: Twin, at: datetime, wish: Wish) -> Facts | None:
    if wish.is_public:
        return None
    waiting = twin.quarantined(at, limit=1000)
    known = twin.sources(at - timedelta(microseconds=1)) if at >= twin.now() else twin.sources(at)
    return {
        "connections": [{"name": s.name, "connected": s.connected, "since": s.since} for s in known if s.since <= at],
        "quarantined": waiting.filter(pc.is_null(waiting["resolved_at"])).num_rows,
    }


def _late(twin: Twin, at: datetime, wish: Wish, span: Span) -> Facts | None:
    """What came after the report before for the time before it, as known by now."""
    if wish.is_public or not _known(twin, span.start, wish.community):
        return None
    rows = late(twin, span.start, at, community_id=wish.community).to_pylist()
    return {
        "since": span.start,
        "series": len(rows),
        "devices": len({row["device_id"] for row in rows}),
        "readings": sum(row["readings"] for row in rows),
        "came_last": max((row["came_at"] for row in rows), default=None),
    }


def _map(twin: Twin, at: datetime, wish: Wish) -> list[Facts]:
    """What colours each building: how full it is, its worst alarm; of the public's only where services are."""
    uses = twin.entities("building", at, community_id=wish.community).select(["building_id", "use"]).to_pylist()
    use = {row["building_id"]: row["use"] for row in uses}
    found = []
    for row in map_classes.coloured(twin, at, wish.community):
        if use[row["building_id"]] == "context":
            continue
        if wish.is_public and use[row["building_id"]] != "facility":
            found.append({"building_id": row["building_id"], "occupancy": "none", "share": None, "alert": "none"})
            continue
        alert = "none" if wish.is_public else row["alert"]
        found.append({"building_id": row["building_id"], "occupancy": row["occupancy"], "alert": alert,
                      "share": None if wish.is_public else row["occupancy_share"]})  # fmt: skip
    return found

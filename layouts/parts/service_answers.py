"""What the service-levels page asks: the figures of a period, how they went over time, and the rows behind one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from layouts.page import ZONE
from layouts.parts.where import described, placed
from twin_model.service_levels import Figure, ServiceLevels
from twin_model.twin import Twin

Answer = dict[str, Any]
Point = tuple[datetime, float | None, int]

PERIODS = ("7d", "month", "last_month", "90d")
DAY, WEEK = timedelta(days=1), timedelta(days=7)
TRENDS = ("acknowledged_60s", "acknowledged_180s", "on_site_45min", "false_share")
MOST_ROWS = 200


def window(period: str | None, at: datetime) -> tuple[datetime, datetime]:
    """From when to when a period reaches, in the neighbourhood's days: whole days back, whole months."""
    midnight = at.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight.replace(day=1)
    if period == "7d":
        return midnight - timedelta(days=6), at
    if period == "90d":
        return midnight - timedelta(days=89), at
    if period == "last_month":
        return (first - DAY).replace(day=1), first
    return first, at


def levels(twin: Twin, at: datetime, community: str, *, period: str | None) -> Answer:
    """The figures of a period, the false alarms per rule, and each headline figure by day (by week over 90 days)."""
    start, end = window(period, at)
    found = twin.care.service_levels(start, end, at, community_id=community)
    known = twin.care.incident_rows(start, end, at, community_id=community).select(["incident_id", "raised_at"])
    raised = dict(zip(*(column.to_pylist() for column in known.columns), strict=True))
    step = WEEK if period == "90d" else DAY
    return {
        "period": period or "month",
        "start": start,
        "end": end,
        "at": at,
        "levels": found,
        "step": step,
        "trends": {name: trend(getattr(found, name), raised, start, end, step) for name in TRENDS},
        "rules": {name: dict(rule.title) for name, rule in twin.catalogue.alert_rules.items()},
    }


def trend(figure: Figure, raised: dict[str, datetime], start: datetime, end: datetime, step: timedelta) -> list[Point]:
    """The figure by day or week: (begin, share, of how many); None where there was nothing to measure."""
    buckets: list[list[str]] = [[] for _ in range(max(1, -(-(end - start) // step)))]
    for name in figure.rows:
        if name in raised:
            n = (raised[name] - start) // step
            if 0 <= n < len(buckets):
                buckets[n].append(name)
    missed = set(figure.missed)
    bad = figure.name == "false_share"
    points: list[Point] = []
    for n, names in enumerate(buckets):
        counted = sum(1 for name in names if (name in missed) == bad)
        points.append((start + n * step, counted / len(names) if names else None, len(names)))
    return points


def figure_of(found: ServiceLevels, key: str) -> Figure | None:
    """The figure a key names: ``acknowledged_60s``, or ``rule:no_movement`` for a rule's false alarms."""
    kind, _, rule = key.partition(":")
    if rule:
        return found.by_rule.get(rule)
    return next((one for one in found.figures() if one.name == kind), None)


def rows(twin: Twin, at: datetime, community: str, *, period: str | None, key: str | None) -> Answer | None:
    """The rows behind a figure, those that fall short first: incidents, homes or devices with their places."""
    if not key:
        return None
    start, end = window(period, at)
    figure = figure_of(twin.care.service_levels(start, end, at, community_id=community), key)
    if figure is None:
        return None
    missed = set(figure.missed)
    names = sorted(figure.rows, key=lambda name: name not in missed)[:MOST_ROWS]
    kind = {"visited": "homes", "devices_online": "devices"}.get(figure.name, "incidents")
    if kind == "incidents":
        known = {row["incident_id"]: row for row in cases(twin, start, end, at, community)}
        found = [known[name] | {"id": name} for name in names if name in known]
    else:
        found = {"homes": _homes, "devices": _devices}[kind](twin, at, community, names)
    for row in found:
        row["missed"] = row["id"] in missed
    return {"key": key, "kind": kind, "figure": figure, "rows": found}


def _homes(twin: Twin, at: datetime, community: str, names: Sequence[str]) -> list[Answer]:
    last: dict[str, datetime] = {}
    for visit in twin.care.visits(at - timedelta(days=92), at, at, community_id=community).to_pylist():
        last[visit["home_id"]] = max(visit["visited_at"], last.get(visit["home_id"], visit["visited_at"]))
    return placed(twin, at, ({"id": name, "home_id": name, "visited_at": last.get(name)} for name in names))


def _devices(twin: Twin, at: datetime, community: str, names: Sequence[str]) -> list[Answer]:
    known = {row["device_id"]: row for row in twin.device_status(at, community_id=community).to_pylist()}
    found = [known[name] | {"id": name} for name in names if name in known]
    return described(twin, placed(twin, at, found))


def cases(twin: Twin, start: datetime, end: datetime, at: datetime, community: str) -> list[Answer]:
    """Incidents raised from ``start`` to ``end``, newest first: place, what they rest on, how they ended, in words."""
    rows = twin.care.incident_rows(start, end, at, community_id=community).to_pylist()
    rules, causes = twin.catalogue.alert_rules, {}
    for procedure in twin.catalogue.procedures.values():
        causes |= {name: dict(cause.title) for name, cause in procedure.causes.items()}
    for row in rows:
        row["titles"] = [dict(rules[name].title) for name in row["rules"] if name in rules]
        row["cause_title"] = causes.get(row["cause"])
    return placed(twin, at, reversed(rows))

"""How well people were served: figures over the log of incidents, each with its rows, or the name of what is missing.

Definitions and targets, with their sources, stand in ``rulebooks/service_levels.toml``. What cannot be judged yet
(raised 20 s ago) is in no denominator. Without any incident a figure is not zero and not 100 %: it is not measurable.
Drills never count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from math import ceil
from pathlib import Path
from typing import Any

import pyarrow as pa

from twin_model.closed_loop import LOCAL
from twin_model.declared import load_toml
from twin_model.procedure import Procedure, Words
from twin_model.store import Store

CARE = "elder_incident"
RULEBOOK = Path(__file__).parent / "rulebooks" / "service_levels.toml"
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """A figure with what it is made of. ``value``: a share 0..1, seconds or a count by ``unit``; None: not measurable,
    and ``missing`` says what is not there.

    A share is ``n`` of ``of``. ``rows`` are the ids (incidents; homes; devices) it is counted over, ``missed`` those
    that fall short or, for a share of bad things, that are counted. ``target``: what to reach, ``source``: who says so.
    """

    name: str
    unit: str
    value: float | None
    n: int
    of: int
    rows: tuple[str, ...]
    missed: tuple[str, ...]
    definition: Words
    missing: Words | None = None
    target: float | None = None
    source: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceLevels:
    """The figures of one community and span. ``incidents``: how many were raised; ``tests`` of them were only tests.

    ``by_rule``: per rule the share of false alarms among closed incidents it had a part in.
    """

    community_id: str
    start: datetime
    end: datetime
    at: datetime
    incidents: int
    tests: int
    acknowledged_60s: Figure
    acknowledged_180s: Figure
    acknowledged_in_time: Figure
    contacted_in_time: Figure
    contact_p50: Figure
    on_site_45min: Figure
    on_site_60min: Figure
    close_p50: Figure
    close_p90: Figure
    false_share: Figure
    realarmed: Figure
    reopened: Figure
    handed_over: Figure
    devices_online: Figure
    visited: Figure
    by_rule: dict[str, Figure]

    def figures(self) -> list[Figure]:
        """All figures but those per rule, in the order to show them."""
        return [value for name in self.__slots__ if isinstance(value := getattr(self, name), Figure)]

    def renamed(self, code: Callable[[str], str]) -> ServiceLevels:
        """The same figures with other codes of incidents, homes and devices; how many there are stays right."""

        def other(figure: Figure) -> Figure:
            return replace(figure, rows=tuple(map(code, figure.rows)), missed=tuple(map(code, figure.missed)))

        figures: dict[str, Any] = {
            name: other(one) for name in self.__slots__ if isinstance(one := getattr(self, name), Figure)
        }
        return replace(self, **figures, by_rule={rule: other(one) for rule, one in self.by_rule.items()})


def service_levels(
    store: Store, procedure: Procedure, devices: pa.Table, *, start: datetime, end: datetime, at: datetime,
    community_id: str,
) -> ServiceLevels:  # fmt: skip
    """Incidents raised from ``start`` to ``end`` as known at ``at``. ``devices``: the status of each at the end."""
    end = min(end, at)
    rows = store.read(
        "incident_times", procedure=procedure.name, community_id=community_id, first=start, last=end, instant=at
    ).to_pylist()
    closed = [row for row in rows if row["closed_at"] is not None]
    judged = [row for row in closed if row["outcome"] in ("true", "false")]

    def grade_limit(kind: str) -> Callable[[Row], timedelta | None]:
        return lambda row: getattr(procedure.grades[row["grade"]], kind)

    def acknowledged(name: str, limit: timedelta | Callable[[Row], timedelta | None]) -> Figure:
        return _within(name, rows, "acknowledged_at", limit, at)

    sent = [row for row in rows if row["dispatched_at"] or row["arrived_at"]]
    minutes = timedelta(minutes=1)
    return ServiceLevels(
        community_id=community_id, start=start, end=end, at=at, incidents=len(rows),
        tests=sum(row["outcome"] == "test" for row in rows),
        acknowledged_60s=acknowledged("acknowledged_60s", minutes),
        acknowledged_180s=acknowledged("acknowledged_180s", 3 * minutes),
        acknowledged_in_time=acknowledged("acknowledged_in_time", grade_limit("acknowledge")),
        contacted_in_time=_within(
            "contacted_in_time", rows, "contacted_at", grade_limit("contact"), at
        ),
        contact_p50=_percentile("contact_p50", [r for r in rows if r["contacted_at"]], "contacted_at", 50),
        on_site_45min=_within("on_site_45min", sent, "arrived_at", 45 * minutes, at),
        on_site_60min=_within("on_site_60min", sent, "arrived_at", 60 * minutes, at),
        close_p50=_percentile("close_p50", closed, "closed_at", 50),
        close_p90=_percentile("close_p90", closed, "closed_at", 90),
        false_share=_share("false_share", judged, [r for r in judged if r["outcome"] == "false"]),
        realarmed=_share("realarmed", rows, [r for r in rows if r["after"]]),
        reopened=_share("reopened", closed, [r for r in closed if r["reopened"]]),
        handed_over=_share("handed_over", rows, [r for r in rows if r["hand_overs"]]),
        devices_online=_devices(devices),
        visited=_visited(store, community_id, end, at),
        by_rule=_by_rule(judged),
    )  # fmt: skip


def incident_rows(
    store: Store, procedure: str, *, start: datetime, end: datetime, at: datetime, community_id: str
) -> pa.Table:
    """The rows behind every figure about incidents; see ``queries/incident_times.sql``."""
    return store.read(
        "incident_times", procedure=procedure, community_id=community_id, first=start, last=end, instant=at
    )


def month_of(at: datetime) -> tuple[datetime, datetime]:
    """The calendar month of the neighbourhood that ``at`` lies in."""
    first = at.astimezone(LOCAL).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return first, (first + timedelta(days=32)).replace(day=1)


def _within(
    name: str, rows: Sequence[Row], done: str, limit: timedelta | Callable[[Row], timedelta | None], at: datetime
) -> Figure:  # fmt: skip
    """The share done within a limit of being raised, of those of which it can be said: done, or the limit is over."""
    good, bad = [], []
    for row in rows:
        length = limit(row) if callable(limit) else limit
        if length is None:
            continue
        took = (row[done] or at) - row["raised_at"]
        if took > length:
            bad.append(row)
        elif row[done]:
            good.append(row)
    return _figure(name, "share", len(good), [*good, *bad], bad)


def _share(name: str, of: Sequence[Row], counted: Sequence[Row]) -> Figure:
    return _figure(name, "share", len(counted), of, counted)


def _percentile(name: str, rows: Sequence[Row], done: str, percent: int) -> Figure:
    """Nearest rank: the smallest time that so many percent did not exceed; always one that was measured."""
    took = sorted((row[done] - row["raised_at"]).total_seconds() for row in rows)
    if not took:
        return _figure(name, "s", 0, [], [])
    value = took[ceil(len(took) * percent / 100) - 1]
    slower = [row for row in rows if (row[done] - row["raised_at"]).total_seconds() > value]
    return _figure(name, "s", len(rows) - len(slower), rows, slower, value=value)


def _by_rule(judged: Sequence[Row]) -> dict[str, Figure]:
    rules = sorted({rule for row in judged for rule in row["rules"]})
    found = {}
    for rule in rules:
        of = [row for row in judged if rule in row["rules"]]
        found[rule] = _share("false_share", of, [row for row in of if row["outcome"] == "false"])
    return found


def _devices(devices: pa.Table) -> Figure:
    names, states = devices["device_id"].to_pylist(), devices["status"].to_pylist()
    lost = [{"id": name} for name, state in zip(names, states, strict=True) if state == "lost"]
    return _figure("devices_online", "share", len(names) - len(lost), [{"id": n} for n in names], lost)


def _visited(store: Store, community_id: str, end: datetime, at: datetime) -> Figure:
    first, last = month_of(end - timedelta(microseconds=1))  # a span that ends with a month is of that month
    rows = store.read("visit_coverage", community_id=community_id, first=first, last=last, instant=at).to_pylist()
    noted = store.read(
        "visits", first=LONG_AGO, last=last, instant=at, community_id=community_id, home_id=None
    ).num_rows
    # where nobody ever wrote a visit down it is not known that none was made
    homes = [{"id": row["home_id"]} for row in rows if noted]
    missed = [{"id": row["home_id"]} for row in rows if noted and not row["visited"]]
    return _figure("visited", "share", len(homes) - len(missed), homes, missed)


def _figure(
    name: str, unit: str, n: int, of: Sequence[Row], missed: Sequence[Row], *, value: float | None = None
) -> Figure:
    share = n / len(of) if of else None
    said = _definitions()[name]
    return Figure(
        name=name, unit=unit, value=share if unit == "share" else value, n=n, of=len(of), rows=_ids(of),
        missed=_ids(missed), definition=said["definition"], missing=None if of else said["missing"],
        target=said.get("target"), source=said.get("source", ""),
    )  # fmt: skip


@cache
def _definitions() -> dict[str, Any]:
    return load_toml(RULEBOOK)


def _ids(rows: Sequence[Row]) -> tuple[str, ...]:
    return tuple(row.get("incident_id") or row["id"] for row in rows)

"""All KPIs of one community and of 1,260, and of one again after one of its records changed.

1,260 communities with records of every declared kind over two years (as many communities as one city's health check
had), imported month by month, and devices whose readings came through ``Twin.apply``. The records are written straight
into their tables, because a city's two years would take the ledger longer than the bench; the twin is opened
afterwards, as after a restart. Every question is asked at an instant or revision of its own.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from twin_model.catalogue import Catalogue
from twin_model.entities import Building, Community, Device, Entity, Facility, Home, Room
from twin_model.kpi_counting import recomputed
from twin_model.record_kinds import Column, RecordKind
from twin_model.store import Store, Writer
from twin_model.timeline import to_us
from twin_model.twin import Twin

COMMUNITIES = 1_260
RECORDS, READINGS = 5_000_000, 10_000_000
QUICK = 10
HOMES, DEVICES = 20, 2_500
DAYS = 730
END = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
SQUARE = bytes(shapely.to_wkb(shapely.box(120.0, 30.0, 120.001, 30.001)))


def main(quick: bool) -> dict[str, Any]:
    """With ``quick`` a tenth of the records and readings, for the same 1,260 communities."""
    share = QUICK if quick else 1
    catalogue = Catalogue.load()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.duckdb"
        filled = fill(path, catalogue, RECORDS // share, READINGS // share)
        clock = _Clock(END)
        began = time.perf_counter()
        twin = Twin.open(path, clock=clock, catalogue=catalogue, memory_limit="1GB")
        opened = time.perf_counter() - began
        try:
            measured = ask(twin, clock, 5 if quick else 15)
        finally:
            twin.close()
    return {"bench": "kpis", "kpis": len(catalogue.kpis), "communities": COMMUNITIES, **filled,
            "open_s": round(opened, 2), **measured}  # fmt: skip


def ask(twin: Twin, clock: _Clock, times: int) -> dict[str, Any]:
    """Medians in milliseconds."""
    names = [f"c{n:04}" for n in range(0, COMMUNITIES, COMMUNITIES // times)][:times]
    one = timed(lambda i: twin.kpis.values(twin.now(), community_id=names[i]), times)
    trends = timed(lambda i: twin.kpis.trend(twin.now(), community_id=names[i]), times)
    remembered = timed(lambda i: twin.kpis.values(twin.now(), community_id=names[i]), times)
    every = timed(lambda i: twin.kpis.values(twin.now() - timedelta(days=30 * i)), min(times, 5))
    twin.kpis.values(twin.now())
    changed: list[float] = []
    for i in range(times):
        clock.instant += timedelta(minutes=1)
        row = twin.ledger.rows("canteen_meal", twin.now(), community_id=names[i]).to_pylist()[-1]
        kept = {k: row[k] for k in twin.catalogue.record_kinds["canteen_meal"].columns} | {"diners": 33 + i}
        twin.ledger.record("canteen_meal", [kept], community_id=names[i])
        changed += timed(lambda i: twin.kpis.values(twin.now(), community_id=names[i]), 1, first=i)
    again = timed(lambda i: twin.kpis.values(twin.now()), 1)
    checked = differing = 0
    for row in twin.kpis.values(twin.now(), community_id=names[0]).to_pylist():
        rows = twin.kpis.evidence(row["kpi"], twin.now(), community_id=names[0]).to_pylist()
        if row["status"] in ("measured", "stale"):
            checked += 1
            differing += recomputed(twin.catalogue.kpis[row["kpi"]], rows) != row["value"] and row["rows_used"] > 0
    return {
        "one_p50_ms": _p50(one), "one_max_ms": round(max(one), 1), "one_trend_12_p50_ms": _p50(trends),
        "one_remembered_p50_ms": _p50(remembered), "all_p50_ms": _p50(every), "one_changed_p50_ms": _p50(changed),
        "all_after_changes_ms": _p50(again), "values_recomputed": checked, "values_differing": int(differing),
    }  # fmt: skip


def fill(path: Path, catalogue: Catalogue, records: int, readings: int) -> dict[str, Any]:
    """Make the store; returns how many rows went in and in what time."""
    began = time.perf_counter()
    clock = _Clock(END - timedelta(days=DAYS + 1))
    twin = Twin.open(path, clock=clock, catalogue=catalogue, memory_limit="1GB")
    try:
        devices = _devices(catalogue)
        twin.record([*_entities(), *devices])
        _readings(twin, devices, readings)
    finally:
        twin.close()
    with Store(path, memory_limit="1GB") as store:
        stored = store.write(lambda writer: _records(writer, catalogue, records))
    return {"records": stored, "readings": readings, "fill_s": round(time.perf_counter() - began, 1)}


def _entities() -> list[Entity]:
    found: list[Entity] = []
    for n in range(COMMUNITIES):
        c = f"c{n:04}"
        found.append(Community(community_id=c, name=c, scheme="旧改类引领型"))
        found.append(Building(community_id=c, building_id=f"{c}-b", name="1幢", footprint=SQUARE, height_m=18.0))
        found += [
            Facility(community_id=c, facility_id=f"{c}-f{k}", facility_kind=kind, name=kind, lon=120.0, lat=30.0,
                     area_m2=800.0, capacity=120)
            for k, kind in enumerate(("centre", "clinic", "parking"))
        ]  # fmt: skip
        found.append(
            Room(community_id=c, room_id=f"{c}-r0", facility_id=f"{c}-f0", room_kind="hall", name="礼堂", capacity=80)
        )
        found += [
            Home(community_id=c, home_id=f"{c}-h{k}", building_id=f"{c}-b", number=str(k), age_0_17=1, age_18_59=2,
                 age_60_79=1, age_80_up=0, elder_alone=k % 9 == 0)
            for k in range(HOMES)
        ]  # fmt: skip
    return found


def _devices(catalogue: Catalogue) -> list[Device]:
    """Devices of the types KPIs ask for, over the communities in turn."""
    asked = {r.partition(":")[2] for kpi in catalogue.kpis.values() for r in kpi.requires if ":" in r}
    types = sorted(asked) or ["electricity_meter"]
    return [
        Device(community_id=f"c{n % COMMUNITIES:04}", device_id=f"d{n}", type=types[(n // COMMUNITIES) % len(types)],
               dialect="json", address=f"d{n}", facility_id=f"c{n % COMMUNITIES:04}-f0")
        for n in range(DEVICES)
    ]  # fmt: skip


def _readings(twin: Twin, devices: list[Device], rows: int) -> None:
    """Thirty days of readings, rising slowly so that counters count, committed in the order they came."""
    rng = np.random.default_rng(20_261_122)
    directory = twin.directory()
    numbers = np.array([s.series_no for d in devices for s in directory.devices["json", d.address].series.values()])
    commits = max(1, rows // 10_000)
    edges = np.linspace(to_us(END - timedelta(days=31)), to_us(END), commits + 1).astype(np.int64)
    for n, (first, last) in enumerate(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)):
        batch = pa.table(
            {
                "series_no": rng.choice(numbers, 10_000).astype(np.int32),
                "taken_at": pa.array(np.sort(rng.integers(first, last, 10_000))).cast(pa.timestamp("us")),
                "value": np.full(10_000, 1.0 + n),
                "retained": np.zeros(10_000, bool),
            }
        )
        twin.apply(batch, received_at=datetime.fromtimestamp(last / 1e6, UTC))


def _records(writer: Writer, catalogue: Catalogue, wanted: int) -> int:
    """Rows of every kind, more of those that come more often, in the order in which the communities import months."""
    often = {name: _often(kind) for name, kind in catalogue.record_kinds.items()}
    each = wanted / COMMUNITIES / sum(often.values())
    stored = 0
    writer.execute("SELECT setseed(0.5)")
    for name, kind in catalogue.record_kinds.items():
        rows = max(1, round(often[name] * each))
        columns = ", ".join(f'{_value(kind, c)} AS "{c.name}"' for c in kind.columns.values())
        identity = "'r' || n"
        writer.execute(
            f"INSERT INTO {kind.table} BY NAME SELECT community_id, {identity} AS record_id, {columns}, "
            "[]::TEXT[] AS flags, least(date_trunc('month', day) + INTERVAL 31 DAY, $end) AS recorded_at FROM "
            "(SELECT 'c' || lpad((i % $communities)::TEXT, 4, '0') AS community_id, i // $communities AS n, "
            "(DATE '2024-11-23' + (i // $communities * 729 // $rows)::INT) AS day FROM range($total) t(i)) "
            "ORDER BY recorded_at, community_id",
            communities=COMMUNITIES, rows=rows, total=rows * COMMUNITIES, end=END,
        )  # fmt: skip
        stored += rows * COMMUNITIES
    return stored


def _often(kind: RecordKind) -> float:
    return 1.0 if kind.until else min(6.0, max(0.5, 30 / (kind.expected_every / timedelta(days=1)) / 5))


def _value(kind: RecordKind, column: Column) -> str:
    """A SQL expression for a plausible value: what the identity needs, ends that follow beginnings, few empty ones."""
    match column.type:
        case "date":
            return "day" if column.name == kind.true_at else f"CASE WHEN random() < 0.8 THEN day + {_late(column)} END"
        case "instant":
            at = "day::TIMESTAMP + INTERVAL 2 HOUR"
            return at if column.name == kind.true_at else f"CASE WHEN random() < 0.8 THEN {at} + INTERVAL 3 HOUR END"
        case "count":
            return "(random() * 40)::BIGINT"
        case "amount" | "yuan":
            return "round(random() * 100, 2)"
        case "share":
            return "round(random(), 3)"
        case "yes_no":
            return "random() < 0.5"
        case "choice":
            codes = ", ".join(f"'{code}'" for code in column.choices)
            return f"[{codes}][1 + (random() * {len(column.choices) - 1})::INT]"
        case "place":
            return (
                "community_id || '"
                + {"room": "-r0", "building": "-b", "home": "-h0"}.get(str(column.place), "-f0")
                + "'"
            )
        case _:
            return "'n' || n"


def _late(column: Column) -> str:
    return "900" if column.name.startswith(("left", "ends", "until", "closed")) else "2"


def timed(question: Callable[[int], object], times: int, *, first: int = 0) -> list[float]:
    """Milliseconds of each call."""
    taken = []
    for i in range(first, first + times):
        began = time.perf_counter()
        question(i)
        taken.append((time.perf_counter() - began) * 1e3)
    return taken


def _p50(taken: list[float]) -> float:
    return round(float(np.percentile(taken, 50)), 1)


class _Clock:
    def __init__(self, instant: datetime) -> None:
        self.instant = instant

    def __call__(self) -> datetime:
        return self.instant

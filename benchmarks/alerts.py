"""The alert engine with the product's rules: everybody looked at once, twin messages, silence on time, a dead gateway.

``sweep``: 2,000 homes with a kit each, all rules stepped once. ``pairs``: two presses a millisecond apart, and their
redelivery, ten thousand times. ``late``: silences that fall due while the clock thread of the program runs, and ones
that fell due while it was down. ``gateway``: 200 devices behind one gateway that dies.
"""

from __future__ import annotations

import gc
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from cockpit.care_clock import CareClock
from twin_model.catalogue import AlertRule, Catalogue, Registry
from twin_model.entities import Building, Community, Device, Entity, Home
from twin_model.twin import Twin

HOMES = 2_000
KIT = ("sos_button", "motion", "door_contact", "smoke", "gas", "water_meter", "temperature")
PAIRS, QUICK_PAIRS = 10_000, 600
SILENT = 40
BEHIND = 200
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
SQUARE = shapely.to_wkb(shapely.box(120.75, 30.76, 120.7503, 30.7602))


@dataclass
class Clock:
    """A clock that stands where it is put."""

    instant: datetime = NOON

    def __call__(self) -> datetime:
        return self.instant


def main(quick: bool) -> dict[str, Any]:
    """``sweep_ms``: median and worst of looking at everybody; ``episodes`` must equal ``pairs``."""
    return {"bench": "alerts", **sweep(), **pairs(QUICK_PAIRS if quick else PAIRS), **late(), **gateway()}


def sweep() -> dict[str, Any]:
    """All rules over 2,000 homes, a day of their readings behind them."""
    clock = Clock()
    with _twin(clock) as twin:
        twin.record(_homes(HOMES))
        _live(twin, clock, hours=26)
        took = []
        for _ in range(7):
            clock.instant += timedelta(seconds=61)
            gc.collect()
            began = time.perf_counter()
            twin.care.step()
            took.append((time.perf_counter() - began) * 1e3)
        rules = len(twin.catalogue.alert_rules)
    return {
        "homes": HOMES, "rules": rules, "sweep_ms": round(statistics.median(took), 1),
        "sweep_max_ms": round(max(took), 1),
    }  # fmt: skip


def pairs(wanted: int) -> dict[str, Any]:
    """Two presses of one button a millisecond apart, then both again; each time exactly one episode.

    The rule is alone and opens no incident: ten thousand that nobody closes would be measured instead.
    """
    clock, catalogue = Clock(), Catalogue.load()
    alone: Registry[AlertRule] = Registry("alert rule")
    alone.add("sos", replace(catalogue.alert_rules["sos"], procedure=None), "sos.sql")
    catalogue = replace(catalogue, alert_rules=alone)
    with _twin(clock, catalogue) as twin:
        twin.record(_homes(1))
        sos, number = "h0-sos_button", twin.directory().numbers
        began = time.perf_counter()
        for _ in range(wanted):
            clock.instant += timedelta(minutes=40)
            first, second = clock.instant, clock.instant + timedelta(milliseconds=1)
            let_go = ((second + timedelta(seconds=1), 0),)
            for rows in (((first, 1),), ((second, 1),), ((first, 1), (second, 1)), let_go):
                clock.instant += timedelta(milliseconds=500)
                twin.apply(_readings([(number[sos, "sos"], taken, value) for taken, value in rows]))
            for later in (timedelta(seconds=5), timedelta(minutes=11)):  # as the clock would: a call wears off
                clock.instant += later
                twin.care.step()
        took = time.perf_counter() - began
        found = twin.care.alert_history(NOON, clock.instant + timedelta(days=1), twin.now(), rule="sos")
    return {"pairs": wanted, "episodes": found.num_rows, "pair_ms": round(took / wanted * 1e3, 1)}


def late() -> dict[str, Any]:
    """How long after its due instant a silence is an alert: with the program running, and after it was down."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "twin.duckdb"
        twin = Twin.open(path, clock=lambda: datetime.now(UTC))
        twin.record(_homes(SILENT))
        numbers = twin.directory().numbers
        limit = twin.catalogue.sensor_types["motion"].stale_after  # device_silent, for a device of a home
        now = twin.now()
        due = [now + timedelta(seconds=3 + 6 * i / SILENT) for i in range(SILENT)]
        rows = [(numbers[f"h{i}-motion", "motion"], at - limit, 0) for i, at in enumerate(due)]
        twin.apply(_readings(rows))
        running, half = _watched(twin, until=due[SILENT // 2]), SILENT // 2
        twin.close()
        time.sleep(max(0.0, (due[-1] - datetime.now(UTC)).total_seconds()) + 1)
        twin = Twin.open(path, clock=lambda: datetime.now(UTC))
        opened = twin.now()
        after = _watched(twin, until=opened + timedelta(seconds=2))
        twin.close()
    seen = {a["subject"]: (a["fired_at"] - a["due_at"]).total_seconds() for a in running}
    down = [(a["fired_at"] - opened).total_seconds() for a in after if a["subject"] not in seen]
    return {
        "silences": len(seen), "late_max_s": round(max(seen.values(), default=float("nan")), 3),
        "restart_silences": len(down), "restart_late_max_s": round(max(down, default=float("nan")), 3),
        "silences_expected": [half, SILENT - half],
    }  # fmt: skip


def gateway() -> dict[str, Any]:
    """A gateway dies with 200 devices of 200 homes: incidents by what they are about."""
    clock = Clock()
    with _twin(clock) as twin:
        homes = _homes(BEHIND, kit=("motion",), gateway="g")
        twin.record([*homes, _device("g", "gateway", None, None)])
        numbers = twin.directory().numbers
        for minute in range(0, 24 * 60, 10):
            clock.instant = NOON + timedelta(minutes=minute)
            alive = minute < 6 * 60
            moving = [(numbers[f"h{i}-motion", "motion"], clock.instant, (minute // 10 + i) % 2) for i in range(BEHIND)]
            twin.apply(_readings([(numbers["g", "children"], clock.instant, BEHIND), *moving] if alive else []))
            twin.care.step()
        alerts = twin.care.alerts(twin.now()).to_pylist()
        states = twin.home_states(twin.now())["state"].to_pylist()
        incidents = twin.care.incidents(twin.now(), open_only=False)
    person = [i for i in incidents if i.procedure == "elder_incident"]
    return {
        "gateway_devices": BEHIND, "gateway_alerts": sum(a["rule"] == "gateway_silent" for a in alerts),
        "gateway_incidents": sum(i.subject == "g" for i in incidents), "person_incidents": len(person),
        "blind_homes": states.count("blind"),
    }  # fmt: skip


@contextmanager
def _twin(clock: Clock, catalogue: Catalogue | None = None) -> Iterator[Twin]:
    twin = Twin.open(None, clock=clock, catalogue=catalogue)
    try:
        yield twin
    finally:
        twin.close()


def _homes(n: int, *, kit: Sequence[str] = KIT, gateway: str | None = None) -> list[Entity]:
    found: list[Entity] = [
        Community(community_id="c", name="小区"),
        Building(community_id="c", building_id="b", footprint=SQUARE, height_m=30.0),
    ]
    for i in range(n):
        found.append(
            Home(community_id="c", home_id=f"h{i}", building_id="b", number=f"{i:04}", age_80_up=1, elder_alone=True)
        )
        found += [_device(f"h{i}-{kind}", kind, f"h{i}", gateway) for kind in kit]
    return found


def _device(name: str, kind: str, home: str | None, gateway: str | None) -> Device:
    return Device(
        community_id="c", device_id=name, type=kind, dialect="json", address=name, home_id=home, gateway_id=gateway,
        building_id=None if home else "b",
    )  # fmt: skip


def _live(twin: Twin, clock: Clock, *, hours: int) -> None:
    """Every home moves, opens its door and uses water twice an hour; the rest reports that all is well."""
    numbers = twin.directory().numbers
    said = (
        ("motion", "motion", lambda k: k % 2), ("door_contact", "open", lambda k: k % 2),
        ("sos_button", "sos", lambda _: 0), ("water_meter", "water_m3", lambda k: 10 + k * 0.004),
        ("smoke", "smoke", lambda _: 0), ("gas", "gas", lambda _: 0),
        ("temperature", "temperature", lambda k: 19 + k % 3),
    )  # fmt: skip
    start = clock.instant - timedelta(hours=hours)
    for turn in range(hours * 2):
        at = start + timedelta(minutes=30 * turn)
        rows = [
            (numbers[f"h{i}-{kind}", metric], at + timedelta(milliseconds=i), value(turn + i))
            for kind, metric, value in said
            for i in range(HOMES)
        ]
        twin.apply(_readings(rows), received_at=max(at + timedelta(minutes=1), twin.now()) if turn else None)


def _watched(twin: Twin, *, until: datetime) -> list[dict[str, Any]]:
    clock = CareClock(twin)
    clock.start()
    try:
        time.sleep(max(0.0, (until - datetime.now(UTC)).total_seconds()))
    finally:
        clock.stop()
    found: list[dict[str, Any]] = twin.care.alerts(twin.now()).to_pylist()
    return [alert for alert in found if alert["rule"] == "device_silent"]


def _readings(rows: Sequence[tuple[int, datetime, float]]) -> pa.Table:
    return pa.table(
        {
            "series_no": pa.array([number for number, _, _ in rows], pa.int32()),
            "taken_at": pa.array([taken for _, taken, _ in rows], pa.timestamp("us", "UTC")),
            "value": pa.array([float(value) for _, _, value in rows], pa.float64()),
            "retained": np.zeros(len(rows), bool),
        }
    )

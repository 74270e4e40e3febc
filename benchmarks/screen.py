"""Time travel of the whole screen: that it is true, and what it costs over a year.

*Equal*: in a neighbourhood where readings come late, devices are moved, records corrected, steps taken and thresholds
set, the screen of an instant is kept while it is now, and made again by another program on the same store afterwards.

*Overview*: everything the Overview asks about a random past instant, each its own so that nothing remembered helps:
all panels, the bar and the map's colours, over a year of the sample's 2,500 devices with its alerts, incidents, the
life of its homes and two years of its records. ``--quick`` has fewer readings and instants.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.lively import COMMUNITY, Clock, Lively
from layouts.overview import LEFT, LEGEND, RIGHT, SCENES
from layouts.parts import map_classes
from layouts.parts.panel import Panel
from layouts.parts.shell_bar import BRAND, FIGURES, RED, STRIP
from sample_data.community import COMMUNITY_ID, build
from sample_data.history import Telling
from sample_data.load import SEED, record_past, simulator
from twin_model import alert_log, case_log
from twin_model.entities import Home
from twin_model.life_log import WHOLE_EVERY_US
from twin_model.screen import fingerprint, screen
from twin_model.store import Store, Writer
from twin_model.timeline import from_us, to_us
from twin_model.twin import Twin

YEAR, MONTH = 365, 30  # days
PER_COMMIT = timedelta(minutes=30)
LATE = 0.02
SIGNS_A_DAY = 90
"""How often a day what is known of the life in a home changes: a sign of life in a commit of its own."""
UPKEEP_A_DAY = 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to measure, and where a store of a year is kept for another time."""
    parser.add_argument("--only", choices=("equal", "overview"))
    parser.add_argument("--readings", type=int, help="readings of the year (100 M; quick: a month of them, 8 M)")
    parser.add_argument("--instants", type=int, help="screens compared (1,000; quick: 60)")


def main(
    quick: bool, only: str | None = None, readings: int | None = None, instants: int | None = None
) -> dict[str, Any]:
    """``{bench, equal, different, ..., rows, overview_p50_ms, overview_p95_ms, by_panel_ms}``."""
    found: dict[str, Any] = {"bench": "screen"}
    if only != "overview":
        found |= equal(instants or (60 if quick else 1_000))
    if only != "equal":
        days = MONTH if quick else YEAR
        found |= overview(days, readings or days * 274_000, asked=40 if quick else 200)
    return found


# ---------------------------------------------------------------- that it is true


def equal(instants: int, seed: int = 20_261_122) -> dict[str, Any]:
    """How many of ``instants`` screens, made again in any order, equal the ones kept; the first differences."""
    clock, rng = Clock(), random.Random(seed)
    store = Store(None)
    twin = Twin.open(None, clock=clock)
    catalogue = twin.catalogue
    twin.close()
    life = Lively(Twin(store, catalogue, clock), clock, seed)
    kept: dict[datetime, str] = {}
    while len(kept) < instants:
        life.turn()
        if life.turns % 200 == 0:
            life.twin = Twin(store, catalogue, clock)  # as after a restart
        if rng.random() < 0.7:
            at = life.twin.settle()
            kept[at] = fingerprint(screen(life.twin, at, COMMUNITY))
    again = Twin(store, catalogue, clock)
    different = [
        at for at in rng.sample(sorted(kept), instants) if fingerprint(screen(again, at, COMMUNITY)) != kept[at]
    ]
    return {
        "instants": instants, "equal": instants - len(different), "different": [at.isoformat() for at in different[:5]],
        "days": round((clock.instant - min(kept)) / timedelta(days=1), 1), "commits": again.revision,
        "happened": life.happened,
    }  # fmt: skip


# ---------------------------------------------------------------- what it costs


def overview(days: int, readings: int, asked: int) -> dict[str, Any]:
    """Milliseconds of everything the Overview asks, at ``asked`` random instants of so many days."""
    rng = np.random.default_rng(SEED)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "year.duckdb"
        end = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
        began = time.perf_counter()
        with opened(path, end) as twin:
            fill(twin, days, readings, end, rng)
        built = time.perf_counter() - began
        with opened(path, end) as twin:
            questions = list(asks())
            for n in range(3):  # the first ones read the file's dictionary and the queries' text
                ask(twin, questions, end - timedelta(hours=7 + n))
            past = [end - timedelta(seconds=float(s)) for s in rng.uniform(3600, (days - 1) * 86_400, asked)]
            taken = [ask(twin, questions, at) for at in past]
        size = path.stat().st_size
    whole = np.array([sum(one.values()) for one in taken])
    by_panel = {name: round(float(np.percentile([one[name] for one in taken], 50)), 1) for name in taken[0]}
    return {
        "days": days, "rows": readings, "overview_p50_ms": round(float(np.percentile(whole, 50))),
        "overview_p95_ms": round(float(np.percentile(whole, 95))), "overview_max_ms": round(float(whole.max())),
        "by_panel_p50_ms": by_panel, "built_s": round(built), "file_gb": round(size / 1e9, 2),
    }  # fmt: skip


def asks() -> Iterator[tuple[str, Callable[[Twin, datetime, str], object]]]:
    """What the Overview, the bar over it and its map ask, by name."""
    panels: tuple[Panel, ...] = (BRAND, FIGURES, STRIP, RED, *LEFT, *RIGHT, SCENES, LEGEND)
    yield from ((panel.part, _asked(panel)) for panel in panels if not panel.chosen)
    yield "map", lambda twin, at, community: map_classes.classes(twin, community, at)


def _asked(panel: Panel) -> Callable[[Twin, datetime, str], object]:
    if not panel.later:
        return panel.question
    return lambda twin, at, community: panel.question(twin, at, community, until=twin.now())


def ask(
    twin: Twin, questions: list[tuple[str, Callable[[Twin, datetime, str], object]]], at: datetime
) -> dict[str, float]:
    """Milliseconds of each question about an instant nobody asked about before."""
    taken = {}
    for name, question in questions:
        began = time.perf_counter()
        question(twin, at, COMMUNITY_ID)
        taken[name] = (time.perf_counter() - began) * 1e3
    return taken


@contextmanager
def opened(path: Path, now: datetime) -> Iterator[Twin]:
    """The twin on a store, with a clock that stands still."""
    twin = Twin.open(path, clock=lambda: now, memory_limit="1GB")
    try:
        yield twin
    finally:
        twin.close()


def fill(twin: Twin, days: int, readings: int, end: datetime, rng: np.random.Generator) -> None:
    """The past: the sample's entities, its readings through ``apply``, two years of records, and what care kept."""
    start = end - timedelta(days=days)
    entities = build(SEED)
    twin.record(entities, recorded_at=start, valid_from=start)
    homes = [entity for entity in entities if isinstance(entity, Home)]
    series = twin.placed(twin.now()).table
    alarms = np.flatnonzero(series["alarm_at_least"].is_valid().to_numpy())
    numbers = series["series_no"].to_numpy()
    edges = np.arange(to_us(start) + 1_000_000, to_us(end), PER_COMMIT // timedelta(microseconds=1))
    each = readings // (len(edges) - 1)
    quiet = np.zeros(int(numbers.max()) + 1, bool)
    quiet[numbers[alarms]] = True
    spans = list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
    for place in range(0, len(spans), 48):
        with twin.together():
            for first, last in spans[place : place + 48]:
                twin.apply(batch(numbers, quiet, first, last, each, rng), received_at=from_us(last))
    record_past(twin, end)
    past = Telling(simulator(), twin.catalogue, homes).tell(start, end - timedelta(hours=2))
    elders = [home.home_id for home in homes if home.elder_alone]

    def change(writer: Writer) -> None:
        alert_log.append(writer, past.alerts)
        writer.append("alert_step", upkeep(twin, start, days, len(past.alerts), rng))
        case_log.append(writer, past.heads, past.steps)
        for day in range(days):
            writer.append("home_life", lives(elders, to_us(start) + day * 86_400_000_000, rng))
        writer.execute("INSERT INTO care_begin VALUES ($at)", at=start)

    with twin.writing(end) as received:
        twin.commit(change, received, care=True)


def batch(
    numbers: np.ndarray[Any, np.dtype[np.int32]], quiet: np.ndarray[Any, np.dtype[np.bool_]], first: int, last: int,
    n: int, rng: np.random.Generator,
) -> pa.Table:  # fmt: skip
    """Readings of random series between two instants (microseconds); some were taken up to a day before."""
    taken = np.sort(rng.integers(first, last, n))
    late = rng.random(n) < LATE
    taken = taken - np.where(late, rng.integers(120_000_000, 86_400_000_000, n), 0)
    chosen = rng.choice(numbers, n)
    value = np.where(quiet[chosen], 0.0, np.round(rng.gamma(2.0, 8.0, n)))
    return pa.table(
        {
            "series_no": chosen, "taken_at": pa.array(taken).cast(pa.timestamp("us")), "value": value,
            "retained": np.zeros(n, bool),
        }
    )  # fmt: skip


def upkeep(twin: Twin, start: datetime, days: int, known: int, rng: np.random.Generator) -> pa.Table:
    """Device alerts beside those of people: rows of ``alert_step``, firing and cleared hours later."""
    devices = twin.entities("device", twin.now()).select(["device_id", "building_id", "community_id"]).to_pylist()
    n = UPKEEP_A_DAY * days
    fired = np.sort(rng.integers(0, days * 86_400, n))
    rows = []
    for number, second in enumerate(fired.tolist()):
        device = devices[int(rng.integers(len(devices)))]
        at, until = start + timedelta(seconds=second), start + timedelta(seconds=second + float(rng.exponential(9_000)))
        row = {
            "alert_id": known + 10 + number, "rule": "device_silent", "subject": device["device_id"], "scope": "device",
            "severity": "look", "grade": 4, "since": at, "due_at": at, "evidence": "[]", **{
                name: device[name] for name in ("building_id", "community_id")},
        }  # fmt: skip
        rows += [{**row, "known_at": at, "phase": "firing"}, {**row, "known_at": until, "phase": "cleared"}]
    return pa.Table.from_pylist(sorted(rows, key=lambda row: row["known_at"]))


def lives(homes: list[str], day: int, rng: np.random.Generator) -> pa.Table:
    """A day of what was known of the life in homes: rows of ``home_life``, all homes every hour, a row per sign."""
    names = np.array(homes)
    whole_at = np.repeat(np.arange(day, day + 86_400_000_000, WHOLE_EVERY_US), len(names))
    sign_at = rng.integers(day, day + 86_400_000_000, SIGNS_A_DAY * len(names))
    known = np.concatenate((whole_at, sign_at))
    who = np.concatenate((np.tile(names, 24), rng.choice(names, len(sign_at))))
    order = np.argsort(known, kind="stable")
    back = rng.integers(0, 7_200_000_000, len(known))
    return pa.table(
        {
            "known_at": pa.array(known[order]).cast(pa.timestamp("us")),
            "home_id": who[order],
            "last_at": pa.array(known[order] - back).cast(pa.timestamp("us")),
            "is_out": rng.random(len(known)) < 0.1,
            "is_whole": order < len(whole_at),
        }
    )

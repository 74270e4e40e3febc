"""The state of every device-metric now and at any past instant, and one day of one device, while readings come in.

The log is filled through ``Twin.apply`` as the program does it, in order of arrival over 30 days: 2,500 devices
with four metrics each. Then one thread commits 10,000 readings a second while the questions are asked, each at
an instant of its own so that no remembered answer helps.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from twin_model.entities import Community, Device
from twin_model.timeline import to_us
from twin_model.twin import Twin

DEVICES = 2_500
TYPE = "air_quality"
METRICS = ("pm2_5", "pm10", "temperature", "humidity")
DAYS = 30
INGEST_PER_SECOND = 10_000
COMMITS_PER_SECOND = 20


def main(quick: bool) -> dict[str, Any]:
    """10 M readings; without ``quick`` also 100 M. The line's figures are of the larger log."""
    sizes = [10_000_000] if quick else [10_000_000, 100_000_000]
    measured = [measure(rows, asked=40 if quick else 200) for rows in sizes]
    return {"bench": "query", **measured[-1], "by_size": {str(m["rows"]): m for m in measured}}


def measure(rows: int, *, asked: int) -> dict[str, Any]:
    """Fill a store with ``rows`` readings and ask it ``asked`` times each question, idle and while ingesting."""
    rng = np.random.default_rng(20_261_122)
    with tempfile.TemporaryDirectory() as folder:
        end = datetime.now(UTC) - timedelta(minutes=5)
        twin = Twin.open(Path(folder) / "bench.duckdb", clock=lambda: datetime.now(UTC), memory_limit="2GB")
        try:
            numbers = register(twin, end - timedelta(days=DAYS, hours=1))
            began = time.perf_counter()
            fill(twin, numbers, rows, end, rng)
            filled = time.perf_counter() - began
            idle = ask(twin, end, asked, rng)
            with ingesting(twin, numbers, rng) as rate:
                busy = ask(twin, end, asked, rng)
            stored = rate()
            size = (Path(folder) / "bench.duckdb").stat().st_size
        finally:
            twin.close()
    return {
        "rows": rows, **busy, "ingest_rows_s": round(stored), "idle": idle, "fill_rows_s": round(rows / filled),
        "file_bytes_per_row": round(size / rows, 1),
    }  # fmt: skip


def register(twin: Twin, at: datetime) -> np.ndarray[Any, np.dtype[np.int32]]:
    """The devices of the bench; returns the series numbers of their four metrics."""
    devices = [
        Device(community_id="bench", device_id=f"bench-{i}", type=TYPE, dialect="json", address=f"bench-{i}")
        for i in range(DEVICES)
    ]
    twin.record([Community(community_id="bench", name="bench"), *devices], recorded_at=at)
    directory = twin.directory()
    entries = [directory.devices["json", device.address].series for device in devices]
    return np.array([entry[metric].series_no for entry in entries for metric in METRICS], np.int32)


def batch(
    numbers: np.ndarray[Any, np.dtype[np.int32]], first: int, last: int, n: int, rng: np.random.Generator
) -> pa.Table:
    """``n`` readings of random series between two instants (microseconds), in order of time."""
    return pa.table(
        {
            "series_no": rng.choice(numbers, n),
            "taken_at": pa.array(np.sort(rng.integers(first, last, n))).cast(pa.timestamp("us")),
            "value": np.round(rng.normal(20, 4, n), 1),
            "retained": np.zeros(n, bool),
        }
    )


def fill(
    twin: Twin,
    numbers: np.ndarray[Any, np.dtype[np.int32]],
    rows: int,
    end: datetime,
    rng: np.random.Generator,
) -> None:
    """A month of readings, committed in the order they came."""
    per_commit = 10_000
    commits = rows // per_commit
    edges = np.linspace(to_us(end - timedelta(days=DAYS)), to_us(end), commits + 1).astype(np.int64)
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        received = datetime.fromtimestamp(last / 1e6, UTC)
        twin.apply(batch(numbers, first, last, per_commit, rng), received_at=received)


def ask(twin: Twin, end: datetime, asked: int, rng: np.random.Generator) -> dict[str, float]:
    """Median and 95th percentile in milliseconds of the three questions."""
    past = [end - timedelta(seconds=float(s)) for s in rng.uniform(3600, DAYS * 86_400 - 3600, asked)]
    devices = [f"bench-{i}" for i in rng.integers(0, DEVICES, asked)]
    latest = timed(lambda i: twin.states(twin.now()), asked)
    as_of = timed(lambda i: twin.states(past[i]), asked)
    day = timed(
        lambda i: twin.series(
            devices[i],
            METRICS[i % 4],
            past[i] - timedelta(days=1),
            past[i],
            twin.now(),
            bucket=timedelta(minutes=1),
        ),
        asked,
    )
    answer = {}
    for name, taken in (("latest", latest), ("asof", as_of), ("series", day)):
        answer[f"{name}_p50_ms"] = round(float(np.percentile(taken, 50)), 2)
        answer[f"{name}_p95_ms"] = round(float(np.percentile(taken, 95)), 2)
    return answer


def timed(question: Callable[[int], pa.Table], times: int) -> list[float]:
    """Milliseconds of each call; the first two only warm up."""
    for i in range(2):
        question(i)
    taken = []
    for i in range(times):
        began = time.perf_counter()
        question(i)
        taken.append((time.perf_counter() - began) * 1e3)
    return taken


class ingesting:
    """Commits 10,000 readings a second from another thread; calling the handle gives the rate reached."""

    def __init__(self, twin: Twin, numbers: np.ndarray[Any, np.dtype[np.int32]], rng: np.random.Generator) -> None:
        self._twin, self._numbers, self._rng = twin, numbers, np.random.default_rng(rng.integers(2**32))
        self._stop = threading.Event()
        self._stored, self._seconds = 0, 0.0
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Callable[[], float]:
        self._thread.start()
        return lambda: self._stored / self._seconds

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        began, n = time.perf_counter(), INGEST_PER_SECOND // COMMITS_PER_SECOND
        commits = 0
        while not self._stop.is_set():
            now = to_us(datetime.now(UTC))
            self._stored += self._twin.apply(batch(self._numbers, now - 50_000, now, n, self._rng)).stored
            commits += 1
            self._stop.wait(max(0.0, began + commits / COMMITS_PER_SECOND - time.perf_counter()))
        self._seconds = time.perf_counter() - began

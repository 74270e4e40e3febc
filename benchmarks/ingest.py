"""Durable ingest through mosquitto, against paho's own subscriber that stores nothing, in one run.

Same broker (the shipped configuration), same publisher process, QoS 1, 1,000 topics, about 150 bytes of JSON.
*No-op*: stock paho, acknowledging by itself, an empty callback. *Bulk no-op*: our receive path, acknowledging at
once. *Pipeline*: receive, decode, check, commit to disk, then acknowledge. Rounds alternate, and each figure is
the median of its rounds. *Burst*: everything published at once, while the pipeline listens and while it is away.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.mosquitto import Mosquitto, free_port
from benchmarks.publisher import TOPICS, TYPE, address, connect
from ingest.service import BrokerSettings, MqttIngest
from ingest.source import Batch, Source
from ingest.url import BrokerUrl
from twin_model.catalogue import Catalogue
from twin_model.entities import Community, Device
from twin_model.store import Store
from twin_model.twin import Twin

ROOT = Path(__file__).parents[1]
CLIENT_ID = "bench-pipeline"
DECLARED = Path(__file__).parent / "declared"


def open_twin(path: Path) -> Twin:
    """A twin on disk with a thousand bench meters."""
    twin = Twin.open(path, clock=lambda: datetime.now(UTC), catalogue=Catalogue.load(DECLARED))
    meters = [
        Device(community_id="bench", device_id=address(n), type=TYPE, dialect="json", address=address(n))
        for n in range(TOPICS)
    ]
    twin.record([Community(community_id="bench", name="bench"), *meters])
    return twin


def stored_numbers(path: Path) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The numbers of all messages in the log of a closed twin, sorted."""
    with Store(path) as store:
        values = store.select("SELECT value FROM reading ORDER BY value")["value"]
    numbers: np.ndarray[Any, np.dtype[np.int64]] = values.to_numpy().astype(np.int64)
    return numbers


@contextmanager
def publisher(port: int, first: int, count: int, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A publisher process, ready to go; a line on its standard input starts it."""
    command = [sys.executable, "-m", "benchmarks.publisher", str(port), str(first), str(count), *options]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError("the publisher did not start")
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def go(process: subprocess.Popen[str]) -> None:
    """Let a ready publisher send."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def result(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What a publisher reports when it is done: sent, acknowledged, seconds."""
    assert process.stdout is not None
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


def rate(count: int, so_far: Callable[[], int], *, timeout: float = 60.0) -> float:
    """Messages a second from the first to the last of ``count``; raises when they do not all come."""
    until = time.monotonic() + timeout
    began, offset = 0.0, 0
    while (have := so_far()) < count:
        now = time.perf_counter()
        if have and not began:
            began, offset = now, have
        if time.monotonic() > until:
            raise RuntimeError(f"only {have} of {count} messages came within {timeout:g} s")
        time.sleep(0.005)
    return (count - offset) / (time.perf_counter() - began)


def stock_noop(port: int, first: int, count: int) -> float:
    """Stock paho, QoS 1, acknowledging by itself, doing nothing with a message."""
    seen = [0]

    def on_message(_client: object, _data: object, _message: object) -> None:
        seen[0] += 1

    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"noop-{first}")
    client.on_message = on_message
    ready = [False]
    client.on_subscribe = lambda *_: ready.__setitem__(0, True)
    client.connect("127.0.0.1", port)
    client.loop_start()
    _until(client.is_connected)
    client.subscribe("bench/+", 1)
    _until(lambda: ready[0])
    with publisher(port, first, count) as sender:
        go(sender)
        measured = rate(count, lambda: seen[0])
        result(sender)
    client.disconnect()
    client.loop_stop()
    return measured


def bulk_noop(port: int, first: int, count: int) -> float:
    """Our receive path, acknowledging at once."""
    seen = [0]

    def take(batch: Batch) -> None:
        batch.acknowledge(batch.connection, batch.messages)
        seen[0] += len(batch.messages)

    source = Source(
        BrokerUrl(host="127.0.0.1", port=port), client_id=f"bulk-{first}", topics=["bench/+"], deliver=take,
        has_room=lambda: True, on_state=lambda *_: None,
    )  # fmt: skip
    source.start(wait=10)
    with publisher(port, first, count) as sender:
        go(sender)
        measured = rate(count, lambda: seen[0])
        result(sender)
    source.stop()
    connect(port, f"bulk-{first}").close()
    return measured


def pipeline(port: int, first: int, count: int, twin: Twin) -> tuple[float, list[float]]:
    """The whole way into the twin: messages committed a second, and lags sampled on the way in ms."""
    lags: list[float] = []
    with _ingest(port, twin) as ingest, publisher(port, first, count) as sender:

        def committed() -> int:
            status = ingest.pump.status()
            lags.append(status.lag_s * 1000)
            return status.acknowledged

        go(sender)
        measured = rate(count, committed)
        result(sender)
    # Greeting with a clean session ends ours: the broker must not queue the other rounds for us.
    connect(port, CLIENT_ID).close()
    return measured, lags


def embedded(folder: Path, count: int) -> float:
    """The same way from the broker of the one-command start (its window is 100 messages)."""
    twin = open_twin(folder / "embedded.duckdb")
    port = free_port()
    ingest = MqttIngest(twin, BrokerSettings(port=port, program="iotcore"))
    with ingest, publisher(port, 0, count, "--window", "1000") as sender:
        go(sender)
        measured = rate(count, lambda: ingest.pump.status().acknowledged)
        result(sender)
    twin.close()
    if not np.array_equal(stored_numbers(folder / "embedded.duckdb"), np.arange(count)):
        raise RuntimeError("the embedded broker lost or repeated messages")
    return measured


def burst(port: int, first: int, count: int, twin: Twin) -> None:
    """``count`` messages at once while the pipeline listens, as many while it is away; wait until all are in."""
    with _ingest(port, twin) as ingest, publisher(port, first, count, "--window", "0") as sender:
        go(sender)
        result(sender)
        _settle(ingest)
    with publisher(port, first + count, count, "--window", "0") as sender:
        go(sender)
        result(sender)
    with _ingest(port, twin) as ingest:
        _until(lambda: ingest.pump.status().received > 0)
        _settle(ingest)


def _ingest(port: int, twin: Twin) -> MqttIngest:
    return MqttIngest(twin, BrokerSettings(broker=f"mqtt://127.0.0.1:{port}", client_id=CLIENT_ID))


def _settle(ingest: MqttIngest, quiet_s: float = 1.5) -> None:
    """Until nothing new has come for a while and the inbox is empty."""
    last, since = -1, time.monotonic()
    while time.monotonic() - since < quiet_s:
        status = ingest.pump.status()
        if status.received != last or status.inbox_depth:
            last, since = status.received, time.monotonic()
        time.sleep(0.05)


def _until(done: Callable[[], bool], timeout: float = 20.0) -> None:
    until = time.monotonic() + timeout
    while not done():
        if time.monotonic() > until:
            raise RuntimeError(f"nothing came within {timeout:g} s")
        time.sleep(0.01)


def main(quick: bool) -> dict[str, Any]:
    """All figures of one run; ``quick`` has smaller rounds."""
    rounds, stock_count, count, burst_count = (2, 20_000, 80_000, 40_000) if quick else (3, 100_000, 300_000, 200_000)
    stock: list[float] = []
    bulk: list[float] = []
    full: list[float] = []
    lags: list[float] = []
    first = 0
    with tempfile.TemporaryDirectory(prefix="cim-bench-") as name:
        folder = Path(name)
        twin = open_twin(folder / "twin.duckdb")
        with Mosquitto(folder) as broker:
            for _ in range(rounds):
                # The no-op rounds use numbers of their own range: they never reach the twin.
                stock.append(stock_noop(broker.port, 500_000_000 + first, stock_count))
                bulk.append(bulk_noop(broker.port, 600_000_000 + first, count))
                measured, sampled = pipeline(broker.port, first, count, twin)
                full.append(measured)
                lags += sampled
                first += count
            burst(broker.port, first, burst_count, twin)
        twin.close()
        demo = embedded(folder, 10_000 if quick else 40_000)
        numbers = stored_numbers(folder / "twin.duckdb")
    wanted = first + 2 * burst_count
    distinct = np.unique(numbers[numbers < 500_000_000])
    figures = {
        "bench": "ingest",
        "pipeline_msgs_s": round(float(np.median(full))),
        "noop_msgs_s": round(float(np.median(stock))),
        "ratio": round(float(np.median(full) / np.median(stock)), 2),
        "bulk_noop_msgs_s": round(float(np.median(bulk))),
        "embedded_msgs_s": round(demo),
        "stored": len(numbers),
        "lost": wanted - len(distinct),
        "doubled": len(numbers) - len(distinct),
        "burst_messages": 2 * burst_count,
        "burst_lost": int(2 * burst_count - np.count_nonzero((distinct >= first) & (distinct < wanted))),
        "lag_p50_ms": round(float(np.percentile(lags, 50))),
        "lag_max_ms": round(max(lags)),
        "rounds": {"pipeline": [round(r) for r in full], "noop": [round(r) for r in stock]},
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    return figures


if __name__ == "__main__":
    print(json.dumps(main("--quick" in sys.argv)))

"""From a published message to fifty screens: how long it takes, and what telling them costs the server.

A real server process (embedded broker, pump, twin, pages) gets 500 messages a second over MQTT, first with nobody
listening, then with fifty listeners. The delay is from before ``publish`` to the arrival of the event that holds the
value; the cost is the difference of the server's processor time between the two.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import psutil

from benchmarks.mosquitto import free_port
from cockpit.tokens import Role, Tokens
from ingest.mqtt import Publisher
from ingest.url import BrokerUrl
from twin_model.entities import Community, Device
from twin_model.twin import Twin

ROOT = Path(__file__).parents[1]
CLIENTS = 50
DEVICES = 500
MESSAGES_A_SECOND = 500
WARM_SECONDS = 3.0


def main(quick: bool) -> dict[str, Any]:
    """``{bench, clients, p50_ms, p95_ms, core_share}``, the delays over all screens and all values."""
    seconds = 10.0 if quick else 30.0
    with tempfile.TemporaryDirectory() as folder, _server(Path(folder)) as (url, token, broker, process):
        sent = _Sent()
        with _publishing(broker, sent):
            alone = _cpu_share(process, seconds)
            delays, shared = asyncio.run(_listen(url, token, sent, process, seconds))
    return {
        "bench": "push",
        "clients": CLIENTS,
        "messages_s": MESSAGES_A_SECOND,
        "p50_ms": round(float(np.percentile(delays, 50)), 1),
        "p95_ms": round(float(np.percentile(delays, 95)), 1),
        "core_share": round(max(0.0, shared - alone), 3),
        "core_share_without_clients": round(alone, 3),
        "values_seen": len(delays),
    }


class _Sent:
    """When each value was published; a value is used once per device within the run."""

    def __init__(self) -> None:
        self.at: dict[tuple[str, float], float] = {}


@contextmanager
def _server(folder: Path) -> Iterator[tuple[str, str, str, psutil.Process]]:
    twin = Twin.open(folder / "twin.duckdb", clock=lambda: datetime.now(UTC))
    devices = [
        Device(community_id="bench", device_id=f"d{i}", type="temperature", dialect="json", address=f"t{i}")
        for i in range(DEVICES)
    ]
    twin.record([Community(community_id="bench", name="bench"), *devices])
    twin.close()
    token = Tokens(folder).create(Role.ADMINISTRATOR, "bench", datetime.now(UTC))
    port, broker_port = free_port(), free_port()
    command = [sys.executable, "run.py", "serve", "--no-sample", "--data", str(folder), "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--broker-port", str(broker_port)], cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        url = f"http://127.0.0.1:{port}"
        asyncio.run(healthy(url, process))
        yield url, token, f"mqtt://127.0.0.1:{broker_port}", psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(20)


async def healthy(url: str, process: subprocess.Popen[bytes]) -> None:
    """Return when the server answers; raises RuntimeError when it does not within a minute."""
    deadline = time.monotonic() + 60
    async with aiohttp.ClientSession() as session:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                async with session.get(url + "/healthz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)
    raise RuntimeError("the server for the benchmark did not start; its errors are above")


@contextmanager
def _publishing(broker: str, sent: _Sent) -> Iterator[None]:
    stop = threading.Event()
    publisher = Publisher(BrokerUrl.parse(broker), client_id="bench-push")

    def publish() -> None:
        began, number = time.perf_counter(), 0
        while not stop.is_set():
            device, turn = number % DEVICES, number // DEVICES
            value = round(-20 + turn * 0.01, 2)
            sent.at[f"d{device}", value] = time.perf_counter()
            payload = json.dumps({"temp": value, "ts": datetime.now(UTC).isoformat()})
            publisher.publish(f"community/bench/climate/t{device}", payload.encode())
            number += 1
            stop.wait(max(0.0, began + number / MESSAGES_A_SECOND - time.perf_counter()))

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        time.sleep(WARM_SECONDS)
        yield
    finally:
        stop.set()
        thread.join()
        publisher.close()


def _cpu_share(process: psutil.Process, seconds: float) -> float:
    before, began = _cpu(process), time.perf_counter()
    time.sleep(seconds)
    return (_cpu(process) - before) / (time.perf_counter() - began)


def _cpu(process: psutil.Process) -> float:
    """Processor seconds of the server itself; the embedded broker is a process of its own."""
    times = process.cpu_times()
    return float(times.user + times.system)


async def _listen(
    url: str, token: str, sent: _Sent, process: psutil.Process, seconds: float
) -> tuple[list[float], float]:
    """The delays in ms of every value at every client, and the server's share of a core meanwhile."""
    arrivals: dict[int, list[float]] = {}
    values: dict[int, list[tuple[str, float]]] = {}
    listening, measuring = asyncio.Semaphore(0), asyncio.Event()

    def event(head: bytes, read_body: Callable[[], dict[str, Any]]) -> None:
        if not measuring.is_set() or b"event: change" not in head:
            return
        revision = int(head.split(b"id: ")[1].split(b"\n")[0])
        arrivals.setdefault(revision, []).append(time.perf_counter())
        if revision not in values:  # all clients get the same bytes: one reading serves all
            values[revision] = [(s["device_id"], s["value"]) for s in read_body()["states"]]

    async def client(session: aiohttp.ClientSession) -> None:
        async with session.get(url + "/api/v1/live", headers={"Authorization": f"Bearer {token}"}) as answer:
            buffer = b""
            first = True
            async for chunk in answer.content.iter_any():
                buffer += chunk
                *whole, buffer = buffer.split(b"\n\n")
                for part in whole:
                    head, _, body = part.partition(b"data: ")
                    if first and b"event: snapshot" in head:
                        first = False
                        listening.release()
                    event(head, lambda body=body: json.loads(body))

    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as session:
        clients = [asyncio.create_task(client(session)) for _ in range(CLIENTS)]
        for _ in range(CLIENTS):
            await listening.acquire()
        measuring.set()
        before, began = _cpu(process), time.perf_counter()
        await asyncio.sleep(seconds)
        share = (_cpu(process) - before) / (time.perf_counter() - began)
        measuring.clear()
        for task in clients:
            task.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
    delays = [
        (arrived - sent.at[key]) * 1e3
        for revision, times in arrivals.items()
        for key in values[revision]
        if key in sent.at
        for arrived in times
    ]
    return delays, share

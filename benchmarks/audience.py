"""Fifty people at pages and twenty walls on one server, while 500 messages a second arrive.

The server runs as a user starts it, with the sample community and 500 more sensors in it, fed over MQTT. The audience
are HTTP clients that do what the browsers do, not seventy Chromiums: a page listens to the live stream and, at most
every other second, on a second of its own (people open pages one after the other) and only after its last answer, sends
the callbacks its panels send, with what it already shows; a wall asks every five seconds with its screen's own cookie,
one of the staff also listens. ``page`` is the time of such a question, ``push`` the time from before ``publish`` to the
arrival of the event that holds the value at a page. ``disk_max_ms``: a value is pushed once it is on the disk, so
another program writes 4 KB to the same disk twenty times a second meanwhile and waits for each.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import psutil

from benchmarks.mosquitto import free_port
from benchmarks.push import healthy
from cockpit.screens import COOKIE, Screens
from cockpit.tokens import Role, Tokens
from ingest.mqtt import Publisher
from ingest.url import BrokerUrl
from sample_data.community import COMMUNITY_ID
from sample_data.load import make_store
from twin_model.entities import Device
from twin_model.twin import Twin

ROOT = Path(__file__).resolve().parents[1]
PAGES = {"overview": 30, "elder-care": 20}
PUBLIC_WALLS, STAFF_WALLS = 10, 10
DEVICES = 500
MESSAGES_A_SECOND = 500
WARM_SECONDS = 15.0
WALL_SECONDS = 5.0
PAGE_SECONDS = 2.0
LATE = "-slow"


def main(quick: bool) -> dict[str, Any]:
    """``page_p95_ms`` and ``push_p95_ms`` over the whole audience, ``core_share`` of the server meanwhile."""
    seconds = 20.0 if quick else 90.0
    with (
        tempfile.TemporaryDirectory() as folder, _server(Path(folder)) as server, _publishing(server) as sent,
        _disk(Path(folder) / "disk") as disk,
    ):  # fmt: skip
        told = asyncio.run(_audience(server, sent, seconds))
    told |= {"disk_p99_ms": _at(disk, 99), "disk_max_ms": _at(disk, 100)}
    return {"bench": "audience", "browsers": sum(PAGES.values()), "walls": PUBLIC_WALLS + STAFF_WALLS, **told}


@dataclass
class _Server:
    url: str
    token: str
    broker: str
    process: psutil.Process
    screens: list[tuple[str, str, bool]]  # id, cookie, of the staff


@contextmanager
def _server(folder: Path) -> Iterator[_Server]:
    store, now = folder / "twin.duckdb", datetime.now(UTC)
    make_store(store, now)
    twin = Twin.open(store, clock=lambda: datetime.now(UTC))
    twin.record([
        Device(
            community_id=COMMUNITY_ID, device_id=f"bench{i}", type="temperature", dialect="json", address=f"bench{i}"
        )
        for i in range(DEVICES)
    ])
    twin.close()
    token = Tokens(folder).create(Role.DUTY_OFFICER, "bench", now)
    screens = []
    for n in range(PUBLIC_WALLS + STAFF_WALLS):
        is_staff = n >= PUBLIC_WALLS
        wall, role = ("duty", Role.DUTY_OFFICER) if is_staff else ("lobby", Role.PUBLIC_SCREEN)
        screen, cookie = Screens(folder).add(f"wall {n}", wall, role, by="bench", at=now)
        screens.append((screen.screen_id, cookie, is_staff))
    port, broker_port = free_port(), free_port()
    command = [sys.executable, "run.py", "serve", "--sample", "--data", str(folder), "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--broker-port", str(broker_port)], cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        url = f"http://127.0.0.1:{port}"
        asyncio.run(healthy(url, process))
        yield _Server(url, token, f"mqtt://127.0.0.1:{broker_port}", psutil.Process(process.pid), screens)
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def _beside(work: Callable[[threading.Event], None]) -> Iterator[None]:
    """Work on a thread of its own; ``work`` ends when the event is set, at the end of the block."""
    stop = threading.Event()
    thread = threading.Thread(target=work, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def _publishing(server: _Server) -> Iterator[dict[tuple[str, float], float]]:
    """When each value was published; a value is used once per device within the run."""
    sent = dict[tuple[str, float], float]()
    publisher = Publisher(BrokerUrl.parse(server.broker), client_id="bench-audience")

    def publish(stop: threading.Event) -> None:
        began, number = time.perf_counter(), 0
        while not stop.is_set():
            device, value = number % DEVICES, round(-20 + number // DEVICES * 0.01, 2)
            sent[f"bench{device}", value] = time.perf_counter()
            payload = json.dumps({"temp": value, "ts": datetime.now(UTC).isoformat()})
            publisher.publish(f"community/{COMMUNITY_ID}/climate/bench{device}", payload.encode())
            number += 1
            stop.wait(max(0.0, began + number / MESSAGES_A_SECOND - time.perf_counter()))

    with closing(publisher), _beside(publish):
        yield sent


@contextmanager
def _disk(file: Path) -> Iterator[list[float]]:
    """How long the disk takes to keep 4 KB, in ms, again and again."""
    took = list[float]()

    def keep(stop: threading.Event) -> None:
        with file.open("wb", buffering=0) as out:
            while not stop.wait(0.05):
                out.write(bytes(4096))
                began = time.perf_counter()
                os.fsync(out.fileno())
                took.append((time.perf_counter() - began) * 1e3)

    with _beside(keep):
        yield took


@dataclass
class _Seen:
    """What the audience measured, once ``on``."""

    on: bool = False
    page: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    push: list[np.ndarray[Any, np.dtype[np.float64]]] = field(default_factory=list)
    failed: int = 0
    events: dict[bytes, tuple[str, np.ndarray[Any, np.dtype[np.float64]]]] = field(default_factory=dict)

    def event(
        self, body: bytes, sent: dict[tuple[str, float], float]
    ) -> tuple[str, np.ndarray[Any, np.dtype[np.float64]]]:
        """Its instant and when its values were published: read once for the fifty pages that hear the same bytes.

        Reading it fifty times would keep this process, not the server, busy, and its pages would hear late of it.
        """
        if body not in self.events:
            said = json.loads(body)
            keys = ((s["device_id"], s["value"]) for s in said["states"])
            published = np.array([sent[key] for key in keys if key in sent])
            self.events[body] = said["at"], published
            if len(self.events) > 64:
                del self.events[next(iter(self.events))]
        return self.events[body]


async def _audience(server: _Server, sent: dict[tuple[str, float], float], seconds: float) -> dict[str, Any]:
    seen = _Seen()
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(server.url, timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as session:
        wired = await _get(session, server, "/_dash-dependencies")
        tasks = [
            asyncio.create_task(
                _page(session, server, _callbacks(wired, page), seen, sent, opened=PAGE_SECONDS * i / n)
            )
            for page, n in PAGES.items()
            for i in range(n)
        ]
        tasks += [asyncio.create_task(_wall(session, screen, seen)) for screen in server.screens]
        await asyncio.sleep(WARM_SECONDS)
        seen.on, before, began = True, (_cpu(server.process), time.process_time()), time.perf_counter()
        await asyncio.sleep(seconds)
        seen.on, took = False, time.perf_counter() - began
        share, own = (_cpu(server.process) - before[0]) / took, (time.process_time() - before[1]) / took
        for task in tasks:
            task.cancel()
        over = await asyncio.gather(*tasks, return_exceptions=True)
    push = np.concatenate(seen.push) if seen.push else np.empty(0)
    broken = [found for found in over if isinstance(found, Exception)]
    return {
        "messages_s": MESSAGES_A_SECOND, "seconds": seconds, "page_p50_ms": _at(seen.page, 50),
        "page_p95_ms": _at(seen.page, 95), "wall_p95_ms": _at(seen.wall, 95), "push_p50_ms": _at(push, 50),
        "push_p95_ms": _at(push, 95), "core_share": round(share, 2), "page_questions": len(seen.page),
        "wall_questions": len(seen.wall), "values_seen": len(push),
        "audience_share": round(own, 2), "failed": seen.failed + len(broken),
    }  # fmt: skip


async def _page(
    session: aiohttp.ClientSession, server: _Server, callbacks: list[dict[str, Any]], seen: _Seen,
    sent: dict[tuple[str, float], float], opened: float,
) -> None:  # fmt: skip
    """One person: the live stream, and the panels' callbacks as assets/20_shell.js lets them be sent.

    ``opened``: seconds after the first of the audience.
    """
    await asyncio.sleep(opened)
    news = asyncio.Event()
    second = {"at": ""}
    listening = asyncio.create_task(_listen(session, server, news, second, seen, sent))
    began = handed = time.perf_counter()
    try:
        while True:
            tick = math.floor(time.perf_counter() - began) + 1
            await asyncio.sleep(began + tick - time.perf_counter())
            if not news.is_set() or time.perf_counter() - handed < PAGE_SECONDS - 0.01:
                continue
            news.clear()
            handed = time.perf_counter()
            for body in callbacks:
                await _call(session, server, body, second["at"], seen)
            if listening.done():
                listening.result()
    finally:
        listening.cancel()


async def _listen(
    session: aiohttp.ClientSession, server: _Server, news: asyncio.Event, second: dict[str, str], seen: _Seen,
    sent: dict[tuple[str, float], float],
) -> None:  # fmt: skip
    headers = {"Authorization": f"Bearer {server.token}"}
    async with session.get(f"/api/v1/live?community={COMMUNITY_ID}", headers=headers) as answer:
        buffer = b""
        async for chunk in answer.content.iter_any():
            arrived = time.perf_counter()
            buffer += chunk
            *whole, buffer = buffer.split(b"\n\n")
            for part in whole:
                head, _, body = part.partition(b"data: ")
                if not body:
                    continue
                news.set()
                if not seen.on or b"event: change" not in head:
                    continue
                second["at"], published = seen.event(body, sent)
                seen.push.append((arrived - published) * 1e3)


async def _call(
    session: aiohttp.ClientSession, server: _Server, body: dict[str, Any], second: str, seen: _Seen
) -> None:
    for one in body["inputs"]:
        if one["id"] == "shell--revision":
            one["value"] = {"revision": None, "second": second}
    headers = {"Authorization": f"Bearer {server.token}"}
    began = time.perf_counter()
    async with session.post("/_dash-update-component", json=body, headers=headers) as answer:
        said = await answer.json(content_type=None) if answer.status == 200 else None
    if seen.on:
        seen.page.append((time.perf_counter() - began) * 1e3)
        seen.failed += answer.status not in (200, 204)
    if said:  # what it shows now goes along with its next question, as the browser's state does
        for one in body["state"]:
            shown = said.get("response", {}).get(one["id"])
            if shown and one["property"] in shown:
                one["value"] = shown[one["property"]]


async def _wall(session: aiohttp.ClientSession, screen: tuple[str, str, bool], seen: _Seen) -> None:
    """One wall: what it does not know yet, every five seconds; the slow parts once."""
    name, cookie, is_staff = screen
    headers = {"Cookie": f"{COOKIE}={cookie}", "Sec-Fetch-Site": "same-origin"}
    known: dict[str, str] = {}
    stream = asyncio.create_task(_drain(session, f"/screen/{name}/live", headers)) if is_staff else None
    try:
        slow = True
        while True:
            began = time.perf_counter()
            k = ",".join(f"{part}:{key}" for part, key in known.items())
            asked = {"k": k, **({"slow": "true"} if slow else {})}
            async with session.get(f"/screen/{name}/answers", params=asked, headers=headers) as answer:
                said = await answer.json() if answer.status == 200 else {}
            if seen.on:
                seen.wall.append((time.perf_counter() - began) * 1e3)
                seen.failed += answer.status != 200
            known |= {part: key for part, (key, _) in said.get("parts", {}).items()}
            slow = False
            await asyncio.sleep(max(0.0, WALL_SECONDS - (time.perf_counter() - began)))
    finally:
        if stream is not None:
            stream.cancel()


async def _drain(session: aiohttp.ClientSession, path: str, headers: dict[str, str]) -> None:
    async with session.get(path, headers=headers) as answer:
        async for _ in answer.content.iter_any():
            pass


def _callbacks(wired: list[dict[str, Any]], page: str) -> list[dict[str, Any]]:
    """What the bar and the page's quick panels send with every revision."""
    view = {"at": None, "lang": "zh", "community": COMMUNITY_ID, "with": None}
    found = []
    for callback in wired:
        names = [one.rsplit(".", 1) for one in callback["output"].strip(".").split("...")]
        first = names[0][0]
        inputs = [one["id"] for one in callback["inputs"]]
        mine = first.startswith((f"{page}--", "shell--")) and not first.endswith(LATE)
        if "shell--revision" not in inputs or not mine or callback.get("clientside_function"):
            continue

        def filled(one: dict[str, Any]) -> dict[str, Any]:
            return {"id": one["id"], "property": one["property"], "value": view if one["id"] == "shell--view" else None}

        outputs = [{"id": name, "property": prop} for name, prop in names]
        found.append({
            "output": callback["output"], "outputs": outputs if callback["output"].startswith("..") else outputs[0],
            "inputs": [filled(one) for one in callback["inputs"]], "state": [filled(one) for one in callback["state"]],
            "changedPropIds": ["shell--revision.data"],
        })  # fmt: skip
    return found


async def _get(session: aiohttp.ClientSession, server: _Server, path: str) -> Any:
    async with session.get(path, headers={"Authorization": f"Bearer {server.token}"}) as answer:
        answer.raise_for_status()
        return await answer.json()


def _cpu(process: psutil.Process) -> float:
    """Processor seconds of the server itself; the embedded broker is a process of its own."""
    times = process.cpu_times()
    return float(times.user + times.system)


def _at(found: Any, percent: int) -> float | None:
    return round(float(np.percentile(found, percent)), 1) if len(found) else None

"""From the press of a call button to the stored incident and to a screen, while 1,000 messages a second come in.

A real server process (embedded broker, pump, twin with 1,000 devices in 250 homes, clock, pages) gets the background
and, now and then, a press in a home that had none. ``stored`` ends at the instant of the commit that holds the
incident, ``shown`` at the arrival of the ``incident`` event at a client of the live stream; with ``--browser``
(``python -m benchmarks.sos --browser``) also ``browser``: the page of a Chromium tells of it (the strip above the page,
or its row), and ``listed``: its row is in the list.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import numpy as np
import shapely

from benchmarks.map import FLAGS
from benchmarks.mosquitto import free_port
from benchmarks.push import healthy
from cockpit.tokens import Role, Tokens
from ingest.mqtt import Publisher
from ingest.url import BrokerUrl
from twin_model.entities import Building, Community, Device, Entity, Home
from twin_model.twin import Twin

ROOT = Path(__file__).parents[1]
COMMUNITY = "bench"
HOMES = 250
MESSAGES_A_SECOND = 1_000
WARM_SECONDS = 4.0
LAST_SECONDS = 5.0
"""How long after the last press its event is waited for; an event that has not come by then never does."""


class Told(NamedTuple):
    """When an incident was stored and when a screen heard of it, unix seconds."""

    incident: str
    stored: float
    arrived: float


def main(quick: bool) -> dict[str, Any]:
    """``{bench, stored_p99_ms, shown_p99_ms, ...}`` over 60 presses (``quick``) or 200, one in each home."""
    return measure(presses=60 if quick else 200, pause=0.35 if quick else 0.5, browser=False)


def measure(*, presses: int, pause: float, browser: bool) -> dict[str, Any]:
    """``pause``: seconds between two presses, give or take a third."""
    with tempfile.TemporaryDirectory(prefix="cim-sos-") as name:
        folder = Path(name)
        with _server(folder) as (url, token, broker), _background(broker) as sent:
            time.sleep(WARM_SECONDS)
            before = sent()
            began = time.perf_counter()
            pressed, told, seen, listed = asyncio.run(_press(url, token, broker, presses, pause, browser))
            rate = (sent() - before) / (time.perf_counter() - began)
    answer = {"bench": "sos", "presses": len(pressed), "background_msgs_s": round(rate)}
    answer |= _figures("stored", [(told[h].stored - at) * 1e3 for h, at in pressed.items() if h in told])
    answer |= _figures("shown", [(told[h].arrived - at) * 1e3 for h, at in pressed.items() if h in told])
    if browser:
        answer |= _figures("browser", [(seen[h] - at) * 1e3 for h, at in pressed.items() if h in seen])
        answer |= _figures("listed", [(listed[h] - at) * 1e3 for h, at in pressed.items() if h in listed])
        answer["not_in_browser"] = len(pressed.keys() - seen.keys())
    return answer | {"lost": len(pressed.keys() - told.keys())}


def _figures(name: str, delays: list[float]) -> dict[str, float]:
    if not delays:
        return {}
    return {f"{name}_p{q}_ms": round(float(np.percentile(delays, q)), 1) for q in (50, 95, 99)} | {
        f"{name}_max_ms": round(max(delays), 1)
    }


def _place() -> list[Entity]:
    """Ten buildings of 25 homes with a button and three more devices each."""
    found: list[Entity] = [Community(community_id=COMMUNITY, name="bench")]
    for b in range(HOMES // 25):
        shape = shapely.to_wkb(shapely.box(104 + b / 1000, 30, 104 + b / 1000 + 0.0005, 30.0005))
        found.append(Building(community_id=COMMUNITY, building_id=f"b{b}", footprint=shape, height_m=40.0))
    for h in range(HOMES):
        home = {"community_id": COMMUNITY, "home_id": f"h{h}"}
        found.append(Home(**home, building_id=f"b{h // 25}", number=str(h), elder_alone=True, age_80_up=1))
        found.append(Device(**home, device_id=f"s{h}", type="sos_button", dialect="zigbee2mqtt", address=f"s{h}"))
        for n in range(3):
            found.append(Device(**home, device_id=f"m{h}-{n}", type="motion", dialect="json", address=f"m{h}-{n}"))
    return found


@contextmanager
def _server(folder: Path) -> Iterator[tuple[str, str, str]]:
    """The program on a made community: its address, a token, its broker."""
    twin = Twin.open(folder / "twin.duckdb", clock=lambda: datetime.now(UTC))
    twin.record(_place())
    twin.close()
    token = Tokens(folder).create(Role.DUTY_OFFICER, "bench", datetime.now(UTC))
    port, broker_port = free_port(), free_port()
    command = [sys.executable, "run.py", "serve", "--no-sample", "--data", str(folder), "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--broker-port", str(broker_port)], cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        url = f"http://127.0.0.1:{port}"
        asyncio.run(healthy(url, process))
        yield url, token, f"mqtt://127.0.0.1:{broker_port}"
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def _background(broker: str) -> Iterator[Any]:
    """Motion and heartbeats of every home, evenly; gives how many were sent so far."""
    stop, sent = threading.Event(), [0]
    publisher = Publisher(BrokerUrl.parse(broker), client_id="bench-sos-background")

    def publish() -> None:
        began, number = time.perf_counter(), 0
        while not stop.is_set():
            for _ in range(20):  # fifty times a second: a thread that wakes for each message would be the load
                home, turn = number % HOMES, number // HOMES
                payload = {"v": turn % 2, "bat": 90, "ts": datetime.now(UTC).isoformat()}
                publisher.publish(f"community/bench/motion/m{home}-{turn % 3}", json.dumps(payload).encode())
                number += 1
            sent[0] = number
            stop.wait(max(0.0, began + number / MESSAGES_A_SECOND - time.perf_counter()))

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        yield lambda: sent[0]
    finally:
        stop.set()
        thread.join()
        publisher.close()


async def _press(
    url: str, token: str, broker: str, presses: int, pause: float, browser: bool
) -> tuple[dict[str, float], dict[str, Told], dict[str, float], dict[str, float]]:
    """When each home pressed, when its incident was stored and told, announced and listed on the page; unix seconds."""
    told: dict[str, Told] = {}
    pressed: dict[str, float] = {}
    ready = asyncio.Event()
    timeout = aiohttp.ClientTimeout(total=None)
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(timeout=timeout, headers=headers) as session:
        listener = asyncio.create_task(_listen(session, url, told, ready))
        page = await _browser(url, token) if browser else None
        await ready.wait()
        publisher = await asyncio.to_thread(Publisher, BrokerUrl.parse(broker), client_id="bench-sos-buttons")
        chance = np.random.default_rng(7)
        for home in chance.permutation(HOMES)[:presses].tolist():
            pressed[f"h{home}"] = time.time()
            publisher.publish(f"zigbee2mqtt/s{home}", b'{"action": "emergency", "battery": 88}')
            await asyncio.sleep(pause * chance.uniform(2 / 3, 4 / 3))
        deadline = time.monotonic() + LAST_SECONDS
        while pressed.keys() - told.keys() and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        seen, listed = (
            {home: at[t.incident] for home, t in told.items() if t.incident in at}
            for at in (await page.noted({t.incident for t in told.values()}) if page else ({}, {}))
        )
        await asyncio.to_thread(publisher.close)
        listener.cancel()
        await asyncio.gather(listener, return_exceptions=True)
        if page:
            await page.close()
    return pressed, told, seen, listed


async def _listen(
    session: aiohttp.ClientSession, url: str, told: dict[str, Told], ready: asyncio.Event
) -> None:
    async with session.get(f"{url}/api/v1/live?community={COMMUNITY}") as answer:
        buffer = b""
        async for chunk in answer.content.iter_any():
            arrived = time.time()
            *whole, buffer = (buffer + chunk).split(b"\n\n")
            for part in whole:
                head, _, body = part.partition(b"data: ")
                if b"event: snapshot" in head:
                    ready.set()
                if b"event: incident" in head:
                    incident = json.loads(body)["incident"]
                    stored = datetime.fromisoformat(incident["raised_at"]).timestamp()
                    told.setdefault(incident["home_id"], Told(incident["id"], stored, arrived))


class _Page:
    """The elder-care page in a Chromium, which notes when each incident was told and listed."""

    def __init__(self, playwright: Any, page: Any) -> None:
        self._playwright, self._page = playwright, page

    async def noted(self, wanted: set[str]) -> tuple[dict[str, float], dict[str, float]]:
        """When each incident was told and when its row came, unix seconds; waits for the last ones."""
        deadline = time.monotonic() + LAST_SECONDS
        while True:
            seen, listed = await self._page.evaluate("[window.benchSeen, window.benchListed]")
            if not (wanted - listed.keys()) or time.monotonic() > deadline:
                return {i: at / 1e3 for i, at in seen.items()}, {i: at / 1e3 for i, at in listed.items()}
            await asyncio.sleep(0.1)

    async def close(self) -> None:
        """End the browser."""
        await self._page.context.browser.close()
        await self._playwright.stop()


# What a person sees first is the strip above the page, then the incident's row; each carries the incident's id.
_NOTE = """
window.benchSeen = {}; window.benchListed = {};
new MutationObserver(() => {
  const note = (seen, id) => { seen[id] = seen[id] || Date.now(); };
  const strip = document.querySelector('#shell--incident:not([hidden]) [data-call]');
  if (strip) note(window.benchSeen, strip.dataset.call);
  for (const row of document.querySelectorAll('[data-set="elder-care--chosen"]')) {
    note(window.benchSeen, row.dataset.value);
    note(window.benchListed, row.dataset.value);
  }
}).observe(document, { childList: true, subtree: true, attributes: true });
"""


async def _browser(url: str, token: str) -> _Page:
    from playwright.async_api import async_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        raise RuntimeError("chromium is not installed; tools/system-packages.sh installs it")
    playwright = await async_playwright().start()
    browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
    page = await browser.new_page(viewport={"width": 1920, "height": 1080})
    await page.add_init_script(_NOTE)
    await page.goto(f"{url}/elder-care?community={COMMUNITY}&token={token}")
    await page.wait_for_selector("main .panel", timeout=30_000)
    await asyncio.sleep(2)
    return _Page(playwright, page)


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--browser", action="store_true")
    options.add_argument("--presses", type=int, default=100)
    options.add_argument("--pause", type=float, default=1.5, help="seconds between two presses")
    given = options.parse_args()
    print(json.dumps(measure(presses=given.presses, pause=given.pause, browser=given.browser)))

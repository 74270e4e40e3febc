"""A wall in Chromium for hours: a server restart and three network cuts, nobody touches it, and its memory stays flat.

What is simulated: the wall's own clock runs ten times as fast (``?speed=10``), so that its shows, questions, health
reports and burn-in shift of eight hours happen within 48 minutes. The server, its data and the outages are real and run
in real time: the server is ended and started anew, and the network is cut by a relay between browser and server, which
once refuses connections, once drops them and once swallows every byte without a word. ``--minutes`` (real ones) asks
for a shorter run; the answer says how long it was.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from benchmarks.map import FLAGS
from benchmarks.mosquitto import free_port
from benchmarks.push import healthy

ROOT = Path(__file__).resolve().parents[1]
SPEED = 10
MINUTES = 48.0
QUICK_MINUTES = 0.5
AWAY_SECONDS = 20.0
QUICK_AWAY_SECONDS = 10.0


def add_arguments(asked: argparse.ArgumentParser) -> None:
    """What this benchmark may be told."""
    asked.add_argument("--minutes", type=float, default=0, metavar="N", help="real minutes instead of 48")


def main(quick: bool, minutes: float = 0) -> dict[str, Any]:
    """``back_s``: from the return of server or network to an answer on the wall; ``memory_growth``: after the start."""
    length = 60 * (minutes or (QUICK_MINUTES if quick else MINUTES))
    with tempfile.TemporaryDirectory() as folder, _server(Path(folder)) as server, _relay(server.port) as relay:
        return _watched(server, relay, length, QUICK_AWAY_SECONDS if length < 120 else AWAY_SECONDS)


class _Server:
    """`run.py serve` with the sample, which can be ended and started anew on the same data."""

    def __init__(self, folder: Path) -> None:
        self.port, self._broker_port, self._folder = free_port(), free_port(), folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "run.py", "serve", "--sample", "--data", str(self._folder), "--port", str(self.port)]
        self._process = subprocess.Popen(
            [*command, "--broker-port", str(self._broker_port)], cwd=ROOT, stdout=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        # in a thread of its own: Playwright's loop runs in this one
        waiting = threading.Thread(target=self._wait)
        waiting.start()
        waiting.join()

    def _wait(self) -> None:
        if self._process is not None:
            asyncio.run(healthy(f"http://127.0.0.1:{self.port}", self._process))

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(30)


@contextmanager
def _server(folder: Path) -> Iterator[_Server]:
    server = _Server(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()


class _Relay:
    """Carries bytes between the browser and the server, until it is told to refuse, to drop or to swallow them."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self._target, self._how = target, "carry"
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._listening: asyncio.Server | None = None

    def run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._listen())
        self._loop.run_forever()

    def cut(self, how: str) -> None:
        """``refuse`` new connections and end the old, ``drop`` each one as it comes, ``swallow`` everything."""
        asyncio.run_coroutine_threadsafe(self._cut(how), self._loop).result(10)

    def mend(self) -> None:
        """Carry again. Connections that were swallowed stay dead, as behind a switch that forgot them."""
        asyncio.run_coroutine_threadsafe(self._mend(), self._loop).result(10)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _listen(self) -> None:
        self._listening = await asyncio.start_server(self._carry, "127.0.0.1", self.port)

    async def _cut(self, how: str) -> None:
        self._how = how
        if how == "refuse" and self._listening is not None:
            self._listening.close()
        if how != "swallow":
            for writer in list(self._open):
                writer.transport.abort()

    async def _mend(self) -> None:
        refused, self._how = self._how == "refuse", "carry"
        if refused:
            await self._listen()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._how == "drop":
            writer.transport.abort()
            return
        self._open.add(writer)
        lost = self._how == "swallow"
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            self._open.discard(writer)
            return
        self._open.add(back)
        try:
            await asyncio.gather(self._pump(reader, back, lost), self._pump(there, writer, lost))
        finally:
            for one in (writer, back):
                self._open.discard(one)
                one.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lost: bool) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                lost = lost or self._how == "swallow"
                if not lost:
                    writer.write(data)
                    await writer.drain()
        if not lost and self._how != "swallow":
            writer.close()


@contextmanager
def _relay(target: int) -> Iterator[_Relay]:
    relay = _Relay(target)
    thread = threading.Thread(target=relay.run, daemon=True)
    thread.start()
    try:
        yield relay
    finally:
        relay.close()
        thread.join(5)


def _watched(server: _Server, relay: _Relay, length: float, away: float) -> dict[str, Any]:
    from playwright.sync_api import sync_playwright

    outages = ("refuse", "drop", "swallow", "restart")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"http://127.0.0.1:{relay.port}/screen/lobby?speed={SPEED}")
        page.wait_for_function("() => window.CimWall && window.CimWall.counts.answers > 0", timeout=60_000)
        loaded = page.evaluate("() => performance.timeOrigin")
        # the first look of everything is part of starting: each show has been there, the map is drawn
        _stay(page, min(60.0, length / 6))
        began, first = time.monotonic(), _memory(page)
        sizes, back = [first], {}
        for n, how in enumerate(outages, start=1):
            _stay(page, max(5.0, began + n * length / (len(outages) + 1) - time.monotonic()))
            back[how] = _outage(page, how, server, relay, away)
            sizes.append(_memory(page))
        _stay(page, max(5.0, began + length - time.monotonic()))
        sizes.append(_memory(page))
        health = page.evaluate("() => window.CimWallLife.health()")
        counts = page.evaluate("() => window.CimWall.counts")
        same = page.evaluate("() => performance.timeOrigin") == loaded
        browser.close()
    real = time.monotonic() - began
    return {
        "bench": "wall", "real_minutes": round(real / 60, 1), "simulated_hours": round(real * SPEED / 3600, 2),
        "speed": SPEED, "by_hand": 0, "opened_anew": 0 if same else 1,
        "back_s": {how: round(seconds, 1) for how, seconds in back.items()},
        "most_back_s": round(max(back.values()), 1), "webgl_contexts": health["contexts"],
        "memory_mb": [round(mb, 1) for mb in sizes], "memory_growth": round(sizes[-1] / first - 1, 3),
        "shows": counts["shows"], "answers": counts["answers"], "recoveries": health["recoveries"],
        "errors": len(errors), "fps": health["fps"],
    }  # fmt: skip


def _stay(page: Any, seconds: float) -> None:
    page.wait_for_timeout(1_000 * max(0.0, seconds))


def _memory(page: Any) -> float:
    """Script memory in MB after what nobody holds any more was collected."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used: float = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    return used / 1e6


def _outage(page: Any, how: str, server: _Server, relay: _Relay, away: float) -> float:
    """Seconds from the return of what was away to a wall that shows an answer again."""
    if how == "restart":
        server.stop()
    else:
        relay.cut(how)
    page.wait_for_function("() => document.documentElement.hasAttribute('data-offline')", timeout=60_000, polling=100)
    _stay(page, away)
    if how == "restart":
        server.start()
    else:
        relay.mend()
    returned = time.monotonic()
    page.wait_for_function("() => !document.documentElement.hasAttribute('data-offline')", timeout=120_000, polling=100)
    return time.monotonic() - returned

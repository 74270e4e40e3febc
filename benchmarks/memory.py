"""Memory of the served program: the sample community, its simulated devices, and three million messages.

The program runs as a user starts it, on mosquitto with the shipped configuration; four more meters are imported and
flooded with messages as fast as the broker takes them. The server's resident size is read after every hundred thousand
stored readings. With ``--pages MINUTES`` it is read while a browser looks instead: page after page, past instants, two
instants side by side, all KPIs and the rows behind some, and then two pages that stay open for so long.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from benchmarks.map import FLAGS
from benchmarks.mosquitto import Mosquitto, free_port

ROOT = Path(__file__).resolve().parents[1]
MESSAGES = 3_000_000
QUICK_MESSAGES = 150_000
METERS = 4
CHUNK = 10_000
GIVE_UP_S = 60
PAGES = ("overview", "elder-care", "scenes", "occupancy", "devices", "service-levels", "care-rules", "drills")
DAYS_BACK = (0.1, 1, 7, 30, 300)
ROWS_OF = 40


def add_arguments(asked: argparse.ArgumentParser) -> None:
    """What this benchmark may be told."""
    asked.add_argument("--pages", type=float, default=0, metavar="MINUTES", help="open pages, send no messages")


def main(quick: bool, pages: float = 0) -> dict[str, Any]:
    """``resident_mb`` is the largest seen; ``growth_mb`` what the last two thirds of the messages added."""
    return looked_at(pages) if pages else flooded(quick)


def looked_at(minutes: float) -> dict[str, Any]:
    """``sizes_mb`` after each thing that was looked at; ``two_pages_mb`` minute by minute, with two pages open."""
    with tempfile.TemporaryDirectory() as folder, Mosquitto(Path(folder)) as broker:
        server = Server(Path(folder), broker)
        try:
            server.wait()
            time.sleep(30)
            sizes = {"start": round(server.resident_mb())}
            steady = []
            for looked in look_at(server, minutes):
                if looked:
                    sizes[looked] = round(server.resident_mb())
                else:
                    steady.append(round(server.resident_mb()))
            return {
                "bench": "memory", "part": "pages", "sizes_mb": sizes, "two_pages_mb": steady,
                "peak_mb": round(server.peak_mb()),
            }  # fmt: skip
        finally:
            server.stop()


def look_at(server: Server, minutes: float) -> Iterator[str]:
    """Name after name of what has just been looked at; then "" every minute."""
    from playwright.sync_api import sync_playwright

    def at(days: float) -> str:
        return "at=" + urllib.parse.quote((datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="seconds"))

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        context = browser.new_context(viewport={"width": 1440, "height": 810})
        first, second = context.new_page(), context.new_page()

        def see(address: str) -> None:
            first.goto(f"http://127.0.0.1:{server.port}/{address}", timeout=60_000)
            first.wait_for_timeout(6_000)

        for page in PAGES:
            see(page)
            yield page
        for page in PAGES[:4]:
            for days in DAYS_BACK:
                see(f"{page}?{at(days)}")
            yield f"{page}, past"
        for page in ("overview", "scenes"):
            see(f"{page}?{at(1)}&with=now")
        yield "two instants"
        for days in (0, *DAYS_BACK):
            items = json.loads(server.get(f"/api/v1/kpis?limit=500&{at(days)}"))["items"]
        for item in items[:ROWS_OF]:
            for question in ("evidence", "trend"):
                server.get(f"/api/v1/kpis/{item['id']}/{question}")
        yield "KPIs and their rows"
        see("overview")
        second.goto(f"http://127.0.0.1:{server.port}/scenes")
        end = time.monotonic() + 60 * minutes
        while time.monotonic() < end:
            first.wait_for_timeout(60_000)
            yield ""
        browser.close()


def flooded(quick: bool) -> dict[str, Any]:
    """Three million messages, and what they leave in memory."""
    wanted = QUICK_MESSAGES if quick else MESSAGES
    with tempfile.TemporaryDirectory() as folder, Mosquitto(Path(folder)) as broker:
        server = Server(Path(folder), broker)
        try:
            server.wait()
            server.adopt_meters()
            sizes = [(0, server.resident_mb())]
            stored_before = server.stored()
            publisher = Publisher(broker.port, wanted)
            quiet_since = time.monotonic()
            while sizes[-1][0] < wanted and time.monotonic() - quiet_since < GIVE_UP_S:
                stored = server.stored() - stored_before
                if stored - sizes[-1][0] >= wanted // 30 or stored >= wanted:
                    sizes.append((stored, server.resident_mb()))
                    quiet_since = time.monotonic()
                time.sleep(0.2)
            publisher.stop()
        finally:
            server.stop()
    third = [mb for stored, mb in sizes if stored >= wanted / 3]
    return {
        "bench": "memory",
        "messages": sizes[-1][0],
        "resident_mb": round(max(mb for _, mb in sizes)),
        "growth_mb": round(third[-1] - third[0]),
        "sizes_mb": [round(mb) for _, mb in sizes],
    }


class Server:
    """`run.py serve` on an empty folder; readings counted by its own metrics."""

    def __init__(self, folder: Path, broker: Mosquitto) -> None:
        self.port = free_port()
        self._data = folder / "data"
        self._log = (folder / "serve.log").open("wb")
        command = [sys.executable, "run.py"]
        self._token = subprocess.run(
            [*command, "token", "create", "--role", "administrator", "--data", str(self._data)],
            cwd=ROOT, capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
        arguments = ["--data", str(self._data), "--port", str(self.port), "--broker", broker.url, "--sample"]
        self._process = subprocess.Popen([*command, "serve", *arguments], cwd=ROOT, stdout=self._log, stderr=self._log)

    def get(self, path: str) -> str:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", headers={"Authorization": f"Bearer {self._token}"}
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return str(answer.read().decode())

    def wait(self) -> None:
        """Until the sample's history is there and its devices speak."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError("the server ended before it was ready")
            try:
                if json.loads(self.get("/healthz"))["broker_connected"]:
                    return
            except OSError:
                pass  # not listening yet
            time.sleep(0.2)
        raise RuntimeError("the server was not ready within 120 s")

    def adopt_meters(self) -> None:
        """Devices of the bench, imported beside the sample's."""
        rows = ["device_id,type,address"]
        rows += [f"bench-{i},temperature,bench-{i}" for i in range(METERS)]
        path = self._data.parent / "devices.csv"
        path.write_text("\n".join(rows), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "run.py", "import", str(path), "--community", "demo", "--layer", "devices", "--data",
             str(self._data)], cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"the bench's devices were not imported: {done.stdout}{done.stderr}")

    def stored(self) -> int:
        found = re.search(r"^cim_twin_stored_total (\S+)$", self.get("/metrics"), re.M)
        if found is None:
            raise RuntimeError("/metrics has no cim_twin_stored_total")
        return int(float(found[1]))

    def resident_mb(self) -> float:
        """The server's own process; the embedded broker is another program beside it."""
        return psutil.Process(self._process.pid).memory_info().rss / 1e6

    def peak_mb(self) -> float:
        """The largest its own process has been."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(30)
        self._log.close()


class Publisher:
    """One thread a meter, each handing `mosquitto_pub -l` a chunk of lines at a time and waiting until they are sent.

    Every line has a time of its own. One endless run of mosquitto_pub would be cut off: it does not slow down when the
    broker has no room for more.
    """

    def __init__(self, port: int, messages: int) -> None:
        self._stop = threading.Event()
        each = messages // METERS
        first = round(time.time() * 1000) - each  # a message a millisecond, the last one now
        self._threads = [
            threading.Thread(target=self._send, args=(port, meter, first, each)) for meter in range(METERS)
        ]
        for thread in self._threads:
            thread.start()

    def _send(self, port: int, meter: int, first: int, each: int) -> None:
        command = ["mosquitto_pub", "-p", str(port), "-q", "1", "-l", "-t", f"community/demo/climate/bench-{meter}"]
        for start in range(0, each, CHUNK):
            if self._stop.is_set():
                return
            numbers = range(start, min(start + CHUNK, each))
            lines = "".join(f'{{"temp": {20 + i % 7}, "ts": {first + i}}}\n' for i in numbers)
            subprocess.run(command, input=lines, text=True, check=True)

    def stop(self) -> None:
        """Send nothing more."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

"""The 3D map in Chromium without a graphics card: ready after navigation, and from a change to its pixel.

The program runs as a user starts it, on a data folder with generated neighbourhoods of 1,000, 5,000 and 10,000
buildings. ``ready_s`` is from navigation to the first frame with all buildings and the streets (5,000
buildings); the fine ground picture and the trees follow in slices (``ground_s``). ``recolour_ms`` is the median
from the call that changes 1 % of the buildings to the return of readPixels, and every run checks that the pixel
of a changed building really has its new colour. Frame size 1920x1080, pixel ratio 1, four samples per pixel.
"""

from __future__ import annotations

import math
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import shapely

from cockpit.settings import Settings
from twin_model.entities import Building, Community, Entity, Ground, HeightSource
from twin_model.twin import Twin

ROOT = Path(__file__).parents[1]
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-gl=angle", "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist",
]  # fmt: skip
LON, LAT = 120.75, 30.76
METRES = (111_320 * math.cos(math.radians(LAT)), 110_574)
PLOT_M = 34
RECOLOUR = """async ([rounds, share]) => {
  const n = window.CimMap.stats().buildings;
  const box = document.querySelector('.cim-map').getBoundingClientRect();
  const times = [], wrong = [];
  for (let round = 0; round < rounds; round++) {
    const state = round % 2 ? 1 : 2, changed = [];
    for (let k = 0; k < Math.max(1, Math.round(n * share)); k++) changed.push([(k * 101 + 7) % n, state, 5, 3]);
    const began = performance.now();
    window.CimMap.apply({ map: { changed } });
    window.CimMap.readPixel(box.width / 2, box.height / 2);
    times.push(performance.now() - began);
    const seen = changed.map(([i]) => window.CimMap.where(window.CimMap.id(i)))
      .filter((p) => p && p[0] > 1 && p[1] > 1 && p[0] < box.width - 1 && p[1] < box.height - 1)
      .map((p) => window.CimMap.readPixel(p[0], p[1]));
    const right = seen.filter(([r, g, b]) => (state === 2 ? r > 1.5 * g : r > 1.5 * b && g > 1.2 * b)).length;
    wrong.push([right, seen.length]);
    await new Promise((done) => setTimeout(done, 60));
  }
  return { times, wrong };
}"""


def main(quick: bool) -> dict[str, Any]:
    """``quick`` opens each neighbourhood once and changes it seven times; else three and twenty-one times."""
    opened, rounds = (1, 7) if quick else (3, 21)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with _store(data) as twin:
            for count in (1_000, 5_000, 10_000):
                twin.record(neighbourhood(count))
        with _serving(data) as url:
            measured = {count: _measure(url, count, opened, rounds) for count in (5_000, 1_000, 10_000)}
    return {
        "bench": "map",
        "ready_s": measured[5_000]["ready_s"],
        "ground_s": measured[5_000]["ground_s"],
        "recolour_ms": {str(count): measured[count]["recolour_ms"] for count in (1_000, 10_000)},
        "triangles": {str(count): measured[count]["triangles"] for count in measured},
        "renderer": measured[5_000]["renderer"],
    }


def neighbourhood(count: int) -> list[Entity]:
    """``count`` plain buildings on a square grid with streets, the same ones on every machine."""
    rnd = random.Random(count)
    code = f"bench{count}"
    side = math.ceil(math.sqrt(count))
    found: list[Entity] = [Community(community_id=code, name=f"{count} 幢")]
    for i in range(count):
        x, y = (i % side - side / 2) * PLOT_M, (i // side - side / 2) * PLOT_M
        levels = rnd.randint(3, 18)
        footprint = _rectangle(x, y, rnd.uniform(10, 24), rnd.uniform(9, 16), rnd.uniform(-0.2, 0.2))
        found.append(
            Building(
                community_id=code, building_id=f"{code}-{i:05}", name=f"{i + 1}幢", footprint=footprint,
                height_m=levels * 3.0, levels=levels, height_source=HeightSource.LEVELS,
            )
        )  # fmt: skip
    reach = side / 2 * PLOT_M
    for k in range(0, side, 4):
        at = (k - side / 2 - 0.5) * PLOT_M
        for name, line in (("we", [(-reach, at), (reach, at)]), ("sn", [(at, -reach), (at, reach)])):
            wkb = bytes(shapely.to_wkb(shapely.LineString([_degrees(*p) for p in line])))
            found.append(
                Ground(community_id=code, ground_id=f"{code}-{name}-{k}", layer="road", geometry=wkb, width_m=7)
            )
    return found


def _degrees(x: float, y: float) -> tuple[float, float]:
    return LON + x / METRES[0], LAT + y / METRES[1]


def _rectangle(x: float, y: float, width: float, depth: float, turn: float) -> bytes:
    c, s = math.cos(turn), math.sin(turn)
    corners = [(-width / 2, -depth / 2), (width / 2, -depth / 2), (width / 2, depth / 2), (-width / 2, depth / 2)]
    return bytes(
        shapely.to_wkb(shapely.Polygon([_degrees(x + a * c - b * s, y + a * s + b * c) for a, b in corners]))
    )


@contextmanager
def _store(data: Path) -> Iterator[Twin]:
    data.mkdir(parents=True)
    twin = Twin.open(Settings(data=data).store_path, clock=lambda: datetime.now(UTC))
    try:
        yield twin
    finally:
        twin.close()


@contextmanager
def _serving(data: Path) -> Iterator[str]:
    """The program in its own process; yields its address."""
    port, broker = _free_port(), _free_port()
    command = [sys.executable, "run.py", "serve", "--data", str(data), "--port", str(port)]
    with (data.parent / "serve.log").open("wb") as log:
        server = subprocess.Popen(
            [*command, "--broker-port", str(broker), "--no-sample"], cwd=ROOT, stdout=log, stderr=log
        )
    try:
        deadline = time.monotonic() + 60
        while not _healthy(port):
            if server.poll() is not None or time.monotonic() > deadline:
                said = (data.parent / "serve.log").read_text(errors="replace")[-2000:]
                raise RuntimeError(f"the server did not come up on port {port}; it said:\n{said}")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def _healthy(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, TimeoutError, ConnectionError):
        return False


def _measure(url: str, count: int, opened: int, rounds: int) -> dict[str, Any]:
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        raise RuntimeError("chromium is not installed; tools/system-packages.sh installs it")
    ready, ground = [], []
    with sync_playwright() as playwright:
        for _ in range(opened):  # a new browser each time: nothing is compiled or cached yet
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            page = browser.new_page(viewport={"width": 1920, "height": 1080})
            page.goto(f"{url}/overview?community=bench{count}")
            page.wait_for_function("() => window.CimMap && 'ground' in window.CimMap.marks", timeout=60_000)
            marks = page.evaluate("() => window.CimMap.marks")
            stats = page.evaluate("() => window.CimMap.stats()")
            ready.append(marks["first-paint"] / 1000)
            ground.append(marks["ground"] / 1000)
            if len(ready) == opened:
                run = page.evaluate(RECOLOUR, [rounds, 0.01])
            browser.close()
    right, seen = (sum(column) for column in zip(*run["wrong"], strict=True))
    if stats["buildings"] != count or seen == 0 or right < 0.7 * seen:  # some roofs stand behind others
        raise RuntimeError(f"{stats['buildings']} buildings drawn, {right} of {seen} changed roofs in their new colour")
    return {
        "ready_s": round(statistics.median(ready), 2),
        "ground_s": round(statistics.median(ground), 2),
        "recolour_ms": round(statistics.median(run["times"]), 1),
        "triangles": stats["triangles"],
        "renderer": "software" if stats["software"] else "graphics card",
    }

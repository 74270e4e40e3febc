"""A real district on the circles page: from its file to the circles of all kinds of facilities on screen.

The program runs as a user starts it, on an empty data folder. ``import_s``: `run.py import jinniu.osm` through the
running server, process start included. ``page_s``: from then on, a browser without a graphics card (SwiftShader,
1920x1080) goes to ``/circles``: until the streets and buildings are coloured, the legend counts, the table of all kinds
stands and two more frames have been drawn. ``cpu_s`` of server and browser in that time tells a busy machine apart.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.map import FLAGS, _serving

ROOT = Path(__file__).parents[1]
FILE = ROOT / "../shared/data/chengdu-osm/jinniu.osm"
DRAWN = """() => performance.getEntriesByName("circles:drawn").length
    && document.querySelectorAll(".circles-matrix tbody tr").length"""
FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def main(quick: bool) -> dict[str, Any]:
    """``quick``: once; else three times, each on an empty data folder."""
    runs = [_once() for _ in range(1 if quick else 3)]
    middle = {name: round(statistics.median(run[name] for run in runs), 2) for name in runs[0]}
    return {"bench": "circle_page", **middle, "runs": len(runs), "renderer": "software"}


def _once() -> dict[str, float]:
    from playwright.sync_api import sync_playwright

    if not FILE.is_file():
        raise FileNotFoundError(f"{FILE} is not there; the shared data sets lie beside the checkout")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        data = Path(folder) / "data"
        data.mkdir()
        with _serving(data) as url:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            page = browser.new_page(viewport={"width": 1920, "height": 1080})
            begun = time.monotonic()
            command = [sys.executable, "run.py", "import", str(FILE), "--community", "jinniu", "--data", str(data)]
            subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.DEVNULL)  # 2: some rows were rejected
            stored, before = time.monotonic(), _cpu()
            page.goto(f"{url}/circles?community=jinniu", wait_until="commit")
            page.wait_for_function(DRAWN, polling=50)
            page.evaluate(FRAMES)
            shown, after = time.monotonic(), _cpu()
            browser.close()
    return {
        "import_s": stored - begun, "page_s": shown - stored, "both_s": shown - begun, "cpu_s": after - before,
        "load": os.getloadavg()[0],
    }  # fmt: skip


def _cpu() -> float:
    """Seconds of processor used by this process and everything it has started that still runs."""
    ticks, parents = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has just ended
                continue
            parents[int(entry.name)], ticks[int(entry.name)] = int(stat[1]), int(stat[11]) + int(stat[12])
    family, waiting = set[int](), [os.getpid()]
    while waiting:
        one = waiting.pop()
        family.add(one)
        waiting += [child for child, parent in parents.items() if parent == one]
    return sum(ticks.get(one, 0) for one in family) / os.sysconf("SC_CLK_TCK")

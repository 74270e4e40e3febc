"""The first view on the PC behind a wall: from the address to the map painted and three panels with figures standing.

The profile: Chromium at 1920x1080 that has never been here (empty cache), its pages' main thread slowed four times
(CDP ``Emulation.setCPUThrottlingRate``), no graphics card: SwiftShader draws the 3D map on the two cores that serve it.
The throttle slows scripts, styles and layout, not the process that draws. ``plain``: the same without throttle. The
server has the sample and its 2,500 talking devices and has answered a first visitor, who is not counted.
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.map import FLAGS
from benchmarks.wall import _server

BAR_S = 4.0
SLOWED = 4
PAGES = {"overview": "/", "lobby": "/screen/lobby", "duty": "/screen/duty"}
STANDS = r"""() => {
  const marks = window.CimMap && window.CimMap.marks;
  const parts = Array.from(document.querySelectorAll(".overview .panel, .wall-part"), (part) => part.textContent);
  return marks && "first-paint" in marks && parts.filter((words) => /\d/.test(words)).length >= 3;
}"""
FRAMES = """() => new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"""


def main(quick: bool) -> dict[str, Any]:
    """Seconds to the first view, the median of five (``quick``: of one), slowed and plain."""
    from playwright.sync_api import sync_playwright

    times = 1 if quick else 5
    with tempfile.TemporaryDirectory() as folder, _server(Path(folder)) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        url = f"http://127.0.0.1:{server.port}"
        for path in PAGES.values():
            _seconds(browser, url + path, 1)
        found = {
            f"{name}_{how}_s": round(statistics.median(_seconds(browser, url + path, rate) for _ in range(times)), 2)
            for name, path in PAGES.items()
            for how, rate in (("slowed", SLOWED), ("plain", 1))
        }
        browser.close()
    load = round(os.getloadavg()[0], 2)
    return {"bench": "first_view", "slowed": SLOWED, **found, "bar_s": BAR_S, "runs": times, "load": load,
            "renderer": "software"}  # fmt: skip


def _seconds(browser: Any, url: str, rate: int) -> float:
    """In a browser that has never been here."""
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    try:
        page = context.new_page()
        context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": rate})
        page.goto(url, wait_until="commit")
        page.wait_for_function(STANDS, polling=50, timeout=60_000)
        return float(page.evaluate(FRAMES)) / 1000
    finally:
        context.close()

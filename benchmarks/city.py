"""A city of 1,260 communities: made, stored, opened, rolled up, and shown on the City page in a browser.

The sample city as `run.py sample-city` makes it: 300,000 homes, 35,000 facilities, some 200,000 points of ways. Every
question is asked once with nothing remembered and once again; the program then serves the same store and a browser
opens the page, twice: right after the start, and again in a new window.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from benchmarks.map import FLAGS
from benchmarks.mosquitto import free_port
from layouts.parts import city_answers, city_shapes, profile_answers
from sample_data.city import Size, build
from sample_data.city_load import make_city
from twin_model.twin import Twin

ROOT = Path(__file__).resolve().parents[1]
GIVE_UP_S = 90
PAGE_S = 60_000
"""Milliseconds until the page must be there at all."""
PERSONAL = {"home": r"-b\d{3}-\d-\d{4}", "phone": r"\b1[3-9]\d{9}\b", "resident": r"resident_id|health_note"}
"""What may not be found in what the page was sent."""


def main(quick: bool) -> dict[str, Any]:
    """``quick`` asks the slow questions (circles of the whole city) no second time."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "twin.duckdb"
        began = time.perf_counter()
        build(7, Size())
        generated = time.perf_counter() - began
        began = time.perf_counter()
        made = make_city(path, datetime.now(UTC))
        loaded = time.perf_counter() - began - generated
        measured = _asked(path, quick)
        shown = _shown(Path(folder))
    return {
        "bench": "city", "communities": made.communities, "buildings": made.buildings, "homes": made.homes,
        "facilities": made.facilities, "ways": made.ways, "generate_s": round(generated, 2),
        "load_s": round(loaded, 2), **measured, **shown,
    }  # fmt: skip


def _asked(path: Path, quick: bool) -> dict[str, Any]:
    """Milliseconds of each question, first and again."""
    began = time.perf_counter()
    twin = Twin.open(path, clock=lambda: datetime.now(UTC))
    opened = time.perf_counter() - began
    found: dict[str, Any] = {"open_s": round(opened, 2), "store_mb": round(path.stat().st_size / 1e6, 1)}
    try:
        at = twin.now()
        one = "s04-03-05"
        questions: dict[str, Callable[[], object]] = {
            "figures": lambda: twin.city.communities(at),
            "roll_up": lambda: twin.city.divisions(at),
            "index": lambda: twin.city.index(at),
            "index_when_finished": lambda: twin.city.index_when_finished(at),
            "overview": lambda: city_answers.overview(twin, at, one, part=None),
            "shapes": lambda: city_shapes.shapes(twin, at),
            "year": lambda: city_answers.course(twin, at, one, part=None),
            "coverage_8_kinds": lambda: twin.city.coverage(at),
            "profile_plan": lambda: profile_answers.plan(twin, at, one),
        }
        if not quick:
            questions["scenes"] = lambda: twin.city.scenes(at)
        for name, ask in questions.items():
            first = _ms(ask)
            found[f"{name}_ms"] = [first, _ms(ask)]
        found["rss_mb"] = round(psutil.Process().memory_info().rss / 1e6)
    finally:
        twin.close()
    return found


def _ms(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return round((time.perf_counter() - began) * 1e3, 1)


def _shown(folder: Path) -> dict[str, Any]:
    """The page in a browser: until all outlines are coloured and the ranking stands."""
    from playwright.sync_api import sync_playwright

    port = free_port()
    command = [sys.executable, "run.py", "serve", "--data", str(folder), "--port", str(port), "--broker-port",
               str(free_port())]  # fmt: skip
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        began = time.perf_counter()
        assert server.stdout is not None
        for line in server.stdout:
            if "Ctrl+C" in line:
                break
            if time.perf_counter() - began > GIVE_UP_S:
                raise RuntimeError("the server was not ready in time")
        start_s = time.perf_counter() - began
        taken, personal = [], []
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            for _ in range(2):
                page = browser.new_context(viewport={"width": 1920, "height": 1080}).new_page()
                began = time.perf_counter()
                page.goto(f"http://127.0.0.1:{port}/city", timeout=PAGE_S)
                page.wait_for_selector('[data-city-map][data-ready="1260"]', timeout=PAGE_S)
                page.wait_for_selector(".city-table.ranking tbody tr", timeout=PAGE_S)
                taken.append(round((time.perf_counter() - began) * 1e3))
                words = page.content()
                personal = sorted(name for name, pattern in PERSONAL.items() if re.search(pattern, words))
                page.close()
            browser.close()
        rss = psutil.Process(server.pid).memory_info().rss / 1e6
        return {
            "start_s": round(start_s, 1), "city_page_ms": taken, "personal": personal, "server_rss_mb": round(rss),
        }  # fmt: skip
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)

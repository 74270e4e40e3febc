"""A person in front of the cockpit: Debian's Chromium, drawing the map in software, watched for every stray request."""

from __future__ import annotations

import base64
import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from numpy.typing import NDArray
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, TimeoutError, expect

# Without these Chromium has no WebGL on a machine without a GPU, and looks for Google's hosts at every start.
FLAGS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    # Without a card only the map is worth the emulated one: drawing the page around it there too costs as much again.
    "--disable-gpu-rasterization",
    "--disable-gpu-compositing",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK = {"width": 1440, "height": 810}
REST = "/rest"  # where there is no page: nothing is drawn, and nothing of the last test is left
PATIENCE = 20_000  # ms; two cores draw a map, serve it and run the simulator


@pytest.fixture(scope="session")
def browser_type_launch_args():
    """Debian's Chromium instead of a downloaded one."""
    program = shutil.which("chromium")
    if program is None:
        pytest.fail("chromium is not installed; `make test` installs it (tools/system-packages.sh)")
    return {"executable_path": program, "args": FLAGS}


@dataclass
class Screen:
    """One open page of the cockpit and everything it did behind the user's back."""

    page: Page
    home: str
    errors: list[str] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)
    forgiven: tuple[str, ...] = ()  # what the browser itself says about a server the test stops

    def open(self, path: str = "/overview", *, drawn: bool = True) -> Screen:
        """Go there and wait for the bar; on the overview also for the map, unless there is none to be.

        A page of the cockpit that is open already is left as a person leaves it, by a link: to load everything anew
        takes several times as long.
        """
        if self.page.evaluate("() => Boolean(window.CimShell)"):
            for address in (REST, path):  # the same page again is made again too
                self.page.evaluate("to => { performance.clearMarks(); window.CimShell.visit(to); }", address)
                slug = "" if address == REST else address.partition("?")[0].strip("/")
                expect(self.page.locator("#shell--main")).to_have_attribute("data-page", slug)
        else:
            self.page.goto(self.home + path)
        expect(self.page.locator("#shell--bar")).to_be_visible()
        if drawn and path.startswith("/overview"):
            self.map_ready()
        return self

    def map_ready(self) -> None:
        """Wait until the buildings are on the (software) graphics card and a frame has been drawn with them."""
        self.page.wait_for_function("() => window.CimMap && 'first-paint' in window.CimMap.marks", polling=100)
        self.page.evaluate("() => window.CimMap.ready()")

    def until(self, expression: str, argument: object = None, *, within: float = 5.0) -> float:
        """Seconds until the JavaScript function says true; fails after ``within``."""
        begun = time.monotonic()
        try:
            self.page.wait_for_function(expression, arg=argument, timeout=within * 1000, polling=100)
        except TimeoutError:
            pytest.fail(f"not within {within:g} s: {expression} of {argument}", pytrace=False)
        return time.monotonic() - begun

    def text(self, selector: str) -> str:
        return self.page.locator(selector).inner_text()

    def roof(self, building: str) -> tuple[float, float] | None:
        """Where its roof is on the page, in CSS pixels."""
        box = self.page.locator("#overview--map").bounding_box()
        place = self.page.evaluate("id => window.CimMap.where(id)", building)
        return None if box is None or place is None else (box["x"] + place[0], box["y"] + place[1])

    def fly(self, building: str) -> tuple[float, float]:
        """Bring a building to the middle of the map; its roof on the page, in CSS pixels."""
        self.page.evaluate("id => window.CimMap.flyTo(id)", building)
        before = None
        for _ in range(100):
            place = self.roof(building)
            if place is not None and place == before and 0 < place[0] < DESK["width"] and 0 < place[1] < DESK["height"]:
                return place
            before = place
            self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        pytest.fail(f"the map never came to rest over {building}: it is at {before}")

    def pixels(self, x: float, y: float, width: float, height: float) -> NDArray[np.uint8]:
        """What the graphics card drew there: (rows, columns, 3), bottom row first."""
        script = """([x, y, w, h]) => {
            const drawn = window.CimMap.readPixels(x, y, w, h);
            let text = "";
            for (let i = 0; i < drawn.length; i += 8192) text += String.fromCharCode(...drawn.subarray(i, i + 8192));
            return btoa(text);
        }"""
        raw = base64.b64decode(self.page.evaluate(script, [x, y, width, height]))
        return np.frombuffer(raw, dtype=np.uint8).reshape(-1, 4)[:, :3]

    def heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(words in message.text for words in self.forgiven):
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")

    def asked(self, request: Request) -> None:
        if not request.url.startswith((self.home, "data:", "blob:", "about:")):
            self.strays.append(request.url)


TABLES_STAND = """() => Array.from(document.querySelectorAll(".ag-root")).every((table) => !table.offsetParent ||
    table.querySelector(".ag-header-cell") && table.querySelector(".ag-row, .ag-overlay-no-rows-center"))"""
"""A table says that it is one before it has its columns and rows."""


def barriers(page: Page) -> list[str]:
    """What makes a page unusable for somebody, as axe-core tells it: rule and first elements."""
    page.wait_for_function(TABLES_STAND)
    found = Axe().run(page).response["violations"]
    serious = [v for v in found if v["impact"] in ("serious", "critical")]
    return [f"{v['id']}: {[n['target'] for n in v['nodes']][:4]}" for v in serious]


def seat(browser: Browser, size: dict[str, int], home: str) -> Screen:
    """Somebody with a browser of their own: nothing cached, nothing chosen yet."""
    context = browser.new_context(viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai", reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    screen = Screen(context.new_page(), home)
    screen.page.on("console", screen.heard)
    screen.page.on("pageerror", lambda error: screen.errors.append(str(error)))
    screen.page.on("request", screen.asked)
    return screen


def watched(screen: Screen) -> None:
    """No screen may have met an error or asked another host."""
    errors, strays = screen.errors[:], screen.strays[:]
    screen.errors.clear()
    screen.strays.clear()
    assert strays == [], "the page asked another host"
    assert errors == [], "the browser console holds errors"


@pytest.fixture(scope="session")
def desk(browser: Browser, served) -> Iterator[Screen]:
    """The duty officer's browser, kept from test to test: what it has loaded once it need not load again."""
    screen = seat(browser, DESK, served.url)
    yield screen
    screen.page.context.close()


@pytest.fixture
def screen(desk: Screen) -> Iterator[Screen]:
    """The desk's screen, of a desk's size whatever a test before made of it."""
    yield desk
    desk.page.set_viewport_size(DESK)
    desk.open(REST)
    watched(desk)


@pytest.fixture
def look(browser: Browser, serve) -> Iterator[Callable[..., Screen]]:
    """``look(home, size=...)``: a visitor with a fresh browser, who leaves before a server of the test is stopped."""
    screens: list[Screen] = []

    def start(home: str, *, size: dict[str, int] = DESK) -> Screen:
        screens.append(seat(browser, size, home))
        return screens[-1]

    yield start
    for screen in screens:
        screen.page.goto("about:blank")
        watched(screen)
        screen.page.context.close()


@dataclass
class SmokeDetector:
    """One zigbee2mqtt smoke detector of the sample, in a building that has nothing to report."""

    served: Any
    device_id: str
    building_id: str
    address: str

    def says(self, smoke: bool) -> None:
        self.served.publish(f"zigbee2mqtt/{self.address}", json.dumps({"smoke": smoke, "battery": 93}))


@pytest.fixture
def quiet_smoke_detector(served) -> Iterator[Callable[[], SmokeDetector]]:
    """A detector to set off; it is silent again after the test."""
    chosen: list[SmokeDetector] = []

    def choose() -> SmokeDetector:
        loud = {alert["building_id"] for alert in served.get("/api/v1/alerts", limit="500").json()["items"]}
        devices = served.get("/api/v1/devices", type="smoke", status="fresh", limit="500").json()["items"]
        free = (
            d for d in devices if d["building_id"] and d["building_id"] not in loud and d["dialect"] == "zigbee2mqtt"
        )
        device = next(free)
        chosen.append(SmokeDetector(served, device["device_id"], device["building_id"], device["address"]))
        return chosen[-1]

    yield choose
    for detector in chosen:
        detector.says(False)

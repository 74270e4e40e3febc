"""A person in front of the cockpit: Debian's Chromium, drawing the map in software, watched for every stray request."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect

# Without these Chromium has no WebGL on a machine without a GPU, and looks for Google's hosts at every start.
FLAGS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK = {"width": 1600, "height": 900}
PHONE = {"width": 390, "height": 844}
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

    def open(self, path: str = "/overview") -> Screen:
        """Go there and wait for the bar; on the overview also for the map."""
        self.page.goto(self.home + path)
        expect(self.page.locator("#shell--bar")).to_be_visible()
        if path.startswith("/overview"):
            self.map_ready()
        return self

    def map_ready(self) -> None:
        """Wait until the buildings are on the (software) graphics card and a frame has been drawn with them."""
        self.page.wait_for_function("() => window.CimMap && 'first-paint' in window.CimMap.marks")
        self.page.evaluate("() => window.CimMap.ready()")

    def until(self, expression: str, argument: object = None, *, within: float = 5.0) -> float:
        """Seconds until the JavaScript function says true; fails after ``within``."""
        begun = time.monotonic()
        self.page.wait_for_function(expression, arg=argument, timeout=within * 1000, polling=100)
        return time.monotonic() - begun

    def text(self, selector: str) -> str:
        return self.page.locator(selector).inner_text()

    def fly(self, building: str) -> tuple[float, float]:
        """Bring a building to the middle of the map; its roof on the page, in CSS pixels."""
        self.page.evaluate("id => window.CimMap.flyTo(id)", building)
        box = self.page.locator("#overview--map").bounding_box()
        assert box is not None
        before = None
        for _ in range(100):
            place = self.page.evaluate(
                "async id => { await window.CimMap.ready(); return window.CimMap.where(id); }", building
            )
            if place is not None and place == before and 0 < place[0] < box["width"] and 0 < place[1] < box["height"]:
                return box["x"] + place[0], box["y"] + place[1]
            before = place
            self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        pytest.fail(f"the map never came to rest over {building}: it is at {before}")

    def pixels(self, x: float, y: float, width: float, height: float) -> NDArray[np.uint8]:
        """What the graphics card drew there: (rows, columns, 3), bottom row first."""
        raw = self.page.evaluate(
            "([x, y, w, h]) => Array.from(window.CimMap.readPixels(x, y, w, h))", [x, y, width, height]
        )
        return np.array(raw, dtype=np.uint8).reshape(-1, 4)[:, :3]

    def heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(words in message.text for words in self.forgiven):
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")

    def asked(self, request: Request) -> None:
        if not request.url.startswith((self.home, "data:", "blob:", "about:")):
            self.strays.append(request.url)


@pytest.fixture
def look(browser: Browser, served) -> Iterator[object]:
    """``look(size=PHONE)`` opens a screen; at the end none may have met an error or asked another host."""
    contexts: list[BrowserContext] = []
    screens: list[Screen] = []

    def start(*, size: dict[str, int] = DESK, home: str = "") -> Screen:
        context = browser.new_context(
            viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai", reduced_motion="reduce"
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        screen = Screen(context.new_page(), home or served.url)
        screen.page.on("console", screen.heard)
        screen.page.on("pageerror", lambda error: screen.errors.append(str(error)))
        screen.page.on("request", screen.asked)
        screens.append(screen)
        return screen

    expect.set_options(timeout=PATIENCE)
    yield start
    for context in contexts:
        context.close()
    assert [s for screen in screens for s in screen.strays] == [], "the page asked another host"
    assert [e for screen in screens for e in screen.errors] == [], "the browser console holds errors"


@pytest.fixture
def screen(look) -> Screen:
    """A desk-sized screen."""
    return look()

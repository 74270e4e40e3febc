"""A twin with a few awkward buildings, and the map on a page of its own: no Dash, no server of the program."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from playwright.sync_api import Browser, Page

from layouts.parts import map_classes, map_scene
from tests.map.plan import Answer, plan
from twin_model.entities import Community
from twin_model.twin import Twin

ROOT = Path(__file__).resolve().parents[2]
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
FLAGS = [
    "--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-gpu-rasterization", "--disable-gpu-compositing",
]  # fmt: skip


@pytest.fixture
def read() -> Callable[[Twin, datetime], Answer]:
    return lambda twin, at: Answer(map_scene.geometry_bytes(twin, "c", at))


PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/map.css"><body style="margin:0;background:#0B1220">
<div id="map" style="position:fixed;inset:0"></div>SCRIPTS
<script>CimMap.start(document.getElementById("map"), {community: "c", colour: "alert",
insets: {left: 120, right: 120, top: 40, bottom: 80}})</script>"""


@contextmanager
def serving(twin: Twin) -> Iterator[str]:
    """Address of a page with nothing but the map of ``twin``."""
    scripts = sorted((ROOT / "assets").glob("40_map*.js"))
    page = PAGE.replace("SCRIPTS", "".join(f'<script src="/assets/{s.name}"></script>' for s in scripts))

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            asked = parse_qs(address.query).get("at")
            at = datetime.fromisoformat(asked[0]) if asked else twin.now()
            match address.path.strip("/").split("/"):
                case [""]:
                    body, kind = page.encode(), "text/html; charset=utf-8"
                case ["vendor", "deck.js"]:
                    body, kind = map_scene.deck_bundle_path().read_bytes(), "text/javascript"
                case ["assets", name]:
                    body = (ROOT / "assets" / name).read_bytes()
                    kind = "text/css" if name.endswith("css") else "text/javascript; charset=utf-8"
                case ["map", code, "geometry"]:
                    body, kind = map_scene.geometry_bytes(twin, code, at), "application/octet-stream"
                case ["map", code, "classes"]:
                    body, kind = json.dumps(map_classes.classes(twin, code, at)).encode(), "application/json"
                case ["map", _, "building", identity]:
                    detail = map_scene.building_detail(twin, unquote(identity), at)
                    body, kind = json.dumps(detail).encode(), "application/json"
                case _:
                    self.send_error(404)
                    return
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="session")
def browser_type_launch_args():
    program = shutil.which("chromium")
    if program is None:
        pytest.fail("chromium is not installed; `make test` installs it (tools/system-packages.sh)")
    return {"executable_path": program, "args": FLAGS}


@contextmanager
def opened(browser: Browser, twin: Twin) -> Iterator[Page]:
    """A page of 1000 x 640 with the map of ``twin`` just started; no error may be in its console at the end."""
    errors: list[str] = []
    context = browser.new_context(viewport={"width": 1000, "height": 640}, locale="zh-CN", reduced_motion="reduce")
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: errors.append(str(e)))
    with serving(twin) as address:
        page.goto(address)
        yield page
        context.close()
    assert errors == []


@contextmanager
def planned(browser: Browser) -> Iterator[Page]:
    """The planned neighbourhood, drawn with ground and all."""
    twin = Twin.open(None, clock=lambda: NOON)
    try:
        twin.record(plan())
        with opened(browser, twin) as page:
            page.wait_for_function("() => window.CimMap && 'ground' in window.CimMap.marks")
            page.wait_for_function("() => !window.CimMap.moving()")
            yield page
    finally:
        twin.close()


@pytest.fixture(scope="module")
def shared_page(browser: Browser) -> Iterator[Page]:
    with planned(browser) as page:
        yield page


@pytest.fixture
def drawn(shared_page: Page) -> Page:
    """The drawn map as it starts: nothing chosen, nothing changed, the whole in view."""
    shared_page.evaluate("""async () => {
        CimMap.select(null);
        CimMap.setColour('alert');
        CimMap.home();
        await CimMap.refresh();
    }""")
    shared_page.wait_for_function("() => !CimMap.moving()")
    return shared_page


@pytest.fixture
def own_page(browser: Browser) -> Iterator[Page]:
    """A drawn map for a test that ends it."""
    with planned(browser) as page:
        yield page


@pytest.fixture
def empty_page(browser: Browser, twin: Twin) -> Iterator[Page]:
    """The map of a community without buildings."""
    twin.record([Community(community_id="c", name="c")])
    with opened(browser, twin) as page:
        yield page

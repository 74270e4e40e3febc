"""The first view on the PC behind a wall: from the address to the map painted and three panels with figures standing.

The profile: Chromium at 1920x1080 that has never been here (empty cache), its pages' main thread slowed four times
(CDP ``Emulation.setCPUThrottlingRate``), no graphics card: SwiftShader draws the 3D map on the two cores that serve it.
The throttle slows scripts, styles and layout, not the process that draws. ``plain``: the same without throttle. The
server has the sample and its 2,500 talking devices and has answered a first visitor, who is not counted.

Chromium is spoken to by itself: Playwright enables the ``Runtime`` domain, with which V8 finds the line of every error
that is thrown, also of one that is caught. deck.gl tries things that fail, and its 4 MB were then read three times
more, 0.45 s of the processor that nobody's browser spends.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

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


QUIET = ["--headless", "--remote-debugging-port=0", "--disable-renderer-backgrounding", "--hide-scrollbars"]
PATIENCE_S = 60.0


def main(quick: bool) -> dict[str, Any]:
    """Seconds to the first view, the median of five (``quick``: of one), slowed and plain."""
    times = 1 if quick else 5
    with tempfile.TemporaryDirectory() as folder, _server(Path(folder)) as server, _chromium() as chromium:
        url = f"http://127.0.0.1:{server.port}"
        for path in PAGES.values():
            chromium.seconds(url + path, 1)
        found = {
            f"{name}_{how}_s": round(statistics.median(chromium.seconds(url + path, rate) for _ in range(times)), 2)
            for name, path in PAGES.items()
            for how, rate in (("slowed", SLOWED), ("plain", 1))
        }
    load = round(os.getloadavg()[0], 2)
    return {"bench": "first_view", "slowed": SLOWED, **found, "bar_s": BAR_S, "runs": times, "load": load,
            "renderer": "software"}  # fmt: skip


class _Chromium:
    """A browser, by its DevTools protocol."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._number = 0

    def seconds(self, url: str, rate: int) -> float:
        """From the address to the first view, for somebody who has never been here."""
        context = self._ask("Target.createBrowserContext")["browserContextId"]
        try:
            target = self._ask("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
            page = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            size = {"width": 1920, "height": 1080, "deviceScaleFactor": 1, "mobile": False}
            self._ask("Emulation.setDeviceMetricsOverride", page, **size)
            self._ask("Emulation.setCPUThrottlingRate", page, rate=rate)
            self._ask("Page.navigate", page, url=url)
            until = time.monotonic() + PATIENCE_S
            while not self._evaluated(page, f"({STANDS})()"):
                if time.monotonic() > until:
                    raise TimeoutError(f"{url}: no first view within {PATIENCE_S:g} s")
                time.sleep(0.05)
            return float(self._evaluated(page, f"({FRAMES})()")) / 1000
        finally:
            self._ask("Target.disposeBrowserContext", browserContextId=context)

    def _evaluated(self, page: str, script: str) -> Any:
        return self._ask("Runtime.evaluate", page, expression=script, awaitPromise=True)["result"].get("value")

    def _ask(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        self._number += 1
        asked = {"id": self._number, "method": method, "params": params}
        self._socket.send(json.dumps(asked | ({"sessionId": session} if session else {})))
        while (said := json.loads(self._socket.recv())).get("id") != self._number:
            pass
        if "error" in said:
            raise RuntimeError(f"{method}: {said['error']['message']}")
        answer: dict[str, Any] = said["result"]
        return answer


@contextmanager
def _chromium() -> Iterator[_Chromium]:
    program = shutil.which("chromium")
    if program is None:
        raise FileNotFoundError("chromium is not installed; tools/system-packages.sh installs it")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [program, *FLAGS, *QUIET, f"--user-data-dir={profile}", "about:blank"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            told = Path(profile) / "DevToolsActivePort"
            until = time.monotonic() + PATIENCE_S
            while not (told.exists() and len(told.read_text().split()) == 2):
                if process.poll() is not None or time.monotonic() > until:
                    raise TimeoutError(f"{program} does not answer")
                time.sleep(0.05)
            port, path = told.read_text().split()
            with connect(f"ws://127.0.0.1:{port}{path}", max_size=None, open_timeout=PATIENCE_S) as socket:
                yield _Chromium(socket)
        finally:
            process.terminate()
            process.wait(30)

"""What the doctor looks at on the machine: ports, broker, clock, fonts, browser, libraries."""

from __future__ import annotations

import ctypes
import importlib.metadata
import importlib.util
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

from cockpit import doctor
from cockpit.doctor import Check, Finding, Surroundings
from cockpit.encoding import ZONE

LOCK = Path(__file__).resolve().parents[1] / "requirements.lock"
BROWSERS = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "chrome", "msedge",
)  # fmt: skip
BROWSER_SECONDS = 20.0
ASK_WEBGL = (
    "data:text/html,<body><script>document.body.textContent="
    "document.createElement('canvas').getContext('webgl2')?'webgl-yes':'webgl-no'</script>"
)
REPORT_FONT = "fonts/NotoSansSC-Regular.ttf"
TIME_ERROR = 5
NO_DRIFT = 2.0


def libraries(_around: Surroundings) -> Iterator[Finding]:
    """Are they those the program was tested with."""
    python = ".".join(map(str, sys.version_info[:3]))
    if not LOCK.exists():
        yield Finding("libraries", "ok", "libraries_installed", {"python": python})
        return
    lines = [line for line in LOCK.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    locked = [one for one in map(Requirement, lines) if one.marker is None or one.marker.evaluate()]
    wanted = {one.name: str(one.specifier).removeprefix("==") for one in locked}
    missing, other = [], []
    for name, version in wanted.items():
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
            continue
        if found != version:
            other.append(f"{name} {found} ({version})")
    if missing:
        yield Finding("libraries", "wrong", "libraries_missing", {"names": ", ".join(missing)})
    if other:
        yield Finding("libraries", "look", "libraries_other", {"names": ", ".join(other)})
    if not missing and not other:
        yield Finding("libraries", "ok", "libraries_ok", {"count": len(wanted), "python": python})


def ports(around: Surroundings) -> Iterator[Finding]:
    """Are they free, or ours."""
    settings = around.settings
    if around.server is not None:
        yield Finding("ports", "ok", "ports_ours", {"url": around.server.url})
        return
    wanted = [(settings.host, settings.port, "--port")]
    if settings.broker == "embedded":
        wanted.append(("127.0.0.1", settings.broker_port, "--broker-port"))
    for host, port, option in wanted:
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
            socket.create_server((host, port), family=family).close()
        except OSError as error:
            values = {"host": host, "port": port, "option": option, "error": error.strerror or str(error)}
            yield Finding("ports", "wrong", "port_taken", values)
        else:
            yield Finding("ports", "ok", "port_free", {"host": host, "port": port})


def broker(around: Surroundings) -> Iterator[Finding]:
    """Is it there."""
    if around.settings.broker == "embedded":
        there = importlib.util.find_spec("iotcore") is not None or shutil.which("mosquitto") is not None
        yield Finding("broker", "ok" if there else "wrong", "broker_embedded" if there else "broker_missing")
        return
    problem = around.reach()
    if problem is None:
        yield Finding("broker", "ok", "broker_ok")
    else:
        yield Finding("broker", "wrong", "broker_gone", {"error": problem})


def clock(_around: Surroundings) -> Iterator[Finding]:
    """Is it set by somebody, does it run evenly, which zone."""
    away = time.localtime().tm_gmtoff or 0
    if away != ZONE.utcoffset(None).total_seconds():
        yield Finding("clock", "look", "clock_zone", {"zone": time.strftime("%z")})
    else:
        yield Finding("clock", "ok", "clock_zone_ok", {})
    began, even = time.time(), time.monotonic()
    time.sleep(0.2)
    jumped = abs((time.time() - began) - (time.monotonic() - even))
    if jumped > NO_DRIFT:
        yield Finding("clock", "wrong", "clock_jumps", {"seconds": f"{jumped:.1f}"})
    synchronised = _synchronised()
    if synchronised is not None:
        yield Finding("clock", "ok" if synchronised else "look", "clock_set" if synchronised else "clock_alone")


def _synchronised() -> bool | None:
    """Whether the system keeps its clock by another one; None where it cannot be asked."""
    if not sys.platform.startswith("linux"):
        return None
    answer = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))  # asks only: no mode is set
    return None if answer < 0 else answer != TIME_ERROR


def fonts(_around: Surroundings) -> Iterator[Finding]:
    """Chinese letters in the browser of this machine and in reports."""
    package = importlib.util.find_spec("zhplot")
    found = package is not None and package.origin and (Path(package.origin).parent / REPORT_FONT).is_file()
    yield Finding("fonts", "ok" if found else "wrong", "font_report" if found else "font_report_missing")
    if tool := shutil.which("fc-list"):
        listed = subprocess.run([tool, ":lang=zh", "family"], capture_output=True, text=True, timeout=20, check=False)
        names = sorted({line.split(",")[0] for line in listed.stdout.splitlines() if line})
        if names:
            yield Finding("fonts", "ok", "font_screen", {"names": ", ".join(names[:3]), "count": len(names)})
        else:
            yield Finding("fonts", "look", "font_screen_missing")


def browser(_around: Surroundings) -> Iterator[Finding]:
    """A browser with WebGL, for a machine that shows the pages itself."""
    program = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if program is None:
        yield Finding("browser", "look", "browser_none")
        return
    asked = [program, "--headless", "--no-sandbox", "--disable-dev-shm-usage", "--dump-dom", ASK_WEBGL]
    try:
        said = subprocess.run(asked, capture_output=True, text=True, timeout=BROWSER_SECONDS, check=False).stdout
    except subprocess.TimeoutExpired:
        said = ""
    name = Path(program).name
    if "webgl-yes" in said:
        yield Finding("browser", "ok", "browser_ok", {"name": name})
    else:
        yield Finding("browser", "look", "browser_no_webgl" if "webgl-no" in said else "browser_mute", {"name": name})


ALL: tuple[tuple[str, Check], ...] = (
    ("libraries", libraries), ("data", doctor.data_folder), ("store", doctor.store), ("backup", doctor.backup),
    ("audit", doctor.audit), ("rights", doctor.rights), ("ports", ports), ("broker", broker), ("clock", clock),
    ("clock", doctor.devices), ("fonts", fonts), ("browser", browser),
)  # fmt: skip

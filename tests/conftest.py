"""What tests of several rooms share: a clock to set, a twin, a real broker, the program itself."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from cockpit.tokens import Role, Tokens

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT / "../shared/data"  # real data sets, beside a checkout or not there at all
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)  # a Sunday, 12:00 in the neighbourhood
T = TypeVar("T")
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients of a server that speaks no TLS: for one of its own each of them reads all root certificates, 20 ms."""


LONGEST_FIRST = ("browser", "map", "ingest/test_drill.py", "web", "ingest", "twin", "sample", "reports")
"""With several workers the last piece should be a short one, and drills, which wait, have others' work beside them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick tests first, those with a browser last; with several workers what takes long is begun first."""
    if os.environ.get("PYTEST_XDIST_WORKER") is None:
        items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
    else:
        items.sort(key=lambda item: _turn(item.path.relative_to(ROOT / "tests").as_posix()))


def pytest_collection_finish() -> None:
    """What lives until the end is not looked through for garbage again and again: a twentieth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)


def _turn(path: str) -> int:
    return next((n for n, first in enumerate(LONGEST_FIRST) if path.startswith(first)), len(LONGEST_FIRST))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """A worker gets a file as a whole; one of them all that have a browser, because they share one running program."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = nodeid.partition("::")[0]
            return "browser" if path.startswith(("tests/browser/", "tests/map/")) else path

    return Together(config, log)


@dataclass
class Clock:
    """A clock that stands still until it is told to move."""

    instant: datetime = NOON

    def __call__(self) -> datetime:
        return self.instant

    def set(self, instant: datetime) -> datetime:
        self.instant = instant
        return instant

    def forward(self, **by: float) -> datetime:
        """``clock.forward(minutes=5)``; returns the new instant."""
        return self.set(self.instant + timedelta(**by))


def eventually(question: Callable[[], T], *, within: float = 10.0, what: str = "") -> T:
    """The first truthy answer; fails after ``within`` seconds saying for what.

    Asks every 20 ms at first, then rarer, by a tenth of the time waited: what is waited for needs the processor too.
    """
    begun = time.monotonic()
    while True:
        answer = question()
        if answer:
            return answer
        waited = time.monotonic() - begun
        if waited > within:
            pytest.fail(
                f"after {within:g} s still not: {what or question.__name__} (last answer: {answer!r})"
            )
        time.sleep(min(0.2, max(0.02, waited / 10)))


def unused_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def listening(port: int) -> bool:
    with socket.socket() as s:
        s.settimeout(0.5)
        return s.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def wait_for() -> Callable[..., object]:
    """``wait_for(lambda: pump.idle, within=5, what="the inbox to drain")``."""
    return eventually


@pytest.fixture
def free_port() -> Callable[[], int]:
    """A function: each call gives a port nobody listens on."""
    return unused_port


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real data sets; a checkout without them beside it skips their tests, except on CI, which must have them."""
    if not SHARED.is_dir():
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing("the real data sets are not beside this checkout (../shared/data)")
    return SHARED


@pytest.fixture
def twin(clock):
    """An empty twin in memory."""
    from twin_model.twin import Twin

    twin = Twin.open(None, clock=clock)
    yield twin
    twin.close()


@dataclass
class Mosquitto:
    """A real broker in its own process; ``stop`` and ``start`` keep the port and the stored messages."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        settings = self.folder / "mosquitto.conf"
        if not settings.exists():
            settings.write_text(
                f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
                f"persistence_location {self.folder}/\nmax_queued_messages 0\nmax_inflight_messages 0\n"
                "set_tcp_nodelay true\n",
                encoding="utf-8",
            )
        program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        with (self.folder / "mosquitto.log").open("ab") as log:
            self.process = subprocess.Popen([program, "-c", str(settings)], stdout=log, stderr=log)
        eventually(lambda: listening(self.port), what="mosquitto to listen")

    def stop(self, how: int = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(10)
            self.process = None


@pytest.fixture
def mosquitto(tmp_path_factory) -> Iterator[Mosquitto]:
    """A real mosquitto on a free port, stopped at the end."""
    if not (shutil.which("mosquitto") or Path("/usr/sbin/mosquitto").exists()):
        pytest.fail("mosquitto is not installed; `make test` installs it (tools/system-packages.sh)")
    folder = tmp_path_factory.mktemp("mosquitto")
    if os.getuid() == 0:
        folder.chmod(0o777)  # started by root, mosquitto becomes another user
        folder.parent.chmod(0o755)
    broker = Mosquitto(unused_port(), folder)
    broker.start()
    yield broker
    broker.stop()


@dataclass
class Served:
    """The program as a user starts it, in its own process, on its own data folder."""

    data: Path
    port: int
    broker_port: int
    arguments: list[str] = field(default_factory=list)
    token: str = ""
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def mqtt_url(self) -> str:
        return f"mqtt://127.0.0.1:{self.broker_port}"

    @property
    def log(self) -> str:
        path = self.data.parent / "serve.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another command of the program beside the running server."""
        return subprocess.run(
            [sys.executable, "run.py", *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @property
    def authorization(self) -> dict[str, str]:
        """The head of a request by this server's administrator."""
        return {"Authorization": f"Bearer {self.token}"}

    def get(self, path: str, **query: str) -> httpx.Response:
        return httpx.get(self.url + path, params=query, timeout=20, headers=self.authorization, verify=PLAIN)

    def post(self, path: str, said: object) -> httpx.Response:
        return httpx.post(self.url + path, json=said, timeout=20, headers=self.authorization, verify=PLAIN)

    def start(self) -> None:
        if not self.token:
            self.token = Tokens(self.data).create(Role.ADMINISTRATOR, "tests", datetime.now(UTC))
        command = [
            sys.executable,
            "run.py",
            "serve",
            "--data",
            str(self.data),
            "--port",
            str(self.port),
            "--broker-port",
            str(self.broker_port),
            *self.arguments,
        ]
        with (self.data.parent / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
        eventually(self.healthy, within=60, what=f"/healthz to answer; the server said:\n{self.log}")

    def healthy(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"the server ended:\n{self.log}"
        try:
            return httpx.get(self.url + "/healthz", timeout=2, verify=PLAIN).status_code == 200
        except httpx.TransportError:
            return False

    def stop(self, how: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        code = self.process.wait(30)
        self.process = None
        return code

    def publish(self, topic: str, payload: str, *, qos: int = 1) -> None:
        """One message, sent the way the README says."""
        subprocess.run(
            ["mosquitto_pub", "-p", str(self.broker_port), "-q", str(qos), "-t", topic, "-m", payload],
            check=True,
            timeout=10,
            capture_output=True,
        )


@pytest.fixture(scope="session")
def served(tmp_path_factory) -> Iterator[Served]:
    """One server for all who only look: sample community, embedded broker, simulated devices."""
    server = Served(tmp_path_factory.mktemp("served") / "data", unused_port(), unused_port(), ["--sample"])
    server.start()
    yield server
    code = server.stop()
    assert "Traceback" not in server.log, server.log
    assert code == 0, f"the server ended with {code} after SIGTERM:\n{server.log[-2000:]}"


@pytest.fixture
def serve(tmp_path) -> Iterator[Callable[..., Served]]:
    """``serve("--no-sample")`` starts a server of one's own; stopped at the end when still running."""
    started: list[Served] = []

    def start(*arguments: str) -> Served:
        server = Served(tmp_path / f"s{len(started)}" / "data", unused_port(), unused_port(), list(arguments))
        server.data.parent.mkdir()
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        if server.process is not None:
            server.stop()

"""A small street with two homes and four devices, served over real HTTP."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
import pyarrow as pa
import pytest
import shapely
import uvicorn

from cockpit import listening
from cockpit.app import Cockpit, create_app
from cockpit.services import Services
from cockpit.settings import Settings
from cockpit.tokens import Role
from twin_model.entities import Building, Community, Device, Entity, Facility, Home, Room
from twin_model.twin import Twin

from ..conftest import PLAIN, Clock, eventually


def square(lon: float, lat: float) -> bytes:
    return shapely.to_wkb(shapely.box(lon, lat, lon + 0.0002, lat + 0.0002))


def street(community: str = "demo") -> list[Entity]:
    """Three buildings, a hall with a counted room, two homes of which one has a kit, four devices."""
    c = community
    return [
        Community(community_id=c, name="示例社区", name_en="Sample", boundary=square(104.0, 30.0)),
        *(
            Building(
                community_id=c, building_id=f"{c}-b{n}", name=f"{n}幢", height_m=18.0,
                footprint=square(104 + n / 1000, 30),
            )
            for n in (1, 2, 3)
        ),
        Facility(
            community_id=c, facility_id=f"{c}-hall", facility_kind="centre", name="邻里中心", name_en="Centre",
            building_id=f"{c}-b3", lon=104.003, lat=30.0, capacity=200,
        ),
        Room(
            community_id=c, room_id=f"{c}-study", facility_id=f"{c}-hall", room_kind="study", name="书房", capacity=40
        ),
        Home(community_id=c, home_id=f"{c}-h1", building_id=f"{c}-b1", number="101", age_80_up=1, elder_alone=True),
        Home(community_id=c, home_id=f"{c}-h2", building_id=f"{c}-b2", number="201"),
        Device(
            community_id=c, device_id=f"{c}-pir", type="motion", dialect="json", address=f"{c}-pir", home_id=f"{c}-h1"
        ),
        Device(
            community_id=c, device_id=f"{c}-sos", type="sos_button", dialect="zigbee2mqtt", address=f"{c}-sos",
            home_id=f"{c}-h1",
        ),
        Device(
            community_id=c, device_id=f"{c}-count", type="people_counter", dialect="json", address=f"{c}-count",
            room_id=f"{c}-study",
        ),
        Device(
            community_id=c, device_id=f"{c}-air", type="temperature", dialect="json", address=f"{c}-air",
            lon=104.001, lat=30.001,
        ),
    ]  # fmt: skip


def report(twin: Twin, *said: tuple[str, str, float], at: datetime | None = None) -> int:
    """Store readings ``(device_id, metric, value)`` in one commit; returns the revision."""
    devices = {entry.device_id: entry for entry in twin.directory().devices.values()}
    taken = (at or twin.now()).replace(tzinfo=None)
    table = pa.table(
        {
            "series_no": pa.array([devices[d].series[m].series_no for d, m, _ in said], pa.int32()),
            "taken_at": pa.array([taken] * len(said), pa.timestamp("us")),
            "value": pa.array([v for _, _, v in said], pa.float64()),
            "retained": pa.array([False] * len(said), pa.bool_()),
        }
    )
    return twin.apply(table).revision


@dataclass
class Site:
    """A server in this process, on a free port."""

    twin: Twin
    cockpit: Cockpit
    port: int
    settings: Settings

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, role: Role | None = Role.ADMINISTRATOR, **headers: str) -> httpx.Client:
        """An HTTP client with a token of this role (None: without any)."""
        if role is not None:
            headers["authorization"] = f"Bearer {self.cockpit.tokens.lend(role, 'test')}"
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, verify=PLAIN)

    def get(self, path: str, **query: object) -> httpx.Response:
        with self.client() as client:
            return client.get(path, params=query or None)


@contextmanager
def serve(
    twin: Twin, settings: Settings, services: Services | None = None, folder: Path | None = None
) -> Iterator[Site]:
    """The twin behind a server; closed at the end."""
    cockpit = create_app(twin, settings, services or Services(), folder=folder)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(listening.config(cockpit.server, settings, twin.now))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    eventually(lambda: server.started, what="the server to start")
    try:
        yield Site(twin, cockpit, listener.getsockname()[1], settings)
    finally:
        cockpit.close()
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive(), "the server did not end within 10 s"


@pytest.fixture
def serving(twin, tmp_path) -> Iterator[Callable[..., Site]]:
    """``serving(services=…, host=…)`` puts the twin behind a server."""
    with ExitStack() as stack:
        yield lambda services=None, folder=None, **changes: stack.enter_context(
            serve(twin, Settings(data=tmp_path, **changes), services, folder)
        )


def settle(twin: Twin) -> None:
    """The street, with one round of reports."""
    twin.record(street())
    report(
        twin, ("demo-pir", "motion", 1), ("demo-pir", "battery", 80), ("demo-sos", "sos", 0),
        ("demo-count", "people", 12), ("demo-air", "temperature", 21.5),
    )  # fmt: skip


@pytest.fixture
def site(serving, twin) -> Site:
    """The street on loopback, to change."""
    settle(twin)
    return serving()


@pytest.fixture(scope="module")
def standing(tmp_path_factory) -> Iterator[Site]:
    """The same for all who only look at it."""
    twin = Twin.open(None, clock=Clock())
    settle(twin)
    with serve(twin, Settings(data=tmp_path_factory.mktemp("standing"))) as site:
        yield site
    twin.close()

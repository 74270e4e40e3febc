"""A street with a home that called for help, people counted in a hall, and records; its store is a file.

Everybody in it has values found nowhere else, so that a paper can be searched for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
import shapely

from tests.conftest import NOON, Clock
from twin_model.entities import Building, Community, Contact, Device, Facility, Ground, Home, Resident, Room
from twin_model.twin import Twin

COMMUNITY = "lane"
AT = NOON
PERSONAL = ("欧阳守拙", "房颤术后服华法林", "13870001907", "上官云起", "老人摔倒在卫生间门口")
OF_HOMES = ("hx7731", "Q1-907", "dvq-sos-7731")


def shape(west: float, south: float, east: float, north: float) -> bytes:
    """A box in metres from a corner of the lane, in degrees."""
    x, y = 104 + west / 96_000, 30 + south / 110_900
    return shapely.to_wkb(shapely.box(x, y, 104 + east / 96_000, 30 + north / 110_900))


def lived(path: Path | None, clock: Clock) -> Twin:
    """Two years of records, a day of readings, one call for help that is over."""
    clock.set(NOON - timedelta(days=400))
    twin = Twin.open(path, clock=clock)
    c = COMMUNITY
    twin.record([
        Community(community_id=c, name="试行巷", name_en="Trial Lane", scheme="普惠型",
                  boundary=shape(-20, -20, 200, 160)),
        *(
            Building(community_id=c, building_id=f"b{n}", name=f"{n}幢", height_m=9.0 * n, levels=3 * n,
                     footprint=shape(40 * n, 20, 40 * n + 22, 60), use="facility" if n == 3 else "residential")
            for n in (1, 2, 3)
        ),
        Building(community_id=c, building_id="far", height_m=30.0, footprint=shape(20, 170, 60, 190), use="context"),
        Ground(community_id=c, ground_id="g1", layer="green", geometry=shape(0, 80, 150, 120)),
        Facility(community_id=c, facility_id="hall", facility_kind="centre", name="邻里中心", name_en="Centre",
                 building_id="b3", lon=104.0014, lat=30.0004, capacity=200),
        Room(community_id=c, room_id="study", facility_id="hall", room_kind="study", name="书房", capacity=40),
        *(
            Home(community_id=c, home_id=f"h{n}", building_id=f"b{1 + n % 2}", number=f"{n}01", age_18_59=2,
                 age_60_79=n % 2, age_80_up=0, age_0_17=1 if n < 3 else 0, elder_alone=False)
            for n in range(12)
        ),
        Home(community_id=c, home_id="hx7731", building_id="b1", number="Q1-907", age_0_17=0, age_18_59=0, age_60_79=0,
             age_80_up=1, elder_alone=True),
        Resident(community_id=c, resident_id="resident-q1", home_id="hx7731", name=PERSONAL[0], birth_year=1939,
                 health_note=PERSONAL[1], lives_alone=True),
        Contact(community_id=c, contact_id="contact-q1", home_id="hx7731", role="family", name=PERSONAL[3],
                phone=PERSONAL[2]),
        Device(community_id=c, device_id="dvq-sos-7731", type="sos_button", dialect="zigbee2mqtt", address="dvq",
               home_id="hx7731"),
        Device(community_id=c, device_id="count", type="people_counter", dialect="json", address="count",
               room_id="study"),
    ])  # fmt: skip
    clock.set(NOON - timedelta(hours=30))
    days = [NOON.date() - timedelta(days=n) for n in range(1, 40)]
    twin.ledger.record("canteen_meal", [meal(day, 30 + day.day) for day in days], community_id=c)
    twin.ledger.record("council_topic", [topic(n, n < 7) for n in range(9)], community_id=c)
    for hours, people in ((24, 4), (23, 12), (22, 18), (3, 25), (1, 12)):
        clock.set(NOON - timedelta(hours=hours))
        say(twin, ("count", "people", people))
    clock.set(NOON - timedelta(hours=2))
    say(twin, ("dvq-sos-7731", "sos", 1), ("dvq-sos-7731", "battery", 80))
    twin.care.step()
    found = twin.care.incidents(twin.now(), community_id=c, open_only=True)
    for minutes, step, said in ((1, "acknowledge", {}), (2, "contact", {"result": "answered"})):
        clock.forward(minutes=minutes)
        twin.care.take_step(found[0].incident_id, step, by="令狐值守", role="duty_officer", note=PERSONAL[4], **said)
    clock.set(NOON + timedelta(seconds=30))
    say(twin, ("dvq-sos-7731", "sos", 0))
    clock.set(NOON + timedelta(minutes=10))
    return twin


def meal(day: date, diners: int) -> dict[str, object]:
    return {"day": day, "facility": "hall", "meal": "lunch", "age_band": "70_79", "diners": diners, "is_trial": False}


def topic(number: int, solved: bool) -> dict[str, object]:
    raised = date(2026, 11, 1) + timedelta(days=number)
    closed = {"solved_on": raised, "confirmed_on": raised} if solved else {}
    return {"topic_no": f"t{number}", "raised_on": raised, "tier": "own", "title": "=停车", "participants": 12,
            "stage": "closed" if solved else "discussed", **closed}  # fmt: skip


def say(twin: Twin, *said: tuple[str, str, float], taken: datetime | None = None) -> None:
    """Readings in one commit, of now unless another time is said."""
    devices = {entry.device_id: entry for entry in twin.directory().devices.values()}
    at = (taken or twin.now()).replace(tzinfo=None)
    table = {
        "series_no": pa.array([devices[d].series[m].series_no for d, m, _ in said], pa.int32()),
        "taken_at": pa.array([at] * len(said), pa.timestamp("us")),
        "value": pa.array([v for _, _, v in said], pa.float64()),
        "retained": pa.array([False] * len(said), pa.bool_()),
    }
    twin.apply(pa.table(table))


@pytest.fixture(scope="package")
def data(tmp_path_factory) -> Path:
    """The data folder; nobody has it open."""
    folder = tmp_path_factory.mktemp("lane")
    lived(folder / "twin.duckdb", Clock()).close()
    return folder


@pytest.fixture(scope="module")
def lane() -> Iterator[Twin]:
    """The same in memory, ten minutes after noon."""
    twin = lived(None, Clock())
    yield twin
    twin.close()

"""A small neighbourhood, and readings written as short as they can be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import pyarrow as pa
import pytest
import shapely

from twin_model.entities import Applied, Building, Community, Device, Facility, Home, Room
from twin_model.twin import Twin

SQUARE = shapely.box(120.0, 30.0, 120.001, 30.001).wkb

NEIGHBOURHOOD = [
    Community(community_id="c", name="小区"),
    Building(community_id="c", building_id="b1", name="1幢", footprint=SQUARE, height_m=18.0),
    Home(
        community_id="c", home_id="h1", building_id="b1", number="101",
        age_0_17=0, age_18_59=0, age_60_79=1, age_80_up=0, elder_alone=True,
    ),
    Facility(
        community_id="c", facility_id="f1", facility_kind="centre", name="中心", lon=120.0, lat=30.0, building_id="b1"
    ),
    Room(community_id="c", room_id="r1", facility_id="f1", room_kind="hall", name="厅", capacity=20),
]  # fmt: skip


def device(name: str, kind: str, **place: str) -> Device:
    return Device(community_id="c", device_id=name, type=kind, dialect="json", address=name, **place)


Row = tuple[str, str, datetime | None, float]


@pytest.fixture
def apply(twin: Twin) -> Callable[..., Applied]:
    """``apply(("m1", "motion", instant, 1), ...)``: one commit; ``retained=True`` marks them all."""

    def apply(*rows: Row, retained: bool = False, received_at: datetime | None = None) -> Applied:
        return twin.apply(table(twin, rows, retained), received_at=received_at)

    return apply


def table(twin: Twin, rows: Sequence[Row], retained: bool = False) -> pa.Table:
    series = twin.directory().numbers
    return pa.table(
        {
            "series_no": pa.array([series[name, metric] for name, metric, _, _ in rows], pa.int32()),
            "taken_at": pa.array([at for _, _, at, _ in rows], pa.timestamp("us", "UTC")),
            "value": pa.array([float(value) for _, _, _, value in rows], pa.float64()),
            "retained": pa.array([retained] * len(rows), pa.bool_()),
        }
    )


@pytest.fixture
def home(twin: Twin) -> Twin:
    """The neighbourhood with a motion detector, a smoke detector and a people counter."""
    twin.record(
        [
            *NEIGHBOURHOOD,
            device("m1", "motion", home_id="h1"),
            device("s1", "smoke", home_id="h1"),
            device("p1", "people_counter", room_id="r1"),
        ]
    )
    return twin

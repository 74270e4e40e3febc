"""A small neighbourhood whose answers can be told by heart, and what a reader sees of a tree."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa
import pytest
import shapely
from dash.development.base_component import Component

from layouts.page import View
from twin_model.entities import Building, Community, Device, Estate, Facility, Home, Rejected, Room, Unit

HERE = "demo"
SQUARE = shapely.to_wkb(shapely.box(120.75, 30.76, 120.7503, 30.7602))


def text_of(tree) -> list[str]:
    """The words of a tree in reading order, without what only a machine reads."""
    if tree is None or isinstance(tree, bool):
        return []
    if isinstance(tree, (str, int, float)):
        return [str(tree)] if str(tree).strip() else []
    if isinstance(tree, (list, tuple)):
        return [words for item in tree for words in text_of(item)]
    assert isinstance(tree, Component), tree
    return text_of(getattr(tree, "children", None))


def titles_of(tree) -> list[str]:
    """Tooltips and spoken names of a tree."""
    if isinstance(tree, (list, tuple)):
        return [words for item in tree for words in titles_of(item)]
    if not isinstance(tree, Component):
        return []
    props = tree.to_plotly_json()["props"]
    own = [
        props[name]
        for name in ("title", "aria-label", "placeholder", "label", "alt")
        if isinstance(props.get(name), str)
    ]
    return own + titles_of(props.get("children"))


def classes_of(tree) -> set[str]:
    """All class names in a tree."""
    if isinstance(tree, (list, tuple)):
        return {name for item in tree for name in classes_of(item)}
    if not isinstance(tree, Component):
        return set()
    props = tree.to_plotly_json()["props"]
    return set((props.get("className") or "").split()) | classes_of(props.get("children"))


@pytest.fixture
def view() -> View:
    return View(community=HERE)


@pytest.fixture
def english() -> View:
    return View(community=HERE, lang="en")


def readings(twin, *found: tuple[str, str, float, float]) -> pa.Table:
    """``(device address, metric, value, minutes ago)`` as the table that ``twin.apply`` takes."""
    directory = twin.directory()
    now = twin.now().replace(tzinfo=None)
    rows = [
        (directory.lookup("json", address).series[metric].series_no, now - timedelta(minutes=ago), value)
        for address, metric, value, ago in found
    ]
    number, taken, value = zip(*rows, strict=True)
    return pa.table({
        "series_no": pa.array(number, pa.int32()),
        "taken_at": pa.array(taken, pa.timestamp("us")),
        "value": pa.array(value, pa.float64()),
        "retained": pa.array([False] * len(rows)),
    })  # fmt: skip


@pytest.fixture
def place(twin):
    """One estate, one building of two homes (in one an elder lives alone with a kit), one centre of two rooms."""
    home = {"community_id": HERE, "building_id": "b1", "unit_id": "u2", "floor": 5}
    device = {"community_id": HERE, "dialect": "json"}
    twin.record([
        Community(community_id=HERE, name="样板社区", name_en="Model community", is_sample=True),
        Estate(community_id=HERE, estate_id="e1", name="东园", name_en="East Garden"),
        Building(community_id=HERE, building_id="b1", estate_id="e1", name="东园 3幢", name_en="East Garden 3",
                 footprint=SQUARE, height_m=18.0, levels=6),
        Unit(community_id=HERE, unit_id="u2", building_id="b1", name="2单元"),
        Home(**home, home_id="h502", number="502", age_0_17=0, age_18_59=0, age_60_79=0, age_80_up=1, elder_alone=True),
        Home(**home, home_id="h501", number="501", age_0_17=1, age_18_59=2, age_60_79=0, age_80_up=0),
        Facility(community_id=HERE, facility_id="centre", facility_kind="centre", name="邻里中心",
                 name_en="Neighbourhood centre", building_id="b1", lon=120.75, lat=30.76),
        Room(community_id=HERE, room_id="study", facility_id="centre", room_kind="study", name="共享书房",
             name_en="Shared study", capacity=60),
        Room(community_id=HERE, room_id="hall", facility_id="centre", room_kind="hall", name="大厅", name_en="Hall"),
        Facility(community_id=HERE, facility_id="parking", facility_kind="parking", name="停车楼", name_en="Car park",
                 lon=120.75, lat=30.76, capacity=80),
        Device(**device, device_id="d-motion", type="motion", address="motion-1", home_id="h502"),
        Device(**device, device_id="d-smoke", type="smoke", address="smoke-1", home_id="h502"),
        Device(**device, device_id="d-study", type="people_counter", address="count-1", room_id="study"),
        Device(**device, device_id="d-hall", type="people_counter", address="count-2", room_id="hall"),
        Device(**device, device_id="d-air", type="air_quality", address="air-1", building_id="b1"),
        Device(**device, device_id="d-meter", type="electricity_meter", address="meter-1", building_id="b1"),
        Device(**device, device_id="d-cars", type="parking_barrier", address="cars-1", facility_id="parking"),
    ])  # fmt: skip
    return twin


@pytest.fixture
def living(place, clock):
    """The same at noon with everything heard a minute ago."""
    clock.forward(hours=1)
    place.apply(
        readings(
            place,
            ("motion-1", "motion", 1, 2),
            ("smoke-1", "smoke", 0, 2),
            ("count-1", "people", 41, 1),
            ("count-2", "people", 12, 1),
            ("air-1", "pm2_5", 18, 1),
            ("meter-1", "power_kw", 16.4, 1),
            ("cars-1", "occupied", 61, 1),
        ),
        rejected=[
            Rejected(source="mqtt", place="community/demo/door/x-9", code="unknown_device", reason="no device has it",
                     raw=b'{"open": 1, "bat": 77}', dialect="json", address="x-9"),
        ],
    )  # fmt: skip
    place.set_source("mqtt", True, "")
    return place

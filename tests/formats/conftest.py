"""Files of the smallest size that show a rule, and a neighbourhood to import them into."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import shapely

from ingest.batch import ImportOptions, ImportReport, import_file
from twin_model.bilingual import in_language
from twin_model.entities import Building, Community, Device, Estate, Facility, Home, Room, Unit

LON, LAT = 120.75, 30.76  # a place in 嘉兴
M = 1 / 111_320  # one metre of latitude in degrees


def house(east: float, north: float, size: float = 15.0) -> shapely.Polygon:
    """A square outline ``east``/``north`` metres from the corner of the neighbourhood."""
    per_lon = M / 0.8593  # cos 30.76°
    x, y = LON + east * per_lon, LAT + north * M
    return shapely.box(x, y, x + size * per_lon, y + size * M)


NEIGHBOURHOOD = [
    Community(community_id="demo", name="示范社区"),
    Estate(community_id="demo", estate_id="e1", name="桂花苑"),
    Estate(community_id="demo", estate_id="e2", name="荷花苑"),
    Building(
        community_id="demo", building_id="b1", estate_id="e1", name="1幢", footprint=house(0, 0).wkb, height_m=18.0
    ),
    Building(
        community_id="demo", building_id="b2", estate_id="e1", name="2幢", footprint=house(40, 0).wkb, height_m=18.0
    ),
    Building(
        community_id="demo", building_id="b3", estate_id="e2", name="1幢", footprint=house(80, 0).wkb, height_m=18.0
    ),
    Unit(community_id="demo", unit_id="b1-u1", building_id="b1", name="1单元"),
    Home(community_id="demo", home_id="h101", building_id="b1", unit_id="b1-u1", floor=1, number="101"),
    Home(community_id="demo", home_id="h102", building_id="b1", unit_id="b1-u1", floor=1, number="102"),
    Facility(community_id="demo", facility_id="f1", facility_kind="centre", name="邻里中心", lon=LON, lat=LAT),
    Room(community_id="demo", room_id="r1", facility_id="f1", room_kind="hall", name="议事厅"),
    Device(community_id="demo", device_id="t1", type="temperature", dialect="json", address="t1", room_id="r1"),
]  # fmt: skip


@pytest.fixture
def known(twin):
    """The twin with a small neighbourhood in it."""
    twin.record(NEIGHBOURHOOD)
    return twin


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    """``put("a.csv", text)`` writes a file: text, bytes, a JSON object, or rows of an Excel sheet."""

    def write(name: str, content: Any, encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        if name.endswith(".xlsx") and isinstance(content, list):
            book = openpyxl.Workbook()
            for row in content:
                book.active.append(row)
            book.save(path)
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
            path.write_text(text, encoding=encoding)
        return path

    return write


@pytest.fixture
def take(known, put) -> Callable[..., ImportReport]:
    """``take("homes.csv", text, layer="homes")``: write a file and import it into the neighbourhood."""

    def run(name: str, content: Any, *, encoding: str = "utf-8", **options: Any) -> ImportReport:
        options.setdefault("community", "demo")
        report = import_file(known, put(name, content, encoding), ImportOptions(**options), progress=False)
        assert [text for text in refused(report) if not said_in_both(text)] == []
        return report

    return run


def refused(report: ImportReport) -> list[str]:
    """What a report says about what is not in, as it is handed on."""
    return [*([report.error] if report.error else []), *(one["reason"] for one in report.to_json()["rejects"])]


def said_in_both(text: str) -> bool:
    """Whether a text is a Chinese sentence and then an English one."""
    zh, en = in_language("zh", text), in_language("en", text)
    return zh != en and bool(re.search("[一-鿿]", zh)) and not re.search("[；，。？]", en)


def collection(*features: tuple[Any, dict[str, Any]], **members: Any) -> dict[str, Any]:
    """A FeatureCollection of (geometry, properties)."""

    def plain(geometry: Any) -> Any:
        return geometry if geometry is None or isinstance(geometry, dict) else shapely.geometry.mapping(geometry)

    return {
        "type": "FeatureCollection",
        **members,
        "features": [
            {
                "type": "Feature",
                "properties": properties,
                "geometry": plain(geometry),
            }
            for geometry, properties in features
        ],
    }


def reasons(report: ImportReport) -> list[str]:
    """The codes of the rejects in file order."""
    return [reject.code for reject in report.rejects]

"""The circles page: a detour is not a circle, an island is unknown, and the map gets the very metres the figures have.

The world, in metres: a street east from (0, 0) to (400, 0), north to (400, 200), back west to (0, 200). A clinic at
its beginning; a house of six homes beside it, one of six homes at the street's other end: 200 m away as the crow flies
and a kilometre on foot. A path of its own at y = -300 with a house of three homes. A kindergarten whose point lies in
a pond.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest
import shapely

from layouts import circles as page
from layouts.page import View
from layouts.parts import circle_answers as answers
from layouts.parts import circle_map, circle_rows
from layouts.parts.home_asking import AsRegistered
from tests.conftest import Clock
from tests.pages.conftest import classes_of, text_of, titles_of
from twin_model.catalogue import Catalogue
from twin_model.circles import Unasked
from twin_model.entities import Building, Community, Facility, Ground, Home
from twin_model.rights import Rights, reading
from twin_model.timeline import from_us
from twin_model.twin import Twin

HERE = "circ"
CHINESE = re.compile("[㐀-鿿]")
USUAL = dict.fromkeys(page.CHOSEN) | {"key": None}


def at(x: float, y: float) -> tuple[float, float]:
    """Metres from the corner of the street, as longitude and latitude at 30° north."""
    return 120.0 + x / 96_486.0, 30.0 + y / 110_852.0


def line(*points: tuple[float, float]) -> bytes:
    return shapely.to_wkb(shapely.LineString([at(*point) for point in points]))


def house(name: str, x: float, y: float) -> Building:
    corners = [at(x + dx, y + dy) for dx, dy in ((-8, -4), (8, -4), (8, 4), (-8, 4))]
    return Building(
        community_id=HERE, building_id=name, name=f"{name}幢", name_en=f"House {name}", height_m=18.0,
        footprint=shapely.to_wkb(shapely.Polygon(corners)),
    )  # fmt: skip


def homes(building: str, n: int) -> list[Home]:
    return [
        Home(community_id=HERE, building_id=building, home_id=f"{building}-{k}", number=str(k), age_0_17=0,
             age_18_59=1, age_60_79=1, age_80_up=0)
        for k in range(n)
    ]  # fmt: skip


def facility(name: str, kind: str, x: float, y: float, **more: object) -> Facility:
    lon, lat = at(x, y)
    return Facility(
        community_id=HERE, facility_id=name, facility_kind=kind, name=f"{name}站", name_en=f"The {name}", lon=lon,
        lat=lat, **more,
    )  # fmt: skip


@pytest.fixture(scope="module")
def world():
    twin = Twin.open(None, clock=Clock(datetime(2026, 11, 23, 2, 0, 37, tzinfo=UTC)), catalogue=Catalogue.load())
    pond = shapely.to_wkb(shapely.Polygon([at(150, 60), at(250, 60), at(250, 140), at(150, 140)]))
    twin.record([
        Community(community_id=HERE, name="弯街社区", name_en="Bent Street"),
        Ground(community_id=HERE, ground_id="street", layer="path", source="sample",
               geometry=line((0, 0), (400, 0), (400, 200), (0, 200))),
        Ground(community_id=HERE, ground_id="apart", layer="path", source="sample",
               geometry=line((0, -300), (60, -300))),
        Ground(community_id=HERE, ground_id="pond", layer="water", geometry=pond),
        house("near", 30, -10), house("round", 20, 210), house("isle", 30, -310),
        *homes("near", 6), *homes("round", 6), *homes("isle", 3),
        facility("clinic", "clinic", 0, 0, opening_hours="Mo-Su 08:00-17:00", area_m2=150.0, operator="街道"),
        facility("pond-school", "kindergarten", 200, 100, capacity=90),
    ])  # fmt: skip
    yield twin
    twin.close()


def drawn(panel, twin: Twin, lang: str = "zh", **chosen: str):
    store = USUAL | chosen
    args = {name: store[held] for name, held in panel.chosen.items()}
    view = View(community=HERE, lang=lang)
    return panel.draw(view, twin.now(), panel.question(twin, twin.now(), HERE, **args))


def read(data: bytes) -> tuple[dict, dict[str, np.ndarray]]:
    length = int.from_bytes(data[4:8], "little")
    header = json.loads(data[8 : 8 + length])
    kinds = {"f32": np.float32, "u16": np.uint16, "u8": np.uint8}
    return header, {
        name: np.frombuffer(data, kinds[a["type"]], a["length"], 8 + length + a["offset"])
        for name, a in header["arrays"].items()
    }


def test_a_circle_claims_what_nobody_reaches_on_foot_and_an_island_is_neither(world):
    said = " ".join(text_of(drawn(page.COVERAGE, world, kind="clinic", limit="300m")))
    assert "50%" in said, "one of two houses that stand on the network"
    assert "6 / 15 户" in said
    assert "画圈算 80%" in said, "both ends of the street lie within 300 m, the island does not"
    assert re.search("另有 3 户", said), "the island is told, not counted as out of reach"
    heat = drawn(page.MATRIX, world, limit="300m")
    assert "50%" in text_of(heat)
    assert {"heat-2", "chosen"} <= classes_of(heat)


def test_a_house_sees_metres_minutes_and_the_straight_line_and_why_a_kind_is_not_reached(world):
    said = text_of(drawn(page.PLACE, world, building="round"))
    assert "12.3 分钟" in said
    assert "×4.7" in said
    assert "超过 15 分钟" in said, "the kindergarten in the pond is reached by nobody"
    assert "在孤岛上" in text_of(drawn(page.PLACE, world, building="isle"))


def test_the_map_gets_the_metres_of_the_figures_in_the_order_of_its_buildings(world):
    drawing = circle_map.CircleMap(world)
    header, arrays = read(drawing.walks(HERE, world.now(), None, None))
    assert header["kinds"] == ["clinic", "kindergarten"]
    metres = dict(zip(("isle", "near", "round"), arrays["metres"].reshape(2, 3)[0].tolist(), strict=True))
    known = {
        row["building_id"]: row["metres"]
        for row in world.circles.nearest(world.now(), ["clinic"], HERE).to_pylist()
    }  # fmt: skip
    assert metres["isle"] == circle_map.ISLAND
    assert metres["near"] == round(known["near"] * 10)
    assert metres["round"] == round(known["round"] * 10)
    assert metres["round"] == pytest.approx(9860, abs=5), "400 + 200 + 380 + 6 m"
    assert arrays["homes"].tolist() == [3, 6, 6]
    assert [(f["id"], f["placed"]) for f in header["facilities"]] == [
        ("clinic", "on_path"), ("pond-school", "in_water"),
    ]  # fmt: skip


def test_streets_are_coloured_as_far_as_one_walks_and_no_further(world):
    drawing = circle_map.CircleMap(world)
    _, streets = read(drawing.streets(HERE, world.now()))
    _, reach = read(drawing.reach(HERE, world.now(), kind="clinic"))
    ends = reach["ends"].reshape(-1, 2)
    apart = streets["apart"].astype(bool)
    assert len(ends) == len(streets["xy"]) // 4
    assert (ends[apart] == circle_map.FAR).all(), "nothing of the island is reached"
    assert ends[~apart].min() == 0
    assert ends[~apart].max() == pytest.approx(10_000, abs=30)
    assert np.abs(np.diff(ends[~apart].astype(int), axis=1)).max() <= circle_map.LONGEST_M * 10 + 1
    both, of_all = read(drawing.reach(HERE, world.now(), limit="300m"))
    assert both["kinds"] == 2
    assert (of_all["ends"].reshape(-1, 2)[~apart] == (ends[~apart] <= 3000)).all()


def test_at_an_hour_when_it_is_closed_nothing_is_reached_and_the_pin_says_so(world):
    drawing = circle_map.CircleMap(world)
    _, streets = read(drawing.reach(HERE, world.now(), kind="clinic", hour="18"))
    assert (streets["ends"] == circle_map.FAR).all()
    assert (read(drawing.reach(HERE, world.now(), kind="clinic", hour="9"))[1]["ends"] != circle_map.FAR).any()
    header, arrays = read(drawing.walks(HERE, world.now(), None, "18"))
    assert arrays["metres"][1:3].tolist() == [circle_map.FAR, circle_map.FAR]
    assert {f["id"] for f in header["facilities"] if f["shut"]} == {"clinic", "pond-school"}
    assert "0%" in text_of(drawn(page.COVERAGE, world, kind="clinic", hour="18"))


def test_one_facility_tells_whom_it_reaches_and_one_that_is_not_known_is_said_to_be(world):
    said = text_of(drawn(page.PLACE, world, facility="clinic", limit="300m"))
    assert said.count("6 户") == 2
    assert said.count("12 户") == 1
    with pytest.raises(Unasked, match="nowhere"):
        circle_map.CircleMap(world).reach(HERE, world.now(), facility="nowhere")


def test_every_gap_of_the_network_leads_to_its_rows(world):
    answer = answers.network(world, world.now(), HERE, speed=None, hour=None, side="network")
    assert answer["counts"] == {"islands": 1, "unjoined": 1, "off_network": 0, "in_water": 1, "unconnected": 0}
    assert answer["km"] == pytest.approx(1.06, abs=0.01)
    for key in ("islands", "unjoined", "in_water", "coverage"):
        found = circle_rows.rows(
            world, world.now(), HERE, key=f"{key}:", kind="clinic", limit=None, speed=None, hour=None
        )  # fmt: skip
        assert found["total"] == 1, key
        assert text_of(circle_rows.drawer(View(community=HERE), world.now(), found))


@pytest.mark.parametrize("chosen", [{}, {"kind": "clinic"}, {"building": "round"}, {"facility": "clinic"}])
def test_nothing_chinese_is_left_in_english(world, chosen):
    for panel in page.PANELS:
        for side in ("matrix", "facilities", "capacity", "network"):
            tree = drawn(panel, world, "en", side=side, key="unjoined:", **chosen)
            words = [w for w in (*text_of(tree), *titles_of(tree)) if CHINESE.search(w)]
            assert [w for w in words if w not in ("街道",)] == [], (panel.part, side)  # an operator's name


def test_fewer_than_five_are_kept_back_from_whoever_may_not_look_at_a_home(world):
    assert "另有 3 户" in " ".join(text_of(drawn(page.COVERAGE, world, kind="clinic")))
    with reading(Rights()):
        said = " ".join(text_of(drawn(page.COVERAGE, world, kind="clinic")))
    assert "另有 3 户" not in said
    assert "少于 5" in said


def test_the_legend_of_whoever_may_not_see_small_counts_gets_none_and_none_follows_from_the_sum(world):
    """homes: isle 3 | near 6 | round 6 -> the 3 are kept back, and 6 beside them, else 15 - 12 would tell"""
    drawing = circle_map.CircleMap(world)
    with reading(Rights()):
        _, arrays = read(drawing.walks(HERE, world.now(), None, None))
    assert sorted(arrays["homes"].tolist()) == [6, circle_map.FEW, circle_map.FEW]
    assert arrays["homes"][0] == circle_map.FEW
    _, arrays = read(drawing.walks(HERE, world.now(), None, None))
    assert arrays["homes"].tolist() == [3, 6, 6], "what is remembered for one is not told to another"


def test_what_was_imported_this_minute_is_asked_about_and_nothing_is_asked_by_the_second(world):
    asked = []

    class Ask(SimpleNamespace):
        def __call__(self, _name, _question, view):
            asked.append(view.at)

    way = AsRegistered(Ask(twin=world, services=None))
    way("name", answers.choices, View(community=HERE))
    assert asked[-1] == from_us(world.circles.epoch(world.now())), "37 s after the full minute, when it was recorded"
    past = world.now() - timedelta(days=1)
    way("name", answers.choices, View(community=HERE, at=past))
    assert asked[-1] == past


def test_without_paths_or_facilities_the_page_says_what_to_import(twin):
    twin.record([Community(community_id=HERE, name="空社区")])
    said = text_of(drawn(page.CHOICES, twin))
    assert any("导入" in words for words in said)
    assert drawn(page.COVERAGE, twin) is None

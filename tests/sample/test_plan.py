"""The drawn plan is one a map can show: valid shapes, nothing on top of another thing, the published area."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
import shapely

from sample_data.community import build
from sample_data.plan import Plan, bays, draw
from twin_model.entities import Building, Community, Device, Entity, Ground, Room

TOUCH_M2 = 1e-6


@pytest.fixture(scope="module")
def plan() -> Plan:
    return draw()


def test_the_boundary_holds_16_77_hectares_on_the_ellipsoid(entities: list[Entity]) -> None:
    community = next(e for e in entities if isinstance(e, Community))
    area, _ = pyproj.Geod(ellps="WGS84").geometry_area_perimeter(shapely.from_wkb(community.boundary))
    assert abs(area) / 10_000 == pytest.approx(16.77, abs=0.03)


def test_all_shapes_are_valid_and_lie_around_120_75_e_30_76_n(entities: list[Entity]) -> None:
    found = [
        shapely.from_wkb(shape)
        for e in entities
        for shape in (getattr(e, "footprint", None), getattr(e, "geometry", None), getattr(e, "boundary", None))
        if shape
    ]
    assert len(found) > 400
    assert shapely.is_valid(found).all()
    west, south, east, north = shapely.total_bounds(found)
    assert (west, south, east, north) == pytest.approx((120.7406, 30.7518, 120.7594, 30.7682), abs=2e-3)


def test_no_building_stands_in_another(plan: Plan) -> None:
    shapes = np.array([b.shape for b in (*plan.blocks, *plan.context)])
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = first < second
    assert shapely.area(shapely.intersection(shapes[first[pairs]], shapes[second[pairs]])).max() < TOUCH_M2


def test_no_building_stands_on_a_road_a_path_or_in_the_water(plan: Plan) -> None:
    for block in (*plan.blocks, *plan.context):
        assert block.shape.intersection(plan.roads()).area < TOUCH_M2, block
    for land in plan.land:
        if land.layer in ("path", "water"):
            shape = land.shape.buffer(land.width_m / 2, cap_style="flat") if land.width_m else land.shape
            for block in (*plan.blocks, *plan.context):
                assert block.shape.intersection(shape).area < TOUCH_M2, (block, land)


def test_lawns_keep_off_roads_and_buildings(plan: Plan) -> None:
    built = shapely.union_all([plan.roads(), *(b.shape for b in plan.blocks)])
    lawns = shapely.union_all([x.shape for x in plan.land if x.layer == "green"])
    assert lawns.intersection(built).area < 1.0


def test_residential_buildings_stand_in_their_own_estate(plan: Plan) -> None:
    for block in plan.blocks:
        if block.use == "residential":
            assert block.shape.within(plan.estates[block.estate - 1][2]), block.name


def test_the_city_around_is_context_outside_the_boundary(plan: Plan) -> None:
    assert 200 <= len(plan.context) <= 300
    assert all(b.use == "context" and not b.shape.intersects(plan.boundary) for b in plan.context)


def test_lines_have_widths_and_areas_have_none(entities: list[Entity]) -> None:
    for ground in (e for e in entities if isinstance(e, Ground)):
        is_line = shapely.from_wkb(ground.geometry).geom_type == "LineString"
        assert is_line == (ground.width_m is not None), ground


def test_rooms_fit_into_the_centre_and_not_into_each_other(entities: list[Entity]) -> None:
    centre = shapely.union_all(
        [shapely.from_wkb(e.footprint) for e in entities if isinstance(e, Building) and "-b-centre" in e.building_id]
    )
    rooms = [(r.floor, shapely.from_wkb(r.footprint)) for r in entities if isinstance(r, Room)]
    for place, (floor, shape) in enumerate(rooms):
        assert shape.difference(centre).area < 1e-12
        for other_floor, other in rooms[place + 1 :]:
            assert floor != other_floor or shape.intersection(other).area < 1e-12


def test_surface_bays_are_a_hundred_each_and_apart() -> None:
    for lot in ("west", "east"):
        places = shapely.points(bays(lot))
        assert len(places) == 100
        nearest = [min(p.distance(q) for q in places if q is not p) for p in places]
        assert min(nearest) > 2.5


def test_a_device_has_a_place(entities: list[Entity]) -> None:
    for device in (e for e in entities if isinstance(e, Device)):
        inside = [device.home_id, device.room_id, device.facility_id, device.building_id]
        assert sum(x is not None for x in inside) <= 1
        assert any(inside) or device.lon is not None


def test_building_twice_takes_no_state_along() -> None:
    assert build() == build()

"""The ground of the sample's plan, and the city around it."""

from __future__ import annotations

import math

import numpy as np
import shapely
from shapely import LineString, Polygon, affinity, box

from sample_data.shapes import (
    CROSS,
    EAST,
    MIDDLE,
    WEST,
    Block,
    Land,
    Line,
    band,
    curve,
    ring,
    river,
    rounded,
    south,
)


def _roads(north: float) -> list[Land]:
    def road(name: str | None, name_en: str | None, line: list[tuple[float, float]], width: float) -> Land:
        return Land(layer="road", shape=LineString(line), width_m=width, name=name, name_en=name_en)

    far = 900.0
    quay = [(x, y - 92.0) for x, y in curve(river, -far, far)]
    roads = [
        road("听荷路", "Tinghe Road", [(-far, MIDDLE), (far, MIDDLE)], 16),
        road("桂香街", "Guixiang Street", [(CROSS, -far), (CROSS, far)], 14),
        road("西堤路", "Xidi Road", [(WEST, float(south(WEST))), (WEST, far)], 11),
        road("东堤路", "Dongdi Road", [(EAST, float(south(EAST))), (EAST, far)], 11),
        road("南溪路", "Nanxi Road", curve(south, -far, far), 10),
        road("学前路", "Xueqian Road", [(-far, north), (far, north)], 11),
        road("南岸路", "Nan'an Road", quay, 10),
    ]
    for y in (330.0, 462.0, 600.0):
        roads.append(road(None, None, [(-far, y), (far, y)], 11))
    for y in (-448.0, -580.0):
        roads.append(road(None, None, [(-far, y), (far, y)], 10))
    for x in (-700.0, -548.0, -400.0):
        roads.append(road(None, None, [(x, float(south(x))), (x, far)], 10))
    for x in (440.0, 596.0, 748.0):
        roads.append(road(None, None, [(x, float(south(x))), (x, far)], 10))
    for x in (-104.0, 168.0):
        roads.append(road(None, None, [(x, north), (x, far)], 9))
    for x in (-560.0, -400.0, -250.0, -104.0, 196.0, 346.0, 500.0, 650.0):
        roads.append(road(None, None, [(x, float(river(x)) - 92.0), (x, -far)], 9))
    return roads


def _tilted(x0: float, x1: float, y0: float, y1: float) -> Polygon:
    """A garden that keeps parallel to the rows of Hebinyuan, which rise 3 % to the east."""
    rise = 0.03
    corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    return Polygon([(x, y + rise * (x + 205)) for x, y in corners]).buffer(-2.5).buffer(2.5, quad_segs=4)


def _green(north: float) -> list[Polygon]:
    """Lawns and planting of the community; buildings, streets, paths and water are cut out afterwards."""
    rows = [_tilted(-239, -107, y + 12.5, y + 25.5) for y in (-108.0, -74.0, -40.0)]
    rows += [_tilted(-239, -107, 10, 14), _tilted(-101, -42, -94, -83), _tilted(-101, -42, -60, -50)]
    towers = rounded(CROSS + 11, MIDDLE + 12, EAST - 9, north - 9, 6)
    strips = [
        # the garden of the centre
        (-34, -91, 34, -38), (4, -34, 34, 17), (-74, -50, -40, -36), (-104, -121, 34, -115),
        # Dongyuan
        (136, -87, 198, -13), (62, -86, 126, -68), (208, -86, 272, -68), (62, -38, 126, -12), (82, -64, 126, -58),
        (208, -38, 272, -12), (208, -64, 250, -58), (58, 8, 126, 11), (136, 8, 198, 11), (208, 8, 258, 11),
        # public block
        (-238, 44, -196, 58), (-238, 72, -196, 84), (-122, 44, -108, 84), (-55, 44, -46, 84), (-238, 92, 34, 97),
        (-240, 156, -212, 177), (-126, 120, -106, 159), (-86, 166, -49, 177), (-42, 98, -32, 177), (31, 98, 36, 177),
        (-238, 80, -124, 86), (-40, 167, 35, 177), (-212, 176, -88, 178), (-88, 122, -83, 164),
    ]  # fmt: skip
    return [*rows, towers, *(rounded(*strip) for strip in strips)]


def lay_ground(boundary: Polygon, north: float, blocks: list[Block]) -> list[Land]:
    """Plots, lawns, water, paths and roads; lawns leave out what is built or paved."""
    roads = _roads(north)
    streets = shapely.union_all([r.shape.buffer((r.width_m or 0) / 2, cap_style="flat") for r in roads])
    houses = shapely.union_all([b.shape.buffer(2.0, join_style="mitre") for b in blocks])
    pavements = streets.buffer(3.0)
    land = [
        Land(layer="plot", shape=part.buffer(-5).buffer(5, quad_segs=4))
        for part in shapely.get_parts(boundary.difference(pavements))
    ]
    banks = band(river, -900, 900, 35, -37)
    ponds = [
        (Polygon(ring(12, -62, 9, 24)).union(Polygon(ring(22, -70, 7, 24))), "听荷池", "Lotus pond"),
        (affinity.scale(Polygon(ring(166, 95, 1, 32)), 17, 5.5), None, None),
    ]
    water = [Land(layer="water", shape=banks, name="南溪河", name_en="River Nanxi")]
    water += [Land(layer="water", shape=p, name=zh, name_en=en) for p, zh, en in ponds]
    wet = shapely.union_all([w.shape for w in water])

    squares = [
        (rounded(-76, -33, -29, -8, 3), "中心广场", "Centre square"),
        (box(-76, 15, 0, 20.5), None, None),
        (rounded(146, -67, 186, -40, 10), "东园中庭", "Dongyuan court"),
        (rounded(-102, -57, -80, -9, 2), None, None),
        (box(67, -117.8, 272, -111.4), None, None),
        (box(60, 11, 258, 18), None, None),
        (Polygon([*curve(south, -241, -110, 8.6), *reversed(curve(south, -241, -110, 14.4))]), None, None),
        (box(-228, 10.5, -180, 16.5), None, None),
        (rounded(-82, 100, -50, 121, 2), "篮球场", "Basketball courts"),
        (rounded(-238, 104, -152, 152, 23), "听荷小学操场", "School sports field"),
        (Polygon(ring(-10, 134, 13, 28)), "幼儿园活动场", "Kindergarten playground"),
        (rounded(-110, -156, -84, -142, 5), "河滨广场", "Riverside square"),
        (rounded(216, 88, 242, 102, 4), "儿童乐园", "Children's playground"),
        (rounded(-226, 60, -200, 70, 3), None, None),
    ]
    lanes: list[tuple[Line, float]] = [
        *(([(-241.0, y - 1.0), (-104.0, y + 3.0)], 3.0) for y in (-97.6, -63.6, -29.6, 4.4)),
        ([(-104, -94.4), (37, -90.2)], 3.0), ([(-104, -60.6), (-38, -58.6)], 3.0),
        ([(-172, -122), (-172, 21)], 4.0), ([(-104, -122), (-104, 21)], 4.0), ([(-38, -118), (-38, -34)], 3.5),
        ([(-29, -46), (37, -46)], 2.6), ([(2.5, -46), (2.5, 21)], 3.0), ([(-12, -91), (-12, -46)], 2.2),
        ([(56, -109), (273, -109)], 5.0), ([(131, -117), (131, 21)], 4.0), ([(203, -117), (203, 21)], 4.0),
        ([(56, -67), (131, -67)], 3.0), ([(203, -67), (273, -67)], 3.0), ([(56, -39.5), (131, -39.5)], 3.0),
        ([(203, -39.5), (273, -39.5)], 3.0), ([(131, -35), (203, -35)], 3.0), ([(131, -72), (203, -72)], 3.0),
        ([(56, 7.9), (273, 7.9)], 2.6), ([(166, -72), (166, -66)], 3.0), ([(166, -41), (166, -35)], 3.0),
        ([(110.5, 40), (110.5, 82)], 5.0), ([(224.5, 40), (224.5, 82)], 5.0), ([(56, 80.5), (274, 80.5)], 4.5),
        ([(56, 113), (274, 113)], 4.0), ([(135.5, 113), (135.5, 178)], 3.5), ([(198.5, 113), (198.5, 178)], 3.5),
        ([(166, 80), (166, 89)], 3.0), ([(166, 101), (166, 137)], 3.0), ([(104, 113), (104, 138)], 3.0),
        ([(230, 113), (230, 138)], 3.0), ([(62, 80), (62, 176)], 2.6), ([(268, 80), (268, 176)], 2.6),
        ([(62, 174), (268, 174)], 2.6),
        *(([(x, 76.6), (x, 81)], 3.0) for x in (82.0, 139.0, 196.0, 253.0)),
        ([(-243, 89), (38, 89)], 5.0), ([(-116, 38), (-116, 89)], 6.0), ([(-50, 38), (-50, 89)], 5.0),
        ([(5.5, 38), (5.5, 89)], 4.0), ([(-46, 89), (-46, 179)], 4.0), ([(-146, 97), (-146, 161)], 4.0),
    ]  # fmt: skip
    walk = [(x, y + 45.0 + 4.0 * math.sin(x / 27)) for x, y in curve(river, -330, 360, step=7.0)]
    quay = curve(river, -420, 460, 38.5, step=9.0)
    paths = [Land(layer="path", shape=LineString(line), width_m=width) for line, width in lanes]
    paths += [
        Land(layer="path", shape=LineString(walk), width_m=3.2, name="河滨步道", name_en="River walk"),
        Land(layer="path", shape=LineString(quay), width_m=2.4),
    ]
    for x in (-214.0, -122.0, -20.0, 120.0, 232.0):
        foot = [(x, float(south(x)) - 5.0), (x + 3.0, float(river(x + 3.0)) + 38.5)]
        way = "steps" if x in (-214.0, 120.0) else None  # down the bank; the other three are ramps
        paths.append(Land(layer="path", shape=LineString(foot), width_m=2.6, way=way))
    paved = [Land(layer="path", shape=s, name=zh, name_en=en) for s, zh, en in squares]
    hard = shapely.union_all([p.shape.buffer((p.width_m or 0) / 2, cap_style="flat") for p in (*paths, *paved)])

    lawns: list[Land] = []
    greens = [*_green(north), rounded(-234, 110, -156, 146, 17)]
    field_hole = rounded(-234, 110, -156, 146, 17)
    kerbs = streets.buffer(2.7).difference(streets.buffer(1.0)).intersection(box(-262, -141, 295, 198))
    for part in shapely.get_parts(kerbs.difference(shapely.union_all([hard.buffer(1.0), houses]))):
        if part.area > 8:
            lawns.append(Land(layer="green", shape=part.simplify(0.05)))
    solid = shapely.union_all([pavements, houses, wet, hard.difference(field_hole).buffer(0.4)])
    for lawn in greens:
        for part in shapely.get_parts(lawn.difference(solid)):
            if part.area > 12:
                lawns.append(Land(layer="green", shape=part.simplify(0.05)))
    verge = Polygon([*curve(south, -900, 900, -8.0), *reversed(curve(river, -900, 900, 35.0))])
    park = verge.union(band(river, -900, 900, -37, -76))
    banks_green = park.difference(shapely.union_all([pavements, houses, wet, hard.buffer(0.3)]))
    for part in shapely.get_parts(banks_green):
        if part.area > 60:
            near = part.intersects(box(-250, -190, 290, -130))
            lawns.append(
                Land(
                    layer="green", shape=part.simplify(0.05), name="河滨公园" if near else None,
                    name_en="River park" if near else None,
                )
            )  # fmt: skip
    return [*land, *lawns, *water, *paths, *paved, *roads]


def build_city(boundary: Polygon, land: list[Land], seed: int) -> tuple[list[Block], list[Land]]:
    """The city around: every block between streets gets one of four plain patterns, or is a park."""
    rng = np.random.default_rng([seed, 1])
    roads = [x for x in land if x.layer == "road"]
    streets = shapely.union_all([r.shape.buffer((r.width_m or 0) / 2 + 7) for r in roads])
    keep_off = shapely.union_all([boundary.buffer(14), band(river, -900, 900, 84, -84), streets])
    disc = Polygon(ring(16, 28, 730, 48))
    city: list[Block] = []
    parks: list[Land] = []
    for part in shapely.get_parts(disc.difference(keep_off)):
        if part.area < 900:
            continue
        x0, y0, x1, y1 = part.bounds
        pattern = rng.random()
        if pattern < 0.08:
            parks.append(Land(layer="green", shape=part.buffer(-2).simplify(0.2)))
            continue
        shapes: list[tuple[Polygon, int]] = []
        if pattern < 0.30:
            levels = int(rng.integers(15, 25))
            for y in np.arange(y0 + 16, y1 - 12, 50.0):
                for x in np.arange(x0 + 18, x1 - 14, 54.0):
                    shapes.append((box(x - 12, y - 10, x + 12, y + 10), levels))
        elif pattern < 0.82:
            levels = int(rng.choice([5, 6, 6, 7, 11]))
            for y in np.arange(y0 + 10, y1 - 8, 27.0 + levels * 1.6):
                for x in np.arange(x0 + 29, x1 - 24, 64.0):
                    length = 50.0 + 8.0 * rng.random()
                    shapes.append((box(x - length / 2, y - 6.2, x + length / 2, y + 6.2), levels))
        else:
            for y in np.arange(y0 + 22, y1 - 18, 52.0):
                for x in np.arange(x0 + 28, x1 - 22, 62.0):
                    outer = box(x - 24, y - 17, x + 24, y + 17)
                    court = box(x - 12, y - 5, x + 12, y + 18)
                    shapes.append((outer.difference(court), int(rng.integers(3, 6))))
        for shape, levels in shapes:
            if rng.random() < 0.9 and part.contains(shape):
                city.append(Block(name="", name_en="", shape=shape, levels=levels, use="context"))
    return city, parks

"""The drawn plan of the sample neighbourhood, in metres: x to the east, y to the north of 120.75 E, 30.76 N.

Three estates and a block of public buildings between six streets, a river in the south, the city around.
Everything is invented; the proportions are those of a real Zhejiang project (see README.md in this folder).
Shapes are shapely geometries in metres; ``lonlat`` turns them into WGS 84.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely import LineString, Polygon, affinity, box
from shapely.geometry.base import BaseGeometry

ORIGIN = (120.75, 30.76)
# Metres per degree on the WGS 84 ellipsoid at the origin's latitude: true to 0.1 % within 2 km.
_SIN2 = math.sin(math.radians(ORIGIN[1])) ** 2
_E2 = 0.00669437999014
_PER_RADIAN = 6378137.0 / math.sqrt(1 - _E2 * _SIN2)
METRES_PER_DEGREE = (
    math.radians(1) * _PER_RADIAN * math.cos(math.radians(ORIGIN[1])),
    math.radians(1) * _PER_RADIAN * (1 - _E2) / (1 - _E2 * _SIN2),
)

AREA_M2 = 167_700.0
"""16.77 ha, the published area of the project whose proportions the sample has."""

WEST, EAST, MIDDLE, CROSS = -250.0, 283.0, 30.0, 45.0


@dataclass(frozen=True, kw_only=True)
class Block:
    """One building of the plan. ``units`` staircases with ``homes_per_floor`` each, 0 when nobody lives in it."""

    name: str
    name_en: str
    shape: Polygon
    levels: int
    storey_m: float = 3.0
    use: str = "residential"
    estate: int = 0
    units: int = 0
    homes_per_floor: int = 0
    code: str = ""

    @property
    def height_m(self) -> float:
        """Height of the roof above the ground."""
        return round(self.levels * self.storey_m + (0.6 if self.use == "residential" else 0.0), 1)


@dataclass(frozen=True, kw_only=True)
class Land:
    """One shape of the ground: a line with a width, or an area."""

    layer: str
    shape: BaseGeometry
    width_m: float | None = None
    name: str | None = None
    name_en: str | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The whole drawing. ``estates``: name, English name and outline, in the order of their numbers."""

    boundary: Polygon
    estates: tuple[tuple[str, str, Polygon], ...]
    blocks: tuple[Block, ...]
    context: tuple[Block, ...]
    land: tuple[Land, ...]
    spots: dict[str, tuple[float, float]] = field(default_factory=dict)

    def roads(self) -> BaseGeometry:
        """All carriageways as one area."""
        return shapely.union_all(
            [x.shape.buffer((x.width_m or 0) / 2, cap_style="flat") for x in self.land if x.layer == "road"]
        )


def lonlat(shape: BaseGeometry) -> BaseGeometry:
    """``shape`` in degrees, rounded to 1e-7 (1 cm): the same bytes on every machine."""

    def degrees(xy: np.ndarray) -> np.ndarray:
        return np.round(xy / METRES_PER_DEGREE + ORIGIN, 7)

    return shapely.transform(shape, degrees)


def south(x: float | np.ndarray) -> float | np.ndarray:
    """Axis of Nanxi Road: it follows the river."""
    return -130.0 + 5.0 * np.sin((x + 60.0) / 150.0)


def river(x: float | np.ndarray) -> float | np.ndarray:
    """Axis of the river Nanxi."""
    return -219.0 + 15.0 * np.sin(x / 118.0 + 0.55)


def _curve(axis: object, x0: float, x1: float, offset: float = 0.0, step: float = 12.0) -> list[tuple[float, float]]:
    xs = np.linspace(x0, x1, max(2, round((x1 - x0) / step) + 1))
    return [(float(x), float(axis(x)) + offset) for x in xs]  # type: ignore[operator]


def _band(axis: object, x0: float, x1: float, upper: float, lower: float) -> Polygon:
    return Polygon([*_curve(axis, x0, x1, upper), *reversed(_curve(axis, x0, x1, lower))])


def _boundary() -> tuple[Polygon, float]:
    """The outline along the street axes; the northern street is laid where the area comes out at 16.77 ha."""
    edge = _curve(south, WEST, EAST, step=6.0)
    below = Polygon([*edge, (EAST, 0.0), (WEST, 0.0)]).area
    north = (AREA_M2 - below) / (EAST - WEST)
    return Polygon([*edge, (EAST, north), (WEST, north)]), north


def _slab(cx: float, cy: float, width: float, depth: float, units: int, turn: float = 0.0) -> Polygon:
    """A slab block: staircases stand out on the north side, a light well between units on the south side."""
    w, d, each = width / 2, depth / 2, width / units
    ring = [(-w, -d)]
    for k in range(1, units):
        x = -w + k * each
        ring += [(x - 1.3, -d), (x - 1.3, -d + 1.2), (x + 1.3, -d + 1.2), (x + 1.3, -d)]
    ring += [(w, -d), (w, d)]
    for k in reversed(range(units)):
        x = -w + (k + 0.5) * each
        ring += [(x + 1.7, d), (x + 1.7, d + 1.3), (x - 1.7, d + 1.3), (x - 1.7, d)]
    ring.append((-w, d))
    return affinity.translate(affinity.rotate(Polygon(ring), math.degrees(turn), (0, 0)), cx, cy)


def _tower(cx: float, cy: float) -> Polygon:
    """A point block of five homes a floor: two wings to the south, the lifts in a core to the north."""
    ring = [
        (-13.5, -10), (-4.5, -10), (-4.5, -6.5), (4.5, -6.5), (4.5, -10), (13.5, -10), (13.5, 6), (9, 6), (9, 10.5),
        (-9, 10.5), (-9, 6), (-13.5, 6),
    ]  # fmt: skip
    return Polygon([(cx + x, cy + y) for x, y in ring])


def _homes() -> list[Block]:
    """The 26 residential buildings, numbered from the south-west within each estate."""
    blocks = []
    rows = [(-108, (-205, -139, -73, -7)), (-74, (-205, -139, -73)), (-40, (-205, -139)), (-6, (-205, -139))]
    turn, number = 0.03, 0
    for y, xs in rows:
        for x in xs:
            number += 1
            blocks.append(
                Block(
                    name=f"河滨苑 {number}幢", name_en=f"Hebinyuan {number}", estate=1, code=f"e1-b{number:02}",
                    shape=_slab(x, y + turn * (x + 205), 57, 12.4, 4, turn), levels=6, units=4, homes_per_floor=2,
                )  # fmt: skip
            )
    east = [
        (90, -97, 3), (166, -97, 4), (242, -97, 3), (90, -49, 3), (242, -49, 3), (97, -2, 4), (168, -2, 3), (240, -2, 4),
    ]  # fmt: skip
    wings = {4: box(67.5, -65, 79, -55.6), 5: box(253, -65, 264.5, -55.6)}
    for number, (x, y, units) in enumerate(east, start=1):
        shape = _slab(x, y, 15.0 * units, 13.4, units)
        if number in wings:
            shape = shapely.union_all([shape, wings[number]])
        blocks.append(
            Block(
                name=f"东园 {number}幢", name_en=f"Dongyuan {number}", estate=2, code=f"e2-b{number:02}",
                shape=shape, levels=11 if units == 3 else 9, units=units,
                homes_per_floor=2,
            )  # fmt: skip
        )
    towers = [(82, 66, 18), (139, 66, 18), (196, 66, 18), (253, 66, 18), (104, 149, 26), (167, 149, 26), (230, 149, 26)]
    for number, (x, y, levels) in enumerate(towers, start=1):
        blocks.append(
            Block(
                name=f"新绿里 {number}幢", name_en=f"Xinlüli {number}", estate=3, code=f"e3-b{number:02}",
                shape=_tower(x, y), levels=levels, units=1, homes_per_floor=5,
            )  # fmt: skip
        )
    return blocks


def _public() -> list[Block]:
    """The buildings of the facilities."""

    def block(code: str, name: str, name_en: str, shape: Polygon, levels: int, storey_m: float) -> Block:
        return Block(
            code=code, name=name, name_en=name_en, shape=shape, levels=levels, storey_m=storey_m, use="facility"
        )

    school = shapely.union_all(
        [box(-206, 162, -92, 174), box(-140, 116, -128, 162), box(-104, 116, -92, 162)]
    )
    kindergarten = shapely.union_all([box(-30, 151, 28, 164), box(14, 124, 28, 151)])
    clinic = shapely.union_all([box(-42, 50, 2, 62), box(-32, 62, -8, 72)])
    return [
        block("centre", "邻里中心", "Neighbourhood centre", box(-74, -5.5, -2, 13.5), 3, 4.2),
        block("centre-south", "邻里中心南翼", "Neighbourhood centre, south wing", box(-26, -29.5, -2, -5.5), 4, 4.2),
        block("parking", "公共停车楼", "Public car park", box(-186, 47, -126, 77), 5, 3.2),
        block("supermarket", "生鲜超市", "Supermarket", box(-106, 50, -58, 74), 2, 4.8),
        block("clinic", "社区卫生服务站", "Community clinic", clinic, 3, 3.8),
        block("shops", "桂香街商铺", "Guixiang Street shops", box(10, 46, 34, 80), 2, 4.0),
        block("school", "听荷小学", "Tinghe Primary School", school, 4, 3.8),
        block("gym", "听荷小学体育馆", "Tinghe Primary School sports hall", box(-80, 126, -52, 162), 2, 5.5),
        block("kindergarten", "听荷幼儿园", "Tinghe Kindergarten", kindergarten, 3, 3.6),
        block("recycling-1", "可回收物驿站", "Recycling station", box(-236, 62, -226, 68), 1, 3.6),
        block("recycling-2", "东园分类投放点", "Dongyuan sorting point", box(57, -117.5, 65, -113.5), 1, 3.2),
        block("toilet", "河滨公园公厕", "River park lavatory", box(-64, -147, -52, -141), 1, 3.8),
        block("pavilion", "听雨亭", "Rain pavilion", Polygon(_ring(150, -150, 5.5, 6)), 1, 4.2),
        block("power-1", "东配电房", "Substation east", box(262, 12, 271, 16.5), 1, 3.6),
        block("power-2", "西配电房", "Substation west", box(-240, 12, -230, 17), 1, 3.6),
    ]


def _ring(x: float, y: float, radius: float, corners: int) -> list[tuple[float, float]]:
    return [
        (x + radius * math.cos(2 * math.pi * k / corners), y + radius * math.sin(2 * math.pi * k / corners))
        for k in range(corners)
    ]


def _round(x0: float, y0: float, x1: float, y1: float, radius: float = 4.0) -> Polygon:
    radius = min(radius, (x1 - x0) / 2.01, (y1 - y0) / 2.01)
    return box(x0 + radius, y0 + radius, x1 - radius, y1 - radius).buffer(radius, quad_segs=4)


def _roads(north: float) -> list[Land]:
    def road(name: str | None, name_en: str | None, line: list[tuple[float, float]], width: float) -> Land:
        return Land(layer="road", shape=LineString(line), width_m=width, name=name, name_en=name_en)

    far = 900.0
    quay = [(x, y - 92.0) for x, y in _curve(river, -far, far)]
    roads = [
        road("听荷路", "Tinghe Road", [(-far, MIDDLE), (far, MIDDLE)], 16),
        road("桂香街", "Guixiang Street", [(CROSS, -far), (CROSS, far)], 14),
        road("西堤路", "Xidi Road", [(WEST, float(south(WEST))), (WEST, far)], 11),
        road("东堤路", "Dongdi Road", [(EAST, float(south(EAST))), (EAST, far)], 11),
        road("南溪路", "Nanxi Road", _curve(south, -far, far), 10),
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
    towers = _round(CROSS + 11, MIDDLE + 12, EAST - 9, north - 9, 6)
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
    return [*rows, towers, *(_round(*strip) for strip in strips)]


def _ground(boundary: Polygon, north: float, blocks: list[Block]) -> list[Land]:
    roads = _roads(north)
    streets = shapely.union_all([r.shape.buffer((r.width_m or 0) / 2, cap_style="flat") for r in roads])
    houses = shapely.union_all([b.shape.buffer(2.0, join_style="mitre") for b in blocks])
    pavements = streets.buffer(3.0)
    land = [
        Land(layer="plot", shape=part.buffer(-5).buffer(5, quad_segs=4))
        for part in shapely.get_parts(boundary.difference(pavements))
    ]
    banks = _band(river, -900, 900, 35, -37)
    ponds = [
        (Polygon(_ring(12, -62, 9, 24)).union(Polygon(_ring(22, -70, 7, 24))), "听荷池", "Lotus pond"),
        (affinity.scale(Polygon(_ring(166, 95, 1, 32)), 17, 5.5), None, None),
    ]
    water = [Land(layer="water", shape=banks, name="南溪河", name_en="River Nanxi")]
    water += [Land(layer="water", shape=p, name=zh, name_en=en) for p, zh, en in ponds]
    wet = shapely.union_all([w.shape for w in water])

    squares = [
        (_round(-76, -33, -29, -8, 3), "中心广场", "Centre square"),
        (box(-76, 15, 0, 20.5), None, None),
        (_round(146, -67, 186, -40, 10), "东园中庭", "Dongyuan court"),
        (_round(-102, -57, -80, -9, 2), None, None),
        (box(67, -117.8, 272, -111.4), None, None),
        (box(60, 11, 258, 18), None, None),
        (Polygon([*_curve(south, -241, -110, 8.6), *reversed(_curve(south, -241, -110, 14.4))]), None, None),
        (box(-228, 10.5, -180, 16.5), None, None),
        (_round(-82, 100, -50, 121, 2), "篮球场", "Basketball courts"),
        (_round(-238, 104, -152, 152, 23), "听荷小学操场", "School sports field"),
        (Polygon(_ring(-10, 134, 13, 28)), "幼儿园活动场", "Kindergarten playground"),
        (_round(-110, -156, -84, -142, 5), "河滨广场", "Riverside square"),
        (_round(216, 88, 242, 102, 4), "儿童乐园", "Children's playground"),
        (_round(-226, 60, -200, 70, 3), None, None),
    ]
    lanes: list[tuple[list[tuple[float, float]], float]] = [
        *(([(-241, y - 1.0), (-104, y + 3.0)], 3.0) for y in (-97.6, -63.6, -29.6, 4.4)),
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
    walk = [(x, y + 45.0 + 4.0 * math.sin(x / 27)) for x, y in _curve(river, -330, 360, step=7.0)]
    quay = _curve(river, -420, 460, 38.5, step=9.0)
    paths = [Land(layer="path", shape=LineString(line), width_m=width) for line, width in lanes]
    paths += [
        Land(layer="path", shape=LineString(walk), width_m=3.2, name="河滨步道", name_en="River walk"),
        Land(layer="path", shape=LineString(quay), width_m=2.4),
    ]
    for x in (-214.0, -122.0, -20.0, 120.0, 232.0):
        foot = [(x, float(south(x)) - 5.0), (x + 3.0, float(river(x + 3.0)) + 38.5)]
        paths.append(Land(layer="path", shape=LineString(foot), width_m=2.6))
    paved = [Land(layer="path", shape=s, name=zh, name_en=en) for s, zh, en in squares]
    hard = shapely.union_all(
        [p.shape.buffer((p.width_m or 0) / 2, cap_style="flat") for p in (*paths, *paved)]
    )

    lawns: list[Land] = []
    greens = [*_green(north), _round(-234, 110, -156, 146, 17)]
    field_hole = _round(-234, 110, -156, 146, 17)
    kerbs = streets.buffer(2.7).difference(streets.buffer(1.0)).intersection(box(-262, -141, 295, 198))
    for part in shapely.get_parts(kerbs.difference(shapely.union_all([hard.buffer(1.0), houses]))):
        if part.area > 8:
            lawns.append(Land(layer="green", shape=part.simplify(0.05)))
    solid = shapely.union_all([pavements, houses, wet, hard.difference(field_hole).buffer(0.4)])
    for lawn in greens:
        for part in shapely.get_parts(lawn.difference(solid)):
            if part.area > 12:
                lawns.append(Land(layer="green", shape=part.simplify(0.05)))
    verge = Polygon([*_curve(south, -900, 900, -8.0), *reversed(_curve(river, -900, 900, 35.0))])
    park = verge.union(_band(river, -900, 900, -37, -76))
    banks_green = park.difference(shapely.union_all([pavements, houses, wet, hard.buffer(0.3)]))
    for part in shapely.get_parts(banks_green):
        if part.area > 60:
            near = part.intersects(box(-250, -190, 290, -130))
            lawns.append(
                Land(
                    layer="green", shape=part.simplify(0.05), name="河滨公园" if near else None,
                    name_en="River park" if near else None,
                )  # fmt: skip
            )
    return [*land, *lawns, *water, *paths, *paved, *roads]


def _context(boundary: Polygon, land: list[Land], seed: int) -> tuple[list[Block], list[Land]]:
    """The city around: every block between streets gets one of four plain patterns, or is a park."""
    rng = np.random.default_rng([seed, 1])
    roads = [x for x in land if x.layer == "road"]
    streets = shapely.union_all([r.shape.buffer((r.width_m or 0) / 2 + 7) for r in roads])
    keep_off = shapely.union_all([boundary.buffer(14), _band(river, -900, 900, 84, -84), streets])
    disc = Polygon(_ring(16, 28, 730, 48))
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


def bays(lot: str) -> list[tuple[float, float]]:
    """Centres of the 100 bays of a surface car park, ``west`` (Hebinyuan) or ``east`` (Dongyuan)."""
    step = 2.6
    if lot == "west":
        strip = [(x, float(south(x)) + 11.5) for x in np.arange(-239, -111, step)]
        court = [(x, y) for x in (-98.5, -83.5) for y in np.arange(-54, -12, step)]
        spare = [(x, 13.5) for x in np.arange(-226, -181, step)]
        return [(float(x), float(y)) for x, y in (*strip, *court, *spare)][:100]
    clear = [x for x in np.arange(68, 270, step) if min(abs(x - 131), abs(x - 203)) > 3.5]
    return [(float(x), y) for y in (-114.6, 14.5) for x in clear][:100]


def draw(seed: int = 7) -> Plan:
    """The plan; ``seed`` varies only the city around."""
    boundary, north = _boundary()
    blocks = [*_homes(), *_public()]
    land = _ground(boundary, north, blocks)
    context, parks = _context(boundary, land, seed)
    pavement = 3.0
    quarter = {
        "河滨苑": box(WEST + 8, -170, -104, MIDDLE - 11).union(box(-104.1, -170, CROSS - 10, -60)),
        "东园": box(CROSS + 10, -170, EAST - 8, MIDDLE - 11),
        "新绿里": box(CROSS + 10, MIDDLE + 11, EAST - 8, north - 8),
    }
    inside = boundary.difference(LineString(_curve(south, WEST, EAST, step=6.0)).buffer(5 + pavement))
    estates = tuple(
        (zh, en, quarter[zh].intersection(inside))
        for zh, en in (("河滨苑", "Hebinyuan"), ("东园", "Dongyuan"), ("新绿里", "Xinlüli"))
    )
    spots = {
        "river_park": (-20.0, float(river(-20.0)) + 56.0), "centre_square": (-52.0, -20.0),
        "riverside_square": (-97.0, -149.0), "playground": (229.0, 95.0), "courts": (-66.0, 110.0),
        "bus_east": (64.0, 40.0), "bus_west": (-118.0, 20.0), "lockers_1": (-104.0, 12.0), "lockers_2": (126.0, 14.0),
        "lockers_3": (166.0, 82.0), "garage": (166.0, 106.0), "lot_west": (-172.0, -112.0), "lot_east": (166.0, -112.0),
        "police": (30.0, 84.0), "charging_east": (232.0, -112.0),
    }  # fmt: skip
    return Plan(
        boundary=boundary, estates=estates, blocks=tuple(blocks), context=tuple(context),
        land=(*land, *parks), spots=spots,
    )  # fmt: skip

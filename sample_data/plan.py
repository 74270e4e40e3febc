"""The drawn plan of the sample neighbourhood.

Three estates and a block of public buildings between six streets, a river in the south, the city around.
Everything is invented; the proportions are those of a real Zhejiang project (see README.md in this folder).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely import LineString, Polygon, affinity, box
from shapely.geometry.base import BaseGeometry

from sample_data.ground import build_city, lay_ground
from sample_data.shapes import CROSS, EAST, MIDDLE, WEST, Block, Land, curve, ring, river, south

AREA_M2 = 167_700.0
"""16.77 ha, the published area of the project whose proportions the sample has."""


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


def _boundary() -> tuple[Polygon, float]:
    """The outline along the street axes; the northern street is laid where the area comes out at 16.77 ha."""
    edge = curve(south, WEST, EAST, step=6.0)
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
                )
            )  # fmt: skip
    east = [
        (90, -97, 3), (166, -97, 4), (242, -97, 3), (90, -49, 3), (242, -49, 3), (97, -2, 4), (168, -2, 3),
        (240, -2, 4),
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
            )
        )  # fmt: skip
    towers = [(82, 66, 18), (139, 66, 18), (196, 66, 18), (253, 66, 18), (104, 149, 26), (167, 149, 26), (230, 149, 26)]
    for number, (x, y, levels) in enumerate(towers, start=1):
        blocks.append(
            Block(
                name=f"新绿里 {number}幢", name_en=f"Xinlüli {number}", estate=3, code=f"e3-b{number:02}",
                shape=_tower(x, y), levels=levels, units=1, homes_per_floor=5,
            )
        )  # fmt: skip
    return blocks


def _public() -> list[Block]:
    """The buildings of the facilities."""

    def block(code: str, name: str, name_en: str, shape: Polygon, levels: int, storey_m: float) -> Block:
        return Block(
            code=code, name=name, name_en=name_en, shape=shape, levels=levels, storey_m=storey_m, use="facility"
        )

    school = shapely.union_all([box(-206, 162, -92, 174), box(-140, 116, -128, 162), box(-104, 116, -92, 162)])
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
        block("pavilion", "听雨亭", "Rain pavilion", Polygon(ring(150, -150, 5.5, 6)), 1, 4.2),
        block("power-1", "东配电房", "Substation east", box(262, 12, 271, 16.5), 1, 3.6),
        block("power-2", "西配电房", "Substation west", box(-240, 12, -230, 17), 1, 3.6),
    ]


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
    land = lay_ground(boundary, north, blocks)
    context, parks = build_city(boundary, land, seed)
    pavement = 3.0
    quarter = {
        "河滨苑": box(WEST + 8, -170, -104, MIDDLE - 11).union(box(-104.1, -170, CROSS - 10, -60)),
        "东园": box(CROSS + 10, -170, EAST - 8, MIDDLE - 11),
        "新绿里": box(CROSS + 10, MIDDLE + 11, EAST - 8, north - 8),
    }
    inside = boundary.difference(LineString(curve(south, WEST, EAST, step=6.0)).buffer(5 + pavement))
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

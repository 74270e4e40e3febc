"""The neighbourhood drawn from above at an angle, as SVG: true heights, the far before the near. Pure, no browser.

An orthographic look from the south-south-west, 32 degrees above the ground. Everything is in metres east and north of
a point; a metre up, along and across keep their proportions on the paper. Which building hides which is found on the
plan (``depth_order``); where that has no answer (shapes that interlock) the farther middle is painted first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from math import cos, hypot, radians, sin
from typing import Any

import numpy as np
import shapely
from shapely.geometry import LineString, Polygon

from cockpit.reports import drawing as d

TURN, RISE = radians(-24.0), radians(33.0)
FLAT, UP = sin(RISE), cos(RISE)
SUN = (0.55, 0.32)
"""Where shadows fall, in metres per metre of height."""
MARGIN_M = 38.0
GROUND = {
    "plot": "#F4F1EA", "square": "#EEE9DE", "green": "#D6E5CE", "water": "#BFDCEC", "road": "#FFFFFF",
    "path": "#FBFAF6",
}  # fmt: skip
PAPER, CONTEXT = "#E9ECEB", "#DDE1E4"
SIGNS = {"act": d.ACT, "look": d.LOOK, "blind": d.BLIND}


@dataclass(frozen=True, kw_only=True)
class Block:
    """A building: its outline, from where to where it rises, its colour, a sign over it and a word on its roof."""

    key: str
    outline: Polygon
    base: float
    height: float
    levels: int = 0
    fill: str = CONTEXT
    sign: str = ""
    word: str = ""
    is_context: bool = False


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A name that stands over a point, the important ones first; ``height`` is the roof it stands on."""

    x: float
    y: float
    height: float
    words: str
    is_area: bool = False


@dataclass(frozen=True, kw_only=True)
class Model:
    """What is drawn. ``ground``: shapes by layer; ``frame``: what must be seen whole."""

    frame: Any
    ground: Mapping[str, Sequence[Any]]
    blocks: Sequence[Block]
    spots: Sequence[Spot]
    streets: Sequence[tuple[str, LineString]] = field(default_factory=tuple)


@dataclass(frozen=True, kw_only=True)
class Legend:
    """What colours and signs mean: its title, (fill, words) and (sign, words)."""

    title: str
    fills: Sequence[tuple[str, str]]
    signs: Sequence[tuple[str, str]]
    north: str
    scale: str


class _View:
    """Metres to paper."""

    _COS, _SIN = cos(TURN), sin(TURN)

    def __init__(self, frame: Any, wide: float, tallest: float) -> None:
        outline = np.array([self._turned(x, y) for x, y in shapely.get_coordinates(frame)])
        low, high = outline.min(axis=0) - MARGIN_M, outline.max(axis=0) + MARGIN_M
        self.scale = wide / (high[0] - low[0])
        self._left, self._far = low[0], high[1]
        self.head = tallest * UP * self.scale * 0.55
        self.wide, self.high = wide, (high[1] - low[1]) * FLAT * self.scale + self.head
        beyond = high[1] + self.head / FLAT / self.scale
        corners = ((low[0], low[1]), (high[0], low[1]), (high[0], beyond), (low[0], beyond))
        self.window = Polygon([self._back(x, y) for x, y in corners])

    @staticmethod
    def _turned(x: float, y: float) -> tuple[float, float]:
        return x * _View._COS - y * _View._SIN, x * _View._SIN + y * _View._COS

    @staticmethod
    def _back(u: float, v: float) -> tuple[float, float]:
        return u * cos(TURN) + v * sin(TURN), -u * sin(TURN) + v * cos(TURN)

    def at(self, x: float, y: float, z: float = 0.0) -> tuple[float, float]:
        u, v = self._turned(x, y)
        return (u - self._left) * self.scale, (self._far - v) * FLAT * self.scale + self.head - z * UP * self.scale

    def depth(self, x: float, y: float) -> float:
        return self._turned(x, y)[1]

    def path(self, shape: Any, z: float = 0.0) -> str:
        """A polygon or several as the ``d`` of a path."""
        found = []
        for part in shapely.get_parts(shape):
            if part.geom_type != "Polygon":
                continue
            for ring in (part.exterior, *part.interiors):
                spots = [self.at(x, y, z) for x, y in list(ring.coords)[:-1]]
                found.append("M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in spots) + "Z")
        return "".join(found)


def picture(model: Model, legend: Legend, *, wide: float = 640) -> str:
    """The whole drawing."""
    tallest = max([b.base + b.height for b in model.blocks if not b.is_context] or [20.0])
    view = _View(model.frame, wide, tallest)
    foot = 46.0
    out = d.Drawing(wide, view.high + foot)
    d.hatch(out, "unknown", d.BLIND, "#ECE9F4")
    out.raw(f'<clipPath id="sheet"><rect width="{wide:g}" height="{view.high:.1f}" rx="3"/></clipPath>')
    out.raw('<g clip-path="url(#sheet)">')
    out.shape("rect", width=wide, height=view.high, fill=PAPER)
    _ground(out, view, model)
    near = [b for b in model.blocks if view.window.intersects(b.outline)]
    _shadows(out, view, near)
    for block in depth_order(near):
        _solid(out, view, block)
    _words(out, view, model)
    out.raw("</g>")
    out.shape("rect", width=wide, height=view.high, rx=3, fill="none", stroke=d.LINE, stroke_width=0.8)
    _north(out, view, legend)
    _foot(out, view, legend)
    return out.svg()


def _ground(out: d.Drawing, view: _View, model: Model) -> None:
    for layer, colour in GROUND.items():
        shapes = [s for s in model.ground.get(layer, ()) if s.intersects(view.window)]
        for shape in shapes:
            out.shape("path", d=view.path(shapely.simplify(shape, 0.15)), fill=colour, fill_rule="evenodd")
    outline = view.path(model.frame)
    out.shape("path", d=outline, fill="none", stroke=d.ACCENT, stroke_width=0.9, stroke_dasharray="5 3", opacity=0.55)


def _shadows(out: d.Drawing, view: _View, blocks: Sequence[Block]) -> None:
    """What each wall lets fall on the ground, all in one tone: where two shadows meet it is no darker."""
    fallen = []
    for block in blocks:
        dx, dy = SUN[0] * block.height, SUN[1] * block.height
        ring = list(shapely.simplify(block.outline, 0.8).exterior.coords)
        fallen += [[view.at(x, y) for x, y in ring], [view.at(x + dx, y + dy) for x, y in ring]]
        for (ax, ay), (bx, by) in pairwise(ring):
            fallen.append([view.at(*spot) for spot in ((ax, ay), (bx, by), (bx + dx, by + dy), (ax + dx, ay + dy))])
    drawn = "".join(f"M{_points(_one_way(side)).replace(' ', 'L')}Z" for side in fallen)
    out.raw(f'<path d="{drawn}" fill="#1D2B3A" fill-rule="nonzero" opacity="0.13"/>')


def _one_way(ring: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """A ring turned so that all go round the same way: then what they cover together is one shape."""
    area = sum(ax * by - bx * ay for (ax, ay), (bx, by) in zip(ring, [*ring[1:], ring[0]], strict=True))
    return ring if area >= 0 else ring[::-1]


def depth_order(blocks: Sequence[Block]) -> list[Block]:
    """The blocks from the far to the near, so that painting them in turn hides what is hidden."""
    turned = [Polygon([_View._turned(x, y) for x, y in b.outline.exterior.coords]) for b in blocks]
    bounds = [shape.bounds for shape in turned]
    before: dict[int, set[int]] = {n: set() for n in range(len(blocks))}
    for i in range(len(blocks)):
        for j in range(i + 1, len(blocks)):
            low, high = max(bounds[i][0], bounds[j][0]), min(bounds[i][2], bounds[j][2])
            if high - low < 0.05:
                continue
            first = _farther(blocks[i], blocks[j], turned[i], turned[j], (low + high) / 2)
            if first is not None:
                before[j if first else i].add(i if first else j)
    middles = {n: -shape.centroid.y for n, shape in enumerate(turned)}
    try:
        sorter = TopologicalSorter(before)
        sorter.prepare()
        order: list[int] = []
        while sorter.is_active():
            ready = sorted(sorter.get_ready(), key=lambda n: (middles[n], n))
            order += ready
            sorter.done(*ready)
    except CycleError:
        order = sorted(middles, key=lambda n: (blocks[n].base, middles[n], n))
    return [blocks[n] for n in order]


def _farther(a: Block, b: Block, at: Polygon, bt: Polygon, x: float) -> bool | None:
    """Whether the first is to be painted first; None where neither hides the other."""
    line = LineString([(x, -1e6), (x, 1e6)])
    cut_a, cut_b = at.intersection(line), bt.intersection(line)
    if cut_a.is_empty or cut_b.is_empty:
        return bool(at.centroid.y > bt.centroid.y)
    low_a, high_a, low_b, high_b = cut_a.bounds[1], cut_a.bounds[3], cut_b.bounds[1], cut_b.bounds[3]
    if low_a >= high_b - 0.05:
        return True
    if low_b >= high_a - 0.05:
        return False
    if a.base != b.base:  # one stands on the other
        return a.base < b.base
    return bool(low_a + high_a > low_b + high_b)


def _solid(out: d.Drawing, view: _View, block: Block) -> None:
    z0, z1 = block.base, block.base + block.height
    is_unknown = block.fill.startswith("url")
    tint = "#DAD5E8" if is_unknown else block.fill
    ring = list(shapely.orient_polygons(block.outline).exterior.coords)
    walls = []
    for (ax, ay), (bx, by) in pairwise(ring):
        size = hypot(bx - ax, by - ay)
        if size < 0.01:
            continue
        east, north = (by - ay) / size, -(bx - ax) / size
        facing = east * sin(TURN) + north * cos(TURN)  # away from the eye when positive
        if facing < -1e-6:
            depth, side = view.depth((ax + bx) / 2, (ay + by) / 2), east * cos(TURN) - north * sin(TURN)
            walls.append((depth, side, ax, ay, bx, by))
    walls.sort(key=lambda wall: -wall[0])
    edge = _shade(tint, 0.62)
    for _, side, ax, ay, bx, by in walls:
        corners = [view.at(ax, ay, z0), view.at(bx, by, z0), view.at(bx, by, z1), view.at(ax, ay, z1)]
        light = 0.80 - 0.13 * side
        out.shape("polygon", points=_points(corners), fill=_shade(tint, light), stroke=edge, stroke_width=0.25,
                  stroke_linejoin="round")  # fmt: skip
        if block.levels > 1 and not block.is_context:
            step = block.height / block.levels
            (x0, y0), (x1, y1), rise = *corners[:2], step * UP * view.scale
            lines = "".join(
                f"M{x0:.1f},{y0 - n * rise:.1f}L{x1:.1f},{y1 - n * rise:.1f}" for n in range(1, block.levels)
            )
            out.shape("path", d=lines, stroke="#FFFFFF", stroke_width=0.35, opacity=0.45, fill="none")
    roof = view.path(block.outline, z1)
    out.shape("path", d=roof, fill=_shade(tint, 1.04), fill_rule="evenodd", stroke=edge, stroke_width=0.4,
              stroke_linejoin="round")  # fmt: skip
    if is_unknown:
        out.shape("path", d=roof, fill=block.fill, fill_rule="evenodd")


def _words(out: d.Drawing, view: _View, model: Model) -> None:
    """Signs, then names that do not stand in each other's way, the important ones first."""
    taken: list[tuple[float, float, float, float]] = []
    for block in model.blocks:
        if not block.sign:
            continue
        spot = block.outline.representative_point()
        x, y = view.at(spot.x, spot.y, block.base + block.height)
        sign(out, block.sign, x, y - 11, 6.5)
        taken.append((x - 8, y - 20, x + 8, y - 3))
    for spot in model.spots:
        x, y = view.at(spot.x, spot.y, spot.height)
        size = 9.5 if spot.is_area else 8.0
        half = d.width_of(spot.words, size) / 2 + 3
        lift = 0.0 if spot.is_area else 15.0
        for more in (0.0, 11.0, 22.0, 33.0):
            line = y - lift - more
            area = (x - half, line - size, x + half, line + 4)
            if area[0] < 2 or area[2] > view.wide - 2 or area[1] < 2 or area[3] > view.high - 2:
                continue
            if any(area[0] < t[2] and t[0] < area[2] and area[1] < t[3] and t[1] < area[3] for t in taken):
                continue
            taken.append(area)
            if spot.is_area:
                out.text(x, line, spot.words, size=size, fill="#2F4A66", anchor="middle", halo="#F4F1EA")
            else:
                out.shape("line", x1=x, x2=x, y1=y, y2=line + 3, stroke=d.INK, stroke_width=0.6)
                out.shape("circle", cx=x, cy=y, r=1.5, fill=d.INK)
                out.shape("rect", x=area[0], y=area[1] - 1, width=2 * half, height=size + 5, rx=2.5, fill="#FFFFFF",
                          stroke="#9AA7B6", stroke_width=0.5, opacity=0.95)  # fmt: skip
                out.text(x, line + 0.2, spot.words, size=size, fill=d.INK, anchor="middle")
            break
    for block in model.blocks:
        if not block.word:
            continue
        spot = block.outline.representative_point()
        x, y = view.at(spot.x, spot.y, block.base + block.height)
        half = d.width_of(block.word, 6) / 2
        area = (x - half, y - 4, x + half, y + 3)
        if not any(area[0] < t[2] and t[0] < area[2] and area[1] < t[3] and t[1] < area[3] for t in taken):
            taken.append(area)
            dark = not block.fill.startswith("url") and _bright(block.fill) < 0.55
            out.text(x, y + 2, block.word, size=6.0, fill="#FFFFFF" if dark else d.INK, anchor="middle")


def sign(out: d.Drawing, name: str, x: float, y: float, size: float) -> None:
    """Act: a triangle; look: a diamond; blind: a hollow square. Shapes first, colours second."""
    if name == "act":
        out.shape("polygon", points=_points([(x - size, y + size), (x, y - size), (x + size, y + size)]),
                  fill=d.ACT, stroke="#FFFFFF", stroke_width=1)  # fmt: skip
    elif name == "look":
        out.shape("polygon", points=_points([(x - size, y), (x, y - size), (x + size, y), (x, y + size)]),
                  fill=d.LOOK, stroke="#FFFFFF", stroke_width=1)  # fmt: skip
    else:
        out.shape("rect", x=x - size * 0.8, y=y - size * 0.8, width=size * 1.6, height=size * 1.6, fill="#FFFFFF",
                  stroke=d.BLIND, stroke_width=2)  # fmt: skip


def _north(out: d.Drawing, view: _View, legend: Legend) -> None:
    x, y = view.wide - 26, 30.0
    u, v = view._turned(0.0, 1.0)
    east, south = u * 17, -v * FLAT * 17
    out.shape("circle", cx=x, cy=y, r=19, fill="#FFFFFF", opacity=0.88)
    size = hypot(east, south)
    ex, ey = east / size, south / size
    out.shape("polygon", points=_points([
        (x + ex * 12, y + ey * 12), (x - ey * 4.5 - ex * 8, y + ex * 4.5 - ey * 8), (x - ex * 5, y - ey * 5),
        (x + ey * 4.5 - ex * 8, y - ex * 4.5 - ey * 8),
    ]), fill=d.INK)  # fmt: skip
    out.text(x + ex * 12 + 7, y + ey * 12 + 3, legend.north, size=8, fill=d.INK, anchor="middle", halo="#FFFFFF")


def _foot(out: d.Drawing, view: _View, legend: Legend) -> None:
    y = view.high + 14
    out.text(0, y, legend.title, size=8.5, fill=d.INK2)
    x = d.width_of(legend.title, 8.5) + 12
    for fill, words in legend.fills:
        out.shape("rect", x=x, y=y - 8, width=14, height=9, rx=1.5, fill=fill, stroke="#9AA7B6", stroke_width=0.5)
        out.text(x + 18, y, words, size=8.5, fill=d.INK)
        x += 18 + d.width_of(words, 8.5) + 11
    y, x = view.high + 33, 0.0
    for name, words in legend.signs:
        sign(out, name, x + 6, y - 3.5, 4.5)
        out.text(x + 15, y, words, size=8.5, fill=d.INK)
        x += 15 + d.width_of(words, 8.5) + 14
    metres = next((m for m in (200, 100, 50, 20) if m * view.scale < 150), 10)
    size = metres * view.scale
    left = view.wide - size
    out.shape("path", d=f"M{left:.1f},{y - 8:.1f}V{y - 3:.1f}H{view.wide - 0.4:.1f}V{y - 8:.1f}", fill="none",
              stroke=d.INK, stroke_width=0.9)  # fmt: skip
    out.text(left - 6, y - 1, f"{metres} m · {legend.scale}", size=8, fill=d.INK2, anchor="end")


def _points(pairs: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in pairs)


def _shade(colour: str, by: float) -> str:
    """Darker below 1, lighter above."""
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{min(255, round(part * by)):02X}" for part in parts)


def _bright(colour: str) -> float:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue

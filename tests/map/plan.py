"""A small neighbourhood for the map's tests, and the geometry answer read back the way the browser reads it."""

from __future__ import annotations

import json

import numpy as np
import shapely
from numpy.typing import NDArray

from twin_model.entities import Building, Community, Entity, Ground, HeightSource

LON, LAT = 120.75, 30.76
EAST, NORTH = 95_737.0, 110_870.0  # metres per degree here, good to a few parts in ten thousand


def degrees(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(LON + x / EAST, LAT + y / NORTH) for x, y in points]


def square(x: float, y: float, size: float) -> list[tuple[float, float]]:
    h = size / 2
    return [(x - h, y - h), (x + h, y - h), (x + h, y + h), (x - h, y + h)]


def footprint(outer: list[tuple[float, float]], *holes: list[tuple[float, float]]) -> bytes:
    return bytes(shapely.to_wkb(shapely.Polygon(degrees(outer), [degrees(hole) for hole in holes])))


def building(code: str, shape: bytes, *, height: float = 18.0, use: str = "residential", **more: object) -> Building:
    return Building(
        community_id="c", building_id=f"c-{code}", name=f"{code}幢", use=use, footprint=shape, height_m=height,
        height_source=HeightSource.LEVELS, levels=int(height / 3), **more,
    )  # type: ignore[arg-type]  # fmt: skip


def plan() -> list[Entity]:
    """Nine buildings in three rows, a street, a park and a river."""
    found: list[Entity] = [Community(community_id="c", name="试验社区", name_en="Test community")]
    for k in range(9):
        x, y = (k % 3 - 1) * 60.0, (k // 3 - 1) * 60.0
        found.append(building(f"b{k}", footprint(square(x, y, 26)), height=12.0 + 3 * k))
    line = shapely.LineString(degrees([(-150, 30), (150, 30)]))
    park = shapely.Polygon(degrees([(-120, -130), (120, -130), (120, -100), (-120, -100)]))
    river = shapely.Polygon(degrees([(-200, -180), (200, -180), (200, -140), (-200, -140)]))
    shapes = (("road", line, 8.0, None), ("green", park, None, None), ("water", river, None, "试河"))
    for layer, shape, width, name in shapes:
        wkb = bytes(shapely.to_wkb(shape))
        found.append(
            Ground(community_id="c", ground_id=f"c-{layer}", layer=layer, geometry=wkb, width_m=width, name=name)
        )
    return found


class Answer:
    """A geometry answer read back the way the browser reads it."""

    def __init__(self, raw: bytes) -> None:
        assert raw[:4] == b"CIM1"
        length = int.from_bytes(raw[4:8], "little")
        assert length % 4 == 0
        self.header = json.loads(raw[8 : 8 + length])
        kinds = {"f32": "<f4", "u32": "<u4", "u8": "u1"}
        self.arrays = {}
        for name, a in self.header["arrays"].items():
            start = 8 + length + a["offset"]
            assert start % 4 == 0, f"{name} is not aligned"
            self.arrays[name] = np.frombuffer(raw, kinds[a["type"]], a["length"], start)

    def __getitem__(self, name: str) -> NDArray[np.generic]:
        return self.arrays[name]

    @property
    def ids(self) -> list[str]:
        return list(self.header["buildings"]["ids"])

    def rings(self, number: int) -> list[NDArray[np.generic]]:
        """The rings of one building, (n, 2) metres each."""
        xy = self["b_xy"].reshape(-1, 2)
        first, start = self["b_first_ring"], self["b_ring"]
        return [xy[start[r] : start[r + 1]] for r in range(first[number], first[number + 1])]

    def roof_area(self, number: int) -> float:
        """Square metres covered by the roof triangles of one building."""
        xy, first = self["b_xy"].reshape(-1, 2).astype(float), self["b_first_tri"]
        corners = xy[self["b_tri"][first[number] : first[number + 1]]].reshape(-1, 3, 2)
        u, v = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        return float(np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]).sum() / 2)

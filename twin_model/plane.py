"""A flat plane in metres around a place: transverse Mercator on the WGS 84 ellipsoid, true to 0.1 ‰ within 90 km.

Communities that lie far from each other each have a plane of their own region; the planes stand side by side, further
apart than anybody walks, so that one network can hold them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

REGION_KM = 30.0
"""Communities whose middles lie within this of each other, one by one, are of one region."""
_APART_M = 2_000_000.0
_STEP = 1e-5
_AXIS = 6_378_137.0
_FLAT = 1 / 298.257223563
_E2 = _FLAT * (2 - _FLAT)


@dataclass(frozen=True)
class Planes:
    """One plane per region: ``origins`` are their middles in degrees; ``region_of`` says which a community is in."""

    origins: tuple[tuple[float, float], ...]
    region_of: Mapping[str, int]

    @classmethod
    def around(cls, middles: Mapping[str, tuple[float, float]]) -> Planes:
        """Put communities, by their middles in degrees, into regions; the same regions whatever their order."""
        names = sorted(middles)
        at = np.array([middles[name] for name in names], np.float64).reshape(-1, 2)
        flat = np.radians(at) * np.array([1.0, 1.0]) * (_AXIS / 1000)
        flat[:, 0] *= np.cos(np.radians(at[:, 1]))
        region = np.full(len(names), -1)
        origins: list[tuple[float, float]] = []
        for first in range(len(names)):
            if region[first] >= 0:
                continue
            number, waiting = len(origins), [first]
            region[first] = number
            while waiting:
                near = (region < 0) & (np.hypot(*(flat - flat[waiting.pop()]).T) <= REGION_KM)
                region[near] = number
                waiting += np.flatnonzero(near).tolist()
            lon, lat = at[region == number].mean(axis=0)
            origins.append((float(lon), float(lat)))
        return cls(tuple(origins), dict(zip(names, region.tolist(), strict=True)))

    def metres(self, lonlat: F64, region: NDArray[Any] | int) -> F64:
        """(n, 2) longitude, latitude -> metres; ``region``: of each, or of all."""
        xy = np.empty((len(lonlat), 2))
        which = np.broadcast_to(np.asarray(region), len(lonlat))
        for number, origin in enumerate(self.origins):
            inside = which == number
            if inside.any():
                xy[inside] = _mercator(lonlat[inside], origin) + np.array([number * _APART_M, 0.0])
        return xy

    def degrees(self, xy: F64) -> F64:
        """The way back, by Newton's steps from the middle of the region: (n, 2) metres -> longitude, latitude."""
        region = np.clip(np.rint(xy[:, 0] / _APART_M), 0, len(self.origins) - 1).astype(np.int64)
        found = np.array(self.origins, np.float64)[region]
        for _ in range(4):
            at = self.metres(found, region)
            east = (self.metres(found + np.array([_STEP, 0.0]), region) - at) / _STEP
            north = (self.metres(found + np.array([0.0, _STEP]), region) - at) / _STEP
            miss = xy - at
            turned = east[:, 0] * north[:, 1] - east[:, 1] * north[:, 0]
            found[:, 0] += (miss[:, 0] * north[:, 1] - miss[:, 1] * north[:, 0]) / turned
            found[:, 1] += (miss[:, 1] * east[:, 0] - miss[:, 0] * east[:, 1]) / turned
        return found


def _mercator(lonlat: F64, origin: tuple[float, float]) -> F64:
    """The usual series of the transverse Mercator projection with scale 1 on the middle meridian."""
    lat = np.radians(lonlat[:, 1])
    sin, cos = np.sin(lat), np.cos(lat)
    second = _E2 / (1 - _E2)
    across = _AXIS / np.sqrt(1 - _E2 * sin**2)
    t, c, a = (sin / cos) ** 2, second * cos**2, np.radians(lonlat[:, 0] - origin[0]) * cos
    x = across * (a + (1 - t + c) * a**3 / 6 + (5 - 18 * t + t**2 + 72 * c - 58 * second) * a**5 / 120)
    y = across * np.sqrt(t) * np.sign(sin) * (
        a**2 / 2 + (5 - t + 9 * c + 4 * c**2) * a**4 / 24
        + (61 - 58 * t + t**2 + 600 * c - 330 * second) * a**6 / 720
    )  # fmt: skip
    y += _arc(lat) - _arc(np.radians(np.array([origin[1]])))
    return np.stack([x, y], axis=1)


def _arc(lat: F64) -> F64:
    """Length of the meridian from the equator."""
    e4, e6 = _E2**2, _E2**3
    found = _AXIS * (
        (1 - _E2 / 4 - 3 * e4 / 64 - 5 * e6 / 256) * lat
        - (3 * _E2 / 8 + 3 * e4 / 32 + 45 * e6 / 1024) * np.sin(2 * lat)
        + (15 * e4 / 256 + 45 * e6 / 1024) * np.sin(4 * lat)
        - (35 * e6 / 3072) * np.sin(6 * lat)
    )
    return np.asarray(found, np.float64)

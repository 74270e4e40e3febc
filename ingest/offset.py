"""A layer that lies beside the base map: GCJ-02 or BD-09 not converted, or converted twice.

Written as a search for a displacement, because the layer and the base need not hold the same things.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.coordinates import Points, bd09_to_wgs84, gcj02_to_wgs84, wgs84_to_bd09, wgs84_to_gcj02
from twin_model.procedure import Words

_METRES_PER_DEGREE = 111_320.0
_BIN_M = 15.0
_DIRECTIONS = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")
_DIRECTIONS_ZH = ("北", "东北", "东", "东南", "南", "西南", "西", "西北")


@dataclass(frozen=True, kw_only=True)
class Offset:
    """A layer that fits the base map when moved: how far and where it lies off, and the likely cause."""

    east_m: float
    north_m: float
    share: float
    likely: str | None
    fix: Words

    @property
    def distance_m(self) -> float:
        """Length of the offset in metres."""
        return float(np.hypot(self.east_m, self.north_m))

    @property
    def direction(self) -> str:
        """Where the layer lies, seen from the base."""
        return _DIRECTIONS[self._eighth]

    @property
    def _eighth(self) -> int:
        bearing = np.degrees(np.arctan2(self.east_m, self.north_m)) % 360
        return int((bearing + 22.5) // 45) % 8

    @property
    def told(self) -> Words:
        """Where it lies and what to do."""
        return {
            "zh": f"图层位于底图{_DIRECTIONS_ZH[self._eighth]}方约 {self.distance_m:.0f} m"
            f"（移回后 {self.share:.0%} 吻合）；{self.fix['zh']}",
            "en": f"the layer lies about {self.distance_m:.0f} m {self.direction} of the base map "
            f"({self.share:.0%} of it fits when moved back); {self.fix['en']}",
        }


# what went wrong -> (what moves a true place to where it now lies, what to do)
_MISHAPS: dict[str, tuple[Callable[[Points], Points], Words]] = {
    "gcj02 not converted": (
        wgs84_to_gcj02,
        {
            "zh": "看来是把 GCJ-02 当成了 WGS 84：请用 --crs gcj02 导入",
            "en": "it looks like GCJ-02 read as WGS 84: import it with --crs gcj02",
        },
    ),
    "bd09 not converted": (
        wgs84_to_bd09,
        {
            "zh": "看来是把 BD-09 当成了 WGS 84：请用 --crs bd09 导入",
            "en": "it looks like BD-09 read as WGS 84: import it with --crs bd09",
        },
    ),
    "gcj02 converted twice": (
        gcj02_to_wgs84,
        {
            "zh": "看来 GCJ-02 转换做了两遍：文件已经是 WGS 84，请用 --crs wgs84",
            "en": "it looks like a GCJ-02 conversion done twice: the file is WGS 84 already, use --crs wgs84",
        },
    ),
    "bd09 converted twice": (
        bd09_to_wgs84,
        {
            "zh": "看来 BD-09 转换做了两遍：文件已经是 WGS 84，请用 --crs wgs84",
            "en": "it looks like a BD-09 conversion done twice: the file is WGS 84 already, use --crs wgs84",
        },
    ),
    "bd09 read as gcj02": (
        lambda p: gcj02_to_wgs84(wgs84_to_bd09(p)),
        {
            "zh": "看来是把 BD-09 当成了 GCJ-02：请用 --crs bd09 导入",
            "en": "it looks like BD-09 read as GCJ-02: import it with --crs bd09",
        },
    ),
}


def _metres(points: Points, origin: Points) -> Points:
    """Local east/north metres about ``origin``; good to a few metres over a city."""
    scale = np.array([_METRES_PER_DEGREE * np.cos(np.radians(origin[1])), _METRES_PER_DEGREE])
    return np.asarray((points - origin) * scale)


def offset_from_base(new_layer: Points, base_layer: Points) -> Offset | None:
    """The offset of a layer that lies 150-2,000 m beside the base map, or None.

    Both are WGS 84 representative points (n, 2) of things that should coincide or lie in each other
    (buildings on buildings, facilities on buildings). All displacements between the two are counted in a
    grid; a true offset is a sharp peak that beats the count at no displacement. Fewer than 5 points: None.
    """
    new_layer, base_layer = (np.asarray(p, dtype=np.float64).reshape(-1, 2) for p in (new_layer, base_layer))
    if len(new_layer) < 5 or len(base_layer) < 5:
        return None
    origin = np.median(base_layer, axis=0)
    new, base = _metres(_sample(new_layer, 400), origin), _metres(base_layer, origin)
    reach = 2_000.0
    low, high = new.min(axis=0) - reach, new.max(axis=0) + reach
    base = _sample(base[((base >= low) & (base <= high)).all(axis=1)], 5_000)
    if len(base) < 5:
        return None
    steps = (new[:, None, :] - base[None, :, :]).reshape(-1, 2)
    steps = steps[np.abs(steps).max(axis=1) <= reach]
    half = int(reach // _BIN_M) + 1
    cells = np.rint(steps / _BIN_M).astype(np.int64) + half
    width = 2 * half + 1
    votes = np.bincount(cells[:, 0] * width + cells[:, 1], minlength=width * width).reshape(width, width)
    padded = np.pad(votes, 1)
    votes = sum(  # type: ignore[assignment]  # 3 x 3 neighbourhood: a peak may fall on a cell border
        padded[i : i + width, j : j + width] for i in range(3) for j in range(3)
    )
    place = _METRES_PER_DEGREE * np.cos(np.radians(origin[1]))
    for cause, (mishap, fix) in _MISHAPS.items():
        east, north = _metres(mishap(origin[None, :]), origin)[0]
        if np.hypot(east, north) < 100:  # outside China nothing moves
            continue
        i, j = (round(value / _BIN_M) + half for value in (east, north))
        here = votes[i - 1 : i + 2, j - 1 : j + 2]
        if _peaks(float(here.max()), votes, len(new), half):
            return Offset(
                east_m=float(east), north_m=float(north), share=min(1.0, float(here.max()) / len(new)),
                likely=cause, fix=fix,
            )  # fmt: skip
    i, j = np.unravel_index(int(votes.argmax()), votes.shape)
    east, north = (int(i) - half) * _BIN_M, (int(j) - half) * _BIN_M
    count = float(votes[i, j])
    if np.hypot(east, north) >= 150 and count >= 0.6 * len(new) and _peaks(count, votes, len(new), half):
        degrees = f"{east / place:+.5f}°, {north / _METRES_PER_DEGREE:+.5f}°"
        unexplained: Words = {
            "zh": f"没有已知的转换能解释：请检查文件的中央子午线或基准（偏移 {degrees}）",
            "en": "no known conversion explains it: check the central meridian or datum of the file (shift found: "
            f"{degrees})",
        }
        return Offset(east_m=east, north_m=north, share=min(1.0, count / len(new)), likely=None, fix=unexplained)
    return None


def _sample(points: Points, most: int) -> Points:
    return points if len(points) <= most else points[:: -(-len(points) // most)]


def _peaks(count: float, votes: NDArray[np.int64], size: int, half: int) -> bool:
    """Whether ``count`` votes stand out: enough of the layer, clearly more than unmoved, and the top."""
    unmoved = float(votes[half - 1 : half + 2, half - 1 : half + 2].max())
    return count >= max(4.0, 0.35 * size) and count >= 1.5 * unmoved and count >= 0.8 * float(votes.max())

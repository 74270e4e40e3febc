"""Coordinate reference systems of Chinese community data, all brought to WGS 84 (lon, lat) once.

Arrays are ``float64 (n, 2)`` with x/longitude first. GCJ-02 and BD-09 use the public approximation of the
undisclosed official formulas; it has no closed inverse, so the inverse is a fixed-point iteration. CGCS2000
is taken as WGS 84: PROJ itself does so ("ballpark"), the true difference is below a metre.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from ingest.refusals import Refusal
from twin_model.procedure import Words

Points = NDArray[np.float64]

# The rectangle of the public formula; outside it GCJ-02 and BD-09 equal WGS 84.
CHINA = (72.004, 0.8293, 137.8347, 55.8271)
_AXIS = 6378245.0  # Krasovsky 1940 semi-major axis, as in the public formula
_ECC2 = 0.00669342162296594323
_BD_PI = np.pi * 3000.0 / 180.0
_ITERATIONS = 12

NAMED = ("wgs84", "cgcs2000", "gcj02", "bd09")
TURNED_ZH, TURNED = "；北坐标在前，已对调", "; its axes are north first, swapped"


class CrsUnknown(Refusal):
    """The text names no coordinate reference system that can be used here."""


def in_china(points: Points) -> NDArray[np.bool_]:
    """Whether each point lies in the rectangle in which the public GCJ-02 formula applies."""
    lon, lat = points[:, 0], points[:, 1]
    west, south, east, north = CHINA
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def _gcj_shift(points: Points) -> Points:
    """WGS 84 -> GCJ-02 as a shift in degrees, everywhere (the caller knows about borders)."""
    x, y = points[:, 0] - 105.0, points[:, 1] - 35.0
    root = np.sqrt(np.abs(x))
    sin = np.sin
    common = (20.0 * sin(6.0 * x * np.pi) + 20.0 * sin(2.0 * x * np.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + common
    north += (20.0 * sin(y * np.pi) + 40.0 * sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * sin(y / 12.0 * np.pi) + 320.0 * sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + common
    east += (20.0 * sin(x * np.pi) + 40.0 * sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * sin(x / 12.0 * np.pi) + 300.0 * sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    lat = np.radians(points[:, 1])
    magic = 1.0 - _ECC2 * sin(lat) ** 2
    d_lat = np.degrees(north * magic * np.sqrt(magic) / (_AXIS * (1.0 - _ECC2)))
    d_lon = np.degrees(east * np.sqrt(magic) / (_AXIS * np.cos(lat)))
    return np.column_stack([d_lon, d_lat])


def _gcj_everywhere(points: Points) -> Points:
    return points + _gcj_shift(points)


def _bd_from_gcj(points: Points) -> Points:
    x, y = points[:, 0], points[:, 1]
    radius = np.hypot(x, y) + 0.00002 * np.sin(y * _BD_PI)
    angle = np.arctan2(y, x) + 0.000003 * np.cos(x * _BD_PI)
    return np.column_stack([radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006])


def _bd_everywhere(points: Points) -> Points:
    return _bd_from_gcj(_gcj_everywhere(points))


def _inverse(forward: Callable[[Points], Points], target: Points) -> Points:
    """Solve ``forward(p) = target``; the shift changes by under 3 % per step, so twelve steps reach 1e-9 m."""
    guess = target.copy()
    for _ in range(_ITERATIONS):
        guess += target - forward(guess)
    return guess


def _applied_in_china(move: Callable[[Points], Points], points: Points) -> Points:
    points = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    inside = in_china(points)
    moved = points.copy()
    if inside.any():
        moved[inside] = move(points[inside])
    return moved


def wgs84_to_gcj02(points: Points) -> Points:
    """(n, 2) WGS 84 -> GCJ-02; identity outside China."""
    return _applied_in_china(_gcj_everywhere, points)


def gcj02_to_wgs84(points: Points) -> Points:
    """(n, 2) GCJ-02 -> WGS 84 by fixed-point iteration; identity outside China."""
    return _applied_in_china(lambda inside: _inverse(_gcj_everywhere, inside), points)


def wgs84_to_bd09(points: Points) -> Points:
    """(n, 2) WGS 84 -> BD-09; identity outside China."""
    return _applied_in_china(_bd_everywhere, points)


def bd09_to_wgs84(points: Points) -> Points:
    """(n, 2) BD-09 -> WGS 84 by fixed-point iteration; identity outside China."""
    return _applied_in_china(lambda inside: _inverse(_bd_everywhere, inside), points)


def parse_crs(text: str) -> str:
    """One spelling per system: ``wgs84``, ``cgcs2000``, ``gcj02``, ``bd09`` or ``EPSG:n``.

    Understands EPSG numbers, OGC URNs and URLs and the usual nicknames; raises CrsUnknown otherwise.
    """
    plain = re.sub(r"[\s_-]", "", text.strip().lower())
    nicknames = {
        "wgs84": "wgs84", "gps": "wgs84", "4326": "wgs84", "crs84": "wgs84", "epsg:4326": "wgs84",
        "cgcs2000": "cgcs2000", "2000": "cgcs2000", "4490": "cgcs2000", "epsg:4490": "cgcs2000",
        "gcj02": "gcj02", "gcj": "gcj02", "amap": "gcj02", "高德": "gcj02", "腾讯": "gcj02", "火星": "gcj02",
        "bd09": "bd09", "bd": "bd09", "baidu": "bd09", "bd09ll": "bd09", "百度": "bd09",
    }  # fmt: skip
    if plain in nicknames:
        return nicknames[plain]
    if re.search(r"crs:?84h?$|ogc[:/].*crs84", plain):
        return "wgs84"
    found = re.search(r"epsg(?::|/|\.xml#)+(?:[\d.]*[:/])?(\d{4,6})$", plain) or re.fullmatch(r"(\d{4,6})", plain)
    if not found:
        raise CrsUnknown(
            f"“{text}”不是坐标系；请写 wgs84、cgcs2000、gcj02、bd09 或 EPSG 编号，如 EPSG:4549",
            f"'{text}' names no coordinate system; write wgs84, cgcs2000, gcj02, bd09 or an EPSG number "
            "such as EPSG:4549",
        )
    number = int(found.group(1))
    if number in (4326, 4979):
        return "wgs84"
    if number == 4490:
        return "cgcs2000"
    try:
        CRS.from_epsg(number)
    except CRSError:
        raise CrsUnknown(
            f"EPSG:{number} 不在 EPSG 登记册里；请检查编号",
            f"EPSG:{number} is not in the EPSG register; check the number",
        ) from None
    return f"EPSG:{number}"


@lru_cache(maxsize=32)
def _transformer(crs: str) -> Transformer:
    system = CRS.from_user_input(crs)
    if system.is_compound:  # the vertical part (EPSG:7415: NAP heights) says nothing about lon/lat
        system = system.sub_crs_list[0]
    # CGCS2000 projected -> its own geographic system, which is then taken as WGS 84
    target = CRS.from_epsg(4490 if "CGCS2000" in system.name or "China Geodetic" in system.name else 4326)
    return Transformer.from_crs(system, target, always_xy=True)


def to_wgs84(points: Points, crs: str) -> Points:
    """(n, 2) x/lon first, in ``crs`` as spelled by :func:`parse_crs` -> WGS 84 degrees.

    Points a projection cannot take come back as infinity, which the caller rejects as out of bounds.
    """
    points = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    if crs in ("wgs84", "cgcs2000"):
        return points
    if crs == "gcj02":
        return gcj02_to_wgs84(points)
    if crs == "bd09":
        return bd09_to_wgs84(points)
    lon, lat = _transformer(crs).transform(points[:, 0], points[:, 1])
    return np.column_stack([lon, lat])


def gauss_kruger(central_meridian: int, *, zone_number: bool) -> str:
    """The 3-degree CGCS2000 Gauss-Kruger system: EPSG 4513-4533 with, 4534-4554 without zone number."""
    zone, rest = divmod(central_meridian, 3)
    if rest or not 25 <= zone <= 45:
        raise CrsUnknown(
            f"{central_meridian}°E 不是中国 3 度带的中央子午线；应为 75、78、… 135",
            f"{central_meridian}°E is no central meridian of a 3-degree zone in China; they are 75, 78, ... 135",
        )
    return f"EPSG:{(4513 if zone_number else 4534) + zone - 25}"


@dataclass(frozen=True, kw_only=True)
class CrsGuess:
    """A coordinate system with the sentence that says why; ``swap`` = the file has y/latitude first."""

    crs: str
    reason: Words
    swap: bool = False
    sure: bool = True


_NORTHING = (1_800_000.0, 6_100_000.0)  # 16°N to 55°N


def _within(values: Points, low: float, high: float) -> bool:
    return bool(values.size) and bool(((values >= low) & (values <= high)).mean() >= 0.95)


def guess_crs(points: Points, declared: str | None = None, near: tuple[float, float] | None = None) -> CrsGuess:
    """Guess the system of ``points (n, 2)`` and say why.

    ``declared`` is what the file itself names, ``near`` (lon, lat) a place known to be close: it settles
    the central meridian of coordinates without zone number. Raises CrsUnknown when nothing fits.
    """
    points = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return CrsGuess(
            crs="wgs84", sure=False,
            reason={"zh": "没有坐标可供判断，按 WGS 84", "en": "no coordinates to judge by; WGS 84 assumed"},
        )  # fmt: skip
    x, y = points[:, 0], points[:, 1]
    if declared:
        crs = parse_crs(declared)
        swap = _swapped(x, y, crs)
        zh, en = (TURNED_ZH, TURNED) if swap else ("", "")
        return CrsGuess(
            crs=crs, swap=swap, reason={"zh": f"文件写明 {declared}{zh}", "en": f"the file names {declared}{en}"}
        )
    if _within(x, -180, 180) and _within(y, -90, 90):
        if _within(x, 3, 54) and _within(y, 73, 136):
            return CrsGuess(
                crs="wgs84", swap=True, sure=False,
                reason={
                    "zh": "中国境内的度数，纬度在前，已对调，按 WGS 84",
                    "en": "degrees in China with latitude first; swapped, WGS 84 assumed",
                },
            )  # fmt: skip
        return CrsGuess(
            crs="wgs84", sure=False,
            reason={
                "zh": "是度数，没有写坐标系，按 WGS 84（GCJ-02、BD-09 看上去一样："
                "高德、腾讯、百度的数据请加 --crs gcj02 或 bd09）",
                "en": "degrees, no system named; WGS 84 assumed (GCJ-02 and BD-09 look alike: "
                "say --crs gcj02 or bd09 for data from Amap, Tencent or Baidu)",
            },
        )  # fmt: skip
    if _within(x, -90, 90) and _within(y, -180, 180):
        return CrsGuess(
            crs="wgs84", swap=True, sure=False,
            reason={
                "zh": "是度数，纬度在前（第二个数超过 90），已对调，按 WGS 84",
                "en": "degrees with latitude first (second value beyond 90); swapped, WGS 84 assumed",
            },
        )  # fmt: skip
    for east, north, swap in ((x, y, False), (y, x, True)):
        guess = _projected(east, north, swap, near)
        if guess:
            return guess
    corners = f"({x.min():.0f}, {y.min():.0f})", f"({x.max():.0f}, {y.max():.0f})"
    raise CrsUnknown(
        f"坐标从 {corners[0]} 到 {corners[1]}，与已知的坐标系都不符；请用 --crs EPSG:编号 写明",
        f"coordinates from {corners[0]} to {corners[1]} fit no system known here; say which with --crs EPSG:number",
    )


def _swapped(x: Points, y: Points, crs: str) -> bool:
    """Whether the declared system only makes sense with the axes turned."""
    if crs in NAMED:
        return not _within(y, -90, 90) and _within(x, -90, 90) and _within(y, -180, 180)
    zoned = crs.removeprefix("EPSG:")
    if zoned.isdigit() and 4491 <= int(zoned) <= 4554:  # survey practice: X is the northing, Y the easting
        eastings = _within(y, 100_000, 900_000) or _within(y, 13_000_000, 46_000_000)
        return _within(x, *_NORTHING) and eastings
    return False


def _projected(east: Points, north: Points, swap: bool, near: tuple[float, float] | None) -> CrsGuess | None:
    turned: Words = {"zh": "，北坐标在前（测量轴序），已对调", "en": ", north first (survey axis order), swapped"}
    if not swap:
        turned = {"zh": "", "en": ""}
    if _within(north, *_NORTHING):
        if _within(east, 24_500_000, 45_999_999):
            zone = int(np.median(east) // 1_000_000)
            crs = gauss_kruger(zone * 3, zone_number=True)
            return CrsGuess(
                crs=crs, swap=swap,
                reason={
                    "zh": f"东坐标以带号 {zone} 开头：CGCS2000 三度带高斯-克吕格，"
                    f"中央子午线 {zone * 3}°E{turned['zh']}",
                    "en": f"eastings begin with zone number {zone}: CGCS2000 3-degree Gauss-Kruger, central "
                    f"meridian {zone * 3}°E{turned['en']}",
                },
            )  # fmt: skip
        if _within(east, 16_000_000, 23_999_999):  # zones 13 to 15 (Xinjiang) look like Web Mercator
            zone = int(np.median(east) // 1_000_000)
            return CrsGuess(
                crs=f"EPSG:{4491 + zone - 13}", swap=swap, sure=False,
                reason={
                    "zh": f"东坐标以带号 {zone} 开头：CGCS2000 六度带高斯-克吕格{turned['zh']}",
                    "en": f"eastings begin with zone number {zone}: CGCS2000 6-degree Gauss-Kruger{turned['en']}",
                },
            )  # fmt: skip
        if _within(east, 250_000, 750_000):
            return _without_zone(swap, near, turned)
    if not swap and _within(east, 8_000_000, 15_300_000) and _within(north, 300_000, 7_600_000):
        return CrsGuess(
            crs="EPSG:3857", sure=False,
            reason={
                "zh": "以米计，在中国网络地图的范围内：Web 墨卡托（EPSG:3857）",
                "en": "metres in the range of web maps over China: Web Mercator (EPSG:3857)",
            },
        )  # fmt: skip
    if not swap and _within(east, 0, 300_000) and _within(north, 300_000, 625_000):
        return CrsGuess(
            crs="EPSG:28992", sure=False,
            reason={
                "zh": "没有写坐标系；以米计，在荷兰国家格网的范围内（EPSG:28992）",
                "en": "no system named; metres in the range of the Dutch national grid (EPSG:28992)",
            },
        )  # fmt: skip
    return None


def _without_zone(swap: bool, near: tuple[float, float] | None, turned: Words) -> CrsGuess:
    if near is not None:
        meridian = round(near[0] / 3) * 3
        why: Words = {
            "zh": f"中央子午线 {meridian}°E 取自社区所在位置",
            "en": f"central meridian {meridian}°E taken from the place of the community",
        }
    else:
        meridian = 120
        why = {
            "zh": "文件没有写中央子午线，按 120°E（浙江）：如果落在错误的位置，"
            "请加 --crs EPSG:4534（75°E）… EPSG:4554（135°E）",
            "en": "the file does not tell the central meridian; 120°E (Zhejiang) assumed: if the map lands in "
            "the wrong place, say --crs EPSG:4534 (75°E) ... EPSG:4554 (135°E)",
        }
    return CrsGuess(
        crs=gauss_kruger(meridian, zone_number=False), swap=swap, sure=near is not None,
        reason={
            "zh": f"以米计，东坐标加 500 km：CGCS2000 三度带高斯-克吕格，{why['zh']}{turned['zh']}",
            "en": f"metres with 500 km false easting: CGCS2000 3-degree Gauss-Kruger, {why['en']}{turned['en']}",
        },
    )  # fmt: skip

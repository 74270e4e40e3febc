"""Candidate sites (备选点位) of the sample community: idle spaces, two parcels, ground floors; two say no cost."""

from __future__ import annotations

import numpy as np

from ingest.rhythm import Ints
from sample_data.records_base import NONE, Draw, Rows, at, calendar, coded, day_of, given, texts
from sample_data.shapes import degrees

_Site = tuple[str, str, tuple[float, float], float, float, tuple[int, int, int], str | None]
_SITES: tuple[_Site, ...] = (
    # title, kind, place in the plan, area, yuan per m2 and year (NaN: not stated), available from, document
    ("老锅炉房附房", "idle_space", (-118.0, 64.0), 75.0, 260.0, (2024, 1, 1), "闲置用房清查表 2024-1"),
    ("东园自行车库", "idle_space", (96.0, 58.0), 240.0, 180.0, (2024, 1, 1), "闲置用房清查表 2024-1"),
    ("河滨苑沿街空铺", "idle_space", (-150.0, -64.0), 130.0, 620.0, (2025, 6, 1), "招商台账 2025-14"),
    ("新绿里架空层东段", "idle_space", (120.0, -92.0), 380.0, 150.0, (2025, 6, 1), "架空层利用方案"),
    ("西侧停车场北角地块", "parcel", (-172.0, -112.0), 620.0, float("nan"), (2024, 1, 1), "地籍图 N-07"),
    ("东侧停车场地块", "parcel", (166.0, -112.0), 900.0, float("nan"), (2024, 1, 1), "地籍图 E-02"),
    ("河滨苑4幢底层", "building", (-64.0, -70.0), 210.0, 480.0, (2025, 1, 1), "住改公意向书"),
    ("东园2幢底层", "building", (64.0, 92.0), 190.0, 450.0, (2025, 1, 1), "住改公意向书"),
)


def _found(year: int) -> _Site:
    place = (-30.0 + 25.0 * (year % 4), -128.0)
    return f"{year}年清查腾退用房", "idle_space", place, 96.0, 220.0, (year, 10, 12), f"闲置用房清查表 {year}-10"


def candidate_site(draw: Draw, days: Ints) -> Rows:
    """Eight since 2024, one more found in the survey of every October; the shop on the street is let from 2028 on."""
    del draw
    years = [year for year in range(2026, int(calendar(days[-1])[0]) + 1) if day_of(year, 10, 12) <= days[-1]]
    sites = [*_SITES, *(_found(year) for year in years)]
    since = np.array([day_of(*site[5]) for site in sites])
    until = np.array([day_of(2027, 12, 31) if site[0] == "河滨苑沿街空铺" else NONE for site in sites])
    places = [degrees(site[2]) for site in sites]
    columns = {
        "site_no": coded("BX", np.arange(len(sites)) + 1, 2), "title": texts([site[0] for site in sites]),
        "kind": texts([site[1] for site in sites]), "lon": np.array([lon for lon, _ in places]),
        "lat": np.array([lat for _, lat in places]), "area_m2": np.array([site[3] for site in sites]),
        "yuan_per_m2": np.array([site[4] for site in sites]), "available_from": since,
        "until": given(until != NONE, until), "document": texts([site[6] for site in sites]),
    }  # fmt: skip
    return Rows(columns, at(since, 15.0))

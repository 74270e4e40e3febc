"""The facilities of the sample city: 35,000 of some thirty kinds, more of them where more people live, and unevenly so.

How many there are of a kind, their sizes and hours are invented; which kinds a neighbourhood has is what the standards
of complete communities and living circles ask for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sample_data.city_plan import Floats, Ints, apportioned

DAY, SHOP, OFFICE, SCHOOL, ALWAYS = (
    "Mo-Su 07:30-20:30", "Mo-Su 07:00-22:00", "Mo-Fr 08:30-17:30", "Mo-Fr 07:30-17:30", "24/7",
)  # fmt: skip
NEED = 0.4
"""How unevenly services that somebody has to build are spread; shops follow the people."""


@dataclass(frozen=True)
class Kind:
    """``each``: how many a community has on average. ``area``, ``capacity``: usual, None where no number fits.

    ``own``: it stands in a building of its own. ``public``: somebody has to build it; a market would not.
    """

    kind: str
    zh: str
    en: str
    each: float
    area: float | None = None
    capacity: int | None = None
    hours: str | None = None
    own: bool = False
    public: bool = True


KINDS = (
    Kind("centre", "社区综合服务站", "Service station", 1.0, 960, None, OFFICE, own=True),
    Kind("kindergarten", "幼儿园", "Kindergarten", 0.78, 3_100, 270, SCHOOL, own=True),
    Kind("nursery", "托育园", "Nursery", 0.5, 240, 45, SCHOOL),
    Kind("primary_school", "小学", "Primary school", 0.24, 11_000, 1_080, SCHOOL, own=True),
    Kind("school", "中学", "Secondary school", 0.15, 19_000, 1_400, SCHOOL, own=True),
    Kind("clinic", "社区卫生服务站", "Community clinic", 0.85, 190, None, DAY),
    Kind("hospital", "医院", "Hospital", 0.04, 21_000, 300, ALWAYS, own=True),
    Kind("pharmacy", "药店", "Pharmacy", 0.85, 90, None, SHOP, public=False),
    Kind("day_care", "居家养老服务中心", "Day care for elders", 0.85, 420, 34, DAY),
    Kind("nursing_home", "养老院", "Nursing home", 0.08, 6_800, 190, ALWAYS, own=True),
    Kind("canteen", "社区食堂", "Community canteen", 0.5, 260, 70, "Mo-Su 06:30-19:00"),
    Kind("library", "共享书屋", "Shared library", 0.26, 110, 30, DAY),
    Kind("culture", "文化活动站", "Culture station", 0.6, 380, 90, DAY),
    Kind("supermarket", "生鲜超市", "Supermarket", 0.9, 820, None, SHOP, public=False),
    Kind("convenience", "便利店", "Convenience store", 2.3, 70, None, SHOP, public=False),
    Kind("market", "农贸市场", "Market", 0.24, 1_400, None, "Mo-Su 05:30-18:30"),
    Kind("shop", "便民商铺", "Shop", 3.7, 55, None, SHOP, public=False),
    Kind("barber", "理发店", "Barber", 1.0, 45, None, SHOP, public=False),
    Kind("restaurant", "餐馆", "Restaurant", 2.7, 120, None, SHOP, public=False),
    Kind("post", "快递驿站", "Parcel station", 0.7, 40, None, SHOP, public=False),
    Kind("parcel_lockers", "快递柜", "Parcel lockers", 1.3, None, 120, ALWAYS, public=False),
    Kind("property_office", "物业服务点", "Property office", 0.7, 70, None, DAY, public=False),
    Kind("waste", "垃圾收集站", "Waste station", 0.4, 140, None, ALWAYS),
    Kind("recycling", "可回收物驿站", "Recycling point", 0.6, 30, None, DAY),
    Kind("parking", "公共停车场", "Car park", 1.3, None, 110, ALWAYS),
    Kind("charging", "充电站", "Charging station", 0.9, None, 16, ALWAYS),
    Kind("bicycle_parking", "非机动车棚", "Bicycle shed", 1.1, 90, 60, ALWAYS),
    Kind("bus_stop", "公交站", "Bus stop", 1.7),
    Kind("subway", "地铁站", "Metro station", 0.06),
    Kind("toilet", "公共厕所", "Public toilet", 0.8, 60, None, ALWAYS),
    Kind("park", "口袋公园", "Pocket park", 0.6, 2_600, None, ALWAYS),
    Kind("square", "邻里广场", "Square", 0.33, 900, None, ALWAYS),
    Kind("playground", "儿童活动场地", "Playground", 0.75, 240, None, ALWAYS),
    Kind("pitch", "多功能运动场地", "Sports pitch", 0.45, 820, None, "Mo-Su 06:00-21:30"),
    Kind("fitness", "百姓健身房", "Fitness room", 1.2, 180, 40, "Mo-Su 06:30-21:00"),
    Kind("police", "警务室", "Police post", 0.2, 60, None, ALWAYS),
)


def spread(total: int, homes: Ints, subdistrict_of: Ints, seed: int) -> tuple[Ints, Ints]:
    """The kind (its place in ``KINDS``) and community of each facility.

    Public services are thin in some subdistricts and thick in others; a few communities have hardly any.
    """
    rng = np.random.default_rng([seed, 65])
    many = apportioned(total, np.array([kind.each for kind in KINDS]))
    served = rng.lognormal(0, NEED, subdistrict_of.max() + 1)[subdistrict_of] * rng.lognormal(0, NEED, len(homes))
    kinds, places = [], []
    for number, (kind, count) in enumerate(zip(KINDS, many.tolist(), strict=True)):
        people = homes / homes.mean()
        weight = np.sqrt(people) * served if kind.public else people * rng.lognormal(0, 0.3, len(homes))
        places.append(rng.choice(len(homes), size=count, p=weight / weight.sum()))
        kinds.append(np.full(count, number))
    return np.concatenate(kinds), np.concatenate(places)


def sizes(usual: list[float | None], rng: np.random.Generator, *, missing: float, whole: bool) -> list[float | None]:
    """Around what is usual; None where no number fits, and in ``missing`` of the others."""
    factor: Floats = rng.lognormal(-0.06, 0.38, len(usual))
    known = rng.random(len(usual)) >= missing
    rounded = (lambda value: max(1, round(value))) if whole else (lambda value: float(max(8, round(value))))
    return [
        rounded(one * f) if one is not None and k else None for one, f, k in zip(usual, factor, known, strict=True)
    ]

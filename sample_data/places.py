"""Facilities of the sample community and the rooms of its neighbourhood centre, as tables.

A place lies in a building of the plan (``code``) or at one of its spots. Opening hours are written as
OpenStreetMap does. Everything is invented.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A facility: ``at`` is a building code, or the name of a spot of the plan. ``room``: where in the building."""

    code: str
    facility_kind: str
    name: str
    name_en: str
    at: str
    area_m2: float | None = None
    capacity: int | None = None
    opening_hours: str | None = None
    room: str | None = None


@dataclass(frozen=True)
class Space:
    """A room: ``box`` is west, south, east, north in metres; ``capacity`` None where no number limits it."""

    code: str
    room_kind: str
    name: str
    name_en: str
    floor: int
    box: tuple[float, float, float, float]
    capacity: int | None
    counted: bool = True


PLACES = (
    Place("centre", "centre", "邻里中心", "Neighbourhood centre", "centre", 6408, None, "Mo-Su 07:30-21:00"),
    Place("canteen", "canteen", "老年食堂", "Elder canteen", "centre", 380, 80, "Mo-Su 10:30-18:30", room="canteen"),
    Place("clinic", "clinic", "社区卫生服务站", "Community clinic", "clinic", 2304, 80, "Mo-Su 08:00-17:30"),
    Place("school", "primary_school", "听荷小学", "Tinghe Primary School", "school", 9888, 720, "Mo-Fr 07:30-17:30"),
    Place("kindergarten", "kindergarten", "听荷幼儿园", "Tinghe Kindergarten", "kindergarten", 3396, 240,
          "Mo-Fr 07:30-17:00"),
    Place("supermarket", "supermarket", "生鲜超市", "Supermarket", "supermarket", 2304, 160, "Mo-Su 07:00-21:30"),
    Place("parking", "parking", "公共停车楼", "Public car park", "parking", 9000, 300, "24/7"),
    Place("garage", "parking", "新绿里地下车库", "Xinlüli underground garage", "garage", 9600, 280, "24/7"),
    Place("lot-west", "parking", "河滨苑地面车位", "Hebinyuan surface parking", "lot_west", 1300, 100, "24/7"),
    Place("lot-east", "parking", "东园地面车位", "Dongyuan surface parking", "lot_east", 1300, 100, "24/7"),
    Place("charging-1", "charging", "停车楼充电区", "Car park charging", "parking", None, 30, "24/7"),
    Place("charging-2", "charging", "东园充电区", "Dongyuan charging", "charging_east", None, 12, "24/7"),
    Place("park", "park", "河滨公园", "River park", "river_park", 21000, 600, "24/7"),
    Place("square", "square", "中心广场", "Centre square", "centre_square", 1175, None, "24/7"),
    Place("riverside", "square", "河滨广场", "Riverside square", "riverside_square", 364, None, "24/7"),
    Place("playground", "playground", "儿童乐园", "Children's playground", "playground", 364, 40, "24/7"),
    Place("courts", "sports", "篮球场", "Basketball courts", "courts", 672, 40, "Mo-Su 06:00-21:30"),
    Place("gym", "sports", "听荷小学体育馆", "School sports hall", "gym", 2016, 150, "Sa-Su 08:00-20:00"),
    Place("bus-west", "bus_stop", "听荷路西站", "Tinghe Road West stop", "bus_west", None, None, "Mo-Su 05:40-22:30"),
    Place("bus-east", "bus_stop", "听荷路东站", "Tinghe Road East stop", "bus_east", None, None, "Mo-Su 05:40-22:30"),
    Place("lockers-1", "parcel_lockers", "河滨苑快递柜", "Hebinyuan parcel lockers", "lockers_1", None, 120, "24/7"),
    Place("lockers-2", "parcel_lockers", "东园快递柜", "Dongyuan parcel lockers", "lockers_2", None, 120, "24/7"),
    Place("lockers-3", "parcel_lockers", "新绿里快递柜", "Xinlüli parcel lockers", "lockers_3", None, 160, "24/7"),
    Place("recycling-1", "recycling", "可回收物驿站", "Recycling station", "recycling-1", 60, None,
          "Mo-Su 07:00-20:00"),
    Place("recycling-2", "recycling", "东园分类投放点", "Dongyuan sorting point", "recycling-2", 32, None,
          "Mo-Su 06:30-21:00"),
    Place("toilet", "toilet", "河滨公园公厕", "River park lavatory", "toilet", 72, None, "24/7"),
    Place("police", "police", "警务室", "Police post", "police", 40, None, "24/7"),
    Place("pharmacy", "pharmacy", "桂香药房", "Guixiang Pharmacy", "shops", 120, None, "Mo-Su 08:00-21:30"),
    Place("convenience", "convenience", "桂香便利店", "Guixiang convenience store", "shops", 140, None,
          "Mo-Su 06:30-23:00"),
    Place("barber", "barber", "街角理发店", "Corner barber", "shops", 60, None, "Mo-Su 09:00-20:30"),
    Place("property-1", "property_office", "河滨苑物业服务点", "Hebinyuan property office", "e1-b04", 90, None,
          "Mo-Su 08:00-20:00"),
    Place("property-2", "property_office", "东园物业服务点", "Dongyuan property office", "e2-b02", 90, None,
          "Mo-Su 08:00-20:00"),
    Place("property-3", "property_office", "新绿里物业服务点", "Xinlüli property office", "e3-b02", 110, None,
          "Mo-Su 08:00-20:00"),
)  # fmt: skip

SPACES = (
    Space("canteen", "canteen", "老年食堂", "Elder canteen", 1, (-74, -5.5, -54, 13.5), 80),
    Space("kitchen", "kitchen", "后厨", "Kitchen", 1, (-54, -5.5, -48, 13.5), None, counted=False),
    Space("lobby", "lobby", "大厅", "Lobby", 1, (-48, -5.5, -24, 13.5), None),
    Space("services", "service_hall", "便民服务大厅", "Service hall", 1, (-24, -5.5, -2, 2.5), 40),
    Space("health", "health_hut", "健康小屋", "Health hut", 1, (-24, 5.5, -13, 13.5), 12),
    Space("tea", "tea_house", "百姓茶室", "Tea house", 1, (-13, 5.5, -2, 13.5), 36),
    Space("library", "library", "共享书房", "Shared study", 2, (-74, -5.5, -50, 13.5), 60),
    Space("learning", "community_school", "社区学校", "Community school", 2, (-50, 5.5, -14, 13.5), 90),
    Space("council", "council_room", "议事厅", "Council room", 2, (-50, -5.5, -34, 2.5), 40),
    Space("parlour", "parlour", "居民会客厅", "Residents' parlour", 2, (-34, -5.5, -18, 2.5), 24),
    Space("dance", "dance_room", "舞蹈室", "Dance room", 2, (-14, -5.5, -2, 13.5), 30),
    Space("auditorium", "auditorium", "社区礼堂", "Community hall", 3, (-74, -5.5, -48, 13.5), 200),
    Space("makers", "makers_space", "创客空间", "Makers' space", 3, (-48, 5.5, -26, 13.5), 24),
    Space("cockpit", "cockpit", "CIM驾驶舱", "CIM cockpit", 3, (-26, 5.5, -2, 13.5), 16),
    Space("volunteers", "volunteers", "志愿者之家", "Volunteers' room", 3, (-48, -5.5, -30, 2.5), 24),
    Space("social", "social_work", "社工与网格工作站", "Social work and grid office", 3, (-30, -5.5, -2, 2.5), 24),
    Space("nursery", "nursery", "托育园", "Nursery", 1, (-26, -29.5, -2, -9.5), 40),
    Space("daycare", "day_care", "日间照料中心", "Day care", 2, (-26, -29.5, -2, -9.5), 30),
    Space("homework", "homework_class", "四点半课堂", "After-school class", 3, (-26, -29.5, -14, -9.5), 30),
    Space("children", "childrens_room", "儿童之家", "Children's room", 3, (-14, -29.5, -2, -9.5), 30),
    Space("fitness", "fitness_room", "百姓健身房", "Fitness room", 4, (-26, -29.5, -2, -9.5), 40),
)

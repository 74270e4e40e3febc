"""The devices of the sample community: 2,586 of 26 types, in three dialects.

Every home of an elder living alone has a kit (SOS button, motion, door, smoke, gas, water meter; some a fall
radar, a bed sensor or a band, a room climate sensor, a canteen order). Buildings, rooms, car parks and streets have
the rest. Addresses are what the devices would call themselves: an EUI for LoRaWAN, a friendly name for Zigbee, a
number for plain JSON.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np
from shapely import LineString, Point, Polygon

from sample_data.places import SPACES
from sample_data.plan import Plan, bays
from sample_data.shapes import CROSS, EAST, MIDDLE, WEST, Block, degrees, river, south
from twin_model.entities import Device, Home

RADARS, BEDS, BANDS, BATHROOMS = 48, 40, 24, 60
CLIMATES, MEALS = 36, 64
LAMPS, BINS, CAMERAS = 84, 40, 44

Spot = tuple[float, float]

CO2_ROOMS = (
    "canteen", "lobby", "services", "tea", "library", "learning", "council", "dance", "auditorium", "makers",
    "nursery", "daycare", "homework", "fitness",
)  # fmt: skip
CLIMATE_ROOMS = tuple(s.code for s in SPACES if s.code not in ("kitchen", "lobby"))


@dataclass
class Fleet:
    """Devices as they are added; numbers run per type."""

    community_id: str
    devices: list[Device] = field(default_factory=list)
    _count: Counter[str] = field(default_factory=Counter)

    def add(
        self, type: str, name: str, dialect: str, *, near: str = "", at: Spot | None = None,
        height: float | None = None, home: str | None = None, room: str | None = None, facility: str | None = None,
        building: str | None = None,
    ) -> None:  # fmt: skip
        """One more device of ``type``; ``at`` in metres of the plan, ``near`` goes into a Zigbee name."""
        self._count[type] += 1
        number = self._count[type]
        lon, lat = degrees(at) if at else (None, None)
        self.devices.append(
            Device(
                community_id=self.community_id, device_id=f"{self.community_id}-{type.replace('_', '-')}-{number:04}",
                type=type, name=name, dialect=dialect, address=_address(type, dialect, near, number), home_id=home,
                room_id=room, facility_id=facility, building_id=building, lon=lon, lat=lat, height_m=height,
            )
        )  # fmt: skip


_TYPES = (
    "sos_button", "motion", "door_contact", "smoke", "gas", "water_leak", "water_meter", "fall_radar", "bed_sensor",
    "vital_band", "people_counter", "co2", "temperature", "electricity_meter", "parking_bay", "parking_barrier",
    "ev_charger", "lift", "air_quality", "street_lamp", "waste_bin", "gate", "camera_event", "meal_point", "gateway",
    "meal_order",
)  # fmt: skip


def _address(type: str, dialect: str, near: str, number: int) -> str:
    if dialect == "chirpstack":
        return f"70b3d5{_TYPES.index(type) + 1:02x}{number:08x}"
    if dialect == "zigbee2mqtt":
        return f"{near or 'c'}-{type.replace('_', '-')}-{number:04}"
    return f"{type.replace('_', '-')}-{number:04}"


def fleet(community_id: str, plan: Plan, homes: list[Home], seed: int) -> list[Device]:
    """All devices of the plan; ``homes`` of the community, those with ``elder_alone`` get a kit."""
    out = Fleet(community_id)
    _kits(out, [h for h in homes if h.elder_alone], seed)
    _buildings(out, plan)
    _centre(out, plan)
    _parking(out)
    _streets(out, plan)
    _meals_and_warmth(out, [h for h in homes if h.elder_alone])
    return _behind_gateways(out.devices, {h.home_id: h.building_id for h in homes})


def _behind_gateways(devices: list[Device], building_of: dict[str, str]) -> list[Device]:
    """All devices of a home, and the Zigbee ones elsewhere, speak through the gateway of their building."""
    gateways = {d.building_id: d.device_id for d in devices if d.type == "gateway"}

    def through(device: Device) -> str | None:
        if device.type == "gateway" or (device.home_id is None and device.dialect != "zigbee2mqtt"):
            return None
        building = device.building_id or building_of.get(device.home_id or "")
        if device.room_id:
            building = f"{device.community_id}-b-centre"
        elif device.facility_id:
            building = device.facility_id.replace("-f-", "-b-")
        return gateways.get(building)

    return [replace(d, gateway_id=gateway) if (gateway := through(d)) else d for d in devices]


def _kits(out: Fleet, homes: list[Home], seed: int) -> None:
    rng = np.random.default_rng([seed, 3])
    order = rng.permutation(len(homes))
    extra = {
        kind: set(order[np.arange(count) * step % len(homes)].tolist())
        for kind, count, step in (("bath", BATHROOMS, 1), ("radar", RADARS, 1), ("bed", BEDS, 3), ("band", BANDS, 5))
    }
    for k, home in enumerate(homes):
        near, hid = home.building_id.removeprefix(f"{home.community_id}-"), home.home_id
        plain = k % 7 == 0
        out.add("sos_button", "卫生间求助按钮", "zigbee2mqtt" if k % 10 < 7 else "chirpstack", near=near, home=hid)
        out.add("motion", "客厅人体红外", "json" if plain else "zigbee2mqtt", near=near, home=hid)
        out.add("door_contact", "入户门磁", "json" if plain else "zigbee2mqtt", near=near, home=hid)
        out.add("smoke", "厨房烟感", "zigbee2mqtt" if k % 2 else "chirpstack", near=near, home=hid)
        out.add("gas", "厨房燃气探测器", "chirpstack", home=hid)
        out.add("water_meter", "入户水表", "json" if k % 5 == 0 else "chirpstack", home=hid)
        if k in extra["bath"]:
            out.add("motion", "卫生间人体红外", "zigbee2mqtt", near=near, home=hid)
        if k in extra["radar"]:
            out.add("fall_radar", "卫生间跌倒雷达", "json", home=hid)
        if k in extra["bed"]:
            out.add("bed_sensor", "卧室睡眠监测垫", "json", home=hid)
        if k in extra["band"]:
            out.add("vital_band", "健康手环", "json", home=hid)


def _meals_and_warmth(out: Fleet, homes: list[Home]) -> None:
    """Every third home orders at the canteen, every sixth has a climate sensor in the bedroom."""
    for k in range(MEALS):
        out.add("meal_order", "老年食堂订餐", "json", home=homes[k * 3 % len(homes)].home_id)
    for k in range(CLIMATES):
        home = homes[(k * 6 + 1) % len(homes)]
        near = home.building_id.removeprefix(f"{home.community_id}-")
        out.add("temperature", "卧室温湿度", "zigbee2mqtt", near=near, home=home.home_id)


def _centre_of(block: Block) -> Spot:
    point = block.shape.representative_point()
    return point.x, point.y


def doors(block: Block) -> list[Spot]:
    """Entrances of the staircases of a residential block, on its north side (towers: south)."""
    west, low, east, high = block.shape.bounds
    if block.estate == 3:
        return [((west + east) / 2, low + 2.0)]
    step = (east - west) / block.units
    return [(west + (k + 0.5) * step, high + 0.5) for k in range(block.units)]


def _buildings(out: Fleet, plan: Plan) -> None:
    cid = out.community_id
    for number, block in enumerate(b for b in plan.blocks if b.use == "residential"):
        bid, middle = f"{cid}-{block.code}", _centre_of(block)
        for unit, door in enumerate(doors(block), start=1):
            out.add("gate", f"{block.name} {unit}单元门禁", "json", at=door, height=1.5, building=bid)
        for lift in range(0 if block.estate == 1 else block.units if block.estate == 2 else 2):
            which = f"{lift + 1}单元电梯" if block.estate == 2 else f"{lift + 1}号电梯"
            out.add("lift", f"{block.name} {which}", "json", at=middle, building=bid)
        meter = "json" if number % 2 else "chirpstack"
        out.add("electricity_meter", f"{block.name} 总电表", meter, at=middle, height=1.0, building=bid)
        leak = "zigbee2mqtt" if number % 2 else "chirpstack"
        out.add("water_leak", f"{block.name} 管道井水浸", leak, near=block.code, at=middle, height=0.1, building=bid)
        out.add("gateway", f"{block.name} 网关", "json", at=middle, height=block.height_m, building=bid)
        west, low, _, _ = block.shape.bounds
        out.add("camera_event", f"{block.name} 消防通道", "json", at=(west - 1.5, low + 3), height=4.0, building=bid)
    public = {b.code: b for b in plan.blocks if b.use == "facility"}
    for code in ("centre", "centre-south", "parking", "supermarket", "clinic", "shops", "school", "gym",
                 "kindergarten", "recycling-1"):  # fmt: skip
        block = public[code]
        out.add("electricity_meter", f"{block.name} 总电表", "json", at=_centre_of(block), building=f"{cid}-b-{code}")
    for code in ("centre", "parking", "supermarket", "clinic", "shops", "school", "gym", "kindergarten", "power-1",
                 "toilet"):  # fmt: skip
        block = public[code]
        out.add("gateway", f"{block.name} 网关", "json", at=_centre_of(block), height=block.height_m,
                building=f"{cid}-b-{code}")  # fmt: skip
    for code in ("centre", "clinic", "school", "kindergarten"):
        out.add("water_leak", f"{public[code].name} 泵房水浸", "zigbee2mqtt", near=code, at=_centre_of(public[code]),
                building=f"{cid}-b-{code}")  # fmt: skip


def _centre(out: Fleet, plan: Plan) -> None:
    cid = out.community_id
    middle = {s.code: ((s.box[0] + s.box[2]) / 2, (s.box[1] + s.box[3]) / 2, s.floor) for s in SPACES}
    names = {s.code: s.name for s in SPACES}

    def room(type: str, code: str, name: str, dialect: str, aside: float = 0.0) -> None:
        x, y, floor = middle[code]
        out.add(type, f"{names[code]} {name}", dialect, near=f"centre-{code}", at=(x + aside, y),
                height=(floor - 1) * 4.2 + 2.6, room=f"{cid}-r-{code}")  # fmt: skip

    for space in SPACES:
        if space.counted:
            room("people_counter", space.code, "客流", "json")
    for number, code in enumerate(CO2_ROOMS):
        room("co2", code, "空气", "zigbee2mqtt" if number % 2 else "chirpstack", 1.0)
    for number, code in enumerate(CLIMATE_ROOMS):
        room("temperature", code, "温湿度", "json" if number % 3 == 0 else "zigbee2mqtt", -1.0)
    for window in range(3):
        room("meal_point", "canteen", f"取餐口{window + 1}", "json", -2.0 + window)

    public = {b.code: b for b in plan.blocks if b.use == "facility"}
    counted = (("clinic", 1), ("school", 1), ("kindergarten", 1), ("supermarket", 1))
    for code, _ in counted:
        out.add("people_counter", f"{public[code].name} 客流", "json", at=_centre_of(public[code]),
                facility=f"{cid}-f-{code}")  # fmt: skip
    for gate in (-122.0, 120.0):
        spot = (gate, float(south(gate)) - 9.0)
        out.add("people_counter", f"河滨公园 {'西' if gate < 0 else '东'}入口客流", "json", at=spot, height=3.5,
                facility=f"{cid}-f-park")  # fmt: skip
    air = (("school", 4, "教室"), ("kindergarten", 3, "活动室"), ("clinic", 1, "候诊区"))
    climate = (
        ("school", 11, "教室"), ("kindergarten", 5, "活动室"), ("clinic", 2, "诊室"), ("supermarket", 2, "卖场"),
        ("gym", 1, "场馆"),
    )  # fmt: skip
    for type, dialects, wanted in (
        ("co2", ("zigbee2mqtt", "chirpstack"), air),
        ("temperature", ("zigbee2mqtt", "json"), climate),
    ):
        for code, count, what in wanted:
            block = public[code]
            x, y = _centre_of(block)
            for k in range(count):
                name = f"{block.name} {what}{k + 1} {'空气' if type == 'co2' else '温湿度'}"
                out.add(type, name, dialects[k % 2], near=code, at=(x + k * 0.8 - count * 0.4, y),
                        height=2.6 + 3.6 * (k % block.levels), facility=f"{cid}-f-{code}")  # fmt: skip


def _parking(out: Fleet) -> None:
    cid = out.community_id
    for deck in range(5):
        for row in range(6):
            for k in range(10):
                at = (-183.0 + k * 5.9, 50.0 + row * 4.8)
                name = f"停车楼 {deck + 1}层 {row * 10 + k + 1:02}号位"
                out.add("parking_bay", name, "chirpstack", at=at, height=deck * 3.2, facility=f"{cid}-f-parking")
    for lot, label in (("west", "河滨苑"), ("east", "东园")):
        for k, at in enumerate(bays(lot), start=1):
            name = f"{label}地面 {k:03}号位"
            out.add("parking_bay", name, "chirpstack", at=at, height=0.0, facility=f"{cid}-f-lot-{lot}")
    for zone, x in (("A", 110.5), ("B", 224.5)):
        out.add("parking_barrier", f"新绿里地下车库 {zone}区道闸", "json", at=(x, 46.0), facility=f"{cid}-f-garage")
    for k in range(30):
        at = (-183.0 + (k % 10) * 5.9, 50.0 + (k // 10) * 4.8)
        out.add("ev_charger", f"停车楼 {k + 1:02}号充电桩", "json", at=at, height=1.2, facility=f"{cid}-f-charging-1")
    for k in range(12):
        at = bays("east")[60 + k]
        out.add("ev_charger", f"东园 {k + 1:02}号充电桩", "json", at=at, height=1.2, facility=f"{cid}-f-charging-2")


def _streets(out: Fleet, plan: Plan) -> None:
    cid = out.community_id
    north = plan.boundary.bounds[3]
    lines = [
        ("tinghe", "听荷路", [(WEST + 14, MIDDLE + 9.2), (EAST - 10, MIDDLE + 9.2)]),
        ("guixiang", "桂香街", [(CROSS - 8.2, -118.0), (CROSS - 8.2, north - 10)]),
        ("xidi", "西堤路", [(WEST + 6.7, -120.0), (WEST + 6.7, north - 10)]),
        ("dongdi", "东堤路", [(EAST - 6.7, -112.0), (EAST - 6.7, north - 10)]),
        ("nanxi", "南溪路", [(x, float(south(x)) - 6.2) for x in np.arange(WEST + 14, EAST - 6, 9)]),
        ("xueqian", "学前路", [(WEST + 14, north - 6.7), (EAST - 10, north - 6.7)]),
        ("walk", "河滨步道", [(x, float(river(x)) + 41.0) for x in np.arange(-240.0, 276.0, 9.0)]),
    ]
    paths = [(code, name, LineString(points)) for code, name, points in lines]
    total = sum(path.length for _, _, path in paths)
    placed = 0
    for number, (code, name, path) in enumerate(paths):
        last = number == len(paths) - 1
        count = LAMPS - placed if last else round(LAMPS * path.length / total)
        for k in range(count):
            at = path.interpolate((k + 0.5) / count, normalized=True)
            dialect = "zigbee2mqtt" if code in ("guixiang", "walk") else "chirpstack"
            out.add("street_lamp", f"{name} {k + 1:02}号灯", dialect, near=code, at=(at.x, at.y), height=8.0)
        placed += count
    homes = [b for b in plan.blocks if b.use == "residential"]
    houses = [b.shape for b in plan.blocks]
    for block in homes:
        _, _, east, high = block.shape.bounds
        out.add("waste_bin", f"{block.name} 分类桶", "chirpstack", at=_free((east + 3.0, high + 1.5), houses))
    for k in range(BINS - len(homes)):
        x = -235.0 + k * 37.0
        out.add("waste_bin", f"河滨公园 {k + 1:02}号桶", "chirpstack", at=(x, float(river(x)) + 50.0))
    cameras = [
        ("河滨苑西门", (-241.0, -60.0)), ("河滨苑北门", (-172.0, 20.0)), ("河滨苑南门", (-104.0, -120.0)),
        ("东园北门", (131.0, 20.0)), ("东园南门", (203.0, -118.0)), ("东园东门", (274.0, -67.0)),
        ("新绿里南门", (110.5, 42.0)), ("新绿里东门", (274.0, 113.0)), ("新绿里西门", (57.0, 113.0)),
        ("中心广场", (-52.0, -20.0)), ("河滨广场", (-97.0, -149.0)), ("学校门前", (-146.0, 96.0)),
        ("幼儿园门前", (-10.0, 98.0)), ("停车楼入口", (-120.0, 60.0)), ("超市门前", (-82.0, 46.5)),
        ("听荷路桂香街口", (54.0, 40.0)), ("南溪桥头", (54.0, -139.0)), ("儿童乐园", (229.0, 103.0)),
    ]  # fmt: skip
    for name, at in cameras[: CAMERAS - len(homes)]:
        out.add("camera_event", f"{name} 摄像机", "json", at=at, height=5.0)
    stations = [
        ("邻里中心", (-38.0, 4.0), 13.0), ("听荷小学", (-150.0, 168.0), 15.6), ("河滨公园", (-20.0, -165.0), 3.5),
        ("河滨苑", (-172.0, -57.0), 3.5), ("东园", (166.0, -30.0), 3.5), ("新绿里", (166.0, 110.0), 3.5),
    ]  # fmt: skip
    for k, (name, at, height) in enumerate(stations):
        where = {0: f"{cid}-f-centre", 2: f"{cid}-f-park"}.get(k)
        dialect = "chirpstack" if k > 3 else "json"
        out.add("air_quality", f"{name} 空气站", dialect, at=at, height=height, facility=where)


def _free(spot: Spot, houses: list[Polygon]) -> Spot:
    """``spot``, moved north until it stands in no building."""
    x, y = spot
    while any(h.distance(Point(x, y)) < 0.5 for h in houses):
        y += 1.0
    return x, y

"""Rows of lists -> entities: devices and facilities here, gates in ``gates``, homes and residents in ``rows``."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime

import numpy as np
import shapely

from ingest import shapes
from ingest.coordinates import Points, to_wgs84
from ingest.features import settle_crs, slug
from ingest.gates import Gates
from ingest.naming import facility_kind, near, plain, unknown_kind
from ingest.places import Places
from ingest.report import Gathered, Job
from ingest.rows import Homes, Reader, Residents, other_community, unknown_home
from ingest.tables import Record, RowError, Table, decimal, shown, whole_number
from twin_model.catalogue import Catalogue
from twin_model.entities import Device, Facility, Room
from twin_model.procedure import Words

DEVICE: Words = {"zh": "设备", "en": "device"}
FACILITY: Words = {"zh": "设施", "en": "facility"}
_CJK = re.compile(r"[\u4e00-\u9fff]")


def gather(table: Table, job: Job, places: Places, catalogue: Catalogue, now: datetime) -> Gathered:
    """The entities of a table. ``now`` turns dates of birth into ages. Raises CrsUnknown."""
    records = list(table)
    if table.layer == "homes":
        return Homes(job, places).gather(records)
    if table.layer == "residents":
        return Residents(job, places, now).gather(records)
    located = Located(records, job, places)
    if table.layer == "devices":
        return _Devices(job, places, catalogue, located).gather(records)
    if table.layer == "paths":
        return Gates(job, places, located).gather(records)
    return _Facilities(job, places, located).gather(records)


class Located:
    """Positions of rows in WGS 84, after the system of the whole table is settled."""

    def __init__(self, records: list[Record], job: Job, places: Places) -> None:
        self.at: dict[int, tuple[float, float]] = {}
        self.wrong: dict[int, RowError] = {}
        found: list[tuple[int, float, float]] = []
        for index, record in enumerate(records):
            try:
                pair = _pair(record)
            except RowError as error:
                self.wrong[id(record)] = error
                continue
            if pair:
                found.append((index, *pair))
        if not found:
            return
        points: Points = np.array([(x, y) for _, x, y in found], dtype=np.float64)
        guess = settle_crs(points, None, job, places)
        moved = to_wgs84(points[:, ::-1] if guess.swap else points, guess.crs)
        for (index, x, y), (lon, lat) in zip(found, moved.tolist(), strict=True):
            if np.isfinite([lon, lat]).all() and abs(lon) <= 180 and abs(lat) <= 90:
                self.at[id(records[index])] = (lon, lat)
            else:
                self.wrong[id(records[index])] = RowError(
                    "out_of_bounds",
                    f"位于 {x:g}, {y:g}，超出坐标系 {guess.crs} 的范围；请检查坐标，或用 --crs 写明坐标系",
                    f"lies at {x:g}, {y:g}, outside the coordinate system {guess.crs}; check it, or say --crs",
                )

    def of(self, record: Record) -> tuple[float, float] | None:
        """(lon, lat), None if the row states none; raises RowError if it states a wrong one."""
        if id(record) in self.wrong:
            raise self.wrong[id(record)]
        return self.at.get(id(record))


def _pair(record: Record) -> tuple[float, float] | None:
    both = record.get("lonlat")
    if both:
        numbers = re.findall(r"-?\d+(?:\.\d+)?", both)
        if len(numbers) != 2:
            raise RowError(
                "bad_value",
                f"坐标是“{shown(both)}”；应为两个数：经度, 纬度",
                f"coordinates are '{shown(both)}'; expected two numbers: longitude, latitude",
            )
        return float(numbers[0]), float(numbers[1])
    x, y = decimal(record, "lon"), decimal(record, "lat")
    if (x is None) != (y is None):
        raise RowError(
            "missing_value",
            f"{'经度' if x is None else '纬度'}是空的；经度和纬度要么都填，要么都不填",
            f"{'longitude' if x is None else 'latitude'} is empty; expected both or none",
        )
    return None if x is None or y is None else (x, y)


class _Devices(Reader):
    def __init__(self, job: Job, places: Places, catalogue: Catalogue, located: Located) -> None:
        super().__init__(job, places)
        self.located = located
        self.types = catalogue.sensor_types
        self.titles = {plain(t): name for name, kind in self.types.items() for t in (name, *kind.title.values())}
        self.dialects = sorted({d for kind in self.types.values() for m in kind.metrics.values() for d in m.paths})
        self.addresses = {key: device.device_id for key, device in places.devices_by_address.items()}

    def take(self, record: Record) -> None:
        address = record.get("address")
        own = record.get("device_id")
        if address and own and _CJK.search(address):  # where it hangs, not how it is called
            address = None
        identity = own or f"{self.job.community_id}-{slug(address or '')}"
        if not own and not address:
            raise RowError(
                "missing_value", "设备编号是空的；请填设备编号", "device_id is empty; expected the number of the device"
            )
        kind = self._type(record)
        dialect = (record.get("dialect") or "json").strip().lower()
        if dialect not in self.dialects:
            hint = near(
                dialect, self.dialects, f"；应为 {'、'.join(self.dialects)}", f"; expected {', '.join(self.dialects)}"
            )
            raise RowError(
                "unknown_dialect",
                f"不认识协议“{shown(dialect)}”{hint['zh']}",
                f"dialect '{shown(dialect)}' is not known{hint['en']}",
            )
        stored = self.places.known(Device).get(identity)
        if stored and stored.community_id != self.job.community_id:
            raise other_community(DEVICE, identity, stored.community_id)
        key = (dialect, address or (stored.address if stored and stored.dialect == dialect else own) or identity)
        if self.addresses.get(key, identity) != identity:
            raise RowError(
                "duplicate",
                f"地址 {key[1]}（{dialect}）已由设备 {self.addresses[key]} 使用；每台设备的地址应不同",
                f"address {key[1]} ({dialect}) is taken by device {self.addresses[key]}; each device has its own",
            )
        place = self.located.of(record)
        device = Device(
            community_id=self.job.community_id, device_id=identity, type=kind, name=record.get("name"),
            dialect=dialect, address=key[1], lon=place[0] if place else None, lat=place[1] if place else None,
            height_m=decimal(record, "height"), **self._where(record),
        )  # fmt: skip
        self.once(identity, record, DEVICE, identity)
        self.addresses[key] = identity
        self.gathered.add(record.row, "devices", device)

    def _type(self, record: Record) -> str:
        word = record.get("type")
        if not word:
            raise RowError(
                "missing_value",
                f"设备类型是空的；应为 {'、'.join(sorted(self.types))} 之一",
                f"type is empty; expected one of {', '.join(sorted(self.types))}",
            )
        kind = self.titles.get(plain(word))
        if kind is None:
            known = sorted(self.types)
            hint = near(
                word, [*self.types, *self.titles], f"；已声明 {'、'.join(known)}", f"; known are {', '.join(known)}"
            )
            raise RowError(
                "unknown_type",
                f"没有声明过设备类型“{shown(word)}”{hint['zh']}",
                f"device type '{shown(word)}' is not declared{hint['en']}",
            )
        return kind

    def _where(self, record: Record) -> dict[str, str]:
        """The narrowest place a row names: home, room, facility or building."""
        if record.get("home_id") or record.get("number"):
            home = self.home(record)
            if home is None:
                raise unknown_home(record.get("home_id") or record.get("number") or "")
            return {"home_id": home.home_id}
        if record.get("room_id") or record.get("room"):
            return {"room_id": self._room(record).room_id}
        if record.get("facility_id") or record.get("facility"):
            return {"facility_id": self._facility(record).facility_id}
        if record.get("building_id") or record.get("building"):
            return {"building_id": self.building(record).building_id}
        return {}

    def _facility(self, record: Record) -> Facility:
        word = record.get("facility_id") or record.get("facility") or ""
        known = self.places.known(Facility).get(word)
        found = [known] if known else self.places.facilities_named.get(word, [])
        found = [f for f in found if f.community_id == self.job.community_id]
        if len(found) == 1:
            return found[0]
        if found:
            raise RowError(
                "ambiguous",
                f"有 {len(found)} 处设施都叫“{shown(word)}”；请写设施编号 facility_id",
                f"{len(found)} facilities are called '{shown(word)}'; say which with facility_id",
            )
        hint = near(
            word, self.places.facilities_named,
            "；请先导入设施，或检查名称", "; import the facilities first, or check the name",
        )  # fmt: skip
        raise RowError(
            "unknown_facility", f"没有设施“{shown(word)}”{hint['zh']}", f"no facility '{shown(word)}'{hint['en']}"
        )

    def _room(self, record: Record) -> Room:
        word = record.get("room_id") or record.get("room") or ""
        known = self.places.known(Room).get(word)
        found = [known] if known else self.places.rooms_named.get(word, [])
        found = [r for r in found if r.community_id == self.job.community_id]
        if len(found) > 1 and (record.get("facility_id") or record.get("facility")):
            facility = self._facility(record)
            found = [r for r in found if r.facility_id == facility.facility_id]
        if len(found) == 1:
            return found[0]
        if found:
            raise RowError(
                "ambiguous",
                f"有 {len(found)} 个房间都叫“{shown(word)}”；请写明设施，或房间编号 room_id",
                f"{len(found)} rooms are called '{shown(word)}'; name the facility, or room_id",
            )
        hint = near(
            word, self.places.rooms_named,
            "；请先导入房间，或检查名称", "; import the rooms first, or check the name",
        )  # fmt: skip
        raise RowError("unknown_room", f"没有房间“{shown(word)}”{hint['zh']}", f"no room '{shown(word)}'{hint['en']}")


class _Facilities(Reader):
    def __init__(self, job: Job, places: Places, located: Located) -> None:
        super().__init__(job, places)
        self.located = located
        self.others: Counter[str] = Counter()

    def take(self, record: Record) -> None:
        name = record.get("name")
        if not name:
            raise RowError(
                "missing_value", "设施名称是空的；请填名称", "name is empty; expected the name of the facility"
            )
        kind = self._kind(record)
        building = self.building(record) if record.get("building_id") or record.get("building") else None
        place = self.located.of(record)
        if place is None and building is not None:
            place = shapes.place_of(shapely.from_wkb(building.footprint))
        known = self._known(record, name, kind)
        if place is None and known is None:
            raise RowError(
                "missing_value",
                "没有位置；请填 经度/lon 和 纬度/lat，或所在楼栋",
                "has no position; expected 经度/lon and 纬度/lat, or a building",
            )
        lon, lat = place or ((known.lon, known.lat) if known else (0.0, 0.0))
        identity = known.facility_id if known else record.get("facility_id") or self._new_id(name, lon, lat)
        stored = self.places.known(Facility).get(identity)
        if stored and stored.community_id != self.job.community_id:
            raise other_community(FACILITY, identity, stored.community_id)
        facility = Facility(
            community_id=self.job.community_id, facility_id=identity, facility_kind=kind, name=name,
            name_en=record.get("name_en"), building_id=building.building_id if building else None, lon=lon, lat=lat,
            area_m2=decimal(record, "area_m2"), capacity=whole_number(record, "capacity"),
            opening_hours=record.get("opening_hours"), operator=record.get("operator"),
            outline=stored.outline if stored else None,
        )  # fmt: skip
        self.once(identity, record, FACILITY, name)
        self.gathered.add(record.row, "facilities", facility)

    def _kind(self, record: Record) -> str:
        word = record.get("kind") or ""
        found = facility_kind(word) if word else facility_kind(record.get("name") or "")
        if found is None and word:
            self.others[word] += 1
        return found or "other"

    def _known(self, record: Record, name: str, kind: str) -> Facility | None:
        identity = record.get("facility_id")
        if identity:
            return self.places.known(Facility).get(identity)
        same = [f for f in self.places.facilities_named.get(name, []) if f.facility_kind == kind]
        return same[0] if len(same) == 1 else None

    def _new_id(self, name: str, lon: float, lat: float) -> str:
        return f"{self.job.community_id}-f-{slug(f'{name}@{lon:.6f},{lat:.6f}').split('-')[-1]}"

    def finish(self) -> None:
        for word, count in self.others.most_common(10):
            self.job.report.warn(**unknown_kind(word, count))

"""The words people use for columns, places and facilities, and what the twin calls them.

Column names are compared without case, spaces, units in brackets and punctuation, in Chinese and English.
A mapping file (TOML) names columns this table does not know and translates values.
"""

from __future__ import annotations

import difflib
import re
import tomllib
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from ingest.refusals import Refusal
from twin_model.procedure import Words

AGE_BANDS = ("age_0_17", "age_18_59", "age_60_79", "age_80_up")
CHILD_BANDS = ("age_0_3", "age_3_6")
"""Under 3, and from 3 to under 6: part of the first of the age bands."""

# the twin's field -> the names it goes by in tables and in the properties of features
COLUMNS: dict[str, tuple[str, ...]] = {
    "grid": ("网格", "网格编号", "所属网格", "微网格", "grid", "grid_no"),
    "estate": ("小区", "小区名称", "所属小区", "楼盘", "estate", "compound", "estate_name"),
    "building": (
        "幢", "幢号", "栋", "栋号", "楼栋", "楼栋号", "楼栋名称", "楼幢", "楼号", "楼宇", "所属楼栋",
        "building", "building_name", "building_no", "block", "bldg",
    ),
    "building_id": ("building_id", "楼栋编号", "楼栋编码", "幢编号", "建筑编号"),
    "unit": ("单元", "单元号", "单元名称", "unit", "unit_no", "unit_name", "staircase", "entrance"),
    "number": (
        "室", "室号", "房号", "房间号", "房屋号", "门牌", "门牌号", "户号", "房屋", "number", "room_no", "flat",
        "apartment", "door", "home_no", "home_number",
    ),
    "home_id": ("home_id", "户编号", "房屋编号", "房屋编码", "home"),
    "floor": ("楼层", "层", "所在层", "所在楼层", "floor", "storey"),
    "levels": ("层数", "总层数", "地上层数", "楼层数", "levels", "floors", "storeys", "num_floors", "floor_count"),
    "height": ("高度", "建筑高度", "楼高", "安装高度", "height", "height_m", "bldg_height", "building_height"),
    "households": ("户数", "家庭数", "households"),
    "age_0_17": (
        "0-17岁", "0-17", "0-17岁人数", "0~17岁", "17岁以下", "18岁以下", "未成年人", "未成年", "age_0_17", "0_17",
    ),
    "age_18_59": ("18-59岁", "18-59", "18-59岁人数", "18~59岁", "成年人", "age_18_59", "18_59"),
    "age_60_79": ("60-79岁", "60-79", "60-79岁人数", "60~79岁", "age_60_79", "60_79"),
    "age_80_up": (
        "80岁以上", "80岁及以上", "80+", "80岁以上人数", "80岁及以上人数", "80周岁以上", "高龄老人", "age_80_up",
        "80_up",
        "age_80", "80plus",
    ),
    "age_0_3": ("0-3岁", "0-2岁", "3岁以下", "三岁以下", "0-3岁人数", "0~3岁", "婴幼儿", "age_0_3", "0_3"),
    "age_3_6": ("3-6岁", "3-5岁", "3-6岁人数", "3~6岁", "学龄前", "age_3_6", "3_6"),
    "elder_alone": ("独居老人", "是否独居", "独居", "是否独居老人", "elder_alone", "living_alone", "lives_alone"),
    "age": ("年龄", "周岁", "age"),
    "birth": ("出生日期", "出生年月", "出生年份", "生日", "birth", "birth_date", "birthday", "date_of_birth", "dob"),
    "age_band": ("年龄段", "年龄组", "age_band", "age_group"),
    "people": ("人数", "人口数", "人口", "people", "persons", "count"),
    "device_id": ("设备编号", "设备号", "设备id", "设备编码", "device_id", "device", "deviceid", "device_no"),
    "type": ("类型", "设备类型", "设备类别", "类别", "种类", "type", "device_type", "sensor_type"),
    "kind": ("设施类型", "设施类别", "业态", "服务类型", "kind", "facility_kind", "facility_type", "category"),
    "dialect": ("协议", "消息格式", "报文格式", "dialect", "protocol"),
    "address": (
        "设备地址", "通信地址", "地址", "deveui", "dev_eui", "eui", "mac", "ieee地址", "address", "device_address",
    ),
    "name": (
        "名称", "设施名称", "设备名称", "建筑名称", "场所名称", "机构名称", "区划名称", "name", "title",
        "facility_name", "device_name",
    ),
    "name_en": ("英文名", "英文名称", "name_en", "name:en", "english_name"),
    "facility": ("设施", "所属设施", "facility"),
    "facility_id": ("facility_id", "设施编号", "设施编码"),
    "room": ("房间", "房间名称", "场室", "room", "room_name"),
    "room_id": ("room_id", "房间编号", "房间编码"),
    "lon": ("经度", "lon", "lng", "long", "longitude", "x", "x坐标", "东坐标"),
    "lat": ("纬度", "lat", "latitude", "y", "y坐标", "北坐标"),
    "lonlat": ("经纬度", "坐标", "lonlat", "lnglat", "coordinates"),
    "wkt": ("wkt", "geometry", "geom", "the_geom", "图形"),
    "capacity": (
        "容量", "床位", "床位数", "座位", "座位数", "车位", "车位数", "学位", "学位数", "托位", "capacity",
        "places", "seats", "beds",
    ),
    "area_m2": ("面积", "建筑面积", "用地面积", "area", "area_m2"),
    "opening_hours": ("开放时间", "营业时间", "服务时间", "opening_hours", "hours"),
    "operator": ("运营单位", "运营方", "运营机构", "管理单位", "operator"),
    "foot": ("行人", "行人通行", "是否可步行", "foot"),
    "wheelchair": ("轮椅", "轮椅通行", "无障碍", "无障碍通行", "wheelchair"),
    "incline": ("坡度", "纵坡", "incline", "slope"),
    "gate_id": ("gate_id", "门禁编号"),
    "entrance_id": ("entrance_id", "入口编号"),
    "width": ("宽度", "路宽", "width", "width_m"),
    "division_id": (
        "区划代码", "区划编号", "区划编码", "行政区划代码", "行政区划编码", "division_id", "division_code", "adcode",
    ),
    "level": ("层级", "级别", "行政级别", "区划级别", "level", "admin_level"),
    "parent": ("上级", "上级区划", "上级代码", "上级编号", "上级区划代码", "所属区划", "parent", "parent_id"),
    "community": ("社区", "社区编号", "社区代码", "社区编码", "所属社区", "community", "community_id"),
    "subdistrict": (
        "街道", "街道编号", "街道代码", "街道名称", "所属街道", "乡镇街道", "镇街", "subdistrict", "subdistrict_id",
    ),
    "metric": ("指标", "测点", "参数", "属性", "metric", "property", "parameter"),
    "taken_at": (
        "时间", "采集时间", "上报时间", "测量时间", "监测时间", "taken_at", "time", "timestamp", "datetime",
        "ts", "measured_at",
    ),
    "value": ("数值", "值", "读数", "测量值", "监测值", "value", "reading"),
}  # fmt: skip

# facility kind -> (Chinese title, English title, further names)
FACILITY_KINDS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "kindergarten": ("幼儿园", "Kindergarten", ()),
    "nursery": (
        "托育园", "Nursery",
        ("托儿所", "托育中心", "托育", "婴幼儿照护服务驿站", "婴幼儿照护驿站", "childcare"),
    ),
    "primary_school": ("小学", "Primary school", ()),
    "school": ("学校", "School", ("中学", "初中", "高中", "college", "university")),
    "clinic": (
        "社区卫生服务站", "Clinic",
        ("卫生服务站", "卫生站", "诊所", "社区卫生服务中心", "卫生服务中心", "卫生院", "健康小屋",
         "智慧健康站", "doctors"),
    ),
    "hospital": ("医院", "Hospital", ()),
    "pharmacy": ("药店", "Pharmacy", ("药房", "chemist")),
    "centre": (
        "邻里中心", "Neighbourhood centre",
        ("社区中心", "党群服务中心", "社区综合服务站", "社区服务站", "社区服务中心", "社区活动中心", "community_centre",
         "community centre", "center"),
    ),
    "day_care": (
        "日间照料中心", "Day care for elders",
        ("老年人日间照料中心", "居家养老服务站", "居家养老服务中心", "养老服务中心", "养老照料中心", "养老驿站",
         "elder_care"),
    ),
    "nursing_home": ("养老院", "Nursing home", ("老年养护院", "敬老院", "护理院")),
    "canteen": ("社区食堂", "Canteen", ("老年食堂", "食堂", "助餐点")),
    "social_facility": ("社会服务设施", "Social facility", ("社工站", "儿童之家", "残疾人之家")),
    "library": ("图书馆", "Library", ("书屋", "智慧书屋", "共享书房", "书房")),
    "culture": (
        "文化活动站", "Culture",
        ("文化服务中心", "文化礼堂", "社区礼堂", "文化活动中心", "博物馆", "museum", "theatre", "cinema",
         "arts_centre"),
    ),
    "supermarket": ("超市", "Supermarket", ("生鲜超市", "mall", "商场")),
    "convenience": ("便利店", "Convenience store", ("小卖部",)),
    "market": ("菜市场", "Market", ("农贸市场", "菜店", "marketplace")),
    "shop": ("商店", "Shop", ("商铺", "商业网点", "社区商业网点", "洗衣店")),
    "barber": ("理发店", "Barber", ("美发店",)),
    "restaurant": ("餐厅", "Restaurant", ("饭店", "餐馆", "早餐店", "咖啡馆", "cafe", "fast_food", "food_court")),
    "parking": ("停车场", "Parking", ("停车库", "车库", "地下车库", "公共停车场")),
    "charging": ("充电站", "Charging station", ("充电桩", "新能源充电站", "charging_station", "ev_charger")),
    "bicycle_parking": ("非机动车棚", "Bicycle parking", ("自行车棚", "车棚")),
    "bus_stop": ("公交站", "Bus stop", ("公交车站", "bus_station")),
    "subway": ("地铁站", "Metro", ("地铁出入口", "地铁口", "轨道交通站点", "subway_entrance", "metro")),
    "toilet": ("公共厕所", "Public toilet", ("厕所", "公厕", "toilets")),
    "park": ("公园", "Park", ("口袋公园", "游园", "社区游园", "garden")),
    "square": ("广场", "Square", ("中心广场", "文化广场")),
    "playground": ("儿童活动场地", "Playground", ("儿童游乐场", "儿童老年人活动场地")),
    "pitch": (
        "运动场地", "Sports pitch",
        ("篮球场", "足球场", "网球场", "羽毛球场", "乒乓球场", "多功能运动场地", "运动场"),
    ),
    "fitness": (
        "健身房", "Fitness",
        ("百姓健身房", "健身点", "健身场地", "室外综合健身场地", "健身苑", "fitness_centre", "fitness_station"),
    ),
    "sports": ("体育馆", "Sports hall", ("体育中心", "sports_centre", "sports_hall", "stadium", "游泳馆")),
    "police": ("派出所", "Police", ("警务室", "社区警务室")),
    "fire_station": ("消防站", "Fire station", ("微型消防站",)),
    "post": ("邮政快递点", "Post and parcels", ("邮局", "快递驿站", "快递点", "菜鸟驿站", "post_office")),
    "parcel_lockers": ("快递柜", "Parcel lockers", ("智能快件箱", "快件箱", "parcel_locker")),
    "bank": ("银行", "Bank", ()),
    "government": ("街道办事处", "Public office", ("司法所", "居委会", "townhall", "social_centre")),
    "property_office": ("物业服务中心", "Property office", ("物业", "物业管理用房", "物业管理与服务", "物业服务点")),
    "waste": ("垃圾收集站", "Waste collection", ("垃圾收集点", "垃圾房", "分类投放点", "waste_disposal")),
    "recycling": ("再生资源回收点", "Recycling", ("可回收物驿站", "废品回收站")),
    "other": ("其他设施", "Other facility", ()),
}  # fmt: skip

_PERSONAL_HEADER = re.compile(
    r"姓名|户主|业主|联系人|监护人|电话|手机|联系方式|身份证|证件|护照|微信|qq|邮箱|车牌"
    r"|phone|mobile|^tel|telephone|id_?card|id_?number|identity|passport|e[_-]?mail|wechat|full_?name|first_?name"
    r"|last_?name|surname|resident_?name|person|plate",
    re.IGNORECASE,
)
_PERSONAL_VALUE = re.compile(r"(?<!\d)(\d{17}[\dXx]|1[3-9]\d{9})(?!\d)")  # identity card (18), mobile (11 digits)
_BRACKETS = re.compile(r"[(（\[【].*?[)）\]】]")


class MappingError(Refusal):
    """A mapping file that cannot be used."""


def plain(header: str) -> str:
    """A column name for comparison: no case, brackets, spaces or punctuation."""
    text = unicodedata.normalize("NFKC", header).strip().lower()
    stripped = _BRACKETS.sub("", text) or text
    return re.sub(r"[\s_/·.。:：*#\"']+", "_", stripped).strip("_").replace("~", "-")


_FIELD_OF = {plain(name): field for field, names in COLUMNS.items() for name in (field, *names)}


@dataclass(frozen=True, kw_only=True)
class ColumnMapping:
    """What a mapping file says: own column names, translated values, defaults for layer, kind of records and crs."""

    columns: dict[str, str] = field(default_factory=dict)  # plain header -> field
    values: dict[str, dict[str, str]] = field(default_factory=dict)  # field -> {found: meant}
    layer: str | None = None
    crs: str | None = None
    kind: str | None = None

    def field_of(self, header: str) -> str | None:
        """The twin's field for a column name, or None."""
        name = plain(header)
        if name in self.columns:
            return self.columns[name]
        found = _FIELD_OF.get(name)
        return None if found in self.columns.values() else found

    def value(self, name: str, found: str) -> str:
        """The value meant by ``found`` in a field."""
        return self.values.get(name, {}).get(found, found)


def read_mapping(path: Path | None, kinds: Mapping[str, Collection[str]] = MappingProxyType({})) -> ColumnMapping:
    """Read a mapping file; raises MappingError naming file, what was found and what was expected.

    ``kinds``: the columns of each kind of record. A file with ``kind`` names columns of that one.
    """
    if path is None:
        return ColumnMapping()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise MappingError(
            f"对照文件 {path} 不存在；请检查路径", f"mapping file {path} does not exist; check the path"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise MappingError(
            f"对照文件 {path.name} 读不了，应为 TOML（UTF-8）：{error}",
            f"{path.name} cannot be read as TOML: {error}",
        ) from None
    if unknown := sorted(content.keys() - {"columns", "values", "layer", "crs", "kind"}):
        raise MappingError(
            f"对照文件 {path.name}：没有设置 {'、'.join(unknown)}；应为 layer、kind、crs、[columns]、[values.字段]",
            f"{path.name}: unknown key {', '.join(unknown)}; expected layer, kind, crs, [columns] and [values.FIELD]",
        )
    kind = content.get("kind")
    if kind is not None and kind not in kinds:
        hint = near(str(kind), kinds, "；种类见 docs/records.md", "; see docs/records.md")
        raise MappingError(
            f"对照文件 {path.name}：没有“{kind}”这种台账{hint['zh']}",
            f"{path.name}: there is no kind of record '{kind}'{hint['en']}",
        )
    known = kinds[kind] if kind else COLUMNS
    columns: dict[str, str] = {}
    for name, header in _table(content.get("columns", {}), path, "columns").items():
        if name not in known:
            hint = near(name, known)
            raise MappingError(
                f"对照文件 {path.name}：[columns] 里没有字段“{name}”{hint['zh']}",
                f"{path.name}: [columns] has no field '{name}'{hint['en']}",
            )
        for one in header if isinstance(header, list) else [header]:
            columns[plain(str(one))] = name
    values = {}
    for name, table in _table(content.get("values", {}), path, "values").items():
        if name not in known:
            hint = near(name, known)
            raise MappingError(
                f"对照文件 {path.name}：[values.{name}] 不是字段{hint['zh']}",
                f"{path.name}: [values.{name}] is no field{hint['en']}",
            )
        translated = _table(table, path, f"values.{name}")
        values[name] = {str(found): str(meant) for found, meant in translated.items()}
    layer, crs = content.get("layer"), content.get("crs")
    return ColumnMapping(columns=columns, values=values, layer=layer, crs=crs, kind=kind)


def _table(value: object, path: Path, name: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise MappingError(
            f"对照文件 {path.name}：{name} 是 {type(value).__name__}；应为一段 [{name}]",
            f"{path.name}: {name} is {type(value).__name__}; expected a table [{name}]",
        )
    return value


def near(word: str, known: Iterable[str], zh: str = "", en: str = "") -> Words:
    """The end of a sentence: '; did you mean …?' when a known word is close, else what was given for that case."""
    names = list(dict.fromkeys(known))
    close = difflib.get_close_matches(word.lower(), names, n=2, cutoff=0.6)
    if not close:
        close = [name for name in names if word and (word in name or name in word)][:2]
    if not close:
        return {"zh": zh, "en": en}
    return {
        "zh": f"；是不是 {' 或 '.join(repr(c) for c in close)}？",
        "en": f"; did you mean {' or '.join(repr(c) for c in close)}?",
    }


def fields_of(header: Sequence[str], mapping: ColumnMapping) -> dict[str, int]:
    """Field -> column index of a header row; the first column of a field counts."""
    found: dict[str, int] = {}
    for index, cell in enumerate(header):
        name = mapping.field_of(cell) if cell else None
        if name and name not in found:
            found[name] = index
    if "lon" in found and "lat" not in found:
        del found["lon"]
    return found


def is_personal(header: str) -> bool:
    """Whether a column name announces data that names a person."""
    return bool(_PERSONAL_HEADER.search(plain(header)))


def holds_personal(text: str) -> bool:
    """Whether a cell looks like an identity card or mobile number."""
    return bool(_PERSONAL_VALUE.search(text))


_KIND_OF = {
    plain(name): kind
    for kind, (title, english, others) in FACILITY_KINDS.items()
    for name in (kind, title, english, *others)
}


def facility_kind(word: str) -> str | None:
    """The facility kind a word stands for, or None."""
    return _KIND_OF.get(plain(word))


def unknown_kind(word: str, count: int) -> Words:
    """A sentence on a kind of facility that is not known: how many, and what may have been meant."""
    titles = [title for title, _, _ in FACILITY_KINDS.values()]
    hint = near(word, titles)
    return {
        "zh": f"不认识设施类型“{word}”（{count} 处）{hint['zh']}；已按“其他设施”入库",
        "en": f"facility kind '{word}' ({count}) is not known{hint['en']}; stored as other",
    }


def building_number(text: str) -> str:
    """A building, unit or home name for comparison: '03幢', '3号楼', '3#' and '3' are the same."""
    name = unicodedata.normalize("NFKC", text).strip().lower()
    name = re.sub(r"^(?:第|building|block|bldg|unit|no\.?)\s*", "", name)
    name = re.sub(r"(?:号楼|幢|栋|座|号|楼|单元|室|户|房|#)+$", "", name).strip()
    return name.lstrip("0") or name


def age_band(years: int) -> str:
    """The band an age in full years falls into."""
    return AGE_BANDS[0 if years < 18 else 1 if years < 60 else 2 if years < 80 else 3]


def translated(values: Mapping[str, str], mapping: ColumnMapping) -> dict[str, str]:
    """Properties of a feature plus the twin's fields they stand for."""
    known = {}
    for key, value in values.items():
        name = mapping.field_of(key)
        if name and name not in known:
            known[name] = mapping.value(name, value)
    return known

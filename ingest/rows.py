"""Rows of people lists -> homes, units and residents counted by age; no person is kept."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from ingest.features import slug
from ingest.naming import (
    AGE_BANDS,
    CHILD_BANDS,
    age_band,
    building_number,
    holds_personal,
    near,
)
from ingest.places import Places, merged
from ingest.report import Gathered, Job, Reject
from ingest.tables import Record, RowError, shown, titled, whole_number, yes_or_no
from twin_model.entities import Building, Home, Unit
from twin_model.procedure import Words

HOME: Words = {"zh": "住户", "en": "home"}
_SHANGHAI = timezone(timedelta(hours=8))
_CJK = re.compile(r"[\u4e00-\u9fff]")


class Reader:
    """Takes rows one by one; a row that raises RowError is rejected, the rest goes on."""

    def __init__(self, job: Job, places: Places) -> None:
        self.job, self.places = job, places
        self.gathered = Gathered()
        self.seen: dict[str, int] = {}

    def gather(self, records: list[Record]) -> Gathered:
        for record in records:
            try:
                self.take(record)
            except RowError as error:
                self.gathered.rejects.append(
                    Reject(row=record.row, code=error.code, reason=error.reason, raw=record.raw, place=record.place)
                )
        self.finish()
        return self.gathered

    def take(self, record: Record) -> None:
        raise NotImplementedError

    def finish(self) -> None:
        """After the last row."""

    def once(self, identity: str, record: Record, what: Words, named: str) -> None:
        """Refuse a second row about the same thing."""
        before = self.seen.setdefault(identity, record.row)
        if before != record.row:
            raise RowError(
                "duplicate",
                f"与第 {before} 行是同一{what['zh']}（{shown(named)}）；请只留一行",
                f"is the same {what['en']} ({shown(named)}) as row {before}; leave one of them",
            )

    def building(self, record: Record) -> Building:
        """The building a row names by id, or by name and estate."""
        identity, name, estate = record.get("building_id"), record.get("building"), record.get("estate")
        if identity or (name and name in self.places.known(Building)):
            found = self.places.known(Building).get(identity or name or "")
            if found is None or found.community_id != self.job.community_id:
                asked, community = shown(identity or name or ""), self.job.community_id
                raise RowError(
                    "unknown_building",
                    f"社区 {community} 里没有编号为“{asked}”的楼栋；请先导入楼栋，或改正编号",
                    f"no building '{asked}' in community {community}; import the buildings first, or correct its id",
                )
            return found
        if not name:
            raise RowError(
                "missing_value",
                "楼栋是空的；请填楼栋名称（如 3幢）或楼栋编号 building_id",
                "building is empty; expected its name (3幢) or building_id",
            )
        candidates = self.places.buildings(name, estate)
        if len(candidates) == 1:
            return candidates[0]
        where = f"estate {shown(estate)}" if estate else f"community {self.job.community_id}"
        where_zh = f"小区“{shown(estate)}”" if estate else f"社区 {self.job.community_id} "
        if not candidates:
            hint = near(
                name, self.places.building_names,
                "；请先导入楼栋，或给楼栋补上名称", "; import the buildings first, or name them",
            )  # fmt: skip
            raise RowError(
                "unknown_building",
                f"{where_zh}里没有“{shown(name)}”{hint['zh']}",
                f"no building '{shown(name)}' in {where}{hint['en']}",
            )
        raise RowError(
            "ambiguous",
            f"{where_zh}里有 {len(candidates)} 幢楼都叫“{shown(name)}”；请加上小区或楼栋编号 building_id",
            f"{len(candidates)} buildings in {where} are called '{shown(name)}'; add estate or building_id",
        )

    def home(self, record: Record) -> Home | None:
        """The known home a row names, or None."""
        identity = record.get("home_id")
        if identity:
            found = self.places.known(Home).get(identity)
            return found if found and found.community_id == self.job.community_id else None
        number = _plain_number(record)
        building = self.building(record)
        homes, unit = self.places.homes, building_number(record.get("unit") or "")
        exact = homes.get((building.building_id, unit, building_number(number)))
        if exact or unit:
            return exact
        same = [h for (b, _, n), h in homes.items() if (b, n) == (building.building_id, building_number(number))]
        return same[0] if len(same) == 1 else None


def unknown_home(named: str) -> RowError:
    """The row names a home that is not there."""
    return RowError(
        "unknown_home",
        f"那里没有住户“{shown(named)}”；请先导入住户，或检查单元和室号",
        f"no home '{shown(named)}' there; import the homes first, or check unit and number",
    )


def other_community(what: Words, identity: str, community_id: str) -> RowError:
    """The row is about something that another community has."""
    return RowError(
        "other_community",
        f"{what['zh']} {identity} 属于社区 {community_id}；请检查编号，或导入到那个社区",
        f"{what['en']} {identity} belongs to community {community_id}; check its number, or import it there",
    )


def _plain_number(record: Record) -> str:
    number = record.get("number")
    if not number:
        raise RowError(
            "missing_value", "室号是空的；请填房间号，如 502", "number (室号) is empty; expected the number of the home"
        )
    if holds_personal(number):
        raise RowError(
            "personal_data",
            "室号像是电话或身份证号码，没有保存；请填房间号",
            "number (室号) looks like a telephone or identity number; not stored: write the number of the home",
        )
    return number


class Homes(Reader):
    def __init__(self, job: Job, places: Places) -> None:
        super().__init__(job, places)
        self.units = dict(places.units)

    def take(self, record: Record) -> None:
        known = self.home(record)
        building = self.places.known(Building)[known.building_id] if known else self.building(record)
        number = record.get("number") or (known.number if known else None) or _plain_number(record)
        unit = self._unit(record, building)
        identity = record.get("home_id") or (known.home_id if known else _home_id(building, unit, number))
        stored = self.places.known(Home).get(identity)
        if stored and stored.community_id != self.job.community_id:
            raise other_community(HOME, identity, stored.community_id)
        home = Home(
            community_id=self.job.community_id, home_id=identity, building_id=building.building_id,
            unit_id=unit.unit_id if unit else None, floor=_floor(record, number), number=number,
            households=self._households(record, known), elder_alone=yes_or_no(record, "elder_alone"),
            **{band: whole_number(record, band, highest=99) for band in (*AGE_BANDS, *CHILD_BANDS)},
        )  # fmt: skip
        _children_fit(merged(home, known))
        self.once(identity, record, HOME, number)
        if unit:
            self.gathered.also(unit)
        self.gathered.add(record.row, "homes", home)

    @staticmethod
    def _households(record: Record, known: Home | None) -> int:
        stated = whole_number(record, "households", highest=99)
        if stated is None:
            return known.households if known else 1
        return stated

    def _unit(self, record: Record, building: Building) -> Unit | None:
        name = record.get("unit")
        if not name:
            return None
        key = (building.building_id, building_number(name))
        if key not in self.units:
            self.units[key] = Unit(
                community_id=self.job.community_id, unit_id=f"{building.building_id}-u{slug(key[1])}",
                building_id=building.building_id, name=name,
            )  # fmt: skip
        return self.units[key]


def _children_fit(home: Home) -> None:
    """Refuse more small children than there are residents under 18."""
    small = [count for count in (home.age_0_3, home.age_3_6) if count is not None]
    if home.age_0_17 is not None and sum(small) > home.age_0_17:
        raise RowError(
            "bad_value",
            f"6 岁以下 {sum(small)} 人，多于 18 岁以下的 {home.age_0_17} 人；请核对人数",
            f"{sum(small)} children under 6, but {home.age_0_17} residents under 18; expected no more: check the "
            "counts",
        )


def _home_id(building: Building, unit: Unit | None, number: str) -> str:
    within = unit.unit_id if unit else building.building_id
    return f"{within}-{slug(re.sub(r'[室户号房]+$', '', number) or number)}"


def _floor(record: Record, number: str) -> int | None:
    """The stated floor, else by the usual numbering: all but the last two digits (502 -> 5, 1203 -> 12)."""
    text = record.get("floor")
    if text is not None:
        found = re.fullmatch(r"(-?\d{1,3})(?:\.0)?\s*[层楼Ff]?", text)
        if not found:
            raise RowError(
                "bad_value",
                f"{titled('floor')} 是“{shown(text)}”；应为整数，如 5 或 -1",
                f"floor is '{shown(text)}'; expected a whole number such as 5 or -1",
            )
        return int(found.group(1))
    digits = re.fullmatch(r"0?(\d{1,2})(\d{2})", re.sub(r"[室户号房]+$", "", number))
    return int(digits.group(1)) if digits and digits.group(1) != "0" else None


class Residents(Reader):
    """Counts by age band: as columns, as rows of band and count, or as one row per person (only counted)."""

    def __init__(self, job: Job, places: Places, now: datetime) -> None:
        super().__init__(job, places)
        self.today = now.astimezone(_SHANGHAI).date()
        self.counted: dict[str, Counter[str]] = defaultdict(Counter)
        self.rows: dict[str, list[int]] = defaultdict(list)
        self.alone: dict[str, bool] = {}
        self.blurred: set[str] = set()  # homes of which some children are only known as under 18

    def take(self, record: Record) -> None:
        home = self.home(record)
        if home is None:
            named = record.get("home_id") or record.get("number") or ""
            raise unknown_home(named)
        alone = yes_or_no(record, "elder_alone")
        bands = {band: whole_number(record, band, highest=99) for band in (*AGE_BANDS, *CHILD_BANDS)}
        if any(count is not None for count in bands.values()):
            self.once(home.home_id, record, HOME, home.number)
            given = {band: count for band, count in bands.items() if count is not None}
            changed = replace(home, **given)  # type: ignore[arg-type]
            if alone is not None:
                changed = replace(changed, elder_alone=alone)
            _children_fit(changed)
            self.gathered.add(record.row, "residents", changed)
            return
        band, people = self._band(record)
        if band is not None:
            self.counted[home.home_id][band] += people
            years = self._age(record) if record.get("age_band") is None else None
            if years is not None and years < 6:
                self.counted[home.home_id][CHILD_BANDS[0 if years < 3 else 1]] += people
            elif years is None and band == AGE_BANDS[0]:
                self.blurred.add(home.home_id)
        elif alone is None:
            raise RowError(
                "missing_value",
                "没有写年龄；应有 0-17岁 … 80岁以上 各列，或 年龄、年龄段",
                "states no ages; expected columns 0-17岁 … 80岁以上, 年龄 or 年龄段",
            )
        if alone is not None:
            self.alone[home.home_id] = alone or self.alone.get(home.home_id, False)
        self.rows[home.home_id].append(record.row)

    def finish(self) -> None:
        for identity, rows in self.rows.items():
            home = self.places.known(Home)[identity]
            if identity in self.counted:
                bands = AGE_BANDS if identity in self.blurred else (*AGE_BANDS, *CHILD_BANDS)
                counts = {band: self.counted[identity][band] for band in bands}
                home = replace(home, **counts)  # type: ignore[arg-type]
            if identity in self.alone:
                home = replace(home, elder_alone=self.alone[identity])
            for row in rows:
                self.gathered.add(row, "residents", home)

    def _band(self, record: Record) -> tuple[str | None, int]:
        named = record.get("age_band")
        if named is not None:
            band = _band_named(named)
            if band is None:
                raise RowError(
                    "bad_value",
                    f"{titled('age_band')} 是“{shown(named)}”；应为 0-17、18-59、60-79 或 80+",
                    f"age band is '{shown(named)}'; expected 0-17, 18-59, 60-79 or 80+",
                )
            people = whole_number(record, "people", highest=99)
            return band, 1 if people is None else people
        years = self._age(record)
        return (age_band(years), 1) if years is not None else (None, 0)

    def _age(self, record: Record) -> int | None:
        years = whole_number(record, "age", highest=130)
        return self._years(record.values["birth"]) if years is None and record.get("birth") else years

    def _years(self, birth: str) -> int:
        found = re.match(r"(\d{4})(?:\D*(\d{1,2}))?(?:\D*(\d{1,2}))?", birth)
        if not found or not 1890 <= int(found.group(1)) <= self.today.year:
            raise RowError(
                "bad_value",
                "出生日期看不懂；应为年份，或 1948-05-17 这样的日期",
                "date of birth cannot be read; expected a year or a date such as 1948-05-17",
            )
        month, day = int(found.group(2) or 1), int(found.group(3) or 1)
        return self.today.year - int(found.group(1)) - ((self.today.month, self.today.day) < (month, day))


def _band_named(text: str) -> str | None:
    found = [int(n) for n in re.findall(r"\d+", text)]
    starts = {0: 0, 18: 1, 60: 2, 80: 3}
    if len(found) == 2 and (found[0], found[1]) in ((0, 17), (18, 59), (60, 79)):
        return AGE_BANDS[starts[found[0]]]
    if len(found) == 1 and found[0] == 80 and not re.search("下|under|<", text):
        return AGE_BANDS[3]
    return AGE_BANDS[0] if text.strip() in ("未成年", "未成年人", "17岁以下", "18岁以下") else None

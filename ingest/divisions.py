"""Lists and maps of administrative divisions (行政区划), and which subdistrict each community is part of.

A row is a division (number, level, name, what it is part of) or says where a community lies. Rows may come in any
order: cities first, what names one of them after. A row that cannot be is refused; what hangs on it is refused with its
number, the rest goes on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from ingest import shapes
from ingest.coordinates import Points, to_wgs84
from ingest.features import rejected_feature, settle_crs
from ingest.formats import NO_GEOMETRY, Feature
from ingest.naming import ColumnMapping, near, translated
from ingest.places import Places
from ingest.report import Gathered, Job, Reject
from ingest.tables import RowError, Table, shown, wkt_shape
from twin_model.entities import LEVELS, Community, Division
from twin_model.procedure import Words

LEVEL_WORDS = {
    "province": ("省", "自治区", "省级", "province"),
    "city": ("市", "地级市", "设区市", "直辖市", "地市", "市级", "city", "prefecture"),
    "district": ("区", "县", "区县", "市辖区", "县级市", "县级", "区级", "district", "county"),
    "subdistrict": ("街道", "镇", "乡", "乡镇", "街道办事处", "乡级", "镇街", "subdistrict", "township", "town"),
    "community": ("社区", "村", "居委会", "村委会", "社区居委会", "村社", "community", "village"),
}  # fmt: skip
_ADMIN_LEVELS = {
    "4": "province",
    "5": "city",
    "6": "district",
    "8": "subdistrict",
    "10": "community",
}  # OpenStreetMap's
_LEVEL_OF = {word: level for level, words in LEVEL_WORDS.items() for word in words} | _ADMIN_LEVELS
_TITLE = {"city": "city (市)", "district": "district (区、县)", "subdistrict": "subdistrict (街道、镇)"}
_TITLE_ZH = {"city": "市", "district": "区、县", "subdistrict": "街道、镇"}
_A_STREET = f"a {_TITLE['subdistrict']}"
_EXPECTED_ZH = "市、区或县、街道或镇、社区"
_EXPECTED = "市, 区 or 县, 街道 or 镇, 社区 (city, district, subdistrict, community)"
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
NEEDED = frozenset({"division_id", "level"})


@dataclass(frozen=True, kw_only=True)
class Line:
    """One row or feature: its fields, its outline as the file has it, and how it is told when it is refused."""

    fields: Mapping[str, str]
    refused: Reject
    outline: BaseGeometry | None = None
    problem: Words | None = None

    def get(self, name: str) -> str | None:
        """A field, None when it is empty."""
        return self.fields.get(name) or None

    def reject(self, error: RowError) -> Reject:
        return replace(self.refused, code=error.code, reason=error.reason)


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    """A division as its row says it, before what it says it is part of (``parent``) is settled."""

    line: Line
    division: Division
    parent: str | None


def claims(file: Iterable[Feature], mapping: ColumnMapping) -> bool:
    """Whether a map holds divisions: its first feature has a number and a level of them."""
    first = next(iter(file), None)
    return first is not None and translated(first.tags, mapping).keys() >= NEEDED


def lines_of_table(table: Table) -> Iterator[Line]:
    """The rows of a list; an outline may stand in a WKT column."""
    for record in table:
        outline, problem = wkt_shape(record.get("wkt") or "")
        refused = Reject(row=record.row, code="", reason={}, raw=record.raw, place=record.place)
        yield Line(fields=record.values, outline=outline, problem=problem, refused=refused)


def lines_of_map(features: Iterable[Feature], mapping: ColumnMapping) -> Iterator[Line]:
    """The features of a map; one without geometry is a division without an outline."""
    for feature in features:
        problem = feature.problem if feature.problem != NO_GEOMETRY else None
        yield Line(
            fields=translated(feature.tags, mapping), outline=feature.geometry, problem=problem,
            refused=rejected_feature(feature, "", {}),
        )  # fmt: skip


def gather(lines: Iterable[Line], declared: str | None, job: Job, places: Places) -> Gathered:
    """The divisions and communities of a file. ``declared``: the coordinate system it names. Raises CrsUnknown."""
    return _Divisions(job, places).gather(list(lines), declared)


class _Divisions:
    def __init__(self, job: Job, places: Places) -> None:
        self.job, self.places = job, places
        self.gathered = Gathered()
        self.stored = places.known(Division)
        self.wanted: dict[str, _Wanted] = {}
        self.accepted: dict[str, Division] = {}
        self.refused: dict[str, int] = {}
        self.located: list[tuple[Line, str, str | None]] = []
        self.seen: dict[str, int] = {}

    def gather(self, lines: list[Line], declared: str | None) -> Gathered:
        lines = self._in_degrees(lines, declared)
        for line in lines:
            with self._or_refused(line, line.get("division_id")):
                self._read(line)
        self._refuse_circles()
        for level in LEVELS:
            for one in [one for one in self.wanted.values() if one.division.level == level]:
                with self._or_refused(one.line, one.division.division_id):
                    self._take(one)
        for line, word, up in self.located:
            with self._or_refused(line):
                self._locate(line, word, up)
        return self.gathered

    @contextmanager
    def _or_refused(self, line: Line, division: str | None = None) -> Iterator[None]:
        try:
            yield
        except RowError as error:
            self.gathered.rejects.append(line.reject(error))
            if division is not None:
                self.refused[division] = line.refused.row

    def _in_degrees(self, lines: list[Line], declared: str | None) -> list[Line]:
        """The outlines in WGS 84, the system of the whole file settled once."""
        outlines = np.array([line.outline for line in lines], dtype=object)
        if all(outline is None for outline in outlines):
            return lines
        guess = settle_crs(shapely.get_coordinates(outlines), declared, self.job, self.places)

        def move(xy: Points) -> Points:
            return to_wgs84(xy[:, ::-1] if guess.swap else xy, guess.crs)

        return [
            replace(line, outline=moved) for line, moved in zip(lines, shapely.transform(outlines, move), strict=True)
        ]

    # ------------------------------------------------------------------ one row by itself

    def _read(self, line: Line) -> None:
        up = line.get("parent") or line.get("subdistrict")
        level = self._level(line)
        if level == "province":
            self.job.report.skipped["province: the twin begins at the city"] += 1
            return
        if level == "community":
            word = line.get("community") or line.get("division_id") or line.get("name")
            if word is None:
                raise RowError(
                    "missing_value", "社区是空的；请填社区编号", "community is empty; expected its code (社区编号)"
                )
            self.located.append((line, word, line.get("subdistrict") or up))
            return
        identity, name = line.get("division_id"), line.get("name")
        if identity is None or not _CODE.fullmatch(identity):
            raise RowError(
                "bad_value" if identity else "missing_value",
                f"区划代码是“{shown(identity or '')}”；应由字母、数字、点、短横或下划线组成，如 330106",
                f"number (区划代码) is '{shown(identity or '')}'; expected letters, digits, dot, dash or underscore, "
                "such as 330106",
            )
        self._once(identity, line, f"区划（{identity}）", f"division ({identity})")
        known = self.stored.get(identity)
        if name is None and known is None:
            raise RowError(
                "missing_value", "名称是空的；请填区划名称", "name (名称) is empty; expected the name of the division"
            )
        if known is not None and known.level != level:
            raise RowError(
                "wrong_level",
                f"{identity} 在系统里是{_TITLE_ZH[known.level]}，这里写的是{_TITLE_ZH[level]}；层级不能更改，"
                "请改正层级，或另用一个代码",
                f"{identity} is a {_TITLE[known.level]} in the twin, here a {_TITLE[level]}; a level does not change: "
                "correct it, or give it another number",
            )
        division = Division(
            division_id=identity, level=level, name=name or (known.name if known else ""),
            name_en=line.get("name_en"), boundary=self._outline(line),
        )  # fmt: skip
        self.wanted[identity] = _Wanted(line=line, division=division, parent=up)

    def _level(self, line: Line) -> str:
        word = line.get("level")
        if word is None:
            if line.get("community"):
                return "community"
            raise RowError(
                "missing_value", f"层级是空的；应为{_EXPECTED_ZH}", f"level (层级) is empty; expected {_EXPECTED}"
            )
        level = _LEVEL_OF.get(word.strip().lower())
        if level is None:
            raise RowError(
                "bad_value",
                f"层级是“{shown(word)}”；应为{_EXPECTED_ZH}",
                f"level is '{shown(word)}'; expected {_EXPECTED}",
            )
        return level

    def _outline(self, line: Line) -> bytes | None:
        """A bad outline is left out and said; the row is stored without it, so that its parts find it."""
        if line.outline is None and line.problem is None:
            return None
        try:
            if line.problem:
                raise shapes.BadShape("bad_geometry", **line.problem)
            surface, repaired = shapes.outline(shapes.checked(line.outline), {"zh": "区划", "en": "a division"})
        except shapes.BadShape as error:
            told = RowError(
                error.code,
                f"轮廓没有采用，这一行其余内容已入库：{error.reason['zh']}",
                f"its outline is left out, the rest of the row is stored: {error.reason['en']}",
            )
            self.gathered.rejects.append(line.reject(told))
            return None
        if repaired:
            self.job.report.repairs.append(f"row {line.refused.row}: {repaired}")
        return bytes(surface.wkb)

    def _once(self, identity: str, line: Line, what_zh: str, what: str) -> None:
        before = self.seen.setdefault(identity, line.refused.row)
        if before != line.refused.row:
            raise RowError(
                "duplicate",
                f"与第 {before} 行是同一{what_zh}；以先出现的为准",
                f"is the same {what} as row {before}; the first one counts",
            )

    # ------------------------------------------------------------------ rows together

    def _refuse_circles(self) -> None:
        """Divisions that are part of themselves, however far round."""
        ways = {name: way for name in self.wanted if (way := self._way(name))}
        for name, way in ways.items():
            with self._or_refused(self.wanted.pop(name).line, name):
                told = " -> ".join(way)
                raise RowError(
                    "cycle",
                    f"上级绕回了自己：{told}；请改正其中一个的上级",
                    f"is part of itself: {told}; correct what one of them is part of (上级)",
                )

    def _way(self, start: str) -> list[str]:
        """The way up that ends where it began; empty where it ends elsewhere."""
        way = [start]
        while (up := self._named_parent(way[-1])) is not None:
            way.append(up)
            if up == start:
                return way
            if up in way[:-1]:
                break
        return []

    def _named_parent(self, division: str) -> str | None:
        """What a row says it is part of, when that is the number of another."""
        word = self.wanted[division].parent
        return word if word in self.wanted else None

    def _take(self, one: _Wanted) -> None:
        """A division whose parent is settled: those of the level above were taken before."""
        division = one.division
        up = self._parent(division, one.parent)
        self.accepted[division.division_id] = replace(division, parent_id=up)
        self.gathered.add(one.line.refused.row, "divisions", self.accepted[division.division_id])

    def _parent(self, division: Division, word: str | None) -> str | None:
        """What a division is part of: one of the level above. None of a city, nor where the twin knows it already."""
        known = self.stored.get(division.division_id)
        if division.level == LEVELS[0]:
            if word is not None and (other := self.accepted.get(word) or self.stored.get(word)):
                raise RowError(
                    "wrong_level",
                    f"市在这里没有上级；写的是{_TITLE_ZH[other.level]}“{shown(word)}”，请留空",
                    f"a city is part of no division here; found {_TITLE[other.level]} '{shown(word)}': leave it empty",
                )
            return None
        above = LEVELS[LEVELS.index(division.level) - 1]
        if word is None:
            if known is not None and known.parent_id is not None:
                return None  # what the twin knows stays
            raise RowError(
                "missing_value",
                f"上级是空的；请填所属{_TITLE_ZH[above]}的代码或名称",
                f"what it is part of (上级) is empty; expected the number or name of a {_TITLE[above]}",
            )
        return self._division(
            word, above,
            f"{_TITLE_ZH[division.level]}的上级应是{_TITLE_ZH[above]}",
            f"a {_TITLE[division.level]} is part of a {_TITLE[above]}",
        )  # fmt: skip

    def _division(self, word: str, level: str, rule_zh: str, rule: str) -> str:
        """The number of the division a row names, by number or by a name that only one of the level has."""
        known = {**self.stored, **self.accepted}
        found = [known[word]] if word in known else [one for one in known.values() if one.name == word]
        fitting = [one for one in found if one.level == level]
        if len(fitting) == 1:
            return fitting[0].division_id
        if fitting:
            numbers = ", ".join(one.division_id for one in fitting[:5])
            raise RowError(
                "ambiguous",
                f"有 {len(fitting)} 个区划都叫“{shown(word)}”（{numbers}）；请改填代码",
                f"{len(fitting)} are called '{shown(word)}' ({numbers}); say the number instead",
            )
        if not found and word in self.refused:
            raise RowError(
                "unknown_division",
                f"“{shown(word)}”所在的第 {self.refused[word]} 行已被拒收；请先改正那一行",
                f"'{shown(word)}' was refused itself (row {self.refused[word]}); correct that row first",
            )
        if found or word in self.wanted:
            other = found[0] if found else self.wanted[word].division
            raise RowError(
                "wrong_level",
                f"“{shown(word)}”是{_TITLE_ZH[other.level]}；{rule_zh}",
                f"'{shown(word)}' is a {_TITLE[other.level]}; {rule}",
            )
        names = [name for one in known.values() if one.level == level for name in (one.division_id, one.name)]
        hint = near(word, names, "；请补上它的一行，或先导入", "; add its row, or import it first")
        raise RowError(
            "unknown_division",
            f"没有{_TITLE_ZH[level]}“{shown(word)}”{hint['zh']}",
            f"no {_TITLE[level]} '{shown(word)}'{hint['en']}",
        )

    def _locate(self, line: Line, word: str, up: str | None) -> None:
        """Which subdistrict a community is part of."""
        known = self.places.known(Community)
        found = [known[word]] if word in known else [one for one in known.values() if one.name == word]
        if len(found) > 1:
            codes = ", ".join(one.community_id for one in found[:5])
            raise RowError(
                "ambiguous",
                f"有 {len(found)} 个社区都叫“{shown(word)}”（{codes}）；请改填社区编号",
                f"{len(found)} communities are called '{shown(word)}' ({codes}); say the code",
            )
        if not found:
            names = [name for one in known.values() for name in (one.community_id, one.name)]
            hint = near(
                word, names,
                "；请先导入它的边界或楼栋，或检查编号", "; import its boundary or buildings first, or check the code",
            )  # fmt: skip
            raise RowError(
                "unknown_community",
                f"没有社区“{shown(word)}”{hint['zh']}",
                f"no community '{shown(word)}'{hint['en']}",
            )
        if up is None:
            raise RowError(
                "missing_value",
                "街道是空的；请填所属街道、镇的代码或名称",
                f"subdistrict (街道) is empty; expected the number or name of {_A_STREET}",
            )
        code = found[0].community_id
        self._once(f"community {code}", line, f"社区（{code}）", f"community ({code})")
        subdistrict = self._division(up, LEVELS[-1], "社区的上级应是街道、镇", f"a community is part of {_A_STREET}")
        if line.outline is not None:
            self.job.report.warn(
                "社区的轮廓在这里不读；请用 --layer boundary 导入",
                "outlines of communities are not read here; import them with --layer boundary",
            )
        self.gathered.add(line.refused.row, "communities", replace(found[0], subdistrict_id=subdistrict))

"""A list of gates and entrances, as CSV or Excel: points with a name, a kind and opening hours."""

from __future__ import annotations

from typing import Any, Protocol

import shapely

from ingest.features import slug
from ingest.places import Places
from ingest.report import Job
from ingest.rows import Reader, other_community
from ingest.tables import Record, RowError, yes_or_no
from ingest.walkways import ENTRANCE_M, ENTRANCE_WORDS, FOOT, Entrances
from twin_model.entities import Building, Entrance, Gate
from twin_model.procedure import Words

KINDS: dict[str, Words] = {
    Gate.kind: {"zh": "门禁", "en": "gate"},
    Entrance.kind: {"zh": "入口", "en": "entrance"},
}

class Positions(Protocol):
    """Where rows lie, in WGS 84."""

    def of(self, record: Record) -> tuple[float, float] | None: ...


class Gates(Reader):
    """A list of gates and entrances: name, position, kind (门禁 or 入口), opening hours."""

    def __init__(self, job: Job, places: Places, located: Positions) -> None:
        super().__init__(job, places)
        self.located = located
        self.entrances = Entrances(places.here(Building))

    def take(self, record: Record) -> None:
        place = self.located.of(record)
        if place is None:
            raise RowError(
                "missing_value",
                "没有位置；请填 经度/lon 和 纬度/lat",
                "has no position; expected 经度/lon and 纬度/lat",
            )
        word = record.get("kind") or record.get("type") or ""
        chair = yes_or_no(record, "wheelchair")
        names = {name: record.get(name) for name in ("name", "name_en")}
        said: dict[str, Any] = {"lon": place[0], "lat": place[1], **names}
        fit = None if chair is None else "yes" if chair else "no"
        if word.strip().lower() in ENTRANCE_WORDS or record.get("entrance_id"):
            self._entrance(record, place, {**said, "wheelchair": fit})
            return
        identity = record.get("gate_id") or self._new_id("g", record, place)
        one = Gate(
            community_id=self.job.community_id, gate_id=identity, foot=FOOT.get(record.get("foot") or ""),
            wheelchair=fit, opening_hours=record.get("opening_hours"), **said,
        )  # fmt: skip
        self._taken(record, identity, one)

    def _entrance(self, record: Record, place: tuple[float, float], said: dict[str, Any]) -> None:
        named = record.get("building_id") or record.get("building")
        building = self.building(record) if named else self.entrances.building_at(shapely.Point(place))
        if building is None:
            raise RowError(
                "unknown_building",
                f"{ENTRANCE_M:g} m 以内没有楼栋；请写明所属楼栋，或改正位置",
                f"no building lies within {ENTRANCE_M:g} m; name its building, or correct the position",
            )
        identity = record.get("entrance_id") or self._new_id("n", record, place)
        one = Entrance(
            community_id=self.job.community_id, entrance_id=identity, building_id=building.building_id, **said
        )
        self._taken(record, identity, one)

    def _taken(self, record: Record, identity: str, one: Gate | Entrance) -> None:
        stored = self.places.before(one)
        if stored and stored.community_id != self.job.community_id:
            raise other_community(KINDS[one.kind], identity, stored.community_id)
        self.once(identity, record, KINDS[one.kind], record.get("name") or identity)
        self.gathered.add(record.row, "paths", one)

    def _new_id(self, letter: str, record: Record, place: tuple[float, float]) -> str:
        text = f"{record.get('name') or ''}@{place[0]:.6f},{place[1]:.6f}"
        return f"{self.job.community_id}-{letter}-{slug(text).split('-')[-1]}"

"""What the health check asks of others: KPIs, scenes, records, inspections and walking circles. For all communities."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin_model.declared import duration
from twin_model.health_book import HealthBook, Item
from twin_model.health_coverage import coverage
from twin_model.health_facts import F64, Facts
from twin_model.health_measures import Measured, measured
from twin_model.kpi_periods import local_day
from twin_model.record_kinds import RecordKind

if TYPE_CHECKING:
    from twin_model.twin import Twin

FINDING = "health_finding"
"""The kind of record an inspection is written down in."""
_ALIVE = "recorded_at <= $at AND (superseded_at IS NULL OR superseded_at > $at)"


class Inputs:
    """Measures one item after another; what several items share is asked once."""

    def __init__(self, twin: Twin, at: datetime, book: HealthBook, facts: Facts) -> None:
        self._twin, self._at, self._book, self._facts = twin, at, book, facts
        self._place = {name: n for n, name in enumerate(facts.communities)}
        self._attainment: dict[str, F64] = {}
        self._scenes: dict[str, F64] = {}
        self._kpis = self._asked_kpis()
        self._covered = self._asked_coverage()
        self._found = self._asked_findings()

    def measure(self, item: Item) -> Measured:
        """The value of an item in every community."""
        own = {"kpi": self._kpi, "scene": self._scene, "record": self._record, "coverage": self._coverage}
        if item.measure == "manual":
            return self._manual(item)
        if item.measure in own:
            return own[item.measure](item)
        return measured(self._facts, item.measure, item.how, self._book.most_unknown)

    def findings(self, item: Item) -> F64:
        """What the newest inspection that is not too old found: 1 met, 0 not, nan none."""
        return self._found.get(item.key, self._nothing())

    def demands(self, item: Item) -> list[str | None]:
        """What the type of project of each community demands of the item's scene."""
        if item.applies.demand is None:
            return [None] * len(self._facts)
        schemes = {scheme.key: scheme for scheme in self._twin.catalogue.scene_book.schemes}
        scene = item.how["scene"]
        return [schemes[key].demand(scene) if key else None for key in self._facts.schemes]

    # ------------------------------------------------------------------ one by one

    def _nothing(self) -> F64:
        return np.full(len(self._facts), np.nan)

    def _unmeasured(self) -> Measured:
        return Measured.of(self._nothing())

    def _kpi(self, item: Item) -> Measured:
        found = self._unmeasured()
        for row in self._kpis[item.how["kpi"]]:
            n = self._place[row["community_id"]]
            if row["status"] == "measured" and row["value"] is not None:
                found.value[n] = found.upper[n] = row["value"]
            else:
                stale = row["status"] == "stale"
                for what in row["missing"] or ([f"stale.{item.how['kpi']}"] if stale else [f"kpi.{item.how['kpi']}"]):
                    found.note(what, self._only(n))
        return found

    def _scene(self, item: Item) -> Measured:
        """The attainment of a scene as the page of scenes has it; nan where too few of its indicators are graded."""
        found, scene = self._unmeasured(), item.how["scene"]
        if scene not in self._scenes:
            self._scenes[scene] = self._attained(scene)
        found.value, found.upper = self._scenes[scene].copy(), self._scenes[scene].copy()
        found.note(f"scene.{scene}", np.isnan(found.value))
        return found

    def _attained(self, scene: str) -> F64:
        """As ``scenes.scene_stands``, for all communities at once: means of indicators, which are means of KPIs."""
        book, kpis = self._twin.catalogue.scene_book, self._twin.catalogue.kpis
        total, graded = np.zeros(len(self._facts)), np.zeros(len(self._facts))
        indicators = book.of_scene(scene)
        for indicator in indicators:
            own = [
                self._attainment[name] for name, kpi in kpis.items()
                if kpi.scene == scene and indicator.number in kpi.indicators
            ]  # fmt: skip
            known = np.sum([~np.isnan(one) for one in own], axis=0, initial=0)
            points = np.sum([np.nan_to_num(one) for one in own], axis=0, initial=0)
            total += np.where(known > 0, points / np.maximum(known, 1), 0.0)
            graded += known > 0
        enough = (graded > 0) & (graded >= book.least_share * len(indicators))
        return np.where(enough, total / np.maximum(graded, 1), np.nan)

    def _record(self, item: Item) -> Measured:
        how = item.how
        kind = self._twin.catalogue.record_kinds[how["record"]]
        oldest = self._at - (duration(how["within"]) if "within" in how else kind.expected_every)
        newest = newest_rows(self._twin, self._at, kind, how["column"], how.get("by"))
        found = self._unmeasured()
        among = set(how.get("among", ()))
        seen: defaultdict[int, dict[str, float]] = defaultdict(dict)
        heard: set[int] = set()
        for row in newest:
            n = self._place.get(row["community_id"])
            if n is None or row["value"] is None:
                continue
            heard.add(n)
            if row["true_at"] >= oldest and (not among or row["choice"] in among):
                seen[n][row["choice"] or ""] = row["value"]
        never = np.array([n not in heard for n in range(len(self._facts))], bool)
        found.note(f"record.{kind.name}", never)
        found.note(f"stale.{kind.name}", ~never & np.array([n not in seen for n in range(len(self._facts))], bool))
        for n, values in seen.items():
            found.value[n] = found.upper[n] = sum(v > 0 for v in values.values()) if among else values[""]
            if unchecked := len(among - values.keys()):
                found.upper[n] += unchecked
                found.note(f"record.{kind.name}", self._only(n), np.full(len(self._facts), float(unchecked)))
        found.need_unit = "trades" if among else ""
        return found

    def _manual(self, item: Item) -> Measured:
        found = self._unmeasured()
        found.note(f"record.{FINDING}", np.isnan(self.findings(item)))
        return found

    def _coverage(self, item: Item) -> Measured:
        return self._covered[item.key]

    def _only(self, n: int) -> Any:
        where = np.zeros(len(self._facts), bool)
        where[n] = True
        return where

    # ---------------------------------------------------------------- asked together

    def _asked_kpis(self) -> dict[str, list[dict[str, Any]]]:
        items = self._book.items.values()
        names = {item.how["kpi"] for item in items if item.measure == "kpi"}
        scenes = {item.how["scene"] for item in items if item.measure == "scene"}
        graded = sorted(k.id for k in self._twin.catalogue.kpis.values() if k.scene in scenes)
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
        if not self._facts.communities:
            return found
        kpis, street = self._twin.kpis, self._facts.street
        for row in kpis.values(self._at, ids=sorted(names), street=street).to_pylist() if names else ():
            if row["community_id"] in self._place:
                found[row["kpi"]].append(row)
        self._attainment = dict.fromkeys(graded, self._nothing())
        ids = pa.array(self._facts.communities, pa.string())
        for name in graded:
            table = kpis.values(self._at, ids=[name], street=street)
            place = pc.index_in(table["community_id"], ids)
            known = pc.and_(pc.is_valid(place), pc.is_valid(table["attainment"]))
            values = self._nothing()
            values[place.filter(known).to_numpy()] = table["attainment"].filter(known).to_numpy()
            self._attainment[name] = values
        return found

    def _asked_findings(self) -> dict[str, F64]:
        kind = self._twin.catalogue.record_kinds.get(FINDING)
        found: dict[str, F64] = {}
        if kind is None:
            return found
        oldest = (self._at - kind.expected_every).date()
        for row in newest_findings(self._twin, self._at, self._book):
            n = self._place.get(row["community_id"])
            if n is not None and row["checked_on"] >= oldest:
                found.setdefault(row["item"], self._nothing())[n] = float(row["finding"] == "met")
        return found

    def _asked_coverage(self) -> dict[str, Measured]:
        wanted = [item for item in self._book.items.values() if item.measure == "coverage"]
        if not wanted:
            return {}
        return coverage(self._twin, self._at, self._facts, wanted, self._book.most_unknown)


def newest_rows(
    twin: Twin, at: datetime, kind: RecordKind, column: str, by: str | None, community_id: str | None = None
) -> Iterable[Mapping[str, Any]]:
    """The newest known row of a kind (of each choice of ``by``): community_id, choice, value, true_at, record_id."""
    where = "" if community_id is None else " AND community_id = $community"
    ended = f" AND ({kind.until} IS NULL OR {kind.until} > $day)" if kind.until else ""
    choice = by or "''"
    day = kind.columns[kind.true_at].type == "date"
    found: list[dict[str, Any]] = twin.store.select(
        f"SELECT community_id, {choice} AS choice, {column}::DOUBLE AS value, {kind.true_at} AS true_at, record_id "
        f"FROM {kind.table} WHERE {_ALIVE}{where}{ended} AND {kind.true_at} <= {'$day' if day else '$at'} "
        f"QUALIFY row_number() OVER (PARTITION BY community_id, {choice} ORDER BY {kind.true_at} DESC, record_id) = 1 "
        "ORDER BY community_id, choice",
        at=at, day=local_day(at), community=community_id,
    ).to_pylist()  # fmt: skip
    for row in found:
        true_at = row["true_at"]
        row["true_at"] = true_at if isinstance(true_at, datetime) else midnight(true_at)
    return found


def midnight(day: date) -> datetime:
    """When a local day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=8)


def newest_findings(
    twin: Twin, at: datetime, book: HealthBook, community_id: str | None = None
) -> list[dict[str, Any]]:
    """The newest inspection of each item of a rulebook, or of the one it extends, in each community."""
    kind = twin.catalogue.record_kinds[FINDING]
    where = "" if community_id is None else " AND community_id = $community"
    found: list[dict[str, Any]] = twin.store.select(
        f"SELECT community_id, record_id, item, checked_on, finding, document, checked_by_role, note "
        f"FROM {kind.table} WHERE {_ALIVE}{where} AND rulebook IN ($book, $base) AND checked_on <= $day "
        "QUALIFY row_number() OVER (PARTITION BY community_id, item ORDER BY checked_on DESC, record_id) = 1 "
        "ORDER BY community_id, item",
        at=at, day=local_day(at), book=book.name, base=book.extends or book.name, community=community_id,
    ).to_pylist()  # fmt: skip
    return found


def records_epoch(twin: Twin, at: datetime, book: HealthBook) -> int:
    """Between two changes of this the records a rulebook reads are the same."""
    kinds = {item.how["record"] for item in book.items.values() if item.measure == "record"}
    known = [kind for kind in (*kinds, FINDING) if kind in twin.catalogue.record_kinds]
    return max((twin.ledger.epoch(kind, at) for kind in known), default=0)


def is_live(items: Sequence[Item]) -> bool:
    """Whether a check depends on the instant itself: KPIs may, and what is too old becomes so by time alone."""
    return any(item.measure in ("kpi", "scene", "record", "manual") for item in items)


def of_communities(table: pa.Table, community_id: str | None) -> pa.Table:
    """The rows of one community, or all."""
    return table if community_id is None else table.filter(pc.equal(table["community_id"], community_id))

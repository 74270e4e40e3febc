"""A what-if scenario as a workbook: what would be changed, who gains and who loses. Every sheet says it is no fact."""

from __future__ import annotations

from typing import Any

from cockpit.encoding import rfc3339
from cockpit.reports.xlsx import workbook
from twin_model.scenarios import Scenario
from twin_model.twin import Twin

MARK = "推演方案，非现状 · What-if scenario, not what is"
_EDIT = ("op", "facility_kind", "facility_id", "site_no", "name", "lon", "lat", "area_m2", "capacity", "yuan_per_m2")
_COVERED = (
    "facility_kind", "limit", "limit_unit", "group", "total", "before", "after", "change", "gained", "lost",
    "uncounted",
)  # fmt: skip
_BUILDING = ("facility_kind", "building_id", "before_m", "after_m", "change")
_EFFECT = ("facility_kind", "edit", "people", "metres_saved", "per_m2", "per_10k_yuan", "snap_m")


def sheet_of(twin: Twin, one: Scenario) -> bytes:
    """XLSX bytes, the same for the same scenario and twin. Figures are as known at the scenario's ``base_at``."""
    outcomes = twin.scenarios.outcomes(one.base_at, one.community_id, one.edits, profile=one.profile)
    covered: list[list[Any]] = []
    buildings: list[list[Any]] = []
    effects: list[list[Any]] = []
    for found in outcomes:
        kind = found.facility_kind
        covered += [
            [kind, limit, unit, row.group, row.total, row.before, row.after, row.change, row.gained, row.lost,
             row.uncounted]
            for unit, limit, row in found.covered
        ]  # fmt: skip
        words = found.change_of()
        buildings += [
            [kind, identity, _metres(was), _metres(now), word]
            for identity, was, now, word in zip(found.building_id, found.before_m, found.after_m, words, strict=True)
            if word != "same"
        ]
        effects += [
            [
                kind,
                e.edit + 1,
                e.marginal.people,
                e.marginal.metres_saved,
                e.marginal.per_m2,
                e.marginal.per_10k,
                e.snap_m,
            ]
            for e in found.effects
        ]
    about = [
        ("!", MARK), ("name", one.name), ("community", one.community_id), ("owner", one.owner),
        ("base_at", rfc3339(one.base_at)), ("recorded_at", rfc3339(one.recorded_at)), ("profile", one.profile),
        ("scenario_id", one.scenario_id),
    ]  # fmt: skip
    edits = [[getattr(edit, name) for name in _EDIT] for edit in one.edits]
    marked: list[tuple[str, tuple[str, ...], Any]] = [
        ("推演方案 What-if", ("member", "value"), about),
        ("推演-改动 edits", _EDIT, edits), ("推演-覆盖 coverage", _COVERED, covered),
        ("推演-楼栋 buildings", _BUILDING, buildings), ("推演-效益 effects", _EFFECT, effects),
    ]  # fmt: skip
    return workbook(marked, MARK, one.recorded_at)


def _metres(value: float) -> float | None:
    return round(float(value), 1) if value != float("inf") else None

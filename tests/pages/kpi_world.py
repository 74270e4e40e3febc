"""Two communities and four KPIs: meals, whistles, visits that name a person, and a daily count that never came."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from tests.conftest import NOON, Clock
from twin_model.catalogue import Catalogue, Registry
from twin_model.entities import Community
from twin_model.kpi import Kpi, load_kpi
from twin_model.twin import Twin

HERE, THERE = "demo", "other"
TODAY = date(2026, 11, 22)

_HEADER = """/* ---
title      = {{ zh = "{zh}", en = "{en}" }}
indicators = [{indicator}]
unit       = {{ zh = "{unit_zh}", en = "{unit_en}" }}
measure    = "{measure}"
period     = "30d"
target     = {target}
direction  = "up"
target_source = {{ zh = "建议值", en = "proposal" }}
freshness  = "5d"
sources    = ["{source}"]
version    = 1
views      = [{views}]
headline   = {headline}
words      = {{ zh = "近 30 天之和", en = "sum of the last 30 days" }}
[[example]]
name = "x"
expect = {{}}
--- */
"""
_FILES = {
    "health/meals": (
        {"zh": "老年就餐", "en": "Meals of elders", "indicator": 11, "unit_zh": "人次", "unit_en": "meals",
         "measure": "sum", "target": 200, "source": "canteen_meal", "views": '"elders_children"', "headline": "true"},
        """SELECT community_id, period, record_id AS row_id, day, age_band, diners::DOUBLE AS numerator,
       NULL::DOUBLE AS denominator, CASE WHEN len(flags) > 0 THEN flags[1] END AS excluded FROM canteen_meal""",
    ),
    "health/delivered": (
        {"zh": "送餐准时", "en": "Delivered in time", "indicator": 9, "unit_zh": "%", "unit_en": "%",
         "measure": "share", "target": 90, "source": "meal_delivery", "views": "", "headline": "false"},
        """SELECT community_id, period, record_id AS row_id, 1.0 AS numerator, 1.0 AS denominator,
       NULL::TEXT AS excluded FROM meal_delivery""",
    ),
    "governance/accepted": (
        {"zh": "吹哨受理率", "en": "Whistles accepted", "indicator": 31, "unit_zh": "%", "unit_en": "%",
         "measure": "share", "target": 95, "source": "whistle", "views": '"party"', "headline": "true"},
        """SELECT community_id, period, record_id AS row_id, raised_at AS happened_at,
       (accepted_at IS NOT NULL)::DOUBLE AS numerator, 1.0 AS denominator, NULL::TEXT AS excluded FROM whistle""",
    ),
    "governance/visited": (
        {"zh": "走访到位率", "en": "Visits made", "indicator": 32, "unit_zh": "%", "unit_en": "%",
         "measure": "share", "target": 100, "source": "welfare_visit", "views": "", "headline": "false"},
        """SELECT community_id, period, record_id AS row_id, subject, subject_no,
       (visited_on IS NOT NULL)::DOUBLE AS numerator, 1.0 AS denominator, NULL::TEXT AS excluded FROM welfare_visit""",
    ),
}  # fmt: skip


def catalogue(folder: Path) -> Catalogue:
    """The declarations with these four KPIs instead of the program's."""
    known = Catalogue.load()
    kpis: Registry[Kpi] = Registry("KPI")
    for name, (header, sql) in _FILES.items():
        path = folder / f"{name}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_HEADER.format(**header) + sql, encoding="utf-8")
        kpis.add(path.stem, load_kpi(path, known.record_kinds, known.sensor_types, known.scene_book), path)
    return replace(known, kpis=kpis)


def meal(day: date, diners: int) -> dict[str, object]:
    return {"day": day, "facility": "f1", "meal": "lunch", "age_band": "70_79", "diners": diners, "is_trial": False}


def whistle(n: int, *, accepted: bool) -> dict[str, object]:
    raised = datetime(2026, 11, 18 + n, 1, tzinfo=UTC)
    return {"whistle_no": f"w{n}", "direction": "community", "raised_at": raised, "group": "property",
            "category": "facilities", "accepted_at": raised + timedelta(hours=1) if accepted else None,
            "unit_no": "u1"}  # fmt: skip


def lived(declared: Catalogue) -> tuple[Twin, Clock]:
    """September and November have meals, October none; three of four whistles accepted; one visit; no deliveries."""
    clock = Clock(NOON - timedelta(days=400))
    twin = Twin.open(None, clock=clock, catalogue=declared)
    twin.record([
        Community(community_id=HERE, name="样板社区", name_en="Model community", scheme="普惠型"),
        Community(community_id=THERE, name="邻近社区", name_en="Next community", scheme="旧改类引领型"),
    ])  # fmt: skip
    clock.set(NOON - timedelta(hours=2))
    days = [(date(2026, 9, 28), 80), (date(2026, 11, 20), 60), (date(2026, 11, 21), 70)]
    twin.ledger.record("canteen_meal", [meal(*day) for day in days], community_id=HERE)
    twin.ledger.record("canteen_meal", [meal(date(2026, 11, 21), 190)], community_id=THERE)
    twin.ledger.record("whistle", [whistle(n, accepted=n < 3) for n in range(4)], community_id=HERE)
    visit = {"visit_no": "v1", "subject": "lonely_elder", "subject_no": "E-0007", "due_on": date(2026, 11, 20),
             "visited_on": date(2026, 11, 20), "by_role": "grid_worker"}  # fmt: skip
    twin.ledger.record("welfare_visit", [visit], community_id=HERE)
    told = {"indicator": 17, "kpi": "建筑风貌评审得分", "as_of": date(2026, 6, 30), "value": 86.0, "unit": "分",
            "document": "责任规划师年度评估（2026）", "reported_by_role": "planner",
            "reported_on": date(2026, 7, 8)}  # fmt: skip
    twin.ledger.record("reported_value", [told], community_id=HERE)
    clock.set(NOON)
    return twin, clock

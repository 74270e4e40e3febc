"""Gap projects (补短板项目) of the sample community: what it lacks, where it is to be, and how far each one is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from ingest.rhythm import Ints
from sample_data.records_base import NONE, Draw, Rows, Texts, at, calendar, coded, day_of, given, stages, texts

Day = tuple[int, int, int]


class _Project(NamedTuple):
    title: str
    facility_kind: str
    fix: str
    area_m2: float
    places: int | None
    cost_wan: float
    fund: str
    building: str | None
    facility: str | None
    listed: Day
    starts: Day | None
    finished: Day | None
    due: Day


_PROJECTS = (
    _Project("老年食堂改造", "canteen", "rebuild", 380.0, 80, 96.0, "city", "demo-b-centre", "demo-f-canteen",
             (2024, 3, 11), (2024, 5, 6), (2024, 9, 20), (2024, 9, 30)),
    _Project("东园分类投放点", "recycling", "build", 32.0, None, 9.5, "subdistrict", None, "demo-f-recycling-2",
             (2025, 2, 18), (2025, 3, 24), (2025, 5, 12), (2025, 5, 31)),
    _Project("河滨苑婴幼儿托育园", "nursery", "rent", 230.0, 40, 68.0, "district", "demo-e1-b04", None,
             (2026, 1, 15), (2026, 8, 3), None, (2027, 1, 31)),
    _Project("东园百姓健身房", "fitness", "swap", 180.0, 40, 42.0, "state_firm", "demo-e2-b02", None,
             (2026, 4, 9), None, None, (2027, 6, 30)),
    _Project("新绿里居家养老服务中心", "day_care", "rebuild", 420.0, 30, 135.0, "bond", "demo-e3-b02", None,
             (2026, 6, 22), None, None, (2027, 9, 30)),
)  # fmt: skip
_DROPPED = (2026, 9, 14)
"""The fitness room lost its house on this day."""


def _garden(year: int) -> _Project:
    title, days = f"河滨公园微更新（{year}）", ((year, 1, 20), (year, 4, 10), (year, 10, 20), (year, 10, 31))
    return _Project(title, "park", "rebuild", 320.0, None, 18.0, "subdistrict", None, "demo-f-park", *days)


def gap_project(draw: Draw, days: Ints) -> Rows:
    """Five since 2024: two finished, one being built, one planned, one given up; and a garden every year."""
    plan = [*_PROJECTS, *(_garden(year) for year in range(2024, int(calendar(days[-1])[0]) + 1))]
    number = np.arange(len(plan))

    def days_of(said: Iterable[Day | None]) -> Ints:
        return np.array([NONE if one is None else day_of(*one) for one in said])

    listed, due = days_of(p.listed for p in plan), days_of(p.due for p in plan)
    starts, finished = days_of(p.starts for p in plan), days_of(p.finished for p in plan)
    dropped = np.where(np.array([p.facility_kind == "fitness" for p in plan]), day_of(*_DROPPED), NONE)
    nowhere = np.full(len(number), np.nan)
    rows = Rows(
        {
            "project_no": coded("BD", number + 1), "title": texts([p.title for p in plan]),
            "facility_kind": texts([p.facility_kind for p in plan]), "fix": texts([p.fix for p in plan]),
            "status": texts(["planned"] * len(number)), "listed_on": listed, "starts_on": starts, "due_on": due,
            "finished_on": finished, "area_m2": np.array([p.area_m2 for p in plan]),
            "places": np.array([NONE if p.places is None else p.places for p in plan]),
            "cost_wan": np.array([p.cost_wan for p in plan]), "fund": texts([p.fund for p in plan]),
            "building": texts([p.building for p in plan]), "facility": texts([p.facility for p in plan]),
            "lon": nowhere, "lat": nowhere,
            "document": texts([f"补短板实施方案（{p.listed[0]}）第{n + 1}号" for n, p in enumerate(plan)]),
        },
        at(listed, 16.0),
    )  # fmt: skip
    told = stages(
        rows, (given(starts != NONE, at(starts, 9.0)), ("starts_on",)), (given(dropped != NONE, at(dropped, 15.0)), ()),
        (given(finished != NONE, at(finished, 17.0)), ("finished_on", "facility")),
    )  # fmt: skip
    told.columns["status"] = _status(told, dropped)
    return told


def _status(rows: Rows, dropped: Ints) -> Texts:
    """What a version says of itself follows from the dates it knows, and from whether it was given up by then."""
    of = np.array([int(one.split("-")[1]) - 1 for one in rows.columns["project_no"].tolist()])
    is_dropped = (dropped[of] != NONE) & (rows.known >= at(dropped[of], 0.0))
    by_date = np.where(rows.columns["starts_on"] != NONE, "building", "planned")
    by_date = np.where(rows.columns["finished_on"] != NONE, "done", by_date)
    return texts(np.where(is_dropped, "dropped", by_date).tolist())

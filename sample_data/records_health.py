"""What inspectors found at the sample community: twice a year, some of the items that no data decide; and of which
facilities the survey of every spring says that all are on record."""

from __future__ import annotations

import numpy as np

from ingest.rhythm import Ints
from sample_data.records_base import Draw, Rows, by_evening, calendar, texts

_ITEMS = (
    ("complete_community_2020", "utilities", "街道建设办", "met", "met", None),
    ("complete_community_2020", "barrier_free", "街道民政办", "not_met", "not_met", "3幢、5幢单元门无坡道"),
    ("complete_community_2020", "property_platform", "区住建局物业科", "not_met", "met", None),
    ("complete_community_2020", "governance_mechanism", "街道党建办", "met", "met", None),
    ("complete_community_2020", "community_culture", "街道文化站", "met", "met", None),
    ("pilot_2022", "platforms_linked", "区城市运行管理中心", "not_met", "not_met", "家庭终端尚未接入"),
    ("pilot_2022", "environment", "街道建设办", "met", "met", None),
)
"""Rulebook, item, who examined it, what was found before 2026 and since; the others nobody has examined."""


def health_finding(draw: Draw, days: Ints) -> Rows:
    """On the 18th of March and of September."""
    _, month, of_month = calendar(days)
    visits = days[np.isin(month, (3, 9)) & (of_month == 18)]
    day, which = np.repeat(visits, len(_ITEMS)), np.tile(np.arange(len(_ITEMS)), len(visits))
    year, month, _ = calendar(day)
    found = [_ITEMS[n] for n in which.tolist()]
    papers = [f"社区专项体检记录（{y}）第{m // 6 + 1}号" for y, m in zip(year.tolist(), month.tolist(), strict=True)]
    columns = {
        "checked_on": day,
        "rulebook": texts([one[0] for one in found]),
        "item": texts([one[1] for one in found]),
        "finding": texts([one[3] if y < 2026 else one[4] for one, y in zip(found, year.tolist(), strict=True)]),
        "document": texts(papers),
        "checked_by_role": texts([one[2] for one in found]),
        "note": texts([one[5] for one in found]),
    }
    return Rows(columns, by_evening(draw, day, late=0.0))


_SURVEYED = (("all", "yes", "街道民政办"), ("waste", "yes", "区环卫中心"), ("charging", "no", "区充电设施运营单位"))
"""Kind, whether all of it is on record, who says so: the operator of the chargers has given no list."""


def facility_register(draw: Draw, days: Ints) -> Rows:
    """On the 18th of March, as known that evening."""
    _, month, of_month = calendar(days)
    springs = days[(month == 3) & (of_month == 18)]
    day, which = np.repeat(springs, len(_SURVEYED)), np.tile(np.arange(len(_SURVEYED)), len(springs))
    year, _, _ = calendar(day)
    found = [_SURVEYED[n] for n in which.tolist()]
    columns = {
        "declared_on": day,
        "facility_kind": texts([one[0] for one in found]),
        "complete": texts([one[1] for one in found]),
        "document": texts([f"社区设施普查表（{y}）" for y in year.tolist()]),
        "declared_by_role": texts([one[2] for one in found]),
    }
    return Rows(columns, by_evening(draw, day, late=0.0))

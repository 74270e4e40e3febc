"""Records of what the sample community is served with: repairs, fees, income, safety, shops, firms, spaces."""

from __future__ import annotations

import numpy as np

from ingest.rhythm import Floats, Ints
from sample_data.records_base import (
    DAY_US,
    HOUR_US,
    MINUTE_US,
    NONE,
    Draw,
    Rows,
    at,
    by_evening,
    calendar,
    coded,
    corrected,
    day_of,
    given,
    growth,
    is_festival,
    is_workday,
    joining,
    numbered,
    one,
    one_of,
    pick,
    repeated,
    season,
    stages,
    texts,
    together,
    whole,
)
from sample_data.records_care import building, months

ESTATES = texts(["demo-e1", "demo-e2", "demo-e3"])
_FAULTS = {"water": 0.23, "power": 0.14, "lift": 0.11, "door": 0.17, "light": 0.15, "drain": 0.12, "other": 0.08}


def repair(draw: Draw, days: Ints) -> Rows:
    """Five a day, more in the plum rains and in frost; one in seven is urgent."""
    day, n = draw.many(1, days, 4.4 * (1 + 0.16 * np.abs(season(days))) * np.where(is_festival(days), 0.6, 1.0))
    reported = at(day, 7.0 + 14.5 * draw(3, day, n))
    urgent = draw(4, day, n) < 0.14
    category = pick(draw(5, day, n), _FAULTS)
    learning = 1.35 - 0.35 * growth(day, 0.0)  # the property company gets quicker
    accepted = reported + _minutes(learning * np.where(urgent, 2 + 14 * draw(6, day, n), 4 + 90 * draw(6, day, n) ** 2))
    hours = np.where(urgent, 0.3 + 3.1 * draw(7, day, n) ** 1.4, 1.2 + 21 * draw(7, day, n) ** 2) * learning
    waits = draw(8, day, n) < np.where(category == "lift", 0.12, 0.02)  # for a part
    done = accepted + _minutes(60 * (hours + np.where(waits, 24 * (6 + 20 * draw(9, day, n)), 0)))
    ends = draw(10, day, n) < 0.99
    confirmed = done + _minutes(20 + 1500 * draw(11, day, n) ** 2)
    said = ends & (draw(12, day, n) < 0.97)
    columns = {
        "repair_no": numbered("BX", day, n), "reported_at": reported,
        "estate": ESTATES[np.searchsorted([0.45, 0.75], draw(13, day, n))], "category": category, "is_urgent": urgent,
        "accepted_at": accepted, "done_at": given(ends, done), "confirmed_at": given(said, confirmed),
        "rating": given(said & (draw(14, day, n) < 0.85), whole(5.3 - 2.6 * draw(15, day, n) ** 3)),
    }  # fmt: skip
    rows = Rows(columns, np.maximum(reported + MINUTE_US, accepted))
    return stages(
        rows, (given(ends, done + MINUTE_US), ["done_at"]),
        (given(said, confirmed + MINUTE_US), ["confirmed_at", "rating"]),
    )  # fmt: skip


def _minutes(count: Floats) -> Ints:
    return np.asarray(np.floor(count), np.int64) * MINUTE_US


def service_request(draw: Draw, days: Ints) -> Rows:
    """Three a day and growing."""
    day, n = draw.many(1, days, 3.4 * growth(days, 0.35) * np.where(is_festival(days), 0.4, 1.0))
    raised = at(day, 8.0 + 12.0 * draw(3, day, n))
    done = raised + _minutes(60 * (2 + 60 * draw(4, day, n) ** 1.5))
    ends = draw(5, day, n) < 0.97
    kinds = {"housekeeping": 0.36, "elder": 0.24, "children": 0.12, "repair": 0.19, "legal": 0.04, "other": 0.05}
    columns = {
        "request_no": numbered("XQ", day, n), "raised_at": raised, "category": pick(draw(6, day, n), kinds),
        "done_at": given(ends, done),
        "rating": given(ends & (draw(7, day, n) < 0.7), whole(5.3 - 2.3 * draw(8, day, n) ** 3)),
    }  # fmt: skip
    return stages(Rows(columns, raised + MINUTE_US), (given(ends, done + HOUR_US), ["done_at", "rating"]))


def _of_estates(month: Ints, known: Ints) -> tuple[Ints, Ints, Ints]:
    """(month, estate number, known) for each month and estate."""
    day, estate = repeated(month, 3)
    return day, estate, np.repeat(known, 3)


def property_fee(draw: Draw, days: Ints) -> Rows:
    """The old estate pays least; what comes in late is added to the month a fortnight later."""
    month, estate, known = _of_estates(*months(draw, days))
    due = np.array([31_680.0, 58_968.0, 112_050.0])[estate]
    share = np.array([0.845, 0.915, 0.955])[estate] * (0.95 + 0.05 * growth(month, 0.2)) + 0.012 * draw.normal(
        1, month, estate
    )
    early, late = np.round(due * (share - 0.05)), np.round(due * np.minimum(share, 0.995))
    columns = {"month": month, "estate": ESTATES[estate], "due_yuan": due, "paid_yuan": early}
    return together(Rows(columns, known), Rows({**columns, "paid_yuan": late}, known + 14 * DAY_US))


def property_survey(draw: Draw, days: Ints) -> Rows:
    """Every half-year, in March and September."""
    _, month, of_month = calendar(days)
    day, estate, known = _of_estates(found := days[np.isin(month, (3, 9)) & (of_month == 20)], at(found + 6, 15.0))
    asked = np.array([160, 150, 180])[estate]
    share = np.array([0.74, 0.83, 0.89])[estate] * (0.9 + 0.1 * growth(day, 0.2)) + 0.015 * draw.normal(1, day, estate)
    return Rows({"day": day, "estate": ESTATES[estate], "asked": asked, "satisfied": whole(asked * share)}, known)


_INCOME = (("rent", 17_200, 0.35), ("parking", 15_800, 0.4), ("market", 2_600, 0.3), ("co_op", 7_400, 0.5),
           ("services", 5_300, 0.25), ("advertising", 1_900, 0.6))  # fmt: skip


def income(draw: Draw, days: Ints) -> Rows:
    """Some half a million yuan a year, a third of it for the public good."""
    month, known = months(draw, days)
    parts = []
    for turn, (source, amount, share) in enumerate(_INCOME):
        found = np.round(amount * growth(month, 0.55) * (0.88 + 0.24 * draw(turn, month)), 2)
        columns = {"month": month, "source": one(source, month), "amount": found,
                   "returned": np.round(found * share * (0.9 + 0.2 * draw(turn + 20, month)), 2)}  # fmt: skip
        parts.append(Rows(columns, known))
    rows = together(*parts)
    return corrected(
        draw, rows, "amount", rows.columns["month"], share=0.03, wrong=lambda yuan: np.round(yuan * 1.1, 2)
    )


_SHOPS = {"convenience": 3, "grocery": 2, "breakfast": 4, "barber": 3, "laundry": 1, "pharmacy": 2, "repair": 1,
          "housekeeping": 2, "parcel": 3}  # fmt: skip


def shop_check(draw: Draw, days: Ints) -> Rows:
    """In the second week of each quarter."""
    _, month, of_month = calendar(days)
    day, part = repeated(days[(month % 3 == 1) & (of_month == 9)], len(_SHOPS))
    shops = np.array(list(_SHOPS.values()))[part]
    shut = (draw(1, day, part) < 0.12).astype(np.int64)
    columns = {"checked_on": day, "category": texts(list(_SHOPS))[part], "shops": shops, "open": shops - shut}
    return Rows(columns, by_evening(draw, day, late=0.0))


_CHECKS = {"fire_lane": 0.3, "fire_equipment": 0.26, "lift": 0.14, "gas": 0.12, "falling_object": 0.1,
           "waterlogging": 0.08}  # fmt: skip
_CHECKED = texts([f"demo-f-{code}" for code in ("centre", "clinic", "supermarket", "garage", "parking", "charging-2")])


def safety_check(draw: Draw, days: Ints) -> Rows:
    """Nearly two each workday; one in four finds something, which is mostly put right within the week."""
    work = days[is_workday(days)]
    day, n = draw.many(1, work, 1.9)
    found = whole(np.where(draw(3, day, n) < 0.26, 1 + 2.4 * draw(4, day, n) ** 2, 0))
    fixed = day + np.floor(np.where(draw(5, day, n) < 0.08, 12 + 25 * draw(6, day, n), 8 * draw(6, day, n))).astype(int)
    ends = (found > 0) & (draw(7, day, n) < 0.98)
    public, nowhere = draw(8, day, n) < 0.3, draw(9, day, n) < 0.006
    columns = {
        "check_no": numbered("AQ", day, n, 1), "day": day,
        "facility": given(public & ~nowhere, _CHECKED[(6 * draw(10, day, n)).astype(np.int64)]),
        "building": given(~public & ~nowhere, building(draw(11, day, n))), "category": pick(draw(12, day, n), _CHECKS),
        "found": found, "fixed_on": given(ends, fixed),
    }  # fmt: skip
    rows = Rows(columns, by_evening(draw, day, n))
    return stages(rows, (given(ends, np.maximum(at(fixed, 20.0), rows.known + MINUTE_US)), ["fixed_on"]))


def emergency_drill(draw: Draw, days: Ints) -> Rows:
    """Fire twice a year, floods before the rains, typhoons in July, first aid in autumn."""
    _, month, of_month = calendar(days)
    plan = {4: "fire", 5: "flood", 7: "typhoon", 10: "medical", 11: "fire"}
    day = days[np.isin(month, list(plan)) & (of_month == 12)]
    _, month, _ = calendar(day)
    columns = {
        "drill_no": numbered("YL", day, month * 0, 1), "day": day, "category": texts([plan[m] for m in month.tolist()]),
        "participants": whole(74 * growth(day) * (1 + 0.2 * draw.normal(1, day))),
    }  # fmt: skip
    return Rows(columns, by_evening(draw, day, late=0.0))


# ------------------------------------------------------------------ firms and spaces


_FIRMS = (
    "文创工作室", "智能设备", "直播电商", "设计事务所", "软件开发", "手作工坊", "家政服务", "农产品", "教育咨询",
    "康养科技", "跨境贸易", "摄影工作室", "物联网", "咖啡烘焙", "法律服务", "新媒体",
)  # fmt: skip


def firm(draw: Draw, days: Ints) -> Rows:
    """One every two months; most settle after a year, one in five has left by then."""
    number, joined = joining(draw, days, 62.0, 1.0)
    left = given(draw(2, number) < 0.2, joined + 330 + np.floor(200 * draw(3, number)).astype(np.int64))
    jobs = whole(2 + 9 * draw(4, number))
    names = texts([f"示例{_FIRMS[n % len(_FIRMS)]}" for n in (number - 1).tolist()])
    columns = {
        "firm_no": coded("QY", number), "name": names, "joined_on": joined,
        "stage": one("incubating", number), "jobs": jobs, "left_on": np.full(len(number), NONE),
    }  # fmt: skip
    settles = draw(5, number) < 0.6
    grown = {**columns, "stage": one("settled", number), "jobs": jobs + whole(5 * draw(6, number))}
    stays = settles & (left == NONE)
    return together(
        Rows(columns, at(joined, 16.0)), Rows(grown, at(joined + 365, 16.0)).take(stays),
        Rows({**columns, "left_on": left}, at(left, 17.0)).take(left != NONE),
    )  # fmt: skip


def desk_day(draw: Draw, days: Ints) -> Rows:
    """The makers' space; once in a while somebody sits at the table in the kitchen."""
    day = days[~is_festival(days)]
    use = np.where(is_workday(day), 17.5, 9.0) * growth(day, 0.45) * (1 + 0.09 * draw.normal(1, day))
    used = np.where(draw(2, day) < 0.006, 26, np.minimum(24, whole(use)))
    columns = {"day": day, "room": one("demo-r-makers", day), "desks": np.full(len(day), 24), "used": used}
    return Rows(columns, by_evening(draw, day, late=0.015))


def startup_service(draw: Draw, days: Ints) -> Rows:
    """One or two a week."""
    day, n = draw.many(1, days, np.where(is_workday(days), 0.3, 0.0))
    category = pick(draw(3, day, n), {"policy": 0.36, "finance": 0.2, "mentor": 0.28, "event": 0.16})
    _, joined = joining(Draw(draw.seed, "firm"), days, 62.0, 1.0)
    number = one_of(joined, day, draw(4, day, n))
    columns = {
        "service_no": numbered("CY", day, n, 1), "day": day, "firm_no": given(category != "event", coded("QY", number)),
        "category": category,
        "people": whole(np.where(category == "event", 12 + 20 * draw(5, day, n), 1 + 3 * draw(5, day, n))),
    }  # fmt: skip
    return Rows(columns, by_evening(draw, day, n, late=0.05))


_SPACES: tuple[tuple[str, str, str | None, float, float | None, tuple[int, int, int]], ...] = (
    # title, kind, facility, area, usable before, since
    ("邻里中心公共用房", "public", "centre", 5980.0, 2100.0, (2024, 1, 1)),
    ("社区卫生服务站", "public", "clinic", 2304.0, 2304.0, (2024, 1, 1)),
    ("河滨苑物业用房", "public", "property-1", 90.0, 90.0, (2024, 1, 1)),
    ("东园物业用房", "public", "property-2", 90.0, 60.0, (2024, 1, 1)),
    ("新绿里物业用房", "public", "property-3", 110.0, 110.0, (2024, 1, 1)),
    ("老车棚改邻里客厅", "converted", None, 164.0, 0.0, (2024, 9, 1)),
    ("锅炉房改手作馆", "converted", None, 212.0, 0.0, (2025, 4, 15)),
    ("闲置商铺改共享厨房", "converted", "shops", 86.0, 0.0, (2025, 10, 1)),
    ("邻里中心屋顶花园", "roof_garden", "centre", 640.0, 0.0, (2025, 5, 20)),
    ("新绿里1幢架空层", "stilt_floor", None, 380.0, 0.0, (2024, 1, 1)),
    ("新绿里2幢架空层", "stilt_floor", None, 380.0, 0.0, (2025, 6, 1)),
    ("东园自行车库", "idle", None, 240.0, None, (2024, 1, 1)),
    ("老锅炉房附房", "idle", None, 75.0, None, (2024, 1, 1)),
)
_ENDED = {"东园自行车库": day_of(2026, 3, 1)}


def space(draw: Draw, days: Ints) -> Rows:
    """The register of spaces: the bicycle hall of Dongyuan is idle no more since March 2026, and every October a corner
    nobody used is opened."""
    opened = [day for year in range(2026, int(calendar(days[-1])[0]) + 1) if (day := day_of(year, 10, 12)) <= days[-1]]
    corners = [(f"{calendar(day)[0]}年微更新角落", "converted", None, 48.0, 0.0) for day in opened]
    spaces = [*(s[:5] for s in _SPACES), *corners]
    since = np.array([*(day_of(*s[5]) for s in _SPACES), *opened], np.int64)
    ended = np.array([_ENDED.get(s[0], NONE) for s in spaces])
    facility = [None if s[2] in (None, "shops") else f"demo-f-{s[2]}" for s in spaces]
    columns = {
        "space_no": coded("KJ", np.arange(len(spaces)) + 1, 2), "facility": texts(facility),
        "title": texts([s[0] for s in spaces]), "area_m2": np.array([s[3] for s in spaces]),
        "kind": texts([s[1] for s in spaces]), "usable_since": since,
        "area_before": np.array([np.nan if s[4] is None else s[4] for s in spaces]), "until": ended,
    }  # fmt: skip
    return stages(Rows(columns, at(since, 15.0)), (given(ended != NONE, at(ended, 15.0)), ["until"]))

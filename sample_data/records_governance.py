"""Records of how the sample community is governed: fund, projects, partner units, whistles, council, votes, party."""

from __future__ import annotations

import numpy as np

from ingest.rhythm import Ints
from sample_data.records_base import (
    BEGAN,
    MINUTE_US,
    NONE,
    Draw,
    Rows,
    at,
    by_evening,
    calendar,
    coded,
    day_of,
    given,
    growth,
    is_festival,
    is_workday,
    month_start,
    numbered,
    one,
    pick,
    stages,
    texts,
    together,
    weekday,
    whole,
)
from sample_data.records_care import months

_PROJECTS = (
    # title, category, budget, monthly share of what is spent at a time, who leads
    ("健康同行（义诊到家）", "health", 420_000, "卫生服务站"),
    ("一碗长寿面", "elder", 180_000, "社区居委会"),
    ("小小科学家", "children", 260_000, "听荷小学"),
    ("结对连心", "mutual_aid", 240_000, "社工站"),
    ("守护红船", "culture", 150_000, "文旅联盟"),
    ("益剪倾心", "mutual_aid", 90_000, "志愿者之家"),
    ("幸福舞台", "culture", 210_000, "文化站"),
)
_GROUPS = {"government": 9, "property": 5, "five_societies": 6, "finance": 6, "construction": 4, "medical": 5,
           "venues": 5, "schools": 6, "culture_tourism": 6}  # fmt: skip
"""Fifty-two units in nine groups."""
_NAMES = {
    "government": "机关", "property": "物业公司", "five_societies": "社会组织", "finance": "银行", "medical": "医院",
    "construction": "建设公司", "venues": "场馆", "schools": "学校", "culture_tourism": "文旅公司",
}  # fmt: skip
_UNIT_GROUP = texts([group for group, n in _GROUPS.items() for _ in range(n)])


def fund_entry(draw: Draw, days: Ints) -> Rows:
    """Three million raised in 2024, some more every quarter; every project is paid from it every other month."""
    last = int(days[-1])
    gifts = [
        (day_of(2024, 3, 12), 1_000_000.0, "government"), (day_of(2024, 4, 2), 800_000.0, "foundation"),
        (day_of(2024, 5, 20), 450_000.0, "firm"), (day_of(2024, 6, 18), 350_000.0, "firm"),
        (day_of(2024, 7, 1), 300_000.0, "individual"), (day_of(2024, 9, 10), 100_000.0, "individual"),
    ]  # fmt: skip
    starts = np.unique(month_start(np.arange(BEGAN + 300, last, 27)))
    year, month, _ = calendar(starts)
    for first, u in zip(starts[month % 3 == 0].tolist(), draw(1, starts[month % 3 == 0]).tolist(), strict=True):
        gifts += [(first + 9, 30_000.0 + 5_000.0 * int(8 * u), "firm"), (first + 17, 8_000.0 + int(900 * u) * 10.0,
                                                                        "individual")]  # fmt: skip
    day = np.array([g[0] for g in gifts], np.int64)
    number = np.arange(len(day))
    money_in = Rows(
        {
            "entry_no": numbered("JJ-S", day, number * 0 + np.array([g[2] == "individual" for g in gifts]), 1),
            "day": day, "direction": one("in", day), "amount": np.array([g[1] for g in gifts]),
            "party": texts([g[2] for g in gifts]), "project_no": texts([None])[number * 0],
            "decision_no": texts([None])[number * 0], "decided_on": np.full(len(day), NONE),
        },
        at(day + 1, 16.0),
    )  # fmt: skip
    turn, project = (x.ravel() for x in np.meshgrid(np.arange(len(starts)), np.arange(len(_PROJECTS)), indexing="ij"))
    paid = (month[turn] + project) % 2 == 0
    turn, project = turn[paid], project[paid]
    first = starts[turn]
    day = first + 11 + project
    share = np.array([p[2] for p in _PROJECTS])[project] / 24.0
    amount = np.round(share * (0.55 + 0.5 * draw(2, first, project)), -2)
    early = draw(3, first, project) < 0.02  # paid before the committee had met
    quiet = draw(4, first, project) < 0.03  # nobody wrote the decision down
    decision = texts([f"JY-{y}-{m:02}" for y, m in zip(year[turn].tolist(), month[turn].tolist(), strict=True)])
    out = Rows(
        {
            "entry_no": numbered("JJ-Z", day, project, 1), "day": day, "direction": one("out", day), "amount": amount,
            "party": one("project", day), "project_no": coded("GF", project + 1, 2),
            "decision_no": given(~quiet, decision),
            "decided_on": given(~quiet, np.where(early, day + 6, first + 4)),
        },
        at(np.where(early, day + 7, day + 1), 16.0),
    )  # fmt: skip
    return together(money_in, out)


def project(draw: Draw, days: Ints) -> Rows:
    """Seven, running since the second half of 2024; every January the committee adds to their budgets."""
    number = np.arange(len(_PROJECTS))
    starts = day_of(2024, 7, 1) + 14 * number
    parts = []
    for year in range(2024, int(calendar(days[-1])[0]) + 1):
        budget = np.array([float(p[2]) for p in _PROJECTS]) * (1 + 0.25 * max(0, year - 2025))
        columns = {
            "project_no": coded("GF", number + 1, 2), "title": texts([p[0] for p in _PROJECTS]),
            "category": texts([p[1] for p in _PROJECTS]), "budget": np.round(budget, -2), "starts_on": starts,
            "ends_on": np.full(len(number), NONE), "lead": texts([p[3] for p in _PROJECTS]),
            "batch": one("第六批", number), "status": one("planned" if year == 2024 else "running", number),
        }  # fmt: skip
        parts.append(Rows(columns, at(starts - 20 if year == 2024 else starts * 0 + day_of(year, 1, 15), 15.0)))
        if year == 2024:
            parts.append(Rows({**columns, "status": one("running", number)}, at(starts, 9.0)))
    return together(*parts)


def partner_unit(draw: Draw, days: Ints) -> Rows:
    """Some at first, fifty-two by the end of 2025; from then on one leaves every March and another one comes."""
    number = np.arange(len(_UNIT_GROUP))
    joined = BEGAN + np.where(draw(1, number) < 0.35, 10, np.floor(700 * draw(2, number))).astype(np.int64)
    changes, leaving = _changes(int(days[-1]))
    left = np.full(len(number) + len(changes), NONE)
    left[leaving] = changes
    number = np.arange(len(left))
    group = np.concatenate([_UNIT_GROUP, _UNIT_GROUP[leaving]])
    joined = np.concatenate([joined, np.array(changes, np.int64)])
    names = [f"示例{_NAMES[of]}{k + 1:02}" for k, of in enumerate(group.tolist())]
    columns = {
        "unit_no": coded("LJ", number + 1, 2), "name": texts(names), "group": group, "joined_on": joined,
        "left_on": left,
    }  # fmt: skip
    return stages(Rows(columns, at(joined, 15.0)), (given(left != NONE, at(left, 15.0)), ["left_on"]))


def _changes(last: int) -> tuple[list[int], Ints]:
    """The days until ``last`` on which a unit was replaced by the next new one, and which (counted from 0)."""
    days = [day for year in range(2026, int(calendar(last)[0]) + 1) if (day := day_of(year, 3, 1)) <= last]
    return days, np.array([(7 * n) % len(_UNIT_GROUP) for n in range(len(days))], np.int64)


_CALLS = {"health": 0.13, "safety": 0.16, "environment": 0.17, "facilities": 0.16, "children": 0.07, "elder": 0.1,
          "legal": 0.05, "culture": 0.07, "jobs": 0.03, "venue": 0.04, "other": 0.02}  # fmt: skip
_ANSWERS = {"health": "medical", "safety": "property", "environment": "property", "facilities": "construction",
            "children": "schools", "elder": "five_societies", "legal": "government", "culture": "culture_tourism",
            "jobs": "finance", "venue": "venues", "other": "government"}  # fmt: skip


def whistle(draw: Draw, days: Ints) -> Rows:
    """Five a week; a quarter of them are offers of a unit. A few are accepted by nobody."""
    work = days[is_workday(days)]
    day, n = draw.many(1, work, 1.0 * growth(work, 0.5))
    offer = draw(3, day, n) < 0.25
    category = pick(draw(4, day, n), _CALLS)
    usual = texts([_ANSWERS[c] for c in category.tolist()])
    other = _UNIT_GROUP[np.floor(len(_UNIT_GROUP) * draw(5, day, n)).astype(np.int64)]
    group = np.where(draw(6, day, n) < 0.7, usual, other)
    number = np.array([_unit(g, u) for g, u in zip(group.tolist(), draw(7, day, n).tolist(), strict=True)], np.int64)
    for new, (changed, old) in enumerate(zip(*_changes(int(days[-1])), strict=True), start=len(_UNIT_GROUP)):
        number[(day >= changed) & (number == old)] = new
    unit = coded("LJ", number + 1, 2)
    raised = at(day, 8.6 + 8.6 * draw(8, day, n))
    slow = np.where(np.isin(group, ("government", "construction")), 1.7, 1.0)
    accepted = raised + _minutes(slow * (12 + 620 * draw(9, day, n) ** 2.5))
    arrived = accepted + _minutes(slow * (240 + 5200 * draw(10, day, n) ** 1.6))
    done = arrived + _minutes(40 + 7000 * draw(11, day, n) ** 2)
    taken = draw(12, day, n) < 0.955
    ready = taken & (draw(13, day, n) < 0.965)
    columns = {
        "whistle_no": numbered("SD", day, n, 1), "direction": texts(["community", "unit"])[offer.astype(int)],
        "raised_at": raised, "group": group, "unit_no": given(taken | offer, unit), "category": category,
        "accepted_at": given(taken, accepted), "arrived_at": given(ready, arrived), "done_at": given(ready, done),
        "rating": given(ready & (draw(14, day, n) < 0.8), whole(5.2 - 2.4 * draw(15, day, n) ** 3)),
    }  # fmt: skip
    rows = Rows(columns, raised + 2 * MINUTE_US)
    first = given(taken, accepted + MINUTE_US)
    return stages(rows, (first, ["accepted_at"]), (given(ready, done + MINUTE_US), ["arrived_at", "done_at", "rating"]))


def _unit(group: str, u: float) -> int:
    mine = np.flatnonzero(group == _UNIT_GROUP)
    return int(mine[int(u * len(mine))])


def _minutes(count: np.ndarray) -> Ints:
    return np.asarray(np.floor(count), np.int64) * MINUTE_US


_TOPICS = (
    "小区未来车辆停放", "楼道杂物清理", "电动车充电位", "加装电梯", "广场舞音量公约", "儿童乐园地垫更换",
    "垃圾投放时间", "路灯照亮回家路", "老年食堂菜单", "宠物文明公约", "雨水管道疏通", "晾衣架改造", "架空层共享客厅",
    "快递柜位置", "无障碍坡道", "社区花园认养",
)  # fmt: skip


def council_topic(draw: Draw, days: Ints) -> Rows:
    """Three Wednesdays of a month a topic at the tea house: a small one, a hard one, and one for several parties by
    turns. One of thirty-six is not solved."""
    _, _, of_month = calendar(days)
    day = days[(weekday(days) == 2) & (of_month <= 21)]
    year, month, of_month = calendar(day)
    week = (of_month - 1) // 7
    number = (year - 2024) * 36 + (month - 1) * 3 + week
    tier = np.where(week == 0, "own", np.where(week == 1, "negotiated", np.where(month % 2 == 0, "joint", "own")))
    talked = day + np.where(week == 1, 5, 1)
    solved = talked + 1 + np.floor(np.where(week == 1, 14, 7) * draw(1, day)).astype(np.int64)
    confirmed = solved + 1 + np.floor(3 * draw(2, day)).astype(np.int64)
    never = number % 36 == 17
    columns = {
        "topic_no": coded("YT", number, 4), "raised_on": day, "tier": tier.astype(object),
        "title": texts([_TOPICS[k % len(_TOPICS)] for k in number.tolist()]), "facility": texts([None])[number * 0],
        "room": texts(["demo-r-tea", "demo-r-council"])[(week == 1).astype(int)],
        "participants": whole(23 * growth(day, 0.7) * (1 + 0.16 * draw.normal(3, day))),
        "stage": one("closed", day), "solved_on": given(~never, solved), "confirmed_on": given(~never, confirmed),
    }  # fmt: skip
    rows = Rows(columns, at(day, 17.5))
    versions = []
    turns = ((at(day, 17.5), "selected"), (at(talked, 17.5), "discussed"), (at(solved, 18.0), "supervised"),
             (at(confirmed, 18.0), "closed"))  # fmt: skip
    for turn, (known, stage) in enumerate(turns):
        told = {**rows.columns, "stage": one(stage, day)}
        if turn < 2:
            told["solved_on"] = np.full(len(day), NONE)
        if turn < 3:
            told["confirmed_on"] = np.full(len(day), NONE)
        versions.append(Rows(told, known).take(~never | (turn < 2)))
    return together(*versions)


def dispute(draw: Draw, days: Ints) -> Rows:
    """Three a month in the residents' parlour."""
    day, n = draw.many(1, days, np.where(is_workday(days), 0.16, 0.0))
    mediated = day + 1 + np.floor(5 * draw(3, day, n)).astype(np.int64)
    agreed = mediated + np.floor(9 * draw(4, day, n)).astype(np.int64)
    checked = agreed + 14 + np.floor(6 * draw(5, day, n)).astype(np.int64)
    ends = draw(6, day, n) < 0.93
    kinds = {
        "noise": 0.27,
        "parking": 0.22,
        "leak": 0.16,
        "space": 0.14,
        "pets": 0.09,
        "family": 0.06,
        "property": 0.06,
    }
    columns = {
        "dispute_no": numbered("TJ", day, n, 1), "raised_on": day, "category": pick(draw(7, day, n), kinds),
        "mediated_on": mediated, "agreed_on": given(ends, agreed),
        "checked_on": given(ends & (draw(8, day, n) < 0.9), checked),
    }  # fmt: skip
    rows = Rows(columns, at(day, 17.0))
    return stages(
        rows, (at(mediated, 18.0), ["mediated_on"]), (given(ends, at(agreed, 18.5)), ["agreed_on"]),
        (given(columns["checked_on"] != NONE, at(checked, 17.0)), ["checked_on"]),
    )  # fmt: skip


GRID_HOMES = {
    1: ((1, 144), (2, 144), (3, 144), (4, 96)), 2: ((5, 204), (6, 204), (7, 138)), 3: ((8, 270), (9, 219), (10, 258)),
}  # fmt: skip
"""By estate: the number of each grid and its homes."""


def grid(draw: Draw, days: Ints) -> Rows:
    """Ten grids of two or three buildings; the last one found its steward in the summer of 2025.

    Every January the stewards of the staircases are counted again; some come and some go.
    """
    estate = np.array([e for e, grids in GRID_HOMES.items() for _ in grids])
    homes = np.array([homes for grids in GRID_HOMES.values() for _, homes in grids])
    number = np.arange(len(estate))
    since = np.full(len(estate), day_of(2024, 1, 15))
    columns = {
        "grid_no": coded("WG", number + 1, 2), "estate": texts([f"demo-e{e}" for e in estate.tolist()]), "homes": homes,
        "steward": number < 9, "building_stewards": np.array([9, 9, 8, 6, 9, 9, 6, 3, 3, 3]), "since": since,
        "until": np.full(len(estate), NONE),
    }  # fmt: skip
    whole_year = {**columns, "steward": number >= 0}
    later = Rows(whole_year, at(since * 0 + day_of(2025, 7, 10), 10.0)).take(number == 9)
    parts = [Rows(columns, at(since, 9.0)), later]
    for year in range(2026, int(calendar(days[-1])[0]) + 1):
        counted = columns["building_stewards"] - (number + year) % 2
        parts.append(Rows({**whole_year, "building_stewards": counted}, at(since * 0 + day_of(year, 1, 12), 10.0)))
    return together(*parts)


_VOTES = ("加装电梯方案", "停车公约修订", "公共收益使用", "物业续聘", "外墙修缮方案", "广场改造方案")


def resident_vote(draw: Draw, days: Ints) -> Rows:
    """Every second month, in turn for all and for one estate."""
    _, month, of_month = calendar(days)
    day = days[(month % 2 == 1) & (of_month == 19)]
    _, month, _ = calendar(day)
    which = (month // 2) % 4
    entitled = np.array([1821, 528, 546, 747])[which]
    columns = {
        "vote_no": numbered("BJ", day, which * 0, 1), "day": day,
        "topic": texts([_VOTES[m // 2] for m in month.tolist()]),
        "estate": texts([None, "demo-e1", "demo-e2", "demo-e3"])[which], "entitled": entitled,
        "voted": whole(entitled * np.clip(0.58 + 0.12 * growth(day, 0.3) + 0.05 * draw.normal(1, day), 0.3, 0.95)),
    }  # fmt: skip
    return Rows(columns, at(day + 1, 12.0))


def app_month(draw: Draw, days: Ints) -> Rows:
    """The residents' app grows."""
    month, known = months(draw, days)
    registered = whole(2950 * growth(month, 0.35))
    columns = {
        "month": month, "registered": registered, "active": whole(registered * (0.43 + 0.05 * draw(1, month))),
        "posts": whole(330 * growth(month, 0.4) * (0.85 + 0.3 * draw(2, month))),
        "requests": whole(140 * growth(month, 0.6) * (0.85 + 0.3 * draw(3, month))),
    }  # fmt: skip
    return Rows(columns, known)


def party_activity(draw: Draw, days: Ints) -> Rows:
    """Study on the first, service on the third Saturday, a meeting on the twenty-fifth."""
    open_days = days[~is_festival(days)]
    _, _, of_month = calendar(open_days)
    third_saturday = (weekday(open_days) == 5) & (np.abs(of_month - 18) < 4)
    held = (("study", of_month == 1, "主题党日", 46), ("service", third_saturday, "先锋服务日", 58),
            ("meeting", of_month == 25, "联建联席会", 31))  # fmt: skip
    parts = []
    for turn, (category, chosen, title, people) in enumerate(held):
        day = open_days[chosen]
        columns = {
            "activity_no": numbered("DJ", day, np.full(len(day), turn), 1), "day": day, "category": one(category, day),
            "title": one(title, day), "participants": whole(people * growth(day) * (1 + 0.12 * draw.normal(turn, day))),
        }  # fmt: skip
        parts.append(Rows(columns, by_evening(draw, day, turn, late=0.05)))
    return together(*parts)


def party_member(draw: Draw, days: Ints) -> Rows:
    """Members of the community, and those who work elsewhere and reported in."""
    month, known = months(draw, days)
    members = whole(286 + 6 * growth(month, 0.0))
    columns = {
        "month": month, "members": members, "reported_in": whole(224 * growth(month, 0.55)),
        "served_hours": np.round(480 * growth(month, 0.6) * (0.85 + 0.3 * draw(1, month)), 1),
    }  # fmt: skip
    return Rows(columns, known)


def cim_use(draw: Draw, days: Ints) -> Rows:
    """Planning is done, building nearly, operating every day."""
    month, known = months(draw, days)
    parts = []
    for turn, (module, logins, cases) in enumerate((("plan", 28, 3), ("build", 64, 9), ("operate", 620, 128))):
        rate = growth(month, 0.5) * (0.85 + 0.3 * draw(turn, month))
        columns = {
            "month": month, "module": one(module, month), "logins": whole(logins * rate), "cases": whole(cases * rate),
        }  # fmt: skip
        parts.append(Rows(columns, known))
    return together(*parts)

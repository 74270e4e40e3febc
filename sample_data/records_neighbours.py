"""Records of what neighbours do together in the sample: talents, volunteers, activities, clubs, points, wishes."""

from __future__ import annotations

import numpy as np

from ingest.rhythm import Ints
from sample_data.records_base import (
    BEGAN,
    HOUR_US,
    MINUTE_US,
    NONE,
    Draw,
    Mask,
    Rows,
    Texts,
    at,
    by_evening,
    calendar,
    coded,
    corrected,
    given,
    growth,
    is_festival,
    joining,
    numbered,
    one,
    one_of,
    pick,
    repeated,
    stages,
    texts,
    together,
    weekday,
    whole,
)

_SKILLS = {"arts": 0.2, "handicraft": 0.15, "health": 0.14, "legal": 0.07, "digital": 0.1, "repair": 0.1,
           "teaching": 0.12, "cooking": 0.06, "sport": 0.06}  # fmt: skip
_TALENTS, _VOLUNTEERS = (9.2, 1.13), (0.62, 1.28)  # the n-th comes so many days * n ** power after the start


def _register(
    draw: Draw, days: Ints, prefix: str, key: str, pace: tuple[float, float], leaves: float
) -> tuple[Rows, Ints]:
    """People by number and skill, and when they left; a share ``leaves`` of them does after a year or so."""
    number, joined = joining(draw, days, *pace)
    left = given(draw(2, number) < leaves, joined + 250 + np.floor(600 * draw(3, number)).astype(np.int64))
    skill = pick(draw(4, number), _SKILLS)
    columns = {key: coded(prefix, number), "joined_on": joined, "skill": skill, "left_on": left}
    return Rows(columns, at(joined, 17.0)), left


def _leaving(rows: Rows, left: Ints) -> Rows:
    return stages(rows, (given(left != NONE, at(left, 17.0)), ["left_on"]))


def talent(draw: Draw, days: Ints) -> Rows:
    """Some sixty in three years."""
    rows, left = _register(draw, days, "DR", "talent_no", _TALENTS, 0.08)
    rows.columns["age_band"] = pick(draw(5, np.arange(len(rows))), {"youth": 0.05, "worker": 0.4, "elder": 0.55})
    return _leaving(rows, left)


def volunteer(draw: Draw, days: Ints) -> Rows:
    """Some three hundred in three years."""
    return _leaving(*_register(draw, days, "ZY", "volunteer_no", _VOLUNTEERS, 0.12))


def talent_service(draw: Draw, days: Ints) -> Rows:
    """Four a week."""
    day, n = draw.many(1, days, np.where(is_festival(days), 0.0, 0.55 * growth(days, 0.5)))
    number = one_of(joining(Draw(draw.seed, "talent"), days, *_TALENTS)[1], day, draw(3, day, n))
    hours = 1.0 + 0.5 * np.floor(4 * draw(4, day, n))
    people = whole(6 + 22 * draw(5, day, n))
    columns = {"service_no": numbered("DF", day, n, 1), "day": day, "talent_no": coded("DR", number), "hours": hours,
               "people": people}  # fmt: skip
    return Rows(columns, by_evening(draw, day, n, late=0.06))


def volunteer_service(draw: Draw, days: Ints) -> Rows:
    """Most at weekends."""
    expected = np.where(weekday(days) >= 5, 7.0, 3.4) * growth(days, 0.55) * np.where(is_festival(days), 0.6, 1.0)
    day, n = draw.many(1, days, expected)
    number = one_of(joining(Draw(draw.seed, "volunteer"), days, *_VOLUNTEERS)[1], day, draw(3, day, n) ** 1.3)
    shares = {"elder": 0.34, "children": 0.14, "environment": 0.22, "order": 0.16, "culture": 0.08, "medical": 0.06}
    hours = 0.5 + 0.5 * np.floor(1 + 6 * draw(5, day, n))
    columns = {
        "service_no": numbered("FW", day, n), "day": day, "volunteer_no": coded("ZY", number),
        "category": pick(draw(4, day, n), shares),
        "hours": np.where(draw(6, day, n) < 0.001, 13.0, hours), "people": whole(1 + 12 * draw(7, day, n)),
    }  # fmt: skip
    return Rows(columns, by_evening(draw, day, n, late=0.05))


_MONTHLY = (
    # day of the month, title, category, facility, people
    (15, "一碗长寿面", "elder", "canteen", 64),
    (8, "邻里集市", "market", "square", 320),
    (22, "露天电影", "culture", "riverside", 140),
    (9, "9.9邻里节", "neighbour", "square", 260),
    (26, "共享奶奶讲故事", "children", "centre", 36),
)
_WEEKLY = (
    (5, "迈动健身队周末操", "sport", "square", 104),
    (4, "益剪倾心（义务理发）", "elder", "centre", 22),
    (6, "幸福舞台", "culture", "centre", 88),
    (2, "请你喝杯茶", "neighbour", "centre", 24),
)


def activity(draw: Draw, days: Ints) -> Rows:
    """Some by the week, some by the month; the neighbours' festival is once a year, in September."""
    open_days = days[~is_festival(days)]
    _, month, of_month = calendar(open_days)
    parts: list[tuple[Mask, tuple[int, str, str, str, int]]] = [
        ((of_month == a[0]) & ((month == 9) | (a[1] != "9.9邻里节")), a) for a in _MONTHLY
    ]
    parts += [(weekday(open_days) == a[0], a) for a in _WEEKLY]
    found = []
    for number, (chosen, (_, title, category, facility, people)) in enumerate(parts):
        day = open_days[chosen]
        rain = np.where((facility in ("square", "riverside")) & (draw(1, day, number) < 0.12), 0.45, 1.0)
        came = whole(people * growth(day, 0.65) * rain * (1 + 0.13 * draw.normal(2, day, number)))
        again = whole(came * np.clip(0.56 + 0.06 * draw.normal(3, day, number), 0.2, 0.95))
        columns = {
            "activity_no": numbered("HD", day, np.full(len(day), number), 1), "day": day, "title": one(title, day),
            "category": one(category, day), "facility": one(f"demo-f-{facility}", day), "participants": came,
            "returning": given(draw(4, day, number) < 0.93, np.minimum(again, came)),
        }  # fmt: skip
        found.append(Rows(columns, by_evening(draw, day, number, late=0.04)))
    rows = together(*found)
    return corrected(draw, rows, "participants", rows.columns["day"], share=0.01, wrong=lambda n: n * 10)


_CLUBS = (("乒乓球社", "sport", 38), ("太极拳社", "sport", 46), ("罗汉社", "culture", 22), ("布龙社", "culture", 30),
          ("迈动健身队", "sport", 112), ("十八蝴蝶舞团", "culture", 26), ("书画社", "culture", 34),
          ("越剧票友会", "culture", 28), ("红船手作社", "culture", 19), ("亲子读书会", "children", 41),
          ("银龄互助队", "elder", 36), ("老兵宣讲队", "party", 17))  # fmt: skip


def club(draw: Draw, days: Ints) -> Rows:
    """Twelve clubs; each grows a little every spring."""
    number = np.arange(len(_CLUBS))
    founded = BEGAN + 40 + np.floor(500 * draw(1, number)).astype(np.int64)
    parts = []
    for year in range(int(days[-1] - BEGAN) // 365 + 1):
        known = at(founded + year * 365, 16.0)
        members = whole(np.array([c[2] for c in _CLUBS]) * growth(founded + year * 365, 0.75))
        columns = {
            "club_no": coded("ST", number + 1, 2), "founded_on": founded, "name": texts([c[0] for c in _CLUBS]),
            "category": texts([c[1] for c in _CLUBS]), "members": members + (year + number) % 3,
            "closed_on": np.full(len(number), NONE),
        }  # fmt: skip
        parts.append(Rows(columns, known))
    return together(*parts)


def points_entry(draw: Draw, days: Ints) -> Rows:
    """Earned every day, spent at the shop, cleared at the end of June and December."""
    busy = growth(days, 0.4) * np.where(weekday(days) >= 5, 1.35, 1.0)
    day, n = draw.many(1, days, 10.5 * busy)
    reason = pick(draw(3, day, n), {"activity": 0.38, "volunteer": 0.26, "governance": 0.08, "recycling": 0.28})
    points = np.where(reason == "recycling", 2 + np.floor(6 * draw(4, day, n)), 10 + 10 * np.floor(3 * draw(4, day, n)))
    number = np.array([-1, -1, 8, -1, 6, 5, 7])[weekday(day)]  # what of _WEEKLY is held that day
    reason = np.where((reason == "activity") & (number < 0), "volunteer", reason)
    event = given(reason == "activity", numbered("HD", day, number, 1))
    earned = _entries("JF", day, n, "earn", points, reason, event, draw(7, day, n))
    twice = earned.take((draw(6, day, n) < 0.003) & (reason == "activity"))  # the same activity, credited again
    twice.columns["entry_no"] = texts([f"{number}-2" for number in twice.columns["entry_no"]])
    day, n = draw.many(11, days, 1.9 * busy)
    reason = pick(draw(13, day, n), {"goods": 0.72, "service": 0.28})
    points = 20 + 10 * np.floor(9 * draw(14, day, n))
    spent = _entries("JD", day, n, "spend", points, reason, texts([None])[n * 0], draw(17, day, n))
    _, month, of_month = calendar(days)
    ends = days[((month == 6) & (of_month == 30)) | ((month == 12) & (of_month == 31))]
    day, n = repeated(ends, 40)
    points = 5 + np.floor(60 * draw(24, day, n))
    gone = _entries("JQ", day, n, "expire", points, one("expiry", day), texts([None])[n * 0], draw(27, day, n))
    later = Rows(twice.columns, twice.known + 3 * HOUR_US)
    return together(earned, later, spent, gone)


def _entries(
    prefix: str,
    day: Ints,
    n: Ints,
    direction: str,
    points: np.ndarray,
    reason: Texts,
    event: np.ndarray,
    who: np.ndarray,
) -> Rows:
    member = 1 + np.floor(680 * who**1.2 * growth(day, 0.5)).astype(np.int64)
    columns = {
        "entry_no": numbered(prefix, day, n, 4), "day": day, "member_no": coded("CY", member, 4),
        "direction": one(direction, day), "points": whole(points), "reason": reason, "activity_no": event,
    }  # fmt: skip
    return Rows(columns, at(day, 20.0 + 2.0 * who))


def micro_wish(draw: Draw, days: Ints) -> Rows:
    """Six a month; nine in ten are fulfilled within weeks."""
    day, n = draw.many(1, days, 0.2 * growth(days, 0.6))
    claimed = day + 1 + np.floor(9 * draw(3, day, n)).astype(np.int64)
    done = claimed + 2 + np.floor(20 * draw(4, day, n)).astype(np.int64)
    has = draw(5, day, n) < 0.95
    columns = {
        "wish_no": numbered("YW", day, n, 1), "day": day,
        "subject": pick(draw(6, day, n), {"elder": 0.5, "child": 0.3, "family": 0.14, "disabled": 0.06}),
        "claimed_on": given(has, claimed), "fulfilled_on": given(has & (draw(7, day, n) < 0.95), done),
    }  # fmt: skip
    columns["raised_on"] = columns.pop("day")
    rows = Rows(columns, by_evening(draw, day, n, late=0.0))
    first = given(columns["claimed_on"] != NONE, np.maximum(at(claimed, 18.0), rows.known + MINUTE_US))
    last = given(columns["fulfilled_on"] != NONE, at(done, 20.0))
    return stages(rows, (first, ["claimed_on"]), (last, ["fulfilled_on"]))

"""Records of the sample's community school and of its rooms: bookings, courses, learners, childcare places."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ingest.rhythm import Ints
from sample_data.records_base import (
    DAY_US,
    HOUR_US,
    MINUTE_US,
    NONE,
    Draw,
    Rows,
    Texts,
    at,
    by_evening,
    calendar,
    day_of,
    given,
    growth,
    is_festival,
    numbered,
    one,
    pick,
    repeated,
    season,
    stages,
    texts,
    together,
    weekday,
    whole,
)


class Slot(NamedTuple):
    """Hours in which a room is usually booked. ``days``: work, end (weekend) or wed; ``often`` 0..1."""

    room: str
    days: str
    start: float
    end: float
    by: str
    expected: int
    often: float


# After the hours in which ingest/timetables.py has people in these rooms; the last six lines are hours without any.
SLOTS = (
    Slot("learning", "work", 9, 11, "course", 36, 0.95),
    Slot("learning", "work", 14, 16, "course", 31, 0.9),
    Slot("learning", "work", 18.75, 20.75, "course", 48, 0.92),
    Slot("learning", "end", 9, 11, "course", 52, 0.95),
    Slot("learning", "end", 14, 16, "course", 38, 0.9),
    Slot("homework", "work", 16, 17.75, "course", 26, 0.97),
    Slot("dance", "work", 9, 10.75, "club", 18, 0.93),
    Slot("dance", "work", 19, 20.75, "club", 24, 0.95),
    Slot("dance", "end", 9, 10.75, "club", 20, 0.9),
    Slot("dance", "end", 14.5, 16.25, "club", 16, 0.8),
    Slot("dance", "end", 19, 20.5, "club", 18, 0.8),
    Slot("council", "work", 9.25, 11.25, "committee", 12, 0.6),
    Slot("council", "work", 19, 20.5, "committee", 15, 0.45),
    Slot("parlour", "work", 9.25, 11.25, "resident", 5, 0.5),
    Slot("parlour", "work", 14.25, 17, "resident", 6, 0.5),
    Slot("parlour", "end", 14.5, 16.25, "resident", 6, 0.6),
    Slot("auditorium", "work", 18.5, 20.5, "club", 45, 0.55),
    Slot("auditorium", "end", 14.75, 16.75, "committee", 100, 0.8),
    Slot("makers", "work", 9, 11.5, "firm", 13, 0.7),
    Slot("makers", "work", 14, 17.25, "firm", 14, 0.7),
    Slot("makers", "end", 10, 12, "firm", 9, 0.4),
    Slot("tea", "wed", 14.5, 16.5, "committee", 24, 1.0),
    Slot("volunteers", "end", 9, 11, "club", 10, 0.7),
    Slot("children", "end", 15, 17, "resident", 18, 0.7),
    Slot("council", "end", 14, 16, "resident", 12, 0.6),
    Slot("parlour", "end", 9.5, 11.5, "resident", 6, 0.5),
    Slot("auditorium", "work", 14, 16.5, "firm", 60, 0.3),
    Slot("dance", "work", 14, 15.5, "resident", 14, 0.35),
    Slot("volunteers", "end", 14, 16, "club", 10, 0.4),
    Slot("makers", "end", 19, 20.5, "firm", 8, 0.35),
)
_COURSES = {
    # slot: age band, category, names; one of them a weekday
    0: ("elder", "culture", ("书法", "国画", "声乐", "越剧", "合唱")),
    1: ("elder", "digital", ("智能手机", "养生太极", "手机摄影", "健康讲堂", "防诈骗课堂")),
    2: ("worker", "skills", ("办公软件", "咖啡烘焙", "育婴师", "瑜伽", "电商直播")),
    3: ("youth", "culture", ("少儿书法", "小小科学家")),
    4: ("all", "childcare", ("亲子阅读", "家庭教育")),
    5: ("youth", "culture", ("四点半课堂",) * 5),
}
_CLASS = {"elder": "常青课堂", "worker": "乐学课堂", "youth": "红领巾课堂", "all": "全龄课堂"}
_AGES = {"youth": 0.3, "worker": 0.28, "elder": 0.42}


def _held(draw: Draw, days: Ints) -> tuple[Ints, Ints]:
    """(day, slot) of all bookings; none at Spring Festival, and holidays count as the days of the week they are."""
    open_days = days[~is_festival(days)]
    day, slot = repeated(open_days, len(SLOTS))
    of_week = weekday(day)
    kinds = np.array([s.days for s in SLOTS])[slot]
    fits = np.where(kinds == "work", of_week < 5, np.where(kinds == "end", of_week >= 5, of_week == 2))
    often = np.array([s.often for s in SLOTS])[slot]
    booked = fits & (draw(1, day, slot) < often * growth(day, 0.7))
    return day[booked], slot[booked]


def _bookings(seed: int, days: Ints) -> tuple[Ints, Ints]:
    return _held(Draw(seed, "room_booking"), days)


def _slots(name: str, slot: Ints) -> np.ndarray:
    return np.array([getattr(s, name) for s in SLOTS])[slot]


def room_booking(draw: Draw, days: Ints) -> Rows:
    """Made half a day to two weeks ahead; one in twenty-five is cancelled."""
    day, slot = _bookings(draw.seed, days)
    starts = at(day, _slots("start", slot))
    ahead = (0.5 + 13.5 * draw(3, day, slot) ** 1.4) * DAY_US
    made = (starts - ahead.astype(np.int64)) // MINUTE_US * MINUTE_US
    expected = whole(_slots("expected", slot) * (1 + 0.12 * draw.normal(4, day, slot)))
    crowd = draw(5, day, slot) < 0.004  # somebody hopes for more than the room holds
    rows = Rows(
        {
            "booking_no": numbered("YY", day, slot), "room": _rooms(_slots("room", slot)), "starts_at": starts,
            "ends_at": at(day, _slots("end", slot)), "booked_by": _slots("by", slot).astype(object),
            "expected": np.where(crowd, 240, np.maximum(2, expected)), "state": one("booked", day),
        },
        made,
    )  # fmt: skip
    off = draw(6, day, slot) < 0.04
    gone = rows.take(off)
    gone.columns["state"] = one("cancelled", gone.known)
    before = (starts - made)[off] * draw(7, day, slot)[off]
    return together(rows, Rows(gone.columns, gone.known + np.maximum(MINUTE_US, before.astype(np.int64) // 2)))


def _rooms(code: np.ndarray) -> Texts:
    return texts([f"demo-r-{name}" for name in code.tolist()])


def course_session(draw: Draw, days: Ints) -> Rows:
    """What was booked for courses took place; attendance is counted the same evening, sometimes not at all."""
    day, slot = _bookings(draw.seed, days)
    of_school = slot <= 5
    day, slot = day[of_school], slot[of_school]
    seats = np.where(slot == 5, 30, 60)
    base = _slots("expected", slot) * (0.86 + 0.16 * growth(day, 0.4)) * (1 + 0.05 * season(day, 290))
    enrolled = np.minimum(seats, whole(base * (1 + 0.08 * draw.normal(1, day, slot))))
    attended = whole(enrolled * np.clip(0.9 + 0.05 * draw.normal(2, day, slot), 0.5, 1.02))
    attended = np.where(draw(3, day, slot) < 0.006, seats + 1 + whole(5 * draw(4, day, slot)), attended)
    ages = texts([_COURSES[s][0] for s in slot.tolist()])
    names = [_COURSES[s][2] for s in slot.tolist()]
    turn = (weekday(day) % 5).tolist()
    ends = at(day, _slots("end", slot))
    rows = Rows(
        {
            "session_no": numbered("KC", day, slot),
            "course": texts([f"{_CLASS[a]}·{n[k % len(n)]}" if n[0] != "四点半课堂" else n[0]
                             for a, n, k in zip(ages.tolist(), names, turn, strict=True)]),
            "category": texts([_COURSES[s][1] for s in slot.tolist()]), "age_band": ages,
            "room": _rooms(_slots("room", slot)), "starts_at": at(day, _slots("start", slot)), "ends_at": ends,
            "seats": seats, "enrolled": enrolled, "attended": attended,
            "taught_by": pick(draw(5, day, slot), {"staff": 0.46, "talent": 0.3, "partner": 0.17, "firm": 0.07}),
        },
        at(day, _slots("start", slot)) + 10 * MINUTE_US,
    )  # fmt: skip
    late = np.where(draw(6, day, slot) < 0.03, (1 + np.floor(6 * draw(7, day, slot))) * DAY_US, 0).astype(np.int64)
    counted = given(draw(8, day, slot) < 0.985, ends + HOUR_US // 2 + late)
    return stages(rows, (counted, ["attended"]))


def learner(draw: Draw, days: Ints) -> Rows:
    """Some four hundred a year, most at the beginning of a term; two in three leave with its end."""
    _, month, of_month = calendar(days)
    term = np.isin(month, (3, 9)) & (of_month <= 20)
    day, n = draw.many(1, days, np.where(term, 9.1, np.where(month == 7, 1.2, 0.0)) * growth(days, 0.8))
    years, months, _ = calendar(day)
    ends = np.array(
        [day_of(y + 1, 1, 8) if m >= 9 else day_of(y, 9, 2) if m == 7 else day_of(y, 7, 8)
         for y, m in zip(years.tolist(), months.tolist(), strict=True)], np.int64,
    )  # fmt: skip
    left = given(draw(3, day, n) < 0.65, ends + np.floor(12 * draw(4, day, n)).astype(np.int64))
    rows = Rows(
        {
            "learner_no": numbered("XY", day, n), "enrolled_on": day, "age_band": pick(draw(5, day, n), _AGES),
            "left_on": left,
        },
        by_evening(draw, day, n),
    )  # fmt: skip
    return stages(rows, (given(left != NONE, at(left, 18.0)), ["left_on"]))


def childcare_place(draw: Draw, days: Ints) -> Rows:
    """The nursery and a care point, looked at on the second of each month."""
    checked = days[calendar(days)[2] == 2]
    day, part = repeated(checked, 6)
    nursery = part < 3
    places = np.array([6, 14, 20, 0, 6, 10])[part]
    full = np.clip(growth(day, 0.5) * (0.9 + 0.08 * draw.normal(1, day, part)), 0, 1.0)
    taken = np.minimum(places, whole(places * full)) + ((part == 2) & (draw(2, day) < 0.06))
    columns = {
        "checked_on": day, "name": np.where(nursery, "托育园", "河滨婴幼儿照护驿站").astype(object),
        "facility": np.where(nursery, "demo-f-centre", "demo-f-property-1").astype(object),
        "room": texts([None, "demo-r-nursery"])[nursery.astype(int)],
        "age_group": texts(["0_1", "1_2", "2_3"] * 2)[part],
        "places": places, "taken": taken, "waiting": whole(np.where(places > 0, 2 * draw(3, day, part) * full, 0)),
        "staff": whole(np.ceil(taken / np.array([3, 5, 7] * 2)[part])),
    }  # fmt: skip
    return Rows(columns, by_evening(draw, day, late=0.0))

"""The occupancy page: unknown is a dash and why, gaps are gaps, every figure leads to its rows, two equal languages."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest
import shapely

from layouts import occupancy
from layouts.page import ZONE
from layouts.parts import occupancy_answers as answers
from layouts.parts import occupancy_charts as charts
from layouts.parts import occupancy_rows as rows
from layouts.parts import occupancy_views as views
from tests.pages.conftest import HERE, classes_of, readings, text_of, titles_of
from twin_model.entities import Room
from twin_model.occupancy.forecast import Forecast

NOW = datetime(2026, 11, 22, 6, 5, tzinfo=UTC)
CHINESE = re.compile("[\u3400-\u9fff]")
PANELS = (
    occupancy.NOW, occupancy.FLOORS, occupancy.COURSE, occupancy.OTHERS, occupancy.BOOKINGS, occupancy.CORRECTIONS,
)  # fmt: skip
STUDY = {
    "place_kind": "room", "place_id": "study", "community_id": HERE, "within": "centre", "name": "共享书房",
    "name_en": "Shared study", "people": 41, "capacity": 60, "share": 41 / 60, "method": "counter", "grade": "good",
    "counters": 1, "newest": NOW,
}  # fmt: skip


def drawn(panel, twin, view):
    args = {name: {"place": "study", "span": "7d", "key": ""}[name] for name in panel.chosen}
    answer = panel.question(twin, view.at or twin.now(), HERE, **args)
    return panel.draw(view, view.at or twin.now(), answer)


def course(**more):
    start = datetime(2026, 11, 16, tzinfo=ZONE)
    grid = [(start + timedelta(days=d), [None if h < 8 else 20.0 for h in range(24)]) for d in range(7)]
    grid[6][1][15:] = ["ahead"] * 9
    people = np.linspace(1, 24, 24)
    forecast = Forecast(begin=495_150, people=people, low=people - 1, high=people + 3, error=2.14, repeated=2.6,
                        tested=1248, days=37)  # fmt: skip
    last = [(NOW - timedelta(hours=24 - k), None if k == 5 else float(k)) for k in range(24)]
    whole = {"place": STUDY, "span": "7d", "start": start, "at": NOW, "grid": grid, "last": last, "forecast": forecast}
    return whole | more


def test_every_panel_says_something_in_both_languages_and_nothing_chinese_in_english(living, view, english):
    living.apply(readings(living, ("count-1", "people", 41, 0)))
    for panel in PANELS:
        assert text_of(drawn(panel, living, view)) or panel is occupancy.OTHERS, panel.part
        words = text_of(drawn(panel, living, english)) + titles_of(drawn(panel, living, english))
        assert [w for w in words if CHINESE.search(w)] == [], panel.part


def test_an_empty_twin_and_a_time_before_it_draw_without_a_number(twin, place, view):
    before = replace(view, at=place.now() - timedelta(days=400))
    for panel in PANELS:
        drawn(panel, place, before)
    said = text_of(views.now(view, NOW, answers.now(place, place.now() - timedelta(days=400), HERE, place=None)))
    assert not [words for words in said if re.fullmatch(r"\d+", words)]


def test_people_now_stand_beside_what_a_room_holds_and_lead_to_their_counters(living, view):
    tree = views.now(view, living.now(), answers.now(living, living.now(), HERE, place="study"))
    assert "53" in text_of(tree)
    assert "/60" in text_of(tree)
    assert "on" in classes_of(tree)
    found = rows.rows(living, living.now(), HERE, key="now:centre")
    assert [(row["device_id"], row["corrected"]) for row in found["rows"]] == [("d-study", 41.0), ("d-hall", 12.0)]


def test_a_silent_counter_is_a_dash_and_since_when_never_a_zero(living, view, clock):
    clock.forward(hours=3)
    row = answers.now(living, clock(), HERE, place=None)["others"]
    whole = answers.now(living, clock(), HERE, place=None)
    assert whole["centre"]["people"] is None
    said = text_of(views.now(view, clock(), whole))
    assert "—" in said
    assert "0" not in said
    assert row == []


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"grade": "estimate", "method": "co2"}, "≈41"),
        ({"grade": "partial"}, "≥41"),
        ({}, "41"),
    ],
)
def test_an_estimate_and_a_part_are_marked_beside_the_number(view, row, words):
    assert words in text_of(views._place(view, STUDY | row, None))


def test_hours_nobody_told_of_are_hatched_and_hours_to_come_are_dark():
    figure = charts.heat("zh", course())
    under, cells = figure["data"]
    assert under["z"][0][0] is None, "the hatch shows through"
    assert cells["z"][0][0] is None
    assert under["z"][6][20] == 1.0
    assert cells["z"][6][20] is None
    assert cells["y"][0] == "周一 16日"
    assert figure["layout"]["images"][0]["source"].startswith("data:image/svg+xml,")
    assert "未知" in text_of(charts.heat_table("zh", course()))


def test_a_gap_in_the_last_day_stays_a_gap_and_the_band_lies_around_the_forecast():
    figure = charts.ahead("en", course())
    high, low, was, expected = figure["data"]
    assert was["y"][5] is None
    assert was["connectgaps"] is False
    assert all(a <= b <= c for a, b, c in zip(low["y"], expected["y"], high["y"], strict=True))
    assert "%-d/%-m" in was["hovertemplate"]


def test_the_error_stands_beside_the_forecast_and_little_history_is_said(view, english):
    said = " ".join(text_of(views.course(view, NOW, course())))
    assert "平均误差 2.14 人（回测 1,248 小时）；照搬上周 2.60 人" in said or "平均误差 2.1 人" in said
    short = Forecast(begin=1, people=None, low=None, high=None, error=None, repeated=None, tested=0, days=2)
    said = " ".join(text_of(views.course(english, NOW, course(forecast=short))))
    assert "Too little history: 2 days, 8 are needed" in said
    assert "expected" not in said.lower()


def test_the_mean_of_four_weeks_counts_whole_hours_by_weekday():
    start = datetime(2026, 10, 26, tzinfo=ZONE)
    known = {}
    for week, people in enumerate((10.0, 20.0, None, 30.0)):
        begin = (start + timedelta(days=7 * week, hours=9)).astimezone(UTC)
        known[begin] = {"people": people}
    grid = answers._by_weekday(known, start, NOW)
    assert grid[0][1][9] == 20.0
    assert grid[0][1][10] is None


def booking(verdict: str, people: float | None) -> dict[str, object]:
    return STUDY | {
        "booking_no": f"y-{verdict}", "starts_at": NOW - timedelta(days=1), "ends_at": NOW - timedelta(hours=22),
        "booked_by": "club", "expected": 20, "verdict": verdict, "people": people,
    }  # fmt: skip


def test_bookings_to_which_nobody_came_are_named_and_what_was_not_watched_is_not_judged(view):
    found = [booking("empty", 0.0), booking("used", 14.0), booking("unknown", None), booking("ahead", None)]
    answer = {"rows": found, "counts": {"empty": 1, "used": 1, "unknown": 1, "ahead": 1}, "at": NOW}
    said = " ".join(text_of(views.bookings(view, NOW, answer)))
    assert "2 次可判定，50% 没有人来；未来 24 小时还有 1 次" in said
    assert said.count("共享书房") == 1
    assert "没有场室预约记录" in " ".join(text_of(views.bookings(view, NOW, {"rows": [], "counts": {}, "at": NOW})))


def test_corrections_are_said_with_persons_place_and_reason(view):
    row = STUDY | {"at": NOW, "reason": "closed", "persons": -7, "device_id": "d-study", "factor": 0.99}
    answer = {"rows": [row, row | {"persons": 3, "reason": "below_zero"}], "balanced": 1}
    said = text_of(views.corrections(view, NOW, answer))
    assert {"−7", "+3", "闭馆归零", "不得为负，补计"} <= set(said)
    assert "补 3 人，减 7 人" in " ".join(said)


def test_rooms_are_drawn_in_metres_with_a_slab_under_each_floor(living):
    square = shapely.to_wkb(shapely.box(120.75, 30.76, 120.7501, 30.7601))
    living.record([
        Room(community_id=HERE, room_id="study", facility_id="centre", room_kind="study", name="共享书房",
             name_en="Shared study", capacity=60, floor=2, footprint=square),
    ])  # fmt: skip
    found = answers.floors(living, living.now(), HERE, place="study")
    (room,) = found["rooms"]
    width = max(x for x, _ in room["ring"]) - min(x for x, _ in room["ring"])
    assert width == pytest.approx(9.57, abs=0.1)
    assert (room["people"], room["share"], found["chosen"], found["slabs"][0]["floor"]) == (41, 0.683, "study", 2)
    json.dumps(found)


@pytest.mark.parametrize("key", ["", None, "nonsense:1", "now:nowhere", "hours:nowhere", "bookings:", "corrections:"])
def test_a_drawer_without_rows_says_so_and_an_unknown_key_opens_nothing(living, view, key):
    answer = rows.rows(living, living.now(), HERE, key=key)
    tree = rows.drawer(view, living.now(), answer)
    if answer is None:
        assert tree is None
    else:
        assert "drawer" in classes_of(tree)


def test_use_moves_are_told_in_points(view):
    one = SimpleNamespace(now=0.312, before=0.28, hours=300, of=310)
    assert text_of(views._used("zh", one)) == ["31%", " +3"]
    assert text_of(views._used("zh", SimpleNamespace(now=None, before=None, hours=0, of=310))) == ["—"]

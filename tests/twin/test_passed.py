"""What a strip of a long past is made of: few numbers, as they were known."""

from __future__ import annotations

from datetime import timedelta

from tests.twin.conftest import device
from twin_model import passed
from twin_model.passed import WHOLE, happened, sums

HOUR = timedelta(hours=1)


def test_a_long_strip_is_read_from_keyframes_and_says_the_same(home, clock, apply):
    home.record([device("e1", "electricity_meter", building_id="b1")])
    start = clock()
    for _ in range(12 * 8):
        apply(("e1", "power_kw", clock.forward(hours=3), 40.0))
    ask = {"bucket": timedelta(days=2), "community_id": "c", "types": ("electricity_meter",)}
    long = sums(home, "power_kw", start, clock(), home.now(), **ask)
    assert clock() - start > WHOLE
    assert [(row["value"], row["devices"]) for row in long] == [(40.0, 1)] * 6
    reads = []
    real, home.store.read = home.store.read, lambda query, **more: reads.append(query) or real(query, **more)
    sums(home, "power_kw", start, clock(), home.now(), **ask)
    assert "totals" not in reads
    assert reads.count("keyframe_sum") <= passed.SAMPLES * 7


def test_a_strip_marks_alerts_lost_sources_and_the_days_on_which_records_came(home, clock, apply):
    start = clock()
    home.care.step()
    apply(("s1", "smoke", clock.forward(minutes=5), 1))
    clock.forward(minutes=5)
    home.set_source("broker", True, "")
    clock.forward(minutes=5)
    home.set_source("broker", False, "gone")
    clock.forward(minutes=5)
    row = {"day": start.date(), "facility": "f1", "meal": "lunch", "age_band": "70_79", "diners": 3, "is_trial": False}
    home.ledger.record("canteen_meal", [row], community_id="c")
    before = clock()
    clock.forward(minutes=5)
    home.ledger.record("canteen_meal", [{**row, "diners": 4}], community_id="c")
    end = clock.forward(minutes=5)
    found = happened(home, start, end, end, community_id="c")
    assert [(mark["kind"], mark["class"]) for mark in found] == [
        ("alert", "act"), ("source", "lost"), ("records", "records"),
    ]  # fmt: skip
    assert found[-1]["happened_at"] > before, "one mark a day, at the last that came"
    early = happened(home, start, end, before - timedelta(minutes=8), community_id="c")
    assert [mark["kind"] for mark in early] == ["alert"], "as known then"


def test_on_a_long_strip_what_lies_close_together_is_one_mark(home, clock, apply):
    home.care.step()
    start = clock()
    for _ in range(3):
        apply(("s1", "smoke", clock.forward(minutes=10), 1))
        apply(("s1", "smoke", clock.forward(minutes=10), 0))
        clock.forward(minutes=10)
        home.care.step()
    end = start + timedelta(days=300)
    marks = happened(home, start, end, home.now(), community_id="c")
    assert [mark["class"] for mark in marks] == ["act"]
    assert marks[0]["n"] == 3

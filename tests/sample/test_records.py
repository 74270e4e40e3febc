"""The sample's records: the same past on every day, told when it was known, in the proportions of their examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from ingest.rhythm import along
from ingest.timetables import PEOPLE
from sample_data.feeder import Feeder
from sample_data.load import SEED
from sample_data.records import ABSENT, REGISTERS, STOPPED, YEARS, between, builder, past, told
from tests.sample.conftest import CHINA, SUNDAY
from twin_model.entities import Entity
from twin_model.record_kinds import RecordKind, load_record_kinds
from twin_model.tariff import MISFIT, load_tariffs
from twin_model.twin import Twin

Ask = Callable[[str], list[dict]]
KINDS: dict[str, RecordKind] = {kind.name: kind for kind in load_record_kinds()}
NOW = SUNDAY.replace(microsecond=0)
PLANNED = {"room_booking", "welfare_visit", "project"}
"""Kinds that are written down before they happen."""


@pytest.fixture(scope="module")
def tables() -> dict[str, pa.Table]:
    return {kind.name: past(kind, NOW - YEARS, NOW, SEED) for kind in told(KINDS)}


@pytest.fixture(scope="module")
def newest(tables: dict[str, pa.Table]) -> Ask:
    """The rows of a kind as known now: of each record its newest version."""

    def ask(name: str) -> list[dict]:
        found = {}
        for row in tables[name].to_pylist():
            found[tuple(row[part] for part in KINDS[name].identity)] = row
        return list(found.values())

    return ask


def happened(kind: RecordKind, table: pa.Table) -> pa.ChunkedArray:
    """When each row happened, as an instant; a day is its local midnight."""
    column = table[kind.true_at]
    if not pa.types.is_date(column.type):
        return column
    return pc.subtract(column.cast(pa.timestamp("us", "UTC")), pa.scalar(timedelta(hours=8), pa.duration("us")))


def test_every_kind_has_records_but_those_left_out_on_purpose(tables):
    assert KINDS.keys() - tables.keys() == ABSENT
    assert all(table.num_rows >= 7 for table in tables.values())
    assert 60_000 <= sum(table.num_rows for table in tables.values()) <= 120_000


def test_a_store_made_tomorrow_tells_the_same_past():
    start, tomorrow = NOW - timedelta(days=45), NOW + timedelta(days=1)
    for kind in told(KINDS):
        if kind.name not in STOPPED:
            today, later = (past(kind, start, end, SEED) for end in (NOW, tomorrow))
            known = later.filter(pc.less(later["recorded_at"], pa.scalar(NOW)))
            assert known.equals(today), kind.name


def test_nothing_is_known_before_it_happened_or_later_than_the_feeder_looks_back(tables):
    for name, table in tables.items():
        if name in REGISTERS:
            continue
        after = pc.subtract(table["recorded_at"], happened(KINDS[name], table))
        first, last = (timedelta(microseconds=us.as_py()) for us in pc.min_max(after.cast(pa.int64())).values())
        assert last < timedelta(days=75), name
        assert first >= timedelta(0) or name in PLANNED, name


def test_all_that_is_recorded_day_by_day_is_alive_now_and_one_kind_stopped(tables):
    for name, table in tables.items():
        kind = KINDS[name]
        age = NOW - pc.max(happened(kind, table)).as_py()
        if kind.until is None:
            assert (age > kind.expected_every) is (name in STOPPED), f"{name}: newest is {age} old"
    assert timedelta(days=50) <= NOW - pc.max(tables["charger_day"]["recorded_at"]).as_py() < timedelta(days=52)


def test_every_register_is_still_kept_and_was_looked_at_within_its_time(tables):
    later = NOW + timedelta(days=800)
    for name in REGISTERS:
        for now in (NOW, later):
            rows = past(KINDS[name], now - timedelta(days=500), now, SEED)
            assert now - pc.max(rows["recorded_at"]).as_py() < KINDS[name].expected_every, f"{name} at {now}"


def test_some_rows_come_late_and_some_are_corrected(tables):
    meals = tables["canteen_meal"]
    late = pc.sum(pc.greater(pc.subtract(meals["recorded_at"], happened(KINDS["canteen_meal"], meals)),
                             pa.scalar(timedelta(days=1, hours=12)))).as_py()  # fmt: skip
    keys = Counter(tuple(row[part] for part in KINDS["canteen_meal"].identity) for row in meals.to_pylist())
    assert 0.005 < late / meals.num_rows < 0.05
    assert 5 <= sum(n > 1 for n in keys.values()) <= 60


def test_what_diners_paid_is_the_tariffs_but_for_the_rows_that_say_so(newest):
    rows = [{**row, "community_id": "demo", "record_id": n} for n, row in enumerate(newest("canteen_meal"))]
    misfits = {m.record_id for m in load_tariffs().misfits(rows)}
    assert misfits == {row["record_id"] for row in rows if row["flags"] == [MISFIT]}
    assert 0 < len(misfits) < 20
    trial = [row for row in rows if row["is_trial"]]
    assert sum(row["paid_yuan"] for row in trial if row["record_id"] not in misfits) == 0
    assert {row["day"] for row in trial} <= {date(2025, 3, 3) + timedelta(days=n) for n in range(61)}
    dinner = {row["day"] for row in rows}
    assert not dinner & {date(2026, 2, 16) + timedelta(days=n) for n in range(7)}, "shut at Spring Festival"


def test_the_services_have_the_proportions_of_the_places_they_were_taken_from(newest):
    last_month = NOW.date() - timedelta(days=30)
    a_day = Counter(
        row["ordered_for"].date() for row in newest("meal_delivery") if row["ordered_for"].date() > last_month
    )
    assert 17 <= sum(a_day.values()) / 30 <= 24
    units = [row for row in newest("partner_unit") if row["left_on"] is None]
    assert (len(units), len({unit["group"] for unit in units})) == (52, 9)
    assert len(newest("project")) == 7
    fund = newest("fund_entry")
    came = sum(e["amount"] for e in fund if e["direction"] == "in" and e["day"] < date(2025, 1, 1))
    assert 3_000_000 <= came < 3_200_000
    spent = Counter(e["project_no"] for e in fund if e["direction"] == "out")
    assert len(spent) == 7
    learners = sum(row["enrolled_on"] > NOW.date() - timedelta(days=365) for row in newest("learner"))
    assert 340 <= learners <= 440
    families = {r["subject_no"] for r in newest("welfare_visit") if r["subject"] == "family_in_difficulty"}
    assert len(families) == 26
    noodles = [row["day"] for row in newest("activity") if row["title"] == "一碗长寿面"]
    assert {day.day for day in noodles} == {15}


def test_a_topic_is_raised_on_wednesdays_and_thirty_five_of_thirty_six_are_solved(newest):
    topics = sorted(newest("council_topic"), key=lambda row: row["raised_on"])
    assert {row["raised_on"].weekday() for row in topics} == {2}
    year = [row for row in topics if row["raised_on"].year == 2025]
    assert (len(year), sum(row["confirmed_on"] is not None for row in year)) == (36, 35)
    hard = Counter((row["raised_on"].year, row["raised_on"].month) for row in year if row["tier"] != "own")
    assert set(hard.values()) <= {1, 2}


def test_rooms_are_booked_ahead_never_twice_at_once_and_some_stay_empty(newest, entities: list[Entity]):
    held = [row for row in newest("room_booking") if row["state"] == "booked"]
    coming = [row for row in held if row["starts_at"] > NOW]
    assert 40 <= len(coming) <= 140
    assert max(row["starts_at"] for row in coming) < NOW + timedelta(days=15)
    by_room: dict[str, list[dict]] = {}
    for row in held:
        by_room.setdefault(row["room"], []).append(row)
    for rows in by_room.values():
        rows.sort(key=lambda row: row["starts_at"])
        assert all(a["ends_at"] <= b["starts_at"] for a, b in pairwise(rows))

    def expected(row: dict) -> float:
        local = row["starts_at"].astimezone(CHINA)
        middle = local + (row["ends_at"] - row["starts_at"]) / 2
        course = PEOPLE[row["room"].removeprefix("demo-r-")][middle.weekday() >= 5]
        return float(along(course, middle.hour + middle.minute / 60))

    empty = sum(expected(row) < 0.5 for row in held) / len(held)
    assert 0.04 < empty < 0.15
    assert by_room.keys() <= {entity.identity for entity in entities if entity.kind == "room"}


def test_every_place_a_record_names_exists(tables, entities: list[Entity]):
    there = {entity.identity for entity in entities}
    for name, table in tables.items():
        for column in KINDS[name].columns.values():
            if column.type == "place":
                named = set(table[column.name].drop_null().unique().to_pylist())
                assert named <= there, f"{name}.{column.name}: {sorted(named - there)[:3]}"


# ------------------------------------------------------------------ from now on


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def kept() -> Iterator[tuple[Twin, Clock]]:
    """A twin that has the records of the last two months."""
    clock = Clock()
    twin = Twin.open(None, clock=clock)
    for kind in told(KINDS):
        rows = past(kind, NOW - timedelta(days=60), NOW, SEED)
        twin.ledger.record(kind.name, rows.drop_columns(["recorded_at"]), community_id="demo")
    yield twin, clock
    twin.close()


def test_each_row_is_written_down_when_its_time_has_come_and_what_was_missed_at_the_next_start(kept):
    twin, clock = kept
    stopped = twin.ledger.rows("charger_day", twin.now()).num_rows
    clock.now += timedelta(hours=9)
    feeder = Feeder(twin, clock, "demo", SEED)
    assert feeder.step() > 30
    dinner = twin.ledger.rows("canteen_meal", twin.now(), start=NOW.date()).to_pylist()
    assert {row["meal"] for row in dinner} == {"lunch", "dinner"}, "the day ends with its dinner written down"
    clock.now += timedelta(hours=20)
    again = Feeder(twin, clock, "demo", SEED)
    assert again.step() > 30
    assert again.step() == 0, "nothing is due twice"
    for name in ("canteen_meal", "repair", "room_booking"):
        kind = KINDS[name]
        due = {}
        for row in between(kind, NOW, clock.now + timedelta(seconds=1), SEED).to_pylist():
            due[tuple(row[part] for part in kind.identity)] = tuple(row[column] for column in kind.columns)
        known = {tuple(row[c] for c in kind.columns) for row in twin.ledger.rows(name, twin.now()).to_pylist()}
        assert len(due) >= 8
        assert set(due.values()) <= known
    assert twin.ledger.rows("charger_day", twin.now()).num_rows == stopped, "what has stopped stays so"


def test_who_tells_a_kind_is_found_by_its_name():
    assert builder("canteen_meal") is not None
    assert builder("reported_value") is None

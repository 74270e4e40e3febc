"""What strangers may see of people: no name, no small count, no way to work one out."""

from __future__ import annotations

import pyarrow as pa
import pytest

from twin_model import masking


@pytest.mark.parametrize(
    ("name", "said"),
    [("王秀英", "王**"), ("欧阳明", "欧**"), (" 李 ", "李**"), ("Grace Hopper", "G**"), ("", "—"), (None, "—")],
)
def test_a_name_is_its_first_letter_whatever_its_length(name, said):
    assert masking.masked(name) == said


def test_a_count_under_five_is_not_told_and_none_is_no_secret():
    assert masking.suppressed({"a": 0, "b": 1, "c": 4, "d": 5}) == {"a": 0, "b": None, "c": None, "d": 5}


def test_what_a_known_sum_would_give_away_is_kept_back_too():
    """active 20, quiet 7, away 2: with 29 homes known, 'away' would follow from the other two"""
    cells = {("c", "active"): 20, ("c", "quiet"): 7, ("c", "away"): 2}
    told = masking.suppressed(cells, group=lambda key: key[0])
    assert told == {("c", "active"): 20, ("c", "quiet"): None, ("c", "away"): None}


def test_two_small_ones_that_together_are_small_still_need_a_third():
    """active 20, quiet 1, away 1: two hidden homes in all, so that each is one"""
    cells = {"active": 20, "quiet": 1, "away": 1}
    assert masking.suppressed(cells, group=lambda _: "") == {"active": None, "quiet": None, "away": None}


def test_hidden_cells_never_follow_from_the_sum():
    """every split of up to 12 homes over three states: what is hidden could always be split another way"""
    for a in range(13):
        for b in range(13 - a):
            for c in range(13 - a - b):
                cells = {"a": a, "b": b, "c": c}
                told = masking.suppressed(cells, group=lambda _: "")
                hidden = [k for k in cells if told[k] is None]
                others = [k for k in cells if told[k] is not None and cells[k]]
                assert len(hidden) != 1 or not others, cells


def test_a_place_is_cut_to_the_building():
    row = {"community_id": "c", "building_id": "b", "facility_id": None, "home_id": "h", "number": "1-302"}
    assert masking.place_of(row) == {"community_id": "c", "building_id": "b", "facility_id": None}


def places(*rows: tuple[str, str, str | None, str, int | None]) -> pa.Table:
    """(kind, id, within, method, people) as ``Twin.occupancy`` answers."""
    schema = pa.schema([
        ("place_kind", pa.string()), ("place_id", pa.string()), ("within", pa.string()), ("method", pa.string()),
        ("people", pa.int64()), ("share", pa.float64()), ("grade", pa.string()), ("fewer_than", pa.int32()),
        ("kept_back", pa.bool_()),
    ])  # fmt: skip
    whole = [
        {"place_kind": kind, "place_id": name, "within": within, "method": method, "people": n, "kept_back": False,
         "share": None if n is None else n / 10, "grade": "unknown" if n is None else "good"}
        for kind, name, within, method, n in rows
    ]  # fmt: skip
    return pa.Table.from_pylist(whole, schema=schema)


def told(table: pa.Table) -> dict[str, tuple]:
    return {r["place_id"]: (r["people"], r["fewer_than"], r["kept_back"]) for r in masking.occupied(table).to_pylist()}


def test_a_few_people_in_a_place_are_not_told_and_nobody_knows_is_not_few():
    said = told(places(
        ("facility", "hall", "b", "counter", 3), ("facility", "park", None, "counter", 5),
        ("facility", "yard", None, "counter", 0), ("facility", "pool", None, "none", None),
        ("building", "b", "e", "gate", 120), ("estate", "e", None, "gate", 300),
    ))  # fmt: skip
    assert said == {
        "hall": (None, 5, True), "park": (5, None, False), "yard": (0, None, False), "pool": (None, None, False),
    }  # fmt: skip
    assert masking.occupied(places(("room", "r", "f", "counter", 4)))["share"].to_pylist() == [None]


def test_a_room_of_few_does_not_follow_from_the_sum_of_its_rooms():
    """23 in the centre: the 3 of the reading room would be what 23 leaves over 20"""
    rooms = [("room", "canteen", "centre", "counter", 12), ("room", "hall", "centre", "counter", 8),
             ("room", "reading", "centre", "counter", 3), ("room", "attic", "centre", "none", None)]  # fmt: skip
    said = told(places(("facility", "centre", "b", "rooms", 23), *rooms))
    assert said == {
        "centre": (23, None, False), "canteen": (12, None, False), "hall": (None, None, True),
        "reading": (None, 5, True), "attic": (None, None, False),
    }  # fmt: skip
    assert told(places(("facility", "centre", "b", "counter", 23), *rooms))["hall"] == (8, None, False)

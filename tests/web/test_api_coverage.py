"""Coverage over HTTP: the promised shape, unknown as null, what is refused, what a public screen is not told."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from cockpit import api_circles
from cockpit.api_models import Page
from cockpit.tokens import Role
from twin_model.coverage import Walked, count_homes, shares

ROOT = "/api/v1/coverage"


def test_an_answer_has_the_promised_shape_and_unknown_is_null(standing):
    answer = standing.get(ROOT, facility_kind="centre", minutes=10, group="homes")
    assert answer.status_code == 200, answer.text
    (row,) = Page[api_circles.CoverageItem].model_validate(answer.json()).items
    assert (row.total, row.reached, row.unknown, row.share) == (2, 0, 2, None)  # this street has no paths
    assert (row.facilities, row.facilities_unplaced) == (0, 1)
    assert row.straight_share == 1.0


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"facility_kind": "heliport"}, "kindergarten"), ({"speed": "bird"}, "wheelchair"),
        ({"group": "cats"}, "aged_60"),
        ({"by": "street"}, "estate"), ({"minutes": -5}, "more than 0"), ({"open_at": "noon"}, "RFC 3339"),
        ({"kind": "clinic"}, "unknown parameter"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_what_was_expected(standing, asked, said):
    answer = standing.get(ROOT, **asked)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.json()["detail"]


@pytest.mark.parametrize(
    "asked", [{"by": "building"}, {"group": "aged_0_3"}, {"minutes": 7}, {"speed": "elder"}, {"open_at": "18:00"}]
)
def test_a_public_screen_may_not_ask_what_would_give_a_building_away(standing, asked):
    with standing.client(Role.PUBLIC_SCREEN) as client:
        assert client.get(ROOT, params=asked).status_code == 400
        groups = {row["group"] for row in client.get(ROOT).json()["items"]}
    assert groups
    assert not groups & {"aged_0_3", "aged_3_6"}


def test_counts_under_five_and_differences_under_five_are_kept_from_the_public():
    """Of 14 homes 6 lie within 5 minutes, 3 more within 10, the rest beyond: only the first circle may be told."""
    ids = [f"b{n}" for n in range(14)]
    blank = pa.array([None] * 14, pa.string())
    buildings = pa.table({"building_id": ids, "community_id": ["c"] * 14, "estate_id": blank})
    bands = ("age_0_17", "age_18_59", "age_60_79", "age_80_up", "age_0_3", "age_3_6")
    ages = {name: pa.array([1] * 14) for name in bands}
    homes = count_homes(buildings, pa.table({"building_id": ids, **ages}))
    metres = np.array([100.0] * 6 + [700.0] * 3 + [np.inf] * 5)
    none = np.zeros(14, bool)
    walked = Walked(metres, metres, np.zeros(14, int), metres, metres, none, none, none, 1, 0, 0, metres, metres)
    limits = [(5.0, "min", 400.0), (10.0, "min", 800.0)]
    table = shares(homes, "community", {"clinic": walked}, limits, ("homes",))
    told = api_circles.told_in_public(table, 80.0, {("min", 5.0), ("min", 10.0)}).to_pylist()
    assert [(row["total"], row["reached"], row["share"]) for row in told] == [(14, 6, 0.43), (14, None, None)]

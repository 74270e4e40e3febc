"""Coverage over HTTP: the promised shape, unknown as null, what is refused, what a public screen is not told."""

from __future__ import annotations

import pytest

from cockpit import api_circles
from cockpit.api_models import Page
from cockpit.tokens import Role

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
        ({"open_at": "24:00"}, "00:00 to 23:59"),
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

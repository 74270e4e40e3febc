"""People by hour over HTTP: the shapes that are promised, unknown as null, no more than is asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cockpit import api_models, api_occupancy
from twin_model.entities import Device, Room

from ..conftest import NOON

SHAPES = {
    "hours": api_occupancy.HourItem,
    "forecast": api_occupancy.ForecastItem,
    "corrections": api_occupancy.CorrectionItem,
}


@pytest.mark.parametrize("name", SHAPES)
def test_an_answer_has_the_promised_shape(standing, name):
    answer = standing.get(f"/api/v1/occupancy/{name}")
    assert answer.status_code == 200, answer.text
    page = api_models.Page[SHAPES[name]].model_validate(answer.json())
    assert page.items or name == "corrections"


def test_an_hour_nobody_told_of_is_null_not_zero(standing):
    asked = {"from": (NOON - timedelta(hours=5)).isoformat(), "place_kind": "room"}
    first = standing.get("/api/v1/occupancy/hours", **asked).json()["items"][0]
    assert (first["people"], first["share"], first["grade"]) == (None, None, "unknown")


def test_without_history_there_is_no_forecast_and_it_says_what_is_needed(standing):
    one = standing.get("/api/v1/occupancy/forecast").json()["items"][0]
    assert (one["people"], one["error"], one["days"], one["days_needed"]) == (None, None, 0, 8)


@pytest.mark.parametrize(("days", "said"), [(0, "is not before"), (500, "at most 400")])
def test_a_span_that_makes_no_sense_is_refused(standing, days, said):
    answer = standing.get(
        "/api/v1/occupancy/hours", **{"from": (NOON - timedelta(days=days)).isoformat(), "to": NOON.isoformat()}
    )
    assert answer.status_code == 400
    assert said in answer.json()["detail"]


def test_a_room_added_within_the_hour_does_not_break_the_forecast(site, clock):
    """What is remembered of the days before, without it, fits the places of before only."""
    clock.forward(minutes=10)
    before = site.get("/api/v1/occupancy/forecast")
    clock.forward(minutes=10)
    site.twin.record([
        Room(community_id="demo", room_id="demo-hobby", facility_id="demo-hall", room_kind="makers", name="工坊"),
        Device(community_id="demo", device_id="demo-count2", type="people_counter", dialect="json",
               address="demo-count2", room_id="demo-hobby"),
    ])  # fmt: skip
    after = site.get("/api/v1/occupancy/forecast")
    assert (before.status_code, after.status_code) == (200, 200)
    places = {row["place_id"] for row in after.json()["items"]}
    assert {row["place_id"] for row in before.json()["items"]} | {"demo-hobby"} == places

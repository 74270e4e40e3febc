"""The what-if page: what it asks of a draft from the browser, and that it never looks like what is."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import shapely

from layouts.page import View
from layouts.parts import what_if_answers as answers
from layouts.parts import what_if_frame as frame
from layouts.parts import what_if_saved as scenarios
from layouts.parts import what_if_views as views
from layouts.what_if import layout
from twin_model.entities import Building, Community, Facility, Ground, Home
from twin_model.twin import Twin

from ..conftest import NOON, Clock

LON, LAT, EAST, NORTH = 120.0, 30.0, 1 / 96_486.3, 1 / 110_852.4
C = {"community_id": "street"}
PUT = {"op": "put", "facility_kind": "clinic", "lon": LON + 700 * EAST, "lat": LAT}
VIEWS = [View("street", lang=lang) for lang in ("zh", "en")]


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    twin = Twin.open(None, clock=Clock())
    street = shapely.LineString([(LON, LAT), (LON + 1000 * EAST, LAT)]).wkb
    box = shapely.box(LON + 695 * EAST, LAT + 10 * NORTH, LON + 705 * EAST, LAT + 20 * NORTH).wkb
    twin.record(
        [
            Community(**C, name="街"), Ground(**C, ground_id="g", layer="path", geometry=street, source="osm"),
            Building(**C, building_id="b", footprint=box, height_m=9.0),
            Home(**C, home_id="h", building_id="b", number="1", age_0_17=1, age_18_59=2, age_60_79=0, age_80_up=0),
            Facility(**C, facility_id="f", facility_kind="clinic", name="站", lon=LON, lat=LAT, capacity=4),
        ]
    )  # fmt: skip
    yield twin
    twin.close()


def said(tree: object) -> str:
    return json.dumps(tree.to_plotly_json(), default=lambda o: o.to_plotly_json(), ensure_ascii=False)


def draft(*edits: dict[str, object], **more: object) -> str:
    return json.dumps({"kind": "clinic", "edits": list(edits), **more})


@pytest.mark.parametrize("view", VIEWS, ids=["zh", "en"])
def test_every_panel_is_drawn_of_an_empty_draft_and_of_one_with_edits(twin: Twin, view: View) -> None:
    for text in (None, draft(PUT, limit="300m"), draft({"op": "close", "facility_id": "f"})):
        for tree in (
            views.choices(view, NOON, answers.choices(twin, NOON, "street", draft=text)),
            views.places(view, NOON, answers.choices(twin, NOON, "street", draft=text)),
            views.result(view, NOON, answers.result(twin, NOON, "street", draft=text)),
            scenarios.saved(view, NOON, answers.saved(twin, NOON, "street", draft=text, pair=None)),
        ):
            assert "what_if." not in said(tree).replace('"what_if.js', ""), "a text without words"


def test_the_change_is_told_and_the_map_gets_the_class_of_each_building(twin: Twin) -> None:
    answer = answers.result(twin, NOON, "street", draft=draft(PUT, limit="300m"))
    assert answer["map"]["buildings"] == {"b": ["gained", 710, 10]}
    assert [pin["what"] for pin in answer["map"]["pins"]] == ["there", "new"]
    assert "+3" in said(views.result(VIEWS[0], NOON, answer))


@pytest.mark.parametrize("text", ["{", "[]", '{"edits": [{"op": "fly"}]}', '{"edits": 3, "limit": "9km", "kind": 7}'])
def test_a_draft_nobody_can_read_changes_nothing(twin: Twin, text: str) -> None:
    answer = answers.result(twin, NOON, "street", draft=text)
    assert answer["outcomes"] == []
    assert answer["limit"] == answers.USUAL_LIMIT


def test_the_greedy_answer_is_told_as_one_and_the_exact_one_with_its_gap(twin: Twin) -> None:
    wish = {"k": 1, "method": "coverage", "where": "buildings"}
    first = answers.best(twin, NOON, "street", draft=draft(), wish=json.dumps(wish))
    assert first["gap"] is None
    exact = answers.best(twin, NOON, "street", draft=draft(), wish=json.dumps({**wish, "exact": True}))
    assert (exact["gap"], exact["people"]) == (0.0, 3)
    assert "间隙 0" in said(views.best(VIEWS[0], NOON, exact))
    assert answers.best(twin, NOON, "street", draft=draft(), wish=None) is None


def test_places_of_the_best_sites_are_set_against_who_needs_one_only_where_they_are_stated(twin: Twin) -> None:
    wish = {"k": 1, "method": "coverage", "where": "buildings", "exact": True}
    said = json.dumps({"kind": "canteen", "edits": []})
    unknown = answers.best(twin, NOON, "street", draft=said, wish=json.dumps(wish))
    known = answers.best(twin, NOON, "street", draft=said, wish=json.dumps({**wish, "capacity": 2}))
    assert unknown["capacity"] is None
    assert unknown["served"][1]["unknown"] == 1
    assert (known["capacity"], known["served"][1]["places"]) == (2, 2)
    for answer in (unknown, known):
        views.best(VIEWS[0], NOON, answer)


@pytest.mark.parametrize("view", VIEWS, ids=["zh", "en"])
def test_every_picture_of_it_says_that_it_is_not_what_is(view: View) -> None:
    assert {"zh": "推演方案，非现状", "en": "not what is"}[view.lang] in said(frame.mark(view))
    assert said(frame.mark(view)) in said(layout(view))

"""The City page and the profiles: nothing, one community, many; unknown is hatched, never a low class; small counts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import shapely
from dash.development.base_component import Component

from layouts.page import View
from layouts.parts import city_answers, city_rows, city_scenes, city_shapes, city_views, profile_answers, profile_views
from twin_model.entities import Building, Community, Division, Entity, Facility, Home
from twin_model.masking import suppressed_table
from twin_model.rights import Rights, Scope, reading
from twin_model.twin import Twin

from ..conftest import Clock
from .conftest import classes_of, text_of

VIEW, ENGLISH = View(community="c0"), View(community="c0", lang="en")
PAINT = {"kind": None, "minutes": None, "scene": None, "part": None}


@pytest.fixture(scope="module")
def city() -> Iterator[Twin]:
    """Two districts, 30 communities in a row; the last one says nothing, the one before has two people of 60."""
    twin = Twin.open(None, clock=Clock())
    names = [("d1", "一区", None), ("d2", "二区", None), ("s1", "甲街道", "d1"), ("s2", "乙街道", "d2")]
    found: list[Entity] = [
        Division(division_id=i, level="subdistrict" if up else "district", name=name, parent_id=up)
        for i, name, up in names
    ]
    for n in range(30):
        west = 120 + n * 0.01
        box = shapely.box(west, 30, west + 0.01, 30.01).wkb
        house = shapely.box(west + 0.004, 30.004, west + 0.005, 30.005).wkb
        found += [
            Community(community_id=f"c{n}", name=f"{n}社区", subdistrict_id="s1" if n < 20 else "s2", boundary=box),
            Building(community_id=f"c{n}", building_id=f"c{n}-b", footprint=house, height_m=9.0),
        ]
        if n < 29:
            found += [
                Home(community_id=f"c{n}", home_id=f"c{n}-h{k}", building_id=f"c{n}-b", number=str(k), age_0_17=1,
                     age_18_59=2, age_60_79=1 if n == 28 else n % 3, age_80_up=0) for k in range(2)
            ]  # fmt: skip
            found += [
                Facility(community_id=f"c{n}", facility_id=f"c{n}-{kind}", facility_kind=kind, name=kind,
                         lon=west + 0.005, lat=30.005, area_m2=100.0 * n)
                for kind in ("centre", "kindergarten", "nursery", "day_care", "clinic", "supermarket")
            ]  # fmt: skip
    twin.record(found)
    yield twin
    twin.close()


def test_without_any_community_the_page_says_what_to_do(twin):
    at = twin.now()
    words = text_of(city_views.summary(VIEW, at, city_answers.overview(twin, at, "", part=None)))
    assert any("run.py import" in one for one in words)
    assert city_shapes.shapes(twin, at)["communities"] == []
    painted = city_answers.painted(twin, at, "", figure=None, **PAINT)
    city_views.controls(VIEW, at, painted), city_views.legend(VIEW, at, painted)
    assert text_of(profile_views.head(VIEW, at, profile_answers.head(twin, at, "")))


def test_what_cannot_be_told_is_hatched_and_in_no_class(city):
    at = city.now()
    painted = city_answers.painted(city, at, "c0", figure="people", **PAINT)
    assert (painted["values"]["c29"], painted["classes"]["c29"], painted["unknown"]) == (None, None, 1)
    assert sum(painted["counts"]) == 29
    assert "hatch" in classes_of(city_views.legend(VIEW, at, painted))
    data = city_views.controls(VIEW, at, painted).children[-1].to_plotly_json()["props"]["data-city-data"]
    assert json.loads(data)["classes"]["c29"] is None


def test_a_count_that_could_be_somebody_is_kept_back(city):
    at = city.now()
    elders = city_answers.painted(city, at, "c0", figure="elders", **PAINT)
    assert elders["values"]["c28"] is None, "two people of sixty and over"
    assert profile_answers.head(city, at, "c28")["aged_60"] is None
    assert city_answers.one(city, at, "c0", chosen="c28")["aged_60"] is None


def test_the_last_tenth_comes_first_and_is_marked_whatever_part_is_looked_at(city):
    at = city.now()
    whole = city_answers.ranked(city, at, "c0", part=None, order=None, page=None)
    assert whole["bottom"] == 2, "of the 29 that could be ranked"
    assert [one["bottom"] for one in whole["rows"][:3]] == [True, True, False]
    part = city_answers.ranked(city, at, "c0", part="d2", order=None, page="0")
    assert (part["all"], part["of"], part["bottom"]) == (10, 29, 0)
    assert city_answers.ranked(city, at, "c0", part="d1", order=None, page=None)["bottom"] == 2
    assert text_of(city_views.ranking(ENGLISH, at, part))
    best = city_answers.ranked(city, at, "c0", part=None, order="best", page="99")
    assert (best["page"], best["rows"][-1]["rank"]) == (1, None), "no page beyond the last; the unranked at its end"


def test_the_way_leads_from_the_city_to_the_subdistrict_and_sums_follow(city):
    at = city.now()
    whole = city_answers.overview(city, at, "c0", part=None)
    assert [(one["id"], one["communities"]) for one in whole["parts"]] == [("d1", 20), ("d2", 10)]
    inner = city_answers.overview(city, at, "c0", part="s2")
    assert ([one["division_id"] for one in inner["path"]], inner["parts"]) == (["d2", "s2"], [])
    assert inner["whole"]["communities"] == 10
    for view in (VIEW, ENGLISH):
        assert text_of(city_views.summary(view, at, whole))
        assert text_of(city_views.parts(view, at, whole))


def test_outlines_are_only_of_what_whoever_asks_may_see(city):
    at = city.now()
    every = city_shapes.shapes(city, at)
    assert (len(every["communities"]), len(every["divisions"]), max(every["size"])) == (30, 0, city_shapes.ACROSS)
    with reading(Rights().of(Scope(divisions=frozenset({"d2"})))):
        mine = city_shapes.shapes(city, at)
        assert {one["id"] for one in mine["communities"]} == {f"c{n}" for n in range(20, 30)}
        assert mine["version"] != every["version"]


def test_one_community_without_a_boundary_is_drawn_around_its_buildings(twin):
    house = shapely.box(120.0, 30.0, 120.001, 30.001).wkb
    twin.record([Community(community_id="only", name="独一社区"),
                 Building(community_id="only", building_id="b", footprint=house, height_m=9.0)])  # fmt: skip
    at = twin.now()
    (one,) = city_shapes.shapes(twin, at)["communities"]
    assert one["guess"]
    assert city_answers.overview(twin, at, "only", part=None)["whole"]["communities"] == 1
    words = text_of(city_views.summary(VIEW, at, city_answers.overview(twin, at, "only", part=None)))
    assert "0" not in [word for word in words if word == "登记人口"]


def test_a_profile_says_of_everything_what_is_known(city):
    at = city.now()
    for view in (VIEW, ENGLISH):
        for community in ("c5", "c29"):
            for ask, draw in (
                (profile_answers.head, profile_views.head), (profile_answers.head, profile_views.people),
                (profile_answers.facilities, profile_views.facilities), (profile_answers.health, profile_views.health),
                (profile_answers.course, profile_views.course), (profile_answers.plan, profile_views.plan),
                (profile_answers.circles, profile_views.circles),
            ):  # fmt: skip
                assert text_of(draw(view, at, ask(city, at, community))), ask.__name__


def test_scenes_wait_for_the_map_and_what_no_community_measured_is_hatched_with_what_is_missing(city):
    at = city.now()
    assert city_scenes.tiles(VIEW, at, city_scenes.nine(city, at, "c0", part=None, drawn=None)) is None
    tiles = city_scenes.tiles(VIEW, at, city_scenes.nine(city, at, "c0", part="d1", drawn="1"))
    assert "low" not in classes_of(tiles)
    assert (text_of(tiles).count("—"), text_of(tiles).count("0 / 20")) == (9, 9)
    assert not any(one in ("0", "0.0") for one in text_of(tiles))
    answer = city_scenes.behind(city, at, "c0", part="d1", key="building:none")
    assert (answer["total"], answer["of"], answer["counts"]["none"]) == (20, 20, 20)
    said = " ".join(text_of(city_scenes.drawer(VIEW, at, answer)))
    assert "人工填报指标（20 个社区）" in said
    assert "run.py records template" in said
    assert city_scenes.behind(city, at, "c0", part=None, key="parking") is None
    painted = city_answers.painted(city, at, "c0", figure="scenes", **PAINT | {"scene": "mobility"})
    assert (painted["unknown"], set(painted["classes"].values())) == (30, {None})
    words = text_of(city_views.legend(VIEW, at, painted))
    assert {"交通场景", "需关注", "优"} <= set(words)


def rows(city: Twin, key: str, **chosen: str) -> dict[str, Any]:
    answer = city_rows.behind(city, city.now(), "c0", key=key, figure=None, **PAINT | chosen)
    assert answer is not None, key
    return answer


def keys_in(tree: Any, store: str) -> set[str]:
    """The keys of all numbers in a tree that open rows."""
    if isinstance(tree, (list, tuple)):
        return {key for one in tree for key in keys_in(one, store)}
    if not isinstance(tree, Component):
        return set()
    told = tree.to_plotly_json()["props"]
    own = {told["data-value"]} if told.get("data-set") == store else set()
    return own | keys_in(told.get("children"), store)


def test_the_rows_behind_a_number_add_up_to_it(city):
    at = city.now()
    whole = city_answers.overview(city, at, "c0", part="d1")["whole"]
    behind = {of: rows(city, of, part="d1") for of in ("communities", "people", "facilities", "index", "bottom")}
    assert behind["communities"]["total"] == behind["people"]["total"] == whole["communities"] == 20
    assert sum(row["people"] for row in behind["people"]["rows"]) == whole["people"]
    assert (behind["facilities"]["total"], behind["bottom"]["total"]) == (whole["facilities"], whole["bottom"])
    assert sum(row["index"] is not None for row in behind["index"]["rows"]) == whole["graded"]
    assert rows(city, "facilities:clinic")["total"] == behind["facilities"]["choices"]["clinic"] + 9 == 29
    assert rows(city, "bottom@d2")["total"] == 0, "the division of the key, not the one that is looked at"
    assert rows(city, "ungraded")["rows"][0]["community_id"] == "c29"
    assert rows(city, "people=c5", part="d2")["total"] == 1, "its one building"
    painted = city_answers.painted(city, at, "c0", figure=None, **PAINT)
    told = [rows(city, f"class:{n}")["total"] for n in range(len(painted["counts"]))]
    assert (told, rows(city, "class:none")["total"]) == (painted["counts"], painted["unknown"])


def test_every_number_of_both_pages_has_rows_that_can_be_drawn(city):
    at = city.now()
    painted = city_answers.painted(city, at, "c0", figure=None, **PAINT)
    whole = city_answers.overview(city, at, "c0", part=None)
    clinic = {"kind": "clinic", "shares": [0.5, 0.6, None], "total": 9, "unknown": 0}
    reached = {"kinds": [clinic], "minutes": [5.0, 10.0, 15.0], "silent": 0}
    trees = [
        city_views.summary(VIEW, at, whole), city_views.parts(VIEW, at, whole), city_views.legend(VIEW, at, painted),
        city_views.chosen(VIEW, at, city_answers.one(city, at, "c0", chosen="c5")),
        city_views.course(VIEW, at, city_answers.course(city, at, "c0", part=None)),
        city_views.covered(VIEW, at, reached),
    ]  # fmt: skip
    keys = set().union(*(keys_in(tree, "city--open") for tree in trees))
    assert {"communities", "people", "elders", "facilities", "index", "bottom", "ungraded", "people@d1", "people=c5",
            "projects:open=c5", "class:0", "reach:clinic:5"} <= keys  # fmt: skip
    for view in (VIEW, ENGLISH):
        assert all(text_of(city_rows.drawer(view, at, rows(city, key))) for key in keys)
    head = profile_views.head(VIEW, at, profile_answers.head(city, at, "c5"))
    people = profile_views.people(VIEW, at, profile_answers.head(city, at, "c5"))
    kinds = profile_views.facilities(VIEW, at, profile_answers.facilities(city, at, "c5"))
    keys = set().union(*(keys_in(tree, "profile--open") for tree in (head, people, kinds)))
    assert {"people", "elders", "facilities", "index", "facilities:clinic"} <= keys
    for key in keys:
        answer = city_rows.of_one(city, at, "c5", key=key)
        assert text_of(city_rows.drawer_of_one(VIEW, at, answer)), key
    assert city_rows.of_one(city, at, "c5", key="made up") is None
    assert city_rows.behind(city, at, "c0", key="people@nowhere", figure=None, **PAINT) is None


def test_rows_are_those_of_the_instant_and_of_what_may_be_seen(city):
    before = city.now() - timedelta(days=1)
    assert city_rows.behind(city, before, "c0", key="people", figure=None, **PAINT)["total"] == 0
    with reading(Rights().of(Scope(divisions=frozenset({"d2"})))):
        assert {row["community_id"] for row in rows(city, "people")["rows"]} == {f"c{n}" for n in range(20, 30)}
        assert city_rows.of_one(city, city.now(), "c5", key="people")["total"] == 0


def test_no_row_gives_away_a_count_that_could_be_somebody():
    """One small cell in a table of known sums hides another in its row and in its column, and those theirs."""
    table = [{"people": 30, "old": 3, "young": 27}, {"people": 50, "old": 10, "young": 40},
             {"people": 20, "old": 9, "young": 11}]  # fmt: skip
    told = suppressed_table(table)
    assert told[0]["old"] is None
    for line in (*(list(row.values()) for row in told), *([row[name] for row in told] for name in table[0])):
        assert line.count(None) != 1, told

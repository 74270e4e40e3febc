"""Walls: what may be declared, what a public one says, and when an incident takes over the wall of the staff."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

import pytest

from layouts.page import ZONE, View
from layouts.parts import wall_answers, wall_list, wall_parts, wall_staff, wall_views
from layouts.parts.drawn import to_html
from layouts.parts.text import texts
from layouts.parts.wall_declared import REGIONS, load_walls
from twin_model.declared import DeclarationError
from twin_model.entities import Community, Facility
from twin_model.rights import Rights, reading

from ..conftest import ROOT
from .conftest import HERE, readings, text_of

GOOD = """
title = { zh = "厅", en = "Hall" }
audience = "public"
[[show]]
name = "one"
last = "20s"
[show.landscape]
left = ["air"]
[show.wide]
left = ["air"]
[show.portrait]
left = ["air"]
"""


def declared(tmp_path, text: str):
    folder = tmp_path / "walls"
    folder.mkdir(exist_ok=True)
    (folder / "own.toml").write_text(text, encoding="utf-8")
    return load_walls(wall_parts.PARTS, tmp_path)


def test_the_shipped_walls_place_parts_on_every_shape_of_screen():
    walls = load_walls(wall_parts.PARTS)
    assert {wall.audience for wall in walls.values()} == {"public", "staff"}
    for wall in walls.values():
        for show in wall.shows:
            assert all(any(show.regions[shape].values()) for shape in REGIONS), (wall.name, show.name)


def test_a_wall_of_the_data_folder_is_added_and_takes_the_place_of_a_shipped_one(tmp_path):
    assert "own" in declared(tmp_path, GOOD)
    (tmp_path / "walls" / "lobby.toml").write_text(GOOD, encoding="utf-8")
    assert load_walls(wall_parts.PARTS, tmp_path)["lobby"].title["en"] == "Hall"


@pytest.mark.parametrize(
    ("was", "wrong", "says"),
    [
        ('left = ["air"]', 'left = ["incidents"]', "no part 'incidents' for a public wall and is for staff"),
        ('left = ["air"]', 'left = ["ari"]', "no part 'ari' for a public wall;"),
        ('left = ["air"]', 'lefft = ["air"]', "did you mean 'left'"),
        ('"public"', '"everybody"', "audience is 'everybody'; write one of public, staff"),
        ('"20s"', '"2s"', "nobody reads a wall in less than 5s"),
        ("[show.portrait]\n", "[show.wide]\n", "Cannot declare"),
        ('audience = "public"', 'audience = "public"\ntheme = "noon"', "theme is 'noon'"),
    ],
)
def test_a_mistake_in_a_wall_is_named_with_file_and_cure(tmp_path, was, wrong, says):
    with pytest.raises(DeclarationError) as found:
        declared(tmp_path, GOOD.replace(was, wrong, 1))
    assert says in str(found.value)
    assert "own.toml" in str(found.value)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_part_can_be_drawn_of_an_empty_and_of_a_living_community(twin, place, clock, lang):
    twin.record([Community(community_id="bare", name="空")])
    twin.apply(readings(twin, ("count-1", "people", 41, 0), ("air-1", "pm2_5", 18, 1)))
    for community in ("bare", HERE):
        view = View(community=community, lang=lang)
        for name, part in {**wall_parts.STAFF, "takeover": wall_parts.TAKEOVER}.items():
            drawn = part.draw(view, twin.now(), part.question(twin, twin.now(), community))
            assert to_html(drawn) or name == "takeover", name


def test_a_count_of_people_under_five_is_said_to_be_small_and_cannot_be_worked_out(twin, place, clock):
    """4 of 60 in the study: neither 4 nor 56 free seats"""
    twin.record([Facility(community_id=HERE, facility_id="centre", facility_kind="centre", name="邻里中心",
                          building_id="b1", lon=120.75, lat=30.76, opening_hours="24/7")])  # fmt: skip
    twin.apply(readings(twin, ("count-1", "people", 4, 0)))
    with reading(Rights()):  # as a screen in the street asks
        answer = wall_answers.spaces(twin, twin.now(), HERE)
        pins = wall_answers.map_classes(twin, twin.now(), HERE)["pins"]
    said = "".join(text_of(wall_views.spaces(View(HERE), twin.now(), answer)))
    assert answer["rooms"][0]["people"] is None
    assert [pin["people"] for pin in pins if pin["id"] == "centre"] == [None]
    assert "少于 5 人" in said
    assert "56" not in said
    assert "余" not in said


def test_the_bands_of_ages_hold_no_figure_of_children():
    answer = {"people": 100, "households": 40, "bands": {"under_60": 70, "age_60_79": 26, "age_80_up": None}}
    said = "".join(text_of(wall_views.people(View(HERE), datetime.now(ZONE), answer)))
    assert "60 岁以下" in said
    assert "0–17" not in said
    assert "少于 5 人" in said


HOURS = "Mo-Fr 08:00-17:30; Sa 09:00-12:00"


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("2026-11-20T10:00", "开放至 17:30"),
        ("2026-11-20T06:00", "08:00 开放"),
        ("2026-11-20T18:00", "明天 09:00 开放"),
        ("2026-11-21T13:00", "周一 08:00 开放"),
    ],
)
def test_opening_hours_say_when_it_closes_or_opens_next(at, words):
    instant = datetime.fromisoformat(at).replace(tzinfo=ZONE)
    assert wall_views.hours("zh", wall_answers.opening(HOURS, instant), instant) == words


def test_hours_that_are_not_known_are_not_called_closed():
    assert wall_answers.opening(None, datetime.now(ZONE))["open"] is None
    assert wall_answers.opening("24/7", datetime.now(ZONE)) == {"open": True, "always": True, "until": None, "days": 0}
    assert wall_answers.opening("Mo-Su 07:00-24:00", datetime(2026, 11, 20, 12, tzinfo=ZONE))["until"] == time(0)


def press(twin):
    twin.apply(readings(twin, ("smoke-1", "smoke", 1, 0)))
    twin.care.step()


def test_an_alarm_takes_the_staff_wall_until_somebody_acknowledges_it_and_never_the_lobby(twin, place, clock):
    press(twin)
    clock.forward(seconds=5)
    taken = wall_staff.urgent(twin, twin.now(), HERE)
    tree = wall_staff.takeover(View(HERE), twin.now(), taken)
    assert taken["item"]["building_id"] == "b1"
    assert "东园 3幢 2单元 502" in text_of(tree)
    for name, part in wall_parts.PUBLIC.items():
        answer = part.question(twin, twin.now(), HERE)
        said = repr(answer) + to_html(part.draw(View(HERE), twin.now(), answer))
        assert not {word for word in ("h502", "2单元", taken["item"]["incident_id"]) if word in said}, name
    assert "alert" not in wall_answers.map_classes(twin, twin.now(), HERE)
    twin.care.take_step(taken["item"]["incident_id"], "acknowledge", by="duty", role="duty_officer")
    clock.forward(seconds=1)
    assert wall_staff.takeover(View(HERE), twin.now(), wall_staff.urgent(twin, twin.now(), HERE)) is None


def test_a_wall_that_may_not_look_at_a_home_names_the_building_only(twin, place, clock):
    press(twin)
    cut = wall_staff.without_homes(wall_staff.urgent(twin, twin.now(), HERE))
    said = " ".join(text_of(wall_staff.takeover(View(HERE), twin.now(), cut)))
    assert "东园 3幢" in said
    assert "502" not in said
    assert cut["item"]["home_id"] is None
    listed = wall_staff.without_homes(wall_staff.incidents(twin, twin.now(), HERE))
    assert "502" not in " ".join(text_of(wall_staff.listed(View(HERE), twin.now(), listed)))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_list_says_of_each_screen_what_it_shows_and_whether_it_speaks(clock, lang):
    item = {
        "id": "s1", "name": "一楼", "wall": "lobby", "wall_title": {"zh": "大厅屏", "en": "Lobby"},
        "audience": "public",
        "role": "public-screen", "paired_at": clock(), "paired_by": "admin", "seen_at": clock() - timedelta(minutes=9),
        "is_silent": True, "health": None,
    }  # fmt: skip
    found = {"walls": [{"name": "lobby", "title": {"zh": "大厅屏", "en": "Lobby"}, "audience": "public", "url": "/x"}]}
    view = View(HERE, lang=lang)
    said = " ".join(text_of(wall_list.screens(view, clock(), {**found, "items": [item]})))
    assert texts(lang)["walls.is_silent"] in said
    assert "一楼" in said
    assert texts(lang)["walls.none"] in " ".join(text_of(wall_list.screens(view, clock(), {**found, "items": []})))
    assert texts(lang)["walls.code"] in " ".join(text_of(wall_list.pair(view, found)))


def test_the_guide_lists_every_part_with_its_audience():
    guide = (ROOT / "docs" / "walls.md").read_text(encoding="utf-8")
    table = {
        (name, row.rstrip(" |").rsplit(" ", 1)[-1])
        for row in guide.splitlines()
        if row.startswith("| `")
        for name in re.findall(r"`(\w+)`", row)
    }
    public = {(name, "public") for name in wall_parts.PUBLIC}
    assert table == public | {(name, "staff") for name in wall_parts.STAFF.keys() - wall_parts.PUBLIC.keys()}

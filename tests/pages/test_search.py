"""Search: what is found, in which order, for whom and at which instant."""

from __future__ import annotations

from datetime import timedelta

import pytest

from layouts.page import View
from layouts.parts.search_box import Search, results
from layouts.parts.search_index import Index
from layouts.parts.search_words import Entry, find, fold, in_order, marks
from tests.pages.conftest import HERE, readings, text_of
from twin_model.entities import Contact, Facility, Resident
from twin_model.rights import Rights, reading


def homes(*names: str) -> list[Entry]:
    return in_order(Entry("home", name, "", "/home", f" {''.join(fold(name).split())} {fold(name)} ") for name in names)


def titles(entries, text: str) -> list[str]:
    return [entry.title for found in find(entries, text) for entry in found.entries]


def of(twin, text: str, *, at=None, sees: bool = True, lang: str = "zh") -> dict[str, list[str]]:
    """What is found, by kind."""
    entries = Index(twin).entries(lang, at or twin.now(), HERE, homes=sees)
    return {found.kind: [entry.title for entry in found.entries] for found in find(entries, text)}


DOORS = homes("东园 13幢 2单元 502", "东园 3幢 2单元 502", "东园 3幢 2单元 1502", "河滨苑 3幢 1单元 502")


@pytest.mark.parametrize("text", ["东园3幢2单元502", "东园 3栋 502", "502 东园 3号楼", "３幢 东园 502"])
def test_a_home_is_found_however_its_door_is_written(text):
    assert titles(DOORS, text) == ["东园 3幢 2单元 502"]


def test_a_number_is_found_only_where_a_number_begins():
    assert titles(DOORS, "3幢") == ["东园 3幢 2单元 502", "东园 3幢 2单元 1502", "河滨苑 3幢 1单元 502"]


def test_every_word_must_occur():
    assert titles(DOORS, "东园 河滨苑") == []


def test_the_very_thing_comes_first_and_numbers_count_as_numbers():
    towers = homes("中心 10幢", "中心 2幢", "中心")
    assert titles(towers, "中心") == ["中心", "中心 2幢", "中心 10幢"]


def test_of_many_the_first_are_told_and_the_rest_is_counted():
    (found,) = find(homes(*(f"东园 {n}幢" for n in range(1, 41))), "东园", most=6)
    assert (len(found.entries), found.more) == (6, 34)


def test_the_part_that_fits_is_marked_in_the_words_as_they_are_written():
    assert marks("东园 13幢 3幢", "３栋") == [("东园 13幢 ", False), ("3幢", True)]
    assert marks("Gateway-14", "gate") == [("Gate", True), ("way-14", False)]


def test_a_door_number_a_device_address_a_room_and_a_building_are_found(place):
    assert of(place, "3-2-502")["home"] == ["东园 3幢 2单元 502"]
    assert of(place, "smoke-1")["device"] == ["烟雾报警器 · 东园 3幢 2单元 502"]
    assert of(place, "d-meter")["device"]
    assert of(place, "书房")["room"] == ["共享书房"]
    assert of(place, "东园 3幢")["building"] == ["东园 3幢"]
    assert of(place, "Shared study", lang="en")["room"] == ["Shared study"]


def test_nobody_is_found_by_name(place):
    place.record([
        Resident(community_id=HERE, resident_id="p1", home_id="h502", name="欧阳春华", birth_year=1940),
        Contact(community_id=HERE, contact_id="c1", home_id="h502", role="family", name="欧阳小军",
                phone="13900001111"),
    ])  # fmt: skip
    assert [of(place, text) for text in ("欧阳", "春华", "欧阳小军", "13900001111", "1940")] == [{}] * 5


def test_who_may_not_look_at_a_home_finds_nothing_that_stands_in_one(place):
    with reading(Rights()):
        assert "home" not in of(place, "502", sees=False)
        assert of(place, "smoke-1", sees=False) == {}
        assert of(place, "count-1", sees=False)["device"]


def test_entries_made_for_one_are_not_handed_to_another(place):
    index = Index(place)
    whole = index.entries("zh", place.now(), HERE, homes=True)
    with reading(Rights(homes=True, communities=frozenset({"elsewhere"}))):
        assert index.entries("zh", place.now(), HERE, homes=True) != whole


def test_the_past_finds_what_was_known_then_and_now_what_came_since(place, clock):
    before = place.now()
    clock.forward(hours=1)
    place.record([
        Facility(community_id=HERE, facility_id="bakery", facility_kind="shop", name="面包房", lon=120.75, lat=30.76)
    ])  # fmt: skip
    assert of(place, "面包房")["facility"] == ["面包房"]
    assert of(place, "面包房", at=before) == {}


def test_entries_are_made_again_only_when_a_thing_changed(place, clock):
    index = Index(place)
    first = index.entries("zh", place.now(), HERE, homes=True)
    clock.forward(minutes=5)
    assert index.entries("zh", place.now(), HERE, homes=True) is first
    assert index.entries("zh", place.now() - timedelta(seconds=1), HERE, homes=True) is first


def test_what_is_not_found_says_what_to_try_and_shows_the_words(view):
    words = " ".join(text_of(results(view, "zzz", [], 1)))
    assert "zzz" in words
    assert "3-2-502" in words


def test_in_the_past_the_answer_says_so(place):
    past = View(community=HERE, at=place.now())
    assert "当时已知" in " ".join(text_of(results(past, "东园", find(DOORS, "东园"), 1)))


class Asked:
    """A page's view of the program for a role."""

    def __init__(self, twin, sees: bool) -> None:
        self.twin, self.sees_a_home, self.services = twin, sees, None

    def __call__(self, _name, question, view, **args):
        return question(self.twin, view.at or self.twin.now(), view.community, **args)


def test_incidents_are_found_by_number_and_only_by_those_who_work_on_them(living, view, clock):
    living.apply(readings(living, ("smoke-1", "smoke", 1.0, 0)))
    clock.forward(minutes=2)
    living.care.step()
    clock.forward(minutes=2)
    (case,) = living.care.incidents(living.now(), community_id=HERE)
    kinds = [
        {found.kind for found in Search(Asked(living, sees), ())(view, case.incident_id)} for sees in (True, False)
    ]
    assert kinds == [{"incident"}, set()]

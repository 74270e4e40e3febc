"""The city over HTTP: rank and sums, rights by division, what is refused, and small counts no sum gives away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cockpit import city_models as shape
from cockpit.api_models import Page
from cockpit.settings import Settings
from cockpit.tokens import Role
from twin_model.entities import Community, Division, Entity, Facility, Home
from twin_model.rights import Scope
from twin_model.twin import Twin

from ..conftest import Clock
from .conftest import Site, serve

ROOT = "/api/v1/city"
KINDS = ("centre", "kindergarten", "nursery", "day_care", "clinic", "supermarket")
PEOPLE = {"a": 40, "b": 3, "c": 9, "d": 70, "e": None}
PART = {"a": "n1", "b": "n1", "c": "n1", "d": "s1", "e": "s1"}


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[Site]:
    """Five communities in two districts; b has three people, e says nothing, d is the only one with all facilities."""
    twin = Twin.open(None, clock=Clock())
    parts = [("hz", "city", None), ("north", "district", "hz"), ("south", "district", "hz"),
             ("n1", "subdistrict", "north"), ("s1", "subdistrict", "south")]  # fmt: skip
    found: list[Entity] = [Division(division_id=i, level=level, name=i, parent_id=up) for i, level, up in parts]
    for name, people in PEOPLE.items():
        found.append(Community(community_id=name, name=name, subdistrict_id=PART[name]))
        found.append(
            Home(community_id=name, home_id=f"{name}-h", building_id=f"{name}-b", number="1", age_0_17=0,
                 age_18_59=people, age_60_79=0, age_80_up=0)
        )  # fmt: skip
        found += [
            Facility(community_id=name, facility_id=f"{name}-{kind}", facility_kind=kind, name=kind, lon=120.0,
                     lat=30.0, area_m2=900.0)
            for kind in (KINDS if name == "d" else KINDS[:1])
        ]  # fmt: skip
    twin.record(found)
    folder = tmp_path_factory.mktemp("city")
    with serve(twin, Settings(data=folder), folder=folder) as served:
        yield served
    twin.close()


def test_communities_are_ranked_and_summed_as_the_twin_says(site):
    answer = shape.CityAnswer.model_validate(site.get(ROOT).json())
    ranks = [row.rank for row in answer.items]
    assert ranks == sorted(ranks, key=lambda rank: (rank is None, -(rank or 0)))
    assert (answer.whole.communities, answer.whole.people, answer.whole.people_of) == (5, 122, 4)
    told = {row.community_id: row for row in answer.items}
    assert (told["a"].people, told["b"].people, told["e"].people) == (40, None, None)
    assert told["a"].projects is None, "nobody keeps a list of them"
    assert all(row.passed is None or row.passed + row.failed + row.not_measurable <= 20 for row in answer.items)
    assert [row["community_id"] for row in site.get(ROOT, order="id", limit=2).json()["items"]] == ["a", "b"]
    page = site.get(ROOT, order="best", limit=2, division="n1")
    assert page.json()["whole"]["communities"] == 3
    assert site.get(ROOT, order="best", limit=2, division="n1", cursor=page.json()["next_cursor"]).status_code == 200


def test_divisions_come_from_the_whole_to_the_part(site):
    rows = Page[shape.CityDivision].model_validate(site.get(f"{ROOT}/divisions").json()).items
    assert [row.division_id for row in rows] == ["hz", "north", "south", "n1", "s1"]
    assert {row.division_id: row.people for row in rows}["north"] == 52
    streets = site.get(f"{ROOT}/divisions", level="subdistrict").json()["items"]
    assert [row["division_id"] for row in streets] == ["n1", "s1"]


@pytest.mark.parametrize(
    ("path", "asked", "status", "said"),
    [
        (ROOT, {"order": "size"}, 400, "worst, best, id"), (ROOT, {"division": "x"}, 404, "/api/v1/city/divisions"),
        (ROOT, {"rulebook": "nobodys"}, 404, "complete_community_2020"),
        (f"{ROOT}/divisions", {"level": "street"}, 400, "subdistrict"),
        (ROOT, {"kind": "clinic"}, 400, "unknown parameter"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_what_was_expected(site, path, asked, status, said):
    answer = site.get(path, **asked)
    assert answer.status_code == status
    assert said in answer.json()["detail"]


def test_the_street_gets_no_small_count_nor_what_would_give_it_away(site):
    """a 40, b 3, c 9: b is kept back, and c with it, for 52 is known of the three together."""
    with site.client(Role.PUBLIC_SCREEN) as client:
        answer = client.get(ROOT).json()
        told = {row["community_id"]: row for row in answer["items"]}
        assert [told[name]["people"] for name in "abcde"] == [40, None, None, 70, None]
        assert {row["aged_80"] for row in told.values()} == {None}
        assert {row["elder_alone"] for row in told.values()} == {None}
        sums = {row["division_id"]: row["people"] for row in client.get(f"{ROOT}/divisions").json()["items"]}
        assert (sums["n1"], sums["s1"], sums["hz"]) == (52, 70, 122)
        assert client.get(ROOT, params={"community": "b"}).json()["whole"]["people"] == 122


def test_a_district_is_told_of_its_own_and_ranks_stay_those_of_the_city(site):
    whole = {row["community_id"]: row["rank"] for row in site.get(ROOT).json()["items"]}
    north = Scope(divisions=frozenset({"north"}))
    token = site.cockpit.tokens.create(Role.MANAGER, "district", site.twin.now(), scope=north)
    with site.client(None, authorization=f"Bearer {token}") as client:
        answer = client.get(ROOT).json()
        assert {row["community_id"]: row["rank"] for row in answer["items"]} == {c: whole[c] for c in "abc"}
        assert (answer["whole"]["communities"], answer["whole"]["people"]) == (3, 52)
        ids = [row["division_id"] for row in client.get(f"{ROOT}/divisions").json()["items"]]
        assert ids == ["hz", "north", "n1"]
        assert client.get(ROOT, params={"division": "s1"}).json()["items"] == []


def test_the_rows_behind_a_figure_are_staffs_and_never_of_one_home(site):
    for role, told in ((Role.MANAGER, [40, None, None]), (Role.ADMINISTRATOR, [40, 9, 3])):
        with site.client(role) as client:
            rows = client.get(f"{ROOT}/rows", params={"of": "people", "division": "n1"}).json()["items"]
            assert [row["people"] for row in rows] == told, role
    assert "home_id" not in site.get(f"{ROOT}/rows", of="people", community="a").text
    with site.client() as client:
        asked = {"of": "facilities", "community": "d", "kind": "clinic"}
        sheet = client.get(f"{ROOT}/rows", params=asked, headers={"accept": "text/csv"})
        assert len(sheet.text.splitlines()) == 2
    past = site.get(f"{ROOT}/rows", of="people", at="2020-01-01T00:00:00Z").json()
    assert past["items"] == []
    for asked, status in (({"of": "names"}, 400), ({"of": "people", "division": "x"}, 404),
                          ({"of": "projects", "status": "late"}, 400)):  # fmt: skip
        assert site.get(f"{ROOT}/rows", **asked).status_code == status
    with site.client(Role.PUBLIC_SCREEN) as client:
        assert client.get(f"{ROOT}/rows", params={"of": "people"}).status_code == 403


def test_a_division_imported_wrongly_is_taken_back_by_an_administrator_and_with_its_parts_or_not_at_all(site):
    site.twin.record([Division(division_id="wrong", level="district", name="误录区", parent_id="hz")])
    path, said = f"{ROOT}/divisions/withdrawals", {"division_id": "wrong", "reason": "imported twice"}
    with site.client(Role.MANAGER) as client:
        assert client.post(path, json=said).status_code == 403
    with site.client() as client:
        assert client.post(path, json=said | {"division_id": "north"}).status_code == 409
        assert client.post(path, json=said).json()["divisions"] == ["wrong"]
        assert client.post(path, json=said).status_code == 404


def test_two_public_answers_subtracted_tell_of_nobody_who_was_registered_between_them(site):
    """Staff is told of one person more at once; the street of the register as it was last released."""
    before = site.twin.now().isoformat()
    home = Home(community_id="a", home_id="a-h", building_id="a-b", number="1", age_0_17=0, age_18_59=40,
                age_60_79=0, age_80_up=1)  # fmt: skip
    site.twin.record([home])

    def answers(client, path, **asked):
        told = client.get(path, params=asked).json()
        clock = ("freshness", "newest")  # of entities: how old an answer is, which is the instant itself
        return [{k: v for k, v in row.items() if k not in clock} for row in told["items"]], told.get("whole")

    with site.client() as staff, site.client(Role.PUBLIC_SCREEN) as street:
        assert [answers(staff, ROOT, **at)[1]["people"] for at in ({"at": before}, {})] == [122, 123]
        for path in (ROOT, f"{ROOT}/divisions", "/api/v1/health-check", "/api/v1/kpis"):
            asked = {} if path.startswith(ROOT) else {"community": "a"}
            assert answers(street, path, at=before, **asked) == answers(street, path, **asked), path

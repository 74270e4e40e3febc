"""Many communities rolled up: sums say how much was known, a share is of people, a plan is in no real figure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import shapely

from twin_model import divisions
from twin_model.city import BOOK
from twin_model.city_standing import COLUMNS
from twin_model.entities import Building, Community, Division, Entity, Facility, Ground, Home
from twin_model.ledger import RecordsRefused
from twin_model.rights import PROGRAM, NotAllowed, Rights, Scope, reading
from twin_model.scenes import scene_stands
from twin_model.twin import Twin

from ..conftest import Clock
from .registers import declared

EAST, NORTH = 1 / 96_486.3, 1 / 110_852.4  # degrees of a metre at 120 E, 30 N
NOWHERE = {"lon": None, "lat": None}


def spot(x: float, y: float) -> tuple[float, float]:
    return 120.0 + x * EAST, 30.0 + y * NORTH


def community(name: str, part: str | None, y: float, people: list[int | None], kinds: tuple[str, ...]) -> list[Entity]:
    """A street of 1,200 m; a house with one home each 400 m along it; facilities at its western end."""
    box = shapely.box(*spot(-50, y - 50), *spot(1_250, y + 50)).wkb
    street = shapely.LineString([spot(0, y), spot(1_200, y)]).wkb
    found: list[Entity] = [
        Community(community_id=name, name=name, subdistrict_id=part, boundary=box),
        Ground(community_id=name, ground_id=f"{name}-g", layer="path", geometry=street, source="sample"),
    ]
    for n, count in enumerate(people):
        x = 400 * n + 100
        outline = shapely.box(*spot(x - 5, y + 5), *spot(x + 5, y + 12)).wkb
        found.append(Building(community_id=name, building_id=f"{name}-b{n}", footprint=outline, height_m=9.0))
        found.append(
            Home(
                community_id=name, home_id=f"{name}-h{n}", building_id=f"{name}-b{n}", number="1", age_0_17=0,
                age_18_59=count, age_60_79=0 if count is None else count // 2, age_80_up=0,
            )
        )  # fmt: skip
    for kind in kinds:
        lon, lat = spot(0, y + 2)
        found.append(
            Facility(community_id=name, facility_id=f"{name}-{kind}", facility_kind=kind, name=kind, lon=lon, lat=lat,
                     area_m2=900.0)
        )  # fmt: skip
    return found


KINDS = ("centre", "kindergarten", "nursery", "day_care", "clinic", "supermarket")


@pytest.fixture(scope="module")
def city() -> Iterator[Twin]:
    twin = Twin.open(None, clock=Clock())
    parts = [("hz", "city", None), ("north", "district", "hz"), ("south", "district", "hz"),
             ("n1", "subdistrict", "north"), ("s1", "subdistrict", "south")]  # fmt: skip
    twin.record([Division(division_id=i, level=level, name=i, parent_id=up) for i, level, up in parts])
    twin.record(
        [
            *community("big", "n1", 0, [100, 100, 100], ("clinic",)),  # two of three houses within ten minutes
            *community("small", "n1", 3_000, [10, None, 0], KINDS),
            *community("silent", "s1", 6_000, [None, None], KINDS),
            Community(community_id="empty", name="empty", subdistrict_id="s1"),
        ]
    )
    project = {"title": "园", "fix": "build", "listed_on": date(2026, 1, 5), "status": "planned"}
    lon, lat = spot(900, 2)
    twin.ledger.record(
        "gap_project",
        [
            project | {"project_no": "1", "facility_kind": "clinic", "area_m2": 200.0, "lon": lon, "lat": lat},
            project | {"project_no": "2", "facility_kind": "nursery", "area_m2": 300.0, **NOWHERE},
            project | {"project_no": "3", "facility_kind": "clinic", "area_m2": 300.0, "status": "dropped", **NOWHERE},
        ],
        community_id="big",
    )
    declared(twin, "big", "small")
    yield twin
    twin.close()


def test_what_nobody_registered_is_unknown_and_never_zero(city):
    rows = {row["community_id"]: row for row in city.city.communities(city.now()).to_pylist()}
    assert (rows["big"]["people"], rows["small"]["people"], rows["silent"]["people"]) == (450, 15, None)
    assert (rows["small"]["homes"], rows["small"]["homes_counted"]) == (3, 2)
    assert rows["empty"]["homes"] is None
    assert rows["empty"]["facilities"] is None


def test_a_sum_says_how_many_know_it(city):
    sums = {row["division_id"]: row for row in city.city.divisions(city.now())}
    assert list(sums) == ["hz", "north", "south", "n1", "s1"]
    assert (sums["hz"]["communities"], sums["hz"]["people"], sums["hz"]["people_of"]) == (4, 465, 2)
    assert (sums["s1"]["people"], sums["s1"]["people_of"], sums["s1"]["facilities"]) == (None, 0, 6)


def test_a_share_is_of_people_and_no_mean_of_shares(city):
    """100 + 100 of 300 in the one, all in the other: 215 of 465 would be wrong too, 150 a house and a half."""
    shares = city.city.covered(city.now(), 10.0, kinds=["clinic"])[""]["clinic"]
    assert (shares["total"], shares["reached"]) == (465, 315)
    assert shares["share"] == pytest.approx(315 / 465)
    assert "south" not in city.city.covered(city.now(), 10.0, kinds=["clinic"], level="district")


def test_where_a_community_stands_is_what_the_whole_check_says(city):
    whole = {row["community_id"]: row for row in city.health.index(city.now(), BOOK).to_pylist()}
    quick = city.city.index(city.now())
    same = [name for name in COLUMNS if name not in ("passed", "failed")]
    assert [[quick[c][n] for n in same] for c in whole] == [[whole[c][n] for n in same] for c in whole]
    assert quick["small"]["index"] > quick["big"]["index"]


def test_a_district_sees_its_own_and_sums_over_those_alone(city):
    with reading(Rights().of(Scope(divisions=frozenset({"north"})))):
        assert [row["division_id"] for row in city.city.divisions(city.now())] == ["hz", "north", "n1"]
        assert city.city.whole(city.now())["communities"] == 2
        assert set(city.city.index(city.now())) == {"big", "small"}
        assert set(city.city.project_sums(city.now())) == {"big"}
        with pytest.raises(NotAllowed):
            city.city.reach_when_finished(city.now(), "silent")
    with reading(PROGRAM.of(Scope(divisions=frozenset({"south"})))):
        assert city.city.project_sums(city.now()) == {}
        of = {row["community_id"]: row["of"] for row in city.city.index(city.now()).values()}
    assert set(of) == {"silent", "empty"}
    assert set(of.values()) == {city.city.index(city.now())["big"]["of"]}, "ranked among all, also where few are seen"


def test_a_plan_is_worked_out_beside_the_real_figures_and_is_in_none_of_them(city):
    clinic, nursery = city.city.reach_when_finished(city.now(), "big", 10.0)
    assert [clinic[n] for n in ("total", "before", "after", "alone")] == [450, 300, 450, 450]
    assert (nursery["total"], nursery["after"]) == (None, None), "it says no place"
    now, then = city.city.index(city.now())["big"]["index"], city.city.index_when_finished(city.now())["big"]["index"]
    assert then > now
    assert city.city.communities(city.now()).to_pylist()[0]["facilities"] == 1
    assert city.city.covered(city.now(), 10.0, kinds=["clinic"])[""]["clinic"]["reached"] == 315


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"status": "done"}, "done_without_a_date"), ({"finished_on": date(2026, 3, 1)}, "finished_and_not_done"),
        ({"status": "done", "finished_on": date(2025, 3, 1)}, "finished_before_listed"),
        ({"lon": 120.0, "lat": None}, "half_a_point"), ({"area_m2": -5.0}, "at least 0"),
        ({"places": -1}, "at least 0"), ({"facility_kind": "casino"}, "one of"), ({"cost_wan": -1.0}, "at least 0"),
    ],
)  # fmt: skip
def test_a_project_that_cannot_be_is_refused_with_the_reason(city, wrong, why):
    row = {"project_no": "9", "title": "x", "facility_kind": "clinic", "fix": "build", "status": "planned",
           "listed_on": date(2026, 1, 5), "area_m2": 100.0, "lon": 120.0, "lat": 30.0}  # fmt: skip
    with pytest.raises(RecordsRefused, match=why):
        city.ledger.record("gap_project", [row | wrong], community_id="big")


def test_many_entities_at_once_are_stored_as_one_by_one(city):
    rows = city.entities("home", city.now(), community_id="big").drop_columns(["valid_from", "recorded_at"])
    assert city.record_tables({"home": rows}).unchanged == 3
    with pytest.raises(ValueError, match="twice"):
        city.record_tables({"home": rows.take([0, 0])})
    with pytest.raises(ValueError, match="number"):
        city.record_tables({"home": rows.drop_columns(["number"])})


def test_the_nine_scenes_of_a_city_are_those_of_each_community(city):
    """The quick way over arrays against the plain one, and what nobody measured is no grade."""
    city.ledger.record(
        "reported_value",
        [
            {"indicator": n, "kpi": kpi, "as_of": date(2026, 9, 30), "value": value, "unit": unit, "document": "表",
             "reported_by_role": "街道建设办", "reported_on": date(2026, 10, 8)}
            for n, kpi, value, unit in ((16, "transit_oriented_share", 30.0, "%"),
                                        (17, "architectural_character", 80.0, "分"),
                                        (18, "prefabricated_share", 45.0, "%"))
        ],
        community_id="small",
    )  # fmt: skip
    at, catalogue = city.now(), city.catalogue
    table = city.city.scenes(at).to_pylist()
    assert [row["scene"] for row in table[:9]] == list(catalogue.scene_book.scenes)
    values = city.kpis.values(city.city.scenes_as_of(at)).to_pylist()
    for name in ("big", "small", "silent", "empty"):
        rows = [row for row in values if row["community_id"] == name]
        plain = scene_stands(catalogue.scene_book, catalogue.kpis, rows, None)
        quick = [row for row in table if row["community_id"] == name]
        assert [row["grade"] for row in quick] == [one.grade for one in plain]
        assert [row["measured"] for row in quick] == [one.measured for one in plain]
        assert [row["attainment"] for row in quick] == pytest.approx([one.attainment for one in plain])
    graded = {row["community_id"]: row["attainment"] for row in table if row["scene"] == "building"}
    assert graded["small"] is not None
    assert (graded["empty"], graded["silent"]) == (None, None)
    summed = next(one for one in city.city.scene_sums(at) if one["scene"] == "building")
    assert (summed["communities"], summed["graded"], summed["attainment"]) == (4, 1, graded["small"])
    assert dict(summed["missing"])["reported_value"] == 3
    assert city.city.scene_sums(at, ["empty"])[4]["graded"] == 0


def test_scenes_of_a_city_are_of_the_full_hour_or_of_what_came_since(city):
    at = city.now()
    registered = city.city.scenes_as_of(at)
    assert registered <= at
    later = city.city.scenes_as_of(at + timedelta(hours=2))
    assert later == registered, "nothing is known of what is to come"
    with reading(Rights().of(Scope(divisions=frozenset({"north"})))):
        assert {row["community_id"] for row in city.city.scenes(at).to_pylist()} == {"big", "small"}


def test_a_division_that_was_recorded_wrongly_is_taken_back_and_the_past_stays_as_it_was_known(clock):
    twin = Twin.open(None, clock=clock)
    parts = [("hz", "city", None), ("d1", "district", "hz"), ("d2", "district", "hz"), ("s1", "subdistrict", "d1")]
    twin.record([
        *(Division(division_id=i, level=level, name=i, parent_id=up) for i, level, up in parts),
        Community(community_id="c", name="社区", subdistrict_id="s1"),
    ])  # fmt: skip
    before = twin.now()
    clock.forward(minutes=1)
    with pytest.raises(divisions.DivisionStays, match="1 divisions and 1 communities"):
        divisions.withdraw(twin, "d1")
    with pytest.raises(divisions.UnknownDivision):
        divisions.withdraw(twin, "nowhere")
    assert divisions.withdraw(twin, "d2") == divisions.TakenBack(("d2",), ())
    clock.forward(minutes=1)
    with reading(Rights().of(Scope(divisions=frozenset({"d1"})))):
        assert twin.city.communities(twin.now()).num_rows == 1
        assert divisions.withdraw(twin, "d1", with_parts=True) == divisions.TakenBack(("d1", "s1"), ("c",))
        clock.forward(minutes=1)
        assert twin.city.communities(twin.now()).num_rows == 0, "a right to what is gone leads to nothing"
    now, known = twin.now(), {"division_id": ["hz"], "subdistrict_id": [None]}
    assert twin.entities("division", now)["division_id"].to_pylist() == known["division_id"]
    assert twin.entities("community", now)["subdistrict_id"].to_pylist() == known["subdistrict_id"]
    assert twin.entities("division", before).num_rows == 4
    assert twin.city.communities(before).to_pylist()[0]["district_id"] == "d1"
    twin.record([Division(division_id="d2", level="district", name="d2", parent_id="hz")])
    assert twin.entity("division", "d2", twin.now()) is not None, "a later list may bring it again"
    twin.close()

"""The twin itself keeps to what whoever asks may read, whichever question is asked and on whichever thread."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import timedelta

import pyarrow as pa
import pytest
import shapely

from twin_model import personal, rights
from twin_model.care import Visit
from twin_model.entities import (
    Building,
    Community,
    Contact,
    Device,
    Division,
    Estate,
    Facility,
    Home,
    Resident,
)
from twin_model.rights import NOBODY, PROGRAM, NotAllowed, Rights, reading
from twin_model.twin import Twin

from ..conftest import Clock
from .closed_loops import T0, Desk
from .test_suggestions import SEVEN, episode

SQUARE = shapely.box(120.0, 30.0, 120.001, 30.001).wkb
PUBLIC = MANAGER = Rights()
OFFICER = PROGRAM
EAST = PROGRAM.of(rights.Scope(communities=frozenset({"c"}), estates=frozenset({"east"})))
GRID_2 = PROGRAM.of(rights.Scope(grids=frozenset({"WG-02"})))
ELSEWHERE = PROGRAM.of(rights.Scope(communities=frozenset({"other"})))


def place(estate: str, n: int) -> list:
    home = f"{estate}-h"
    return [
        Estate(community_id="c", estate_id=estate, name=estate),
        Building(community_id="c", building_id=f"{estate}-b", estate_id=estate, footprint=SQUARE, height_m=18.0,
                 grid=f"WG-0{n}"),
        Home(community_id="c", home_id=home, building_id=f"{estate}-b", number="101", age_0_17=2, age_80_up=1,
             elder_alone=True),
        Resident(community_id="c", resident_id=f"{estate}-r", home_id=home, name="欧阳守拙", health_note="房颤"),
        Contact(community_id="c", contact_id=f"{estate}-k", home_id=home, role="family", name="上官云起", phone="1387"),
        Device(community_id="c", device_id=f"{estate}-pir", type="motion", dialect="json", address=f"{estate}-pir",
               home_id=home),
        Device(community_id="c", device_id=f"{estate}-sos", type="sos_button", dialect="zigbee2mqtt",
               address=f"{estate}-sos", home_id=home),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def town():
    clock = Clock()
    twin = Twin.open(None, clock=clock)
    twin.record([
        Community(community_id="c", name="此处"), Community(community_id="other", name="别处"),
        Facility(community_id="c", facility_id="hall", facility_kind="centre", name="中心", lon=120.0, lat=30.0),
        Contact(community_id="c", contact_id="k-all", role="property", name="物业", phone="800"),
        *place("east", 1), *place("west", 2),
    ])  # fmt: skip
    say(twin, "motion", "east-pir", "west-pir")
    twin.care.step()
    clock.forward(seconds=30)
    say(twin, "sos", "east-sos", "west-sos")
    clock.forward(seconds=30)
    for incident in twin.care.incidents(twin.now()):
        twin.care.take_step(incident.incident_id, "acknowledge", by="值班", role="duty_officer", note="老人摔倒")
    twin.care.record_visits([Visit(home_id="east-h", visited_at=twin.now(), visited_by="值班", role="grid_worker")])
    twin.care.declare_absence(
        community_id="c", home_id="west-h", kind="away", starts_at=twin.now(), ends_at=twin.now() + timedelta(days=2),
        reason="返乡", by="值班",
    )  # fmt: skip
    twin.ledger.record(
        "volunteer_service",
        [{"service_no": f"Z-{n}", "day": twin.now().date(), "volunteer_no": f"ZY-20{n}", "category": "elder",
          "hours": 2.0, "people": 3} for n in (1, 2)],
        community_id="c",
    )
    clock.forward(seconds=5)
    yield twin
    twin.close()


def say(twin: Twin, metric: str, *devices: str) -> None:
    numbers = [twin.directory().numbers[device, metric] for device in devices]
    taken = [twin.now().replace(tzinfo=None)] * len(numbers)
    table = {"series_no": pa.array(numbers, pa.int32()), "taken_at": pa.array(taken, pa.timestamp("us")),
             "value": [1.0] * len(numbers), "retained": [False] * len(numbers)}  # fmt: skip
    twin.apply(pa.table(table))


@pytest.fixture(scope="module")
def city():
    """Two districts of one city, a subdistrict and a community in each; one community that says nothing of it."""
    twin = Twin.open(None, clock=Clock())
    parts = [("hz", "city", None), ("north", "district", "hz"), ("south", "district", "hz"),
             ("n1", "subdistrict", "north"), ("s1", "subdistrict", "south")]  # fmt: skip
    twin.record([Division(division_id=i, level=level, name=i, parent_id=up) for i, level, up in parts])
    for name, part in (("cn", "n1"), ("cs", "s1"), ("lone", None)):
        twin.record([
            Community(community_id=name, name=name, subdistrict_id=part),
            Facility(community_id=name, facility_id=f"{name}-f", facility_kind="park", name="园", lon=120.0, lat=30.0),
        ])  # fmt: skip
    yield twin
    twin.close()


@pytest.mark.parametrize(
    ("limits", "seen"),
    [
        ({"divisions": {"north"}}, {"cn"}), ({"divisions": {"s1"}}, {"cs"}), ({"divisions": {"hz"}}, {"cn", "cs"}),
        ({"divisions": {"north"}, "communities": {"cs"}}, set()), ({"divisions": {"nowhere"}}, set()),
        ({}, {"cn", "cs", "lone"}),
    ],
)  # fmt: skip
def test_a_district_sees_its_communities_and_no_others(city, limits, seen):
    part = Rights().of(rights.Scope(**{name: frozenset(ids) for name, ids in limits.items()}))
    with reading(part):
        assert set(city.entities("community", city.now())["community_id"].to_pylist()) == seen
        assert set(city.entities("facility", city.now())["community_id"].to_pylist()) == seen
        assert {name for name in ("cn", "cs", "lone") if city.sight.within(name)} == seen
        if limits:
            with pytest.raises(NotAllowed):
                city.residents(city.now(), community_id="lone")
            with pytest.raises(NotAllowed):
                city.sight.need(None)
        assert city.entities("division", city.now()).num_rows == 5, "what districts there are is no secret"


def homes(table: pa.Table) -> set:
    return {home for home in table["home_id"].to_pylist() if home}


@pytest.mark.parametrize("who", [PUBLIC, NOBODY, Rights(homes=True)])
@pytest.mark.parametrize("kind", ["resident", "contact"])
def test_names_and_numbers_are_kept_back_in_the_past_too(town, who, kind):
    for at in (town.now(), town.now() - timedelta(seconds=20)):
        with reading(who), pytest.raises(NotAllowed, match=r"姓名.*names"):
            town.entities(kind, at)
        with reading(who), pytest.raises(NotAllowed):
            town.entity(kind, "east-r", at)
    with reading(OFFICER):
        assert town.entities(kind, town.now()).num_rows >= 2


@pytest.mark.parametrize("ask", [
    lambda twin: twin.care.home_rhythm("east-h", twin.now()),
    lambda twin: twin.care.visits(twin.now() - timedelta(days=1), twin.now() + timedelta(days=1), twin.now()),
    lambda twin: twin.care.home_states_at(twin.now()),
    lambda twin: twin.store.select("SELECT * FROM resident"),
    lambda twin: twin.store.select("select name from contact_at($instant)", instant=twin.now()),
    lambda twin: twin.store.read("home_life", instant=twin.now(), whole=twin.now()),
    lambda twin: twin.store.desk().select("SELECT * FROM absence"),
])  # fmt: skip
def test_the_life_at_home_is_kept_back_even_from_who_asks_the_store_itself(town, ask):
    with reading(MANAGER), pytest.raises(NotAllowed):
        ask(town)


def test_an_incident_is_told_without_what_is_said_of_the_person(town):
    with reading(MANAGER):
        told = town.care.incidents(town.now())
        one = town.care.incident(told[0].incident_id, town.now())
        assert town.care.absences(town.now()) == []
    assert len(told) == 2
    for incident in (*told, one):
        assert not any(step.note or step.detail for step in incident.steps)
        assert not any(rung.contact_id for rung in incident.ladder)
    assert any(step.note for step in town.care.incidents(town.now())[0].steps)


def test_children_of_one_home_are_not_counted_for_everybody(town):
    with reading(MANAGER):
        assert town.entities("home", town.now())["age_0_17"].to_pylist() == [None, None]
    assert town.entities("home", town.now())["age_0_17"].to_pylist() == [2, 2]


def test_restricted_codes_become_aliases_and_counts_stay_true(town):
    column = next(c.name for c in town.ledger.kinds["volunteer_service"].columns.values() if c.restricted)
    plain = town.ledger.rows("volunteer_service", town.now())[column].to_pylist()
    with reading(MANAGER):
        told = town.ledger.rows("volunteer_service", town.now())[column].to_pylist()
    assert len(set(told)) == len(set(plain))
    assert not set(told) & set(plain)


@pytest.mark.parametrize(("who", "mine"), [(EAST, {"east-h"}), (GRID_2, {"west-h"}), (ELSEWHERE, set())])
def test_what_lies_outside_of_the_scope_is_left_out(town, who, mine):
    now, day = town.now(), timedelta(days=1)
    with reading(who):
        for kind in ("home", "resident", "contact", "device"):
            assert homes(town.entities(kind, now)) == mine, kind
        for table in (
            town.states(now), town.device_status(now), town.alerts(now), town.care.alerts(now), town.home_states(now),
            town.care.alert_history(now - day, now + day, now), town.care.visits(now - day, now + day, now),
            town.alarm_events(now - day, now + day, now),
        ):  # fmt: skip
            assert homes(table) <= mine
        assert {i.home_id for i in town.care.incidents(now)} == mine
        assert {i.home_id for i in town.care.incidents(now, open_only=False)} == mine
        assert {a.home_id for a in town.care.absences(now)} == mine & {"west-h"}
        assert town.quarantined(now).num_rows == 0
        other = "west" if "west-h" not in mine else "east"
        assert town.entity("home", f"{other}-h", now) is None
        assert town.care.home_rhythm(f"{other}-h", now) is None
        assert town.series(f"{other}-pir", "motion", now - day, now + day, now).num_rows == 0


def test_what_is_common_is_seen_by_all_of_the_community_and_nobody_else(town):
    with reading(EAST):
        assert town.entities("community", town.now())["community_id"].to_pylist() == ["c"]
        assert town.entities("building", town.now()).num_rows == 2
        assert town.entity("facility", "hall", town.now())
        assert town.residents(town.now(), community_id="c")["homes"] == 2
        assert town.entity("contact", "k-all", town.now())
    with reading(ELSEWHERE):
        assert town.entities("building", town.now()).num_rows == 0
        for ask in (town.residents, town.figures, town.building_classes, town.kpis.values, town.kpis.trend):
            with pytest.raises(NotAllowed, match="范围"):
                ask(town.now(), community_id="c")


def test_nothing_can_be_done_outside_of_the_scope(town):
    theirs = next(i for i in town.care.incidents(town.now()) if i.home_id == "west-h")
    with reading(EAST):
        assert town.care.incident(theirs.incident_id, town.now()) is None
        with pytest.raises(NotAllowed):
            town.care.take_step(theirs.incident_id, "arrive", by="x", role="grid_worker")
        with pytest.raises(NotAllowed):
            town.care.record_visits([Visit(home_id="west-h", visited_at=town.now(), visited_by="x", role="doctor")])
        with pytest.raises(NotAllowed):
            town.care.set_threshold("sos", "hold", 5, community_id="c", home_id="west-h", by="x", reason="y")


def test_rows_behind_a_figure_name_no_home_device_or_incident_outside_of_the_scope(town):
    """Most of them are told by ``row_id`` alone; which KPI counts homes is its own affair, so all are asked."""
    now, kpis = town.now(), town.catalogue.kpis
    theirs = {i.incident_id for i in town.care.incidents(now) if i.home_id == "west-h"}
    theirs |= {"west-h", "west-pir", "west-sos"}

    def told() -> set:
        tables = [town.kpis.evidence(kpi, now, community_id="c") for kpi in kpis]
        return {str(value) for table in tables for row in table.to_pylist() for value in row.values()}

    def counted() -> list:
        found = town.care.service_levels(now - timedelta(days=1), now, now, community_id="c")
        return [*found.figures(), *found.by_rule.values()]

    assert theirs - {"west-pir"} <= told(), "there is something to keep back"
    everywhere = counted()
    with reading(EAST):
        assert told() & theirs == set()
        assert "east-h" in told()
        mine = counted()
    assert any(theirs & set(figure.rows) for figure in everywhere)
    assert not any(theirs & {*figure.rows, *figure.missed} for figure in mine)
    assert [len(figure.rows) for figure in mine] == [len(figure.rows) for figure in everywhere]


def test_nobody_is_handed_over_or_taken_out_and_no_record_taken_back_outside_of_the_scope(town):
    with reading(EAST):
        assert personal.find(town, "east-r").homes == ("east-h",)
        for other in ("west-r", "west-k"):
            with pytest.raises(personal.UnknownPerson):
                personal.find(town, other)
        with pytest.raises(NotAllowed, match="全社区"):
            town.ledger.withdraw("volunteer_service", ["x"], "c")
    with reading(ELSEWHERE):
        for ask in (lambda: town.ledger.withdraw("volunteer_service", ["x"], "c"),
                    lambda: town.ledger.brought_by("x.csv", "volunteer_service", "c")):  # fmt: skip
            with pytest.raises(NotAllowed):
                ask()


def test_a_home_named_without_its_community_is_found_in_the_scope(town):
    with reading(PROGRAM.of(rights.Scope(communities=frozenset({"c"})))):
        assert town.sight.within(None, "east-h")
        assert town.care.home_rhythm("east-h", town.now()) is not None
        assert not town.sight.within(None, "nowhere")
    with reading(ELSEWHERE):
        assert not town.sight.within(None, "east-h")


def test_what_one_was_told_from_memory_another_is_not(town):
    """The same question first with all rights, then with few, then with all again."""
    def ask():
        return homes(town.device_status(town.now())), town.entities("home", town.now())["age_0_17"].to_pylist()

    whole = ask()
    with reading(MANAGER.of(EAST.scope)):
        assert ask() == ({rights.alias("east-h")}, [None])
    assert ask() == whole == ({"east-h", "west-h"}, [2, 2])


def test_rights_go_along_with_a_context_and_silence_means_nobody_where_requests_are_answered(town):
    def ask():
        return rights.current()

    with ThreadPoolExecutor(1, initializer=rights.answers_requests) as pool:
        with reading(EAST):
            assert pool.submit(copy_context().run, ask).result() == EAST
        assert pool.submit(ask).result() == NOBODY
        with pytest.raises(NotAllowed):
            pool.submit(town.entities, "resident", town.now()).result()
        assert pool.submit(town.entities, "community", town.now()).result().num_rows == 0
    found = []
    thread = threading.Thread(target=lambda: found.append(ask()))
    thread.start()
    thread.join()
    assert found == [PROGRAM]


def test_an_answer_that_depends_on_rights_is_marked(town):
    with reading(OFFICER) as block:
        town.entities("building", town.now())
        assert not block.touched
        town.entities("resident", town.now())
        assert block.touched


def test_every_list_can_be_cut_down_to_a_community(town):
    """A list that does not say where its rows belong fails, it does not pass."""
    now, day = town.now(), timedelta(days=1)
    with reading(EAST):
        assert town.occupancy(now).num_rows
        town.occupancy_hours(now - day, now, now)
        town.occupancy_forecast(now, community_id="c")
        assert homes(town.care.incident_rows(now - day, now + day, now, community_id="c")) == {"east-h"}
        town.kpis.evidence("elders_alone_visited", now, community_id="c")
        assert town.building_classes(now, community_id="c").num_rows == 1
        assert town.care.service_levels(now - day, now + day, now, community_id="c").incidents == 2
        with pytest.raises(KeyError):
            town.sight.of(pa.table({"home_id": ["west-h"]}))


def test_the_map_of_a_part_goes_by_another_version(town):
    """The map is kept by its version, here and in browsers: homes are counted on it."""
    now, versions = town.now(), set()
    for who in (PROGRAM, MANAGER, EAST, GRID_2):
        with reading(who):
            versions.add(town.geometry_version("c", now))
    assert len(versions) == 3


def test_homes_behind_the_levels_of_service_are_named_to_those_responsible_for_them(town):
    def told(who: Rights) -> tuple[int, set]:
        at = town.now()
        with reading(who):
            levels = town.care.service_levels(at - timedelta(days=1), at, at, community_id="c")
        return len(levels.visited.rows), {"east-h", "west-h"} & {*levels.visited.rows, *levels.visited.missed}

    assert [told(who) for who in (OFFICER, EAST, MANAGER)] == [(2, {"east-h", "west-h"}), (2, {"east-h"}), (2, set())]


def test_what_outcomes_teach_about_a_home_is_told_to_those_who_may_look_at_it_and_only_there():
    """seven labelled silences in the eastern home, six of them false: raise its limit from 12 hours"""
    twin = Twin.open(None, clock=Clock())
    twin.record([Community(community_id="c", name="此处"), *place("east", 1), *place("west", 2)])
    desk, begun = Desk(twin.store), (twin.now() - T0) // timedelta(seconds=1)
    for day, (extent, outcome) in enumerate(SEVEN):
        episode(desk, begun // 86_400 + day * 2, extent, outcome, rule="no_movement", home="east-h")
    at = twin.now() + timedelta(days=20)

    def told(who: Rights) -> set:
        with reading(who):
            return {one.home_id for one in twin.care.suggestions(at, community_id="c")}

    assert "east-h" in told(OFFICER) & told(EAST)
    assert "east-h" not in told(PUBLIC) | told(MANAGER) | told(GRID_2)
    twin.close()


def test_a_forecast_of_another_estates_buildings_is_for_those_who_work_there():
    """a gate at the one house of each estate"""
    gates = [Device(community_id="c", device_id=f"{e}-gate", type="gate", dialect="json", address=f"{e}-gate",
                    building_id=f"{e}-b") for e in ("east", "west")]  # fmt: skip
    twin = Twin.open(None, clock=Clock())
    twin.record([Community(community_id="c", name="此处"), *place("east", 1), *place("west", 2), *gates])

    def told(who: Rights) -> set:
        with reading(who):
            return {row["place_id"] for row, _ in twin.occupancy_forecast(twin.now())}

    assert {"east-b", "west-b", "west"} <= told(OFFICER)
    assert told(EAST) & {"east-b", "west-b", "west"} == {"east-b"}
    assert told(ELSEWHERE) == told(PUBLIC) == set()
    twin.close()

"""Whoever may not look at one home is told of buildings: no door, no code of a home, nothing its sensors measured."""

from __future__ import annotations

import io
from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import shapely

from twin_model.entities import Building, Community, Device, Home
from twin_model.rights import Rights, reading
from twin_model.twin import Twin

from ..conftest import Clock

MANAGER, AUDITOR = Rights(), Rights(homes=True)
SQUARE = shapely.box(120.0, 30.0, 120.001, 30.001).wkb
DOORS = ("home-q1", "home-q2", "门牌Q301", "门牌Q302", "sos-q1", "pir-q1", "pir-q2", "301卧室")


@pytest.fixture(scope="module")
def house():
    """A building of two homes; in the first somebody calls for help."""
    clock = Clock()
    twin = Twin.open(None, clock=clock)
    kit = [("sos-q1", "sos_button", 1), ("pir-q1", "motion", 1), ("pir-q2", "motion", 2)]
    twin.record([
        Community(community_id="c", name="此处"),
        Building(community_id="c", building_id="b1", footprint=SQUARE, height_m=18.0),
        *(Home(community_id="c", home_id=f"home-q{n}", building_id="b1", number=f"门牌Q30{n}", floor=3, age_80_up=1,
               elder_alone=True) for n in (1, 2)),
        *(Device(community_id="c", device_id=name, type=kind, dialect="json", address=name, name="301卧室",
                 home_id=f"home-q{n}") for name, kind, n in kit),
    ])  # fmt: skip
    numbers = twin.directory().numbers
    for device, metric in (("pir-q1", "motion"), ("pir-q2", "motion"), ("sos-q1", "sos")):
        clock.forward(seconds=10)
        twin.apply(_readings(numbers[device, metric], clock.instant))
    twin.care.step()
    clock.forward(seconds=5)
    yield twin
    twin.close()


def _readings(number: int, at):
    return pa.table({
        "series_no": pa.array([number], pa.int32()), "taken_at": pa.array([at], pa.timestamp("us", "UTC")),
        "value": pa.array([1.0]), "retained": pa.array([False]),
    })  # fmt: skip


def told(twin: Twin) -> dict[str, object]:
    """Every answer that has rows of homes."""
    now = twin.now()
    before = now - timedelta(hours=1)
    return {
        "homes": twin.entities("home", now), "devices": twin.entities("device", now), "states": twin.states(now),
        "device_status": twin.device_status(now), "alerts": twin.alerts(now), "log": twin.care.alerts(now),
        "history": twin.care.alert_history(before, now, now), "home_states": twin.home_states(now),
        "incidents": twin.care.incidents(now), "rows": twin.care.incident_rows(before, now, now, community_id="c"),
        "events": twin.alarm_events(before, now, now), "readings": twin.series("pir-q1", "motion", before, now, now),
    }  # fmt: skip


def test_no_answer_says_which_door(house):
    with reading(MANAGER):
        said = {name: str(a if isinstance(a, list) else a.to_pylist()) for name, a in told(house).items()}
    assert {name: found for name, text in said.items() if (found := [door for door in DOORS if door in text])} == {}


def test_nothing_is_left_beneath_the_nulls_of_an_arrow_answer(house):
    with reading(MANAGER):
        tables = [answer for answer in told(house).values() if isinstance(answer, pa.Table)]
    for table in tables:
        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)
        assert [door for door in DOORS if door.encode() in sink.getvalue()] == []


def test_counts_by_building_stay_right_without_doors(house):
    with reading(AUDITOR):
        all_of_it = told(house)
    with reading(MANAGER):
        cut = told(house)
    for name in ("homes", "devices", "device_status", "alerts", "log", "history", "home_states", "rows"):
        assert cut[name].num_rows == all_of_it[name].num_rows > 0, name
        assert pc.count_distinct(cut[name]["home_id"]) == pc.count_distinct(all_of_it[name]["home_id"]), name
    assert [(i.building_id, i.severity) for i in cut["incidents"]] == [("b1", "act")]
    assert cut["devices"]["home_id"].to_pylist()[0] in cut["homes"]["home_id"].to_pylist(), "the same alias everywhere"


def test_what_sensors_in_homes_measured_is_kept_back(house):
    with reading(AUDITOR):
        assert told(house)["states"].num_rows > 0
        assert told(house)["readings"].num_rows > 0
    with reading(MANAGER):
        assert (told(house)["states"].num_rows, told(house)["readings"].num_rows) == (0, 0)


def test_asking_by_the_code_of_a_home_answers_nothing(house):
    now = house.now()
    with reading(MANAGER):
        assert house.entity("home", "home-q1", now) is None
        assert house.entities("device", now, home_id="home-q1").num_rows == 0
        assert house.care.alert_history(now - timedelta(hours=1), now, now, home_id="home-q1").num_rows == 0
    with reading(AUDITOR):
        assert house.entity("home", "home-q1", now)["number"] == "门牌Q301"

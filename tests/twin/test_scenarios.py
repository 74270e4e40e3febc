"""What-if on a street that can be checked by eye: what edits change, and that no scenario ever is the twin."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import shapely

from twin_model.circles import Unasked
from twin_model.edits import Edit, WrongEdit, read_edits
from twin_model.entities import Building, Community, Facility, Ground, Home
from twin_model.rights import NotAllowed, Rights, reading
from twin_model.scenarios import ScenarioRefused
from twin_model.twin import Twin

from ..conftest import NOON, ROOT, Clock

C = "c"
BOOK = "complete_community_2020"
KILLED = """
import json, os, signal, sys
from datetime import timedelta
from pathlib import Path
import shapely
from tests.conftest import NOON, Clock
from tests.twin.test_scenarios import C, edits, put, spot
from twin_model.entities import Building, Community, Facility, Ground, Home
from twin_model import scenarios
from twin_model.twin import Twin
clock = Clock()
twin = Twin.open(Path(sys.argv[1]), clock=clock)
street = shapely.LineString([spot(0, 0), spot(2000, 0)]).wkb
box = shapely.box(*spot(95, 10), *spot(105, 20)).wkb
lon, lat = spot(100, 0)
here = {"community_id": C}
clinic = Facility(**here, facility_id="clinic", facility_kind="clinic", name="s", lon=lon, lat=lat)
twin.record([Community(**here, name="s"), Ground(**here, ground_id="g", layer="path", geometry=street, source="osm"),
    Building(**here, building_id="b", footprint=box, height_m=9.0), clinic,
    Home(**here, home_id="h", building_id="b", number="1")])
shares = [[r["group"], r["limit"], r["reached"]] for r in twin.circles.coverage(twin.now(), C).to_pylist()]
clock.instant += timedelta(minutes=1)
said = edits({"op": "close", "facility_id": "clinic"}, put(1900))
twin.scenarios.save(C, "\u642c\u8d70", "planner", NOON, said)
twin.scenarios.outcomes(twin.now(), C, said)
print(json.dumps({"lon": lon, "shares": shares}), flush=True)
write = scenarios._write
scenarios._write = lambda *said: (write(*said), os.kill(os.getpid(), signal.SIGKILL))
twin.scenarios.save(C, "never", "planner", NOON, said)
"""
EAST, NORTH = 1 / 96_486.3, 1 / 110_852.4  # degrees of a metre here


def spot(x: float, y: float) -> tuple[float, float]:
    return 120.0 + x * EAST, 30.0 + y * NORTH


def put(x: float, kind: str = "clinic", **more: Any) -> dict[str, Any]:
    lon, lat = spot(x, 0)
    return {"op": "put", "facility_kind": kind, "lon": lon, "lat": lat, **more}


def edits(*said: dict[str, Any]) -> tuple[Edit, ...]:
    return read_edits(list(said))


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def twin(clock: Clock) -> Iterator[Twin]:
    """A street of 2 km, ten houses with ten elders each at 100, 300 … 1,900 m, one clinic at 100 m."""
    with_homes: list[Any] = [Community(community_id=C, name="街"), Community(community_id="other", name="别处")]
    street = shapely.LineString([spot(0, 0), spot(2000, 0)])
    with_homes.append(Ground(community_id=C, ground_id="g", layer="path", geometry=street.wkb, source="osm"))
    for n in range(10):
        (w, s), (e, north) = spot(95 + 200 * n, 10), spot(105 + 200 * n, 20)
        with_homes.append(
            Building(community_id=C, building_id=f"b{n}", footprint=shapely.box(w, s, e, north).wkb, height_m=9.0)
        )
        with_homes.append(
            Home(community_id=C, home_id=f"h{n}", building_id=f"b{n}", number="1", age_0_17=0, age_18_59=0,
                 age_60_79=10, age_80_up=0)
        )  # fmt: skip
    lon, lat = spot(100, 0)
    clinic = {"community_id": C, "facility_id": "clinic", "facility_kind": "clinic", "name": "站"}
    with_homes.append(Facility(**clinic, lon=lon, lat=lat, capacity=5))
    made = Twin.open(None, clock=clock)
    made.record(with_homes)
    yield made
    made.close()


def covered(outcome: Any, limit: float, group: str = "aged_60") -> Any:
    return next(row for unit, at, row in outcome.covered if (unit, at, row.group) == ("m", limit, group))


def test_a_second_clinic_adds_those_around_it_and_one_that_moves_takes_those_it_had(twin: Twin) -> None:
    (one,) = twin.scenarios.outcomes(NOON, C, edits(put(1100)))
    row = covered(one, 300)
    assert (row.total, row.before, row.after, row.gained, row.lost) == (100, 20, 50, 30, 0)
    lon, lat = spot(1900, 0)
    (moved,) = twin.scenarios.outcomes(NOON, C, edits({"op": "move", "facility_id": "clinic", "lon": lon, "lat": lat}))
    row = covered(moved, 300)
    assert (row.before, row.after, row.gained, row.lost) == (20, 20, 20, 20)
    (shut,) = twin.scenarios.outcomes(NOON, C, edits({"op": "close", "facility_id": "clinic"}), limit_m=300)
    assert covered(shut, 1000).after == 0
    assert [*shut.change_of()] == ["lost"] * 2 + ["further"] * 4 + ["same"] * 4
    assert (shut.facilities_before, shut.facilities_after) == (1, 0)


def test_people_per_square_metre_and_yuan_are_told_where_area_and_cost_are(twin: Twin) -> None:
    said = edits(put(1100, area_m2=60.0, yuan_per_m2=500.0), put(1900, area_m2=40.0))
    (one,) = twin.scenarios.outcomes(NOON, C, said, group="aged_60", limit_m=300)
    first, second = (effect.marginal for effect in one.effects)
    assert (first.people, first.per_m2, first.per_10k) == (30, 0.5, 10.0)
    assert (second.people, second.per_m2, second.per_10k) == (20, 0.5, None)


def test_the_best_site_of_all_ground_floors_is_where_most_are_newly_reached(twin: Twin) -> None:
    best = twin.scenarios.best(NOON, C, "clinic", 1, group="aged_60", limit_m=450, where="buildings")
    assert (best.people, best.gap, best.candidates) == (50, 0.0, 10)
    first = twin.scenarios.best(NOON, C, "clinic", 1, group="aged_60", limit_m=450, where="buildings", exact=False)
    assert (first.gap, first.sites) == (None, best.sites)
    after = edits(put(1100))
    next_one = twin.scenarios.best(NOON, C, "clinic", 1, group="aged_60", limit_m=450, where="buildings", edits=after)
    assert next_one.covered_before == 80


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"op": "build"}, "op"), ({"op": "put", "lon": 1.0, "lat": 2.0}, "facility_kind"),
        ({"op": "enlarge", "facility_id": "x", "capacity": -3}, "capacity"),
        ({"op": "put", "facility_kind": "clinic", "lon": float("nan"), "lat": 0}, "lon"),
        ({"op": "close", "facility_id": "x", "colour": "red"}, "colour"),
    ],
)  # fmt: skip
def test_an_edit_that_cannot_be_says_what_is_wrong_with_it(said: dict[str, Any], found: str) -> None:
    with pytest.raises(WrongEdit, match=found):
        read_edits([said])


def test_a_facility_nobody_knows_cannot_be_closed_and_none_is_changed_twice(twin: Twin) -> None:
    with pytest.raises(WrongEdit, match="known at that instant"):
        twin.scenarios.outcomes(NOON, C, edits({"op": "close", "facility_id": "nobody"}))
    with pytest.raises(WrongEdit, match="one edit only"):
        edits({"op": "close", "facility_id": "clinic"}, {"op": "enlarge", "facility_id": "clinic", "capacity": 9})


def test_at_an_hour_only_what_is_surely_open_counts_and_unknown_hours_are_told_apart(twin: Twin) -> None:
    """the clinic says no hours, one put at 1100 closes at 17:00, one at 1900 says none -> at 18:00 nobody surely"""
    said = edits(put(1100, opening_hours="Mo-Su 08:00-17:00"), put(1900))
    noon, evening = (NOON.replace(hour=hour) for hour in (4, 10))  # 12:00 and 18:00 there
    (one,) = twin.scenarios.outcomes(NOON, C, said, open_at=evening)
    row = covered(one, 300)
    assert (row.before, row.after, row.perhaps_before, row.perhaps_after) == (0, 0, 20, 40)
    assert (one.hours_unknown_before, one.hours_unknown_after) == (1, 2)
    (one,) = twin.scenarios.outcomes(NOON, C, said, open_at=noon)
    assert (covered(one, 300).after, covered(one, 300).perhaps_after) == (30, 40)
    said = edits({"op": "enlarge", "facility_id": "clinic", "capacity": 9, "opening_hours": "24/7"})
    (stated,) = twin.scenarios.outcomes(NOON, C, said, open_at=evening)
    assert (covered(stated, 300).before, covered(stated, 300).after) == (0, 20)
    best = twin.scenarios.best(NOON, C, "clinic", 1, group="aged_60", limit_m=300, where="buildings", open_at=evening)
    assert best.covered_before == 0
    with pytest.raises(WrongEdit, match="opening_hours"):
        edits(put(1100, opening_hours="whenever"))


def everything(twin: Twin, at: Any) -> dict[str, Any]:
    """What the real twin says of facilities, circles and KPIs, and what its map is drawn from."""
    return {
        "facilities": twin.entities("facility", at).to_pylist(), "version": twin.geometry_version(C, at),
        "coverage": twin.circles.coverage(at, C).to_pylist(), "capacity": twin.circles.capacity(at, C).to_pylist(),
        "nearest": twin.circles.nearest(at, community_id=C).to_pylist(), "epoch": twin.circles.epoch(at),
        "kpis": twin.kpis.values(at, community_id=C).to_pylist(),
        "health": twin.health.check(at, BOOK).to_pylist(), "index": twin.health.index(at, BOOK).to_pylist(),
    }  # fmt: skip


def test_nothing_of_a_scenario_leaks_into_the_twin(twin: Twin, clock: Clock) -> None:
    before, at = everything(twin, NOON), NOON
    clock.instant = at + timedelta(minutes=1)
    said = edits(put(1100, capacity=40), {"op": "close", "facility_id": "clinic"})
    saved = twin.scenarios.save(C, "搬到中间", "planner", at, said)
    twin.scenarios.outcomes(twin.now(), C, saved.edits)
    twin.scenarios.best(twin.now(), C, "clinic", 2, where="buildings", edits=saved.edits)
    assert everything(twin, at) == before
    now = everything(twin, twin.now())
    dated = {"kpis": None, "health": None, "index": None}
    assert {**now, **dated} == {**before, **dated}
    judged = [[(row["item"], row["verdict"], row["value"]) for row in one["health"]] for one in (now, before)]
    assert judged[0] == judged[1]
    assert [(k["kpi"], k["value"]) for k in now["kpis"]] == [(k["kpi"], k["value"]) for k in before["kpis"]]


def test_after_a_kill_a_scenario_is_there_and_the_twin_is_as_it_was(tmp_path: Path) -> None:
    """a process that saved one is killed in the middle of saving another: there is one, and nothing of it elsewhere"""
    run = [sys.executable, "-c", KILLED, str(tmp_path / "store")]
    killed = subprocess.run(run, cwd=ROOT, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    told = json.loads(killed.stdout)
    twin = Twin.open(tmp_path / "store", clock=Clock(NOON + timedelta(minutes=5)))
    try:
        (one,) = twin.scenarios.listed(twin.now(), C)
        assert (one.name, [edit.op for edit in one.edits]) == ("搬走", ["close", "put"])
        (clinic,) = twin.entities("facility", twin.now()).to_pylist()
        assert (clinic["facility_id"], clinic["lon"]) == ("clinic", told["lon"])
        shares = twin.circles.coverage(twin.now(), C).to_pylist()
        assert [[row["group"], row["limit"], row["reached"]] for row in shares] == told["shares"]
    finally:
        twin.close()


def test_a_scenario_is_saved_renamed_duplicated_withdrawn_and_known_for_any_instant(twin: Twin, clock: Clock) -> None:
    clock.instant += timedelta(minutes=1)
    one = twin.scenarios.save(C, "  两个  站 ", "planner", NOON, edits(put(700)))
    assert (one.name, twin.scenarios.one(twin.now(), one.scenario_id)) == ("两个 站", one)
    clock.instant += timedelta(minutes=1)
    twin.scenarios.change(one.scenario_id, name="南站", edits=edits(put(900)))
    copy = twin.scenarios.duplicate(one.scenario_id, "南站二", "other planner")
    assert (copy.owner, copy.edits[0].lon) == ("other planner", spot(900, 0)[0])
    with pytest.raises(Unasked, match="by stork"):
        twin.scenarios.change(one.scenario_id, profile="by stork")
    clock.instant += timedelta(minutes=1)
    twin.scenarios.withdraw(one.scenario_id)
    names = [found.name for found in twin.scenarios.listed(twin.now(), C)]
    assert "南站二" in names
    assert "南站" not in names
    assert twin.scenarios.one(one.recorded_at, one.scenario_id).name == "两个 站"
    with pytest.raises(KeyError):
        twin.scenarios.one(NOON - timedelta(days=1), one.scenario_id)
    with pytest.raises(ScenarioRefused, match="already"):
        twin.scenarios.save(C, "南站二", "planner", NOON, ())
    with pytest.raises(ScenarioRefused, match="withdrawn"):
        twin.scenarios.change(one.scenario_id, name="again")


def test_who_has_no_right_to_a_community_sees_none_of_its_scenarios(twin: Twin) -> None:
    saved = twin.scenarios.save(C, "不外传", "planner", NOON, ())
    with reading(Rights(communities=frozenset({"other"}))):
        for ask in (
            lambda: twin.scenarios.listed(twin.now(), C),
            lambda: twin.scenarios.outcomes(NOON, C, ()),
            lambda: twin.scenarios.best(NOON, C, "clinic", 1),
        ):
            with pytest.raises(NotAllowed):
                ask()
        for ask in (
            lambda: twin.scenarios.one(twin.now(), saved.scenario_id),
            lambda: twin.scenarios.withdraw(saved.scenario_id),
        ):
            with pytest.raises(KeyError):  # as for one that never was
                ask()

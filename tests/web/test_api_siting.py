"""What-if over HTTP: what edits change, what is refused and why, and scenarios that change nothing else."""

from __future__ import annotations

import io

import pytest
import shapely
from openpyxl import load_workbook

from cockpit.audit import Audit
from cockpit.audit_chain import Wanted
from cockpit.services import Services
from cockpit.settings import Settings
from cockpit.siting_models import ScenarioItem, SitingAnswer
from cockpit.tokens import Role
from twin_model.entities import Building, Community, Facility, Ground, Home
from twin_model.twin import Twin

from ..conftest import Clock
from .conftest import serve, settle

LON, LAT, EAST, NORTH = 120.0, 30.0, 1 / 96_486.3, 1 / 110_852.4
PUT = {"op": "put", "facility_kind": "clinic", "lon": LON + 700 * EAST, "lat": LAT, "area_m2": 50}


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The trail of the street's server."""
    return Audit(tmp_path_factory.mktemp("trail"), Clock())


@pytest.fixture(scope="module")
def site(tmp_path_factory, kept):
    twin = Twin.open(None, clock=Clock())
    settle(twin)
    street = shapely.LineString([(LON, LAT), (LON + 1000 * EAST, LAT)]).wkb
    box = shapely.box(LON + 695 * EAST, LAT + 10 * NORTH, LON + 705 * EAST, LAT + 20 * NORTH).wkb
    here = {"community_id": "street"}
    twin.record(
        [
            Community(community_id="street", name="街"),
            Ground(**here, ground_id="g", layer="path", geometry=street, source="osm"),
            Building(**here, building_id="b", footprint=box, height_m=9.0),
            Home(**here, home_id="h", building_id="b", number="1", age_0_17=1, age_18_59=2, age_60_79=0, age_80_up=0),
            Facility(**here, facility_id="f", facility_kind="clinic", name="站", lon=LON, lat=LAT, capacity=4),
        ]
    )
    with serve(twin, Settings(data=tmp_path_factory.mktemp("siting")), Services(audit=kept)) as found:
        yield found
    twin.close()


def ask(site, role=Role.MANAGER, **said):
    with site.client(role) as client:
        return client.post("/api/v1/siting", json={"community": "street", **said})


def test_edits_go_in_and_the_change_of_coverage_comes_out(site):
    answer = ask(site, edits=[PUT], limit_m=300, best={"facility_kind": "clinic", "k": 1, "sites": "buildings"})
    told = SitingAnswer.model_validate(answer.json())
    assert told.scenario
    (one,) = told.outcomes
    people = next(row for row in one.coverage if (row.limit, row.limit_unit, row.group) == (300, "m", "people"))
    assert (people.before, people.after, people.change) == (0, 3, 3)
    assert (one.effects[0].per_m2, one.effects[0].per_10k_yuan) == (3 / 50, None)
    assert [b.change for b in one.buildings] == ["gained"]
    assert told.best.gap == 0.0


@pytest.mark.parametrize(
    ("said", "status", "found"),
    [
        ({"edits": [{"op": "close", "facility_id": "nobody"}]}, 400, "known at that instant"),
        ({"edits": [{"op": "put"}]}, 400, "facility_kind"), ({"profile": "horse", "edits": [PUT]}, 400, "profile"),
        ({"minutes": [0]}, 400, "minutes"), ({"community": "nowhere"}, 400, "nowhere"),
        ({"best": {"facility_kind": "clinic", "k": 0}}, 422, "k"), ({"colour": "red"}, 422, "colour"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_with_what_was_found(site, said, status, found):
    answer = ask(site, **said)
    assert answer.status_code in (status, 400)
    assert found in answer.text


def test_the_street_asks_no_what_if_questions(site):
    assert ask(site, role=Role.PUBLIC_SCREEN, edits=[PUT]).status_code == 403
    with site.client(Role.PUBLIC_SCREEN) as client:
        assert client.get("/api/v1/scenarios").status_code == 403


def test_a_scenario_is_saved_listed_changed_and_withdrawn_and_facilities_stay_as_they_are(site):
    said, scenarios = {"community": "street", "name": "新站", "edits": [PUT]}, "/api/v1/scenarios"
    before = site.get("/api/v1/facilities").json()["items"]
    with site.client(Role.MANAGER) as client:

        def listed():
            return [one["name"] for one in client.get(scenarios, params={"community": "street"}).json()["items"]]

        made = ScenarioItem.model_validate(client.post(scenarios, json=said).json())
        assert client.post(scenarios, json=said).status_code == 409
        path = f"{scenarios}/{made.scenario_id}"
        assert client.patch(path, json={"name": "新站二"}).json()["name"] == "新站二"
        assert listed() == ["新站二"]
        assert client.post(f"{path}/copies", json={"name": "抄本"}).json()["edits"] == [PUT]
        book = load_workbook(io.BytesIO(client.get(f"{path}/export").content))
        assert all("推演" in sheet.title for sheet in book)
        assert ["clinic", 3] in [[row[0].value, row[7].value] for row in book["推演-覆盖 coverage"].iter_rows()]
        assert client.delete(path).status_code == 204
        assert listed() == ["抄本"]
        assert client.delete(f"{scenarios}/0123456789abcdef").status_code == 404
    assert site.get("/api/v1/facilities").json()["items"] == before


def test_whoever_writes_a_scenario_or_takes_one_along_stands_in_the_trail(site, kept):
    scenarios = "/api/v1/scenarios"
    with site.client(Role.MANAGER) as client:
        made = client.post(scenarios, json={"community": "street", "name": "留痕", "edits": [PUT]}).json()
        path = f"{scenarios}/{made['scenario_id']}"
        client.patch(path, json={"name": "留痕二"})
        client.patch(path, json={"edits": [], "profile": "elder"})
        copy = client.post(f"{path}/copies", json={"name": "留痕三"}).json()
        client.get(f"{path}/export")
        client.patch(path, json={"name": "留痕三"})  # in use: nothing is written, nothing is noted
        client.delete(path)
    trail = [e for e in reversed(kept.entries(Wanted(), 100)) if made["scenario_id"] in f"{e.subject} {e.details}"]
    assert [(e.act, e.role, e.details.get("what")) for e in trail] == [
        ("scenario", "manager", ["saved"]), ("scenario", "manager", ["name"]),
        ("scenario", "manager", ["profile", "edits"]), ("scenario", "manager", ["copied"]),
        ("export", "manager", None), ("scenario", "manager", ["withdrawn"]),
    ]  # fmt: skip
    assert trail[3].subject == copy["scenario_id"]
    assert {e.details["community"] for e in trail} == {"street"}
    assert not any("留痕" in str(vars(e)) for e in trail)

"""The HTTP interface keeps its contract: shapes, instants, pages of a list, forms, problems."""

from __future__ import annotations

import importlib
import io
from datetime import datetime, timedelta

import pyarrow as pa
import pytest
import shapely

from cockpit import api_models, care_models
from cockpit.services import Services
from cockpit.tokens import Role

from ..conftest import NOON
from .conftest import report, street

LISTS = {
    "communities": api_models.CommunityItem,
    "buildings": api_models.BuildingItem,
    "facilities": api_models.FacilityItem,
    "rooms": api_models.RoomItem,
    "homes": api_models.HomeItem,
    "devices": api_models.DeviceItem,
    "states": api_models.StateItem,
    "occupancy": api_models.OccupancyItem,
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_answers_in_the_shape_that_openapi_promises(standing, name):
    answer = standing.get(f"/api/v1/{name}")
    assert answer.status_code == 200, answer.text
    page = api_models.Page[LISTS[name]].model_validate(answer.json())
    assert page.items
    assert set(answer.json()["items"][0]) == set(LISTS[name].model_fields)


@pytest.mark.parametrize("name", [*LISTS, "quarantine", "alerts"])
def test_before_the_first_data_a_list_is_empty_and_not_an_error(standing, name):
    before = (NOON - timedelta(days=900)).isoformat()
    answer = standing.get(f"/api/v1/{name}", at=before)
    assert answer.status_code == 200, answer.text
    assert answer.json()["items"] == []


def test_a_read_answers_as_known_at_the_instant(site, twin, clock):
    before = twin.now()
    clock.forward(minutes=5)
    report(twin, ("demo-air", "temperature", 25.0))
    asked = {"device_id": "demo-air", "metric": "temperature"}
    now = site.get("/api/v1/states", **asked).json()["items"][0]
    then = site.get("/api/v1/states", **asked, at=before.isoformat()).json()["items"][0]
    assert (then["value"], now["value"]) == (21.5, 25.0)


def test_instants_are_rfc_3339_with_the_offset_of_the_place(standing):
    state = standing.get("/api/v1/states", device_id="demo-air").json()["items"][0]
    assert state["taken_at"] == "2026-11-22T12:00:00.000000+08:00"
    assert datetime.fromisoformat(state["taken_at"]) == NOON


def test_an_offset_whose_plus_became_a_space_is_understood(standing):
    """A `+` that is not escaped arrives as a space; curl users write it so."""
    with standing.client() as client:
        assert client.get("/api/v1/states?at=2026-11-22T12:00:01+08:00").json()["items"]


@pytest.mark.parametrize("at", ["yesterday", "2026-11-22", "2026-11-22T12:00:00", "1700000000"])
def test_an_instant_that_cannot_be_read_is_named(standing, at):
    answer = standing.get("/api/v1/states", at=at)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == 400
    assert problem["found"] == at
    assert "RFC 3339" in problem["expected"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/nothing", 404),
        ("/api/v1/kpis/nothing", 404),
        ("/api/v1/states?limit=0", 400),
        ("/api/v1/states?limit=many", 400),
        ("/api/v1/states?cursor=nonsense", 400),
        ("/api/v1/states?devise_id=x", 400),
        ("/api/v1/devices?status=tired", 400),
        ("/api/v1/readings?device_id=demo-air", 400),
        ("/api/v1/readings?device_id=nobody&metric=temperature", 404),
        ("/api/v1/readings?device_id=demo-air&metric=wind", 404),
        ("/api/v1/readings?device_id=demo-air&metric=temperature&bucket=soon", 400),
        ("/api/v1/readings?device_id=demo-air&metric=temperature&from=2026-11-23T00:00Z&to=2026-11-22T00:00Z", 400),
        ("/map/demo/building/none", 404),
    ],
)
def test_every_error_is_a_problem_document(standing, path, status):
    answer = standing.get(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = api_models_problem(answer.json())
    assert problem.status == status
    assert len(problem.detail) > 20


def api_models_problem(body):
    return importlib.import_module("cockpit.problems").ProblemDocument.model_validate(body)


def test_the_pages_of_a_list_are_its_items_once_each_as_of_the_first_page(site, twin, clock):
    """limit 2 of 4 devices; one more device is recorded between the pages and is in none of them."""
    first = site.get("/api/v1/devices", limit=2)
    clock.forward(minutes=1)
    twin.record(street("other"))
    ids = [d["device_id"] for d in first.json()["items"]]
    cursor = first.json()["next_cursor"]
    while cursor:
        page = site.get("/api/v1/devices", limit=2, cursor=cursor).json()
        ids += [d["device_id"] for d in page["items"]]
        cursor = page["next_cursor"]
    assert ids == ["demo-air", "demo-count", "demo-pir", "demo-sos"]


def test_the_next_page_is_linked(standing):
    first = standing.get("/api/v1/buildings", limit=2, community="demo")
    assert first.links["next"]["url"].startswith("/api/v1/buildings?")
    second = standing.get(first.links["next"]["url"])
    assert [b["building_id"] for b in second.json()["items"]] == ["demo-b3"]
    assert "next" not in second.links


def test_a_cursor_of_another_question_is_refused(standing):
    cursor = standing.get("/api/v1/devices", limit=1).json()["next_cursor"]
    assert standing.get("/api/v1/states", limit=1, cursor=cursor).status_code == 400


def test_buildings_come_as_geojson_with_their_footprints(standing):
    with standing.client(accept="application/geo+json") as client:
        answer = client.get("/api/v1/buildings")
    assert answer.headers["content-type"] == "application/geo+json"
    collection = answer.json()
    assert collection["type"] == "FeatureCollection"
    shapes = [shapely.geometry.shape(f["geometry"]) for f in collection["features"]]
    assert [s.geom_type for s in shapes] == ["Polygon"] * 3
    assert "footprint" not in collection["features"][0]["properties"]


def test_a_device_without_a_point_has_no_geometry(standing):
    with standing.client(accept="application/geo+json") as client:
        features = client.get("/api/v1/devices").json()["features"]
    geometry = {f["properties"]["device_id"]: f["geometry"] for f in features}
    assert geometry["demo-air"] == {"type": "Point", "coordinates": [104.001, 30.001]}
    assert geometry["demo-pir"] is None


@pytest.mark.parametrize("name", ["states", "buildings", "devices"])
def test_large_lists_come_as_an_arrow_stream(standing, name):
    with standing.client(accept="application/vnd.apache.arrow.stream") as client:
        answer = client.get(f"/api/v1/{name}")
    table = pa.ipc.open_stream(io.BytesIO(answer.content)).read_all()
    assert table.num_rows == len(standing.get(f"/api/v1/{name}").json()["items"])


def test_readings_raw_and_in_buckets(site, twin, clock):
    """21.5 at 12:00; 22 and 24 at 12:05 and 12:09 -> the five-minute stretches 12:00 and 12:05."""
    for minutes, value in ((5, 22.0), (4, 24.0)):
        clock.forward(minutes=minutes)
        report(twin, ("demo-air", "temperature", value))
    asked = {"device_id": "demo-air", "metric": "temperature"}
    raw = site.get("/api/v1/readings", **asked).json()["items"]
    assert [r["value"] for r in raw] == [21.5, 22.0, 24.0]
    stretches = site.get("/api/v1/readings", bucket="5m", **asked).json()["items"]
    assert [(s["bucket"][11:16], s["mean"], s["n"]) for s in stretches] == [("12:00", 21.5, 1), ("12:05", 23.0, 2)]


def test_an_open_alarm_is_an_alert_with_the_same_id_each_time(site, twin, clock):
    clock.forward(minutes=1)
    report(twin, ("demo-sos", "sos", 1))
    one, two = (site.get("/api/v1/alerts", severity="act").json()["items"] for _ in range(2))
    assert one == two
    alert = care_models.AlertItem.model_validate(one[0])
    assert (alert.subject, alert.phase, alert.home_id) == ("demo-sos", "firing", "demo-h1")
    assert [(row["metric"], row["value"]) for row in alert.evidence] == [("sos", 1.0)]


def test_occupancy_knows_the_room_and_not_the_homes(standing):
    places = {p["place_id"]: p for p in standing.get("/api/v1/occupancy").json()["items"]}
    assert places["demo-study"]["people"] == 12
    assert places["demo-study"]["share"] == pytest.approx(0.3)


def test_the_interface_describes_itself_and_its_page_loads_nothing_from_elsewhere(standing):
    described = standing.get("/api/v1/openapi.json").json()
    paths = [p for p in described["paths"] if p.startswith("/api/v1/")]
    assert {f"/api/v1/{name}" for name in [*LISTS, "readings", "quarantine", "alerts", "live", "imports"]} <= set(paths)
    page = standing.get("/api/docs").text
    assert "http://" not in page
    assert "https://" not in page


def test_health_is_open_and_says_what_matters(site):
    with site.client(role=None) as client:
        health = client.get("/healthz").json()
    assert api_models.Health.model_validate(health)
    assert health["status"] == "degraded"  # no broker here
    assert health["revision"] == site.twin.revision


def test_metrics_are_prometheus_text_with_routes_and_not_paths(site):
    site.get("/map/demo/building/none")
    text = site.get("/metrics").text
    assert 'route="/map/{community_id}/building/{building_id}"' in text
    assert "cim_twin_stored_total" in text
    assert "none" not in text


def test_an_upload_is_handed_to_the_import_whole(serving, twin):
    seen = {}

    def take(paths, options):
        seen.update(options, text=paths[0].read_text(encoding="utf-8"), name=paths[0].name)
        return [{"file": paths[0].name, "accepted": 1, "updated": 0, "unchanged": 0, "rejected": 0}]

    site = serving(Services(import_files=take))
    with site.client() as client:
        answer = client.post("/api/v1/imports", params={"name": "homes.csv", "community": "demo"}, content="a,b\n")
    assert answer.status_code == 200, answer.text
    assert (seen["text"], seen["name"], seen["community"]) == ("a,b\n", "homes.csv", "demo")


@pytest.mark.parametrize("name", ["", "../homes.csv", "/etc/passwd"])
def test_an_upload_needs_a_plain_file_name(standing, name):
    with standing.client() as client:
        answer = client.post("/api/v1/imports", params={"name": name}, content="a,b\n")
    assert answer.status_code == 400


def test_paths_on_the_server_are_for_its_own_commands_only(serving):
    site = serving(Services(import_files=lambda paths, options: []))
    with site.client() as client:
        answer = client.post("/api/v1/imports", json={"paths": ["/etc/passwd"]})
    assert answer.status_code == 400


@pytest.mark.parametrize("role", [r for r in Role if r is not Role.ADMINISTRATOR])
def test_only_an_administrator_imports(standing, role):
    with standing.client(role) as client:
        assert client.post("/api/v1/imports", params={"name": "x.csv"}, content="a").status_code == 403

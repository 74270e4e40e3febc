"""What a public screen can get holds counts, never a person or a home: every payload is read for them.

A street is made whose homes and people have names found nowhere else, one home calls for help and is being seen to.
Then everything the interface describes, every page, every callback, every map answer and the live stream is asked
with a public token. The same scan with an administrator's token finds the values, so it does look.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import threading
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pyarrow as pa
import pytest

from cockpit.sessions import PUBLIC_PATHS
from cockpit.tokens import Role
from twin_model.entities import Building, Community, Contact, Device, Entity, Facility, Home, Resident

from .conftest import report, square

HOMES = ("hx7731", "hx7732", "hx7733")
NUMBERS = ("Q1-907", "Q2-908", "Q3-909")
PEOPLE = ("欧阳守拙", "诸葛明远", "司徒婉清")
PHONES = ("13870001907", "13870001908", "13870001909")
NOTES = ("房颤术后服华法林", "重度听力下降", "夜间需氧")
RELATIVES = ("上官云起", "慕容知秋")
STAFF = ("令狐值守", "独孤网格")
FREE_TEXT = ("老人摔倒在卫生间门口", "周二返乡探亲")
DEVICES = ("dvq-sos-7731", "dvq-pir-7731", "dvq-pir-7732", "dvq-pir-7733")
SECRETS = (
    *HOMES, *NUMBERS, *PEOPLE, *PHONES, *NOTES, *RELATIVES, *STAFF, *FREE_TEXT, *DEVICES, "resident-q1", "contact-q1",
)  # fmt: skip


def homes() -> list[Entity]:
    """Three homes of people over 80 in two buildings, each with a kit, and whom to call for them."""
    c = "pub"
    return [
        Community(community_id=c, name="公示社区", name_en="Open", boundary=square(104.0, 30.0)),
        *(
            Building(community_id=c, building_id=f"pub-b{n}", height_m=18.0, footprint=square(104 + n / 1000, 30))
            for n in (1, 2)
        ),
        Facility(community_id=c, facility_id="pub-hall", facility_kind="centre", name="邻里中心", name_en="Centre",
                 building_id="pub-b2", lon=104.002, lat=30.0, capacity=100),
        *(
            Home(community_id=c, home_id=home, building_id=f"pub-b{min(n + 1, 2)}", number=number, age_80_up=1,
                 elder_alone=True)
            for n, (home, number) in enumerate(zip(HOMES, NUMBERS, strict=True))
        ),
        *(
            Resident(community_id=c, resident_id=f"resident-q{n + 1}", home_id=home, name=name, birth_year=1939,
                     health_note=note, lives_alone=True)
            for n, (home, name, note) in enumerate(zip(HOMES, PEOPLE, NOTES, strict=True))
        ),
        *(
            Contact(community_id=c, contact_id=f"contact-q{n + 1}", home_id=HOMES[n], role="family", rank=1,
                    name=RELATIVES[n], phone=PHONES[n], note=NOTES[2])
            for n in range(2)
        ),
        Contact(community_id=c, contact_id="contact-q9", role="grid_worker", rank=1, name=STAFF[1], phone=PHONES[2]),
        Device(community_id=c, device_id=DEVICES[0], type="sos_button", dialect="zigbee2mqtt", address=DEVICES[0],
               home_id=HOMES[0]),
        *(
            Device(community_id=c, device_id=f"dvq-pir-{home[2:]}", type="motion", dialect="json",
                   address=f"dvq-pir-{home[2:]}", home_id=home)
            for home in HOMES
        ),
    ]  # fmt: skip


@pytest.fixture
def scene(serving, twin, clock):
    """The street with an incident under way, an absence, a threshold of one home and a visit."""
    twin.record(homes())
    report(twin, *((device, "motion", 1) for device in DEVICES[1:]))
    twin.care.step()
    clock.forward(seconds=10)
    press(twin)
    clock.forward(seconds=20)
    incident = twin.care.incidents(twin.now(), community_id="pub")[0]
    twin.care.take_step(incident.incident_id, "acknowledge", by=STAFF[0], role="duty_officer", note=FREE_TEXT[0])
    twin.care.declare_absence(
        community_id="pub", home_id=HOMES[1], kind="away", starts_at=twin.now(), ends_at=clock.instant.replace(day=28),
        reason=FREE_TEXT[1], by=STAFF[0],
    )  # fmt: skip
    clock.forward(seconds=5)
    return serving(), incident.incident_id


def press(twin, value: float = 1) -> None:
    report(twin, (DEVICES[0], "sos", value))


def found_in(payload: bytes) -> set[str]:
    """The secrets in a body, also where JSON or an address writes them with escapes, and inside Arrow."""
    text = payload.decode("utf-8", "replace")
    with suppress(UnicodeDecodeError, ValueError):
        text += json.dumps(json.loads(payload), ensure_ascii=False)
    with suppress(pa.ArrowInvalid, OSError):
        text += str(pa.ipc.open_stream(io.BytesIO(payload)).read_all().to_pylist())
    with suppress(gzip.BadGzipFile, EOFError, OSError):
        text += gzip.decompress(payload).decode("utf-8", "replace")
    return {secret for secret in SECRETS if secret in text}


def plausible(name: str, incident_id: str) -> list[str]:
    """Values somebody curious would try for a parameter."""
    known = {
        "home_id": HOMES[0], "device_id": DEVICES[1], "building_id": "pub-b1", "facility_id": "pub-hall",
        "community": "pub", "community_id": "pub", "incident_id": incident_id, "metric": "motion", "rule": "sos",
        "state": "all", "severity": "act", "phase": "suppressed", "place_kind": "building", "place_id": "pub-b1",
        "from": "2026-11-21T00:00:00+08:00", "to": "2026-11-23T00:00:00+08:00", "bucket": "1h", "limit": "3",
        "at": "2026-11-22T12:00:20+08:00", "drills": "true", "elder_alone": "true", "use": "residential",
        "facility_kind": "centre", "type": "motion", "status": "fresh", "estate_id": "x", "cursor": "x",
        "absence_id": "x", "drill_id": "x",
    }  # fmt: skip
    return [known[name]] if name in known else []


def asked_by_interface(described: dict, incident_id: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """(method, path, query): every route plain, with each single parameter and with all of them."""
    for template, methods in described["paths"].items():
        path = re.sub(r"\{(\w+)\}", lambda m: (plausible(m[1], incident_id) or ["x"])[0], template)
        for method, operation in methods.items():
            names = [p["name"] for p in operation.get("parameters", []) if p["in"] == "query"]
            single = [{n: v} for n in names for v in plausible(n, incident_id)]
            every = {n: plausible(n, incident_id)[0] for n in names if plausible(n, incident_id)}
            for query in [{}, *single, every, {"at": plausible("at", "")[0], "community": "pub"}]:
                yield method.upper(), path, query


def elsewhere(version: str) -> list[str]:
    """Pages, map, assets and what the program says of itself."""
    return [
        "/", "/overview", "/devices", "/elder-care", "/home", f"/home?home={HOMES[0]}", "/service-levels", "/drills",
        "/care-rules", "/nowhere", "/healthz", "/metrics", "/api/docs", "/api/v1/openapi.json", "/_dash-layout",
        "/_dash-dependencies", "/map/pub/geometry", f"/map/pub/geometry?v={version}", "/map/pub/classes",
        "/map/pub/classes?at=2026-11-22T12:00:20%2B08:00", "/map/pub/building/pub-b1", "/map/pub/building/pub-b2",
        "/circles", "/map/pub/streets", "/map/pub/walks", "/map/pub/reach?building=pub-b1",
        "/assets/20_shell.js", "/assets/40_map.js", "/sign-in", "/icon.svg",
    ]  # fmt: skip


def callbacks(client: httpx.Client) -> Iterator[dict]:
    """Every callback of every page, as a browser that looks at this community and this home would ask."""
    wired = client.get("/_dash-dependencies").json()
    values = {"pathname": "/elder-care", "search": f"?community=pub&home={HOMES[0]}", "data": None, "n_clicks": 1}
    view = {"at": None, "lang": "zh", "community": "pub"}
    for callback in wired:
        def filled(one: dict) -> dict:
            name, prop = one["id"], one["property"]
            given = view if name == "shell--view" else values.get(prop)
            is_choice = any(str(name).endswith(f"--{word}") for word in ("home", "open", "selected", "chosen"))
            if is_choice and prop == "data":
                given = HOMES[0]
            return {"id": name, "property": prop, "value": given}

        names = [o.rsplit(".", 1) for o in callback["output"].strip(".").split("...")]
        outputs = [{"id": name, "property": prop} for name, prop in names]
        inputs = [filled(i) for i in callback["inputs"]]
        state = [filled(i) for i in callback["state"]]
        yield {
            "output": callback["output"], "outputs": outputs if callback["output"].startswith("..") else outputs[0],
            "inputs": inputs, "state": state,
            "changedPropIds": [f"{i['id']}.{i['property']}" for i in callback["inputs"][:1]],
        }  # fmt: skip


def scan(site, incident_id: str, role: Role) -> dict[str, set[str]]:
    """Where which secrets are in what this role can get."""
    leaks: dict[str, set[str]] = {}
    forms = ("application/json", "application/geo+json", "application/vnd.apache.arrow.stream")

    def look(where: str, answer: httpx.Response) -> None:
        # what was asked with comes back in the words of a refusal; that is no news to who asked
        request = str(answer.request.url) + answer.request.content.decode("utf-8", "replace")
        asked = {secret for secret in SECRETS if secret in request}
        said = answer.content + repr(sorted(answer.headers.items())).encode()
        if found := found_in(said) - (asked if answer.status_code >= 400 else set()):
            leaks.setdefault(where, set()).update(found)

    with site.client(Role.ADMINISTRATOR) as one_of_us, site.client(role) as client:
        described = one_of_us.get("/api/v1/openapi.json").json()
        version = site.twin.geometry_version("pub", site.twin.now())
        for method, path, query in asked_by_interface(described, incident_id):
            if method != "GET" and role is not Role.PUBLIC_SCREEN:
                continue
            if path == "/api/v1/live":
                continue
            for form in forms if not query or len(query) == 2 else forms[:1]:
                look(f"{method} {path}", client.request(method, path, params=query, headers={"accept": form}))
        for path in elsewhere(version):
            look(path, client.get(path, headers={"accept": "text/html,*/*", "sec-fetch-mode": "navigate"}))
            look(path, client.get(path))
        for body in callbacks(one_of_us):
            look(f"callback {body['output']}", client.post("/_dash-update-component", json=body))
    return leaks


def heard(site, role: Role, happen, wait_for) -> tuple[bytes, int]:
    """Everything the live stream says to this role while ``happen`` happens, and its status."""
    said: list[bytes] = []
    with site.client(role) as client, client.stream("GET", "/api/v1/live", params={"community": "pub"}) as answer:
        if answer.status_code != 200:
            return answer.read(), answer.status_code

        def read() -> None:
            with suppress(httpx.HTTPError, httpx.StreamError):  # this side hangs up
                said.extend(answer.iter_bytes())

        thread = threading.Thread(target=read)
        thread.start()
        wait_for(lambda: b"event: snapshot" in b"".join(said), what="the snapshot")
        happen()
        wait_for(
            lambda: re.search(rb"event: (counts|incident)\n", b"".join(said)), what="the incident on the live stream"
        )
        # the map's colours are told by another thread, at once after an alarm
        wait_for(lambda: b"event: change" in b"".join(said), what="the change")
        answer.extensions["network_stream"].get_extra_info("socket").shutdown(2)
        thread.join(5)
    return b"".join(said), 200


def test_nothing_a_public_token_can_get_names_a_person_or_a_home(scene):
    site, incident_id = scene
    assert scan(site, incident_id, Role.PUBLIC_SCREEN) == {}


def test_the_scan_finds_them_in_what_staff_can_get(scene):
    site, incident_id = scene
    found = set().union(*scan(site, incident_id, Role.ADMINISTRATOR).values())
    assert {*HOMES, NUMBERS[0], DEVICES[0], FREE_TEXT[0], FREE_TEXT[1], STAFF[0], RELATIVES[0], PHONES[0]} <= found


def test_the_live_stream_tells_a_public_screen_counts_and_staff_the_incident(scene, twin, clock, wait_for):
    site, _ = scene

    def another_call() -> None:
        clock.forward(seconds=5)
        report(twin, ("dvq-pir-7733", "motion", 0))
        twin.care.take_step(
            twin.care.incidents(twin.now())[0].incident_id, "note", by=STAFF[0], role="duty_officer", note=FREE_TEXT[0]
        )
        press(twin, 0)
        clock.forward(hours=30)
        twin.care.step()

    public, status = heard(site, Role.PUBLIC_SCREEN, another_call, wait_for)
    assert status == 200
    assert found_in(public) == set()
    assert b'"building_id":"pub-b1"' in public


def test_a_public_screen_signed_in_by_its_address_is_no_more_than_its_token(scene):
    site, _ = scene
    token = site.cockpit.tokens.lend(Role.PUBLIC_SCREEN, "wall")
    navigate = {"accept": "text/html,*/*", "sec-fetch-mode": "navigate"}
    with site.client(role=None) as client:
        assert client.get("/", params={"token": token}, headers=navigate).status_code == 303
        for path in ("/", "/elder-care", f"/home?home={HOMES[0]}", "/map/pub/classes", "/_dash-layout"):
            assert client.get(path, headers=navigate).status_code == 403, path
        counts = client.get("/api/v1/incidents").json()["items"]
    assert [(item["count"], item["fewer_than"]) for item in counts] == [(None, 5)]


def test_a_public_screen_cannot_count_its_way_to_a_door(scene):
    """a filter by home would answer whether that home needs somebody"""
    site, _ = scene
    with site.client(Role.PUBLIC_SCREEN) as client:
        for path in ("/api/v1/alerts", "/api/v1/incidents", "/api/v1/home-states"):
            for query in ({"home_id": HOMES[0]}, {"building_id": "pub-b1"}, {"state": "all"}, {"rule": "sos"}):
                assert client.get(path, params=query).status_code in (400, 403), (path, query)


def test_counts_are_of_open_incidents_per_building_and_small_ones_are_kept_back(scene):
    site, _ = scene
    with site.client(Role.PUBLIC_SCREEN) as client:
        items = client.get("/api/v1/incidents").json()["items"]
    told = {"community_id": "pub", "building_id": "pub-b1", "severity": "act"}
    assert items == [told | {"count": None, "fewer_than": 5}]


def test_what_is_public_is_written_down_in_one_place_and_new_things_start_closed(scene):
    """every route the interface describes is either on the list or refused"""
    site, incident_id = scene
    with site.client(Role.ADMINISTRATOR) as one_of_us, site.client(Role.PUBLIC_SCREEN) as client:
        described = one_of_us.get("/api/v1/openapi.json").json()
        for method, path, query in asked_by_interface(described, incident_id):
            if path not in (*PUBLIC_PATHS, "/healthz"):
                assert client.request(method, path, params=query).status_code == 403, (method, path)

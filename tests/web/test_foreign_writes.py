"""Every writing operation, asked about what lies outside of the part whoever asks is limited to: refused in the words
in which what is not there is refused, and nothing changed, nothing told. An operation without a decision here fails.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from cockpit.accounts import CONSOLE
from cockpit.audit import Audit
from cockpit.screens import Screens
from cockpit.services import Services
from cockpit.settings import Settings
from cockpit.tokens import FILE_NAME, Role
from twin_model.drill_clock import Drill
from twin_model.entities import Building, Community, Contact, Division, Estate, Home, Resident
from twin_model.rights import EVERYWHERE, Scope
from twin_model.twin import Twin

from ..conftest import PLAIN, Clock
from .conftest import Site, report, serve, settle, square

NAME, PHONE, NOTE = "欧阳守拙", "13870001907", "周二返乡探亲"
GOOD = "Hai-Tang 8 hao"
ELSEWHERE = Scope(communities=frozenset({"other"}))
PART = Scope(communities=frozenset({"demo"}), estates=frozenset({"demo-e9"}))
MANAGED = {"part", "right"}
"""Codes of a refusal because the work itself cannot be cut to a part."""


@dataclass
class Ask:
    """A request that whoever is not limited may make. ``part``: refused also to who is limited to an estate beside."""

    role: Role = Role.DUTY_OFFICER
    said: dict[str, Any] | None = None
    query: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    part: bool = True
    wait: bool = False  # asked by nobody who may: it would take long or needs a broker


ADMIN, AUDITOR = Role.ADMINISTRATOR, Role.AUDITOR
UNTIL = "2026-11-25T00:00:00+08:00"
HERE = "demo"
WHY = {"purpose": "request"}
A_HOME = {"community_id": HERE, "home_id": "demo-h1"}
NEW = {"login": "sun", "role": "manager", "password": GOOD}
DEVICE = {"device_id": "d-new", "type": "motion", "dialect": "json", "address": "d-new", "home_id": "demo-h1"}
PUT = {"op": "put", "facility_kind": "canteen", "lon": 104.001, "lat": 30.0}

# Operation -> how it is asked about the street by whoever is limited to the estate beside it or to another community.
ASKS: dict[str, list[Ask]] = {
    "POST /api/v1/incidents/{incident_id}/steps": [
        Ask(said={"step": "note", "note": "x"}), Ask(said={"step": "merge", "into": "{incident_id}"}),
    ],
    "POST /api/v1/absences": [
        Ask(said={**A_HOME, "kind": "away", "ends_at": UNTIL, "reason": "x"}),
        Ask(said={"community_id": HERE, "kind": "away", "ends_at": UNTIL, "reason": "x"}),
    ],
    "DELETE /api/v1/absences/{absence_id}": [Ask(), Ask(ids={"absence_id": "everywhere_id"})],
    "PUT /api/v1/thresholds": [
        Ask(said={"rule": "no_movement", "parameter": "hours", **A_HOME, "value": 9, "reason": "x"}),
        Ask(said={"rule": "no_movement", "parameter": "hours", "community_id": HERE, "value": 9, "reason": "x"}),
    ],
    "POST /api/v1/homes/{home_id}/purpose": [Ask(said={"purpose": "help"})],
    "POST /api/v1/visits": [Ask(said={"home_id": "demo-h1"})],
    "POST /api/v1/drills": [Ask(said={"scenario": "fall", "community_id": HERE}, part=False)],
    "DELETE /api/v1/drills/{drill_id}": [Ask(part=False)],
    "POST /api/v1/scenarios": [Ask(said={"community": HERE, "name": "x", "edits": [PUT]}, part=False)],
    "PATCH /api/v1/scenarios/{scenario_id}": [Ask(said={"name": "y"}, part=False)],
    "POST /api/v1/scenarios/{scenario_id}/copies": [Ask(said={"name": "z"}, part=False)],
    "DELETE /api/v1/scenarios/{scenario_id}": [Ask(part=False)],
    "POST /api/v1/siting": [Ask(said={"community": HERE, "edits": [PUT]}, part=False)],
    "POST /api/v1/reports": [Ask(said={"community": HERE, "audience": "staff"})],
    "POST /api/v1/reports/{report_id}/verification": [Ask()],
    "PATCH /api/v1/views/{view_id}": [Ask(said={"name": "z"}, wait=True)],
    "DELETE /api/v1/views/{view_id}": [Ask(wait=True)],
    "POST /api/v1/accounts": [Ask(ADMIN, NEW)],
    "POST /api/v1/accounts/{account_id}/role": [Ask(ADMIN, {"role": "manager"})],
    "POST /api/v1/accounts/{account_id}/password": [Ask(ADMIN, {"password": GOOD + "9"})],
    "POST /api/v1/accounts/{account_id}/confirm": [Ask(ADMIN), Ask(AUDITOR)],
    "POST /api/v1/accounts/{account_id}/disable": [Ask(ADMIN)],
    "POST /api/v1/accounts/{account_id}/enable": [Ask(ADMIN)],
    "POST /api/v1/accounts/{account_id}/unlock": [Ask(ADMIN)],
    "POST /api/v1/tokens": [Ask(ADMIN, {"name": "x", "role": "manager", "days": 7})],
    "DELETE /api/v1/tokens/{token_id}": [Ask(ADMIN)],
    "POST /api/v1/imports": [Ask(ADMIN, {}, query={"name": "homes.csv", "community": HERE})],
    "POST /api/v1/quarantine/adopt": [Ask(ADMIN, {**DEVICE, "community_id": HERE})],
    "POST /api/v1/records/withdrawals": [
        Ask(ADMIN, {"kind": "volunteer_service", "community": HERE, "record_ids": ["Z-1"], "reason": "twice"}),
    ],
    "POST /api/v1/city/divisions/withdrawals": [Ask(ADMIN, {"division_id": "hz", "reason": "twice"})],
    "POST /api/v1/retention/runs": [Ask(ADMIN)],
    "POST /api/v1/persons/{person_id}/erasures": [Ask(ADMIN, query=WHY)],
    "POST /api/v1/screens": [Ask(ADMIN, {"code": "AAAA", "name": "x", "wall": "duty"}, wait=True)],
    "PATCH /api/v1/screens/{screen_id}": [Ask(ADMIN, {"name": "y"})],
    "DELETE /api/v1/screens/{screen_id}": [Ask(ADMIN)],
    "POST /api/v1/audit/checks": [Ask(AUDITOR)],
}  # fmt: skip
NOT_OF_A_PLACE = {
    "POST /api/v1/views": "one's own",
    "POST /api/v1/reports/verifications": "the zip says of which it is, see test_api_reports.py",
    "POST /api/v1/drills/replays": "no role's, see api_rights.toml",
}


def world(twin: Twin, clock: Clock) -> dict[str, str]:
    """The street with a person in it, what has been done there, and beside it an estate and another community."""
    settle(twin)
    twin.record([
        Resident(community_id="demo", resident_id="demo-r1", home_id="demo-h1", name=NAME, birth_year=1939),
        Contact(community_id="demo", contact_id="demo-c1", home_id="demo-h1", role="family", rank=1, name="上官云起",
                phone=PHONE),
        Estate(community_id="demo", estate_id="demo-e9", name="邻园"),
        Building(community_id="demo", building_id="demo-b9", estate_id="demo-e9", height_m=9.0,
                 footprint=square(104.009, 30)),
        Home(community_id="demo", home_id="demo-h9", building_id="demo-b9", number="901"),
        Division(division_id="hz", level="city", name="城"),
        Community(community_id="other", name="别处", boundary=square(105.0, 30.0)),
        Building(community_id="other", building_id="other-b1", height_m=9.0, footprint=square(105, 30)),
        Home(community_id="other", home_id="other-h1", building_id="other-b1", number="101"),
    ])  # fmt: skip
    twin.care.step()
    clock.forward(seconds=10)
    report(twin, ("demo-sos", "sos", 1))
    clock.forward(seconds=20)
    twin.care.step()
    until = twin.now() + timedelta(days=3)
    away = partial(twin.care.declare_absence, community_id="demo", starts_at=twin.now(), ends_at=until, by="x")
    twin.care.begin_drill(
        Drill(drill_id="d-1", community_id="demo-d-1", drill_of="demo", scenario="fall", started_at=twin.now(),
              drill_from=twin.now(), speed=1.0, started_by="x")
    )  # fmt: skip
    return {
        "incident_id": twin.care.incidents(twin.now(), community_id="demo")[0].incident_id,
        "absence_id": away(home_id="demo-h1", kind="away", reason=NOTE).absence_id,
        "scenario_id": twin.scenarios.save("demo", "方案甲", "x", twin.now(), ()).scenario_id,
        "everywhere_id": away(home_id=None, kind="maintenance", reason="x").absence_id,
        "home_id": "demo-h1", "person_id": "demo-r1", "drill_id": "d-1",
    }  # fmt: skip


@dataclass
class Scene:
    site: Site
    ids: dict[str, str]
    folder: Path

    def client(self, role: Role, scope: Scope) -> httpx.Client:
        """As a token that an earlier version made: today none of an administrator is limited."""
        tokens = self.site.cockpit.tokens
        made = tokens.create(Role.MANAGER, "t", self.site.twin.now(), scope=scope)
        path = self.folder / FILE_NAME
        kept = json.loads(path.read_text())
        kept[-1]["role"] = role.value
        path.write_text(json.dumps(kept))
        known = tokens.find(made)
        assert known is not None
        assert (known.role, known.scope) == (role, scope)
        return httpx.Client(
            base_url=self.site.url, headers={"authorization": f"Bearer {made}"}, timeout=20, verify=PLAIN
        )

    def kept(self) -> tuple[int, dict[str, str]]:
        """All there is that an act could change."""
        files = {str(path): path.read_text() for path in self.folder.glob("*.json")}
        return self.site.twin.revision, files


@pytest.fixture(scope="module")
def scene(tmp_path_factory) -> Iterator[Scene]:
    clock, folder = Clock(), tmp_path_factory.mktemp("foreign")
    twin = Twin.open(None, clock=clock)
    ids = world(twin, clock)

    def stop(drill_id: str, _by: str) -> None:
        twin.care.end_drill(drill_id)

    def start(scenario: str, community_id: str, speed: float | None, by: str) -> Drill:
        drill = Drill(drill_id="d-2", community_id="demo-d-2", drill_of=community_id, scenario=scenario,
                      started_at=twin.now(), drill_from=twin.now(), speed=speed or 1.0, started_by=by)  # fmt: skip
        twin.care.begin_drill(drill)
        return drill

    services = Services(
        adopt=lambda device: twin.record([device]) and 0, import_files=lambda _paths, _said: [],
        start_drill=start, stop_drill=stop, audit=Audit(folder, clock),
    )  # fmt: skip
    with serve(twin, Settings(data=folder), services, folder) as site:
        accounts = site.cockpit.sign_in.accounts
        ids["account_id"] = accounts.add("chen", "陈", "administrator", GOOD, by=CONSOLE).account_id
        site.cockpit.tokens.create(Role.MANAGER, "energy", twin.now())
        ids["token_id"] = site.cockpit.tokens.listed()[0].token_id
        screen, _cookie = Screens(folder).add("hall", "lobby", Role.PUBLIC_SCREEN, by="x", at=twin.now())
        ids["screen_id"] = screen.screen_id
        with site.client() as client:
            kept = client.post("/api/v1/views", json={"name": "夜班", "address": "/overview"})
            made = client.post("/api/v1/reports", params={"wait": 30}, json={"community": HERE, "audience": "staff"})
        ids["view_id"], ids["report_id"] = kept.json()["id"], made.json()["id"]
        yield Scene(site, ids, folder)
    twin.close()


def test_every_operation_that_writes_is_decided_about(scene):
    described = scene.site.get("/api/v1/openapi.json").json()["paths"]
    writing = {f"{m.upper()} {path}" for path, ms in described.items() for m in ms if m != "get"}
    assert set(ASKS) | set(NOT_OF_A_PLACE) == writing, "say here how these are asked about a foreign place"


ORDER = sorted(ASKS, key=lambda name: (name.startswith("DELETE"), "erasures" in name, name))


@pytest.mark.parametrize("name", ORDER)
def test_what_lies_elsewhere_can_neither_be_changed_nor_heard_of(scene, name):
    method, path = name.split()
    for ask in ASKS[name]:
        for scope in (ELSEWHERE, PART):
            if scope is PART and not ask.part:
                continue
            with scene.client(ask.role, scope) as client:
                before = scene.kept()
                known = sent(client, scene, method, path, ask, known=True)
                assert known.status_code in (400, 403, 404), (scope, known.status_code, known.text)
                assert scene.kept() == before
                for secret in (NAME, PHONE, NOTE, "方案甲", "demo-c1", "demo-sos", "chen", "energy"):
                    assert secret not in known.text
                if scope is ELSEWHERE:  # that there is a street beside his estate is known to whoever is limited to it
                    unknown = sent(client, scene, method, path, ask, known=False)
                    assert told(known) == told(unknown), "it can be told from what is not there at all"
        if not ask.wait:
            with scene.client(ask.role, EVERYWHERE) as client:
                done = sent(client, scene, method, path, ask, known=True)
                assert done.status_code not in (401, 403, 404), (done.status_code, done.text)


def test_whoever_is_limited_to_an_estate_changes_nothing_that_holds_for_the_whole_community(scene):
    """It would be their neighbours', too."""
    with scene.client(Role.DUTY_OFFICER, PART) as client:
        away = {"community_id": HERE, "kind": "away", "ends_at": UNTIL, "reason": "x"}
        told = client.post("/api/v1/absences", json=away)
        assert (told.status_code, told.json()["code"]) == (403, "right")
        assert "全社区" in told.json()["reason"]["zh"]
        assert client.post("/api/v1/absences", json=away | {"home_id": "demo-h9"}).status_code == 201


def test_whoever_is_limited_to_a_community_works_in_all_of_it(scene):
    with scene.client(Role.DUTY_OFFICER, Scope(communities=frozenset({HERE}))) as client:
        assert client.post("/api/v1/visits", json={"home_id": "demo-h2"}).status_code == 201
        assert client.get("/api/v1/homes/demo-h1/rhythm").status_code == 200
        away = {"community_id": HERE, "home_id": "other-h1", "kind": "away", "ends_at": UNTIL, "reason": "x"}
        wrong = client.post("/api/v1/absences", json=away)
        assert (wrong.status_code, wrong.json()["code"]) == (400, "absence")


def test_an_auditor_or_administrator_limited_by_an_earlier_version_gets_neither_trail_nor_accounts(scene):
    """What they say of everybody cannot be cut to a part."""
    for role, paths in (
        (AUDITOR, ("audit", "audit/standing", "audit/anchors", "accounts", "tokens")), (ADMIN, ("accounts", "tokens")),
    ):  # fmt: skip
        with scene.client(role, PART) as client:
            for path in paths:
                assert client.get(f"/api/v1/{path}").status_code == 403, path
            assert client.get("/api/v1/persons/demo-r1/export", params=WHY).status_code == 403
            assert client.get("/api/v1/devices").status_code == 200


def sent(client: httpx.Client, scene: Scene, method: str, path: str, ask: Ask, *, known: bool) -> httpx.Response:
    """The request about what is there, or about what never was."""

    def named(key: str) -> str:
        return scene.ids[ask.ids.get(key, key)] if known else "0" * 16

    said = json.dumps(ask.said or {}).replace("{incident_id}", named("incident_id"))
    if not known:
        said = re.sub(r'"(?:demo|demo-h1|Z-1|hz)"', '"nowhere"', said)
    body = {} if ask.said is None else {"content": said, "headers": {"content-type": "application/json"}}
    address = re.sub(r"\{(\w+)\}", lambda m: named(m[1]), path)
    return client.request(method, address, params=ask.query, **body)


def told(answer: httpx.Response) -> tuple[int, str]:
    """A refusal without what was asked about."""
    said = {key: words for key, words in answer.json().items() if key != "instance"}
    named = r"0{16}|nowhere|demo_\w+|demo-h1|demo|i-\d+|a-[0-9a-f]{10}|d-1|[0-9a-f]{16}"
    return answer.status_code, re.sub(named, "…", json.dumps(said, ensure_ascii=False))

"""People who signed in and are limited to one estate read for what is of another: every GET of the interface about
foreign ids, every page, map answer and callback. Whoever is not limited finds it with the same questions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import pytest

from cockpit.accounts import CONSOLE
from cockpit.services import Services
from cockpit.session_cookies import COOKIE
from cockpit.settings import Settings
from cockpit.tokens import Role
from twin_model.care import Visit
from twin_model.entities import Building, Community, Contact, Device, Entity, Estate, Home, Resident
from twin_model.rights import EVERYWHERE, Scope
from twin_model.twin import Twin

from ..conftest import PLAIN, Clock
from .conftest import Site, report, serve, square
from .test_public_scan import callbacks

EAST = Scope(communities=frozenset({"pub"}), estates=frozenset({"east"}))
ROLES = [role for role in Role if role not in (Role.ADMINISTRATOR, Role.AUDITOR)]
GOOD = "Hai-Tang 8 hao"
OF_WEST = re.compile(r"west-(?:h|r|k|pir|sos)\b|WD907|欧阳守拙|上官云起|1387000\d+|房颤|返乡探亲|摔倒在门口|i-0*2\b")
KPIS = ("day_care_places", "devices_online", "sos_coverage", "incidents_acknowledged_60s")
"""Whose rows are homes, devices and incidents told by ``row_id`` alone; see also tests/twin/test_rights.py."""


def estate(name: str, n: int, person: str, relative: str, door: str) -> list[Entity]:
    here = partial(dict, community_id="pub")
    at_home = here(home_id=f"{name}-h")
    return [
        Estate(**here(), estate_id=name, name=name),
        Building(**here(), building_id=f"pub-b{n}", estate_id=name, height_m=18.0,
                 footprint=square(104 + n / 1000, 30)),
        Home(**at_home, building_id=f"pub-b{n}", number=door, age_80_up=1, elder_alone=True),
        Resident(**at_home, resident_id=f"{name}-r", name=person, birth_year=1939, health_note="房颤" if n == 2 else "",
                 lives_alone=True),
        Contact(**at_home, contact_id=f"{name}-k", role="family", rank=1, name=relative, phone=f"138{n - 1}0001907"),
        Device(**at_home, device_id=f"{name}-pir", type="motion", dialect="json", address=f"{name}-pir"),
        Device(**at_home, device_id=f"{name}-sos", type="sos_button", dialect="json", address=f"{name}-sos"),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[Site]:
    """Two estates with a home each; both call for help, the second is being seen to, visited and away."""
    clock, folder = Clock(), tmp_path_factory.mktemp("reads")
    twin = Twin.open(None, clock=clock)
    twin.record([
        Community(community_id="pub", name="公示社区", boundary=square(104.0, 30.0)),
        *estate("east", 1, "赵一", "钱二", "ED901"), *estate("west", 2, "欧阳守拙", "上官云起", "WD907"),
    ])  # fmt: skip
    report(twin, ("east-pir", "motion", 1), ("west-pir", "motion", 1))
    twin.care.step()
    for name in ("east", "west"):
        clock.forward(seconds=10)
        report(twin, (f"{name}-sos", "sos", 1))
        twin.care.step()
    theirs = next(i for i in twin.care.incidents(twin.now()) if i.home_id == "west-h").incident_id
    assert OF_WEST.fullmatch(theirs)
    twin.care.take_step(theirs, "acknowledge", by="值班", role="duty_officer", note="摔倒在门口")
    twin.care.record_visits([Visit(home_id="west-h", visited_at=twin.now(), visited_by="x", role="grid_worker")])
    twin.care.declare_absence(
        community_id="pub", home_id="west-h", kind="away", starts_at=twin.now(), reason="返乡探亲", by="x",
        ends_at=twin.now() + timedelta(days=2),
    )  # fmt: skip
    clock.forward(seconds=20)
    with serve(twin, Settings(data=folder), Services(), folder) as served:
        yield served
    twin.close()


def signed_in(site: Site, role: Role, scope: Scope) -> httpx.Client:
    """A browser with the session of a person."""
    sign_in = site.cockpit.sign_in
    name = f"{role.value}.{scope.digest}"
    made = sign_in.accounts.add(name, "", role.value, GOOD, by=CONSOLE, scope=scope, is_own=True)
    cookie = sign_in.sessions.open(made.grant, site.twin.now().timestamp(), made.stamp)
    headers = {"cookie": f"{COOKIE}={cookie}", "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"}
    return httpx.Client(base_url=site.url, headers=headers, timeout=20, verify=PLAIN)


def known_of_west(site: Site) -> dict[str, str]:
    """What somebody would ask who knows the other estate."""
    theirs = next(i for i in site.twin.care.incidents(site.twin.now()) if i.home_id == "west-h").incident_id
    return {
        "home_id": "west-h", "device_id": "west-pir", "building_id": "pub-b2", "incident_id": theirs,
        "metric": "motion", "community": "pub", "kind": "volunteer_service",
        "state": "all", "drills": "true", "purpose": "investigation",
        "from": "2026-11-21T00:00:00+08:00", "to": "2026-11-23T00:00:00+08:00", "bucket": "1h", "person_id": "west-r",
        "of": "elders", "item": "parcels",
    }  # fmt: skip


def questions(site: Site, described: dict[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    """Every GET about it: plain as far as that is answered, and with all that can be said."""
    known = known_of_west(site)
    for template, methods in described["paths"].items():
        if "get" not in methods or template.endswith("/live"):
            continue
        asked = [p for p in methods["get"].get("parameters", []) if p["in"] == "query"]
        needed = {p["name"]: known.get(p["name"], "x") for p in asked if p.get("required")}
        every = {p["name"]: known[p["name"]] for p in asked if p["name"] in known}
        for kpi in KPIS if "{kpi_id}" in template else ("",):
            path = re.sub(r"\{(\w+)\}", lambda m, kpi=kpi: {**known, "kpi_id": kpi}.get(m[1], "x"), template)
            yield path, needed
            yield path, every
    for path in ("/map/pub/geometry", "/map/pub/classes", "/map/pub/building/pub-b2", "/metrics", "/_dash-layout",
                 "/screen/duty/answers", "/screen/duty/classes", "/home?home=west-h", "/elder-care"):  # fmt: skip
        yield path, {}


def found(site: Site, client: httpx.Client) -> dict[str, set[str]]:
    """Where what of the other estate is told; what was asked with is no news."""
    told: dict[str, set[str]] = {}

    def look(where: str, answer: httpx.Response) -> None:
        asked = str(answer.request.url) + answer.request.content.decode("utf-8", "replace")
        is_json = answer.headers.get("content-type", "").endswith("json") and answer.content
        text = answer.text + (json.dumps(answer.json(), ensure_ascii=False) if is_json else "")
        if hits := {hit for hit in OF_WEST.findall(text) if hit not in asked}:
            told.setdefault(where, set()).update(hits)

    with site.client() as administrator:
        described = administrator.get("/api/v1/openapi.json").json()
        bodies = list(callbacks(administrator))
    for path, query in questions(site, described):
        look(path, client.get(path, params=query))
    choices = [known_of_west(site)[name] for name in ("home_id", "incident_id")] + [KPIS[0]]
    for body in bodies:
        chosen = [one for one in (*body["inputs"], *body["state"]) if one["property"] == "data"]
        chosen = [one for one in chosen if not str(one["id"]).startswith("shell--") and "shown" not in str(one["id"])]
        for choice in choices if chosen else [None]:
            for one in chosen:
                one["value"] = choice
            look(f"callback {body['output'][:60]}", client.post("/_dash-update-component", json=body))
    return told


@pytest.mark.parametrize("role", ROLES)
def test_a_person_limited_to_an_estate_is_told_nothing_of_another(site, role):
    with signed_in(site, role, EAST) as client:
        assert found(site, client) == {}


def test_the_same_questions_find_it_for_whoever_is_not_limited(site):
    with signed_in(site, Role.DUTY_OFFICER, EVERYWHERE) as client:
        told = found(site, client)
    assert {"west-h", "west-sos", "WD907", "上官云起", "返乡探亲", "摔倒在门口"} <= set().union(*told.values())

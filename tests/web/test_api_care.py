"""Incidents and what care goes by, over HTTP: shapes, instants, rights, refusals that change nothing."""

from __future__ import annotations

import threading
from datetime import timedelta

import httpx
import pytest

from cockpit import api_models, care_models
from cockpit.services import NotServed, Services
from cockpit.tokens import Role
from twin_model.drill_clock import Drill
from twin_model.entities import Contact, Resident

from .conftest import report

STAFF = [role for role in Role if role is not Role.PUBLIC_SCREEN]
ACTING = [Role.GRID_WORKER, Role.DUTY_OFFICER, Role.ADMINISTRATOR]
READS = [
    "alerts", "incidents", "home-states", "absences", "thresholds", "thresholds/history", "visits", "drills",
    "suggestions", "service-levels", "homes/demo-h1/rhythm", "contacts?home_id=demo-h1",
]  # fmt: skip
WRITES = [
    ("POST", "absences", {"community_id": "demo", "home_id": "demo-h1", "kind": "away", "reason": "x",
                          "ends_at": "2026-11-25T00:00:00+08:00"}),
    ("PUT", "thresholds", {"rule": "sos", "parameter": "minutes", "community_id": "demo", "value": 20, "reason": "x"}),
    ("POST", "visits", {"home_id": "demo-h1", "note": "x"}),
    ("POST", "drills", {"scenario": "x", "community_id": "demo"}),
    ("DELETE", "drills/x", None), ("DELETE", "absences/x", None),
]  # fmt: skip
PAGE = {"accept": "text/html,*/*", "sec-fetch-mode": "navigate"}


@pytest.fixture
def called(site, twin, clock):
    """The street, a minute after the button of its first home was pressed; the id of the incident."""
    twin.record(
        [
            Resident(community_id="demo", resident_id="r1", home_id="demo-h1", name="王淑芬", health_note="心脏支架"),
            Contact(
                community_id="demo", contact_id="c1", home_id="demo-h1", role="family", name="王建国",
                phone="13800000001", note="女儿下班后",
            ),
            Contact(community_id="demo", contact_id="c2", role="grid_worker", name="李敏", phone="13800000002"),
        ]
    )  # fmt: skip
    clock.forward(seconds=30)
    report(twin, ("demo-sos", "sos", 1))
    clock.forward(seconds=30)
    return twin.care.incidents(twin.now())[0].incident_id


def take(site, incident: str, step: str, role: Role = Role.DUTY_OFFICER, **said: object) -> httpx.Response:
    with site.client(role) as client:
        return client.post(f"/api/v1/incidents/{incident}/steps", json={"step": step, "by": "值班员", **said})


def log(site, incident: str) -> list[str]:
    return [step["step"] for step in site.get(f"/api/v1/incidents/{incident}").json()["steps"]]


# ----------------------------------------------------------------------------------------------- reading


def test_a_call_is_an_incident_in_the_promised_shape(site, called):
    page = api_models.Page[care_models.IncidentItem].model_validate(site.get("/api/v1/incidents").json())
    assert [(i.id, i.home_id, i.severity, i.phase, i.main_step) for i in page.items] == [
        (called, "demo-h1", "act", "raised", "acknowledge")
    ]
    assert page.items[0].evidence[0].rule == "sos"
    whole = care_models.IncidentDetail.model_validate(site.get(f"/api/v1/incidents/{called}").json())
    assert [step.step for step in whole.steps] == ["raise"]
    assert set(site.get("/api/v1/incidents").json()["items"][0]) == set(care_models.IncidentItem.model_fields)


def test_an_alert_carries_the_rows_its_rule_saw(site, called):
    alert = site.get("/api/v1/alerts").json()["items"][0]
    assert set(alert) == set(care_models.AlertItem.model_fields)
    assert (alert["rule"], alert["subject"], alert["phase"]) == ("sos", "demo-sos", "firing")
    assert [(row["device_id"], row["metric"], row["value"]) for row in alert["evidence"]] == [("demo-sos", "sos", 1.0)]


def test_incidents_are_told_as_they_were_known_at_the_instant(site, twin, clock, called):
    before = twin.now().isoformat()
    clock.forward(seconds=10)
    assert take(site, called, "acknowledge").status_code == 200
    assert site.get(f"/api/v1/incidents/{called}").json()["phase"] == "acknowledged"
    assert site.get(f"/api/v1/incidents/{called}", at=before).json()["phase"] == "raised"
    long_ago = (clock.instant - timedelta(hours=1)).isoformat()
    assert site.get("/api/v1/incidents", at=long_ago).json()["items"] == []
    assert site.get(f"/api/v1/incidents/{called}", at=long_ago).status_code == 404


def test_the_log_of_alerts_goes_on_after_they_cleared(site, twin, clock, called):
    for _ in range(2):
        clock.forward(minutes=40)
        twin.care.step()
    assert site.get("/api/v1/alerts", severity="act").json()["items"] == []
    since = (clock.instant - timedelta(hours=2)).isoformat()
    past = site.get("/api/v1/alerts", **{"from": since}, rule="sos").json()["items"]
    assert [(a["phase"], a["cleared_at"] is not None) for a in past] == [("cleared", True)]


def test_lists_of_care_come_in_pages(site, twin, clock, called):
    first = site.get("/api/v1/thresholds", limit=1)
    assert first.headers["link"].endswith('rel="next"')
    everything, cursor = [], ""
    while cursor is not None:
        page = site.get("/api/v1/thresholds", limit=7, **({"cursor": cursor} if cursor else {})).json()
        everything += [(t["rule"], t["parameter"], t["home_id"]) for t in page["items"]]
        cursor = page["next_cursor"]
    assert len(everything) == len(set(everything)) == len(site.get("/api/v1/thresholds").json()["items"])


def test_every_read_of_care_takes_an_instant_and_refuses_what_it_does_not_know(site, twin, called):
    now = twin.now().isoformat().replace("+", "%2B")
    for path in READS:
        join = "&" if "?" in path else "?"
        answer = site.get(f"/api/v1/{path}{join}at={now}")
        assert answer.status_code == 200, answer.text
        assert answer.json()["revision"] == twin.revision, path
        assert site.get(f"/api/v1/{path}{join}att={now}").status_code == 400, path


# ------------------------------------------------------------------------------------------------ rights


def test_who_may_act_is_told_whom_to_call_and_nobody_else(site, called):
    for role in STAFF:
        with site.client(role) as client:
            answer = client.get("/api/v1/contacts", params={"home_id": "demo-h1"})
            incident = client.get(f"/api/v1/incidents/{called}").json()
        if role in ACTING:
            first = answer.json()["items"][0]
            assert (first["name"], first["phone"]) == ("王建国", "13800000001"), role
            assert {rung["contact_id"] for rung in incident["ladder"]} >= {"c1"}
        else:
            assert "王建国" not in answer.text, role
            assert "138" not in answer.text, role
            assert {rung["contact_id"] for rung in incident["ladder"]} == {None}


def test_a_telephone_number_is_told_only_while_an_incident_is_open(site, twin, called):
    with site.client(Role.DUTY_OFFICER) as client:
        other = client.get("/api/v1/contacts", params={"home_id": "demo-h2"}).json()["items"]
    assert [(c["name"], c["phone"]) for c in other] == [("李**", None)]


def test_free_text_is_for_those_who_act(site, called):
    take(site, called, "note", note="老人说胸口疼")
    for role in STAFF:
        with site.client(role) as client:
            answer = client.get(f"/api/v1/incidents/{called}")
        assert ("胸口" in answer.text) is (role in ACTING), role


def test_who_may_not_act_is_refused_with_the_reason_and_nothing_changes(site, twin, called):
    revision = twin.revision
    for role in (r for r in STAFF if r not in ACTING):
        refused = take(site, called, "acknowledge", role)
        assert (refused.status_code, refused.headers["content-type"]) == (403, "application/problem+json"), role
        problem = refused.json()
        assert problem["code"]
        assert problem["reason"]["zh"]
        assert problem["reason"]["en"]
    assert log(site, called) == ["raise"]
    assert twin.revision == revision


def test_who_only_looks_changes_nothing(site, twin):
    revision = twin.revision
    for role in (Role.PUBLIC_SCREEN, Role.RESIDENT_SERVICE, Role.MANAGER, Role.AUDITOR):
        with site.client(role) as client:
            for method, path, body in WRITES:
                assert client.request(method, f"/api/v1/{path}", json=body).status_code == 403, (role, method, path)
    assert twin.revision == revision


def test_a_strangers_page_takes_no_step_with_the_cookie_of_its_visitor(site, called):
    step = {"step": "acknowledge", "by": "值班员"}
    path = f"/api/v1/incidents/{called}/steps"
    with site.client(role=None) as client:
        client.get("/", headers=PAGE)  # on this machine a page opens a session
        for headers in ({}, {"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}):
            assert client.post(path, json=step, headers=headers).status_code == 403
        assert log(site, called) == ["raise"]
        assert client.post(path, json=step, headers={"sec-fetch-site": "same-origin"}).status_code == 200
    assert log(site, called) == ["raise", "acknowledge"]


def test_the_role_is_the_tokens_and_not_the_requests(site, called):
    taken = take(site, called, "acknowledge", Role.GRID_WORKER).json()["steps"][-1]
    assert (taken["role"], taken["by"]) == ("grid_worker", "值班员")


# ------------------------------------------------------------------------------------------------- steps


def test_a_step_out_of_order_twice_or_unknown_is_refused_and_nothing_changes(site, twin, called):
    def refusal(step: str, **said: object) -> tuple[int, bool]:
        revision, before = twin.revision, log(site, called)
        answer = take(site, called, step, **said)
        problem = answer.json()
        assert problem["reason"]["zh"] != problem["reason"]["en"]
        assert (twin.revision, log(site, called)) == (revision, before), "a refusal changes nothing"
        return answer.status_code, bool(problem["code"])

    assert refusal("close", outcome="true") == (409, True)
    assert refusal("arrive") == (409, True)
    assert refusal("dance") == (400, True)
    assert take(site, called, "acknowledge").status_code == 200
    assert refusal("acknowledge") == (409, True)
    assert refusal("contact", result="telepathy") == (400, True)
    assert refusal("contact", expected_n=1) == (409, True)


def test_an_incident_is_worked_to_its_end_and_whoever_handled_it_does_not_confirm_it(site, called):
    for step, said in (
        ("acknowledge", {}), ("contact", {"result": "nobody"}), ("dispatch", {"rung": "grid_worker"}),
        ("arrive", {}), ("handle", {"note": "扶起"}),
    ):  # fmt: skip
        answer = take(site, called, step, **said)
        assert answer.status_code == 200, answer.text
    own = take(site, called, "confirm")
    assert own.status_code in (403, 409)
    with site.client(Role.ADMINISTRATOR) as client:
        path = f"/api/v1/incidents/{called}/steps"
        assert client.post(path, json={"step": "confirm", "by": "复核员"}).status_code == 200
        closed = client.post(path, json={"step": "close", "by": "复核员", "outcome": "true", "cause": "fall"})
    assert closed.json()["phase"] == "closed"
    assert site.get("/api/v1/incidents").json()["items"] == []
    assert [i["outcome"] for i in site.get("/api/v1/incidents", state="all").json()["items"]] == ["true"]


def test_of_two_officers_at_once_one_is_taken_and_the_other_told(site, called):
    answers: list[httpx.Response] = []
    start = threading.Barrier(2)

    def press(name: str) -> None:
        start.wait()
        answers.append(take(site, called, "acknowledge", by=name, expected_n=1))

    threads = [threading.Thread(target=press, args=(name,)) for name in ("甲", "乙")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(a.status_code for a in answers) == [200, 409]
    assert log(site, called) == ["raise", "acknowledge"]


def test_an_incident_nobody_knows_is_not_found(site, called):
    assert take(site, "i-999999", "acknowledge").status_code == 404
    assert site.get("/api/v1/incidents/i-999999").status_code == 404
    assert take(site, called, "merge", into="i-999999").status_code == 404
    assert take(site, called, "merge").status_code == 400


def test_a_step_that_is_no_step_is_a_problem(site, called):
    for body in ({}, {"step": "note", "note": "x" * 2001}, {"step": "note", "role": "duty_officer"}):
        with site.client() as client:
            answer = client.post(f"/api/v1/incidents/{called}/steps", json=body)
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert log(site, called) == ["raise"]


# ------------------------------------------------------------------------------- what care goes by


def test_an_absence_is_declared_seen_and_ended(site, twin):
    ends = (twin.now() + timedelta(days=2)).isoformat()
    said = {"community_id": "demo", "home_id": "demo-h1", "kind": "away", "ends_at": ends, "reason": "回老家"}
    with site.client(Role.GRID_WORKER) as client:
        made = client.post("/api/v1/absences", json=said)
        assert made.status_code == 201, made.text
        name = care_models.AbsenceItem.model_validate(made.json()).id
        assert [a["id"] for a in client.get("/api/v1/absences").json()["items"]] == [name]
        assert client.post("/api/v1/absences", json=said | {"ends_at": "2026-11-25T00:00:00"}).status_code == 400
        late = (twin.now() - timedelta(days=2)).isoformat()
        assert client.post("/api/v1/absences", json=said | {"ends_at": late}).status_code == 400
        assert client.delete(f"/api/v1/absences/{name}").status_code == 204
        assert client.get("/api/v1/absences").json()["items"] == []
        assert client.delete(f"/api/v1/absences/{name}").status_code == 404


def test_a_threshold_is_set_with_a_reason_and_outside_its_range_refused_with_the_range(site):
    said = {"rule": "sos", "parameter": "minutes", "community_id": "demo", "value": 20, "reason": "短", "by": "值班长"}
    with site.client(Role.DUTY_OFFICER) as client:
        assert client.put("/api/v1/thresholds", json=said).json()["value"] == 20
        refused = client.put("/api/v1/thresholds", json=said | {"value": 10_000})
        assert (refused.status_code, refused.json()["code"]) == (400, "out_of_range")
        assert "720" in refused.json()["reason"]["zh"]
        assert client.put("/api/v1/thresholds", json=said | {"rule": "none"}).status_code == 400
        own = [t for t in client.get("/api/v1/thresholds", params={"rule": "sos"}).json()["items"] if t["community_id"]]
        assert [(t["value"], t["changed_by"], t["reason"]) for t in own] == [(20, "值班长", "短")]
        back = client.put("/api/v1/thresholds", json=said | {"value": None, "reason": "恢复"})
        assert back.status_code == 200
        history = client.get("/api/v1/thresholds/history").json()["items"]
    assert [t["value"] for t in history] == [None, 20]


def test_a_visit_is_noted_and_its_words_are_for_those_who_act(site):
    with site.client(Role.GRID_WORKER) as client:
        assert client.post("/api/v1/visits", json={"home_id": "demo-h1", "note": "精神不错"}).status_code == 201
        assert client.post("/api/v1/visits", json={"home_id": "nobody"}).status_code == 404
        assert client.get("/api/v1/visits").json()["items"][0]["note"] == "精神不错"
    with site.client(Role.MANAGER) as client:
        assert client.get("/api/v1/visits").status_code == 403  # who was visited when is a home's daily life


def test_drills_are_begun_and_ended_by_who_serves_them(serving, twin, site, clock):
    begun = []

    def start(scenario: str, community: str, speed: float | None, by: str) -> Drill:
        if scenario != "cold-night":
            raise ValueError(f"there is no scenario {scenario!r}")
        drill = Drill(
            drill_id="d1", community_id="demo-drill", drill_of=community, scenario=scenario, speed=speed or 60.0,
            started_at=twin.now(), drill_from=twin.now() - timedelta(hours=9), started_by=by,
        )  # fmt: skip
        twin.care.begin_drill(drill)
        begun.append((scenario, community, speed, by))
        return drill

    def stop(drill_id: str, by: str) -> None:
        twin.care.end_drill(drill_id)

    with site.client() as client:
        assert client.post("/api/v1/drills", json={"scenario": "cold-night"}).status_code == 501
    other = serving(Services(start_drill=start, stop_drill=stop, drill_scenarios=lambda: [{"name": "cold-night"}]))
    with other.client(Role.DUTY_OFFICER) as client:
        assert client.get("/api/v1/drills/scenarios").json()["items"] == [{"name": "cold-night"}]
        assert client.post("/api/v1/drills", json={"scenario": "hot"}).status_code == 400
        made = client.post("/api/v1/drills", json={"scenario": "cold-night", "speed": 120, "by": "教员"})
        assert made.status_code == 201, made.text
        assert care_models.DrillItem.model_validate(made.json()).drill_of == "demo"
        assert begun == [("cold-night", "demo", 120, "教员")]
        clock.forward(seconds=5)
        assert client.delete("/api/v1/drills/d1").status_code == 204
        assert client.delete("/api/v1/drills/d1").status_code == 404
        assert client.get("/api/v1/drills").json()["items"][0]["ended_at"]


def test_a_server_without_drills_says_so():
    with pytest.raises(NotServed):
        Services().start_drill("x", "demo", None, "t")

"""Records over HTTP: as known at an instant, between two days, and only for whom they are."""

from __future__ import annotations

from datetime import date

import pytest

from cockpit.settings import Settings
from cockpit.tokens import Role
from twin_model.twin import Twin

from ..conftest import Clock
from .conftest import serve, settle
from .test_live import listening


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    clock = Clock()
    twin = Twin.open(None, clock=clock)
    settle(twin)
    for day, drill in ((1, 20), (2, 30)):
        row = {"drill_no": f"d{day}", "day": date(2026, 11, day), "category": "fire", "participants": drill}
        twin.ledger.record("emergency_drill", [row], community_id="demo")
    learner = {"learner_no": "L-0042", "enrolled_on": date(2026, 9, 1), "age_band": "elder"}
    twin.ledger.record("learner", [learner], community_id="demo")
    with serve(twin, Settings(data=tmp_path_factory.mktemp("records"))) as found:
        yield found
    twin.close()


def test_records_are_those_between_two_days_as_known_at_an_instant(site) -> None:
    everything = site.get("/api/v1/records", kind="emergency_drill", community="demo").json()["items"]
    assert [(r["record_id"], r["day"], r["participants"], r["flags"]) for r in everything] == [
        ("d1", "2026-11-01", 20, []), ("d2", "2026-11-02", 30, []),
    ]  # fmt: skip
    spans = {("2026-11-02", "2026-11-03T00:00:00+08:00"): ["d2"], ("2026-11-01", "2026-11-02"): ["d1"]}
    for (start, end), expected in spans.items():
        found = site.get("/api/v1/records", **{"kind": "emergency_drill", "from": start, "to": end})
        assert [r["record_id"] for r in found.json()["items"]] == expected
    first = everything[0]["recorded_at"]
    then = site.get("/api/v1/records", kind="emergency_drill", at=first).json()["items"]
    assert [r["record_id"] for r in then] == ["d1"]


def test_who_may_not_look_at_one_home_gets_no_code_of_a_person(site) -> None:
    found = {}
    for role in (Role.GRID_WORKER, Role.MANAGER):
        with site.client(role) as client:
            found[role] = client.get("/api/v1/records", params={"kind": "learner"})
    assert found[Role.GRID_WORKER].json()["items"][0]["learner_no"] == "L-0042"
    assert found[Role.MANAGER].json()["items"][0]["age_band"] == "elder"
    assert "L-0042" not in found[Role.MANAGER].text


def test_a_public_screen_gets_no_records(site) -> None:
    with site.client(Role.PUBLIC_SCREEN) as client:
        assert client.get("/api/v1/records", params={"kind": "emergency_drill"}).status_code == 403
        assert client.get("/api/v1/record-kinds").status_code == 403


def test_the_kinds_say_how_alive_they_are_and_a_mistyped_one_names_the_nearest(site) -> None:
    items = site.get("/api/v1/record-kinds", community="demo").json()["items"]
    kinds = {item["name"]: item["newest_true_at"] for item in items}
    assert kinds["emergency_drill"] == "2026-11-02T00:00:00+08:00"
    assert kinds["whistle"] is None
    refused = site.get("/api/v1/records", kind="emergency_dril")
    assert refused.status_code == 404
    assert "did you mean 'emergency_drill'" in refused.json()["detail"]


def test_the_interface_describes_them(site) -> None:
    paths = site.get("/api/v1/openapi.json").json()["paths"]
    assert {p["name"] for p in paths["/api/v1/records"]["get"]["parameters"]} >= {"kind", "from", "to", "at"}


def test_screens_are_told_that_records_changed(site, wait_for) -> None:
    """By revision alone: the pages then ask again. A busy server looks every six seconds, and ten without news."""
    with listening(site) as screen, listening(site, role=Role.PUBLIC_SCREEN) as public:
        wait_for(lambda: screen.events and public.events, what="the snapshots")
        row = {"drill_no": "d3", "day": date(2026, 11, 3), "category": "flood", "participants": 12}
        revision = site.twin.ledger.record("emergency_drill", [row], community_id="demo").revision
        for one in (screen, public):
            told = wait_for(lambda one=one: one.of("change"), within=15, what="the new revision")
            assert told[0]["revision"] == revision


def test_what_was_recorded_by_mistake_is_taken_back_by_its_file_and_stays_in_the_past(site) -> None:
    row = {"drill_no": "wrong", "day": date(2026, 11, 3), "category": "fire", "participants": 9}
    row["origin"] = "wrong.csv:2"
    site.twin.ledger.record("emergency_drill", [row], community_id="demo")
    before = site.twin.now()
    said = {"kind": "emergency_drill", "community": "demo", "file": "wrong.csv", "reason": "另一小区的台账"}
    with site.client(Role.DUTY_OFFICER) as client:
        assert client.post("/api/v1/records/withdrawals", json=said).status_code == 403
    with site.client(Role.ADMINISTRATOR) as client:
        assert client.post("/api/v1/records/withdrawals", json=said | {"record_ids": ["d1"]}).status_code == 400
        assert client.post("/api/v1/records/withdrawals", json=said).json()["withdrawn"] == 1
        assert client.post("/api/v1/records/withdrawals", json=said).json()["withdrawn"] == 0
    now = site.get("/api/v1/records", kind="emergency_drill", community="demo").json()["items"]
    then = site.get("/api/v1/records", kind="emergency_drill", community="demo", at=before.isoformat()).json()["items"]
    ids_then, ids_now = ({r["record_id"] for r in rows} for rows in (then, now))
    assert ids_then - ids_now == {"wrong"}
    assert ids_now < ids_then

"""The health check over HTTP: the contract's members, the rows behind a verdict, what a public screen does not get."""

from __future__ import annotations

from cockpit import health_models as shape
from cockpit.tokens import Role

ROOT = "/api/v1/health-check"
CONTRACT = {"item", "verdict", "value", "threshold", "missing"}


def test_the_items_of_a_rulebook_are_told_with_index_and_rank(standing):
    answer = standing.get(ROOT).json()
    shape.HealthAnswer.model_validate(answer)
    assert len(answer["items"]) + len(answer["not_applicable"]) == 20
    assert answer["items"][0].keys() >= CONTRACT
    assert {item["verdict"] for item in answer["items"]} <= {"pass", "fail", "not_measurable"}
    assert all(item["missing"] for item in answer["items"] if item["verdict"] == "not_measurable")
    assert (answer["rank"] is None) == (answer["index"] is None)


def test_an_empty_form_judges_nothing_and_has_no_index(standing):
    answer = standing.get(ROOT, rulebook="template_8x20").json()
    assert {item["verdict"] for item in answer["items"]} == {"not_measurable"}
    assert answer["communities"][0]["refused"] == "none_verified"
    assert answer["rulebook"]["template"]


def test_an_unknown_rulebook_is_refused_with_the_ones_there_are(standing):
    answer = standing.get(ROOT, rulebook="nobodys")
    assert answer.status_code == 404
    assert "complete_community_2020" in answer.json()["detail"]


def test_the_evidence_comes_as_rows_or_as_a_file(standing):
    rows = standing.get(f"{ROOT}/evidence", item="service_station").json()["items"]
    assert [row["source"] for row in rows] == ["facility"]
    with standing.client(accept="text/csv") as client:
        text = client.get(f"{ROOT}/evidence", params={"item": "service_station"}).text
    assert text.splitlines()[0].endswith("source,row_id,kind,name,amount,unit,is_missing,known_at")
    assert standing.get(f"{ROOT}/evidence", item="nothing").status_code == 404


def test_changes_name_what_made_them(standing):
    found = standing.get(f"{ROOT}/changes", other="complete_community_hubei_draft").json()["items"]
    assert {row["item"]: row["why"] for row in found}["service_space"] == ["added"]


def test_a_public_screen_gets_verdicts_and_nothing_behind_them(standing):
    with standing.client(Role.PUBLIC_SCREEN) as client:
        assert client.get(ROOT, params={"rulebook": "pilot_2022"}).status_code == 200
        assert client.get(f"{ROOT}/evidence", params={"item": "service_space"}).status_code == 403
        assert client.get(ROOT, params={"home_id": "h"}).status_code in (400, 403)

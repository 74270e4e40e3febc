"""A wall screen is paired by a code, opens its own wall and nothing else, reports, and can be ended at once."""

from __future__ import annotations

import httpx
import pytest

from cockpit.screens import CODES_OF_ONE, COOKIE, TRIES_OF_ONE, Screens
from cockpit.tokens import Role
from cockpit.walls import version_of

OWN = {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"}
PAGE = {"accept": "text/html,*/*", "sec-fetch-mode": "navigate"}
HEALTH = {"version": "v1", "width": 1920, "height": 1080, "ratio": 1}


class Browser(httpx.Client):
    """A screen's browser: it keeps its cookie."""

    def code(self) -> dict:
        answer = self.post("/screen/pairing", json={})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def again(self, secret: str) -> str:
        return self.post("/screen/pairing", json={"secret": secret}).json()["state"]


@pytest.fixture
def browser(site):
    with Browser(base_url=site.url, headers=OWN, timeout=20) as client:
        yield client


@pytest.fixture
def admin(site):
    with site.client(Role.ADMINISTRATOR) as client:
        yield client


def pair(admin, browser, *, wall: str = "lobby", name: str = "一楼 大厅", **more) -> dict:
    shown = browser.code()
    answer = admin.post("/api/v1/screens", json={"code": shown["code"], "name": name, "wall": wall, **more})
    assert answer.status_code == 201, answer.text
    assert browser.again(shown["secret"]) == "paired"
    return answer.json()


def test_a_screen_shows_a_code_an_administrator_types_it_and_the_wall_opens(admin, browser):
    assert "配对" in browser.get("/screen", headers=PAGE).text
    item = pair(admin, browser)
    cookie = next(c for c in browser.cookies.jar if c.name == COOKIE)
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "Strict"
    page = browser.get("/screen", headers=PAGE)
    assert 'data-audience="public"' in page.text
    assert page.headers["set-cookie"].startswith(COOKIE)
    said = browser.get(f"/screen/{item['id']}/answers").json()
    assert said["wall"] == "lobby"
    assert said["head"]["name"] == "示例社区"
    assert "takeover" not in said
    assert "token" not in admin.get("/api/v1/screens").text
    assert item["role"] == "public-screen"


def test_what_a_screen_knows_already_is_not_sent_again(admin, browser):
    name = pair(admin, browser)["id"]
    parts = browser.get(f"/screen/{name}/answers").json()["parts"]
    known = ",".join(f"{part}:{key}" for part, (key, _) in parts.items())
    again = browser.get(f"/screen/{name}/answers", params={"k": known}).json()["parts"]
    assert all(drawn for _, drawn in parts.values())
    assert not any(drawn for _, drawn in again.values())


@pytest.mark.parametrize("wall", ["lobby", "duty"])
def test_a_screens_cookie_opens_its_own_wall_and_nothing_else(admin, browser, wall):
    """no page, no callback, no endpoint, no other wall: whatever role the screen was paired with"""
    name = pair(admin, browser, wall=wall)["id"]
    assert browser.get(f"/screen/{name}/classes").status_code == 200
    assert browser.get("/bundle/wall.js").status_code == 200
    other = "duty" if wall == "lobby" else "lobby"
    assert browser.get(f"/screen/{other}/answers").status_code == 403
    for path in ("/api/v1/states", "/api/v1/kpis", "/api/v1/live", "/map/demo/classes", "/metrics", "/_dash-layout",
                 "/_dash-dependencies", "/assets/20_shell.js", "/api/v1/screens"):  # fmt: skip
        assert browser.get(path).status_code == 401, path
    assert browser.post("/_dash-update-component", json={"output": "shell--view.data"}).status_code == 401


def test_a_public_token_reaches_public_walls_and_no_callback(site):
    with site.client(Role.PUBLIC_SCREEN) as client:
        assert client.get("/screen/lobby/answers").status_code == 200
        assert client.get("/screen/duty/answers").status_code == 403
        assert client.get("/screen/duty/live").status_code == 403
        assert client.post("/_dash-update-component", json={}).status_code == 403
        assert client.get("/api/v1/screens").status_code == 403


def test_a_code_ends_after_ten_minutes_and_works_once(admin, browser, clock):
    shown = browser.code()
    clock.forward(minutes=10, seconds=1)
    said = {"code": shown["code"], "name": "大厅", "wall": "lobby"}
    refused = admin.post("/api/v1/screens", json=said)
    assert refused.status_code == 404
    assert "10 分钟后失效" in refused.json()["detail"]
    assert browser.again(shown["secret"]) == "new"
    pair(admin, browser)
    fresh = browser.code()
    once = {"code": f" {fresh['code'].lower()} ", "name": "二楼", "wall": "lobby"}
    assert admin.post("/api/v1/screens", json=once).status_code == 201
    assert admin.post("/api/v1/screens", json={**once, "name": "三楼"}).status_code == 404


def test_codes_cannot_be_collected_nor_guessed(admin, browser):
    for _ in range(CODES_OF_ONE):
        browser.code()
    assert browser.post("/screen/pairing", json={}).status_code == 429
    guess = {"code": "AAAAAA", "name": "x", "wall": "lobby"}
    found = [admin.post("/api/v1/screens", json=guess).status_code for _ in range(TRIES_OF_ONE + 1)]
    assert found == [404] * TRIES_OF_ONE + [429]


def test_a_wrong_name_or_wall_does_not_use_up_the_code(admin, browser):
    code = browser.code()["code"]
    for wrong, status in ({"name": "a/b"}, 422), ({"wall": "nowhere"}, 404), ({"wall": "duty", "role": "auditor"}, 422):
        said = {"code": code, "name": "大厅", "wall": "lobby", **wrong}
        assert admin.post("/api/v1/screens", json=said).status_code == status
    assert admin.post("/api/v1/screens", json={"code": code, "name": "大厅", "wall": "lobby"}).status_code == 201


def test_only_an_administrator_pairs_and_another_site_cannot_ask_for_codes(site, browser):
    with site.client(Role.DUTY_OFFICER) as officer:
        code = browser.code()["code"]
        assert officer.post("/api/v1/screens", json={"code": code, "name": "x", "wall": "lobby"}).status_code == 403
        assert officer.get("/api/v1/screens").status_code == 200
    assert browser.post("/screen/pairing", json={}, headers={"sec-fetch-site": "cross-site"}).status_code == 401


def test_an_unpaired_screen_is_out_at_once_and_a_renamed_one_does_not_notice(admin, browser):
    item = pair(admin, browser)
    path = f"/api/v1/screens/{item['id']}"
    assert admin.patch(path, json={"name": "东门"}).json()["name"] == "东门"
    assert browser.get(f"/screen/{item['id']}/answers").status_code == 200
    assert admin.patch(path, json={"wall": "duty"}).status_code == 409
    assert admin.delete(path).status_code == 204
    assert browser.get(f"/screen/{item['id']}/answers").status_code == 401
    assert "配对" in browser.get("/screen", headers=PAGE).text


def test_a_screen_reports_within_bounds_and_a_silent_one_is_said(admin, browser, clock):
    name = pair(admin, browser)["id"]
    path = f"/screen/{name}/health"
    assert browser.post(path, json=HEALTH).status_code == 204
    assert browser.post(path, json={**HEALTH, "width": -1}).status_code == 422
    assert browser.post(path, json={**HEALTH, "note": "x"}).status_code == 422
    assert browser.post(path, content=b"x" * 5_000).status_code == 413
    assert admin.post("/screen/lobby/health", json=HEALTH).status_code == 403
    assert admin.get("/api/v1/screens").json()["items"][0]["health"]["width"] == 1920
    assert 'cim_screen_silent{screen="一楼 大厅"} 0.0' in admin.get("/metrics").text
    clock.forward(minutes=4)
    assert admin.get("/api/v1/screens").json()["items"][0]["is_silent"]
    assert 'cim_screen_silent{screen="一楼 大厅"} 1.0' in admin.get("/metrics").text


def test_a_pairing_outlives_the_server_and_the_file_holds_no_token(tmp_path, clock):
    _, token = Screens(tmp_path).add("大厅", "lobby", Role.PUBLIC_SCREEN, by="admin", at=clock())
    assert token not in (tmp_path / "screens.json").read_text(encoding="utf-8")
    assert Screens(tmp_path).find(token).name == "大厅"
    assert Screens(tmp_path).find(token + "x") is None


def test_the_live_stream_of_a_public_wall_holds_counts_only(site):
    with site.client(Role.ADMINISTRATOR) as client, client.stream("GET", "/screen/lobby/live") as answer:
        said = b""
        for chunk in answer.iter_bytes():
            said += chunk
            if b"event: snapshot" in said and said.endswith(b"\n\n"):
                break
    assert b'"states":[]' in said
    assert b"demo-h1" not in said
    assert b"demo-pir" not in said


def test_a_wall_that_ran_through_an_upgrade_learns_of_another_script(tmp_path):
    page, script = tmp_path / "wall.html", tmp_path / "70_wall.js"
    page.write_text("<html>"), script.write_text("one")
    before = version_of([page, script])
    assert version_of([page, script]) == before
    script.write_text("two")
    assert version_of([page, script]) != before

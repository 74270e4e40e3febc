"""Nobody gets in without a token or a session; a public screen reaches public answers, strangers' pages nothing."""

from __future__ import annotations

import json
import stat

import httpx
import pytest

from cockpit.session_cookies import COOKIE, Sessions
from cockpit.sessions import LOCAL, PUBLIC_PATHS
from cockpit.tokens import Role, TokenFileError, Tokens

PAGE = {"accept": "text/html,*/*", "sec-fetch-mode": "navigate"}
FETCH = {"accept": "*/*", "sec-fetch-mode": "cors", "sec-fetch-site": "same-origin"}
SECRET = ["/api/v1/states", "/api/v1/homes", "/api/v1/live", "/metrics", "/map/demo/classes", "/_dash-layout",
          "/api/v1/openapi.json", "/assets/20_shell.js"]  # fmt: skip


@pytest.mark.parametrize("path", SECRET)
def test_without_token_or_session_there_is_a_problem_and_nothing_else(standing, path):
    with standing.client(role=None) as client:
        answer = client.get(path)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "run.py token create" in answer.json()["detail"]


def test_a_wrong_token_is_refused_even_where_a_page_would_open_its_own_session(standing):
    with standing.client(role=None, authorization="Bearer cim_wrong", **PAGE) as client:
        assert client.get("/").status_code == 401


def test_on_this_machine_a_page_opens_its_own_session(standing):
    with standing.client(role=None) as client:
        page = client.get("/", headers=PAGE)
        assert page.status_code == 200
        cookie = page.headers["set-cookie"]
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
        assert client.get("/api/v1/states", headers=FETCH).status_code == 200


@pytest.mark.parametrize("headers", [{"x-forwarded-for": "203.0.113.9"}, {"forwarded": "for=203.0.113.9"}])
def test_behind_a_proxy_no_session_opens_itself(standing, headers):
    with standing.client(role=None) as client:
        assert client.get("/", headers=PAGE | headers).status_code == 401


def test_a_server_for_others_asks_for_a_token_first(serving):
    site = serving(host="0.0.0.0")
    with site.client(role=None, **PAGE) as client:
        asked = client.get("/")
        assert asked.status_code == 401
        assert 'action="/sign-in"' in asked.text
        token = site.cockpit.tokens.lend(Role.MANAGER, "m")
        wrong = client.post("/sign-in", data={"token": "cim_no"}, headers={"origin": site.url})
        assert wrong.status_code == 401
        assert 'id="wrong"' in wrong.text
        assert 'id="wrong"' not in asked.text
        right = client.post("/sign-in", data={"token": token}, headers={"origin": site.url})
        assert (right.status_code, right.headers["location"]) == (303, "/")
        assert client.get("/").status_code == 200


def test_a_token_in_the_address_signs_in_and_leaves_the_address(serving):
    site = serving(host="0.0.0.0")
    token = site.cockpit.tokens.lend(Role.DUTY_OFFICER, "d")
    with site.client(role=None, **PAGE) as client:
        moved = client.get("/devices", params={"token": token, "lang": "en"})
        assert (moved.status_code, moved.headers["location"]) == (303, "/devices?lang=en")
        assert client.get("/").status_code == 200


def test_a_token_in_the_address_cannot_send_a_visitor_elsewhere(serving):
    site = serving(host="0.0.0.0")
    token = site.cockpit.tokens.lend(Role.MANAGER, "m")
    with site.client(role=None, **PAGE) as client:
        assert client.get(f"{site.url}//evil.example/x?token={token}").headers["location"].startswith("/evil.example")


def test_a_public_screen_reaches_public_answers_only(standing):
    with standing.client(Role.PUBLIC_SCREEN) as client:
        for path in PUBLIC_PATHS:
            with client.stream("GET", path) as answer:  # the live one does not end by itself
                assert answer.status_code == 200, path
        for path in [*SECRET, "/", "/elder-care", "/api/v1/visits", "/api/v1/devices", "/api/v1/quarantine"]:
            if path not in PUBLIC_PATHS:
                answer = client.get(path)
                assert answer.status_code == 403, path
                assert answer.headers["content-type"] == "application/problem+json"


def test_a_public_screen_does_not_learn_how_many_are_at_home(site, twin, clock):
    with site.client(Role.PUBLIC_SCREEN) as client:
        kinds = {place["place_kind"] for place in client.get("/api/v1/occupancy").json()["items"]}
    assert kinds == {"room", "facility"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin"}, 400),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({}, 403),
    ],
)
def test_a_strangers_page_cannot_write_with_the_cookie_of_its_visitor(standing, headers, status):
    """400 is the import's own answer to an empty body: the request got through."""
    with standing.client(role=None) as client:
        client.get("/", headers=PAGE)
        assert client.post("/api/v1/imports", params={"name": "a.csv"}, headers=headers).status_code == status


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8050", "192.168.1.9"])
def test_a_name_somebody_pointed_at_this_machine_is_not_answered(standing, host):
    with standing.client(host=host) as client:
        assert client.get("/api/v1/states").status_code == 421


def test_names_of_this_server_can_be_set(serving):
    site = serving(names="wall.community.lan, other")
    with site.client(host="wall.community.lan:8050") as client:
        assert client.get("/api/v1/communities").status_code == 200


def test_a_forged_or_expired_cookie_opens_nothing(standing):
    good = Sessions(b"other key").open(LOCAL, 0)
    with httpx.Client(base_url=standing.url, cookies={COOKIE: good}) as client:
        assert client.get("/api/v1/states").status_code == 401
    sessions = Sessions(b"k")
    assert sessions.read(sessions.open(LOCAL, now=0), now=1).subject == "local"
    assert sessions.read(sessions.open(LOCAL, now=0), now=31 * 24 * 3600) is None
    assert sessions.read("", now=1) is None


def test_a_session_outlives_a_restart_and_ends_with_its_token(tmp_path, clock):
    tokens = Tokens(tmp_path)
    grant = tokens.find(tokens.create(Role.MANAGER, "m", clock.instant))
    cookie = Sessions.of(tmp_path).open(grant, now=0)
    assert Tokens(tmp_path).grant(Sessions.of(tmp_path).read(cookie, now=1).subject) == grant
    (tmp_path / "tokens.json").unlink()
    assert Tokens(tmp_path).grant(Sessions.of(tmp_path).read(cookie, now=1).subject) is None


def test_every_answer_forbids_what_a_page_of_ours_never_does(standing):
    with standing.client(**PAGE) as client:
        for path in ("/", "/api/docs", "/api/v1/states", "/nowhere"):
            headers = client.get(path).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            policy = headers["content-security-policy"]
            assert "frame-ancestors 'none'" in policy
            assert "default-src 'none'" in policy
            assert "script-src 'self' 'unsafe" not in policy
            assert "http:" not in policy


def test_tokens_are_kept_hashed_readable_by_their_owner_and_known_at_once(tmp_path, clock):
    serving, beside = Tokens(tmp_path), Tokens(tmp_path)
    assert serving.find("cim_x") is None
    token = beside.create(Role.AUDITOR, "a", clock.instant)
    found = serving.find(token)
    assert (found.role, found.name) == (Role.AUDITOR, "a")
    file = tmp_path / "tokens.json"
    assert token not in file.read_text(encoding="utf-8")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_spoilt_token_file_is_named(tmp_path):
    (tmp_path / "tokens.json").write_text(json.dumps([{"role": "king"}]), encoding="utf-8")
    with pytest.raises(TokenFileError, match=r"tokens\.json is not a token file"):
        Tokens(tmp_path).find("x")

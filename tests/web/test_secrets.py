"""No token, password or cookie is in anything the real program writes: logs, metrics, refusals, its data folder."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from ..conftest import Served, unused_port

GUESSED = "cim_guessedGuessedGuessedGuessedGuessed00"
PASSWORD = "Wr0ng-horse-battery-77"
TYPED = "Typed-in-the-wrong-field-88"


@pytest.fixture(scope="module")
def program(tmp_path_factory) -> Iterator[Served]:
    server = Served(tmp_path_factory.mktemp("secrets") / "data", unused_port(), unused_port(), ["--no-sample"])
    server.start()
    yield server
    if server.process is not None:
        server.stop()


def test_secrets_are_in_nothing_that_is_written(program):
    answers: list[httpx.Response] = []
    with httpx.Client(base_url=program.url, timeout=20) as client:

        def ask(method: str, path: str, **more: object) -> httpx.Response:
            answers.append(answer := client.request(method, path, **more))
            return answer

        entered = ask("GET", "/", params={"token": program.token, "lang": "en"})
        assert (entered.status_code, entered.headers["location"]) == (303, "/?lang=en")
        assert entered.headers["referrer-policy"] == "no-referrer"
        cookie = entered.cookies["cim_session"]
        assert ask("GET", "/?lang=en").status_code == 200
        assert ask("GET", "/", params={"token": GUESSED}).status_code == 401
        client.cookies.clear()
        assert ask("GET", "/api/v1/homes", params={"token": program.token}).status_code == 401
        own = {"origin": program.url, "sec-fetch-site": "same-origin"}
        named = {"login": "wang", "password": PASSWORD}
        for form in ({"token": GUESSED}, named, {"login": PASSWORD, "password": TYPED}):
            assert ask("POST", "/sign-in", data=form, headers=own).status_code >= 400
        right = program.authorization
        for body in ({"login": "li", "password": TYPED}, {"password": TYPED, "role": 7}, {"token": GUESSED}):
            for path in ("/api/v1/accounts", "/api/v1/tokens", "/api/v1/screens", "/api/v1/nowhere"):
                ask("POST", path, json=body, headers=right)
        for scheme in (f"Bearer {GUESSED}", f"Basic {GUESSED}", GUESSED):
            assert ask("GET", "/api/v1/homes", headers={"authorization": scheme}).status_code == 401
        assert ask("GET", f"/{GUESSED}", headers=right).status_code == 404
        assert ask("GET", "/api/v1/homes", headers=right).status_code == 200
        metrics = ask("GET", "/metrics", headers=right).text
    program.stop()

    secrets = {program.token, GUESSED, PASSWORD, TYPED, cookie}
    written = {str(path): path.read_bytes() for path in program.data.rglob("*") if path.is_file()}
    told = {"standard error": program.log.encode(), "metrics": metrics.encode()}
    assert any("logs" in path for path in written)
    assert 'reason="identity"} ' in metrics
    for place, content in {**written, **told}.items():
        found = {s for s in secrets if s.encode() in content}
        assert not found, f"{place} holds {found}"
    for answer in answers:
        assert not {s for s in secrets if s in answer.headers.get("location", "")}
        if "problem" in answer.headers.get("content-type", ""):
            said = json.dumps({k: v for k, v in answer.json().items() if k != "instance"})
            assert not {s for s in secrets if s in said}, said

"""Questions of pages that were made by hand: every callback refuses them or answers, none ends in a server error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cockpit.settings import Settings
from twin_model.twin import Twin

from ..conftest import Clock
from .conftest import Site, serve, settle
from .test_public_scan import callbacks

VALUES = (-1e308, "a:b|c", {"x": {"y": [1]}})
VIEW = {"at": None, "lang": "zh", "community": "demo", "with": None}
BODIES = (b"", b"null", b"[]", b"{}", b"{", b'{"output": 1}', b'{"output": ["a"]}', b'{"output": "x.y"}', b"[" * 9_999)


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Iterator[Site]:
    """The street with a data folder, which the page of reports needs."""
    folder = tmp_path_factory.mktemp("kept")
    twin = Twin.open(None, clock=Clock())
    settle(twin)
    with serve(twin, Settings(data=folder), folder=folder) as site:
        yield site
    twin.close()


def questions(site: Site, client: Any) -> Iterator[dict[str, Any]]:
    """What a page asks the server; the other callbacks are answered in the browser."""
    wired = site.cockpit.dash.callback_map
    for body in callbacks(client):
        if "callback" in wired[body["output"]]:
            for one in (*body["inputs"], *body["state"]):
                one["value"] = VIEW if one["id"] == "shell--view" else one["value"]
            yield body


def tampered(body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Strange values beside a right view and in its place, and questions of another shape."""
    def filled(value: Any, kept: tuple[str, ...]) -> dict[str, Any]:
        sides = {side: [one if one["id"] in kept else {**one, "value": value} for one in body[side]]
                 for side in ("inputs", "state")}  # fmt: skip
        return {**body, **sides}

    yield "everywhere", filled(["x"], ("shell--view",))
    for value in VALUES:
        # the shell's stores as they should be, so that what lies behind them is asked with it too
        yield f"chosen {str(value)[:30]}", filled(value, ("shell--view", "shell--revision", "shell--window"))
    yield "view", filled("x", ())
    yield "view of an instant", filled({"at": "2026-13-45", "community": ["demo"]}, ())
    for side in ("inputs", "state", "outputs"):
        yield f"without {side}", {**body, side: []}
        yield f"{side} in words", {**body, side: ["a"]}
        yield f"null {side}", {**body, side: None}
    yield "one more", {**body, "state": [*body["state"], {"id": "x", "property": "data", "value": 1}]}
    yield "changed", {**body, "changedPropIds": [1, None]}


def test_no_callback_stumbles_over_a_question_made_by_hand(kept):
    stumbled = []
    with kept.client() as client:
        asked = [(body["output"][:60], *one) for body in questions(kept, client) for one in tampered(body)]
        for output, how, body in asked:
            answer = client.post("/_dash-update-component", json=body)
            if answer.status_code >= 500:
                stumbled.append((output, how))
    assert len(asked) > 600
    assert stumbled == []


@pytest.mark.parametrize("body", BODIES)
def test_what_is_no_question_is_refused(kept, body):
    with kept.client(**{"content-type": "application/json"}) as client:
        answer = client.post("/_dash-update-component", content=body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_refused_question_names_what_was_expected(kept):
    with kept.client() as client:
        body = next(one for one in questions(kept, client) if one["output"] == "shell--search-found.children")
        answer = client.post("/_dash-update-component", json={**body, "state": []})
    assert answer.status_code == 400
    assert "expected shell--view.data" in json.loads(answer.content)["detail"]

"""Every page is wired: ids unique, every callback's ids exist, no output has two owners, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter

import pytest
from plotly.io.json import to_json_plotly

from cockpit import shell
from cockpit.live import Pulse
from layouts.page import View

PAGE = {"accept": "text/html", "sec-fetch-mode": "navigate"}


def ids(tree) -> list[str]:
    """All plain ids in a layout as the browser gets it."""
    if isinstance(tree, list):
        return [found for item in tree for found in ids(item)]
    if not isinstance(tree, dict):
        return []
    own = tree.get("props", {}).get("id")
    rest = [found for key, value in tree.get("props", {}).items() if key != "id" for found in ids(value)]
    return [own, *rest] if isinstance(own, str) else rest


def as_json(component) -> object:
    return json.loads(to_json_plotly(component))


@pytest.fixture
def pages():
    return shell.discover_pages()


def test_no_page_has_an_id_twice(pages):
    frame = ids(as_json(shell.frame()))
    for page in pages:
        shown = Counter(frame + ids(as_json(shell.page_tree(pages, page, View(community="demo")))))
        assert [i for i, n in shown.items() if n > 1] == [], page.slug


def test_every_callback_speaks_of_ids_that_exist(site, pages):
    known = set(ids(as_json(shell.everything(pages))))
    with site.client() as client:
        wired = client.get("/_dash-dependencies").json()
    assert wired
    for callback in wired:
        outputs = re.findall(r"([\w-]+)\.[\w]+", callback["output"])
        asked = [d["id"] for kind in ("inputs", "state") for d in callback[kind]]
        plain = [i for i in (*outputs, *asked) if not i.startswith("{")]
        assert set(plain) <= known, callback["output"]


def test_what_is_written_as_html_goes_where_html_is_shown(site, pages):
    """a plain div would show the marks of HTML as words"""
    kinds: dict[str, str] = {}

    def note(tree) -> None:
        if isinstance(tree, dict):
            kinds[str(tree.get("props", {}).get("id"))] = tree.get("type", "")
            note(list(tree.get("props", {}).values()))
        for item in tree if isinstance(tree, list) else []:
            note(item)

    note(as_json(shell.everything(pages)))
    with site.client() as client:
        wired = client.get("/_dash-dependencies").json()
    answered = [one for one in wired if (one["clientside_function"] or {}).get("function_name") == "answered"]
    stores = tuple(f"{callback['inputs'][0]['id']}.data" for callback in answered)
    panels = [callback["output"] for callback in wired if any(f"..{store}." in callback["output"] for store in stores)]
    places = {i for output in panels for i in re.findall(r"([\w-]+)\.children", output)}
    assert "care-rules--outlets" in places
    assert {place: kinds[place] for place in places if kinds[place] != "Drawn"} == {}


def test_no_output_has_two_owners(site):
    with site.client() as client:
        wired = client.get("/_dash-dependencies").json()
    outputs = Counter(o for callback in wired for o in callback["output"].strip(".").split("..."))
    assert [o for o, n in outputs.items() if n > 1] == []


def follow(client, path: str, search: str = "", shown=None) -> dict:
    """What the browser asks when the address changes."""
    outputs = [("shell--view", "data"), ("shell--page", "children"), ("shell--page-shown", "data")]
    body = {
        "output": ".." + "...".join(f"{i}.{p}" for i, p in outputs) + "..",
        "outputs": [{"id": i, "property": p} for i, p in outputs],
        "inputs": [
            {"id": "shell--url", "property": "pathname", "value": path},
            {"id": "shell--url", "property": "search", "value": search},
        ],
        "state": [{"id": "shell--page-shown", "property": "data", "value": shown}],
        "changedPropIds": ["shell--url.pathname"],
    }
    answer = client.post("/_dash-update-component", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["response"]


def test_the_address_chooses_page_language_and_instant(site):
    with site.client() as client:
        answer = follow(client, "/overview", "?lang=en&at=2026-11-22T12:00:00%2B08:00")
    view = answer["shell--view"]["data"]
    assert view == {"at": "2026-11-22T04:00:00+00:00", "lang": "en", "community": "demo", "with": None}
    assert "overview" in str(answer["shell--page-shown"])


def test_moving_only_the_instant_leaves_the_page_alone(site):
    with site.client() as client:
        shown = follow(client, "/overview")["shell--page-shown"]["data"]
        moved = follow(client, "/overview", "?at=2026-11-22T11:00:00%2B08:00", shown)
    assert "shell--page" not in moved
    assert moved["shell--view"]["data"]["at"] == "2026-11-22T03:00:00+00:00"


def test_what_a_page_asked_is_asked_of_the_next_instant_before_it_is_told(site, clock):
    view = {"at": None, "lang": "zh", "community": "demo", "with": None}
    with site.client() as client:
        for wired in client.get("/_dash-dependencies").json():
            if not wired["output"].startswith("..overview--") or wired.get("clientside_function"):
                continue
            named = [one.rsplit(".", 1) for one in wired["output"].strip(".").split("...")]
            given = {
                kind: [one | {"value": view if one["id"] == "shell--view" else None} for one in wired[kind]]
                for kind in ("inputs", "state")
            }
            outputs = [{"id": name, "property": prop} for name, prop in named]
            said = {"output": wired["output"], "outputs": outputs, "changedPropIds": ["shell--revision.data"], **given}
            client.post("/_dash-update-component", json=said)
    counts, before = site.cockpit.answers.counts, site.cockpit.answers.counts.misses
    clock.forward(seconds=2)
    site.cockpit.hub.ahead(Pulse(site.twin.revision, site.twin.now()))
    assert counts.misses > before


def test_an_address_without_a_page_says_so(site):
    with site.client(**PAGE) as client:
        assert client.get("/nowhere").status_code == 404
        assert client.get("/overview").status_code == 200
        tree = follow(client, "/nowhere")["shell--page"]["children"]
    assert "404" in str(tree)


def test_the_first_byte_is_dark_chinese_and_names_nothing_outside(site):
    with site.client(**PAGE) as client:
        html = client.get("/").text
        sources = re.findall(r'(?:src|href)="([^"]+)"', html)
        assert sources
        assert [s for s in sources if not s.startswith("/")] == []
        for source in sources:
            answer = client.get(source.replace("&amp;", "&"))
            assert answer.status_code == 200, source
    assert '<html lang="zh-CN">' in html
    assert html.index("background:#0B1220") < html.index("<script")
    assert "Loading..." not in html


def test_the_policy_of_a_page_names_each_of_its_own_scripts_and_no_other(site):
    with site.client(**PAGE) as client:
        for path in ("/", "/api/docs"):
            page = client.get(path)
            scripts = re.findall(r"<script([^>]*)>(.*?)</script>", page.text, re.DOTALL)
            own = [s for how, s in scripts if s and "json" not in how]
            wanted = {base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in own}
            assert wanted
            (named,) = re.findall(r"script-src ([^;]*);", page.headers["content-security-policy"])
            assert set(re.findall(r"'sha256-([^']+)'", named)) == wanted


def test_styles_that_stand_in_no_file_are_let_only_where_a_page_makes_them_itself(site):
    """Dash's pages do so in both ways, a wall draws bars with style attributes; nothing else does either."""
    with site.client(**PAGE) as client:
        found = {}
        for path in ("/", "/screen/lobby", "/screen", "/api/docs", "/sign-in", "/nowhere", "/api/v1/communities"):
            policy = client.get(path).headers["content-security-policy"]
            said = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
            found[path] = {name for name, what in said.items() if "unsafe-inline" in what}
    assert found.pop("/") == found.pop("/nowhere") == {"style-src-elem", "style-src-attr"}
    assert found.pop("/screen/lobby") == {"style-src-attr"}
    assert set(map(frozenset, found.values())) == {frozenset()}


def test_scripts_are_compressed_and_kept_by_the_browser(site):
    with site.client(**{"accept-encoding": "gzip"}) as client:
        deck = client.get("/vendor/deck.js")
        assert deck.headers["content-encoding"] == "gzip"
        assert len(deck.content) > 4_000_000
        again = client.get("/vendor/deck.js", headers={"if-none-match": deck.headers["etag"]})
        assert again.status_code == 304
        html = client.get("/", headers=PAGE).text
        suites = [s for s in re.findall(r'src="([^"]+)"', html) if "_dash-component-suites" in s]
        for suite in suites:
            answer = client.get(suite)
            assert "max-age=31536000" in answer.headers["cache-control"], suite
        own = re.findall(r'(?:src|href)="(/bundle/[^"]+)"', html)
        assert len(own) == 2
        for file in own:
            answer = client.get(file)
            assert "immutable" in answer.headers["cache-control"], file
            assert answer.headers["content-encoding"] == "gzip", file
            assert "immutable" not in client.get(file.partition("?")[0]).headers["cache-control"], "may change any time"


def test_the_map_is_fetched_once_per_version(site):
    version = site.twin.geometry_version("demo", site.twin.now())
    with site.client() as client:
        one = client.get("/map/demo/geometry", params={"v": version})
        assert one.content[:4] == b"CIM1"
        assert "immutable" in one.headers["cache-control"]
        other = client.get("/map/demo/geometry", headers={"if-none-match": one.headers["etag"]})
        assert (other.status_code, other.content) == (304, b"")
        classes = client.get("/map/demo/classes").json()
    assert classes["version"] == version
    assert len(classes["alert"]) == 3


def test_a_callback_nobody_registered_is_refused(site):
    with site.client() as client:
        answer = client.post("/_dash-update-component", json={"output": "nobody.data", "inputs": [], "state": []})
    assert answer.status_code == 400

"""A wall in a real browser: it turns its shows, survives a network that is cut, and gives way to an alarm."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from .conftest import seat, watched

pytestmark = pytest.mark.browser
WALL = {"width": 1280, "height": 720}
ANSWERED = "() => window.CimWall && window.CimWall.counts.answers > 0"
CONTEXTS = "() => window.CimWallLife.health().contexts"


@pytest.fixture
def wall(browser, served):
    """A wall computer; its browser complains when the network goes, which the test does."""
    screen = seat(browser, WALL, served.url)
    screen.forgiven = ("ERR_INTERNET_DISCONNECTED", "ERR_NETWORK_CHANGED", "Failed to fetch")
    yield screen
    screen.page.context.set_offline(False)
    screen.page.goto("about:blank")
    watched(screen)
    screen.page.context.close()


def test_the_lobby_turns_its_shows_with_one_map_and_comes_back_from_a_cut_by_itself(wall):
    wall.page.goto(wall.home + "/screen/lobby?speed=40&theme=light")
    wall.until(ANSWERED, within=20)
    expect(wall.page.locator('[data-part="air"] .wall-panel')).to_be_visible()
    assert wall.page.evaluate("() => getComputedStyle(document.documentElement).cursor") == "none"
    assert wall.page.evaluate("() => document.documentElement.scrollHeight <= innerHeight")
    wall.map_ready()
    wall.until("() => window.CimWall.counts.shows >= 2", within=15)
    assert wall.page.evaluate(CONTEXTS) == 1

    loaded = wall.page.evaluate("() => performance.timeOrigin")
    wall.page.context.set_offline(True)
    wall.until("() => document.documentElement.hasAttribute('data-offline')", within=15)
    assert "离线" in wall.text("#wall-state")
    wall.page.context.set_offline(False)
    assert wall.until("() => !document.documentElement.hasAttribute('data-offline')", within=5) < 5
    assert wall.page.evaluate("() => performance.timeOrigin") == loaded, "the page was opened anew"
    assert wall.page.evaluate(CONTEXTS) == 1


def test_an_alarm_takes_over_the_duty_wall_until_it_is_acknowledged_and_the_lobby_shows_nothing_of_it(wall, served):
    loud = {i["building_id"] for i in served.get("/api/v1/incidents", limit="500").json()["items"]}
    buttons = served.get("/api/v1/devices", type="sos_button", status="fresh", limit="500").json()["items"]
    button = next(d for d in buttons if d["dialect"] == "zigbee2mqtt" and d["building_id"] not in loud)
    wall.page.goto(wall.home + "/screen/duty?show=overview")
    wall.until(ANSWERED, within=20)
    served.publish(f"zigbee2mqtt/{button['address']}", json.dumps({"action": "emergency", "battery": 90}))
    place = wall.page.locator("#wall-take .wall-takeover")
    expect(place).to_be_visible()
    wall.until("() => document.documentElement.hasAttribute('data-taken')", within=5)
    incident = place.get_attribute("data-incident")
    assert wall.page.evaluate("async () => (await (await fetch('/screen/lobby/answers')).json()).takeover") is None
    steps = f"/api/v1/incidents/{incident}/steps"
    said = {"step": "acknowledge", "by": "值班员"}
    # somebody of the sample's staff may have been quicker: a second acknowledgement is refused as one
    assert served.post(steps, said).status_code in (200, 409)
    # another one of the neighbourhood's may be next; this one is gone
    gone = "id => document.querySelector('#wall-take .wall-takeover:not([hidden])')?.dataset.incident !== id"
    wall.page.wait_for_function(gone, arg=incident)
    served.publish(f"zigbee2mqtt/{button['address']}", json.dumps({"action": "", "battery": 90}))

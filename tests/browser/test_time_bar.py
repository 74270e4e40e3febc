"""Live or past: the page says which, and the past shows what was known then."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

ACT = 2  # a building's class of alert on the map


def test_an_alarm_is_not_in_the_past_before_it_was_known(screen, served, quiet_smoke_detector, wait_for):
    smoke = quiet_smoke_detector()
    before = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def firing(**query: str) -> bool:
        alerts = served.get("/api/v1/alerts", severity="act", limit="500", **query).json()["items"]
        return any(alert["subject"] == smoke.device_id for alert in alerts)

    def smoking(**query: str) -> set[str]:
        """The detectors whose alarms open incidents rest on."""
        items = served.get("/api/v1/incidents", limit="500", **query).json()["items"]
        evidence = {found["alert_id"] for incident in items for found in incident["evidence"]}
        known = served.get("/api/v1/alerts", rule="smoke", limit="500", **query).json()["items"]
        return {alert["subject"] for alert in known if alert["id"] in evidence}

    smoke.says(True)
    wait_for(firing, within=5, what="the alarm to be known")
    red = "() => window.CimMap.stats().counts.alert.act"
    index = "id => { let i = 0; while (window.CimMap.id(i) !== id) i++; return i; }"
    screen.open("/overview")
    building = screen.page.evaluate(index, smoke.building_id)
    assert screen.page.evaluate(red) >= 1
    assert served.get("/map/demo/classes").json()["alert"][building] == ACT
    place = screen.page.locator("#overview--urgent, #overview--tasks").filter(has_text="烟")
    expect(place.first).to_be_visible()
    assert smoke.device_id in smoking()
    screen.open(f"/overview?at={before}")
    assert not firing(at=before)
    then = served.get("/map/demo/classes", at=before).json()["alert"]
    assert then[building] != ACT
    assert screen.page.evaluate(red) == then.count(ACT), "the map shows that instant"
    assert smoke.device_id not in smoking(at=before)
    expect(screen.page.locator("#shell--bar .past-word")).to_be_visible()


def test_dragging_the_time_bar_shows_the_past_and_one_press_returns(screen):
    page = screen.open().page
    expect(page.locator("#shell--bar .live-word")).to_be_visible()
    expect(page.locator("#shell--bar .past-word")).to_be_hidden()
    expect(page.locator("#shell--track svg")).to_be_visible()
    box = page.locator("#shell--track").bounding_box()
    x, y = box["x"] + box["width"] - 60, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 300, y, steps=4)
    page.mouse.up()
    page.wait_for_url("**at=*")
    expect(page.locator("body")).to_have_attribute("data-past", "")
    expect(page.locator("#shell--bar .past-word")).to_have_text("历史回看")
    expect(page.locator("#shell--bar .live-word")).to_be_hidden()
    at = datetime.fromisoformat(parse_qs(urlparse(page.url).query)["at"][0].replace(" ", "+"))
    shown = page.locator("#shell--clock").inner_text()
    assert shown == f"{at:%H:%M:%S}"
    page.locator('[data-time="live"]').click()
    expect(page.locator("#shell--bar .past-word")).to_be_hidden()
    assert "at=" not in page.url


def test_the_track_fills_its_bar_and_carries_the_lines(screen):
    page = screen.open("/overview").page
    expect(page.locator("#shell--track .t-power")).to_be_attached(timeout=20_000)
    bar, track = (page.locator(place).bounding_box() for place in (".timebar", "#shell--track"))
    assert track["height"] >= bar["height"] - 4, "as tall as the bar, else there is no room for the lines"


def test_an_instant_survives_going_to_another_page_and_back(screen):
    at = "2026-11-22T03:12:00+08:00"
    page = screen.open(f"/overview?at={at}").page
    page.locator('#shell--bar a[data-page="devices"]').click()
    expect(page.locator('main[data-page="devices"]')).to_be_visible()
    assert parse_qs(urlparse(page.url).query)["at"] == [at.replace("+", " ")] or at in page.url
    expect(page.locator("#shell--bar .past-word")).to_be_visible()
    page.go_back()
    expect(page.locator('main[data-page="overview"]')).to_be_visible()


def test_before_the_first_data_the_page_says_so(screen):
    page = screen.open("/overview?at=2001-01-01T00:00:00%2B08:00", drawn=False).page
    expect(page.locator("#shell--bar .past-word")).to_be_visible()
    expect(page.locator("body")).to_contain_text("之前没有数据")

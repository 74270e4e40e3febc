"""The occupancy page in a browser: floors that are drawn and chosen from, and a plan where WebGL is missing."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .conftest import barriers

pytestmark = pytest.mark.browser

NO_WEBGL = """const own = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  return /webgl/.test(kind) ? null : own.call(this, kind, ...rest);
};"""


def test_the_floors_are_drawn_and_a_room_of_the_list_is_looked_at_everywhere(screen):
    page = screen.open("/occupancy").page
    screen.until("() => window.CimFloors && window.CimFloors.ready() && window.CimFloors.tags() > 5", within=30)
    room = page.locator('.people-floors [data-value="demo-r-library"]')
    room.click()
    expect(room).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".room-tag.on")).to_contain_text("共享书房")
    expect(page.locator(".people-week h2")).to_contain_text("共享书房")
    expect(page.locator(".people-ahead .error-said")).to_contain_text("平均误差")
    expect(page.locator(".people-week .js-plotly-plot")).to_be_visible()
    page.locator(".people-head .figure").click()
    expect(page.locator(".people-rows [role=dialog] tbody tr").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".people-rows [role=dialog]")).to_have_count(0)
    assert barriers(page) == []


def test_without_webgl_the_floors_are_a_plan_of_every_room(look, served):
    seen = look(served.url)
    seen.page.add_init_script(NO_WEBGL)
    page = seen.open("/occupancy").page
    expect(page.locator(".floors-plan polygon")).to_have_count(21)
    expect(page.locator(".floors-note")).to_contain_text("平面图")

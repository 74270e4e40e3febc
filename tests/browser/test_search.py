"""Search, saved views and help by keyboard alone, in a real browser."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import DESK


def test_a_slash_finds_a_home_and_enter_opens_it_without_its_words_in_any_address(screen):
    page = screen.open("/devices").page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    expect(page.locator("#devices--grid .ag-row").first).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("东园 3-2-502")
    first = page.locator('.search-box [role="option"]').first
    expect(first).to_contain_text("东园 3幢 2单元 502")
    expect(first.locator("mark").first).to_be_visible()
    expect(page.locator("#shell--search-line")).to_have_attribute("aria-activedescendant", first.get_attribute("id"))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/home\?home="))
    expect(page.locator("#home--head")).to_contain_text("502")
    expect(page.locator(".search-box:visible")).to_have_count(0)
    assert not [url for url in asked if "%E4%B8%9C" in url or "3-2-502" in url]


def test_a_view_is_saved_found_again_and_deleted_by_keyboard(screen):
    page = screen.open("/kpi?kpi=gateways_online&at=2026-11-22T14:05:00%2B08:00").page
    expect(page.locator("#shell--bar")).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator(".help-box")).to_contain_text("Ctrl K")
    page.set_viewport_size({"width": 390, "height": 844})
    for _ in range(4):
        page.keyboard.press("Tab")
        inside = page.evaluate("() => Boolean(document.activeElement.closest('.help-box'))")
        assert inside, "it covers the page there: the keyboard does not go behind it"
    page.set_viewport_size(DESK)
    page.keyboard.press("Escape")
    page.keyboard.press("v")
    page.keyboard.type("网关周报")
    page.keyboard.press("Enter")
    row = page.locator(".views-row", has_text="网关周报")
    expect(row).to_contain_text("2026-11-22 14:05")
    page.keyboard.press("Escape")
    page.goto(page.url.split("/kpi")[0] + "/devices")
    page.locator("[data-views-open]").click()
    row.locator("[data-view-go]").click()
    expect(page).to_have_url(re.compile(r"/kpi\?kpi=gateways_online.*at=2026-11-22T14:05:00"))
    expect(page.locator("#kpi--top .panel")).to_be_visible()
    page.keyboard.press("v")
    drop = row.get_by_role("button", name=re.compile("删除"))
    drop.click()
    drop.click()
    expect(row).to_have_count(0)

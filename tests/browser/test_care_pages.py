"""Homes, service levels, drills and rules in a browser: found, read and changed by hand; nothing an axe would fell."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from .conftest import barriers

pytestmark = pytest.mark.browser

PAGES = {
    "/home": ".home-list .ag-row",
    "/service-levels": ".headline",
    "/drills": ".scenario",
    "/care-rules": ".rule-list",
}


@pytest.mark.parametrize("path", list(PAGES))
def test_a_page_can_be_used_by_everybody(screen, path):
    page = screen.open(path).page
    expect(page.locator(PAGES[path]).first).to_be_visible()
    assert barriers(page) == []
    current = page.locator(".subnav [aria-current=page]")
    assert current.get_attribute("data-page") == path.strip("/")


def test_a_home_is_found_by_typing_and_opened_with_its_two_days(screen, served):
    home = served.get("/api/v1/home-states", limit="1").json()["items"][0]["home_id"]
    page = screen.open("/home").page
    expect(page.locator(".home-list .ag-row").first).to_be_visible()
    place = page.locator(f'.home-list .ag-row[row-id="{home}"] [col-id=place]')
    page.locator("#home--search").fill(home_number(served, home))
    expect(place).to_be_visible()
    place.click()
    expect(page).to_have_url(re.compile(f"home={home}"))
    expect(page.locator(".rhythm-plot .track").first).to_be_visible()
    assert page.locator(".rhythm-plot .track img").count() >= 5
    assert barriers(page) == []
    page.locator(".home-line .way").click()
    expect(page.locator(".home-list")).to_be_visible()


def home_number(served, home: str) -> str:
    """What stands on its door."""
    return next(h["number"] for h in served.get("/api/v1/homes", limit="10000").json()["items"] if h["home_id"] == home)


def test_a_number_of_a_rule_is_changed_with_who_and_why_and_a_wrong_one_is_refused(screen, served):
    page = screen.open("/care-rules").page
    page.locator(".number .button").first.click()
    form = page.locator(".editor form")
    expect(form).to_be_visible()
    form.locator('input[name="by"]').fill("测试员")
    form.locator('input[name="reason"]').fill("浏览器测试")
    value = form.locator('input[name="value"]')
    right = value.input_value()
    value.fill("99999")
    form.evaluate("form => { form.noValidate = true; }")  # the server must refuse it, whatever the browser lets through
    screen.forgiven = ("status of 400",)
    form.locator("[type=submit]").click()
    expect(form.locator(".form-answer.wrong")).to_contain_text("99999")
    value.fill(right)
    form.locator("[type=submit]").click()
    expect(page.locator(".told")).to_contain_text("已保存")
    expect(page.locator(".changes").first).to_contain_text("测试员：浏览器测试")
    changed = [t for t in served.get("/api/v1/thresholds").json()["items"] if t["changed_by"] == "测试员"]
    assert [t["reason"] for t in changed] == ["浏览器测试"]
    screen.forgiven = ()


def test_an_absence_is_declared_and_ended_by_two_presses(screen, served):
    home = served.get("/api/v1/home-states", limit="1").json()["items"][0]["home_id"]
    page = screen.open("/care-rules").page
    form = page.locator("#care-rules--declare form")
    expect(form).to_be_visible()
    words = form.locator(f'option[data-id="{home}"]').get_attribute("value")
    form.locator('input[name="home_id"]').fill(words)
    form.locator('input[name="by"]').fill("测试员")
    form.locator('input[name="reason"]').fill("住院检查")
    form.locator("[type=submit]").click()
    declared = page.locator("#care-rules--absences .absence-list > li", has_text="住院检查")
    expect(declared).to_be_visible()
    button = declared.get_by_role("button")
    button.click()
    expect(button).to_have_text("再按一次确认")
    button.click()
    expect(declared).to_have_count(0)


def test_every_figure_opens_its_rows_and_escape_closes_them(screen):
    page = screen.open("/service-levels").page
    page.locator(".small-figure", has_text="设备在线").click()
    drawer = page.locator(".over-page .drawer")
    expect(drawer.locator("tbody tr").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)


def test_in_the_past_nothing_can_be_written(screen, served):
    now = served.get("/api/v1/communities").json()["at"]
    page = screen.open(f"/care-rules?at={now.replace('+', '%2B')}").page
    expect(page.locator(".rule-list")).to_be_visible()
    assert page.locator("form[data-send]").count() == 0

"""The City page and the profile of an installation with one community, in a browser: usable by everybody, no error."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .conftest import barriers

pytestmark = pytest.mark.browser


def test_one_community_has_its_map_its_place_and_its_profile(screen):
    page = screen.open("/city").page
    expect(page.locator('[data-city-map][data-ready="1"]')).to_be_visible()
    rows = page.locator(".city-table.ranking tbody tr")
    expect(rows).to_have_count(1)
    page.locator('button.city-tile[data-value="people"]').click()
    expect(page.locator(".people-rows .drawer tbody tr")).to_have_count(1)
    assert barriers(page) == []
    page.keyboard.press("Escape")
    expect(page.locator(".people-rows .drawer")).to_have_count(0)
    page.locator(".city-communities path").click()
    expect(page.locator(".city-chosen h2")).to_be_visible()
    assert barriers(page) == []
    page.locator(".city-chosen .button.accent").click()
    expect(page.locator(".profile-name h1")).to_be_visible()
    expect(page.locator(".profile-plan tbody tr").first).to_be_visible()
    assert barriers(page) == []

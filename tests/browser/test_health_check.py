"""The health check in a browser: a rulebook is chosen, an item is looked at, and its rows are there."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .conftest import barriers

pytestmark = pytest.mark.browser


def test_a_rulebook_is_chosen_and_an_item_of_it_is_looked_at(screen):
    page = screen.open("/health-check").page
    expect(page.locator(".health-table tr.on")).to_have_count(1, timeout=20_000)
    page.locator('select[data-address="rulebook"]').select_option("pilot_2022")
    expect(page.locator(".health-table .cell-no")).to_have_count(7, timeout=20_000)
    page.locator(".health-table a", has_text="社区食堂").click()
    expect(page.locator(".health-card h2")).to_contain_text("社区食堂")
    expect(page.locator(".health-evidence tbody tr").first).to_be_visible()
    assert barriers(page) == []

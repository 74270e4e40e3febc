"""Playing the past, and two instants beside each other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_a_link_with_two_instants_shows_both_on_one_map_and_their_figures(screen):
    now = datetime.now(UTC)
    at, other = ((now - timedelta(hours=hours)).isoformat(timespec="seconds") for hours in (3, 20))
    page = screen.open(f"/overview?at={at.replace('+', '%2B')}&with={other.replace('+', '%2B')}").page
    tags = page.locator(".beside-tag")
    expect(tags).to_have_count(2)
    expect(page.locator(".beside-tag.left.is-other")).to_be_visible()
    expect(page.locator("#overview--elders .now").first).to_contain_text("左")
    grip = page.locator(".beside-grip")
    before = int(grip.get_attribute("aria-valuenow"))
    grip.focus()
    page.keyboard.press("PageDown")
    assert int(grip.get_attribute("aria-valuenow")) > before
    page.locator('[data-time="compare"]').click()
    expect(page.locator(".beside-line")).to_have_count(0)
    assert "with=" not in page.url


def test_playing_moves_the_clock_between_the_screens_and_the_address_after_them(screen, wait_for):
    at = (datetime.now(UTC) - timedelta(hours=6)).isoformat(timespec="seconds")
    page = screen.open(f"/overview?at={at.replace('+', '%2B')}").page
    page.locator('select[data-time="speed"]').select_option("600")
    began = page.url
    page.locator('[data-time="play"]').click()
    seen = set()

    def runs():
        seen.add(page.locator("#shell--clock").inner_text())
        return len(seen) > 4

    wait_for(runs, within=20, what="the clock to run")
    page.wait_for_url(lambda url: url != began, timeout=30_000)
    page.locator('[data-time="play"]').click()
    expect(page.locator("body")).not_to_have_attribute("data-playing", "")
    head = page.locator("#shell--clock").inner_text()
    expect(page.locator("#shell--bar .past-word")).to_be_visible()
    assert head == page.locator("#shell--clock").inner_text(), "it stands where it was stopped"

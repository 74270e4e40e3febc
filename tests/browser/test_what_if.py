"""The what-if page in a browser: a click on the map puts a facility, and the picture says that it is not what is."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .conftest import barriers

pytestmark = pytest.mark.browser


BARE = """() => {
    const box = document.getElementById("what-if--map").getBoundingClientRect(), met = new Set();
    for (let n = 0; n < 400; n++) {
        const x = box.x + box.width * (0.4 + 0.015 * (n % 20));
        const y = box.y + box.height * (0.4 + 0.015 * Math.floor(n / 20));
        const there = document.elementFromPoint(x, y);
        if (there.tagName === "CANVAS") return [x, y];
        met.add(there.tagName + "." + there.className);
    }
    throw new Error("no bare spot: " + [...met].join(" "));
}"""
"""A spot of the map near its middle where no pin stands."""


def test_a_click_on_the_map_puts_a_facility_and_who_gains_is_told_at_once(screen):
    page = screen.open("/what-if").page
    expect(page.locator(".what-if-mark")).to_contain_text("推演方案，非现状")
    screen.until("() => performance.getEntriesByName('what-if:drawn').length > 0", within=30)
    page.locator('[data-what-if="put"]').click()
    page.mouse.click(*page.evaluate(BARE))
    expect(page.locator(".what-if-result .op-put")).to_be_visible(timeout=10_000)
    expect(page.locator(".what-if-figure .num")).to_be_visible()
    page.locator('[data-what-if="undo"]').click()
    page.locator('.what-if-places [data-what-if="use"]').first.click()
    expect(page.locator(".what-if-result tbody tr")).to_have_count(6)
    page.locator('[data-what-if="best"]').click()
    expect(page.locator(".proof.proven")).to_contain_text("间隙 0", timeout=15_000)
    assert barriers(page) == []

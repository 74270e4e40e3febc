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


DRAFT = "() => JSON.parse(sessionStorage.getItem('cim-what-if')).draft.edits[0]"


def carry(page, pin, right, down):
    """A pin is taken hold of, carried and let go: the facility stands elsewhere, with all else that was said of it."""
    page.locator(pin).hover()  # once it stands still and nothing lies over it
    before, box = page.evaluate(DRAFT), page.locator(pin).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.down()
    page.mouse.move(x + right, y + down, steps=6)
    page.mouse.up()
    page.wait_for_function(f"lon => ({DRAFT})().lon > lon", arg=before["lon"])
    after = page.evaluate(DRAFT)
    assert after["lon"] > before["lon"]
    assert after["lat"] < before["lat"]
    assert {**after, "lon": 0, "lat": 0} == {**before, "lon": 0, "lat": 0}
    assert before["area_m2"] == 120


def test_a_click_on_the_map_puts_a_facility_and_who_gains_is_told_at_once(screen):
    page = screen.open("/what-if").page
    expect(page.locator(".what-if-mark")).to_contain_text("推演方案，非现状")
    screen.until("() => performance.getEntriesByName('what-if:drawn').length > 0", within=30)
    page.locator('[data-field="area_m2"] input').fill("-5")
    put = page.locator("[data-what-if-form] [type=submit]")
    put.click()
    expect(page.locator('[data-field-wrong="area_m2"]')).to_contain_text("须是 0")
    page.locator('[data-field="area_m2"] input').fill("120")
    put.click()
    page.mouse.click(*page.evaluate(BARE))
    expect(page.locator(".what-if-result .op-put")).to_be_visible(timeout=10_000)
    expect(page.locator(".what-if-figure .num")).to_be_visible()
    carry(page, '[data-drag="edit-0"]', 60, 40)
    page.locator('[data-what-if="undo"]').click()
    page.locator('.what-if-places [data-what-if="use"]').first.click()
    expect(page.locator(".what-if-result tbody tr")).to_have_count(6)
    page.locator('[data-what-if="best"]').click()
    expect(page.locator(".proof.proven")).to_contain_text("间隙 0", timeout=15_000)
    assert barriers(page) == []

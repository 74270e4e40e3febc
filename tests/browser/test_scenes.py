"""The nine scenes in a browser: usable by everybody, every tile leads to its KPI, the same value on every page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from .conftest import barriers

pytestmark = pytest.mark.browser

SCENES = 9


def test_the_scenes_can_be_used_by_everybody_and_every_tile_leads_to_its_kpi(screen):
    page = screen.open("/scenes").page
    tiles = page.locator(".scene-tile")
    expect(tiles).to_have_count(SCENES)
    expect(page.locator(".scene-spark").first).to_be_visible()
    assert barriers(page) == []
    links = ".scene-foot a, .tile-headline a, .tile-lacking a"
    ways = [tile.locator(links).first.get_attribute("href") for tile in tiles.all()]
    assert [way for way in ways if not re.match(r"/kpi\?.*kpi=\w+", way or "")] == []
    scrolls = page.evaluate("() => document.scrollingElement.scrollHeight > innerHeight")
    assert not scrolls


def test_a_kpi_has_the_same_value_on_every_page_and_in_the_interface(screen, served):
    """As of one past minute, so that nothing moves between the looks."""
    page = screen.open("/scenes").page
    expect(page.locator(".scene-tile")).to_have_count(SCENES)
    at = page.evaluate("() => CimShell.iso(CimShell.serverNow() - 120000)")
    page.evaluate("at => CimShell.visit(CimShell.href({ at }))", at)
    headline = page.locator(".scene-tile:not(.blind) .tile-headline a:not(:has(.blind))").first
    expect(headline).to_have_attribute("href", re.compile("at="))  # the tiles of the instant are there
    href = headline.get_attribute("href") or ""
    kpi = re.search(r"kpi=(\w+)", href)[1]
    number = page.locator(f'.tile-headline a[href="{href}"] .num').evaluate("e => e.firstChild.textContent")
    scene = page.locator(f'.scene-tile:has(a[href="{href}"])').get_attribute("data-scene")
    item = next(i for i in served.get("/api/v1/kpis", at=at, limit="500").json()["items"] if i["id"] == kpi)

    headline.click()
    value = page.locator(".kpi-value .num")
    expect(value).to_have_text(number)
    assert barriers(page) == []
    page.evaluate("scene => CimShell.visit(CimShell.href({ scene }, '/scene'))", scene)
    expect(page.locator(f'.cell-value a[href*="kpi={kpi}"] .num')).to_contain_text(number)
    assert barriers(page) == []
    page.evaluate("([at, kpi]) => CimShell.visit(CimShell.href({ with: at, kpi }, '/compare'))", [at, kpi])
    both = page.locator(f'tr[data-words$="{kpi}"] .num')
    expect(both).to_have_count(2)
    for side in both.all():
        expect(side).to_contain_text(number)
    assert barriers(page) == []
    assert float(number.replace(",", "")) == pytest.approx(item["value"], abs=0.06 if item["value"] < 100 else 1)


def test_the_rows_behind_a_kpi_are_shown_found_and_exported(screen):
    page = screen.open("/kpi").page
    expect(page.locator(".kpi-link").first).to_be_visible()
    page.locator("#kpi--search").fill("吹哨")
    expect(page.locator(".kpi-list li:not([hidden])").filter(has_not_text="哨")).to_have_count(0)
    page.locator(".kpi-link:visible").first.click()
    expect(page.locator(".evidence-grid .ag-row").first).to_be_visible()
    with page.expect_download() as download:
        page.locator('[data-form="text/csv"]').click()
    lines = download.value.path().read_bytes()
    assert lines.startswith(b"\xef\xbb\xbf")
    assert b"numerator" in lines.splitlines()[0]
    assert len(lines.splitlines()) > 1

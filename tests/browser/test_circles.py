"""The circles page in a browser: every choice stands in the address, and map, legend and figures follow it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from .conftest import barriers

pytestmark = pytest.mark.browser

COUNTED = """() => [...document.querySelectorAll(".walk-ramp small, .walk-rest b")]
    .reduce((sum, one) => sum + Number(one.textContent.replace(/,/g, "")), 0)"""


def test_a_kind_a_limit_and_a_facility_are_chosen_and_the_legend_counts_every_home(screen, served):
    page = screen.open("/circles").page
    legend = page.locator("[data-circles-legend]")
    expect(legend).to_have_attribute("data-mode", "all")
    page.locator('.circles-matrix [data-choose="kind"][data-value="kindergarten"]').click()
    expect(legend).to_have_attribute("data-mode", "kind")
    page.locator('.circles-choices [data-choose="limit"][data-value="5min"]').click()
    expect(page.locator(".walk-ramp span")).to_have_count(2)
    expect(page).to_have_url(re.compile("kind=kindergarten&limit=5min"))
    homes = len(served.get("/api/v1/homes", limit="5000").json()["items"])
    assert page.evaluate(COUNTED) == homes, "reached, beyond and unknown are all of them"
    assert barriers(page) == []
    page.locator('[data-choose="side"][data-value="facilities"]').click()
    page.locator(".facility").first.click()
    expect(legend).to_have_attribute("data-mode", "facility")
    expect(page.locator(".reach-list li")).to_have_count(3)
    page.locator('[data-choose="side"][data-value="network"]').click()
    expect(page.locator(".net-figure")).to_have_count(2)
    page.reload()
    expect(legend).to_have_attribute("data-mode", "facility")  # a link shows the same

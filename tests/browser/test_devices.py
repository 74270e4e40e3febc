"""The devices page: every device with its health, one device's day, and adopting a stranger."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_the_table_holds_every_device_and_a_press_draws_one_device(screen, served):
    page = screen.open("/devices").page
    rows = page.locator("#devices--grid .ag-row")
    expect(rows.first).to_be_visible()
    total = len(served.get("/api/v1/devices", limit="10000").json()["items"])
    expect(page.locator("#devices--filters .filter-chip").first).to_contain_text(f"{total:,}")
    page.locator("#devices--grid .ag-row").first.click()
    expect(page.locator("#devices--device .facts")).to_be_visible()
    page.locator("#devices--device .metric").first.click()
    expect(page.locator("#devices--chart .head").first).to_be_visible()


def test_a_press_on_a_status_leaves_only_devices_of_that_status(screen, served, wait_for):
    def having(status: str) -> int:
        return len(served.get("/api/v1/devices", status=status, limit="10000").json()["items"])

    # at some hours nothing has been silent for long enough to be lost
    status, _ = min(((s, n) for s in ("fresh", "stale", "lost") if (n := having(s))), key=lambda found: found[1])
    page = screen.open("/devices").page
    expect(page.locator("#devices--grid .ag-row").first).to_be_visible()
    page.locator(f'#devices--filters [data-value="{status}"]').click()
    grid = page.locator("#devices--grid [aria-rowcount]").first

    def shown() -> int:
        return int(grid.get_attribute("aria-rowcount") or 0) - 1  # the heading is a row too

    # The sample lives on: one that was silent may be heard again meanwhile, on the page as in the answer.
    wait_for(lambda: shown() == having(status), within=20, what=f"the table to hold the {status} devices and no others")


def test_an_unknown_device_waits_in_quarantine_and_adopting_it_uses_its_messages(screen, served, wait_for):
    address = "browser-test-smoke"
    served.publish(f"zigbee2mqtt/{address}", json.dumps({"smoke": False, "battery": 77}))
    page = screen.open("/devices").page
    page.locator('#devices--tabs [data-value="quarantine"]').click()
    card = page.locator("#devices--quarantine details").filter(has_text=address).first
    card.locator("summary").click()
    expect(card.locator("pre")).to_contain_text('"battery": 77')
    card.locator('[data-set="devices--adopt"]').click()
    form = page.locator("#devices--adopt-form")
    expect(form).to_be_visible()
    expect(form.get_by_role("combobox", name="类型")).to_have_value("烟雾报警器")  # told by what it reports
    place = form.get_by_role("combobox", name="位置")
    place.fill("月球")
    page.locator("#devices--adopt-go").click()
    expect(page.locator("#devices--adopt-answer")).to_contain_text("没有这一项：“月球”")
    place.fill("东园 2幢")
    place.fill(page.locator("#devices--adopt-places option[value*='东园 2幢']").first.get_attribute("value"))
    page.locator("#devices--adopt-go").click()
    expect(page.locator("#devices--adopt-answer")).to_contain_text("2")  # its smoke and its battery

    def known() -> bool:
        found = served.get("/api/v1/devices", type="smoke", limit="10000").json()["items"]
        return any(d["address"] == address and d["battery"] == 77 for d in found)

    wait_for(known, within=5, what="the device with the battery of its first message")

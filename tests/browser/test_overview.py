"""The overview as a person meets it: a drawn map, a message that turns a building red, a click that opens it."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

FREE = (500, 230, 440, 280)  # x, y, width, height in the middle of the map, where no panel lies
RED_ROOF = """([id, least]) => {
    const [x, y] = window.CimMap.where(id), p = window.CimMap.readPixels(x - 30, y - 30, 60, 60);
    let n = 0;
    for (let i = 0; i < p.length; i += 4) if (p[i] > 110 && p[i] > 1.7 * p[i + 1] && p[i] > 1.5 * p[i + 2]) n++;
    return least > 0 ? n >= least : n <= -least;
}"""


def test_the_map_is_drawn_and_not_just_there(screen):
    screen.open()
    drawn = screen.pixels(*FREE)
    colours = np.unique(drawn // 8, axis=0)
    assert len(colours) > 60, "one flat colour is an empty canvas"
    commonest = np.unique(drawn // 8, axis=0, return_counts=True)[1].max() / len(drawn)
    assert commonest < 0.6, f"{commonest:.0%} of the map's middle is one colour"
    assert screen.page.evaluate("() => window.CimMap.stats().buildings") > 30


def test_the_panels_hold_figures_with_units(screen):
    screen.open()
    expect(screen.page.locator("#overview--population")).to_contain_text("人")
    expect(screen.page.locator("#overview--elders")).to_contain_text("户")
    expect(screen.page.locator("#shell--bar")).to_contain_text("模拟数据")
    assert "undefined" not in screen.text("body")
    assert "NaN" not in screen.text("body")


def test_a_message_turns_its_building_red_and_stands_in_the_list_within_seconds(screen, quiet_smoke_detector):
    smoke = quiet_smoke_detector()
    roof = smoke.building_id
    screen.open()
    screen.fly(roof)
    screen.until(RED_ROOF, [roof, -40])
    smoke.says(True)
    to_pixel = screen.until(RED_ROOF, [roof, 150], within=5)
    urgent = screen.page.locator("#overview--urgent, #overview--tasks")
    expect(urgent.filter(has_text="烟").first).to_be_visible(timeout=6000)
    print(f"message to pixel: {to_pixel:.2f} s")


def test_a_click_on_a_building_opens_it_and_a_reading_draws_its_day(screen, served, quiet_smoke_detector):
    building = quiet_smoke_detector().building_id
    screen.open()
    screen.page.mouse.click(*screen.fly(building))
    panel = screen.page.locator("#overview--building .building")
    expect(panel).to_be_visible()
    name = next(b["name"] for b in served.get("/api/v1/buildings", limit="500").json()["items"]
                if b["building_id"] == building)  # fmt: skip
    expect(panel).to_contain_text(name)
    panel.locator("button.reading").first.click()
    expect(screen.page.locator("#overview--chart .chart-panel")).to_be_visible()
    screen.page.keyboard.press("Escape")
    expect(screen.page.locator("#overview--chart .chart-panel")).to_have_count(0)
    panel.locator("[data-escape]").click()
    expect(panel).to_have_count(0)


def test_each_colouring_paints_another_picture_and_counts_its_classes(screen):
    screen.open()
    total = screen.page.evaluate("() => window.CimMap.stats().buildings")
    pictures = {}
    for colouring in ("alert", "occupancy", "freshness"):
        screen.page.locator('select[data-map="colour"]').select_option(colouring)
        pictures[colouring] = screen.pixels(*FREE).tobytes()
        keys = screen.page.locator(f'#overview--legend [data-keys="{colouring}"]')
        expect(keys).to_be_visible()
        counted = screen.page.evaluate("name => window.CimMap.stats().counts[name]", colouring)
        assert sum(counted.values()) == total
    assert len(set(pictures.values())) == 3


def test_the_camera_stays_where_the_person_put_it_while_data_come_in(screen, quiet_smoke_detector):
    smoke = quiet_smoke_detector()
    screen.open()
    place = screen.fly(smoke.building_id)
    smoke.says(True)
    screen.until("id => window.CimMap.stats().counts.alert.act > 0")
    assert screen.roof(smoke.building_id) == pytest.approx(place, abs=1)


def test_labels_of_facilities_are_chinese_and_do_not_cover_each_other(screen):
    screen.open()
    boxes = screen.page.evaluate("() => window.CimMap.labelBoxes()")
    assert len(boxes) >= 5
    page_text = screen.text("#overview--map")
    assert any("\u4e00" <= character <= "\u9fff" for character in page_text)

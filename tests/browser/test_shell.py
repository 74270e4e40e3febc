"""Whatever page is open: language, a broker that dies, a phone, a screen reader."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from ..conftest import Served, unused_port
from .conftest import barriers

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
PAGES = ("/overview", "/devices", "/overview?lang=en", "/devices?lang=en", "/overview?at=2026-11-22T03:12:00%2B08:00")
OVERLAPS = """() => {
    const parts = "#shell--bar :is(.brand-in > *, .nav > .nav-link, .when > *, .bar-figure, .languages a)";
    const boxes = [...document.querySelectorAll(parts)].filter(part => part.offsetParent)
        .map(part => [part.innerText, part.getBoundingClientRect()]);
    const meet = (a, b) => a.right > b.left + 1 && b.right > a.left + 1 && a.bottom > b.top + 1 && b.bottom > a.top + 1;
    return boxes.flatMap(([name, a], i) => [
        ...(a.right > innerWidth + 1 ? [name + " leaves the screen"] : []),
        ...boxes.slice(i + 1).filter(([, b]) => meet(a, b)).map(([other]) => name + " over " + other)]);
}"""
PANELS_OVER = """() => {
    const panels = [...document.querySelectorAll("#shell--main .panel")].filter((one) => one.offsetParent)
        .filter((one) => !one.parentElement.closest(".panel"))
        .map((one) => [one.innerText, one.getBoundingClientRect()]);
    const meet = (a, b) => a.right > b.left + 1 && b.right > a.left + 1 && a.bottom > b.top + 1 && b.bottom > a.top + 1;
    return panels.flatMap(([name, a], i) => panels.slice(i + 1).filter(([, b]) => meet(a, b))
        .map(([other]) => name.slice(0, 12) + " over " + other.slice(0, 12)));
}"""
CHINESE = re.compile("[\u4e00-\u9fff]")


def test_one_press_changes_the_language_of_everything(screen):
    page = screen.open().page
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    page.locator('#shell--bar a[data-lang="en"]').click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#shell--bar nav")).to_contain_text("Overview")
    expect(page.locator("#overview--population")).to_contain_text("people")
    frame = page.locator("#shell--bar nav, #overview--population h2, #overview--elders h2, .legend, #shell--time")
    left = [words for words in frame.all_inner_texts() if CHINESE.search(words)]
    assert left == [], "Chinese left on the English page"
    page.locator('#shell--bar a[data-lang="zh"]').click()
    expect(page.locator("#overview--population")).to_contain_text("在住人口")


@pytest.mark.parametrize("path", PAGES)
def test_no_serious_barrier_for_a_screen_reader(screen, path):
    screen.open(path)
    if path.startswith("/devices"):
        expect(screen.page.locator("#devices--grid .ag-row").first).to_be_visible()
    assert barriers(screen.page) == []


@pytest.mark.parametrize("path", ["/overview", "/devices"])
def test_a_phone_shows_the_page_without_sideways_scrolling(look, served, path):
    screen = look(served.url, size=PHONE).open(path)
    width = screen.page.evaluate("() => document.documentElement.scrollWidth")
    assert width <= PHONE["width"]
    bar = screen.page.locator("#shell--bar").bounding_box()
    assert bar["width"] <= PHONE["width"]


WIDTHS = (1920, 1648, 1608, 1536, 1366, 1328, 1288, 1280, 1072, 1040, 1024, 960)
DRESSED = """async ([letters, badge]) => {
    document.documentElement.style.fontSize = letters;
    document.querySelector(".dressed")?.remove();
    const dress = `<span class="badge dressed">${badge}</span>`;
    if (badge) document.getElementById("shell--red").insertAdjacentHTML("afterend", dress);
    for (let frames = 0; frames < 3; frames++) await new Promise(requestAnimationFrame);
}"""


@pytest.mark.parametrize(
    "path", ["/drills", "/drills?lang=en", "/drills?at=2026-11-22T03:12:00%2B08:00&lang=en"], ids=["zh", "en", "past"]
)
def test_nothing_in_the_top_bar_lies_over_anything_whatever_stands_in_it(screen, path):
    page = screen.open(path).page
    expect(page.locator(".bar-figure")).to_have_count(3)
    page.wait_for_function("() => document.body.hasAttribute('data-past') === location.search.includes('at=')")
    found = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        for letters in ("", "20px"):  # 125 %: the browser's own letters, or its zoom
            for badge in ("", "12"):  # open calls at the elders' entry
                page.evaluate(DRESSED, [letters, badge])
                if over := page.evaluate(OVERLAPS):
                    found[width, letters, badge] = over
    assert found == {}
    if path == "/drills":  # nothing is left out while moving together makes room for it
        page.set_viewport_size({"width": 1920, "height": 800})
        page.evaluate(DRESSED, ["", "12"])
        assert [page.locator(f"#shell--bar {part}").is_visible() for part in (".day", ".product")] == [True, True]


@pytest.mark.parametrize(("path", "drawn"), [("/what-if", ".what-if-result"), ("/circles", ".circles-matrix")])
def test_no_panel_lies_over_another_on_a_tablet(screen, path, drawn):
    page = screen.page
    page.set_viewport_size({"width": 820, "height": 1180})
    screen.open(path)
    expect(page.locator(drawn).first).to_be_visible()
    assert page.evaluate(PANELS_OVER) == []


def test_a_broker_that_dies_is_on_screen_within_five_seconds_and_goes_when_it_is_back(look, serve, mosquitto, wait_for):
    server = serve("--broker", mosquitto.url, "--no-sample")
    wait_for(lambda: server.get("/healthz").json()["broker_connected"], what="the connection to mosquitto")
    screen = look(server.url)
    page = screen.open("/devices").page
    expect(page.locator("#shell--strip .lost")).to_have_count(0)
    mosquitto.stop()
    expect(page.locator("#shell--strip")).to_contain_text("已中断", timeout=5000)
    mosquitto.start()
    expect(page.locator("#shell--strip .lost")).to_have_count(0, timeout=15000)


@pytest.fixture(scope="module")
def empty(tmp_path_factory) -> Iterator[Served]:
    """A program that knows nobody yet, for the tests that need no more."""
    server = Served(tmp_path_factory.mktemp("empty") / "data", unused_port(), unused_port(), ["--no-sample"])
    server.start()
    yield server
    server.stop()


def test_an_empty_community_says_how_to_fill_it(empty, look):
    page = look(empty.url).page
    page.goto(empty.url + "/overview")
    expect(page.locator("#overview--map")).to_contain_text("run.py import")


def test_a_server_that_goes_away_is_said_and_the_page_goes_on_when_it_returns(empty, look):
    server = empty
    screen = look(server.url)
    # whatever was under way when the server went is an error in the console, as it should be
    screen.forgiven = (
        "Failed to load resource", "ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING",
        "the server did not respond",
    )  # fmt: skip
    page = screen.open("/devices").page
    waiting = page.locator("#devices--tabs").get_by_text("待查消息")
    expect(waiting).to_have_text("待查消息0")
    questions = "**/_dash-update-component*"
    page.route(questions, lambda _never_answered: None)
    with page.expect_request(questions):
        server.publish("zigbee2mqtt/0x1", "{}")
    assert server.stop() == 0
    expect(page.locator("#shell--offline")).to_be_visible(timeout=10000)
    page.unroute(questions)
    server.start()
    expect(page.locator("#shell--offline")).to_be_hidden(timeout=15000)
    expect(waiting).to_have_text("待查消息1")


def test_words_that_are_cut_off_are_whole_under_the_pointer(screen):
    page = screen.open("/reports").page
    name = page.locator(".brand-in b")
    words = name.inner_text()
    name.evaluate("one => { one.title = ''; one.style.cssText = 'display: block; width: 2rem; overflow: hidden'; }")
    name.hover()
    expect(name).to_have_attribute("title", words)
    name.evaluate("one => { one.style.cssText = ''; }")
    page.locator("#shell--clock").hover()
    name.hover()
    assert not name.get_attribute("title"), "what is whole needs no second time"

"""Elder care as an officer meets it: a button is pressed in a home, and the screen does what helps."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from .conftest import barriers

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
ROUTE = (
    ("acknowledge", {}), ("contact", {"result": "nobody"}), ("dispatch", {"rung": "grid_worker"}), ("arrive", {}),
    ("handle", {}), ("confirm", {"by": "another"}), ("close", {"outcome": "test", "cause": "user_test"}),
)  # fmt: skip
MAIN = "[data-main]"
CARD = ".care-card"
HOME_IN_THE_MIDDLE = """building => {
    const place = document.querySelector("#elder-care--map").getBoundingClientRect();
    const at = window.CimMap.where(building);
    const left = document.querySelector(".column.left").getBoundingClientRect().right - place.left;
    const right = document.querySelector(".column.right").getBoundingClientRect().left - place.left;
    return at && at[0] > left && at[0] < right;
}"""


@dataclass
class Call:
    """Somebody pressed the button in one home; the incident it became."""

    served: Any
    device: dict[str, Any]
    pressed: list[str] = field(default_factory=list)

    @property
    def home(self) -> str:
        return self.device["home_id"]

    def says(self, action: str) -> None:
        payload = json.dumps({"action": action, "battery": 88, "linkquality": 102})
        self.served.publish(f"zigbee2mqtt/{self.device['address']}", payload)

    @property
    def incident(self) -> dict[str, Any] | None:
        items = self.served.get("/api/v1/incidents", community="demo", home_id=self.home).json()["items"]
        return next((i for i in items if i["severity"] == "act"), None)

    def step(self, step: str, **said: Any) -> httpx.Response:
        found = self.incident
        assert found is not None, "the incident is open"
        return self._post(found["id"], {"step": step, **said})

    def close(self) -> None:
        self.says("")
        found = self.incident
        for step, said in ROUTE if found else ():
            self._post(found["id"], {"step": step, **said})  # one that was taken already is refused

    def _post(self, incident: str, step: dict[str, Any]) -> httpx.Response:
        return self.served.post(f"/api/v1/incidents/{incident}/steps", step)


@pytest.fixture
def press(served, wait_for) -> Iterator[Callable[[], Call]]:
    """``press()`` calls for help in a home that was calm, by MQTT; it is closed as a test afterwards.

    To be named before the screen, which is then left first: seven steps would each draw its page again.
    """
    calls: list[Call] = []

    def call() -> Call:
        open_ = {i["home_id"] for i in served.get("/api/v1/incidents", community="demo", limit="500").json()["items"]}
        devices = served.get("/api/v1/devices", type="sos_button", limit="500").json()["items"]
        # pressed again within ten minutes is the same call (alerts/sos.sql): a button at rest is needed
        alerts = served.get("/api/v1/alerts", community="demo", limit="500").json()["items"]
        loud = {a["subject"] for a in alerts}
        free = (
            d
            for d in devices
            if d["dialect"] == "zigbee2mqtt" and d["home_id"] not in open_ and d["device_id"] not in loud
        )
        calls.append(Call(served, next(free)))
        calls[-1].says("emergency")
        wait_for(lambda: calls[-1].incident is not None, within=20, what="the incident to be stored")
        return calls[-1]

    yield call
    for one in calls:
        one.close()


def shown(page: Page, call: Call) -> None:
    """The incident of this call is the one in the middle."""
    incident = call.incident
    assert incident is not None
    row = page.locator(f'.incident[data-value="{incident["id"]}"]')
    expect(row).to_be_visible()
    row.click()
    expect(page.locator(f'{CARD}[data-incident="{incident["id"]}"]')).to_be_visible()


def test_a_pressed_button_becomes_a_card_and_enter_acknowledges_it(press, screen):
    page = screen.open("/elder-care").page
    expect(page.locator(f"{CARD}, .calm-card").first).to_be_visible()
    call = press()
    shown(page, call)
    card = page.locator(CARD)
    expect(card).to_contain_text("紧急求助")
    expect(card.locator(".running")).to_have_text(re.compile(r"^\d\d:\d\d$"))
    expect(page.locator(".nav-badge .badge")).to_be_visible()
    expect(page.locator(MAIN)).to_contain_text("确认接警")
    page.locator("body").press("Enter")
    expect(page.locator(MAIN)).to_contain_text("登记联系结果")
    expect(card).to_contain_text("已确认")
    assert call.incident["phase"] == "acknowledged"
    # the next step has to be filled in: Enter opens the form, a press sends it, the ladder moves
    page.locator("body").press("Enter")
    page.locator('[data-form="contact"] [data-result="nobody"]').click()
    expect(page.locator(MAIN)).to_contain_text("派人前往")
    expect(card).to_contain_text("无人接听")
    page.locator(MAIN).click()
    page.locator('[data-form="dispatch"] .choice', has_text="网格员").click()
    expect(page.locator(MAIN)).to_contain_text("登记网格员到场")
    expect(page.locator(".incident.on .ladder .rung-now")).to_have_text("网格员")


def test_what_is_under_the_hand_survives_what_others_do(press, screen):
    """Every redraw makes the buttons anew: an open form, a note being written and the keyboard's place stay."""
    call = press()
    page = screen.open("/elder-care").page
    shown(page, call)
    page.locator(f'[data-acts="{call.incident["id"]}"] .emergency').click()
    page.locator("[data-note]").fill("邻居说早上见过")
    close = page.locator('[data-form="emergency"] [data-close-form]')
    close.focus()
    page.evaluate("() => { window.before = document.querySelector('[data-acts]'); }")
    call.step("note", note="another officer writes")
    page.wait_for_function("() => !window.before.isConnected")
    expect(close).to_be_focused()
    expect(page.locator("[data-note]")).to_have_value("邻居说早上见过")


def test_a_press_counts_once_when_its_button_is_replaced_under_the_finger(screen):
    """Only for the very same button: what slipped under the finger meanwhile was not meant."""
    page = screen.open("/elder-care").page
    page.evaluate("""() => {
        const place = document.body.appendChild(document.createElement("div"));
        place.id = "hand-test";
        place.style = "position:fixed;inset:0 auto auto 0;z-index:99";
        window.pressed = [];
        place.addEventListener("click", (event) => window.pressed.push(event.target.dataset.step));
        window.draw = (step) => {
            place.innerHTML = `<button data-step="${step}" style="width:9rem;height:3rem">x</button>`;
        };
    }""")
    page.mouse.move(40, 20)
    for drawn_meanwhile in ("acknowledge", "close"):
        page.evaluate("() => window.draw('acknowledge')")
        page.mouse.down()
        page.evaluate("step => window.draw(step)", drawn_meanwhile)
        page.mouse.up()
    assert page.evaluate("() => window.pressed") == ["acknowledge"]
    page.evaluate("() => document.getElementById('hand-test').remove()")


def test_the_map_goes_to_the_home_and_lifts_its_building(press, screen):
    call = press()
    page = screen.open("/elder-care").page
    screen.map_ready()
    shown(page, call)
    screen.until(HOME_IN_THE_MIDDLE, call.device["building_id"], within=20)
    expect(page.locator(".cim-callout")).to_be_visible()
    expect(page.locator(".cim-callout")).to_contain_text("紧急求助")
    expect(page.locator("#elder-care--place")).to_contain_text("求助")
    expect(page.locator("[data-care-lines] svg .c-happened").first).to_be_attached()


def test_a_refused_step_says_why_where_it_was_pressed(press, look, served):
    call = press()
    for step, said in ROUTE[:5]:
        answer = call.step(step, **{**said, "by": "local"})
        assert answer.status_code == 200, answer.text
    screen = look(served.url)
    screen.forgiven = ("Failed to load resource",)  # the browser's own word about a refusal
    page = screen.open("/elder-care").page
    shown(page, call)
    expect(page.locator(MAIN)).to_contain_text("核实平安")
    page.locator("body").press("Enter")
    expect(page.locator("[data-refusal]")).to_contain_text("不能自己核实")
    assert call.incident["phase"] == "handled", "nothing changed"


def test_arrows_choose_and_the_card_follows(press, screen):
    press(), press()
    page = screen.open("/elder-care").page
    rows = page.locator(".waiting-list > .incidents .incident")
    expect(rows.nth(1)).to_be_visible()
    page.locator("body").press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(rows.nth(0)).to_be_focused()
    expect(rows.nth(0)).to_have_attribute("aria-current", "true")
    # by what it is, not by its place: somebody may call meanwhile
    following = page.evaluate("""() => {
        const rows = Array.from(document.querySelectorAll(".waiting-list > .incidents .incident"));
        return rows[rows.indexOf(document.activeElement) + 1].dataset.value;
    }""")
    page.keyboard.press("ArrowDown")
    expect(page.locator(f'.incident[data-value="{following}"]')).to_have_attribute("aria-current", "true")
    expect(page.locator(CARD)).to_have_attribute("data-incident", following)


def test_the_sound_rings_until_somebody_acknowledges_and_can_be_silenced_for_this_screen(press, look, served):
    call = press()
    page = look(served.url).open("/elder-care").page
    shown(page, call)
    screen_rings = "() => document.body.hasAttribute('data-ringing')"
    page.wait_for_function(screen_rings)
    page.locator("body").press("m")
    expect(page.locator("[data-mute]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-mute]")).to_contain_text("恢复")
    page.wait_for_function("() => !document.body.hasAttribute('data-ringing')")
    page.reload()
    expect(page.locator(CARD)).to_be_visible()
    expect(page.locator("[data-mute]")).to_have_attribute("aria-pressed", "true")
    page.evaluate("() => localStorage.setItem('cim.care.muted', String(Date.now() - 1))")
    page.wait_for_function(screen_rings)  # it comes back by itself
    for one in served.get("/api/v1/incidents", community="demo", limit="500").json()["items"]:
        if one["severity"] == "act" and one["phase"] == "raised":
            served.post(f"/api/v1/incidents/{one['id']}/steps", {"step": "acknowledge"})
    page.wait_for_function("() => !document.body.hasAttribute('data-ringing')")


def test_a_step_pressed_without_a_connection_is_kept_and_sent_later(press, look, served, wait_for):
    call = press()
    screen = look(served.url, size=PHONE)
    # whatever else was under way when the connection went is an error in the console, as it should be
    screen.forgiven = (
        "ERR_INTERNET_DISCONNECTED", "Failed to load resource", "ERR_NETWORK_CHANGED", "Failed to fetch",
        "the server did not respond",
    )  # fmt: skip
    page = screen.open("/elder-care").page
    expect(page.locator(f'{CARD}[data-incident]:not([data-incident=""])')).to_be_visible()
    page.locator(f'.incident[data-value="{call.incident["id"]}"]').evaluate("row => row.click()")
    expect(page.locator(f'{CARD}[data-incident="{call.incident["id"]}"]')).to_be_visible()
    expect(page.locator(f'[data-acts="{call.incident["id"]}"] {MAIN}')).to_be_visible()
    # in one go: a redraw makes the button anew
    height, bottom = page.evaluate("""main => {
        const { height, bottom } = document.querySelector(main).getBoundingClientRect();
        return [height, bottom];
    }""", MAIN)  # fmt: skip
    assert height >= 63, "a thumb finds it"
    assert bottom <= PHONE["height"], "without scrolling"
    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
    before = page.locator(".running").first.inner_text()
    page.context.set_offline(True)
    page.locator(MAIN).click()
    expect(page.locator(MAIN)).to_contain_text("已存，联网后发出")
    assert call.incident["phase"] == "raised"
    page.wait_for_function("before => document.querySelector('.running').textContent !== before", arg=before)
    page.context.set_offline(False)
    wait_for(lambda: call.incident["phase"] == "acknowledged", within=20, what="the kept step to be sent")
    said = served.get(f"/api/v1/incidents/{call.incident['id']}").json()
    assert [s["step"] for s in said["steps"]].count("acknowledge") == 1
    assert "断网时按下" in next(s["note"] for s in said["steps"] if s["step"] == "acknowledge")
    expect(page.locator(MAIN)).to_contain_text("登记联系结果")


def test_a_step_the_server_does_not_answer_is_kept_and_sent_later(press, screen, wait_for):
    call = press()
    page = screen.open("/elder-care").page
    shown(page, call)
    page.evaluate("""() => {
        window.timeout = AbortSignal.timeout;
        AbortSignal.timeout = (ms) => {
            const controller = new AbortController();
            window.waitedFor = (longer) => { if (longer > ms) controller.abort(); };
            return controller.signal;
        };
    }""")
    page.route("**/steps", lambda _request: None)
    page.locator(MAIN).click()
    page.evaluate("() => window.waitedFor(7000)")
    expect(page.locator("[data-acts][aria-busy]")).to_be_visible()
    page.evaluate("() => { window.waitedFor(10000); AbortSignal.timeout = window.timeout; }")
    expect(page.locator(MAIN)).to_contain_text("已存，联网后发出")
    page.unroute("**/steps")
    page.evaluate("() => window.dispatchEvent(new Event('online'))")
    wait_for(lambda: call.incident["phase"] == "acknowledged", what="the kept step to be sent")
    expect(page.locator(MAIN)).to_contain_text("登记联系结果")


def test_looking_back_nothing_can_be_pressed(press, screen, served):
    call = press()
    at = call.incident["raised_at"]
    page = screen.open(f"/elder-care?at={at.replace('+', '%2B')}").page
    expect(page.locator(".care-steps.past, .calm-card").first).to_be_visible()
    expect(page.locator("[data-step], [data-main]")).to_have_count(0)


def test_a_new_call_is_announced_on_other_pages_and_one_press_goes_there(press, screen):
    page = screen.open("/devices").page
    expect(page.locator("#devices--grid .ag-row").first).to_be_visible()
    call = press()
    bar = page.locator("#shell--incident button")
    expect(bar).to_be_visible()
    expect(bar).to_contain_text("新的求助")
    bar.click()
    expect(page.locator(f'{CARD}[data-incident="{call.incident["id"]}"]')).to_be_visible()
    expect(page.locator("#shell--incident")).to_be_hidden()


def test_a_new_call_is_announced_at_once_until_its_row_is_there(press, screen):
    """The event is quicker than the page that is drawn from it; nothing waits for the slower one."""
    page = screen.open("/elder-care").page
    expect(page.locator(f"{CARD}, .calm-card").first).to_be_visible()
    page.evaluate("""() => {
        window.strip = [];
        const place = document.querySelector("#shell--incident");
        new MutationObserver(() => window.strip.push([place.hidden ? "" : place.innerText, Date.now()]))
            .observe(place, { childList: true, attributes: true });
    }""")
    call = press()
    expect(page.locator(f'.incident[data-value="{call.incident["id"]}"]')).to_be_visible()
    expect(page.locator("#shell--incident")).to_be_hidden()
    said = page.evaluate("() => window.strip.map(([words]) => words).filter(Boolean)")
    assert said, "the strip told of it first"
    assert all("新的求助" in words for words in said)


def test_the_overview_shows_the_incident_itself_and_its_next_step(press, screen, served):
    """Then the next one nobody acknowledged, its button where the other was: a press quicker than the eye is none."""
    press(), press()
    page = screen.open().page
    card = page.locator(".incident-card")
    expect(card).to_contain_text("紧急求助")
    expect(card.locator(MAIN)).to_contain_text("确认接警")
    expect(card.locator(".ladder")).to_be_visible()
    first = card.get_attribute("data-acts")
    page.evaluate("""first => {
        const press = () => document.querySelector("[data-main]").click();
        new MutationObserver((_, observer) => {
            const place = document.querySelector("[data-acts]");
            if (!place || place.dataset.acts === first) return;
            observer.disconnect();
            press();
        }).observe(document.querySelector("#shell--main"), { childList: true, subtree: true, attributes: true });
        press();
    }""", first)  # fmt: skip
    expect(card.locator("[data-refusal]")).to_contain_text("看清后再按")
    second = card.get_attribute("data-acts")
    incidents = served.get("/api/v1/incidents", community="demo", limit="500").json()["items"]
    phases = {one["id"]: one["phase"] for one in incidents}
    assert phases[first] == "acknowledged"
    assert phases[second] == "raised"
    screen.until("""second => {
        const place = document.querySelector("[data-acts]");
        if (!place) return false;
        if (place.dataset.acts === second) place.querySelector("[data-main]").click();
        return place.dataset.acts !== second || !place.querySelector("[data-step=acknowledge]");
    }""", second)  # fmt: skip


@pytest.mark.parametrize("path", ["/elder-care", "/elder-care?lang=en"])
def test_no_serious_barrier_for_a_screen_reader(press, screen, path):
    call = press()
    page = screen.open(path).page
    shown(page, call)
    assert barriers(page) == []

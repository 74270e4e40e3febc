"""In a browser: in by keyboard, named in the bar, a home opened for a purpose, out again; nothing an axe would fell."""

from __future__ import annotations

import subprocess
import sys

import pytest
from playwright.sync_api import expect

from ..conftest import ROOT
from .conftest import barriers

FIRST, OWN = "Hai-Tang 9 hao", "Bai-Yun 5 ceng"


@pytest.fixture(scope="module")
def people(served):
    """An officer and an administrator, added while the server runs."""
    for login, name, role in (("wang", "王大明", "duty-officer"), ("chen", "陈小云", "administrator")):
        made = subprocess.run(
            [sys.executable, "run.py", "user", "add", login, "--name", name, "--role", role, "--data", served.data],
            cwd=ROOT, input=FIRST + "\n", text=True, capture_output=True, check=False, timeout=60,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr


def enter(screen, login: str) -> None:
    """By keyboard alone; the first password has to be changed."""
    page = screen.page
    page.goto(screen.home + "/sign-in?lang=zh")
    assert barriers(page) == []
    page.keyboard.type(login)
    page.keyboard.press("Tab")
    page.keyboard.type(FIRST)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("修改密码")
    assert barriers(page) == []
    for words in (FIRST, OWN, OWN):
        page.keyboard.type(words)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".well")).to_have_text("密码已修改。")


def test_an_officer_signs_in_opens_a_home_for_a_purpose_and_leaves(people, look, served):
    screen = look(served.url)
    page = screen.page
    enter(screen, "wang")
    home = served.get("/api/v1/home-states", limit="1").json()["items"][0]["home_id"]
    screen.open(f"/home?home={home}")
    expect(page.locator(".person-name")).to_have_text("王**")
    asked = page.locator(".person-purpose form")
    expect(asked).to_be_visible()
    assert page.locator(".persons-list").count() == 0
    asked.locator("button").press("Enter")
    expect(page.locator(".persons-list a[href^='tel:']").first).to_be_visible()
    assert barriers(page) == []
    page.locator(".person summary").press("Enter")
    page.locator(".person form button").press("Enter")
    expect(page.locator(".well")).to_have_text("您已退出。")


def test_an_administrator_adds_an_account_that_somebody_else_must_confirm(people, look, served):
    screen = look(served.url)
    page = screen.page
    enter(screen, "chen")
    screen.open("/accounts")
    form = page.locator("aside form").filter(has=page.locator("[name=login]"))
    form.locator("[name=login]").fill("zhou")
    form.locator("[name=name]").fill("周舟")
    form.locator("[name=password]").fill(FIRST)
    form.locator("[name=grids]").fill("WG-01")
    form.locator("button").click()
    row = page.locator(".accounts-table tr", has_text="zhou")
    expect(row).to_contain_text("待确认")
    expect(row).to_contain_text("网格 WG-01")
    assert barriers(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    wide = """[...document.querySelectorAll("main *")].filter(e => e.getBoundingClientRect().right > 391
        && !e.closest(".accounts-scroll")).map(e => e.className || e.tagName).slice(0, 5)"""
    assert page.evaluate(wide) == []

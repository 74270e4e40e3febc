"""A made report is checked by keyboard, one from elsewhere is chosen; both languages tell the outcome."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from ..conftest import eventually
from .conftest import barriers

PLACE = "/api/v1/reports"


@pytest.fixture(scope="module")
def packed(served) -> bytes:
    """A made report as its zip."""
    job = served.post(f"{PLACE}?wait=15", {"audience": "public"}).json()
    eventually(lambda: served.get(job["href"]).json()["state"] == "made", within=90, what="the report")
    return bytes(served.get(f"{job['href']}/papers/report.zip").content)


def test_reports_are_checked_on_the_page_and_the_answer_follows_the_language(screen, packed):
    page = screen.open("/reports?lang=zh", drawn=False).page
    button = page.get_by_role("button", name="核对 ").first
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#reports--made .report-verdict b").first).to_contain_text("成立：签名是本系统的")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="选择压缩包").press("Enter")
    chooser.value.set_files({"name": "r.zip", "mimeType": "application/zip", "buffer": packed})
    found = page.locator("#reports--verdict")
    expect(found.locator("b")).to_contain_text("成立：签名是本系统的")
    found.get_by_text("逐份文件与签名者").click()
    expect(found.get_by_text("本系统自己的密钥")).to_be_visible()
    assert barriers(page) == []
    page.emulate_media(media="print")  # on paper what only asks for something is left out
    heads = page.locator(".reports-page h2:visible").all_inner_texts()
    page.emulate_media(media="screen")
    assert heads == ["核对外来的报告", "已生成的报告"]
    page.get_by_role("link", name="English").click()
    expect(page.locator("#reports--made .report-verdict b").first).to_contain_text("It holds: signed here")

"""The page of the system check: for administrators, only when pressed, the worst first and each fault with a cure."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cockpit.doctor import Finding
from cockpit.services import Services
from cockpit.settings import Settings
from cockpit.tokens import Role
from layouts import doctor as page
from layouts.page import SHELL, View
from twin_model.twin import Twin

from ..conftest import Clock
from ..web.conftest import Site, serve, settle
from .conftest import text_of

FINDINGS = [
    Finding("clock", "ok", "clock_set"),
    Finding("backup", "look", "backup_off"),
    Finding("disk", "ok", "data_ok", {"folder": "data"}),
    Finding("broker", "wrong", "broker_gone", {"error": {"zh": "拒绝连接", "en": "connection refused"}}),
]


@pytest.fixture(scope="module")
def asked() -> list[str]:
    """One entry for each look at the machine."""
    return []


@pytest.fixture(scope="module")
def site(asked, tmp_path_factory) -> Iterator[Site]:
    def look() -> list[dict[str, object]]:
        asked.append("looked")
        return [finding.to_json() for finding in FINDINGS]

    twin = Twin.open(None, clock=Clock())
    settle(twin)
    with serve(twin, Settings(data=tmp_path_factory.mktemp("doctor")), Services(doctor=look)) as served:
        yield served
    twin.close()


def pressed(site: Site, role: Role, times: int | None, lang: str = "zh") -> str:
    """What the browser is sent when somebody of this role has pressed the button so many times."""
    said = {
        "output": f"{page.ids('found')}.children", "outputs": {"id": page.ids("found"), "property": "children"},
        "inputs": [
            {"id": SHELL("view"), "property": "data", "value": View(community="demo", lang=lang).store()},
            {"id": page.ids("start"), "property": "n_clicks", "value": times},
        ],
        "changedPropIds": [f"{page.ids('start')}.n_clicks"],
    }  # fmt: skip
    with site.client(role) as client:
        answer = client.post("/_dash-update-component", json=said)
    return answer.text if answer.status_code == 200 else str(answer.status_code)


def test_only_an_administrator_has_the_machine_looked_at_and_only_by_a_press(site, asked):
    for role in Role:
        told = pressed(site, role, 1)
        if role is Role.ADMINISTRATOR:
            assert "消息服务器不可达：拒绝连接" in told
        else:
            assert "消息服务器" not in told, role
            assert told == "403" or "系统检查需要管理员" in told, role
    assert asked == ["looked"]
    assert "1 wrong" in pressed(site, Role.ADMINISTRATOR, 1, "en")
    assert "wrong" not in pressed(site, Role.ADMINISTRATOR, None, "en")
    assert asked == ["looked", "looked"]


@pytest.mark.parametrize(
    ("lang", "summary", "first", "cure"),
    [
        ("zh", "2 项正常，1 项留意，1 项异常", "消息服务器不可达：拒绝连接", "检查 broker 设置"),
        ("en", "2 fine, 1 to look at, 1 wrong", "the broker cannot be reached: connection refused", "broker"),
    ],
)
def test_the_worst_comes_first_and_what_is_not_well_says_what_to_do(lang, summary, first, cure):
    counted, listed = page.drawn(lang, [finding.to_json() for finding in FINDINGS])
    assert text_of(counted) == [summary]
    rows = [text_of(item) for item in listed.children]
    assert first in rows[0]
    assert [item.className for item in listed.children] == ["finding-wrong", "finding-look", "finding-ok", "finding-ok"]
    assert cure in rows[0][-1]
    assert rows[1][-1] == FINDINGS[1].to_do(lang) != ""


def test_a_program_without_surroundings_says_so():
    assert "没有可检查的环境" in "".join(text_of(page.drawn("zh", [])))

"""docs/outlets.md is a promise to whoever writes a receiver: its code runs and its tables load."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cockpit.outlets.notices import notice
from cockpit.outlets.settings import KINDS
from cockpit.settings import load
from layouts.parts.text import t
from twin_model.store import Store

from .outbox import SECRET, Outbox
from .receiver import receivers

receiver = pytest.fixture(receivers)
DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "outlets.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)
    return found


def test_its_outlets_load_and_show_every_kind(tmp_path):
    (tmp_path / "cockpit.toml").write_text(block("toml"), encoding="utf-8")
    (tmp_path / "wecom.url").write_text("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k", encoding="utf-8")
    (tmp_path / "ding.url").write_text("https://oapi.dingtalk.com/robot/send?access_token=t", encoding="utf-8")
    secrets = {"DUTY_SECRET": SECRET, "DING_SECRET": "SEC1"}
    assert {one.kind for one in load({}, secrets, tmp_path).outlet} == set(KINDS)


def test_its_receiver_accepts_what_we_send_once_and_nothing_forged(clock, receiver):
    code: dict = {}
    exec(block("python"), code)
    there = receiver()
    with Store(None) as store:
        out = Outbox(store, clock, there.url)
        out.put()
        out.until_told()
    (request,) = there.requests
    now = clock().timestamp()
    genuine = code["is_genuine"]
    assert genuine(request.headers, request.body, SECRET, now)
    assert not genuine(request.headers, request.body.replace(b"502", b"503"), SECRET, now)
    assert not genuine(request.headers, request.body, SECRET + "x", now)
    assert not genuine(request.headers, request.body, SECRET, now + 301)
    assert [code["is_new"](request.headers), code["is_new"](request.headers)] == [True, False]


def test_its_event_has_the_keys_of_a_real_one(clock):
    with Store(None) as store:
        out = Outbox(store, clock, "http://127.0.0.1:9/")
        out.put(kind="hand_over")
        (stored,) = out.notifications.since(0, clock())
    real = json.loads(notice(stored, lang="zh", public=False, public_url="https://cim.example.cn").event())
    shown = json.loads(block("json"))
    assert (shown.keys(), shown["data"].keys()) == (real.keys(), real["data"].keys())


@pytest.mark.parametrize(("lang", "word"), [("zh", "自"), ("en", "Since")])
def test_the_word_for_dingtalks_keyword_filter_is_in_every_message(lang, word):
    assert word in t(lang, "outlet.since")

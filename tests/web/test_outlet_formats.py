"""What each receiver is sent: its format, its signature, and nothing that may not leave."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
import subprocess
import threading
from urllib.parse import parse_qs, urlsplit

import pytest

from cockpit.outlets.faults import NotTold
from cockpit.outlets.near import JsonLines, MqttTopic
from cockpit.outlets.notices import notice
from cockpit.outlets.post import ANSWER_BYTES, Poster
from cockpit.outlets.robots import DingTalk
from cockpit.outlets.webhook import Webhook
from twin_model.entities import Building, Community, Contact, Estate, Resident
from twin_model.store import Store
from twin_model.twin import Twin

from .conftest import square
from .outbox import SECRET, Outbox, emptied, kept_store, outlet
from .receiver import answer, endless, hang, receivers

receiver = pytest.fixture(receivers)
LINK = "https://cim.example.cn/elder-care?community=demo&incident=i1"


store = pytest.fixture(emptied)
kept = pytest.fixture(scope="module")(kept_store)


@pytest.fixture
def sent(store, clock, receiver):
    """``sent("wecom", [body changes ...], **outlet keys)``: the requests that made."""

    def send(kind, *changes, together=False, public_url="https://cim.example.cn", **keys):
        there = receiver()
        out = Outbox(store, clock, there.url, kind, public_url=public_url, **keys)
        for n, change in enumerate(changes or [{}], 1):
            out.put(change.pop("incident", f"i{n}"), **change)
        if together:
            stored = out.notifications.since(0, clock())
            told = [notice(s, lang=out.settings.lang, public=False, public_url=public_url) for s in stored]
            assert outlet(kind, there.url).tell(told, clock()) == len(told)
        else:
            out.until_told()
        return there.requests

    return send


# ---------------------------------------------------------------------------------------------------- webhook


def test_a_webhook_gets_a_cloud_event_with_every_field_of_the_notice(sent, clock):
    (request,) = sent("webhook")
    event = json.loads(request.body)
    assert request.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert event == {
        "specversion": "1.0",
        "id": request.headers["webhook-id"],
        "source": "/communities/demo",
        "type": "cim.care.raised",
        "subject": "i1",
        "time": clock().isoformat(),
        "datacontenttype": "application/json",
        "data": {
            "kind": "raised",
            "drill": False,
            "community_id": "demo",
            "incident_id": "i1",
            "grade": 1,
            "severity": "act",
            "title": "紧急呼叫",
            "where": "东园 3幢 2单元 502",
            "sentence": "按下了呼叫按钮。",
            "raised_at": "2026-11-22T11:58:00+08:00",
            "phase": "raised",
            "role": "system",
            "outcome": None,
            "cause": None,
            "rung": "grid_worker",
            "deadline": "2026-11-22T12:03:00+08:00",
            "link": LINK,
        },
    }


@pytest.mark.parametrize("secret", [SECRET, "whsec_" + base64.b64encode(b"sixteen bytes or more").decode()])
def test_the_receiver_can_check_the_signature_with_a_few_lines(store, clock, receiver, secret):
    """What docs/outlets.md tells the receiver to do, written independently of the sender."""
    there = receiver()
    out = Outbox(store, clock, there.url, secret=secret)
    out.put()
    Webhook(Poster(there.url, timeout_s=5), secret).tell(
        [notice(out.notifications.since(0, clock())[0], lang="zh", public=False, public_url="")], clock()
    )
    (request,) = there.requests
    key = base64.b64decode(secret[6:]) if secret.startswith("whsec_") else secret.encode()
    signed = b".".join(
        [request.headers["webhook-id"].encode(), request.headers["webhook-timestamp"].encode(), request.body]
    )
    expected = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    assert request.headers["webhook-signature"] == f"v1,{expected}"
    assert int(request.headers["webhook-timestamp"]) == int(clock().timestamp())


# ------------------------------------------------------------------------------------------------------ robots


def test_wecom_gets_short_markdown_with_what_where_since_when_and_who_is_next(sent):
    (request,) = sent("wecom")
    assert request.path == "/hook?key=very-secret-key&access_token=very-secret-key"
    assert json.loads(request.body) == {
        "msgtype": "markdown",
        "markdown": {
            "content": '**<font color="warning">红色 · 紧急呼叫</font>**\n'
            "> 位置：东园 3幢 2单元 502\n"
            "> 自 11:58 起\n"
            "> 按下了呼叫按钮。\n"
            "> 下一步：请网格员在 12:03 前处理\n"
            f"[查看事件]({LINK})"
        },
    }


def test_dingtalk_gets_a_card_with_a_button_and_a_signature_in_the_query(sent, clock):
    (request,) = sent("dingtalk", lang="en")
    assert json.loads(request.body) == {
        "msgtype": "actionCard",
        "actionCard": {
            "title": "Red · Call for help",
            "text": "#### Red · Call for help  \nWhere: 东园 3幢 2单元 502  \nSince 11:58  \n"
            "The button was pressed.  \nNext: grid worker, by 12:03",
            "singleTitle": "Open the incident",
            "singleURL": f"{LINK}&lang=en",
        },
    }
    asked = parse_qs(urlsplit(request.path).query)
    assert asked["timestamp"] == [str(int(clock().timestamp() * 1000))]
    signed = f"{asked['timestamp'][0]}\n{SECRET}".encode()
    assert base64.b64decode(asked["sign"][0]) == hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()
    assert asked["access_token"] == ["very-secret-key"]


def test_a_dingtalk_robot_without_secret_is_sent_no_signature(store, clock, receiver):
    there = receiver()
    out = Outbox(store, clock, there.url, "dingtalk")
    out.put()
    (stored,) = out.notifications.since(0, clock())
    DingTalk(Poster(there.url, timeout_s=5)).tell([notice(stored, lang="zh", public=False, public_url="")], clock())
    assert "sign" not in there.requests[0].path
    assert json.loads(there.requests[0].body)["msgtype"] == "markdown"  # nothing to open: no button


@pytest.mark.parametrize("kind", ["wecom", "dingtalk"])
def test_several_become_one_message_that_says_how_many_and_fits(sent, kind):
    (request,) = sent(kind, *({"title": {"zh": f"第{n}件", "en": "x"}} for n in range(1, 6)), together=True)
    message = json.loads(request.body)
    text = message["markdown"]["content" if kind == "wecom" else "text"]
    assert text.startswith("5 条通知")
    assert [text.count(f"第{n}件") for n in range(1, 6)] == [1] * 5
    assert len(text.encode()) <= 4500


def test_a_message_takes_only_as_many_as_its_receiver_allows(store, clock, receiver):
    there = receiver()
    out = Outbox(store, clock, there.url, "wecom")
    for n in range(10):
        out.put(f"i{n}", sentence={"zh": "长" * 190, "en": "x"})
    told = [notice(s, lang="zh", public=False, public_url="") for s in out.notifications.since(0, clock())]
    n = outlet("wecom", there.url).tell(told, clock())
    text = json.loads(there.requests[0].body)["markdown"]["content"]
    assert (1 < n < 10, text.count("紧急呼叫"), text.startswith(f"{n} 条通知")) == (True, n, True)
    assert len(text.encode()) <= 4096


@pytest.mark.parametrize("kind", ["webhook", "wecom", "dingtalk"])
def test_a_drill_is_marked_in_every_message(sent, kind):
    changes = [{"drill": "d1", "is_drill": True}, {"incident": None, "is_drill": True}]
    for request in sent(kind, *changes):
        assert "【演练】" in request.body.decode()
    (merged,) = sent(kind, *changes, together=True)[:1] if kind != "webhook" else sent(kind, changes[0])[:1]
    assert "【演练】" in merged.body.decode()


@pytest.mark.parametrize(
    ("lang", "kind", "changes", "headline", "next_line"),
    [
        ("zh", "raised", {}, "红色 · 紧急呼叫", "下一步：请网格员在 12:03 前处理"),
        ("zh", "hand_over", {"rung": "120", "deadline": "2026-11-22T11:59:00+08:00"},
         "红色 · 紧急呼叫 （已转交）", "下一步：请120处理"),
        ("zh", "acknowledge", {"phase": "acknowledged", "role": "duty_officer"},
         "红色 · 紧急呼叫 （值班员已确认）", None),
        ("en", "acknowledge", {"phase": "acknowledged", "role": "duty_officer"},
         "Red · Call for help (acknowledged by the duty officer)", None),
        ("zh", "close", {"phase": "closed", "role": "duty_officer", "outcome": "false"},
         "红色 · 紧急呼叫 （值班员已关闭，误报）", None),
        ("en", "close", {"phase": "closed", "role": "duty_officer", "outcome": "true"},
         "Red · Call for help (closed by the duty officer: true)", None),
    ],
)  # fmt: skip
def test_who_did_what_and_who_is_asked_next_is_said_only_while_it_is_so(
    store, clock, lang, kind, changes, headline, next_line
):
    out = Outbox(store, clock, "http://127.0.0.1:9/")
    out.put("i1", kind, **changes)
    (stored,) = out.notifications.since(0, clock())
    said = notice(stored, lang=lang, public=False, public_url="")
    assert said.headline == headline
    assert [line for line in said.lines(clock()) if line.startswith(("下一步", "Next"))] == (
        [next_line] if next_line else []
    )


def test_a_step_and_a_late_delivery_are_said(sent, store, clock, receiver):
    there = receiver()
    out = Outbox(store, clock, there.url, "wecom")
    out.put("i1", "hand_over")
    clock.forward(hours=1)
    out.until_told()
    text = json.loads(there.requests[0].body)["markdown"]["content"]
    assert "红色 · 紧急呼叫 （已转交）" in text
    assert "> 本消息延迟送达，产生于 12:00" in text


# ------------------------------------------------------------------------------------------------- what leaves


def test_no_name_telephone_or_note_leaves_whatever_a_body_holds(sent):
    people = {
        "resident": "王秀英",
        "phone": "13800138000",
        "note": "女儿李梅 0571-88886666",
        "contact": {"name": "李梅"},
    }
    for kind in ("webhook", "wecom", "dingtalk"):
        (request,) = sent(kind, {**people, "sentence": {"zh": "请打 138 0013 8000 或 0571-88886666", "en": "x"}})
        text = request.body.decode()
        found = [w for w in ("王秀英", "李梅", "13800138000", "138 0013 8000", "88886666") if w in text]
        assert found == []


INCIDENT = """
INSERT INTO incident VALUES ('demo-h502-1', 'elder_incident', 'demo', 'h1', 'h1', NULL, 'demo-b3', NULL, $at, $at)
"""


def test_a_name_that_somebody_wrote_into_a_device_or_place_does_not_leave(clock, receiver):
    twin = Twin.open(None, clock=clock)
    twin.record(
        [
            Resident(community_id="demo", resident_id="r1", home_id="h1", name="王秀英"),
            Contact(community_id="demo", contact_id="c1", home_id="h1", role="family", rank=1, name="李梅"),
            Contact(community_id="demo", contact_id="c2", role="grid_worker", rank=1, name="赵大力"),
        ]
    )
    twin.store.write(lambda writer: writer.execute(INCIDENT, at=clock()))
    there = receiver()
    out = Outbox(twin.store, clock, there.url, "wecom")
    out.put(
        "demo-h502-1", where="东园 王秀英家", title={"zh": "李梅装的门磁失联", "en": "x"},
        sentence={"zh": "王秀英家的门磁失联，赵大力已知。", "en": "x"},
    )  # fmt: skip
    out.until_told()
    twin.close()
    text = there.requests[0].body.decode()
    assert "＊＊家的门磁失联，＊＊已知。" in text
    assert [name for name in ("王秀英", "李梅", "赵大力") if name in text] == []


def test_a_public_outlet_says_the_building_and_nothing_of_what_somebody_did_there(clock, receiver):
    twin = Twin.open(None, clock=clock)
    twin.record(
        [
            Community(community_id="demo", name="未来社区"),
            Estate(community_id="demo", estate_id="demo-e1", name="东园", name_en="East Garden"),
            Building(
                community_id="demo", building_id="demo-b3", estate_id="demo-e1", name="3幢", footprint=square(104, 30),
                height_m=18.0,
            ),
        ]
    )  # fmt: skip
    twin.store.write(lambda writer: writer.execute(INCIDENT, at=clock()))
    there = receiver()
    for kind in ("webhook", "wecom", "dingtalk"):
        out = Outbox(twin.store, clock, there.url, kind, public=True, public_url="https://cim.example.cn", name=kind)
        out.put("demo-h502-1")
        out.until_told()
    twin.close()
    for request in there.requests:
        text = request.body.decode()
        assert "未来社区 东园 3幢" in text
        assert [w for w in ("502", "2单元", "按下了", "cim.example.cn", "王秀英", "李梅") if w in text] == []


def test_a_place_name_cannot_write_markup_into_a_robots_message(sent):
    evil = '[点这里](http://evil.example)<font color="info">**好**\n> # 假'
    (request,) = sent("wecom", {"where": evil, "title": {"zh": "`x`", "en": "x"}})
    text = json.loads(request.body)["markdown"]["content"]
    assert "](http://evil" not in text
    assert text.count("<font") == 1
    assert text.count("\n") == 5


def test_an_instant_or_a_grade_that_is_none_does_not_stop_a_message(sent):
    odd = {"raised_at": "yesterday", "deadline": 12, "grade": "high", "rung": ["x"], "title": None, "where": None}
    (request,) = sent("webhook", odd)
    data = json.loads(request.body)["data"]
    assert (data["grade"], data["deadline"], data["rung"], data["where"]) == (None, None, None, "")


# ------------------------------------------------------------------------------------------------- near and far


def test_a_topic_level_never_holds_what_a_community_id_may_not(clock, store):
    published = []
    out = Outbox(store, clock, "http://127.0.0.1:9/")
    out.put(community_id="a/b+#c", grade=2)
    out.put("i2", drill="d1", is_drill=True)
    topics = MqttTopic(lambda topic, payload: published.append((topic, json.loads(payload)["id"])) is None)
    for stored in out.notifications.since(0, clock()):
        topics.tell([notice(stored, lang="zh", public=False, public_url="")], clock())
    assert [topic for topic, _ in published] == ["cim/alerts/a-b--c/2", "cim/drills/demo/1"]


def test_a_broker_that_does_not_acknowledge_was_not_told(clock, store):
    out = Outbox(store, clock, "http://127.0.0.1:9/")
    out.put()
    told = [notice(s, lang="zh", public=False, public_url="") for s in out.notifications.since(0, clock())]

    def refuse(_topic: str, _payload: bytes) -> bool:
        raise OSError("mqtt://user:very-secret@broker")

    with pytest.raises(NotTold, match="did not acknowledge"):
        MqttTopic(lambda _topic, _payload: False).tell(told, clock())
    with pytest.raises(NotTold, match=r"the broker was not reached \(OSError\)$"):
        MqttTopic(refuse).tell(told, clock())


def test_a_file_grows_by_one_event_a_notice(clock, store, tmp_path):
    out = Outbox(store, clock, "http://127.0.0.1:9/")
    for n in range(3):
        out.put(f"i{n}")
    lines = JsonLines(tmp_path / "told.jsonl")
    for stored in out.notifications.since(0, clock()):
        lines.tell([notice(stored, lang="zh", public=False, public_url="")], clock())
    events = [json.loads(line) for line in (tmp_path / "told.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [event["subject"] for event in events] == ["i0", "i1", "i2"]
    with pytest.raises(NotTold, match="the file cannot be written: No such file"):
        JsonLines(tmp_path / "nowhere" / "told.jsonl").tell(
            [notice(stored, lang="zh", public=False, public_url="")], clock()
        )


def test_a_receiver_whose_certificate_is_not_accepted_is_told_nothing(receiver, tmp_path):
    subprocess.run(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1 "
        f"-addext subjectAltName=IP:127.0.0.1 -keyout {tmp_path}/key.pem -out {tmp_path}/cert.pem",
        shell=True, check=True, capture_output=True,
    )  # fmt: skip
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    there = receiver(tls=tls)
    with pytest.raises(NotTold, match="its certificate is not accepted: self-signed"):
        Poster(there.url, timeout_s=5).post(b"{}", {})
    assert there.requests == []
    assert Poster(there.url, timeout_s=5, ca_file=str(tmp_path / "cert.pem")).post(b"{}", {}).status == 200


def test_no_more_of_an_answer_is_read_than_any_robot_sends(receiver):
    there = receiver(usual=endless)
    assert len(Poster(there.url, timeout_s=5).post(b"{}", {}).body) == ANSWER_BYTES


def test_a_redirect_is_an_answer_and_nobody_is_asked_elsewhere(receiver):
    elsewhere = receiver()
    there = receiver(usual=answer(307, Location=elsewhere.url))
    assert Poster(there.url, timeout_s=5).post(b"{}", {}).status == 307
    assert elsewhere.requests == []


def test_what_is_under_way_is_broken_off_at_the_end(receiver, wait_for):
    there = receiver(usual=hang)
    poster = Poster(there.url, timeout_s=60)
    said: list[str] = []

    def post() -> None:
        try:
            poster.post(b"{}", {})
        except NotTold as error:
            said.append(str(error))

    thread = threading.Thread(target=post)
    thread.start()
    wait_for(lambda: there.requests, what="the request to arrive")
    poster.end()
    thread.join(5)
    assert said == ["the connection broke off"]
    with pytest.raises(NotTold, match="the program is ending"):
        poster.post(b"{}", {})


def test_two_stores_share_no_event_id(clock):
    ids = set()
    for _ in range(2):
        clock.forward(seconds=1)
        with Store(None) as store:
            out = Outbox(store, clock, "http://127.0.0.1:9/")
            out.put("i1")
            out.put("i2")
            ids |= {n.event_id for n in out.notifications.since(0, clock())}
    assert len(ids) == 4

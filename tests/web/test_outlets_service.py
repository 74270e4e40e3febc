"""The outlets of a running server: threads, a dead receiver beside a live one, a real broker, kill -9."""

from __future__ import annotations

import json
import logging
import random
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from cockpit.outlets.service import Outlets
from cockpit.outlets.settings import outlets
from cockpit.services import Services
from cockpit.settings import Settings, SettingsError
from cockpit.tokens import Role
from ingest.broker import EmbeddedBroker
from ingest.mqtt import Publisher
from ingest.url import BrokerUrl
from twin_model.notifications import News, write
from twin_model.timeline import from_us
from twin_model.twin import Twin

from .outbox import SECRET, body
from .receiver import answer, hang, receivers

receiver = pytest.fixture(receivers)
ROOT = Path(__file__).resolve().parents[2]


def utc_now() -> datetime:
    return datetime.now(UTC)


def put(twin: Twin, *kinds: str, incident: str = "i1") -> None:
    """Commit notifications of one incident, as care does."""
    news = [News(kind=kind, community_id="demo", incident_id=incident, body=body()) for kind in kinds]
    with twin.writing() as received:
        twin.commit(lambda writer: write(writer, from_us(received), news), received, care=True)


@pytest.fixture
def living():
    """A twin in memory on the real clock."""
    twin = Twin.open(None, clock=utc_now)
    yield twin
    twin.close()


@pytest.fixture
def telling(living):
    """``telling({"name": …, "kind": …}, publish=…)`` starts these outlets; stopped before the twin is closed."""
    running = []

    def start(*tables, publish=lambda _topic, _payload: False):
        declared = outlets(list(tables), {}, Path())
        out = Outlets(living, Settings(outlet=declared, night_quiet=""), publish)
        out.start()
        running.append(out)
        return out

    yield start
    for out in running:
        out.stop()


def hook(name: str, url: str, **keys) -> dict:
    return {"name": name, "kind": "webhook", "url": url, "secret": SECRET, **keys}


def test_a_receiver_hears_of_a_commit_within_a_second(living, telling, receiver, wait_for):
    there = receiver()
    telling(hook("duty", there.url))
    delays = []
    for n in range(10):
        before = time.monotonic()
        put(living, "raised", incident=f"i{n}")
        wait_for(lambda n=n: len(there.requests) > n, within=5, what="the receiver to hear")
        delays.append(time.monotonic() - before)
    assert sorted(delays)[8] < 1, delays


@pytest.mark.parametrize("dead", [hang, answer(500)])
def test_a_dead_receiver_holds_up_nobody_else(living, telling, receiver, wait_for, dead):
    broken, well = receiver(usual=dead), receiver()
    out = telling(hook("broken", broken.url, timeout_s=30), hook("well", well.url))
    for n in range(20):
        put(living, "raised", "close", incident=f"i{n}")
    wait_for(lambda: len(well.requests) == 40, within=10, what="the live receiver to hear everything")
    wait_for(lambda: broken.requests, what="the dead one to be tried")
    first, second = out.status()
    assert (first["name"], first["waiting"], first["told"]) == ("broken", 40, 0)
    wait_for(lambda: out.status()[1]["told"] == 40, what="the last one to be noted")
    assert (second["name"], second["fault"]) == ("well", None)


def test_it_ends_at_once_although_a_receiver_hangs(living, receiver, wait_for):
    there = receiver(usual=hang)
    declared = outlets([hook("duty", there.url, timeout_s=60)], {}, Path())
    out = Outlets(living, Settings(outlet=declared), lambda _topic, _payload: True)
    out.start()
    put(living, "raised")
    wait_for(lambda: there.requests, what="the receiver to be asked")
    before = time.monotonic()
    out.stop()
    assert time.monotonic() - before < 2
    assert not [t for t in threading.enumerate() if t.name == "outlet-duty"]


def test_without_outlets_nothing_is_started(living):
    before = threading.active_count()
    out = Outlets(living, Settings(), lambda _topic, _payload: True)
    out.start()
    put(living, "raised")
    assert (out.status(), threading.active_count()) == ([], before)
    out.stop()


def test_a_mistake_of_our_own_over_a_notice_is_seen_and_ends_nothing(living, telling, wait_for, caplog):
    """A publisher that answers what is neither true nor false: the outlet says so and goes on."""
    answers = [np.array([1, 2])]
    with caplog.at_level(logging.WARNING):
        out = telling(
            {"name": "topic", "kind": "mqtt"}, publish=lambda _topic, _payload: answers.pop() if answers else True
        )
        put(living, "raised")
        wait_for(lambda: out.status()[0]["refused"], what="the mistake to be seen")
        assert out.status()[0]["fault"]["en"].startswith("a mistake of this program: ValueError in near.py:")
        wait_for(lambda: out.status()[0]["told"] == 1, within=15, what="the notice to be told after all")
    assert "outlet topic (mqtt) refuses notification 1: a mistake of this program: ValueError in near.py" in caplog.text
    assert "Traceback" not in caplog.text


def test_a_store_that_cannot_be_read_is_seen_and_ends_nothing(living, telling, receiver, wait_for, caplog):
    there = receiver()
    out = telling(hook("duty", there.url))
    living.store.write(lambda writer: writer.execute("ALTER TABLE notification_try RENAME TO elsewhere"))
    with caplog.at_level(logging.ERROR):
        put(living, "raised")
        wait_for(lambda: "outlet duty stumbled over" in caplog.text, what="the mistake to be seen")
    living.store.write(lambda writer: writer.execute("ALTER TABLE elsewhere RENAME TO notification_try"))
    wait_for(lambda: out.status()[0]["told"] == 1, within=15, what="the notice to be told after all")
    assert out.status()[0]["fault"] is None


def test_a_rule_that_is_not_there_is_named_with_its_nearest(living):
    known = sorted(living.catalogue.alert_rules)[0]
    declared = outlets([hook("duty", "http://127.0.0.1:9/", rules=[known + "x"])], {}, Path())
    with pytest.raises(SettingsError, match=f"outlet duty: rules: there is no rule '{known}x'; did you mean {known}?"):
        Outlets(living, Settings(outlet=declared), lambda _topic, _payload: True)


def test_a_topic_of_the_embedded_broker_is_told_also_what_happened_while_it_was_down(
    living, telling, free_port, wait_for
):
    port = free_port()
    heard: list[tuple[str, dict]] = []
    subscribed = threading.Event()
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="listener")
    client.reconnect_delay_set(1, 1)
    client.on_connect = lambda c, *_: c.subscribe("cim/alerts/#", qos=1)
    client.on_subscribe = lambda *_: subscribed.set()
    client.on_message = lambda _c, _d, message: heard.append((message.topic, json.loads(message.payload)))
    broker = EmbeddedBroker(port)
    broker.start()
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        assert subscribed.wait(5)
        with Publisher(BrokerUrl.parse(f"mqtt://127.0.0.1:{port}"), client_id="outlets") as publisher:

            def publish(topic: str, payload: bytes) -> bool:
                publisher.publish(topic, payload, timeout=1)
                return publisher.flush(1)

            out = telling({"name": "topic", "kind": "mqtt"}, publish=publish)
            put(living, "raised")
            wait_for(lambda: heard, what="the topic to carry the notice")
            assert heard[0][0] == "cim/alerts/demo/1"
            assert heard[0][1]["data"]["title"] == "紧急呼叫"
            broker.stop()
            subscribed.clear()
            put(living, "hand_over")
            wait_for(lambda: out.status()[0]["fault"], within=15, what="the silence of the broker to be noticed")
            broker = EmbeddedBroker(port)
            broker.start()
            assert subscribed.wait(15)
            wait_for(lambda: out.status()[0]["told"] == 2, within=60, what="the second notice to be acknowledged")
            assert {event["data"]["kind"] for _, event in heard} == {"raised", "hand_over"}
    finally:
        client.disconnect()
        client.loop_stop()
        broker.stop()


def test_the_metrics_say_of_each_outlet_what_waits_and_whether_it_can_be_told(
    living, telling, receiver, serving, wait_for
):
    well, broken = receiver(), receiver(usual=answer(500))
    out = telling(hook("well", well.url), hook("broken", broken.url))
    put(living, "raised")
    wait_for(lambda: out.status()[0]["told"] and out.status()[1]["fault"], what="one to be told and one to fail")
    site = serving(services=Services(outlet_status=out.status))
    with site.client(Role.ADMINISTRATOR) as client:
        said = client.get("/metrics").text
    assert 'cim_outlet_told_total{kind="webhook",outlet="well"} 1.0' in said
    assert 'cim_outlet_waiting{kind="webhook",outlet="broken"} 1.0' in said
    assert 'cim_outlet_fault{kind="webhook",outlet="well"} 0.0' in said
    assert 'cim_outlet_fault{kind="webhook",outlet="broken"} 1.0' in said
    assert "very-secret" not in said


# ------------------------------------------------------------------------------------------------------ kill -9

CHILD = """
import sys, threading
from datetime import UTC, datetime
from pathlib import Path
from cockpit.outlets.service import Outlets
from cockpit.outlets.settings import outlets
from cockpit.settings import Settings
from tests.web.outbox import SECRET
from tests.web.test_outlets_service import put
from twin_model.twin import Twin
twin = Twin.open(Path(sys.argv[1]), clock=lambda: datetime.now(UTC))
declared = outlets([{"name": "duty", "kind": "webhook", "url": sys.argv[2], "secret": SECRET}], {}, Path())
out = Outlets(twin, Settings(outlet=declared, night_quiet=""), lambda topic, payload: True)
out.start()
for step in range(int(sys.argv[3])):
    for incident in ("a", "b", "c"):
        put(twin, f"step_{step}", incident=incident)
print("stored", flush=True)
threading.Event().wait()
"""


def test_killed_at_any_moment_everything_is_told_in_order_and_doubles_are_recognisable(tmp_path, receiver, wait_for):
    """kill -9 three times while 60 notifications of three incidents go out, every 15th answer being a failure."""
    there = receiver()
    answered = []

    def sometimes(one, connection, request):
        answered.append(request)
        answer(500 if len(answered) % 15 == 0 else 200)(one, connection, request)

    there.usual = sometimes
    chance = random.Random(7)
    for life in range(4):
        command = [sys.executable, "-c", CHILD, str(tmp_path / "twin.duckdb"), there.url, "20" if life == 0 else "0"]
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "stored\n"
            target = len(there.requests) + chance.randint(1, 12)
            if life < 3:
                wait_for(lambda target=target: len(there.requests) >= target, within=30, what="some to be told")
            else:
                wait_for(lambda: len(ids(there)) == 60, within=60, what="all to be told")
        finally:
            child.send_signal(signal.SIGKILL)
            child.wait(10)
            child.stdout.close()
    assert len(ids(there)) == 60
    seen: set[str] = set()
    order = defaultdict(list)
    for event in (json.loads(request.body) for request in there.requests):
        if event["id"] not in seen:
            order[event["subject"]].append(event["data"]["kind"])
        seen.add(event["id"])
    assert order == {incident: [f"step_{n}" for n in range(20)] for incident in "abc"}


def ids(there) -> set[str]:
    return {request.headers["idempotency-key"] for request in there.requests}

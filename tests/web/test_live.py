"""Screens hear what changes: a snapshot first, then changes; a slow one is told anew; nobody is left behind."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
import pytest
from dash import no_update

from cockpit import care_models
from cockpit.caching import Answers
from cockpit.live import WAITING_EVENTS, Hub, Pulse
from cockpit.services import Services
from cockpit.shell import Asker
from cockpit.tokens import Role
from layouts.page import Ids, View
from layouts.parts.panel import Panel, draw
from twin_model.entities import Building
from twin_model.rights import Rights, asked, current, reading

from .conftest import report, square, street


@dataclass
class Listener:
    """One open stream, read in the background."""

    events: list[tuple[str, int, dict]] = field(default_factory=list)
    comments: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def of(self, name: str) -> list[dict]:
        return [data for kind, _, data in self.events if kind == name]

    def read(self, lines: Iterator[str]) -> None:
        said: dict[str, str] = {}
        for line in lines:
            if line.startswith(":"):
                self.comments += 1
            elif line:
                name, _, value = line.partition(": ")
                said[name] = value
            elif "data" in said:
                self.events.append((said["event"], int(said["id"]), json.loads(said["data"])))
                said = {}


@contextmanager
def listening(
    site, last_event_id: int | None = None, role: Role = Role.ADMINISTRATOR, **query: str
) -> Iterator[Listener]:
    headers = {} if last_event_id is None else {"last-event-id": str(last_event_id)}
    listener = Listener()
    with site.client(role, **headers) as client, client.stream("GET", "/api/v1/live", params=query) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")

        def read() -> None:
            with suppress(httpx.HTTPError, httpx.StreamError):  # this side hangs up
                listener.read(answer.iter_lines())
            listener.over.set()

        thread = threading.Thread(target=read)
        thread.start()
        yield listener
        # wakes the reader: a stream cannot be closed while another thread reads it
        answer.extensions["network_stream"].get_extra_info("socket").shutdown(2)
        thread.join(5)


def test_a_screen_first_hears_how_everything_is(site, wait_for):
    with listening(site) as screen:
        wait_for(lambda: screen.events, what="the snapshot")
    kind, revision, data = screen.events[0]
    assert (kind, revision, data["complete"]) == ("snapshot", site.twin.revision, True)
    assert data["revision"] == revision
    values = {(s["device_id"], s["metric"]): s["value"] for s in data["states"]}
    assert values["demo-count", "people"] == 12
    assert data["map"]["community_id"] == "demo"
    assert len(data["map"]["changed"]) == 3


def test_a_change_is_told_with_only_what_changed(site, twin, clock, wait_for):
    with listening(site) as screen:
        wait_for(lambda: screen.events, what="the snapshot")
        clock.forward(seconds=5)
        revision = report(twin, ("demo-air", "temperature", 25.0))
        change = wait_for(lambda: screen.of("change"), what="the change")[0]
    assert change["revision"] == revision
    assert [(s["device_id"], s["metric"], s["value"]) for s in change["states"]] == [("demo-air", "temperature", 25.0)]
    assert set(change["states"][0]) >= {"taken_at", "received_at", "changed_at", "status"}


def test_an_alarm_is_told_when_it_rises_and_when_it_clears_and_recolours_its_building(site, twin, clock, wait_for):
    with listening(site, community="demo") as screen:
        wait_for(lambda: screen.events, what="the snapshot")
        clock.forward(seconds=5)
        report(twin, ("demo-sos", "sos", 1))
        rose = wait_for(lambda: screen.of("alert"), what="the alert")[0]
        assert (rose["subject"], rose["severity"], rose["phase"]) == ("demo-sos", "act", "firing")
        recoloured = wait_for(lambda: [c for c in screen.of("change") if c.get("map")], what="the map to change")
        assert recoloured[-1]["map"]["changed"][0][:2] == [0, 2]  # first building, red
        report(twin, ("demo-sos", "sos", 0))
        for _ in range(2):  # a call stands for a while: letting go of the button is no all-clear
            clock.forward(minutes=40)
            twin.care.step()
        cleared = wait_for(lambda: [a for a in screen.of("alert") if a["phase"] == "cleared"], what="the all-clear")
    assert cleared[0]["id"] == rose["id"]


def test_an_incident_is_told_whole_at_once_and_again_with_every_step(site, twin, clock, wait_for):
    """the summary as the interface shapes it, the open ones counted, first what somebody waits for"""
    with listening(site, community="demo") as screen:
        wait_for(lambda: screen.events, what="the snapshot")
        assert screen.of("snapshot")[0]["incidents"] == []
        clock.forward(seconds=5)
        report(twin, ("demo-sos", "sos", 1))
        raised = wait_for(lambda: screen.of("incident"), within=5, what="the incident")[0]
        assert care_models.IncidentItem.model_validate(raised["incident"]).phase == "raised"
        assert raised["open"] == {"act": 1, "look": 0, "blind": 0, "drills": 0}
        wait_for(lambda: screen.of("alert"), what="the alert")
        name = raised["incident"]["id"]
        twin.care.take_step(name, "acknowledge", by="值班员", role="duty_officer", note="马上去")
        moved = wait_for(lambda: screen.of("incident")[1:], within=5, what="the step")[0]
    assert (moved["incident"]["id"], moved["incident"]["phase"]) == (name, "acknowledged")
    assert moved["revision"] > raised["revision"]
    assert "马上去" not in str(screen.events), "free text is asked for by those who act, not sent to every screen"


def test_a_screen_that_comes_hears_of_the_open_incidents_first(site, twin, clock, wait_for):
    clock.forward(seconds=5)
    report(twin, ("demo-sos", "sos", 1))
    with listening(site, community="demo") as screen:
        snapshot = wait_for(lambda: screen.of("snapshot"), what="the snapshot")[0]
    assert [(i["home_id"], i["phase"]) for i in snapshot["incidents"]] == [("demo-h1", "raised")]
    assert [a["rule"] for a in snapshot["alerts"]] == ["sos"]
    assert snapshot["open"]["act"] == 1


def test_a_lost_broker_is_told_within_five_seconds(site, twin, wait_for):
    with listening(site) as screen:
        wait_for(lambda: screen.events, what="the snapshot")
        twin.set_source("mqtt", False, "connection refused")
        told = wait_for(lambda: [c for c in screen.of("change") if c.get("sources")], within=5, what="the loss")
    assert told[0]["sources"] == [
        {"name": "mqtt", "connected": False, "detail": "connection refused", "since": told[0]["sources"][0]["since"]}
    ]


def test_a_screen_that_comes_back_hears_only_what_it_missed(site, twin, clock, wait_for):
    """seen up to r; then 25 degrees -> the snapshot after r holds one state, that one after the loss of memory all"""
    seen = twin.revision
    clock.forward(seconds=5)
    report(twin, ("demo-air", "temperature", 25.0))
    with listening(site, last_event_id=seen) as screen:
        missed = wait_for(lambda: screen.of("snapshot"), what="the snapshot")[0]
    assert missed["complete"] is False
    assert [s["device_id"] for s in missed["states"]] == ["demo-air"]
    with listening(site, last_event_id=seen + 1_000) as screen:
        everything = wait_for(lambda: screen.of("snapshot"), what="the snapshot")[0]
    assert everything["complete"] is True
    assert len(everything["states"]) == len(twin.states(twin.now()))


def test_a_screen_hears_of_its_community_only(site, twin, clock, wait_for):
    twin.record(street("other"))
    with listening(site, community="other") as screen:
        snapshot = wait_for(lambda: screen.of("snapshot"), what="the snapshot")[0]
        assert {s["device_id"].split("-")[0] for s in snapshot["states"]} == {"other"}
        clock.forward(seconds=5)
        report(twin, ("demo-air", "temperature", 30.0))
        report(twin, ("other-air", "temperature", 31.0))
        wait_for(lambda: [c for c in screen.of("change") if c["states"]], what="the change")
    assert {s["device_id"] for c in screen.of("change") for s in c["states"]} == {"other-air"}


def test_a_map_whose_buildings_changed_is_told_to_fetch_them_again(site, twin, clock, wait_for):
    with listening(site, community="demo") as screen:
        wait_for(lambda: screen.events, what="the snapshot")
        clock.forward(seconds=5)
        twin.record([Building(community_id="demo", building_id="demo-b9", footprint=square(104.01, 30), height_m=9.0)])
        change = wait_for(lambda: [c for c in screen.of("change") if c.get("map")], what="the new building")[0]
    assert change["map"]["changed"] is None
    assert change["map"]["version"] == twin.geometry_version("demo", twin.now())


def test_fifty_screens_leave_nothing_behind(site, wait_for):
    counts = site.cockpit.hub.counts
    listeners = [listening(site) for _ in range(50)]
    opened = [listener.__enter__() for listener in listeners]
    wait_for(lambda: all(o.events for o in opened), what="fifty snapshots")
    assert counts.clients == 50
    assert counts.snapshots < 10, "fifty screens at once cost a few snapshots, not fifty"
    for listener in listeners:
        listener.__exit__(None, None, None)
    wait_for(lambda: counts.clients == 0, what="the screens to be let go")


def test_closing_ends_every_stream(site, wait_for):
    with listening(site) as screen:
        wait_for(lambda: screen.events, what="the snapshot")
        site.cockpit.hub.close()
        assert screen.over.wait(5), "the stream goes on after the end of the hub"


def test_a_screen_too_slow_for_the_news_is_told_anew_how_everything_is(twin, clock, wait_for):
    """Nothing is read while more changes come than wait for a screen; then a whole snapshot follows."""
    twin.record(street())
    hub = Hub(twin, gather_seconds=0.0)
    hub.start()

    async def slow() -> list[bytes]:
        stream = hub.stream("demo", None)
        read = [await anext(stream), await anext(stream)]
        for number in range(3 * WAITING_EVENTS):
            clock.forward(seconds=1)
            report(twin, ("demo-air", "temperature", number % 30))
            await asyncio.sleep(0.001)  # the stream's own loop must turn for events to be queued
            if hub.counts.fell_behind:
                break
        read.append(await anext(stream))
        await stream.aclose()
        return read

    try:
        retry, first, anew = asyncio.run(slow())
    finally:
        hub.close()
    assert retry.startswith(b"retry:")
    assert b"event: snapshot" in first
    assert b"event: snapshot" in anew
    assert b'"complete":true' in anew
    assert hub.counts.fell_behind >= 1
    assert hub.counts.clients == 0


def test_live_screens_ask_about_one_revision_for_two_seconds(site, twin, clock):
    elapsed = iter([0.0, 1.9, 1.9, 2.0, 2.0])
    hub = Hub(twin, seconds=lambda: next(elapsed))
    first = hub.pulse()
    clock.forward(seconds=5)
    report(twin, ("demo-air", "temperature", 26.0))
    assert hub.pulse() == first
    assert hub.pulse().revision == twin.revision > first.revision
    hub.close()


def test_a_link_to_what_happened_a_moment_ago_shows_it(site, twin, clock):
    hub = Hub(twin, seconds=lambda: 0.0)
    clock.forward(seconds=1)
    report(twin, ("demo-air", "temperature", 26.0))
    happened = twin.now()
    assert hub.pulse().at < happened
    assert hub.pulse(happened + timedelta(hours=1)).at < happened, "what is to come is not waited for"
    told = hub.pulse(happened)
    assert (told.at >= happened, told.revision) == (True, twin.revision)
    hub.close()


@pytest.mark.parametrize("wrong", ["communtiy=demo"])
def test_a_mistyped_filter_is_refused(standing, wrong):
    assert standing.get(f"/api/v1/live?{wrong}").status_code == 400


def test_what_was_known_in_the_past_is_asked_once_whatever_comes_since(site, twin, clock):
    site.cockpit.hub.close()
    asked = []

    def question(_twin, at, community):
        asked.append((at, community))
        return len(asked)

    ask = Asker(twin, Services(), site.cockpit.answers, site.cockpit.hub)
    past = View(community="demo", at=clock.instant - timedelta(minutes=1))
    first = ask("q", question, past)
    clock.forward(seconds=30)
    report(twin, ("demo-air", "temperature", 27.0))
    assert ask("q", question, past) == first
    assert asked == [(past.at, "demo")]


def test_fifty_live_screens_in_one_second_ask_once(site):
    asked = []
    ask = Asker(site.twin, Services(), site.cockpit.answers, site.cockpit.hub)
    for _ in range(50):
        ask("q", lambda _twin, _at, _community: asked.append(1), View(community="demo"))
    assert len(asked) == 1


def test_what_pages_ask_is_answered_of_the_next_instant_before_they_are_told_of_it(twin, clock):
    hub, asked = Hub(twin), []
    ask = Asker(twin, Services(), Answers(), hub)
    live = View(community="demo")

    def question(_twin, at, _community):
        asked.append((at, current().homes))
        return len(asked)

    with reading(Rights(homes=False)):
        first = ask("q", question, live)
        ask.ahead("page", live, lambda: ask("q", question, live))
    clock.forward(seconds=2)
    coming = Pulse(twin.revision, twin.now())
    ask.look_ahead(coming)
    assert asked[1:] == [(coming.at, False)], "as whoever asked"
    with reading(Rights(homes=False)):
        assert ask("q", question, live) == first, "pages are told of it afterwards"
    hub.close()


def test_a_panel_is_drawn_once_for_all_who_may_see_the_same_and_never_for_others(site):
    drawn = []
    ask = Asker(site.twin, Services(), site.cockpit.answers, site.cockpit.hub)

    def number(_twin, _at, _community):
        return asked().homes

    def shown(may_see: bool, lang: str = "zh") -> str:
        panel = Panel("n", number, lambda _view, _now, answer: drawn.append(answer) or str(answer))
        with reading(Rights(homes=may_see)):
            return draw(ask, Ids("page"), panel, View(community="demo", lang=lang), site.twin.now(), None, {})[1]

    assert [shown(True) for _ in range(50)] == ["True"] * 50
    assert [shown(False), shown(True), shown(False)] == ["False", "True", "False"]
    assert drawn == [True, False]
    shown(True, lang="en")
    assert drawn == [True, False, True]


def test_a_panel_shows_what_its_fingerprint_stands_for_also_when_the_instant_moves_on_while_it_is_drawn(site, clock):
    """Else a page whose browser has the new fingerprint and the old picture keeps that until the next change."""
    hub = site.cockpit.hub
    ask = Asker(site.twin, Services(), site.cockpit.answers, hub)
    news = [2]

    def second(_twin, at, _community):
        hub.pulse(clock.forward(seconds=news.pop() if news else 0))  # comes while this is asked
        return at.second

    panel = Panel("n", second, lambda _view, _now, answer: str(answer))
    shown, before = draw(ask, Ids("page"), panel, View(community="demo"), site.twin.now(), None, {})
    _, after = draw(ask, Ids("page"), panel, View(community="demo"), site.twin.now(), shown, {})
    assert (before if after is no_update else after) == "2"


def test_what_one_answer_shows_is_of_one_instant(site, clock):
    hub = site.cockpit.hub
    ask = Asker(site.twin, Services(), site.cockpit.answers, hub)
    view = View(community="demo")
    with ask.one_instant(view):
        before = ask("q", lambda _twin, at, _community: at, view)
        hub.pulse(clock.forward(seconds=2))
        assert ask("r", lambda _twin, at, _community: at, view) == before
    assert ask("s", lambda _twin, at, _community: at, view) == clock.instant

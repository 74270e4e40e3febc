"""kill -9 at any moment of an incident's life: no step is lost, none is taken twice, timers are right.

The program is run as a user runs it, on a real broker that outlives it, and killed again and again while homes call
for help and an officer works. Nobody works for some of the homes: there the clock has to hand over by itself. They
called in the minute before, so that their hand-overs fall due before, between and after the kills.
"""

from __future__ import annotations

import random
import signal
import threading
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.conftest import Clock, Served, unused_port
from twin_model.entities import Building, Community, Device, Entity, Home
from twin_model.twin import Twin

from .conftest import report, square

pytestmark = pytest.mark.mosquitto

KILLS = 3
LATEST = timedelta(seconds=2)  # the disk of a busy machine alone may keep a hand-over waiting for one
AGES = (50, 40, 30, 20, 10, 0)  # seconds before the first start that a forgotten home called
HOMES = 2 * KILLS + len(AGES)
FORGOTTEN = [f"town-h{n}" for n in range(2 * KILLS, HOMES)]


def town() -> list[Entity]:
    """One building whose homes have a call button each."""
    c, homes = "town", HOMES
    return [
        Community(community_id=c, name=c),
        Building(community_id=c, building_id=f"{c}-b", footprint=square(104, 30), height_m=30.0),
        *(
            Home(community_id=c, home_id=f"{c}-h{n}", building_id=f"{c}-b", number=str(n), elder_alone=True)
            for n in range(homes)
        ),
        *(
            Device(community_id=c, device_id=f"{c}-s{n}", type="sos_button", dialect="zigbee2mqtt", address=f"{c}-s{n}",
                   home_id=f"{c}-h{n}")
            for n in range(homes)
        ),
    ]  # fmt: skip


@pytest.fixture
def server(tmp_path, mosquitto):
    """The program on the town, on a broker of its own."""
    began = datetime.now(UTC) - timedelta(seconds=AGES[0] + 1)
    clock = Clock(began)
    twin = Twin.open(tmp_path / "data" / "twin.duckdb", clock=clock)
    twin.record(town())
    for home, age in zip(FORGOTTEN, AGES, strict=True):
        clock.set(began + timedelta(seconds=AGES[0] - age + 1))
        report(twin, (home.replace("-h", "-s"), "sos", 1))
    twin.close()
    program = Served(tmp_path / "data", unused_port(), unused_port(), ["--no-sample", "--broker", mosquitto.url])
    program.broker_port = mosquitto.port
    program.start()
    yield program
    if program.process is not None:
        program.stop()


class Officer:
    """Notes something again and again at every open incident, each note once, whatever becomes of the server."""

    def __init__(self, server: Served) -> None:
        self.server = server
        self.answered: dict[str, str] = {}  # note -> incident, of every step that was answered with 200
        self.over = threading.Event()
        self.unsure = 0
        self.thread = threading.Thread(target=self.work)

    def work(self) -> None:
        number = 0
        while not self.over.is_set():
            try:
                for incident in self.get("/api/v1/incidents", community="town")["items"]:
                    if incident["home_id"] in FORGOTTEN:
                        continue
                    number += 1
                    self.note(incident["id"], f"note {number}.")
            except httpx.TransportError:
                time.sleep(0.05)

    def note(self, incident: str, text: str) -> None:
        while not self.over.is_set():
            try:
                log = self.get(f"/api/v1/incidents/{incident}")
                if text in [step["note"] for step in log["steps"]]:
                    self.answered[text] = incident
                    return
                said = {"step": "note", "note": text, "by": "officer", "expected_n": log["n"]}
                answer = self.server.post(f"/api/v1/incidents/{incident}/steps", said)
                if answer.status_code == 200:
                    self.answered[text] = incident
                    return
                assert answer.status_code == 409, answer.text  # the clock or a message was quicker
            except httpx.TransportError:
                self.unsure += 1  # nobody knows whether it was taken: look, then try again
                time.sleep(0.05)

    def get(self, path: str, **query: str) -> dict:
        answer = self.server.get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()


def test_a_kill_loses_no_step_takes_none_twice_and_leaves_the_timers_right(server, wait_for):
    chance = random.Random()
    officer = Officer(server)
    now = datetime.now(UTC)
    dead = [(now - timedelta(minutes=2), now)]  # from the end of a program until the next one answered

    def call(home: int) -> None:
        server.publish(f"zigbee2mqtt/town-s{home}", '{"action": "emergency", "battery": 90}')

    officer.thread.start()
    try:
        for kill in range(KILLS):
            call(2 * kill)
            before = len(officer.answered)
            wait_for(lambda n=before: len(officer.answered) > n, within=20, what="the officer to be at work")
            call(2 * kill + 1)  # with the broker only, perhaps, when the kill comes
            time.sleep(chance.uniform(0.0, 0.5))
            killed = datetime.now(UTC)
            server.stop(signal.SIGKILL)
            server.start()
            dead.append((killed, datetime.now(UTC)))
        wait_for(lambda: len(incidents(officer)) == HOMES, within=20, what="an incident of every home that called")
        before = len(officer.answered)
        wait_for(lambda: len(officer.answered) > before + 20, within=20, what="more notes after the last kill")
    finally:
        officer.over.set()
        officer.thread.join(20)
    logs = {i["home_id"]: officer.get(f"/api/v1/incidents/{i['id']}") for i in incidents(officer)}
    assert sorted(logs) == sorted(f"town-h{n}" for n in range(HOMES)), "one incident each"
    assert officer.unsure, "no kill hit the officer at work"
    noted: dict[str, str] = {}
    for log in logs.values():
        assert [step["n"] for step in log["steps"]] == list(range(1, log["n"] + 1))
        assert [step["step"] for step in log["steps"]].count("raise") == 1
        for text in (step["note"] for step in log["steps"] if step["step"] == "note"):
            assert text not in noted, f"{text} is in the log twice"
            noted[text] = log["id"]
    lost = {text: incident for text, incident in officer.answered.items() if noted.get(text) != incident}
    assert lost == {}, f"{len(lost)} of {len(officer.answered)} answered steps are not in the log"
    check_hand_overs(officer, [logs[home]["id"] for home in FORGOTTEN], dead, wait_for)


def incidents(officer: Officer) -> list[dict]:
    items: list[dict] = officer.get("/api/v1/incidents", community="town")["items"]
    return items


def check_hand_overs(officer: Officer, forgotten: list[str], dead: list[tuple[datetime, datetime]], wait_for) -> None:
    """a red call that nobody acknowledges goes on after 60 s, as the procedure says, whatever was killed meanwhile;
    what fell due with no program there is handed over by the next one. Goes on to the first that is due after all kills
    """

    def hand_over(incident: str) -> dict | None:
        steps = officer.get(f"/api/v1/incidents/{incident}")["steps"]
        raised = next(step for step in steps if step["step"] == "raise")
        over = next((step for step in steps if step["step"] == "hand_over"), None)
        return over and {**over, "waited": datetime.fromisoformat(over["at"]) - datetime.fromisoformat(raised["at"])}

    for incident in forgotten:
        over = wait_for(lambda i=incident: hand_over(i), within=70, what="the hand-over")
        assert over["waited"] == timedelta(seconds=60)
        due, known = datetime.fromisoformat(over["at"]), datetime.fromisoformat(over["known_at"])
        there = due
        for killed, back in dead:  # a program that was there for a moment only need not have come to it
            there = back if killed - LATEST <= there <= back else there
        assert known - there < LATEST, (
            f"the clock came {known - there} late: due {due:%T.%f}, handed over {known:%T.%f}, no program "
            + ", ".join(f"{killed:%T.%f}-{back:%T.%f}" for killed, back in dead[1:])
        )
        if due > dead[-1][1]:
            return  # a machine so slow that none was has shown all of them

"""An empty twin gets the sample with a past; afterwards its devices go on speaking."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from ingest.simulate import Live, Simulator
from ingest.url import BrokerUnreachableError
from sample_data.load import Loaded, ensure, load
from sample_data.records import YEARS
from tests.sample.conftest import SUNDAY
from twin_model.twin import Twin

HALF_A_DAY = timedelta(hours=6)


@pytest.fixture(scope="module")
def loaded() -> Iterator[Twin]:
    twin = Twin.open(None, clock=lambda: SUNDAY)
    load(twin, SUNDAY, past=HALF_A_DAY)
    yield twin
    twin.close()


def test_the_past_can_be_asked_from_its_first_minute(loaded: Twin) -> None:
    first = SUNDAY.replace(microsecond=0) - HALF_A_DAY
    for when in (first + timedelta(seconds=1), first + timedelta(hours=3), SUNDAY):
        status = loaded.device_status(when, community_id="demo")["status"].to_pylist()
        assert 0.98 <= status.count("fresh") / len(status) <= 0.999


def test_occupancy_and_figures_are_known_at_once(loaded: Twin) -> None:
    places = {row["place_id"]: row for row in loaded.occupancy(SUNDAY).to_pylist()}
    assert places["demo-f-centre"]["people"] == pytest.approx(137, abs=25)
    assert places["demo-e1-b01"]["grade"] == "good"
    figures = {row["figure"]: row for row in loaded.figures(SUNDAY, community_id="demo").to_pylist()}
    assert (figures["parking_taken"]["total"], figures["chargers_free"]["total"]) == (780, 42)


def test_some_homes_are_blind_and_some_messages_in_quarantine(loaded: Twin) -> None:
    states = loaded.home_states(SUNDAY).to_pydict()["state"]
    assert len(states) == 214
    assert 1 <= states.count("blind") <= 25, "a kit unplugged, and all homes of a building whose gateway is offline"
    assert loaded.quarantined(SUNDAY).num_rows > 3


def test_two_years_of_places_and_records_are_known_each_from_its_own_instant_on(loaded: Twin) -> None:
    first = SUNDAY.replace(microsecond=0) - YEARS
    assert loaded.first_instant("demo") == first
    assert loaded.residents(first, community_id="demo")["homes"] == 1821
    years_ago, lately = (
        loaded.ledger.rows("partner_unit", at, community_id="demo", start=at).num_rows for at in (first, SUNDAY)
    )
    assert 0 < years_ago < lately == 52
    booked = loaded.ledger.rows("room_booking", SUNDAY - timedelta(days=100), start=SUNDAY - timedelta(days=100))
    assert 0 < booked.num_rows < 150, "only what was booked ahead was known then"
    total = sum(loaded.ledger.rows(kind, SUNDAY).num_rows for kind in loaded.ledger.kinds)
    assert 60_000 < total < 120_000
    flags = {flag for kind in ("canteen_meal", "course_session", "parking_day", "safety_check")
             for row in loaded.ledger.rows(kind, SUNDAY)["flags"].to_pylist() for flag in row}  # fmt: skip
    assert {"over_capacity", "not_by_tariff", "no_place"} <= flags


@pytest.mark.parametrize("ago", [YEARS - timedelta(days=1), timedelta(days=300), HALF_A_DAY + timedelta(minutes=1)])
def test_before_the_devices_were_there_no_home_is_blind_or_alarmed(loaded: Twin, ago: timedelta) -> None:
    at = SUNDAY - ago
    assert loaded.device_status(at).num_rows == loaded.home_states(at).num_rows == loaded.alerts(at).num_rows == 0
    assert set(loaded.occupancy(at)["grade"].to_pylist()) <= {"unknown", "plan"}, "at most a booking tells of a room"


def test_a_second_start_loads_nothing_again(loaded: Twin) -> None:
    assert ensure(loaded, SUNDAY) is None


def test_a_twin_that_holds_other_things_is_not_given_an_invented_past() -> None:
    twin = Twin.open(None, clock=lambda: SUNDAY)
    twin.set_source("mqtt", True, "connected")
    with pytest.raises(ValueError, match="the log only grows"):
        load(twin, SUNDAY)
    assert ensure(twin, SUNDAY) == Loaded(6124, 0, 0, SUNDAY)
    for when, units in ((SUNDAY - timedelta(days=1), 0), (twin.now(), 52)):
        assert twin.ledger.rows("partner_unit", when, community_id="demo", start=when).num_rows == units
    twin.close()


class Recorder:
    """A broker that keeps what it is given, or refuses while ``down``."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []
        self.down = False
        self.enough = threading.Event()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        if self.down:
            raise BrokerUnreachableError("消息服务器没有应答", "the broker does not answer")
        self.sent.append((topic, payload))
        if len(self.sent) >= 50:
            self.enough.set()


def test_nothing_is_lost_while_the_broker_is_away(simulator: Simulator) -> None:
    broker, now = Recorder(), [SUNDAY]
    live = Live(simulator, broker, lambda: now[0], since=SUNDAY)
    broker.down = True
    now[0] = SUNDAY + timedelta(seconds=20)
    live.step()
    assert broker.sent == []
    broker.down = False
    now[0] = SUNDAY + timedelta(seconds=40)
    live.step()
    due = simulator.messages(SUNDAY, now[0])
    assert [topic for topic, _ in broker.sent] == [m.topic for m in due]
    assert live.published == len(due) > 100


def test_the_thread_publishes_until_it_is_stopped(simulator: Simulator) -> None:
    broker, start = Recorder(), SUNDAY
    ticks = iter(range(10_000))

    def clock() -> datetime:
        return start + timedelta(seconds=5 * next(ticks))

    live = Live(simulator, broker, clock, since=start, period_s=0.01).start()
    assert broker.enough.wait(60)
    live.stop()
    count = len(broker.sent)
    assert count == live.published >= 50

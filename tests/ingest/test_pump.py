"""From batches to commits to acknowledgements: nothing lost, nothing acknowledged too early."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from ingest.decoder import Decoder
from ingest.packets import DUP, Message
from ingest.pump import Pump
from ingest.source import Batch
from twin_model.twin import Twin

from .conftest import NOON_MS, device, eventually, message

CLIMATE = "community/c/climate/t-001"
MOTION = "community/c/motion/m-001"


class Office:
    """Hands batches to a pump as a connection would and keeps what is acknowledged."""

    def __init__(self, pump: Pump) -> None:
        self.pump = pump
        self.acknowledged: list[Message] = []

    def hand(self, *messages: Message, connection: int = 1) -> None:
        self.pump.offer(Batch(list(messages), connection, self._acknowledge))

    def _acknowledge(self, _connection: int, messages: Sequence[Message]) -> None:
        self.acknowledged += messages


@pytest.fixture
def office(people_live_here: Twin):
    pump = Pump(people_live_here, Decoder(people_live_here.catalogue))
    pump.start()
    yield Office(pump)
    pump.stop()


def climate(n: int, flags: int = 2, mid: int | None = None) -> Message:
    return message(CLIMATE, f'{{"temp": {n % 40}, "ts": {NOON_MS + n}}}', flags, mid or n % 60000 + 1)


def test_stored_quarantined_duplicate_and_ignored_add_up_to_received(office):
    office.hand(climate(1), message(CLIMATE, "{"), message(CLIMATE, ""), message(MOTION, '{"v": 1}', 2, 9))
    office.hand(message(MOTION, '{"v": 1}', 2 | DUP, 9), message("zigbee2mqtt/bridge/state", "online"))
    eventually(lambda: len(office.acknowledged) == 6, what="all acknowledged")
    status = office.pump.status()
    assert (status.received, status.stored, status.quarantined, status.duplicates, status.ignored) == (6, 2, 1, 1, 2)
    assert (status.inbox_depth, status.acknowledged) == (0, 6)


def test_a_message_is_acknowledged_only_after_it_can_be_read(office, people_live_here):
    """Whoever sees the acknowledgement finds the reading."""
    for n in range(20):
        office.hand(climate(n))
        eventually(lambda n=n: len(office.acknowledged) > n, what="the acknowledgement")
        assert people_live_here.counts()["stored"] == n + 1


def test_what_waits_is_committed_together(office, people_live_here):
    for n in range(200):
        office.hand(*(climate(n * 10 + k) for k in range(10)))
    eventually(lambda: len(office.acknowledged) == 2000, what="all acknowledged")
    assert people_live_here.counts()["stored"] == 2000
    assert people_live_here.revision < 100


def test_a_redelivered_reading_with_its_own_time_is_stored_once(office, people_live_here):
    office.hand(*(climate(n) for n in range(50)))
    office.hand(*(climate(n, 2 | DUP) for n in range(50)), connection=2)
    eventually(lambda: len(office.acknowledged) == 100, what="all acknowledged")
    assert people_live_here.counts()["stored"] == 50
    assert office.pump.status().duplicate_readings == 50


class Failing:
    """The real twin behind a disk that is full for a while."""

    def __init__(self, twin: Twin, failures: int) -> None:
        self._twin, self.failures, self.tried = twin, failures, threading.Event()

    def apply(self, *args: object, **options: object):
        if self.failures:
            self.failures -= 1
            self.tried.set()
            raise OSError(28, "No space left on device")
        return self._twin.apply(*args, **options)

    def __getattr__(self, name: str):
        return getattr(self._twin, name)


def test_while_nothing_can_be_stored_nothing_is_acknowledged_and_then_everything(people_live_here, caplog):
    full = Failing(people_live_here, failures=2)
    pump = Pump(full, Decoder(people_live_here.catalogue), inbox_messages=10)
    office = Office(pump)
    pump.start()
    office.hand(climate(1), message(CLIMATE, "{"))
    assert full.tried.wait(5)
    eventually(lambda: pump.status().fault, what="the fault to be shown")
    assert "No space left" in pump.status().fault
    assert office.acknowledged == []
    office.hand(*(climate(n) for n in range(2, 20)))
    assert not pump.has_room()
    eventually(lambda: len(office.acknowledged) == 20, what="everything once there is space")
    assert pump.status().fault is None
    assert pump.has_room()
    assert people_live_here.counts()["stored"] == 19
    assert len([r for r in caplog.records if "cannot be stored" in r.getMessage()]) == 1
    pump.stop()


def test_stopping_while_nothing_can_be_stored_acknowledges_nothing(people_live_here):
    full = Failing(people_live_here, failures=1_000_000)
    pump = Pump(full, Decoder(people_live_here.catalogue))
    office = Office(pump)
    pump.start()
    office.hand(climate(1))
    assert full.tried.wait(5)
    pump.stop(timeout=5)
    assert office.acknowledged == []


def test_stopping_commits_and_acknowledges_what_came_in(people_live_here):
    pump = Pump(people_live_here, Decoder(people_live_here.catalogue), batch_messages=100)
    office = Office(pump)
    pump.start()
    for n in range(50):
        office.hand(*(climate(n * 20 + k) for k in range(20)))
    pump.stop()
    assert len(office.acknowledged) == 1000
    assert not pump.has_room()


def test_a_full_inbox_says_so_by_number_and_by_size(people_live_here):
    pump = Pump(people_live_here, Decoder(people_live_here.catalogue), inbox_messages=10, inbox_bytes=1000)
    office = Office(pump)
    assert pump.has_room()
    office.hand(message(CLIMATE, "x" * 1001))
    assert not pump.has_room()
    pump = Pump(people_live_here, Decoder(people_live_here.catalogue), inbox_messages=10, inbox_bytes=1000)
    Office(pump).hand(*[message(CLIMATE, "1")] * 10)
    assert not pump.has_room()


def test_lag_is_how_long_the_oldest_message_waits(people_live_here):
    pump = Pump(people_live_here, Decoder(people_live_here.catalogue))
    assert pump.status().lag_s == 0
    Office(pump).hand(climate(1))
    eventually(lambda: pump.status().lag_s > 0.05, what="the lag to grow")
    pump.start()
    eventually(lambda: pump.status().lag_s == 0, what="the lag to end")
    pump.stop()


def test_messages_of_an_unknown_device_are_used_after_its_adoption(office, people_live_here):
    """Those without a clock count from when they came, not from the adoption."""
    clock = people_live_here._clock
    office.hand(
        message("community/c/motion/m-new", '{"v": 1}'),
        message("community/c/motion/m-new", f'{{"v": 0, "ts": {NOON_MS - 5000}}}'),
        message("community/c/motion/m-new", '{"v": 7, "bat": 80}'),
        message("community/c/motion/m-other", '{"v": 1}'),
    )
    eventually(lambda: len(office.acknowledged) == 4, what="all kept")
    came = people_live_here.now()
    clock.forward(hours=1)
    assert office.pump.adopt(device("m-new", "motion")) == 3
    now = people_live_here.now()
    found = people_live_here.series("c-m-new", "motion", came.replace(hour=0), came.replace(hour=23), now)
    assert found["value"].to_pylist() == [0.0, 1.0]
    assert abs((found["taken_at"].to_pylist()[1] - came).total_seconds()) < 1
    open_cases = [r for r in people_live_here.quarantined(now).to_pylist() if not r["resolved_at"]]
    assert sorted(r["code"] for r in open_cases) == ["out_of_range", "unknown_device"]
    assert office.pump.adopt(device("m-new", "motion")) == 0


def test_of_a_packet_id_used_again_the_last_use_is_known_after_a_restart(people_live_here):
    """Packet ids go round every 65,535 messages; the messages remembered span several rounds."""
    clock = people_live_here._clock
    first = Pump(people_live_here, Decoder(people_live_here.catalogue))
    office = Office(first)
    first.start()
    for n in (0, 1, 0, 1):
        clock.forward(seconds=1)
        office.hand(message(MOTION, f'{{"v": {n}, "bat": {n}}}', 2, 5))
        eventually(lambda: first.status().inbox_depth == 0, what="the commit")
    first.stop()
    second = Pump(people_live_here, Decoder(people_live_here.catalogue))
    office = Office(second)
    second.start()
    office.hand(message(MOTION, '{"v": 1, "bat": 1}', 2 | DUP, 5))
    eventually(lambda: len(office.acknowledged) == 1, what="the redelivery")
    second.stop()
    assert (second.status().duplicates, second.status().stored) == (1, 0)


def test_a_restarted_pump_knows_the_messages_it_committed_before(people_live_here):
    """Killed between commit and acknowledgement: the broker sends the same packet again."""
    first = Pump(people_live_here, Decoder(people_live_here.catalogue))
    office = Office(first)
    first.start()
    office.hand(message(MOTION, '{"v": 1}', 2, 77), message(CLIMATE, "{", 2, 78))
    eventually(lambda: len(office.acknowledged) == 2, what="the commit")
    first.stop()
    second = Pump(people_live_here, Decoder(people_live_here.catalogue))
    office = Office(second)
    second.start()
    office.hand(message(MOTION, '{"v": 1}', 2 | DUP, 77), message(CLIMATE, "{", 2 | DUP, 78))
    eventually(lambda: len(office.acknowledged) == 2, what="the redelivery to be acknowledged")
    assert second.status().duplicates == 2
    second.stop()
    assert people_live_here.counts()["stored"] == 1
    assert people_live_here.quarantined(people_live_here.now()).num_rows == 1

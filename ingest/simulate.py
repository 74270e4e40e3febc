"""A community's devices, lived through: any stretch of time as readings, or as the messages due in it.

``Simulator`` is a function of (entities, seed, instant): asking for two halves of a stretch gives the whole, and
what is published live is what ``history`` would say of that time (meters and gateways report more often live).
``Live`` publishes through whatever has ``publish``; the program hands in ``ingest.mqtt.Publisher``.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Protocol

import numpy as np
import pyarrow as pa

from ingest.cast import Cast
from ingest.encode import APPLICATION, Encoder
from ingest.rhythm import METRIC_BITS, SECOND, Day, Floats, Ints, Sheet, day_number, uniform
from ingest.rhythm_homes import write_homes, write_leaks
from ingest.rhythm_people import AWAY_DAYS, ElderDay, outings
from ingest.rhythm_places import write_places
from ingest.rhythm_streets import write_streets
from ingest.url import BrokerError
from twin_model.catalogue import Catalogue
from twin_model.entities import Device, Entity

log = logging.getLogger("cim.simulate")

DAYS_KEPT = 3
CATCH_UP = timedelta(minutes=10)
"""After a pause (a sleeping computer, a lost broker) at most this much is published late."""
STRAY_EVERY_S = 2400
"""About how often a message arrives that cannot be used: a device nobody registered, a broken payload."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
METRIC_MASK = (1 << METRIC_BITS) - 1


class Publisher(Protocol):
    """What ``Live`` needs of a connection to a broker."""

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Send one message; may wait, may raise ``BrokerError``."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message due: ``at`` in microseconds since 1970 UTC."""

    at: int
    topic: str
    payload: bytes
    dialect: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """Readings in order of time. ``codes``: device number << 6 | metric number; ``taken`` in microseconds UTC."""

    codes: Ints
    taken: Ints
    values: Floats

    def between(self, start: int, end: int) -> Stretch:
        """Those taken from ``start`` up to and without ``end``."""
        first, last = np.searchsorted(self.taken, [start, end])
        return Stretch(self.codes[first:last], self.taken[first:last], self.values[first:last])


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody is elsewhere for some days. ``told``: the family says so beforehand."""

    home_id: str
    since: datetime
    until: datetime
    told: bool


class Simulator:
    """The life of the devices among ``entities``; equal arguments give equal readings."""

    def __init__(self, entities: Sequence[Entity], seed: int = 7, catalogue: Catalogue | None = None) -> None:
        self.catalogue = catalogue or Catalogue.load()
        self.seed = seed
        self.cast = Cast.of(entities, seed)
        names = sorted({m for t in self.catalogue.sensor_types.values() for m in t.metrics})
        if len(names) > METRIC_MASK:
            raise ValueError(f"{len(names)} metrics are declared; the simulator numbers at most {METRIC_MASK}")
        self.metrics = {name: number for number, name in enumerate(names)}
        self._names = names
        self._days: dict[tuple[int, bool], Stretch] = {}
        self._living = threading.Lock()
        self._encoders: dict[int, Encoder] = {}

    @property
    def devices(self) -> list[Device]:
        """The simulated devices; their places in this list are the device numbers of a ``Stretch``."""
        return self.cast.devices

    def stretch(self, start: datetime, end: datetime, *, fine: bool = False) -> Stretch:
        """All readings taken from ``start`` up to and without ``end``, in order of time."""
        first, last = to_us(start), to_us(end)
        parts = [
            self._day(number, fine).between(first, last)
            for number in range(day_number(first), day_number(max(first, last - 1)) + 1)
        ]
        if len(parts) == 1:
            return parts[0]
        return Stretch(*(np.concatenate(x) for x in zip(*((p.codes, p.taken, p.values) for p in parts), strict=True)))

    def history(self, start: datetime, end: datetime) -> pa.Table:
        """``stretch`` as a table: device_id, metric (dictionaries), taken_at timestamp[us, UTC], value."""
        found = self.stretch(start, end)
        ids = pa.array([d.device_id for d in self.devices])
        return pa.table(
            {
                "device_id": pa.DictionaryArray.from_arrays((found.codes >> METRIC_BITS).astype(np.int32), ids),
                "metric": pa.DictionaryArray.from_arrays(
                    (found.codes & METRIC_MASK).astype(np.int32), pa.array(self._names)
                ),
                "taken_at": pa.array(found.taken).cast(pa.timestamp("us", tz="UTC")),
                "value": found.values,
            }
        )

    def messages(self, start: datetime, end: datetime) -> list[Outgoing]:
        """The messages due from ``start`` up to and without ``end``, in order; now and then one is a stray."""
        found = self.stretch(start, end, fine=True)
        device = found.codes >> METRIC_BITS
        new = np.flatnonzero((np.diff(device) != 0) | (np.diff(found.taken) != 0)) + 1
        due = []
        for first, last in pairwise([0, *new.tolist(), len(device)] if len(device) else []):
            number, at = int(device[first]), int(found.taken[first])
            codes, values = found.codes[first:last].tolist(), found.values[first:last].tolist()
            said = {self._names[c & METRIC_MASK]: v for c, v in zip(codes, values, strict=True)}
            encoder = self._encoder(number)
            due.append(Outgoing(at, encoder.topic, encoder.encode(said, at), self.devices[number].dialect))
        strays = self.strays(start, end)
        return sorted([*due, *strays], key=lambda m: m.at) if strays else due

    def strays(self, start: datetime, end: datetime) -> list[Outgoing]:
        """Messages nobody can use, due in the stretch: of an unregistered device, cut short, or out of range."""
        first, last = to_us(start), to_us(end)
        step = STRAY_EVERY_S * SECOND
        found = []
        for turn in range(first // step, last // step + 1):
            at = turn * step + int(uniform(self.seed, 91, turn)[0] * step)
            if first <= at < last:
                found.append(self._stray(turn, at))
        return found

    def _stray(self, turn: int, at: int) -> Outgoing:
        pick = int(uniform(self.seed, 92, turn)[0] * 6)
        if pick < 3:
            address = f"70b3d507ffff{pick + 1:04x}"
            body = (
                f'{{"deduplicationId":"stray-{turn}","time":"{(_EPOCH + timedelta(microseconds=at)).isoformat()}",'
                f'"deviceInfo":{{"devEui":"{address}","deviceName":"water-{pick + 1}"}},"fPort":2,'
                f'"object":{{"water_litres":{1200 + turn % 9000},"battery":98}}}}'
            )
            return Outgoing(at, f"application/{APPLICATION}/device/{address}/event/up", body.encode(), "chirpstack")
        if pick == 3:
            body = '{"occupancy": true, "battery": 100, "linkquality": 74}'
            return Outgoing(at, "zigbee2mqtt/0x00158d0007c2a1b3", body.encode(), "zigbee2mqtt")
        meters = [n for n in self.cast.of_kind("electricity_meter") if self.devices[n].dialect == "json"]
        rooms = [n for n in self.cast.of_kind("temperature") if self.devices[n].dialect == "json"]
        if pick == 4 and meters:
            encoder = self._encoder(int(meters[turn % len(meters)]))
            return Outgoing(at, encoder.topic, encoder.encode({"power_kw": 12.5}, at)[:-7], "json")
        if rooms:
            encoder = self._encoder(int(rooms[turn % len(rooms)]))
            return Outgoing(at, encoder.topic, encoder.encode({"temperature": 214.0}, at), "json")
        return Outgoing(at, "zigbee2mqtt/unpaired", b"not json", "zigbee2mqtt")

    def _encoder(self, number: int) -> Encoder:
        if number not in self._encoders:
            device = self.devices[number]
            self._encoders[number] = Encoder(device, self.catalogue.sensor_types[device.type])
        return self._encoders[number]

    def _day(self, number: int, fine: bool) -> Stretch:
        key = (number, fine)
        with self._living:  # several threads may ask
            if key not in self._days:
                # A live stream never looks back; a history may ask for its days again.
                self._days = {k: day for k, day in self._days.items() if not fine or k[0] >= number - 1}
                while len(self._days) >= DAYS_KEPT:
                    self._days.pop(next(iter(self._days)))
                self._days[key] = self._live_through(Day(self.seed, number, fine))
            return self._days[key]

    def elders_of(self, number: int) -> ElderDay:
        """A day as the elders living alone spend it, without a reading: cheap, for what was learned long before."""
        day = Day(self.seed, number)
        return ElderDay.of(day, outings(self.cast.people, day), self.cast.elders)

    def absences(self, at: datetime) -> list[Absence]:
        """Which homes are empty for days at ``at``, or will be within the day."""
        number = day_number(to_us(at))
        found = []
        for first in sorted({number - number % AWAY_DAYS, number + 1 - (number + 1) % AWAY_DAYS}):
            start, end = self.elders_of(first), self.elders_of(first + AWAY_DAYS - 1)
            told = uniform(self.seed, 103, np.arange(len(start.away)), first)
            for row in np.flatnonzero(start.away).tolist():
                since = _EPOCH + timedelta(microseconds=start.day.start, seconds=float(start.leave[row]))
                until = _EPOCH + timedelta(microseconds=end.day.start, seconds=float(end.back[row]))
                found.append(Absence(self.cast.elder_homes[row], since, until, bool(told[row] < 0.8)))
        return found

    def _live_through(self, day: Day) -> Stretch:
        cast, sheet = self.cast, Sheet(day, self.metrics)
        out = outings(cast.people, day)
        elders = ElderDay.of(day, out, cast.elders)
        out.start[cast.elders], out.end[cast.elders] = elders.start, elders.end
        write_homes(sheet, cast, elders)
        write_leaks(sheet, cast)
        write_places(sheet, cast)
        write_streets(sheet, cast, out)
        codes, taken, values = sheet.columns()
        heard = ~cast.silent(codes >> METRIC_BITS, taken / SECOND)
        codes, taken, values = codes[heard], taken[heard], values[heard]
        order = np.argsort((taken - day.start) // 1000 << 18 | codes, kind="stable")
        return Stretch(codes[order], taken[order], values[order])


class Live:
    """Publishes what is due, a few times a second, on a thread of its own until ``stop``."""

    def __init__(
        self, simulator: Simulator, publisher: Publisher, clock: Callable[[], datetime], *,
        since: datetime | None = None, period_s: float = 0.25,
    ) -> None:  # fmt: skip
        self.simulator, self._publisher, self._clock = simulator, publisher, clock
        self._done_until = since or clock()
        self._period_s = period_s
        self._stopping = threading.Event()
        self._failing = False
        self.published = 0
        self._thread = threading.Thread(target=self._run, name="simulate", daemon=True)

    def start(self) -> Live:
        """Begin to publish."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """End, after the message under way."""
        self._stopping.set()
        self._thread.join()

    def step(self) -> None:
        """Publish what has become due since the last step. A broker that fails is asked again next time."""
        now = self._clock()
        for message in self.simulator.messages(max(self._done_until, now - CATCH_UP), now):
            try:
                self._publisher.publish(message.topic, message.payload)
            except BrokerError as error:
                if not self._failing:
                    log.warning("simulated devices cannot publish: %s", error)
                self._failing, self._done_until = True, _EPOCH + timedelta(microseconds=message.at)
                return
            self.published += 1
        if self._failing:
            log.info("simulated devices publish again")
        self._failing, self._done_until = False, now

    def _run(self) -> None:
        while not self._stopping.wait(self._period_s):
            self.step()


def to_us(at: datetime) -> int:
    """Microseconds since 1970 UTC; ``at`` must know its zone."""
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    return (at - _EPOCH) // _MICROSECOND

"""Drills: an invented or recorded stretch of time, played through the real broker into a community of its own.

The homes of a drill become valid at the instant it begins; what their devices said before is published while they are
not there yet, so that no rule ever sees a half-told home. From then on every event is published when the drill's clock
(``twin_model.drill_clock``) shows its time. Heartbeats may come up to ``EARLY`` of real time sooner: at 3,600 times the
speed a tenth of a second is six minutes, and a busy machine must not look like a dead gateway.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from ingest.drill_cast import Cast, DrillRefused, at_rest, cast, drill_name
from ingest.encode import Encoder
from ingest.rhythm import uniform
from ingest.url import BrokerError
from twin_model.catalogue import Catalogue
from twin_model.drill_clock import Drill
from twin_model.drill_scenarios import FASTEST, GATEWAY, SLOWEST, Scenario
from twin_model.drill_score import OVER, WITNESS
from twin_model.entities import Device
from twin_model.incident import Incident
from twin_model.twin import Twin

log = logging.getLogger("cim.drill")

Publish = Callable[[str, bytes], None]

WARM_UP_S = 2.0
"""Real seconds between asking for a drill and its beginning; longer when there is much to tell first."""
WARM_UP_RATE = 1500
EARLY = timedelta(seconds=20)
HEARD_S = 15.0
"""Real seconds that a drill waits at its end for the twin to have stored its last event."""
LIFE_BEFORE = timedelta(hours=3)
"""How much of the day before the beginning the devices tell of, where a scenario has life."""
HEARTBEATS = 4
"""Heartbeats within the time after which a device counts as stale."""
MOST_RUNNING = 3
FOR_PEOPLE_S = 900.0
"""Real seconds after a drill's end for people to work what it raised; then what is open is closed as a drill."""

_LOCAL = timezone(timedelta(hours=8))
_WAKE, _BED = 6.0, 21.5
_STIR_S = 1200


@dataclass(frozen=True, slots=True)
class Told:
    """One message of a drill: what ``device`` says at ``at`` (the drill's own time); ``early``: may come sooner."""

    at: datetime
    device: Device
    values: dict[str, float]
    early: bool = False


@dataclass(frozen=True, slots=True)
class Script:
    """What is told: ``before`` the beginning, in order, and ``then``; ``lasts`` is how long the drill runs."""

    before: list[Told]
    then: list[Told]
    begin: datetime
    lasts: timedelta


class RunningDrill:
    """A drill on its way: publishes on a thread of its own until its time is over or ``stop``."""

    def __init__(
        self, twin: Twin, publish: Publish, drill: Drill, script: Script, clock: Callable[[], datetime],
        flush: Callable[[], object] | None = None,
    ) -> None:  # fmt: skip
        self.drill = drill
        self._twin, self._publish, self._script, self._clock = twin, publish, script, clock
        self._flush = flush
        self._encoders: dict[str, Encoder] = {}
        self._stopping, self._ended = threading.Event(), threading.Event()
        self.published = 0
        self._thread = threading.Thread(target=self._run, name="drill", daemon=True)

    def start(self) -> RunningDrill:
        """Begin."""
        self._thread.start()
        return self

    @property
    def is_running(self) -> bool:
        """Whether its clock still runs."""
        return not self._ended.is_set()

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is open any more."""
        return not self._thread.is_alive()

    def wait(self, timeout: float | None = None) -> bool:
        """Until its time is over; false when ``timeout`` seconds were not enough."""
        return self._ended.wait(timeout)

    def stop(self) -> None:
        """End it now, and close what it raised; a second call does nothing."""
        self._stopping.set()
        self._thread.join()

    # ------------------------------------------------------------------ the thread

    def _run(self) -> None:
        try:
            self._tell(self._script.before)
            self._play()
        except BrokerError as error:
            log.warning("drill %s ended: %s", self.drill.drill_id, error)
        finally:
            self.drill = end(self._twin, self.drill.drill_id)
            self._ended.set()
            self._leave_to_people()
            wind_up(self._twin, self.drill)

    def _leave_to_people(self) -> None:
        until = self._clock() + timedelta(seconds=FOR_PEOPLE_S)
        while self._clock() < until and open_incidents(self._twin, self.drill):
            if self._stopping.wait(1.0):
                return

    def _tell(self, messages: Iterable[Told]) -> None:
        for message in messages:
            self._send(message)
        if self._flush is not None:
            self._flush()

    def _play(self) -> None:
        end = self.drill.started_at + self._script.lasts / self.drill.speed
        for due, message in schedule(self._script.then, self.drill):
            if due >= end:
                break
            if self._stopping.wait(max(0.0, (due - self._clock()).total_seconds())):
                return
            self._send(message)
        if self._flush is not None:
            self._flush()
        self._stopping.wait(max(0.0, (end - self._clock()).total_seconds()))
        until = self._clock() + timedelta(seconds=HEARD_S)
        while not self._all_heard() and self._clock() < until:
            if self._stopping.wait(0.1):
                return

    def _all_heard(self) -> bool:
        """Whether the twin knows the last event: a broker may hold back what it has acknowledged."""
        events = [t for t in self._script.then if not t.early and t.at < self._script.begin + self._script.lasts]
        if not events:
            return True
        last = max(events, key=lambda t: t.at)
        heard = self._twin.states(self._twin.now(), device_id=last.device.device_id)["taken_at"].to_pylist()
        told = last.at - timedelta(milliseconds=1)  # messages carry milliseconds
        return any(at is not None and at >= told for at in heard)

    def _send(self, message: Told) -> None:
        device = message.device
        encoder = self._encoders.get(device.device_id)
        if encoder is None:
            encoder = Encoder(device, self._twin.catalogue.sensor_types[device.type])
            self._encoders[device.device_id] = encoder
        at = int(message.at.timestamp() * 1000) * 1000
        self._publish(encoder.topic, encoder.encode(message.values, at))
        self.published += 1


def start_drill(
    twin: Twin, publish: Publish, scenario: Scenario, *, drill_of: str, by: str, clock: Callable[[], datetime],
    speed: float | None = None, flush: Callable[[], object] | None = None,
) -> RunningDrill:  # fmt: skip
    """Begin an invented drill of ``scenario`` for the community ``drill_of``. Raises ``DrillRefused``.

    ``publish(topic, payload)`` sends one message to the broker the twin listens to; ``flush`` waits until the broker
    has all. ``speed`` 1 to 3,600 (None: as the scenario says).
    """
    pace = scenario.speed if speed is None else speed
    check(twin, pace)
    name = drill_name(scenario.name, clock().astimezone(_LOCAL))
    players = cast(
        twin, drill_of=drill_of, drill_id=name, title=scenario.title["zh"], title_en=scenario.title["en"],
        homes=scenario.homes, kit=scenario.kit,
    )  # fmt: skip
    drill_from = beginning(scenario, clock(), pace)
    script = write_script(scenario, players, twin.catalogue, drill_from, pace)
    return enter(twin, publish, script, players, scenario.name, name, pace, by, clock, flush)


def check(twin: Twin, speed: float) -> None:
    """Whether another drill can be held at this speed; raises ``DrillRefused``."""
    if not SLOWEST <= speed <= FASTEST:
        raise DrillRefused(f"speed is {speed:g}; a drill runs {SLOWEST:g} to {FASTEST:g} times as fast as real time")
    if len(twin.care.clock.running()) >= MOST_RUNNING:
        raise DrillRefused(f"{MOST_RUNNING} drills are running; end one first")


def enter(
    twin: Twin, publish: Publish, script: Script, players: Cast, scenario: str, drill_id: str, speed: float, by: str,
    clock: Callable[[], datetime], flush: Callable[[], object] | None,
) -> RunningDrill:  # fmt: skip
    """Record the players, start the drill's clock and let the script be told."""
    if drill_id in {drill.drill_id for drill in twin.care.drills()}:
        raise DrillRefused(f"drill {drill_id} has begun already; wait a second")
    warm_up = timedelta(seconds=WARM_UP_S + len(script.before) / WARM_UP_RATE)
    started_at = clock() + warm_up
    drill = Drill(
        drill_id=drill_id, community_id=players.community.community_id, drill_of=players.community.drill_of or "",
        scenario=scenario, speed=speed, started_at=started_at, drill_from=script.begin, started_by=by,
    )  # fmt: skip
    twin.care.begin_drill(drill, {new: original for original, new in players.homes})
    twin.record(players.entities, valid_from=started_at)
    return RunningDrill(twin, publish, drill, script, clock, flush).start()


def end(twin: Twin, drill_id: str) -> Drill:
    """End a drill: its homes and devices are no more, its clock stands still; what it told stays."""
    drill = {d.drill_id: d for d in twin.care.drills()}[drill_id]
    if drill.ended_at is None:
        twin.retire(drill.community_id)
        drill = twin.care.end_drill(drill_id)
    return drill


def open_incidents(twin: Twin, drill: Drill) -> list[Incident]:
    """What a drill raised and nobody has closed yet."""
    return twin.care.incidents(twin.now(), community_id=drill.community_id)


def wind_up(twin: Twin, drill: Drill) -> None:
    """Close what is still open of a drill that has ended, by the legal steps, as a test with the cause drill."""
    for incident in open_incidents(twin, drill):
        for _ in range(len(_TO_THE_END)):
            if incident.phase == "closed":
                break
            step = next(s for s in _TO_THE_END if s in incident.next_steps)
            by = WITNESS if step == "confirm" else OVER
            incident = twin.care.take_step(
                incident.incident_id, step, by=by, role="administrator", note=OVER, **_SAID.get(step, {})
            )


_TO_THE_END = ("close", "confirm", "handle", "acknowledge", "contact", "arrive")
_SAID: dict[str, dict[str, str]] = {
    "contact": {"result": "well"},
    "close": {"outcome": "test", "cause": "drill"},
}


def end_abandoned(twin: Twin) -> list[str]:
    """End the drills that a program left behind when it ended itself: nobody speaks for their devices any more."""
    left = [drill for drill in twin.care.drills() if drill.ended_at is None or open_incidents(twin, drill)]
    for drill in left:
        wind_up(twin, end(twin, drill.drill_id))
    return [drill.drill_id for drill in left]


# -------------------------------------------------------------------------------------------------- the script


def beginning(scenario: Scenario, now: datetime, speed: float) -> datetime:
    """The last instant of the scenario's time of day from which nothing is told before it is true in real time."""
    local = latest_begin(scenario.lasts, now, speed).astimezone(_LOCAL)
    begin = local.replace(hour=0, minute=0, second=0, microsecond=0) + scenario.starts
    return (begin if begin <= local else begin - timedelta(days=1)).astimezone(UTC)


def latest_begin(lasts: timedelta, now: datetime, speed: float) -> datetime:
    """A drill that begins later than this would tell something, or a heartbeat early, that is not true yet."""
    return now - lasts * (1.0 - 1.0 / speed) - EARLY * speed


def write_script(scenario: Scenario, players: Cast, catalogue: Catalogue, begin: datetime, speed: float) -> Script:
    """What each device says from before ``begin`` to the end of the scenario, heartbeats a little beyond."""
    end = begin + scenario.lasts
    before: list[Told] = []
    then: list[Told] = []
    for (number, kind), device in players.devices.items():
        rest = at_rest(catalogue, kind)
        if kind == GATEWAY:
            rest["children"] = float(len(players.devices) - 1)
        said = [
            (begin + e.at, dict(e.values)) for e in scenario.events if e.device == kind and e.home in (None, number)
        ]
        if scenario.life and kind == "motion":
            said += list(stirrings(number, begin - LIFE_BEFORE, end))
        said.sort(key=lambda row: row[0])
        silences = [
            (begin + s.begin, begin + s.end)
            for s in scenario.silences
            if (s.device == kind and s.home in (None, number)) or (s.device == GATEWAY and s.home is None)
        ]
        every = catalogue.sensor_types[kind].stale_after / HEARTBEATS
        told = list(_course(device, rest, said, silences, begin, end + EARLY * speed, every, number))
        before += [t for t in told if t.at <= begin]
        then += [t for t in told if t.at > begin]
    before.sort(key=lambda t: t.at)
    then.sort(key=lambda t: t.at)
    return Script(before, then, begin, scenario.lasts)


def _course(
    device: Device, rest: dict[str, float], said: Sequence[tuple[datetime, dict[str, float]]],
    silences: Sequence[tuple[datetime, datetime]], begin: datetime, end: datetime, every: timedelta, number: int,
) -> Iterable[Told]:  # fmt: skip
    """A device's messages in order: what it says of itself, and its heartbeats; none while it is silent."""
    state = dict(rest)
    first = min((at for at, _ in said), default=begin) - every
    beat = begin - every * (0.1 + 0.8 * float(uniform(number, 1, len(device.device_id))[0]))
    beats = []
    while beat < end:
        beats.append(beat)
        beat += every
    back = [until for _, until in silences if until < end]
    rows: list[tuple[datetime, dict[str, float], bool]] = [
        *((at, values, False) for at, values in said if at < end),
        *((at, {}, True) for at in (min(first, beats[0]), *beats)),
        *((at, {}, False) for at in back),
    ]
    for at, values, early in sorted(rows, key=lambda row: row[0]):
        state |= values
        if not any(since <= at < until for since, until in silences):
            # An alarm told early would be an alarm of a later time.
            yield Told(at, device, dict(state), early and state == rest)


def stirrings(home: int, begin: datetime, end: datetime) -> Iterable[tuple[datetime, dict[str, float]]]:
    """Somebody moves about by day: motion on and off again, about every twenty minutes; at night nothing."""
    turn = math.floor(begin.timestamp() / _STIR_S)
    while turn * _STIR_S < end.timestamp():
        chance = uniform(home, 2, turn)[0], uniform(home, 3, turn)[0]
        at = datetime.fromtimestamp(round(turn * _STIR_S + 900 * float(chance[0])), UTC)
        hour = at.astimezone(_LOCAL).hour + at.minute / 60
        if begin <= at < end and _WAKE <= hour < _BED:
            yield at, {"motion": 1.0}
            yield at + timedelta(seconds=60 + round(120 * float(chance[1]))), {"motion": 0.0}
        turn += 1


def schedule(told: Sequence[Told], drill: Drill) -> list[tuple[datetime, Told]]:
    """When each message is to be published: at its time by the drill's clock, heartbeats up to ``EARLY`` sooner, but
    never before what the same device said earlier."""  # fmt: skip
    last: dict[str, datetime] = {}
    plan = []
    for message in told:
        due = drill.started_at + (message.at - drill.drill_from) / drill.speed
        if message.early:
            due = max(due - EARLY, last.get(message.device.device_id, drill.started_at))
        last[message.device.device_id] = due
        plan.append((due, message))
    return sorted(plan, key=lambda row: row[0])

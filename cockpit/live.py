"""Server-sent events: what changed, encoded once for all screens.

The writer's thread only leaves the numbers of the changed series here. A thread gathers them, some sixteen times
a second, and hands one event to every screen that looks at the same community. A screen that reads too slowly gets no
queue of old news but a fresh snapshot, so memory stays bounded and a screen is never wrong for long.

Two rhythms: states, alerts and incidents go out as they change; map colours, which cost a few queries, are looked at
by another thread every other second, at once when an alert or incident moved, and every few seconds without news
because silence ages. What a page asks about then is already the instant of that news, so a call for help is on screen
at once.

A public screen has a channel of its own, which carries counts and nothing else (see ``live_care``). Longer than other
modules because the rhythms, the screens and what was told share one lock and one order of events.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cockpit.encoding import rfc3339, rows
from cockpit.events import STATE_COLUMNS, event, map_part, sources_part
from cockpit.live_care import Told
from layouts.parts import map_classes
from twin_model.rights import PROGRAM, Rights, current, reading
from twin_model.twin import Change, Twin

log = logging.getLogger(__name__)

FLUSH_SECONDS = 0.06
LOOK_SECONDS = 2.0
SILENT_LOOK_SECONDS = 10.0
MOST_LOOK_SECONDS = 6.0
HEARTBEAT_SECONDS = 5.0
WAITING_EVENTS = 100  # six seconds of events; a screen further behind is sent a snapshot
REMEMBERED_FLUSHES = 1000  # a screen that comes back within a minute is told only what it missed
PUSH_BYTES_A_SECOND = 16_000_000  # when changes times screens exceed this, events come less often


@dataclass(frozen=True)
class Pulse:
    """The revision and instant all live screens ask about; moved on every other second, at once by an incident."""

    revision: int
    at: datetime


@dataclass
class LiveCounts:
    """Since the start; ``clients`` is now."""

    clients: int = 0
    events: int = 0
    bytes: int = 0
    snapshots: int = 0
    fell_behind: int = 0


@dataclass(eq=False)
class Screen:
    """One connection. Events wait here until the socket takes them."""

    loop: asyncio.AbstractEventLoop
    waiting: deque[tuple[int, bytes]] = field(default_factory=deque)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    behind: bool = False
    over: bool = False

    def offer(self, events: list[tuple[int, bytes]]) -> bool:
        """Queue events (on the event loop); False when the screen had to be cut off from them."""
        kept_up = len(self.waiting) + len(events) <= WAITING_EVENTS
        if kept_up:
            self.waiting.extend(events)
        else:
            self.waiting.clear()
            self.behind = True
        self.news.set()
        return kept_up

    def end(self) -> None:
        """Close the stream after what is being sent."""
        self.over = True
        self.news.set()


@dataclass
class Channel:
    """All screens that look at one community ("" is all of them; the map is then the first one's)."""

    community: str
    is_public: bool = False
    rights: Rights = PROGRAM  # with which its events are read, by whichever thread
    screens: set[Screen] = field(default_factory=set)
    classes: dict[str, Any] | None = None
    told: Told = field(default_factory=Told)
    snapshot: tuple[int, int | None, float, bytes] | None = None
    making: threading.Lock = field(default_factory=threading.Lock)

    @property
    def key(self) -> tuple[str, bool, Rights]:
        return self.community, self.is_public, self.rights


class Hub:
    """Listens to the twin and feeds the screens. Start it, hand out `stream`, close it."""

    def __init__(
        self, twin: Twin, gather_seconds: float = FLUSH_SECONDS, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._twin = twin
        self._seconds = seconds
        self._gather = gather_seconds
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._pending: list[np.ndarray[Any, np.dtype[np.int32]]] = []
        self._pending_revision = twin.revision
        self._entities_changed = False
        self._care_at: datetime | None = None
        self._channels: dict[tuple[str, bool, Rights], Channel] = {}
        self._sequence = 0
        self._past: deque[tuple[int, pa.Array | None]] = deque(maxlen=REMEMBERED_FLUSHES)
        self._past_from = twin.revision
        self._sources = twin.sources()
        self._beating = threading.Lock()
        self.ahead: Callable[[Pulse], None] = lambda _coming: None
        self._pulse = Pulse(twin.revision, twin.now())
        self._pulse_moved = self._seconds()
        self._looked = 0.0
        self._look_cost = 0.0
        self._unlooked = False
        self._alarm = threading.Event()
        self.counts = LiveCounts()
        self._unsubscribe = twin.subscribe(self._changed)
        self._threads = [
            threading.Thread(target=work, name="live", daemon=True) for work in (self._run, self._watch)
        ]

    def start(self) -> None:
        """Begin to feed screens."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End every stream and the threads; a second call does nothing."""
        with self._lock:
            if self._stop.is_set():
                return
            self._stop.set()
            screens = [s for c in self._channels.values() for s in c.screens]
        self._unsubscribe()
        for screen in screens:
            if not screen.loop.is_closed():
                screen.loop.call_soon_threadsafe(screen.end)
        self._wake.set()
        self._alarm.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=5)

    def pulse(self, wanted: datetime | None = None) -> Pulse:
        """What live screens ask about now; fifty of them within two seconds ask the same question.

        ``wanted``: an instant that a link names; when it is over, and later than the pulse, the pulse moves on to it.
        """
        age = self._seconds() - self._pulse_moved
        moved_on = self._twin.revision != self._pulse.revision
        # while anybody listens the look at the map moves it on, once the answers are made
        patience = MOST_LOOK_SECONDS if self._channels else LOOK_SECONDS
        is_due = (moved_on and age >= patience) or age >= SILENT_LOOK_SECONDS
        if is_due or (wanted is not None and self._pulse.at < wanted <= self._twin.now()):
            self._beat(since=self._pulse)
        return self._pulse

    def _beat(self, since: Pulse) -> Pulse:
        """Move the pulse on, once for all who found it old at the same time."""
        # Never inside self._lock: the twin waits here for its writer, and the writer's listeners wait for that lock.
        with self._beating:
            return self._move_on(self._coming()) if self._pulse is since else self._pulse

    def _coming(self) -> Pulse:
        at = self._twin.settle()
        return Pulse(self._twin.revision, at)

    def _move_on(self, coming: Pulse) -> Pulse:
        if coming.at > self._pulse.at:
            self._pulse, self._pulse_moved = coming, self._seconds()
        return self._pulse

    # ---------------------------------------------------------------- one screen

    async def stream(
        self, community: str, last_event_id: int | None, *, is_public: bool = False
    ) -> AsyncIterator[bytes]:
        """The events of one connection: a snapshot (of what it missed, when that is known), then changes."""
        loop = asyncio.get_running_loop()
        screen = Screen(loop)
        told = await loop.run_in_executor(None, self._told_against, Channel(community, is_public, current()))
        channel = self._enter(told, screen)
        if channel is None:
            return
        try:
            yield b"retry: 1000\n\n"
            async for event in self._events(channel, screen, last_event_id):
                yield event
        finally:
            self._leave(channel, screen)

    def _told_against(self, channel: Channel) -> Channel:
        """A channel as it stands now: what its first screen's changes are told against."""
        with self._lock:
            known = channel.key in self._channels
        if not known:
            now = self._twin.now()
            with reading(channel.rights):
                channel.classes = self._classes(channel, now)
                channel.told.look(self._twin, channel.community, now, is_public=channel.is_public)
        return channel

    def _enter(self, told: Channel, screen: Screen) -> Channel | None:
        with self._lock:
            if self._stop.is_set():
                return None
            channel = self._channels.setdefault(told.key, told)
            channel.screens.add(screen)
            self.counts.clients += 1
            return channel

    def _leave(self, channel: Channel, screen: Screen) -> None:
        with self._lock:
            channel.screens.discard(screen)
            self.counts.clients -= 1
            if not channel.screens:
                self._channels.pop(channel.key, None)

    async def _events(self, channel: Channel, screen: Screen, since: int | None) -> AsyncIterator[bytes]:
        seen = await self._catch_up(channel, since)  # the screen is among the listeners by now: nothing is missed
        yield seen[1]
        while not screen.over:
            if screen.behind:
                screen.behind = False
                seen = await self._catch_up(channel, None)
                yield seen[1]
            while screen.waiting:
                sequence, event = screen.waiting.popleft()
                if sequence > seen[0]:
                    yield event
            if screen.behind or screen.over:
                continue
            screen.news.clear()
            try:
                await asyncio.wait_for(screen.news.wait(), HEARTBEAT_SECONDS)
            except TimeoutError:
                yield b": still here\n\n"

    async def _catch_up(self, channel: Channel, since: int | None) -> tuple[int, bytes]:
        """A snapshot, and the number of the last event it already contains."""
        told = self._sequence
        return await asyncio.get_running_loop().run_in_executor(None, self._snapshot, channel, since, told)

    def _snapshot(self, channel: Channel, since: int | None, told: int) -> tuple[int, bytes]:
        """``told``: the last event that was handed out before the screen listened; the snapshot must hold it."""
        with channel.making, reading(channel.rights):
            kept = channel.snapshot
            if kept and kept[1] == since and kept[0] >= told and self._seconds() - kept[2] < SILENT_LOOK_SECONDS:
                return kept[0], kept[3]  # fifty screens that come back together cost one
            sequence = self._sequence
            twin = self._twin
            revision, now = twin.revision, twin.now()
            missed = self._missed(since)
            body: dict[str, Any] = {"revision": revision, "at": rfc3339(now), "complete": missed is None}
            if channel.is_public:
                body["states"] = []
            else:
                states = self._of(twin.states(now), channel)
                if missed is not None:
                    states = states.filter(pc.is_in(states["series_no"], missed))
                classes = self._classes(channel, now)
                body |= {
                    "states": rows(states, STATE_COLUMNS),
                    "sources": sources_part(twin.sources()),
                    "map": map_part(None, classes, whole=missed is None) if classes else None,
                }
            encoded = event(
                "snapshot", revision, body | Told().look(twin, channel.community, now, is_public=channel.is_public)
            )
            channel.snapshot = (sequence, since, self._seconds(), encoded)
            self.counts.snapshots += 1
            return sequence, encoded

    def _missed(self, since: int | None) -> pa.Array | None:
        """The series that changed after a revision, None when that is not remembered."""
        with self._lock:
            if since is None or since < self._past_from or since > self._twin.revision:
                return None
            later = [numbers for revision, numbers in self._past if revision > since]
            later += [pa.array(np.concatenate(self._pending), pa.int32())] if self._pending else []
        if any(numbers is None for numbers in later):
            return None
        return pa.concat_arrays([pa.array([], pa.int32()), *later])

    # ------------------------------------------------------------- from the twin

    def _changed(self, change: Change) -> None:
        """After a commit, on the writer's thread: note it and be gone."""
        with self._lock:
            self._pending.append(change.series_no)
            self._pending_revision = change.revision
            self._entities_changed |= change.entities_changed
            self._care_at = change.at if change.care else self._care_at
        self._wake.set()

    def _run(self) -> None:
        """The quick rhythm: states and sources as they change."""
        pause = self._gather
        while not self._stop.is_set():
            self._wake.wait(timeout=LOOK_SECONDS)
            self._wake.clear()
            began = self._seconds()
            try:
                pause = self._flush()
            except Exception:  # the wall of the thread: one failed round must not blind every screen
                if not self._stop.is_set():
                    log.exception("pushing changes failed; screens get the next ones")
            took = self._seconds() - began
            self._stop.wait(max(took, pause - took))  # what changes meanwhile goes out together

    def _flush(self) -> float:
        """One round; returns the seconds from its beginning to the next one's."""
        with self._lock:
            gathered, self._pending = self._pending, []
            revision, entities, care_at = self._pending_revision, self._entities_changed, self._care_at
            self._entities_changed, self._care_at = False, None
            numbers = np.unique(np.concatenate(gathered)) if gathered else np.empty(0, np.int32)
            if gathered:
                if len(self._past) == self._past.maxlen:
                    self._past_from = self._past[0][0]
                self._past.append((revision, None if entities else pa.array(numbers, pa.int32())))
            channels = [c for c in self._channels.values() if c.screens]
        if not channels:
            return self._gather
        if care_at:  # before the states, which may be many
            self._tell_care(channels, care_at)
        now = self._twin.now()
        changed = self._twin.states_of_series(now, numbers)
        sources = self._twin.sources()
        news: dict[str, Any] = {"entities_changed": True} if entities else {}
        if sources != self._sources:
            news["sources"] = sources_part(sources)
            self._sources = sources
        sent = 0
        for channel in channels:
            if channel.is_public:
                continue
            with reading(channel.rights):
                told = rows(self._of(self._twin.sight.measured(changed), channel), STATE_COLUMNS)
            if told or news:
                body = {"revision": revision, "at": rfc3339(now), "states": told, **news}
                sent += self._send(channel, [event("change", revision, body)])
        self._unlooked |= bool(gathered)
        if news or care_at:
            self._alarm.set()
        return max(self._gather, sent / PUSH_BYTES_A_SECOND)

    def _tell_care(self, channels: list[Channel], care_at: datetime) -> None:
        """Alerts and incidents that moved at ``care_at``; the instant the pages ask about moves with them."""
        pulse = self._beat(since=self._pulse)
        while pulse.at < care_at:  # another thread's beat, begun before that commit
            pulse = self._beat(since=pulse)
        for channel in channels:
            with reading(channel.rights):
                moved = channel.told.news(
                    self._twin, channel.community, pulse.revision, pulse.at, is_public=channel.is_public
                )
            self._send(channel, moved)

    def _watch(self) -> None:
        """The slow rhythm: the map's colours. Looking takes at most a fifth of the time, half when there is alarm."""
        while not self._stop.is_set():
            is_alarm = self._alarm.wait(timeout=LOOK_SECONDS)
            self._alarm.clear()
            since = self._seconds() - self._looked
            wait = max(LOOK_SECONDS, 4 * self._look_cost) if self._unlooked else SILENT_LOOK_SECONDS
            if not (is_alarm or since >= wait):
                continue
            try:
                self._look()
            except Exception:  # the wall of the thread, as above
                if not self._stop.is_set():
                    log.exception("looking at the map's colours failed; the next look comes")
            self._stop.wait(self._look_cost)

    def _look(self) -> None:
        """Move the pulse on and tell every channel which buildings changed colour.

        What pages asked a moment ago is answered of the new instant before they are told of it (`ahead`): until then
        they have the answers of the one before, and nobody waits. Whatever changed before is told once more by
        revision alone: a page that asked between two pulses has the answer of the first.
        """
        unlooked, self._unlooked = self._unlooked, False
        coming = self._coming()
        try:
            self.ahead(coming)
        except Exception:  # pages then wait for their answers, but the map goes on
            log.exception("asking ahead of the pages failed; they ask themselves")
        started = self._seconds()
        with self._beating:
            pulse = self._move_on(coming)
        with self._lock:
            channels = [c for c in self._channels.values() if c.screens]
        for channel in channels:
            body: dict[str, Any] = {"revision": pulse.revision, "at": rfc3339(pulse.at), "states": []}
            with reading(channel.rights):
                classes = self._classes(channel, pulse.at)
            part = map_part(channel.classes, classes, whole=False) if classes else None
            if part:
                body["map"] = part
            channel.classes = classes
            self._send(channel, [event("change", pulse.revision, body)] if part or unlooked else [])
        self._looked = self._seconds()
        self._look_cost = self._looked - started

    def _send(self, channel: Channel, events: list[bytes]) -> int:
        """Queue events for every screen of a channel; returns the bytes that go out."""
        if not events:
            return 0
        with self._lock:
            self._sequence += 1
            numbered = [(self._sequence, event) for event in events]
            screens = list(channel.screens)
        self._hand_out(screens, numbered)
        size = sum(map(len, events)) * len(screens)
        self.counts.events += len(events)
        self.counts.bytes += size
        return size

    def _hand_out(self, screens: list[Screen], events: list[tuple[int, bytes]]) -> None:
        loops: dict[asyncio.AbstractEventLoop, list[Screen]] = {}
        for screen in screens:
            loops.setdefault(screen.loop, []).append(screen)

        def offer(some: list[Screen]) -> None:
            self.counts.fell_behind += sum(not screen.offer(events) for screen in some)

        for loop, some in loops.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(offer, some)

    def _classes(self, channel: Channel, now: datetime) -> dict[str, Any] | None:
        community = channel.community
        if channel.is_public:
            return None  # a building's colours tell how many are at home in it
        if not community:
            ids = self._twin.entities("community", now)["community_id"].to_pylist()
            community = min(ids, default="")
        if not community:
            return None
        return map_classes.classes(self._twin, community, now) | {"community_id": community}

    def _of(self, states: pa.Table, channel: Channel) -> pa.Table:
        return states.filter(pc.equal(states["community_id"], channel.community)) if channel.community else states

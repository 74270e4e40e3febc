"""The rhythms of all homes, kept up with the log: which readings are signs of life, and when a home was watched.

Live, every commit is heard once (``hear``). What is known at a past instant, and what is known after a restart, is
made from the stored days (``rhythm_day``) and the readings since them, by the same code.

* A sign of life: motion seen (not its end), an alarm button pressed, presence that begins, a door, a bed or a meal
  that changes, water that was used. Never a heartbeat, never a battery.
* A device watches until it was silent for longer than its type may be (``stale_after``), and not while its gateway is
  silent. A home is watched while the devices that usually tell of life there, at least half of them by what they told
  in the last 28 days, are watching.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from threading import RLock

import numpy as np
import pyarrow as pa

from twin_model.life_log import Seen
from twin_model.placed import Placed
from twin_model.rhythm import LEARNED_DAYS, Due, Habit, Rhythm
from twin_model.rhythm_days import DAY_US, LOCAL_US, SCHEMA, day_row, instant_of, local, local_day, read_days
from twin_model.rhythm_recent import Marks, Recent
from twin_model.rhythm_signs import Glance, Layout, glance, share_heard, signs_of_life, sure_until
from twin_model.states import F64, I32, I64, NEVER, Batch, States
from twin_model.store import Store
from twin_model.timeline import from_us, to_us

CHUNK_US = 30 * 60_000_000
ENOUGH_SIGHT = 0.5  # of the usual witnesses must be heard for silence to mean anything
KEPT = 3  # past instants of which the rhythms are remembered


@dataclass(frozen=True)
class Facts:
    """What is known of one home's rhythm. Instants are microseconds UTC; ``due`` None: nothing to judge by."""

    last: int | None
    out: bool
    due: Due | None
    habit: Habit | None
    sensor: int
    limit: float
    stretches: tuple[tuple[float, float], ...]
    watched_since: int | None

    def missed(self, instant: int) -> float:
        """Active slots expected since the last sign of life, in watched time."""
        if self.habit is None:
            return 0.0
        now = local(instant)
        parts = ((a, min(b, now)) for a, b in self.stretches)
        return sum(self.habit.missed(a, b, self.sensor) for a, b in parts if b > a)


@dataclass(frozen=True)
class Sight(Glance):
    """How well homes are watched. ``share``: of its usual witnesses heard, 0..1; ``sure``: until when it surely was."""

    share: F64
    sure: I64


Then = Recent[Facts, Sight]
Lives = Callable[[int], Mapping[str, Seen] | None]
"""What was known at an instant (microseconds) of when each home was last seen alive; None where that was not kept."""


class Rhythms:
    """Every home's rhythm. One thread hears commits; any thread asks."""

    def __init__(
        self, store: Store, lives: Lives, *, homes: frozenset[str] | None = None, like: Rhythms | None = None
    ) -> None:
        self._store = store
        self._lives = lives
        self._only = homes
        self._habits: dict[str, dict[int, Habit | None]] = {} if like is None else like._habits
        self._lock = RLock()
        self._past: OrderedDict[tuple[int, frozenset[str] | None], Rhythms] = OrderedDict()
        self._marks: Marks[Facts] = Marks()
        self._layout: Layout | None = None
        self._empty()

    def forget(self) -> None:
        """Read everything again from the store at the next use: after a transaction that failed."""
        with self._lock:
            self._habits = {}
            self._empty()

    def _empty(self) -> None:
        with self._lock:
            self._rhythm: dict[str, Rhythm] = {}
            self._facts: dict[str, Facts] = {}
            self._finished: list[tuple[str, int]] = []
            self._seen: list[tuple[I32, I64]] = []
            self._stirred: set[str] = set()
            self._known: int | None = None
            self._value: F64 = np.empty(0)
            self._heard: I64 = np.empty(0, np.int64)
            self._layout = None
            self._past.clear()
            self._marks.clear()

    # ------------------------------------------------------------------ the log

    def hear(self, placed: Placed, batch: Batch, known: int) -> set[str]:
        """A commit under way: its readings, before it is written. ``known`` is its instant in microseconds.

        Gives the homes in which it tells of life.
        """
        with self._lock:
            self._stirred = set()
            layout = self._ready(placed, known - 1)
            self._known = known
            if len(layout.series):
                kept = (batch.series < len(layout.device)) & ~batch.retained
                self._take(layout, batch.series[kept], np.minimum(batch.taken, batch.received)[kept], batch.value[kept])
            return self._stirred

    def finished(self, known_at: datetime) -> pa.Table:
        """Days that ended since the last call, as rows of ``rhythm_day``; call it where they are then written."""
        with self._lock:
            rows = []
            for home_id, number in self._finished:
                day = self._rhythm[home_id].days.get(number)
                if day is not None:
                    rows.append(day_row(home_id, number, day, known_at))
            self._finished = []
        return pa.Table.from_pylist(rows, schema=SCHEMA)

    def mark(self, known: int) -> None:
        """Whatever is heard from now on becomes known after ``known``, which will be asked about."""
        with self._lock:
            if self._known is not None:
                self._marks.set(known)

    def at(self, placed: Placed, known: int, *, homes: frozenset[str] | None = None) -> Rhythms | Then:
        """The rhythms as known at an instant: these, or those of the past made anew (of all homes or of some)."""
        with self._lock:
            if known in self._marks and self._layout is not None and self._layout.placed is placed:
                return Recent(lambda home_id: self._marked(known, home_id), self)
            if known >= (self._newest() if self._known is None else self._known):
                self._ready(placed, known)
                return self
            key = (known, homes)
            if key not in self._past:
                self._past[key] = Rhythms(self._store, self._lives, homes=homes, like=self)
                while len(self._past) > KEPT:
                    self._past.popitem(last=False)
            past = self._past[key]
        past.ready(placed, known)
        return past

    def ready(self, placed: Placed, known: int) -> None:
        """Be up to date with the log up to ``known``, once."""
        with self._lock:
            self._ready(placed, known)

    def facts(self, home_id: str) -> Facts | None:
        """What is known of a home; None where nothing tells of life."""
        with self._lock:
            found = self._facts.get(home_id)
            if found is None and (rhythm := self._rhythm.get(home_id)) is not None:
                found = self._facts[home_id] = _facts(rhythm)
            return found

    def lives(self, homes: Collection[str] | None = None) -> dict[str, Seen]:
        """Of homes (None: of all) when somebody was last seen alive; without those that were never looked into."""
        with self._lock:
            chosen = self._rhythm.keys() if homes is None else homes
            return {name: _seen(self._rhythm[name]) for name in chosen if name in self._rhythm}

    def is_at_hand(self, placed: Placed, known: int) -> bool:
        """Whether what is known at an instant is what is known now, or was put by; never before the first question.

        Who has heard nothing yet would live through the day so far first, of every home.
        """
        with self._lock:
            if known in self._marks and self._layout is not None and self._layout.placed is placed:
                return True
            return self._known is not None and known >= self._known

    def _correct(self, known: int) -> None:
        """Go on from what was known, where days lived through again tell another story."""
        for name, seen in (self._lives(known) or {}).items():
            rhythm = self._rhythm.get(name)
            if rhythm is not None and _seen(rhythm) != seen:
                rhythm.believe(None if seen.last is None else local(seen.last), out=seen.out)
                self._facts.pop(name, None)

    def _newest(self) -> int:
        """The instant of the newest commit, for whoever has heard none yet: before it lies the past."""
        return to_us(self._store.select("SELECT received_at FROM clock")["received_at"][0].as_py())

    def _marked(self, known: int, home_id: str) -> Facts | None:
        with self._lock:
            return self._marks.known(known, home_id, self.facts)

    def sight(self, placed: Placed, states: States, instant: int, *, homes: Collection[str] | None = None) -> Sight:
        """How well every home is watched at an instant of the community's clock. ``homes``: ``sure`` only of these."""
        with self._lock:
            layout = self._ready(placed, self._known or instant)
            weight = self._witness(layout)
        look = glance(layout, placed, states, instant)
        share = layout.per_home(weight * look.seeing)
        heard, through = look.of_device, np.maximum(layout.through, 0)
        with_gateway = np.where(look.held & (heard[through] != NEVER), np.minimum(heard, heard[through]), heard)
        sure = look.heard.copy()
        asked = range(len(layout.homes)) if homes is None else [layout.of_home[h] for h in homes if h in layout.of_home]
        for number in (n for n in asked if share[n] < ENOUGH_SIGHT):
            eyes = layout.eyes[number]
            if len(eyes):
                sure[number] = sure_until(with_gateway[eyes], weight[eyes])
        return Sight(**vars(look), share=share, sure=sure)

    # ------------------------------------------------------------------ private

    def _ready(self, placed: Placed, known: int) -> Layout:
        if self._layout is None or self._layout.placed is not placed:
            self._adopt(Layout(placed))
        assert self._layout is not None
        if self._known is None:
            self._known = known
            self._restore(self._layout, known)
            self._correct(known)
        return self._layout

    def _adopt(self, layout: Layout) -> None:
        """Go on with another set of devices; what was heard of those that stay is kept."""
        before, self._layout = self._layout, layout
        value = np.full(len(layout.device), np.nan)
        value[: min(len(value), len(self._value))] = self._value[: len(value)]
        heard = np.full(len(layout.devices), NEVER)
        if before is not None:
            for name, n in layout.number.items():
                if name in before.number:
                    heard[n] = self._heard[before.number[name]]
        self._value, self._heard = value, heard
        self._weight: dict[int, F64] = {}
        self._shares: F64 | None = None
        new = frozenset(layout.homes) - self._rhythm.keys()
        if before is not None and new and self._known is not None:
            read_days(
                self._store, self._known, self._rhythm, new, self._habits
            )  # a drill's homes bring the days of others

    def _restore(self, layout: Layout, known: int) -> None:
        first = read_days(self._store, known, self._rhythm, self._only, self._habits)
        wanted = [home for home in layout.homes if self._only is None or home in self._only]
        horizon = (local_day(known) - LEARNED_DAYS) * DAY_US - LOCAL_US
        for home, number in first.items():
            self._rhythm[home].settled = number
        # The last stored day is lived through again, to know how it ended: still, silent too long, away.
        begin = {home: max((first.get(home, 0) - 1) * DAY_US - LOCAL_US, horizon) for home in wanted}
        if not begin:
            return
        chosen = [
            s for s in layout.series.tolist()
            if (h := int(layout.home[layout.device[s]])) < 0 or layout.homes[h] in begin
        ]  # fmt: skip
        rows = self._store.read(
            "readings_of", tables={"chosen": pa.table({"series_no": pa.array(chosen, pa.int32())})},
            after=from_us(min(begin.values()) - CHUNK_US), known=from_us(known),
        )  # fmt: skip
        series = rows["series_no"].to_numpy()
        when = rows["taken_at"].cast(pa.int64()).to_numpy()
        home = layout.home[layout.device[series]]
        starts = np.array([begin.get(name, horizon) for name in layout.homes] or [horizon])
        kept = when >= np.where(home >= 0, starts[np.maximum(home, 0)], horizon)
        self._take(layout, series[kept], when[kept], rows["value"].to_numpy()[kept])
        self._finished = [(h, n) for h, n in self._finished if n >= first.get(h, -1)]

    def _take(self, layout: Layout, series: I32, when: I64, value: F64) -> None:
        """Readings in any order; long spans piece by piece, so that silences of devices in between are seen."""
        mine = layout.device[series] >= 0
        if not mine.any():
            return
        series, when, value = series[mine], when[mine], value[mine]
        if len(when) > 1:
            order = np.argsort(when, kind="stable")
            series, when, value = series[order], when[order], value[order]
        start = 0
        while start < len(when):
            end = int(np.searchsorted(when, when[start] + CHUNK_US, "right"))
            piece = slice(start, end)
            before = self._before(series[piece], value[piece])
            self._see_again(layout, layout.device[series[piece]], when[piece])
            life = signs_of_life(layout.sign[series[piece]], before, value[piece])
            if life.any():
                self._seen.append((series[piece][life], when[piece][life]))
            start = end
        self._tell(layout)

    def _tell(self, layout: Layout) -> None:
        """Hand the signs of life collected to the homes' rhythms."""
        if not self._seen:
            return
        series, when = (np.concatenate(part) for part in zip(*self._seen, strict=True))
        self._seen = []
        device = layout.device[series]
        home, code, door = layout.home[device], layout.code[device], layout.is_door[series]
        if len(home) > 1:
            order = np.argsort(home, kind="stable")
            home, code, door, when = home[order], code[order], door[order], when[order]
        cuts = [0, *(np.flatnonzero(np.diff(home)) + 1).tolist(), len(home)]
        at = (when + LOCAL_US) / 1e6
        for start, end in pairwise(cuts):
            number = int(home[start])
            name = layout.homes[number]
            if self._only is not None and name not in self._only:
                continue
            rhythm = self._rhythm.get(name)
            if rhythm is None:
                rhythm = self._rhythm[name] = Rhythm(self._habits.setdefault(name, {}))
            self._marks.before_change(name, self.facts)
            rhythm.observe(at[start:end], code[start:end], door[start:end])
            self._stirred.add(name)
            self._facts.pop(name, None)
            if rhythm.finished:
                self._finished += [(name, n) for n in rhythm.finished]
                rhythm.finished = []
                self._weight.pop(number, None)
                self._shares = None

    def _before(self, series: I32, value: F64) -> F64:
        """The value each series had before each of these readings, nan where there was none; and remember the last."""
        if len(series) == 1:
            before = self._value[series]
            self._value[series] = value
            return before
        order = np.argsort(series, kind="stable")
        sorted_series, sorted_value = series[order], value[order]
        is_first = np.concatenate(([True], sorted_series[1:] != sorted_series[:-1]))
        previous = np.concatenate(([np.nan], sorted_value[:-1]))
        previous[is_first] = self._value[sorted_series[is_first]]
        last = np.concatenate((is_first[1:], [True]))
        self._value[sorted_series[last]] = sorted_value[last]
        before = np.empty(len(series))
        before[order] = previous
        return before

    def _see_again(self, layout: Layout, device: I32, when: I64) -> None:
        """Devices and gateways that were silent for too long and speak again: their homes were not watched."""
        present, first = np.unique(device, return_index=True)
        at, heard = when[first], self._heard[present]
        back = (heard != NEVER) & (at - heard > layout.stale[present])
        silent = {int(n): (int(self._heard[n]), int(t)) for n, t in zip(present[back], at[back], strict=True)}
        heard_before = self._heard.copy() if silent else self._heard
        np.maximum.at(self._heard, device, when)
        homes: dict[int, int] = {}
        for n, (since, until) in silent.items():
            if layout.home[n] >= 0:
                if layout.is_eye[n]:
                    homes.setdefault(int(layout.home[n]), until)
            else:
                for number in layout.behind.get(n, ()):
                    self._unwatched(layout, number, since, until)
        for number, until in homes.items():
            eyes, weight = layout.eyes[number], self._weights(layout, number)
            if share_heard(heard_before[eyes], layout.stale[eyes], weight, until) >= ENOUGH_SIGHT:
                continue  # the others watched on
            if share_heard(self._heard[eyes], layout.stale[eyes], weight, until) >= ENOUGH_SIGHT:
                self._unwatched(layout, number, sure_until(heard_before[eyes], weight), until)

    def _unwatched(self, layout: Layout, home: int, since: int, until: int) -> None:
        self._tell(layout)  # what was seen before comes first
        rhythm = self._rhythm.get(layout.homes[home])
        if rhythm is not None and since != NEVER:
            self._marks.before_change(layout.homes[home], self.facts)
            rhythm.unwatched(local(since), local(until))
            self._facts.pop(layout.homes[home], None)

    def _witness(self, layout: Layout) -> F64:
        """Per device what share of its home's life it tells of."""
        if self._shares is None:
            self._shares = np.zeros(len(layout.devices))
            for number, eyes in enumerate(layout.eyes):
                self._shares[eyes] = self._weights(layout, number)
        return self._shares

    def _weights(self, layout: Layout, home: int) -> F64:
        """Of a home's eyes, by what they told in the days learned; alike before anything is."""
        if home not in self._weight:
            eyes = layout.eyes[home]
            rhythm = self._rhythm.get(layout.homes[home])
            days = [day.active for day in rhythm.days.values()] if rhythm else []
            told = np.bincount(np.concatenate(days), minlength=256) if days else np.zeros(256)
            weight = told[layout.code[eyes]].astype(np.float64) + 0.01
            self._weight[home] = weight / weight.sum() if len(eyes) else weight
        return self._weight[home]


def _seen(rhythm: Rhythm) -> Seen:
    return Seen(None if rhythm.last is None else instant_of(rhythm.last), rhythm.out)


def _facts(rhythm: Rhythm) -> Facts:
    last = rhythm.last
    return Facts(
        last=None if last is None else instant_of(last), out=rhythm.out, due=rhythm.due(), habit=rhythm.habit,
        sensor=rhythm.sensor, limit=rhythm.limit(), stretches=tuple(rhythm.stretches()),
        watched_since=None if last is None else instant_of(rhythm.stretches()[-1][0]),
    )  # fmt: skip

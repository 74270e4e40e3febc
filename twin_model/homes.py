"""How homes are: active, quiet, away or blind; and from when on their stillness is unusual. Tables for rules and pages.

* *blind*: no device that could see a sign of life is heard, or its gateway is silent. Nothing is said of who is there.
* *away*: an absence is declared; or the last sign of life was at the outside door, nothing within a minute after it.
* *active*: a sign of life within the hour. *quiet*: none; it does not say that all is well, also not where a radar sees
  somebody who does not move (then nobody is away, though).

The reason is ``present``, ``left_by_door``, ``declared``, ``unheard``, ``gateway_silent``, or none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin_model.absences import Absence
from twin_model.life_log import LifeLog, Seen
from twin_model.moment import Moment
from twin_model.placed import Placed
from twin_model.rhythm import DOOR_WINDOW, INACTIVITY, LEARNED_DAYS, NEEDED_DAYS, NOT_RETURNED, SLOTS
from twin_model.rhythm_days import instant_of
from twin_model.rhythm_signs import Glance, Layout, glance
from twin_model.rhythms import ENOUGH_SIGHT, Facts, Rhythms, Sight, Then
from twin_model.states import NEVER, Batch, States
from twin_model.store import Store, Writer
from twin_model.timeline import from_us, to_us

ACTIVE_US = 3_600_000_000

_INSTANT = pa.timestamp("us", "UTC")
_PLACE = [("home_id", pa.string()), ("community_id", pa.string()), ("building_id", pa.string())]
STATE_SCHEMA = pa.schema(
    [*_PLACE, ("state", pa.string()), ("since", _INSTANT), ("seen_at", _INSTANT), ("reason", pa.string())]
)
RHYTHM_SCHEMA = pa.schema(
    [*_PLACE, ("kind", pa.string()), ("last_activity", _INSTANT), ("due_at", _INSTANT), ("expected", pa.float64()),
     ("theta", pa.float64()), ("days", pa.int32()), ("seeing", pa.bool_()), ("watched_since", _INSTANT)]
)  # fmt: skip


class HomeRhythm(TypedDict):
    """One home's rhythm for its page. ``usual``: per five minutes of the day the share of days it is active, 0..1."""

    enough: bool
    days: int
    needed: int
    last: datetime | None
    due_at: datetime | None
    expected: float
    theta: float
    usual: list[float]
    sentence: dict[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a home is."""

    home_id: str
    community_id: str
    building_id: str | None


def tables(
    rhythms: Rhythms | Then, sight: Sight, homes: Sequence[Place], instant: int, away: Mapping[str, datetime]
) -> dict[str, pa.Table]:
    """``home_state`` and ``rhythm`` of the given homes at an instant (microseconds of the community's clock).

    ``away``: since when homes are declared away. In ``rhythm`` are the homes with a device that can tell of life;
    ``due_at`` is null where too little is known or nobody would be seen; a declared absence leaves it to the engine,
    which holds the alert down for all to see.
    """
    states: list[tuple[Any, ...]] = []
    rows: list[tuple[Any, ...]] = []
    for place in homes:
        facts = rhythms.facts(place.home_id)
        number = sight.row.get(place.home_id)
        where = (place.home_id, place.community_id, place.building_id)
        states.append((*where, *_state(facts, sight, number, instant, away.get(place.home_id))))
        if facts is not None and number is not None:
            rows.append((*where, *_rhythm(facts, instant, sight, number)))
    return {"home_state": _table(states, STATE_SCHEMA), "rhythm": _table(rows, RHYTHM_SCHEMA)}


def _state(
    facts: Facts | Seen | None, sight: Glance, number: int | None, instant: int, declared: datetime | None
) -> tuple[str, int | None, int | None, str | None]:
    """(state, since, seen_at, reason), instants in microseconds."""
    last = facts.last if facts else None
    if declared is not None:
        return "away", to_us(declared), last, "declared"
    if number is None or not sight.any[number]:
        heard = None if number is None or sight.heard[number] == NEVER else int(sight.heard[number])
        held = number is not None and bool(sight.gateway_silent[number])
        return "blind", heard, last, "gateway_silent" if held else "unheard"
    present = bool(sight.present[number])
    if facts is not None and last is not None and facts.out and instant - last > DOOR_WINDOW * 1e6 and not present:
        return "away", last, last, "left_by_door"
    if last is not None and last >= instant - ACTIVE_US:
        return "active", last, last, None
    return "quiet", last, last, "present" if present else None


def _rhythm(facts: Facts, instant: int, sight: Sight, number: int) -> tuple[Any, ...]:
    """(kind, last_activity, due_at, expected, theta, days, seeing, watched_since)."""
    seeing = bool(sight.share[number] >= ENOUGH_SIGHT)
    due = facts.due if facts.out or (facts.habit is not None and facts.habit.judges) else None
    # What was unusual while somebody would have been seen stays so when the devices then fall silent.
    if due is not None and not seeing and instant_of(due.at) > sight.sure[number]:
        due = None
    return (
        NOT_RETURNED if facts.out else INACTIVITY, facts.last, None if due is None else instant_of(due.at),
        0.0 if facts.out else facts.missed(instant), facts.limit, facts.habit.days if facts.habit else 0, seeing,
        facts.watched_since,
    )  # fmt: skip


def _table(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    arrays = [
        pa.array(column, pa.int64()).cast(field.type) if field.type == _INSTANT else pa.array(column, field.type)
        for column, field in zip(columns, schema, strict=True)
    ]
    return pa.table(arrays, schema=schema)


def home_rhythm(facts: Facts | None, sight: Sight, home_id: str, instant: int, *, declared: bool) -> HomeRhythm | None:
    """What the page of a home says of its rhythm; None where no device tells of life."""
    number = sight.row.get(home_id)
    if number is None:
        return None
    if facts is None:
        facts = Facts(None, False, None, None, 0, 0.0, (), None)
    _, last, due, expected, theta, days, seeing, _ = _rhythm(facts, instant, sight, number)
    enough = facts.habit is not None and facts.habit.judges
    usual = facts.habit.usual if facts.habit is not None and enough else np.zeros(SLOTS)
    return HomeRhythm(
        enough=enough, days=days if enough else min(days + 1, NEEDED_DAYS - 1), needed=NEEDED_DAYS,
        last=None if last is None else from_us(last), due_at=None if due is None or declared else from_us(due),
        expected=expected, theta=theta, usual=[round(float(share), 3) for share in usual],
        sentence=sentence(facts, expected, days, seeing=seeing, enough=enough),
    )  # fmt: skip


def sentence(facts: Facts, expected: float, days: int, *, seeing: bool, enough: bool) -> dict[str, str]:
    """What the duty officer may say on the telephone, in Chinese and English."""
    if not seeing:
        return {
            "zh": "家里的感知设备没有消息，无从判断。",
            "en": "The home's devices are not heard; nothing can be said.",
        }
    if not enough:
        day = min(days + 1, NEEDED_DAYS - 1)
        return {
            "zh": f"还在学习，第 {day} 天，共需 {NEEDED_DAYS} 天。",
            "en": f"Still learning: day {day} of {NEEDED_DAYS}.",
        }
    if facts.last is None:
        return {"zh": f"已学习 {days} 天，还没有看到活动。", "en": f"Learned {days} days; no activity seen yet."}
    since = clock(facts.last)
    if facts.out:
        return {
            "zh": f"{since} 从入户门离开后，家中没有活动。",
            "en": f"Left by the outside door at {since}; nothing at home since.",
        }
    missed = round(expected)
    learned = min(days, LEARNED_DAYS)
    if missed == 0:
        return {
            "zh": f"{since} 有过活动；按近 {learned} 天的节律，到此刻不活动也属平常。",
            "en": f"Last activity at {since}; by the last {learned} days it is usual to be still at this hour.",
        }
    return {
        "zh": f"按近 {learned} 天的节律，{since} 之后平日此时已有 {missed} 个五分钟时段有活动，今日没有；"
        "也没有人从入户门离开。",
        "en": f"By the last {learned} days there should have been activity in {missed} five-minute "
        f"{'period' if missed == 1 else 'periods'} since {since}; none was seen, and nobody left by the door.",
    }


def clock(us: int) -> str:
    """The time of day of an instant on a clock in China."""
    minutes = (us // 60_000_000 + 8 * 60) % 1440
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


class Homes:
    """The homes with a kit in which an elder lives alone: their rhythms, kept with the log, and how each is.

    ``placed``, ``entities`` and ``states_of`` are the twin's; ``absences`` gives those in force or to come at an
    instant, ``time`` a community's own clock (microseconds) at one.
    """

    def __init__(
        self, store: Store, *, placed: Callable[[datetime], Placed], entities: Callable[[str, datetime], pa.Table],
        states_of: Callable[[datetime], States], absences: Callable[[datetime], Sequence[Absence]],
        time: Callable[[str, int], int],
    ) -> None:  # fmt: skip
        self._life = LifeLog(store)
        self._rhythms = Rhythms(store, self._life.known)
        self._layout: Layout | None = None
        self._placed = placed
        self._entities = entities
        self._states_of = states_of
        self._absences = absences
        self._time = time
        self._elders: tuple[pa.Table, dict[str, Place]] | None = None

    def hear(self, batch: Batch, known: int) -> None:
        """The readings of a commit under way, at its instant in microseconds. Every commit, also of a history."""
        stirred = self._rhythms.hear(self._placed(from_us(known)), batch, known)
        self._life.tell(known, stirred, self._rhythms.lives)

    def write(self, writer: Writer) -> None:
        """Keep what the commit under way told of life, inside its transaction."""
        self._life.write(writer)

    def mark(self, known: int) -> None:
        """What is heard from now on becomes known after ``known`` (microseconds), which will be asked about."""
        self._rhythms.mark(known)

    def forget(self) -> None:
        """A transaction failed: read all rhythms again from the store."""
        self._rhythms.forget()
        self._life.reload()

    def finished(self, known_at: datetime) -> pa.Table:
        """Days that ended since the last call: rows to append to ``rhythm_day`` in the caller's transaction."""
        return self._rhythms.finished(known_at)

    def tables(self, moment: Moment, home_ids: Sequence[str]) -> dict[str, pa.Table]:
        """``home_state`` and ``rhythm`` of some homes, for the rules."""
        at = from_us(moment.known)
        placed = self._placed(at)
        elders = self._living_alone(at)
        homes = [elders[home_id] for home_id in home_ids if home_id in elders]
        rhythms = self._rhythms.at(placed, moment.known)
        sight = rhythms.sight(placed, moment.states, moment.instant, homes=home_ids)
        return tables(rhythms, sight, homes, moment.instant, self._away(at))

    def states(self, at: datetime) -> pa.Table:
        """``home_state`` of all homes as known at an instant; each community by its own clock."""
        placed, known = self._placed(at), to_us(at)
        kits = set(placed.table["home_id"].to_pylist())
        elders = [place for place in self._living_alone(at).values() if place.home_id in kits]
        seen = None if self._rhythms.is_at_hand(placed, known) else self._life.known(known)
        rhythms = self._rhythms.at(placed, known) if seen is None else None
        states, away = self._states_of(at), self._away(at)
        found = []
        for community_id in sorted({place.community_id for place in elders}):
            instant = self._time(community_id, known)
            look = glance(self._laid_out(placed), placed, states, instant)
            for place in (place for place in elders if place.community_id == community_id):
                facts = rhythms.facts(place.home_id) if seen is None and rhythms else (seen or {}).get(place.home_id)
                how = _state(facts, look, look.row.get(place.home_id), instant, away.get(place.home_id))
                found.append((place.home_id, place.community_id, place.building_id, *how))
        return _table(found, STATE_SCHEMA).sort_by("home_id")

    def _laid_out(self, placed: Placed) -> Layout:
        layout = self._layout
        if layout is None or layout.placed is not placed:
            layout = self._layout = Layout(placed)
        return layout

    def rhythm(self, home_id: str, at: datetime) -> HomeRhythm | None:
        """One home's rhythm as known at an instant; None where no device tells of life."""
        placed, known = self._placed(at), to_us(at)
        rhythms = self._rhythms.at(placed, known, homes=frozenset([home_id]))
        community = self._entities("home", at).filter(pc.field("home_id") == home_id)["community_id"].to_pylist()
        if not community:
            return None
        instant = self._time(community[0], known)
        sight = rhythms.sight(placed, self._states_of(at), instant, homes=[home_id])
        facts = rhythms.facts(home_id)
        return home_rhythm(facts, sight, home_id, instant, declared=home_id in self._away(at))

    def _living_alone(self, at: datetime) -> dict[str, Place]:
        homes = self._entities("home", at)
        if self._elders is None or self._elders[0] is not homes:
            alone = homes.filter(pc.fill_null(homes["elder_alone"], False))
            rows = zip(*(alone[name].to_pylist() for name in ("home_id", "community_id", "building_id")), strict=True)
            self._elders = (homes, {row[0]: Place(*row) for row in rows})
        return self._elders[1]

    def _away(self, at: datetime) -> dict[str, datetime]:
        """Since when homes are declared away at ``at``."""
        declared = (a for a in self._absences(at) if a.kind == "away" and a.starts_at <= at < a.ends_at)
        return {a.home_id: a.starts_at for a in declared if a.home_id is not None}

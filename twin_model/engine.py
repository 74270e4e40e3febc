"""The alert engine: which rule is asked about whom and when, and what that changes.

Three occasions: a commit that brings an alarm is judged within that commit; groups that were heard of are looked at
every few seconds; and a rule that waits for silence is asked again exactly when that falls due. A look at everybody
once a minute is the net below these. What is found becomes a ``Plan`` that the owner writes in one transaction and
then adopts, or drops by ``restore``.

A look asks up to all rules about everybody, a tenth of a second and more. That is done without the twin's lock, of
states that stand still, so that no call for help waits for it: see ``Look`` and docs/decisions/0042.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

import numpy as np
import pyarrow as pa

from twin_model import alert_log
from twin_model.alert_log import Move
from twin_model.alerting import Alert, Phase, Suppression, step
from twin_model.breaches import NOT_DUE, Breaches, Found, Groups, Questions
from twin_model.catalogue import AlertRule
from twin_model.drill_clock import DrillClock
from twin_model.moment import Moment
from twin_model.placed import Placed
from twin_model.states import I32, I64, Batch, Bools, States
from twin_model.store import Store

LOOK_US = 5_000_000
"""Between two looks at the groups heard of; what is urgent or due does not wait for them."""
SWEEP_US = 60_000_000
"""Between two looks at everybody."""

Suppressions = Callable[[AlertRule, str, str | None], Suppression | None]
Key = tuple[str, str]
EVIDENCE = ("device_id", "type", "metric", "value", "unit", "taken_at", "received_at", "changed_at", "status")


@dataclass
class Plan:
    """What is to change: alerts that move on, and the open ones afterwards (None: gone)."""

    moves: list[Move] = field(default_factory=list)
    alerts: dict[Key, Alert | None] = field(default_factory=dict)
    opened: int = 0

    @property
    def fired(self) -> list[Move]:
        """The moves that need somebody."""
        return [move for move in self.moves if move.alert.phase is Phase.FIRING]

    @property
    def cleared(self) -> list[Move]:
        """The moves that ended an alert."""
        return [move for move in self.moves if move.alert.phase is Phase.CLEARED]


@dataclass
class Look:
    """A look under way: what is asked, and what it took over to answer for. Begun and ended under the twin's lock.

    ``version``: of the engine, when it began; another one at the end says that what was asked is not how things are
    any more, and the look is made again. ``touched``: the series it answers for, None when it does not look around.
    """

    known: int
    version: int
    questions: list[Questions]
    is_sweep: bool
    touched: Bools | None
    found: list[dict[str, Found]] = field(default_factory=list)


class Engine:
    """The open alerts and what the rules wait for. Used under the twin's lock, but for ``ask``."""

    def __init__(self, store: Store, rules: Mapping[str, AlertRule], breaches: Breaches, clock: DrillClock) -> None:
        self._store = store
        self._rules = dict(rules)
        self._urgent = [rule for rule in rules.values() if rule.urgent]
        self._breaches = breaches
        self._desk, self._desk_of_looks = store.desk(), store.desk()
        self._clock = clock
        self._groups: Groups | None = None
        self._version = 0
        self.restore()

    def restore(self) -> None:
        """Take up what the log says: after a start, and after a transaction that failed."""
        self.open = alert_log.open_alerts(self._store)
        last = self._store.select("SELECT coalesce(max(alert_id), 0) AS n FROM alert_step")["n"][0].as_py()
        self._next_id = int(last) + 1
        self.watch_everybody()

    def watch_everybody(self) -> None:
        """Look at every group at the next look, as after a start."""
        n = len(self._groups) if self._groups else 0
        self._due = {name: np.full(n, NOT_DUE) for name in self._rules}
        self._touched = np.zeros(len(self._groups.of_series) if self._groups else 0, bool)  # by series number
        self._looked = self._swept = 0
        self.overtake()
        self._mark_alarmed()

    def overtake(self) -> None:
        """What is being asked now is not to count: a clock, a limit or an alert is another one than when it began."""
        self._version += 1

    def _mark_alarmed(self) -> None:
        """The groups with an urgent alert open: a reading of theirs that an urgent rule goes by may end it."""
        self._alarmed = np.zeros(len(self._groups) if self._groups else 0, bool)
        urgent = {rule.name for rule in self._urgent}
        for rule, subject in self.open:
            if rule in urgent and self._groups is not None and (code := self._groups.code(subject)) >= 0:
                self._alarmed[code] = True

    def groups(self, placed: Placed) -> Groups:
        """The groups of the devices known now; when these changed, everybody is looked at again."""
        if self._groups is None or self._groups.placed is not placed:
            self._groups = Groups(placed)
            metrics = frozenset[str]().union(*(rule.metrics for rule in self._urgent))
            self._of_alarm = np.isfinite(self._groups.alarm_limit) | self._groups.carry(metrics)
            self.watch_everybody()
        return self._groups

    # ------------------------------------------------------------------ occasions

    def hear(
        self, placed: Placed, batch: Batch, states: States, known: int, suppressions: Callable[[], Suppressions]
    ) -> Plan | None:
        """Note a commit's readings; what its alarms change, None when there is none among them."""
        groups = self.groups(placed)
        known_here = batch.series < len(groups.of_series)
        series = batch.series if known_here.all() else batch.series[known_here]
        value = batch.value if known_here.all() else batch.value[known_here]
        codes = groups.of_series[series]
        placed_here = codes >= 0
        if not placed_here.all():
            series, value, codes = series[placed_here], value[placed_here], codes[placed_here]
        self._touched[series] = True
        rings = (value >= groups.alarm_limit[series]) | (self._alarmed[codes] & self._of_alarm[series])
        if not rings.any():
            return None
        chosen = np.unique(codes[rings]).astype(np.int32)
        plan = Plan()
        questions = self._questions(self._urgent, groups, chosen, states, known, batch)
        found = [self._breaches.answers(asked, self._desk) for asked in questions]
        self._judge(plan, questions, found, suppressions())
        if not plan.moves:
            self.adopt(plan)  # nothing to write, but since when a breach is gone is known from now on
            return None
        return plan

    def look(self, placed: Placed, states: States, known: int, suppressions: Suppressions) -> Plan:
        """What the passing of time, and the readings since the last look, change; all of it under the lock."""
        look = self.begin(placed, states, known)
        try:
            look.found = [self._breaches.answers(asked, self._desk) for asked in look.questions]
        except BaseException:
            self.give_up(look)
            raise
        plan = self.end(look, suppressions)
        assert plan is not None  # nobody else had the lock
        return plan

    def begin(self, placed: Placed, states: States, known: int) -> Look:
        """Who is to be asked what: those heard of since the last look, and whatever fell due."""
        groups = self.groups(placed)
        if known - self._swept >= SWEEP_US:
            questions = self._questions(self._rules.values(), groups, None, states, known, None)
            return Look(known, self._version, questions, True, self._taken_over())
        instants = self._instants(groups, known)
        around = known - self._looked >= LOOK_US
        touched = np.flatnonzero(self._touched) if around else np.empty(0, np.intp)
        rules, chosen = [], np.zeros(len(groups), bool)
        for name, rule in self._rules.items():
            due = self._due[name] <= instants
            told = touched[groups.carry(rule.metrics)[touched]] if rule.metrics else touched
            if due.any() or len(told):
                rules.append(rule)
                chosen |= due
                chosen[groups.of_series[told]] = True
        questions = []
        if rules:
            codes = np.flatnonzero(chosen).astype(np.int32)
            questions = self._questions(rules, groups, codes, states, known, None)
        return Look(known, self._version, questions, False, self._taken_over() if around else None)

    def _taken_over(self) -> Bools:
        """The series heard of until now; what is heard from now on is for the look after this one."""
        touched, self._touched = self._touched, np.zeros_like(self._touched)
        return touched

    def ask(self, look: Look) -> None:
        """Ask the rules, the longest part, without the lock. One thread at a time."""
        look.found = [self._breaches.answers(asked, self._desk_of_looks) for asked in look.questions]

    def end(self, look: Look, suppressions: Suppressions) -> Plan | None:
        """What the look found to change; None when it found how things were and no longer are: look again."""
        if look.version != self._version:
            self.give_up(look)
            return None
        plan = Plan()
        try:
            self._judge(plan, look.questions, look.found, suppressions)
        except BaseException:
            self.give_up(look)
            raise
        if look.touched is not None:
            self._looked = look.known
        if look.is_sweep:
            self._swept = look.known
        return plan

    def give_up(self, look: Look) -> None:
        """The look comes to nothing: the next one answers for what this one took over."""
        if look.touched is not None and len(look.touched) == len(self._touched):
            self._touched |= look.touched  # of other devices than now, everybody is looked at anyway

    def adopt(self, plan: Plan) -> None:
        """The plan was written: this is how things are now."""
        for key, alert in plan.alerts.items():
            if alert is None:
                self.open.pop(key, None)
            else:
                self.open[key] = alert
        self._next_id += plan.opened
        self.overtake()
        if plan.moves:
            self._mark_alarmed()

    def next_due(self, known: int) -> int:
        """The real instant of the next look: when something falls due, or when it is time to look around."""
        wait = min(self._swept + SWEEP_US, self._looked + LOOK_US if self._touched.any() else self._swept + SWEEP_US)
        if self._groups is None or not len(self._groups):
            return wait
        soonest = np.minimum.reduce(list(self._due.values())) if self._due else np.full(len(self._groups), NOT_DUE)
        drills = [(d.community_id, self._groups.members(d.community_id)) for d in self._clock.running()]
        for community, mask in drills:
            if mask.any() and (first := int(soonest[mask].min())) != NOT_DUE:
                wait = min(wait, self._clock.real(community, first))
            soonest = np.where(mask, NOT_DUE, soonest)
        return int(min(wait, soonest.min()))

    # ------------------------------------------------------------------ judging

    def _questions(
        self, rules: Iterable[AlertRule], groups: Groups, chosen: I32 | None, states: States, known: int,
        batch: Batch | None,
    ) -> list[Questions]:  # fmt: skip
        return [
            self._breaches.questions(rules, groups, part, Moment(instant, known, states, batch))
            for instant, part in self._by_clock(groups, chosen, known)
        ]

    def _judge(
        self, plan: Plan, questions: Sequence[Questions], found: Sequence[Mapping[str, Found]],
        suppressions: Suppressions,
    ) -> None:  # fmt: skip
        for asked, answers in zip(questions, found, strict=True):
            said = Said(asked.groups, asked.chosen, asked.moment)
            for rule in asked.rules:
                if rule.name in answers:
                    self._step(plan, rule, answers[rule.name], asked, suppressions, said)

    def _by_clock(self, groups: Groups, chosen: I32 | None, known: int) -> Iterable[tuple[int, I32 | None]]:
        """The chosen groups by what time it is for them."""
        drills = self._clock.running()
        if not drills:
            yield known, chosen
            return
        codes = np.arange(len(groups), dtype=np.int32) if chosen is None else chosen
        rest = np.ones(len(codes), bool)
        for drill in drills:
            mine = groups.members(drill.community_id)[codes]
            rest &= ~mine
            if mine.any():
                yield self._clock.time(drill.community_id, known), codes[mine]
        if rest.any():
            yield known, codes[rest]

    def _step(
        self, plan: Plan, rule: AlertRule, found: Found, asked: Questions, suppressions: Suppressions, said: Said
    ) -> None:
        groups, chosen, moment = asked.groups, asked.chosen, asked.moment
        due = self._due[rule.name]
        if chosen is None:
            due[:] = NOT_DUE
        else:
            due[chosen] = NOT_DUE
        known_groups = found.ahead_groups >= 0
        np.minimum.at(due, found.ahead_groups[known_groups], found.ahead_due[known_groups])
        hold, clear = (round(length.total_seconds() * 1e6) for length in (rule.hold, rule.clear))
        for subject in dict.fromkeys((*found.breaches, *self._open_subjects(rule, groups, chosen))):
            key = (rule.name, subject)
            alert = plan.alerts[key] if key in plan.alerts else self.open.get(key)
            breach = found.breaches.get(subject)
            where = breach or (alert.breach if alert else None)
            assert where is not None
            stepped = step(
                rule.name, alert, breach, moment.instant, hold=hold, clear=clear,
                suppression=suppressions(rule, where.community_id, where.home_id),
                next_id=self._next_id + plan.opened, rings=rule.urgent,
            )  # fmt: skip
            if stepped.alert is not None:
                ended = stepped.alert.phase is Phase.CLEARED
                plan.alerts[key] = None if ended else stepped.alert
                plan.opened += alert is None
                if stepped.moved:
                    drill = self._clock.of(where.community_id)
                    senses = said.evidence(rule, subject)
                    plan.moves.append(Move(stepped.alert, senses, drill.drill_id if drill else None))
            code = groups.code(subject)
            if stepped.again_at is not None and code >= 0:
                due[code] = min(due[code], stepped.again_at)

    def _open_subjects(self, rule: AlertRule, groups: Groups, chosen: I32 | None) -> list[str]:
        """The subjects of this rule's open alerts among the chosen groups; a device no longer known is among all."""
        subjects = [subject for name, subject in self.open if name == rule.name]
        if chosen is None:
            return subjects
        asked = set(chosen.tolist())
        return [subject for subject in subjects if groups.code(subject) in asked]

    def _instants(self, groups: Groups, known: int) -> I64:
        instants = np.full(len(groups), known)
        for drill in self._clock.running():
            instants[groups.members(drill.community_id)] = self._clock.time(drill.community_id, known)
        return instants


class Said:
    """What the senses said at a moment, of the groups that are asked about; looked up only when an alert moves."""

    def __init__(self, groups: Groups, chosen: I32 | None, moment: Moment) -> None:
        self._groups, self._chosen, self._moment = groups, chosen, moment

    @cached_property
    def _state(self) -> tuple[pa.Table, I32]:
        """The rows of those groups, by group, and each one's group."""
        of_row = self._groups.of_row
        rows = np.ones(len(of_row), bool) if self._chosen is None else np.isin(of_row, self._chosen)
        state = self._groups.placed.senses(self._moment.states, self._moment.instant, rows).select(list(EVIDENCE))
        order = np.argsort(of_row[rows], kind="stable")
        return state.take(pa.array(order)), of_row[rows][order]

    def evidence(self, rule: AlertRule, subject: str) -> list[dict[str, object]]:
        """One row per metric the rule goes by, of the subject's group or, for a device, its own."""
        state, of_row = self._state
        first, last = np.searchsorted(of_row, (code := self._groups.code(subject), code + 1)).tolist()
        return [
            {k: v.isoformat() if isinstance(v, datetime) else v for k, v in row.items()}
            for row in state.slice(first, last - first).to_pylist()
            if (rule.scope == "home" or row["device_id"] == subject)
            and (not rule.metrics or row["metric"] in rule.metrics)
        ]

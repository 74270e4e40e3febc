"""Care: what was found to be wrong, what is done about it, and everything known about both.

Reached as ``twin.care``. All writes go through the twin's lock, one transaction each; a failed one leaves nothing
behind, in the store or in memory. Wide, not deep: what each part knows is in a module of its own (engine, cases,
absences, thresholds, homes, drill_clock ...), here is what they do together under one lock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc

from twin_model import absences, alert_log, drill_clock, thresholds
from twin_model.absences import Absence, Absences
from twin_model.alert_log import Move
from twin_model.alerting import Alert, Phase
from twin_model.breaches import Breaches, Groups
from twin_model.cases import Cases, Incident, StepRefused
from twin_model.catalogue import AlertRule
from twin_model.drill_clock import Drill, DrillClock
from twin_model.drill_rhythm import copy_days
from twin_model.engine import Engine, Look, Plan
from twin_model.fusing import HomeContext
from twin_model.hearing import is_deaf, outage
from twin_model.homes import HomeRhythm, Homes
from twin_model.moment import Moment
from twin_model.remembered import Shared
from twin_model.rhythm_days import LOCAL_US
from twin_model.rights import alias, asked, current, need_homes, program, worked_out
from twin_model.service_levels import ServiceLevels, incident_rows, service_levels
from twin_model.states import Batch, States
from twin_model.store import Writer
from twin_model.suggestions import Suggestion, suggestions
from twin_model.thresholds import Threshold, Thresholds
from twin_model.timeline import from_us, to_us

if TYPE_CHECKING:
    from twin_model.twin import Twin

CONTEXT = ("device_id", "metric", "value", "taken_at", "changed_at", "status")
ELDER_INCIDENT = "elder_incident"
OfHome = TypeVar("OfHome", Threshold, Suggestion)
"""The procedure by which people at home are helped; its incidents are what service levels are about."""


@dataclass(frozen=True)
class StepResult:
    """What a step of the clock changed: alerts fired and cleared, incidents moved; and when to step next."""

    fired: int
    cleared: int
    incidents: tuple[str, ...]
    next_due: datetime


@dataclass(frozen=True, kw_only=True)
class Visit:
    """Somebody looked in on a home. ``visited_by`` is a function or a masked name, ``role`` as of contacts."""

    home_id: str
    visited_at: datetime
    visited_by: str
    role: str
    note: str = ""


class Care:
    """Alerts, incidents, thresholds, absences, drills of one twin."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._store = twin.store
        self._asked = Shared(16)
        self.clock = DrillClock(twin.store)
        self._absences = Absences(twin.store, twin.now())
        self._thresholds = Thresholds(twin.store, twin.catalogue.alert_rules, to_us(twin.now()))
        self._homes = Homes(
            twin.store, placed=twin.placed, entities=twin.entities, states_of=twin.states_of,
            absences=self._absences.known, time=self.clock.time,
        )  # fmt: skip
        self._breaches = Breaches(
            twin.store, homes=self._homes.tables, settings=self._settings, absences=self._absences.rows,
            outage=lambda moment: outage(twin, moment),
        )  # fmt: skip
        self._asking = Lock()
        self._engine = Engine(twin.store, twin.catalogue.alert_rules, self._breaches, self.clock)
        self._cases = Cases(twin.store, twin.catalogue.procedures, twin.catalogue.alert_rules)
        begun = twin.store.select("SELECT begun_at FROM care_begin")["begun_at"].to_pylist()
        self.begun_at: datetime | None = begun[0] if begun else None

    # ------------------------------------------------------------------ the engine

    def hear(self, batch: Batch, states: States, received: int, *, history: bool) -> Plan | None:
        """What the alarms of a commit under way change; a history before care began is not judged.

        It teaches from the log, when a rhythm is first asked for: in a past of days that is much faster.
        """
        if history and self.begun_at is None:
            self._homes.forget()
            return None
        self._homes.hear(batch, received)
        placed = self._twin.placed(from_us(received))
        return self._engine.hear(placed, batch, states, received, lambda: self._absences.suppressions(received))

    def keep(self, writer: Writer) -> None:
        """Keep what the readings of the commit under way told of the life in homes, inside its transaction."""
        self._homes.write(writer)

    def settled(self, known: int) -> None:
        """Nothing more becomes known at or before ``known``; pages ask about it. Hold ``writing``."""
        self._homes.mark(known)

    def write(self, writer: Writer, plan: Plan, states: States, known_at: datetime) -> list[str]:
        """Write a plan inside the caller's transaction, and what it does to incidents; returns their ids."""
        if self.begun_at is None:
            writer.execute("INSERT INTO care_begin VALUES ($known_at)", known_at=known_at)
        if not plan.moves:
            return []
        rows = alert_log.rows(plan.moves, self._twin.catalogue.alert_rules, known_at)
        alert_log.append(writer, rows)
        clock = self._clock_at(known_at)
        fired = [row for row in rows if row["phase"] == "firing"]
        moved = self._cases.fired(writer, fired, self._contexts(fired, states, known_at), known_at, clock)
        return [*moved, *self._cases.cleared(writer, [r for r in rows if r["phase"] != "firing"], known_at, clock)]

    def written(self, plan: Plan | None, known_at: datetime) -> None:
        """The transaction went through."""
        self.begun_at = self.begun_at or known_at
        self._cases.committed()
        if plan is not None:
            self._engine.adopt(plan)

    def failed(self, error: BaseException) -> None:
        """The transaction did not go through: what is in memory is read again from the store.

        A refused step has changed nothing in memory.
        """
        if isinstance(error, StepRefused):
            return
        self._engine.restore()
        self._cases.rolled_back()
        self._homes.forget()

    def reload(self) -> None:
        """A past was written into the log by other ways: take it up. Hold ``writing``."""
        self._absences.reload(self._twin.now())
        self._engine.restore()
        self._cases.rolled_back()
        self._homes.forget()

    def _clock_at(self, known_at: datetime) -> Callable[[str], datetime]:
        return lambda community_id: self.domain_time(community_id, known_at)

    def _contexts(
        self, rows: Sequence[Mapping[str, object]], states: States, known_at: datetime
    ) -> dict[str, HomeContext]:
        """What else is known of the homes these alerts are of."""
        found = {}
        placed = self._twin.placed(known_at)
        known = to_us(known_at)
        homes = {str(row["home_id"]): str(row["community_id"]) for row in rows if row["home_id"]}
        of_home = placed.table["home_id"]
        for community_id in dict.fromkeys(homes.values()):
            instant = self.clock.time(community_id, known)
            here = [home_id for home_id, community in homes.items() if community == community_id]
            chosen = pc.is_in(of_home, pa.array(here, pa.string())).to_numpy()
            senses = placed.senses(states, instant, chosen).select(["home_id", *CONTEXT]).to_pylist()
            said: dict[str, list[dict[str, Any]]] = {home_id: [] for home_id in here}
            for row in senses:
                said[row.pop("home_id")].append(row)
            table = self._homes.tables(Moment(instant, known, states), here)["home_state"].to_pylist()
            home = {row["home_id"]: row for row in table}
            for home_id in here:
                state, since = (home[home_id][name] if home_id in home else None for name in ("state", "since"))
                found[home_id] = HomeContext(states=said[home_id], state=state, since=since)
        return found

    def step(self) -> StepResult:
        """Let time pass: look at who was heard of, at what fell due, hand over what nobody took.

        Writes only when something changed. Called by a clock that asks again at ``next_due``. The rules are asked
        without the twin's lock, so do not call it with that in hand.
        """
        handed_over = self._hand_over()
        look = self.begin_look()
        found = self.end_look(look)
        return replace(found, incidents=tuple(dict.fromkeys((*handed_over, *found.incidents))))

    def _hand_over(self) -> list[str]:
        """What nobody took goes on to the next, before anybody is looked at: after a start a look takes seconds."""
        with self._twin.writing() as received:
            known_at = from_us(received)
            if self._handing_over_due(known_at) > known_at:
                return []
            clock = self._clock_at(known_at)
            moved = self._twin.commit(
                lambda writer: self._cases.run_timers(writer, known_at, clock), received, care=True
            )
            self.written(None, known_at)
            return moved

    def begin_look(self) -> Look | None:
        """The first half of ``step``: ask the rules; end it with ``end_look``.

        None, and nothing asked: we are deaf, or another thread is asking; ``step`` then looks in one piece.
        """
        if not self._asking.acquire(blocking=False):
            return None
        try:
            with self._twin.writing() as received:
                if is_deaf(self._twin.sources()):
                    return None
                look = self._engine.begin(self._twin.placed(from_us(received)), self._twin.live_states(), received)
            try:
                with program():
                    self._engine.ask(look)
            except BaseException:
                with self._twin.writing():
                    self._engine.give_up(look)
                raise
            return look
        finally:
            self._asking.release()

    def end_look(self, look: Look | None) -> StepResult:
        """The second half of ``step``: what was found becomes what is known, if things are still as they were asked.

        Where they are not, or nothing was asked (None), everything is looked at here, in one piece.
        """
        with self._twin.writing() as received:
            known_at = from_us(received)
            states = self._twin.live_states()
            plan = self._plan(look, states, received)
            moved: list[str] = []
            days = self._homes.finished(known_at)
            if plan.moves or days.num_rows or self.begun_at is None:

                def change(writer: Writer) -> list[str]:
                    writer.append("rhythm_day", days)
                    return self.write(writer, plan, states, known_at)

                moved = self._twin.commit(change, received, care=True)
            self.written(plan, known_at)
            due = min(from_us(self._engine.next_due(received)), self._handing_over_due(known_at))
            return StepResult(len(plan.fired), len(plan.cleared), tuple(dict.fromkeys(moved)), due)

    def _plan(self, look: Look | None, states: States, received: int) -> Plan:
        """What a look found; where something else changed meanwhile it is made again, in one piece."""
        # Deaf, nothing can be said of anybody: alerts stay as they are until a source is back.
        if is_deaf(self._twin.sources()):
            if look is not None:
                self._engine.give_up(look)
            return Plan()
        suppressions = self._absences.suppressions(received)
        plan = None if look is None else self._engine.end(look, suppressions)
        return plan or self._engine.look(self._twin.placed(from_us(received)), states, received, suppressions)

    def _handing_over_due(self, known_at: datetime) -> datetime:
        """The real instant of the next hand-over that nobody has to press for."""
        dues = [self.clock.real(community, to_us(due)) for community, due in self._cases.dues().items()]
        return from_us(min(dues)) if dues else known_at + timedelta(hours=1)

    @property
    def broken_rules(self) -> dict[str, str]:
        """The rules that could not be judged when last asked, and why; they are shown, not silently skipped."""
        return dict(self._breaches.broken)

    # ------------------------------------------------------------------ alerts

    def alerts(
        self, at: datetime, *, community_id: str | None = None, phases: tuple[str, ...] = ("firing",)
    ) -> pa.Table:
        """The alerts as known at ``at``, in the given phases, by urgency; see ``queries/alerts_at.sql``."""
        table = self._store.read("alerts_at", instant=at, since=at)
        table = table.filter(pc.is_in(table["phase"], pa.array(phases)))
        table = table if community_id is None else table.filter(pc.equal(table["community_id"], community_id))
        return self._twin.sight.of(table)

    def alert_history(
        self, start: datetime, end: datetime, at: datetime, *, community_id: str | None = None, rule: str | None = None,
        home_id: str | None = None,
    ) -> pa.Table:  # fmt: skip
        """Alerts that were open at any time from ``start`` to ``end``, as known at ``at``."""
        table = self._store.read("alerts_at", instant=at, since=start)
        table = table.filter(pc.less(pc.coalesce(table["fired_at"], table["stepped_at"]), pa.scalar(end)))
        table = self._twin.sight.of(table)  # first: a filter by home must not tell which home it is of
        for name, wanted in (("community_id", community_id), ("rule", rule), ("home_id", home_id)):
            if wanted is not None:
                table = table.filter(pc.equal(table[name], wanted))
        return table

    def has_log(self, at: datetime) -> bool:
        """Whether alerts were kept at ``at``; before that only the rules can be asked."""
        return self.begun_at is not None and at >= self.begun_at

    @worked_out
    def in_breach(self, at: datetime) -> pa.Table:
        """What the rules find at ``at``, in the columns of the log: for a past that was loaded, not lived."""
        instant = to_us(at)
        groups = Groups(self._twin.placed(at))
        rules = self._twin.catalogue.alert_rules
        moment = Moment(instant, instant, self._twin.states_of(at))
        with closing(self._store.desk()) as desk:
            questions = self._breaches.questions(rules.values(), groups, None, moment, is_past=True)
            found = self._breaches.answers(questions, desk)
        moves = [
            Move(Alert(0, name, Phase.FIRING, breach), (), None)
            for name, answer in found.items()
            for breach in answer.breaches.values()
            if breach.due_at + rules[name].hold.total_seconds() * 1e6 <= instant
        ]
        log = alert_log.table(alert_log.rows(moves, rules, at))
        empty = pa.nulls(log.num_rows, pa.timestamp("us", "UTC"))
        return (
            log.rename_columns(["stepped_at" if n == "known_at" else n for n in log.column_names])
            .append_column("fired_at", log["due_at"])
            .append_column("cleared_at", empty)
        )

    # ------------------------------------------------------------------ incidents

    def incidents(
        self, at: datetime, *, community_id: str | None = None, open_only: bool = True, include_drills: bool = True,
        since: datetime | None = None,
    ) -> list[Incident]:  # fmt: skip
        """The incidents as known at ``at``, the most urgent first; of a community with those of its drills.

        ``since``: with ``open_only`` false, leaves out those that ended before.
        """

        def ask() -> list[Incident]:
            return self._cases.incidents(
                at, community_id=community_id, open_only=open_only, include_drills=include_drills, since=since
            )

        if not open_only:
            with program():
                found = ask()
        else:
            question = ("incidents", community_id, include_drills, *self._twin.moment(at))
            found = self._asked.get(question, ask)
        return self._twin.sight.incidents(found)  # several panels ask for them; each sorts its own

    def incident(self, incident_id: str, at: datetime) -> Incident | None:
        """One incident as known at ``at``; None when it was not known then."""
        with program():
            found = self._cases.incident(incident_id, at)
        return next(iter(self._twin.sight.incidents([found])), None) if found else None

    def take_step(self, incident_id: str, step: str, *, by: str, role: str, **said: Any) -> Incident:
        """Take a step of an incident. ``said``: note, channel, result, outcome, cause, rung, expected_n.

        Raises ``StepRefused`` with the reason in both languages; nothing has changed then.
        """

        def change(writer: Writer, known_at: datetime, at: datetime) -> Incident:
            return self._cases.take_step(writer, incident_id, step, by=by, role=role, known_at=known_at, at=at, **said)

        return self._acted(incident_id, change)

    def merge(self, into: str, other: str, *, by: str, role: str, note: str = "") -> Incident:
        """Go on with ``into`` for both incidents. Raises ``StepRefused``, ``NotAllowed`` outside of the scope."""
        self._need_seen(other)

        def change(writer: Writer, known_at: datetime, at: datetime) -> Incident:
            return self._cases.merge(writer, into, other, by=by, role=role, known_at=known_at, at=at, note=note)

        return self._acted(into, change)

    def _acted(self, incident_id: str, change: Callable[[Writer, datetime, datetime], Incident]) -> Incident:
        self._need_seen(incident_id)
        with self._twin.writing() as received:
            known_at = from_us(received)
            known = self._cases.incident(incident_id, known_at)
            at = self.domain_time(known.community_id, known_at) if known else known_at
            done = self._twin.commit(lambda writer: change(writer, known_at, at), received, care=True)
            self._cases.committed()
            return done

    def _need_seen(self, incident_id: str) -> None:
        if not current().scope.is_everywhere and (mine := self.incident(incident_id, self._twin.now())) is None:
            self._twin.sight.need(mine, "")  # nothing that can be seen from here goes by that id

    # ------------------------------------------------------------------ absences

    def absences(self, at: datetime, *, community_id: str | None = None, over: bool = False) -> list[Absence]:
        """The absences in force or to come as known at ``at``; ``over``: those that ended, too.

        Without the right to look at a home only those of whole communities.
        """
        with program():
            found = absences.read(self._store, at, community_id=community_id, over=over)
        rights, sight = asked(), self._twin.sight
        if rights.whole:
            return found
        return [
            a if rights.persons else replace(a, reason="")
            for a in found
            if (rights.homes or a.home_id is None) and sight.within(a.community_id, a.home_id)
        ]

    def declare_absence(
        self, *, community_id: str, home_id: str | None, kind: str, starts_at: datetime, ends_at: datetime,
        reason: str, by: str,
    ) -> Absence:  # fmt: skip
        """Note that a home is away, being cleaned or worked on. Raises ``AbsenceRefused``."""
        self._need_place(community_id, home_id)
        home = None if home_id is None else self._twin.entity("home", home_id, self._twin.now())
        if home_id is not None and (home is None or home["community_id"] != community_id):
            raise absences.AbsenceRefused(f"{home_id!r} is no home of {community_id!r}; see the list of homes")
        with self._twin.writing() as received:
            absence = absences.checked(
                Absence(
                    absence_id=f"a-{uuid4().hex[:10]}",
                    community_id=community_id,
                    home_id=home_id,
                    kind=kind,
                    starts_at=starts_at,
                    ends_at=ends_at,
                    reason=reason,
                    declared_by=by,
                    recorded_at=from_us(received),
                )
            )
            self._twin.commit(lambda writer: absences.write(writer, absence), received, care=True)
            self._absences_changed(received)
        self.step()
        return absence

    def end_absence(self, absence_id: str, *, by: str) -> None:
        """Take an absence back. Raises ``AbsenceRefused`` when none of that name is in force."""
        seen = {a.absence_id: a for a in self.absences(self._twin.now())}
        if not current().scope.is_everywhere:
            if absence_id not in seen:
                raise absences.AbsenceRefused(f"no absence {absence_id!r} is in force; see the list of absences")
            self._need_place(seen[absence_id].community_id, seen[absence_id].home_id)
        with self._twin.writing() as received:
            if absence_id not in {a.absence_id for a in self._absences.known(from_us(received))}:
                raise absences.AbsenceRefused(f"no absence {absence_id!r} is in force; see the list of absences")
            known_at = from_us(received)
            self._twin.commit(lambda writer: absences.end(writer, absence_id, by, known_at), received, care=True)
            self._absences_changed(received)
        self.step()

    def _absences_changed(self, received: int) -> None:
        self._absences.reload(from_us(received))
        self._engine.watch_everybody()

    def _need_place(self, community_id: str, home_id: str | None) -> None:
        """Raise ``NotAllowed`` unless what is said of a home (None: of every home) of a community may be said here."""
        if home_id is None:
            self._twin.sight.need_all_of(community_id)
        else:
            self._twin.sight.need(community_id, home_id)

    # ------------------------------------------------------------------ thresholds

    def thresholds(self, at: datetime, *, community_id: str | None = None) -> list[Threshold]:
        """What is set differently from the files, as known at ``at``, newest first."""
        found = thresholds.read(self._store, self._twin.catalogue.alert_rules, at)
        return self._seen([t for t in found if community_id in (None, t.community_id)])

    def _seen(self, found: list[OfHome]) -> list[OfHome]:
        rights, sight = asked(), self._twin.sight
        if rights.whole:
            return found
        return [t for t in found if (rights.homes or t.home_id is None) and sight.within(t.community_id, t.home_id)]

    def threshold_history(
        self, at: datetime | None = None, *, rule: str | None = None, community_id: str | None = None,
        home_id: str | None = None,
    ) -> list[Threshold]:  # fmt: skip
        """Every change as known at ``at``, newest first: what, by whom and why; value None: taken back."""
        rules = self._twin.catalogue.alert_rules
        found = thresholds.history(
            self._store, rules, at or self._twin.now(), rule=rule, community_id=community_id, home_id=home_id
        )
        return self._seen(found)

    def set_threshold(
        self, rule: str, parameter: str, value: float | None, *, community_id: str, home_id: str | None = None,
        by: str, reason: str, unit: str = "",
    ) -> Threshold:  # fmt: skip
        """Set a rule's parameter for a community or one home of it (``value`` None: take that back).

        ``unit``: refused when it is not the parameter's own. Raises ``ThresholdRefused``; judged again at once.
        """
        self._need_place(community_id, home_id)
        with self._twin.writing() as received:
            known_at = from_us(received)
            asked = Threshold(
                rule=rule, parameter=parameter, community_id=community_id, home_id=home_id, value=value, unit=unit,
                changed_by=by, reason=reason, recorded_at=known_at,
            )  # fmt: skip
            places = [(community_id, h) for h in self._twin.entities(
                "home", known_at, community_id=community_id)["home_id"].to_pylist()]  # fmt: skip
            if self._twin.entity("community", community_id, known_at):
                places.append((community_id, None))
            threshold = thresholds.checked(self._twin.catalogue.alert_rules, asked, places)
            self._twin.commit(lambda writer: thresholds.write(writer, threshold), received, care=True)
            self._thresholds.reload(received)
            self._engine.watch_everybody()
        self.step()
        return threshold

    # ------------------------------------------------------------------ drills

    def drills(self, at: datetime | None = None) -> list[Drill]:
        """All drills, newest first; as known at ``at``."""
        return [d for d in drill_clock.read(self._store, at) if self._twin.sight.within(d.drill_of)]

    def begin_drill(self, drill: Drill, likes: Mapping[str, str] | None = None) -> None:
        """Start a drill's clock. ``likes``: by home of the drill, the home whose learned days it gets."""
        self._twin.sight.need(drill.drill_of)
        day = (drill.drill_from + timedelta(microseconds=LOCAL_US)).date()

        def change(writer: Writer) -> None:
            drill_clock.begin(writer, drill)
            copy_days(writer, dict(likes or {}), day, from_us(received))

        with self._twin.writing() as received:
            self._twin.commit(change, received, care=True)
            self._drills_changed()

    def end_drill(self, drill_id: str) -> Drill:
        """Stop a drill's clock. Raises KeyError for an unknown one."""
        with self._twin.writing() as received:
            drill = {d.drill_id: d for d in self.drills()}[drill_id]
            known_at = from_us(received)
            self._twin.commit(lambda writer: drill_clock.end(writer, drill_id, known_at), received, care=True)
            self._drills_changed()
            return replace(drill, ended_at=drill.ended_at or known_at)

    def _drills_changed(self) -> None:
        self.clock.reload()
        self._engine.overtake()

    def domain_time(self, community_id: str, known: datetime) -> datetime:
        """What time it is in a community: the real one, but in a drill."""
        return from_us(self.clock.time(community_id, to_us(known)))

    # ------------------------------------------------------------------ how well it goes

    def service_levels(self, start: datetime, end: datetime, at: datetime, *, community_id: str) -> ServiceLevels:
        """How quickly people were helped in incidents raised from ``start`` to ``end``, as known at ``at``."""
        self._twin.sight.need(community_id)
        found = self._service_levels(start, end, at, community_id)
        if asked().homes and current().scope.is_everywhere:
            return found
        seen = set(self._twin.device_status(min(end, at), community_id=community_id)["device_id"].to_pylist())
        seen.update(self.incident_rows(start, end, at, community_id=community_id)["incident_id"].to_pylist())
        if asked().homes:
            seen.update(self._twin.entities("home", at, community_id=community_id)["home_id"].to_pylist())
        return found.renamed(lambda code: code if code in seen else alias(code))

    @worked_out
    def _service_levels(self, start: datetime, end: datetime, at: datetime, community_id: str) -> ServiceLevels:
        devices = self._twin.device_status(min(end, at), community_id=community_id)
        procedure = self._twin.catalogue.procedures[ELDER_INCIDENT]
        return service_levels(self._store, procedure, devices, start=start, end=end, at=at, community_id=community_id)

    def incident_rows(self, start: datetime, end: datetime, at: datetime, *, community_id: str) -> pa.Table:
        """The rows behind those figures: one per incident, when each thing was first done and how it ended."""
        self._twin.sight.need(community_id)
        with program():
            rows = incident_rows(self._store, ELDER_INCIDENT, start=start, end=end, at=at, community_id=community_id)
        return self._twin.sight.of(rows, inside=True)

    def suggestions(self, at: datetime, *, community_id: str) -> list[Suggestion]:
        """Thresholds that the outcomes known at ``at`` speak for; applying one is ``set_threshold``."""
        self._twin.sight.need(community_id)
        catalogue = self._twin.catalogue
        measures = {m.name for t in catalogue.sensor_types.values() for m in t.metrics.values() if m.kind == "measure"}
        with program():
            set_here = self.thresholds(at)
        found = suggestions(
            self._store, catalogue.procedures[ELDER_INCIDENT], catalogue.alert_rules, set_here,
            measures=measures, at=at, community_id=community_id,
        )  # fmt: skip
        return self._seen(found)

    # ------------------------------------------------------------------ visits

    def visits(
        self, start: datetime, end: datetime, at: datetime, *, community_id: str | None = None,
        home_id: str | None = None,
    ) -> pa.Table:  # fmt: skip
        """Visits from ``start`` to ``end`` as known at ``at``, newest first. Raises ``NotAllowed``."""
        need_homes()
        table = self._store.read(
            "visits", first=start, last=end, instant=at, community_id=community_id, home_id=home_id
        )
        return self._twin.sight.of(table)

    def record_visits(self, visits: Sequence[Visit]) -> None:
        """Note visits. Raises KeyError naming a home that is not known."""
        for visit in visits:
            self._twin.sight.need(None, visit.home_id)
        with self._twin.writing() as received:
            known_at = from_us(received)
            homes = self._twin.entities("home", known_at)
            community = dict(zip(homes["home_id"].to_pylist(), homes["community_id"].to_pylist(), strict=True))
            rows = [
                {**vars(v), "visit_id": f"v-{uuid4().hex[:10]}", "community_id": community[v.home_id]} for v in visits
            ]
            rows = [{**row, "known_at": known_at} for row in rows]
            self._twin.commit(lambda writer: writer.append("visit", pa.Table.from_pylist(rows)), received, care=True)

    # ------------------------------------------------------------------ homes

    def home_states(self, at: datetime, *, community_id: str | None = None) -> pa.Table:
        """Homes with a kit of elders living alone, as known at ``at``: active, quiet, away or blind; see ``homes``."""
        return self._twin.home_states(at, community_id=community_id)

    def home_rhythm(self, home_id: str, at: datetime) -> HomeRhythm | None:
        """A home's learned rhythm and what it says of ``at``; None where no device tells of life."""
        need_homes()
        if not self._twin.sight.within(None, home_id):
            return None
        with program():
            return self._homes.rhythm(home_id, at)

    def home_states_at(self, at: datetime) -> pa.Table:
        """As ``home_states``, of all communities, not remembered."""
        need_homes()
        return self._homes.states(at)

    def _settings(self, rule: AlertRule, known: int) -> pa.Table:
        at = from_us(known)

        def communities() -> list[str]:
            real: list[str] = self._twin.entities("community", at)["community_id"].to_pylist()
            return [*real, *(drill.community_id for drill in self.drills(at))]

        return self._thresholds.settings(rule, known, self._twin.entities("home", at), communities)

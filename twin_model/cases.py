"""Incidents: alerts of one home and one episode, worked by a procedure until somebody else confirms that all is done.

The log of steps is the truth; what is held here is folded from it and read again after a transaction that failed.
Every write happens inside the caller's transaction and is followed by ``committed`` or ``rolled_back``. Timers are
nothing but the log and a clock: a hand-over is due at an instant that follows from the steps before it, is recorded
with that instant however late the clock comes, and moves the next one on; so none is lost or done twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from twin_model import case_log, fusing, incident_news, ladder, notifications
from twin_model.case import Case, Evidence, Head, Step, StepRefused, kept_evidence, kept_fact
from twin_model.catalogue import AlertRule
from twin_model.closed_loop import SYSTEM, advance, fold, next_timer, taken
from twin_model.fusing import HomeContext
from twin_model.incident import Incident, present
from twin_model.procedure import Procedure
from twin_model.store import Store, Writer

__all__ = ["Cases", "HomeContext", "Incident", "StepRefused"]

Clock = Callable[[str], datetime]
"""What time it is in a community; drills have their own."""

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
_URGENCY = {"act": 0, "look": 1, "blind": 2}


@dataclass
class _Changes:
    """What one call adds to the log and to the outbox, written at its end."""

    known_at: datetime
    ask: case_log.Ask
    cases: dict[str, Case] = field(default_factory=dict)
    heads: list[Head] = field(default_factory=list)
    steps: list[tuple[str, Step]] = field(default_factory=list)
    news: list[tuple[str, Case]] = field(default_factory=list)


class Cases:
    """All incidents of one store. Written by one thread at a time; read from any."""

    def __init__(self, store: Store, procedures: Mapping[str, Procedure], rules: Mapping[str, AlertRule]) -> None:
        self._store = store
        self._procedures = dict(procedures)
        self._rules = dict(rules)
        self._load()

    # ------------------------------------------------------------------ alerts

    def fired(
        self, writer: Writer, alerts: Sequence[Mapping[str, Any]], contexts: Mapping[str, HomeContext],
        known_at: datetime, clock: Clock,
    ) -> list[str]:  # fmt: skip
        """Alerts that began to fire: join each to the incident its home has, or open one. Returns their ids.

        ``alerts``: rows of ``alert_step``. ``contexts``: what else is known, by home_id. The same alert twice changes
        nothing; one whose rule names no procedure, or too mild to open an incident alone, is left out.
        """
        changes = _Changes(known_at, writer.select)
        places = incident_news.device_names(writer, alerts, known_at)
        named = [(name, alert) for alert in alerts if (name := self._rules[alert["rule"]].procedure)]
        homeless = {key for key, incident in self._by_subject.items() if self._live[incident].head.home_id is None}
        gateways = incident_news.dead_gateways(writer, named, homeless, known_at)
        groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for name, alert in named:
            own = alert["subject"] if alert["scope"] == "gateway" else alert["home_id"] or alert["facility_id"]
            subject = gateways.get((name, alert["subject"])) or own or alert["subject"]
            groups.setdefault((name, str(subject)), []).append(alert)
        for (name, subject), group in groups.items():
            at = clock(group[0]["community_id"])
            found = [fusing.evidence(self._rules[a["rule"]], a, at, places.get(a["subject"])) for a in group]
            context = contexts.get(group[0]["home_id"] or "", HomeContext())
            like = next((a for a in group if a["subject"] == subject), group[0])
            self._join(changes, self._procedures[name], subject, like, found, context, at)
        return self._write(writer, changes)

    def cleared(
        self, writer: Writer, alerts: Sequence[Mapping[str, Any]], known_at: datetime, clock: Clock
    ) -> list[str]:
        """Alerts that fire no more (cleared or suppressed): noted with their incidents, which stay open."""
        changes = _Changes(known_at, writer.select)
        gone = {int(alert["alert_id"]) for alert in alerts}
        for case in list(self._live.values()):
            mine = sorted(gone & {e.alert_id for e in case.still_firing})
            if mine:
                at = clock(case.head.community_id)
                self._pass_time(changes, case, at)
                self._add(changes, case.head.incident_id, "clear", at, {"alerts": mine}, news="cleared")
        return self._write(writer, changes)

    def _join(
        self, changes: _Changes, procedure: Procedure, subject: str, alert: Mapping[str, Any],
        found: Sequence[Evidence], context: HomeContext, at: datetime,
    ) -> None:  # fmt: skip
        known = self._by_subject.get((procedure.name, subject))
        case = self._live[known] if known else None
        if case is not None:
            at = self._pass_time(changes, case, at)
            case = changes.cases.get(case.head.incident_id, case)
            firing = {e.alert_id for e in case.still_firing}
            found = [e for e in found if e.alert_id not in firing]
        if not found:
            return
        facts = fusing.facts_of(procedure, context, found, at)
        detail = {"evidence": [kept_evidence(e) for e in found], "facts": [kept_fact(f) for f in facts]}
        if case is not None:
            worse = min(e.grade for e in found) < case.grade
            self._add(changes, case.head.incident_id, "evidence", at, detail, news="escalated" if worse else "evidence")
        elif min(e.grade for e in found) <= procedure.opens:
            self._raise(changes, procedure, subject, alert, at, detail)

    def _raise(
        self, changes: _Changes, procedure: Procedure, subject: str, like: Mapping[str, Any], at: datetime,
        detail: Mapping[str, Any],
    ) -> str:  # fmt: skip
        incident_id = f"i-{self._next:06d}"
        self._next += 1
        places = {name: like[name] for name in ("home_id", "facility_id", "building_id", "drill_id")}
        head = Head(
            incident_id=incident_id, procedure=procedure.name, community_id=like["community_id"], subject=subject,
            raised_at=at, known_at=changes.known_at, **places,
        )  # fmt: skip
        step = Step(n=1, step="raise", at=at, known_at=changes.known_at, by=SYSTEM, role=SYSTEM, detail=detail)
        changes.heads.append(head)
        self._note(changes, fold(procedure, head, [step]), step, "realarmed" if detail.get("after") else "raised")
        return incident_id

    # ------------------------------------------------------------------ people

    def take_step(
        self, writer: Writer, incident_id: str, step: str, *, by: str, role: str, known_at: datetime, at: datetime,
        note: str = "", channel: str = "", result: str = "", outcome: str = "", cause: str = "",
        rung: str | int | None = None, expected_n: int | None = None,
    ) -> Incident:  # fmt: skip
        """Take one step, or raise ``StepRefused`` with nothing changed. ``rung``: a role of the ladder or its index.

        A contact without a result and a close without a cause are recorded as not stated.
        """
        if step == "merge":
            raise StepRefused("merge", "unknown", "合并要指明另一起事件", "a merge names the other incident; use merge")
        changes = _Changes(known_at, writer.select)
        case = self._case(writer, incident_id)
        procedure = self._procedures[case.head.procedure]
        at = self._pass_time(changes, case, at)
        case = changes.cases.get(incident_id, case)
        if step == "contact":
            result = result or procedure.default_result
        if step == "close":
            cause = cause or procedure.default_cause.get(outcome, "")
        detail = ladder.concerns(procedure, case, step, rung, result)
        act = Step(
            n=case.n + 1, step=step, at=at, known_at=known_at, by=by, role=role.replace("-", "_"), channel=channel,
            result=result, note=note, outcome=outcome, cause=cause, detail=detail,
        )  # fmt: skip
        after = advance(procedure, case, act, at, expected_n=expected_n)
        self._check_reopen(step, case)
        self._note(changes, after, after.steps[-1], step)
        self._write(writer, changes)
        return present(procedure, after, incident_news.contacts(writer.select, [after], known_at))

    def merge(
        self, writer: Writer, into: str, other: str, *, by: str, role: str, known_at: datetime, at: datetime,
        note: str = "",
    ) -> Incident:  # fmt: skip
        """Go on with ``into`` for both: it gets the other's evidence, the other ends. Raises ``StepRefused``."""
        changes = _Changes(known_at, writer.select)
        kept, gone = self._case(writer, into), self._case(writer, other)
        if (
            into == other
            or kept.head.procedure != gone.head.procedure
            or kept.head.community_id != gone.head.community_id
        ):
            raise StepRefused(
                "not_alike", "unknown", "只能合并同一社区、同一类的两起事件",
                "only two incidents of one kind and one community can be merged",
            )  # fmt: skip
        procedure = self._procedures[kept.head.procedure]
        at = max(self._pass_time(changes, kept, at), self._pass_time(changes, gone, at))
        kept, gone = changes.cases.get(into, kept), changes.cases.get(other, gone)
        evidence = [kept_evidence(e) for e in gone.evidence]
        subjects = sorted(self._subjects(gone))
        act = Step(
            n=kept.n + 1, step="merge", at=at, known_at=known_at, by=by, role=role.replace("-", "_"), note=note,
            detail={"from": other, "evidence": evidence, "subjects": subjects},
        )  # fmt: skip
        advance(procedure, gone, replace(act, n=gone.n + 1), at)  # the other must be as free to be merged
        after = advance(procedure, kept, act, at)
        end = replace(act, n=gone.n + 1, step="merged", note="", detail={"into": into})
        self._note(changes, taken(procedure, gone, end), end, None)
        self._note(changes, after, act, "merge")
        self._write(writer, changes)
        return present(procedure, after, incident_news.contacts(writer.select, [after], known_at))

    def _check_reopen(self, step: str, case: Case) -> None:
        newer = self._by_subject.get((case.head.procedure, case.head.subject))
        if step == "reopen" and newer not in (None, case.head.incident_id):
            raise StepRefused(
                "newer_incident", "order", f"这一户已有新的事件 {newer}，请在那里处理",
                f"there is a newer incident {newer} for the same home; go on there",
            )  # fmt: skip

    # ------------------------------------------------------------------ time

    def next_due(self) -> datetime | None:
        """When ``run_timers`` has something to do next, incidents of drills left out; None: nothing waits."""
        own = [due for i, due in self._due.items() if self._live[i].head.drill_id is None]
        return min(own, default=None)

    def dues(self) -> dict[str, datetime]:
        """The same per community, in the community's own time; drills too."""
        found: dict[str, datetime] = {}
        for incident_id, due in self._due.items():
            community = self._live[incident_id].head.community_id
            found[community] = min(due, found.get(community, FOREVER))
        return found

    def run_timers(self, writer: Writer, known_at: datetime, clock: Clock) -> list[str]:
        """Do everything that fell due: hand over, raise again. Returns the ids of the incidents that changed."""
        changes = _Changes(known_at, writer.select)
        for incident_id, due in sorted(self._due.items(), key=lambda item: item[1]):
            case = self._live[incident_id]
            at = clock(case.head.community_id)
            if due <= at:
                self._pass_time(changes, case, at)
                self._rearm(changes, changes.cases.get(incident_id, case), at)
        return self._write(writer, changes)

    def _pass_time(self, changes: _Changes, case: Case, at: datetime) -> datetime:
        """Make the hand-overs of a case that were due until ``at``, each at its own instant; returns the instant at
        which the next step may stand, never before the last one."""
        procedure = self._procedures[case.head.procedure]
        while (due := next_timer(procedure, case)) and due[0] <= at:
            detail: dict[str, Any] = {"for": due[1]}
            if due[2] == "hand_over":
                listed = {role for _, role in incident_news.contacts(changes.ask, [case], changes.known_at)}
                detail |= {"from": case.rung, **ladder.whom(procedure, case, listed)}
            case = self._add(changes, case.head.incident_id, due[2], due[0], detail, news=due[2])
        return max(at, case.steps[-1].at)

    def _rearm(self, changes: _Changes, case: Case, at: datetime) -> None:
        """Raise again what still fires long after its incident was closed."""
        due = self._rearm_due(case)
        if due is None or due > at:
            return
        head, procedure = case.head, self._procedures[case.head.procedure]
        evidence = [kept_evidence(e) for e in case.still_firing]
        detail = {"evidence": evidence, "facts": [], "after": head.incident_id}
        raised_now = {(h.procedure, h.subject): h.incident_id for h in changes.heads}
        key = (procedure.name, head.subject)
        open_one = raised_now.get(key) or self._by_subject.get(key)
        if open_one:
            self._add(changes, open_one, "evidence", due, detail, news="evidence")
        else:
            like = {name: getattr(head, name) for name in _PLACES}
            open_one = self._raise(changes, procedure, head.subject, like, due, detail)
        self._add(changes, head.incident_id, "realarm", due, {"by": open_one}, news=None)
        self._pass_time(changes, changes.cases[open_one], at)

    def _rearm_due(self, case: Case) -> datetime | None:
        if case.closed_at is None or case.merged_into or case.realarmed or not case.still_firing:
            return None
        return case.closed_at + self._procedures[case.head.procedure].realarm

    # ------------------------------------------------------------------ transactions

    def committed(self) -> None:
        """The transaction went through: readers see it from now on."""
        self._published = (self._newest, dict(self._live))

    def rolled_back(self) -> None:
        """The transaction failed: what is held is read again from the store."""
        self._load()

    def _load(self) -> None:
        newest = self._store.select("SELECT max(known_at) AS newest FROM incident_step")["newest"]
        self._newest: datetime | None = newest[0].as_py()
        self._next = 1
        self._live: dict[str, Case] = {}
        self._due: dict[str, datetime] = {}
        self._by_subject: dict[tuple[str, str], str] = {}
        if self._newest is not None:
            rows = self._store.read(
                "incidents_at", instant=FOREVER, community_id=None, include_drills=True, since=None
            ).to_pylist()
            self._next += max(int(row["incident_id"].removeprefix("i-")) for row in rows)
            ids = [row["incident_id"] for row in rows if row["is_open"] or row["rearms"]]
            for case in case_log.read(self._store.select, self._procedures, FOREVER, ids):
                self._keep(case)
        self._published = (self._newest, dict(self._live))

    def _add(
        self, changes: _Changes, incident_id: str, name: str, at: datetime, detail: Mapping[str, Any],
        *, news: str | None,
    ) -> Case:  # fmt: skip
        """Add the system's own step to a case that is at hand."""
        case = changes.cases.get(incident_id) or self._live[incident_id]
        at = max(at, case.steps[-1].at)
        step = Step(n=case.n + 1, step=name, at=at, known_at=changes.known_at, by=SYSTEM, role=SYSTEM, detail=detail)
        case = taken(self._procedures[case.head.procedure], case, step)
        self._note(changes, case, step, news)
        return case

    def _note(self, changes: _Changes, case: Case, step: Step, news: str | None) -> None:
        changes.cases[case.head.incident_id] = case
        changes.steps.append((case.head.incident_id, step))
        if news is not None:
            changes.news.append((news, case))

    def _write(self, writer: Writer, changes: _Changes) -> list[str]:
        """Write what a call changed, then hold it; a refusal never gets here."""
        if not changes.steps:
            return []
        case_log.append(writer, changes.heads, changes.steps)
        news = incident_news.news(writer, self._procedures, changes.news, changes.known_at)
        notifications.write(writer, changes.known_at, news)
        self._newest = changes.known_at
        for case in changes.cases.values():
            self._keep(case)
        return list(changes.cases)

    def _keep(self, case: Case) -> None:
        """Hold a case while something may still happen to it by itself or by an alert."""
        incident_id = case.head.incident_id
        for key in [key for key, value in self._by_subject.items() if value == incident_id]:
            del self._by_subject[key]
        self._due.pop(incident_id, None)
        due = next_timer(self._procedures[case.head.procedure], case)
        again = self._rearm_due(case)
        if case.phase == "closed" and again is None:
            self._live.pop(incident_id, None)
            return
        self._live[incident_id] = case
        if case.is_worked:
            self._by_subject.update({(case.head.procedure, s): incident_id for s in self._subjects(case)})
        if due or again:
            self._due[incident_id] = due[0] if due else again or FOREVER

    @staticmethod
    def _subjects(case: Case) -> set[str]:
        """Whose alerts a case takes: its own subject's, and those of incidents merged into it."""
        merged = (s for step in case.steps if step.step == "merge" for s in step.detail["subjects"])
        return {case.head.subject, *merged}

    def _case(self, writer: Writer, incident_id: str) -> Case:
        if incident_id in self._live:
            return self._live[incident_id]
        for case in case_log.read(writer.select, self._procedures, FOREVER, [incident_id]):
            return case
        raise StepRefused(
            "unknown_incident", "unknown", f"没有事件“{incident_id}”", f"there is no incident {incident_id!r}"
        )

    # ------------------------------------------------------------------ reads

    def incidents(
        self, at: datetime, *, community_id: str | None = None, open_only: bool = True, include_drills: bool = True,
        since: datetime | None = None,
    ) -> list[Incident]:  # fmt: skip
        """The incidents as known at ``at``, the most urgent first. With a community also those of its running drills.

        ``since``: with ``open_only`` false, leaves out those that ended before.
        """
        cases = self._open_now(at, community_id, include_drills) if open_only else None
        if cases is None:
            table = self._store.read(
                "incidents_at", instant=at, community_id=community_id, include_drills=include_drills,
                since=FOREVER if open_only else since,
            )  # fmt: skip
            cases = self._known(table["incident_id"].to_pylist(), at)
        contacts = incident_news.contacts(self._store.select, cases, at)
        found = [present(self._procedures[c.head.procedure], c, contacts) for c in cases]
        return sorted(found, key=lambda i: (_URGENCY[i.severity], i.grade, i.raised_at, i.incident_id))

    def _open_now(self, at: datetime, community_id: str | None, include_drills: bool) -> list[Case] | None:
        """The open ones from what is at hand; None when a past is asked for."""
        newest, live = self._published
        if newest is not None and at < newest:
            return None
        cases = [c for c in live.values() if c.phase != "closed" and (include_drills or c.head.drill_id is None)]
        if community_id is None or all(c.head.community_id == community_id for c in cases):
            return cases
        drills = set(self._store.read("drills_of", community_id=community_id, instant=at)["community_id"].to_pylist())
        return [c for c in cases if c.head.community_id in {community_id, *drills}]

    def incident(self, incident_id: str, at: datetime) -> Incident | None:
        """One incident as known at ``at``; None when it was not known then."""
        for case in self._known([incident_id], at):
            contacts = incident_news.contacts(self._store.select, [case], at)
            return present(self._procedures[case.head.procedure], case, contacts)
        return None

    def _known(self, ids: Iterable[str], at: datetime) -> list[Case]:
        """Cases at ``at``: those at hand when nothing was committed since, else folded from the log."""
        newest, live = self._published
        wanted = list(ids)
        is_now = newest is None or at >= newest
        at_hand = [live[i] for i in wanted if is_now and i in live]
        missing = set(wanted) - {case.head.incident_id for case in at_hand}
        return [*at_hand, *case_log.read(self._store.select, self._procedures, at, missing)] if missing else at_hand


_PLACES = ("community_id", "home_id", "facility_id", "building_id", "drill_id")

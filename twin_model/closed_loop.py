"""A case worked to its end, step by step. Pure: a procedure, a case and a step go in, the next case comes out.

``advance`` judges a step and either takes it or refuses it with the reason in both languages; ``fold`` rebuilds a case
from its log without judging, so that a log written under older rules stays what it was. Instants are the community's
own clock (``at``); the store adds when each step was known.

The responsible party alone cannot close a case: whoever handled it may not confirm it (rivals.md 25 and 5.12).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from twin_model.case import Asked, Case, Fact, Head, Step, StepRefused, evidence_of
from twin_model.ladder import next_rung, rung_role
from twin_model.procedure import PHASES, STEPS, Procedure, StepRule

SYSTEM = "system"
LOCAL = timezone(timedelta(hours=8))  # China has one time zone and no summer time
ONCE = ("acknowledge", "arrive", "handle", "confirm", "close")


def fold(procedure: Procedure, head: Head, steps: Iterable[Step]) -> Case:
    """The case that a log tells of. The first step is ``raise``."""
    begin = Case(head=head, rungs=(Asked(),) * len(procedure.ladder), graded_at=head.raised_at, acted_at=head.raised_at)
    for step in steps:
        begin = taken(procedure, begin, step)
    return begin


def advance(procedure: Procedure, case: Case, step: Step, at: datetime, *, expected_n: int | None = None) -> Case:
    """Take a person's step at ``at``, or raise ``StepRefused``; the case given is unchanged either way.

    ``step.detail["rung"]`` is the index of the rung it concerns. ``expected_n``: the newest step the person had seen.
    """
    rule = procedure.steps.get(step.step)
    if rule is None:
        known = ", ".join(STEPS)
        raise StepRefused(
            "unknown_step", "unknown", f"没有“{step.step}”这一步；可用：{known}",
            f"there is no step {step.step!r}; steps are {known}",
        )  # fmt: skip
    _check_right(rule, step)
    if case.merged_into:
        raise StepRefused(
            "merged", "order", f"本事件已并入 {case.merged_into}，请在那里处理",
            f"this incident was merged into {case.merged_into}; go on there",
        )  # fmt: skip
    if expected_n is not None:
        _check_newest(procedure, case, step, expected_n)
    _check_order(procedure, case, rule)
    _check_words(procedure, step)
    if rule.not_by and _same(step.by, case.handled_by):
        raise StepRefused(
            "same_person", "right", f"处置人（{step.by}）不能自己核实，请由另一人核实",
            f"{step.by} handled it and cannot confirm it too; somebody else must",
        )  # fmt: skip
    if step.step == "hand_over" and step.detail.get("to") is None:
        raise StepRefused(
            "ladder_end",
            "order",
            "已是最后一位，无人可再转交",
            "that was the last one of the ladder; there is nobody after",
        )
    return taken(procedure, case, replace(step, at=at))


def next_steps(procedure: Procedure, case: Case) -> list[str]:
    """The steps that are legal now, for whoever has the right; the one to press first stands first."""
    if case.merged_into:
        return []
    legal = [name for name in STEPS if _is_legal(procedure.steps[name], case)]
    main = main_step(procedure, case)
    return sorted(legal, key=lambda name: name != main)


def main_step(procedure: Procedure, case: Case) -> str | None:
    """The step that brings the case on: the big button. None when it is closed."""
    if case.merged_into:
        return None
    if case.silent and case.is_worked:
        return "acknowledge"
    result = procedure.results.get(case.result)
    if case.phase == "contacted" and result and result.well:
        return "handle"
    return procedure.main.get(case.phase)


def deadlines(procedure: Procedure, case: Case) -> dict[str, datetime | None]:
    """Until when it should be acknowledged, contacted and somebody there; None: the grade has no such deadline."""
    grade = procedure.grades[case.grade]
    limits = {"acknowledge": grade.acknowledge, "contact": grade.contact, "arrive": grade.arrive}
    return {name: None if limit is None else case.graded_at + limit for name, limit in limits.items()}


def hand_over_due(procedure: Procedure, case: Case) -> tuple[datetime, str] | None:
    """When the clock hands over to the next rung, and for want of what; None: it waits, or nobody is left."""
    if not case.is_worked or next_rung(case, procedure.grades[case.grade].until) is None:
        return None
    return waits_until(procedure, case)


def next_timer(procedure: Procedure, case: Case) -> tuple[datetime, str, str] | None:
    """What the clock does next with a case, if nobody acts: when, for want of what, and the step it takes.

    It hands over; where nobody is left on the ladder, or what was handled is not confirmed, it says once that the
    case is overdue, so that a case nobody answers does not fall silent.
    """
    due = waits_until(procedure, case)
    if due is None:
        return None
    if hand_over_due(procedure, case):
        return (*due, "hand_over")
    return None if case.is_overdue else (*due, "overdue")


def waits_until(procedure: Procedure, case: Case) -> tuple[datetime, str] | None:
    """Until when a case waits, and for what: acknowledge, contact, answer, arrive, handle, confirm or close."""
    grade, until = procedure.grades[case.grade], deadlines(procedure, case)
    if case.phase in ("handled", "confirmed"):
        kind = procedure.main[case.phase]
        return None if grade.confirm is None else (case.acted_at + grade.confirm, kind)
    if not case.is_worked:
        return None
    answer = case.acted_at + grade.rung
    if case.last_act == "hand_over":
        return answer, "answer"
    result = procedure.results.get(case.result)
    waits_for = {"raised": "acknowledge", "acknowledged": "contact", "contacted": "answer", "dispatched": "arrive"}
    kind = waits_for.get(case.phase, "handle")
    if kind == "handle":
        return None if grade.handle is None else (case.acted_at + grade.handle, kind)
    if kind == "acknowledge":
        due = until["acknowledge"]
        return None if due is None else (due, kind)
    if kind == "answer" and not (result and result.answered):
        return answer, kind
    limit = until["contact"] if kind == "contact" else until["arrive"]
    limit = limit or until["arrive"]
    return None if limit is None else (max(limit, answer), "arrive" if kind == "answer" else kind)


def local(at: datetime) -> str:
    """A clock time of the neighbourhood, to the second."""
    return at.astimezone(LOCAL).strftime("%H:%M:%S")


# ------------------------------------------------------------------ judging


def _check_right(rule: StepRule, step: Step) -> None:
    if step.role not in rule.roles:
        roles = ", ".join(sorted(rule.roles))
        raise StepRefused(
            "right", "right", f"角色 {step.role} 无权“{rule.title['zh']}”；可由：{roles}",
            f"the role {step.role} has no right to {rule.title['en'].lower()!r}; these have: {roles}",
        )  # fmt: skip
    if not step.by.strip():
        raise StepRefused("by", "unknown", "没有写明由谁操作", "it does not say who takes the step: give `by`")


def _check_newest(procedure: Procedure, case: Case, step: Step, expected_n: int) -> None:
    for newer in case.steps[expected_n:]:
        by_person = newer.role != SYSTEM and newer.step != "note"
        if step.step != "note" and (by_person or newer.step == step.step == "hand_over"):
            done = procedure.steps[newer.step].done
            raise StepRefused(
                "newer", "order", f"{newer.by} 已在 {local(newer.at)} {done['zh']}，请先看最新情况",
                f"{newer.by} has {done['en']} at {local(newer.at)}; look at it first",
            )  # fmt: skip


def _check_order(procedure: Procedure, case: Case, rule: StepRule) -> None:
    if _is_legal(rule, case):
        return
    title = rule.title
    if case.phase == "closed":
        raise StepRefused(
            "closed", "order", f"事件已于 {_closed(case)} 关闭，可重新打开",
            f"the incident was closed at {_closed(case)}; it can be reopened",
        )  # fmt: skip
    before = _last_of_round(case, rule.name) if rule.name in ONCE else None
    if before:
        raise StepRefused(
            "twice", "order", f"{before.by} 已在 {local(before.at)} {rule.done['zh']}",
            f"{before.by} has {rule.done['en']} already, at {local(before.at)}",
        )  # fmt: skip
    phase = procedure.phases[case.phase]
    main = procedure.steps[main_step(procedure, case) or "note"].title
    raise StepRefused(
        "order", "order", f"现在是“{phase['zh']}”，不能“{title['zh']}”；下一步是“{main['zh']}”",
        f"it is {phase['en'].lower()!r} now and cannot be {title['en'].lower()!r} yet; "
        f"the next step is {main['en'].lower()!r}",
    )  # fmt: skip


def _check_words(procedure: Procedure, step: Step) -> None:
    if step.step == "contact" and step.result not in procedure.results:
        raise _unknown("result", "联系结果", step.result, procedure.results)
    if step.step == "close":
        if step.outcome not in procedure.outcomes:
            raise _unknown("outcome", "结论", step.outcome, procedure.outcomes)
        fitting = [name for name, cause in procedure.causes.items() if step.outcome in cause.outcomes]
        if step.cause not in fitting:
            raise _unknown("cause", "原因", step.cause, fitting)


def _unknown(what: str, zh: str, given: str, known: Iterable[str]) -> StepRefused:
    names = ", ".join(known)
    return StepRefused(
        f"unknown_{what}", "unknown", f"{zh}“{given}”不在清单中；可用：{names}",
        f"{given!r} is no {what} here; write one of {names}",
    )  # fmt: skip


def _is_legal(rule: StepRule, case: Case) -> bool:
    if rule.name == "acknowledge" and case.silent and case.is_worked:
        return True  # whoever answers after a hand-over takes it on, wherever it stands
    if case.phase in rule.from_phases:
        return True
    return any(
        skip.from_phase == case.phase
        and (not skip.grades or case.grade in skip.grades)
        and (not skip.results or case.result in skip.results)
        for skip in rule.skips
    )


def _last_of_round(case: Case, name: str) -> Step | None:
    for step in reversed(case.steps):
        if step.step == name:
            return step
        if step.step == "reopen":
            return None
    return None


def _closed(case: Case) -> str:
    return "—" if case.closed_at is None else local(case.closed_at)


def _same(one: str, other: str | None) -> bool:
    return other is not None and one.strip().casefold() == other.strip().casefold()


# ------------------------------------------------------------------- taking


def taken(procedure: Procedure, case: Case, step: Step) -> Case:
    """The case after a step that is in its log; nothing is judged."""
    case = replace(case, steps=(*case.steps, step))
    change = _CHANGES.get(step.step)
    return case if change is None else change(procedure, case, step)


def _more_evidence(procedure: Procedure, case: Case, step: Step) -> Case:
    joined = {e.alert_id: e for e in case.evidence}
    joined.update((e.alert_id, e) for e in map(evidence_of, step.detail.get("evidence", ())))
    worst = min(joined.values(), key=lambda e: e.grade, default=None)
    facts = tuple(Fact(**raw) for raw in step.detail.get("facts", ())) or case.facts
    case = replace(case, evidence=tuple(joined.values()), facts=facts)
    if worst is None or (step.step != "raise" and worst.grade >= case.grade):
        return case
    return replace(case, grade=worst.grade, severity=worst.severity, graded_at=step.at, is_overdue=False)


def _raised(procedure: Procedure, case: Case, step: Step) -> Case:
    return replace(_more_evidence(procedure, case, step), after=step.detail.get("after"))


def _less_evidence(procedure: Procedure, case: Case, step: Step) -> Case:
    gone = set(step.detail["alerts"])
    kept = (replace(e, firing=False, cleared_at=step.at) if e.alert_id in gone else e for e in case.evidence)
    return replace(case, evidence=tuple(kept))


def _acted(procedure: Procedure, case: Case, step: Step) -> Case:
    """A person's act: its phase, never back; the one who was silent has spoken."""
    to = procedure.steps[step.step].to or case.phase
    phase = max(case.phase, to, key=PHASES.index)
    owner = step.by if case.silent or case.owner is None else case.owner
    return replace(case, phase=phase, owner=owner, acted_at=step.at, last_act=step.step, silent=False, is_overdue=False)


def _acknowledged(procedure: Procedure, case: Case, step: Step) -> Case:
    return replace(_acted(procedure, case, step), owner=step.by)


def _contacted(procedure: Procedure, case: Case, step: Step) -> Case:
    result = procedure.results.get(step.result)
    state = "done" if result and result.answered else "failed"
    return _asked(replace(_acted(procedure, case, step), result=step.result), step, state)


def _dispatched(procedure: Procedure, case: Case, step: Step) -> Case:
    return _asked(_acted(procedure, case, step), step, "now")


def _arrived(procedure: Procedure, case: Case, step: Step) -> Case:
    return _asked(_acted(procedure, case, step), step, "done")


def _asked(case: Case, step: Step, state: str) -> Case:
    rung = step.detail.get("rung")
    if rung is None:
        return case
    rungs = tuple(Asked(state=state, at=step.at) if i == rung else a for i, a in enumerate(case.rungs))
    return replace(case, rungs=rungs, rung=rung)


def _handled(procedure: Procedure, case: Case, step: Step) -> Case:
    return replace(_acted(procedure, case, step), handled_by=step.by)


def _closed_with(procedure: Procedure, case: Case, step: Step) -> Case:
    case = _acted(procedure, case, step)
    return replace(case, outcome=step.outcome, cause=step.cause, closed_at=step.at)


def _reopened(procedure: Procedure, case: Case, step: Step) -> Case:
    """To the same owner; deadlines and ladder begin anew."""
    return replace(
        case, phase="acknowledged", graded_at=step.at, acted_at=step.at, last_act="reopen", silent=False, result="",
        outcome=None, cause=None, closed_at=None, reopened=case.reopened + 1, realarmed=None, rung=None,
        rungs=(Asked(),) * len(case.rungs), is_overdue=False,
    )  # fmt: skip


def _handed_over(procedure: Procedure, case: Case, step: Step) -> Case:
    to = int(step.detail["to"])
    rungs = list(case.rungs)
    if case.rung is not None and rungs[case.rung].state == "now":
        rungs[case.rung] = Asked(state="failed", at=step.at)
    for nobody in step.detail.get("skipped", ()):
        rungs[nobody] = Asked(state="failed", at=step.at)
    rungs[to] = Asked(state="now", at=step.at)
    return replace(
        case, rungs=tuple(rungs), rung=to, owner=rung_role(procedure, case, to), acted_at=step.at,
        last_act="hand_over", silent=step.role == SYSTEM, is_overdue=False,
    )  # fmt: skip


def _merged(procedure: Procedure, case: Case, step: Step) -> Case:
    return replace(case, phase="closed", closed_at=step.at, merged_into=step.detail["into"])


def _overdue(procedure: Procedure, case: Case, step: Step) -> Case:
    return replace(case, is_overdue=True)


def _realarmed(procedure: Procedure, case: Case, step: Step) -> Case:
    return replace(case, realarmed=step.detail["by"])


_CHANGES = {
    "raise": _raised, "evidence": _more_evidence, "clear": _less_evidence, "merge": _more_evidence,
    "acknowledge": _acknowledged, "contact": _contacted, "dispatch": _dispatched, "arrive": _arrived,
    "handle": _handled, "confirm": _acted, "close": _closed_with, "reopen": _reopened, "hand_over": _handed_over,
    "merged": _merged, "overdue": _overdue, "realarm": _realarmed,
}  # fmt: skip

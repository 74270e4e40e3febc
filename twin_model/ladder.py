"""The ladder of people who are asked: who a rung is in a case, which comes next, which one a step concerns."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from twin_model.case import Case, StepRefused
from twin_model.procedure import Procedure

SELF = ("", "self")  # the person herself, who is on no rung


def rung_role(procedure: Procedure, case: Case, index: int) -> str:
    """Who a rung is in this case: the fire brigade instead of the ambulance when it smells of smoke."""
    rung = procedure.ladder[index]
    if rung.instead_role and rung.instead_metrics & {e.metric for e in case.evidence}:
        return rung.instead_role
    return rung.role


def next_rung(case: Case, until: int | None = None) -> int | None:
    """The rung after the present one, not beyond ``until``; None when there is none."""
    following = 0 if case.rung is None else case.rung + 1
    last = len(case.rungs) - 1 if until is None else until
    return following if following <= last else None


def whom(procedure: Procedure, case: Case, listed: Collection[str]) -> dict[str, Any]:
    """The next rung where there is somebody to ask, and those passed over. ``listed``: the roles with a contact.

    Where nobody at all is listed the ladder is climbed rung by rung: a post may be staffed without being listed.
    """
    first, until = next_rung(case), procedure.grades[case.grade].until
    ahead = range(first or 0, until + 1)
    wanted = [i for i in ahead if rung_role(procedure, case, i) in listed or procedure.ladder[i].always]
    to = wanted[0] if listed and wanted else first
    return {"to": to, "skipped": [i for i in ahead if i < (to or 0)]}


def concerns(procedure: Procedure, case: Case, step: str, rung: str | int | None, result: str) -> dict[str, Any]:
    """A step's detail: the rung it concerns, named by role or index, or the one asked now, or the next for a hand-over;
    of a close the alerts that still fire. Raises ``StepRefused`` for a rung that is not on the ladder."""
    named = None if rung is None or rung in SELF else _index(procedure, rung)
    if step == "hand_over":
        return {"from": case.rung, "to": next_rung(case) if named is None else named}
    if step == "contact":
        family = procedure.rung_index("family") if result.startswith("family") else None
        return {"rung": family if named is None else named}
    if step in ("dispatch", "arrive"):
        return {"rung": case.rung if named is None else named}
    if step == "close" and case.still_firing:
        return {"firing": [e.alert_id for e in case.still_firing]}
    return {}


def _index(procedure: Procedure, rung: str | int) -> int:
    index = procedure.rung_index(rung) if isinstance(rung, str) else rung
    if index is not None and 0 <= index < len(procedure.ladder):
        return index
    known = ", ".join(r.role for r in procedure.ladder)
    raise StepRefused(
        "unknown_rung", "unknown", f"“{rung}”不在接力清单中；可用：{known}",
        f"{rung!r} is not on the ladder; write one of {known}",
    )  # fmt: skip

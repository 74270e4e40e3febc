"""Who may do what, as dependencies of the interface: a refusal says in both languages which role it takes.

The role is the token's or the session's, never the request's. Which role may take which step of an incident is not
here but in the incident's procedure.
"""

from typing import Annotated

from fastapi import Depends, Request

from cockpit.asking import Asked
from cockpit.problems import Problem
from cockpit.tokens import Grant

# What a public screen may ask with: a filter by home or device would let it count its way to one door.
PUBLIC_FILTERS = {"at", "community", "limit", "cursor"}


def grant_of(request: Request) -> Grant:
    """Whom the request speaks for; the guard has put it there."""
    grant: Grant = request.state.grant
    return grant


def role_of(grant: Grant) -> str:
    """The role as procedures write it."""
    return grant.role.value.replace("-", "_")


def refused(status: int, code: str, zh: str, en: str) -> Problem:
    """A refusal in both languages with a code for programs."""
    return Problem(status, f"{zh} · {en}", code=code, reason={"zh": zh, "en": en})


def acting(request: Request) -> Grant:
    """Only whoever works incidents."""
    grant = grant_of(request)
    if not grant.may_act:
        raise refused(
            403, "right", f"角色 {grant.role} 只能查看，处置需要网格员、值班员或管理员",
            f"the role {grant.role} may look; acting needs grid-worker, duty-officer or administrator",
        )  # fmt: skip
    return grant


def deciding(request: Request) -> Grant:
    """Only whoever may change thresholds and run drills."""
    grant = grant_of(request)
    if not grant.may_decide:
        raise refused(
            403, "right", f"角色 {grant.role} 不能更改，需要值班员或管理员",
            f"the role {grant.role} may not change this; it needs duty-officer or administrator",
        )  # fmt: skip
    return grant


def writing(request: Request) -> Grant:
    """Only whoever may import, adopt and take back."""
    grant = grant_of(request)
    if not grant.may_write:
        raise refused(
            403, "right", f"角色 {grant.role} 只能查看，导入、收编、撤回需要管理员",
            f"the role {grant.role} may read; importing and adopting need the role administrator",
        )  # fmt: skip
    return grant


def at_home(request: Request) -> Grant:
    """Only whoever may look at one home's daily life."""
    grant = grant_of(request)
    if not grant.sees_a_home:
        raise refused(
            403, "right", f"角色 {grant.role} 不能查看单户的日常",
            f"the role {grant.role} may not look at one home's daily life",
        )  # fmt: skip
    return grant


def counts_only(asked: Asked) -> bool:
    """Whether the caller is a public screen; it may not narrow a count down to a home."""
    if not grant_of(asked.request).public_only:
        return False
    if narrow := sorted(set(asked.request.query_params) - PUBLIC_FILTERS):
        raise refused(
            403, "counts_only", f"公共屏只有总数，不能按 {'、'.join(narrow)} 筛选",
            f"a public screen gets totals; it may not filter by {', '.join(narrow)}",
        )  # fmt: skip
    return True


Acting = Annotated[Grant, Depends(acting)]
Deciding = Annotated[Grant, Depends(deciding)]
Writing = Annotated[Grant, Depends(writing)]
AtHome = Annotated[Grant, Depends(at_home)]

"""Who may do what, as dependencies of the interface: a refusal says in both languages which role it takes.

The role is the token's or the session's, never the request's. Which role may take which step of an incident is not
here but in the incident's procedure.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Request

from cockpit.asking import Asked
from cockpit.problems import Problem
from cockpit.tokens import Grant
from twin_model.rights import EVERYWHERE

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


def only(may: Callable[[Grant], bool], zh: str, en: str) -> Callable[[Request], Grant]:
    """A dependency that lets those through who may; the others are told in both languages what it takes."""

    def checked(request: Request) -> Grant:
        grant = grant_of(request)
        if may(grant):
            return grant
        if may(replace(grant, scope=EVERYWHERE)):
            raise refused(
                403, "part", "当前账号限于一部分范围，这里管的是全部，需要不限范围的账号",
                "this account is limited to a part; this is about everything and needs one that is not",
            )  # fmt: skip
        raise refused(403, "right", f"角色 {grant.role} {zh}", f"the role {grant.role} {en}")

    return checked


acting = only(
    lambda grant: grant.may_act, "只能查看，处置需要网格员、值班员或管理员",
    "may look; acting needs grid-worker, duty-officer or administrator",
)  # fmt: skip
deciding = only(
    lambda grant: grant.may_decide, "不能更改，需要值班员或管理员",
    "may not change this; it needs duty-officer or administrator",
)  # fmt: skip
writing = only(
    lambda grant: grant.may_write, "只能查看，导入、收编、撤回需要管理员",
    "may read; importing and adopting need the role administrator",
)  # fmt: skip
at_home = only(lambda grant: grant.sees_a_home, "不能查看单户的日常", "may not look at one home's daily life")
managing = only(
    lambda grant: grant.manages_accounts, "不能管理账号，需要管理员", "may not manage accounts; it needs administrator"
)
confirming = only(
    lambda grant: grant.confirms, "不能查看或确认账号，需要管理员或审计员",
    "may not see or confirm accounts; it needs administrator or auditor",
)  # fmt: skip


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
Managing = Annotated[Grant, Depends(managing)]
Confirming = Annotated[Grant, Depends(confirming)]

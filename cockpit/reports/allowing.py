"""Whose reports a grant may have made and read, and what the page of reports shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cockpit import serving
from cockpit.reports.kinds import AUDIENCES, CITY, KINDS
from cockpit.tokens import Grant

if TYPE_CHECKING:
    from cockpit.reports.desk import Job, ReportDesk, Shelved

SHOWN = 60
SHOWN_FAILED = 3


def allowed(desk: ReportDesk, grant: Grant, audience: str, community: str) -> bool:
    """A report tells of a whole community: whoever sees but a part of it gets the public one."""
    scope = grant.scope
    if scope.limits_communities and not desk.is_within(grant.rights, community):
        return False
    is_part = scope.estates is not None or scope.grids is not None
    return audience in grant.reads_reports and (audience == "public" or not is_part)


def may_read(desk: ReportDesk, grant: Grant, one: Shelved) -> bool:
    """Whether a made report may be read for a grant."""
    return allowed(desk, grant, one.audience, str(one.manifest["community"]))


def listed(desk: ReportDesk, community: str) -> dict[str, Any]:
    """For the page, for whoever its callback answers: what may be made, what waits, what is made, what is scheduled."""
    grant = serving.asking()
    if grant is None:
        return {"kinds": [], "audiences": [], "waiting": [], "made": [], "schedule": []}
    here = (community, CITY)
    made = [one for one in desk.made() if one.manifest["community"] in here and may_read(desk, grant, one)]
    jobs = [job for job in desk.jobs() if job.state != "made" and _may_hear(desk, grant, job)]
    failed = [job.name for job in jobs if job.state == "failed"][:SHOWN_FAILED]
    return {
        "kinds": list(KINDS), "first": desk.first_instant(community),
        "audiences": [name for name in AUDIENCES if allowed(desk, grant, name, community)],
        "waiting": [
            {"name": job.name, "state": job.state, "error": dict(job.error), "kind": job.wish.kind, "at": job.at,
             "audience": job.wish.audience, "lang": job.wish.lang}
            for job in jobs if job.wish.community in here and (job.state != "failed" or job.name in failed)
        ],
        "made": [
            {"name": one.name, "bytes": one.bytes, "verdict": _last(desk, one.name),
             **{key: one.manifest[key] for key in _SHOWN}}
            for one in made[:SHOWN]
        ],
        "all": len(made),
        "schedule": [run for run in desk.schedule() if allowed(desk, grant, run["audience"], run["community"])],
    }  # fmt: skip


def checked(desk: ReportDesk, key: str) -> dict[str, Any] | None:
    """What was found of a report, for whoever a callback answers and who may read such a report; None else."""
    grant, last = serving.asking(), desk.checks.last(key)
    if grant is None or last is None:
        return None
    wish = last.verdict.wish
    return last.told() if allowed(desk, grant, wish.audience, wish.community) else None


def _last(desk: ReportDesk, name: str) -> dict[str, Any] | None:
    last = desk.checks.last(name)
    return None if last is None else last.told()


def _may_hear(desk: ReportDesk, grant: Grant, job: Job) -> bool:
    return allowed(desk, grant, job.wish.audience, job.wish.community)


_SHOWN = ("kind", "audience", "language", "instant", "data_revision", "papers")

"""The HTTP interface of care for people at home: alerts, incidents, homes and whom to call for them.

Who is told what: a public screen gets counts; staff get rows; names, numbers and free text about people go only to
those who act on an incident. Who may do which step is written in the incident's procedure; the interface passes the
role of the token or session on and never takes it from the request.

No ``from __future__ import annotations`` here, as in ``api.py``.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import pyarrow.compute as pc
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from cockpit import care_models as shape
from cockpit.api_models import Page
from cockpit.asking import Asked, instant_of, known_parameters, paged
from cockpit.care_answers import (
    alert_items,
    counts_of_alerts,
    counts_of_homes,
    counts_of_incidents,
    incident_detail,
    incident_item,
    plain,
)
from cockpit.encoding import dumps, rfc3339
from cockpit.noting import looked, noted
from cockpit.problems import Problem, refusals
from cockpit.purposes import PurposeRefused, Purposes
from cockpit.rights import Acting, AtHome, counts_only, grant_of, refused, role_of
from cockpit.tokens import Grant
from twin_model.case import StepRefused
from twin_model.consent import agreed
from twin_model.masking import masked
from twin_model.twin import Twin

CARE = "照护 Care"
# What kind of mistake a step was -> the status.
STATUS = {"order": 409, "right": 403, "unknown": 400}
REFUSED = refusals(404, 409)
Strict = Annotated[None, Depends(known_parameters)]


def build(twin: Twin, read: Callable[..., Asked]) -> APIRouter:
    """All routes on ``twin.care``, below ``/api/v1``."""
    api = APIRouter(prefix="/api/v1", tags=[CARE])
    _alerts(api, twin, read)
    _incidents(api, twin, read)
    _homes(api, twin, read)
    return api


def answer(body: Any, twin: Twin, at: datetime, status: int = 200) -> Response:
    """One thing, with the instant and revision it is of."""
    return Response(
        dumps({**body, "at": rfc3339(at), "revision": twin.revision}), status, media_type="application/json"
    )


def _alerts(api: APIRouter, twin: Twin, read: Callable[..., Asked]) -> None:
    @api.get("/alerts", response_model=Page[shape.AlertItem] | Page[shape.CountItem],
             summary="What needs somebody, most urgent first; with from: the log of what did")  # fmt: skip
    def alerts(
        asked: Annotated[Asked, Depends(read)],
        severity: Annotated[str | None, Query(description="act, look or blind")] = None,
        rule: str | None = None,
        home_id: str | None = None,
        phase: Annotated[
            list[Literal["firing", "suppressed", "cleared"]] | None, Query(description="absent: firing")
        ] = None,
        since: Annotated[str | None, Query(alias="from", description="everything that fired from here on")] = None,
        until: Annotated[str | None, Query(alias="to", description="end of that; absent: now")] = None,
    ) -> Response:
        if counts_only(asked):
            table = twin.alerts(asked.at, community_id=asked.community)
            return paged(asked, counts_of_alerts(table), twin.revision)
        if since:
            start, end = span_of(since, until, asked)
            table = twin.care.alert_history(
                start, end, asked.at, community_id=asked.community, rule=rule, home_id=home_id
            )
        elif phase:
            table = twin.care.alerts(asked.at, community_id=asked.community, phases=tuple(phase))
        else:
            table = twin.alerts(asked.at, community_id=asked.community)
        wanted = {"severity": severity, "rule": rule, "home_id": home_id}
        items = [a for a in alert_items(twin, table) if all(v is None or a[k] == v for k, v in wanted.items())]
        return paged(asked, items, twin.revision)


def _incidents(api: APIRouter, twin: Twin, read: Callable[..., Asked]) -> None:
    @api.get("/incidents", response_model=Page[shape.IncidentItem] | Page[shape.CountItem],
             summary="One incident per home and episode, most urgent first")  # fmt: skip
    def incidents(
        asked: Annotated[Asked, Depends(read)],
        state: Annotated[Literal["open", "all"], Query(description="with all: closed ones, too")] = "open",
        drills: Annotated[bool, Query(description="with exercises")] = True,
        home_id: str | None = None,
        building_id: str | None = None,
        severity: str | None = None,
    ) -> Response:
        if counts_only(asked):
            found = twin.care.incidents(asked.at, community_id=asked.community, include_drills=False)
            return paged(asked, counts_of_incidents(found), twin.revision)
        found = twin.care.incidents(
            asked.at, community_id=asked.community, open_only=state == "open", include_drills=drills
        )
        wanted = {"home_id": home_id, "building_id": building_id, "severity": severity}
        kept = [i for i in found if all(v is None or getattr(i, k) == v for k, v in wanted.items())]
        for_actor = grant_of(asked.request).may_act
        return paged(asked, [incident_item(i, for_actor=for_actor) for i in kept], twin.revision)

    @api.get("/incidents/{incident_id}", response_model=shape.IncidentDetail, responses=REFUSED,
             summary="One incident with everything that was done")  # fmt: skip
    def incident(incident_id: str, asked: Annotated[Asked, Depends(read)]) -> Response:
        found = twin.care.incident(incident_id, asked.at)
        if found is None:
            raise unknown_incident(incident_id)
        for_actor = grant_of(asked.request).may_act
        return answer(incident_detail(found, for_actor=for_actor), twin, asked.at)

    @api.post("/incidents/{incident_id}/steps", response_model=shape.IncidentDetail, responses=REFUSED,
              summary="Take a step; out of order, twice or without the right it changes nothing")  # fmt: skip
    def take_step(incident_id: str, step: shape.StepIn, request: Request, _strict: Strict) -> Response:
        grant = grant_of(request)
        by = step.by or grant.name
        if twin.care.incident(incident_id, twin.now()) is None:
            raise unknown_incident(incident_id)
        try:
            if step.step == "merge":
                done = _merge(incident_id, step, by, grant)
            else:
                said = step.model_dump(include={"note", "channel", "result", "outcome", "cause", "rung", "expected_n"})
                done = twin.care.take_step(incident_id, step.step, by=by, role=role_of(grant), **said)
        except StepRefused as error:
            noted(request, "step", subject=incident_id, outcome="refused", step=step.step, code=error.code)
            raise refused(STATUS[error.kind], error.code, error.reason["zh"], error.reason["en"]) from error
        noted(request, "step", subject=incident_id, step=step.step, result=step.result, outcome=step.outcome or "done")
        return answer(incident_detail(done, for_actor=grant.may_act), twin, twin.now())

    def _merge(incident_id: str, step: shape.StepIn, by: str, grant: Grant) -> Any:
        if not step.into:
            raise refused(400, "missing", "合并需要 into：并入哪一起", "merge needs `into`: the incident that goes on")
        if twin.care.incident(step.into, twin.now()) is None:
            raise unknown_incident(step.into)
        return twin.care.merge(step.into, incident_id, by=by, role=role_of(grant))


def _homes(api: APIRouter, twin: Twin, read: Callable[..., Asked]) -> None:
    @api.get("/home-states", response_model=Page[shape.HomeStateItem] | Page[shape.HomeCountItem],
             summary="Homes of elders with sensors: active, quiet, away or blind; for managers how many")  # fmt: skip
    def home_states(
        asked: Annotated[Asked, Depends(read)], state: str | None = None, building_id: str | None = None
    ) -> Response:
        public = counts_only(asked)
        table = twin.care.home_states(asked.at, community_id=asked.community)
        if public:
            return paged(asked, counts_of_homes(table), twin.revision)
        if not grant_of(asked.request).sees_a_home:
            if building_id is not None:
                table = table.filter(pc.equal(table["building_id"], building_id))
            counts = counts_of_homes(table, to_the_street=False)
            return paged(asked, [one for one in counts if state in (None, one["state"])], twin.revision)
        wanted = {"state": state, "building_id": building_id}
        items = [h for h in plain(table) if all(v is None or h[k] == v for k, v in wanted.items())]
        return paged(asked, items, twin.revision)

    @api.get("/homes/{home_id}/rhythm", response_model=shape.Answer, responses=REFUSED,
             summary="What a home usually does at this hour, and what it did today")  # fmt: skip
    def rhythm(home_id: str, asked: Annotated[Asked, Depends(read)], _grant: AtHome) -> Response:
        home = twin.entity("home", home_id, asked.at)
        if home is None:
            raise no_home(home_id)
        found = twin.care.home_rhythm(home_id, asked.at)
        if found is None:
            raise refused(
                404, "not_found", f"住户 {home_id} 没有能看出活动的设备",
                f"no device in the home {home_id!r} tells of life; its rhythm cannot be learned",
            )  # fmt: skip
        if not agreed(twin, home_id, asked.at, community_id=home["community_id"]):
            raise refused(
                403, "consent", f"住户 {home_id} 没有同意展示作息；告警与处置不受影响",
                f"nobody in the home {home_id!r} agreed that its daily life is shown; alerts and help are as ever",
            )  # fmt: skip
        looked(asked.request, home_id, what="rhythm")
        return answer(plain(found), twin, asked.at)

    @api.post("/homes/{home_id}/purpose", status_code=204, responses=REFUSED,
              summary="Say for what this home's names and numbers are opened; good for a few minutes")  # fmt: skip
    def purpose(home_id: str, said: shape.PurposeIn, request: Request, grant: Acting, _strict: Strict) -> Response:
        if twin.entity("home", home_id, twin.now()) is None:
            raise no_home(home_id)
        try:
            told = _purposes(request).open(grant, home_id, said.purpose, said.words)
        except PurposeRefused as error:
            raise refused(400, "purpose", error.reason["zh"], error.reason["en"]) from error
        looked(request, home_id, what="opened", purpose=told)
        return Response(status_code=204)

    @api.get("/contacts", response_model=Page[shape.ContactItem], responses=REFUSED,
             summary="Whom to call for a home, in order")  # fmt: skip
    def contacts(asked: Annotated[Asked, Depends(read)], home_id: str, grant: AtHome) -> Response:
        home = twin.entity("home", home_id, asked.at)
        if home is None:
            raise no_home(home_id)
        everyone = twin.entities("contact", asked.at, community_id=home["community_id"]).to_pylist()
        mine = [c for c in everyone if c["home_id"] in (home_id, None)]
        working = [i for i in twin.care.incidents(asked.at, community_id=home["community_id"]) if i.home_id == home_id]
        purpose = f"incident {working[0].incident_id}" if working else _purposes(asked.request).of(grant, home_id)
        is_needed = bool(purpose) and grant.may_act
        looked(
            asked.request, home_id, what="contacts" if is_needed else "contacts_masked",
            purpose=purpose if is_needed else "",
        )  # fmt: skip
        items = [_contact(c, is_needed) for c in sorted(mine, key=lambda c: (c["home_id"] is None, c["rank"]))]
        return paged(asked, items, twin.revision)


def _purposes(request: Request) -> Purposes:
    purposes: Purposes = request.app.state.purposes
    return purposes


def _contact(row: dict[str, Any], is_needed: bool) -> dict[str, Any]:
    said = {"id": row["contact_id"], **{k: row[k] for k in shape.ContactItem.model_fields if k != "id"}}
    return said if is_needed else said | {"name": masked(row["name"]), "phone": None, "note": None}


def span_of(since: str | None, until: str | None, asked: Asked) -> tuple[datetime, datetime]:
    """``from`` and ``to``, by default the 30 days up to the instant asked for."""
    end = instant_of(until, "to") if until else asked.at
    start = instant_of(since, "from") if since else end - timedelta(days=30)
    if start >= end:
        raise Problem(400, f"from {rfc3339(start)} is not before to {rfc3339(end)}", parameter="from")
    return start, end


def unknown_incident(incident_id: str) -> Problem:
    """404 for an incident that was not known at the instant."""
    return refused(
        404, "not_found", f"没有事件 {incident_id}", f"there is no incident {incident_id!r}; see GET /incidents"
    )


def no_home(home_id: str) -> Problem:
    """404 for a home that was not known at the instant."""
    return refused(404, "not_found", f"没有住户 {home_id}", f"there is no home {home_id!r}; see GET /homes")

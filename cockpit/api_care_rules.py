"""The HTTP interface of what care goes by and learns from: absences, thresholds, service levels, visits, drills.

No ``from __future__ import annotations`` here, as in ``api.py``.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from cockpit import care_models as shape
from cockpit.api_care import CARE, REFUSED, Strict, answer, no_home, span_of
from cockpit.api_models import Page
from cockpit.asking import Asked, in_reach, paged
from cockpit.care_answers import plain
from cockpit.encoding import dumps
from cockpit.noting import noted
from cockpit.problems import Problem
from cockpit.rights import Acting, Deciding, grant_of, refused, role_of
from cockpit.services import NotServed, Services
from cockpit.tokens import Grant
from twin_model.absences import AbsenceRefused
from twin_model.care import Visit
from twin_model.thresholds import ThresholdRefused
from twin_model.twin import Twin


def build(twin: Twin, services: Services, read: Callable[..., Asked]) -> APIRouter:
    """All routes, below ``/api/v1``."""
    api = APIRouter(prefix="/api/v1", tags=[CARE])
    _absences(api, twin, read)
    _thresholds(api, twin, read)
    _judgements(api, twin, read)
    _visits(api, twin, read)
    _drills(api, twin, services, read)
    return api


def _absences(api: APIRouter, twin: Twin, read: Callable[..., Asked]) -> None:
    @api.get("/absences", response_model=Page[shape.AbsenceItem], summary="Declared: away, cleaning, maintenance")
    def absences(asked: Annotated[Asked, Depends(read)], home_id: str | None = None) -> Response:
        found = [a for a in twin.care.absences(asked.at, community_id=asked.community) if home_id in (None, a.home_id)]
        return paged(asked, [_absence(a) for a in found], twin.revision)

    @api.post("/absences", status_code=201, response_model=shape.AbsenceItem, summary="Declare one; it ends by itself")
    def declare(said: shape.AbsenceIn, request: Request, grant: Acting, _strict: Strict) -> Response:
        starts_at = said.starts_at or twin.now()
        _aware(starts_at, "starts_at")
        _aware(said.ends_at, "ends_at")
        try:
            made = twin.care.declare_absence(
                community_id=said.community_id, home_id=said.home_id, kind=said.kind, starts_at=starts_at,
                ends_at=said.ends_at, reason=said.reason, by=said.by or grant.name,
            )  # fmt: skip
        except AbsenceRefused as error:
            raise Problem(400, str(error), code="absence") from error
        noted(request, "absence", subject=made.absence_id, home=said.home_id, kind=said.kind, until=said.ends_at)
        return Response(dumps(_absence(made)), 201, media_type="application/json")

    @api.delete("/absences/{absence_id}", status_code=204, responses=REFUSED, summary="End one now")
    def end(absence_id: str, request: Request, grant: Acting, _strict: Strict) -> Response:
        try:
            twin.care.end_absence(absence_id, by=grant.name)
        except AbsenceRefused as error:
            zh, en = f"没有生效中的报备 {absence_id}", f"there is no absence {absence_id} in force; see GET /absences"
            raise refused(404, "not_found", zh, en) from error
        noted(request, "absence", subject=absence_id, outcome="ended")
        return Response(status_code=204)


def _absence(absence: Any) -> dict[str, Any]:
    said = plain(absence)
    return {"id": said["absence_id"], **{k: said[k] for k in shape.AbsenceItem.model_fields if k != "id"}}


def _thresholds(api: APIRouter, twin: Twin, read: Callable[..., Asked]) -> None:
    @api.get("/thresholds", response_model=Page[shape.ThresholdItem],
             summary="The parameters of the rules, and where a community or home differs")  # fmt: skip
    def thresholds(
        asked: Annotated[Asked, Depends(read)], rule: str | None = None, home_id: str | None = None
    ) -> Response:
        set_here = twin.care.thresholds(asked.at, community_id=asked.community)
        items = [*_defaults(twin), *(_threshold(twin, t) for t in set_here)]
        wanted = {"rule": rule, "home_id": home_id}
        kept = [t for t in items if all(v is None or t[k] == v for k, v in wanted.items())]
        return paged(asked, kept, twin.revision)

    @api.get("/thresholds/history", response_model=Page[shape.ThresholdItem], summary="Who changed what, and why")
    def history(
        asked: Annotated[Asked, Depends(read)], rule: str | None = None, home_id: str | None = None
    ) -> Response:
        found = twin.care.threshold_history(asked.at, rule=rule, community_id=asked.community, home_id=home_id)
        return paged(asked, [_threshold(twin, t) for t in found], twin.revision)

    @api.put("/thresholds", response_model=shape.ThresholdItem, summary="Set one, with the reason; kept as a version")
    def change(said: shape.ThresholdIn, request: Request, grant: Deciding, _strict: Strict) -> Response:
        try:
            made = twin.care.set_threshold(
                said.rule, said.parameter, said.value, community_id=said.community_id, home_id=said.home_id,
                by=said.by or grant.name, reason=said.reason,
            )  # fmt: skip
        except ThresholdRefused as error:
            raise refused(400, error.code, error.reason["zh"], error.reason["en"]) from error
        noted(
            request, "rule_change", subject=f"{said.rule}|{said.parameter}", community=said.community_id,
            home=said.home_id, value=said.value,
        )  # fmt: skip
        return Response(dumps(_threshold(twin, made)), media_type="application/json")


def _defaults(twin: Twin) -> list[dict[str, Any]]:
    nobody = {"community_id": None, "home_id": None, "changed_by": None, "reason": None, "recorded_at": None}
    return [
        {"rule": rule.name, "parameter": p.name, **_declared(p), **nobody, "value": p.value}
        for rule in twin.catalogue.alert_rules.values()
        for p in rule.parameters.values()
    ]


def _threshold(twin: Twin, threshold: Any) -> dict[str, Any]:
    said = plain(threshold)
    declared = twin.catalogue.alert_rules[threshold.rule].parameters[threshold.parameter]
    return {k: v for k, v in (_declared(declared) | said).items() if k in shape.ThresholdItem.model_fields}


def _declared(p: Any) -> dict[str, Any]:
    return {
        "title_zh": p.title["zh"], "title_en": p.title["en"], "default": p.value, "low": p.low, "high": p.high,
        "unit": p.unit,
    }  # fmt: skip


def _judgements(api: APIRouter, twin: Twin, read: Callable[..., Asked]) -> None:
    @api.get("/service-levels", response_model=shape.Answer,
             summary="How fast we were, how often for nothing, whether the devices are there")  # fmt: skip
    def service_levels(
        asked: Annotated[Asked, Depends(read)],
        since: Annotated[str | None, Query(alias="from", description="start; absent: 30 days before `to`")] = None,
        until: Annotated[str | None, Query(alias="to", description="end; absent: `at`")] = None,
    ) -> Response:
        start, end = span_of(since, until, asked)
        community = asked.community or first_community(twin, asked.at)
        return answer(plain(twin.care.service_levels(start, end, asked.at, community_id=community)), twin, asked.at)

    @api.get("/suggestions", response_model=shape.Answer, summary="What the outcomes teach; never applied by itself")
    def suggestions(asked: Annotated[Asked, Depends(read)]) -> Response:
        community = asked.community or first_community(twin, asked.at)
        return paged(asked, plain(list(twin.care.suggestions(asked.at, community_id=community))), twin.revision)


def _visits(api: APIRouter, twin: Twin, read: Callable[..., Asked]) -> None:
    @api.get("/visits", response_model=Page[shape.VisitItem], summary="Visits to homes")
    def visits(
        asked: Annotated[Asked, Depends(read)],
        home_id: str | None = None,
        since: Annotated[str | None, Query(alias="from", description="start; absent: 30 days before `to`")] = None,
        until: Annotated[str | None, Query(alias="to", description="end; absent: `at`")] = None,
    ) -> Response:
        start, end = span_of(since, until, asked)
        found = twin.care.visits(start, end, asked.at, community_id=asked.community, home_id=home_id)
        return paged(asked, [_visit(v, grant_of(asked.request)) for v in plain(found)], twin.revision)

    @api.post("/visits", status_code=201, response_model=shape.Answer, responses=REFUSED, summary="Note a visit")
    def visited(said: shape.VisitIn, request: Request, grant: Acting, _strict: Strict) -> Response:
        if twin.entity("home", said.home_id, twin.now()) is None:
            raise no_home(said.home_id)
        when = said.visited_at or twin.now()
        _aware(when, "visited_at")
        visit = Visit(
            home_id=said.home_id, visited_at=when, visited_by=said.by or grant.name, role=role_of(grant),
            note=said.note,
        )  # fmt: skip
        twin.care.record_visits([visit])
        noted(request, "visit", subject=said.home_id, visited_at=when.isoformat())
        return answer({**plain(visit)}, twin, twin.now(), 201)


def _visit(said: dict[str, Any], grant: Grant) -> dict[str, Any]:
    kept = {"id": said["visit_id"], **{k: said[k] for k in shape.VisitItem.model_fields if k != "id"}}
    return kept if grant.may_act else kept | {"note": None}


def _drills(api: APIRouter, twin: Twin, services: Services, read: Callable[..., Asked]) -> None:
    @api.get("/drills", response_model=Page[shape.DrillItem], summary="Exercises, running ones first")
    def drills(asked: Annotated[Asked, Depends(read)]) -> Response:
        found = [d for d in twin.care.drills(asked.at) if asked.community in (None, d.drill_of)]
        return paged(asked, [_drill(d) for d in found], twin.revision)

    @api.get("/drills/scenarios", response_model=shape.Answer, summary="What can be exercised")
    def scenarios(asked: Annotated[Asked, Depends(read)]) -> Response:
        return paged(asked, plain(services.drill_scenarios()), twin.revision)

    def begun(request: Request, begin: Callable[[str], Any], community_id: str | None) -> Response:
        try:
            made = begin(community_id or first_community(twin, twin.now()))
        except NotServed as error:
            raise Problem(501, str(error)) from error
        except ValueError as error:
            raise Problem(400, str(error)) from error
        noted(request, "drill", subject=made.drill_id, outcome="begun", scenario=made.scenario, of=made.drill_of)
        return Response(dumps(_drill(made)), 201, media_type="application/json")

    @api.post("/drills", status_code=201, response_model=shape.DrillItem, summary="Begin an exercise")
    def begin(said: shape.DrillIn, request: Request, grant: Deciding, _strict: Strict) -> Response:
        by = said.by or grant.name
        return begun(request, lambda here: services.start_drill(said.scenario, here, said.speed, by), said.community_id)

    @api.post("/drills/replays", status_code=201, response_model=shape.DrillItem, summary="Exercise a recorded day")
    def replay(said: shape.DrillReplayIn, request: Request, grant: Deciding, _strict: Strict) -> Response:
        if not grant.is_control:
            raise Problem(403, "A path on the server is for its own commands: run.py drill replay FILE.")
        by = said.by or grant.name
        path = Path(said.path)
        return begun(request, lambda here: services.replay_drill(path, here, said.speed, by), said.community_id)

    @api.delete("/drills/{drill_id}", status_code=204, responses=REFUSED, summary="End an exercise")
    def end(drill_id: str, request: Request, grant: Deciding, _strict: Strict) -> Response:
        if drill_id not in {d.drill_id for d in twin.care.drills(twin.now()) if d.ended_at is None}:
            zh, en = f"没有进行中的演练 {drill_id}", f"there is no drill {drill_id} running; see GET /drills"
            raise refused(404, "not_found", zh, en)
        try:
            services.stop_drill(drill_id, grant.name)
        except NotServed as error:
            raise Problem(501, str(error)) from error
        except ValueError as error:
            raise Problem(409, str(error)) from error
        noted(request, "drill", subject=drill_id, outcome="ended")
        return Response(status_code=204)


def _drill(drill: Any) -> dict[str, Any]:
    said = plain(drill)
    return {"id": said["drill_id"], **{k: said[k] for k in shape.DrillItem.model_fields if k != "id"}}


def first_community(twin: Twin, at: datetime) -> str:
    """The community asked about when none is named, as on the pages."""
    ids = twin.entities("community", at)["community_id"].to_pylist()
    return min(ids, default="")


def _aware(at: datetime, parameter: str) -> None:
    in_reach(at, parameter)

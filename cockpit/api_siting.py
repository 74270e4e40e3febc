"""The HTTP interface of what-if: what edits change, where the best sites are, scenarios kept apart from the twin.

No ``from __future__ import annotations`` here, as in ``api.py``.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from cockpit import siting_models as shape
from cockpit.api_models import Page
from cockpit.asking import JSON, Asked, instant_of, paged
from cockpit.encoding import dumps, rfc3339
from cockpit.noting import noted
from cockpit.problems import Problem, refusals
from cockpit.rights import grant_of, refused
from cockpit.row_files import XLSX
from cockpit.siting_sheet import sheet_of
from layouts.page import ZONE
from twin_model.circles import Unasked
from twin_model.edits import WrongEdit, read_edits
from twin_model.scenarios import Scenario, ScenarioRefused
from twin_model.siting import Marginal, Served
from twin_model.twin import Twin
from twin_model.what_if_told import Best, Busy, Outcome

WHAT_IF = "推演 What-if"
ScenarioId = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]
LONGEST_MIN, FURTHEST_M = 60.0, 3_000.0


def build(twin: Twin, read: Callable[..., Asked]) -> APIRouter:
    """The routes ``/api/v1/siting`` and ``/api/v1/scenarios``."""
    api = APIRouter(prefix="/api/v1", tags=[WHAT_IF])
    _siting(api, twin)
    _scenarios(api, twin, read)
    return api


def _siting(api: APIRouter, twin: Twin) -> None:
    @api.post("/siting", response_model=shape.SitingAnswer, responses=refusals(400, 403, 503),
              summary="What putting, moving, closing or enlarging facilities changes; the best sites")  # fmt: skip
    def siting(request: Request, wish: shape.SitingIn) -> Response:
        """Nothing is stored and nothing of the twin changes. Staff only: changes of edits could single out a home."""
        _staff(request)
        now = twin.now()
        at = min(instant_of(wish.at, "at"), now) if wish.at else now
        for name, values, most in (("minutes", wish.minutes, LONGEST_MIN), ("metres", wish.metres, FURTHEST_M)):
            for value in values:
                if not 0 < value <= most:
                    raise Problem(400, f"{name}: found {value:g}, expected more than 0 and at most {most:g}",
                                  parameter=name, found=value)  # fmt: skip
        with _asked_rightly():
            _known(twin, wish.community, at)
            open_at = None if wish.hour is None else at.astimezone(ZONE).replace(hour=wish.hour, minute=0, second=0)
            edits = read_edits([one.model_dump(exclude_none=True) for one in wish.edits])
            outcomes = twin.scenarios.outcomes(
                at, wish.community, edits, profile=wish.profile, minutes=wish.minutes, metres=wish.metres,
                groups=tuple(wish.groups), group=wish.group, limit_m=wish.limit_m, open_at=open_at,
            )  # fmt: skip
            best = None
            if wish.best is not None:
                one = wish.best
                best = twin.scenarios.best(
                    at, wish.community, one.facility_kind, one.k, method=one.method, group=one.group,
                    limit_m=one.limit_m, profile=wish.profile, where=one.sites, edits=edits, exact=one.exact,
                    time_limit_s=one.time_limit_s, open_at=open_at,
                )  # fmt: skip
        body = {
            "scenario": True, "at": rfc3339(at), "revision": twin.revision, "outcomes": [_outcome(o) for o in outcomes],
            "best": None if best is None else _best(best),
        }  # fmt: skip
        return Response(dumps(body), media_type=JSON)


def _scenarios(api: APIRouter, twin: Twin, read: Callable[..., Asked]) -> None:
    @api.get("/scenarios", response_model=Page[shape.ScenarioItem], responses=refusals(403),
             summary="What-if scenarios of a community, the one saved last first")  # fmt: skip
    def listed(asked: Annotated[Asked, Depends(read)]) -> Response:
        _staff(asked.request)
        ids = twin.entities("community", asked.at)["community_id"].to_pylist()
        wanted = [asked.community] if asked.community is not None else ids
        found = [one for community in wanted for one in twin.scenarios.listed(asked.at, community)]
        return paged(asked, [_told(one) for one in found], twin.revision)

    @api.post("/scenarios", status_code=201, response_model=shape.ScenarioItem, responses=refusals(400, 403, 409),
              summary="Save a scenario")  # fmt: skip
    def save(request: Request, wish: shape.ScenarioIn) -> Response:
        _staff(request)
        now = twin.now()
        base = min(instant_of(wish.base_at, "base_at"), now) if wish.base_at else now
        with _asked_rightly():
            _known(twin, wish.community, base)
            edits = read_edits([one.model_dump(exclude_none=True) for one in wish.edits])
            name = grant_of(request).name
            kept = twin.scenarios.save(wish.community, wish.name, name, base, edits, wish.profile)
        _noted(request, kept, "saved")
        return Response(dumps(_told(kept)), status_code=201, media_type=JSON)

    @api.patch("/scenarios/{scenario_id}", response_model=shape.ScenarioItem, responses=refusals(400, 403, 404, 409),
               summary="Rename a scenario, or give it other edits; the version before stays known")  # fmt: skip
    def change(request: Request, scenario_id: ScenarioId, wish: shape.ScenarioChange) -> Response:
        _staff(request)
        with _asked_rightly():
            edits = None
            if wish.edits is not None:
                edits = read_edits([one.model_dump(exclude_none=True) for one in wish.edits])
            kept = twin.scenarios.change(scenario_id, name=wish.name, edits=edits, profile=wish.profile)
        _noted(request, kept, *(what for what in ("name", "profile", "edits") if what in wish.model_fields_set))
        return Response(dumps(_told(kept)), media_type=JSON)

    @api.delete("/scenarios/{scenario_id}", status_code=204, responses=refusals(403, 404, 409),
                summary="Withdraw a scenario; it stays known for earlier instants")  # fmt: skip
    def withdraw(request: Request, scenario_id: ScenarioId) -> Response:
        _staff(request)
        with _asked_rightly():
            kept = twin.scenarios.withdraw(scenario_id)
        _noted(request, kept, "withdrawn")
        return Response(status_code=204)

    _copies(api, twin)


def _copies(api: APIRouter, twin: Twin) -> None:
    @api.post("/scenarios/{scenario_id}/copies", status_code=201, response_model=shape.ScenarioItem,
              responses=refusals(400, 403, 404, 409), summary="The same edits under another name")  # fmt: skip
    def duplicate(request: Request, scenario_id: ScenarioId, wish: shape.CopyIn) -> Response:
        _staff(request)
        with _asked_rightly():
            kept = twin.scenarios.duplicate(scenario_id, wish.name, grant_of(request).name)
        _noted(request, kept, "copied", of=scenario_id)
        return Response(dumps(_told(kept)), status_code=201, media_type=JSON)

    @api.get("/scenarios/{scenario_id}/export", responses={200: {"content": {XLSX: {}}}, **refusals(400, 403, 404)},
             response_class=Response, summary="A scenario as a workbook, marked as one on every sheet")  # fmt: skip
    def export(request: Request, scenario_id: ScenarioId) -> Response:
        _staff(request)
        with _asked_rightly():
            one = twin.scenarios.one(twin.now(), scenario_id)
            noted(request, "export", subject=f"scenario {scenario_id}", community=one.community_id, form=XLSX)
            body = sheet_of(twin, one)
        name = f"scenario-{one.scenario_id}.xlsx"
        return Response(body, media_type=XLSX, headers={"content-disposition": f'attachment; filename="{name}"'})


def _noted(request: Request, kept: Scenario, *what: str, **more: str) -> None:
    """Who did what to which scenario; its name is free text and stands in the twin, not in the trail."""
    noted(request, "scenario", subject=kept.scenario_id, community=kept.community_id, what=what,
          edits=len(kept.edits), **more)  # fmt: skip


def _staff(request: Request) -> None:
    """Not for the street."""
    grant = grant_of(request)
    if grant.public_only:
        raise refused(
            403, "right", "公共屏不能做选址推演", "a public screen may not ask what-if questions"
        )  # fmt: skip


@contextmanager
def _asked_rightly() -> Iterator[None]:
    """Errors of the model as problems that say what was found and expected."""
    try:
        yield
    except WrongEdit as wrong:
        raise Problem(400, f"edits: {wrong}", parameter="edits", edit=wrong.where, found=str(wrong.found)) from None
    except Unasked as wrong:
        said = f"{wrong.name}: found {wrong.found!r}, expected one of {', '.join(wrong.known)}"
        raise Problem(400, said, parameter=wrong.name, found=wrong.found, expected=list(wrong.known)) from None
    except KeyError as unknown:
        raise Problem(404, f"there is no scenario {unknown.args[0]!r}", found=unknown.args[0]) from None
    except ScenarioRefused as no:
        raise refused(409, "scenario", no.reason["zh"], no.reason["en"]) from None
    except Busy as busy:
        raise refused(503, "busy", busy.reason["zh"], busy.reason["en"]) from None


def _known(twin: Twin, community_id: str, at: datetime) -> None:
    known = twin.entities("community", at)["community_id"].to_pylist()
    if community_id not in known:
        raise Problem(400, f"community: found {community_id!r}, expected one of {', '.join(known[:20])}",
                      parameter="community", found=community_id)  # fmt: skip


def _outcome(one: Outcome) -> dict[str, Any]:
    words = one.change_of()
    moved = np.flatnonzero(words != "same").tolist()
    return {
        "facility_kind": one.facility_kind, "facilities_before": one.facilities_before,
        "facilities_after": one.facilities_after, "hours_unknown_before": one.hours_unknown_before,
        "hours_unknown_after": one.hours_unknown_after, "group": one.group, "limit_m": one.limit_m,
        "coverage": [
            {
                "limit": limit, "limit_unit": unit, "group": row.group, "total": row.total, "before": row.before,
                "after": row.after, "change": row.change, "gained": row.gained, "lost": row.lost,
                "uncounted": row.uncounted, "perhaps_before": row.perhaps_before, "perhaps_after": row.perhaps_after,
            }
            for unit, limit, row in one.covered
        ],
        "places_before": _places(one.served_before), "places_after": _places(one.served_after),
        "effects": [{"edit": e.edit, **_marginal(e.marginal), "snap_m": e.snap_m} for e in one.effects],
        "buildings": [
            {
                "building_id": one.building_id[n], "before_m": _finite(one.before_m[n]),
                "after_m": _finite(one.after_m[n]), "change": words[n],
            }
            for n in moved
        ],
    }  # fmt: skip


def _best(one: Best) -> dict[str, Any]:
    names = ("method", "group", "limit_m", "candidates", "off_path", "people", "covered_before", "total", "mean_m",
             "mean_before_m", "value", "bound", "gap", "greedy_value")  # fmt: skip
    of_site = ("site_no", "title", "kind", "lon", "lat", "area_m2", "yuan_per_m2")
    sites = [
        {**{name: getattr(site, name) for name in of_site}, **_marginal(row)}
        for site, row in zip(one.sites, one.rows, strict=True)
    ]
    return {**{name: getattr(one, name) for name in names}, "sites": sites}


def _marginal(row: Marginal) -> dict[str, Any]:
    return {
        "people": row.people, "metres_saved": round(row.metres_saved, 1), "per_m2": row.per_m2,
        "per_10k_yuan": row.per_10k,
    }  # fmt: skip


def _places(one: Served | None) -> dict[str, int] | None:
    names = ("places", "demand", "within", "served", "unknown")
    return None if one is None else {name: getattr(one, name) for name in names}


def _finite(metres: float) -> float | None:
    return round(float(metres), 2) if np.isfinite(metres) else None


def _told(one: Scenario) -> dict[str, Any]:
    return {
        "scenario_id": one.scenario_id, "community": one.community_id, "name": one.name, "owner": one.owner,
        "base_at": rfc3339(one.base_at), "profile": one.profile, "edits": [edit.told() for edit in one.edits],
        "recorded_at": rfc3339(one.recorded_at),
    }  # fmt: skip

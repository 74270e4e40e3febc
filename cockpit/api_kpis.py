"""The HTTP interface of KPIs: their values, the rows behind one, how it went, and how the nine scenes stand.

Who is told what: a public screen gets the values of KPIs declared public and nothing behind them; staff get the rows,
without the columns that could lead to a home unless their role may look at one.

No ``from __future__ import annotations`` here, as in ``api.py``.
"""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from cockpit import kpi_models as shape
from cockpit.api_models import Page
from cockpit.asking import ARROW, Asked, accepted, arrow_stream, day_in_reach, listed, paged
from cockpit.encoding import rfc3339
from cockpit.noting import noted
from cockpit.problems import Problem, refusals
from cockpit.rights import counts_only, grant_of
from cockpit.row_files import CSV, XLSX, csv_of, xlsx_of
from twin_model.kpi import Kpi
from twin_model.kpi_evidence import too_few_people, without_homes
from twin_model.masking import FEWEST
from twin_model.scenes import SceneStand, scene_stands, view_stand
from twin_model.twin import Twin

KPIS = "指标 KPIs"
MISSING = refusals(404)
FORMS: dict[int | str, dict[str, Any]] = {200: {"content": {ARROW: {}, CSV: {}, XLSX: {}}}}


def build(twin: Twin, read: Callable[..., Asked]) -> APIRouter:
    """All routes on ``twin.kpis``, below ``/api/v1``."""
    api = APIRouter(prefix="/api/v1", tags=[KPIS])
    _values(api, twin, read)
    _one(api, twin, read)
    return api


def _values(api: APIRouter, twin: Twin, read: Callable[..., Asked]) -> None:
    @api.get("/kpis", response_model=Page[shape.KpiItem],
             summary="Every KPI of every community: value, target, grade, freshness, coverage")  # fmt: skip
    def kpis(
        asked: Annotated[Asked, Depends(read)],
        scene: Annotated[str | None, Query(description="neighbourhood, education ...; absent: all")] = None,
        status: Annotated[
            str | None, Query(description="measured, no_cases, stale or not_measurable; absent: all")
        ] = None,
    ) -> Response:
        is_public = counts_only(asked)
        chosen = [
            k.id for k in twin.catalogue.kpis.values() if scene in (None, k.scene) and (k.public or not is_public)
        ]
        rows = twin.kpis.values(asked.at, community_id=_community(twin, asked), ids=chosen).to_pylist()
        items = [kpi_item(twin, row, asked, is_public=is_public) for row in rows if status in (None, row["status"])]
        return paged(asked, items, twin.revision)

    @api.get("/scenes", response_model=Page[shape.SceneItem], responses=MISSING,
             summary="How the nine scenes stand, and 党建统领 and 一老一小 (staff)")  # fmt: skip
    def scenes(asked: Annotated[Asked, Depends(read)]) -> Response:
        community = _community(twin, asked)
        if community is None:
            raise Problem(400, "community: absent, expected the id of one; see /api/v1/communities")
        book, kpis = twin.catalogue.scene_book, twin.catalogue.kpis
        scheme = (twin.entity("community", community, asked.at) or {}).get("scheme")
        rows = twin.kpis.values(asked.at, community_id=community).to_pylist()
        stands = [*scene_stands(book, kpis, rows, scheme), *(view_stand(book, kpis, rows, view) for view in book.views)]
        return paged(asked, [_scene_item(community, stand) for stand in stands], twin.revision)


def _one(api: APIRouter, twin: Twin, read: Callable[..., Asked]) -> None:
    @api.get("/kpis/{kpi_id}", response_model=shape.KpiDefinition, responses=MISSING,
             summary="What a KPI means: formula in words and in SQL, sources, target, version (staff)")  # fmt: skip
    def definition(kpi_id: str, asked: Annotated[Asked, Depends(read)]) -> shape.KpiDefinition:
        kpi = _kpi(twin, kpi_id)
        return shape.KpiDefinition(
            **{name: getattr(kpi, name) for name in shape.KpiDefinition.model_fields if name not in ("freshness_s",)},
            freshness_s=kpi.freshness.total_seconds() if kpi.freshness else None,
        )  # fmt: skip

    @api.get("/kpis/{kpi_id}/evidence", response_model=Page[shape.EvidenceRow], responses=MISSING | FORMS,
             summary="The rows a value was worked out from, those left out among them (staff)")  # fmt: skip
    def evidence(
        kpi_id: str,
        asked: Annotated[Asked, Depends(read)],
        until: Annotated[date | None, Query(description="last day of the period; absent: the day of `at`")] = None,
    ) -> Response:
        kpi, community = _kpi(twin, kpi_id), _community(twin, asked)
        if community is None:
            raise Problem(400, "community: absent, expected the id of one; see /api/v1/communities")
        if until is not None:
            day_in_reach(until, "until")
        rows = twin.kpis.evidence(kpi_id, asked.at, community_id=community, until=until)
        if not grant_of(asked.request).sees_a_home:
            rows = without_homes(rows, kpi, twin.catalogue.record_kinds)
        form = accepted(asked.request, ["application/json", ARROW, CSV, XLSX])
        if form != "application/json":  # a file that leaves the program
            noted(asked.request, "export", subject=f"kpi {kpi_id}", community=community, form=form, rows=rows.num_rows)
        if form in (CSV, XLSX):
            name = f"{kpi_id}_{community}_{asked.at:%Y%m%dT%H%MZ}.{'csv' if form == CSV else 'xlsx'}"
            body = csv_of(rows) if form == CSV else xlsx_of(rows, kpi.title["zh"])
            return Response(body, media_type=form, headers={"content-disposition": f'attachment; filename="{name}"'})
        if form == ARROW:
            return Response(arrow_stream(rows), media_type=ARROW)
        return listed(asked, rows, rows.column_names, twin.revision)

    @api.get("/kpis/{kpi_id}/trend", response_model=Page[shape.KpiItem], responses=MISSING,
             summary="The value at the end of each of the last months, with what is known now (staff)")  # fmt: skip
    def trend(
        kpi_id: str,
        asked: Annotated[Asked, Depends(read)],
        months: Annotated[int, Query(ge=1, le=36, description="how many")] = 12,
    ) -> Response:
        _kpi(twin, kpi_id)
        community = _community(twin, asked)
        if community is None:
            raise Problem(400, "community: absent, expected the id of one; see /api/v1/communities")
        rows = twin.kpis.trend(asked.at, community_id=community, ids=[kpi_id], months=months).to_pylist()
        return paged(asked, [kpi_item(twin, row, asked, is_public=False) for row in rows], twin.revision)


def _kpi(twin: Twin, kpi_id: str) -> Kpi:
    try:
        return twin.catalogue.kpis[kpi_id]
    except KeyError:
        raise Problem(404, f"no KPI {kpi_id!r} is declared; see /api/v1/kpis") from None


def _community(twin: Twin, asked: Asked) -> str | None:
    """The community asked for; the only one there is, when there is but one."""
    if asked.community is not None:
        return asked.community
    known = twin.entities("community", asked.at)["community_id"].to_pylist()
    return str(known[0]) if len(known) == 1 else None


def kpi_item(twin: Twin, row: dict[str, Any], asked: Asked, *, is_public: bool) -> dict[str, Any]:
    """A row of ``kpi_engine.SCHEMA`` as the interface tells it; a public screen gets the value without its making."""
    kpi = twin.catalogue.kpis[row["kpi"]]
    newest = row["newest"]
    item = {
        "id": kpi.id, "scene": kpi.scene, "community": row["community_id"], "period_end": row["period"].isoformat(),
        "title": kpi.title, "value": row["value"], "unit": kpi.unit, "target": kpi.target, "grade": row["grade"],
        "attainment": row["attainment"], "status": row["status"],
        "freshness": None if newest is None else max(0.0, (asked.at - newest).total_seconds()),
        "newest": rfc3339(newest) if newest else None, "coverage": row["coverage"],
        "definition_version": row["definition_version"],
    }  # fmt: skip
    if is_public:
        kept_back = {"value": None, "grade": None, "attainment": None, "fewer_than": FEWEST}
        few = too_few_people(kpi, row, twin.catalogue.record_kinds)
        return item | {"missing": []} | (kept_back if few else {})
    known = {name: row[name] for name in ("numerator", "denominator", "rows_used", "rows_excluded", "excluded")}
    return item | known | {"missing": row["missing"]}


def _scene_item(community: str, stand: SceneStand) -> dict[str, Any]:
    return {
        "community": community, "scene": stand.key, "demand": stand.demand, "attainment": stand.attainment,
        "grade": stand.grade, "indicators": len(stand.indicators), "measured": stand.measured,
        "worst": stand.worst["kpi"] if stand.worst else None,
        "headline": stand.headline["kpi"] if stand.headline else None,
        "not_measurable": [row["kpi"] for row in stand.missing],
    }  # fmt: skip

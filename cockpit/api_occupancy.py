"""The HTTP interface of people in places by hour: what was, what is expected, what was taken out of counters.

``/occupancy`` itself, people now, stands in ``api.py``. No ``from __future__ import annotations`` here, as there.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import pyarrow.compute as pc
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from cockpit.api_models import Page
from cockpit.asking import ARROW, Asked, instant_of, listed, paged, reader
from cockpit.encoding import rfc3339
from cockpit.problems import Problem
from twin_model.twin import Twin

JUDGED = "研判 Judged"
LONGEST = timedelta(days=400)
USUAL = timedelta(days=1)
PlaceKind = Literal["room", "facility", "building", "estate"]


class HourItem(BaseModel):
    place_kind: PlaceKind
    place_id: str
    hour: datetime = Field(description="begin of the hour")
    people: float | None = Field(description="mean over the hour; null: unknown")
    capacity: int | None
    share: float | None
    method: str = Field(description="counter, gate, rooms (added up), co2, presence, booking or none")
    grade: Literal["good", "partial", "estimate", "plan", "unknown"]
    heard: float = Field(description="share of the counters and quarters of the hour that were heard")


class ForecastItem(BaseModel):
    place_kind: PlaceKind
    place_id: str
    begin: datetime
    people: list[float] | None = Field(description="24 hours; null: too little history")
    low: list[float] | None = Field(description="four of five tested hours lay between low and high")
    high: list[float] | None
    error: float | None = Field(description="mean absolute error in persons over tested_hours")
    repeated_error: float | None = Field(description="the same of repeating the week before")
    tested_hours: int
    days: int = Field(description="days of history known")
    days_needed: int


class CorrectionItem(BaseModel):
    place_kind: PlaceKind
    place_id: str
    device_id: str
    at: datetime
    reason: Literal["closed", "quiet", "below_zero"]
    persons: int = Field(description="added (positive) or taken away")
    factor: float = Field(description="what one counted leaving stood for on that day")


def build(twin: Twin) -> APIRouter:
    """The routes below ``/api/v1/occupancy``."""
    api = APIRouter(prefix="/api/v1/occupancy", tags=[JUDGED])
    read = reader(twin)
    _hours(api, twin, read)
    _forecast(api, twin, read)
    _corrections(api, twin, read)
    return api


def _hours(api: APIRouter, twin: Twin, read: Callable[..., Asked]) -> None:
    @api.get("/hours", response_model=Page[HourItem], responses={200: {"content": {ARROW: {}}}},
             summary="People by hour per room, facility, building and estate")  # fmt: skip
    def hours(
        asked: Annotated[Asked, Depends(read)],
        since: Annotated[str | None, Query(alias="from", description="start; absent: 24 h before `to`")] = None,
        until: Annotated[str | None, Query(alias="to", description="end (excluded); absent: at")] = None,
        place_kind: PlaceKind | None = None,
        place_id: str | None = None,
    ) -> Response:
        start, end = _span(since, until, asked)
        table = twin.occupancy_hours(start, end, asked.at, community_id=asked.community, place_id=place_id)
        if place_kind is not None:
            table = table.filter(pc.equal(table["place_kind"], place_kind))
        return listed(asked, table, list(HourItem.model_fields), twin.revision)


def _forecast(api: APIRouter, twin: Twin, read: Callable[..., Asked]) -> None:
    @api.get("/forecast", response_model=Page[ForecastItem],
             summary="The next 24 hours of each place, with how wrong the method lately was")  # fmt: skip
    def forecast(
        asked: Annotated[Asked, Depends(read)],
        place_kind: PlaceKind | None = None,
        place_id: str | None = None,
    ) -> Response:
        found = twin.occupancy_forecast(asked.at, community_id=asked.community, place_id=place_id)
        items = [
            {
                "place_kind": row["place_kind"], "place_id": row["place_id"],
                "begin": rfc3339(datetime.fromtimestamp(one.begin * 3600, asked.at.tzinfo)),
                **{name: _rounded(getattr(one, name)) for name in ("people", "low", "high")},
                "error": one.error, "repeated_error": one.repeated, "tested_hours": one.tested, "days": one.days,
                "days_needed": one.needed,
            }
            for row, one in found
            if place_kind is None or row["place_kind"] == place_kind
        ]  # fmt: skip
        return paged(asked, items, twin.revision)


def _corrections(api: APIRouter, twin: Twin, read: Callable[..., Asked]) -> None:
    @api.get("/corrections", response_model=Page[CorrectionItem],
             summary="What was taken out of counters that had drifted, newest first")  # fmt: skip
    def corrections(
        asked: Annotated[Asked, Depends(read)],
        since: Annotated[str | None, Query(alias="from", description="start; absent: 24 h before `to`")] = None,
        until: Annotated[str | None, Query(alias="to", description="end (excluded); absent: at")] = None,
    ) -> Response:
        start, end = _span(since, until, asked)
        found = twin.people.corrections(start, end, asked.at, community_id=asked.community)
        items = [{**{n: row[n] for n in CorrectionItem.model_fields}, "at": rfc3339(row["at"])} for row in found]
        return paged(asked, items, twin.revision)


def _span(since: str | None, until: str | None, asked: Asked) -> tuple[datetime, datetime]:
    end = instant_of(until, "to") if until else asked.at
    start = instant_of(since, "from") if since else end - USUAL
    if start >= end:
        raise Problem(400, f"from {rfc3339(start)} is not before to {rfc3339(end)}", parameter="from")
    if end - start > LONGEST:
        raise Problem(400, f"{(end - start).days} days were asked for, at most {LONGEST.days}", parameter="from")
    return start, end


def _rounded(values: Any) -> list[float] | None:
    return None if values is None else [round(float(v), 1) for v in values]

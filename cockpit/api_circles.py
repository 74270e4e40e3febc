"""The HTTP interface of living circles: which share of whom reaches what on foot.

No ``from __future__ import annotations`` here: FastAPI must see what stands inside ``Annotated[Asked, Depends(read)]``.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Annotated, Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from cockpit.api_models import Page
from cockpit.asking import ARROW, Asked, instant_of, listed
from cockpit.problems import Problem
from cockpit.rights import grant_of
from twin_model.circle_book import CHILD_GROUPS, GROUPS
from twin_model.circles import Unasked
from twin_model.twin import Twin

JUDGED = "研判 Judged"
LONGEST_MIN, FURTHEST_M = 60.0, 5_000.0
_LOCAL = timezone(timedelta(hours=8))
_HOUR = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
COLUMNS = (
    "community_id", "part_id", "facility_kind", "limit", "limit_unit", "group", "total", "reached", "unknown", "share",
    "straight_share", "uncounted", "facilities", "facilities_unplaced",
)  # fmt: skip


class CoverageItem(BaseModel):
    """One group within one limit of one kind of facility. null is unknown, never zero."""

    community_id: str
    part_id: str | None = Field(description="the community, estate (null: buildings of no estate) or building")
    facility_kind: str
    limit: float
    limit_unit: Literal["min", "m"]
    group: str = Field(description=", ".join(GROUPS))
    total: int | None = Field(description="of the homes that are counted; null: none is, or too few to be told")
    reached: int | None = Field(description="whose nearest facility lies within the limit, along paths")
    unknown: int | None = Field(description="on no path, on an island, or behind hours that cannot be read")
    share: float | None = Field(description="reached / (total - unknown)")
    straight_share: float | None = Field(description="what a circle drawn around the facilities would claim")
    uncounted: int | None = Field(description="homes whose people of this group are not counted")
    facilities: int = Field(description="facilities of the kind that are on the network")
    facilities_unplaced: int = Field(description="facilities in the water or too far from any path")


def build(twin: Twin, read: Callable[..., Asked]) -> APIRouter:
    """The route ``/api/v1/coverage``."""
    api = APIRouter(prefix="/api/v1", tags=[JUDGED])

    @api.get("/coverage", response_model=Page[CoverageItem], responses={200: {"content": {ARROW: {}}}},
             summary="The share of homes and people that reach facilities on foot")  # fmt: skip
    def coverage(
        asked: Annotated[Asked, Depends(read)],
        facility_kind: Annotated[list[str] | None, Query(description="absent: every kind there is")] = None,
        minutes: Annotated[list[float] | None, Query(description="absent (and no metres): 5, 10, 15")] = None,
        metres: Annotated[list[float] | None, Query(description="absent (and no minutes): 300, 500, 1000")] = None,
        speed: Annotated[str, Query(description="who walks: adult, elder, child, wheelchair")] = "adult",
        group: Annotated[list[str] | None, Query(description="absent: all")] = None,
        by: Annotated[str, Query(description="community, estate or building")] = "community",
        open_at: Annotated[
            str | None, Query(description="only what is open then: 18:00 (of the day of `at`), or RFC 3339")
        ] = None,
    ) -> Response:
        """Distances are exact shortest walks along paths, both ways onto them included; see docs/circles.md.

        A public screen gets communities only, adults, the usual circles and no group of children, added up from cells
        of neighbouring houses with five people or more, so that no two answers tell of one house."""
        if minutes is None and metres is None:
            minutes, metres = list(twin.circles.book.minutes), list(twin.circles.book.metres)
        for name, values, most in (("minutes", minutes, LONGEST_MIN), ("metres", metres, FURTHEST_M)):
            for value in values or ():
                if not 0 < value <= most:
                    said = f"{name}: found {value:g}, expected more than 0 and at most {most:g}"
                    raise Problem(400, said, parameter=name, found=value, expected=f"0 to {most:g}")
        public = grant_of(asked.request).public_only
        if public:
            _public(twin, speed, by, open_at, minutes or [], metres or [], group or [])
        groups = group or [name for name in GROUPS if not (public and name in CHILD_GROUPS)]
        try:
            table = twin.circles.coverage(
                asked.at, asked.community, facility_kind, speed, minutes or [], metres or [], by,
                None if open_at is None else _hour(open_at, asked.at), groups, public,
            )  # fmt: skip
        except Unasked as wrong:
            name = {"profile": "speed"}.get(wrong.name, wrong.name)
            said = f"{name}: found {wrong.found!r}, expected one of {', '.join(wrong.known)}"
            raise Problem(400, said, parameter=name, found=wrong.found, expected=list(wrong.known)) from None
        if public:
            table = rounded(table)
        return listed(asked, table, list(COLUMNS), twin.revision)

    return api


def _public(
    twin: Twin, speed: str, by: str, open_at: str | None, minutes: list[float], metres: list[float], group: list[str]
) -> None:
    """Refuse what would let a stranger work out one building by comparing answers."""
    book = twin.circles.book
    grown = [name for name in GROUPS if name not in CHILD_GROUPS]
    asked: list[tuple[str, list[Any], list[Any]]] = [
        ("speed", [speed], ["adult"]), ("by", [by], ["community"]), ("open_at", [open_at], [None]),
        ("minutes", minutes, list(book.minutes)), ("metres", metres, list(book.metres)), ("group", group, grown),
    ]  # fmt: skip
    for name, values, allowed in asked:
        for found in values:
            if found not in allowed:
                expected = ", ".join("nothing" if one is None else f"{one}" for one in allowed)
                said = f"{name}: found {found!r}; a public screen may ask for {expected}"
                raise Problem(400, said, parameter=name, found=found, expected=expected)


def rounded(table: pa.Table) -> pa.Table:
    """Shares as whole percents."""
    for name in ("share", "straight_share"):
        table = table.set_column(table.column_names.index(name), name, pc.round(table[name], 2))
    return table


def _hour(text: str, at: datetime) -> datetime:
    found = _HOUR.fullmatch(text.strip())
    if found is None and re.fullmatch(r"\d{1,2}:\d{2}", text.strip()):
        said = f"open_at: found {text!r}, expected 00:00 to 23:59, or RFC 3339"
        raise Problem(400, said, parameter="open_at", found=text, expected="00:00 to 23:59")
    if found is None:
        return instant_of(text, "open_at")
    return at.astimezone(_LOCAL).replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0)

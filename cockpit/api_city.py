"""The HTTP interface of the city: communities ranked, and what they add up to by division.

A public screen gets homes, people, those of 60 and over, buildings and facilities; where a small count is kept back
another one of the same division is too, so that no sum gives it away.

No ``from __future__ import annotations`` here, as in ``api.py``.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import pyarrow as pa
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from cockpit import city_models as shape
from cockpit.api_kpis import FORMS, MISSING
from cockpit.api_models import Page
from cockpit.asking import ARROW, Asked, accepted, arrow_stream, paged
from cockpit.encoding import dumps
from cockpit.noting import noted
from cockpit.problems import Problem, refusals
from cockpit.rights import Writing, grant_of
from cockpit.row_files import CSV, XLSX, csv_of, xlsx_of
from twin_model import divisions as divisions_of
from twin_model.city import BOOK, rolled_up
from twin_model.city_rows import OF, STATUS, NoSuchDivision, NoSuchRows, rows_behind
from twin_model.entities import LEVELS
from twin_model.masking import suppressed, too_few
from twin_model.twin import Twin

CITY = "全市 City"
ORDERS = ("worst", "best", "id")
Rulebook = Annotated[str, Query(description="name (the version in force at `at`) or name@version")]
Row = dict[str, Any]
_OF = {"city": "city_id", "district": "district_id", "subdistrict": "subdistrict_id"}
_FIGURES = list(shape.CityFigures.model_fields)
_COUNTS = ("homes", "homes_counted", "people", "aged_60", "aged_80", "elder_alone")
_PUBLIC = ("homes", "people", "aged_60")
_PROJECTS = list(shape.CityProjects.model_fields)
_STANDING = ("index", "rank", "of", "passed", "failed", "refused")


def build(twin: Twin, read: Callable[..., Asked]) -> APIRouter:
    """The routes ``/api/v1/city``, ``/api/v1/city/divisions`` and ``/api/v1/city/rows``."""
    api = APIRouter(prefix="/api/v1/city", tags=[CITY])

    @api.get("", response_model=shape.CityAnswer, responses=MISSING,
             summary="Communities by the health check's index, with figures and gap projects")  # fmt: skip
    def city(
        asked: Annotated[Asked, Depends(read)],
        division: Annotated[str | None, Query(description="only communities of this division (its id)")] = None,
        order: Annotated[str, Query(description="worst (the last first), best, or id")] = ORDERS[0],
        rulebook: Rulebook = BOOK,
    ) -> Response:
        """Ranks are those of the whole installation; sums are of what whoever asks may see. See docs/city.md."""
        if order not in ORDERS:
            raise _wrong("order", order, ORDERS)
        known = _Known(twin, asked, rulebook)
        inside = known.inside(division)
        rows = [row for row in inside if asked.community in (None, row["community_id"])]
        head = {"division": division, "rulebook": known.book, "whole": known.whole(division)}
        return paged(asked, _ordered([known.community(row) for row in rows], order), twin.revision, head=head)

    @api.get("/divisions", response_model=Page[shape.CityDivision], responses=MISSING,
             summary="Cities, districts and subdistricts with what their communities add up to")  # fmt: skip
    def divisions(
        asked: Annotated[Asked, Depends(read)],
        level: Annotated[str | None, Query(description="city, district or subdistrict; absent: all")] = None,
        rulebook: Rulebook = BOOK,
    ) -> Response:
        """From the whole to the part. The index of a division is the median of its communities'."""
        if level is not None and level not in LEVELS:
            raise _wrong("level", level, LEVELS)
        found = _Known(twin, asked, rulebook).divisions.values()
        return paged(asked, [one for one in found if level in (None, one["level"])], twin.revision)

    @api.post("/divisions/withdrawals", response_model=shape.DivisionsTakenBack, responses=MISSING | refusals(409),
              summary="Take a division back that should not have been imported (administrator)")  # fmt: skip
    def withdraw(request: Request, said: shape.DivisionWithdrawal, _grant: Writing) -> Response:
        """What was known before stays in the past. One with parts goes with them or not at all: 409."""
        try:
            done = divisions_of.withdraw(twin, said.division_id, with_parts=said.with_parts)
        except divisions_of.UnknownDivision as error:
            raise Problem(404, str(error)) from None
        except divisions_of.DivisionStays as error:
            raise Problem(409, str(error)) from None
        noted(request, "withdraw", subject=f"division {said.division_id}", divisions=len(done.divisions),
              communities=len(done.communities), reason=said.reason)  # fmt: skip
        body = {"divisions": done.divisions, "communities": done.communities, "revision": twin.revision}
        return Response(dumps(body), media_type="application/json")

    @api.get("/rows", response_model=Page[shape.CityRow], responses=MISSING | FORMS,
             summary="The rows behind a figure of the city, a division or a community (staff)")  # fmt: skip
    def rows(
        asked: Annotated[Asked, Depends(read)],
        of: Annotated[str, Query(description=", ".join(OF))],
        division: Annotated[str | None, Query(description="only within this division (its id)")] = None,
        status: Annotated[str | None, Query(description=f"of projects: open, {', '.join(STATUS)}")] = None,
        kind: Annotated[str | None, Query(description="of facilities and reach: which kind")] = None,
        minutes: Annotated[str | None, Query(description="of reach: 5, 10 or 15")] = None,
    ) -> Response:
        """People are told by community, within one community by building, never by home. See docs/city.md."""
        chosen = {"status": status, "kind": kind, "minutes": minutes}
        try:
            found = rows_behind(twin, asked.at, of, division, asked.community, **chosen)
        except NoSuchRows as error:
            raise Problem(404 if isinstance(error, NoSuchDivision) else 400, str(error)) from None
        form = accepted(asked.request, ["application/json", ARROW, CSV, XLSX])
        if form == "application/json":
            return paged(asked, found, twin.revision)
        noted(asked.request, "export", subject=f"city {of}", community=asked.community, form=form, rows=len(found))
        table = pa.Table.from_pylist(found)
        if form == ARROW:
            return Response(arrow_stream(table), media_type=ARROW)
        name = f"city_{of}_{asked.at:%Y%m%dT%H%MZ}.{'csv' if form == CSV else 'xlsx'}"
        body = csv_of(table) if form == CSV else xlsx_of(table, of)
        return Response(body, media_type=form, headers={"content-disposition": f'attachment; filename="{name}"'})

    return api


class _Known:
    """What one question is answered from; small counts are kept back here, once for communities and sums."""

    def __init__(self, twin: Twin, asked: Asked, rulebook: str) -> None:
        try:
            self.book = twin.health.book(rulebook, asked.at).id
        except KeyError as error:
            raise Problem(404, str(error.args[0])) from None
        self.public = grant_of(asked.request).public_only
        self.index = twin.city.index(asked.at, rulebook)
        self.projects = twin.city.project_sums(asked.at)
        self.rows: list[Row] = (
            twin.city.released(asked.at) if self.public else twin.city.communities(asked.at).to_pylist()
        )
        self.shown = self._kept_back(self.rows, "community_id", "subdistrict_id")
        table = twin.entities("division", asked.at).drop_columns(["boundary"])
        self.known = {row["division_id"]: row for row in table.to_pylist()}
        self.divisions = self._divisions()

    def inside(self, division: str | None) -> list[Row]:
        """The communities of a division; a problem (404) for one nobody knows."""
        if division is None:
            return self.rows
        if division not in self.known:
            raise Problem(404, f"there is no division {division!r}; see /api/v1/city/divisions")
        column = _OF[self.known[division]["level"]]
        return [row for row in self.rows if row[column] == division]

    def whole(self, division: str | None) -> Row:
        """The sums of a division as its own row tells them; of none: of all there is to see."""
        if division in self.divisions:
            return self.divisions[division]
        summed = {**self._sum(self.inside(division)), "id": ""}
        return summed | self._kept_back([summed], "id", "id")[""]

    def community(self, row: Row) -> Row:
        """A community as it is told."""
        name = row["community_id"]
        names = ("community_id", "name", "name_en", "subdistrict_id", "district_id", "city_id")
        standing = self.index.get(name)
        told = {**dict.fromkeys(_STANDING), "bottom": False, "not_measurable": None}
        if standing is not None:
            told = {column: standing[column] for column in (*_STANDING, "bottom")}
            told["not_measurable"] = standing["verified"] - standing["counted"]
        none = dict.fromkeys(_PROJECTS, 0) if self.projects else None
        projects = self.projects.get(name, none)
        plan = projects and {column: projects[column] for column in _PROJECTS}
        return {column: row[column] for column in names} | self.shown[name] | told | {"projects": plan}

    def _divisions(self) -> dict[str, Row]:
        found: dict[str, Row] = {}
        for level in LEVELS:
            parts: dict[str, list[Row]] = {}
            for row in self.rows:
                if row[_OF[level]] is not None:
                    parts.setdefault(row[_OF[level]], []).append(row)
            names = ("division_id", "level", "name", "name_en", "parent_id")
            sums = [
                {name: self.known[one][name] for name in names} | self._sum(mine)
                for one, mine in sorted(parts.items()) if one in self.known
            ]  # fmt: skip
            shown = self._kept_back(sums, "division_id", "parent_id")
            found |= {one["division_id"]: one | shown[one["division_id"]] for one in sums}
        return found

    def _sum(self, rows: Sequence[Row]) -> Row:
        found = rolled_up(rows, self.index, self.projects)
        plan = {name: found["projects"].get(name, 0) for name in _PROJECTS} if self.projects else None
        names = [*_FIGURES, "communities", "people_of", "index", "graded", "bottom"]
        return {name: found[name] for name in names} | {"projects": plan}

    def _kept_back(self, rows: Sequence[Mapping[str, Any]], key: str, group: str) -> dict[str, Row]:
        """The figures of each row by its key, small counts and, for the street, what would give them away kept back."""
        told = {row[key]: {name: row[name] for name in _FIGURES} for row in rows}
        groups = {row[key]: row[group] for row in rows}
        for name in _COUNTS:
            cells = {one: row[name] for one, row in told.items() if row[name] is not None}
            if self.public:
                kept = suppressed(cells, group=groups.__getitem__) if name in _PUBLIC else dict.fromkeys(cells)
            else:
                kept = suppressed(cells)
            for one, number in kept.items():
                told[one][name] = number
        if self.public:
            for row in told.values():
                if row["people"] is None or too_few(row["people"] - (row["aged_60"] or 0)):
                    row["aged_60"] = None
        return told


def _ordered(rows: list[Row], order: str) -> list[Row]:
    """By rank, those without one last; of equals those of the bottom tenth stand last."""
    if order == "id":
        return rows
    turn = 1 if order == "best" else -1

    def place(row: Row) -> tuple[bool, int, int, str]:
        return row["rank"] is None, turn * (row["rank"] or 0), turn * row["bottom"], row["community_id"]

    return sorted(rows, key=place)


def _wrong(name: str, found: str, known: Sequence[str]) -> Problem:
    said = f"{name}: found {found!r}, expected one of {', '.join(known)}"
    return Problem(400, said, parameter=name, found=found, expected=list(known))

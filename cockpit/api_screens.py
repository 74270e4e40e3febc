"""The managed list of wall screens over HTTP: pairing by the code a screen shows, another name or wall, unpairing.

Staff may look; only an administrator changes. No ``from __future__ import annotations`` here, as in ``api.py``.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from cockpit.encoding import dumps
from cockpit.noting import noted
from cockpit.problems import Problem, refusals
from cockpit.rights import only, refused
from cockpit.screen_desk import Desk
from cockpit.screens import Screen, ScreenProblem
from cockpit.tokens import Grant

SCREENS = "大屏 Screens"


class ScreenItem(BaseModel):
    """A paired screen and what it said of itself last."""

    id: str
    name: str
    wall: str = Field(description="the declared wall it shows")
    wall_title: dict[str, str]
    audience: str = Field(description="public or staff")
    role: str
    paired_at: datetime
    paired_by: str
    seen_at: datetime | None = Field(description="its last report; null: none since the server started")
    is_silent: bool = Field(description="it should have reported and has not")
    health: dict[str, Any] | None = Field(description="version, resolution, frames, memory, errors ...")


class WallItem(BaseModel):
    """A declared wall."""

    name: str
    title: dict[str, str]
    audience: str
    url: str


class ScreenList(BaseModel):
    """All screens, and the walls there are."""

    walls: list[WallItem]
    items: list[ScreenItem]


class Pair(BaseModel):
    """What an administrator types in. ``role``: for a wall of the staff, as whom it is opened."""

    model_config = ConfigDict(extra="ignore")

    code: str = Field(max_length=20, description="the code the screen shows")
    name: str = Field(max_length=60, description="what the screen is called in the list")
    wall: str = Field(max_length=40)
    role: str | None = Field(None, max_length=40)


class Change(BaseModel):
    """Another name, or another wall of the same audience."""

    model_config = ConfigDict(extra="ignore")

    name: str | None = Field(None, max_length=60)
    wall: str | None = Field(None, max_length=40)


managing = only(
    lambda grant: grant.may_write, "不能管理大屏，需要管理员", "may not manage screens; it needs administrator"
)
Managing = Annotated[Grant, Depends(managing)]


def build(desk: Desk) -> APIRouter:
    """The routes below ``/api/v1/screens``."""
    api = APIRouter(prefix="/api/v1/screens", tags=[SCREENS], responses=refusals(404, 409, 422))

    @api.get("", response_model=ScreenList, summary="The wall screens, each with its health, and the declared walls")
    def screens() -> Response:
        return _json(desk.listed())

    @api.post("", response_model=ScreenItem, status_code=201, summary="Pair the screen that shows a code")
    def pair(request: Request, grant: Managing, said: Pair) -> Response:
        screen = _done(lambda: desk.pair(said.code, said.name, said.wall, said.role, by=grant.name))
        noted(request, "screen_paired", subject=screen.screen_id, wall=screen.wall, shown_as=screen.role)
        return _json(desk.item(screen), 201)

    @api.patch("/{screen_id}", response_model=ScreenItem, summary="Another name or wall; the screen changes by itself")
    def change(request: Request, _grant: Managing, screen_id: str, said: Change) -> Response:
        screen = None
        if said.wall is not None:
            wall = said.wall
            screen = _done(lambda: desk.show(screen_id, wall))
        if said.name is not None:
            name = said.name
            screen = _done(lambda: desk.screens.rename(screen_id, name))
        if screen is None:
            raise refused(422, "nothing", "请写 name 或 wall", "write name or wall")
        noted(request, "screen_paired", subject=screen.screen_id, outcome="changed", wall=screen.wall)
        return _json(desk.item(screen))

    @api.delete("/{screen_id}", status_code=204, summary="Unpair: the screen's token is worth nothing at once")
    def unpair(request: Request, _grant: Managing, screen_id: str) -> Response:
        screen = _done(lambda: desk.screens.unpair(screen_id))
        noted(request, "screen_paired", subject=screen.screen_id, outcome="unpaired", wall=screen.wall)
        return Response(status_code=204)

    return api


def _done(act: Callable[[], Screen]) -> Screen:
    try:
        return act()
    except ScreenProblem as problem:
        raise Problem(
            problem.status, str(problem), code=problem.code, reason={"zh": problem.zh, "en": problem.en}
        ) from problem
    except ValueError as error:
        raise refused(422, "role", f"没有这个角色：{error}", f"there is no such role: {error}") from error


def _json(body: Any, status: int = 200) -> Response:
    return Response(dumps(body), status, media_type="application/json")

"""Saved views over HTTP: everybody's own, and those that others share.

No ``from __future__ import annotations`` here, as in ``api.py``.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from cockpit.problems import Problem, refusals
from cockpit.rights import grant_of, refused
from cockpit.saved_views import LONGEST_ADDRESS, LONGEST_NAME, SavedView, SavedViews, ViewRefused
from twin_model.rights import unaliased
from twin_model.twin import Twin

VIEWS = "视图 Saved views"
ViewId = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]


class NewView(BaseModel):
    """What is to be kept."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=4 * LONGEST_NAME, description=f"1 to {LONGEST_NAME} characters; no person's name")
    address: str = Field(max_length=LONGEST_ADDRESS, description="path and query of a page of this program")
    shared: bool = False


class ChangedView(BaseModel):
    """What is to be another."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, max_length=4 * LONGEST_NAME)
    shared: bool | None = None


class View(BaseModel):
    """A saved view. ``by`` is told of shared ones only."""

    id: str
    name: str
    address: str
    at: str | None = Field(description="the instant it looks at; null: live")
    shared: bool
    by: str | None
    made_at: str


class Views(BaseModel):
    """The views of whoever asks."""

    mine: list[View]
    shared: list[View] = Field(description="of others")


def build(twin: Twin, views: SavedViews) -> APIRouter:
    """The routes of saved views."""
    api = APIRouter(
        prefix="/api/v1/views", tags=[VIEWS],
        responses=refusals(404, 409),
    )  # fmt: skip

    @api.get("", summary="My saved views and those that others share")
    def listed(request: Request) -> Views:
        mine, others = views.listed(_account(request))
        others = [one for one in others if _may_open(twin, one)]
        return Views(mine=[_told(one) for one in mine], shared=[_told(one, by=one.by) for one in others])

    @api.post("", status_code=201, summary="Save a view")
    def keep(request: Request, wish: NewView) -> View:
        try:
            account, at = _account(request), twin.now()
            kept = views.keep(account, wish.name, wish.address, shared=wish.shared, by=grant_of(request).name, at=at)
            return _told(kept)
        except ViewRefused as no:
            raise refused(409, "view", no.reason["zh"], no.reason["en"]) from None

    @api.patch("/{view_id}", summary="Rename or share a saved view")
    def change(request: Request, view_id: ViewId, wish: ChangedView) -> View:
        try:
            return _told(views.change(_account(request), view_id, name=wish.name, shared=wish.shared))
        except KeyError:
            raise _unknown(view_id) from None
        except ViewRefused as no:
            raise refused(409, "view", no.reason["zh"], no.reason["en"]) from None

    @api.delete("/{view_id}", status_code=204, summary="Delete a saved view")
    def drop(request: Request, view_id: ViewId) -> Response:
        try:
            views.drop(_account(request), view_id)
        except KeyError:
            raise _unknown(view_id) from None
        return Response(status_code=204)

    return api


def _may_open(twin: Twin, view: SavedView) -> bool:
    """Whether what another looks at may be looked at here: an address and its name may say which home that is."""
    community, home, device = (view.looks_at(what) for what in ("community", "home", "device"))
    if community is not None and not twin.sight.within(community):
        return False
    if home is not None and twin.entity("home", home, twin.now()) is None:
        return False
    found = None if device is None else twin.entity("device", device, twin.now())
    return device is None or (found is not None and unaliased(found["device_id"]) is not None)


def _account(request: Request) -> str:
    grant = grant_of(request)
    return grant.account or grant.grant_id


def _unknown(view_id: str) -> Problem:
    return Problem(404, f"you have no saved view {view_id!r}", found=view_id)


def _told(view: SavedView, *, by: str | None = None) -> View:
    return View(
        id=view.id, name=view.name, address=view.address, at=view.at, shared=view.shared, by=by, made_at=view.made_at
    )

"""What the map of walking circles fetches: streets, walks, and how far it is to every point of the streets."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI, Request
from starlette.responses import Response

from cockpit import serving
from cockpit.asking import instant_of
from cockpit.problems import Problem
from layouts.parts.circle_map import CircleMap
from twin_model.circles import Unasked
from twin_model.twin import Twin

LONGEST = 200  # letters of an id in the address


def install(server: FastAPI, twin: Twin) -> None:
    """Add the routes below ``/map/{community_id}``; they carry no person and no home, only how far buildings are."""
    drawn = CircleMap(twin)

    def answer(
        request: Request, community: str, at: str | None, ask: Callable[..., bytes], **args: str | None
    ) -> Response:
        now = twin.now()
        moment = min(instant_of(at, "at"), now) if at else now
        for name, value in args.items():
            if value is not None and len(value) > LONGEST:
                raise Problem(400, f"{name} has {len(value)} letters; at most {LONGEST} are read")
        try:
            data = ask(community, moment, **args)
        except Unasked as wrong:
            raise Problem(404, str(wrong)) from None
        headers = {"cache-control": "private, no-cache"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            data = serving.compressed(data)
            headers |= {"content-encoding": "gzip", "vary": "Accept-Encoding"}
        return Response(data, media_type="application/octet-stream", headers=headers)

    @server.get("/map/{community_id}/streets", include_in_schema=False)
    def streets(request: Request, community_id: str, at: str | None = None) -> Response:
        return answer(request, community_id, at, drawn.streets)

    @server.get("/map/{community_id}/walks", include_in_schema=False)
    def walks(
        request: Request, community_id: str, at: str | None = None, speed: str | None = None, hour: str | None = None
    ) -> Response:
        return answer(request, community_id, at, drawn.walks, speed=speed, hour=hour)

    @server.get("/map/{community_id}/reach", include_in_schema=False)
    def reach(
        request: Request,
        community_id: str,
        at: str | None = None,
        speed: str | None = None,
        hour: str | None = None,
        kind: str | None = None,
        facility: str | None = None,
        building: str | None = None,
        limit: str | None = None,
    ) -> Response:
        return answer(
            request, community_id, at, drawn.reach, speed=speed, hour=hour, kind=kind, facility=facility,
            building=building, limit=limit,
        )  # fmt: skip

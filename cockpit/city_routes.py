"""What the map of communities fetches beside the pages: the outlines, once for each version of them."""

from __future__ import annotations

from fastapi import FastAPI, Request
from starlette.responses import Response

from cockpit import serving
from cockpit.asking import instant_of
from cockpit.encoding import dumps
from layouts.parts import city_shapes
from twin_model.twin import Twin


def install(server: FastAPI, twin: Twin) -> None:
    """``GET /map/city/shapes``: with its version in the address the answer never changes; without, it is checked."""

    @server.get("/map/city/shapes", include_in_schema=False)
    def shapes(request: Request, v: str | None = None, at: str | None = None) -> Response:
        now = twin.now()
        moment = min(instant_of(at, "at"), now) if at else now
        tag = f'"{city_shapes.version(twin, moment)}"'
        cache = "private, max-age=31536000, immutable" if v and f'"{v}"' == tag else "private, no-cache"
        headers = {"etag": tag, "cache-control": cache}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        data = dumps(city_shapes.shapes(twin, moment))
        if "gzip" in request.headers.get("accept-encoding", ""):
            data = serving.compressed(data)
            headers |= {"content-encoding": "gzip", "vary": "Accept-Encoding"}
        return Response(data, media_type="application/json", headers=headers)

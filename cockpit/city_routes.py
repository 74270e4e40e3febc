"""What the map of communities fetches beside the pages: the outlines, once for each version of them."""

from __future__ import annotations

from datetime import datetime

from fastapi import FastAPI, Request
from starlette.responses import Response

from cockpit import serving
from cockpit.asking import instant_of
from cockpit.encoding import dumps
from layouts.parts import city_shapes
from twin_model.remembered import Remembered
from twin_model.twin import Twin

KEPT = 4
"""Versions of the outlines in memory, some 350 kB each for a city."""


def install(server: FastAPI, twin: Twin) -> None:
    """``GET /map/city/shapes``: with its version in the address the answer never changes; without, it is checked."""

    kept = Remembered(KEPT)

    @server.get("/map/city/shapes", include_in_schema=False)
    def shapes(request: Request, v: str | None = None, at: str | None = None) -> Response:
        now = twin.now()
        moment = min(instant_of(at, "at"), now) if at else now
        tag = f'"{city_shapes.version(twin, moment)}"'
        cache = "private, max-age=31536000, immutable" if v and f'"{v}"' == tag else "private, no-cache"
        headers = {"etag": tag, "cache-control": cache}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        # the version tells also for whom: whoever may see the same gets the same bytes
        plain, packed = kept.get((tag, twin.forgotten), lambda: _both(twin, moment))
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(
                packed, media_type="application/json",
                headers=headers | {"content-encoding": "gzip", "vary": "Accept-Encoding"},
            )  # fmt: skip
        return Response(plain, media_type="application/json", headers=headers)


def _both(twin: Twin, at: datetime) -> tuple[bytes, bytes]:
    plain = dumps(city_shapes.shapes(twin, at))
    return plain, serving.compressed(plain)

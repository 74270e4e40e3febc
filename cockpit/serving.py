"""Dash on its FastAPI backend, with what the cockpit needs differently.

Dash 4.4.1 runs a plain callback on the event loop, where one slow question would hold up every screen, serves the
page for any address with status 200, and compresses its 10 MB of scripts anew for every visitor.
``dash.backends._fastapi`` is private: its version is pinned, and tests/web walks everything replaced here.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import inspect
import logging
import os
import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs

from dash import Dash
from dash.backends._fastapi import (
    FastAPIDashServer,
    get_current_request,
    reset_current_request,
    set_current_request,
)
from dash.exceptions import PreventUpdate
from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from starlette.types import Scope

from cockpit import callback_form
from cockpit.problems import Problem, problem_response
from cockpit.tokens import Grant
from twin_model.remembered import Remembered
from twin_model.rights import answers_requests

log = logging.getLogger(__name__)

DESCRIPTION = (
    "社区数字孪生的数据接口：所有读取都可带 at 参数，得到当时所知的答案。"
    "What the neighbourhood's twin knows, now and, with at, at any past instant."
)
FOREVER = "public, max-age=31536000, immutable"
CALLBACK_THREADS = 4
_STYLE = re.compile(r"<style>(?P<what>.*?)</style>", re.DOTALL)
_INLINE = re.compile(r"<script(?P<how>[^>]*)>(?P<what>.*?)</script>", re.DOTALL)


class Backend(FastAPIDashServer):
    """The FastAPI application under the pages."""

    is_page: Callable[[str], bool] = staticmethod(lambda path: path == "/")

    def __init__(self, server: FastAPI) -> None:
        super().__init__(server)
        # Two cores and one interpreter: more threads would only queue on the same lock (evidence.md 4).
        self.threads = ThreadPoolExecutor(CALLBACK_THREADS, thread_name_prefix="callback", initializer=answers_requests)

    @staticmethod
    def create_app(name: str = "cockpit", config: dict[str, Any] | None = None) -> FastAPI:
        """A FastAPI without its own documentation pages: those load scripts from the internet."""
        return FastAPI(
            title="CIM Cockpit",
            version="1",
            description=DESCRIPTION,
            docs_url=None,
            redoc_url=None,
            openapi_url="/api/v1/openapi.json",
        )

    def serve_callback(self, dash_app: Any) -> Callable[..., Any]:
        """Run callbacks on a few threads, so that the event loop stays free to push."""

        async def dispatch(request: Request) -> Response:
            adapter: Any = self.request_adapter()
            body = adapter.get_json()
            try:
                callback_form.checked(body, dash_app.callback_map)
            except Problem as refused:
                return problem_response(refused.status, refused.detail, request.url.path)
            context = dash_app._initialize_context(body)
            func = dash_app._prepare_callback(context, body)
            args = dash_app._inputs_to_vals(context.inputs_list + context.states_list)
            run = dash_app._execute_callback(func, args, context.outputs_list, context)
            try:
                data = await asyncio.get_running_loop().run_in_executor(self.threads, copy_context().run, run)
                if inspect.iscoroutine(data):
                    data = await data
            except PreventUpdate:
                raise
            except Exception:
                log.exception("callback %s failed", body.get("output"))
                raise
            answer: Response = context.dash_response.set_response(data=data)
            return answer

        return dispatch

    def register_assets_blueprint(self, blueprint_name: str, assets_url_path: str, assets_folder: str) -> None:
        """The program's own scripts and styles."""
        self.server.mount(assets_url_path, Assets(directory=assets_folder), name=blueprint_name)

    def serve_component_suites(
        self, dash_app: Dash, package_name: str, fingerprinted_path: str, request: Request
    ) -> Response:
        """A script or style of an installed component package, compressed once for all visitors."""
        response: Response = super().serve_component_suites(dash_app, package_name, fingerprinted_path, request)
        if response.status_code == 200 and "gzip" in request.headers.get("accept-encoding", ""):
            response.body = compressed(bytes(response.body))
            response.headers["content-encoding"] = "gzip"
            response.headers["content-length"] = str(len(response.body))
            response.headers["vary"] = "Accept-Encoding"
        return response

    def setup_index(self, dash_app: Any) -> None:
        """The page at ``/``."""
        self._dash_app = dash_app
        dash_app._add_url("", self.page, methods=["GET"])

    def _setup_catchall(self) -> None:
        """Called by Dash when the server starts; here the routes are complete before (see `finish`)."""

    def finish(self) -> None:
        """Last of all routes: pages at their address, everything else is not found."""
        self.server.add_api_route("/{path:path}", self.page, methods=["GET"], include_in_schema=False)

    async def page(self, request: Request) -> Response:
        """The HTML that starts the browser's part; its scripts are named one by one in the policy."""
        path = request.url.path
        if path.startswith(("/api/", "/map/", "/_", "/assets/", "/bundle/", "/vendor/")):
            return problem_response(404, "there is nothing at this address; see /api/docs", path)
        token = set_current_request(request)  # type: ignore[no-untyped-call]
        try:
            html = self._dash_app.index().replace("Loading...", "正在载入 …")
        finally:
            reset_current_request(token)  # type: ignore[no-untyped-call]
        return Response(
            html,
            status_code=200 if self.is_page(path) else 404,
            media_type="text/html",
            headers={"content-security-policy": policy(html, late="components"), "cache-control": "no-store"},
        )


def style_hashes(html: str) -> str:
    """What a policy says of the style elements written into a page."""
    return _hashes(found["what"] for found in _STYLE.finditer(html))


def _hashes(texts: Iterable[str]) -> str:
    sums = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts if text)
    return " ".join(f"'sha256-{one}'" for one in sums)


def asking() -> Grant | None:
    """Whom the callback under way answers; None outside of a request."""
    try:
        request = get_current_request()
    except RuntimeError:
        return None
    grant: Grant | None = getattr(request.state, "grant", None)
    return grant


def policy(html: str, *, late: Literal["", "components", "attributes"] = "") -> str:
    """A content security policy for one page: nothing from elsewhere, inline scripts and styles only by their hash.

    ``late``: what styles the page's scripts make at run time. Of Dash's components its own and AG Grid add style
    elements, Plotly sets style attributes; a wall is drawn from HTML whose bars have their length as one.
    ``blob:`` workers and images: deck.gl and Plotly make them out of their own code and canvas.
    """
    scripts = _hashes(found["what"] for found in _INLINE.finditer(html) if "application/json" not in found["how"])
    elements = "'unsafe-inline'" if late == "components" else style_hashes(html)
    attributes = "'unsafe-inline'" if late else "'none'"
    return (
        f"default-src 'none'; script-src 'self' {scripts}; style-src-elem 'self' {elements}; "
        f"style-src-attr {attributes}; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )


class Assets(StaticFiles):
    """The program's own scripts and styles; Dash puts the second each was changed into its address (``?m=``)."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """For ever under the address of this very version, else asked about each time."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("m", [""])[0]
        response.headers["cache-control"] = FOREVER if asked == str(stat_result.st_mtime) else "no-cache"
        return response


_packed = Remembered(64)


def compressed(data: bytes) -> bytes:
    """gzip of a file that is served again and again; known by its digest, so that the file itself is not kept too."""
    digest = hashlib.blake2b(data, digest_size=32).digest()
    return _packed.get(digest, lambda: gzip.compress(data, 6, mtime=0))


class OneFile:
    """One big script or style sheet, compressed once, under an address that changes with its content (``?v=``)."""

    def __init__(self, read: Callable[[], bytes], version: str, media_type: str = "text/javascript") -> None:
        self._read, self.version, self._media_type = read, version, media_type

    @classmethod
    def of(cls, path: Path) -> OneFile:
        """A script of an installed package; too large to be kept, or read at start."""
        name = f"{path.stat().st_size:x}-{path.stat().st_mtime_ns:x}"
        return cls(path.read_bytes, hashlib.sha256(name.encode()).hexdigest()[:12])

    @classmethod
    def scripts(cls, paths: Sequence[Path]) -> OneFile:
        """Our own, one after the other: sixty requests less before a page stands. One that fails stops no other."""
        parts = (
            f"try {{\n{path.read_text(encoding='utf-8')}\n}} catch (error) {{ console.error(error); }}\n"
            for path in paths
        )
        return cls._joined(parts, "text/javascript")

    @classmethod
    def styles(cls, paths: Sequence[Path]) -> OneFile:
        """Our own style sheets, one after the other."""
        return cls._joined((f"{path.read_text(encoding='utf-8')}\n" for path in paths), "text/css")

    @classmethod
    def _joined(cls, parts: Iterable[str], media_type: str) -> OneFile:
        data = "".join(parts).encode()
        return cls(lambda: data, hashlib.sha256(data).hexdigest()[:12], media_type)

    def warm(self) -> None:
        """Compress it now, so that the first visitor need not wait for that."""
        compressed(self._read())

    async def __call__(self, request: Request) -> Response:
        """For ever with its version in the address, else checked once an hour."""
        tag = f'"{self.version}"'
        cache = FOREVER if request.query_params.get("v") == self.version else "public, max-age=3600"
        headers = {"cache-control": cache, "etag": tag, "vary": "Accept-Encoding"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        plain = await asyncio.to_thread(self._read)
        if "gzip" in request.headers.get("accept-encoding", ""):
            plain = await asyncio.to_thread(compressed, plain)
            headers["content-encoding"] = "gzip"
        return Response(plain, media_type=self._media_type, headers=headers)

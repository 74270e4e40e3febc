"""Who is asking: the guard in front of every page and every endpoint.

Every request but ``/healthz`` needs a session cookie or ``Authorization: Bearer``. On a server bound to loopback a
page opens its own session (docs/decisions/0004-local-session.md); elsewhere a token is asked for once.
The cookie is signed, not stored, so that a wall screen outlives a restart of the server.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import ipaddress
import secrets
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cockpit import screen_guard
from cockpit.problems import problem_response
from cockpit.screens import Screens
from cockpit.settings import Settings
from cockpit.tokens import Grant, Role, Tokens, write_private
from twin_model.rights import NOBODY, answers_requests, reading

COOKIE = "cim_session"
SESSION_SECONDS = 30 * 24 * 3600
LOCAL = Grant(Role.ADMINISTRATOR, "local", "local")
SIGN_IN = "/sign-in"

OPEN_PATHS = {"/healthz", "/icon.svg"}

# What a screen in the street may fetch; everything else is refused to it, so a new endpoint starts closed. What is
# answered there about alerts, incidents and homes are counts (cockpit/care_answers.py).
PUBLIC_PATHS = {
    "/api/v1/alerts",
    "/api/v1/incidents",
    "/api/v1/home-states",
    "/api/v1/live",
    "/api/v1/communities",
    "/api/v1/buildings",
    "/api/v1/facilities",
    "/api/v1/occupancy",
    "/api/v1/kpis",
    "/api/v1/openapi.json",
    "/api/docs",
    "/icon.svg",
}

DATA_PATHS = ("/api/", "/map/", "/metrics", "/assets/", "/vendor/", "/_")

_SIGN_IN_PAGE = (Path(__file__).parent / "static" / "sign_in.html").read_text
_SECURITY = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
_POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)


@dataclass(frozen=True)
class Sessions:
    """Signed session cookies of one data folder."""

    key: bytes

    @classmethod
    def of(cls, folder: Path | None) -> Sessions:
        """The sessions of a data folder, making its key the first time; without a folder they end with us."""
        if folder is None:
            return cls(secrets.token_bytes(32))
        path = folder / "session.key"
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            write_private(path, secrets.token_hex(32))
        return cls(bytes.fromhex(path.read_text(encoding="ascii")))

    def open(self, grant: Grant, now: float) -> str:
        """A cookie value that speaks for ``grant`` for 30 days."""
        said = f"{grant.grant_id}.{int(now) + SESSION_SECONDS}"
        return f"{said}.{self._sign(said)}"

    def read(self, cookie: str, now: float) -> str | None:
        """The grant id in a cookie, None when it is forged or over."""
        said, _, signature = cookie.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(said).encode()):
            return None
        grant_id, _, until = said.partition(".")
        return grant_id if int(until) > now else None

    def _sign(self, said: str) -> str:
        digest = hmac.new(self.key, said.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def is_loopback(host: str) -> bool:
    """True for names and addresses that only this machine reaches."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host_of(header: str) -> str:
    """The host of a Host or Origin header without port and brackets, in lower case."""
    return (urlsplit("//" + header.split("://")[-1]).hostname or "").lower()


class Guard:
    """ASGI middleware: host check, identity, cross-site check, security headers."""

    def __init__(
        self, app: ASGIApp, *, settings: Settings, tokens: Tokens, sessions: Sessions, screens: Screens
    ) -> None:
        self._app = app
        self._tokens = tokens
        self._sessions = sessions
        self._screens = screens
        self._local = is_loopback(settings.host)
        own = {settings.host.lower(), socket.gethostname().lower(), "localhost"}
        self._names = own | {n.strip().lower() for n in settings.names.split(",") if n.strip()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            # no part of the program talks over a web socket, so there is none to protect
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._live(scope, receive, send)
            return
        request = Request(scope, receive)
        response, cookie = await self._admit(request)
        secured = _secured(send, cookie)
        if response is not None:
            await response(scope, receive, secured)
            return
        grant: Grant | None = getattr(request.state, "grant", None)
        with reading(grant.rights if grant else NOBODY):
            await self._app(scope, receive, secured)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """From start to end of the server: its thread, and those it hands work to, read as nobody unless told."""
        helpers = ThreadPoolExecutor(thread_name_prefix="answers", initializer=answers_requests)
        asyncio.get_running_loop().set_default_executor(helpers)
        answers_requests()
        try:
            await self._app(scope, receive, send)
        finally:
            answers_requests(False)

    async def _admit(self, request: Request) -> tuple[Response | None, str | None]:
        """The refusal (None: go on), and a cookie to set."""
        path = request.url.path
        if not self._answers_to(host_of(request.headers.get("host", ""))):
            said = "this server does not go by that host name; add it to the setting `names`"
            return problem_response(HTTPStatus.MISDIRECTED_REQUEST, said, path), None
        if path in OPEN_PATHS:
            return None, None
        if path == SIGN_IN:
            return await self._sign_in(request), None
        if "token" in request.query_params and request.method == "GET" and not path.startswith("/api/"):
            return self._token_in_address(request), None
        if screen_guard.admits(request, self._screens):
            return None, None
        grant, with_cookie = self._identify(request)
        cookie = None
        if grant is None and self._opens_itself(request):
            grant, cookie = LOCAL, self._sessions.open(LOCAL, time.time())
        if grant is None:
            return self._unknown(request), None
        if with_cookie and request.method not in ("GET", "HEAD", "OPTIONS") and not _same_origin(request):
            return problem_response(HTTPStatus.FORBIDDEN, "the request comes from another site", path), None
        if grant.public_only and path.rstrip("/") not in PUBLIC_PATHS and not screen_guard.is_of_walls(path):
            said = "a public-screen token reaches public answers only: " + ", ".join(sorted(PUBLIC_PATHS))
            return problem_response(HTTPStatus.FORBIDDEN, said, path), None
        request.state.grant = grant
        return None, cookie

    def _answers_to(self, host: str) -> bool:
        # A name can be pointed at us by a stranger's DNS, an address cannot.
        if host in self._names:
            return True
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return address.is_loopback or not self._local

    def _identify(self, request: Request) -> tuple[Grant | None, bool]:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme:
            return (self._tokens.find(token.strip()) if scheme.lower() == "bearer" else None), False
        grant_id = self._sessions.read(request.cookies.get(COOKIE, ""), time.time())
        if grant_id == LOCAL.grant_id:
            return (LOCAL if self._here(request) else None), True
        return (self._tokens.grant(grant_id) if grant_id else None), True

    def _here(self, request: Request) -> bool:
        """Bound to loopback, named so, and not behind a proxy that would let the world in."""
        forwarded = any(h in request.headers for h in ("forwarded", "x-forwarded-for", "x-forwarded-host"))
        return self._local and not forwarded and is_loopback(host_of(request.headers.get("host", "")))

    def _opens_itself(self, request: Request) -> bool:
        return (
            self._here(request)
            and request.method == "GET"
            and "authorization" not in request.headers
            and _is_page(request)
        )

    def _unknown(self, request: Request) -> Response:
        if request.method == "GET" and _is_page(request) and "authorization" not in request.headers:
            return HTMLResponse(_SIGN_IN_PAGE(encoding="utf-8"), status_code=HTTPStatus.UNAUTHORIZED)
        said = "send `Authorization: Bearer TOKEN`; `python run.py token create --role ROLE` prints a token"
        if "authorization" in request.headers:
            said = "the token is not known here; " + said
        return problem_response(HTTPStatus.UNAUTHORIZED, said, request.url.path)

    def _token_in_address(self, request: Request) -> Response:
        """Sign in with ``/?token=…`` and take the token out of the address at once."""
        rest = [(k, v) for k, v in parse_qsl(request.url.query) if k != "token"]
        where = request.url.path + ("?" + urlencode(rest) if rest else "")
        return self._welcome(request.query_params["token"], "/" + where.lstrip("/"), request)

    async def _sign_in(self, request: Request) -> Response:
        if request.method != "POST":
            return HTMLResponse(_SIGN_IN_PAGE(encoding="utf-8"))
        if not _same_origin(request):
            return problem_response(HTTPStatus.FORBIDDEN, "the form comes from another site", SIGN_IN)
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > 4_096:
                return problem_response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "a token is shorter than that", SIGN_IN)
        token = parse_qs(body.decode("utf-8", "replace")).get("token", [""])[0].strip()
        return self._welcome(token, "/", request)

    def _welcome(self, token: str, where: str, request: Request) -> Response:
        grant = self._tokens.find(token)
        if grant is None:
            page = _SIGN_IN_PAGE(encoding="utf-8").replace('id="wrong" hidden', 'id="wrong"')
            return HTMLResponse(page, status_code=HTTPStatus.UNAUTHORIZED)
        response = RedirectResponse(where, status_code=HTTPStatus.SEE_OTHER)
        secure = request.url.scheme == "https"
        response.headers.append("set-cookie", _cookie(self._sessions.open(grant, time.time()), secure))
        return response


def _secured(send: Send, cookie: str | None) -> Send:
    async def secured(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _SECURITY.items():
                headers.setdefault(name, value)
            headers.setdefault("content-security-policy", _POLICY)
            if "cache-control" not in headers:
                headers["cache-control"] = "no-store"
            if cookie:
                headers.append("set-cookie", _cookie(cookie, secure=False))
        await send(message)

    return secured


def _cookie(value: str, secure: bool) -> str:
    end = "; Secure" if secure else ""
    return f"{COOKIE}={value}; Path=/; Max-Age={SESSION_SECONDS}; HttpOnly; SameSite=Strict{end}"


def _is_page(request: Request) -> bool:
    """Somebody opening an address, as opposed to a script fetching data."""
    if request.headers.get("sec-fetch-mode", "navigate") != "navigate":
        return False
    accept = request.headers.get("accept", "*/*")
    return "text/html" in accept or ("*/*" in accept and not request.url.path.startswith(DATA_PATHS))


def _same_origin(request: Request) -> bool:
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower()

"""Who is asking: the guard in front of every page and every endpoint.

Every request but ``/healthz`` needs a session cookie or ``Authorization: Bearer``. On a server bound to loopback a
page opens its own session (docs/decisions/0004-local-session.md); elsewhere people sign in (`cockpit.sign_in`).
Whatever answers the request then reads with the rights of whoever asks (docs/decisions/0021).
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cockpit import screen_guard
from cockpit.problems import problem_response
from cockpit.screens import Screens
from cockpit.session_cookies import Claim, cookie_of, sent
from cockpit.settings import Settings
from cockpit.sign_in import ACTIVE, BACK, ELSEWHERE, PASSWORD, SETUP, SIGN_IN, SIGN_OUT, SignIn
from cockpit.tokens import Grant, Role
from twin_model.rights import NOBODY, answers_requests, reading

if TYPE_CHECKING:
    from cockpit.oidc import Elsewhere

LOCAL = Grant(Role.ADMINISTRATOR, "local", "local")
RENEWED_EVERY = 30
"""Seconds after which somebody who is there gets a cookie that says so."""

AROUND = {SIGN_IN, SIGN_OUT, SETUP, PASSWORD, ELSEWHERE, BACK}
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
    "/api/v1/city",
    "/api/v1/city/divisions",
    "/api/v1/coverage",
    "/api/v1/health-check",
    "/api/v1/health-check/rulebooks",
    "/api/v1/openapi.json",
    "/api/docs",
    "/icon.svg",
}

DATA_PATHS = ("/api/", "/map/", "/metrics", "/assets/", "/bundle/", "/vendor/", "/_")

_SECURITY = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
_POLICY = "default-src 'none'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"


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
        self, app: ASGIApp, *, settings: Settings, sign_in: SignIn, screens: Screens, elsewhere: Elsewhere | None = None
    ) -> None:
        self._app = app
        self._sign_in, self._elsewhere = sign_in, elsewhere
        self._tokens, self._sessions, self._accounts = sign_in.tokens, sign_in.sessions, sign_in.accounts
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
        secured = _secured(send, cookie, request.url.scheme == "https")
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
        claim = self._sessions.read(sent(request), self._now())
        if path in AROUND:
            return await self._around(request, claim), None
        if "token" in request.query_params and request.method == "GET" and not path.startswith("/api/"):
            return self._token_in_address(request), None
        if screen_guard.admits(request, self._screens):
            return None, None
        grant, with_cookie = self._identify(request, claim)
        cookie = None
        if grant is None and self._opens_itself(request):
            grant, cookie = LOCAL, self._sessions.open(LOCAL, self._now())
        if grant is None:
            return self._unknown(request), None
        if grant.account is not None and claim is not None:
            account = self._accounts.get(grant.account)
            if account.must_change(self._accounts.rules, self._accounts.now()):
                return self._change_first(request), None
            is_active = path == ACTIVE or (request.method == "GET" and _is_page(request))
            if is_active and self._now() - claim.seen >= RENEWED_EVERY:
                cookie = self._sessions.renewed(claim, self._now())
        if with_cookie and request.method not in ("GET", "HEAD", "OPTIONS") and not _same_origin(request):
            return problem_response(HTTPStatus.FORBIDDEN, "the request comes from another site", path), None
        if path == ACTIVE:
            return Response(status_code=HTTPStatus.NO_CONTENT), cookie
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

    def _now(self) -> float:
        return self._accounts.now().timestamp()

    async def _around(self, request: Request, claim: Claim | None) -> Response:
        """Signing in and out, one's own password, and what comes back from single sign-on."""
        if request.method == "POST" and not _same_origin(request):
            return problem_response(HTTPStatus.FORBIDDEN, "the form comes from another site", request.url.path)
        if self._elsewhere is not None and request.url.path in (ELSEWHERE, BACK):
            return await self._elsewhere.answer(request, self._sign_in)
        answered = await self._sign_in.answer(request, claim)
        return answered or problem_response(404, "there is nothing at this address", request.url.path)

    def _change_first(self, request: Request) -> Response:
        if request.method == "GET" and _is_page(request):
            return RedirectResponse(PASSWORD, status_code=HTTPStatus.SEE_OTHER)
        said = "请先修改密码 · change your password first, at /account/password"
        return problem_response(HTTPStatus.FORBIDDEN, said, request.url.path, code="password")

    def _identify(self, request: Request, claim: Claim | None) -> tuple[Grant | None, bool]:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme:
            return (self._tokens.find(token.strip()) if scheme.lower() == "bearer" else None), False
        if claim is None:
            return None, True
        if claim.is_account:
            account = self._accounts.signed(claim.subject, claim.stamp)
            return (account.grant if account else None), True
        if claim.subject == LOCAL.grant_id:
            return (LOCAL if self._here(request) else None), True
        return self._tokens.grant(claim.subject), True

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
            was_in = bool(sent(request))
            return self._sign_in.page(request, HTTPStatus.UNAUTHORIZED, wrong="sign_in.ended" if was_in else "")
        said = "send `Authorization: Bearer TOKEN`; `python run.py token create --role ROLE` prints a token"
        if "authorization" in request.headers:
            said = "the token is not known here; " + said
        return problem_response(HTTPStatus.UNAUTHORIZED, said, request.url.path)

    def _token_in_address(self, request: Request) -> Response:
        """Sign in with ``/?token=…`` and take the token out of the address at once."""
        rest = [(k, v) for k, v in parse_qsl(request.url.query) if k != "token"]
        where = request.url.path + ("?" + urlencode(rest) if rest else "")
        return self._sign_in.with_token(request, request.query_params["token"], "/" + where.lstrip("/"))


def _secured(send: Send, cookie: str | None, is_secure: bool) -> Send:
    async def secured(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _SECURITY.items():
                headers.setdefault(name, value)
            headers.setdefault("content-security-policy", _POLICY)
            if is_secure:
                headers["strict-transport-security"] = "max-age=31536000"
            if "cache-control" not in headers:
                headers["cache-control"] = "no-store"
            if cookie:
                headers.append("set-cookie", cookie_of(cookie, secure=is_secure))
        await send(message)

    return secured


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

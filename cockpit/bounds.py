"""What a request may look like before anything reads it: lengths, body, time, and text that is text.

The outermost layer. Nothing here knows who asks; how often somebody may ask is in ``cockpit.throttle``. What the
program would stumble over further in (a NUL in a name, half a surrogate pair, JSON nested ten thousand deep) is told
apart here, once, instead of in every endpoint. See docs/decisions/0028.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

import orjson
from prometheus_client import CollectorRegistry, Counter
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cockpit.problems import problem_response

LONGEST_ADDRESS = 8_192
LARGEST_HEAD = 32_768
MOST_HEADERS = 100
SMALL = 64 << 10
BODIES: tuple[tuple[str, int | None], ...] = (
    ("/api/v1/imports", None),  # a file; its size is counted where it is written (api.LARGEST_UPLOAD)
    ("/api/v1/reports/verifications", None),  # a report; its size is counted where it is read (zipped.LARGEST_ZIP)
    ("/api/v1/records/withdrawals", 1 << 20),  # up to 10,000 ids
    ("/api/", SMALL),
    ("/_dash-update-component", 4 << 20),  # a page sends what it shows back
    ("/", 16 << 10),
)
"""How long a body may be, by the beginning of the path; None: as long as it likes to be, never as slow."""
CHUNK_SECONDS = 15.0
BODY_SECONDS = 30.0
DRAINED, DRAIN_SECONDS = 4 << 20, 2.0
_REASONS = {
    401: "identity", 403: "right", 408: "slow", 413: "body", 414: "address", 421: "host", 429: "rate", 431: "head",
}  # fmt: skip
_HEADERS = [
    (b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"), (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"), (b"connection", b"close"),
]  # fmt: skip


class Unfit(HTTPException):
    """A request whose form is refused. An HTTPException, because FastAPI lets nothing else out of reading a body."""


@dataclass(frozen=True)
class Patience:
    """How long a body may take: until its next piece, and, where it is small, altogether."""

    chunk: float = CHUNK_SECONDS
    body: float = BODY_SECONDS


class Bounds:
    """ASGI middleware around everything else; counts what is refused, by reason."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry, patience: Patience = Patience()) -> None:
        self._app = app
        self._patience = patience
        self._refused = Counter(
            "cim_http_refused", "Requests refused, by reason: identity, right, rate, body ...", ["reason"],
            registry=registry,
        )  # fmt: skip
        for reason in sorted(set(_REASONS.values()) | {"form"}):
            self._refused.labels(reason)  # a rate needs its zero

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def counted(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                if reason := _REASONS.get(message["status"]):
                    self._refused.labels(reason).inc()
            await send(message)

        try:
            _check_head(scope)
            await self._app(scope, _Body(scope, receive, self._patience), counted)
        except Unfit as error:
            if begun:
                raise
            if error.status_code not in _REASONS:
                self._refused.labels("form").inc()
            if error.status_code == 413:
                await _drained(receive)
            response = problem_response(error.status_code, error.detail, _shown(scope["path"]))
            response.raw_headers.extend(_HEADERS)
            await response(scope, receive, counted)


def _check_head(scope: Scope) -> None:
    raw = scope.get("raw_path") or scope["path"].encode()
    query = scope["query_string"]
    if len(raw) + len(query) > LONGEST_ADDRESS:
        raise Unfit(414, f"the address is {len(raw) + len(query)} bytes long; at most {LONGEST_ADDRESS} are read")
    headers = scope["headers"]
    size = sum(len(name) + len(value) for name, value in headers)
    if size > LARGEST_HEAD or len(headers) > MOST_HEADERS:
        raise Unfit(
            431, f"{len(headers)} headers of {size} bytes; at most {MOST_HEADERS} of {LARGEST_HEAD} bytes are read"
        )
    for name, where in (("path", raw), ("query", query.replace(b"+", b" "))):
        _text(unquote_to_bytes(where), f"the {name} of the address")


def _text(data: bytes, what: str) -> None:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise Unfit(400, f"{what} is not UTF-8 (byte {error.start} is 0x{data[error.start]:02x})") from error
    if b"\0" in data:
        raise Unfit(400, f"{what} holds a NUL character")


_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def _check_json(body: bytes) -> None:
    try:
        orjson.loads(body)  # strict where Python's json is not: UTF-8, no half surrogates, no NaN, bounded depth
    except orjson.JSONDecodeError as error:
        raise Unfit(400, f"the body is not JSON (RFC 8259): {error}") from error
    if _ESCAPED_NUL.search(body):
        raise Unfit(400, "a text in the body holds a NUL character")


class _Body:
    """``receive`` with a limit on size and time. A small body is read as a whole when it is first asked for."""

    def __init__(self, scope: Scope, receive: Receive, patience: Patience) -> None:
        self._receive = receive
        self._patience = patience
        headers = dict(scope["headers"])
        path = scope["path"]
        kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        is_json = kind == b"application/json" or kind.endswith(b"+json")
        self._limit = next(limit for start, limit in BODIES if path.startswith(start) or start == "/")
        if is_json and self._limit is None:
            self._limit = SMALL  # the program's own commands name files instead of sending them
        self._is_checked = path == "/_dash-update-component" or (is_json and path.startswith("/api/"))
        self._over = scope["method"] in ("GET", "HEAD") and b"transfer-encoding" not in headers
        if self._over:
            self._over = headers.get(b"content-length", b"0") == b"0"
        said = headers.get(b"content-length", b"")
        if self._limit is not None and said.isdigit() and int(said[:20]) > self._limit:
            self._too_large(int(said[:20]))

    async def __call__(self) -> Message:
        if self._over:  # what comes now is only the news that the caller has gone
            return await self._receive()
        if self._limit is None:
            message = await self._within(self._receive, self._patience.chunk)
            self._over = not message.get("more_body", False)
            return message
        message = await self._within(self._whole, self._patience.body)
        self._over = True
        return message

    async def _whole(self) -> Message:
        assert self._limit is not None
        body = b""
        while True:
            message = await self._receive()
            if message["type"] != "http.request":
                return message
            body += message.get("body", b"")
            if len(body) > self._limit:
                self._too_large(len(body))
            if not message.get("more_body", False):
                break
        if self._is_checked and body:
            _check_json(body)
        return {"type": "http.request", "body": body, "more_body": False}

    async def _within(self, wait: Callable[[], Awaitable[Message]], seconds: float) -> Message:
        try:
            return await asyncio.wait_for(wait(), seconds)
        except TimeoutError as error:
            raise Unfit(408, f"the body did not come within {seconds:g} s") from error

    def _too_large(self, size: int) -> None:
        raise Unfit(413, f"the body has {size} bytes or more; at most {self._limit} are read here")


async def _drained(receive: Receive) -> None:
    """Take in a little more, so that a caller who is still sending gets to read why it was refused."""
    taken = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            while taken < DRAINED:
                message = await receive()
                taken += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return


def _shown(path: str) -> str:
    return path[:200].encode("utf-8", "replace").decode()

"""How often one may ask: a bucket of requests per account or token, and a bound on its open streams.

Inside the guard, so it is known who asks. What is never held back: the program's own commands, the pages of this very
machine, wall screens (their push is what they are), files that cost nothing, and every act of whoever works
incidents: no limit may stand between a duty officer and a call for help. See docs/decisions/0028.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from cockpit.problems import problem_response
from cockpit.tokens import Grant

BURST_SECONDS = 20
MOST_KNOWN = 10_000
STREAM = "/api/v1/live"
_FREE = ("/assets/", "/bundle/", "/vendor/", "/_dash-component-suites/", "/screen", "/healthz", "/icon.svg")
_READS = ("GET", "HEAD", "OPTIONS")


@dataclass
class _Bucket:
    left: float
    at: float


class Buckets:
    """Token buckets by name: ``rate`` a second, ``burst`` at once. Only so many names are kept, the newest."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._of: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, name: str) -> int:
        """0 when there was one left; else the seconds until there is."""
        now = self._clock()
        bucket = self._of.setdefault(name, _Bucket(self._burst, now))
        self._of.move_to_end(name)
        while len(self._of) > MOST_KNOWN:
            self._of.popitem(last=False)
        bucket.left = min(self._burst, bucket.left + (now - bucket.at) * self._rate)
        bucket.at = now
        if bucket.left >= 1:
            bucket.left -= 1
            return 0
        return max(1, math.ceil((1 - bucket.left) / self._rate))


class Throttle:
    """ASGI middleware inside the guard."""

    def __init__(self, app: ASGIApp, rate: int, streams: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._streams = streams
        self._rate = rate
        self._buckets = Buckets(rate, rate * BURST_SECONDS, clock)
        self._open: dict[str, int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        grant: Grant | None = scope.get("state", {}).get("grant") if scope["type"] == "http" else None
        if grant is None or grant.is_control or scope["path"].startswith(_FREE):
            await self._app(scope, receive, send)
            return
        name = grant.account or grant.grant_id
        if scope["path"].rstrip("/") == STREAM:
            if self._open.get(name, 0) >= self._streams:
                said = f"{self._streams} streams of {STREAM} are open already; close one, or set `streams`"
                await _refuse(scope, receive, send, 10, "streams", said)
                return
            with self._counted(name):
                await self._app(scope, receive, send)
            return
        if self._is_held(grant, scope["method"]) and (wait := self._buckets.take(name)):
            said = f"more than {self._rate} requests a second; again in {wait} s (setting `rate`)"
            await _refuse(scope, receive, send, wait, "rate", said)
            return
        await self._app(scope, receive, send)

    def _is_held(self, grant: Grant, method: str) -> bool:
        if grant.grant_id == "local":
            return False
        return method in _READS or not grant.may_act

    @contextmanager
    def _counted(self, name: str) -> Iterator[None]:
        self._open[name] = self._open.get(name, 0) + 1
        try:
            yield
        finally:
            self._open[name] -= 1
            if not self._open[name]:
                del self._open[name]


async def _refuse(scope: Scope, receive: Receive, send: Send, wait: int, code: str, said: str) -> None:
    response = problem_response(429, said, scope["path"][:200], code=code)
    response.headers["retry-after"] = str(wait)
    await response(scope, receive, send)

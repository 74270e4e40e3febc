"""What the server says of itself: /healthz for everybody, /metrics in Prometheus text."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cockpit import api_models as shape
from cockpit.caching import Answers
from cockpit.encoding import dumps
from cockpit.live import Hub
from cockpit.services import Services
from twin_model.twin import Twin

TEXT = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class Meter:
    """ASGI middleware: requests by route and status, and how long they took."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self._app = app
        labels = ["method", "route", "status"]
        self._requests = Counter("cim_http_requests", "Requests answered", labels, registry=registry)
        self._seconds = Histogram(
            "cim_http_seconds", "Time to the start of the answer", ["route"], buckets=_BUCKETS, registry=registry
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                # the route, never the path: paths hold ids, and each would be a series of its own
                route = getattr(scope.get("route"), "path", "other")
                self._requests.labels(scope["method"], route, message["status"]).inc()
                self._seconds.labels(route).observe(time.perf_counter() - started)
            await send(message)

        await self._app(scope, receive, noted)


class _Inside:
    """Counters that live elsewhere, read when asked."""

    def __init__(self, twin: Twin, services: Services, hub: Hub, answers: Answers) -> None:
        self._of: tuple[tuple[str, Callable[[], dict[str, Any]]], ...] = (
            ("cim_twin", lambda: {**twin.counts(), "revision": twin.revision}),
            ("cim_intake", services.broker_status),
            ("cim_care", services.care_status),
            ("cim_backup", services.backup_status),
            ("cim_live", lambda: vars(hub.counts)),
            ("cim_answers", lambda: vars(answers.counts)),
        )
        self._outlets = services.outlet_status

    def collect(self) -> Iterator[Metric]:
        for prefix, ask in self._of:
            for name, value in ask().items():
                if not isinstance(value, int | float):
                    continue
                gauge = name in GAUGES
                family = GaugeMetricFamily if gauge else CounterMetricFamily
                yield family(f"{prefix}_{name}", name.replace("_", " "), value=float(value))
        yield from _of_outlets(self._outlets())


def _of_outlets(outlets: Sequence[Mapping[str, Any]]) -> Iterator[Metric]:
    """What each outlet told, what waits, what was given up, and whether something is wrong (1) or not (0)."""
    for name, family in (
        ("waiting", GaugeMetricFamily), ("refused", GaugeMetricFamily), ("told", CounterMetricFamily),
        ("given_up", CounterMetricFamily), ("fault", GaugeMetricFamily),
    ):  # fmt: skip
        found = family(f"cim_outlet_{name}", f"outlets: {name.replace('_', ' ')}", labels=["outlet", "kind"])
        for one in outlets:
            value = one[name] is not None if name == "fault" else one[name]
            found.add_metric([one["name"], one["kind"]], float(value))
        yield found


GAUGES = {
    "connected", "inbox_depth", "lag_s", "last_commit_ms", "clients", "answers", "kept_bytes", "revision",
    "readings_total", "running", "behind_s", "step_ms", "late_ms", "most_late_ms",
    "last_failed",
}  # fmt: skip


def install(
    server: FastAPI, registry: CollectorRegistry, twin: Twin, services: Services, hub: Hub, answers: Answers
) -> None:
    """Add /healthz and /metrics."""
    registry.register(_Inside(twin, services, hub, answers))

    @server.get("/healthz", tags=["运行 Running"], response_model=shape.Health, summary="Is it well? Open to everybody")
    async def healthz() -> Response:
        status = services.broker_status()
        sources = {s.name: s.connected for s in twin.sources()}
        connected = bool(status.get("connected"))
        care = services.care_status()
        watched = bool(care.get("running"))
        stored = twin.unwritten_since is None
        body = {
            "status": "ok" if connected and watched and stored and all(sources.values()) else "degraded",
            "revision": twin.revision,
            "broker_connected": connected,
            "inbox_depth": status.get("inbox_depth", 0),
            "lag_s": status.get("lag_s"),
            "care_running": watched,
            "care_behind_s": care.get("behind_s"),
            "stored": stored,
            "backed_up": not services.backup_status().get("last_failed", False),
            "sources": sources,
        }
        return Response(dumps(body), media_type="application/json", headers={"cache-control": "no-store"})

    @server.get("/metrics", tags=["运行 Running"], response_class=Response, summary="Prometheus text")
    def metrics(_request: Request) -> Response:
        return Response(generate_latest(registry), media_type=TEXT)

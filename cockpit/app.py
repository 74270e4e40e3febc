"""The web program: pages, map, interface and push on one twin. ``create_app`` makes it, `close` ends it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dash import Dash
from fastapi import FastAPI, Request
from prometheus_client import CollectorRegistry
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, Response

from cockpit import (
    api,
    api_accounts,
    api_audit,
    api_privacy,
    api_reports,
    api_screens,
    api_views,
    circle_routes,
    city_routes,
    described,
    metrics,
    problems,
    serving,
    shell,
    walls,
)
from cockpit.accounts import Accounts
from cockpit.asking import instant_of
from cockpit.bounds import Bounds
from cockpit.caching import Answers
from cockpit.encoding import dumps
from cockpit.live import Hub
from cockpit.noting import Looks
from cockpit.passwords import Rules
from cockpit.problems import Problem
from cockpit.purposes import Purposes
from cockpit.reports.desk import ReportDesk
from cockpit.saved_views import SavedViews
from cockpit.screen_desk import Desk
from cockpit.services import Services
from cockpit.session_cookies import Sessions
from cockpit.sessions import Guard, is_loopback
from cockpit.settings import Settings
from cockpit.sign_in import Setup, SignIn
from cockpit.throttle import Throttle
from cockpit.tokens import Tokens
from layouts.parts import map_classes, map_scene
from twin_model.twin import Twin

if TYPE_CHECKING:
    from cockpit.oidc import Elsewhere

TITLE = "CIM 驾驶舱"
ASSETS = Path(__file__).resolve().parents[1] / "assets"
STATIC = Path(__file__).parent / "static"

# The ground colour comes with the first byte: no white flash before the styles are there. deck.js is asked for
# early because the map waits for it.
INDEX = """<!DOCTYPE html>
<html lang="zh-CN">
<head>
{%metas%}
<meta name="color-scheme" content="dark">
<title>{%title%}</title>
<style>html,body{background:#0B1220;color:#E8EEF7;margin:0}</style>
<link rel="preload" as="script" href="/vendor/deck.js">
<link rel="icon" type="image/svg+xml" href="/icon.svg">
{%css%}
<link rel="stylesheet" href="{STYLES}">
</head>
<body>
{%app_entry%}
<footer hidden>{%config%}
{%scripts%}
<script src="{SCRIPTS}"></script>
{%renderer%}</footer>
</body>
</html>
"""


@dataclass
class Cockpit:
    """The running parts of one web program."""

    dash: Dash
    server: FastAPI
    hub: Hub
    answers: Answers
    tokens: Tokens
    backend: serving.Backend
    reports: ReportDesk
    sign_in: SignIn

    def close(self) -> None:
        """End the streams, the report under way and the callback threads; a second call does nothing."""
        self.hub.close()
        self.reports.close()
        self.backend.threads.shutdown(wait=True, cancel_futures=True)


def create_app(
    twin: Twin, settings: Settings, services: Services, *, tokens: Tokens | None = None, folder: Path | None = None
) -> Cockpit:
    """The web program on ``twin``. ``folder`` keeps tokens and the session key (None: they end with the process)."""
    tokens = tokens or Tokens(folder, twin.now)
    hub, answers = Hub(twin), Answers()
    files = {"css": serving.OneFile.styles(_assets("css")), "js": serving.OneFile.scripts(_assets("js"))}
    own = {kind: f"/bundle/cockpit.{kind}?v={file.version}" for kind, file in files.items()}
    dash = Dash(
        "cockpit",
        backend=serving.Backend,
        title=TITLE,
        update_title="",  # no flicker of the title while callbacks run
        assets_folder=str(ASSETS),
        include_assets_files=False,  # in one piece instead: see OneFile
        index_string=INDEX.replace("{STYLES}", own["css"]).replace("{SCRIPTS}", own["js"]),
        serve_locally=True,
        compress=False,  # done below and, for what never changes, once (serving.compressed)
        suppress_callback_exceptions=False,
        enable_mcp=False,
        add_log_handler=False,
    )
    server, backend = dash.server, dash.backend
    assert isinstance(backend, serving.Backend)
    pages = shell.discover_pages()
    dash.layout = shell.frame()
    dash.validation_layout = shell.everything(pages)  # type: ignore[assignment]
    looks = Looks(services.audit)
    sign_in, purposes = _sign_in(twin, settings, services, tokens, folder), Purposes(twin.now)
    desk = Desk.of(folder, twin.now)
    reports = ReportDesk(twin, folder, services.audit)
    services = replace(services, screens=desk.listed, reports=reports)
    services = replace(
        services, accounts=lambda: api_accounts.listed(sign_in), name_of=lambda who: sign_in.accounts.get(who).name,
        purpose_of=purposes.of, purposes=purposes.listed,
    )  # fmt: skip
    asker = shell.Asker(twin, services, answers, hub, looks)
    hub.ahead = asker.look_ahead
    shell.register(dash, pages, asker)
    dash._setup_server()  # type: ignore[no-untyped-call]  # now, not at the first request: a mistake in a layout ends the start

    registry = CollectorRegistry()
    problems.install(server)
    described.install(server)
    metrics.install(server, registry, twin, services, hub, answers)
    server.state.audit, server.state.looks, server.state.purposes = services.audit, looks, purposes
    for routes in api.build(twin, services, hub):
        server.include_router(routes)
    server.include_router(api_audit.build())
    server.include_router(api_accounts.build(sign_in))
    server.include_router(api_privacy.build(twin))
    server.include_router(api_screens.build(desk))
    server.include_router(api_views.build(twin, SavedViews(folder, [page.slug for page in pages])))
    server.include_router(api_reports.build(twin, reports))
    registry.register(desk)
    deck = serving.OneFile.of(map_scene.deck_bundle_path())
    backend.threads.submit(deck.warm)
    for kind, file in files.items():
        server.add_api_route(f"/bundle/cockpit.{kind}", file, methods=["GET"], include_in_schema=False)
    _map_routes(server, twin, deck)
    city_routes.install(server, twin)
    circle_routes.install(server, twin)
    walls.install(server, twin, asker, hub, desk, deck)
    _documentation(server)
    backend.is_page = lambda path: shell.page_at(pages, path) is not None
    backend.finish()

    server.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=5)
    server.add_middleware(metrics.Meter, registry=registry)
    server.add_middleware(Throttle, rate=settings.rate, streams=settings.streams)
    elsewhere = _elsewhere(settings, sign_in.accounts)
    server.add_middleware(Guard, settings=settings, sign_in=sign_in, screens=desk.screens, elsewhere=elsewhere)
    server.add_middleware(Bounds, registry=registry)
    hub.start()
    return Cockpit(dash, server, hub, answers, tokens, backend, reports, sign_in)


def _assets(kind: str) -> list[Path]:
    """The program's own files of a kind, in the order of their names."""
    return sorted(ASSETS.glob(f"*.{kind}"))


def _sign_in(twin: Twin, settings: Settings, services: Services, tokens: Tokens, folder: Path | None) -> SignIn:
    accounts = Accounts(folder, Rules.of(settings), twin.now)
    sessions = Sessions.of(folder, settings.session_idle * 60, settings.session_hours * 3600)
    setup = None if is_loopback(settings.host) or accounts.has_administrator else Setup(accounts)
    return SignIn(
        accounts=accounts, tokens=tokens, sessions=sessions, audit=services.audit, setup=setup,
        elsewhere=bool(settings.oidc_issuer),
    )  # fmt: skip


def _elsewhere(settings: Settings, accounts: Accounts) -> Elsewhere | None:
    """Single sign-on, whose libraries are read only where it is set."""
    if not settings.oidc_issuer:
        return None
    from cockpit.oidc import Elsewhere

    return Elsewhere.of(settings, accounts)


def _map_routes(server: FastAPI, twin: Twin, deck: serving.OneFile) -> None:
    server.add_api_route("/vendor/deck.js", deck, methods=["GET"], include_in_schema=False)

    @server.get("/map/{community_id}/geometry", include_in_schema=False)
    def geometry(request: Request, community_id: str, v: str | None = None, at: str | None = None) -> Response:
        moment = _moment(twin, at)
        tag = f'"{twin.geometry_version(community_id, moment)}"'
        # with its version in the address the answer never changes; without, it is checked each time
        cache = "private, max-age=31536000, immutable" if v and f'"{v}"' == tag else "private, no-cache"
        headers = {"etag": tag, "cache-control": cache}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        data = map_scene.geometry_bytes(twin, community_id, moment)
        if "gzip" in request.headers.get("accept-encoding", ""):
            data = serving.compressed(data)
            headers |= {"content-encoding": "gzip", "vary": "Accept-Encoding"}
        return Response(data, media_type="application/octet-stream", headers=headers)

    @server.get("/map/{community_id}/classes", include_in_schema=False)
    def classes(community_id: str, at: str | None = None) -> Response:
        answer = map_classes.classes(twin, community_id, _moment(twin, at))
        return Response(dumps(answer), media_type="application/json", headers={"cache-control": "no-store"})

    @server.get("/map/{community_id}/building/{building_id}", include_in_schema=False)
    def building(community_id: str, building_id: str, at: str | None = None) -> Response:
        answer = map_scene.building_detail(twin, building_id, _moment(twin, at))
        if answer is None:
            raise Problem(404, f"no building {building_id!r} is known in {community_id!r} at that instant")
        return Response(dumps(answer), media_type="application/json", headers={"cache-control": "no-store"})


def _moment(twin: Twin, at: str | None) -> datetime:
    now = twin.now()
    return min(instant_of(at, "at"), now) if at else now


def _documentation(server: FastAPI) -> None:
    html = (STATIC / "docs.html").read_text(encoding="utf-8")
    icon = (STATIC / "icon.svg").read_bytes()

    @server.get("/icon.svg", include_in_schema=False)
    async def small_picture() -> Response:
        return Response(icon, media_type="image/svg+xml", headers={"cache-control": "public, max-age=86400"})

    @server.get("/api/docs", include_in_schema=False)
    async def docs() -> Response:
        return HTMLResponse(html, headers={"content-security-policy": serving.policy(html)})

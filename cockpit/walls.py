"""Wall screens over HTTP: the page of a wall, its answers, its map, pairing, and what screens say of themselves.

A wall is no Dash page: its parts are the same views, drawn here as HTML (``layouts.parts.drawn``), so a wall's
browser never sends a callback and what it can ask is this file. The guard lets a screen's cookie in below ``/screen``
only; here a public wall is answered from ``wall_parts.PUBLIC`` and nothing else (docs/decisions/0024).
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from threading import Lock
from typing import Any

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, Response, StreamingResponse

from cockpit import screen_health, serving
from cockpit.asking import instant_of
from cockpit.encoding import dumps, rfc3339
from cockpit.live import Hub
from cockpit.problems import Problem
from cockpit.screen_desk import Desk
from cockpit.screen_guard import BUNDLES, SCREEN, SCRIPTS, STYLES
from cockpit.screens import COOKIE, COOKIE_SECONDS, Screen, ScreenProblem
from cockpit.shell import Asker, default_community
from cockpit.tokens import Grant
from layouts.page import View
from layouts.parts import map_classes, map_scene, wall_answers, wall_parts, wall_staff, wall_views
from layouts.parts.drawn import to_html
from layouts.parts.home_asking import Minutely
from layouts.parts.panel import failed, fingerprint
from layouts.parts.text import t, texts
from layouts.parts.wall_declared import Wall
from twin_model.rights import Rights, asked, reading
from twin_model.twin import Twin

log = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"
ASSETS = Path(__file__).resolve().parents[1] / "assets"
MOST_BODY = 4_096
SHARED_SECONDS = 5
_SAID = ("ago.", "wall.updated", "wall.offline", "wall.since", "wall.residents", "wall.staff.over")


@dataclass(frozen=True)
class Seen:
    """A request for a wall that may be answered."""

    wall: Wall
    screen: Screen | None
    name: str
    rights: Rights


class Walls:
    """The answers of walls, drawn once for all screens."""

    def __init__(self, asker: Asker, hub: Hub, desk: Desk) -> None:
        self._asker, self._hub, self._desk = asker, hub, desk
        self._drawn: dict[tuple[str, str, str, Rights], tuple[Any, str, str]] = {}
        self._failing: set[str] = set()
        self._lock = Lock()

    def answer(self, wall: Wall, view: View, known: Mapping[str, str], *, slow: bool) -> dict[str, Any]:
        """The parts of a wall that are not ``known`` to the screen: ``{name: [key, html or None]}``.

        Asked with the rights in force (``twin_model.rights``).
        """
        twin = self._asker.twin
        parts = wall_parts.PARTS[wall.audience]
        found: dict[str, Any] = {}
        for name in wall.parts:
            if parts[name].minutely is slow:
                key, drawn = self._part(name, parts[name], view)
                found[name] = [key, None if known.get(name) == key else drawn]
        body: dict[str, Any] = {
            "at": rfc3339(view.at or twin.now()), "revision": twin.revision, "parts": found, "wall": wall.name,
        }  # fmt: skip
        if not slow:
            body["head"] = self._asker("wall.head", wall_parts.HEAD.question, view)
            if not wall.is_public:
                key, drawn = self._part("takeover", wall_parts.TAKEOVER, view)
                body["takeover"] = [key, drawn]
        return body

    def _part(self, name: str, part: wall_parts.Part, view: View) -> tuple[str, str]:
        pulse = self._hub.pulse()
        ask = Minutely(self._asker) if part.minutely else self._asker
        if not view.live:
            return self._draw(name, part, view, ask)
        moment: Any = (pulse.revision, pulse.at)
        if part.minutely or name in wall_parts.PUBLIC:  # a public part is asked every five seconds, by all walls once
            moment = pulse.at.timestamp() // (60 if part.minutely else SHARED_SECONDS)
        place = (name, view.lang, view.community, asked())
        with self._lock:
            kept = self._drawn.get(place)
        if kept is not None and kept[0] == moment:
            return kept[1], kept[2]
        key, drawn = self._draw(name, part, view, ask)
        with self._lock:
            self._drawn[place] = (moment, key, drawn)
        return key, drawn

    def _draw(self, name: str, part: wall_parts.Part, view: View, ask: Any) -> tuple[str, str]:
        question = part.question
        try:
            answer = ask(f"{question.__module__}.{question.__name__}", question, view)
            if not asked().homes:
                answer = wall_staff.without_homes(answer)
            now = view.at or self._asker.twin.now()
            drawn = to_html(part.draw(view, now, answer))
            self._failing.discard(name)
            return fingerprint(view, answer), drawn
        except Exception:  # the wall between parts: one that fails must not freeze the others
            if name not in self._failing:
                self._failing.add(name)
                log.exception("wall part %s failed", name)
            return "failed", to_html(failed(view))


def install(server: FastAPI, twin: Twin, asker: Asker, hub: Hub, desk: Desk, deck: serving.OneFile) -> None:
    """Add everything below ``/screen``, and the files a wall is made of."""
    walls = Walls(asker, hub, desk)
    version = version_of([STATIC / "wall.html", *(ASSETS / name for name in (*SCRIPTS, *STYLES))])
    files = {
        "css": serving.OneFile.styles([ASSETS / name for name in STYLES]),
        "js": serving.OneFile.scripts([ASSETS / name for name in SCRIPTS]),
    }
    own = {kind: f"{path}?v={files[kind].version}" for kind, path in BUNDLES.items()}
    deck_address = f"/vendor/deck.js?v={deck.version}"
    for kind, path in BUNDLES.items():
        server.add_api_route(path, files[kind], methods=["GET"], include_in_schema=False)

    def seen(request: Request, name: str) -> Seen:
        grant: Grant | None = getattr(request.state, "grant", None)
        screen: Screen | None = getattr(request.state, "screen", None)
        if screen is not None:
            if name not in (screen.screen_id, screen.name):
                raise _refused("这块屏幕只能打开自己的大屏", "this screen may open its own wall only")
            return _seen(desk.wall_of(screen), screen, screen.screen_id, screen.grant)
        paired = desk.screens.named(name)
        wall = desk.wall_of(paired) if paired else desk.walls.get(name)
        if wall is None or grant is None:
            known = ", ".join(desk.walls)
            raise Problem(404, f"没有大屏 {name}；已声明：{known} · no wall {name!r} is declared; there are {known}")
        if grant.public_only and not wall.is_public:
            raise _refused("公共屏不能打开工作人员的大屏", "a public screen may not open a wall of the staff")
        return _seen(wall, None, name, grant)

    def community_of(found: Seen) -> str:
        with reading(found.rights):
            return found.wall.community or default_community(twin)

    def view_of(request: Request, found: Seen) -> View:
        lang = request.query_params.get("lang", found.wall.lang)
        at = request.query_params.get("at")
        community = community_of(found)
        moment = min(instant_of(at, "at"), twin.now()) if at and found.screen is None else None
        return View(community=community, lang=lang if lang in ("zh", "en") else "zh", at=moment)

    @server.get(SCREEN, include_in_schema=False)
    def entrance(request: Request) -> Response:
        screen: Screen | None = getattr(request.state, "screen", None)
        if screen is None:
            html = (STATIC / "screen_pair.html").read_text(encoding="utf-8")
            return HTMLResponse(html, headers={"content-security-policy": serving.policy(html)})
        response = page(request, _seen(desk.wall_of(screen), screen, screen.screen_id, screen.grant))
        response.headers.append("set-cookie", cookie(request.cookies[COOKIE], request))
        return response

    @server.post(f"{SCREEN}/pairing", include_in_schema=False)
    async def pairing(request: Request) -> Response:
        """A new code; or, with the secret of one, whether somebody has typed it."""
        secret = str((await _body(request)).get("secret") or "")
        address = request.client.host if request.client else ""
        now = twin.now()
        try:
            state, token = desk.pairing.collect(secret, now) if secret else ("new", None)
            if state == "waiting":
                return _json({"state": "waiting"})
            if token is not None:
                response = _json({"state": "paired"})
                response.headers.append("set-cookie", cookie(token, request))
                return response
            code, secret, until = desk.pairing.begin(address, now)
        except ScreenProblem as problem:
            raise Problem(problem.status, str(problem), code=problem.code) from problem
        left = (until - now).total_seconds()
        return _json({"state": "new", "code": code, "secret": secret, "seconds": left})

    @server.get(f"{SCREEN}/{{name}}", include_in_schema=False)
    def wall_page(request: Request, name: str) -> Response:
        return page(request, seen(request, name))

    def page(request: Request, found: Seen) -> Response:
        wall = found.wall
        lang = request.query_params.get("lang", wall.lang)
        lang = lang if lang in ("zh", "en") else "zh"
        told = {
            "base": f"{SCREEN}/{found.name}", "paired": found.screen is not None, "audience": wall.audience,
            "community": community_of(found), "lang": lang, "theme": wall.theme,
            "shift": wall.shift.total_seconds(), "version": _of(version, wall),
            "deck": deck_address,
            "shows": [
                {"name": s.name, "last": s.last.total_seconds(), "map": s.has_map, "regions": s.regions}
                for s in wall.shows
            ],
            "texts": {key: words for key, words in texts(lang).items() if key.startswith(_SAID)},
        }  # fmt: skip
        is_drawn = wall.shows[0].has_map and "at" not in request.query_params
        early = _early(deck_address, f"{SCREEN}/{found.name}", lang) if is_drawn else ""
        html = (STATIC / "wall.html").read_text(encoding="utf-8")
        for mark, words in (
            ("LANG", "en" if lang == "en" else "zh-CN"), ("WALL", escape(json.dumps(told, ensure_ascii=False))),
            ("TITLE", escape(wall.title[lang])), ("STYLES", own["css"]), ("SCRIPTS", own["js"]),
            ("EARLY", early),
            ("WAITING", escape(t(lang, "wall.waiting"))), ("AUDIENCE", wall.audience),
        ):  # fmt: skip
            html = html.replace("{%" + mark + "%}", words)
        return HTMLResponse(html, headers={"content-security-policy": serving.policy(html, late="attributes")})

    @server.get(f"{SCREEN}/{{name}}/answers", include_in_schema=False)
    def answers(request: Request, name: str, k: str = "", slow: bool = False) -> Response:
        found = seen(request, name)
        known = dict(part.split(":", 1) for part in k.split(",") if ":" in part)
        with reading(found.rights):
            body = walls.answer(found.wall, view_of(request, found), known, slow=slow)
        return _json({**body, "version": _of(version, found.wall)})

    @server.get(f"{SCREEN}/{{name}}/geometry", include_in_schema=False)
    def geometry(request: Request, name: str) -> Response:
        found = seen(request, name)
        with reading(found.rights):
            view = view_of(request, found)
            at = view.at or twin.now()
            tag = f'"{twin.geometry_version(view.community, at)}"'
            headers = {"etag": tag, "cache-control": "private, no-cache"}
            if request.headers.get("if-none-match") == tag:
                return Response(status_code=304, headers=headers)
            data = map_scene.geometry_bytes(twin, view.community, at)
        if "gzip" in request.headers.get("accept-encoding", ""):
            data = serving.compressed(data)
            headers |= {"content-encoding": "gzip", "vary": "Accept-Encoding"}
        return Response(data, media_type="application/octet-stream", headers=headers)

    @server.get(f"{SCREEN}/{{name}}/classes", include_in_schema=False)
    def classes(request: Request, name: str) -> Response:
        found = seen(request, name)
        with reading(found.rights):
            view = view_of(request, found)
            if found.wall.is_public:
                told = asker("wall.classes", wall_answers.map_classes, view)
                return _json({**told, "pins": wall_views.pins(view.lang, told)})
            return _json(map_classes.classes(twin, view.community, view.at or twin.now()))

    @server.get(f"{SCREEN}/{{name}}/live", include_in_schema=False)
    async def live(request: Request, name: str) -> Response:
        found = seen(request, name)
        community = await run_in_threadpool(community_of, found)
        stream = hub.stream(community, None, is_public=found.wall.is_public)
        return StreamingResponse(
            _until_unpaired(stream, request, desk), media_type="text/event-stream",
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )  # fmt: skip

    @server.post(f"{SCREEN}/{{name}}/health", include_in_schema=False)
    async def health(request: Request, name: str) -> Response:
        found = seen(request, name)
        if found.screen is None:
            raise _refused("只有已配对的屏幕报告状态", "only a paired screen reports its health")
        said = screen_health.read(await _body(request))
        desk.health.note(found.screen.screen_id, said, twin.now())
        return Response(status_code=204)


def _seen(wall: Wall, screen: Screen | None, name: str, grant: Grant) -> Seen:
    """A public wall is read as the public, whoever looks at it."""
    return Seen(wall, screen, name, Rights() if wall.is_public else grant.rights)


async def _until_unpaired(stream: AsyncIterator[bytes], request: Request, desk: Desk) -> AsyncIterator[bytes]:
    """The stream, for as long as the screen that listens is paired."""
    screen: Screen | None = getattr(request.state, "screen", None)
    async for event in stream:
        if screen is not None and desk.screens.named(screen.screen_id) is None:
            return
        yield event


async def _body(request: Request) -> dict[str, Any]:
    """A small JSON object; an empty body is {}."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BODY:
            raise Problem(413, f"a screen says less than {MOST_BODY} bytes")
    try:
        said = json.loads(body) if body else {}
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise Problem(400, "the body is no JSON object")
    return said


def cookie(token: str, request: Request) -> str:
    """The cookie that makes a browser this screen; sent to this server only, and not readable by scripts."""
    end = "; Secure" if request.url.scheme == "https" else ""
    return f"{COOKIE}={token}; Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Strict{end}"


def version_of(paths: Iterable[Path]) -> str:
    """Changes when a file of the wall does: a screen that reads another one opens its page anew."""
    digest = hashlib.blake2b(digest_size=6)
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _early(deck: str, base: str, lang: str) -> str:
    """What the map of the first show asks for, asked for before the scripts that do so have been read."""
    answers = "".join(
        f'\n<link rel="preload" as="fetch" crossorigin="anonymous" href="{escape(address)}">'
        for address in (f"{base}/geometry", f"{base}/classes?lang={lang}")
    )
    return f'<link rel="preload" as="script" href="{deck}">{answers}'


def _of(version: str, wall: Wall) -> str:
    return f"{version}-{wall.name}-{wall.fingerprint[:6]}"


def _json(body: Any) -> Response:
    return Response(dumps(body), media_type="application/json", headers={"cache-control": "no-store"})


def _refused(zh: str, en: str) -> Problem:
    return Problem(403, f"{zh} · {en}", code="screen")



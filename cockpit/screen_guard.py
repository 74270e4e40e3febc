"""What a wall screen's cookie opens: its own wall below ``/screen`` and the files it is made of, and nothing else.

Part of the guard (``cockpit.sessions``). The cookie counts nowhere else, whatever role the screen was paired with:
whoever finds a keyboard at a wall gets no page, no callback and no endpoint of the interface with it.
"""

from __future__ import annotations

from starlette.requests import Request

from cockpit.screens import COOKIE, Screens

SCREEN = "/screen"
SCRIPTS = (
    "40_map.js", "40_map_focus.js", "40_map_geometry.js", "40_map_ground.js", "40_map_labels.js", "40_map_layer.js",
    "40_map_mesh.js", "40_map_names.js", "40_map_shaders.js", "40_map_split.js", "40_map_stage.js",
    "40_map_streets.js", "40_map_tokens.js", "40_map_view.js", "70_wall.js", "70_wall_life.js", "70_wall_map.js",
)  # fmt: skip
STYLES = (
    "10_tokens.css", "12_panels.css", "13_overview.css", "16_icons.css", "21_scenes.css", "70_wall.css", "map.css",
)  # fmt: skip
BUNDLES = {"css": "/bundle/wall.css", "js": "/bundle/wall.js"}
FILES = frozenset({*BUNDLES.values(), "/vendor/deck.js"})
"""The program's own files a wall is made of."""
OPEN = {(SCREEN, "GET"), (f"{SCREEN}/pairing", "POST")}
"""What a screen that is not paired yet may ask: its code, and whether somebody typed it."""


def is_of_walls(path: str) -> bool:
    """Whether an address belongs to walls, which check for themselves who may see which."""
    return path == SCREEN or path.startswith(f"{SCREEN}/") or path in FILES


def admits(request: Request, screens: Screens) -> bool:
    """Whether the request is let through as a screen's, paired or about to be; its screen is then in the state."""
    path, method = request.url.path, request.method
    if not is_of_walls(path) or "authorization" in request.headers:
        return False
    screen = screens.find(request.cookies.get(COOKIE, ""))
    if screen is not None and (method == "GET" or _own(request)):
        request.state.screen, request.state.grant = screen, screen.grant
        return True
    return (path, method) in OPEN and (method == "GET" or _own(request))


def _own(request: Request) -> bool:
    """A write comes from a page of this server."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin", "")
    return origin.split("://")[-1].lower() == request.headers.get("host", "").lower()

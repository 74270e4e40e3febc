"""``run.py screen list|pair|unpair|rename``: the managed list of wall screens on the command line.

Pairing needs the running server, because the codes that wait are in its memory; the rest also works without one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cockpit.beside import RunningServer
from cockpit.screens import ScreenProblem, Screens


class NoServer(Exception):
    """A code can only be used up by the server that gave it out."""


def lines(folder: Path, server: RunningServer | None, asked: Mapping[str, Any]) -> Iterator[str]:
    """Do what was asked (``what``, ``code``, ``screen``, ``name``, ``wall``, ``role``) and yield what to print.

    Raises ``NoServer``, ``ScreenProblem``, or ``ServerRefused`` from the server.
    """
    what = asked["what"]
    if what == "pair":
        if server is None:
            raise NoServer("No server runs on this data folder; the code on the screen comes from a running one.")
        said = {key: asked[key] for key in ("code", "name", "wall", "role") if asked[key] is not None}
        yield _line(server.pair_screen(said))
    elif server is not None:
        yield from _through(server, what, asked)
    else:
        yield from _here(Screens(folder), what, asked)


def _through(server: RunningServer, what: str, asked: Mapping[str, Any]) -> Iterator[str]:
    items = server.screens()
    if what == "list":
        yield from map(_line, items)
        return
    found = next((one for one in items if asked["screen"] in (one["name"], one["id"])), None)
    if found is None:
        raise ScreenProblem(404, "not_found", f"没有屏幕 {asked['screen']}", f"there is no screen {asked['screen']!r}")
    if what == "rename":
        yield _line(server.rename_screen(found["id"], asked["name"]))
    else:
        server.unpair_screen(found["id"])


def _here(screens: Screens, what: str, asked: Mapping[str, Any]) -> Iterator[str]:
    if what == "list":
        for one in screens.all():
            yield f"{one.screen_id}  {one.name}  wall {one.wall} as {one.role}, paired {one.paired_at}"
    elif what == "rename":
        one = screens.rename(asked["screen"], asked["name"])
        yield f"{one.screen_id}  {one.name}"
    else:
        screens.unpair(asked["screen"])


def _line(one: Mapping[str, Any]) -> str:
    seen = f"seen {one['seen_at']}" if one["seen_at"] else "not seen since the start"
    silent = ", SILENT" if one["is_silent"] else ""
    return f"{one['id']}  {one['name']}  wall {one['wall']} as {one['role']}, paired {one['paired_at']}, {seen}{silent}"

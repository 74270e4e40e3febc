"""Walls as they are declared: ``layouts/walls/*.toml``, and ``walls/*.toml`` of the data folder, which win by name.

A wall says for whom it is, which shows follow each other, and which parts stand where on a 16:9, on a very wide and on
a portrait screen. A public wall may name public parts only: that is found out here, when it is read, not on the wall.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from twin_model.declared import DeclarationError, duration, load_toml, unknown_keys, wrong_titles

HERE = Path(__file__).parents[1] / "walls"
OWN = "walls"
"""The folder for walls of one's own, below the data folder."""
AUDIENCES = ("public", "staff")
REGIONS = {
    "landscape": ("left", "right", "foot", "main"),
    "wide": ("left", "left2", "right2", "right", "foot", "main"),
    "portrait": ("left", "right", "foot", "main"),
}
"""The shapes of screens, and where parts can stand on each."""
THEMES = ("sun", "light", "dark")
SHORTEST = timedelta(seconds=5)

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_DAY = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d-(?:[01]\d|2[0-3]):[0-5]\d")
_KEYS = {"title", "audience", "community", "lang", "theme", "shift", "show"}
_SHOW_KEYS = {"name", "last", "map", *REGIONS}


@dataclass(frozen=True, kw_only=True)
class Show:
    """What stands on the wall at one time: ``regions[shape][region]`` are parts from top to bottom."""

    name: str
    last: timedelta
    has_map: bool
    regions: Mapping[str, Mapping[str, tuple[str, ...]]]


@dataclass(frozen=True, kw_only=True)
class Wall:
    """A declared wall. ``theme``: light by the sun (``sun``), always, never, or between two times (``07:00-18:00``).

    ``community`` "": the first one. ``shift``: how often the picture moves by a few pixels, against burn-in.
    ``fingerprint`` changes with the file.
    """

    name: str
    title: Mapping[str, str]
    audience: str
    community: str
    lang: str
    theme: str
    shift: timedelta
    shows: tuple[Show, ...]
    fingerprint: str

    @property
    def is_public(self) -> bool:
        return self.audience == "public"

    @property
    def parts(self) -> tuple[str, ...]:
        """Every part named anywhere, once."""
        named = (
            part for show in self.shows for regions in show.regions.values() for parts in regions.values()
            for part in parts
        )  # fmt: skip
        return tuple(dict.fromkeys(named))


def load_walls(parts: Mapping[str, Container[str]], folder: Path | None = None) -> dict[str, Wall]:
    """All walls by name; ``parts``: by audience, which parts it may show. ``folder``: the data folder.

    Raises one DeclarationError with all mistakes of all files.
    """
    own = sorted((folder / OWN).glob("*.toml")) if folder else []
    walls: dict[str, Wall] = {}
    problems: list[str] = []
    for path in (*sorted(HERE.glob("*.toml")), *own):
        try:
            walls[path.stem] = _wall(path, parts)
        except DeclarationError as error:
            problems += error.problems
    if problems:
        raise DeclarationError(problems)
    return walls


def _wall(path: Path, parts: Mapping[str, Container[str]]) -> Wall:
    data = load_toml(path)
    where = str(path)
    audience = data.get("audience")
    problems = [*unknown_keys(data, _KEYS, where), *wrong_titles(data.get("title"), where)]
    if not _NAME.fullmatch(path.stem):
        problems.append(f"{where}: the file name is the wall's name; write small letters, digits and -")
    if audience not in AUDIENCES:
        problems.append(f"{where}: audience is {audience!r}; write one of {', '.join(AUDIENCES)}")
    if data.get("lang", "zh") not in ("zh", "en"):
        problems.append(f"{where}: lang is {data['lang']!r}; write zh or en")
    theme = data.get("theme", "sun")
    if theme not in THEMES and not (isinstance(theme, str) and _DAY.fullmatch(theme)):
        problems.append(f"{where}: theme is {theme!r}; write {', '.join(THEMES)}, or when it is light: 07:00-18:00")
    shift = _length(data.get("shift", "3m"), f"{where}: shift", problems)
    shows = data.get("show", [])
    if not shows:
        problems.append(f"{where}: declares no [[show]]")
    found = [
        _show(raw, f"{where}: show {raw.get('name', number)!r}", audience, parts, problems)
        for number, raw in enumerate(shows, start=1)
    ]
    if problems:
        raise DeclarationError(problems)
    return Wall(
        name=path.stem, title=data["title"], audience=data["audience"], community=data.get("community", ""),
        lang=data.get("lang", "zh"), theme=theme, shift=shift, shows=tuple(found),
        fingerprint=hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest(),
    )  # fmt: skip


def _show(
    raw: Mapping[str, Any], where: str, audience: str | None, parts: Mapping[str, Container[str]], problems: list[str]
) -> Show:
    problems += unknown_keys(raw, _SHOW_KEYS, where)
    last = _length(raw.get("last"), f"{where}: last", problems)
    if timedelta() < last < SHORTEST:
        problems.append(f"{where}: last is {raw['last']!r}; nobody reads a wall in less than 5s")
    regions = {shape: raw.get(shape, {}) for shape in REGIONS}
    for shape, known in REGIONS.items():
        problems += unknown_keys(regions[shape], known, f"{where}: {shape}")
        if shape not in raw:
            problems.append(f"{where}: does not say what stands where on a {shape} screen; add [show.{shape}]")
        for region, named in regions[shape].items():
            problems += _wrong_parts(named, f"{where}: {shape}.{region}", audience, parts)
    return Show(
        name=str(raw.get("name", "")), last=last, has_map=bool(raw.get("map", True)),
        regions={s: {r: tuple(map(str, named)) for r, named in found.items()} for s, found in regions.items()},
    )  # fmt: skip


def _wrong_parts(
    named: object, where: str, audience: str | None, parts: Mapping[str, Container[str]]
) -> Iterator[str]:
    if not isinstance(named, list):
        yield f"{where}: found {named!r}; write a list of parts"
        return
    for part in named:
        if audience in parts and part not in parts[audience]:
            only = " and is for staff" if any(part in known for known in parts.values()) else ""
            yield f"{where}: there is no part {part!r} for a {audience} wall{only}; see docs/walls.md"


def _length(text: object, where: str, problems: list[str]) -> timedelta:
    try:
        return duration(text)
    except DeclarationError as error:
        problems += [f"{where}: {problem}" for problem in error.problems]
        return timedelta()

"""What ``rulebooks/circles.toml`` says: speed profiles, circles, what capacity is measured against. Read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from twin_model.declared import DeclarationError, load_toml
from twin_model.walking import PROFILES, Profile

PATH = Path(__file__).parent / "rulebooks" / "circles.toml"
GROUPS = ("buildings", "homes", "people", "aged_60", "aged_80", "aged_0_3", "aged_3_6")
CHILD_GROUPS = frozenset({"aged_0_3", "aged_3_6"})
"""Never public, and of one building only for whoever may see how many children live in one home."""


@dataclass(frozen=True)
class Need:
    """What the places of a kind of facility are measured against: ``per`` of ``group``."""

    kind: str
    title: Mapping[str, str]
    unit: Mapping[str, str]
    group: str
    per: float


@dataclass(frozen=True)
class Book:
    """The rulebook. ``rooms``: kinds of rooms that serve as a kind of facility. ``sources`` and ``verified`` are by
    ``circle`` or the name of a profile."""

    profiles: Mapping[str, Profile]
    titles: Mapping[str, Mapping[str, str]]
    minutes: tuple[float, ...]
    metres: tuple[float, ...]
    needs: Mapping[str, Need]
    rooms: Mapping[str, str]
    kinds: tuple[str, ...]
    sources: Mapping[str, Mapping[str, str]]
    verified: Mapping[str, bool]


@cache
def book(path: Path = PATH) -> Book:
    """The rulebook. Raises ``DeclarationError`` naming every value that is missing or not to be believed."""
    said, problems = load_toml(path), list[str]()
    profiles, circle = said.get("profile", {}), said.get("circle", {})
    if missing := sorted(PROFILES.keys() - profiles.keys()):
        problems.append(f"{path}: no [profile.{missing[0]}]; expected {', '.join(PROFILES)}")
    for name, one in profiles.items():
        speed = one.get("metres_per_minute")
        if not isinstance(speed, float) or not 5 <= speed <= 200:
            problems.append(f"{path}: [profile.{name}] metres_per_minute is {speed!r}; expected 5.0 to 200.0")
    for kind, one in said.get("capacity", {}).items():
        if one.get("group") not in GROUPS:
            problems.append(f"{path}: [capacity.{kind}] group is {one.get('group')!r}; expected {', '.join(GROUPS)}")
    for name in ("minutes", "metres"):
        if not circle.get(name) or any(value <= 0 for value in circle[name]):
            problems.append(f"{path}: [circle] {name} is {circle.get(name)!r}; expected numbers above 0")
    if problems:
        raise DeclarationError(problems)
    sourced: dict[str, Any] = {"circle": circle, **profiles}
    return Book(
        profiles={
            name: Profile(name, one["metres_per_minute"], one.get("stairs", True), one.get("max_slope"))
            for name, one in profiles.items()
        },
        titles={name: one["title"] for name, one in profiles.items()},
        minutes=tuple(circle["minutes"]), metres=tuple(circle["metres"]),
        needs={kind: Need(kind, **one) for kind, one in said.get("capacity", {}).items()},
        rooms=said.get("rooms", {}), kinds=tuple(said.get("kinds", ())),
        sources={name: one["source"] for name, one in sourced.items()},
        verified={name: one["verified"] for name, one in sourced.items()},
    )  # fmt: skip
